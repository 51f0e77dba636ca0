//! What a mistake looks like, tried as a new user would: always an error that says what and where.

use ann_train::ndarray::{Array2, array};
use ann_train::{
    Activation, Architecture, Classifier, Init, Loss, Network, Problem, Regressor, TrainConfig, seeded, train,
};

const LABELS: [&str; 4] = ["no", "yes", "yes", "no"];
const VALUES: [f64; 4] = [0.0, 1.0, 1.0, 0.0];

// Data.

#[test]
fn predicting_from_another_number_of_columns() {
    let message = "input has 3 columns, the first layer expects 2";
    let classifier = quick_classifier().fit(&corners(), &LABELS).unwrap();
    let regressor = quick_regressor().fit(&corners(), &VALUES).unwrap();
    let x = Array2::zeros((1, 3));
    check(classifier.predict(&x), message);
    check(classifier.predict_proba(&x), message);
    check(classifier.score(&x, &["no"]), message);
    check(regressor.predict(&x), message);
    check(regressor.score(&x, &[0.0]), message);
}

#[test]
fn labels_of_the_wrong_length() {
    let message = "there are 4 rows of features but 3 targets, expected one target for each row";
    check(Classifier::default().fit(&corners(), &LABELS[..3]), message);
    check(Regressor::default().fit(&corners(), &VALUES[..3]), message);
    check(quick_classifier().fit(&corners(), &LABELS).unwrap().score(&corners(), &LABELS[..3]), message);
    check(quick_regressor().fit(&corners(), &VALUES).unwrap().score(&corners(), &VALUES[..3]), message);
}

#[test]
fn no_labels_at_all() {
    let message = "there are 4 rows of features but 0 targets, expected one target for each row";
    check(Classifier::default().fit(&corners(), &LABELS[..0]), message);
    check(Regressor::default().fit(&corners(), &VALUES[..0]), message);
    check(quick_classifier().fit(&corners(), &LABELS).unwrap().score(&corners(), &LABELS[..0]), message);
    check(quick_regressor().fit(&corners(), &VALUES).unwrap().score(&corners(), &VALUES[..0]), message);
}

#[test]
fn targets_with_another_number_of_columns() {
    let fitted = quick_regressor().fit(&corners(), &Array2::zeros((4, 2))).unwrap();
    let message = "targets have 3 columns, the network has 2 outputs";
    check(fitted.score(&corners(), &Array2::zeros((4, 3))), message);
}

#[test]
fn features_that_are_no_numbers() {
    for (value, text) in [(f64::NAN, "NaN"), (f64::INFINITY, "inf"), (f64::NEG_INFINITY, "-inf")] {
        let message = format!(
            "features hold {text} at row 2, column 1 (counted from 0), expected finite numbers: \
             remove or replace it"
        );
        let mut x = corners();
        x[[2, 1]] = value;
        check(Classifier::default().fit(&x, &LABELS), &message);
        check(Regressor::default().fit(&x, &VALUES), &message);
        check(quick_classifier().fit(&corners(), &LABELS).unwrap().predict(&x), &message);
        check(quick_classifier().fit(&corners(), &LABELS).unwrap().predict_proba(&x), &message);
        check(quick_regressor().fit(&corners(), &VALUES).unwrap().predict(&x), &message);
    }
}

#[test]
fn targets_that_are_no_numbers() {
    let message = "targets hold NaN at row 1, column 0 (counted from 0), expected finite numbers: \
                   remove or replace it";
    let y = [0.0, f64::NAN, 1.0, 0.0];
    check(Regressor::default().fit(&corners(), &y), message);
    check(quick_regressor().fit(&corners(), &VALUES).unwrap().score(&corners(), &y), message);
}

#[test]
fn one_class_only() {
    let message = r#"all labels, 4 of them, are "yes": a classifier needs at least two classes"#;
    check(Classifier::default().fit(&corners(), &["yes"; 4]), message);
}

#[test]
fn a_label_that_was_not_fitted_is_a_miss() {
    let fitted = quick_classifier().fit(&corners(), &LABELS).unwrap();
    let mut labels: Vec<&str> = fitted.predict(&corners()).unwrap();
    labels[1] = "maybe";
    assert_eq!(fitted.score(&corners(), &labels).unwrap(), 0.75);
}

#[test]
fn no_samples() {
    let message = "there are no samples: expected at least 1 row";
    let x = Array2::<f64>::zeros((0, 2));
    check(Classifier::default().fit(&x, &LABELS[..0]), message);
    check(Regressor::default().fit(&x, &VALUES[..0]), message);
    check(quick_classifier().fit(&corners(), &LABELS).unwrap().score(&x, &LABELS[..0]), message);
    check(quick_regressor().fit(&corners(), &VALUES).unwrap().score(&x, &VALUES[..0]), message);
}

