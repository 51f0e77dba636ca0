//! Rows that are structs.

use std::collections::BTreeMap;

use ann_table::{Error, Kind, Table};
use serde::Serialize;

#[derive(Serialize)]
struct Flower {
    sepal: f64,
    species: Species,
    note: String,
    age: Option<u32>,
    is_wild: bool,
    id: u64,
    found: &'static str,
}

#[derive(Serialize)]
enum Species {
    Setosa,
    #[serde(rename = "Iris virginica")]
    Virginica,
}

#[derive(Serialize)]
struct Length(f64);

#[test]
fn a_column_for_each_field() {
    let flower = |sepal, species, age| Flower {
        sepal,
        species,
        note: " ".into(),
        age,
        is_wild: age.is_some(),
        id: u64::MAX,
        found: "2024-02-29",
    };
    let rows = [flower(5.5, Species::Setosa, Some(3)), flower(f64::NAN, Species::Virginica, None)];
    check(
        &Table::from_rows(&rows).unwrap(),
        &[
            ("sepal", Kind::Number, ["5.5", ""]),
            ("species", Kind::Category, ["Setosa", "Iris virginica"]),
            ("note", Kind::Category, ["", ""]),
            ("age", Kind::Number, ["3", ""]),
            ("is_wild", Kind::Category, ["true", "false"]),
            ("id", Kind::Category, ["18446744073709551615", "18446744073709551615"]),
            ("found", Kind::Date, ["2024-02-29", "2024-02-29"]),
        ],
    );
}

#[test]
fn maps_and_other_wrappers() {
    let row = |pairs: &[(&'static str, f64)]| {
        pairs.iter().map(|&(name, number)| (name, Some(Length(number)))).collect::<BTreeMap<_, _>>()
    };
    // Fields that a row lacks are missing in it.
    let table = Table::from_rows([row(&[("a", 1.0)]), row(&[("b", 0.25), ("c", 3.0)])]).unwrap();
    check(
        &table,
        &[("a", Kind::Number, ["1", ""]), ("b", Kind::Number, ["", "0.25"]), ("c", Kind::Number, ["", "3"])],
    );
}

/// Words of Rust stay words, numbers beside them become words.
#[test]
fn texts_that_look_like_numbers() {
    #[derive(Serialize)]
    #[serde(untagged)]
    enum Mixed {
        Number(f64),
        Word(&'static str),
    }
    let rows = [
        BTreeMap::from([("zip", Mixed::Word("04109")), ("mixed", Mixed::Number(1.5))]),
        BTreeMap::from([("zip", Mixed::Word("10115")), ("mixed", Mixed::Word("many"))]),
    ];
    check(
        &Table::from_rows(rows).unwrap(),
        &[("mixed", Kind::Category, ["1.5", "many"]), ("zip", Kind::Category, ["04109", "10115"])],
    );
}

#[test]
fn rows_that_are_no_rows() {
    #[derive(Serialize)]
    struct Row<T> {
        x: T,
    }
    let parts = "expected a number, a text, true, false or nothing";
    check_error(Row { x: vec![1, 2] }, &format!("row 1: field \"x\" holds a list, {parts}"));
    check_error(Row { x: (1, 2) }, &format!("row 1: field \"x\" holds a tuple, {parts}"));
    check_error(Row { x: Row { x: 1 } }, &format!("row 1: field \"x\" holds a struct, {parts}"));
    check_error(
        Row { x: Ok::<u8, u8>(1) },
        &format!("row 1: field \"x\" holds a variant with data, {parts}"),
    );
    check_error(vec![1], "row 1: found a list, expected a struct");
    check_error(1.5, "row 1: found a single value, expected a struct");
    let none: [Row<u8>; 0] = [];
    assert!(matches!(Table::from_rows(none), Err(Error::NoColumns)));
}

#[track_caller]
fn check(table: &Table, expected: &[(&str, Kind, [&str; 2])]) {
    let text = |name: &str, row| table.column(name).unwrap().text(row);
    let found: Vec<_> = (table.columns().iter())
        .map(|column| (column.name(), column.kind(), [text(column.name(), 0), text(column.name(), 1)]))
        .collect();
    let expected: Vec<_> =
        (expected.iter()).map(|(name, kind, cells)| (*name, *kind, cells.map(str::to_owned))).collect();
    assert_eq!(found, expected);
}

#[track_caller]
fn check_error(row: impl Serialize, message: &str) {
    assert_eq!(Table::from_rows([row]).unwrap_err().to_string(), message);
}
