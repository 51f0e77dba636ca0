//! Signals that end the program.

use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use std::{fs, thread};

use serde_json::Value;

use crate::killed::epochs_in;
use crate::program::{command, run, text, trained};
use crate::transcripts::folder;

const PATIENCE: Duration = Duration::from_secs(60);

/// The input does not end, so that the program waits for more of it.
#[test]
fn a_prediction_that_is_ended_leaves_no_file() {
    for (signal, status) in [("INT", 130), ("QUIT", 131), ("TERM", 143), ("XCPU", 152)] {
        check(&[signal], false, status);
    }
}

/// A terminal that is closed ends the program, too, unless it was started by `nohup`. Then another signal has
/// to end it. Only on Linux the program knows how it was started.
#[cfg(target_os = "linux")]
#[test]
fn a_prediction_survives_its_terminal_if_it_shall() {
    check(&["HUP"], false, 129);
    check(&["HUP", "TERM"], true, 143);
}

/// Sends signals to a prediction, the last of which ends it.
#[track_caller]
fn check(signals: &[&str], survives_terminal: bool, status: i32) {
    let folder = trained();
    let files = || fs::read_dir(folder.path()).unwrap().count();
    let before = files();
    let mut child = prediction(folder.path(), survives_terminal);
    let mut input = child.stdin.take().unwrap();
    input.write_all(&rows(folder.path())).unwrap();
    wait_until(|| files() > before);
    for signal in signals {
        send(signal, &child);
        // The first one would end the program within a moment.
        thread::sleep(Duration::from_millis(100));
    }
    assert_eq!(child.wait().unwrap().code(), Some(status), "{signals:?}");
    assert_eq!(files(), before, "{signals:?}");
    drop(input);
}

/// The program. On Linux it does not matter by what these tests were started.
fn prediction(folder: &Path, survives_terminal: bool) -> Child {
    let mut command = Command::new("env");
    if cfg!(target_os = "linux") {
        command.arg(if survives_terminal { "--ignore-signal=HUP" } else { "--default-signal=HUP" });
    }
    command.arg(env!("CARGO_BIN_EXE_ann")).args(["predict", "m.ann", "-", "-o", "out.csv"]);
    command.current_dir(folder).stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Each epoch is in the checkpoint.
#[test]
fn a_training_that_is_ended_keeps_its_best_networks() {
    let folder = folder();
    let checkpoint = folder.path().join("state");
    let long = ["--networks", "1", "--hidden", "4", "--epochs", "10000000", "--no-score", "--json"];
    let state = ["--checkpoint", "state", "--checkpoint-every", "0s"];
    let mut child = train(folder.path(), &[&long[..], &state].concat());
    wait_until(|| epochs_in(&checkpoint) > 0);
    send("INT", &child);
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let found: Value = serde_json::from_reader(child.stdout.take().unwrap()).unwrap();
    assert_eq!((&found["interrupted"], &found["model"]["file"]), (&true.into(), &"m.ann".into()));
    let output = run(folder.path(), &["inspect", "m.ann"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
}

/// The first epoch takes seconds: it has more than a hundred updates of millions of weights.
#[cfg(target_os = "linux")]
#[test]
fn a_training_that_is_ended_in_its_first_epoch_writes_nothing() {
    let folder = trained();
    let before = fs::read(folder.path().join("m.ann")).unwrap();
    let files = || fs::read_dir(folder.path()).unwrap().count();
    let count = files();
    let long = ["--networks", "1", "--hidden", "2000,2000", "--batch", "1", "--no-score", "--force"];
    let child = train(folder.path(), &long);
    wait_until(|| is_listening(child.id()));
    thread::sleep(Duration::from_millis(300));
    send("INT", &child);
    let output = child.wait_with_output().unwrap();
    let message =
        "ended by Ctrl-C before an epoch was done: there is no model, and no file of it was written";
    assert_eq!(output.status.code(), Some(130), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains(message), "{}", text(&output.stderr));
    assert_eq!(text(&output.stdout), "");
    assert!(fs::read(folder.path().join("m.ann")).unwrap() == before && files() == count);
}

/// Whether a process handles the signal of Ctrl-C itself.
#[cfg(target_os = "linux")]
fn is_listening(process: u32) -> bool {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap().trim();
    // Signal n is bit n - 1.
    u64::from_str_radix(caught, 16).unwrap() & 2 != 0
}

fn train(folder: &Path, options: &[&str]) -> Child {
    let flowers = ["train", "iris.csv", "-t", "species", "-o", "m.ann", "--threads", "1"];
    command(folder, &[&flowers[..], options].concat()).stdout(Stdio::piped()).spawn().unwrap()
}

fn send(signal: &str, child: &Child) {
    let kill = Command::new("kill").args([&format!("-{signal}"), &child.id().to_string()]).status();
    assert!(kill.unwrap().success());
}

/// More rows than are in memory at a time.
fn rows(folder: &Path) -> Vec<u8> {
    let text = fs::read_to_string(folder.join("iris.csv")).unwrap();
    let (header, rows) = text.split_once('\n').unwrap();
    format!("{header}\n{}", rows.repeat(100)).into_bytes()
}

pub fn wait_until(is_true: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is_true() {
        assert!(begun.elapsed() < PATIENCE, "nothing happens");
        thread::sleep(Duration::from_millis(1));
    }
}
