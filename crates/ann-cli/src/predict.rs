//! `ann predict`: the rows of a table with what a model says of them, some rows at a time.

mod groups;

use std::io::Write;
use std::path::PathBuf;
use std::time::Instant;

use ann_tabular::Model;
use ann_tabular::ann_table::rows::Row;
use ann_tabular::ann_table::{Blocks, Dialect};
use clap::Args;
use serde_json::json;

use crate::co_process::Service;
use crate::data::{self, Models, Reading, is_dash};
use crate::failure::{Failure, Result, Status, unknown};
use crate::interrupt;
use crate::output::{self, Output};
use crate::prediction::{Columns, quoted};
use crate::surprises::Surprises;

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
    /// Print one JSON object about the rows that were written to the file of -o
    #[arg(long, requires = "output", conflicts_with = "jsonl")]
    json: bool,
    /// Replace the output
    #[arg(long)]
    force: bool,
    /// Columns of the table to write: all, none, or their names; may be given several times
    #[arg(long, value_name = "COLUMN,…", default_value = "all")]
    keep: Vec<String>,
    #[command(flatten)]
    columns: Columns,
    /// Exit code 4 if there are unknown words, or numbers outside the range that was learned from
    #[arg(long)]
    strict: bool,
    /// Read and print JSON objects, one in each line, and answer each line at once
    #[arg(long, conflicts_with = "keep")]
    jsonl: bool,
    /// Print errors only
    #[arg(short, long)]
    quiet: bool,
    #[command(flatten)]
    reading: Reading,
}

pub fn predict(options: &Predict) -> Result<Status> {
    let started = Instant::now();
    let model = match data::models(&options.model)? {
        Models::One(model) => *model,
        Models::Many(set) => return groups::predict(options, &set, started),
    };
    options.columns.check(&model)?;
    options.begin(&model)?;
    let input = data::open(&options.data)?;
    let in_data = |error: Failure| error.about(data::shown(&options.data));
    let mut surprises = Surprises::new(&model);
    if options.jsonl {
        let output = Output::open(options.output.as_deref(), options.force)?;
        let service =
            Service { model: &model, reader: options.reading.reader_of(&model), columns: &options.columns };
        let status = service.answer(input, output, &mut surprises)?;
        return Ok(options.report(&surprises, status));
    }
    let mut reader = options.reading.reader_of(&model);
    // Only these are read. What is in the targets and in other columns does not matter: their texts are kept
    // as they are.
    reader.only = model.schema().columns.iter().map(|column| column.name.clone()).collect();
    let mut blocks = reader.blocks(input, model.schema(), ROWS).map_err(|error| in_data(error.into()))?;
    let mut lines = Lines::new(&options.keep, &blocks)?;
    lines.header(&options.columns.names(&model))?;
    // Opened when the first block is predicted, so that nothing is written about a wrong table.
    let mut output = None;
    while let Some(block) = blocks.next_with(|row| lines.push(row)) {
        let block = block.map_err(|error| in_data(error.into()))?;
        let predictions = model.predict(&block).map_err(|error| in_data(error.into()))?;
        surprises.count(&block);
        let fields = options.columns.fields(&model, &predictions, lines.dialect)?;
        let output = match &mut output {
            Some(output) => output,
            none => none.insert(Output::open(options.output.as_deref(), options.force)?),
        };
        lines.write(output, |row, text| fields.write(row, text))?;
    }
    output.expect("an input without rows is an error").finish()?;
    if options.json {
        let output = options.output.as_deref().map(data::shown);
        let object = json!({
            "ann": 1, "command": "predict", "model": data::shown(&options.model),
            "data": data::shown(&options.data), "output": output, "rows": surprises.rows(),
            "unknown_words": surprises.unknown_words(), "outside_range": surprises.outside_range(),
            "columns": surprises.json(), "seconds": started.elapsed().as_secs_f64(),
        });
        let mut output = Output::standard();
        writeln!(output, "{object:#}")?;
        output.finish()?;
    }
    Ok(options.report(&surprises, Status::Done))
}

impl Predict {
    /// Checks the output, and says what the model makes of the options.
    fn begin(&self, model: &Model) -> Result<()> {
        if let Some(path) = &self.output {
            interrupt::clean_up(None)?;
            if self.json && is_dash(path) {
                return Err(Failure::arguments("--json: expected the name of a file after -o, found -"));
            }
            output::check(&[("-o", path)], &[&self.model, &self.data], self.force)?;
        }
        if let Some(note) = self.columns.note(model).filter(|_| !self.quiet) {
            anstream::eprintln!("{note}");
        }
        Ok(())
    }

