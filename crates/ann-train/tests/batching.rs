//! Mini-batches: each row once an epoch, in an order that is a function of seed and epoch.

use std::ops::ControlFlow;

use ann_train::ndarray::{Array2, array};
use ann_train::{
    Accumulation, Activation, Architecture, Batching, Classifier, Error, History, Init, Loss, Memory,
    Network, Objective, ObjectiveValue, Problem, State, StopReason, TrainConfig, Training, seeded, train,
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
    // ŷ = b with w kept at 0 by x = 0, and η so small that b does not move: a batch with row n has the loss
    // yₙ² = 4ⁿ.
    let architecture = Architecture::inputs(1).dense(1, Activation::Identity);
    let (x, y) = (Array2::zeros((6, 1)), array![1.0, 2.0, 4.0, 8.0, 16.0, 32.0]);
    let problem = Problem::new(&architecture, Loss::MeanSquaredError, &x, &y).unwrap();
    for rows in 1..=6 {
        let mut network = Network::from_parameters(&architecture, vec![0.0, 0.0]).unwrap();
        let settings = TrainConfig { learning_rate: 1e-300.into(), ..config(rows, 20) };
        let history = train(&mut network, &problem, &settings).unwrap();
        // Powers of four have only one sum with six terms that is this one.
        for record in &history.records {
            assert!((6.0 * record.loss - 1365.0).abs() < 1e-9, "batches of {rows}: {record:?}");
        }
    }
}

#[test]
fn each_row_once_an_epoch_in_windows() {
    // As above, with blocks of 1 to 4 of the 6 rows and 1 or 2 of them in a window.
    let architecture = Architecture::inputs(1).dense(1, Activation::Identity);
    let (x, y) = (Array2::zeros((6, 1)), array![1.0, 2.0, 4.0, 8.0, 16.0, 32.0]);
    let problem = Problem::new(&architecture, Loss::MeanSquaredError, &x, &y).unwrap();
    for (rows, block, window) in [(1, 1, 1), (2, 4, 1), (4, 2, 2), (5, 3, 2), (6, 4, 9)] {
        let mut network = Network::from_parameters(&architecture, vec![0.0, 0.0]).unwrap();
        let batching = Batching::Windowed { rows, seed: SEED, drop_last: false, block, window };
        let settings = TrainConfig { learning_rate: 1e-300.into(), batching, ..config(rows, 20) };
        let history = train(&mut network, &problem, &settings).unwrap();
        for record in &history.records {
            assert!((6.0 * record.loss - 1365.0).abs() < 1e-9, "{batching:?}: {record:?}");
        }
    }
}

#[test]
fn windows_without_blocks_are_an_error() {
    with_problem(|problem| {
        let settings = |rows, block, window| TrainConfig {
            batching: Batching::Windowed { rows, seed: SEED, drop_last: false, block, window },
            ..TrainConfig::default()
        };
        let error = |settings| Training::new(problem, initial(problem), &settings).unwrap_err().to_string();
        assert_eq!(error(settings(1, 0, 1)), "block is 0, expected at least 1");
        assert_eq!(error(settings(1, 1, 0)), "window is 0, expected at least 1");
        assert!(Training::new(problem, initial(problem), &settings(1, usize::MAX, usize::MAX)).is_ok());
        assert!(matches!(
            Training::new(problem, initial(problem), &settings(0, 1, 1)),
            Err(Error::EmptyBatches)
        ));
    });
}

#[test]
fn the_last_batch_takes_what_is_left() {
    // As above, with η = ½: an update makes b the mean of its batch, which at last is the one row that five
    // others left.
    let architecture = Architecture::inputs(1).dense(1, Activation::Identity);
    let (x, y) = (Array2::zeros((6, 1)), array![1.0, 2.0, 4.0, 8.0, 16.0, 32.0]);
    let problem = Problem::new(&architecture, Loss::MeanSquaredError, &x, &y).unwrap();
    let left = (0..20).map(|epoch| {
        let network = Network::from_parameters(&architecture, vec![0.0, 0.0]).unwrap();
        let settings = TrainConfig { learning_rate: 0.5.into(), ..config(5, 1) };
        run_from(epoch, network, &problem, &settings).1.parameters()[1]
    });
    let left: Vec<f64> = left.collect();
    // In twenty epochs five rows at least come last once: another order every epoch.
    let distinct = y.iter().filter(|y| left.contains(y)).count();
    assert!(distinct >= 5 && left.iter().all(|b| y.iter().any(|y| y == b)), "{left:?}");
}

