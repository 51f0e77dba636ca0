//! `ann predict`: the rows of a table with what a model says of them, some rows at a time.

use std::io::{self, Write};
use std::path::PathBuf;

use ann_tabular::Model;
use ann_tabular::ann_core::argmax;
use ann_tabular::ann_model::Predictions;
use ann_tabular::ann_table::{Table, Target};
use clap::Args;

use crate::data::{self, Reading};
use crate::failure::{Failure, Result, Status};
use crate::output::Output;
use crate::surprises::Surprises;
use crate::target::unknown;

/// Rows that are in memory at a time.
const ROWS: usize = 4096;

/// Predict the rows of a table: its columns, the prediction, and how probable it is
#[derive(Args, Debug)]
pub struct Predict {
    /// A file that `ann train` has written
    model: PathBuf,
    /// A table with the columns of the model, in any order; - for the standard input
    data: PathBuf,
    /// Default: the standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Replace the output
    #[arg(long)]
    force: bool,
    /// A column for each class, named as the class, instead of `probability`
    #[arg(long)]
    probabilities: bool,
    /// Intervals of numbers, or sets of classes, that contain the truth this often, for example 0.9
    #[arg(long, value_name = "LEVEL")]
    intervals: Option<f64>,
    /// Of two classes, predict the second one if it is at least this probable. Default: the more probable one
    #[arg(long, value_name = "PROBABILITY")]
    threshold: Option<f64>,
    /// Columns of the table to write: all, none, or their names
    #[arg(long, value_name = "COLUMN,…", value_delimiter = ',', default_value = "all")]
    keep: Vec<String>,
    /// Exit code 4 if there are unknown words, or numbers outside the range that was learned from
    #[arg(long)]
    strict: bool,
    /// Print errors only
    #[arg(short, long)]
    quiet: bool,
    #[command(flatten)]
    reading: Reading,
}

pub fn predict(options: &Predict) -> Result<Status> {
    let model = Model::load(&options.model)?;
    options.check(&model)?;
    let input = data::open(&options.data)?;
    let name = data::shown(&options.data);
    let in_data = |error: Failure| error.about(&name);
    let blocks = options.reading.reader_of(&model).blocks(input, model.schema(), ROWS);
    let blocks = blocks.map_err(|error| in_data(error.into()))?;
    let output = Output::open(options.output.as_deref(), options.force)?;
    let mut writer = csv::WriterBuilder::new().from_writer(output);
    let mut surprises = Surprises::new(&model);
    let mut kept = None;
    for block in blocks {
        let block = block.map_err(|error| in_data(error.into()))?;
        let is_first = kept.is_none();
        let kept = match kept {
            Some(ref kept) => kept,
            None => kept.insert(options.kept(&block)?),
        };
        if is_first {
            options.write_header(&mut writer, &model, &block, kept)?;
        }
        surprises.count(&block)?;
        let predictions = model.predict(&block).map_err(|error| in_data(error.into()))?;
        options.write_rows(&mut writer, &model, &block, kept, &predictions)?;
    }
    writer.flush()?;
    let output = writer.into_inner().map_err(|error| Failure::from(io::Error::other(error.to_string())))?;
    output.finish()?;
    if !options.quiet {
        surprises.print();
    }
    Ok(if options.strict && surprises.any() { Status::Below } else { Status::Done })
}

impl Predict {
    /// Options that the model cannot fulfil.
    fn check(&self, model: &Model) -> Result<()> {
        let is_share = |value: Option<f64>| value.is_none_or(|value| value > 0.0 && value < 1.0);
        let classes = match &model.schema().target {
            Target::Classes { classes, .. } => classes.len(),
            Target::Numbers(_) | Target::Labels(_) => 0,
        };
        if self.probabilities && classes == 0 && matches!(model.schema().target, Target::Numbers(_)) {
            return Err(Failure::arguments("--probabilities: the model predicts numbers, which have none"));
        }
        if self.threshold.is_some() && classes != 2 {
            return Err(Failure::arguments("--threshold: only models of two classes have one"));
        }
        if !is_share(self.threshold) || !is_share(self.intervals) {
            return Err(Failure::arguments("--threshold and --intervals are above 0 and below 1"));
        }
        if self.intervals.is_some() && model.conformal().is_none() {
            return Err(Failure::arguments("--intervals: the model has none, because it predicts labels"));
        }
        Ok(())
    }

