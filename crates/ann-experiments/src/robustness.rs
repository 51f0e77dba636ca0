//! How many seeds reach a perfect fit: a claim about robustness, not one lucky seed.

use std::ops::ControlFlow;

use ann_core::Init;
use ann_train::{Classifier, Error, Result, ndarray::Array2};
use indicatif::ProgressBar;
use rayon::prelude::*;

/// The number of seeds from 0 to `seeds` − 1 with which `classifier`, started at Xavier normal with `gain`, classifies
/// every row correctly at some epoch within its limit; there a run ends, and so does one that diverges.  Seeds are spread over the processor's cores.
///
/// # Errors
/// What [`Classifier::fit`] says of the data or the settings.
pub fn perfect_fits(
    classifier: &Classifier,
    gain: f64,
    seeds: u64,
    (x, labels): (&Array2<f64>, &[String]),
    progress: &ProgressBar,
) -> Result<usize> {
    let reaches_perfect_fit = |seed| {
        // The loss threshold would end a run before its last mistake is mended; a perfect fit ends it here.
        let settings =
            Classifier { seed, init: Init::XavierNormal { gain }, stop_below: 0.0, ..classifier.clone() };
        let mut perfect = false;
        let fitted = settings.fit_observed(x, labels, |record, _| {
            perfect = record.accuracy == Some(1.0);
            if perfect { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        progress.inc(1);
        match fitted {
            // A run that diverges has not reached a perfect fit; the others may.
            Ok(_) | Err(Error::Diverged { .. }) => Ok(usize::from(perfect)),
            Err(error) => Err(error),
        }
    };
    (0..seeds).into_par_iter().map(reaches_perfect_fit).sum()
}
