//! `ann train --explain`: each choice and its reason, before anything is trained.

use std::io::Write;
use std::path::Path;

use ann_tabular::ann_table::{IgnoredColumn, Schema, Table, Target};
use ann_tabular::ann_train::OptimizerKind;
use ann_tabular::{Recipe, Scoring};
use serde_json::{Value, json};

use crate::failure::Result;
use crate::output::Output;
use crate::show::{aligned, counted};

/// Prints a line, or an object, for each choice.
pub fn print(
    recipe: &Recipe,
    table: &Table,
    targets: &[String],
    validation: Option<&Path>,
    is_json: bool,
) -> Result<()> {
    let names: Vec<&str> = targets.iter().map(String::as_str).collect();
    let used = table.without_missing(&names)?;
    let mut options = recipe.schema.clone();
    options.ignore.extend(recipe.weights.iter().chain(&recipe.groups).cloned());
    let schema = Schema::learn(&used, &names, &options)?;
    let mut lines: Vec<[String; 3]> = vec![];
    let mut line =
        |choice: &str, value: String, reason: &str| lines.push([choice.into(), value, reason.into()]);
    let (task, reason) = match &schema.target {
        Target::Classes { classes, .. } => (
            counted(classes.len(), "class"),
            "the target has words, or at most 20 whole numbers; --task regress for numbers",
        ),
        Target::Numbers(_) => (
            "a number".into(),
            "the target has fractions, or more than 20 numbers; --task classify for classes",
        ),
        Target::Labels(_) => ("labels".into(), "several targets of two values each"),
    };
    line("task", task, reason);
    line("rows", counted(used.rows(), "row"), "all that have a target");
    line(
        "inputs",
        schema.inputs().to_string(),
        "numbers scaled and in four pieces, a column for each word, parts of dates",
    );
    for IgnoredColumn { name, reason } in &schema.ignored {
        line(
            "left out",
            format!("{name} ({reason})"),
            "--as NAME=KIND keeps a column that only looks useless",
        );
    }
    let hidden: Vec<String> =
        recipe.hidden.iter().map(|layer| format!("{} {}", layer.width, layer.activation)).collect();
    let hidden = if hidden.is_empty() { "none".into() } else { hidden.join(", ") };
    line(
        "hidden",
        hidden,
        "the best of those tried on fourteen public tables together; --hidden none is a linear model",
    );
    line(
        "networks",
        recipe.members.to_string(),
        "their mean is better than one; each is validated on other rows",
    );
    line(
        "epochs",
        recipe.epochs_of(used.rows()).to_string(),
        "small tables need more epochs; the best one on the validation rows is kept",
    );
    line("batch", recipe.batch.to_string(), "rows of one update");
    let is_adam = recipe.optimizer == OptimizerKind::Adam;
    let optimizer = recipe.optimizer.to_string();
    line("optimizer", optimizer, if is_adam { "all other settings were chosen for it" } else { "as asked" });
    let reason = match is_adam {
        true => "it rises and falls, and inputs have factors that are trained",
        false => "it rises and falls",
    };
    line("rate", recipe.rate_of(schema.target.task()).to_string(), reason);
    if is_adam {
        line("decay", recipe.decay.to_string(), "of weights, against overfitting");
    }
    if recipe.l2 > 0.0 {
        line("l2", recipe.l2.to_string(), "penalty on weights, as asked");
    }
    if let Some(patience) = recipe.patience {
        line("patience", counted(patience, "epoch"), "as asked");
    }
    let (score, reason) = match recipe.scoring {
        Scoring::Off => {
            (validation.map_or("none".to_owned(), |path| format!("rows of {}", path.display())), "as asked")
        }
        Scoring::Folds(folds) => (format!("{folds} folds"), "as asked"),
        Scoring::HoldOut(share) => (format!("{share} held out"), "as asked"),
        Scoring::Auto if recipe.time.is_some() => ("the latest fifth".into(), "new rows will be later"),
        Scoring::Auto if used.rows() < 200 => {
            ("5 folds".into(), "a fifth of fewer than 200 rows would say little")
        }
        Scoring::Auto => ("a fifth is held out".into(), "the model itself is made from all rows"),
    };
    line("score", score, reason);
    line("seed", recipe.seed.to_string(), "the same table, settings and seed give the same file");
    let mut output = Output::standard();
    if is_json {
        let choice = |[choice, value, reason]: &[String; 3]| json!({ "choice": choice, "value": value, "reason": reason });
        let choices: Vec<Value> = lines.iter().map(choice).collect();
        let object = json!({ "ann": 1, "command": "train", "targets": targets, "choices": choices });
        writeln!(output, "{object:#}")?;
        return output.finish();
    }
    for line in aligned(&lines.iter().map(|line| line.to_vec()).collect::<Vec<_>>()) {
        writeln!(output, "{line}")?;
    }
    output.finish()
}
