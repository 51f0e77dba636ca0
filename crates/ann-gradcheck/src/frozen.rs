//! A network with kinks in which each unit keeps the linear piece it is on at θ.
//!
//! A central difference across a kink of ReLU measures neither side's slope, however right the gradient. So
//! the difference is taken of the *frozen* network: beyond the ends of its piece a unit continues linearly.
//! At θ it has the same value and the same gradient as the network itself, and no kink anywhere.

use crate::lanes::Lanes;
use crate::sigma::Sigma;
use crate::textbook::{Reference, Sample};
use crate::{Error, Result};

/// A network whose units keep, for each sample, the piece they are on at θ.
#[derive(Debug)]
pub(crate) struct Frozen<'r> {
    pub reference: &'r Reference,
    /// `pieces[k]` belongs to layer k; `pieces[0]` to the input, which has no pieces.
    pieces: Vec<Pieces<'r>>,
}

/// One activation, split into pieces at its kinks.
#[derive(Debug)]
struct Pieces<'a> {
    sigma: &'a Sigma,
    kinks: Vec<Kink>,
}

/// Piece p reaches from kink p − 1 to kink p, both counted from 0.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Piece {
    index: usize,
    low: f64,
    high: f64,
}

#[derive(Debug)]
struct Kink {
    at: f64,
    value: f64,
    /// σ′ just below.
    slope_below: f64,
    /// σ′ just above.
    slope_above: f64,
    /// Whether a unit exactly at the kink belongs to the piece above it. It belongs to the side whose slope
    /// equals σ′ there; for ReLU that is below.
    belongs_above: bool,
}

impl<'r> Frozen<'r> {
    pub fn new(reference: &'r Reference) -> Result<Self> {
        let mut pieces = vec![Pieces::new(0, &Sigma::Identity)?];
        for k in 1..=reference.depth() {
            pieces.push(Pieces::new(k, &reference.layer(k).sigma)?);
        }
        Ok(Self { reference, pieces })
    }

    /// The sample of row `n` of those that count. An error if freezing changes a value at θ itself.
    pub fn sample(&self, n: usize) -> Result<Sample> {
        let sample = self.reference.sample(n);
        for k in 1..=self.reference.depth() {
            let is_itself = |(&z, &a): (&f64, &f64)| self.value(k, z, z) == a;
            if !sample.z[k].iter().zip(&sample.a[k]).all(is_itself) {
                return Err(Error::FrozenValue { layer: k, row: sample.row });
            }
        }
        Ok(sample)
    }

    /// σ of a unit of layer k that has moved from z to `moved`, on the piece on which z is, and on the
    /// tangent beyond its ends.
    pub fn value(&self, k: usize, z: f64, moved: f64) -> f64 {
        let pieces = &self.pieces[k];
        pieces.frozen_value(pieces.piece(z), moved).0
    }

    /// As [`Sigma::change`] for units of layer k, some of which leave the piece that their z is on.
    pub fn change(&self, k: usize, z: &[f64], a: &[f64], d: &mut [f64]) {
        for ((d, &z), &a) in d.iter_mut().zip(z).zip(a) {
            *d = self.value(k, z, z + *d) - a;
        }
    }

    /// Lower and upper ends of the pieces on which the units of layer k are; empty if σ has no kinks.
    pub fn ends(&self, k: usize, z: &[Lanes]) -> (Vec<Lanes>, Vec<Lanes>) {
        let pieces = &self.pieces[k];
        if pieces.kinks.is_empty() {
            return Default::default();
        }
        z.iter().map(|z| (z.map(|z| pieces.piece(z).low), z.map(|z| pieces.piece(z).high))).unzip()
    }
}

/// Whether the kinks are finite and in rising order.
pub(crate) fn are_valid(kinks: &[f64]) -> bool {
    kinks.iter().all(|z| z.is_finite()) && kinks.is_sorted_by(|a, b| a < b)
}

impl<'a> Pieces<'a> {
    /// The pieces of the activation of layer k.
    pub fn new(k: usize, sigma: &'a Sigma) -> Result<Self> {
        let kinks = sigma.kinks();
        if are_valid(kinks) {
            return Ok(Self { sigma, kinks: kinks.iter().map(|&at| Kink::new(sigma, at)).collect() });
        }
        Err(Error::InvalidKinks { layer: k, activation: sigma.to_string(), kinks: kinks.to_vec() })
    }

    /// The piece on which z lies.
    pub fn piece(&self, z: f64) -> Piece {
        let is_below = |kink: &&Kink| kink.at < z || (kink.at == z && kink.belongs_above);
        let index = self.kinks.iter().filter(is_below).count();
        let low = index.checked_sub(1).map_or(f64::NEG_INFINITY, |before| self.kinks[before].at);
        Piece { index, low, high: self.kinks.get(index).map_or(f64::INFINITY, |kink| kink.at) }
    }

    /// σ(z) on `piece`, and its tangent beyond: σ(κ) + σ′(κ) (z − κ) behind the kink κ where the piece ends.
    /// Also returns whether z is beyond the piece.
    #[inline]
    pub fn frozen_value(&self, piece: Piece, z: f64) -> (f64, bool) {
        let (kink, slope) = if z < piece.low {
            let kink = &self.kinks[piece.index - 1];
            (kink, kink.slope_above)
        } else if z > piece.high {
            let kink = &self.kinks[piece.index];
            (kink, kink.slope_below)
        } else {
            return (self.sigma.value(z), false);
        };
        (kink.value + slope * (z - kink.at), true)
    }
}

