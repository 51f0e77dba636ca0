//! The functions of our own, measured in units in the last place (ulp) against values in higher precision.
//!
//! Largest errors found, among all numbers of f32 and 5 · 10⁸ of f64:
//!
//! |     |  exp |   ln | tanh | sigmoid |
//! |-----|-----:|-----:|-----:|--------:|
//! | f64 | 1.06 | 0.98 | 2.27 |    2.33 |
//! | f32 | 1.06 | 0.87 | 2.00 |    2.31 |

use std::f64::consts::{LN_2, SQRT_2};
use std::ops::Range;

use ann_core::elementary::{exp, ln, sigmoid, tanh};
use ann_core::{Scalar, seeded};
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
    let mut found = points.to_vec();
    function(&mut found);
    for (x, found) in points.iter().zip(found) {
        let [big, big_found] = [*x, found].map(|x| Big::try_from(x).unwrap().with_precision(BITS).value());
        let truth = truth(big);
        // 2ᵉ⁻¹ ≤ |truth| < 2ᵉ
        let e = truth.repr().exponent() + truth.repr().digits() as isize;
        let last_place = (e - 53).max(-1074);
        let ulps = ((big_found - truth) >> last_place).to_f64().value();
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
}

#[track_caller]
fn check_f32(function: fn(&mut [f32]), truth: fn(f64) -> f64) {
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
    for function in [exp, ln, tanh, sigmoid] {
        check_exact(function, &[(F::nan(), F::nan()), (-F::nan(), F::nan())]);
    }
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
        for function in [exp, ln, tanh, sigmoid] {
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
