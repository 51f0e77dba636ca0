//! `cargo xtask bench`: builds the benchmark of `bench/` and starts it, with the arguments that follow.

use std::ffi::OsString;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use clap::Args;

use crate::experiment::programs;
use crate::workspace::{Workspace, cargo};

/// All arguments, `--help` included, are passed to the harness.
#[derive(Debug, Args)]
#[command(disable_help_flag = true)]
pub struct BenchOptions {
    /// Arguments of the benchmark; `--help` shows them
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGUMENTS")]
    arguments: Vec<OsString>,
}

/// Builds the harness and our runner, and runs the harness.
///
/// # Errors
/// They do not build, or the benchmark fails.
pub fn bench(workspace: &Workspace, options: &BenchOptions) -> Result<()> {
    let output = Command::new(cargo())
        .args(["build", "--release", "--package", "ann-bench", "--package", "ann-runner"])
        .args(["--message-format", "json-render-diagnostics", "--manifest-path"])
        .arg(workspace.root.join("Cargo.toml"))
        .stderr(Stdio::inherit())
        .output()
        .context("could not start cargo")?;
    ensure!(output.status.success(), "the benchmark does not build (cargo: {})", output.status);
    let programs = programs(&String::from_utf8_lossy(&output.stdout))?;
    let harness = programs.get("ann-bench").context("cargo built no program \"ann-bench\"")?;
    let status = Command::new(harness).args(&options.arguments).status();
    let status = status.with_context(|| format!("could not start {}", harness.display()))?;
    ensure!(status.success(), "the benchmark failed ({status})");
    Ok(())
}
