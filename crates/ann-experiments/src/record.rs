//! The record of a run: settings, claims and observations. `cargo xtask figures --check` compares it.

use std::path::{Path, PathBuf};

use anyhow::Result;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::output::write_whole;

/// Everything about a run except its pictures; written as NAME.json.
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

    /// Adds a setting, chosen before the run. It must be the same in every run that is compared.
    #[must_use]
    pub fn setting(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.settings.insert(name.into(), value.into());
        self
    }

    /// Adds a result that the experiment shows. It must be the same in every run, on every machine.
    #[must_use]
    pub fn claim(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.claims.insert(name.into(), value.into());
        self
    }

    /// Adds a measurement. Its last digits may differ from machine to machine.
    #[must_use]
    pub fn observed(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.observed.insert(name.into(), value.into());
        self
    }

    /// Adds files that the run has written.
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
