//! The columns of a table that a schema uses.

use std::collections::HashMap;

use super::{ColumnSchema, Schema};
use crate::table::{Column, Kind, Table};
use crate::{Error, Result, date, finite_number, not_a_number};

/// The columns of the schema, in order.
///
/// # Errors
/// Columns are not in the table, or one is of another kind.
pub(super) fn columns<'t>(schema: &Schema, table: &'t Table) -> Result<Vec<&'t Column>> {
    let by_name: HashMap<&str, &Column> =
        table.columns().iter().map(|column| (column.name(), column)).collect();
    let find = |wanted: &ColumnSchema| by_name.get(wanted.name.as_str()).copied();
    let missing: Vec<String> = (schema.columns.iter())
        .filter(|wanted| find(wanted).is_none())
        .map(|wanted| wanted.name.clone())
        .collect();
    if !missing.is_empty() {
        let columns = table.columns().iter().map(|column| column.name().to_owned()).collect();
        return Err(Error::MissingColumns { missing, columns });
    }
    let columns: Vec<&Column> = schema.columns.iter().filter_map(find).collect();
    for (wanted, column) in schema.columns.iter().zip(&columns) {
        check_kind(table, column, wanted.encoding.kind())?;
    }
    Ok(columns)
}

/// A column without a single known cell may be of any kind.
fn check_kind(table: &Table, column: &Column, expected: Kind) -> Result<()> {
    let found = column.kind();
    if found == expected || column.missing() == column.len() {
        return Ok(());
    }
    for row in 0..column.len() {
        let Some(word) = column.word(row) else { continue };
        let location = || table.location(row, column.name()).expect("the column was found");
        match expected {
            Kind::Number if finite_number(word).is_none() => return Err(not_a_number(word, location())),
            Kind::Date if date::parse(word).is_none() => {
                return Err(Error::NotADate { location: location(), found: word.to_owned() });
            }
            _ => {}
        }
    }
    Err(Error::LearnedKind { column: column.name().to_owned(), found, expected })
}
