//! The entry point to the kernels: a block of rows is passed forward, and its gradient is added to a buffer.
//!
//! This module knows which kernel suits an architecture, see [`Kernel::choose`]; a caller may ask for another
//! one. The fused kernel is the usual choice, and the wide kernel is for rows of many inputs. The textbook
//! kernel computes what these two cannot: custom activations, leaky ReLU with a negative slope, and more than
//! 2²⁴ outputs. A caller that sums one row at a time, as the report does, asks for the textbook kernel. All
//! kernels give the same numbers up to rounding, unless a sum overflows.
//!
//! The gradient is added to the caller's buffer, which the caller clears. The factor 1/Σw and the penalty are
//! applied in one place, the objective of `ann-train`, not here.

use std::mem;
use std::ops::Range;

use ndarray::{ArrayRef2, Axis, Slice};

use crate::column;
use crate::features::Features;
use crate::fused::{self, FusedBuffers, FusedPass, Tiles};
use crate::loss::RowInF64;
use crate::memory::ensure_available;
pub use crate::pass::Tally;
use crate::pass::{Goal, NetworkRef};
use crate::textbook::{self, GatheredRows, TextbookBuffers};
use crate::wide::{self, RowIndices, WideBuffers, WidePass};
use crate::{Architecture, Layout, Loss, Problem, Result, Scalar, TargetKind};

/// A good number of rows for one block: enough to make the cost of a call negligible, few enough that all
/// buffers of a narrow network fit in the processor's caches.
pub const ROWS: usize = 512;

/// The fused kernel computes this number of rows at once. If the number of rows in a block is a multiple of
/// this number, no lane is empty.
pub const TILE: usize = column::TILE;

/// An implementation of the forward and backward pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kernel {
    /// One matrix product after another, for any activation.
    Textbook,
    /// Rows along the lanes of vector registers. A group of up to 512 rows passes through all layers while it
    /// is in the cache.
    Fused,
    /// Units along the lanes of vector registers. Rows of a matrix that is contiguous in row-major
    /// order are read where they are; other rows are copied. This kernel is for rows of many inputs.
    Wide,
}

impl Kernel {
    /// The kernel for an architecture. The textbook kernel if no other can compute it: custom activations,
    /// leaky ReLU with a negative slope, ELU with a negative α, or more than 2²⁴ outputs. Otherwise the wide
    /// kernel if there are many inputs and few units in the first layer, and the fused kernel in all other
    /// cases.
    pub fn choose(architecture: &Architecture) -> Self {
        match fused::can_compute(architecture) {
            false => Self::Textbook,
            true if wide::suits(architecture) => Self::Wide,
            true => Self::Fused,
        }
    }

    /// The kernel for sums over a problem of `rows` rows. The same as [`choose`](Self::choose), with one
    /// exception: at most 16 rows of a network with more than 65 536 units and inputs use the textbook
    /// kernel, whose buffers have only as many rows as needed. The fused kernel would store mostly empty
    /// tiles of 32 rows, and the panel of the wide kernel takes 128 bytes for each unit or input, however few
    /// rows there are.
    pub fn choose_for_sums(architecture: &Architecture, rows: usize) -> Self {
        if is_mostly_padding(architecture, rows) { Self::Textbook } else { Self::choose(architecture) }
    }
}

/// Whether tiles for `rows` rows would be mostly padding, and large enough for this to matter.
fn is_mostly_padding(architecture: &Architecture, rows: usize) -> bool {
    rows <= TILE / 2 && architecture.units().saturating_add(architecture.input_width()) > UNITS
}

/// With this number of units, the activations of one tile take 16 MiB in `f64`, and δ takes as much again.
const UNITS: usize = 1 << 16;

/// Rows of a problem in the form that a kernel reads; reusable. Gather a batch if the same rows are needed
/// more than once.
///
/// The wide kernel stores only row indices, so a batch is valid only while the features it came from are
/// unchanged.
#[derive(Clone, Debug)]
pub struct Batch<F = f64> {
    rows: usize,
    inputs: usize,
    /// The shape of the targets; `None` if only features were gathered.
    targets: Option<TargetShape>,
    /// The rows that have a weight, if the problem has rows of weight 0.
    weighted: Vec<usize>,
    form: Form<F>,
}

