//! Sums of losses and gradients over rows. The rows are divided into leaves; each leaf is summed by itself,
//! and the sums of the leaves are added in the order of their rows.
//!
//! The leaves depend only on the number of rows and on the shape of the network. The numbers of threads and
//! of ranks decide who computes which leaf, not what is added to what. So any numbers of them give the same
//! bits.

use std::mem;
use std::ops::Range;
use std::slice;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ann_core::block::{self, Batch, Kernel, Rows, Scratch, Tally};
use ann_core::memory::{bytes_of, ensure_available};
use ann_core::vector::add_scaled;
use ann_core::{Problem, Scalar};

use crate::ranks::{RankSums, Ranks};
use crate::threads::{Threads, belongs_to_a_pool, join};
use crate::{Accumulation, Result};

/// Largest number of leaves. Each leaf except the first needs its own gradient.
const LEAVES: usize = 64;
/// Largest number of entries in the gradients of all leaves together, so that they fit in the caches. Large
/// networks therefore have fewer leaves, but at least two.
const ENTRIES: usize = 1 << 21;
/// Amount of work, in rows · parameters, that is worth waking a thread.
const WORK: usize = 1 << 21;
/// A gradient of at most this number of bytes is added to another one within the processor's caches.
const NEAR: usize = 1 << 19;
/// When gradients of leaves are added, another thread is used only for more than this number of entries.
const SLICE: usize = 1 << 14;
/// Smallest number of rows in a leaf, for gradients that fit in the caches and for larger ones. With fewer
/// rows, too much time would be spent on adding gradients.
const LEAST_ROWS: [usize; 2] = [64, 256];
/// If every sum is over all rows, in blocks, and the rows take at most this number of bytes, they are
/// gathered once. Otherwise they are gathered whenever they are needed.
const KEPT: usize = 16 << 20;

/// Which rows of a problem are summed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum RowSelection<'a> {
    All,
    These(&'a [usize]),
}

/// The kernel, threads and memory that sums over a problem need; computed before anything is allocated.
#[derive(Debug)]
pub(crate) struct Plan {
    /// Number of rows in a block.
    block: usize,
    kernel: Kernel,
    threads: usize,
    /// Size of the buffers without rows that are kept, but with the gradients of the leaves, which the first
    /// sum allocates.
    pub bytes: usize,
}

impl Plan {
    /// For sums of `rows` rows with at most `threads` threads.
    pub fn new<F: Scalar>(
        problem: &Problem<'_, F>,
        accumulation: Accumulation,
        rows: usize,
        threads: usize,
    ) -> Self {
        let architecture = problem.architecture();
        let kernel = match accumulation {
            Accumulation::Batched => Kernel::choose_for_sums(architecture, rows),
            Accumulation::PerSample => Kernel::Textbook,
        };
        let block = match accumulation {
            Accumulation::Batched if kernel == Kernel::choose(architecture) => {
                block::ROWS.min(problem.rows())
            }
            // `choose_for_sums` chose the textbook kernel, so that the buffers have no more rows than a sum.
            Accumulation::Batched => rows,
            Accumulation::PerSample => 1,
        };
        let count = rows.div_ceil(leaf_rows(problem, accumulation, rows));
        // No more threads than leaves. Only one if this thread belongs to a pool, which spreads work over its
        // threads itself.
        let threads = if belongs_to_a_pool() { 1 } else { threads.min(count) };
        let gradients = if threads > 1 { count - 1 } else { 1 };
        let scratches = Scratch::<F>::bytes(architecture, block, kernel).saturating_mul(threads);
        let gradients = bytes_of::<F>(problem.layout().len().saturating_mul(gradients));
        Self { block, kernel, threads, bytes: scratches.saturating_add(gradients) }
    }
}

/// Buffers and threads for sums over a problem.
#[derive(Debug)]
pub(crate) struct Summation<'p, F> {
    accumulation: Accumulation,
    leaves: Vec<Leaf<F>>,
    /// One scratch for each thread.
    scratches: Mutex<Vec<Scratch<F>>>,
    /// Number of rows and kernel of each scratch.
    block: (usize, Kernel),
    threads: Option<Arc<Threads>>,
    /// The sums over other processes, if there are any.
    ranks: Option<RankSums<'p>>,
    /// Once this is set, sums of gradients end early and mean nothing.
    interrupt: Option<&'p AtomicBool>,
    /// Whether a rank was interrupted in the last sum; all of them agree about it.
    is_interrupted_somewhere: bool,
}

