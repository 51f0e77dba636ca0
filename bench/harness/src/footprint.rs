//! The cost of depending on `ann-train`: crates in the tree, seconds of a cold build, memory for a million
//! rows.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use ann_bench::folders::Folders;
use ann_bench::print;
use ann_bench::runner::Runner;
use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

use crate::cargo;
use crate::peers::Peer;
use crate::protocol::{Hello, LIMIT, Memory, Prepared, Timed};

/// The workload whose memory is measured.
pub const LARGEST: &str = "W10/1000000";

/// The cost of depending on `ann-train`.
#[derive(Debug, Default, Deserialize, Serialize)]
pub struct Footprint {
    /// Distinct crates below a program that uses `ann-train`, `ann-train` included.
    pub crates: usize,
    /// Seconds of a release build of such a program, dependencies included.
    pub build: Option<f64>,
    /// The most memory that a process has used, in KiB, in the largest workload with one thread.
    pub memory: Option<u64>,
}

impl Footprint {
    /// Counts crates, measures memory if `ours` is given, and build time if `build` is true.
    pub fn measure(folders: &Folders, ours: Option<&Peer>, build: bool) -> Result<Self> {
        Ok(Self {
            crates: crates(&folders.root)?,
            build: build.then(|| cold_build(&folders.root, &folders.work.join("cold-build"))).transpose()?,
            memory: ours.map(|ours| memory(ours, &folders.work)).transpose()?.flatten(),
        })
    }

    /// A line for each number that was measured.
    pub fn lines(&self) -> Vec<String> {
        let crates = format!("crates in the tree of a program that uses ann-train: {}", self.crates);
        let build = self.build.map(|seconds| format!("cold release build of such a program: {seconds:.1} s"));
        let mebibytes = |kib: u64| kib as f64 / 1024.0;
        let memory = self.memory.map(|kib| {
            format!(
                "peak memory of {LARGEST} with 1 thread: {:.0} MiB, of which the data is 84 MiB",
                mebibytes(kib)
            )
        });
        [Some(crates), build, memory].into_iter().flatten().collect()
    }
}

fn crates(root: &Path) -> Result<usize> {
    let mut command = cargo::command();
    command.args(["tree", "--package", "ann-train", "--edges", "normal", "--prefix", "none"]);
    let output = command.current_dir(root).output().context("could not start cargo")?;
    ensure!(output.status.success(), "`cargo tree` failed: {}", String::from_utf8_lossy(&output.stderr));
    Ok(count(&String::from_utf8_lossy(&output.stdout)))
}

/// Number of distinct crates, by name and version. Cargo lists a crate again, marked with a star, at each
/// further use.
fn count(tree: &str) -> usize {
    let names = tree.lines().map(|line| line.trim_end_matches("(*)").trim()).filter(|line| !line.is_empty());
    names.collect::<BTreeSet<_>>().len()
}

/// Builds a project outside the workspace that uses `ann-core` and `ann-train`, in an empty folder.
fn cold_build(root: &Path, target: &Path) -> Result<f64> {
    print::progress("building a program that uses ann-train, from nothing");
    let consumer = root.join(".ci/consumers/core_and_train");
    fs::copy(root.join("Cargo.lock"), consumer.join("Cargo.lock")).context("could not copy Cargo.lock")?;
    // Downloads are not part of the build.
    run(cargo::command().arg("fetch"), &consumer)?;
    if target.exists() {
        fs::remove_dir_all(target).with_context(|| format!("could not remove {}", target.display()))?;
    }
    let begin = Instant::now();
    run(
        cargo::command().args(["build", "--release", "--quiet", "--offline", "--target-dir"]).arg(target),
        &consumer,
    )?;
    Ok(begin.elapsed().as_secs_f64())
}

fn run(command: &mut Command, folder: &Path) -> Result<()> {
    let status = command.current_dir(folder).status().context("could not start cargo")?;
    ensure!(status.success(), "{command:?} failed ({status})");
    Ok(())
}

/// Peak memory of a process that runs only this workload; `None` if the system does not report it.
fn memory(ours: &Peer, folder: &Path) -> Result<Option<u64>> {
    let log = folder.join("memory.txt");
    let (mut runner, _) = Runner::start::<Hello>(&mut ours.command(1), &log, LIMIT)?;
    let _: Prepared = runner.ask(&format!("prepare {LARGEST}"))?;
    let _: Timed = runner.ask("run")?;
    match runner.ask("memory")? {
        Memory::Known { peak_kib } => Ok(Some(peak_kib)),
        Memory::Unknown { skip } => {
            print::progress(format_args!("peak memory of {LARGEST}: {skip}"));
            Ok(None)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crate_counts_once_for_each_of_its_versions() {
        let tree = "ann-train v0.1.0 (/here)\nndarray v0.17.2\nnum-traits v0.2.19\nndarray v0.17.2 (*)\nndarray v0.16.0\n\n";
        assert_eq!(count(tree), 4);
    }

    #[test]
    fn only_what_was_measured_has_a_line() {
        let footprint = Footprint { crates: 31, build: None, memory: None };
        assert_eq!(footprint.lines(), ["crates in the tree of a program that uses ann-train: 31"]);
        let footprint = Footprint { crates: 31, build: Some(21.34), memory: Some(94 * 1024) };
        let lines = footprint.lines();
        assert_eq!(lines[1], "cold release build of such a program: 21.3 s");
        assert_eq!(lines[2], "peak memory of W10/1000000 with 1 thread: 94 MiB, of which the data is 84 MiB");
    }
}
