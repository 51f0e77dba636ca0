//! The options that experiments share.

use std::fmt::{self, Display};
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use ann_datasets::{Column, Dataset, Error};
use anyhow::{Context, Result, anyhow};
use clap::builder::RangedU64ValueParser;
use clap::{Args, CommandFactory, FromArgMatches};

/// The default of an option: its long name and its value.
pub type Default<'a> = (&'static str, &'a dyn Display);

/// Options of every experiment.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// Seed of everything that is drawn at random
    #[arg(long, value_name = "N", value_parser = seed_range())]
    pub seed: u64,
    /// The largest number of epochs (full-batch updates)
    #[arg(long, value_name = "N")]
    pub epochs: usize,
    /// Folder for the pictures (.svg, .png), numbers (.csv) and the record (.json); made when missing
    #[arg(long, value_name = "DIR", default_value = "target/figures")]
    pub out: PathBuf,
}

/// Options of an experiment that trains a network for its picture.
#[derive(Args, Clone, Debug)]
pub struct NetworkOptions {
    /// Units of the hidden layers, first to last, such as 8,4; "none" for a network without hidden layers
    #[arg(long, value_name = "WIDTHS")]
    pub hidden: Widths,
    /// η, the learning rate
    #[arg(long, value_name = "ETA", value_parser = positive, allow_negative_numbers = true)]
    pub rate: f64,
    /// Gain of Xavier's normal initial weights
    #[arg(long, value_parser = positive, allow_negative_numbers = true)]
    pub gain: f64,
    /// Scale every feature to mean 0 and standard deviation 1, measured on the rows that train [default: off]
    #[arg(long)]
    pub standardize: bool,
    /// Share of the rows that do not train and only test, such as 0.3; drawn with
    /// --seed [default: all rows train]
    #[arg(long, value_name = "SHARE", value_parser = share, allow_negative_numbers = true)]
    pub test: Option<f64>,
}

/// Options of an experiment that reads a dataset.
#[derive(Args, Clone, Debug)]
pub struct DataOptions {
    /// Another file of the same shape (.tab or .csv) instead of the embedded dataset
    #[arg(long = "data", value_name = "FILE")]
    file: Option<PathBuf>,
    /// The target column of FILE [default: the one flagged by an Orange header,
    /// otherwise the one named "class"]
    #[arg(long, value_name = "NAME", requires = "file")]
    label: Option<String>,
}

/// Units of the hidden layers, first to last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Widths(pub Vec<usize>);

/// The largest network allowed: the figures need no larger one, and it might not fit into memory.
const MOST_UNITS: usize = 1000;
const MOST_LAYERS: usize = 20;

impl FromStr for Widths {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "none" {
            return Ok(Self(Vec::new()));
        }
        let width = |cell: &str| match cell.trim().parse() {
            Ok(width) if (1..=MOST_UNITS).contains(&width) => Ok(width),
            _ => Err(format!(
                "{cell:?} is no number of units, expected 1 to {MOST_UNITS} for each layer, such as 8,4"
            )),
        };
        let widths: Vec<usize> = text.split(',').map(width).collect::<Result<_, _>>()?;
        if widths.len() > MOST_LAYERS {
            return Err(format!("{} hidden layers, expected at most {MOST_LAYERS}", widths.len()));
        }
        Ok(Self(widths))
    }
}

impl Display for Widths {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let widths: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        f.write_str(if widths.is_empty() { "none".to_owned() } else { widths.join(",") }.as_str())
    }
}

impl DataOptions {
    /// The dataset in the user's file, and the path of the file; `None` when no file was named.
    ///
    /// # Errors
    /// Those of the loader, with line and column, and with the option that helps.
    pub fn load(&self) -> Result<Option<(&Path, Dataset)>> {
        let Some(path) = &self.file else { return Ok(None) };
        let target = self.label.as_ref().map_or(Column::Class, |label| Column::Name(label.clone()));
        Ok(Some((path, ann_datasets::load(path, target).map_err(with_advice)?)))
    }

    /// The name of the user's file in records and captions: without its folder, which
    /// differs from machine to machine.
    pub fn file_name(&self) -> Option<String> {
        self.file.as_deref().map(file_name)
    }