#[test]
fn the_order_is_a_function_of_seed_and_epoch() {
    with_problem(|problem| {
        let trained = |batching, epoch| {
            let config = TrainConfig { epochs: 1, batching, ..TrainConfig::default() };
            run_from(epoch, initial(problem), problem, &config).1.into_parameters()
        };
        let batches = |seed| Batching::shuffled(7, seed);
        assert_eq!(trained(batches(1), 0), trained(batches(1), 0));
        assert_ne!(trained(batches(1), 0), trained(batches(2), 0));
        assert_ne!(trained(batches(1), 0), trained(batches(1), 1));
    });
}

#[test]
fn every_bit_of_seed_and_epoch_counts() {
    with_problem(|problem| {
        let trained = |seed, epoch| {
            let batching = Batching::shuffled(7, seed);
            let config = TrainConfig { epochs: 1, batching, ..TrainConfig::default() };
            run_from(epoch, initial(problem), problem, &config).1.into_parameters()
        };
        let zero = trained(0, 0);
        for bit in 0..u64::BITS {
            assert_ne!(trained(1 << bit, 0), zero, "seed, bit {bit}");
        }
        for bit in 0..usize::BITS - 1 {
            assert_ne!(trained(0, 1 << bit), zero, "epoch, bit {bit}");
        }
    });
}

#[test]
fn the_order_of_an_epoch_does_not_depend_on_those_before() {
    with_problem(|problem| {
        // With η so small that nothing moves, epoch 3 of a run is epoch 0 of one that begins there.
        let settings = TrainConfig { learning_rate: 1e-300.into(), ..config(7, 4) };
        let whole = run(problem, &settings).0;
        for epoch in 0..4 {
            let one = run_from(epoch, initial(problem), problem, &TrainConfig { epochs: 1, ..settings }).0;
            assert_eq!(one.records[0].loss, whole.records[epoch].loss);
        }
    });
}

#[test]
fn what_comes_first_ends_the_run() {
    with_problem(|problem| {
        let (low, high) = (0.0, 100.0);
        for batching in [Batching::Full, Batching::shuffled(7, SEED)] {
            for (stop_below, break_at, stop, epochs) in [
                (low, None, StopReason::EpochLimit, 3),
                // With all rows, the network whose loss is low is left as it is.
                (high, None, StopReason::LossBelowThreshold, usize::from(batching != Batching::Full)),
                (low, Some(3), StopReason::EpochLimit, 3),
                (low, Some(1), StopReason::Caller, 1),
                (low, Some(0), StopReason::Caller, 0),
            ] {
                let config = TrainConfig { epochs: 3, batching, stop_below, ..TrainConfig::default() };
                let mut training = Training::new(problem, initial(problem), &config).unwrap();
                while Some(training.state().epoch) != break_at {
                    match training.epoch().unwrap() {
                        ControlFlow::Continue(record) => {
                            assert_eq!(record, *training.records().last().unwrap());
                        }
                        ControlFlow::Break(reason) => {
                            assert_eq!(reason, stop, "{config:?}");
                            break;
                        }
                    }
                }
                let state = training.state().clone();
                let (network, history) = training.finish().unwrap();
                // Nothing changes after the end.
                assert_eq!(network.parameters(), state.network.parameters());
                let stop = if break_at == Some(3) { StopReason::Caller } else { stop };
                assert_eq!((history.stop, state.epoch), (stop, epochs), "{config:?}");
                let numbers: Vec<usize> = history.records.iter().map(|record| record.epoch).collect();
                assert_eq!(numbers, (0..=epochs).collect::<Vec<_>>(), "{config:?}");
                assert_eq!(history.last().loss, value(problem, &network).loss);
            }
            // A loss that is low at the last epoch is low.
            let config = TrainConfig { epochs: 0, batching, stop_below: high, ..TrainConfig::default() };
            assert_eq!(run(problem, &config).0.stop, StopReason::LossBelowThreshold, "{config:?}");
        }
    });
}

