//! Orange .tab files: tab-separated text whose header may tell what each column is for.

use std::io;

use crate::columns::{Header, Role};
use crate::table::{self, Row};
use crate::{Column, Dataset, Error, Result, Target};

/// Reads an Orange .tab file: UTF-8 with or without byte order mark, any line ends, cells quoted where needed.
///
/// Three kinds of header are understood:
/// - one line of names: `Class  x  y`;
/// - one line of names with prefixes: `C#x`, `cD#label`. A capital is the type (`C` or `N` continuous, `D` discrete,
///   `S` string, `T` time), small letters are flags (`c` class, `m` meta, `i` ignore, `w` weight);
/// - three lines: names, types (`continuous`, `discrete` or a list of values, `string`, `time`, or their first letters),
///   flags (`class`, `meta`, `ignore`, `weight`, or their first letters). The third may be blank.
///
/// `target` becomes the targets: [`Column::Class`] is the column flagged as class, or else the one named `class`.
/// Every other column is a feature, except those flagged (class, meta, ignore, weight) and those of type string.
/// Features must be numbers whatever their type, so a discrete column of words is an error: ignore it, or turn it into numbers.
///
/// # Errors
/// Every [`Error`] about text, header, columns and cells, with line and column.
pub fn read_tab<T: Target>(input: impl io::Read, target: impl Into<Column>) -> Result<Dataset<T>> {
    let rows = table::read_rows(input, b'\t')?;
    let (names, rest) = rows.split_first().ok_or(Error::Empty)?;
    let (header, data) = match rest {
        [types, flags, data @ ..] if are_types(types) && are_flags(flags) => {
            (three_line_header(names, types, Some(flags))?, data)
        }
        [types, data @ ..] if are_types(types) && is_blank_between(types, data) => {
            (three_line_header(names, types, None)?, data)
        }
        _ => (one_line_header(names)?, rest),
    };
    header.dataset(data, &target.into())
}

/// A name without prefix is a feature; so is one that contains `#` after anything but known letters.
fn one_line_header(names: &Row) -> Result<Header> {
    let column = |cell: &str| match cell.split_once('#') {
        Some((prefix, name)) if is_prefix(prefix) => {
            let flags: Vec<String> = prefix.chars().map(String::from).collect();
            (name.trim().to_owned(), role(prefix.contains('S'), &flags))
        }
        _ => (cell.to_owned(), Role::Feature),
    };
    Header::new(names.cells().map(column).collect(), names.line)
}

/// At most one capital for the type, and small letters for the flags.
fn is_prefix(prefix: &str) -> bool {
    let types = prefix.chars().filter(|letter| "CDNST".contains(*letter)).count();
    let flags = prefix.chars().filter(|letter| "cimw".contains(*letter)).count();
    types <= 1 && types + flags == prefix.chars().count() && !prefix.is_empty()
}

fn three_line_header(names: &Row, types: &Row, flags: Option<&Row>) -> Result<Header> {
    let width = names.len();
    for row in [Some(types), flags].into_iter().flatten() {
        // Trailing tabs are often lost, so a shorter line is complete: what is not said is empty.
        if row.len() > width {
            return Err(Error::RaggedRow { line: row.line, found: row.len(), expected: width });
        }
    }
    let blank = std::iter::repeat("");
    let kinds = types.cells().chain(blank.clone());
    let flags = flags.into_iter().flat_map(Row::cells).chain(blank);
    let column = |((name, kind), flags): ((&str, &str), &str)| {
        (name.to_owned(), role(is_string(kind), &flags_in(flags)))
    };
    Header::new(names.cells().zip(kinds).zip(flags).map(column).collect(), names.line)
}

/// The strongest flag wins: what is put aside is never the class.
fn role(is_string: bool, flags: &[String]) -> Role {
    let any = |words: &[&str]| flags.iter().any(|flag| words.contains(&flag.as_str()));
    if any(&["i", "ignore", "m", "meta", "w", "weight"]) {
        Role::Aside
    } else if any(&["c", "class"]) {
        Role::Class
    } else if is_string {
        Role::Aside
    } else {
        Role::Feature
    }
}

/// A row of data has a number in it, and a number is neither a type nor a list of values with blanks between them.
fn are_types(row: &Row) -> bool {
    let is_number = |cell: &str| matches!(cell, "continuous" | "c" | "numeric" | "n" | "time" | "t");
    let is_discrete = |cell: &str| matches!(cell, "discrete" | "d" | "categorical") || cell.contains(' ');
    let is_type = |cell: &str| is_number(cell) || is_discrete(cell) || is_string(cell);
    row.cells().all(|cell| cell.is_empty() || is_type(cell)) && row.cells().any(is_type)
}

/// Blank lines are no rows, so a line of empty flags shows in the line numbers alone.
fn is_blank_between(types: &Row, data: &[Row]) -> bool {
    let last_line = types.line_of(types.len());
    data.first().is_none_or(|first| first.line > last_line + 1)
}

fn is_string(cell: &str) -> bool {
    matches!(cell, "string" | "s" | "text")
}

fn are_flags(row: &Row) -> bool {
    const FLAGS: [&str; 9] = ["class", "c", "ignore", "i", "meta", "m", "weight", "w", ""];
    let is_flag = |word: &String| FLAGS.contains(&word.as_str()) || word.contains('=');
    row.cells().all(|cell| flags_in(cell).iter().all(is_flag))
}

/// An escaped blank is part of an attribute's value (`unit=per\ cent`), which is not read here.
fn flags_in(cell: &str) -> Vec<String> {
    cell.replace(r"\ ", "_").split(' ').map(str::to_owned).collect()
}
