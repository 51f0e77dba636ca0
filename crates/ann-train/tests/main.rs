//! All tests in one program: each would compile the kernels again, as `no_allocation.rs` does, which counts
//! for a whole process.

mod bad_input;
mod batching;
mod bootstrap;
mod ensembles;
mod estimators;
mod findings;
mod fitting;
mod gradient;
mod gradient_descent;
mod held_out;
mod interrupt;
mod labels;
mod levenberg_marquardt;
mod memory;
mod metrics;
mod metrics_reference;
mod optimizers;
mod outputs;
mod parity;
mod parity_cases;
mod parity_optimizers;
mod parity_pairs;
mod parity_searches;
mod provided_tests;
mod ranks;
mod recorded;
mod regression;
mod scales;
mod splits;
mod threads;
mod threads_as_ranks;
mod validation;
mod weights;

// For `threads_as_ranks`, which ann-tabular also uses.
use ann_train::Ranks;
