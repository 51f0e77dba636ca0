//! The networks on which faults are planted: small, and different in everything that a fault may affect.

use std::f64::consts::SQRT_2;

use ann_core::ndarray::Array2;
use ann_core::{Activation, Architecture, ChaCha8Rng, Init, Layer, Loss, Network, Problem, seeded};
use ann_datasets::{Dataset, doughnut, squares};
use rand_distr::{Distribution, StandardNormal};

/// A network, its data, and the point θ at which its gradient is checked.
#[derive(Clone, Debug)]
pub struct TestNetwork {
    /// Data, activation, hidden layers, and λ where it is not 0.
    pub name: &'static str,
    /// θ.
    pub at: Vec<f64>,
    /// Whether a pre-activation is exactly at a kink.
    pub is_at_kink: bool,
    architecture: Architecture,
    data: Data,
    loss: Loss,
    /// A weight for each row, or none.
    weights: Option<Vec<f64>>,
    l2: f64,
}

#[derive(Clone, Debug)]
struct Data {
    features: Array2<f64>,
    truth: Truth,
}

#[derive(Clone, Debug)]
enum Truth {
    /// Class of each row, and the number of classes.
    Classes(Vec<usize>, usize),
    /// Targets, shape (rows, outputs).
    Values(Array2<f64>),
}

/// The seed of the published kill matrix: with it each fault applies somewhere.
pub const SEED: u64 = 3;

/// Only every 15th row of a dataset is taken, because few rows keep a check fast.
const STRIDE: usize = 15;
/// Rows of invented data.
const ROWS: usize = 12;

/// Seventeen networks, with θ and invented data drawn from `seed`.
pub fn networks(seed: u64) -> Vec<TestNetwork> {
    let mut networks = of_the_report(seed);
    networks.extend(of_other_losses(seed));
    networks
}

/// Six networks with the other losses. Three of them have weights of rows, one of which is 0.
fn of_other_losses(seed: u64) -> Vec<TestNetwork> {
    let rng = &mut seeded(!seed);
    let [sigmoid, tanh] = [Activation::Sigmoid, Activation::Tanh];
    let three_classes = Data::classes(3, rng);
    let [labels, absolute, huber, quantiles, counts] =
        [3, 2, 2, 2, 2].map(|columns| Data::values(columns, rng));
    let labels = labels.map(|y| if y.abs() < 0.3 { 0.5 } else { f64::from(y > 0.0) });
    let counts = counts.map(|y| (2.0 * y.abs()).floor());
    let levels = vec![0.1, 0.25, 0.75];
    let mut network = |name, hidden: &[usize], activation: &Activation, data, loss| {
        let hidden = activation.clone().layers(hidden.iter().copied());
        TestNetwork::with_loss(name, hidden, data, loss, rng)
    };
    let smoothed = Loss::SmoothedCrossEntropy { smoothing: 0.2 };
    let weights: Vec<f64> = (0..ROWS).map(|row| [1.5, 0.5, 0.0, 2.0, 0.75][row % 5]).collect();
    vec![
        network("3 classes, smoothed, tanh [4]", &[4], &tanh, three_classes, smoothed),
        network("3 labels, tanh [4], weights", &[4], &tanh, labels, Loss::BinaryCrossEntropy)
            .with_weights(&weights),
        network("2 values, absolute, tanh [4], weights, λ", &[4], &tanh, absolute, Loss::AbsoluteError)
            .with_weights(&weights)
            .with_l2(0.05),
        network("2 values, Huber, sigmoid [4]", &[4], &sigmoid, huber, Loss::Huber { delta: 0.5 }),
        network("2 · 3 quantiles, tanh [5]", &[5], &tanh, quantiles, Loss::Quantile { levels }),
        network("2 counts, Poisson, tanh [4], weights", &[4], &tanh, counts, Loss::Poisson)
            .with_weights(&weights),
    ]
}

