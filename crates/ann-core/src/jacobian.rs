//! ∂ŷ/∂θ: how each raw output of some rows changes with each parameter. For least-squares methods.

use std::ops::Range;

use ndarray::ArrayView2;

use crate::dense::DenseRef;
use crate::memory::{bytes_of, ensure_available};
use crate::pass::NetworkRef;
use crate::textbook::{GatheredRows, TextbookBuffers};
use crate::{Architecture, Layout, Problem, Result, Scalar};

/// Computes Jacobian matrices of blocks of rows, with buffers that are reused. They come from the textbook
/// kernel, so every activation has one.
#[derive(Clone, Debug)]
pub struct Jacobian<F = f64> {
    /// Number of rows in a block.
    rows: usize,
    layout: Layout,
    gathered: GatheredRows<F>,
    buffers: TextbookBuffers<F>,
    /// (rows · outputs, parameters).
    entries: Vec<f64>,
}

impl<F: Scalar> Jacobian<F> {
    /// Buffers for blocks of at most `rows` rows; 0 counts as 1.
    ///
    /// # Errors
    /// The architecture is invalid, or the system cannot provide the memory.
    pub fn new(architecture: &Architecture, rows: usize) -> Result<Self> {
        let (rows, layout) = (rows.max(1), architecture.layout()?);
        ensure_available("a Jacobian matrix", Self::bytes(architecture, &layout, rows))?;
        let buffers = TextbookBuffers::new(architecture, rows);
        let entries = vec![0.0; rows * architecture.output_width() * layout.len()];
        Ok(Self { rows, layout, gathered: GatheredRows::default(), buffers, entries })
    }

    /// Number of bytes that [`new`](Self::new) allocates.
    fn bytes(architecture: &Architecture, layout: &Layout, rows: usize) -> usize {
        let entries = rows.saturating_mul(architecture.output_width()).saturating_mul(layout.len());
        bytes_of::<f64>(entries).saturating_add(TextbookBuffers::<F>::bytes(architecture, rows))
    }

    /// The largest number of rows in a block.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Returns the outputs ŷ (n, outputs) of n rows of the problem, and ∂ŷ/∂θ (n · outputs, parameters). Row
    /// i · outputs + o of the latter is ∂ŷᵢₒ/∂θ.
    ///
    /// # Panics
    /// When the problem has another architecture, when there are more rows than in a block, or when
    /// `parameters` is not as long as the problem's layout.
    pub fn of(
        &mut self,
        problem: &Problem<'_, F>,
        parameters: &[F],
        rows: Range<usize>,
    ) -> (ArrayView2<'_, F>, ArrayView2<'_, f64>) {
        let (count, architecture) = (rows.len(), problem.architecture());
        assert!(count <= self.rows, "as many rows as there are buffers for");
        assert!(
            self.layout == *problem.layout() && parameters.len() == self.layout.len(),
            "the same architecture"
        );
        let network = NetworkRef { architecture, layout: problem.layout(), parameters };
        self.gathered.gather_features(problem.source(), problem.rows_of_source(rows));
        self.buffers.forward(network, &self.gathered);
        let outputs = architecture.output_width();
        for output in 0..outputs {
            // ∂ŷₒ/∂ŷⱼ is 1 for j = o and 0 for the others.
            self.buffers.start_backward(count, output);
            self.backward(network, count, output);
        }
        let shape = (count * outputs, self.layout.len());
        let entries = ArrayView2::from_shape(shape, &self.entries[..shape.0 * shape.1]);
        (self.buffers.outputs(count), entries.expect("`new` sized the entries"))
    }

    /// Last layer to first, as in backpropagation; but the parts of the gradient are not summed over rows.
    fn backward(&mut self, network: NetworkRef<'_, F>, count: usize, output: usize) {
        let (outputs, parameters) = (network.architecture.output_width(), self.layout.len());
        for (k, (layer, span)) in network.layers().enumerate().rev() {
            let (input, delta) = self.buffers.differentiate(k, count, &layer.activation, &self.gathered);
            let rows = self.entries.chunks_exact_mut(parameters).skip(output).step_by(outputs);
            for (entries, (x, delta)) in rows.zip(input.rows().into_iter().zip(delta.rows())) {
                // ∂ŷₒ/∂Wᵢⱼ = δᵢ xⱼ and ∂ŷₒ/∂bᵢ = δᵢ
                let (weights, bias) = entries[span.all()].split_at_mut(span.fan_in * span.fan_out);
                for ((weights, bias), delta) in weights.chunks_exact_mut(span.fan_in).zip(bias).zip(delta) {
                    *bias = delta.as_f64();
                    weights.iter_mut().zip(x).for_each(|(weight, x)| *weight = delta.as_f64() * x.as_f64());
                }
            }
            self.buffers.backward_to(k, count, &DenseRef::new(span, network.parameters));
        }
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, array};

    use super::*;
    use crate::{Activation, Loss};

    #[test]
    fn by_hand() {
        // ŷ = w₂ tanh(w₁ x + b₁) + b₂ with x = 2, w₁ = ½, b₁ = −1, w₂ = 3, b₂ = 5: z = 0, a = 0, σ′ = 1.
        // ∂w₁ = w₂ σ′ x = 6, ∂b₁ = w₂ σ′ = 3, ∂w₂ = a = 0, ∂b₂ = 1.
        let architecture = Architecture::inputs(1).dense(1, Activation::Tanh).dense(1, Activation::Identity);
        let (x, y) = (array![[2.0]], array![0.0]);
        let problem = Problem::new(&architecture, Loss::MeanSquaredError, &x, &y).unwrap();
        let mut jacobian = Jacobian::new(&architecture, 1).unwrap();
        let (outputs, entries) = jacobian.of(&problem, &[0.5, -1.0, 3.0, 5.0], 0..1);
        assert_eq!((outputs, entries), (array![[5.0]].view(), array![[6.0, 3.0, 0.0, 1.0]].view()));
    }

    #[test]
    fn central_differences_agree() {
        // Two outputs, and fewer rows than the block has.
        let architecture = Architecture::inputs(3).dense(4, Activation::Sigmoid).dense(2, Activation::Tanh);
        let x = Array2::from_shape_fn((5, 3), |(row, column)| (row as f64 - 2.0) / 3.0 + column as f64 / 4.0);
        let y = Array2::zeros((5, 2));
        let problem = Problem::new(&architecture, Loss::MeanSquaredError, &x, &y).unwrap();
        let mut theta: Vec<f64> = (0..problem.layout().len()).map(|i| (i as f64).sin()).collect();
        let mut jacobian = Jacobian::new(&architecture, 7).unwrap();
        let entries = jacobian.of(&problem, &theta, 1..4).1.to_owned();
        assert_eq!(entries.dim(), (6, theta.len()));
        const H: f64 = 1e-5;
        for index in 0..theta.len() {
            let at = theta[index];
            let [above, below] = [at + H, at - H].map(|value| {
                theta[index] = value;
                Jacobian::new(&architecture, 7).unwrap().of(&problem, &theta, 1..4).0.to_owned()
            });
            theta[index] = at;
            let differences = (&above - &below) / (2.0 * H);
            for (exact, difference) in entries.column(index).iter().zip(&differences) {
                // h² times a third derivative of size 1, and a rounding divided by h.
                assert!((exact - difference).abs() < 1e-9, "{index}: {exact} {difference}");
            }
        }
    }
}
