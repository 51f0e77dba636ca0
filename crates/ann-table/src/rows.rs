//! From text to rows of cells, each with its line number as an editor shows it.
//!
//! Cells are divided as RFC 4180 says. Beyond it, blanks may surround a quoted cell, and a line may end with
//! LF, CRLF or CR. A quote that is not closed, or text after a closing quote, is an error.

use std::collections::VecDeque;
use std::io::Read;

use memchr::memchr;

use crate::first_line::{self, is_comment};
use crate::text::{Text, line_breaks};
use crate::{Error, Result};

/// A quoted cell that is longer is taken for one whose closing quote is missing.
const LONGEST_QUOTE: usize = 1 << 26;

/// The rows of a table that is read from `input`, without blank ones. Rows may differ in length.
///
/// ```
/// use ann_table::rows::Rows;
///
/// let mut rows = Rows::new("x,y\n1,\"a, b\"\n".as_bytes(), ',')?;
/// let mut cells = vec![];
/// while let Some(row) = rows.next_row()? {
///     cells.extend(row.cells().map(str::to_owned));
/// }
/// assert_eq!(cells, ["x", "y", "1", "a, b"]);
/// # Ok::<(), ann_table::Error>(())
/// ```
#[derive(Debug)]
pub struct Rows<R> {
    text: Text<R>,
    splitter: Splitter,
    /// Where the next row begins in the text, and its line.
    at: usize,
    line: u64,
    /// The row that was read last.
    current: Row,
    /// Rows that were looked at before they are read.
    ahead: VecDeque<Row>,
}

impl<R: Read> Rows<R> {
    /// Reads the beginning of `input` and checks the first line.
    ///
    /// # Errors
    /// The input cannot be read or is no text in UTF-8; the separator is not possible; the first line is a
    /// comment, a `sep=` line, or has another separator.
    pub fn new(input: R, separator: char) -> Result<Self> {
        Self::of_text(Text::new(input)?, separator)
    }

    pub(crate) fn of_text(text: Text<R>, separator: char) -> Result<Self> {
        let splitter = Splitter::new(separator)?;
        let first = first_line::of(text.beginning());
        let (current, ahead) = (Row::default(), VecDeque::new());
        let mut rows = Self { text, splitter, at: 0, line: 1, current, ahead };
        if let Some((line, text)) = first {
            first_line::check(line, &text, separator, &mut rows)?;
        }
        Ok(rows)
    }

    /// The next row, or `None` after the last.
    ///
    /// # Errors
    /// The input cannot be read or is no text in UTF-8, or a quote is not closed.
    pub fn next_row(&mut self) -> Result<Option<&Row>> {
        if let Some(row) = self.ahead.pop_front() {
            self.current = row;
            return Ok(Some(&self.current));
        }
        let found = self.advance()?;
        Ok(found.then_some(&self.current))
    }

    /// The next `count` rows, which remain to be read. Fewer if the table ends before, or if a row cannot be
    /// read; its error is reported when it is read.
    ///
    /// # Errors
    /// The input cannot be read or is no text in UTF-8.
    pub fn peek(&mut self, count: usize) -> Result<&[Row]> {
        while self.ahead.len() < count {
            match self.advance() {
                Ok(true) => self.ahead.push_back(std::mem::take(&mut self.current)),
                Ok(false) | Err(Error::UnclosedQuote { .. }) => break,
                Err(error) => return Err(error),
            }
        }
        let rows = &*self.ahead.make_contiguous();
        Ok(&rows[..count.min(rows.len())])
    }

    /// Reads the next row that is not blank into `current`. False after the last.
    fn advance(&mut self) -> Result<bool> {
        loop {
            let (text, is_last) = (&self.text.text()[self.at..], self.text.is_at_end());
            self.current.line = self.line;
            match self.splitter.split(text, is_last, &mut self.current)? {
                Some(RowEnd { bytes, lines }) => {
                    self.at += bytes;
                    self.line += lines;
                    if !self.current.is_blank() {
                        return Ok(true);
                    }
                }
                None if is_last => return Ok(false),
                None => {
                    self.text.read_on(self.at, self.line)?;
                    self.at = 0;
                }
            }
        }
    }
}

