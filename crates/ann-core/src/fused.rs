//! The fused kernel: rows along the lanes of vector registers. A group of tiles passes through all layers
//! while it is in the cache.
//!
//! A tile is 32 rows. Each quantity of a unit, for example its activations, is a [`Column`]: one number for
//! each row of the tile. A layer stores `width` columns for the first tile, then `width` columns for the
//! second, and so on. A line is 64 bytes: 8 `f64` or 16 `f32`, a line of the cache and the widest register.
//! The forward pass reads each weight from θ and uses it for all lanes. Rows are copied into tiles first, see
//! [`Tiles`].
//!
//! A sum over rows is kept as partial sums: 8 in `f64`, 16 in `f32`, with every instruction set. Row i is
//! added to partial sum i mod 8 (or 16). At the end the upper half of the partial sums is added to the lower
//! half, and so on until one number is left. Large weight gradients are summed one row after another instead.
//! The order of the additions depends on shapes alone, so all instruction sets give the same bits.
//!
//! Formulas and names are those of the textbook kernel. In this file the forward pass comes first, then the
//! backward pass, which adds to the gradient.

pub(crate) mod activations;
pub(crate) mod losses;
pub(crate) mod products;
pub(crate) mod tiles;

use ndarray::{ArrayRef2, Axis};
use pulp::{Simd, WithSimd};

use crate::column::{Column, TILE};
use crate::elementary::{ApplyWithSlopes, Chunks, Smooth};
use crate::instructions::call;
use crate::loss::RowInF64;
use crate::memory::bytes_of;
use crate::pass::{Goal, NetworkRef, Tally};
use crate::{Activation, Architecture, Layer, Loss, Scalar};

use losses::{GroupLosses, Sums};
use tiles::Group;
pub(crate) use tiles::Tiles;

/// The features, activations and δ of a group of tiles should fit in this number of bytes: the part of a
/// core's second-level cache that this kernel may use.
const CACHE: usize = 1 << 20;
/// Smallest number of tiles in a group: each pass over the weights should serve many rows.
const LEAST_TILES: usize = 8;
/// Largest number of tiles in a group: narrow networks gain nothing from more than 512 rows.
const MOST_TILES: usize = 16;

/// Whether this kernel can compute the architecture.
pub(crate) fn can_compute(architecture: &Architecture) -> bool {
    // Classes are compared as floating-point numbers, and `f32` holds every integer only up to 2²⁴.
    let countable = architecture.output_width() <= 1 << 24;
    countable && architecture.layers().iter().all(|layer| has_activation(&layer.activation))
}

/// Whether this kernel can compute σ′. It does not keep z, so σ′ must follow from a, or be computed with a.
fn has_activation(activation: &Activation) -> bool {
    match activation {
        Activation::Identity | Activation::Sigmoid | Activation::Tanh | Activation::Relu => true,
        Activation::Selu | Activation::Softplus => true,
        Activation::Silu | Activation::Mish | Activation::Gelu => true,
        // If the slope or α were negative, a would be positive on both sides of z = 0. Then σ′ would not
        // follow from a.
        Activation::LeakyRelu { slope: factor } | Activation::Elu { alpha: factor } => *factor >= 0.0,
        Activation::Custom(_) => false,
    }
}

/// Reusable buffers: activations and δ of one group of tiles.
#[derive(Clone, Debug)]
pub(crate) struct FusedBuffers<F> {
    /// Number of tiles in a group.
    tiles: usize,
    layers: Vec<FusedLayer<F>>,
    /// Working space for transposed columns, or for strips of weights.
    transposed: Vec<Column<F>>,
    outputs: usize,
    row: RowInF64,
}

/// a and δ of one layer. The column of a unit has index tile · width + unit.
#[derive(Clone, Debug)]
struct FusedLayer<F> {
    a: Vec<Column<F>>,
    delta: Vec<Column<F>>,
    /// σ′(z) if the activation computes it together with a. Otherwise empty, and empty in buffers that are
    /// not for gradients.
    slope: Vec<Column<F>>,
}

impl<F: Scalar> FusedBuffers<F> {
    /// Buffers for blocks of at most `rows` rows. A larger block is computed group by group.
    pub fn new(architecture: &Architecture, rows: usize, for_gradients: bool) -> Self {
        let tiles = tiles_of_a_group::<F>(architecture).min(rows.div_ceil(TILE));
        let columns = |count: usize| vec![Column::ZERO; tiles * count];
        let layers = architecture.layers().iter();
        let layers = layers.map(|layer| FusedLayer {
            a: columns(layer.width),
            delta: columns(layer.width),
            slope: columns(if for_gradients { slopes(layer) } else { 0 }),
        });
        Self {
            tiles,
            layers: layers.collect(),
            transposed: vec![Column::ZERO; transposed_columns(architecture, tiles)],
            outputs: architecture.output_width(),
            row: RowInF64::new(architecture.output_width()),
        }
    }

