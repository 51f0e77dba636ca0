//! A training step allocates nothing after the first, and neither does a prediction for one sample.
//!
//! One test alone, because allocations are counted for the whole process.

use ann_train::{
    Accumulation, Activation, Architecture, Batching, Init, Loss, Network, Objective, Problem, Scalar,
    TrainConfig, descend, ndarray::Array2, seeded, train,
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
    let mut predictor = network::<f64>(&[4, 5, 10, 5, 3]).predictor().unwrap();
    let mut outputs = [0.0; 3];
    let before = allocations();
    predictor.predict_into(&[0.1; 4], &mut outputs).unwrap();
    assert_eq!(allocations() - before, 0, "a prediction");
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

/// Allocations of a training on 1000 rows with mini-batches of `rows` rows.
fn train_for(epochs: usize, rows: usize, threads: usize) -> usize {
    let mut network = network::<f64>(&[60, 100, 2]);
    let architecture = network.architecture().clone();
    let (x, classes) = (Array2::zeros((1000, 60)), [0; 1000]);
    let problem = Problem::new(&architecture, Loss::SoftmaxCrossEntropy, &x, &classes).unwrap();
    let before = allocations();
    let batching = Batching::shuffled(rows, 0);
    let config = TrainConfig { epochs, batching, threads, ..TrainConfig::default() };
    train(&mut network, &problem, &config).unwrap();
    allocations() - before
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
