//! How predictions are written: as their table is, and where.

use std::fs;
use std::path::Path;

use ann_tabular::{Model, Reader};
use tempfile::TempDir;

use crate::program::{ARGUMENTS, FILES, check, run, text, trained, with_input};
use crate::transcripts::folder;

/// Cells that are separated by commas, and decimals, too.
#[test]
fn a_comma_that_separates_no_cells_is_in_quotes() {
    let folder = folder();
    let row = |row: u32| format!("\"{row},5\",\"{},25\"\n", row * row);
    fs::write(
        folder.path().join("t.csv"),
        (0..60).map(row).fold("x,y\n".into(), |all: String, row| all + &row),
    )
    .unwrap();
    let commas = ["--separator", ",", "--decimal", ","];
    let small = ["--networks", "1", "--epochs", "1", "--no-score", "--quiet"];
    check(
        folder.path(),
        &[&["train", "t.csv", "-t", "y", "-o", "m.ann"][..], &small, &commas].concat(),
        0,
        "",
    );
    let predict = ["predict", "m.ann", "t.csv", "-o", "out.csv", "--intervals", "0.5"];
    check(folder.path(), &[&predict[..], &commas].concat(), 0, "");
    let reader = Reader { separator: Some(','), decimal_comma: Some(true), ..Reader::default() };
    let written = reader.open(folder.path().join("out.csv")).unwrap();
    let table = reader.open(folder.path().join("t.csv")).unwrap();
    let model = Model::load(folder.path().join("m.ann")).unwrap();
    let predictions = model.predict(&table).unwrap();
    let (low, high) = predictions.intervals(0.5).unwrap();
    for (name, expected) in [("prediction", predictions.values()), ("low", &low), ("high", &high)] {
        let column = written.column(name).unwrap();
        let found: Vec<f64> = (0..written.rows()).map(|row| column.number(row).unwrap()).collect();
        assert_eq!(found, expected.column(0).to_vec(), "{name}");
    }
}

#[test]
fn line_ends_and_the_byte_order_mark_are_kept() {
    let folder = trained();
    let lines = ["sepal_length,sepal_width,petal_length,petal_width,note", "5.9,3.0,5.1,1.8,ä", "6,3,5,2,b"];
    for (begin, end) in [("", "\n"), ("", "\r\n"), ("\u{feff}", "\n"), ("\u{feff}", "\r\n")] {
        let input = format!("{begin}{}", lines.map(|line| line.to_owned() + end).concat());
        for (options, first) in
            [(&[][..], lines[0]), (&["--keep", "note"], "note"), (&["--keep", "none"], "")]
        {
            let output = with_input(folder.path(), &[&["predict", "m.ann", "-"], options].concat(), &input);
            let output = text(&output.stdout);
            assert!(output.starts_with(&format!("{begin}{first}")), "{output:?}");
            assert_eq!(output.matches(end).count(), 3, "{output:?}");
            assert_eq!(output.matches(['\r', '\n']).count(), 3 * end.len(), "{output:?}");
            assert_eq!(output.matches('\u{feff}').count(), begin.chars().count(), "{output:?}");
        }
    }
}

#[test]
fn names_that_promise_another_format() {
    let folder = trained();
    for (arguments, message) in [
        (
            &["predict", "m.ann", "iris.csv", "-o", "out.csv.gz"][..],
            "-o: out.csv.gz: .gz is not written here; write out.csv, and compress it",
        ),
        (&["predict", "m.ann", "iris.csv", "--jsonl", "-o", "out.jsonl.ZST"], ".zst is not written here"),
        (&["predict", "m.ann", "iris.csv", "-o", "out.xlsx"], "write out.csv, and convert it"),
        (&["train", "iris.csv", "-t", "species", "-o", "out.ann.gz"], "write out.ann, and compress it"),
        (&["eval", "m.ann", "iris.csv", "--report", "page.html.gz"], "--report: page.html.gz: .gz"),
        (&["export", "m.ann", "--to", "json", "-o", "m.json.xz"], "write m.json, and compress it"),
    ] {
        check(folder.path(), arguments, ARGUMENTS, message);
    }
}

