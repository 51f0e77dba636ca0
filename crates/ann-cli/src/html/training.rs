//! The page of `ann train --report`.

use std::path::Path;

use ann_tabular::Evaluation;
use ann_tabular::ann_table::{IgnoredColumn, Target};

use super::glossary::{Shown, glossary};
use super::judged::Judged;
use super::markup::{Cell, Html, document, each, element, section, table};
use super::{made, notes, pictures, scores};
use crate::data::{is_dash, shown};
use crate::failure::{Result, in_quotes};
use crate::look;
use crate::show::{counted, listed};
use crate::summary::{self, Summary};

/// The page of a training.
///
/// # Errors
/// The table has other targets than the model, which it was made from.
pub fn page(summary: &Summary<'_>, command: &str) -> Result<String> {
    let report = &summary.fit.report;
    let title = listed(summary.targets);
    let body = [
        element("h1", title.as_str()),
        lead(summary),
        notes(summary.warnings()),
        score(summary),
        match &report.evaluation {
            Ok(evaluation) => evaluated(summary, evaluation)?,
            Err(_) => Html::default(),
        },
        section("Training", pictures::losses(&report.schema.target, &report.curves)),
        section("Columns", columns_of(summary)),
        words(summary),
        section("The model", made(&summary.fit.model, summary.path, &summary.digest)),
        section("How to make it again", again(summary, command)),
    ];
    Ok(document(&format!("{title}: a model"), body))
}

/// What is predicted, and from what.
fn lead(summary: &Summary<'_>) -> Html {
    let report = &summary.fit.report;
    let (rows, data) = (counted(report.rows.used, "row"), shown(summary.data));
    let (what, columns) = (what(&report.schema.target), counted(report.schema.columns.len(), "column"));
    let left_out = report.rows.first_left_out.map(|line| {
        let rows = counted(report.rows.left_out, "row");
        format!("{rows} without target or weight left out, first at line {line}.")
    });
    let used = format!("A model of {what}, from {rows} and {columns} of {data}.");
    each("p", [used].into_iter().chain(left_out))
}

fn what(target: &Target) -> String {
    match target {
        Target::Classes { classes, .. } => counted(classes.len(), "class"),
        Target::Numbers(columns) if columns.len() == 1 => "a number".into(),
        Target::Numbers(columns) => counted(columns.len(), "number"),
        Target::Labels(columns) => counted(columns.len(), "label"),
    }
}

/// The score beside those of other models, or why there is none.
fn score(summary: &Summary<'_>) -> Html {
    let (rule, mut models, verdicts) = match (&summary.validation, &summary.fit.report.evaluation) {
        (Some(other), _) => (other.rule(), other.models(), vec![]),
        (None, Ok(evaluation)) => {
            (summary::rule(evaluation), summary.models(evaluation), summary.verdicts(evaluation))
        }
        (None, Err(reason)) => (format!("no score: {reason}"), vec![], vec![]),
    };
    models.extend(summary.test.as_ref().map(|score| ("rows of --test".to_owned(), score)));
    section("Score", [element("p", rule), scores(&models), each("p", verdicts)])
}

/// What the words of the page mean.
fn words(summary: &Summary<'_>) -> Html {
    let (mut models, shown) = match (&summary.validation, &summary.fit.report.evaluation) {
        (Some(other), _) => (other.models(), Shown::default()),
        (None, Ok(evaluation)) => {
            let shown = Shown {
                coverage: evaluation.coverage.is_some(),
                calibration: !evaluation.calibration.is_empty(),
                importance: !evaluation.importance.is_empty(),
            };
            (summary.models(evaluation), shown)
        }
        (None, Err(_)) => (vec![], Shown::default()),
    };
    models.extend(summary.test.as_ref().map(|score| (String::new(), score)));
    glossary(&models, shown)
}

/// What was found out on the rows that were held out.
fn evaluated(summary: &Summary<'_>, evaluation: &Evaluation) -> Result<Html> {
    let schema = &summary.fit.report.schema;
    let truth = schema.targets(&summary.table.select(&evaluation.rows))?;
    let judged = Judged { target: &schema.target, truth, predicted: &evaluation.predicted };
    let parts = [
        section("Truth and prediction", judged.html()),
        section("Calibration", pictures::calibration(&schema.target, &evaluation.calibration)),
        section("What matters", pictures::importance(&schema.target, &evaluation.importance)),
    ];
    Ok(parts.into())
}

/// The columns of the table, and what each is used for.
fn columns_of(summary: &Summary<'_>) -> Html {
    const MOST: usize = 200;
    let columns = summary.table.columns();
    let line = |column| {
        let mut cells = look::ColumnSummary::of(column).cells();
        cells.push(use_of(summary, column.name()));
        cells.into_iter().map(Cell::Text).collect()
    };
    let headings = ["column", "kind", "values", "", "", "use"].map(str::to_owned);
    let more = pictures::only_the_first(MOST, columns.len(), "columns");
    [
        table(headings, columns.iter().take(MOST).map(line)),
        each("p", Some(more).filter(|more| !more.is_empty())),
    ]
    .into()
}

/// What a column of the table is used for, or why it is left out.
fn use_of(summary: &Summary<'_>, name: &str) -> String {
    let (schema, recipe) = (&summary.fit.report.schema, summary.recipe);
    let is = |role: &Option<String>| role.as_deref() == Some(name);
    let ignored = |column: &&IgnoredColumn| column.name == name;
    match schema.ignored.iter().find(ignored) {
        _ if summary.targets.iter().any(|target| target == name) => "is predicted".into(),
        _ if schema.columns.iter().any(|column| column.name == name) => "input".into(),
        _ if is(&recipe.weights) => "weights of rows".into(),
        _ if is(&recipe.groups) => "groups of rows".into(),
        _ if is(&recipe.time) => "times of rows".into(),
        Some(IgnoredColumn { reason, .. }) => format!("left out: {reason}"),
        None => String::new(),
    }
}

/// The commands that make the model again, and compare.
fn again(summary: &Summary<'_>, command: &str) -> Html {
    let quoted = |path: &Path| in_quotes(&path.display().to_string());
    let compare = match is_dash(summary.path) || is_dash(summary.data) {
        true => String::new(),
        false => format!("\nann rebuild {} {}", quoted(summary.path), quoted(summary.data)),
    };
    let force = if command.contains("--force") { "" } else { " --force" };
    [
        element("p", "The same table, settings and seed give the same file, to the last bit."),
        element("pre", format!("{command}{force}{compare}")),
    ]
    .into()
}
