//! Metrics of predicted labels.

use std::collections::BTreeMap;
use std::fmt::Debug;

use ann_core::memory::{bytes_of, ensure_available};
use ann_core::ndarray::Array2;

use crate::{Error, Result};

use super::columns::check_rows;
use super::weights::Weights;

/// The share of rows whose predicted label is the true one, from 0 to 1.
///
/// # Errors
/// As all [metrics](super#errors).
pub fn accuracy<L: Ord>(truth: &[L], predicted: &[L], weights: Option<&[f64]>) -> Result<f64> {
    let weights = check(truth, predicted, weights)?;
    Ok(weights.mean(|row| f64::from(truth[row] == predicted[row])))
}

/// The mean over the true classes of the share of their rows that are predicted right: a rare class counts as
/// much as a common one.
///
/// ```
/// use ann_train::metrics::balanced_accuracy;
///
/// // All of "a" and none of "b" are found.
/// assert_eq!(balanced_accuracy(&["a", "a", "a", "b"], &["a"; 4], None)?, 0.5);
/// # Ok::<(), ann_train::Error>(())
/// ```
///
/// # Errors
/// As all [metrics](super#errors).
pub fn balanced_accuracy<L: Ord>(truth: &[L], predicted: &[L], weights: Option<&[f64]>) -> Result<f64> {
    let classes = by_class(truth, predicted, &check(truth, predicted, weights)?);
    let recalls: Vec<f64> = classes.iter().filter(|c| c.actual > 0.0).map(|c| c.hits / c.actual).collect();
    Ok(recalls.iter().sum::<f64>() / recalls.len() as f64)
}

/// How the values of several classes become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Average {
    /// The mean over classes: each class counts the same, however rare it is.
    Macro,
    /// The mean over classes, weighted by the number (the sum of the weights) of their rows.
    Weighted,
    /// All classes together, as a single decision "is it this class?" for each pair of row and class. The F1
    /// of labels is then the accuracy.
    Micro,
}

/// F1, the harmonic mean of precision and recall: 2 · hits / (actual + predicted), from 0 to 1. `actual` is
/// the number of rows of a class, `predicted` the number of rows predicted as this class, `hits` those in
/// both.
///
/// The mean is over all classes that are true or predicted in some row.
///
/// # Errors
/// As all [metrics](super#errors).
pub fn f1<L: Ord>(truth: &[L], predicted: &[L], average: Average, weights: Option<&[f64]>) -> Result<f64> {
    let weights = check(truth, predicted, weights)?;
    let classes = by_class(truth, predicted, &weights);
    let scores = classes.iter().map(|class| (2.0 * class.hits / (class.actual + class.predicted), class));
    Ok(match average {
        Average::Macro => scores.map(|(f1, _)| f1).sum::<f64>() / classes.len() as f64,
        Average::Weighted => scores.map(|(f1, class)| f1 * class.actual).sum::<f64>() / weights.total,
        Average::Micro => classes.iter().map(|class| class.hits).sum::<f64>() / weights.total,
    })
}

/// The correlation of Matthews between true and predicted classes, from −1 to 1; for more than two classes
/// the generalisation of Gorodkin ("Comparing two K-category assignments by a K-category correlation
/// coefficient", 2004). 1 is perfect. It is 0 if all rows, or all predictions, are of one class.
///
/// # Errors
/// As all [metrics](super#errors).
pub fn matthews_correlation<L: Ord>(truth: &[L], predicted: &[L], weights: Option<&[f64]>) -> Result<f64> {
    let weights = check(truth, predicted, weights)?;
    let classes = by_class(truth, predicted, &weights);
    let sum = |value: fn(&ClassWeights) -> f64| classes.iter().map(value).sum::<f64>();
    // With s the number of rows, and tₖ and pₖ those of class k that are true and predicted:
    // (s · hits − Σ tₖ pₖ) / √((s² − Σ tₖ²)(s² − Σ pₖ²))
    let s = weights.total;
    let covariance = s * sum(|class| class.hits) - sum(|class| class.actual * class.predicted);
    let actual = s * s - sum(|class| class.actual * class.actual);
    let predicted = s * s - sum(|class| class.predicted * class.predicted);
    if actual <= 0.0 || predicted <= 0.0 {
        return Ok(0.0);
    }
    // Two roots, because the product may overflow.
    Ok((covariance / (actual.sqrt() * predicted.sqrt())).clamp(-1.0, 1.0))
}

/// The number of rows (the sum of their weights) for each true and predicted class: row i and column j count
/// what is `classes[i]` and was predicted as `classes[j]`.
///
/// ```
/// use ann_train::{metrics::confusion_matrix, ndarray::array};
///
/// let (truth, predicted) = (["cat", "cat", "dog"], ["cat", "dog", "dog"]);
/// assert_eq!(confusion_matrix(&truth, &predicted, &["cat", "dog"], None)?, array![[1.0, 1.0], [0.0, 1.0]]);
/// # Ok::<(), ann_train::Error>(())
/// ```
///
/// # Errors
/// As all [metrics](super#errors); a label that is not in `classes`, even with weight 0; or the system cannot
/// provide the memory for the matrix.
pub fn confusion_matrix<L: Ord + Debug>(
    truth: &[L],
    predicted: &[L],
    classes: &[L],
    weights: Option<&[f64]>,
) -> Result<Array2<f64>> {
    let weights = check(truth, predicted, weights)?;
    let positions: BTreeMap<&L, usize> = classes.iter().zip(0..).collect();
    let position = |what, labels: &[L], row: usize| {
        positions.get(&labels[row]).copied().ok_or_else(|| {
            let (found, expected) = (format!("{:?}", labels[row]), format!("one of {classes:?}"));
            Error::UnknownClass { what, row, found, expected }
        })
    };
    let cells: Vec<[usize; 2]> = (0..truth.len())
        .map(|row| {
            Ok([position("the true label", truth, row)?, position("the predicted label", predicted, row)?])
        })
        .collect::<Result<_>>()?;
    ensure_available("the confusion matrix", bytes_of::<f64>(classes.len().saturating_mul(classes.len())))?;
    let mut matrix = Array2::zeros((classes.len(), classes.len()));
    for (row, weight) in weights.iter() {
        matrix[cells[row]] += weight;
    }
    Ok(matrix)
}

fn check<'w, L>(truth: &[L], predicted: &[L], weights: Option<&'w [f64]>) -> Result<Weights<'w>> {
    check_rows("predicted labels", predicted.len(), truth.len())?;
    Weights::new(truth.len(), weights)
}

/// The number of rows (the sum of their weights) that are of a class, are predicted to be, and both.
#[derive(Default)]
struct ClassWeights {
    actual: f64,
    predicted: f64,
    hits: f64,
}

/// For each class that is true or predicted in a row, sorted.
fn by_class<L: Ord>(truth: &[L], predicted: &[L], weights: &Weights<'_>) -> Vec<ClassWeights> {
    let mut classes: BTreeMap<&L, ClassWeights> = BTreeMap::new();
    for (row, weight) in weights.iter() {
        classes.entry(&truth[row]).or_default().actual += weight;
        let predicted_class = classes.entry(&predicted[row]).or_default();
        predicted_class.predicted += weight;
        if truth[row] == predicted[row] {
            predicted_class.hits += weight;
        }
    }
    classes.into_values().collect()
}
