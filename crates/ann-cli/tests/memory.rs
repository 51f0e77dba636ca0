//! `--memory`: the model of a table whose rows are in a file, and what is wrong with a size or a folder.

use std::fmt::Write;
use std::fs;

use crate::program::{ARGUMENTS, FILES, check, trained};

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
    // There is no folder for the rows.
    let nowhere = ["train", "large.csv", "-t", "y", "-o", "nowhere/out.ann", "--memory", "60MB"];
    let message = "nowhere: cannot make a temporary file for the rows: ";
    check(folder.path(), &[&nowhere[..], &SMALL].concat(), FILES, message);
}

#[test]
fn sizes_that_are_none() {
    let folder = trained();
    for size in ["abc", "-1", "1e9", "", "2 apples"] {
        let arguments = ["train", "iris.csv", "-t", "species", "-o", "out.ann", "--memory", size];
        check(folder.path(), &arguments, ARGUMENTS, "expected a size, for example 500MB or 2GB");
    }
}
