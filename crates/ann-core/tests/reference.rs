//! A network computed a second time: plain loops in `f64` that share no code with the kernels.
//!
//! Each number carries a bound for the rounding errors of any kernel, whatever the order of its sums.

use std::ops::RangeInclusive;

use ann_core::{Activation, Architecture, Scalar};

/// A number, and how far a kernel may be from it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Bounded {
    pub value: f64,
    pub error: f64,
}

/// What one operation of a kernel may lose.
#[derive(Clone, Copy, Debug)]
pub struct Precision {
    /// Relative to its result. ε is twice the error of one rounding, so it covers the rounding of this
    /// reference, too.
    epsilon: f64,
    /// What is left of a result below the normal numbers.
    tiny: f64,
}

/// A sum in any order: each of its additions may lose ε of everything that is added.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sum {
    value: f64,
    error: f64,
    size: f64,
    terms: f64,
}

/// ℓ of one row as the reference knows it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum RowLoss {
    /// ln Σⱼ exp(zⱼ) − Σⱼ tⱼ zⱼ with t = (1 − ε) [j = c] + ε/K; holds ε.
    CrossEntropy(f64),
    /// (1/m) Σⱼ (ln(1 + exp zⱼ) − yⱼ zⱼ).
    BinaryCrossEntropy,
    /// (1/m) Σⱼ (zⱼ − yⱼ)².
    SquaredError,
    /// (1/m) Σⱼ |zⱼ − yⱼ|.
    AbsoluteError,
    /// (1/m) Σⱼ h(zⱼ − yⱼ) with h(e) = ½ e² up to |e| = δ, and δ (|e| − ½ δ) beyond; holds δ.
    MeanHuber(f64),
    /// (1/m) Σⱼ of τ (y − z) for z < y and (1 − τ) (z − y) for z > y; holds the levels τ.
    Quantile(&'static [f64]),
    /// (1/m) Σⱼ (exp zⱼ − yⱼ zⱼ).
    Poisson,
    /// Σⱼ h(zⱼ − yⱼ) with h(e) = ½ e² up to |e| = 1, and |e| − ½ beyond.
    Huber,
    /// Σⱼ max(0, 1 − sⱼ zⱼ)² with s = 1 for the true class and −1 for the others.
    SquaredHinge,
}

/// Everything a kernel computes for some rows.
#[derive(Debug)]
pub struct Expected {
    pub outputs: Vec<Vec<Bounded>>,
    pub loss: Bounded,
    /// Σ w of all rows.
    pub weight: f64,
    /// From the weight of the rows that are certainly hits, to that of those that may be.
    pub hits: RangeInclusive<f64>,
    pub gradient: Vec<Bounded>,
}

/// One row of data.
#[derive(Clone, Copy, Debug)]
pub struct Sample<'a> {
    pub x: &'a [f64],
    pub class: usize,
    pub values: &'a [f64],
    /// 0 for a row that is not there.
    pub weight: f64,
}

