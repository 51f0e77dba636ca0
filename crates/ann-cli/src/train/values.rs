//! Values of options of `ann train`: names, widths, and rows of a score.

use std::path::{Path, PathBuf};

use ann_tabular::Recipe;
use ann_tabular::ann_core::Activation;
use ann_tabular::ann_table::Task;
use ann_tabular::ann_train::OptimizerKind;
use clap::ValueEnum;

use crate::data;
use crate::numbers::{is_share, meant, share};

#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum TaskName {
    Classify,
    Regress,
    Labels,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum ActivationName {
    Sigmoid,
    Tanh,
    Relu,
    LeakyRelu,
    Elu,
    Selu,
    Softplus,
    Silu,
    Mish,
    Gelu,
}

/// The optimizers that the recipe knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum OptimizerName {
    /// Adam with decay of the weights (AdamW), for which all other defaults were chosen
    Adam,
    /// Gradient descent with the momentum 0.9
    Momentum,
    /// Gradient descent
    #[value(alias = "sgd")]
    Descent,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum ClassWeightsName {
    /// Each class counts as much as the others
    Balanced,
}

/// Which rows the score is of.
#[derive(Clone, Debug)]
pub enum ScoreRows {
    /// A share of the table.
    Share(f64),
    /// Those of another table.
    File(PathBuf),
}

/// A share or the name of a file, of `--validation`.
pub fn score_rows(text: &str) -> Result<ScoreRows, String> {
    const EXPECTED: &str = "expected a share such as 0.3, or the name of a file";
    match text.parse::<f64>() {
        Ok(_) => share(text).map(ScoreRows::Share),
        Err(_) if data::is_dash(Path::new(text)) => Err(EXPECTED.into()),
        Err(_) => match meant(text).filter(|number| is_share(*number) && !Path::new(text).exists()) {
            Some(share) => Err(format!("{EXPECTED}; did you mean {share}?")),
            None => Ok(ScoreRows::File(text.into())),
        },
    }
}

/// Widths of hidden layers.
#[derive(Clone, Debug)]
pub struct Hidden(pub Vec<usize>);

/// `16,16`, or none.
pub fn hidden(text: &str) -> Result<Hidden, String> {
    if text == "none" {
        return Ok(Hidden(vec![]));
    }
    const MOST: usize = 16_384;
    let width = |width: &str| width.trim().parse().ok().filter(|width| (1..=MOST).contains(width));
    let widths = text.split(',').map(width);
    widths
        .collect::<Option<_>>()
        .map(Hidden)
        .ok_or_else(|| "expected numbers from 1 to 16384 such as 16,16, or none".into())
}

impl From<TaskName> for Task {
    fn from(name: TaskName) -> Self {
        match name {
            TaskName::Classify => Self::Classification,
            TaskName::Regress => Self::Regression,
            TaskName::Labels => Self::MultiLabel,
        }
    }
}

impl From<OptimizerName> for OptimizerKind {
    fn from(name: OptimizerName) -> Self {
        match name {
            OptimizerName::Adam => Self::Adam,
            OptimizerName::Momentum => Self::Momentum,
            OptimizerName::Descent => Self::Descent,
        }
    }
}

impl From<ActivationName> for Activation {
    fn from(name: ActivationName) -> Self {
        match name {
            ActivationName::Sigmoid => Self::Sigmoid,
            ActivationName::Tanh => Self::Tanh,
            ActivationName::Relu => Self::Relu,
            ActivationName::LeakyRelu => Self::LeakyRelu { slope: 0.01 },
            ActivationName::Elu => Self::Elu { alpha: 1.0 },
            ActivationName::Selu => Self::Selu,
            ActivationName::Softplus => Self::Softplus,
            ActivationName::Silu => Self::Silu,
            ActivationName::Mish => Self::Mish,
            ActivationName::Gelu => Self::Gelu,
        }
    }
}

/// The name by which an option knows an optimizer.
pub fn optimizer_name(kind: OptimizerKind) -> String {
    let known = OptimizerName::value_variants().iter().find(|name| OptimizerKind::from(**name) == kind);
    known.map_or(kind.to_string(), name_of)
}

/// The name by which an option knows an activation.
pub fn activation_name(activation: &Activation) -> String {
    let known = ActivationName::value_variants().iter().find(|name| Activation::from(**name) == *activation);
    known.map_or(activation.to_string(), name_of)
}

fn name_of(value: &impl ValueEnum) -> String {
    value.to_possible_value().map_or(String::new(), |value| value.get_name().to_owned())
}

/// What `--help` says of the learning rate: its defaults.
pub fn rate_help() -> String {
    let rate = |optimizer: &OptimizerName, task| {
        Recipe { optimizer: (*optimizer).into(), ..Recipe::default() }.rate_of(task)
    };
    let rates = |task| {
        let named = |optimizer| format!("{} with {}", rate(optimizer, task), name_of(optimizer));
        OptimizerName::value_variants().iter().map(named).collect::<Vec<_>>().join(", ")
    };
    format!(
        "η. Default for classes: {}; for numbers and labels: {}",
        rates(Task::Classification),
        rates(Task::Regression)
    )
}

pub fn weight_decay_help() -> String {
    format!("Decay of the weights, by adam alone. Default: {}", Recipe::default().decay)
}

pub fn epochs_help() -> String {
    format!("Number of epochs. Default: {}, and more for small tables", Recipe::default().epochs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_in_other_words() {
        for text in ["30%", "30 %", "0,3"] {
            let message = "expected a share such as 0.3, or the name of a file; did you mean 0.3?";
            assert_eq!(score_rows(text).unwrap_err(), message, "{text}");
        }
        for text in ["130%", "rows.csv", "%", "x,y"] {
            assert!(matches!(score_rows(text), Ok(ScoreRows::File(_))), "{text}");
        }
    }

    #[test]
    fn optimizers_and_activations_have_the_names_of_their_options() {
        let optimizers = [OptimizerKind::Adam, OptimizerKind::Momentum, OptimizerKind::Descent];
        assert_eq!(optimizers.map(optimizer_name), ["adam", "momentum", "descent"]);
        let activations = [Activation::Silu, Activation::LeakyRelu { slope: 0.01 }, Activation::Tanh];
        assert_eq!(
            activations.map(|activation| activation_name(&activation)),
            ["silu", "leaky-relu", "tanh"]
        );
    }
}
