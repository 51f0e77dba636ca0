//! Levenberg–Marquardt: every step solves its normal equations with the first damping that lowers J, J never
//! rises, and what the method cannot minimise is an error.

use ann_train::ann_core::LayerSpan;
use ann_train::ndarray::{Array1, Array2, ArrayView2, array};
use ann_train::{
    Accumulation, Activation, Architecture, Batching, Init, LevenbergMarquardt, Loss, LossFn, Network,
    Objective, Problem, Scalar, State, StepFactors, StopReason, Target, TargetKind, Targets, TrainConfig,
    Training, per_sample_gradients, seeded, train,
};

const ROWS: usize = 30;
const SEED: u64 = 4;
/// An entry of D is at least this share of the largest.
const FLOOR: f64 = 1e-9;

// Each step solves (A + μ D) d = −g.

#[test]
fn steps_of_one_output() {
    steps_solve_their_equations(1, Settings::default());
}
#[test]
fn steps_of_three_outputs() {
    steps_solve_their_equations(3, Settings::default());
}
#[test]
fn steps_with_a_penalty() {
    steps_solve_their_equations(2, Settings { l2: 0.01, ..Settings::default() });
}
#[test]
fn steps_with_weights_of_rows() {
    steps_solve_their_equations(2, Settings { is_weighted: true, ..Settings::default() });
}
#[test]
fn steps_with_weights_and_a_penalty() {
    steps_solve_their_equations(1, Settings { l2: 0.1, is_weighted: true, ..Settings::default() });
}
#[test]
fn steps_with_a_parameter_that_changes_no_output() {
    // The weights of the last input have derivatives of 0, so that only the floor of D is on the diagonal.
    steps_solve_their_equations(1, Settings { is_last_input_0: true, ..Settings::default() });
}
#[test]
fn steps_of_rows_that_take_two_blocks() {
    // 66 parameters: a block has 65536 / 66 = 992 rows.
    steps_solve_their_equations(1, Settings { rows: 1500, hidden: 13, ..Settings::default() });
}

#[test]
fn a_linear_network_takes_one_step() {
    // ŷ = w x + b and 4 rows: J has its minimum where the residuals are orthogonal to x and to 1: w = 1.4, b
    // = 0.9.
    let architecture = Architecture::inputs(1).dense(1, Activation::Identity);
    let (x, y) = (array![[0.0], [1.0], [2.0], [3.0]], array![1.0, 2.0, 4.0, 5.0]);
    let problem = Problem::new(&architecture, Loss::MeanSquaredError, &x, &y).unwrap();
    let mut network = Network::from_parameters(&architecture, vec![0.0, 0.0]).unwrap();
    train(&mut network, &problem, &config(1e-15, 1)).unwrap();
    // A few roundings of numbers of size 1.
    for (found, expected) in network.parameters().iter().zip([1.4, 0.9_f64]) {
        assert!((found - expected).abs() < 1e-14, "{:?}", network.parameters());
    }
}

// Whole runs.

#[test]
fn j_never_rises() {
    for (outputs, l2, is_weighted) in
        [(1, 0.0, false), (3, 0.0, true), (2, 0.01, false), (1, 0.001, true), (2, 1.0, true)]
    {
        let settings = Settings { l2, is_weighted, ..Settings::default() };
        with_problem::<f64>(outputs, settings, |problem| never_rises(problem));
        with_problem::<f32>(outputs, settings, |problem| never_rises(problem));
    }
}

#[test]
fn a_resumed_run_gives_the_same_bits() {
    with_problem::<f64>(2, Settings { l2: 1e-4, is_weighted: true, ..Settings::default() }, |problem| {
        let whole = states(Training::new(problem, initial(problem), &config(1e-3, 30)).unwrap());
        let resumed = states(Training::resume(problem, whole[9].clone(), &config(1e-3, 30)).unwrap());
        assert_eq!((whole.len(), resumed.len()), (30, 20));
        for (state, expected) in resumed.iter().zip(&whole[10..]) {
            assert_eq!(state.network.parameters(), expected.network.parameters());
            assert_eq!(state.memory, expected.memory);
        }
    });
}

