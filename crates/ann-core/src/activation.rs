//! Activation functions: the output of a unit is a = σ(z), where z is its pre-activation.

use std::fmt::{self, Debug, Display};
use std::sync::Arc;

use crate::Scalar;
use crate::elementary::{self, ApplyWithSlopes, Chunks, Function, Smooth};

/// The activation function of one layer, applied to each unit separately: a = σ(z).
///
/// Any type that implements [`ActivationFn`] converts into an `Activation` through `From`, so it can be
/// passed wherever an activation is expected.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub enum Activation {
    /// σ(z) = z, σ′ = 1. For the output layer, because losses take raw outputs.
    Identity,
    /// σ(z) = 1 / (1 + e⁻ᶻ), σ′ = a (1 − a). The report uses it for hidden layers; it is the default.
    #[default]
    Sigmoid,
    /// σ(z) = tanh z, σ′ = 1 − a².
    Tanh,
    /// σ(z) = max(0, z), σ′ = 1 for z > 0 and 0 otherwise, so σ′(0) = 0 (report, "ReLU").
    Relu,
    /// σ(z) = z for z > 0 and slope · z otherwise, σ′ = 1 for z > 0 and the slope otherwise, also at 0.
    LeakyRelu {
        /// Factor on z below 0: a finite number, usually 0.01.
        slope: f64,
    },
    /// σ(z) = z for z > 0 and α (eᶻ − 1) otherwise, σ′ = 1 for z > 0 and α eᶻ otherwise, also at 0 (D.-A.
    /// Clevert, T. Unterthiner and S. Hochreiter, "Fast and accurate deep network learning by exponential
    /// linear units", 2016).
    Elu {
        /// α, minus the limit of σ(z) for z → −∞: a finite number, usually 1.
        alpha: f64,
    },
    /// λ times the ELU of α, with λ = 1.0507… and α = 1.6732… (G. Klambauer, T. Unterthiner, A. Mayr and S.
    /// Hochreiter, "Self-normalizing neural networks", 2017). With weights of variance 1 / fan_in, as
    /// Xavier's are where fan_in = fan_out, activations of mean 0 and variance 1 stay so from layer to layer.
    Selu,
    /// σ(z) = ln(1 + eᶻ), σ′ = 1 / (1 + e⁻ᶻ).
    Softplus,
    /// σ(z) = z s with s = 1 / (1 + e⁻ᶻ), σ′ = s + z s (1 − s). It is also called swish (P. Ramachandran, B.
    /// Zoph and Q. Le, "Searching for activation functions", 2017).
    Silu,
    /// σ(z) = z t with t = tanh(ln(1 + eᶻ)), σ′ = t + z (1 − t²) / (1 + e⁻ᶻ) (D. Misra, "Mish: a self
    /// regularized non-monotonic activation function", 2019).
    Mish,
    /// σ(z) = z Φ(z), σ′ = Φ(z) + z φ(z), where Φ and φ are distribution and density of the standard normal
    /// variable (D. Hendrycks and K. Gimpel, "Gaussian error linear units", 2016). This is the exact
    /// function, not its approximation by tanh.
    Gelu,
    /// A user-defined activation; see [`ActivationFn`].
    Custom(Arc<dyn ActivationFn>),
}

/// An activation function defined by the user. It computes in `f64`; networks in `f32` convert.
///
/// ```
/// use ann_core::{Activation, ActivationFn, Architecture};
///
/// #[derive(Debug)]
/// struct Softsign;
/// impl ActivationFn for Softsign {
///     fn value(&self, z: f64) -> f64 { z / (1.0 + z.abs()) }
///     fn derivative(&self, z: f64, _a: f64) -> f64 { (1.0 + z.abs()).powi(-2) }
/// }
/// let architecture = Architecture::inputs(2).dense(3, Softsign).dense(1, Activation::Identity);
/// ```
pub trait ActivationFn: Debug + Send + Sync {
    /// σ(z). Finite for every finite `z`.
    fn value(&self, z: f64) -> f64;

