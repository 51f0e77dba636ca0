//! A model for each group of rows.

use std::sync::atomic::AtomicBool;

use ann_tabular::ann_core::ClassWeights;
use ann_tabular::ann_model::file::{ModelSet, SetEntry};
use ann_tabular::ann_table::{Column, Kind, Target, Task};
use ann_tabular::{Error, GroupFit, Grouping, GroupsWriter, Recipe, Scoring, Table};

/// The stores of [`sales`].
const STORES: [&str; 3] = ["Köln", "Bonn", "Trier"];

#[test]
fn a_group_has_the_model_of_its_rows_alone() {
    let table = sales(120);
    for recipe in [recipe(), Recipe { members: 1, scoring: Scoring::Off, seed: 7, ..recipe() }] {
        for group in fits(&recipe, &table, "units") {
            let (rows, _): (Vec<usize>, Vec<usize>) = (0..table.rows())
                .partition(|&row| table.column("store").unwrap().word(row) == Some(&*group.key));
            let alone = table.select(&rows).without(&["store"]).unwrap();
            // As if it had been read from a file of these rows.
            let alone = Table::from_columns(alone.columns().to_vec()).unwrap();
            let mut recipe = recipe.clone();
            recipe.schema.task = Some(Task::Regression);
            assert_eq!(bytes(&group), recipe.fit(&alone, "units").unwrap().model.write().unwrap());
        }
    }
}

#[test]
fn a_model_depends_neither_on_threads_nor_on_other_groups() {
    let table = sales(120);
    let expected = fits(&recipe(), &table, "units");
    let keys: Vec<&str> = expected.iter().map(|group| group.key.as_str()).collect();
    assert_eq!(keys, ["Bonn", "Köln", "Trier"]);
    let threads = fits(&Recipe { threads: 2, ..recipe() }, &table, "units");
    expected.iter().zip(&threads).for_each(|(one, two)| assert_eq!(bytes(one), bytes(two)));
    // Other groups come first, with words that these do not have; or are not there.
    let store = |row: usize| table.column("store").unwrap().word(row).unwrap();
    let mut rows: Vec<usize> = (0..table.rows()).collect();
    rows.sort_by_key(|&row| store(row) == "Köln");
    for rows in [rows.clone(), rows.into_iter().filter(|&row| store(row) == "Köln").collect()] {
        let groups = fits(&recipe(), &table.select(&rows), "units");
        let found = groups.iter().find(|group| group.key == "Köln").unwrap();
        assert_eq!(bytes(found), bytes(&expected[1]));
    }
}

