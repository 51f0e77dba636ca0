//! `cargo xtask random`: runs a test on random cases, many more than the gate tries: the kernels against the
//! independent reference of `ann-core`'s tests, or the reader of model files on changed headers.

use std::ops::Range;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};

use crate::print;
use crate::workspace::{Workspace, cargo};

/// What to try, how long, and which cases.
#[derive(Debug, Args)]
pub struct RandomOptions {
    /// What is random
    #[arg(value_enum, default_value_t = Cases::Problems)]
    cases: Cases,
    /// Begin no new round of cases after this many minutes
    #[arg(long, default_value_t = 10)]
    minutes: u64,
    /// Number of the first case: another number gives other cases
    #[arg(long, default_value_t = 0)]
    first: u64,
}

/// What is random.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Cases {
    /// Networks and rows, compared with an independent reference
    Problems,
    /// Headers of model files, changed, with a digest that fits: none makes the reader panic
    Headers,
}

impl Cases {
    /// The crate, its features, and the test that makes the cases.
    fn test(self) -> [&'static str; 3] {
        match self {
            Self::Problems => {
                ["ann-core", "", "random::random_problems_are_what_an_independent_reference_computes"]
            }
            Self::Headers => ["ann-model", "train", "damage::changed_headers_do_not_panic"],
        }
    }

    /// The environment variable that says which cases.
    fn variable(self) -> &'static str {
        match self {
            Self::Problems => "ANN_RANDOM_PROBLEMS",
            Self::Headers => "ANN_RANDOM_HEADERS",
        }
    }

    /// Number of cases in a round, which takes some seconds.
    fn round(self) -> u64 {
        match self {
            Self::Problems => 1000,
            Self::Headers => 50_000,
        }
    }

    /// What the cases are, in words.
    fn words(self) -> &'static str {
        match self {
            Self::Problems => "random problems",
            Self::Headers => "changed headers",
        }
    }
}

/// Tries one round of cases after another.
///
/// # Errors
/// When the test fails, for instance because a kernel is farther from the reference than rounding allows;
/// also when the tests do not compile.
pub fn random(workspace: &Workspace, options: &RandomOptions) -> Result<()> {
    let (start, limit) = (Instant::now(), Duration::from_secs(60 * options.minutes));
    let (cases, mut next) = (options.cases, options.first);
    while next == options.first || start.elapsed() < limit {
        try_round(workspace, cases, &(next..next + cases.round()))?;
        next += cases.round();
        let (tried, seconds) = (next - options.first, start.elapsed().as_secs());
        print::progress(format_args!("{tried} {} after {seconds} s", cases.words()))?;
    }
    let tried = next - options.first;
    print::result(format_args!("{tried} {} from number {}: all pass", cases.words(), options.first))
}

fn try_round(workspace: &Workspace, cases: Cases, numbers: &Range<u64>) -> Result<()> {
    let [package, features, name] = cases.test();
    let mut test = Command::new(cargo());
    test.args(["test", "--quiet", "--locked", "--package", package, "--features", features]);
    test.args(["--test", "tests", "--", "--exact", name]);
    let variable = cases.variable();
    test.env(variable, format!("{}..{}", numbers.start, numbers.end)).current_dir(&workspace.root);
    let output = test.output().context("could not start cargo")?;
    let [found, complaint] =
        [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
    // If the test had another name, none would run, and cargo would report success.
    if output.status.success() && found.contains("1 passed") {
        return Ok(());
    }
    bail!(
        "{} {numbers:?} do not pass (run one alone with {variable}=number..number+1):\n{found}{complaint}",
        cases.words()
    )
}
