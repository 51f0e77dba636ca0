//! The program is killed while it trains, again and again, and goes on from its checkpoint.

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use ann_tabular::Model;
use ann_tabular::ann_model::Limits;
use ann_tabular::ann_model::file::{Container, Numbers};
use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};
use tempfile::TempDir;

use crate::program::{command, run, text};

const KILLS: usize = 200;
/// Of which at least this number shall come between the first checkpoint and the last; how many do depends on
/// the speed of the machine.
const WITHIN: usize = KILLS / 10;
const SEED: u64 = 1;
const SIGKILL: i32 = 9;
const EPOCHS: usize = 6;
/// Model, score and linear model with two networks each.
const ALL_EPOCHS: usize = 3 * 2 * EPOCHS;

/// The checkpoint is written after each epoch, so only the epoch is lost in which the program is killed.
#[test]
fn a_training_that_is_killed_goes_on_where_it_was() {
    // Each checkpoint waits until it is on the disk; a file system in memory does not wait.
    let folder = TempDir::new_in("/dev/shm").or_else(|_| TempDir::new()).unwrap();
    fs::write(folder.path().join("t.csv"), table()).unwrap();
    let begun = Instant::now();
    let output = run(folder.path(), &training("whole.ann", ["--checkpoint", "whole.checkpoint"], "1"));
    assert!(output.status.success(), "{}", text(&output.stderr));
    let life = begun.elapsed();
    let whole = fs::read(folder.path().join("whole.ann")).unwrap();
    assert_eq!(epochs_in(&folder.path().join("whole.checkpoint")), ALL_EPOCHS);

    let (model, checkpoint) = (folder.path().join("m.ann"), folder.path().join("m.checkpoint"));
    let mut rng = ChaCha8Rng::seed_from_u64(SEED);
    let (mut kills, mut within, mut done, mut epochs) = (0, 0, 0, 0);
    while kills < KILLS || within < WITHIN {
        assert!(kills < 10 * KILLS, "only {within} of {kills} kills came within the training");
        let is_killed = kill(folder.path(), rng.random_range(Duration::ZERO..life), kills);
        let now = epochs_in(&checkpoint);
        assert!(now >= epochs, "kill {kills}: {now} epochs come after {epochs}");
        epochs = now;
        if model.exists() {
            Model::load(&model).unwrap();
        }
        kills += usize::from(is_killed);
        within += usize::from(is_killed && (1..ALL_EPOCHS).contains(&epochs));
        if !is_killed {
            done += 1;
            assert!(fs::read(&model).unwrap() == whole, "after {kills} kills: the file of the model");
            fs::remove_file(&model).unwrap();
            fs::remove_file(&checkpoint).unwrap();
            epochs = 0;
        }
    }
    assert!(done > 0, "no training came to its end");
}

/// Starts or resumes the training, and kills it after this time. Returns whether it was killed.
fn kill(folder: &Path, later: Duration, turn: usize) -> bool {
    let is_resumed = folder.join("m.checkpoint").exists();
    let option = if is_resumed { "--resume" } else { "--checkpoint" };
    // The bits do not depend on the number of threads.
    let threads = if turn.is_multiple_of(2) { "1" } else { "2" };
    let mut process = command(folder, &training("m.ann", [option, "m.checkpoint"], threads)).spawn().unwrap();
    thread::sleep(later);
    process.kill().unwrap();
    let output = process.wait_with_output().unwrap();
    let is_killed = output.status.signal() == Some(SIGKILL);
    assert!(is_killed || output.status.success(), "{}", text(&output.stderr));
    is_killed
}

fn training<'a>(model: &'a str, [option, checkpoint]: [&'a str; 2], threads: &'a str) -> Vec<&'a str> {
    let files = ["t.csv", "-t", "y", "-o", model, "--force", option, checkpoint, "--checkpoint-every", "0s"];
    let small = ["--networks", "2", "--hidden", "4", "--epochs", "6", "--batch", "16"];
    let rest = ["--validation", "0.3", "--threads", threads, "--quiet"];
    ["train"].into_iter().chain(files).chain(small).chain(rest).collect()
}

/// The number of epochs in a checkpoint, of all its trainings; 0 if there is none yet.
pub fn epochs_in(checkpoint: &Path) -> usize {
    if !checkpoint.exists() {
        return 0;
    }
    let file = Container::read(&fs::read(checkpoint).unwrap(), &Limits::default()).unwrap();
    let counts = file.tensors.iter().filter(|(name, _)| name.ends_with("/counts"));
    let epochs = counts.map(|(name, tensor)| match &tensor.numbers {
        Numbers::F64(numbers) => numbers[0] as usize,
        Numbers::F32(_) => panic!("{name} is in single precision"),
    });
    epochs.sum()
}

/// Two numbers, which say the class of most rows.
fn table() -> String {
    let mut rng = ChaCha8Rng::seed_from_u64(SEED);
    let row = |_| {
        let [a, b]: [f64; 2] = rng.random();
        let class = if a + b + rng.random_range(-0.3..0.3) > 1.0 { "above" } else { "below" };
        format!("{a},{b},{class}\n")
    };
    (0..60).map(row).fold("a,b,y\n".to_owned(), |text, row| text + &row)
}
