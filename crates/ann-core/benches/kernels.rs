//! Micro-benchmarks of the kernels: `cargo bench -p ann-core`. Whole workloads beside other libraries:
//! `cargo xtask bench`.

use ann_core::block::{Batch, Kernel, Scratch, accumulate};
use ann_core::ndarray::Array2;
use ann_core::{Activation, Architecture, Init, Loss, Network, Problem, Scalar, elementary, seeded, vector};
use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use rand::RngExt;

/// Rows of a block.
const ROWS: usize = 128;
/// Numbers that fit into the nearest cache.
const NUMBERS: usize = 2048;

fn main() {
    divan::main();
}

/// Widths of a network.
const SHAPES: [&[usize]; 5] =
    [&[2, 3, 2], &[4, 5, 10, 5, 3], &[64, 100, 10], &[300, 300, 2], &[1024, 1024, 10]];

#[divan::bench(types = [f32, f64], args = SHAPES)]
fn forward_and_loss<F: Scalar>(bencher: Bencher<'_, '_>, widths: &[usize]) {
    with_problem::<F>(widths, |problem, network| {
        let (mut scratch, batch) = gathered(problem, Kernel::Fused);
        let bencher = bencher.counter(ItemsCount::new(ROWS));
        bencher.bench_local(|| accumulate(problem, network.parameters(), &batch, &mut scratch, None));
    });
}

#[divan::bench(types = [f32, f64], args = SHAPES)]
fn and_backward<F: Scalar>(bencher: Bencher<'_, '_>, widths: &[usize]) {
    gradient::<F>(bencher, widths, Kernel::Fused);
}

#[divan::bench(types = [f32, f64], args = SHAPES)]
fn and_backward_by_the_textbook<F: Scalar>(bencher: Bencher<'_, '_>, widths: &[usize]) {
    gradient::<F>(bencher, widths, Kernel::Textbook);
}

fn gradient<F: Scalar>(bencher: Bencher<'_, '_>, widths: &[usize], kernel: Kernel) {
    with_problem::<F>(widths, |problem, network| {
        let (mut scratch, batch) = gathered(problem, kernel);
        let mut gradient = vec![F::zero(); network.parameters().len()];
        let bencher = bencher.counter(ItemsCount::new(ROWS));
        bencher.bench_local(|| {
            accumulate(problem, network.parameters(), &batch, &mut scratch, Some(&mut gradient))
        });
    });
}

fn gathered<F: Scalar>(problem: &Problem<'_, F>, kernel: Kernel) -> (Scratch<F>, Batch<F>) {
    let scratch = Scratch::with_kernel(problem.architecture(), ROWS, kernel).unwrap();
    let mut batch = Batch::new(kernel);
    batch.gather(problem, 0..ROWS);
    (scratch, batch)
}

#[divan::bench(types = [f32, f64], args = SHAPES)]
fn one_sample<F: Scalar>(bencher: Bencher<'_, '_>, widths: &[usize]) {
    with_problem::<F>(widths, |problem, network| {
        let mut predictor = network.predictor().expect("the weights are finite");
        let x: Vec<F> = problem.features().row(0).to_vec();
        let mut outputs = vec![F::zero(); problem.architecture().output_width()];
        bencher.bench_local(|| predictor.predict_into(black_box(&x), &mut outputs));
    });
}

fn with_problem<F: Scalar>(widths: &[usize], measure: impl FnOnce(&Problem<'_, F>, &Network<F>)) {
    let (outputs, hidden) = widths[1..].split_last().expect("a shape has outputs");
    let hidden = Activation::Sigmoid.layers(hidden.iter().copied());
    let architecture =
        Architecture::inputs(widths[0]).with_layers(hidden).dense(*outputs, Activation::Identity);
    let mut rng = seeded(0);
    let network = Network::init(&architecture, Init::default(), &mut rng).expect("a fine architecture");
    let x = Array2::from_shape_fn((ROWS, widths[0]), |_| F::of(rng.random()));
    let classes: Vec<usize> = (0..ROWS).map(|row| row % outputs).collect();
    let problem = Problem::new(&architecture, Loss::SoftmaxCrossEntropy, &x, &classes).expect("fine data");
    measure(&problem, &network);
}

#[divan::bench(types = [f32, f64], args = ["exp", "ln", "tanh", "sigmoid"])]
fn functions<F: Scalar>(bencher: Bencher<'_, '_>, name: &str) {
    let function = match name {
        "exp" => elementary::exp,
        "ln" => elementary::ln,
        "tanh" => elementary::tanh,
        _ => elementary::sigmoid,
    };
    let numbers: Vec<F> = (0..NUMBERS).map(|i| F::of(0.5 + i as f64 / NUMBERS as f64)).collect();
    let mut values = numbers.clone();
    bencher.counter(ItemsCount::new(NUMBERS)).bench_local(|| {
        values.copy_from_slice(black_box(&numbers));
        function(&mut values);
    });
}

#[divan::bench(types = [f32, f64])]
fn add_scaled<F: Scalar>(bencher: Bencher<'_, '_>) {
    let (mut sum, part) = (vec![F::zero(); NUMBERS], vec![F::one(); NUMBERS]);
    bencher.counter(ItemsCount::new(NUMBERS)).bench_local(|| {
        vector::add_scaled(black_box(&mut sum), F::of(0.1), black_box(&part));
    });
}
