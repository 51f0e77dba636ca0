//! Which table is read, and how: the options that all commands with data share.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use ann_tabular::Model;
use ann_tabular::ann_model::{self, ModelSet, file::SetEntry};
use ann_tabular::ann_table::message::list;
use ann_tabular::ann_table::{self, Kind, Reader, Remark, Schema, Table};
use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use crate::failure::{Failure, Result, in_quotes};
use crate::show::{count, counted, listed, similar};

/// The standard input or output.
const DASH: &str = "-";

/// How a table is read. Everything that is not given is found out from all rows.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Reading")]
pub struct Reading {
    /// What is between cells: a character, or `tab`
    #[arg(long, value_name = "CHARACTER", value_parser = separator)]
    separator: Option<char>,
    /// What is before the decimals of a number
    #[arg(long, value_name = "CHARACTER")]
    decimal: Option<Decimal>,
    /// The first line is data; columns are then column_1, column_2, …
    #[arg(long)]
    no_header: bool,
    /// Words for a missing value, in all columns
    #[arg(long, value_name = "WORD,…", value_delimiter = ',', allow_negative_numbers = true)]
    missing: Vec<String>,
    /// A word for a missing value in one column; may be given several times
    #[arg(long, value_name = "COLUMN=WORD", value_parser = pair)]
    missing_in: Vec<(String, String)>,
    /// What a column holds: number, category, date, or ignore; may be given several times
    #[arg(long = "as", value_name = "COLUMN=KIND", value_parser = kind)]
    kinds: Vec<(String, ColumnUse)>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Decimal {
    /// 1.5
    #[value(name = ".")]
    Point,
    /// 1,5
    #[value(name = ",")]
    Comma,
}

/// What a column is read as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnUse {
    Kind(Kind),
    Ignore,
}

fn separator(text: &str) -> Result<char, String> {
    let mut characters = text.chars();
    match (text, characters.next(), characters.next()) {
        ("tab" | r"\t", ..) => Ok('\t'),
        (_, Some(character), None) => Ok(character),
        _ => Err("expected one character, or tab".into()),
    }
}

fn pair(text: &str) -> Result<(String, String), String> {
    // Names of columns contain "=" more often than words for missing values do.
    let (column, word) = text.rsplit_once('=').ok_or("expected COLUMN=WORD")?;
    Ok((column.to_owned(), word.to_owned()))
}

fn kind(text: &str) -> Result<(String, ColumnUse), String> {
    // A name may contain "=", a kind does not.
    let (column, kind) = text.rsplit_once('=').ok_or("expected COLUMN=KIND")?;
    let kind = match kind {
        "ignore" => ColumnUse::Ignore,
        name => ColumnUse::Kind(
            kind_named(name).ok_or("expected one of the kinds number, category, date and ignore")?,
        ),
    };
    Ok((column.to_owned(), kind))
}

const KINDS: [(&str, Kind); 3] =
    [("number", Kind::Number), ("category", Kind::Category), ("date", Kind::Date)];

fn kind_named(name: &str) -> Option<Kind> {
    KINDS.into_iter().find_map(|(known, kind)| (known == name).then_some(kind))
}

/// The name of a kind, in the singular.
pub fn kind_name(kind: Kind) -> &'static str {
    KINDS.into_iter().find_map(|(name, known)| (known == kind).then_some(name)).expect("all kinds are listed")
}

impl Reading {
    /// How the table is read.
    pub fn reader(&self) -> Reader {
        let kinds = self.kinds.iter();
        Reader {
            separator: self.separator,
            decimal_comma: self.decimal.map(|decimal| matches!(decimal, Decimal::Comma)),
            header: !self.no_header,
            missing: self.missing.clone(),
            missing_in: self.missing_in.clone(),
            kinds: kinds
                .clone()
                .filter_map(|(name, used)| match used {
                    ColumnUse::Kind(kind) => Some((name.clone(), *kind)),
                    ColumnUse::Ignore => None,
                })
                .collect(),
            ignore: kinds
                .filter(|(_, used)| *used == ColumnUse::Ignore)
                .map(|(name, _)| name.clone())
                .collect(),
            only: vec![],
        }
    }

