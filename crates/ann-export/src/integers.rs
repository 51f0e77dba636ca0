//! Networks of 16-bit integers: chosen by rows, computed here as the generated code computes them, and
//! compared with the model.
//!
//! Each number is multiplied by a power of two and rounded to an integer: inputs of a layer by 2ᵃ, weights by
//! 2ʷ, sums and biases by 2ᵃ⁺ʷ, outputs of a layer by 2¹². Activations are two lines and a curve, which is a
//! table with linear interpolation.

use ann_core::{Activation, argmax};
use ann_model::{Model, Table, is_present};
use ann_table::Target;
use ndarray::{Array2, ArrayView1, Axis};

use crate::parts::{Dense, Member, Response, response};
use crate::samples::Samples;
use crate::{Error, Result};

/// Bits after the point of what a layer computes.
pub(crate) const FRACTION: i32 = 12;
/// Bits after the point of the slopes of lines.
const SLOPE: i32 = 16;
/// Points of a curve.
pub(crate) const POINTS: usize = 129;
/// What a layer computes is less than this.
const LARGEST: i64 = 1 << 28;

/// The networks of a model in integers.
#[derive(Clone, Debug)]
pub(crate) struct Integers {
    /// Inputs are times 2 to this power.
    pub input_bits: i32,
    /// The layers of each network.
    pub networks: Vec<Vec<Layer>>,
}

/// A layer in integers.
#[derive(Clone, Debug)]
pub(crate) struct Layer {
    pub inputs: usize,
    /// In row-major order, shape (outputs, inputs).
    pub weights: Vec<i16>,
    pub bias: Vec<i32>,
    /// Sums are divided by 2 to this power, so that they are times 2¹².
    pub shift: i32,
    pub curve: Curve,
    /// What the layer computes is divided by 2 to this power, so that it fits into the next one.
    pub next: i32,
}

/// An activation: slopes above and below 0, times 2¹⁶, and points that are 2^bits apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Curve {
    pub above: i32,
    pub below: i32,
    pub points: Option<(Vec<i16>, i32)>,
}

/// How far integers are from the model.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Agreement {
    pub rows: usize,
    /// Rows with the same class or labels, or with numbers that differ by at most [`NUMBERS`].
    pub agreeing: usize,
    /// The largest difference of a probability, or of a number in units of its standard deviation.
    pub difference: f64,
}

/// The share of rows that must agree.
const LEAST: f64 = 0.995;
/// By how many standard deviations numbers may differ.
const NUMBERS: f64 = 0.01;

impl Integers {
    /// Chooses the ranges by the rows of a table, and compares the predictions for them.
    ///
    /// # Errors
    /// The table does not fit the model or has no rows, or more than 0.5 % of the rows do not agree.
    pub fn new(model: &Model, members: &[Member], table: &Table) -> Result<(Self, Agreement)> {
        if table.rows() == 0 {
            return Err(Error::NoRows);
        }
        let inputs = model.schema().features::<f64>(table).map_err(ann_model::Error::from)?;
        let input_bits = bits_for(largest(&inputs));
        let networks = members.iter().map(|member| layers(member, &inputs, input_bits)).collect();
        let integers = Self { input_bits, networks };
        let agreement = integers.agreement(model, table, &inputs)?;
        let Agreement { rows, agreeing, .. } = agreement;
        let least = (rows as f64 * LEAST).ceil() as usize;
        if agreeing < least {
            Err(Error::Disagreement { agreeing, rows, least })
        } else {
            Ok((integers, agreement))
        }
    }

    fn agreement(&self, model: &Model, table: &Table, inputs: &Array2<f64>) -> Result<Agreement> {
        let expected = model.predict(table)?;
        let mut agreement = Agreement { rows: table.rows(), agreeing: 0, difference: 0.0 };
        for (inputs, expected) in inputs.rows().into_iter().zip(expected.values().rows()) {
            let found = self.predict(model, &inputs.to_vec());
            let expected = expected.to_vec();
            agreement.agreeing += usize::from(agree(&model.schema().target, &found, &expected));
            agreement.difference =
                agreement.difference.max(difference(&model.schema().target, &found, &expected));
        }
        Ok(agreement)
    }

