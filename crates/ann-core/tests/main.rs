//! All tests in one program: each would compile the kernels again.

mod bad_input;
mod by_hand;
mod elementary;
mod init;
mod laws;
mod predictor;
mod stability;
