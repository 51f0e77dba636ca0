//! The honest score: of rows that were not learned from, beside a linear model and constant predictions.

use std::cmp::Ordering;
use std::collections::HashSet;
use std::fmt;
use std::iter;

use ann_model::{Model, Predictions};
use ann_table::message::quoted;
use ann_table::{Schema, Target, TargetValues};
use ann_train::metrics::{Bins, ReliabilityBin, reliability_curve};
use ann_train::splits::Split;
use ndarray::{Array2, ArrayView1, Axis, concatenate};

use crate::estimate::Estimate;
use crate::importance::{self, Importance};
use crate::members;
use crate::progress::{Observer, Stage};
use crate::rows::{Rows, Units, selected};
use crate::score::{Score, Truth, aligned, broadcast};
use crate::{Error, Recipe, Result, Scoring};

/// How good models like this one are on rows that they have not learned from.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluation {
    /// Which rows were held out.
    pub rule: ScoreRule,
    /// The numbers of the rows that were held out, counted from 0, in the table that was given.
    pub rows: Vec<usize>,
    /// What was predicted for them, by networks that have not seen them: probabilities of the classes or
    /// labels, or numbers. Shape (rows, classes, labels or numbers).
    pub predicted: Array2<f64>,
    /// Number of rows that are equal to an earlier one, in all columns that are used. Equal rows are on one
    /// side of each split, unless half of all rows are copies: then the columns have few values.
    pub copies: usize,
    /// The classes that no held-out row has: the score says nothing about them.
    pub untested: Vec<String>,
    /// The score of models that are made by the recipe.
    pub model: Score,
    /// The score of linear models, made by [`Recipe::linear`]. `None` if the recipe has no hidden layers.
    pub linear: Option<Score>,
    /// The score of the shares of the classes or labels, or of the mean.
    pub constant: Score,
    /// By how much the mean loss of a row is lower than with the linear model: see
    /// [`against_linear`](Self::against_linear).
    pub advantage: Option<Estimate>,
    /// Of intervals or sets of classes that should contain the truth of 90 % of the rows.
    pub coverage: Option<Coverage>,
    /// Predicted probabilities and what happened, for ten bins with about as many rows each: of the second of
    /// two classes, or of the most probable of several. Empty for numbers and labels.
    pub calibration: Vec<ReliabilityBin>,
    /// Of each column, the most important first. Empty if there are more than 300 columns, in the fits of
    /// many groups, or if the caller ended the fit before it was measured.
    pub importance: Vec<Importance>,
}

impl Evaluation {
    /// Whether the loss (−ln p of the true class, or the squared error) is lower (`Less`) or higher than that
    /// of the linear model, by more than two standard errors; `Equal` if neither. `None` if the recipe is
    /// that of a linear model.
    pub fn against_linear(&self) -> Option<Ordering> {
        let Estimate { value, standard_error } = self.advantage?;
        let is_clear = |value: f64| value > 2.0 * standard_error;
        Some(match value {
            _ if is_clear(value) => Ordering::Less,
            _ if is_clear(-value) => Ordering::Greater,
            _ => Ordering::Equal,
        })
    }
}

/// Why there is no score.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NoScore {
    /// [`Scoring::Off`].
    Off,
    /// The caller ended the fit before.
    Ended,
    /// It could not be measured, for this reason; usually because there are too few rows.
    Failed(String),
}

impl fmt::Display for NoScore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Off => f.write_str("it was not asked for"),
            Self::Ended => f.write_str("the fit was ended before"),
            Self::Failed(reason) => f.write_str(reason),
        }
    }
}

/// Which rows were held out for the score.
#[derive(Clone, Debug, PartialEq)]
pub enum ScoreRule {
    /// This share of the rows, at random.
    HoldOut(f64),
    /// Each of this number of folds once.
    Folds(usize),
    /// The latest rows.
    Latest {
        /// The column of times.
        column: String,
        /// The share of the rows.
        share: f64,
    },
}

impl fmt::Display for ScoreRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::HoldOut(_) => f.write_str("rows held out at random"),
            Self::Folds(folds) => write!(f, "rows in {folds} folds, each held out once"),
            Self::Latest { column, .. } => write!(f, "rows, the latest ones by {}", quoted(column)),
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
    /// Infinite if there were too few rows to say how wide intervals must be.
    pub size: f64,
}

/// The level of the intervals and sets that are measured.
const LEVEL: f64 = 0.9;
/// The share of the rows that is held out.
const SHARE: f64 = 0.2;
/// If there are fewer units, a fifth of them would be too few for a score, and there are folds.
const FEW_UNITS: usize = 200;
const FOLDS: usize = 5;

/// Measures the score.
pub(crate) fn evaluate(
    recipe: &Recipe,
    rows: &Rows<'_>,
    copies: usize,
    schema: &Schema,
    observer: &Observer<'_>,
) -> Result<Evaluation, NoScore> {
    if recipe.scoring == Scoring::Off {
        return Err(NoScore::Off);
    }
    let measured = measure(recipe, rows, copies, schema, observer);
    // Rows that are enough for a model may be too few to be divided.
    measured.map_err(|error| match observer.has_ended() {
        true => NoScore::Ended,
        false => NoScore::Failed(error.to_string()),
    })
}

