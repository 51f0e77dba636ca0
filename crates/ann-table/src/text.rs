//! From bytes to text: UTF-8, or an error that names what the file is instead.

use std::io::Read;

use memchr::{memchr, memchr_iter, memchr2, memrchr2};

use crate::{Error, Result};

/// This number of bytes is read at a time, so that they stay in the processor's cache; more if a row is
/// longer.
const BLOCK: usize = 1 << 17;
/// The byte order mark of UTF-8, which spreadsheets write.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// An input that is read block by block, so that it may be larger than memory.
#[derive(Debug)]
pub(crate) struct Text<R> {
    input: R,
    /// What was read and is still needed.
    text: String,
    /// Bytes after the text: the beginning of a character.
    rest: Vec<u8>,
    is_at_end: bool,
    has_byte_order_mark: bool,
}

impl<R: Read> Text<R> {
    /// Reads at least one line, checks that it is text, and removes a byte order mark.
    pub fn new(input: R) -> Result<Self> {
        let (rest, is_at_end, has_byte_order_mark) = (Vec::new(), false, false);
        let mut text = Self { input, text: String::new(), rest, is_at_end, has_byte_order_mark };
        text.read_block(BLOCK, 1)?;
        check_beginning(&text.rest)?;
        if text.rest.starts_with(BYTE_ORDER_MARK) {
            text.rest.drain(..BYTE_ORDER_MARK.len());
            text.has_byte_order_mark = true;
        }
        text.decode(1)?;
        while text.beginning().is_empty() && !text.is_at_end {
            text.read_on(0, 1)?;
        }
        Ok(text)
    }

    /// What was read and is still needed.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether the input begins with a byte order mark, which is no part of the text.
    pub fn has_byte_order_mark(&self) -> bool {
        self.has_byte_order_mark
    }

    /// Whether the first line ends with CR and LF.
    pub fn has_crlf(&self) -> bool {
        let first_break = memchr2(b'\n', b'\r', self.text.as_bytes());
        first_break.is_some_and(|at| self.text.as_bytes()[at..].starts_with(b"\r\n"))
    }

    /// Whether nothing follows the text.
    pub fn is_at_end(&self) -> bool {
        self.is_at_end
    }

    /// The whole lines of the text.
    pub fn beginning(&self) -> &str {
        let last_break = || memrchr2(b'\n', b'\r', self.text.as_bytes()).unwrap_or(0);
        &self.text[..if self.is_at_end { self.text.len() } else { last_break() }]
    }

    /// Forgets the first `used` bytes of the text and reads the next ones. What remains begins at `line`.
    pub fn read_on(&mut self, used: usize, line: u64) -> Result<()> {
        self.text.drain(..used);
        // As much again as there is, so that a long row is copied a few times only.
        self.read_block(self.text.len().max(BLOCK), line)?;
        self.decode(line)
    }

    fn read_block(&mut self, wanted: usize, line: u64) -> Result<()> {
        self.rest.try_reserve(wanted).map_err(|_| Error::OutOfMemory { line })?;
        let mut block = self.input.by_ref().take(wanted as u64);
        let read = block.read_to_end(&mut self.rest).map_err(|error| Error::Read { error })?;
        self.is_at_end = read < wanted;
        Ok(())
    }

    /// Moves what was read to the text, which begins at `line`.
    fn decode(&mut self, line: u64) -> Result<()> {
        let line_of = |at: usize| line + line_breaks(&[self.text.as_bytes(), &self.rest[..at]].concat());
        // A zero byte is valid in UTF-8, but no text has one. This check comes first, because a binary file
        // is not a text in another encoding.
        if let Some(at) = memchr(0, &self.rest) {
            return Err(Error::NulByte { line: line_of(at) });
        }
        let valid = match str::from_utf8(&self.rest) {
            Ok(text) => text.len(),
            // The end of a character may follow.
            Err(error) if error.error_len().is_none() && !self.is_at_end => error.valid_up_to(),
            Err(error) => {
                let at = error.valid_up_to();
                return Err(Error::NotUtf8 { line: line_of(at), byte: self.rest[at] });
            }
        };
        self.text.try_reserve(valid).map_err(|_| Error::OutOfMemory { line })?;
        self.text.push_str(str::from_utf8(&self.rest[..valid]).expect("it was found to be valid"));
        self.rest.drain(..valid);
        Ok(())
    }
}

/// The first bytes of other formats that are often saved under the name of a table.
const OTHER_FORMATS: [(&[u8], &str); 19] = [
    (b"PK\x03\x04", "a zip archive, as .xlsx and .ods spreadsheets are"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old spreadsheet (.xls)"),
    (b"\x1f\x8b", "a file compressed by gzip"),
    (b"\x28\xb5\x2f\xfd", "a file compressed by zstd"),
    (b"\xfd7zXZ\0", "a file compressed by xz"),
    (b"BZh91AY&SY", "a file compressed by bzip2"),
    (b"PAR1\x15", "a Parquet file (`Table::open_parquet` reads it, with the feature `parquet`)"),
    (b"ARROW1\0\0", "an Arrow file"),
    (b"SQLite format 3", "a database of SQLite"),
    (b"\x89HDF", "an HDF5 file"),
    (b"version https://git-lfs", "a pointer of Git LFS to the file, which `git lfs pull` fetches"),
    (b"ann-rows", "a file of `ann store`, from which only `ann train` reads"),
    (b"%PDF-", "a PDF"),
    (b"{\\rtf", "a text document (RTF)"),
    (b"<!DOCTYPE", "a web page"),
    (b"<html", "a web page"),
    (b"<?xml", "XML"),
    (b"[{", "JSON"),
    (b"{\"", "JSON"),
];

/// An error if a file begins like one of another format or encoding.
fn check_beginning(bytes: &[u8]) -> Result<()> {
    let bytes = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes).trim_ascii_start();
    let begins_with = |start: &[u8]| bytes.get(..start.len()).is_some_and(|b| b.eq_ignore_ascii_case(start));
    if let Some(&(_, found)) = OTHER_FORMATS.iter().find(|(start, _)| begins_with(start)) {
        return Err(Error::NotText { found });
    }
    if begins_with(b"\xff\xfe") || begins_with(b"\xfe\xff") || is_utf16_without_mark(bytes) {
        return Err(Error::Utf16);
    }
    Ok(())
}

/// Whether the bytes look like UTF-16. There each ASCII character, so each digit and each separator, has one
/// zero byte: always the first of its two bytes, or always the second.
fn is_utf16_without_mark(bytes: &[u8]) -> bool {
    const SAMPLE: usize = 1000;
    let sample = &bytes[..bytes.len().min(SAMPLE)];
    let zeros = |first: usize| sample.iter().skip(first).step_by(2).filter(|&&byte| byte == 0).count();
    let (even, odd) = (zeros(0), zeros(1));
    // More than a quarter of all bytes: fewer than half of the characters may be of another script.
    (even == 0 || odd == 0) && (even + odd) * 4 > sample.len()
}

/// Number of line breaks as editors count them: LF, CRLF, or CR alone.
pub(crate) fn line_breaks(text: &[u8]) -> u64 {
    let lone_returns = memchr_iter(b'\r', text).filter(|&at| text.get(at + 1) != Some(&b'\n')).count();
    (memchr_iter(b'\n', text).count() + lone_returns) as u64
}
