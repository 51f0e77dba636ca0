//! `cargo xtask bench`: the workloads W1 to W10 on our engine and, on request, on other libraries, in one run.
//!
//! Who is measured is a process that speaks the protocol told in `crates/ann-experiments/examples/workloads.rs`.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use clap::Args;
use clap::builder::RangedU64ValueParser;
use comfy_table::presets::UTF8_FULL_CONDENSED;

mod workload;

mod contest;
mod peers;
mod protocol;
mod runner;
mod statistics;

mod document;
mod light;
mod machine;
mod results;

use crate::experiment::programs;
use crate::print;
use crate::workspace::{Workspace, cargo};
use contest::Contest;
use document::Findings;
use light::Light;
use peers::Peer;
use protocol::{Peak, Point};
use results::OURS;
use workload::{Selection, Workload};

/// What is measured, and with whom.
#[derive(Debug, Args)]
pub struct Options {
    /// Workloads by family or whole name, separated by commas (`W1,W9/narrow-one`); `growth`, which is part of a full run too,
    /// draws the cost against rows, width and depth [default: all]
    filter: Option<String>,
    /// Only with this many threads [default: 1 and 2; W1 to W3 and the outputs for one row with 1]
    #[arg(long, value_name = "N", value_parser = RangedU64ValueParser::<usize>::new().range(1..=1024))]
    threads: Option<usize>,
    /// Measure other libraries in turns with ours (installed and built below target/bench).  Without FILTER and --threads,
    /// bench/RESULTS.md and its pictures are written
    #[arg(long)]
    peers: bool,
    /// Where the measurements go, one JSON object a line [default: target/bench/measurements.jsonl]
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Timed runs of each workload, at least 7
    #[arg(long, value_name = "N", default_value = "7", value_parser = RangedU64ValueParser::<usize>::new().range(7..=1000))]
    runs: usize,
    /// Time a cold build of a program that uses ann-train (--peers does so too)
    #[arg(long)]
    build: bool,
}

impl Options {
    fn is_full(&self) -> bool {
        self.peers && self.filter.is_none() && self.threads.is_none()
    }
}

/// Measures, prints tables, and writes what a full run has found.
///
/// # Errors
/// A name in the filter that is unknown, or our own runner fails.  Peers that fail are named, and the others go on.
pub fn bench(workspace: &Workspace, options: &Options) -> Result<()> {
    let selection = Selection::parse(options.filter.as_deref())?;
    let plan = plan(&selection, options.threads)?;
    let folder = workspace.target.join("bench");
    fs::create_dir_all(&folder).with_context(|| format!("could not create {}", folder.display()))?;
    let mut bench = Bench::open(workspace, options, folder)?;
    for (threads, workloads) in plan {
        bench.measure(threads, &workloads, selection.growth)?;
    }
    bench.findings.light = bench.light(&selection)?;
    bench.print()?;
    bench.draw()?;
    if options.is_full() { bench.record() } else { Ok(()) }
}

/// The workloads for each number of threads.
fn plan(selection: &Selection, threads: Option<usize>) -> Result<Vec<(usize, Vec<&'static Workload>)>> {
    let fitting = |threads| {
        let workloads = selection.workloads.iter().copied();
        workloads.filter(|workload| threads == 1 || workload.is_threaded).collect::<Vec<_>>()
    };
    let counts = threads.map_or(vec![1, 2], |threads| vec![threads]);
    let plan: Vec<_> = counts.into_iter().map(|threads| (threads, fitting(threads))).collect();
    let is_something = selection.growth || plan.iter().any(|(_, workloads)| !workloads.is_empty());
    ensure!(is_something, "nothing to do: these workloads are measured with 1 thread only");
    Ok(plan)
}

/// A run of the benchmark.
struct Bench<'a> {
    workspace: &'a Workspace,
    options: &'a Options,
    folder: PathBuf,
    programs: BTreeMap<String, PathBuf>,
    peers: Vec<Peer>,
    json: PathBuf,
    findings: Findings,
    growth: Vec<(usize, Vec<Point>)>,
}

