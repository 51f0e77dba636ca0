//! Fits by several processes, which are threads here.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use ann_tabular::ann_table::Column;
use ann_tabular::ann_train::Ranks;
use ann_tabular::{Checkpoints, Error, GroupFit, Recipe, Result, Scoring, Table};

use crate::tables::{line, noisy};
use crate::threads_as_ranks::together;

#[test]
fn any_number_of_ranks_has_the_file_and_the_report_of_one_process() {
    for (table, target) in [(noisy(300, 1), "label"), (line(60, 1), "y")] {
        for scoring in [Scoring::Off, Scoring::HoldOut(0.3), Scoring::Folds(3)] {
            let recipe = Recipe { scoring, ..recipe() };
            let alone = parts(&recipe.fit(&table, target).unwrap());
            for size in [1, 2, 3, 7, 20] {
                let fits = together(size, |ranks| {
                    parts(&recipe.fit_among(ranks, &table, target, None, |_| {}).unwrap())
                });
                assert!(fits.iter().all(|fit| *fit == alone), "{target}, {scoring:?}, {size} ranks");
            }
        }
    }
}

#[test]
fn each_network_is_trained_by_one_rank() {
    let (table, epochs) = (noisy(100, 1), AtomicUsize::new(0));
    let recipe = Recipe { scoring: Scoring::HoldOut(0.3), ..recipe() };
    together(4, |ranks| {
        let count = |_: &_| _ = epochs.fetch_add(1, Ordering::Relaxed);
        recipe.fit_among(ranks, &table, "label", None, count).map(drop).unwrap();
    });
    // The model, the score and the linear model.
    assert_eq!(epochs.into_inner(), 3 * recipe.members * recipe.epochs);
    assert_eq!(recipe.trainings(&table, "label").unwrap(), 3 * recipe.members);
}

#[test]
fn trainings_are_counted() {
    let table = noisy(100, 1);
    for (scoring, hidden, expected) in [
        (Scoring::Off, recipe().hidden, 3),
        (Scoring::Folds(4), recipe().hidden, 3 + 4 * 2 * 3),
        (Scoring::Folds(4), vec![], 3 + 4 * 3),
        // There is no score.
        (Scoring::Folds(1000), vec![], 3),
    ] {
        let recipe = Recipe { scoring, hidden, ..recipe() };
        assert_eq!(recipe.trainings(&table, "label").unwrap(), expected, "{scoring:?}");
    }
}

#[test]
fn groups_of_any_number_of_ranks_are_those_of_one_process() {
    // Every fortieth group has enough rows for a model.
    let rows_of =
        |group: usize| (0..if group.is_multiple_of(40) { 30 } else { 2 }).map(move |row| (group, row));
    let rows: Vec<(usize, usize)> = (0..200).flat_map(rows_of).collect();
    let x = rows.iter().map(|(_, row)| (row * 7 % 30) as f64);
    let y = rows.iter().map(|(group, row)| (row * 5 % 11 + group) as f64);
    let groups = rows.iter().map(|(group, _)| format!("group {group:03}"));
    let columns = [Column::of_words("group", groups), Column::of_numbers("x", x), Column::of_numbers("y", y)];
    let table = Table::from_columns(columns);
    let (table, interrupt) = (table.unwrap(), AtomicBool::new(false));
    let written = |group: GroupFit| -> Result<Vec<u8>> {
        let made = group.fit.map_or_else(|reason| Ok(reason.to_string().into()), |fit| fit.model.write());
        Ok([group.key.into_bytes(), made?].concat())
    };
    let mut alone = vec![];
    recipe()
        .fit_groups(&table, "y", "group", &interrupt, |group| {
            alone.push(written(group)?);
            Ok::<(), Error>(())
        })
        .unwrap();
    for (size, threads) in [(1, 1), (2, 1), (3, 2), (7, 1)] {
        let shown = together(size, |ranks| {
            // Ranks may have different numbers of threads.
            let recipe = Recipe { threads: if ranks.rank() == 0 { threads } else { 1 }, ..recipe() };
            let mut shown = vec![];
            let see = |bytes: &[u8]| {
                shown.push(bytes.to_vec());
                Ok::<(), Error>(())
            };
            recipe.fit_groups_among(ranks, &table, "y", "group", &interrupt, written, see).unwrap();
            shown
        });
        assert!(shown[0] == alone && shown[1..].iter().all(Vec::is_empty), "{size} ranks");
    }
}

