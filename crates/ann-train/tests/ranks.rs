//! Ranks decide who computes, never what comes out.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};

use ann_train::ndarray::Array2;
use ann_train::{
    Accumulation, Activation, Adam, Architecture, Batching, Error, FitOptions, History, Lbfgs,
    LevenbergMarquardt, Loss, Network, Objective, Optimizer, Problem, Ranks, Regressor, Scalar, TrainConfig,
    Training, ValidatedTraining, Validation, seeded,
};

use crate::threads_as_ranks::together;

const RANKS: [usize; 4] = [1, 2, 3, 7];

#[test]
fn one_leaf() {
    check::<f64>(&[4, 5, 3, 2], 150);
}
#[test]
fn some_leaves() {
    check::<f64>(&[64, 100, 2], 1797);
    check::<f32>(&[64, 100, 2], 1797);
}
#[test]
fn as_many_leaves_as_there_may_be() {
    check::<f64>(&[3, 40, 40, 1], 64 * 128 + 1);
}
#[test]
fn a_gradient_of_many_segments() {
    check::<f32>(&[300, 200, 2], 700);
}

#[test]
fn more_ranks_than_leaves() {
    let rows = Rows::<f64>::new(&[3, 40, 40, 1], 1000);
    let values = together(70, |ranks| {
        let problem = rows.problem();
        let mut objective = Objective::new(&problem, Accumulation::Batched).unwrap().with_ranks(Some(ranks));
        objective.value(start::<f64>(problem.architecture()).parameters())
    });
    let problem = rows.problem();
    let mut objective = Objective::new(&problem, Accumulation::Batched).unwrap();
    let alone = objective.value(start::<f64>(problem.architecture()).parameters());
    assert!(values.iter().all(|value| *value == alone));
}

#[test]
fn every_optimizer() {
    let problem = Rows::<f64>::new(&[3, 20, 1], 5000);
    for optimizer in [
        Optimizer::Descent,
        Adam::default().into(),
        Lbfgs::default().into(),
        LevenbergMarquardt::default().into(),
    ] {
        let config = TrainConfig { optimizer, epochs: 4, ..TrainConfig::default() };
        same_training(&problem, &config);
    }
}

#[test]
fn mini_batches_and_one_row_after_another() {
    let problem = Rows::<f64>::new(&[64, 100, 1], 1797);
    // Batches of several leaves, and a last one that is smaller.
    let batching = Batching::Shuffled { rows: 700, seed: 3, drop_last: false };
    let optimizer = Adam::default().into();
    same_training(&problem, &TrainConfig { optimizer, batching, epochs: 3, ..TrainConfig::default() });
    let accumulation = Accumulation::PerSample;
    same_training(&problem, &TrainConfig { accumulation, epochs: 2, ..TrainConfig::default() });
}

#[test]
fn rows_of_validation_and_estimators() {
    let (problem, held) = (Rows::<f64>::new(&[3, 40, 1], 9000), Rows::new(&[3, 40, 1], 4000));
    let config = TrainConfig { epochs: 5, learning_rate: 0.3.into(), ..TrainConfig::default() };
    same(|ranks| {
        let (problem, held) = (problem.problem(), held.problem());
        let network = start(problem.architecture());
        let validation = Validation::default();
        let training = ValidatedTraining::new(&problem, &held, network, &config, validation).unwrap();
        let mut training = training.with_ranks(ranks);
        while training.epoch().unwrap().is_continue() {}
        parts(training.finish().unwrap())
    });
    same(|ranks| {
        let regressor =
            Regressor { train: config, validation: Some(Validation::default()), ..Regressor::default() };
        let options = FitOptions { ranks, ..FitOptions::default() };
        let fitted = regressor.fit_with(&problem.x, &problem.y, &options).unwrap();
        (fitted.network().parameters().to_vec(), fitted.history().clone())
    });
}

