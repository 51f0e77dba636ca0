//! Optimizers: steps worked out by hand, resumed runs, and settings out of range.

use std::ops::ControlFlow;

use ann_train::ndarray::{Array2, array};
use ann_train::{
    Accumulation, Activation, Adam, Architecture, Batching, Decay, Error, Init, Lbfgs, LearningRate,
    LevenbergMarquardt, Loss, Momentum, Network, Objective, Optimizer, Problem, Rprop, Scalar, Schedule,
    State, StepFactors, StopReason, TrainConfig, Training, ann_core::vector::dot, seeded, train,
};
use rand::RngExt;

const ROWS: usize = 50;
const SEED: u64 = 9;
const FACTORS: StepFactors = StepFactors { by_fan_in: true, biases: 0.1, input_factors: 6.0 };

// Steps by hand: ŷ = b, because x = 0 keeps w where it is, and y = 0. So J = b² and g = 2b.

#[test]
fn momentum_by_hand() {
    // b = 1: g = 2, v = 2, b = 1 − 0.1 · 2 = 0.8. g = 1.6, v = ½ · 2 + 1.6 = 2.6, b = 0.8 − 0.26 = 0.54.
    let momentum = Momentum { momentum: 0.5, nesterov: false };
    steps_by_hand(&momentum.into(), &[0.8, 0.54]);
}
/// g² overflows in `f32`, so that v is infinite and every step would be 0.
#[test]
fn adam_does_not_freeze_silently() {
    let architecture = Architecture::inputs(1).dense(1, Activation::Identity);
    let (x, y) = (array![[3.0_f32], [1.0]], vec![1e21_f32, 2e21]);
    let problem = Problem::new(&architecture, Loss::MeanSquaredError, &x, &y).unwrap();
    let mut network = Network::init(&architecture, Init::default(), &mut seeded(0)).unwrap();
    let config = TrainConfig { optimizer: Adam::default().into(), epochs: 5, ..TrainConfig::default() };
    let error = train(&mut network, &problem, &config).unwrap_err();
    assert!(matches!(error, Error::Diverged { .. }), "{error}");
}

#[test]
fn counts_at_their_limit_do_not_overflow() {
    let rate = LearningRate { warm_up: u64::MAX, ..0.1.into() };
    assert!((0.0..1e-19).contains(&rate.at(0, 10)));
    let architecture = Architecture::inputs(1).dense(1, Activation::Identity);
    let (x, y) = (array![[3.0], [1.0]], vec![1.0, 2.0]);
    let problem = Problem::new(&architecture, Loss::MeanSquaredError, &x, &y).unwrap();
    let network = Network::init(&architecture, Init::default(), &mut seeded(0)).unwrap();
    let config = TrainConfig { optimizer: Adam::default().into(), ..TrainConfig::default() };
    let mut state = Training::new(&problem, network, &config).unwrap().state().clone();
    state.memory.updates = u64::MAX;
    let error = Training::resume(&problem, state, &config).unwrap_err().to_string();
    assert!(
        error.starts_with("number of updates in the state is 1.8446744073709552e19, expected at most 2⁵³"),
        "{error}"
    );
}

