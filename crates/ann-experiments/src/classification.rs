//! Figures 1 and 2, and the doughnut with ReLU: truth, prediction with its probability, and the loss.

use ann_core::ndarray::{Array1, Array2};
use ann_core::{Init, Layer};
use ann_datasets::Dataset;
use ann_train::{Classifier, FittedClassifier};
use anyhow::{Context, Result, ensure};
use serde_json::json;

use crate::cli::{self, DataOptions, Defaults, Options, say};
use crate::figure::{Axis, Figure, Mark, Panel};
use crate::progress;
use crate::record::Record;
use crate::robustness::perfect_fits;

/// Gains whose robustness is compared: plain Xavier, and the report's.
const GAINS: [f64; 2] = [1.0, 5.0];
/// Cells of the probability background along each axis.
const CELLS: usize = 61;

/// Beyond this, differences between values leave the range of numbers.
const LARGEST: f64 = 1e150;

/// A dataset with two features and two classes, and the network that fits it.
#[derive(Clone, Debug)]
pub struct Experiment {
    /// Name of the binary and of its files.
    pub name: &'static str,
    /// One line for `--help`.
    pub about: &'static str,
    /// Title of the picture.
    pub title: &'static str,
    /// The embedded dataset, used unless `--data` names another.
    pub data: fn() -> Dataset,
    /// The hidden layers.
    pub hidden: Vec<Layer>,
    /// Gain of Xavier's normal initialisation for the run that is drawn.
    pub gain: f64,
    /// η.
    pub learning_rate: f64,
    /// Training stops when the loss is below this.
    pub stop_below: f64,
    /// Seed and epoch limit, unless options say otherwise.
    pub defaults: Defaults,
}

/// The options of `doughnut`, `squares` and `doughnut_relu`.
#[derive(clap::Parser, Clone, Debug)]
struct ClassificationOptions {
    #[command(flatten)]
    common: Options,
    #[command(flatten)]
    data: DataOptions,
    /// How many seeds are tried for the claim about robustness
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..))]
    seeds: u64,
}

/// Settings → numbers → picture, as the command line asks.
///
/// # Errors
/// A dataset that cannot be read or does not fit, training that fails, or files that cannot be written.
pub fn run(experiment: &Experiment) -> Result<()> {
    let options: ClassificationOptions = cli::parse(experiment.name, experiment.about, experiment.defaults);
    cli::make(&options.common.out)?;
    let data = load(experiment, &options)?;
    let classifier = classifier(experiment, &options);
    let fitted = fit(&classifier, &data)?;
    let fits = count_fits(&classifier, &data, options.seeds)?;

    let robustness = robustness(&fits, options.seeds);
    let figure = draw(experiment, &options, &data, &fitted, &robustness)?;
    let files = figure.write(&options.common.out, experiment.name)?;
    record(experiment, &options, &fitted, &fits).files(&files).write(&options.common.out)?;
    let last = fitted.history().last();
    let accuracy = accuracy(&fitted);
    say(format!(
        "accuracy {accuracy}  loss {:.6}  epochs {}  seeds fitted {robustness}",
        last.loss, last.epoch
    ));
    Ok(())
}

fn load(experiment: &Experiment, options: &ClassificationOptions) -> Result<Dataset> {
    let Some((path, data)) = options.data.load()? else { return Ok((experiment.data)()) };
    let (columns, classes) = (data.features.ncols(), data.classes());
    ensure!(columns == 2, "{} has {columns} feature columns, this figure is drawn over 2", path.display());
    let largest = data.features.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
    ensure!(
        largest <= LARGEST,
        "{} has a value of {largest:e}, this figure is drawn up to {LARGEST:e}",
        path.display()
    );
    ensure!(classes.len() == 2, "{} has the classes {classes:?}, this figure needs 2", path.display());
    Ok(data)
}

fn classifier(experiment: &Experiment, options: &ClassificationOptions) -> Classifier {
    Classifier {
        hidden: experiment.hidden.clone(),
        init: Init::XavierNormal { gain: experiment.gain },
        seed: options.common.seed,
        learning_rate: experiment.learning_rate,
        epochs: options.common.epochs,
        stop_below: experiment.stop_below,
        ..Classifier::default()
    }
}

fn fit(classifier: &Classifier, data: &Dataset) -> Result<FittedClassifier<String>> {
    let bar = progress::bar(classifier.epochs as u64, "training");
    let fitted = classifier.fit_observed(&data.features, &data.targets, |record, _| {
        bar.set_position(record.epoch as u64);
        std::ops::ControlFlow::Continue(())
    });
    bar.finish_and_clear();
    fitted.context("training the network of the figure")
}

/// For each of [`GAINS`], how many of `seeds` seeds reach a perfect fit.
fn count_fits(classifier: &Classifier, data: &Dataset, seeds: u64) -> Result<Vec<usize>> {
    let bar = progress::bar(seeds * GAINS.len() as u64, "seeds that fit perfectly");
    let fits = GAINS
        .iter()
        .map(|&gain| perfect_fits(classifier, gain, seeds, (&data.features, &data.targets), &bar))
        .collect::<Result<_, _>>();
    bar.finish_and_clear();
    Ok(fits?)
}

/// As in `100/100 at gain 1, 79/100 at gain 5`.
fn robustness(fits: &[usize], seeds: u64) -> String {
    let counts = GAINS.iter().zip(fits).map(|(gain, fits)| format!("{fits}/{seeds} at gain {gain}"));
    counts.collect::<Vec<_>>().join(", ")
}

