//! `cargo xtask figures`: builds the experiments, runs them one after the other, and ends with one table.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Instant;
use std::{fs, path};

use anyhow::{Context, Result, bail, ensure};
use clap::Args;

use crate::check::{self, Comparison};
use crate::experiment::{self, Run};
use crate::print;
use crate::table;
use crate::workspace::Workspace;

/// Selects the figures, and what is done with them.
#[derive(Debug, Args)]
pub struct FigureOptions {
    /// Only the experiment of this name or, if there is none, all whose name contains it
    filter: Option<String>,
    /// Compare with the committed figures: settings, claims and names of marks exactly, the first 20 points
    /// of loss curves within 1e-9
    #[arg(long, conflicts_with = "bless")]
    check: bool,
    /// Folder to write into [default: target/figures]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Copy into the committed figures/, if no experiment failed
    #[arg(long)]
    bless: bool,
}

/// Runs the selected experiments.
///
/// # Errors
/// When an experiment fails (the others still run) or, with `check`, differs from its committed figure.
pub fn figures(workspace: &Workspace, options: &FigureOptions) -> Result<()> {
    let committed = workspace.root.join("figures");
    let out = output_folder(workspace, options, &committed)?;
    let all = experiment::discover(&workspace.root.join("crates/ann-experiments/src/bin"))?;
    let names = experiment::select(&all, options.filter.as_deref())?;

    let start = Instant::now();
    let programs = experiment::build(workspace)?;
    let built = Instant::now();
    let mut runs = run_all(&names, &programs, &out)?;
    let finished = Instant::now();

    if options.check {
        compare(&mut runs, &out, &committed)?;
    }
    if options.bless && runs.iter().all(|run| run.outcome.is_ok()) {
        bless(&runs, &out, &committed)?;
    }
    print::result(format_args!("\nwritten to {}", workspace.shorten(&out)))?;
    print::result(table::table(&runs))?;
    print::result(table::summary(runs.len(), built - start, finished - built))?;
    ensure_success(&runs)?;
    if options.check && options.filter.is_none() { ensure_no_orphans(&committed, &all) } else { Ok(()) }
}

/// The folder to write into, created, as an absolute path.
fn output_folder(workspace: &Workspace, options: &FigureOptions, committed: &Path) -> Result<PathBuf> {
    let out = match &options.out {
        Some(folder) => path::absolute(folder)?,
        None => workspace.target.join("figures"),
    };
    fs::create_dir_all(&out).with_context(|| format!("could not create {}", out.display()))?;
    // A figure compared with itself never differs, and a failed run must not overwrite the committed figure.
    let same = committed.exists() && committed.canonicalize()? == out.canonicalize()?;
    ensure!(
        !same,
        "--out is the folder of the committed figures: choose another one, or --bless to replace them"
    );
    Ok(out)
}

fn run_all(names: &[String], programs: &BTreeMap<String, PathBuf>, out: &Path) -> Result<Vec<Run>> {
    let mut runs = Vec::new();
    for (index, name) in names.iter().enumerate() {
        print::progress(format_args!("[{}/{}] {name}", index + 1, names.len()))?;
        let run = experiment::run(name, programs.get(name), out);
        if let Err(error) = &run.outcome {
            print::progress(format_args!("error: {name} failed: {error:#}"))?;
        }
        runs.push(run);
    }
    Ok(runs)
}

/// Compares every finished run with its committed figure and prints what differs.
fn compare(runs: &mut [Run], out: &Path, committed: &Path) -> Result<()> {
    for run in runs {
        let Ok(finished) = &run.outcome else { continue };
        let comparison = check::check(&finished.record, out, committed);
        let verdict = if comparison.failures.is_empty() { "same" } else { "DIFFERS" };
        print::result(format_args!("{}: {verdict}", run.name))?;
        for failure in &comparison.failures {
            print::result(format_args!("  differs  {failure}"))?;
        }
        for note in &comparison.notes {
            print::result(format_args!("  allowed  {note}"))?;
        }
        run.comparison = Some(comparison);
    }
    Ok(())
}

/// Replaces the committed files of every run by the new ones.
fn bless(runs: &[Run], out: &Path, committed: &Path) -> Result<()> {
    fs::create_dir_all(committed).with_context(|| format!("could not create {}", committed.display()))?;
    for finished in runs.iter().filter_map(|run| run.outcome.as_ref().ok()) {
        finished.record.publish(out, committed)?;
    }
    print::result(format_args!("blessed: copied into {}", committed.display()))
}

fn ensure_success(runs: &[Run]) -> Result<()> {
    let failed = names_where(runs, |run| run.outcome.is_err());
    let differs = |comparison: &Comparison| !comparison.failures.is_empty();
    let differing = names_where(runs, |run| run.comparison.as_ref().is_some_and(differs));
    match (failed.as_str(), differing.as_str()) {
        ("", "") => Ok(()),
        (_, "") => bail!("failed: {failed}"),
        ("", _) => bail!("not as committed: {differing}"),
        _ => bail!("failed: {failed}; not as committed: {differing}"),
    }
}

fn names_where(runs: &[Run], condition: impl Fn(&Run) -> bool) -> String {
    let names: Vec<_> = runs.iter().filter(|run| condition(run)).map(|run| run.name.as_str()).collect();
    names.join(", ")
}

fn ensure_no_orphans(committed: &Path, experiments: &[String]) -> Result<()> {
    let orphans = check::orphans(committed, experiments)?.join(", ");
    ensure!(
        orphans.is_empty(),
        "figures/ holds {orphans}, which no experiment makes any more: delete these files"
    );
    Ok(())
}