/// Consecutive rows that are computed block by block, and their sums.
#[derive(Clone, Debug, Default)]
struct Leaf<F> {
    rows: Range<usize>,
    /// Whether the kernel sums all rows of this leaf before it adds them to the gradient.
    is_one_group: bool,
    tally: Tally,
    /// A buffer for the gradient of this leaf. With several threads each leaf except the first uses its own.
    /// With one thread, the leaves that need a buffer use that of the first leaf.
    gradient: Vec<F>,
    /// The leaf's rows in gathered form, if all rows are few enough to be kept.
    kept: Vec<Batch<F>>,
}

impl<'p, F: Scalar> Summation<'p, F> {
    /// Buffers and threads for sums over the problem, `rows` rows per sum.
    pub fn new(
        problem: &Problem<'_, F>,
        accumulation: Accumulation,
        rows: usize,
        threads: usize,
    ) -> Result<Self> {
        let Plan { block, kernel, threads, bytes: needed } = Plan::new(problem, accumulation, rows, threads);
        ensure_available("sums over rows", needed)?;
        let scratch = Scratch::with_kernel(problem.architecture(), block, kernel)?;
        let mut leaves = vec![Leaf::default(); LEAVES];
        if rows == problem.rows() && block > 1 && bytes(problem) <= KEPT {
            let pieces = pieces(0..rows, leaf_rows(problem, accumulation, rows));
            for (leaf, piece) in leaves.iter_mut().zip(pieces) {
                leaf.kept = gather(problem, piece, &scratch);
            }
        }
        let scratches = Mutex::new(vec![scratch; threads]);
        let threads = if threads > 1 { Some(Arc::new(Threads::start(threads)?)) } else { None };
        let block = (block, kernel);
        let (ranks, interrupt, is_interrupted_somewhere) = (None, None, false);
        Ok(Self {
            accumulation,
            leaves,
            scratches,
            block,
            threads,
            ranks,
            interrupt,
            is_interrupted_somewhere,
        })
    }

    /// Divides the leaves of all sums among these ranks.
    pub fn set_ranks(&mut self, ranks: Option<&'p dyn Ranks>) {
        self.ranks = ranks.filter(|ranks| ranks.size() > 1).map(RankSums::new);
    }

    pub fn set_interrupt(&mut self, interrupt: Option<&'p AtomicBool>) {
        self.interrupt = interrupt;
    }

    /// Whether the last sum may mean nothing, because it was interrupted.
    pub fn is_interrupted(&self) -> bool {
        match self.ranks {
            Some(_) => self.is_interrupted_somewhere,
            None => is_set(self.interrupt),
        }
    }

    /// The threads, if there is more than one.
    pub fn threads(&self) -> Option<Arc<Threads>> {
        self.threads.clone()
    }

    /// Returns Σ w ℓ over the selected rows; overwrites `gradient` with Σ w ∂ℓ/∂θ. Once the interrupt is set,
    /// the leaves of a gradient that have not begun are left out, and the sums mean nothing.
    pub fn sum(
        &mut self,
        problem: &Problem<'_, F>,
        parameters: &[F],
        selection: RowSelection<'_>,
        gradient: Option<&mut [F]>,
    ) -> Tally {
        let rows = match selection {
            RowSelection::All => problem.rows(),
            RowSelection::These(rows) => rows.len(),
        };
        // The last mini-batch of an epoch may be smaller, so the leaves are determined for each sum.
        let leaf_rows = leaf_rows(problem, self.accumulation, rows);
        let leaves = &mut self.leaves[..rows.div_ceil(leaf_rows)];
        let scratch = self.scratches.get_mut().unwrap_or_else(PoisonError::into_inner).first();
        for (leaf, rows) in leaves.iter_mut().zip(pieces(0..rows, leaf_rows)) {
            leaf.is_one_group = scratch.is_some_and(|scratch| scratch.is_one_group(rows.len()));
            leaf.rows = rows;
        }
        let (scratches, block) = (&self.scratches, self.block);
        let interrupt = self.interrupt.filter(|_| gradient.is_some());
        let work = Work { problem, parameters, selection, scratches, block, interrupt };
        if let Some(ranks) = &mut self.ranks {
            let share = ranks.share(leaves.len());
            let own = &mut leaves[share];
            let threads = self.threads.as_deref().filter(|threads| own.len() > 1 && threads.are_free());
            let (tally, is_interrupted) = work.among(ranks, own, threads, gradient, self.interrupt);
            self.is_interrupted_somewhere = is_interrupted;
            return tally;
        }
        match &self.threads {
            Some(threads) if leaves.len() > 1 && threads.are_free() => {
                threads.run(|| work.together(leaves, gradient))
            }
            _ => work.alone(leaves, gradient),
        }
    }
}

fn is_set(interrupt: Option<&AtomicBool>) -> bool {
    interrupt.is_some_and(|interrupt| interrupt.load(Ordering::Relaxed))
}