#[test]
fn nesterov_by_hand() {
    // g = 2, v = 2, b = 1 − 0.1 (2 + ½ · 2) = 0.7. g = 1.4, v = ½ · 2 + 1.4 = 2.4, b = 0.7 − 0.1 (1.4 + 1.2)
    // = 0.44.
    let nesterov = Momentum { momentum: 0.5, nesterov: true };
    steps_by_hand(&nesterov.into(), &[0.7, 0.44]);
}
#[test]
fn adam_by_hand() {
    // With β₁ = ½, β₂ = ¾ and g = 2: m = 1, v = 1, m̂ = 1/½ = 2, v̂ = 1/¼ = 4, b = 1 − 0.1 · 2 / 2 = 0.9.
    // g = 1.8: m = ½ + 0.9 = 1.4, m̂ = 1.4 / ¾, v = ¾ + ¼ · 3.24 = 1.56, v̂ = 1.56 / (1 − 9/16).
    let adam = Adam { beta1: 0.5, beta2: 0.75, epsilon: 1e-30, ..Adam::default() };
    steps_by_hand(&adam.into(), &[0.9, 0.9 - 0.1 * (1.4 / 0.75) / (1.56_f64 / (7.0 / 16.0)).sqrt()]);
}
#[test]
fn decay_by_hand() {
    // As above, but first b is multiplied by 1 − 0.1 · 0.5 = 0.95. The gradient is taken before: g = 2 b.
    let decay = Decay { rate: 0.5, biases: true, ..Decay::default() };
    let adam = Adam { beta1: 0.5, beta2: 0.75, epsilon: 1e-30, decay };
    steps_by_hand(&adam.into(), &[0.85]);
    // Biases do not decay by default.
    let adam = Adam { decay: 0.5.into(), ..adam };
    steps_by_hand(&adam.into(), &[0.9]);
}
#[test]
fn rprop_by_hand() {
    // Steps 0.1, 0.12, 0.144, … until b is negative: 1, 0.9, 0.78, 0.636, 0.4632, 0.25584, 0.007008,
    // −0.2915904. Then b waits, and goes back by half of the last step, 0.2985984.
    let expected = [0.9, 0.78, 0.636, 0.4632, 0.25584, 0.007_008, -0.291_590_4, -0.291_590_4, -0.142_291_2];
    steps_by_hand(&Rprop::default().into(), &expected);
}

#[track_caller]
fn steps_by_hand(optimizer: &Optimizer, expected: &[f64]) {
    let architecture = Architecture::inputs(1).dense(1, Activation::Identity);
    let (x, y) = (array![[0.0]], array![0.0]);
    let problem = Problem::new(&architecture, Loss::MeanSquaredError, &x, &y).unwrap();
    let start = Network::from_parameters(&architecture, vec![0.0, 1.0]).unwrap();
    let config = TrainConfig { optimizer: *optimizer, epochs: expected.len(), ..TrainConfig::default() };
    let mut training = Training::new(&problem, start, &config).unwrap();
    for expected in expected {
        assert!(training.epoch().unwrap().is_continue());
        let found = training.state().network.parameters();
        // A few roundings of numbers of size 1.
        assert!((found[1] - expected).abs() < 1e-15 && found[0] == 0.0, "{optimizer}: {found:?}, {expected}");
    }
}

#[test]
fn passes_count_every_row_that_is_computed() {
    let adam = Adam::default().into();
    passes(&Optimizer::Descent, Batching::Full, &[1.0, 2.0, 3.0]);
    passes(&adam, Batching::shuffled(3, SEED), &[1.0, 2.0, 3.0]);
    // Three of four rows, because the last batch is left out.
    passes(&adam, Batching::Shuffled { rows: 3, seed: SEED, drop_last: true }, &[0.75, 1.5]);
    // J(θ) first. The first step of the line search, 1 / ‖g‖₁ = ½, leads to the minimum b = 1 − ½ · 2.
    passes(&Lbfgs::default().into(), Batching::Full, &[2.0]);
    // J(θ) first. Each epoch takes a Jacobian matrix and one step, d = −b / (1 + μ), which lowers J.
    passes(&LevenbergMarquardt::default().into(), Batching::Full, &[3.0, 5.0, 7.0]);
}

/// The passes after each epoch for ŷ = b and four rows with y = 0, from b = 1.
#[track_caller]
fn passes(optimizer: &Optimizer, batching: Batching, expected: &[f64]) {
    let architecture = Architecture::inputs(1).dense(1, Activation::Identity);
    let (x, y) = (Array2::zeros((4, 1)), [0.0; 4]);
    let problem = Problem::new(&architecture, Loss::MeanSquaredError, &x, &y[..]).unwrap();
    let start = Network::from_parameters(&architecture, vec![0.0, 1.0]).unwrap();
    let config = TrainConfig { optimizer: *optimizer, batching, ..TrainConfig::default() };
    let mut training = Training::new(&problem, start, &config).unwrap();
    assert_eq!(training.passes(), 0.0);
    for expected in expected {
        assert!(training.epoch().unwrap().is_continue());
        assert_eq!(training.passes(), *expected, "{optimizer}");
    }
}

