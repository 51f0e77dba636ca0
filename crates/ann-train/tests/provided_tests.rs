//! The report's "provided tests", case by case, with default settings and every seed from 0 to 19.
//!
//! Inputs are the four corners of the unit square. Only the hidden layers and the seed are set.

use ann_train::ndarray::{Array, Array1, Array2, Dimension, array};
use ann_train::{Activation, Classifier, FittedClassifier, FittedRegressor, Regressor};

const SEEDS: std::ops::Range<u64> = 0..20;
/// The report's own: "within 0.01".
const TOLERANCE: f64 = 0.01;

const CORNERS: [usize; 4] = [0, 1, 2, 3];
const XOR: [usize; 4] = [0, 1, 1, 0];

#[test]
fn four_classes_without_hidden_layer_are_told_apart() {
    let identity = Array2::eye(4);
    for seed in SEEDS {
        check(seed, &classify(&[], &CORNERS, seed), &identity);
    }
}

#[test]
fn xor_classes_without_hidden_layer_are_a_coin_toss() {
    let half = Array2::from_elem((4, 2), 0.5);
    for seed in SEEDS {
        check(seed, &classify(&[], &XOR, seed), &half);
    }
}

#[test]
fn xor_classes_with_one_hidden_layer_are_learned() {
    for seed in SEEDS {
        check(seed, &classify(&[10], &XOR, seed), &xor_probabilities());
    }
}

#[test]
fn xor_classes_with_two_hidden_layers_are_learned() {
    for seed in SEEDS {
        check(seed, &classify(&[10, 11], &XOR, seed), &xor_probabilities());
    }
}

#[test]
fn corner_numbers_without_hidden_layer_are_fitted() {
    for seed in SEEDS {
        check(seed, &regress(&[], &CORNERS, seed), &array![0.0, 1.0, 2.0, 3.0]);
    }
}

#[test]
fn xor_values_without_hidden_layer_are_one_half() {
    for seed in SEEDS {
        check(seed, &regress(&[], &XOR, seed), &array![0.5, 0.5, 0.5, 0.5]);
    }
}

#[test]
fn xor_values_with_one_hidden_layer_are_fitted() {
    for seed in SEEDS {
        check(seed, &regress(&[10], &XOR, seed), &array![0.0, 1.0, 1.0, 0.0]);
    }
}

#[test]
fn xor_values_with_two_hidden_layers_are_fitted() {
    for seed in SEEDS {
        check(seed, &regress(&[10, 11], &XOR, seed), &array![0.0, 1.0, 1.0, 0.0]);
    }
}

#[test]
fn a_regressor_lists_its_weights_with_the_bias_as_last_row() {
    for seed in SEEDS {
        let weights = fit_regressor(&[10, 5], &XOR, seed).weights();
        let shapes: Vec<_> = weights.iter().map(Array2::dim).collect();
        assert_eq!(shapes, [(3, 10), (11, 5), (6, 1)], "seed {seed}");
    }
}

#[test]
fn a_classifier_lists_its_weights_the_same_way() {
    let weights = fit_classifier(&[10], &XOR, SEEDS.start).weights();
    assert_eq!(weights.iter().map(Array2::dim).collect::<Vec<_>>(), [(3, 10), (11, 2)]);
}

/// What is listed is what predicts: a linear model is ŷ = w₁ x₁ + w₂ x₂ + b, and the corners 0 to 3 lie on
/// 2 x₁ + x₂.
#[test]
fn the_last_row_of_weights_is_the_bias() {
    for seed in SEEDS {
        let weights = fit_regressor(&[], &CORNERS, seed).weights();
        // ŷ is within 0.01 at each corner, and w is the difference of two.
        for (found, expected) in weights[0].iter().zip([2.0, 1.0, 0.0]) {
            assert!((found - expected).abs() < 2.0 * TOLERANCE, "seed {seed}: {weights:?}");
        }
    }
}

fn corners() -> Array2<f64> {
    array![[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]
}

fn xor_probabilities() -> Array2<f64> {
    array![[1.0, 0.0], [0.0, 1.0], [0.0, 1.0], [1.0, 0.0]]
}

fn classify(hidden: &[usize], labels: &[usize; 4], seed: u64) -> Array2<f64> {
    fit_classifier(hidden, labels, seed).predict_proba(&corners()).unwrap()
}

fn regress(hidden: &[usize], values: &[usize; 4], seed: u64) -> Array1<f64> {
    fit_regressor(hidden, values, seed).predict(&corners()).unwrap()
}

fn fit_classifier(hidden: &[usize], labels: &[usize; 4], seed: u64) -> FittedClassifier<usize> {
    let hidden = Activation::Sigmoid.layers(hidden.to_vec());
    Classifier { hidden, seed, ..Classifier::default() }.fit(&corners(), labels).unwrap()
}

fn fit_regressor(hidden: &[usize], values: &[usize; 4], seed: u64) -> FittedRegressor {
    let hidden = Activation::Sigmoid.layers(hidden.to_vec());
    Regressor { hidden, seed, ..Regressor::default() }.fit(&corners(), &values.map(|y| y as f64)).unwrap()
}

#[track_caller]
fn check<D: Dimension>(seed: u64, found: &Array<f64, D>, expected: &Array<f64, D>) {
    assert_eq!(found.shape(), expected.shape());
    let close = found.iter().zip(expected).all(|(f, e)| (f - e).abs() <= TOLERANCE);
    assert!(close, "seed {seed}: {found}, expected {expected}");
}