impl Kink {
    fn new(sigma: &Sigma, at: f64) -> Self {
        let slope_above = sigma.derivative(at.next_up());
        Self {
            at,
            value: sigma.value(at),
            slope_below: sigma.derivative(at.next_down()),
            slope_above,
            belongs_above: sigma.derivative(at) == slope_above,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ann_core::ndarray::array;
    use ann_core::{Activation, ActivationFn, Architecture, Loss, Problem};
    use std::sync::atomic::{AtomicU32, Ordering};

    /// σ(z) = z² below 1, 2 − z from 1 to 3 (the kink at 1 belongs above), z − 4 beyond.
    #[derive(Debug)]
    struct Zigzag;
    impl ActivationFn for Zigzag {
        fn value(&self, z: f64) -> f64 {
            if z < 1.0 { z * z } else { (2.0 - z).max(z - 4.0) }
        }
        fn derivative(&self, z: f64, _a: f64) -> f64 {
            if z < 1.0 {
                2.0 * z
            } else if z <= 3.0 {
                -1.0
            } else {
                1.0
            }
        }
        fn kinks(&self) -> &[f64] {
            &[1.0, 3.0]
        }
    }

    #[test]
    fn relu_on_and_off() {
        let relu = sigma(&Activation::Relu);
        let pieces = Pieces::new(1, &relu).unwrap();
        assert_eq!([-1.0, 0.0, 1e-300].map(|z| pieces.piece(z).index), [0, 0, 1]); // ReLU′(0) = 0: off
        let on = [-1.0, 0.0, 1.0].map(|z| pieces.frozen_value(pieces.piece(5.0), z));
        assert_eq!(on, [(-1.0, true), (0.0, false), (1.0, false)]); // a = z
        let off = [-1.0, 0.0, 1.0].map(|z| pieces.frozen_value(pieces.piece(-5.0), z));
        assert_eq!(off, [(0.0, false), (0.0, false), (0.0, true)]); // a = 0
    }

    #[test]
    fn every_piece_continues_by_its_tangent() {
        let zigzag = sigma(&Zigzag.into());
        let pieces = Pieces::new(1, &zigzag).unwrap();
        assert_eq!([0.5, 1.0, 2.0, 3.0, 5.0].map(|z| pieces.piece(z).index), [0, 1, 1, 1, 2]);
        let frozen = |at: f64, z: f64| pieces.frozen_value(pieces.piece(at), z);
        // z² behind its end at 1: 1 + 2 (z − 1), up to rounding of the slope just below 1.
        assert!((frozen(0.5, 1.5).0 - 2.0).abs() < 1e-15 && frozen(0.5, 1.5).1);
        // 2 − z on both sides, z − 4 below 3.
        assert_eq!([0.0, 2.0, 4.0].map(|z| frozen(2.0, z)), [(2.0, true), (0.0, false), (-2.0, true)]);
        assert_eq!(frozen(5.0, 1.0), (-3.0, true));
    }

    #[test]
    fn smooth_activations_are_one_piece() {
        let pieces = Pieces::new(1, &Sigma::Tanh).unwrap();
        assert_eq!(pieces.piece(-7.0), pieces.piece(7.0));
        assert_eq!(pieces.frozen_value(pieces.piece(7.0), 0.3), (Sigma::Tanh.value(0.3), false));
        assert!(pieces.frozen_value(pieces.piece(7.0), f64::NAN).0.is_nan());
    }

    #[test]
    fn kinks_must_be_finite_and_rise() {
        assert!(are_valid(&[]) && are_valid(&[0.0]) && are_valid(&[-1.0, 0.0, 1e300]));
        for kinks in [&[f64::NAN][..], &[0.0, f64::INFINITY], &[1.0, 1.0], &[0.0, 2.0, 1.0]] {
            assert!(!are_valid(kinks), "{kinks:?}");
        }
        #[derive(Debug)]
        struct Falling;
        impl ActivationFn for Falling {
            fn value(&self, z: f64) -> f64 {
                z
            }
            fn derivative(&self, _z: f64, _a: f64) -> f64 {
                1.0
            }
            fn kinks(&self) -> &[f64] {
                &[1.0, 0.0]
            }
        }
        let falling = sigma(&Falling.into());
        let expected = Error::InvalidKinks { layer: 3, activation: "Falling".into(), kinks: vec![1.0, 0.0] };
        assert_eq!(Pieces::new(3, &falling).unwrap_err(), expected);
    }

    #[test]
    fn an_activation_that_changes_its_mind_is_an_error() {
        /// Returns 1, 2, 3, …, whatever z is.
        #[derive(Debug)]
        struct Counter(AtomicU32);
        impl ActivationFn for Counter {
            fn value(&self, _z: f64) -> f64 {
                f64::from(self.0.fetch_add(1, Ordering::Relaxed))
            }
            fn derivative(&self, _z: f64, _a: f64) -> f64 {
                0.0
            }
        }
        let architecture =
            Architecture::inputs(1).dense(1, Activation::Tanh).dense(1, Counter(AtomicU32::new(1)));
        let (x, y) = (array![[1.0], [2.0]], array![1.0, 2.0]);
        let problem = Problem::new(&architecture, Loss::MeanSquaredError, &x, &y).unwrap();
        let reference = Reference::new(&problem, &[1.0, 0.0, 1.0, 0.0]).unwrap();
        let found = Frozen::new(&reference).unwrap().sample(1).unwrap_err();
        assert_eq!(found, Error::FrozenValue { layer: 2, row: 1 });
    }

    fn sigma(activation: &Activation) -> Sigma {
        Sigma::try_from(activation).expect("in the catalogue")
    }
}
