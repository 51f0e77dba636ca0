//! `cargo xtask faults`: mistakes written into a copy of the engine, one at a time. The tests of the workspace must find each.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use serde::Deserialize;

use crate::print;
use crate::workspace::{Workspace, cargo};

/// Which faults.
#[derive(Debug, Args)]
pub struct Options {
    /// Only the faults whose name contains it
    filter: Option<String>,
}

/// The list of faults, from the root of the workspace.
const LIST: &str = "xtask/faults.toml";

/// `xtask/faults.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    fault: Vec<Fault>,
}

/// A mistake that somebody could make.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Fault {
    /// What is wrong, in words.
    name: String,
    /// The source it is made in, from the root of the workspace.
    file: PathBuf,
    /// The right text, which stands in the file exactly once.
    find: String,
    /// The wrong text.
    replace: String,
    /// The packages whose tests must fail, each of them alone.
    packages: Vec<String>,
}

/// What the tests of one package say of a fault.
#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    /// The first test that failed.
    Killed(String),
    Survived,
}

/// Makes every selected fault in a copy of the workspace, and runs the tests that must find it.
///
/// # Errors
/// When a fault survives; also when the list does not fit the code, a fault does not compile, or the tests
/// fail without any fault.
pub fn faults(workspace: &Workspace, options: &Options) -> Result<()> {
    let list = read(&workspace.root.join(LIST))?;
    for fault in &list {
        // Before the first minute is spent on another fault.
        fault.apply_to(&workspace.root).with_context(|| fault.name.clone())?;
    }
    let selected = select(&list, options.filter.as_deref())?;
    let copy = Copy::new(workspace)?;
    copy.ensure_healthy(&selected)?;

    let mut survivors = 0;
    for fault in &selected {
        let outcomes = copy.try_out(fault).with_context(|| format!("fault {:?}", fault.name))?;
        print::result(line(fault, &outcomes))?;
        survivors += usize::from(outcomes.contains(&Outcome::Survived));
    }
    let count = selected.len();
    ensure!(survivors == 0, "{survivors} of {count} faults survived: a test is missing for each");
    print::result(format_args!("{count} faults, all killed"))
}

fn read(path: &Path) -> Result<Vec<Fault>> {
    let text = fs::read_to_string(path).with_context(|| format!("no list of faults {}", path.display()))?;
    parse(&text).with_context(|| format!("{}", path.display()))
}

fn parse(text: &str) -> Result<Vec<Fault>> {
    let List { fault: faults } = toml::from_str(text)?;
    let mut names = BTreeSet::new();
    for fault in &faults {
        let name = &fault.name;
        ensure!(names.insert(name), "two faults are called {name:?}");
        ensure!(!fault.packages.is_empty(), "fault {name:?} names no package whose tests must fail");
        ensure!(fault.find != fault.replace, "fault {name:?} changes nothing");
    }
    Ok(faults)
}

fn select<'a>(list: &'a [Fault], filter: Option<&str>) -> Result<Vec<&'a Fault>> {
    let filter = filter.unwrap_or_default();
    let selected: Vec<_> = list.iter().filter(|fault| fault.name.contains(filter)).collect();
    let names: Vec<_> = list.iter().map(|fault| fault.name.as_str()).collect();
    ensure!(!selected.is_empty(), "no fault has {filter:?} in its name; there are\n  {}", names.join("\n  "));
    Ok(selected)
}

fn line(fault: &Fault, outcomes: &[Outcome]) -> String {
    let told = fault.packages.iter().zip(outcomes).map(|(package, outcome)| match outcome {
        Outcome::Killed(test) => format!("killed by {package} {test}"),
        Outcome::Survived => format!("SURVIVED {package}"),
    });
    format!("{}: {}", fault.name, told.collect::<Vec<_>>().join(", "))
}

impl Fault {
    /// The source with and without the fault.
    fn apply_to(&self, root: &Path) -> Result<[String; 2]> {
        let path = root.join(&self.file);
        let right =
            fs::read_to_string(&path).with_context(|| format!("could not read {}", path.display()))?;
        let wrong = replace_once(&right, &self.find, &self.replace);
        let wrong = wrong.with_context(|| format!("{}: {LIST} must follow the code", self.file.display()))?;
        Ok([wrong, right])
    }
}

