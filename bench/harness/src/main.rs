//! The benchmark: the workloads of `bench/workloads/workloads.toml` on our engine and, on request, on other
//! libraries, in one run.
//!
//! Each library is a process that speaks the protocol of `bench/peers/README.md`; ours is `bench/runner`.

mod selection;

mod contest;
mod peers;
mod protocol;
mod statistics;

mod findings;
mod footprint;

mod arithmetic;
mod document;
mod pictures;
mod results;

mod cargo;

use std::env;
use std::path::PathBuf;
use std::process::ExitCode;

use ann_bench::folders::Folders;
use ann_bench::{folders, print};
use ann_workloads::Workload;
use anyhow::{Context, Result, ensure};
use clap::Parser;
use clap::builder::RangedU64ValueParser;
use comfy_table::presets::UTF8_FULL_CONDENSED;

use contest::Contest;
use findings::{Cost, Findings, OURS, Origin};
use footprint::Footprint;
use peers::Peer;
use selection::Selection;

/// Time the workloads and the growth of cost, beside other libraries when asked.
#[derive(Debug, Parser)]
#[command(bin_name = "cargo xtask bench")]
struct Options {
    /// Workloads by family or whole name, separated by commas (`W1,W9/narrow-one`); `growth`, which is part
    /// of a full run too, measures the cost against rows, width and depth [default: all]
    filter: Option<String>,
    /// Only with this many threads [default: 1 and 2; W1 to W3 and the outputs for one row with 1]
    #[arg(long, value_name = "N", value_parser = RangedU64ValueParser::<usize>::new().range(1..=1024))]
    threads: Option<usize>,
    /// Measure other libraries in turns with ours (installed and built below target/bench), all of them or
    /// those that are named (`--peers=numpy,jax`). With all of them, and without FILTER and --threads,
    /// bench/results.json, bench/RESULTS.md and its pictures are written
    #[arg(long, value_name = "NAMES", num_args = 0..=1, require_equals = true, default_missing_value = "all")]
    peers: Option<String>,
    /// Where the measurements go, one JSON object a line [default: target/bench/measurements.jsonl]
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Timed runs of each workload, at least 7
    #[arg(long, value_name = "N", default_value = "7", value_parser = RangedU64ValueParser::<usize>::new().range(7..=1000))]
    runs: usize,
    /// Time a cold build of a program that uses ann-train (a full run does so too)
    #[arg(long)]
    build: bool,
    /// Measure nothing: write bench/RESULTS.md and its pictures again from bench/results.json
    #[arg(long, exclusive = true)]
    redraw: bool,
}

impl Options {
    fn is_full(&self) -> bool {
        self.peers.as_deref() == Some("all") && self.filter.is_none() && self.threads.is_none()
    }
}

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            print::progress(format_args!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// Measures and prints tables. A full run also writes its results.
///
/// # Errors
/// A name in the filter is unknown, or our own runner fails. If another library fails, this is reported and
/// the run goes on.
fn run(options: &Options) -> Result<()> {
    let folders = Folders::find()?;
    if options.redraw {
        return record(&folders, &Findings::read(&folders.committed().join(RESULTS))?);
    }
    let selection = Selection::parse(options.filter.as_deref())?;
    let plan = selection.by_threads(options.threads)?;
    let mut bench = Bench::open(&folders, options)?;
    for (threads, workloads) in plan {
        bench.measure(threads, &workloads, selection.growth)?;
    }
    bench.measure_footprint(&selection)?;
    bench.print();
    bench.draw()?;
    if options.is_full() {
        bench.findings.write(&folders.committed().join(RESULTS))?;
        record(&folders, &bench.findings)?;
    }
    Ok(())
}

/// The committed numbers of the last full run.
const RESULTS: &str = "results.json";

/// Writes the document and its pictures to `bench/`.
fn record(folders: &Folders, findings: &Findings) -> Result<()> {
    let committed = folders.committed();
    folders::draw(&pictures::results(findings)?, &committed, "results")?;
    folders::draw(&pictures::growth(findings), &committed, "growth")?;
    let path = committed.join("RESULTS.md");
    folders::write(&path, &document::document(findings))?;
    print::result(format_args!("written: {}", folders.shorten(&path)));
    Ok(())
}

/// A run of the benchmark.
struct Bench<'a> {
    folders: &'a Folders,
    options: &'a Options,
    ours: Peer,
    peers: Vec<Peer>,
    json: PathBuf,
    findings: Findings,
}

