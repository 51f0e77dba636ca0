//! Rows, targets and initial weights: the same numbers for every library, from a generator that is one line in any language.

use ann_core::{Architecture, Layout, Loss, Problem, Result, Scalar, Targets};
use ann_datasets::Dataset;
use ndarray::Array2;

use crate::catalogue::{Data, Workload};

const SEED_OF_ROWS: u64 = 1;
const SEED_OF_WEIGHTS: u64 = 2;

/// s ← 6364136223846793005 s + 1442695040888963407 mod 2⁶⁴, from s = seed on; each number is ⌊s / 2³³⌋ / 2³¹, in [0, 1).
struct Stream(u64);

impl Stream {
    fn draw(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as f64 / (1_u64 << 31) as f64
    }
}

/// Rows and what they should become.
pub struct Rows<F> {
    pub features: Array2<F>,
    truth: Truth<F>,
}

enum Truth<F> {
    Classes(Vec<usize>),
    Values(Vec<F>),
}

impl<F: Scalar> Rows<F> {
    pub fn of(workload: &Workload) -> Self {
        let (inputs, outputs) = (workload.widths[0], workload.widths[workload.widths.len() - 1]);
        match workload.data {
            Data::Doughnut => Self::embedded(&ann_datasets::doughnut()),
            Data::Squares => Self::embedded(&ann_datasets::squares()),
            Data::Iris => Self::embedded(&ann_datasets::iris()),
            Data::Classes(rows) => Self::with_classes(rows, inputs, outputs),
            Data::Values(rows) => Self::with_values(rows, inputs),
        }
    }

    fn embedded(data: &Dataset) -> Self {
        // Sorted, which is the order of their first appearance in these files.
        Self { features: data.features.mapv(F::of), truth: Truth::Classes(data.class_indices()) }
    }

    fn with_classes(rows: usize, inputs: usize, classes: usize) -> Self {
        let (features, mut stream) = features(rows, inputs);
        let truth = (0..rows).map(|_| (stream.draw() * classes as f64) as usize).collect();
        Self { features, truth: Truth::Classes(truth) }
    }

    /// A number for each row, in [0, 1).
    pub fn with_values(rows: usize, inputs: usize) -> Self {
        let (features, mut stream) = features(rows, inputs);
        let truth = (0..rows).map(|_| F::of(stream.draw())).collect();
        Self { features, truth: Truth::Values(truth) }
    }

    /// Cross-entropy of the classes, or squared error of the values.
    pub fn problem<'a>(&'a self, architecture: &'a Architecture, l2: f64) -> Result<Problem<'a, F>> {
        let (loss, targets) = match &self.truth {
            Truth::Classes(classes) => (Loss::SoftmaxCrossEntropy, Targets::from(classes)),
            Truth::Values(values) => (Loss::MeanSquaredError, Targets::from(values)),
        };
        Problem::new(architecture, loss, &self.features, targets)?.with_l2(l2)
    }
}

/// Features row by row, and the stream where the targets go on.
fn features<F: Scalar>(rows: usize, inputs: usize) -> (Array2<F>, Stream) {
    let mut stream = Stream(SEED_OF_ROWS);
    (Array2::from_shape_simple_fn((rows, inputs), || F::of(stream.draw())), stream)
}

/// w = (2u − 1) √(6 / (fan_in + fan_out)), layer by layer and row by row; biases 0.
pub fn initial_parameters<F: Scalar>(layout: &Layout) -> Vec<F> {
    let mut parameters = vec![F::zero(); layout.len()];
    let mut stream = Stream(SEED_OF_WEIGHTS);
    for span in layout.layers() {
        let bound = (6.0 / (span.fan_in + span.fan_out) as f64).sqrt();
        parameters[span.weights()].fill_with(|| F::of((2.0 * stream.draw() - 1.0) * bound));
    }
    parameters
}
