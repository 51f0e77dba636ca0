//! The settings of a run as names and texts: all on which its bits depend, except the number of epochs.

use std::collections::BTreeMap;

use ann_core::{Problem, Scalar};
use ann_train::{
    Accumulation, Batching, Decay, LearningRate, Optimizer, OptimizerKind, Schedule, StepFactors, TrainConfig,
};
use serde::{Deserialize, Serialize};

/// Texts by name. A number has the shortest text that is read back to its last bit.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Settings(BTreeMap<String, String>);

/// A setting that differs, and both its values.
pub(super) struct Difference {
    pub setting: String,
    pub found: String,
    pub expected: String,
}

impl Settings {
    pub fn new<F: Scalar>(problem: &Problem<'_, F>, config: &TrainConfig) -> Self {
        let mut settings = Self::default();
        settings.add("l2", &problem.l2());
        settings.add_optimizer(&config.optimizer);
        settings.add_rate(&config.learning_rate);
        settings.add_steps(&config.steps);
        settings.add("clip_norm", &config.clip_norm);
        settings.add("stop_below", &config.stop_below);
        settings.add_batching(&config.batching);
        let accumulation = match config.accumulation {
            Accumulation::Batched => "batched",
            Accumulation::PerSample => "per_sample",
        };
        settings.add("accumulation", &accumulation);
        settings
    }

    /// The first setting whose value is not the expected one.
    pub fn difference(&self, expected: &Self) -> Option<Difference> {
        let names = expected.0.keys().chain(self.0.keys());
        let setting = names.into_iter().find(|name| self.0.get(*name) != expected.0.get(*name))?;
        let text = |settings: &Self| settings.0.get(setting).map_or("nothing", String::as_str).to_owned();
        Some(Difference { setting: setting.clone(), found: text(self), expected: text(expected) })
    }

    fn add(&mut self, name: &str, value: &impl ToString) {
        self.0.insert(name.to_owned(), value.to_string());
    }

    fn add_optimizer(&mut self, optimizer: &Optimizer) {
        self.add("optimizer", &name_of(optimizer.kind()));
        match optimizer {
            Optimizer::Momentum(momentum) => {
                self.add("optimizer.momentum", &momentum.momentum);
                self.add("optimizer.nesterov", &momentum.nesterov);
            }
            Optimizer::Adam(adam) => {
                self.add("optimizer.beta1", &adam.beta1);
                self.add("optimizer.beta2", &adam.beta2);
                self.add("optimizer.epsilon", &adam.epsilon);
                let Decay { rate, schedule, biases } = &adam.decay;
                self.add("optimizer.decay", rate);
                self.add_schedule("optimizer.decay.schedule", schedule);
                self.add("optimizer.decay.biases", biases);
            }
            Optimizer::Rprop(rprop) => {
                self.add("optimizer.shrink", &rprop.shrink);
                self.add("optimizer.grow", &rprop.grow);
                self.add("optimizer.smallest", &rprop.smallest);
                self.add("optimizer.largest", &rprop.largest);
            }
            Optimizer::Lbfgs(lbfgs) => self.add("optimizer.history", &lbfgs.history),
            Optimizer::LevenbergMarquardt(settings) => self.add("optimizer.damping", &settings.damping),
            // Descent has no settings.
            _ => {}
        }
    }

    fn add_rate(&mut self, LearningRate { peak, schedule, warm_up }: &LearningRate) {
        self.add("learning_rate", peak);
        self.add_schedule("learning_rate.schedule", schedule);
        self.add("learning_rate.warm_up", warm_up);
    }

    fn add_schedule(&mut self, name: &str, schedule: &Schedule) {
        let text = match schedule {
            Schedule::Constant => "constant".to_owned(),
            Schedule::Exponential { last } => format!("exponential, last {last}"),
            Schedule::Steps { factor, parts } => format!("steps, factor {factor}, parts {parts}"),
            Schedule::Cosine { last } => format!("cosine, last {last}"),
            Schedule::OneCycle { first, last, rise } => {
                format!("one cycle, first {first}, last {last}, rise {rise}")
            }
            Schedule::CosLog4 => "coslog4".to_owned(),
            Schedule::FlatCosine => "flat cosine".to_owned(),
            // A schedule that is newer than this text.
            other => format!("{other:?}"),
        };
        self.add(name, &text);
    }

    fn add_steps(&mut self, StepFactors { by_fan_in, biases, input_factors }: &StepFactors) {
        self.add("steps.by_fan_in", by_fan_in);
        self.add("steps.biases", biases);
        self.add("steps.input_factors", input_factors);
    }

    fn add_batching(&mut self, batching: &Batching) {
        match batching {
            Batching::Full => self.add("batching", &"full"),
            Batching::Shuffled { rows, seed, drop_last } => {
                self.add("batching", &"shuffled");
                self.add("batching.rows", rows);
                self.add("batching.seed", seed);
                self.add("batching.drop_last", drop_last);
            }
            Batching::Windowed { rows, seed, drop_last, block, window } => {
                self.add("batching", &"windowed");
                self.add("batching.rows", rows);
                self.add("batching.seed", seed);
                self.add("batching.drop_last", drop_last);
                self.add("batching.block", block);
                self.add("batching.window", window);
            }
        }
    }
}

const OPTIMIZERS: [(OptimizerKind, &str); 6] = [
    (OptimizerKind::Descent, "descent"),
    (OptimizerKind::Momentum, "momentum"),
    (OptimizerKind::Adam, "adam"),
    (OptimizerKind::Rprop, "rprop"),
    (OptimizerKind::Lbfgs, "lbfgs"),
    (OptimizerKind::LevenbergMarquardt, "levenberg_marquardt"),
];

/// The name of an optimizer in a file.
pub(super) fn name_of(kind: OptimizerKind) -> &'static str {
    let found = OPTIMIZERS.iter().find(|(known, _)| *known == kind);
    found.map(|(_, name)| *name).expect("every optimizer has a name")
}

pub(super) fn optimizer(name: &str) -> Option<OptimizerKind> {
    OPTIMIZERS.iter().find(|(_, known)| *known == name).map(|(kind, _)| *kind)
}
