//! What the tests share: the report's networks and data, and the gradient under test.

use ann_core::ndarray::{Array1, Array2};
use ann_core::{Activation, Architecture, Init, Loss, Network, Problem, block, seeded};
use ann_datasets::Dataset;
use ann_gradcheck::{Config, Report, check_problem};
use rand_distr::{Distribution, StandardNormal};

/// The report's six hidden layers.
pub const HIDDEN: [usize; 6] = [3, 10, 50, 30, 1, 4];

/// Samples with a class each, and the class index as a number for regression.
pub struct Data {
    pub features: Array2<f64>,
    pub classes: Vec<usize>,
    pub values: Array1<f64>,
}

impl From<Dataset> for Data {
    fn from(dataset: Dataset) -> Self {
        let classes = dataset.class_indices();
        let values = classes.iter().map(|&class| class as f64).collect();
        Self { features: dataset.features, classes, values }
    }
}

#[derive(Clone, Copy, Debug)]
pub enum Task {
    /// One output for each class, softmax and cross-entropy.
    Classification,
    /// One output, squared error.
    Regression,
}

impl Data {
    /// A network for this data with these hidden layers.
    pub fn architecture(&self, hidden: &[usize], activation: &Activation, task: Task) -> Architecture {
        let outputs = match task {
            Task::Classification => self.classes.iter().max().expect("data has rows") + 1,
            Task::Regression => 1,
        };
        Architecture::inputs(self.features.ncols())
            .with_layers(activation.clone().layers(hidden.iter().copied()))
            .dense(outputs, Activation::Identity)
    }

    pub fn problem<'a>(&'a self, architecture: &'a Architecture, task: Task) -> Problem<'a> {
        match task {
            Task::Classification => {
                Problem::new(architecture, Loss::SoftmaxCrossEntropy, &self.features, &self.classes)
            }
            Task::Regression => {
                Problem::new(architecture, Loss::MeanSquaredError, &self.features, &self.values)
            }
        }
        .expect("the network was made for the data")
    }
}

/// θ with weights from `init` and biases from N(0, 1).
pub fn point(architecture: &Architecture, init: Init, seed: u64) -> Vec<f64> {
    let rng = &mut seeded(seed);
    let network: Network = Network::init(architecture, init, rng).expect("the architecture has layers");
    let (layout, mut parameters) = (network.layout().clone(), network.into_parameters());
    for span in layout.layers() {
        for bias in &mut parameters[span.bias()] {
            *bias = StandardNormal.sample(rng);
        }
    }
    parameters
}

/// The gradient under test: ann-core's kernels, 1/Σw and 2λW.
pub fn gradient(problem: &Problem<'_>, at: &[f64], gradient: &mut [f64]) {
    gradient.fill(0.0);
    let mut scratch = block::Scratch::new(problem.architecture(), problem.rows()).unwrap();
    block::accumulate(problem, at, 0..problem.rows(), &mut scratch, Some(gradient));
    for entry in &mut *gradient {
        *entry /= problem.total_weight();
    }
    for span in problem.layout().layers() {
        for index in span.weights() {
            gradient[index] += 2.0 * problem.l2() * at[index];
        }
    }
}

/// The check of that gradient, at this point and those made from it; no other is drawn.
pub fn check(problem: &Problem<'_>, at: &[f64]) -> Report {
    check_with(problem, at, &Config { points: 0, ..Config::default() })
}

pub fn check_with(problem: &Problem<'_>, at: &[f64], config: &Config) -> Report {
    check_problem(problem, at, gradient, config).expect("settings and point are in order")
}
