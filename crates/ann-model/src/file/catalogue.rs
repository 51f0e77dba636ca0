//! Names of activations and losses in a file. Those of ann-core have names; custom ones are code, which no
//! file can hold.

use ann_core::{Activation, Loss};

use super::container::{Container, malformed};
use super::tensors::{Element, Reader, Writer};
use crate::{Error, Result};

/// The name of an activation in a file, and its parameter if it has one; `None` for a custom one.
pub fn activation_name(activation: &Activation) -> Option<(&'static str, Option<f64>)> {
    Some(match activation {
        Activation::Identity => ("identity", None),
        Activation::Sigmoid => ("sigmoid", None),
        Activation::Tanh => ("tanh", None),
        Activation::Relu => ("relu", None),
        Activation::LeakyRelu { slope } => ("leaky_relu", Some(*slope)),
        Activation::Elu { alpha } => ("elu", Some(*alpha)),
        Activation::Selu => ("selu", None),
        Activation::Softplus => ("softplus", None),
        Activation::Silu => ("silu", None),
        Activation::Mish => ("mish", None),
        Activation::Gelu => ("gelu", None),
        _ => return None,
    })
}

/// The activation of this name, the inverse of [`activation_name`]; `None` if there is none, or if it lacks
/// its parameter.
pub fn activation(name: &str, parameter: Option<f64>) -> Option<Activation> {
    Some(match name {
        "identity" => Activation::Identity,
        "sigmoid" => Activation::Sigmoid,
        "tanh" => Activation::Tanh,
        "relu" => Activation::Relu,
        "leaky_relu" => Activation::LeakyRelu { slope: parameter? },
        "elu" => Activation::Elu { alpha: parameter? },
        "selu" => Activation::Selu,
        "softplus" => Activation::Softplus,
        "silu" => Activation::Silu,
        "mish" => Activation::Mish,
        "gelu" => Activation::Gelu,
        _ => return None,
    })
}

/// The name of a loss; its parameters become a tensor.
///
/// # Errors
/// A custom loss.
pub(super) fn write_loss(loss: &Loss, tensors: &mut Writer) -> Result<&'static str> {
    let (name, parameters) = match loss {
        Loss::SoftmaxCrossEntropy => ("softmax_cross_entropy", &[][..]),
        Loss::SmoothedCrossEntropy { smoothing } => {
            ("smoothed_cross_entropy", std::slice::from_ref(smoothing))
        }
        Loss::BinaryCrossEntropy => ("binary_cross_entropy", &[][..]),
        Loss::MeanSquaredError => ("mean_squared_error", &[][..]),
        Loss::AbsoluteError => ("absolute_error", &[][..]),
        Loss::Huber { delta } => ("huber", std::slice::from_ref(delta)),
        Loss::Quantile { levels } => ("quantile", &levels[..]),
        Loss::Poisson => ("poisson", &[][..]),
        _ => return Err(Error::CustomLoss { loss: loss.to_string() }),
    };
    parameters.iter().for_each(|parameter| tensors.push("loss.parameters", *parameter));
    Ok(name)
}

pub(super) fn read_loss(name: &str, container: &Container) -> Result<Loss> {
    let mut reader = Reader::new(container);
    Ok(match name {
        "softmax_cross_entropy" => Loss::SoftmaxCrossEntropy,
        "smoothed_cross_entropy" => Loss::SmoothedCrossEntropy { smoothing: reader.next("loss.parameters")? },
        "binary_cross_entropy" => Loss::BinaryCrossEntropy,
        "mean_squared_error" => Loss::MeanSquaredError,
        "absolute_error" => Loss::AbsoluteError,
        "huber" => Loss::Huber { delta: reader.next("loss.parameters")? },
        "quantile" => {
            let levels = container
                .tensors
                .get("loss.parameters")
                .and_then(|tensor| f64::from_numbers(&tensor.numbers));
            Loss::Quantile { levels: levels.unwrap_or_default().to_vec() }
        }
        "poisson" => Loss::Poisson,
        _ => return Err(malformed(format!("the loss {name:?} is unknown"))),
    })
}