#[derive(Clone, Debug)]
enum Form<F> {
    Textbook(GatheredRows<F>),
    Fused(Tiles<F>),
    Wide(RowIndices<F>),
}

impl<F: Scalar> Batch<F> {
    /// An empty batch for a kernel.
    pub fn new(kernel: Kernel) -> Self {
        let form = match kernel {
            Kernel::Textbook => Form::Textbook(GatheredRows::default()),
            Kernel::Fused => Form::Fused(Tiles::default()),
            Kernel::Wide => Form::Wide(RowIndices::default()),
        };
        Self { rows: 0, inputs: 0, targets: None, weighted: Vec::new(), form }
    }

    /// Replaces the contents by the given rows of a problem, in the given order. Rows of weight 0 are left
    /// out, so that a huge feature or an infinite loss of such a row cannot cause 0 · ∞.
    ///
    /// # Panics
    /// When the problem does not have one of the rows.
    pub fn gather(&mut self, problem: &Problem<'_, F>, rows: impl ExactSizeIterator<Item = usize> + Clone) {
        let Some(weights) = problem.weights_with_zeros() else { return self.gather_all(problem, rows) };
        let mut weighted = mem::take(&mut self.weighted);
        weighted.clear();
        weighted.reserve(rows.len());
        weighted.extend(rows.filter(|&row| weights[row] > F::zero()));
        self.gather_all(problem, weighted.iter().copied());
        self.weighted = weighted;
    }

    fn gather_all(&mut self, problem: &Problem<'_, F>, rows: impl ExactSizeIterator<Item = usize> + Clone) {
        // The number of inputs and the kind of targets are kept, so that `Scratch::pass` can refuse a batch
        // of a problem of another shape.
        (self.rows, self.inputs) = (rows.len(), problem.architecture().input_width());
        self.targets = Some(targets_of(problem.loss(), problem.architecture()));
        match &mut self.form {
            Form::Textbook(form) => form.gather(problem, rows),
            Form::Fused(form) => form.gather(problem, rows),
            Form::Wide(form) => form.gather(problem, rows),
        }
    }

    /// Replaces the contents by all rows of `x`, without targets: enough to compute outputs.
    fn gather_features(&mut self, x: &Features<'_, F>) {
        (self.rows, self.inputs) = (x.rows(), x.width());
        self.targets = None;
        match &mut self.form {
            Form::Textbook(form) => form.gather_features(x, 0..x.rows()),
            Form::Fused(form) => form.gather_features(x, 0..x.rows()),
            Form::Wide(form) => form.gather_features(x, 0..x.rows()),
        }
    }

    /// Number of rows, without those of weight 0.
    pub fn rows(&self) -> usize {
        self.rows
    }
}

/// Buffers for blocks of up to a given number of rows. They are reused: after the first call the fused and
/// the wide kernel allocate nothing.
#[derive(Clone, Debug)]
pub struct Scratch<F = f64> {
    rows: usize,
    architecture: Architecture,
    batch: Batch<F>,
    buffers: Buffers<F>,
}

#[derive(Clone, Debug)]
enum Buffers<F> {
    Textbook(TextbookBuffers<F>),
    Fused(FusedBuffers<F>),
    Wide(WideBuffers<F>),
}

impl<F: Scalar> Scratch<F> {
    /// Buffers for blocks of at most `rows` rows; 0 counts as 1.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`](crate::Error::OutOfMemory).
    pub fn new(architecture: &Architecture, rows: usize) -> Result<Self> {
        Self::with_kernel(architecture, rows, Kernel::choose(architecture))
    }

    /// Buffers for [`forward`] with `rows` rows. The rows are computed block by block, so the buffers hold at
    /// most [`ROWS`].
    pub(crate) fn for_outputs(architecture: &Architecture, rows: usize) -> Result<Self> {
        let kernel = match Kernel::choose(architecture) {
            // The wide kernel gives the same outputs to the last bit. Only the last layer has tiles, and the
            // panel takes 128 bytes for each unit or input of the widest layer.
            Kernel::Fused if is_mostly_padding(architecture, rows) => Kernel::Wide,
            kernel => kernel,
        };
        Self::with_buffers(architecture, rows.min(ROWS), kernel, false)
    }

