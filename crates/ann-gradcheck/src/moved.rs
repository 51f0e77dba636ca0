//! Computes how a moved unit changes the loss of one sample, on dual numbers, and reuses every value that
//! does not depend on it.
//!
//! Moving zᵢ of layer k by ε changes nothing before layer k, and one unit in layer k: Δaᵢ = σ′(zᵢ) ε. The
//! next layer sees one changed input, Δz = W[:, i] Δaᵢ. From there on, whole layers are computed again.

use num_dual::Dual64;

use crate::textbook::{Reference, Sample};

/// Activations of two neighbouring layers, reused from call to call.
#[derive(Debug, Default)]
pub(crate) struct MovedBuffers {
    now: Vec<Dual64>,
    next: Vec<Dual64>,
}

impl Reference {
    /// δᵢ = w ∂ℓ/∂zᵢ of one unit in layer k, where w is the weight of the row.
    pub fn delta(&self, sample: &Sample, (k, unit): (usize, usize), buffers: &mut MovedBuffers) -> f64 {
        let slope = self.layer(k).sigma.derivative(sample.z[k][unit]);
        if slope == 0.0 {
            // A unit with σ′ = 0 has δ = 0.
            return 0.0;
        }
        buffers.now.clear();
        if k == self.depth() {
            buffers.now.extend(sample.a[k].iter().map(|&a| Dual64::from(a)));
            buffers.now[unit].eps = slope;
            return self.weight(sample.row) * self.loss(sample.row, &buffers.now).eps;
        }
        let units = sample.z[k + 1].iter().zip(self.layer(k + 1).column(unit));
        buffers.now.extend(units.map(|(&z, &weight)| Dual64::new(z, weight * slope)));
        self.slope_of_loss(k + 1, sample.row, buffers)
    }

    /// The derivative of w ℓ when z of all units in layer k moves by `slopes` times ε.
    pub fn slope_along(&self, sample: &Sample, k: usize, slopes: &[f64], buffers: &mut MovedBuffers) -> f64 {
        buffers.now.clear();
        buffers.now.extend(sample.z[k].iter().zip(slopes).map(|(&z, &slope)| Dual64::new(z, slope)));
        self.slope_of_loss(k, sample.row, buffers)
    }

    /// The change of w ℓ when `now` holds the moved z of layer k: through their activations, and from
    /// there on through whole layers.
    fn slope_of_loss(&self, k: usize, row: usize, MovedBuffers { now, next }: &mut MovedBuffers) -> f64 {
        self.activate(k, now);
        for k in k + 1..=self.depth() {
            self.layer(k).pre_activations(now, next);
            self.activate(k, next);
            std::mem::swap(now, next);
        }
        self.weight(row) * self.loss(row, now).eps
    }

    /// Overwrites z of layer k with σ(z).
    fn activate(&self, k: usize, z: &mut [Dual64]) {
        let sigma = &self.layer(k).sigma;
        z.iter_mut().for_each(|z| *z = sigma.value(*z));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ann_core::ndarray::array;
    use ann_core::{Activation, Architecture, Loss, Problem};

    #[test]
    fn through_three_layers_by_hand() {
        // 1-2-2-2, x = 1. z¹ = (2, −1) + (1, 0) = (3, −1), a¹ = (3, −½) with slope ½ below 0. z² = (a¹₀ +
        // 2a¹₁, −a¹₀) = (2, −3), a² = (2, −3/2); o = (a²₀ + 4a²₁, 2a²₀) = (−4, 4), off by (−1, 2) from y.
        let half = Activation::LeakyRelu { slope: 0.5 };
        let architecture =
            Architecture::inputs(1).with_layers(half.layers([2, 2])).dense(2, Activation::Identity);
        let (x, y) = (array![[1.0]], array![[-3.0, 2.0]]);
        let problem = Problem::new(&architecture, Loss::MeanSquaredError, &x, &y).unwrap();
        let (first, second, third) =
            ([2.0, -1.0, 1.0, 0.0], [1.0, 2.0, -1.0, 0.0, 0.0, 0.0], [1.0, 4.0, 2.0, 0.0, 0.0, 0.0]);
        let at = [&first[..], &second, &third].concat();
        let reference = Reference::new(&problem, &at).unwrap();
        let sample = reference.sample(0);
        // ∂ℓ/∂o = (2/2) (−1, 2). ∂a² = (−1 + 2·2, 4·(−1)) = (3, −4), δ² = (3, −2).
        // ∂a¹ = (3 + 2, 2·3) = (5, 6), δ¹ = (5, 3).
        let deltas = [[5.0, 3.0], [3.0, -2.0], [-1.0, 2.0]];
        let buffers = &mut MovedBuffers::default();
        for (k, expected) in (1..).zip(deltas) {
            assert_eq!(
                [0, 1].map(|unit| reference.delta(&sample, (k, unit), buffers)),
                expected,
                "layer {k}"
            );
            // Along (2, −4): 2δ₀ − 4δ₁.
            let along = reference.slope_along(&sample, k, &[2.0, -4.0], buffers);
            assert_eq!(along, 2.0 * expected[0] - 4.0 * expected[1], "layer {k}");
        }
    }
}
