//! A training step allocates nothing after the first, and neither does a prediction for one sample.
//!
//! One test alone, because allocations are counted for the whole process.

use ann_train::ann_core::FeatureSource;
use ann_train::ndarray::{Array2, ArrayView2};
use ann_train::{
    Accumulation, Activation, Adam, Architecture, Batching, Classifier, Init, Lbfgs, Loss, Momentum, Network,
    Objective, Problem, Rprop, Scalar, StepFactors, TrainConfig, descend, seeded, train,
};
use dhat::{HeapStats, Profiler};

#[global_allocator]
static COUNTING: dhat::Alloc = dhat::Alloc;

const STEPS: usize = 100;
/// rayon hands work to its threads through a queue in blocks of 63 places, and allocates each block.
const QUEUE: usize = 63;
/// A thread allocates as it starts and ends, and may be late with either.
const OF_A_THREAD: usize = 16;

#[test]
fn a_step_allocates_nothing_after_the_first() {
    let _counting = Profiler::builder().testing().build();
    // The first time, the test runner may still allocate, too.
    train_for(10, 7, 1);
    assert_eq!(train_for(20, 7, 1), train_for(10, 7, 1), "ten more epochs of mini-batches");
    let adam = Adam { decay: 0.01.into(), ..Adam::default() };
    let momentum = Momentum { nesterov: true, ..Momentum::default() };
    for optimizer in [adam.into(), momentum.into(), Rprop::default().into()] {
        let batching = Batching::Shuffled { rows: 7, seed: 0, drop_last: true };
        let steps = StepFactors { by_fan_in: true, biases: 0.1, input_factors: 6.0 };
        let config = TrainConfig { optimizer, batching, steps, clip_norm: 1.0, ..TrainConfig::default() };
        assert_eq!(train_with(20, &config), train_with(10, &config), "ten more epochs of {optimizer}");
    }
    let lbfgs = TrainConfig { optimizer: Lbfgs::default().into(), ..TrainConfig::default() };
    assert_eq!(train_with(20, &lbfgs), train_with(10, &lbfgs), "ten more iterations of L-BFGS");
    let mut predictor = network::<f64>(&[4, 5, 10, 5, 3]).predictor().unwrap();
    let mut outputs = [0.0; 3];
    let before = allocations();
    predictor.predict_into(&[0.1; 4], &mut outputs).unwrap();
    assert_eq!(allocations() - before, 0, "a prediction");
    let (x, labels) = (Array2::from_shape_fn((4, 1), |(row, _)| row as f64), ["low", "low", "high", "high"]);
    let fitted = Classifier::default().fit(&x, &labels).unwrap();
    let mut predictor = fitted.predictor().unwrap();
    let before = allocations();
    assert_eq!(*predictor.predict(&[3.0]).unwrap(), "high");
    assert!(predictor.predict_proba(&[3.0]).unwrap()[0] > 0.5);
    assert_eq!(allocations() - before, 0, "a prediction with its label");
    // Threads last, because they allocate as they start and end, whenever that is.
    for threads in [1, 2] {
        // Narrow and kept, wide, with many inputs, and rows that are too many to be kept.
        check::<f64>(&[2, 3, 2], Loss::SoftmaxCrossEntropy, 216, threads);
        check::<f32>(&[64, 100, 10], Loss::SoftmaxCrossEntropy, 600, threads);
        check::<f32>(&[300, 40, 10], Loss::SoftmaxCrossEntropy, 600, threads);
        check::<f32>(&[100, 16, 1], Loss::MeanSquaredError, 50_000, threads);
    }
    // Two sums an epoch, and one block of memory to keep the threads awake.
    let (few, many) = (train_for(10, 500, 2), train_for(10 + STEPS, 500, 2));
    let allowed = STEPS + (2 * STEPS).div_ceil(QUEUE) + 1 + OF_A_THREAD;
    assert!(many <= few + allowed, "{few} and {many} allocations in epochs of shared mini-batches");
}

/// Allocations of a training with mini-batches of `rows` rows.
fn train_for(epochs: usize, rows: usize, threads: usize) -> usize {
    train_with(
        epochs,
        &TrainConfig { batching: Batching::shuffled(rows, 0), threads, ..TrainConfig::default() },
    )
}