fn record(
    experiment: &Experiment,
    options: &ClassificationOptions,
    fitted: &FittedClassifier<String>,
    fits: &[usize],
) -> Record {
    let last = fitted.history().last();
    let record = Record::new(experiment.name)
        .setting("data", options.data.name())
        .setting("network", fitted.network().architecture().to_string())
        .setting("gain", experiment.gain)
        .setting("learning_rate", experiment.learning_rate)
        .setting("epochs", options.common.epochs)
        .setting("stop_below", experiment.stop_below)
        .setting("seed", options.common.seed)
        .setting("seeds_tried", options.seeds)
        .claim("accuracy", last.accuracy)
        .observed("loss", last.loss)
        .observed("epochs", last.epoch)
        .observed("stop", json!(format!("{:?}", fitted.history().stop)));
    GAINS
        .iter()
        .zip(fits)
        .fold(record, |record, (gain, &fits)| record.observed(format!("seeds fitted at gain {gain}"), fits))
}

fn draw(
    experiment: &Experiment,
    options: &ClassificationOptions,
    data: &Dataset,
    fitted: &FittedClassifier<String>,
    robustness: &str,
) -> Result<Figure> {
    let predicted = fitted.predict(&data.features)?;
    let mut prediction = scatter("Prediction", data, &predicted, fitted.classes());
    prediction.marks.insert(0, probability(data, fitted)?);
    Ok(Figure {
        title: title(experiment, options, fitted),
        caption: caption(experiment, options, fitted, robustness),
        columns: 3,
        panels: vec![
            scatter("Truth", data, &data.targets, fitted.classes()),
            prediction,
            loss(experiment, fitted),
        ],
    })
}

/// What the picture shows: the experiment's own title where it came out so, else just what did.
fn title(
    experiment: &Experiment,
    options: &ClassificationOptions,
    fitted: &FittedClassifier<String>,
) -> String {
    let accuracy = accuracy(fitted);
    match options.data.file_name() {
        None if accuracy == 1.0 => experiment.title.to_owned(),
        file => format!("{}: accuracy {accuracy:.3}", file.unwrap_or_else(|| experiment.name.to_owned())),
    }
}

fn accuracy(fitted: &FittedClassifier<String>) -> f64 {
    fitted.history().last().accuracy.expect("a classifier's targets are classes")
}

fn caption(
    experiment: &Experiment,
    options: &ClassificationOptions,
    fitted: &FittedClassifier<String>,
    robustness: &str,
) -> String {
    let (history, seed) = (fitted.history(), options.common.seed);
    format!(
        "{}   ·   η = {}, λ = 0, Xavier gain {}, seed {seed}   ·   {} of at most {} epochs, stop below loss {}   ·   \
         seeds that reach a perfect fit: {robustness}",
        fitted.network().architecture(),
        experiment.learning_rate,
        experiment.gain,
        history.last().epoch,
        options.common.epochs,
        experiment.stop_below,
    )
}

/// All rows, marked by `labels`.
fn scatter(title: &str, data: &Dataset, labels: &[String], classes: &[String]) -> Panel {
    let is_unit = within_unit_square(data);
    let points_of = |class: &String| {
        let rows = data.features.rows().into_iter().zip(labels).filter(|(_, label)| *label == class);
        rows.map(|(row, _)| (row[0], row[1])).collect()
    };
    let marks = classes.iter().enumerate().map(|(class, name)| Mark::Points {
        series: name.clone(),
        class,
        points: points_of(name),
    });
    let [x, y] = [0, 1].map(|feature| {
        let (low, high) = range(data, feature);
        Axis::linear(&data.feature_names[feature]).within(low, high)
    });
    Panel { title: title.to_owned(), x, y, equal_axes: is_unit, marks: marks.collect() }
}

/// The probability of the second class over the panel.
fn probability(data: &Dataset, fitted: &FittedClassifier<String>) -> Result<Mark> {
    let [xs, ys] = [0, 1].map(|feature| {
        let (low, high) = range(data, feature);
        Array1::linspace(low, high, CELLS)
    });
    let cells = Array2::from_shape_fn((CELLS * CELLS, 2), |(cell, feature)| {
        if feature == 0 { xs[cell % CELLS] } else { ys[cell / CELLS] }
    });
    // Four decimals are more than a colour shows, and keep the CSV short.
    let second = fitted.predict_proba(&cells)?.column(1).mapv(|p| (p * 1e4).round() / 1e4).to_vec();
    Ok(Mark::Field {
        series: format!("P({})", fitted.classes()[1]),
        xs: xs.to_vec(),
        ys: ys.to_vec(),
        values: Array2::from_shape_vec((CELLS, CELLS), second)?,
    })
}

fn loss(experiment: &Experiment, fitted: &FittedClassifier<String>) -> Panel {
    let records = fitted.history().records.iter();
    let marks = vec![
        Mark::Line {
            series: "loss".to_owned(),
            colour: 0,
            dashed: false,
            points: records.map(|record| (record.epoch as f64, record.loss)).collect(),
        },
        Mark::Horizontal { label: format!("stop below {}", experiment.stop_below), y: experiment.stop_below },
    ];
    let (x, y) = (Axis::linear("epoch"), Axis::log10("mean cross-entropy (nat)"));
    Panel { title: "Loss".to_owned(), x, y, equal_axes: false, marks }
}

/// The unit interval for data inside the unit square, as the report's; else what the values need.
fn range(data: &Dataset, feature: usize) -> (f64, f64) {
    let column = data.features.column(feature);
    let (low, high) = if within_unit_square(data) {
        (0.0, 1.0)
    } else {
        column.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), &v| (low.min(v), high.max(v)))
    };
    // A constant feature stands in the middle of a range of its own size.
    let margin = if high > low { 0.03 * (high - low) } else { low.abs().max(1.0) / 2.0 };
    (low - margin, high + margin)
}

fn within_unit_square(data: &Dataset) -> bool {
    data.features.iter().all(|value| (0.0..=1.0).contains(value))
}
