//! Calibration: are probabilities the frequencies that they promise?

use std::collections::BTreeMap;

use ann_core::Scalar;
use ann_core::memory::{bytes_of, ensure_available};

use crate::{Error, Result};

use super::columns::{Columns, Forecast};

/// How probabilities are put into bins. A probability on the border of two bins is in the lower one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Bins {
    /// This number of bins of equal width, from 0 to 1.
    EqualWidth(usize),
    /// This number of bins with about the same number of rows. Rows are counted without their weights, but
    /// rows of weight 0 do not count. Equal probabilities are always in one bin.
    Quantile(usize),
}

/// The rows whose probabilities are in one bin.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ReliabilityBin {
    /// Mean of the predicted probabilities.
    pub probability: f64,
    /// The share of rows, from 0 to 1, in which the event happened. For calibrated probabilities it is near
    /// `probability`.
    pub frequency: f64,
    /// Number of rows (the sum of their weights).
    pub weight: f64,
}

/// Predicted probabilities and observed frequencies, for each bin that has rows, in ascending order.
///
/// If `probabilities` is (n), the event is class 1. If it is (n, classes), the event is that the most
/// probable class is the true one, and the probability is that of this class, the first of equals.
///
/// ```
/// use ann_train::metrics::{Bins, reliability_curve};
///
/// // Of four rows with 25 %, one is of class 1. Of two rows with 75 %, both are.
/// let (truth, p) = ([0, 0, 1, 0, 1, 1], [0.25, 0.25, 0.25, 0.25, 0.75, 0.75]);
/// let curve = reliability_curve(&truth, &p, Bins::EqualWidth(5), None)?;
/// let points: Vec<_> = curve.iter().map(|bin| (bin.probability, bin.frequency, bin.weight)).collect();
/// assert_eq!(points, [(0.25, 0.25, 4.0), (0.75, 1.0, 2.0)]);
/// # Ok::<(), ann_train::Error>(())
/// ```
///
/// # Errors
/// As [`log_loss`](super::log_loss); 0 bins, or more than the system has memory for.
pub fn reliability_curve<F: Scalar>(
    truth: &[usize],
    probabilities: &(impl Columns<F> + ?Sized),
    bins: Bins,
    weights: Option<&[f64]>,
) -> Result<Vec<ReliabilityBin>> {
    let forecast = Forecast::new(truth, probabilities, weights)?;
    let events: Vec<Event> =
        forecast.weights.iter().map(|(row, weight)| event(&forecast, row, weight)).collect();
    let borders = borders(bins, &events)?;
    // Bin number → Σ w p, Σ w (of rows where it happened), Σ w.
    let mut sums: BTreeMap<usize, [f64; 3]> = BTreeMap::new();
    for Event { probability, happened, weight } in events {
        let bin = borders.partition_point(|&border| border < probability);
        let [of_probabilities, of_happened, of_all] = sums.entry(bin).or_default();
        *of_probabilities += weight * probability;
        *of_happened += weight * f64::from(happened);
        *of_all += weight;
    }
    let bin = |[probabilities, happened, weight]: [f64; 3]| ReliabilityBin {
        probability: probabilities / weight,
        frequency: happened / weight,
        weight,
    };
    Ok(sums.into_values().map(bin).collect())
}

/// The mean over all rows of |frequency − probability| of their bins in [`reliability_curve`], from 0
/// (calibrated) to 1 (Guo et al., "On Calibration of Modern Neural Networks", 2017). It depends on the bins:
/// name them beside the number. Common are 10 or 15 bins of equal width.
///
/// # Errors
/// As [`reliability_curve`].
pub fn expected_calibration_error<F: Scalar>(
    truth: &[usize],
    probabilities: &(impl Columns<F> + ?Sized),
    bins: Bins,
    weights: Option<&[f64]>,
) -> Result<f64> {
    let curve = reliability_curve(truth, probabilities, bins, weights)?;
    let total: f64 = curve.iter().map(|bin| bin.weight).sum();
    Ok(curve.iter().map(|bin| bin.weight / total * (bin.frequency - bin.probability).abs()).sum())
}

struct Event {
    probability: f64,
    happened: bool,
    weight: f64,
}

fn event<F: Scalar>(forecast: &Forecast<'_, F>, row: usize, weight: f64) -> Event {
    let probability = |class| forecast.probability(row, class);
    let class = if forecast.is_of_one_class() {
        1
    } else {
        (1..forecast.classes())
            .fold(0, |best, class| if probability(class) > probability(best) { class } else { best })
    };
    Event { probability: probability(class), happened: forecast.truth(row) == class, weight }
}

/// The borders between bins, ascending: one less than there are bins.
fn borders(bins: Bins, events: &[Event]) -> Result<Vec<f64>> {
    let (Bins::EqualWidth(count) | Bins::Quantile(count)) = bins;
    if count == 0 {
        return Err(Error::TooFew { name: "bins", found: 0, least: 1 });
    }
    ensure_available("the borders of the bins", bytes_of::<f64>(count))?;
    if let Bins::EqualWidth(_) = bins {
        // i · (1 / count) instead of i / count: the same bits as NumPy, and so the same side for a
        // probability on a border.
        return Ok((1..count).map(|i| i as f64 * (1.0 / count as f64)).collect());
    }
    let mut sorted: Vec<f64> = events.iter().map(|event| event.probability).collect();
    sorted.sort_by(f64::total_cmp);
    // Border i is at the position i (n − 1) / count, between two rows if that is no integer.
    Ok((1..count)
        .map(|i| {
            let position = i as u128 * (sorted.len() - 1) as u128;
            let (low, rest) = ((position / count as u128) as usize, (position % count as u128) as f64);
            let next = sorted[(low + 1).min(sorted.len() - 1)];
            sorted[low] + rest / count as f64 * (next - sorted[low])
        })
        .collect())
}
