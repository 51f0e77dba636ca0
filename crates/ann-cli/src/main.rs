//! The program `ann`: from a table to a model, on the command line.

use std::process::ExitCode;

fn main() -> ExitCode {
    ann_cli::program(None)
}
