//! Shared by the runners of this workspace: the data of the workloads, and the protocol
//! (`bench/peers/README.md`).
//!
//! A runner calls [`serve`] with a function that prepares a workload: it computes the losses and returns one
//! unit of work.

mod data;
mod protocol;

pub use ann_workloads::small as small_workloads;
pub use ann_workloads::{Hidden, Loss, Optimizer, Precision, Unit, Workload};
pub use data::{Layer, Problem, Targets};
pub use protocol::{End, Preparation, locked_version, serve};

use anyhow::Result;
use rand::rngs::ChaCha8Rng;
use rand::seq::SliceRandom;

/// Why no framework of this workspace does a workload; `None` if one does.
pub fn out_of_reach(workload: &Workload) -> Option<&'static str> {
    if workload.networks > 1 {
        return Some("it trains one network after the other, so this is 100 times W1");
    }
    let is_least_squares = workload.optimizer == Optimizer::LevenbergMarquardt;
    is_least_squares.then_some("it has no Levenberg–Marquardt")
}

/// Trains from the start with `step`, which returns the loss before its update, until the run ends.
///
/// # Errors
/// A step fails.
pub fn run_to_the_end(workload: &Workload, mut step: impl FnMut() -> Result<f64>) -> Result<End> {
    let mut end = End { epochs: 0, loss: step()? };
    while end.loss >= workload.below && end.epochs < workload.epochs {
        end = End { epochs: end.epochs + 1, loss: step()? };
    }
    Ok(end)
}

/// Rows of one epoch in batches: each row once, in random order; the last batch may be smaller.
pub fn shuffled_batches(rows: usize, batch: usize, rng: &mut ChaCha8Rng) -> Vec<Vec<u32>> {
    let mut order: Vec<u32> = (0..rows as u32).collect();
    order.shuffle(rng);
    order.chunks(batch).map(<[u32]>::to_vec).collect()
}
