//! Signs that a score is too good.

use ann_tabular::ann_table::Column;
use ann_tabular::{Leak, Recipe, Table};

use crate::fits::{fit, recipe};
use crate::tables::waves;

#[test]
fn columns_that_are_known_only_afterwards() {
    let rows = 200;
    let label = |row: usize| if (row * 7919 % 101).is_multiple_of(3) { "yes" } else { "no" };
    let x = Column::of_numbers("x", (0..rows).map(|row| (row * 31 % 97) as f64));
    let labels = Column::of_words("churn", (0..rows).map(label));
    let leaks = |column: Column| {
        let table = Table::from_columns([x.clone(), column, labels.clone()]).unwrap();
        fit(&recipe(), &table, "churn").report.leaks
    };
    let is_yes = |row| label(row) == "yes";
    let reason = (0..rows).map(|row| if is_yes(row) { ["moved", "dear"][row % 2] } else { "" });
    let found = leaks(Column::of_words("reason", reason));
    assert!(matches!(&found[..], [Leak::MissingPredicts { column, .. }] if column == "reason"), "{found:?}");
    let days = (0..rows).map(|row| if is_yes(row) { 5.0 + row as f64 } else { -(row as f64) });
    let found = leaks(Column::of_numbers("days", days));
    assert!(
        matches!(&found[..], [Leak::Predicts { column, score: 1.0, .. }] if column == "days"),
        "{found:?}"
    );
    let days = (0..rows).map(|row| if is_yes(row) { -5.0 - row as f64 } else { row as f64 });
    let found = leaks(Column::of_numbers("days", days));
    assert!(matches!(&found[..], [Leak::Predicts { score: 1.0, .. }]), "{found:?}");
    let code = (0..rows).map(|row| ["a", "b", "c", "d"][2 * usize::from(is_yes(row)) + row % 2]);
    let found = leaks(Column::of_words("code", code));
    assert!(matches!(&found[..], [Leak::Predicts { column, .. }] if column == "code"), "{found:?}");
    // One missing cell hides nothing.
    let days = (0..rows).map(|row| match row {
        1 => f64::NAN,
        _ if is_yes(row) => 5.0 + row as f64,
        _ => -(row as f64),
    });
    assert_eq!(leaks(Column::of_numbers("days", days)), [], "199 of 200 rows are not 99.9 %");
    // A column of many words, most of which occur once, predicts nothing.
    let word = (0..rows).map(|row| format!("w{}", row * 7919 % 150));
    assert_eq!(leaks(Column::of_words("word", word)), []);
}

#[test]
fn a_number_that_follows_from_another() {
    let table = waves(200, 1);
    let gross = table.column("y").unwrap();
    let net = Column::of_numbers("net", (0..200).map(|row| gross.number(row).unwrap() / 1.19 + 3.0));
    let table = Table::from_columns(table.columns().iter().cloned().chain([net])).unwrap();
    let found = fit(&recipe(), &table, "y").report.leaks;
    assert!(matches!(&found[..], [Leak::Predicts { column, .. }] if column == "net"), "{found:?}");
}

#[test]
fn rows_in_the_order_of_time() {
    let mut text = "day,x,y\n".to_owned();
    (0..120).for_each(|row| {
        text += &format!("2024-{:02}-{:02},{},{}\n", row / 28 + 1, row % 28 + 1, row * 7 % 50, row * 13 % 9);
    });
    let table = Table::read(text.as_bytes()).unwrap();
    let leaks = |recipe: Recipe| fit(&recipe, &table, "y").report.leaks;
    let found = leaks(recipe());
    assert!(matches!(&found[..], [Leak::InOrderOfTime { column }] if column == "day"), "{found:?}");
    assert_eq!(leaks(Recipe { time: Some("day".into()), ..recipe() }), []);
}
