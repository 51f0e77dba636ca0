//! Python reads model files with `safetensors` and numpy alone, and computes what this crate computes.

use std::io::ErrorKind;
use std::process::{Command, Output};

use ann_model::Model;

/// NumPy computes in double precision what networks of this precision compute in their own.
const SINGLE: f64 = 1e-6;
const DOUBLE: f64 = 1e-14;

#[test]
fn python_computes_the_probe() {
    for (file, tolerance) in [("classification", SINGLE), ("regression", DOUBLE)] {
        let path = format!("tests/files/1/{file}.ann");
        // The gate needs no Python.
        let Some(output) = python(&path) else { return };
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let differences = text.lines().map(|line| line.rsplit_once(' ').unwrap().1.parse().unwrap());
        let differences: Vec<f64> = differences.collect();
        assert_eq!(differences.len(), Model::load(path).unwrap().networks().len());
        assert!(differences.iter().all(|difference| *difference < tolerance), "{file}: {text}");
    }
}

/// The output of the program; `None` if there is no Python, or none with these packages.
fn python(file: &str) -> Option<Output> {
    let program = if cfg!(windows) { "python" } else { "python3" };
    match Command::new(program).args(["-B", "examples/read_with_python.py", file]).output() {
        Ok(output) if String::from_utf8_lossy(&output.stderr).contains("ModuleNotFoundError") => None,
        Ok(output) => Some(output),
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => panic!("{program} could not be started: {error}"),
    }
}
