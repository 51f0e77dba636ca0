//! Laws that hold for any dataset.

#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise, in its helpers too")]

use ann_datasets::ndarray::{Array2, Axis};
use ann_datasets::rand::{SeedableRng, rngs::ChaCha8Rng};
use ann_datasets::{
    Column, Dataset, Standardizer, generate, read_csv, read_tab, stratified_split, train_test_split,
};
use proptest::prelude::*;

proptest! {
    #[test]
    fn what_is_written_is_read_again(dataset in datasets("[a-z\"\t\r\n,#é]{1,4}")) {
        prop_assert_eq!(read_tab(generate::to_tab(&dataset).as_bytes(), "Class").unwrap(), dataset);
    }

    #[test]
    fn no_text_makes_the_loaders_panic(text in "[xc#\",\t\r\n 0.?é]{0,40}") {
        let _ = read_csv::<String>(text.as_bytes(), Column::Last);
        let _ = read_tab::<f64>(text.as_bytes(), Column::Class);
    }

    #[test]
    fn the_line_of_a_bad_cell_is_found_again(before in "([0-9]{1,3},(a|\"b\r?\n\"\"c\"|d)(\r|\n|\r\n){1,3}){0,8}") {
        let text = format!("x,label\r\n{before}bad,e\n");
        // Editors break lines at LF, CRLF and CR; the bad cell is on the last of them.
        let line = text.trim_end().replace("\r\n", "\n").replace('\r', "\n").split('\n').count();
        let message = read_csv::<String>(text.as_bytes(), "label").unwrap_err().to_string();
        prop_assert_eq!(message, format!(r#"line {line}, column 1 ("x"): found "bad", expected a number"#));
    }

    #[test]
    fn a_split_is_a_partition(dataset in datasets("[abc]"), fraction in 0.01..0.99, seed: u64) {
        prop_assume!(dataset.len() >= 2);
        let (train, test) = train_test_split(&dataset, fraction, &mut ChaCha8Rng::seed_from_u64(seed)).unwrap();
        prop_assert_eq!(sorted_rows(&[&train, &test]), sorted_rows(&[&dataset]));
        let wanted = (dataset.len() as f64 * fraction).round() as usize;
        prop_assert_eq!(test.len(), wanted.clamp(1, dataset.len() - 1));
    }

    #[test]
    fn a_stratified_split_is_a_partition_of_each_class(dataset in datasets("[ab]"), fraction in 0.01..0.99, seed: u64) {
        let count = |part: &Dataset, class: &str| part.targets.iter().filter(|target| *target == class).count();
        prop_assume!(dataset.classes().iter().all(|class| count(&dataset, class) >= 2));
        let (train, test) = stratified_split(&dataset, fraction, &mut ChaCha8Rng::seed_from_u64(seed)).unwrap();
        prop_assert_eq!(sorted_rows(&[&train, &test]), sorted_rows(&[&dataset]));
        for class in dataset.classes() {
            let rows = count(&dataset, &class);
            let wanted = (rows as f64 * fraction).round() as usize;
            prop_assert_eq!(count(&test, &class), wanted.clamp(1, rows - 1));
        }
    }

    #[test]
    fn standardised_columns_have_mean_0_and_deviation_1(features in features()) {
        let standardised = Standardizer::fit(&features).unwrap().transform(&features).unwrap();
        for (before, after) in features.axis_iter(Axis(1)).zip(standardised.axis_iter(Axis(1))) {
            let expected = if before.iter().all(|&x| x == before[0]) { 0.0 } else { 1.0 };
            prop_assert!(after.mean().unwrap().abs() <= TOLERANCE);
            prop_assert!((after.std(0.0) - expected).abs() <= TOLERANCE);
        }
    }

    #[test]
    fn standardising_can_be_undone(features in features()) {
        let standardizer = Standardizer::fit(&features).unwrap();
        let back = standardizer.inverse_transform(&standardizer.transform(&features).unwrap()).unwrap();
        prop_assert!((back - &features).iter().all(|difference| difference.abs() <= TOLERANCE));
    }
}

/// Features are at most 100 and, unless constant, deviate by at least 0.1 · √39 / 40 ≈ 0.016 (one of 40 rows off by 0.1).
/// Forty roundings of 100 · 2⁻⁵³ are 4.4e-13, divided by 0.016 that is 3e-11.
const TOLERANCE: f64 = 1e-10;

/// Tenths from −100 to 100: from 1 to 40 rows and from 1 to 4 columns.
fn features() -> impl Strategy<Value = Array2<f64>> {
    (1_usize..=40, 1_usize..=4).prop_flat_map(|(rows, columns)| {
        proptest::collection::vec((-1000..=1000).prop_map(|k| f64::from(k) / 10.0), rows * columns)
            .prop_map(move |values| Array2::from_shape_vec((rows, columns), values).unwrap())
    })
}

/// Labels that match `pattern` and are no blank, in the shape in which the generators write.
fn datasets(pattern: &'static str) -> impl Strategy<Value = Dataset> {
    let label =
        pattern.prop_filter("loaders trim labels", |label| !label.is_empty() && label.trim() == label);
    let row = (label, (0..=1_000_000, 0..=1_000_000));
    proptest::collection::vec(row, 1..30).prop_map(|rows| {
        let (targets, points): (Vec<String>, Vec<(i32, i32)>) = rows.into_iter().unzip();
        Dataset {
            features: Array2::from_shape_fn((points.len(), 2), |(row, column)| {
                let (x, y) = points[row];
                f64::from([x, y][column]) / 1e6
            }),
            targets,
            feature_names: vec!["x".to_owned(), "y".to_owned()],
            target_name: "Class".to_owned(),
        }
    })
}

/// Label and features of all rows, in an order of their own: equal for any two ways to cut the same rows.
fn sorted_rows(parts: &[&Dataset]) -> Vec<String> {
    let mut rows = Vec::new();
    for part in parts {
        for (label, features) in part.targets.iter().zip(part.features.rows()) {
            rows.push(format!("{label} {features}"));
        }
    }
    rows.sort();
    rows
}
