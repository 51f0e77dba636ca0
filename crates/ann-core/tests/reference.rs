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
    /// ln Σⱼ exp(zⱼ) − z_c.
    CrossEntropy,
    /// (1/m) Σⱼ (zⱼ − yⱼ)².
    SquaredError,
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
    /// From the rows whose largest output is certainly the true class, to those where it may be.
    pub hits: RangeInclusive<usize>,
    pub gradient: Vec<Bounded>,
}

/// One row of data.
#[derive(Clone, Copy, Debug)]
pub struct Sample<'a> {
    pub x: &'a [f64],
    pub class: usize,
    pub values: &'a [f64],
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
    let (mut losses, mut certain, mut possible) = (Sum::default(), 0, 0);
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
        let (row_loss, mut delta) = precision.loss(loss, last, &sample);
        // Losses are summed in f64, and an addition may be the logarithm of a factor.
        losses.add(row_loss);
        losses.size += 1.0;
        if loss.has_classes() {
            certain += usize::from(is_largest(last, sample.class, |lead, doubt| lead > doubt));
            possible += usize::from(is_largest(last, sample.class, |lead, doubt| lead >= -doubt));
        }

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
        outputs.push(a.swap_remove(widths.len() - 1));
    }
    let gradient = sums.iter().map(|sum| sum.total(precision)).collect();
    let loss = losses.total(Precision::of::<f64>());
    Expected { outputs, loss, hits: certain..=possible, gradient }
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
        let logistic = 1.0 / (1.0 + (-z.value).exp());
        // The value, its slope, the largest slope anywhere, and the largest slope of the slope.
        let (value, slope, steepest, bend) = match *activation {
            Activation::Identity => return (z, exactly(1.0)),
            Activation::Relu => return self.two_slopes(0.0, z),
            Activation::LeakyRelu { slope } => return self.two_slopes(slope, z),
            Activation::Sigmoid => (logistic, logistic * (1.0 - logistic), 0.25, 0.1),
            Activation::Tanh => (z.value.tanh(), 1.0 - z.value.tanh().powi(2), 1.0, 1.0),
            // The only one of the tests' own.
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

    /// ℓ and ∂ℓ/∂output.
    fn loss(self, loss: RowLoss, outputs: &[Bounded], sample: &Sample<'_>) -> (Bounded, Vec<Bounded>) {
        if loss == RowLoss::CrossEntropy {
            return self.cross_entropy(outputs, sample.class);
        }
        let (m, mut sum) = (outputs.len() as f64, Sum::default());
        let delta = outputs.iter().enumerate().map(|(j, z)| {
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

    /// pⱼ = exp(zⱼ) / Σ exp, relative to which an error of z counts twice, and each addition of the sum once.
    fn cross_entropy(self, z: &[Bounded], class: usize) -> (Bounded, Vec<Bounded>) {
        let largest = z.iter().fold(f64::NEG_INFINITY, |max, z| max.max(z.value));
        let total: f64 = z.iter().map(|z| (z.value - largest).exp()).sum();
        let off = z.iter().fold(0.0_f64, |max, z| max.max(z.error));
        let rounding = 2.0 * off + (z.len() as f64 + 8.0) * self.epsilon;
        let value = (largest - z[class].value) + total.ln();
        let delta = z.iter().enumerate().map(|(j, z)| {
            let (p, below) = ((z.value - largest).exp() / total, largest - z.value);
            let error = (p * (rounding + 2.0 * self.epsilon * below).exp_m1()).min(1.0) + self.tiny;
            let value = p - f64::from(u8::from(j == class));
            Bounded { value, error: error + self.epsilon * value.abs() }
        });
        (Bounded { value, error: rounding + 4.0 * f64::EPSILON * value.abs() }, delta.collect())
    }
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
    pub fn has_classes(self) -> bool {
        matches!(self, Self::CrossEntropy | Self::SquaredHinge)
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
