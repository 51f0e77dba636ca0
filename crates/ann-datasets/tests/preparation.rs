//! Splits and standardisation: examples and errors. Laws stand in `properties.rs`.

#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise, in its helpers too")]

use std::time::{Duration, Instant};

use ann_datasets::ndarray::{Array2, array};
use ann_datasets::rand::{SeedableRng, rngs::ChaCha8Rng};
use ann_datasets::{Dataset, Error, Standardizer, iris, stratified_split, train_test_split};

const SEED: u64 = 7;

#[test]
fn same_seed_same_split() {
    let split = |seed| train_test_split(&iris(), 0.3, &mut seeded(seed)).unwrap();
    assert_eq!(split(SEED), split(SEED));
    assert_ne!(split(SEED), split(SEED + 1));
}

#[test]
fn stratified_iris_has_equal_classes() {
    let (train, test) = stratified_split(&iris(), 0.2, &mut seeded(SEED)).unwrap();
    for class in iris().classes() {
        let count = |part: &Dataset| part.targets.iter().filter(|target| **target == class).count();
        assert_eq!((count(&train), count(&test)), (40, 10));
    }
    assert!(!train.targets.is_sorted() && !test.targets.is_sorted(), "both parts are shuffled");
}

#[test]
fn both_parts_have_a_row() {
    for fraction in [1e-9, 0.5, 1.0 - 1e-9] {
        let (train, test) = train_test_split(&dataset(&["a", "b"]), fraction, &mut seeded(SEED)).unwrap();
        assert_eq!((train.len(), test.len()), (1, 1));
    }
}

#[test]
fn fraction_out_of_range() {
    for (found, shown) in [(0.0, "0.0"), (1.0, "1.0"), (-0.1, "-0.1"), (1e300, "1e300"), (f64::NAN, "NaN")] {
        let message = format!("the test fraction is {shown}, expected more than 0 and less than 1");
        check(train_test_split(&iris(), found, &mut seeded(SEED)), &message);
        check(stratified_split(&iris(), found, &mut seeded(SEED)), &message);
    }
}

#[test]
fn too_few_rows() {
    check(
        train_test_split(&dataset(&["a"]), 0.5, &mut seeded(SEED)),
        "a split needs at least 2 rows, found 1",
    );
    check(stratified_split(&dataset(&[]), 0.5, &mut seeded(SEED)), "a split needs at least 2 rows, found 0");
}

#[test]
fn lonely_class() {
    check(
        stratified_split(&dataset(&["a", "b", "a"]), 0.5, &mut seeded(SEED)),
        "class \"b\" has 1 row only, a stratified split needs at least 2 of each class; use `train_test_split`",
    );
}

#[test]
fn a_long_class_is_cut() {
    // 40 characters, of which the quote is the first.
    let message = format!(
        "class \"{}… has 1 row only, a stratified split needs at least 2 of each class; use `train_test_split`",
        "c".repeat(39)
    );
    check(stratified_split(&dataset(&[&"c".repeat(100), "b", "b"]), 0.5, &mut seeded(SEED)), &message);
}

/// Counting each class by a walk through all rows would take a minute.
#[test]
fn many_classes_are_split_in_seconds() {
    let labels: Vec<String> = (0..400_000).map(|row| (row / 2).to_string()).collect();
    let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
    let started = Instant::now();
    let (train, test) = stratified_split(&dataset(&labels), 0.5, &mut seeded(SEED)).unwrap();
    assert_eq!(train.classes(), test.classes());
    assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
}

#[test]
fn mismatched_rows() {
    let broken = Dataset { features: Array2::zeros((3, 1)), ..dataset(&["a", "b"]) };
    let message = "the dataset has 3 rows of features but 2 targets";
    check(train_test_split(&broken, 0.5, &mut seeded(SEED)), message);
    check(stratified_split(&broken, 0.5, &mut seeded(SEED)), message);
}