    /// σ′(z). `a` = σ(z) is passed too, because many derivatives are simple functions of it.
    fn derivative(&self, z: f64, a: f64) -> f64;

    /// The points z at which σ′ jumps, in ascending order. Default: none.
    ///
    /// The gradient checker in `ann-gradcheck` continues the function linearly beyond such a point.
    fn kinks(&self) -> &[f64] {
        &[]
    }
}

impl<T: ActivationFn + 'static> From<T> for Activation {
    fn from(function: T) -> Self {
        Self::Custom(Arc::new(function))
    }
}

impl Activation {
    /// σ(z).
    #[inline]
    pub fn value(&self, z: f64) -> f64 {
        let mut a = [z];
        self.apply(&[z], &mut a);
        a[0]
    }

    /// σ′(z).
    #[inline]
    pub fn derivative(&self, z: f64) -> f64 {
        let mut delta = [1.0];
        self.multiply_derivative(&[z], &[self.value(z)], &mut delta);
        delta[0]
    }

    /// The points at which σ′ jumps: 0 for ReLU, leaky ReLU, SELU and ELU of α ≠ 1, those that a custom
    /// activation declares, none otherwise.
    pub fn kinks(&self) -> &[f64] {
        match self {
            Self::Elu { alpha } if *alpha == 1.0 => &[],
            Self::Relu | Self::LeakyRelu { .. } | Self::Elu { .. } | Self::Selu => &[0.0],
            Self::Custom(function) => function.kinks(),
            Self::Identity | Self::Sigmoid | Self::Tanh => &[],
            Self::Softplus | Self::Silu | Self::Mish | Self::Gelu => &[],
        }
    }

    /// The elementary function that σ is, if it is one.
    pub(crate) fn function(&self) -> Option<Function> {
        match self {
            Self::Sigmoid => Some(Function::Sigmoid),
            Self::Tanh => Some(Function::Tanh),
            Self::Elu { .. } | Self::Selu => {
                let [above, below] = self.slopes_at_0();
                Some(Function::ExponentialLinear { above, below })
            }
            _ => self.smooth().map(Function::Smooth),
        }
    }

    /// The slopes of an ELU or SELU above and below 0, at 0.
    pub(crate) fn slopes_at_0(&self) -> [f64; 2] {
        match self {
            Self::Elu { alpha } => [1.0, *alpha],
            _ => SELU,
        }
    }

    /// The activation, if it is one of those whose σ′ is computed together with σ.
    pub(crate) fn smooth(&self) -> Option<Smooth> {
        match self {
            Self::Softplus => Some(Smooth::Softplus),
            Self::Silu => Some(Smooth::Silu),
            Self::Mish => Some(Smooth::Mish),
            Self::Gelu => Some(Smooth::Gelu),
            _ => None,
        }
    }

    /// Overwrites `a` with σ(z), element by element.
    ///
    /// # Panics
    /// When the lengths differ.
    pub fn apply<F: Scalar>(&self, z: &[F], a: &mut [F]) {
        match self {
            Self::Identity => a.copy_from_slice(z),
            // No special case for large −z: e⁻ᶻ overflows to ∞, and 1 / (1 + ∞) = 0 is the limit of σ.
            Self::Sigmoid => each(z, a, |z| F::one() / (F::one() + (-z).exp())),
            Self::Tanh => each(z, a, F::tanh),
            // A comparison, not `max`: `max` would replace NaN by 0 and hide an error.
            Self::Relu => each(z, a, |z| if z < F::zero() { F::zero() } else { z }),
            Self::LeakyRelu { slope } => {
                let slope = F::of(*slope);
                each(z, a, |z| if z > F::zero() { z } else { slope * z });
            }
            Self::Elu { alpha } => {
                let alpha = F::of(*alpha);
                each(z, a, |z| if z > F::zero() { z } else { alpha * z.exp_m1() });
            }
            Self::Selu => {
                let [above, below] = SELU.map(F::of);
                each(z, a, |z| if z > F::zero() { above * z } else { below * z.exp_m1() });
            }
            Self::Softplus => own(elementary::softplus, z, a),
            Self::Silu => own(elementary::silu, z, a),
            Self::Mish => own(elementary::mish, z, a),
            Self::Gelu => own(elementary::gelu, z, a),
            Self::Custom(function) => each(z, a, |z| F::of(function.value(z.as_f64()))),
        }
    }

