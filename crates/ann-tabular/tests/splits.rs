//! Which rows are held out for the score.

use ann_tabular::ann_core::ClassWeights;
use ann_tabular::ann_table::{Column, SchemaOptions};
use ann_tabular::{NoScore, Recipe, Score, ScoreRule, Scoring, Table};

use crate::fits::{evaluation, fit, recipe};
use crate::tables::{line, noisy, tosses};

#[test]
fn few_rows_are_tested_in_folds_and_many_are_held_out() {
    let rule = |rows| evaluation(&fit(&recipe(), &noisy(rows, 1), "label")).rule.clone();
    assert_eq!(rule(199), ScoreRule::Folds(5));
    assert_eq!(rule(200), ScoreRule::HoldOut(0.2));
}

/// Each patient has five rows, which resemble each other, and a diagnosis by the toss of a coin.
#[test]
fn rows_of_a_group_are_not_on_both_sides() {
    let patients: Vec<usize> = (0..300).map(|row| row / 5).collect();
    let toss = |patient: &usize| if ((patient * 7919 + 13) % 101).is_multiple_of(2) { "ill" } else { "well" };
    let table = Table::from_columns([
        Column::of_words("patient", patients.iter().map(|patient| format!("p{patient}"))),
        Column::of_words("bed", patients.iter().map(|patient| format!("b{patient}"))),
        Column::of_words("diagnosis", patients.iter().map(toss)),
    ]);
    let table = table.unwrap();
    let accuracy = |groups: Option<&str>| {
        let recipe = Recipe { groups: groups.map(Into::into), epochs: 64, ..recipe() };
        let options = SchemaOptions { ignore: vec!["patient".into()], ..recipe.schema };
        let fit = fit(&Recipe { schema: options, ..recipe }, &table, "diagnosis");
        let Score::Classes(score) = &evaluation(&fit).model else { panic!("classes") };
        score.accuracy
    };
    // Copies of a row are enough to know the diagnosis, but nothing is known about another patient.
    assert!(accuracy(None).value > 0.75, "{}", accuracy(None));
    assert!(accuracy(Some("patient")).value < 0.7, "{}", accuracy(Some("patient")));
    // Five rows of a patient say as much as one.
    assert!(accuracy(Some("patient")).standard_error > 1.5 * accuracy(None).standard_error);
}

/// A third of the tosses occur twice: on both sides they would be known, and the accuracy would be about
/// 0.67 instead of 0.5, of 600 rows with a standard error of 2 %.
#[test]
fn copies_are_on_one_side() {
    let table = tosses(400, 1);
    let rows: Vec<usize> = (0..400).chain(0..200).collect();
    let fit =
        fit(&Recipe { scoring: Scoring::Folds(3), epochs: 64, ..recipe() }, &table.select(&rows), "side");
    assert_eq!(evaluation(&fit).copies, 200);
    let Score::Classes(score) = &evaluation(&fit).model else { panic!("classes") };
    assert!(score.accuracy.value < 0.6, "{}", score.accuracy);
}

#[test]
fn few_groups_make_few_folds() {
    let table = line(90, 1);
    let farms = Column::of_words("farm", (0..90).map(|row| ["a", "b", "c"][row / 30]));
    let table = Table::from_columns(table.columns().iter().cloned().chain([farms])).unwrap();
    let groups = |table: &Table| fit(&Recipe { groups: Some("farm".into()), ..recipe() }, table, "y");
    assert_eq!(evaluation(&groups(&table)).rule, ScoreRule::Folds(3));
    assert!(groups(&table).report.to_string().contains("column left out: farm (as asked)"));
    let one = table.select(&(0..30).collect::<Vec<_>>());
    let error = Recipe { groups: Some("farm".into()), ..recipe() }.fit(&one, "y").unwrap_err().to_string();
    assert!(error.starts_with("the setting groups is \"farm\", where all rows are of one group"), "{error}");
    // What is left of two groups cannot be divided once more.
    let two = table.select(&(0..60).collect::<Vec<_>>());
    let report = groups(&two).report.to_string();
    let expected = "no score: in split 1 of 2, which learns from 30 of the 60 rows and holds out others: all 30 \
                    rows are of one group, or equal";
    assert!(report.contains(expected), "{report}");
}