#[test]
fn a_run_that_has_ended_changes_nothing_any_more() {
    with_problem(|problem| {
        for config in [config(7, 2), TrainConfig { batching: Batching::Full, ..config(7, 2) }] {
            let mut training = Training::new(problem, initial(problem), &config).unwrap();
            while training.epoch().unwrap().is_continue() {}
            let ended = training.state().clone();
            for _ in 0..3 {
                assert_eq!(training.epoch().unwrap(), ControlFlow::Break(StopReason::EpochLimit));
            }
            assert_eq!(training.state().network.parameters(), ended.network.parameters());
            let (_, history) = training.finish().unwrap();
            assert_eq!((history.stop, history.records.len()), (StopReason::EpochLimit, 3));
        }
    });
}

#[test]
fn an_incomplete_last_batch_is_left_out_if_that_is_wished() {
    // ŷ = b with w kept at 0 by x = 0, and η so small that b does not move: a batch with row n has the loss
    // yₙ² = 4ⁿ. With 6 rows in batches of 4, two rows are left out, in the end each of them.
    let architecture = Architecture::inputs(1).dense(1, Activation::Identity);
    let (x, y) = (Array2::zeros((6, 1)), array![1.0, 2.0, 4.0, 8.0, 16.0, 32.0]);
    let problem = Problem::new(&architecture, Loss::MeanSquaredError, &x, &y).unwrap();
    let losses = |rows, drop_last| {
        let network = Network::from_parameters(&architecture, vec![0.0, 0.0]).unwrap();
        let batching = Batching::Shuffled { rows, seed: SEED, drop_last };
        let config = TrainConfig { learning_rate: 1e-300.into(), batching, ..config(rows, 50) };
        let mut training = Training::new(&problem, network, &config).unwrap();
        while training.epoch().unwrap().is_continue() {}
        let updates = training.state().memory.updates;
        (training.records().iter().map(|record| record.loss).collect::<Vec<_>>(), updates)
    };
    let (found, updates) = losses(4, true);
    assert_eq!(updates, 50);
    let mut left_out: Vec<u64> = found.iter().map(|loss| 1365 - (4.0 * loss).round() as u64).collect();
    // A sum of two powers of four has two bits.
    assert!(left_out.iter().all(|sum| sum.count_ones() == 2), "{left_out:?}");
    assert_eq!(left_out.iter().fold(0, |all, sum| all | sum), 1365);
    left_out.dedup();
    assert!(left_out.len() > 10, "{left_out:?}");
    // Nothing is left out of batches that are complete.
    assert!(losses(3, true).0.iter().all(|loss| (6.0 * loss - 1365.0).abs() < 1e-9));
    assert_eq!(losses(3, true), losses(3, false));
    assert_eq!(losses(7, true), losses(6, false));
}

#[test]
fn batches_of_any_size_record_the_mean_over_all_rows() {
    // With η so small that nothing moves, an epoch of any batches has the loss and the hits of all rows.
    with_problem(|problem| {
        let value =
            Objective::new(problem, Accumulation::Batched).unwrap().value(initial(problem).parameters());
        for rows in [1, 7, 8, 9, 16, 17, 31, 32, 33, 49, 50] {
            let (history, _) = run(problem, &TrainConfig { learning_rate: 1e-300.into(), ..config(rows, 1) });
            let record = history.records[0];
            // At most fifty shares of numbers near 1, each rounded twice.
            let rounding = 2.0 * ROWS as f64 * f64::EPSILON;
            assert!((record.loss - value.loss).abs() <= rounding, "batches of {rows}: {record:?}");
            assert!((record.penalty - value.penalty).abs() <= rounding, "batches of {rows}: {record:?}");
            assert_eq!(record.accuracy, value.accuracy, "batches of {rows}");
        }
    });
}

