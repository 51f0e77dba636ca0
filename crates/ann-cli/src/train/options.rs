//! The options of `ann train` that say what is learned, and how: they become a reader and a recipe.

use std::path::{Path, PathBuf};
use std::time::Duration;

use ann_tabular::ann_core::{Activation, ClassWeights};
use ann_tabular::ann_table::{Kind, Reader, SchemaOptions, Table};
use ann_tabular::{Recipe, Scoring};
use clap::Args;

use super::values::{
    ActivationName, ClassWeightsName, Hidden, OptimizerName, ScoreRows, TaskName, epochs_help, hidden,
    rate_help, score_rows, weight_decay_help,
};
use crate::data::{self, Reading};
use crate::failure::{Failure, Result};
use crate::numbers::{all_cores, count, networks, not_negative, positive, threads};
use crate::target;

/// What is learned, and how.
#[derive(Args, Debug)]
pub struct Settings {
    #[command(flatten)]
    pub reading: Reading,
    #[command(flatten)]
    columns: Columns,
    #[command(flatten)]
    pub scoring: ScoringOptions,
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
    /// Make a model for each group of rows that are equal in this column, all in one file
    #[arg(long, value_name = "COLUMN")]
    group_by: Option<String>,
    /// New rows will be later in this column: the score is that of the latest rows
    #[arg(long, value_name = "COLUMN")]
    time: Option<String>,
}

/// How the score is measured.
#[derive(Args, Debug)]
#[command(next_help_heading = "Score")]
pub struct ScoringOptions {
    /// The share of the rows that is held out for the score; or a table whose rows are scored instead.
    /// Default: 0.2, or 5 folds of fewer than 200 rows
    #[arg(
        long,
        value_name = "SHARE|FILE",
        conflicts_with = "folds",
        value_parser = score_rows,
        allow_negative_numbers = true
    )]
    validation: Option<ScoreRows>,
    /// Number of folds, each of which is held out once
    #[arg(long, value_name = "COUNT", conflicts_with = "time", value_parser = count(2))]
    folds: Option<usize>,
    /// Only make the model
    #[arg(long, conflicts_with_all = ["validation", "folds"])]
    no_score: bool,
    /// Another table, of which the model's score is measured, too
    #[arg(long, value_name = "FILE")]
    pub test: Option<PathBuf>,
}

/// How networks are trained.
#[derive(Args, Debug)]
#[command(next_help_heading = "Training")]
struct Training {
    /// Units of the hidden layers, for example 16,16; none for a linear model. Default: 64,64, with
    /// --group-by 8,8
    #[arg(long, value_name = "WIDTH,…", value_parser = hidden)]
    hidden: Option<Hidden>,
    /// Activation function of the hidden layers
    #[arg(long, default_value = "silu")]
    activation: ActivationName,
    /// Number of networks, whose predictions are averaged. Each has another seed
    #[arg(long, visible_alias = "seeds", value_name = "COUNT", default_value_t = Recipe::default().members, value_parser = networks)]
    networks: usize,
    #[arg(long, value_name = "COUNT", value_parser = count(1), help = epochs_help())]
    epochs: Option<usize>,
    /// Number of rows of a batch
    #[arg(long, value_name = "COUNT", default_value_t = Recipe::default().batch, value_parser = count(1))]
    batch: usize,
    /// How gradients change the networks
    #[arg(long, value_name = "NAME", default_value = "adam")]
    optimizer: OptimizerName,
    #[arg(long, value_name = "NUMBER", value_parser = positive, allow_negative_numbers = true, help = rate_help())]
    learning_rate: Option<f64>,
    #[arg(
        long,
        value_name = "NUMBER",
        value_parser = not_negative,
        allow_negative_numbers = true,
        help = weight_decay_help()
    )]
    weight_decay: Option<f64>,
    /// λ of the penalty λ Σ‖W‖² on weights
    #[arg(
        long,
        value_name = "NUMBER",
        default_value_t = Recipe::default().l2,
        value_parser = not_negative,
        allow_negative_numbers = true
    )]
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

impl ScoringOptions {
    /// The file of `--validation`.
    pub fn file(&self) -> Option<&Path> {
        match &self.validation {
            Some(ScoreRows::File(path)) => Some(path),
            Some(ScoreRows::Share(_)) | None => None,
        }
    }

    fn scoring(&self, default: Scoring) -> Scoring {
        match self {
            Self { no_score: true, .. } => Scoring::Off,
            Self { folds: Some(folds), .. } => Scoring::Folds(*folds),
            Self { validation: Some(ScoreRows::Share(share)), .. } => Scoring::HoldOut(*share),
            Self { validation: Some(ScoreRows::File(_)), .. } => Scoring::Off,
            _ => default,
        }
    }
}