    /// How a table is read that a model is asked about: as the table it was made from, except for what these
    /// options say. Columns that the other table does not have are no error here.
    pub fn reader_of(&self, model: &Model) -> Reader {
        let mut reader = self.reader();
        let learned = recorded(&model.provenance["reading"]);
        reader.header &= learned.header;
        reader.missing.extend(learned.missing);
        reader.missing_in.extend(learned.missing_in);
        reader
    }
}

/// What a model file says of how its table was read.
pub fn provenance(reader: &Reader) -> Value {
    let Reader { separator, decimal_comma, header, missing, missing_in, kinds, ignore, only } = reader;
    let kinds: Vec<(&String, &str)> = kinds.iter().map(|(name, kind)| (name, kind_name(*kind))).collect();
    json!({
        "separator": separator,
        "decimal_comma": decimal_comma,
        "header": header,
        "missing": missing,
        "missing_in": missing_in,
        "kinds": kinds,
        "ignore": ignore,
        "only": only,
    })
}

/// The reader of [`provenance`]. What is missing there has its default.
pub fn recorded(value: &Value) -> Reader {
    let names = |name: &str| serde_json::from_value(value[name].clone()).unwrap_or_default();
    let kinds: Vec<(String, String)> = serde_json::from_value(value["kinds"].clone()).unwrap_or_default();
    Reader {
        separator: serde_json::from_value(value["separator"].clone()).unwrap_or_default(),
        decimal_comma: value["decimal_comma"].as_bool(),
        header: value["header"].as_bool().unwrap_or(true),
        missing: names("missing"),
        missing_in: serde_json::from_value(value["missing_in"].clone()).unwrap_or_default(),
        kinds: kinds.into_iter().filter_map(|(name, kind)| Some((name, kind_named(&kind)?))).collect(),
        ignore: names("ignore"),
        only: names("only"),
    }
}

/// Reads a whole table: a file, or `-`.
pub fn read(reader: &Reader, path: &Path) -> Result<Table> {
    let table = if path == Path::new(DASH) { reader.read(io::stdin().lock()) } else { reader.open(path) };
    table.map_err(|error| match path == Path::new(DASH) {
        true => Failure::from(error).about("standard input"),
        false => error.into(),
    })
}

/// As [`read()`], with a reader that depends on the names of the columns.
pub fn read_named(
    reader: &Reader,
    path: &Path,
    finished: impl FnOnce(&[String]) -> Reader,
) -> Result<(Reader, Table)> {
    let about = |error: ann_table::Error| Failure::from(error).about(shown(path));
    // What is no file can be read only once.
    if !is_dash(path) && path.is_file() {
        let reader = finished(&reader.names(open(path)?).map_err(about)?);
        let table = read(&reader, path)?;
        return Ok((reader, table));
    }
    let bytes = bytes(path)?;
    let reader = finished(&reader.names(&bytes[..]).map_err(about)?);
    let table = reader.read(&bytes[..]).map_err(about)?;
    Ok((reader, table))
}

/// As [`read_named`] for a file, whose rows go to a temporary file in a folder.
pub fn read_named_on_disk(
    reader: &Reader,
    path: &Path,
    finished: impl FnOnce(&[String]) -> Reader,
    folder: &Path,
) -> Result<(Reader, Table)> {
    let names = reader.names(open(path)?);
    let reader = finished(&names.map_err(|error| Failure::from(error).about(shown(path)))?);
    let store = tempfile::tempfile_in(folder).map_err(|error| {
        let folder = folder.display();
        Failure::files(format_args!("{folder}: cannot make a temporary file for the rows: {error}"))
    })?;
    let table = read_on_disk(&reader, path, store, &folder.display().to_string())?;
    Ok((reader, table))
}

/// Reads a table whose rows go to an empty file at `place`, for the message if they cannot be written.
pub fn read_on_disk(reader: &Reader, path: &Path, store: File, place: &str) -> Result<Table> {
    reader.open_on_disk(path, store).map_err(|error| match error {
        ann_table::Error::InFile { error, .. } if matches!(*error, ann_table::Error::StoreRows { .. }) => {
            Failure::files(format_args!(
                "{place}: {error}; they need about the space of the table, and --output chooses the folder"
            ))
        }
        error => error.into(),
    })
}

