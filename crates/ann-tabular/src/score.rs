//! How good predictions are, each number with its standard error.

use ann_core::argmax;
use ann_model::{Model, Predictions, is_present};
use ann_table::{NumberTarget, Table, Target, TargetValues};
use ann_train::metrics::{
    accuracy, balanced_accuracy, bootstrap, log_loss, mean_absolute_error, r_squared, rmse, roc_auc,
};
use ndarray::{Array1, Array2, ArrayView1, Axis, stack};

use crate::estimate::Estimate;
use crate::{Error, Result};

/// How good predictions are.
#[derive(Clone, Debug, PartialEq)]
pub enum Score {
    /// Of classes.
    Classes(ClassScore),
    /// Of numbers, for each column.
    Numbers(Vec<NumberScore>),
    /// Of labels, for each column.
    Labels(Vec<LabelScore>),
}

/// How good probabilities of classes are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClassScore {
    /// The share of rows whose most probable class is the true one.
    pub accuracy: Estimate,
    /// The mean over the classes of the share of their rows that are hits.
    pub balanced_accuracy: Estimate,
    /// The mean of −ln p of the true class.
    pub log_loss: Estimate,
    /// Area under the ROC curve, of two classes if both occur.
    pub roc_auc: Option<Estimate>,
}

/// How good the probabilities of a label are.
#[derive(Clone, Debug, PartialEq)]
pub struct LabelScore {
    /// The column.
    pub column: String,
    /// As of two classes: rows without the label, and rows with it.
    pub score: ClassScore,
}

/// How good predicted numbers of a column are.
#[derive(Clone, Debug, PartialEq)]
pub struct NumberScore {
    /// The column.
    pub column: String,
    /// R²: 1 is perfect, 0 is as good as the mean. `None` if all true numbers are equal: then it is not
    /// defined.
    pub r_squared: Option<Estimate>,
    /// √(mean of (y − ŷ)²), in the unit of the column.
    pub rmse: Estimate,
    /// Mean of |y − ŷ|, in the unit of the column.
    pub mean_absolute_error: Estimate,
}

impl Score {
    /// The score of a model on the rows of a table, which should be others than those that it has learned
    /// from.
    ///
    /// # Errors
    /// The table lacks a column, a target is missing, or a class is unknown.
    pub fn of(model: &Model, table: &Table) -> Result<Self> {
        let target = &model.schema().target;
        let values = model.schema().targets(table)?;
        let units: Vec<usize> = (0..table.rows()).collect();
        let truth = Truth { target, values: &values, weights: None, units: &units, has_errors: true };
        truth.score(&aligned(target, &model.predict(table)?))
    }

    /// The score of predictions that are the same for all rows of a table: the shares of its classes or
    /// labels, or the means of its numbers. So it needs no column, and no other constant has a smaller loss
    /// on these rows.
    ///
    /// # Errors
    /// As [`of`](Self::of).
    pub fn of_constant(model: &Model, table: &Table) -> Result<Self> {
        let target = &model.schema().target;
        let values = model.schema().targets(table)?;
        let rows: Vec<usize> = (0..table.rows()).collect();
        let truth = Truth { target, values: &values, weights: None, units: &rows, has_errors: true };
        let mut score = truth.constant_score(&broadcast(&truth.constant(&rows), rows.len()))?;
        if let Self::Numbers(scores) = &mut score {
            // By definition; the mean is rounded.
            scores.iter_mut().filter_map(|score| score.r_squared.as_mut()).for_each(|r_squared| {
                r_squared.value = 0.0;
            });
        }
        Ok(score)
    }

    /// The names of the numbers that are not defined for the rows of this score, as
    /// [`entries`](Self::entries) would have them: R² if all true numbers are equal, ROC AUC if only one of
    /// two classes occurs.
    pub fn undefined(&self, target: &Target) -> Vec<String> {
        match self {
            Self::Classes(score) => {
                let has_area = target.outputs() == 2;
                if has_area && score.roc_auc.is_none() { vec!["ROC AUC".to_owned()] } else { vec![] }
            }
            Self::Labels(scores) => {
                let is_undefined = |label: &&LabelScore| label.score.roc_auc.is_none();
                scores.iter().filter(is_undefined).map(|label| format!("ROC AUC {}", label.column)).collect()
            }
            Self::Numbers(scores) => {
                let is_undefined = |score: &&NumberScore| score.r_squared.is_none();
                let name = |score: &NumberScore| format!("R²{}", suffix(score, scores));
                scores.iter().filter(is_undefined).map(name).collect()
            }
        }
    }

