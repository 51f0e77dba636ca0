//! Accumulation, the penalty, the loop and its history: the laws of training.

use std::ops::ControlFlow;

use ann_train::ann_core::block;
use ann_train::ndarray::{Array1, Array2, Axis, array};
use ann_train::{
    Accumulation, Activation, Architecture, Batching, EpochRecord, Error, Init, Loss, Network, Objective,
    ObjectiveValue, Problem, Scalar, StopReason, TargetKind, TrainConfig, Training, per_sample_gradients,
    seeded, train,
};
use proptest::prelude::*;
use rand::RngExt;

/// More rows than one block, so that batched and per-sample sums really differ in order.
const ROWS: usize = block::ROWS + 22;
const SEED: u64 = 3;

/// Roundings between a weight and its gradient: N additions, and at most 100 on the way through two narrow
/// layers and back. Weights, inputs and targets are of size 1, so each is at most ε of the largest entry (or
/// of 1).
const ROUNDING: f64 = (ROWS as f64 + 100.0) * f64::EPSILON;

// Accumulation.

#[test]
fn one_row_at_a_time_is_the_batch_to_rounding() {
    for data in [Data::<f64>::classes(), Data::values()] {
        let (problem, network) = (data.problem(0.01), data.network());
        let (single, g_single) = value_and_gradient(&problem, network.parameters(), Accumulation::PerSample);
        let (batched, g_batched) = value_and_gradient(&problem, network.parameters(), Accumulation::Batched);
        assert!((single.loss - batched.loss).abs() <= ROUNDING, "{single:?} {batched:?}");
        assert_eq!((single.penalty, single.accuracy), (batched.penalty, batched.accuracy));
        assert_close(&g_single, &g_batched);
    }
}

#[test]
fn per_sample_gradients_average_to_the_gradient() {
    const L2: f64 = 0.01;
    for data in [Data::<f64>::classes(), Data::values()] {
        let (problem, network) = (data.problem(L2), data.network());
        let rows = per_sample_gradients(&problem, network.parameters()).unwrap();
        assert_eq!(rows.dim(), (ROWS, problem.layout().len()));
        let mut mean = rows.mean_axis(Axis(0)).unwrap().to_vec();
        for span in problem.layout().layers() {
            for index in span.weights() {
                mean[index] += 2.0 * L2 * network.parameters()[index];
            }
        }
        let (_, gradient) = value_and_gradient(&problem, network.parameters(), Accumulation::Batched);
        assert_close(&mean, &gradient);
    }
}

#[test]
fn a_per_sample_gradient_is_the_gradient_of_its_row_alone() {
    let data = Data::<f64>::values();
    let rows = per_sample_gradients(&data.problem(0.0), data.network().parameters()).unwrap();
    for n in [0, block::ROWS - 1, block::ROWS, ROWS - 1] {
        let (x, y) = (data.x.select(Axis(0), &[n]), data.values.select(Axis(0), &[n]));
        let alone = Problem::new(&data.architecture, data.loss.clone(), &x, &y).unwrap();
        let (_, gradient) = value_and_gradient(&alone, data.network().parameters(), Accumulation::PerSample);
        assert_eq!(rows.row(n).to_vec(), gradient, "row {n}");
    }
}

#[test]
fn the_gradient_buffer_is_overwritten() {
    let data = Data::<f64>::classes();
    let (problem, network) = (data.problem(0.0), data.network());
    let mut objective = Objective::new(&problem, Accumulation::Batched).unwrap();
    let mut gradients = [vec![f64::NAN; problem.layout().len()], vec![1e9; problem.layout().len()]];
    let values = gradients.each_mut().map(|g| objective.value_and_gradient(network.parameters(), g));
    assert_eq!(gradients[0], gradients[1]);
    assert_eq!(values[0], values[1]);
    assert_eq!(objective.value(network.parameters()), values[0]);
}

// Penalty.

proptest! {
    #[test]
    fn the_penalty_adds_2_lambda_w_to_weights_and_nothing_to_biases(
        l2 in 0.0_f64..10.0,
        parameters in prop::collection::vec(-2.0_f64..2.0, 3 * 4 + 5 * 3),
    ) {
        let data = Data::<f64>::classes();
        let network = Network::from_parameters(&data.architecture, parameters).unwrap();
        let (plain, penalised) = (data.problem(0.0), data.problem(l2));
        let (value_0, g_0) = value_and_gradient(&plain, network.parameters(), Accumulation::Batched);
        let (value, g) = value_and_gradient(&penalised, network.parameters(), Accumulation::Batched);

        let mut squares = 0.0;
        for span in plain.layout().layers() {
            for index in span.weights() {
                let w = network.parameters()[index];
                squares += w * w;
                prop_assert_eq!(g[index], g_0[index] + 2.0 * l2 * w, "weight {}", index);
            }
            prop_assert_eq!(&g[span.bias()], &g_0[span.bias()]);
        }
        // J = loss + penalty, and λ leaves the loss alone. 24 squares: 24 additions.
        prop_assert!((value.penalty - l2 * squares).abs() <= 24.0 * f64::EPSILON * value.penalty);
        prop_assert_eq!((value.loss, value_0.penalty), (value_0.loss, 0.0));
        prop_assert_eq!(value.total(), value.loss + value.penalty);
    }
}

