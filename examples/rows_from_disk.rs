//! Train on rows that are read from a disk, with the bits of a training in memory.
//!
//! `cargo run --release --example rows_from_disk -- 10000000 disk` trains on ten million rows in 300 MB.

#![allow(clippy::print_stdout, reason = "an example shows its result")]

use std::env;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::ops::ControlFlow;
use std::path::Path;
use std::time::Instant;

use ann_table::{InputRows, Reader, Schema, SchemaOptions, Table, TargetValues};
use ann_train::{
    Activation, Architecture, FeatureSource, Init, Loss, Network, Problem, TrainConfig, Training, seeded,
};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

const COLUMNS: usize = 10;
const EPOCHS: usize = 3;

fn main() -> Result<()> {
    let mut arguments = env::args().skip(1);
    let rows = arguments.next().map_or(Ok(20_000), |rows| rows.parse())?;
    let places = arguments.next().map_or(vec!["memory".to_owned(), "disk".to_owned()], |place| vec![place]);
    let folder = tempfile::tempdir_in(".")?;
    let path = folder.path().join("rows.csv");
    write(rows, &path)?;
    for place in places {
        let table = match &place[..] {
            "disk" => Reader::default().open_on_disk(&path, tempfile::tempfile_in(&folder)?)?,
            _ => Table::open(&path)?,
        };
        train(&table, &place)?;
    }
    Ok(())
}

/// A file of numbers from −1 to 1, and y = sin(3 x₁) + x₂ x₃.
fn write(rows: usize, path: &Path) -> Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    writeln!(file, "{},y", (1..=COLUMNS).map(|column| format!("x{column}")).collect::<Vec<_>>().join(","))?;
    for row in 0..rows {
        let x: Vec<f64> = (1..=COLUMNS).map(|column| ((row * (2 * column + 1)) as f64).sin()).collect();
        let y = (3.0 * x[0]).sin() + x[1] * x[2];
        x.iter().try_for_each(|x| write!(file, "{x:.5},"))?;
        writeln!(file, "{y:.5}")?;
    }
    Ok(file.flush()?)
}

/// Trains on all rows at once. If the table is on a disk, no more than some blocks of it are in memory; the
/// targets of all rows are.
fn train(table: &Table, place: &str) -> Result<()> {
    let options = SchemaOptions { bins: 0, ..SchemaOptions::default() };
    let schema = Schema::learn(table, &["y"], &options)?;
    let TargetValues::Numbers(y) = schema.targets(table)? else { return Err("y has numbers".into()) };
    let architecture =
        Architecture::inputs(COLUMNS).dense(64, Activation::Sigmoid).dense(64, Activation::Sigmoid);
    let architecture = architecture.dense(1, Activation::Identity);

    let source = Inputs(schema.input_rows(table, COLUMNS)?);
    let (rows, matrix): (Vec<usize>, _);
    let problem = if table.is_on_disk() {
        rows = (0..table.rows()).collect();
        Problem::of_source(&architecture, Loss::MeanSquaredError, &source, &rows, &y)?
    } else {
        matrix = schema.features(table)?;
        Problem::new(&architecture, Loss::MeanSquaredError, &matrix, &y)?
    };

    let network = Network::init(&architecture, Init::default(), &mut seeded(1))?;
    let config =
        TrainConfig { learning_rate: 0.05.into(), epochs: EPOCHS, threads: 2, ..TrainConfig::default() };
    let mut training = Training::new(&problem, network, &config)?;
    let started = Instant::now();
    while let ControlFlow::Continue(record) = training.epoch()? {
        println!("{place}, epoch {}: loss {:.17}", record.epoch, record.loss);
    }
    table.ensure_read()?;
    let nanoseconds = started.elapsed().as_secs_f64() / (EPOCHS * table.rows()) as f64 * 1e9;
    println!("{place}: {nanoseconds:.0} ns for a row in an epoch");
    Ok(())
}

/// The rows of a table, as features.
#[derive(Debug)]
struct Inputs<'a>(InputRows<'a, f64>);

impl FeatureSource<f64> for Inputs<'_> {
    fn rows(&self) -> usize {
        self.0.rows()
    }

    fn width(&self) -> usize {
        self.0.width()
    }

    fn copy_rows(&self, rows: &[usize], features: &mut [f64]) {
        self.0.copy_rows(rows, features);
    }
}
