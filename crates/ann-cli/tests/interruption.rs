//! Signals that end the program.

use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use std::{fs, thread};

use crate::program::trained;

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
        let kill = Command::new("kill").args([&format!("-{signal}"), &child.id().to_string()]).status();
        assert!(kill.unwrap().success());
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
