//! Questions to runners and their answers: one JSON object each. `bench/peers/README.md` describes them.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

/// The first line of a runner.
#[derive(Debug, Deserialize, PartialEq, Serialize)]
pub struct Hello {
    /// The name of the system.
    pub peer: String,
    /// Its library and version, such as `scikit-learn 1.9.1`.
    pub version: String,
}

/// A file with the rows to train on and the rows to predict. It is the same file for all systems, so all of
/// them see the same rows.
#[derive(Debug, Deserialize, PartialEq, Serialize)]
pub struct Assignment {
    /// The table as its user has it.
    pub table: PathBuf,
    /// The same rows as plain CSV: commas, a header, an empty cell is missing, dates are seconds since 1970.
    pub copy: PathBuf,
    /// The column to predict.
    pub target: String,
    /// Whether classes are predicted, and not numbers.
    pub classes: bool,
    /// The columns of words; all others but the target are numbers.
    pub words: Vec<String>,
    /// Seed of whatever is random in a system: the number of the split.
    pub seed: u64,
    /// Rows to train on, counted from 0.
    pub train: Vec<usize>,
    /// Rows to predict, counted from 0.
    pub test: Vec<usize>,
}

/// What a runner answers to an assignment.
#[derive(Debug, Deserialize, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Reply {
    /// The predictions.
    Answer(Answer),
    /// The system cannot do this.
    Skipped {
        /// Why.
        skip: String,
    },
}

/// Predictions of the rows of `test`, in that order.
#[derive(Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Answer {
    /// The cells of the target as they are in the copy, so that a system that took other rows is found.
    pub truth: Vec<String>,
    /// The names of the classes; none if numbers are predicted.
    #[serde(default)]
    pub classes: Vec<String>,
    /// For each row the probability of each class, or one number.
    pub values: Vec<Vec<f64>>,
    /// Lower and upper end of intervals that should contain the truth in 90% of the rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intervals: Option<Vec<[f64; 2]>>,
    /// Sets of classes that should contain the truth in 90% of the rows: whether each class is in the set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sets: Option<Vec<Vec<bool>>>,
}

/// Runs as the runner of a system of ours: says hello, and answers each `fit FILE` on standard input by what
/// `work` makes of the assignment in the file, whose path it is given, too.
///
/// # Errors
/// A line, a file or an assignment is wrong, or `work` fails.
pub fn serve(peer: &str, work: impl Fn(&Assignment, &Path) -> Result<Answer>) -> Result<()> {
    let version = concat!("ann ", env!("CARGO_PKG_VERSION")).to_owned();
    say(&Hello { peer: peer.to_owned(), version })?;
    for line in io::stdin().lock().lines() {
        let line = line?;
        let path =
            line.strip_prefix("fit ").with_context(|| format!("found {line:?}, expected `fit FILE`"))?;
        let file = File::open(path).with_context(|| format!("could not open {path}"))?;
        let assignment = serde_json::from_reader(BufReader::new(file))?;
        say(&work(&assignment, Path::new(path))?)?;
    }
    Ok(())
}

fn say(message: &impl Serialize) -> Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{}", serde_json::to_string(message)?)?;
    Ok(out.flush()?)
}
