//! The libraries we are compared with: installed and built below the target folder, each started as a runner.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use super::results::Absence;
use crate::experiment::programs;
use crate::print;
use crate::workspace::{Workspace, cargo};

/// What `bench/peers/runner.py` knows.
const LIBRARIES: [&str; 6] = ["numpy", "scikit-learn", "jax", "pytorch", "onnxruntime", "fann"];
/// What `bench/frameworks/` builds.
const FRAMEWORKS: [&str; 2] = ["candle", "burn"];

/// How a runner is started.
#[derive(Clone, Debug)]
pub struct Peer {
    /// What it will call itself.
    pub name: String,
    /// A program; the number of threads is its last argument.
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

/// Makes the peers ready in `folder`.  Those that cannot be installed or built are told in `missing`.
pub fn prepare(workspace: &Workspace, folder: &Path, missing: &mut Vec<Absence>) -> Result<Vec<Peer>> {
    let mut peers = Vec::new();
    let runner = workspace.root.join("bench/peers/runner.py").display().to_string();
    match environment(workspace, &folder.join("venv"), missing) {
        Ok(python) => peers.extend(LIBRARIES.map(|library| Peer {
            name: library.to_owned(),
            program: python.clone(),
            arguments: vec![runner.clone(), library.to_owned()],
        })),
        Err(error) => missing.push(Absence::everywhere(&LIBRARIES.join(", "), format!("{error:#}"))),
    }
    for framework in FRAMEWORKS {
        print::progress(format_args!("building {framework}"))?;
        match build(workspace, folder, framework) {
            Ok(program) => {
                peers.push(Peer { name: framework.to_owned(), program, arguments: Vec::new() });
            }
            Err(error) => missing.push(Absence::everywhere(framework, format!("{error:#}"))),
        }
    }
    Ok(peers)
}

/// A private Python with the required libraries; gives back its interpreter.
fn environment(workspace: &Workspace, folder: &Path, missing: &mut Vec<Absence>) -> Result<PathBuf> {
    let python = folder.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" });
    if !python.exists() {
        let system = if cfg!(windows) { "python" } else { "python3" };
        succeed(Command::new(system).args(["-m", "venv"]).arg(folder), "python3 -m venv")?;
    }
    let (wanted, installed) =
        (workspace.root.join("bench/peers/requirements.txt"), folder.join("requirements.txt"));
    let wanted = fs::read_to_string(&wanted)
        .with_context(|| format!("could not read {}", workspace.shorten(&wanted)))?;
    // The copy is made when all is installed: what was interrupted or failed is tried again.
    if fs::read_to_string(&installed).is_ok_and(|installed| installed == wanted) {
        return Ok(python);
    }
    print::progress("installing the Python libraries")?;
    let failed = install(&python, &wanted);
    if failed.is_empty() {
        fs::write(&installed, wanted).with_context(|| format!("could not write {}", installed.display()))?;
    }
    missing.extend(failed);
    Ok(python)
}

/// One after the other, so that a library which does not exist for this system does not keep out the others.  Gives back what failed.
fn install(python: &Path, requirements: &str) -> Vec<Absence> {
    let lines = requirements.lines().map(|line| line.split('#').next().unwrap_or_default().trim());
    let (options, libraries): (Vec<_>, Vec<_>) =
        lines.filter(|line| !line.is_empty()).partition(|line| line.starts_with('-'));
    let options: Vec<_> = options.iter().flat_map(|line| line.split_whitespace()).collect();
    let one = |library: &&str| {
        let mut pip = Command::new(python);
        pip.args(["-m", "pip", "install", "--quiet"]).args(&options).arg(library);
        succeed(&mut pip, "pip").err().map(|error| Absence::everywhere(library, format!("{error:#}")))
    };
    libraries.iter().filter_map(one).collect()
}

/// Builds one framework's runner, in a workspace and a target folder of its own; gives back the program.
fn build(workspace: &Workspace, folder: &Path, framework: &str) -> Result<PathBuf> {
    let mut command = Command::new(cargo());
    command.args(["build", "--release", "--message-format", "json-render-diagnostics"]);
    command.arg("--package").arg(format!("{framework}-runner"));
    command.arg("--manifest-path").arg(workspace.root.join("bench/frameworks/Cargo.toml"));
    command.arg("--target-dir").arg(folder.join("frameworks"));
    let output = command.stderr(Stdio::inherit()).output().context("could not start cargo")?;
    ensure!(output.status.success(), "it does not build (cargo: {})", output.status);
    // The package has one program.
    let programs = programs(&String::from_utf8_lossy(&output.stdout))?;
    programs.into_values().next().context("cargo built no program")
}

/// Runs a command that shows its complaints itself.
fn succeed(command: &mut Command, name: &str) -> Result<()> {
    let status = command.stdout(Stdio::null()).status().with_context(|| format!("could not start {name}"))?;
    ensure!(status.success(), "{name} failed ({status})");
    Ok(())
}
