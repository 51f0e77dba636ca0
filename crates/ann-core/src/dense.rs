//! Dense layers: z = x Wᵀ + b, and the chain rule through it.
//!
//! Rows are samples. `x` is (n, fan_in), `W` is (fan_out, fan_in), `b` is (fan_out), `z` is (n, fan_out). The
//! textbook kernel consists of these functions. They compute any number of rows of any scalar; the report
//! computes one row at a time.

use ndarray::linalg::general_mat_mul;
use ndarray::{ArrayRef2, ArrayView1, ArrayView2, ArrayViewMut1, ArrayViewMut2};

use crate::{LayerSpan, Scalar};

/// Read-only view of one layer of a parameter vector.
#[derive(Clone, Copy, Debug)]
pub struct DenseRef<'a, F = f64> {
    /// W, (fan_out, fan_in).
    pub weights: ArrayView2<'a, F>,
    /// b, (fan_out).
    pub bias: ArrayView1<'a, F>,
}

/// Mutable view of one layer of a parameter vector or a gradient.
#[derive(Debug)]
pub struct DenseMut<'a, F = f64> {
    /// W, (fan_out, fan_in).
    pub weights: ArrayViewMut2<'a, F>,
    /// b, (fan_out).
    pub bias: ArrayViewMut1<'a, F>,
}

impl<'a, F: Scalar> DenseRef<'a, F> {
    /// The layer at `span` of `parameters`.
    ///
    /// # Panics
    /// When `parameters` is shorter than the layout that `span` is from.
    pub fn new(span: &LayerSpan, parameters: &'a [F]) -> Self {
        let weights = ArrayView2::from_shape((span.fan_out, span.fan_in), &parameters[span.weights()]);
        Self {
            weights: weights.expect("Layout::new sized this range"),
            bias: ArrayView1::from(&parameters[span.bias()]),
        }
    }

    /// Overwrites `z` (n, fan_out) with x Wᵀ + b, for `x` (n, fan_in).
    ///
    /// # Panics
    /// When a shape does not fit.
    pub fn forward_into(&self, x: &ArrayRef2<F>, z: &mut ArrayRef2<F>) {
        // The bias is written first, so that one matrix product adds to it and no second pass over `z` is
        // needed.
        z.assign(&self.bias);
        general_mat_mul(F::one(), x, &self.weights.t(), F::one(), z);
    }

    /// Overwrites `x_delta` (n, fan_in) with ∂ℓ/∂x = δ W, for `delta` = ∂ℓ/∂z (n, fan_out).
    ///
    /// # Panics
    /// When a shape does not fit.
    pub fn backward_into(&self, delta: &ArrayRef2<F>, x_delta: &mut ArrayRef2<F>) {
        general_mat_mul(F::one(), delta, &self.weights, F::zero(), x_delta);
    }
}

impl<'a, F: Scalar> DenseMut<'a, F> {
    /// The layer at `span` of `parameters`, a parameter vector or a gradient.
    ///
    /// # Panics
    /// When `parameters` is shorter than the layout that `span` is from.
    pub fn new(span: &LayerSpan, parameters: &'a mut [F]) -> Self {
        let (weights, bias) = parameters[span.all()].split_at_mut(span.fan_in * span.fan_out);
        let weights = ArrayViewMut2::from_shape((span.fan_out, span.fan_in), weights);
        Self { weights: weights.expect("Layout::new sized this range"), bias: ArrayViewMut1::from(bias) }
    }

    /// Adds ∂ℓ/∂W += δᵀ x and ∂ℓ/∂b += Σₙ δ (report, "Implementation details"), for `delta` = ∂ℓ/∂z (n,
    /// fan_out) and `x` (n, fan_in).
    ///
    /// # Panics
    /// When a shape does not fit.
    pub fn accumulate(&mut self, x: &ArrayRef2<F>, delta: &ArrayRef2<F>) {
        general_mat_mul(F::one(), &delta.t(), x, F::one(), &mut self.weights);
        for row in delta.rows() {
            // A plain loop: an array operation for each row would cost more than the few additions of a
            // narrow layer.
            for (b, &d) in self.bias.iter_mut().zip(row) {
                *b += d;
            }
        }
    }
}
