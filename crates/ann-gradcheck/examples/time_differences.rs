//! Times all 2 178 derivatives of the report's largest network, 2-[3, 10, 50, 30, 1, 4]-2, on the 400
//! squares.
//!
//! Prints the seconds of each run, one per line: `cargo run --release -p ann-gradcheck --example
//! time_differences -- 7` times central differences, `-- 7 exact` the exact gradient, `-- 7 check` a whole
//! check (12 points and rows, three parts each). `bench/gradient_check/compare.py` runs it side by side with
//! other tools.

#![allow(clippy::print_stdout, reason = "an example shows its result")]

use std::time::Instant;

use ann_gradcheck::ann_core::{Activation, Architecture, Init, Loss, Network, Problem, block, seeded};
use ann_gradcheck::{Config, check_problem, reference};

const HIDDEN: [usize; 6] = [3, 10, 50, 30, 1, 4];
const SEED: u64 = 0;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let runs = std::env::args().nth(1).map_or(Ok(7), |runs| runs.parse())?;
    let squares = ann_datasets::squares();
    let classes = squares.class_indices();
    let architecture = Architecture::inputs(2)
        .with_layers(Activation::Sigmoid.layers(HIDDEN))
        .dense(2, Activation::Identity);
    let problem = Problem::new(&architecture, Loss::SoftmaxCrossEntropy, &squares.features, &classes)?;
    let network: Network = Network::init(&architecture, Init::default(), &mut seeded(SEED))?;
    let at = network.parameters();
    let what = std::env::args().nth(2).unwrap_or_default();
    for _ in 0..runs {
        let start = Instant::now();
        let count = match what.as_str() {
            "check" => check_problem(&problem, at, backpropagation, &Config::default())?.entries().len(),
            "exact" => reference::gradient(&problem, at)?.len(),
            _ => reference::central_differences(&problem, at, 1e-4)?.len(),
        };
        let seconds = start.elapsed().as_secs_f64();
        assert_eq!(count, 2178);
        println!("{seconds}");
    }
    Ok(())
}

/// The gradient under test, 1/N taken here.
fn backpropagation(problem: &Problem<'_>, at: &[f64], gradient: &mut [f64]) {
    gradient.fill(0.0);
    let mut scratch =
        block::Scratch::new(problem.architecture(), problem.rows()).expect("the problem is small");
    block::accumulate(problem, at, 0..problem.rows(), &mut scratch, Some(gradient));
    for g in gradient.iter_mut() {
        *g /= problem.rows() as f64;
    }
}
