//! The door to the kernels: a block of rows goes forward, and its gradient is added to a buffer.
//!
//! Who computes is decided here and nowhere else, from the architecture alone: the fused kernel, the wide one for rows of many
//! inputs, or the textbook kernel for activations of the user's own, leaky ReLU of negative slope and more than 2²⁴ outputs.
//! Whoever sums one row at a time, as the report does, asks for the textbook kernel.  All give the same numbers to rounding, where
//! no sum overflows on its way.
//!
//! Forward stands directly above backward, and backward adds: whoever owns the gradient clears it.
//! 1/N and the penalty are not applied here but in the objective of `ann-train`, in one place.

use std::ops::Range;

use ndarray::{ArrayRef2, Axis, Slice};

use crate::column;
use crate::fused::{self, FusedBuffers, FusedPass, Tiles};
use crate::memory::ensure_available;
pub use crate::pass::Tally;
use crate::pass::{Goal, NetworkRef};
use crate::textbook::{self, GatheredRows, TextbookBuffers};
use crate::wide::{self, RowIndices, WideBuffers, WidePass};
use crate::{Architecture, Layout, Loss, Problem, Result, Scalar, TargetKind};

/// The number of rows that are worth being one block: enough to make the cost of a call vanish,
/// few enough for all buffers of a narrow network to stay in the processor's caches.
pub const ROWS: usize = 512;

/// Rows that the fused kernel takes at once: blocks of a multiple leave none of its lanes empty.
pub const TILE: usize = column::TILE;

/// Who computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kernel {
    /// One matrix product after the other, for any activation.
    Textbook,
    /// Rows along the lanes of registers, all layers while a few rows stay in the cache.
    Fused,
    /// Units along the lanes of registers, rows where the problem holds them: for rows of many inputs.
    Wide,
}

impl Kernel {
    /// The fused kernel, or by the widths of inputs and first layer the wide one.  The textbook kernel for activations of the user's
    /// own, leaky ReLU of negative slope, and more than 2²⁴ outputs.
    pub fn choose(architecture: &Architecture) -> Self {
        match fused::can_compute(architecture) {
            false => Self::Textbook,
            true if wide::suits(architecture) => Self::Wide,
            true => Self::Fused,
        }
    }

    /// The same for sums over a problem of `rows` rows: the textbook kernel, whose buffers follow the rows, where the tiles of the
    /// others would be large and mostly empty.
    pub fn choose_for_sums(architecture: &Architecture, rows: usize) -> Self {
        if is_mostly_padding(architecture, rows) { Self::Textbook } else { Self::choose(architecture) }
    }
}

/// Whether tiles of `rows` rows would be mostly empty, and so large that it matters.
fn is_mostly_padding(architecture: &Architecture, rows: usize) -> bool {
    rows <= TILE / 2 && architecture.units().saturating_add(architecture.input_width()) > UNITS
}

/// A tile of this many units takes 16 MB for each quantity in f64.
const UNITS: usize = 1 << 16;

/// Rows of a problem in the form in which a kernel reads them, to be reused: for rows that are needed more than once, or in
/// another order than the problem's.  It may be no more than a note of which rows they are, so it goes with the features it was
/// gathered from, and these must stay as they are.
#[derive(Clone, Debug)]
pub struct Batch<F = f64> {
    rows: usize,
    inputs: usize,
    /// What is known of each row, and of how many outputs.
    targets: Option<(TargetKind, usize)>,
    form: Form<F>,
}

#[derive(Clone, Debug)]
enum Form<F> {
    Textbook(GatheredRows<F>),
    Fused(Tiles<F>),
    Wide(RowIndices<F>),
}

impl<F: Scalar> Batch<F> {
    /// Without rows, for a kernel.
    pub fn new(kernel: Kernel) -> Self {
        let form = match kernel {
            Kernel::Textbook => Form::Textbook(GatheredRows::default()),
            Kernel::Fused => Form::Fused(Tiles::default()),
            Kernel::Wide => Form::Wide(RowIndices::default()),
        };
        Self { rows: 0, inputs: 0, targets: None, form }
    }

