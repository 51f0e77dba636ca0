//! A fit of a table on a disk: the file and the report of one in memory, and damage ends it.

use std::fmt::Write;
use std::io::Write as _;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};

use ann_tabular::ann_core::Activation;
use ann_tabular::{Error, Fit, Reader, Recipe, Scoring, Table, rebuild};
use tempfile::{NamedTempFile, tempfile};

/// Three blocks of 1024 rows, the last one not whole: numbers, words, missing cells, weights and groups.
fn text() -> String {
    let mut text = "a,b,word,weight,group,y\n".to_owned();
    for row in 0..2500 {
        let (a, b) = (row * 7919 % 1000, row * 104_729 % 997);
        let y = if a * b % 1000 > 400 { "yes" } else { "no" };
        let b = if row % 11 == 0 { String::new() } else { format!("{:.2}", f64::from(b) / 7.0) };
        let y = if row % 100 == 99 { "" } else { y };
        writeln!(text, "{a},{b},w{},{},{},{y}", row % 9, row % 3, row / 2).unwrap();
    }
    text
}

fn written(text: &str) -> NamedTempFile {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

/// A table on a disk, and its file, which a test damages.
fn stored(text: &NamedTempFile) -> (Table, NamedTempFile) {
    let store = NamedTempFile::new().unwrap();
    let table = Reader::default().open_on_disk(text.path(), store.reopen().unwrap()).unwrap();
    (table, store)
}

#[track_caller]
fn assert_same(found: &Fit, expected: &Fit) {
    assert!(
        found.model.write().unwrap() == expected.model.write().unwrap(),
        "the files of the models differ"
    );
    assert_eq!(found.report.to_string(), expected.report.to_string());
}

#[test]
fn the_model_and_the_report_are_those_of_the_table_in_memory() {
    let text = written(&text());
    let in_memory = Table::open(text.path()).unwrap();
    let recipe = Recipe {
        members: 2,
        hidden: Activation::Silu.layers([8]),
        epochs: 3,
        least_updates: 0,
        weights: Some("weight".into()),
        groups: Some("group".into()),
        threads: 2,
        ..Recipe::default()
    };
    let expected = recipe.fit(&in_memory, "y").unwrap();
    // Two blocks of each column are kept, or all.
    for cache in [0, 1 << 30] {
        let on_disk = Reader::default().open_on_disk(text.path(), tempfile().unwrap()).unwrap();
        assert_same(&recipe.fit(&on_disk.with_cache(cache), "y").unwrap(), &expected);
    }
}

/// More rows than are shuffled together.
#[test]
fn batches_of_a_large_table_come_from_windows_in_memory_and_on_a_disk() {
    const ROWS: usize = 1_400_000;
    let mut text = "x,y\n".to_owned();
    (0..ROWS).for_each(|row| writeln!(text, "{},{}", row * 7919 % 1000, row * 7919 % 1000 / 500).unwrap());
    let text = written(&text);
    let recipe = Recipe {
        members: 1,
        hidden: vec![],
        epochs: 1,
        batch: 4096,
        scoring: Scoring::Off,
        ..Recipe::default()
    };
    let in_memory = Table::open(text.path()).unwrap();
    let on_disk = Reader::default().open_on_disk(text.path(), tempfile().unwrap()).unwrap();
    let needed = recipe.memory_of(&on_disk);
    // Windows need less than all rows.
    assert!((1..on_disk.stored_bytes_of(ROWS)).contains(&needed.cache), "{needed:?}");
    let expected = recipe.fit(&in_memory, "y").unwrap();
    assert_same(&recipe.fit(&on_disk.with_cache(needed.cache), "y").unwrap(), &expected);
}

/// The inputs of so small a table are encoded once, before the training, so the rows that the file no longer
/// has are read by the score.
#[test]
fn a_file_that_is_damaged_during_a_fit_is_an_error_of_the_fit() {
    let text = written(&text());
    let (on_disk, store) = stored(&text);
    let was_cut = AtomicBool::new(false);
    let recipe = Recipe { members: 1, epochs: 2, least_updates: 0, ..Recipe::default() };
    let fit = recipe.fit_observed(&on_disk.with_cache(0), "y", |_| {
        if !was_cut.swap(true, Ordering::Relaxed) {
            store.as_file().set_len(20).unwrap();
        }
        ControlFlow::Continue(())
    });
    let error = fit.map(drop).unwrap_err().to_string();
    assert!(error.contains("the file with the rows of the table cannot be read"), "{error}");
}

#[test]
fn a_file_that_is_damaged_before_a_fit_is_an_error() {
    let text = written(&text());
    let (on_disk, store) = stored(&text);
    store.as_file().set_len(5000).unwrap();
    let error = Recipe::default().fit(&on_disk, "y").map(drop).unwrap_err().to_string();
    assert!(error.contains("; make it again from the table"), "{error}");
}

#[test]
fn groups_that_cannot_be_read_are_an_error() {
    let text = written(&text());
    let (on_disk, store) = stored(&text);
    store.as_file().set_len(20).unwrap();
    let see = |_| Ok::<(), Error>(());
    let fits = Recipe::for_groups().fit_groups(&on_disk, "y", "word", &AtomicBool::new(false), see);
    let error = fits.unwrap_err().to_string();
    assert!(error.contains("the file with the rows of the table cannot be read"), "{error}");
}

/// Damage is not taken for a table that differs from the one that the model was made of.
#[test]
fn damage_is_no_other_table_when_a_model_is_made_again() {
    let text = written(&text());
    let recipe =
        Recipe { members: 1, epochs: 1, least_updates: 0, scoring: Scoring::Off, ..Recipe::default() };
    let model = recipe.fit(&Table::open(text.path()).unwrap(), "y").unwrap().model;
    let (on_disk, store) = stored(&text);
    store.as_file().set_len(20).unwrap();
    let error = rebuild(&model, &on_disk, 1).unwrap_err().to_string();
    assert!(error.contains("the file with the rows of the table cannot be read"), "{error}");
}
