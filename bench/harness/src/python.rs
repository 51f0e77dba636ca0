//! Python packages, installed in an environment that the benchmarks alone use.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::absence::Absence;
use crate::folders::Folders;
use crate::print;

/// Makes a Python environment with the packages, for the benchmark alone. Returns its interpreter.
///
/// # Errors
/// There is no Python, or the list of packages cannot be read. A package that cannot be installed is added to
/// `missing`.
pub fn environment(
    folders: &Folders,
    packages: &BTreeSet<&str>,
    missing: &mut Vec<Absence>,
) -> Result<PathBuf> {
    let folder = folders.work.join("venv");
    let interpreter = folder.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" });
    if !interpreter.exists() {
        let system = if cfg!(windows) { "python" } else { "python3" };
        succeed(Command::new(system).args(["-m", "venv"]).arg(&folder), "python3 -m venv")?;
    }
    let path = folders.root.join("bench/peers/requirements.txt");
    let text =
        fs::read_to_string(&path).with_context(|| format!("could not read {}", folders.shorten(&path)))?;
    print::progress("installing the Python packages that are missing");
    missing.extend(install(&interpreter, &requirements(&text, packages)));
    Ok(interpreter)
}

/// The lines of `requirements.txt` for these packages.
pub fn requirements<'a>(text: &'a str, packages: &BTreeSet<&str>) -> Vec<&'a str> {
    let lines = text.lines().map(|line| line.split('#').next().unwrap_or_default().trim());
    lines.filter(|line| line.split("==").next().is_some_and(|name| packages.contains(name))).collect()
}

/// Installs the packages one by one, so that the others are installed if one does not exist for this system.
/// Returns the failures.
fn install(interpreter: &Path, requirements: &[&str]) -> Vec<Absence> {
    let one = |requirement: &&str| {
        let mut pip = Command::new(interpreter);
        pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", requirement]);
        let error = succeed(&mut pip, "pip").err()?;
        Some(Absence::everywhere(requirement, format!("{error:#}")))
    };
    requirements.iter().filter_map(one).collect()
}

/// Runs a command whose messages explain a failure.
fn succeed(command: &mut Command, name: &str) -> Result<()> {
    let status = command.stdout(Stdio::null()).status().with_context(|| format!("could not start {name}"))?;
    ensure!(status.success(), "{name} failed ({status})");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_requirement_is_found_by_its_whole_name() {
        let jax = requirements("# jax==1\njax==0.10.2 # why\nnumpy==2.4.6\n", &BTreeSet::from(["jax"]));
        assert_eq!(jax, ["jax==0.10.2"]);
    }
}
