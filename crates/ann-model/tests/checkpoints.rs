//! Checkpoints: a run that goes through a file has the bits of one that never stopped.

use ann_model::Error;
use ann_model::ann_core::ndarray::Array2;
use ann_model::ann_train::{
    Accumulation, Activation, Adam, Architecture, Batching, Decay, Init, Lbfgs, LearningRate,
    LevenbergMarquardt, Loss, Momentum, Network, Optimizer, Problem, Rprop, Schedule, StepFactors,
    TrainConfig, Training, seeded,
};
use ann_model::file::{Checkpoint, Element, Load, Save};

const ROWS: usize = 20;
const FACTORS: StepFactors = StepFactors { by_fan_in: true, biases: 0.1, input_factors: 6.0 };

#[test]
fn a_run_goes_through_a_file_without_losing_a_bit() {
    let decay = Decay { rate: 0.01, schedule: Schedule::FlatCosine, biases: true };
    let nesterov = Momentum { nesterov: true, ..Momentum::default() };
    for optimizer in [
        Optimizer::Descent,
        Momentum::default().into(),
        nesterov.into(),
        Adam::default().into(),
        Adam { decay, ..Adam::default() }.into(),
        Rprop::default().into(),
    ] {
        for batching in [
            Batching::Full,
            Batching::shuffled(8, 3),
            Batching::Shuffled { rows: 8, seed: u64::MAX, drop_last: true },
            Batching::Windowed { rows: 8, seed: 3, drop_last: false, block: 3, window: 2 },
        ] {
            for steps in [StepFactors::default(), FACTORS] {
                let schedule = Schedule::OneCycle { first: 0.04, last: 1e-3, rise: 0.3 };
                let learning_rate = LearningRate { peak: 0.01, schedule, warm_up: 5 };
                check(&TrainConfig { optimizer, batching, steps, learning_rate, ..config() });
            }
        }
    }
}

#[test]
fn optimizers_for_all_rows_at_once_go_through_a_file() {
    check(&TrainConfig { optimizer: Lbfgs { history: 3 }.into(), ..config() });
    check(&TrainConfig { optimizer: LevenbergMarquardt::default().into(), ..config() });
}

#[test]
fn other_data_are_refused() {
    let (x, y) = data::<f64>();
    let checkpoint = checkpoint(&x, &y);
    let refused = |x: &Array2<f64>, y: &Array2<f64>, weights: Option<&[f64]>| {
        let architecture = architecture();
        let problem = Problem::new(&architecture, Loss::MeanSquaredError, x, y).unwrap();
        let problem = match weights {
            Some(weights) => problem.with_weights(weights).unwrap(),
            None => problem,
        };
        let error = checkpoint.clone().resume(&problem, &config()).unwrap_err();
        assert!(matches!(error, Error::OtherData { .. }), "{error}");
    };
    let changed = |numbers: &Array2<f64>| {
        let mut numbers = numbers.clone();
        numbers[[7, 0]] = numbers[[7, 0]].next_up();
        numbers
    };
    refused(&changed(&x), &y, None);
    refused(&x, &changed(&y), None);
    refused(&x, &y, Some(&[1.0; ROWS]));
    let reversed =
        |numbers: &Array2<f64>| Array2::from_shape_fn(numbers.dim(), |(row, k)| numbers[[ROWS - 1 - row, k]]);
    refused(&reversed(&x), &reversed(&y), None);
}

#[test]
fn other_settings_are_named() {
    let (x, y) = data::<f64>();
    let checkpoint = checkpoint(&x, &y);
    let architecture = architecture();
    let with = |loss: Loss, l2: f64, config: TrainConfig| {
        let problem = Problem::new(&architecture, loss, &x, &y).unwrap().with_l2(l2).unwrap();
        checkpoint.clone().resume(&problem, &config).map(|_| ()).unwrap_err().to_string()
    };
    let config_with = |config: TrainConfig| with(Loss::MeanSquaredError, 0.0, config);
    let other = |momentum: f64| Momentum { momentum, nesterov: false }.into();
    for (error, expected) in [
        (
            with(Loss::Huber { delta: 1.0 }, 0.0, config()),
            "loss = mean squared error, found Huber loss with δ = 1",
        ),
        (with(Loss::MeanSquaredError, 0.1, config()), "l2 = 0, found 0.1"),
        (config_with(TrainConfig { epochs: 29, ..config() }), "epochs = 30, found 29"),
        (
            config_with(TrainConfig { optimizer: other(0.8), ..config() }),
            "optimizer.momentum = 0.9, found 0.8",
        ),
        (
            config_with(TrainConfig { optimizer: Optimizer::Descent, ..config() }),
            "optimizer = momentum, found descent",
        ),
        (
            config_with(TrainConfig { learning_rate: 0.2.into(), ..config() }),
            "learning_rate = 0.1, found 0.2",
        ),
        (
            config_with(TrainConfig { batching: Batching::shuffled(4, 1), ..config() }),
            "batching = full, found shuffled",
        ),
        (config_with(TrainConfig { clip_norm: 1.0, ..config() }), "clip_norm = inf, found 1"),
        (config_with(TrainConfig { steps: FACTORS, ..config() }), "steps.biases = 1, found 0.1"),
        (
            config_with(TrainConfig { accumulation: Accumulation::PerSample, ..config() }),
            "accumulation = batched, found per_sample",
        ),
    ] {
        let expected =
            format!("the checkpoint was made with {expected}: resume with the settings of the run; ");
        assert!(error.starts_with(&expected), "{error}");
    }
    let problem = Problem::new(&architecture, Loss::MeanSquaredError, &x, &y).unwrap();
    let more = TrainConfig { epochs: 50, threads: 2, ..config() };
    checkpoint.resume(&problem, &more).unwrap();
}