impl Settings {
    /// The column whose groups get a model each.
    pub fn group_by(&self) -> Option<&str> {
        self.columns.group_by.as_deref()
    }

    /// How a table with these columns is read, of which some are to be predicted.
    pub fn reader(&self, columns: &[String], targets: &[String]) -> Reader {
        let mut reader = self.reading.reader();
        let Columns { ignore, only, weight, group, group_by, time, .. } = &self.columns;
        reader.ignore.extend(data::names(ignore, columns));
        if !only.is_empty() {
            let roles = [weight, group, group_by, time].into_iter().flatten();
            let names = data::names(only, columns);
            let others = targets.iter().chain(roles).cloned();
            reader.only = names.into_iter().chain(others).collect();
        }
        // The texts of the table are the names of the groups: 7 and 007 are two groups.
        let is_stated = |name: &String| reader.kinds.iter().any(|(stated, _)| stated == name);
        if let Some(name) = group_by.as_ref().filter(|name| columns.contains(name) && !is_stated(name)) {
            reader.kinds.push((name.clone(), Kind::Category));
        }
        reader
    }

    /// Whether there is a limit of time.
    pub fn has_budget(&self) -> bool {
        self.training.budget.is_some()
    }

    /// How a table is learned that `reader` has read.
    pub fn recipe(&self, reader: &Reader, table: &Table, targets: &[String]) -> Result<Recipe> {
        let Columns { task, weight, group, group_by, time, .. } = &self.columns;
        for name in [weight, group, group_by, time].into_iter().flatten() {
            table.column(name).map_err(|_| target::unknown(table, name))?;
        }
        let training = &self.training;
        if training.weight_decay.is_some() && training.optimizer != OptimizerName::Adam {
            return Err(Failure::arguments("--weight-decay: only adam has it; --l2 is for every optimizer"));
        }
        let default = if group_by.is_some() { Recipe::for_groups() } else { Recipe::default() };
        let linear = training.hidden.as_ref().is_some_and(|hidden| hidden.0.is_empty());
        let default = if linear { default.linear() } else { default };
        // A column whose kind is set is used even if it looks useless.
        let stated = reader.kinds.iter().map(|(name, _)| name).filter(|name| table.column(name).is_ok());
        let keep = stated.filter(|name| !targets.contains(name)).cloned();
        Ok(Recipe {
            schema: SchemaOptions {
                task: task.map(Into::into),
                keep: keep.collect(),
                ..default.schema.clone()
            },
            weights: weight.clone(),
            groups: group.clone(),
            time: time.clone(),
            scoring: self.scoring.scoring(default.scoring),
            ..training.recipe(default)
        })
    }
}

impl Training {
    /// The recipe with these settings.
    fn recipe(&self, default: Recipe) -> Recipe {
        Recipe {
            hidden: Activation::from(self.activation).layers(self.hidden.as_ref().map_or_else(
                || default.hidden.iter().map(|layer| layer.width).collect::<Vec<usize>>(),
                |hidden| hidden.0.clone(),
            )),
            members: self.networks,
            // A number that somebody asks for holds.
            least_updates: if self.epochs.is_some() { 0 } else { default.least_updates },
            epochs: self.epochs.unwrap_or(default.epochs),
            batch: self.batch,
            learning_rate: self.learning_rate.or(default.learning_rate),
            optimizer: self.optimizer.into(),
            decay: self.weight_decay.unwrap_or(default.decay),
            l2: self.l2,
            patience: self.patience,
            class_weights: match self.class_weights {
                Some(ClassWeightsName::Balanced) => ClassWeights::Balanced,
                None => ClassWeights::None,
            },
            budget: self.budget,
            seed: self.seed,
            threads: self.threads.unwrap_or_else(all_cores),
            ..default
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Options {
        #[command(flatten)]
        settings: Settings,
    }

    #[test]
    fn what_is_not_given_is_as_in_the_library() {
        let table = Table::read("x,y\n1,2\n".as_bytes()).unwrap();
        let Options { settings } = Options::parse_from(["ann"]);
        let expected = Recipe { threads: all_cores(), ..Recipe::default() };
        assert_eq!(settings.recipe(&settings.reading.reader(), &table, &["y".to_owned()]).unwrap(), expected);
        let Options { settings } = Options::parse_from(["ann", "--group-by", "x"]);
        let expected = Recipe { threads: all_cores(), ..Recipe::for_groups() };
        assert_eq!(settings.recipe(&settings.reading.reader(), &table, &["y".to_owned()]).unwrap(), expected);
    }
}
