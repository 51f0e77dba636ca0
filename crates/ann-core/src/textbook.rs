//! The textbook kernel: a block of rows as matrices, layer after layer, with the formulas of
//! [`dense`](crate::dense).
//!
//! It computes every activation. Sums of one row at a time, as in the report, use this kernel too.

use ndarray::{ArrayRef2, ArrayView2, ArrayViewMut2};

use crate::dense::{DenseMut, DenseRef};
use crate::features::Features;
use crate::loss::{RowInF64, RowTarget};
use crate::memory::bytes_of;
use crate::pass::{Goal, NetworkRef, Tally};
use crate::{Activation, Architecture, Loss, Problem, Scalar, Targets};

/// Rows of a problem with their targets, copied row by row; reusable.
#[derive(Clone, Debug, Default)]
pub(crate) struct GatheredRows<F> {
    inputs: usize,
    /// (rows, inputs).
    x: Vec<F>,
    /// The class of each row; empty if targets are values.
    classes: Vec<usize>,
    /// Number of target columns.
    columns: usize,
    /// (rows, target columns); empty if targets are classes.
    values: Vec<F>,
    /// The weight of each row; empty if there are no weights.
    weights: Vec<F>,
}

impl<F: Scalar> GatheredRows<F> {
    /// Replaces the contents by the given rows of a problem, in the given order.
    pub fn gather(&mut self, problem: &Problem<'_, F>, rows: impl ExactSizeIterator<Item = usize> + Clone) {
        self.gather_features(problem.source(), problem.rows_of_source(rows.clone()));
        if let Some(weights) = problem.weights() {
            self.weights.extend(rows.clone().map(|row| weights[row]));
        }
        match problem.targets() {
            Targets::Classes(classes) => self.classes.extend(rows.map(|row| classes[row])),
            Targets::Values(values) => {
                self.columns = values.ncols();
                rows.for_each(|row| self.values.extend(values.row(row)));
            }
        }
    }

    /// Replaces the contents by the given rows of `x`, without targets.
    pub fn gather_features(&mut self, x: &Features<'_, F>, rows: impl Iterator<Item = usize>) {
        self.x.clear();
        self.classes.clear();
        self.values.clear();
        self.weights.clear();
        self.inputs = x.width();
        x.append_to(&mut self.x, rows);
    }

    fn x(&self) -> ArrayView2<'_, F> {
        matrix(&self.x, self.x.len() / self.inputs, self.inputs)
    }

    fn target(&self, n: usize) -> RowTarget<'_, F> {
        match self.classes.get(n) {
            Some(&class) => RowTarget::Class(class),
            None => RowTarget::Values(&self.values[n * self.columns..][..self.columns]),
        }
    }
}

/// Reusable buffers for blocks of up to a given number of rows.
#[derive(Clone, Debug)]
pub(crate) struct TextbookBuffers<F> {
    layers: Vec<TextbookLayer<F>>,
    row: RowInF64,
}

/// z, a and δ of one layer, each (rows, width), row-major.
#[derive(Clone, Debug)]
struct TextbookLayer<F> {
    width: usize,
    z: Vec<F>,
    a: Vec<F>,
    delta: Vec<F>,
}

impl<F: Scalar> TextbookBuffers<F> {
    pub fn new(architecture: &Architecture, rows: usize) -> Self {
        let zeros = |width: usize| vec![F::zero(); rows * width];
        let layers = architecture.layers().iter().map(|layer| layer.width);
        let layers = layers.map(|width| TextbookLayer {
            width,
            z: zeros(width),
            a: zeros(width),
            delta: zeros(width),
        });
        Self { layers: layers.collect(), row: RowInF64::new(architecture.output_width()) }
    }

    /// Sends rows forward through the network.
    pub fn forward(&mut self, network: NetworkRef<'_, F>, rows: &GatheredRows<F>) {
        forward_pass(network, &rows.x(), self);
    }

