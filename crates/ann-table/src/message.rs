//! Texts and lists in messages: long ones are cut.
//!
//! For crates that read tables; the fields of errors hold the whole texts.

use crate::headerless;

const MOST_CHARACTERS: usize = 40;
const MOST_NAMES: usize = 10;

/// `"x", "y"`; only the first names of a long list.
pub fn list(names: &[String]) -> String {
    first_of(names, quoted)
}

/// As [`list`], in brackets, with each name as `show` shows it.
pub fn list_of(names: &[String], show: impl Fn(&str) -> String) -> String {
    format!("[{}]", first_of(names, show))
}

fn first_of(names: &[String], show: impl Fn(&str) -> String) -> String {
    let mut shown: Vec<String> = names.iter().take(MOST_NAMES).map(|name| show(name)).collect();
    if names.len() > MOST_NAMES {
        shown.push(format!("… ({} in all)", names.len()));
    }
    shown.join(", ")
}

/// The text in quotes; only the beginning of a long one.
pub fn quoted(text: &str) -> String {
    format!("{:?}", shortened(text))
}

/// As [`quoted`], without the quotes.
pub fn unquoted(text: &str) -> String {
    let quoted = quoted(text);
    quoted[1..quoted.len() - 1].to_owned()
}

/// The text; only the beginning of a long one.
pub fn shortened(text: &str) -> String {
    match text.char_indices().nth(MOST_CHARACTERS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// A hint for names that look as if the file was not read as it was meant.
pub fn hint(names: &[String]) -> &'static str {
    if headerless::are_numbers_but_one(names) {
        "; if the first line is data, add a line of names above it"
    } else if names.len() == 1 {
        "; there is one column only, so the separator may be another one"
    } else {
        ""
    }
}

/// What may be wrong with a row of `found` instead of `expected` cells.
pub(crate) fn ragged(found: usize, expected: usize) -> &'static str {
    if expected == 1 {
        "if the first line is a title, remove it"
    } else if found < expected {
        "add the missing cells, or remove the line"
    } else {
        "put a cell that contains the separator in double quotes"
    }
}