    /// The name, the value, and for further columns of numbers their names, of each number that is defined:
    /// in the order of a table.
    pub fn entries(&self) -> Vec<(String, Estimate)> {
        match self {
            Self::Classes(score) => score.entries(""),
            Self::Labels(scores) => {
                scores.iter().flat_map(|label| label.score.entries(&format!(" {}", label.column))).collect()
            }
            Self::Numbers(scores) => {
                scores.iter().flat_map(|score| score.entries(&suffix(score, scores))).collect()
            }
        }
    }
}

/// What follows the names of the numbers of a column: nothing if there is one column.
fn suffix(score: &NumberScore, scores: &[NumberScore]) -> String {
    if scores.len() == 1 { String::new() } else { format!(" {}", score.column) }
}

impl NumberScore {
    /// `column` follows the names.
    fn entries(&self, column: &str) -> Vec<(String, Estimate)> {
        let r_squared = self.r_squared.map(|r_squared| (format!("R²{column}"), r_squared));
        let errors = [("RMSE", self.rmse), ("MAE", self.mean_absolute_error)];
        let errors = errors.map(|(name, error)| (format!("{name}{column}"), error));
        r_squared.into_iter().chain(errors).collect()
    }
}

impl ClassScore {
    /// `column` follows the names.
    fn entries(&self, column: &str) -> Vec<(String, Estimate)> {
        let mut entries = vec![
            (format!("accuracy{column}"), self.accuracy),
            (format!("balanced accuracy{column}"), self.balanced_accuracy),
            (format!("log loss{column}"), self.log_loss),
        ];
        entries.extend(self.roc_auc.map(|area| (format!("ROC AUC{column}"), area)));
        entries
    }
}

/// The true targets of rows.
#[derive(Clone, Copy)]
pub(crate) struct Truth<'a> {
    pub target: &'a Target,
    pub values: &'a TargetValues,
    pub weights: Option<&'a [f64]>,
    /// Rows with equal numbers are drawn together.
    pub units: &'a [usize],
    /// Whether standard errors are measured.
    pub has_errors: bool,
}

