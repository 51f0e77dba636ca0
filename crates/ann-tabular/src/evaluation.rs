//! The honest score: of rows that were not learned from, beside a linear model and constant predictions.

use std::fmt;

use ann_model::{Model, Predictions};
use ann_table::{Schema, Target, TargetValues};
use ann_train::metrics::{Bins, ReliabilityBin, reliability_curve};
use ann_train::splits::Split;
use ndarray::{Array1, Array2, ArrayView1, Axis, concatenate};

use crate::importance::{self, Importance};
use crate::members;
use crate::progress::{Observer, Stage};
use crate::rows::{Rows, Units, copies, selected};
use crate::score::{Estimate, Score, Truth, aligned};
use crate::{Recipe, Result, Scoring};

/// How good models like this one are on rows that they have not learned from.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluation {
    /// Which rows were held out.
    pub rule: ScoreRule,
    /// Number of rows that were predicted.
    pub rows: usize,
    /// Number of rows that occur more than once, in all columns. They were kept on one side of each split;
    /// but not if they are half of all rows, because then the columns have few values.
    pub copies: usize,
    /// Of the recipe.
    pub model: Score,
    /// Of the recipe without hidden layers. `None` if it has none anyway.
    pub linear: Option<Score>,
    /// Of the shares of the classes, or the mean.
    pub constant: Score,
    /// By how much the loss of a row is lower than with the linear model: see
    /// [`beats_linear`](Self::beats_linear).
    pub advantage: Option<Estimate>,
    /// Of intervals or sets of classes that should contain the truth of 90 % of the rows.
    pub coverage: Option<Coverage>,
    /// Predicted probabilities and what happened, for ten bins with about as many rows each: of the second of
    /// two classes, or of the most probable of several. Empty for numbers.
    pub calibration: Vec<ReliabilityBin>,
    /// Of each column, the most important first.
    pub importance: Vec<Importance>,
}

impl Evaluation {
    /// Whether the loss (−ln p of the true class, or the squared error) is lower than that of the linear
    /// model by more than two standard errors. `None` if there is no other linear model.
    pub fn beats_linear(&self) -> Option<bool> {
        self.advantage.map(|advantage| advantage.value > 2.0 * advantage.standard_error)
    }
}

/// Which rows were held out for the score.
#[derive(Clone, Debug, PartialEq)]
pub enum ScoreRule {
    /// This share of the rows, at random.
    HoldOut(f64),
    /// Each of this number of folds once.
    Folds(usize),
    /// The latest rows, by this column.
    Latest {
        /// The column.
        column: String,
        /// The share of the rows.
        share: f64,
    },
}

impl fmt::Display for ScoreRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::HoldOut(share) => write!(f, "{:.0} % of the rows were held out", 100.0 * share),
            Self::Folds(folds) => write!(f, "each of {folds} folds was held out once"),
            Self::Latest { column, share } => {
                write!(f, "the latest {:.0} % of the rows by {column:?} were held out", 100.0 * share)
            }
        }
    }
}

/// How often intervals or sets of classes contained the truth.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Coverage {
    /// How often they should.
    pub level: f64,
    /// How often they did. Of several numbers it is the mean.
    pub found: Estimate,
    /// The mean width of the intervals, in standard deviations of the numbers; or the mean number of classes.
    pub size: f64,
}

const LEVEL: f64 = 0.9;

/// Measures the score, or says why there is none.
pub(crate) fn evaluate(
    recipe: &Recipe,
    rows: &Rows<'_>,
    schema: &Schema,
    observer: &Observer<'_>,
) -> Result<Evaluation, String> {
    if recipe.scoring == Scoring::Off {
        return Err("it was not asked for".to_owned());
    }
    let measured = measure(recipe, rows, schema, observer);
    if observer.has_ended() {
        return Err("the fit was ended before it was measured".to_owned());
    }
    // Rows that are enough for a model may be too few to be divided.
    measured.map_err(|error| error.to_string())
}

