//! Options of `ann train`: what is in the model file, and in the answers.

use std::fs;
use std::path::Path;
#[cfg(unix)]
use std::process::Stdio;

use ann_tabular::{Model, Score, Table};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::program::{ARGUMENTS, BELOW, DATA, FILES, check, run, text, trained};
use crate::transcripts::folder;

/// A training that takes a moment.
const SMALL: [&str; 10] =
    ["-t", "species", "-o", "m.ann", "--networks", "1", "--hidden", "4", "--epochs", "20"];

#[test]
fn settings_are_in_the_model_and_make_it_again() {
    let folder = folder();
    for (options, expected) in [
        (&[][..], ["adam", "0.02", "0"]),
        (&["--optimizer", "momentum", "--l2", "0.001"], ["momentum", "0.02", "0.001"]),
        (&["--optimizer", "descent", "--learning-rate", "0.2"], ["descent", "0.02", "0"]),
        (&["--optimizer", "sgd"], ["descent", "0.02", "0"]),
        (&["--weight-decay", "0.1"], ["adam", "0.1", "0"]),
    ] {
        train(folder.path(), &[&["--no-score"], options].concat());
        let settings = settings(folder.path());
        assert_eq!(["optimizer", "decay", "l2"].map(|name| settings[name].clone()), expected, "{options:?}");
        assert_eq!(settings["patience"], Value::Null);
        check(folder.path(), &["rebuild", "m.ann", "iris.csv"], 0, "");
    }
    train(folder.path(), &["--no-score", "--patience", "2"]);
    assert_eq!(settings(folder.path())["patience"], 2);
    check(folder.path(), &["rebuild", "m.ann", "iris.csv"], 0, "");
}

#[test]
fn options_that_do_not_fit() {
    let folder = trained();
    fs::write(folder.path().join("other.csv"), "x,species\n1,setosa\n").unwrap();
    for (options, message) in [
        (&["--optimizer", "descent", "--weight-decay", "0.1"][..], "--weight-decay: only adam has it"),
        (&["--optimizer", "lbfgs"], "[possible values: adam, momentum, descent]"),
        (&["--l2", "-1"], "expected a number that is not negative"),
        (&["--l2", "1e300"], "--l2: found 1e300, expected a number from 0 to 1.7e38"),
        (&["--learning-rate", "-0.1"], "expected a number above 0"),
        (&["--learning-rate", "0,1"], "expected a number above 0; did you mean 0.1?"),
        (&["--patience", "0"], "--patience"),
        (&["--checkpoint-every", "5s"], "--checkpoint"),
        (&["--checkpoint", "c", "--resume", "c"], "cannot be used with"),
        (&["--validation", "-"], "expected a share such as 0.3, or the name of a file"),
        (&["--validation", "30%"], "or the name of a file; did you mean 0.3?"),
        (&["--validation", "0,3"], "or the name of a file; did you mean 0.3?"),
        (&["--validation", "-0.3"], "expected a number above 0 and below 1"),
        (&["--validation", "1.5"], "expected a number above 0 and below 1"),
        (&["--validation", "./iris.csv"], "expected another table than the one that is learned from"),
        (&["--validation", "other.csv", "--folds", "3"], "cannot be used with"),
        (&["--validation", "other.csv", "--no-score"], "cannot be used with"),
    ] {
        let arguments = [&["train", "iris.csv"], &SMALL[..], &["--force"], options].concat();
        check(folder.path(), &arguments, ARGUMENTS, message);
    }
    let arguments =
        [&["train", "iris.csv"], &SMALL[..], &["--force", "--validation", "nowhere.csv"]].concat();
    check(folder.path(), &arguments, FILES, "nowhere.csv: cannot read");
}