/// Forward, loss and backward of all samples at θ = `parameters`.
pub fn expected<'a, F: Scalar>(
    architecture: &Architecture,
    loss: RowLoss,
    parameters: &[f64],
    samples: impl Iterator<Item = Sample<'a>>,
) -> Expected {
    let precision = Precision::of::<F>();
    let widths: Vec<usize> = architecture.widths().collect();
    let mut sums = vec![Sum::default(); parameters.len()];
    let (mut losses, mut certain, mut possible, mut weight) = (Sum::default(), 0.0, 0.0, 0.0);
    let mut outputs = Vec::new();
    for sample in samples {
        // a⁽⁰⁾ = x, and z⁽ᵏ⁾, a⁽ᵏ⁾ of each layer.
        let mut a = vec![sample.x.iter().map(|&x| exactly(x)).collect::<Vec<_>>()];
        let mut z = Vec::new();
        let mut start = 0;
        for (k, layer) in architecture.layers().iter().enumerate() {
            let (fan_in, fan_out) = (widths[k], widths[k + 1]);
            let (weights, bias) = parameters[start..].split_at(fan_in * fan_out);
            let unit = |j: usize| precision.affine(&weights[j * fan_in..][..fan_in], &a[k], bias[j]);
            z.push((0..fan_out).map(unit).collect::<Vec<_>>());
            a.push(z[k].iter().map(|&z| precision.activation(&layer.activation, z).0).collect());
            start += (fan_in + 1) * fan_out;
        }

        let last = &a[widths.len() - 1];
        outputs.push(last.clone());
        if sample.weight == 0.0 {
            continue;
        }
        let w = exactly(sample.weight);
        let (row_loss, mut delta) = precision.loss(loss, last, &sample);
        delta.iter_mut().for_each(|delta| *delta = precision.product(*delta, w));
        // Losses are summed in f64, and an addition may be the logarithm of a factor.
        losses.add(Precision::of::<f64>().product(row_loss, w));
        losses.size += sample.weight;
        weight += sample.weight;
        let [is_certain, is_possible] = loss.hit(last, &sample);
        certain += if is_certain { sample.weight } else { 0.0 };
        possible += if is_possible { sample.weight } else { 0.0 };

        for (k, layer) in architecture.layers().iter().enumerate().rev() {
            let (fan_in, fan_out) = (widths[k], widths[k + 1]);
            start -= (fan_in + 1) * fan_out;
            for (delta, &z) in delta.iter_mut().zip(&z[k]) {
                *delta = precision.product(*delta, precision.activation(&layer.activation, z).1);
            }
            let (weights, biases) = sums[start..].split_at_mut(fan_in * fan_out);
            for (j, &delta) in delta.iter().enumerate() {
                biases[j].add(delta);
                for (sum, &x) in weights[j * fan_in..][..fan_in].iter_mut().zip(&a[k]) {
                    sum.add(precision.product(delta, x));
                }
            }
            if k > 0 {
                let mut before = vec![Sum::default(); fan_in];
                for (j, &delta) in delta.iter().enumerate() {
                    let weights = &parameters[start + j * fan_in..][..fan_in];
                    for (sum, &weight) in before.iter_mut().zip(weights) {
                        sum.add(precision.product(exactly(weight), delta));
                    }
                }
                delta = before.iter().map(|sum| sum.total(precision)).collect();
            }
        }
    }
    let gradient = sums.iter().map(|sum| sum.total(precision)).collect();
    let loss = losses.total(Precision::of::<f64>());
    Expected { outputs, loss, weight, hits: certain..=possible, gradient }
}

impl Precision {
    fn of<F: Scalar>() -> Self {
        Self { epsilon: F::epsilon().as_f64(), tiny: F::min_positive_value().as_f64() }
    }

    fn product(self, a: Bounded, b: Bounded) -> Bounded {
        let value = a.value * b.value;
        let inherited = a.value.abs() * b.error + b.value.abs() * a.error + a.error * b.error;
        Bounded { value, error: inherited + self.epsilon * value.abs() + self.tiny }
    }

    /// Σᵢ wᵢ xᵢ + b.
    fn affine(self, weights: &[f64], x: &[Bounded], bias: f64) -> Bounded {
        let mut sum = Sum::default();
        for (&weight, &x) in weights.iter().zip(x) {
            sum.add(self.product(exactly(weight), x));
        }
        sum.add(exactly(bias));
        sum.total(self)
    }