    /// Says what was surprising, unless that is not wanted. With --strict it is a reason to end as less than
    /// done.
    fn report(&self, surprises: &Surprises<'_>, status: Status) -> Status {
        if !self.quiet && !self.json {
            surprises.print();
        }
        if status == Status::Done && self.strict && surprises.any() { Status::Below } else { status }
    }
}

/// The lines of the output, while a block is read: what is kept of the input, as it is there.
struct Lines {
    /// The names of the columns of the input, and those that are kept. `None`: whole rows.
    names: Vec<String>,
    kept: Option<Vec<usize>>,
    dialect: Dialect,
    text: String,
    /// Where each row ends in the text; the first one is the header, once.
    ends: Vec<usize>,
    has_header: bool,
    /// What is written of the rows of a block; its memory is used again and again.
    written: String,
}

impl Lines {
    fn new(keep: &[String], blocks: &Blocks<'_>) -> Result<Self> {
        let (names, dialect) = (blocks.names(), blocks.dialect());
        let position = |name: &String| {
            let found = names.iter().position(|known| known == name);
            found.ok_or_else(|| Failure::arguments(format_args!("--keep: {}", unknown(name, &names))))
        };
        let kept = match keep {
            [all] if all == "all" => None,
            [none] if none == "none" => Some(vec![]),
            kept => {
                let kept = data::names(kept, &names);
                if let Some((_, twice)) =
                    kept.iter().enumerate().find(|(place, name)| kept[..*place].contains(name))
                {
                    return Err(Failure::arguments(format_args!("--keep: {twice:?} is given twice")));
                }
                Some(kept.iter().map(position).collect::<Result<_>>()?)
            }
        };
        let (text, written) = (String::new(), String::new());
        Ok(Self { names, kept, dialect, text, ends: vec![], has_header: false, written })
    }

    /// Adds the line of the names.
    fn header(&mut self, added: &[String]) -> Result<()> {
        let all: Vec<usize> = (0..self.names.len()).collect();
        let kept: Vec<&String> =
            self.kept.as_ref().unwrap_or(&all).iter().map(|&column| &self.names[column]).collect();
        if let Some(twice) = added.iter().find(|name| kept.contains(name)) {
            return Err(Failure::arguments(format_args!(
                "the output would have two columns {twice:?}; leave that of the table out with --keep"
            )));
        }
        let names: Vec<_> =
            kept.into_iter().chain(added).map(|name| quoted(name, self.dialect.separator)).collect();
        if self.dialect.has_byte_order_mark {
            self.text.push('\u{feff}');
        }
        self.text.push_str(&names.join(&self.dialect.separator.to_string()));
        self.ends.push(self.text.len());
        self.has_header = true;
        Ok(())
    }

    /// Adds a row of the input.
    fn push(&mut self, row: &Row) {
        match &self.kept {
            None => self.text.push_str(row.text()),
            Some(kept) => {
                for (place, &column) in kept.iter().enumerate() {
                    if place > 0 {
                        self.text.push(self.dialect.separator);
                    }
                    self.text.push_str(&quoted(row.cell(column), self.dialect.separator));
                }
            }
        }
        self.ends.push(self.text.len());
    }

    /// Writes all lines, to each row what `add` writes after it, and forgets them.
    fn write(&mut self, output: &mut impl Write, mut add: impl FnMut(usize, &mut String)) -> Result<()> {
        let is_alone = self.kept.as_ref().is_some_and(Vec::is_empty);
        let line_end = if self.dialect.has_crlf { "\r\n" } else { "\n" };
        self.written.clear();
        let mut start = 0;
        for (place, &end) in self.ends.iter().enumerate() {
            self.written.push_str(&self.text[start..end]);
            if let Some(row) = place.checked_sub(usize::from(self.has_header)) {
                if !is_alone {
                    self.written.push(self.dialect.separator);
                }
                add(row, &mut self.written);
            }
            self.written.push_str(line_end);
            start = end;
        }
        output.write_all(self.written.as_bytes())?;
        self.text.clear();
        self.ends.clear();
        self.has_header = false;
        Ok(())
    }
}
