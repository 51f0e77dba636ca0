//! Regression: a noisy curve, the fit, its residuals and the loss.
use std::f64::consts::PI;
use std::ops::ControlFlow;
use std::process::ExitCode;

use ann_core::ndarray::{Array1, Array2, Axis as Dimension};
use ann_core::{Activation, seeded};
use ann_experiments::cli::{self, Defaults, Options, say};
use ann_experiments::figure::{Axis, Figure, Mark, Panel};
use ann_experiments::progress;
use ann_experiments::record::Record;
use ann_train::{FittedRegressor, Regressor};
use anyhow::Result;
use clap::Parser;
use rand::RngExt;
use rand_distr::{Distribution, Normal};

const NAME: &str = "regression";
/// Samples, evenly spread over one period by chance.
const SAMPLES: usize = 120;
/// Standard deviation of the noise.
const NOISE: f64 = 0.15;
const HIDDEN: [usize; 1] = [10];
const LEARNING_RATE: f64 = 0.1;
/// The fit is good when what it leaves unexplained is the noise: root mean square within 15% of it, which is
/// 2.3 standard deviations of that estimate for 120 samples, 1 / √(2 · 120) = 6.5% each.
const NOISE_MARGIN: f64 = 0.15;

#[derive(Parser)]
struct RegressionOptions {
    #[command(flatten)]
    common: Options,
}

/// The numbers of the picture.
struct Curves {
    x: Array1<f64>,
    y: Array1<f64>,
    fitted: FittedRegressor,
    prediction: Array1<f64>,
    r_squared: f64,
}

fn main() -> Result<ExitCode> {
    let about = "Regression: a noisy sine fitted by one hidden layer of 10 tanh units; fit, residuals, loss";
    let RegressionOptions { common } = cli::parse(NAME, about, Defaults { seed: 100, epochs: 10_000 });
    cli::make(&common.out)?;
    let curves = fit(&common)?;
    let rms = root_mean_square(&(&curves.y - &curves.prediction));
    let found = (rms / NOISE - 1.0).abs() <= NOISE_MARGIN;
    let files = draw(&common, &curves, rms, found).write(&common.out, NAME)?;
    let last = *curves.fitted.history().last();
    Record::new(NAME)
        .setting("network", curves.fitted.network().architecture().to_string())
        .setting("samples", SAMPLES)
        .setting("noise", NOISE)
        .setting("learning_rate", LEARNING_RATE)
        .setting("epochs", common.epochs)
        .setting("seed", common.seed)
        .claim("residuals are the noise", found)
        .observed("loss", last.loss)
        .observed("R²", curves.r_squared)
        .observed("root mean square residual", rms)
        .files(&files)
        .write(&common.out)?;
    say(format!(
        "R² {:.4}  residual {rms:.4} (noise {NOISE})  loss {:.6}  epochs {}",
        curves.r_squared, last.loss, last.epoch
    ));
    Ok(if found { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn truth(x: f64) -> f64 {
    (PI * x).sin()
}

fn fit(options: &Options) -> Result<Curves> {
    let mut rng = seeded(options.seed);
    let noise = Normal::new(0.0, NOISE)?;
    let x = Array1::from_shape_simple_fn(SAMPLES, || rng.random_range(-1.0..1.0));
    let y = x.mapv(|x| truth(x) + noise.sample(&mut rng));
    let regressor = Regressor {
        hidden: Activation::Tanh.layers(HIDDEN),
        seed: options.seed,
        learning_rate: LEARNING_RATE,
        epochs: options.epochs,
        stop_below: 0.0,
        ..Regressor::default()
    };
    let bar = progress::bar(options.epochs as u64, "training");
    let columns = column(&x);
    let fitted = regressor.fit_observed(&columns, &y, |record, _| {
        bar.set_position(record.epoch as u64);
        ControlFlow::Continue(())
    })?;
    bar.finish_and_clear();
    let prediction = fitted.predict(&columns)?;
    let r_squared = fitted.score(&columns, &y)?;
    Ok(Curves { x, y, fitted, prediction, r_squared })
}

fn draw(options: &Options, curves: &Curves, rms: f64, found: bool) -> Figure {
    let title = if found {
        "ten tanh units find the curve behind the noise"
    } else {
        "not yet the curve behind the noise"
    };
    let caption = format!(
        "{}   ·   mean squared error, η = {LEARNING_RATE}, λ = 0, {} epochs, seed {}   ·   {SAMPLES} samples of \
         sin πx + noise of standard deviation {NOISE}   ·   R² = {:.3}, residuals' root mean square {rms:.3}",
        curves.fitted.network().architecture(),
        options.epochs,
        options.seed,
        curves.r_squared,
    );
    Figure {
        title: format!("Regression: {title}"),
        caption,
        columns: 3,
        panels: vec![fit_panel(curves), residual_panel(curves), loss_panel(curves)],
    }
}

fn fit_panel(curves: &Curves) -> Panel {
    let grid = Array1::linspace(-1.0, 1.0, 201);
    let fit = curves.fitted.network().forward(&column(&grid)).expect("the grid is finite and has one column");
    let line = |series: &str, colour, dashed, ys: Vec<f64>| Mark::Line {
        series: series.to_owned(),
        colour,
        dashed,
        points: grid.iter().copied().zip(ys).collect(),
    };
    let marks = vec![
        points("samples", &curves.x, &curves.y),
        line("sin πx", 6, true, grid.iter().copied().map(truth).collect()),
        line("fit", 1, false, fit.column(0).to_vec()),
    ];
    Panel { title: "Fit".to_owned(), x: Axis::linear("x"), y: Axis::linear("y"), equal_axes: false, marks }
}

fn residual_panel(curves: &Curves) -> Panel {
    let marks = vec![
        points("y − ŷ", &curves.x, &(&curves.y - &curves.prediction)),
        Mark::Horizontal { label: "zero".to_owned(), y: 0.0 },
    ];
    let (x, y) = (Axis::linear("x"), Axis::linear("residual y − ŷ"));
    Panel { title: "Residuals".to_owned(), x, y, equal_axes: false, marks }
}

fn loss_panel(curves: &Curves) -> Panel {
    let records = curves.fitted.history().records.iter();
    let marks = vec![
        Mark::Line {
            series: "loss".to_owned(),
            colour: 0,
            dashed: false,
            points: records.map(|record| (record.epoch as f64, record.loss)).collect(),
        },
        Mark::Horizontal { label: "noise²".to_owned(), y: NOISE * NOISE },
    ];
    let (x, y) = (Axis::linear("epoch"), Axis::log10("mean squared error"));
    Panel { title: "Loss".to_owned(), x, y, equal_axes: false, marks }
}

fn points(series: &str, x: &Array1<f64>, y: &Array1<f64>) -> Mark {
    Mark::Points {
        series: series.to_owned(),
        class: 0,
        points: x.iter().copied().zip(y.iter().copied()).collect(),
    }
}

fn column(x: &Array1<f64>) -> Array2<f64> {
    x.clone().insert_axis(Dimension(1))
}

fn root_mean_square(residuals: &Array1<f64>) -> f64 {
    (residuals.mapv(|r| r * r).sum() / residuals.len() as f64).sqrt()
}
