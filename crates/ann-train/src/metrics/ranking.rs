//! Metrics of scores that should be higher for positive rows: areas under curves.

use ann_core::Scalar;

use crate::{Error, Result};

use super::columns::{Columns, Forecast, check_classes, check_columns, check_rows, finite};
use super::labels::Average;
use super::weights::Weights;

/// The area under the ROC curve: the probability that a row of class 1 has a higher score than a row of
/// class 0, where a tie counts ½. 1 is perfect, ½ is as good as equal scores.
///
/// `scores` are any numbers that grow with the confidence in class 1, one for each row: probabilities or
/// logits. From a classifier of two classes take the second column:
/// `roc_auc(&classes, &probabilities.column(1), None)`.
///
/// # Errors
/// As all [metrics](super#errors); a class other than 0 and 1; only one class.
pub fn roc_auc<F: Scalar>(
    truth: &[usize],
    scores: &(impl Columns<F> + ?Sized),
    weights: Option<&[f64]>,
) -> Result<f64> {
    area_under_roc(1, binary(truth, scores, weights)?)
}

/// [`roc_auc`] of more than two classes. Each class is compared with all others together, by its column of
/// `probabilities`, (n, classes).
///
/// [`Average::Weighted`] leaves out classes that do not occur; with [`Average::Macro`] they are an error.
/// [`Average::Micro`] ranks all n · classes probabilities together.
///
/// # Errors
/// As [`log_loss`](super::log_loss); a class that has no rows, or all.
pub fn roc_auc_one_vs_rest<F: Scalar>(
    truth: &[usize],
    probabilities: &(impl Columns<F> + ?Sized),
    average: Average,
    weights: Option<&[f64]>,
) -> Result<f64> {
    let forecast = &Forecast::new(truth, probabilities, weights)?;
    let scored = |class| {
        forecast.weights.iter().map(move |(row, weight)| Scored {
            score: forecast.probability(row, class),
            is_positive: forecast.truth(row) == class,
            weight,
        })
    };
    let classes = 0..forecast.classes();
    if average == Average::Micro {
        // Defined for all data: each row is positive for its own class and negative for the others.
        return area_under_roc(0, classes.flat_map(scored).collect());
    }
    let (mut sum, mut total) = (0.0, 0.0);
    for class in classes {
        let actual: f64 = scored(class).filter(|row| row.is_positive).map(|row| row.weight).sum();
        let share = if average == Average::Macro { 1.0 } else { actual };
        if share > 0.0 {
            sum += share * area_under_roc(class, scored(class).collect())?;
            total += share;
        }
    }
    Ok(sum / total)
}

/// Average precision, the area under the curve of precision over recall as a sum of steps: Σ (Rᵢ − Rᵢ₋₁) Pᵢ
/// over the distinct scores, highest first. 1 is perfect; scores without skill have about the share of rows
/// of class 1.
///
/// Arguments are those of [`roc_auc`].
///
/// # Errors
/// As all [metrics](super#errors); a class other than 0 and 1; no row of class 1.
pub fn average_precision<F: Scalar>(
    truth: &[usize],
    scores: &(impl Columns<F> + ?Sized),
    weights: Option<&[f64]>,
) -> Result<f64> {
    let curve = curve(binary(truth, scores, weights)?);
    let [positive, _] = curve[curve.len() - 1];
    if positive == 0.0 {
        return Err(undefined("average precision", "no row is of class 1".into()));
    }
    let steps = curve.windows(2).map(|pair| {
        let ([before, _], [hits, false_alarms]) = (pair[0], pair[1]);
        (hits - before) / positive * (hits / (hits + false_alarms))
    });
    Ok(steps.sum())
}

struct Scored {
    score: f64,
    is_positive: bool,
    weight: f64,
}

fn binary<F: Scalar>(
    truth: &[usize],
    scores: &(impl Columns<F> + ?Sized),
    weights: Option<&[f64]>,
) -> Result<Vec<Scored>> {
    let scores = finite("scores", scores)?;
    check_rows("rows of scores", scores.nrows(), truth.len())?;
    check_columns("scores", scores.ncols(), 1)?;
    check_classes(truth, 2)?;
    let scored = |(row, weight): (usize, f64)| Scored {
        score: scores[[row, 0]].as_f64(),
        is_positive: truth[row] == 1,
        weight,
    };
    Ok(Weights::new(truth.len(), weights)?.iter().map(scored).collect())
}

/// [0, 0], then for each distinct score, highest first, the weights [of positive rows, of negative rows] with
/// this score or a higher one.
fn curve(mut rows: Vec<Scored>) -> Vec<[f64; 2]> {
    rows.sort_by(|a, b| b.score.total_cmp(&a.score));
    let mut sums = [0.0, 0.0];
    let mut curve = vec![sums];
    // Rows with equal scores are one step: their order means nothing.
    for ties in rows.chunk_by(|a, b| a.score == b.score) {
        for row in ties {
            sums[usize::from(!row.is_positive)] += row.weight;
        }
        curve.push(sums);
    }
    curve
}

/// `class` is the positive one, for the error.
fn area_under_roc(class: usize, rows: Vec<Scored>) -> Result<f64> {
    let curve = curve(rows);
    let [positive, negative] = curve[curve.len() - 1];
    if positive == 0.0 || negative == 0.0 {
        let rows = if positive == 0.0 { "no row is" } else { "all rows are" };
        return Err(undefined("the area under the ROC curve", format!("{rows} of class {class}")));
    }
    // Trapezes, so that ties count one half.
    let trapezes = curve.windows(2).map(|pair| {
        let ([before, from], [hits, to]) = (pair[0], pair[1]);
        (to - from) / negative * (0.5 * (before + hits) / positive)
    });
    Ok(trapezes.sum())
}

fn undefined(metric: &'static str, reason: String) -> Error {
    Error::UndefinedMetric { metric, reason }
}
