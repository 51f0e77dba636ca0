//! `cargo xtask wheel`: the Python package is built, installed into a fresh environment, and tested.

use std::env::consts::EXE_SUFFIX;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use clap::Args;

use crate::print;
use crate::python::{environment, run, step};
use crate::workspace::{Workspace, cargo};

/// Which Python tests the package.
#[derive(Debug, Args)]
pub struct WheelOptions {
    /// The Python that builds and tests
    #[arg(long, default_value = "python3", value_name = "PROGRAM")]
    python: String,
    /// A version of scikit-learn instead of the newest, such as 1.6.*
    #[arg(long, value_name = "VERSION")]
    sklearn: Option<String>,
    /// How it is built: release, dist for the smallest file, dev for the shortest time
    #[arg(long, value_name = "NAME", default_value = "release")]
    profile: String,
}

/// Builds the wheel and runs its tests.
///
/// # Errors
/// Python or a package is missing, the wheel is not built, or a test fails.
pub fn wheel(workspace: &Workspace, options: &WheelOptions) -> Result<()> {
    let (package, target) = (workspace.root.join("bindings/python"), workspace.target.join("wheel"));
    let python =
        environment(&options.python, &target.join("environment"), &package.join("requirements.txt"))?;
    let wheels = target.join("wheels");
    if wheels.exists() {
        fs::remove_dir_all(&wheels).with_context(|| format!("could not remove {}", wheels.display()))?;
    }
    let build = ["-m", "maturin", "build", "--profile", &options.profile, "--locked", "--quiet"];
    let build = build.map(OsStr::new).into_iter();
    let build = build.chain([OsStr::new("--interpreter"), python.as_os_str()]);
    let build = build.chain([OsStr::new("--out"), wheels.as_os_str()]);
    run(Command::new(&python)
        .args(build)
        .current_dir(&package)
        .env("CARGO_TARGET_DIR", target.join("build")))?;
    let wheel = only_file(&wheels)?;
    let install = ["-m", "pip", "install", "--quiet", "--force-reinstall", "--no-deps"].map(OsStr::new);
    step(&python, install.into_iter().chain([wheel.as_os_str()]))?;
    if let Some(version) = &options.sklearn {
        let requirement = format!("scikit-learn=={version}");
        step(&python, ["-m", "pip", "install", "--quiet", &requirement].map(OsStr::new))?;
    }
    let size = fs::metadata(&wheel)?.len();
    print::progress(format_args!("{}: {:.2} MB", wheel.display(), size as f64 / 1e6))?;
    // With an example, the features are those of the tests, and nothing is built again.
    let program = ["build", "--quiet", "--locked", "--bin", "ann", "--example", "iris"];
    run(Command::new(cargo()).args(program).current_dir(&workspace.root))?;
    let program = workspace.target.join("debug").join(format!("ann{EXE_SUFFIX}"));
    // From another folder, so that the package is found where it was installed.
    let tests = package.join("tests");
    let pytest = ["-m", "pytest", "-q"].map(OsStr::new).into_iter().chain([tests.as_os_str()]);
    run(Command::new(&python).args(pytest).current_dir(&target).env("ANN_PROGRAM", program))?;
    print::result("the wheel passes its tests")
}

fn only_file(folder: &Path) -> Result<PathBuf> {
    let files: Vec<_> = fs::read_dir(folder)?.collect::<Result<_, _>>()?;
    ensure!(files.len() == 1, "found {} files in {}, expected one wheel", files.len(), folder.display());
    Ok(files[0].path())
}