    /// Overwrites ∂ℓ/∂ŷ of n rows as if ℓ were the raw output with this index.
    pub fn start_backward(&mut self, n: usize, output: usize) {
        let TextbookLayer { width, delta, .. } = self.layers.last_mut().expect(HAS_LAYERS);
        delta[..n * *width].fill(F::zero());
        delta[..n * *width].iter_mut().skip(output).step_by(*width).for_each(|delta| *delta = F::one());
    }

    /// Turns ∂ℓ/∂a of layer k, counted from 0, into δ = ∂ℓ/∂z. Returns the inputs of the layer and δ, for n
    /// rows.
    pub fn differentiate<'a>(
        &'a mut self,
        k: usize,
        n: usize,
        activation: &Activation,
        rows: &'a GatheredRows<F>,
    ) -> (ArrayView2<'a, F>, ArrayView2<'a, F>) {
        let (before, from_here) = self.layers.split_at_mut(k);
        from_here[0].differentiate(n, activation);
        (before.last().map_or(rows.x(), |previous| previous.activations(n)), from_here[0].deltas(n))
    }

    /// Overwrites ∂ℓ/∂a of the layer below layer k, if there is one.
    pub fn backward_to(&mut self, k: usize, n: usize, dense: &DenseRef<'_, F>) {
        let (before, from_here) = self.layers.split_at_mut(k);
        if let Some(previous) = before.last_mut() {
            dense.backward_into(&from_here[0].deltas(n), &mut previous.deltas_mut(n));
        }
    }

    /// Number of bytes that [`new`](Self::new) allocates, plus those of the gathered rows.
    pub fn bytes(architecture: &Architecture, rows: usize) -> usize {
        let row = architecture
            .units()
            .saturating_mul(3)
            .saturating_add(architecture.input_width())
            .saturating_add(architecture.output_width());
        bytes_of::<F>(row.saturating_mul(rows))
    }

    /// The outputs of the last forward pass, (n, outputs).
    pub fn outputs(&self, n: usize) -> ArrayView2<'_, F> {
        self.layers.last().expect(HAS_LAYERS).activations(n)
    }
}

/// Sends rows through the network, and computes what the goal asks for.
pub(crate) fn run<F: Scalar>(
    network: NetworkRef<'_, F>,
    rows: &GatheredRows<F>,
    buffers: &mut TextbookBuffers<F>,
    goal: Goal<'_, F>,
) -> Tally {
    let x = rows.x();
    forward_pass(network, &x, buffers);
    let (loss, gradient) = match goal {
        Goal::Outputs => return Tally::default(),
        Goal::Losses(loss) => (loss, None),
        Goal::Gradient(loss, gradient) => (loss, Some(gradient)),
    };
    let tally = loss_pass(loss, rows, x.nrows(), buffers);
    if let Some(gradient) = gradient {
        backward_pass(network, rows, buffers, gradient);
    }
    tally
}

/// z⁽ᵏ⁾ = a⁽ᵏ⁻¹⁾ W⁽ᵏ⁾ᵀ + b⁽ᵏ⁾ and a⁽ᵏ⁾ = σ(z⁽ᵏ⁾), layer after layer, with a⁽⁰⁾ = x.
fn forward_pass<F: Scalar>(network: NetworkRef<'_, F>, x: &ArrayRef2<F>, buffers: &mut TextbookBuffers<F>) {
    // A block may have fewer rows than the buffers: only their first n rows are used.
    let n = x.nrows();
    for (k, (layer, span)) in network.layers().enumerate() {
        // Layer k reads the activations of the layer below and writes its own. The split lets us borrow both.
        let (before, from_here) = buffers.layers.split_at_mut(k);
        let input = before.last().map_or(x.view(), |previous| previous.activations(n));
        let dense = DenseRef::new(span, network.parameters);
        dense.forward_into(&input, &mut from_here[0].pre_activations_mut(n));
        from_here[0].activate(n, &layer.activation);
    }
}