#[test]
fn each_kind_of_parameter_has_its_own_step() {
    with_problem::<f64>(|problem| {
        let start = initial(problem);
        let moved = |steps| {
            let config = TrainConfig { steps, epochs: 1, ..TrainConfig::default() };
            let mut network = start.clone();
            train(&mut network, problem, &config).unwrap();
            let steps =
                network.parameters().iter().zip(start.parameters()).map(|(after, before)| after - before);
            steps.collect::<Vec<_>>()
        };
        let (alike, own) =
            (moved(StepFactors::default()), moved(StepFactors { input_factors: 0.0, ..FACTORS }));
        for span in problem.layout().layers() {
            for (range, factor) in
                [(span.weights(), 1.0 / (span.fan_in as f64).sqrt()), (span.bias(), FACTORS.biases)]
            {
                for (alike, own) in alike[range.clone()].iter().zip(&own[range]) {
                    // Differences of numbers of size 1.
                    assert!((alike * factor - own).abs() < 1e-15, "{alike} {own}");
                }
            }
        }
    });
}

#[test]
fn factors_of_inputs_by_hand() {
    // ŷ = w s x with x = 1, y = 0, w = 2, s = 1, b = 0: G = ∂J/∂(ws) = 2 · 2 = 4, ∂J/∂w = G s = 4, ∂J/∂s = G
    // w = 8. η = 0.01 for w and b, 0.02 for s: w = 1.96, s = 0.84, b = −0.04. The network has ws = 1.6464.
    let architecture = Architecture::inputs(1).dense(1, Activation::Identity);
    let (x, y) = (array![[1.0]], array![0.0]);
    let problem = Problem::new(&architecture, Loss::MeanSquaredError, &x, &y).unwrap();
    let start = Network::from_parameters(&architecture, vec![2.0, 0.0]).unwrap();
    let steps = StepFactors { input_factors: 2.0, ..StepFactors::default() };
    let config = TrainConfig { learning_rate: 0.01.into(), steps, epochs: 2, ..TrainConfig::default() };
    let mut training = Training::new(&problem, start, &config).unwrap();
    assert!(training.epoch().unwrap().is_continue());
    assert_close(training.state().network.parameters(), &[1.6464, -0.04]);
    assert_close(&training.state().memory.vectors[0], &[1.96, -0.04, 0.84]);
    // ŷ = 1.6064: G = 3.2128, w = 1.96 − 0.01 · G · 0.84, s = 0.84 − 0.02 · G · 1.96.
    assert!(training.epoch().unwrap().is_continue());
    let (w, s) = (1.96 - 0.032_128 * 0.84, 0.84 - 0.064_256 * 1.96);
    assert_close(training.state().network.parameters(), &[w * s, -0.04 - 0.032_128]);
}

#[test]
fn a_long_gradient_is_clipped_and_a_short_one_is_not() {
    // J = w² + b² at (3, 4) with x₁ = 1 and y = 0 … here: ŷ = b = 1, g = 2. A norm of 1 halves the step.
    let architecture = Architecture::inputs(1).dense(1, Activation::Identity);
    let (x, y) = (array![[0.0]], array![0.0]);
    let problem = Problem::new(&architecture, Loss::MeanSquaredError, &x, &y).unwrap();
    for (clip_norm, expected) in [(1.0, 0.9), (2.0, 0.8), (3.0, 0.8), (f64::INFINITY, 0.8)] {
        let mut network = Network::from_parameters(&architecture, vec![0.0, 1.0]).unwrap();
        let config = TrainConfig { clip_norm, epochs: 1, ..TrainConfig::default() };
        train(&mut network, &problem, &config).unwrap();
        assert_close(network.parameters(), &[0.0, expected]);
    }
}

// L-BFGS.

