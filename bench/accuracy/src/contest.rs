//! The runners of all systems. Each split of a table goes to one system after another.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ann_accuracy::exchange::{Hello, Reply};
use ann_bench::absence::Absence;
use ann_bench::runner::Runner;
use ann_train::splits::Split;
use anyhow::{Context, Error, Result, bail, ensure};

use crate::cpu;
use crate::score::Score;
use crate::systems::{Entrant, OURS, PROGRAM};
use crate::tables::Table;

/// A runner that takes longer than this for one split is considered hung.
const LIMIT: Duration = Duration::from_secs(3600);

/// Our runner and those of other systems.
#[derive(Debug)]
pub struct Contest {
    contestants: Vec<Contestant>,
    /// The folder of assignments, copies of tables, and logs.
    work: PathBuf,
    /// What systems could not do, and why.
    pub absences: Vec<Absence>,
}

/// A system and its process.
#[derive(Debug)]
struct Contestant {
    entrant: Entrant,
    log: PathBuf,
    version: String,
    /// Started when it is needed, and again after it failed.
    runner: Option<Runner>,
}

impl Contest {
    /// Starts all runners. Those of other systems that cannot start are left out.
    ///
    /// # Errors
    /// Ours cannot start, or the folder cannot be made.
    pub fn start(entrants: Vec<Entrant>, work: &Path) -> Result<Self> {
        fs::create_dir_all(work).with_context(|| format!("could not create {}", work.display()))?;
        let mut contest = Self { contestants: Vec::new(), work: work.to_owned(), absences: Vec::new() };
        for entrant in entrants {
            let log = work.join(format!("{}.txt", entrant.name));
            let mut contestant = Contestant { entrant, log, version: String::new(), runner: None };
            match contestant.runner().map(|_| ()) {
                Ok(()) => contest.contestants.push(contestant),
                Err(error) => contest.absent(contestant.entrant.name, "all", &error)?,
            }
        }
        Ok(contest)
    }

    /// The names and versions of the systems that started.
    pub fn versions(&self) -> impl Iterator<Item = (String, String)> {
        self.contestants.iter().map(|one| (one.entrant.name.to_owned(), one.version.clone()))
    }

    /// Lets all systems predict the test rows of the first `splits` splits. A system that fails has no score
    /// of this table.
    ///
    /// # Errors
    /// Ours fails, or a file cannot be written.
    pub fn measure(&mut self, table: &Table, splits: usize) -> Result<Vec<Score>> {
        let name = &table.description.name;
        let copy = self.work.join(format!("{name}.csv"));
        table.copy_to(&copy)?;
        let (mut scores, mut failed) = (Vec::new(), Vec::new());
        for number in 0..splits {
            let split = table.split(number)?;
            let file = self.work.join(format!("{name}-{number}.json"));
            let text = serde_json::to_string(&table.assignment(number, &split, &copy))?;
            fs::write(&file, text).with_context(|| format!("could not write {}", file.display()))?;
            for contestant in &mut self.contestants {
                let system = contestant.entrant.name;
                if failed.iter().any(|(name, _)| *name == system) {
                    continue;
                }
                match contestant.score(table, &split, &file) {
                    Ok(score) => scores.push(Score { split: number, ..score }),
                    Err(error) => failed.push((system, error)),
                }
            }
        }
        for (system, error) in failed {
            scores.retain(|score| score.system != system);
            self.absent(system, name, &error)?;
        }
        check_program(&scores)?;
        Ok(scores)
    }

    /// Notes the failure of another system.
    ///
    /// # Errors
    /// The failure, if it is ours.
    fn absent(&mut self, system: &str, what: &str, error: &Error) -> Result<()> {
        ensure!(system != OURS, "our own runner failed at {what}: {error:#}");
        let (peer, what, reason) = (system.to_owned(), what.to_owned(), format!("{error:#}"));
        self.absences.push(Absence { peer, what, reason });
        Ok(())
    }
}

/// The program has exactly the numbers of our recipe, in each split.
fn check_program(scores: &[Score]) -> Result<()> {
    for program in scores.iter().filter(|score| score.system == PROGRAM) {
        let is_other = |score: &&Score| score.system == OURS && score.split == program.split;
        let ours = scores.iter().find(is_other).context("our recipe was measured")?;
        let expected = Score { system: program.system.clone(), cpu: program.cpu, ..ours.clone() };
        ensure!(*program == expected, "the program has other numbers than the recipe: {program:?}, {ours:?}");
    }
    Ok(())
}

impl Contestant {
    /// Asks for the predictions of a split, and judges them.
    fn score(&mut self, table: &Table, split: &Split, assignment: &Path) -> Result<Score> {
        let process = self.runner()?.process();
        let before = cpu::time(process);
        let reply = self.runner()?.ask::<Reply>(&format!("fit {}", assignment.display()));
        let after = cpu::time(process);
        let answer = match reply {
            Ok(Reply::Answer(answer)) => answer,
            Ok(Reply::Skipped { skip }) => bail!(skip),
            Err(error) => {
                self.runner = None;
                return Err(error);
            }
        };
        Ok(Score {
            system: self.entrant.name.to_owned(),
            table: table.description.name.clone(),
            cpu: before.zip(after).map(|(before, after)| after.saturating_sub(before).as_secs_f64()),
            ..Score::of(&answer, table, &split.test)?
        })
    }

    fn runner(&mut self) -> Result<&mut Runner> {
        if self.runner.is_none() {
            let (runner, hello) = Runner::start::<Hello>(&mut self.entrant.command(), &self.log, LIMIT)?;
            let (found, expected) = (hello.peer, self.entrant.name);
            ensure!(found == expected, "it is called {found:?}, expected {expected:?}");
            self.version = hello.version;
            self.runner = Some(runner);
        }
        self.runner.as_mut().context("it was started")
    }
}
