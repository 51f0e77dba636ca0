#![doc = include_str!("../README.md")]
#![warn(clippy::unwrap_used)]

mod error;
mod scalar;

mod activation;
mod architecture;
mod layout;

mod init;
mod network;

mod features;
mod loss;
mod problem;
mod weights;

pub mod block;
pub mod dense;
pub mod jacobian;
mod pass;
mod textbook;

mod fused;
mod predictor;
mod wide;

mod blocking;
mod column;
pub mod elementary;
mod instructions;
mod kernels;
mod lanes;
pub mod memory;
pub mod vector;

pub use activation::{Activation, ActivationFn};
pub use architecture::{Architecture, Layer};
pub use error::{Error, Result};
pub use features::FeatureSource;
pub use init::{Init, seeded};
pub use instructions::InstructionSet;
pub use layout::{LayerSpan, Layout, ParameterId, ParameterKind};
pub use loss::{Loss, LossFn, Target, TargetKind, argmax, softmax};
pub use network::Network;
pub use predictor::Predictor;
pub use problem::{Problem, Targets};
pub use scalar::Scalar;
pub use weights::ClassWeights;

/// The matrix library whose types appear in the signatures. With this re-export a user needs no version of it
/// in their manifest.
pub use ndarray;
/// The crate of random number generators: [`Network::init`] takes any `rand::Rng`.
pub use rand;
/// The generator behind [`seeded`]: ChaCha with 8 rounds, the same integers on every platform.
pub use rand::rngs::ChaCha8Rng;
