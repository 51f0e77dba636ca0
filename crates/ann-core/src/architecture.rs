//! The shape of a network: the number of inputs, then the width and activation of each layer.

use std::fmt::{self, Display};

use crate::{Activation, Error, Layout, Result};

/// One layer: its number of units and their activation.
#[derive(Clone, Debug, PartialEq)]
pub struct Layer {
    /// Number of units, at least 1.
    pub width: usize,
    /// The activation function σ of this layer.
    pub activation: Activation,
}

impl Layer {
    /// A layer of `width` units; `activation` may be an [`Activation`] or any type with
    /// [`ActivationFn`](crate::ActivationFn).
    pub fn new(width: usize, activation: impl Into<Activation>) -> Self {
        Self { width, activation: activation.into() }
    }
}

impl Activation {
    /// One layer of this activation for each width: `Activation::Sigmoid.layers([10, 5])`.
    pub fn layers(self, widths: impl IntoIterator<Item = usize>) -> Vec<Layer> {
        widths.into_iter().map(|width| Layer { width, activation: self.clone() }).collect()
    }
}

/// The shape of a fully connected network, read from input to output.
///
/// ```
/// use ann_core::{Activation, Architecture};
///
/// let iris = Architecture::inputs(4).dense(5, Activation::Sigmoid).dense(3, Activation::Identity);
/// assert_eq!(iris.widths().collect::<Vec<_>>(), [4, 5, 3]);
/// assert_eq!(iris.layout()?.len(), (4 + 1) * 5 + (5 + 1) * 3);
/// # Ok::<(), ann_core::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Architecture {
    inputs: usize,
    layers: Vec<Layer>,
}

impl Architecture {
    /// An architecture with `inputs` input columns and no layers yet. Nothing is checked here:
    /// [`layout`](Self::layout) returns the errors, and every constructor of networks and problems calls it.
    pub fn inputs(inputs: usize) -> Self {
        Self { inputs, layers: Vec::new() }
    }

    /// Adds a fully connected layer after the last one.
    #[must_use]
    pub fn dense(mut self, width: usize, activation: impl Into<Activation>) -> Self {
        self.layers.push(Layer::new(width, activation));
        self
    }

    /// Adds several layers after the last one.
    #[must_use]
    pub fn with_layers(mut self, layers: impl IntoIterator<Item = Layer>) -> Self {
        self.layers.extend(layers);
        self
    }

    /// Number of input columns.
    pub fn input_width(&self) -> usize {
        self.inputs
    }

    /// Number of outputs: the width of the last layer, or the number of inputs if there are no layers yet.
    pub fn output_width(&self) -> usize {
        self.layers.last().map_or(self.inputs, |layer| layer.width)
    }

    /// Number of units in all layers; `usize::MAX` if the sum overflows, because the widths may not have been
    /// checked yet.
    pub(crate) fn units(&self) -> usize {
        self.layers.iter().map(|layer| layer.width).fold(0, usize::saturating_add)
    }

    /// All layers, the output layer last.
    pub fn layers(&self) -> &[Layer] {
        &self.layers
    }

    /// Widths from input to output.
    pub fn widths(&self) -> impl Iterator<Item = usize> {
        std::iter::once(self.inputs).chain(self.layers.iter().map(|layer| layer.width))
    }

    /// The position of each layer's parameters in the flat vector θ.
    ///
    /// # Errors
    /// No inputs, no layers, a layer of width 0, a slope of leaky ReLU or an α of ELU that is NaN or
    /// infinite, or more parameters than can be addressed.
    pub fn layout(&self) -> Result<Layout> {
        if self.inputs == 0 {
            return Err(Error::NoInputs);
        }
        for (index, layer) in self.layers.iter().enumerate() {
            match layer.activation {
                Activation::LeakyRelu { slope } if !slope.is_finite() => {
                    return Err(Error::NonFiniteSlope { layer: index + 1, value: slope });
                }
                Activation::Elu { alpha } if !alpha.is_finite() => {
                    return Err(Error::NonFiniteAlpha { layer: index + 1, value: alpha });
                }
                _ => {}
            }
        }
        Layout::new(&self.widths().collect::<Vec<_>>())
    }
}

/// Widths and activations, as in `4 → 5 sigmoid → 3 identity`.
impl Display for Architecture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.inputs)?;
        self.layers.iter().try_for_each(|layer| write!(f, " → {} {}", layer.width, layer.activation))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layers_of_one_activation_are_those_added_one_by_one() {
        let at_once = Architecture::inputs(2).with_layers(Activation::Tanh.layers([10, 5]));
        assert_eq!(at_once, Architecture::inputs(2).dense(10, Activation::Tanh).dense(5, Activation::Tanh));
    }

    #[test]
    fn an_architecture_reads_from_input_to_output() {
        let iris = Architecture::inputs(4).dense(5, Activation::Sigmoid).dense(3, Activation::Identity);
        assert_eq!(iris.to_string(), "4 → 5 sigmoid → 3 identity");
    }
}
