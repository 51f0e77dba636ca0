//! Thirty small networks compute what PyTorch computes, in float64: first outputs, first gradient, losses and
//! updates.
//!
//! Every activation with every loss and both gains, 1 to 4 hidden layers, with and without penalty.
//!
//! If the loss jumps up and down at first (gain 5, cases 12 and 26), training amplifies rounding: to 2e-11 in
//! twenty epochs of case 12. In these cases each update is recorded by itself, and starts from PyTorch's
//! parameters. How the numbers were made: see `ann-datasets/data/reference/pytorch/README.md`.

use std::collections::BTreeSet;

use ann_datasets::reference;
use ann_train::ndarray::{Array2, Axis, Slice};
use ann_train::{
    Accumulation, Activation, Architecture, Loss, Network, Objective, Problem, TargetKind, TrainConfig, train,
};

/// The parity promised to PyTorch, for every number, however large: losses begin at up to 322, gradients
/// reach 100. Found were at most 3e-14, a few units in the last place of the largest numbers.
const TOLERANCE: f64 = 1e-12;

#[test]
fn first_outputs() {
    let data = Data::recorded();
    for case in &cases() {
        let outputs = case.network(0, "before").forward(&data.features).unwrap();
        let expected = case.numbers(reference::PYTORCH_CASES_OUTPUTS, &[], "value");
        case.assert_close("output", outputs.as_slice().unwrap(), &expected);
    }
}

#[test]
fn first_gradients() {
    let data = Data::recorded();
    for case in &cases() {
        let problem = case.problem(&data);
        let mut gradient = vec![0.0; problem.layout().len()];
        let mut objective = Objective::new(&problem, Accumulation::Batched).unwrap();
        objective.value_and_gradient(case.network(0, "before").parameters(), &mut gradient);
        let expected = case.numbers(reference::PYTORCH_CASES_GRADIENT, &[], "value");
        case.assert_close("gradient", &gradient, &expected);
        // Or nothing would be compared: in a network of dead units all gradients are 0, in any program.
        let alive = |weights: &[f64]| weights.iter().any(|g| *g != 0.0);
        assert!(
            problem.layout().layers().iter().all(|span| alive(&expected[span.weights()])),
            "{}",
            case.number
        );
    }
}

#[test]
fn losses_and_updates() {
    let data = Data::recorded();
    for case in &cases() {
        let problem = case.problem(&data).with_l2(case.l2).unwrap();
        case.follows_pytorch(&problem, Accumulation::Batched);
        case.follows_pytorch(&problem, Accumulation::PerSample);
    }
}

#[test]
fn any_two_settings_meet_in_some_case() {
    let cases = cases();
    let different = |k: usize| cases.iter().map(|case| &case.settings[k]).collect::<BTreeSet<_>>().len();
    assert_eq!([0, 1, 2, 3, 4].map(different), [5, 3, 2, 4, 2]);
    let triples: BTreeSet<_> = cases.iter().map(|case| &case.settings[..3]).collect();
    assert_eq!(triples.len(), 5 * 3 * 2, "every activation with every loss and gain");
    for a in 0..5 {
        for b in 0..a {
            let met: BTreeSet<_> = cases.iter().map(|case| (&case.settings[a], &case.settings[b])).collect();
            assert_eq!(met.len(), different(a) * different(b), "only {met:?}");
        }
    }
}

// Helpers.

struct Case {
    number: String,
    /// Activation, loss with its outputs, gain, number of hidden layers, λ.
    settings: [String; 5],
    architecture: Architecture,
    loss: Loss,
    l2: f64,
    learning_rate: f64,
    epochs: usize,
    /// Epochs that PyTorch ran freely before its parameters were rounded.
    every: usize,
}

fn cases() -> Vec<Case> {
    rows(reference::PYTORCH_CASES).iter().map(|row| Case::new(row)).collect()
}

impl Case {
    fn new(row: &[String]) -> Self {
        let [number, activation, loss, outputs, gain, hidden, l2, learning_rate, epochs, every] = row else {
            panic!("other columns: {row:?}");
        };
        let depth = hidden.split('-').count().to_string();
        let hidden = hidden.split('-').map(|width| width.parse().unwrap());
        let layers = activation_named(activation).layers(hidden);
        let architecture = Architecture::inputs(2).with_layers(layers);
        Self {
            settings: [activation, &format!("{loss} {outputs}"), gain, &depth, l2].map(String::clone),
            number: number.clone(),
            architecture: architecture.dense(outputs.parse().unwrap(), Activation::Identity),
            loss: loss_named(loss),
            l2: l2.parse().unwrap(),
            learning_rate: learning_rate.parse().unwrap(),
            epochs: epochs.parse().unwrap(),
            every: every.parse().unwrap(),
        }
    }

