//! Which columns are predicted.

use ann_tabular::ann_table::message::list;
use ann_tabular::ann_table::{Error, Role, Table};

use crate::failure::{self, Failure, Result};

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
            list(&all_names(table))
        ))),
    }
}

fn all_names(table: &Table) -> Vec<String> {
    table.columns().iter().map(|column| column.name().to_owned()).collect()
}

/// There is no such column.
pub fn unknown(table: &Table, name: &str) -> Failure {
    Failure::arguments(failure::unknown(name, &all_names(table)))
}
