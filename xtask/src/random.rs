//! `cargo xtask random`: compares the kernels with the independent reference of `ann-core`'s tests on random
//! problems, many more than the gate tries.

use std::ops::Range;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::print;
use crate::workspace::{Workspace, cargo};

/// How long to try, and which problems.
#[derive(Debug, Args)]
pub struct RandomOptions {
    /// Begin no new round of problems after this many minutes
    #[arg(long, default_value_t = 10)]
    minutes: u64,
    /// Number of the first problem: another number gives other problems
    #[arg(long, default_value_t = 0)]
    first: u64,
}

/// The test that makes the problems, and the environment variable that says which ones.
const TEST: &str = "random::random_problems_are_what_an_independent_reference_computes";
const PROBLEMS: &str = "ANN_RANDOM_PROBLEMS";
/// Number of problems in a round, which takes some seconds.
const ROUND: u64 = 1000;

/// Tries one round of problems after another.
///
/// # Errors
/// When a kernel is farther from the reference than rounding allows; also when the tests do not compile.
pub fn random(workspace: &Workspace, options: &RandomOptions) -> Result<()> {
    let (start, limit) = (Instant::now(), Duration::from_secs(60 * options.minutes));
    let mut next = options.first;
    while next == options.first || start.elapsed() < limit {
        try_round(workspace, &(next..next + ROUND))?;
        next += ROUND;
        print::progress(format_args!(
            "{} problems after {} s",
            next - options.first,
            start.elapsed().as_secs()
        ))?;
    }
    let tried = next - options.first;
    print::result(format_args!(
        "{tried} random problems from number {}: all agree with the reference",
        options.first
    ))
}

fn try_round(workspace: &Workspace, problems: &Range<u64>) -> Result<()> {
    let mut test = Command::new(cargo());
    test.args([
        "test",
        "--quiet",
        "--locked",
        "--package",
        "ann-core",
        "--test",
        "tests",
        "--",
        "--exact",
        TEST,
    ]);
    test.env(PROBLEMS, format!("{}..{}", problems.start, problems.end)).current_dir(&workspace.root);
    let output = test.output().context("could not start cargo")?;
    let [found, complaint] =
        [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
    // If the test had another name, none would run, and cargo would report success.
    if output.status.success() && found.contains("1 passed") {
        return Ok(());
    }
    bail!(
        "problems {problems:?} do not pass (run one alone with {PROBLEMS}=number..number+1):\n{found}{complaint}"
    )
}
