//! The report's claim about gradients, as numbers: one row for each dataset, task, activation and layer.

use std::fmt::{self, Display};
use std::ops::Range;

use ann_core::ndarray::{Array1, Array2};
use ann_core::{Activation, Architecture, Init, Loss, Network, Problem, Span, seeded};
use ann_datasets::Dataset;
use ann_gradcheck::{Config, Report, Verdict, check_problem};
use ann_train::{Accumulation, Objective, TrainConfig, train};
use anyhow::Result;
use rand::Rng;
use rand_distr::{Distribution, StandardNormal};
use rayon::prelude::*;

/// The report's hidden layers.
pub const HIDDEN: [usize; 6] = [3, 10, 50, 30, 1, 4];
/// An entry must be seen to be non-zero at one point or more; of each layer and kind at least this share must be.
pub const COVERAGE: f64 = 0.95;

/// What the network is to learn from the classes of a dataset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Task {
    /// One output for each class, softmax and cross-entropy.
    Classification,
    /// One output, the class index as a number, mean squared error.
    Regression,
}

/// How a point in parameter space is drawn.
#[derive(Clone, Copy, Debug)]
pub enum Start {
    /// Xavier's normal weights with this gain, biases 0: where training starts.
    Xavier {
        /// Factor on the standard deviation.
        gain: f64,
    },
    /// Xavier's normal weights with gain 3, b ~ N(0, 1): after six sigmoid layers the gradient of the first is still far
    /// above the tolerance, so that agreement means something.
    Lively,
    /// W ~ N(0, 1 / (2 fan_in)), b ~ N(¼, ½²): biases let ReLU units live whatever their inputs are, the layer of width 1
    /// above all; a quarter of He's variance keeps the truncation error h²/6 · f‴ far below 1e-7 at inputs up to 9.
    Living,
}

/// Where in parameter space a gradient is checked.
#[derive(Clone, Copy, Debug)]
pub struct Points {
    /// The distribution of a point.
    pub start: Start,
    /// How many points are drawn; entries are judged over all of them.
    pub count: u64,
    /// Seed of the first point; the following ones have the following seeds.
    pub seed: u64,
    /// Epochs of training, η = 0.1, before the check.
    pub epochs: usize,
}

/// A dataset with its classes as indices and as numbers.
#[derive(Clone, Debug)]
pub struct Samples {
    /// Name of the dataset.
    pub name: String,
    features: Array2<f64>,
    classes: Vec<usize>,
    values: Array1<f64>,
}

/// Weights and biases of one layer, over all points.
#[derive(Clone, Debug)]
pub struct Row {
    /// Layer k, from 1.
    pub layer: usize,
    /// Points that were judged.
    pub points: usize,
    /// Largest |numerical|, of W or b, whichever is smaller.
    pub gradient: f64,
    /// Largest |analytic − numerical|.
    pub absolute: f64,
    /// Largest |analytic − numerical| / max(|analytic|, |numerical|).
    pub relative: f64,
    /// The parameter with the largest absolute difference.
    pub worst: String,
    /// Entries within ±h of a kink, over all points.
    pub kinked: usize,
    /// Share of entries, of W or b, whichever is smaller, that were non-zero at one point or more.
    pub coverage: f64,
    /// Fail when any entry is wrong at any point; vacuous when coverage is below [`COVERAGE`], or when the whole gradient is
    /// within the tolerance, so that zeros would pass too; else pass.
    pub verdict: Verdict,
}

impl Samples {
    /// The rows of `data` under the name of `name`.
    pub fn new(name: impl Into<String>, data: Dataset) -> Self {
        let classes = data.class_indices();
        let values = classes.iter().map(|&class| class as f64).collect();
        Self { name: name.into(), features: data.features, classes, values }
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.classes.len()
    }

    /// The report's six hidden layers between this data and the task.
    pub fn architecture(&self, activation: &Activation, task: Task) -> Architecture {
        let classes = self.classes.iter().max().map_or(1, |last| last + 1);
        Architecture::inputs(self.features.ncols())
            .with_layers(activation.clone().layers(HIDDEN))
            .dense(if task == Task::Classification { classes } else { 1 }, Activation::Identity)
    }

    /// The problem of fitting this data.
    ///
    /// # Errors
    /// The data does not fit the architecture.
    pub fn problem<'a>(
        &'a self,
        architecture: &'a Architecture,
        task: Task,
    ) -> ann_core::Result<Problem<'a>> {
        match task {
            Task::Classification => {
                Problem::new(architecture, Loss::SoftmaxCrossEntropy, &self.features, &self.classes)
            }
            Task::Regression => {
                Problem::new(architecture, Loss::MeanSquaredError, &self.features, &self.values)
            }
        }
    }
}

