//! The course's "provided tests": what every implementation had to pass, with default settings, for 20 seeds.
use std::path::PathBuf;
use std::process::ExitCode;

use ann_core::Activation;
use ann_core::ndarray::{Array2, array};
use ann_experiments::cli::{self, say};
use ann_experiments::output::write_figure;
use ann_experiments::progress;
use ann_experiments::record::Record;
use ann_figure::number::{count, exact, rounded};
use ann_figure::{Axis, Figure, Mark, Panel};
use ann_train::{Classifier, Regressor};
use anyhow::Result;
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
    #[arg(long, value_name = "N", value_parser = cli::seed_range())]
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
    /// Without a hidden layer, labels 0, 1, 1, 0 cannot be separated: the best answer is one half everywhere.
    one_half: bool,
}

static CASES: [Case; 4] = [
    Case { name: "0, 1, 2, 3, no hidden layer", targets: [0, 1, 2, 3], hidden: &[], one_half: false },
    Case { name: "0, 1, 1, 0, no hidden layer: ½", targets: [0, 1, 1, 0], hidden: &[], one_half: true },
    Case { name: "0, 1, 1, 0, hidden [10]", targets: [0, 1, 1, 0], hidden: &[10], one_half: false },
    Case { name: "0, 1, 1, 0, hidden [10, 11]", targets: [0, 1, 1, 0], hidden: &[10, 11], one_half: false },
];

/// How far one fitted estimator is from what a case demands: case, seed, epochs (0 for the default).
type Deviation = fn(&Case, u64, usize) -> ann_train::Result<f64>;

const TASKS: [(&str, Deviation); 2] =
    [("Classification", classifier_deviation), ("Regression", regressor_deviation)];

/// Seed and largest deviation from what the test demands.
type Deviations = Vec<(u64, f64)>;

fn main() -> Result<ExitCode> {
    let about = "The course's provided tests, with default settings, for 20 seeds";
    let options: TestOptions = cli::parse(NAME, about, &[("seed", &0), ("epochs", &0)]);
    cli::make(&options.out)?;
    let bar = progress::bar(SEEDS * 2 * CASES.len() as u64, "fitting");
    let outcomes = TASKS
        .iter()
        .flat_map(|task| CASES.iter().map(move |case| (task, case)))
        .map(|(&(task, deviation), case)| {
            Ok(CaseResult { task, case, deviations: over_seeds(case, &options, deviation, &bar)? })
        })
        .collect::<Result<Vec<_>>>()?;
    bar.finish_and_clear();
    report(&options, &outcomes, &weight_shapes(options.seed)?)
}

