//! What a fit may be given: scales, weights, rows to validate on, a network to continue from; and how fitted
//! estimators come apart and together.

use ann_train::ndarray::{Array1, Array2, Axis, Ix1, array, concatenate};
use ann_train::{
    Accumulation, Activation, Adam, Architecture, Batching, ClassWeights, Classifier, Error, Finding,
    FitOptions, FittedClassifier, FittedMultiLabelClassifier, FittedRegressor, LearningRate, Loss, Monitor,
    MultiLabelClassifier, Network, Regressor, Scaling, Schedule, StopReason, TrainConfig, Validation, seeded,
};
use rand::RngExt;

const ROWS: usize = 60;

// Scales.

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

// Weights.

#[test]
fn balanced_classes_find_the_rare_one() {
    // One row of class "rare" among nine others that overlap with it.
    let x =
        Array2::from_shape_fn((100, 1), |(row, _)| if row % 10 == 0 { 1.0 } else { (row % 10) as f64 / 6.0 });
    let labels: Vec<&str> = (0..100).map(|row| if row % 10 == 0 { "rare" } else { "usual" }).collect();
    let settings = Classifier { hidden: vec![], train: adam(500), ..Classifier::default() };
    let found = |settings: &Classifier| {
        settings
            .fit(&x, &labels)
            .unwrap()
            .predict(&x)
            .unwrap()
            .iter()
            .filter(|label| **label == "rare")
            .count()
    };
    assert_eq!(found(&settings), 0);
    assert!(found(&Classifier { class_weights: ClassWeights::Balanced, ..settings.clone() }) >= 10);
    assert!(found(&Classifier { class_weights: ClassWeights::Given(vec![20.0, 1.0]), ..settings }) >= 10);
}

// Validation.

#[test]
fn the_best_epoch_is_kept() {
    let (x, labels) = noisy();
    let settings = Classifier {
        validation: Some(Validation { patience: 30, ..Validation::default() }),
        ..overfitting()
    };
    let fitted = settings.fit(&x, &labels).unwrap();
    let history = fitted.history();
    assert_eq!(history.stop, StopReason::NoImprovement);
    assert_eq!(history.validation.len(), history.records.len());
    let best = history.best_epoch.unwrap();
    let losses: Vec<f64> = history.validation.iter().map(|record| record.loss).collect();
    assert!(losses.iter().all(|loss| *loss >= losses[best]));
    assert_eq!(history.validation.last().unwrap().epoch, best + 30);
    assert_eq!(
        history.validation.iter().map(|record| record.epoch).collect::<Vec<_>>(),
        (0..losses.len()).collect::<Vec<_>>()
    );
    // The network is that of a training of as many epochs.
    let until_best = Classifier {
        validation: settings.validation,
        train: TrainConfig { epochs: best, ..settings.train },
        ..settings.clone()
    };
    assert_eq!(until_best.fit(&x, &labels).unwrap().network().parameters(), fitted.network().parameters());
}

#[test]
fn rows_of_the_caller_are_validated_on() {
    let (x, labels) = noisy();
    let (x, other) = x.view().split_at(Axis(0), 40);
    let (labels, other_labels) = labels.split_at(40);
    let (x, other) = (x.to_owned(), other.to_owned());
    let options = FitOptions { validation: Some((&*other, other_labels)), ..FitOptions::default() };
    let fitted = overfitting().fit_with(&x, labels, &options).unwrap();
    let history = fitted.history();
    let best = history.validation.iter().min_by(|a, b| a.loss.total_cmp(&b.loss)).unwrap();
    assert_eq!(history.best_epoch, Some(best.epoch));
    assert_eq!(fitted.score(&other, other_labels).unwrap(), best.accuracy.unwrap());
    // All of the 40 rows are trained on, and scaling is learned from them alone.
    let plain = overfitting().fit(&x, labels).unwrap();
    // The last record is that of the network at the end of a run.
    let epochs = history.records.len() - 1;
    assert!(epochs > 50 && history.records[..epochs] == plain.history().records[..epochs]);
    let unknown = vec!["unheard of"; other.nrows()];
    let options = FitOptions { validation: Some((&*other, &unknown[..])), ..FitOptions::default() };
    let error = overfitting().fit_with(&x, labels, &options).unwrap_err();
    let message = r#"validation row 0 has the label "unheard of", which no training row has"#;
    assert_eq!(error.to_string(), message);
}

