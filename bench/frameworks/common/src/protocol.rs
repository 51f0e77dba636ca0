//! Reads requests from standard input, and answers each with one line of JSON on standard output.

use std::hint::black_box;
use std::io::{self, Write};
use std::time::Instant;

use ann_workloads::Workload;
use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::data::Problem;

/// Duration of a timed run. A first unit that takes longer than `WARM_UP_SECONDS` is warm-up enough.
const RUN_SECONDS: f64 = 0.2;
const WARM_UP_SECONDS: f64 = 5.0;

/// The end of a run of training: number of epochs, and the mean loss.
#[derive(Clone, Copy, Debug)]
pub struct End {
    pub epochs: usize,
    pub loss: f64,
}

/// A workload, prepared by a framework.
pub enum Preparation {
    /// The losses before and after one step with all rows, or the sum of outputs twice; where training ends,
    /// if the unit is a whole run of it; and one unit of work.
    Ready { loss: [f64; 2], end: Option<End>, unit: Box<dyn FnMut() -> Result<f64>> },
    /// Why the framework cannot do it.
    Skip(&'static str),
}

/// Answers all requests. `prepare` prepares a workload in the framework.
///
/// # Errors
/// `prepare` or the work fails, or a request is not understood.
pub fn serve(
    peer: &str,
    version: &str,
    prepare: fn(&Workload, &Problem) -> Result<Preparation>,
) -> Result<()> {
    let threads = std::env::args().nth(1).and_then(|text| text.parse().ok());
    let threads = threads.context("expected the number of threads as the only argument")?;
    pin(threads)?;
    answer(&json!({"peer": peer, "version": version, "threads": threads}))?;
    let mut run: Option<Run> = None;
    for line in io::stdin().lines() {
        let line = line?;
        match (line.split_once(' '), &mut run) {
            (Some(("prepare", name)), _) => {
                // The memory of the last workload is freed before the next one is prepared.
                drop(run.take());
                run = prepare_run(name, prepare)?;
            }
            (None, Some(run)) if line == "run" => answer(&json!({"us": run.microseconds()?}))?,
            _ => {
                bail!("found {line:?}, expected `prepare WORKLOAD`, or `run` after one that was not skipped")
            }
        }
    }
    Ok(())
}

fn prepare_run(name: &str, prepare: fn(&Workload, &Problem) -> Result<Preparation>) -> Result<Option<Run>> {
    let workload = ann_workloads::find(name).with_context(|| format!("no workload is called {name:?}"))?;
    match prepare(workload, &Problem::new(workload))? {
        Preparation::Skip(reason) => {
            answer(&json!({"skip": reason}))?;
            Ok(None)
        }
        Preparation::Ready { loss, end, unit } => {
            let end = end.map(|End { epochs, loss }| json!({"epochs": epochs, "loss": loss}));
            answer(&json!({"loss": loss, "end": end}))?;
            Ok(Some(Run::warmed_up(unit)?))
        }
    }
}

fn answer(message: &Value) -> Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{message}")?;
    Ok(out.flush()?)
}

/// A run, whose number of units takes about 0.2 s.
struct Run {
    unit: Box<dyn FnMut() -> Result<f64>>,
    units: usize,
}

impl Run {
    fn warmed_up(unit: Box<dyn FnMut() -> Result<f64>>) -> Result<Self> {
        let mut run = Self { unit, units: 1 };
        if run.seconds()? > WARM_UP_SECONDS {
            return Ok(run);
        }
        let mut taken = run.seconds()?;
        while taken < RUN_SECONDS {
            run.units *= 2;
            taken = run.seconds()?;
        }
        run.units = ((run.units as f64 * RUN_SECONDS / taken).round() as usize).max(1);
        Ok(run)
    }

    fn microseconds(&mut self) -> Result<f64> {
        Ok(self.seconds()? / self.units as f64 * 1e6)
    }

    fn seconds(&mut self) -> Result<f64> {
        let begin = Instant::now();
        for _ in 0..self.units {
            black_box((self.unit)()?);
        }
        Ok(begin.elapsed().as_secs_f64())
    }
}

/// Restricts the process to one core for each thread, and sets the environment variable that rayon reads.
/// Call it before any thread starts.
fn pin(threads: usize) -> Result<()> {
    #[cfg(target_os = "linux")]
    {
        use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
        use nix::unistd::Pid;
        let allowed = sched_getaffinity(Pid::from_raw(0))?;
        let mut chosen = CpuSet::new();
        for core in (0..CpuSet::count()).filter(|core| allowed.is_set(*core).unwrap_or(false)).take(threads) {
            chosen.set(core)?;
        }
        sched_setaffinity(Pid::from_raw(0), &chosen)?;
    }
    // SAFETY: this process has only one thread yet, so nothing reads the environment at the same time.
    unsafe { std::env::set_var("RAYON_NUM_THREADS", threads.to_string()) };
    Ok(())
}

/// The version of `package` in the text of this workspace's Cargo.lock.
///
/// # Panics
/// When the lock file does not name the package.
pub fn locked_version<'a>(lock: &'a str, package: &str) -> &'a str {
    let name = format!("name = \"{package}\"");
    let mut lines = lock.lines().skip_while(|line| *line != name);
    let version = lines.nth(1).expect("a runner asks for a package it depends on");
    version.trim_start_matches("version = ").trim_matches('"')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_the_line_after_the_name() {
        let lock = "[[package]]\nname = \"burn-core\"\nversion = \"1.0.0\"\n\n[[package]]\nname = \"burn\"\nversion = \"0.9.1\"\n";
        assert_eq!(locked_version(lock, "burn"), "0.9.1");
    }
}
