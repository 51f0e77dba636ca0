//! a = σ(z) by the textbook, for any [`Number`]: `ann-core`'s own formulas and derivatives are not used.

use std::fmt::{self, Display};
use std::sync::Arc;

use ann_core::{Activation, ActivationFn};
use num_dual::Dual64;

use crate::normal;
use crate::number::{Number, PROBES};
use crate::{Error, Result};

/// An activation that this crate knows how to compute.
#[derive(Clone, Debug)]
pub(crate) enum Sigma {
    Identity,
    Sigmoid,
    Tanh,
    /// z above 0, slope · z elsewhere; ReLU has slope 0.
    Leaky {
        slope: f64,
    },
    /// `above` · z above 0, `below` · (eᶻ − 1) elsewhere; ELU of α has the factors 1 and α, SELU λ and λ α.
    Exponential {
        above: f64,
        below: f64,
    },
    Softplus,
    Silu,
    Mish,
    Gelu,
    /// A custom activation. Its value and derivative are used after
    /// [`check_activation`](crate::check_activation) has compared them.
    Custom(Arc<dyn ActivationFn>),
}

/// λ and α of SELU, for which mean 0 and variance 1 reproduce themselves (Klambauer et al., 2017).
const LAMBDA: f64 = 1.050_700_987_355_480_5;
const ALPHA: f64 = 1.673_263_242_354_377_2;

impl TryFrom<&Activation> for Sigma {
    type Error = Error;

    fn try_from(activation: &Activation) -> Result<Self> {
        Ok(match activation {
            Activation::Identity => Self::Identity,
            Activation::Sigmoid => Self::Sigmoid,
            Activation::Tanh => Self::Tanh,
            Activation::Relu => Self::Leaky { slope: 0.0 },
            Activation::LeakyRelu { slope } => Self::Leaky { slope: *slope },
            Activation::Elu { alpha } => Self::Exponential { above: 1.0, below: *alpha },
            Activation::Selu => Self::Exponential { above: LAMBDA, below: LAMBDA * ALPHA },
            Activation::Softplus => Self::Softplus,
            Activation::Silu => Self::Silu,
            Activation::Mish => Self::Mish,
            Activation::Gelu => Self::Gelu,
            Activation::Custom(function) => Self::Custom(Arc::clone(function)),
            unknown => return Err(Error::UnknownActivation { activation: unknown.to_string() }),
        })
    }
}

impl Sigma {
    /// σ(z). On each side of 0 the formula is used that neither overflows nor cancels.
    #[inline]
    pub fn value<N: Number>(&self, z: N) -> N {
        match self {
            Self::Identity => z,
            // 1 / (1 + e⁻ᶻ) above 0, eᶻ / (1 + eᶻ) below
            Self::Sigmoid => {
                let is_below = z.real().is_sign_negative();
                let e = (if is_below { z } else { -z }).exp();
                let numerator = if is_below { e } else { N::from(1.0) };
                numerator / (e + 1.0)
            }
            // tanh |z| = −t / (t + 2) with t = e^(−2|z|) − 1
            Self::Tanh if z.real().is_sign_negative() => {
                let t = (z * 2.0).exp_m1();
                t / (t + 2.0)
            }
            Self::Tanh => {
                let t = (z * -2.0).exp_m1();
                -t / (t + 2.0)
            }
            // At 0 the unit is off: ReLU′(0) = 0 (report, "ReLU").
            Self::Leaky { .. } if z.real() > 0.0 => z,
            Self::Leaky { slope } => z * *slope,
            Self::Exponential { above, .. } if z.real() > 0.0 => z * *above,
            Self::Exponential { below, .. } => z.exp_m1() * *below,
            // ln(1 + eᶻ) below 0, z + ln(1 + e⁻ᶻ) above
            Self::Softplus if z.real().is_sign_negative() => z.exp().ln_1p(),
            Self::Softplus => z + (-z).exp().ln_1p(),
            Self::Silu => z * Self::Sigmoid.value(z),
            Self::Mish => z * Self::Tanh.value(Self::Softplus.value(z)),
            Self::Gelu => z * normal::cdf(z),
            Self::Custom(function) => {
                let value = function.value(z.real());
                z.chain(value, || function.derivative(z.real(), value))
            }
        }
    }

