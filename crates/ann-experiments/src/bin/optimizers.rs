//! Which optimizer when: the loss of three networks against time, and against passes over the rows, for six
//! optimizers.
//!
//! Times differ from run to run. So the panels of passes are those whose curves `cargo xtask figures --check`
//! compares: their names begin with "Loss".
use std::f64::consts::PI;
use std::fmt::{self, Display};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use ann_core::{Activation, Architecture, seeded};
use ann_datasets::{Dataset, generate};
use ann_experiments::cli::{self, Options, say};
use ann_experiments::optimizers::{Answers, Entrant, Outcome, Point, Settings, Task};
use ann_experiments::output::{write_figure, write_whole};
use ann_experiments::progress;
use ann_experiments::record::Record;
use ann_figure::number::{count, exact, rounded};
use ann_figure::{Axis, Figure, Mark, Panel};
use ann_train::{Adam, Batching, Lbfgs, LevenbergMarquardt, Momentum, Optimizer, Rprop};
use anyhow::Result;
use clap::Parser;
use ndarray::{Array1, Array2, Axis as Dimension, concatenate};
use serde::Serialize;

const NAME: &str = "optimizers";
/// The largest number of passes over the rows; see the tasks for smaller ones.
const PASSES: usize = 5000;
/// Learning rates that `--grid` tries.
const GRID: [f64; 9] = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0];
/// Number of seeds of a median.
const SEEDS: u64 = 5;
/// Number of runs among which each epoch has its shortest time.
const TIMED_RUNS: usize = 2;
/// Below this loss nothing is left to learn.
const LEARNED: f64 = 1e-6;
/// How often the squares are drawn, 400 rows each time.
const DRAWS: usize = 20;
/// Number of rows in a mini-batch of the squares.
const BATCH: usize = 64;
/// Number of points along each side of the surface.
const SIDE: usize = 20;
/// Of two points of a curve the second has at least this factor more passes; the eye sees no more.
const APART: f64 = 1.05;

#[derive(Parser)]
struct OptimizerOptions {
    #[command(flatten)]
    common: Options,
    /// Try every learning rate of the grid and print what it takes to reach the goal; draw nothing
    #[arg(long)]
    grid: bool,
}

/// All optimizers on one task.
struct Comparison {
    task: Task,
    entries: Vec<Entry>,
}

/// One of them.
struct Entry {
    entrant: Entrant,
    /// The run that is drawn.
    points: Vec<Point>,
    outcome: Outcome,
}

/// What a panel shows from left to right.
#[derive(Clone, Copy)]
enum Measure {
    Time,
    Passes,
}

/// A line of the table.
#[derive(Serialize)]
struct Line {
    data: &'static str,
    optimizer: String,
    learning_rate: Option<f64>,
    goal: f64,
    reached_by_seeds: usize,
    median_passes: Option<f64>,
    microseconds_per_pass: f64,
    median_milliseconds: Option<f64>,
}

fn main() -> Result<ExitCode> {
    let about = "Which optimizer when: the loss of three networks against time, for six optimizers. \
                 A run makes at most --epochs passes over the rows";
    let options: OptimizerOptions = cli::parse(NAME, about, &[("seed", &100), ("epochs", &PASSES)]);
    let tasks = [doughnut(), squares(options.common.seed), surface()];
    if options.grid {
        tasks.iter().try_for_each(|task| try_rates(task, &options.common))?;
        return Ok(ExitCode::SUCCESS);
    }
    cli::make(&options.common.out)?;
    let bar = progress::bar(tasks.iter().map(|task| task.optimizers.len() as u64).sum(), "training");
    let compare = |task| Comparison::new(task, &options.common, || bar.inc(1));
    let [doughnut, squares, surface] = tasks.map(compare);
    bar.finish_and_clear();
    report(&options.common, &[doughnut?, squares?, surface?])
}

/// Two classes, all rows at once.
fn doughnut() -> Task {
    let data = ann_datasets::doughnut();
    Task {
        name: "doughnut",
        architecture: Architecture::inputs(2).dense(8, Activation::Tanh).dense(2, Activation::Identity),
        answers: Answers::Classes(data.class_indices()),
        features: data.features,
        batch: None,
        goal: 0.01,
        passes: 2000,
        optimizers: optimizers([3.0, 1.0, 0.3, 3.0]),
    }
}

