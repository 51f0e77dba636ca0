//! The recipe: settings that make a good model of most tables without tuning.

use std::ops::ControlFlow;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use ann_core::{Activation, ClassWeights, Layer, Loss, Problem, Targets};
use ann_model::Model;
use ann_table::message::quoted;
use ann_table::{Schema, SchemaOptions, Table, TargetValues, Task};
use ann_train::{
    Adam, Decay, LearningRate, Momentum, Optimizer, OptimizerKind, Schedule, StepFactors, TrainConfig,
};
use serde_json::Value;

use crate::budget::affordable_epochs;
use crate::checkpoints::{Checkpoints, Store};
use crate::members::{self, Trained};
use crate::progress::{Observer, Progress, Stage};
use crate::rows::Rows;
use crate::{Error, Report, Result, batching, evaluation, rebuild};

/// How a model of a table is made. The default settings were chosen on fourteen public tables together. They
/// come from RealMLP (Holzmüller et al. 2024, "Better by Default"): an ensemble of small networks on robustly
/// scaled columns, trained by Adam with rates for each kind of parameter, each validated on other rows.
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
    /// The hidden layers. Default: two of 64 SiLU units. For a linear model see [`linear`](Self::linear).
    pub hidden: Vec<Layer>,
    /// Number of networks whose predictions are averaged. Each is validated on other rows. Default 4.
    pub members: usize,
    /// Number of epochs. Default 64.
    pub epochs: usize,
    /// Networks of small tables get more epochs, so that each is updated about this number of times. Default
    /// 1024. No effect on tables of more than about `least_updates / epochs` batches. 0: never more epochs.
    pub least_updates: usize,
    /// Number of rows of a batch. Default 64.
    pub batch: usize,
    /// The rule by which gradients change a network: [`OptimizerKind::Adam`], [`OptimizerKind::Momentum`]
    /// with μ = 0.9, or [`OptimizerKind::Descent`]. The others need all rows at once, which is an error.
    /// Default Adam, for which all other settings were chosen.
    pub optimizer: OptimizerKind,
    /// η, above 0. Default `None`: see [`rate_of`](Self::rate_of).
    pub learning_rate: Option<f64>,
    /// Decay of weights, by Adam alone. Default 0.02.
    pub decay: f64,
    /// λ ≥ 0, strength of the penalty λ Σ‖W‖² on weights (never biases), with every optimizer. Default 0.
    pub l2: f64,
    /// ε of label smoothing, from 0 to below 1, of classes alone. Default 0.1.
    pub smoothing: f64,
    /// Factors of the classes, for example [`ClassWeights::Balanced`] if some are rare. Probabilities are
    /// then those of the weighted classes. If numbers or labels are predicted, factors are an error. Default:
    /// none.
    pub class_weights: ClassWeights,
    /// Number of folds, at least 2, of which each network leaves out another one, which chooses its epoch.
    /// Default 5.
    pub validation_folds: usize,
    /// Number of epochs, at least 1, after which a network ends its training if none of them was better on
    /// its validation rows: had more hits of classes, or a smaller loss of numbers or labels. The learning
    /// rate is then still that of an epoch in the middle. Default `None`: all epochs are made, and the best
    /// one is kept as with any patience.
    pub patience: Option<usize>,
    /// The column of the weights of rows, which is then no input. A row of weight 2 counts as two rows in the
    /// loss, in the choice of the epoch and in the score; the scales of columns, splits, intervals and sets
    /// do not look at weights. A row of weight 0 is left out. Default: 1 each.
    pub weights: Option<String>,
    /// The column that says which rows belong together, such as those of one patient. It is then no input.
    /// Rows of a group are never on both sides of a split. Default: none.
    pub groups: Option<String>,
    /// The column of times, if new rows will be later than these: then the score comes from the latest rows.
    /// Numbers or dates. It is an input, too. Default: none.
    pub time: Option<String>,
    /// How the score is measured. Default [`Scoring::Auto`].
    pub scoring: Scoring,
    /// About how long a fit may take, with its score and the importance of columns: if it would take longer,
    /// there are fewer epochs, and another run may have other ones. How long it would take is estimated from
    /// a few epochs and a prediction. Default: no limit.
    pub budget: Option<Duration>,
    /// Seed of initial weights and of splits. Default 0.
    pub seed: u64,
    /// Largest number of threads. Default 1. The result does not depend on it.
    pub threads: usize,
}

