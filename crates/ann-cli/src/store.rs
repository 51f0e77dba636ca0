//! `ann store`: the rows of a table in a file that is read block by block.

use std::fs;
use std::io::Write;
use std::path::PathBuf;

use clap::Args;

use crate::data::{self, Reading};
use crate::failure::{Failure, Result, Status, in_quotes};
use crate::interrupt;
use crate::output::{self, Output};
use crate::show::counted;

/// Write the rows of a table to a file from which `ann train` reads them as it needs them
#[derive(Args, Debug)]
pub struct Store {
    /// A table: CSV, Orange .tab, both also as .gz
    data: PathBuf,
    /// The file of the rows
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// Replace the file of the rows
    #[arg(long)]
    force: bool,
    /// Print errors only
    #[arg(short, long)]
    quiet: bool,
    #[command(flatten)]
    reading: Reading,
}

pub fn store(options: &Store) -> Result<Status> {
    let Store { data, output: path, .. } = options;
    if data::is_dash(data) {
        return Err(Failure::arguments("the standard input cannot be read twice: give the name of a file"));
    }
    output::check(&[("-o", path)], &[data], options.force)?;
    interrupt::clean_up(None)?;
    let shown = path.display().to_string();
    let no_file = || Failure::arguments(format_args!("-o: expected the name of a file, found {shown}"));
    // Opening a pipe would wait for its reader.
    if fs::metadata(path).is_ok_and(|found| !found.is_file() && !found.is_dir()) {
        return Err(no_file());
    }
    let output = Output::open(Some(path), options.force)?;
    let file = output.new_file()?.ok_or_else(no_file)?;
    let table = data::read_on_disk(&options.reading.reader(), data, file, &shown)?;
    output.finish()?;
    if !options.quiet {
        let (rows, columns) = (counted(table.rows(), "row"), counted(table.columns().len(), "column"));
        let mut output = Output::standard();
        writeln!(output, "wrote {shown}: {rows}, {columns}")?;
        writeln!(output, "next: ann train {} -t COLUMN", in_quotes(&shown))?;
        output.finish()?;
    }
    Ok(Status::Done)
}
