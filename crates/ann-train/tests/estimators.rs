//! `Classifier` and `Regressor` are `Network::init` and `train` with their settings, every one of them.

use ann_train::ndarray::Array2;
use ann_train::{
    Activation, Adam, Architecture, Batching, Classifier, History, Init, Loss, Network, Problem, Regressor,
    TrainConfig, seeded, train,
};
use rand::RngExt;

const ROWS: usize = 40;
/// Beyond 32 bits.
const SEED: u64 = (1 << 40) + 7;
const L2: f64 = 0.01;

#[test]
fn a_classifier_passes_on_every_setting() {
    let all = classifier();
    let fit = |settings: &Classifier| {
        let fitted = settings.fit(&features(), &labels()).unwrap();
        (fitted.network().parameters().to_vec(), fitted.history().clone())
    };
    let classes = labels();
    let found = fit(&all);
    assert_eq!(found, by_hand(&architecture(3), Loss::SoftmaxCrossEntropy, Some(&classes)));
    // Each setting matters, so each of them has been passed on.
    let default = Classifier::default();
    for other in [
        Classifier { hidden: Activation::Tanh.layers([5, 5]), ..all.clone() },
        Classifier { init: default.init, ..all.clone() },
        Classifier { seed: 7, ..all.clone() },
        Classifier { train: TrainConfig { epochs: 4, ..all.train }, ..all.clone() },
        Classifier { l2: 0.0, ..all.clone() },
    ] {
        assert_ne!(fit(&other), found, "{other:?}");
    }
    assert_eq!(fit(&Classifier { train: TrainConfig { threads: 2, ..all.train }, ..all.clone() }), found);
    for threads in [0, 1025] {
        let error = Classifier { train: TrainConfig { threads, ..all.train }, ..all.clone() }
            .fit(&features(), &labels())
            .unwrap_err();
        assert_eq!(error.to_string(), format!("threads is {threads}, expected 1 to 1024"));
    }
}

#[test]
fn a_regressor_passes_on_every_setting() {
    let all = regressor();
    let fit = |settings: &Regressor| {
        let fitted = settings.fit(&features(), &features()).unwrap();
        (fitted.network().parameters().to_vec(), fitted.history().clone())
    };
    let found = fit(&all);
    assert_eq!(found, by_hand(&architecture(4), Loss::MeanSquaredError, None));
    let default = Regressor::default();
    for other in [
        Regressor { hidden: Activation::Tanh.layers([5, 5]), ..all.clone() },
        Regressor { init: default.init, ..all.clone() },
        Regressor { seed: 7, ..all.clone() },
        Regressor { train: TrainConfig { epochs: 4, ..all.train }, ..all.clone() },
        Regressor { l2: 0.0, ..all.clone() },
    ] {
        assert_ne!(fit(&other), found, "{other:?}");
    }
    assert_eq!(fit(&Regressor { train: TrainConfig { threads: 2, ..all.train }, ..all.clone() }), found);
    for threads in [0, 1025] {
        let error = Regressor { train: TrainConfig { threads, ..all.train }, ..all.clone() }
            .fit(&features(), &features())
            .unwrap_err();
        assert_eq!(error.to_string(), format!("threads is {threads}, expected 1 to 1024"));
    }
}

/// Every setting another one than the default.
fn classifier() -> Classifier {
    Classifier {
        hidden: Activation::Tanh.layers([6, 5]),
        init: Init::HeNormal,
        seed: SEED,
        l2: L2,
        train: config(),
        ..Classifier::default()
    }
}

fn regressor() -> Regressor {
    let Classifier { hidden, init, seed, l2, train, .. } = classifier();
    Regressor { hidden, init, seed, l2, train, ..Regressor::default() }
}

fn config() -> TrainConfig {
    TrainConfig {
        optimizer: Adam::default().into(),
        learning_rate: 0.07.into(),
        epochs: 3,
        batching: Batching::shuffled(7, SEED),
        ..TrainConfig::default()
    }
}

/// The same settings, given to the functions below. Without classes the features are their own targets.
fn by_hand(architecture: &Architecture, loss: Loss, classes: Option<&Vec<usize>>) -> (Vec<f64>, History) {
    let x = features();
    let problem = match classes {
        Some(classes) => Problem::new(architecture, loss, &x, classes),
        None => Problem::new(architecture, loss, &x, &x),
    };
    let problem = problem.unwrap().with_l2(L2).unwrap();
    let mut network = Network::init(architecture, Init::HeNormal, &mut seeded(SEED)).unwrap();
    let history = train(&mut network, &problem, &config()).unwrap();
    (network.into_parameters(), history)
}

fn architecture(outputs: usize) -> Architecture {
    Architecture::inputs(4).with_layers(Activation::Tanh.layers([6, 5])).dense(outputs, Activation::Identity)
}

fn features() -> Array2<f64> {
    let mut rng = seeded(1);
    Array2::from_shape_fn((ROWS, 4), |_| rng.random_range(-1.0..1.0))
}

fn labels() -> Vec<usize> {
    (0..ROWS).map(|row| row * row % 7 % 3).collect()
}
