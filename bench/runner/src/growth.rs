//! How the cost of J and its gradient grows with rows, width and depth.

use std::time::{Duration, Instant};

use ann_core::{Activation, Architecture};
use anyhow::Result;
use serde::Serialize;

use crate::data::{Rows, initial_parameters};
use crate::talk::{per_unit, warm_up};
use crate::work::objective;

const INPUTS: usize = 10;
const ROWS: usize = 1024;
/// Each number is the median of `RUNS` runs, each about `RUN` long.
const RUNS: usize = 7;
const RUN: Duration = Duration::from_millis(50);

/// All points.
#[derive(Debug, Serialize)]
pub struct Growth {
    growth: Vec<Point>,
}

/// The cost of one problem.
#[derive(Debug, Serialize)]
struct Point {
    against: &'static str,
    size: usize,
    us: f64,
}

/// Sigmoid networks with one output and squared error in f64: the network of W10 with more and more rows, one
/// wider and wider hidden layer, and more and more hidden layers of 32 units.
pub fn measure(threads: usize) -> Result<Growth> {
    let mut growth = Vec::new();
    let mut add = |against, size, rows, hidden: &[usize]| -> Result<()> {
        growth.push(Point { against, size, us: cost(rows, hidden, threads)? });
        Ok(())
    };
    for rows in [100, 300, 1000, 3000, 10_000, 30_000, 100_000, 300_000, 1_000_000] {
        add("rows", rows, rows, &[64, 64])?;
    }
    for width in (2..=10).map(|power| 1 << power) {
        add("width", width, ROWS, &[width])?;
    }
    for depth in [1, 2, 3, 4, 6, 8, 12, 16] {
        add("depth", depth, ROWS, &vec![32; depth])?;
    }
    Ok(Growth { growth })
}

/// Microseconds of one call.
fn cost(rows: usize, hidden: &[usize], threads: usize) -> Result<f64> {
    let architecture = Architecture::inputs(INPUTS)
        .with_layers(Activation::Sigmoid.layers(hidden.iter().copied()))
        .dense(1, Activation::Identity);
    let rows = Rows::<f64>::with_values(rows, INPUTS);
    let problem = rows.squared_error(&architecture)?;
    let parameters = initial_parameters::<f64>(problem.layout());
    let (mut objective, mut gradient) = (objective(&problem, threads)?, parameters.clone());
    let mut time = |units| {
        let begin = Instant::now();
        for _ in 0..units {
            objective.value_and_gradient(&parameters, &mut gradient);
        }
        Ok(begin.elapsed())
    };
    let units = warm_up(RUN, &mut time)?;
    let mut runs = (0..RUNS).map(|_| Ok(per_unit(time(units)?, units))).collect::<Result<Vec<_>>>()?;
    runs.sort_by(f64::total_cmp);
    Ok(runs[RUNS / 2])
}
