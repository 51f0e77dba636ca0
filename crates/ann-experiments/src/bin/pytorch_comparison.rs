//! Figure 3 of the report: the training loss on Iris, ours and PyTorch's, for
//! four strengths of the L2 penalty.
//!
//! There are two pictures. One is as in the report: each framework starts from different initial weights, and
//! PyTorch has `weight_decay = λ`. The other is matched: equal initial weights and `weight_decay = 2λ` on
//! weights only, so that the curves coincide.
use std::process::ExitCode;

use ann_core::{Activation, Architecture, Init, Loss, Network, Problem, seeded};
use ann_datasets::{Dataset, reference};
use ann_experiments::cli::{self, DataOptions, Options, say};
use ann_experiments::output::write_figure;
use ann_experiments::record::Record;
use ann_figure::number::{count, exact, rounded};
use ann_figure::{Axis, Figure, Mark, Panel};
use ann_train::{TrainConfig, train};
use anyhow::{Result, ensure};
use clap::Parser;

const NAME: &str = "pytorch_comparison";
const HIDDEN: [usize; 3] = [5, 10, 5];
const GAIN: f64 = 5.0;
const LEARNING_RATE: f64 = 0.1;
const L2: [f64; 4] = [0.0, 0.001, 0.01, 0.1];
/// From equal weights, the curves agree within this (a promise of ann-train). Measured:
/// 1e-15; 1e-12 allows for another `exp`.
const PARITY: f64 = 1e-12;

#[derive(Parser)]
struct ComparisonOptions {
    #[command(flatten)]
    common: Options,
    #[command(flatten)]
    data: DataOptions,
}

/// The loss before each update, for one λ.
struct Pair {
    l2: f64,
    ours: Vec<f64>,
    pytorch: Vec<f64>,
}

fn main() -> Result<ExitCode> {
    let about = "Figure 3: the training loss on Iris, ours and PyTorch's, for four strengths of the penalty";
    let options: ComparisonOptions = cli::parse(NAME, about, &[("seed", &100), ("epochs", &300)]);
    let data = options.data.load()?.map_or_else(ann_datasets::iris, |(_, data)| data);
    let shape = (data.features.ncols(), data.classes().len());
    ensure!(
        shape == (4, 3),
        "PyTorch was recorded for 4 features and 3 classes, {} has {shape:?}",
        options.data.name()
    );
    cli::make(&options.common.out)?;
    let network = Architecture::inputs(data.features.ncols())
        .with_layers(Activation::Sigmoid.layers(HIDDEN))
        .dense(data.classes().len(), Activation::Identity);

    let ours = Network::init(&network, Init::XavierNormal { gain: GAIN }, &mut seeded(options.common.seed))?;
    let own = compare("own", &ours, &data, options.common.epochs)?;
    let theirs = Network::from_parameters(&network, recorded_parameters()?)?;
    let matched = compare("matched", &theirs, &data, options.common.epochs)?;
    report(&options, &network, &own, &matched)
}

/// Our curve from `start` beside PyTorch's recorded `run`, for each λ.
fn compare(run: &str, start: &Network, data: &Dataset, epochs: usize) -> Result<Vec<Pair>> {
    let curve = |l2| {
        let pytorch = recorded_losses(run, l2)?;
        let recorded = pytorch.len();
        ensure!(
            (1..=recorded).contains(&epochs),
            "--epochs is {epochs}, PyTorch was recorded for 1 to {recorded}"
        );
        let ours = our_losses(start.clone(), data, l2, epochs)?;
        Ok(Pair { l2, ours, pytorch: pytorch[..epochs].to_vec() })
    };
    L2.into_iter().map(curve).collect()
}

fn our_losses(mut network: Network, data: &Dataset, l2: f64, epochs: usize) -> Result<Vec<f64>> {
    let architecture = network.architecture().clone();
    let classes = data.class_indices();
    let problem =
        Problem::new(&architecture, Loss::SoftmaxCrossEntropy, &data.features, &classes)?.with_l2(l2)?;
    let config = TrainConfig { learning_rate: LEARNING_RATE.into(), epochs, ..TrainConfig::default() };
    let history = train(&mut network, &problem, &config)?;
    // The last record is the network after the last update, which PyTorch's loop does not print.
    Ok(history.losses().take(epochs).collect())
}

fn recorded_parameters() -> Result<Vec<f64>> {
    let mut rows = csv::Reader::from_reader(reference::PYTORCH_IRIS_INITIAL_PARAMETERS.as_bytes());
    rows.deserialize()
        .map(|row| row.map(|(_, _, _, _, value): (u8, char, u8, u8, f64)| value))
        .map(|v| Ok(v?))
        .collect()
}

