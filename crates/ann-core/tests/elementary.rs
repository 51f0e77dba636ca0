//! The functions of our own, measured in units in the last place (ulp) against values in higher precision.
//!
//! Largest errors found, among all numbers of f32 and 5 · 10⁸ of f64:
//!
//! |     |  exp |   ln | tanh | sigmoid |
//! |-----|-----:|-----:|-----:|--------:|
//! | f64 | 1.06 | 0.98 | 2.27 |    2.33 |
//! | f32 | 1.06 | 0.87 | 2.00 |    2.31 |
//!
//! And among 50 000 numbers of f64 and 100 000 of f32, against mpmath:
//!
//! |     | exp_m1 | softplus | SiLU | Mish | GELU |    Φ |
//! |-----|-------:|---------:|-----:|-----:|-----:|-----:|
//! | f64 |   2.05 |     1.51 | 1.95 | 1.47 | 1.56 | 1.87 |
//! | f32 |   1.53 |     1.72 | 1.86 | 1.53 | 1.28 | 1.35 |

use std::f64::consts::{LN_2, SQRT_2};
use std::ops::Range;

use ann_core::elementary::{exp, exp_m1, gelu, ln, mish, normal_cdf, sigmoid, silu, softplus, tanh};
use ann_core::{Activation, Architecture, Network, Scalar, seeded};
use dashu_float::{FBig, round::mode::HalfEven};
use rand::RngExt;

/// What the documentation promises.
const ULPS: f64 = 2.5;
/// Precision of the truth in f64, in bits: what is left of its own errors is below 10⁻²⁰ ulp.
const BITS: usize = 128;
const SEED: u64 = 0;

type Big = FBig<HalfEven>;

// The first range is where the function is neither 0, nor ±1, nor ∞. Steps are chosen for each test to take a
// second.
#[test]
fn exp_in_f64() {
    let halfway = (-2150..2048).step_by(7).map(|k| f64::from(k) * LN_2 / 2.0);
    let largest = f64::MAX.ln();
    let dense = [-745.2..-708.0, 709.0..largest, -1.0..1.0];
    check_f64(exp, |x| x.exp(), &points(-746.0..largest, &dense, halfway.chain([largest])));
}

#[test]
fn ln_in_f64() {
    let powers = (31..2047).step_by(32).map(|k| f64::from_bits(k << 52));
    let cuts = powers.flat_map(|power| [power, SQRT_2 * power]);
    let dense = [0.0..f64::MIN_POSITIVE, 0.7..0.71, 0.99..1.01];
    check_f64(ln, |x| x.ln(), &points(5e-324..f64::INFINITY, &dense, cuts));
}

#[test]
fn tanh_in_f64() {
    // tanh z = m / (m + 2) with m = e²ᶻ − 1
    let truth = |z: Big| {
        let m = (&z + &z).exp_m1();
        &m / (&m + 2)
    };
    // At the last number the bare quotient −m / (2 + m) errs by 2.66 ulp.
    let at = (-100..100).map(|k| f64::from(k) * LN_2 / 4.0).chain([0.211_898_750_418_564_68]);
    check_f64(tanh, truth, &points(-25.0..25.0, &[-1.0..1.0, 0.17..0.23, 0.5..0.6, 18.0..20.0], at));
}

#[test]
fn sigmoid_in_f64() {
    let halfway = (-2150..200).step_by(7).map(|k| f64::from(k) * LN_2 / 2.0);
    let dense = [-745.2..-708.0, -10.0..-1.0, -1.0..1.0, 30.0..40.0];
    check_f64(sigmoid, |z| 1 / ((-z).exp() + 1), &points(-746.0..40.0, &dense, halfway));
}

#[test]
fn exp_m1_in_f64() {
    let cuts = (-120..2047).step_by(7).map(|k| f64::from(k) * LN_2 / 2.0);
    let largest = f64::MAX.ln();
    let dense = [-40.0..-1.0, -1.0..1.0, 0.3..0.4, 709.0..largest];
    check_f64(exp_m1, |x| x.exp_m1(), &points(-800.0..largest, &dense, cuts.chain([1.0, largest])));
}

