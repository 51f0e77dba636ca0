//! The score, beside that of a linear model and of constant predictions.

use std::cmp;

use ann_tabular::ann_table::Column;
use ann_tabular::{Recipe, Score, Table};

use crate::fits::{evaluation, fit, recipe};
use crate::tables::{line, noisy, rings, tosses, waves};

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
    assert!(text.contains("R² is not defined, because all held-out numbers are equal: \"y\""), "{text}");
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
