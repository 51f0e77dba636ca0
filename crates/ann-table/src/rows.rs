//! From text to rows of cells, each with its line number as an editor shows it.
//!
//! The csv crate splits rows into cells. We promise more than it does, so this module adds what is missing:
//! - an error for a quote that is not closed, and for text after a closing quote: the crate accepts both;
//! - blanks before an opening quote: the crate reads such a quote as an ordinary character;
//! - line numbers: the crate counts only LF, and after CRLF its number is one too small;
//! - a second byte order mark, which is text: the crate would remove it after the first was removed.
//!
//! The text is read in blocks of whole rows, so a file may be larger than memory.

use std::collections::VecDeque;
use std::io::{self, Read};

use csv::StringRecord;
use memchr::{memchr, memrchr2};

use crate::first_line::{self, is_comment};
use crate::text::{BYTE_ORDER_MARK, check_beginning, check_encoding, line_breaks};
use crate::{Error, Result};

/// A block has about this number of bytes; more if a row is longer.
const BLOCK: usize = 1 << 20;
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
    blocks: Blocks<R>,
    cells: csv::Reader<Block>,
    /// The row that was read last, and its line.
    current: Row,
    /// Position in the block up to which line breaks have been counted.
    counted: usize,
    /// Number of the line at `counted`.
    line: u64,
    /// Rows that were looked at before they are read.
    ahead: VecDeque<Row>,
    unclosed_quote: Option<(u64, usize)>,
}

impl<R: Read> Rows<R> {
    /// Reads the beginning of `input` and checks the first line.
    ///
    /// # Errors
    /// The input cannot be read or is no text in UTF-8; the separator is not possible; the first line is a
    /// comment, a `sep=` line, or has another separator.
    pub fn new(input: R, separator: char) -> Result<Self> {
        Self::from_blocks(Blocks::new(input)?, separator)
    }

    pub(crate) fn from_blocks(mut blocks: Blocks<R>, separator: char) -> Result<Self> {
        let is_possible =
            separator.is_ascii() && !separator.is_ascii_alphanumeric() && !"\"\n\r".contains(separator);
        if !is_possible {
            return Err(Error::Separator { found: separator });
        }
        blocks.separator = separator as u8;
        let first = first_line::of(blocks.beginning());
        let mut rows = Self {
            cells: reader(Block::default(), blocks.separator),
            blocks,
            current: Row::default(),
            counted: 0,
            line: 1,
            ahead: VecDeque::new(),
            unclosed_quote: None,
        };
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
            let record = &mut self.current.cells;
            let is_row = self.cells.read_record(record).expect("the block is UTF-8 in memory");
            if is_row {
                self.count_lines();
                if !self.current.is_blank() {
                    return Ok(true);
                }
            } else if let Some((line, column)) = self.unclosed_quote {
                return Err(Error::UnclosedQuote { line, column });
            } else if !self.next_block()? {
                return Ok(false);
            }
        }
    }

    /// Sets the line of the row that was read. The csv crate's position is before blank lines, or before the
    /// LF of a CRLF, that precede the row.
    fn count_lines(&mut self) {
        let position = self.current.cells.position().expect("records of a reader have one").byte();
        let text = &self.cells.get_ref().text;
        let position =
            usize::try_from(position).expect("a block is in memory").saturating_sub(BLANK_LINE.len());
        let is_break = |byte: &&u8| matches!(byte, b'\n' | b'\r');
        let start = position + text[position..].iter().take_while(is_break).count();
        self.line += line_breaks(&text[self.counted..start]);
        self.counted = start;
        self.current.line = self.line;
    }

    /// False if there is no other block.
    fn next_block(&mut self) -> Result<bool> {
        let before = &self.cells.get_ref().text;
        self.line += line_breaks(&before[self.counted..]);
        self.counted = 0;
        let separator = self.blocks.separator;
        let Some(block) = self.blocks.next(self.line)? else { return Ok(false) };
        self.unclosed_quote = block.unclosed_quote;
        self.cells = reader(block, separator);
        Ok(true)
    }
}

fn reader(block: Block, separator: u8) -> csv::Reader<Block> {
    csv::ReaderBuilder::new().delimiter(separator).has_headers(false).flexible(true).from_reader(block)
}

/// A blank line to read before each block: the csv crate removes a byte order mark at the beginning of its
/// input.
const BLANK_LINE: &[u8] = b"\n";

/// Whole rows, prepared so that the csv crate finds the cells that we promise.
#[derive(Debug, Default)]
struct Block {
    text: Vec<u8>,
    /// Number of bytes that were read, the blank line included.
    read: usize,
    /// The line and the column of the first unclosed quote.
    unclosed_quote: Option<(u64, usize)>,
}

impl Read for Block {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = match self.read.checked_sub(BLANK_LINE.len()) {
            None => (&BLANK_LINE[self.read..]).read(buffer)?,
            Some(at) => (&self.text[at..]).read(buffer)?,
        };
        self.read += count;
        Ok(count)
    }
}

/// Cuts an input into blocks of whole rows.
#[derive(Debug)]
pub(crate) struct Blocks<R> {
    input: R,
    /// What was read and is in no block yet.
    pending: Vec<u8>,
    is_at_end: bool,
    separator: u8,
}

