//! The report's gradient check: backpropagation against the exact derivative, on six
//! hidden layers and three datasets.
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use ann_core::Activation;
use ann_experiments::cli::{self, DataOptions, Options, say};
use ann_experiments::oracles::errors;
use ann_experiments::output::{write_figure, write_whole};
use ann_experiments::planted::{self, Matrix, kill_matrix};
use ann_experiments::progress;
use ann_experiments::record::Record;
use ann_experiments::verification::{CLAIMED, Checked, HIDDEN, Samples, Start, Subject, Task};
use ann_figure::Figure;
use ann_figure::number::{count, exact, rounded};
use ann_gradcheck::{Config, Verdict};
use anyhow::{Result, ensure};
use clap::Parser;
use rayon::prelude::*;
use serde::Serialize;

const NAME: &str = "gradient_check";
/// λ: the penalty is checked too.
const L2: f64 = 0.01;
/// One of the seeds at which the layer of width 1 is off for every sample, as it was in the report.
const DEMONSTRATION_SEED: u64 = 102;
/// Rows for the picture: each value of J costs a pass through all of them.
const ROWS_OF_PICTURE: usize = 40;
/// The picture's steps go from 10 down to 10⁻¹⁰; this is their number for each power of ten.
const STEPS_PER_DECADE: i32 = 4;

#[derive(Parser)]
struct CheckOptions {
    #[command(flatten)]
    common: Options,
    #[command(flatten)]
    data: DataOptions,
}

/// Everything that was found.
struct Findings<'s> {
    claims: Vec<Checked<'s>>,
    demonstration: Checked<'s>,
    matrix: Matrix,
    picture: Figure,
}

fn main() -> Result<ExitCode> {
    let about = "Backpropagation against the exact derivative: six hidden layers, three datasets, every layer. \
                 --epochs trains that long before the check";
    let options: CheckOptions = cli::parse(NAME, about, &[("seed", &100), ("epochs", &0)]);
    cli::make(&options.common.out)?;
    let datasets = datasets(&options)?;
    let claims = check_all(subjects(&options, &datasets))?;
    let demonstration = demonstration(&datasets[0])?;
    let picture = draw(&claims[0].subject)?;
    let findings = Findings { claims, demonstration, matrix: kill_matrix(planted::SEED), picture };
    findings.write(&options)?;
    findings.print();
    Ok(findings.verdict().exit_code().into())
}

fn datasets(options: &CheckOptions) -> Result<Vec<Samples>> {
    if let Some((_, data)) = options.data.load()? {
        ensure!(
            data.classes().len() > 1,
            "{} has a single class, expected at least two",
            options.data.name()
        );
        return Ok(vec![Samples::new(options.data.name(), data)]);
    }
    Ok(vec![
        Samples::new("squares", ann_datasets::squares()),
        Samples::new("doughnut", ann_datasets::doughnut()),
        Samples::new("example", ann_datasets::example()),
    ])
}

/// The report's claim: sigmoid and ReLU, classification and regression, every dataset.
fn subjects<'s>(options: &CheckOptions, datasets: &'s [Samples]) -> Vec<Subject<'s>> {
    let (Options { seed, epochs, .. }, start, l2) = (options.common.clone(), Start::Lively, L2);
    let mut subjects = Vec::new();
    for samples in datasets {
        for task in [Task::Classification, Task::Regression] {
            for activation in [Activation::Sigmoid, Activation::Relu] {
                subjects.push(Subject { samples, task, activation, l2, start, seed, epochs });
            }
        }
    }
    subjects
}

fn check_all<'s>(subjects: Vec<Subject<'s>>) -> Result<Vec<Checked<'s>>> {
    let bar = progress::bar(subjects.len() as u64, "checking gradients");
    let check = |subject: Subject<'s>| subject.check(&Config::default()).inspect(|_| bar.inc(1));
    let checked = subjects.into_par_iter().map(check).collect();
    bar.finish_and_clear();
    checked
}

/// The report's own ReLU start, without the checker's further points. There the report's check passed
/// because every gradient was zero.
fn demonstration(samples: &Samples) -> Result<Checked<'_>> {
    let (task, activation) = (Task::Classification, Activation::Relu);
    let (start, seed) = (Start::Report, DEMONSTRATION_SEED);
    let subject = Subject { samples, task, activation, l2: 0.0, start, seed, epochs: 0 };
    subject.check(&Config { points: 0, ..Config::default() })
}

