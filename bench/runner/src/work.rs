//! The timed work: epochs, steps, runs, differences and outputs, with public functions only.
//!
//! Each unit of work has a function. It holds the data, serves runs, and returns the first request that is
//! not `run`.

use std::hint::black_box;
use std::time::{Duration, Instant};

use ann_core::{Network, Problem, Scalar};
use ann_gradcheck::reference::central_differences;
use ann_train::{
    Accumulation, Adam, Batching, Decay, History, Lbfgs, LevenbergMarquardt, Objective, Optimizer, State,
    TrainConfig, Training, descend, forward, in_parallel, train,
};
use ann_workloads::{Unit, Workload};
use anyhow::{Result, ensure};
use ndarray::Array2;
use serde_json::json;

use crate::data::{Rows, architecture, initial_networks, initial_parameters};
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
    let problem = rows.problem(&architecture, workload)?;
    match workload.unit {
        Unit::Run => runs(talk, workload, &problem),
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
    network: Network<F>,
) -> Result<Option<String>> {
    let config = config(workload, talk.threads);
    let loss = losses(problem, &network, &config)?;
    let mut state = Training::new(problem, network, &config)?.state().clone();
    talk.serve(loss, |units| time_epochs(&mut state, problem, config, units))
}

/// The settings of training.
fn config(workload: &Workload, threads: usize) -> TrainConfig {
    let optimizer = match workload.optimizer {
        ann_workloads::Optimizer::Descent => Optimizer::Descent,
        ann_workloads::Optimizer::Adam => {
            let decay = Decay { biases: true, ..workload.decay.into() };
            Adam { decay, ..Adam::default() }.into()
        }
        ann_workloads::Optimizer::Lbfgs => Lbfgs::default().into(),
        ann_workloads::Optimizer::LevenbergMarquardt => LevenbergMarquardt::default().into(),
    };
    let batching = match workload.batch {
        Some(rows) => Batching::shuffled(rows, SEED_OF_ORDER),
        None => Batching::Full,
    };
    let (learning_rate, stop_below) = (workload.rate.into(), workload.below);
    let epochs = workload.epochs;
    TrainConfig { optimizer, learning_rate, batching, epochs, stop_below, threads, ..TrainConfig::default() }
}

/// Continues training with one epoch that is not measured, and `units` epochs that are. The time does not
/// include the preparation by [`Training::resume`].
fn time_epochs<F: Scalar>(
    state: &mut State<F>,
    problem: &Problem<'_, F>,
    config: TrainConfig,
    units: usize,
) -> Result<Duration> {
    let config = TrainConfig { epochs: state.epoch + 1 + units, ..config };
    // A new run for each measurement: otherwise the records of all measurements would add up in memory.
    let mut training = Training::resume(problem, state.clone(), &config)?;
    ensure!(training.epoch()?.is_continue(), "training ended before the measured epochs");
    let begin = Instant::now();
    for _ in 0..units {
        ensure!(training.epoch()?.is_continue(), "training ended within the measured epochs");
    }
    let spent = begin.elapsed();
    state.clone_from(training.state());
    Ok(spent)
}