    /// σ(z) and σ′(z). Functions are right to 2.5 units in the last place, and a few operations follow: 4 ε.
    fn activation(self, activation: &Activation, z: Bounded) -> (Bounded, Bounded) {
        let (x, logistic) = (z.value, 1.0 / (1.0 + (-z.value).exp()));
        // The value, its slope, the largest slope anywhere, and the largest slope of the slope.
        let (value, slope, steepest, bend) = match *activation {
            Activation::Identity => return (z, exactly(1.0)),
            Activation::Relu => return self.two_slopes(0.0, z),
            Activation::LeakyRelu { slope } => return self.two_slopes(slope, z),
            Activation::Elu { alpha } => return self.exponential(1.0, alpha, z),
            Activation::Selu => return self.exponential(LAMBDA, LAMBDA * ALPHA, z),
            Activation::Sigmoid => (logistic, logistic * (1.0 - logistic), 0.25, 0.1),
            Activation::Tanh => (z.value.tanh(), 1.0 - z.value.tanh().powi(2), 1.0, 1.0),
            Activation::Silu => (x * logistic, logistic * (1.0 + x * (1.0 - logistic)), 1.1, 0.5),
            Activation::Mish => {
                let t = x.exp().ln_1p().tanh();
                (x * t, t + x * (1.0 - t * t) * logistic, 1.1, 0.7)
            }
            Activation::Gelu => {
                let (cdf, density) = normal(x);
                (x * cdf, cdf + x * density, 1.13, 0.8)
            }
            // Softplus, also as the tests' own.
            _ => (z.value.max(0.0) + (-z.value.abs()).exp().ln_1p(), logistic, 1.0, 0.25),
        };
        let a = Bounded { value, error: steepest * z.error + 4.0 * self.epsilon * value.abs() + self.tiny };
        // σ′ may be computed from z or from a: 1 − a² has twice the error of a.
        let error = (bend * z.error).max(2.0 * a.error) + 4.0 * self.epsilon;
        (a, Bounded { value: slope, error })
    }

    /// z above 0 and slope · z below. Where z may be on either side, so may the slope.
    fn two_slopes(self, slope: f64, z: Bounded) -> (Bounded, Bounded) {
        let here = if z.value > 0.0 { 1.0 } else { slope };
        let error = if z.error > 0.0 && z.value.abs() <= z.error { (1.0 - slope).abs() } else { 0.0 };
        let rounding = self.epsilon * slope.abs();
        let a = self.product(z, Bounded { value: here, error: error.max(rounding) });
        (a, Bounded { value: here, error: error + rounding })
    }

    /// `above` · z above 0 and `below` · (eᶻ − 1) elsewhere. Where z may be on either side, so may the slope.
    fn exponential(self, above: f64, below: f64, z: Bounded) -> (Bounded, Bounded) {
        let (value, slope) = match z.value {
            x if x > 0.0 => (above * x, above),
            x => (below * x.exp_m1(), below * x.exp()),
        };
        let largest = above.max(below.abs());
        let a = Bounded { value, error: largest * z.error + 4.0 * self.epsilon * value.abs() + self.tiny };
        let jump = if z.error > 0.0 && z.value.abs() <= z.error { (above - below).abs() } else { 0.0 };
        // |σ″| ≤ |below|, and σ′ may be computed from a.
        let error = (below.abs() * z.error).max(a.error) + 4.0 * self.epsilon * largest;
        (a, Bounded { value: slope, error: error + jump })
    }

    /// ℓ and ∂ℓ/∂output.
    fn loss(self, loss: RowLoss, outputs: &[Bounded], sample: &Sample<'_>) -> (Bounded, Vec<Bounded>) {
        if let RowLoss::CrossEntropy(smoothing) = loss {
            return self.cross_entropy(outputs, sample.class, smoothing);
        }
        let (m, mut sum) = (outputs.len() as f64, Sum::default());
        let delta = outputs.iter().enumerate().map(|(j, z)| {
            if let Some((cost, slope)) = self.other_mean(loss, j, *z, sample) {
                sum.add(Bounded { value: cost.value / m, error: cost.error / m });
                let error = slope.error / m + self.epsilon * (slope.value / m).abs() + self.tiny;
                return Bounded { value: slope.value / m, error };
            }
            let sign = if j == sample.class { 1.0 } else { -1.0 };
            // d, the cost f(d) with f″ ≤ bend, and f′(d) by z.
            let (d, cost, slope, bend) = match loss {
                RowLoss::SquaredHinge => {
                    let d = (1.0 - sign * z.value).max(0.0);
                    (d, d * d, -2.0 * sign * d, 2.0)
                }
                RowLoss::Huber => {
                    let d = z.value - sample.values[j];
                    (d, if d.abs() <= 1.0 { 0.5 * d * d } else { d.abs() - 0.5 }, d.clamp(-1.0, 1.0), 1.0)
                }
                RowLoss::MeanHuber(limit) => {
                    let d = z.value - sample.values[j];
                    let cost = if d.abs() <= limit { 0.5 * d * d } else { limit * (d.abs() - 0.5 * limit) };
                    (d, cost / m, d.clamp(-limit, limit) / m, 1.0 / m)
                }
                _ => {
                    let d = z.value - sample.values[j];
                    (d, d * d / m, 2.0 * d / m, 2.0 / m)
                }
            };
            let off = z.error + self.epsilon * (z.value.abs() + d.abs());
            sum.add(Bounded {
                value: cost,
                error: (slope.abs() + bend * off) * off + 4.0 * f64::EPSILON * cost,
            });
            Bounded { value: slope, error: bend * off + 4.0 * self.epsilon * slope.abs() + self.tiny }
        });
        let delta = delta.collect();
        (sum.total(Precision::of::<f64>()), delta)
    }

