//! From a table to a model.

use std::ops::ControlFlow;
use std::sync::Mutex;

use ann_tabular::ann_core::Activation;
use ann_tabular::ann_model::Networks;
use ann_tabular::ann_table::{SchemaOptions, Target, Task};
use ann_tabular::ann_train::OptimizerKind;
use ann_tabular::{Model, Progress, Recipe, Score, Scoring, Table};

use crate::tables::{noisy, rings, waves};

#[test]
fn classes_are_learned() {
    let (train, test) = (rings(400, 1), rings(400, 2));
    let model = recipe().fit_model(&train, "ring").unwrap();
    let predictions = model.predict(&test).unwrap();
    let truth = test.column("ring").unwrap();
    let hits = predictions
        .labels()
        .iter()
        .enumerate()
        .filter(|(row, label)| truth.word(*row) == Some(label))
        .count();
    // The rings do not overlap, so nearly all rows can be told apart; a linear model gets about half of them
    // right.
    assert!(hits >= 380, "{hits} of 400");
    let schema = SchemaOptions { bins: 0, ..SchemaOptions::default() };
    let linear = Recipe { hidden: vec![], schema, ..recipe() }.fit_model(&train, "ring").unwrap();
    let labels = linear.predict(&test).unwrap();
    let hits =
        labels.labels().iter().enumerate().filter(|(row, label)| truth.word(*row) == Some(label)).count();
    assert!(hits < 280, "{hits} of 400");
}

/// With their default rates. The rings do not overlap; the noise of the waves has the deviation 0.1, and the
/// waves 0.7: R² is at most 1 − 0.02.
#[test]
fn every_optimizer_learns() {
    for optimizer in [OptimizerKind::Adam, OptimizerKind::Momentum, OptimizerKind::Descent] {
        let recipe = Recipe { optimizer, scoring: Scoring::HoldOut(0.3), ..recipe() };
        let score =
            |table: &Table, target| recipe.fit(table, target).unwrap().report.evaluation.unwrap().model;
        let Score::Classes(classes) = score(&rings(400, 1), "ring") else { panic!("classes") };
        assert!(classes.accuracy.value > 0.9, "{optimizer}: {}", classes.accuracy);
        let Score::Numbers(numbers) = score(&waves(400, 1), "y") else { panic!("numbers") };
        assert!(numbers[0].r_squared.unwrap().value > 0.9, "{optimizer}: {:?}", numbers[0]);
    }
}

#[test]
fn a_penalty_makes_weights_smaller() {
    let size = |optimizer, l2| {
        let recipe = Recipe { optimizer, l2, decay: 0.0, members: 1, ..recipe() };
        let model = recipe.fit_model(&waves(200, 1), "y").unwrap();
        let Networks::F32(networks) = model.networks() else { panic!("single precision") };
        networks[0].parameters().iter().map(|weight| weight.powi(2)).sum::<f32>()
    };
    for optimizer in [OptimizerKind::Adam, OptimizerKind::Descent] {
        let [none, much] = [0.0, 0.05].map(|l2| size(optimizer, l2));
        assert!(much < 0.8 * none, "{optimizer}: {much} of {none}");
    }
}

/// A network ends after the epoch that is the third without a smaller loss.
#[test]
fn patience_ends_a_network_early() {
    const PATIENCE: usize = 3;
    let curves = |patience| {
        let recipe = Recipe { patience, scoring: Scoring::Off, ..recipe() };
        recipe.fit(&waves(200, 1), "y").unwrap().report.curves
    };
    let (all, early) = (curves(None), curves(Some(PATIENCE)));
    for (all, early) in all.iter().zip(&early) {
        let losses = &early.validation;
        assert!(losses.len() < all.validation.len(), "{} epochs", losses.len());
        assert_eq!(losses, &all.validation[..losses.len()]);
        assert_eq!(losses.len(), early.best_epoch + PATIENCE + 1);
        assert!(losses.iter().all(|loss| *loss >= losses[early.best_epoch]));
    }
}

/// scikit-learn's logistic regression has an accuracy of 0.96 on five folds, with a standard error of 0.016.
#[test]
fn a_linear_model_of_iris_is_as_good_as_usual() {
    const IRIS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../ann-datasets/data/iris.csv");
    let recipe = Recipe { scoring: Scoring::Folds(5), ..Recipe::default() }.linear();
    let report = recipe.fit(&Table::open(IRIS).unwrap(), "species").unwrap().report;
    let Score::Classes(score) = report.evaluation.unwrap().model else { panic!("classes") };
    assert!(score.accuracy.value >= 0.94, "{:?}", score.accuracy);
}

