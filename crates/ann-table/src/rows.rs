//! From text to rows of cells, each with its line number as an editor shows it.
//!
//! Cells are divided as RFC 4180 says. Beyond it, blanks may surround a quoted cell, and a line may end with
//! LF, CRLF or CR. A quote that is not closed, or text after a closing quote, is an error.

use std::io::Read;
use std::ops::Range;

use memchr::{memchr, memchr3};

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
    /// Rows whose memory is used again and again.
    buffer: Vec<Row>,
    /// Those rows of the buffer that were looked at before they are read.
    ahead: Range<usize>,
    /// Why the row after them cannot be read.
    failure: Option<Error>,
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
        let mut rows = Self { text, splitter, at: 0, line: 1, buffer: vec![], ahead: 0..0, failure: None };
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
        Ok(self.next_rows(1)?.first())
    }

    /// The next rows, at most `count`: fewer before a row that cannot be read, none after the last.
    ///
    /// # Errors
    /// As [`next_row`](Self::next_row), for the first of them.
    pub(crate) fn next_rows(&mut self, count: usize) -> Result<&[Row]> {
        self.read_ahead(count);
        if self.ahead.is_empty()
            && let Some(error) = self.failure.take()
        {
            return Err(error);
        }
        let first = self.ahead.start;
        self.ahead.start += count.min(self.ahead.len());
        Ok(&self.buffer[first..self.ahead.start])
    }

    /// The next `count` rows, which remain to be read. Fewer if the table ends before, or if a row cannot be
    /// read; its error is reported when it is read.
    ///
    /// # Errors
    /// The input cannot be read or is no text in UTF-8.
    pub fn peek(&mut self, count: usize) -> Result<&[Row]> {
        self.read_ahead(count);
        let is_grave = |error: &mut Error| !matches!(error, Error::UnclosedQuote { .. });
        if let Some(error) = self.failure.take_if(is_grave) {
            return Err(error);
        }
        let rows = &self.buffer[self.ahead.clone()];
        Ok(&rows[..count.min(rows.len())])
    }

    /// Reads until there are `count` rows ahead, if possible.
    fn read_ahead(&mut self, count: usize) {
        if self.ahead.is_empty() {
            self.ahead = 0..0;
        }
        while self.ahead.len() < count && self.failure.is_none() {
            match self.advance() {
                Ok(true) => self.ahead.end += 1,
                Ok(false) => break,
                Err(error) => self.failure = Some(error),
            }
        }
    }

    /// Reads a row that is not blank into the buffer, after those ahead. False after the last.
    fn advance(&mut self) -> Result<bool> {
        if self.ahead.end == self.buffer.len() {
            self.buffer.push(Row::default());
        }
        let row = &mut self.buffer[self.ahead.end];
        loop {
            let (text, is_last) = (&self.text.text()[self.at..], self.text.is_at_end());
            row.line = self.line;
            match self.splitter.split(text, is_last, row)? {
                Some(RowEnd { bytes, lines }) => {
                    self.at += bytes;
                    self.line += lines;
                    if !row.is_blank() {
                        return Ok(true);
                    }
                }
                None if is_last => return Ok(false),
                None => self.text.read_on(std::mem::take(&mut self.at), self.line)?,
            }
        }
    }
}

/// Number of bytes in which separators are looked for together: a bit for each.
const BITS: usize = u64::BITS as usize;

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
        let end = match memchr3(b'\n', b'\r', b'"', bytes) {
            Some(quote) if bytes[quote] == b'"' => self.quoted_row(bytes, is_last, row)?,
            Some(end) => Some(self.plain_row(bytes, end, row)),
            None if is_last && !bytes.is_empty() => Some(self.plain_row(bytes, bytes.len(), row)),
            None => None,
        };
        let Some(end) = end else { return Ok(None) };
        let Some(next) = next_line(bytes, end, is_last) else { return Ok(None) };
        row.fill(&text[..end]);
        Ok(Some(RowEnd { bytes: next, lines: row.breaks + u64::from(next > end) }))
    }

    /// Adds the cells of a row that ends at `end` and has no quotes. Returns `end`.
    fn plain_row(&self, bytes: &[u8], end: usize, row: &mut Row) -> usize {
        let mut start = 0;
        for block in (0..end).step_by(BITS) {
            // The lowest bit is that of the first byte of the block; bytes after the end do not count.
            let mut found = self.separators(&bytes[block..]) & (u64::MAX >> BITS.saturating_sub(end - block));
            while found != 0 {
                let separator = block + found.trailing_zeros() as usize;
                row.cells.push((start, separator));
                start = separator + 1;
                found &= found - 1;
            }
        }
        row.cells.push((start, end));
        end
    }

    /// A bit for each of the first 64 bytes that is a separator.
    fn separators(&self, bytes: &[u8]) -> u64 {
        let mut last = [0; BITS];
        let block = bytes.first_chunk().unwrap_or_else(|| {
            last[..bytes.len()].copy_from_slice(bytes);
            &last
        });
        let eights = block.as_chunks().0.iter();
        eights.rev().fold(0, |found, &eight| (found << 8) | equal_bytes(eight, self.separator))
    }

    /// Adds the cells of a row that may have quotes. The position of its end, or `None` if the text ends
    /// before.
    fn quoted_row(&self, bytes: &[u8], is_last: bool, row: &mut Row) -> Result<Option<usize>> {
        let mut at = 0;
        while let Some(end) = self.cell(bytes, at, is_last, row)? {
            if bytes.get(end) != Some(&self.separator) {
                return Ok(Some(end));
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
        let [separator, line_feed, line_return] = self.ends;
        let rest = &bytes[start..];
        let end = start + memchr3(separator, line_feed, line_return, rest).unwrap_or(rest.len());
        row.cells.push((at, end));
        Ok(Some(end))
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

/// A bit for each of eight bytes that is `wanted`, the lowest for the first byte (S. Anderson, "Bit Twiddling
/// Hacks", "Determine if a word has a zero byte").
fn equal_bytes(eight: [u8; 8], wanted: u8) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const LOW: u64 = 0x7f * ONES;
    let word = u64::from_le_bytes(eight) ^ (u64::from(wanted) * ONES);
    // The highest bit of each byte of `word` that is 0. The product moves these bits to the highest byte.
    let zeros = !(((word & LOW) + LOW) | word | LOW);
    (zeros >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56
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
    /// The text of the row; after it the cells with quotes, without their doubles.
    text: String,
    /// Length of the text of the row.
    length: usize,
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
        self.length = text.len();
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

    /// The row as it is in the input, without its line end.
    pub fn text(&self) -> &str {
        &self.text[..self.length]
    }

    /// The texts, without blanks around them.
    pub fn cells(&self) -> impl DoubleEndedIterator<Item = &str> {
        (0..self.len()).map(|column| self.cell(column))
    }

    /// The text of a cell, without blanks around it.
    ///
    /// # Panics
    /// When there is no such column.
    pub fn cell(&self, column: usize) -> &str {
        let (start, end) = self.cells[column];
        trimmed(&self.text[start..end])
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
