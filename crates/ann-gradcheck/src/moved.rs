//! What a moved unit changes in the loss of one sample, on dual numbers, reusing all that it cannot change.
//!
//! Moving zᵢ of layer k moves nothing before layer k, and in it one unit.  The next layer sees one changed input,
//! z → z + W[:, i] Δaᵢ.  Only from there on whole layers are computed again.

use num_dual::Dual64;

use crate::reference::{Reference, Sample};

/// Activations of two neighbouring layers, reused from call to call.
#[derive(Debug, Default)]
pub(crate) struct Buffers {
    now: Vec<Dual64>,
    next: Vec<Dual64>,
}

impl Reference {
    /// ℓ of a sample after z of one unit in layer k has moved by `shift`.
    pub fn moved_loss(
        &self,
        sample: &Sample,
        (layer, unit): (usize, usize),
        shift: Dual64,
        buffers: &mut Buffers,
    ) -> Dual64 {
        let moved = self.layer(layer).sigma.value(shift + sample.z[layer][unit]);
        let change = moved - sample.a[layer][unit];
        if is_nothing(change) {
            return Dual64::from(sample.loss);
        }
        buffers.now.clear();
        if layer == self.depth() {
            buffers.now.extend(sample.a[layer].iter().map(|&a| Dual64::from(a)));
            buffers.now[unit] = moved;
            return self.loss(sample.row, &buffers.now);
        }
        let units = sample.z[layer + 1].iter().zip(self.layer(layer + 1).column(unit));
        buffers.now.extend(units.map(|(&z, &weight)| change * weight + z));
        self.activate(layer + 1, &mut buffers.now);
        self.loss_beyond(layer + 1, sample, buffers)
    }

    /// ℓ of a sample after z of all units in layer k has moved by `shifts`.
    pub fn loss_with_layer_moved(
        &self,
        sample: &Sample,
        layer: usize,
        shifts: impl Iterator<Item = Dual64>,
        buffers: &mut Buffers,
    ) -> Dual64 {
        buffers.now.clear();
        buffers.now.extend(shifts.zip(&sample.z[layer]).map(|(shift, &z)| shift + z));
        self.activate(layer, &mut buffers.now);
        self.loss_beyond(layer, sample, buffers)
    }

    /// ℓ of a sample whose layer k has the activations `now`: from there on whole layers.
    fn loss_beyond(&self, k: usize, sample: &Sample, Buffers { now, next }: &mut Buffers) -> Dual64 {
        for k in k + 1..=self.depth() {
            // Units that are off may have swallowed the change.
            if now.iter().zip(&sample.a[k - 1]).all(|(&now, &a)| is_nothing(now - a)) {
                return Dual64::from(sample.loss);
            }
            self.layer(k).pre_activations(now, next);
            self.activate(k, next);
            std::mem::swap(now, next);
        }
        self.loss(sample.row, now)
    }

    /// Overwrites z of layer k with σ(z).
    fn activate(&self, k: usize, z: &mut [Dual64]) {
        let sigma = &self.layer(k).sigma;
        z.iter_mut().for_each(|z| *z = sigma.value(*z));
    }
}

/// Zero, and its derivative too: adding it changes nothing.
fn is_nothing(change: Dual64) -> bool {
    change.re == 0.0 && change.eps == 0.0
}
