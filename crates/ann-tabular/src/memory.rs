//! How much memory a fit needs, so that it can be limited for a table whose cells are in a file.

use ann_table::Table;

use crate::batching::{BLOCK, SHUFFLED_TOGETHER, WINDOW};
use crate::{Recipe, Scoring};

/// What a fit needs, in bytes: an estimate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryNeed {
    /// For the program, for distinct words, and for what is known of every row: its target, its part, its
    /// order.
    pub state: usize,
    /// For the rows that are read again and again: those of the windows of all networks that are trained at
    /// the same time. See [`Table::with_cache`].
    pub cache: usize,
}

/// The program, its threads, and the sums over rows.
const PROGRAM: usize = 32 << 20;
/// Of each row: its number in the table and its unit, its target, its prediction. Measured.
const OF_ROW: usize = 60;
/// Of each row, for each network that is trained at the same time: its part, its order, its target.
const OF_ROW_AND_NETWORK: usize = 40;

impl Recipe {
    /// About how much memory a fit of one target needs if the cells of the table are in a file; for a table
    /// in memory, how much it needs besides the cells. Many classes or hidden units take more.
    pub fn memory_of(&self, table: &Table) -> MemoryNeed {
        let at_once = self.threads.min(self.members).max(1);
        let of_rows = table.rows().saturating_mul(OF_ROW + at_once * OF_ROW_AND_NETWORK);
        // The schema has a copy of the words of each column that is used.
        let state = PROGRAM + 2 * table.bytes_of_words() + of_rows;
        // Where all rows of a network are shuffled together, each may be needed next. Otherwise rows for the
        // score and for validation lie between those of a window, and the borders of blocks differ.
        let cached = match self.rows_of_smallest_part(table.rows()) > SHUFFLED_TOGETHER {
            true => at_once * (BLOCK * WINDOW * 2),
            false => table.rows(),
        };
        MemoryNeed { state, cache: table.stored_bytes_of(cached.min(table.rows())) }
    }

    /// About how many rows the networks for the score are trained on.
    fn rows_of_smallest_part(&self, rows: usize) -> usize {
        let share = match self.scoring {
            Scoring::Off => 1.0,
            Scoring::HoldOut(share) => 1.0 - share,
            Scoring::Folds(folds) => 1.0 - 1.0 / folds as f64,
            Scoring::Auto => 0.8,
        };
        (share * (1.0 - 1.0 / self.validation_folds as f64) * rows as f64) as usize
    }
}
