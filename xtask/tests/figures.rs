//! Runs all of `cargo xtask figures` on a small workspace with two experiments.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// Writes a record and a curve. The environment variable `ACCURACY` sets the accuracy that it claims. With
/// "none" it fails after writing half of a file.
const STEADY: &str = r###"
fn main() {
    let out = std::env::args().nth(2).unwrap();
    let accuracy = std::env::var("ACCURACY").unwrap_or("1.0".into());
    if accuracy == "none" {
        std::fs::write(format!("{out}/steady.csv"), "panel,ser").unwrap();
        std::process::exit(3);
    }
    let record = format!(
        r##"{{ "name": "steady", "settings": {{ "seed": 0 }}, "claims": {{ "accuracy": {accuracy} }},
              "observed": {{}}, "files": ["steady.csv"] }}"##
    );
    std::fs::write(format!("{out}/steady.json"), record).unwrap();
    std::fs::write(format!("{out}/steady.csv"), "panel,series,kind,x,y,value\nLoss,λ 0,line,0,0.7,\n").unwrap();
    println!("working\naccuracy {accuracy}  loss 0.7");
}
"###;

/// Prints a line and fails.
const BROKEN: &str = r#"
fn main() {
    println!("the loss is NaN");
    std::process::exit(3);
}
"#;

#[test]
fn a_figure_is_made_blessed_and_checked() {
    let workspace = workspace(&[("steady", STEADY)]);
    let root = workspace.path();

    let (success, printed) = xtask(root, &["figures"], "1.0");
    assert!(success, "{printed}");
    assert!(printed.contains("│ steady ┆ accuracy 1.0  loss 0.7 ┆"), "{printed}");
    assert!(printed.contains("1 figure, build "), "{printed}");
    assert!(root.join("target/figures/steady.csv").exists());

    let (success, printed) = xtask(root, &["figures", "--check"], "1.0");
    assert!(
        !success && printed.contains("no committed steady.json: run `cargo xtask figures steady --bless`"),
        "{printed}"
    );

    // A file that the committed record lists and the experiment no longer writes goes away.
    fs::create_dir(root.join("figures")).unwrap();
    let old =
        r#"{ "name": "steady", "settings": {}, "claims": {}, "observed": {}, "files": ["steady_old.svg"] }"#;
    fs::write(root.join("figures/steady.json"), old).unwrap();
    fs::write(root.join("figures/steady_old.svg"), "").unwrap();
    let (success, printed) = xtask(root, &["figures", "--bless"], "1.0");
    assert!(success, "{printed}");
    assert!(root.join("figures/steady.csv").exists() && !root.join("figures/steady_old.svg").exists());

    let (success, printed) = xtask(root, &["figures", "--check"], "1.0");
    assert!(success && printed.contains("steady: same"), "{printed}");
    let (success, printed) = xtask(root, &["figures", "--check", "--out", "elsewhere"], "0.5");
    assert!(!success && printed.contains("claim \"accuracy\": committed 1.0, now 0.5"), "{printed}");
    assert!(printed.contains("error: not as committed: steady"), "{printed}");

    let (success, printed) = xtask(root, &["figures", "--check", "--out", "figures"], "1.0");
    assert!(!success && printed.contains("--out is the folder of the committed figures"), "{printed}");

    fs::copy(root.join("figures/steady.json"), root.join("figures/gone.json")).unwrap();
    let record = fs::read_to_string(root.join("figures/gone.json")).unwrap().replace("steady", "gone");
    fs::write(root.join("figures/gone.json"), record).unwrap();
    let (success, printed) = xtask(root, &["figures", "--check"], "1.0");
    assert!(!success && printed.contains("figures/ holds gone, which no experiment makes"), "{printed}");
}