    /// Replaces what is there by the given rows of a problem, in the given order.
    ///
    /// # Panics
    /// When the problem has no such row.
    pub fn gather(&mut self, problem: &Problem<'_, F>, rows: impl ExactSizeIterator<Item = usize> + Clone) {
        (self.rows, self.inputs) = (rows.len(), problem.features().ncols());
        self.targets = Some(targets_of(problem.loss(), problem.architecture()));
        match &mut self.form {
            Form::Textbook(form) => form.gather(problem, rows),
            Form::Fused(form) => form.gather(problem, rows),
            Form::Wide(form) => form.gather(problem, rows),
        }
    }

    /// Replaces what is there by some rows of which only the features matter.
    fn gather_features(&mut self, x: &ArrayRef2<F>) {
        (self.rows, self.inputs) = x.dim();
        self.targets = None;
        match &mut self.form {
            Form::Textbook(form) => form.gather_features(x, 0..x.nrows()),
            Form::Fused(form) => form.gather_features(x, 0..x.nrows()),
            Form::Wide(form) => form.gather_features(x, 0..x.nrows()),
        }
    }

    /// How many rows there are.
    pub fn rows(&self) -> usize {
        self.rows
    }
}

/// Buffers for blocks of up to a given number of rows, to be reused: a call with fitting scratch allocates nothing.
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
    /// Buffers for blocks of at most `rows` rows, at least 1.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`](crate::Error::OutOfMemory).
    pub fn new(architecture: &Architecture, rows: usize) -> Result<Self> {
        Self::with_kernel(architecture, rows, Kernel::choose(architecture))
    }

    /// Buffers for the outputs of `rows` rows, which [`forward`] computes block by block.
    pub(crate) fn for_outputs(architecture: &Architecture, rows: usize) -> Result<Self> {
        let kernel = match Kernel::choose(architecture) {
            // The wide kernel gives the same outputs to the last bit, and its buffers follow the rows.
            Kernel::Fused if is_mostly_padding(architecture, rows) => Kernel::Wide,
            kernel => kernel,
        };
        Self::with_kernel(architecture, rows.min(ROWS), kernel)
    }

    /// The same for a kernel of the caller's choice.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`](crate::Error::OutOfMemory).
    ///
    /// # Panics
    /// When another kernel than the textbook one is asked for what only that computes (see [`Kernel::choose`]).
    pub fn with_kernel(architecture: &Architecture, rows: usize, kernel: Kernel) -> Result<Self> {
        let rows = rows.max(1);
        let can = kernel == Kernel::Textbook || fused::can_compute(architecture);
        assert!(can, "only the textbook kernel can compute {architecture}");
        ensure_available("the buffers of the network's layers", Self::bytes(architecture, rows, kernel))?;
        let buffers = match kernel {
            Kernel::Textbook => Buffers::Textbook(TextbookBuffers::new(architecture, rows)),
            Kernel::Fused => Buffers::Fused(FusedBuffers::new(architecture, rows)),
            Kernel::Wide => Buffers::Wide(WideBuffers::new(architecture, rows)),
        };
        Ok(Self { rows, architecture: architecture.clone(), batch: Batch::new(kernel), buffers })
    }

    /// About as many bytes as the buffers take, rows gathered by [`accumulate`] included.
    pub fn bytes(architecture: &Architecture, rows: usize, kernel: Kernel) -> usize {
        match kernel {
            Kernel::Textbook => TextbookBuffers::<F>::bytes(architecture, rows),
            Kernel::Fused => FusedBuffers::<F>::bytes(architecture, rows),
            Kernel::Wide => WideBuffers::<F>::bytes(architecture, rows),
        }
    }

    /// The largest block these buffers can take.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Whether the kernel sums this number of rows before it adds their sum to the gradient, to each entry once.
    pub fn is_one_group(&self, rows: usize) -> bool {
        rows <= self.rows_of_a_group()
    }

    /// Rows whose sum is added to the gradient in one go; 0 for the textbook kernel, which makes no such promise.
    fn rows_of_a_group(&self) -> usize {
        match &self.buffers {
            Buffers::Textbook(_) => 0,
            Buffers::Fused(buffers) => buffers.rows().min(self.rows),
            Buffers::Wide(buffers) => buffers.rows(),
        }
    }

    /// Who computes.
    pub fn kernel(&self) -> Kernel {
        match self.buffers {
            Buffers::Textbook(_) => Kernel::Textbook,
            Buffers::Fused(_) => Kernel::Fused,
            Buffers::Wide(_) => Kernel::Wide,
        }
    }
}

