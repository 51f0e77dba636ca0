//! Where the rows of a lab come from: data of ann-datasets, a table of the user, or rows for a model of the
//! user.

use ann_datasets::generate::{self, DOUGHNUT_SEED, Pattern, SQUARES_SEED};
use ann_datasets::iris;
use ann_model::Model;
use ann_table::{Kind, Reader, Schema, SchemaOptions, Table, Target, TargetValues, Task};
use ann_train::seeded;
use ann_train::splits::{Split, hold_out};

use crate::error::{Code, Error, Result, check_limit};
use crate::fields::Fields;
use crate::json::{Object, object};
use crate::limits;
use crate::value::Value;

/// What a request says about data.
#[derive(Clone, Debug, PartialEq)]
pub enum Source {
    /// A data set of ann-datasets.
    Dataset {
        /// Its name.
        name: &'static str,
        /// Number of rows, deviation of the noise and seed; without effect for Iris.
        rows: usize,
        noise: f64,
        seed: u64,
    },
    /// The table that was read.
    Table {
        /// The column to predict.
        target: String,
        task: Option<Task>,
        /// Columns to leave out.
        ignore: Vec<String>,
    },
    /// A network of the model that was read.
    Model {
        /// Counted from 0.
        network: usize,
    },
}

/// A data set of ann-datasets, with the number of rows and the seed that are used if a request has none.
struct Dataset {
    name: &'static str,
    task: &'static str,
    columns: &'static [&'static str],
    rows: usize,
    noise: f64,
    seed: u64,
    is_drawn: bool,
}

const DATASETS: [Dataset; 6] = [
    Dataset {
        name: "doughnut",
        task: "classification",
        columns: &["x", "y"],
        rows: 216,
        noise: 0.0,
        seed: DOUGHNUT_SEED,
        is_drawn: true,
    },
    Dataset {
        name: "squares",
        task: "classification",
        columns: &["x", "y"],
        rows: 400,
        noise: 0.0,
        seed: SQUARES_SEED,
        is_drawn: true,
    },
    Dataset {
        name: "spirals",
        task: "classification",
        columns: &["x", "y"],
        rows: 400,
        noise: 0.0,
        seed: 1,
        is_drawn: true,
    },
    Dataset {
        name: "iris",
        task: "classification",
        columns: &["sepal length (cm)", "sepal width (cm)", "petal length (cm)", "petal width (cm)"],
        rows: 150,
        noise: 0.0,
        seed: 0,
        is_drawn: false,
    },
    Dataset {
        name: "wave",
        task: "regression",
        columns: &["x"],
        rows: 120,
        noise: 0.1,
        seed: 1,
        is_drawn: true,
    },
    Dataset {
        name: "hills",
        task: "regression",
        columns: &["x", "y"],
        rows: 300,
        noise: 0.05,
        seed: 1,
        is_drawn: true,
    },
];

/// The data sets that a page may offer.
pub fn datasets() -> Vec<Object> {
    let describe = |set: &Dataset| {
        object! {
            "name": set.name, "task": set.task, "columns": set.columns, "rows": set.rows,
            "noise": set.noise, "seed": set.seed, "drawn": set.is_drawn,
        }
    };
    DATASETS.iter().map(describe).collect()
}

impl Source {
    /// From a request.
    pub fn read(mut fields: Fields) -> Result<Self> {
        let name = fields.text("name")?.unwrap_or_else(|| "doughnut".into());
        let source = match name.as_str() {
            "table" => Self::Table {
                target: fields.text("target")?.ok_or_else(|| Error::request("data has no target"))?,
                task: match fields.choice("task", &["", "classification", "regression"])? {
                    "classification" => Some(Task::Classification),
                    "regression" => Some(Task::Regression),
                    _ => None,
                },
                ignore: read_names(fields.list("ignore")?)?,
            },
            "model" => Self::Model { network: fields.size("network", 0)? },
            _ => {
                let usual = DATASETS.iter().find(|set| set.name == name);
                let usual = usual.ok_or_else(|| Error::request(format!("there are no data {name:?}")))?;
                let noise = fields.number("noise")?.unwrap_or(usual.noise);
                if !(0.0..=1.0).contains(&noise) {
                    return Err(Error::request(format!("\"noise\" of data is {noise}, expected 0 to 1")));
                }
                let rows = fields.size("rows", usual.rows)?;
                let seed = fields.count("seed")?.unwrap_or(usual.seed);
                check_limit("rows", rows, limits::ROWS)?;
                Self::Dataset { name: usual.name, rows, noise, seed }
            }
        };
        fields.finish()?;
        Ok(source)
    }

    /// The name of files that are made of these data, without an ending.
    pub fn file_name(&self) -> &str {
        match self {
            Self::Dataset { name, .. } => name,
            Self::Table { target, .. } => target,
            Self::Model { .. } => "model",
        }
    }

    /// The table of a data set.
    pub fn table(&self) -> Result<Option<Table>> {
        let Self::Dataset { name, rows, noise, seed } = *self else { return Ok(None) };
        let rng = &mut seeded(seed);
        let table = match name {
            "iris" => iris().to_table(),
            "wave" => generate::wave(rows, noise, rng).to_table(),
            "hills" => generate::hills(rows, noise, rng).to_table(),
            "doughnut" => Pattern::Doughnut.draw(rows, noise, rng).to_table(),
            "squares" => Pattern::Squares.draw(rows, noise, rng).to_table(),
            _ => Pattern::Spirals.draw(rows, noise, rng).to_table(),
        };
        Ok(Some(table?))
    }
}

