//! What the program does with files that are wrong, outputs that cannot be written, and pipes.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::{fs, str};

use ann_tabular::{Model, Table};
use tempfile::TempDir;

use crate::transcripts::folder;

pub const FILES: i32 = 1;
pub const ARGUMENTS: i32 = 2;
pub const DATA: i32 = 3;
pub const BELOW: i32 = 4;

#[test]
fn tables_that_are_wrong() {
    let folder = folder();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write("empty.csv", "");
    write("header.csv", "x,y\n");
    write("ragged.csv", "x,y\n1,2\n3\n");
    write("one.csv", "y\na\nb\na\nb\n");
    write("same.csv", "x,y\n1,a\n2,a\n3,a\n");
    fs::create_dir(folder.path().join("folder.csv")).unwrap();
    for (arguments, status, message) in [
        (&["train", "nowhere.csv"][..], FILES, "nowhere.csv: cannot read: No such file"),
        (&["train", "folder.csv"], FILES, "folder.csv: cannot read"),
        (&["train", "empty.csv"], DATA, "empty.csv: the file is empty"),
        (&["train", "header.csv", "-t", "y"], DATA, "there is a header but no row of data"),
        (&["train", "ragged.csv", "-t", "y"], DATA, "line 3: expected 2 cells as in the header, found 1"),
        (&["train", "one.csv", "-t", "y"], DATA, "there is no other column to predict from"),
        (&["train", "same.csv", "-t", "y"], DATA, "target \"y\""),
        (&["train", "iris.csv"], ARGUMENTS, "which column shall be predicted? -t NAME"),
        (&["train", "iris.csv", "-t", "Species"], ARGUMENTS, "did you mean \"species\"?"),
        (&["train", "iris.csv", "-t", "species", "--weight", "w"], ARGUMENTS, "there is no column \"w\""),
        (&["train", "iris.csv", "-t", "species", "--ignore", "w"], ARGUMENTS, "there is no column \"w\""),
        (&["look", "empty.csv"], DATA, "the file is empty"),
        (&["inspect", "iris.csv"], DATA, "this is no model of ann"),
        (&["inspect", "nowhere.ann"], FILES, "nowhere.ann: cannot read"),
    ] {
        check(folder.path(), arguments, status, message);
    }
}

#[test]
fn numbers_outside_their_range() {
    let folder = folder();
    for (option, number) in [
        ("--threads", "0"),
        ("--networks", "0"),
        ("--networks", "1001"),
        ("--epochs", "0"),
        ("--batch", "0"),
        ("--hidden", "0"),
        ("--hidden", "4294967296"),
        ("--learning-rate", "0"),
        ("--weight-decay", "nan"),
        ("--validation", "1"),
        ("--folds", "1"),
    ] {
        check(folder.path(), &["train", "iris.csv", "-t", "species", option, number], ARGUMENTS, option);
    }
}

#[test]
fn outputs_that_cannot_be_written() {
    let folder = trained();
    fs::write(folder.path().join("old.csv"), "old").unwrap();
    for (arguments, status, message) in [
        (
            &["predict", "m.ann", "iris.csv", "-o", "old.csv"][..],
            FILES,
            "old.csv exists; --force replaces it",
        ),
        (&["predict", "m.ann", "iris.csv", "-o", "."], FILES, ". is a folder, expected a file"),
        (&["predict", "m.ann", "iris.csv", "-o", "a/b.csv"], FILES, "there is no folder a: mkdir -p a"),
        (
            &["predict", "m.ann", "iris.csv", "-o", "iris.csv", "--force"],
            ARGUMENTS,
            "is read by this command",
        ),
        (&["train", "iris.csv", "-t", "species", "-o", "m.ann"], FILES, "m.ann exists"),
        (&["train", "iris.csv", "-o", "x.ann", "--checkpoint", "./x.ann"], ARGUMENTS, "which column"),
        (
            &["train", "iris.csv", "-t", "species", "-o", "x.ann", "--checkpoint", "./x.ann"],
            ARGUMENTS,
            "is written by -o, too",
        ),
        (
            &["export", "m.ann", "--to", "json", "-o", "m.ann", "--force"],
            ARGUMENTS,
            "is read by this command",
        ),
    ] {
        check(folder.path(), arguments, status, message);
    }
    assert_eq!(fs::read_to_string(folder.path().join("old.csv")).unwrap(), "old");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 5, "no file is left behind");
}

