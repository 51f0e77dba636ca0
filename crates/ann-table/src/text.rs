//! From bytes to text: UTF-8, or an error that names what the file is instead.

use memchr::{memchr, memchr_iter};

use crate::{Error, Result};

/// The first bytes of other formats that are often saved under the name of a table.
const OTHER_FORMATS: [(&[u8], &str); 6] = [
    (b"PK\x03\x04", "a zip archive, as .xlsx and .ods spreadsheets are"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old spreadsheet (.xls)"),
    (b"\x1f\x8b", "a file compressed by gzip"),
    (b"%PDF-", "a PDF"),
    (b"<!DOCTYPE", "a web page"),
    (b"<html", "a web page"),
];

/// The byte order mark of UTF-8, which spreadsheets write.
pub(crate) const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// An error if a file begins like one of another format or encoding.
pub(crate) fn check_beginning(bytes: &[u8]) -> Result<()> {
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

/// An error if the bytes are not UTF-8 or contain a zero. `line` is the number of the first line.
pub(crate) fn check_encoding(bytes: &[u8], line: u64) -> Result<()> {
    // A zero byte is valid in UTF-8, but no text has one. This check comes first, because a binary file is
    // not a text in another encoding.
    if let Some(at) = memchr(0, bytes) {
        return Err(Error::NulByte { line: line + line_breaks(&bytes[..at]) });
    }
    str::from_utf8(bytes).map(|_| ()).map_err(|error| {
        let (valid, rest) = bytes.split_at(error.valid_up_to());
        Error::NotUtf8 { line: line + line_breaks(valid), byte: rest[0] }
    })
}

/// Number of line breaks as editors count them: LF, CRLF, or CR alone.
pub(crate) fn line_breaks(text: &[u8]) -> u64 {
    let lone_returns = memchr_iter(b'\r', text).filter(|&at| text.get(at + 1) != Some(&b'\n')).count();
    (memchr_iter(b'\n', text).count() + lone_returns) as u64
}