#[test]
fn every_step_of_lbfgs_satisfies_the_strong_wolfe_conditions() {
    with_problem::<f64>(|problem| {
        let config = TrainConfig { optimizer: Lbfgs::default().into(), epochs: 60, ..TrainConfig::default() };
        let mut training = Training::new(problem, initial(problem), &config).unwrap();
        let mut objective = Objective::new(problem, Accumulation::Batched).unwrap();
        let mut at = |network: &Network| {
            let mut gradient = vec![0.0; network.parameters().len()];
            let value = objective.value_and_gradient(network.parameters(), &mut gradient);
            (value.total(), gradient)
        };
        let mut before = (training.state().network.clone(), at(&training.state().network));
        let mut steps = 0;
        while training.epoch().unwrap().is_continue() {
            let network = training.state().network.clone();
            let (value, gradient) = at(&network);
            let (old, (old_value, old_gradient)) = &before;
            let step: Vec<f64> =
                network.parameters().iter().zip(old.parameters()).map(|(new, old)| new - old).collect();
            let [slope, old_slope] = [&gradient, old_gradient].map(|gradient| dot(gradient, &step));
            // A few roundings of J beside it.
            assert!(
                value <= old_value + 1e-4 * old_slope + 1e-15,
                "step {steps}: {old_value} {value} {old_slope}"
            );
            assert!(slope.abs() <= 0.9 * old_slope.abs(), "step {steps}: {old_slope} {slope}");
            before = (network, (value, gradient));
            steps += 1;
        }
        assert!(steps > 50, "{steps}");
    });
}

#[test]
fn lbfgs_finds_the_minimum_of_a_quadratic_function() {
    // ŷ = w x + b and 4 rows: J has its minimum where the residuals are orthogonal to x and to 1: w = 1.4, b
    // = 0.9.
    let architecture = Architecture::inputs(1).dense(1, Activation::Identity);
    let (x, y) = (array![[0.0], [1.0], [2.0], [3.0]], array![1.0, 2.0, 4.0, 5.0]);
    let problem = Problem::new(&architecture, Loss::MeanSquaredError, &x, &y).unwrap();
    let mut network = Network::from_parameters(&architecture, vec![0.0, 0.0]).unwrap();
    let config = TrainConfig { optimizer: Lbfgs::default().into(), ..TrainConfig::default() };
    let history = train(&mut network, &problem, &config).unwrap();
    assert_eq!(history.stop, StopReason::Converged);
    assert!(history.records.len() < 12, "{}", history.records.len());
    let &[w, b]: &[f64; 2] = network.parameters().try_into().unwrap();
    // J is flat: it is the same to rounding, 1e-16, within a distance of 1e-8.
    assert!((w - 1.4).abs() < 1e-7 && (b - 0.9).abs() < 1e-7, "{w} {b}");
    // At a minimum, where the gradient is 0, there is nothing to do.
    let y = array![1.0, 2.0, 3.0, 4.0];
    let problem = Problem::new(&architecture, Loss::MeanSquaredError, &x, &y).unwrap();
    let mut network = Network::from_parameters(&architecture, vec![1.0, 1.0]).unwrap();
    let history = train(&mut network, &problem, &config).unwrap();
    assert_eq!((history.stop, history.records.len()), (StopReason::Converged, 1));
}

#[test]
fn lbfgs_learns_in_f32() {
    with_problem::<f32>(|problem| {
        let config =
            TrainConfig { optimizer: Lbfgs::default().into(), epochs: 100, ..TrainConfig::default() };
        let history = train(&mut initial(problem), problem, &config).unwrap();
        let totals: Vec<f64> = history.records.iter().map(|record| record.loss + record.penalty).collect();
        assert!(totals.windows(2).all(|pair| pair[1] <= pair[0]), "J never rises");
        assert!(totals[totals.len() - 1] < 0.2 * totals[0], "{totals:?}");
    });
}

