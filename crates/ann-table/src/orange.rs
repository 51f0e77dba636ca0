//! The headers of Orange, whose prefixes, types and flags say what each column is for.

use std::io::Read;

use crate::header::{Header, HeaderColumn, Role};
use crate::rows::{Row, Rows};
use crate::{Error, Kind, Result};

/// Reads the rows of the header. The rows of data follow them.
pub(crate) fn read_header<R: Read>(rows: &mut Rows<R>) -> Result<Header> {
    let names = rows.next_row()?.ok_or(Error::Empty)?.clone();
    check_trailing_separators(&names, rows)?;
    let (header, count) = match rows.peek(2)? {
        [types, flags, ..] if are_types(types) && are_flags(flags) => {
            (three_line_header(&names, types, Some(flags))?, 2)
        }
        [types, next, ..] if are_types(types) && is_blank_between(types, next) => {
            (three_line_header(&names, types, None)?, 1)
        }
        [types] if are_types(types) && types.cells().any(is_named_type) => {
            (three_line_header(&names, types, None)?, 1)
        }
        _ => (one_line_header(&names)?, 0),
    };
    for _ in 0..count {
        rows.next_row()?;
    }
    Ok(header)
}

/// Empty names at the end are surplus separators if all cells below them are empty; otherwise a column lacks
/// its name. Reads all rows to find out, because both are errors.
fn check_trailing_separators<R: Read>(names: &Row, rows: &mut Rows<R>) -> Result<()> {
    let empty = names.trailing_blanks();
    let named = names.len() - empty;
    if empty == 0 || named == 0 {
        return Ok(());
    }
    while let Ok(Some(row)) = rows.next_row() {
        if !row.cells().skip(named).all(str::is_empty) {
            return one_line_header(names).map(|_| ());
        }
    }
    Err(Error::TrailingSeparators { line: names.line(), empty })
}

/// A name without prefix is a feature; so is one that contains `#` after anything but known letters.
fn one_line_header(names: &Row) -> Result<Header> {
    let mut has_prefix = false;
    let column = |cell: &str| match cell.split_once('#') {
        Some((prefix, name)) if is_prefix(prefix) && !name.trim().is_empty() => {
            has_prefix = true;
            let flags: Vec<String> = prefix.chars().map(String::from).collect();
            let kind = if prefix.contains(['C', 'N']) {
                Some(Kind::Number)
            } else {
                prefix.contains('D').then_some(Kind::Category)
            };
            HeaderColumn { name: name.trim().to_owned(), role: role(prefix.contains('S'), &flags), kind }
        }
        _ => HeaderColumn { name: cell.to_owned(), role: Role::Feature, kind: None },
    };
    let columns = names.cells().map(column).collect();
    Header::new(columns, names.line(), has_prefix)
}

/// Whether `prefix` has at most one type letter (a capital), and otherwise only flag letters (small).
fn is_prefix(prefix: &str) -> bool {
    let types = prefix.chars().filter(|letter| "CDNST".contains(*letter)).count();
    let flags = prefix.chars().filter(|letter| "cimw".contains(*letter)).count();
    types <= 1 && types + flags == prefix.chars().count() && !prefix.is_empty()
}

fn three_line_header(names: &Row, types: &Row, flags: Option<&Row>) -> Result<Header> {
    let width = names.len();
    for row in [Some(types), flags].into_iter().flatten() {
        // Separators at the end of a line are often lost. So a shorter line is
        // accepted: its last cells are empty.
        if row.len() > width {
            return Err(row.wrong_length(width));
        }
    }
    let blank = std::iter::repeat("");
    let kinds = types.cells().chain(blank.clone());
    let flags = flags.into_iter().flat_map(Row::cells).chain(blank);
    let column = |((name, kind), flags): ((&str, &str), &str)| HeaderColumn {
        name: name.to_owned(),
        role: role(is_string(kind), &flags_in(flags)),
        kind: if is_number(kind) { Some(Kind::Number) } else { is_discrete(kind).then_some(Kind::Category) },
    };
    Header::new(names.cells().zip(kinds).zip(flags).map(column).collect(), names.line(), true)
}

/// The strongest flag wins: a column that is left out is never the class.
fn role(is_string: bool, flags: &[String]) -> Role {
    let any = |words: &[&str]| flags.iter().any(|flag| words.contains(&flag.as_str()));
    if any(&["i", "ignore"]) {
        Role::Ignored
    } else if any(&["m", "meta"]) {
        Role::Meta
    } else if any(&["w", "weight"]) {
        Role::Weight
    } else if any(&["c", "class"]) {
        Role::Class
    } else if is_string {
        Role::Meta
    } else {
        Role::Feature
    }
}

/// Whether the row holds types. A row of data has a number in it, which is neither a type nor a
/// list of values separated by blanks.
pub(crate) fn are_types(row: &Row) -> bool {
    let is_type = |cell: &str| is_named_type(cell) || is_discrete(cell);
    row.cells().all(|cell| cell.is_empty() || is_type(cell)) && row.cells().any(is_type)
}

/// Whether a cell is the name of a type, and no list of values.
fn is_named_type(cell: &str) -> bool {
    is_number(cell) || is_time(cell) || is_string(cell) || is_discrete(cell) && !cell.contains(' ')
}

fn is_number(cell: &str) -> bool {
    matches!(cell, "continuous" | "c" | "numeric" | "n")
}

fn is_time(cell: &str) -> bool {
    matches!(cell, "time" | "t")
}

/// A list of values has blanks between them.
fn is_discrete(cell: &str) -> bool {
    matches!(cell, "discrete" | "d" | "categorical") || cell.contains(' ')
}

fn is_string(cell: &str) -> bool {
    matches!(cell, "string" | "s" | "text")
}

/// Whether a line of empty flags follows the types. Blank lines are not rows, so only line numbers show it.
fn is_blank_between(types: &Row, next: &Row) -> bool {
    next.line() > types.line_of(types.len()) + 1
}

fn are_flags(row: &Row) -> bool {
    const FLAGS: [&str; 9] = ["class", "c", "ignore", "i", "meta", "m", "weight", "w", ""];
    let is_flag = |word: &String| FLAGS.contains(&word.as_str()) || word.contains('=');
    row.cells().all(|cell| flags_in(cell).iter().all(is_flag))
}

/// An escaped blank is part of an attribute's value (`unit=per\ cent`), which is ignored here.
fn flags_in(cell: &str) -> Vec<String> {
    cell.replace(r"\ ", "_").split(' ').map(str::to_owned).collect()
}