impl<'a> Bench<'a> {
    /// Builds and installs everything.
    fn open(workspace: &'a Workspace, options: &'a Options, folder: PathBuf) -> Result<Self> {
        let json = options.json.clone().unwrap_or_else(|| folder.join("measurements.jsonl"));
        // First of all, before anything takes minutes.  What an earlier run has left must not stand beside ours.
        File::create(&json).with_context(|| format!("could not create {}", json.display()))?;
        let programs = build(workspace)?;
        let mut findings = Findings::default();
        let peers = match options.peers {
            true => peers::prepare(workspace, &folder, &mut findings.absences)?,
            false => Vec::new(),
        };
        for absence in &findings.absences {
            print::progress(absence)?;
        }
        Ok(Self { workspace, options, folder, programs, peers, json, findings, growth: Vec::new() })
    }

    fn ours(&self) -> Result<Peer> {
        let program = self.program("workloads")?.to_owned();
        Ok(Peer { name: OURS.to_owned(), program, arguments: Vec::new() })
    }

    fn program(&self, name: &str) -> Result<&Path> {
        let program = self.programs.get(name);
        Ok(program.with_context(|| format!("cargo built no program {name:?}"))?)
    }

    /// Everything with one number of threads.
    fn measure(&mut self, threads: usize, workloads: &[&'static Workload], growth: bool) -> Result<()> {
        let peers = if workloads.is_empty() { &[] } else { self.peers.as_slice() };
        let mut contest = Contest::start(&self.ours()?, peers, threads, &self.folder)?;
        for workload in workloads {
            print::progress(format_args!("{}, {}", workload.id, results::with_threads(threads)))?;
            let (peak, seen) = (contest.peak(workload.dtype)?, (threads, workload.dtype));
            let best = self.findings.peaks.entry(seen).or_default();
            *best = Peak { gflops: best.gflops.max(peak.gflops), exps: best.exps.max(peak.exps) };
            let measured = contest.measure(workload, self.options.runs)?;
            append(&self.json, &measured)?;
            self.findings.measurements.extend(measured);
        }
        if growth {
            print::progress(format_args!("growth, {}", results::with_threads(threads)))?;
            self.growth.push((threads, contest.growth()?.growth));
        }
        let versions = contest.versions().map(|(name, version)| (name.to_owned(), version.to_owned()));
        self.findings.versions.extend(versions);
        self.findings.absences.append(&mut contest.absences);
        Ok(())
    }

    fn light(&self, selection: &Selection) -> Result<Light> {
        let is_largest = |workload: &&Workload| workload.id == light::LARGEST;
        let ours = selection.workloads.iter().any(is_largest).then(|| self.ours()).transpose()?;
        let build = self.options.build || self.options.peers;
        Light::measure(self.workspace, &self.folder, ours.as_ref(), build)
    }

    fn print(&self) -> Result<()> {
        let Findings { measurements, peaks, absences, light, .. } = &self.findings;
        let rows = results::rows(measurements);
        print::result(format_args!("\nmeasurements in {}", self.workspace.shorten(&self.json)))?;
        print::result(results::own_table(&rows, peaks, UTF8_FULL_CONDENSED))?;
        if self.options.peers {
            print::result(results::peers_table(&rows, UTF8_FULL_CONDENSED))?;
            let sentences = results::losses(&rows);
            sentences.iter().chain(&results::absences(absences)).try_for_each(print::result)?;
        }
        light.lines().iter().try_for_each(print::result)
    }

    /// Draws what there is: growth, and our peers.
    fn draw(&self) -> Result<()> {
        if !self.growth.is_empty() {
            let numbers = self.folder.join("growth-numbers.csv");
            write_growth(&numbers, &self.growth)?;
            self.figure("growth", &numbers)?;
        }
        let is_peer = |measurement: &results::Measurement| measurement.peer != OURS;
        if self.findings.measurements.iter().any(is_peer) {
            self.figure("results", &self.json)
        } else {
            Ok(())
        }
    }

    fn figure(&self, name: &str, numbers: &Path) -> Result<()> {
        let mut command = Command::new(self.program("bench_figures")?);
        let status = command.arg(name).arg(numbers).arg(&self.folder).status().context("could not draw")?;
        ensure!(status.success(), "{command:?} failed ({status})");
        let drawn = self.folder.join(format!("{name}.svg"));
        print::result(format_args!("drawn: {}", self.workspace.shorten(&drawn)))
    }

    /// Writes the result and its pictures where readers find them.
    fn record(&self) -> Result<()> {
        let committed = self.workspace.root.join("bench");
        for name in ["results.svg", "results.png", "growth.svg", "growth.png"] {
            fs::copy(self.folder.join(name), committed.join(name)).with_context(|| format!("no {name}"))?;
        }
        let path = committed.join("RESULTS.md");
        let document = document::document(&self.findings, self.options.runs);
        fs::write(&path, document).with_context(|| format!("could not write {}", path.display()))?;
        print::result(format_args!("recorded in {}", self.workspace.shorten(&path)))
    }
}

/// Builds our runner and what draws.
fn build(workspace: &Workspace) -> Result<BTreeMap<String, PathBuf>> {
    let output = Command::new(cargo())
        .args(["build", "--release", "--package", "ann-experiments"])
        .args(["--example", "workloads", "--example", "bench_figures"])
        .args(["--message-format", "json-render-diagnostics", "--manifest-path"])
        .arg(workspace.root.join("Cargo.toml"))
        .stderr(Stdio::inherit())
        .output()
        .context("could not start cargo")?;
    ensure!(output.status.success(), "the workloads do not build (cargo: {})", output.status);
    programs(&String::from_utf8_lossy(&output.stdout))
}

/// Adds measurements to the file at once, so that an interrupted run leaves what it has found.
fn append(path: &Path, measurements: &[results::Measurement]) -> Result<()> {
    let context = || format!("could not write {}", path.display());
    let mut file = File::options().append(true).open(path).with_context(context)?;
    for measurement in measurements {
        writeln!(file, "{}", serde_json::to_string(measurement)?).with_context(context)?;
    }
    Ok(())
}

fn write_growth(path: &Path, growth: &[(usize, Vec<Point>)]) -> Result<()> {
    let context = || format!("could not write {}", path.display());
    let mut writer = csv::Writer::from_path(path).with_context(context)?;
    writer.write_record(["threads", "against", "size", "us"])?;
    for (threads, points) in growth {
        for Point { against, size, us } in points {
            writer.serialize((threads, against, size, us))?;
        }
    }
    writer.flush().with_context(context)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_threads_where_the_workload_is_large_enough() {
        let ids = |filter, threads| -> Vec<(usize, Vec<&str>)> {
            let plan = plan(&Selection::parse(Some(filter)).unwrap(), threads).unwrap();
            plan.into_iter().map(|(threads, all)| (threads, all.iter().map(|w| w.id).collect())).collect()
        };
        assert_eq!(ids("W1,W4", None), [(1, vec!["W1", "W4"]), (2, vec!["W4"])]);
        assert_eq!(ids("W1,W4", Some(3)), [(3, vec!["W4"])]);
        assert_eq!(ids("growth", Some(2)), [(2, vec![])]);
        let error = plan(&Selection::parse(Some("W1,W3")).unwrap(), Some(2)).unwrap_err().to_string();
        assert!(error.starts_with("nothing to do"), "{error}");
    }

    #[test]
    fn growth_is_one_line_a_point() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("growth.csv");
        let point = Point { against: "rows".to_owned(), size: 100, us: 3.5 };
        write_growth(&path, &[(2, vec![point])]).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "threads,against,size,us\n2,rows,100,3.5\n");
    }
}
