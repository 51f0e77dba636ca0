//! A model for each group: `--group-by`, and what the other commands make of such a file.

use std::fs;
use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use crate::program::{ARGUMENTS, BELOW, DATA, check, run, text};

/// Settings that are those of one group, too.
const SETTINGS: [&str; 8] = ["-t", "units", "--epochs", "10", "--hidden", "8,8", "--validation", "0.2"];

#[test]
fn the_model_of_a_group_is_that_of_its_rows_alone() {
    let folder = sales();
    train(folder.path(), &["--threads", "2"]);
    let many = fs::read(folder.path().join("m.ann")).unwrap();
    train(folder.path(), &["--threads", "1"]);
    assert_eq!(fs::read(folder.path().join("m.ann")).unwrap(), many);
    check(folder.path(), &["inspect", "m.ann", "--group", "007", "-o", "one.ann"], 0, "");
    // A table of these rows, without the others.
    let rows = fs::read_to_string(folder.path().join("sales.csv")).unwrap();
    let rows = rows.lines().filter(|row| row.starts_with("store,") || row.starts_with("007,"));
    fs::write(folder.path().join("one.csv"), rows.map(|row| format!("{row}\n")).collect::<String>()).unwrap();
    let alone = ["train", "one.csv", "--ignore", "store", "--task", "regress", "-o", "alone.ann"];
    check(folder.path(), &[&alone[..], &SETTINGS].concat(), 0, "");
    let [one, alone] = ["one.ann", "alone.ann"].map(|name| fs::read(folder.path().join(name)).unwrap());
    // The task was chosen by the whole table, and by an option.
    assert_eq!(one, alone);
    check(folder.path(), &["rebuild", "one.ann", "one.csv"], 0, "");
}

#[test]
fn groups_without_a_model_are_named_and_have_no_predictions() {
    let folder = sales();
    train(folder.path(), &["--json"]);
    let output = run(folder.path(), &[&TRAIN[..], &SETTINGS, &["--json", "--force"]].concat());
    let object: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&object["groups"], &object["models"]), (&4.into(), &2.into()));
    assert_eq!(object["rows"]["left_out"], 1);
    assert_eq!(object["without_model"][0]["group"], "constant");
    assert_eq!(
        object["without_model"][1]["reason"],
        "too few rows: it has 3 with a target, and a model needs at least 10"
    );
    assert_eq!(object["score"]["metric"], "R²");
    fs::write(folder.path().join("new.csv"), "price,store\n3,7\n3,small\n3,unknown\n3,\n3,007\n").unwrap();
    let output = run(folder.path(), &["predict", "m.ann", "new.csv", "--intervals", "0.5", "--strict"]);
    let (lines, notes) = (text(&output.stdout), text(&output.stderr));
    let lines: Vec<&str> = lines.lines().collect();
    assert_eq!(lines[0], "price,store,prediction,low,high");
    assert_eq!(lines[2..5], ["3,small,,,", "3,unknown,,,", "3,,,,"]);
    assert_ne!(lines[1].strip_prefix("3,7,"), lines[5].strip_prefix("3,007,"), "two groups");
    let expected = "note: store: 3 rows without a prediction, because there is no model of the group (first \
                    \"small\", line 3: too few rows";
    assert!(notes.contains(expected), "{notes}");
    assert_eq!(output.status.code(), Some(BELOW));
}

/// Predictions do not depend on which rows are beside each other.
#[test]
fn a_row_is_predicted_by_the_model_of_its_group() {
    let folder = sales();
    train(folder.path(), &[]);
    check(folder.path(), &["inspect", "m.ann", "--group", "7", "-o", "one.ann"], 0, "");
    let with_many = run(folder.path(), &["predict", "m.ann", "sales.csv", "--quiet"]);
    let with_one = run(folder.path(), &["predict", "one.ann", "sales.csv", "--quiet"]);
    let of_group = |output: &[u8]| -> Vec<String> {
        text(output).lines().filter(|line| line.starts_with("7,")).map(str::to_owned).collect()
    };
    assert_eq!(of_group(&with_many.stdout), of_group(&with_one.stdout));
    assert_eq!(of_group(&with_many.stdout).len(), 40);
}

