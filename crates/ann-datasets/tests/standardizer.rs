//! Standardisation: constant features, worked examples, laws and errors.

use ann_datasets::ndarray::{Array1, Array2, Axis, array};
use ann_datasets::{Error, Standardizer};
use proptest::prelude::*;

// Constant features. ε is the distance from 1 to the next `f64`.

const EPSILON: f64 = f64::EPSILON;

#[test]
fn rounding_is_no_spread() {
    for column in [
        vec![0.1 + 0.2, 0.3, 0.3, 0.1 + 0.2, 0.3],
        vec![0.3, 0.3, 0.1 + 0.2],
        vec![0.1 + 0.7, 0.8],
        vec![1.1 + 2.2, 3.3],
        vec![[0.1; 10].iter().sum(), 1.0],
        vec![[0.1; 100].iter().sum(), 10.0],
        vec![5.0],
        vec![0.0; 3],
        vec![0.0, -0.0],
        [vec![0.3; 1000], vec![0.1 + 0.2; 500]].concat(),
    ] {
        for factor in [1.0, -1.0, 1e-300, -1e-300, 1e-8, 1e8, 1e300] {
            constant(&column.iter().map(|x| x * factor).collect::<Vec<f64>>());
        }
    }
}

#[test]
fn anything_more_is_a_spread() {
    for column in [
        [1e-300, 2e-300],
        [-1e-300, 1e-300],
        [1e8, 1e8 + 1.0],
        [1e8, 1e8 + 1e-6],
        [1.0, 1.0 + 1e-13],
        [0.0, 1e-200],
        [0.0, 5e-324],
        [5e-324, 1e-323],
        [1e-310, 1.1e-310],
        [0.0, 0.1 + 0.2 - 0.3],
        [-1.0, 1.0],
        [1e150, 1.0001e150],
    ] {
        spread(&column);
        spread(&[column[1], column[0]]);
        spread(&column.map(|x| -x));
    }
}

/// If one value of a hundred differs by 5e-324, the deviation is
/// 5e-324 · √99 / 100, which an `f64` rounds to 0.
#[test]
fn a_deviation_below_all_numbers_counts_as_constant() {
    let mut column = vec![0.0; 100];
    column[99] = 5e-324;
    constant(&column);
}

/// A spread of 16 units in the last place of 1 is constant, a spread of 17 is not.
/// From 1 to 2, `f64`s are ε apart.
#[test]
fn the_threshold() {
    for factor in [1.0, -1.0, 2.0_f64.powi(-900), 2.0_f64.powi(400)] {
        for rows in [2, 3, 1000] {
            // The value that differs is in the first row, in the last row, or in half of the rows.
            for different in [vec![0], vec![rows - 1], (0..rows / 2).collect()] {
                let column = |units: f64| -> Vec<f64> {
                    let mut column = vec![factor * (1.0 + EPSILON * units); rows];
                    different.iter().for_each(|&row| column[row] = factor);
                    column
                };
                constant(&column(16.0));
                spread(&column(17.0));
            }
        }
    }
    // The spread is compared with the largest magnitude, here 1. Below 1, `f64`s are
    // ε / 2 apart, so 16.5 ε is possible.
    constant(&[1.0 - 16.0 * EPSILON, 1.0]);
    constant(&[-1.0, -1.0 + 16.0 * EPSILON]);
    spread(&[1.0 - 16.5 * EPSILON, 1.0]);
    spread(&[-1.0, -1.0 + 16.5 * EPSILON]);
}

#[test]
fn each_column_is_judged_by_itself() {
    for constant in 0..12 {
        let features = Array2::from_shape_fn((3, 12), |(row, column)| match column == constant {
            true => [0.1 + 0.2, 0.3, 0.3][row],
            false => [1.0, 2.0, 6.0][row],
        });
        let standardizer = Standardizer::fit(&features).unwrap();
        for (column, (&mean, &scale)) in standardizer.means().iter().zip(standardizer.scales()).enumerate() {
            let expected = if column == constant { (0.3, 1.0) } else { (3.0, (14.0_f64 / 3.0).sqrt()) };
            // The mean of 0.3 and 0.1 + 0.2 lies between them.
            assert!((mean - expected.0).abs() <= 1e-16 && scale == expected.1, "column {column}");
        }
    }
}

#[test]
fn an_unseen_value_of_a_constant_column_keeps_its_size() {
    let standardizer = Standardizer::fit(&array![[0.1 + 0.2], [0.3], [0.3]]).unwrap();
    // 0.31 − 0.3 has the rounding error of 0.31.
    assert!((standardizer.transform(&array![[0.31]]).unwrap()[[0, 0]] - 0.01).abs() <= 1e-16);
}

#[test]
fn a_large_offset_costs_no_digits_of_the_spread() {
    // The values are 1e9 + k / 1024 for k below 1024. All of them, and their mean
    // 1e9 + 511.5 / 1024, are exact in `f64`.
    let features = Array2::from_shape_fn((102_400, 1), |(row, _)| 1e9 + (row % 1024) as f64 / 1024.0);
    let standardizer = Standardizer::fit(&features).unwrap();
    assert_eq!(standardizer.means(), array![1e9 + 511.5 / 1024.0]);
    // Σ (k − 511.5)² / 1024 = (1024² − 1) / 12. A hundred thousand roundings of 2⁻⁵³ are 1.1e-11.
    let expected = ((1024.0_f64.powi(2) - 1.0) / 12.0).sqrt() / 1024.0;
    assert!((standardizer.scales()[0] / expected - 1.0).abs() <= 1e-11);
}

