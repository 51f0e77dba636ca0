//! The recipe: settings that make a good model of most tables without tuning.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use ann_core::{Activation, ClassWeights, Layer, Loss, Problem, Targets};
use ann_model::Model;
use ann_table::{SchemaOptions, Table};
use ann_train::{Adam, Batching, Decay, LearningRate, Schedule, StepFactors, TrainConfig};

use crate::members::{self, Trained};
use crate::progress::{Observer, Progress, Stage};
use crate::rows::Rows;
use crate::{Error, Report, Result, evaluation, rebuild};

/// How a model of a table is made: the settings were chosen on fourteen public tables, none of them for a
/// single one. They come from RealMLP (Holzmüller et al. 2024, "Better by Default"): an ensemble of small
/// networks on robustly scaled columns, trained by Adam with rates for each kind of parameter, and validated
/// on rows of their own.
///
/// ```no_run
/// use ann_tabular::{Recipe, Table};
///
/// let table = Table::open("customers.csv")?;
/// let recipe = Recipe { groups: Some("household".into()), threads: 2, ..Recipe::default() };
/// let fit = recipe.fit(&table, "plan")?;
/// println!("{}", fit.report);
/// fit.model.save("plan.ann")?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Recipe {
    /// How columns become inputs.
    pub schema: SchemaOptions,
    /// The hidden layers. Default: two of 64 SiLU units. Empty: a linear model.
    pub hidden: Vec<Layer>,
    /// Number of networks whose predictions are averaged. Each is validated on rows of its own. Default 4.
    pub members: usize,
    /// Number of epochs. Default 64.
    pub epochs: usize,
    /// Number of rows of a batch. Default 64.
    pub batch: usize,
    /// η. Default `None`: 0.04 for classes, 0.07 for numbers.
    pub learning_rate: Option<f64>,
    /// Decay of weights. Default 0.02.
    pub decay: f64,
    /// ε of label smoothing, from 0 to below 1; no effect on numbers. Default 0.1.
    pub smoothing: f64,
    /// Factors of the classes, for example [`ClassWeights::Balanced`] if some are rare; no effect on numbers.
    /// Probabilities are then those of the weighted classes. Default: none.
    pub class_weights: ClassWeights,
    /// Share of rows on which the epoch is chosen. Default 0.2.
    pub validation: f64,
    /// The column of the weights of rows, which is no input then: a row of weight 2 counts as two equal rows,
    /// and one of weight 0 is left out. Default: 1 each.
    pub weights: Option<String>,
    /// The column whose equal values belong together, such as the rows of one patient, which is no input
    /// then. Such rows are never on both sides of a split. Default: none.
    pub groups: Option<String>,
    /// The column of times, if new rows will be later than these: then the score comes from the latest rows.
    /// Numbers or dates. Default: none.
    pub time: Option<String>,
    /// How the score is measured. Default [`Scoring::Auto`].
    pub scoring: Scoring,
    /// About how long a fit may take: if it would take longer, there are fewer epochs. How long it would take
    /// is estimated from one epoch. Default: no limit.
    pub budget: Option<Duration>,
    /// Seed of everything that is random. Default 0.
    pub seed: u64,
    /// Largest number of threads. Default 1. The result does not depend on it.
    pub threads: usize,
}

/// How the score of a model is measured: by networks that have not seen the rows. The model itself always
/// learns from all rows.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Scoring {
    /// 5 folds if there are fewer than 200 rows, otherwise a fifth of the rows is held out. The default.
    #[default]
    Auto,
    /// A share of the rows is held out, above 0 and below 1. Of each class it is the same.
    HoldOut(f64),
    /// Cross-validation: each of this number of folds, at least 2, is held out once. Each class has its share
    /// in each fold.
    Folds(usize),
    /// Not at all, which takes half of the time.
    Off,
}

