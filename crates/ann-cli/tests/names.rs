//! Names of columns in options that take several.

use std::fmt::Write as _;
use std::fs;

use ann_tabular::Model;
use tempfile::TempDir;

use crate::program::{ARGUMENTS, check, run, text, with_input};

/// The names of the columns, as a table and as an argument have them.
const HEADER: &str = "\"size, cm\",\"a,b\",a,b,y\n";

#[test]
fn a_name_with_a_comma_is_taken_whole() {
    for (options, expected) in [
        (&["--ignore", "size, cm"][..], &["a,b", "a", "b"][..]),
        (&["--ignore", "a,b"], &["size, cm", "a", "b"]),
        (&["--ignore", "b,a"], &["size, cm", "a,b"]),
        (&["--ignore", "a", "--ignore", "b,size, cm"], &[]),
        (&["--ignore", "a", "--ignore", "b", "--ignore", "size, cm"], &["a,b"]),
        (&["--only", "size, cm", "--only", "a,b"], &["size, cm", "a,b"]),
        (&["--as", "size, cm=ignore", "--missing-in", "a,b=3"], &["a,b", "a", "b"]),
    ] {
        let folder = table();
        let output = train(&folder, "table.csv", options, "");
        if expected.is_empty() {
            // " cm" is no column.
            assert_eq!(output.status.code(), Some(ARGUMENTS));
            assert!(text(&output.stderr).contains("there is no column \"size\""), "{output:?}");
            continue;
        }
        assert_eq!(output.status.code(), Some(0), "{options:?}: {}", text(&output.stderr));
        assert_eq!(columns(&folder), expected, "{options:?}");
    }
}

/// Two names with a comma between them are not one.
#[test]
fn a_name_with_a_comma_is_in_quotes_among_others() {
    let folder = table();
    let output = train(&folder, "table.csv", &[], "");
    assert!(text(&output.stdout).contains("\n  number    \"size, cm\", \"a,b\", a, b\n"), "{output:?}");
}

/// The standard input and pipes cannot be read twice.
#[test]
fn names_of_the_standard_input() {
    let folder = table();
    let rows = fs::read_to_string(folder.path().join("table.csv")).unwrap();
    let output = train(&folder, "-", &["--ignore", "size, cm"], &rows);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert_eq!(columns(&folder), ["a,b", "a", "b"]);
}

#[test]
fn columns_that_are_kept() {
    let folder = table();
    assert_eq!(train(&folder, "table.csv", &[], "").status.code(), Some(0));
    let header = |keep: &[&str]| {
        let output = run(folder.path(), &[&["predict", "m.ann", "table.csv"], keep].concat());
        text(&output.stdout).lines().next().unwrap_or_default().to_owned()
    };
    assert_eq!(header(&["--keep", "size, cm"]), "\"size, cm\",prediction,probability");
    assert_eq!(header(&["--keep", "b,a"]), "b,a,prediction,probability");
    assert_eq!(header(&["--keep", "b", "--keep", "a,b"]), "b,\"a,b\",prediction,probability");
    for keep in [&["--keep", "b,b"][..], &["--keep", "b", "--keep", "b"]] {
        let arguments = [&["predict", "m.ann", "table.csv"], keep].concat();
        check(folder.path(), &arguments, ARGUMENTS, "--keep: \"b\" is given twice");
    }
    let arguments = ["explain", "m.ann", "table.csv", "--columns", "size, cm"];
    let output = run(folder.path(), &arguments);
    assert!(text(&output.stdout).contains("mean prediction if size, cm were the same"), "{output:?}");
}

fn train(folder: &TempDir, data: &str, options: &[&str], input: &str) -> std::process::Output {
    let small = ["--networks", "1", "--hidden", "none", "--epochs", "1", "--no-score", "--force"];
    let all = [&["train", data, "-t", "y", "-o", "m.ann"], &small[..], options].concat();
    with_input(folder.path(), &all, input)
}

fn columns(folder: &TempDir) -> Vec<String> {
    let model = Model::load(folder.path().join("m.ann")).unwrap();
    model.schema().columns.iter().map(|column| column.name.clone()).collect()
}

fn table() -> TempDir {
    let folder = TempDir::new().unwrap();
    let mut table = HEADER.to_owned();
    for row in 0..40 {
        let y = if row % 7 < 3 { "yes" } else { "no" };
        writeln!(table, "{},{},{},{},{y}", row % 5, row % 7, row % 11, row % 3).unwrap();
    }
    fs::write(folder.path().join("table.csv"), table).unwrap();
    folder
}
