//! Sums of losses and gradients over rows: leaves are computed one by one, and their sums are added in the order of their rows.
//!
//! The leaves depend only on the number of rows and on the shape of the network.  Threads decide who computes which leaf, so any
//! number of threads gives the same bits.

use std::mem;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ann_core::block::{self, Batch, Kernel, Rows, Scratch, Tally};
use ann_core::memory::{bytes_of, ensure_available};
use ann_core::vector::add_scaled;
use ann_core::{Problem, Scalar};

use crate::threads::{Threads, belongs_to_a_pool};
use crate::{Accumulation, Result};

/// The largest number of leaves: each but the first has a gradient of its own.
const LEAVES: usize = 64;
/// Fewer leaves, but at least two, where their gradients together would have more entries than this and leave the caches.
const ENTRIES: usize = 1 << 21;
/// Rows · parameters that are worth waking a thread.
const WORK: usize = 1 << 21;
/// A gradient of this many bytes is added to another one within the processor's caches.
const NEAR: usize = 1 << 19;
/// Entries of a gradient that are worth another thread when leaves are added.
const SLICE: usize = 1 << 14;
/// Leaves of fewer rows would spend too much time on adding gradients: for gradients that fit the caches, and for others.
const LEAST_ROWS: [usize; 2] = [64, 256];
/// Rows that take no more bytes than this are gathered once, others whenever they are needed.
const KEPT: usize = 16 << 20;

/// Which rows of a problem are summed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum RowSelection<'a> {
    All,
    These(&'a [usize]),
}

/// Buffers and threads for sums over a problem.
#[derive(Debug)]
pub(crate) struct Summation<F> {
    accumulation: Accumulation,
    leaves: Vec<Leaf<F>>,
    /// One for each thread.
    scratches: Mutex<Vec<Scratch<F>>>,
    /// Rows and kernel of a scratch.
    block: (usize, Kernel),
    threads: Option<Arc<Threads>>,
}

/// Rows that are computed one block after the other, and their sums.
#[derive(Clone, Debug, Default)]
struct Leaf<F> {
    rows: Range<usize>,
    /// The kernel sums all rows of this leaf before it adds them to the gradient.
    is_one_group: bool,
    tally: Tally,
    /// Its own gradient, where it cannot be added to the total directly.
    gradient: Vec<F>,
    /// Its share of all rows, where they are few enough to be kept.
    kept: Vec<Batch<F>>,
}

impl<F: Scalar> Summation<F> {
    /// For sums over all rows, `rows` at a time.
    pub fn new(
        problem: &Problem<'_, F>,
        accumulation: Accumulation,
        rows: usize,
        threads: usize,
    ) -> Result<Self> {
        let architecture = problem.architecture();
        let (block, kernel) = match accumulation {
            Accumulation::Batched => {
                (block::ROWS.min(problem.rows()), Kernel::choose_for_sums(architecture, problem.rows()))
            }
            Accumulation::PerSample => (1, Kernel::Textbook),
        };
        let count = rows.div_ceil(leaf_rows(problem, accumulation, rows));
        // No thread for what one does alone, nor where a thread pool already spreads the work.
        let threads = if belongs_to_a_pool() { 1 } else { threads.min(count) };
        let gradients = if threads > 1 { count - 1 } else { 1 };
        let scratches = Scratch::<F>::bytes(architecture, block, kernel).saturating_mul(threads);
        let gradients = bytes_of::<F>(problem.layout().len().saturating_mul(gradients));
        ensure_available("sums over rows", scratches.saturating_add(gradients))?;

        let scratch = Scratch::with_kernel(architecture, block, kernel)?;
        let mut leaves = vec![Leaf::default(); LEAVES];
        if rows == problem.rows() && block > 1 && bytes(problem) <= KEPT {
            let pieces = pieces(0..rows, leaf_rows(problem, accumulation, rows));
            for (leaf, piece) in leaves.iter_mut().zip(pieces) {
                leaf.kept = gather(problem, piece, &scratch);
            }
        }
        let scratches = Mutex::new(vec![scratch; threads]);
        let threads = if threads > 1 { Some(Arc::new(Threads::start(threads)?)) } else { None };
        Ok(Self { accumulation, leaves, scratches, block: (block, kernel), threads })
    }

    /// The threads, where there is more than one.
    pub fn threads(&self) -> Option<Arc<Threads>> {
        self.threads.clone()
    }

    /// Σ ℓ over the selected rows; overwrites `gradient` with Σ ∂ℓ/∂θ.
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
        let leaf_rows = leaf_rows(problem, self.accumulation, rows);
        let leaves = &mut self.leaves[..rows.div_ceil(leaf_rows)];
        let scratch = self.scratches.get_mut().unwrap_or_else(PoisonError::into_inner).first();
        for (leaf, rows) in leaves.iter_mut().zip(pieces(0..rows, leaf_rows)) {
            leaf.is_one_group = scratch.is_some_and(|scratch| scratch.is_one_group(rows.len()));
            leaf.rows = rows;
        }
        let work = Work { problem, parameters, selection, scratches: &self.scratches, block: self.block };
        match &self.threads {
            Some(threads) if leaves.len() > 1 && threads.are_free() => {
                threads.run(|| work.together(leaves, gradient))
            }
            _ => work.alone(leaves, gradient),
        }
    }
}