/// The error of derivatives computed from values, against the step.
fn draw(subject: &Subject<'_>) -> Result<Figure> {
    let samples = subject.samples.thinned(ROWS_OF_PICTURE);
    let architecture = subject.samples.architecture(&subject.activation, subject.task);
    let problem = samples.problem(&architecture, subject.task)?;
    let exponents =
        (-STEPS_PER_DECADE..=10 * STEPS_PER_DECADE).map(|i| f64::from(-i) / f64::from(STEPS_PER_DECADE));
    let steps: Vec<f64> = exponents.map(|exponent| 10_f64.powf(exponent)).collect();
    let errors = errors(&problem, &subject.point(&problem)?, &steps)?;
    Ok(Figure {
        title: "Large steps truncate, small steps round; dual numbers need no step".to_owned(),
        caption: format!(
            "{subject}, seed {}, {} epochs, {} rows   ·   the largest error of {} parameters from all layers: differences against \
             dual numbers, dual numbers against backpropagation",
            subject.seed,
            count(subject.epochs),
            count(problem.rows()),
            errors.parameters
        ),
        columns: 1,
        panels: vec![errors.panel()],
    })
}

impl Findings<'_> {
    /// The worst of the verdicts that count.
    fn verdict(&self) -> Verdict {
        self.claims.iter().map(|claim| claim.report.verdict()).fold(self.matrix.verdict(), Ord::max)
    }

    fn write(&self, options: &CheckOptions) -> Result<()> {
        let folder = &options.common.out;
        let mut files = write_figure(&self.picture, folder, NAME)?;
        let all = self.claims.iter().chain([&self.demonstration]);
        files.push(write_csv(folder, "table", all.flat_map(Checked::rows))?);
        files.push(write_csv(folder, "kill_matrix", self.matrix.cells())?);
        let record = settings(options).claim("verdict", self.verdict().to_string());
        self.record_matrix(self.record_checks(record)).files(&files).write(folder)
    }

    fn record_checks(&self, mut record: Record) -> Record {
        for claim in &self.claims {
            let (name, central) = (claim.subject.to_string(), claim.largest_from_central());
            record = record
                .claim(&name, claim.report.verdict().to_string())
                .claim(
                    format!("{name}: within {} of central differences", exact(CLAIMED)),
                    central <= CLAIMED,
                )
                .observed(format!("{name}: from central differences"), central)
                .observed(name, claim.largest_difference());
        }
        let Checked { subject, report } = &self.demonstration;
        record.claim(format!("{subject}, does not count"), report.verdict().to_string())
    }

    fn record_matrix(&self, mut record: Record) -> Record {
        let (caught, blamed) = (self.matrix.all_caught(), self.matrix.all_blamed());
        for ((rule, caught), (_, blamed)) in caught.counts().zip(blamed.counts()) {
            record = record.observed(format!("planted faults caught by {}", rule.name()), caught);
            record = record.observed(format!("right gradients blamed by {}", rule.name()), blamed);
        }
        record
            .claim("planted faults caught", format!("{} of {}", caught.ours(), caught.of))
            .claim("right gradients blamed", format!("{} of {}", blamed.ours(), blamed.of))
    }

    fn print(&self) {
        say(format!(
            "a: backpropagation;  d: the exact derivative, by dual numbers;  central: differences with h = {}, as in the report\n",
            exact(Config::default().step)
        ));
        for Checked { subject, report } in &self.claims {
            say(format!("{subject}, λ = {}\n{report}", exact(subject.l2)));
        }
        say("For demonstration, not counted: the report's own ReLU start, and no other point");
        say(format!("{}\n{}", self.demonstration.subject, self.demonstration.report));
        say(self.matrix.summary());
        say(Checked::HEAD);
        self.claims.iter().for_each(say);
        say(format!("{}, does not count\n", self.demonstration));
        let from_exact = self.claims.iter().map(Checked::largest_difference).fold(0.0, f64::max);
        let from_central = self.claims.iter().map(Checked::largest_from_central).fold(0.0, f64::max);
        say(format!(
            "largest |a − d| {}; largest |a − central| {}, the report claims {}",
            rounded(from_exact, 2),
            rounded(from_central, 2),
            exact(CLAIMED)
        ));
        say(format!("verdict: {}", self.verdict()));
    }
}

fn settings(options: &CheckOptions) -> Record {
    Record::new(NAME)
        .setting("data", options.data.name())
        .setting("hidden", HIDDEN.to_vec())
        .setting("l2", L2)
        .setting("step", Config::default().step)
        .setting("epochs", options.common.epochs)
        .setting("seed", options.common.seed)
        .setting("seed of the kill matrix", planted::SEED)
}

/// Writes `gradient_check_TABLE.csv` and returns its path.
fn write_csv(folder: &Path, table: &str, lines: impl Iterator<Item = impl Serialize>) -> Result<PathBuf> {
    let path = folder.join(format!("{NAME}_{table}.csv"));
    let mut table = csv::Writer::from_writer(Vec::new());
    for line in lines {
        table.serialize(line)?;
    }
    write_whole(&path, table.into_inner()?.as_slice())?;
    Ok(path)
}
