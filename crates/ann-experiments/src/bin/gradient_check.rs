//! The report's gradient check: backpropagation against central differences, six hidden layers, three datasets.
use std::path::Path;
use std::process::ExitCode;

use ann_core::Activation;
use ann_experiments::cli::{self, DataOptions, Defaults, Options, say};
use ann_experiments::figure::{Axis, Figure, Mark, Panel};
use ann_experiments::progress;
use ann_experiments::record::Record;
use ann_experiments::verification::{HIDDEN, Points, Row, Samples, Start, Task, check, rows};
use ann_gradcheck::{Config, Verdict};
use anyhow::{Result, ensure};
use clap::Parser;
use rayon::prelude::*;

const NAME: &str = "gradient_check";
const TASKS: [Task; 2] = [Task::Classification, Task::Regression];
/// The report's initial gain.
const REPORT_GAIN: f64 = 5.0;
/// Points for ReLU: with six hidden layers, one of them a single unit, a single point leaves many entries at zero.
const RELU_POINTS: u64 = 20;
/// Few rows, as the three of the example data, switch on fewer units and need more points.
const RELU_POINTS_OF_FEW_ROWS: u64 = 40;
/// Datasets with up to this many rows are few rows.
const FEW_ROWS: usize = 10;
/// One of the seeds at which the layer of width 1 is off for every sample, as it was in the report.
const DEMONSTRATION_SEED: u64 = 102;
/// Steps for each power of ten in the picture.
const STEPS_PER_DECADE: i32 = 2;

#[derive(Parser)]
struct CheckOptions {
    #[command(flatten)]
    common: Options,
    #[command(flatten)]
    data: DataOptions,
}

/// All rows of one dataset, task and activation.
struct Block {
    dataset: String,
    task: Task,
    activation: Activation,
    start: Start,
    rows: Vec<Row>,
}

