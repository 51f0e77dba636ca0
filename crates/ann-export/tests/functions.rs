//! The functions that exported Rust carries along are those of the engine, to single precision.

use ann_model::ann_core::Activation;

#[path = "../src/rust/functions.rs"]
#[allow(dead_code, reason = "the others are tested in exported modules")]
mod own;

/// Three units in the last place at 1.
const ROUNDING: f64 = 2e-7;

type Function = fn(f32) -> f32;

#[test]
fn activations() {
    let functions: [(Function, Activation); 5] = [
        (own::sigmoid, Activation::Sigmoid),
        (own::tanh, Activation::Tanh),
        (own::softplus, Activation::Softplus),
        (own::mish, Activation::Mish),
        (own::gelu, Activation::Gelu),
    ];
    for (function, activation) in functions {
        for z in numbers() {
            let (found, expected) = (f64::from(function(z)), activation.value(f64::from(z)));
            assert!(
                (found - expected).abs() <= ROUNDING * expected.abs().max(1.0),
                "{activation}, {z}: {found}, expected {expected}"
            );
        }
    }
}

#[test]
fn exponentials_and_roots() {
    for x in numbers().filter(|x| *x > -87.0) {
        let (found, expected) = (f64::from(own::exp(x)), f64::from(x).exp());
        assert!((found - expected).abs() <= ROUNDING * expected, "exp {x}: {found}, expected {expected}");
    }
    for x in numbers().map(|x| 1.0 + x * x) {
        let (found, expected) = (f64::from(own::sqrt(x)), f64::from(x).sqrt());
        assert!((found - expected).abs() <= ROUNDING * expected, "√{x}: {found}, expected {expected}");
    }
    assert_eq!([-1e30, -87.1, 88.8, 1e30].map(own::exp), [0.0, 0.0, f32::INFINITY, f32::INFINITY]);
    assert!(own::exp(f32::NAN).is_nan());
}

/// From −88.5 to 88.5.
fn numbers() -> impl Iterator<Item = f32> {
    (-88_500..=88_500).map(|thousandth| thousandth as f32 / 1000.0)
}
