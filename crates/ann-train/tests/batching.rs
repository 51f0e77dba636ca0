//! Mini-batches: each row once an epoch, in an order that is a function of seed and epoch.

#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise, in its helpers too")]

use std::ops::ControlFlow;

use ann_train::ndarray::{Array2, array};
use ann_train::{
    Accumulation, Activation, Architecture, Batching, Classifier, Error, History, Init, Loss, Network,
    Objective, Problem, StopReason, TrainConfig, seeded, train, train_observed,
};
use rand::RngExt;

const ROWS: usize = 50;
const SEED: u64 = 9;

#[test]
fn one_batch_of_all_rows_is_the_full_batch_to_rounding() {
    with_problem(|problem| {
        let full = run(problem, &TrainConfig { epochs: 5, ..TrainConfig::default() }).1;
        let shuffled = run(problem, &config(ROWS, 5)).1;
        // Fifty additions in another order, five times, of gradients of size 1 or less.
        let rounding = 5.0 * 100.0 * f64::EPSILON;
        for (a, b) in full.parameters().iter().zip(shuffled.parameters()) {
            assert!((a - b).abs() <= rounding, "{a} {b}");
        }
    });
}

#[test]
fn each_row_once_an_epoch() {
    // ŷ = b with w kept at 0 by x = 0, and η so small that b does not move: a batch with row n has the loss yₙ² = 4ⁿ.
    let architecture = Architecture::inputs(1).dense(1, Activation::Identity);
    let (x, y) = (Array2::zeros((6, 1)), array![1.0, 2.0, 4.0, 8.0, 16.0, 32.0]);
    let problem = Problem::new(&architecture, Loss::MeanSquaredError, &x, &y).unwrap();
    for rows in 1..=6 {
        let mut network = Network::from_parameters(&architecture, vec![0.0, 0.0]).unwrap();
        let settings = TrainConfig { learning_rate: 1e-300, ..config(rows, 20) };
        let history = train(&mut network, &problem, &settings).unwrap();
        // Powers of four have only one sum with six terms that is this one.
        for record in &history.records {
            assert!((6.0 * record.loss - 1365.0).abs() < 1e-9, "batches of {rows}: {record:?}");
        }
    }
}

#[test]
fn the_last_batch_takes_what_is_left() {
    // As above, with η = ½: an update makes b the mean of its batch, which at last is the one row that five others left.
    let architecture = Architecture::inputs(1).dense(1, Activation::Identity);
    let (x, y) = (Array2::zeros((6, 1)), array![1.0, 2.0, 4.0, 8.0, 16.0, 32.0]);
    let problem = Problem::new(&architecture, Loss::MeanSquaredError, &x, &y).unwrap();
    let left = (0..20).map(|first_epoch| {
        let mut network = Network::from_parameters(&architecture, vec![0.0, 0.0]).unwrap();
        train(&mut network, &problem, &TrainConfig { learning_rate: 0.5, first_epoch, ..config(5, 1) })
            .unwrap();
        network.parameters()[1]
    });
    let left: Vec<f64> = left.collect();
    // In twenty epochs five rows at least come last once: another order every epoch.
    let distinct = y.iter().filter(|y| left.contains(y)).count();
    assert!(distinct >= 5 && left.iter().all(|b| y.iter().any(|y| y == b)), "{left:?}");
}

#[test]
fn the_order_is_a_function_of_seed_and_epoch() {
    with_problem(|problem| {
        let trained = |batching, first_epoch| {
            run(problem, &TrainConfig { epochs: 1, batching, first_epoch, ..TrainConfig::default() })
                .1
                .into_parameters()
        };
        let batches = |seed| Batching::Shuffled { rows: 7, seed };
        assert_eq!(trained(batches(1), 0), trained(batches(1), 0));
        assert_ne!(trained(batches(1), 0), trained(batches(2), 0));
        assert_ne!(trained(batches(1), 0), trained(batches(1), 1));
    });
}