#[test]
fn a_mini_batch_has_its_own_share_of_hits() {
    with_problem(|problem| {
        let (network, mut gradient) = (initial(problem), vec![0.0; problem.layout().len()]);
        let mut objective = Objective::new(problem, Accumulation::Batched).unwrap();
        let mut hits = |rows: &[usize]| {
            let value = objective.value_and_gradient_of(rows, network.parameters(), &mut gradient);
            assert_eq!(value.accuracy, value.hits.map(|hits| hits / rows.len() as f64));
            value.hits.unwrap()
        };
        let alone: Vec<f64> = (0..ROWS).map(|row| hits(&[row])).collect();
        assert!(alone.contains(&0.0) && alone.contains(&1.0));
        for rows in [2, 9, 33] {
            for (batch, alone) in (0..ROWS).collect::<Vec<_>>().chunks(rows).zip(alone.chunks(rows)) {
                assert_eq!(hits(batch), alone.iter().sum::<f64>(), "rows {batch:?}");
            }
        }
    });
}

#[test]
#[should_panic(expected = "a mean needs rows")]
fn no_rows_have_no_mean() {
    with_problem(|problem| {
        let (network, mut gradient) = (initial(problem), vec![0.0; problem.layout().len()]);
        Objective::new(problem, Accumulation::Batched).unwrap().value_and_gradient_of(
            &[],
            network.parameters(),
            &mut gradient,
        );
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
    });
}

#[test]
fn a_record_is_the_mean_over_rows_of_what_their_batches_found() {
    // With a learning rate that changes nothing to speak of, it is the loss of the initial network.
    with_problem(|problem| {
        let (history, network) = run(problem, &TrainConfig { learning_rate: 1e-300.into(), ..config(7, 1) });
        let value = Objective::new(problem, Accumulation::Batched).unwrap().value(network.parameters());
        let [first, last] = [history.records[0], history.records[1]];
        assert!((first.loss - last.loss).abs() < 1e-14 && (first.penalty - last.penalty).abs() < 1e-14);
        assert_eq!(last.loss, value.loss);
        assert_eq!(first.accuracy, last.accuracy, "{history:?}");
    });
}