#[test]
fn an_interrupt_of_one_rank_ends_the_epoch_of_all() {
    let rows = Rows::<f64>::new(&[3, 40, 1], 9000);
    for size in [2, 3] {
        let ended = together(size, |ranks| {
            let (problem, interrupt) = (rows.problem(), AtomicBool::new(false));
            let training = Training::new(&problem, start(problem.architecture()), &TrainConfig::default());
            let training = training.unwrap().with_interrupt(Some(&interrupt));
            let mut training = training.with_ranks(Some(ranks));
            assert!(matches!(training.epoch(), Ok(ControlFlow::Continue(_))));
            // The others do not know of it.
            interrupt.store(ranks.rank() == 1, Ordering::Relaxed);
            training.epoch()
        });
        for result in ended {
            assert!(matches!(result, Err(Error::Interrupted { epoch: 1 })), "{result:?}");
        }
    }
}

/// The value, the gradient and some epochs.
fn check<F: Scalar>(widths: &[usize], n: usize) {
    let rows = Rows::<F>::new(widths, n);
    for threads in [1, 2] {
        same(|ranks| {
            let problem = rows.problem();
            let network = start::<F>(problem.architecture());
            let objective = Objective::with_threads(&problem, Accumulation::Batched, n, threads).unwrap();
            let mut objective = objective.with_ranks(ranks);
            let mut gradient = vec![F::one(); network.parameters().len()];
            let value = objective.value_and_gradient(network.parameters(), &mut gradient);
            assert_eq!(objective.value(network.parameters()), value);
            (value, gradient)
        });
        same_training(&rows, &TrainConfig { threads, epochs: 3, ..TrainConfig::default() });
    }
}

/// A training with any number of ranks has the bits of one process.
fn same_training<F: Scalar>(rows: &Rows<F>, config: &TrainConfig) {
    same(|ranks| {
        let problem = rows.problem();
        let training = Training::new(&problem, start(problem.architecture()), config).unwrap();
        let mut training = training.with_ranks(ranks);
        while training.epoch().unwrap().is_continue() {}
        parts(training.finish().unwrap())
    });
}

fn parts<F: Scalar>((network, history): (Network<F>, History)) -> (Vec<F>, History) {
    (network.into_parameters(), history)
}

/// Every rank of every job has what a process alone has.
#[track_caller]
fn same<T: PartialEq + Send>(work: impl Fn(Option<&dyn Ranks>) -> T + Sync) {
    let alone = work(None);
    for size in RANKS {
        for (rank, found) in together(size, |ranks| work(Some(ranks))).iter().enumerate() {
            assert!(*found == alone, "rank {rank} of {size}");
        }
    }
}

/// Rows of inputs and a target, with weights of which some are 0.
struct Rows<F> {
    architecture: Architecture,
    x: Array2<F>,
    y: Array2<F>,
    weights: Vec<F>,
}

impl<F: Scalar> Rows<F> {
    fn new(widths: &[usize], n: usize) -> Self {
        let (hidden, outputs) = (&widths[1..widths.len() - 1], widths[widths.len() - 1]);
        let architecture = Architecture::inputs(widths[0])
            .with_layers(Activation::Tanh.layers(hidden.iter().copied()))
            .dense(outputs, Activation::Identity);
        let value = |row: usize, column: usize| F::of((row * 31 + column * 17) as f64 * 0.61 % 2.0 - 1.0);
        let x = Array2::from_shape_fn((n, widths[0]), |(row, column)| value(row, column));
        let y = Array2::from_shape_fn((n, outputs), |(row, output)| value(row, output).sin());
        let weights = (0..n).map(|row| F::of((row % 5) as f64)).collect();
        Self { architecture, x, y, weights }
    }

    fn problem(&self) -> Problem<'_, F> {
        let problem = Problem::new(&self.architecture, Loss::MeanSquaredError, &self.x, &self.y).unwrap();
        problem.with_weights(&self.weights[..]).unwrap().with_l2(0.01).unwrap()
    }
}

fn start<F: Scalar>(architecture: &Architecture) -> Network<F> {
    Network::init(architecture, Default::default(), &mut seeded(1)).unwrap()
}
