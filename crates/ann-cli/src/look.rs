//! `ann look`: what would be read.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::io::Write;
use std::path::PathBuf;

use ann_tabular::ann_table::message::unquoted;
use ann_tabular::ann_table::{Column, Dialect, Error, Kind, Remark, Table};
use clap::Args;
use serde_json::{Value, json};

use crate::data::{self, Reading, kind_name};
use crate::failure::{Failure, Result, Status, in_quotes};
use crate::output::Output;
use crate::show::{aligned, count, counted, number};
use crate::target;

/// Show what would be read: rows, and of each column its kind, range, missing cells and samples
#[derive(Args, Debug)]
pub struct Look {
    /// A table: CSV, Orange .tab, both also as .gz; - for the standard input
    data: PathBuf,
    #[command(flatten)]
    reading: Reading,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

pub fn look(options: &Look) -> Result<Status> {
    let bytes = data::bytes(&options.data)?;
    let (table, odd) = read_all(options, &bytes)?;
    let dialect = options.reading.reader().dialect(&bytes[..])?;
    let columns: Vec<ColumnSummary<'_>> = table.columns().iter().map(ColumnSummary::of).collect();
    let copies = copies(&table);
    // What is wrong with a column of numbers is in `odd`.
    let is_new = |remark: &Remark| match remark {
        Remark::MostlyNumbers { column, .. } | Remark::OtherNotation { column, .. } => {
            !odd.iter().any(|(odd, _)| odd == column)
        }
        _ => true,
    };
    let remarks = table.remarks().into_iter().filter(is_new).map(|remark| data::remark(&remark));
    let mut output = Output::standard();
    if options.json {
        let columns: Vec<Value> = columns.iter().map(ColumnSummary::json).collect();
        let copies = copies.as_ref().map_or(0, |copies| copies.count);
        let warnings: Vec<String> =
            odd.iter().map(|(_, failure)| failure.message.clone()).chain(remarks).collect();
        let found = json!({
            "ann": 1, "command": "look", "separator": dialect.separator,
            "decimal_comma": dialect.decimal_comma, "rows": table.rows(), "columns": columns, "copies": copies,
            "warnings": warnings,
        });
        writeln!(output, "{found:#}")?;
        output.finish()?;
        return Ok(Status::Done);
    }
    let name = data::shown(&options.data);
    let (rows, count) = (counted(table.rows(), "row"), counted(table.columns().len(), "column"));
    writeln!(output, "{name}   {rows}, {count}, {}", in_words(dialect))?;
    for line in aligned(&columns.iter().map(ColumnSummary::cells).collect::<Vec<_>>()) {
        writeln!(output, "  {line}")?;
    }
    if let Some(Copies { count, first, of }) = copies {
        let (verb, rows) = if count == 1 { ("is a copy", "row") } else { ("are copies", "rows") };
        writeln!(output, "{count} {rows} {verb} of others, first line {first} of line {of}.")?;
    }
    for remark in remarks {
        writeln!(output, "note: {remark}")?;
    }
    for (_, failure) in &odd {
        writeln!(output, "{failure}")?;
    }
    if let Ok(target) = target::guessed(&table) {
        writeln!(output, "next: ann train {} -t {}", in_quotes(&name), in_quotes(target))?;
    } else if let Some(last) = table.columns().last() {
        // Many tables have it there, but nobody knows.
        writeln!(
            output,
            "next: ann train {} -t COLUMN, for example -t {}",
            in_quotes(&name),
            in_quotes(last.name())
        )?;
    }
    output.finish()?;
    Ok(Status::Done)
}

/// The table, and what makes it unfit for a training: columns of numbers or dates with a few cells of
/// something else are shown as words.
fn read_all(options: &Look, bytes: &[u8]) -> Result<(Table, Vec<(String, Failure)>)> {
    let mut reader = options.reading.reader();
    let mut odd = vec![];
    loop {
        match reader.read(bytes) {
            Ok(table) => return Ok((table, odd)),
            Err(error) => {
                if let Error::OddCells { column, .. } = &error {
                    let column = column.clone();
                    reader.kinds.push((column.clone(), Kind::Category));
                    odd.push((column, error.into()));
                } else {
                    return Err(Failure::from(error).about(data::shown(&options.data)));
                }
            }
        }
    }
}

/// `semicolons, decimal comma`
fn in_words(dialect: Dialect) -> String {
    let separator = match dialect.separator {
        ',' => "commas".to_owned(),
        ';' => "semicolons".to_owned(),
        '\t' => "tabs".to_owned(),
        '|' => "bars".to_owned(),
        other => format!("separated by {other:?}"),
    };
    if dialect.decimal_comma { format!("{separator}, decimal comma") } else { separator }
}

/// What is in a column.
pub struct ColumnSummary<'t> {
    column: &'t Column,
    distinct: usize,
    /// The smallest and the largest number or date, as texts.
    range: Option<(String, String)>,
    /// Words and their numbers of rows, the most frequent first.
    words: Vec<(&'t str, usize)>,
}

impl<'t> ColumnSummary<'t> {
    pub fn of(column: &'t Column) -> Self {
        match column.kind() {
            Kind::Category => {
                let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
                for word in (0..column.len()).filter_map(|row| column.word(row)) {
                    *counts.entry(word).or_default() += 1;
                }
                let mut words: Vec<(&str, usize)> = counts.into_iter().collect();
                words.sort_by_key(|&(_, count)| std::cmp::Reverse(count));
                Self { column, distinct: words.len(), range: None, words }
            }
            Kind::Number | Kind::Date => {
                let known = (0..column.len()).filter_map(|row| Some((row, column.number(row)?)));
                let distinct: HashSet<u64> = known.clone().map(|(_, number)| number.to_bits()).collect();
                let least = known.clone().min_by(|(_, one), (_, other)| one.total_cmp(other));
                let most = known.max_by(|(_, one), (_, other)| one.total_cmp(other));
                let text = |(row, _)| column.text(row);
                let range = least.zip(most).map(|(least, most)| (text(least), text(most)));
                Self { column, distinct: distinct.len(), range, words: vec![] }
            }
        }
    }

