//! Numbers of eight rows side by side.

/// Rows of a block.
pub(crate) const ROWS: usize = 8;
/// Each row stands in two lanes: in one the parameter moves up, in the other down.
pub(crate) const LANES: usize = 2 * ROWS;

/// A number for each lane: of the rows moved up, then of the same rows moved down.
pub(crate) type Lanes = [f64; LANES];