/// Returns Σ w ℓ of n rows, and overwrites δ of the output layer with w ∂ℓ/∂a.
fn loss_pass<F: Scalar>(
    loss: &Loss,
    rows: &GatheredRows<F>,
    n: usize,
    buffers: &mut TextbookBuffers<F>,
) -> Tally {
    let TextbookBuffers { layers, row: in_f64 } = buffers;
    let TextbookLayer { width, a, delta, .. } = layers.last_mut().expect(HAS_LAYERS);
    let mut tally = Tally::default();
    let outputs_and_delta = a.chunks_exact(*width).zip(delta.chunks_exact_mut(*width));
    for (n, (outputs, delta)) in outputs_and_delta.take(n).enumerate() {
        let target = rows.target(n);
        let value = match loss {
            Loss::Custom(function) => in_f64.of_row(&**function, outputs, target, delta),
            _ => loss.of_row(outputs, target, delta),
        };
        let weight = rows.weights.get(n).map_or(1.0, |weight| weight.as_f64());
        let hits = if loss.hits(outputs, target) { weight } else { 0.0 };
        tally += Tally { loss: weight * value, weight, hits };
        if let Some(&weight) = rows.weights.get(n) {
            delta.iter_mut().for_each(|delta| *delta *= weight);
        }
    }
    tally
}

/// Last layer to first: δ⁽ᵏ⁾ = ∂ℓ/∂a⁽ᵏ⁾ ∘ σ′(z⁽ᵏ⁾), the layer's part of the gradient, and ∂ℓ/∂a⁽ᵏ⁻¹⁾ = δ⁽ᵏ⁾
/// W⁽ᵏ⁾.
fn backward_pass<F: Scalar>(
    network: NetworkRef<'_, F>,
    rows: &GatheredRows<F>,
    buffers: &mut TextbookBuffers<F>,
    gradient: &mut [F],
) {
    let n = rows.x().nrows();
    for (k, (layer, span)) in network.layers().enumerate().rev() {
        // δ is ∂ℓ/∂a here. It becomes ∂ℓ/∂z. The gradient of this layer and ∂ℓ/∂a of the layer below are
        // computed from ∂ℓ/∂z.
        let (input, delta) = buffers.differentiate(k, n, &layer.activation, rows);
        DenseMut::new(span, gradient).accumulate(&input, &delta);
        // This is ∂ℓ/∂a of the layer below. The next round of the loop multiplies it by σ′.
        buffers.backward_to(k, n, &DenseRef::new(span, network.parameters));
    }
}

const HAS_LAYERS: &str = "Layout::new refuses a network without layers";

impl<F: Scalar> TextbookLayer<F> {
    /// a = σ(z) in the first n rows.
    fn activate(&mut self, n: usize, activation: &Activation) {
        let end = n * self.width;
        activation.apply(&self.z[..end], &mut self.a[..end]);
    }

    /// δ ∘= σ′(z) in the first n rows: from ∂ℓ/∂a to ∂ℓ/∂z.
    fn differentiate(&mut self, n: usize, activation: &Activation) {
        let end = n * self.width;
        activation.multiply_derivative(&self.z[..end], &self.a[..end], &mut self.delta[..end]);
    }

    fn pre_activations_mut(&mut self, n: usize) -> ArrayViewMut2<'_, F> {
        matrix_mut(&mut self.z, n, self.width)
    }

    fn activations(&self, n: usize) -> ArrayView2<'_, F> {
        matrix(&self.a, n, self.width)
    }

    fn deltas(&self, n: usize) -> ArrayView2<'_, F> {
        matrix(&self.delta, n, self.width)
    }

    fn deltas_mut(&mut self, n: usize) -> ArrayViewMut2<'_, F> {
        matrix_mut(&mut self.delta, n, self.width)
    }
}

fn matrix<F>(buffer: &[F], n: usize, width: usize) -> ArrayView2<'_, F> {
    ArrayView2::from_shape((n, width), &buffer[..n * width]).expect("the slice has n · width values")
}

fn matrix_mut<F>(buffer: &mut [F], n: usize, width: usize) -> ArrayViewMut2<'_, F> {
    ArrayViewMut2::from_shape((n, width), &mut buffer[..n * width]).expect("the slice has n · width values")
}