#[test]
fn what_lbfgs_cannot_use_is_an_error() {
    let lbfgs = TrainConfig { optimizer: Lbfgs::default().into(), ..TrainConfig::default() };
    let batching = Batching::shuffled(8, 1);
    let message = "L-BFGS does not work with this `batching`, expected `Batching::Full`, all rows at once";
    refused(&TrainConfig { batching, ..lbfgs }, message);
    let reason = "because it finds the length of each step itself";
    let message = format!("L-BFGS does not work with this `steps`, expected the defaults, {reason}");
    refused(&TrainConfig { steps: FACTORS, ..lbfgs }, &message);
    let message = format!("L-BFGS does not work with this `clip_norm`, expected ∞, {reason}");
    refused(&TrainConfig { clip_norm: 1.0, ..lbfgs }, &message);
    let optimizer = Lbfgs { history: 0 }.into();
    refused(&TrainConfig { optimizer, ..lbfgs }, "history is 0, expected from 1 to 1000");
}

// Stopping and going on.

#[test]
fn a_hundred_and_two_hundred_epochs_are_three_hundred() {
    let adam =
        Adam { decay: Decay { rate: 0.01, schedule: Schedule::FlatCosine, biases: true }, ..Adam::default() };
    let nesterov = Momentum { nesterov: true, ..Momentum::default() };
    let cycle = Schedule::OneCycle { first: 0.04, last: 1e-3, rise: 0.3 };
    for optimizer in [
        Optimizer::Descent,
        Momentum::default().into(),
        nesterov.into(),
        Adam::default().into(),
        adam.into(),
        Rprop::default().into(),
    ] {
        for batching in [
            Batching::Full,
            Batching::shuffled(16, SEED),
            Batching::Shuffled { rows: 16, seed: 1, drop_last: true },
        ] {
            for (schedule, steps) in [
                (Schedule::Constant, StepFactors::default()),
                (Schedule::Exponential { last: 0.01 }, FACTORS),
                (Schedule::Steps { factor: 0.3, parts: 4 }, StepFactors::default()),
                (Schedule::Cosine { last: 0.1 }, FACTORS),
                (cycle, StepFactors::default()),
                (Schedule::CosLog4, FACTORS),
            ] {
                let learning_rate = LearningRate { peak: 0.01, schedule, warm_up: 50 };
                let config = TrainConfig {
                    optimizer,
                    learning_rate,
                    steps,
                    batching,
                    epochs: 300,
                    ..TrainConfig::default()
                };
                resuming_changes_no_bit::<f64>(&config);
            }
        }
    }
    let config =
        TrainConfig { optimizer: adam.into(), epochs: 300, steps: FACTORS, ..TrainConfig::default() };
    resuming_changes_no_bit::<f32>(&TrainConfig { batching: Batching::shuffled(16, SEED), ..config });
}

#[test]
fn levenberg_marquardt_continues_with_its_damping() {
    // Noise is no function of x, so that there is always something left to fit.
    let architecture = Architecture::inputs(1).dense(8, Activation::Tanh).dense(1, Activation::Identity);
    let mut rng = seeded(SEED);
    let x = Array2::from_shape_fn((ROWS, 1), |_| rng.random_range(-1.0..1.0));
    let y = x.mapv(|x: f64| (4.0 * x).sin() + rng.random_range(-0.1..0.1));
    let problem = Problem::new(&architecture, Loss::MeanSquaredError, &x, &y).unwrap();
    let optimizer = LevenbergMarquardt::default().into();
    let config = TrainConfig { optimizer, epochs: 30, ..TrainConfig::default() };
    continuing_changes_no_bit(&problem, &config, 10);
}

fn resuming_changes_no_bit<F: Scalar>(config: &TrainConfig) {
    with_problem::<F>(|problem| continuing_changes_no_bit(problem, config, 100));
}