fn over_seeds(
    case: &Case,
    options: &TestOptions,
    deviation: Deviation,
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

/// The largest difference between the probability of a true class and 1, or ½.
fn classifier_deviation(case: &Case, seed: u64, epochs: usize) -> ann_train::Result<f64> {
    let mut settings = Classifier {
        hidden: Activation::Sigmoid.layers(case.hidden.iter().copied()),
        seed,
        ..Classifier::default()
    };
    if epochs > 0 {
        settings.train.epochs = epochs;
    }
    let probabilities = settings.fit(&corners(), &case.targets)?.predict_proba(&corners())?;
    let demanded = if case.one_half { 0.5 } else { 1.0 };
    let of_true_class = case.targets.iter().enumerate().map(|(row, &class)| probabilities[[row, class]]);
    Ok(of_true_class.map(|p| (p - demanded).abs()).fold(0.0, f64::max))
}

/// The largest difference between a prediction and its target, or ½.
fn regressor_deviation(case: &Case, seed: u64, epochs: usize) -> ann_train::Result<f64> {
    let mut settings = Regressor {
        hidden: Activation::Sigmoid.layers(case.hidden.iter().copied()),
        seed,
        ..Regressor::default()
    };
    if epochs > 0 {
        settings.train.epochs = epochs;
    }
    let targets = case.targets.map(|target| target as f64);
    let predictions = settings.fit(&corners(), &targets)?.predict(&corners())?;
    let demanded = targets.map(|target| if case.one_half { 0.5 } else { target });
    Ok(predictions.iter().zip(demanded).map(|(p, demanded)| (p - demanded).abs()).fold(0.0, f64::max))
}

/// The shapes of the weights of a fitted regressor with hidden layers 10 and 5, bias as last row.
fn weight_shapes(seed: u64) -> Result<Vec<(usize, usize)>> {
    let mut settings =
        Regressor { hidden: Activation::Sigmoid.layers([10, 5]), seed, ..Regressor::default() };
    settings.train.epochs = 1;
    let fitted = settings.fit(&corners(), &[0.0, 1.0, 1.0, 0.0])?;
    Ok(fitted.weights().iter().map(Array2::dim).collect())
}

/// One case over all seeds.
struct CaseResult {
    task: &'static str,
    case: &'static Case,
    deviations: Deviations,
}

impl CaseResult {
    /// Seeds within what the course allowed.
    fn within(&self) -> usize {
        self.deviations.iter().filter(|(_, deviation)| *deviation <= TOLERANCE).count()
    }

    /// The largest deviation of all seeds.
    fn worst(&self) -> f64 {
        self.deviations.iter().map(|&(_, deviation)| deviation).fold(0.0, f64::max)
    }
}

fn report(options: &TestOptions, outcomes: &[CaseResult], shapes: &[(usize, usize)]) -> Result<ExitCode> {
    let seeds_pass = outcomes.iter().all(|outcome| outcome.within() == outcome.deviations.len());
    let passed = seeds_pass && shapes == [(3, 10), (11, 5), (6, 1)];
    let verdict = if passed { "pass" } else { "fail" };
    let files = write_figure(&draw(options, outcomes, passed), &options.out, NAME)?;
    let record = Record::new(NAME)
        .setting("first_seed", options.seed)
        .setting("seeds", SEEDS)
        .setting("epochs", options.epochs)
        .claim("verdict", verdict)
        .claim("weight shapes with hidden [10, 5]", format!("{shapes:?}"));
    let record = outcomes.iter().fold(record, |record, outcome| {
        let name = format!("{}: {}", outcome.task, outcome.case.name);
        record
            .claim(format!("{name}, seeds within {}", exact(TOLERANCE)), outcome.within())
            .observed(name, outcome.worst())
    });
    record.files(&files).write(&options.out)?;

    for outcome in outcomes {
        let (task, case, within, worst) =
            (outcome.task, outcome.case.name, outcome.within(), outcome.worst());
        let (allowed, worst) = (exact(TOLERANCE), rounded(worst, 3));
        say(format!("{task:<15} {case:<32} {within}/{SEEDS} seeds within {allowed}, worst {worst}"));
    }
    say(format!("weight shapes with hidden [10, 5]: {shapes:?}"));
    let (first, last) = (options.seed, options.seed + SEEDS - 1);
    say(format!("verdict: {verdict}  {} cases, seeds {first} to {last}", outcomes.len()));
    Ok(if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn draw(options: &TestOptions, outcomes: &[CaseResult], passed: bool) -> Figure {
    let allowed = exact(TOLERANCE);
    let title = if passed {
        format!("every case within {allowed}, whatever the seed")
    } else {
        format!("not every case within {allowed}")
    };
    let epochs = match options.epochs {
        0 => "default settings".to_owned(),
        epochs => format!("default settings but at most {} epochs", count(epochs)),
    };
    Figure {
        title: format!("The provided tests: {title}"),
        caption: format!(
            "Targets at the corners (0,0) (0,1) (1,0) (1,1), λ = 0, {epochs}, seeds {} to {}   ·   \
             largest deviation of a probability or prediction from what the test demands, the four cases of a seed side by side",
            options.seed,
            options.seed + SEEDS - 1
        ),
        columns: 2,
        panels: outcomes.chunk_by(|one, next| one.task == next.task).map(panel).collect(),
    }
}

fn panel(outcomes: &[CaseResult]) -> Panel {
    // The four cases of a seed are side by side.
    let point = |class: usize| {
        move |&(seed, deviation): &(u64, f64)| (seed as f64 + 0.25 * class as f64 - 0.375, deviation)
    };
    let points = outcomes.iter().enumerate().map(|(class, outcome)| Mark::Points {
        series: outcome.case.name.to_owned(),
        class,
        points: outcome.deviations.iter().map(point(class)).collect(),
    });
    let marks = points.chain([Mark::Horizontal { label: "allowed".to_owned(), y: TOLERANCE }]).collect();
    let top = 1.05 * outcomes.iter().map(CaseResult::worst).fold(TOLERANCE, f64::max);
    let (x, y) = (Axis::linear("seed"), Axis::linear("largest deviation").within(-0.05 * top, top));
    Panel { title: outcomes[0].task.to_owned(), x, y, equal_axes: false, marks }
}
