//! Paths of the workspace. Cargo is asked for them, so that a target folder set elsewhere
//! (`CARGO_TARGET_DIR`, configuration) is respected.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

/// The two folders that every task needs.
#[derive(Debug, Deserialize)]
pub struct Workspace {
    /// The folder of the root manifest.
    #[serde(rename = "workspace_root")]
    pub root: PathBuf,
    /// The folder in which cargo builds, and which holds everything that tasks write.
    #[serde(rename = "target_directory")]
    pub target: PathBuf,
}

impl Workspace {
    /// The workspace of this tool, whatever the current folder is.
    pub fn locate() -> Result<Self> {
        let mut metadata = Command::new(cargo());
        metadata.args(["metadata", "--no-deps", "--format-version", "1"]);
        // Set by `cargo run`; without it, cargo looks upwards from the current folder.
        if let Some(folder) = env::var_os("CARGO_MANIFEST_DIR") {
            metadata.arg("--manifest-path").arg(Path::new(&folder).join("Cargo.toml"));
        }
        let output = metadata.output().context("could not start cargo")?;
        let complaint = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "`cargo metadata` failed: {}", complaint.trim());
        serde_json::from_slice(&output.stdout).context("cargo metadata has another form than expected")
    }

    /// A path for messages: relative to the workspace if it is inside.
    pub fn shorten<'a>(&self, path: &'a Path) -> std::path::Display<'a> {
        path.strip_prefix(&self.root).unwrap_or(path).display()
    }
}

/// The cargo that runs this tool, or `cargo` from the search path.
pub fn cargo() -> OsString {
    env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}