#[test]
fn a_checkpoint_predicts() {
    let (x, y) = data::<f64>();
    let checkpoint = checkpoint(&x, &y);
    let network = Network::<f64>::read(&checkpoint.write().unwrap()).unwrap();
    assert_eq!(network.forward(&x).unwrap(), checkpoint.state().network.forward(&x).unwrap());
}

#[test]
fn a_memory_that_does_not_fit_is_refused() {
    let (x, y) = data::<f64>();
    let mut container = checkpoint(&x, &y).container().unwrap();
    container.tensors.remove("optimizer.vectors.1").expect("momentum has a velocity");
    let architecture = architecture();
    let problem = Problem::new(&architecture, Loss::MeanSquaredError, &x, &y).unwrap();
    let checkpoint: Checkpoint = Load::read(&container.write()).unwrap();
    assert!(matches!(checkpoint.resume(&problem, &config()), Err(Error::Training(_))));
}

fn config() -> TrainConfig {
    TrainConfig { optimizer: Momentum::default().into(), epochs: 30, ..TrainConfig::default() }
}

fn architecture() -> Architecture {
    Architecture::inputs(2).dense(4, Activation::Tanh).dense(1, Activation::Identity)
}

/// y = x₁ x₂ on a grid.
fn data<F: Element>() -> (Array2<F>, Array2<F>) {
    let x = Array2::from_shape_fn((ROWS, 2), |(row, k)| F::of((row * (3 + 4 * k) % 11) as f64 / 5.0 - 1.0));
    let y = Array2::from_shape_fn((ROWS, 1), |(row, _)| x[[row, 0]] * x[[row, 1]]);
    (x, y)
}

fn start<F: Element>() -> Network<F> {
    Network::init(&architecture(), Init::default(), &mut seeded(1)).unwrap()
}

/// After 10 epochs of 30.
fn checkpoint(x: &Array2<f64>, y: &Array2<f64>) -> Checkpoint {
    let architecture = architecture();
    let problem = Problem::new(&architecture, Loss::MeanSquaredError, x, y).unwrap();
    let mut training = Training::new(&problem, start(), &config()).unwrap();
    (0..10).for_each(|_| assert!(training.epoch().unwrap().is_continue()));
    Checkpoint::new(&training)
}

/// 10 epochs, a file, and the rest are all epochs, in both precisions.
#[track_caller]
fn check(config: &TrainConfig) {
    in_precision::<f64>(config);
    in_precision::<f32>(config);
}

#[track_caller]
fn in_precision<F: Element>(config: &TrainConfig) {
    let (architecture, (x, y)) = (architecture(), data::<F>());
    let problem = Problem::new(&architecture, Loss::MeanSquaredError, &x, &y).unwrap();
    let last = |mut training: Training<'_, '_, F>| {
        while training.epoch().unwrap().is_continue() {}
        Checkpoint::new(&training).write().unwrap()
    };
    let mut training = Training::new(&problem, start(), config).unwrap();
    (0..10).for_each(|_| assert!(training.epoch().unwrap().is_continue()));
    let bytes = Checkpoint::new(&training).write().unwrap();
    let resumed = Checkpoint::<F>::read(&bytes).unwrap();
    assert_eq!(resumed.write().unwrap(), bytes, "{config:?}");
    let resumed = last(resumed.resume(&problem, config).unwrap());
    let whole = last(Training::new(&problem, start(), config).unwrap());
    assert_ne!(whole, bytes, "the epochs after the file change something");
    assert!(resumed == whole, "{config:?}");
}
