//! What the runners of this workspace share: the workloads, their data, and the protocol (`bench/peers/README.md`).
//!
//! A runner is [`serve`] and one function that prepares a workload: it says what the losses are and how to do the work.

mod data;
mod protocol;
mod workload;

pub use data::{Layer, Problem, Targets};
pub use protocol::{Preparation, locked_version, serve};
pub use workload::{Hidden, Task, Workload};

use rand::rngs::ChaCha8Rng;
use rand::seq::SliceRandom;

/// Rows of one epoch in batches: each row once, in random order; the last batch may be smaller.
pub fn shuffled_batches(rows: usize, batch: usize, rng: &mut ChaCha8Rng) -> Vec<Vec<u32>> {
    let mut order: Vec<u32> = (0..rows as u32).collect();
    order.shuffle(rng);
    order.chunks(batch).map(<[u32]>::to_vec).collect()
}
