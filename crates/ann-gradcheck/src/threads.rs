//! Rows that are shared by threads.

use std::ops::Range;

#[cfg(not(target_family = "wasm"))]
use rayon::prelude::*;

/// Largest number of parts into which rows are split. It does not depend on the number of threads, so sums
/// have the same bits everywhere.
const PARTS: usize = 64;

/// Splits the rows into parts, and calls `work` for each of them. Returns the results in the order of the
/// rows.
pub(crate) fn for_parts<T: Send>(rows: usize, work: impl Fn(Range<usize>) -> T + Sync) -> Vec<T> {
    let part = rows.div_ceil(PARTS);
    #[cfg(not(target_family = "wasm"))]
    let all = (0..rows).into_par_iter();
    // There is one thread.
    #[cfg(target_family = "wasm")]
    let all = 0..rows;
    all.step_by(part).map(|start| work(start..rows.min(start + part))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_all_rows_once_and_in_order() {
        // (rows, parts, rows in each part but the last)
        for (rows, count, each) in [(1, 1, 1), (64, 64, 1), (65, 33, 2), (130, 44, 3), (1000, 63, 16)] {
            let parts: Vec<Range<usize>> = for_parts(rows, |part| part);
            assert_eq!((parts.len(), parts[0].len()), (count, each), "{rows} rows");
            assert!(parts.into_iter().flatten().eq(0..rows), "{rows} rows");
        }
    }
}
