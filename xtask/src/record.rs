//! The record `NAME.json` that an experiment writes beside its pictures.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use serde_json::{Map, Value};

/// The settings of an experiment, its claims, its observations, and the files that it wrote.
#[derive(Clone, Debug, Deserialize)]
pub struct Record {
    /// The experiment: the file name of its source without `.rs`.
    pub name: String,
    /// All settings, seeds included. A check requires them to be exactly equal.
    pub settings: Map<String, Value>,
    /// What the figure claims: accuracy, verdicts. A check requires it to be exactly equal.
    pub claims: Map<String, Value>,
    /// Numbers that depend on rounding: their change is reported, but not judged.
    pub observed: Map<String, Value>,
    /// The pictures and numbers written beside the record: plain file names that begin with `name`.
    pub files: Vec<String>,
}

impl Record {
    /// The file name of the record of experiment `name`.
    pub fn file(name: &str) -> String {
        format!("{name}.json")
    }

    /// Reads the record of experiment `name` in `folder`.
    pub fn read(folder: &Path, name: &str) -> Result<Self> {
        let path = folder.join(Self::file(name));
        let text = fs::read_to_string(&path).with_context(|| format!("no record {}", path.display()))?;
        Self::parse(&text, name).with_context(|| format!("record {}", path.display()))
    }

    fn parse(text: &str, name: &str) -> Result<Self> {
        let record: Self = serde_json::from_str(text)?;
        ensure!(record.name == name, "belongs to {:?}, expected {name:?}", record.name);
        for file in &record.files {
            // A file with another name would not be found again, or might belong to another experiment.
            let plain = !file.contains(['/', '\\']);
            ensure!(
                plain && file.starts_with(name),
                "lists {file:?}, expected a file name beginning with {name:?}"
            );
        }
        Ok(record)
    }

    /// Every file of the experiment: its record first.
    pub fn all_files(&self) -> impl Iterator<Item = String> {
        std::iter::once(Self::file(&self.name)).chain(self.files.iter().cloned())
    }
}

/// Removes the files of an earlier run of `name` from `folder`, so that an old file cannot be taken for a new
/// one. The old record lists them: the name alone does not, because another experiment's name may begin with
/// the same letters.
pub fn remove(folder: &Path, name: &str) -> Result<()> {
    let files = match Record::read(folder, name) {
        Ok(old) => old.all_files().collect(),
        Err(_) => vec![Record::file(name)],
    };
    for file in files.iter().map(|file| folder.join(file)).filter(|path| path.exists()) {
        fs::remove_file(&file).with_context(|| format!("could not remove {}", file.display()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(name: &str, file: &str) -> String {
        format!(
            r#"{{ "name": "{name}", "settings": {{}}, "claims": {{}}, "observed": {{}}, "files": ["{file}"] }}"#
        )
    }

    #[test]
    fn a_record_names_itself_and_its_own_files() {
        assert!(Record::parse(&json("ring", "ring_matched.svg"), "ring").is_ok());
        for (name, file, complaint) in [
            ("rings", "ring.svg", "belongs to \"rings\", expected \"ring\""),
            ("ring", "square.svg", "beginning with \"ring\""),
            ("ring", "ring/../../home.svg", "beginning with \"ring\""),
        ] {
            let error = Record::parse(&json(name, file), "ring").unwrap_err().to_string();
            assert!(error.contains(complaint), "{error}");
        }
    }

    #[test]
    fn a_missing_part_is_named() {
        let error = Record::parse(r#"{ "name": "ring", "settings": {} }"#, "ring").unwrap_err();
        assert!(error.to_string().contains("missing field `claims`"), "{error}");
    }

    #[test]
    fn removing_leaves_the_files_of_longer_names() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["ring", "ring_relu"] {
            let file = format!("{name}.svg");
            fs::write(folder.path().join(&file), "").unwrap();
            fs::write(folder.path().join(Record::file(name)), json(name, &file)).unwrap();
        }
        remove(folder.path(), "ring").unwrap();
        let left = |file: &str| folder.path().join(file).exists();
        assert!(!left("ring.json") && !left("ring.svg"));
        assert!(left("ring_relu.json") && left("ring_relu.svg"));
    }
}
