//! Who watches a training, and who ends it.

use std::cell::RefCell;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use ann_train::ndarray::{Array1, Array2};
use ann_train::{
    Activation, ActivationFn, Adam, Architecture, Batching, Classifier, Error, FitOptions, Init, Lbfgs, Loss,
    Network, Optimizer, Problem, Regressor, StopReason, TrainConfig, Training, Validation, seeded,
};

#[test]
fn a_fit_shows_every_epoch() {
    let (x, labels) = (features(40), labels(40));
    let seen = RefCell::new(vec![]);
    let observe = |record: &_, validation: Option<&_>| {
        assert!(validation.is_none());
        seen.borrow_mut().push(*record);
        ControlFlow::Continue(())
    };
    let options = FitOptions { observe: Some(&observe), ..FitOptions::default() };
    let fitted = classifier(7, None).fit_with(&x, &labels, &options).unwrap();
    assert_eq!(seen.borrow()[..], fitted.history().records[..7]);
}

#[test]
fn a_fit_shows_the_validation_rows_too() {
    let (x, labels) = (features(40), labels(40));
    let seen = RefCell::new(vec![]);
    let observe = |_: &_, validation: Option<&_>| {
        seen.borrow_mut().push(*validation.unwrap());
        ControlFlow::Continue(())
    };
    let options = FitOptions { observe: Some(&observe), ..FitOptions::default() };
    let fitted = classifier(7, Some(Validation::default())).fit_with(&x, &labels, &options).unwrap();
    assert_eq!(seen.borrow()[..], fitted.history().validation[1..]);
}

#[test]
fn an_observer_ends_a_fit() {
    for validation in [None, Some(Validation::default())] {
        let observe = |record: &ann_train::EpochRecord, _: Option<&_>| match record.epoch {
            2 => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        };
        let options = FitOptions { observe: Some(&observe), ..FitOptions::default() };
        let fitted = classifier(100, validation).fit_with(&features(40), &labels(40), &options).unwrap();
        assert_eq!((fitted.history().records.len(), fitted.history().stop), (4, StopReason::Caller));
    }
}

/// A tanh that sets an interrupt when it is computed for the 1000th time after it was armed.
#[derive(Debug, Default)]
struct Interrupting {
    is_armed: AtomicBool,
    calls: AtomicUsize,
    interrupt: Arc<AtomicBool>,
}

impl ActivationFn for Interrupting {
    fn value(&self, z: f64) -> f64 {
        if self.is_armed.load(Ordering::Relaxed) && self.calls.fetch_add(1, Ordering::Relaxed) == 1000 {
            self.interrupt.store(true, Ordering::Relaxed);
        }
        z.tanh()
    }

    fn derivative(&self, _: f64, a: f64) -> f64 {
        1.0 - a * a
    }
}

#[test]
fn an_interrupt_ends_an_epoch_of_all_rows() {
    interrupted(Optimizer::default(), Batching::Full);
    interrupted(Adam::default().into(), Batching::Full);
}

#[test]
fn an_interrupt_ends_an_epoch_of_mini_batches() {
    interrupted(Adam::default().into(), Batching::shuffled(64, 0));
}

#[test]
fn an_interrupt_ends_a_line_search() {
    interrupted(Lbfgs::default().into(), Batching::Full);
}

/// Of 100 000 rows, few are computed after the interrupt, and the network is that of the epoch's beginning.
#[track_caller]
fn interrupted(optimizer: Optimizer, batching: Batching) {
    // With 50 units the rows are summed in ten leaves.
    const ROWS: usize = 100_000;
    const UNITS: usize = 50;
    let tanh = Arc::new(Interrupting::default());
    let interrupt = tanh.interrupt.clone();
    let activation = Activation::Custom(tanh.clone());
    let architecture = Architecture::inputs(2).dense(UNITS, activation).dense(1, Activation::Identity);
    let (x, y) = (features(ROWS), Array1::from_elem(ROWS, 0.5));
    let problem = Problem::new(&architecture, Loss::MeanSquaredError, &x, &y).unwrap();
    let network = Network::init(&architecture, Init::default(), &mut seeded(0)).unwrap();
    let config = TrainConfig { optimizer, batching, ..TrainConfig::default() };
    let mut training =
        Training::new(&problem, network.clone(), &config).unwrap().with_interrupt(Some(&interrupt));

    // Two epochs before, so that their beginnings are not the initial network.
    for _ in 0..2 {
        assert!(training.epoch().unwrap().is_continue());
    }
    let before = training.state().network.clone();
    assert_ne!(before.parameters(), network.parameters());
    tanh.is_armed.store(true, Ordering::Relaxed);
    assert_eq!(training.epoch().unwrap_err(), Error::Interrupted { epoch: 2 });
    let rows = tanh.calls.load(Ordering::Relaxed) / UNITS;
    assert!(rows < ROWS / 4, "{rows} of {ROWS} rows were computed");
    assert_eq!(training.state().network.parameters(), before.parameters());
    assert_eq!(training.state().memory.updates, 0);
    // The last record is that of the same network.
    let (finished, history) = training.finish().unwrap();
    assert_eq!((finished.parameters(), history.stop), (before.parameters(), StopReason::Caller));
    assert!(history.last().loss > 0.0);
}

#[test]
fn an_interrupted_fit_is_an_error() {
    let interrupt = AtomicBool::new(true);
    let options = FitOptions { interrupt: Some(&interrupt), ..FitOptions::default() };
    for validation in [None, Some(Validation::default())] {
        let fitted = classifier(100, validation).fit_with(&features(40), &labels(40), &options);
        assert_eq!(fitted.unwrap_err(), Error::Interrupted { epoch: 0 });
    }
    let options = FitOptions { interrupt: Some(&interrupt), ..FitOptions::default() };
    let y = Array1::from_elem(40, 0.5);
    let fitted = Regressor::default().fit_with(&features(40), &y, &options);
    assert_eq!(fitted.unwrap_err(), Error::Interrupted { epoch: 0 });
}

fn classifier(epochs: usize, validation: Option<Validation>) -> Classifier {
    let train = TrainConfig { epochs, ..Classifier::default().train };
    Classifier { validation, train, ..Classifier::default() }
}

fn features(rows: usize) -> Array2<f64> {
    Array2::from_shape_fn((rows, 2), |(row, column)| ((row * 7 + column * 3) % 11) as f64 / 11.0)
}

fn labels(rows: usize) -> Vec<usize> {
    (0..rows).map(|row| row % 2).collect()
}
