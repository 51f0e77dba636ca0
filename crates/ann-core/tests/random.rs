//! Random problems of all shapes, kernels, losses and both precisions, against the independent [`reference`].
//!
//! A problem is a function of its number. `ANN_RANDOM_PROBLEMS=first..end` chooses the numbers:
//! `cargo xtask random` runs many more than the gate, and a problem that fails is run alone with
//! `number..number + 1`.

use std::env;
use std::ops::Range;

use ann_core::block::{Kernel, Scratch, Tally, accumulate};
use ann_core::ndarray::{Array2, ArrayRef2, ShapeBuilder};
use ann_core::{
    Activation, Architecture, ChaCha8Rng, Layer, Loss, Network, Problem, Scalar, TargetKind, seeded,
};
use rand::RngExt;
use rand::seq::{IndexedRandom, SliceRandom};

use crate::own::{Huber, Softplus, SquaredHinge};
use crate::reference::{self, Bounded, Expected, RowLoss, Sample};

/// The problems of the gate: some four seconds.
const PROBLEMS: Range<u64> = 0..400;

/// At whole registers, tiles and strips, and beside them.
const WIDTHS: [usize; 28] = [
    1, 2, 3, 4, 5, 7, 8, 9, 11, 15, 16, 17, 31, 32, 33, 63, 64, 65, 96, 97, 127, 128, 129, 200, 255, 256,
    257, 300,
];
/// Enough inputs for the wide kernel.
const MANY_INPUTS: [usize; 9] = [256, 260, 300, 511, 513, 640, 784, 1025, 1100];
/// At whole tiles, groups and blocks, and beside them.
const ROWS: [usize; 24] =
    [1, 2, 3, 7, 8, 9, 15, 17, 31, 32, 33, 63, 65, 97, 129, 255, 511, 512, 513, 545, 1023, 1025, 1057, 2000];
/// The largest number of rows · parameters: of most problems, and of one in eight.
const WORK: [usize; 2] = [1 << 19, 1 << 22];

#[test]
fn random_problems_are_what_an_independent_reference_computes() {
    let (problems, mut sharp) = (problems(), 0);
    for number in problems.clone() {
        let expected = if number % 2 == 0 { check::<f64>(number) } else { check::<f32>(number) };
        sharp += u64::from(is_sharp(&expected.gradient));
    }
    // Bounds for many wide layers in f32 are so cautious that they find little; three of four are not.
    let most = 2 * (PROBLEMS.end - PROBLEMS.start) / 3;
    assert!(problems != PROBLEMS || sharp >= most, "only {sharp} problems have bounds that find mistakes");
}

/// Whether a mistake of 1% of the largest entry is found everywhere.
fn is_sharp(gradient: &[Bounded]) -> bool {
    let largest = |of: fn(&Bounded) -> f64| gradient.iter().map(of).fold(0.0, f64::max);
    largest(|entry| entry.error) <= 0.01 * largest(|entry| entry.value.abs())
}

/// From the environment, or those of the gate.
fn problems() -> Range<u64> {
    let Ok(chosen) = env::var("ANN_RANDOM_PROBLEMS") else { return PROBLEMS };
    let (first, end) = chosen.split_once("..").expect("ANN_RANDOM_PROBLEMS is first..end");
    first.parse().unwrap()..end.parse().unwrap()
}

fn check<F: Scalar>(number: u64) -> Expected {
    let case = Case::random(number);
    let expected = reference::expected::<F>(&case.architecture, case.loss, &case.parameters, case.samples());
    let data = case.data::<F>();
    for &kernel in case.kernels() {
        let (tally, gradient) = case.sums(&data, kernel);
        let what = format!("problem {number}, {kernel:?}, {case}");
        assert_sums(&what, &expected, tally, &gradient);
    }
    let network = Network::from_parameters(&case.architecture, data.parameters).unwrap();
    let outputs = network.forward(&data.x).unwrap();
    let mut predictor = network.predictor().unwrap();
    for (row, (expected, outputs)) in expected.outputs.iter().zip(outputs.rows()).enumerate() {
        let mut alone = vec![F::zero(); outputs.len()];
        predictor.predict_into(&data.x.row(row).to_vec(), &mut alone).unwrap();
        let what = format!("problem {number}, {case}, row {row}");
        assert_allowed(&what, expected, &outputs.to_vec());
        assert_allowed(&what, expected, &alone);
    }
    expected
}

