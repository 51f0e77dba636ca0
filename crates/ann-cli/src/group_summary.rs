//! What `ann train --group-by` prints: how many groups have a model, how good these are, and which have none.

use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use ann_tabular::ann_table::Table;
use ann_tabular::ann_table::message::quoted;
use serde_json::{Value, json};

use crate::data::{self, shown};
use crate::failure::{Failure, Result, in_quotes};
use crate::group_record::{GroupModel, GroupRecord, GroupScore};
use crate::output::Output;
use crate::show::{aligned, count, counted, in_list, listed, size};

/// Groups without a model that are named to people.
const MOST_NAMED: usize = 5;

/// What was made of all groups so far.
pub struct GroupSummary<'a> {
    column: &'a str,
    table: &'a Table,
    targets: &'a [String],
    /// Rows that belong to no group.
    left_out: usize,
    /// Groups with a score.
    scores: Vec<(String, GroupScore)>,
    metric: Option<String>,
    models: usize,
    without: Vec<Without>,
    /// The networks of a model.
    networks: Option<String>,
    /// The smallest and the largest number of epochs: small groups have more.
    epochs: Option<[usize; 2]>,
    /// Whether the interrupt key was pressed.
    pub was_ended: bool,
}

/// The file that was written.
pub struct Written<'a> {
    pub path: &'a Path,
    pub bytes: u64,
    pub digest: String,
    pub data: &'a Path,
    pub elapsed: Duration,
}

/// A group without a model.
struct Without {
    key: String,
    rows: usize,
    reason: String,
}

impl<'a> GroupSummary<'a> {
    pub fn new(column: &'a str, table: &'a Table, targets: &'a [String], left_out: usize) -> Self {
        Self {
            column,
            table,
            targets,
            left_out,
            scores: vec![],
            metric: None,
            models: 0,
            without: vec![],
            networks: None,
            epochs: None,
            was_ended: false,
        }
    }

    pub fn add(&mut self, group: GroupRecord) {
        let GroupRecord { key, rows, was_ended, made } = group;
        match made {
            Ok(GroupModel { networks, epochs, metric, score, .. }) => {
                self.models += 1;
                self.networks.get_or_insert(networks);
                let [least, most] = self.epochs.unwrap_or([epochs; 2]);
                self.epochs = Some([least.min(epochs), most.max(epochs)]);
                self.metric = self.metric.take().or(metric);
                self.scores.extend(score.map(|score| (key, score)));
            }
            Err(reason) => {
                self.was_ended |= was_ended;
                let reason = if was_ended { "the training was ended before".to_owned() } else { reason };
                self.without.push(Without { key, rows, reason });
            }
        }
    }

    /// An error if there is no model.
    pub fn check(&self) -> Result<()> {
        let column = quoted(self.column);
        match self.without.first() {
            _ if self.models > 0 => Ok(()),
            None => Err(Failure::data(format_args!("--group-by: all cells of {column} are missing"))),
            Some(Without { key, reason, .. }) => Err(Failure::data(format_args!(
                "none of the {} of {column} has a model; the first one is {}: {reason}",
                counted(self.without.len(), "group"),
                quoted(key)
            ))),
        }
    }

    /// Prints it, unless that is not wanted.
    pub fn tell(&self, written: &Written<'_>, quiet: bool, json: bool) -> Result<()> {
        if quiet && !json {
            return Ok(());
        }
        // A file on the standard output has it for itself.
        let mut output: Box<dyn Write> = match data::is_dash(written.path) {
            true => Box::new(io::stderr()),
            false => Box::new(Output::standard()),
        };
        if json {
            self.write_json(written, &mut output)?;
        } else {
            self.write(written, &mut output)?;
        }
        Ok(output.flush()?)
    }

    fn write(&self, written: &Written<'_>, output: &mut impl Write) -> io::Result<()> {
        let (groups, rows) = (self.models + self.without.len(), self.table.rows() - self.left_out);
        let models = counted(self.models, "model");
        writeln!(
            output,
            "{} by {}: {models} of {}, from {}",
            listed(self.targets),
            in_list(self.column),
            counted(groups, "group"),
            counted(rows, "row")
        )?;
        if self.left_out > 0 {
            let rows = counted(self.left_out, "row");
            writeln!(output, "note: {rows} without {} left out", in_list(self.column))?;
        }
        for remark in self.table.remarks() {
            writeln!(output, "note: {}", data::remark(&remark))?;
        }
        if let (Some(networks), Some([least, most])) = (&self.networks, self.epochs) {
            let epochs = match most > least {
                true => format!("{} to {} epochs", count(least), count(most)),
                false => counted(least, "epoch"),
            };
            writeln!(output, "for each group {networks}, {epochs}")?;
        }
        self.write_scores(output)?;
        self.write_without(output)?;
        let path = written.path.display().to_string();
        let digest: String = written.digest.chars().take(12).collect();
        let bytes = usize::try_from(written.bytes).unwrap_or(usize::MAX);
        writeln!(output, "wrote {path} ({}, digest {digest}…)", size(bytes))?;
        writeln!(output, "next: ann predict {} NEW.csv", in_quotes(&path))
    }