#[test]
fn softplus_in_f64() {
    let cuts = (-2150..200).step_by(7).map(|k| f64::from(k) * LN_2 / 2.0);
    let dense = [-745.2..-708.0, -40.0..-1.0, -1.0..1.0, 1.0..40.0];
    // Where e = √2 − 1 the sum takes another power of two.
    let at = cuts.chain([SQRT_2 - 1.0, SQRT_2 + 1.0].map(f64::ln));
    check_f64(softplus, softplus_in_big, &points(-746.0..1e300, &dense, at));
}

#[test]
fn silu_in_f64() {
    let cuts = (-2170..200).step_by(7).map(|k| f64::from(k) * LN_2 / 2.0);
    let dense = [-752.0..-708.0, -40.0..-1.0, -1.0..1.0, 1.0..40.0];
    let truth = |z: Big| &z / ((-&z).exp() + 1);
    check_f64(silu, truth, &points(-760.0..300.0, &dense, cuts));
}

#[test]
fn mish_in_f64() {
    let cuts = (-2170..200).step_by(7).map(|k| f64::from(k) * LN_2 / 2.0);
    let dense = [-752.0..-708.0, -40.0..-1.0, -1.0..1.0, 1.0..40.0];
    check_f64(mish, |z| &z * mish_gate(&z), &points(-760.0..300.0, &dense, cuts));
}

/// tanh(ln(1 + w)) = n / (n + 2) with w = eᶻ and n = w² + 2w.
fn mish_gate(z: &Big) -> Big {
    let w = z.exp();
    let n = &w * &w + &w + &w;
    &n / (&n + 2)
}

fn softplus_in_big(z: Big) -> Big {
    let e = if z < Big::ZERO { z.exp() } else { (-&z).exp() };
    e.ln_1p() + if z < Big::ZERO { Big::ZERO } else { z }
}

#[test]
fn gelu_and_normal_cdf_in_f64() {
    let [points, values] = normal_cdf_of_mpmath();
    let floats: Vec<f64> = points.iter().map(|x| x.to_f64().value()).collect();
    let products = points.iter().zip(&values).map(|(x, cdf)| x * cdf);
    check_values(normal_cdf, &floats, values.iter().cloned());
    check_values(gelu, &floats, products);
}

/// Numbers x and Φ(x): see `normal_cdf.py`.
fn normal_cdf_of_mpmath() -> [Vec<Big>; 2] {
    let lines = include_str!("normal_cdf.txt").lines().map(|line| {
        let parts: Vec<&str> = line.split(' ').collect();
        let [x, mantissa] = [0, 1].map(|part| i128::from_str_radix(parts[part], 16).unwrap());
        (big(f64::from_bits(x as u64)), Big::from(mantissa) << parts[2].parse().unwrap())
    });
    let (points, values) = lines.unzip();
    [points, values]
}

#[test]
fn elu_and_selu_in_f64() {
    // A weight of 1 and a bias of 0 are exact, so the output is σ(x). λ and α are those of f64.
    let (lambda, alpha) = (1.050_700_987_355_480_5, 1.673_263_242_354_377_2);
    for (activation, above, below) in [
        (Activation::Selu, lambda, big(lambda) * big(alpha)),
        (Activation::Elu { alpha: 0.3 }, 1.0, big(0.3)),
        (Activation::Elu { alpha: 1.0 }, 1.0, big(1.0)),
    ] {
        let architecture = Architecture::inputs(1).dense(1, activation);
        let network = Network::from_parameters(&architecture, vec![1.0, 0.0]).unwrap();
        let mut predictor = network.predictor().unwrap();
        let points = points(-800.0..800.0, &[-40.0..-1.0, -1.0..1.0, 1.0..40.0], []);
        let found: Vec<f64> = points
            .iter()
            .map(|&x| {
                let mut output = [0.0];
                predictor.predict_into(&[x], &mut output).unwrap();
                output[0]
            })
            .collect();
        let truth = |&x: &f64| if x > 0.0 { big(x) * big(above) } else { big(x).exp_m1() * &below };
        check_ulps(&points, &found, points.iter().map(truth));
    }
}

