//! Metrics: by hand, by law, and what they say about bad input. Numbers of scikit-learn:
//! `metrics_reference.rs`.

use std::f64::consts::LN_2;

use ann_train::ann_core::Error as CoreError;
use ann_train::metrics::{
    Average, Bins, accuracy, average_precision, balanced_accuracy, bootstrap, brier_score, confusion_matrix,
    expected_calibration_error, f1, interval_coverage, log_loss, matthews_correlation, mean_absolute_error,
    median_absolute_error, pinball_loss, poisson_deviance, r_squared, reliability_curve, rmse, roc_auc,
    roc_auc_one_vs_rest,
};
use ann_train::ndarray::{Array2, ArrayView2, Axis, array};
use ann_train::{Error, Result};
use proptest::prelude::*;

/// A few additions and divisions of numbers near 1.
const ROUNDING: f64 = 1e-14;

// By hand.

#[test]
fn numbers_that_overflow_are_errors_and_not_impossible_results() {
    let (y, far) = ([1.7e308, 0.0], [-1.7e308, 0.0]);
    for result in [rmse(&y, &far, None), pinball_loss(&y, &far, 0.0, None)] {
        assert!(matches!(result, Err(Error::UndefinedMetric { .. })), "{result:?}");
    }
    // Large weights alone overflow nothing.
    assert_eq!(mean_absolute_error(&[1e250], &[0.0], Some(&[1e99])), Ok(1e250));
    let bootstrapped = |size: f64| bootstrap(20, 50, 1, |resample| Ok(size * resample.rows[0] as f64));
    let (small, large) = (bootstrapped(1.0).unwrap(), bootstrapped(1e200).unwrap());
    assert!((large.standard_error / 1e200 - small.standard_error).abs() < 1e-12);
    assert!(matches!(bootstrapped(f64::INFINITY), Err(Error::UndefinedMetric { .. })));
}

#[test]
fn labels_may_be_text() {
    let (truth, predicted) = (["a", "a", "a", "b"], ["a", "a", "b", "b"]);
    assert_eq!(accuracy(&truth, &predicted, None), Ok(0.75));
    // a: 2 of 3, b: 1 of 1.
    assert_close(balanced_accuracy(&truth, &predicted, None), (2.0 / 3.0 + 1.0) / 2.0);
    // a: 2 · 2 / (3 + 2) = 4/5, b: 2 · 1 / (1 + 2) = 2/3.
    assert_close(f1(&truth, &predicted, Average::Macro, None), (4.0 / 5.0 + 2.0 / 3.0) / 2.0);
    assert_close(f1(&truth, &predicted, Average::Weighted, None), (3.0 * 4.0 / 5.0 + 2.0 / 3.0) / 4.0);
    assert_eq!(f1(&truth, &predicted, Average::Micro, None), Ok(0.75));
    // (2 · 1 − 1 · 0) / √(2 · 2 · 3 · 1) = 1/√3: hits · hits − misses · misses, over the sums.
    assert_close(matthews_correlation(&truth, &predicted, None), 1.0 / 3.0_f64.sqrt());
}

#[test]
fn weights_count_rows() {
    let (truth, predicted, weights) = ([0, 0, 1, 2], [0, 1, 1, 0], Some(&[3.0, 1.0, 2.0, 0.0][..]));
    // Rows 0 and 2 are right: 5 of 6.
    assert_close(accuracy(&truth, &predicted, weights), 5.0 / 6.0);
    assert_eq!(
        confusion_matrix(&truth, &predicted, &[0, 1, 2], weights).unwrap(),
        array![[3.0, 1.0, 0.0], [0.0, 2.0, 0.0], [0.0, 0.0, 0.0]]
    );
    // |y − ŷ| = 0, 1, 0, 2 with these weights: the mean is 1/6.
    let (y, prediction) = ([0.0, 0.0, 1.0, 2.0], [0.0, 1.0, 1.0, 0.0]);
    assert_close(mean_absolute_error(&y, &prediction, weights), 1.0 / 6.0);
}