    /// A line for each kind of model.
    fn write_scores(&self, output: &mut impl Write) -> io::Result<()> {
        let (Some(metric), false) = (&self.metric, self.scores.is_empty()) else {
            return writeln!(output, "no score");
        };
        writeln!(output, "{metric} of rows of {} that were held out", counted(self.scores.len(), "group"))?;
        let mut lines = vec![["", "median", "worst", "group", "best", "group"].map(str::to_owned).to_vec()];
        for (name, of_group) in kinds_of_models() {
            let scores = self.scores.iter().filter_map(|(key, score)| Some((of_group(score)?, key.as_str())));
            let mut scores: Vec<(f64, &str)> = scores.collect();
            scores.sort_by(|one, other| one.0.total_cmp(&other.0));
            if let (Some(worst), Some(best)) = (scores.first(), scores.last()) {
                let three = |score: f64| format!("{score:.3}");
                let [worst_group, best_group] = [worst, best].map(|(_, key)| in_list(key));
                let median = three(median(&scores));
                lines.push(vec![
                    name.to_owned(),
                    median,
                    three(worst.0),
                    worst_group,
                    three(best.0),
                    best_group,
                ]);
            }
        }
        aligned(&lines).iter().try_for_each(|line| writeln!(output, "{line}"))
    }

    fn write_without(&self, output: &mut impl Write) -> io::Result<()> {
        if self.without.is_empty() {
            return Ok(());
        }
        writeln!(output, "no model of {}:", counted(self.without.len(), "group"))?;
        for Without { key, rows, reason } in self.without.iter().take(MOST_NAMED) {
            writeln!(output, "  {} ({}): {reason}", in_list(key), counted(*rows, "row"))?;
        }
        match self.without.len().saturating_sub(MOST_NAMED) {
            0 => Ok(()),
            others => writeln!(output, "  and {} more, which --json lists", count(others)),
        }
    }

    fn write_json(&self, written: &Written<'_>, output: &mut impl Write) -> io::Result<()> {
        let without = self
            .without
            .iter()
            .map(|Without { key, rows, reason }| json!({ "group": key, "rows": rows, "reason": reason }));
        let object = json!({
            "ann": 1, "command": "train", "data": shown(written.data), "targets": self.targets,
            "group_by": self.column,
            "rows": { "used": self.table.rows() - self.left_out, "left_out": self.left_out },
            "groups": self.models + self.without.len(), "models": self.models,
            "score": self.scores_json(), "without_model": without.collect::<Vec<_>>(),
            "remarks": self.table.remarks().iter().map(data::remark).collect::<Vec<_>>(),
            "seconds": written.elapsed.as_secs_f64(), "interrupted": self.was_ended,
            "model": {
                "file": written.path.display().to_string(), "bytes": written.bytes, "digest": written.digest,
            },
        });
        writeln!(output, "{object:#}")
    }

    fn scores_json(&self) -> Value {
        let Some(metric) = self.metric.as_ref().filter(|_| !self.scores.is_empty()) else {
            return Value::Null;
        };
        let all = self.scores.iter().map(|(key, GroupScore { model, linear, constant })| {
            json!({ "group": key, "model": model, "linear": linear, "constant": constant })
        });
        let mut models: Vec<(f64, &str)> =
            self.scores.iter().map(|(key, score)| (score.model, key.as_str())).collect();
        models.sort_by(|one, other| one.0.total_cmp(&other.0));
        json!({ "metric": metric, "median": median(&models), "groups": all.collect::<Vec<_>>() })
    }
}

type OfGroup = fn(&GroupScore) -> Option<f64>;

fn kinds_of_models() -> [(&'static str, OfGroup); 3] {
    [
        ("these models", |score| Some(score.model)),
        ("linear models", |score| score.linear),
        ("constants", |score| Some(score.constant)),
    ]
}

/// Of ascending numbers: the one in the middle, or the mean of both.
fn median(scores: &[(f64, &str)]) -> f64 {
    let half = scores.len() / 2;
    if scores.len() % 2 == 1 { scores[half].0 } else { (scores[half - 1].0 + scores[half].0) / 2.0 }
}