/// Nothing is trained for a score that cannot be measured.
#[test]
fn other_tables_are_read_before_the_training() {
    let folder = folder();
    let header = "sepal_length,sepal_width,petal_length,petal_width,species\n";
    for (table, status, message) in [
        ("x,species\n1,setosa\n".to_owned(), DATA, "other.csv: the table has no column"),
        (format!("{header}5,3,1,1,setosa\n5,long,1,1,setosa\n"), DATA, "other.csv: line 3, column 2"),
        (format!("{header}5,3,1,1,rose\n"), DATA, "found \"rose\", expected one of the classes"),
        (format!("{header}5,3,1,1,\n"), DATA, "other.csv: no row has the target species"),
        (header.replace("species", "kind") + "5,3,1,1,setosa\n", ARGUMENTS, "there is no column \"species\""),
    ] {
        fs::write(folder.path().join("other.csv"), table).unwrap();
        for option in ["--validation", "--test"] {
            let arguments = [&["train", "iris.csv"], &SMALL[..], &[option, "other.csv"]].concat();
            check(folder.path(), &arguments, status, message);
            assert!(!folder.path().join("m.ann").exists(), "{option}: {message}");
        }
    }
    fs::copy(folder.path().join("iris.csv"), folder.path().join("copy.csv")).unwrap();
    for option in ["--validation", "--test"] {
        let arguments = [&["train", "iris.csv"], &SMALL[..], &[option, "copy.csv"]].concat();
        check(
            folder.path(),
            &arguments,
            ARGUMENTS,
            "copy.csv has the rows of the table that is learned from",
        );
    }
    fs::write(folder.path().join("other.csv"), format!("{header}5,3,1,1,\n5,3,1,1,setosa\n")).unwrap();
    let arguments = [&["train", "iris.csv"], &SMALL[..], &["--validation", "other.csv"]].concat();
    check(folder.path(), &arguments, 0, "note: other.csv: 1 row without target left out\n");
    let quiet = run(folder.path(), &[&arguments[..], &["--force", "--quiet"]].concat());
    assert_eq!((text(&quiet.stdout), text(&quiet.stderr)), ("", ""));
    check(folder.path(), &["train", "-", "-t", "species", "--test", "-"], DATA, "the file is empty");
}

#[test]
fn files_that_are_no_checkpoints() {
    let folder = trained();
    for (file, message) in [
        ("iris.csv", "--resume: iris.csv is no checkpoint: expected a file that --checkpoint has written"),
        ("m.ann", "--resume: m.ann holds a model: expected a file that --checkpoint has written"),
    ] {
        let arguments = ["train", "iris.csv", "-t", "species", "-o", "new.ann", "--resume", file];
        check(folder.path(), &arguments, DATA, message);
    }
}

/// One unit that is 0 on one side is too few for a plane.
#[test]
fn a_linear_model_that_is_better_comes_next() {
    let folder = folder();
    let row = |row: usize| {
        let (a, b) = ((row * 37 % 101) as f64, (row * 53 % 97) as f64);
        format!("{a},{b},{}\n", 3.0 * a - 2.0 * b + (row % 5) as f64)
    };
    let table = (0..300).map(row).fold("a,b,y\n".to_owned(), |text, row| text + &row);
    fs::write(folder.path().join("t.csv"), table).unwrap();
    let small = ["--networks", "1", "--hidden", "1", "--activation", "relu", "--epochs", "40"];
    let output = run(folder.path(), &[&["train", "t.csv", "-t", "y"], &small[..]].concat());
    let next = "next: ann train t.csv -t y --networks 1 --activation relu --epochs 40 --hidden none --force\n      \
                ann predict y.ann NEW.csv\n";
    assert!(text(&output.stdout).ends_with(next), "{}", text(&output.stdout));
    // The command is right.
    let next = ["train", "t.csv", "-t", "y", "--networks", "1", "--activation", "relu", "--epochs", "40"];
    check(folder.path(), &[&next[..], &["--hidden", "none", "--force"]].concat(), 0, "");
}

/// y and z are random, whatever x is; the whole numbers z from 0 to 6 may be classes or amounts.
#[test]
fn what_cannot_be_predicted_and_what_may_be_classes_is_said() {
    let folder = folder();
    // The numbers of a linear congruential generator (Knuth, MMIX).
    let mut state = 1_u64;
    let mut random = |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let table = (0..300).fold("x,y,z\n".to_owned(), |text, _| {
        text + &format!("{},{}.5,{}\n", random(1000), random(1000), random(7))
    });
    fs::write(folder.path().join("t.csv"), table).unwrap();
    let printed = |options: &[&str]| {
        let output =
            run(folder.path(), &[&["train", "t.csv", "--force", "--epochs", "20"], options].concat());
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        text(&output.stdout).to_owned()
    };
    let useless = "No model is better than a constant: these columns do not predict the target.\n";
    let number = printed(&["-t", "y"]);
    assert!(number.contains(useless) && !number.contains("--hidden none"), "{number}");
    let note = "note: 7 whole numbers are taken for classes; --task regress predicts a number\n";
    assert!(printed(&["-t", "z"]).contains(note) && !number.contains(note));
    let stated = printed(&["-t", "z", "--task", "classify"]);
    assert!(!stated.contains(note), "{stated}");
    let flowers = run(folder.path(), &["train", "iris.csv", "-t", "species", "--epochs", "20"]);
    assert!(!text(&flowers.stdout).contains(useless), "{flowers:?}");
}