#[test]
fn a_failed_experiment_fails_the_command_and_the_others_still_run() {
    let workspace = workspace(&[("steady", STEADY), ("broken", BROKEN)]);
    let (success, printed) = xtask(workspace.path(), &["figures", "--bless"], "1.0");
    assert!(!success);
    for expected in
        ["error: broken failed: ", "3; its output ends with\n    the loss is NaN", "error: failed: broken"]
    {
        assert!(printed.contains(expected), "{expected:?} is not in\n{printed}");
    }
    let row =
        |name: &str| printed.lines().find(|line| line.contains(&format!("│ {name}"))).unwrap().to_owned();
    assert!(row("steady").contains("accuracy 1.0"), "{printed}");
    assert_eq!(row("broken").matches(" - ").count(), 2, "{printed}");
    assert!(!workspace.path().join("figures").exists(), "nothing is blessed when an experiment failed");

    let (success, printed) = xtask(workspace.path(), &["figures", "stead"], "1.0");
    assert!(success && !printed.contains("broken"), "{printed}");
    let (success, printed) = xtask(workspace.path(), &["figures", "iris"], "1.0");
    assert!(
        !success && printed.contains("no experiment is called \"iris\"; there are broken, steady"),
        "{printed}"
    );
}

#[test]
fn a_run_that_fails_leaves_the_files_of_the_one_before() {
    let workspace = workspace(&[("steady", STEADY)]);
    let out = workspace.path().join("target/figures");
    let files = || {
        let mut names: Vec<_> = out.read_dir().unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        let contents = names.iter().map(|name| fs::read_to_string(out.join(name)).unwrap());
        contents.zip(names.clone()).collect::<Vec<_>>()
    };
    let (success, printed) = xtask(workspace.path(), &["figures"], "1.0");
    assert!(success, "{printed}");
    let before = files();
    assert_eq!(before.len(), 2, "the record and the curve, and no folder");
    let (success, printed) = xtask(workspace.path(), &["figures"], "none");
    assert!(!success && printed.contains("error: steady failed: "), "{printed}");
    assert_eq!(files(), before);
}

#[test]
fn a_reader_that_leaves_does_not_stop_the_work() {
    let workspace = workspace(&[("steady", STEADY)]);
    let mut child = command(workspace.path(), &["figures", "--bless"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", text(&output));
    assert!(workspace.path().join("figures/steady.csv").exists());
}

#[test]
fn alone_it_lists_the_tasks() {
    let output = Command::new(env!("CARGO_BIN_EXE_xtask")).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let printed = text(&output);
    for task in ["figures", "reference", "faults", "mutants", "ci"] {
        assert!(printed.contains(&format!("\n  {task} ")), "{printed}");
    }
}

/// A workspace whose ann-experiments has these binaries and no dependency.
fn workspace(experiments: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let package = folder.path().join("crates/ann-experiments");
    fs::create_dir_all(package.join("src/bin")).expect("a new folder");
    let write = |file: &Path, text: &str| fs::write(file, text).expect("a new file");
    write(&folder.path().join("Cargo.toml"), "[workspace]\nresolver = \"3\"\nmembers = [\"crates/*\"]\n");
    let manifest = "[package]\nname = \"ann-experiments\"\nversion = \"0.1.0\"\nedition = \"2024\"\n";
    write(&package.join("Cargo.toml"), manifest);
    for (name, source) in experiments {
        write(&package.join("src/bin").join(format!("{name}.rs")), source);
    }
    folder
}

/// Runs the tool in `root`; returns whether it succeeded and everything it printed.
fn xtask(root: &Path, arguments: &[&str], accuracy: &str) -> (bool, String) {
    let output = command(root, arguments).env("ACCURACY", accuracy).output();
    let output = output.expect("xtask was built for this test");
    (output.status.success(), text(&output))
}

fn command(root: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    command.args(arguments).current_dir(root);
    command.env("CARGO_MANIFEST_DIR", root).env("CARGO_TARGET_DIR", root.join("target"));
    command
}

fn text(output: &Output) -> String {
    [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned()).concat()
}
