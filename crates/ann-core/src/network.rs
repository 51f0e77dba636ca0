//! A network: an architecture and its parameters θ in one flat buffer.

use ndarray::{Array2, ArrayRef2, Axis};
use rand::Rng;

use crate::block::{self, Scratch};
use crate::dense::{DenseMut, DenseRef};
use crate::memory::{bytes_of, ensure_available};
use crate::problem::{check_finite, first_infinite};
use crate::vector::all_finite;
use crate::{Architecture, Error, Init, Layout, Result, Scalar};

/// A fully connected network. Parameters are a plain slice; layers are views into it.
///
/// ```
/// use ann_core::{Activation, Architecture, Init, Network, ndarray::array, seeded};
///
/// let architecture = Architecture::inputs(2).dense(3, Activation::Tanh).dense(1, Activation::Identity);
/// let network: Network = Network::init(&architecture, Init::default(), &mut seeded(7))?;
/// let outputs = network.forward(&array![[0.0, 1.0], [1.0, 0.0]])?;
/// assert_eq!(outputs.dim(), (2, 1));
/// # Ok::<(), ann_core::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Network<F = f64> {
    architecture: Architecture,
    layout: Layout,
    parameters: Vec<F>,
}

impl<F: Scalar> Network<F> {
    /// A new network with weights drawn from `init` and biases 0.
    ///
    /// # Errors
    /// The architecture is invalid or too large for memory, or the gain is outside its range.
    pub fn init(architecture: &Architecture, init: Init, rng: &mut impl Rng) -> Result<Self> {
        let layout = architecture.layout()?;
        let parameters = init.draw(&layout, rng)?;
        Ok(Self { architecture: architecture.clone(), layout, parameters })
    }

    /// A network with the given parameters, in the order of [`Layout`].
    ///
    /// # Errors
    /// The architecture is invalid, the number of parameters is wrong, or a parameter is NaN or infinite.
    pub fn from_parameters(architecture: &Architecture, parameters: Vec<F>) -> Result<Self> {
        let layout = architecture.layout()?;
        if parameters.len() != layout.len() {
            return Err(Error::ParameterCount { expected: layout.len(), found: parameters.len() });
        }
        let network = Self { architecture: architecture.clone(), layout, parameters };
        network.ensure_finite()?;
        Ok(network)
    }

    /// Checks that every parameter is a finite number.
    ///
    /// # Errors
    /// The error names the first NaN or infinity.
    pub fn ensure_finite(&self) -> Result<()> {
        if all_finite(&self.parameters) {
            return Ok(());
        }
        match self.parameters.iter().position(|parameter| !parameter.is_finite()) {
            Some(index) => {
                let (parameter, value) = (self.layout.locate(index), self.parameters[index].as_f64());
                Err(Error::NonFiniteParameter { parameter, value })
            }
            None => Ok(()),
        }
    }

    /// The shape of this network.
    pub fn architecture(&self) -> &Architecture {
        &self.architecture
    }

    /// The position of each layer in [`parameters`](Self::parameters).
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// θ as a flat slice.
    pub fn parameters(&self) -> &[F] {
        &self.parameters
    }

    /// θ as a flat slice that can be changed: an optimizer is a loop over it.
    pub fn parameters_mut(&mut self) -> &mut [F] {
        &mut self.parameters
    }

    /// θ as a flat vector, without the network.
    pub fn into_parameters(self) -> Vec<F> {
        self.parameters
    }

    /// Layer k, counted from 1: a view of W⁽ᵏ⁾ (fan_out, fan_in) and b⁽ᵏ⁾.
    pub fn layer(&self, k: usize) -> Option<DenseRef<'_, F>> {
        self.layout.layer(k).map(|span| DenseRef::new(span, &self.parameters))
    }

    /// Layer k, counted from 1, to be changed in place.
    pub fn layer_mut(&mut self, k: usize) -> Option<DenseMut<'_, F>> {
        self.layout.layer(k).map(|span| DenseMut::new(span, &mut self.parameters))
    }

    /// The activations a⁽ᵏ⁾ of every layer for the rows of `x` (n, inputs): one (n, units) matrix for each
    /// layer, first to last. The last one is that of [`forward`](Self::forward), to rounding.
    ///
    /// ```
    /// use ann_core::{Activation, Architecture, Network, ndarray::array};
    ///
    /// // a⁽¹⁾ = max(0, 2x), a⁽²⁾ = 3a⁽¹⁾ + 1
    /// let architecture = Architecture::inputs(1).dense(1, Activation::Relu).dense(1, Activation::Identity);
    /// let network = Network::from_parameters(&architecture, vec![2.0, 0.0, 3.0, 1.0])?;
    /// let activations = network.activations(&array![[5.0], [-5.0]])?;
    /// assert_eq!(activations, [array![[10.0], [0.0]], array![[31.0], [1.0]]]);
    /// # Ok::<(), ann_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`forward`](Self::forward), also for the activations of hidden layers.
    pub fn activations(&self, x: &ArrayRef2<F>) -> Result<Vec<Array2<F>>> {
        let mut activations: Vec<Array2<F>> = Vec::with_capacity(self.architecture.layers().len());
        for (layer, span) in self.architecture.layers().iter().zip(self.layout.layers()) {
            // Each layer is a network whose inputs are the outputs of the layer below.
            let architecture = Architecture::inputs(span.fan_in).with_layers([layer.clone()]);
            let network = Self::from_parameters(&architecture, self.parameters[span.all()].to_vec())?;
            let outputs = match activations.last() {
                Some(below) => network.forward(below)?,
                None => network.forward(x)?,
            };
            activations.push(outputs);
        }
        Ok(activations)
    }

    /// Raw outputs (logits for a classifier) for the rows of `x` (n, inputs): an (n, outputs) matrix.
    ///
    /// # Errors
    /// `x` has another number of columns than the first layer expects, or contains a NaN or infinity, or an
    /// output overflows.
    pub fn forward(&self, x: &ArrayRef2<F>) -> Result<Array2<F>> {
        let expected = self.architecture.input_width();
        if x.ncols() != expected {
            return Err(Error::WidthMismatch { expected, found: x.ncols() });
        }
        let width = self.architecture.output_width();
        ensure_available("the outputs", bytes_of::<F>(x.nrows().saturating_mul(width)))?;
        let mut outputs = Array2::zeros((x.nrows(), width));
        let mut scratch = Scratch::for_outputs(&self.architecture, x.nrows())?;
        let blocks = x.axis_chunks_iter(Axis(0), block::ROWS);
        // Each block is checked just before it is computed, because the check also brings it into the caches.
        for (index, (x, mut outputs)) in
            blocks.zip(outputs.axis_chunks_iter_mut(Axis(0), block::ROWS)).enumerate()
        {
            check_finite("features", index * block::ROWS, &x)?;
            block::forward(
                &self.architecture,
                &self.layout,
                &self.parameters,
                &x,
                &mut scratch,
                &mut outputs,
            );
        }
        match first_infinite(&outputs) {
            Some(((row, output), value)) => {
                self.ensure_finite()?;
                Err(Error::NonFiniteOutput { row, output, value: value.as_f64() })
            }
            None => Ok(outputs),
        }
    }
}