/// Eleven networks with the losses of the report.
fn of_the_report(seed: u64) -> Vec<TestNetwork> {
    let rng = &mut seeded(seed);
    let [leaky, relu] = [Activation::LeakyRelu { slope: 0.1 }, Activation::Relu];
    let [sigmoid, tanh] = [Activation::Sigmoid, Activation::Tanh];
    let [three, two, two_more, four] = [3, 2, 2, 4].map(|count| Data::classes(count, rng));
    let [one_value, three_values] = [1, 3].map(|outputs| Data::values(outputs, rng));
    let mut network = |name, hidden: &[usize], activation: &Activation, data| {
        TestNetwork::new(name, activation.clone().layers(hidden.iter().copied()), data, rng)
    };
    let mut networks = vec![
        network("doughnut, sigmoid [3]", &[3], &sigmoid, Data::of(&doughnut())),
        network("doughnut, sigmoid, deep", &[3, 10, 5, 4, 1, 4], &sigmoid, Data::of(&doughnut())),
        network("squares, tanh [5, 4, 3], λ", &[5, 4, 3], &tanh, Data::of(&squares())).with_l2(0.01),
        network("3 classes, ReLU [4, 4]", &[4, 4], &relu, three),
        network("2 classes, ReLU [5], a unit at its kink", &[5], &relu, two).with_a_unit_at_its_kink(),
        network("2 classes, leaky ReLU [3, 3], λ", &[3, 3], &leaky, two_more).with_l2(0.1),
        network("4 classes, no hidden layer", &[], &tanh, four),
        network("1 value, sigmoid [3], λ", &[3], &sigmoid, one_value).with_l2(0.02),
        network("3 values, tanh [4, 4]", &[4, 4], &tanh, three_values),
    ];
    let gated = [Activation::Silu, Activation::Mish, Activation::Gelu, Activation::Softplus];
    let exponential = [Activation::Elu { alpha: 1.0 }, Activation::Selu, Activation::Elu { alpha: 0.4 }];
    let layers =
        |activations: &[Activation]| activations.iter().map(|of| Layer::new(3, of.clone())).collect();
    let (classes, values) = (Data::classes(3, rng), Data::values(2, rng));
    networks.extend([
        TestNetwork::new("3 classes, SiLU, Mish, GELU and softplus", layers(&gated), classes, rng),
        TestNetwork::new("2 values, ELU, SELU and ELU, λ", layers(&exponential), values, rng).with_l2(0.02),
    ]);
    networks
}

impl TestNetwork {
    fn new(name: &'static str, hidden: Vec<Layer>, data: Data, rng: &mut ChaCha8Rng) -> Self {
        let loss = match data.truth {
            Truth::Classes(..) => Loss::SoftmaxCrossEntropy,
            Truth::Values(_) => Loss::MeanSquaredError,
        };
        Self::with_loss(name, hidden, data, loss, rng)
    }

    fn with_loss(
        name: &'static str,
        hidden: Vec<Layer>,
        data: Data,
        loss: Loss,
        rng: &mut ChaCha8Rng,
    ) -> Self {
        let outputs = match &loss {
            Loss::Quantile { levels } => data.outputs() * levels.len(),
            _ => data.outputs(),
        };
        let architecture = Architecture::inputs(data.features.ncols())
            .with_layers(hidden)
            .dense(outputs, Activation::Identity);
        let at = draw(&architecture, rng);
        Self { name, at, is_at_kink: false, architecture, data, loss, weights: None, l2: 0.0 }
    }

    fn with_weights(self, weights: &[f64]) -> Self {
        Self { weights: Some(weights.to_vec()), ..self }
    }

    fn with_l2(self, l2: f64) -> Self {
        Self { l2, ..self }
    }

    /// Row 0 becomes x = (1, 0, …) and b₀ = −W₀₀, so that z₀ = 0 exactly, in whatever order it is summed.
    fn with_a_unit_at_its_kink(mut self) -> Self {
        self.data.features.row_mut(0).fill(0.0);
        self.data.features[[0, 0]] = 1.0;
        let span = self.problem().layout().layers()[0].clone();
        self.at[span.bias().start] = -self.at[span.weights().start];
        Self { is_at_kink: true, ..self }
    }

