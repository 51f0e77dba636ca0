//! Figures 1 and 2, and the doughnut with ReLU: truth, prediction with its probability, and the loss.

mod picture;

use ann_core::ndarray::Array2;
use ann_core::{Activation, Architecture, Init, Loss, Network, Problem, argmax, seeded, softmax};
use ann_datasets::{Dataset, stratified_split};
use ann_figure::number::{count, exact, rounded};
use ann_train::TrainConfig;
use anyhow::{Context, Result, ensure};
use serde_json::json;

use crate::cli::{self, DataOptions, NetworkOptions, Options, Widths, say};
use crate::guessing::{Evidence, Score, remark};
use crate::losses::{self, Trained};
use crate::output::write_figure;
use crate::parts::{Part, Parts};
use crate::progress;
use crate::record::Record;
use crate::robustness::perfect_fits;

/// Gains whose robustness is compared, beside that of the run which is drawn: plain Xavier, and the report's.
const GAINS: [f64; 2] = [1.0, 5.0];

/// Beyond this, differences between values leave the range of numbers.
const LARGEST: f64 = 1e150;

/// Probabilities that differ by less are one answer.
const SAME: f64 = 1e-6;

/// A dataset with two features and two classes, and the network that fits it. Options replace all but names,
/// activation and threshold.
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
    /// Of the hidden layers.
    pub activation: Activation,
    /// Units of the hidden layers.
    pub hidden: &'static [usize],
    /// Gain of Xavier's normal initialisation for the run that is drawn.
    pub gain: f64,
    /// η.
    pub learning_rate: f64,
    /// Training stops when the loss is below this.
    pub stop_below: f64,
    /// Seed of the initial weights and of the rows held out.
    pub seed: u64,
    /// The largest number of updates.
    pub epochs: usize,
}

/// The options of `doughnut`, `squares` and `doughnut_relu`.
#[derive(clap::Parser, Clone, Debug)]
struct ClassificationOptions {
    #[command(flatten)]
    common: Options,
    #[command(flatten)]
    network: NetworkOptions,
    #[command(flatten)]
    data: DataOptions,
    /// How many seeds are tried for the claim about robustness
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..))]
    seeds: u64,
}

/// A fitted network, and its predictions for all rows.
struct ClassificationFit<'a> {
    experiment: &'a Experiment,
    options: &'a ClassificationOptions,
    data: &'a Dataset,
    parts: &'a Parts<String>,
    /// In the order of the network's outputs.
    classes: Vec<String>,
    trained: Trained,
    train: Answers,
    test: Option<Answers>,
    /// If the network is no better than the most frequent class: the likely reasons.
    remark: Option<String>,
    /// Gain, and how many seeds reach a perfect fit with it.
    robustness: Vec<(f64, usize)>,
}

/// The predictions of a network for some rows.
struct Answers {
    predicted: Vec<String>,
    wrong: usize,
    score: Score,
}

/// Settings → numbers → picture, as the command line asks.
///
/// # Errors
/// A dataset that cannot be read or does not fit, training that fails, or files that cannot be written.
pub fn run(experiment: &Experiment) -> Result<()> {
    let options: ClassificationOptions = cli::parse(
        experiment.name,
        experiment.about,
        &[
            ("seed", &experiment.seed),
            ("epochs", &experiment.epochs),
            ("hidden", &Widths(experiment.hidden.to_vec())),
            ("rate", &experiment.learning_rate),
            ("gain", &experiment.gain),
        ],
    );
    cli::make(&options.common.out)?;
    let data = load(experiment, &options)?;
    let rng = &mut seeded(options.common.seed);
    let parts = Parts::new(&data, &options.network, |data, share| stratified_split(data, share, rng))?;
    let fit = ClassificationFit::new(experiment, &options, &data, &parts)?;

    let files = write_figure(&fit.figure()?, &options.common.out, experiment.name)?;
    fit.record().files(&files).write(&options.common.out)?;
    fit.remark.iter().for_each(say);
    say(fit.result());
    Ok(())
}

