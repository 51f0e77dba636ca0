//! Reading and writing at a position of a file, without moving a cursor that other threads use.

use std::fs::File;
use std::io;

/// Fills `bytes` from this position on.
#[cfg(unix)]
pub(super) fn read(file: &File, bytes: &mut [u8], position: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, bytes, position)
}

/// Writes all bytes from this position on.
#[cfg(unix)]
pub(super) fn write(file: &File, bytes: &[u8], position: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::write_all_at(file, bytes, position)
}

/// Fills `bytes` from this position on.
#[cfg(windows)]
pub(super) fn read(file: &File, mut bytes: &mut [u8], mut position: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        match std::os::windows::fs::FileExt::seek_read(file, bytes, position)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            count => {
                bytes = &mut bytes[count..];
                position += count as u64;
            }
        }
    }
    Ok(())
}

/// Writes all bytes from this position on.
#[cfg(windows)]
pub(super) fn write(file: &File, mut bytes: &[u8], mut position: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        let count = std::os::windows::fs::FileExt::seek_write(file, bytes, position)?;
        if count == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        bytes = &bytes[count..];
        position += count as u64;
    }
    Ok(())
}
