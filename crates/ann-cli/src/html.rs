//! `--report FILE.html`: one page about a model, with its pictures. It has no script and needs nothing from
//! elsewhere, so it can be sent, printed and kept. The same command makes the same page.

mod evaluation;
mod training;

mod glossary;
mod judged;
mod markup;
mod pictures;

use std::path::Path;

use ann_tabular::{Estimate, Model, Score};
use serde_json::Value;

use crate::show::counted;
use crate::summary::networks;
use markup::{Cell, Html, each, element, folded, table};

pub use evaluation::Evaluated;
pub use training::page;

/// What a reader must know first.
fn notes(notes: Vec<String>) -> Html {
    if notes.is_empty() { Html::default() } else { element("aside", each("p", notes)) }
}

/// A line for each number of the scores of models, and a column for each model.
fn scores(models: &[(String, &Score)]) -> Html {
    if models.is_empty() {
        return Html::default();
    }
    let entries: Vec<Vec<(String, Estimate)>> = models.iter().map(|(_, score)| score.entries()).collect();
    let headings = std::iter::once(String::new()).chain(models.iter().map(|(name, _)| name.clone()));
    let line = |(name, _): &(String, Estimate)| {
        let of = |entries: &Vec<(String, Estimate)>| {
            let found = entries.iter().find(|(other, _)| other == name);
            found.map_or("–".into(), |(_, estimate)| Cell::Text(estimate.to_string()))
        };
        std::iter::once(name.as_str().into()).chain(entries.iter().map(of)).collect()
    };
    table(headings, entries.first().into_iter().flatten().map(line))
}

/// What a model file says of its making.
fn made(model: &Model, path: &Path, digest: &str) -> Html {
    let found = &model.provenance;
    let text = |value: &Value| match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    };
    let number = |value: &Value, what| counted(value.as_u64().unwrap_or_default() as usize, what);
    let of_data = |digest: String| {
        let data = &found["data"];
        let (rows, columns) = (number(&data["rows"], "row"), number(&data["columns"], "column"));
        format!("{rows}, {columns}, SHA-256 {digest}")
    };
    let facts = [
        ("file", Some(format!("{}, SHA-256 {digest}", path.display()))),
        ("networks", Some(networks(model))),
        ("seed", text(&found["settings"]["seed"])),
        ("data", text(&found["data"]["sha256"]).map(of_data)),
        ("program", text(&found["program"])),
    ];
    let lines = facts.into_iter().filter_map(|(name, fact)| Some(vec![name.into(), fact?.into()]));
    [table([], lines), folded("All settings, as they are in the file", &format!("{found:#}"))].into()
}