#[test]
fn standardised_by_hand() {
    // Column 0: mean (1 + 2 + 6)/3 = 3, variance (4 + 1 + 9)/3 = 14/3. Column 1 is constant.
    let features = array![[1.0, 0.1], [2.0, 0.1], [6.0, 0.1]];
    let standardizer = Standardizer::fit(&features).unwrap();
    assert_eq!(standardizer.means(), array![3.0, 0.1]);
    assert_eq!(standardizer.scales(), array![(14.0_f64 / 3.0).sqrt(), 1.0]);
    assert_eq!(standardizer.transform(&features).unwrap().column(1), array![0.0, 0.0, 0.0]);
}

#[test]
fn nothing_to_fit() {
    check(Standardizer::fit(&Array2::zeros((0, 2))), "standardising needs at least one row, found none");
}

#[test]
fn not_finite_features() {
    let message = "the feature at [[1, 0]] is NaN, expected a finite number";
    check(Standardizer::fit(&array![[1.0, 2.0], [f64::NAN, 4.0]]), message);
    check(
        Standardizer::fit(&array![[f64::INFINITY]]),
        "the feature at [[0, 0]] is inf, expected a finite number",
    );
    let standardizer = Standardizer::fit(&array![[1.0, 2.0], [3.0, 4.0]]).unwrap();
    check(standardizer.transform(&array![[1.0, 2.0], [f64::NAN, 4.0]]), message);
    check(standardizer.inverse_transform(&array![[1.0, 2.0], [f64::NAN, 4.0]]), message);
}

#[test]
fn scaling_overflow() {
    let message = |found| {
        format!(
            "the number at [[1, 0]] is {found}, which overflows with the mean and scale that were fitted; \
             correct or remove it"
        )
    };
    // Deviations of 1e-10 and 1e150: 1e300 / 1e-10 and 1e200 · 1e150 are above 1.8e308.
    let narrow = Standardizer::fit(&array![[-1e-10], [1e-10]]).unwrap();
    check(narrow.transform(&array![[0.0], [1e300]]), &message("1e300"));
    assert_eq!(narrow.inverse_transform(&array![[2.0]]).unwrap(), array![[2e-10]]);
    let wide = Standardizer::fit(&array![[-1e150], [1e150]]).unwrap();
    check(wide.inverse_transform(&array![[0.0], [1e200]]), &message("1e200"));
    assert_eq!(wide.transform(&array![[2e150]]).unwrap(), array![[2.0]]);
}

#[test]
fn variance_overflow() {
    let message = "the features with index 1, counted from 0, spread so widely that their variance overflows; rescale them";
    check(Standardizer::fit(&array![[1.0, 1e200], [2.0, -1e200]]), message);
    check(Standardizer::fit(&array![[1.0, f64::MAX], [2.0, f64::MAX / 2.0]]), message);
}

#[test]
fn differences_too_small_to_square_count_as_constant() {
    let tiny = Standardizer::fit(&array![[0.0], [1e-200]]).unwrap();
    assert_eq!(tiny.scales(), array![1.0]);
}

#[test]
fn another_width_than_fitted() {
    let standardizer = Standardizer::fit(&array![[1.0, 2.0], [3.0, 4.0]]).unwrap();
    // One column would broadcast silently if it were let in.
    for features in [Array2::zeros((2, 1)), Array2::zeros((2, 3))] {
        let message =
            format!("found {} columns, expected 2 as in the features that were fitted", features.ncols());
        check(standardizer.transform(&features), &message);
        check(standardizer.inverse_transform(&features), &message);
    }
}

#[track_caller]
fn check<T: std::fmt::Debug>(result: Result<T, Error>, message: &str) {
    assert_eq!(result.unwrap_err().to_string(), message);
}

fn seeded(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}

fn dataset(labels: &[&str]) -> Dataset {
    Dataset {
        features: Array2::zeros((labels.len(), 1)),
        targets: labels.iter().map(ToString::to_string).collect(),
        feature_names: vec!["x".to_owned()],
        target_name: "label".to_owned(),
    }
}