fn load(experiment: &Experiment, options: &ClassificationOptions) -> Result<Dataset> {
    let Some((path, data)) = options.data.load()? else { return Ok((experiment.data)()) };
    let (columns, classes) = (data.features.ncols(), data.classes());
    ensure!(
        columns == 2,
        "{} has {columns} feature columns, this figure is drawn over 2: keep two of them beside the target {:?}",
        path.display(),
        data.target_name
    );
    let largest = data.features.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
    ensure!(
        largest <= LARGEST,
        "{} has a value of {}, this figure is drawn up to {}",
        path.display(),
        rounded(largest, 3),
        exact(LARGEST)
    );
    ensure!(
        classes.len() == 2,
        "{} has {} classes in column {:?}, this figure needs 2: {}",
        path.display(),
        classes.len(),
        data.target_name,
        listed(&classes)
    );
    Ok(data)
}

/// The first few classes: there may be as many as rows.
fn listed(classes: &[String]) -> String {
    const SHOWN: usize = 5;
    let shown: Vec<String> = classes.iter().take(SHOWN).map(|class| format!("{class:?}")).collect();
    format!("{}{}", shown.join(", "), if classes.len() > SHOWN { ", …" } else { "" })
}

fn architecture(experiment: &Experiment, options: &ClassificationOptions) -> Architecture {
    let Widths(widths) = &options.network.hidden;
    let hidden = experiment.activation.clone().layers(widths.iter().copied());
    Architecture::inputs(2).with_layers(hidden).dense(2, Activation::Identity)
}

fn config(experiment: &Experiment, options: &ClassificationOptions) -> TrainConfig {
    TrainConfig {
        learning_rate: options.network.rate.into(),
        epochs: options.common.epochs,
        stop_below: experiment.stop_below,
        ..TrainConfig::default()
    }
}

impl<'a> ClassificationFit<'a> {
    fn new(
        experiment: &'a Experiment,
        options: &'a ClassificationOptions,
        data: &'a Dataset,
        parts: &'a Parts<String>,
    ) -> Result<Self> {
        let classes = data.classes();
        let (architecture, config) = (architecture(experiment, options), config(experiment, options));
        let indices = parts.train.data.class_indices_in(&classes)?;
        let problem = Problem::new(&architecture, Loss::SoftmaxCrossEntropy, &parts.train.inputs, &indices)?;
        let trained = train(&problem, &config, options, parts.test.as_ref(), &classes)?;
        let guess = most_frequent(&parts.train.data);
        let answers = |part| Answers::new(&trained.network, &classes, part, &guess);
        let train = answers(&parts.train)?;
        let test = parts.test.as_ref().map(answers).transpose()?;
        let test_score = test.as_ref().map(|answers| answers.score);
        let remark = remark_on(options, &parts.train, &trained, (train.score, test_score))?;
        let robustness = robustness(&problem, &config, options)?;
        Ok(Self { experiment, options, data, parts, classes, trained, train, test, remark, robustness })
    }

    /// The line that ends the output.
    fn result(&self) -> String {
        let last = self.trained.history.last();
        let mut line = format!("accuracy {}", self.train.summary());
        if let Some(test) = &self.test {
            line += &format!("  test accuracy {}", test.summary());
        }
        line += &format!("  loss {}", rounded(last.loss, 4));
        if let Some((_, loss)) = self.trained.test_losses.last() {
            line += &format!("  test loss {}", rounded(*loss, 4));
        }
        format!("{line}  epochs {}  seeds fitted {}", count(last.epoch), self.robustness())
    }

    /// As in `100/100 at gain 1, 79/100 at gain 5`.
    fn robustness(&self) -> String {
        let seeds = self.options.seeds;
        let counts =
            self.robustness.iter().map(|(gain, fits)| format!("{fits}/{seeds} at gain {}", exact(*gain)));
        counts.collect::<Vec<_>>().join(", ")
    }

    fn record(&self) -> Record {
        let (options, last) = (self.options, self.trained.history.last());
        let record = Record::new(self.experiment.name)
            .setting("data", options.data.name())
            .setting("network", self.trained.network.architecture().to_string())
            .setting("gain", options.network.gain)
            .setting("learning_rate", options.network.rate)
            .setting("standardize", options.network.standardize)
            .setting("test", options.network.test)
            .setting("epochs", options.common.epochs)
            .setting("stop_below", self.experiment.stop_below)
            .setting("seed", options.common.seed)
            .setting("seeds_tried", options.seeds)
            .claim("accuracy", self.train.score.found);
        let record = match &self.test {
            Some(test) => record.claim("test accuracy", test.score.found),
            None => record,
        };
        let record = record
            .observed("loss", last.loss)
            .observed("epochs", last.epoch)
            .observed("stop", json!(format!("{:?}", self.trained.history.stop)));
        self.robustness.iter().fold(record, |record, (gain, fits)| {
            record.observed(format!("seeds fitted at gain {}", exact(*gain)), *fits)
        })
    }
}

