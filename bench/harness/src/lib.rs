//! What the benchmark of speed (this package) and the benchmark of accuracy (`bench/accuracy`) share: runners
//! as processes, Python packages in an environment of their own, the origin of a measurement, and files that
//! are written whole.

pub mod python;
pub mod runner;

pub mod absence;
pub mod folders;
pub mod machine;
pub mod print;
