//! Weights of rows in the objective and in training.

use ann_train::ndarray::{Array2, Axis};
use ann_train::{
    Accumulation, Activation, Architecture, Batching, Init, Loss, Network, Objective, ObjectiveValue,
    Problem, TrainConfig, per_sample_gradients, seeded, train,
};

const ROWS: usize = 300;
const ALL: [Accumulation; 2] = [Accumulation::Batched, Accumulation::PerSample];

#[test]
fn the_mean_is_over_weights() {
    // ŷ = 0, y = 1, 2, 3, w = 1, 0.5, 0: (1 · 1 + 0.5 · 4) / 1.5 and ∂J/∂b = −2 (1 · 1 + 0.5 · 2) / 1.5.
    let architecture = Architecture::inputs(1).dense(1, Activation::Identity);
    let (x, y) = (Array2::zeros((3, 1)), vec![1.0, 2.0, 3.0]);
    let problem = Problem::new(&architecture, Loss::MeanSquaredError, &x, &y).unwrap();
    let problem = problem.with_weights(&[1.0, 0.5, 0.0]).unwrap();
    for accumulation in ALL {
        let mut gradient = [0.0_f64; 2];
        let mut objective = Objective::new(&problem, accumulation).unwrap();
        let value = objective.value_and_gradient(&[0.0, 0.0], &mut gradient);
        assert_eq!((value.loss, value.weight, value.hits, value.accuracy), (2.0, 1.5, None, None));
        // −4 / 1.5 as a product with the rounded 1 / 1.5.
        assert!((gradient[1] + 4.0 / 1.5).abs() < 1e-15, "{gradient:?}");
        assert_eq!(objective.value(&[0.0, 0.0]), value);
    }
}

#[test]
fn the_gradient_is_the_weighted_sum_of_single_rows() {
    let samples = Samples::new();
    let problem = samples.problem().with_weights(&samples.weights).unwrap().with_l2(0.1).unwrap();
    let at = samples.point();
    let single = per_sample_gradients(&problem, &at).unwrap();
    let mut expected = single.sum_axis(Axis(0)) / problem.total_weight();
    for span in problem.layout().layers() {
        span.weights().for_each(|index| expected[index] += 2.0 * 0.1 * at[index]);
    }
    let without = per_sample_gradients(&samples.problem(), &at).unwrap();
    for (row, &weight) in samples.weights.iter().enumerate() {
        let expected = &without.row(row) * weight;
        // δ is multiplied by the weight before the products: a few roundings of numbers below 10.
        let pairs = single.row(row).into_iter().zip(&expected).map(|(a, b)| (a - b).abs());
        assert!(pairs.fold(0.0, f64::max) < 1e-14, "row {row}");
    }
    for accumulation in ALL {
        let mut gradient = vec![0.0; at.len()];
        Objective::new(&problem, accumulation).unwrap().value_and_gradient(&at, &mut gradient);
        // A sum of 300 rows, each with entries below 10, divided by a weight of 190.
        let off = gradient.iter().zip(&expected).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        assert!(off < 1e-13, "{accumulation:?}: {off:e}");
    }
}

#[test]
fn a_batch_without_weight_has_only_a_penalty() {
    let samples = Samples::new();
    let problem = samples.problem().with_weights(&samples.weights).unwrap().with_l2(0.1).unwrap();
    let absent: Vec<usize> = (0..ROWS).filter(|&row| samples.weights[row] == 0.0).collect();
    assert!(absent.len() > 20);
    let at = samples.point();
    for accumulation in ALL {
        let mut gradient = vec![f64::NAN; at.len()];
        let mut objective = Objective::new(&problem, accumulation).unwrap();
        let value = objective.value_and_gradient_of(&absent, &at, &mut gradient);
        let expected = ObjectiveValue {
            loss: 0.0,
            weight: 0.0,
            hits: Some(0.0),
            accuracy: None,
            penalty: value.penalty,
        };
        assert_eq!(value, expected);
        assert!(value.penalty > 0.0);
        for (index, g) in gradient.iter().enumerate() {
            let is_weight = problem.layout().layers().iter().any(|span| span.weights().contains(&index));
            assert_eq!(*g, if is_weight { 2.0 * 0.1 * at[index] } else { 0.0 });
        }
    }
}

#[test]
fn accuracy_is_1_exactly_if_all_rows_with_a_weight_are_hits() {
    // Class 0 has the larger output everywhere; rows of class 1 have no weight.
    let architecture = Architecture::inputs(1).dense(2, Activation::Identity);
    let x = Array2::from_elem((ROWS, 1), 1.0);
    let classes: Vec<usize> = (0..ROWS).map(|row| usize::from(row % 7 == 3)).collect();
    let weight = |row: usize| if classes[row] == 1 { 0.0 } else { 1.0 / (row + 1) as f64 };
    let weights: Vec<f64> = (0..ROWS).map(weight).collect();
    let problem = Problem::new(&architecture, Loss::SoftmaxCrossEntropy, &x, &classes).unwrap();
    let problem = problem.with_weights(&weights).unwrap();
    let at = [1.0, -1.0, 0.0, 0.0];
    for accumulation in ALL {
        let value = Objective::new(&problem, accumulation).unwrap().value(&at);
        assert_eq!(value.accuracy, Some(1.0), "{accumulation:?}");
    }
    // The record of an epoch of mini-batches, some of which may have no weight.
    let mut network = Network::from_parameters(&architecture, at.to_vec()).unwrap();
    let batching = Batching::shuffled(3, 1);
    let config = TrainConfig { epochs: 2, batching, learning_rate: 1e-3.into(), ..TrainConfig::default() };
    let history = train(&mut network, &problem, &config).unwrap();
    assert!(history.records.iter().all(|record| record.accuracy == Some(1.0)), "{history:?}");
}

