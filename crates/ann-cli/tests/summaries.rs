//! The JSON objects of commands that write files.

use std::fs;

use serde_json::{Value, json};

use sha2::{Digest, Sha256};

use crate::program::{ARGUMENTS, check, run, text, trained};
use crate::transcripts::folder;

#[test]
fn of_predictions() {
    let folder = trained();
    let table = "sepal_length,sepal_width,petal_length,petal_width\n5,3,1.5,0.2\n99,3,1.5,0.2\n5,3,-1,88\n";
    fs::write(folder.path().join("new.csv"), table).unwrap();
    let output = run(folder.path(), &["predict", "m.ann", "new.csv", "-o", "out.csv", "--json"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert_eq!(text(&output.stderr), "");
    let found: Value = serde_json::from_str(text(&output.stdout)).unwrap();
    for (name, expected) in [
        ("ann", json!(1)),
        ("command", json!("predict")),
        ("output", json!("out.csv")),
        ("rows", json!(3)),
        ("unknown_words", json!(0)),
        ("outside_range", json!(3)),
    ] {
        assert_eq!(found[name], expected, "{name}");
    }
    assert!(found["seconds"].as_f64().is_some_and(|seconds| seconds > 0.0));
    let columns: Vec<(&str, u64, &str)> = found["columns"]
        .as_array()
        .unwrap()
        .iter()
        .map(|column| {
            let text = |value: &'static str| column[value].as_str().unwrap();
            (text("column"), column["count"].as_u64().unwrap(), column["first"]["text"].as_str().unwrap())
        })
        .collect();
    assert_eq!(columns, [("sepal_length", 1, "99"), ("petal_length", 1, "-1"), ("petal_width", 1, "88")]);
    assert_eq!(fs::read_to_string(folder.path().join("out.csv")).unwrap().lines().count(), 4);
    // The standard output is for one of both.
    check(folder.path(), &["predict", "m.ann", "iris.csv", "--json"], ARGUMENTS, "--output");
    check(
        folder.path(),
        &["predict", "m.ann", "iris.csv", "--json", "-o", "-"],
        ARGUMENTS,
        "--json: expected the name of a file after -o, found -",
    );
}

/// Words are counted apart from numbers.
#[test]
fn of_unknown_words() {
    let folder = folder();
    let row = |row: usize| format!("{},{row},{}\n", ["red", "blue"][row % 2], ["a", "b"][row % 2]);
    let table = (0..60).map(row).fold("colour,x,y\n".to_owned(), |text, row| text + &row);
    fs::write(folder.path().join("t.csv"), table).unwrap();
    fs::write(folder.path().join("new.csv"), "colour,x\nred,1\ngreen,2\nblack,3\nblue,99\n").unwrap();
    let train = ["train", "t.csv", "-t", "y", "-o", "m.ann", "--no-score", "--quiet", "--as", "x=number"];
    let small = ["--networks", "1", "--hidden", "none", "--epochs", "1"];
    check(folder.path(), &[&train[..], &small].concat(), 0, "");
    let output = run(folder.path(), &["predict", "m.ann", "new.csv", "-o", "out.csv", "--json"]);
    let found: Value = serde_json::from_str(text(&output.stdout)).unwrap();
    assert_eq!((&found["unknown_words"], &found["outside_range"]), (&json!(2), &json!(1)));
    assert_eq!(found["columns"][0]["what"], "unknown words");
    assert_eq!(found["columns"][0]["first"], json!({ "line": 3, "text": "green" }));
}

#[test]
fn of_exports() {
    let folder = trained();
    for format in ["onnx", "c", "rust", "json"] {
        let output =
            run(folder.path(), &["export", "m.ann", "--to", format, "-o", "file", "--force", "--json"]);
        assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), ""), "{format}");
        let found: Value = serde_json::from_str(text(&output.stdout)).unwrap();
        let bytes = fs::read(folder.path().join("file")).unwrap();
        let digest: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        for (name, expected) in [
            ("ann", json!(1)),
            ("command", json!("export")),
            ("format", json!(format)),
            ("file", json!("file")),
            ("bytes", json!(bytes.len())),
            ("sha256", json!(digest)),
            ("outputs", json!(vec!["species"])),
        ] {
            assert_eq!(found[name], expected, "{format}, {name}");
        }
        assert_eq!(found["inputs"].as_array().unwrap().len(), 4);
        assert_eq!(found["inputs"][0]["name"], "sepal_length");
        assert_eq!(found["inputs"][0]["kind"], "number");
    }
    let dash = ["export", "m.ann", "--to", "json", "-o", "-", "--json"];
    check(folder.path(), &dash, ARGUMENTS, "--json: expected the name of a file after -o, found -");
}

