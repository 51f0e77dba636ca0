//! The course's "provided tests": what every implementation had to pass, with default settings, for 20 seeds.
#![allow(clippy::print_stdout, reason = "an experiment tells its result on stdout")]

use std::path::PathBuf;
use std::process::ExitCode;

use ann_core::Activation;
use ann_core::ndarray::{Array2, array};
use ann_experiments::cli::{self, Defaults};
use ann_experiments::figure::{Axis, Figure, Mark, Panel};
use ann_experiments::progress;
use ann_experiments::record::Record;
use ann_train::{Classifier, Regressor};
use anyhow::{Result, ensure};
use clap::Parser;
use rayon::prelude::*;

const NAME: &str = "provided_tests";
/// What the course allowed.
const TOLERANCE: f64 = 0.01;
/// Seeds tried, from the first one on.
const SEEDS: u64 = 20;

#[derive(Parser)]
struct TestOptions {
    /// The first of 20 seeds
    #[arg(long, value_name = "N")]
    seed: u64,
    /// The largest number of epochs; 0 leaves each estimator its own default
    #[arg(long, value_name = "N")]
    epochs: usize,
    /// Where the picture (.svg, .png), numbers (.csv) and the record (.json) go; made when missing
    #[arg(long, value_name = "DIR", default_value = "target/figures")]
    out: PathBuf,
}

/// One of the provided tests: learn these targets at the four corners.
#[derive(Clone, Copy)]
struct Case {
    name: &'static str,
    targets: [usize; 4],
    hidden: &'static [usize],
    /// Without a hidden layer, labels 0, 1, 1, 0 cannot be told apart: the best is one half everywhere.
    one_half: bool,
}

const CASES: [Case; 4] = [
    Case { name: "0, 1, 2, 3, no hidden layer", targets: [0, 1, 2, 3], hidden: &[], one_half: false },
    Case { name: "0, 1, 1, 0, no hidden layer: ½", targets: [0, 1, 1, 0], hidden: &[], one_half: true },
    Case { name: "0, 1, 1, 0, hidden [10]", targets: [0, 1, 1, 0], hidden: &[10], one_half: false },
    Case { name: "0, 1, 1, 0, hidden [10, 11]", targets: [0, 1, 1, 0], hidden: &[10, 11], one_half: false },
];

/// Seed and largest deviation from what the test demands.
type Deviations = Vec<(u64, f64)>;

fn main() -> Result<ExitCode> {
    let about = "The course's provided tests, with default settings, for 20 seeds";
    let options: TestOptions = cli::parse(NAME, about, Defaults { seed: 0, epochs: 0 });
    let bar = progress::bar(SEEDS * 2 * CASES.len() as u64, "fitting");
    let run = |deviation: fn(&Case, u64, usize) -> ann_train::Result<f64>| {
        CASES.iter().map(|case| over_seeds(case, &options, deviation, &bar)).collect::<Result<Vec<_>>>()
    };
    let (classification, regression) = (run(classifier_deviation)?, run(regressor_deviation)?);
    bar.finish_and_clear();
    let shapes = weight_shapes(options.seed)?;
    report(&options, &classification, &regression, &shapes)
}

fn over_seeds(
    case: &Case,
    options: &TestOptions,
    deviation: fn(&Case, u64, usize) -> ann_train::Result<f64>,
    bar: &indicatif::ProgressBar,
) -> Result<Deviations> {
    let one = |seed| {
        let found = deviation(case, seed, options.epochs)?;
        bar.inc(1);
        Ok((seed, found))
    };
    (options.seed..options.seed + SEEDS).into_par_iter().map(one).collect()
}