fn assert_sums<F: Scalar>(what: &str, expected: &Expected, tally: Tally, gradient: &[F]) {
    assert!(expected.loss.allows(tally.loss), "{what}: loss {}, {:?}", tally.loss, expected.loss);
    // Weights are positive, and added in any order.
    let rounding = 1e-12 * expected.weight;
    let (least, most) = (expected.hits.start() - rounding, expected.hits.end() + rounding);
    assert!((tally.weight - expected.weight).abs() <= rounding, "{what}: weight {}", tally.weight);
    assert!((least..=most).contains(&tally.hits), "{what}: hits {}, {:?}", tally.hits, expected.hits);
    assert_allowed(what, &expected.gradient, gradient);
}

fn assert_allowed<F: Scalar>(what: &str, expected: &[Bounded], found: &[F]) {
    assert_eq!(expected.len(), found.len(), "{what}");
    for (index, (expected, found)) in expected.iter().zip(found).enumerate() {
        assert!(expected.allows(found.as_f64()), "{what}: entry {index} is {found}, {expected:?}");
    }
}

/// A problem; all its numbers have their value in `f32`, too.
#[derive(Debug)]
struct Case {
    architecture: Architecture,
    loss: RowLoss,
    parameters: Vec<f64>,
    x: Array2<f64>,
    classes: Vec<usize>,
    values: Array2<f64>,
    /// A weight for each row, some of them 0, or none.
    weights: Option<Vec<f64>>,
    /// The order in which rows are summed, and the size of a block.
    order: Vec<usize>,
    block: usize,
    /// Whether features lie column by column.
    columns: bool,
}

/// The numbers of a case in one precision.
struct Data<F> {
    parameters: Vec<F>,
    x: Array2<F>,
    values: Array2<F>,
    weights: Option<Vec<F>>,
}

impl Case {
    fn random(number: u64) -> Self {
        let mut rng = seeded(number);
        let architecture = random_architecture(&mut rng);
        let parameters = random_parameters(&architecture, &mut rng);
        let most = WORK[usize::from(rng.random_ratio(1, 8))] / parameters.len();
        let n = pick(&ROWS, &mut rng).min(most.max(1));
        let outputs = architecture.output_width();
        let loss = random_loss(outputs, &mut rng);
        // One feature in ten is 0, and some problems have outliers; the exponential of one would be infinite.
        let has_outliers = loss != RowLoss::Poisson && rng.random_ratio(1, 3);
        let outlier = if has_outliers { 1e4 } else { 1.0 };
        let mut feature = || match rng.random_range(0..60) {
            0..6 => 0.0,
            6 => in_f32(outlier * rng.random_range(-1.0..1.0)),
            _ => in_f32(rng.random_range(-1.0..1.0)),
        };
        let x = Array2::from_shape_fn((n, architecture.input_width()), |_| feature());
        let columns = built_in(loss).target_columns(outputs).unwrap();
        let values = Array2::from_shape_fn((n, columns), |_| random_value(loss, &mut rng));
        // The last class as often as all others.
        let class = |_| if rng.random() { outputs - 1 } else { rng.random_range(0..outputs) };
        let classes = (0..n).map(class).collect();
        let mut order: Vec<usize> = (0..n).collect();
        if rng.random() {
            order.shuffle(&mut rng);
        }
        let weights = rng.random::<bool>().then(|| random_weights(n, &mut rng));
        let (block, columns) = (pick(&ROWS, &mut rng), rng.random_ratio(1, 4));
        Self { architecture, loss, parameters, x, classes, values, weights, order, block, columns }
    }

