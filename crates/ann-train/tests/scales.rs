//! Scales of columns and of targets.

use ann_train::ndarray::{Array1, Array2, Axis, array, concatenate};
use ann_train::{
    Accumulation, Classifier, Error, FitOptions, FittedRegressor, Regressor, Scaling, TrainConfig,
};

use crate::fitting::{ROWS, adam, assert_close, classifier, columns, epochs, labels, wild_columns};

/// The weight of a constant column is trained by nothing. Times the constant it would cost the bias its
/// digits.
#[test]
fn a_constant_column_changes_no_prediction() {
    let y: Vec<f32> = (0..50).map(|row| (row as f32 / 8.0).sin()).collect();
    let alone = Array2::from_shape_fn((50, 1), |(row, _)| row as f32);
    for (constant, scaling) in [(1.7e9, Scaling::Standard), (1e30, Scaling::Robust)] {
        let x =
            Array2::from_shape_fn((50, 2), |(row, column)| if column == 0 { row as f32 } else { constant });
        let settings = Regressor { scaling, train: adam(400), ..Regressor::default() };
        let fitted = settings.fit(&x, &y).unwrap();
        let score = fitted.score(&x, &y).unwrap();
        let expected = settings.fit(&alone, &y).unwrap().score(&alone, &y).unwrap();
        assert!(score > 0.8 && expected > 0.8, "{score} beside {expected} without the column");
        // To continue from the network changes nothing either.
        let options = FitOptions { start: Some(fitted.network()), ..FitOptions::default() };
        let settings = Regressor { train: TrainConfig { epochs: 0, ..settings.train }, ..settings };
        let again = settings.fit_with(&x, &y, &options).unwrap().score(&x, &y).unwrap();
        assert!((again - score).abs() < 1e-4, "{again} after {score}");
    }
}

/// Both ways of summing agree to rounding, and no further.
#[test]
fn a_fit_sums_the_rows_as_it_is_told() {
    let of = |accumulation| {
        let train = TrainConfig { accumulation, ..adam(50) };
        let fitted = Classifier { train, ..Classifier::default() }.fit(&columns(), &labels()).unwrap();
        fitted.network().parameters().to_vec()
    };
    let [blocks, rows] = [Accumulation::Batched, Accumulation::PerSample].map(of);
    assert_ne!(blocks, rows);
    assert!(blocks.iter().zip(&rows).all(|(a, b)| (a - b).abs() < 1e-9));
}

#[test]
fn a_class_of_rows_without_weight_is_no_class() {
    let (x, labels) = (array![[0.0], [1.0], [2.0], [3.0]], ["a", "a", "b", "c"]);
    let options = FitOptions { weights: Some(&[1.0, 1.0, 1.0, 0.0][..]), ..FitOptions::default() };
    let fitted = classifier(10).fit_with(&x, &labels, &options).unwrap();
    assert_eq!(fitted.classes(), ["a", "b"]);
    let options = FitOptions { weights: Some(&[1.0, 1.0, 0.0, 0.0][..]), ..FitOptions::default() };
    assert!(matches!(classifier(10).fit_with(&x, &labels, &options), Err(Error::OneClass { .. })));
    let options = FitOptions { weights: Some(&[0.0; 4][..]), ..FitOptions::default() };
    let error = classifier(10).fit_with(&x, &labels, &options).unwrap_err();
    assert!(error.to_string().contains("all rows have the weight 0"), "{error}");
}

#[test]
fn scaled_columns_are_folded_into_the_network() {
    for scaling in [Scaling::Standard, Scaling::Robust] {
        let (x, labels) = (wild_columns(), labels());
        let settings = Classifier { scaling, ..classifier(200) };
        let fitted = settings.fit(&x, &labels).unwrap();
        // The same training on columns that were scaled by hand.
        let (centers, spreads) = scales(&x, scaling);
        let scaled = (&x - &centers) / &spreads;
        let by_hand = classifier(200).fit(&scaled, &labels).unwrap();
        assert_close(
            &fitted.predict_proba(&x).unwrap(),
            &by_hand.predict_proba(&scaled).unwrap(),
            "probabilities",
        );
        assert_eq!(fitted.history().records.len(), by_hand.history().records.len());
        assert!(fitted.score(&x, &labels).unwrap() > 0.9, "{scaling:?}");
    }
}