#[test]
fn accuracy_may_decide_and_the_last_of_equals_is_kept() {
    let (x, labels) = noisy();
    let validation = Validation { monitor: Monitor::Accuracy, patience: 50, ..Validation::default() };
    let fitted = Classifier { validation: Some(validation), ..overfitting() }.fit(&x, &labels).unwrap();
    let history = fitted.history();
    let of = |epoch: usize| history.validation[epoch].accuracy.unwrap();
    let best = history.best_epoch.unwrap();
    assert!((0..history.validation.len()).all(|epoch| of(epoch) <= of(best)));
    assert!((best + 1..history.validation.len()).all(|epoch| of(epoch) < of(best)));
}

#[test]
fn a_plateau_ends_after_patience() {
    // All rows are right from the first epochs on: equal networks do not count as better.
    let x = Array2::from_shape_fn((40, 1), |(row, _)| if row % 2 == 0 { -9.0 } else { 9.0 });
    let labels: Vec<usize> = (0..40).map(|row| row % 2).collect();
    let validation = Validation { monitor: Monitor::Accuracy, patience: 20, ..Validation::default() };
    let fitted = Classifier { validation: Some(validation), train: adam(5000), ..Classifier::default() };
    let history = fitted.fit(&x, &labels).unwrap().history().clone();
    assert_eq!(history.stop, StopReason::NoImprovement);
    assert!(history.records.len() < 200, "{}", history.records.len());
}

#[test]
fn each_class_is_held_out_in_proportion_and_never_all_of_it() {
    // 30 rows of one class, 9 of another, 1 of the third: 6, 2 and 0 are held out. So the third class is
    // learned.
    let labels: Vec<usize> = (0..40).map(|row| usize::from(row >= 30) + usize::from(row >= 39)).collect();
    let x = Array2::from_shape_fn((40, 1), |(row, _)| labels[row] as f64);
    for seed in 0..5 {
        let validation = Some(Validation { seed, ..Validation::default() });
        let settings = Classifier { validation, train: adam(300), ..Classifier::default() };
        let fitted = settings.fit(&x, &labels).unwrap();
        assert_eq!(fitted.classes(), [0, 1, 2]);
        assert_eq!(fitted.predict(&array![[2.0]]).unwrap(), [2]);
    }
    let all_alone = [0, 1, 2];
    let settings = Classifier { validation: Some(Validation::default()), ..Classifier::default() };
    let error = settings.fit(&array![[0.0], [1.0], [2.0]], &all_alone).unwrap_err();
    assert_eq!(
        error.to_string(),
        "a share of 0.2 of each class is no row to validate on, of 3 rows: hold out a larger share"
    );
}

#[test]
fn settings_of_validation_out_of_range() {
    for (validation, message) in [
        (
            Validation { share: 0.0, ..Validation::default() },
            "validation.share is 0, expected above 0 and below 1",
        ),
        (
            Validation { share: f64::NAN, ..Validation::default() },
            "validation.share is NaN, expected above 0 and below 1",
        ),
        (
            Validation { patience: 0, ..Validation::default() },
            "validation.patience is 0, expected at least 1",
        ),
    ] {
        let settings = Regressor { validation: Some(validation), ..Regressor::default() };
        let y = columns().column(0).to_owned();
        assert_eq!(settings.fit(&columns(), &y).unwrap_err().to_string(), message);
    }
    // A mistake in the caller's validation rows is not blamed on the training rows.
    let (mut other, y) = (columns(), columns().column(0).to_owned());
    other[[3, 1]] = f64::NAN;
    let options = FitOptions { validation: Some((&*other, &y)), ..FitOptions::default() };
    let error = Regressor::default().fit_with(&columns(), &y, &options).unwrap_err();
    let cause = "features hold NaN at row 3, column 1";
    assert!(error.to_string().starts_with(&format!("validation rows: {cause}")), "{error}");
    // Values have no accuracy.
    let validation = Some(Validation { monitor: Monitor::Accuracy, ..Validation::default() });
    let y = columns().column(0).to_owned();
    let error = Regressor { validation, ..Regressor::default() }.fit(&columns(), &y).unwrap_err();
    assert_eq!(
        error.to_string(),
        "validation by accuracy needs classes, and mean squared error has none: use `Monitor::Loss`"
    );
}

