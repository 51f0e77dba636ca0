//! One row at a time, in several threads, without allocations: for a server.
//!
//! ```text
//! cargo run --release --example serve
//! ```
#![allow(clippy::print_stdout, reason = "an example shows its result")]

use std::thread;
use std::time::Instant;

use ann_tabular::ann_model::{self, Cell};
use ann_tabular::{Recipe, Table};

const IRIS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../data/iris.csv");
const ROWS: usize = 200_000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let model = Recipe::default().fit_model(&Table::open(IRIS)?, "species")?;
    let columns: Vec<&str> = model.schema().columns.iter().map(|column| column.name.as_str()).collect();
    println!("cells in this order: {columns:?}");

    let begin = Instant::now();
    thread::scope(|scope| {
        let threads = [5.1, 6.7].map(|length| {
            let model = &model;
            scope.spawn(move || {
                // One predictor for each thread; the model is shared.
                let mut predictor = model.predictor()?;
                let mut label = None;
                for row in 0..ROWS {
                    let width = 0.2 + (row % 20) as f64 / 10.0;
                    label = predictor.label(&[
                        Cell::Number(length),
                        Cell::Number(3.0),
                        Cell::Missing,
                        Cell::Number(width),
                    ])?;
                }
                Ok::<_, ann_model::Error>(label.map(str::to_owned))
            })
        });
        for thread in threads {
            println!("the last row: {:?}", thread.join().expect("no thread panics")?);
        }
        Ok::<_, ann_model::Error>(())
    })?;
    let seconds = begin.elapsed().as_secs_f64();
    println!("{:.1} µs a row, in two threads", 1e6 * seconds / (2 * ROWS) as f64);
    Ok(())
}
