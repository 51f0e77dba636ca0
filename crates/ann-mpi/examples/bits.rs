//! Trains one network over all ranks of a job, and prints the digest of its parameters, which is the same for
//! any number of ranks and threads, and how much of the time went into messages:
//!
//! ```text
//! mpirun -n 4 target/release/examples/bits --rows 100000
//! ```

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use ann_mpi::World;
use ann_train::ndarray::Array2;
use ann_train::{
    Activation, Adam, Architecture, Batching, Lbfgs, LearningRate, LevenbergMarquardt, Loss, Network,
    Optimizer, Problem, Ranks, TrainConfig, Training, seeded,
};
use clap::{Parser, ValueEnum};
use sha2::{Digest, Sha256};

/// Train one network over all ranks of a job, and print the digest of its parameters
#[derive(Parser, Debug)]
struct Options {
    /// Number of rows, which are made up
    #[arg(long, default_value_t = 20_000)]
    rows: usize,
    /// Number of inputs
    #[arg(long, default_value_t = 10)]
    inputs: usize,
    /// Units of each of the two hidden layers
    #[arg(long, default_value_t = 64)]
    units: usize,
    /// Number of epochs
    #[arg(long, default_value_t = 10)]
    epochs: usize,
    /// Rows of a mini-batch; 0 for all rows at once
    #[arg(long, default_value_t = 0)]
    batch: usize,
    /// The optimizer
    #[arg(long, value_enum, default_value_t = Rule::Adam)]
    optimizer: Rule,
    /// Threads of each rank
    #[arg(long, default_value_t = 1)]
    threads: usize,
    /// A value that must be the same on all ranks; by default the number of rows
    #[arg(long)]
    same: Option<String>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Rule {
    Descent,
    Adam,
    Lbfgs,
    LevenbergMarquardt,
}

impl From<Rule> for Optimizer {
    fn from(rule: Rule) -> Self {
        match rule {
            Rule::Descent => Self::Descent,
            Rule::Adam => Adam::default().into(),
            Rule::Lbfgs => Lbfgs::default().into(),
            Rule::LevenbergMarquardt => LevenbergMarquardt::default().into(),
        }
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let options = Options::parse();
    let world = World::start()?;
    let shared = options.same.clone().unwrap_or_else(|| options.rows.to_string());
    if let Err(error) = world.ensure_same("the number of rows", shared.as_bytes()) {
        eprintln!("rank {}: {error}", world.rank());
        world.abort(3);
    }
    let ranks = TimedRanks { world: &world, nanoseconds: AtomicU64::new(0) };
    let (network, epochs) = train(&options, &ranks).unwrap_or_else(|error| {
        eprintln!("rank {}: {error}", world.rank());
        world.abort(1)
    });
    let share = share_of_messages(&world, &epochs);
    if world.is_first() {
        let digest = Sha256::new_with_prefix(bytes(network.parameters())).finalize();
        let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        let fastest = 1e3 * epochs.iter().map(|epoch| epoch.seconds).fold(f64::INFINITY, f64::min);
        let (size, share) = (world.size(), 100.0 * share);
        println!("{digest}  {fastest:.3} ms the fastest epoch on {size} ranks, {share:.2} % in messages");
    }
    Ok(())
}

/// How long an epoch took, and how much of it a rank was sending, receiving or waiting.
struct EpochTime {
    seconds: f64,
    in_messages: f64,
}

/// A trained network, and the time of each epoch.
fn train(options: &Options, ranks: &TimedRanks<'_>) -> Result<(Network, Vec<EpochTime>), ann_train::Error> {
    let architecture = Architecture::inputs(options.inputs)
        .with_layers(Activation::Tanh.layers([options.units; 2]))
        .dense(1, Activation::Identity);
    let value = |row: usize, column: usize| ((row * 7919 + column * 104_729) % 10_007) as f64 / 5003.5 - 1.0;
    let x = Array2::from_shape_fn((options.rows, options.inputs), |(row, column)| value(row, column));
    let y = Array2::from_shape_fn((options.rows, 1), |(row, _)| (3.0 * value(row, 0)).sin());
    let problem = Problem::new(&architecture, Loss::MeanSquaredError, &x, &y)?;
    let network = Network::init(&architecture, Default::default(), &mut seeded(1))?;
    let batching = match options.batch {
        0 => Batching::Full,
        rows => Batching::Shuffled { rows, seed: 1, drop_last: false },
    };
    let config = TrainConfig {
        optimizer: options.optimizer.into(),
        learning_rate: LearningRate::from(0.01),
        epochs: options.epochs,
        threads: options.threads,
        batching,
        ..TrainConfig::default()
    };
    let mut training = Training::new(&problem, network, &config)?.with_ranks(Some(ranks));
    let mut epochs = vec![];
    loop {
        let (begin, before) = (Instant::now(), ranks.seconds());
        if training.epoch()?.is_break() {
            break;
        }
        let seconds = begin.elapsed().as_secs_f64();
        epochs.push(EpochTime { seconds, in_messages: ranks.seconds() - before });
    }
    let (network, _) = training.finish()?;
    Ok((network, epochs))
}

/// Ranks that measure how long their methods take.
#[derive(Debug)]
struct TimedRanks<'w> {
    world: &'w World,
    nanoseconds: AtomicU64,
}

impl TimedRanks<'_> {
    fn seconds(&self) -> f64 {
        1e-9 * self.nanoseconds.load(Ordering::Relaxed) as f64
    }

    fn timed(&self, message: impl FnOnce(&World)) {
        let begin = Instant::now();
        message(self.world);
        self.nanoseconds.fetch_add(begin.elapsed().as_nanos() as u64, Ordering::Relaxed);
    }
}

impl Ranks for TimedRanks<'_> {
    fn rank(&self) -> usize {
        self.world.rank()
    }

    fn size(&self) -> usize {
        self.world.size()
    }

    fn send(&self, numbers: &[f64], to: usize) {
        self.timed(|world| world.send(numbers, to));
    }

    fn receive(&self, numbers: &mut [f64], from: usize) {
        self.timed(|world| world.receive(numbers, from));
    }

    fn broadcast(&self, numbers: &mut [f64], root: usize) {
        self.timed(|world| world.broadcast(numbers, root));
    }
}

/// The median share of messages in an epoch, of the rank that waits least for a slower one in this epoch.
fn share_of_messages(world: &World, epochs: &[EpochTime]) -> f64 {
    let mut smallest = vec![f64::INFINITY; epochs.len()];
    for root in 0..world.size() {
        let mut shares: Vec<f64> = epochs.iter().map(|epoch| epoch.in_messages / epoch.seconds).collect();
        world.broadcast(&mut shares, root);
        smallest.iter_mut().zip(shares).for_each(|(smallest, share)| *smallest = smallest.min(share));
    }
    smallest.sort_by(f64::total_cmp);
    smallest.get(epochs.len() / 2).copied().unwrap_or_default()
}

fn bytes(numbers: &[f64]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
}