#[test]
fn no_columns() {
    let message = "there are 0 inputs (feature columns), expected at least 1";
    let x = Array2::<f64>::zeros((4, 0));
    check(Classifier::default().fit(&x, &LABELS), message);
    check(Regressor::default().fit(&x, &VALUES), message);
}

#[test]
fn no_target_columns() {
    let error = Regressor::default().fit(&corners(), &Array2::<f64>::zeros((4, 0))).unwrap_err();
    assert!(error.to_string().contains("target"), "the user gave targets, not a layer: {error}");
}

// Settings.

#[test]
fn a_hidden_layer_of_width_0() {
    let hidden = Activation::Sigmoid.layers([3, 0]);
    let message = "layer 2 has width 0, expected at least 1";
    check(Classifier { hidden: hidden.clone(), ..Classifier::default() }.fit(&corners(), &LABELS), message);
    check(Regressor { hidden, ..Regressor::default() }.fit(&corners(), &VALUES), message);
}

#[test]
fn quantiles_without_a_level() {
    let regressor = Regressor { loss: Loss::Quantile { levels: vec![] }, ..Regressor::default() };
    let message = "the number of levels (τ) of the quantile loss is 0, expected at least 1";
    check(regressor.fit(&corners(), &VALUES), message);
}

#[test]
fn a_network_with_other_activations_than_the_problem() {
    let of = |activation: Activation| Architecture::inputs(2).dense(1, activation);
    let (wanted, other) = (of(Activation::Identity), of(Activation::Tanh));
    let (x, y) = (corners(), Array2::zeros((4, 1)));
    let problem = Problem::new(&wanted, Loss::MeanSquaredError, &x, &y).unwrap();
    let mut network = Network::init(&other, Init::default(), &mut seeded(0)).unwrap();
    let before = network.clone();
    let message = format!(
        "the network is {other}, the problem was made for {wanted} (a custom activation equals only its clones)"
    );
    check(train(&mut network, &problem, &TrainConfig::default()), &message);
    assert_eq!(network.parameters(), before.parameters());
}

#[test]
fn a_learning_rate_that_is_no_step() {
    let range = "a finite number above 0";
    for learning_rate in [0.0, -0.1, f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let message = format!("learning_rate (η) is {learning_rate}, expected {range}");
        let train = TrainConfig { learning_rate: learning_rate.into(), ..TrainConfig::default() };
        check(Classifier { train, ..Classifier::default() }.fit(&corners(), &LABELS), &message);
        check(Regressor { train, ..Regressor::default() }.fit(&corners(), &VALUES), &message);
    }
}

#[test]
fn settings_that_f32_cannot_hold() {
    let x = corners().mapv(|x| x as f32);
    for learning_rate in [1e-50, 1e39] {
        let message = format!(
            "learning_rate (η) is {learning_rate:?}, expected a number that is finite and above 0 in the network's precision, too"
        );
        let train = TrainConfig { learning_rate: learning_rate.into(), ..TrainConfig::default() };
        check(Classifier { train, ..Classifier::default() }.fit(&x, &LABELS), &message);
    }
    let message = "l2 (λ) is 2e38, expected at most half the largest number of the features' precision";
    check(Classifier { l2: 2e38, ..Classifier::default() }.fit(&x, &LABELS), message);
}

#[test]
fn a_penalty_that_is_negative_or_no_number() {
    for l2 in [-0.1, f64::NAN, f64::INFINITY] {
        let message = format!("l2 (λ) is {l2:?}, expected a finite number ≥ 0");
        check(Classifier { l2, ..Classifier::default() }.fit(&corners(), &LABELS), &message);
        check(Regressor { l2, ..Regressor::default() }.fit(&corners(), &VALUES), &message);
    }
}

#[test]
fn a_threshold_that_is_no_number() {
    let train = TrainConfig { stop_below: f64::NAN, ..TrainConfig::default() };
    let message = "stop_below is NaN, expected a number";
    check(Classifier { train, ..Classifier::default() }.fit(&corners(), &LABELS), message);
    check(Regressor { train, ..Regressor::default() }.fit(&corners(), &VALUES), message);
}

#[test]
fn a_gain_that_is_negative_or_no_number() {
    for gain in [-1.0, f64::NAN, f64::INFINITY] {
        let message = format!(
            "gain is {gain}, expected a number ≥ 0 whose draws are finite in the network's scalar type"
        );
        let init = Init::XavierNormal { gain };
        check(Classifier { init, ..Classifier::default() }.fit(&corners(), &LABELS), &message);
        check(Regressor { init, ..Regressor::default() }.fit(&corners(), &VALUES), &message);
    }
}

// Numbers that grow.

