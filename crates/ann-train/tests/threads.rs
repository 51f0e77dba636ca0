//! Threads decide who computes, never what comes out.

use std::cell::Cell;

use ann_train::ndarray::{Array2, Axis, Slice};
use ann_train::{
    Accumulation, Activation, Architecture, Batching, Classifier, Init, Loss, LossFn, Network, Objective,
    Problem, Regressor, Scalar, Target, TargetKind, Targets, TrainConfig, forward, per_sample_gradients,
    seeded, train,
};
use rand::RngExt;

const THREADS: [usize; 7] = [1, 2, 3, 4, 7, 8, 16];

#[test]
fn one_leaf() {
    check::<f64>(&[4, 5, 10, 5, 3], &Activation::Sigmoid, &Loss::SoftmaxCrossEntropy, 150);
}
#[test]
fn some_leaves_of_a_classifier() {
    check::<f64>(&[64, 100, 10], &Activation::Relu, &Loss::SoftmaxCrossEntropy, 1797);
    check::<f32>(&[64, 100, 10], &Activation::Relu, &Loss::SoftmaxCrossEntropy, 1797);
}
#[test]
fn some_leaves_of_a_regressor() {
    check::<f64>(&[10, 64, 64, 1], &Activation::Tanh, &Loss::MeanSquaredError, 2500);
    check::<f32>(&[10, 64, 64, 1], &Activation::Tanh, &Loss::MeanSquaredError, 2500);
}
#[test]
fn rows_of_many_inputs() {
    check::<f64>(&[300, 40, 10], &Activation::Tanh, &Loss::SoftmaxCrossEntropy, 1797);
    check::<f32>(&[784, 30, 4], &Activation::Relu, &Loss::MeanSquaredError, 700);
}
#[test]
fn as_many_leaves_as_there_may_be() {
    check::<f64>(&[10, 64, 64, 1], &Activation::Sigmoid, &Loss::MeanSquaredError, 64 * 512 + 1);
}
#[test]
fn a_gradient_that_is_far_from_the_processor() {
    check::<f32>(&[300, 500, 10], &Activation::Relu, &Loss::SoftmaxCrossEntropy, 700);
}

#[test]
fn leaves_of_chosen_rows_are_those_of_all() {
    // More leaves than one, in the problem's order: the same sums.
    with_problem::<f64>(
        &[64, 100, 10],
        &Activation::Tanh,
        &Loss::SoftmaxCrossEntropy,
        1000,
        |problem, at| {
            let rows: Vec<usize> = (0..1000).collect();
            let mut objective = Objective::with_threads(problem, Accumulation::Batched, 1000, 2).unwrap();
            let mut gradients = [vec![0.0; at.len()], vec![1.0; at.len()]];
            let all = objective.value_and_gradient(at, &mut gradients[0]);
            assert_eq!(objective.value_and_gradient_of(&rows, at, &mut gradients[1]), all);
            assert_eq!(gradients[0], gradients[1]);
            assert_eq!(objective.value(at), all);
        },
    );
}

#[test]
fn chosen_rows_are_those_of_a_problem_of_them_alone() {
    for widths in [&[64, 100, 10], &[300, 40, 10]] {
        with_problem::<f64>(widths, &Activation::Tanh, &Loss::SoftmaxCrossEntropy, 1000, |problem, at| {
            // 37 has no divisor in common with 1000: 700 different rows, in no order.
            let rows: Vec<usize> = (0..700).map(|row| (37 * row + 11) % 1000).collect();
            let Targets::Classes(classes) = problem.targets() else { panic!("cross-entropy has classes") };
            let classes: Vec<usize> = rows.iter().map(|&row| classes[row]).collect();
            let x = problem.features().select(Axis(0), &rows);
            let alone = Problem::new(problem.architecture(), problem.loss().clone(), &x, &classes).unwrap();
            let alone = alone.with_l2(problem.l2()).unwrap();
            let mut expected = vec![0.0; at.len()];
            let value =
                Objective::new(&alone, Accumulation::Batched).unwrap().value_and_gradient(at, &mut expected);
            for threads in [1, 2] {
                let mut objective =
                    Objective::with_threads(problem, Accumulation::Batched, 700, threads).unwrap();
                let mut gradient = vec![0.0; at.len()];
                assert_eq!(objective.value_and_gradient_of(&rows, at, &mut gradient), value);
                assert!(gradient == expected, "{widths:?}, {threads} threads");
            }
        });
    }
}