/// Four fifths of the rows are trained on.
#[test]
fn small_tables_get_more_epochs() {
    let epochs = |rows, recipe: Recipe| {
        let fit = recipe.fit_observed(&noisy(rows, 1), "label", |_| ControlFlow::Break(()));
        fit.unwrap().report.epochs
    };
    // 32 rows are one batch, 320 are 5, and 1280 are 20: 1024 / 5 = 204.8.
    assert_eq!(epochs(40, Recipe::default()), 1024);
    assert_eq!(epochs(400, Recipe::default()), 205);
    assert_eq!(epochs(1600, Recipe::default()), 64);
    assert_eq!(epochs(40, Recipe { least_updates: 0, ..Recipe::default() }), 64);
}

/// The learning rate begins with 0, so the first update leaves the network as it was. One batch of 40 rows is
/// a whole epoch; 400 rows are six batches.
#[test]
fn the_first_update_changes_nothing() {
    let losses = |rows| {
        let seen = Mutex::new(vec![]);
        let observe = |progress: &Progress| {
            seen.lock().unwrap().push(progress.training);
            if progress.epoch < 3 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        };
        let report = recipe().fit_observed(&waves(rows, 1), "y", observe).unwrap().report;
        (seen.into_inner().unwrap(), report.curves[0].validation.clone())
    };
    let (training, validation) = losses(50);
    // The rows are summed in another order.
    assert!((training[0] - training[1]).abs() < 1e-6 && training[2] != training[1], "{training:?}");
    assert!(validation[0] == validation[1] && validation[2] != validation[1], "{validation:?}");
    let (training, validation) = losses(500);
    assert!(training[1] < 0.9 * training[0] && validation[1] < validation[0], "{training:?} {validation:?}");
}

/// Each network is validated on another fifth of the rows; these rows are what intervals and sets come from.
#[test]
fn networks_leave_out_different_rows() {
    let rows = |members| {
        let model = Recipe { members, epochs: 1, ..recipe() }.fit_model(&noisy(100, 1), "label").unwrap();
        model.conformal().unwrap().rows()
    };
    assert_eq!([1, 2, 4, 5, 6].map(rows), [20, 40, 80, 100, 100]);
}

#[test]
fn numbers_are_learned_and_stay_in_their_range() {
    let (train, test) = (waves(400, 1), waves(400, 2));
    let model = recipe().fit_model(&train, "y").unwrap();
    let predictions = model.predict(&test).unwrap();
    let truth: Vec<f64> =
        (0..test.rows()).map(|row| test.column("y").unwrap().number(row).unwrap()).collect();
    let errors = truth.iter().zip(predictions.values()).map(|(truth, predicted)| (truth - predicted).powi(2));
    // The noise has the deviation 0.1, and the wave 0.7.
    let rmse = (errors.sum::<f64>() / 400.0).sqrt();
    assert!(rmse < 0.15, "{rmse}");
    let Target::Numbers(columns) = &model.schema().target else { panic!("numbers") };
    let range = columns[0].minimum..=columns[0].maximum;
    assert!(predictions.values().iter().all(|value| range.contains(value)));
}

/// Coverage of n = 2000 rows at 90 % has a standard error of 0.7 %, and the residuals of 400 rows one of 1.5
/// %.
#[test]
fn intervals_and_sets_hold_what_they_promise() {
    let (model, test) = (recipe().fit_model(&waves(400, 1), "y").unwrap(), waves(2000, 2));
    let (low, high) = model.predict(&test).unwrap().intervals(0.9).unwrap();
    let column = test.column("y").unwrap();
    let is_in = |&row: &usize| (low[[row, 0]]..=high[[row, 0]]).contains(&column.number(row).unwrap());
    let share = (0..2000).filter(is_in).count() as f64 / 2000.0;
    assert!((0.85..=0.95).contains(&share), "{share}");

    let (model, test) = (recipe().fit_model(&noisy(400, 1), "label").unwrap(), noisy(2000, 2));
    let predictions = model.predict(&test).unwrap();
    let sets = predictions.sets(0.9).unwrap();
    let column = test.column("label").unwrap();
    let class =
        |row: usize| predictions.classes().iter().position(|class| column.word(row) == Some(class)).unwrap();
    let share = (0..2000).filter(|&row| sets[[row, class(row)]]).count() as f64 / 2000.0;
    assert!((0.85..=0.96).contains(&share), "{share}");
}

#[test]
fn probabilities_are_calibrated() {
    // One label in five is wrong: 80 % is all that can be known.
    let (model, test) = (recipe().fit_model(&noisy(1000, 1), "label").unwrap(), noisy(2000, 2));
    let predictions = model.predict(&test).unwrap();
    let sure = predictions.values().rows().into_iter().map(|row| row[0].max(row[1])).sum::<f64>() / 2000.0;
    assert!((0.74..=0.88).contains(&sure), "{sure}");
}