    /// σ′(z).
    pub fn derivative(&self, z: f64) -> f64 {
        self.value(Dual64::new(z, 1.0)).eps
    }

    /// The error of σ′ as it is usually computed, in roundings of size `unit`, for a z with an error of
    /// `z_error` roundings.
    ///
    /// a (1 − a) cancels where a is near 1, however exact a is. The error of z moves σ′ by σ″ times that
    /// error. If the error of z spans a kink, σ′ may be the slope of either side.
    pub fn derivative_error(&self, z: f64, a: f64, z_error: f64, unit: f64) -> f64 {
        let slope = self.derivative(z).abs();
        match self {
            Self::Identity => 0.0,
            // |σ″| = σ′ |1 − 2a| ≤ σ′
            Self::Sigmoid => a + a * a + slope * z_error,
            // |tanh″| = 2 |a| σ′ ≤ 2 σ′
            Self::Tanh => 1.0 + a * a + 2.0 * slope * z_error,
            Self::Leaky { .. } => self.jumps(z, z_error * unit) / unit,
            // λ is rounded. Below 0, σ′ may be computed as a + α, which cancels, and |σ″| = σ′.
            Self::Exponential { .. } if z > 0.0 => slope + self.jumps(z, z_error * unit) / unit,
            Self::Exponential { below, .. } => {
                a.abs() + below.abs() + slope * z_error + self.jumps(z, z_error * unit) / unit
            }
            // |σ″| = σ′ (1 − σ′) ≤ σ′
            Self::Softplus => slope + slope * z_error,
            Self::Silu | Self::Mish | Self::Gelu => self.gated_error(z, z_error),
            Self::Custom(function) => {
                // The formula of a custom activation is probed with rounded arguments. For example 1 − a² of
                // a custom tanh cancels like the built-in formula, and |σ″| of a sine is 1 where σ′ is 0.
                let by_value = spread(unit, |t| function.derivative(z, a + t * a.abs().max(1.0)));
                let by_argument = spread(unit, |t| self.derivative(z + t * z.abs().max(z_error)));
                slope + by_value + by_argument + self.jumps(z, z_error * unit) / unit
            }
        }
    }

    /// The error of σ′ = g + z g′ of an activation z g(z). The terms may cancel, and |σ″| = |2g′ + z g″|.
    fn gated_error(&self, z: f64, z_error: f64) -> f64 {
        let logistic = Self::Sigmoid.value(z);
        // g, g′ with the size of what may cancel in it, and a bound of |g″ / g′|.
        let (gate, slope, size, bend) = match self {
            // g′ = g (1 − g), where 1 − g cancels.
            Self::Silu => (logistic, Self::Sigmoid.derivative(z), logistic, 1.0),
            // g = t, g′ = (1 − t²) s, where 1 − t² cancels. g″ = g′ (1 − s − 2 t s).
            Self::Mish => {
                let t = Self::Tanh.value(Self::Softplus.value(z));
                (t, (1.0 - t * t) * logistic, (1.0 + t * t) * logistic, 2.0)
            }
            // g′ = φ, where an error of z² / 2 is one of φ. g″ = −z φ.
            _ => (normal::cdf(z), normal::density(z), normal::density(z) * (1.0 + z * z), z.abs()),
        };
        gate + z.abs() * size + (2.0 + z.abs() * bend) * slope * z_error
    }

