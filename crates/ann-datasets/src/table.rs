//! From text to rows of cells, with the line of each as an editor shows it.
//!
//! A cell ends at the next separator or line end. A cell whose first character, after blanks, is a quote ends with a
//! quote instead: it may hold separators and line ends, and its own quotes are written twice (RFC 4180).

use std::borrow::Cow;

use crate::first_line::is_comment;
use crate::text::line_breaks;
use crate::{Error, Result};

/// The rows of a text, one after the other, without blank lines. They may differ in length.
///
/// A clone looks ahead: it reads on without moving the original.
#[derive(Clone, Debug)]
pub(crate) struct Rows<'t> {
    text: &'t str,
    separator: u8,
    /// The first byte that is not read yet, and its line.
    at: usize,
    line: u64,
}

impl<'t> Iterator for Rows<'t> {
    type Item = Result<Row<'t>>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.at < self.text.len() {
            let row = self.row();
            if row.is_err() {
                // After a missing quote the beginning of the next row is unknown.
                self.at = self.text.len();
            }
            if !row.as_ref().is_ok_and(Row::is_blank) {
                return Some(row);
            }
        }
        None
    }
}

impl<'t> Rows<'t> {
    pub(crate) fn new(text: &'t str, separator: u8) -> Self {
        Self { text, separator, at: 0, line: 1 }
    }

    fn row(&mut self) -> Result<Row<'t>> {
        let mut row = Row { line: self.line, cells: Vec::new() };
        loop {
            reserve(&mut row.cells, 1, self.line)?;
            row.cells.push(self.cell(row.cells.len() + 1)?);
            if self.peek() != Some(self.separator) {
                break;
            }
            self.at += 1;
        }
        if self.at < self.text.len() {
            self.at += if self.text[self.at..].starts_with("\r\n") { 2 } else { 1 };
            self.line += 1;
        }
        Ok(row)
    }

    /// `column` counts from one.
    fn cell(&mut self, column: usize) -> Result<Cow<'t, str>> {
        let start = self.at;
        self.skip_blanks();
        if self.peek() == Some(b'"') {
            return self.quoted_cell(column);
        }
        let rest = &self.text.as_bytes()[self.at..];
        self.at += rest.iter().position(|&byte| self.ends_cell(byte)).unwrap_or(rest.len());
        Ok(Cow::Borrowed(&self.text[start..self.at]))
    }

    /// Text after the closing quote mostly means that a quote was forgotten, and that rows were swallowed on the way.
    fn quoted_cell(&mut self, column: usize) -> Result<Cow<'t, str>> {
        let unclosed = Error::UnclosedQuote { line: self.line, column };
        let start = self.at + 1;
        let Some(end) = self.closing_quote(start) else { return Err(unclosed) };
        let raw = &self.text[start..end];
        self.line += line_breaks(raw.as_bytes());
        self.at = end + 1;
        self.skip_blanks();
        match self.peek() {
            Some(byte) if !self.ends_cell(byte) => Err(unclosed),
            _ if raw.contains('"') => Ok(Cow::Owned(raw.replace("\"\"", "\""))),
            _ => Ok(Cow::Borrowed(raw)),
        }
    }

    /// The first quote from `start` on that is not one of two in a row.
    fn closing_quote(&self, mut start: usize) -> Option<usize> {
        loop {
            let quote = start + self.text[start..].find('"')?;
            if self.text.as_bytes().get(quote + 1) != Some(&b'"') {
                return Some(quote);
            }
            start = quote + 2;
        }
    }

    fn skip_blanks(&mut self) {
        while matches!(self.peek(), Some(byte @ (b' ' | b'\t')) if byte != self.separator) {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn ends_cell(&self, byte: u8) -> bool {
        byte == self.separator || byte == b'\n' || byte == b'\r'
    }
}

/// The cells of a row, at least one.
#[derive(Debug)]
pub struct Row<'t> {
    /// Where the row begins, counted from one.
    pub(crate) line: u64,
    cells: Vec<Cow<'t, str>>,
}

impl Row<'_> {
    pub(crate) fn len(&self) -> usize {
        self.cells.len()
    }

    /// The texts, without blanks around them.
    pub(crate) fn cells(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.cells.iter().map(|cell| cell.trim())
    }

    /// The line on which a cell begins: quoted cells to its left may contain line breaks.
    pub(crate) fn line_of(&self, column: usize) -> u64 {
        let breaks = |cell: &Cow<'_, str>| line_breaks(cell.as_bytes());
        self.line + self.cells.iter().take(column).map(breaks).sum::<u64>()
    }

    /// The number of empty cells at the end.
    pub(crate) fn trailing_blanks(&self) -> usize {
        self.cells().rev().take_while(|cell| cell.is_empty()).count()
    }

    /// The error of a row that has not `expected` cells, for the cause that is seen.
    pub(crate) fn wrong_length(&self, expected: usize) -> Error {
        let (line, found) = (self.line, self.len());
        let first = self.cells().next().unwrap_or_default();
        let empty = found.saturating_sub(expected);
        if is_comment(first) {
            Error::CommentLine { line, found: first.to_owned() }
        } else if empty > 0 && self.trailing_blanks() >= empty {
            Error::TrailingSeparators { line, empty }
        } else {
            Error::RaggedRow { line, found, expected }
        }
    }

    fn is_blank(&self) -> bool {
        self.len() == 1 && self.trailing_blanks() == 1
    }
}

/// Makes room for `more` values. A file may be larger than memory, and `push` would then abort the program.
pub(crate) fn reserve<T>(values: &mut Vec<T>, more: usize, line: u64) -> Result<()> {
    values.try_reserve(more).map_err(|_| Error::OutOfMemory { line })
}
