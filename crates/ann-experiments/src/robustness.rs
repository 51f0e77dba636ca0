//! The number of seeds that reach a perfect fit: a claim about robustness, not about a single lucky seed.

use std::ops::ControlFlow;

use ann_core::Init;
use ann_train::{Classifier, Error, Result, ndarray::Array2};
use indicatif::ProgressBar;
use rayon::prelude::*;

/// The number of seeds from 0 to `seeds` − 1 with which `classifier`, started from Xavier's normal weights
/// with `gain`, classifies every row correctly at some epoch within its limit. A run ends at that epoch, or
/// when it diverges. The seeds run in parallel on all cores.
///
/// # Errors
/// Those of [`Classifier::fit`] for the data or the settings.
pub fn perfect_fits(
    classifier: &Classifier,
    gain: f64,
    seeds: u64,
    (x, labels): (&Array2<f64>, &[String]),
    progress: &ProgressBar,
) -> Result<usize> {
    let reaches_perfect_fit = |seed| {
        // The loss threshold could end a run before its last mistake is corrected. A
        // perfect fit ends the run below.
        let settings =
            Classifier { seed, init: Init::XavierNormal { gain }, stop_below: 0.0, ..classifier.clone() };
        let mut perfect = false;
        let fitted = settings.fit_observed(x, labels, |record, _| {
            perfect = record.accuracy == Some(1.0);
            if perfect { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        progress.inc(1);
        match fitted {
            // A run that diverges has not reached a perfect fit; other seeds may.
            Ok(_) | Err(Error::Diverged { .. }) => Ok(usize::from(perfect)),
            Err(error) => Err(error),
        }
    };
    (0..seeds).into_par_iter().map(reaches_perfect_fit).sum()
}

#[cfg(test)]
mod tests {
    use ann_core::{Activation, Layer, ndarray::array};

    use super::*;

    const SEEDS: u64 = 3;

    /// The number of seeds, of three, that learn XOR with these hidden layers.
    fn fits(hidden: Vec<Layer>, gain: f64, learning_rate: f64) -> Result<usize> {
        let corners = array![[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]];
        let labels = ["same", "different", "different", "same"].map(str::to_owned);
        let settings = Classifier { hidden, learning_rate, epochs: 5_000, ..Classifier::default() };
        perfect_fits(&settings, gain, SEEDS, (&corners, &labels), &ProgressBar::hidden())
    }

    fn ten_units() -> Vec<Layer> {
        Activation::Sigmoid.layers([10])
    }

    #[test]
    fn every_seed_of_a_network_that_can_learn_counts() {
        assert_eq!(fits(ten_units(), 1.0, 1.0).unwrap(), 3);
    }

    #[test]
    fn no_seed_of_a_network_that_cannot_learn_counts() {
        // A straight line does not separate the classes.
        assert_eq!(fits(vec![], 1.0, 1.0).unwrap(), 0);
    }

    #[test]
    fn the_gain_is_that_of_the_initial_weights() {
        // Without a difference between their weights, hidden units stay equal.
        assert_eq!(fits(ten_units(), 1e-300, 1.0).unwrap(), 0);
    }

    #[test]
    fn a_run_that_diverges_does_not_count_and_a_wrong_setting_is_an_error() {
        assert_eq!(fits(Activation::Relu.layers([10]), 1.0, 1e200).unwrap(), 0);
        assert!(fits(ten_units(), 1.0, -1.0).is_err());
    }
}
