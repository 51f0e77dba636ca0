//! What a fit says about itself.

use std::cmp;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use ann_tabular::ann_core::ClassWeights;
use ann_tabular::ann_table::{Column, SchemaOptions, Task};
use ann_tabular::ann_train::OptimizerKind::{self, Descent, Momentum};
use ann_tabular::{Evaluation, Fit, Leak, NoScore, Recipe, Score, ScoreRule, Scoring, Stage, Table};

use crate::tables::{line, noisy, rings, tosses, waves};

#[test]
fn few_rows_are_tested_in_folds_and_many_are_held_out() {
    let rule = |rows| evaluation(&fit(&recipe(), &noisy(rows, 1), "label")).rule.clone();
    assert_eq!(rule(199), ScoreRule::Folds(5));
    assert_eq!(rule(200), ScoreRule::HoldOut(0.2));
}

/// A network learns the tosses of a coin by heart from thirty columns, but cannot know others. The standard
/// error of 150 tosses is 4.1 %.
#[test]
fn the_score_is_that_of_rows_that_were_not_learned_from() {
    let fit = fit(&Recipe { epochs: 64, ..recipe() }, &tosses(150, 1), "side");
    let Score::Classes(score) = &evaluation(&fit).model else { panic!("classes") };
    assert!((0.375..0.625).contains(&score.accuracy.value), "{}", score.accuracy);
    assert!((score.accuracy.standard_error - 0.041).abs() < 0.01, "{}", score.accuracy);
    assert_eq!(evaluation(&fit).predicted.dim(), (150, 2));
    let mut rows = evaluation(&fit).rows.clone();
    rows.sort_unstable();
    assert!(rows.into_iter().eq(0..150));
    let Score::Classes(constant) = &evaluation(&fit).constant else { panic!("classes") };
    assert!((0.4..0.6).contains(&constant.accuracy.value), "{}", constant.accuracy);
    assert!((constant.log_loss.value - 2_f64.ln()).abs() < 0.01, "{}", constant.log_loss);
}