    /// Number of bytes that [`new`](Self::new) allocates for gradients, plus those of the rows in tiles.
    pub fn bytes(architecture: &Architecture, rows: usize) -> usize {
        let tiles = tiles_of_a_group::<F>(architecture).min(rows.div_ceil(TILE));
        let row = architecture.input_width().saturating_add(architecture.output_width());
        let copied = row.saturating_mul(rows.div_ceil(TILE));
        let columns = columns_of_a_tile(architecture).saturating_mul(tiles).saturating_add(copied);
        bytes_of::<Column<F>>(columns.saturating_add(transposed_columns(architecture, tiles)))
    }

    /// Number of rows in a group.
    pub fn rows(&self) -> usize {
        self.tiles * TILE
    }
}

/// Number of tiles in a group: as many as fit in [`CACHE`], within the two bounds.
fn tiles_of_a_group<F>(architecture: &Architecture) -> usize {
    let columns = columns_of_a_tile(architecture).saturating_add(architecture.input_width());
    let bytes = bytes_of::<Column<F>>(columns);
    (CACHE / bytes.max(1)).clamp(LEAST_TILES, MOST_TILES)
}

/// Number of columns of a and δ, and of σ′ where it is kept, of the units in one tile.
fn columns_of_a_tile(architecture: &Architecture) -> usize {
    let columns = |layer: &Layer| layer.width.saturating_mul(2).saturating_add(slopes(layer));
    architecture.layers().iter().map(columns).fold(0, usize::saturating_add)
}

/// Number of units of a layer whose σ′ is kept: all or none.
fn slopes(layer: &Layer) -> usize {
    if layer.activation.smooth().is_some() { layer.width } else { 0 }
}

fn transposed_columns(architecture: &Architecture, tiles: usize) -> usize {
    let columns = architecture.layers().iter().map(|layer| products::transposed_columns(layer.width, tiles));
    columns.max().unwrap_or(0)
}

/// One pass through the kernel: a network, rows, buffers, and what to compute.
#[derive(Debug)]
pub struct FusedPass<'a, F> {
    pub(crate) network: NetworkRef<'a, F>,
    pub(crate) tiles: &'a Tiles<F>,
    pub(crate) buffers: &'a mut FusedBuffers<F>,
    /// The outputs stay in the buffers, which hold one group. A caller that wants only the outputs must give
    /// at most one group of rows.
    pub(crate) goal: Goal<'a, F>,
}

/// Runs a pass with the chosen instruction set.
pub(crate) fn run<F: Scalar>(pass: FusedPass<'_, F>) -> Tally {
    F::run_fused(pass)
}

impl<F: Scalar> FusedBuffers<F> {
    /// Copies the outputs of the last pass to the rows of `outputs` (n, outputs).
    pub fn copy_outputs(&self, outputs: &mut ArrayRef2<F>) {
        let last = self.layers.last().expect("Layout::new refuses a network without layers");
        let tiles = outputs.axis_chunks_iter_mut(Axis(0), TILE);
        for (tile, mut rows) in last.a.chunks_exact(self.outputs).zip(tiles) {
            for (column, mut outputs) in tile.iter().zip(rows.columns_mut()) {
                for (output, &value) in outputs.iter_mut().zip(&column.0) {
                    *output = value;
                }
            }
        }
    }
}

