//! Tables with mistakes, to learn from and to predict: a right result, or an error that says where and what
//! to do.

use ann_tabular::ann_core::Activation;
use ann_tabular::ann_table::{Column, Ignored, Reader};
use ann_tabular::{Model, Recipe, Table};

/// Tables that a model cannot be made of, and the error.
#[rustfmt::skip]
const NOT_LEARNED: &[(&str, &str, &str)] = &[
    ("a target without cells", "x,y\n1,\n2,\n", "no row is left: each lacks the target \"y\", or has the weight 0"),
    ("one class", "x,y\n1,a\n2,a\n", "target \"y\": all rows have the class \"a\"; at least two classes are needed"),
    ("one number to predict", "x,y\n1,2.5\n2,2.5\n", "target \"y\": all numbers are 2.5; there is nothing to learn"),
    ("one row", "x,y\n1,a\n", "target \"y\": all rows have the class \"a\"; at least two classes are needed"),
    ("no such target", "x,z\n1,a\n2,b\n", "there is no column \"y\"; the columns are \"x\", \"z\""),
    ("a target alone", "y\na\nb\n", "no column is left to predict from"),
    ("no column that says anything", "x,gap,y\n1,,a\n1,,b\n", "no column is left to predict from: \"x\" (constant), \"gap\" (constant)"),
    ("numbers to predict that overflow", "x,y\n1,1e308\n2,-1e308\n3,0.5\n", "target \"y\": numbers from -1"),
];

#[test]
fn tables_that_are_not_learned() {
    for (name, text, expected) in NOT_LEARNED {
        let table = Table::read(text.as_bytes()).unwrap();
        let error = recipe().fit_model(&table, "y").map(|_| ()).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{name}: {error}\nnot {expected}");
    }
}

/// Tables that a model is made of, each with 40 rows of classes a and b.
#[test]
fn tables_that_are_learned() {
    let of = |cell: fn(usize) -> String| {
        let row = |row: usize| format!("{},{},{}\n", row % 7, cell(row), ["a", "b"][row % 2]);
        "x,w,y\n".to_owned() + &(0..40).map(row).collect::<String>()
    };
    for (name, text) in [
        ("a column without a cell", of(|_| String::new())),
        ("equal rows", of(|_| "1".into())),
        ("huge numbers", of(|row| format!("{}e307", row % 9))),
        ("tiny numbers", of(|row| format!("{}e-320", row % 9))),
        ("a word for each row", of(|row| format!("w{row}"))),
        ("a category with leading zeros", of(|row| format!("00{}", row % 4))),
        ("truth", of(|row| (row % 3 == 0).to_string())),
        ("a gap in most rows", of(|row| if row == 7 { "1".into() } else { String::new() })),
    ] {
        let table = Table::read(text.as_bytes()).unwrap();
        let model = fit(&table);
        let predictions = model.predict(&table).unwrap();
        assert!(predictions.values().iter().all(|probability| (0.0..=1.0).contains(probability)), "{name}");
    }
}

#[test]
fn many_categories() {
    let rows: String = (0..100_000).map(|row| format!("{},w{row},{}\n", row % 7, row % 2)).collect();
    let table = Table::read(format!("x,w,y\n{rows}").as_bytes()).unwrap();
    let recipe = Recipe { epochs: 1, batch: 10_000, ..recipe() };
    let model = recipe.fit_model(&table, "y").unwrap();
    assert_eq!(model.schema().ignored[0].name, "w");
    // Also if it is asked for: every word is rare.
    let mut keep = recipe;
    keep.schema.keep = vec!["w".into()];
    let ignored = keep.fit_model(&table, "y").unwrap().schema().ignored.clone();
    assert_eq!((ignored[0].name.as_str(), ignored[0].reason), ("w", Ignored::FreeText));
}

