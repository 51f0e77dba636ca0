//! The wide kernel, for rows of many inputs: units (or inputs) along the lanes of vector registers, a few
//! rows at a time.
//!
//! Rows are read where the problem stores them, unless its matrix is not contiguous in row-major order. The
//! matrix whose numbers are along the lanes (W in the forward and backward products, x in the weight
//! gradient) is copied to a [`Panel`], one strip at a time. A strip is a few neighbouring numbers of each row
//! of a matrix; in the panel it is contiguous, and stays in the cache while all rows pass. A line is 64
//! bytes: 8 `f64` or 16 `f32`.
//!
//! Formulas and names are those of the textbook kernel. In this file the forward pass comes first, then the
//! backward pass, which adds to the gradient.

mod panel;
mod products;

use std::ptr;

use ndarray::{ArrayRef2, Axis};
use pulp::{Simd, WithSimd};

use crate::column::{Aligned, Column, TILE};
use crate::elementary::{ApplyWithSlopes, Chunks};
use crate::features::Features;
use crate::fused::activations;
use crate::fused::losses::{GroupLosses, Sums};
use crate::fused::tiles::TileTargets;
use crate::instructions::call;
use crate::lanes::Vector;
use crate::loss::RowInF64;
use crate::memory::bytes_of;
use crate::pass::{Goal, NetworkRef, Tally};
use crate::{Architecture, Layer, Loss, Problem, Scalar};

use panel::{Panel, padded};

/// Number of rows that pass through the network together. The weights are transposed once for all of them,
/// and their activations stay in the caches.
const GROUP: usize = 512;

/// Rows of fewer inputs go to the fused kernel: to copy them into tiles takes almost no time.
const LEAST_INPUTS: usize = 256;
/// With fewer inputs for each unit of the first layer, the fused kernel is used: the products
/// then take so long that the time to copy the rows does not matter.
const LEAST_INPUTS_PER_UNIT: usize = 4;

/// Whether this kernel is faster than the fused one: rows have many inputs, and the first layer has few
/// units.
pub(crate) fn suits(architecture: &Architecture) -> bool {
    let (inputs, first) = (architecture.input_width(), architecture.layers().first());
    inputs >= LEAST_INPUTS && first.is_some_and(|layer| layer.width <= inputs / LEAST_INPUTS_PER_UNIT)
}

/// The indices of rows of a problem, in the order of computation, with their targets; reusable.
#[derive(Clone, Debug, Default)]
pub struct RowIndices<F> {
    order: Vec<usize>,
    /// Identifies the features that the rows came from, so that others are refused.
    features: Identity,
    /// Copies of the rows, if the features are no matrix that is contiguous in row-major order.
    copied: Vec<F>,
    targets: TileTargets<F>,
}

impl<F: Scalar> RowIndices<F> {
    /// Replaces the contents by the given rows of a problem, in the given order.
    pub fn gather(&mut self, problem: &Problem<'_, F>, rows: impl ExactSizeIterator<Item = usize> + Clone) {
        self.gather_features(problem.source(), problem.rows_of_source(rows.clone()));
        self.targets.gather(problem, rows);
    }

    /// Replaces the contents by the given rows of `x`, without targets.
    pub fn gather_features(
        &mut self,
        x: &Features<'_, F>,
        rows: impl ExactSizeIterator<Item = usize> + Clone,
    ) {
        self.features = Identity::of(x);
        self.order.clear();
        self.copied.clear();
        self.targets.clear();
        // A matrix that is contiguous in row-major order is read in place. All other rows are copied.
        if x.as_slice().is_some() {
            self.order.extend(rows);
        } else {
            self.order.extend(0..rows.len());
            x.append_to(&mut self.copied, rows);
        }
    }

    /// The features of these rows, read from `x` or from the copies.
    pub(crate) fn rows<'a>(&'a self, x: &'a Features<'_, F>) -> StridedRows<'a, F> {
        assert!(self.features == Identity::of(x), "the batch was gathered from other features");
        let numbers = if self.copied.is_empty() { x.as_slice() } else { Some(&self.copied[..]) };
        let numbers = numbers.expect("the rows of a matrix that is not contiguous were copied");
        StridedRows { numbers, stride: x.width(), order: Some(&self.order) }
    }
}

/// Address, shape and strides of the features; a source that is no matrix has no strides. They are compared,
/// so that indices are not used with other features.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Identity {
    address: usize,
    shape: (usize, usize),
    strides: [isize; 2],
}

