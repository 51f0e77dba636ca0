//! Rows, targets and initial weights: the same numbers for every library.

use ann_core::{Activation, Architecture, Layout, Loss, Problem, Result, Scalar, Targets};
use ann_datasets::Dataset;
use ann_workloads::{
    Data, Hidden, SEED_OF_ROW_WEIGHTS, SEED_OF_ROWS, SEED_OF_WEIGHTS, Uniform, Workload, bell,
};
use ndarray::Array2;

/// The network of a workload.
pub fn architecture(workload: &Workload) -> Architecture {
    let hidden = match workload.hidden {
        Hidden::Sigmoid => Activation::Sigmoid,
        Hidden::Tanh => Activation::Tanh,
        Hidden::Relu => Activation::Relu,
        Hidden::Silu => Activation::Silu,
    };
    Architecture::inputs(workload.inputs())
        .with_layers(hidden.layers(workload.hidden_widths().iter().copied()))
        .dense(workload.outputs(), Activation::Identity)
}

/// Features (n, inputs), and a target for each row; a weight too if the workload has weights.
pub struct Rows<F> {
    pub features: Array2<F>,
    targets: OwnedTargets<F>,
    weights: Option<Vec<F>>,
}

enum OwnedTargets<F> {
    Classes(Vec<usize>),
    Values(Vec<F>),
}

impl<F: Scalar> Rows<F> {
    pub fn of(workload: &Workload) -> Self {
        let mut uniform = Uniform::new(SEED_OF_ROW_WEIGHTS);
        let weights = || (0..workload.rows).map(|_| F::of(uniform.row_weight())).collect();
        Self { weights: workload.weighted.then(weights), ..Self::without_weights(workload) }
    }

    fn without_weights(workload: &Workload) -> Self {
        match (workload.data, workload.loss) {
            (Data::Bell, _) => Self::on_a_bell(workload.rows, workload.inputs()),
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

    fn new(features: Array2<F>, targets: OwnedTargets<F>) -> Self {
        Self { features, targets, weights: None }
    }

    fn embedded(data: &Dataset) -> Self {
        // Numbered in sorted order, as in all runners: C1 is 0 and C2 is 1. The species of Iris first appear
        // in this order too.
        let classes = data.class_indices();
        Self::new(data.features.mapv(F::of), OwnedTargets::Classes(classes))
    }

    fn with_classes(rows: usize, inputs: usize, classes: usize) -> Self {
        let (features, mut uniform) = features(rows, inputs);
        let targets = (0..rows).map(|_| uniform.class(classes)).collect();
        Self::new(features, OwnedTargets::Classes(targets))
    }

    /// Rows with a target in [0, 1) each.
    pub fn with_values(rows: usize, inputs: usize) -> Self {
        let (features, mut uniform) = features(rows, inputs);
        let targets = (0..rows).map(|_| F::of(uniform.draw())).collect();
        Self::new(features, OwnedTargets::Values(targets))
    }

    fn on_a_bell(rows: usize, inputs: usize) -> Self {
        let (features, _) = features::<f64>(rows, inputs);
        let targets = features.rows().into_iter().map(|x| F::of(bell(&x.to_vec()))).collect();
        Self::new(features.mapv(F::of), OwnedTargets::Values(targets))
    }

    /// Squared error of the values, without penalty.
    pub fn squared_error<'a>(&'a self, architecture: &'a Architecture) -> Result<Problem<'a, F>> {
        self.minimising(architecture, Loss::MeanSquaredError)
    }

    /// The problem of a workload.
    pub fn problem<'a>(
        &'a self,
        architecture: &'a Architecture,
        workload: &Workload,
    ) -> Result<Problem<'a, F>> {
        let loss = match (workload.loss, workload.smoothing) {
            (ann_workloads::Loss::SquaredError, _) => Loss::MeanSquaredError,
            (ann_workloads::Loss::CrossEntropy, 0.0) => Loss::SoftmaxCrossEntropy,
            (ann_workloads::Loss::CrossEntropy, smoothing) => Loss::SmoothedCrossEntropy { smoothing },
        };
        self.minimising(architecture, loss)?.with_l2(workload.l2)
    }

    fn minimising<'a>(&'a self, architecture: &'a Architecture, loss: Loss) -> Result<Problem<'a, F>> {
        let targets = match &self.targets {
            OwnedTargets::Classes(classes) => Targets::from(classes),
            OwnedTargets::Values(values) => Targets::from(values),
        };
        let problem = Problem::new(architecture, loss, &self.features, targets)?;
        match &self.weights {
            Some(weights) => problem.with_weights(weights.as_slice()),
            None => Ok(problem),
        }
    }
}

/// Features row by row, and the generator from which the targets are drawn next.
fn features<F: Scalar>(rows: usize, inputs: usize) -> (Array2<F>, Uniform) {
    let mut uniform = Uniform::new(SEED_OF_ROWS);
    (Array2::from_shape_simple_fn((rows, inputs), || F::of(uniform.draw())), uniform)
}

/// The parameters of the first network.
pub fn initial_parameters<F: Scalar>(layout: &Layout) -> Vec<F> {
    drawn_parameters(layout, &mut Uniform::new(SEED_OF_WEIGHTS))
}

/// The parameters of several networks, one after another from the same stream.
pub fn initial_networks<F: Scalar>(layout: &Layout, networks: usize) -> Vec<Vec<F>> {
    let mut uniform = Uniform::new(SEED_OF_WEIGHTS);
    (0..networks).map(|_| drawn_parameters(layout, &mut uniform)).collect()
}

/// Weights layer by layer, each W row by row; biases 0.
fn drawn_parameters<F: Scalar>(layout: &Layout, uniform: &mut Uniform) -> Vec<F> {
    let mut parameters = vec![F::zero(); layout.len()];
    for span in layout.layers() {
        parameters[span.weights()].fill_with(|| F::of(uniform.weight(span.fan_in, span.fan_out)));
    }
    parameters
}