#[test]
fn the_penalty_covers_every_layer() {
    // f32 has neither 0.1 nor 1e-6: the penalty is computed in f64.
    for l2 in [0.25, 0.1, 1e-6] {
        penalty_of_each_layer::<f64>(l2, 3.0);
        penalty_of_each_layer::<f32>(l2, 3.0);
    }
    // Its square is beyond f32, but not beyond the penalty, which is f64.
    penalty_of_each_layer::<f32>(0.25, 1e20);
}

/// λ n w² and 2λw where only the n weights of one layer are w, and nothing for biases.
fn penalty_of_each_layer<F: Scalar>(l2: f64, w: f64) {
    let w = F::of(w);
    let hidden = Architecture::inputs(2).with_layers(Activation::Tanh.layers([3, 9, 2, 5]));
    let architecture = hidden.dense(1, Activation::Tanh);
    let (x, y) = (Array2::<F>::zeros((4, 2)), Array2::zeros((4, 1)));
    let problem = Problem::new(&architecture, Loss::MeanSquaredError, &x, &y).unwrap().with_l2(l2).unwrap();
    for span in problem.layout().layers() {
        let mut parameters = vec![F::zero(); problem.layout().len()];
        parameters[span.weights()].fill(w);
        let (value, gradient) = value_and_gradient(&problem, &parameters, Accumulation::Batched);
        let n = span.weights().len() as f64;
        let expected = l2 * n * w.as_f64() * w.as_f64();
        assert!((value.penalty - expected).abs() <= n * f64::EPSILON * expected, "{span:?}: {value:?}");
        // All outputs are 0 and right, so the penalty is the whole gradient.
        let twice: Vec<F> = parameters.iter().map(|&w| F::of(2.0 * l2) * w).collect();
        assert_eq!(gradient, twice, "{span:?}");
    }
}

#[test]
fn the_penalty_is_recorded_beside_the_loss_and_does_not_stop_the_run() {
    // x = 0, so the data say nothing about w; ŷ = b = y: the loss is 0 throughout.
    // w ← w − η 2λ w = w (1 − 2 · 0.25 · 0.5) = 0.75 w; the penalty is λ w² = 0.5 w².
    let architecture = Architecture::inputs(1).dense(1, Activation::Identity);
    let (x, y) = (array![[0.0]], array![3.0]);
    let problem = Problem::new(&architecture, Loss::MeanSquaredError, &x, &y).unwrap().with_l2(0.5).unwrap();
    let mut network = Network::from_parameters(&architecture, vec![2.0, 3.0]).unwrap();
    let history = train(&mut network, &problem, &config(0.25, 2)).unwrap();
    assert_eq!(network.parameters(), [2.0 * 0.75 * 0.75, 3.0]);
    assert_eq!(history.records.iter().map(|r| r.penalty).collect::<Vec<_>>(), [2.0, 1.125, 0.6328125]);
    assert_eq!(history.losses().collect::<Vec<_>>(), [0.0; 3]);

    // A penalty above the threshold does not keep a small loss from stopping the run.
    let stop = TrainConfig { stop_below: 1e-3, ..config(0.25, 2) };
    assert_eq!(train(&mut network, &problem, &stop).unwrap().stop, StopReason::LossBelowThreshold);
}

// The loop.

#[test]
fn resuming_equals_never_having_stopped() {
    resuming_changes_no_bit::<f64>(&Data::classes());
    resuming_changes_no_bit::<f64>(&Data::values());
    resuming_changes_no_bit::<f32>(&Data::classes());
    resuming_changes_no_bit::<f32>(&Data::values());
}