#[test]
fn slopes_in_f64() {
    // σ′ = g + z g′ crosses 0 where its terms cancel. So the bound is one of the terms: 4 roundings of each.
    let one = || big(1.0);
    let silu = |z: &Big| {
        let s: Big = 1 / ((-z).exp() + 1);
        [s.clone(), z * &s * (1 - &s)]
    };
    let mish = |z: &Big| {
        let t = mish_gate(z);
        [t.clone(), z * (1 - &t * &t) / ((-z).exp() + 1)]
    };
    let points = points(-700.0..300.0, &[-40.0..-1.0, -1.0..1.0, 1.0..40.0], [-1.278_464_542_761_074]);
    for z in &points {
        let z_big = big(*z);
        check_slope(&Activation::Silu, *z, silu(&z_big));
        check_slope(&Activation::Mish, *z, mish(&z_big));
        check_slope(&Activation::Softplus, *z, [one() / ((-&z_big).exp() + 1), Big::ZERO]);
    }
    // 1 / √(2π)
    let at_0 = big(0.398_942_280_401_432_7) + big(-2.492_327_202_777_143e-17);
    let [points, values] = normal_cdf_of_mpmath();
    for (z, cdf) in points.iter().zip(values) {
        let half_square: Big = z * z / 2;
        let density = (-half_square).exp() * &at_0;
        check_slope(&Activation::Gelu, z.to_f64().value(), [cdf, z * density]);
    }
}

#[track_caller]
fn check_slope(activation: &Activation, z: f64, terms: [Big; 2]) {
    let found = activation.derivative(z);
    let size: f64 = terms.iter().map(|term| term.to_f64().value().abs()).sum();
    let [first, second] = terms;
    let error = (big(found) - first - second).to_f64().value().abs();
    let bound = 4.0 * f64::EPSILON * size + f64::MIN_POSITIVE;
    assert!(error <= bound, "{activation}′({z:e}) = {found:e} is off by {error:e}");
}

/// The number, exactly.
fn big(x: f64) -> Big {
    Big::try_from(x).unwrap().with_precision(BITS).value()
}

/// In `whole`: one number of each sign and exponent, 500 in each of the `dense` ranges, and those `at` with
/// their neighbours.
fn points(whole: Range<f64>, dense: &[Range<f64>], at: impl IntoIterator<Item = f64>) -> Vec<f64> {
    let mut rng = seeded(SEED);
    let mut points: Vec<f64> = at.into_iter().flat_map(|x| [x.next_down(), x, x.next_up()]).collect();
    points.extend((0..1 << 12).map(|top| f64::from_bits(top << 52 | rng.random::<u64>() >> 12)));
    for range in dense {
        points.extend((0..500).map(|_| rng.random_range(range.clone())));
    }
    points.retain(|x| whole.contains(x));
    points
}

#[track_caller]
fn check_f64(function: fn(&mut [f64]), truth: impl Fn(Big) -> Big, points: &[f64]) {
    check_values(function, points, points.iter().map(|&x| truth(big(x))));
}

#[track_caller]
fn check_values(function: fn(&mut [f64]), points: &[f64], truths: impl Iterator<Item = Big>) {
    let mut found = points.to_vec();
    function(&mut found);
    check_ulps(points, &found, truths);
}

#[track_caller]
fn check_ulps(points: &[f64], found: &[f64], truths: impl Iterator<Item = Big>) {
    for ((x, &found), truth) in points.iter().zip(found).zip(truths) {
        // 2ᵉ⁻¹ ≤ |truth| < 2ᵉ
        let e = truth.repr().exponent() + truth.repr().digits() as isize;
        let last_place = (e - 53).max(-1074);
        let ulps = ((big(found) - truth) >> last_place).to_f64().value();
        assert!(ulps.abs() <= ULPS, "{found:e} at {x:e}: {ulps} ulp");
    }
}