/// One sum: what is summed, and the buffers for it.
struct Work<'a, 'data, F> {
    problem: &'a Problem<'data, F>,
    parameters: &'a [F],
    selection: RowSelection<'a>,
    scratches: &'a Mutex<Vec<Scratch<F>>>,
    block: (usize, Kernel),
    interrupt: Option<&'a AtomicBool>,
}

impl<F: Scalar> Work<'_, '_, F> {
    /// Computes one leaf after another.
    fn alone(&self, leaves: &mut [Leaf<F>], gradient: Option<&mut [F]>) -> Tally {
        let Some(gradient) = gradient else {
            return total(leaves.iter().map(|leaf| self.leaf(leaf, None)));
        };
        gradient.fill(F::zero());
        let mut partial = mem::take(&mut leaves[0].gradient);
        let tallies = leaves.iter().enumerate().map(|(index, leaf)| {
            // If the kernel adds a leaf as one group, the leaf can be added to the total directly. The
            // additions are the same: the leaf's sum is added to each entry once.
            if index == 0 || leaf.is_one_group {
                return self.leaf(leaf, Some(gradient));
            }
            clear(&mut partial, gradient.len());
            let tally = self.leaf(leaf, Some(&mut partial));
            add_scaled(gradient, F::one(), &partial);
            tally
        });
        let tally = total(tallies);
        leaves[0].gradient = partial;
        tally
    }

    /// Computes the leaves on all threads, then adds up their gradients. Each thread adds some of the
    /// entries.
    fn together(&self, leaves: &mut [Leaf<F>], gradient: Option<&mut [F]>) -> Tally {
        // The first leaf is added to the cleared gradient, the others after it in their order, as in `alone`.
        // So `alone` and `together` give the same bits.
        let (first, others) = leaves.split_first_mut().expect("a problem has rows");
        match gradient {
            Some(gradient) => {
                gradient.fill(F::zero());
                let entries = gradient.len();
                let of_first = || first.tally = self.leaf(first, Some(&mut *gradient));
                join(of_first, || self.each(others, entries));
                add_in_order(gradient, others, 0);
            }
            None => {
                join(|| first.tally = self.leaf(first, None), || self.each(others, 0));
            }
        }
        total(leaves.iter().map(|leaf| leaf.tally))
    }

    /// Computes this rank's leaves, each into its own gradient, and adds them to the sums of the ranks
    /// before. Also returns whether a rank was interrupted.
    fn among(
        &self,
        ranks: &mut RankSums<'_>,
        leaves: &mut [Leaf<F>],
        threads: Option<&Threads>,
        gradient: Option<&mut [F]>,
        interrupt: Option<&AtomicBool>,
    ) -> (Tally, bool) {
        let entries = gradient.as_ref().map_or(0, |gradient| gradient.len());
        match threads {
            Some(threads) => threads.run(|| self.each(leaves, entries)),
            None => leaves.iter_mut().for_each(|leaf| self.each(slice::from_mut(leaf), entries)),
        }
        // A leaf is left out only if the interrupt was set before, so it is seen here.
        let is_interrupted = is_set(interrupt);
        if let Some(gradient) = gradient {
            // The first rank begins with zeros, to which the first leaf is added, as in `together`.
            ranks.in_turn(gradient, |sum, start| add_in_order(sum, leaves, start));
        }
        ranks.tally(leaves.iter().map(|leaf| leaf.tally), is_interrupted)
    }

    /// Computes each leaf into its own gradient of `entries` entries. With 0 entries only losses are
    /// computed.
    fn each(&self, leaves: &mut [Leaf<F>], entries: usize) {
        match leaves {
            [] => {}
            [leaf] => {
                let mut gradient = mem::take(&mut leaf.gradient);
                clear(&mut gradient, entries);
                leaf.tally = self.leaf(leaf, (entries > 0).then_some(&mut gradient));
                leaf.gradient = gradient;
            }
            _ => {
                let (left, right) = leaves.split_at_mut(leaves.len() / 2);
                join(|| self.each(left, entries), || self.each(right, entries));
            }
        }
    }