    /// By how much σ′ jumps at kinks within some `error`s of z. An exact z = 0 has no error, so ReLU′(0) = 0
    /// is required.
    fn jumps(&self, z: f64, error: f64) -> f64 {
        let near = self.kinks().iter().filter(|kink| (z - **kink).abs() < 16.0 * error);
        near.map(|kink| (self.derivative(kink.next_up()) - self.derivative(kink.next_down())).abs()).sum()
    }

    /// The points at which σ′ jumps.
    pub fn kinks(&self) -> &[f64] {
        match self {
            Self::Exponential { above, below } if above == below => &[],
            Self::Leaky { .. } | Self::Exponential { .. } => &[0.0],
            Self::Custom(function) => function.kinks(),
            Self::Identity | Self::Sigmoid | Self::Tanh => &[],
            Self::Softplus | Self::Silu | Self::Mish | Self::Gelu => &[],
        }
    }
}

/// By how much a custom σ′ changes when an argument moves by t times its error, maximum over [`PROBES`]. NaN,
/// outside the domain of σ, is ignored.
fn spread(unit: f64, derivative: impl Fn(f64) -> f64) -> f64 {
    let here = derivative(0.0);
    let changes = PROBES.map(|size| ((derivative(size * unit) - here) / (size * unit)).abs());
    changes.into_iter().fold(0.0, f64::max)
}

/// The `Debug` output of the activation.
impl Display for Sigma {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Custom(function) => write!(f, "{function:?}"),
            known => write!(f, "{known:?}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sigmoid_and_tanh_are_accurate_on_the_whole_line() {
        // σ(−40) = e⁻⁴⁰ / (1 + e⁻⁴⁰) and σ′(40) = e⁻⁴⁰ / (1 + e⁻⁴⁰)²; 1 + e⁻⁴⁰ rounds to 1.
        let e40 = (-40.0_f64).exp();
        close(Sigma::Sigmoid.value(-40.0), e40);
        close(Sigma::Sigmoid.derivative(40.0), e40);
        close(Sigma::Sigmoid.derivative(-40.0), e40);
        // tanh′ = 1 / cosh²
        for z in [-20.0_f64, -1.0, -1e-9, 0.0, 1e-9, 0.3, 20.0] {
            close(Sigma::Tanh.value(z), z.tanh());
            close(Sigma::Tanh.derivative(z), z.cosh().recip().powi(2));
            close(Sigma::Sigmoid.derivative(z), 0.25 * (z / 2.0).cosh().recip().powi(2));
        }
    }

    #[test]
    fn the_newer_activations_by_their_textbook() {
        // mpmath with 30 digits: σ and σ′ at −2 and 1.
        let [elu, selu] = [Activation::Elu { alpha: 0.5 }, Activation::Selu];
        let [elu, selu] = [elu, selu].map(|activation| Sigma::try_from(&activation).unwrap());
        for (sigma, at_minus_2, at_1) in [
            (elu, NEWER[0], NEWER[1]),
            (selu, NEWER[2], NEWER[3]),
            (Sigma::Softplus, NEWER[4], NEWER[5]),
            (Sigma::Silu, NEWER[6], NEWER[7]),
            (Sigma::Mish, NEWER[8], NEWER[9]),
            (Sigma::Gelu, NEWER[10], NEWER[11]),
        ] {
            for (z, [value, slope]) in [(-2.0, at_minus_2), (1.0, at_1)] {
                // GELU at −2 is the least accurate: see `normal`.
                let near = |found: f64, expected: f64| (found - expected).abs() <= 4e-15 * expected.abs();
                assert!(near(sigma.value(z), value), "{sigma:?} at {z}: {}", sigma.value(z));
                assert!(near(sigma.derivative(z), slope), "{sigma:?}′ at {z}: {}", sigma.derivative(z));
            }
        }
    }

