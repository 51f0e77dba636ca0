#![doc = include_str!("../README.md")]
#![warn(clippy::unwrap_used)]

mod classifier;
mod regressor;

mod training;

mod config;
mod history;

mod optimizer;
mod rate;

mod factors;
mod stepper;

mod forward;
mod objective;
mod sum;
mod threads;

mod error;
mod estimator;

pub use classifier::{Classifier, FittedClassifier, Label};
pub use config::{Batching, TrainConfig};
pub use error::{Error, Result};
pub use forward::forward;
pub use history::{EpochRecord, History, StopReason};
pub use objective::{Accumulation, Objective, ObjectiveValue, per_sample_gradients};
pub use optimizer::{Adam, Decay, Lbfgs, Memory, Momentum, Optimizer, Rprop, StepFactors, descend};
pub use rate::{LearningRate, Schedule};
pub use regressor::{FittedRegressor, RegressionTargets, Regressor};
pub use training::{State, Training, train};

/// All of `ann-core`: `ann_train::ann_core::dense`, `ann_train::ann_core::Error`, …
pub use ann_core;
// The names that users of this crate need most, so that one `use` line is enough.
pub use ann_core::{
    Activation, ActivationFn, Architecture, Init, Layer, Layout, Loss, LossFn, Network, Problem, Scalar,
    Target, TargetKind, Targets, argmax, ndarray, seeded, softmax,
};