    /// Adds the gradient of a leaf's rows, block by block, and returns their tally.
    fn leaf(&self, leaf: &Leaf<F>, mut gradient: Option<&mut [F]>) -> Tally {
        if is_set(self.interrupt) {
            return Tally::default();
        }
        let mut scratch = self.take_scratch();
        let size = scratch.rows();
        let mut add = |rows: Rows<'_, F>| {
            block::accumulate(self.problem, self.parameters, rows, &mut scratch, gradient.as_deref_mut())
        };
        let tally = match self.selection {
            RowSelection::All if !leaf.kept.is_empty() => {
                total(leaf.kept.iter().map(|batch| add(batch.into())))
            }
            RowSelection::All => total(pieces(leaf.rows.clone(), size).map(|rows| add(rows.into()))),
            RowSelection::These(all) => {
                total(pieces(leaf.rows.clone(), size).map(|rows| add(all[rows].into())))
            }
        };
        self.lock().push(scratch);
        tally
    }

    fn take_scratch(&self) -> Scratch<F> {
        // There is one scratch for each thread. But while a thread waits for rayon work that a custom
        // activation or loss has started, it may begin another leaf; then it needs a second scratch.
        self.lock().pop().unwrap_or_else(|| {
            let (rows, kernel) = self.block;
            let scratch = Scratch::with_kernel(self.problem.architecture(), rows, kernel);
            scratch.expect("the system gave as many bytes to each thread before")
        })
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Scratch<F>>> {
        self.scratches.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn total(tallies: impl Iterator<Item = Tally>) -> Tally {
    let mut sum = Tally::default();
    tallies.for_each(|tally| sum += tally);
    sum
}

/// Fills the gradient with `entries` zeros. Only the first call allocates.
fn clear<F: Scalar>(gradient: &mut Vec<F>, entries: usize) {
    gradient.clear();
    gradient.resize(entries, F::zero());
}

/// Adds the gradients of the leaves to `sum`, leaf by leaf. `sum` holds the entries from `start` on.
fn add_in_order<F: Scalar>(sum: &mut [F], leaves: &[Leaf<F>], start: usize) {
    if sum.len() <= SLICE {
        return leaves
            .iter()
            .for_each(|leaf| add_scaled(sum, F::one(), &leaf.gradient[start..][..sum.len()]));
    }
    // Different entries may be added at the same time: each of them still receives the leaves in their order.
    let middle = sum.len() / 2;
    let (left, right) = sum.split_at_mut(middle);
    join(|| add_in_order(left, leaves, start), || add_in_order(right, leaves, start + middle));
}

/// Number of rows in a leaf, a function of shapes alone.
fn leaf_rows<F: Scalar>(problem: &Problem<'_, F>, accumulation: Accumulation, rows: usize) -> usize {
    if accumulation == Accumulation::PerSample {
        // A single leaf: one row after another, as in the report.
        return rows;
    }
    let parameters = problem.layout().len();
    let least = LEAST_ROWS[usize::from(parameters > NEAR / size_of::<F>())];
    let most_leaves = (ENTRIES / parameters).clamp(2, LEAVES);
    let rows = least.max(WORK / parameters).max(rows.div_ceil(most_leaves));
    // Whole tiles, so that none of the kernel's lanes is left empty.
    rows.next_multiple_of(block::TILE)
}

/// `rows` in pieces of the same size; the last one may be smaller.
fn pieces(rows: Range<usize>, size: usize) -> impl Iterator<Item = Range<usize>> {
    let end = rows.end;
    rows.step_by(size).map(move |start| start..end.min(start + size))
}

/// The given rows of a problem as batches that fit the scratch.
fn gather<F: Scalar>(problem: &Problem<'_, F>, rows: Range<usize>, scratch: &Scratch<F>) -> Vec<Batch<F>> {
    let gathered = pieces(rows, scratch.rows()).map(|rows| {
        let mut batch = Batch::new(scratch.kernel());
        batch.gather(problem, rows);
        batch
    });
    gathered.collect()
}

/// Size of a problem's features and targets in bytes.
fn bytes<F: Scalar>(problem: &Problem<'_, F>) -> usize {
    let architecture = problem.architecture();
    let columns = architecture.input_width() + architecture.output_width();
    bytes_of::<F>(problem.rows().saturating_mul(columns))
}

#[cfg(test)]
mod tests {
    use ann_core::ndarray::Array2;
    use ann_core::{Activation, Architecture, Loss};

    use super::*;

    #[test]
    fn the_plan_follows_the_rows_of_a_mini_batch() {
        // The textbook kernel needs a gradient, and z, a and δ of two rows of 3 000 000 units. Tiles would
        // have 32 rows, most of them empty.
        let units = 3_000_000;
        let architecture =
            Architecture::inputs(1).dense(units, Activation::Tanh).dense(1, Activation::Identity);
        let x = Array2::<f64>::zeros((1000, 1));
        let problem = Problem::new(&architecture, Loss::MeanSquaredError, &x, &x).unwrap();
        let bytes = |rows| Plan::new(&problem, Accumulation::Batched, rows, 1).bytes;
        let gradient = bytes_of::<f64>(problem.layout().len());
        assert!(bytes(2) <= gradient + bytes_of::<f64>(7 * units), "{}", bytes(2));
        assert!(bytes(1000) > 10 * bytes(2), "all rows at once use tiles: {}", bytes(1000));
    }
}