#[test]
fn a_regressor_stops_early_too() {
    let x = columns();
    let mut rng = seeded(3);
    let y: Vec<f64> = x.column(0).iter().map(|x| x + rng.random_range(-2.0..2.0)).collect();
    let validation = Some(Validation { patience: 20, ..Validation::default() });
    let hidden = Activation::Tanh.layers([50]);
    let fitted = Regressor {
        hidden,
        validation,
        standardize_targets: true,
        train: adam(5000),
        ..Regressor::default()
    };
    let fitted = fitted.fit(&x, &y).unwrap();
    assert_eq!(fitted.history().stop, StopReason::NoImprovement);
    assert!(fitted.history().best_epoch.unwrap() + 20 == fitted.history().validation.last().unwrap().epoch);
}

// A network to continue from.

#[test]
fn a_fit_continues_from_a_network() {
    let (x, labels) = (wild_columns(), labels());
    let settings = Classifier { scaling: Scaling::Standard, ..classifier(100) };
    let once = settings.fit(&x, &labels).unwrap();
    let once_of_labels = once.clone();
    let options = FitOptions { start: Some(once.network()), ..FitOptions::default() };
    let twice = settings.fit_with(&x, &labels, &options).unwrap();
    let both = Classifier { scaling: Scaling::Standard, ..classifier(200) }.fit(&x, &labels).unwrap();
    // Scales are folded in and taken out again in between: a few roundings, which 100 epochs may enlarge.
    assert_close(&twice.predict_proba(&x).unwrap(), &both.predict_proba(&x).unwrap(), "probabilities");
    let y = x.column(1).to_owned();
    let settings = Regressor {
        scaling: Scaling::Robust,
        standardize_targets: true,
        train: epochs(100),
        ..Regressor::default()
    };
    let once = settings.fit(&x, &y).unwrap();
    let options = FitOptions { start: Some(once.network()), ..FitOptions::default() };
    let twice = settings.fit_with(&x, &y, &options).unwrap();
    let both = Regressor { train: epochs(200), ..settings }.fit(&x, &y).unwrap();
    let relative = &twice.predict(&x).unwrap() / &both.predict(&x).unwrap();
    assert!(relative.iter().all(|ratio| (ratio - 1.0).abs() < 1e-9), "{relative}");
    // A network of another shape is refused.
    let narrow = Classifier { hidden: vec![], ..Classifier::default() }.fit(&x, &labels).unwrap();
    let options = FitOptions { start: Some(narrow.network()), ..FitOptions::default() };
    let error = Classifier::default().fit_with(&x, &labels, &options).unwrap_err();
    assert!(
        error.to_string().starts_with(
            "the network is 3 → 2 identity, the problem was made for 3 → 10 sigmoid → 2 identity"
        ),
        "{error}"
    );
    // Also if its columns are not those of the scales.
    let fewer = x.select(Axis(1), &[0, 1]);
    for scaling in [Scaling::None, Scaling::Standard] {
        let error = Classifier { scaling, ..Classifier::default() }
            .fit_with(
                &fewer,
                &labels,
                &FitOptions { start: Some(once_of_labels.network()), ..FitOptions::default() },
            )
            .unwrap_err();
        assert!(error.to_string().starts_with("the network is 3 → 10 sigmoid → 2 identity, "), "{error}");
    }
}

// Parts.

#[test]
fn estimators_come_apart_and_together() {
    let (x, labels) = (columns(), labels());
    let fitted = classifier(50).fit(&x, &labels).unwrap();
    let (predicted, probabilities) = (fitted.predict(&x).unwrap(), fitted.predict_proba(&x).unwrap());
    let (network, classes) = fitted.into_parts();
    let again = FittedClassifier::from_parts(network.clone(), classes).unwrap();
    assert_eq!((again.predict(&x).unwrap(), again.predict_proba(&x).unwrap()), (predicted, probabilities));
    assert!(again.history().records.is_empty() && again.findings().is_empty());
    let error = FittedClassifier::from_parts(network.clone(), vec!["one"]).unwrap_err();
    assert_eq!(error.to_string(), "the network has 2 outputs, expected 1, one for each class");

    let y = x.column(0).to_owned();
    let fitted = Regressor { train: epochs(50), ..Regressor::default() }.fit(&x, &y).unwrap();
    let predicted = fitted.predict(&x).unwrap();
    let again: FittedRegressor = {
        let (network, loss) = fitted.into_parts();
        FittedRegressor::from_parts(network, loss).unwrap()
    };
    assert_eq!(again.predict(&x).unwrap(), predicted);
    let error = FittedRegressor::<Ix1>::from_parts(network, Loss::MeanSquaredError).unwrap_err();
    assert_eq!(error.to_string(), "the network has 2 outputs, expected 1, one for each prediction of a row");
}