#[test]
fn the_linear_model_is_as_good_unless_the_table_is_not_linear() {
    let against = |recipe: &Recipe, table, target| evaluation(&fit(recipe, &table, target)).against_linear();
    assert_eq!(against(&recipe(), line(300, 1), "y"), Some(cmp::Ordering::Equal));
    assert_eq!(against(&recipe(), rings(300, 1), "ring"), Some(cmp::Ordering::Less));
    assert_eq!(against(&recipe().linear(), rings(300, 1), "ring"), None);
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
    let line = r#"no row of these classes was held out; the score says nothing about them: ["rare"]"#;
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
    let expected = "the setting scoring is Folds(50), where the largest class has 35 rows or groups, expected at most as many folds";
    assert_eq!(reason(&table, "label"), expected);
    let expected =
        "the setting scoring is Folds(50), where there are 40 rows or groups, expected at most as many folds";
    assert_eq!(reason(&line(40, 1), "y"), expected);
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
        text += &format!("{row},{}\n", if row < 30 { "a,1" } else { "b,5" });
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

/// The latest fifth of the numbers are 0.
#[test]
fn equal_numbers_have_no_r_squared() {
    let table = line(300, 1);
    let y = table.column("y").unwrap();
    let y = Column::of_numbers("y", (0..300).map(|row| if row < 240 { y.number(row).unwrap() } else { 0.0 }));
    let year = Column::of_numbers("year", (0..300).map(f64::from));
    let table = Table::from_columns([table.columns()[0].clone(), year, y]).unwrap();
    let fit = fit(&Recipe { time: Some("year".into()), ..recipe() }, &table, "y");
    let Score::Numbers(scores) = &evaluation(&fit).model else { panic!("numbers") };
    assert_eq!(scores[0].r_squared, None);
    let text = fit.report.to_string();
    assert!(text.contains("R² is not defined, because all held-out numbers are equal: [\"y\"]"), "{text}");
    assert!(text.lines().nth(1).unwrap().contains("latest"), "{text}");
    assert!(text.lines().nth(2).unwrap().trim_start().starts_with("RMSE"), "{text}");
}

/// In each fold the others have the larger share of a class that is rare in it, so that pooled shares rank
/// the rows the wrong way round.
#[test]
fn a_constant_ranks_no_row_above_another() {
    for (table, target) in [(noisy(60, 1), "label"), (tosses(51, 1), "side")] {
        let fit = fit(&recipe(), &table, target);
        let Score::Classes(constant) = &evaluation(&fit).constant else { panic!("classes") };
        let area = constant.roc_auc.unwrap();
        assert_eq!((area.value, area.standard_error), (0.5, 0.0));
    }
}

#[test]
fn several_columns_of_numbers() {
    let table = waves(300, 1);
    let y = table.column("y").unwrap();
    let twice = Column::of_numbers("twice", (0..300).map(|row| 100.0 - 2.0 * y.number(row).unwrap()));
    let table = Table::from_columns(table.columns().iter().cloned().chain([twice])).unwrap();
    let fit = recipe().fit(&table, &["y", "twice"]).unwrap();
    let Score::Numbers(scores) = &evaluation(&fit).model else { panic!("numbers") };
    for (score, name) in scores.iter().zip(["y", "twice"]) {
        assert_eq!(score.column, name);
        let r_squared = score.r_squared.unwrap();
        assert!(r_squared.value > 0.9, "{name}: {r_squared}");
    }
    // RMSE is in the unit of the column: the second one has twice the noise.
    let ratio = scores[1].rmse.value / scores[0].rmse.value;
    assert!((1.5..2.7).contains(&ratio), "{ratio}");
    let error = recipe().fit(&table, &["y", "y"]).unwrap_err().to_string();
    assert_eq!(error, r#"target "y": it is named twice"#);
}

/// Two labels by the signs of two columns, one in five of the second label wrong.
#[test]
fn labels_that_may_occur_together() {
    let table = noisy(300, 1);
    let x = table.column("x").unwrap();
    let warm = (0..300).map(|row| if x.number(row).unwrap() > 0.3 { "yes" } else { "no" });
    let wet =
        (0..300).map(|row| if table.column("label").unwrap().word(row) == Some("high") { "1" } else { "0" });
    let columns = [x.clone(), Column::of_words("warm", warm), Column::of_words("wet", wet)];
    let table = Table::from_columns(columns).unwrap();
    let fit = recipe().fit(&table, &["warm", "wet"]).unwrap();
    let Score::Labels(scores) = &evaluation(&fit).model else { panic!("labels") };
    assert_eq!((&*scores[0].column, &*scores[1].column), ("warm", "wet"));
    // Of 60 rows, 80 % have a standard error of 5 %, of which the limits are three.
    assert!(scores[0].score.accuracy.value > 0.95, "{}", scores[0].score.accuracy);
    assert!((0.65..0.95).contains(&scores[1].score.accuracy.value), "{}", scores[1].score.accuracy);
    // The probability is that of the second value: yes, and 1.
    let read = ann_tabular::Model::read(&fit.model.write().unwrap()).unwrap();
    let sure = Table::from_columns([Column::of_numbers("x", [-0.9, 0.9])]).unwrap();
    let predictions = read.predict(&sure).unwrap();
    let values = predictions.values();
    for label in 0..2 {
        assert!(values[[0, label]] < 0.4 && values[[1, label]] > 0.6, "{values}");
    }
    assert!(predictions.classes().is_empty() && predictions.sets(0.9).is_err());
    assert!(ann_tabular::rebuild(&read, &table, 1).is_ok());
}

#[test]
fn labels_of_one_or_three_values() {
    let text = "x,a,b,c\n1,yes,p,u\n2,no,q,u\n3,yes,r,u\n";
    let table = Table::read(text.as_bytes()).unwrap();
    let error = |targets: &[&str]| recipe().fit(&table, targets).unwrap_err().to_string();
    assert_eq!(error(&["a", "b"]), r#"target "b": a label has two values; found 3: ["p", "q", "r"]"#);
    assert_eq!(error(&["a", "c"]), r#"target "c": a label has two values; found 1: ["u"]"#);
}

#[test]
fn intervals_are_measured() {
    let fit = fit(&recipe(), &waves(600, 1), "y");
    let coverage = evaluation(&fit).coverage.unwrap();
    // The residuals of 480 rows and the coverage of 120 rows have standard errors of 1.4 and 2.7 %.
    assert!((0.8..=0.99).contains(&coverage.found.value), "{}", coverage.found);
    // The standard deviation of the noise is 0.14 times that of y, and 90 % of a normal distribution are
    // within 3.3 standard deviations: 0.46 times that of y, if the noise were all that is unknown.
    assert!((0.3..0.9).contains(&coverage.size), "{}", coverage.size);
}

#[test]
fn calibration_says_what_happened() {
    let fit = fit(&recipe(), &noisy(1000, 1), "label");
    let bins = &evaluation(&fit).calibration;
    let rows: f64 = bins.iter().map(|bin| bin.weight).sum();
    assert_eq!(rows, 200.0);
    for bin in bins {
        // Twenty rows of p = 0.2 have a standard error of 9 %, of which the limit is four.
        assert!((bin.probability - bin.frequency).abs() < 0.36, "{bin:?}");
    }
}

#[test]
fn the_column_that_matters_is_the_most_important() {
    let table = noisy(400, 1);
    let noise = Column::of_numbers("noise", (0..400).map(|row| f64::from(row * 7919 % 400)));
    let table = Table::from_columns([noise].into_iter().chain(table.columns().iter().cloned())).unwrap();
    let fit = fit(&recipe(), &table, "label");
    let [x, noise] = &evaluation(&fit).importance[..] else { panic!("two columns") };
    assert_eq!((&*x.column, &*noise.column), ("x", "noise"));
    // Without x nothing is known: from 80 % to 50 %.
    assert!((0.15..0.45).contains(&x.drop) && noise.drop < 0.1, "{x:?} {noise:?}");
}

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

#[test]
fn a_caller_ends_the_fit() {
    let table = noisy(300, 1);
    let stop = |progress: &ann_tabular::Progress| {
        if progress.epoch < 3 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    };
    let fit = recipe().fit_observed(&table, "label", stop).unwrap();
    assert_eq!(fit.report.evaluation, Err(NoScore::Ended));
    assert_eq!(fit.model.networks().len(), 1);
    let error = ann_tabular::rebuild(&fit.model, &table, 1).unwrap_err().to_string();
    assert!(error.contains("ended early"), "{error}");
    // After that, the model is whole.
    let later = |progress: &ann_tabular::Progress| match progress.stage {
        Stage::Model => ControlFlow::Continue(()),
        Stage::Score { .. } | Stage::Linear { .. } => ControlFlow::Break(()),
    };
    assert_eq!(recipe().fit_observed(&table, "label", later).unwrap().model.networks().len(), 4);
}

#[test]
fn a_budget_limits_the_epochs() {
    let epochs = |seconds| {
        let recipe = Recipe { budget: Some(Duration::from_secs(seconds)), ..recipe() };
        fit(&recipe, &noisy(60, 1), "label").report.epochs
    };
    assert_eq!((epochs(0), epochs(100_000)), (1, recipe().epochs));
}

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

#[test]
fn weights_of_classes_without_classes() {
    let recipe = Recipe { class_weights: ClassWeights::Balanced, ..recipe() };
    let error = recipe.fit(&line(60, 1), "y").unwrap_err().to_string();
    let expected =
        "the setting class_weights is Balanced, where no classes are predicted, expected ClassWeights::None";
    assert_eq!(error, expected);
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

/// The last epoch of the score is seen again.
#[test]
fn a_caller_ends_what_comes_after_the_last_epoch() {
    let recipe = Recipe { scoring: Scoring::HoldOut(0.5), ..recipe().linear() };
    let seen = AtomicUsize::new(0);
    let observe = |_: &ann_tabular::Progress| match seen.fetch_add(1, Ordering::Relaxed) {
        epochs if epochs < 2 * recipe.members * recipe.epochs => ControlFlow::Continue(()),
        _ => ControlFlow::Break(()),
    };
    let report = recipe.fit_observed(&noisy(300, 1), "label", observe).unwrap().report;
    assert_eq!(report.evaluation.as_ref().unwrap().importance, []);
    let text = report.to_string();
    assert!(text.contains("importance was not measured: the fit was ended before"), "{text}");
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
    for l2 in [-0.1, f64::NAN, f64::INFINITY] {
        let expected = format!("the setting l2 is {l2}, expected a finite number");
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

fn fit(recipe: &Recipe, table: &Table, target: &str) -> Fit {
    recipe.fit(table, target).unwrap()
}

fn evaluation(fit: &Fit) -> &Evaluation {
    fit.report.evaluation.as_ref().unwrap()
}

/// Half of the epochs, and no more of them for few rows, so that tests take less time.
fn recipe() -> Recipe {
    Recipe { epochs: 32, least_updates: 0, ..Recipe::default() }
}
