//! What is timed: epochs, steps, differences and outputs, with public functions only.
//!
//! What a workload needs lives in its function until somebody asks for something else, which the function gives back.

use std::hint::black_box;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use ann_core::{Network, Problem, Scalar};
use ann_gradcheck::reference::central_differences;
use ann_train::{Accumulation, Objective, TrainConfig, descend, forward, train_observed};
use anyhow::Result;
use ndarray::Array2;

use crate::catalogue::{Task, Workload};
use crate::data::{Rows, initial_parameters};
use crate::talk::Talk;

/// h of central differences.
const STEP: f64 = 1e-4;

/// Serves one workload; gives back the first request for something else.
pub fn serve<F: Scalar>(talk: &mut Talk, workload: &Workload) -> Result<Option<String>> {
    let architecture = workload.architecture();
    let rows = Rows::<F>::of(workload);
    let parameters = initial_parameters(&architecture.layout()?);
    let network = Network::from_parameters(&architecture, parameters)?;
    let problem = rows.problem(&architecture, workload.l2)?;
    match workload.task {
        Task::Epochs { .. } => epochs(talk, workload, &problem, network),
        Task::Steps => steps(talk, workload, &problem, network.into_parameters()),
        Task::Differences => differences(talk, &problem, &network),
        Task::Inference { all } => inference(talk, &network, &rows.features, all),
    }
}

fn epochs<F: Scalar>(
    talk: &mut Talk,
    workload: &Workload,
    problem: &Problem<'_, F>,
    mut network: Network<F>,
) -> Result<Option<String>> {
    let learning_rate = workload.learning_rate;
    let loss = losses(problem, network.parameters(), learning_rate, talk.threads)?;
    let (batching, threads) = (workload.batching(), talk.threads);
    let mut config = TrainConfig { learning_rate, batching, threads, ..TrainConfig::default() };
    talk.serve(loss, "epoch", |units| time_epochs(&mut network, problem, &mut config, units))
}

/// From the end of the first epoch to the end of the last one: what a call of `train` prepares, and the evaluation with which
/// its history ends, are no part of an epoch.
fn time_epochs<F: Scalar>(
    network: &mut Network<F>,
    problem: &Problem<'_, F>,
    config: &mut TrainConfig,
    units: usize,
) -> Result<Duration> {
    config.epochs = units + 1;
    let (mut begin, mut spent) = (Instant::now(), Duration::ZERO);
    train_observed(network, problem, config, |record, _| {
        if record.epoch == 0 {
            begin = Instant::now();
        } else if record.epoch == units {
            spent = begin.elapsed();
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    })?;
    config.first_epoch += units + 1;
    Ok(spent)
}

fn steps<F: Scalar>(
    talk: &mut Talk,
    workload: &Workload,
    problem: &Problem<'_, F>,
    mut parameters: Vec<F>,
) -> Result<Option<String>> {
    let loss = losses(problem, &parameters, workload.learning_rate, talk.threads)?;
    let mut objective = objective(problem, talk.threads)?;
    let mut gradient = vec![F::zero(); parameters.len()];
    talk.serve(loss, "step", |units| {
        let begin = Instant::now();
        for _ in 0..units {
            black_box(objective.value_and_gradient(&parameters, &mut gradient));
            descend(&mut parameters, &gradient, F::of(workload.learning_rate));
        }
        Ok(begin.elapsed())
    })
}

/// The mean loss of all rows, without penalty, before and after one step with all of them.
fn losses<F: Scalar>(
    problem: &Problem<'_, F>,
    parameters: &[F],
    learning_rate: f64,
    threads: usize,
) -> Result<[f64; 2]> {
    let mut objective = objective(problem, threads)?;
    let (mut parameters, mut gradient) = (parameters.to_vec(), vec![F::zero(); parameters.len()]);
    let before = objective.value_and_gradient(&parameters, &mut gradient);
    descend(&mut parameters, &gradient, F::of(learning_rate));
    Ok([before.loss, objective.value(&parameters).loss])
}

/// J with all rows at once.
pub fn objective<'p, 'data, F: Scalar>(
    problem: &'p Problem<'data, F>,
    threads: usize,
) -> Result<Objective<'p, 'data, F>> {
    Ok(Objective::with_threads(problem, Accumulation::Batched, problem.rows(), threads)?)
}

fn differences<F: Scalar>(
    talk: &mut Talk,
    problem: &Problem<'_, F>,
    network: &Network<F>,
) -> Result<Option<String>> {
    let at: Vec<f64> = network.parameters().iter().map(|parameter| parameter.as_f64()).collect();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(talk.threads).build()?;
    let compute = || pool.install(|| central_differences(problem, &at, STEP));
    let sum = compute()?.iter().map(|difference| difference.abs()).sum();
    calls(talk, sum, || {
        black_box(compute()?);
        Ok(())
    })
}

/// The first row through a predictor, or all rows at once.
fn inference<F: Scalar>(
    talk: &mut Talk,
    network: &Network<F>,
    features: &Array2<F>,
    all: bool,
) -> Result<Option<String>> {
    if all {
        let threads = talk.threads;
        let sum = forward(network, features, threads)?.iter().map(|output| output.as_f64()).sum();
        return calls(talk, sum, || {
            black_box(forward(network, black_box(features), threads)?);
            Ok(())
        });
    }
    let mut predictor = network.predictor()?;
    let mut outputs = vec![F::zero(); network.architecture().output_width()];
    let x: Vec<F> = features.row(0).to_vec();
    predictor.predict_into(&x, &mut outputs)?;
    let sum = outputs.iter().map(|output| output.as_f64()).sum();
    calls(talk, sum, || Ok(predictor.predict_into(black_box(&x), black_box(&mut outputs))?))
}

/// Serves calls of one function, whose results add up to `sum`.
fn calls(talk: &mut Talk, sum: f64, mut call: impl FnMut() -> Result<()>) -> Result<Option<String>> {
    talk.serve([sum, sum], "call", |units| {
        let begin = Instant::now();
        for _ in 0..units {
            call()?;
        }
        Ok(begin.elapsed())
    })
}
