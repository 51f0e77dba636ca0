//! Experiments as processes: they are found in a folder of sources, selected, built together, and run one
//! after another.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::check::Comparison;
use crate::record::Record;
use crate::workspace::{Workspace, cargo};

/// Number of lines to show from the end of a failed experiment's output.
const TAIL_LINES: usize = 10;

/// An experiment that ran.
#[derive(Debug)]
pub struct Run {
    /// The file name of its source without `.rs`.
    pub name: String,
    /// Duration of the process.
    pub time: Duration,
    /// What it wrote, or why it failed.
    pub outcome: Result<Finished>,
    /// What `--check` found, if it was asked for and the experiment did not fail.
    pub comparison: Option<Comparison>,
}

/// The output of a successful experiment.
#[derive(Debug)]
pub struct Finished {
    /// The last line of its output.
    pub result: String,
    /// The record it wrote.
    pub record: Record,
}

/// The names of all experiments, sorted: one for each `NAME.rs` in the folder.
pub fn discover(sources: &Path) -> Result<Vec<String>> {
    let context = || format!("no experiments in {}", sources.display());
    let mut names = Vec::new();
    for entry in sources.read_dir().with_context(context)? {
        let path = entry?.path();
        if path.extension().is_some_and(|ending| ending == "rs") {
            names.extend(path.file_stem().map(|name| name.to_string_lossy().into_owned()));
        }
    }
    ensure!(!names.is_empty(), context());
    names.sort();
    Ok(names)
}

/// The experiment with exactly this name or, if there is none, all experiments whose name contains the
/// filter.
pub fn select(names: &[String], filter: Option<&str>) -> Result<Vec<String>> {
    let Some(filter) = filter else { return Ok(names.to_vec()) };
    if names.iter().any(|name| name == filter) {
        return Ok(vec![filter.to_owned()]);
    }
    let selected: Vec<_> = names.iter().filter(|name| name.contains(filter)).cloned().collect();
    ensure!(!selected.is_empty(), "no experiment is called {filter:?}; there are {}", names.join(", "));
    Ok(selected)
}

/// Builds all experiments together and returns the path of each program.
pub fn build(workspace: &Workspace) -> Result<BTreeMap<String, PathBuf>> {
    let output = Command::new(cargo())
        .args(["build", "--release", "--package", "ann-experiments", "--bins"])
        .args(["--message-format", "json-render-diagnostics", "--manifest-path"])
        .arg(workspace.root.join("Cargo.toml"))
        .stderr(Stdio::inherit())
        .output()
        .context("could not start cargo")?;
    ensure!(output.status.success(), "the experiments do not build (cargo: {})", output.status);
    programs(&String::from_utf8_lossy(&output.stdout))
}

/// The programs named in cargo's messages. Only cargo can say where they are, because settings such as
/// `build.target` change the folder.
pub fn programs(messages: &str) -> Result<BTreeMap<String, PathBuf>> {
    let mut programs = BTreeMap::new();
    for line in messages.lines() {
        let message: Value =
            serde_json::from_str(line).with_context(|| format!("message of cargo: {line}"))?;
        if let (Some(name), Some(path)) = (message["target"]["name"].as_str(), message["executable"].as_str())
        {
            programs.insert(name.to_owned(), path.into());
        }
    }
    Ok(programs)
}

/// Runs experiment `name`, which writes into `out`. Its progress goes to our standard error.
pub fn run(name: &str, program: Option<&PathBuf>, out: &Path) -> Run {
    let start = Instant::now();
    let outcome =
        program.context("cargo built no program of this name").and_then(|path| finish(name, path, out));
    Run { name: name.to_owned(), time: start.elapsed(), outcome, comparison: None }
}

/// The experiment writes into a new folder within `out`. So an old file cannot be taken for a new one, and if
/// the run fails, the files of the earlier run are unchanged.
fn finish(name: &str, program: &Path, out: &Path) -> Result<Finished> {
    let folder = tempfile::tempdir_in(out)
        .with_context(|| format!("could not create a folder within {}", out.display()))?;
    let mut command = Command::new(program);
    command.arg("--out").arg(folder.path()).stderr(Stdio::inherit());
    let output = command.output().context("could not be started")?;
    let stdout = String::from_utf8_lossy(&output.stdout);
    ensure!(output.status.success(), "{}; {}", output.status, tail(&stdout));
    let result = stdout.trim_end().lines().last().context("printed no result line")?;
    let record = Record::read(folder.path(), name)?;
    for file in &record.files {
        ensure!(folder.path().join(file).exists(), "its record lists {file}, which it did not write");
    }
    record.publish(folder.path(), out)?;
    Ok(Finished { result: result.trim().to_owned(), record })
}

/// The last lines of an output, indented.
fn tail(stdout: &str) -> String {
    let lines: Vec<_> = stdout.trim_end().lines().collect();
    let shown = &lines[lines.len().saturating_sub(TAIL_LINES)..];
    match shown {
        [] => "it printed nothing".to_owned(),
        _ => format!("its output ends with\n    {}", shown.join("\n    ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_in_the_folder_is_an_experiment() {
        let folder = tempfile::tempdir().unwrap();
        for file in ["squares.rs", "doughnut.rs", "notes.md"] {
            std::fs::write(folder.path().join(file), "").unwrap();
        }
        assert_eq!(discover(folder.path()).unwrap(), ["doughnut", "squares"]);
    }

    #[test]
    fn no_experiment_at_all_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        assert!(discover(folder.path()).unwrap_err().to_string().contains("no experiments in"));
        assert!(discover(&folder.path().join("none")).unwrap_err().to_string().contains("no experiments in"));
    }

    #[test]
    fn a_filter_selects_by_name_then_by_part() {
        let names = ["doughnut", "doughnut_relu", "squares"].map(String::from);
        for (filter, selected) in [
            (None, &["doughnut", "doughnut_relu", "squares"][..]),
            (Some("doughnut"), &["doughnut"]),
            (Some("dough"), &["doughnut", "doughnut_relu"]),
            (Some("relu"), &["doughnut_relu"]),
        ] {
            assert_eq!(select(&names, filter).unwrap(), selected, "{filter:?}");
        }
        let error = select(&names, Some("iris")).unwrap_err().to_string();
        assert_eq!(error, "no experiment is called \"iris\"; there are doughnut, doughnut_relu, squares");
    }

    #[test]
    fn cargo_names_the_programs() {
        let messages = r#"{"reason":"compiler-artifact","target":{"name":"ann_core"},"executable":null}
                          {"reason":"compiler-artifact","target":{"name":"doughnut"},"executable":"release/doughnut"}
                          {"reason":"build-finished","success":true}"#;
        let expected = BTreeMap::from([("doughnut".to_owned(), PathBuf::from("release/doughnut"))]);
        assert_eq!(programs(messages).unwrap(), expected);
    }

    #[test]
    fn a_long_output_is_shown_from_its_end() {
        let lines: Vec<_> = (1..=12).map(|line| line.to_string()).collect();
        let tail = tail(&lines.join("\n"));
        assert!(tail.starts_with("its output ends with\n    3\n") && tail.ends_with("\n    12"), "{tail}");
        assert_eq!(super::tail("\n"), "it printed nothing");
    }
}