impl Truth<'_> {
    /// `predicted`: (rows, classes, numbers or labels), in the order of the target.
    pub fn score(&self, predicted: &Array2<f64>) -> Result<Score> {
        let names = self.target.names();
        let columns = names.iter().zip(predicted.columns()).enumerate();
        match self.values {
            TargetValues::Classes(classes) => self.class_score(classes, predicted).map(Score::Classes),
            TargetValues::Numbers(numbers) => {
                let score = |(index, (name, predicted)): (usize, (&&str, ArrayView1<'_, f64>))| {
                    self.number_score(name, &numbers.column(index), &predicted)
                };
                columns.map(score).collect::<Result<_>>().map(Score::Numbers)
            }
            TargetValues::Labels(labels) => {
                let score = |(index, (name, predicted)): (usize, (&&str, ArrayView1<'_, f64>))| {
                    let is_present: Vec<usize> =
                        labels.column(index).iter().map(|&label| label.into()).collect();
                    let both = stack(Axis(1), &[(1.0 - &predicted).view(), predicted]);
                    let both = both.expect("both columns have the same rows");
                    Ok(LabelScore {
                        column: (*name).to_owned(),
                        score: self.class_score(&is_present, &both)?,
                    })
                };
                columns.map(score).collect::<Result<_>>().map(Score::Labels)
            }
        }
    }

    /// The score of predictions that are the same for all rows. Those of different folds differ a little, but
    /// rank no row above another: by definition the area under the ROC curve is ½.
    pub fn constant_score(&self, predicted: &Array2<f64>) -> Result<Score> {
        let mut score = self.score(predicted)?;
        let area = Estimate { value: 0.5, standard_error: 0.0 };
        match &mut score {
            Score::Classes(score) => score.roc_auc = score.roc_auc.map(|_| area),
            Score::Labels(scores) => {
                scores.iter_mut().for_each(|label| label.score.roc_auc = label.score.roc_auc.map(|_| area));
            }
            Score::Numbers(_) => {}
        }
        Ok(score)
    }

    fn class_score(&self, classes: &[usize], predicted: &Array2<f64>) -> Result<ClassScore> {
        let labels = most_probable(predicted);
        let area = || self.defined_estimate(|weights| roc_auc(classes, &predicted.column(1), Some(weights)));
        Ok(ClassScore {
            accuracy: self.estimate(|weights| accuracy(classes, &labels, Some(weights)))?,
            balanced_accuracy: self.estimate(|weights| balanced_accuracy(classes, &labels, Some(weights)))?,
            log_loss: self.estimate(|weights| log_loss(classes, predicted, Some(weights)))?,
            roc_auc: if predicted.ncols() == 2 { area()? } else { None },
        })
    }

    fn number_score(
        &self,
        column: &str,
        truth: &ArrayView1<'_, f64>,
        predicted: &ArrayView1<'_, f64>,
    ) -> Result<NumberScore> {
        Ok(NumberScore {
            column: column.to_owned(),
            r_squared: self.defined_estimate(|weights| match are_equal(truth, weights) {
                true => Err(ann_train::Error::UndefinedMetric {
                    metric: "R²",
                    reason: "all targets are equal".to_owned(),
                }),
                false => r_squared(truth, predicted, Some(weights)),
            })?,
            rmse: self.estimate(|weights| rmse(truth, predicted, Some(weights)))?,
            mean_absolute_error: self
                .estimate(|weights| mean_absolute_error(truth, predicted, Some(weights)))?,
        })
    }

    /// The number by which models are compared, higher is better: accuracy, the mean accuracy of labels, or
    /// the mean R².
    pub fn main_metric(&self, predicted: &Array2<f64>) -> Result<f64> {
        Ok(match self.values {
            TargetValues::Classes(classes) => accuracy(classes, &most_probable(predicted), self.weights)?,
            TargetValues::Numbers(numbers) => r_squared(numbers, predicted, self.weights)?,
            TargetValues::Labels(labels) => {
                let columns = labels.columns().into_iter().zip(predicted.columns());
                let accuracies = columns.map(|(labels, predicted)| {
                    let predicted: Vec<bool> = predicted.iter().copied().map(is_present).collect();
                    accuracy(&labels.to_vec(), &predicted, self.weights)
                });
                accuracies.sum::<ann_train::Result<f64>>()? / labels.ncols() as f64
            }
        })
    }

    /// By how much the mean loss of a row is lower than with other predictions: −ln p of the true class, or
    /// the squared error, of several columns in units of their variances.
    pub fn advantage(&self, predicted: &Array2<f64>, other: &Array2<f64>) -> Result<Estimate> {
        let differences: Vec<f64> = (0..predicted.nrows())
            .map(|row| self.row_loss(row, &other.row(row)) - self.row_loss(row, &predicted.row(row)))
            .collect();
        self.estimate(|weights| {
            let total: f64 = weights.iter().sum();
            Ok(differences.iter().zip(weights).map(|(difference, weight)| difference * weight).sum::<f64>()
                / total)
        })
    }

    fn row_loss(&self, row: usize, predicted: &ArrayView1<'_, f64>) -> f64 {
        let log_loss = |p: f64| -p.max(f64::EPSILON).ln();
        match self.values {
            TargetValues::Classes(classes) => log_loss(predicted[classes[row]]),
            TargetValues::Numbers(numbers) => {
                let columns = numbers.row(row).into_iter().zip(predicted).zip(number_targets(self.target));
                columns.map(|((truth, predicted), target)| ((predicted - truth) / target.scale).powi(2)).sum()
            }
            TargetValues::Labels(labels) => {
                let columns = labels.row(row).into_iter().zip(predicted);
                columns.map(|(&is_present, &p)| log_loss(if is_present { p } else { 1.0 - p })).sum()
            }
        }
    }

    /// As [`estimate`](Self::estimate), or `None` if the metric is not defined for these rows.
    fn defined_estimate(
        &self,
        metric: impl Fn(&[f64]) -> ann_train::Result<f64>,
    ) -> Result<Option<Estimate>> {
        match self.estimate(metric) {
            Err(Error::Train(ann_train::Error::UndefinedMetric { .. })) => Ok(None),
            estimate => estimate.map(Some),
        }
    }

    /// The metric of the rows with their weights, and its standard error.
    pub fn estimate(&self, metric: impl Fn(&[f64]) -> ann_train::Result<f64>) -> Result<Estimate> {
        const RESAMPLES: usize = 200;
        let rows = self.rows();
        let (unit_of, units) = numbered(self.units);
        if units < 2 || !self.has_errors {
            let weights: Vec<f64> = (0..rows).map(|row| self.weights.map_or(1.0, |all| all[row])).collect();
            return Ok(Estimate { value: metric(&weights)?, standard_error: f64::INFINITY });
        }
        let found = bootstrap(units, RESAMPLES, 0, |resample| {
            let weight =
                |row: usize| resample.weights[unit_of[row]] * self.weights.map_or(1.0, |all| all[row]);
            metric(&(0..rows).map(weight).collect::<Vec<_>>())
        })?;
        Ok(Estimate { value: found.estimate, standard_error: found.standard_error })
    }

    /// The shares of the classes or labels, or the mean of each column, among some rows.
    pub fn constant(&self, rows: &[usize]) -> Array1<f64> {
        let mut sums = Array1::zeros(self.target.outputs());
        let mut total = 0.0;
        for &row in rows {
            let weight = self.weights.map_or(1.0, |weights| weights[row]);
            total += weight;
            match self.values {
                TargetValues::Classes(classes) => sums[classes[row]] += weight,
                TargetValues::Numbers(numbers) => sums.scaled_add(weight, &numbers.row(row)),
                TargetValues::Labels(labels) => {
                    sums.zip_mut_with(&labels.row(row), |sum, &label| {
                        *sum += weight * f64::from(u8::from(label));
                    });
                }
            }
        }
        sums / total
    }

    /// The class with the largest sum of weights, if classes are predicted.
    pub fn largest_class(&self) -> Option<usize> {
        let all: Vec<usize> = (0..self.rows()).collect();
        matches!(self.values, TargetValues::Classes(_)).then(|| argmax(&self.constant(&all)))
    }

    pub fn rows(&self) -> usize {
        self.values.len()
    }
}

/// The same row, many times.
pub(crate) fn broadcast(row: &Array1<f64>, rows: usize) -> Array2<f64> {
    row.broadcast((rows, row.len())).expect("a row has the same length in every row").to_owned()
}

/// Whether all numbers that have a weight are equal.
fn are_equal(numbers: &ArrayView1<'_, f64>, weights: &[f64]) -> bool {
    let mut numbers =
        numbers.iter().zip(weights).filter(|(_, weight)| **weight > 0.0).map(|(number, _)| number);
    let first = numbers.next();
    numbers.all(|number| Some(number) == first)
}

/// The class with the highest probability, of each row.
pub(crate) fn most_probable(probabilities: &Array2<f64>) -> Vec<usize> {
    probabilities.rows().into_iter().map(argmax).collect()
}

/// The columns of a target whose values are numbers.
pub(crate) fn number_targets(target: &Target) -> &[NumberTarget] {
    match target {
        Target::Numbers(columns) => columns,
        Target::Classes { .. } | Target::Labels(_) => &[],
    }
}

/// Numbers from 0 for the distinct values, and how many there are.
fn numbered(values: &[usize]) -> (Vec<usize>, usize) {
    let mut distinct = values.to_vec();
    distinct.sort_unstable();
    distinct.dedup();
    let place = |value: &usize| distinct.partition_point(|smaller| smaller < value);
    (values.iter().map(place).collect(), distinct.len())
}

/// Predictions with a column for each class of `target`: 0 for a class that the model does not know. The sum
/// of each row is 1, also where single precision has rounded it.
pub(crate) fn aligned(target: &Target, predictions: &Predictions<'_>) -> Array2<f64> {
    let Target::Classes { classes, .. } = target else { return predictions.values().clone() };
    let mut aligned = Array2::zeros((predictions.values().nrows(), classes.len()));
    let known = predictions.classes().iter().zip(predictions.values().columns());
    for (class, values) in known {
        let place = classes.iter().position(|other| other == class);
        aligned.column_mut(place.expect("all classes occur in all rows")).assign(&values);
    }
    for mut row in aligned.axis_iter_mut(Axis(0)) {
        let sum = row.sum();
        row /= sum;
    }
    aligned
}
