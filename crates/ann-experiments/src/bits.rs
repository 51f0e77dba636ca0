//! The bits of trained weights and of function values: equal for any number of threads, with any instruction
//! set, in debug and in release builds.

use ann_core::elementary::{exp, exp_m1, gelu, ln, mish, normal_cdf, sigmoid, silu, softplus, tanh};
use ann_core::ndarray::Array2;
use ann_core::{Activation, Architecture, Init, Layer, Loss, Network, Problem, Scalar, TargetKind, seeded};
use ann_datasets::{doughnut, iris};
use ann_train::{
    Accumulation, Adam, Batching, Classifier, Lbfgs, Objective, Optimizer, Regressor, Result, TrainConfig,
    train,
};
use rand::RngExt;
use sha2::{Digest, Sha256};

const SEED: u64 = 0;
const EPOCHS: usize = 100;
/// Rows of the large problem: enough for many leaves, few enough for a processor that
/// computes fused multiply-add in software.
const ROWS: usize = 10_000;

/// What was computed, and the SHA-256 of its values as little-endian `f64`s.
pub type Fingerprint = (&'static str, String);

/// The fingerprints of a narrow network, three deep ones, a wide one with mini-batches in both precisions,
/// one with many inputs, one with many rows, every loss with weights of rows, other optimizers with weights,
/// and the functions that they use.
///
/// # Errors
/// The threads cannot be started.
pub fn fingerprints(threads: usize) -> Result<Vec<Fingerprint>> {
    let classifier = |hidden: Vec<Layer>| Classifier {
        hidden,
        train: TrainConfig { epochs: EPOCHS, stop_below: 0.0, threads, ..Classifier::default().train },
        ..Classifier::default()
    };
    let (doughnut, iris) = (doughnut(), iris());
    let narrow = classifier(Activation::Sigmoid.layers([3])).fit(&doughnut.features, &doughnut.targets)?;
    let deep = classifier(Activation::Sigmoid.layers([5, 10, 5])).fit(&iris.features, &iris.targets)?;
    let leaky = Activation::LeakyRelu { slope: 0.01 };
    let mixed = [Activation::Tanh.layers([20]), leaky.layers([7])].concat();
    let mixed = classifier(mixed).fit(&iris.features, &iris.targets)?;
    let smooth = [Activation::Silu, Activation::Mish, Activation::Gelu, Activation::Softplus];
    let exponential = [Activation::Elu { alpha: 0.5 }, Activation::Selu];
    let others = smooth.into_iter().chain(exponential).map(|activation| Layer::new(9, activation));
    let others = classifier(others.collect()).fit(&iris.features, &iris.targets)?;
    let (adam, batches) = (Adam { decay: 0.01.into(), ..Adam::default() }, Batching::shuffled(700, SEED));
    let (x, y) = (uniform::<f64>(ROWS, 10), uniform(ROWS, 1));
    let many = Regressor {
        hidden: Activation::Sigmoid.layers([64, 64]),
        train: TrainConfig { epochs: 1, threads, ..Regressor::default().train },
        ..Regressor::default()
    };
    Ok(vec![
        ("doughnut 2-3-2 sigmoid, 100 epochs", sha256(narrow.network().parameters())),
        ("Iris 4-5-10-5-3 sigmoid, 100 epochs", sha256(deep.network().parameters())),
        ("Iris 4-20-7-3 tanh and leaky ReLU, 100 epochs", sha256(mixed.network().parameters())),
        ("Iris 4-9-9-9-9-9-9-3 SiLU to SELU, 100 epochs", sha256(others.network().parameters())),
        ("64-100-10 ReLU, batches of 64, one epoch", mini_batches::<f64>([64, 100], 64, threads)?),
        ("64-100-10 ReLU in f32, batches of 700, one epoch", mini_batches::<f32>([64, 100], 700, threads)?),
        ("300-20-10 ReLU, batches of 700, one epoch", mini_batches::<f64>([300, 20], 700, threads)?),
        ("300-20-10 ReLU in f32, batches of 64, one epoch", mini_batches::<f32>([300, 20], 64, threads)?),
        ("10-64-64-1 sigmoid, 10 000 rows, one step", sha256(many.fit(&x, &y)?.network().parameters())),
        ("every loss with weights of rows", losses::<f64>(threads)?),
        ("every loss with weights of rows in f32", losses::<f32>(threads)?),
        ("Adam with weights of rows, batches of 700", optimizer::<f32>(adam.into(), batches, threads)?),
        ("L-BFGS with weights of rows", optimizer::<f64>(Lbfgs::default().into(), Batching::Full, threads)?),
        ("exp, ln, tanh and sigmoid in f64", functions::<f64>([exp, ln, tanh, sigmoid])),
        ("exp, ln, tanh and sigmoid in f32", functions::<f32>([exp, ln, tanh, sigmoid])),
        ("smooth functions in f64", functions::<f64>([exp_m1, softplus, silu, mish, gelu, normal_cdf])),
        ("smooth functions in f32", functions::<f32>([exp_m1, softplus, silu, mish, gelu, normal_cdf])),
    ])
}

fn mini_batches<F: Scalar>([inputs, hidden]: [usize; 2], rows: usize, threads: usize) -> Result<String> {
    let classes: Vec<usize> = (0..1797).map(|row| row % 10).collect();
    let digits = Classifier {
        hidden: Activation::Relu.layers([hidden]),
        train: TrainConfig {
            batching: Batching::shuffled(rows, SEED),
            epochs: 1,
            threads,
            ..Classifier::default().train
        },
        ..Classifier::default()
    };
    Ok(sha256(digits.fit(&uniform::<F>(classes.len(), inputs), &classes)?.network().parameters()))
}

/// Loss and gradient of a 20-30-6 network for each loss, where every ninth row has the weight 0.
fn losses<F: Scalar>(threads: usize) -> Result<String> {
    const ROWS: usize = 700;
    let architecture = Architecture::inputs(20).dense(30, Activation::Tanh).dense(6, Activation::Identity);
    let network: Network<F> = Network::init(&architecture, Init::default(), &mut seeded(SEED))?;
    let (x, classes) = (uniform::<F>(ROWS, 20), (0..ROWS).map(|row| row % 6).collect::<Vec<_>>());
    let (six, two) = (uniform::<F>(ROWS, 6), uniform::<F>(ROWS, 2));
    let weight = |row: usize| if row % 9 == 4 { F::zero() } else { F::of((1 + row % 5) as f64 / 3.0) };
    let weights: Vec<F> = (0..ROWS).map(weight).collect();
    let mut numbers = Vec::new();
    for loss in [
        Loss::SoftmaxCrossEntropy,
        Loss::SmoothedCrossEntropy { smoothing: 0.1 },
        Loss::BinaryCrossEntropy,
        Loss::MeanSquaredError,
        Loss::AbsoluteError,
        Loss::Huber { delta: 0.25 },
        Loss::Quantile { levels: vec![0.1, 0.5, 0.9] },
        Loss::Poisson,
    ] {
        let problem = match (loss.targets(), loss.target_columns(6)?) {
            (TargetKind::Classes, _) => Problem::new(&architecture, loss, &x, &classes)?,
            (TargetKind::Values, 2) => Problem::new(&architecture, loss, &x, &two)?,
            (TargetKind::Values, _) => Problem::new(&architecture, loss, &x, &six)?,
        };
        let problem = problem.with_weights(&weights)?;
        let mut gradient = network.parameters().to_vec();
        let mut objective = Objective::with_threads(&problem, Accumulation::Batched, ROWS, threads)?;
        let value = objective.value_and_gradient(network.parameters(), &mut gradient);
        numbers.push(value.loss);
        numbers.extend(gradient.iter().map(|g| g.as_f64()));
    }
    Ok(sha256(&numbers))
}

/// Weights of a 20-30-6 network after five epochs on rows with weights.
fn optimizer<F: Scalar>(optimizer: Optimizer, batching: Batching, threads: usize) -> Result<String> {
    const ROWS: usize = 2000;
    let architecture = Architecture::inputs(20).dense(30, Activation::Silu).dense(6, Activation::Identity);
    let mut network: Network<F> = Network::init(&architecture, Init::default(), &mut seeded(SEED))?;
    let (x, classes) = (uniform::<F>(ROWS, 20), (0..ROWS).map(|row| row % 6).collect::<Vec<_>>());
    let weights: Vec<F> = (0..ROWS).map(|row| F::of((row % 4) as f64)).collect();
    let problem =
        Problem::new(&architecture, Loss::SoftmaxCrossEntropy, &x, &classes)?.with_weights(&weights)?;
    let config = TrainConfig { optimizer, batching, epochs: 5, threads, ..TrainConfig::default() };
    train(&mut network, &problem, &config)?;
    Ok(sha256(network.parameters()))
}

fn uniform<F: Scalar>(rows: usize, columns: usize) -> Array2<F> {
    let mut rng = seeded(SEED);
    Array2::from_shape_fn((rows, columns), |_| F::of(rng.random()))
}

/// Applies each function to numbers of every exponent and both signs, subnormal numbers, ±∞ and NaN.
fn functions<F: Scalar>(functions: impl IntoIterator<Item = fn(&mut [F])>) -> String {
    let mut rng = seeded(SEED);
    let numbers = (0..1 << 12).map(|top: u64| f64::from_bits(top << 52 | rng.random::<u64>() >> 12));
    let numbers: Vec<F> = numbers.chain((-2000..2000).map(|k| f64::from(k) / 32.0)).map(F::of).collect();
    let values = functions.into_iter().map(|function| {
        let mut values = numbers.clone();
        function(&mut values);
        // A NaN may have any sign.
        values.iter().map(|value| if value.is_nan() { F::nan() } else { *value }).collect::<Vec<F>>()
    });
    sha256(&values.collect::<Vec<_>>().concat())
}

fn sha256<F: Scalar>(numbers: &[F]) -> String {
    let bytes = numbers.iter().flat_map(|number| number.as_f64().to_le_bytes());
    let digest = Sha256::digest(bytes.collect::<Vec<u8>>());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}