fn main() -> Result<ExitCode> {
    let about = "Backpropagation against central differences: six hidden layers, three datasets, every layer. \
                 --epochs trains that long before the check";
    let options: CheckOptions = cli::parse(NAME, about, Defaults { seed: 100, epochs: 0 });
    cli::make(&options.common.out)?;
    let datasets = datasets(&options)?;
    let claims = claims(&options, &datasets)?;
    let demonstration = demonstration(&datasets)?;
    let curve = error_curve(&options, &datasets[0])?;
    report(&options, &claims, &demonstration, &curve)
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
fn claims(options: &CheckOptions, datasets: &[Samples]) -> Result<Vec<Block>> {
    let bar = progress::bar((datasets.len() * TASKS.len() * 2) as u64, "checking gradients");
    let mut blocks = Vec::new();
    for samples in datasets {
        let relu_points = if samples.rows() > FEW_ROWS { RELU_POINTS } else { RELU_POINTS_OF_FEW_ROWS };
        let activations = [
            (Activation::Sigmoid, points(options, Start::Lively, 1)),
            (Activation::Relu, points(options, Start::Living, relu_points)),
        ];
        for task in TASKS {
            for (activation, points) in &activations {
                let rows = rows(samples, task, activation, points)?;
                let (dataset, activation) = (samples.name.clone(), activation.clone());
                blocks.push(Block { dataset, task, activation, start: points.start, rows });
                bar.inc(1);
            }
        }
    }
    bar.finish_and_clear();
    Ok(blocks)
}

fn points(options: &CheckOptions, start: Start, count: u64) -> Points {
    Points { start, count, seed: options.common.seed, epochs: options.common.epochs }
}

/// The report's own ReLU start: its check agreed there because every gradient was zero.
fn demonstration(datasets: &[Samples]) -> Result<Block> {
    let start = Start::Xavier { gain: REPORT_GAIN };
    let points = Points { start, count: 1, seed: DEMONSTRATION_SEED, epochs: 0 };
    let (samples, task, activation) = (&datasets[0], Task::Classification, Activation::Relu);
    let rows = rows(samples, task, &activation, &points)?;
    Ok(Block { dataset: samples.name.clone(), task, activation, start: points.start, rows })
}

/// Largest and median difference over all entries, for h from 1e-1 to 1e-12.
fn error_curve(options: &CheckOptions, samples: &Samples) -> Result<Vec<(f64, f64, f64)>> {
    let architecture = samples.architecture(&Activation::Sigmoid, Task::Classification);
    let problem = samples.problem(&architecture, Task::Classification)?;
    let at = points(options, Start::Lively, 1).draw(&problem, 0)?;
    let exponents = STEPS_PER_DECADE..=12 * STEPS_PER_DECADE;
    let bar = progress::bar(exponents.clone().count() as u64, "error against h");
    let error = |exponent| {
        let step = 10_f64.powf(-f64::from(exponent) / f64::from(STEPS_PER_DECADE));
        let report = check(&problem, &at, &Config { step, ..Config::default() })?;
        let mut differences: Vec<f64> = report.entries().iter().map(ann_gradcheck::Entry::absolute).collect();
        differences.sort_by(f64::total_cmp);
        bar.inc(1);
        Ok((step, differences[differences.len() - 1], differences[differences.len() / 2]))
    };
    let curve = exponents.into_par_iter().map(error).collect();
    bar.finish_and_clear();
    curve
}

/// Table, picture, record and verdict.
fn report(
    options: &CheckOptions,
    claims: &[Block],
    demonstration: &Block,
    curve: &[(f64, f64, f64)],
) -> Result<ExitCode> {
    let worst = claims.iter().map(Block::largest).fold(0.0, f64::max);
    let verdict = claims.iter().map(Block::verdict).max().unwrap_or(Verdict::Vacuous);
    let mut files = draw(options, claims[0].dataset.as_str(), curve).write(&options.common.out, NAME)?;
    files.push(options.common.out.join(format!("{NAME}_table.csv")));
    write_table(&files[files.len() - 1], claims, demonstration)?;
    let record = Record::new(NAME)
        .setting("data", options.data.name())
        .setting("hidden", HIDDEN.to_vec())
        .setting("step", Config::default().step)
        .setting("tolerance", Config::default().tolerance)
        .setting("relu_points", vec![RELU_POINTS, RELU_POINTS_OF_FEW_ROWS])
        .setting("epochs", options.common.epochs)
        .setting("seed", options.common.seed)
        .claim("verdict", verdict.to_string())
        .claim(format!("{}, does not count", demonstration.name()), demonstration.verdict().to_string());
    let record = claims.iter().fold(record, |record, block| {
        record.claim(block.name(), block.verdict().to_string()).observed(block.name(), block.largest())
    });
    record.files(&files).write(&options.common.out)?;
    print_table(claims, demonstration);
    say(format!(
        "verdict: {verdict}  largest difference {worst:.1e} of {:.0e} allowed",
        Config::default().tolerance
    ));
    Ok(if verdict == Verdict::Pass { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

impl Block {
    fn name(&self) -> String {
        format!("{}, {}, {}, {}", self.dataset, self.task(), self.activation, self.start)
    }

    fn task(&self) -> String {
        format!("{:?}", self.task).to_lowercase()
    }

    fn verdict(&self) -> Verdict {
        self.rows.iter().map(|row| row.verdict).max().unwrap_or(Verdict::Vacuous)
    }

    fn largest(&self) -> f64 {
        self.rows.iter().map(|row| row.absolute).fold(0.0, f64::max)
    }
}

fn print_table(claims: &[Block], demonstration: &Block) {
    say(format!(
        "Largest |analytic − central difference| of each layer; h = 1e-4, six hidden layers {HIDDEN:?}"
    ));
    claims.iter().for_each(print_block);
    say(
        "\nFor demonstration, not counted: where the report's own ReLU check took place, it could see nothing.",
    );
    print_block(demonstration);
    say("");
}

fn print_block(block: &Block) {
    say(format!("\n{}: {}", block.name(), block.verdict()));
    say("  layer  gradient  absolute  relative  worst        non-zero  at kinks  verdict");
    for row in &block.rows {
        let (layer, coverage) = (row.layer, 100.0 * row.coverage);
        let (gradient, absolute, relative) = (row.gradient, row.absolute, row.relative);
        say(format!(
            "  {layer:<5}  {gradient:<8.1e}  {absolute:<8.1e}  {relative:<8.1e}  {:<11}  {coverage:>7.1}%  {:>8}  {}",
            row.worst, row.kinked, row.verdict
        ));
    }
}

/// The printed table, as numbers: one line for each dataset, task, activation and layer.
fn write_table(path: &Path, claims: &[Block], demonstration: &Block) -> Result<()> {
    let mut table = csv::Writer::from_path(path)?;
    table.write_record([
        "dataset",
        "task",
        "activation",
        "start",
        "points",
        "layer",
        "largest_gradient",
        "largest_absolute_difference",
        "largest_relative_difference",
        "at",
        "non_zero",
        "at_kinks",
        "verdict",
        "counts",
    ])?;
    for block in claims.iter().chain([demonstration]) {
        let counts = !std::ptr::eq(block, demonstration);
        for row in &block.rows {
            table.serialize((
                (&block.dataset, block.task(), block.activation.to_string(), block.start.to_string()),
                (row.points, row.layer, row.gradient, row.absolute, row.relative, &row.worst),
                (row.coverage, row.kinked, row.verdict.to_string(), counts),
            ))?;
        }
    }
    Ok(table.flush()?)
}

fn draw(options: &CheckOptions, dataset: &str, curve: &[(f64, f64, f64)]) -> Figure {
    let line = |series: &str, colour, dashed, error: fn(&(f64, f64, f64)) -> f64| Mark::Line {
        series: series.to_owned(),
        colour,
        dashed,
        points: curve.iter().map(|point| (point.0, error(point))).filter(|point| point.1 > 0.0).collect(),
    };
    let marks = vec![
        line("largest of all parameters", 1, false, |point| point.1),
        line("median", 0, false, |point| point.2),
        Mark::Vertical { label: "h = 10⁻⁴, the report's step".to_owned(), x: Config::default().step },
    ];
    let (x, y) = (Axis::log10("step h"), Axis::log10("|backpropagation − central difference|"));
    Figure {
        title: "Too large a step truncates, too small a step rounds".to_owned(),
        caption: format!(
            "{dataset}, hidden layers 3, 10, 50, 30, 1, 4 (sigmoid), Xavier gain 3, random biases, seed {}, {} epochs of training   ·   \
             central differences (f(θ + h) − f(θ − h)) / 2h of every parameter; right of the minimum the error grows with h², \
             left of it with 1/h",
            options.common.seed, options.common.epochs
        ),
        columns: 1,
        panels: vec![Panel {
            title: "Difference between the two gradients".to_owned(),
            x,
            y,
            equal_axes: false,
            marks,
        }],
    }
}
