//! The Python runners read the same workloads from the file as Rust does.

use std::io::ErrorKind;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

/// Exit code of `bench/peers/workloads.py` if Python is too old to read TOML.
const TOO_OLD: i32 = 3;

#[test]
fn python_reads_what_rust_reads() {
    // The gate needs no Python. Without Python, no Python runner is measured either.
    let Some(output) = python() else { return };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout).expect("JSON is UTF-8");
    let read: Vec<Value> =
        lines.lines().map(|line| serde_json::from_str(line).expect("a workload in JSON")).collect();
    let expected: Vec<_> = ann_workloads::all()
        .iter()
        .map(|workload| serde_json::to_value(workload).expect("plain data"))
        .collect();
    assert_eq!(read, expected);
}

/// The output of the script; `None` if no Python can run it.
fn python() -> Option<Output> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../peers/workloads.py");
    let program = if cfg!(windows) { "python" } else { "python3" };
    match Command::new(program).env("PYTHONIOENCODING", "utf-8").arg("-B").arg(script).output() {
        Ok(output) if output.status.code() == Some(TOO_OLD) => None,
        Ok(output) => Some(output),
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => panic!("{program} could not be started: {error}"),
    }
}