/// Two classes and many rows, so that mini-batches are worth it: new draws of the squares.
fn squares(seed: u64) -> Task {
    let rng = &mut seeded(seed);
    let draws: Vec<Dataset> = (0..DRAWS).map(|_| generate::squares(rng)).collect();
    let features: Vec<_> = draws.iter().map(|data| data.features.view()).collect();
    Task {
        name: "squares",
        architecture: Architecture::inputs(2).dense(16, Activation::Tanh).dense(2, Activation::Identity),
        answers: Answers::Classes(draws.iter().flat_map(Dataset::class_indices).collect()),
        features: concatenate(Dimension(0), &features).expect("each draw has two features"),
        batch: Some(BATCH),
        goal: 0.02,
        passes: 150,
        optimizers: optimizers([3.0, 0.3, 0.1, 0.01]),
    }
}

/// A smooth function without noise, sin πx · cos πy on a grid, and squared errors.
fn surface() -> Task {
    let grid = Array1::linspace(-1.0, 1.0, SIDE);
    let features = Array2::from_shape_fn((SIDE * SIDE, 2), |(row, column)| match column {
        0 => grid[row / SIDE],
        _ => grid[row % SIDE],
    });
    let z = features.rows().into_iter().map(|x| (PI * x[0]).sin() * (PI * x[1]).cos());
    let levenberg_marquardt = Entrant { optimizer: LevenbergMarquardt::default().into(), rate: None };
    Task {
        name: "surface",
        architecture: Architecture::inputs(2).dense(20, Activation::Tanh).dense(1, Activation::Identity),
        answers: Answers::Values(z.collect()),
        features,
        batch: None,
        goal: 1e-3,
        passes: PASSES,
        optimizers: [optimizers([0.1, 0.1, 0.1, 0.3]), vec![levenberg_marquardt]].concat(),
    }
}

/// The optimizers with their learning rates. A rate is chosen with `--grid`: the one of [`GRID`] with the
/// fewest passes to the goal, in the median of the seeds; or, if none reaches it, with the lowest loss.
fn optimizers([descent, nesterov, adam, rprop]: [f64; 4]) -> Vec<Entrant> {
    let momentum = Momentum { nesterov: true, ..Momentum::default() };
    vec![
        Entrant { optimizer: Optimizer::Descent, rate: Some(descent) },
        Entrant { optimizer: momentum.into(), rate: Some(nesterov) },
        Entrant { optimizer: Adam::default().into(), rate: Some(adam) },
        Entrant { optimizer: Rprop::default().into(), rate: Some(rprop) },
        Entrant { optimizer: Lbfgs::default().into(), rate: None },
    ]
}

/// Prints for each learning rate of the grid the passes to the goal or, if it is not reached, the loss.
fn try_rates(task: &Task, options: &Options) -> Result<()> {
    say(format!(
        "{}: passes to a loss of {}, median of {SEEDS} seeds (or the loss)",
        task.name,
        exact(task.goal)
    ));
    for Entrant { optimizer, .. } in task.optimizers.iter().filter(|entrant| entrant.rate.is_some()) {
        let mut line = format!("  {optimizer:17}");
        for rate in GRID {
            let entrant = Entrant { optimizer: *optimizer, rate: Some(rate) };
            let Outcome { passes, loss, .. } = task.outcome(&entrant, options.epochs, seeds(options))?;
            let found = if passes.is_finite() { exact(passes) } else { format!("({})", rounded(loss, 2)) };
            line += &format!("   η {}: {found}", exact(rate));
        }
        say(line);
    }
    Ok(())
}

fn seeds(options: &Options) -> Range<u64> {
    options.seed..options.seed + SEEDS
}

