//! How a model was made, and making it again: the same table and settings give the same file.

use ann_core::ClassWeights;
use ann_model::{Digest, Model, Networks};
use ann_table::{Kind, SchemaOptions, Table, Task};
use ann_train::OptimizerKind;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use crate::recipe::OPTIMIZERS;
use crate::{Error, Evaluation, Recipe, Report, Result, Score, Scoring};

/// This program. Other versions may give other bits.
const PROGRAM: &str = concat!("ann-tabular ", env!("CARGO_PKG_VERSION"));

/// What a file says of its making: program, data, settings, and the score. Numbers that the making depends on
/// are texts, because not all programs read numbers of JSON to the last bit.
pub(crate) fn provenance(recipe: &Recipe, table: &Table, report: &Report, was_ended: bool) -> Result<Value> {
    let mut value = making(recipe, table, &report.schema.target.names())?;
    value["data"]["used_rows"] = report.rows.used.into();
    if was_ended {
        value["ended_early"] = true.into();
    }
    match &report.evaluation {
        Ok(evaluation) => value["score"] = score(evaluation),
        Err(reason) => value["no_score"] = reason.to_string().into(),
    }
    Ok(value)
}

/// All that decides about the bits of a model, except the layers: they are in the model.
pub(crate) fn making(recipe: &Recipe, table: &Table, targets: &[&str]) -> Result<Value> {
    let data = json!({ "sha256": digest(table)?, "rows": table.rows(), "columns": table.columns().len() });
    Ok(json!({ "program": PROGRAM, "data": data, "settings": settings(recipe, targets) }))
}

fn settings(recipe: &Recipe, targets: &[&str]) -> Value {
    let SchemaOptions { task, ignore, keep, most_categories, least_rows, bins } = &recipe.schema;
    json!({
        "targets": targets,
        "task": task.map(task_name),
        "ignore": ignore,
        "keep": keep,
        "most_categories": most_categories,
        "least_rows": least_rows,
        "bins": bins,
        "members": recipe.members,
        "epochs": recipe.epochs,
        "batch": recipe.batch,
        "learning_rate": recipe.learning_rate.map(|rate| rate.to_string()),
        "optimizer": optimizer_name(recipe.optimizer),
        "decay": recipe.decay.to_string(),
        "l2": recipe.l2.to_string(),
        "smoothing": recipe.smoothing.to_string(),
        "class_weights": match &recipe.class_weights {
            ClassWeights::None => json!("none"),
            ClassWeights::Balanced => json!("balanced"),
            ClassWeights::Given(weights) => json!(weights.iter().map(f64::to_string).collect::<Vec<_>>()),
        },
        "validation_folds": recipe.validation_folds,
        "patience": recipe.patience,
        "weights": recipe.weights,
        "groups": recipe.groups,
        "time": recipe.time,
        "scoring": match recipe.scoring {
            Scoring::Auto => json!("auto"),
            Scoring::Off => json!("off"),
            Scoring::Folds(folds) => json!({ "folds": folds }),
            Scoring::HoldOut(share) => json!({ "hold_out": share.to_string() }),
        },
        "seed": recipe.seed.to_string(),
    })
}

/// Six digits of each number of the score: for readers, not for computing.
fn score(evaluation: &Evaluation) -> Value {
    let numbers = |score: &Score| {
        let entry = |(name, number): (String, crate::Estimate)| (name, json!(format!("{:.6}", number.value)));
        Value::Object(score.entries().into_iter().map(entry).collect::<Map<_, _>>())
    };
    json!({
        "rule": evaluation.rule.to_string(),
        "rows": evaluation.rows.len(),
        "model": numbers(&evaluation.model),
        "linear": evaluation.linear.as_ref().map(numbers),
        "constant": numbers(&evaluation.constant),
    })
}