impl Answers {
    /// The network's classes for the rows of `part`; a guess is always `guess`.
    fn new(network: &Network, classes: &[String], part: &Part<String>, guess: &str) -> Result<Self> {
        let logits = network.forward(&part.inputs)?;
        let predicted: Vec<String> =
            logits.rows().into_iter().map(|row| classes[argmax(row)].clone()).collect();
        let labels = &part.data.targets;
        let share = |hits: usize| hits as f64 / labels.len() as f64;
        let hits = predicted.iter().zip(labels).filter(|(predicted, label)| predicted == label).count();
        let guessed = labels.iter().filter(|label| *label == guess).count();
        let score = Score { found: share(hits), guessed: share(guessed) };
        Ok(Self { wrong: labels.len() - hits, predicted, score })
    }

    /// As in `0.995 (1 of 216 wrong)`.
    fn summary(&self) -> String {
        let (wrong, rows) = (count(self.wrong), count(self.predicted.len()));
        format!("{} ({wrong} of {rows} wrong)", rounded(self.score.found, 3))
    }
}

/// If the network is no better than the most frequent class: the likely reasons.
fn remark_on(
    options: &ClassificationOptions,
    train: &Part<String>,
    trained: &Trained,
    (train_score, test_score): (Score, Option<Score>),
) -> Result<Option<String>> {
    let probabilities = probabilities(&trained.network, &train.inputs)?;
    let second = probabilities.column(1);
    let evidence = Evidence {
        data: &train.data,
        is_standardized: options.network.standardize,
        hidden: &options.network.hidden.0,
        history: &trained.history,
        answers_differ: second.iter().any(|p| (p - second[0]).abs() > SAME),
    };
    let guess = format!("always {:?}", most_frequent(&train.data));
    Ok(remark(("accuracy", &guess), train_score, test_score, &evidence))
}

/// The first of the classes that have the most rows.
fn most_frequent(data: &Dataset) -> String {
    let rows_of = |class: &String| data.targets.iter().filter(|label| *label == class).count();
    // The last of equal ones is the first in this order.
    data.classes().into_iter().rev().max_by_key(rows_of).expect("a dataset has a row, and a row a class")
}

/// The probability of each class for each row of `inputs`: (rows, classes).
fn probabilities(network: &Network, inputs: &Array2<f64>) -> Result<Array2<f64>> {
    Ok(softmax(&network.forward(inputs)?))
}

/// The network of the figure, trained on `problem`, and its losses on the rows `held_out`.
fn train(
    problem: &Problem<'_>,
    config: &TrainConfig,
    options: &ClassificationOptions,
    held_out: Option<&Part<String>>,
    classes: &[String],
) -> Result<Trained> {
    let NetworkOptions { rate, gain, .. } = options.network;
    let indices = held_out.map(|part| part.data.class_indices_in(classes)).transpose()?;
    let held_out = held_out.zip(indices.as_ref());
    let held_out = held_out.map(|(part, indices)| {
        Problem::new(problem.architecture(), Loss::SoftmaxCrossEntropy, &part.inputs, indices)
    });
    let held_out = held_out.transpose().context("the rows held out (--test)")?;
    let init = Init::XavierNormal { gain };
    let network = Network::init(problem.architecture(), init, &mut seeded(options.common.seed))?;
    losses::train(network, problem, config, held_out.as_ref()).with_context(|| {
        format!(
            "training the network of the figure with --rate {} and --gain {}; --standardize scales the features",
            exact(rate),
            exact(gain)
        )
    })
}

/// For each of [`GAINS`] and the gain of the run, how many seeds reach a perfect fit of the rows that train.
fn robustness(
    problem: &Problem<'_>,
    config: &TrainConfig,
    options: &ClassificationOptions,
) -> Result<Vec<(f64, usize)>> {
    let mut gains = [GAINS.as_slice(), &[options.network.gain]].concat();
    gains.sort_by(f64::total_cmp);
    gains.dedup();
    let bar = progress::bar(options.seeds * gains.len() as u64, "seeds that fit perfectly");
    let fits = |gain| anyhow::Ok((gain, perfect_fits(problem, config, gain, options.seeds, &bar)?));
    let counts = gains.into_iter().map(fits).collect();
    bar.finish_and_clear();
    counts
}