impl Start {
    /// A network with weights drawn, shrunk by a factor, and b ~ N(mean, deviation²).
    fn network(self, architecture: &Architecture, rng: &mut impl Rng) -> Result<Network> {
        let (init, factor, mean, deviation) = match self {
            Self::Xavier { gain } => (Init::XavierNormal { gain }, 1.0, 0.0, 0.0),
            Self::Lively => (Init::XavierNormal { gain: 3.0 }, 1.0, 0.0, 1.0),
            Self::Living => (Init::HeNormal, 0.5, 0.25, 0.5),
        };
        let mut network: Network = Network::init(architecture, init, rng)?;
        let layout = network.layout().clone();
        for span in layout.layers() {
            for weight in &mut network.parameters_mut()[span.weights()] {
                *weight *= factor;
            }
            for bias in &mut network.parameters_mut()[span.bias()] {
                let normal: f64 = StandardNormal.sample(rng);
                *bias = mean + deviation * normal;
            }
        }
        Ok(network)
    }
}

impl Display for Start {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Xavier { gain } => write!(f, "Xavier gain {gain}"),
            Self::Lively => f.write_str("Xavier gain 3, random biases"),
            Self::Living => f.write_str("living units"),
        }
    }
}

impl Points {
    /// θ of point `index`: drawn, and trained where epochs are asked for.
    ///
    /// # Errors
    /// Training diverges.
    pub fn draw(&self, problem: &Problem<'_>, index: u64) -> Result<Vec<f64>> {
        let mut rng = seeded(self.seed + index);
        let mut network = self.start.network(problem.architecture(), &mut rng)?;
        if self.epochs > 0 {
            train(&mut network, problem, &TrainConfig { epochs: self.epochs, ..TrainConfig::default() })?;
        }
        Ok(network.into_parameters())
    }
}

/// The check of backpropagation, as training uses it, at `at`.
///
/// # Errors
/// What the checker says of its input.
pub fn check(problem: &Problem<'_>, at: &[f64], config: &Config) -> Result<Report> {
    let mut objective = Objective::new(problem, Accumulation::Batched);
    let gradient = |at: &[f64], out: &mut [f64]| {
        objective.value_and_gradient(at, out);
    };
    Ok(check_problem(problem, at, gradient, config)?)
}

/// A row for each layer of the report's network on these samples, judged over all points.
///
/// # Errors
/// As [`check`] and [`Points::draw`].
pub fn rows(samples: &Samples, task: Task, activation: &Activation, points: &Points) -> Result<Vec<Row>> {
    let architecture = samples.architecture(activation, task);
    let problem = samples.problem(&architecture, task)?;
    let reports: Vec<Report> = (0..points.count)
        .into_par_iter()
        .map(|index| check(&problem, &points.draw(&problem, index)?, &Config::default()))
        .collect::<Result<_>>()?;
    Ok(problem.layout().layers().iter().enumerate().map(|(k, span)| row(k + 1, span, &reports)).collect())
}

/// Layer k of all reports, which are on the same problem.
fn row(layer: usize, span: &Span, reports: &[Report]) -> Row {
    let of_layer = |group: &&ann_gradcheck::Group| group.part.is_some_and(|(k, _)| k == layer);
    let groups: Vec<_> = reports
        .iter()
        .flat_map(|report| report.groups().iter().filter(of_layer).map(move |g| (report, g)))
        .collect();
    let (report, worst) = groups
        .iter()
        .max_by(|(_, one), (_, other)| one.worst.absolute().total_cmp(&other.worst.absolute()))
        .expect("every layer has weights and biases");
    let coverage = coverage(span, reports);
    let gradient = largest_gradient(span, reports);
    let verdict = if groups.iter().any(|(_, group)| group.wrong > 0) {
        Verdict::Fail
    } else if coverage < COVERAGE || gradient <= report.tolerance() {
        Verdict::Vacuous
    } else {
        Verdict::Pass
    };
    Row {
        layer,
        points: reports.len(),
        gradient,
        absolute: worst.worst.absolute(),
        relative: groups.iter().map(|(_, group)| group.worst_relative.relative()).fold(0.0, f64::max),
        worst: report.name(&worst.worst),
        kinked: groups.iter().map(|(_, group)| group.kinked).sum(),
        coverage,
        verdict,
    }
}

/// The share of entries that are non-zero at one point or more: of W or of b, whichever is smaller.
fn coverage(span: &Span, reports: &[Report]) -> f64 {
    // Every layer was checked, so an entry's position is its index in θ.
    let seen = |index: &usize| reports.iter().any(|report| !report.entries()[*index].is_zero);
    let share = |range: Range<usize>| range.clone().filter(seen).count() as f64 / range.len() as f64;
    share(span.weights()).min(share(span.bias()))
}

/// The largest |numerical| over all points: of W or of b, whichever is smaller.
fn largest_gradient(span: &Span, reports: &[Report]) -> f64 {
    let numerical = |index: usize| reports.iter().map(move |report| report.entries()[index].numerical.abs());
    let largest = |range: Range<usize>| range.flat_map(numerical).fold(0.0, f64::max);
    largest(span.weights()).min(largest(span.bias()))
}
