//! Runs all of `cargo xtask faults` on a small workspace.

use std::fs;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

const ENGINE: &str = "\
pub fn step(x: f64, g: f64) -> f64 { x - 0.5 * g }
pub fn unguarded() -> f64 { 2.0 }

#[test] fn downhill() { assert_eq!(step(1.0, 1.0), 0.5); }
";

#[test]
fn a_fault_is_killed_by_the_test_that_finds_it() {
    let workspace = workspace(&[uphill()]);
    let (success, printed) = faults(workspace.path(), &[]);
    assert!(success && printed.contains("uphill: killed by engine downhill"), "{printed}");
    let engine = fs::read_to_string(workspace.path().join("engine/src/lib.rs")).unwrap();
    assert_eq!(engine, ENGINE, "only a copy is changed");
}

#[test]
fn a_survivor_fails_the_command_unless_a_reason_is_written() {
    let workspace = workspace(&[uphill(), three()]);
    let (success, printed) = faults(workspace.path(), &[]);
    assert!(!success && printed.contains("three: SURVIVED engine"), "{printed}");
    assert!(
        printed.contains("uphill: killed") && printed.contains("error: 1 of 2 faults survived"),
        "{printed}"
    );
    let result = fs::read_to_string(workspace.path().join("target/faults/faults.md")).unwrap();
    assert!(result.contains("## three") && !result.contains("## uphill"), "{result}");
    let (success, printed) = faults(workspace.path(), &["uph"]);
    assert!(success && !printed.contains("three"), "{printed}");

    let list = [uphill(), three() + "survives = 'nobody calls it'\n"].concat();
    fs::write(workspace.path().join("xtask/faults.toml"), list).unwrap();
    let (success, printed) = faults(workspace.path(), &["--record"]);
    assert!(success && printed.contains("three: SURVIVED engine"), "{printed}");
    let result = fs::read_to_string(workspace.path().join("xtask/faults.md")).unwrap();
    assert!(result.contains("`engine/src/lib.rs`: nobody calls it"), "{result}");
}

#[test]
fn a_program_that_crashes_has_found_the_fault() {
    let abort = fault("abort", "0.5 * g", "std::process::abort()");
    let workspace = workspace(&[abort]);
    let (success, printed) = faults(workspace.path(), &[]);
    assert!(success && printed.contains("abort: killed by engine engine"), "{printed}");
}

#[test]
fn what_does_not_compile_is_no_kill() {
    let workspace = workspace(&[fault("a word", "2.0", "two")]);
    let (success, printed) = faults(workspace.path(), &[]);
    assert!(!success && printed.contains("is_on(0) /* a word */ { two }"), "{printed}");
    assert!(printed.contains("error: a fault does not compile"), "{printed}");
}

#[test]
fn a_list_that_does_not_follow_the_code_is_refused_before_anything_runs() {
    let workspace = workspace(&[uphill(), fault("old", "x - 0.1", "x")]);
    let (success, printed) = faults(workspace.path(), &[]);
    let complaint = "error: old: engine/src/lib.rs: xtask/faults.toml must follow the code: found 0 times";
    assert!(!success && printed.contains(complaint) && !printed.contains("compiling"), "{printed}");
}

#[test]
fn tests_that_fail_without_a_fault_kill_nothing() {
    let workspace = workspace(&[three()]);
    let broken = ENGINE.replace("1.0), 0.5", "1.0), 0.25");
    fs::write(workspace.path().join("engine/src/lib.rs"), broken).unwrap();
    let (success, printed) = faults(workspace.path(), &[]);
    assert!(!success && printed.contains("error: downhill of engine fails without any fault"), "{printed}");
}

fn uphill() -> String {
    fault("uphill", "x - 0.5 * g", "x + 0.5 * g")
}

fn three() -> String {
    fault("three", "2.0", "3.0")
}

fn fault(name: &str, find: &str, replace: &str) -> String {
    format!(
        "[[fault]]\nname = '{name}'\nfile = 'engine/src/lib.rs'\nfind = '{find}'\nreplace = '{replace}'\npackages = ['engine']\n"
    )
}

/// A git repository with a workspace of one crate and a list of faults.
fn workspace(faults: &[String]) -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let write = |file: &str, text: &str| {
        let file = folder.path().join(file);
        fs::create_dir_all(file.parent().expect("below the folder")).expect("a new folder");
        fs::write(file, text).expect("a new file");
    };
    write("Cargo.toml", "[workspace]\nresolver = \"3\"\nmembers = [\"engine\"]\n");
    write("Cargo.lock", "version = 4\n\n[[package]]\nname = \"engine\"\nversion = \"0.1.0\"\n");
    write(".gitignore", "/target\n");
    write("engine/Cargo.toml", "[package]\nname = \"engine\"\nversion = \"0.1.0\"\nedition = \"2024\"\n");
    write("engine/src/lib.rs", ENGINE);
    write("xtask/faults.toml", &faults.concat());
    let git = Command::new("git").args(["init", "--quiet"]).current_dir(folder.path()).status();
    assert!(git.expect("git is installed").success());
    folder
}

/// Runs the task in `root`; returns whether it succeeded and everything it printed.
fn faults(root: &Path, arguments: &[&str]) -> (bool, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    command.arg("faults").args(arguments).current_dir(root);
    command.env("CARGO_MANIFEST_DIR", root).env("CARGO_TARGET_DIR", root.join("target"));
    let output = command.output().expect("xtask was built for this test");
    let printed = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    (output.status.success(), printed.concat())
}
