//! Every activation with every loss computes what PyTorch computes, in float64: first outputs, first loss,
//! first gradient, and the parameters after five updates.
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
    assert_eq!(activations, known.iter().collect());
}

/// All activations with a loss, which was recorded with `shapes` different numbers of outputs.
#[track_caller]
fn computes_what_pytorch_computes(loss: &Loss, shapes: usize) {
    let recorded = Recorded::read();
    let pairs = recorded.pairs(loss);
    assert_eq!(pairs.len(), activations().len() * shapes, "{loss}");
    for (pair, activation) in &pairs {
        recorded.compare(pair, activation, loss);
    }
}

struct Recorded {
    pairs: Table,
    data: Table,
    outputs: Table,
    parameters: Table,
}

impl Recorded {
    fn read() -> Self {
        Self {
            pairs: Table::new(reference::PYTORCH_PAIRS),
            data: Table::new(reference::PYTORCH_PAIRS_DATA),
            outputs: Table::new(reference::PYTORCH_PAIRS_OUTPUTS),
            parameters: Table::new(reference::PYTORCH_PAIRS_PARAMETERS),
        }
    }

    /// The numbers of the pairs with this loss, each with its activation.
    fn pairs(&self, loss: &Loss) -> Vec<(String, Activation)> {
        let numbers: Vec<String> = self.pairs.column(&[], "pair");
        let with_loss = numbers.into_iter().filter(|pair| {
            let name: String = self.pairs.cell(&[pair], "loss");
            name == loss.to_string()
        });
        let with_activation = with_loss.filter_map(|pair| {
            let name: String = self.pairs.cell(&[&pair], "activation");
            Some((pair, activations().into_iter().find(|activation| activation.to_string() == name)?))
        });
        with_activation.collect()
    }

    #[track_caller]
    fn compare(&self, pair: &str, activation: &Activation, loss: &Loss) {
        let hidden = Architecture::inputs(2).with_layers(activation.clone().layers([3, 2]));
        let architecture = hidden.dense(self.pairs.cell(&[pair], "outputs"), Activation::Identity);
        let columns: String = self.pairs.cell(&[pair], "targets");
        let columns: Vec<&str> = columns.split('-').collect();
        let (x, y) = (self.matrix(&["x1", "x2"]), self.matrix(&columns));
        let classes: Vec<usize> = y.column(0).iter().map(|y| *y as usize).collect();
        let problem = match loss.targets() {
            TargetKind::Classes => Problem::new(&architecture, loss.clone(), &x, &classes),
            TargetKind::Values => Problem::new(&architecture, loss.clone(), &x, &y),
        };
        let expected: Vec<f64> = self.outputs.column(&[pair], "value");
        let start = self.parameters.column(&[pair], "before");
        let found = Network::from_parameters(&architecture, start).unwrap().forward(&x).unwrap();
        let name = format!("{activation}, {loss}");
        assert_close(&format!("{name}: output"), found.as_slice().unwrap(), &expected, TOLERANCE);
        for accumulation in [Accumulation::Batched, Accumulation::PerSample] {
            self.compare_updates(pair, &name, problem.as_ref().unwrap(), accumulation);
        }
    }

    /// The first loss and gradient, and the parameters after five updates.
    #[track_caller]
    fn compare_updates(&self, pair: &str, name: &str, problem: &Problem<'_>, accumulation: Accumulation) {
        let recorded = |column| self.parameters.column::<f64>(&[pair], column);
        let mut network = Network::from_parameters(problem.architecture(), recorded("before")).unwrap();
        let mut gradient = vec![0.0; problem.layout().len()];
        let mut objective = Objective::new(problem, accumulation).unwrap();
        let value = objective.value_and_gradient(network.parameters(), &mut gradient);
        let config = TrainConfig { accumulation, epochs: 5, ..TrainConfig::default() };
        train(&mut network, problem, &config).unwrap();
        let first_loss = self.pairs.cell(&[pair], "first_loss");
        for (what, found, expected) in [
            ("loss", &[value.loss][..], vec![first_loss]),
            ("gradient", &gradient, recorded("gradient")),
            ("parameter", network.parameters(), recorded("after")),
        ] {
            assert_close(&format!("{name}: {what}"), found, &expected, TOLERANCE);
        }
    }

    fn matrix(&self, names: &[&str]) -> Array2<f64> {
        let columns: Vec<Vec<f64>> = names.iter().map(|name| self.data.column(&[], name)).collect();
        Array2::from_shape_fn((ROWS, names.len()), |(row, column)| columns[column][row])
    }
}

/// Those with which PyTorch was recorded.
fn activations() -> [Activation; 11] {
    [
        Activation::Sigmoid,
        Activation::Tanh,
        Activation::Relu,
        Activation::LeakyRelu { slope: 0.1 },
        Activation::Identity,
        Activation::Silu,
        Activation::Mish,
        Activation::Selu,
        Activation::Elu { alpha: 1.0 },
        Activation::Softplus,
        Activation::Gelu,
    ]
}