impl Identity {
    fn of<F: Scalar>(x: &Features<'_, F>) -> Self {
        let (address, strides) = match x {
            Features::Matrix(x) => (x.as_ptr().addr(), [Axis(0), Axis(1)].map(|axis| x.stride_of(axis))),
            Features::Source(source) => (ptr::from_ref(*source).cast::<()>().addr(), [0, 0]),
        };
        Self { address, shape: (x.rows(), x.width()), strides }
    }
}

/// The rows of a row-major matrix, or some of them in another order.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StridedRows<'a, F> {
    numbers: &'a [F],
    stride: usize,
    order: Option<&'a [usize]>,
}

impl<'a, F> StridedRows<'a, F> {
    /// All numbers from the beginning of a row on: those of this row and of the rows after it in memory.
    #[inline(always)]
    fn from(self, row: usize) -> &'a [F] {
        let row = self.order.map_or(row, |order| order[row]);
        &self.numbers[row * self.stride..]
    }

    /// The rows from `first` on.
    fn skip(self, first: usize) -> Self {
        match self.order {
            Some(order) => Self { order: Some(&order[first..]), ..self },
            None => Self { numbers: &self.numbers[first * self.stride..], ..self },
        }
    }
}

/// Reusable buffers: activations and δ of one group of rows.
#[derive(Clone, Debug)]
pub(crate) struct WideBuffers<F> {
    rows: usize,
    layers: Vec<WideLayer<F>>,
    panel: Panel<F>,
    outputs: Outputs<F>,
}

/// a and δ of one layer, row-major, `stride` numbers per row.
#[derive(Clone, Debug)]
struct WideLayer<F> {
    a: Aligned<F>,
    delta: Aligned<F>,
    /// σ′(z) if the activation computes it together with a. Otherwise empty, and empty in buffers that are
    /// not for gradients.
    slope: Aligned<F>,
    stride: usize,
    /// The number of units, rounded up to whole lines.
    padded: usize,
}

/// Outputs and δ with the rows along the lanes, as the losses need them: column (tile · outputs + output).
#[derive(Clone, Debug)]
struct Outputs<F> {
    width: usize,
    a: Vec<Column<F>>,
    delta: Vec<Column<F>>,
    row: RowInF64,
}

impl<F: Scalar> WideBuffers<F> {
    /// Buffers for blocks of at most `rows` rows. A larger block is computed group by group.
    pub fn new(architecture: &Architecture, rows: usize, for_gradients: bool) -> Self {
        let rows = rows.min(GROUP);
        let layers = architecture.layers().iter();
        let layers = layers.map(|layer| WideLayer::new(rows, layer, for_gradients));
        let width = architecture.output_width();
        let columns = vec![Column::ZERO; rows.div_ceil(TILE) * width];
        Self {
            rows,
            layers: layers.collect(),
            panel: Panel::new(panel_rows(architecture, rows)),
            outputs: Outputs { width, a: columns.clone(), delta: columns, row: RowInF64::new(width) },
        }
    }

    /// Number of bytes that [`new`](Self::new) allocates for gradients, plus those of copied rows and their
    /// targets.
    pub fn bytes(architecture: &Architecture, rows: usize) -> usize {
        let group = rows.min(GROUP);
        // a and δ, and σ′ where it is kept.
        let matrices = |layer: &Layer| 2 + usize::from(layer.activation.smooth().is_some());
        let layers = architecture.layers().iter();
        let layers = layers.map(|layer| stride::<F>(layer.width).saturating_mul(matrices(layer)));
        let units = layers.fold(0, usize::saturating_add);
        let copied = architecture.input_width().saturating_mul(rows);
        let numbers = units.saturating_mul(group).saturating_add(copied);
        let numbers = numbers.saturating_add(Panel::<F>::numbers(panel_rows(architecture, group)));
        let tiles = 2 * group.div_ceil(TILE) + rows.div_ceil(TILE);
        let columns = bytes_of::<Column<F>>(architecture.output_width().saturating_mul(tiles));
        bytes_of::<F>(numbers).saturating_add(columns)
    }

