//! The workloads of the benchmark, read from `workloads.toml`, for the harness and for every runner in Rust.

use std::fmt::{self, Display};
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

mod uniform;

pub use uniform::{SEED_OF_ROW_WEIGHTS, SEED_OF_ROWS, SEED_OF_WEIGHTS, Uniform, bell};

/// A network, its data, and the work that is timed.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Workload {
    /// `W9`, or `W9/narrow-one` if a family has several workloads.
    pub name: String,
    /// A description for readers.
    pub what: String,
    /// The work that is timed as one unit.
    pub unit: Unit,
    /// Where rows and targets come from.
    pub data: Data,
    /// n, number of rows.
    pub rows: usize,
    /// From input to output; the output layer has no activation.
    pub widths: Vec<usize>,
    /// Activation of the hidden layers.
    pub hidden: Hidden,
    /// The loss that training minimises.
    pub loss: Loss,
    /// ε of smoothed classes.
    #[serde(default)]
    pub smoothing: f64,
    /// Whether rows have weights.
    #[serde(default)]
    pub weighted: bool,
    /// The type of all numbers.
    pub precision: Precision,
    /// The rule of an update.
    #[serde(default)]
    pub optimizer: Optimizer,
    /// η; 0 if nothing is trained.
    #[serde(default)]
    pub rate: f64,
    /// Decoupled decay of all parameters with Adam.
    #[serde(default)]
    pub decay: f64,
    /// λ of the penalty λ Σ‖W‖² on weights, never on biases.
    #[serde(default)]
    pub l2: f64,
    /// Rows of a shuffled mini-batch, the last of which may be smaller; `None`: all rows at once.
    #[serde(default)]
    pub batch: Option<usize>,
    /// The most epochs of a run.
    #[serde(default)]
    pub epochs: usize,
    /// The mean loss that ends a run; 0: none does.
    #[serde(default)]
    pub below: f64,
    /// Number of networks of a run, each from other initial weights.
    #[serde(default = "one")]
    pub networks: usize,
    /// Numbers of threads it is measured with.
    pub threads: Vec<usize>,
}

/// The number of networks if the file has none.
fn one() -> usize {
    1
}

/// The work that is timed as one unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Unit {
    /// An epoch of training: each row once.
    Epoch,
    /// Gradient, loss and update with all rows.
    Step,
    /// Central differences of the mean loss for every parameter.
    Differences,
    /// Raw outputs for all rows.
    Outputs,
    /// Training from the initial weights to the end.
    Run,
}

impl Unit {
    /// Whether the weights are updated.
    pub fn is_training(self) -> bool {
        matches!(self, Self::Epoch | Self::Step | Self::Run)
    }
}

impl Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Epoch => "epoch",
            Self::Step => "step",
            Self::Differences => "differences",
            Self::Outputs => "outputs",
            Self::Run => "run",
        })
    }
}

/// Where rows and targets come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Data {
    /// The file `data/doughnut.tab`.
    Doughnut,
    /// The file `data/squares.tab`.
    Squares,
    /// The file `data/iris.csv`.
    Iris,
    /// The generator [`Uniform`].
    Drawn,
    /// Features of the generator, and [`bell`] of them as target.
    Bell,
}

/// Activation of the hidden layers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Hidden {
    /// σ(z) = 1 / (1 + e⁻ᶻ)
    Sigmoid,
    /// tanh z
    Tanh,
    /// max(0, z)
    Relu,
    /// z / (1 + e⁻ᶻ)
    Silu,
}

/// The loss that training minimises.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub enum Loss {
    /// Softmax with cross-entropy; each row has a class.
    #[serde(rename = "cross-entropy")]
    CrossEntropy,
    /// (ŷ − y)² of the only output; each row has a number.
    #[serde(rename = "squared error")]
    SquaredError,
}

/// The rule of an update.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Optimizer {
    /// θ ← θ − η g.
    #[default]
    Descent,
    /// Adam with β₁ = 0.9, β₂ = 0.999, ε = 1e-8; with a decay AdamW.
    Adam,
    /// L-BFGS with a memory of 10 steps.
    #[serde(rename = "l-bfgs")]
    Lbfgs,
    /// The method of Levenberg and Marquardt.
    LevenbergMarquardt,
}

impl Optimizer {
    /// Whether it finds the length of its steps itself.
    pub fn searches(self) -> bool {
        matches!(self, Self::Lbfgs | Self::LevenbergMarquardt)
    }
}

