//! Numbers of eight rows, stored side by side.

/// Number of rows in a block.
pub(crate) const ROWS: usize = 8;
/// Number of lanes. Each row fills two lanes: in one the parameter moves up, in the other down.
pub(crate) const LANES: usize = 2 * ROWS;

/// A number for each lane: of the rows moved up, then of the same rows moved down.
pub(crate) type Lanes = [f64; LANES];
