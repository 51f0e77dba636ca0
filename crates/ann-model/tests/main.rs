//! Tests, in one program.

mod damage;
mod file;
mod killed;
mod model_sets;
mod models;
mod networks;
mod old_files;
mod predictions;
mod probe;
mod python;
mod sealed;

#[cfg(feature = "train")]
mod checkpoints;
#[cfg(feature = "train")]
mod trained;
