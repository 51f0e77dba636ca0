#![doc = include_str!("../README.md")]

// Results go to the standard output, everything else to the standard error. All logic is in the libraries.

mod job;

mod check;
mod completions;
mod evaluate;
mod explain;
mod export;
mod inspect;
mod look;
mod play;
mod predict;
mod rebuild;
mod store;
mod train;

mod again;
mod co_process;
mod explanation;
mod group_record;
mod group_summary;
mod html;
mod prediction;
mod summary;
mod surprises;
mod target;

mod data;
mod output;
mod stored;

mod failure;
mod interrupt;
mod numbers;
mod progress;
mod show;

use std::process::ExitCode;

use clap::builder::Styles;
use clap::{ColorChoice, Parser, Subcommand};

use failure::{Result, Status};

pub use ann_tabular::ann_train::Ranks;
pub use job::Job;

/// Neural networks for tables: from a CSV file to a model that is one file
#[derive(Debug, Parser)]
#[command(name = "ann", version, arg_required_else_help = true, styles = Styles::plain(), max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    /// Colours of messages
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    color: ColorChoice,
}

#[derive(Debug, Subcommand)]
enum Command {
    Look(look::Look),
    Train(Box<train::Train>),
    #[command(name = "eval")]
    Evaluate(evaluate::Evaluate),
    Predict(predict::Predict),
    Explain(explain::Explain),
    Check(check::Check),
    Export(export::Export),
    Inspect(inspect::Inspect),
    Play(play::Play),
    Rebuild(rebuild::Rebuild),
    Store(store::Store),
    Completions(completions::Completions),
    Manual(completions::Manual),
}

/// Runs the program with the arguments of this process, and returns its exit code. `job` is the group of
/// processes that run this program together, if there is one: all of them train, and only the first one
/// prints and runs the other commands.
pub fn program(job: Option<&dyn Job>) -> ExitCode {
    let is_first = job::is_first(job);
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let printed = if is_first { error.print() } else { Ok(()) };
            return printed.map_or(Status::Files.into(), |()| ExitCode::from(error.exit_code() as u8));
        }
    };
    match cli.color {
        ColorChoice::Auto => {}
        ColorChoice::Always => anstream::ColorChoice::Always.write_global(),
        ColorChoice::Never => anstream::ColorChoice::Never.write_global(),
    }
    match interrupt::outlive_limits().and_then(|()| run(&cli.command, job)) {
        Ok(status) => status.into(),
        Err(failure) if failure.is_closed_pipe => Status::Done.into(),
        Err(failure) => job::fail(job, &failure),
    }
}

fn run(command: &Command, job: Option<&dyn Job>) -> Result<Status> {
    match command {
        Command::Train(options) => train::train(options, job),
        // These need one process.
        _ if !job::is_first(job) => Ok(Status::Done),
        Command::Look(options) => look::look(options),
        Command::Evaluate(options) => evaluate::evaluate(options),
        Command::Predict(options) => predict::predict(options),
        Command::Explain(options) => explain::explain(options),
        Command::Check(options) => check::check(options),
        Command::Export(options) => export::export(options),
        Command::Inspect(options) => inspect::inspect(options),
        Command::Play(options) => play::play(options),
        Command::Rebuild(options) => rebuild::rebuild(options),
        Command::Store(options) => store::store(options),
        Command::Completions(options) => completions::completions(options),
        Command::Manual(options) => completions::manual(options),
    }
}
