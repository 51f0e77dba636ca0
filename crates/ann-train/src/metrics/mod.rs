//! How good are predictions? Metrics of classes, probabilities, rankings and values, with a standard error
//! from the bootstrap.
//!
//! All metrics are plain functions. They take what is true, what was predicted, and optional weights of the
//! rows (`None`: every row counts once), and return an `f64`:
//!
//! ```
//! use ann_train::metrics::{Average, accuracy, f1, roc_auc};
//!
//! let truth = ["spam", "ham", "ham", "ham"];
//! let predicted = ["spam", "ham", "spam", "ham"];
//! assert_eq!(accuracy(&truth, &predicted, None)?, 0.75);
//! assert_eq!(accuracy(&truth, &predicted, Some(&[1.0, 1.0, 2.0, 0.0]))?, 0.5); // 2 of 4
//! assert_eq!(f1(&truth, &predicted, Average::Macro, None)?, (2.0 / 3.0 + 0.8) / 2.0);
//!
//! // Class 1 of the first row should get the highest score, and gets the second highest.
//! assert_eq!(roc_auc(&[1, 0, 0, 0], &[0.7, 0.1, 0.8, 0.2], None)?, 2.0 / 3.0);
//! # Ok::<(), ann_train::Error>(())
//! ```
//!
//! # Which metric
//!
//! | question | metric | best, and without skill |
//! |---|---|---|
//! | How many labels are right? | [`accuracy`] | 1; the share of the largest class |
//! | … if some classes are rare and each counts the same | [`balanced_accuracy`], [`f1`] with [`Average::Macro`] | 1; 1 / classes for balanced accuracy |
//! | … as one number that only a good classifier of all classes gets | [`matthews_correlation`] | 1; 0 |
//! | Which classes are taken for which? | [`confusion_matrix`] | |
//! | Are the probabilities good? | [`log_loss`], [`brier_score`] | 0; ln(classes) for log loss with equal probabilities |
//! | Does 70 % mean 70 %? | [`reliability_curve`], [`expected_calibration_error`] | |
//! | Do positive rows get higher scores than negative ones, whatever the threshold? | [`roc_auc`], [`roc_auc_one_vs_rest`] | 1; ½ |
//! | … if positive rows are rare | [`average_precision`] | 1; the share of positive rows |
//! | How much of the variance is explained? | [`r_squared`] | 1; 0 |
//! | How far off are predictions, in the unit of the target? | [`rmse`] (large errors count more), [`mean_absolute_error`], [`median_absolute_error`] (outliers do not count) | 0 |
//! | Is a predicted quantile right? | [`pinball_loss`] | 0 |
//! | How many targets are in their intervals? | [`interval_coverage`] | the level of the intervals |
//! | Are predicted counts right? | [`poisson_deviance`] | 0 |
//! | How sure is the number? | [`bootstrap`] | |
//!
//! Always compute a metric on rows that were not used for training: see [`splits`](crate::splits).
//!
//! # Inputs
//!
//! *Labels* are of any ordered type: text, integers, class indices. *Classes* beside a matrix of
//! probabilities or scores are indices, 0 for the first column. *Probabilities*, *scores* and *values* are
//! slices, vectors or arrays of `f32` or `f64` (see [`Columns`]); sums are computed in `f64`.
//!
//! *Weights* are one number ≥ 0 for each row. A row of weight 2 counts as two equal rows, and a row of weight
//! 0 as none: a class that occurs only in rows of weight 0 does not occur. All metrics but those with
//! [`Bins::Quantile`] keep this promise. The sum of the weights must be between 1e-100 and 1e100.
//!
//! Values, also those of ties and missing classes, are those of scikit-learn (version 1.9), within 1e-12.
//! Where scikit-learn returns NaN, or a number after a warning, the result is
//! [`Error::UndefinedMetric`](crate::Error::UndefinedMetric).
//!
//! # Errors
//!
//! All metrics return an error, and never panic, if there are no rows, if the numbers of rows differ, or if a
//! number is NaN, infinite or outside its range.

mod bootstrap;
mod calibration;
mod columns;
mod labels;
mod probabilities;
mod ranking;
mod regression;
mod weights;

pub use bootstrap::{Bootstrap, Resample, bootstrap};
pub use calibration::{Bins, ReliabilityBin, expected_calibration_error, reliability_curve};
pub use columns::Columns;
pub use labels::{Average, accuracy, balanced_accuracy, confusion_matrix, f1, matthews_correlation};
pub use probabilities::{brier_score, log_loss};
pub use ranking::{average_precision, roc_auc, roc_auc_one_vs_rest};
pub use regression::{
    interval_coverage, mean_absolute_error, median_absolute_error, pinball_loss, poisson_deviance, r_squared,
    rmse,
};