#[test]
fn one_row_at_a_time_is_as_many_rows() {
    let (x, labels) = (columns(), labels());
    let fitted = classifier(50).fit(&x, &labels).unwrap();
    let mut predictor = fitted.predictor().unwrap();
    let (predicted, probabilities) = (fitted.predict(&x).unwrap(), fitted.predict_proba(&x).unwrap());
    for (row, x) in x.rows().into_iter().enumerate() {
        let x = x.as_slice().unwrap();
        assert_eq!(*predictor.predict(x).unwrap(), predicted[row]);
        let expected = probabilities.row(row);
        let found = predictor.predict_proba(x).unwrap();
        assert_eq!(found, expected.as_slice().unwrap());
    }
    assert!(matches!(predictor.predict(&[0.0]), Err(Error::Core(_))));
}

// Other losses.

#[test]
fn quantiles_of_a_target_are_predicted_side_by_side() {
    // y is evenly distributed between −1 and 1 everywhere: its quantiles are −0.8, 0 and 0.8.
    let x = Array2::from_shape_fn((500, 1), |(row, _)| (row % 5) as f64);
    let y: Vec<f64> = (0..500).map(|row| (row / 5) as f64 / 49.5 - 1.0).collect();
    let loss = Loss::Quantile { levels: vec![0.1, 0.5, 0.9] };
    let settings = Regressor { loss, hidden: vec![], train: adam(2000), ..Regressor::default() };
    let fitted = settings.fit(&x, &y).unwrap();
    let predicted = fitted.predict_columns(&x).unwrap();
    assert_eq!(predicted.dim(), (500, 3));
    for (predicted, expected) in predicted.row(7).iter().zip([-0.8, 0.0, 0.8]) {
        assert!((predicted - expected).abs() < 0.1, "{predicted} {expected}");
    }
    let message = "there are 3 predictions for each target, one for each level: use `predict_columns`";
    assert_eq!(fitted.predict(&x).unwrap_err().to_string(), message);
    assert_eq!(fitted.score(&x, &y).unwrap_err().to_string(), message);
    let row = predicted.row(3);
    assert_eq!(fitted.predictor().unwrap().predict(&[3.0]).unwrap(), row.as_slice().unwrap());
    // With standardised targets, each column has its own scale for all of its levels.
    let two =
        concatenate![Axis(1), Array2::from_shape_fn((500, 1), |(row, _)| 1e4 * y[row] + 3e4), x.clone()];
    let scaled = Regressor { standardize_targets: true, ..settings.clone() }.fit(&x, &two).unwrap();
    let predicted = scaled.predict_columns(&x).unwrap();
    assert_eq!(predicted.dim(), (500, 6));
    for (predicted, expected) in predicted.row(7).iter().zip([2.2e4, 3e4, 3.8e4, 2.0, 2.0, 2.0]) {
        assert!((predicted / expected - 1.0).abs() < 0.1, "{predicted} {expected}");
    }
    // A median alone is one prediction.
    let median = Regressor { loss: Loss::Quantile { levels: vec![0.5] }, ..settings };
    assert_eq!(median.fit(&x, &y).unwrap().predict(&x).unwrap().dim(), 500);
}

#[test]
fn counts_are_predicted_as_rates() {
    // With no information the rate is the mean, 2.
    let (x, y) = (Array2::<f64>::zeros((4, 1)), [0.0, 1.0, 3.0, 4.0]);
    let settings =
        Regressor { loss: Loss::Poisson, hidden: vec![], train: adam(1000), ..Regressor::default() };
    let fitted = settings.fit(&x, &y).unwrap();
    for rate in [fitted.predict(&x).unwrap()[2], fitted.predictor().unwrap().predict(&[0.0]).unwrap()[0]] {
        assert!((rate - 2.0).abs() < 1e-3, "{rate}");
    }
    let (network, loss) = fitted.into_parts();
    assert!((network.forward(&x).unwrap()[[0, 0]] - 2.0_f64.ln()).abs() < 1e-3);
    let again: FittedRegressor = FittedRegressor::from_parts(network, loss).unwrap();
    assert!((again.predict(&x).unwrap()[0] - 2.0).abs() < 1e-3);
    for loss in [Loss::Poisson, Loss::BinaryCrossEntropy] {
        let message =
            format!("`standardize_targets` moves targets out of the range that {loss} needs: leave it off");
        let error =
            Regressor { standardize_targets: true, loss, ..settings.clone() }.fit(&x, &y).unwrap_err();
        assert_eq!(error.to_string(), message);
    }
}

