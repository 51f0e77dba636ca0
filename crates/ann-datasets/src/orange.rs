//! The headers of Orange, whose prefixes, types and flags say what each column is for.

use crate::columns::{Header, Role};
use crate::table::{Row, Table};
use crate::{Error, Result};

/// Returns the header and its number of rows, not counting blank lines. The rows of data follow them.
pub(crate) fn read_header(table: &Table<'_>) -> Result<(Header, usize)> {
    let mut rows = table.rows();
    let names = rows.next().ok_or(Error::Empty)??;
    check_trailing_separators(&names, table.rows().skip(1))?;
    // A row that cannot be read is not part of the header. Its error is reported
    // when the rows of data are read.
    let Some(types) = rows.next().and_then(Result::ok).filter(are_types) else {
        return Ok((one_line_header(&names)?, 1));
    };
    match rows.next().and_then(Result::ok) {
        Some(flags) if are_flags(&flags) => Ok((three_line_header(&names, &types, Some(&flags))?, 3)),
        next if is_blank_between(&types, next.as_ref()) => Ok((three_line_header(&names, &types, None)?, 2)),
        _ => Ok((one_line_header(&names)?, 1)),
    }
}

/// Empty names at the end are surplus separators if all cells below them are empty;
/// otherwise a column lacks its name.
fn check_trailing_separators(names: &Row, rows: impl Iterator<Item = Result<Row>>) -> Result<()> {
    let empty = names.trailing_blanks();
    let named = names.len() - empty;
    let is_blank_below = || rows.flatten().all(|row| row.cells().skip(named).all(str::is_empty));
    if empty > 0 && named > 0 && is_blank_below() {
        return Err(Error::TrailingSeparators { line: names.line, empty });
    }
    Ok(())
}

/// A name without prefix is a feature; so is one that contains `#` after anything but known letters.
fn one_line_header(names: &Row) -> Result<Header> {
    let mut has_prefix = false;
    let column = |cell: &str| match cell.split_once('#') {
        Some((prefix, name)) if is_prefix(prefix) && !name.trim().is_empty() => {
            has_prefix = true;
            let flags: Vec<String> = prefix.chars().map(String::from).collect();
            (name.trim().to_owned(), role(prefix.contains('S'), &flags))
        }
        _ => (cell.to_owned(), Role::Feature),
    };
    let columns = names.cells().map(column).collect();
    Header::new(columns, names.line, has_prefix)
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
    let column = |((name, kind), flags): ((&str, &str), &str)| {
        (name.to_owned(), role(is_string(kind), &flags_in(flags)))
    };
    Header::new(names.cells().zip(kinds).zip(flags).map(column).collect(), names.line, true)
}

/// The strongest flag wins: a column that is left out is never the class.
fn role(is_string: bool, flags: &[String]) -> Role {
    let any = |words: &[&str]| flags.iter().any(|flag| words.contains(&flag.as_str()));
    if any(&["i", "ignore", "m", "meta", "w", "weight"]) {
        Role::LeftOut
    } else if any(&["c", "class"]) {
        Role::Class
    } else if is_string {
        Role::LeftOut
    } else {
        Role::Feature
    }
}

/// Whether the row holds types. A row of data has a number in it, which is neither a type nor a
/// list of values separated by blanks.
pub(crate) fn are_types(row: &Row) -> bool {
    let is_number = |cell: &str| matches!(cell, "continuous" | "c" | "numeric" | "n" | "time" | "t");
    let is_discrete = |cell: &str| matches!(cell, "discrete" | "d" | "categorical") || cell.contains(' ');
    let is_type = |cell: &str| is_number(cell) || is_discrete(cell) || is_string(cell);
    row.cells().all(|cell| cell.is_empty() || is_type(cell)) && row.cells().any(is_type)
}

/// Whether a line of empty flags follows the types. Blank lines are not rows, so only line numbers show it.
fn is_blank_between(types: &Row, next: Option<&Row>) -> bool {
    let last_line = types.line_of(types.len());
    next.is_none_or(|next| next.line > last_line + 1)
}

fn is_string(cell: &str) -> bool {
    matches!(cell, "string" | "s" | "text")
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