/// In parts of the rows, the year does not count up without gaps.
#[test]
fn every_part_has_the_columns_of_all_rows() {
    let year = Column::of_numbers("year", (0..100).map(|row| f64::from(1900 + row)));
    let chance = Column::of_numbers("chance", (0..100).map(|row| f64::from(row * 7919 % 101)));
    let y = Column::of_numbers("y", (0..100).map(|row| f64::from(row) * 2.5));
    let table = Table::from_columns([year, chance, y]).unwrap();
    let used = |recipe: &Recipe| {
        let importance = evaluation(&fit(recipe, &table, "y")).importance.clone();
        importance.into_iter().map(|column| column.column).collect::<Vec<_>>()
    };
    assert_eq!(used(&recipe()), ["chance"]);
    // The column of times is one of them, although it counts up.
    assert_eq!(used(&Recipe { time: Some("year".into()), ..recipe() }).len(), 2);
}

/// Of 21 whole numbers one is so rare that some parts have only twenty, which would be classes.
#[test]
fn every_part_has_the_task_of_all_rows() {
    let y = (0..150).map(|row| if row == 75 { 20.0 } else { f64::from(row % 20) });
    let x = (0..150).map(|row| f64::from(row % 20) + f64::from(row * 7 % 11) / 11.0);
    let table = Table::from_columns([Column::of_numbers("x", x), Column::of_numbers("y", y)]).unwrap();
    let fit = fit(&recipe(), &table, "y");
    assert!(matches!(evaluation(&fit).model, Score::Numbers(_)));
}

#[test]
fn weights_of_classes_that_are_not_in_every_part() {
    let label = (0..60).map(|row| if row == 7 { "rare" } else { ["a", "b"][row % 2] });
    let x = (0..60).map(|row| (row % 2) as f64 + row as f64 / 100.0);
    let table = Table::from_columns([Column::of_numbers("x", x), Column::of_words("y", label)]).unwrap();
    let class_weights = ClassWeights::Given(vec![1.0, 2.0, 5.0]);
    evaluation(&fit(&Recipe { class_weights, ..recipe() }, &table, "y"));
}

#[test]
fn few_rows_have_a_score_without_intervals() {
    let fit = fit(&recipe(), &line(12, 1), "y");
    let coverage = evaluation(&fit).coverage.unwrap();
    assert_eq!((coverage.size, coverage.found.value), (f64::INFINITY, 1.0));
}

#[test]
fn the_latest_rows_are_held_out() {
    let table = noisy(300, 1);
    let times = Column::of_numbers("year", (0..300).map(|row| f64::from(2000 + row * 7 % 300)));
    let table = Table::from_columns(table.columns().iter().cloned().chain([times])).unwrap();
    let recipe = Recipe { time: Some("year".into()), ..recipe() };
    let fit = fit(&recipe, &table, "label");
    assert_eq!(evaluation(&fit).rule, ScoreRule::Latest { column: "year".into(), share: 0.2 });
    assert_eq!(evaluation(&fit).rows.len(), 60);
    let year = |row: &usize| table.column("year").unwrap().number(*row).unwrap();
    assert!(evaluation(&fit).rows.iter().all(|row| year(row) >= 2240.0));
    let without = Recipe { time: Some("label".into()), ..recipe };
    let message = without.fit(&table, "year").unwrap_err().to_string();
    assert!(message.starts_with("line 1, column 2 (\"label\"): the time is "), "{message}");
}