#[track_caller]
fn resuming_changes_no_bit<F: Scalar>(data: &Data<F>) {
    for accumulation in [Accumulation::Batched, Accumulation::PerSample] {
        let (whole, losses) = in_parts(data, accumulation, &[90]);
        for parts in [&[30, 60][..], &[17, 13, 60], &[0, 1, 89]] {
            let (network, resumed) = in_parts(data, accumulation, parts);
            assert_eq!(bits(&network), bits(&whole), "{parts:?}, {accumulation:?}");
            assert_eq!(resumed, losses, "{parts:?}, {accumulation:?}");
        }
    }
}

/// The network after runs of the given numbers of epochs, and the loss of every epoch.
fn in_parts<F: Scalar>(
    data: &Data<F>,
    accumulation: Accumulation,
    parts: &[usize],
) -> (Network<F>, Vec<f64>) {
    let problem = data.problem(0.001);
    let mut network = data.network();
    let mut losses = Vec::new();
    for &epochs in parts {
        // Where one run ends and the next begins the same network is recorded twice.
        losses.pop();
        let history =
            train(&mut network, &problem, &TrainConfig { accumulation, ..config(0.5, epochs) }).unwrap();
        losses.extend(history.losses());
    }
    (network, losses)
}

#[test]
fn one_step_by_hand() {
    // ŷ = w x + b with w = b = 0, x = (1, 2), y = (1, 2), η = 0.1
    // epoch 0: ŷ − y = (−1, −2), loss (1 + 4) / 2 = 2.5, ∂w = (2·(−1)·1 + 2·(−2)·2) / 2 = −5, ∂b = −3
    //          w = 0.5, b = 0.3
    // epoch 1: ŷ = (0.8, 1.3), ŷ − y = (−0.2, −0.7), loss (0.04 + 0.49) / 2 = 0.265
    let (history, network) = line_fit(&config(0.1, 1)).unwrap();
    assert_eq!(history.records[0], EpochRecord { epoch: 0, loss: 2.5, penalty: 0.0, accuracy: None });
    assert!((history.records[1].loss - 0.265).abs() < 1e-15, "{history:?}");
    assert_eq!(network.parameters(), [0.1 * 5.0, 0.1 * 3.0]);
    assert_eq!(history.last().epoch, 1);
}

#[test]
fn record_0_is_the_untrained_network() {
    let data = Data::<f64>::classes();
    let problem = data.problem(0.1);
    let untrained =
        Objective::new(&problem, Accumulation::Batched).unwrap().value(data.network().parameters());
    let history = train(&mut data.network(), &problem, &config(0.5, 3)).unwrap();
    let EpochRecord { epoch, loss, penalty, accuracy } = history.records[0];
    assert_eq!((epoch, loss, penalty, accuracy), (0, untrained.loss, untrained.penalty, untrained.accuracy));
}

#[test]
fn the_threshold_leaves_the_network_as_recorded() {
    // By hand as above: the losses are 2.5 and 0.265, the weights after one step 0.5 and 0.3.
    let below_1 = TrainConfig { stop_below: 1.0, ..config(0.1, 1000) };
    let (history, network) = line_fit(&below_1).unwrap();
    assert_eq!((history.stop, history.records.len()), (StopReason::LossBelowThreshold, 2));
    assert_eq!(network.parameters(), [0.1 * 5.0, 0.1 * 3.0]);

    // 2.5 is not below 2.5, but below 2.6: then nothing is changed at all.
    for (stop_below, records) in [(2.5, 2), (2.6, 1)] {
        let (history, _) = line_fit(&TrainConfig { stop_below, ..config(0.1, 1000) }).unwrap();
        assert_eq!(history.records.len(), records, "stop below {stop_below}");
    }
}

#[test]
fn epochs_are_updates_and_one_record_more() {
    for epochs in [0, 1, 10] {
        let (history, _) = line_fit(&config(0.1, epochs)).unwrap();
        assert_eq!((history.stop, history.last().epoch), (StopReason::EpochLimit, epochs));
        let numbers: Vec<usize> = history.records.iter().map(|record| record.epoch).collect();
        assert_eq!(numbers, (0..=epochs).collect::<Vec<_>>());
    }
}

#[test]
fn zero_epochs_change_nothing() {
    let (history, network) = line_fit(&config(0.1, 0)).unwrap();
    assert_eq!(network.parameters(), [0.0, 0.0]);
    assert_eq!(history.losses().collect::<Vec<_>>(), [2.5]);
}

#[test]
fn a_record_describes_the_network_before_the_update() {
    let data = Data::<f64>::classes();
    let problem = data.problem(0.01);
    let mut objective = Objective::new(&problem, Accumulation::Batched).unwrap();
    let mut training = Training::new(&problem, data.network(), &config(0.5, 20)).unwrap();
    loop {
        let value = objective.value(training.state().network.parameters());
        let ControlFlow::Continue(record) = training.epoch().unwrap() else { break };
        assert_eq!((value.loss, value.accuracy), (record.loss, record.accuracy), "epoch {}", record.epoch);
    }
    let (network, history) = training.finish().unwrap();
    assert_eq!(history.records.len(), 21);
    assert_eq!(history.last().loss, objective.value(network.parameters()).loss);
}

