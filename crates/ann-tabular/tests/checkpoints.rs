//! Fits that are interrupted and go on from a file: by their caller, and because the process is killed.

use std::io::{ErrorKind, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use std::{env, fs, thread};

use ann_tabular::ann_core::Activation;
use ann_tabular::ann_model::Limits;
use ann_tabular::ann_model::file::Container;
use ann_tabular::ann_train::OptimizerKind;
use ann_tabular::{Checkpoints, Error, Fit, Progress, Recipe, Scoring, Table};

use crate::tables::{line, noisy};

const EPOCHS: usize = 12;
/// Model, score and linear model with two networks each.
const ALL_EPOCHS: usize = 3 * 2 * EPOCHS;

/// In the first network, between two networks, in the second, in the score, in the linear model, and at the
/// end.
const STOPS: [usize; 6] = [1, EPOCHS, EPOCHS + 5, 2 * EPOCHS + 7, 5 * EPOCHS + 3, ALL_EPOCHS];

#[test]
fn a_fit_that_is_resumed_has_the_bits_of_one_that_never_stopped() {
    const LATER: Duration = Duration::from_secs(3600);
    for (table, target) in [(noisy(300, 1), "label"), (line(60, 1), "y")] {
        let scoring = Scoring::HoldOut(0.3);
        let whole = Recipe { scoring, ..recipe() }.fit(&table, target).unwrap();
        for threads in [1, 2] {
            let recipe = Recipe { scoring, threads, ..recipe() };
            let check = |every, stops: &[usize]| {
                let fit = interrupted(&recipe, &table, target, every, stops);
                assert_same(&fit, &whole, &format!("{target}, {threads} threads, {every:?}, {stops:?}"));
            };
            STOPS.iter().for_each(|&stop| check(LATER, &[stop]));
            check(Duration::ZERO, &STOPS);
        }
    }
}

#[test]
fn folds_go_on_where_they_were() {
    let table = noisy(80, 1);
    let recipe = Recipe { scoring: Scoring::Folds(3), ..recipe().linear() };
    let whole = recipe.fit(&table, "label").unwrap();
    for stop in [2 * EPOCHS + 1, 5 * EPOCHS, 8 * EPOCHS - 1] {
        let threads = Recipe { threads: 2, ..recipe.clone() };
        let fit = interrupted(&threads, &table, "label", Duration::ZERO, &[stop]);
        assert_same(&fit, &whole, &format!("{stop} epochs"));
    }
}

#[test]
fn every_optimizer_goes_on_where_it_was() {
    let table = noisy(80, 1);
    for optimizer in [OptimizerKind::Momentum, OptimizerKind::Descent] {
        let recipe = Recipe { optimizer, l2: 0.01, patience: Some(4), scoring: Scoring::Off, ..recipe() };
        let whole = recipe.fit(&table, "label").unwrap();
        for stop in [1, 3, 6] {
            let fit = interrupted(&recipe, &table, "label", Duration::from_secs(3600), &[stop]);
            assert_same(&fit, &whole, &format!("{optimizer}, {stop} epochs"));
        }
    }
}

/// What is known is not trained again.
#[test]
fn a_fit_that_was_done_trains_nothing() {
    for recipe in [recipe(), Recipe { patience: Some(3), ..recipe() }] {
        trains_nothing_again(&recipe);
    }
}

fn trains_nothing_again(recipe: &Recipe) {
    let (folder, table) = (tempfile::tempdir().unwrap(), noisy(60, 1));
    let at = |resume| checkpoints(folder.path(), Duration::from_secs(3600), resume);
    let whole = recipe.fit_checkpointed(&table, "label", &at(false), |_| ControlFlow::Continue(())).unwrap();
    let epochs = AtomicUsize::new(0);
    let count = |progress: &Progress| {
        // The importance of columns shows the last epoch, of which there is none.
        epochs.fetch_add(progress.epoch, Ordering::Relaxed);
        ControlFlow::Continue(())
    };
    let again = recipe.fit_checkpointed(&table, "label", &at(true), count).unwrap();
    assert_same(&again, &whole, "a fit that was done");
    assert_eq!(epochs.into_inner(), 0);
}

#[test]
fn a_budget_keeps_the_number_of_epochs() {
    let (folder, table) = (tempfile::tempdir().unwrap(), noisy(60, 1));
    let fit = |seconds, resume, observe: &(dyn Fn(&Progress) -> ControlFlow<()> + Sync)| {
        let recipe = Recipe { budget: Some(Duration::from_secs(seconds)), ..recipe() };
        recipe.fit_checkpointed(&table, "label", &checkpoints(folder.path(), Duration::ZERO, resume), observe)
    };
    assert_eq!(fit(0, false, &|_| ControlFlow::Break(())).unwrap().report.epochs, 1);
    // There would be time for all of them now.
    assert_eq!(fit(3600, true, &|_| ControlFlow::Continue(())).unwrap().report.epochs, 1);
}

#[test]
fn checkpoints_of_other_fits_are_refused() {
    let (folder, table) = (tempfile::tempdir().unwrap(), noisy(60, 1));
    let at = checkpoints(folder.path(), Duration::ZERO, false);
    recipe().fit_checkpointed(&table, "label", &at, |_| ControlFlow::Break(())).unwrap();
    let resume = Checkpoints { resume: true, ..at.clone() };
    let refused = |recipe: Recipe, table: &Table, expected: &str| {
        let error =
            recipe.fit_checkpointed(table, "label", &resume, |_| ControlFlow::Continue(())).unwrap_err();
        let message = error.to_string();
        let expected = format!("the checkpoint is that of another fit: {expected}");
        assert!(message.starts_with(&expected), "{message}\nnot {expected}");
        assert!(matches!(error, Error::OtherFit { .. }));
    };
    refused(recipe(), &noisy(61, 1), "rows is 60 in the file, and 61 here; resume with the same");
    refused(recipe(), &noisy(60, 2), "sha256 is ");
    refused(Recipe { decay: 0.03, ..recipe() }, &table, r#"decay is "0.02" in the file, and "0.03" here"#);
    let l2 = 0.5;
    refused(Recipe { l2, ..recipe() }, &table, r#"l2 is "0" in the file, and "0.5" here"#);
    let optimizer = OptimizerKind::Momentum;
    refused(Recipe { optimizer, ..recipe() }, &table, r#"optimizer is "adam" in the file, and "momentum""#);
    let patience = Some(7);
    refused(Recipe { patience, ..recipe() }, &table, "patience is null in the file, and 7 here");
    refused(Recipe { seed: 1, ..recipe() }, &table, r#"seed is "0" in the file, and "1" here"#);
    refused(Recipe { epochs: 13, ..recipe() }, &table, "epochs is 12 in the file, and 13 here");
    refused(Recipe { members: 3, ..recipe() }, &table, "members is 2 in the file, and 3 here");
    refused(
        Recipe { scoring: Scoring::Off, ..recipe() },
        &table,
        r#"scoring is "auto" in the file, and "off""#,
    );
    let hidden = Activation::Tanh.layers([4]);
    refused(Recipe { hidden, ..recipe() }, &table, "hidden is ");
    // Another version.
    let mut file = Container::read(&fs::read(&at.path).unwrap(), &Limits::default()).unwrap();
    let (_, making) = file.texts.iter_mut().find(|(name, _)| name == "ann.fit").unwrap();
    *making = making.replace(concat!("ann-tabular ", env!("CARGO_PKG_VERSION")), "ann-tabular 0.0.1");
    fs::write(&at.path, file.write()).unwrap();
    refused(recipe(), &table, r#"program is "ann-tabular 0.0.1" in the file, and "ann-tabular "#);
}

#[test]
fn files_that_are_no_checkpoints_are_refused() {
    let (folder, table) = (tempfile::tempdir().unwrap(), noisy(60, 1));
    let at = checkpoints(folder.path(), Duration::ZERO, true);
    let error = |at: &Checkpoints| {
        recipe().fit_checkpointed(&table, "label", at, |_| ControlFlow::Break(())).unwrap_err().to_string()
    };
    assert!(error(&at).contains("cannot read"), "{}", error(&at));
    fs::write(&at.path, "x,y\n1,2\n").unwrap();
    assert!(
        error(&at).ends_with("this is no model of ann: it does not begin as such files do"),
        "{}",
        error(&at)
    );
    recipe().fit_model(&table, "label").unwrap().save(&at.path).unwrap();
    assert!(error(&at).ends_with("the file holds a model, expected a checkpoint of a fit"), "{}", error(&at));
    // A part of a state is missing.
    let new = Checkpoints { resume: false, ..at.clone() };
    recipe().fit_checkpointed(&table, "label", &new, |_| ControlFlow::Break(())).unwrap();
    let mut file = Container::read(&fs::read(&at.path).unwrap(), &Limits::default()).unwrap();
    file.tensors.retain(|name, _| !name.ends_with("/best"));
    fs::write(&at.path, file.write()).unwrap();
    assert!(error(&at).starts_with("the file is not valid: the state of \"model/"), "{}", error(&at));
    // That no file can be written is known before anything was trained.
    let nowhere = Checkpoints { path: folder.path().join("no such folder/fit"), ..new };
    assert!(error(&nowhere).contains("cannot write"), "{}", error(&nowhere));
}

/// The folder is removed after the first epoch, and made again after the third.
#[cfg(unix)]
#[test]
fn a_checkpoint_that_cannot_be_written_does_not_end_the_fit() {
    let table = noisy(60, 1);
    let whole = recipe().fit(&table, "label").unwrap();
    let fit = |comes_back: bool| {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("inner");
        fs::create_dir(&inner).unwrap();
        let errors = Mutex::new(vec![]);
        let observe = |progress: &Progress| {
            let mut errors = errors.lock().unwrap();
            errors.push(progress.checkpoint_error);
            match errors.len() {
                1 => fs::remove_dir_all(&inner).unwrap(),
                3 if comes_back => fs::create_dir(&inner).unwrap(),
                _ => {}
            }
            ControlFlow::Continue(())
        };
        let at = checkpoints(&inner, Duration::ZERO, false);
        let fit = recipe().fit_checkpointed(&table, "label", &at, observe).unwrap();
        assert_same(&fit, &whole, "a fit whose checkpoint could not be written");
        assert_eq!(file_in(&inner).exists(), comes_back);
        (errors.into_inner().unwrap(), fit.checkpoint_error)
    };
    let missing = Some(ErrorKind::NotFound);
    let (errors, last) = fit(false);
    assert!(errors.len() >= ALL_EPOCHS);
    assert!(errors[0].is_none() && errors[1..].iter().all(|error| *error == missing), "{errors:?}");
    assert!(last.is_some_and(|last| last.contains("cannot write")));
    // The second and the third epoch see the errors of the ones before.
    let (errors, last) = fit(true);
    assert_eq!(errors[..5], [None, missing, missing, None, None]);
    assert_eq!(last, None);
}

const KILLS: u64 = 50;
/// A process that is not killed ends by itself.
const PATIENCE: Duration = Duration::from_secs(60);
/// The folder of the process that is to be killed.
const FOLDER: &str = "ANN_FIT_UNTIL_KILLED";
const EPOCHS_OF_PROCESS: usize = 100;

/// The file is written after each epoch, so at most the epoch is lost that was seen last.
#[test]
fn a_process_that_is_killed_loses_one_epoch() {
    let folder = tempfile::tempdir().unwrap();
    let mut seen = 0;
    for kill in 0..KILLS {
        let is_done = kill_while_it_trains(folder.path(), seen, Duration::from_micros(kill * 971 % 20_000));
        let epochs = epochs_seen(folder.path());
        if let Some(last) = seen.checked_sub(1).map(|place| epochs[place])
            && let Some(&next) = epochs.get(seen)
        {
            let is_next = next == last + 1 || (last, next) == (EPOCHS_OF_PROCESS, 1);
            assert!(is_next || next == last, "epoch {next} comes after epoch {last}");
        }
        seen = epochs.len();
        if is_done {
            fs::remove_file(file_in(folder.path())).unwrap();
            fs::remove_file(log_in(folder.path())).unwrap();
            seen = 0;
        }
    }
    let fit = go_on(folder.path(), |_| ControlFlow::Continue(()));
    let (recipe, table) = recipe_of_process();
    assert_same(&fit, &recipe.fit(&table, "label").unwrap(), "after all kills");
}

/// Starts the process, and kills it some time after its first epoch. Returns whether it was done before.
fn kill_while_it_trains(folder: &Path, seen: usize, later: Duration) -> bool {
    let mut process = Command::new(env::current_exe().unwrap())
        .args(["--exact", "checkpoints::fits_until_it_is_killed"])
        .env(FOLDER, folder)
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let begun = Instant::now();
    while epochs_seen(folder).len() <= seen
        && process.try_wait().unwrap().is_none()
        && begun.elapsed() < PATIENCE
    {
        thread::sleep(Duration::from_micros(100));
    }
    thread::sleep(later);
    process.kill().unwrap();
    process.wait().unwrap().success()
}

/// The process that is killed; without the variable there is nothing to do.
#[test]
fn fits_until_it_is_killed() {
    let Ok(folder) = env::var(FOLDER) else { return };
    let folder = Path::new(&folder);
    go_on(folder, |progress| {
        let mut log = fs::OpenOptions::new().create(true).append(true).open(log_in(folder)).unwrap();
        log.write_all(format!("{}\n", progress.epoch).as_bytes()).unwrap();
        ControlFlow::Continue(())
    });
}

fn go_on(folder: &Path, observe: impl Fn(&Progress) -> ControlFlow<()> + Sync) -> Fit {
    let (recipe, table) = recipe_of_process();
    let at = checkpoints(folder, Duration::ZERO, file_in(folder).exists());
    recipe.fit_checkpointed(&table, "label", &at, observe).unwrap()
}

fn recipe_of_process() -> (Recipe, Table) {
    (Recipe { epochs: EPOCHS_OF_PROCESS, scoring: Scoring::HoldOut(0.3), ..recipe() }, noisy(60, 1))
}

/// The epochs that the processes have shown, of one training after the other.
fn epochs_seen(folder: &Path) -> Vec<usize> {
    let text = fs::read_to_string(log_in(folder)).unwrap_or_default();
    text.lines().map(|line| line.parse().unwrap()).collect()
}

fn log_in(folder: &Path) -> PathBuf {
    folder.join("epochs")
}

fn file_in(folder: &Path) -> PathBuf {
    folder.join("fit.checkpoint")
}

fn checkpoints(folder: &Path, every: Duration, resume: bool) -> Checkpoints {
    Checkpoints { path: file_in(folder), every, resume }
}

/// A fit that its caller ends after these numbers of epochs, and that goes on from a file each time, with one
/// thread more or less.
fn interrupted(recipe: &Recipe, table: &Table, target: &str, every: Duration, stops: &[usize]) -> Fit {
    let folder = tempfile::tempdir().unwrap();
    let seen = AtomicUsize::new(0);
    let fit = |run: usize, stop: usize| {
        let observe = |_: &Progress| match seen.fetch_add(1, Ordering::Relaxed) + 1 < stop {
            true => ControlFlow::Continue(()),
            false => ControlFlow::Break(()),
        };
        let recipe = Recipe { threads: 1 + (recipe.threads + run) % 2, ..recipe.clone() };
        let at = checkpoints(folder.path(), every, run > 0);
        recipe.fit_checkpointed(table, target, &at, observe).unwrap()
    };
    stops.iter().enumerate().for_each(|(run, &stop)| drop(fit(run, stop)));
    fit(stops.len(), usize::MAX)
}

#[track_caller]
fn assert_same(found: &Fit, expected: &Fit, name: &str) {
    assert!(found.model.write().unwrap() == expected.model.write().unwrap(), "{name}: the file of the model");
    assert_eq!(found.report, expected.report, "{name}");
}

/// Two small networks.
fn recipe() -> Recipe {
    Recipe {
        members: 2,
        epochs: EPOCHS,
        least_updates: 0,
        batch: 16,
        hidden: Activation::Silu.layers([4]),
        ..Recipe::default()
    }
}
