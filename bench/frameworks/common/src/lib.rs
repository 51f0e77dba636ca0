//! Shared by the runners of this workspace: the data of the workloads, and the protocol
//! (`bench/peers/README.md`).
//!
//! A runner calls [`serve`] with a function that prepares a workload: it computes the losses and returns one
//! unit of work.

mod data;
mod protocol;

pub use data::{Layer, Problem, Targets};
pub use protocol::{Preparation, locked_version, serve};
pub use ann_workloads::small as small_workloads;
pub use ann_workloads::{Hidden, Loss, Precision, Unit, Workload};

use rand::rngs::ChaCha8Rng;
use rand::seq::SliceRandom;

/// Rows of one epoch in batches: each row once, in random order; the last batch may be smaller.
pub fn shuffled_batches(rows: usize, batch: usize, rng: &mut ChaCha8Rng) -> Vec<Vec<u32>> {
    let mut order: Vec<u32> = (0..rows as u32).collect();
    order.shuffle(rng);
    order.chunks(batch).map(<[u32]>::to_vec).collect()
}