impl<F: Scalar> WithSimd for FusedPass<'_, F> {
    type Output = Tally;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Tally {
        let Self { network, tiles, buffers, mut goal } = self;
        let (group, inputs) = (buffers.tiles, network.architecture.input_width());
        let mut sums = Sums::ZERO;
        // One group passes forward through all layers and back before the next group, so its activations and
        // δ stay in the cache.
        for (index, x) in tiles.x.chunks(group * inputs).enumerate() {
            let (count, rows) = (x.len() / inputs, tiles.rows - index * group * TILE);
            forward_pass(simd, network, x, rows.min(count * TILE), goal.has_gradient(), buffers);
            let Some((loss, gradient)) = goal.losses() else { continue };
            loss_pass(simd, loss, tiles.targets.group(index * group, count), buffers, &mut sums);
            if let Some(gradient) = gradient {
                backward_pass(simd, network, x, count, buffers, gradient);
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
    x: &[Column<F>],
    rows: usize,
    with_slopes: bool,
    buffers: &mut FusedBuffers<F>,
) {
    let tiles = rows.div_ceil(TILE);
    for (k, (layer, span)) in network.layers().enumerate() {
        let (before, from_here) = buffers.layers.split_at_mut(k);
        let input = before.last().map_or(x, |previous| &previous.a[..tiles * span.fan_in]);
        let FusedLayer { a, slope, .. } = &mut from_here[0];
        let a = &mut a[..tiles * span.fan_out];
        let (weights, bias) = (&network.parameters[span.weights()], &network.parameters[span.bias()]);
        products::forward(simd, weights, bias, input, a);
        match layer.activation.smooth() {
            Some(smooth) if with_slopes => activate_with_slopes(simd, smooth, rows, span.fan_out, a, slope),
            _ => activate(simd, &layer.activation, rows, span.fan_out, a),
        }
    }
}

/// Overwrites z of a layer of `width` units with a = σ(z).
#[inline(always)]
fn activate<S: Simd, F: Scalar>(
    simd: S,
    activation: &Activation,
    rows: usize,
    width: usize,
    a: &mut [Column<F>],
) {
    // Only the last tile may have lanes without a row. Registers of this tile that hold no row at all are
    // skipped.
    let (full, last) = a.split_at_mut(rows / TILE * width);
    activations::apply(simd, activation, Chunks::Columns { columns: full, length: TILE });
    let length = (rows % TILE).next_multiple_of(F::width::<S>());
    activations::apply(simd, activation, Chunks::Columns { columns: &mut *last, length });
    // Lanes without a row are multiplied by δ = 0 later. They must be finite, because 0 · ∞ is NaN.
    for column in last {
        column.0[rows % TILE..].fill(F::ZERO);
    }
}

/// Overwrites z of a layer of `width` units with a = σ(z), and `slope` with σ′(z).
#[inline(always)]
fn activate_with_slopes<S: Simd, F: Scalar>(
    simd: S,
    smooth: Smooth,
    rows: usize,
    width: usize,
    a: &mut [Column<F>],
    slope: &mut [Column<F>],
) {
    let [numbers, slopes] = [&mut *a, slope].map(|columns| Chunks::Columns { columns, length: TILE });
    call(simd, ApplyWithSlopes { function: smooth, numbers, slopes });
    // As in `activate`. σ′ is finite in any case.
    for a in &mut a[rows / TILE * width..] {
        a.0[rows % TILE..].fill(F::ZERO);
    }
}

/// Adds ℓ of each row to `sums`, and overwrites δ of the output layer with ∂ℓ/∂a.
#[inline(always)]
fn loss_pass<S: Simd, F: Scalar>(
    simd: S,
    loss: &Loss,
    group: Group<'_, F>,
    buffers: &mut FusedBuffers<F>,
    sums: &mut Sums,
) {
    let FusedBuffers { layers, row, outputs, .. } = buffers;
    let FusedLayer { a, delta, .. } =
        layers.last_mut().expect("Layout::new refuses a network without layers");
    call(simd, GroupLosses { loss, group, width: *outputs, outputs: a, delta, row, sums });
}

/// Last layer to first: δ⁽ᵏ⁾ = ∂ℓ/∂a⁽ᵏ⁾ ∘ σ′, then ∂ℓ/∂W⁽ᵏ⁾ += δ⁽ᵏ⁾ᵀ a⁽ᵏ⁻¹⁾, ∂ℓ/∂b⁽ᵏ⁾ += Σ δ⁽ᵏ⁾ and
/// ∂ℓ/∂a⁽ᵏ⁻¹⁾ = δ⁽ᵏ⁾ W⁽ᵏ⁾.
#[inline(always)]
fn backward_pass<S: Simd, F: Scalar>(
    simd: S,
    network: NetworkRef<'_, F>,
    x: &[Column<F>],
    tiles: usize,
    buffers: &mut FusedBuffers<F>,
    gradient: &mut [F],
) {
    let FusedBuffers { layers, transposed, .. } = buffers;
    for (k, (layer, span)) in network.layers().enumerate().rev() {
        let (before, from_here) = layers.split_at_mut(k);
        let FusedLayer { a, delta, slope } = &mut from_here[0];
        let delta = &mut delta[..tiles * span.fan_out];
        let of_derivative = if slope.is_empty() { a } else { slope };
        for (known, delta) in of_derivative.iter().zip(&mut *delta) {
            // From ∂ℓ/∂a to ∂ℓ/∂z, in place: nobody needs ∂ℓ/∂a after this.
            let (known, delta) = (known.registers::<S>(), delta.registers_mut::<S>());
            activations::multiply_derivative::<S, F>(simd, &layer.activation, known, delta);
        }
        let input = before.last().map_or(x, |previous| &previous.a[..tiles * span.fan_in]);
        let (weights, bias) = gradient[span.all()].split_at_mut(span.fan_in * span.fan_out);
        products::add_bias_gradient(simd, delta, bias);
        products::add_weight_gradient(simd, delta, input, span.fan_out, transposed, weights);
        // The first layer has no layer below: ∂ℓ/∂x of the features is not computed.
        if let Some(previous) = before.last_mut() {
            let weights = &network.parameters[span.weights()];
            let x_delta = &mut previous.delta[..tiles * span.fan_in];
            products::backward(simd, weights, delta, span.fan_out, transposed, x_delta);
        }
    }
}