#[test]
fn large_counts_are_learned_although_their_loss_is_negative() {
    // The loss of counts near 100 is about 100 − 100 ln 100 = −361, far below the default threshold.
    let (x, y) = (Array2::<f64>::zeros((4, 1)), [98.0, 99.0, 101.0, 102.0]);
    let train = TrainConfig { epochs: 2000, optimizer: Adam::default().into(), ..Regressor::default().train };
    let validation = Some(Validation { share: 0.5, patience: 500, ..Validation::default() });
    for validation in [None, validation] {
        let settings =
            Regressor { loss: Loss::Poisson, hidden: vec![], validation, train, ..Regressor::default() };
        let fitted = settings.fit(&x, &y).unwrap();
        let rate = fitted.predict(&x).unwrap()[0];
        assert!((97.9..102.1).contains(&rate), "{rate}");
        // The loss cannot be better than that of a constant here, but it neither rose nor is it still
        // falling.
        let findings = fitted.findings();
        assert!(
            findings.iter().all(|finding| matches!(finding, Finding::NoBetterThanConstant { .. })),
            "{findings:?}"
        );
    }
}

#[test]
fn probabilities_are_no_predicted_values() {
    let architecture = Architecture::inputs(1).dense(3, Activation::Identity);
    let network: Network = Network::from_parameters(&architecture, vec![0.0; 6]).unwrap();
    let error = FittedRegressor::<Ix1>::from_parts(network.clone(), Loss::SoftmaxCrossEntropy).unwrap_err();
    assert!(error.to_string().contains("softmax cross-entropy"), "{error}");
    let error = FittedRegressor::<Ix1>::from_parts(network, Loss::Huber { delta: -1.0 }).unwrap_err();
    assert!(error.to_string().contains("is -1, expected"), "{error}");
}

#[test]
fn a_rate_that_overflows_is_an_error() {
    let architecture = Architecture::inputs(1).dense(1, Activation::Identity);
    let network = Network::from_parameters(&architecture, vec![1.0, 0.0]).unwrap();
    let fitted: FittedRegressor = FittedRegressor::from_parts(network, Loss::Poisson).unwrap();
    let message = "output 0 of row 1 (counted from 0) is inf";
    let error = fitted.predict(&array![[1.0], [710.0]]).unwrap_err();
    assert!(error.to_string().starts_with(message), "{error}");
    assert!(fitted.predictor().unwrap().predict(&[710.0]).is_err());
}

#[test]
fn what_a_run_has_learned_before_it_diverged_is_kept() {
    // A rate that rises: the first epochs learn, later ones diverge. No line fits exactly, so there is always
    // a gradient.
    let x = columns();
    let y: Array1<f64> = x.rows().into_iter().map(|x| x[0] + 0.1 * (7.0 * x[1]).sin()).collect();
    let schedule = Schedule::Exponential { last: 1e6 };
    let learning_rate = LearningRate { peak: 1e-3, schedule, warm_up: 0 };
    let train = TrainConfig { learning_rate, epochs: 1000, ..TrainConfig::default() };
    let settings = Regressor { hidden: vec![], train, ..Regressor::default() };
    assert!(matches!(settings.fit(&x, &y).unwrap_err(), Error::Diverged { .. }));
    let validation = Some(Validation { patience: 1000, ..Validation::default() });
    let fitted = Regressor { validation, ..settings }.fit(&x, &y).unwrap();
    assert_eq!(fitted.history().stop, StopReason::Diverged);
    assert!(fitted.score(&x, &y).unwrap() > 0.9);
    let epoch = fitted.history().best_epoch.unwrap();
    assert!(fitted.findings().contains(&Finding::Diverged { epoch }), "{:?}", fitted.findings());
}

#[test]
fn a_loss_of_classes_is_none_of_values() {
    let settings = Regressor { loss: Loss::SoftmaxCrossEntropy, ..Regressor::default() };
    let error = settings.fit(&array![[0.0], [1.0]], &[0.0, 1.0]).unwrap_err();
    assert!(error.to_string().contains("softmax cross-entropy"), "{error}");
}