/// A one in each byte.
const ONES: u64 = 0x0101_0101_0101_0101;

/// Divides text into rows and cells.
#[derive(Clone, Debug)]
pub(crate) struct Splitter {
    separator: u8,
    /// Bytes before which a cell ends, unless they are in quotes.
    ends: [u8; 3],
}

/// The end of a row: number of bytes and of line breaks, those of its line end included.
pub(crate) struct RowEnd {
    pub bytes: usize,
    lines: u64,
}

impl Splitter {
    pub fn new(separator: char) -> Result<Self> {
        let is_possible =
            separator.is_ascii() && !separator.is_ascii_alphanumeric() && !"\"\n\r".contains(separator);
        if !is_possible {
            return Err(Error::Separator { found: separator });
        }
        let separator = separator as u8;
        Ok(Self { separator, ends: [separator, b'\n', b'\r'] })
    }

    /// Overwrites `row`, except its line, by the first row of `text`. `None` if the text ends before.
    /// `is_last` says that no text follows.
    pub fn split(&self, text: &str, is_last: bool, row: &mut Row) -> Result<Option<RowEnd>> {
        row.clear();
        let bytes = text.as_bytes();
        let mut at = 0;
        while !bytes.is_empty() {
            let Some(end) = self.cell(bytes, at, is_last, row)? else { break };
            if bytes.get(end) != Some(&self.separator) {
                let Some(next) = next_line(bytes, end, is_last) else { break };
                row.fill(&text[..end]);
                return Ok(Some(RowEnd { bytes: next, lines: row.breaks + u64::from(next > end) }));
            }
            at = end + 1;
        }
        Ok(None)
    }

    /// Adds the cell at the position `at` to the row. The position of its end, or `None` if the text ends
    /// before.
    fn cell(&self, bytes: &[u8], at: usize, is_last: bool, row: &mut Row) -> Result<Option<usize>> {
        let start = at + self.blanks(&bytes[at..]);
        if bytes.get(start) == Some(&b'"') {
            return self.quoted_cell(bytes, start + 1, is_last, row);
        }
        let end = start + self.plain_length(&bytes[start..]);
        row.cells.push((at, end));
        Ok(Some(end))
    }

    /// Number of bytes before a separator or a line end. Eight bytes are looked at together (S. Anderson,
    /// "Bit Twiddling Hacks", "Determine if a word has a zero byte").
    fn plain_length(&self, bytes: &[u8]) -> usize {
        let mut at = 0;
        while let Some(&eight) = bytes[at..].first_chunk() {
            let word = u64::from_le_bytes(eight);
            let zeros = |word: u64| word.wrapping_sub(ONES) & !word & (0x80 * ONES);
            // The lowest bit is that of the first end; higher ones may be wrong.
            let ends = self.ends.iter().fold(0, |found, &end| found | zeros(word ^ (u64::from(end) * ONES)));
            if ends != 0 {
                return at + ends.trailing_zeros() as usize / 8;
            }
            at += 8;
        }
        let rest = &bytes[at..];
        at + rest.iter().position(|byte| self.ends.contains(byte)).unwrap_or(rest.len())
    }

    /// As [`cell`](Self::cell), for a cell whose first character after the quote is at `start`.
    fn quoted_cell(&self, bytes: &[u8], start: usize, is_last: bool, row: &mut Row) -> Result<Option<usize>> {
        let unclosed = Error::UnclosedQuote { line: row.line + row.breaks, column: row.len() + 1 };
        let Some(length) = quoted_length(&bytes[start..], is_last) else {
            let is_too_long = bytes.len() - start > LONGEST_QUOTE;
            return if is_last || is_too_long { Err(unclosed) } else { Ok(None) };
        };
        let quote = start + length;
        let end = quote + 1 + self.blanks(&bytes[quote + 1..]);
        if bytes.get(end).is_some_and(|byte| !self.ends.contains(byte)) {
            return Err(unclosed);
        }
        if memchr(b'"', &bytes[start..quote]).is_some() {
            row.doubled.push(row.len());
        }
        row.breaks += line_breaks(&bytes[start..quote]);
        row.cells.push((start, quote));
        Ok(Some(end))
    }

