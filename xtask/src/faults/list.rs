//! The list of faults, `xtask/faults.toml`.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

/// Path of the list, relative to the root of the workspace.
pub const PATH: &str = "xtask/faults.toml";

/// All faults.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultList {
    /// In the order of the file.
    #[serde(rename = "fault")]
    pub faults: Vec<Fault>,
}

/// A mistake that a programmer could make.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// Its position in the list, from 0. Its switch has this number.
    #[serde(skip)]
    pub number: usize,
    /// A short description, which no other fault has.
    pub name: String,
    /// The source file, relative to the root of the workspace.
    pub file: String,
    /// The part of the file that contains `find`. It occurs once. If absent, the part is the whole file.
    pub within: Option<String>,
    /// The right text, which occurs in that part once.
    pub find: String,
    /// The wrong text.
    pub replace: String,
    /// The packages with tests that must fail: at least one test in each of them.
    pub packages: Vec<String>,
    /// What `ann check` must say of the model of an engine with this fault, if it must find it.
    pub check: Option<String>,
    /// Why no test can find the fault, if none can.
    pub survives: Option<String>,
}

impl Fault {
    /// The package of the source file, by the name of its folder.
    pub fn package(&self) -> &str {
        let (folder, _) = self.file.split_once("/src/").unwrap_or((&self.file, ""));
        folder.rsplit('/').next().unwrap_or(folder)
    }
}

impl FaultList {
    /// Reads the list of a workspace.
    ///
    /// # Errors
    /// When the list cannot be read, or an entry is not a valid fault.
    pub fn read(root: &Path) -> Result<Self> {
        let path = root.join(PATH);
        let text =
            fs::read_to_string(&path).with_context(|| format!("no list of faults {}", path.display()))?;
        Self::parse(&text).with_context(|| path.display().to_string())
    }

    pub(super) fn parse(text: &str) -> Result<Self> {
        let mut list: Self = toml::from_str(text)?;
        let mut names = BTreeSet::new();
        for (number, fault) in list.faults.iter_mut().enumerate() {
            fault.number = number;
            let name = &fault.name;
            ensure!(names.insert(name.clone()), "two faults are called {name:?}");
            ensure!(!fault.packages.is_empty(), "fault {name:?} names no package whose tests must fail");
            ensure!(fault.find != fault.replace, "fault {name:?} changes nothing");
            let silent = fault.survives.as_ref().is_some_and(|reason| reason.trim().is_empty());
            ensure!(!silent, "fault {name:?} survives without a reason");
        }
        Ok(list)
    }

    /// The faults whose name contains one of the words; all faults if there are no words.
    ///
    /// # Errors
    /// When no name contains any of the words.
    pub fn select(&self, words: &[String]) -> Result<Vec<&Fault>> {
        let wanted = |fault: &&Fault| words.is_empty() || words.iter().any(|word| fault.name.contains(word));
        let selected: Vec<_> = self.faults.iter().filter(wanted).collect();
        let names: Vec<_> = self.faults.iter().map(|fault| fault.name.as_str()).collect();
        ensure!(
            !selected.is_empty(),
            "no fault has one of {words:?} in its name; there are\n  {}",
            names.join("\n  ")
        );
        Ok(selected)
    }
}

/// Every package whose tests must find one of the faults.
pub fn packages<'f>(faults: &[&'f Fault]) -> BTreeSet<&'f str> {
    faults.iter().flat_map(|fault| &fault.packages).map(String::as_str).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LISTED: &str = r#"
[[fault]]
name = "sign"
file = "a.rs"
find = "a - b"
replace = "a + b"
packages = ["core", "train"]
"#;

    #[test]
    fn a_useless_list_is_refused() {
        for (list, complaint) in [
            (LISTED.repeat(2), "two faults are called \"sign\""),
            (LISTED.replace("\"core\", \"train\"", ""), "names no package"),
            (LISTED.replace("a + b", "a - b"), "changes nothing"),
            (LISTED.replace("find", "found"), "unknown field `found`"),
            (format!("{LISTED}survives = ' '"), "survives without a reason"),
        ] {
            let error = format!("{:#}", FaultList::parse(&list).unwrap_err());
            assert!(error.contains(complaint), "{error}");
        }
    }

    #[test]
    fn faults_are_numbered_and_selected_by_words_of_their_name() {
        let list = FaultList::parse(&[LISTED, &LISTED.replace("sign", "1/N missing")].concat()).unwrap();
        let select = |words: &[&str]| {
            let words: Vec<_> = words.iter().map(|&word| word.to_owned()).collect();
            list.select(&words).map(|found| found.iter().map(|fault| fault.number).collect::<Vec<_>>())
        };
        assert_eq!(select(&[]).unwrap(), [0, 1]);
        assert_eq!(select(&["1/N"]).unwrap(), [1]);
        assert_eq!(select(&["missing", "sig"]).unwrap(), [0, 1]);
        let error = select(&["bias"]).unwrap_err().to_string();
        assert!(error.contains("\"bias\"") && error.ends_with("\n  sign\n  1/N missing"), "{error}");
    }

    #[test]
    fn each_package_is_named_once() {
        let list = FaultList::parse(&[LISTED, &LISTED.replace("sign", "other")].concat()).unwrap();
        assert_eq!(packages(&list.select(&[]).unwrap()).into_iter().collect::<Vec<_>>(), ["core", "train"]);
    }
}
