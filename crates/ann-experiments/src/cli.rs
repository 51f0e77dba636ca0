//! The options that all experiments share.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use ann_datasets::{Column, Dataset};
use anyhow::{Context, Result};
use clap::builder::RangedU64ValueParser;
use clap::{Args, CommandFactory, FromArgMatches};

/// What an experiment does when no option is given.
#[derive(Clone, Copy, Debug)]
pub struct Defaults {
    /// Seed of the initial weights.
    pub seed: u64,
    /// The largest number of updates.
    pub epochs: usize,
}

/// Options of every experiment.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// Seed of everything that is drawn
    #[arg(long, value_name = "N", value_parser = seed_range())]
    pub seed: u64,
    /// The largest number of epochs (full-batch updates)
    #[arg(long, value_name = "N")]
    pub epochs: usize,
    /// Where the pictures (.svg, .png), numbers (.csv) and the record (.json) go; made when missing
    #[arg(long, value_name = "DIR", default_value = "target/figures")]
    pub out: PathBuf,
}

/// Options of an experiment that reads a dataset.
#[derive(Args, Clone, Debug)]
pub struct DataOptions {
    /// Another file of the same shape (.tab or .csv) instead of the embedded dataset
    #[arg(long = "data", value_name = "FILE")]
    file: Option<PathBuf>,
    /// The label column of FILE; without it the one an Orange header flags, else the one named "class"
    #[arg(long, value_name = "NAME", requires = "file")]
    label: Option<String>,
}

impl DataOptions {
    /// The dataset of the user's own file, and its path; `None` when no file was named.
    ///
    /// # Errors
    /// What the loader says of the file, with line and column.
    pub fn load(&self) -> Result<Option<(&Path, Dataset)>> {
        let Some(path) = &self.file else { return Ok(None) };
        let target = self.label.as_ref().map_or(Column::Class, |label| Column::Name(label.clone()));
        Ok(Some((path, ann_datasets::load(path, target)?)))
    }

    /// What records and captions call the user's file: without its folder, which differs from machine to machine.
    pub fn file_name(&self) -> Option<String> {
        self.file.as_deref().map(file_name)
    }

    /// The user's file, or "embedded".
    pub fn name(&self) -> String {
        self.file_name().unwrap_or_else(|| "embedded".to_owned())
    }
}

/// Reads the command line into `T`; shows help, version or what is wrong and ends the process where clap would.
pub fn parse<T: CommandFactory + FromArgMatches>(
    name: &'static str,
    about: &'static str,
    defaults: Defaults,
) -> T {
    let command = T::command()
        .name(name)
        .version(env!("CARGO_PKG_VERSION"))
        .about(about)
        .mut_arg("seed", |arg| arg.required(false).default_value(defaults.seed.to_string()))
        .mut_arg("epochs", |arg| arg.required(false).default_value(defaults.epochs.to_string()));
    T::from_arg_matches(&command.get_matches()).unwrap_or_else(|error| error.exit())
}

/// Seeds that leave room for the ones that follow.
pub fn seed_range() -> RangedU64ValueParser {
    clap::value_parser!(u64).range(..=u64::from(u32::MAX))
}

/// Makes `directory`, so that a place that cannot be written to is known before the work begins.
///
/// # Errors
/// It cannot be made.
pub fn make(directory: &Path) -> Result<()> {
    fs::create_dir_all(directory).with_context(|| format!("cannot create {}", directory.display()))
}

/// The last part of a path.
pub fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

/// Writes a line to stdout.  A reader that has gone away, as in `| head -1`, is no reason to fail: the files are written.
pub fn say(line: impl std::fmt::Display) {
    // The only other reason is a full disk behind a redirection, and there is nobody left to tell.
    let _ = writeln!(io::stdout().lock(), "{line}");
}
