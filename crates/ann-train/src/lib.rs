#![doc = include_str!("../README.md")]
#![warn(clippy::unwrap_used)]

mod classifier;
mod multi_label;
mod regressor;

mod ensemble;
mod parallel;

mod order;
mod training;

mod config;
mod history;

mod optimizer;
mod rate;

mod factors;
mod stepper;

mod forward;
mod objective;
mod ranks;
mod sum;
mod threads;

mod error;
mod estimator;
mod findings;
mod scaling;
mod validation;

pub mod metrics;
pub mod splits;

pub use classifier::{ClassPredictor, Classifier, FittedClassifier, Label};
pub use config::{Batching, TrainConfig};
pub use ensemble::{Averaging, Ensemble};
pub use error::{Error, Result};
pub use estimator::{EpochObserver, FitOptions};
pub use findings::{Finding, findings};
pub use forward::forward;
pub use history::{EpochRecord, History, StopReason};
pub use multi_label::{FittedMultiLabelClassifier, MultiLabelClassifier};
pub use objective::{Accumulation, Objective, ObjectiveValue, per_sample_gradients};
pub use optimizer::{
    Adam, Decay, Lbfgs, LevenbergMarquardt, Memory, Momentum, Optimizer, OptimizerKind, Rprop, StepFactors,
    descend,
};
pub use parallel::in_parallel;
pub use ranks::Ranks;
pub use rate::{LearningRate, Schedule};
pub use regressor::{FittedRegressor, RegressionTargets, Regressor, ValuePredictor};
pub use scaling::Scaling;
pub use training::{State, Training, train};
pub use validation::{Monitor, ValidatedState, ValidatedTraining, Validation, train_validated};

/// All of `ann-core`: `ann_train::ann_core::dense`, `ann_train::ann_core::Error`, …
pub use ann_core;
// The names that users of this crate need most, so that one `use` line is enough.
pub use ann_core::{
    Activation, ActivationFn, Architecture, ClassWeights, FeatureSource, Init, Layer, Layout, Loss, LossFn,
    Network, Predictor, Problem, Scalar, Target, TargetKind, Targets, argmax, ndarray, seeded, softmax,
};