/// Which rows a kernel computes: rows of the problem by number, or rows that were gathered before.
#[derive(Clone, Debug)]
pub enum Rows<'a, F> {
    /// Neighbouring rows of the problem.
    Range(Range<usize>),
    /// Rows of the problem in this order; a row may come more than once.
    Indices(&'a [usize]),
    /// Rows gathered before, for repeated use.
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

/// Returns Σ ℓ and the number of hits over `rows`, and adds Σ ∂ℓ/∂θ to `gradient` if there is one.
///
/// # Panics
/// When `parameters` or `gradient` are not as long as the problem's layout, `rows` reach beyond the problem, `scratch` was made for
/// another architecture or fewer rows, or gathered rows belong to another kernel, to a problem of another shape or to other features.
pub fn accumulate<'a, F: Scalar>(
    problem: &Problem<'_, F>,
    parameters: &[F],
    rows: impl Into<Rows<'a, F>>,
    scratch: &mut Scratch<F>,
    gradient: Option<&mut [F]>,
) -> Tally {
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
    scratch.pass(NetworkRef { architecture, layout, parameters }, &problem.features(), gathered, goal)
}

/// Overwrites `outputs` (n, outputs) with the raw outputs for the rows of `x` (n, inputs), block by block.
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
    let rows = match &scratch.buffers {
        Buffers::Textbook(_) => scratch.rows,
        Buffers::Fused(_) | Buffers::Wide(_) => scratch.rows_of_a_group(),
    };
    for start in (0..x.nrows()).step_by(rows) {
        let block = start..x.nrows().min(start + rows);
        let x = x.slice_axis(Axis(0), Slice::from(block.clone()));
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
    /// Sends a batch of rows of `x`, or what was gathered here, through the kernel.
    fn pass(
        &mut self,
        network: NetworkRef<'_, F>,
        x: &ArrayRef2<F>,
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
        if batch.rows == 0 {
            return Tally::default();
        }
        let targets = match &goal {
            Goal::Outputs => batch.targets,
            Goal::Losses(loss) | Goal::Gradient(loss, _) => Some(targets_of(loss, architecture)),
        };
        let is_of_problem = batch.inputs == architecture.input_width() && batch.targets == targets;
        assert!(is_of_problem, "the batch was gathered from a problem of another shape");
        assert!(batch.rows <= self.rows, "scratch was made for {} rows, not {}", self.rows, batch.rows);
        match (&mut self.buffers, &batch.form) {
            (Buffers::Textbook(buffers), Form::Textbook(rows)) => textbook::run(network, rows, buffers, goal),
            (Buffers::Fused(buffers), Form::Fused(tiles)) => {
                fused::run(FusedPass { network, tiles, buffers, goal })
            }
            (Buffers::Wide(buffers), Form::Wide(indices)) => {
                wide::run(WidePass { network, x, indices, buffers, goal })
            }
            _ => panic!("the batch was made for another kernel than the scratch"),
        }
    }
}

/// What a loss needs to know of each row, and of how many outputs.
fn targets_of(loss: &Loss, architecture: &Architecture) -> (TargetKind, usize) {
    (loss.targets(), architecture.output_width())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Activation;
    use ndarray::Array2;

    #[test]
    fn scratch_knows_the_largest_block_it_can_take() {
        for (asked, rows) in [(0, 1), (1, 1), (7, 7)] {
            assert_eq!(Scratch::<f64>::new(&with_hidden(3), asked).unwrap().rows(), rows);
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
    #[should_panic(expected = "the batch was gathered from features that lie elsewhere")]
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