// By hand.

#[test]
fn standardised_by_hand() {
    // Column 0: mean (1 + 2 + 6)/3 = 3, variance (4 + 1 + 9)/3 = 14/3. Column 1 is constant.
    let features = array![[1.0, 0.1], [2.0, 0.1], [6.0, 0.1]];
    let standardizer = Standardizer::fit(&features).unwrap();
    assert_eq!(standardizer.means(), array![3.0, 0.1]);
    assert_eq!(standardizer.scales(), array![(14.0_f64 / 3.0).sqrt(), 1.0]);
    assert_eq!(standardizer.transform(&features).unwrap().column(1), array![0.0, 0.0, 0.0]);
}

// Laws.

proptest! {
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

    /// Scaling by a power of two is exact, from values whose squares vanish to
    /// values whose squares nearly overflow.
    #[test]
    fn mean_and_scale_follow_the_unit(features in features(), exponent in -900_i32..480) {
        let unit = 2.0_f64.powi(exponent);
        let (one, other) = (Standardizer::fit(&features).unwrap(), Standardizer::fit(&(&features * unit)).unwrap());
        prop_assert_eq!(one.means() * unit, other.means());
        let is_constant = |column: usize| features.column(column).iter().all(|&x| x == features[[0, column]]);
        let expected: Array1<f64> =
            (0..features.ncols()).map(|column| if is_constant(column) { 1.0 } else { one.scales()[column] * unit }).collect();
        prop_assert_eq!(&expected, other.scales());
    }
}

/// Features are at most 100 and, unless constant, deviate by at least 0.1 · √39 / 40 ≈ 0.016 (one of 40 rows
/// differs by 0.1). Forty roundings of 100 · 2⁻⁵³ are 4.4e-13; divided by 0.016 that is 3e-11.
const TOLERANCE: f64 = 1e-10;

/// Tenths from −100 to 100: from 1 to 40 rows and from 1 to 4 columns.
fn features() -> impl Strategy<Value = Array2<f64>> {
    (1_usize..=40, 1_usize..=4).prop_flat_map(|(rows, columns)| {
        proptest::collection::vec((-1000..=1000).prop_map(|k| f64::from(k) / 10.0), rows * columns)
            .prop_map(move |values| Array2::from_shape_vec((rows, columns), values).unwrap())
    })
}

// Errors.

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
    let first = message("1e300").replace("[[1, 0]]", "[[0, 0]]");
    check(narrow.transform(&array![[1e300], [1e300]]), &first);
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
fn another_width_than_fitted() {
    let standardizer = Standardizer::fit(&array![[1.0, 2.0], [3.0, 4.0]]).unwrap();
    // A single column would broadcast silently without this check.
    for features in [Array2::zeros((2, 1)), Array2::zeros((2, 3))] {
        let message =
            format!("found {} columns, expected 2 as in the features that were fitted", features.ncols());
        check(standardizer.transform(&features), &message);
        check(standardizer.inverse_transform(&features), &message);
    }
}

#[track_caller]
fn constant(column: &[f64]) {
    let features = Array2::from_shape_vec((column.len(), 1), column.to_vec()).unwrap();
    let standardizer = Standardizer::fit(&features).unwrap();
    assert_eq!(standardizer.scales(), array![1.0], "{column:?}");
    let (least, most) = range(column);
    let mean = standardizer.means()[0];
    assert!(least <= mean && mean <= most, "{column:?} has mean {mean:e}");
    let z = standardizer.transform(&features).unwrap();
    assert!(z.iter().all(|z| z.abs() <= most - least), "{column:?} becomes {z}");
}

/// The mean is within the range of `column`, and the scale is between the bounds that follow from its spread.
#[track_caller]
fn spread(column: &[f64]) {
    let features = Array2::from_shape_vec((column.len(), 1), column.to_vec()).unwrap();
    let standardizer = Standardizer::fit(&features).unwrap();
    let (least, most) = range(column);
    let (mean, scale) = (standardizer.means()[0], standardizer.scales()[0]);
    assert!(least <= mean && mean <= most && scale > 0.0, "{column:?} has mean {mean:e} and scale {scale:e}");
    // The deviation is smallest, (most − least) √(n − 1) / n, if one row differs, and largest,
    // (most − least) / 2, if half of the rows do. Rounding changes a spread of one unit in the last place by
    // half a unit, so by a factor of two at most.
    let n = column.len() as f64;
    assert!(scale <= most - least, "{column:?} has scale {scale:e}");
    assert!(scale >= (most - least) * (n - 1.0).sqrt() / n / 2.0, "{column:?} has scale {scale:e}");
}

fn range(column: &[f64]) -> (f64, f64) {
    column.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(least, most), &x| (x.min(least), x.max(most)))
}

#[track_caller]
fn check<T: std::fmt::Debug>(result: Result<T, Error>, message: &str) {
    assert_eq!(result.unwrap_err().to_string(), message);
}