#[test]
fn every_thousandth_number_of_f32() {
    // The truth in f64 errs by two ulp of its own at most, which are 2⁻²⁸ of one in f32.
    check_f32(exp, f64::exp);
    check_f32(ln, f64::ln);
    check_f32(tanh, f64::tanh);
    check_f32(sigmoid, |z| 1.0 / (1.0 + (-z).exp()));
    check_f32(exp_m1, f64::exp_m1);
    check_f32(softplus, |z| if z < 0.0 { z.exp().ln_1p() } else { z + (-z).exp().ln_1p() });
    // −∞ · 0 would be NaN, where the limit is 0.
    let finite = |z: f64| if z < -1e3 { -1e3 } else { z };
    check_f32(silu, move |z| finite(z) / (1.0 + (-z).exp()));
    check_f32(mish, move |z| finite(z) * z.exp().ln_1p().tanh());
    check_f32(gelu, |z| alone(gelu, z));
    check_f32(normal_cdf, |x| alone(normal_cdf, x));
}

#[track_caller]
fn check_f32(function: fn(&mut [f32]), truth: impl Fn(f64) -> f64) {
    let points: Vec<f32> = (0..=u32::MAX).step_by(1009).map(f32::from_bits).collect();
    let mut found = points.clone();
    function(&mut found);
    for (&x, &found) in points.iter().zip(&found) {
        // ∞ stands for the power of two that is out of reach.
        let within = |value: f64| value.clamp(f64::MIN, 128_f64.exp2());
        let (truth, wide) = (within(truth(x.into())), within(found.into()));
        // 2ᵉ⁻¹ ≤ |truth| < 2ᵉ
        let e = (truth.to_bits() >> 52 & 0x7ff) as i32 - 1022;
        let last_place = f64::from((e - 24).max(-149)).exp2();
        let close = (wide - truth).abs() <= ULPS * last_place || truth.is_nan() && wide.is_nan();
        assert!(close, "{found:e} at {x:e}, not {truth:e}");
    }
}

#[test]
fn exact_values() {
    exact_values_of::<f64>();
    exact_values_of::<f32>();
    check_exact(exp, &[(709.783, f64::INFINITY), (-745.14, 0.0)]);
    check_exact(exp, &[(88.73, f32::INFINITY), (-103.98, 0.0)]);
}

fn exact_values_of<F: Scalar>() {
    let [zero, one, infinity] = [F::zero(), F::one(), F::infinity()];
    let (half, largest, least) = (F::of(0.5), F::max_value(), F::min_positive_value() * F::epsilon());
    check_exact(exp, &[(zero, one), (-zero, one), (least, one), (-least, one)]);
    check_exact(exp, &[(infinity, infinity), (largest, infinity), (-largest, zero), (-infinity, zero)]);
    check_exact(ln, &[(one, zero), (zero, -infinity), (-zero, -infinity), (infinity, infinity)]);
    check_exact(ln, &[-least, -one, -largest, -infinity].map(|negative| (negative, F::nan())));
    check_exact(tanh, &[(zero, zero), (-zero, zero), (least, least), (-least, -least)]);
    check_exact(tanh, &[(largest, one), (infinity, one), (-largest, -one), (-infinity, -one)]);
    check_exact(sigmoid, &[(zero, half), (-zero, half), (least, half), (-least, half)]);
    check_exact(sigmoid, &[(largest, one), (infinity, one), (-largest, zero), (-infinity, zero)]);
    check_exact(exp_m1, &[(zero, zero), (least, least), (-least, -least), (infinity, infinity)]);
    check_exact(exp_m1, &[(largest, infinity), (-largest, -one), (-infinity, -one)]);
    check_exact(
        normal_cdf,
        &[(zero, half), (largest, one), (infinity, one), (-largest, zero), (-infinity, zero)],
    );
    check_exact(softplus, &[(largest, largest), (infinity, infinity), (-largest, zero), (-infinity, zero)]);
    for gated in [silu, mish, gelu] {
        check_exact(gated, &[(zero, zero), (-zero, zero), (-largest, zero), (-infinity, zero)]);
        check_exact(gated, &[(largest, largest), (infinity, infinity)]);
    }
    for function in every_function() {
        check_exact(function, &[(F::nan(), F::nan()), (-F::nan(), F::nan())]);
    }
}