#[test]
fn an_epoch_without_a_miss_has_accuracy_1_exactly() {
    // Far apart, so that every batch finds every row where it belongs. Shares of batches such as 3/49 would
    // not add up to 1.
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
fn records_and_errors_count_the_epochs_before_a_resume() {
    with_problem(|problem| {
        for config in [config(7, 3), TrainConfig { batching: Batching::Full, ..config(7, 3) }] {
            let (history, _) = run_from(5, initial(problem), problem, &config);
            assert_eq!(history.records.iter().map(|record| record.epoch).collect::<Vec<_>>(), [5, 6, 7, 8]);
            let low = TrainConfig { stop_below: 10.0, ..config };
            let (history, _) = run_from(5, initial(problem), problem, &low);
            assert_eq!(history.records[0].epoch, 5);
            assert_eq!(history.stop, StopReason::LossBelowThreshold);
            let diverging = TrainConfig { learning_rate: 1e300.into(), epochs: 8, ..config };
            let state = State { network: initial(problem), memory: Memory::default(), epoch: 5 };
            let mut training = Training::resume(problem, state, &diverging).unwrap();
            let error = loop {
                if let Err(error) = training.epoch() {
                    break error;
                }
            };
            assert!(matches!(error, Error::Diverged { epoch: 6, .. }), "{error:?}");
        }
    });
}

#[test]
fn more_epochs_than_planned_are_none() {
    with_problem(|problem| {
        let state = State { network: initial(problem), memory: Memory::default(), epoch: 9 };
        let mut training = Training::resume(problem, state, &config(7, 3)).unwrap();
        assert_eq!(training.epoch().unwrap(), ControlFlow::Break(StopReason::EpochLimit));
        let (network, history) = training.finish().unwrap();
        assert_eq!((network.parameters(), history.records.len()), (initial(problem).parameters(), 1));
    });
}

#[test]
fn batches_that_cannot_be() {
    with_problem(|problem| {
        let error = train(&mut initial(problem), problem, &config(0, 1)).unwrap_err();
        let message = "`batching` asks for 0 rows per batch, expected at least 1 (for all rows at once: `Batching::Full`)";
        assert_eq!(error.to_string(), message);
    });
}

#[test]
fn a_batch_larger_than_the_data_is_all_rows() {
    with_problem(|problem| {
        let all = run(problem, &config(ROWS, 3));
        for rows in [ROWS + 1, usize::MAX] {
            let found = run(problem, &config(rows, 3));
            assert_eq!((found.0, found.1.parameters()), (all.0.clone(), all.1.parameters()));
        }
    });
}

#[test]
fn divergence_leaves_the_parameters_from_before_the_epoch() {
    with_problem(|problem| {
        let mut network = initial(problem);
        let wild = TrainConfig { learning_rate: 1e300.into(), ..config(7, 9) };
        let error = train(&mut network, problem, &wild).unwrap_err();
        assert!(matches!(error, Error::Diverged { epoch: 1, .. }), "{error}");
        assert_eq!(network.parameters(), initial(problem).parameters());
    });
}

#[test]
fn divergence_counts_the_epochs_and_leaves_the_last_finite_one() {
    // x = 0 and ŷ = b: an update makes b − 1 about −1e40 times what it was, so an epoch of two batches makes
    // it 1e80 times.
    let architecture = Architecture::inputs(1).dense(1, Activation::Identity);
    let (x, y) = (Array2::zeros((2, 1)), array![1.0, 1.0]);
    let problem = Problem::new(&architecture, Loss::MeanSquaredError, &x, &y).unwrap();
    let start = || Network::from_parameters(&architecture, vec![0.0, 0.0]).unwrap();
    let steep = |epochs| TrainConfig { learning_rate: 0.5e40.into(), ..config(1, epochs) };
    let mut network = start();
    let error = train(&mut network, &problem, &steep(9)).unwrap_err();
    // The third epoch begins with (b − 1)² = 1e320, which is ∞; the second with 1e160.
    assert!(matches!(error, Error::Diverged { epoch: 3, .. }), "{error}");
    let mut finite = start();
    train(&mut finite, &problem, &TrainConfig { epochs: 1, ..steep(1) }).unwrap();
    assert_eq!(network.parameters(), finite.parameters());
}

#[test]
fn divergence_found_by_the_last_evaluation() {
    // θ ← θ + 2η (y − ŷ) x is finite, and its squared error is not.
    let architecture = Architecture::inputs(1).dense(1, Activation::Identity);
    let (x, y) = (array![[1.0]], array![1.0]);
    let problem = Problem::new(&architecture, Loss::MeanSquaredError, &x, &y).unwrap();
    let wild = TrainConfig { learning_rate: 1e200.into(), ..config(1, 1) };
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
    let batching = Batching::shuffled(3, SEED);
    let xor = Classifier {
        train: TrainConfig { batching, threads: 2, ..Classifier::default().train },
        ..Classifier::default()
    }
    .fit(&x, &y)
    .unwrap();
    assert_eq!(xor.predict(&x).unwrap(), y);
}

fn config(rows: usize, epochs: usize) -> TrainConfig {
    TrainConfig { epochs, batching: Batching::shuffled(rows, SEED), ..TrainConfig::default() }
}

fn run(problem: &Problem<'_>, config: &TrainConfig) -> (History, Network) {
    let mut network = initial(problem);
    (train(&mut network, problem, config).unwrap(), network)
}

/// A run of `config.epochs` epochs that continues one of `epoch` epochs.
fn run_from(
    epoch: usize,
    network: Network,
    problem: &Problem<'_>,
    config: &TrainConfig,
) -> (History, Network) {
    let config = TrainConfig { epochs: epoch + config.epochs, ..*config };
    let state = State { network, memory: Memory::default(), epoch };
    let mut training = Training::resume(problem, state, &config).unwrap();
    while training.epoch().unwrap().is_continue() {}
    let (network, history) = training.finish().unwrap();
    (history, network)
}

fn value(problem: &Problem<'_>, network: &Network) -> ObjectiveValue {
    Objective::new(problem, Accumulation::Batched).unwrap().value(network.parameters())
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