#[test]
fn at_a_minimum_the_run_converges_and_changes_nothing() {
    let architecture = Architecture::inputs(1).dense(2, Activation::Tanh).dense(1, Activation::Identity);
    let (x, y) = (array![[-2.0], [-1.0], [0.0], [1.0], [2.0]], array![-0.7, -0.6, 0.1, 0.5, 0.9]);
    let problem = Problem::new(&architecture, Loss::MeanSquaredError, &x, &y).unwrap().with_l2(0.01).unwrap();
    let mut network = initial(&problem);
    let history = train(&mut network, &problem, &config(1e-3, 500)).unwrap();
    assert_eq!(history.stop, StopReason::Converged);
    let mut again = network.clone();
    let history = train(&mut again, &problem, &config(1e-3, 500)).unwrap();
    assert_eq!((history.stop, history.records.len()), (StopReason::Converged, 1));
    assert_eq!(again.parameters(), network.parameters());
}

#[test]
fn a_row_of_weight_0_is_not_there_even_if_it_overflows() {
    let architecture = Architecture::inputs(1).dense(2, Activation::Relu).dense(1, Activation::Identity);
    let trained = |x: &Array2<f64>, y: &Array1<f64>, weights: &[f64]| {
        let problem = Problem::new(&architecture, Loss::MeanSquaredError, x, y).unwrap();
        let problem = problem.with_weights(weights).unwrap();
        let mut network: Network =
            Network::from_parameters(&architecture, vec![4.0, 3.0, 0.1, 0.2, 2.0, 1.0, 0.0]).unwrap();
        train(&mut network, &problem, &config(1e-3, 20)).unwrap();
        network.parameters().to_vec()
    };
    let without = trained(&array![[0.5], [1.0], [2.0]], &array![1.0, 2.0, 5.0], &[1.0, 1.0, 1.0]);
    let with =
        trained(&array![[0.5], [1.0], [1e308], [2.0]], &array![1.0, 2.0, 0.0, 5.0], &[1.0, 1.0, 0.0, 1.0]);
    assert_eq!(with, without);
}

// Errors.

#[test]
fn another_loss() {
    let message = "Levenberg–Marquardt minimises the mean squared error, not absolute error: choose another optimizer, \
                   for example L-BFGS";
    refused(3, Loss::AbsoluteError, &config(1e-3, 1), message);
}

#[test]
fn too_many_parameters() {
    // 3 · 800 + 800 + 800 · 1 + 1 parameters.
    let message = "Levenberg–Marquardt solves a system of 4001 equations, one for each parameter, expected at most \
                   4000: choose a smaller network, or another optimizer, for example L-BFGS";
    refused(800, Loss::MeanSquaredError, &config(1e-3, 1), message);
}

#[test]
fn settings_that_it_cannot_use() {
    let config = config(1e-3, 1);
    let name = "Levenberg–Marquardt does not work with this";
    let reason = "because it finds the length of each step itself";
    for (config, message) in [
        (
            TrainConfig { batching: Batching::shuffled(8, 1), ..config },
            format!("{name} `batching`, expected `Batching::Full`, all rows at once"),
        ),
        (
            TrainConfig { steps: StepFactors { biases: 0.1, ..StepFactors::default() }, ..config },
            format!("{name} `steps`, expected the defaults, {reason}"),
        ),
        (TrainConfig { clip_norm: 1.0, ..config }, format!("{name} `clip_norm`, expected ∞, {reason}")),
    ] {
        refused(3, Loss::MeanSquaredError, &config, &message);
    }
    for (damping, shown) in [(0.0, "0"), (1e-16, "1e-16"), (1e16, "1e16"), (f64::NAN, "NaN")] {
        let message = format!("damping (μ) is {shown}, expected from 1e-15 to 1e15");
        refused(3, Loss::MeanSquaredError, &self::config(damping, 1), &message);
    }
}

#[test]
fn a_state_with_a_damping_that_cannot_be_used_is_refused() {
    with_problem::<f64>(1, Settings::default(), |problem| {
        for (scalars, message) in [
            (vec![], "number of dampings is 0, expected 1"),
            // It would never grow.
            (vec![0.0], "damping (μ) is 0, expected from 1e-15 to 1e15"),
            (vec![-1.0], "damping (μ) is -1, expected from 1e-15 to 1e15"),
        ] {
            let training = Training::new(problem, initial(problem), &config(1e-3, 1)).unwrap();
            let mut state = training.state().clone();
            state.memory.scalars = scalars;
            let error = Training::resume(problem, state, &config(1e-3, 1)).unwrap_err();
            assert_eq!(error.to_string(), message);
        }
    });
}

// Helpers.

#[derive(Clone, Copy)]
struct Settings {
    rows: usize,
    hidden: usize,
    l2: f64,
    is_weighted: bool,
    is_last_input_0: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self { rows: ROWS, hidden: 4, l2: 0.0, is_weighted: false, is_last_input_0: false }
    }
}

