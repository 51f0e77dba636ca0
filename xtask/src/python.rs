//! Private virtual environments of Python, and the programs that run in them.

use std::ffi::OsStr;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::print;

/// Makes a virtual environment with the packages of a requirements file, and returns its Python.
///
/// # Errors
/// There is no such Python, or a package cannot be installed.
pub fn environment(program: &str, folder: &Path, requirements: &Path) -> Result<PathBuf> {
    let python = folder.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" });
    step(program, ["-m", "venv"].map(OsStr::new).into_iter().chain([folder.as_os_str()]))?;
    let install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"].map(OsStr::new);
    step(&python, install.into_iter().chain([requirements.as_os_str()]))?;
    Ok(python)
}

/// Runs a program.
///
/// # Errors
/// It is not found, or fails.
pub fn step<'a>(program: impl AsRef<OsStr>, arguments: impl IntoIterator<Item = &'a OsStr>) -> Result<()> {
    let mut command = Command::new(&program);
    command.args(arguments);
    run(&mut command)
}

/// As [`step`], with the folder in which the program runs.
///
/// # Errors
/// The program is not found, or fails.
pub fn run(command: &mut Command) -> Result<()> {
    print::progress(format_args!("{command:?}"))?;
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => bail!("{command:?} failed ({status})"),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let program = command.get_program().display();
            bail!(
                "{program} not found: install it; for python3, with its venv module. Only this task needs it"
            )
        }
        Err(error) => Err(error).with_context(|| format!("could not start {command:?}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_program_is_told() {
        let error = step("python3-that-nobody-has", []).unwrap_err().to_string();
        assert!(error.starts_with("python3-that-nobody-has not found: install it"), "{error}");
    }
}