    fn samples(&self) -> impl Iterator<Item = Sample<'_>> {
        let rows = self.x.rows().into_iter().zip(self.values.rows()).zip(&self.classes);
        let weight = |row: usize| self.weights.as_ref().map_or(1.0, |weights| weights[row]);
        rows.enumerate().map(move |(row, ((x, values), &class))| Sample {
            x: x.to_slice().unwrap(),
            class,
            values: values.to_slice().unwrap(),
            weight: weight(row),
        })
    }

    /// All that can compute it.
    fn kernels(&self) -> &'static [Kernel] {
        match Kernel::choose(&self.architecture) {
            Kernel::Textbook => &[Kernel::Textbook],
            _ => &[Kernel::Textbook, Kernel::Fused, Kernel::Wide],
        }
    }

    fn data<F: Scalar>(&self) -> Data<F> {
        let mut x = Array2::zeros(self.x.raw_dim().set_f(self.columns));
        x.assign(&self.x.mapv(F::of));
        let parameters = self.parameters.iter().map(|&parameter| F::of(parameter)).collect();
        let weights = self.weights.as_ref().map(|weights| weights.iter().map(|&w| F::of(w)).collect());
        Data { parameters, x, values: self.values.mapv(F::of), weights }
    }

    fn sums<F: Scalar>(&self, data: &Data<F>, kernel: Kernel) -> (Tally, Vec<F>) {
        let mut problem = self.problem(&data.x, &data.values);
        if let Some(weights) = &data.weights {
            problem = problem.with_weights(weights).unwrap();
        }
        let mut scratch = Scratch::with_kernel(&self.architecture, self.block, kernel).unwrap();
        let mut gradient = vec![F::zero(); data.parameters.len()];
        let mut tally = Tally::default();
        for rows in self.order.chunks(self.block) {
            tally += accumulate(&problem, &data.parameters, rows, &mut scratch, Some(&mut gradient));
        }
        (tally, gradient)
    }

    fn problem<'a, F: Scalar>(&'a self, x: &'a ArrayRef2<F>, values: &'a Array2<F>) -> Problem<'a, F> {
        let loss = built_in(self.loss);
        match loss.targets() {
            TargetKind::Classes => Problem::new(&self.architecture, loss, x, &self.classes).unwrap(),
            TargetKind::Values => Problem::new(&self.architecture, loss, x, values).unwrap(),
        }
    }
}

/// What a failure says of the problem.
impl std::fmt::Display for Case {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { architecture, loss, block, columns, .. } = self;
        let n = self.x.nrows();
        write!(f, "{architecture}, {loss:?}, {n} rows in blocks of {block}, column by column: {columns}")
    }
}

/// Up to four hidden layers; one problem in four has the inputs of the wide kernel, one in four layers up to
/// 300 units.
fn random_architecture(rng: &mut ChaCha8Rng) -> Architecture {
    let narrow = if rng.random_ratio(1, 4) { &WIDTHS[..] } else { &WIDTHS[..18] };
    let inputs = if rng.random_ratio(1, 4) { pick(&MANY_INPUTS, rng) } else { pick(&WIDTHS, rng) };
    let own = rng.random_ratio(1, 8);
    let hidden = (0..rng.random_range(0..=4)).map(|_| pick(narrow, rng)).collect::<Vec<_>>();
    let hidden: Vec<Layer> =
        hidden.into_iter().map(|width| Layer::new(width, random_activation(own, rng))).collect();
    let last = if rng.random_ratio(3, 4) { Activation::Identity } else { random_activation(own, rng) };
    Architecture::inputs(inputs).with_layers(hidden).dense(pick(&WIDTHS, rng), last)
}