#[cfg(unix)]
#[test]
fn a_link_is_never_replaced() {
    use std::os::unix::fs::symlink;
    let folder = trained();
    let path = |name: &str| folder.path().join(name);
    symlink("nowhere", path("link")).unwrap();
    symlink("circle", path("circle")).unwrap();
    for link in ["link", "circle"] {
        for arguments in outputs(link) {
            let message = format!("{link} is a link to ");
            check(folder.path(), &[&arguments[..], &["--force"]].concat(), FILES, &message);
            assert!(path(link).is_symlink(), "{arguments:?}");
        }
    }
    // Where there is a file, it is replaced.
    fs::write(path("nowhere"), "old").unwrap();
    for arguments in outputs("link") {
        check(folder.path(), &[&arguments[..], &["--force"]].concat(), 0, "");
        assert!(path("link").is_symlink(), "{arguments:?}");
        assert_ne!(fs::read(path("nowhere")).unwrap(), b"old", "{arguments:?}");
        fs::write(path("nowhere"), "old").unwrap();
    }
}

/// A command for each kind of output.
fn outputs(path: &str) -> [Vec<&str>; 6] {
    let train = ["train", "iris.csv", "-t", "species", "--networks", "1", "--epochs", "2", "--no-score"];
    [
        [&train[..], &["-o", path]].concat(),
        [&train[..], &["-o", "x.ann", "--checkpoint", path]].concat(),
        [&train[..], &["-o", "x.ann", "--report", path]].concat(),
        vec!["predict", "m.ann", "iris.csv", "-o", path],
        vec!["eval", "m.ann", "iris.csv", "--report", path],
        vec!["export", "m.ann", "--to", "c", "-o", path],
    ]
}

/// Numbers as people write them, with the way to write them here.
#[test]
fn options_say_how_they_are_written() {
    let folder = trained();
    for (arguments, message) in [
        (&["predict", "m.ann", "iris.csv", "--intervals", "90%"][..], "such as 0.9; did you mean 0.9?"),
        (&["predict", "m.ann", "iris.csv", "--intervals", "90"], "above 0 and below 1, such as 0.9\n"),
        (&["predict", "m.ann", "iris.csv", "--threshold", "0,5"], "did you mean 0.5?"),
        (&["eval", "m.ann", "iris.csv", "--min", "accuracy=90 %"], "did you mean 0.9?"),
        (&["eval", "m.ann", "iris.csv", "--min", "accuracy=0,9"], "did you mean 0.9?"),
        (&["eval", "m.ann", "iris.csv", "--min", "accuracy=high"], "expected a number"),
        (&["explain", "m.ann", "iris.csv", "--rows", "3;7"], "commas between them, such as 3,77"),
        (&["explain", "m.ann", "iris.csv", "--rows", "0"], "the numbers of rows from 1 on"),
        (&["explain", "m.ann", "iris.csv", "--rows", "3-7"], "the numbers of rows from 1 on"),
        (&["train", "iris.csv", "-t", "species", "--learning-rate", "0,01"], "did you mean 0.01?"),
    ] {
        check(folder.path(), arguments, ARGUMENTS, message);
    }
    let blanks = run(folder.path(), &["explain", "m.ann", "iris.csv", "--rows", "3, 7"]);
    assert!(text(&blanks.stdout).contains("row 7, line 8"));
}

