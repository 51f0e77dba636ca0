//! Scaling of input columns and of targets. What is learned from the training rows is folded into the first
//! and last layer of the trained network, so the network reads raw rows and predicts raw values.

use ann_core::ndarray::{Array2, ArrayRef2};
use ann_core::{LayerSpan, Network, Scalar};

/// How input columns are scaled before training. The trained network reads raw rows all the same: the scales
/// are folded into its first layer. In `f32` this costs digits where a column is far from 0 compared with its
/// spread, as times in seconds are: then subtract the offset before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scaling {
    /// Not at all. The default.
    #[default]
    None,
    /// (x − mean) / standard deviation, with weights of rows.
    Standard,
    /// (x − median) / interquartile range: for columns with outliers. If the range is 0, half of the distance
    /// from the smallest to the largest value.
    Robust,
}

/// A centre and a spread for each column.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ColumnScales {
    centers: Vec<f64>,
    spreads: Vec<f64>,
    /// Whether a column is constant to rounding. Then its spread is 1, its scaled values are 0, and it gets
    /// no weight: a weight that nothing has trained, times a large constant, would cost the bias its digits.
    constant: Vec<bool>,
}

/// A column counts as constant if its values differ by at most this number of roundings (ε) of the largest.
const ROUNDING: f64 = 16.0;

impl ColumnScales {
    /// Learns the scales of the columns of `rows`. `weights`: one for each row, or none.
    pub fn learn<F: Scalar>(scaling: Scaling, rows: &ArrayRef2<F>, weights: Option<&[F]>) -> Option<Self> {
        if scaling == Scaling::None {
            return None;
        }
        let mut column_with_weights = Vec::with_capacity(rows.nrows());
        let scales = rows.columns().into_iter().map(|column| {
            column_with_weights.clear();
            let weights = (0..).map(|row| weights.map_or(1.0, |weights| weights[row].as_f64()));
            let values = column.iter().map(|value| value.as_f64()).zip(weights);
            column_with_weights.extend(values.filter(|(_, weight)| *weight > 0.0));
            let (center, spread) = match scaling {
                Scaling::Robust => median_and_range(&mut column_with_weights),
                _ => mean_and_deviation(&column_with_weights),
            };
            let (low, high) = extremes(&column_with_weights);
            let rounding = ROUNDING * F::epsilon().as_f64() * low.abs().max(high.abs());
            let is_constant = !(high - low > rounding && spread > 0.0);
            (center, (if is_constant { 1.0 } else { spread }, is_constant))
        });
        let (centers, others): (_, Vec<_>) = scales.unzip();
        let (spreads, constant) = others.into_iter().unzip();
        Some(Self { centers, spreads, constant })
    }

    /// (x − centre) / spread.
    pub fn apply<F: Scalar>(&self, rows: &ArrayRef2<F>) -> Array2<F> {
        let mut scaled = rows.to_owned();
        for (j, mut column) in scaled.columns_mut().into_iter().enumerate() {
            let (center, spread) = (self.centers[j], self.spreads[j]);
            let scale = |value: F| F::of((value.as_f64() - center) / spread);
            column.mapv_inplace(|value| if self.constant[j] { F::zero() } else { scale(value) });
        }
        scaled
    }

    /// From a network of scaled inputs to one of raw inputs: Wᵢⱼ ← Wᵢⱼ / spreadⱼ, bᵢ ← bᵢ − Σⱼ Wᵢⱼ centreⱼ.
    pub fn fold_into_inputs<F: Scalar>(&self, network: &mut Network<F>) {
        change_inputs(network, |weight, bias, j| {
            let raw = if self.constant[j] { 0.0 } else { weight / self.spreads[j] };
            (raw, bias - raw * self.centers[j])
        });
    }

    /// The inverse of [`fold_into_inputs`](Self::fold_into_inputs).
    pub fn unfold_from_inputs<F: Scalar>(&self, network: &mut Network<F>) {
        change_inputs(network, |raw, bias, j| (raw * self.spreads[j], bias + raw * self.centers[j]));
    }

