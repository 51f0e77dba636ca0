//! The libraries we are compared with: installed and built below the target folder, each started as a runner.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Command;

use ann_bench::absence::Absence;
use ann_bench::folders::Folders;
use ann_bench::{print, python};
use anyhow::{Context, Result};

use crate::cargo;

/// A library that takes part.
#[derive(Clone, Copy, Debug)]
pub struct Library {
    pub name: &'static str,
    source: Source,
}

#[derive(Clone, Copy, Debug)]
enum Source {
    /// A module of `bench/peers/`, and the Python packages that it imports.
    Python(&'static [&'static str]),
    /// A program of `bench/frameworks/`.
    Rust,
}

const fn python(name: &'static str, packages: &'static [&'static str]) -> Library {
    Library { name, source: Source::Python(packages) }
}

const fn rust(name: &'static str) -> Library {
    Library { name, source: Source::Rust }
}

/// All libraries. The position of a library decides its mark in the pictures.
pub const LIBRARIES: [Library; 10] = [
    python("numpy", &["numpy"]),
    python("jax", &["numpy", "jax", "optax"]),
    python("pytorch", &["numpy", "torch"]),
    rust("candle"),
    rust("burn"),
    python("scikit-learn", &["numpy", "scikit-learn"]),
    python("onnxruntime", &["numpy", "onnx", "onnxruntime"]),
    python("fann", &["numpy"]),
    python("scipy", &["numpy", "scipy"]),
    python("pyrenn", &["numpy", "pyrenn"]),
];

/// How a runner is started.
#[derive(Clone, Debug)]
pub struct Peer {
    /// The name that it must answer with.
    pub name: String,
    /// The program. The number of threads becomes its last argument.
    pub program: PathBuf,
    pub arguments: Vec<String>,
}

impl Peer {
    /// The command that starts it.
    pub fn command(&self, threads: usize) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).arg(threads.to_string());
        command
    }
}

/// Reads a list such as `numpy,jax`; `all` means all libraries.
///
/// # Errors
/// A library that is not known.
pub fn parse(names: &str) -> Result<Vec<Library>> {
    if names == "all" {
        return Ok(LIBRARIES.to_vec());
    }
    let named = |name: &str| {
        let known = LIBRARIES.map(|library| library.name).join(", ");
        let library = LIBRARIES.into_iter().find(|library| library.name == name.trim());
        library.with_context(|| format!("no library is called {name:?}; there are {known}, or all"))
    };
    names.split(',').map(named).collect()
}

/// Installs and builds the libraries in the work folder. Those that cannot be installed or built are added to
/// `missing`.
pub fn prepare(folders: &Folders, libraries: &[Library], missing: &mut Vec<Absence>) -> Vec<Peer> {
    let mut peers = python_peers(folders, libraries, missing);
    for library in libraries.iter().filter(|library| matches!(library.source, Source::Rust)) {
        print::progress(format_args!("building {}", library.name));
        match build(folders, library.name) {
            Ok(program) => {
                peers.push(Peer { name: library.name.to_owned(), program, arguments: Vec::new() });
            }
            Err(error) => missing.push(Absence::everywhere(library.name, format!("{error:#}"))),
        }
    }
    peers
}

fn python_peers(folders: &Folders, libraries: &[Library], missing: &mut Vec<Absence>) -> Vec<Peer> {
    let mut names = Vec::new();
    let mut packages = BTreeSet::new();
    for library in libraries {
        if let Source::Python(needed) = library.source {
            names.push(library.name);
            packages.extend(needed);
        }
    }
    if names.is_empty() {
        return Vec::new();
    }
    match python::environment(folders, &packages, missing) {
        Ok(interpreter) => {
            let script = folders.root.join("bench/peers/runner.py").display().to_string();
            let arguments = |name: &str| vec![script.clone(), name.to_owned()];
            let peer = |name: &str| Peer {
                name: name.to_owned(),
                program: interpreter.clone(),
                arguments: arguments(name),
            };
            names.into_iter().map(peer).collect()
        }
        Err(error) => {
            missing.push(Absence::everywhere(&names.join(", "), format!("{error:#}")));
            Vec::new()
        }
    }
}

/// Builds the runner of a framework, in its own workspace and target folder. Returns the program.
fn build(folders: &Folders, framework: &str) -> Result<PathBuf> {
    let mut command = cargo::command();
    command.args(["build", "--release", "--package", &format!("{framework}-runner")]);
    command.arg("--manifest-path").arg(folders.root.join("bench/frameworks/Cargo.toml"));
    command.arg("--target-dir").arg(folders.work.join("frameworks"));
    cargo::build_program(&mut command)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_are_named_or_all() {
        let names = |text| parse(text).unwrap().iter().map(|library| library.name).collect::<Vec<_>>();
        assert_eq!(names("jax, burn"), ["jax", "burn"]);
        assert_eq!(names("all").len(), LIBRARIES.len());
        let error = parse("numpy,torch").unwrap_err().to_string();
        assert!(
            error.starts_with("no library is called \"torch\"; there are numpy, jax, pytorch, "),
            "{error}"
        );
    }

    #[test]
    fn each_package_has_one_line_in_the_committed_requirements() {
        let text = include_str!("../../peers/requirements.txt");
        for library in LIBRARIES {
            let Source::Python(packages) = library.source else { continue };
            let found = python::requirements(text, &packages.iter().copied().collect());
            assert_eq!(found.len(), packages.len(), "{}: {found:?}", library.name);
        }
    }
}
