//! A run that learned nothing says so, with the numbers that show it; a run that learned says nothing.

use ann_train::ndarray::{Array1, Array2, array};
use ann_train::{
    Activation, Adam, Classifier, Finding, FitOptions, Init, Lbfgs, LevenbergMarquardt, Loss,
    MultiLabelClassifier, Regressor, Scaling, TrainConfig, Validation, seeded,
};
use rand::RngExt;

#[test]
fn a_run_that_learned_says_nothing() {
    let (x, labels) = separable();
    let fitted = Classifier { train: adam(500, 0.05), ..Classifier::default() }.fit(&x, &labels).unwrap();
    assert_eq!(fitted.findings(), []);
}

#[test]
fn labels_without_a_rule_teach_nothing() {
    // All rows are alike, and 30 of 40 have the first label: the best constant is p = ¾.
    let x = Array2::from_elem((40, 2), 0.5);
    let labels: Vec<usize> = (0..40).map(|row| usize::from(row % 4 == 3)).collect();
    let fitted = Classifier { train: adam(300, 0.05), ..Classifier::default() }.fit(&x, &labels).unwrap();
    let entropy = -(0.75 * 0.75_f64.ln() + 0.25 * 0.25_f64.ln());
    let [Finding::NoBetterThanConstant { loss, constant }] = fitted.findings() else {
        panic!("{:?}", fitted.findings())
    };
    assert!(
        (constant - entropy).abs() < 1e-9 && (loss - entropy).abs() < 1e-3,
        "{loss} {constant} {entropy}"
    );
    assert_eq!(
        fitted.findings()[0].to_string(),
        "nothing was learned: the loss is 0.5623, that of the best constant outputs is 0.5623; try another \
         learning rate, more epochs, or scaled features"
    );
}

/// The lowest possible loss is far above 0, or that of constants is nearly the lowest.
#[test]
fn the_best_that_is_possible_is_not_nothing() {
    let (x, labels) = separable();
    let fitted = Classifier { smoothing: 0.9, train: adam(500, 0.05), ..Classifier::default() };
    let is_nothing = |finding: &Finding| matches!(finding, Finding::NoBetterThanConstant { .. });
    assert!(!fitted.fit(&x, &labels).unwrap().findings().iter().any(is_nothing));
    // Probabilities that hardly differ, and are learned exactly.
    let x = Array2::from_shape_fn((50, 1), |(row, _)| row as f64 / 10.0 - 2.5);
    let y: Vec<f64> = x.iter().map(|x| 1.0 / (1.0 + (-0.2 * x).exp())).collect();
    let lbfgs = TrainConfig { optimizer: Lbfgs::default().into(), epochs: 100, ..TrainConfig::default() };
    let logistic =
        Regressor { hidden: vec![], loss: Loss::BinaryCrossEntropy, train: lbfgs, ..Regressor::default() };
    quiet(logistic.fit(&x, &y).unwrap().findings());
    // All labels are equal, and the other class has no weight.
    let labels = Array2::from_elem((50, 2), true);
    quiet(MultiLabelClassifier::default().fit(&x, &labels).unwrap().findings());
    // A weak rule in many rows.
    let mut rng = seeded(3);
    let x = Array2::from_shape_fn((20_000, 1), |_| rng.random_range(-1.0..1.0));
    let labels: Vec<bool> = x.iter().map(|x| rng.random_bool(1.0 / (1.0 + (-0.3_f64 * x).exp()))).collect();
    quiet(
        Classifier { hidden: vec![], train: lbfgs, ..Classifier::default() }
            .fit(&x, &labels)
            .unwrap()
            .findings(),
    );
}

#[test]
fn what_was_learned_to_the_last_digit_is_not_complained_about() {
    // A wide column, a loss that still falls from 1e-20 to 1e-25, idle units.
    let x = Array2::from_shape_fn((40, 1), |(row, _)| 10.0 * row as f64 - 200.0);
    let y: Vec<f64> = x.iter().map(|x| 3.0 * x - 1.0).collect();
    let train = TrainConfig {
        optimizer: LevenbergMarquardt::default().into(),
        epochs: 4,
        stop_below: f64::NEG_INFINITY,
        ..TrainConfig::default()
    };
    let fitted = Regressor { hidden: vec![], train, ..Regressor::default() }.fit(&x, &y).unwrap();
    assert!(fitted.history().last().loss < 1e-9);
    quiet(fitted.findings());
}

#[track_caller]
fn quiet(findings: &[Finding]) {
    assert_eq!(findings, []);
}

/// A row of weight 0 is a row that is not there.
#[test]
fn rows_without_weight_are_not_looked_at() {
    let mut x = Array2::from_shape_fn((40, 1), |(row, _)| f64::from(u8::try_from(row % 7).unwrap()));
    let labels: Vec<bool> = (0..40).map(|row| row * row % 3 == 0).collect();
    let mut weights = vec![1.0; 40];
    (x[[3, 0]], weights[3]) = (1e6, 0.0);
    let options = FitOptions { weights: Some(&weights[..]), ..FitOptions::default() };
    let fitted = Classifier { train: adam(5, 0.01), ..Classifier::default() };
    let fitted = fitted.fit_with(&x, &labels, &options).unwrap();
    let is_wide = |finding: &Finding| matches!(finding, Finding::WideColumn { .. });
    assert!(!fitted.findings().iter().any(is_wide), "{:?}", fitted.findings());
}