impl Default for Recipe {
    fn default() -> Self {
        Self {
            schema: SchemaOptions::default(),
            hidden: Activation::Silu.layers([64, 64]),
            members: 4,
            epochs: 64,
            batch: 64,
            learning_rate: None,
            decay: 0.02,
            smoothing: 0.1,
            class_weights: ClassWeights::default(),
            validation: 0.2,
            weights: None,
            groups: None,
            time: None,
            scoring: Scoring::Auto,
            budget: None,
            seed: 0,
            threads: 1,
        }
    }
}

/// A model, and how good it is.
#[derive(Clone, Debug)]
pub struct Fit {
    /// The model, which has learned from all rows.
    pub model: Model,
    /// What was used, and how good the model is. `Display` prints it.
    pub report: Report,
}

/// The name of the column to predict, `"species"`, or the names of several columns of numbers,
/// `["width", "height"]`.
pub trait TargetNames {
    /// The names.
    fn names(&self) -> Vec<&str>;
}

impl TargetNames for str {
    fn names(&self) -> Vec<&str> {
        vec![self]
    }
}

impl TargetNames for String {
    fn names(&self) -> Vec<&str> {
        vec![self]
    }
}

impl<S: AsRef<str>> TargetNames for [S] {
    fn names(&self) -> Vec<&str> {
        self.iter().map(AsRef::as_ref).collect()
    }
}

impl<S: AsRef<str>> TargetNames for Vec<S> {
    fn names(&self) -> Vec<&str> {
        self[..].names()
    }
}

impl<S: AsRef<str>, const N: usize> TargetNames for [S; N] {
    fn names(&self) -> Vec<&str> {
        self[..].names()
    }
}

impl Recipe {
    /// Learns to predict the column `targets`, or several of them, from all others, and measures how good the
    /// model is. Rows without a target are left out.
    ///
    /// # Errors
    /// The table or a setting is unsuitable, or training fails.
    pub fn fit(&self, table: &Table, targets: &(impl TargetNames + ?Sized)) -> Result<Fit> {
        self.fit_observed(table, targets, |_| ControlFlow::Continue(()))
    }

    /// As [`fit`](Self::fit), and calls `observe` after each epoch of each network, which may show progress
    /// or end the fit. Then every network is that of its best epoch so far, and what had not begun is left
    /// out: networks that had not, and the score. With several threads it is called from all of them.
    ///
    /// # Errors
    /// As [`fit`](Self::fit).
    pub fn fit_observed(
        &self,
        table: &Table,
        targets: &(impl TargetNames + ?Sized),
        observe: impl Fn(&Progress) -> ControlFlow<()> + Sync,
    ) -> Result<Fit> {
        self.check()?;
        let targets = targets.names();
        let rows = Rows::new(self, table, &targets)?;
        let recipe = self.within_budget(&rows, &targets)?;
        let observer = Observer::new(&observe);
        let trained = members::train(&recipe, &rows, &targets, Stage::Model, &observer)?;
        let evaluation = evaluation::evaluate(&recipe, &rows, trained.model.schema(), &observer);
        let Trained { mut model, curves, findings } = trained;
        let report = Report::new(&recipe, table, &rows, &model, evaluation, curves, findings)?;
        model.provenance = rebuild::provenance(&recipe, table, &report, observer.has_ended());
        Ok(Fit { model, report })
    }

    /// As [`fit`](Self::fit), but without the report: this takes less than half of the time. The model does
    /// not say how it was made.
    ///
    /// # Errors
    /// As [`fit`](Self::fit).
    pub fn fit_model(&self, table: &Table, targets: &(impl TargetNames + ?Sized)) -> Result<Model> {
        self.check()?;
        let targets = targets.names();
        let rows = Rows::new(self, table, &targets)?;
        let observe = |_: &Progress| ControlFlow::Continue(());
        let recipe = Self { scoring: Scoring::Off, ..self.clone() }.within_budget(&rows, &targets)?;
        Ok(members::train(&recipe, &rows, &targets, Stage::Model, &Observer::new(&observe))?.model)
    }

