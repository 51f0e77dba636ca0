//! `--check`: compares a new figure with the committed one.
//!
//! Settings and claims must be exactly equal, the same marks must be drawn, and loss curves must begin alike.
//! Everything else is reported, but not judged: another processor rounds differently, and a long run
//! amplifies this.

use std::collections::BTreeSet;
use std::fs::File;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::{Map, Value};

use crate::curves::{self, Picture};
use crate::record::Record;

/// The results of a comparison, as sentences.
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
        return failure(missing(&name, &fresh.name));
    }
    match compare_files(fresh, folder, committed) {
        Ok(comparison) => comparison,
        Err(error) => failure(format!("{error:#}")),
    }
}

/// The records in `committed` that none of the experiments `names` writes any more.
pub fn orphans(committed: &Path, names: &[String]) -> Result<Vec<String>> {
    let mut orphans = Vec::new();
    // A missing folder is reported for each figure, elsewhere.
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
    for file in &old.files {
        if !committed.join(file).exists() {
            comparison.failures.push(missing(file, &fresh.name));
        } else if file.ends_with(".csv") && fresh.files.contains(file) {
            comparison.extend(compare_tables(file, committed, folder)?);
        }
    }
    Ok(comparison)
}

fn missing(file: &str, experiment: &str) -> String {
    format!("no committed {file}: run `cargo xtask figures {experiment} --bless`")
}

/// Compares the tables of pictures. The numbers in other tables are not judged, because what they promise is
/// in the record.
fn compare_tables(file: &str, committed: &Path, folder: &Path) -> Result<Comparison> {
    let read = |folder: &Path| read_picture(&folder.join(file));
    Ok(match (read(committed)?, read(folder)?) {
        (Some(old), Some(new)) => compare_pictures(file, &old, &new),
        (None, None) => Comparison::default(),
        _ => failure(format!("{file}: only one of the two has the columns of a picture")),
    })
}

/// Settings, claims and the list of files are judged; observations are only reported.
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

/// The marks and the first points of loss curves are judged; numbers of rows and later points are only
/// reported.
fn compare_pictures(file: &str, committed: &Picture, fresh: &Picture) -> Comparison {
    let Comparison { mut failures, mut notes } = Comparison::default();
    let keys: BTreeSet<_> = committed.rows.keys().chain(fresh.rows.keys()).collect();
    for key in keys {
        match (committed.rows.get(key), fresh.rows.get(key)) {
            (Some(old), Some(new)) if old == new => {}
            (Some(old), Some(new)) => notes.push(format!("{file}: {key}, committed {old} rows, now {new}")),
            (Some(_), None) => failures.push(format!("{file}: {key} is gone")),
            (None, _) => failures.push(format!("{file}: {key} is not in the committed file")),
        }
        let (Some(old), Some(new)) = (committed.curves.get(key), fresh.curves.get(key)) else { continue };
        if let Some(difference) = curves::early_difference(old, new) {
            failures.push(format!("{file}: {key}, {difference}"));
        }
        if let Some(deviation) = curves::later_deviation(old, new).filter(|&deviation| deviation != 0.0) {
            notes.push(format!("{file}: {key}, later points within {deviation:.1e}"));
        }
    }
    Comparison { failures, notes }
}

/// One sentence for every key that was changed, added or removed.
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

