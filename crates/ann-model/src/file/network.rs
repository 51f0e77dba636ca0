//! Networks, activations and losses in a file.

use ann_core::{Activation, Architecture, Loss, Network};

use super::container::{Container, Tensor, malformed};
use super::tensors::{Element, Reader, Writer};
use super::text::LayerText;
use crate::{Error, Result};

/// The layers of a network; the parameters of activations become tensors.
///
/// # Errors
/// A custom activation.
pub(super) fn write_layers(architecture: &Architecture, tensors: &mut Writer) -> Result<Vec<LayerText>> {
    let layer = |(number, layer): (usize, &ann_core::Layer)| {
        let (activation, parameter) = name_of(&layer.activation).ok_or_else(|| Error::CustomActivation {
            layer: number,
            activation: layer.activation.to_string(),
        })?;
        if let Some(parameter) = parameter {
            tensors.insert(format!("layers.{number}.slope"), Tensor::vector(vec![parameter]));
        }
        Ok(LayerText { units: layer.width, activation: activation.to_owned() })
    };
    (1..).zip(architecture.layers()).map(layer).collect()
}

pub(super) fn read_layers(layers: &[LayerText], container: &Container) -> Result<Vec<ann_core::Layer>> {
    let layer = |(number, layer): (usize, &LayerText)| {
        let name = format!("layers.{number}.slope");
        let parameter = container
            .tensors
            .get(&name)
            .and_then(|tensor| f64::from_numbers(&tensor.numbers)?.first().copied());
        let activation = activation(&layer.activation, parameter).ok_or_else(|| {
            malformed(format!(
                "layer {number} has the activation {:?}, which is unknown or lacks its parameter",
                layer.activation
            ))
        })?;
        Ok(ann_core::Layer::new(layer.units, activation))
    };
    (1..).zip(layers).map(layer).collect()
}

fn name_of(activation: &Activation) -> Option<(&'static str, Option<f64>)> {
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

fn activation(name: &str, parameter: Option<f64>) -> Option<Activation> {
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

/// Weights and biases of one member, in the shapes of PyTorch's `Linear`.
pub(super) fn write_network<F: Element>(network: &Network<F>, member: usize, tensors: &mut Writer) {
    for (number, layer) in (1..).zip(network.layout().layers()) {
        let place = format!("members.{member}.layers.{number}");
        let part = |range: std::ops::Range<usize>| F::into_numbers(network.parameters()[range].to_vec());
        let shape = vec![layer.fan_out, layer.fan_in];
        tensors.insert(format!("{place}.weight"), Tensor { shape, numbers: part(layer.weights()) });
        tensors.insert(
            format!("{place}.bias"),
            Tensor { shape: vec![layer.fan_out], numbers: part(layer.bias()) },
        );
    }
}

pub(super) fn read_network<F: Element>(
    layers: &[ann_core::Layer],
    member: usize,
    container: &Container,
) -> Result<Network<F>> {
    let inputs = match container
        .tensors
        .get(&format!("members.{member}.layers.1.weight"))
        .map(|tensor| &tensor.shape[..])
    {
        Some([_, inputs]) => *inputs,
        _ => return Err(malformed(format!("member {member} has no weights of layer 1"))),
    };
    let architecture = Architecture::inputs(inputs).with_layers(layers.iter().cloned());
    let mut parameters = Vec::new();
    for (number, layer) in (1..).zip(architecture.layout()?.layers()) {
        let shapes = [("weight", vec![layer.fan_out, layer.fan_in]), ("bias", vec![layer.fan_out])];
        for (part, shape) in shapes {
            let name = format!("members.{member}.layers.{number}.{part}");
            let found = container.tensors.get(&name).filter(|tensor| tensor.shape == shape);
            let numbers = found.and_then(|tensor| F::from_numbers(&tensor.numbers));
            let numbers = numbers
                .ok_or_else(|| malformed(format!("there is no tensor {name:?} of shape {shape:?}")))?;
            parameters.extend_from_slice(numbers);
        }
    }
    Ok(Network::from_parameters(&architecture, parameters)?)
}
