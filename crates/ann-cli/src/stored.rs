//! Training from a file of `ann store`, with the model of the table that the file was made from.

use std::path::Path;

use ann_tabular::ann_table::{Error, Reader, Table};

use crate::data::{self, Reading, kind_name, shown};
use crate::failure::{Failure, Result, in_quotes};

/// Whether a path is that of such a file.
pub fn is_at(path: &Path) -> bool {
    !data::is_dash(path) && Table::is_stored(path)
}

/// As [`data::read_named`]: the reader that is returned would read the same table from its text.
pub fn open(
    reading: &Reading,
    path: &Path,
    finished: impl FnOnce(&[String]) -> Reader,
) -> Result<(Reader, Table)> {
    ensure_only_columns(reading, path)?;
    let (stored, table) = (Reader::of_stored(path)?, Table::open_stored(path)?);
    let names: Vec<String> = table.columns().iter().map(|column| column.name().to_owned()).collect();
    let asked = finished(&names);
    ensure_kinds(&asked, &table, path)?;
    let table = without(&asked, &table, &names)?;
    let reader = Reader {
        kinds: [stored.kinds, asked.kinds].concat(),
        ignore: [stored.ignore, asked.ignore].concat(),
        only: if asked.only.is_empty() { stored.only } else { asked.only },
        ..stored
    };
    Ok((reader, table))
}

/// Columns may be left out, but all other options of reading come too late.
fn ensure_only_columns(reading: &Reading, path: &Path) -> Result<()> {
    let Reader { ignore, .. } = reading.reader();
    if reading.reader() == (Reader { ignore, ..Reader::default() }) {
        return Ok(());
    }
    Err(Failure::arguments(format_args!(
        "{}: ann store has read these cells; give the options of reading to ann store",
        shown(path)
    )))
}

/// The names of groups are words.
fn ensure_kinds(asked: &Reader, table: &Table, path: &Path) -> Result<()> {
    for (name, expected) in &asked.kinds {
        let found = table.column(name)?.kind();
        if found != *expected {
            return Err(Failure::arguments(format_args!(
                "{}: column {name:?} holds {found}, expected {expected}: ann store --as {}",
                shown(path),
                in_quotes(&format!("{name}={}", kind_name(*expected)))
            )));
        }
    }
    Ok(())
}

/// The columns that are asked for.
fn without(asked: &Reader, table: &Table, names: &[String]) -> Result<Table, Error> {
    let Reader { ignore, only, .. } = asked;
    ignore.iter().chain(only).try_for_each(|name| table.column(name).map(drop))?;
    let is_left_out = |name: &&String| ignore.contains(name) || !(only.is_empty() || only.contains(name));
    let left_out: Vec<&str> = names.iter().filter(is_left_out).map(String::as_str).collect();
    table.without(&left_out)
}