/// The names in the values of an option. A value that is itself the name of a column is one name; others are
/// divided at commas.
pub fn names(values: &[String], columns: &[String]) -> Vec<String> {
    let divided = |value: &String| match columns.contains(value) {
        true => vec![value.clone()],
        false => value.split(',').map(str::to_owned).collect(),
    };
    values.iter().flat_map(divided).collect()
}

/// Reads a whole table that a model is judged by: its columns have the kinds that were learned, and rows
/// without a target are left out, which is said.
pub fn read_judged(reading: &Reading, model: &Model, path: &Path) -> Result<Table> {
    let (table, note) = read_with_targets(&reading.reader_of(model), model.schema(), path)?;
    if let Some(note) = note {
        anstream::eprintln!("{note}");
    }
    Ok(table)
}

/// Reads a whole table that a model is asked about: its columns have the kinds that were learned.
pub fn read_for(reading: &Reading, model: &Model, path: &Path) -> Result<Table> {
    read_known(&reading.reader_of(model), model.schema(), path)
}

/// Reads a whole table with the columns of a schema. Rows without a target are left out; if there are any, a
/// note says so.
pub fn read_with_targets(reader: &Reader, schema: &Schema, path: &Path) -> Result<(Table, Option<String>)> {
    let table = read_known(reader, schema, path)?;
    let targets = schema.target.names();
    let judged = table.without_missing(&targets).map_err(|error| Failure::from(error).about(shown(path)))?;
    if judged.rows() == 0 {
        let targets = listed(&targets);
        return Err(Failure::data(format_args!("{}: no row has the target {targets}", shown(path))));
    }
    let left_out = table.rows() - judged.rows();
    let note = format!("note: {}: {} without target left out", shown(path), counted(left_out, "row"));
    Ok((judged, Some(note).filter(|_| left_out > 0)))
}

fn read_known(reader: &Reader, schema: &Schema, path: &Path) -> Result<Table> {
    let in_data = |error: ann_table::Error| Failure::from(error).about(shown(path));
    let mut blocks = reader.blocks(open(path)?, schema, usize::MAX).map_err(in_data)?;
    blocks.next().unwrap_or(Err(ann_table::Error::NoRows)).map_err(in_data)
}

/// Reads a model: a file, or `-`.
pub fn load(path: &Path) -> Result<Model> {
    load_of(path, None)
}

/// Reads a model: the only one of a file, or that of a group.
pub fn load_of(path: &Path, group: Option<&str>) -> Result<Model> {
    only(models(path)?, path, group)
}

/// The only model of a file, or that of a group. A file of many models, of which none is chosen, is an error
/// that says how to go on.
pub fn only(found: Models, path: &Path, group: Option<&str>) -> Result<Model> {
    match (found, group) {
        (Models::One(model), None) => Ok(*model),
        (Models::Many(set), Some(name)) => of_group(&set, path, name),
        (Models::One(_), Some(_)) => {
            Err(Failure::arguments(format_args!("--group: {} holds one model, not many", shown(path))))
        }
        (Models::Many(set), None) => {
            let file = in_quotes(&shown(path));
            Err(Failure::arguments(format_args!(
                "{} holds many models, one for each of {}; take one of them, and give its file:\n  \
                 ann inspect {file} --group NAME -o one.ann",
                shown(path),
                counted(set.len(), "group"),
            )))
        }
    }
}

/// What a file of `ann train` holds.
pub enum Models {
    One(Box<Model>),
    /// One for each group, with --group-by.
    Many(Box<ModelSet>),
}

/// Opens the file of a model or of many; or `-`.
pub fn models(path: &Path) -> Result<Models> {
    if is_dash(path) {
        let bytes = bytes(path)?;
        let about = |error: ann_model::Error| Failure::from(error).about(shown(path));
        return match Model::read(&bytes) {
            Ok(model) => Ok(Models::One(Box::new(model))),
            Err(ann_model::Error::ManyModels) => {
                Ok(Models::Many(Box::new(ModelSet::read(bytes).map_err(about)?)))
            }
            Err(error) => Err(about(error)),
        };
    }
    match ModelSet::is_at(path) {
        true => Ok(Models::Many(Box::new(ModelSet::open(path)?))),
        false => Ok(Models::One(Box::new(Model::load(path)?))),
    }
}