    /// The share f of output j in ℓ = (1/m) Σⱼ f(zⱼ), and f′, of the losses whose f′ has jumps or
    /// exponentials.
    fn other_mean(
        self,
        loss: RowLoss,
        j: usize,
        z: Bounded,
        sample: &Sample<'_>,
    ) -> Option<(Bounded, Bounded)> {
        let epsilon = self.epsilon;
        // f = lower (z − y) below y and upper (z − y) above; where z may be on either side, so may f′.
        let two_slopes = |y: f64, lower: f64, upper: f64| {
            let (d, steepest) = (z.value - y, lower.abs().max(upper.abs()));
            let slope = if d < 0.0 { lower } else { upper };
            let is_near = d.abs() <= z.error + epsilon * (z.value.abs() + d.abs());
            let cost = Bounded {
                value: slope * d,
                error: steepest * z.error + 4.0 * f64::EPSILON * (d.abs() + y.abs()),
            };
            let jump = if is_near { upper - lower } else { 0.0 };
            (cost, Bounded { value: slope, error: jump + epsilon * steepest })
        };
        Some(match loss {
            RowLoss::AbsoluteError => two_slopes(sample.values[j], -1.0, 1.0),
            RowLoss::Quantile(levels) => {
                let level = levels[j % levels.len()];
                two_slopes(sample.values[j / levels.len()], -level, 1.0 - level)
            }
            RowLoss::BinaryCrossEntropy => {
                let (z, off, y) = (z.value, z.error, sample.values[j]);
                let p = 1.0 / (1.0 + (-z).exp());
                let value = z.max(0.0) + (-z.abs()).exp().ln_1p() - y * z;
                // 1 + e^−|z| is rounded to ε before its logarithm.
                let error = off + 4.0 * epsilon + 4.0 * f64::EPSILON * z.abs();
                let slope = Bounded { value: p - y, error: 0.25 * off + 4.0 * epsilon * (p + y) };
                (Bounded { value, error }, slope)
            }
            RowLoss::Poisson => {
                let (rate, y) = (z.value.exp(), sample.values[j]);
                // The exponential is right to 2.5 units in the last place.
                let error = rate * (z.error.exp_m1() + 4.0 * epsilon);
                let value = rate - y * z.value;
                let rounding = 4.0 * f64::EPSILON * (rate + (y * z.value).abs());
                let cost = Bounded { value, error: error + y * z.error + rounding };
                (cost, Bounded { value: rate - y, error: error + epsilon * (rate + y) })
            }
            _ => return None,
        })
    }