/// Columns are found by name, and what a cell may be is known from the table that was learned from.
#[test]
fn tables_to_predict() {
    let model = fit(&table());
    let expected = model.predict(&table()).unwrap().values().clone();
    let same = |text: &str| {
        let reader = Reader { kinds: model.schema().kinds(), ..Reader::default() };
        let table = reader.read(text.as_bytes()).unwrap();
        model.predict(&table).unwrap().values().row(0) == expected.row(0)
    };
    assert!(same("x,zip,sold,y\n0,00000,2024-01-01,a\n"));
    assert!(same("sold,zip,x\n2024-01-01,00000,0\n"), "shuffled, without target");
    assert!(same("id,x,new,zip,sold\nabc,0,1,00000,2024-01-01\n"), "with columns that are not known");
    assert!(same("x;zip;sold\n0,0;00000;2024-01-01\n"), "in another notation");
    assert!(!same("x,zip,sold\n0,99999,2024-01-01\n"), "a word that was not seen");
    assert!(!same("x,zip,sold\n,,\n"), "nothing known");
    assert!(!same("x,zip,sold\n1e300,00000,2024-01-01\n"), "far outside");
}

#[test]
fn tables_that_are_not_predicted() {
    let model = fit(&table());
    for (name, text, expected) in [
        (
            "a column is missing",
            "x,sold\n0,2024-01-01\n",
            "the table has no column \"zip\"; its columns are \"x\", \"sold\"",
        ),
        (
            "words instead of numbers",
            "x,zip,sold\n1,00000,2024-01-01\nred,00000,2024-01-01\n",
            "line 3, column 1 (\"x\"): found \"red\", expected a number",
        ),
        (
            "words instead of dates",
            "x,zip,sold\n1,00000,soon\n",
            "line 2, column 3 (\"sold\"): found \"soon\", expected a date as 2024-02-29",
        ),
        (
            "numbers instead of words",
            "x,zip,sold\n1,4000,2024-01-01\n",
            "column \"zip\" holds numbers, expected categories as in the table that was learned from; give the kinds to the reader: `Reader { kinds: model.schema().kinds(), ..Reader::default() }`",
        ),
        (
            "numbers instead of dates",
            "x,zip,sold\n1,00000,20240101\n",
            "column \"sold\" holds numbers, expected dates as in the table that was learned from",
        ),
    ] {
        let table = Table::read(text.as_bytes()).unwrap();
        let error = model.predict(&table).map(|_| ()).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{name}: {error}\nnot {expected}");
    }
}

#[test]
fn predictions_do_not_depend_on_blocks() {
    let model = fit(&table());
    let row = |row: usize| format!("{},0{}000,2024-01-0{}\n", row % 7, row % 5, row % 9 + 1);
    let text = "x,zip,sold\n".to_owned() + &(0..100).map(row).collect::<String>();
    let whole = model.predict(&Table::read(text.as_bytes()).unwrap()).unwrap().values().clone();
    for rows in [1, 9, 100] {
        let blocks = Reader::default().blocks(text.as_bytes(), model.schema(), rows).unwrap();
        let values = |block: Result<Table, _>| model.predict(&block.unwrap()).unwrap().values().clone();
        let values: Vec<f64> = blocks.flat_map(|block| values(block).into_iter()).collect();
        assert!(values.iter().eq(whole.iter()), "blocks of {rows} rows");
    }
}

/// Numbers that are not finite are missing in a table from memory.
#[test]
fn infinite_numbers_from_memory() {
    let numbers = [1.0, f64::INFINITY, 2.0, f64::NEG_INFINITY, 3.0, f64::NAN, 4.0, 5.0];
    let table = Table::from_columns([
        Column::of_numbers("x", numbers),
        Column::of_words("y", ["a", "b", "a", "b", "a", "b", "a", "b"]),
    ]);
    let table = table.unwrap();
    assert_eq!(table.column("x").unwrap().missing(), 3);
    assert!(fit(&table).predict(&table).unwrap().values().iter().all(|value| value.is_finite()));
}

fn table() -> Table {
    let row = |row: usize| {
        let (x, zip, day) = (row % 7, row % 5, row % 9 + 1);
        format!("{x},0{zip}000,2024-01-0{day},{}\n", ["a", "b"][usize::from(x > 3)])
    };
    let rows: String = (0..60).map(row).collect();
    Table::read(format!("x,zip,sold,y\n{rows}").as_bytes()).unwrap()
}

fn fit(table: &Table) -> Model {
    recipe().fit_model(table, "y").unwrap()
}

/// Small, because only what goes in and out is tested.
fn recipe() -> Recipe {
    Recipe {
        members: 1,
        epochs: 4,
        least_updates: 0,
        batch: 8,
        hidden: Activation::Silu.layers([4]),
        ..Recipe::default()
    }
}