    /// As [`new`](Self::new), with a kernel that the caller chooses.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`](crate::Error::OutOfMemory).
    ///
    /// # Panics
    /// When only the textbook kernel can compute the architecture (see [`Kernel::choose`]), and another one
    /// is asked for.
    pub fn with_kernel(architecture: &Architecture, rows: usize, kernel: Kernel) -> Result<Self> {
        Self::with_buffers(architecture, rows, kernel, true)
    }

    /// As [`with_kernel`](Self::with_kernel). Without buffers for gradients, only outputs can be computed.
    fn with_buffers(
        architecture: &Architecture,
        rows: usize,
        kernel: Kernel,
        for_gradients: bool,
    ) -> Result<Self> {
        let rows = rows.max(1);
        let can = kernel == Kernel::Textbook || fused::can_compute(architecture);
        assert!(can, "only the textbook kernel can compute {architecture}");
        // Memory is checked before anything is allocated: an allocation that fails would abort the program.
        ensure_available("the buffers of the network's layers", Self::bytes(architecture, rows, kernel))?;
        let buffers = match kernel {
            Kernel::Textbook => Buffers::Textbook(TextbookBuffers::new(architecture, rows)),
            Kernel::Fused => Buffers::Fused(FusedBuffers::new(architecture, rows, for_gradients)),
            Kernel::Wide => Buffers::Wide(WideBuffers::new(architecture, rows, for_gradients)),
        };
        Ok(Self { rows, architecture: architecture.clone(), batch: Batch::new(kernel), buffers })
    }

    /// Approximate size of the buffers in bytes, including the rows that [`accumulate`] gathers.
    pub fn bytes(architecture: &Architecture, rows: usize, kernel: Kernel) -> usize {
        let layers = match kernel {
            Kernel::Textbook => TextbookBuffers::<F>::bytes(architecture, rows),
            Kernel::Fused => FusedBuffers::<F>::bytes(architecture, rows),
            Kernel::Wide => WideBuffers::<F>::bytes(architecture, rows),
        };
        layers.saturating_add(RowInF64::bytes(architecture.output_width()))
    }

    /// The largest number of rows in a block.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Whether the kernel sums `rows` rows completely before it adds the sum to the gradient. Then each entry
    /// of the gradient is changed by exactly one addition.
    pub fn is_one_group(&self, rows: usize) -> bool {
        rows <= self.rows_of_a_group()
    }

    /// Number of rows that are summed before their sum is added to the gradient; 0 for the textbook kernel,
    /// which does not promise to add only once.
    fn rows_of_a_group(&self) -> usize {
        match &self.buffers {
            Buffers::Textbook(_) => 0,
            Buffers::Fused(buffers) => buffers.rows().min(self.rows),
            Buffers::Wide(buffers) => buffers.rows(),
        }
    }

    /// The kernel that these buffers are for.
    pub fn kernel(&self) -> Kernel {
        match self.buffers {
            Buffers::Textbook(_) => Kernel::Textbook,
            Buffers::Fused(_) => Kernel::Fused,
            Buffers::Wide(_) => Kernel::Wide,
        }
    }
}

/// The rows to compute: rows of the problem by number, or a batch that was gathered before.
#[derive(Clone, Debug)]
pub enum Rows<'a, F> {
    /// Consecutive rows of the problem.
    Range(Range<usize>),
    /// Rows of the problem in this order; a row may occur more than once.
    Indices(&'a [usize]),
    /// Rows that were gathered before, because they are needed more than once.
    Gathered(&'a Batch<F>),
}

impl<F> From<Range<usize>> for Rows<'_, F> {
    fn from(range: Range<usize>) -> Self {
        Self::Range(range)
    }
}

impl<'a, F> From<&'a [usize]> for Rows<'a, F> {
    fn from(indices: &'a [usize]) -> Self {
        Self::Indices(indices)
    }
}