/// Linux has a device that is always full.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk() {
    let folder = trained();
    check(
        folder.path(),
        &["predict", "m.ann", "iris.csv", "-o", "/dev/full"],
        FILES,
        "No space left on device",
    );
    // It is still a device.
    assert!(!fs::metadata("/dev/full").unwrap().is_file());
}

#[test]
fn a_pipe_that_is_closed_ends_the_program_quietly() {
    let folder = trained();
    let rows = fs::read_to_string(folder.path().join("iris.csv")).unwrap();
    let (header, rows) = rows.split_once('\n').unwrap();
    fs::write(folder.path().join("long.csv"), format!("{header}\n{}", rows.repeat(100))).unwrap();
    for arguments in [&["predict", "m.ann", "long.csv"][..], &["export", "m.ann", "--to", "json", "-o", "-"]]
    {
        let mut child = command(folder.path(), arguments).stdout(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), ""), "{arguments:?}");
    }
}

#[test]
fn predictions_are_those_of_the_library_to_the_last_bit() {
    let folder = trained();
    let output = run(folder.path(), &["predict", "m.ann", "iris.csv", "--probabilities", "--keep", "none"]);
    let model = Model::load(folder.path().join("m.ann")).unwrap();
    let table = Table::open(folder.path().join("iris.csv")).unwrap();
    let predictions = model.predict(&table).unwrap();
    let mut lines = text(&output.stdout).lines();
    assert_eq!(lines.next(), Some("prediction,setosa,versicolor,virginica"));
    for ((line, label), values) in lines.zip(predictions.labels()).zip(predictions.values().rows()) {
        let mut cells = line.split(',');
        assert_eq!(cells.next(), Some(label));
        let found: Vec<f64> = cells.map(|cell| cell.parse().unwrap()).collect();
        assert_eq!(found, values.to_vec());
    }
}

/// A word that means a missing value means it in JSON, too; and the options need not be given again.
#[test]
fn json_lines_are_predicted_as_rows() {
    let folder = folder();
    let mut rows = "x,y\n".to_owned();
    for row in 0..60 {
        let x = if row % 5 == 0 { "-1".to_owned() } else { row.to_string() };
        writeln!(rows, "{x},{}", if row % 5 == 0 || row > 30 { "a" } else { "b" }).unwrap();
    }
    fs::write(folder.path().join("t.csv"), rows).unwrap();
    let small = ["--networks", "1", "--hidden", "4", "--epochs", "60", "--no-score", "--quiet"];
    let train = [&["train", "t.csv", "-t", "y", "-o", "m.ann", "--missing-in", "x=-1"][..], &small].concat();
    assert_eq!(run(folder.path(), &train).status.code(), Some(0));
    let asked = "{\"x\": -1}\n{\"x\": null}\nno object\n{\"x\": \"a\"}\n{}\n";
    let answers = with_input(folder.path(), &["predict", "m.ann", "-", "--jsonl"], asked);
    let lines: Vec<&str> = text(&answers.stdout).lines().collect();
    assert_eq!(lines.len(), 5);
    assert_eq!(lines[0], lines[1]);
    lines[2..].iter().for_each(|line| assert!(line.starts_with("{\"error\":"), "{line}"));
    assert_eq!(answers.status.code(), Some(DATA));
    let rows = with_input(folder.path(), &["predict", "m.ann", "-"], "x\n-1\n");
    let probability = text(&rows.stdout).trim_end().rsplit(',').next().unwrap().to_owned();
    assert!(lines[0].contains(&probability), "{} {probability}", lines[0]);
}

