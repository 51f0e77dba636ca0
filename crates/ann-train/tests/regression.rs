//! One-dimensional targets give one-dimensional predictions, two-dimensional ones two-dimensional; R² by
//! hand.

use ann_train::ndarray::{Array1, Array2, Axis, array};
use ann_train::{Init, Regressor, Scalar, TrainConfig, seeded};
use rand::RngExt;

#[test]
fn one_dimension_in_one_dimension_out() {
    let y = array![1.0, 3.0, 5.0, 7.0];
    let fitted = linear().fit(&line(), &y).unwrap();
    let prediction: Array1<f64> = fitted.predict(&line()).unwrap();
    assert_close(prediction.as_slice().unwrap(), &[1.0, 3.0, 5.0, 7.0]);
}

#[test]
fn two_dimensions_in_two_dimensions_out() {
    let y = array![[1.0, 0.0], [3.0, -1.0], [5.0, -2.0], [7.0, -3.0]];
    let fitted = linear().fit(&line(), &y).unwrap();
    let prediction: Array2<f64> = fitted.predict(&line()).unwrap();
    assert_eq!(prediction.dim(), (4, 2));
    assert_close(prediction.as_slice().unwrap(), y.as_slice().unwrap());
}

#[test]
fn one_column_stays_a_column() {
    let y = array![1.0, 3.0, 5.0, 7.0];
    let column = linear().fit(&line(), &y.clone().insert_axis(Axis(1))).unwrap();
    assert_eq!(column.predict(&line()).unwrap().dim(), (4, 1));
    // The same numbers as the one-dimensional targets, to the bit.
    assert_eq!(column.network().parameters(), linear().fit(&line(), &y).unwrap().network().parameters());
}

#[test]
fn every_container_of_targets_is_the_same() {
    let y = [1.0, 3.0, 5.0, 7.0];
    let expected = linear().fit(&line(), &y).unwrap().predict(&line()).unwrap();
    assert_eq!(linear().fit(&line(), y.as_slice()).unwrap().predict(&line()).unwrap(), expected);
    assert_eq!(linear().fit(&line(), &y.to_vec()).unwrap().predict(&line()).unwrap(), expected);
    assert_eq!(
        linear().fit(&line(), &array![1.0, 3.0, 5.0, 7.0].view()).unwrap().predict(&line()).unwrap(),
        expected
    );
}

#[test]
fn values_are_learned_in_f32_too() {
    let x = line().mapv(|value| value as f32);
    let fitted = linear().fit(&x, &[1.0_f32, 3.0, 5.0, 7.0]).unwrap();
    let prediction = fitted.predict(&x).unwrap().mapv(f64::from);
    assert_close(prediction.as_slice().unwrap(), &[1.0, 3.0, 5.0, 7.0]);
}

#[test]
fn r_squared_by_hand() {
    // ŷ = 0 for y = (1, 3): Σ(y − ŷ)² = 1 + 9 = 10, ȳ = 2, Σ(y − ȳ)² = 1 + 1 = 2, R² = 1 − 10/2 = −4
    assert_eq!(score_of_zero(&array![[1.0], [3.0]]), -4.0);
    // ŷ = 0 is the mean of (−1, 1): R² = 1 − 2/2 = 0
    assert_eq!(score_of_zero(&array![[-1.0], [1.0]]), 0.0);
    // Two outputs: the mean of both.
    assert_eq!(score_of_zero(&array![[1.0, -1.0], [3.0, 1.0]]), -2.0);
}

#[test]
fn r_squared_is_the_mean_over_all_outputs() {
    for outputs in 1..=40 {
        for rows in [2, 3, 9, 33] {
            r_squared_of::<f64>(rows, outputs);
            r_squared_of::<f32>(rows, outputs);
        }
    }
}