fn every_function<F: Scalar>() -> [fn(&mut [F]); 10] {
    [exp, ln, tanh, sigmoid, exp_m1, softplus, silu, mish, gelu, normal_cdf]
}

#[track_caller]
fn check_exact<F: Scalar>(function: fn(&mut [F]), values: &[(F, F)]) {
    for &(x, expected) in values {
        let found = alone(function, x);
        assert!(found == expected || found.is_nan() && expected.is_nan(), "{found} at {x}, not {expected}");
    }
}

#[test]
fn a_number_gets_the_same_bits_in_any_company() {
    same_bits_in_any_company::<f64>();
    same_bits_in_any_company::<f32>();
}

fn same_bits_in_any_company<F: Scalar>() {
    let mut rng = seeded(SEED);
    for length in 0..=70 {
        let numbers: Vec<F> = (0..length).map(|_| F::of(rng.random_range(-3.0..9.0))).collect();
        for function in every_function() {
            let mut found = numbers.clone();
            function(&mut found);
            for (i, (&x, found)) in numbers.iter().zip(found).enumerate() {
                let [found, alone] = [found, alone(function, x)].map(|value| value.as_f64().to_bits());
                assert_eq!(found, alone, "number {i} of {length}, {x}");
            }
        }
    }
}

#[test]
fn tanh_is_odd() {
    for x in points(0.0..f64::INFINITY, &[0.0..1.0, 1.0..20.0], []) {
        assert_eq!(alone(tanh, -x), -alone(tanh, x), "at {x:e}");
        assert_eq!(alone(tanh, -x as f32), -alone(tanh, x as f32), "at {x:e} in f32");
    }
}

#[test]
fn larger_numbers_have_no_smaller_values() {
    check_order::<f64>(exp, f64::NEG_INFINITY, 0.0);
    check_order::<f32>(exp, f64::NEG_INFINITY, 0.0);
    check_order::<f64>(ln, 0.0, 0.0);
    check_order::<f32>(ln, 0.0, 0.0);
    check_order::<f64>(tanh, f64::NEG_INFINITY, 0.0);
    check_order::<f32>(tanh, f64::NEG_INFINITY, 0.0);
    // Of numbers next to each other the larger one may have a sigmoid that is an ulp smaller.
    check_order::<f64>(sigmoid, f64::NEG_INFINITY, f64::EPSILON);
    check_order::<f32>(sigmoid, f64::NEG_INFINITY, f32::EPSILON.into());
}

#[track_caller]
fn check_order<F: Scalar>(function: fn(&mut [F]), least: f64, fall: f64) {
    // The cuts of the reduction: exp takes another power of two at k ln 2 / 2, tanh at k ln 2 / 4, ln at 2ᵏ
    // √2.
    let cuts = (-200..200).flat_map(|k| [f64::from(k) * LN_2 / 4.0, f64::from(k).exp2() * SQRT_2]);
    let mut points = points(least..f64::INFINITY, &[0.0..1.0, least.max(-800.0)..800.0], cuts);
    points.sort_by(f64::total_cmp);
    let numbers: Vec<F> = points.into_iter().map(F::of).collect();
    let mut values = numbers.clone();
    function(&mut values);
    for (x, pair) in numbers.windows(2).zip(values.windows(2)) {
        assert!(pair[1] >= pair[0] * F::of(1.0 - fall), "{pair:?} at {x:?}");
    }
}

fn alone<F: Scalar>(function: fn(&mut [F]), x: F) -> F {
    let mut slice = [x];
    function(&mut slice);
    slice[0]
}
