//! Losses that are a mean over the outputs of a function of output and target, by the textbook: `ann-core`'s
//! own formulas and derivatives are not used.

use ann_core::Loss;

use crate::number::Number;

/// How far a bound reaches, in errors of the argument: within this distance of a kink either slope is right.
const REACH: f64 = 16.0;

/// f(oⱼ, y), where ℓ = (1/m) Σⱼ f(oⱼ, y) over the m outputs.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum ValueLoss {
    /// (o − y)².
    Squared,
    /// |o − y|.
    Absolute,
    /// ½ e² for errors e up to δ, δ |e| − ½ δ² beyond.
    Huber { delta: f64 },
    /// Level by level of each target column: τ (y − o) if o is too low, (1 − τ) (o − y) if it is too high.
    Pinball { levels: Vec<f64> },
    /// −y ln σ(o) − (1 − y) ln (1 − σ(o)).
    Logistic,
    /// eᵒ − y o.
    Poisson,
}

impl ValueLoss {
    /// The built-in loss, if it is of this kind.
    pub fn of(loss: &Loss) -> Option<Self> {
        Some(match loss {
            Loss::MeanSquaredError => Self::Squared,
            Loss::AbsoluteError => Self::Absolute,
            Loss::Huber { delta } => Self::Huber { delta: *delta },
            Loss::Quantile { levels } => Self::Pinball { levels: levels.clone() },
            Loss::BinaryCrossEntropy => Self::Logistic,
            Loss::Poisson => Self::Poisson,
            _ => return None,
        })
    }

    /// The target column of output j.
    pub fn column(&self, j: usize) -> usize {
        match self {
            Self::Pinball { levels } => j / levels.len(),
            _ => j,
        }
    }

    /// f of output j.
    pub fn value<N: Number>(&self, j: usize, o: N, y: f64) -> N {
        let e = o - y;
        match self {
            Self::Squared => e * e,
            Self::Absolute | Self::Pinball { .. } => {
                let [below, above] = self.slopes(j).unwrap_or_default();
                // At the kink itself the value is 0, and so is its derivative.
                e * match e.real() {
                    e if e < 0.0 => below,
                    e if e > 0.0 => above,
                    _ => 0.0,
                }
            }
            Self::Huber { delta } if e.real() > *delta => e * *delta - 0.5 * delta * delta,
            Self::Huber { delta } if e.real() < -delta => -e * *delta - 0.5 * delta * delta,
            Self::Huber { .. } => e * e * 0.5,
            // ln σ(o) = −ln(1 + e⁻ᵒ)
            Self::Logistic => softplus(-o) * y + softplus(o) * (1.0 - y),
            Self::Poisson => o.exp() - o * y,
        }
    }

    /// The slopes just below and just above the kink o = y of output j; `None` if ∂f/∂o has no jump.
    pub fn slopes(&self, j: usize) -> Option<[f64; 2]> {
        match self {
            Self::Absolute => Some([-1.0, 1.0]),
            Self::Pinball { levels } => {
                let level = levels[j % levels.len()];
                Some([-level, 1.0 - level])
            }
            _ => None,
        }
    }

    /// The error of ∂f/∂o as it is usually computed, in roundings of size `unit`, for an output with an error
    /// of `error` roundings.
    ///
    /// If the error of o spans a kink, or o is exactly there, ∂f/∂o may be the slope of either side.
    pub fn derivative_error(&self, j: usize, o: f64, y: f64, error: f64, unit: f64) -> f64 {
        let difference = o.abs() + y.abs() + error;
        match self {
            Self::Squared => 2.0 * difference,
            Self::Absolute | Self::Pinball { .. } => {
                let [below, above] = self.slopes(j).unwrap_or_default();
                let is_near = (o - y).abs() <= REACH * unit * error;
                let jump = if is_near { (above - below) / unit } else { 0.0 };
                below.abs().max(above) + jump
            }
            Self::Huber { delta } if (o - y).abs() > delta + REACH * unit * difference => *delta,
            Self::Huber { .. } => difference,
            // σ′ = σ (1 − σ) ≤ ¼
            Self::Logistic => {
                let p = softplus_slope(o);
                p + y.abs() + p * (1.0 - p) * error
            }
            Self::Poisson => o.exp() * (1.0 + error) + y.abs(),
        }
    }
}

/// ln(1 + eˣ), on each side of 0 by the formula that does not overflow.
fn softplus<N: Number>(x: N) -> N {
    if x.real() > 0.0 { x + (-x).exp().ln_1p() } else { x.exp().ln_1p() }
}

