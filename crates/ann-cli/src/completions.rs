//! `ann completions` and `ann manual`: for shells, and for `man`.

use std::io::Write;

use clap::{Args, CommandFactory};
use clap_complete::{Shell, generate};

use crate::Cli;
use crate::failure::{Result, Status};
use crate::output::Output;

/// Print what a shell needs to complete commands and options
#[derive(Args, Debug)]
pub struct Completions {
    shell: Shell,
}

pub fn completions(options: &Completions) -> Result<Status> {
    let mut output = Output::open(None, false)?;
    let mut text = vec![];
    generate(options.shell, &mut Cli::command(), "ann", &mut text);
    output.write_all(&text)?;
    output.finish()?;
    Ok(Status::Done)
}

/// The manual page, in the language of `man`.
pub fn manual() -> Result<Status> {
    let mut output = Output::open(None, false)?;
    clap_mangen::Man::new(Cli::command()).render(&mut output)?;
    output.finish()?;
    Ok(Status::Done)
}