/// Classes that are smoothed by 0.1 ask for probabilities of 0.95. The temperature makes them larger where
/// all held-out rows are right.
#[test]
fn what_is_sure_is_predicted_with_certainty() {
    let text: String =
        (0..200).map(|row| format!("{},{}\n", row % 2 * 10 + row % 7, ["a", "b"][row % 2])).collect();
    let table = Table::read(format!("x,y\n{text}").as_bytes()).unwrap();
    let model = recipe().fit_model(&table, "y").unwrap();
    let predictions = model.predict(&table).unwrap();
    let sure = predictions.values().rows().into_iter().map(|row| row[0].max(row[1])).sum::<f64>() / 200.0;
    assert!(sure > 0.98, "{sure}");
}

#[test]
fn the_file_does_not_depend_on_threads() {
    let table = noisy(150, 1);
    let of = |threads, seed| {
        Recipe { threads, seed, ..recipe() }.fit_model(&table, "label").unwrap().write().unwrap()
    };
    let one = of(1, 0);
    assert!(of(2, 0) == one && of(7, 0) == one);
    assert!(of(1, 1) != one, "another seed is another model");
}

#[test]
fn words_gaps_and_dates() {
    let mut text = "when,shop,pair,number,sold\n".to_owned();
    for row in 0..300 {
        let (month, day) = (row % 12 + 1, row % 28 + 1);
        let shop = ["north", "south", "", "west"][row % 4];
        let number = if row % 7 == 0 { "NA".to_owned() } else { format!("{}.5", row % 5) };
        let sold = if month > 6 || row % 4 == 1 { "much" } else { "little" };
        text += &format!("2024-{month:02}-{day:02},{shop},{},{number},{sold}\n", ["yes", "no"][row % 2]);
    }
    let table = Table::read(text.as_bytes()).unwrap();
    let model = recipe().fit_model(&table, "sold").unwrap();
    let labels = model.predict(&table).unwrap();
    let column = table.column("sold").unwrap();
    let hits =
        labels.labels().iter().enumerate().filter(|(row, label)| column.word(*row) == Some(label)).count();
    assert!(hits >= 290, "{hits} of 300");
    let read = Model::read(&model.write().unwrap()).unwrap();
    assert_eq!(read.predict(&table).unwrap().values(), labels.values());
}

#[test]
fn tables_that_nothing_can_be_learned_from() {
    let error = |text: &str, target: &str| {
        recipe().fit_model(&Table::read(text.as_bytes()).unwrap(), target).unwrap_err().to_string()
    };
    assert_eq!(error("x,y\n1,a\n2,b\n", "z"), r#"there is no column "z"; the columns are "x", "y""#);
    assert_eq!(
        error("x,y\n1,a\n2,a\n", "y"),
        r#"target "y": all rows have the class "a"; at least two classes are needed"#
    );
    assert_eq!(
        error("x,y\n1,a\n1,b\n", "y"),
        r#"no column is left to predict from: "x" (constant); `SchemaOptions::keep` keeps a column that only looks useless"#
    );
    assert_eq!(
        error("x,y\n1,\n2,\n", "y"),
        r#"no row is left: each lacks the target "y", or has the weight 0"#
    );
    assert_eq!(
        error("day,y\n2024-01-01,1\n2024-01-02,2\n", "day"),
        r#"target "day": dates cannot be predicted; a number of days can"#
    );
    // Two rows are enough for a model.
    recipe().fit_model(&Table::read("x,y\n1,a\n2,b\n".as_bytes()).unwrap(), "y").unwrap();
}

#[test]
fn invalid_settings() {
    let table = noisy(40, 1);
    for recipe in [
        Recipe { members: 0, ..recipe() },
        Recipe { threads: 0, ..recipe() },
        Recipe { batch: 0, ..recipe() },
        Recipe { validation_folds: 1, ..recipe() },
        Recipe { smoothing: 1.0, ..recipe() },
        Recipe { learning_rate: Some(-1.0), ..recipe() },
        Recipe { decay: -1.0, ..recipe() },
        Recipe { hidden: Activation::Silu.layers([0]), ..recipe() },
    ] {
        assert!(recipe.fit_model(&table, "label").is_err(), "{recipe:?}");
    }
    let wrong_task = SchemaOptions { task: Some(Task::Regression), ..SchemaOptions::default() };
    assert!(Recipe { schema: wrong_task, ..recipe() }.fit_model(&table, "label").is_err());
}

/// Half of the epochs, and no more of them for few rows, so that tests take less time.
fn recipe() -> Recipe {
    Recipe { epochs: 32, least_updates: 0, ..Recipe::default() }
}