#[test]
fn a_confusion_matrix_has_the_order_of_its_classes() {
    let (truth, predicted) = (["a", "b", "b"], ["b", "b", "b"]);
    let matrix = |classes: &[&'static str]| confusion_matrix(&truth, &predicted, classes, None).unwrap();
    assert_eq!(matrix(&["a", "b"]), array![[0.0, 1.0], [0.0, 2.0]]);
    assert_eq!(matrix(&["b", "a"]), array![[2.0, 0.0], [1.0, 0.0]]);
    assert_eq!(matrix(&["b", "c", "a"]), array![[2.0, 0.0, 0.0], [0.0, 0.0, 0.0], [1.0, 0.0, 0.0]]);
}

#[test]
fn a_prediction_of_one_class_has_no_correlation() {
    assert_eq!(matthews_correlation(&[0, 1, 1], &[1, 1, 1], Some(&[0.1, 0.2, 0.3])), Ok(0.0));
    assert_eq!(matthews_correlation(&[1, 1, 1], &[1, 0, 1], Some(&[0.1, 0.2, 0.3])), Ok(0.0));
}

#[test]
fn ties_count_one_half() {
    // Class 1 has scores 2 and 1, class 0 has 1 and 0. Of four pairs three are right, and one is a tie.
    assert_eq!(roc_auc(&[1, 1, 0, 0], &[2.0, 1.0, 1.0, 0.0], None), Ok(3.5 / 4.0));
    // In whatever order the rows come.
    assert_eq!(roc_auc(&[0, 1, 0, 1], &[1.0, 1.0, 0.0, 2.0], None), Ok(3.5 / 4.0));
    assert_eq!(roc_auc(&[0, 1, 0, 1], &[5.0; 4], None), Ok(0.5));
    // −0 and 0 are equal.
    assert_eq!(roc_auc(&[0, 1], &[0.0, -0.0], None), Ok(0.5));
}

#[test]
fn average_precision_is_a_sum_of_steps() {
    // Scores in descending order: 1, 0, 1. Recall ½ with precision 1, then recall 1 with precision 2/3.
    assert_close(average_precision(&[0, 1, 1], &[2.0, 3.0, 1.0], None), 0.5 + 0.5 * 2.0 / 3.0);
    assert_eq!(average_precision(&[1, 1], &[2.0, 3.0], None), Ok(1.0));
}

#[test]
fn one_vs_rest_weighs_classes_by_their_rows() {
    // Class 0 (two rows) and class 1 are separated; class 2: of its two pairs … 0.2 < 0.3 and 0.2 > 0.1, 0.2
    // > 0: 2/3.
    let p = array![[0.6, 0.1, 0.3], [0.5, 0.4, 0.1], [0.1, 0.9, 0.0], [0.3, 0.5, 0.2]];
    let truth = [0, 0, 1, 2];
    let auc = |average| roc_auc_one_vs_rest(&truth, &p, average, None);
    assert_close(auc(Average::Macro), (1.0 + 1.0 + 2.0 / 3.0) / 3.0);
    assert_close(auc(Average::Weighted), (2.0 + 1.0 + 2.0 / 3.0) / 4.0);
}

#[test]
fn brier_of_two_classes_is_half_the_sum() {
    // (0.8 − 1)² = 0.04 for each of both classes.
    assert_close(brier_score(&[1], &[0.8], None), 0.04);
    assert_close(brier_score(&[1], &array![[0.2, 0.8]], None), 0.04);
    // 0.2² + 0.3² + 0.1²
    assert_close(brier_score(&[1], &array![[0.2, 0.7, 0.1]], None), 0.04 + 0.09 + 0.01);
}

#[test]
fn the_log_of_0_is_finite() {
    let epsilon = f64::EPSILON;
    assert_close(log_loss(&[0], &array![[0.0, 1.0]], None), -epsilon.ln());
    assert_close(log_loss(&[0], &array![[0.0_f32, 1.0]], None), -f64::from(f32::EPSILON).ln());
    assert_close(log_loss(&[1, 0], &[0.5, 0.5], None), LN_2);
}

#[test]
fn a_curve_of_the_most_probable_class() {
    // Class 1 with 0.6 is right; class 0 with 0.6, the first of equals with 0.5: wrong.
    let p = array![[0.4, 0.6], [0.6, 0.4], [0.5, 0.5]];
    let curve = reliability_curve(&[1, 1, 1], &p, Bins::EqualWidth(2), None).unwrap();
    let points: Vec<_> = curve.iter().map(|bin| (bin.probability, bin.frequency, bin.weight)).collect();
    assert_eq!(points, [(0.5, 0.0, 1.0), (0.6, 0.5, 2.0)]);
    // |0 − 0.5| · 1/3 + |0.5 − 0.6| · 2/3
    let error = expected_calibration_error(&[1, 1, 1], &p, Bins::EqualWidth(2), None);
    assert_close(error, 0.5 / 3.0 + 0.1 * 2.0 / 3.0);
}

#[test]
fn quantile_bins_have_equal_numbers_of_rows() {
    let p = [0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.07, 0.9, 0.8];
    let curve = reliability_curve(&[0; 9], &p, Bins::Quantile(3), None).unwrap();
    assert_eq!(curve.iter().map(|bin| bin.weight).collect::<Vec<_>>(), [3.0, 3.0, 3.0]);
    // More bins than rows: each row has a bin.
    assert_eq!(reliability_curve(&[0; 9], &p, Bins::Quantile(100), None).unwrap().len(), 9);
}

#[test]
fn values_by_hand() {
    let (y, prediction) = ([1.0, 2.0, 3.0, 10.0], [1.0, 3.0, 1.0, 4.0]);
    // y − ŷ = 0, −1, 2, 6
    assert_close(rmse(&y, &prediction, None), (41.0_f64 / 4.0).sqrt());
    assert_close(mean_absolute_error(&y, &prediction, None), 9.0 / 4.0);
    // 0, 1, 2, 6: the middle of 1 and 2.
    assert_eq!(median_absolute_error(&y, &prediction, None), Ok(1.5));
    // Weights 1, 1, 3, 1: the middle of six is 2 and 2.
    assert_eq!(median_absolute_error(&y, &prediction, Some(&[1.0, 1.0, 3.0, 1.0])), Ok(2.0));
    // 0.25 · (2 + 6) + 0.75 · 1, over 4 rows
    assert_close(pinball_loss(&y, &prediction, 0.25, None), 2.75 / 4.0);
    // ȳ = 4: Σ(y − ȳ)² = 9 + 4 + 1 + 36 = 50
    assert_close(r_squared(&y, &prediction, None), 1.0 - 41.0 / 50.0);
    // Rows 0 and 2 are covered, at the ends of their intervals.
    assert_eq!(interval_coverage(&y, &[1.0, 2.5, 2.0, 4.0], &[2.0, 3.0, 3.0, 5.0], None), Ok(0.5));
    assert_eq!(interval_coverage(&y, &[2.0; 4], &[f64::INFINITY; 4], None), Ok(0.75));
    // 2 (0 − 0 + 1), and 2 (2 ln 2 − 2 + 1)
    assert_close(poisson_deviance(&[0.0, 2.0], &[1.0, 1.0], None), 1.0 + 2.0 * LN_2 - 1.0);
}

#[test]
fn outputs_have_a_mean() {
    let (y, prediction) = (array![[1.0, 0.0], [3.0, 0.0]], array![[1.0, 2.0], [1.0, 2.0]]);
    // Σ(y − ŷ)²/2 = 2 and 4.
    assert_close(rmse(&y, &prediction, None), (2.0_f64.sqrt() + 2.0) / 2.0);
    assert_close(mean_absolute_error(&y, &prediction, None), 1.5);
    // Output 0: 1 − 4/2 = −1; output 1 is constant and missed: 0.
    assert_close(r_squared(&y, &prediction, None), -0.5);
}

#[test]
fn f32_is_converted_without_rounding() {
    let (y, prediction) = ([0.1_f32, 0.2, 0.3], [0.3_f32, 0.1, 0.3]);
    let exact = |values: [f32; 3]| values.map(f64::from);
    assert_eq!(rmse(&y, &prediction, None), rmse(&exact(y), &exact(prediction), None));
    assert_eq!(r_squared(&y, &prediction, None), r_squared(&exact(y), &exact(prediction), None));
    assert_eq!(brier_score(&[0, 1, 0], &y, None), brier_score(&[0, 1, 0], &exact(y), None));
    // Softmax in f32 sums to 1 within its own rounding.
    assert!(log_loss(&[0], &array![[0.1_f32, 0.9 + 1e-5]], None).is_ok());
}

#[test]
fn what_is_finite_does_not_overflow() {
    let (y, prediction) = ([1e200, -1e200], [-1e200, 1e200]);
    // Each error is 2e200, R² = 1 − 8/2.
    assert_close(rmse(&y, &prediction, None).map(|rmse| rmse / 1e200), 2.0);
    assert_close(r_squared(&y, &prediction, None), -3.0);
    assert_eq!(rmse(&y, &y, None), Ok(0.0));
    let heavy = Some(&[1e99, 2e99, 1e99, 1e99][..]);
    let light = Some(&[1e-99, 2e-99, 1e-99, 1e-99][..]);
    let equal = Some(&[1.0, 2.0, 1.0, 1.0][..]);
    let correlation = |weights| matthews_correlation(&[0, 1, 0, 1], &[0, 1, 1, 1], weights).unwrap();
    assert_close(Ok(correlation(heavy)), correlation(equal));
    assert_close(Ok(correlation(light)), correlation(equal));
}

// By law.

proptest! {
    #[test]
    fn a_weight_is_a_number_of_copies(
        rows in prop::collection::vec((0..3_usize, 0..3_usize, 0..9_u8, 0..9_u8, 0..4_usize), 1..30)
    ) {
        prop_assume!(rows.iter().any(|row| row.4 > 0));
        let copied: Vec<_> = rows.iter().flat_map(|row| vec![*row; row.4]).collect();
        let weights: Vec<f64> = rows.iter().map(|row| row.4 as f64).collect();
        let (weighted, copied) = (all_metrics(&rows, Some(&weights)), all_metrics(&copied, None));
        are_equal_to_rounding(&weighted, &copied)?;
    }

    #[test]
    fn the_order_of_rows_means_nothing(
        rows in prop::collection::vec((0..3_usize, 0..3_usize, 0..9_u8, 0..9_u8, 0..4_usize), 1..30)
    ) {
        let reversed: Vec<_> = rows.iter().rev().copied().collect();
        are_equal_to_rounding(&all_metrics(&rows, None), &all_metrics(&reversed, None))?;
    }

    #[test]
    fn no_input_panics(
        truth in prop::collection::vec(prop_oneof![0..4_usize, Just(usize::MAX)], 0..4),
        rows in 0..4_usize,
        columns in 0..4_usize,
        values in prop::collection::vec(odd_number(), 9),
        weights in prop::option::of(prop::collection::vec(odd_number(), 0..4)),
        bins in prop_oneof![0..4_usize, Just(usize::MAX)],
    ) {
        let matrix = ArrayView2::from_shape((rows, columns), &values[..rows * columns]).unwrap();
        let other = matrix.mapv(|value| 1.0 - value);
        let w = weights.as_deref();
        for average in [Average::Macro, Average::Weighted, Average::Micro] {
            is_sound(f1(&truth, &truth[..rows.min(truth.len())], average, w))?;
            is_sound(roc_auc_one_vs_rest(&truth, &matrix, average, w))?;
        }
        for bins in [Bins::EqualWidth(bins), Bins::Quantile(bins)] {
            is_sound(expected_calibration_error(&truth, &matrix, bins, w))?;
        }
        for metric in [log_loss, brier_score, roc_auc, average_precision] {
            is_sound(metric(&truth, &matrix, w))?;
        }
        for metric in [r_squared, mean_absolute_error, median_absolute_error, poisson_deviance] {
            not_nan(metric(&matrix, &other.view(), w))?;
        }
        not_nan(rmse(&matrix, &other.view(), w))?;
        not_nan(pinball_loss(&matrix, &other.view(), values[8], w))?;
        is_sound(interval_coverage(&matrix, &other.view(), &matrix, w))?;
        is_sound(accuracy(&truth, &truth, w))?;
        is_sound(balanced_accuracy(&truth, &truth, w))?;
        is_sound(matthews_correlation(&truth, &truth, w))?;
    }
}

fn are_equal_to_rounding(a: &[Result<f64>], b: &[Result<f64>]) -> Result<(), TestCaseError> {
    for (number, pair) in a.iter().zip(b).enumerate() {
        match pair {
            // Sums of a hundred terms in another order; a correlation and R² are quotients of differences.
            (Ok(a), Ok(b)) => {
                prop_assert!((a - b).abs() <= 1e-12 * a.abs().max(1.0), "metric {number}: {a}, {b}");
            }
            (a, b) => prop_assert_eq!(a, b, "metric {}", number),
        }
    }
    Ok(())
}

/// Every metric of rows (class, predicted class, value, prediction, _), but those with bins of quantiles.
fn all_metrics(rows: &[(usize, usize, u8, u8, usize)], weights: Option<&[f64]>) -> Vec<Result<f64>> {
    let column = |of: fn(&(usize, usize, u8, u8, usize)) -> u8| -> Vec<f64> {
        rows.iter().map(|row| f64::from(of(row)) / 8.0).collect()
    };
    let truth: Vec<usize> = rows.iter().map(|row| row.0).collect();
    let predicted: Vec<usize> = rows.iter().map(|row| row.1).collect();
    let binary: Vec<usize> = truth.iter().map(|class| class % 2).collect();
    let (y, p) = (column(|row| row.2), column(|row| row.3));
    let three = Array2::from_shape_fn((rows.len(), 3), |(row, k)| [p[row], (1.0 - p[row]) / 4.0, 0.0][k])
        + Array2::from_shape_fn((rows.len(), 3), |(row, k)| [0.0, 0.0, (1.0 - p[row]) * 0.75][k]);
    let (above, upper): (Vec<f64>, Vec<f64>) = p.iter().map(|p| (p + 0.1, p + 0.5)).unzip();
    let f1 = |average| f1(&truth, &predicted, average, weights);
    let auc = |average| roc_auc_one_vs_rest(&truth, &three, average, weights);
    let calibration = |bins| expected_calibration_error(&truth, &three, Bins::EqualWidth(bins), weights);
    let confusion = confusion_matrix(&truth, &predicted, &[0, 1, 2], weights).unwrap();
    let mut metrics = vec![
        accuracy(&truth, &predicted, weights),
        balanced_accuracy(&truth, &predicted, weights),
        f1(Average::Macro),
        f1(Average::Micro),
        f1(Average::Weighted),
        matthews_correlation(&truth, &predicted, weights),
        log_loss(&truth, &three, weights),
        log_loss(&binary, &p, weights),
        brier_score(&truth, &three, weights),
        brier_score(&binary, &p, weights),
        roc_auc(&binary, &p, weights),
        average_precision(&binary, &p, weights),
        auc(Average::Macro),
        auc(Average::Micro),
        auc(Average::Weighted),
        calibration(1),
        calibration(7),
        r_squared(&y, &p, weights),
        rmse(&y, &p, weights),
        mean_absolute_error(&y, &p, weights),
        median_absolute_error(&y, &p, weights),
        pinball_loss(&y, &p, 0.3, weights),
        poisson_deviance(&y, &above, weights),
        interval_coverage(&y, &p, &upper, weights),
    ];
    metrics.extend(confusion.into_iter().map(Ok));
    metrics
}

fn odd_number() -> impl Strategy<Value = f64> {
    prop_oneof![
        8 => (0..=4_u8).prop_map(|quarters| f64::from(quarters) / 4.0),
        1 => prop::num::f64::ANY,
        1 => prop::sample::select(vec![f64::MAX, f64::MIN, f64::MIN_POSITIVE, 5e-324, 1e99, -0.0]),
    ]
}

/// A metric that is an error or finite.
fn is_sound(found: Result<f64>) -> Result<(), TestCaseError> {
    let found = found.unwrap_or_default();
    prop_assert!(found.is_finite(), "{found}");
    Ok(())
}

/// Errors of values near the largest number may be infinite, but not NaN.
fn not_nan(found: Result<f64>) -> Result<(), TestCaseError> {
    prop_assert!(!found.unwrap_or_default().is_nan());
    Ok(())
}

// Errors.

#[test]
fn numbers_of_rows_and_columns() {
    assert_error(accuracy::<u8>(&[], &[], None), "there are no samples: expected at least 1 row");
    let message = "there are 1 predicted labels, expected 2, one for each row";
    assert_error(accuracy(&[0, 1], &[0], None), message);
    let message = "there are 1 weights, expected 2, one for each row";
    assert_error(accuracy(&[0, 1], &[0, 1], Some(&[1.0])), message);
    let message = "there are 1 rows of probabilities, expected 2, one for each row";
    assert_error(log_loss(&[0, 1], &[0.5], None), message);
    let message = "there are 1 rows of scores, expected 2, one for each row";
    assert_error(roc_auc(&[0, 1], &[0.5], None), message);
    let message = "scores have 2 columns, expected 1";
    assert_error(roc_auc(&[0, 1], &array![[0.5, 0.5], [0.5, 0.5]], None), message);
    let message = "probabilities have 0 columns, expected 1";
    assert_error(log_loss(&[0, 1], &Array2::<f64>::zeros((2, 0)), None), message);
    let message = "there are 1 predictions, expected 2, one for each row";
    assert_error(rmse(&[0.0, 1.0], &[0.5], None), message);
    let message = "predictions have 1 columns, expected 2";
    assert_error(rmse(&array![[0.0, 1.0]], &array![[0.0]], None), message);
    let none = Array2::<f64>::zeros((2, 0));
    assert_eq!(rmse(&none, &none, None), Err(Error::NoTargetColumns));
    assert_eq!(interval_coverage(&none, &none, &none, None), Err(Error::NoTargetColumns));
}

#[test]
fn weights_out_of_range() {
    for weight in [-1.0, f64::NAN, f64::INFINITY] {
        let message = format!(
            "weights hold {weight:?} at row 1, column 0 (counted from 0), expected finite numbers from 0 on"
        );
        assert_error(accuracy(&[0, 1], &[0, 1], Some(&[1.0, weight])), &message);
    }
    for (weights, sum) in [([0.0, 0.0], "0"), ([1e-300, 0.0], "1e-300"), ([1e300, 1.0], "1e300")] {
        let message = format!("the sum of the weights is {sum}, expected a number from 1e-100 to 1e100");
        assert_error(accuracy(&[0, 1], &[0, 1], Some(&weights)), &message);
    }
}

#[test]
fn values_out_of_range() {
    for p in [-0.1, 1.1, f64::NAN] {
        let message = format!(
            "probabilities hold {p:?} at row 1, column 0 (counted from 0), expected numbers from 0 to 1"
        );
        assert_error(log_loss(&[0, 1], &[0.5, p], None), &message);
    }
    let message = "the probabilities of row 1 (counted from 0) sum to 0.75, expected 1: did you pass logits?";
    assert_error(brier_score(&[0, 1], &array![[0.5, 0.5], [0.5, 0.25]], None), message);
    let message =
        "scores hold NaN at row 0, column 0 (counted from 0), expected finite numbers: remove or replace it";
    assert_error(roc_auc(&[0, 1], &[f64::NAN, 1.0], None), message);
    let message =
        "targets hold inf at row 1, column 0 (counted from 0), expected finite numbers: remove or replace it";
    assert_error(rmse(&[0.0, f64::INFINITY], &[0.0, 1.0], None), message);
    let message = "targets hold -1.0 at row 0, column 0 (counted from 0), expected numbers from 0 on";
    assert_error(poisson_deviance(&[-1.0], &[1.0], None), message);
    let message = "predictions hold 0.0 at row 0, column 0 (counted from 0), expected numbers above 0";
    assert_error(poisson_deviance(&[1.0], &[0.0], None), message);
    let message =
        "lower bounds hold 2.0 at row 0, column 0 (counted from 0), expected numbers up to the upper bound";
    assert_error(interval_coverage(&[1.0], &[2.0], &[1.0], None), message);
    assert!(interval_coverage(&[1.0], &[f64::NAN], &[1.0], None).is_err());
    assert!(interval_coverage(&[1.0], &[0.0], &[f64::NAN], None).is_err());
    assert_error(pinball_loss(&[1.0], &[0.0], 1.5, None), "alpha is 1.5, expected a number from 0 to 1");
    assert!(pinball_loss(&[1.0], &[0.0], f64::NAN, None).is_err());
}

#[test]
fn classes_out_of_range() {
    let message = "the true class of row 1 (counted from 0) is 2, expected a class below 2";
    assert_error(log_loss(&[0, 2], &[0.5, 0.5], None), message);
    assert_error(roc_auc(&[0, 2], &[0.5, 0.5], None), message);
    assert_error(brier_score(&[0, 2], &array![[0.5, 0.5], [0.5, 0.5]], None), message);
    let message = r#"the predicted label of row 0 (counted from 0) is "c", expected one of ["a", "b"]"#;
    assert_error(confusion_matrix(&["a"], &["c"], &["a", "b"], None), message);
}

#[test]
fn undefined_metrics() {
    let undefined = |reason| format!("the area under the ROC curve is undefined: {reason}");
    let all = undefined("all rows are of class 1");
    assert_error(roc_auc(&[1, 1], &[0.0, 1.0], None), &all);
    // A row of weight 0 is none.
    assert_error(roc_auc(&[0, 1], &[0.0, 1.0], Some(&[0.0, 1.0])), &all);
    assert_error(roc_auc(&[0, 0], &[0.0, 1.0], None), &undefined("no row is of class 1"));
    assert_error(
        average_precision(&[0, 0], &[0.0, 1.0], None),
        "average precision is undefined: no row is of class 1",
    );
    let p = array![[0.5, 0.5, 0.0], [0.25, 0.75, 0.0]];
    assert_error(roc_auc_one_vs_rest(&[0, 1], &p, Average::Macro, None), &undefined("no row is of class 2"));
    assert_eq!(roc_auc_one_vs_rest(&[0, 1], &p, Average::Weighted, None), Ok(1.0));
}

#[test]
fn numbers_of_bins() {
    for bins in [Bins::EqualWidth(0), Bins::Quantile(0)] {
        assert_error(reliability_curve(&[0], &[0.5], bins, None), "bins is 0, expected at least 1");
    }
    for bins in [Bins::EqualWidth(usize::MAX), Bins::Quantile(usize::MAX)] {
        let found = reliability_curve(&[0], &[0.5], bins, None);
        assert!(matches!(found, Err(Error::Core(CoreError::OutOfMemory { .. }))));
    }
}

#[test]
fn columns_of_every_container() {
    let column = array![0.0, 1.0, 1.0];
    let expected = roc_auc(&[0, 1, 0], &[0.0, 1.0, 1.0], None);
    let matrix = column.clone().insert_axis(Axis(1));
    assert_eq!(roc_auc(&[0, 1, 0], &column, None), expected);
    assert_eq!(roc_auc(&[0, 1, 0], &column.to_vec(), None), expected);
    assert_eq!(roc_auc(&[0, 1, 0], &matrix.column(0), None), expected);
    assert_eq!(roc_auc(&[0, 1, 0], &matrix, None), expected);
}

// Helpers.

#[track_caller]
pub fn assert_close(found: Result<f64>, expected: f64) {
    let found = found.unwrap();
    assert!((found - expected).abs() <= ROUNDING * expected.abs().max(1.0), "{found}, expected {expected}");
}

#[track_caller]
pub fn assert_error<T: std::fmt::Debug>(found: Result<T>, message: &str) {
    assert_eq!(found.unwrap_err().to_string(), message);
}
