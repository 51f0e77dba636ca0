//! Lines that are often found in place of a header; each has its own error.

use std::io::Read;

use crate::rows::{Row, Rows};
use crate::text::line_breaks;
use crate::{Error, Result, orange};

/// The first line that is not blank, and its number.
pub(crate) fn of(text: &str) -> Option<(u64, String)> {
    const BREAKS: [char; 2] = ['\n', '\r'];
    let first = text.find(|letter: char| !letter.is_whitespace())?;
    let start = text[..first].rfind(BREAKS).map_or(0, |at| at + 1);
    let end = text[first..].find(BREAKS).map_or(text.len(), |length| first + length);
    Some((1 + line_breaks(&text.as_bytes()[..start]), text[start..end].trim().to_owned()))
}

/// Checks the first line that is not blank. A `sep=` line, a comment and another separator are errors.
pub(crate) fn check<R: Read>(line: u64, header: &str, separator: char, rows: &mut Rows<R>) -> Result<()> {
    let found = || header.to_owned();
    if is_separator_line(header) {
        return Err(Error::SeparatorLine { line, found: found() });
    }
    if is_comment(header) && !names_columns(rows.peek(2)?) {
        return Err(Error::CommentLine { line, found: found() });
    }
    match other_separator(header, separator) {
        Some(found) => {
            Err(Error::WrongSeparator { line, header: header.to_owned(), found, expected: separator })
        }
        None => Ok(()),
    }
}

/// Whether a text begins like the comments of programs that write tables.
pub(crate) fn is_comment(text: &str) -> bool {
    ["#", "%", "//"].iter().any(|mark| text.starts_with(mark))
}

/// Whether this is a line such as `sep=;`, from which Excel reads the separator.
fn is_separator_line(header: &str) -> bool {
    let name = header.trim_matches('"').as_bytes();
    name.len() <= "sep=;".len() && name.get(..4).is_some_and(|name| name.eq_ignore_ascii_case(b"sep="))
}

/// Whether a first row that looks like a comment is a header: `#x,label` above `1,a`, as numpy writes it.
///
/// Such a header has a name for each cell of the next row, which is a row of data or of Orange's types. The
/// quotes of a comment may be unbalanced, so a row that cannot be read is a comment.
fn names_columns(rows: &[Row]) -> bool {
    match rows {
        [] => false,
        [_] => true,
        [first, next, ..] => {
            let has_number = next.cells().any(|cell| cell.parse::<f64>().is_ok());
            first.len() == next.len() && (has_number || orange::are_types(next))
        }
    }
}

/// A table has at least two columns. So a header that lacks the expected separator but has another
/// one was written with the other one.
fn other_separator(header: &str, expected: char) -> Option<char> {
    // If a quote is still open, the header may continue on the next line.
    let is_whole = header.matches('"').count().is_multiple_of(2);
    let is_other = |letter: &char| matches!(letter, ';' | '\t' | ',' | '|');
    (is_whole && !header.contains(expected)).then(|| header.chars().find(is_other)).flatten()
}
