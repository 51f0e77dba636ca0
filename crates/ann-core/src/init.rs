//! Initial parameters: random weights, zero biases.

use rand::SeedableRng;
use rand::rngs::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

use crate::memory::{bytes_of, ensure_available};
use crate::vector::all_finite;
use crate::{Error, LayerSpan, Layout, Result, Scalar};

/// How the weights are initialised. Biases are initialised with 0.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Init {
    /// W ~ N(0, gain² · 2 / (fan_in + fan_out)); Glorot and Bengio 2010, "Understanding the difficulty of
    /// training deep feedforward neural networks". The default, with gain 1; the report's own runs used gain
    /// 5. Also for ELU and SELU layers.
    XavierNormal {
        /// Factor on the standard deviation, finite and ≥ 0.
        gain: f64,
    },
    /// W ~ N(0, 2 / fan_in); He et al. 2015, "Delving deep into rectifiers". For ReLU layers, and others
    /// that are close to 0 below 0 and to z above: SiLU, Mish, GELU.
    HeNormal,
    /// All weights are 0, and no random number is drawn. The units of a hidden layer then stay equal to each
    /// other, so this is for networks without hidden layers, and for tests.
    Zeros,
}

const GAIN_RANGE: &str = "a number ≥ 0 whose draws are finite in the network's scalar type";

impl Default for Init {
    fn default() -> Self {
        Self::XavierNormal { gain: 1.0 }
    }
}

impl Init {
    /// Draws θ in the order of the layout. Numbers are drawn in `f64` and rounded to `F`, so one seed gives
    /// the same network in both precisions.
    pub(crate) fn draw<F: Scalar>(self, layout: &Layout, rng: &mut impl rand::Rng) -> Result<Vec<F>> {
        ensure_available("the parameters", bytes_of::<F>(layout.len()))?;
        let mut parameters = vec![F::zero(); layout.len()];
        for span in layout.layers() {
            let deviation = self.standard_deviation(span);
            if deviation > 0.0 {
                for weight in &mut parameters[span.weights()] {
                    let normal: f64 = StandardNormal.sample(rng);
                    *weight = F::of(deviation * normal);
                }
            }
        }
        self.check_gain(&parameters)?;
        Ok(parameters)
    }

    /// Returns an error if the gain is not a number ≥ 0, or is so large that a weight is not finite.
    fn check_gain<F: Scalar>(self, parameters: &[F]) -> Result<()> {
        match self {
            Self::XavierNormal { gain } if !(gain >= 0.0 && all_finite(parameters)) => {
                Err(Error::InvalidSetting { name: "gain", value: gain, expected: GAIN_RANGE })
            }
            _ => Ok(()),
        }
    }

    fn standard_deviation(self, span: &LayerSpan) -> f64 {
        let (fan_in, fan_out) = (span.fan_in as f64, span.fan_out as f64);
        match self {
            Self::XavierNormal { gain } => gain * (2.0 / (fan_in + fan_out)).sqrt(),
            Self::HeNormal => (2.0 / fan_in).sqrt(),
            Self::Zeros => 0.0,
        }
    }
}

/// The generator that the whole workspace uses: ChaCha with 8 rounds. Its integers are the same on every
/// platform.
///
/// Normally distributed numbers drawn from it may differ in the last bit between platforms whose `exp`
/// differs.
pub fn seeded(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}
