//! From text to rows of cells, each with its line number as an editor shows it.
//!
//! The csv crate splits rows into cells. We promise more than it does, so this module adds what is missing:
//! - an error for a quote that is not closed, and for text after a closing quote: the crate accepts both;
//! - blanks before an opening quote: the crate reads such a quote as an ordinary character;
//! - line numbers: the crate counts only LF, and after CRLF its number is one too small;
//! - a second byte order mark, which is text: the crate would remove it after
//!   [`decode`](crate::text::decode) has removed the first.

use std::borrow::Cow;
use std::io::Read;

use csv::StringRecord;

use crate::first_line::is_comment;
use crate::text::line_breaks;
use crate::{Error, Result};

/// A text, prepared so that the csv crate finds the cells that we promise.
#[derive(Debug)]
pub(crate) struct Table<'t> {
    text: Cow<'t, [u8]>,
    separator: u8,
    /// The end of the text, or the beginning of the row with an unclosed quote.
    end: usize,
    /// The line and the column of the first unclosed quote.
    unclosed_quote: Option<(u64, usize)>,
}

impl<'t> Table<'t> {
    /// Looks for an unclosed quote, and moves each opening quote to the beginning of its cell.
    ///
    /// The quote swaps places with the first blank of the cell, so the text keeps its length. The blank is
    /// then inside the quotes, where [`Row::cells`] trims it.
    pub(crate) fn new(text: &'t str, separator: u8) -> Result<Self> {
        let bytes = text.as_bytes();
        let mut table =
            Self { text: Cow::Borrowed(bytes), separator, end: bytes.len(), unclosed_quote: None };
        let (mut quotes, mut row, mut cell, mut column) = (Quotes::CellStart, 0, 0, 1);
        for (at, &byte) in bytes.iter().enumerate() {
            let before = quotes;
            quotes = before.after(byte, separator);
            match (before, quotes) {
                (Quotes::Blanks, Quotes::Inside) => table.text_mut()?.swap(cell, at),
                (_, Quotes::CellStart) if byte == separator => (cell, column) = (at + 1, column + 1),
                (_, Quotes::CellStart) => (row, cell, column) = (at + 1, at + 1, 1),
                (_, Quotes::Stray) => break,
                _ => {}
            }
        }
        if matches!(quotes, Quotes::Inside | Quotes::Stray) {
            table.unclosed_quote = Some((1 + line_breaks(&bytes[..cell]), column));
            table.end = row;
        }
        Ok(table)
    }

    /// The rows that are not blank. They may differ in length.
    ///
    /// A row with an unclosed quote is an error, and the last item.
    pub(crate) fn rows(&self) -> impl Iterator<Item = Result<Row>> {
        let text = &self.text[..self.end];
        let records = csv::ReaderBuilder::new()
            .delimiter(self.separator)
            .has_headers(false)
            .flexible(true)
            .from_reader(BLANK_LINE.chain(text))
            .into_records();
        let (mut counted, mut line) = (0, 1);
        let rows = records.map(move |record| {
            let cells = record.expect("the text is UTF-8 in memory, and rows may differ in length");
            let start = start_of(&cells, text);
            line += line_breaks(&text[counted..start]);
            counted = start;
            Row { line, cells }
        });
        let unclosed = self.unclosed_quote.map(|(line, column)| Err(Error::UnclosedQuote { line, column }));
        rows.filter(|row| !row.is_blank()).map(Ok).chain(unclosed)
    }

    pub(crate) fn separator(&self) -> u8 {
        self.separator
    }

    /// Copies the text at the first call.
    fn text_mut(&mut self) -> Result<&mut [u8]> {
        if let Cow::Borrowed(text) = self.text {
            let mut copy = Vec::new();
            reserve(&mut copy, text.len(), 1)?;
            copy.extend_from_slice(text);
            self.text = Cow::Owned(copy);
        }
        Ok(self.text.to_mut())
    }
}

/// A blank line to read before the text: the csv crate removes a byte order mark
/// only at the beginning of its input.
const BLANK_LINE: &[u8] = b"\n";

/// The position at which a row begins. The csv crate's position is earlier: before blank lines, or before the
/// LF of a CRLF, that precede the row.
fn start_of(cells: &StringRecord, text: &[u8]) -> usize {
    let position = cells.position().expect("records of a reader have one").byte();
    let position = usize::try_from(position).expect("the text is in memory").saturating_sub(BLANK_LINE.len());
    let is_break = |byte: &&u8| matches!(byte, b'\n' | b'\r');
    position + text[position..].iter().take_while(is_break).count()
}

/// What the bytes of a cell have been up to now.
#[derive(Clone, Copy)]
enum Quotes {
    /// There were no bytes: the cell begins.
    CellStart,
    /// Blanks only. A quote may still follow.
    Blanks,
    /// Text that began without a quote. Quotes in it are ordinary characters.
    Plain,
    /// An opening quote, then text.
    Inside,
    /// A quoted text with a closing quote, unless a second quote follows.
    Closed,
    /// A quoted text, then blanks.
    BlanksAfter,
    /// A quoted text, then other text. Usually a quote was forgotten, and the
    /// quoted text contains whole rows.
    Stray,
}

impl Quotes {
    fn after(self, byte: u8, separator: u8) -> Self {
        match (self, byte) {
            (Self::Inside, b'"') => Self::Closed,
            (Self::Inside, _) | (Self::CellStart | Self::Blanks | Self::Closed, b'"') => Self::Inside,
            (Self::Stray, _) => Self::Stray,
            _ if byte == separator || matches!(byte, b'\n' | b'\r') => Self::CellStart,
            (Self::CellStart | Self::Blanks, b' ' | b'\t') => Self::Blanks,
            (Self::CellStart | Self::Blanks | Self::Plain, _) => Self::Plain,
            (Self::Closed | Self::BlanksAfter, b' ' | b'\t') => Self::BlanksAfter,
            (Self::Closed | Self::BlanksAfter, _) => Self::Stray,
        }
    }
}

/// The cells of a row, at least one.
#[derive(Debug)]
pub struct Row {
    /// The line on which the row begins, counted from one.
    pub(crate) line: u64,
    cells: StringRecord,
}

impl Row {
    pub(crate) fn len(&self) -> usize {
        self.cells.len()
    }

    /// The texts, without blanks around them.
    pub(crate) fn cells(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.cells.iter().map(str::trim)
    }

    /// The line on which a cell begins: quoted cells to its left may contain line breaks.
    pub(crate) fn line_of(&self, column: usize) -> u64 {
        let breaks = |cell: &str| line_breaks(cell.as_bytes());
        self.line + self.cells.iter().take(column).map(breaks).sum::<u64>()
    }

    /// The number of empty cells at the end.
    pub(crate) fn trailing_blanks(&self) -> usize {
        self.cells().rev().take_while(|cell| cell.is_empty()).count()
    }

    /// The error for a row whose length is not `expected`, by its likely cause.
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

/// Reserves memory for `more` values. A file may be larger than memory, and
/// `push` would then abort the program.
pub(crate) fn reserve<T>(values: &mut Vec<T>, more: usize, line: u64) -> Result<()> {
    values.try_reserve(more).map_err(|_| Error::OutOfMemory { line })
}
