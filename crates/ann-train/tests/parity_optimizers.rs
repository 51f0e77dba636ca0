//! 200 updates of every optimizer are those of PyTorch, in float64: with all rows and with mini-batches, with
//! schedules, weights of rows and classes, clipped gradients, smoothed classes and a penalty.
//!
//! How the numbers were made: see `ann-datasets/data/reference/pytorch/README.md`.

use std::collections::BTreeSet;

use ann_datasets::reference;
use ann_train::ndarray::Array2;
use ann_train::{
    Activation, Adam, Architecture, Batching, ClassWeights, Decay, LearningRate, Loss, Momentum, Network,
    Optimizer, Problem, Rprop, Schedule, TrainConfig, Training, seeded,
};
use rand::seq::SliceRandom;

use crate::recorded::{Table, assert_close};

/// Parameters and losses are of size 1. After 200 updates they differed by at most 2.2e-15, so no run
/// amplifies rounding; those of Rprop, which uses only the signs of gradients, were the same numbers.
const TOLERANCE: f64 = 1e-12;
/// PyTorch divides by the norm + 1e-6 when it clips a gradient, we by the norm. So with a largest norm of 0.1
/// a step of η = 0.1 is shorter by at most 0.1 · 1e-6, in each of 200 updates.
const CLIPPING: f64 = 200.0 * 0.1 * 1e-6;
const CLIPPED: f64 = 0.1;
const UPDATES: usize = 200;
const ROWS: usize = 24;
/// The seed of the order of rows.
const SEED: u64 = 11;

#[test]
fn gradient_descent() {
    follows_pytorch("SGD", 6);
}
#[test]
fn momentum() {
    follows_pytorch("momentum", 4);
}
#[test]
fn nesterov() {
    follows_pytorch("Nesterov", 3);
}
#[test]
fn adam() {
    follows_pytorch("Adam", 5);
}
#[test]
fn adam_with_decay_of_weights() {
    follows_pytorch("AdamW", 4);
}
#[test]
fn adam_with_decay_of_biases_too() {
    follows_pytorch("AdamW with biases", 2);
}
#[test]
fn rprop() {
    follows_pytorch("Rprop", 4);
}

#[test]
fn every_recorded_run_has_a_test() {
    let tested = ["SGD", "momentum", "Nesterov", "Adam", "AdamW", "AdamW with biases", "Rprop"];
    let recorded = Table::new(reference::PYTORCH_OPTIMIZERS).column(&[], "optimizer");
    assert_eq!(recorded.into_iter().collect::<BTreeSet<String>>(), tested.map(str::to_owned).into());
}

#[test]
fn every_rate_of_a_schedule() {
    let table = Table::new(reference::PYTORCH_OPTIMIZERS_RATES);
    let runs: BTreeSet<String> = table.column(&[], "run").into_iter().collect();
    assert_eq!(runs.len(), 8, "schedules");
    for run in runs {
        let run = Run::new(run);
        let rate = run.config().learning_rate;
        let found: Vec<f64> = (0..UPDATES as u64).map(|done| rate.at(done, UPDATES as u64)).collect();
        let what = format!("rate of {}", run.setting("schedule"));
        // PyTorch computes most rates from the one before, so 200 roundings of numbers up to 0.1 add up.
        assert_close(&what, &found, &table.column(&[&run.number], "rate"), 200.0 * 0.1 * f64::EPSILON);
    }
}

/// PyTorch took mini-batches in the order of this file. After a change of the order, the file is to be what
/// this test computes.
#[test]
fn the_recorded_order_of_rows_is_ours() {
    let header: Vec<String> = (0..ROWS).map(|column| format!("row{column}")).collect();
    let mut expected = format!("epoch,{}\n", header.join(","));
    for epoch in 0..UPDATES / 4 {
        let mut rng = seeded(SEED);
        rng.set_stream(epoch as u64);
        let mut order: Vec<usize> = (0..ROWS).collect();
        order.shuffle(&mut rng);
        let order: Vec<String> = order.iter().map(usize::to_string).collect();
        expected += &format!("{epoch},{}\n", order.join(","));
    }
    assert!(reference::PYTORCH_OPTIMIZERS_ORDER == expected, "expected {expected}");
}

/// All recorded runs of an optimizer.
#[track_caller]
fn follows_pytorch(optimizer: &str, runs: usize) {
    let table = Table::new(reference::PYTORCH_OPTIMIZERS);
    let all = table.column(&[], "run").into_iter().map(Run::new);
    let all: Vec<Run> = all.filter(|run| run.setting("optimizer") == optimizer).collect();
    assert_eq!(all.len(), runs, "recorded runs of {optimizer}");
    let parameters = Table::new(reference::PYTORCH_OPTIMIZERS_PARAMETERS);
    all.iter().for_each(|run| run.follows_pytorch(&parameters));
}

struct Run {
    number: String,
    settings: Table,
}

impl Run {
    fn new(number: String) -> Self {
        Self { number, settings: Table::new(reference::PYTORCH_OPTIMIZERS) }
    }

    /// The cell of a column of `optimizers.csv`.
    fn setting(&self, name: &str) -> String {
        self.settings.cell(&[&self.number], name)
    }

