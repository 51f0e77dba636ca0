//! The benchmark of accuracy: models of public tables by our recipe and, on request, by other libraries, on
//! the same rows.
//!
//! Each system is a process that speaks the protocol of `bench/peers/README.md`; ours is
//! `src/bin/ann-tabular-runner.rs`.

mod tables;

mod contest;
mod cpu;
mod score;
mod systems;

mod findings;
mod summary;

mod document;
mod picture;
mod report;

use std::path::PathBuf;
use std::process::ExitCode;

use ann_bench::folders::{self, Folders};
use ann_bench::print;
use anyhow::{Result, ensure};
use clap::Parser;
use clap::builder::RangedU64ValueParser;
use comfy_table::presets::UTF8_FULL_CONDENSED;

use contest::Contest;
use findings::{Findings, Origin};
use tables::Table;

/// Measure how good models of tables are, beside other libraries when asked.
#[derive(Debug, Parser)]
#[command(bin_name = "cargo xtask accuracy")]
struct Options {
    /// Tables of bench/tables by name, CSV files (.csv, .csv.gz), or folders of such files; the last column
    /// of a table is predicted [default: all of bench/tables]
    tables: Vec<String>,
    /// Measure other libraries on the same rows (installed below target/bench): linear models, MLP and
    /// HistGradientBoosting of scikit-learn, LightGBM, and the intervals of MAPIE
    #[arg(long)]
    peers: bool,
    /// Measure these systems too, separated by commas: catboost, realmlp, tabm, one of the above, or
    /// ann-program, the program `ann`, whose numbers must be exactly those of the library
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    also: Vec<String>,
    /// At most this number of splits [default: 5; 3 for a table of more than 10 000 rows]
    #[arg(long, value_name = "N", value_parser = RangedU64ValueParser::<usize>::new().range(1..=5))]
    splits: Option<usize>,
    /// Write bench/accuracy.json, bench/ACCURACY.md and its picture, and not only target/bench/accuracy;
    /// needs --peers, all splits and at least the tables of bench/tables
    #[arg(long, requires = "peers", conflicts_with = "splits")]
    record: bool,
    /// Measure nothing: write bench/ACCURACY.md and its picture again from bench/accuracy.json
    #[arg(long, exclusive = true)]
    redraw: bool,
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

/// Measures, and prints tables.
///
/// # Errors
/// A table or a system is unknown, a table cannot be read, or our own runner fails. If another system fails,
/// this is reported and the run goes on.
fn run(options: &Options) -> Result<()> {
    let folders = Folders::find()?;
    if options.redraw {
        return record(&folders, &Findings::read(&folders.committed().join(RESULTS))?);
    }
    let tables = read_tables(options, &folders)?;
    let mut bench = Bench::open(&folders, options)?;
    for table in &tables {
        bench.measure(table, table.splits(options.splits))?;
    }
    bench.print();
    if options.record {
        let path = folders.committed().join(RESULTS);
        bench.findings.write(&path)?;
        // Numbers that are read may differ in the last place.
        record(&folders, &Findings::read(&path)?)?;
    }
    Ok(())
}

/// All tables are read before anything is measured, so that a mistake in the last one is reported at once.
fn read_tables(options: &Options, folders: &Folders) -> Result<Vec<Table>> {
    let shipped = folders.committed().join("tables").canonicalize()?;
    let paths = tables::find(&options.tables, &shipped)?;
    let tables = paths.iter().map(|path| Table::open(path, &shipped)).collect::<Result<Vec<_>>>()?;
    let count = tables.iter().filter(|table| table.description.shipped).count();
    let is_whole = count == tables::find(&[], &shipped)?.len();
    ensure!(is_whole || !options.record, "--record needs all tables of {}", folders.shorten(&shipped));
    for (index, table) in tables.iter().enumerate() {
        let name = &table.description.name;
        let is_new = tables[..index].iter().all(|other| other.description.name != *name);
        ensure!(is_new, "two tables are called {name:?}");
    }
    Ok(tables)
}

/// The committed numbers of the last full run.
const RESULTS: &str = "accuracy.json";

/// Writes the document and its picture to `bench/`.
fn record(folders: &Folders, findings: &Findings) -> Result<()> {
    let committed = folders.committed();
    folders::draw(&picture::picture(findings)?, &committed, "accuracy")?;
    let path = committed.join("ACCURACY.md");
    folders::write(&path, &document::document(findings))?;
    print::result(format_args!("written: {}", folders.shorten(&path)));
    Ok(())
}

/// A run of the benchmark.
struct Bench<'a> {
    folders: &'a Folders,
    contest: Contest,
    json: PathBuf,
    findings: Findings,
}

impl<'a> Bench<'a> {
    /// Installs the other libraries and starts all runners.
    fn open(folders: &'a Folders, options: &Options) -> Result<Self> {
        let mut findings = Findings { origin: Origin::now(&folders.root), ..Findings::default() };
        let systems = systems::chosen(options.peers, &options.also)?;
        let peers = systems::prepare(folders, &systems, &mut findings.absences)?;
        let work = folders.work.join("accuracy");
        let entrants = std::iter::once(systems::ours()?).chain(peers).collect();
        let mut contest = Contest::start(entrants, &work)?;
        findings.absences.append(&mut contest.absences);
        findings.absences.iter().for_each(print::progress);
        findings.origin.versions = contest.versions().collect();
        Ok(Self { folders, contest, json: work.join(RESULTS), findings })
    }

    fn measure(&mut self, table: &Table, splits: usize) -> Result<()> {
        print::progress(format_args!("{}, {splits} splits", table.description.name));
        self.findings.scores.extend(self.contest.measure(table, splits)?);
        self.findings.tables.push(table.description.clone());
        self.contest.absences.iter().for_each(print::progress);
        self.findings.absences.append(&mut self.contest.absences);
        // Written after each table, so that an interrupted run keeps its results.
        self.findings.write(&self.json)
    }

    fn print(&self) {
        let findings = &self.findings;
        let tables: Vec<_> = findings.tables.iter().collect();
        print::result(format_args!("\nnumbers in {}", self.folders.shorten(&self.json)));
        print::result("accuracy, or R² where numbers are predicted; mean over splits ± standard error");
        print::result(report::score_table(findings, UTF8_FULL_CONDENSED));
        print::result("log loss");
        print::result(report::log_loss_table(findings, UTF8_FULL_CONDENSED));
        print::result("intervals and sets for 90%");
        print::result(report::region_table(findings, UTF8_FULL_CONDENSED));
        print::result(report::summary_table(findings, &tables, UTF8_FULL_CONDENSED));
        report::defeat_sentences(findings).iter().for_each(print::result);
        report::absence_sentences(&findings.absences).iter().for_each(print::result);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_full_run_is_recorded() {
        let parsed = |arguments: &[&str]| Options::try_parse_from(["accuracy"].iter().chain(arguments));
        assert!(parsed(&["--peers", "--record"]).unwrap().record);
        assert!(parsed(&["a", "b.csv", "--also", "catboost,tabm", "--splits", "1"]).is_ok());
        for refused in
            [&["--record"][..], &["--peers", "--record", "--splits", "2"], &["--redraw", "--peers"]]
        {
            assert!(parsed(refused).is_err(), "{refused:?}");
        }
    }
}
