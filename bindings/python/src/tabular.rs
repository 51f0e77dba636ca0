//! Tables with words and gaps: what `ann_tabular::Recipe` fits.

use std::time::Duration;

use ann_tabular::ann_core::ClassWeights;
use ann_tabular::ann_table::{Column, SchemaOptions, Table, Task, sort_naturally};
use ann_tabular::{Progress, Recipe, Scoring};
use numpy::PyReadonlyArray1;
use pyo3::prelude::*;

use crate::core::{Core, Curve, FitRecord};
use crate::errors::{self, caught};
use crate::settings::activation;
use crate::watch::{Record, watched_apart};

/// The columns of a table: a name, and cells.
pub type Columns<'py> = Vec<(String, Cells<'py>)>;

/// The cells of a column.
#[derive(FromPyObject)]
pub enum Cells<'py> {
    /// Numbers; NaN where there is none.
    Numbers(PyReadonlyArray1<'py, f64>),
    /// Words; `None` where there is none.
    Words(Vec<Option<String>>),
    /// Seconds since 1970, in a tuple of one array.
    Dates((PyReadonlyArray1<'py, f64>,)),
}

/// Settings of a recipe. Python has checked the types.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub struct TableSettings {
    task: String,
    hidden: Vec<usize>,
    activation: String,
    members: usize,
    epochs: Option<usize>,
    batch_size: usize,
    learning_rate: Option<f64>,
    weight_decay: f64,
    smoothing: f64,
    balanced: bool,
    /// The text of each class, and its factor.
    class_weight: Option<Vec<(String, f64)>>,
    weights: Option<String>,
    groups: Option<String>,
    time: Option<String>,
    scoring: String,
    budget: Option<f64>,
    ignore: Vec<String>,
    keep: Vec<String>,
    seed: u64,
    threads: usize,
}

impl TableSettings {
    fn class_weights(&self) -> ClassWeights {
        match &self.class_weight {
            _ if self.balanced => ClassWeights::Balanced,
            None => ClassWeights::None,
            Some(factors) => {
                // The outputs of the networks are in this order.
                let mut texts: Vec<&str> = factors.iter().map(|(text, _)| &**text).collect();
                sort_naturally(&mut texts);
                let factor =
                    |text| factors.iter().find(|(class, _)| class == text).map(|(_, factor)| *factor);
                ClassWeights::Given(texts.into_iter().filter_map(factor).collect())
            }
        }
    }

    fn recipe(&self) -> PyResult<Recipe> {
        let default = Recipe::default();
        let default = if self.hidden.is_empty() { default.linear() } else { default };
        Ok(Recipe {
            schema: SchemaOptions {
                task: Some(match &*self.task {
                    "classification" => Task::Classification,
                    _ => Task::Regression,
                }),
                ignore: self.ignore.clone(),
                keep: self.keep.clone(),
                ..default.schema.clone()
            },
            hidden: activation(&self.activation)?.layers(self.hidden.iter().copied()),
            members: self.members,
            least_updates: if self.epochs.is_some() { 0 } else { default.least_updates },
            epochs: self.epochs.unwrap_or(default.epochs),
            batch: self.batch_size,
            learning_rate: self.learning_rate.or(default.learning_rate),
            decay: self.weight_decay,
            smoothing: self.smoothing,
            class_weights: self.class_weights(),
            weights: self.weights.clone(),
            groups: self.groups.clone(),
            time: self.time.clone(),
            scoring: match &*self.scoring {
                "auto" => Scoring::Auto,
                _ => Scoring::Off,
            },
            budget: self.budget.map(Duration::try_from_secs_f64).transpose().map_err(errors::value)?,
            seed: self.seed,
            threads: self.threads,
            ..default
        })
    }
}

pub fn table(columns: Columns<'_>) -> PyResult<Table> {
    let columns = columns.into_iter().map(|(name, cells)| match cells {
        Cells::Numbers(numbers) => Column::of_numbers(name, numbers.as_array().iter().copied()),
        Cells::Words(words) => {
            Column::of_words(name, words.iter().map(|word| word.as_deref().unwrap_or_default()))
        }
        Cells::Dates((seconds,)) => Column::of_dates(name, seconds.as_array().iter().copied()),
    });
    Table::from_columns(columns).map_err(errors::table)
}

/// Learns to predict `targets` from the other columns of a table.
#[pyfunction]
pub fn fit_table(
    py: Python<'_>,
    columns: Columns<'_>,
    targets: Vec<String>,
    settings: TableSettings,
    callback: Option<Py<PyAny>>,
) -> PyResult<Core> {
    caught(|| {
        let (table, recipe) = (table(columns)?, settings.recipe()?);
        let fit = watched_apart(py, callback.as_ref(), move |watch| {
            let observe = |progress: &Progress| watch.see(|| seen(progress));
            recipe.fit_interruptible(&table, &targets, watch.interrupt, observe)
        })?;
        let fit = fit.map_err(errors::tabular)?;
        let curves = fit.report.curves.iter().map(|curve| Curve {
            losses: curve.training.clone(),
            accuracies: vec![],
            validation_losses: curve.validation.clone(),
            best_epoch: Some(curve.best_epoch),
        });
        let record = FitRecord {
            curves: curves.collect(),
            findings: fit.report.findings.iter().map(ToString::to_string).collect(),
            stop: String::new(),
            report: Some(fit.report.to_string()),
        };
        Ok(Core::new(fit.model, record, None))
    })
}

fn seen(progress: &Progress) -> Record {
    vec![
        ("network", progress.member as f64),
        ("epoch", progress.epoch as f64),
        ("loss", progress.training),
        ("validation_loss", progress.validation),
    ]
}
