//! `ann train`: from a table to a model, and how good it is.

use std::io::Write;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use ann_tabular::ann_core::{Activation, ClassWeights};
use ann_tabular::ann_table::{Reader, SchemaOptions, Table, Task};
use ann_tabular::ann_train::OptimizerKind;
use ann_tabular::{Checkpoints, Fit, Recipe, Score, Scoring};
use clap::{Args, ValueEnum};

use crate::data::{self, Reading};
use crate::failure::{Failure, Result, Status, in_quotes};
use crate::numbers::{all_cores, count, networks, not_negative, positive, share, threads};
use crate::output::{self, Output};
use crate::progress::Progress;
use crate::summary::{OtherRows, Summary};
use crate::{explanation, html, interrupt, target};

/// Make a model of a table, and measure how good it is on rows that it has not seen
#[derive(Args, Debug)]
pub struct Train {
    /// A table: CSV, Orange .tab, both also as .gz; - for the standard input
    data: PathBuf,
    /// The column to predict; several times for several columns. Default: the class column of an Orange file,
    /// or the one column named class, target or label
    #[arg(short, long = "target", value_name = "COLUMN")]
    targets: Vec<String>,
    /// The file of the model; - for the standard output. Default: the name of the target with .ann
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Replace the file of the model, and that of the report
    #[arg(long)]
    force: bool,
    /// Also write a page with pictures: HTML, in one file
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Save the state of the training in this file: --resume goes on from there
    #[arg(long, value_name = "FILE", group = "state")]
    checkpoint: Option<PathBuf>,
    /// Go on from a file of --checkpoint, with the same table and settings; it is saved there, too
    #[arg(long, value_name = "FILE", group = "state")]
    resume: Option<PathBuf>,
    /// How often the state is saved, for example 10s or 5m
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = humantime::parse_duration, requires = "state")]
    checkpoint_every: Duration,
    /// Print each choice and its reason, and train nothing
    #[arg(long)]
    explain: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    /// Print errors only
    #[arg(short, long)]
    quiet: bool,
    #[command(flatten)]
    reading: Reading,
    #[command(flatten)]
    columns: Columns,
    #[command(flatten)]
    scoring: ScoringOptions,
    #[command(flatten)]
    training: Training,
}

/// What columns are for.
#[derive(Args, Debug)]
#[command(next_help_heading = "Columns")]
struct Columns {
    /// Predict a class, a number or labels. Default: from the values of the target
    #[arg(long)]
    task: Option<TaskName>,
    /// Columns to leave out; may be given several times
    #[arg(long, value_name = "COLUMN,…")]
    ignore: Vec<String>,
    /// Leave out all other columns; may be given several times
    #[arg(long, value_name = "COLUMN,…", conflicts_with = "ignore")]
    only: Vec<String>,
    /// The column of the weights of rows
    #[arg(long, value_name = "COLUMN")]
    weight: Option<String>,
    /// Rows that are equal in this column belong together: they are never on both sides of a split
    #[arg(long, value_name = "COLUMN")]
    group: Option<String>,
    /// New rows will be later in this column: the score is that of the latest rows
    #[arg(long, value_name = "COLUMN")]
    time: Option<String>,
}

/// How the score is measured.
#[derive(Args, Debug)]
#[command(next_help_heading = "Score")]
struct ScoringOptions {
    /// The share of the rows that is held out for the score; or a table whose rows are scored instead.
    /// Default: 0.2, or 5 folds of fewer than 200 rows
    #[arg(long, value_name = "SHARE|FILE", conflicts_with = "folds", value_parser = score_rows)]
    validation: Option<ScoreRows>,
    /// Number of folds, each of which is held out once
    #[arg(long, value_name = "COUNT", conflicts_with = "time", value_parser = count(2))]
    folds: Option<usize>,
    /// Only make the model
    #[arg(long, conflicts_with_all = ["validation", "folds"])]
    no_score: bool,
    /// Another table, of which the model's score is measured, too
    #[arg(long, value_name = "FILE")]
    test: Option<PathBuf>,
}

