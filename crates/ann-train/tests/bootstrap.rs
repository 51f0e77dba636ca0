//! The bootstrap of metrics.

use ann_train::Error;
use ann_train::ann_core::Error as CoreError;
use ann_train::metrics::{bootstrap, roc_auc};

use crate::metrics::{assert_close, assert_error};

#[test]
fn the_same_seed_gives_the_same_resamples() {
    let run =
        |seed| bootstrap(50, 100, seed, |resample| Ok(resample.rows.iter().sum::<usize>() as f64)).unwrap();
    assert_eq!(run(3), run(3));
    assert_ne!(run(3), run(4));
}

#[test]
fn both_forms_of_a_resample_are_the_same_rows() {
    let mut resamples = 0;
    let found = bootstrap(7, 20, 1, |resample| {
        let mut counts = [0.0; 7];
        resample.rows.iter().for_each(|&row| counts[row] += 1.0);
        assert_eq!((resample.rows.len(), resample.weights), (7, &counts[..]));
        resamples += 1;
        Ok(resample.weights[0])
    });
    // All rows once, then twenty resamples.
    assert_eq!((resamples, found.unwrap().estimate), (21, 1.0));
}

#[test]
fn the_standard_error_of_a_mean_is_that_of_theory() {
    // Of a resample of the rows 0 to 99, the mean has the variance (100² − 1) / 12 / 100.
    let mean = |rows: &[usize]| rows.iter().sum::<usize>() as f64 / rows.len() as f64;
    let theory = (9999.0_f64 / 1200.0).sqrt();
    let found = bootstrap(100, 4000, 5, |resample| Ok(mean(resample.rows))).unwrap();
    assert_eq!(found.estimate, 49.5);
    // A standard deviation of 4000 normal values has a relative standard error of 1 / √8000 = 0.011: here 4
    // times that.
    assert!((found.standard_error / theory - 1.0).abs() < 0.045, "{found:?}");
    let [low, high] = found.interval(0.95).unwrap();
    // An end of the interval has a standard error of √(0.025 · 0.975 / 4000) / φ(1.96) = 0.042 of the
    // standard error.
    assert!((low - (49.5 - 1.96 * theory)).abs() < 0.17 * theory, "{low}");
    assert!((high - (49.5 + 1.96 * theory)).abs() < 0.17 * theory, "{high}");
    // A formula for the standard error of the values.
    let values = found.values();
    let mean = values.iter().sum::<f64>() / 4000.0;
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / 3999.0;
    assert_close(Ok(found.standard_error), variance.sqrt());
}

#[test]
fn an_interval_is_between_order_statistics() {
    let mut next = [9.0, 2.0, 0.0, 1.0, 3.0, 4.0].into_iter();
    let found = bootstrap(1, 5, 0, |_| Ok(next.next().unwrap())).unwrap();
    assert_eq!((found.estimate, found.values()), (9.0, &[0.0, 1.0, 2.0, 3.0, 4.0][..]));
    assert_eq!(found.interval(0.5), Ok([1.0, 3.0]));
    // Position 0.125 · 4 = 0.5, between the values 0 and 1.
    assert_eq!(found.interval(0.75), Ok([0.5, 3.5]));
}

#[test]
fn undefined_resamples_are_counted() {
    // Three rows, one of class 1: a resample without it has probability (2/3)³, one with it alone (1/3)³.
    let auc = |weights: &[f64]| roc_auc(&[0, 0, 1], &[1.0, 3.0, 2.0], Some(weights));
    let found = bootstrap(3, 900, 2, |resample| auc(resample.weights)).unwrap();
    // 900 · (8 + 1) / 27 = 300 with a standard deviation of √200 = 14: here 4 times that.
    assert!((244..356).contains(&found.undefined), "{}", found.undefined);
    assert_eq!(found.undefined + found.values().len(), 900);
    let [low, high] = found.interval(0.9).unwrap();
    assert_eq!((low, found.estimate, high), (0.0, 0.5, 1.0));
}

#[test]
fn errors_of_a_bootstrap() {
    let run = |rows, repetitions| bootstrap(rows, repetitions, 0, |_| Ok(1.0));
    assert_error(run(0, 100), "there are no samples: expected at least 1 row");
    assert_error(run(3, 1), "repetitions is 1, expected at least 2");
    assert!(matches!(run(usize::MAX, 2), Err(Error::Core(CoreError::OutOfMemory { .. }))));
    // An error of all rows, and an error that is no undefined metric, are those of the bootstrap.
    let undefined = bootstrap(2, 9, 0, |_| roc_auc(&[1, 1], &[0.0, 1.0], None));
    assert!(matches!(undefined, Err(Error::UndefinedMetric { .. })));
    let mut calls = 0;
    let other = bootstrap(2, 9, 0, |_| {
        calls += 1;
        if calls < 3 { Ok(0.0) } else { Err(Error::NoTargetColumns) }
    });
    assert_eq!(other, Err(Error::NoTargetColumns));
    let mut is_first = true;
    let never_again = bootstrap(2, 9, 0, |_| Ok(if std::mem::take(&mut is_first) { 1.0 } else { f64::NAN }));
    assert_error(never_again, "the standard error is undefined: the metric is defined on 0 of 9 resamples");
    for level in [0.0, 1.0, -1.0, f64::NAN] {
        assert!(run(3, 2).unwrap().interval(level).is_err());
    }
}