/// Makes a model again, from the settings in its file and the same table, and compares the digests: so who
/// has the table can prove that the model comes from it. Returns the new model.
///
/// Initial weights, schedules of the learning rate and temperatures use functions of the platform, so the
/// bits may differ between unlike machines; and between versions of this library.
///
/// # Errors
/// The model was not made by [`Recipe::fit`], or its fit was ended early; the table is another one; the new
/// model differs from the old one; or as [`Recipe::fit`].
pub fn rebuild(model: &Model, table: &Table, threads: usize) -> Result<Model> {
    let made = &model.provenance;
    if made["ended_early"].as_bool() == Some(true) {
        return Err(Error::NoProvenance { reason: "its fit was ended early, by hand".to_owned() });
    }
    let made_by = recipe_of(model).filter(|(recipe, _)| recipe.members == model.networks().len());
    let (recipe, targets) = made_by.ok_or_else(|| Error::NoProvenance {
        reason: "it was not made by Recipe::fit of this library".to_owned(),
    })?;
    let described =
        |digest: &str, rows: u64, columns: u64| format!("{rows} rows, {columns} columns, SHA-256 {digest}");
    let found = described(&digest(table)?, table.rows() as u64, table.columns().len() as u64);
    let data = &made["data"];
    let expected = described(
        data["sha256"].as_str().unwrap_or_default(),
        data["rows"].as_u64().unwrap_or_default(),
        data["columns"].as_u64().unwrap_or_default(),
    );
    if found != expected {
        return Err(Error::OtherData { found, expected });
    }
    let mut made_again = Recipe { threads, ..recipe }.fit(table, &targets)?.model;
    // Another version that computes the same is not another model, and callers may have added something.
    made_again.provenance["program"] = made["program"].clone();
    // An older version did not know all settings. `recipe_of` has set their defaults.
    if let (Some(settings), Some(known)) =
        (made_again.provenance["settings"].as_object_mut(), made["settings"].as_object())
    {
        settings.retain(|name, _| known.contains_key(name));
    }
    for (key, value) in made.as_object().into_iter().flatten() {
        if made_again.provenance.get(key).is_none() {
            made_again.provenance[key] = value.clone();
        }
    }
    let (found, expected) = (made_again.digest()?, model.digest()?);
    if found != expected {
        let program = made["program"].as_str().unwrap_or("another program").to_owned();
        return Err(Error::OtherModel { found, expected, program, this: PROGRAM });
    }
    Ok(made_again)
}

/// The recipe and the targets that a model says it was made with. The layers are those of the model.
fn recipe_of(model: &Model) -> Option<(Recipe, Vec<String>)> {
    let settings = &model.provenance["settings"];
    let text = |name: &str| settings[name].as_str();
    let count = |name: &str| usize::try_from(settings[name].as_u64()?).ok();
    // `None` if it is something else than a text or nothing.
    let optional = |name: &str| match &settings[name] {
        Value::Null => Some(None),
        value => value.as_str().map(Some),
    };
    let column = |name: &str| optional(name).map(|column| column.map(str::to_owned));
    let names = |name: &str| -> Option<Vec<String>> {
        settings[name].as_array()?.iter().map(|name| name.as_str().map(str::to_owned)).collect()
    };
    let architecture = match model.networks() {
        Networks::F32(networks) => networks[0].architecture(),
        Networks::F64(_) => return None,
    };
    let (_, hidden) = architecture.layers().split_last()?;
    let schema = SchemaOptions {
        task: match optional("task")? {
            Some(name) => Some(task_of_name(name)?),
            None => None,
        },
        ignore: names("ignore")?,
        keep: names("keep")?,
        most_categories: count("most_categories")?,
        least_rows: count("least_rows")?,
        bins: count("bins")?,
    };
    // What a file does not say was not a setting yet.
    let default = Recipe::default();
    let recipe = Recipe {
        schema,
        hidden: hidden.to_vec(),
        members: count("members")?,
        epochs: count("epochs")?,
        // The number of epochs in the file is what this setting made of it.
        least_updates: 0,
        batch: count("batch")?,
        learning_rate: optional("learning_rate")?.map(str::parse).transpose().ok()?,
        optimizer: match optional("optimizer")? {
            Some(name) => optimizer_of_name(name)?,
            None => default.optimizer,
        },
        decay: text("decay")?.parse().ok()?,
        l2: optional("l2")?.map_or(Some(default.l2), |l2| l2.parse().ok())?,
        smoothing: text("smoothing")?.parse().ok()?,
        class_weights: class_weights(&settings["class_weights"])?,
        validation_folds: count("validation_folds")?,
        patience: match &settings["patience"] {
            Value::Null => None,
            _ => Some(count("patience")?),
        },
        weights: column("weights")?,
        groups: column("groups")?,
        time: column("time")?,
        scoring: scoring(&settings["scoring"])?,
        budget: None,
        seed: text("seed")?.parse().ok()?,
        threads: 1,
    };
    Some((recipe, names("targets")?))
}

