//! `ann completions` and `ann manual`: for shells, and for `man`.

use std::io::Write;

use clap::{Args, CommandFactory};
use clap_complete::{Shell, generate};

use crate::Cli;
use crate::failure::{Failure, Result, Status};
use crate::output::Output;

/// Print what a shell needs to complete commands and options
#[derive(Args, Debug)]
pub struct Completions {
    shell: Shell,
}

pub fn completions(options: &Completions) -> Result<Status> {
    let mut output = Output::standard();
    let mut text = vec![];
    generate(options.shell, &mut Cli::command(), "ann", &mut text);
    output.write_all(&text)?;
    output.finish()?;
    Ok(Status::Done)
}

/// Print a manual page, in the language of `man`
#[derive(Args, Debug)]
pub struct Manual {
    /// The command that the page is about. Default: the program
    command: Option<String>,
}

pub fn manual(options: &Manual) -> Result<Status> {
    let mut program = Cli::command();
    program.build();
    let command = match &options.command {
        None => program,
        Some(name) => {
            let found = program.get_subcommands().find(|command| command.get_name() == name).cloned();
            found.ok_or_else(|| Failure::arguments(format_args!("there is no command {name:?}")))?
        }
    };
    let mut output = Output::standard();
    clap_mangen::Man::new(command).render(&mut output)?;
    output.finish()?;
    Ok(Status::Done)
}
