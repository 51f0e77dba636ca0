//! Random smooth functions with their gradients, and with planted mistakes.

use ann_gradcheck::ann_core::rand::rngs::ChaCha8Rng;
use ann_gradcheck::ann_core::rand::{Rng, RngExt, SeedableRng};
use ann_gradcheck::{Config, Verdict, check_gradient};

/// The shape of a function of zᵢ = cᵢ pᵢ / q.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Family {
    /// Σ sin(zᵢ + i)
    Waves,
    /// Σ exp zᵢ
    Growth,
    /// Σ ln(1 + zᵢ²)
    Logarithms,
    /// Σ zᵢ/cᵢ · tanh zᵢ
    Swish,
    /// Σ zᵢ³ + zᵢ²
    Cubics,
    /// Π (2 + sin zᵢ)
    Product,
    /// √(1 + Σ zᵢ²)
    Length,
    /// ln(1 + exp Σ zᵢ) + Σ zᵢ zᵢ₊₁
    Coupled,
}

impl Family {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Waves,
        Self::Growth,
        Self::Logarithms,
        Self::Swish,
        Self::Cubics,
        Self::Product,
        Self::Length,
        Self::Coupled,
    ];
}

/// One function, at one point.
#[derive(Clone, Debug)]
pub struct Closure {
    family: Family,
    /// Values are multiplied by this,
    scale: f64,
    /// and parameters divided by this.
    unit: f64,
    coefficients: Vec<f64>,
    point: Vec<f64>,
}

/// A mistake in one entry of a gradient.
#[derive(Clone, Copy, Debug)]
pub enum Mistake {
    /// It is multiplied by this.
    Factor(f64),
    /// It is 0.
    Zero,
}

/// The verdicts on a right gradient and on a wrong one.
#[derive(Clone, Debug)]
#[allow(dead_code, reason = "a story is printed, which the compiler does not count")]
pub struct Outcome {
    /// On the right gradient.
    pub right: Verdict,
    /// On the gradient with a mistake.
    pub wrong: Verdict,
    /// The function, the mistake, and where it was made.
    pub story: (Closure, Mistake, usize),
}

impl Closure {
    /// 1 to 20 parameters of a size between 1e-12 and 1e12, values of a size between 1e-12 and 1e12.
    pub fn draw(rng: &mut impl Rng) -> Self {
        let power = |rng: &mut dyn FnMut() -> f64| 10_f64.powf(rng());
        let family = Family::ALL[rng.random_range(0..8)];
        let scale = power(&mut || rng.random_range(-12.0..12.0));
        let unit = power(&mut || rng.random_range(-12.0..12.0));
        let count = rng.random_range(1..=20);
        let mut numbers = |size: f64| -> Vec<f64> {
            (0..count).map(|_| size * (rng.random_range(-1.0..1.0) + rng.random_range(-1.0..1.0))).collect()
        };
        let coefficients = numbers(1.0);
        let point = numbers(1.5 * unit);
        Self { family, scale, unit, coefficients, point }
    }

    fn arguments(&self, at: &[f64]) -> impl Iterator<Item = f64> {
        self.coefficients.iter().zip(at).map(|(c, p)| c * (p / self.unit))
    }

    fn value(&self, at: &[f64]) -> f64 {
        let z = || self.arguments(at);
        let value = match self.family {
            Family::Waves => z().enumerate().map(|(i, z)| (z + i as f64).sin()).sum(),
            Family::Growth => z().map(f64::exp).sum(),
            Family::Logarithms => z().map(|z| (1.0 + z * z).ln()).sum(),
            Family::Swish => z().zip(at).map(|(z, p)| p / self.unit * z.tanh()).sum(),
            Family::Cubics => z().map(|z| z * z * z + z * z).sum(),
            Family::Product => z().map(|z| 2.0 + z.sin()).product(),
            Family::Length => (1.0 + z().map(|z| z * z).sum::<f64>()).sqrt(),
            Family::Coupled => {
                z().sum::<f64>().exp().ln_1p() + z().zip(z().skip(1)).map(|(z, next)| z * next).sum::<f64>()
            }
        };
        self.scale * value
    }

    fn gradient(&self, at: &[f64], out: &mut [f64]) {
        let z: Vec<f64> = self.arguments(at).collect();
        // The factor that all entries share.
        let shared = match self.family {
            Family::Product => z.iter().map(|z| 2.0 + z.sin()).product(),
            Family::Length => 1.0 / (1.0 + z.iter().map(|z| z * z).sum::<f64>()).sqrt(),
            Family::Coupled => 1.0 / (1.0 + (-z.iter().sum::<f64>()).exp()),
            _ => 0.0,
        };
        for (i, out) in out.iter_mut().enumerate() {
            let (c, z_i) = (self.coefficients[i], z[i]);
            let slope = match self.family {
                Family::Waves => (z_i + i as f64).cos(),
                Family::Growth => z_i.exp(),
                Family::Logarithms => 2.0 * z_i / (1.0 + z_i * z_i),
                // The terms zᵢ/cᵢ carry a factor 1/c, which cancels the c that is multiplied below.
                Family::Swish => {
                    let t = z_i.tanh();
                    t / c + at[i] / self.unit * (1.0 - t * t)
                }
                Family::Cubics => 3.0 * z_i * z_i + 2.0 * z_i,
                Family::Product => shared / (2.0 + z_i.sin()) * z_i.cos(),
                Family::Length => z_i * shared,
                Family::Coupled => {
                    let before = if i > 0 { z[i - 1] } else { 0.0 };
                    shared + before + z.get(i + 1).copied().unwrap_or(0.0)
                }
            };
            *out = self.scale * slope * c / self.unit;
        }
    }

    /// The gradient with a mistake in one entry.
    fn spoiled(&self, at: &[f64], out: &mut [f64], mistake: Mistake, index: usize) {
        self.gradient(at, out);
        match mistake {
            Mistake::Factor(factor) => out[index] *= factor,
            Mistake::Zero => out[index] = 0.0,
        }
    }
}

impl Mistake {
    /// A factor of 1 ± 1e-6 to 1 ± 10, a wrong sign, or a missing entry.
    fn draw(rng: &mut impl Rng) -> Self {
        match rng.random_range(0..8) {
            0 => Self::Zero,
            1 => Self::Factor(-1.0),
            _ => {
                let share = 10_f64.powf(rng.random_range(-6.0..1.0));
                Self::Factor(if rng.random() { 1.0 + share } else { 1.0 - share })
            }
        }
    }
}

/// Checks the function with this number, once right and once wrong. Every number is another function.
pub fn check(number: u64) -> Outcome {
    let rng = &mut ChaCha8Rng::seed_from_u64(number);
    let closure = Closure::draw(rng);
    let (mistake, index) = (Mistake::draw(rng), rng.random_range(0..closure.point.len()));
    let config = Config { seed: number, ..Config::default() };
    let value = |at: &[f64]| closure.value(at);
    let right = check_gradient(value, |at, out| closure.gradient(at, out), &closure.point, &config);
    let wrong =
        check_gradient(value, |at, out| closure.spoiled(at, out, mistake, index), &closure.point, &config);
    Outcome { right: Verdict::of(&right), wrong: Verdict::of(&wrong), story: (closure, mistake, index) }
}