    /// σ and σ′ of ELU ½, SELU, softplus, SiLU, Mish and GELU, each at −2 and 1.
    const NEWER: [[f64; 2]; 12] = [
        [-0.432_332_358_381_693_65, 0.067_667_641_618_306_35],
        [1.0, 1.0],
        [-1.520_166_468_595_695, 0.237_932_872_251_681_83],
        [1.050_700_987_355_480_5, 1.050_700_987_355_480_5],
        [0.126_928_011_042_972_5, 0.119_202_922_022_117_56],
        [1.313_261_687_518_222_8, 0.731_058_578_630_004_9],
        [-0.238_405_844_044_235_12, -0.090_784_248_784_895_48],
        [0.731_058_578_630_004_9, 0.927_670_511_871_486_7],
        [-0.252_501_482_695_708_9, -0.108_355_092_420_393_94],
        [0.865_098_388_267_310_3, 1.049_036_220_099_792_2],
        [-0.045_500_263_896_358_42, -0.085_231_801_078_196_9],
        [0.841_344_746_068_542_9, 1.083_315_470_587_686_4],
    ];

    #[test]
    fn far_out_is_finite() {
        for z in [-1e300, -1e3, 1e3, 1e300] {
            for sigma in [Sigma::Softplus, Sigma::Silu, Sigma::Mish, Sigma::Gelu] {
                assert_eq!(sigma.derivative(z), f64::from(z > 0.0), "{sigma:?} at {z}");
                assert_eq!(sigma.value(z), z.max(0.0), "{sigma:?} at {z}");
            }
            for sigma in [Sigma::Sigmoid, Sigma::Tanh] {
                assert_eq!(sigma.derivative(z), 0.0, "{sigma:?} at {z}");
                assert_eq!(sigma.value(z), if z > 0.0 { 1.0 } else { sigma.value(-1e300) });
            }
        }
    }

    #[test]
    fn relu_is_off_at_zero() {
        let [relu, leaky] = [0.0, 0.1].map(|slope| Sigma::Leaky { slope });
        assert_eq!([-1.0, 0.0, 1.0].map(|z| relu.derivative(z)), [0.0, 0.0, 1.0]);
        assert_eq!([-1.0, 0.0, 1.0].map(|z| leaky.derivative(z)), [0.1, 0.1, 1.0]);
    }

    #[test]
    fn the_error_of_a_derivative_by_hand() {
        let [identity, sigmoid, tanh] = [Sigma::Identity, Sigma::Sigmoid, Sigma::Tanh];
        assert_eq!(identity.derivative_error(3.0, 3.0, 8.0, UNIT), 0.0);
        // a + a² = ¾, σ′(0) = ¼ times 8.
        assert_eq!(sigmoid.derivative_error(0.0, 0.5, 8.0, UNIT), 2.75);
        // 1 + a² = 5/4, twice σ′ times 8.
        let slope = tanh.derivative(1.0);
        assert_eq!(tanh.derivative_error(1.0, 0.5, 8.0, UNIT), 1.25 + 16.0 * slope);
    }

    #[test]
    fn errors_that_span_a_kink_count_its_jump() {
        // The jump 1 − ¼ in roundings of 1/64, where |z| is below 16 errors of as many: 16 · 5/64 > 1, 16 ·
        // 4/64 = 1.
        let leaky = Sigma::Leaky { slope: 0.25 };
        for (z, z_error, expected) in [
            (1.0, 5.0, 48.0),
            (-1.0, 5.0, 48.0),
            (1.0, 4.0, 0.0),
            (1.0, 2.0, 0.0),
            (0.0, 1.0, 48.0),
            (0.0, 0.0, 0.0),
        ] {
            assert_eq!(leaky.derivative_error(z, z, z_error, UNIT), expected, "z = {z}, error {z_error}");
        }
    }