/// A run that is stopped after `stopped` epochs and continued gives the bits of one that is not.
fn continuing_changes_no_bit<F: Scalar>(problem: &Problem<'_, F>, config: &TrainConfig, stopped: usize) {
    let mut whole = Training::new(problem, initial(problem), config).unwrap();
    while whole.epoch().unwrap().is_continue() {}
    let mut first = Training::new(problem, initial(problem), config).unwrap();
    while first.state().epoch < stopped {
        assert!(first.epoch().unwrap().is_continue());
    }
    let state = first.state().clone();
    let mut second = Training::resume(problem, state, config).unwrap();
    while let ControlFlow::Continue(record) = second.epoch().unwrap() {
        assert_eq!(record, whole.records()[record.epoch], "{config:?}");
    }
    assert!(!second.records().is_empty(), "{config:?}: nothing was left to do");
    let [whole_state, resumed] = [whole.state(), second.state()];
    assert_eq!(resumed.network.parameters(), whole_state.network.parameters(), "{config:?}");
    assert_eq!(resumed.memory, whole_state.memory);
    // Something was learned, so something was compared.
    let [start, end] = [whole.records()[0].loss, whole.records()[stopped..].last().unwrap().loss];
    assert!(end < 0.95 * start, "{config:?}: {start} {end}");
}

#[test]
fn the_memory_of_another_optimizer_is_refused() {
    with_problem::<f64>(|problem| {
        let momentum = TrainConfig { optimizer: Momentum::default().into(), ..TrainConfig::default() };
        let adam = TrainConfig { optimizer: Adam::default().into(), ..TrainConfig::default() };
        let training = Training::new(problem, initial(problem), &momentum).unwrap();
        let state = training.state().clone();
        let parameters = problem.layout().len();
        let error = Training::resume(problem, state.clone(), &adam).unwrap_err();
        let message =
            "the state is that of momentum, not of Adam: resume a run with the optimizer that it began with";
        assert_eq!(error.to_string(), message);
        // Rprop has two vectors, too, but they mean something else.
        let rprop = TrainConfig { optimizer: Rprop::default().into(), ..TrainConfig::default() };
        let of_adam = Training::new(problem, initial(problem), &adam).unwrap().state().clone();
        let error = Training::resume(problem, of_adam, &rprop).unwrap_err();
        assert!(matches!(error, Error::OtherOptimizer { .. }), "{error}");
        let steps = StepFactors { input_factors: 1.0, ..StepFactors::default() };
        let error = Training::resume(problem, state.clone(), &TrainConfig { steps, ..momentum }).unwrap_err();
        let message = format!(
            "the state has 1 vectors of memory; momentum with these settings expects 2, each of {} finite numbers: \
             resume a run with the settings that it began with",
            parameters + problem.architecture().input_width()
        );
        assert_eq!(error.to_string(), message);
        let (mut shorter, mut damaged) = (state.clone(), state);
        shorter.memory.vectors[0].pop();
        damaged.memory.vectors[0][0] = f64::NAN;
        for state in [shorter, damaged] {
            assert!(matches!(Training::resume(problem, state, &momentum), Err(Error::MemoryMismatch { .. })));
        }
    });
}

#[test]
fn a_run_that_diverges_begins_anew_with_an_empty_memory() {
    with_problem::<f64>(|problem| {
        let config = TrainConfig {
            optimizer: Momentum::default().into(),
            learning_rate: 1e300.into(),
            ..TrainConfig::default()
        };
        let mut training = Training::new(problem, initial(problem), &config).unwrap();
        while training.epoch().is_ok_and(|flow| flow.is_continue()) {}
        let State { network, memory, .. } = training.state().clone();
        assert_eq!(network.parameters(), initial(problem).parameters());
        assert_eq!((memory.updates, memory.vectors[0].iter().all(|v| *v == 0.0)), (0, true));
    });
}

// Settings.