    /// The largest difference from the predictions of made-up rows.
    pub fn difference(&self, model: &Model, samples: &Samples<'_>) -> Result<f64> {
        let schema = model.schema();
        let (mut inputs, mut largest) = (vec![0.0; schema.inputs()], 0.0);
        for (row, expected) in samples.rows.iter().zip(&samples.predictions) {
            schema.encode_row(row, &mut inputs).map_err(ann_model::Error::from)?;
            largest = f64::max(largest, difference(&schema.target, &self.predict(model, &inputs), expected));
        }
        Ok(largest)
    }

    /// What the generated code predicts from the inputs of a row.
    fn predict(&self, model: &Model, inputs: &[f64]) -> Vec<f64> {
        let inputs: Vec<i16> = inputs.iter().map(|&x| integer(x, self.input_bits)).collect();
        let outputs = self.networks.iter().map(|layers| outputs(layers, &inputs));
        combine(model, outputs)
    }
}

/// The layers in integers. `x` are inputs of rows, by which the ranges are chosen.
fn layers(member: &Member, x: &Array2<f64>, input_bits: i32) -> Vec<Layer> {
    let (mut bits, mut x) = (input_bits, x.slice_axis(Axis(1), (..member.inputs).into()).to_owned());
    let layer = |dense: &Dense| {
        x = (x.dot(&dense.weights.t()) + ArrayView1::from(&dense.bias)).mapv(|z| dense.activation.value(z));
        let next_bits = bits_for(largest(&x)).min(FRACTION);
        let layer = Layer::new(dense, bits, FRACTION - next_bits);
        bits = next_bits;
        layer
    };
    member.layers.iter().map(layer).collect()
}

impl Layer {
    fn new(dense: &Dense, input_bits: i32, next: i32) -> Self {
        let most =
            |numbers: &mut dyn Iterator<Item = &f64>| numbers.fold(0.0, |most: f64, x| most.max(x.abs()));
        // The largest weight fits into 16 bits, the largest bias into 31. The largest is taken to be at least
        // 1e-9, because 0 has no logarithm.
        let of_bias = 30 - input_bits - most(&mut dense.bias.iter()).max(1e-9).log2().ceil() as i32;
        let of_weights = (32_767.0 / most(&mut dense.weights.iter()).max(1e-9)).log2().floor() as i32;
        let bits = of_weights.min(of_bias).clamp(0, 20);
        let sum_bits = input_bits + bits;
        Self {
            inputs: dense.weights.ncols(),
            weights: dense.weights.iter().map(|&weight| integer(weight, bits)).collect(),
            bias: dense.bias.iter().map(|bias| (bias * f64::from(sum_bits).exp2()).round() as i32).collect(),
            shift: sum_bits - FRACTION,
            curve: Curve::new(&dense.activation),
            next,
        }
    }

    /// The activations times 2¹².
    fn forward(&self, x: &[i16]) -> Vec<i32> {
        let unit = |(weights, &bias): (&[i16], &i32)| {
            let products = weights.iter().zip(x).map(|(&weight, &x)| i64::from(weight) * i64::from(x));
            let z = shifted(i64::from(bias) + products.sum::<i64>(), self.shift);
            self.curve.value(z.clamp(-LARGEST, LARGEST) as i32)
        };
        self.weights.chunks(self.inputs).zip(&self.bias).map(unit).collect()
    }
}

impl Curve {
    pub fn new(activation: &Activation) -> Self {
        let [above, below] = match activation {
            Activation::Sigmoid | Activation::Tanh => [0.0, 0.0],
            Activation::Identity => [1.0, 1.0],
            Activation::LeakyRelu { slope } => [1.0, *slope],
            Activation::Selu => [activation.value(1.0), 0.0],
            _ => [1.0, 0.0],
        };
        let line = |z: f64| if z > 0.0 { above * z } else { below * z };
        let is_line =
            matches!(activation, Activation::Identity | Activation::Relu | Activation::LeakyRelu { .. });
        // tanh is nearly ±1 from ±4 on, the others are nearly lines from ±8 on.
        let bits = if matches!(activation, Activation::Tanh) { 8 } else { 9 };
        let point = |point: usize| {
            let z = (point as f64 - 64.0) * f64::from(bits - FRACTION).exp2();
            integer(activation.value(z) - line(z), FRACTION)
        };
        let slope = |slope: f64| (slope * f64::from(SLOPE).exp2()).round() as i32;
        let points = (!is_line).then(|| ((0..POINTS).map(point).collect(), bits));
        Self { above: slope(above), below: slope(below), points }
    }