/// One sum: what is summed, and the buffers for it.
struct Work<'a, 'data, F> {
    problem: &'a Problem<'data, F>,
    parameters: &'a [F],
    selection: RowSelection<'a>,
    scratches: &'a Mutex<Vec<Scratch<F>>>,
    block: (usize, Kernel),
}

impl<F: Scalar> Work<'_, '_, F> {
    /// One leaf after the other.
    fn alone(&self, leaves: &mut [Leaf<F>], gradient: Option<&mut [F]>) -> Tally {
        let Some(gradient) = gradient else {
            return total(leaves.iter().map(|leaf| self.leaf(leaf, None)));
        };
        gradient.fill(F::zero());
        let mut partial = mem::take(&mut leaves[0].gradient);
        let tallies = leaves.iter().enumerate().map(|(index, leaf)| {
            // A leaf that the kernel adds in one go can be added straight to the total: the additions are the same.
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

    /// Leaves on all threads, and then their sum, some entries on each.
    fn together(&self, leaves: &mut [Leaf<F>], gradient: Option<&mut [F]>) -> Tally {
        let (first, others) = leaves.split_first_mut().expect("a problem has rows");
        match gradient {
            Some(gradient) => {
                gradient.fill(F::zero());
                let entries = gradient.len();
                let of_first = || first.tally = self.leaf(first, Some(&mut *gradient));
                rayon_core::join(of_first, || self.each(others, entries));
                add_in_order(gradient, others, 0);
            }
            None => {
                rayon_core::join(|| first.tally = self.leaf(first, None), || self.each(others, 0));
            }
        }
        total(leaves.iter().map(|leaf| leaf.tally))
    }

    /// Each leaf with a gradient of its own, of `entries` entries; 0 entries mean that only losses are wanted.
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
                rayon_core::join(|| self.each(left, entries), || self.each(right, entries));
            }
        }
    }

    /// Adds the gradient of the rows of a leaf, block by block.
    fn leaf(&self, leaf: &Leaf<F>, mut gradient: Option<&mut [F]>) -> Tally {
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
        // There is one for each thread; but a thread that waits inside a custom activation or loss may begin another leaf.
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

/// Zeros; the first time allocates them.
fn clear<F: Scalar>(gradient: &mut Vec<F>, entries: usize) {
    gradient.clear();
    gradient.resize(entries, F::zero());
}

/// Adds leaf after leaf to `sum`, which are the entries from `start` on.
fn add_in_order<F: Scalar>(sum: &mut [F], leaves: &[Leaf<F>], start: usize) {
    if sum.len() <= SLICE {
        return leaves
            .iter()
            .for_each(|leaf| add_scaled(sum, F::one(), &leaf.gradient[start..][..sum.len()]));
    }
    let middle = sum.len() / 2;
    let (left, right) = sum.split_at_mut(middle);
    rayon_core::join(|| add_in_order(left, leaves, start), || add_in_order(right, leaves, start + middle));
}

/// Rows of a leaf, from shapes alone.
fn leaf_rows<F: Scalar>(problem: &Problem<'_, F>, accumulation: Accumulation, rows: usize) -> usize {
    if accumulation == Accumulation::PerSample {
        // One row after the other, as the report has it.
        return rows;
    }
    let parameters = problem.layout().len();
    let least = LEAST_ROWS[usize::from(parameters > NEAR / size_of::<F>())];
    let most_leaves = (ENTRIES / parameters).clamp(2, LEAVES);
    let rows = least.max(WORK / parameters).max(rows.div_ceil(most_leaves));
    // Whole tiles, so that none of the kernel's lanes is left empty.
    rows.next_multiple_of(block::TILE)
}

/// `rows` in pieces of the same size, the last one smaller.
fn pieces(rows: Range<usize>, size: usize) -> impl Iterator<Item = Range<usize>> {
    let end = rows.end;
    rows.step_by(size).map(move |start| start..end.min(start + size))
}

/// Rows of a problem in blocks that fit the scratch.
fn gather<F: Scalar>(problem: &Problem<'_, F>, rows: Range<usize>, scratch: &Scratch<F>) -> Vec<Batch<F>> {
    let gathered = pieces(rows, scratch.rows()).map(|rows| {
        let mut batch = Batch::new(scratch.kernel());
        batch.gather(problem, rows);
        batch
    });
    gathered.collect()
}

/// The size of a problem's data.
fn bytes<F: Scalar>(problem: &Problem<'_, F>) -> usize {
    let columns = problem.features().ncols() + problem.architecture().output_width();
    bytes_of::<F>(problem.rows().saturating_mul(columns))
}
