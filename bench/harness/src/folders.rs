//! The folders of the benchmark, and functions that write a file whole or not at all.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use ann_figure::Figure;
use anyhow::{Context, Result};
use serde::Serialize;
use serde_json::Value;

/// The folders that the benchmark reads and writes.
#[derive(Debug)]
pub struct Folders {
    /// The root of the workspace.
    pub root: PathBuf,
    /// The folder for everything that is not committed: `target/bench`.
    pub work: PathBuf,
}

impl Folders {
    /// Finds the workspace that this program was compiled from, and `bench` in the target folder that
    /// contains this program.
    ///
    /// # Errors
    /// The work folder cannot be created.
    pub fn find() -> Result<Self> {
        let harness = Path::new(env!("CARGO_MANIFEST_DIR"));
        let root = harness.ancestors().nth(2).context("the harness is not in bench/harness")?.to_owned();
        let program = env::current_exe().context("could not find the folder of this program")?;
        // target/release/ann-bench
        let target = program.ancestors().nth(2).context("this program is in no target folder")?;
        let work = target.join("bench");
        fs::create_dir_all(&work).with_context(|| format!("could not create {}", work.display()))?;
        Ok(Self { root, work })
    }

    /// The folder of the committed files.
    pub fn committed(&self) -> PathBuf {
        self.root.join("bench")
    }

    /// A path for messages: relative to the workspace if it is inside.
    pub fn shorten<'a>(&self, path: &'a Path) -> std::path::Display<'a> {
        path.strip_prefix(&self.root).unwrap_or(path).display()
    }
}

/// Writes a file whole or not at all. If writing is interrupted, the old file is unchanged.
///
/// # Errors
/// The file cannot be written.
pub fn write(path: &Path, content: &str) -> Result<()> {
    let context = || format!("could not write {}", path.display());
    let (folder, name) = (path.parent().with_context(context)?, path.file_name().with_context(context)?);
    // In the same folder, because a file can only be renamed within one file system.
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let staging = tempfile::tempdir_in(folder).with_context(context)?;
    let staged = staging.path().join(name);
    fs::write(&staged, content).with_context(context)?;
    fs::rename(&staged, path).with_context(context)
}

/// Writes JSON, with one line for each element of a list, so that a diff shows which elements changed.
///
/// # Errors
/// The file cannot be written.
pub fn write_json(path: &Path, value: &impl Serialize) -> Result<()> {
    write(path, &lines(&serde_json::to_value(value)?))
}

fn lines(object: &Value) -> String {
    let list = |list: &Vec<Value>| {
        let elements: Vec<_> = list.iter().map(Value::to_string).collect();
        format!("[\n{}\n]", elements.join(",\n"))
    };
    let part = |(name, value): (&String, &Value)| {
        format!("\"{name}\": {}", value.as_array().map_or_else(|| value.to_string(), list))
    };
    let parts: Vec<_> = object.as_object().into_iter().flatten().map(part).collect();
    format!("{{\n{}\n}}\n", parts.join(",\n"))
}

/// Draws `NAME.svg` and `NAME.png`, each whole or not at all, and returns the path of the first.
///
/// # Errors
/// The figure cannot be drawn, or a file cannot be written.
pub fn draw(figure: &Figure, folder: &Path, name: &str) -> Result<PathBuf> {
    let staging = tempfile::tempdir_in(folder)
        .with_context(|| format!("could not create a folder in {}", folder.display()))?;
    let [_, svg, png] = figure.files(name)?;
    for (file, bytes) in [png, svg] {
        fs::write(staging.path().join(&file), bytes).with_context(|| format!("could not write {file}"))?;
        fs::rename(staging.path().join(&file), folder.join(&file))
            .with_context(|| format!("could not write {file} in {}", folder.display()))?;
    }
    Ok(folder.join(format!("{name}.svg")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_and_nothing_else_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("results.md");
        write(&path, "old").unwrap();
        write(&path, "new").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    /// The new content is written to another file first, so the old file is complete until the new one
    /// replaces it.
    #[test]
    fn the_file_itself_is_never_opened_for_writing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("results.md");
        fs::write(&path, "old").unwrap();
        let second_name = folder.path().join("second name of the same file");
        fs::hard_link(&path, &second_name).unwrap();
        write(&path, "new").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(fs::read_to_string(&second_name).unwrap(), "old");
    }

    #[test]
    fn a_folder_that_is_missing_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("none").join("results.md");
        let error = write(&path, "new").unwrap_err().to_string();
        assert_eq!(error, format!("could not write {}", path.display()));
    }
}
