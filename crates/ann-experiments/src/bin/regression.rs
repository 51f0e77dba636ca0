//! Regression: a noisy curve, the fit, its residuals and the loss.
use std::f64::consts::PI;
use std::process::ExitCode;

use ann_core::ndarray::{Array1, Array2, Axis as Dimension};
use ann_core::{Activation, Architecture, Init, Loss, Network, Problem, seeded};
use ann_datasets::{Dataset, train_test_split};
use ann_experiments::cli::{self, NetworkOptions, Options, Widths, say};
use ann_experiments::guessing::{Evidence, Score, remark};
use ann_experiments::losses::{self, Trained};
use ann_experiments::output::write_figure;
use ann_experiments::parts::{Part, Parts};
use ann_experiments::record::Record;
use ann_figure::number::{count, exact, rounded};
use ann_figure::{Axis, Figure, Mark, Panel};
use ann_train::TrainConfig;
use anyhow::{Context, Result};
use clap::Parser;
use rand::RngExt;
use rand_distr::{Distribution, Normal};

const NAME: &str = "regression";
/// Samples, drawn evenly over one period.
const SAMPLES: usize = 120;
/// Standard deviation of the noise.
const NOISE: f64 = 0.15;
const HIDDEN: [usize; 1] = [10];
const LEARNING_RATE: f64 = 0.1;
/// In a good fit only the noise is left. The root mean square of n residuals has the relative standard
/// deviation 1 / √2n; this number of them are allowed: 15% for 120 samples.
const DEVIATIONS: f64 = 2.3;
/// Predictions that differ by less are one answer; the curve runs from −1 to 1.
const SAME: f64 = 1e-6;

#[derive(Parser)]
struct RegressionOptions {
    #[command(flatten)]
    common: Options,
    #[command(flatten)]
    network: NetworkOptions,
}

/// A fitted network, and its predictions for all rows.
struct RegressionFit<'a> {
    options: &'a RegressionOptions,
    parts: &'a Parts<f64>,
    trained: Trained,
    train: Predictions,
    test: Option<Predictions>,
    /// If the network is no better than the mean: the likely reasons.
    remark: Option<String>,
}

/// The residuals, compared with the noise.
#[derive(Clone, Copy, PartialEq)]
enum Residuals {
    Larger,
    Noise,
    Smaller,
}

/// The predictions for some rows.
struct Predictions {
    values: Array1<f64>,
    residuals: Array1<f64>,
    /// R² compares rows with their mean, so a single row has none.
    r_squared: Option<f64>,
}