    fn check(&self) -> Result<()> {
        let (found, expected) = match self.scoring {
            Scoring::HoldOut(share) if !(share > 0.0 && share < 1.0) => {
                (share.to_string(), "a share above 0 and below 1")
            }
            Scoring::Folds(folds) if folds < 2 => (folds.to_string(), "at least 2 folds"),
            _ => return Ok(()),
        };
        Err(Error::Setting { name: "scoring", found, expected })
    }

    /// The recipe with as many epochs as the budget allows, at least one.
    fn within_budget(&self, rows: &Rows<'_>, targets: &[&str]) -> Result<Self> {
        let mut recipe = Self { budget: None, ..self.clone() };
        let Some(budget) = self.budget else { return Ok(recipe) };
        // Two networks of one epoch each: one of them has all inputs.
        let members = self.members.min(2);
        let probe = Self { epochs: 1, members, threads: 1, ..recipe.clone() };
        let begin = Instant::now();
        members::train(&probe, rows, targets, Stage::Model, &Observer::new(&|_| ControlFlow::Continue(())))?;
        let epoch = begin.elapsed().as_secs_f64() / members as f64;
        let networks = self.members as f64 * (1.0 + self.scoring.share_of_a_fit(rows.len()));
        let affordable = budget.as_secs_f64() * self.threads.min(self.members) as f64 / (epoch * networks);
        recipe.epochs = self.epochs.min(affordable as usize).max(1);
        Ok(recipe)
    }

    /// The schema's settings. What describes rows is no input.
    pub(crate) fn schema_options(&self) -> SchemaOptions {
        let mut options = self.schema.clone();
        options.ignore.extend(self.weights.iter().chain(&self.groups).cloned());
        options
    }

    pub(crate) fn class_loss(&self) -> Loss {
        match self.smoothing {
            0.0 => Loss::SoftmaxCrossEntropy,
            smoothing => Loss::SmoothedCrossEntropy { smoothing },
        }
    }

    /// How a member is trained. Of each member the order of the rows is another.
    pub(crate) fn config(&self, problem: &Problem<'_, f32>, member: usize) -> TrainConfig {
        let default = if matches!(problem.targets(), Targets::Classes(_)) { 0.04 } else { 0.07 };
        let learning_rate: LearningRate = self.learning_rate.unwrap_or(default).into();
        let decay = Decay { rate: self.decay, schedule: Schedule::FlatCosine, biases: false };
        let seed = self.seed.wrapping_add(100 * member as u64);
        TrainConfig {
            optimizer: Adam { beta1: 0.9, beta2: 0.95, epsilon: 1e-8, decay }.into(),
            learning_rate: LearningRate { schedule: Schedule::CosLog4, ..learning_rate },
            steps: StepFactors { by_fan_in: true, biases: 0.1, input_factors: 6.0 },
            epochs: self.epochs,
            batching: Batching::Shuffled { rows: self.batch.min(problem.rows()), seed, drop_last: true },
            ..TrainConfig::default()
        }
    }

    /// The same recipe for a linear model, with which a model is compared.
    pub(crate) fn linear(&self) -> Self {
        let schema = SchemaOptions { bins: 0, ..self.schema.clone() };
        Self { hidden: vec![], schema, ..self.clone() }
    }
}

impl Scoring {
    /// How long the score takes, as a share of how long the model takes.
    fn share_of_a_fit(self, rows: usize) -> f64 {
        match self.of(rows) {
            Self::HoldOut(share) => 1.0 - share,
            Self::Folds(folds) => folds as f64 - 1.0,
            Self::Auto | Self::Off => 0.0,
        }
    }

    /// What [`Scoring::Auto`] is for this number of rows; others are as they are.
    pub(crate) fn of(self, rows: usize) -> Self {
        match self {
            Self::Auto if rows < 200 => Self::Folds(5.min(rows)),
            Self::Auto => Self::HoldOut(0.2),
            other => other,
        }
    }
}