impl<R: Read> Blocks<R> {
    /// Reads the beginning, checks that it is text, and removes a byte order mark.
    pub(crate) fn new(input: R) -> Result<Self> {
        let mut blocks = Self { input, pending: Vec::new(), is_at_end: false, separator: b',' };
        blocks.fill(BLOCK, 1)?;
        check_beginning(&blocks.pending)?;
        if blocks.pending.starts_with(BYTE_ORDER_MARK) {
            blocks.pending.drain(..BYTE_ORDER_MARK.len());
        }
        check_encoding(blocks.beginning(), 1)?;
        Ok(blocks)
    }

    /// The lines that were read first.
    pub(crate) fn beginning(&self) -> &[u8] {
        // A character may be cut at the end, so only whole lines are used if there is more text.
        let last_break = || memrchr2(b'\n', b'\r', &self.pending).unwrap_or(0);
        &self.pending[..if self.is_at_end { self.pending.len() } else { last_break() }]
    }

    /// The next block, which begins at this line; `None` after the last.
    fn next(&mut self, line: u64) -> Result<Option<Block>> {
        let mut size = BLOCK;
        loop {
            self.fill(size, line)?;
            let scan = Scan::new(&mut self.pending, self.separator);
            let is_in_quotes = matches!(scan.quotes, Quotes::Inside | Quotes::Stray);
            let is_unclosed = match scan.quotes {
                Quotes::Stray => true,
                Quotes::Inside => self.is_at_end || self.pending.len() - scan.cell > LONGEST_QUOTE,
                _ => false,
            };
            if self.pending.is_empty() {
                return Ok(None);
            } else if is_unclosed {
                check_encoding(if self.is_at_end { &self.pending } else { &self.pending[..scan.row] }, line)?;
                let place = (line + line_breaks(&self.pending[..scan.cell]), scan.column);
                return Ok(Some(self.take(scan.row, Some(place))));
            } else if self.is_at_end && !is_in_quotes {
                check_encoding(&self.pending, line)?;
                return Ok(Some(self.take(self.pending.len(), None)));
            } else if scan.row > 0 {
                check_encoding(&self.pending[..scan.row], line)?;
                return Ok(Some(self.take(scan.row, None)));
            }
            // Not one whole row.
            size = 2 * self.pending.len();
        }
    }

    /// The first `end` bytes as a block; the others remain.
    fn take(&mut self, end: usize, unclosed_quote: Option<(u64, usize)>) -> Block {
        let rest = if unclosed_quote.is_some() { Vec::new() } else { self.pending[end..].to_vec() };
        let mut text = std::mem::replace(&mut self.pending, rest);
        text.truncate(end);
        Block { text, read: 0, unclosed_quote }
    }

    /// Reads until `size` bytes are pending. A CR is not the last one, because a LF may follow.
    fn fill(&mut self, size: usize, line: u64) -> Result<()> {
        while !self.is_at_end && (self.pending.len() < size || self.pending.last() == Some(&b'\r')) {
            let wanted = size.saturating_sub(self.pending.len()).max(1);
            self.pending.try_reserve(wanted).map_err(|_| Error::OutOfMemory { line })?;
            let mut part = self.input.by_ref().take(wanted as u64);
            let read = part.read_to_end(&mut self.pending).map_err(|error| Error::Read { error })?;
            self.is_at_end = read < wanted;
        }
        Ok(())
    }
}

/// Where the last row of a text begins, and what its quotes are.
struct Scan {
    row: usize,
    cell: usize,
    /// Counted from one.
    column: usize,
    quotes: Quotes,
}

impl Scan {
    /// Looks for quotes that are not closed, and moves each opening quote to the beginning of its cell.
    ///
    /// The quote swaps places with the first blank of the cell, so the text keeps its length. The blank is
    /// then inside the quotes, where [`Row::cells`] trims it.
    fn new(text: &mut [u8], separator: u8) -> Self {
        let mut scan = Self { row: 0, cell: 0, column: 1, quotes: Quotes::CellStart };
        if memchr(b'"', text).is_none() {
            scan.row = memrchr2(b'\n', b'\r', text).map_or(0, |at| at + 1);
            return scan;
        }
        for at in 0..text.len() {
            let (byte, before) = (text[at], scan.quotes);
            scan.quotes = before.after(byte, separator);
            match (before, scan.quotes) {
                (Quotes::Blanks, Quotes::Inside) => text.swap(scan.cell, at),
                (_, Quotes::CellStart) if byte == separator => {
                    (scan.cell, scan.column) = (at + 1, scan.column + 1);
                }
                (_, Quotes::CellStart) => (scan.row, scan.cell, scan.column) = (at + 1, at + 1, 1),
                (_, Quotes::Stray) => break,
                _ => {}
            }
        }
        scan
    }
}

/// What the bytes of a cell have been up to now.
#[derive(Clone, Copy, Debug)]
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
#[derive(Clone, Debug, Default)]
pub struct Row {
    line: u64,
    cells: StringRecord,
}

impl Row {
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
        self.cells.iter().map(str::trim)
    }

    /// The line on which a cell begins: quoted cells to its left may contain line breaks.
    pub fn line_of(&self, column: usize) -> u64 {
        let breaks = |cell: &str| line_breaks(cell.as_bytes());
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

    fn is_blank(&self) -> bool {
        self.len() == 1 && self.trailing_blanks() == 1
    }
}