    /// Whether the network has activations with kinks, or its loss has.
    pub fn has_kinks(&self) -> bool {
        matches!(self.loss, Loss::AbsoluteError | Loss::Quantile { .. })
            || self.architecture.layers().iter().any(|layer| !layer.activation.kinks().is_empty())
    }

    /// The problem of training this network.
    #[expect(clippy::missing_panics_doc, reason = "the data was made for the architecture")]
    pub fn problem(&self) -> Problem<'_> {
        let Self { architecture, data: Data { features, truth }, .. } = self;
        let loss = self.loss.clone();
        let problem = match truth {
            Truth::Classes(classes, _) => Problem::new(architecture, loss, features, classes),
            Truth::Values(values) => Problem::new(architecture, loss, features, values),
        };
        let penalised = problem.and_then(|problem| problem.with_l2(self.l2));
        let weighted = penalised.and_then(|problem| match &self.weights {
            Some(weights) => problem.with_weights(weights),
            None => Ok(problem),
        });
        weighted.expect("the architecture was made for the data, λ ≥ 0, and there is a weight for each row")
    }
}

/// θ with W ~ N(0, gain² · 2 / (fan_in + fan_out)) and b ~ N(mean, deviation²).
/// Random biases keep units active.
fn draw(architecture: &Architecture, rng: &mut ChaCha8Rng) -> Vec<f64> {
    let (gain, mean, deviation) = match architecture.layers()[0].activation {
        // He's weights, and biases with which more units are on than off.
        Activation::Relu | Activation::LeakyRelu { .. } => (SQRT_2, 0.25, 0.5),
        _ => (1.0, 0.0, 0.5),
    };
    let network: Network = Network::init(architecture, Init::XavierNormal { gain }, rng)
        .expect("the architecture has layers, and the gain is a number");
    let layout = network.layout().clone();
    let mut at = network.into_parameters();
    for bias in layout.layers().iter().flat_map(ann_core::LayerSpan::bias) {
        at[bias] = mean + deviation * normal(rng);
    }
    at
}

impl Data {
    /// Every [`STRIDE`]th row.
    fn of(dataset: &Dataset) -> Self {
        let rows: Vec<usize> = (0..dataset.len()).step_by(STRIDE).collect();
        let count = dataset.classes().len();
        let dataset = dataset.select(&rows);
        Self { truth: Truth::Classes(dataset.class_indices(), count), features: dataset.features }
    }

    /// x ~ N(0, 1) in three columns; classes in turn.
    fn classes(count: usize, rng: &mut ChaCha8Rng) -> Self {
        let classes = (0..ROWS).map(|row| row % count).collect();
        Self { features: normals(ROWS, 3, rng), truth: Truth::Classes(classes, count) }
    }

    /// x ~ N(0, 1) in two columns, y ~ N(0, 1).
    fn values(outputs: usize, rng: &mut ChaCha8Rng) -> Self {
        Self { features: normals(ROWS, 2, rng), truth: Truth::Values(normals(ROWS, outputs, rng)) }
    }

    /// The same with other targets, if they are values.
    fn map(mut self, value: impl Fn(f64) -> f64) -> Self {
        if let Truth::Values(values) = &mut self.truth {
            values.mapv_inplace(value);
        }
        self
    }

    fn outputs(&self) -> usize {
        match &self.truth {
            Truth::Classes(_, count) => *count,
            Truth::Values(values) => values.ncols(),
        }
    }
}

fn normals(rows: usize, columns: usize, rng: &mut ChaCha8Rng) -> Array2<f64> {
    Array2::from_shape_simple_fn((rows, columns), || normal(rng))
}

fn normal(rng: &mut ChaCha8Rng) -> f64 {
    StandardNormal.sample(rng)
}
