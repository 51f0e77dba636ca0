//! The copy of the workspace that holds all faults.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::list::{self, Fault, FaultList};
use super::splice::splice;

/// The module that is added to each crate with a fault.
const SWITCH: &str = include_str!("switch.rs");

/// The path of each file, relative to the root of the workspace, and its content.
type Files = BTreeMap<String, Vec<u8>>;

/// Writes the copy below `folder`. Returns its root.
///
/// # Errors
/// When the list does not fit the code, and when a file cannot be read or written.
pub fn write(root: &Path, folder: &Path, list: &FaultList) -> Result<PathBuf> {
    let mut files = read(root)?;
    add_faults(&mut files, list)?;
    // With the real list, the copy's test that the list fits the code would fail.
    files.insert(list::PATH.to_owned(), b"fault = []\n".to_vec());
    let tree = folder.join("tree");
    replace(&tree, &folder.join("tree before"), &files)
        .with_context(|| format!("could not write {}", tree.display()))?;
    Ok(tree)
}

/// Every file that git tracks or would add, as it is in the working tree.
fn read(root: &Path) -> Result<Files> {
    let mut git = Command::new("git");
    git.args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]).current_dir(root);
    let output = git.output().context("could not start git, which knows the files of the workspace")?;
    ensure!(output.status.success(), "`git ls-files` failed: {}", String::from_utf8_lossy(&output.stderr));
    let names = String::from_utf8(output.stdout).context("a file name is not UTF-8")?;
    // A file that is missing was deleted but not yet committed. The link `data` is a folder, and no library
    // reads it.
    let files =
        names.split_terminator('\0').map(|name| (name, root.join(name))).filter(|(_, path)| path.is_file());
    files
        .map(|(name, path)| {
            let bytes = fs::read(&path).with_context(|| format!("could not read {}", path.display()))?;
            Ok((name.to_owned(), bytes))
        })
        .collect()
}

/// Splices the faults into their sources, and adds the switch to their crates.
fn add_faults(files: &mut Files, list: &FaultList) -> Result<()> {
    for (name, faults) in by_file(list) {
        let bytes = files.get(name).with_context(|| format!("{}: there is no file {name}", list::PATH))?;
        let source = str::from_utf8(bytes).with_context(|| format!("{name} is not UTF-8"))?;
        let spliced = splice(source, &faults)?;
        files.insert(name.to_owned(), spliced.into_bytes());
    }
    let crates: Result<BTreeSet<_>> = by_file(list).into_keys().map(sources_of_crate).collect();
    for sources in crates? {
        let root = ["lib.rs", "main.rs"]
            .map(|root| format!("{sources}{root}"))
            .into_iter()
            .find(|root| files.contains_key(root));
        let root = root.with_context(|| format!("{sources} holds no lib.rs and no main.rs"))?;
        files.entry(root).or_default().extend_from_slice(b"\nmod fault_switch;\n");
        files.insert(format!("{sources}fault_switch.rs"), SWITCH.into());
    }
    Ok(())
}

fn by_file(list: &FaultList) -> BTreeMap<&str, Vec<&Fault>> {
    let mut files = BTreeMap::<_, Vec<_>>::new();
    for fault in &list.faults {
        files.entry(fault.file.as_str()).or_default().push(fault);
    }
    files
}

/// `crates/a/src/` of `crates/a/src/b/c.rs`.
fn sources_of_crate(file: &str) -> Result<&str> {
    let end = file.find("src/").with_context(|| format!("{file} lies in no folder `src`"))? + "src/".len();
    Ok(&file[..end])
}

/// Makes `tree` contain exactly these files. Unchanged files keep their date, so that cargo does not compile
/// them again.
fn replace(tree: &Path, before: &Path, files: &Files) -> Result<()> {
    fs::create_dir_all(tree)?;
    if before.exists() {
        fs::remove_dir_all(before)?;
    }
    fs::rename(tree, before)?;
    for (name, bytes) in files {
        let (old, new) = (before.join(name), tree.join(name));
        fs::create_dir_all(new.parent().context("a file lies in a folder")?)?;
        if fs::read(&old).is_ok_and(|old| old == *bytes) {
            fs::rename(&old, &new)?;
        } else {
            fs::write(&new, bytes)?;
        }
    }
    fs::remove_dir_all(before)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_listed_fault_fits_the_code() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let list = FaultList::read(root).unwrap();
        let mut files: Files = by_file(&list)
            .into_keys()
            .map(|name| (name.to_owned(), fs::read(root.join(name)).unwrap()))
            .collect();
        // Each crate needs a root; its content does not matter here.
        for name in by_file(&list).into_keys() {
            files.entry(format!("{}lib.rs", sources_of_crate(name).unwrap())).or_default();
        }
        if let Err(error) = add_faults(&mut files, &list) {
            panic!("{error:#}");
        }
    }

    #[test]
    fn a_crate_with_a_fault_gets_the_switch_and_no_other_file_changes() {
        let list = "[[fault]]\nname = 'sign'\nfile = 'b/src/sum/far.rs'\nfind = '+'\nreplace = '-'\npackages = ['b']\n";
        let list = FaultList::parse(list).unwrap();
        let before = [("a/src/lib.rs", "mod c;"), ("b/src/main.rs", "mod sum;"), ("b/src/sum/far.rs", "+")];
        let mut files: Files = before.map(|(name, text)| (name.to_owned(), text.into())).into();
        add_faults(&mut files, &list).unwrap();
        assert_eq!(files["a/src/lib.rs"], b"mod c;");
        assert_eq!(files["b/src/main.rs"], b"mod sum;\nmod fault_switch;\n");
        assert_eq!(files["b/src/fault_switch.rs"], SWITCH.as_bytes());
        assert!(files["b/src/sum/far.rs"].starts_with(b"(if crate::fault_switch::is_on(0)"));
        assert_eq!(files.len(), 4);
    }

    #[test]
    fn a_file_that_is_as_before_keeps_its_date() {
        let folder = tempfile::tempdir().unwrap();
        let [tree, before] = ["tree", "before"].map(|name| folder.path().join(name));
        let write = |files: [(&str, &str); 2]| {
            let files = files.map(|(name, text)| (name.to_owned(), text.into())).into();
            replace(&tree, &before, &files).unwrap();
        };
        let date = |name| fs::metadata(tree.join(name)).unwrap().modified().unwrap();
        write([("a/same.rs", "1"), ("a/old.rs", "2")]);
        let first = date("a/same.rs");
        write([("a/same.rs", "1"), ("b/new.rs", "3")]);
        assert_eq!(date("a/same.rs"), first);
        assert_eq!(fs::read_to_string(tree.join("b/new.rs")).unwrap(), "3");
        assert!(!tree.join("a/old.rs").exists() && !before.exists());
    }
}
