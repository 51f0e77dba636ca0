//! `ann inspect`: what is in a model file.

mod groups;

use std::io::Write;
use std::path::PathBuf;

use ann_tabular::ann_model::file::Save;
use ann_tabular::ann_table::Target;
use clap::Args;
use serde_json::{Value, json};

use crate::data::{self, Models};
use crate::failure::{Failure, Result, Status};
use crate::output::{self, Output};
use crate::show::{listed, size};
use crate::summary::{networks, write_columns};

/// Show what is in a model file: columns, networks, how it was made; and compute its probe again
#[derive(Args, Debug)]
pub struct Inspect {
    /// A file that `ann train` has written
    model: PathBuf,
    /// Of a file of --group-by: show the model of this group
    #[arg(long, value_name = "NAME")]
    group: Option<String>,
    /// Write the model of the group into this file, as a model that all commands read
    #[arg(short, long, value_name = "FILE", requires = "group")]
    output: Option<PathBuf>,
    /// Replace the output
    #[arg(long)]
    force: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

pub fn inspect(options: &Inspect) -> Result<Status> {
    let found = data::models(&options.model)?;
    if let (Models::Many(set), None) = (&found, &options.group) {
        return groups::inspect(options, set);
    }
    let model = data::only(found, &options.model, options.group.as_deref())?;
    if let Some(path) = &options.output {
        if data::is_dash(path) {
            return Err(Failure::arguments("-o: expected the name of a file, found -"));
        }
        output::check(&[("-o", path)], &[&options.model], options.force)?;
        output::write_binary(path, &model.write()?, options.force)?;
    }
    let (digest, bytes) = (model.digest()?, model.write()?.len());
    let probe = model.check_probe();
    let mut output = Output::standard();
    if options.json {
        let container = model.container()?;
        let description: Value = container
            .text("ann.model")
            .ok()
            .and_then(|text| serde_json::from_str(text).ok())
            .unwrap_or_default();
        let object = json!({
            "ann": 1, "command": "inspect", "digest": digest, "bytes": bytes, "model": description,
            "group": options.group, "provenance": model.provenance, "probe": probe.as_ref().map_or_else(ToString::to_string, |()| "same".into()),
        });
        writeln!(output, "{object:#}")?;
    } else {
        writeln!(output, "{}   {}, digest {digest}", options.model.display(), size(bytes))?;
        let target = &model.schema().target;
        match target {
            Target::Classes { classes, .. } => {
                writeln!(output, "predicts {}: {}", listed(&target.names()), in_order(classes))?;
            }
            _ => writeln!(output, "predicts {}", listed(&target.names()))?,
        }
        write_columns(&mut output, model.schema())?;
        writeln!(output, "{}", networks(&model))?;
        for (key, value) in model.provenance.as_object().into_iter().flatten() {
            writeln!(output, "{key:<9} {}", in_words(value))?;
        }
        if probe.is_ok() {
            writeln!(output, "probe     this program computes the same as the one that wrote the file")?;
        }
    }
    output.finish()?;
    probe?;
    Ok(Status::Done)
}

/// The first classes, in the order of their probabilities.
fn in_order(classes: &[String]) -> String {
    const MOST: usize = 20;
    let names: Vec<&str> = classes.iter().take(MOST).map(String::as_str).collect();
    let others = classes.len() - names.len();
    if others > 0 { format!("{} and {others} more", listed(&names)) } else { listed(&names) }
}

/// What a JSON value says, without what is empty.
fn in_words(value: &Value) -> String {
    let is_empty = |value: &Value| {
        value.is_null()
            || value.as_array().is_some_and(Vec::is_empty)
            || value.as_object().is_some_and(serde_json::Map::is_empty)
    };
    match value {
        Value::String(text) => text.clone(),
        Value::Array(values) => values.iter().map(in_words).collect::<Vec<_>>().join(" "),
        Value::Object(entries) => {
            let entries = entries.iter().filter(|(_, value)| !is_empty(value));
            let entries = entries.map(|(name, value)| match value {
                Value::Object(_) => format!("{} ({})", name.replace('_', " "), in_words(value)),
                _ => format!("{} {}", name.replace('_', " "), in_words(value)),
            });
            entries.collect::<Vec<_>>().join(", ")
        }
        other => other.to_string(),
    }
}