    /// The backward pass of [`apply`](Self::apply): multiplies `delta` = ∂ℓ/∂a by σ′, so that it becomes
    /// ∂ℓ/∂z.
    ///
    /// # Panics
    /// When the lengths differ.
    pub fn multiply_derivative<F: Scalar>(&self, z: &[F], a: &[F], delta: &mut [F]) {
        match self {
            Self::Identity => {}
            Self::Sigmoid => scale(z, a, delta, |_, a| a * (F::one() - a)),
            Self::Tanh => scale(z, a, delta, |_, a| F::one() - a * a),
            Self::Relu => scale(z, a, delta, |z, _| if z > F::zero() { F::one() } else { F::zero() }),
            Self::LeakyRelu { slope } => {
                let slope = F::of(*slope);
                scale(z, a, delta, |z, _| if z > F::zero() { F::one() } else { slope });
            }
            Self::Elu { alpha } => {
                let alpha = F::of(*alpha);
                scale(z, a, delta, |z, _| if z > F::zero() { F::one() } else { alpha * z.exp() });
            }
            Self::Selu => {
                let [above, below] = SELU.map(F::of);
                scale(z, a, delta, |z, _| if z > F::zero() { above } else { below * z.exp() });
            }
            Self::Softplus => multiply_slopes(Smooth::Softplus, z, delta),
            Self::Silu => multiply_slopes(Smooth::Silu, z, delta),
            Self::Mish => multiply_slopes(Smooth::Mish, z, delta),
            Self::Gelu => multiply_slopes(Smooth::Gelu, z, delta),
            Self::Custom(function) => {
                scale(z, a, delta, |z, a| F::of(function.derivative(z.as_f64(), a.as_f64())));
            }
        }
    }
}

/// λ and λ α of SELU: the slopes of σ above 0 and, at 0, below it.
const SELU: [f64; 2] = [1.050_700_987_355_480_5, 1.758_099_340_847_376_9];

/// Overwrites `a` with a function of our own of z.
fn own<F: Scalar>(function: fn(&mut [F]), z: &[F], a: &mut [F]) {
    a.copy_from_slice(z);
    function(a);
}

/// Multiplies δ by σ′(z).
fn multiply_slopes<F: Scalar>(smooth: Smooth, z: &[F], delta: &mut [F]) {
    assert_eq!(z.len(), delta.len(), "one δ for each activation");
    const AT_ONCE: usize = 256;
    let (mut values, mut slopes) = ([F::zero(); AT_ONCE], [F::zero(); AT_ONCE]);
    for (z, delta) in z.chunks(AT_ONCE).zip(delta.chunks_mut(AT_ONCE)) {
        values[..z.len()].copy_from_slice(z);
        let whole = z.len().next_multiple_of(F::LANES);
        let [numbers, known] = [&mut values, &mut slopes].map(|numbers| Chunks::one(&mut numbers[..whole]));
        F::apply_with_slopes(ApplyWithSlopes { function: smooth, numbers, slopes: known });
        delta.iter_mut().zip(slopes).for_each(|(delta, slope)| *delta *= slope);
    }
}

fn each<F: Scalar>(z: &[F], a: &mut [F], value: impl Fn(F) -> F) {
    assert_eq!(z.len(), a.len(), "one activation for each pre-activation");
    for (a, &z) in a.iter_mut().zip(z) {
        *a = value(z);
    }
}