fn measure(
    recipe: &Recipe,
    rows: &Rows<'_>,
    copies: usize,
    schema: &Schema,
    observer: &Observer<'_>,
) -> Result<Evaluation> {
    let values = schema.targets(&rows.table)?;
    let truth = Truth {
        target: &schema.target,
        values: &values,
        weights: rows.weights.as_deref(),
        units: &rows.units,
        has_errors: !observer.is_brief(),
    };
    let (rule, splits) = splits(recipe, rows, &values)?;
    let parts = splits.len();
    let test = |(part, split): (usize, Split)| {
        let (used, recipe) = (split.train.len(), recipe.for_part(schema, &values, &split.train));
        let in_split = |error| Error::Split { part, parts, used, rows: rows.len(), error: Box::new(error) };
        Tested::new(&recipe, rows, &truth, split, (part, parts), observer).map_err(in_split)
    };
    let tested = (1..).zip(splits).map(test).collect::<Result<Vec<_>>>()?;
    summary(&tested, rows, &truth, rule, copies)
}

/// The trainings of which the score consists: the recipe, its rows, and the stage.
pub(crate) fn trainings(
    recipe: &Recipe,
    rows: &Rows<'_>,
    schema: &Schema,
) -> Result<Vec<(Recipe, Vec<usize>, Stage)>> {
    let values = schema.targets(&rows.table)?;
    let (_, splits) = splits(recipe, rows, &values)?;
    let parts = splits.len();
    let of_split = |(part, split): (usize, Split)| {
        let recipe = recipe.for_part(schema, &values, &split.train);
        let linear = (recipe.linear(), split.train.clone(), Stage::Linear { part, parts });
        let linear = (!recipe.hidden.is_empty()).then_some(linear);
        iter::once((recipe, split.train, Stage::Score { part, parts })).chain(linear)
    };
    Ok((1..).zip(splits).flat_map(of_split).collect())
}

/// The rows that are held out, each time others.
pub(crate) fn splits(
    recipe: &Recipe,
    rows: &Rows<'_>,
    values: &TargetValues,
) -> Result<(ScoreRule, Vec<Split>)> {
    match (&rows.times, &recipe.time) {
        (Some(times), Some(column)) => by_time(recipe.scoring, column, times, &rows.units),
        _ => at_random(recipe, &rows.divisible(values), values),
    }
}

fn by_time(
    scoring: Scoring,
    column: &str,
    times: &[f64],
    units: &[usize],
) -> Result<(ScoreRule, Vec<Split>)> {
    let share = if let Scoring::HoldOut(share) = scoring { share } else { SHARE };
    let split = latest(times, units, share).ok_or_else(|| Error::Setting {
        name: "time",
        found: format!("{}, where all times are equal", quoted(column)),
        expected: "a column of different times, not all of one group",
    })?;
    let share = split.test.len() as f64 / times.len() as f64;
    Ok((ScoreRule::Latest { column: column.to_owned(), share }, vec![split]))
}

fn at_random(recipe: &Recipe, units: &Units, values: &TargetValues) -> Result<(ScoreRule, Vec<Split>)> {
    let (most, whose) = match values {
        TargetValues::Classes(_) => (units.of_largest_class(), "the largest class has"),
        TargetValues::Numbers(_) | TargetValues::Labels(_) => (units.len(), "there are"),
    };
    let folds = |folds| Ok((ScoreRule::Folds(folds), units.folds(folds, recipe.seed)?));
    let held_out = |share| Ok((ScoreRule::HoldOut(share), vec![units.hold_out(share, recipe.seed)?]));
    match recipe.scoring {
        Scoring::Folds(folds) if folds > most => Err(Error::TooManyFolds { folds, whose, most }),
        Scoring::Folds(count) => folds(count),
        Scoring::HoldOut(share) => held_out(share),
        _ if most < 2 => Err(Error::Setting {
            name: "scoring",
            found: "Auto, where each class has one row or group".to_owned(),
            expected: "more rows or groups",
        }),
        _ if units.len() < FEW_UNITS => folds(FOLDS.min(most)),
        _ => held_out(SHARE),
    }
}

/// Holds out the latest rows: at least this share, because equal times are not divided. Earlier rows of their
/// groups are in neither part. `None` if nothing is left to train on.
fn latest(times: &[f64], units: &[usize], share: f64) -> Option<Split> {
    let mut sorted = times.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let kept = ((1.0 - share) * times.len() as f64).round() as usize;
    let mut first_tested = *sorted.get(kept.min(times.len().saturating_sub(1)))?;
    if first_tested == sorted[0] {
        first_tested = *sorted.iter().find(|&&time| time > first_tested)?;
    }
    let (mut train, test): (Vec<usize>, Vec<usize>) =
        (0..times.len()).partition(|&row| times[row] < first_tested);
    let tested: HashSet<usize> = test.iter().map(|&row| units[row]).collect();
    train.retain(|&row| !tested.contains(&units[row]));
    (!train.is_empty()).then_some(Split { train, test })
}

