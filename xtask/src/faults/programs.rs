//! The test programs of the copy: compiled once, run again and again.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use crate::workspace::cargo;

/// A test program.
#[derive(Clone, Debug)]
pub struct Program {
    /// The package whose tests it holds.
    pub package: String,
    /// Its name in cargo's messages.
    pub name: String,
    executable: PathBuf,
    /// The folder of the package, in which tests run.
    folder: PathBuf,
    /// How long it takes without a fault.
    usual: Duration,
}

/// Assumed duration of a program that has not run yet.
const GUESS: Duration = Duration::from_secs(60);

/// How a run ended.
#[derive(Debug, PartialEq, Eq)]
pub enum Ending {
    /// Every test passed.
    Passed(Duration),
    /// The first test that failed, or the name of the program if its output names no test.
    Failed(String),
    /// It took too long and was stopped.
    TookTooLong,
}

/// What was compiled.
#[derive(Debug)]
pub struct Built {
    /// The test programs.
    pub tests: Vec<Program>,
    /// The program `ann`, if a test of it was compiled.
    pub ann: Option<PathBuf>,
}

/// Compiles the tests of these packages.
///
/// # Errors
/// When something does not compile. The messages of rustc have then been printed.
pub fn build(tree: &Path, folder: &Path, packages: &BTreeSet<&str>) -> Result<Built> {
    let mut command = Command::new(cargo());
    command.args([
        "test",
        "--locked",
        "--quiet",
        "--no-run",
        "--tests",
        "--message-format=json-render-diagnostics",
    ]);
    command
        .arg("--manifest-path")
        .arg(tree.join("Cargo.toml"))
        .arg("--target-dir")
        .arg(folder.join("target"));
    command.args(packages.iter().flat_map(|package| ["--package", package]));
    // A fault may cause warnings, such as unused names, which must not fail the build.
    command.env("RUSTFLAGS", "--cap-lints=allow").stderr(Stdio::inherit());
    let output = command.output().context("could not start cargo")?;
    ensure!(
        output.status.success(),
        "a fault does not compile: its name is in the line that rustc shows above"
    );
    let messages = String::from_utf8(output.stdout)?;
    let tests = messages.lines().filter_map(|line| program(line).transpose()).collect::<Result<_>>()?;
    let ann = messages.lines().filter_map(|line| ann(line).transpose()).next().transpose()?;
    Ok(Built { tests, ann })
}

/// A message of cargo.
#[derive(Deserialize)]
#[serde(tag = "reason", rename_all = "kebab-case")]
enum Message {
    CompilerArtifact {
        manifest_path: PathBuf,
        target: Target,
        profile: Profile,
        executable: Option<PathBuf>,
    },
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
struct Target {
    name: String,
}

#[derive(Deserialize)]
struct Profile {
    test: bool,
}

fn parsed(message: &str) -> Result<Message> {
    serde_json::from_str(message).context("cargo's messages have another form than expected")
}

/// The program `ann`, if a message names it.
fn ann(message: &str) -> Result<Option<PathBuf>> {
    Ok(match parsed(message)? {
        Message::CompilerArtifact { target, profile: Profile { test: false }, executable, .. }
            if target.name == "ann" =>
        {
            executable
        }
        _ => None,
    })
}

/// The test program that a message names, if any.
fn program(message: &str) -> Result<Option<Program>> {
    match parsed(message)? {
        Message::CompilerArtifact {
            manifest_path,
            target,
            profile: Profile { test: true },
            executable: Some(executable),
        } => {
            let folder = manifest_path.parent().context("a manifest lies in a folder")?.to_owned();
            Ok(Some(Program {
                package: package(&manifest_path)?,
                name: target.name,
                executable,
                folder,
                usual: GUESS,
            }))
        }
        _ => Ok(None),
    }
}

/// The name of the package with this manifest.
fn package(manifest: &Path) -> Result<String> {
    #[derive(Deserialize)]
    struct Manifest {
        package: Package,
    }
    #[derive(Deserialize)]
    struct Package {
        name: String,
    }
    let manifest: Manifest = toml::from_str(&fs::read_to_string(manifest)?)?;
    Ok(manifest.package.name)
}

impl Program {
    /// How long it takes without a fault.
    pub fn usual(&self) -> Duration {
        self.usual
    }

