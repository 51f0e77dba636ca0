//! `cargo xtask bits`: debug and release builds, every instruction set and any number of threads must give
//! the same weights.

use std::process::Command;

use anyhow::{Context, Result, ensure};
use clap::Args;

use crate::print;
use crate::workspace::{Workspace, cargo};

/// This task has no options.
#[derive(Debug, Args)]
pub struct BitsOptions {}

/// A profile, and the packages that decide the features of the build. The features are those of
/// `cargo test --workspace` and `cargo xtask figures`, so that little is compiled again after these.
type Build = (&'static str, &'static [&'static str]);
const BUILDS: [Build; 2] = [("dev", &[]), ("release", &["--package", "ann-experiments"])];
/// Numbers of threads: fewer than, as many as and more than usual machines have, also some that do not divide
/// the work evenly.
const THREADS: [usize; 7] = [1, 2, 3, 4, 7, 8, 16];
/// Numbers of threads for the runs without vector instructions, which take a hundred times as long.
const FEW_THREADS: [usize; 2] = [1, 7];

/// Trains the networks of `ann_experiments::bits`, and makes a model of a table, in every way, and compares
/// the weights and the file.
///
/// # Errors
/// When two ways give different weights, or the program does not compile or fails.
pub fn bits(workspace: &Workspace, _: &BitsOptions) -> Result<()> {
    let mut expected: Option<String> = None;
    let mut ways = 0;
    for build @ (profile, _) in BUILDS {
        let instructions = run(workspace, build, &[])?;
        for instructions in instructions.lines() {
            let threads = if instructions == "scalar" { &FEW_THREADS[..] } else { &THREADS };
            for threads in threads {
                let way = format!("{profile}, {instructions}, threads {threads}");
                let found = run(workspace, build, &[instructions, &threads.to_string()])?;
                ensure!(found.lines().count() > 1, "{way}: no weights were printed");
                let expected = expected.get_or_insert_with(|| found.clone());
                ensure!(found == *expected, "{way}:\n{found}differs from dev with one thread:\n{expected}");
                ways += 1;
            }
            print::progress(format_args!("{profile}, {instructions}: compared"))?;
        }
    }
    print::result(expected.unwrap_or_default().trim_end())?;
    print::result(format_args!("{ways} ways, the same bits"))
}

fn run(workspace: &Workspace, (profile, packages): Build, arguments: &[&str]) -> Result<String> {
    let mut command = Command::new(cargo());
    command.args(["run", "--quiet", "--locked", "--example", "bits", "--profile", profile]).args(packages);
    command.arg("--").args(arguments).current_dir(&workspace.root);
    let output = command.output().context("could not start cargo")?;
    let complaint = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "the example `bits` failed:\n{}", complaint.trim());
    String::from_utf8(output.stdout).context("the example `bits` printed something that is not text")
}