/// R² of a random network, and by the formula.
#[track_caller]
fn r_squared_of<F: Scalar>(rows: usize, outputs: usize) {
    let mut rng = seeded((100 * rows + outputs) as u64);
    let mut number = |low: f64| F::of(rng.random_range(low..1.0));
    let x = Array2::from_shape_fn((rows, 3), |_| number(-1.0));
    let untrained =
        Regressor { train: TrainConfig { epochs: 0, ..Regressor::default().train }, ..Regressor::default() };
    let fitted = untrained.fit(&x, &Array2::<F>::zeros((rows, outputs))).unwrap();
    let prediction = fitted.predict(&x).unwrap();
    // Signs alternate, so that no deviation from the mean is small.
    let mut y = Array2::from_shape_fn((rows, outputs), |(row, _)| number(0.5) * F::of([1.0, -1.0][row % 2]));
    for (j, mut column) in y.columns_mut().into_iter().enumerate() {
        match j % 7 {
            // Constant, and right for the first row alone.
            4 => column.fill(prediction[[0, j]]),
            // The same twice, then others.
            5 if rows > 2 => column[1] = column[0],
            // Right but for the last row.
            6 => column.iter_mut().zip(prediction.column(j)).take(rows - 1).for_each(|(y, p)| *y = *p),
            _ => {}
        }
    }
    let columns = y.columns().into_iter().zip(prediction.columns());
    let scores: Vec<f64> =
        columns.map(|(y, prediction)| by_formula(&y.to_vec(), &prediction.to_vec())).collect();
    let expected = scores.iter().sum::<f64>() / outputs as f64;
    let found = fitted.score(&x, &y).unwrap();
    // Some 3 · 33 additions of each output, relative to its quotient 1 − R².
    let largest = scores.iter().fold(1.0_f64, |max, score| max.max(1.0 - score));
    let bound = 200.0 * f64::EPSILON * largest;
    assert!((found - expected).abs() <= bound, "{rows} rows, {outputs} outputs: {found}, {expected}");
}

/// 1 − Σ(y − ŷ)² / Σ(y − ȳ)², and for constant targets 0, as these are not predicted exactly.
fn by_formula<F: Scalar>(y: &[F], prediction: &[F]) -> f64 {
    let y: Vec<f64> = y.iter().map(|y| y.as_f64()).collect();
    if y.iter().all(|value| *value == y[0]) {
        return 0.0;
    }
    let mean = y.iter().sum::<f64>() / y.len() as f64;
    let residuals: f64 = y.iter().zip(prediction).map(|(y, p)| (y - p.as_f64()).powi(2)).sum();
    1.0 - residuals / y.iter().map(|y| (y - mean).powi(2)).sum::<f64>()
}

#[test]
fn r_squared_of_constant_targets() {
    assert_eq!(score_of_zero(&array![[0.0], [0.0], [0.0]]), 1.0);
    assert_eq!(score_of_zero(&array![[5.0], [5.0], [5.0]]), 0.0);
    // The mean of three times 0.1 is not 0.1 in floating point.
    assert_eq!(score_of_zero(&array![[0.1], [0.1], [0.1]]), 0.0);
    // Each output by itself: one exact, one not.
    assert_eq!(score_of_zero(&array![[0.0, 5.0], [0.0, 5.0], [0.0, 5.0]]), 0.5);
}

#[test]
fn targets_with_equal_ends_are_not_constant() {
    // y² sums to 6, and (y − 4/3)² to 2/3: 1 − 6 / (2/3) = −8, in exact arithmetic.
    let score = score_of_zero(&array![[1.0], [2.0], [1.0]]);
    assert!((score + 8.0).abs() < 1e-14, "{score}");
}

#[test]
fn r_squared_of_huge_targets_is_no_nan() {
    // y² is beyond f64, R² is not: 1 − 2/2 = 0 as above.
    assert_eq!(score_of_zero(&array![[-1e200], [1e200]]), 0.0);
}