/// How the score of a model is measured: by networks that have not seen the rows. The model itself is made
/// from all rows.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Scoring {
    /// 5 folds if there are fewer than 200 rows (or groups), otherwise a fifth is held out. The default.
    #[default]
    Auto,
    /// A share of the rows is held out, above 0 and below 1. Of each class it is the same.
    HoldOut(f64),
    /// Cross-validation: each of this number of folds, at least 2, is held out once. Each class has its share
    /// in each fold. Not together with [`Recipe::time`].
    Folds(usize),
    /// Not at all.
    Off,
}

impl Default for Recipe {
    fn default() -> Self {
        Self {
            schema: SchemaOptions::default(),
            hidden: Activation::Silu.layers([64, 64]),
            members: 4,
            epochs: 64,
            least_updates: 1024,
            batch: 64,
            optimizer: OptimizerKind::Adam,
            learning_rate: None,
            decay: 0.02,
            l2: 0.0,
            smoothing: 0.1,
            class_weights: ClassWeights::default(),
            validation_folds: 5,
            patience: None,
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
    /// Why the last checkpoint could not be written, if it could not. The model does not depend on it, but
    /// the last state of the fit is not saved.
    pub checkpoint_error: Option<String>,
}

/// More networks make a model no better, only slower.
const MOST_MEMBERS: usize = 1000;

/// The optimizers for which the gradient of a mini-batch is enough.
pub(crate) const OPTIMIZERS: [OptimizerKind; 3] =
    [OptimizerKind::Adam, OptimizerKind::Momentum, OptimizerKind::Descent];

/// The name of the column to predict, `"species"`, or the names of several columns, `["width", "height"]`: of
/// numbers, or of labels, which are words or numbers of two values.
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
    /// out: networks that had not, and the score. With several threads it is called from all of them. While
    /// the importance of columns is measured it sees the last epoch again and again, and can end that.
    ///
    /// # Errors
    /// As [`fit`](Self::fit).
    pub fn fit_observed(
        &self,
        table: &Table,
        targets: &(impl TargetNames + ?Sized),
        observe: impl Fn(&Progress) -> ControlFlow<()> + Sync,
    ) -> Result<Fit> {
        self.fit_with(table, &targets.names(), &Observer::new(&observe))
    }

    /// As [`fit_observed`](Self::fit_observed); and as soon as another thread, or a signal, sets `interrupt`,
    /// the fit ends as if `observe` had ended it, though within an epoch: that epoch is left out, and so is a
    /// network of which it is the first.
    ///
    /// # Errors
    /// As [`fit`](Self::fit); [`Error::Interrupted`] if no network has done an epoch.
    pub fn fit_interruptible(
        &self,
        table: &Table,
        targets: &(impl TargetNames + ?Sized),
        interrupt: &AtomicBool,
        observe: impl Fn(&Progress) -> ControlFlow<()> + Sync,
    ) -> Result<Fit> {
        self.fit_with(table, &targets.names(), &Observer::new(&observe).with_interrupt(Some(interrupt)))
    }

    pub(crate) fn fit_with(&self, table: &Table, targets: &[&str], observer: &Observer<'_>) -> Result<Fit> {
        let (rows, copies) = self.rows(table, targets)?;
        let recipe = self.with_epochs(&rows, targets, observer.interrupt())?;
        recipe.fit_rows(table, &rows, copies, targets, observer)
    }

    /// As [`fit_observed`](Self::fit_observed), and saves checkpoints, from which a fit that was interrupted
    /// goes on: by its caller, by a signal, or because the machine was switched off. A fit that was resumed
    /// has the bits of one that was never interrupted. With a [`budget`](Self::budget), the number of epochs
    /// stays that of the beginning.
    ///
    /// ```no_run
    /// use std::ops::ControlFlow;
    /// use std::time::Duration;
    ///
    /// use ann_tabular::{Checkpoints, Recipe, Table};
    ///
    /// let table = Table::open("customers.csv")?;
    /// let (path, every) = ("plan.checkpoint".into(), Duration::from_secs(60));
    /// let resume = std::fs::exists(&path)?;
    /// let checkpoints = Checkpoints { path, every, resume };
    /// let observe = |_: &_| ControlFlow::Continue(());
    /// let fit = Recipe::default().fit_checkpointed(&table, "plan", &checkpoints, observe)?;
    /// fit.model.save("plan.ann")?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`fit`](Self::fit); the file cannot be written before the training; or it is to be resumed, and
    /// cannot be read or is that of another fit.
    pub fn fit_checkpointed(
        &self,
        table: &Table,
        targets: &(impl TargetNames + ?Sized),
        checkpoints: &Checkpoints,
        observe: impl Fn(&Progress) -> ControlFlow<()> + Sync,
    ) -> Result<Fit> {
        let targets = targets.names();
        let (rows, copies) = self.rows(table, &targets)?;
        let store = Store::open(checkpoints)?;
        let recipe = self.checkpointed_epochs(&store, &rows, &targets)?;
        store.begin(&recipe.making(table, &targets)?)?;
        let observer = Observer::new(&observe).with_store(&store);
        let fit = recipe.fit_rows(table, &rows, copies, &targets, &observer)?;
        store.save();
        let checkpoint_error = store.into_failure().map(|error| error.to_string());
        Ok(Fit { checkpoint_error, ..fit })
    }

    /// As [`with_epochs`](Self::with_epochs); with a budget, the number of epochs is that of the fit that is
    /// resumed.
    pub(crate) fn checkpointed_epochs(
        &self,
        store: &Store,
        rows: &Rows<'_>,
        targets: &[&str],
    ) -> Result<Self> {
        match store.epochs() {
            Some(epochs) if self.budget.is_some() => {
                Ok(Self { epochs, least_updates: 0, budget: None, ..self.clone() })
            }
            _ => self.with_epochs(rows, targets, None),
        }
    }

    /// How a fit is made, which is compared with that of the one that is resumed.
    pub(crate) fn making(&self, table: &Table, targets: &[&str]) -> Result<Value> {
        let mut making = rebuild::making(self, table, targets)?;
        making["settings"]["hidden"] = format!("{:?}", self.hidden).into();
        Ok(making)
    }

    pub(crate) fn fit_rows(
        &self,
        table: &Table,
        rows: &Rows<'_>,
        copies: usize,
        targets: &[&str],
        observer: &Observer<'_>,
    ) -> Result<Fit> {
        table.unless_damaged(|| {
            let trained = members::train(self, rows, None, targets, Stage::Model, observer)?;
            let evaluation = evaluation::evaluate(self, rows, copies, trained.model.schema(), observer);
            let Trained { mut model, curves, findings } = trained;
            let report = Report::new(self, table, rows, &model, evaluation, curves, findings)?;
            model.provenance = rebuild::provenance(self, table, &report, observer.has_ended())?;
            Ok(Fit { model, report, checkpoint_error: None })
        })
    }

    /// As [`fit`](Self::fit), but without the report and the trainings for the score. The model does not say
    /// how it was made.
    ///
    /// # Errors
    /// As [`fit`](Self::fit).
    pub fn fit_model(&self, table: &Table, targets: &(impl TargetNames + ?Sized)) -> Result<Model> {
        let targets = targets.names();
        let (rows, _) = self.rows(table, &targets)?;
        let observe = |_: &Progress| ControlFlow::Continue(());
        let recipe = Self { scoring: Scoring::Off, ..self.clone() }.with_epochs(&rows, &targets, None)?;
        let observer = Observer::new(&observe);
        table.unless_damaged(|| {
            Ok(members::train(&recipe, &rows, None, &targets, Stage::Model, &observer)?.model)
        })
    }

    /// What [`fit`](Self::fit) learns of the columns before it trains: which of them are inputs, and how.
    ///
    /// # Errors
    /// As [`fit`](Self::fit), as far as the table and the settings are the cause.
    pub fn learn_schema(&self, table: &Table, targets: &(impl TargetNames + ?Sized)) -> Result<Schema> {
        let targets = targets.names();
        self.check(&targets)?;
        table.unless_damaged(|| {
            let rows = Rows::new(self, table, &targets)?;
            Ok(Schema::learn(&rows.table, &targets, &self.schema_options())?)
        })
    }

    /// The rows that are used, and the number of copies among them.
    pub(crate) fn rows<'t>(&self, table: &'t Table, targets: &[&str]) -> Result<(Rows<'t>, usize)> {
        self.check(targets)?;
        table.unless_damaged(|| self.rows_to_learn(table, targets))
    }