/// Ten steps, each compared with what [`Equations`] say.
#[track_caller]
fn steps_solve_their_equations(outputs: usize, settings: Settings) {
    with_problem::<f64>(outputs, settings, |problem| {
        let mut training = Training::new(problem, initial(problem), &config(1e-3, 10)).unwrap();
        let mut first_trials = 0;
        for epoch in 0..10 {
            let State { network, memory, .. } = training.state().clone();
            assert!(training.epoch().unwrap().is_continue(), "step {epoch}");
            let step: Vec<f64> = training
                .state()
                .network
                .parameters()
                .iter()
                .zip(network.parameters())
                .map(|(a, b)| a - b)
                .collect();
            let equations = Equations::new(problem, network.parameters());
            // μ is divided by 10 after the step, and was multiplied by 10 for each trial that did not lower
            // J.
            let damping = training.state().memory.scalars[0] * 10.0;
            equations.assert_solved(&step, damping);
            let trials = (damping / memory.scalars[0]).log10();
            // Each multiplication rounds once.
            assert!(
                trials.round() >= 0.0 && (trials - trials.round()).abs() < 1e-14,
                "step {epoch}: {trials}"
            );
            for trial in 0..trials.round() as i32 {
                let d = equations.solve(memory.scalars[0] * 10_f64.powi(trial));
                let there: Vec<f64> =
                    network.parameters().iter().zip(&d).map(|(theta, d)| theta + d).collect();
                let [before, after] = [network.parameters(), &there].map(|theta| j(problem, theta));
                assert!(after >= before, "step {epoch}: trial {trial} lowers J from {before} to {after}");
            }
            first_trials += usize::from(trials.round() == 0.0);
        }
        assert!(first_trials > 0, "the first trial was never the step");
    });
}

/// A and g of the normal equations, from gradients of the outputs one by one.
struct Equations {
    a: Array2<f64>,
    g: Array1<f64>,
}

impl Equations {
    fn new(problem: &Problem<'_>, theta: &[f64]) -> Self {
        let (outputs, count) = (problem.architecture().output_width(), theta.len());
        let (x, mut a) = (problem.features(), Array2::zeros((count, count)));
        for output in 0..outputs {
            let one = Problem::new(problem.architecture(), Output(output), &x, targets(problem));
            let gradients = per_sample_gradients(&one.unwrap(), theta).unwrap();
            for (row, gradient) in gradients.rows().into_iter().enumerate() {
                let weight = problem.weights().map_or(1.0, |weights| weights[row]);
                let scale = weight / (outputs as f64 * problem.total_weight());
                a += &(scale
                    * &gradient.to_shape((count, 1)).unwrap().dot(&gradient.to_shape((1, count)).unwrap()));
            }
        }
        for weight in problem.layout().layers().iter().flat_map(LayerSpan::weights) {
            a[[weight, weight]] += problem.l2();
        }
        let mut g = vec![0.0; count];
        Objective::new(problem, Accumulation::PerSample).unwrap().value_and_gradient(theta, &mut g);
        Self { a, g: Array1::from(g) / 2.0 }
    }

    /// A + μ D.
    fn damped(&self, damping: f64) -> Array2<f64> {
        let largest = self.a.diag().iter().copied().fold(0.0, f64::max);
        let mut damped = self.a.clone();
        damped.diag_mut().iter_mut().for_each(|d| *d += damping * d.max(FLOOR * largest));
        damped
    }

    /// Each equation holds within 1e-10 of the size of its terms. The step is a difference of parameters,
    /// whose roundings are 1e-16 of them, and steps are longer than 1e-5.
    #[track_caller]
    fn assert_solved(&self, step: &[f64], damping: f64) {
        let damped = self.damped(damping);
        for (index, (row, g)) in damped.rows().into_iter().zip(&self.g).enumerate() {
            let terms = row.iter().zip(step).map(|(a, d)| a * d);
            let size = terms.clone().map(f64::abs).sum::<f64>() + g.abs();
            let sum = terms.sum::<f64>() + g;
            assert!(sum.abs() <= 1e-10 * size, "equation {index}, damping {damping:e}: {sum:e} of {size:e}");
        }
    }

