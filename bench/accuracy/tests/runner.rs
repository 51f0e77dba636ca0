//! Our runner answers as `bench/peers/README.md` says.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use ann_accuracy::exchange::{Answer, Assignment, Hello};

#[test]
fn classes() {
    let answer = ask(
        "x,word,y\n",
        |row| format!("{row}.5,w{},{}\n", row % 3, if row < 20 { "low" } else { "high" }),
        true,
    );
    // Row 31 comes first, as it was asked for.
    assert_eq!(answer.truth, ["high", "low"]);
    assert_eq!(answer.classes, ["high", "low"]);
    for (row, set) in answer.values.iter().zip(answer.sets.unwrap()) {
        assert!((row.iter().sum::<f64>() - 1.0).abs() < 1e-6, "{row:?}");
        assert!(set.len() == 2 && set.contains(&true), "{set:?}");
    }
    assert_eq!(answer.intervals, None);
}

#[test]
fn numbers() {
    let answer = ask("x,word,y\n", |row| format!("{row}.5,w,{}.5\n", row * row), false);
    assert_eq!(answer.truth, ["961.5", "9.5"]);
    for (row, [low, high]) in answer.values.iter().zip(answer.intervals.unwrap()) {
        assert!(row.len() == 1 && low < row[0] && row[0] < high, "{low} {row:?} {high}");
    }
    assert_eq!((answer.classes.len(), answer.sets), (0, None));
}

/// Trains on 38 rows, and predicts rows 31 and 3.
fn ask(header: &str, line: impl Fn(usize) -> String, classes: bool) -> Answer {
    let folder = tempfile::tempdir().unwrap();
    let [table, file] = ["table.csv", "assignment.json"].map(|name| folder.path().join(name));
    fs::write(&table, header.to_owned() + &(0..40).map(line).collect::<String>()).unwrap();
    let assignment = Assignment {
        copy: table.clone(),
        table,
        target: "y".to_owned(),
        classes,
        words: vec!["word".to_owned()],
        seed: 0,
        train: (0..40).filter(|row| ![31, 3].contains(row)).collect(),
        test: vec![31, 3],
    };
    fs::write(&file, serde_json::to_string(&assignment).unwrap()).unwrap();
    let output = talk(&file);
    let [hello, answer] = output.lines().collect::<Vec<_>>()[..] else { panic!("{output}") };
    assert_eq!(serde_json::from_str::<Hello>(hello).unwrap().peer, "ann");
    serde_json::from_str(answer).unwrap()
}

/// All that the runner says when it is asked for one assignment.
fn talk(assignment: &Path) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ann-tabular-runner"));
    let mut runner = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    writeln!(runner.stdin.take().unwrap(), "fit {}", assignment.display()).unwrap();
    let output = runner.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}
