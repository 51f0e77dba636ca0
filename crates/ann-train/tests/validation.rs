//! Runs with validation rows that are resumed.

use ann_train::ndarray::Array2;
use ann_train::{
    Activation, Adam, Architecture, Batching, Error, History, Init, Lbfgs, Loss, Monitor, Network, Problem,
    StopReason, TrainConfig, ValidatedState, ValidatedTraining, Validation, seeded,
};
use rand::RngExt;

const EPOCHS: usize = 60;

#[test]
fn a_run_that_is_resumed_has_the_bits_of_one_that_never_stopped() {
    for config in [
        config(),
        TrainConfig { batching: Batching::Full, ..config() },
        TrainConfig { batching: Batching::Full, optimizer: Lbfgs::default().into(), ..config() },
    ] {
        for monitor in [Monitor::Loss, Monitor::Accuracy] {
            // Without patience for the last epochs, and with it.
            for patience in [10, EPOCHS] {
                let settings = Validation { monitor, patience, ..Validation::default() };
                let whole = run(&config, settings, &[]);
                for stops in [&[0][..], &[1, 2, 3], &[20, 45], &[EPOCHS]] {
                    let resumed = run(&config, settings, stops);
                    assert_eq!(resumed, whole, "{config:?} {settings:?} resumed after {stops:?}");
                }
            }
        }
    }
}

#[test]
fn a_run_that_has_ended_makes_no_further_epoch() {
    let settings = Validation { patience: 5, ..Validation::default() };
    let (_, history) = run(&config(), settings, &[EPOCHS]);
    assert_eq!(history.stop, StopReason::NoImprovement);
    assert_eq!(history.validation.len(), history.best_epoch.unwrap() + 5 + 1);
    assert_eq!(history.records.len(), history.validation.len());
}

#[test]
fn states_that_do_not_fit_are_refused() {
    let refused = |change: fn(&mut ValidatedState), expected: &str| {
        let (data, architecture) = (data(), architecture());
        let [problem, validation] = problems(&data, &architecture);
        let settings = Validation::default();
        let mut training =
            ValidatedTraining::new(&problem, &validation, start(), &config(), settings).unwrap();
        (0..3).for_each(|_| assert!(training.epoch().unwrap().is_continue()));
        let mut state = training.state();
        change(&mut state);
        let error = ValidatedTraining::resume(&problem, &validation, state, &config(), settings).unwrap_err();
        assert!(error.to_string().starts_with(&format!("the state has {expected}")), "{error}");
        assert!(matches!(error, Error::StateMismatch { .. }));
    };
    refused(|state| state.records.truncate(2), "2 records, expected 3");
    refused(|state| state.records.swap(0, 1), "3 records, expected 3");
    refused(|state| state.validation.clear(), "0 records of validation rows, expected 4");
    refused(|state| state.best.truncate(7), "7 best parameters, expected 32");
    refused(|state| state.best[0] = f64::NAN, "32 best parameters, expected 32");
}

/// The parameters and the history of a run that is stopped and resumed after these numbers of epochs.
fn run(config: &TrainConfig, settings: Validation, stops: &[usize]) -> (Vec<f64>, History) {
    let (data, architecture) = (data(), architecture());
    let [problem, validation] = problems(&data, &architecture);
    let mut training = ValidatedTraining::new(&problem, &validation, start(), config, settings).unwrap();
    for &stop in stops {
        while training.state().training.epoch < stop && training.epoch().unwrap().is_continue() {}
        let state = training.state();
        training = ValidatedTraining::resume(&problem, &validation, state, config, settings).unwrap();
    }
    while training.epoch().unwrap().is_continue() {}
    let (network, history) = training.finish().unwrap();
    (network.parameters().to_vec(), history)
}

fn config() -> TrainConfig {
    let batching = Batching::shuffled(8, 1);
    TrainConfig {
        optimizer: Adam::default().into(),
        epochs: EPOCHS,
        batching,
        learning_rate: 0.02.into(),
        ..TrainConfig::default()
    }
}

fn architecture() -> Architecture {
    Architecture::inputs(2).dense(6, Activation::Tanh).dense(2, Activation::Identity)
}

fn start() -> Network {
    Network::init(&architecture(), Init::default(), &mut seeded(3)).unwrap()
}

/// Two columns of chance and the sign of the first, one in four signs wrong; 40 rows to train and 20 to
/// validate.
fn data() -> [(Array2<f64>, Vec<usize>); 2] {
    let mut rng = seeded(1);
    [40, 20].map(|rows| {
        let x = Array2::from_shape_fn((rows, 2), |_| rng.random_range(-1.0..1.0));
        let y = x.column(0).iter().map(|x| usize::from((*x > 0.0) != rng.random_bool(0.25))).collect();
        (x, y)
    })
}

fn problems<'d>(
    [training, validation]: &'d [(Array2<f64>, Vec<usize>); 2],
    architecture: &'d Architecture,
) -> [Problem<'d>; 2] {
    [training, validation].map(|(x, y)| Problem::new(architecture, Loss::SoftmaxCrossEntropy, x, y).unwrap())
}