fn steps<F: Scalar>(
    talk: &mut Talk,
    workload: &Workload,
    problem: &Problem<'_, F>,
    mut parameters: Vec<F>,
) -> Result<Option<String>> {
    let network = Network::from_parameters(problem.architecture(), parameters.clone())?;
    let loss = losses(problem, &network, &config(workload, talk.threads))?;
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

/// Whole runs of training: one network with all threads, or many networks side by side.
fn runs<F: Scalar>(talk: &mut Talk, workload: &Workload, problem: &Problem<'_, F>) -> Result<Option<String>> {
    let config = config(workload, talk.threads);
    let network = |parameters| Network::from_parameters(problem.architecture(), parameters);
    let initial = initial_networks(problem.layout(), workload.networks).into_iter().map(network);
    let networks = initial.collect::<ann_core::Result<Vec<_>>>()?;
    let last = |histories: &[History]| mean(histories.iter().map(|history| history.last().loss));
    let each = networks.iter().map(|network| losses(problem, network, &config));
    let each = each.collect::<Result<Vec<_>>>()?;
    let loss = [0, 1].map(|step| mean(each.iter().map(|losses| losses[step])));
    let histories = train_all(&networks, problem, &config)?;
    let epochs = histories.iter().map(|history| history.last().epoch).max();
    talk.serve_after(
        json!({ "loss": loss, "end": { "epochs": epochs, "loss": last(&histories) } }),
        |units| {
            let begin = Instant::now();
            for _ in 0..units {
                black_box(train_all(&networks, problem, &config)?);
            }
            Ok(begin.elapsed())
        },
    )
}

fn train_all<F: Scalar>(
    networks: &[Network<F>],
    problem: &Problem<'_, F>,
    config: &TrainConfig,
) -> Result<Vec<History>> {
    let train_one = |network: &Network<F>| train(&mut network.clone(), problem, config);
    let histories = match networks {
        [network] => vec![train_one(network)],
        _ => in_parallel(config.threads, networks, train_one)?,
    };
    Ok(histories.into_iter().collect::<ann_train::Result<_>>()?)
}

fn mean(numbers: impl ExactSizeIterator<Item = f64>) -> f64 {
    let count = numbers.len() as f64;
    numbers.sum::<f64>() / count
}

/// The mean loss of all rows, without penalty, before and after one step with all of them. For an optimizer
/// that finds the length of its steps itself, the step is one of descent.
fn losses<F: Scalar>(
    problem: &Problem<'_, F>,
    network: &Network<F>,
    config: &TrainConfig,
) -> Result<[f64; 2]> {
    let optimizer = match config.optimizer {
        Optimizer::Lbfgs(_) | Optimizer::LevenbergMarquardt(_) => Optimizer::Descent,
        optimizer => optimizer,
    };
    let one_step = TrainConfig { optimizer, batching: Batching::Full, epochs: 1, stop_below: 0.0, ..*config };
    let records = train(&mut network.clone(), problem, &one_step)?.records;
    Ok([records[0].loss, records[1].loss])
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

    use ann_train::train;
    use ann_workloads::Precision;
    use serde_json::Value;

    use super::*;

    #[test]
    fn every_workload_is_understood() {
        for workload in ann_workloads::small() {
            assert_eq!(Rows::<f64>::of(&workload).features.dim(), (workload.rows, workload.inputs()));
            let answer = answer_to_prepare(&workload, 2);
            let [before, after] = [0, 1].map(|index| answer["loss"][index].as_f64().unwrap());
            match workload.unit {
                Unit::Epoch | Unit::Step | Unit::Run => {
                    assert!(0.0 < after && after < before, "{}", workload.name);
                }
                Unit::Differences | Unit::Outputs => assert_eq!(before, after, "{}", workload.name),
            }
        }
    }

    #[test]
    fn runs_end_at_the_last_epoch_or_below_the_loss() {
        for workload in ann_workloads::small().iter().filter(|workload| workload.unit == Unit::Run) {
            let answer = answer_to_prepare(workload, 2);
            let (epochs, loss) = (answer["end"]["epochs"].as_u64(), answer["end"]["loss"].as_f64().unwrap());
            let is_last = epochs == Some(workload.epochs as u64);
            assert!(is_last || loss < workload.below, "{}: {answer}", workload.name);
            assert!(loss < answer["loss"][1].as_f64().unwrap(), "{}: {answer}", workload.name);
        }
    }

    #[test]
    fn networks_of_a_run_begin_with_different_weights_and_the_first_with_those_of_one() {
        let layout = architecture(ann_workloads::find("W15").unwrap()).layout().unwrap();
        let networks = initial_networks::<f64>(&layout, 3);
        assert_eq!(networks[0], initial_parameters::<f64>(&layout));
        assert!(networks[0] != networks[1] && networks[1] != networks[2]);
    }

    /// Prepares, does a unit of work to warm up, and returns the answer.
    fn answer_to_prepare(workload: &Workload, threads: usize) -> Value {
        let answers = Answers::default();
        let mut talk = Talk::without_requests(threads, answers.clone());
        let serve = match workload.precision {
            Precision::F32 => serve::<f32>,
            Precision::F64 => serve::<f64>,
        };
        assert_eq!(serve(&mut talk, workload).unwrap(), None, "{}", workload.name);
        serde_json::from_slice(&answers.0.lock().unwrap()).unwrap()
    }

    #[test]
    fn epochs_continue_where_the_measurement_before_has_ended() {
        let workload = ann_workloads::small().into_iter().find(|workload| workload.batch.is_some());
        let workload = workload.expect("a workload has mini-batches");
        let (architecture, rows) = (architecture(&workload), Rows::<f64>::of(&workload));
        let problem = rows.problem(&architecture, &workload).unwrap();
        let parameters = initial_parameters(problem.layout());
        let network = Network::from_parameters(&architecture, parameters).unwrap();
        let config = config(&workload, 1);
        let mut expected = network.clone();
        train(&mut expected, &problem, &TrainConfig { epochs: 7, ..config }).unwrap();

        let mut state = Training::new(&problem, network, &config).unwrap().state().clone();
        for units in [2, 3] {
            time_epochs(&mut state, &problem, config, units).unwrap();
        }
        assert_eq!(state.epoch, 1 + 2 + 1 + 3);
        assert_eq!(state.network.parameters(), expected.parameters());
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