impl<'a, F> From<&'a Batch<F>> for Rows<'a, F> {
    fn from(batch: &'a Batch<F>) -> Self {
        Self::Gathered(batch)
    }
}

/// Returns Σ w ℓ, Σ w and the weight of the hits, and adds Σ w ∂ℓ/∂θ to `gradient` if there is one. Without
/// weights, w = 1. Rows of weight 0 are not computed.
///
/// # Panics
/// When the length of `parameters` or `gradient` is not that of the problem's layout, when a row does not
/// exist, when `scratch` was made for another architecture or for fewer rows, or when a batch was gathered
/// for another kernel, from a problem of another shape, or (wide kernel only) from other features.
pub fn accumulate<'a, F: Scalar>(
    problem: &Problem<'_, F>,
    parameters: &[F],
    rows: impl Into<Rows<'a, F>>,
    scratch: &mut Scratch<F>,
    gradient: Option<&mut [F]>,
) -> Tally {
    // Rows given by number are gathered in the scratch first. A batch gathered before is used as it is.
    let gathered = match rows.into() {
        Rows::Range(range) => {
            scratch.batch.gather(problem, range);
            None
        }
        Rows::Indices(indices) => {
            scratch.batch.gather(problem, indices.iter().copied());
            None
        }
        Rows::Gathered(batch) => Some(batch),
    };
    let goal = match gradient {
        Some(gradient) => Goal::Gradient(problem.loss(), gradient),
        None => Goal::Losses(problem.loss()),
    };
    let (architecture, layout) = (problem.architecture(), problem.layout());
    scratch.pass(NetworkRef { architecture, layout, parameters }, problem.source(), gathered, goal)
}

/// Overwrites `outputs` (n, outputs) with the raw outputs for the rows of `x` (n, inputs). The rows are
/// computed block by block, so `x` may have more rows than `scratch`.
///
/// # Panics
/// When `parameters`, `x`, `outputs` or `scratch` do not fit the architecture.
pub fn forward<F: Scalar>(
    architecture: &Architecture,
    layout: &Layout,
    parameters: &[F],
    x: &ArrayRef2<F>,
    scratch: &mut Scratch<F>,
    outputs: &mut ArrayRef2<F>,
) {
    let network = NetworkRef { architecture, layout, parameters };
    assert_eq!(outputs.dim(), (x.nrows(), architecture.output_width()), "one output for each row and unit");
    // The outputs of a pass stay in the kernel's buffers, which hold one group of rows. So a block is one
    // group.
    let rows = match &scratch.buffers {
        Buffers::Textbook(_) => scratch.rows,
        Buffers::Fused(_) | Buffers::Wide(_) => scratch.rows_of_a_group(),
    };
    for start in (0..x.nrows()).step_by(rows) {
        let block = start..x.nrows().min(start + rows);
        let x = x.slice_axis(Axis(0), Slice::from(block.clone()));
        // Outputs do not depend on targets, so only features are gathered.
        let x = Features::Matrix(x);
        scratch.batch.gather_features(&x);
        scratch.pass(network, &x, None, Goal::Outputs);
        let mut outputs = outputs.slice_axis_mut(Axis(0), Slice::from(block.clone()));
        match &scratch.buffers {
            Buffers::Textbook(buffers) => outputs.assign(&buffers.outputs(block.len())),
            Buffers::Fused(buffers) => buffers.copy_outputs(&mut outputs),
            Buffers::Wide(buffers) => buffers.copy_outputs(&mut outputs),
        }
    }
}