    /// d by elimination, which needs no pivots because the matrix is positive definite.
    fn solve(&self, damping: f64) -> Vec<f64> {
        let (mut a, mut d) = (self.damped(damping), -&self.g);
        let count = d.len();
        for i in 0..count {
            for row in i + 1..count {
                let factor = a[[row, i]] / a[[i, i]];
                let pivot = a.row(i).to_owned();
                a.row_mut(row).scaled_add(-factor, &pivot);
                d[row] -= factor * d[i];
            }
        }
        for i in (0..count).rev() {
            d[i] = (d[i] - (i + 1..count).map(|k| a[[i, k]] * d[k]).sum::<f64>()) / a[[i, i]];
        }
        d.to_vec()
    }
}

/// ℓ = ŷₒ: its gradient is ∂ŷₒ/∂θ.
#[derive(Debug)]
struct Output(usize);

impl LossFn for Output {
    fn targets(&self) -> TargetKind {
        TargetKind::Values
    }
    fn value(&self, outputs: &[f64], _target: Target<'_>) -> f64 {
        outputs[self.0]
    }
    fn gradient(&self, _outputs: &[f64], _target: Target<'_>, gradient: &mut [f64]) {
        gradient.fill(0.0);
        gradient[self.0] = 1.0;
    }
}

fn targets<'a>(problem: &Problem<'a>) -> ArrayView2<'a, f64> {
    match problem.targets() {
        Targets::Values(values) => values,
        other => panic!("{other:?}"),
    }
}

fn j(problem: &Problem<'_>, theta: &[f64]) -> f64 {
    Objective::new(problem, Accumulation::Batched).unwrap().value(theta).total()
}

#[track_caller]
fn never_rises<F: Scalar>(problem: &Problem<'_, F>) {
    let mut network = initial(problem);
    let history = train(&mut network, problem, &config(1e-3, 200)).unwrap();
    let totals: Vec<f64> = history.records.iter().map(|record| record.loss + record.penalty).collect();
    assert!(totals.windows(2).all(|pair| pair[1] <= pair[0]), "{totals:?}");
    assert!(totals.len() > 5 && totals[totals.len() - 1] < 0.9 * totals[0], "{totals:?}");
}

/// The state after each epoch.
fn states(mut training: Training<'_, '_>) -> Vec<State> {
    let mut states = Vec::new();
    while training.epoch().unwrap().is_continue() {
        states.push(training.state().clone());
    }
    states
}

fn config(damping: f64, epochs: usize) -> TrainConfig {
    TrainConfig { optimizer: LevenbergMarquardt { damping }.into(), epochs, ..TrainConfig::default() }
}

fn initial<F: Scalar>(problem: &Problem<'_, F>) -> Network<F> {
    Network::init(problem.architecture(), Init::default(), &mut seeded(SEED)).unwrap()
}

fn with_problem<F: Scalar>(outputs: usize, settings: Settings, check: impl FnOnce(&Problem<'_, F>)) {
    let Settings { rows, hidden, l2, is_weighted, is_last_input_0 } = settings;
    let architecture =
        Architecture::inputs(3).dense(hidden, Activation::Tanh).dense(outputs, Activation::Identity);
    let x = Array2::from_shape_fn((rows, 3), |(row, column)| {
        let value = ((row * (column + 3) * 7 + column) as f64).sin();
        F::of(if is_last_input_0 && column == 2 { 0.0 } else { value })
    });
    let y = Array2::from_shape_fn((rows, outputs), |(row, output)| {
        let [a, b] = [x[[row, 0]].as_f64(), x[[row, 1]].as_f64()];
        F::of((2.0 * a - b + output as f64).sin() + 0.3 * ((row * row) as f64).sin())
    });
    let weights: Vec<F> = (0..rows).map(|row| F::of([1.0, 0.0, 2.5, 0.5][row % 4])).collect();
    let problem = Problem::new(&architecture, Loss::MeanSquaredError, &x, &y).unwrap().with_l2(l2).unwrap();
    check(&if is_weighted { problem.with_weights(weights).unwrap() } else { problem });
}

/// A network with 3 inputs and `hidden` units is not trained.
#[track_caller]
fn refused(hidden: usize, loss: Loss, config: &TrainConfig, message: &str) {
    let architecture = Architecture::inputs(3).dense(hidden, Activation::Tanh).dense(1, Activation::Identity);
    let (x, y) = (array![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], array![1.0, 2.0]);
    let problem = Problem::new(&architecture, loss, &x, &y).unwrap();
    let mut network = Network::init(&architecture, Init::default(), &mut seeded(SEED)).unwrap();
    assert_eq!(train(&mut network, &problem, config).unwrap_err().to_string(), message);
}
