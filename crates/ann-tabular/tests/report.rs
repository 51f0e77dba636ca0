//! The report in words, and settings that are refused.

use ann_tabular::ann_core::ClassWeights;
use ann_tabular::ann_table::Column;
use ann_tabular::ann_train::OptimizerKind;
use ann_tabular::{Recipe, Scoring, Table};

use crate::fits::{fit, recipe};
use crate::tables::{line, noisy};

#[test]
fn the_report_in_words() {
    let text = fit(&recipe(), &noisy(150, 1), "label").report.to_string();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "label: one of 2 classes, from 1 of the columns and 150 rows");
    assert_eq!(lines[1], "score of 150 rows in 5 folds, each held out once");
    assert!(lines[2].trim_start().starts_with("accuracy"), "{text}");
    let firsts = [
        "this model",
        "linear model",
        "constant",
        "sets of classes for 90 %: right for ",
        "importance: \"x\" ",
    ];
    // The line about the linear model depends on chance.
    let others: Vec<&&str> = lines[3..].iter().filter(|line| !line.starts_with("The linear")).collect();
    assert_eq!(others.len(), firsts.len(), "{text}");
    assert!(others.iter().zip(firsts).all(|(line, first)| line.starts_with(first)), "{text}");
}

/// Ten thousand letters, and a character that clears the screen of a terminal.
#[test]
fn odd_names_are_printed_short_and_without_control_characters() {
    let name = |first: &str| format!("{first}\u{1b}[2J{}", "n".repeat(10_000));
    let table = line(60, 1);
    let of = |column: usize, name: String| {
        Column::of_numbers(name, (0..60).map(|row| table.columns()[column].number(row).unwrap()))
    };
    let year = Column::of_numbers(name("year"), (0..60).map(f64::from));
    let same = Column::of_numbers(name("same"), [1.0; 60]);
    let known = of(1, name("known"));
    let columns = [of(0, name("x")), of(1, name("y")), of(1, name("z")), known, year, same];
    let table = Table::from_columns(columns).unwrap();
    let recipe = Recipe { time: Some(name("year")), ..recipe() };
    let text = recipe.fit(&table, &[name("y"), name("z")]).unwrap().report.to_string();
    assert!(text.lines().all(|line| line.chars().count() < 400), "{text}");
    assert!(!text.contains('\u{1b}') && text.contains(r"same\u{1b}[2Jnnn"), "{text}");
    assert!(text.contains("alone predicts"), "{text}");
    let error = recipe.fit(&table, &name("year")).unwrap_err().to_string();
    assert!(error.chars().count() < 200 && !error.contains('\u{1b}'), "{error}");
}

#[test]
fn importance_that_is_not_measured_is_mentioned() {
    let numbers = |column: usize| (0..40).map(move |row| ((row * row + 31 * row * column) % 101) as f64);
    let columns = (0..302).map(|column| Column::of_numbers(format!("x{column}"), numbers(column)));
    let recipe = Recipe { members: 1, epochs: 1, ..recipe() };
    let text = fit(&recipe, &Table::from_columns(columns).unwrap(), "x0").report.to_string();
    assert!(text.contains("importance was not measured: 301 columns, more than 300"), "{text}");
}

#[test]
fn weights_of_classes_without_classes() {
    let recipe = Recipe { class_weights: ClassWeights::Balanced, ..recipe() };
    let error = recipe.fit(&line(60, 1), "y").unwrap_err().to_string();
    let expected =
        "the setting class_weights is Balanced, where no classes are predicted, expected ClassWeights::None";
    assert_eq!(error, expected);
}

#[test]
fn invalid_settings_are_named() {
    let invalid = |recipe: Recipe, expected: &str| {
        let error = recipe.fit(&noisy(60, 1), "label").unwrap_err().to_string();
        assert!(error.starts_with(expected), "{error}");
    };
    let folds = Scoring::Folds;
    invalid(Recipe { scoring: folds(1), ..recipe() }, "the setting scoring is Folds(1), expected at least 2");
    let time = Some("x".into());
    invalid(
        Recipe { scoring: folds(3), time, ..recipe() },
        "the setting scoring is Folds(3), expected no folds",
    );
    for share in [0.0, f64::NAN] {
        let expected = format!("the setting scoring is HoldOut({share})");
        invalid(Recipe { scoring: Scoring::HoldOut(share), ..recipe() }, &expected);
    }
    for members in [0, usize::MAX] {
        invalid(
            Recipe { members, ..recipe() },
            &format!("the setting members is {members}, expected 1 to 1000"),
        );
    }
    invalid(Recipe { epochs: 0, ..recipe() }, "the setting epochs is 0");
    invalid(Recipe { validation_folds: 1, ..recipe() }, "the setting validation_folds is 1");
    invalid(Recipe { patience: Some(0), ..recipe() }, "the setting patience is 0, expected at least one");
    for l2 in [-0.1, f64::NAN, f64::INFINITY, 1e300] {
        let expected = format!("the setting l2 is {l2:?}, expected a number from 0 to 1.7e38");
        invalid(Recipe { l2, ..recipe() }, &expected);
    }
    let of_all_rows = [OptimizerKind::Rprop, OptimizerKind::Lbfgs, OptimizerKind::LevenbergMarquardt];
    for optimizer in of_all_rows {
        let expected = format!("the setting optimizer is {optimizer}, expected one for mini-batches");
        invalid(Recipe { optimizer, ..recipe() }, &expected);
    }
    invalid(Recipe { groups: Some("label".into()), ..recipe() }, "the setting groups is \"label\"");
    invalid(Recipe { weights: Some("z".into()), ..recipe() }, "there is no column \"z\"");
}