fn corners() -> Array2<f64> {
    array![[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]
}

/// How far any probability of a true class is from 1, or from ½.
fn classifier_deviation(case: &Case, seed: u64, epochs: usize) -> ann_train::Result<f64> {
    let mut settings = Classifier {
        hidden: Activation::Sigmoid.layers(case.hidden.iter().copied()),
        seed,
        ..Classifier::default()
    };
    if epochs > 0 {
        settings.epochs = epochs;
    }
    let probabilities = settings.fit(&corners(), &case.targets)?.predict_proba(&corners())?;
    let demanded = if case.one_half { 0.5 } else { 1.0 };
    let of_true_class = case.targets.iter().enumerate().map(|(row, &class)| probabilities[[row, class]]);
    Ok(of_true_class.map(|p| (p - demanded).abs()).fold(0.0, f64::max))
}

/// How far any prediction is from its target, or from ½.
fn regressor_deviation(case: &Case, seed: u64, epochs: usize) -> ann_train::Result<f64> {
    let mut settings = Regressor {
        hidden: Activation::Sigmoid.layers(case.hidden.iter().copied()),
        seed,
        ..Regressor::default()
    };
    if epochs > 0 {
        settings.epochs = epochs;
    }
    let targets = case.targets.map(|target| target as f64);
    let predictions = settings.fit(&corners(), &targets)?.predict(&corners())?;
    let demanded = targets.map(|target| if case.one_half { 0.5 } else { target });
    Ok(predictions.iter().zip(demanded).map(|(p, demanded)| (p - demanded).abs()).fold(0.0, f64::max))
}

/// The shapes of the weights of a fitted regressor with hidden layers 10 and 5, bias as last row.
fn weight_shapes(seed: u64) -> Result<Vec<(usize, usize)>> {
    let settings =
        Regressor { hidden: Activation::Sigmoid.layers([10, 5]), seed, epochs: 1, ..Regressor::default() };
    let fitted = settings.fit(&corners(), &[0.0, 1.0, 1.0, 0.0])?;
    Ok(fitted.weights().iter().map(Array2::dim).collect())
}

fn report(
    options: &TestOptions,
    classification: &[Deviations],
    regression: &[Deviations],
    shapes: &[(usize, usize)],
) -> Result<ExitCode> {
    ensure!(
        shapes == [(3, 10), (11, 5), (6, 1)],
        "weight shapes are {shapes:?}, expected (3,10), (11,5), (6,1)"
    );
    let files = draw(options, classification, regression).write(&options.out, NAME)?;
    let groups = [("classification", classification), ("regression", regression)];
    let mut passed = true;
    let mut record = Record::new(NAME)
        .setting("first_seed", options.seed)
        .setting("seeds", SEEDS)
        .setting("epochs", options.epochs)
        .claim("weight shapes with hidden [10, 5]", format!("{shapes:?}"));
    for (group, results) in groups {
        for (case, deviations) in CASES.iter().zip(results) {
            let within = deviations.iter().filter(|(_, deviation)| *deviation <= TOLERANCE).count();
            let worst = deviations.iter().map(|&(_, deviation)| deviation).fold(0.0, f64::max);
            println!(
                "{group:<15} {:<32} {within}/{SEEDS} seeds within {TOLERANCE}, worst {worst:.5}",
                case.name
            );
            let name = format!("{group}: {}", case.name);
            record = record.claim(format!("{name}, seeds within {TOLERANCE}"), within).observed(name, worst);
            passed &= within == deviations.len();
        }
    }
    let verdict = if passed { "pass" } else { "fail" };
    record.claim("verdict", verdict).files(&files).write(&options.out)?;
    println!(
        "verdict: {verdict}  {} cases, seeds {} to {}",
        2 * CASES.len(),
        options.seed,
        options.seed + SEEDS - 1
    );
    Ok(if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn draw(options: &TestOptions, classification: &[Deviations], regression: &[Deviations]) -> Figure {
    Figure {
        title: "The provided tests: every case within 0.01, whatever the seed".to_owned(),
        caption: format!(
            "Targets at the corners (0,0) (0,1) (1,0) (1,1), λ = 0, default settings, seeds {} to {}   ·   \
             largest deviation of a probability or prediction from what the test demands, the four cases of a seed side by side",
            options.seed,
            options.seed + SEEDS - 1
        ),
        columns: 2,
        panels: vec![panel("Classification", classification), panel("Regression", regression)],
    }
}

fn panel(title: &str, results: &[Deviations]) -> Panel {
    // The four cases of a seed stand side by side.
    let point = |class: usize| {
        move |&(seed, deviation): &(u64, f64)| (seed as f64 + 0.2 * class as f64 - 0.3, deviation)
    };
    let points = CASES.iter().zip(results).enumerate().map(|(class, (case, deviations))| Mark::Points {
        series: case.name.to_owned(),
        class,
        points: deviations.iter().map(point(class)).collect(),
    });
    let marks = points.chain([Mark::Horizontal { label: "allowed".to_owned(), y: TOLERANCE }]).collect();
    let (x, y) = (Axis::linear("seed"), Axis::linear("largest deviation").within(-0.0005, 0.0105));
    Panel { title: title.to_owned(), x, y, equal_axes: false, marks }
}
