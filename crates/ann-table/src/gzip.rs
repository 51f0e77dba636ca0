//! Inputs that may be compressed by gzip.

use std::io::{self, Read};

#[cfg(feature = "gzip")]
use flate2::read::MultiGzDecoder;

/// The input as it is: what is compressed will be found not to be text.
#[cfg(not(feature = "gzip"))]
pub(crate) fn decompressed<'r, R: Read + 'r>(input: R) -> io::Result<Box<dyn Read + 'r>> {
    Ok(Box::new(input))
}

/// The input, without compression by gzip.
#[cfg(feature = "gzip")]
pub(crate) fn decompressed<'r, R: Read + 'r>(mut input: R) -> io::Result<Box<dyn Read + 'r>> {
    let mut start = Vec::new();
    input.by_ref().take(2).read_to_end(&mut start)?;
    let is_gzip = start == [0x1f, 0x8b];
    let whole = io::Cursor::new(start).chain(input);
    Ok(if is_gzip { Box::new(Unzipped(MultiGzDecoder::new(whole))) } else { Box::new(whole) })
}

/// Names the compression in errors about damaged data.
#[cfg(feature = "gzip")]
struct Unzipped<R>(MultiGzDecoder<R>);

#[cfg(feature = "gzip")]
impl<R: Read> Read for Unzipped<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        use io::ErrorKind::{InvalidData, InvalidInput, UnexpectedEof};
        self.0.read(buffer).map_err(|error| match error.kind() {
            InvalidData | InvalidInput | UnexpectedEof => io::Error::other(format!(
                "the gzip data is cut short or damaged ({error}); fetch or compress the file again"
            )),
            _ => error,
        })
    }
}