fn recorded_losses(run: &str, l2: f64) -> Result<Vec<f64>> {
    let mut rows = csv::Reader::from_reader(reference::PYTORCH_IRIS_LOSS.as_bytes());
    let mut losses = Vec::new();
    for row in rows.deserialize() {
        let (name, strength, _epoch, loss): (String, f64, usize, f64) = row?;
        if name == run && strength == l2 {
            losses.push(loss);
        }
    }
    Ok(losses)
}

/// Pictures, record and result line.
fn report(
    options: &ComparisonOptions,
    network: &Architecture,
    own: &[Pair],
    matched: &[Pair],
) -> Result<ExitCode> {
    let out = &options.common.out;
    let mut files = write_figure(&own_figure(options, network, own), out, NAME)?;
    let from_equal_weights = matched_figure(options, network, matched);
    files.extend(write_figure(&from_equal_weights, out, &format!("{NAME}_matched"))?);

    let largest = largest_difference(matched);
    let verdict = if largest <= PARITY { "pass" } else { "fail" };
    let record = Record::new(NAME)
        .setting("data", options.data.name())
        .setting("network", network.to_string())
        .setting("gain", GAIN)
        .setting("learning_rate", LEARNING_RATE)
        .setting("l2", L2.to_vec())
        .setting("epochs", options.common.epochs)
        .setting("seed", options.common.seed)
        .claim(format!("matched within {}", exact(PARITY)), verdict);
    let record = matched.iter().fold(record, |record, pair| {
        record.observed(
            format!("largest matched difference at λ = {}", exact(pair.l2)),
            pair.largest_difference(),
        )
    });
    record.files(&files).write(out)?;
    let at_l2 = |pair: &Pair| format!("{} at λ = {}", rounded(pair.largest_difference(), 2), exact(pair.l2));
    let per_l2: Vec<String> = matched.iter().map(at_l2).collect();
    say(format!("verdict: {verdict}  largest matched difference {}", per_l2.join(", ")));
    Ok(if largest <= PARITY { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

impl Pair {
    fn largest_difference(&self) -> f64 {
        let differences = self.ours.iter().zip(&self.pytorch).map(|(ours, pytorch)| (ours - pytorch).abs());
        // `f64::max` would drop a NaN, and a NaN must not pass.
        differences.fold(0.0, |largest, d| if d <= largest { largest } else { d })
    }
}

fn largest_difference(pairs: &[Pair]) -> f64 {
    pairs.iter().map(Pair::largest_difference).fold(0.0, f64::max)
}

fn own_figure(options: &ComparisonOptions, network: &Architecture, pairs: &[Pair]) -> Figure {
    Figure {
        title: "Training loss on Iris, ours and PyTorch's, each from its own initial weights".to_owned(),
        caption: format!(
            "{network}   ·   η = {}, {} epochs, Xavier gain {}, our seed {}, PyTorch's seed 0   ·   \
             penalty: ours λ‖W‖² on weights, PyTorch's weight_decay = λ on weights and biases",
            exact(LEARNING_RATE),
            count(options.common.epochs),
            exact(GAIN),
            options.common.seed
        ),
        columns: 2,
        panels: pairs.iter().map(panel).collect(),
    }
}

fn matched_figure(options: &ComparisonOptions, network: &Architecture, pairs: &[Pair]) -> Figure {
    let largest = largest_difference(pairs);
    Figure {
        title: if largest <= PARITY {
            "Iris, matched: from equal weights the two curves coincide".to_owned()
        } else {
            format!("{}, matched: the curves differ by up to {}", options.data.name(), rounded(largest, 2))
        },
        caption: format!(
            "{network}   ·   η = {}, {} epochs, both from PyTorch's initial weights (gain {}, seed 0), \
             float64   ·   penalty: ours λ‖W‖² on weights, PyTorch's weight_decay = 2λ on weights only   ·   \
             largest difference of all {}",
            exact(LEARNING_RATE),
            count(options.common.epochs),
            exact(GAIN),
            rounded(largest, 2)
        ),
        columns: 2,
        panels: pairs.iter().map(panel).collect(),
    }
}

fn panel(pair: &Pair) -> Panel {
    let line = |series: &str, colour, dashed, losses: &[f64]| Mark::Line {
        series: series.to_owned(),
        colour,
        dashed,
        points: losses.iter().enumerate().map(|(epoch, &loss)| (epoch as f64, loss)).collect(),
    };
    let marks = vec![line("ann", 0, false, &pair.ours), line("PyTorch", 1, true, &pair.pytorch)];
    let (x, y) = (Axis::linear("epoch"), Axis::linear("mean cross-entropy (nat)"));
    Panel { title: format!("Loss at λ = {}", exact(pair.l2)), x, y, equal_axes: false, marks }
}
