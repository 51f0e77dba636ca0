//! `cargo xtask mutants`: cargo-mutants makes every small change of the engine that it can, one at a time,
//! and the tests must notice. The changes that no test notices are compared with a reviewed list.
//!
//! There are two stages, because most mutants are caught at once. First each mutant is tried on the quick
//! tests of the mutated package. Those that survive are then tried on all tests of the three packages,
//! including the examples in the documentation. Several partial runs on one commit add up. The record holds
//! each file as of the commit at which all its mutants were last tested.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use serde::{Deserialize, Serialize};

use crate::output::write_whole;
use crate::print;
use crate::survivors::{Counts, MutantOutcome, Verdict, file, merge, package, parse_reviewed};
use crate::workspace::{Workspace, cargo};

/// Selects the mutants to test, and what is done with the result.
#[derive(Debug, Args)]
pub struct MutantOptions {
    /// Write the files whose mutants have all been tested to xtask/mutants/result.json: needs committed
    /// sources
    #[arg(long)]
    record: bool,
    /// Test nothing; judge what earlier runs on this commit found
    #[arg(long)]
    judge: bool,
    /// Mutants tested at the same time
    #[arg(long, default_value_t = 2)]
    jobs: usize,
    /// Arguments for cargo-mutants, to run a part: `-p ann-core`, `-f loss.rs`, `--shard 0/4`
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

/// The packages that are mutated, and whose tests must notice.
const PACKAGES: [&str; 3] = ["ann-core", "ann-train", "ann-gradcheck"];
/// The files that decide the outcome of a mutant.
const SOURCES: [&str; 4] = ["crates", "Cargo.toml", "Cargo.lock", ".cargo"];
const REVIEWED: &str = "xtask/mutants/reviewed.toml";
const RESULT: &str = "xtask/mutants/result.json";

/// Tests the mutants and compares those that survive with the reviewed list.
///
/// # Errors
/// When a mutant survives that is not in the list, or the list has one that does not survive; also when
/// cargo-mutants is missing or fails.
pub fn mutants(workspace: &Workspace, options: &MutantOptions) -> Result<()> {
    let version = installed_version()?;
    let reviewed = fs::read_to_string(workspace.root.join(REVIEWED)).context(REVIEWED)?;
    let reviewed = parse_reviewed(&reviewed).context(REVIEWED)?;
    let commit = commit(&workspace.root)?;
    ensure!(!options.record || commit.is_some(), "only committed sources can be recorded");

    let runs = Runs::open(workspace, commit.as_deref())?;
    if !options.judge {
        runs.test(options)?;
    }
    let mutants = runs.list()?;
    let verdict = Verdict::new(&mutants, &runs.outcomes()?, &reviewed);
    report(&verdict)?;
    if let Some(commit) = commit.filter(|_| options.record) {
        record(workspace, &verdict, &runs.date()?, &commit, &version)?;
    }
    verdict.ensure_ok()
}

fn installed_version() -> Result<String> {
    let output = Command::new(cargo()).args(["mutants", "--version"]).output();
    let output = output.context("could not start cargo")?;
    ensure!(
        output.status.success(),
        "cargo-mutants is not installed: `cargo install --locked cargo-mutants` does it"
    );
    let printed = String::from_utf8_lossy(&output.stdout);
    Ok(printed.trim().trim_start_matches("cargo-mutants ").to_owned())
}

/// The last commit that changed a source; `None` when the working tree has changed since.
fn commit(root: &Path) -> Result<Option<String>> {
    let changed = git(root, &["status", "--porcelain", "--"])?;
    let commit = git(root, &["log", "-1", "--format=%h", "--"])?;
    Ok(changed.is_empty().then_some(commit))
}

fn git(root: &Path, arguments: &[&str]) -> Result<String> {
    let output = Command::new("git").args(arguments).args(SOURCES).current_dir(root).output();
    let output = output.context("could not start git, which knows what has changed")?;
    ensure!(output.status.success(), "git {arguments:?} failed: {}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// The runs of cargo-mutants on one state of the sources, each in a numbered folder.
struct Runs<'a> {
    workspace: &'a Workspace,
    folder: PathBuf,
}

impl<'a> Runs<'a> {
    /// The runs on a commit are kept. Uncommitted sources may have changed since the last run, so their runs
    /// are removed.
    fn open(workspace: &'a Workspace, commit: Option<&str>) -> Result<Self> {
        let folder = workspace.target.join("mutants").join(commit.unwrap_or("uncommitted"));
        if commit.is_none() && folder.exists() {
            fs::remove_dir_all(&folder).with_context(|| format!("could not remove {}", folder.display()))?;
        }
        fs::create_dir_all(&folder).with_context(|| format!("could not create {}", folder.display()))?;
        Ok(Self { workspace, folder })
    }

    /// All mutants, as `file:line:column: change`.
    fn list(&self) -> Result<Vec<String>> {
        let mut command = self.cargo_mutants();
        let output = command.args(packages(&[])).arg("--list").output().context("could not start cargo")?;
        ensure!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
        Ok(String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect())
    }

    fn test(&self, options: &MutantOptions) -> Result<()> {
        let survivors = self.quick_stage(options)?;
        if survivors.is_empty() { Ok(()) } else { self.thorough_stage(options, &survivors) }
    }

    /// Tests each mutant with the quick tests of the mutated package. Returns those that survive.
    fn quick_stage(&self, options: &MutantOptions) -> Result<Vec<String>> {
        let folder = self.next_folder()?;
        let mut command = self.testing(options, &folder);
        command.args(packages(&options.arguments)).args(&options.arguments);
        // nextest stops at the first failing test of all programs; cargo stops only after the program that
        // has it. nextest can also leave out the slow tests, and without these it is better to compile fast
        // than to run fast.
        if Command::new(cargo()).args(["nextest", "--version"]).output()?.status.success() {
            command.args(["--test-tool", "nextest", "--cargo-arg=--config"]);
            command.arg("--cargo-arg=profile.dev.package.ann-gradcheck.opt-level=0");
            command.args(["--", "--profile", "mutants"]);
        }
        run(&mut command)?;
        let found = outcomes(&folder)?;
        let survivors = found.into_iter().filter(|(_, outcome)| *outcome == MutantOutcome::Missed);
        Ok(survivors.map(|(mutant, _)| mutant).collect())
    }

    /// Tests the survivors with the tests of all packages, including the examples in the documentation.
    fn thorough_stage(&self, options: &MutantOptions, survivors: &[String]) -> Result<()> {
        let mut command = self.testing(options, &self.next_folder()?);
        // All these tests take longer than those of one package.
        command.args(["--minimum-test-timeout", "300"]);
        for survivor in survivors {
            command.args(["--package", package(survivor), "--file", file(survivor)]);
            command.arg("--re").arg(format!("^{}$", escape(survivor)));
        }
        for package in PACKAGES {
            command.args(["--test-package", package]);
        }
        run(&mut command)
    }

    fn testing(&self, options: &MutantOptions, folder: &Path) -> Command {
        let mut command = self.cargo_mutants();
        command.arg("--jobs").arg(options.jobs.to_string()).arg("--output").arg(folder);
        command
    }

    fn cargo_mutants(&self) -> Command {
        let mut command = Command::new(cargo());
        command.arg("mutants").current_dir(&self.workspace.root);
        // Each job builds its own copy of the workspace. A shared target folder would mix them up.
        command.env_remove("CARGO_TARGET_DIR");
        command
    }

    fn next_folder(&self) -> Result<PathBuf> {
        let next = self.folder.join(self.folders()?.len().to_string());
        fs::create_dir(&next).with_context(|| format!("could not create {}", next.display()))?;
        Ok(next)
    }

    fn folders(&self) -> Result<Vec<PathBuf>> {
        let entries = self.folder.read_dir().with_context(|| format!("no {}", self.folder.display()))?;
        entries.map(|entry| Ok(entry?.path())).collect()
    }

    fn outcomes(&self) -> Result<BTreeMap<String, MutantOutcome>> {
        let found: Result<Vec<_>> = self.folders()?.iter().map(|folder| outcomes(folder)).collect();
        Ok(merge(found?))
    }

    /// The day of the last run, as cargo-mutants noted it.
    fn date(&self) -> Result<String> {
        let dates: Result<Vec<_>> = self.folders()?.iter().map(|folder| date(folder)).collect();
        dates?.into_iter().flatten().max().context("no run on this commit")
    }
}

/// The day on which a run began; `None` when it was interrupted before.
fn date(folder: &Path) -> Result<Option<String>> {
    #[derive(Deserialize)]
    struct Lock {
        start_time: String,
    }
    let path = folder.join("mutants.out/lock.json");
    if !path.exists() {
        return Ok(None);
    }
    let lock: Lock = serde_json::from_str(&fs::read_to_string(&path)?)
        .with_context(|| format!("{} has another form than expected", path.display()))?;
    Ok(lock.start_time.split('T').next().map(str::to_owned))
}

/// Runs cargo-mutants, with its output visible to the user.
fn run(command: &mut Command) -> Result<()> {
    let status = command.status().context("could not start cargo")?;
    match status.code() {
        // Success; some were missed; some took too long.
        Some(0 | 2 | 3) => Ok(()),
        Some(4) => bail!("the tests fail, or do not compile, without any mutant"),
        _ => bail!("cargo-mutants failed ({status})"),
    }
}

/// The mutants with this outcome in one run.
fn outcomes(folder: &Path) -> Result<BTreeMap<String, MutantOutcome>> {
    let mut outcomes = BTreeMap::new();
    for outcome in MutantOutcome::ALL {
        let file = folder.join("mutants.out").join(outcome.file());
        // The file is missing if the run was interrupted early, or had nothing to do.
        let text = if file.exists() { fs::read_to_string(&file)? } else { String::new() };
        outcomes.extend(text.lines().map(|mutant| (mutant.to_owned(), outcome)));
    }
    Ok(outcomes)
}

/// The arguments that select our packages, unless the user has selected some.
fn packages(arguments: &[String]) -> Vec<&'static str> {
    let chosen =
        arguments.iter().any(|argument| argument.starts_with("-p") || argument.starts_with("--package"));
    if chosen { Vec::new() } else { PACKAGES.iter().flat_map(|package| ["--package", package]).collect() }
}

/// A regular expression that matches exactly `text`.
fn escape(text: &str) -> String {
    let escaped = |character| {
        if r"\.+*?()|[]{}^$".contains(character) { vec!['\\', character] } else { vec![character] }
    };
    text.chars().flat_map(escaped).collect()
}

fn report(verdict: &Verdict) -> Result<()> {
    print::result(verdict.table())?;
    for mutant in &verdict.new {
        print::result(format_args!("survives, not reviewed: {mutant}"))?;
    }
    for mutant in &verdict.gone {
        print::result(format_args!("in {REVIEWED}, but does not survive: {mutant}"))?;
    }
    Ok(())
}

/// The result, for readers who do not want to run the mutants themselves.
#[derive(Deserialize, Serialize)]
struct MutantRecord {
    #[serde(rename = "cargo-mutants")]
    version: String,
    files: BTreeMap<String, Tested>,
}

/// The outcomes of the mutants of one file, when all of them were last tested.
#[derive(Deserialize, Serialize)]
struct Tested {
    commit: String,
    date: String,
    #[serde(flatten)]
    counts: Counts,
}

/// Records the files whose mutants have all been tested, and keeps the entries of the others. Says which of
/// those have changed since.
fn record(workspace: &Workspace, verdict: &Verdict, date: &str, commit: &str, version: &str) -> Result<()> {
    let path = workspace.root.join(RESULT);
    let mut files = if path.exists() { recorded(&path)?.files } else { BTreeMap::new() };
    files.retain(|file, _| verdict.counts.contains_key(file));
    for (file, counts) in verdict.complete() {
        files.insert(file.into(), Tested { commit: commit.into(), date: date.into(), counts });
    }
    for file in verdict.counts.keys() {
        match files.get(file) {
            None => print::result(format_args!("never tested whole: {file}"))?,
            Some(tested) if has_changed(&workspace.root, &tested.commit, file)? => {
                print::result(format_args!("changed since {}: {file}", tested.commit))?;
            }
            Some(_) => {}
        }
    }
    let record = MutantRecord { version: version.into(), files };
    let text = serde_json::to_string_pretty(&record)? + "\n";
    write_whole(&path, text.as_bytes())?;
    print::result(format_args!("recorded in {RESULT}"))
}

fn recorded(path: &Path) -> Result<MutantRecord> {
    serde_json::from_str(&fs::read_to_string(path)?)
        .with_context(|| format!("{} has another form than expected", path.display()))
}

/// Whether a file has changed since a commit.
fn has_changed(root: &Path, commit: &str, file: &str) -> Result<bool> {
    let status = Command::new("git").args(["diff", "--quiet", commit, "--", file]).current_dir(root).status();
    Ok(!status.context("could not start git, which knows what has changed")?.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mutant_is_chosen_by_its_name_alone() {
        let name = "a.rs:5:9: replace <impl From<[F; N]>>::f -> Vec<F> with vec![]";
        assert_eq!(escape(name), r"a\.rs:5:9: replace <impl From<\[F; N\]>>::f -> Vec<F> with vec!\[\]");
    }

    #[test]
    fn the_users_packages_replace_ours() {
        for chosen in [&["-p", "ann-core"][..], &["-pann-core"], &["--package=ann-core"]] {
            let arguments: Vec<_> = chosen.iter().map(|&argument| argument.to_owned()).collect();
            assert!(packages(&arguments).is_empty(), "{chosen:?}");
        }
        assert_eq!(packages(&["--shard".into(), "0/4".into()]).len(), 2 * PACKAGES.len());
    }

    #[test]
    fn a_run_is_read_and_an_interrupted_one_too() {
        let folder = tempfile::tempdir().unwrap();
        assert!(outcomes(folder.path()).unwrap().is_empty());
        assert_eq!(date(folder.path()).unwrap(), None);
        fs::create_dir(folder.path().join("mutants.out")).unwrap();
        let lock = r#"{ "cargo_mutants_version": "27.1.0", "start_time": "2024-02-29T14:37:27.48Z" }"#;
        fs::write(folder.path().join("mutants.out/lock.json"), lock).unwrap();
        assert_eq!(date(folder.path()).unwrap().as_deref(), Some("2024-02-29"));
        fs::write(folder.path().join("mutants.out/caught.txt"), "a.rs:1:2: x\na.rs:3:4: y\n").unwrap();
        fs::write(folder.path().join("mutants.out/missed.txt"), "a.rs:5:6: z\n").unwrap();
        let found: Vec<_> = outcomes(folder.path()).unwrap().into_values().collect();
        assert_eq!(found, [MutantOutcome::Caught, MutantOutcome::Caught, MutantOutcome::Missed]);
    }
}