/// `text` with its only `find` replaced.
fn replace_once(text: &str, find: &str, replace: &str) -> Result<String> {
    match text.matches(find).count() {
        1 => Ok(text.replacen(find, replace, 1)),
        count => bail!("`find` occurs {count} times, expected once: {find:?}"),
    }
}

/// A copy of the workspace that may be spoiled.
struct Copy {
    root: PathBuf,
    /// One for all faults, so that only what a fault changes is compiled again.
    target: PathBuf,
}

impl Copy {
    /// Copies every file that git knows or would add, as it is in the working tree.
    fn new(workspace: &Workspace) -> Result<Self> {
        let folder = workspace.target.join("faults");
        let copy = Self { root: folder.join("source"), target: folder.join("target") };
        if copy.root.exists() {
            fs::remove_dir_all(&copy.root)
                .with_context(|| format!("could not remove {}", copy.root.display()))?;
        }
        for file in source_files(&workspace.root)? {
            let (from, to) = (workspace.root.join(&file), copy.root.join(&file));
            // Not there: deleted and not yet committed. A folder: the link `data`, which no library reads.
            if from.is_file() {
                fs::create_dir_all(to.parent().context("a file lies in a folder")?)?;
                fs::copy(&from, &to).with_context(|| format!("could not copy {}", from.display()))?;
            }
        }
        Ok(copy)
    }

    /// An error unless the tests pass without any fault: else every fault would look killed.
    fn ensure_healthy(&self, faults: &[&Fault]) -> Result<()> {
        let packages: BTreeSet<&String> = faults.iter().flat_map(|fault| &fault.packages).collect();
        for package in packages {
            if let Outcome::Killed(test) = self.test(package)? {
                bail!("{test} of {package} fails without any fault");
            }
        }
        Ok(())
    }

    /// What each of the fault's packages says; the copy is as before afterwards.
    fn try_out(&self, fault: &Fault) -> Result<Vec<Outcome>> {
        let [wrong, right] = fault.apply_to(&self.root)?;
        let path = self.root.join(&fault.file);
        fs::write(&path, wrong)?;
        let outcomes = fault.packages.iter().map(|package| self.test(package)).collect();
        fs::write(&path, right)?;
        outcomes
    }

    /// Runs the tests of a package up to the first program that fails. What does not compile is an error.
    fn test(&self, package: &str) -> Result<Outcome> {
        print::progress(format_args!("testing {package}"))?;
        let built = self.cargo_test(package, &["--no-run"])?;
        ensure!(built.status.success(), "{package} does not compile:\n{}", tail(&built.stderr));
        let tested = self.cargo_test(package, &[])?;
        if tested.status.success() {
            return Ok(Outcome::Survived);
        }
        let failed = first_failure(&String::from_utf8_lossy(&tested.stdout)).map(str::to_owned);
        let failed =
            failed.with_context(|| format!("no test is named as failed:\n{}", tail(&tested.stderr)))?;
        Ok(Outcome::Killed(failed))
    }

    fn cargo_test(&self, package: &str, arguments: &[&str]) -> Result<Output> {
        let mut command = Command::new(cargo());
        command.args(["test", "--locked", "--package", package, "--manifest-path"]);
        command.arg(self.root.join("Cargo.toml")).arg("--target-dir").arg(&self.target);
        command.args(arguments).output().context("could not start cargo")
    }
}

/// The files of the workspace, from its root: tracked ones and those that `git add` would take.
fn source_files(root: &Path) -> Result<Vec<PathBuf>> {
    let mut git = Command::new("git");
    git.args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]).current_dir(root);
    let output = git.output().context("could not start git, which knows the files of the workspace")?;
    ensure!(output.status.success(), "`git ls-files` failed: {}", tail(&output.stderr));
    let names = String::from_utf8(output.stdout).context("a file name is not UTF-8")?;
    Ok(names.split_terminator('\0').map(PathBuf::from).collect())
}