#[test]
fn networks_have_two_names() {
    let folder = folder();
    let small = ["-t", "species", "-o", "m.ann", "--hidden", "4", "--epochs", "2", "--no-score"];
    check(folder.path(), &[&["train", "iris.csv", "--seeds", "3"], &small[..]].concat(), 0, "");
    assert_eq!(Model::load(folder.path().join("m.ann")).unwrap().networks().len(), 3);
    for option in ["--networks", "--seeds"] {
        let message = "expected 1 to 1000 networks; --seeds is another name of --networks";
        check(folder.path(), &[&["train", "iris.csv", option, "0"], &small[..]].concat(), ARGUMENTS, message);
    }
}

/// The score is that of the model in the file, on the rows of the other table.
#[test]
fn rows_of_another_table_give_the_score() {
    let folder = two_tables();
    let path = folder.path();
    let table = Table::open(path.join("new.csv")).unwrap();
    let options = ["--validation", "new.csv", "--json"];
    let output = run(path, &[&["train", "old.csv"], &SMALL[..], &options].concat());
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let found: Value = serde_json::from_str(text(&output.stdout)).unwrap();
    let model = Model::load(path.join("m.ann")).unwrap();
    assert_eq!(model.provenance["data"]["rows"], 120);
    let Score::Classes(score) = Score::of(&model, &table).unwrap() else { panic!("classes") };
    let score_of = &found["score"];
    assert_eq!(score_of["rows"], 30);
    assert_eq!(score_of["rule"], "rows of new.csv");
    assert_eq!(score_of["model"]["log loss"]["value"], json!(score.log_loss.value));
    assert_eq!(score_of["constant"]["accuracy"]["value"], json!(1.0 / 3.0));
    // In words, and on the page.
    let options = ["--validation", "new.csv", "--report", "page.html", "--force"];
    let output = run(path, &[&["train", "old.csv"], &SMALL[..], &options].concat());
    let words = text(&output.stdout);
    assert!(
        words.contains("score of 30 rows of new.csv\n") && words.contains("always \"setosa\""),
        "{words}"
    );
    let page = fs::read_to_string(path.join("page.html")).unwrap();
    assert!(page.contains("score of 30 rows of new.csv") && page.contains("<th>log loss</th>"), "no score");
    // As `ann eval` says.
    let output = run(path, &["eval", "m.ann", "new.csv", "--json"]);
    let eval: Value = serde_json::from_str(text(&output.stdout)).unwrap();
    assert_eq!((&eval["score"], &eval["constant"]), (&score_of["model"], &score_of["constant"]));
    let output = run(path, &[&["train", "old.csv"], &SMALL[..], &options, &["--explain"]].concat());
    assert!(text(&output.stdout).contains("rows of new.csv"), "{}", text(&output.stdout));
}

/// A model that knows nothing is as good as the constant.
#[test]
fn an_evaluation_has_a_constant_beside_it() {
    let folder = folder();
    let rows = |shift: usize| {
        let row = |row: usize| {
            format!("{},{}\n", (row * 7919 + shift) % 101, if row.is_multiple_of(4) { 8 } else { 2 })
        };
        (0..100).map(row).fold("x,y\n".to_owned(), |text, row| text + &row)
    };
    fs::write(folder.path().join("a.csv"), rows(0)).unwrap();
    fs::write(folder.path().join("b.csv"), rows(50)).unwrap();
    let small = ["--task", "regress", "--networks", "1", "--hidden", "none", "--epochs", "5", "--no-score"];
    check(folder.path(), &[&["train", "a.csv", "-t", "y", "-o", "m.ann"], &small[..]].concat(), 0, "");
    let output = run(folder.path(), &["eval", "m.ann", "b.csv"]);
    assert!(text(&output.stdout).contains("always the mean of these rows  0.000 ± "), "{output:?}");
    let output = run(folder.path(), &["eval", "m.ann", "b.csv", "--json", "--min", "R2=0.9"]);
    assert_eq!(output.status.code(), Some(BELOW));
    let found: Value = serde_json::from_str(text(&output.stdout)).unwrap();
    // The mean is 3.5, and the standard deviation √(¾·1.5² + ¼·4.5²) = √6.75.
    let rmse = found["constant"]["RMSE"]["value"].as_f64().unwrap();
    assert!((rmse - 6.75_f64.sqrt()).abs() < 1e-9, "{rmse}");
}

