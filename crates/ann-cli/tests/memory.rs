//! `--memory`: the model of a table whose rows are in a file, and what is wrong with a size or a folder.

use std::fmt::Write;
use std::fs;
use std::process::Command;

use crate::program::{ARGUMENTS, DATA, FILES, check, trained};

/// Options of a training that takes no time.
const SMALL: [&str; 7] = ["--networks", "1", "--hidden", "4", "--epochs", "2", "--no-score"];

/// Many bytes for numbers that take one byte each.
fn large() -> String {
    let mut text = "a,b,c,d,y\n".to_owned();
    for row in 0..200_000_u64 {
        for number in [row % 97, row % 89, row % 83, row * row % 79] {
            write!(text, "{number}.00000000000000000000000000000000000,").unwrap();
        }
        writeln!(text, "{}", ["yes", "no"][usize::from(row * row % 79 > 40)]).unwrap();
    }
    text
}

#[test]
fn the_model_has_the_bytes_of_one_that_was_trained_in_memory() {
    let folder = trained();
    fs::write(folder.path().join("large.csv"), large()).unwrap();
    let train = |output, memory: &[&str], message| {
        let arguments = [&["train", "large.csv", "-t", "y", "-o", output], memory, &SMALL].concat();
        check(folder.path(), &arguments, 0, message);
    };
    train("memory.ann", &[], "");
    train(
        "disk.ann",
        &["--memory", "60MB"],
        "note: the rows are in a temporary file in . while the program runs",
    );
    let bytes = |name| fs::read(folder.path().join(name)).unwrap();
    assert!(bytes("memory.ann") == bytes("disk.ann"), "the files differ");
    let too_small = ["train", "large.csv", "-t", "y", "-o", "out.ann", "--memory", "20MB"];
    let message = "--memory: found 20.0 MB, expected at least ";
    check(folder.path(), &[&too_small[..], &SMALL].concat(), ARGUMENTS, message);
    // The folder for the rows is that of the model.
    let nowhere = ["train", "large.csv", "-t", "y", "-o", "nowhere/out.ann", "--memory", "60MB"];
    let message = "nowhere/out.ann: cannot write: there is no folder nowhere";
    check(folder.path(), &[&nowhere[..], &SMALL].concat(), FILES, message);
}

#[test]
fn what_is_no_size() {
    let folder = trained();
    for size in ["abc", "-1", "1e9", "", "2 apples"] {
        let arguments = ["train", "iris.csv", "-t", "species", "-o", "out.ann", "--memory", size];
        check(folder.path(), &arguments, ARGUMENTS, "expected a size, for example 500MB or 2GB");
    }
}

#[test]
fn the_model_of_stored_rows_is_that_of_the_table() {
    let folder = trained();
    let run = |arguments: &[&str], code, message| check(folder.path(), arguments, code, message);
    let bytes = |name| fs::read(folder.path().join(name)).unwrap();
    let text = fs::read_to_string(folder.path().join("iris.csv")).unwrap();
    let few: Vec<&str> = text.lines().take(120).collect();
    fs::write(folder.path().join("other.csv"), few.join("\n")).unwrap();
    for (reading, training) in [
        (&[][..], &[][..]),
        (&["--missing", "5.1"], &["--ignore", "petal_width"]),
        (&["--as", "sepal_width=category"], &["--only", "sepal_width,petal_length"]),
        (&["--as", "petal_width=category"], &["--group-by", "petal_width"]),
        (&["--as", "petal_width=number"], &["--group-by", "petal_width"]),
        (&["--as", "petal_width=ignore"], &["--ignore", "petal_width"]),
        (&["--missing", "5.1"], &["--test", "other.csv"]),
    ] {
        let option = |name: &str| training.first() == Some(&name);
        let train = |data, output| {
            let with_score = ["--group-by", "--test"].into_iter().any(option);
            let no_score: &[&str] = if with_score { &[] } else { &["--no-score"] };
            let common =
                ["train", data, "-t", "species", "-o", output, "--force", "--epochs", "2", "--quiet"];
            [&common, no_score, training].concat()
        };
        run(&[&["store", "iris.csv", "-o", "iris.rows", "--force"], reading].concat(), 0, "");
        run(&train("iris.rows", "stored.ann"), 0, "");
        run(&[&train("iris.csv", "text.ann")[..], reading].concat(), 0, "");
        assert!(bytes("stored.ann") == bytes("text.ann"), "{reading:?} {training:?}");
    }
}

#[test]
fn what_comes_too_late_for_stored_rows() {
    let folder = trained();
    let run = |arguments: &[&str], code, message| check(folder.path(), arguments, code, message);
    run(&["store", "iris.csv", "-o", "iris.rows"], 0, "");
    run(&["store", "iris.csv", "-o", "iris.rows"], FILES, "iris.rows exists; --force replaces it");
    run(&["store", "-", "-o", "b.rows"], ARGUMENTS, "the standard input cannot be read twice");
    run(&["store", "iris.csv", "-o", "-"], ARGUMENTS, "-o: expected the name of a file, found -");
    let train = |options: &[&str], code, message| {
        run(&[&["train", "iris.rows", "-t", "species"], options].concat(), code, message);
    };
    train(&["--missing", "x"], ARGUMENTS, "give the options of reading to ann store");
    let message =
        "column \"petal_width\" holds numbers, expected categories: ann store --as petal_width=category";
    train(&["--group-by", "petal_width"], ARGUMENTS, message);
    train(&["--ignore", "petal"], ARGUMENTS, "no column \"petal\"");
    run(&["play", "iris.rows"], DATA, "the page reads the table that it was made from");
    let pipe = folder.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    run(&["store", "iris.csv", "-o", "pipe"], ARGUMENTS, "-o: expected the name of a file, found pipe");
    for arguments in [&["look", "iris.rows"][..], &["predict", "m.ann", "iris.rows"]] {
        run(arguments, DATA, "this is a file of `ann store`");
    }
    let path = folder.path().join("iris.rows");
    let mut bytes = fs::read(&path).unwrap();
    bytes[20] ^= 1;
    fs::write(&path, &bytes).unwrap();
    train(&[], DATA, "iris.rows: the file with the rows of the table cannot be read");
}

/// Reading a large table takes long, so what is wrong with the file of the model is said before.
#[test]
fn the_file_of_the_model_is_checked_before_the_table_is_read() {
    let folder = trained();
    let train = ["train", "no-table.csv", "-t", "species", "-o", "iris.csv"];
    check(folder.path(), &train, FILES, "iris.csv exists");
}
