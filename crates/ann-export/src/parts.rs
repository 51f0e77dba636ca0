//! What all formats write: the layers of the networks, and what their outputs mean.

use ann_core::{Activation, Loss, Network, Scalar};
use ann_model::{Model, Networks};
use ann_table::{ColumnSchema, Encoding, NumberEncoding, Schema, Target};
use ndarray::Array2;

use crate::{Error, Result};

/// A network in double precision, which holds every number of single precision exactly.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    /// Number of inputs that it takes: the plain ones of the schema, or all of them.
    pub inputs: usize,
    pub layers: Vec<Dense>,
}

/// A layer: a = σ(W x + b).
#[derive(Clone, Debug)]
pub(crate) struct Dense {
    /// W, (outputs, inputs).
    pub weights: Array2<f64>,
    /// b, (outputs).
    pub bias: Vec<f64>,
    pub activation: Activation,
}

/// What raw outputs of a network mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Response {
    /// Logits of classes.
    Softmax,
    /// A logit of a probability.
    Sigmoid,
    /// The logarithm of a number.
    Exponential,
    /// Numbers of mean 0 and variance 1.
    Scaled,
}

/// The networks of a model.
pub(crate) fn members(model: &Model) -> Vec<Member> {
    match model.networks() {
        Networks::F32(networks) => networks.iter().map(member).collect(),
        Networks::F64(networks) => networks.iter().map(member).collect(),
    }
}

fn member<F: Scalar>(network: &Network<F>) -> Member {
    let architecture = network.architecture();
    let layers = (1..).zip(architecture.layers()).map(|(k, layer)| {
        let dense = network.layer(k).expect("every layer of the architecture has parameters");
        Dense {
            weights: dense.weights.mapv(Scalar::as_f64),
            bias: dense.bias.iter().map(|bias| bias.as_f64()).collect(),
            activation: layer.activation.clone(),
        }
    });
    Member { inputs: architecture.input_width(), layers: layers.collect() }
}

/// What raw outputs mean. A custom loss has no digest, so it does not come here.
pub(crate) fn response(loss: &Loss) -> Response {
    match loss {
        Loss::SoftmaxCrossEntropy | Loss::SmoothedCrossEntropy { .. } => Response::Softmax,
        Loss::BinaryCrossEntropy => Response::Sigmoid,
        Loss::Poisson => Response::Exponential,
        _ => Response::Scaled,
    }
}

/// Refuses numbers of columns, numbers to predict and weights that single precision does not hold.
pub(crate) fn check_single(schema: &Schema, members: &[Member]) -> Result<()> {
    // Twice a number must not overflow.
    const LARGEST: f64 = 1e30;
    for (column, [minimum, maximum]) in ranges(schema) {
        let largest = minimum.abs().max(maximum.abs());
        if largest > LARGEST {
            return Err(Error::LargeNumber { column: column.to_owned(), largest });
        }
    }
    check_weights(members)
}

/// The names and ranges of columns of numbers, and of numbers to predict.
fn ranges(schema: &Schema) -> Vec<(&str, [f64; 2])> {
    let column = |column: &ColumnSchema| match &column.encoding {
        Encoding::Number(number) => Some([number.minimum, number.maximum]),
        Encoding::Category(_) | Encoding::Date(_) => None,
    };
    let columns = schema.columns.iter();
    let mut ranges: Vec<_> =
        columns.filter_map(|found| Some((found.name.as_str(), column(found)?))).collect();
    if let Target::Numbers(targets) = &schema.target {
        ranges.extend(targets.iter().map(|found| (found.name.as_str(), [found.minimum, found.maximum])));
    }
    ranges
}

/// Refuses weights that single precision does not hold.
pub(crate) fn check_weights(members: &[Member]) -> Result<()> {
    for (network, member) in (1..).zip(members) {
        for (layer, dense) in (1..).zip(&member.layers) {
            let mut parameters = dense.weights.iter().chain(&dense.bias);
            if let Some(&value) = parameters.find(|&&value| (value as f32).is_infinite()) {
                return Err(Error::LargeWeight { network, layer, value });
            }
        }
    }
    Ok(())
}

/// Single precision may round the numbers of a column by at most this share of its scale.
pub(crate) const MOST_ROUNDING: f64 = 1e-4;

/// The largest number of a column, and the share of its scale by which single precision rounds it.
pub(crate) fn rounding(number: &NumberEncoding) -> (f64, f64) {
    let largest = number.minimum.abs().max(number.maximum.abs());
    (largest, largest * 2f64.powi(-24) / number.scale)
}