/// One of the built-in activations that every kernel has, or (`own`) of all.
fn random_activation(own: bool, rng: &mut ChaCha8Rng) -> Activation {
    match rng.random_range(0..if own { 17 } else { 14 }) {
        0 => Activation::Identity,
        1 => Activation::Sigmoid,
        2 => Activation::Tanh,
        3 => Activation::Relu,
        4 => Activation::LeakyRelu { slope: 0.0 },
        5 => Activation::LeakyRelu { slope: 0.25 },
        6 => Activation::LeakyRelu { slope: 1.75 },
        7 => Activation::Elu { alpha: 1.0 },
        8 => Activation::Elu { alpha: 0.25 },
        9 => Activation::Selu,
        10 => Activation::Softplus,
        11 => Activation::Silu,
        12 => Activation::Mish,
        13 => Activation::Gelu,
        14 => Activation::LeakyRelu { slope: -0.5 },
        15 => Activation::Elu { alpha: -0.5 },
        _ => Softplus.into(),
    }
}

fn random_loss(outputs: usize, rng: &mut ChaCha8Rng) -> RowLoss {
    let levels: &[f64] = if outputs.is_multiple_of(2) { &[0.125, 0.75] } else { &[0.9] };
    pick(
        &[
            RowLoss::CrossEntropy(0.0),
            RowLoss::CrossEntropy(0.1),
            RowLoss::BinaryCrossEntropy,
            RowLoss::SquaredError,
            RowLoss::AbsoluteError,
            RowLoss::MeanHuber(0.75),
            RowLoss::Quantile(levels),
            RowLoss::Poisson,
            RowLoss::Huber,
            RowLoss::SquaredHinge,
        ],
        rng,
    )
}

fn built_in(loss: RowLoss) -> Loss {
    match loss {
        RowLoss::CrossEntropy(0.0) => Loss::SoftmaxCrossEntropy,
        RowLoss::CrossEntropy(smoothing) => Loss::SmoothedCrossEntropy { smoothing },
        RowLoss::BinaryCrossEntropy => Loss::BinaryCrossEntropy,
        RowLoss::SquaredError => Loss::MeanSquaredError,
        RowLoss::AbsoluteError => Loss::AbsoluteError,
        RowLoss::MeanHuber(delta) => Loss::Huber { delta },
        RowLoss::Quantile(levels) => Loss::Quantile { levels: levels.to_vec() },
        RowLoss::Poisson => Loss::Poisson,
        RowLoss::Huber => Huber.into(),
        RowLoss::SquaredHinge => SquaredHinge.into(),
    }
}

/// A target in the range of the loss: labels are 0, 1 or between, counts are whole numbers.
fn random_value(loss: RowLoss, rng: &mut ChaCha8Rng) -> f64 {
    let value: f64 = rng.random_range(-2.0..2.0);
    in_f32(match loss {
        RowLoss::BinaryCrossEntropy => value.clamp(0.0, 1.0),
        RowLoss::Poisson => (2.0 * value).abs().floor(),
        _ => value,
    })
}

/// One weight in six is 0, but not the first.
fn random_weights(n: usize, rng: &mut ChaCha8Rng) -> Vec<f64> {
    let mut weight = |row| {
        let is_absent = row > 0 && rng.random_ratio(1, 6);
        if is_absent { 0.0 } else { in_f32(rng.random_range(0.125..3.0)) }
    };
    (0..n).map(&mut weight).collect()
}

/// Weights that keep the size of what goes through a layer, and biases of ±½, some of them 0.
fn random_parameters(architecture: &Architecture, rng: &mut ChaCha8Rng) -> Vec<f64> {
    let layout = architecture.layout().unwrap();
    let mut parameters = vec![0.0; layout.len()];
    for span in layout.layers() {
        let size = (3.0 / span.fan_in as f64).sqrt();
        parameters[span.weights()].fill_with(|| in_f32(rng.random_range(-size..size)));
        let bias = || if rng.random_ratio(1, 8) { 0.0 } else { in_f32(rng.random_range(-0.5..0.5)) };
        parameters[span.bias()].fill_with(bias);
    }
    parameters
}

fn pick<T: Copy>(from: &[T], rng: &mut ChaCha8Rng) -> T {
    *from.choose(rng).expect("no list is empty")
}

fn in_f32(value: f64) -> f64 {
    f64::from(value as f32)
}
