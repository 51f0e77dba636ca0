//! The timed work: epochs, steps, differences and outputs, with public functions only.
//!
//! Each unit of work has a function. It holds the data, serves runs, and returns the first request that is
//! not `run`.

use std::hint::black_box;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use ann_core::{Network, Problem, Scalar};
use ann_gradcheck::reference::central_differences;
use ann_train::{Accumulation, Batching, Objective, TrainConfig, descend, forward, train_observed};
use ann_workloads::{Unit, Workload};
use anyhow::Result;
use ndarray::Array2;

use crate::data::{Rows, architecture, initial_parameters};
use crate::talk::Talk;

/// h of central differences.
const STEP: f64 = 1e-4;
const SEED_OF_ORDER: u64 = 3;

/// Serves one workload; returns the first request that is not `run`.
pub fn serve<F: Scalar>(talk: &mut Talk, workload: &Workload) -> Result<Option<String>> {
    let architecture = architecture(workload);
    let rows = Rows::<F>::of(workload);
    let parameters = initial_parameters(&architecture.layout()?);
    let network = Network::from_parameters(&architecture, parameters)?;
    let problem = rows.problem(&architecture, workload.l2)?;
    match workload.unit {
        Unit::Epoch => epochs(talk, workload, &problem, network),
        Unit::Step => steps(talk, workload, &problem, network.into_parameters()),
        Unit::Differences => differences(talk, &problem, &network),
        Unit::Outputs if workload.rows == 1 => outputs_of_one(talk, &network, &rows.features),
        Unit::Outputs => outputs_of_all(talk, &network, &rows.features),
    }
}

fn epochs<F: Scalar>(
    talk: &mut Talk,
    workload: &Workload,
    problem: &Problem<'_, F>,
    mut network: Network<F>,
) -> Result<Option<String>> {
    let (learning_rate, threads) = (workload.rate, talk.threads);
    let loss = losses(problem, network.parameters(), learning_rate, threads)?;
    let batching = match workload.batch {
        Some(rows) => Batching::Shuffled { rows, seed: SEED_OF_ORDER },
        None => Batching::Full,
    };
    let mut config = TrainConfig { learning_rate, batching, threads, ..TrainConfig::default() };
    talk.serve(loss, |units| time_epochs(&mut network, problem, &mut config, units))
}

/// Measures from the end of the first epoch to the end of the last one. The time does not include the
/// preparation by `train` or the final evaluation for its history.
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
    let loss = losses(problem, &parameters, workload.rate, talk.threads)?;
    let mut objective = objective(problem, talk.threads)?;
    let mut gradient = vec![F::zero(); parameters.len()];
    talk.serve(loss, |units| {
        let begin = Instant::now();
        for _ in 0..units {
            black_box(objective.value_and_gradient(&parameters, &mut gradient));
            descend(&mut parameters, &gradient, F::of(workload.rate));
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

/// The objective J, with all rows at once.
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

/// Outputs of the only row, by a predictor.
fn outputs_of_one<F: Scalar>(
    talk: &mut Talk,
    network: &Network<F>,
    features: &Array2<F>,
) -> Result<Option<String>> {
    let mut predictor = network.predictor()?;
    let mut outputs = vec![F::zero(); network.architecture().output_width()];
    let x: Vec<F> = features.row(0).to_vec();
    predictor.predict_into(&x, &mut outputs)?;
    let sum = outputs.iter().map(|output| output.as_f64()).sum();
    calls(talk, sum, || Ok(predictor.predict_into(black_box(&x), black_box(&mut outputs))?))
}

fn outputs_of_all<F: Scalar>(
    talk: &mut Talk,
    network: &Network<F>,
    features: &Array2<F>,
) -> Result<Option<String>> {
    let threads = talk.threads;
    let sum = forward(network, features, threads)?.iter().map(|output| output.as_f64()).sum();
    calls(talk, sum, || {
        black_box(forward(network, black_box(features), threads)?);
        Ok(())
    })
}

/// Serves calls of a function. `sum` is the sum of its results.
fn calls(talk: &mut Talk, sum: f64, mut call: impl FnMut() -> Result<()>) -> Result<Option<String>> {
    talk.serve([sum, sum], |units| {
        let begin = Instant::now();
        for _ in 0..units {
            call()?;
        }
        Ok(begin.elapsed())
    })
}

#[cfg(test)]
mod tests {
    use std::io::{self, Write};
    use std::sync::{Arc, Mutex};

    use ann_workloads::Precision;
    use serde_json::Value;

    use super::*;

    #[test]
    fn every_workload_is_understood() {
        for workload in ann_workloads::small() {
            assert_eq!(Rows::<f64>::of(&workload).features.dim(), (workload.rows, workload.inputs()));
            let [before, after] = answer_to_prepare(&workload, 2);
            match workload.unit {
                Unit::Epoch | Unit::Step => assert!(0.0 < after && after < before, "{}", workload.name),
                Unit::Differences | Unit::Outputs => assert_eq!(before, after, "{}", workload.name),
            }
        }
    }

    /// Prepares, does a unit of work to warm up, and returns the losses that were answered.
    fn answer_to_prepare(workload: &Workload, threads: usize) -> [f64; 2] {
        let answers = Answers::default();
        let mut talk = Talk::without_requests(threads, answers.clone());
        let serve = match workload.precision {
            Precision::F32 => serve::<f32>,
            Precision::F64 => serve::<f64>,
        };
        assert_eq!(serve(&mut talk, workload).unwrap(), None, "{}", workload.name);
        let answer: Value = serde_json::from_slice(&answers.0.lock().unwrap()).unwrap();
        [0, 1].map(|index| answer["loss"][index].as_f64().unwrap())
    }

    #[derive(Clone, Default)]
    struct Answers(Arc<Mutex<Vec<u8>>>);

    impl Write for Answers {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
}