    /// The positions of the columns to write.
    fn kept(&self, table: &Table) -> Result<Vec<usize>> {
        match &self.keep[..] {
            [all] if all == "all" => Ok((0..table.columns().len()).collect()),
            [none] if none == "none" => Ok(vec![]),
            names => {
                let position =
                    |name: &String| table.columns().iter().position(|column| column.name() == name);
                names.iter().map(|name| position(name).ok_or_else(|| unknown(table, name))).collect()
            }
        }
    }

    fn write_header<W: Write>(
        &self,
        writer: &mut csv::Writer<W>,
        model: &Model,
        table: &Table,
        kept: &[usize],
    ) -> Result<()> {
        let mut names: Vec<&str> = kept.iter().map(|&column| table.columns()[column].name()).collect();
        let own = self.names(model);
        if let Some(twice) = own.iter().find(|name| names.contains(&name.as_str())) {
            return Err(Failure::arguments(format_args!(
                "the output would have two columns {twice:?}; leave that of the table out with --keep"
            )));
        }
        names.extend(own.iter().map(String::as_str));
        writer.write_record(names).map_err(io_error)
    }

    /// The names of the columns that are added.
    fn names(&self, model: &Model) -> Vec<String> {
        let several = |prefix: &str, names: &[&str]| match names {
            [_] => vec![prefix.to_owned()],
            names => names.iter().map(|name| format!("{prefix}_{name}")).collect::<Vec<_>>(),
        };
        match &model.schema().target {
            Target::Classes { classes, .. } => {
                let mut names = vec!["prediction".to_owned()];
                if self.probabilities {
                    names.extend(classes.iter().cloned())
                } else {
                    names.push("probability".into())
                }
                names.extend(self.intervals.map(|_| "set".to_owned()));
                names
            }
            target @ (Target::Numbers(_) | Target::Labels(_)) => {
                let columns = target.names();
                let own = |prefix| several(prefix, &columns);
                let mut names = own("prediction");
                if matches!(target, Target::Labels(_)) {
                    names.extend(own("probability"));
                }
                if self.intervals.is_some() {
                    names.extend(own("low"));
                    names.extend(own("high"));
                }
                names
            }
        }
    }

    fn write_rows<W: Write>(
        &self,
        writer: &mut csv::Writer<W>,
        model: &Model,
        table: &Table,
        kept: &[usize],
        predictions: &Predictions<'_>,
    ) -> Result<()> {
        let values = predictions.values();
        let sets = match (self.intervals, &model.schema().target) {
            (Some(level), Target::Classes { .. }) => Some(predictions.sets(level)?),
            _ => None,
        };
        let intervals = match (self.intervals, &model.schema().target) {
            (Some(level), Target::Numbers(_)) => Some(predictions.intervals(level)?),
            _ => None,
        };
        for (row, values) in values.rows().into_iter().enumerate() {
            for &column in kept {
                writer.write_field(table.columns()[column].text(row)).map_err(io_error)?;
            }
            match &model.schema().target {
                Target::Classes { classes, .. } => {
                    let best = self.best(values.as_slice().expect("rows are contiguous"));
                    writer.write_field(&classes[best]).map_err(io_error)?;
                    let shown = if self.probabilities { 0..classes.len() } else { best..best + 1 };
                    for class in shown {
                        writer.write_field(values[class].to_string()).map_err(io_error)?;
                    }
                    if let Some(sets) = &sets {
                        let set = classes.iter().zip(sets.row(row)).filter(|(_, is_in)| **is_in);
                        let set: Vec<&str> = set.map(|(class, _)| class.as_str()).collect();
                        writer.write_field(set.join("|")).map_err(io_error)?;
                    }
                }
                Target::Numbers(_) => {
                    for value in values {
                        writer.write_field(value.to_string()).map_err(io_error)?;
                    }
                    if let Some((low, high)) = &intervals {
                        for value in low.row(row).iter().chain(high.row(row)) {
                            writer.write_field(value.to_string()).map_err(io_error)?;
                        }
                    }
                }
                Target::Labels(labels) => {
                    for (label, &value) in labels.iter().zip(values) {
                        let text = if value > 0.5 { &label.present } else { &label.absent };
                        writer.write_field(text).map_err(io_error)?;
                    }
                    for value in values {
                        writer.write_field(value.to_string()).map_err(io_error)?;
                    }
                }
            }
            writer.write_record(None::<&[u8]>).map_err(io_error)?;
        }
        Ok(())
    }

    /// The class that is predicted.
    fn best(&self, probabilities: &[f64]) -> usize {
        match self.threshold {
            Some(threshold) => usize::from(probabilities[1] >= threshold),
            None => argmax(probabilities),
        }
    }
}

fn io_error(error: csv::Error) -> Failure {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error.into(),
        other => Failure::files(format_args!("cannot write: {other:?}")),
    }
}
