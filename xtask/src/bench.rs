//! `cargo xtask bench` and `cargo xtask accuracy`: build a benchmark of `bench/` and start it, with the
//! arguments that follow.

use std::ffi::OsString;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use clap::Args;

use crate::experiment::programs;
use crate::workspace::{Workspace, cargo};

/// All arguments, `--help` included, are passed to the benchmark.
#[derive(Debug, Args)]
#[command(disable_help_flag = true)]
pub struct BenchOptions {
    /// Arguments of the benchmark; `--help` shows them
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGUMENTS")]
    arguments: Vec<OsString>,
}

/// Builds the harness of the benchmark of speed and our runner, and runs the harness.
///
/// # Errors
/// They do not build, or the benchmark fails.
pub fn bench(workspace: &Workspace, options: &BenchOptions) -> Result<()> {
    run(workspace, &["ann-bench", "ann-runner"], options)
}

/// Builds the benchmark of accuracy, and runs it.
///
/// # Errors
/// It does not build, or fails.
pub fn accuracy(workspace: &Workspace, options: &BenchOptions) -> Result<()> {
    run(workspace, &["ann-accuracy", "ann-cli"], options)
}

/// Builds the programs of some packages, and runs the one that is called as the first package.
fn run(workspace: &Workspace, packages: &[&str], options: &BenchOptions) -> Result<()> {
    let output = Command::new(cargo())
        .args(["build", "--release"])
        .args(packages.iter().flat_map(|package| ["--package", package]))
        .args(["--message-format", "json-render-diagnostics", "--manifest-path"])
        .arg(workspace.root.join("Cargo.toml"))
        .stderr(Stdio::inherit())
        .output()
        .context("could not start cargo")?;
    ensure!(output.status.success(), "the benchmark does not build (cargo: {})", output.status);
    let programs = programs(&String::from_utf8_lossy(&output.stdout))?;
    let name = packages[0];
    let program = programs.get(name).with_context(|| format!("cargo built no program {name:?}"))?;
    let status = Command::new(program).args(&options.arguments).status();
    let status = status.with_context(|| format!("could not start {}", program.display()))?;
    ensure!(status.success(), "the benchmark failed ({status})");
    Ok(())
}
