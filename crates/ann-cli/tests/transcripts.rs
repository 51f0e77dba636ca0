//! The transcripts in the documents are what the program prints.
//!
//! In a block ` ```console `, each line that begins with `$ ` is given to a shell, and what follows is what
//! it prints, on both streams. The blocks of a document run one after another, in a folder with the tables of
//! the documents, and with the program of C that the document shows, as `main.c`. `TRANSCRIPTS=overwrite
//! cargo test -p ann-cli` writes what is printed into the documents.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use tempfile::TempDir;

#[test]
fn readme() {
    check("README.md");
}
#[test]
fn look() {
    check("docs/commands/look.md");
}
#[test]
fn train() {
    check("docs/commands/train.md");
}
#[test]
fn eval() {
    check("docs/commands/eval.md");
}
#[test]
fn predict() {
    check("docs/commands/predict.md");
}
#[test]
fn explain() {
    check("docs/commands/explain.md");
}
#[test]
fn gradient_check() {
    check("docs/commands/check.md");
}
#[test]
fn export() {
    check("docs/commands/export.md");
}
#[test]
fn nightly() {
    check("docs/recipes/nightly.md");
}
#[test]
fn embed_c() {
    check("docs/recipes/embed-c.md");
}
#[test]
fn inspect() {
    check("docs/commands/inspect.md");
}
#[test]
fn store() {
    check("docs/commands/store.md");
}
#[test]
fn rebuild() {
    check("docs/commands/rebuild.md");
}

#[track_caller]
fn check(document: &str) {
    let path = root().join(document);
    let expected = fs::read_to_string(&path).unwrap();
    let found = with_output(&expected, folder().path());
    assert!(expected.contains("```console\n$ "), "{document} has no command");
    if are_overwritten() {
        fs::write(&path, found).unwrap();
        return;
    }
    let pairs = expected.lines().zip(found.lines()).zip(1..);
    for ((expected, found), line) in pairs {
        assert_eq!(comparable(found), comparable(expected), "{document}, line {line}");
    }
    assert_eq!(found.lines().count(), expected.lines().count(), "{document}: number of lines");
}

/// The document with what the commands print now.
fn with_output(document: &str, folder: &Path) -> String {
    let (mut text, mut is_console) = (String::new(), false);
    if let Some((_, program)) = document.split_once("```c\n") {
        fs::write(folder.join("main.c"), program.split("```").next().unwrap()).unwrap();
    }
    for line in document.lines() {
        match (is_console, line) {
            (false, "```console") => is_console = true,
            (true, "```") => is_console = false,
            (true, line) if !line.starts_with("$ ") => continue,
            _ => {}
        }
        text.push_str(line);
        text.push('\n');
        if let (true, Some(command)) = (is_console, line.strip_prefix("$ ")) {
            text.push_str(&printed(command, folder));
        }
    }
    text
}

/// What a command prints, on both streams in their order.
fn printed(command: &str, folder: &Path) -> String {
    let program = Path::new(env!("CARGO_BIN_EXE_ann")).parent().unwrap();
    let path = format!("{}:{}", program.display(), env::var("PATH").unwrap());
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("{{ {command}\n}} 2>&1")]).current_dir(folder).env("PATH", path);
    String::from_utf8(shell.output().unwrap().stdout).unwrap()
}

/// Digests depend on the last bits of functions of the platform.
fn comparable(line: &str) -> String {
    let mut words: Vec<&str> = line.split_whitespace().collect();
    for place in 1..words.len() {
        if words[place - 1].ends_with("digest") {
            words[place] = "…";
        }
    }
    words.join(" ")
}

/// A folder with the tables of the documents.
pub fn folder() -> TempDir {
    let folder = TempDir::new().unwrap();
    for table in [
        "crates/ann-datasets/data/iris.csv",
        "docs/commands/customers.csv",
        "bench/tables/credit_data.csv.gz",
    ] {
        let from = root().join(table);
        fs::copy(&from, folder.path().join(from.file_name().unwrap())).unwrap();
    }
    folder
}

/// Whether the committed files are to be those of now.
pub fn are_overwritten() -> bool {
    env::var_os("TRANSCRIPTS").is_some_and(|mode| mode == "overwrite")
}

/// The root of the workspace.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}
