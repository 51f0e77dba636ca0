//! A process that is killed while it saves leaves a whole file: the old one or the new one.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, fs, thread};

use ann_model::Model;
use ann_model::ann_core::Activation;

use crate::models::{classifier, regressor};

const KILLS: u64 = 200;
/// A process that is not killed ends by itself.
const PATIENCE: Duration = Duration::from_secs(60);
/// Where the process saves that is to be killed.
const PATH: &str = "ANN_SAVE_UNTIL_KILLED";

#[test]
fn what_is_left_can_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.ann");
    for kill in 0..KILLS {
        let begun = Instant::now();
        let mut process = Command::new(env::current_exe().unwrap())
            .args(["--exact", "killed::saves_until_it_is_killed"])
            .env(PATH, &path)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        // Once it saves, it is killed after 0 to 2 ms, somewhere in a save.
        while files(folder.path()) == 0 && begun.elapsed() < PATIENCE {
            thread::yield_now();
        }
        thread::sleep(Duration::from_micros(kill * 97 % 2000));
        process.kill().unwrap();
        process.wait().unwrap();
        if path.exists() {
            Model::load(&path).unwrap();
        }
    }
    assert!(files(folder.path()) > 1, "not one kill came between the first and the last step of a save");
}

fn files(folder: &Path) -> usize {
    fs::read_dir(folder).unwrap().count()
}

/// The process that is killed; without the variable there is nothing to do.
#[test]
fn saves_until_it_is_killed() {
    let Ok(path) = env::var(PATH) else { return };
    let (begun, models) = (Instant::now(), [classifier(&Activation::Tanh), regressor()]);
    while begun.elapsed() < PATIENCE {
        models.iter().for_each(|model| model.save(&path).unwrap());
    }
}