fn main() -> Result<ExitCode> {
    let about = "Regression: a noisy sine fitted by one hidden layer of 10 tanh units; fit, residuals, loss";
    let options: RegressionOptions = cli::parse(
        NAME,
        about,
        &[
            ("seed", &100),
            ("epochs", &10_000),
            ("hidden", &Widths(HIDDEN.to_vec())),
            ("rate", &LEARNING_RATE),
            ("gain", &1.0),
        ],
    );
    let RegressionOptions { common, network } = &options;
    cli::make(&common.out)?;
    let rng = &mut seeded(common.seed);
    let parts = Parts::new(&samples(rng)?, network, |data, share| train_test_split(data, share, rng))?;
    let fit = RegressionFit::new(&options, &parts)?;

    let files = write_figure(&fit.figure()?, &common.out, NAME)?;
    fit.record().files(&files).write(&common.out)?;
    fit.remark.iter().chain(&fit.shortfall()).for_each(say);
    say(fit.result());
    Ok(if fit.residuals() == Residuals::Noise { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn truth(x: f64) -> f64 {
    (PI * x).sin()
}

fn samples(rng: &mut impl rand::Rng) -> Result<Dataset<f64>> {
    let noise = Normal::new(0.0, NOISE)?;
    let x = Array1::from_shape_simple_fn(SAMPLES, || rng.random_range(-1.0..1.0));
    let targets = x.iter().map(|&x| truth(x) + noise.sample(rng)).collect();
    let (feature_names, target_name) = (vec!["x".to_owned()], "y".to_owned());
    Ok(Dataset { features: column(&x), targets, feature_names, target_name })
}

impl<'a> RegressionFit<'a> {
    fn new(options: &'a RegressionOptions, parts: &'a Parts<f64>) -> Result<Self> {
        let trained = train(options, parts)?;
        let train = Predictions::new(&trained.network, &parts.train)?;
        let test = parts.test.as_ref().map(|part| Predictions::new(&trained.network, part)).transpose()?;
        let fit = Self { options, parts, trained, train, test, remark: None };
        Ok(Self { remark: fit.find_remark(), ..fit })
    }

    /// The root mean square of the residuals of the rows that train.
    fn residual(&self) -> f64 {
        let residuals = &self.train.residuals;
        (squares(residuals) / residuals.len() as f64).sqrt()
    }

    /// How far the residuals of a good fit may be from the noise, as a share of it.
    /// At most half of it: a few rows are fitted exactly, and prove nothing.
    fn margin(&self) -> f64 {
        (DEVIATIONS / (2.0 * self.train.residuals.len() as f64).sqrt()).min(0.5)
    }

    fn residuals(&self) -> Residuals {
        let excess = self.residual() / NOISE - 1.0;
        match excess {
            _ if excess.abs() <= self.margin() => Residuals::Noise,
            _ if excess < 0.0 => Residuals::Smaller,
            _ => Residuals::Larger,
        }
    }

    /// Why the claim of the figure does not hold, if it does not.
    fn shortfall(&self) -> Option<String> {
        let likely = match self.residuals() {
            Residuals::Noise => return None,
            // The remark has named the likely reasons.
            Residuals::Larger if self.remark.is_some() => String::new(),
            Residuals::Larger => format!(". Likely: {}", self.evidence().reasons().join("; ")),
            Residuals::Smaller => {
                ". Likely: the network fits the noise as well: fewer units (--hidden) or fewer --epochs"
                    .to_owned()
            }
        };
        let (found, percent) = (rounded(self.residual(), 3), rounded(100.0 * self.margin(), 2));
        Some(format!(
            "residuals with root mean square {found}, expected {} ± {percent}%{likely}",
            exact(NOISE)
        ))
    }

    /// If the network is no better than the mean: the likely reasons.
    fn find_remark(&self) -> Option<String> {
        let score =
            |predictions: &Predictions| predictions.r_squared.map(|found| Score { found, guessed: 0.0 });
        let test = self.test.as_ref().and_then(score);
        remark(("R²", "always the mean"), score(&self.train)?, test, &self.evidence())
    }

    fn evidence(&self) -> Evidence<'_, f64> {
        let values = &self.train.values;
        Evidence {
            data: &self.parts.train.data,
            is_standardized: self.options.network.standardize,
            hidden: &self.options.network.hidden.0,
            history: &self.trained.history,
            answers_differ: values.iter().any(|value| (value - values[0]).abs() > SAME),
        }
    }

    /// The line that ends the output.
    fn result(&self) -> String {
        let last = self.trained.history.last();
        let mut line = format!("R² {}", self.train.shown_r_squared(4));
        if let Some(test) = &self.test {
            line += &format!("  test R² {}", test.shown_r_squared(4));
        }
        line += &format!(
            "  residual {} (noise {})  loss {}",
            rounded(self.residual(), 4),
            exact(NOISE),
            rounded(last.loss, 4)
        );
        if let Some((_, loss)) = self.trained.test_losses.last() {
            line += &format!("  test loss {}", rounded(*loss, 4));
        }
        format!("{line}  epochs {}", count(last.epoch))
    }

    fn record(&self) -> Record {
        let RegressionOptions { common, network } = self.options;
        let record = Record::new(NAME)
            .setting("network", self.trained.network.architecture().to_string())
            .setting("samples", SAMPLES)
            .setting("noise", NOISE)
            .setting("gain", network.gain)
            .setting("learning_rate", network.rate)
            .setting("standardize", network.standardize)
            .setting("test", network.test)
            .setting("epochs", common.epochs)
            .setting("seed", common.seed)
            .claim("residuals are the noise", self.residuals() == Residuals::Noise)
            .observed("loss", self.trained.history.last().loss)
            .observed("R²", self.train.r_squared)
            .observed("root mean square residual", self.residual());
        match &self.test {
            Some(test) => record.observed("test R²", test.r_squared),
            None => record,
        }
    }

    fn figure(&self) -> Result<Figure> {
        Ok(Figure {
            title: format!("Regression: {}", self.title()),
            caption: self.caption(),
            columns: 3,
            panels: vec![self.fit_panel()?, self.residual_panel(), self.loss_panel()],
        })
    }

    fn title(&self) -> &'static str {
        match (self.residuals(), &self.remark) {
            (Residuals::Noise, _) if self.options.network.hidden.0 == HIDDEN => {
                "ten tanh units find the curve behind the noise"
            }
            (Residuals::Noise, _) => "the network finds the curve behind the noise",
            (_, Some(_)) => "no better than guessing",
            (Residuals::Larger, None) => "not yet the curve behind the noise",
            (Residuals::Smaller, None) => "the network fits the noise as well",
        }
    }

    fn caption(&self) -> String {
        let RegressionOptions { common, network } = self.options;
        let mut parts = vec![
            self.trained.network.architecture().to_string(),
            format!(
                "mean squared error, η = {}, λ = 0, Xavier gain {}, {} epochs, seed {}",
                exact(network.rate),
                exact(network.gain),
                count(self.trained.history.last().epoch),
                common.seed
            ),
            format!("{SAMPLES} samples of sin πx + noise of standard deviation {}", exact(NOISE)),
        ];
        if network.standardize {
            parts.push("features standardised".to_owned());
        }
        let (r_squared, residual) = (self.train.shown_r_squared(3), rounded(self.residual(), 3));
        parts.push(format!("R² = {r_squared}, residuals' root mean square {residual}"));
        if let Some(test) = &self.test {
            parts.push(format!("{} samples held out: R² = {}", test.values.len(), test.shown_r_squared(3)));
        }
        parts.extend(self.remark.clone());
        parts.join("   ·   ")
    }

    fn fit_panel(&self) -> Result<Panel> {
        let grid = Array1::linspace(-1.0, 1.0, 201);
        let fit = predict(&self.trained.network, &self.parts.inputs(&column(&grid))?)?;
        let line = |series: &str, colour, dashed, ys: Vec<f64>| Mark::Line {
            series: series.to_owned(),
            colour,
            dashed,
            points: grid.iter().copied().zip(ys).collect(),
        };
        let mut marks = self.points(["samples", "held out"], |part, _| part.data.targets.clone());
        marks.push(line("sin πx", 6, true, grid.iter().copied().map(truth).collect()));
        marks.push(line("fit", 1, false, fit.to_vec()));
        let (x, y) = (Axis::linear("x"), Axis::linear("y"));
        Ok(Panel { title: "Fit".to_owned(), x, y, equal_axes: false, marks })
    }

    fn residual_panel(&self) -> Panel {
        let mut marks =
            self.points(["y − ŷ", "held out"], |_, predictions| predictions.residuals.to_vec());
        marks.push(Mark::Horizontal { label: "zero".to_owned(), y: 0.0 });
        let (x, y) = (Axis::linear("x"), Axis::linear("residual y − ŷ"));
        Panel { title: "Residuals".to_owned(), x, y, equal_axes: false, marks }
    }

    fn loss_panel(&self) -> Panel {
        let mut marks = losses::curves(&self.trained.history, &self.trained.test_losses);
        marks.push(Mark::Horizontal { label: "noise²".to_owned(), y: NOISE * NOISE });
        let (x, y) = (Axis::linear("epoch"), Axis::log10("mean squared error"));
        Panel { title: "Loss".to_owned(), x, y, equal_axes: false, marks }
    }

    /// A mark for the rows that train and one for those held out: x, and `y` of the part.
    fn points(&self, series: [&str; 2], y: impl Fn(&Part<f64>, &Predictions) -> Vec<f64>) -> Vec<Mark> {
        let predictions = [Some(&self.train), self.test.as_ref()].into_iter().flatten();
        let both = self.parts.all().zip(predictions).zip(series).enumerate();
        let mark = |(class, ((part, predictions), series)): (usize, ((&Part<f64>, _), &str))| Mark::Points {
            series: series.to_owned(),
            class: 2 * class, // vermillion is the fit's
            points: part.data.features.column(0).iter().copied().zip(y(part, predictions)).collect(),
        };
        both.map(mark).collect()
    }
}

impl Predictions {
    fn new(network: &Network, part: &Part<f64>) -> Result<Self> {
        let values = predict(network, &part.inputs)?;
        let targets = Array1::from(part.data.targets.clone());
        let (residuals, deviations) = (&targets - &values, &targets - targets.sum() / targets.len() as f64);
        // R² = 1 − Σ(y − ŷ)² / Σ(y − ȳ)²
        let r_squared = (values.len() > 1).then(|| 1.0 - squares(&residuals) / squares(&deviations));
        Ok(Self { values, residuals, r_squared })
    }

    fn shown_r_squared(&self, digits: usize) -> String {
        self.r_squared.map_or_else(|| "of one row: none".to_owned(), |r_squared| rounded(r_squared, digits))
    }
}

/// The trained network, and its losses on the rows held out.
fn train(options: &RegressionOptions, parts: &Parts<f64>) -> Result<Trained> {
    let RegressionOptions { common, network: NetworkOptions { hidden, .. } } = options;
    let NetworkOptions { rate, gain, .. } = options.network;
    let architecture = Architecture::inputs(1)
        .with_layers(Activation::Tanh.layers(hidden.0.iter().copied()))
        .dense(1, Activation::Identity);
    let (train, test) = (problem(&architecture, &parts.train)?, parts.test.as_ref());
    let held_out = test.map(|part| problem(&architecture, part)).transpose()?;
    let network = Network::init(&architecture, Init::XavierNormal { gain }, &mut seeded(common.seed))?;
    let config = TrainConfig { learning_rate: rate.into(), epochs: common.epochs, ..TrainConfig::default() };
    losses::train(network, &train, &config, held_out.as_ref())
        .with_context(|| format!("training with --rate {} and --gain {}", exact(rate), exact(gain)))
}

fn problem<'a>(architecture: &'a Architecture, part: &'a Part<f64>) -> Result<Problem<'a>> {
    Ok(Problem::new(architecture, Loss::MeanSquaredError, &part.inputs, &part.data.targets)?)
}

/// The output for each row of `inputs` (rows, 1).
fn predict(network: &Network, inputs: &Array2<f64>) -> Result<Array1<f64>> {
    Ok(network.forward(inputs)?.remove_axis(Dimension(1)))
}

/// Σ v².
fn squares(values: &Array1<f64>) -> f64 {
    values.mapv(|v| v * v).sum()
}

fn column(x: &Array1<f64>) -> Array2<f64> {
    x.clone().insert_axis(Dimension(1))
}