#[test]
fn other_ranks_go_on_from_the_files_of_a_job() {
    let (folder, table) = (tempfile::tempdir().unwrap(), noisy(100, 1));
    let path = folder.path().join("job");
    let recipe = Recipe { scoring: Scoring::HoldOut(0.3), ..recipe() };
    let alone = parts(&recipe.fit(&table, "label").unwrap());
    let fit = |size: usize, resume| {
        // Never in time, but at the end.
        let checkpoints = Checkpoints { path: path.clone(), every: Duration::from_secs(3600), resume };
        let epochs = AtomicUsize::new(0);
        let fits = together(size, |ranks| {
            let count = |_: &_| _ = epochs.fetch_add(1, Ordering::Relaxed);
            parts(&recipe.fit_among(ranks, &table, "label", Some(&checkpoints), count).unwrap())
        });
        assert!(fits.iter().all(|fit| *fit == alone), "{size} ranks");
        epochs.into_inner()
    };
    let all = 3 * recipe.members * recipe.epochs;
    assert_eq!(fit(3, false), all);
    assert_eq!(fit(2, true), 0);
    assert_eq!(fit(4, true), 0);
}

#[test]
fn files_of_a_larger_job_with_another_table_are_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let fit = |table: &Table, size: usize, resume| {
        let (path, every) = (folder.path().join("job"), Duration::ZERO);
        let checkpoints = Checkpoints { path, every, resume };
        let fits = together(size, |ranks| {
            parts(&recipe().fit_among(ranks, table, "label", Some(&checkpoints), |_| {}).unwrap())
        });
        fits.into_iter().next().unwrap()
    };
    let (table, other) = (noisy(100, 1), noisy(100, 2));
    fit(&other, 4, false);
    let alone = parts(&recipe().fit(&table, "label").unwrap());
    assert!(fit(&table, 2, false) == alone);
    // Only the first rank's own states are left, so those of the other table would be taken.
    fs::remove_file(folder.path().join("job.1")).unwrap();
    fs::rename(folder.path().join("job.2"), folder.path().join("job.1")).unwrap();
    assert!(fit(&table, 2, true) == alone);
}

#[test]
fn a_job_that_was_killed_loses_what_was_not_saved() {
    let (folder, table) = (tempfile::tempdir().unwrap(), noisy(100, 1));
    let checkpoints = |resume| {
        let (path, every) = (folder.path().join("job"), Duration::ZERO);
        Checkpoints { path, every, resume }
    };
    let recipe = Recipe { members: 2, scoring: Scoring::Off, ..recipe() };
    let alone = parts(&recipe.fit(&table, "label").unwrap());
    // The files of two ranks in the middle of their trainings, copied while the job goes on.
    together(2, |ranks| {
        let copy = |seen: &ann_tabular::Progress| {
            if seen.epoch == 4 {
                let name = format!("job.{}", ranks.rank());
                fs::copy(folder.path().join(&name), folder.path().join(format!("{name}.then"))).unwrap();
            }
        };
        recipe.fit_among(ranks, &table, "label", Some(&checkpoints(false)), copy).map(drop).unwrap();
    });
    for rank in [0, 1] {
        let name = folder.path().join(format!("job.{rank}"));
        fs::rename(name.with_extension(format!("{rank}.then")), name).unwrap();
    }
    let epochs = AtomicUsize::new(0);
    let fits = together(3, |ranks| {
        let count = |_: &_| _ = epochs.fetch_add(1, Ordering::Relaxed);
        parts(&recipe.fit_among(ranks, &table, "label", Some(&checkpoints(true)), count).unwrap())
    });
    assert!(fits.iter().all(|fit| *fit == alone));
    // Each network had made three epochs of six when its file was copied.
    assert_eq!(epochs.into_inner(), 3 + 3);
}

#[test]
fn another_table_is_an_error() {
    let found = together(2, |ranks| {
        let table = noisy(100 + ranks.rank(), 1);
        // The first rank waits for the other one, until that is gone.
        let fit = || recipe().fit_among(ranks, &table, "label", None, |_| {}).map(drop);
        catch_unwind(AssertUnwindSafe(fit))
    });
    let found = found[1].as_ref().unwrap().as_ref().unwrap_err().to_string();
    assert!(found.starts_with("the fit of rank 1 differs from that of rank 0: "), "{found}");
}

/// The bytes of the model, and the report.
fn parts(fit: &ann_tabular::Fit) -> (Vec<u8>, String) {
    (fit.model.write().unwrap(), fit.report.to_string())
}

fn recipe() -> Recipe {
    Recipe { members: 3, epochs: 6, least_updates: 0, ..Recipe::default() }
}