fn measure(recipe: &Recipe, rows: &Rows<'_>, schema: &Schema, observer: &Observer<'_>) -> Result<Evaluation> {
    let values = schema.targets(&rows.table)?;
    let truth =
        Truth { target: &schema.target, values: &values, weights: rows.weights.as_deref(), groups: None };
    let (rule, splits, copies) = splits(recipe, rows, &values)?;
    let (parts, names) = (splits.len(), schema.target.names());
    let mut tested = vec![];
    for (part, split) in (1..).zip(splits) {
        let (train, test) = (rows.select(&split.train), rows.select(&split.test));
        let train_with = |recipe: &Recipe, stage| members::train(recipe, &train, &names, stage, observer);
        let model = train_with(recipe, Stage::Score { part, parts })?.model;
        let linear = match &recipe.hidden[..] {
            [] => None,
            _ => Some(train_with(&recipe.linear(), Stage::Linear { part, parts })?.model),
        };
        tested.push(Tested::new(&model, linear.as_ref(), &test, &truth, split)?);
    }
    summary(&tested, rows, &truth, rule, copies)
}

/// The rows that are held out, each time others; and the number of copies among all rows.
fn splits(recipe: &Recipe, rows: &Rows<'_>, values: &TargetValues) -> Result<(ScoreRule, Vec<Split>, usize)> {
    const SHARE: f64 = 0.2;
    let (equal, copies) = copies(&rows.table);
    if let (Some(times), Some(column)) = (&rows.times, &recipe.time) {
        let share = if let Scoring::HoldOut(share) = recipe.scoring { share } else { SHARE };
        let rule = ScoreRule::Latest { column: column.clone(), share };
        return Ok((rule, vec![latest(times, share)], copies));
    }
    let units = match &rows.groups {
        // Copies on both sides would be known already. But columns of few values have equal rows by nature.
        None if copies > 0 && 2 * copies < rows.len() => Units::new(Some(&equal), rows.len(), values),
        _ => rows.units(values),
    };
    Ok(match recipe.scoring.of(rows.len()) {
        Scoring::Folds(folds) => (ScoreRule::Folds(folds), units.folds(folds, recipe.seed)?, copies),
        Scoring::HoldOut(share) => {
            (ScoreRule::HoldOut(share), vec![units.hold_out(share, recipe.seed)?], copies)
        }
        Scoring::Auto | Scoring::Off => unreachable!("Auto is one of the others, and Off measures nothing"),
    })
}

/// Holds out the latest rows: about this share, because equal times are never divided.
fn latest(times: &[f64], share: f64) -> Split {
    let mut sorted = times.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let kept = ((1.0 - share) * times.len() as f64).round() as usize;
    let border = sorted[kept.clamp(1, times.len()) - 1];
    let (train, test) = (0..times.len()).partition(|&row| times[row] <= border);
    Split { train, test }
}

/// What the models of one split said of the rows that they had not seen.
struct Tested {
    rows: Vec<usize>,
    /// (rows, classes or numbers)
    model: Array2<f64>,
    linear: Option<Array2<f64>>,
    constant: Array2<f64>,
    /// For each row, the share of its numbers or classes that were in their interval or set, and how large
    /// that was.
    regions: Vec<[f64; 2]>,
    importance: Vec<Importance>,
}

impl Tested {
    fn new(
        model: &Model,
        linear: Option<&Model>,
        test: &Rows<'_>,
        truth: &Truth<'_>,
        split: Split,
    ) -> Result<Self> {
        let target = truth.target;
        let predictions = model.predict(&test.table)?;
        let (values, constant) = (truth.values.select(&split.test), truth.constant(&split.train));
        let linear = match linear {
            Some(linear) => Some(aligned(target, &linear.predict(&test.table)?)),
            None => None,
        };
        let tested = Truth { values: &values, weights: test.weights.as_deref(), ..*truth };
        Ok(Self {
            model: aligned(target, &predictions),
            linear,
            constant: broadcast(&constant, test.len()),
            regions: regions(model, &tested, &predictions)?,
            importance: importance::measure(model, &tested, &test.table)?,
            rows: split.test,
        })
    }
}

/// The same row, many times.
fn broadcast(row: &Array1<f64>, rows: usize) -> Array2<f64> {
    row.broadcast((rows, row.len())).expect("a row has the same length in every row").to_owned()
}

