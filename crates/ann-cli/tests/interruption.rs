//! Signals that end the program.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use std::{fs, thread};

use crate::program::{command, trained};

const PATIENCE: Duration = Duration::from_secs(60);

/// The input does not end, so that the program waits for more of it.
#[test]
fn a_prediction_that_is_ended_leaves_no_file() {
    for (signal, status) in [("INT", 130), ("TERM", 143)] {
        let folder = trained();
        let files = || fs::read_dir(folder.path()).unwrap().count();
        let before = files();
        let arguments = ["predict", "m.ann", "-", "-o", "out.csv"];
        let mut child = command(folder.path(), &arguments).stdin(Stdio::piped()).spawn().unwrap();
        let mut input = child.stdin.take().unwrap();
        input.write_all(&rows(folder.path())).unwrap();
        wait_until(|| files() > before);
        let kill = Command::new("kill").args([&format!("-{signal}"), &child.id().to_string()]).status();
        assert!(kill.unwrap().success());
        assert_eq!(child.wait().unwrap().code(), Some(status), "{signal}");
        assert_eq!(files(), before, "{signal}");
        drop(input);
    }
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