#[test]
fn a_sum_over_many_leaves_is_that_over_rows() {
    with_problem::<f64>(&[10, 64, 64, 1], &Activation::Tanh, &Loss::MeanSquaredError, 3001, |problem, at| {
        let mut gradients = [vec![0.0; at.len()], vec![0.0; at.len()]];
        for (gradient, accumulation) in
            gradients.iter_mut().zip([Accumulation::Batched, Accumulation::PerSample])
        {
            Objective::new(problem, accumulation).unwrap().value_and_gradient(at, gradient);
        }
        // 3001 additions of numbers of size 1 at most, divided by as many, and some hundred roundings in
        // each.
        let bound = (3001.0 + 300.0) * f64::EPSILON;
        for (batched, single) in gradients[0].iter().zip(&gradients[1]) {
            assert!((batched - single).abs() <= bound, "{batched} {single}");
        }
    });
}

#[test]
fn one_row_at_a_time_is_added_in_the_order_of_rows() {
    // Blocks of rows would make two leaves.
    with_problem::<f64>(&[64, 100, 10], &Activation::Tanh, &Loss::SoftmaxCrossEntropy, 350, |problem, at| {
        let problem = problem.clone().with_l2(0.0).unwrap();
        let mut expected = vec![0.0; at.len()];
        for row in per_sample_gradients(&problem, at).unwrap().rows() {
            expected.iter_mut().zip(row).for_each(|(sum, entry)| *sum += entry);
        }
        expected.iter_mut().for_each(|sum| *sum *= 1.0 / 350.0);
        let mut gradient = vec![0.0; at.len()];
        let mut objective = Objective::with_threads(&problem, Accumulation::PerSample, 350, 2).unwrap();
        objective.value_and_gradient(at, &mut gradient);
        assert!(gradient == expected);
    });
}

#[test]
fn mini_batches_are_shared_too() {
    mini_batches(&[64, 100, 10]);
    mini_batches(&[300, 40, 10]);
}

#[track_caller]
fn mini_batches(widths: &[usize]) {
    with_problem::<f32>(widths, &Activation::Relu, &Loss::SoftmaxCrossEntropy, 1500, |problem, at| {
        let trained = |threads| {
            let mut network = Network::from_parameters(problem.architecture(), at.to_vec()).unwrap();
            let batching = Batching::shuffled(700, 1);
            let config = TrainConfig { batching, threads, epochs: 3, ..TrainConfig::default() };
            let history = train(&mut network, problem, &config).unwrap();
            (history, network.into_parameters())
        };
        // With two cores, two threads stay awake, three do not.
        let alone = trained(1);
        assert_eq!([2, 3].map(trained), [alone.clone(), alone]);
    });
}

#[test]
fn trainings_in_a_pool_do_not_begin_on_top_of_each_other() {
    thread_local!(static IS_TRAINING: Cell<bool> = const { Cell::new(false) });
    let widths = [64, 100, 10];
    with_problem::<f32>(&widths, &Activation::Relu, &Loss::SoftmaxCrossEntropy, 1500, |problem, at| {
        let trained = || {
            assert!(!IS_TRAINING.replace(true), "a thread that waits has begun another training");
            let mut network = Network::from_parameters(problem.architecture(), at.to_vec()).unwrap();
            let config = TrainConfig { threads: 2, epochs: 3, ..TrainConfig::default() };
            train(&mut network, problem, &config).unwrap();
            forward(&network, &problem.features(), 2).unwrap();
            IS_TRAINING.set(false);
        };
        let pool = rayon_core::ThreadPoolBuilder::new().num_threads(2).build().unwrap();
        pool.scope(|scope| (0..20).for_each(|_| scope.spawn(|_| trained())));
    });
}

