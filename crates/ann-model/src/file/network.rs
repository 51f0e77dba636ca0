//! Networks in a file: alone, or as a part of something else.

use ann_core::{Architecture, Layer, Loss, Network};

use super::container::{Container, Tensor, malformed};
use super::tensors::{Element, Writer};
use super::text::{LayerText, NetworkText, Precision};
use super::{Limits, Load, Save, catalogue, check_kind, check_limit, parse, texts};
use crate::{Error, Result};

const README: &str = "A network of ann (https://docs.rs/ann-model). The metadata ann.model names its layers, first to last; their weights are (out, in), as those of PyTorch's Linear.";

/// Everything of which one network is a part. The first is a network alone.
const KINDS: [&str; 5] = ["network", "classifier", "regressor", "multi_label_classifier", "checkpoint"];

/// A file of one network.
impl<F: Element> Save for Network<F> {
    fn container(&self) -> Result<Container> {
        write_network(KINDS[0], self, None, &[])
    }
}

/// From any file of one network: also of a classifier, a regressor or a checkpoint.
impl<F: Element> Load for Network<F> {
    fn from_container(container: &Container, limits: &Limits) -> Result<Self> {
        check_kind(container, &KINDS)?;
        Ok(read_network(container, limits)?.0)
    }
}

/// A file of one network, with what its outputs mean as far as that is known.
pub(super) fn write_network<F: Element>(
    kind: &str,
    network: &Network<F>,
    loss: Option<&Loss>,
    classes: &[String],
) -> Result<Container> {
    network.ensure_finite()?;
    let layers = network.architecture().layers().len();
    check_limit("the number of layers", layers, Limits::default().layers)?;
    let mut tensors = Writer::default();
    write_parameters(network, 1, &mut tensors);
    let text = NetworkText {
        precision: F::PRECISION,
        layers: write_layers(network.architecture(), &mut tensors)?,
        loss: loss.map(|loss| catalogue::write_loss(loss, &mut tensors)).transpose()?.map(str::to_owned),
        classes: classes.to_vec(),
    };
    let program = concat!("ann-model ", env!("CARGO_PKG_VERSION"));
    let texts = texts(kind, README, &text, &serde_json::json!({ "program": program }));
    Ok(Container { texts, tensors: tensors.into_tensors() })
}

/// The network of such a file, and the text about it.
pub(super) fn read_network<F: Element>(
    container: &Container,
    limits: &Limits,
) -> Result<(Network<F>, NetworkText)> {
    let text: NetworkText = parse("ann.model", container.text("ann.model")?)?;
    check_limit("the number of layers", text.layers.len(), limits.layers)?;
    check_precision(text.precision, F::PRECISION)?;
    let layers = read_layers(&text.layers, container)?;
    let network = read_parameters(&layers, 1, container)?;
    network.ensure_finite()?;
    Ok((network, text))
}

fn check_precision(found: Precision, expected: Precision) -> Result<()> {
    let name = |precision| match precision {
        Precision::F32 => "network in single precision (f32)",
        Precision::F64 => "network in double precision (f64)",
    };
    if found == expected {
        return Ok(());
    }
    Err(Error::OtherContents { found: name(found).to_owned(), expected: name(expected) })
}

/// The layers of a network; the parameters of activations become tensors.
///
/// # Errors
/// A custom activation.
pub(super) fn write_layers(architecture: &Architecture, tensors: &mut Writer) -> Result<Vec<LayerText>> {
    let layer = |(number, layer): (usize, &Layer)| {
        let activation = &layer.activation;
        let (name, parameter) = catalogue::activation_name(activation)
            .ok_or_else(|| Error::CustomActivation { layer: number, activation: activation.to_string() })?;
        if let Some(parameter) = parameter {
            tensors.insert(format!("layers.{number}.slope"), Tensor::vector(vec![parameter]));
        }
        Ok(LayerText { units: layer.width, activation: name.to_owned() })
    };
    (1..).zip(architecture.layers()).map(layer).collect()
}

pub(super) fn read_layers(layers: &[LayerText], container: &Container) -> Result<Vec<Layer>> {
    let layer = |(number, layer): (usize, &LayerText)| {
        let slope = container.tensors.get(&format!("layers.{number}.slope"));
        let slope = slope.and_then(|tensor| f64::from_numbers(&tensor.numbers)?.first().copied());
        let activation = catalogue::activation(&layer.activation, slope).ok_or_else(|| {
            malformed(format!(
                "layer {number} has the activation {:?}, which is unknown or lacks its parameter",
                layer.activation
            ))
        })?;
        Ok(Layer::new(layer.units, activation))
    };
    (1..).zip(layers).map(layer).collect()
}

/// Weights and biases of one member, in the shapes of PyTorch's `Linear`.
pub(super) fn write_parameters<F: Element>(network: &Network<F>, member: usize, tensors: &mut Writer) {
    for (number, layer) in (1..).zip(network.layout().layers()) {
        let parts = [
            ("weight", vec![layer.fan_out, layer.fan_in], layer.weights()),
            ("bias", vec![layer.fan_out], layer.bias()),
        ];
        for (part, shape, range) in parts {
            let numbers = F::into_numbers(network.parameters()[range].to_vec());
            tensors.insert(format!("members.{member}.layers.{number}.{part}"), Tensor { shape, numbers });
        }
    }
}

pub(super) fn read_parameters<F: Element>(
    layers: &[Layer],
    member: usize,
    container: &Container,
) -> Result<Network<F>> {
    let first = container.tensors.get(&format!("members.{member}.layers.1.weight"));
    let Some(&[_, inputs]) = first.map(|tensor| &tensor.shape[..]) else {
        return Err(malformed(format!("member {member} has no weights of layer 1")));
    };
    let architecture = Architecture::inputs(inputs).with_layers(layers.iter().cloned());
    // Nothing is allocated before every part was found, because the text may claim any number of units.
    let mut parts = Vec::new();
    for (number, layer) in (1..).zip(architecture.layout()?.layers()) {
        let shapes = [("weight", vec![layer.fan_out, layer.fan_in]), ("bias", vec![layer.fan_out])];
        for (part, shape) in shapes {
            let name = format!("members.{member}.layers.{number}.{part}");
            let found = container.tensors.get(&name).filter(|tensor| tensor.shape == shape);
            let numbers = found.and_then(|tensor| F::from_numbers(&tensor.numbers));
            let missing = || malformed(format!("there is no tensor {name:?} of shape {shape:?}"));
            parts.push(numbers.ok_or_else(missing)?);
        }
    }
    Ok(Network::from_parameters(&architecture, parts.concat())?)
}
