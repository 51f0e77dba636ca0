//! Losses of numbers, counts and smoothed classes, and labels that occur together.

use ann_train::ndarray::{Array1, Array2, Axis, Ix1, array, concatenate};
use ann_train::{
    Activation, Adam, Architecture, Classifier, Error, Finding, FittedMultiLabelClassifier, FittedRegressor,
    LearningRate, Loss, MultiLabelClassifier, Network, Regressor, Schedule, StopReason, TrainConfig,
    Validation,
};

use crate::fitting::{ROWS, adam, columns};

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
