//! The record of a run: what was set, what is claimed, what was seen.  `cargo xtask figures --check` compares it.

use std::path::{Path, PathBuf};

use anyhow::Result;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::output::write_whole;

/// Everything about a run but its pictures; written as NAME.json.
#[derive(Clone, Debug, Serialize)]
pub struct Record {
    name: &'static str,
    settings: Map<String, Value>,
    claims: Map<String, Value>,
    observed: Map<String, Value>,
    files: Vec<String>,
}

impl Record {
    /// An empty record.
    pub fn new(name: &'static str) -> Self {
        Self { name, settings: Map::new(), claims: Map::new(), observed: Map::new(), files: Vec::new() }
    }

    /// What was chosen before the run; must be the same in every run that is compared.
    #[must_use]
    pub fn setting(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.settings.insert(name.into(), value.into());
        self
    }

    /// What the experiment shows; must come out the same in every run, on every machine.
    #[must_use]
    pub fn claim(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.claims.insert(name.into(), value.into());
        self
    }

    /// What was measured beside; may differ in its last digits from machine to machine.
    #[must_use]
    pub fn observed(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.observed.insert(name.into(), value.into());
        self
    }

    /// Files the run has written.
    #[must_use]
    pub fn files(mut self, paths: &[PathBuf]) -> Self {
        self.files.extend(paths.iter().map(|path| crate::cli::file_name(path)));
        self
    }

    /// Writes NAME.json into `directory`.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(&self, directory: &Path) -> Result<()> {
        let path = directory.join(format!("{}.json", self.name));
        let text = serde_json::to_string_pretty(self)? + "\n";
        write_whole(&path, text.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_written_in_the_order_of_its_entries() {
        let folder = tempfile::tempdir().unwrap();
        let record = Record::new("ring")
            .setting("seed", 100)
            .setting("η", 0.1)
            .claim("accuracy", 1.0)
            .observed("epochs", 7)
            .files(&[folder.path().join("ring.csv"), "elsewhere/ring.svg".into()])
            .files(&["ring.png".into()]);
        record.write(folder.path()).unwrap();
        let text = std::fs::read_to_string(folder.path().join("ring.json")).unwrap();
        let compact: String = text.split_whitespace().collect();
        assert_eq!(
            compact,
            r#"{"name":"ring","settings":{"seed":100,"η":0.1},"claims":{"accuracy":1.0},"observed":{"epochs":7},"files":["ring.csv","ring.svg","ring.png"]}"#
        );
        assert!(text.ends_with("}\n"), "a text file ends with a line end");
    }
}
