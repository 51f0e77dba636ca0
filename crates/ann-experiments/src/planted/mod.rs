//! Planted bugs: gradient checkers are measured on gradients that are known to be wrong.
//!
//! [`Planted`] is a textbook copy of the whole gradient ∂J/∂θ. Its [`Fault`]s, which can be switched on, are
//! typical mistakes in a handwritten backpropagation. The copy runs on [`networks`]. [`Rule`]s decide whether
//! a gradient is wrong: our rule, and rules that others have published. [`kill_matrix`] counts which rule
//! catches which fault, and which rule blames right gradients.
//!
//! Training uses nothing of this module. The copy shares no code with the engine or with the checker, except
//! the values of σ, which it takes from `ann-core`.

mod fault;
mod gradient;
mod textbook;

mod network;

mod matrix;
mod rule;

pub use fault::Fault;
pub use gradient::Planted;
pub use matrix::{Cell, Line, Matrix, kill_matrix};
pub use network::{SEED, TestNetwork, networks};
pub use rule::{Gradient, Rule};