fn read_picture(path: &Path) -> Result<Option<Picture>> {
    let read = || curves::read(File::open(path)?);
    read().with_context(|| format!("numbers of {}", path.display()))
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
        let found = compare_pictures("ring.csv", &curve("λ 0", 0.0, 0.0), &curve("λ 0", 2e-9, 0.125));
        assert!(
            found.failures[0].starts_with("ring.csv: line \"λ 0\" in panel \"Loss\", point 19"),
            "{found:?}"
        );
        let note = "ring.csv: line \"λ 0\" in panel \"Loss\", later points within 1.2e-1";
        assert_eq!((found.failures.len(), found.notes), (1, strings(&[note])));
    }
    #[test]
    fn another_end_alone_passes() {
        let found = compare_pictures("ring.csv", &curve("λ 0", 0.0, 0.0), &curve("λ 0", 0.0, 0.125));
        assert_eq!((found.failures.len(), found.notes.len()), (0, 1));
    }
    #[test]
    fn the_same_curve_passes_without_a_word() {
        let found = compare_pictures("ring.csv", &curve("λ 0", 0.0, 0.0), &curve("λ 0", 0.0, 0.0));
        assert_eq!((found.failures, found.notes), (vec![], vec![]));
    }
    #[test]
    fn a_curve_that_came_or_went_fails() {
        let found = compare_pictures("ring.csv", &curve("a", 0.0, 0.0), &curve("b", 0.0, 0.0));
        let gone = "ring.csv: line \"a\" in panel \"Loss\" is gone";
        let new = "ring.csv: line \"b\" in panel \"Loss\" is not in the committed file";
        assert_eq!(found.failures, strings(&[gone, new]));
    }
    #[test]
    fn a_curve_cut_to_its_judged_points_is_told() {
        let rows: Vec<_> = (0..10_001).map(|epoch| format!("Loss,λ 0,line,{epoch},0.5,")).collect();
        let found = compare_pictures("ring.csv", &picture(&rows[..20]), &picture(&rows));
        let note = "ring.csv: line \"λ 0\" in panel \"Loss\", committed 20 rows, now 10001";
        assert_eq!((found.failures, found.notes), (vec![], strings(&[note])));
        let found = compare_pictures("ring.csv", &picture(&rows[..19]), &picture(&rows));
        assert_eq!(found.failures.len(), 1, "a judged point is missing");
    }
    #[test]
    fn marks_that_are_no_loss_curve_are_counted() {
        let [truth, c1, c2] =
            ["Truth,C1,points,1,2,", "Prediction,C1,points,1,2,", "Prediction,C2,points,1,2,"]
                .map(String::from);
        let committed = picture(&[truth.clone(), c1.clone(), c1.clone()]);
        let found = compare_pictures("ring.csv", &committed, &picture(&[truth, c1, c2]));
        let new = "ring.csv: points \"C2\" in panel \"Prediction\" is not in the committed file";
        let note = "ring.csv: points \"C1\" in panel \"Prediction\", committed 2 rows, now 1";
        assert_eq!((found.failures, found.notes), (strings(&[new]), strings(&[note])));
    }

    #[test]
    fn tables_that_are_no_pictures_are_left_alone() {
        let folders = [(); 2].map(|()| tempfile::tempdir().unwrap());
        let [committed, fresh] = folders.each_ref().map(tempfile::TempDir::path);
        let compare = |old: &str, new: &str| {
            std::fs::write(committed.join("ring.csv"), old).unwrap();
            std::fs::write(fresh.join("ring.csv"), new).unwrap();
            compare_tables("ring.csv", committed, fresh).unwrap()
        };
        let found = compare("dataset,task\nring,regression\n", "dataset,task\nring,classification\n");
        assert_eq!((found.failures, found.notes), (vec![], vec![]));
        let found = compare("dataset,task\nring,regression\n", "panel,series,kind,x,y,value\n");
        assert_eq!(found.failures, strings(&["ring.csv: only one of the two has the columns of a picture"]));
    }

    #[test]
    fn a_missing_committed_record_fails_and_says_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let found = check(&record(), folder.path(), folder.path());
        assert_eq!(
            found.failures,
            strings(&["no committed ring.json: run `cargo xtask figures ring --bless`"])
        );
    }

    #[test]
    fn a_missing_committed_table_fails_and_says_what_to_do() {
        let folders = [(); 2].map(|()| tempfile::tempdir().unwrap());
        let [committed, fresh] = folders.each_ref().map(tempfile::TempDir::path);
        let json =
            r#"{ "name": "ring", "settings": {}, "claims": {}, "observed": {}, "files": ["ring.csv"] }"#;
        std::fs::write(committed.join("ring.json"), json).unwrap();
        std::fs::write(fresh.join("ring.csv"), "panel,series,kind,x,y,value\n").unwrap();
        let found = check(&serde_json::from_str(json).unwrap(), fresh, committed);
        assert_eq!(
            found.failures,
            strings(&["no committed ring.csv: run `cargo xtask figures ring --bless`"])
        );
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

    /// One flat curve of 21 points; the last judged point and the next one are moved.
    fn curve(series: &str, shift_19: f64, shift_20: f64) -> Picture {
        let y = |index| match index {
            19 => 0.5 + shift_19,
            20 => 0.5 + shift_20,
            _ => 0.5,
        };
        let row = |index: u32| format!("Loss,{series},line,{index},{},", y(index));
        picture(&(0..21).map(row).collect::<Vec<_>>())
    }

    fn picture(rows: &[String]) -> Picture {
        let csv = format!("panel,series,kind,x,y,value\n{}", rows.join("\n"));
        curves::read(csv.as_bytes()).unwrap().unwrap()
    }

    fn set(map: &mut Map<String, Value>, key: &str, value: Value) {
        map.insert(key.into(), value);
    }

    fn strings(sentences: &[&str]) -> Vec<String> {
        sentences.iter().map(ToString::to_string).collect()
    }
}
