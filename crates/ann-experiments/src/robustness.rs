//! The number of seeds that reach a perfect fit: a claim about robustness, not about a single lucky seed.

use std::ops::ControlFlow;

use ann_core::{Init, Network, Problem, seeded};
use ann_train::{Error, Result, TrainConfig, Training};
use indicatif::ProgressBar;
use rayon::prelude::*;

/// The number of seeds from 0 to `seeds` − 1 with which a network, started from Xavier's normal weights with
/// `gain`, classifies every row of `problem` correctly at some epoch within its limit. A run ends at that
/// epoch, or when it diverges; [`TrainConfig::stop_below`] has no effect. The seeds run in parallel on all
/// cores.
///
/// # Errors
/// The gain or a setting is outside its range, the objective is not finite before the first update, or the
/// system cannot provide memory.
pub fn perfect_fits(
    problem: &Problem<'_>,
    config: &TrainConfig,
    gain: f64,
    seeds: u64,
    progress: &ProgressBar,
) -> Result<usize> {
    // The loss threshold could end a run before its last mistake is corrected.
    let config = TrainConfig { stop_below: 0.0, ..*config };
    let fits = |seed| {
        let init = Init::XavierNormal { gain };
        let network = Network::init(problem.architecture(), init, &mut seeded(seed))?;
        let perfect = reaches_a_perfect_fit(Training::new(problem, network, &config)?);
        progress.inc(1);
        match perfect {
            Ok(perfect) => Ok(usize::from(perfect)),
            // A run that diverges has not reached a perfect fit; other seeds may.
            Err(Error::Diverged { .. }) => Ok(0),
            Err(error) => Err(error),
        }
    };
    (0..seeds).into_par_iter().map(fits).sum()
}

fn reaches_a_perfect_fit(mut training: Training<'_, '_>) -> Result<bool> {
    while let ControlFlow::Continue(record) = training.epoch()? {
        if record.accuracy == Some(1.0) {
            return Ok(true);
        }
    }
    let (_, history) = training.finish()?;
    Ok(history.last().accuracy == Some(1.0))
}

#[cfg(test)]
mod tests {
    use ann_core::{Activation, Architecture, Layer, Loss, ndarray::array};

    use super::*;

    const SEEDS: u64 = 3;

    /// The number of seeds, of three, that learn XOR with these hidden layers.
    fn fits(hidden: Vec<Layer>, gain: f64, learning_rate: f64) -> Result<usize> {
        let corners = array![[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]];
        let xor = Architecture::inputs(2).with_layers(hidden).dense(2, Activation::Identity);
        let problem = Problem::new(&xor, Loss::SoftmaxCrossEntropy, &corners, &[1, 0, 0, 1])?;
        perfect_fits(&problem, &config(learning_rate), gain, SEEDS, &ProgressBar::hidden())
    }

    /// The threshold is just below ln 2, the loss of a guess: it would end each run before a perfect fit.
    fn config(learning_rate: f64) -> TrainConfig {
        TrainConfig {
            learning_rate: learning_rate.into(),
            epochs: 5_000,
            stop_below: 0.69,
            ..TrainConfig::default()
        }
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