#[test]
fn r_squared_of_a_hopeless_prediction_is_no_nan() {
    // ŷ = 2.5 for y = ±s: 1 − 4 · 2.5² / 4s² = −6.25e200 for s = 1e-100, and for 1e-200 below all numbers.
    let fitted = linear().fit(&line(), &[2.5; 4]).unwrap();
    let score = |s: f64| fitted.score(&line(), &[-s, s, -s, s]).unwrap();
    // ŷ is within 3e-5 of 2.5, as below, so its square within 2.4e-5 of its own size.
    assert!((score(1e-100) / -6.25e200 - 1.0).abs() < 2.4e-5, "{}", score(1e-100));
    assert_eq!(score(1e-200), f64::MIN);
}

#[test]
fn a_constant_is_learned() {
    let fitted = linear().fit(&line(), &[2.5; 4]).unwrap();
    assert_close(fitted.predict(&line()).unwrap().as_slice().unwrap(), &[2.5; 4]);
}

#[test]
fn a_perfect_fit_scores_nearly_one() {
    let fitted = linear().fit(&line(), &[1.0, 3.0, 5.0, 7.0]).unwrap();
    let score = fitted.score(&line(), &[1.0, 3.0, 5.0, 7.0]).unwrap();
    // The loss is below 1e-10 and the variance of y is 5.
    assert!(score <= 1.0 && score > 1.0 - 1e-10 / 5.0, "{score}");
}

fn line() -> Array2<f64> {
    array![[0.0], [1.0], [2.0], [3.0]]
}

/// A straight line, fitted until the mean squared error is below 1e-10 (in f32: until rounding ends
/// progress).
fn linear() -> Regressor {
    Regressor {
        hidden: vec![],
        train: TrainConfig { epochs: 5000, stop_below: 1e-10, ..Regressor::default().train },
        ..Regressor::default()
    }
}

/// R² of the prediction 0 for every row.
fn score_of_zero(y: &Array2<f64>) -> f64 {
    let untrained = Regressor {
        hidden: vec![],
        init: Init::Zeros,
        train: TrainConfig { epochs: 0, ..Regressor::default().train },
        ..Regressor::default()
    };
    let x = Array2::zeros((y.nrows(), 1));
    // Fitted on zeros, so that only the score meets `y`.
    untrained.fit(&x, &Array2::<f64>::zeros(y.raw_dim())).unwrap().score(&x, y).unwrap()
}

#[track_caller]
fn assert_close(found: &[f64], expected: &[f64]) {
    // A mean squared error below 1e-10 over at most 8 values leaves each within √(8e-10) = 2.9e-5.
    let close = found.iter().zip(expected).all(|(f, e)| (f - e).abs() < 3e-5);
    assert!(close && found.len() == expected.len(), "{found:?}, expected {expected:?}");
}

#[test]
fn the_mean_of_scores_that_cannot_be_added_is_a_number() {
    // Deviations of 1e-200 beside residuals of 1: R² of each output is the least number, and their sum
    // overflows.
    for outputs in [2, 3, 7, 41] {
        let x = array![[0.0], [1.0]];
        let fitted = linear().fit(&x, &Array2::from_elem((2, outputs), 1.0)).unwrap();
        let targets = Array2::from_shape_fn((2, outputs), |(row, _)| row as f64 * 1e-200);
        let score = fitted.score(&x, &targets).unwrap();
        // Each of the outputs is divided by their number, which rounds.
        assert!((f64::MIN..=f64::MIN * (1.0 - 1e-14)).contains(&score), "{outputs} outputs: {score:e}");
    }
}

#[test]
fn a_target_is_constant_only_if_its_values_are_equal() {
    // Far from the predictions 1e-30 is nothing, but not equal to 0: R² is the least number, not 0.
    let x = array![[0.0], [1.0]];
    let far = linear().fit(&x, &array![1e3, 1e3]).unwrap();
    assert_eq!(far.score(&x, &array![0.0, 1e-300]).unwrap(), f64::MIN);
    assert_eq!(far.score(&x, &array![0.0, 0.0]).unwrap(), 0.0);
}