#[test]
fn groups_without_a_model_are_named() {
    let mut rows = vec![];
    for row in 0..30 {
        let x = f64::from(row * 7 % 30);
        rows.push(("both classes", x, if row % 3 == 0 { "yes" } else { "no" }));
        rows.push(("one class", x, "no"));
        rows.push(("nothing varies", 5.0, if row % 3 == 0 { "yes" } else { "no" }));
        if row < 9 {
            rows.push(("small", x, if row % 3 == 0 { "yes" } else { "no" }));
        }
        rows.push(("no targets", x, if row == 0 { "yes" } else { "" }));
        rows.push(("", x, "yes"));
    }
    let table = Table::from_columns([
        Column::of_words("group", rows.iter().map(|row| row.0)),
        Column::of_numbers("x", rows.iter().map(|row| row.1)),
        Column::of_words("answer", rows.iter().map(|row| row.2)),
    ])
    .unwrap();
    let mut found = vec![];
    let see = |group: GroupFit| {
        found.push((group.key, group.rows, group.fit.map(drop).map_err(|error| error.to_string())));
        Ok::<(), Error>(())
    };
    let left_out = recipe().fit_groups(&table, "answer", "group", &AtomicBool::new(false), see).unwrap();
    assert_eq!(left_out, 30);
    let expected = [
        ("both classes", 30, Ok(())),
        ("no targets", 30, Err("too few rows: it has 1 with a target, and a model needs at least 10")),
        ("nothing varies", 30, Err(r#"no column is left to predict from: "x" (constant)"#)),
        (
            "one class",
            30,
            Err(r#"target "answer": all rows have the class "no"; at least two classes are needed"#),
        ),
        ("small", 9, Err("too few rows: it has 9 with a target, and a model needs at least 10")),
    ];
    for ((key, rows, fit), (expected_key, expected_rows, expected)) in found.iter().zip(expected) {
        assert_eq!((key.as_str(), *rows), (expected_key, expected_rows));
        match (fit, expected) {
            (Err(found), Err(expected)) => assert!(found.contains(expected), "{key}: {found}"),
            (found, expected) => assert_eq!(found.is_ok(), expected.is_ok(), "{key}: {found:?}"),
        }
    }
    assert_eq!(found.len(), expected.len());
}

/// The numbers of one group could be taken for classes.
#[test]
fn the_task_is_that_of_all_rows() {
    let x = |row: i32| f64::from(row * 7 % 40);
    let mut rows: Vec<(f64, f64, f64)> = (0..40).map(|row| (1.0, x(row), f64::from(row % 3))).collect();
    rows.extend((0..40).map(|row| (2.0, x(row), 3.0 * f64::from(row))));
    let table = Table::from_columns([
        Column::of_numbers("machine", rows.iter().map(|row| row.0)),
        Column::of_numbers("x", rows.iter().map(|row| row.1)),
        Column::of_numbers("faults", rows.iter().map(|row| row.2)),
    ])
    .unwrap();
    let groups = fits(&recipe(), &table, "faults");
    for (group, key) in groups.into_iter().zip(["1", "2"]) {
        assert_eq!(group.key, key);
        assert!(matches!(group.fit.unwrap().model.schema().target, Target::Numbers(_)));
    }
}

#[test]
fn a_file_holds_the_models_of_all_groups() {
    let table = sales(60);
    let mut bytes = vec![];
    let mut writer = GroupsWriter::new(&mut bytes, &table, "store").unwrap();
    let mut groups = vec![];
    let see = |group: GroupFit| {
        writer.add(&group)?;
        groups.push(group);
        Ok::<(), Error>(())
    };
    recipe().fit_groups(&table, "units", "store", &AtomicBool::new(false), see).unwrap();
    writer.finish().unwrap();
    let set = ModelSet::read(bytes).unwrap();
    for group in &groups {
        let Ok(Some(SetEntry::Model(model))) = set.get(&group.key) else { panic!("no {}", group.key) };
        assert_eq!(model.write().unwrap(), group.fit.as_ref().unwrap().model.write().unwrap());
    }
    let grouping = Grouping::of(&set).unwrap();
    assert_eq!((grouping.column.as_str(), grouping.kind), ("store", Kind::Category));
    assert_eq!(grouping.columns, [("day".to_owned(), Kind::Category), ("price".to_owned(), Kind::Number)]);
}

#[test]
fn groups_after_an_interrupt_have_no_model() {
    let see = |group: GroupFit| {
        assert!(matches!(group.fit, Err(Error::Interrupted)));
        Ok::<(), Error>(())
    };
    recipe().fit_groups(&sales(60), "units", "store", &AtomicBool::new(true), see).unwrap();
}

#[test]
fn what_is_wrong_for_all_groups_is_an_error() {
    let error = |recipe: &Recipe, column: &str| {
        let see = |_| Ok::<(), Error>(());
        let result = recipe.fit_groups(&sales(60), "units", column, &AtomicBool::new(false), see);
        result.unwrap_err().to_string()
    };
    let expected = "a column that is neither a target nor has another role";
    assert_eq!(error(&recipe(), "units"), format!(r#"the setting column is "units", expected {expected}"#));
    let weighted = Recipe { weights: Some("store".into()), ..recipe() };
    assert!(error(&weighted, "store").ends_with(expected));
    assert!(error(&weighted, "day").starts_with(r#"line 1, column 1 ("store"): the weight is "#));
    assert!(error(&recipe(), "shop").contains(r#"there is no column "shop""#));
    let limited = Recipe { budget: Some(std::time::Duration::from_secs(1)), ..recipe() };
    assert!(error(&limited, "store").starts_with("the setting budget is a limit of time"));
    let factors = Recipe { class_weights: ClassWeights::Balanced, ..recipe() };
    assert!(error(&factors, "store").starts_with("the setting class_weights is Balanced"));
}

fn recipe() -> Recipe {
    Recipe { epochs: 8, least_updates: 0, ..Recipe::for_groups() }
}

fn fits(recipe: &Recipe, table: &Table, target: &str) -> Vec<GroupFit> {
    let column = if table.column("store").is_ok() { "store" } else { "machine" };
    let mut groups = vec![];
    let see = |group| {
        groups.push(group);
        Ok::<(), Error>(())
    };
    recipe.fit_groups(table, target, column, &AtomicBool::new(false), see).unwrap();
    groups
}

/// The stores by turns, each with another rule, and with words for its days that others do not have.
fn sales(rows: usize) -> Table {
    let store = |row: usize| STORES[row % 3];
    let price = |row: usize| ((row * 37 + row / 3 * 11) % 101) as f64 / 10.0;
    let units = |row: usize| (1 + row % 3) as f64 * 10.0 + (3.0 - (row % 3) as f64) * price(row);
    Table::from_columns([
        Column::of_words("store", (0..rows).map(store)),
        Column::of_numbers("price", (0..rows).map(price)),
        Column::of_words("day", (0..rows).map(|row| format!("{}{}", store(row), row / 3 % 4))),
        Column::of_numbers("units", (0..rows).map(units)),
    ])
    .unwrap()
}

#[track_caller]
fn bytes(group: &GroupFit) -> Vec<u8> {
    group.fit.as_ref().unwrap().model.write().unwrap()
}
