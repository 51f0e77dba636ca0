//! What the program does with files that are wrong, outputs that cannot be written, and pipes.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::{fs, str};

use ann_tabular::ann_model::ndarray::Array2;
use ann_tabular::{Model, Reader, Recipe, Scoring, Table};
use serde_json::Value;
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

/// What helps, if the cells of a column are written in another way.
#[test]
fn numbers_in_another_notation() {
    let folder = folder();
    let rows = |separator: char, cell: &str| {
        let row = |row: usize| format!("{}{separator}{row}\n", cell.replace('#', &(row + 100).to_string()));
        (0..50).map(row).fold(format!("x{separator}y\n"), |text, row| text + &row)
    };
    for (separator, cell, message) in [
        (',', "\"#,71\"", "  decimals have a comma:     --decimal , or write 100.71 for \"100,71\"\n"),
        (';', "1.#,54", "  they are numbers:          write 1100.54 for \"1.100,54\"\n"),
        (';', "#%", "  they are numbers:          write 100 for \"100%\"\n"),
        (';', "€ #", "  they are numbers:          write 100 for \"€ 100\"\n"),
    ] {
        fs::write(folder.path().join("t.csv"), rows(separator, cell)).unwrap();
        check(folder.path(), &["train", "t.csv", "-t", "y"], DATA, message);
        let look = run(folder.path(), &["look", "t.csv"]);
        assert!(text(&look.stdout).contains(message) && !text(&look.stdout).contains("note"), "{look:?}");
    }
    // The way out.
    fs::write(folder.path().join("t.csv"), rows(',', "\"#,71\"")).unwrap();
    let look = run(folder.path(), &["look", "t.csv", "--decimal", ","]);
    assert!(text(&look.stdout).contains("100.71 … 149.71"), "{look:?}");
    // A column of words is no error, so it is said.
    fs::write(folder.path().join("t.csv"), rows(',', "01.02.2#")).unwrap();
    let note = "note: \"x\": cells such as \"01.02.2100\" are no dates; write 2100-02-01 instead";
    let look = run(folder.path(), &["look", "t.csv"]);
    assert!(text(&look.stdout).contains(note), "{look:?}");
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
        (&["train", "iris.csv", "-o", "x.ann"], ARGUMENTS, "which column"),
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

/// A model of a part of a table, and what it says of the other part: as the library, for two splits of tables
/// of classes and of numbers.
#[test]
fn models_are_those_of_the_library_to_the_last_bit() {
    let folder = folder();
    for (table, target) in [("iris.csv", "species"), ("iris.csv", "petal_width"), ("customers.csv", "left")] {
        for seed in 0..2 {
            let [learned, other] = divided(folder.path(), table, seed);
            let found = by_program(folder.path(), target, seed);
            let recipe =
                Recipe { seed, epochs: 4, least_updates: 0, scoring: Scoring::Off, ..Recipe::default() };
            let model = recipe.fit_model(&learned, target).unwrap();
            let expected = model.predict(&other).unwrap();
            assert_eq!(found, expected.values(), "{target}, split {seed}");
        }
    }
}

/// Writes the rows of one side of a split to `train.csv`, and those of the other to `test.csv`.
fn divided(folder: &Path, table: &str, seed: u64) -> [Table; 2] {
    let text = fs::read_to_string(folder.join(table)).unwrap();
    let (header, rows) = text.split_once('\n').unwrap();
    ["train.csv", "test.csv"].map(|name| {
        let is_tested = |row: u64| (row + seed).is_multiple_of(4);
        let rows = (0..).zip(rows.lines()).filter(|&(row, _)| is_tested(row) == (name == "test.csv"));
        let rows = rows.fold(format!("{header}\n"), |text, (_, row)| text + row + "\n");
        fs::write(folder.join(name), rows).unwrap();
        reader(table).open(folder.join(name)).unwrap()
    })
}

/// The table of customers has words for missing numbers.
fn reader(table: &str) -> Reader {
    let words = (table == "customers.csv").then(|| ("income".to_owned(), "n.a.".to_owned()));
    Reader { missing_in: words.into_iter().collect(), ..Reader::default() }
}

/// What the program predicts of the rows of `test.csv`, from those of `train.csv`.
fn by_program(folder: &Path, target: &str, seed: u64) -> Array2<f64> {
    let (seed, is_number) = (seed.to_string(), target == "petal_width");
    let income = if target == "left" { &["--missing-in", "income=n.a."][..] } else { &[] };
    let train = ["train", "train.csv", "-t", target, "-o", "split.ann", "--force", "--epochs", "4"];
    check(folder, &[&train[..], &["--seed", &seed, "--no-score", "--quiet"], income].concat(), 0, "");
    let predict = ["predict", "split.ann", "test.csv", "--keep", "none", "-o", "out.csv", "--force"];
    let all = if is_number { &[][..] } else { &["--probabilities"] };
    check(folder, &[&predict[..], all].concat(), 0, "");
    let text = fs::read_to_string(folder.join("out.csv")).unwrap();
    let separator = if text.contains(';') { ';' } else { ',' };
    // Of classes, the first column is the name of the predicted one.
    let numbers = |line: &str| -> Vec<f64> {
        let cells = line.split(separator).skip(usize::from(!is_number));
        cells.map(|cell| cell.replace(',', ".").parse().unwrap()).collect()
    };
    let rows: Vec<Vec<f64>> = text.lines().skip(1).map(numbers).collect();
    Array2::from_shape_vec((rows.len(), rows[0].len()), rows.concat()).unwrap()
}

/// 4500 rows are more than one block: equal rows have equal lines, wherever blocks end.
#[test]
fn rows_of_later_blocks() {
    const TIMES: usize = 30;
    let folder = trained();
    let rows = fs::read_to_string(folder.path().join("iris.csv")).unwrap();
    let (header, rows) = rows.split_once('\n').unwrap();
    fs::write(folder.path().join("long.csv"), format!("{header}\n{}", rows.repeat(TIMES))).unwrap();
    let once = run(folder.path(), &["predict", "m.ann", "iris.csv"]);
    let (header, lines) = text(&once.stdout).split_once('\n').unwrap();
    let long = run(folder.path(), &["predict", "m.ann", "long.csv"]);
    assert!(text(&long.stdout) == format!("{header}\n{}", lines.repeat(TIMES)));
}

#[test]
fn a_threshold_is_that_of_the_second_class() {
    let folder = folder();
    let row = |row: usize| format!("{row}.5,{}\n", if row < 30 { "no" } else { "yes" });
    fs::write(
        folder.path().join("t.csv"),
        (0..60).map(row).fold("x,y\n".into(), |all: String, row| all + &row),
    )
    .unwrap();
    let train = ["train", "t.csv", "-t", "y", "-o", "m.ann", "--networks", "1", "--no-score", "--quiet"];
    assert_eq!(run(folder.path(), &train).status.code(), Some(0));
    // A probability is never that near to 0 or 1 here, but often above or below one half.
    for (threshold, expected) in
        [("1e-12", ["yes", "yes"]), ("0.5", ["no", "yes"]), ("0.999999999999", ["no", "no"])]
    {
        // The class is also in its set.
        let options = ["--threshold", threshold, "--intervals", "0.5"];
        let rows = [&["predict", "m.ann", "-", "--keep", "none"][..], &options].concat();
        let rows = with_input(folder.path(), &rows, "x\n0.5\n59.5\n");
        let found: Vec<&str> =
            text(&rows.stdout).lines().skip(1).map(|line| line.split(',').next().unwrap()).collect();
        assert_eq!(found, expected, "{threshold}");
        let sets = text(&rows.stdout).lines().skip(1).map(|line| line.rsplit(',').next().unwrap());
        for (set, expected) in sets.zip(expected) {
            assert!(set.split('|').any(|class| class == expected), "{threshold}: {set}");
        }
        let objects = [&["predict", "m.ann", "-", "--jsonl"][..], &options].concat();
        let objects = with_input(folder.path(), &objects, "{\"x\": 0.5}\n{\"x\": 59.5}\n");
        for (line, expected) in text(&objects.stdout).lines().zip(expected) {
            let object: Value = serde_json::from_str(line).unwrap();
            assert_eq!(object["prediction"], expected, "{threshold}: {line}");
            assert!(object["set"].as_array().unwrap().contains(&expected.into()), "{threshold}: {line}");
        }
    }
}

/// Two words and two numbers that the model does not know, in three rows of four.
#[test]
fn surprises_of_every_row_are_counted() {
    let folder = folder();
    let row = |row: usize| {
        format!("{row}.5,{},{}\n", ["a", "b", "c"][row % 3], if row < 30 { "no" } else { "yes" })
    };
    let table = (0..60).map(row).fold("x,w,y\n".to_owned(), |table, row| table + &row);
    fs::write(folder.path().join("t.csv"), table).unwrap();
    let small = ["--networks", "1", "--epochs", "1", "--no-score", "--quiet"];
    check(folder.path(), &[&["train", "t.csv", "-t", "y", "-o", "m.ann"][..], &small].concat(), 0, "");
    let output = with_input(folder.path(), &["predict", "m.ann", "-"], "x,w\n1,a\n2,z\n70,q\n-1,a\n");
    assert_eq!(
        text(&output.stderr),
        "note: x: 2 of 4 values outside 0.5 … 59.5, the range of the training (first \"70\", line 4)\n\
         note: w: 2 of 4 values unknown, taken as no word at all (first \"z\", line 3)\n"
    );
}

/// Sets and intervals of JSON lines are those of rows.
#[test]
fn json_lines_have_the_sets_of_rows() {
    let folder = trained();
    let input = "sepal_length,sepal_width,petal_length,petal_width\n5.9,3.0,5.1,1.8\n6.0,2.9,4.8,1.7\n";
    let object = |line: &str| {
        let names = input.lines().next().unwrap().split(',');
        let cells = names.zip(line.split(',')).map(|(name, cell)| format!("\"{name}\":{cell}"));
        format!("{{{}}}\n", cells.collect::<Vec<_>>().join(","))
    };
    let objects: String = input.lines().skip(1).map(object).collect();
    for options in [&["--intervals", "0.6"][..], &["--intervals", "0.999"]] {
        let rows = [&["predict", "m.ann", "-", "--keep", "none"][..], options].concat();
        let rows = with_input(folder.path(), &rows, input);
        let lines = [&["predict", "m.ann", "-", "--jsonl"][..], options].concat();
        let lines = with_input(folder.path(), &lines, &objects);
        for (row, line) in text(&rows.stdout).lines().skip(1).zip(text(&lines.stdout).lines()) {
            let set = row.rsplit(',').next().unwrap().split('|').map(|class| format!("\"{class}\""));
            let set = format!("\"set\":[{}]", set.collect::<Vec<_>>().join(","));
            assert!(line.contains(&set), "{row} {line}");
        }
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
fn colours_only_where_they_are_asked_for() {
    let folder = folder();
    let is_coloured = |arguments: &[&str]| text(&run(folder.path(), arguments).stderr).contains('\u{1b}');
    assert!(!is_coloured(&["look", "nowhere.csv"]), "a pipe is no terminal");
    assert!(!is_coloured(&["look", "nowhere.csv", "--color", "never"]));
    assert!(is_coloured(&["look", "nowhere.csv", "--color", "always"]));
}

/// A pipe has colours only if they are forced, so both variables are needed.
#[test]
fn no_color_in_the_environment() {
    let folder = folder();
    let is_coloured = |variables: &[&str], arguments: &[&str]| {
        let variables = variables.iter().map(|name| (name, "1"));
        let output = command(folder.path(), arguments).envs(variables).output().unwrap();
        assert_eq!(output.status.code(), Some(FILES));
        text(&output.stderr).contains('\u{1b}')
    };
    let look = ["look", "nowhere.csv"];
    assert!(is_coloured(&["CLICOLOR_FORCE"], &look));
    assert!(!is_coloured(&["CLICOLOR_FORCE", "NO_COLOR"], &look));
    assert!(!is_coloured(&["NO_COLOR"], &look));
    // An option is a clearer wish than a variable.
    assert!(is_coloured(&["NO_COLOR"], &["look", "nowhere.csv", "--color", "always"]));
    assert!(!is_coloured(&["CLICOLOR_FORCE"], &["look", "nowhere.csv", "--color", "never"]));
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
    check(folder.path(), &["eval", "m.ann", "iris.csv", "--better-than", "m.ann"], BELOW, "below: log loss ");
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
    command.env_remove("NO_COLOR").env_remove("CLICOLOR").env_remove("CLICOLOR_FORCE");
    command
}

pub fn text(bytes: &[u8]) -> &str {
    str::from_utf8(bytes).unwrap()
}
