//! Settings of the estimators on matrices: a dict of Python as a value of Rust.

use ann_tabular::ann_train::{
    Activation, Adam, Batching, ClassWeights, Classifier, Decay, Init, Layer, Lbfgs, LearningRate,
    LevenbergMarquardt, Loss, Momentum, Monitor, Optimizer, Regressor, Rprop, Scaling, Schedule, TrainConfig,
    Validation,
};
use pyo3::prelude::*;

use crate::errors;

/// What `AnnClassifier` and `AnnRegressor` pass on. Python has checked the types.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub struct Settings {
    hidden: Vec<usize>,
    activation: Activations,
    optimizer: String,
    learning_rate: f64,
    momentum: f64,
    schedule: String,
    batch_size: Option<usize>,
    epochs: usize,
    stop_below: f64,
    l2: f64,
    weight_decay: f64,
    smoothing: f64,
    class_weight: Option<Vec<f64>>,
    loss: String,
    scale: String,
    scale_target: bool,
    validation: Option<f64>,
    patience: usize,
    monitor: String,
    gain: f64,
    seed: u64,
    threads: usize,
}

/// The activation of all hidden layers, or of each.
#[derive(FromPyObject)]
enum Activations {
    All(String),
    Each(Vec<String>),
}

impl Settings {
    pub fn classifier(&self) -> PyResult<Classifier> {
        Ok(Classifier {
            hidden: self.hidden_layers()?,
            init: self.init(),
            seed: self.seed,
            l2: self.l2,
            class_weights: self.class_weights(),
            smoothing: self.smoothing,
            scaling: self.scaling()?,
            validation: self.validation()?,
            train: self.train()?,
        })
    }

    pub fn regressor(&self) -> PyResult<Regressor> {
        Ok(Regressor {
            hidden: self.hidden_layers()?,
            init: self.init(),
            seed: self.seed,
            l2: self.l2,
            loss: self.value_loss()?,
            scaling: self.scaling()?,
            standardize_targets: self.scale_target,
            validation: self.validation()?,
            train: self.train()?,
        })
    }

    pub fn hidden_layers(&self) -> PyResult<Vec<Layer>> {
        let layer = |name: &str, units| Ok(activation(name)?.layers([units]));
        let layers: Vec<_> = match &self.activation {
            Activations::All(name) => {
                self.hidden.iter().map(|&units| layer(name, units)).collect::<PyResult<_>>()?
            }
            Activations::Each(names) => {
                let layers = names.iter().zip(&self.hidden);
                layers.map(|(name, &units)| layer(name, units)).collect::<PyResult<_>>()?
            }
        };
        Ok(layers.concat())
    }

    pub fn init(&self) -> Init {
        Init::XavierNormal { gain: self.gain }
    }

    pub fn seed(&self) -> u64 {
        self.seed
    }

    pub fn l2(&self) -> f64 {
        self.l2
    }

    pub fn class_loss(&self) -> Loss {
        match self.smoothing {
            0.0 => Loss::SoftmaxCrossEntropy,
            smoothing => Loss::SmoothedCrossEntropy { smoothing },
        }
    }

    pub fn value_loss(&self) -> PyResult<Loss> {
        let losses = [
            ("squared_error", Loss::MeanSquaredError),
            ("absolute_error", Loss::AbsoluteError),
            ("huber", Loss::Huber { delta: 1.0 }),
            ("poisson", Loss::Poisson),
        ];
        named("loss", &self.loss, losses)
    }

    pub fn class_weights(&self) -> ClassWeights {
        match &self.class_weight {
            None => ClassWeights::None,
            Some(weights) => ClassWeights::Given(weights.clone()),
        }
    }

    pub fn train(&self) -> PyResult<TrainConfig> {
        let schedules = [
            ("constant", Schedule::Constant),
            ("cosine", Schedule::Cosine { last: 0.0 }),
            ("exponential", Schedule::Exponential { last: 0.01 }),
            ("one_cycle", Schedule::OneCycle { first: 0.04, last: 4e-6, rise: 0.3 }),
        ];
        let optimizer = self.optimizer()?;
        Ok(TrainConfig {
            optimizer,
            learning_rate: LearningRate {
                peak: self.learning_rate,
                schedule: named("schedule", &self.schedule, schedules)?,
                warm_up: 0,
            },
            epochs: self.epochs,
            stop_below: self.stop_below,
            batching: match self.batch_size {
                None => Batching::Full,
                Some(rows) => Batching::shuffled(rows, self.seed),
            },
            threads: self.threads,
            ..TrainConfig::default()
        })
    }

    fn optimizer(&self) -> PyResult<Optimizer> {
        let decay = Decay { rate: self.weight_decay, ..Decay::default() };
        let momentum = Momentum { momentum: self.momentum, ..Momentum::default() };
        let optimizers = [
            ("descent", Optimizer::Descent),
            ("momentum", momentum.into()),
            ("nesterov", Momentum { nesterov: true, ..momentum }.into()),
            ("adam", Adam { decay, ..Adam::default() }.into()),
            ("rprop", Rprop::default().into()),
            ("lbfgs", Lbfgs::default().into()),
            ("levenberg_marquardt", LevenbergMarquardt::default().into()),
        ];
        named("optimizer", &self.optimizer, optimizers)
    }

    fn scaling(&self) -> PyResult<Scaling> {
        let scalings =
            [("none", Scaling::None), ("standard", Scaling::Standard), ("robust", Scaling::Robust)];
        named("scale", &self.scale, scalings)
    }

    pub fn validation(&self) -> PyResult<Option<Validation>> {
        let monitors = [("loss", Monitor::Loss), ("accuracy", Monitor::Accuracy)];
        let monitor = named("monitor", &self.monitor, monitors)?;
        let with = |share| Validation { share, seed: self.seed, patience: self.patience, monitor };
        Ok(self.validation.map(with))
    }
}

pub fn activation(name: &str) -> PyResult<Activation> {
    let activations = [
        ("identity", Activation::Identity),
        ("sigmoid", Activation::Sigmoid),
        ("logistic", Activation::Sigmoid),
        ("tanh", Activation::Tanh),
        ("relu", Activation::Relu),
        ("leaky_relu", Activation::LeakyRelu { slope: 0.01 }),
        ("elu", Activation::Elu { alpha: 1.0 }),
        ("selu", Activation::Selu),
        ("softplus", Activation::Softplus),
        ("silu", Activation::Silu),
        ("mish", Activation::Mish),
        ("gelu", Activation::Gelu),
    ];
    named("activation", name, activations)
}

/// The value of this name, or an error with all names.
fn named<T, const N: usize>(setting: &str, name: &str, values: [(&str, T); N]) -> PyResult<T> {
    let names = values.each_ref().map(|(name, _)| format!("'{name}'")).join(", ");
    let found = values.into_iter().find(|(value, _)| *value == name);
    found
        .map(|(_, value)| value)
        .ok_or_else(|| errors::value(format!("{setting}='{name}', expected one of {names}")))
}
