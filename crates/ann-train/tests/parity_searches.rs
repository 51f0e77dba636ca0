//! Methods that search for a step: forty iterates of L-BFGS are PyTorch's, and Levenberg–Marquardt finds the
//! minima that SciPy's (MINPACK) finds.
//!
//! How the numbers were made: see `ann-datasets/data/reference/pytorch/README.md`.

use ann_datasets::reference;
use ann_train::ndarray::Array2;
use ann_train::{
    Activation, Architecture, Lbfgs, LevenbergMarquardt, Loss, Network, Optimizer, Problem, StopReason,
    TrainConfig, Training, train,
};

use crate::recorded::{Table, assert_close};

const ITERATIONS: usize = 40;

#[test]
fn lbfgs_of_classes() {
    let architecture = network(4, 3);
    let data = Table::new(reference::PYTORCH_OPTIMIZERS_DATA);
    let (x, y) = (inputs(), data.column::<usize>(&[], "class"));
    let problem = Problem::new(&architecture, Loss::SoftmaxCrossEntropy, &x, &y).unwrap();
    follows_pytorch("classes", &problem.with_l2(0.01).unwrap());
}

#[test]
fn lbfgs_of_values() {
    let architecture = network(4, 2);
    let (x, y) = (inputs(), columns(reference::PYTORCH_OPTIMIZERS_DATA, &["y1", "y2"]));
    let problem = Problem::new(&architecture, Loss::MeanSquaredError, &x, &y).unwrap();
    follows_pytorch("values", &problem.with_l2(0.01).unwrap());
}

#[test]
fn least_squares_of_one_output() {
    let architecture = network(1, 1);
    let (x, y) = (inputs(), columns(reference::SCIPY_LEAST_SQUARES_DATA, &["y1"]));
    finds_scipys_minimum("one output", &Problem::new(&architecture, Loss::MeanSquaredError, &x, &y).unwrap());
}

#[test]
fn least_squares_of_two_outputs_with_weights_of_rows_and_a_penalty() {
    let architecture = network(2, 2);
    let (x, y) = (inputs(), columns(reference::SCIPY_LEAST_SQUARES_DATA, &["y1", "y2"]));
    let weights = Table::new(reference::PYTORCH_OPTIMIZERS_DATA).column::<f64>(&[], "weight");
    let problem = Problem::new(&architecture, Loss::MeanSquaredError, &x, &y).unwrap();
    finds_scipys_minimum("two outputs", &problem.with_weights(&weights).unwrap().with_l2(0.001).unwrap());
}

/// Forty iterates are PyTorch's: both accept the first trial or, three times, the minimum of the same cubic.
#[track_caller]
fn follows_pytorch(name: &str, problem: &Problem<'_>) {
    let parameters = Table::new(reference::PYTORCH_LBFGS_PARAMETERS);
    let at = |iteration: usize| parameters.column::<f64>(&[name, &iteration.to_string()], "value");
    let start = Network::from_parameters(problem.architecture(), at(0)).unwrap();
    let config =
        TrainConfig { optimizer: Lbfgs::default().into(), epochs: ITERATIONS, ..TrainConfig::default() };
    let mut training = Training::new(problem, start, &config).unwrap();
    let mut compared = 0;
    while training.epoch().unwrap().is_continue() {
        let iteration = training.state().epoch;
        let expected = at(iteration);
        if !expected.is_empty() {
            let what = format!("{name}, iteration {iteration}, parameter");
            assert_close(&what, training.state().network.parameters(), &expected, growing(iteration));
            compared += 1;
        }
    }
    assert_eq!(compared, 5, "{name}");
    let (_, history) = training.finish().unwrap();
    let found: Vec<f64> = history.records.iter().map(|record| record.loss + record.penalty).collect();
    let expected = Table::new(reference::PYTORCH_LBFGS_OBJECTIVE).column::<f64>(&[name], "objective");
    // Found were at most 1.5e-13.
    assert_close(&format!("{name}, J"), &found, &expected, 1e-11);
}

/// The distance of two runs that differ by rounding at first. The directions depend on differences of
/// gradients, so it grows about tenfold in eight iterations: found were 1e-14 after 10, 3e-13 after 20 and
/// 5e-11 after 40.
fn growing(iteration: usize) -> f64 {
    1e-14 * 10_f64.powf(iteration as f64 / 8.0)
}

#[track_caller]
fn finds_scipys_minimum(name: &str, problem: &Problem<'_>) {
    let parameters = Table::new(reference::SCIPY_LEAST_SQUARES_PARAMETERS);
    let [before, after] = ["before", "after"].map(|column| parameters.column::<f64>(&[name], column));
    let mut network = Network::from_parameters(problem.architecture(), before).unwrap();
    let optimizer: Optimizer = LevenbergMarquardt::default().into();
    let history = train(&mut network, problem, &TrainConfig { optimizer, ..TrainConfig::default() }).unwrap();
    assert_eq!(history.stop, StopReason::Converged);
    let found = history.last();
    let expected = Table::new(reference::SCIPY_LEAST_SQUARES).cell(&[name], "objective");
    // Both end where J no longer falls: the same to rounding.
    assert_close("J", &[found.loss + found.penalty], &[expected], 1e-15);
    // J is flat at the minimum, so that it is the same to rounding, 1e-19, within a distance of 1e-8 or so.
    assert_close("parameter", network.parameters(), &after, 1e-7);
}

/// 3 inputs and a layer of tanh.
fn network(hidden: usize, outputs: usize) -> Architecture {
    Architecture::inputs(3).dense(hidden, Activation::Tanh).dense(outputs, Activation::Identity)
}

fn inputs() -> Array2<f64> {
    columns(reference::PYTORCH_OPTIMIZERS_DATA, &["x1", "x2", "x3"])
}

fn columns(text: &str, names: &[&str]) -> Array2<f64> {
    let columns: Vec<Vec<f64>> = names.iter().map(|name| Table::new(text).column(&[], name)).collect();
    Array2::from_shape_fn((columns[0].len(), names.len()), |(row, column)| columns[column][row])
}
