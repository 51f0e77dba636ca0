//! Ensembles: several networks of one shape whose predictions are averaged.

use ann_core::memory::{bytes_of, ensure_available};
use ann_core::ndarray::{Array2, ArrayRef2};
use ann_core::{Activation, Architecture, Layer, LayerSpan, Loss, Network, Scalar};

use crate::forward::ensure_finite;
use crate::{Error, Result, forward};

/// What an ensemble averages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Averaging {
    /// What the outputs mean: probabilities, rates or values. The default, and usually a little better.
    #[default]
    Responses,
    /// The raw outputs, for example logits. Then the ensemble is one larger network, see
    /// [`Ensemble::to_network`].
    Outputs,
}

/// Several networks of one shape. Their predictions are averaged, which lowers the part of the error that is
/// due to chance in initial weights and, if each member shuffles with another seed, in the order of rows
/// (Hansen & Salamon 1990; Lakshminarayanan et al. 2017).
///
/// ```
/// use ann_train::{Averaging, Classifier, Ensemble, Loss, ann_core::argmax, in_parallel, ndarray::array};
///
/// let (x, labels) = (array![[0.0], [1.0], [3.0], [4.0]], ["low", "low", "high", "high"]);
/// let members = in_parallel(2, 0..4, |seed| Classifier { seed, ..Classifier::default() }.fit(&x, &labels))?;
/// let members = members.into_iter().collect::<Result<Vec<_>, _>>()?;
/// let networks = members.into_iter().map(|fitted| fitted.into_parts().0).collect();
/// let ensemble = Ensemble::new(networks, Loss::SoftmaxCrossEntropy, Averaging::Responses)?;
/// let probabilities = ensemble.predict(&x, 1)?; // (4, 2): of "high" and "low"
/// assert!(probabilities[[0, 1]] > 0.9);
/// // Labels: the classes are sorted, and the columns are in their order.
/// let label = |row| ["high", "low"][argmax(row)];
/// let most_likely: Vec<_> = probabilities.rows().into_iter().map(label).collect();
/// assert_eq!(most_likely, labels);
/// # Ok::<(), ann_train::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Ensemble<F = f64> {
    networks: Vec<Network<F>>,
    loss: Loss,
    averaging: Averaging,
}

impl<F: Scalar> Ensemble<F> {
    /// An ensemble of `networks` that were trained with `loss`, which knows what their outputs mean.
    ///
    /// # Errors
    /// There is no network, the networks differ in shape or activations, or a setting of the loss is invalid.
    pub fn new(networks: Vec<Network<F>>, loss: Loss, averaging: Averaging) -> Result<Self> {
        loss.check_settings()?;
        let first = networks.first().ok_or(Error::NoNetworks)?.architecture();
        if let Some(other) = networks.iter().map(Network::architecture).find(|other| *other != first) {
            let (expected, found) = (first.to_string(), other.to_string());
            return Err(Error::NetworksDiffer { expected, found });
        }
        Ok(Self { networks, loss, averaging })
    }

    /// The averaged responses for the rows of `x` (n, inputs): an (n, outputs) matrix of probabilities, rates
    /// or values. Up to `threads` threads, 1 to 1024, give the same bits.
    ///
    /// # Errors
    /// As [`forward`]; also if an average overflows.
    pub fn predict(&self, x: &ArrayRef2<F>, threads: usize) -> Result<Array2<F>> {
        let outputs = self.networks[0].architecture().output_width();
        let mut sum = Array2::zeros((x.nrows(), outputs));
        for network in &self.networks {
            let outputs = forward(network, x, threads)?;
            sum += &match self.averaging {
                Averaging::Responses => self.loss.respond(&outputs),
                Averaging::Outputs => outputs,
            };
        }
        sum *= F::of(1.0 / self.networks.len() as f64);
        ensure_finite(&sum)?;
        let responses = match self.averaging {
            Averaging::Responses => sum,
            Averaging::Outputs => self.loss.respond(&sum),
        };
        ensure_finite(&responses)?;
        Ok(responses)
    }

    /// The networks.
    pub fn networks(&self) -> &[Network<F>] {
        &self.networks
    }

    /// The networks, without the ensemble.
    pub fn into_networks(self) -> Vec<Network<F>> {
        self.networks
    }

    /// One network whose outputs are the averaged raw outputs: the ensemble with [`Averaging::Outputs`]. Each
    /// hidden layer holds the units of all members side by side, without weights between members.
    ///
    /// # Errors
    /// The output layer has an activation, which no weighted sum can average; or the network is too large for
    /// memory.
    #[expect(clippy::missing_panics_doc, reason = "an architecture without layers has no network")]
    pub fn to_network(&self) -> Result<Network<F>> {
        let one = self.networks[0].architecture();
        let members = self.networks.len();
        let (last, hidden) = one.layers().split_last().expect("a network has layers");
        if last.activation != Activation::Identity {
            return Err(Error::ActivatedOutputs { activation: last.activation.to_string() });
        }
        let wider = hidden.iter().map(|Layer { width, activation }| Layer {
            width: width.saturating_mul(members),
            activation: activation.clone(),
        });
        let all = Architecture::inputs(one.input_width()).with_layers(wider).with_layers([last.clone()]);
        let layout = all.layout()?;
        ensure_available("the parameters of the ensemble", bytes_of::<F>(layout.len()))?;
        let mut parameters = vec![F::zero(); layout.len()];
        for (member, network) in self.networks.iter().enumerate() {
            for (k, (part, whole)) in network.layout().layers().iter().zip(layout.layers()).enumerate() {
                let is_last = k + 1 == layout.layers().len();
                let scale = if is_last { F::of(1.0 / members as f64) } else { F::one() };
                // The first unit and the first input of this member. All members share inputs and outputs.
                let unit = if is_last { 0 } else { member * part.fan_out };
                let input = if k == 0 { 0 } else { member * part.fan_in };
                add_block(network.parameters(), part, &mut parameters, whole, (unit, input), scale);
            }
        }
        Ok(Network::from_parameters(&all, parameters)?)
    }
}

/// Adds the layer `part` of a member, times `scale`, to the layer `whole`, from the given unit and input on.
fn add_block<F: Scalar>(
    from: &[F],
    part: &LayerSpan,
    to: &mut [F],
    whole: &LayerSpan,
    (unit, input): (usize, usize),
    scale: F,
) {
    for (row, weights) in from[part.weights()].chunks_exact(part.fan_in).enumerate() {
        let place = whole.weights().start + (unit + row) * whole.fan_in + input;
        to[place..][..part.fan_in].iter_mut().zip(weights).for_each(|(to, &weight)| *to += scale * weight);
        to[whole.bias().start + unit + row] += scale * from[part.bias().start + row];
    }
}