#[test]
fn of_choices() {
    let folder = trained();
    let explain = ["train", "iris.csv", "-t", "species", "--explain", "--optimizer", "momentum"];
    let lines = run(folder.path(), &explain);
    let output = run(folder.path(), &[&explain[..], &["--json"]].concat());
    let found: Value = serde_json::from_str(text(&output.stdout)).unwrap();
    assert_eq!((&found["ann"], &found["command"]), (&json!(1), &json!("train")));
    let choices = found["choices"].as_array().unwrap();
    assert_eq!(choices.len(), text(&lines.stdout).lines().count());
    let optimizer = choices.iter().find(|choice| choice["choice"] == "optimizer").unwrap();
    assert_eq!((&optimizer["value"], &optimizer["reason"]), (&json!("momentum"), &json!("as asked")));
    // As the options name them.
    for (options, choice, expected) in [
        (&[][..], "optimizer", "adam"),
        (&["--optimizer", "descent"], "optimizer", "descent"),
        (&["--activation", "leaky-relu"], "activation", "leaky-relu"),
        (&["--hidden", "32,16"], "hidden", "32,16"),
        (&["--learning-rate", "0.5"], "learning-rate", "0.5"),
    ] {
        let explain = ["train", "iris.csv", "-t", "species", "--explain", "--json"];
        let output = run(folder.path(), &[&explain[..], options].concat());
        let found: Value = serde_json::from_str(text(&output.stdout)).unwrap();
        let choices = found["choices"].as_array().unwrap();
        let chosen = choices.iter().find(|found| found["choice"] == choice).unwrap();
        assert_eq!(chosen["value"], expected, "{options:?}");
    }
}

/// A column of times is used even if it counts up as numbers of rows do.
#[test]
fn of_columns() {
    let folder = folder();
    let row = |row: usize| format!("{row},{},{}\n", row % 7, row % 2);
    let table = (0..60).map(row).fold("day,x,y\n".to_owned(), |text, row| text + &row);
    fs::write(folder.path().join("t.csv"), table).unwrap();
    let is_left_out = |options: &[&str]| {
        let explain = ["train", "t.csv", "-t", "y", "--explain"];
        text(&run(folder.path(), &[&explain[..], options].concat()).stdout).contains("left out")
    };
    assert!(is_left_out(&[]) && !is_left_out(&["--time", "day"]));
}

#[test]
fn options_of_other_formats_are_errors() {
    let folder = trained();
    for (format, option, value, expected) in [
        ("c", "--precision", "f32", "--precision is an option of --to onnx alone"),
        ("json", "--inputs", "matrix", "--inputs is an option of --to onnx alone"),
        ("onnx", "--arithmetic", "f32", "--arithmetic is an option of --to c alone"),
        ("rust", "--name", "iris", "--name is an option of --to c alone"),
        ("onnx", "--data", "iris.csv", "--data is an option of --to c alone"),
        ("c", "--data", "iris.csv", "--data is an option of --arithmetic int16 alone"),
    ] {
        check(folder.path(), &["export", "m.ann", "--to", format, option, value], ARGUMENTS, expected);
    }
}
