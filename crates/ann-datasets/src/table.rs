//! From bytes to rows of cells, each of which knows the line an editor shows for it.
//!
//! Cells are split by the csv crate. It is used with care in two places: it takes a quote that is never closed without
//! a word, and its line numbers are one too small after CRLF. So quotes are checked and lines are counted here.

use std::io;

use csv::StringRecord;

use crate::{Error, Result};

/// Reads everything, without blank lines. The rows may differ in length.
pub(crate) fn read_rows(mut input: impl io::Read, separator: u8) -> Result<Vec<Row>> {
    let mut bytes = Vec::new();
    input.read_to_end(&mut bytes).map_err(|error| Error::Read { error })?;
    let text = decode(&bytes)?;
    let rows = split(text, separator);
    // First, as quotes seem to be misplaced everywhere when the separator is another.
    check_separator(&rows, separator)?;
    check_quotes(text, separator)?;
    Ok(rows)
}

/// The rows as the csv crate sees them, each with its line.
fn split(text: &str, separator: u8) -> Vec<Row> {
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(separator)
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes());
    let (mut rows, mut counted, mut line) = (Vec::new(), 0, 1);
    for record in reader.records() {
        let cells = record.expect("UTF-8 was checked, and rows may differ in length");
        let start = start_of(&cells, text);
        line += line_breaks(&text[counted..start]);
        counted = start;
        if cells.len() > 1 || !cells[0].trim().is_empty() {
            rows.push(Row { line, cells });
        }
    }
    rows
}

/// The cells of a row, at least one.
#[derive(Debug)]
pub struct Row {
    /// Where the row begins, counted from one.
    pub(crate) line: u64,
    cells: StringRecord,
}

impl Row {
    pub(crate) fn len(&self) -> usize {
        self.cells.len()
    }

    /// The texts, without blanks around them.
    pub(crate) fn cells(&self) -> impl Iterator<Item = &str> {
        self.cells.iter().map(str::trim)
    }

    /// The line on which a cell begins: quoted cells to its left may contain line breaks.
    pub(crate) fn line_of(&self, column: usize) -> u64 {
        self.line + self.cells.iter().take(column).map(line_breaks).sum::<u64>()
    }
}

/// UTF-8, without the byte order mark that spreadsheets like to write.
fn decode(bytes: &[u8]) -> Result<&str> {
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return Err(Error::Utf16);
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    str::from_utf8(bytes).map_err(|error| {
        let (valid, rest) = bytes.split_at(error.valid_up_to());
        let valid = str::from_utf8(valid).expect("valid up to here");
        Error::NotUtf8 { line: 1 + line_breaks(valid), byte: rest[0] }
    })
}

/// A table has at least two columns, so a header of one that contains another separator was written with that.
fn check_separator(rows: &[Row], separator: u8) -> Result<()> {
    let Some(Row { line, cells }) = rows.first() else { return Ok(()) };
    let (expected, header) = (char::from(separator), &cells[0]);
    // With its own separator inside, the cell is quoted, or a quote is missing.
    if cells.len() > 1 || header.contains(expected) {
        return Ok(());
    }
    match header.trim().chars().find(|letter| matches!(letter, ';' | '\t' | ',')) {
        Some(found) => Err(Error::WrongSeparator { line: *line, header: header.to_owned(), found, expected }),
        None => Ok(()),
    }
}

/// A quoted cell ends with a quote right before a separator, a line end or the end of the text.
///
/// Text after the second quote mostly means that a quote was forgotten, and that rows were swallowed on the way.
fn check_quotes(text: &str, separator: u8) -> Result<()> {
    let (mut state, mut opened, mut column) = (Quotes::CellStart, (0, 1), 1);
    for (at, byte) in text.bytes().enumerate() {
        let next = state.after(byte, separator);
        match (state, next) {
            (Quotes::CellStart, Quotes::Inside) => opened = (at, column),
            (_, Quotes::CellStart) if byte == separator => column += 1,
            (_, Quotes::CellStart) => column = 1,
            _ => {}
        }
        state = next;
    }
    let (at, column) = opened;
    match state {
        Quotes::Inside | Quotes::Stray => {
            Err(Error::UnclosedQuote { line: 1 + line_breaks(&text[..at]), column })
        }
        Quotes::CellStart | Quotes::Plain | Quotes::Closed => Ok(()),
    }
}

/// Where in a cell the reader is.
#[derive(Clone, Copy)]
enum Quotes {
    CellStart,
    /// In a cell that began without a quote; those inside it are ordinary letters.
    Plain,
    Inside,
    /// After a quote that closes the cell, unless a second one follows.
    Closed,
    /// After a closing quote stands something that is no end of a cell.
    Stray,
}

impl Quotes {
    fn after(self, byte: u8, separator: u8) -> Self {
        let is_end = byte == separator || matches!(byte, b'\n' | b'\r');
        match (self, byte) {
            (Self::CellStart, b'"') | (Self::Closed, b'"') => Self::Inside,
            (Self::Inside, b'"') => Self::Closed,
            (Self::Inside, _) => Self::Inside,
            (Self::CellStart | Self::Plain | Self::Closed, _) if is_end => Self::CellStart,
            (Self::CellStart | Self::Plain, _) => Self::Plain,
            (Self::Closed | Self::Stray, _) => Self::Stray,
        }
    }
}

/// The reader's position of a record lies before the blank lines, and the second half of a CRLF, that precede it.
fn start_of(cells: &StringRecord, text: &str) -> usize {
    let position = cells.position().expect("records of a reader have one").byte();
    let position = usize::try_from(position).expect("the text is in memory");
    let is_break = |byte: &&u8| matches!(byte, b'\n' | b'\r');
    position + text.as_bytes()[position..].iter().take_while(is_break).count()
}

/// Line breaks as editors count them: LF, CRLF, or CR alone.
fn line_breaks(text: &str) -> u64 {
    let bytes = text.as_bytes();
    let ends = |at: usize| bytes[at] == b'\n' || (bytes[at] == b'\r' && bytes.get(at + 1) != Some(&b'\n'));
    (0..bytes.len()).filter(|&at| ends(at)).count() as u64
}