#[test]
fn resuming_equals_never_having_stopped() {
    with_problem(|problem| {
        let whole = run(problem, &config(7, 7)).1;
        let mut network = run(problem, &config(7, 3)).1;
        let rest = TrainConfig { epochs: 4, first_epoch: 3, ..config(7, 4) };
        train(&mut network, problem, &rest).unwrap();
        assert_eq!(network.parameters(), whole.parameters());
    });
}

#[test]
fn the_last_record_is_of_the_network_as_it_is_left() {
    with_problem(|problem| {
        let value = |network: &Network| {
            Objective::new(problem, Accumulation::Batched).unwrap().value(network.parameters())
        };
        let (history, network) = run(problem, &config(7, 4));
        assert_eq!((history.records.len(), history.stop), (5, StopReason::EpochLimit));
        assert_eq!(
            (history.last().loss, history.last().accuracy),
            (value(&network).loss, value(&network).accuracy)
        );
        // Stopped by its loss, or by an observer, after the epoch that was seen last.
        let (history, network) = run(problem, &TrainConfig { stop_below: 10.0, ..config(7, 4) });
        assert_eq!((history.records.len(), history.stop), (2, StopReason::LossBelowThreshold));
        assert_eq!(history.last().loss, value(&network).loss);
        let mut network = initial(problem);
        let history = train_observed(&mut network, problem, &config(7, 4), |record, _| match record.epoch {
            2 => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        });
        let history = history.unwrap();
        assert_eq!((history.records.len(), history.stop), (4, StopReason::Observer));
        assert_eq!(history.last().loss, value(&network).loss);
    });
}

#[test]
fn a_record_is_the_mean_over_rows_of_what_their_batches_found() {
    // With a learning rate that changes nothing to speak of, it is the loss of the initial network.
    with_problem(|problem| {
        let (history, network) = run(problem, &TrainConfig { learning_rate: 1e-300, ..config(7, 1) });
        let value = Objective::new(problem, Accumulation::Batched).unwrap().value(network.parameters());
        let [first, last] = [history.records[0], history.records[1]];
        assert!((first.loss - last.loss).abs() < 1e-14 && (first.penalty - last.penalty).abs() < 1e-14);
        assert_eq!(last.loss, value.loss);
        assert_eq!(first.accuracy, last.accuracy, "{history:?}");
    });
}

#[test]
fn an_epoch_without_a_miss_has_accuracy_1_exactly() {
    // Far apart, so that every batch finds every row where it belongs.  Shares of batches such as 3/49 would not add up to 1.
    let x = Array2::from_shape_fn((49, 1), |(row, _)| if row % 2 == 0 { -9.0 } else { 9.0 });
    let classes: Vec<usize> = (0..49).map(|row| row % 2).collect();
    let architecture = Architecture::inputs(1).dense(2, Activation::Identity);
    let problem = Problem::new(&architecture, Loss::SoftmaxCrossEntropy, &x, &classes).unwrap();
    for rows in 1..49 {
        let mut network = Network::from_parameters(&architecture, vec![-1.0, 1.0, 0.0, 0.0]).unwrap();
        let history = train(&mut network, &problem, &config(rows, 3)).unwrap();
        assert!(
            history.records.iter().all(|record| record.accuracy == Some(1.0)),
            "batches of {rows}: {history:?}"
        );
    }
}

#[test]
fn records_and_errors_count_the_epochs_of_earlier_calls() {
    with_problem(|problem| {
        for config in [config(7, 3), TrainConfig { batching: Batching::Full, ..config(7, 3) }] {
            let config = TrainConfig { first_epoch: 5, ..config };
            let (history, _) = run(problem, &config);
            assert_eq!(history.records.iter().map(|record| record.epoch).collect::<Vec<_>>(), [5, 6, 7, 8]);
            let (history, _) = run(problem, &TrainConfig { stop_below: 10.0, ..config });
            assert_eq!(history.records[0].epoch, 5);
            assert_eq!(history.stop, StopReason::LossBelowThreshold);
            let diverging = TrainConfig { learning_rate: 1e300, ..config };
            let error = train(&mut initial(problem), problem, &diverging).unwrap_err();
            assert!(matches!(error, Error::Diverged { epoch: 6, .. }), "{error:?}");
        }
    });
}

