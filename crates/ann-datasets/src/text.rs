//! From bytes to text: UTF-8, or an error that names what the file is instead.

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

/// Checks that `bytes` are UTF-8, and removes one byte order mark, which spreadsheets write.
pub(crate) fn decode(bytes: &[u8]) -> Result<&str> {
    let begins_with = |start: &[u8]| bytes.get(..start.len()).is_some_and(|b| b.eq_ignore_ascii_case(start));
    if let Some(&(_, found)) = OTHER_FORMATS.iter().find(|(start, _)| begins_with(start)) {
        return Err(Error::NotText { found });
    }
    if begins_with(b"\xff\xfe") || begins_with(b"\xfe\xff") || is_utf16_without_mark(bytes) {
        return Err(Error::Utf16);
    }
    // A zero byte is valid in UTF-8, but no text has one. This check comes first, because a binary file is
    // not a text in another encoding.
    if let Some(at) = bytes.iter().position(|&byte| byte == 0) {
        return Err(Error::NulByte { line: 1 + line_breaks(&bytes[..at]) });
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    str::from_utf8(bytes).map_err(|error| {
        let (valid, rest) = bytes.split_at(error.valid_up_to());
        Error::NotUtf8 { line: 1 + line_breaks(valid), byte: rest[0] }
    })
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

/// Line breaks as editors count them: LF, CRLF, or CR alone.
pub(crate) fn line_breaks(text: &[u8]) -> u64 {
    let ends = |at: usize| text[at] == b'\n' || (text[at] == b'\r' && text.get(at + 1) != Some(&b'\n'));
    (0..text.len()).filter(|&at| ends(at)).count() as u64
}
