//! Prints lines for the user. If the reader closes the pipe, as in `cargo xtask bench | head -1`, the
//! measurement goes on.

use std::fmt::Display;
use std::io::{self, Write};

/// Prints a result.
pub fn result(line: impl Display) {
    // A failure is ignored, because the results are also written to files.
    drop(writeln!(io::stdout().lock(), "{line}"));
}

/// Prints progress or an error, to standard error.
pub fn progress(line: impl Display) {
    drop(writeln!(io::stderr().lock(), "{line}"));
}