#[test]
fn no_thread_and_absurdly_many() {
    with_problem::<f64>(&[2, 1], &Activation::Tanh, &Loss::MeanSquaredError, 3, |problem, at| {
        for threads in [0, 1025, usize::MAX] {
            let mut network = Network::from_parameters(problem.architecture(), at.to_vec()).unwrap();
            let config = TrainConfig { threads, ..TrainConfig::default() };
            let error = train(&mut network, problem, &config).unwrap_err().to_string();
            assert_eq!(error, format!("threads is {threads}, expected 1 to 1024"));
        }
        // Far more than there is work for: none is started.
        Objective::with_threads(problem, Accumulation::Batched, 3, 1024).unwrap().value(at);
    });
}

#[test]
fn predictions_are_shared_too() {
    let n = 64 * 1024 + 1;
    with_problem::<f32>(&[20, 100, 3], &Activation::Tanh, &Loss::SoftmaxCrossEntropy, n, |problem, at| {
        let network = Network::from_parameters(problem.architecture(), at.to_vec()).unwrap();
        let mut x = problem.features().to_owned();
        let alone = network.forward(&x).unwrap();
        for threads in THREADS {
            assert!(forward(&network, &x, threads).unwrap() == alone, "{threads} threads");
        }
        // A last piece of one row.
        let few = x.slice_axis(Axis(0), Slice::from(..7 * 4800 + 1)).to_owned();
        assert!(forward(&network, &few, 7).unwrap() == network.forward(&few).unwrap());
        x[[n - 2, 7]] = f32::NAN;
        let error = forward(&network, &x, 3).unwrap_err().to_string();
        assert!(error.contains("row 65535, column 7"), "{error}");
        assert!(forward(&network, &x, 0).unwrap_err().to_string().starts_with("threads is 0,"));
    });
}

#[test]
fn the_row_of_what_is_not_finite_is_that_of_the_whole_matrix() {
    // Pieces of 128 rows for two threads, of 96 for three.
    for row in [0, 95, 96, 127, 128, 191, 192, 199] {
        for threads in [1, 2, 3] {
            let mut x = Array2::<f32>::zeros((200, 255));
            x[[row, 254]] = f32::NEG_INFINITY;
            let error = forward(&all_ones(), &x, threads).unwrap_err().to_string();
            let message = format!("features hold -inf at row {row}, column 254 (counted from 0), ");
            assert!(error.starts_with(&message), "{threads} threads: {error}");
            // 511 hidden units of 3e38 each: their sum is beyond f32.
            x[[row, 254]] = 3e38;
            let error = forward(&all_ones(), &x, threads).unwrap_err().to_string();
            let message = format!("output 0 of row {row} (counted from 0) is inf: ");
            assert!(error.starts_with(&message), "{threads} threads: {error}");
        }
    }
}

#[test]
fn estimators_name_the_row_of_what_is_not_finite() {
    let hidden = Activation::Identity.layers([511]);
    // Weights near 1000, so that one large feature overflows.
    let (init, threads) = (Init::XavierNormal { gain: 2e4 }, 3);
    let few = Array2::<f32>::zeros((2, 255));
    let classifier = Classifier {
        hidden: hidden.clone(),
        init,
        train: TrainConfig { epochs: 0, threads, ..Classifier::default().train },
        ..Classifier::default()
    };
    let classifier = classifier.fit(&few, &["a", "b"]).unwrap();
    let regressor = Regressor {
        hidden,
        init,
        train: TrainConfig { epochs: 0, threads, ..Regressor::default().train },
        ..Regressor::default()
    };
    let regressor = regressor.fit(&few, &[0.0_f32, 1.0]).unwrap();
    for row in [0, 96, 199] {
        let mut x = Array2::zeros((200, 255));
        x[[row, 3]] = 3e38;
        for error in [
            classifier.predict(&x).map(drop).unwrap_err(),
            classifier.predict_proba(&x).map(drop).unwrap_err(),
            classifier.score(&x, &["a"; 200]).map(drop).unwrap_err(),
            regressor.predict(&x).map(drop).unwrap_err(),
            regressor.score(&x, &[0.0; 200]).map(drop).unwrap_err(),
        ] {
            assert!(error.to_string().starts_with(&format!("output 0 of row {row} ")), "{error}");
        }
        x[[row, 3]] = f32::NAN;
        let message = format!("features hold NaN at row {row}, column 3 ");
        let new = Classifier {
            train: TrainConfig { threads, ..Classifier::default().train },
            ..Classifier::default()
        };
        for error in [
            classifier.predict(&x).map(drop).unwrap_err(),
            regressor.score(&x, &[0.0; 200]).map(drop).unwrap_err(),
            new.fit(&x, &[["a"; 199].as_slice(), &["b"]].concat()).map(drop).unwrap_err(),
        ] {
            assert!(error.to_string().starts_with(&message), "{error}");
        }
    }
}