#[test]
fn a_loop_of_epochs_is_train() {
    let data = Data::<f64>::classes();
    let problem = data.problem(0.01);
    let mut network = data.network();
    let history = train(&mut network, &problem, &config(0.5, 20)).unwrap();
    let mut training = Training::new(&problem, data.network(), &config(0.5, 20)).unwrap();
    while training.epoch().unwrap().is_continue() {}
    let (stepped, found) = training.finish().unwrap();
    assert_eq!((stepped.parameters(), found), (network.parameters(), history));
}

// Errors.

#[test]
fn a_diverging_run_leaves_the_last_finite_network() {
    diverging_run_is_cut_at_its_last_finite_step::<f64>();
    diverging_run_is_cut_at_its_last_finite_step::<f32>();
}

fn diverging_run_is_cut_at_its_last_finite_step<F: Scalar>() {
    let data = Data::<F>::values();
    let problem = data.problem(0.0);
    let mut network = data.network();
    let error = train(&mut network, &problem, &config(1e3, 10_000)).unwrap_err();
    let Error::Diverged { epoch, learning_rate, objective } = error else { panic!("{error}") };
    assert!(epoch > 0 && learning_rate == 1e3 && !objective.is_finite(), "{error}");

    let mut stopped_before = data.network();
    let history = train(&mut stopped_before, &problem, &config(1e3, epoch - 1)).unwrap();
    assert!(history.losses().all(f64::is_finite));
    assert_eq!(bits(&network), bits(&stopped_before));
}

#[test]
fn a_parameter_that_is_no_number_is_not_trained() {
    let data = Data::<f64>::classes();
    let problem = data.problem(0.0);
    for (index, name) in [(0, "W¹[0, 0]"), (11, "b¹[3]"), (26, "b²[2]")] {
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            let mut network = data.network();
            network.parameters_mut()[index] = value;
            let before = bits(&network);
            let error = train(&mut network, &problem, &config(0.1, 2)).unwrap_err().to_string();
            assert_eq!(error, format!("parameter {name} is {value:?}, expected a finite number"));
            assert_eq!(bits(&network), before);
        }
    }
}

#[test]
fn one_infinite_parameter_is_divergence_even_where_the_loss_is_finite() {
    // ŷ = max(0, w x + b) = 1 and y = −10: ∂ŷ = 22, ∂w = 22 x, ∂b = 22. A step of η makes one of them −∞, and
    // ŷ = 0.
    let architecture = Architecture::inputs(1).dense(1, Activation::Relu);
    for (x, w, b, learning_rate) in [(1e10, 1e-10, 0.0, 1e300), (0.0, 0.0, 1.0, 1e308)] {
        let (x, y) = (array![[x]], array![-10.0]);
        let problem = Problem::new(&architecture, Loss::MeanSquaredError, &x, &y).unwrap();
        for batching in [Batching::Full, Batching::shuffled(1, 0)] {
            let mut network = Network::from_parameters(&architecture, vec![w, b]).unwrap();
            let error = train(&mut network, &problem, &TrainConfig { batching, ..config(learning_rate, 5) });
            assert!(matches!(error, Err(Error::Diverged { epoch: 1, .. })), "{error:?}");
            assert_eq!(network.parameters(), [w, b]);
        }
    }
}

#[test]
fn a_penalty_beyond_all_numbers_is_reported_with_the_objective() {
    // x = 0 and ŷ = b = y, so the loss is 0; the penalty λ w² = 1e400 is not finite, and J = 0 + ∞.
    let architecture = Architecture::inputs(1).dense(1, Activation::Identity);
    let (x, y) = (array![[0.0], [0.0]], array![3.0, 3.0]);
    let problem = Problem::new(&architecture, Loss::MeanSquaredError, &x, &y).unwrap().with_l2(1.0).unwrap();
    // No batch makes an update, also where another one follows.
    for batching in [Batching::Full, Batching::shuffled(2, 0), Batching::shuffled(1, 0)] {
        let mut network = Network::from_parameters(&architecture, vec![1e200, 3.0]).unwrap();
        let error = train(&mut network, &problem, &TrainConfig { batching, ..config(0.1, 1) }).unwrap_err();
        assert_eq!(error, Error::InfiniteStart { objective: f64::INFINITY }, "{batching:?}");
        assert_eq!(network.parameters(), [1e200, 3.0]);
    }
}

