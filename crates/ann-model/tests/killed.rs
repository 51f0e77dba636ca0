//! A process that is killed while it saves leaves a whole file: the old one or the new one.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, fs, thread};

use ann_model::Model;
use ann_model::ann_core::Activation;

use crate::models::{classifier, regressor};

const KILLS: u64 = 50;
/// A process that is not killed ends by itself.
const PATIENCE: Duration = Duration::from_secs(60);
/// Where the process saves that is to be killed.
const PATH: &str = "ANN_SAVE_UNTIL_KILLED";

#[test]
fn what_is_left_can_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.ann");
    let mut left = 0;
    for kill in 0..KILLS {
        let mut process = Command::new(env::current_exe().unwrap())
            .args(["--exact", "killed::saves_until_it_is_killed"])
            .env(PATH, &path)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        // Once it saves, it is killed after 0 to 2 ms, somewhere in a save.
        let begun = Instant::now();
        while unfinished(folder.path(), process.id()).is_none() && begun.elapsed() < PATIENCE {
            thread::yield_now();
        }
        thread::sleep(Duration::from_micros(kill * 97 % 2000));
        process.kill().unwrap();
        process.wait().unwrap();
        if path.exists() {
            Model::load(&path).unwrap();
        }
        if let Some(file) = unfinished(folder.path(), process.id()) {
            fs::remove_file(file).unwrap();
            left += 1;
        }
    }
    assert!(path.exists() && left > KILLS / 10, "{left} of {KILLS} kills came within a save");
}

/// The file that this process is writing, before it takes its name.
fn unfinished(folder: &Path, process: u32) -> Option<PathBuf> {
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let name = format!(".model.ann.{process}.");
    files.into_iter().find(|file| file.file_name().unwrap().to_string_lossy().starts_with(&name))
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