/// What the models of one split said of the rows that they had not seen.
struct Tested {
    rows: Vec<usize>,
    /// (rows, classes, numbers or labels)
    model: Array2<f64>,
    linear: Option<Array2<f64>>,
    constant: Array2<f64>,
    /// For each row, the share of its numbers or classes that were in their interval or set, and how large
    /// that was.
    regions: Vec<[f64; 2]>,
    importance: Vec<Importance>,
}

impl Tested {
    /// Trains models by the rows of one side of a split, and tests them on the other side.
    fn new(
        recipe: &Recipe,
        rows: &Rows<'_>,
        truth: &Truth<'_>,
        split: Split,
        (part, parts): (usize, usize),
        observer: &Observer<'_>,
    ) -> Result<Self> {
        let target = truth.target;
        let train = |recipe: &Recipe, stage| {
            let trained = members::train(recipe, rows, Some(&split.train), &target.names(), stage, observer);
            trained.map(|trained| trained.model)
        };
        let model = train(recipe, Stage::Score { part, parts })?;
        let linear = match &recipe.hidden[..] {
            [] => None,
            _ => Some(train(&recipe.linear(), Stage::Linear { part, parts })?),
        };
        let test = rows.select(&split.test);
        let predictions = model.predict(&test.table)?;
        let (values, constant) = (truth.values.select(&split.test), truth.constant(&split.train));
        let linear = match linear {
            Some(linear) => Some(aligned(target, &linear.predict(&test.table)?)),
            None => None,
        };
        let tested =
            Truth { values: &values, weights: test.weights.as_deref(), units: &test.units, ..*truth };
        Ok(Self {
            model: aligned(target, &predictions),
            linear,
            constant: broadcast(&constant, test.len()),
            regions: regions(&model, &tested, &predictions)?,
            importance: importance::measure(&model, &tested, &test.table, observer)?,
            rows: split.test,
        })
    }
}

/// Whether the truth was in each interval or set, and how large it was. Nothing if the model has none, or
/// predicts labels.
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
        (_, TargetValues::Labels(_)) => Ok(vec![]),
        _ => unreachable!("a target and its values are of one kind"),
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
    let weights = rows.weights.as_ref().map(|weights| selected(weights, &order));
    let units = selected(&rows.units, &order);
    let truth = Truth { values: &values, weights: weights.as_deref(), units: &units, ..*truth };
    let model = all(&|part| Some(&part.model)).expect("each split has a model");
    let constant = all(&|part| Some(&part.constant)).expect("each split has constants");
    let linear = all(&|part| part.linear.as_ref());
    let regions: Vec<[f64; 2]> = tested.iter().flat_map(|part| part.regions.iter().copied()).collect();
    Ok(Evaluation {
        rule,
        rows: selected(&rows.numbers, &order),
        copies,
        untested: untested(&truth),
        advantage: linear.as_ref().map(|linear| truth.advantage(&model, linear)).transpose()?,
        model: truth.score(&model)?,
        linear: linear.map(|linear| truth.score(&linear)).transpose()?,
        constant: truth.constant_score(&constant)?,
        coverage: coverage(&truth, &regions)?,
        calibration: calibration(&truth, &model)?,
        importance: importance::mean(tested.iter().map(|part| &part.importance[..])),
        predicted: model,
    })
}

fn untested(truth: &Truth<'_>) -> Vec<String> {
    let (Target::Classes { classes, .. }, TargetValues::Classes(tested)) = (truth.target, truth.values)
    else {
        return vec![];
    };
    let is_tested: HashSet<usize> = tested.iter().copied().collect();
    let names = classes.iter().enumerate().filter(|(class, _)| !is_tested.contains(class));
    names.map(|(_, name)| name.clone()).collect()
}

fn coverage(truth: &Truth<'_>, regions: &[[f64; 2]]) -> Result<Option<Coverage>> {
    if regions.len() < truth.rows() {
        return Ok(None);
    }
    let found = truth.estimate(|weights| {
        let hits: f64 = regions.iter().zip(weights).map(|([is_in, _], weight)| is_in * weight).sum();
        Ok(hits / weights.iter().sum::<f64>())
    })?;
    let size = regions.iter().map(|[_, size]| size).sum::<f64>() / regions.len() as f64;
    Ok(Some(Coverage { level: LEVEL, found, size }))
}

pub(crate) fn calibration(truth: &Truth<'_>, predicted: &Array2<f64>) -> Result<Vec<ReliabilityBin>> {
    const BINS: Bins = Bins::Quantile(10);
    let TargetValues::Classes(classes) = truth.values else { return Ok(vec![]) };
    Ok(match predicted.ncols() {
        2 => reliability_curve(classes, &predicted.column(1), BINS, truth.weights)?,
        _ => reliability_curve(classes, predicted, BINS, truth.weights)?,
    })
}