#[test]
fn copies_of_rows_train_as_weights_do() {
    let samples = Samples::new();
    let counts: Vec<usize> = (0..ROWS).map(|row| row % 4).collect();
    let rows: Vec<usize> = (0..ROWS).flat_map(|row| vec![row; counts[row]]).collect();
    let weights: Vec<f64> = counts.iter().map(|&count| count as f64).collect();
    let copied = Samples {
        x: samples.x.select(Axis(0), &rows),
        classes: rows.iter().map(|&row| samples.classes[row]).collect(),
        ..Samples::new()
    };
    let trained = |problem: &Problem<'_>| {
        let mut network = Network::from_parameters(&samples.architecture, samples.point()).unwrap();
        let config = TrainConfig { epochs: 20, learning_rate: 0.5.into(), ..TrainConfig::default() };
        let history = train(&mut network, problem, &config).unwrap();
        (network.into_parameters(), history.last().loss)
    };
    let weighted = trained(&samples.problem().with_weights(&weights).unwrap());
    let copies = trained(&copied.problem());
    // Twenty updates of numbers of size 1, whose sums of 450 rows round differently.
    assert!((weighted.1 - copies.1).abs() < 1e-12, "{} {}", weighted.1, copies.1);
    let off = weighted.0.iter().zip(&copies.0).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    assert!(off < 1e-12, "{off:e}");
}

/// Half of the targets are 0 with weight 99, the others 1 with weight 1, so J is smallest at b = 0.01.
/// Batches of one row have one weight, which must not cancel.
#[test]
fn weights_count_in_batches_of_any_size() {
    let architecture = Architecture::inputs(1).dense(1, Activation::Identity);
    let x = Array2::zeros((100, 1));
    let y: Vec<f64> = (0..100).map(|row| f64::from(row % 2)).collect();
    let weights: Vec<f64> = y.iter().map(|y| if *y == 0.0 { 99.0 } else { 1.0 }).collect();
    let problem = Problem::new(&architecture, Loss::MeanSquaredError, &x, &y).unwrap();
    let problem = problem.with_weights(&weights).unwrap();
    for rows in [1, 2, 4, 32, 100] {
        let mut network = Network::init(&architecture, Init::Zeros, &mut seeded(0)).unwrap();
        let config = TrainConfig {
            learning_rate: 0.001.into(),
            epochs: 2000,
            batching: Batching::shuffled(rows, 1),
            ..TrainConfig::default()
        };
        train(&mut network, &problem, &config).unwrap();
        // Steps of η · 2 · weight / mean weight leave some noise.
        let bias = network.parameters()[1];
        assert!((bias - 0.01).abs() < 0.003, "batches of {rows}: {bias}");
    }
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    // Enough rows for several leaves.
    let samples = Samples::of(3000);
    let problem = samples.problem().with_weights(&samples.weights).unwrap();
    let at = samples.point();
    let of = |threads| {
        let mut gradient = vec![0.0; at.len()];
        let mut objective = Objective::with_threads(&problem, Accumulation::Batched, 3000, threads).unwrap();
        (objective.value_and_gradient(&at, &mut gradient), gradient)
    };
    assert_eq!(of(1), of(2));
    assert_eq!(of(1), of(3));
}

/// Rows of a 4-[40, 30]-3 network; every tenth has the weight 0.
struct Samples {
    architecture: Architecture,
    x: Array2<f64>,
    classes: Vec<usize>,
    weights: Vec<f64>,
}

impl Samples {
    fn new() -> Self {
        Self::of(ROWS)
    }

    fn of(rows: usize) -> Self {
        let architecture = Architecture::inputs(4)
            .with_layers(Activation::Tanh.layers([40, 30]))
            .dense(3, Activation::Identity);
        let x = Array2::from_shape_fn((rows, 4), |(n, i)| (0.7 * n as f64 + 2.0 * i as f64).sin());
        let classes = (0..rows).map(|n| n * n % 3).collect();
        let weight = |n: usize| if n % 10 == 7 { 0.0 } else { 0.25 + (n as f64).sin().abs() };
        Self { architecture, x, classes, weights: (0..rows).map(weight).collect() }
    }

    fn problem(&self) -> Problem<'_> {
        Problem::new(&self.architecture, Loss::SoftmaxCrossEntropy, &self.x, &self.classes).unwrap()
    }

    fn point(&self) -> Vec<f64> {
        let network: Network = Network::init(&self.architecture, Init::default(), &mut seeded(1)).unwrap();
        network.into_parameters()
    }
}