#[test]
fn smoothing_keeps_probabilities_from_0_and_1() {
    let settings = Classifier { smoothing: 0.1, train: adam(2000), ..Classifier::default() };
    let x = Array2::<f64>::from_shape_fn((40, 1), |(row, _)| if row % 2 == 0 { -2.0 } else { 2.0 });
    let labels: Vec<usize> = (0..40).map(|row| row % 2).collect();
    let p = settings.fit(&x, &labels).unwrap().predict_proba(&x).unwrap();
    // The best is 1 − ε + ε/K = 0.95.
    assert!((p[[0, 0]] - 0.95).abs() < 1e-3, "{p}");
    let error = Classifier { smoothing: 1.0, ..settings }.fit(&x, &labels).unwrap_err();
    assert!(error.to_string().contains("smoothing"), "{error}");
}

// Labels that occur together.

#[test]
fn labels_that_occur_together() {
    let x = columns();
    let labels = Array2::from_shape_fn((ROWS, 3), |(row, label)| match label {
        0 => x[[row, 0]] > 0.0,
        1 => x[[row, 1]] > x[[row, 0]],
        _ => x[[row, 2]] > 1.0,
    });
    let settings = MultiLabelClassifier { train: adam(2000), ..MultiLabelClassifier::default() };
    let fitted = settings.fit(&x, &labels).unwrap();
    assert_eq!(fitted.predict(&x).unwrap(), labels);
    assert_eq!((fitted.score(&x, &labels).unwrap(), fitted.history().last().accuracy), (1.0, Some(1.0)));
    let mut one_wrong = labels.clone();
    one_wrong[[7, 1]] ^= true;
    assert_eq!(fitted.score(&x, &one_wrong).unwrap(), (ROWS - 1) as f64 / ROWS as f64);
    let probabilities = fitted.predict_proba(&x).unwrap();
    for (probability, label) in probabilities.iter().zip(&labels) {
        assert!((*probability > 0.5) == *label);
    }
    let logits = fitted.network().forward(&x).unwrap();
    assert!((probabilities[[3, 2]] - 1.0 / (1.0 + (-logits[[3, 2]]).exp())).abs() < 1e-15);
    let again = FittedMultiLabelClassifier::from_network(fitted.clone().into_network());
    assert_eq!(again.predict(&x).unwrap(), labels);
    let error = settings.fit(&x, &Array2::from_elem((ROWS, 0), false)).unwrap_err();
    assert_eq!(error.to_string(), "targets have 0 columns, expected at least 1");
    let error = settings.fit(&x, &Array2::from_elem((3, 2), false)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "there are 60 rows of features but 3 targets, expected one target for each row"
    );
    let error = fitted.score(&x, &Array2::from_elem((ROWS, 2), false)).unwrap_err();
    assert_eq!(error.to_string(), "targets have 2 columns, the network has 3 outputs");
}

// Helpers.

fn classifier(epochs: usize) -> Classifier {
    Classifier { train: TrainConfig { epochs, ..Classifier::default().train }, ..Classifier::default() }
}

fn epochs(epochs: usize) -> TrainConfig {
    TrainConfig { epochs, ..Regressor::default().train }
}

fn adam(epochs: usize) -> TrainConfig {
    let optimizer = Adam::default().into();
    TrainConfig { optimizer, learning_rate: 0.03.into(), epochs, ..TrainConfig::default() }
}

fn overfitting() -> Classifier {
    let train = TrainConfig { batching: Batching::shuffled(8, 1), ..adam(2000) };
    Classifier { hidden: Activation::Tanh.layers([40]), train, ..Classifier::default() }
}

fn columns() -> Array2<f64> {
    let mut rng = seeded(1);
    Array2::from_shape_fn((ROWS, 3), |_| rng.random_range(-2.0..2.0))
}

/// The same columns in units of very different size, far from 0.
fn wild_columns() -> Array2<f64> {
    columns() * array![1e4, 1.0, 1e-3] + array![3e4, 0.0, 1.0]
}

fn labels() -> Vec<&'static str> {
    columns().rows().into_iter().map(|x| if x[0] + x[1] - x[2] > 0.0 { "above" } else { "below" }).collect()
}

/// Labels of which every fourth is wrong.
fn noisy() -> (Array2<f64>, Vec<&'static str>) {
    let mut labels = labels();
    labels.iter_mut().step_by(4).for_each(|label| *label = if *label == "above" { "below" } else { "above" });
    (columns(), labels)
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

#[track_caller]
fn assert_close(a: &Array2<f64>, b: &Array2<f64>, what: &str) {
    // Scales are rounded once and folded once; training enlarges that.
    let largest = (a - b).mapv(f64::abs).fold(0.0, |largest: f64, d| largest.max(*d));
    assert!(largest < 1e-9, "{what} differ by {largest}");
}