#[test]
fn equal_times_are_not_divided() {
    let table = noisy(100, 1);
    let rule = |year: fn(u32) -> f64| {
        let years = Column::of_numbers("year", (0..100).map(year));
        let table = Table::from_columns(table.columns().iter().cloned().chain([years])).unwrap();
        fit(&Recipe { time: Some("year".into()), ..recipe() }, &table, "label").report.evaluation
    };
    let of_share = |share| ScoreRule::Latest { column: "year".into(), share };
    assert_eq!(rule(|row| f64::from(2000 + row / 30)).unwrap().rule, of_share(0.4));
    assert_eq!(rule(|row| f64::from(2000 + row / 90)).unwrap().rule, of_share(0.1));
    assert_eq!(rule(|row| f64::from(2000 + row / 70)).unwrap().rule, of_share(0.3));
    let Err(NoScore::Failed(reason)) = rule(|_| 2000.0) else { panic!("one time") };
    assert!(reason.starts_with("the setting time is \"year\", where all times are equal"), "{reason}");
}

/// The latest rows of each group are held out with it; the others are not trained on.
#[test]
fn times_and_groups() {
    let table = tosses(300, 1);
    let more = [
        Column::of_numbers("year", (0..300).map(f64::from)),
        Column::of_words("coin", (0..300).map(|row| format!("c{}", row % 150))),
    ];
    // The second half of the rows is a copy of the first one.
    let rows: Vec<usize> = (0..150).chain(0..150).collect();
    let table = table.select(&rows);
    let table = Table::from_columns(table.columns().iter().cloned().chain(more)).unwrap();
    let recipe = Recipe { time: Some("year".into()), groups: Some("coin".into()), epochs: 64, ..recipe() };
    let fit = fit(&recipe, &table, "side");
    let Score::Classes(score) = &evaluation(&fit).model else { panic!("classes") };
    // Of 60 rows, the standard error is 6.5 %.
    assert!(score.accuracy.value < 0.7, "{}", score.accuracy);
}

/// Without the last row, all numbers are 0.
#[test]
fn an_error_of_a_split_says_that_it_is_one() {
    let x = Column::of_numbers("x", (0..60).map(|row| f64::from(row * 7 % 60)));
    let y = Column::of_numbers("y", (0..60).map(|row| if row == 59 { 1.5 } else { 0.0 }));
    let report = fit(&recipe(), &Table::from_columns([x, y]).unwrap(), "y").report;
    let Err(NoScore::Failed(reason)) = report.evaluation else { panic!("constant numbers in a split") };
    let (split, reason) =
        reason.split_once(" of 5, which learns from 48 of the 60 rows and holds out others: ").unwrap();
    assert!(split.starts_with("in split "), "{split}");
    assert_eq!(reason, "target \"y\": all numbers are 0; there is nothing to learn");
}

/// Two rows of a class are less than half of five.
#[test]
fn a_class_that_is_not_tested_is_named() {
    let label = (0..300).map(|row| if row < 2 { "rare" } else { ["a", "b"][row % 2] });
    let x = Column::of_numbers("x", (0..300).map(|row| f64::from(row * 7 % 300)));
    let table = Table::from_columns([x, Column::of_words("y", label)]).unwrap();
    let fit = fit(&recipe(), &table, "y");
    assert_eq!(evaluation(&fit).untested, ["rare"]);
    let line = r#"no row of these classes was held out; the score says nothing about them: "rare""#;
    assert!(fit.report.to_string().contains(line), "{}", fit.report);
    assert!(evaluation(&self::fit(&recipe(), &noisy(40, 1), "label")).untested.is_empty());
}

#[test]
fn more_folds_than_rows_of_a_class() {
    let reason = |table: &Table, target| {
        let recipe = Recipe { scoring: Scoring::Folds(50), ..recipe() };
        let Err(NoScore::Failed(reason)) = fit(&recipe, table, target).report.evaluation else {
            panic!("50 folds")
        };
        reason
    };
    let label = Column::of_words("label", (0..60).map(|row| if row < 25 { "rare" } else { "often" }));
    let table = Table::from_columns([noisy(60, 1).columns()[0].clone(), label]).unwrap();
    let expected =
        "50 folds are too many: the largest class has 35 rows or groups, and each fold holds out other ones";
    assert_eq!(reason(&table, "label"), expected);
    let expected = "50 folds are too many: there are 40 rows or groups, and each fold holds out other ones";
    assert_eq!(reason(&line(40, 1), "y"), expected);
}
