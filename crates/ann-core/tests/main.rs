//! All tests in one program: each would compile the kernels again.

mod bad_input;
mod by_hand;
mod elementary;
mod init;
mod instructions;
mod kernels;
mod laws;
mod names;
mod own;
mod predictor;
mod random;
mod reference;
mod selection;
mod stability;
mod torch_losses;
mod vector;
mod weights;
