//! What the engine takes at most, so that a page answers with a sentence instead of a crash.

/// Bytes of a table or model file.
pub const FILE: usize = 16 << 20;
/// Bytes of a request.
pub const REQUEST: usize = 1 << 20;
/// Rows of a table.
pub const ROWS: usize = 100_000;
/// Rows times inputs of a table: 160 MB.
pub const NUMBERS: usize = 20_000_000;
/// Different cells of a column of numbers or dates that are something else, and are treated as missing.
pub const WORDS: usize = 1000;
/// Inputs of a network.
pub const INPUTS: usize = 512;
/// Classes.
pub const CLASSES: usize = 64;
/// Hidden layers.
pub const LAYERS: usize = 8;
/// Units of a hidden layer.
pub const UNITS: usize = 256;
/// Parameters.
pub const PARAMETERS: usize = 200_000;
/// Points of a picture on one side.
pub const POINTS: usize = 200;
/// Numbers of all pictures of one request.
pub const PICTURES: usize = 4_000_000;
/// Bins of a histogram.
pub const BINS: usize = 1000;
/// Epochs of one request.
pub const EPOCHS: usize = 100_000;
/// Rows of the history that are kept.
pub const HISTORY: usize = 20_000;
