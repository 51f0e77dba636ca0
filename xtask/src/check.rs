//! `--check`: is a figure made now the committed one?
//!
//! Settings and claims must be exactly equal and loss curves must begin alike. Everything else is told, not judged:
//! another processor rounds differently, and a long run amplifies it.

use std::collections::BTreeSet;
use std::fs::File;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::{Map, Value};

use crate::curves::{self, Curves};
use crate::record::Record;

/// What a comparison found, as sentences.
#[derive(Debug, Default)]
pub struct Comparison {
    /// Each one fails the check.
    pub failures: Vec<String>,
    /// Changes that are allowed.
    pub notes: Vec<String>,
}

/// Compares what experiment `fresh` just wrote into `folder` with the files under its name in `committed`.
pub fn check(fresh: &Record, folder: &Path, committed: &Path) -> Comparison {
    let name = Record::file(&fresh.name);
    if !committed.join(&name).exists() {
        return failure(format!("no committed {name}: run `cargo xtask figures --bless`"));
    }
    match compare_files(fresh, folder, committed) {
        Ok(comparison) => comparison,
        Err(error) => failure(format!("{error:#}")),
    }
}

/// The records in `committed` that none of the experiments `names` makes any more.
pub fn orphans(committed: &Path, names: &[String]) -> Result<Vec<String>> {
    let mut orphans = Vec::new();
    // A folder that is missing is told figure by figure.
    for entry in committed.read_dir().into_iter().flatten() {
        let file = entry?.file_name().to_string_lossy().into_owned();
        let Some(name) = file.strip_suffix(".json") else { continue };
        if !names.iter().any(|known| known == name) && Record::read(committed, name).is_ok() {
            orphans.push(name.to_owned());
        }
    }
    orphans.sort();
    Ok(orphans)
}

fn compare_files(fresh: &Record, folder: &Path, committed: &Path) -> Result<Comparison> {
    let old = Record::read(committed, &fresh.name)?;
    let mut comparison = compare_records(&old, fresh);
    for file in old.files.iter().filter(|file| file.ends_with(".csv") && fresh.files.contains(file)) {
        let read = |folder: &Path| read_curves(&folder.join(file));
        comparison.extend(compare_curves(file, &read(committed)?, &read(folder)?));
    }
    for file in old.files.iter().filter(|file| !committed.join(file).exists()) {
        comparison.failures.push(format!("no committed {file}: run `cargo xtask figures --bless`"));
    }
    Ok(comparison)
}

/// Settings, claims and the list of files are judged; observations are told.
fn compare_records(committed: &Record, fresh: &Record) -> Comparison {
    let files = |record: &Record| record.files.iter().map(|file| (file.clone(), Value::Null)).collect();
    let failures = [
        differences("setting", &committed.settings, &fresh.settings),
        differences("claim", &committed.claims, &fresh.claims),
        differences("file", &files(committed), &files(fresh)),
    ];
    let notes = differences("observed", &committed.observed, &fresh.observed);
    Comparison { failures: failures.concat(), notes }
}

fn compare_curves(file: &str, committed: &Curves, fresh: &Curves) -> Comparison {
    let mut comparison = Comparison::default();
    let keys: BTreeSet<_> = committed.keys().chain(fresh.keys()).collect();
    for key in keys {
        let (Some(old), Some(new)) = (committed.get(key), fresh.get(key)) else {
            let state = if committed.contains_key(key) { "is gone" } else { "is not in the committed file" };
            comparison.failures.push(format!("{file}: curve {key} {state}"));
            continue;
        };
        if let Some(difference) = curves::early_difference(old, new) {
            comparison.failures.push(format!("{file}: curve {key}, {difference}"));
        }
        if let Some(deviation) = curves::later_deviation(old, new) {
            let lengths = format!("{} points, committed {}", new.len(), old.len());
            comparison
                .notes
                .push(format!("{file}: curve {key}, later points within {deviation:.1e} ({lengths})"));
        }
    }
    comparison
}

/// One sentence for every key whose value changed, came or went.
fn differences(kind: &str, committed: &Map<String, Value>, fresh: &Map<String, Value>) -> Vec<String> {
    let keys: BTreeSet<_> = committed.keys().chain(fresh.keys()).collect();
    let sentence = |key: &String| match (committed.get(key), fresh.get(key)) {
        (Some(old), Some(new)) if old == new => None,
        (Some(old), Some(new)) => {
            Some(format!("{kind} {key:?}: committed {old}, now {new}{}", change(old, new)))
        }
        (Some(_), None) => Some(format!("{kind} {key:?}: committed, now gone")),
        (None, _) => Some(format!("{kind} {key:?}: not in the committed record")),
    };
    keys.into_iter().filter_map(sentence).collect()
}

/// The signed change between two numbers; nothing for other values.
fn change(old: &Value, new: &Value) -> String {
    match (old.as_f64(), new.as_f64()) {
        (Some(old), Some(new)) => format!(" (change {:+.1e})", new - old),
        _ => String::new(),
    }
}

fn read_curves(path: &Path) -> Result<Curves> {
    let read = || curves::read(File::open(path)?);
    read().with_context(|| format!("curves of {}", path.display()))
}

fn failure(sentence: String) -> Comparison {
    Comparison { failures: vec![sentence], notes: Vec::new() }
}