    fn rows_to_learn<'t>(&self, table: &'t Table, targets: &[&str]) -> Result<(Rows<'t>, usize)> {
        let mut rows = Rows::new(self, table, targets)?;
        let schema = Schema::learn(&rows.table, targets, &self.schema_options())?;
        self.check_task(schema.target.task())?;
        let copies = rows.keep_together(self.groups.as_deref(), &schema)?;
        if let Some(name) = &self.groups
            && rows.units.iter().all(|unit| *unit == rows.units[0])
        {
            let found = format!("{}, where all rows are of one group", quoted(name));
            return Err(Error::Setting {
                name: "groups",
                found,
                expected: "a column of at least two groups",
            });
        }
        Ok((rows, copies))
    }

    /// Whether the settings suit what is predicted.
    pub(crate) fn check_task(&self, task: Task) -> Result<()> {
        if self.class_weights != ClassWeights::None && task != Task::Classification {
            let found = format!("{:?}, where no classes are predicted", self.class_weights);
            return Err(Error::Setting { name: "class_weights", found, expected: "ClassWeights::None" });
        }
        Ok(())
    }

    pub(crate) fn check(&self, targets: &[&str]) -> Result<()> {
        let is_share = |share: f64| share > 0.0 && share < 1.0;
        let share = "a share above 0 and below 1";
        let roles = [("weights", &self.weights), ("groups", &self.groups), ("time", &self.time)];
        let role = roles.into_iter().find_map(|(role, name)| {
            name.as_deref().filter(|name| targets.contains(name)).map(|name| (role, name.to_owned()))
        });
        let (name, found, expected) = match self.scoring {
            _ if targets.is_empty() => ("targets", "none".into(), "at least one column"),
            _ if !(1..=MOST_MEMBERS).contains(&self.members) => {
                ("members", self.members.to_string(), "1 to 1000 networks")
            }
            _ if self.epochs == 0 => ("epochs", "0".into(), "at least one epoch"),
            _ if self.validation_folds < 2 => {
                ("validation_folds", self.validation_folds.to_string(), "at least 2 folds")
            }
            _ if self.patience == Some(0) => ("patience", "0".into(), "at least one epoch"),
            // The gradient has 2λ in single precision.
            _ if !(self.l2 >= 0.0 && (2.0 * self.l2 as f32).is_finite()) => {
                ("l2", format!("{:?}", self.l2), "a number from 0 to 1.7e38")
            }
            _ if !OPTIMIZERS.contains(&self.optimizer) => {
                ("optimizer", self.optimizer.to_string(), "one for mini-batches: Adam, momentum or descent")
            }
            Scoring::HoldOut(found) if !is_share(found) => ("scoring", format!("HoldOut({found})"), share),
            Scoring::Folds(folds) if folds < 2 => ("scoring", format!("Folds({folds})"), "at least 2 folds"),
            Scoring::Folds(folds) if self.time.is_some() => (
                "scoring",
                format!("Folds({folds})"),
                "no folds, because with `time` the latest rows are held out",
            ),
            _ => match role {
                Some((role, column)) => (role, quoted(&column), "another column than the target"),
                None => return Ok(()),
            },
        };
        Err(Error::Setting { name, found, expected })
    }

    /// The recipe with the number of epochs that is right for these rows: at least one, and not more than the
    /// budget allows.
    fn with_epochs(&self, rows: &Rows<'_>, targets: &[&str], interrupt: Option<&AtomicBool>) -> Result<Self> {
        let epochs = self.epochs_of(rows.len());
        let recipe = Self { epochs, least_updates: 0, budget: None, ..self.clone() };
        let Some(budget) = self.budget else { return Ok(recipe) };
        let affordable = affordable_epochs(&recipe, rows, targets, budget, interrupt)?;
        Ok(Self { epochs: epochs.min(affordable), ..recipe })
    }

    /// Number of epochs of a table with this number of rows, if there is no budget.
    pub fn epochs_of(&self, rows: usize) -> usize {
        self.epochs.max(self.least_updates.div_ceil(self.updates_of_an_epoch(rows)))
    }

    /// Number of whole batches among the rows that a network is trained on, at least one.
    fn updates_of_an_epoch(&self, rows: usize) -> usize {
        let trained = rows - rows / self.validation_folds;
        (trained / self.batch.max(1)).max(1)
    }

    /// The schema's settings. What describes rows is no input.
    pub(crate) fn schema_options(&self) -> SchemaOptions {
        let mut options = self.schema.clone();
        options.ignore.extend(self.weights.iter().chain(&self.groups).cloned());
        // Times may count up as numbers of rows do.
        options.keep.extend(self.time.iter().filter(|name| !options.ignore.contains(name)).cloned());
        options
    }

    pub(crate) fn class_loss(&self) -> Loss {
        match self.smoothing {
            0.0 => Loss::SoftmaxCrossEntropy,
            smoothing => Loss::SmoothedCrossEntropy { smoothing },
        }
    }

    /// η: [`learning_rate`](Self::learning_rate), or what suits the optimizer and the task. Adam: 0.04 for
    /// classes, 0.07 for numbers and labels. Momentum: 0.1 and 0.03. Descent: 0.3 and 0.1. The last four are
    /// the best of the rates 0.03, 0.1, 0.3 (of momentum 0.003, 0.01, 0.03, 0.1) in the mean over five tables
    /// of classes, and over two of numbers.
    pub fn rate_of(&self, task: Task) -> f64 {
        let of_optimizer = match (self.optimizer, task) {
            (OptimizerKind::Adam, Task::Classification) => 0.04,
            (OptimizerKind::Adam, Task::Regression | Task::MultiLabel) => 0.07,
            (OptimizerKind::Momentum, Task::Classification) => 0.1,
            (OptimizerKind::Momentum, Task::Regression | Task::MultiLabel) => 0.03,
            (_, Task::Classification) => 0.3,
            (_, Task::Regression | Task::MultiLabel) => 0.1,
        };
        self.learning_rate.unwrap_or(of_optimizer)
    }

    /// How a member is trained. Each one has its rows in another order.
    pub(crate) fn config(&self, problem: &Problem<'_, f32>, member: usize) -> TrainConfig {
        let task = match problem.targets() {
            Targets::Classes(_) => Task::Classification,
            _ => Task::Regression,
        };
        let learning_rate: LearningRate = self.rate_of(task).into();
        let decay = Decay { rate: self.decay, schedule: Schedule::FlatCosine, biases: false };
        let seed = self.seed.wrapping_add(100 * member as u64);
        // The factors were chosen for Adam, whose steps do not depend on the size of a gradient.
        let (optimizer, steps) = match self.optimizer {
            OptimizerKind::Adam => (
                Adam { beta1: 0.9, beta2: 0.95, epsilon: 1e-8, decay }.into(),
                StepFactors { by_fan_in: true, biases: 0.1, input_factors: 6.0 },
            ),
            OptimizerKind::Momentum => (Momentum::default().into(), StepFactors::default()),
            // `check` refuses all others.
            _ => (Optimizer::Descent, StepFactors::default()),
        };
        TrainConfig {
            optimizer,
            learning_rate: LearningRate { schedule: Schedule::CosLog4, ..learning_rate },
            steps,
            epochs: self.epochs,
            batching: batching::of_rows(problem.rows(), self.batch, seed),
            ..TrainConfig::default()
        }
    }

    /// The same recipe for a linear model, with which a model is compared: without hidden layers and without
    /// piecewise-linear inputs, and classes are smoothed by at most 0.02. Logits of a linear model cannot
    /// level off at what smoothed classes ask for, so they would move the borders between classes.
    #[must_use]
    pub fn linear(&self) -> Self {
        const MOST_SMOOTHING: f64 = 0.02;
        let schema = SchemaOptions { bins: 0, ..self.schema.clone() };
        let smoothing = self.smoothing.min(MOST_SMOOTHING);
        Self { hidden: vec![], schema, smoothing, ..self.clone() }
    }
}

impl Recipe {
    /// The recipe for some of the rows. The task and the columns are those of all rows, and weights of
    /// classes that do not occur are left out.
    pub(crate) fn for_part(&self, schema: &Schema, values: &TargetValues, rows: &[usize]) -> Self {
        let mut recipe = self.clone();
        recipe.schema.task = Some(schema.target.task());
        recipe.schema.ignore = schema.ignored.iter().map(|column| column.name.clone()).collect();
        recipe.schema.keep = schema.columns.iter().map(|column| column.name.clone()).collect();
        if let (ClassWeights::Given(weights), TargetValues::Classes(classes)) = (&self.class_weights, values)
        {
            let occurs = |class: &usize| rows.iter().any(|&row| classes[row] == *class);
            let weights = (0..weights.len()).filter(occurs).map(|class| weights[class]);
            recipe.class_weights = ClassWeights::Given(weights.collect());
        }
        recipe
    }
}