impl<F: Scalar> Scratch<F> {
    /// Sends rows through the kernel: those of `batch` or, if it is `None`, those gathered in this scratch.
    /// `x` are the features that the rows came from.
    fn pass(
        &mut self,
        network: NetworkRef<'_, F>,
        x: &Features<'_, F>,
        batch: Option<&Batch<F>>,
        goal: Goal<'_, F>,
    ) -> Tally {
        let NetworkRef { architecture, layout, parameters } = network;
        assert_eq!(parameters.len(), layout.len(), "one parameter for each place of the layout");
        assert!(self.architecture == *architecture, "scratch was made for another architecture");
        if let Goal::Gradient(_, gradient) = &goal {
            assert_eq!(gradient.len(), layout.len(), "one entry of the gradient for each parameter");
        }
        let batch = batch.unwrap_or(&self.batch);
        // From here on a kernel may assume at least one row.
        if batch.rows == 0 {
            return Tally::default();
        }
        let targets = match &goal {
            Goal::Outputs => batch.targets,
            Goal::Losses(loss) | Goal::Gradient(loss, _) => Some(targets_of(loss, architecture)),
        };
        // A batch of another problem could have rows of another length, or values where the loss needs
        // classes. Compared with the pass, the check takes almost no time.
        let is_of_problem = batch.inputs == architecture.input_width() && batch.targets == targets;
        assert!(is_of_problem, "the batch was gathered from a problem of another shape");
        assert!(batch.rows <= self.rows, "scratch was made for {} rows, not {}", self.rows, batch.rows);
        match (&mut self.buffers, &batch.form) {
            (Buffers::Textbook(buffers), Form::Textbook(rows)) => textbook::run(network, rows, buffers, goal),
            (Buffers::Fused(buffers), Form::Fused(tiles)) => {
                fused::run(FusedPass { network, tiles, buffers, goal })
            }
            (Buffers::Wide(buffers), Form::Wide(indices)) => {
                let x = indices.rows(x);
                wide::run(WidePass { network, x, indices, buffers, goal })
            }
            _ => panic!("the batch was made for another kernel than the scratch"),
        }
    }
}

/// The kind of targets, the number of target columns and the number of outputs. A batch and the problem that
/// it is used with must agree in all of them.
type TargetShape = (TargetKind, usize, usize);

