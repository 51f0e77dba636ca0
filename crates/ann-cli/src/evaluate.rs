//! `ann eval`: how good a model is on the rows of a table.

use std::io::Write;
use std::path::PathBuf;

use ann_tabular::ann_table::{Target, TargetValues};
use ann_tabular::{Model, Score, confusion};
use clap::Args;
use serde_json::json;

use crate::data::{self, Reading, is_dash};
use crate::failure::{Failure, Result, Status};
use crate::html::{self, Evaluated};
use crate::output::{self, Output};
use crate::show::{aligned, count, similar};
use crate::summary::{OtherRows, score_json, write_scores};
use crate::surprises::Surprises;

/// Measure how good a model is on the rows of a table, which should be others than those it was made from
#[derive(Args, Debug)]
pub struct Evaluate {
    /// A file that `ann train` has written
    model: PathBuf,
    /// A table with the columns and the target of the model; - for the standard input
    data: PathBuf,
    /// Exit code 4 if a number is below, for example accuracy=0.9; of errors and losses, if it is above; may
    /// be given several times
    #[arg(long, value_name = "NAME=NUMBER", value_parser = bound)]
    min: Vec<(String, f64)>,
    /// Exit code 4 unless the model has a smaller loss on these rows than this other model: log loss of
    /// classes and labels, RMSE of numbers
    #[arg(long, value_name = "MODEL")]
    better_than: Option<PathBuf>,
    /// Also write a page with pictures: HTML, in one file
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Replace the file of the report
    #[arg(long)]
    force: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    reading: Reading,
}

fn bound(text: &str) -> Result<(String, f64), String> {
    let (name, number) = text.rsplit_once('=').ok_or("expected NAME=NUMBER")?;
    let number = number.parse().ok().filter(|number: &f64| number.is_finite());
    Ok((name.to_owned(), number.ok_or("expected a number after =")?))
}

pub fn evaluate(options: &Evaluate) -> Result<Status> {
    if let Some(page) = &options.report {
        if is_dash(page) {
            return Err(Failure::arguments("--report: expected the name of a file, found -"));
        }
        output::check(&[("--report", page)], &[&options.model, &options.data], options.force)?;
    }
    let model = data::load(&options.model)?;
    let table = data::read_judged(&options.reading, &model, &options.data)?;
    let scores = OtherRows::new(&model, &table, &options.data)?;
    let mut below = options.below(&scores.model)?;
    below.extend(options.worse_than_other(&scores.model)?);
    let mut surprises = Surprises::new(&model);
    surprises.count(&table);
    if let Some(page) = &options.report {
        let warnings =
            below.iter().map(|reason| format!("below: {reason}")).chain(surprises.lines()).collect();
        let (path, data) = (&*options.model, &*options.data);
        let evaluated = Evaluated { model: &model, path, table: &table, data, scores: &scores, warnings };
        output::write(page, evaluated.page(&html::command())?.as_bytes(), options.force)?;
    }
    let mut output = Output::standard();
    if options.json {
        let object = json!({
            "ann": 1, "command": "eval", "rows": table.rows(), "score": score_json(&scores.model),
            "constant": score_json(&scores.constant.1), "below": below,
        });
        writeln!(output, "{object:#}")?;
    } else {
        writeln!(output, "{}", scores.rule())?;
        write_scores(&mut output, &scores.models())?;
        write_confusion(&mut output, &model, &table)?;
        surprises.print();
    }
    output.finish()?;
    below.iter().for_each(|reason| anstream::eprintln!("below: {reason}"));
    Ok(if below.is_empty() { Status::Done } else { Status::Below })
}

impl Evaluate {
    /// What is said if the model of `--better-than` is as good, or better.
    fn worse_than_other(&self, score: &Score) -> Result<Option<String>> {
        let Some(path) = &self.better_than else { return Ok(None) };
        if is_dash(&self.data) {
            return Err(Failure::arguments("--better-than reads the table twice, so it must be a file"));
        }
        let other = data::load(path)?;
        let table = data::read_judged(&self.reading, &other, &self.data)?;
        let about = |error: ann_tabular::Error| Failure::from(error).about(path.display());
        let ((found, name), (least, _)) = (loss(score), loss(&Score::of(&other, &table).map_err(about)?));
        let is_better = found < least;
        let path = path.display();
        Ok((!is_better).then(|| format!("{name} is {found:.6}, and {least:.6} with {path}")))
    }

    /// The numbers that are not good enough.
    fn below(&self, score: &Score) -> Result<Vec<String>> {
        let entries = score.entries();
        let mut below = vec![];
        for (asked, bound) in &self.min {
            let key = |name: &str| name.to_lowercase().replace('²', "2").replace([' ', '_', '-'], "");
            let names = entries.iter().map(|(name, _)| name.as_str());
            let Some((name, found)) = entries.iter().find(|(name, _)| key(name) == key(asked)) else {
                let hint = similar(asked, names.clone())
                    .map_or(String::new(), |name| format!("; did you mean {name:?}?"));
                let names: Vec<&str> = names.collect();
                return Err(Failure::arguments(format_args!(
                    "--min: there is no {asked:?}, only {}{hint}",
                    names.join(", ")
                )));
            };
            let is_loss = ["log loss", "RMSE", "MAE"].iter().any(|loss| name.starts_with(loss));
            let is_good = if is_loss { found.value <= *bound } else { found.value >= *bound };
            if !is_good {
                let expected = if is_loss { "at most" } else { "at least" };
                below.push(format!("{name} is {:.6}, expected {expected} {bound}", found.value));
            }
        }
        Ok(below)
    }
}

/// The sum of the losses of a score, and their name.
fn loss(score: &Score) -> (f64, &'static str) {
    let name = if matches!(score, Score::Numbers(_)) { "RMSE" } else { "log loss" };
    let losses = score.entries().into_iter().filter(|(entry, _)| entry.starts_with(name));
    (losses.map(|(_, found)| found.value).sum(), name)
}

/// Of each true class, how often each class was predicted.
fn write_confusion(output: &mut impl Write, model: &Model, table: &ann_tabular::Table) -> Result<()> {
    const MOST: usize = 12;
    let Target::Classes { classes, .. } = &model.schema().target else { return Ok(()) };
    let TargetValues::Classes(truth) = model.schema().targets(table)? else { return Ok(()) };
    if classes.len() > MOST {
        return Ok(());
    }
    let counts = confusion(&truth, model.predict(table)?.values())?;
    let mut lines =
        vec![std::iter::once("true \\ predicted".to_owned()).chain(classes.iter().cloned()).collect()];
    for (class, counts) in classes.iter().zip(counts.rows()) {
        let counts = counts.iter().map(|&rows| count(rows));
        lines.push(std::iter::once(class.clone()).chain(counts).collect());
    }
    for line in aligned(&lines) {
        writeln!(output, "{line}")?;
    }
    Ok(())
}
