//! Outputs for one sample at a time, without allocation.
//!
//! Units are along the lanes. The weights of a layer are transposed once, so that the weights from one input
//! to all units are contiguous. Each unit adds its products in the order of the fused kernel, so both give
//! the same bits.

use std::fmt::Debug;

use ndarray::{ArrayView1, Axis};
use pulp::{Simd, WithSimd};

use crate::blocking::in_line_registers;
use crate::column::Aligned;
use crate::dense::DenseRef;
use crate::elementary::Chunks;
use crate::fused::{activations, products::add_product};
use crate::lanes::Vector;
use crate::memory::{bytes_of, ensure_available};
use crate::problem::check_finite;
use crate::vector::all_finite;
use crate::{Activation, Architecture, Error, Layer, Network, Result, Scalar};

/// A copy of a network, prepared to compute the outputs of one sample at a time. For many samples at once
/// [`Network::forward`] is faster. It gives the same bits, except where it uses the textbook kernel (see
/// [`Kernel::choose`](crate::block::Kernel::choose)).
///
/// ```
/// use ann_core::{Activation, Architecture, Init, Network, seeded};
///
/// let architecture = Architecture::inputs(2).dense(3, Activation::Tanh).dense(1, Activation::Identity);
/// let network: Network = Network::init(&architecture, Init::default(), &mut seeded(7))?;
/// let mut predictor = network.predictor()?;
/// let mut outputs = [0.0];
/// predictor.predict_into(&[0.0, 1.0], &mut outputs)?;
/// # Ok::<(), ann_core::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Predictor<F = f64> {
    architecture: Architecture,
    layers: Vec<TransposedLayer<F>>,
    /// The activations of the previous and of the current layer, swapped before each layer.
    a: [Aligned<F>; 2],
}

impl<F: Scalar> Network<F> {
    /// Prepares the network for one sample at a time; see [`Predictor`].
    ///
    /// # Errors
    /// The first parameter that is NaN or infinite; or the system does not give the memory for a copy of the
    /// weights.
    pub fn predictor(&self) -> Result<Predictor<F>> {
        self.ensure_finite()?;
        let numbers = self
            .layout()
            .layers()
            .iter()
            .map(|span| (span.fan_in + 1).saturating_mul(padded::<F>(span.fan_out)));
        ensure_available("the transposed weights", bytes_of::<F>(numbers.fold(0, usize::saturating_add)))?;
        let layers = (1..).map_while(|k| self.layer(k)).map(|dense| TransposedLayer::new(&dense));
        let widest =
            self.architecture().layers().iter().map(|layer| padded::<F>(layer.width)).max().unwrap_or(0);
        let architecture = self.architecture().clone();
        Ok(Predictor { architecture, layers: layers.collect(), a: [(); 2].map(|()| Aligned::zeros(widest)) })
    }
}

impl<F: Scalar> Predictor<F> {
    /// Overwrites `outputs` (outputs) with the raw outputs (logits for a classifier) for the sample `x`
    /// (inputs).
    ///
    /// # Errors
    /// `x` or `outputs` has the wrong length, `x` contains a NaN or infinity, or an output overflows.
    pub fn predict_into(&mut self, x: &[F], outputs: &mut [F]) -> Result<()> {
        self.check(x, outputs)?;
        F::predict(Sample { predictor: self, x });
        // The activations of the last layer are in `a[1]`, padded to whole lines.
        outputs.copy_from_slice(&self.a[1][..outputs.len()]);
        match outputs.iter().position(|value| !value.is_finite()) {
            Some(output) => Err(Error::NonFiniteOutput { row: 0, output, value: outputs[output].as_f64() }),
            None => Ok(()),
        }
    }

    fn check(&self, x: &[F], outputs: &[F]) -> Result<()> {
        let (inputs, width) = (self.architecture.input_width(), self.architecture.output_width());
        if x.len() != inputs {
            return Err(Error::WidthMismatch { expected: inputs, found: x.len() });
        }
        if outputs.len() != width {
            return Err(Error::OutputCount { expected: width, found: outputs.len() });
        }
        // The fast scan first. Only if it fails does the slow one look for the position.
        if all_finite(x) {
            return Ok(());
        }
        check_finite("features", 0, &ArrayView1::from(x).insert_axis(Axis(0)))
    }
}