/// The folder of the checkpoint is removed as soon as the file is there.
#[cfg(unix)]
#[test]
fn a_checkpoint_that_cannot_be_written_is_said_and_ends_nothing() {
    use crate::interruption::wait_until;
    use crate::program::command;

    let folder = folder();
    let inner = folder.path().join("inner");
    fs::create_dir(&inner).unwrap();
    let options =
        ["--checkpoint", "inner/state", "--checkpoint-every", "1ms", "--threads", "1", "--no-score"];
    let long = ["-t", "species", "-o", "m.ann", "--networks", "1", "--hidden", "4", "--epochs", "2000"];
    let arguments = [&["train", "iris.csv"], &long[..], &options].concat();
    let child = command(folder.path(), &arguments).stdout(Stdio::piped()).spawn().unwrap();
    wait_until(|| inner.join("state").exists());
    // A file that is being written may be in the way.
    wait_until(|| fs::remove_dir_all(&inner).is_ok());
    let output = child.wait_with_output().unwrap();
    let errors = text(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{errors}");
    let goes_on = "warning: inner/state: cannot write: entity not found; the training goes on without it";
    assert_eq!(errors.matches(goes_on).count(), 1, "{errors}");
    assert!(
        errors.contains("the model is written, but the last state of the training is not saved"),
        "{errors}"
    );
    check(folder.path(), &["rebuild", "m.ann", "iris.csv"], 0, "");
}

/// A word for each row, and a few that are frequent.
#[test]
fn words_that_are_not_shown_are_counted() {
    let folder = folder();
    let row = |row: usize| format!("w{},{}\n", row % 12, ["a", "b"][row / 3 % 2]);
    let table = (0..120).map(row).fold("word,y\n".to_owned(), |text, row| text + &row);
    fs::write(folder.path().join("t.csv"), table).unwrap();
    let small = ["--networks", "1", "--hidden", "none", "--epochs", "2", "--no-score"];
    check(folder.path(), &[&["train", "t.csv", "-t", "y", "-o", "m.ann"], &small[..]].concat(), 0, "");
    let output = run(folder.path(), &["explain", "m.ann", "t.csv"]);
    let expected = "mean prediction if word were the same in all rows; 9 of 12 words shown\n";
    assert!(text(&output.stdout).contains(expected), "{}", text(&output.stdout));
    let output = run(folder.path(), &["explain", "m.ann", "t.csv", "--json"]);
    let found: Value = serde_json::from_str(text(&output.stdout)).unwrap();
    assert_eq!(found["dependence"][0]["words"], 12);
}

fn train(folder: &Path, options: &[&str]) {
    check(folder, &[&["train", "iris.csv"], &SMALL[..], &["--force"], options].concat(), 0, "");
}

fn settings(folder: &Path) -> Value {
    Model::load(folder.join("m.ann")).unwrap().provenance["settings"].clone()
}

/// The flowers: every fifth one is in the other table.
fn two_tables() -> TempDir {
    let folder = folder();
    let text = fs::read_to_string(folder.path().join("iris.csv")).unwrap();
    let (header, rows) = text.split_once('\n').unwrap();
    for (name, is_new) in [("old.csv", false), ("new.csv", true)] {
        let rows = rows.lines().enumerate().filter(|(place, _)| (place % 5 == 0) == is_new);
        let rows = rows.fold(format!("{header}\n"), |text, (_, row)| text + row + "\n");
        fs::write(folder.path().join(name), rows).unwrap();
    }
    folder
}