#[test]
fn a_diverging_run() {
    // One row with x = y = 1 and ŷ = w + b from 0: each step multiplies the error by 1 − 4η = −3999.
    // Its square 3999^(2·epoch) passes 1.8e308 at epoch 43: 2 · 43 · 3.602 = 309.8.
    let steep = Regressor {
        hidden: vec![],
        init: Init::Zeros,
        train: TrainConfig { learning_rate: 1e3.into(), ..Regressor::default().train },
        ..Regressor::default()
    };
    let message = |epoch: usize| {
        format!(
            "training diverged at epoch {epoch} with learning rate 1000.0 (objective inf): \
             choose a smaller learning rate, or scale features and targets"
        )
    };
    check(steep.fit(&array![[1.0]], &[1.0]), &message(43));
    // The loss of an f32 network is f64 too; its weights, about half the error, pass 3.4e38 at epoch 11:
    // 11 · 3.602 = 39.6.
    check(steep.fit(&array![[1.0_f32]], &[1.0_f32]), &message(11));
}

#[test]
fn a_diverging_run_with_hidden_layers() {
    let settings = Regressor {
        hidden: Activation::Relu.layers([10]),
        train: TrainConfig { learning_rate: 1e3.into(), ..Regressor::default().train },
        ..Regressor::default()
    };
    let error = settings.fit(&corners(), &VALUES).unwrap_err().to_string();
    assert!(
        error.starts_with("training diverged at epoch ") && error.contains("learning rate 1000"),
        "{error}"
    );
}

#[test]
fn an_infinite_weight_behind_a_unit_that_is_off() {
    // x = 1, a = 1e-300, ŷ = 1e300 · a = 1, and y = −10: ∂w₁ = 22 · 1e300. The step of 1e10 leaves w₁ = −∞,
    // which ReLU makes a = 0 of: the loss is finite.
    let architecture = Architecture::inputs(1).dense(1, Activation::Relu).dense(1, Activation::Identity);
    let start = [1e-300, 0.0, 1e300, 0.0];
    let mut network = Network::from_parameters(&architecture, start.to_vec()).unwrap();
    let (x, y) = (array![[1.0]], array![-10.0]);
    let problem = Problem::new(&architecture, Loss::MeanSquaredError, &x, &y).unwrap();
    let config = TrainConfig { learning_rate: 1e10.into(), epochs: 5, ..TrainConfig::default() };
    let error = train(&mut network, &problem, &config).unwrap_err().to_string();
    assert!(error.starts_with("training diverged at epoch 1 with learning rate 10000000000.0"), "{error}");
    assert_eq!(network.parameters(), start);
}

#[test]
fn features_too_large_to_add_up() {
    // Finite, but x² is not: no NaN may come out of training.
    let x = corners() * 1e308;
    for hidden in [vec![], Activation::Relu.layers([5]), Activation::Sigmoid.layers([5])] {
        match (Regressor { hidden: hidden.clone(), ..Regressor::default() }).fit(&x, &VALUES) {
            Ok(fitted) => assert!(fitted.network().parameters().iter().all(|p| p.is_finite()), "{hidden:?}"),
            Err(error) => assert!(error.to_string().starts_with("the objective is "), "{error}"),
        }
    }
}

#[test]
fn predictions_too_large_are_no_nan() {
    // With gain 5 some hidden sums of 1e308 + 1e308 leave the range of f64, and the outputs add ∞ to −∞.
    let (hidden, init) = (Activation::Relu.layers([10]), Init::XavierNormal { gain: 5.0 });
    let huge = array![[0.0, 1.0], [1e308, 1e308]];
    let classifier = Classifier { hidden: hidden.clone(), init, ..quick_classifier() };
    let p = classifier.fit(&corners(), &LABELS).unwrap().predict_proba(&huge);
    assert!(p.is_err(), "an overflow must be an error, not {p:?}");
    // Untrained, because ten steps from gain 5 would switch all its units off.
    let regressor = Regressor {
        hidden,
        init,
        train: TrainConfig { epochs: 0, ..Regressor::default().train },
        ..Regressor::default()
    };
    let y = regressor.fit(&corners(), &VALUES).unwrap().predict(&huge);
    assert!(y.is_err(), "an overflow must be an error, not {y:?}");
}

fn corners() -> Array2<f64> {
    array![[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]
}

fn quick_classifier() -> Classifier {
    Classifier { train: TrainConfig { epochs: 10, ..Classifier::default().train }, ..Classifier::default() }
}

fn quick_regressor() -> Regressor {
    Regressor { train: TrainConfig { epochs: 10, ..Regressor::default().train }, ..Regressor::default() }
}

#[track_caller]
fn check<T, E: std::fmt::Display>(result: Result<T, E>, message: &str) {
    match result {
        Ok(_) => panic!("expected the error {message:?}"),
        Err(error) => assert_eq!(error.to_string(), message),
    }
}
