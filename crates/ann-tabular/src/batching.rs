//! Which rows of a table are in one mini-batch.

use ann_train::Batching;

/// An epoch of at most this number of rows shuffles all of them together, one of more in windows.
pub(crate) const SHUFFLED_TOGETHER: usize = 1 << 20;
/// Number of neighbouring rows in a block of a window. A block of a file has fewer, so that few of them are
/// read for two blocks of a window.
pub(crate) const BLOCK: usize = 1 << 12;
/// Number of blocks in a window. A window has rows from 32 places of the table, so rows are mixed also if the
/// table is sorted; and it has rows for 2048 batches of 64.
pub(crate) const WINDOW: usize = 32;

/// The mini-batches of `all` rows, `batch` rows each. Those of a large table come from windows, so that a
/// table on a disk is read block by block. A table in memory has the same ones, and so the same model.
pub(crate) fn of_rows(all: usize, batch: usize, seed: u64) -> Batching {
    let (rows, drop_last) = (batch.min(all), true);
    match all > SHUFFLED_TOGETHER {
        true => Batching::Windowed { rows, seed, drop_last, block: BLOCK, window: WINDOW },
        false => Batching::Shuffled { rows, seed, drop_last },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_rows_than_are_shuffled_together_come_from_windows() {
        let (rows, seed, drop_last) = (64, 7, true);
        assert_eq!(of_rows(1 << 20, 64, 7), Batching::Shuffled { rows, seed, drop_last });
        let windows = Batching::Windowed { rows, seed, drop_last, block: 4096, window: 32 };
        assert_eq!(of_rows((1 << 20) + 1, 64, 7), windows);
    }
}