#[test]
fn what_is_for_one_model_says_so() {
    let folder = sales();
    train(folder.path(), &[]);
    let take_one = "one for each of 4 groups; take one of them, and give its file:\n  \
                    ann inspect m.ann --group NAME -o one.ann";
    for (arguments, status, message) in [
        (&["eval", "m.ann", "sales.csv"][..], ARGUMENTS, take_one),
        (&["explain", "m.ann", "sales.csv"], ARGUMENTS, take_one),
        (&["check", "m.ann", "sales.csv"], ARGUMENTS, take_one),
        (&["rebuild", "m.ann", "sales.csv"], ARGUMENTS, take_one),
        (&["export", "m.ann", "--to", "json"], ARGUMENTS, take_one),
        (&["export", "m.ann", "--to", "json", "--group", "7"], 0, ""),
        (&["predict", "m.ann", "sales.csv", "--jsonl"], ARGUMENTS, "--jsonl answers with one model"),
        (&["predict", "m.ann", "-", "--probabilities"], ARGUMENTS, "only models of classes"),
        (&["inspect", "m.ann", "--group", "07"], ARGUMENTS, "there is no group \"07\"; the groups are"),
        (&["inspect", "m.ann", "--group", "small"], DATA, "no model of the group \"small\": too few rows"),
        (&["inspect", "m.ann", "-o", "one.ann"], ARGUMENTS, "--group"),
    ] {
        check(folder.path(), arguments, status, message);
    }
    for (options, message) in [
        (&["--report", "r.html"][..], "--report is for one model, and --group-by makes many"),
        (&["--checkpoint", "c"], "--checkpoint is for one model"),
        (&["--explain"], "--explain is for one model"),
        (&["--budget", "5s"], "--budget is for one model"),
        (&["--test", "sales.csv"], "--test is for one model"),
        (&["--weight", "store"], "expected a column that is neither a target nor has another role"),
    ] {
        check(
            folder.path(),
            &[&TRAIN[..], &["-t", "units", "--force"], options].concat(),
            ARGUMENTS,
            message,
        );
    }
    let by_target = ["train", "sales.csv", "-t", "units", "--group-by", "units", "--force"];
    check(folder.path(), &by_target, ARGUMENTS, "--group-by: found \"units\"");
    let unknown = ["train", "sales.csv", "-t", "units", "--group-by", "shop", "--force"];
    check(folder.path(), &unknown, ARGUMENTS, "there is no column \"shop\"");
}

/// Nothing is left of a file without a model.
#[test]
fn groups_that_are_all_too_small() {
    let folder = sales();
    let arguments = ["train", "sales.csv", "-t", "units", "--group-by", "price", "-o", "none.ann"];
    check(folder.path(), &arguments, DATA, "has a model; the first one is");
    assert!(!folder.path().join("none.ann").exists());
}

#[test]
fn damage_is_found() {
    let folder = sales();
    train(folder.path(), &[]);
    let mut bytes = fs::read(folder.path().join("m.ann")).unwrap();
    fs::write(folder.path().join("cut.ann"), &bytes[..bytes.len() - 1]).unwrap();
    bytes[40] ^= 1;
    fs::write(folder.path().join("changed.ann"), &bytes).unwrap();
    for name in ["cut.ann", "changed.ann"] {
        check(folder.path(), &["inspect", name], DATA, "the file is damaged");
        check(folder.path(), &["predict", name, "sales.csv"], DATA, "the file is damaged");
    }
}

const TRAIN: [&str; 6] = ["train", "sales.csv", "--group-by", "store", "-o", "m.ann"];

fn train(folder: &Path, options: &[&str]) {
    check(folder, &[&TRAIN[..], &SETTINGS, &["--force"], options].concat(), 0, "");
}

/// Stores by turns, whose names look like one number; others are too small, or never sell anything else.
fn sales() -> TempDir {
    let mut rows = String::from("store,price,units\n");
    for row in 0..40 {
        let price = (row * 7 + 3) % 41;
        rows += &format!("7,{price},{}\n007,{price},{}\n", 100 - 2 * price, 20 + price * price % 17);
        rows += &format!("constant,{price},5\n");
        if row < 3 {
            rows += &format!("small,{price},{row}\n");
        }
    }
    rows += ",5,5\n";
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("sales.csv"), rows).unwrap();
    folder
}
