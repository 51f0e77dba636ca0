//! `cargo xtask onnx`: exported models compute what the models compute, in other people's programs.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use clap::Args;

use crate::print;
use crate::python::{environment, run, step};
use crate::workspace::{Workspace, cargo};

/// This task has no options.
#[derive(Debug, Args)]
pub struct OnnxOptions {}

/// The newest versions of runtimes, and the oldest one that reads the graphs.
const NEWEST: &[&str] = &["checker", "onnxruntime", "tract", "reference", "c"];
const OLDEST: &[&str] = &["onnxruntime"];

/// Exports a model of every activation, task and precision, and compares 10 000 rows in each runtime.
///
/// # Errors
/// A program is missing or fails, or a difference is above its bar; `bench/export/compare.py` has the bars.
pub fn onnx(workspace: &Workspace, _: &OnnxOptions) -> Result<()> {
    let (scripts, target) = (workspace.root.join("bench/export"), workspace.target.join("onnx"));
    let cases = target.join("cases");
    if cases.exists() {
        fs::remove_dir_all(&cases).with_context(|| format!("could not remove {}", cases.display()))?;
    }
    let example = ["run", "--quiet", "--locked", "--package", "ann-export", "--example", "cases", "--"];
    run(Command::new(cargo()).args(example).arg(&cases).current_dir(&workspace.root))?;
    let newest = environment("python3", &target.join("newest"), &scripts.join("requirements.txt"))?;
    compare(&newest, &scripts, NEWEST, &cases)?;
    // Its packages are those of an older Python.
    let oldest = environment("python3.11", &target.join("oldest"), &scripts.join("requirements-oldest.txt"))?;
    compare(&oldest, &scripts, OLDEST, &cases)?;
    compare_in_node(&scripts, &target.join("web"), &cases)?;
    print::result("all differences are below their bars")
}

fn compare(python: &Path, scripts: &Path, runtimes: &[&str], cases: &Path) -> Result<()> {
    let script = scripts.join("compare.py");
    for runtime in runtimes {
        step(python, [script.as_os_str(), OsStr::new(runtime), cases.as_os_str()])?;
    }
    Ok(())
}

/// Packages of Node.js are found beside the script, so it is copied.
fn compare_in_node(scripts: &Path, folder: &Path, cases: &Path) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("could not create {}", folder.display()))?;
    for file in ["package.json", "compare.mjs"] {
        fs::copy(scripts.join(file), folder.join(file)).with_context(|| format!("could not copy {file}"))?;
    }
    run(Command::new("npm").args(["install", "--silent"]).current_dir(folder))?;
    run(Command::new("node").arg("compare.mjs").arg(cases).current_dir(folder))
}
