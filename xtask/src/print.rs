//! Prints lines for the user. If the reader closes the pipe, as in `cargo xtask figures | head -1`, the work
//! goes on.

use std::fmt::Display;
use std::io::{self, ErrorKind, Write};

use anyhow::{Context, Result};

/// Prints a result.
pub fn result(line: impl Display) -> Result<()> {
    write(io::stdout().lock(), line)
}

/// Prints progress or an error, to standard error.
pub fn progress(line: impl Display) -> Result<()> {
    write(io::stderr().lock(), line)
}

fn write(mut out: impl Write, line: impl Display) -> Result<()> {
    match writeln!(out, "{line}") {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written.context("could not print"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Failing(ErrorKind);

    impl Write for Failing {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn only_a_reader_that_left_is_forgiven() {
        assert!(write(Failing(ErrorKind::BrokenPipe), "line").is_ok());
        let error = write(Failing(ErrorKind::StorageFull), "line").unwrap_err();
        assert!(format!("{error:#}").starts_with("could not print: "), "{error:#}");
    }
}