    /// The user's file, or "embedded".
    pub fn name(&self) -> String {
        self.file_name().unwrap_or_else(|| "embedded".to_owned())
    }
}

/// The loader knows columns, but no options. Where a column must be chosen, this
/// adds the option that chooses it.
fn with_advice(error: Error) -> anyhow::Error {
    let Error::InFile { error: cause, .. } = &error else { return error.into() };
    match **cause {
        Error::NoClass { .. }
        | Error::SeveralClasses { .. }
        | Error::Table(ann_datasets::ann_table::Error::UnknownColumn { .. }) => {
            anyhow!("{error}; name the target column with --label NAME")
        }
        _ => error.into(),
    }
}

/// Reads the command line into `T`. Help, version and errors are printed, and
/// then end the process, as in clap.
///
/// # Panics
/// When `T` has no option with the name of a default, or the default is not a valid value.
pub fn parse<T: CommandFactory + FromArgMatches>(
    name: &'static str,
    about: &'static str,
    defaults: &[Default<'_>],
) -> T {
    let matches = command::<T>(name, about, defaults).get_matches();
    T::from_arg_matches(&matches).unwrap_or_else(|error| error.exit())
}

fn command<T: CommandFactory>(
    name: &'static str,
    about: &'static str,
    defaults: &[Default<'_>],
) -> clap::Command {
    let command = T::command().name(name).version(env!("CARGO_PKG_VERSION")).about(about);
    defaults.iter().fold(command, |command, (option, value)| {
        command.mut_arg(option, |arg| arg.required(false).default_value(value.to_string()))
    })
}

/// Seeds that leave room for the seeds that follow.
pub fn seed_range() -> RangedU64ValueParser {
    clap::value_parser!(u64).range(..=u64::from(u32::MAX))
}

fn positive(text: &str) -> Result<f64, String> {
    let is_positive = |number: &f64| *number > 0.0 && number.is_finite();
    text.parse().ok().filter(is_positive).ok_or_else(|| "expected a number above 0".to_owned())
}

fn share(text: &str) -> Result<f64, String> {
    let is_share = |number: &f64| *number > 0.0 && *number < 1.0;
    text.parse().ok().filter(is_share).ok_or_else(|| "expected a number above 0 and below 1".to_owned())
}

/// Creates `directory`, so that an error about it comes before the work begins.
///
/// # Errors
/// The directory cannot be created.
pub fn make(directory: &Path) -> Result<()> {
    fs::create_dir_all(directory).with_context(|| format!("cannot create {}", directory.display()))
}

/// The last part of a path.
pub fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

/// Writes a line to stdout. If the reader has closed the pipe, as `| head -1` does, this is
/// no error: the files are written.
pub fn say(line: impl Display) {
    // The only other cause is a full disk behind a redirection, and then there is no place to report it.
    let _ = writeln!(io::stdout().lock(), "{line}");
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct All {
        #[command(flatten)]
        common: Options,
        #[command(flatten)]
        network: NetworkOptions,
        #[command(flatten)]
        data: DataOptions,
    }

    const DEFAULTS: &[Default<'static>] =
        &[("seed", &100), ("epochs", &10_000), ("hidden", &"3"), ("rate", &1.0), ("gain", &5.0)];

    fn read(options: &[&str]) -> Result<All, String> {
        let line = ["program"].iter().chain(options);
        let matches = command::<All>("program", "about", DEFAULTS).try_get_matches_from(line);
        matches.and_then(|matches| All::from_arg_matches(&matches)).map_err(|error| error.to_string())
    }

    #[test]
    fn without_options_defaults_hold() {
        let All { common, network, data } = read(&[]).unwrap();
        assert_eq!((common.seed, common.epochs, common.out), (100, 10_000, "target/figures".into()));
        assert_eq!((network.hidden, network.rate, network.gain), (Widths(vec![3]), 1.0, 5.0));
        assert_eq!((network.standardize, network.test), (false, None));
        assert_eq!((data.file_name(), data.name().as_str()), (None, "embedded"));
        assert!(data.load().unwrap().is_none());
    }

    #[test]
    fn every_option_is_read() {
        let line = "--seed 7 --epochs 0 --out here --hidden 8,4 --rate 1e-3 --gain 0.5 --standardize --test 0.3 \
                    --data some/file.csv --label kind";
        let All { common, network, data } = read(&line.split_whitespace().collect::<Vec<_>>()).unwrap();
        assert_eq!((common.seed, common.epochs, common.out), (7, 0, "here".into()));
        assert_eq!((network.hidden, network.rate, network.gain), (Widths(vec![8, 4]), 1e-3, 0.5));
        assert_eq!((network.standardize, network.test), (true, Some(0.3)));
        assert_eq!((data.name().as_str(), data.label.as_deref()), ("file.csv", Some("kind")));
    }

    #[test]
    fn widths_are_read_as_they_are_written() {
        for widths in ["none", "1", "8,4", "1000", "3,10,50,30,1,4"] {
            assert_eq!(widths.parse::<Widths>().unwrap().to_string(), widths);
        }
        assert_eq!("none".parse(), Ok(Widths(vec![])));
        assert_eq!("8, 4".parse(), Ok(Widths(vec![8, 4])));
        let most = ["7"; MOST_LAYERS].join(",");
        assert_eq!(most.parse::<Widths>().unwrap().0.len(), MOST_LAYERS);
        let error = format!("{most},7").parse::<Widths>().unwrap_err();
        assert_eq!(error, "21 hidden layers, expected at most 20");
    }

    #[test]
    fn a_wrong_value_is_named_with_what_was_expected() {
        for (option, value, expected) in [
            ("--hidden", "8,0", "\"0\" is no number of units, expected 1 to 1000"),
            ("--hidden", "1001", "\"1001\" is no number of units"),
            ("--hidden", "8;4", "\"8;4\" is no number of units"),
            ("--hidden", "8,", "\"\" is no number of units"),
            ("--hidden", "", "\"\" is no number of units"),
            ("--hidden", "-3", "\"-3\" is no number of units"),
            ("--rate", "0", "expected a number above 0"),
            ("--rate", "-1", "expected a number above 0"),
            ("--rate", "inf", "expected a number above 0"),
            ("--rate", "NaN", "expected a number above 0"),
            ("--rate", "fast", "expected a number above 0"),
            ("--gain", "0", "expected a number above 0"),
            ("--test", "0", "expected a number above 0 and below 1"),
            ("--test", "1", "expected a number above 0 and below 1"),
            ("--test", "30%", "expected a number above 0 and below 1"),
            ("--seed", "4294967296", "4294967296 is not in 0..=4294967295"),
            ("--epochs", "-1", "invalid digit"),
        ] {
            let error = read(&[&format!("{option}={value}")]).err().unwrap();
            assert!(error.contains(expected) && error.contains(option), "{option} {value}: {error}");
        }
    }

    #[test]
    fn a_label_belongs_to_a_file() {
        let error = read(&["--label", "kind"]).err().unwrap();
        assert!(error.contains("--data <FILE>"), "{error}");
    }

    #[test]
    fn help_explains_every_option_with_its_default() {
        let help = command::<All>("program", "about", DEFAULTS).render_help().to_string();
        for (option, default) in [
            ("--seed <N>", "[default: 100]"),
            ("--epochs <N>", "[default: 10000]"),
            ("--out <DIR>", "[default: target/figures]"),
            ("--hidden <WIDTHS>", "[default: 3]"),
            ("--rate <ETA>", "[default: 1]"),
            ("--gain <GAIN>", "[default: 5]"),
            ("--standardize", "[default: off]"),
            ("--test <SHARE>", "[default: all rows train]"),
            ("--label <NAME>", "[default: the one flagged by an Orange header"),
        ] {
            let (_, explained) = help.split_once(option).unwrap_or_else(|| panic!("{option} in {help}"));
            // Another crate of the build may enable the feature of clap that wraps long lines.
            let explained = explained.split("\n      --").next().unwrap();
            let explained = explained.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(explained.contains(default), "{option}: {explained}");
        }
    }
}