impl<'a> Bench<'a> {
    /// Installs and builds the other libraries.
    fn open(folders: &'a Folders, options: &'a Options) -> Result<Self> {
        let libraries = options.peers.as_deref().map_or(Ok(vec![]), peers::parse)?;
        let origin = Origin::now(&folders.root, options.runs);
        let mut findings = Findings { origin, ..Findings::default() };
        let json = options.json.clone().unwrap_or_else(|| folders.work.join("measurements.jsonl"));
        // Written before the measurements, which take minutes, so that a path that cannot be written is
        // reported at once.
        findings.write_measurements(&json)?;
        let peers = peers::prepare(folders, &libraries, &mut findings.absences);
        findings.absences.iter().for_each(print::progress);
        Ok(Self { folders, options, ours: ours()?, peers, json, findings })
    }

    /// Measures everything with one number of threads.
    fn measure(&mut self, threads: usize, workloads: &[&Workload], growth: bool) -> Result<()> {
        if workloads.is_empty() && !growth {
            return Ok(());
        }
        let peers = if workloads.is_empty() { &[] } else { self.peers.as_slice() };
        let mut contest = Contest::start(&self.ours, peers, threads, &self.folders.work)?;
        for workload in workloads {
            print::progress(format_args!("{}, {}", workload.name, results::with_threads(threads)));
            self.findings.add_peak(threads, workload.precision, contest.peak(workload.precision)?);
            self.findings.measurements.extend(contest.measure(workload, self.options.runs)?);
            // Written after each workload, so that an interrupted run keeps its measurements.
            self.findings.write_measurements(&self.json)?;
        }
        if growth {
            print::progress(format_args!("growth, {}", results::with_threads(threads)));
            let points = contest.growth()?.growth.into_iter();
            let cost = |protocol::Point { against, size, us }| Cost { threads, against, size, us };
            self.findings.growth.extend(points.map(cost));
        }
        let versions = contest.versions().map(|(name, version)| (name.to_owned(), version.to_owned()));
        self.findings.origin.versions.extend(versions);
        self.findings.absences.append(&mut contest.absences);
        Ok(())
    }

    /// Measures the cost of depending on `ann-train`.
    fn measure_footprint(&mut self, selection: &Selection) -> Result<()> {
        let is_chosen = selection.workloads.iter().any(|workload| workload.name == footprint::LARGEST);
        let build = self.options.build || self.options.is_full();
        self.findings.footprint = Footprint::measure(self.folders, is_chosen.then_some(&self.ours), build)?;
        Ok(())
    }

    fn print(&self) {
        let Findings { measurements, peaks, absences, footprint, .. } = &self.findings;
        let rows = results::rows(measurements);
        print::result(format_args!("\nmeasurements in {}", self.folders.shorten(&self.json)));
        print::result(results::own_table(&rows, peaks, UTF8_FULL_CONDENSED));
        if self.options.peers.is_some() {
            print::result(results::peers_table(&rows, UTF8_FULL_CONDENSED));
            results::ends_table(&rows, UTF8_FULL_CONDENSED).iter().for_each(print::result);
            let sentences = results::slower_rows(&rows);
            sentences.iter().chain(&results::absences(absences)).for_each(print::result);
        }
        footprint.lines().iter().for_each(print::result);
    }

    /// Draws the pictures for which there are measurements: growth, and other libraries beside ours.
    fn draw(&self) -> Result<()> {
        let mut drawn = Vec::new();
        if !self.findings.growth.is_empty() {
            drawn.push(folders::draw(&pictures::growth(&self.findings), &self.folders.work, "growth")?);
        }
        if self.findings.measurements.iter().any(|measurement| measurement.peer != OURS) {
            drawn.push(folders::draw(&pictures::results(&self.findings)?, &self.folders.work, "results")?);
        }
        for path in drawn {
            print::result(format_args!("drawn: {}", self.folders.shorten(&path)));
        }
        Ok(())
    }
}

/// Our own runner, which cargo builds into the folder of this program.
fn ours() -> Result<Peer> {
    let folder = env::current_exe().context("could not find the folder of this program")?;
    let program = folder.with_file_name(format!("ann-runner{}", env::consts::EXE_SUFFIX));
    ensure!(program.exists(), "{} is missing; `cargo xtask bench` builds it", program.display());
    Ok(Peer { name: OURS.to_owned(), program, arguments: Vec::new() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_full_with_all_libraries_and_nothing_left_out() {
        let is_full = |arguments: &[&str]| {
            let arguments = ["bench"].iter().chain(arguments);
            Options::try_parse_from(arguments).unwrap().is_full()
        };
        assert!(is_full(&["--peers"]) && is_full(&["--peers", "--runs", "9"]) && is_full(&["--peers=all"]));
        for partial in [&[][..], &["W1", "--peers"], &["--peers", "--threads", "1"], &["--peers=numpy"]] {
            assert!(!is_full(partial), "{partial:?}");
        }
    }
}