/// The name of the first test that `cargo test` reports as failed.
fn first_failure(output: &str) -> Option<&str> {
    let failed = |line: &'_ str| line.ends_with(" ... FAILED");
    let line = output.lines().find(|line| failed(line))?;
    line.strip_prefix("test ")?.strip_suffix(" ... FAILED")
}

fn tail(output: &[u8]) -> String {
    let text = String::from_utf8_lossy(output);
    let lines: Vec<_> = text.lines().collect();
    lines[lines.len().saturating_sub(20)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    const LISTED: &str = r#"
[[fault]]
name = "sign"
file = "a.rs"
find = "a - b"
replace = "a + b"
packages = ["core", "train"]
"#;

    #[test]
    fn a_fault_replaces_text_that_occurs_once() {
        assert_eq!(replace_once("x = a - b;", "a - b", "a + b").unwrap(), "x = a + b;");
        for (text, count) in [("x = b - a;", 0), ("a - b, a - b", 2)] {
            let error = replace_once(text, "a - b", "a + b").unwrap_err().to_string();
            assert_eq!(error, format!("`find` occurs {count} times, expected once: \"a - b\""));
        }
    }

    #[test]
    fn every_listed_fault_fits_the_code() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        for fault in read(&root.join("xtask/faults.toml")).unwrap() {
            if let Err(error) = fault.apply_to(root) {
                panic!("{}: {error:#}", fault.name);
            }
        }
    }

    #[test]
    fn a_fault_that_does_not_fit_the_code_names_the_file_and_the_list() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a.rs"), "a * b").unwrap();
        let error = parse(LISTED).unwrap()[0].apply_to(folder.path()).unwrap_err();
        assert!(
            format!("{error:#}").starts_with("a.rs: xtask/faults.toml must follow the code: "),
            "{error:#}"
        );
        fs::write(folder.path().join("a.rs"), "a - b").unwrap();
        assert_eq!(parse(LISTED).unwrap()[0].apply_to(folder.path()).unwrap(), ["a + b", "a - b"]);
    }

    #[test]
    fn a_useless_list_is_refused() {
        for (list, complaint) in [
            (LISTED.repeat(2), "two faults are called \"sign\""),
            (LISTED.replace("\"core\", \"train\"", ""), "names no package"),
            (LISTED.replace("a + b", "a - b"), "changes nothing"),
            (LISTED.replace("find", "found"), "unknown field `found`"),
        ] {
            let error = format!("{:#}", parse(&list).unwrap_err());
            assert!(error.contains(complaint), "{error}");
        }
    }

    #[test]
    fn faults_are_selected_by_name() {
        let list = parse(&[LISTED, &LISTED.replace("sign", "1/N missing")].concat()).unwrap();
        let names = |filter| {
            select(&list, filter).map(|found| found.iter().map(|fault| &fault.name).collect::<Vec<_>>())
        };
        assert_eq!(names(None).unwrap(), ["sign", "1/N missing"]);
        assert_eq!(names(Some("1/N")).unwrap(), ["1/N missing"]);
        let error = names(Some("bias")).unwrap_err().to_string();
        assert!(error.contains("\"bias\"") && error.ends_with("\n  sign\n  1/N missing"), "{error}");
    }

    #[test]
    fn the_first_failed_test_is_named() {
        let output = "test by_hand ... ok\ntest laws::sum ... FAILED\ntest xor ... FAILED\n";
        assert_eq!(first_failure(output), Some("laws::sum"));
        assert_eq!(first_failure("test by_hand ... ok\n"), None);
        assert_eq!(first_failure("test src/a.rs - f (line 3) ... FAILED"), Some("src/a.rs - f (line 3)"));
    }

    #[test]
    fn a_line_tells_each_package() {
        let fault = &parse(LISTED).unwrap()[0];
        let outcomes = [Outcome::Killed("laws::sum".into()), Outcome::Survived];
        assert_eq!(line(fault, &outcomes), "sign: killed by core laws::sum, SURVIVED train");
    }
}