    #[track_caller]
    fn follows_pytorch(&self, parameters: &Table) {
        let outputs = if self.setting("loss") == "mean squared error" { 2 } else { 3 };
        let architecture =
            Architecture::inputs(3).dense(4, Activation::Tanh).dense(outputs, Activation::Identity);
        let data = Data::recorded();
        let (problem, config) = (self.problem(&architecture, &data), self.config());
        let recorded = |epoch: usize| parameters.column(&[&self.number, &epoch.to_string()], "value");
        let start = Network::from_parameters(&architecture, recorded(0)).unwrap();
        let tolerance = if self.setting("clipped") == "nearly" { CLIPPING } else { TOLERANCE };

        let mut training = Training::new(&problem, start, &config).unwrap();
        let mut checked = 0;
        while training.epoch().unwrap().is_continue() {
            let epoch = training.state().epoch;
            let expected: Vec<f64> = recorded(epoch);
            if !expected.is_empty() {
                let what = format!("run {}, epoch {epoch}, parameter", self.number);
                assert_close(&what, training.state().network.parameters(), &expected, tolerance);
                checked += 1;
            }
        }
        assert_eq!(checked, 4, "run {}", self.number);
        let losses: Vec<f64> = training.records().iter().map(|record| record.loss).collect();
        let expected = Table::new(reference::PYTORCH_OPTIMIZERS_LOSS).column(&[&self.number], "loss");
        assert_close(&format!("run {}, loss", self.number), &losses, &expected, tolerance);
    }

    fn problem<'a>(&self, architecture: &'a Architecture, data: &'a Data) -> Problem<'a> {
        let problem = match &*self.setting("loss") {
            "mean squared error" => {
                Problem::new(architecture, Loss::MeanSquaredError, &data.features, &data.values)
            }
            name => {
                let all = [Loss::SoftmaxCrossEntropy, Loss::SmoothedCrossEntropy { smoothing: 0.1 }];
                let loss = all.into_iter().find(|loss| loss.to_string() == name).unwrap();
                Problem::new(architecture, loss, &data.features, &data.classes)
            }
        };
        let problem = problem.unwrap().with_l2(self.setting("l2").parse().unwrap()).unwrap();
        let weighted = match &*self.setting("weights") {
            "rows" => problem.with_weights(&data.weights),
            "classes" => problem.with_class_weights(&ClassWeights::Given(vec![0.5, 2.0, 1.25])),
            _ => Ok(problem),
        };
        weighted.unwrap()
    }

    fn config(&self) -> TrainConfig {
        let batching = match self.setting("batch").parse().unwrap() {
            ROWS => Batching::Full,
            // Of 24 rows, 4 are left over.
            rows => Batching::Shuffled { rows, seed: SEED, drop_last: rows == 5 },
        };
        let is_clipped = self.setting("clipped") != "no";
        TrainConfig {
            optimizer: optimizer_named(&self.setting("optimizer")),
            learning_rate: learning_rate(
                &self.setting("schedule"),
                self.setting("learning_rate").parse().unwrap(),
            ),
            clip_norm: if is_clipped { CLIPPED } else { f64::INFINITY },
            batching,
            epochs: if batching == Batching::Full { UPDATES } else { UPDATES / 4 },
            ..TrainConfig::default()
        }
    }
}

fn optimizer_named(name: &str) -> Optimizer {
    let decay = Decay { rate: 0.1, ..Decay::default() };
    match name {
        "SGD" => Optimizer::Descent,
        "momentum" => Momentum { momentum: 0.9, nesterov: false }.into(),
        "Nesterov" => Momentum { momentum: 0.9, nesterov: true }.into(),
        "Adam" => Adam::default().into(),
        "AdamW" => Adam { decay, ..Adam::default() }.into(),
        "AdamW with biases" => Adam { decay: Decay { biases: true, ..decay }, ..Adam::default() }.into(),
        "Rprop" => Rprop::default().into(),
        _ => panic!("no optimizer {name}"),
    }
}

fn learning_rate(schedule: &str, peak: f64) -> LearningRate {
    let (schedule, warm_up) = match schedule {
        "constant" => (Schedule::Constant, 0),
        // ExponentialLR(gamma=0.98)
        "exponential" => (Schedule::Exponential { last: 0.98_f64.powi(UPDATES as i32) }, 0),
        // CosineAnnealingLR(T_max=200)
        "cosine" => (Schedule::Cosine { last: 0.0 }, 0),
        // OneCycleLR(total_steps=200): from peak / 25 to the peak, and to peak / 25 / 1e4.
        "one cycle" => (Schedule::OneCycle { first: 0.04, last: 4e-6, rise: 0.3 }, 0),
        // StepLR(step_size=50, gamma=0.1) and StepLR(step_size=2, gamma=0.97)
        "steps" => (Schedule::Steps { factor: 0.1, parts: 4 }, 0),
        "many steps" => (Schedule::Steps { factor: 0.97, parts: 100 }, 0),
        // LinearLR(start_factor=1 / 21, total_iters=20)
        "warm-up" => (Schedule::Constant, 20),
        "warm-up and cosine" => (Schedule::Cosine { last: 0.0 }, 20),
        _ => panic!("no schedule {schedule}"),
    };
    LearningRate { peak, schedule, warm_up }
}

/// 24 rows, each with a class, two values and a weight.
struct Data {
    features: Array2<f64>,
    classes: Vec<usize>,
    values: Array2<f64>,
    weights: Vec<f64>,
}

impl Data {
    fn recorded() -> Self {
        let table = Table::new(reference::PYTORCH_OPTIMIZERS_DATA);
        let columns = |names: &[&str]| {
            let columns: Vec<Vec<f64>> = names.iter().map(|name| table.column(&[], name)).collect();
            Array2::from_shape_fn((ROWS, names.len()), |(row, column)| columns[column][row])
        };
        Self {
            features: columns(&["x1", "x2", "x3"]),
            classes: table.column(&[], "class"),
            values: columns(&["y1", "y2"]),
            weights: table.column(&[], "weight"),
        }
    }
}