/// The type of all numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// 32 bits.
    F32,
    /// 64 bits.
    F64,
}

impl Display for Precision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::F32 => "f32",
            Self::F64 => "f64",
        })
    }
}

impl Workload {
    /// `W9` of `W9/narrow-one`.
    pub fn family(&self) -> &str {
        self.name.split('/').next().unwrap_or(&self.name)
    }

    /// Width of the input.
    pub fn inputs(&self) -> usize {
        self.widths[0]
    }

    /// Width of the output: the number of classes, or 1.
    pub fn outputs(&self) -> usize {
        self.widths[self.widths.len() - 1]
    }

    /// Widths of the hidden layers.
    pub fn hidden_widths(&self) -> &[usize] {
        &self.widths[1..self.widths.len() - 1]
    }

    /// `28-300-300-300-2`
    pub fn shape(&self) -> String {
        self.widths.iter().map(usize::to_string).collect::<Vec<_>>().join("-")
    }
}

/// All workloads, in the order of the file.
pub fn all() -> &'static [Workload] {
    static ALL: LazyLock<Vec<Workload>> =
        LazyLock::new(|| parse(include_str!("../workloads.toml")).expect("a test reads this file"));
    &ALL
}

/// The workload of this name.
pub fn find(name: &str) -> Option<&'static Workload> {
    all().iter().find(|workload| workload.name == name)
}

/// The most epochs of a run in tests of runners.
const FEW_EPOCHS: usize = 20;

/// All workloads with few rows, for tests of runners: at most two mini-batches, or 64 rows, of drawn data,
/// and at most 20 epochs of two networks in a run.
pub fn small() -> Vec<Workload> {
    let few = |workload: &Workload| {
        let enough = workload.batch.map_or(64, |batch| 2 * batch);
        let rows = if matches!(workload.data, Data::Drawn | Data::Bell) {
            workload.rows.min(enough)
        } else {
            workload.rows
        };
        let (epochs, networks) = (workload.epochs.min(FEW_EPOCHS), workload.networks.min(2));
        Workload { rows, epochs, networks, ..workload.clone() }
    };
    all().iter().map(few).collect()
}

fn parse(text: &str) -> Result<Vec<Workload>, toml::de::Error> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct File {
        workload: Vec<Workload>,
    }
    Ok(toml::from_str::<File>(text)?.workload)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_workload_has_a_name_of_its_own() {
        let mut names: Vec<_> = all().iter().map(|workload| workload.name.as_str()).collect();
        assert_eq!((names.len(), names[0], names[17]), (27, "W1", "W10/1000000"));
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), 27);
    }

    #[test]
    fn each_workload_can_be_done() {
        for workload in all() {
            let Workload { name, widths, rows, batch, threads, rate, unit, loss, data, .. } = workload;
            assert!(widths.len() > 2 && widths.iter().all(|&width| width > 0), "{name}");
            assert!(batch.is_none_or(|batch| unit == &Unit::Epoch && (1..=*rows).contains(&batch)), "{name}");
            assert_eq!(*rate > 0.0, unit.is_training(), "{name}");
            assert_eq!(*loss == Loss::SquaredError, workload.outputs() == 1, "{name}");
            assert!(threads.contains(&1) && threads.is_sorted(), "{name}");
            let has_values = matches!(data, Data::Drawn | Data::Bell);
            assert!(has_values || *loss == Loss::CrossEntropy, "{name}: a file has classes");
            assert_eq!(workload.epochs > 0, unit == &Unit::Run, "{name}");
            assert!(unit == &Unit::Run || (workload.below, workload.networks) == (0.0, 1), "{name}");
            assert!(
                unit == &Unit::Run || !workload.optimizer.searches(),
                "{name}: it needs all rows at once"
            );
            assert!(workload.smoothing == 0.0 || *loss == Loss::CrossEntropy, "{name}");
            assert!(workload.decay == 0.0 || workload.optimizer == Optimizer::Adam, "{name}");
        }
    }

    #[test]
    fn a_key_that_nobody_reads_is_refused() {
        let text = include_str!("../workloads.toml").replacen("rows = 216", "rows = 216\nmomentum = 0.9", 1);
        let error = parse(&text).unwrap_err().to_string();
        assert!(error.contains("unknown field `momentum`"), "{error}");
    }
}
