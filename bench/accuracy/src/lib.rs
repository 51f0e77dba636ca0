//! What the benchmark of accuracy and the runners say to each other.

pub mod exchange;
