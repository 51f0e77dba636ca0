//! `cargo xtask reference`: computes PyTorch's numbers again in a private virtual environment, and compares
//! them with the committed ones.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::path::Path;

use anyhow::{Context, Result, ensure};
use clap::Args;

use crate::output::write_whole;
use crate::print;
use crate::python::{environment, step};
use crate::workspace::Workspace;

/// What to do with the new numbers.
#[derive(Debug, Args)]
pub struct ReferenceOptions {
    /// Copy the new files over the committed ones in crates/ann-datasets/data/reference/pytorch
    #[arg(long)]
    bless: bool,
}

/// Largest difference between the numbers of equal files. By default it is the promised parity with PyTorch,
/// and other processors stay far below it.
fn tolerance(file: &str) -> f64 {
    match file {
        // Forty iterations amplify rounding to 1e-10.
        "lbfgs_objective.csv" | "lbfgs_parameters.csv" => 1e-9,
        // J is flat at a minimum, so that parameters have eight digits.
        "least_squares_parameters.csv" => 1e-7,
        _ => 1e-12,
    }
}

/// Records the reference again, and prints the largest difference in each file.
///
/// # Errors
/// When Python or a step of the recording fails, or, without `bless`, when the numbers are not the committed
/// ones.
pub fn reference(workspace: &Workspace, options: &ReferenceOptions) -> Result<()> {
    // Not through the link `data` at the root: if git does not create links, it is a small text file.
    let committed = workspace.root.join("crates/ann-datasets/data/reference/pytorch");
    let out = workspace.target.join("reference/pytorch");
    record(workspace, &committed, &out)?;
    let differing = compare(&committed, &out)?;
    if options.bless {
        return bless(&committed, &out);
    }
    ensure!(
        differing.is_empty(),
        "not as committed: {}; --bless copies the new files over",
        differing.join(", ")
    );
    Ok(())
}

/// Runs the committed script with the committed versions. Afterwards `out` contains nothing but its files.
fn record(workspace: &Workspace, committed: &Path, out: &Path) -> Result<()> {
    if out.exists() {
        fs::remove_dir_all(out).with_context(|| format!("could not remove {}", out.display()))?;
    }
    fs::create_dir_all(out).with_context(|| format!("could not create {}", out.display()))?;

    let requirements = committed.join("requirements.txt");
    let python = environment("python3", &workspace.target.join("reference-venv"), &requirements)?;
    let script = committed.join("record.py");
    step(&python, [script.as_os_str(), OsStr::new("--out"), out.as_os_str()])
}

/// Prints the largest difference in each file; returns the names of the files that differ from the committed
/// ones.
fn compare(committed: &Path, out: &Path) -> Result<Vec<String>> {
    let mut differing = Vec::new();
    for file in tables(committed)?.union(&tables(out)?) {
        let difference = match (fs::read_to_string(committed.join(file)), fs::read_to_string(out.join(file)))
        {
            (Ok(old), Ok(new)) => largest_difference(&old, &new),
            _ => None,
        };
        let result = difference.map(|difference| format!("largest difference {difference:.1e}"));
        let result = result.as_deref().unwrap_or("not the same rows, or missing on one side");
        print::result(format_args!("{file}: {result}"))?;
        if !difference.is_some_and(|difference| difference <= tolerance(file)) {
            differing.push(file.clone());
        }
    }
    Ok(differing)
}

/// The names of the CSV files in a folder. Other files, such as the versions used, may differ.
fn tables(folder: &Path) -> Result<BTreeSet<String>> {
    let mut files = file_names(folder)?;
    files.retain(|file| file.ends_with(".csv"));
    Ok(files)
}

fn bless(committed: &Path, out: &Path) -> Result<()> {
    for file in file_names(out)? {
        let content = File::open(out.join(&file)).with_context(|| format!("could not read {file}"))?;
        write_whole(&committed.join(&file), content)?;
    }
    print::result(format_args!("blessed: copied into {}", committed.display()))
}

fn file_names(folder: &Path) -> Result<BTreeSet<String>> {
    let entries = folder.read_dir().with_context(|| format!("could not read {}", folder.display()))?;
    entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect()
}

/// The largest |Δ| between the numbers of two tables; `None` when they differ in more than their numbers.
/// NaN on one side is a difference of NaN.
fn largest_difference(committed: &str, fresh: &str) -> Option<f64> {
    let (old, new): (Vec<_>, Vec<_>) = (cells(committed).collect(), cells(fresh).collect());
    let difference = |(old, new): (&&str, &&str)| match (old.parse::<f64>(), new.parse::<f64>()) {
        _ if old == new => Some(0.0),
        (Ok(old), Ok(new)) => Some((old - new).abs()),
        _ => None,
    };
    let differences: Option<Vec<f64>> = old.iter().zip(&new).map(difference).collect();
    // `total_cmp` puts NaN above every number.
    differences.filter(|_| old.len() == new.len())?.into_iter().max_by(f64::total_cmp)
}

/// The cells of all lines, with a mark for each end of line.
fn cells(table: &str) -> impl Iterator<Item = &str> {
    table.lines().flat_map(|line| line.split(',').chain(["\n"]))
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMITTED: &str = "run,epoch,loss\nown,0,4.3\nown,1,3.4\n";

    #[test]
    fn differences_are_taken_number_by_number() {
        for (fresh, expected) in [
            (COMMITTED, Some(0.0)),
            ("run,epoch,loss\nown,0,4.3\nown,1,3.15\n", Some(0.25)),
            ("run,epoch,loss\nown,0,4.300\nown,1,3.4\n", Some(0.0)),
            ("run,epoch,loss\nown,0,4.3\n", None),
            ("run,epoch,loss\nown,0,4.3\nmatched,1,3.4\n", None),
            ("run,epoch,loss\nown,0\n4.3,own,1,3.4\n", None),
        ] {
            let found = largest_difference(COMMITTED, fresh);
            let agrees = match (found, expected) {
                (Some(found), Some(expected)) => (found - expected).abs() < 1e-15,
                _ => found == expected,
            };
            assert!(agrees, "{fresh:?}: {found:?}, expected {expected:?}");
        }
        assert!(largest_difference("1\n2", "1\nNaN").unwrap().is_nan());
    }

    #[test]
    fn a_table_that_moved_is_named_and_versions_may_differ() {
        let [committed, out] = [(); 2].map(|()| tempfile::tempdir().unwrap());
        for (file, old, new) in [
            ("same.csv", "loss\n0.5\n", "loss\n0.5000000000000001\n"),
            ("moved.csv", "loss\n0.5\n", "loss\n0.50000001\n"),
            ("least_squares_parameters.csv", "after\n0.5\n", "after\n0.50000001\n"),
            ("versions.json", "1.0", "2.0"),
        ] {
            fs::write(committed.path().join(file), old).unwrap();
            fs::write(out.path().join(file), new).unwrap();
        }
        fs::write(committed.path().join("lost.csv"), "loss\n").unwrap();
        assert_eq!(compare(committed.path(), out.path()).unwrap(), ["lost.csv", "moved.csv"]);
    }
}