    /// Without penalty.
    fn problem<'a>(&'a self, data: &'a Data) -> Problem<'a> {
        let (architecture, loss, x) = (&self.architecture, self.loss.clone(), &data.features);
        let columns = Slice::from(..architecture.output_width());
        let problem = match loss.targets() {
            TargetKind::Classes => Problem::new(architecture, loss, x, &data.classes),
            TargetKind::Values => {
                Problem::new(architecture, loss, x, data.values.slice_axis(Axis(1), columns))
            }
        };
        problem.unwrap()
    }

    /// Each stretch that PyTorch ran freely, from where it started.
    #[track_caller]
    fn follows_pytorch(&self, problem: &Problem<'_>, accumulation: Accumulation) {
        let (learning_rate, epochs) = (self.learning_rate.into(), self.every);
        let config = TrainConfig { learning_rate, epochs, accumulation, ..TrainConfig::default() };
        let expected = self.numbers(reference::PYTORCH_CASES_LOSS, &[], "loss");
        assert_eq!(expected.len(), self.epochs, "case {}", self.number);
        for start in (0..self.epochs).step_by(self.every) {
            let mut network = self.network(start, "before");
            let history = train(&mut network, problem, &config).unwrap();
            let losses: Vec<f64> = history.losses().take(epochs).collect();
            self.assert_close("loss", &losses, &expected[start..start + epochs]);
            self.assert_close("parameter", network.parameters(), self.network(start, "after").parameters());
        }
    }

    /// The network "before" this epoch, or "after" the updates that follow freely.
    fn network(&self, epoch: usize, column: &str) -> Network {
        let parameters = self.numbers(reference::PYTORCH_CASES_PARAMETERS, &[&epoch.to_string()], column);
        Network::from_parameters(&self.architecture, parameters).unwrap()
    }

    /// A column of the rows that begin with the case's number and `key`.
    fn numbers(&self, text: &str, key: &[&str], column: &str) -> Vec<f64> {
        let key = [&[self.number.as_str()], key].concat();
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let column = reader.headers().unwrap().iter().position(|name| name == column).unwrap();
        let rows = reader.records().map(Result::unwrap);
        let rows = rows.filter(|row| row.iter().zip(&key).all(|(cell, k)| cell == *k));
        rows.map(|row| row[column].parse().unwrap()).collect()
    }

    #[track_caller]
    fn assert_close(&self, what: &str, found: &[f64], expected: &[f64]) {
        let Self { number, .. } = self;
        assert_eq!(found.len(), expected.len(), "case {number}: {what}");
        assert!(!expected.is_empty(), "case {number}: no {what} is recorded");
        for (index, (f, e)) in found.iter().zip(expected).enumerate() {
            assert!((f - e).abs() <= TOLERANCE, "case {number}: {what} {index} is {f}, PyTorch's {e}");
        }
    }
}

fn activation_named(name: &str) -> Activation {
    let leaky = Activation::LeakyRelu { slope: 0.1 };
    let all = [Activation::Sigmoid, Activation::Tanh, Activation::Relu, leaky, Activation::Identity];
    all.into_iter().find(|activation| activation.to_string() == name).unwrap()
}

fn loss_named(name: &str) -> Loss {
    let all = [Loss::SoftmaxCrossEntropy, Loss::MeanSquaredError];
    all.into_iter().find(|loss| loss.to_string() == name).unwrap()
}

/// Twelve rows, with a class and three values each.
struct Data {
    features: Array2<f64>,
    classes: Vec<usize>,
    values: Array2<f64>,
}

impl Data {
    fn recorded() -> Self {
        let rows = rows(reference::PYTORCH_CASES_DATA);
        let number = |n: usize, column: usize| rows[n][column].parse().unwrap();
        Self {
            features: Array2::from_shape_fn((rows.len(), 2), |(n, i)| number(n, i)),
            classes: rows.iter().map(|row| row[2].parse().unwrap()).collect(),
            values: Array2::from_shape_fn((rows.len(), 3), |(n, j)| number(n, 3 + j)),
        }
    }
}

/// The cells of a table, without its header.
fn rows(text: &str) -> Vec<Vec<String>> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect()
}