/// A sample and the predictor that computes its outputs.
#[derive(Debug)]
pub struct Sample<'a, F> {
    predictor: &'a mut Predictor<F>,
    x: &'a [F],
}

impl<F: Scalar> WithSimd for Sample<'_, F> {
    type Output = ();

    /// a⁽ᵏ⁾ = σ(W⁽ᵏ⁾ a⁽ᵏ⁻¹⁾ + b⁽ᵏ⁾), layer after layer, with a⁽⁰⁾ = x.
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Predictor { architecture, layers, a: [before, after] } = self.predictor;
        for (k, (weights, layer)) in layers.iter().zip(architecture.layers()).enumerate() {
            std::mem::swap(before, after);
            let x = if k == 0 { self.x } else { &before[..] };
            let a = &mut after[..padded::<F>(layer.width)];
            weights.forward(simd, x, a);
            activate(simd, layer, a);
        }
    }
}

#[inline(always)]
fn activate<S: Simd, F: Scalar>(simd: S, layer: &Layer, a: &mut [F]) {
    match &layer.activation {
        Activation::Custom(function) => {
            for a in &mut a[..layer.width] {
                *a = F::of(function.value(a.as_f64()));
            }
        }
        built_in => activations::apply(simd, built_in, Chunks::one(a)),
    }
}

/// Largest number of lines in a strip: enough independent sums to keep the processor's multipliers busy.
const LINES: usize = 4;

/// The number of units, rounded up to whole lines of the widest registers.
fn padded<F: Vector>(units: usize) -> usize {
    let lines = units.div_ceil(F::LANES);
    // The last strip has 1, 2 or 4 lines, so 3 are rounded up to 4.
    let rest = if lines % LINES == 3 { 1 } else { 0 };
    (lines + rest) * F::LANES
}

/// One layer, strip by strip. A strip is up to LINES lines of neighbouring units: their biases, then their
/// weights from the first input, from the second input, and so on.
#[derive(Clone, Debug)]
struct TransposedLayer<F> {
    rows: usize,
    strips: Aligned<F>,
}

impl<F: Scalar> TransposedLayer<F> {
    fn new(dense: &DenseRef<'_, F>) -> Self {
        let (fan_out, fan_in) = dense.weights.dim();
        let (rows, units) = (fan_in + 1, padded::<F>(fan_out));
        let mut strips = Aligned::zeros(rows * units);
        for unit in 0..fan_out {
            // All strips but the last have LINES lines. Within a strip the numbers of one unit are `width`
            // apart.
            let start = unit - unit % (LINES * F::LANES);
            let width = (LINES * F::LANES).min(units - start);
            let strip = strips[start * rows..][..rows * width].iter_mut().skip(unit - start).step_by(width);
            let column = std::iter::once(&dense.bias[unit]).chain(dense.weights.row(unit));
            strip.zip(column).for_each(|(place, &number)| *place = number);
        }
        Self { rows, strips }
    }

    /// Overwrites `z` with W x + b. `x`: (fan_in) or longer, `z`: (fan_out), padded.
    #[inline(always)]
    fn forward<S: Simd>(&self, simd: S, x: &[F], z: &mut [F]) {
        let strip = LINES * F::LANES;
        for (strip, z) in self.strips.chunks(self.rows * strip).zip(z.chunks_mut(strip)) {
            match z.len() / F::LANES {
                1 => in_line_registers!(S, F, 1, strip_forward(simd, strip, x, z)),
                2 => in_line_registers!(S, F, 2, strip_forward(simd, strip, x, z)),
                _ => in_line_registers!(S, F, 4, strip_forward(simd, strip, x, z)),
            }
        }
    }
}

/// zⱼ = bⱼ + Σᵢ Wⱼᵢ xᵢ of the units of a strip.
#[inline(always)]
fn strip_forward<S: Simd, F: Scalar, const R: usize>(simd: S, strip: &[F], x: &[F], z: &mut [F]) {
    let (rows, _) = F::registers::<S>(strip).as_chunks::<R>();
    let (bias, rows) = rows.split_first().expect("the biases come first");
    // First the bias, then one product after the other, in the order of the inputs. `zip` ends with the
    // weights, because `x` may be padded.
    let mut sums = bias.map(F::to_sum);
    for (row, &x) in rows.iter().zip(x) {
        add_product::<S, F, R>(simd, x, row, &mut sums);
    }
    F::registers_mut::<S>(z).copy_from_slice(&sums.map(F::from_sum));
}
