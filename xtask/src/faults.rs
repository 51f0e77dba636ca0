//! `cargo xtask faults`: mistakes that the tests must find.
//!
//! All of them are compiled together into a copy of the workspace, each behind a switch. Then the tests run
//! once for each fault, with its switch on. So the sources are compiled once, not once for each fault.

mod certificate;
mod list;
mod programs;
mod report;
mod splice;
mod tree;

use std::collections::BTreeMap;
use std::fs;
use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::print;
use crate::workspace::Workspace;
use certificate::Certificate;
use list::{Fault, FaultList};
use programs::{Built, Ending, Program};
use report::{Outcome, Tried};

/// Selects the faults and how they are run.
#[derive(Debug, Args)]
pub struct FaultOptions {
    /// Only the faults whose name contains one of these words
    words: Vec<String>,
    /// Test programs that run side by side [default: the number of processors]
    #[arg(long)]
    jobs: Option<NonZero<usize>>,
    /// Write the result to `xtask/faults.md`, for readers who do not want to run it themselves
    #[arg(long, conflicts_with = "words")]
    record: bool,
}

/// The last result that was recorded, from the root of the workspace.
const RESULT: &str = "xtask/faults.md";

/// Compiles every fault into a copy of the workspace and runs, for each selected fault, the tests that must
/// find it.
///
/// # Errors
/// When a fault survives without a reason in the list, or does not survive although the list gives a reason;
/// also when the list does not fit the code, a fault does not compile, or a test fails without any fault.
pub fn faults(workspace: &Workspace, options: &FaultOptions) -> Result<()> {
    let begin = Instant::now();
    let list = FaultList::read(&workspace.root)?;
    let selected = list.select(&options.words)?;
    let folder = workspace.target.join("faults");
    let tree = tree::write(&workspace.root, &folder, &list)?;

    print::progress(format_args!("compiling {} faults", list.faults.len()))?;
    let Built { tests, ann } = programs::build(&tree, &folder, &list::packages(&selected))?;
    let jobs = options.jobs.or_else(|| thread::available_parallelism().ok()).map_or(1, NonZero::get);
    let suites = healthy(&tests, jobs)?;
    let certificate = match ann.filter(|_| selected.iter().any(|fault| fault.check.is_some())) {
        Some(ann) => Some(Certificate::new(ann, &tree, &folder)?),
        None => None,
    };
    let tried = side_by_side(jobs, &selected, |&fault| {
        let tried = try_out(fault, &suites, certificate.as_ref())?;
        print::result(tried.line())?;
        Ok(tried)
    })?;

    print::result(report::table(&tried))?;
    print::result(format_args!("{} min", begin.elapsed().as_secs() / 60))?;
    let path = if options.record { workspace.root.join(RESULT) } else { folder.join("faults.md") };
    fs::write(&path, report::markdown(&tried))
        .with_context(|| format!("could not write {}", path.display()))?;
    print::result(format_args!("survivors: {}", workspace.shorten(&path)))?;
    report::ensure_ok(&tried)
}

/// The test programs of each package, quick ones first.
type Suites = BTreeMap<String, Vec<Program>>;

/// Runs every program without a fault, which also measures how long it takes.
///
/// # Errors
/// When a test fails. Otherwise every fault would seem to be found.
fn healthy(programs: &[Program], jobs: usize) -> Result<Suites> {
    print::progress("running all tests without a fault")?;
    let timed = side_by_side(jobs, programs, |program| match program.run(None)? {
        Ending::Passed(usual) => Ok(program.clone().lasting(usual)),
        Ending::Failed(test) => bail!("{test} of {} fails without any fault", program.package),
        Ending::TookTooLong => bail!("{} of {} does not end", program.name, program.package),
    })?;
    let mut suites = Suites::new();
    for program in timed {
        suites.entry(program.package.clone()).or_default().push(program);
    }
    for suite in suites.values_mut() {
        suite.sort_by_key(Program::usual);
    }
    Ok(suites)
}

/// Runs the tests of each package of the fault, up to the first that fails; and `ann check`, if it must find
/// the fault.
fn try_out<'a>(fault: &'a Fault, suites: &Suites, certificate: Option<&Certificate>) -> Result<Tried<'a>> {
    let suite = |package| suites.get(package).map_or(&[][..], Vec::as_slice);
    let outcomes: Result<Vec<_>> =
        fault.packages.iter().map(|package| outcome(fault, suite(package))).collect();
    let check = match &fault.check {
        Some(words) => {
            let certificate = certificate.context("`check` needs the package ann-cli among `packages`")?;
            Some(certificate.of(fault.number, words)?)
        }
        None => None,
    };
    Ok(Tried { fault, outcomes: outcomes?, check })
}

fn outcome(fault: &Fault, suite: &[Program]) -> Result<Outcome> {
    for program in suite {
        match program.run(Some(fault.number))? {
            Ending::Passed(_) => {}
            Ending::Failed(test) => return Ok(Outcome::Killed(test)),
            Ending::TookTooLong => return Ok(Outcome::TookTooLong(program.name.clone())),
        }
    }
    Ok(Outcome::Survived)
}

/// Calls `work` on every item, on `jobs` threads. The results are in the order of `items`.
fn side_by_side<T: Sync, R: Send>(
    jobs: usize,
    items: &[T],
    work: impl Fn(&T) -> Result<R> + Sync,
) -> Result<Vec<R>> {
    let next = AtomicUsize::new(0);
    let worker = || {
        let mut results = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(index) else { return Ok(results) };
            // After an error no further item is started.
            let result = work(item).inspect_err(|_| next.store(items.len(), Ordering::Relaxed))?;
            results.push((index, result));
        }
    };
    let finished: Result<Vec<_>> = thread::scope(|scope| {
        let workers: Vec<_> = (0..jobs).map(|_| scope.spawn(worker)).collect();
        workers.into_iter().map(|worker| worker.join().expect("a worker returns its errors")).collect()
    });
    let mut results: Vec<_> = finished?.into_iter().flatten().collect();
    results.sort_by_key(|(index, _)| *index);
    Ok(results.into_iter().map(|(_, result)| result).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_in_the_order_of_the_items() {
        let items: Vec<_> = (0..20).collect();
        for jobs in [1, 3, 40] {
            let squares = side_by_side(jobs, &items, |item| Ok(item * item)).unwrap();
            assert_eq!(squares, items.iter().map(|item| item * item).collect::<Vec<_>>());
        }
    }

    #[test]
    fn nothing_is_begun_after_an_error() {
        let begun = AtomicUsize::new(0);
        let error = side_by_side(1, &[0; 20], |_| -> Result<()> {
            begun.fetch_add(1, Ordering::Relaxed);
            bail!("broken")
        });
        assert_eq!(error.unwrap_err().to_string(), "broken");
        assert_eq!(begun.into_inner(), 1);
    }
}