/// 255 inputs and 511 linear units: enough parameters for three threads to have work with 200 rows.
fn all_ones() -> Network<f32> {
    let hidden = Architecture::inputs(255).dense(511, Activation::Identity);
    let architecture = hidden.dense(1, Activation::Identity);
    let parameters = vec![1.0; architecture.layout().unwrap().len()];
    Network::from_parameters(&architecture, parameters).unwrap()
}

#[test]
fn a_loss_that_waits_for_other_threads() {
    // While it waits, its thread may be given another leaf.
    #[derive(Debug)]
    struct Distant(rayon_core::ThreadPool);
    impl LossFn for Distant {
        fn targets(&self) -> TargetKind {
            TargetKind::Values
        }
        fn value(&self, outputs: &[f64], target: Target<'_>) -> f64 {
            self.0.install(|| (outputs[0] - target.values()[0]).powi(2))
        }
        fn gradient(&self, outputs: &[f64], target: Target<'_>, gradient: &mut [f64]) {
            gradient[0] = 2.0 * (outputs[0] - target.values()[0]);
        }
    }
    let pool = rayon_core::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let architecture = Architecture::inputs(1).dense(1, Activation::Identity);
    let (x, y) = (Array2::from_elem((2000, 1), 1.0), Array2::<f64>::zeros((2000, 1)));
    let problem = Problem::new(&architecture, Distant(pool), &x, &y).unwrap();
    let mut objective = Objective::with_threads(&problem, Accumulation::Batched, 2000, 2).unwrap();
    let mut gradient = [0.0; 2];
    assert_eq!(objective.value_and_gradient(&[1.0, 0.0], &mut gradient).loss, 1.0);
    assert_eq!(gradient, [2.0, 2.0]);
}

/// ObjectiveValue, gradient and three epochs of training: the same bits for any number of threads.
#[track_caller]
fn check<F: Scalar>(widths: &[usize], activation: &Activation, loss: &Loss, n: usize) {
    with_problem::<F>(widths, activation, loss, n, |problem, at| {
        let results = THREADS.map(|threads| {
            let mut objective = Objective::with_threads(problem, Accumulation::Batched, n, threads).unwrap();
            let mut gradient = vec![F::zero(); at.len()];
            let value = objective.value_and_gradient(at, &mut gradient);
            assert_eq!(objective.value(at), value);
            let mut network = Network::from_parameters(problem.architecture(), at.to_vec()).unwrap();
            let config = TrainConfig { threads, epochs: 3, ..TrainConfig::default() };
            let history = train(&mut network, problem, &config).unwrap();
            (value, gradient, history, network.into_parameters())
        });
        for (threads, result) in THREADS.iter().zip(&results) {
            assert!(result == &results[0], "{threads} threads");
        }
    });
}

/// Inputs, targets and weights of size 1.
fn with_problem<F: Scalar>(
    widths: &[usize],
    activation: &Activation,
    loss: &Loss,
    n: usize,
    check: impl FnOnce(&Problem<'_, F>, &[F]),
) {
    let (outputs, hidden) = widths[1..].split_last().unwrap();
    let hidden = activation.clone().layers(hidden.iter().copied());
    let architecture =
        Architecture::inputs(widths[0]).with_layers(hidden).dense(*outputs, Activation::Identity);
    let mut rng = seeded(5);
    let mut uniform = |columns| Array2::from_shape_fn((n, columns), |_| F::of(rng.random_range(-1.0..1.0)));
    let (x, values) = (uniform(widths[0]), uniform(*outputs));
    let classes: Vec<usize> = (0..n).map(|row| row * row % outputs).collect();
    let problem = match loss {
        Loss::MeanSquaredError => Problem::new(&architecture, loss.clone(), &x, &values),
        _ => Problem::new(&architecture, loss.clone(), &x, &classes),
    };
    let network = Network::init(&architecture, Init::default(), &mut rng).unwrap();
    check(&problem.unwrap().with_l2(0.01).unwrap(), network.parameters());
}