#[test]
fn settings_out_of_range() {
    let adam = Adam::default();
    let rprop = Rprop::default();
    for (optimizer, message) in [
        (Momentum { momentum: 1.0, nesterov: false }.into(), "momentum (μ) is 1, expected from 0 to below 1"),
        (Adam { beta1: -0.1, ..adam }.into(), "beta1 (β₁) is -0.1, expected from 0 to below 1"),
        (Adam { beta2: f64::NAN, ..adam }.into(), "beta2 (β₂) is NaN, expected from 0 to below 1"),
        (
            Adam { epsilon: 1e-50, ..adam }.into(),
            "epsilon (ε) is 1e-50, expected a finite number above 0, also in `f32`",
        ),
        (
            Adam { decay: (-1.0).into(), ..adam }.into(),
            "the rate of weight decay is -1, expected a finite number ≥ 0",
        ),
        (Rprop { shrink: 1.0, ..rprop }.into(), "shrink is 1, expected above 0 and below 1"),
        (Rprop { grow: 1.0, ..rprop }.into(), "grow is 1, expected a finite number above 1"),
        (
            Rprop { smallest: 1.0, largest: 0.5, ..rprop }.into(),
            "the largest step is 0.5, expected a finite number above 0, at least the smallest step",
        ),
    ] {
        refused(&TrainConfig { optimizer, ..TrainConfig::default() }, message);
    }
    let steps = StepFactors { biases: 0.0, ..StepFactors::default() };
    let message = "steps.biases is 0, expected a finite number above 0";
    refused(&TrainConfig { steps, ..TrainConfig::default() }, message);
    let steps = StepFactors { input_factors: -1.0, ..StepFactors::default() };
    let message = "steps.input_factors is -1, expected a finite number ≥ 0";
    refused(&TrainConfig { steps, ..TrainConfig::default() }, message);
    let message = "clip_norm is 0, expected a number above 0";
    refused(&TrainConfig { clip_norm: 0.0, ..TrainConfig::default() }, message);
    let learning_rate = LearningRate { schedule: Schedule::Cosine { last: -1.0 }, ..0.1.into() };
    let message = "the schedule's `last` is -1, expected a finite number ≥ 0";
    refused(&TrainConfig { learning_rate, ..TrainConfig::default() }, message);
}

#[track_caller]
fn refused(config: &TrainConfig, message: &str) {
    with_problem::<f64>(|problem| {
        assert_eq!(train(&mut initial(problem), problem, config).unwrap_err().to_string(), message);
    });
}

#[test]
fn names_are_those_of_papers() {
    let adamw = Adam { decay: 0.01.into(), ..Adam::default() };
    let nesterov = Momentum { nesterov: true, ..Momentum::default() };
    let named: [(Optimizer, &str); 7] = [
        (Optimizer::Descent, "gradient descent"),
        (Momentum::default().into(), "momentum"),
        (nesterov.into(), "Nesterov momentum"),
        (Adam::default().into(), "Adam"),
        (adamw.into(), "AdamW"),
        (Rprop::default().into(), "Rprop"),
        (Lbfgs::default().into(), "L-BFGS"),
    ];
    for (optimizer, name) in named {
        assert_eq!(optimizer.to_string(), name);
    }
}

// Helpers.

fn initial<F: Scalar>(problem: &Problem<'_, F>) -> Network<F> {
    Network::init(problem.architecture(), Init::default(), &mut seeded(SEED)).unwrap()
}

fn with_problem<F: Scalar>(check: impl FnOnce(&Problem<'_, F>)) {
    let architecture = Architecture::inputs(3).dense(5, Activation::Tanh).dense(3, Activation::Identity);
    let mut rng = seeded(SEED);
    let x = Array2::from_shape_fn((ROWS, 3), |_| F::of(rng.random_range(-1.0..1.0)));
    let classes: Vec<usize> =
        x.rows().into_iter().map(|x| usize::from(x[0] > x[1]) + usize::from(x[2] > x[1])).collect();
    let problem = Problem::new(&architecture, Loss::SoftmaxCrossEntropy, &x, &classes).unwrap();
    check(&problem.with_l2(0.001).unwrap());
}

#[track_caller]
fn assert_close(found: &[f64], expected: &[f64]) {
    assert_eq!(found.len(), expected.len());
    for (a, b) in found.iter().zip(expected) {
        // A few roundings of numbers of size 1.
        assert!((a - b).abs() < 1e-14, "{found:?} {expected:?}");
    }
}
