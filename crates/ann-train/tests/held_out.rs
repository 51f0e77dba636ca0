//! Rows that are held out of a fit, and when it ends.

use ann_train::ndarray::{Array2, Axis, array};
use ann_train::{
    Activation, Batching, Classifier, FitOptions, Monitor, Regressor, StopReason, TrainConfig, Validation,
    seeded,
};
use rand::RngExt;

use crate::fitting::{adam, columns, labels};

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

fn overfitting() -> Classifier {
    let train = TrainConfig { batching: Batching::shuffled(8, 1), ..adam(2000) };
    Classifier { hidden: Activation::Tanh.layers([40]), train, ..Classifier::default() }
}

/// Labels of which every fourth is wrong.
fn noisy() -> (Array2<f64>, Vec<&'static str>) {
    let mut labels = labels();
    labels.iter_mut().step_by(4).for_each(|label| *label = if *label == "above" { "below" } else { "above" });
    (columns(), labels)
}