    /// pⱼ = exp(zⱼ) / Σ exp, relative to which an error of z counts twice, and each addition of the sum once.
    fn cross_entropy(self, z: &[Bounded], class: usize, smoothing: f64) -> (Bounded, Vec<Bounded>) {
        let largest = z.iter().fold(f64::NEG_INFINITY, |max, z| max.max(z.value));
        let total: f64 = z.iter().map(|z| (z.value - largest).exp()).sum();
        let off = z.iter().fold(0.0_f64, |max, z| max.max(z.error));
        let rounding = 2.0 * off + (z.len() as f64 + 8.0) * self.epsilon;
        // The target of class j.
        let share = smoothing / z.len() as f64;
        let target = |j| share + if j == class { 1.0 - smoothing } else { 0.0 };
        let below = |(j, z): (usize, &Bounded)| target(j) * (largest - z.value);
        let value = z.iter().enumerate().map(below).sum::<f64>() + total.ln();
        // Each of the terms is rounded.
        let terms = (z.len() as f64 + 4.0) * f64::EPSILON * value.abs();
        let delta = z.iter().enumerate().map(|(j, z)| {
            let (p, below) = ((z.value - largest).exp() / total, largest - z.value);
            let error = (p * (rounding + 2.0 * self.epsilon * below).exp_m1()).min(1.0) + self.tiny;
            let value = p - target(j);
            Bounded { value, error: error + self.epsilon * (value.abs() + target(j)) }
        });
        (Bounded { value, error: rounding + terms }, delta.collect())
    }
}

/// Of SELU, as Klambauer et al. print them.
const LAMBDA: f64 = 1.050_700_987_355_480_5;
const ALPHA: f64 = 1.673_263_242_354_377_2;

/// Φ(x) and φ(x), to some roundings. From −1 on Φ = ½ + φ (x + x³/3 + x⁵/(3·5) + …). Below it is the
/// continued fraction φ / (−x + 1/(−x + 2/(−x + 3/…))).
fn normal(x: f64) -> (f64, f64) {
    let density = (-x * x / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt();
    if x < -1.0 {
        return (density / (1..=400).rev().fold(-x, |below, n| -x + f64::from(n) / below), density);
    }
    if x > 9.0 {
        return (1.0, density);
    }
    let (mut sum, mut term) = (x, x);
    for n in 1..=200 {
        term *= x * x / f64::from(2 * n + 1);
        sum += term;
    }
    (0.5 + density * sum, density)
}

impl Sum {
    fn add(&mut self, term: Bounded) {
        self.value += term.value;
        self.error += term.error;
        self.size += term.value.abs();
        self.terms += 1.0;
    }

    fn total(&self, precision: Precision) -> Bounded {
        let additions = self.terms * precision.epsilon * (self.size + self.error);
        Bounded { value: self.value, error: self.error + additions }
    }
}

impl RowLoss {
    /// Whether a row is certainly a hit, and whether it may be one.
    fn hit(self, outputs: &[Bounded], sample: &Sample<'_>) -> [bool; 2] {
        match self {
            Self::CrossEntropy(_) | Self::SquaredHinge => [
                is_largest(outputs, sample.class, |lead, doubt| lead > doubt),
                is_largest(outputs, sample.class, |lead, doubt| lead >= -doubt),
            ],
            Self::BinaryCrossEntropy => {
                let is_right = |(z, y): (&Bounded, &f64)| (z.value > 0.0) == (*y > 0.5);
                let labels = || outputs.iter().zip(sample.values);
                let is_sure = |z: &Bounded| z.error == 0.0 || z.value.abs() > z.error;
                [
                    labels().all(|(z, y)| is_right((z, y)) && is_sure(z)),
                    labels().all(|(z, y)| is_right((z, y)) || !is_sure(z)),
                ]
            }
            _ => [false; 2],
        }
    }
}

impl Bounded {
    pub fn allows(self, found: f64) -> bool {
        (found - self.value).abs() <= self.error
    }
}

fn exactly(value: f64) -> Bounded {
    Bounded { value, error: 0.0 }
}

/// Whether the lead of an output over each other one, and the doubt about it, are enough.
fn is_largest(outputs: &[Bounded], class: usize, enough: impl Fn(f64, f64) -> bool) -> bool {
    let mine = outputs[class];
    let mut others = outputs.iter().enumerate().filter(|&(j, _)| j != class);
    others.all(|(_, other)| enough(mine.value - other.value, mine.error + other.error))
}
