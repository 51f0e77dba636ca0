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
    ensure_no_reading(reading, path)?;
    let (stored, table) = Reader::open_stored(path)?;
    let names = table.columns().iter().map(|column| column.name().to_owned());
    let mut asked = finished(&names.chain(stored.ignore.iter().cloned()).collect::<Vec<_>>());
    // A kind that `ann store` was given is the one that counts.
    asked.kinds.retain(|(name, _)| !stored.kinds.iter().any(|(stored, _)| stored == name));
    ensure_kinds(&asked, &table, path)?;
    let table = with_asked_columns(&table, &asked, &stored.ignore)?;
    let reader = Reader {
        kinds: [stored.kinds, asked.kinds].concat(),
        ignore: [stored.ignore, asked.ignore].concat(),
        only: if asked.only.is_empty() { stored.only } else { asked.only },
        ..stored
    };
    Ok((reader, table))
}

/// All options of reading come too late, but for columns that are left out.
fn ensure_no_reading(reading: &Reading, path: &Path) -> Result<()> {
    let Reader { ignore, .. } = reading.reader();
    if reading.reader() == (Reader { ignore, ..Reader::default() }) {
        return Ok(());
    }
    Err(Failure::arguments(format_args!(
        "{}: ann store has read these cells; give the options of reading to ann store",
        shown(path)
    )))
}

/// The column of --group-by is asked for as one of words.
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

/// The columns that --ignore and --only leave; `absent` were left out before.
fn with_asked_columns(table: &Table, asked: &Reader, absent: &[String]) -> Result<Table, Error> {
    let Reader { ignore, only, .. } = asked;
    let named = ignore.iter().filter(|name| !absent.contains(name)).chain(only);
    named.clone().try_for_each(|name| table.column(name).map(drop))?;
    let names = table.columns().iter().map(|column| column.name().to_owned());
    let is_left_out = |name: &String| ignore.contains(name) || !(only.is_empty() || only.contains(name));
    let left_out: Vec<String> = names.filter(is_left_out).collect();
    table.without(&left_out.iter().map(String::as_str).collect::<Vec<_>>())
}
