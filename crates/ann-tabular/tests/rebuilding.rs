//! Models that are made again from their files.

use std::time::Duration;

use ann_tabular::ann_table::{Column, SchemaOptions, Task};
use ann_tabular::ann_train::OptimizerKind::{Descent, Momentum};
use ann_tabular::{Recipe, Scoring, Table};

use crate::fits::{fit, recipe};
use crate::tables::noisy;

#[test]
fn a_model_is_made_again_from_its_file() {
    let table = noisy(120, 1);
    let schema = SchemaOptions { task: Some(Task::Classification), ..Default::default() };
    for recipe in [
        recipe(),
        Recipe { scoring: Scoring::HoldOut(0.3), learning_rate: Some(0.03), seed: u64::MAX, ..recipe() },
        Recipe { scoring: Scoring::Folds(3), hidden: vec![], smoothing: 0.0, schema, ..recipe() },
        Recipe { scoring: Scoring::Off, budget: Some(Duration::ZERO), members: 1, ..recipe() },
        Recipe { scoring: Scoring::Off, optimizer: Momentum, l2: 0.003, patience: Some(4), ..recipe() },
        Recipe { scoring: Scoring::Off, optimizer: Descent, ..recipe() },
    ] {
        let model = fit(&recipe, &table, "label").model;
        let read = ann_tabular::Model::read(&model.write().unwrap()).unwrap();
        let again = ann_tabular::rebuild(&read, &table, 2).unwrap();
        assert!(again.write().unwrap() == model.write().unwrap());
    }
}

/// A file of a version that did not know these settings.
#[test]
fn a_model_of_an_older_version_is_made_again() {
    let table = noisy(60, 1);
    let mut model = fit(&Recipe { scoring: Scoring::Off, ..recipe() }, &table, "label").model;
    let settings = model.provenance["settings"].as_object_mut().unwrap();
    ["optimizer", "l2", "patience"]
        .iter()
        .for_each(|name| assert!(settings.remove(*name).is_some(), "{name}"));
    let again = ann_tabular::rebuild(&model, &table, 1).unwrap();
    assert!(again.write().unwrap() == model.write().unwrap());
}

/// Settings that this version does not know are not taken for others.
#[test]
fn a_model_of_unknown_settings_is_not_made_again() {
    let table = noisy(60, 1);
    let model = fit(&Recipe { scoring: Scoring::Off, ..recipe() }, &table, "label").model;
    for (name, value) in [
        ("task", "ranking".into()),
        ("task", 1.into()),
        ("weights", 1.into()),
        ("scoring", "jackknife".into()),
        ("class_weights", "rare".into()),
        ("learning_rate", 0.1.into()),
        ("optimizer", "lion".into()),
        ("l2", 0.1.into()),
        ("patience", "3".into()),
    ] {
        let mut other = model.clone();
        other.provenance["settings"][name] = value;
        let error = ann_tabular::rebuild(&other, &table, 1).unwrap_err().to_string();
        assert!(error.starts_with("the model does not say how it was made"), "{name}: {error}");
    }
}

#[test]
fn a_model_is_not_made_again_from_other_rows() {
    let table = noisy(120, 1);
    let model = fit(&recipe(), &table, "label").model;
    let error = ann_tabular::rebuild(&model, &noisy(120, 2), 1).unwrap_err().to_string();
    assert!(
        error.starts_with("the table is not the one that the model was made from: 120 rows, 2"),
        "{error}"
    );
    let labels = (0..120).map(|row| if row == 7 { "other" } else { table.columns()[1].word(row).unwrap() });
    let columns = [table.columns()[0].clone(), Column::of_words("label", labels)];
    let changed = ann_tabular::rebuild(&model, &Table::from_columns(columns).unwrap(), 1);
    let error = changed.unwrap_err().to_string();
    assert!(error.starts_with("the table is not the one that the model was made from"), "{error}");
    let mut other = model.clone();
    other.provenance["settings"]["seed"] = "1".into();
    other.provenance["program"] = "ann-tabular 0.0.1".into();
    let error = ann_tabular::rebuild(&other, &table, 1).unwrap_err().to_string();
    assert!(error.contains("the old one was made by ann-tabular 0.0.1"), "{error}");
    // Another program that computes the same is no other model.
    let mut other = model.clone();
    other.provenance["program"] = "ann-tabular 0.0.1".into();
    assert!(ann_tabular::rebuild(&other, &table, 1).is_ok());
    let model = recipe().fit_model(&table, "label").unwrap();
    let error = ann_tabular::rebuild(&model, &table, 1).unwrap_err().to_string();
    assert!(error.starts_with("the model does not say how it was made"), "{error}");
}