/// Allocations of a training on 1000 rows, of which every fifth has the weight 0.
fn train_with(epochs: usize, config: &TrainConfig) -> usize {
    let network = network::<f64>(&[60, 100, 2]);
    let architecture = network.architecture().clone();
    let x = Array2::from_shape_fn((1000, 60), |(row, column)| ((row * column) % 17) as f64 / 17.0);
    let classes: Vec<usize> = (0..1000).map(|row| row % 2).collect();
    let weights: Vec<f64> = (0..1000).map(|row| (row % 5) as f64).collect();
    let (source, all) = (Rows(x.view()), (0..1000).collect::<Vec<_>>());
    let loss = Loss::SoftmaxCrossEntropy;
    let of_matrix = Problem::new(&architecture, loss.clone(), &x, &classes).unwrap();
    let of_source = Problem::of_source(&architecture, loss, &source, &all, &classes).unwrap();
    // Threads allocate now and then, which two trainings would do twice as often.
    let problems = if config.threads == 1 { vec![of_matrix, of_source] } else { vec![of_matrix] };
    let trained = problems.into_iter().map(|problem| {
        let (mut network, problem) = (network.clone(), problem.with_weights(&weights).unwrap());
        let before = allocations();
        train(&mut network, &problem, &TrainConfig { epochs, ..*config }).unwrap();
        allocations() - before
    });
    trained.sum()
}

/// The rows of a matrix, which are copied when they are needed.
#[derive(Debug)]
struct Rows<'a>(ArrayView2<'a, f64>);

impl FeatureSource<f64> for Rows<'_> {
    fn rows(&self) -> usize {
        self.0.nrows()
    }

    fn width(&self) -> usize {
        self.0.ncols()
    }

    fn copy_rows(&self, rows: &[usize], features: &mut [f64]) {
        for (features, &row) in features.chunks_exact_mut(self.width()).zip(rows) {
            features.copy_from_slice(self.0.row(row).as_slice().unwrap());
        }
    }
}

#[track_caller]
fn check<F: Scalar>(widths: &[usize], loss: Loss, rows: usize, threads: usize) {
    let mut network = network::<F>(widths);
    let architecture = network.architecture().clone();
    let x = Array2::from_elem((rows, widths[0]), F::of(0.1));
    let (classes, values) = (vec![0; rows], Array2::zeros((rows, architecture.output_width())));
    let problem = match loss {
        Loss::MeanSquaredError => Problem::new(&architecture, loss, &x, &values),
        _ => Problem::new(&architecture, loss, &x, &classes),
    };
    let problem = problem.unwrap();
    let mut objective = Objective::with_threads(&problem, Accumulation::Batched, rows, threads).unwrap();
    let mut gradient = network.parameters().to_vec();
    let batch: Vec<usize> = (0..rows / 2).collect();
    let mut step = || {
        objective.value_and_gradient(network.parameters(), &mut gradient);
        descend(network.parameters_mut(), &gradient, F::of(0.1));
        objective.value_and_gradient_of(&batch, network.parameters(), &mut gradient);
        objective.value(network.parameters());
    };
    step();
    let before = allocations();
    (0..STEPS).for_each(|_| step());
    let found = allocations() - before;
    // Three sums in a step; the first block may be full already, and the pool before may still be ending.
    let allowed = if threads == 1 { 0 } else { (3 * STEPS).div_ceil(QUEUE) + 1 + OF_A_THREAD };
    assert!(found <= allowed, "{found} allocations in {STEPS} steps of {widths:?} with {threads} threads");
}

fn network<F: Scalar>(widths: &[usize]) -> Network<F> {
    let (outputs, hidden) = widths[1..].split_last().unwrap();
    let hidden = Activation::Sigmoid.layers(hidden.iter().copied());
    let architecture =
        Architecture::inputs(widths[0]).with_layers(hidden).dense(*outputs, Activation::Identity);
    Network::init(&architecture, Init::default(), &mut seeded(1)).unwrap()
}

fn allocations() -> usize {
    HeapStats::get().total_blocks as usize
}
