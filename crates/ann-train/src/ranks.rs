//! Sums over several processes. Each process computes some of the leaves, and the running sum passes from
//! one process to the next, so the leaves are added in the order of their rows, as in a single process.

use std::fmt::Debug;
use std::ops::Range;

use ann_core::Scalar;
use ann_core::block::Tally;

/// The processes that train one network together, numbered from 0: the *ranks* of a job of MPI, for example.
///
/// Every rank makes the same calls with the same problem, network and settings. Each computes a share of the
/// leaves of a sum over rows. Then each adds its share to the sum of the ranks before it, in their order, and
/// all get the result. So any number of ranks gives the bits of one process with any number of threads, and
/// all ranks make the same updates and the same decisions.
///
/// The problem of a rank has all rows, but in sums over all of them it reads only those of its leaves, unless
/// the rows are few enough to be kept. The rows of a [`FeatureSource`](ann_core::FeatureSource) take no
/// memory.
///
/// A rank that leaves the training alone, because of an error or because its caller has ended it, must end
/// all of them, because the others wait for it. An interrupt is seen by all ranks. The processors must be of
/// the same kind if the numbers depend on them, as those of Levenberg–Marquardt do.
///
/// These methods return no errors: where a rank cannot go on without another, the implementation ends the
/// program, as MPI does.
pub trait Ranks: Debug + Send + Sync {
    /// The number of this process, from 0 to `size` − 1.
    fn rank(&self) -> usize;

    /// Number of processes, at least 1.
    fn size(&self) -> usize;

    /// Sends numbers to another rank. It may return before they have arrived.
    fn send(&self, numbers: &[f64], to: usize);

    /// Waits for numbers that another rank sends to this one. Messages of one rank arrive in their order, and
    /// sender and receiver agree about their lengths.
    fn receive(&self, numbers: &mut [f64], from: usize);

    /// Overwrites the numbers of all ranks with those of the rank `root`. All ranks call it.
    fn broadcast(&self, numbers: &mut [f64], root: usize);
}

/// Number of entries that are sent together. While a rank adds to one segment, the rank after it adds to the
/// segment before.
const SEGMENT: usize = 1 << 13;

/// Sums over all ranks, and a buffer for what is sent.
#[derive(Debug)]
pub(crate) struct RankSums<'p> {
    ranks: &'p dyn Ranks,
    segment: Vec<f64>,
}

impl<'p> RankSums<'p> {
    pub fn new(ranks: &'p dyn Ranks) -> Self {
        Self { ranks, segment: vec![0.0; SEGMENT] }
    }

    /// The leaves that this rank computes, of `leaves` leaves.
    pub fn share(&self, leaves: usize) -> Range<usize> {
        let (rank, size) = (self.ranks.rank(), self.ranks.size());
        leaves * rank / size..leaves * (rank + 1) / size
    }

    /// Overwrites `sum` with the sum over all ranks. `add` adds this rank's share to the entries from the
    /// given one on.
    pub fn in_turn<F: Scalar>(&mut self, sum: &mut [F], mut add: impl FnMut(&mut [F], usize)) {
        let (ranks, rank, last) = (self.ranks, self.ranks.rank(), self.ranks.size() - 1);
        for (index, part) in sum.chunks_mut(SEGMENT).enumerate() {
            let message = &mut self.segment[..part.len()];
            if rank == 0 {
                part.fill(F::zero());
            } else {
                ranks.receive(message, rank - 1);
                unpack(part, message);
            }
            add(part, index * SEGMENT);
            if rank < last {
                pack(message, part);
                ranks.send(message, rank + 1);
            }
        }
        for part in sum.chunks_mut(SEGMENT) {
            let message = &mut self.segment[..part.len()];
            pack(message, part);
            ranks.broadcast(message, last);
            unpack(part, message);
        }
    }

    /// The sum of the tallies of all ranks, and whether one of them was interrupted.
    pub fn tally(&mut self, own: impl Iterator<Item = Tally>, is_interrupted: bool) -> (Tally, bool) {
        let (mut sum, mut own) = ([0.0; 4], own);
        self.in_turn(&mut sum, |sum, _| {
            for tally in own.by_ref() {
                sum[0] += tally.loss;
                sum[1] += tally.weight;
                sum[2] += tally.hits;
            }
            sum[3] += f64::from(u8::from(is_interrupted));
        });
        let [loss, weight, hits, interrupted] = sum;
        (Tally { loss, weight, hits }, interrupted > 0.0)
    }
}

/// Numbers are sent as `f64`, which has every `f32`.
fn pack<F: Scalar>(message: &mut [f64], numbers: &[F]) {
    message.iter_mut().zip(numbers).for_each(|(to, number)| *to = number.as_f64());
}

fn unpack<F: Scalar>(numbers: &mut [F], message: &[f64]) {
    numbers.iter_mut().zip(message).for_each(|(to, number)| *to = F::of(*number));
}