    /// Number of blanks at the beginning.
    fn blanks(&self, bytes: &[u8]) -> usize {
        let is_blank = |byte: &&u8| matches!(byte, b' ' | b'\t') && **byte != self.separator;
        bytes.iter().take_while(is_blank).count()
    }
}

/// The length of a quoted text up to its closing quote. `None` if the text ends before.
fn quoted_length(bytes: &[u8], is_last: bool) -> Option<usize> {
    let mut at = 0;
    loop {
        let quote = at + memchr(b'"', &bytes[at..])?;
        match bytes.get(quote + 1) {
            Some(b'"') => at = quote + 2,
            None if !is_last => return None,
            _ => return Some(quote),
        }
    }
}

/// Where the next line begins if one ends at `end`. `None` if it cannot be known yet.
fn next_line(bytes: &[u8], end: usize, is_last: bool) -> Option<usize> {
    match bytes[end..] {
        [] => is_last.then_some(end),
        // A LF may follow the CR.
        [b'\r'] => is_last.then_some(end + 1),
        [b'\r', b'\n', ..] => Some(end + 2),
        [_, ..] => Some(end + 1),
    }
}

/// The cells of a row, at least one.
#[derive(Clone, Debug, Default)]
pub struct Row {
    line: u64,
    /// Number of line breaks in quoted cells.
    breaks: u64,
    text: String,
    /// Start and end of each cell in the text.
    cells: Vec<(usize, usize)>,
    /// The cells that contain quotes, which are written twice.
    doubled: Vec<usize>,
}

impl Row {
    fn clear(&mut self) {
        self.breaks = 0;
        self.text.clear();
        self.cells.clear();
        self.doubled.clear();
    }

    /// Stores the text of the cells.
    fn fill(&mut self, text: &str) {
        self.text.push_str(text);
        for &cell in &self.doubled {
            let (start, end) = self.cells[cell];
            self.cells[cell].0 = self.text.len();
            self.text.push_str(&text[start..end].replace("\"\"", "\""));
            self.cells[cell].1 = self.text.len();
        }
    }

    /// The line on which the row begins, counted from one.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// Number of cells.
    #[allow(clippy::len_without_is_empty, reason = "a row has at least one cell")]
    pub fn len(&self) -> usize {
        self.cells.len()
    }

    /// The texts, without blanks around them.
    pub fn cells(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.cells.iter().map(|&(start, end)| trimmed(&self.text[start..end]))
    }

    /// The line on which a cell begins: quoted cells to its left may contain line breaks.
    pub fn line_of(&self, column: usize) -> u64 {
        if self.breaks == 0 {
            return self.line;
        }
        let breaks = |&(start, end): &(usize, usize)| line_breaks(&self.text.as_bytes()[start..end]);
        self.line + self.cells.iter().take(column).map(breaks).sum::<u64>()
    }

    /// Number of empty cells at the end.
    pub(crate) fn trailing_blanks(&self) -> usize {
        self.cells().rev().take_while(|cell| cell.is_empty()).count()
    }

    /// The error for a row whose length is not `expected`, by its likely cause.
    pub fn wrong_length(&self, expected: usize) -> Error {
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

    pub(crate) fn is_blank(&self) -> bool {
        self.len() == 1 && self.trailing_blanks() == 1
    }
}

/// The text without blanks around it. Most cells have none, which their first and last byte show.
fn trimmed(text: &str) -> &str {
    match text.as_bytes() {
        [b'!'..=b'~'] | [b'!'..=b'~', .., b'!'..=b'~'] => text,
        _ => text.trim(),
    }
}