#[test]
fn the_best_constant_of_values_is_their_mean() {
    let x = Array2::from_elem((4, 1), 1.0);
    let fitted =
        Regressor { train: adam(300, 0.05), ..Regressor::default() }.fit(&x, &[1.0, 2.0, 3.0, 6.0]).unwrap();
    // Mean 3, so the variance is (4 + 1 + 0 + 9) / 4 = 3.5.
    let constants: Vec<f64> = fitted
        .findings()
        .iter()
        .filter_map(|finding| match finding {
            Finding::NoBetterThanConstant { constant, .. } => Some(*constant),
            _ => None,
        })
        .collect();
    assert!((constants[0] - 3.5).abs() < 1e-9, "{constants:?}");
}

#[test]
fn a_wide_column_is_named_and_scaling_mends_it() {
    let (mut x, labels) = separable();
    x.column_mut(1).mapv_inplace(|x| 3000.0 * x);
    let settings = Classifier { train: adam(500, 0.05), ..Classifier::default() };
    let fitted = settings.fit(&x, &labels).unwrap();
    let wide = |findings: &[Finding]| {
        findings.iter().find_map(|finding| match finding {
            Finding::WideColumn { column, range } => Some((*column, *range)),
            _ => None,
        })
    };
    let (column, range) = wide(fitted.findings()).unwrap();
    let extremes =
        x.column(1).iter().fold((0.0, 0.0), |(low, high): (f64, f64), x| (low.min(*x), high.max(*x)));
    assert_eq!((column, range), (1, extremes.1 - extremes.0));
    let scaled = Classifier { scaling: Scaling::Standard, ..settings }.fit(&x, &labels).unwrap();
    assert_eq!(wide(scaled.findings()), None);
}

#[test]
fn dead_and_saturated_units_are_counted() {
    let (x, labels) = separable();
    // Weights of size 300: every sigmoid is 0 or 1 for nearly every row.
    let init = Init::XavierNormal { gain: 1e4 };
    let settings = Classifier { init, train: adam(1, 1e-6), ..Classifier::default() };
    let fitted = settings.fit(&x, &labels).unwrap();
    let idle = fitted.findings().iter().find_map(|finding| match finding {
        Finding::IdleUnits { layer, idle, units } => Some((*layer, *idle, *units)),
        _ => None,
    });
    let (layer, idle, units) = idle.expect("saturated units");
    assert!(layer == 1 && units == 10 && idle >= 5, "{layer} {idle} {units}");
    // Inputs that are all negative leave every ReLU unit with positive weights off; zeros leave all off.
    let hidden = Activation::Relu.layers([4]);
    let settings = Regressor { hidden, init: Init::Zeros, train: adam(1, 1e-3), ..Regressor::default() };
    let fitted = settings.fit(&array![[1.0], [2.0]], &[1.0, 2.0]).unwrap();
    assert!(fitted.findings().contains(&Finding::IdleUnits { layer: 1, idle: 4, units: 4 }));
}

#[test]
fn a_loss_that_still_falls_asks_for_more_epochs() {
    let (x, labels) = separable();
    let fitted = Classifier { train: adam(30, 0.01), ..Classifier::default() }.fit(&x, &labels).unwrap();
    let falling = fitted.findings().iter().find_map(|finding| match finding {
        Finding::StillFalling { epochs, share } => Some((*epochs, *share)),
        _ => None,
    });
    let (epochs, share) = falling.expect("thirty epochs are too few");
    let losses: Vec<f64> = fitted.history().losses().collect();
    // 31 records: the last tenth are 4 of them.
    assert_eq!((epochs, share), (30, (losses[26] - losses[30]) / losses[26]));
}

#[test]
fn a_loss_that_rose_asks_for_a_smaller_step() {
    let x = array![[0.0], [1.0]];
    let line = Regressor { hidden: vec![], ..Regressor::default() };
    // For two epochs the error grows without overflow: η above 2 / curvature.
    let train = TrainConfig { learning_rate: 2.0.into(), epochs: 5, ..TrainConfig::default() };
    let fitted = Regressor { train, ..line }.fit(&x, &[0.0, 1.0]).unwrap();
    let (first, last) = (fitted.history().records[0].loss, fitted.history().last().loss);
    assert!(
        last > first && fitted.findings().contains(&Finding::LossRose { first, last }),
        "{:?}",
        fitted.findings()
    );
}

#[test]
fn validation_that_rose_tells_since_when() {
    let mut rng = seeded(5);
    let x = Array2::from_shape_fn((40, 2), |_| rng.random_range(-1.0..1.0));
    let y: Array1<f64> = (0..40).map(|_| rng.random_range(-1.0..1.0)).collect();
    let validation = Some(Validation { patience: usize::MAX, ..Validation::default() });
    let hidden = Activation::Tanh.layers([30]);
    let fitted = Regressor { hidden, validation, train: adam(1500, 0.02), ..Regressor::default() }
        .fit(&x, &y)
        .unwrap();
    let rose = fitted.findings().iter().find_map(|finding| match finding {
        Finding::ValidationRose { epoch, lowest, last } => Some((*epoch, *lowest, *last)),
        _ => None,
    });
    let (epoch, lowest, last) = rose.expect("noise cannot be learned");
    assert_eq!(Some(epoch), fitted.history().best_epoch);
    assert!(last > lowest);
}

fn adam(epochs: usize, learning_rate: f64) -> TrainConfig {
    let optimizer = Adam::default().into();
    TrainConfig {
        optimizer,
        learning_rate: learning_rate.into(),
        epochs,
        stop_below: 1e-3,
        ..TrainConfig::default()
    }
}

fn separable() -> (Array2<f64>, Vec<bool>) {
    let mut rng = seeded(2);
    let x = Array2::from_shape_fn((60, 2), |(_, _)| rng.random_range(-1.0..1.0_f64))
        .mapv(|x| x + 0.5 * x.signum());
    let labels = x.rows().into_iter().map(|x| x[0] > 0.0).collect();
    (x, labels)
}
