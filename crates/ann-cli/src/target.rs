//! Which columns are predicted.

use ann_tabular::ann_table::message::list;
use ann_tabular::ann_table::{Column, Error, Role, Table};

use crate::failure::{Failure, Result};
use crate::show::similar;

/// Names that targets often have.
const USUAL: [&str; 3] = ["class", "target", "label"];

/// The columns that were asked for; or the only one that can be meant.
pub fn targets(table: &Table, asked: &[String]) -> Result<Vec<String>> {
    for name in asked {
        if let Err(Error::UnknownColumn { .. }) = table.column(name) {
            return Err(unknown(table, name));
        }
    }
    if asked.is_empty() { Ok(vec![guessed(table)?.to_owned()]) } else { Ok(asked.to_vec()) }
}

/// The class column of an Orange header, or the one column with a usual name.
pub fn guessed(table: &Table) -> Result<&str> {
    let of_role = table.columns().iter().filter(|column| column.role() == Role::Class);
    let of_name =
        table.columns().iter().filter(|column| USUAL.contains(&column.name().to_lowercase().as_str()));
    let mut found = of_role.chain(of_name);
    match found.next() {
        Some(column) => Ok(column.name()),
        None => Err(Failure::arguments(format_args!(
            "which column shall be predicted? -t NAME; the columns are {}",
            names(table)
        ))),
    }
}

fn names(table: &Table) -> String {
    list(&table.columns().iter().map(|column| column.name().to_owned()).collect::<Vec<_>>())
}

/// There is no such column.
pub fn unknown(table: &Table, name: &str) -> Failure {
    let columns = table.columns().iter().map(Column::name);
    let hint = match similar(name, columns) {
        Some(similar) => format!("did you mean {similar:?}?"),
        None => format!("the columns are {}", names(table)),
    };
    Failure::arguments(format_args!("there is no column {name:?}; {hint}"))
}