    fn value(&self, z: i32) -> i32 {
        let slope = if z > 0 { self.above } else { self.below };
        let line = ((i64::from(z) * i64::from(slope)) >> SLOPE).clamp(-LARGEST, LARGEST) as i32;
        let Some((points, bits)) = &self.points else { return line };
        let end = 64 << bits;
        let place = z.clamp(1 - end, end - 1) + end;
        let point = place >> bits;
        let [low, high] = [point, point + 1].map(|point| i32::from(points[point as usize]));
        line + low + (((high - low) * (place - (point << bits))) >> bits)
    }
}

fn outputs(layers: &[Layer], x: &[i16]) -> Vec<f64> {
    let mut x = x.to_vec();
    let mut outputs = Vec::new();
    for layer in layers {
        outputs = layer.forward(&x[..layer.inputs]);
        let next = |&a: &i32| shifted(i64::from(a), layer.next).clamp(-32_767, 32_767) as i16;
        x = outputs.iter().map(next).collect();
    }
    outputs.iter().map(|&output| f64::from(output) / f64::from(FRACTION).exp2()).collect()
}

/// integer / 2^shift, rounded.
fn shifted(integer: i64, shift: i32) -> i64 {
    if shift > 0 { (integer + (1 << (shift - 1))) >> shift } else { integer * (1 << -shift) }
}

/// A number times 2^bits, rounded.
fn integer(number: f64, bits: i32) -> i16 {
    (number * f64::from(bits).exp2() + 0.5).floor().clamp(-32_767.0, 32_767.0) as i16
}

/// Bits after the point, so that twice the number fits into an integer.
fn bits_for(largest: f64) -> i32 {
    (32_767.0 / (2.0 * largest.max(1e-9))).log2().floor().clamp(0.0, 14.0) as i32
}

fn largest(numbers: &Array2<f64>) -> f64 {
    numbers.iter().fold(0.0, |largest: f64, number| largest.max(number.abs()))
}

/// What the raw outputs of the networks predict together.
fn combine(model: &Model, networks: impl ExactSizeIterator<Item = Vec<f64>>) -> Vec<f64> {
    let count = networks.len() as f64;
    let mut mean = vec![0.0; model.schema().target.outputs()];
    for mut outputs in networks {
        model.loss().respond_row(&mut outputs);
        if let Target::Numbers(columns) = &model.schema().target {
            for (output, column) in outputs.iter_mut().zip(columns) {
                let is_scaled = response(model.loss()) == Response::Scaled;
                let number = if is_scaled { column.restored(*output) } else { *output };
                *output = number.clamp(column.minimum, column.maximum);
            }
        }
        mean.iter_mut().zip(outputs).for_each(|(mean, output)| *mean += output / count);
    }
    mean
}

fn agree(target: &Target, found: &[f64], expected: &[f64]) -> bool {
    match target {
        Target::Classes { .. } => argmax(found) == argmax(expected),
        Target::Labels(_) => {
            found.iter().zip(expected).all(|(found, expected)| is_present(*found) == is_present(*expected))
        }
        Target::Numbers(_) => difference(target, found, expected) <= NUMBERS,
    }
}

/// The largest difference of probabilities, or of numbers in units of their standard deviations.
fn difference(target: &Target, found: &[f64], expected: &[f64]) -> f64 {
    let unit = |column: usize| match target {
        Target::Numbers(columns) => columns[column].scale,
        Target::Classes { .. } | Target::Labels(_) => 1.0,
    };
    let differences = found.iter().zip(expected).enumerate();
    let differences = differences.map(|(column, (found, expected))| (found - expected).abs() / unit(column));
    differences.fold(0.0, f64::max)
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    /// Activations are a hundred times as large as inputs, so they have fewer bits after the point.
    #[test]
    fn each_layer_has_bits_of_its_own() {
        let dense = |weight, activation| Dense { weights: array![[weight]], bias: vec![0.5], activation };
        let networks = vec![dense(100.0, Activation::Relu), dense(0.01, Activation::Identity)];
        let x = array![[0.25], [1.0]];
        let input_bits = bits_for(largest(&x));
        let layers = layers(&Member { inputs: 1, layers: networks }, &x, input_bits);
        for x in x {
            let found = outputs(&layers, &[integer(x, input_bits)])[0];
            // 0.01 (100 x + 0.5) + 0.5 = x + 0.505, and twelve bits after the point.
            assert!((found - (x + 0.505)).abs() < 1e-3, "{found} for {x}");
        }
    }
}
