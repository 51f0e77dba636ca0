//! The report's claim about gradients, as numbers: its network on its data, and the
//! result of a check of backpropagation.

mod subject;

mod samples;

mod checked;

pub use checked::{CLAIMED, Checked, GroupRow};
pub use samples::{Samples, Task};
pub use subject::{HIDDEN, Start, Subject, backpropagation};
