//! `ann eval`: how good a model is on the rows of a table.

use std::io::Write;
use std::path::{Path, PathBuf};

use ann_tabular::ann_table::message::{list, quoted};
use ann_tabular::ann_table::{LabelTarget, Target, TargetValues};
use ann_tabular::{Model, Score, Table, confusion};
use clap::Args;
use serde_json::json;

use crate::again;
use crate::data::{self, Reading, is_dash, shown};
use crate::failure::{Failure, Result, Status};
use crate::html::Evaluated;
use crate::numbers;
use crate::output::{self, Output};
use crate::show::{aligned, count, similar};
use crate::summary::{OtherRows, loss, score_json, write_scores};
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
    Ok((name.to_owned(), numbers::finite(number)?))
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
    let undefined = scores.model.undefined(&model.schema().target);
    let mut below = options.below(&scores.model, &undefined)?;
    below.extend(options.worse_than_other(&model, &table, &scores.model)?);
    let mut surprises = Surprises::new(&model);
    surprises.count(&table);
    if let Some(page) = &options.report {
        let warnings =
            below.iter().map(|reason| format!("below: {reason}")).chain(surprises.lines()).collect();
        let (path, data) = (&*options.model, &*options.data);
        let evaluated = Evaluated { model: &model, path, table: &table, data, scores: &scores, warnings };
        output::write(page, evaluated.page(&again::typed())?.as_bytes(), options.force)?;
    }
    let mut output = Output::standard();
    if options.json {
        let score = |score: &Score| score_json(score, &model.schema().target);
        let object = json!({
            "ann": 1, "command": "eval", "rows": table.rows(), "score": score(&scores.model),
            "constant": score(&scores.constant.1), "below": below,
        });
        writeln!(output, "{object:#}")?;
    } else {
        writeln!(output, "{}", scores.rule())?;
        write_scores(&mut output, &scores.models())?;
        write_undefined(&mut output, &undefined, table.rows())?;
        write_confusion(&mut output, &model, &table)?;
        surprises.print();
    }
    output.finish()?;
    below.iter().for_each(|reason| anstream::eprintln!("below: {reason}"));
    Ok(if below.is_empty() { Status::Done } else { Status::Below })
}

impl Evaluate {
    /// What is said if the model of `--better-than` is as good, or better.
    fn worse_than_other(&self, model: &Model, table: &Table, score: &Score) -> Result<Option<String>> {
        let Some(path) = &self.better_than else { return Ok(None) };
        if is_dash(&self.data) {
            return Err(Failure::arguments("--better-than reads the table twice, so it must be a file"));
        }
        let other = data::load(path)?;
        self.check_comparable(model, &other, path)?;
        let others = data::read_judged(&self.reading, &other, &self.data)?;
        if others.rows() != table.rows() {
            return Err(Failure::arguments(format_args!(
                "--better-than: {} rows have a target for {}, and {} for {}, because other words mean a missing \
                 value; give them with --missing",
                count(table.rows()),
                shown(&self.model),
                count(others.rows()),
                shown(path)
            )));
        }
        let about = |error: ann_tabular::Error| Failure::from(error).about(path.display());
        let ((found, name), (least, _)) = (loss(score), loss(&Score::of(&other, &others).map_err(about)?));
        let is_better = found < least;
        let path = path.display();
        Ok((!is_better).then(|| format!("{name} {found:.6} is not better than {least:.6} of {path}")))
    }

    /// Losses of different targets cannot be compared.
    fn check_comparable(&self, model: &Model, other: &Model, path: &Path) -> Result<()> {
        let (one, another) = (outcomes(&model.schema().target), outcomes(&other.schema().target));
        if one == another {
            return Ok(());
        }
        let in_words = |(what, names): (String, Vec<String>)| format!("{what} ({})", list(&names));
        Err(Failure::arguments(format_args!(
            "--better-than: {} predicts {}, but {} predicts {}; only models of the same target can be compared",
            shown(&self.model),
            in_words(one),
            shown(path),
            in_words(another)
        )))
    }

    /// The numbers that are not good enough.
    fn below(&self, score: &Score, undefined: &[String]) -> Result<Vec<String>> {
        let entries = score.entries();
        let mut below = vec![];
        for (asked, bound) in &self.min {
            let key = |name: &str| name.to_lowercase().replace('²', "2").replace([' ', '_', '-'], "");
            if let Some(name) = undefined.iter().find(|name| key(name) == key(asked)) {
                return Err(Failure::data(format_args!("--min: {name} is not defined for these rows")));
            }
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

/// What is predicted: of which kind, and the names of classes or columns in one order.
fn outcomes(target: &Target) -> (String, Vec<String>) {
    let (what, mut names) = match target {
        Target::Classes { name, classes } => (format!("the classes of {}", quoted(name)), classes.clone()),
        Target::Labels(labels) => {
            let words =
                |label: &LabelTarget| format!("{} ({} or {})", label.name, label.absent, label.present);
            ("the labels".to_owned(), labels.iter().map(words).collect())
        }
        Target::Numbers(_) => {
            ("the numbers".to_owned(), target.names().into_iter().map(str::to_owned).collect())
        }
    };
    names.sort();
    (what, names)
}

/// What is missing in the table of numbers, and why.
fn write_undefined(output: &mut impl Write, undefined: &[String], rows: usize) -> Result<()> {
    for name in undefined {
        let reason = if name.starts_with("R²") {
            "all true numbers are equal"
        } else {
            "only one of two classes occurs"
        };
        writeln!(output, "{name} is not defined, because {reason}")?;
    }
    if rows == 1 {
        writeln!(output, "standard errors are not defined, because there is only one row")?;
    }
    Ok(())
}

/// Of each true class, how often each class was predicted.
fn write_confusion(output: &mut impl Write, model: &Model, table: &Table) -> Result<()> {
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