    /// Number of rows in a group.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Copies the outputs of the last pass to the rows of `outputs` (n, outputs).
    pub fn copy_outputs(&self, outputs: &mut ArrayRef2<F>) {
        let last = self.layers.last().expect("Layout::new refuses a network without layers");
        for (mut outputs, a) in outputs.axis_iter_mut(Axis(0)).zip(last.a.chunks_exact(last.stride)) {
            outputs.iter_mut().zip(a).for_each(|(output, &a)| *output = a);
        }
    }
}

impl<F: Scalar> WideLayer<F> {
    fn new(rows: usize, layer: &Layer, for_gradients: bool) -> Self {
        let padded = padded::<F>(layer.width);
        let stride = stride::<F>(layer.width);
        let zeros = |rows: usize| Aligned::zeros(rows * stride);
        let slopes = if for_gradients && layer.activation.smooth().is_some() { rows } else { 0 };
        Self { a: zeros(rows), delta: zeros(rows), slope: zeros(slopes), stride, padded }
    }

    fn activations(&self) -> StridedRows<'_, F> {
        StridedRows { numbers: &self.a, stride: self.stride, order: None }
    }
}

/// Distance between two rows of a layer of `width` units.
fn stride<F: Vector>(width: usize) -> usize {
    // An odd number of lines: if the distance were a power of two, all rows would fall into a few sets of the
    // caches.
    (width.div_ceil(F::LANES) | 1).saturating_mul(F::LANES)
}

/// Number of rows of the tallest matrix that is copied into the panel: weights, or the inputs of a layer for
/// a group of rows.
fn panel_rows(architecture: &Architecture, group: usize) -> usize {
    architecture.widths().fold(group, usize::max)
}

/// One pass through the kernel: a network, rows, buffers, and what to compute.
#[derive(Debug)]
pub struct WidePass<'a, F> {
    pub(crate) network: NetworkRef<'a, F>,
    pub(crate) x: StridedRows<'a, F>,
    pub(crate) indices: &'a RowIndices<F>,
    pub(crate) buffers: &'a mut WideBuffers<F>,
    /// The outputs stay in the buffers, which hold one group. A caller that wants only the outputs must give
    /// at most one group of rows.
    pub(crate) goal: Goal<'a, F>,
}

/// Runs a pass with the chosen instruction set.
pub(crate) fn run<F: Scalar>(pass: WidePass<'_, F>) -> Tally {
    F::run_wide(pass)
}

impl<F: Scalar> WithSimd for WidePass<'_, F> {
    type Output = Tally;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Tally {
        let Self { network, x, indices, buffers, mut goal } = self;
        let all = indices.order.len();
        let mut sums = Sums::ZERO;
        // One group passes forward through all layers and back before the next. `start` is 0 or a multiple of
        // GROUP, so the targets of a group begin with a whole tile.
        for start in (0..all).step_by(buffers.rows) {
            let (x, rows) = (x.skip(start), buffers.rows.min(all - start));
            forward_pass(simd, network, x, rows, goal.has_gradient(), buffers);
            let Some((loss, gradient)) = goal.losses() else { continue };
            loss_pass(simd, loss, &indices.targets, start / TILE, rows, buffers, &mut sums);
            if let Some(gradient) = gradient {
                backward_pass(simd, network, x, rows, buffers, gradient);
            }
        }
        sums.tally(simd)
    }
}

/// a⁽ᵏ⁾ = σ(a⁽ᵏ⁻¹⁾ W⁽ᵏ⁾ᵀ + b⁽ᵏ⁾), layer after layer, with a⁽⁰⁾ = x. If a backward pass follows, σ′ is kept
/// where it does not follow from a.
#[inline(always)]
fn forward_pass<S: Simd, F: Scalar>(
    simd: S,
    network: NetworkRef<'_, F>,
    x: StridedRows<'_, F>,
    rows: usize,
    with_slopes: bool,
    buffers: &mut WideBuffers<F>,
) {
    let WideBuffers { layers, panel, .. } = buffers;
    for (k, (layer, span)) in network.layers().enumerate() {
        let (before, from_here) = layers.split_at_mut(k);
        let x = before.last().map_or(x, WideLayer::activations);
        let WideLayer { a, slope, stride, padded, .. } = &mut from_here[0];
        let (weights, bias) = (&network.parameters[span.weights()], &network.parameters[span.bias()]);
        products::forward(simd, weights, bias, x, rows, panel, a, *stride);
        // Whole lines, padding included: a remainder would cost more, and nothing uses the values in the
        // padding.
        let whole_lines = |numbers| Chunks::Rows { numbers, stride: *stride, length: *padded };
        let numbers = whole_lines(&mut a[..rows * *stride]);
        match layer.activation.smooth() {
            Some(function) if with_slopes => {
                let slopes = whole_lines(&mut slope[..rows * *stride]);
                call(simd, ApplyWithSlopes { function, numbers, slopes });
            }
            _ => activations::apply(simd, &layer.activation, numbers),
        }
    }
}