fn class_weights(value: &Value) -> Option<ClassWeights> {
    match value {
        Value::String(name) if name == "none" => Some(ClassWeights::None),
        Value::String(name) if name == "balanced" => Some(ClassWeights::Balanced),
        Value::Array(weights) => {
            let weights = weights.iter().map(|weight| weight.as_str()?.parse().ok());
            weights.collect::<Option<_>>().map(ClassWeights::Given)
        }
        _ => None,
    }
}

fn scoring(value: &Value) -> Option<Scoring> {
    match value.as_str() {
        Some("auto") => Some(Scoring::Auto),
        Some("off") => Some(Scoring::Off),
        Some(_) => None,
        None => {
            let folds =
                value["folds"].as_u64().and_then(|folds| usize::try_from(folds).ok()).map(Scoring::Folds);
            folds.or_else(|| Some(Scoring::HoldOut(value["hold_out"].as_str()?.parse().ok()?)))
        }
    }
}

fn task_name(task: Task) -> &'static str {
    match task {
        Task::Classification => "classification",
        Task::Regression => "regression",
        Task::MultiLabel => "multi_label",
    }
}

fn optimizer_name(optimizer: OptimizerKind) -> &'static str {
    match optimizer {
        OptimizerKind::Adam => "adam",
        OptimizerKind::Momentum => "momentum",
        OptimizerKind::Descent => "descent",
        OptimizerKind::Rprop => "rprop",
        OptimizerKind::Lbfgs => "lbfgs",
        OptimizerKind::LevenbergMarquardt => "levenberg_marquardt",
    }
}

fn optimizer_of_name(name: &str) -> Option<OptimizerKind> {
    OPTIMIZERS.into_iter().find(|&optimizer| optimizer_name(optimizer) == name)
}

fn task_of_name(name: &str) -> Option<Task> {
    [Task::Classification, Task::Regression, Task::MultiLabel]
        .into_iter()
        .find(|&task| task_name(task) == name)
}

/// SHA-256 of all names, kinds and cells, whatever the file looks like that they come from.
fn digest(table: &Table) -> Result<Digest> {
    let mut sha = Sha256::new();
    let mut bytes = |bytes: &[u8]| {
        sha.update((bytes.len() as u64).to_le_bytes());
        sha.update(bytes);
    };
    for column in table.columns() {
        bytes(column.name().as_bytes());
        bytes(column.kind().to_string().as_bytes());
        for row in 0..table.rows() {
            match column.kind() {
                // No finite number has these bits.
                Kind::Number | Kind::Date => {
                    bytes(&column.number(row).map_or(u64::MAX, f64::to_bits).to_le_bytes());
                }
                Kind::Category => bytes(column.word(row).unwrap_or_default().as_bytes()),
            }
        }
    }
    table.ensure_read()?;
    Ok(sha.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}