/// What was made of a group, whose name somebody has typed.
fn of_group(set: &ModelSet, path: &Path, name: &str) -> Result<Model> {
    let file = shown(path);
    match set.get(name)? {
        Some(SetEntry::Model(model)) => Ok(*model),
        Some(SetEntry::NoModel(reason)) => {
            Err(Failure::data(format_args!("{file}: there is no model of the group {name:?}: {reason}")))
        }
        None => {
            let keys: Vec<String> =
                set.keys().map(|key| Ok(key?.0)).collect::<Result<_, ann_model::Error>>()?;
            let hint = match similar(name, keys.iter().map(String::as_str)) {
                Some(similar) => format!("did you mean {similar:?}?"),
                None => format!("the groups are {}", list(&keys)),
            };
            Err(Failure::arguments(format_args!("{file}: there is no group {name:?}; {hint}")))
        }
    }
}

/// Opens an input that is read once: a file, or `-`.
pub fn open(path: &Path) -> Result<Box<dyn Read>> {
    if path == Path::new(DASH) {
        return Ok(Box::new(io::stdin().lock()));
    }
    let file = File::open(path).and_then(|file| match file.metadata()?.is_dir() {
        true => Err(io::ErrorKind::IsADirectory.into()),
        false => Ok(file),
    });
    Ok(Box::new(
        file.map_err(|error| Failure::files(format_args!("{}: cannot read: {error}", path.display())))?,
    ))
}

/// All bytes of an input.
pub fn bytes(path: &Path) -> Result<Vec<u8>> {
    all_of(open(path)?, path)
}

/// All bytes of an input, at most this many. `None` if there are more; they are not read then.
pub fn bytes_up_to(path: &Path, most: u64) -> Result<Option<Vec<u8>>> {
    // The length of a pipe is unknown, and a file may grow while it is read.
    let is_large = std::fs::metadata(path).is_ok_and(|found| found.is_file() && found.len() > most);
    if is_large && !is_dash(path) {
        return Ok(None);
    }
    let bytes = all_of(open(path)?.take(most + 1), path)?;
    Ok(Some(bytes).filter(|bytes| bytes.len() as u64 <= most))
}

fn all_of(mut input: impl Read, path: &Path) -> Result<Vec<u8>> {
    let mut bytes = vec![];
    let read = input.read_to_end(&mut bytes);
    read.map_err(|error| Failure::files(format_args!("{}: cannot read: {error}", shown(path))))?;
    Ok(bytes)
}

/// What a table should be asked about, with the options of the program.
pub fn remark(remark: &Remark) -> String {
    match remark {
        Remark::NumbersAsNames { names } => {
            format!(
                "all columns are named by numbers, {}; if the first line is data: --no-header",
                list(names)
            )
        }
        Remark::WordForMissing { column, word, rows } => {
            let (rows, option) = (counted(*rows, "row"), in_quotes(&format!("{column}={word}")));
            format!(
                "{column:?}: {word:?} in {rows} is a word as any other; if it means missing: --missing-in {option}"
            )
        }
        Remark::MostlyNumbers { column, numbers, known, word } => {
            let (numbers, known) = (count(*numbers), count(*known));
            let option = in_quotes(&format!("{column}={word}"));
            format!(
                "{column:?}: {numbers} of {known} cells are numbers, others are words such as {word:?}, so all \
                 are taken for words; if these mean missing numbers: --missing-in {option}"
            )
        }
        other => {
            let text = other.to_string();
            text.strip_prefix("column ").unwrap_or(&text).to_owned()
        }
    }
}

/// The name of an input in messages.
pub fn shown(path: &Path) -> String {
    if path == Path::new(DASH) { "standard input".into() } else { path.display().to_string() }
}

/// Whether a path means the standard input or output.
pub fn is_dash(path: &Path) -> bool {
    path == Path::new(DASH)
}