/// Whether the truth was in each interval or set, and how large it was. Nothing if the model has none.
fn regions(model: &Model, truth: &Truth<'_>, predictions: &Predictions<'_>) -> Result<Vec<[f64; 2]>> {
    if model.conformal().is_none() {
        return Ok(vec![]);
    }
    match (truth.target, truth.values) {
        (Target::Classes { classes: all, .. }, TargetValues::Classes(classes)) => {
            let sets = predictions.sets(LEVEL)?;
            let region = |(set, &class): (ArrayView1<'_, bool>, &usize)| {
                // A class that the model does not know is in no set.
                let place = predictions.classes().iter().position(|known| *known == all[class]);
                let is_in = place.is_some_and(|place| set[place]);
                [f64::from(is_in), set.iter().filter(|is_in| **is_in).count() as f64]
            };
            Ok(sets.rows().into_iter().zip(classes).map(region).collect())
        }
        (Target::Numbers(columns), TargetValues::Numbers(numbers)) => {
            let (low, high) = predictions.intervals(LEVEL)?;
            let share = 1.0 / columns.len() as f64;
            let region = |row: usize| {
                columns.iter().enumerate().fold([0.0, 0.0], |[hits, size], (column, target)| {
                    let place = [row, column];
                    let is_in = (low[place]..=high[place]).contains(&numbers[place]);
                    let width = (high[place] - low[place]) / target.scale;
                    [hits + share * f64::from(is_in), size + share * width]
                })
            };
            Ok((0..numbers.nrows()).map(region).collect())
        }
        _ => unreachable!("targets and their values are of one kind"),
    }
}

fn summary(
    tested: &[Tested],
    rows: &Rows<'_>,
    truth: &Truth<'_>,
    rule: ScoreRule,
    copies: usize,
) -> Result<Evaluation> {
    let all = |values: &dyn for<'a> Fn(&'a Tested) -> Option<&'a Array2<f64>>| {
        let values: Option<Vec<_>> = tested.iter().map(|part| Some(values(part)?.view())).collect();
        values.map(|values| concatenate(Axis(0), &values).expect("all have a column for each output"))
    };
    let order: Vec<usize> = tested.iter().flat_map(|part| part.rows.iter().copied()).collect();
    let values = truth.values.select(&order);
    let weights = selected(rows.weights.as_deref(), &order);
    let groups = selected(rows.groups.as_deref(), &order);
    let truth = Truth {
        target: truth.target,
        values: &values,
        weights: weights.as_deref(),
        groups: groups.as_deref(),
    };
    let model = all(&|part| Some(&part.model)).expect("each split has a model");
    let constant = all(&|part| Some(&part.constant)).expect("each split has constants");
    let linear = all(&|part| part.linear.as_ref());
    let regions: Vec<[f64; 2]> = tested.iter().flat_map(|part| part.regions.iter().copied()).collect();
    Ok(Evaluation {
        rule,
        rows: order.len(),
        copies,
        advantage: linear.as_ref().map(|linear| truth.advantage(&model, linear)).transpose()?,
        model: truth.score(&model)?,
        linear: linear.map(|linear| truth.score(&linear)).transpose()?,
        constant: truth.score(&constant)?,
        coverage: coverage(&truth, &regions)?,
        calibration: calibration(&truth, &model)?,
        importance: importance::mean(tested.iter().map(|part| &part.importance[..])),
    })
}

fn coverage(truth: &Truth<'_>, regions: &[[f64; 2]]) -> Result<Option<Coverage>> {
    if regions.len() < truth.rows() {
        return Ok(None);
    }
    let mean = |weights: &[f64], place: usize| {
        let sum: f64 = regions.iter().zip(weights).map(|(region, weight)| region[place] * weight).sum();
        sum / weights.iter().sum::<f64>()
    };
    let found = truth.estimate(|weights| Ok(mean(weights, 0)))?;
    let size = truth.estimate(|weights| Ok(mean(weights, 1)))?.value;
    Ok(Some(Coverage { level: LEVEL, found, size }))
}

fn calibration(truth: &Truth<'_>, predicted: &Array2<f64>) -> Result<Vec<ReliabilityBin>> {
    const BINS: Bins = Bins::Quantile(10);
    let TargetValues::Classes(classes) = truth.values else { return Ok(vec![]) };
    Ok(match predicted.ncols() {
        2 => reliability_curve(classes, &predicted.column(1), BINS, truth.weights)?,
        _ => reliability_curve(classes, predicted, BINS, truth.weights)?,
    })
}
