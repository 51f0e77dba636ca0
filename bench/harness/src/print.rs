//! Lines for people.  A reader that has left, as in `cargo xtask bench | head -1`, does not stop a measurement.

use std::fmt::Display;
use std::io::{self, Write};

/// Prints a result.
pub fn result(line: impl Display) {
    // What cannot be printed here is in the files that are written.
    drop(writeln!(io::stdout().lock(), "{line}"));
}

/// Prints progress or an error, apart from the results.
pub fn progress(line: impl Display) {
    drop(writeln!(io::stderr().lock(), "{line}"));
}
