//! Lines that are often found in place of a header; each has its own error.

use crate::table::{Row, Table};
use crate::text::line_breaks;
use crate::{Error, Result, orange};

/// Checks the first line of `text` that is not blank. A `sep=` line, a comment and another separator
/// than that of `table` are errors.
pub(crate) fn check(text: &str, table: &Table<'_>) -> Result<()> {
    let Some((line, header)) = first_line(text) else { return Ok(()) };
    let found = || header.to_owned();
    if is_separator_line(header) {
        return Err(Error::SeparatorLine { line, found: found() });
    }
    if is_comment(header) && !names_columns(table.rows()) {
        return Err(Error::CommentLine { line, found: found() });
    }
    let expected = char::from(table.separator());
    match other_separator(header, expected) {
        Some(found) => Err(Error::WrongSeparator { line, header: header.to_owned(), found, expected }),
        None => Ok(()),
    }
}

/// Whether a text begins like the comments of programs that write tables.
pub(crate) fn is_comment(text: &str) -> bool {
    ["#", "%", "//"].iter().any(|mark| text.starts_with(mark))
}

fn first_line(text: &str) -> Option<(u64, &str)> {
    const BREAKS: [char; 2] = ['\n', '\r'];
    let first = text.find(|letter: char| !letter.is_whitespace())?;
    let start = text[..first].rfind(BREAKS).map_or(0, |at| at + 1);
    let end = text[first..].find(BREAKS).map_or(text.len(), |length| first + length);
    Some((1 + line_breaks(&text.as_bytes()[..start]), text[start..end].trim()))
}

/// Whether this is a line such as `sep=;`, from which Excel reads the separator.
fn is_separator_line(header: &str) -> bool {
    let name = header.trim_matches('"').as_bytes();
    name.len() <= "sep=;".len() && name.get(..4).is_some_and(|name| name.eq_ignore_ascii_case(b"sep="))
}

/// Whether a first row that looks like a comment is a header: `#x,label` above `1,a`, as numpy writes it.
///
/// Such a header has a name for each cell of the next row, which is a row of data or of Orange's types.
fn names_columns(mut rows: impl Iterator<Item = Result<Row>>) -> bool {
    // The quotes of a comment may be unbalanced, so a row that cannot be read is a comment.
    let Some(Ok(first)) = rows.next() else { return false };
    let Some(Ok(next)) = rows.next() else { return true };
    let has_number = next.cells().any(|cell| cell.parse::<f64>().is_ok());
    first.len() == next.len() && (has_number || orange::are_types(&next))
}

/// A table has at least two columns. So a header that lacks the expected separator but has another
/// one was written with the other one.
fn other_separator(header: &str, expected: char) -> Option<char> {
    // If a quote is still open, the header may continue on the next line.
    let is_whole = header.matches('"').count().is_multiple_of(2);
    let is_other = |letter: &char| matches!(letter, ';' | '\t' | ',' | '|');
    (is_whole && !header.contains(expected)).then(|| header.chars().find(is_other)).flatten()
}
