//! Measures messages between the ranks of a job, and the time of a row. From these it computes how long a
//! step over many rows takes on 1 to 64 ranks, on this network or on an assumed one:
//!
//! ```text
//! mpirun -n 2 target/release/examples/cost --rows 1000000000 --latency 2 --bandwidth 10
//! ```

use std::time::Instant;

use ann_mpi::World;
use ann_train::ndarray::Array2;
use ann_train::{Activation, Architecture, Loss, Network, Problem, Ranks, TrainConfig, Training, seeded};
use clap::Parser;

/// Measure messages and rows, and compute the time of a step on many ranks
#[derive(Parser, Debug)]
struct Options {
    /// Number of rows of the step
    #[arg(long, default_value_t = 1_000_000_000)]
    rows: usize,
    /// Number of inputs
    #[arg(long, default_value_t = 10)]
    inputs: usize,
    /// Units of each of the two hidden layers
    #[arg(long, default_value_t = 64)]
    units: usize,
    /// Threads of each rank
    #[arg(long, default_value_t = 1)]
    threads: usize,
    /// Latency of a message in microseconds; by default what was measured
    #[arg(long)]
    latency: Option<f64>,
    /// Bandwidth in gigabytes a second; by default what was measured
    #[arg(long)]
    bandwidth: Option<f64>,
}

/// Seconds that the parts of a step take.
#[derive(Clone, Copy, Debug)]
struct Cost {
    /// α, a message without content.
    message: f64,
    /// 1/β, a byte of a message.
    byte: f64,
    /// a, adding one entry of a leaf to the sum.
    addition: f64,
    /// t, one row in one thread.
    row: f64,
}

/// The constants of ann-train: entries of a message, leaves of a sum, and entries of all leaves together.
const SEGMENT: usize = 1 << 13;
const LEAVES: usize = 64;
const ENTRIES: usize = 1 << 21;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let options = Options::parse();
    let world = World::start()?;
    let small = message(&world, 1, 10_000);
    let large = message(&world, SEGMENT, 2_000);
    if !world.is_first() {
        return Ok(());
    }
    let architecture = Architecture::inputs(options.inputs)
        .with_layers(Activation::Tanh.layers([options.units; 2]))
        .dense(1, Activation::Identity);
    let parameters = architecture.layout()?.len();
    let byte = (large - small) / (8 * (SEGMENT - 1)) as f64;
    let cost = Cost { message: small, byte, addition: addition(parameters), row: row(&architecture)? };
    println!("a message         {:.2} µs", 1e6 * cost.message);
    println!("bandwidth         {:.2} GB/s", 1e-9 / cost.byte);
    println!("an addition       {:.2} ns", 1e9 * cost.addition);
    println!("a row             {:.0} ns, {parameters} parameters", 1e9 * cost.row);
    let cost = Cost {
        message: options.latency.map_or(cost.message, |micro| 1e-6 * micro),
        byte: options.bandwidth.map_or(cost.byte, |giga| 1e-9 / giga),
        ..cost
    };
    let leaves = LEAVES.min((ENTRIES / parameters).max(2));
    let alone = cost.rows(&options, leaves, 1) + cost.fold(parameters, leaves, 1);
    println!("ranks  rows ms  sum ms  step ms  faster");
    for ranks in [1, 2, 4, 8, 16, 32, 64] {
        let (rows, fold) = (cost.rows(&options, leaves, ranks), cost.fold(parameters, leaves, ranks));
        let step = rows + fold;
        println!("{ranks:5}  {:.2}  {:.3}  {:.2}  {:.1}", 1e3 * rows, 1e3 * fold, 1e3 * step, alone / step);
    }
    Ok(())
}

impl Cost {
    /// The rank with most leaves computes them, `threads` at a time.
    fn rows(&self, options: &Options, leaves: usize, ranks: usize) -> f64 {
        let at_a_time = leaves.div_ceil(ranks).div_ceil(options.threads);
        (at_a_time * options.rows.div_ceil(leaves)) as f64 * self.row
    }

    /// The running sum passes all ranks in segments, each of which adds its leaves. Then the last rank sends
    /// the result to all. The same again for the loss, which is one message.
    fn fold(&self, parameters: usize, leaves: usize, ranks: usize) -> f64 {
        let (segments, entries) = (parameters.div_ceil(SEGMENT), SEGMENT.min(parameters));
        let own = (leaves as f64 / ranks as f64) * entries as f64 * self.addition;
        let message = self.message + 8.0 * entries as f64 * self.byte;
        let levels = ranks.next_power_of_two().ilog2() as usize;
        let adding = (segments + ranks - 1) as f64 * own;
        if ranks == 1 {
            return adding;
        }
        let passing = (segments + ranks - 2 + segments * levels) as f64 * message;
        adding + passing + (ranks - 1 + levels) as f64 * self.message
    }
}

/// Half of the time in which a message goes from rank 0 to rank 1 and back, of the fastest of ten attempts. 0
/// for a job of one rank.
fn message(world: &World, numbers: usize, times: usize) -> f64 {
    let mut numbers = vec![0.0; numbers];
    let mut attempt = || {
        let begin = Instant::now();
        for _ in 0..times {
            match world.rank() {
                _ if world.size() == 1 => {}
                0 => {
                    world.send(&numbers, 1);
                    world.receive(&mut numbers, 1);
                }
                1 => {
                    world.receive(&mut numbers, 0);
                    world.send(&numbers, 0);
                }
                _ => {}
            }
        }
        begin.elapsed().as_secs_f64() / (2 * times) as f64
    };
    (0..10).map(|_| attempt()).fold(f64::INFINITY, f64::min)
}

/// Adding one entry, of the fastest of ten attempts.
fn addition(entries: usize) -> f64 {
    let leaves = vec![vec![1.0; entries]; 8];
    let mut sum = vec![0.0; entries];
    let mut attempt = || {
        let begin = Instant::now();
        for leaf in &leaves {
            ann_train::ann_core::vector::add_scaled(&mut sum, 1.0, leaf);
        }
        begin.elapsed().as_secs_f64() / (entries * leaves.len()) as f64
    };
    (0..10).map(|_| attempt()).fold(f64::INFINITY, f64::min)
}

/// One row in one thread, of the fastest of ten epochs of 20 000 rows.
fn row(architecture: &Architecture) -> Result<f64, ann_train::Error> {
    const ROWS: usize = 20_000;
    const EPOCHS: usize = 10;
    let inputs = architecture.input_width();
    let value = |row: usize, column: usize| ((row * 7919 + column * 104_729) % 10_007) as f64 / 5003.5 - 1.0;
    let x = Array2::from_shape_fn((ROWS, inputs), |(row, column)| value(row, column));
    let y = Array2::from_shape_fn((ROWS, 1), |(row, _)| value(row, 0).sin());
    let problem = Problem::new(architecture, Loss::MeanSquaredError, &x, &y)?;
    let network: Network = Network::init(architecture, Default::default(), &mut seeded(1))?;
    let config = TrainConfig { epochs: EPOCHS, ..TrainConfig::default() };
    let mut training = Training::new(&problem, network, &config)?;
    let mut fastest = f64::INFINITY;
    for _ in 0..EPOCHS {
        let begin = Instant::now();
        let _ = training.epoch()?;
        fastest = fastest.min(begin.elapsed().as_secs_f64());
    }
    Ok(fastest / ROWS as f64)
}
