//! What a model makes of the columns of a table.

use ann_tabular::ann_core::Activation;
use ann_tabular::ann_table::{Column, SchemaOptions, Target, Task};
use ann_tabular::{
    Model, Recipe, Table, attributions, confusion, partial_dependence, permutation_importance,
};
use ndarray::array;

use crate::tables::{line, rings, waves};

/// The promise of [`attributions`].
const TOLERANCE: f64 = 1e-6;

#[test]
fn classes_with_smooth_units() {
    check_sums(&model(&rings(200, 1), "ring", Activation::Silu), &rings(20, 2));
}

/// The line from one row to another crosses the kinks of many units.
#[test]
fn classes_with_kinks() {
    check_sums(&model(&rings(200, 1), "ring", Activation::Relu), &rings(20, 2));
}

#[test]
fn numbers() {
    check_sums(&model(&waves(200, 1), "y", Activation::Tanh), &waves(20, 2));
}

#[test]
fn words_and_missing_cells() {
    check_sums(&model(&mixed(), "y", Activation::Silu), &mixed());
}

#[test]
fn labels() {
    let options = SchemaOptions { task: Some(Task::MultiLabel), ..SchemaOptions::default() };
    let table = mixed();
    let recipe = Recipe { schema: options, ..recipe(Activation::Silu) };
    check_sums(&recipe.fit_model(&table, &["y", "city"]).unwrap(), &table);
}

#[test]
fn confusion_by_hand() {
    let probabilities = array![[0.9, 0.1], [0.2, 0.8], [0.4, 0.6]];
    // The last row is of class 0, and taken for class 1.
    assert_eq!(confusion(&[0, 1, 0], &probabilities).unwrap(), array![[1, 1], [0, 1]]);
    assert!(confusion(&[0, 1], &probabilities).is_err(), "a row is missing");
    assert!(confusion(&[0, 1, 2], &probabilities).is_err(), "there is no third class");
}

/// What the columns add is the difference to the ordinary row, and the sum is what the model predicts: as far
/// as single precision goes, and where the number is not limited to its range.
#[track_caller]
fn check_sums(model: &Model, table: &Table) {
    const SINGLE: f64 = 1e-5;
    let predictions = model.predict(table).unwrap();
    for (found, predicted) in attributions(model, table).unwrap().iter().zip(predictions.values().rows()) {
        let sums = found.added.sum_axis(ndarray::Axis(0)) + &found.base;
        for ((sum, exact), predicted) in sums.iter().zip(&found.predicted).zip(predicted) {
            assert!((sum - exact).abs() <= TOLERANCE, "{sum} {exact}");
            assert!(
                (exact - predicted).abs() <= SINGLE || may_be_limited(model, *exact),
                "{exact} {predicted}"
            );
        }
    }
}

/// Whether a network of the model may have predicted a number outside the range: near its ends.
fn may_be_limited(model: &Model, number: f64) -> bool {
    let Target::Numbers(columns) = &model.schema().target else { return false };
    let margin = 0.1 * (columns[0].maximum - columns[0].minimum);
    !(columns[0].minimum + margin..=columns[0].maximum - margin).contains(&number)
}

/// y = 2x + noise: the gradient of a linear model is its weight, so x adds 2 (x − median). The standard error
/// of the slope is σ / (√n σₓ) = 0.58 / (20 · 0.58) = 0.05; four of them are allowed.
#[test]
fn a_linear_model_by_hand() {
    let table = line(400, 1);
    let recipe =
        Recipe { schema: SchemaOptions { bins: 0, ..SchemaOptions::default() }, ..recipe(Activation::Silu) };
    let model = recipe.linear().fit_model(&table, "y").unwrap();
    let at = |x: f64| {
        let row = Table::from_columns([Column::of_numbers("x", [x])]).unwrap();
        attributions(&model, &row).unwrap()[0].added[[0, 0]]
    };
    // Near the median the soft limit of numbers changes nothing: (z / 3)² / 2 is 0.002 there.
    let slope = (at(0.2) - at(0.0)) / 0.2;
    assert!((slope - 2.0).abs() < 0.2, "{slope}");
}

#[test]
fn partial_dependence_follows_the_rule() {
    let table = waves(400, 1);
    let found = partial_dependence(&model(&table, "y", Activation::Silu), &table, "x").unwrap();
    assert_eq!(found.cells.len(), 9);
    for (cell, predicted) in found.cells.iter().zip(found.predicted.column(0)) {
        let x: f64 = cell.parse().unwrap();
        // y = sin x, with noise of 0.1; the network has seen 400 rows.
        assert!((predicted - x.sin()).abs() < 0.25, "{x} {predicted}");
    }
}

#[test]
fn partial_dependence_of_words_shows_each_and_a_missing_one() {
    let found = partial_dependence(&model(&mixed(), "y", Activation::Silu), &mixed(), "city").unwrap();
    assert_eq!(found.cells, ["Bonn", "Trier", ""]);
    assert_eq!(found.predicted.dim(), (3, 2));
}

#[test]
fn the_column_of_the_rule_matters() {
    let table = mixed();
    let importance = permutation_importance(&model(&table, "y", Activation::Silu), &table).unwrap();
    assert_eq!(importance[0].column, "x");
    assert!(importance[0].drop > 0.2, "{importance:?}");
    // Each shuffle has another order. Rounding alone would give about 1e-17.
    assert!(importance[0].deviation > 1e-6, "{importance:?}");
}

/// y is whether x is large; the city says nothing.
fn mixed() -> Table {
    let x = (0..60).map(|row| if row % 7 == 0 { f64::NAN } else { f64::from(row) });
    let y = (0..60).map(|row| if row >= 30 { "yes" } else { "no" });
    let city = (0..60).map(|row| match row % 5 {
        0 | 2 => "Bonn",
        1 => "",
        _ => "Trier",
    });
    Table::from_columns([
        Column::of_numbers("x", x),
        Column::of_words("city", city),
        Column::of_words("y", y),
    ])
    .unwrap()
    .without_missing(&["y"])
    .unwrap()
}

fn model(table: &Table, target: &str, activation: Activation) -> Model {
    recipe(activation).fit_model(table, target).unwrap()
}

/// Two small networks, of both widths.
fn recipe(activation: Activation) -> Recipe {
    let hidden = activation.layers([16, 16]);
    Recipe { hidden, members: 2, epochs: 60, least_updates: 0, batch: 16, ..Recipe::default() }
}