/// A model of numbers that are words, as postal codes are.
fn with_codes(codes: &[&str]) -> TempDir {
    let folder = folder();
    let row = |row: usize| {
        format!("{},{},{}\n", codes[row % codes.len()], row * 7 % 50, ["no", "yes"][row % codes.len() % 2])
    };
    let table = (0..60).map(row).fold("code,x,y\n".to_owned(), |table, row| table + &row);
    fs::write(folder.path().join("t.csv"), table).unwrap();
    let small = ["--networks", "1", "--epochs", "20", "--no-score", "--quiet", "--as", "code=category"];
    check(folder.path(), &[&["train", "t.csv", "-t", "y", "-o", "m.ann"][..], &small].concat(), 0, "");
    folder
}

#[test]
fn json_numbers_are_the_words_that_are_the_same_number() {
    let folder = with_codes(&["50667", "1.0", "01069"]);
    for (word, numbers, is_known) in [
        ("50667", &["50667", "50667.0", "5.0667e4"][..], true),
        ("1.0", &["1", "1.0"], true),
        // A code is no number: without its zero it is another code.
        ("01069", &["1069"], false),
    ] {
        let expected = answer(folder.path(), &format!("\"{word}\""));
        assert_eq!(expected.1, "", "{word}");
        for number in numbers {
            let found = answer(folder.path(), number);
            assert_eq!(found.0 == expected.0, is_known, "{number}");
            assert_eq!(found.1.is_empty(), is_known, "{number}: {}", found.1);
        }
    }
}

/// What is printed about a code, on both streams.
fn answer(folder: &Path, code: &str) -> (String, String) {
    let line = format!("{{\"code\": {code}, \"x\": 5}}\n");
    let output = with_input(folder, &["predict", "m.ann", "-", "--jsonl"], &line);
    (text(&output.stdout).to_owned(), text(&output.stderr).to_owned())
}

/// The second line is blank, and counts.
#[test]
fn json_lines_say_what_is_unusual_and_where() {
    let folder = with_codes(&["a", "b", "c"]);
    let rows =
        "{\"code\": \"a\", \"x\": 1}\n\n{\"code\": \"q\", \"x\": 70}\n{\"code\": \"z\", \"x\": null}\n";
    let notes = "note: code: 2 of 3 values unknown, taken as no word at all (first \"q\", line 3)\n\
                 note: x: 1 of 3 values outside 0 … 49, the range of the training (first \"70\", line 3)\n";
    let jsonl = ["predict", "m.ann", "-", "--jsonl"];
    for (options, status, expected) in [
        (&[][..], 0, notes),
        (&["--strict"], 4, notes),
        (&["--strict", "--quiet"], 4, ""),
        (&["--quiet"], 0, ""),
    ] {
        let output = with_input(folder.path(), &[&jsonl[..], options].concat(), rows);
        assert_eq!((output.status.code(), text(&output.stderr)), (Some(status), expected), "{options:?}");
        assert_eq!(text(&output.stdout).lines().count(), 3);
    }
    let usual = with_input(
        folder.path(),
        &["predict", "m.ann", "-", "--jsonl", "--strict"],
        rows.split_inclusive('\n').next().unwrap(),
    );
    assert_eq!((usual.status.code(), text(&usual.stderr)), (Some(0), ""));
    let wrong = "\u{feff}{\"code\": \"a\", \"x\": 1}\n\n[3]\n{\"x\": 1}\n{\"code\": \"a\", \"x\": \"b\"}\n{\"x\" 1}\n";
    let output = with_input(folder.path(), &[&jsonl[..], &["--strict"]].concat(), wrong);
    let lines: Vec<&str> = text(&output.stdout).lines().collect();
    assert!(lines[0].contains("prediction"), "{}", lines[0]);
    for (line, message) in lines[1..].iter().zip([
        "line 3: expected a JSON object: invalid type: sequence, expected a map",
        "line 4: there is no \\\"code\\\"; null means that it is missing",
        "line 5: \\\"x\\\": found \\\"b\\\", expected a number",
        "line 6, column 6: expected a JSON object: expected `:`",
    ]) {
        assert_eq!(*line, format!("{{\"error\":\"{message}\"}}"));
    }
    assert_eq!(output.status.code(), Some(3));
}
