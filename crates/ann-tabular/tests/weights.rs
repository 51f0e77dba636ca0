//! Which rows a model is made from, and their weights.

use ann_tabular::ann_table::Column;
use ann_tabular::{Recipe, Scoring, Table};

use crate::fits::{fit, recipe};
use crate::tables::noisy;

#[test]
fn a_row_of_weight_0_is_an_absent_row() {
    let table = noisy(200, 1);
    let with = |weights: Vec<f64>, table: &Table| {
        let weights = Column::of_numbers("weight", weights);
        let table = Table::from_columns(table.columns().iter().cloned().chain([weights])).unwrap();
        Recipe { weights: Some("weight".into()), ..recipe() }
            .fit_model(&table, "label")
            .unwrap()
            .write()
            .unwrap()
    };
    let weights = (0..200).map(|row| if row % 4 == 0 { 0.0 } else { 1.0 + f64::from(row % 3) });
    let kept: Vec<usize> = (0..200).filter(|row| row % 4 != 0).collect();
    let of_kept = weights.clone().filter(|weight| *weight > 0.0).collect();
    assert!(with(weights.collect(), &table) == with(of_kept, &table.select(&kept)));
}

#[test]
fn the_largest_class_is_that_with_the_largest_sum_of_weights() {
    let mut text = "x,y,w\n".to_owned();
    for row in 0..50 {
        text += &format!("{row}.5,{}\n", if row < 30 { "a,1" } else { "b,5" });
    }
    let table = Table::read(text.as_bytes()).unwrap();
    for (weights, largest) in [(None, 0), (Some("w".to_owned()), 1)] {
        let recipe = Recipe { weights, members: 1, epochs: 1, scoring: Scoring::Off, ..recipe() };
        let rows = fit(&recipe, &table, "y").report.rows;
        assert_eq!((rows.of_classes, rows.largest_class), (vec![30, 20], Some(largest)));
    }
}

#[test]
fn invalid_weights() {
    let text = "x,y,w\n1,a,1\n2,b,-1\n3,a,1\n";
    let error = |text: &str| {
        let recipe = Recipe { weights: Some("w".into()), ..recipe() };
        recipe.fit(&Table::read(text.as_bytes()).unwrap(), "y").unwrap_err().to_string()
    };
    let expected = |found| {
        format!(r#"line 3, column 3 ("w"): the weight is {found:?}, expected a number that is not negative"#)
    };
    assert_eq!(error(text), expected("-1"));
    assert_eq!(error(&text.replace("-1", "")), expected(""));
    assert_eq!(
        error(&text.replace("1\n", "0\n").replace("-0", "0")),
        r#"no row is left: each lacks the target "y", or has the weight 0"#
    );
}

#[test]
fn rows_without_a_target_are_left_out_and_named() {
    let mut text = "x,y\n".to_owned();
    (0..60).for_each(|row| text += &format!("{},{}\n", row * 7 % 30, if row < 30 { "low" } else { "high" }));
    text += "7.5,\n8.5,?\n";
    let rows = fit(&recipe(), &Table::read(text.as_bytes()).unwrap(), "y").report.rows;
    assert_eq!((rows.used, rows.left_out, rows.first_left_out), (60, 2, Some(62)));
}
