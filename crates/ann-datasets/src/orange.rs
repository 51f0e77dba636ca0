//! The headers of Orange, whose prefixes, types and flags say what each column is for.

use crate::columns::{Header, Role};
use crate::table::{Row, Rows};
use crate::{Error, Result};

/// Reads the header, of one line or of three, and leaves `rows` at the first row of data.
pub(crate) fn read_header(rows: &mut Rows<'_>) -> Result<Header> {
    let names = rows.next().ok_or(Error::Empty)??;
    check_trailing_separators(&names, rows.clone())?;
    // A row that cannot be read belongs to no header. Its error comes when the rows of data are read.
    let mut ahead = rows.clone();
    let Some(types) = ahead.next().and_then(Result::ok).filter(are_types) else {
        return one_line_header(&names);
    };
    let after_types = ahead.clone();
    match ahead.next().and_then(Result::ok) {
        Some(flags) if are_flags(&flags) => {
            *rows = ahead;
            three_line_header(&names, &types, Some(&flags))
        }
        next if is_blank_between(&types, next.as_ref()) => {
            *rows = after_types;
            three_line_header(&names, &types, None)
        }
        _ => one_line_header(&names),
    }
}

/// Empty names at the end, with nothing below them, are separators too many; otherwise a column lacks its name.
fn check_trailing_separators(names: &Row<'_>, rows: Rows<'_>) -> Result<()> {
    let empty = names.trailing_blanks();
    let named = names.len() - empty;
    let is_blank_below = || rows.flatten().all(|row| row.cells().skip(named).all(str::is_empty));
    if empty > 0 && named > 0 && is_blank_below() {
        return Err(Error::TrailingSeparators { line: names.line, empty });
    }
    Ok(())
}

/// A name without prefix is a feature; so is one that contains `#` after anything but known letters.
fn one_line_header(names: &Row<'_>) -> Result<Header> {
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

/// At most one capital for the type, and small letters for the flags.
fn is_prefix(prefix: &str) -> bool {
    let types = prefix.chars().filter(|letter| "CDNST".contains(*letter)).count();
    let flags = prefix.chars().filter(|letter| "cimw".contains(*letter)).count();
    types <= 1 && types + flags == prefix.chars().count() && !prefix.is_empty()
}

fn three_line_header(names: &Row<'_>, types: &Row<'_>, flags: Option<&Row<'_>>) -> Result<Header> {
    let width = names.len();
    for row in [Some(types), flags].into_iter().flatten() {
        // Separators at the end of a line are often lost, so a shorter line is complete: its last cells are empty.
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

/// A row of data has a number in it, and a number is neither a type nor a list of values with blanks between them.
pub(crate) fn are_types(row: &Row<'_>) -> bool {
    let is_number = |cell: &str| matches!(cell, "continuous" | "c" | "numeric" | "n" | "time" | "t");
    let is_discrete = |cell: &str| matches!(cell, "discrete" | "d" | "categorical") || cell.contains(' ');
    let is_type = |cell: &str| is_number(cell) || is_discrete(cell) || is_string(cell);
    row.cells().all(|cell| cell.is_empty() || is_type(cell)) && row.cells().any(is_type)
}

/// Blank lines are no rows, so only the line numbers show a line of empty flags.
fn is_blank_between(types: &Row<'_>, next: Option<&Row<'_>>) -> bool {
    let last_line = types.line_of(types.len());
    next.is_none_or(|next| next.line > last_line + 1)
}

fn is_string(cell: &str) -> bool {
    matches!(cell, "string" | "s" | "text")
}

fn are_flags(row: &Row<'_>) -> bool {
    const FLAGS: [&str; 9] = ["class", "c", "ignore", "i", "meta", "m", "weight", "w", ""];
    let is_flag = |word: &String| FLAGS.contains(&word.as_str()) || word.contains('=');
    row.cells().all(|cell| flags_in(cell).iter().all(is_flag))
}

/// An escaped blank is part of an attribute's value (`unit=per\ cent`), which is not read here.
fn flags_in(cell: &str) -> Vec<String> {
    cell.replace(r"\ ", "_").split(' ').map(str::to_owned).collect()
}
