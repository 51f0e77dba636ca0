//! Activation functions as nodes.
//!
//! Several runtimes compute Elu, Selu, Softplus, Mish, LeakyRelu and Erf only in single precision, so these
//! consist of simpler operators. Only Erf in single precision is used, as half of the exact GELU.

use ann_core::Activation;

use super::graph::{Element, Name, Part};

/// The nodes of σ(z); `None` for an activation that is not known here.
pub(super) fn activate(part: &mut Part<'_>, activation: &Activation, z: &Name) -> Option<Name> {
    Some(match activation {
        Activation::Identity => z.clone(),
        Activation::Sigmoid => sigmoid(part, z),
        Activation::Tanh => part.apply("Tanh", &[z]),
        Activation::Relu => part.apply("Relu", &[z]),
        Activation::LeakyRelu { slope } => {
            let below = part.apply_to("Min", z, 0.0);
            two_sided(part, z, 1.0, &below, *slope)
        }
        Activation::Elu { alpha } => {
            let below = exp_m1_below_0(part, z);
            two_sided(part, z, 1.0, &below, *alpha)
        }
        Activation::Selu => {
            // λ, and λ α = −σ(−∞).
            let below = exp_m1_below_0(part, z);
            two_sided(part, z, activation.value(1.0), &below, -activation.value(f64::NEG_INFINITY))
        }
        Activation::Softplus => softplus(part, z),
        Activation::Silu => {
            // z / (1 + e⁻ᶻ)
            let divisor = one_plus_exp_of_minus(part, z);
            part.apply("Div", &[z, &divisor])
        }
        Activation::Mish => mish(part, z),
        Activation::Gelu if part.element == Element::Float => gelu_by_erf(part, z),
        Activation::Gelu => gelu(part, z),
        _ => return None,
    })
}

/// 1 / (1 + e⁻ᶻ).
pub(super) fn sigmoid(part: &mut Part<'_>, z: &Name) -> Name {
    let divisor = one_plus_exp_of_minus(part, z);
    let one = part.number(1.0);
    part.apply("Div", &[&one, &divisor])
}

fn one_plus_exp_of_minus(part: &mut Part<'_>, z: &Name) -> Name {
    let minus = part.apply("Neg", &[z]);
    let power = part.apply("Exp", &[&minus]);
    part.apply_to("Add", &power, 1.0)
}

/// above · max(z, 0) + slope · below.
fn two_sided(part: &mut Part<'_>, z: &Name, above: f64, below: &Name, slope: f64) -> Name {
    let positive = part.apply("Relu", &[z]);
    let positive = if above == 1.0 { positive } else { part.apply_to("Mul", &positive, above) };
    let negative = part.apply_to("Mul", below, slope);
    part.apply("Add", &[&positive, &negative])
}

/// eᶻ − 1 for z < 0, and 0 otherwise.
fn exp_m1_below_0(part: &mut Part<'_>, z: &Name) -> Name {
    let below = part.apply_to("Min", z, 0.0);
    let power = part.apply("Exp", &[&below]);
    part.apply_to("Sub", &power, 1.0)
}

/// max(z, 0) + ln(1 + e^−|z|).
fn softplus(part: &mut Part<'_>, z: &Name) -> Name {
    let size = part.apply("Abs", &[z]);
    let sum = one_plus_exp_of_minus(part, &size);
    let logarithm = part.apply("Log", &[&sum]);
    let positive = part.apply("Relu", &[z]);
    part.apply("Add", &[&positive, &logarithm])
}

/// z · n / (n + 2) with n = eᶻ (eᶻ + 2), because tanh(ln(1 + e)) = ((1 + e)² − 1) / ((1 + e)² + 1). From z =
/// 20 on the fraction rounds to 1.
fn mish(part: &mut Part<'_>, z: &Name) -> Name {
    let bounded = part.apply_to("Min", z, 20.0);
    let power = part.apply("Exp", &[&bounded]);
    let sum = part.apply_to("Add", &power, 2.0);
    let n = part.apply("Mul", &[&power, &sum]);
    let divisor = part.apply_to("Add", &n, 2.0);
    let factor = part.apply("Div", &[&n, &divisor]);
    part.apply("Mul", &[z, &factor])
}

/// ½ z (1 + erf(z / √2)).
fn gelu_by_erf(part: &mut Part<'_>, z: &Name) -> Name {
    let scaled = part.apply_to("Mul", z, std::f64::consts::FRAC_1_SQRT_2);
    let erf = part.apply("Erf", &[&scaled]);
    let sum = part.apply_to("Add", &erf, 1.0);
    let half = part.apply_to("Mul", z, 0.5);
    part.apply("Mul", &[&half, &sum])
}

/// K of [`MILLS`].
const CENTRE: f64 = 3.804_687_5;
/// (x + K) e^(x²/2) Φ(−x) for x from 0 to 38.7, as a polynomial in t = (x − K) / (x + K), highest power
/// first, with a relative error below 3e-17. `ann-core` computes it with the same numbers, which are made by
/// `crates/ann-core/src/elementary/coefficients.py`.
const MILLS: [f64; 24] = [
    -5.840_401_156_788_292e-10,
    -1.493_558_306_194_056e-10,
    7.940_024_520_051_182e-9,
    1.073_496_272_673_513_5e-8,
    -3.749_588_257_583_661e-8,
    -9.795_792_956_467_777e-8,
    7.692_627_102_406_323e-8,
    5.496_239_446_624_022e-7,
    1.911_124_412_739_692_7e-7,
    -2.540_475_180_012_933_6e-6,
    -3.103_433_568_126_101e-6,
    1.140_668_400_733_106_2e-5,
    2.345_918_253_420_766e-5,
    -5.915_840_059_796_162e-5,
    -0.000_152_022_940_128_110_2,
    0.000_421_919_075_556_191_4,
    0.000_852_638_292_403_903_8,
    -0.004_172_226_853_998_612_5,
    -0.000_453_473_683_743_910_75,
    0.042_290_348_329_240_876,
    -0.159_236_140_305_796_22,
    0.360_697_519_705_701_24,
    -0.592_732_329_806_678_8,
    0.751_455_284_887_486,
];

/// max(z, 0) − |z| Φ(−|z|), which is z Φ(z) on both sides of 0.
fn gelu(part: &mut Part<'_>, z: &Name) -> Name {
    let size = part.apply("Abs", &[z]);
    let tail = normal_tail(part, &size);
    let product = part.apply("Mul", &[&size, &tail]);
    let positive = part.apply("Relu", &[z]);
    part.apply("Sub", &[&positive, &product])
}

/// Φ(−x) = e^(−x²/2) P(t) / (x + K) for x ≥ 0. From x = 38.7 on it rounds to 0.
fn normal_tail(part: &mut Part<'_>, x: &Name) -> Name {
    let x = part.apply_to("Min", x, 38.7);
    let [sum, difference] = ["Add", "Sub"].map(|operator| part.apply_to(operator, &x, CENTRE));
    let t = part.apply("Div", &[&difference, &sum]);
    let mut polynomial = part.number(MILLS[0]);
    for coefficient in &MILLS[1..] {
        let product = part.apply("Mul", &[&polynomial, &t]);
        polynomial = part.apply_to("Add", &product, *coefficient);
    }
    let quotient = part.apply("Div", &[&polynomial, &sum]);
    let square = part.apply("Mul", &[&x, &x]);
    let exponent = part.apply_to("Mul", &square, -0.5);
    let power = part.apply("Exp", &[&exponent]);
    part.apply("Mul", &[&quotient, &power])
}
