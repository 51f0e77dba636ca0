//! What is checked: the report's network on some data, at some θ.

use std::fmt::{self, Display};

use ann_core::{Activation, Init, Network, Problem, seeded};
use ann_gradcheck::{Config, check_problem};
use ann_train::{Accumulation, Objective, TrainConfig, train};
use anyhow::Result;
use rand_distr::{Distribution, StandardNormal};

use super::{Checked, Samples, Task};

/// The report's hidden layers.
pub const HIDDEN: [usize; 6] = [3, 10, 50, 30, 1, 4];

/// A network and its θ, data and task. Prints as `squares, classification, sigmoid, Xavier gain 5`.
#[derive(Clone, Debug)]
pub struct Subject<'s> {
    /// The data.
    pub samples: &'s Samples,
    /// The task that is learned from it.
    pub task: Task,
    /// Activation of the hidden layers.
    pub activation: Activation,
    /// λ ≥ 0, strength of the penalty.
    pub l2: f64,
    /// How θ is drawn.
    pub start: Start,
    /// Seed of θ.
    pub seed: u64,
    /// Epochs of training, η = 0.1, before the check.
    pub epochs: usize,
}

/// How a point θ in parameter space is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// The report's: Xavier's normal weights with gain 5, biases 0.
    Report,
    /// Xavier's normal weights with gain 3, b ~ N(0, 1). After six sigmoid layers the gradient of the first
    /// is still far above the report's 1e-7, so that its central differences are informative.
    Lively,
}

impl<'s> Subject<'s> {
    /// The check of backpropagation, as training uses it.
    ///
    /// # Errors
    /// Training diverges, or the checker rejects its input.
    pub fn check(self, config: &Config) -> Result<Checked<'s>> {
        let architecture = self.samples.architecture(&self.activation, self.task);
        let problem = self.samples.problem(&architecture, self.task)?.with_l2(self.l2)?;
        let report = check_problem(&problem, &self.point(&problem)?, backpropagation, config)?;
        Ok(Checked { subject: self, report })
    }

    /// The point θ at which the gradient is checked.
    ///
    /// # Errors
    /// Training diverges.
    pub fn point(&self, problem: &Problem<'_>) -> Result<Vec<f64>> {
        let rng = &mut seeded(self.seed);
        let gain = if self.start == Start::Report { 5.0 } else { 3.0 };
        let mut network: Network = Network::init(problem.architecture(), Init::XavierNormal { gain }, rng)?;
        if self.start == Start::Lively {
            for span in problem.layout().layers() {
                network.parameters_mut()[span.bias()].fill_with(|| StandardNormal.sample(rng));
            }
        }
        if self.epochs > 0 {
            train(&mut network, problem, &TrainConfig { epochs: self.epochs, ..TrainConfig::default() })?;
        }
        Ok(network.into_parameters())
    }
}

/// Overwrites `out` with ∂J/∂θ at θ = `at`.
///
/// # Panics
/// When `at` or `out` are not as long as the problem's layout.
pub fn backpropagation(problem: &Problem<'_>, at: &[f64], out: &mut [f64]) {
    let mut objective = Objective::new(problem, Accumulation::default()).expect("the network is small");
    objective.value_and_gradient(at, out);
}

impl Display for Subject<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}, {}, {}", self.samples.name, self.task, self.activation, self.start)
    }
}

impl Display for Start {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Report => "Xavier gain 5",
            Self::Lively => "Xavier gain 3, random biases",
        })
    }
}
