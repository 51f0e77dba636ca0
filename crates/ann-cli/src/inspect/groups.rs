//! `ann inspect` of a file of many models: its groups.

use std::io::Write;

use ann_tabular::Grouping;
use ann_tabular::ann_model::file::{ModelSet, SetEntry};
use serde_json::json;

use super::Inspect;
use crate::data::kind_name;
use crate::failure::{Result, Status};
use crate::output::Output;
use crate::show::{count, counted, in_list, listed, size};

/// Groups that are named to people.
const MOST_NAMED: usize = 10;

/// What is in a file of many models, all of which are read and checked.
pub fn inspect(options: &Inspect, set: &ModelSet) -> Result<Status> {
    let grouping = Grouping::of(set)?;
    let (mut models, mut without) = (vec![], vec![]);
    for found in set.keys() {
        match found? {
            (key, true) => models.push(key),
            (key, false) => {
                if let Some(SetEntry::NoModel(reason)) = set.get(&key)? {
                    without.push((key, reason));
                }
            }
        }
    }
    set.check()?;
    let mut output = Output::standard();
    if options.json {
        let without = without.iter().map(|(key, reason)| json!({ "group": key, "reason": reason }));
        let object = json!({
            "ann": 1, "command": "inspect", "digest": set.digest(), "bytes": set.size(), "group_by": grouping.column,
            "groups": set.len(), "models": models, "without_model": without.collect::<Vec<_>>(),
        });
        writeln!(output, "{object:#}")?;
    } else {
        let bytes = size(usize::try_from(set.size()).unwrap_or(usize::MAX));
        writeln!(output, "{}   {bytes}, digest {}", options.model.display(), set.digest())?;
        let of_groups = format!("{} of {}", counted(set.models(), "model"), counted(set.len(), "group"));
        writeln!(output, "{of_groups} of {}", in_list(&grouping.column))?;
        let first = set.first_model()?;
        writeln!(output, "predicts {}", listed(&first.schema().target.names()))?;
        for (name, kind) in &grouping.columns {
            writeln!(output, "  {:<9} {}", kind_name(*kind), in_list(name))?;
        }
        writeln!(output, "groups    {}", some_of(&models))?;
        for (key, reason) in without.iter().take(MOST_NAMED) {
            writeln!(output, "no model  {}: {reason}", in_list(key))?;
        }
        if without.len() > MOST_NAMED {
            writeln!(output, "no model  {} more, which --json lists", count(without.len() - MOST_NAMED))?;
        }
        writeln!(output, "all models were read, and their digests are right")?;
        writeln!(output, "--group NAME shows one of them; -o FILE writes it into a file of its own")?;
    }
    output.finish()?;
    Ok(Status::Done)
}

fn some_of(keys: &[String]) -> String {
    let named = listed(&keys[..keys.len().min(MOST_NAMED)]);
    match keys.len().saturating_sub(MOST_NAMED) {
        0 => named,
        others => format!("{named} and {} more, which --json lists", count(others)),
    }
}