#[test]
fn without_scaling_wide_columns_teach_nothing() {
    let fitted = classifier(200).fit(&wild_columns(), &labels()).unwrap();
    assert!(fitted.score(&wild_columns(), &labels()).unwrap() < 0.8);
}

#[test]
fn a_constant_column_is_not_scaled() {
    let mut x = wild_columns();
    x.column_mut(0).fill(1e9);
    for scaling in [Scaling::Standard, Scaling::Robust] {
        let fitted = Classifier { scaling, ..classifier(20) }.fit(&x, &labels()).unwrap();
        assert!(fitted.predict_proba(&x).unwrap().iter().all(|p| p.is_finite()));
    }
}

#[test]
fn an_outlier_moves_robust_scales_little() {
    // Median 3 and quartiles 2 and 4, whatever the largest value is.
    let x = array![[1.0], [2.0], [3.0], [4.0], [1e6]];
    let y = [1.0, 2.0, 3.0, 4.0, 5.0];
    let line =
        Regressor { hidden: vec![], scaling: Scaling::Robust, train: epochs(0), ..Regressor::default() };
    let robust = line.fit(&x, &y).unwrap();
    let standard = Regressor { scaling: Scaling::Standard, ..line }.fit(&x, &y).unwrap();
    // The initial weight is the same, so what is folded into it shows the spread: 2 instead of some 4e5.
    let [robust, standard] =
        [robust, standard].map(|fitted: FittedRegressor| fitted.network().parameters()[0].abs());
    assert!((robust / standard - 4e5 / 2.0).abs() < 1e3, "{robust} {standard}");
}

#[test]
fn standardised_targets_are_predicted_in_their_own_unit() {
    let x = columns();
    let y: Array1<f64> = x.rows().into_iter().map(|x| 1e6 + 1e4 * (x[0] - 2.0 * x[1])).collect();
    let settings = Regressor { standardize_targets: true, train: adam(400), ..Regressor::default() };
    let fitted = settings.fit(&x, &y).unwrap();
    assert!(fitted.score(&x, &y).unwrap() > 0.99);
    // The history is that of standardised targets: their variance is 1.
    assert!(fitted.history().records[0].loss < 10.0);
    let off = Regressor { standardize_targets: false, ..settings }.fit(&x, &y).unwrap();
    assert!(off.score(&x, &y).unwrap() < 0.0, "with targets as they are, as many epochs are not enough");
    // Several outputs, each with its own scale.
    let both = concatenate![Axis(1), y.view().insert_axis(Axis(1)), x.select(Axis(1), &[0])];
    let fitted = Regressor { standardize_targets: true, train: adam(400), ..Regressor::default() }
        .fit(&x, &both)
        .unwrap();
    assert!(fitted.score(&x, &both).unwrap() > 0.99);
}

#[test]
fn weights_count_as_copies_for_scales_too() {
    let (x, labels) = (wild_columns(), labels());
    let weights: Vec<f64> = (0..ROWS).map(|row| (row % 3) as f64).collect();
    let copies: Vec<usize> = (0..ROWS).flat_map(|row| vec![row; row % 3]).collect();
    let (copied_x, copied_labels) =
        (x.select(Axis(0), &copies), copies.iter().map(|&row| labels[row]).collect::<Vec<_>>());
    for scaling in [Scaling::Standard, Scaling::Robust] {
        let settings = Classifier { scaling, ..classifier(100) };
        let options = FitOptions { weights: Some(&weights), ..FitOptions::default() };
        let weighted = settings.fit_with(&x, &labels, &options).unwrap();
        let copied = settings.fit(&copied_x, &copied_labels).unwrap();
        assert_close(
            &weighted.predict_proba(&x).unwrap(),
            &copied.predict_proba(&x).unwrap(),
            "probabilities",
        );
    }
}

/// Centre and spread of each column, by other means.
fn scales(x: &Array2<f64>, scaling: Scaling) -> (Array1<f64>, Array1<f64>) {
    if scaling == Scaling::Standard {
        return (x.mean_axis(Axis(0)).unwrap(), x.std_axis(Axis(0), 0.0));
    }
    let sorted = x.columns().into_iter().map(|column| {
        let mut column = column.to_vec();
        column.sort_by(f64::total_cmp);
        // Of 60 values the 15th, 30th and 45th.
        (column[29], column[44] - column[14])
    });
    let (centers, spreads): (Vec<f64>, Vec<f64>) = sorted.unzip();
    (centers.into(), spreads.into())
}