    /// From a network of scaled outputs to one of raw outputs: Wᵢⱼ ← spreadᵢ Wᵢⱼ, bᵢ ← spreadᵢ bᵢ + centreᵢ.
    /// If there are several outputs for each column, as with quantiles, those of a column are neighbours.
    pub fn fold_into_outputs<F: Scalar>(&self, network: &mut Network<F>) {
        self.change_outputs(
            network,
            |weight, spread| weight * spread,
            |bias, center, spread| bias * spread + center,
        );
    }

    /// The inverse of [`fold_into_outputs`](Self::fold_into_outputs).
    pub fn unfold_from_outputs<F: Scalar>(&self, network: &mut Network<F>) {
        self.change_outputs(
            network,
            |weight, spread| weight / spread,
            |bias, center, spread| (bias - center) / spread,
        );
    }

    /// Replaces the weights and the bias of each output, given the centre and spread of its column.
    fn change_outputs<F: Scalar>(
        &self,
        network: &mut Network<F>,
        new_weight: impl Fn(f64, f64) -> f64,
        new_bias: impl Fn(f64, f64, f64) -> f64,
    ) {
        let last: LayerSpan = network.layout().layers().last().expect("a network has layers").clone();
        let outputs_of_a_column = last.fan_out / self.centers.len();
        let (weights, biases) = network.parameters_mut()[last.all()].split_at_mut(last.fan_in * last.fan_out);
        for (output, (row, bias)) in weights.chunks_exact_mut(last.fan_in).zip(biases).enumerate() {
            let column = output / outputs_of_a_column;
            let (center, spread) = (self.centers[column], self.spreads[column]);
            row.iter_mut().for_each(|weight| *weight = F::of(new_weight(weight.as_f64(), spread)));
            *bias = F::of(new_bias(bias.as_f64(), center, spread));
        }
    }
}

/// Replaces each weight of the first layer, and with it the bias of its unit, by what `change` makes of
/// (weight, bias, column). Computed in `f64`, because a bias collects the contributions of all columns.
fn change_inputs<F: Scalar>(network: &mut Network<F>, change: impl Fn(f64, f64, usize) -> (f64, f64)) {
    let first: LayerSpan = network.layout().layers()[0].clone();
    let (weights, bias) = network.parameters_mut()[first.all()].split_at_mut(first.fan_in * first.fan_out);
    for (row, bias) in weights.chunks_exact_mut(first.fan_in).zip(bias) {
        let mut sum = bias.as_f64();
        for (column, weight) in row.iter_mut().enumerate() {
            let changed = change(weight.as_f64(), sum, column);
            (*weight, sum) = (F::of(changed.0), changed.1);
        }
        *bias = F::of(sum);
    }
}

/// The mean and √(Σ w (x − mean)² / Σ w) of values with weights.
fn mean_and_deviation(column: &[(f64, f64)]) -> (f64, f64) {
    let total: f64 = column.iter().map(|(_, weight)| weight).sum();
    // Values are divided by the largest first, so that squares do not overflow.
    let (low, high) = extremes(column);
    let size = low.abs().max(high.abs()).max(f64::MIN_POSITIVE);
    let mean = column.iter().map(|(value, weight)| weight * (value / size)).sum::<f64>() / total;
    let squares = column.iter().map(|(value, weight)| weight * (value / size - mean).powi(2)).sum::<f64>();
    (size * mean, size * (squares / total).sqrt())
}

/// The median and the interquartile range of values with weights. A quantile is the smallest value up to
/// which there is its share of the weight.
fn median_and_range(column: &mut [(f64, f64)]) -> (f64, f64) {
    column.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    let total: f64 = column.iter().map(|(_, weight)| weight).sum();
    let quantile = |share: f64| {
        let mut below = 0.0;
        let found = column.iter().find(|(_, weight)| {
            below += weight;
            below >= share * total
        });
        found.or(column.last()).map_or(0.0, |(value, _)| *value)
    };
    let range = quantile(0.75) - quantile(0.25);
    let (low, high) = extremes(column);
    (quantile(0.5), if range > 0.0 { range } else { 0.5 * high - 0.5 * low })
}

fn extremes(column: &[(f64, f64)]) -> (f64, f64) {
    column.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), (value, _)| {
        (low.min(*value), high.max(*value))
    })
}