/// 1 / (1 + e⁻ˣ).
fn softplus_slope(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

#[cfg(test)]
mod tests {
    use super::*;
    use num_dual::Dual64;

    #[test]
    fn values_and_slopes_by_hand() {
        let pinball = ValueLoss::Pinball { levels: vec![0.5, 0.25] };
        // σ(0) = ½: −y ln ½ − (1 − y) ln ½.
        let ln_2 = std::f64::consts::LN_2;
        for (loss, j, o, y, value, slope) in [
            (ValueLoss::Squared, 0, 3.0, 1.0, 4.0, 4.0),
            (ValueLoss::Absolute, 0, 3.0, 1.0, 2.0, 1.0),
            (ValueLoss::Absolute, 0, 1.0, 3.0, 2.0, -1.0),
            (ValueLoss::Absolute, 0, 1.0, 1.0, 0.0, 0.0),
            (ValueLoss::Huber { delta: 2.0 }, 0, 1.0, 0.0, 0.5, 1.0),
            (ValueLoss::Huber { delta: 2.0 }, 0, 2.0, 0.0, 2.0, 2.0),
            (ValueLoss::Huber { delta: 2.0 }, 0, 5.0, 0.0, 8.0, 2.0),
            (ValueLoss::Huber { delta: 2.0 }, 0, -5.0, 0.0, 8.0, -2.0),
            (pinball.clone(), 1, 1.0, 3.0, 0.5, -0.25),
            (pinball.clone(), 3, 3.0, 1.0, 1.5, 0.75),
            (pinball.clone(), 2, 3.0, 1.0, 1.0, 0.5),
            (pinball, 1, 1.0, 1.0, 0.0, 0.0),
            (ValueLoss::Logistic, 0, 0.0, 0.25, ln_2, 0.25),
            (ValueLoss::Poisson, 0, 0.0, 3.0, 1.0, -2.0),
        ] {
            let found = loss.value(j, Dual64::new(o, 1.0), y);
            // Some five operations, each rounded to 1.1e-16.
            let is_close = |found: f64, expected: f64| (found - expected).abs() < 1e-15;
            assert!(is_close(found.re, value) && is_close(found.eps, slope), "{loss:?} at {o}: {found}");
        }
    }

    #[test]
    fn logits_far_out_are_finite() {
        for (o, y, value, slope) in
            [(1e3, 0.0, 1e3, 1.0), (1e3, 1.0, 0.0, 0.0), (-1e3, 1.0, 1e3, -1.0), (-1e3, 0.0, 0.0, 0.0)]
        {
            let found = ValueLoss::Logistic.value(0, Dual64::new(o, 1.0), y);
            assert_eq!((found.re, found.eps), (value, slope), "o = {o}, y = {y}");
        }
    }

    #[test]
    fn outputs_of_one_column_share_its_target() {
        let pinball = ValueLoss::Pinball { levels: vec![0.1, 0.5, 0.9] };
        assert_eq!([0, 2, 3, 5].map(|j| pinball.column(j)), [0, 0, 1, 1]);
        assert_eq!([0, 2, 3, 5].map(|j| ValueLoss::Absolute.column(j)), [0, 2, 3, 5]);
    }

    #[test]
    fn errors_by_hand() {
        const UNIT: f64 = 1.0 / 64.0;
        let of = |loss: &ValueLoss, o: f64, error: f64| loss.derivative_error(0, o, 1.0, error, UNIT);
        // 2 (3 + 1 + 5), and for Huber half of it inside, δ outside.
        assert_eq!(of(&ValueLoss::Squared, 3.0, 5.0), 18.0);
        assert_eq!(of(&ValueLoss::Huber { delta: 2.0 }, 3.0, 5.0), 9.0);
        assert_eq!(of(&ValueLoss::Huber { delta: 2.0 }, 30.0, 0.0), 2.0);
        // |o − y| = 2 is 16 errors of 8/64 away from the kink: the jump of 2 is 128 roundings.
        assert_eq!([7.0, 8.0].map(|error| of(&ValueLoss::Absolute, 3.0, error)), [1.0, 129.0]);
        assert_eq!(of(&ValueLoss::Absolute, 1.0, 0.0), 129.0);
        let pinball = ValueLoss::Pinball { levels: vec![0.25] };
        assert_eq!([7.0, 8.0].map(|error| of(&pinball, 3.0, error)), [0.75, 64.75]);
        // ½ + 1 + ¼ 8, and 1 + 8 + 1.
        assert_eq!(of(&ValueLoss::Logistic, 0.0, 8.0), 3.5);
        assert_eq!(of(&ValueLoss::Poisson, 0.0, 8.0), 10.0);
    }
}