/// Pictures, table, record and result line.
fn report(options: &Options, comparisons: &[Comparison; 3]) -> Result<ExitCode> {
    let mut files = write_figure(&figure(options, comparisons), &options.out, NAME)?;
    let lines: Vec<Line> = comparisons.iter().flat_map(Comparison::lines).collect();
    files.push(write_csv(&options.out, &lines)?);
    let claims = claims(comparisons);
    record(options, comparisons, &claims).files(&files).write(&options.out)?;
    lines.iter().for_each(say);
    let holds = claims.iter().all(|(_, holds)| *holds);
    let winners = |by| comparisons.iter().map(|one| one.winner(by)).collect::<Vec<_>>().join(", ");
    say(format!(
        "verdict: {}  fewest passes {}  least time {}",
        if holds { "pass" } else { "fail" },
        winners(Measure::Passes),
        winners(Measure::Time)
    ));
    Ok(if holds { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What the README advises, in passes: times depend on the machine.
fn claims([doughnut, squares, surface]: &[Comparison; 3]) -> [(&'static str, bool); 3] {
    let is_lbfgs = |optimizer: &Optimizer| matches!(optimizer, Optimizer::Lbfgs(_));
    let is_lm = |optimizer: &Optimizer| matches!(optimizer, Optimizer::LevenbergMarquardt(_));
    let is_batched = |optimizer: &Optimizer| squares.task.batching(optimizer, 0) != Batching::Full;
    [
        (
            "doughnut: L-BFGS takes less than half the passes of any other",
            2.0 * doughnut.fewest(is_lbfgs) < doughnut.fewest(|optimizer| !is_lbfgs(optimizer)),
        ),
        (
            "squares: mini-batches take less than half the passes of all rows at once",
            2.0 * squares.fewest(is_batched) < squares.fewest(|optimizer| !is_batched(optimizer)),
        ),
        (
            "surface: Levenberg–Marquardt takes less than half the passes of any other",
            2.0 * surface.fewest(is_lm) < surface.fewest(|optimizer| !is_lm(optimizer)),
        ),
    ]
}

impl Comparison {
    fn new(task: Task, options: &Options, mut after_each: impl FnMut()) -> Result<Self> {
        let settings = Settings { passes: options.epochs, stop_below: LEARNED, seed: options.seed };
        let entry = |entrant: &Entrant| {
            let points = task.timed_run(entrant, settings, TIMED_RUNS)?;
            let outcome = task.outcome(entrant, options.epochs, seeds(options))?;
            after_each();
            Ok(Entry { entrant: *entrant, points, outcome })
        };
        let entries = task.optimizers.iter().map(entry).collect::<Result<_>>()?;
        Ok(Self { task, entries })
    }

    /// The fewest passes to the goal among some of the optimizers.
    fn fewest(&self, of: impl Fn(&Optimizer) -> bool) -> f64 {
        let entries = self.entries.iter().filter(|entry| of(&entry.entrant.optimizer));
        entries.map(|entry| entry.outcome.passes).fold(f64::INFINITY, f64::min)
    }

    /// The optimizer that reaches the goal first.
    fn winner(&self, by: Measure) -> String {
        let cost = |entry: &Entry| match by {
            Measure::Passes => entry.outcome.passes,
            Measure::Time => entry.outcome.passes * entry.seconds_per_pass(),
        };
        let first = self.entries.iter().min_by(|one, other| cost(one).total_cmp(&cost(other)));
        let first = first.filter(|entry| cost(entry).is_finite());
        first.map_or_else(|| "none".to_owned(), |entry| entry.entrant.optimizer.to_string())
    }

    fn panel(&self, by: Measure) -> Panel {
        let name = self.task.name;
        // The names of the panels that are compared with the committed figure begin with "Loss".
        let (title, x) = match by {
            Measure::Time => (format!("Time, {name}"), "time (ms)"),
            Measure::Passes => (format!("Loss by passes, {name}"), "passes over the rows"),
        };
        let y = match self.task.answers {
            Answers::Classes(_) => "mean cross-entropy (nat)",
            Answers::Values(_) => "mean squared error",
        };
        let goal = Mark::Horizontal { label: "goal".to_owned(), y: self.task.goal };
        let marks = self.entries.iter().map(|entry| entry.curve(by)).chain([goal]).collect();
        Panel { title, x: Axis::log10(x), y: Axis::log10(y), equal_axes: false, marks }
    }

    /// Data, network and learning rates.
    fn description(&self) -> String {
        let Self { task, entries } = self;
        let rate =
            |entry: &Entry| Some(format!("{} {}", entry.entrant.optimizer, exact(entry.entrant.rate?)));
        let rates: Vec<String> = entries.iter().filter_map(rate).collect();
        let batches = task.batch.map_or_else(String::new, |rows| {
            format!(" (gradient descent, momentum and Adam: mini-batches of {rows})")
        });
        let (rows, network) = (count(task.features.nrows()), &task.architecture);
        format!("{}: {rows} rows{batches}, {network}, η: {}", task.name, rates.join(", "))
    }

    fn lines(&self) -> Vec<Line> {
        let line = |entry: &Entry| {
            let passes = Some(entry.outcome.passes).filter(|passes| passes.is_finite());
            Line {
                data: self.task.name,
                optimizer: entry.entrant.optimizer.to_string(),
                learning_rate: entry.entrant.rate,
                goal: self.task.goal,
                reached_by_seeds: entry.outcome.reached,
                median_passes: passes,
                microseconds_per_pass: 1e6 * entry.seconds_per_pass(),
                median_milliseconds: passes.map(|passes| 1e3 * passes * entry.seconds_per_pass()),
            }
        };
        self.entries.iter().map(line).collect()
    }
}

impl Entry {
    /// Measured on the run that is drawn.
    fn seconds_per_pass(&self) -> f64 {
        self.points.last().map_or(0.0, |last| last.seconds / last.passes)
    }

    fn curve(&self, by: Measure) -> Mark {
        let x = |point: &Point| match by {
            Measure::Time => 1e3 * point.seconds,
            Measure::Passes => point.passes,
        };
        Mark::Line {
            series: self.entrant.optimizer.to_string(),
            colour: colour(&self.entrant.optimizer),
            dashed: false,
            points: thinned(&self.points).map(|point| (x(point), point.loss)).collect(),
        }
    }
}

/// One colour for each optimizer.
fn colour(optimizer: &Optimizer) -> usize {
    match optimizer {
        Optimizer::Lbfgs(_) => 0,
        Optimizer::Adam(_) => 1,
        Optimizer::LevenbergMarquardt(_) => 2,
        Optimizer::Rprop(_) => 4,
        Optimizer::Momentum(_) => 5,
        _ => 6,
    }
}

/// The points of a curve that can be told apart on a logarithmic axis, and the last one.
fn thinned(points: &[Point]) -> impl Iterator<Item = &Point> {
    let mut next = 0.0;
    points.iter().enumerate().filter_map(move |(index, point)| {
        let is_shown = point.passes >= next || index + 1 == points.len();
        is_shown.then(|| {
            next = APART * point.passes;
            point
        })
    })
}

fn figure(options: &Options, comparisons: &[Comparison; 3]) -> Figure {
    let panels = |by| comparisons.iter().map(move |comparison| comparison.panel(by));
    Figure {
        title: "Which optimizer when: few rows, many rows, squared errors".to_owned(),
        caption: caption(options, comparisons),
        columns: comparisons.len(),
        panels: panels(Measure::Time).chain(panels(Measure::Passes)).collect(),
    }
}

fn caption(options: &Options, comparisons: &[Comparison; 3]) -> String {
    let passes = "a pass computes each row once: an epoch is one; L-BFGS makes one for each step that it \
                  tries, Levenberg–Marquardt (for squared errors only) one for each step and one for the \
                  Jacobian matrix; times are measured, on one thread, and differ from run to run";
    let settings = format!(
        "λ = 0, Xavier gain 1; curves of seed {}; medians of {SEEDS} seeds, at most {} passes; each η is the best of {}",
        options.seed,
        comparisons.iter().map(|of| count(of.task.passes)).collect::<Vec<_>>().join(", "),
        GRID.map(exact).join(", ")
    );
    let data = comparisons.iter().map(Comparison::description);
    data.chain([passes.to_owned(), settings]).collect::<Vec<_>>().join("   ·   ")
}

fn record(options: &Options, comparisons: &[Comparison], claims: &[(&str, bool)]) -> Record {
    let mut record = Record::new(NAME)
        .setting("epochs", options.epochs)
        .setting("seed", options.seed)
        .setting("seeds of a median", SEEDS)
        .setting("grid", GRID.to_vec());
    for Comparison { task, .. } in comparisons {
        let name = task.name;
        record = record
            .setting(format!("{name}: network"), task.architecture.to_string())
            .setting(format!("{name}: rows"), task.features.nrows())
            .setting(format!("{name}: rows of a mini-batch"), task.batch)
            .setting(format!("{name}: passes"), task.passes)
            .setting(format!("{name}: goal"), task.goal);
        for Entrant { optimizer, rate } in &task.optimizers {
            record = record.setting(format!("{name}: η of {optimizer}"), *rate);
        }
    }
    let record = claims.iter().fold(record, |record, (claim, holds)| record.claim(*claim, *holds));
    comparisons.iter().flat_map(Comparison::lines).fold(record, |record, line| {
        record.observed(format!("{}: passes of {}", line.data, line.optimizer), line.median_passes)
    })
}

/// Writes `optimizers_table.csv` and returns its path. It has times, which no check compares.
fn write_csv(folder: &Path, lines: &[Line]) -> Result<PathBuf> {
    let path = folder.join(format!("{NAME}_table.csv"));
    let mut table = csv::Writer::from_writer(Vec::new());
    lines.iter().try_for_each(|line| table.serialize(line))?;
    write_whole(&path, table.into_inner()?.as_slice())?;
    Ok(path)
}

impl Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { data, optimizer, goal, reached_by_seeds, microseconds_per_pass, .. } = self;
        let (goal, cost) = (exact(*goal), rounded(*microseconds_per_pass, 2));
        write!(f, "{data:8}  {optimizer:19}  {reached_by_seeds} of {SEEDS} seeds reach {goal}")?;
        if let (Some(passes), Some(time)) = (self.median_passes, self.median_milliseconds) {
            write!(f, ", the median after {} passes, {} ms", exact(passes), rounded(time, 2))?;
        }
        write!(f, "  ({cost} µs for a pass)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(passes: f64) -> Point {
        Point { passes, seconds: 1e-3 * passes, loss: 1.0 / (1.0 + passes) }
    }

    #[test]
    fn a_thinned_curve_has_its_first_twenty_points_and_its_last() {
        let points: Vec<Point> = (0..=1000).map(|passes| point(f64::from(passes))).collect();
        let kept: Vec<f64> = thinned(&points).map(|point| point.passes).collect();
        assert_eq!(kept[..22], (0..22).map(f64::from).collect::<Vec<_>>());
        assert_eq!((kept.len() < 150, kept.last()), (true, Some(&1000.0)));
        let far = |pair: &[f64]| pair[1] >= APART * pair[0];
        assert!(kept[..kept.len() - 1].windows(2).all(far), "{kept:?}");
    }

    #[test]
    fn who_is_first_depends_on_the_measure() {
        let mut entries = surface().optimizers.into_iter();
        let mut entry = |passes: f64, seconds: f64| Entry {
            entrant: entries.next().unwrap(),
            points: vec![Point { passes: 10.0, seconds: 10.0 * seconds, loss: 0.5 }],
            outcome: Outcome { reached: 1, passes, loss: 0.5 },
        };
        // Gradient descent takes 100 ms, Nesterov momentum 60 ms; Adam does not reach the goal.
        let entries = vec![entry(10.0, 0.01), entry(30.0, 0.002), entry(f64::INFINITY, 1e-9)];
        let mut comparison = Comparison { task: surface(), entries };
        assert_eq!(comparison.winner(Measure::Passes), "gradient descent");
        assert_eq!(comparison.winner(Measure::Time), "Nesterov momentum");
        assert_eq!(comparison.fewest(|optimizer| *optimizer != Optimizer::Descent), 30.0);
        comparison.entries.drain(..2);
        assert_eq!(comparison.winner(Measure::Passes), "none");
    }

    #[test]
    fn a_line_says_how_many_seeds_and_how_long() {
        let line = Line {
            data: "squares",
            optimizer: "Adam".to_owned(),
            learning_rate: Some(0.1),
            goal: 0.02,
            reached_by_seeds: 3,
            median_passes: Some(20.0),
            microseconds_per_pass: 512.3,
            median_milliseconds: Some(10.246),
        };
        let words = "3 of 5 seeds reach 0.02, the median after 20 passes, 10 ms  (510 µs for a pass)";
        assert_eq!(line.to_string(), format!("squares   Adam                 {words}"));
        let line = Line { reached_by_seeds: 2, median_passes: None, median_milliseconds: None, ..line };
        assert!(line.to_string().ends_with("2 of 5 seeds reach 0.02  (510 µs for a pass)"), "{line}");
    }

    #[test]
    fn the_surface_is_the_function_on_the_corners_and_near_the_middle_of_a_side() {
        let Task { features, answers: Answers::Values(values), .. } = surface() else { panic!("no numbers") };
        // sin(−π) = 0 on the first side; the rows run along y first.
        assert!(values.iter().take(SIDE).all(|z| z.abs() < 1e-15), "{values}");
        assert_eq!(features.row(0).to_vec(), [-1.0, -1.0]);
        assert_eq!(features.row(SIDE - 1).to_vec(), [-1.0, 1.0]);
        // x = −1 + 2 · 5/19 = −9/19, y = −1.
        assert!((values[5 * SIDE] - (9.0 * PI / 19.0).sin()).abs() < 1e-14, "{}", values[5 * SIDE]);
    }
}