/// How networks are trained.
#[derive(Args, Debug)]
#[command(next_help_heading = "Training")]
struct Training {
    /// Units of the hidden layers, for example 16,16; none for a linear model
    #[arg(long, value_name = "WIDTH,…", default_value = "64,64", value_parser = hidden)]
    hidden: Hidden,
    /// Activation function of the hidden layers
    #[arg(long, default_value = "silu")]
    activation: ActivationName,
    /// Number of networks, whose predictions are averaged. Each has another seed
    #[arg(long, visible_alias = "seeds", value_name = "COUNT", default_value_t = Recipe::default().members, value_parser = networks())]
    networks: usize,
    /// Number of epochs. Default: 64, and more for small tables
    #[arg(long, value_name = "COUNT", value_parser = count(1))]
    epochs: Option<usize>,
    /// Number of rows of a batch
    #[arg(long, value_name = "COUNT", default_value_t = Recipe::default().batch, value_parser = count(1))]
    batch: usize,
    /// How gradients change the networks
    #[arg(long, value_name = "NAME", default_value = "adam")]
    optimizer: OptimizerName,
    /// η. Default for classes: 0.04 with adam, 0.1 with momentum, 0.3 with descent; for numbers and labels:
    /// 0.07, 0.03 and 0.1
    #[arg(long, value_name = "NUMBER", value_parser = positive)]
    learning_rate: Option<f64>,
    /// Decay of the weights, by adam alone. Default: 0.02
    #[arg(long, value_name = "NUMBER", value_parser = not_negative)]
    weight_decay: Option<f64>,
    /// λ of the penalty λ Σ‖W‖² on weights
    #[arg(long, value_name = "NUMBER", default_value_t = Recipe::default().l2, value_parser = not_negative)]
    l2: f64,
    /// A network ends its training after this number of epochs without a better one, by the hits of classes
    /// or the loss of numbers and labels. Default: never. The best epoch is kept anyway
    #[arg(long, value_name = "EPOCHS", value_parser = count(1))]
    patience: Option<usize>,
    /// Weights of the classes
    #[arg(long, value_name = "RULE")]
    class_weights: Option<ClassWeightsName>,
    /// Seed of initial weights and splits
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    seed: u64,
    /// Largest number of threads. Default: all cores. The result does not depend on it
    #[arg(long, value_name = "COUNT", value_parser = threads())]
    threads: Option<usize>,
    /// About how long it may take, for example 30s or 5m: there are fewer epochs if needed
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    budget: Option<Duration>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum TaskName {
    Classify,
    Regress,
    Labels,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum ActivationName {
    Sigmoid,
    Tanh,
    Relu,
    LeakyRelu,
    Elu,
    Selu,
    Softplus,
    Silu,
    Mish,
    Gelu,
}

/// The optimizers that the recipe knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum OptimizerName {
    /// Adam with decay of the weights (AdamW), for which all other defaults were chosen
    Adam,
    /// Gradient descent with the momentum 0.9
    Momentum,
    /// Gradient descent
    #[value(alias = "sgd")]
    Descent,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum ClassWeightsName {
    /// Each class counts as much as the others
    Balanced,
}

/// Which rows the score is of.
#[derive(Clone, Debug)]
enum ScoreRows {
    /// A share of the table.
    Share(f64),
    /// Those of another table.
    File(PathBuf),
}

fn score_rows(text: &str) -> Result<ScoreRows, String> {
    match text.parse::<f64>() {
        Ok(_) => share(text).map(ScoreRows::Share),
        Err(_) if data::is_dash(Path::new(text)) => Err("expected a share, or the name of a file".into()),
        Err(_) => Ok(ScoreRows::File(text.into())),
    }
}

#[derive(Clone, Debug)]
struct Hidden(Vec<usize>);

fn hidden(text: &str) -> Result<Hidden, String> {
    if text == "none" {
        return Ok(Hidden(vec![]));
    }
    const MOST: usize = 16_384;
    let width = |width: &str| width.trim().parse().ok().filter(|width| (1..=MOST).contains(width));
    let widths = text.split(',').map(width);
    widths
        .collect::<Option<_>>()
        .map(Hidden)
        .ok_or_else(|| "expected numbers from 1 to 16384 such as 16,16, or none".into())
}

pub fn train(options: &Train) -> Result<Status> {
    let started = Instant::now();
    let (reader, table) =
        data::read_named(&options.reading.reader(), &options.data, |names| options.reader(names))?;
    let targets = target::targets(&table, &options.targets)?;
    let path = options.output.clone().unwrap_or_else(|| model_name(&targets).into());
    let recipe = options.recipe(&table, &targets)?;
    if options.explain {
        explanation::print(&recipe, &table, &targets, options.scoring.file(), options.json)?;
        return Ok(Status::Done);
    }
    options.check_files(&path)?;
    let mut fit = options.fit(&recipe, &table, &targets)?;
    fit.model.provenance["reading"] = data::provenance(&reader);
    let bytes = fit.model.write()?;
    save(&path, &bytes)?;
    let (validation, test) = (options.validation_score(&fit), options.test_score(&fit));
    // The model is shown in any case; what is wrong is said after it.
    let (validation, wrong) = match validation {
        Ok(validation) => (validation, None),
        Err(failure) => (None, Some(failure)),
    };
    let summary = Summary {
        data: &options.data,
        table: &table,
        targets: &targets,
        recipe: &recipe,
        validation,
        test: test.as_ref().ok().cloned().flatten(),
        fit: &fit,
        path: &path,
        bytes: bytes.len(),
        digest: fit.model.digest()?,
        elapsed: started.elapsed(),
        was_ended: interrupt::is_wanted(),
        page: options.report.as_deref(),
    };
    options.tell(&summary)?;
    if let Some(error) = &fit.checkpoint_error {
        anstream::eprintln!(
            "warning: {error}; the model is written, but the last state of the training is not saved"
        );
    }
    wrong.map_or(Ok(()), Err)?;
    test?;
    Ok(if interrupt::is_wanted() { Status::Interrupted } else { Status::Done })
}

/// Writes the model. That it may be written was checked before the training, whose work shall not be lost if
/// it cannot be any more.
fn save(path: &Path, bytes: &[u8]) -> Result<()> {
    let Err(mut failure) = output::write_binary(path, bytes, true) else { return Ok(()) };
    let rescue = std::env::temp_dir().join(format!("ann-{}.ann", std::process::id()));
    if output::write(&rescue, bytes, false).is_ok() {
        failure.message = format!("{}; the model is in {} instead", failure.message, rescue.display());
    }
    Err(failure)
}

/// `species.ann`; of several targets, `height-width.ann`. What cannot be in the name of a file is left out.
fn model_name(targets: &[String]) -> String {
    let name: String =
        targets.join("-").chars().filter(|c| !c.is_control() && !"/\\:*?\"<>|".contains(*c)).collect();
    let name: String = name.trim_matches(['.', ' ']).chars().take(60).collect();
    format!("{}.ann", if name.is_empty() { "model" } else { &name })
}

/// The library names settings, the program options.
fn in_program(error: ann_tabular::Error) -> Failure {
    match error {
        ann_tabular::Error::Setting { name, found, expected } => {
            let option = match name {
                "class_weights" => {
                    return Failure::arguments("--class-weights: the model predicts no classes");
                }
                "weights" => "weight",
                "groups" => "group",
                "members" => "networks",
                "scoring" => "validation or --folds",
                other => other,
            };
            Failure::arguments(format_args!(
                "--{}: found {found}, expected {expected}",
                option.replace('_', "-")
            ))
        }
        error => error.into(),
    }
}

impl ScoringOptions {
    /// The file of `--validation`.
    fn file(&self) -> Option<&Path> {
        match &self.validation {
            Some(ScoreRows::File(path)) => Some(path),
            Some(ScoreRows::Share(_)) | None => None,
        }
    }
}

impl Train {
    /// Files that cannot be read or written are errors before hours of training.
    fn check_files(&self, path: &Path) -> Result<()> {
        let judged: Vec<&Path> =
            self.scoring.test.as_deref().into_iter().chain(self.scoring.file()).collect();
        judged.iter().try_for_each(|path| data::open(path).map(drop))?;
        if self.scoring.file().is_some_and(|path| output::is_same(path, &self.data)) {
            return Err(Failure::arguments(
                "--validation: expected another table than the one that is learned from",
            ));
        }
        let files = [("--checkpoint", &self.checkpoint), ("--report", &self.report)];
        let files = files.into_iter().filter_map(|(option, path)| Some((option, path.as_deref()?)));
        if let Some(checkpoint) = self.checkpoint.as_ref().filter(|path| path.exists() && !self.force) {
            let path = in_quotes(&checkpoint.display().to_string());
            return Err(Failure::files(format_args!(
                "--checkpoint: {path} exists; --resume {path} goes on with it, --force begins anew"
            )));
        }
        if let Some((option, _)) = files.clone().find(|(_, path)| data::is_dash(path)) {
            return Err(Failure::arguments(format_args!("{option}: expected the name of a file, found -")));
        }
        let outputs: Vec<(&str, &Path)> = [("-o", path)].into_iter().chain(files).collect();
        let inputs: Vec<&Path> =
            [&*self.data].into_iter().chain(judged).chain(self.resume.as_deref()).collect();
        output::check(&outputs, &inputs, self.force)
    }

    /// Trains until the end, or until the interrupt key is pressed.
    fn fit(&self, recipe: &Recipe, table: &Table, targets: &[String]) -> Result<Fit> {
        interrupt::listen()?;
        let progress = Progress::begin(!self.quiet && !self.json, recipe.members);
        let checkpoints = self.checkpoints();
        let was_warned = AtomicBool::new(false);
        let observe = |seen: &ann_tabular::Progress| {
            progress.see(seen);
            if let (Some(error), Some(Checkpoints { path, .. })) = (seen.checkpoint_error, &checkpoints)
                && !was_warned.swap(true, Ordering::Relaxed)
            {
                progress.print(&format!(
                    "warning: {}: cannot write: {error}; the training goes on without it",
                    path.display()
                ));
            }
            if interrupt::is_wanted() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let fit = match &checkpoints {
            Some(checkpoints) => recipe.fit_checkpointed(table, targets, checkpoints, observe),
            None => recipe.fit_interruptible(table, targets, interrupt::wish(), observe),
        };
        progress.end();
        fit.map_err(in_program)
    }

    /// The score of the rows of `--validation FILE`.
    fn validation_score(&self, fit: &Fit) -> Result<Option<OtherRows<'_>>> {
        let Some(path) = self.scoring.file() else { return Ok(None) };
        let table = data::read_judged(&self.reading, &fit.model, path)?;
        OtherRows::new(&fit.model, &table, path).map(Some)
    }

    /// The score of the rows of `--test`.
    fn test_score(&self, fit: &Fit) -> Result<Option<Score>> {
        let Some(path) = &self.scoring.test else { return Ok(None) };
        let table = data::read_for(&self.reading, &fit.model, path)?;
        Ok(Some(Score::of(&fit.model, &table)?))
    }

    /// Writes the page and prints the summary.
    fn tell(&self, summary: &Summary<'_>) -> Result<()> {
        if let Some(page) = &self.report {
            output::write(page, html::page(summary, &html::command())?.as_bytes(), true)?;
        }
        if self.quiet && !self.json {
            return Ok(());
        }
        // A model on the standard output has it for itself.
        let mut output: Box<dyn Write> = match data::is_dash(summary.path) {
            true => Box::new(std::io::stderr()),
            false => Box::new(Output::standard()),
        };
        if self.json {
            summary.write_json(&mut output)?;
        } else {
            summary.write(&mut output)?;
        }
        Ok(output.flush()?)
    }

    fn checkpoints(&self) -> Option<Checkpoints> {
        let path = self.resume.as_ref().or(self.checkpoint.as_ref())?.clone();
        Some(Checkpoints { path, every: self.checkpoint_every, resume: self.resume.is_some() })
    }

    /// How a table with these columns is read.
    fn reader(&self, columns: &[String]) -> Reader {
        let mut reader = self.reading.reader();
        let Columns { ignore, only, weight, group, time, .. } = &self.columns;
        reader.ignore.extend(data::names(ignore, columns));
        if !only.is_empty() {
            let roles = [weight, group, time].into_iter().flatten();
            let names = data::names(only, columns);
            let others = self.targets.iter().chain(roles).cloned();
            reader.only = names.into_iter().chain(others).collect();
        }
        reader
    }

    fn recipe(&self, table: &Table, targets: &[String]) -> Result<Recipe> {
        let Columns { task, weight, group, time, .. } = &self.columns;
        for name in [weight, group, time].into_iter().flatten() {
            table.column(name).map_err(|_| target::unknown(table, name))?;
        }
        let training = &self.training;
        if training.weight_decay.is_some() && training.optimizer != OptimizerName::Adam {
            return Err(Failure::arguments("--weight-decay: only adam has it; --l2 is for every optimizer"));
        }
        let scoring = match &self.scoring {
            ScoringOptions { no_score: true, .. } => Scoring::Off,
            ScoringOptions { folds: Some(folds), .. } => Scoring::Folds(*folds),
            ScoringOptions { validation: Some(ScoreRows::Share(share)), .. } => Scoring::HoldOut(*share),
            ScoringOptions { validation: Some(ScoreRows::File(_)), .. } => Scoring::Off,
            _ => Scoring::Auto,
        };
        let default = Recipe::default();
        let linear = training.hidden.0.is_empty();
        let default = if linear { default.linear() } else { default };
        let keep = self.reading.stated().filter(|name| !targets.contains(name));
        Ok(Recipe {
            schema: SchemaOptions {
                task: task.map(Into::into),
                keep: keep.collect(),
                ..default.schema.clone()
            },
            hidden: Activation::from(training.activation).layers(training.hidden.0.iter().copied()),
            members: training.networks,
            // A number that somebody asks for holds.
            least_updates: if training.epochs.is_some() { 0 } else { default.least_updates },
            epochs: training.epochs.unwrap_or(default.epochs),
            batch: training.batch,
            learning_rate: training.learning_rate.or(default.learning_rate),
            optimizer: training.optimizer.into(),
            decay: training.weight_decay.unwrap_or(default.decay),
            l2: training.l2,
            patience: training.patience,
            class_weights: match training.class_weights {
                Some(ClassWeightsName::Balanced) => ClassWeights::Balanced,
                None => ClassWeights::None,
            },
            weights: weight.clone(),
            groups: group.clone(),
            time: time.clone(),
            scoring,
            budget: training.budget,
            seed: training.seed,
            threads: training.threads.unwrap_or_else(all_cores),
            ..default
        })
    }
}

impl From<TaskName> for Task {
    fn from(name: TaskName) -> Self {
        match name {
            TaskName::Classify => Self::Classification,
            TaskName::Regress => Self::Regression,
            TaskName::Labels => Self::MultiLabel,
        }
    }
}

impl From<OptimizerName> for OptimizerKind {
    fn from(name: OptimizerName) -> Self {
        match name {
            OptimizerName::Adam => Self::Adam,
            OptimizerName::Momentum => Self::Momentum,
            OptimizerName::Descent => Self::Descent,
        }
    }
}

impl From<ActivationName> for Activation {
    fn from(name: ActivationName) -> Self {
        match name {
            ActivationName::Sigmoid => Self::Sigmoid,
            ActivationName::Tanh => Self::Tanh,
            ActivationName::Relu => Self::Relu,
            ActivationName::LeakyRelu => Self::LeakyRelu { slope: 0.01 },
            ActivationName::Elu => Self::Elu { alpha: 1.0 },
            ActivationName::Selu => Self::Selu,
            ActivationName::Softplus => Self::Softplus,
            ActivationName::Silu => Self::Silu,
            ActivationName::Mish => Self::Mish,
            ActivationName::Gelu => Self::Gelu,
        }
    }
}
