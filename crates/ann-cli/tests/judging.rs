//! `ann eval`: what can be compared, and numbers that are not defined.

use std::fs;
use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use crate::program::{ARGUMENTS, BELOW, DATA, check, run, text, trained};

/// Options of a training that takes no time.
const SMALL: [&str; 7] = ["--networks", "1", "--hidden", "4", "--epochs", "20", "--no-score"];

#[test]
fn models_of_other_targets_are_not_compared() {
    let folder = with_widths();
    fs::write(folder.path().join("two.csv"), two_classes(folder.path())).unwrap();
    train(folder.path(), &["two.csv", "-t", "species", "-o", "two.ann"]);
    train(folder.path(), &["iris.csv", "-t", "petal_length", "-o", "length.ann"]);
    for (model, other, message) in [
        (
            "m.ann",
            "width.ann",
            "m.ann predicts the classes of \"species\" (\"setosa\", \"versicolor\", \"virginica\"), but width.ann predicts the numbers (\"petal_width\")",
        ),
        (
            "width.ann",
            "length.ann",
            "the numbers (\"petal_width\"), but length.ann predicts the numbers (\"petal_length\")",
        ),
        (
            "m.ann",
            "two.ann",
            "but two.ann predicts the classes of \"species\" (\"setosa\", \"versicolor\"); only models",
        ),
    ] {
        check(folder.path(), &["eval", model, "iris.csv", "--better-than", other], ARGUMENTS, message);
    }
    // The same numbers of another model are compared.
    train(folder.path(), &["iris.csv", "-t", "petal_width", "-o", "worse.ann", "--l2", "1000"]);
    check(
        folder.path(),
        &["eval", "worse.ann", "iris.csv", "--better-than", "width.ann"],
        BELOW,
        "is not better than",
    );
}

/// 0.2 means a missing width to one of the models.
#[test]
fn models_are_compared_on_the_same_rows() {
    let folder = with_widths();
    let missing = ["iris.csv", "-t", "petal_width", "-o", "other.ann", "--missing-in", "petal_width=0.2"];
    train(folder.path(), &missing);
    let eval = ["eval", "width.ann", "iris.csv", "--better-than", "other.ann"];
    check(folder.path(), &eval, ARGUMENTS, "150 rows have a target for width.ann, and 121 for other.ann");
}

/// The mean of these rows explains exactly nothing, whatever rounding does.
#[test]
fn a_constant_explains_nothing() {
    let folder = with_widths();
    let table = fs::read_to_string(folder.path().join("iris.csv")).unwrap();
    for rows in 10..40 {
        let some: Vec<&str> = table.lines().take(1 + rows).collect();
        fs::write(folder.path().join("some.csv"), some.join("\n")).unwrap();
        let object = object(folder.path(), &["eval", "width.ann", "some.csv", "--json"]);
        assert_eq!(object["constant"]["R²"]["value"], 0.0, "{rows} rows");
    }
    let object = object(folder.path(), &["eval", "width.ann", "iris.csv", "--json"]);
    assert!(object["score"]["R²"]["value"].as_f64().unwrap() > 0.5);
}

#[test]
fn one_row_has_no_r_squared_and_no_standard_error() {
    let folder = with_widths();
    let table = fs::read_to_string(folder.path().join("iris.csv")).unwrap();
    let two: Vec<&str> = table.lines().take(2).collect();
    fs::write(folder.path().join("one.csv"), two.join("\n")).unwrap();
    let output = run(folder.path(), &["eval", "width.ann", "one.csv"]);
    let shown = text(&output.stdout);
    assert!(shown.contains("\nR² is not defined, because all true numbers are equal\n"), "{shown}");
    assert!(shown.contains("\nstandard errors are not defined, because there is only one row\n"), "{shown}");
    assert!(!shown.contains("inf") && !shown.contains('±'), "{shown}");
    let object = object(folder.path(), &["eval", "width.ann", "one.csv", "--json"]);
    for model in ["score", "constant"] {
        assert!(object[model].as_object().unwrap().contains_key("R²"), "{object}");
        assert_eq!(object[model]["R²"], Value::Null);
        assert_eq!(object[model]["RMSE"]["standard_error"], Value::Null);
    }
    check(folder.path(), &["eval", "width.ann", "one.csv", "--min", "r2=0.5"], DATA, "R² is not defined");
}

#[test]
fn one_class_of_two_has_no_area() {
    let folder = trained();
    fs::write(folder.path().join("two.csv"), two_classes(folder.path())).unwrap();
    train(folder.path(), &["two.csv", "-t", "species", "-o", "two.ann"]);
    let setosa: Vec<String> = two_classes(folder.path()).lines().take(9).map(str::to_owned).collect();
    fs::write(folder.path().join("setosa.csv"), setosa.join("\n")).unwrap();
    let output = run(folder.path(), &["eval", "two.ann", "setosa.csv"]);
    let shown = text(&output.stdout);
    assert!(shown.contains("ROC AUC is not defined, because only one of two classes occurs\n"), "{shown}");
    let evaluated = object(folder.path(), &["eval", "two.ann", "setosa.csv", "--json"]);
    assert_eq!(evaluated["score"].get("ROC AUC"), Some(&Value::Null));
    let training =
        ["train", "two.csv", "-t", "species", "-o", "new.ann", "--validation", "setosa.csv", "--json"];
    let trained = object(folder.path(), &[&training[..], &SMALL[..6]].concat());
    assert_eq!(trained["score"]["model"].get("ROC AUC"), Some(&Value::Null));
}

/// A folder with a model of classes, `m.ann`, and one of numbers, `width.ann`.
fn with_widths() -> TempDir {
    let folder = trained();
    train(folder.path(), &["iris.csv", "-t", "petal_width", "-o", "width.ann"]);
    folder
}

/// The flowers of the first two classes.
fn two_classes(folder: &Path) -> String {
    let table = fs::read_to_string(folder.join("iris.csv")).unwrap();
    table.lines().take(101).fold(String::new(), |text, line| text + line + "\n")
}

fn train(folder: &Path, options: &[&str]) {
    check(folder, &[&["train"], options, &SMALL[..]].concat(), 0, "");
}

fn object(folder: &Path, arguments: &[&str]) -> Value {
    serde_json::from_slice(&run(folder, arguments).stdout).unwrap()
}