    /// Name, kind, contents, distinct, missing.
    pub fn cells(&self) -> Vec<String> {
        const SHOWN: usize = 3;
        let contents = match &self.range {
            Some((least, most)) if least == most => format!("{} in all rows", self.short(least)),
            Some((least, most)) => format!("{} … {}", self.short(least), self.short(most)),
            None if self.words.is_empty() => "nothing".into(),
            None => {
                let shown = self.words.iter().take(SHOWN);
                let mut shown: Vec<String> = shown.map(|(word, rows)| counted_word(word, *rows)).collect();
                if self.words.len() > SHOWN {
                    shown.push("…".into());
                }
                shown.join(", ")
            }
        };
        let missing = match self.column.missing() {
            0 => String::new(),
            missing => format!("{} missing", count(missing)),
        };
        let name = unquoted(self.column.name());
        vec![
            name,
            kind_name(self.column.kind()).into(),
            contents,
            format!("{} distinct", count(self.distinct)),
            missing,
        ]
    }

    /// A number with few digits, a date as it is.
    fn short(&self, text: &str) -> String {
        text.parse().map_or_else(|_| text.to_owned(), number)
    }

    /// A number as a number, a date as a text.
    fn value(&self, text: &str) -> Value {
        match self.column.kind() {
            Kind::Number => text.parse::<f64>().map_or(Value::Null, Value::from),
            Kind::Category | Kind::Date => text.into(),
        }
    }

    fn json(&self) -> Value {
        const SHOWN: usize = 20;
        let words: Vec<Value> =
            self.words.iter().take(SHOWN).map(|(word, rows)| json!({ "word": word, "rows": rows })).collect();
        json!({
            "name": self.column.name(),
            "kind": kind_name(self.column.kind()),
            "distinct": self.distinct,
            "missing": self.column.missing(),
            "least": self.range.as_ref().map(|(least, _)| self.value(least)),
            "most": self.range.as_ref().map(|(_, most)| self.value(most)),
            "words": words,
        })
    }
}

/// A word that occurs once says nothing by its number.
fn counted_word(word: &str, rows: usize) -> String {
    let word = unquoted(word);
    if rows == 1 { word } else { format!("{word} {}", count(rows)) }
}

/// Rows that are equal to earlier ones.
struct Copies {
    count: usize,
    first: u64,
    of: u64,
}

fn copies(table: &Table) -> Option<Copies> {
    let mut seen: HashMap<Vec<u64>, usize> = HashMap::new();
    let mut copies: Option<Copies> = None;
    for row in 0..table.rows() {
        let cell = |column: &Column| match column.kind() {
            Kind::Category => column.code(row).map_or(u64::MAX, |code| code as u64),
            Kind::Number | Kind::Date => column.number(row).map_or(u64::MAX, f64::to_bits),
        };
        let cells: Vec<u64> = table.columns().iter().map(cell).collect();
        let first = *seen.entry(cells).or_insert(row);
        if first < row {
            let (line, of) = (table.line(row), table.line(first));
            copies.get_or_insert(Copies { count: 0, first: line, of }).count += 1;
        }
    }
    copies
}