#[test]
fn a_wide_table() {
    const COLUMNS: usize = 10_000;
    let folder = folder();
    let line = |cell: &dyn Fn(usize) -> String, last: &str| {
        (0..COLUMNS).fold(String::new(), |text, column| text + &cell(column) + ",") + last + "\n"
    };
    let mut table = line(&|column| format!("x{column}"), "y");
    for row in 0..20 {
        table += &line(&|column| ((row * 7 + column) % 13).to_string(), if row % 2 == 0 { "a" } else { "b" });
    }
    fs::write(folder.path().join("wide.csv"), table).unwrap();
    let small = ["--networks", "1", "--hidden", "none", "--epochs", "1", "--no-score"];
    let train = [&["train", "wide.csv", "-t", "y", "-o", "m.ann"][..], &small].concat();
    check(folder.path(), &train, 0, "");
}

#[test]
fn colours_only_where_they_are_asked_for() {
    let folder = folder();
    let is_coloured = |arguments: &[&str]| text(&run(folder.path(), arguments).stderr).contains('\u{1b}');
    assert!(!is_coloured(&["look", "nowhere.csv"]), "a pipe is no terminal");
    assert!(!is_coloured(&["look", "nowhere.csv", "--color", "never"]));
    assert!(is_coloured(&["look", "nowhere.csv", "--color", "always"]));
}

#[test]
fn shells_and_man_know_the_options() {
    let folder = folder();
    for arguments in [&["completions", "bash"][..], &["manual", "train"]] {
        let output = run(folder.path(), arguments);
        assert_eq!(output.status.code(), Some(0), "{arguments:?}");
        assert!(text(&output.stdout).contains("checkpoint"), "{arguments:?}");
    }
    check(folder.path(), &["manual", "nothing"], ARGUMENTS, "there is no command \"nothing\"");
}

#[test]
fn a_model_that_is_not_good_enough() {
    let folder = trained();
    check(
        folder.path(),
        &["eval", "m.ann", "iris.csv", "--min", "accuracy=1.1"],
        BELOW,
        "below: accuracy is",
    );
    check(
        folder.path(),
        &["eval", "m.ann", "iris.csv", "--better-than", "m.ann"],
        BELOW,
        "below: log loss is",
    );
    check(
        folder.path(),
        &["eval", "m.ann", "iris.csv", "--min", "size=1"],
        ARGUMENTS,
        "there is no \"size\"",
    );
}

/// Probabilities of several classes are rounded, so their sum is not exactly 1.
#[test]
fn a_page_about_three_classes() {
    let folder = trained();
    check(folder.path(), &["eval", "m.ann", "iris.csv", "--report", "page.html"], 0, "");
    assert!(fs::read_to_string(folder.path().join("page.html")).unwrap().contains("Calibration"));
}

/// A folder with the small model `m.ann` of the flowers.
pub fn trained() -> TempDir {
    let folder = folder();
    let small = ["--networks", "1", "--hidden", "4", "--epochs", "20", "--no-score", "--quiet"];
    let train = [&["train", "iris.csv", "-t", "species", "-o", "m.ann"][..], &small].concat();
    assert_eq!(run(folder.path(), &train).status.code(), Some(0));
    folder
}

#[track_caller]
pub fn check(folder: &Path, arguments: &[&str], status: i32, message: &str) {
    let output = run(folder, arguments);
    let found = text(&output.stderr);
    assert_eq!(output.status.code(), Some(status), "{arguments:?}: {found}");
    assert!(found.contains(message), "{arguments:?}: {found}");
}

pub fn run(folder: &Path, arguments: &[&str]) -> Output {
    command(folder, arguments).output().unwrap()
}

pub fn with_input(folder: &Path, arguments: &[&str], input: &str) -> Output {
    let mut child = command(folder, arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

pub fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ann"));
    command.args(arguments).current_dir(folder).stdin(Stdio::null()).stderr(Stdio::piped());
    command
}

pub fn text(bytes: &[u8]) -> &str {
    str::from_utf8(bytes).unwrap()
}