pub fn read_names(names: Vec<Value>) -> Result<Vec<String>> {
    let text = |name: Value| match name {
        Value::Text(name) => Ok(name),
        other => Err(Error::request(format!("a name is {other}, expected a text"))),
    };
    names.into_iter().map(text).collect()
}

/// The share of rows to test on, and the seed of their choice.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Division {
    /// 0 for none.
    pub share: f64,
    /// Of the choice.
    pub seed: u64,
}

impl Division {
    /// From a request.
    pub fn read(mut fields: Fields) -> Result<Self> {
        let division = Self {
            share: fields.number("share")?.unwrap_or_default(),
            seed: fields.count("seed")?.unwrap_or_default(),
        };
        fields.finish()?;
        Ok(division)
    }

    /// Of each class the same share; the program for people does the same, see `program`.
    pub fn split(&self, targets: &TargetValues) -> Result<Split> {
        if self.share == 0.0 {
            return Ok(Split { train: (0..targets.len()).collect(), test: Vec::new() });
        }
        Ok(match targets {
            TargetValues::Classes(classes) => hold_out(classes, self.share, self.seed)?,
            _ => hold_out(&vec![(); targets.len()], self.share, self.seed)?,
        })
    }
}

/// Rows whose target is known, and how they become inputs.
#[derive(Debug)]
pub struct Rows {
    /// All rows.
    pub table: Table,
    /// The rows to train on and to test on.
    pub split: Split,
    /// What was learned from the training rows.
    pub schema: Schema,
    /// How the table was read.
    pub reader: Reader,
}

impl Rows {
    /// Rows of a table with one target. What is scaled, is learned from the training rows alone.
    pub fn learn(
        (table, reader): (&Table, &Reader),
        target: &str,
        options: &SchemaOptions,
        is_scaled: bool,
        division: Division,
    ) -> Result<Self> {
        let table = table.without_missing(&[target])?;
        check_limit("rows", table.rows(), limits::ROWS)?;
        if table.rows() == 0 {
            return Err(Error::new(Code::File, format!("no row has a value of {target:?}")));
        }
        let whole = Schema::learn(&table, &[target], options)?;
        check_target(&whole.target)?;
        let split = division.split(&whole.targets(&table)?)?;
        let options = SchemaOptions { task: Some(whole.target.task()), ..options.clone() };
        let schema = Schema::learn(&table.select(&split.train), &[target], &options)?;
        let schema = if is_scaled { schema } else { schema.unscaled() };
        check_schema(&schema)?;
        check_limit("rows times inputs", table.rows() * schema.inputs(), limits::NUMBERS)?;
        Ok(Self { table, split, schema, reader: reader.clone() })
    }

    /// Rows of a table for a model.
    pub fn for_model(table: &Table, reader: Reader, model: &Model, division: Division) -> Result<Self> {
        let schema = model.schema().clone();
        let table = table.without_missing(&schema.target.names())?;
        check_limit("rows", table.rows(), limits::ROWS)?;
        check_limit("rows times inputs", table.rows() * schema.inputs(), limits::NUMBERS)?;
        let split = division.split(&schema.targets(&table)?)?;
        Ok(Self { table, split, schema, reader })
    }
}

/// An error if the page cannot show what a schema describes, be it learned from a table or read from a model.
pub fn check_schema(schema: &Schema) -> Result<()> {
    check_target(&schema.target)?;
    check_limit("inputs", schema.inputs(), limits::INPUTS)
}

/// One target, and not too many classes.
fn check_target(target: &Target) -> Result<()> {
    let refused = |what: &str| Err(Error::new(Code::Refused, format!("{what} are not shown on this page")));
    match target {
        Target::Labels(_) => refused("several labels for each row"),
        Target::Numbers(columns) if columns.len() != 1 => refused("several numbers for each row"),
        _ => check_limit("classes", target.outputs(), limits::CLASSES),
    }
}

/// The columns of a table, for a page.
pub fn describe_table(table: &Table) -> Object {
    let describe = |column: &ann_table::Column| {
        let distinct = match column.kind() {
            Kind::Category => Some(column.words().count()),
            _ => None,
        };
        object! {
            "name": column.name(), "kind": kind_name(column.kind()), "missing": column.missing(),
            "distinct": distinct,
        }
    };
    let columns: Vec<Object> = table.columns().iter().map(describe).collect();
    object! { "rows": table.rows(), "columns": columns, "target": proposed_target(table) }
}

/// The last column that can be predicted: numbers of which one is known, or 2 to 64 different words.
fn proposed_target(table: &Table) -> Option<&str> {
    let can_be = |column: &&ann_table::Column| match column.kind() {
        Kind::Number => column.missing() < column.len(),
        Kind::Category => (2..=limits::CLASSES).contains(&column.words().count()),
        Kind::Date => false,
    };
    table.columns().iter().rev().find(can_be).map(ann_table::Column::name)
}

const KINDS: [(&str, Kind); 3] =
    [("number", Kind::Number), ("category", Kind::Category), ("date", Kind::Date)];

/// The name of a kind of column.
pub fn kind_name(kind: Kind) -> &'static str {
    KINDS.into_iter().find_map(|(name, known)| (known == kind).then_some(name)).expect("all kinds are listed")
}

/// The kind of this name.
pub fn kind_named(name: &str) -> Option<Kind> {
    KINDS.into_iter().find_map(|(known, kind)| (known == name).then_some(kind))
}
