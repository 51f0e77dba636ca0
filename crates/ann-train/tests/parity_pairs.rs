//! Every activation with every loss computes what PyTorch computes, in float64: first outputs, first loss, first
//! gradient, and the parameters after five updates.
//!
//! How the numbers were made: see `ann-datasets/data/reference/pytorch/README.md`.

use std::collections::BTreeSet;

use ann_datasets::reference;
use ann_train::ndarray::Array2;
use ann_train::{
    Accumulation, Activation, Architecture, Loss, Network, Objective, Problem, TargetKind, TrainConfig, train,
};

use crate::recorded::{Table, assert_close};

/// All numbers are of size 1. Found were at most 4e-15, a few units in the last place.
const TOLERANCE: f64 = 1e-13;
const ROWS: usize = 6;

#[test]
fn softmax_cross_entropy() {
    computes_what_pytorch_computes(&Loss::SoftmaxCrossEntropy, 1);
}
#[test]
fn smoothed_cross_entropy() {
    computes_what_pytorch_computes(&Loss::SmoothedCrossEntropy { smoothing: 0.1 }, 1);
}
#[test]
fn binary_cross_entropy_of_one_and_of_two_outputs() {
    computes_what_pytorch_computes(&Loss::BinaryCrossEntropy, 2);
}
#[test]
fn mean_squared_error() {
    computes_what_pytorch_computes(&Loss::MeanSquaredError, 1);
}
#[test]
fn absolute_error() {
    computes_what_pytorch_computes(&Loss::AbsoluteError, 1);
}
#[test]
fn huber() {
    computes_what_pytorch_computes(&Loss::Huber { delta: 0.5 }, 1);
}
#[test]
fn two_quantiles_of_two_columns() {
    computes_what_pytorch_computes(&Loss::Quantile { levels: vec![0.2, 0.7] }, 1);
}
#[test]
fn poisson() {
    computes_what_pytorch_computes(&Loss::Poisson, 1);
}

#[test]
fn every_activation_is_recorded_with_every_loss() {
    let table = Table::new(reference::PYTORCH_PAIRS);
    let [activations, losses] = ["activation", "loss"].map(|name| table.column::<String>(&[], name));
    let pairs: BTreeSet<_> = activations.iter().zip(&losses).collect();
    let [activations, losses] = [&activations, &losses].map(|names| names.iter().collect::<BTreeSet<_>>());
    assert_eq!((activations.len(), losses.len(), pairs.len()), (11, 8, 11 * 8));
    let known = self::activations().map(|activation| activation.to_string());
    let unknown: Vec<_> = activations.into_iter().filter(|name| !known.contains(name)).collect();
    assert_eq!(unknown, ["ELU 1", "GELU", "Mish", "SELU", "SiLU", "softplus"]);
}

/// All activations with a loss, which was recorded with `shapes` different numbers of outputs.
#[track_caller]
fn computes_what_pytorch_computes(loss: &Loss, shapes: usize) {
    let table = Table::new(reference::PYTORCH_PAIRS);
    let data = Table::new(reference::PYTORCH_PAIRS_DATA);
    let [outputs, parameters] =
        [reference::PYTORCH_PAIRS_OUTPUTS, reference::PYTORCH_PAIRS_PARAMETERS].map(Table::new);
    let names: Vec<String> = table.column(&[], "loss");
    let pairs = table.column::<String>(&[], "pair").into_iter().zip(names);
    let mut compared = 0;
    for (pair, _) in pairs.filter(|(_, name)| *name == loss.to_string()) {
        let name: String = table.cell(&[&pair], "activation");
        let Some(activation) = activations().into_iter().find(|activation| activation.to_string() == name)
        else {
            continue;
        };
        let hidden = Architecture::inputs(2).with_layers(activation.layers([3, 2]));
        let architecture = hidden.dense(table.cell(&[&pair], "outputs"), Activation::Identity);
        let columns: String = table.cell(&[&pair], "targets");
        let columns: Vec<&str> = columns.split('-').collect();
        let (x, y) = (matrix(&data, &["x1", "x2"]), matrix(&data, &columns));
        let classes: Vec<usize> = y.column(0).iter().map(|y| *y as usize).collect();
        let problem = match loss.targets() {
            TargetKind::Classes => Problem::new(&architecture, loss.clone(), &x, &classes),
            TargetKind::Values => Problem::new(&architecture, loss.clone(), &x, &y),
        };
        let expected = |column| parameters.column::<f64>(&[&pair], column);
        let network = Network::from_parameters(&architecture, expected("before")).unwrap();
        let close = |what, found: &[f64], expected: &[f64]| {
            assert_close(&format!("{name}, {loss}: {what}"), found, expected, TOLERANCE);
        };

        let found = network.forward(&x).unwrap();
        close("output", found.as_slice().unwrap(), &outputs.column::<f64>(&[&pair], "value"));
        let first_loss = [table.cell(&[&pair], "first_loss")];
        for accumulation in [Accumulation::Batched, Accumulation::PerSample] {
            let problem = problem.as_ref().unwrap();
            let mut gradient = vec![0.0; problem.layout().len()];
            let mut objective = Objective::new(problem, accumulation).unwrap();
            let value = objective.value_and_gradient(network.parameters(), &mut gradient);
            close("loss", &[value.loss], &first_loss);
            close("gradient", &gradient, &expected("gradient"));
            let config = TrainConfig { accumulation, epochs: 5, ..TrainConfig::default() };
            let mut network = network.clone();
            train(&mut network, problem, &config).unwrap();
            close("parameter", network.parameters(), &expected("after"));
        }
        compared += 1;
    }
    assert_eq!(compared, activations().len() * shapes, "{loss}");
}

/// Those with which PyTorch was recorded.
fn activations() -> [Activation; 5] {
    let leaky = Activation::LeakyRelu { slope: 0.1 };
    [Activation::Sigmoid, Activation::Tanh, Activation::Relu, leaky, Activation::Identity]
}

fn matrix(data: &Table, names: &[&str]) -> Array2<f64> {
    let columns: Vec<Vec<f64>> = names.iter().map(|name| data.column(&[], name)).collect();
    Array2::from_shape_fn((ROWS, names.len()), |(row, column)| columns[column][row])
}