impl Comparison {
    fn extend(&mut self, other: Self) {
        self.failures.extend(other.failures);
        self.notes.extend(other.notes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_same_record_passes_without_a_word() {
        judge(|_| (), &[], &[]);
    }
    #[test]
    fn a_changed_setting_fails() {
        judge(
            |r| set(&mut r.settings, "seed", json!(1)),
            &["setting \"seed\": committed 0, now 1 (change +1.0e0)"],
            &[],
        );
    }
    #[test]
    fn a_changed_list_fails() {
        judge(
            |r| set(&mut r.settings, "hidden", json!([4])),
            &["setting \"hidden\": committed [3], now [4]"],
            &[],
        );
    }
    #[test]
    fn a_new_setting_fails() {
        judge(
            |r| set(&mut r.settings, "λ", json!(0.1)),
            &["setting \"λ\": not in the committed record"],
            &[],
        );
    }
    #[test]
    fn a_changed_claim_fails_however_little() {
        let expected = "claim \"accuracy\": committed 1.0, now 0.9999999999 (change -1.0e-10)";
        judge(|r| set(&mut r.claims, "accuracy", json!(0.9999999999)), &[expected], &[]);
    }
    #[test]
    fn a_claim_withdrawn_fails() {
        judge(|r| drop(r.claims.shift_remove("verdict")), &["claim \"verdict\": committed, now gone"], &[]);
    }
    #[test]
    fn a_picture_lost_fails() {
        judge(|r| r.files.clear(), &["file \"ring.svg\": committed, now gone"], &[]);
    }
    #[test]
    fn an_observation_is_told_with_its_change() {
        let expected = "observed \"epochs\": committed 4211, now 4209 (change -2.0e0)";
        judge(|r| set(&mut r.observed, "epochs", json!(4209)), &[], &[expected]);
    }

    /// Compares a record with itself after `edit`.
    #[track_caller]
    fn judge(edit: impl FnOnce(&mut Record), failures: &[&str], notes: &[&str]) {
        let committed = record();
        let mut fresh = committed.clone();
        edit(&mut fresh);
        let found = compare_records(&committed, &fresh);
        assert_eq!((found.failures, found.notes), (strings(failures), strings(notes)));
    }

    #[test]
    fn a_curve_is_judged_at_its_beginning_and_told_at_its_end() {
        let (committed, fresh) = (curve("λ 0", 0.0, 0.0), curve("λ 0", 2e-9, 0.125));
        let found = compare_curves("ring.csv", &committed, &fresh);
        assert!(
            found.failures[0].starts_with("ring.csv: curve \"λ 0\" in panel \"Loss\", point 19"),
            "{found:?}"
        );
        let note =
            "ring.csv: curve \"λ 0\" in panel \"Loss\", later points within 1.2e-1 (21 points, committed 21)";
        assert_eq!((found.failures.len(), found.notes), (1, strings(&[note])));
    }
    #[test]
    fn another_end_alone_passes() {
        let found = compare_curves("ring.csv", &curve("λ 0", 0.0, 0.0), &curve("λ 0", 0.0, 0.125));
        assert_eq!((found.failures.len(), found.notes.len()), (0, 1));
    }
    #[test]
    fn a_curve_that_came_or_went_fails() {
        let found = compare_curves("ring.csv", &curve("a", 0.0, 0.0), &curve("b", 0.0, 0.0));
        let gone = "ring.csv: curve \"a\" in panel \"Loss\" is gone";
        let new = "ring.csv: curve \"b\" in panel \"Loss\" is not in the committed file";
        assert_eq!(found.failures, strings(&[gone, new]));
    }

    #[test]
    fn a_missing_committed_record_fails_and_says_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let found = check(&record(), folder.path(), folder.path());
        assert_eq!(found.failures, strings(&["no committed ring.json: run `cargo xtask figures --bless`"]));
    }

    #[test]
    fn a_record_without_experiment_is_an_orphan() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["ring", "old"] {
            let record = json!({ "name": name, "settings": {}, "claims": {}, "observed": {}, "files": [] });
            std::fs::write(folder.path().join(Record::file(name)), record.to_string()).unwrap();
        }
        std::fs::write(folder.path().join("other.json"), "[]").unwrap();
        assert_eq!(orphans(folder.path(), &strings(&["ring"])).unwrap(), strings(&["old"]));
        assert!(orphans(&folder.path().join("none"), &[]).unwrap().is_empty());
    }

    fn record() -> Record {
        let record = json!({
            "name": "ring",
            "settings": { "seed": 0, "hidden": [3] },
            "claims": { "accuracy": 1.0, "verdict": "pass" },
            "observed": { "epochs": 4211 },
            "files": ["ring.svg"],
        });
        serde_json::from_value(record).unwrap()
    }

    /// One flat curve of 21 points; the last judged point and the one after it are moved.
    fn curve(series: &str, shift_19: f64, shift_20: f64) -> Curves {
        let y = |index| match index {
            19 => 0.5 + shift_19,
            20 => 0.5 + shift_20,
            _ => 0.5,
        };
        let row = |index: u32| format!("Loss,{series},line,{index},{},\n", y(index));
        let csv: String = (0..21).map(row).collect();
        curves::read(format!("panel,series,kind,x,y,value\n{csv}").as_bytes()).unwrap()
    }

    fn set(map: &mut Map<String, Value>, key: &str, value: Value) {
        map.insert(key.into(), value);
    }

    fn strings(sentences: &[&str]) -> Vec<String> {
        sentences.iter().map(ToString::to_string).collect()
    }
}