/// Adds ℓ of each row to `sums`, and overwrites δ of the output layer with ∂ℓ/∂a.
#[inline(always)]
fn loss_pass<S: Simd, F: Scalar>(
    simd: S,
    loss: &Loss,
    targets: &TileTargets<F>,
    first_tile: usize,
    rows: usize,
    buffers: &mut WideBuffers<F>,
    sums: &mut Sums,
) {
    let Outputs { width, a, delta, row } = &mut buffers.outputs;
    let last = buffers.layers.last_mut().expect("Layout::new refuses a network without layers");
    let tiles = rows.div_ceil(TILE);
    let (a, delta) = (&mut a[..tiles * *width], &mut delta[..tiles * *width]);
    // The losses are those of the fused kernel, which has rows along the lanes. So outputs are transposed to
    // columns, and δ is transposed back.
    for (tile, rows) in
        a.chunks_exact_mut(*width).zip(last.a[..rows * last.stride].chunks(TILE * last.stride))
    {
        panel::rows_to_columns(rows, last.stride, tile);
    }
    let group = targets.group(first_tile, tiles);
    call(simd, GroupLosses { loss, group, width: *width, outputs: a, delta, row, sums });
    let rows = last.delta[..rows * last.stride].chunks_mut(TILE * last.stride);
    for (tile, rows) in delta.chunks_exact(*width).zip(rows) {
        panel::columns_to_rows(tile, rows, last.stride);
    }
}

/// Last layer to first: δ⁽ᵏ⁾ = ∂ℓ/∂a⁽ᵏ⁾ ∘ σ′, then ∂ℓ/∂W⁽ᵏ⁾ += δ⁽ᵏ⁾ᵀ a⁽ᵏ⁻¹⁾, ∂ℓ/∂b⁽ᵏ⁾ += Σ δ⁽ᵏ⁾ and
/// ∂ℓ/∂a⁽ᵏ⁻¹⁾ = δ⁽ᵏ⁾ W⁽ᵏ⁾.
#[inline(always)]
fn backward_pass<S: Simd, F: Scalar>(
    simd: S,
    network: NetworkRef<'_, F>,
    x: StridedRows<'_, F>,
    rows: usize,
    buffers: &mut WideBuffers<F>,
    gradient: &mut [F],
) {
    let WideBuffers { layers, panel, .. } = buffers;
    for (k, (layer, span)) in network.layers().enumerate().rev() {
        let (before, from_here) = layers.split_at_mut(k);
        let WideLayer { a, delta, slope, stride, padded } = &mut from_here[0];
        let of_derivative = if slope.is_empty() { a } else { slope };
        let rows_of_delta = delta.chunks_exact_mut(*stride).take(rows);
        for (known, delta) in of_derivative.chunks_exact(*stride).zip(rows_of_delta) {
            // From ∂ℓ/∂a to ∂ℓ/∂z, in place: nobody needs ∂ℓ/∂a after this.
            let known = F::registers::<S>(&known[..*padded]);
            let delta = F::registers_mut::<S>(&mut delta[..*padded]);
            activations::multiply_derivative::<S, F>(simd, &layer.activation, known, delta);
        }
        let delta = StridedRows { numbers: &delta[..rows * *stride], stride: *stride, order: None };
        let x = before.last().map_or(x, WideLayer::activations);
        let (weights, bias) = gradient[span.all()].split_at_mut(span.fan_in * span.fan_out);
        products::add_bias_gradient(simd, delta, panel, bias);
        products::add_weight_gradient(simd, delta, x, rows, span.fan_out, panel, weights);
        // The first layer has no layer below: ∂ℓ/∂x of the features is not computed.
        if let Some(WideLayer { delta: x_delta, stride, .. }) = before.last_mut() {
            let weights = &network.parameters[span.weights()];
            products::backward(simd, weights, delta, rows, span.fan_out, panel, x_delta, *stride);
        }
    }
}
