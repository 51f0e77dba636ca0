//! `ann train --explain`: each choice and its reason, before anything is trained.

use std::io::Write;
use std::path::Path;

use ann_tabular::ann_core::Activation;
use ann_tabular::ann_table::{IgnoredColumn, Schema, Table, Target};
use ann_tabular::ann_train::OptimizerKind;
use ann_tabular::{Recipe, Scoring};
use serde_json::{Value, json};

use crate::failure::Result;
use crate::output::Output;
use crate::show::{aligned, counted, in_list};
use crate::train::{activation_name, in_program, optimizer_name};

const AS_ASKED: &str = "as asked";

/// A choice by the name of its option, its value, and the reason.
struct Choice(&'static str, String, &'static str);

/// Prints a line, or an object, for each choice.
pub fn print(
    recipe: &Recipe,
    table: &Table,
    targets: &[String],
    validation: Option<&Path>,
    is_json: bool,
) -> Result<()> {
    let names: Vec<&str> = targets.iter().map(String::as_str).collect();
    let rows = table.without_missing(&names)?.rows();
    let schema = recipe.learn_schema(table, &names).map_err(in_program)?;
    let mut choices = of_table(&schema, rows);
    choices.extend(of_networks(recipe, rows));
    choices.extend(of_optimizer(recipe, &schema));
    let (score, reason) = score(recipe, validation, rows);
    choices.push(Choice("score", score, reason));
    let seed = recipe.seed.to_string();
    choices.push(Choice("seed", seed, "the same table, settings and seed give the same file"));
    let mut output = Output::standard();
    if is_json {
        let object = |Choice(choice, value, reason): &Choice| json!({ "choice": choice, "value": value, "reason": reason });
        let choices: Vec<Value> = choices.iter().map(object).collect();
        let object = json!({ "ann": 1, "command": "train", "targets": targets, "choices": choices });
        writeln!(output, "{object:#}")?;
        return output.finish();
    }
    let line = |Choice(choice, value, reason)| vec![String::from(choice), value, reason.to_owned()];
    for line in aligned(&choices.into_iter().map(line).collect::<Vec<_>>()) {
        writeln!(output, "{line}")?;
    }
    output.finish()
}

/// What is predicted, and from what.
fn of_table(schema: &Schema, rows: usize) -> Vec<Choice> {
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
    let inputs = schema.inputs().to_string();
    let chosen = [
        Choice("task", task, reason),
        Choice("rows", counted(rows, "row"), "all that have a target"),
        Choice("inputs", inputs, "numbers scaled and in four pieces, a column for each word, parts of dates"),
    ];
    let left_out = |IgnoredColumn { name, reason }: &IgnoredColumn| {
        let value = format!("{} ({reason})", in_list(name));
        Choice("left out", value, "--as NAME=KIND keeps a column that only looks useless")
    };
    chosen.into_iter().chain(schema.ignored.iter().map(left_out)).collect()
}

fn of_networks(recipe: &Recipe, rows: usize) -> Vec<Choice> {
    let default = Recipe::default();
    let because = |is_default: bool, reason| if is_default { reason } else { AS_ASKED };
    let widths: Vec<String> = recipe.hidden.iter().map(|layer| layer.width.to_string()).collect();
    let hidden = if widths.is_empty() { "none".into() } else { widths.join(",") };
    let mut choices = vec![Choice(
        "hidden",
        hidden,
        because(
            recipe.hidden == default.hidden,
            "the best of those tried on fourteen public tables together; none is a linear model",
        ),
    )];
    if let Some(layer) = recipe.hidden.first() {
        let is_default = layer.activation == Activation::Silu;
        let reason = because(is_default, "the best of those tried on these tables");
        choices.push(Choice("activation", activation_name(&layer.activation), reason));
    }
    let networks = because(
        recipe.members == default.members,
        "their mean is better than one; each is validated on other rows",
    );
    let epochs = because(
        recipe.epochs == default.epochs && recipe.least_updates == default.least_updates,
        "small tables need more epochs; the best one on the validation rows is kept",
    );
    choices.extend([
        Choice("networks", recipe.members.to_string(), networks),
        Choice("epochs", recipe.epochs_of(rows).to_string(), epochs),
        Choice("batch", recipe.batch.to_string(), "rows of one update"),
    ]);
    choices
}

fn of_optimizer(recipe: &Recipe, schema: &Schema) -> Vec<Choice> {
    let is_adam = recipe.optimizer == OptimizerKind::Adam;
    let optimizer = if is_adam { "all other settings were chosen for it" } else { AS_ASKED };
    let rate = match is_adam {
        true => "it rises and falls, and inputs have factors that are trained",
        false => "it rises and falls",
    };
    let l2 = (recipe.l2 > 0.0).then(|| recipe.l2.to_string());
    let patience = recipe.patience.map(|epochs| counted(epochs, "epoch"));
    let decay = is_adam.then(|| recipe.decay.to_string());
    [
        Some(Choice("optimizer", optimizer_name(recipe.optimizer), optimizer)),
        Some(Choice("learning-rate", recipe.rate_of(schema.target.task()).to_string(), rate)),
        decay.map(|decay| Choice("weight-decay", decay, "of weights, against overfitting")),
        l2.map(|l2| Choice("l2", l2, "penalty on weights, as asked")),
        patience.map(|patience| Choice("patience", patience, AS_ASKED)),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Which rows the score is of.
fn score(recipe: &Recipe, validation: Option<&Path>, rows: usize) -> (String, &'static str) {
    match recipe.scoring {
        Scoring::Off => {
            (validation.map_or("none".to_owned(), |path| format!("rows of {}", path.display())), AS_ASKED)
        }
        Scoring::Folds(folds) => (format!("{folds} folds"), AS_ASKED),
        Scoring::HoldOut(share) => (format!("{share} held out"), AS_ASKED),
        Scoring::Auto if recipe.time.is_some() => ("the latest fifth".into(), "new rows will be later"),
        Scoring::Auto if rows < 200 => ("5 folds".into(), "a fifth of fewer than 200 rows would say little"),
        Scoring::Auto => ("a fifth is held out".into(), "the model itself is made from all rows"),
    }
}
