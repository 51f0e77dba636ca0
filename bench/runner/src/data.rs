//! Rows, targets and initial weights: the same numbers for every library.

use ann_core::{Activation, Architecture, Layout, Loss, Problem, Result, Scalar, Targets};
use ann_datasets::Dataset;
use ann_workloads::{Data, Hidden, SEED_OF_ROWS, SEED_OF_WEIGHTS, Uniform, Workload};
use ndarray::Array2;

/// The network of a workload.
pub fn architecture(workload: &Workload) -> Architecture {
    let hidden = match workload.hidden {
        Hidden::Sigmoid => Activation::Sigmoid,
        Hidden::Relu => Activation::Relu,
    };
    Architecture::inputs(workload.inputs())
        .with_layers(hidden.layers(workload.hidden_widths().iter().copied()))
        .dense(workload.outputs(), Activation::Identity)
}

/// Features (n, inputs), and a target for each row.
pub struct Rows<F> {
    pub features: Array2<F>,
    targets: OwnedTargets<F>,
}

enum OwnedTargets<F> {
    Classes(Vec<usize>),
    Values(Vec<F>),
}

impl<F: Scalar> Rows<F> {
    pub fn of(workload: &Workload) -> Self {
        match (workload.data, workload.loss) {
            (Data::Doughnut, _) => Self::embedded(&ann_datasets::doughnut()),
            (Data::Squares, _) => Self::embedded(&ann_datasets::squares()),
            (Data::Iris, _) => Self::embedded(&ann_datasets::iris()),
            (Data::Drawn, ann_workloads::Loss::CrossEntropy) => {
                Self::with_classes(workload.rows, workload.inputs(), workload.outputs())
            }
            (Data::Drawn, ann_workloads::Loss::SquaredError) => {
                Self::with_values(workload.rows, workload.inputs())
            }
        }
    }

    fn embedded(data: &Dataset) -> Self {
        // Numbered in sorted order, as in all runners: C1 is 0 and C2 is 1. The species of Iris first appear
        // in this order too.
        let classes = data.class_indices();
        Self { features: data.features.mapv(F::of), targets: OwnedTargets::Classes(classes) }
    }

    fn with_classes(rows: usize, inputs: usize, classes: usize) -> Self {
        let (features, mut uniform) = features(rows, inputs);
        let targets = (0..rows).map(|_| uniform.class(classes)).collect();
        Self { features, targets: OwnedTargets::Classes(targets) }
    }

    /// Rows with a target in [0, 1) each.
    pub fn with_values(rows: usize, inputs: usize) -> Self {
        let (features, mut uniform) = features(rows, inputs);
        let targets = (0..rows).map(|_| F::of(uniform.draw())).collect();
        Self { features, targets: OwnedTargets::Values(targets) }
    }

    /// Cross-entropy of the classes, or squared error of the values.
    pub fn problem<'a>(&'a self, architecture: &'a Architecture, l2: f64) -> Result<Problem<'a, F>> {
        let (loss, targets) = match &self.targets {
            OwnedTargets::Classes(classes) => (Loss::SoftmaxCrossEntropy, Targets::from(classes)),
            OwnedTargets::Values(values) => (Loss::MeanSquaredError, Targets::from(values)),
        };
        Problem::new(architecture, loss, &self.features, targets)?.with_l2(l2)
    }
}

/// Features row by row, and the generator from which the targets are drawn next.
fn features<F: Scalar>(rows: usize, inputs: usize) -> (Array2<F>, Uniform) {
    let mut uniform = Uniform::new(SEED_OF_ROWS);
    (Array2::from_shape_simple_fn((rows, inputs), || F::of(uniform.draw())), uniform)
}

/// Weights layer by layer, each W row by row; biases 0.
pub fn initial_parameters<F: Scalar>(layout: &Layout) -> Vec<F> {
    let mut parameters = vec![F::zero(); layout.len()];
    let mut uniform = Uniform::new(SEED_OF_WEIGHTS);
    for span in layout.layers() {
        parameters[span.weights()].fill_with(|| F::of(uniform.weight(span.fan_in, span.fan_out)));
    }
    parameters
}