    #[test]
    fn the_error_of_a_users_derivative_by_hand() {
        // At z = 2 and a = 2: slope a² + 2 = 6; a moved by 16/64 · 2 = ½ makes 6.25 − 4 = 2.25 in units of
        // 16/64, 9; z moved down by 16/64 · 8 crosses the kink at 1: 2 in units of 16/64, 8; and the jump 2 ·
        // 64 as 16 · 8/64 = 2 > z − 1.
        let stairs = Sigma::Custom(Arc::new(Stairs));
        assert_eq!(stairs.derivative_error(2.0, 2.0, 0.5, UNIT), 6.0 + 9.0);
        assert_eq!(stairs.derivative_error(2.0, 2.0, 8.0, UNIT), 6.0 + 9.0 + 8.0 + 128.0);
        assert_eq!((stairs.kinks(), stairs.to_string()), (&[1.0][..], "Stairs".to_owned()));
    }

    #[test]
    fn a_users_derivative_is_asked_again_near_z_and_near_a() {
        // σ = z²/2, σ′ = a + z: at z = a = 2 it is 4. By a: |a| = 2, or 1 where a is less.
        // By z: 3t + t²/2 for t = 16/64 · max(2, error), ½ or 2: 1.625 or 8 in units of 16/64.
        let parabola = Sigma::Custom(Arc::new(Smooth(|z| z * z / 2.0, |z, a| a + z)));
        assert_eq!(parabola.derivative_error(2.0, 2.0, 0.5, UNIT), 4.0 + 2.0 + 6.5);
        assert_eq!(parabola.derivative_error(2.0, 2.0, 8.0, UNIT), 4.0 + 2.0 + 32.0);
        // At z = ½, a = 1/8: ⅝, 1, and 1.5t + t²/2 = 25/128 for t = 1/8.
        assert_eq!(parabola.derivative_error(0.5, 0.125, 0.0, UNIT), 0.625 + 1.0 + 0.78125);
        // σ′ = √(1 − a²) is 0 at a = 1 and nothing beyond; below, √(1 − (63/64)²) in units of 1/64 is most.
        let circle = Sigma::Custom(Arc::new(Smooth(|_| 1.0, |_, a| (1.0 - a * a).sqrt())));
        let expected = (127.0_f64 / 4096.0).sqrt() * 64.0;
        assert_eq!(circle.derivative_error(1.0, 1.0, 1.0, UNIT), expected);
    }

    #[test]
    fn a_sine_at_its_top_is_as_steep_in_its_slope_as_elsewhere_in_itself() {
        // σ′ = 6e-17 at π/2, σ″ = −1: an error of 5 roundings of 2⁻⁵³ in z is one of 5 in σ′.
        let sine = Sigma::Custom(Arc::new(Smooth(f64::sin, |z, _| z.cos())));
        let error = sine.derivative_error(std::f64::consts::FRAC_PI_2, 1.0, 5.0, f64::EPSILON / 2.0);
        // π/2 moved by 5 of them is rounded to a multiple of two.
        assert!((4.0..=6.0).contains(&error), "{error}");
    }

    const UNIT: f64 = 1.0 / 64.0;

    /// σ(z) and σ′(z, a).
    #[derive(Debug)]
    struct Smooth(fn(f64) -> f64, fn(f64, f64) -> f64);
    impl ActivationFn for Smooth {
        fn value(&self, z: f64) -> f64 {
            (self.0)(z)
        }
        fn derivative(&self, z: f64, a: f64) -> f64 {
            (self.1)(z, a)
        }
    }

    /// No function and its derivative: numbers that are easy to tell apart.
    #[derive(Debug)]
    struct Stairs;
    impl ActivationFn for Stairs {
        fn value(&self, _z: f64) -> f64 {
            2.0
        }
        fn derivative(&self, z: f64, a: f64) -> f64 {
            a * a + if z > 1.0 { 2.0 } else { 0.0 }
        }
        fn kinks(&self) -> &[f64] {
            &[1.0]
        }
    }

    #[track_caller]
    fn close(found: f64, expected: f64) {
        // Some ten operations, each rounded to 1.1e-16.
        assert!((found - expected).abs() <= 1e-15 * expected.abs(), "{found}, expected {expected}");
    }
}