fn scale<F: Scalar>(z: &[F], a: &[F], delta: &mut [F], derivative: impl Fn(F, F) -> F) {
    assert!(z.len() == a.len() && a.len() == delta.len(), "one δ for each activation");
    for ((delta, &z), &a) in delta.iter_mut().zip(z).zip(a) {
        *delta *= derivative(z, a);
    }
}

/// Two custom activations are equal if one is a clone of the other: they share one object.
impl PartialEq for Activation {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Custom(left), Self::Custom(right)) => Arc::ptr_eq(left, right),
            (Self::LeakyRelu { slope: left }, Self::LeakyRelu { slope: right }) => left == right,
            (Self::Elu { alpha: left }, Self::Elu { alpha: right }) => left == right,
            _ => std::mem::discriminant(self) == std::mem::discriminant(other),
        }
    }
}

/// The name as papers write it; a custom activation prints its `Debug` form.
impl Display for Activation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Identity => f.pad("identity"),
            Self::Sigmoid => f.pad("sigmoid"),
            Self::Tanh => f.pad("tanh"),
            Self::Relu => f.pad("ReLU"),
            Self::LeakyRelu { slope } => f.pad(&format!("leaky ReLU {slope}")),
            Self::Elu { alpha } => f.pad(&format!("ELU {alpha}")),
            Self::Selu => f.pad("SELU"),
            Self::Softplus => f.pad("softplus"),
            Self::Silu => f.pad("SiLU"),
            Self::Mish => f.pad("Mish"),
            Self::Gelu => f.pad("GELU"),
            Self::Custom(function) => write!(f, "{function:?}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sigmoid_by_hand() {
        // σ(0.5) = 1 / (1 + e^−0.5) = 1 / 1.606530659712633 = 0.622459331201855
        check(&Activation::Sigmoid, 0.5, 0.622_459_331_201_854_6, 0.235_003_712_201_594_4);
    }
    #[test]
    fn tanh_by_hand() {
        // tanh 0.5 = (e − 1) / (e + 1) = 1.718281828459045 / 3.718281828459045; σ′ = 1 − a²
        check(&Activation::Tanh, 0.5, 0.462_117_157_260_009_8, 0.786_447_732_965_927_4);
    }
    #[test]
    fn relu_is_flat_at_zero() {
        check(&Activation::Relu, 0.0, 0.0, 0.0);
        check(&Activation::Relu, 2.0, 2.0, 1.0);
        check(&Activation::Relu, -2.0, 0.0, 0.0);
    }
    #[test]
    fn leaky_relu_keeps_its_slope_below_zero_and_at_it() {
        let leaky = Activation::LeakyRelu { slope: 0.25 };
        check(&leaky, 0.0, 0.0, 0.25);
        check(&leaky, 2.0, 2.0, 1.0);
        check(&leaky, -2.0, -0.5, 0.25);
    }
    #[test]
    fn kinks_are_where_the_slope_jumps() {
        let leaky = Activation::LeakyRelu { slope: 0.25 };
        for (activation, kinks) in [
            (Activation::Identity, &[][..]),
            (Activation::Sigmoid, &[]),
            (Activation::Tanh, &[]),
            (Activation::Relu, &[0.0]),
            (leaky, &[0.0]),
            (Activation::Elu { alpha: 1.0 }, &[]),
            (Activation::Elu { alpha: 0.5 }, &[0.0]),
            (Activation::Selu, &[0.0]),
            (Activation::Softplus, &[]),
            (Activation::Silu, &[]),
            (Activation::Mish, &[]),
            (Activation::Gelu, &[]),
            (Twice.into(), &[]),
            (Clipped.into(), &[-1.0, 1.0]),
        ] {
            assert_eq!(activation.kinks(), kinks, "{activation}");
        }
    }
    #[test]
    fn names_are_those_of_papers() {
        let leaky = Activation::LeakyRelu { slope: 0.25 };
        let named = [
            Activation::Identity,
            Activation::Sigmoid,
            Activation::Tanh,
            Activation::Relu,
            leaky,
            Twice.into(),
        ];
        let names = ["identity", "sigmoid", "tanh", "ReLU", "leaky ReLU 0.25", "Twice"];
        assert_eq!(named.map(|activation| activation.to_string()), names);
        let elu = Activation::Elu { alpha: 1.0 };
        let named = [elu, Activation::Selu, Activation::Softplus];
        assert_eq!(named.map(|activation| activation.to_string()), ["ELU 1", "SELU", "softplus"]);
        let named = [Activation::Silu, Activation::Mish, Activation::Gelu];
        assert_eq!(named.map(|activation| activation.to_string()), ["SiLU", "Mish", "GELU"]);
    }
    #[test]
    fn custom_activations_are_equal_when_cloned_from_one_another() {
        let twice = Activation::from(Twice);
        assert_eq!(twice, twice.clone());
        assert_ne!(twice, Activation::from(Twice));
        assert_ne!(twice, Activation::Identity);
    }
    #[test]
    fn leaky_relus_are_equal_when_their_slopes_are() {
        let leaky = |slope| Activation::LeakyRelu { slope };
        assert_eq!(leaky(0.1), leaky(0.1));
        assert_ne!(leaky(0.1), leaky(0.2));
        assert_ne!(leaky(0.0), Activation::Relu);
    }
    #[test]
    fn saturated_units_stay_finite() {
        check(&Activation::Sigmoid, 1e3, 1.0, 0.0);
        check(&Activation::Sigmoid, -1e3, 0.0, 0.0);
        check(&Activation::Tanh, 1e300, 1.0, 0.0);
    }
    #[test]
    fn far_out_activations_are_their_limits() {
        for gated in [Activation::Silu, Activation::Mish, Activation::Gelu, Activation::Softplus] {
            for size in [1e3, 1e300, f64::INFINITY] {
                check(&gated, -size, 0.0, 0.0);
                assert_eq!((gated.value(size), gated.derivative(size)), (size, 1.0), "{gated}");
            }
        }
        check(&Activation::Elu { alpha: 0.5 }, f64::NEG_INFINITY, -0.5, 0.0);
    }
    #[test]
    fn a_nan_is_never_hidden() {
        let leaky = Activation::LeakyRelu { slope: 0.01 };
        let elu = Activation::Elu { alpha: 1.0 };
        let smooth = [Activation::Softplus, Activation::Silu, Activation::Mish, Activation::Gelu];
        for activation in
            [Activation::Identity, Activation::Sigmoid, Activation::Tanh, Activation::Relu, leaky]
                .into_iter()
                .chain([elu, Activation::Selu])
                .chain(smooth)
        {
            assert!(activation.value(f64::NAN).is_nan(), "{activation}");
        }
    }

    /// σ(z) = 2z, which has no kink and declares none.
    #[derive(Debug)]
    struct Twice;
    impl ActivationFn for Twice {
        fn value(&self, z: f64) -> f64 {
            2.0 * z
        }
        fn derivative(&self, _z: f64, _a: f64) -> f64 {
            2.0
        }
    }

    /// σ(z) = z, but at least −1 and at most 1.
    #[derive(Debug)]
    struct Clipped;
    impl ActivationFn for Clipped {
        fn value(&self, z: f64) -> f64 {
            z.clamp(-1.0, 1.0)
        }
        fn derivative(&self, z: f64, _a: f64) -> f64 {
            f64::from(z.abs() < 1.0)
        }
        fn kinks(&self) -> &[f64] {
            &[-1.0, 1.0]
        }
    }

    #[track_caller]
    fn check(activation: &Activation, z: f64, a: f64, derivative: f64) {
        const ROUNDING: f64 = 2e-16; // one unit in the last place at 1
        assert!((activation.value(z) - a).abs() <= ROUNDING, "σ({z}) = {}", activation.value(z));
        let found = activation.derivative(z);
        assert!((found - derivative).abs() <= ROUNDING, "σ′({z}) = {found}");
    }
}
