//! `cargo xtask bits`: the same weights from debug and release builds, every instruction set and any number of threads.

use std::process::Command;

use anyhow::{Context, Result, ensure};
use clap::Args;

use crate::print;
use crate::workspace::{Workspace, cargo};

/// Nothing to choose.
#[derive(Debug, Args)]
pub struct Options {}

/// A profile, and the packages whose features it is built with: those of `cargo test --workspace` and of `cargo xtask figures`,
/// so that after them little is compiled again.
type Build = (&'static str, &'static [&'static str]);
const BUILDS: [Build; 2] = [("dev", &[]), ("release", &["--package", "ann-experiments"])];
/// Below, at and beyond what machines have, and numbers that do not divide.
const THREADS: [usize; 7] = [1, 2, 3, 4, 7, 8, 16];
/// For one number at a time, which takes a hundred times as long.
const FEW_THREADS: [usize; 2] = [1, 7];

/// Trains the networks of `ann_experiments::bits` in every way, and compares.
///
/// # Errors
/// When two ways give different weights; also when the program does not compile or fails.
pub fn bits(workspace: &Workspace, _: &Options) -> Result<()> {
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
    String::from_utf8(output.stdout).context("the example `bits` printed something else than text")
}