    /// The same program, with its measured duration.
    pub fn lasting(self, usual: Duration) -> Self {
        Self { usual, ..self }
    }

    /// Runs the program with one fault switched on, or with none, up to the first test that fails.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn run(&self, fault: Option<usize>) -> Result<Ending> {
        let begin = Instant::now();
        let mut child = self
            .command(fault)
            .spawn()
            .with_context(|| format!("could not start {}", self.executable.display()))?;
        let stdout = child.stdout.take().context("the output is piped")?;
        let (sender, first_failure) = mpsc::channel();
        thread::spawn(move || {
            let failed = BufReader::new(stdout)
                .lines()
                .map_while(Result::ok)
                .find_map(|line| failed_test(&line).map(str::to_owned));
            // Sending fails if the program took too long, because the receiver has then been dropped.
            failed.map(|test| sender.send(test))
        });
        // Without a failure the sender is dropped when the program closes its output, which is when it ends.
        let ending = match first_failure.recv_timeout(10 * self.usual + Duration::from_secs(30)) {
            Ok(test) => Ending::Failed(test),
            Err(RecvTimeoutError::Timeout) => Ending::TookTooLong,
            Err(RecvTimeoutError::Disconnected) if child.wait()?.success() => Ending::Passed(begin.elapsed()),
            Err(RecvTimeoutError::Disconnected) => Ending::Failed(self.name.clone()),
        };
        child.kill()?;
        child.wait()?;
        Ok(ending)
    }

    fn command(&self, fault: Option<usize>) -> Command {
        let mut command = Command::new(&self.executable);
        command.current_dir(&self.folder).env("CARGO_MANIFEST_DIR", &self.folder);
        command.env_remove("ANN_FAULT").envs(fault.map(|fault| ("ANN_FAULT", fault.to_string())));
        // Programs run in parallel, but the tests of one program do not.
        command.env("RUST_TEST_THREADS", "1");
        // Every fault is tested with the same random cases. Failing cases are neither stored nor shrunk.
        command
            .env("PROPTEST_RNG_SEED", "0")
            .env("PROPTEST_DISABLE_FAILURE_PERSISTENCE", "true")
            .env("PROPTEST_MAX_SHRINK_ITERS", "0");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        command
    }
}

/// The name of the failed test, if the line reports one.
fn failed_test(line: &str) -> Option<&str> {
    line.strip_prefix("test ")?.strip_suffix(" ... FAILED")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_test_is_named() {
        assert_eq!(failed_test("test laws::sum ... FAILED"), Some("laws::sum"));
        // With `#[should_panic]`.
        assert_eq!(failed_test("test x - should panic ... FAILED"), Some("x - should panic"));
        assert_eq!(failed_test("test by_hand ... ok"), None);
        assert_eq!(failed_test("test result: FAILED. 1 passed; 1 failed"), None);
    }

    #[test]
    fn programs_of_tests_are_found_in_the_messages_of_cargo() {
        let folder = tempfile::tempdir().unwrap();
        let manifest = folder.path().join("Cargo.toml");
        fs::write(&manifest, "[package]\nname = 'engine'\n").unwrap();
        let message = |test: bool, executable: Option<&str>| {
            let target = serde_json::json!({ "name": "laws", "kind": ["test"] });
            let profile = serde_json::json!({ "opt_level": "2", "test": test });
            let message = serde_json::json!({ "reason": "compiler-artifact", "manifest_path": manifest, "target": target, "profile": profile, "executable": executable });
            program(&message.to_string()).unwrap()
        };
        let found = message(true, Some("/laws-0")).unwrap();
        assert_eq!(
            (found.package.as_str(), found.name.as_str(), found.folder.as_path()),
            ("engine", "laws", folder.path())
        );
        assert!(message(true, None).is_none(), "a library");
        assert!(message(false, Some("/program")).is_none(), "a program that tests run");
        let program_itself = serde_json::json!({ "reason": "compiler-artifact", "manifest_path": manifest, "target": { "name": "ann" }, "profile": { "test": false }, "executable": "/ann" });
        assert_eq!(ann(&program_itself.to_string()).unwrap(), Some(PathBuf::from("/ann")));
        assert_eq!(ann(r#"{ "reason": "build-finished", "success": true }"#).unwrap(), None);
        assert!(program(r#"{ "reason": "build-finished", "success": true }"#).unwrap().is_none());
    }
}
