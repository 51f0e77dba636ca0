//! The common part of `Classifier` and `Regressor`: from settings and a problem to a trained network.

use ann_core::ndarray::{Array2, ArrayRef2, Axis, concatenate};
use ann_core::{Activation, Architecture, Error as CoreError, Init, Layer, Network, Problem, Scalar, seeded};

use crate::{History, Result, TrainConfig, train};

/// The architecture with the columns of `x` as inputs, the layers `hidden`, and `outputs` raw outputs.
pub(crate) fn architecture<F>(x: &ArrayRef2<F>, hidden: &[Layer], outputs: usize) -> Result<Architecture> {
    // Checked first: an empty matrix may also have no columns, and the error for that would hide the cause.
    if x.nrows() == 0 {
        return Err(CoreError::NoSamples.into());
    }
    let hidden = hidden.iter().cloned();
    Ok(Architecture::inputs(x.ncols()).with_layers(hidden).dense(outputs, Activation::Identity))
}

/// A network initialised from `seed` and trained on `problem`.
pub(crate) fn fit<F: Scalar>(
    problem: &Problem<'_, F>,
    init: Init,
    seed: u64,
    config: &TrainConfig,
) -> Result<(Network<F>, History)> {
    let mut network = Network::init(problem.architecture(), init, &mut seeded(seed))?;
    let history = train(&mut network, problem, config)?;
    Ok((network, history))
}

/// For each layer a matrix (fan_in + 1, fan_out): the transposed weights, with the bias as last row (report,
/// "weights").
pub(crate) fn weights<F: Scalar>(network: &Network<F>) -> Vec<Array2<F>> {
    let layers = (1..=network.layout().layers().len()).filter_map(|k| network.layer(k));
    let matrices = layers.map(|layer| {
        concatenate(Axis(0), &[layer.weights.t(), layer.bias.insert_axis(Axis(0))])
            .expect("weights and bias have one column for each unit")
    });
    matrices.collect()
}
