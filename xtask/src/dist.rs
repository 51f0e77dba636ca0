//! `cargo xtask dist`: the program `ann` as a small file, to be given to others.

use std::env::consts::EXE_SUFFIX;
use std::fs;
use std::process::Command;

use anyhow::Result;

use crate::print;
use crate::python::run;
use crate::workspace::{Workspace, cargo};

/// Builds the program in the profile `dist`.
///
/// # Errors
/// The build fails.
pub fn dist(workspace: &Workspace) -> Result<()> {
    let mut build = Command::new(cargo());
    build.args(["rustc", "--package", "ann-cli", "--bin", "ann", "--profile", "dist", "--locked"]);
    // Fewer functions are copied into their callers than by default, which makes the file smaller.
    build.args(["--", "-Cllvm-args=-inline-threshold=40"]);
    if cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        // Equal functions of different types become one. Rust brings a linker for this system that can do so.
        build.arg("-Clink-arg=-Wl,--icf=all");
    }
    build.current_dir(&workspace.root);
    run(&mut build)?;
    let program = workspace.target.join("dist").join(format!("ann{EXE_SUFFIX}"));
    let size = fs::metadata(&program)?.len();
    print::result(format_args!("{}: {:.2} MB", program.display(), size as f64 / 1e6))
}