#[test]
fn batches_that_cannot_be() {
    with_problem(|problem| {
        for (rows, message) in [
            (0, "`batching` asks for 0 rows per batch; expected 1 to 50, the number of rows"),
            (ROWS + 1, "`batching` asks for 51 rows per batch; expected 1 to 50, the number of rows"),
        ] {
            let error = train(&mut initial(problem), problem, &config(rows, 1)).unwrap_err();
            assert_eq!(error.to_string(), format!("{message} (for all rows at once: `Batching::Full`)"));
        }
        for rows in [1, ROWS - 1, ROWS] {
            train(&mut initial(problem), problem, &config(rows, 1)).unwrap();
        }
    });
}

#[test]
fn divergence_leaves_the_parameters_from_before_the_epoch() {
    with_problem(|problem| {
        let mut network = initial(problem);
        let wild = TrainConfig { learning_rate: 1e300, ..config(7, 9) };
        let error = train(&mut network, problem, &wild).unwrap_err();
        assert!(matches!(error, Error::Diverged { epoch: 1, .. }), "{error}");
        assert_eq!(network.parameters(), initial(problem).parameters());
    });
}

#[test]
fn divergence_found_by_the_last_evaluation() {
    // θ ← θ + 2η (y − ŷ) x is finite, and its squared error is not.
    let architecture = Architecture::inputs(1).dense(1, Activation::Identity);
    let (x, y) = (array![[1.0]], array![1.0]);
    let problem = Problem::new(&architecture, Loss::MeanSquaredError, &x, &y).unwrap();
    let wild = TrainConfig { learning_rate: 1e200, ..config(1, 1) };
    for settings in [wild, TrainConfig { epochs: 9, stop_below: 100.0, ..wild }] {
        let mut network = Network::from_parameters(&architecture, vec![0.0, 0.0]).unwrap();
        let error = train(&mut network, &problem, &settings).unwrap_err();
        assert!(matches!(error, Error::Diverged { epoch: 1, .. }), "{error}");
        assert_eq!(network.parameters(), [0.0, 0.0]);
    }
}

#[test]
fn a_classifier_learns_from_mini_batches() {
    let x = array![[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]];
    let y = ["same", "different", "different", "same"];
    let batching = Batching::Shuffled { rows: 3, seed: SEED };
    let xor = Classifier { batching, threads: 2, ..Classifier::default() }.fit(&x, &y).unwrap();
    assert_eq!(xor.predict(&x).unwrap(), y);
}

fn config(rows: usize, epochs: usize) -> TrainConfig {
    TrainConfig { epochs, batching: Batching::Shuffled { rows, seed: SEED }, ..TrainConfig::default() }
}

fn run(problem: &Problem<'_>, config: &TrainConfig) -> (History, Network) {
    let mut network = initial(problem);
    (train(&mut network, problem, config).unwrap(), network)
}

fn initial(problem: &Problem<'_>) -> Network {
    Network::init(problem.architecture(), Init::default(), &mut seeded(SEED)).unwrap()
}

fn with_problem(check: impl FnOnce(&Problem<'_>)) {
    let architecture = Architecture::inputs(3).dense(5, Activation::Tanh).dense(3, Activation::Identity);
    let mut rng = seeded(SEED);
    let x = Array2::from_shape_fn((ROWS, 3), |_| rng.random_range(-1.0..1.0));
    let classes: Vec<usize> = (0..ROWS).map(|row| row % 3).collect();
    let problem = Problem::new(&architecture, Loss::SoftmaxCrossEntropy, &x, &classes).unwrap();
    check(&problem.with_l2(0.001).unwrap());
}