fn targets_of(loss: &Loss, architecture: &Architecture) -> TargetShape {
    let outputs = architecture.output_width();
    (loss.targets(), loss.target_columns(outputs).expect("`Problem::new` checked it"), outputs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Activation;
    use ndarray::Array2;

    #[test]
    fn few_rows_of_a_large_network_have_no_empty_tiles() {
        let network = |inputs, hidden, outputs| {
            Architecture::inputs(inputs).dense(hidden, Activation::Tanh).dense(outputs, Activation::Identity)
        };
        for (architecture, rows, expected) in [
            (network(1, 70_000, 1), 16, Kernel::Textbook),
            (network(1, 70_000, 1), 17, Kernel::Fused),
            (network(1, 60_000, 1), 1, Kernel::Fused),
            (network(70_000, 10, 1), 16, Kernel::Textbook),
            (network(70_000, 10, 1), 17, Kernel::Wide),
        ] {
            assert_eq!(Kernel::choose_for_sums(&architecture, rows), expected, "{architecture}, {rows} rows");
        }
    }

    #[test]
    fn scratch_knows_the_largest_block_it_can_take() {
        for (asked, rows) in [(0, 1), (1, 1), (7, 7)] {
            assert_eq!(Scratch::<f64>::new(&with_hidden(3), asked).unwrap().rows(), rows);
        }
    }

    #[test]
    fn buffers_of_an_impossible_network_are_too_large_to_be_counted() {
        let architecture = Architecture::inputs(usize::MAX).dense(2, Activation::Tanh);
        for kernel in [Kernel::Textbook, Kernel::Fused, Kernel::Wide] {
            assert_eq!(Scratch::<f64>::bytes(&architecture, 1, kernel), usize::MAX, "{kernel:?}");
        }
    }

    #[test]
    #[should_panic(expected = "scratch was made for another architecture")]
    fn scratch_of_another_architecture_is_refused() {
        let (architecture, x) = (with_hidden(3), Array2::<f64>::zeros((1, 2)));
        let problem = Problem::new(&architecture, Loss::SoftmaxCrossEntropy, &x, &[0]).unwrap();
        let parameters = vec![0.0; problem.layout().len()];
        accumulate(&problem, &parameters, 0..1, &mut Scratch::new(&with_hidden(4), 1).unwrap(), None);
    }

    #[test]
    #[should_panic(expected = "the batch was gathered from a problem of another shape")]
    fn a_batch_of_another_problem_is_refused() {
        let architecture = with_hidden(3);
        let (x, y) = (Array2::<f64>::zeros((1, 2)), Array2::zeros((1, 2)));
        let classes = Problem::new(&architecture, Loss::SoftmaxCrossEntropy, &x, &[0]).unwrap();
        let values = Problem::new(&architecture, Loss::MeanSquaredError, &x, &y).unwrap();
        let mut scratch = Scratch::new(&architecture, 1).unwrap();
        let mut batch = Batch::new(scratch.kernel());
        batch.gather(&values, 0..1);
        accumulate(&classes, &vec![0.0; classes.layout().len()], &batch, &mut scratch, None);
    }

    #[test]
    #[should_panic(expected = "the batch was gathered from a problem of another shape")]
    fn a_batch_of_more_classes_is_refused() {
        let (many, few) = (with_hidden(3).dense(9, Activation::Identity), with_hidden(3));
        let x = Array2::<f64>::zeros((1, 2));
        let nine = Problem::new(&many, Loss::SoftmaxCrossEntropy, &x, &[8]).unwrap();
        let two = Problem::new(&few, Loss::SoftmaxCrossEntropy, &x, &[1]).unwrap();
        let mut scratch = Scratch::new(&few, 1).unwrap();
        let mut batch = Batch::new(scratch.kernel());
        batch.gather(&nine, 0..1);
        accumulate(&two, &vec![0.0; two.layout().len()], &batch, &mut scratch, None);
    }

    #[test]
    #[should_panic(expected = "the batch was gathered from other features")]
    fn a_batch_of_other_rows_of_many_inputs_is_refused() {
        let architecture = Architecture::inputs(300).dense(2, Activation::Identity);
        let [one, other] = [1.0, 2.0].map(|number| Array2::<f64>::from_elem((1, 300), number));
        let problem = |x| Problem::new(&architecture, Loss::SoftmaxCrossEntropy, x, &[0]).unwrap();
        let mut scratch = Scratch::new(&architecture, 1).unwrap();
        let mut batch = Batch::new(scratch.kernel());
        batch.gather(&problem(&one), 0..1);
        accumulate(&problem(&other), &[0.0; 602], &batch, &mut scratch, None);
    }

    #[test]
    #[should_panic(expected = "one output for each row and unit")]
    fn room_for_fewer_outputs_is_refused() {
        let (architecture, x) = (with_hidden(3), Array2::<f64>::zeros((4, 2)));
        let layout = architecture.layout().unwrap();
        let (parameters, mut scratch) = (vec![0.0; layout.len()], Scratch::new(&architecture, 4).unwrap());
        forward(&architecture, &layout, &parameters, &x, &mut scratch, &mut Array2::zeros((4, 1)));
    }

    #[test]
    fn the_kernel_follows_from_the_activations() {
        let of = |activation: Activation| Kernel::choose(&Architecture::inputs(2).dense(2, activation));
        for activation in [Activation::Identity, Activation::Sigmoid, Activation::Tanh, Activation::Relu] {
            assert_eq!(of(activation), Kernel::Fused);
        }
        for (slope, kernel) in [(-0.5, Kernel::Textbook), (0.0, Kernel::Fused), (1.7, Kernel::Fused)] {
            assert_eq!(of(Activation::LeakyRelu { slope }), kernel, "{slope}");
        }
        #[derive(Debug)]
        struct Cube;
        impl crate::ActivationFn for Cube {
            fn value(&self, z: f64) -> f64 {
                z * z * z
            }
            fn derivative(&self, z: f64, _a: f64) -> f64 {
                3.0 * z * z
            }
        }
        assert_eq!(of(Cube.into()), Kernel::Textbook);
        let first = |inputs, units| {
            Kernel::choose(
                &Architecture::inputs(inputs).dense(units, Activation::Relu).dense(3, Activation::Tanh),
            )
        };
        assert_eq!([first(256, 64), first(784, 128)], [Kernel::Wide; 2]);
        assert_eq!([first(255, 1), first(256, 65), first(1024, 1024)], [Kernel::Fused; 3]);
    }

    fn with_hidden(width: usize) -> Architecture {
        Architecture::inputs(2).dense(width, Activation::Tanh).dense(2, Activation::Identity)
    }
}
