//! The record `NAME.json` that an experiment writes beside its pictures.

use std::fs::{self, File};
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::output::write_whole;

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

    /// Copies every file of the experiment into the folder `to`. Removes the files there that the record of
    /// an earlier run lists and this one does not.
    ///
    /// Each file is replaced whole or not at all. The record is copied last, so it never lists a missing
    /// file.
    pub fn publish(&self, from: &Path, to: &Path) -> Result<()> {
        let outdated = match Self::read(to, &self.name) {
            Ok(earlier) => earlier.files.into_iter().filter(|file| !self.files.contains(file)).collect(),
            Err(_) => Vec::new(),
        };
        for file in self.files.iter().chain([&Self::file(&self.name)]) {
            let content = File::open(from.join(file)).with_context(|| format!("could not read {file}"))?;
            write_whole(&to.join(file), content)?;
        }
        for file in outdated.iter().map(|file| to.join(file)).filter(|path| path.exists()) {
            fs::remove_file(&file).with_context(|| format!("could not remove {}", file.display()))?;
        }
        Ok(())
    }
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

    /// Writes experiment `name` with these pictures into a folder; every file except the record contains
    /// `content`.
    fn experiment(folder: &Path, name: &str, pictures: &[&str], content: &str) -> Record {
        for picture in pictures {
            fs::write(folder.join(picture), content).unwrap();
        }
        let record = serde_json::json!({
            "name": name, "settings": {}, "claims": {}, "observed": {}, "files": pictures,
        });
        fs::write(folder.join(Record::file(name)), record.to_string()).unwrap();
        Record::read(folder, name).unwrap()
    }

    fn files(folder: &Path) -> Vec<String> {
        let names = folder.read_dir().unwrap().map(|entry| entry.unwrap().file_name());
        let mut names: Vec<_> = names.map(|name| name.into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn publishing_replaces_what_the_record_lists_and_removes_what_it_no_longer_lists() {
        let [from, to] = [(); 2].map(|()| tempfile::tempdir().unwrap());
        experiment(to.path(), "ring", &["ring.svg", "ring_old.svg"], "old");
        experiment(to.path(), "ring_relu", &["ring_relu.svg"], "old");
        let record = experiment(from.path(), "ring", &["ring.csv", "ring.svg"], "new");
        fs::write(from.path().join("notes.txt"), "not listed").unwrap();
        record.publish(from.path(), to.path()).unwrap();
        let expected = ["ring.csv", "ring.json", "ring.svg", "ring_relu.json", "ring_relu.svg"];
        assert_eq!(files(to.path()), expected);
        let read = |file: &str| fs::read_to_string(to.path().join(file)).unwrap();
        assert_eq!((read("ring.svg").as_str(), read("ring_relu.svg").as_str()), ("new", "old"));
        assert_eq!(Record::read(to.path(), "ring").unwrap().files, ["ring.csv", "ring.svg"]);
    }

    #[test]
    fn a_publication_that_cannot_be_finished_leaves_the_old_record_and_its_files() {
        let [from, to] = [(); 2].map(|()| tempfile::tempdir().unwrap());
        experiment(to.path(), "ring", &["ring.svg", "ring_old.svg"], "old");
        let record = experiment(from.path(), "ring", &["ring.csv", "ring.svg"], "new");
        fs::remove_file(from.path().join("ring.svg")).unwrap();
        let error = record.publish(from.path(), to.path()).unwrap_err();
        assert!(format!("{error:#}").starts_with("could not read ring.svg: "), "{error:#}");
        assert_eq!(Record::read(to.path(), "ring").unwrap().files, ["ring.svg", "ring_old.svg"]);
        for file in ["ring.svg", "ring_old.svg"] {
            assert_eq!(fs::read_to_string(to.path().join(file)).unwrap(), "old");
        }
    }
}