#[test]
fn another_architecture_than_the_problems() {
    let data = Data::<f64>::classes();
    let wider = Architecture::inputs(2).dense(5, Activation::Tanh).dense(3, Activation::Identity);
    let mut network = Network::init(&wider, Init::default(), &mut seeded(SEED)).unwrap();
    let before = network.parameters().to_vec();
    let error = train(&mut network, &data.problem(0.0), &TrainConfig::default()).unwrap_err();
    let message = "the network is 2 → 5 tanh → 3 identity, the problem was made for 2 → 4 tanh → 3 identity \
                   (a custom activation equals only its clones)";
    assert_eq!(error.to_string(), message);
    assert_eq!(network.parameters(), before);
}

#[test]
fn another_number_of_parameters_than_the_problems() {
    let data = Data::<f64>::classes();
    let error = per_sample_gradients(&data.problem(0.0), &[0.0; 3]).unwrap_err();
    assert_eq!(error.to_string(), "3 parameters were given, the architecture has 27");
}

// Helpers.

/// A 2-4-3 network and random data for it: three classes, or three values.
struct Data<F> {
    architecture: Architecture,
    loss: Loss,
    x: Array2<F>,
    classes: Vec<usize>,
    values: Array2<F>,
}

impl<F: Scalar> Data<F> {
    fn classes() -> Self {
        Self::random(Loss::SoftmaxCrossEntropy)
    }

    fn values() -> Self {
        Self::random(Loss::MeanSquaredError)
    }

    fn random(loss: Loss) -> Self {
        let mut rng = seeded(SEED);
        let mut uniform =
            |columns| Array2::from_shape_fn((ROWS, columns), |_| F::of(rng.random_range(-1.0..1.0)));
        let architecture = Architecture::inputs(2).dense(4, Activation::Tanh).dense(3, Activation::Identity);
        let (x, values) = (uniform(2), uniform(3));
        let classes = (0..ROWS).map(|_| rng.random_range(0..3)).collect();
        Self { architecture, loss, x, classes, values }
    }

    fn problem(&self, l2: f64) -> Problem<'_, F> {
        let (architecture, loss) = (&self.architecture, self.loss.clone());
        let problem = match loss.targets() {
            TargetKind::Values => Problem::new(architecture, loss, &self.x, &self.values),
            TargetKind::Classes => Problem::new(architecture, loss, &self.x, &self.classes),
        };
        problem.unwrap().with_l2(l2).unwrap()
    }

    fn network(&self) -> Network<F> {
        Network::init(&self.architecture, Init::default(), &mut seeded(SEED)).unwrap()
    }
}

/// ŷ = w x + b from w = b = 0, for x = (1, 2) and y = (1, 2).
fn line_fit(config: &TrainConfig) -> Result<(ann_train::History, Network), Error> {
    let architecture = Architecture::inputs(1).dense(1, Activation::Identity);
    let (x, y): (_, Array1<f64>) = (array![[1.0], [2.0]], array![1.0, 2.0]);
    let problem = Problem::new(&architecture, Loss::MeanSquaredError, &x, &y)?;
    let mut network = Network::from_parameters(&architecture, vec![0.0, 0.0])?;
    let history = train(&mut network, &problem, config)?;
    Ok((history, network))
}

fn config(learning_rate: f64, epochs: usize) -> TrainConfig {
    TrainConfig { learning_rate: learning_rate.into(), epochs, ..TrainConfig::default() }
}

fn value_and_gradient<F: Scalar>(
    problem: &Problem<'_, F>,
    parameters: &[F],
    accumulation: Accumulation,
) -> (ObjectiveValue, Vec<F>) {
    let mut gradient = vec![F::zero(); problem.layout().len()];
    let value = Objective::new(problem, accumulation).unwrap().value_and_gradient(parameters, &mut gradient);
    (value, gradient)
}

/// θ bit by bit; an f32 is exact as f64.
fn bits<F: Scalar>(network: &Network<F>) -> Vec<u64> {
    network.parameters().iter().map(|p| p.as_f64().to_bits()).collect()
}

#[track_caller]
fn assert_close(found: &[f64], expected: &[f64]) {
    assert_eq!(found.len(), expected.len());
    let largest = expected.iter().fold(1.0_f64, |max, g| max.max(g.abs()));
    for (index, (f, e)) in found.iter().zip(expected).enumerate() {
        assert!((f - e).abs() <= ROUNDING * largest, "entry {index}: {f} {e}");
    }
}
