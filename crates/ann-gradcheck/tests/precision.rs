//! What is right is never blamed: `f32`, noise, sure classifications, trained and random networks.

use crate::common::{gradient, point};
use ann_core::ndarray::Array2;
use ann_core::{Activation, Architecture, Init, Loss, Network, Problem, block, seeded};
use ann_gradcheck::{Arithmetic, Config, Report, Verdict, check_gradient, check_problem};

/// 3-[5, 4]-3 in `f32`, with every entry of the gradient multiplied by a factor.
fn single(activation: Activation, seed: u64, factor: f32) -> Report {
    let architecture =
        Architecture::inputs(3).with_layers(activation.layers([5, 4])).dense(3, Activation::Identity);
    let x = Array2::from_shape_fn((40, 3), |(n, i)| ((n * 3 + i) as f32 * 0.9).sin());
    let classes: Vec<usize> = (0..40).map(|n| n % 3).collect();
    let problem =
        Problem::new(&architecture, Loss::SoftmaxCrossEntropy, &x, &classes).unwrap().with_l2(0.01).unwrap();
    let network: Network<f32> = Network::init(&architecture, Init::HeNormal, &mut seeded(seed)).unwrap();
    let gradient = |problem: &Problem<'_, f32>, at: &[f32], out: &mut [f32]| {
        out.fill(0.0);
        let mut scratch = block::Scratch::new(problem.architecture(), problem.rows()).unwrap();
        block::accumulate(problem, at, 0..problem.rows(), &mut scratch, Some(out));
        for (index, g) in out.iter_mut().enumerate() {
            let is_weight = problem.layout().locate(index).kind == ann_core::ParameterKind::Weight;
            let penalty = if is_weight { 2.0 * problem.l2() as f32 * at[index] } else { 0.0 };
            *g = (*g / problem.rows() as f32 + penalty) * factor;
        }
    };
    check_problem(&problem, network.parameters(), gradient, &Config::default()).unwrap()
}

#[test]
fn f32_is_judged_in_units_of_its_own_rounding() {
    let [elu, selu] = [Activation::Elu { alpha: 0.5 }, Activation::Selu];
    let smooth = [Activation::Softplus, Activation::Silu, Activation::Mish, Activation::Gelu];
    let others = [Activation::Sigmoid, Activation::Tanh, Activation::Relu, elu, selu];
    for activation in others.into_iter().chain(smooth) {
        for seed in 0..30 {
            let report = single(activation.clone(), seed, 1.0);
            assert_eq!(report.verdict(), Verdict::Pass, "{activation}, seed {seed}: {report}");
            assert_eq!(report.arithmetic(), Arithmetic::F32);
            assert!(report.to_string().contains("computed in f32"), "{report}");
        }
        // 1e-4 is 1 700 roundings.
        let report = single(activation, 1, 1.0001);
        assert!(report.groups().iter().all(|group| group.verdict == Verdict::Fail), "{report}");
    }
}
#[test]
fn a_sure_classification_is_not_blamed_for_its_cancellation() {
    // Logits far apart: p − 1 is 1e-16 off, however small the gradient itself is.
    let architecture = Architecture::inputs(2).dense(4, Activation::Sigmoid).dense(2, Activation::Identity);
    let x = Array2::from_shape_fn((10, 2), |(n, i)| ((n * 2 + i) as f64).sin());
    let problem = Problem::new(&architecture, Loss::SoftmaxCrossEntropy, &x, &[0; 10]).unwrap();
    for gap in [10.0, 20.0, 30.0, 40.0, 100.0] {
        for seed in 0..20 {
            let mut at = point(&architecture, Init::default(), seed);
            let output = problem.layout().layers()[1].bias();
            at[output.start] = gap;
            let report =
                check_problem(&problem, &at, gradient, &Config { points: 3, ..Config::default() }).unwrap();
            assert!(report.findings().is_empty(), "gap {gap}, seed {seed}: {report}");
        }
    }
}
#[test]
fn a_closure_in_f32_is_noisy_and_says_so() {
    // Rounded to f32, f is a staircase: derivatives to a percent, no mistake below that can be seen.
    let value = |x: &[f64]| f64::from((x.iter().map(|x| x.sin()).sum::<f64>()) as f32);
    let right = |x: &[f64], out: &mut [f64]| out.iter_mut().zip(x).for_each(|(g, x)| *g = x.cos());
    for seed in 0..20 {
        let report =
            check_gradient(value, right, &[0.1, 0.8, -0.4, 100.0], &Config { seed, ..Config::default() })
                .unwrap();
        assert!(report.findings().is_empty(), "{report}");
        let wrong = |x: &[f64], out: &mut [f64]| {
            right(x, out);
            out[2] *= 1.1;
        };
        let report =
            check_gradient(value, wrong, &[0.1, 0.8, -0.4, 100.0], &Config { seed, ..Config::default() })
                .unwrap();
        assert_eq!(report.verdict(), Verdict::Fail, "{report}");
    }
}
#[test]
fn closures_with_kinks_all_around_are_not_blamed() {
    // A ReLU network of many rows as a black box: within ±0.1 of θ dozens of units switch.
    let architecture = Architecture::inputs(2).dense(8, Activation::Relu).dense(2, Activation::Identity);
    let x = Array2::from_shape_fn((60, 2), |(n, i)| ((n * 2 + i) as f64 * 1.3).sin());
    let classes: Vec<usize> = (0..60).map(|n| (n / 2) % 2).collect();
    let problem = Problem::new(&architecture, Loss::SoftmaxCrossEntropy, &x, &classes).unwrap();
    let value = |at: &[f64]| {
        let mut scratch = block::Scratch::new(&architecture, 60).unwrap();
        block::accumulate(&problem, at, 0..60, &mut scratch, None).loss / 60.0
    };
    for seed in 0..30 {
        let at = point(&architecture, Init::HeNormal, seed);
        let right = |at: &[f64], out: &mut [f64]| gradient(&problem, at, out);
        let report = check_gradient(value, right, &at, &Config { points: 1, ..Config::default() }).unwrap();
        assert!(report.findings().is_empty(), "seed {seed}: {report}");
        let wrong = |at: &[f64], out: &mut [f64]| {
            gradient(&problem, at, out);
            out.iter_mut().for_each(|g| *g *= 1.01);
        };
        let report = check_gradient(value, wrong, &at, &Config { points: 1, ..Config::default() }).unwrap();
        assert_eq!(report.verdict(), Verdict::Fail, "seed {seed}: {report}");
    }
}
#[test]
fn a_kink_at_the_point_itself_is_inconclusive_not_wrong() {
    let value = |x: &[f64]| x[0].abs() + x[1] * x[1];
    for slope in [-1.0, 0.3, 1.0] {
        let gradient = |x: &[f64], out: &mut [f64]| {
            out.copy_from_slice(&[if x[0] == 0.0 { slope } else { x[0].signum() }, 2.0 * x[1]]);
        };
        let report =
            check_gradient(value, gradient, &[0.0, 1.0], &Config { points: 0, ..Config::default() }).unwrap();
        assert_eq!(report.verdict(), Verdict::Inconclusive, "{report}");
    }
}
#[test]
fn a_penalty_added_row_by_row_is_not_blamed() {
    // (∂ℓₙ + 2λW) summed over rows, then divided by N: right, and rounded in another way than 2λW added at
    // the end.
    let architecture = Architecture::inputs(2).dense(4, Activation::Tanh).dense(2, Activation::Identity);
    let x = Array2::from_shape_fn((200, 2), |(n, i)| ((n * 2 + i) as f64).sin());
    let classes: Vec<usize> = (0..200).map(|n| n % 2).collect();
    let problem =
        Problem::new(&architecture, Loss::SoftmaxCrossEntropy, &x, &classes).unwrap().with_l2(0.01).unwrap();
    let row_by_row = |problem: &Problem<'_>, at: &[f64], out: &mut [f64]| {
        out.fill(0.0);
        let mut scratch = block::Scratch::new(problem.architecture(), 1).unwrap();
        for n in 0..problem.rows() {
            block::accumulate(problem, at, n..n + 1, &mut scratch, Some(out));
            for index in problem.layout().layers().iter().flat_map(ann_core::LayerSpan::weights) {
                out[index] += 2.0 * problem.l2() * at[index];
            }
        }
        out.iter_mut().for_each(|g| *g /= problem.rows() as f64);
    };
    for seed in 0..10 {
        let at = point(&architecture, Init::default(), seed);
        check_problem(&problem, &at, row_by_row, &Config::default()).unwrap().ensure_ok().unwrap();
    }
}
#[test]
fn rounding_that_changes_from_call_to_call_is_not_blamed() {
    let architecture = Architecture::inputs(2).dense(4, Activation::Tanh).dense(2, Activation::Identity);
    let x = Array2::from_shape_fn((20, 2), |(n, i)| ((n * 2 + i) as f64).sin());
    let problem = Problem::new(&architecture, Loss::SoftmaxCrossEntropy, &x, &[0; 20]).unwrap();
    let mut calls = 0;
    let restless = |problem: &Problem<'_>, at: &[f64], out: &mut [f64]| {
        gradient(problem, at, out);
        calls += 1;
        out.iter_mut().for_each(|g| *g *= 1.0 + f64::from(calls % 3) * f64::EPSILON);
    };
    let report =
        check_problem(&problem, &point(&architecture, Init::default(), 1), restless, &Config::default());
    assert!(report.unwrap().findings().is_empty());
}
#[test]
fn a_tolerance_can_pass() {
    let value = |x: &[f64]| x[0].sin() * x[1];
    let off = |x: &[f64], out: &mut [f64]| out.copy_from_slice(&[1.001 * x[0].cos() * x[1], x[0].sin()]);
    let config = Config { tolerance: 0.01, ..Config::default() };
    check_gradient(value, off, &[0.5, 2.0], &config).unwrap().ensure_ok().unwrap();
}
#[test]
fn a_stale_cache_is_found() {
    // What `value` saw last is what `gradient` derives, whatever it is asked for.
    let seen = std::cell::RefCell::new(Vec::new());
    let value = |x: &[f64]| {
        *seen.borrow_mut() = x.to_vec();
        x[0].powi(3) + x[1].powi(2)
    };
    let stale = |_: &[f64], out: &mut [f64]| {
        let x = seen.borrow();
        out.copy_from_slice(&[3.0 * x[0].powi(2), 2.0 * x[1]]);
    };
    assert_eq!(Verdict::of(&check_gradient(value, stale, &[1.0, 2.0], &Config::default())), Verdict::Invalid);
}

/// A function of one variable and its derivative.
type Curve = (fn(f64) -> f64, fn(f64) -> f64);

#[test]
fn curves_much_finer_than_the_steps_are_not_blamed() {
    let curves: [Curve; 6] = [
        (|x| (1e4 * x).sin(), |x| 1e4 * (1e4 * x).cos()),
        (|x| (1e6 * x).sin(), |x| 1e6 * (1e6 * x).cos()),
        // Close to where they end, down to 1e-12.
        (|x| (1e-9 * x).ln(), |x| 1.0 / x),
        (|x| (1e-12 + 1e-9 * x).sqrt(), |x| 0.5e-9 / (1e-12 + 1e-9 * x).sqrt()),
        (|x| 1.0 / (x - 0.2999), |x| -1.0 / (x - 0.2999).powi(2)),
        // Differentiable once.
        (|x| (x - 0.3) * (x - 0.3).abs(), |x| 2.0 * (x - 0.3).abs()),
    ];
    for (number, (f, derivative)) in curves.into_iter().enumerate() {
        for x in [0.3, 0.7, 1.7] {
            assert_eq!(judged(f, derivative, x), Verdict::Pass, "curve {number} at {x}");
            assert_ne!(
                judged(f, |x| 1.001 * derivative(x) + 1e-6, x),
                Verdict::Pass,
                "curve {number} at {x}"
            );
        }
    }
}
#[test]
fn stairs_are_not_blamed() {
    // Values in f32, differences of large numbers, decimals.
    let stairs: [Curve; 5] = [
        (|x| f64::from((x as f32).sin()), f64::cos),
        (|x| f64::from(100.0 + (x as f32).sin()), f64::cos),
        (|x| (1e8 + x.sin()) - 1e8, f64::cos),
        (|x| (1e12 + x.sin()) - 1e12, f64::cos),
        (|x| (x.sin() * 1e6).round() / 1e6, f64::cos),
    ];
    for (number, (f, derivative)) in stairs.into_iter().enumerate() {
        for x in [0.0, 1e-3, 0.3, 0.330_288_554_716_316_24, 1.7, -2.2] {
            let report = judged(f, derivative, x);
            assert!(report <= Verdict::Inconclusive, "stairs {number} at {x}: {report}");
        }
        // A mistake of a third is seen in spite of all of them.
        let wrong = judged(f, |x| 0.66 * derivative(x), 0.3);
        assert_eq!(wrong, Verdict::Fail, "stairs {number}");
    }
}

#[test]
fn what_cancels_to_a_constant_is_not_blamed() {
    // ln(eˣ + 1) − x falls by e⁻ˣ, less than x is rounded by; alone, and where another entry is the large
    // one.
    let derivative = |x: f64| -1.0 / (1.0 + x.exp());
    for x in [30.0, 36.0, 37.5, 40.0, 50.0] {
        let report = judged(|x| (x.exp() + 1.0).ln() - x, derivative, x);
        assert!(report < Verdict::Fail, "{x}: {report}");
        let value = |at: &[f64]| (at[1].exp() + at[0].exp()).ln() - at[1];
        let gradient = |at: &[f64], out: &mut [f64]| {
            out.copy_from_slice(&[-derivative(at[1] - at[0]), derivative(at[1] - at[0])]);
        };
        let report = check_gradient(value, gradient, &[0.0, x], &Config::default()).unwrap();
        assert!(report.verdict() < Verdict::Fail, "{x}: {report}");
    }
}
#[test]
fn zeros_on_stairs_do_not_pass() {
    // Σ sin xᵢ of 20 entries on a large number, or in f32, with the last derivative forgotten: 95% would be
    // enough.
    let sum = |x: &[f64]| x.iter().map(|x| x.sin()).sum::<f64>();
    let on_million = |x: &[f64]| (1e6 + sum(x)) - 1e6;
    let in_f32 = |x: &[f64]| f64::from(sum(x) as f32);
    for f in [&on_million as &dyn Fn(&[f64]) -> f64, &in_f32] {
        let forgotten = |x: &[f64], out: &mut [f64]| {
            out.iter_mut().zip(x).for_each(|(g, x)| *g = x.cos());
            out[19] = 0.0;
        };
        let report = check_gradient(f, forgotten, &[0.4; 20], &Config::default()).unwrap();
        assert!(report.verdict() != Verdict::Pass, "{report}");
    }
}

#[test]
fn rounding_that_changes_now_and_then_is_no_penalty() {
    // One or two of ten gradients are summed in another order: bias and λ = 0 then show a penalty of one ulp.
    // With two in a row, this may be both gradients without penalty, and only further calls show the reason.
    let architecture = Architecture::inputs(2).dense(3, Activation::Tanh).dense(2, Activation::Identity);
    let x = Array2::from_shape_fn((6, 2), |(n, i)| ((2 * n + i) as f64).sin());
    let problem = Problem::new(&architecture, Loss::SoftmaxCrossEntropy, &x, &[0, 1, 0, 1, 1, 0]).unwrap();
    for (odd, in_a_row) in (1..10).flat_map(|odd| [(odd, 1), (odd, 2)]) {
        let mut calls = 0;
        let restless = |problem: &Problem<'_>, at: &[f64], out: &mut [f64]| {
            gradient(problem, at, out);
            calls += 1;
            if (calls + 10 - odd) % 10 < in_a_row {
                out.iter_mut().for_each(|g| *g = g.next_up());
            }
        };
        let at = point(&architecture, Init::default(), 1);
        let report = check_problem(&problem, &at, restless, &Config::default()).unwrap();
        assert_eq!(report.verdict(), Verdict::Pass, "{odd}, {in_a_row} in a row: {report}");
    }
}
#[test]
fn what_cannot_be_known_excuses_no_other() {
    // √x at its end has no derivative, whatever is claimed; the other is off by a thousandth.
    let f = |x: &[f64]| x[0].sqrt() + x[1];
    let claimed = |_: &[f64], out: &mut [f64]| out.copy_from_slice(&[1e20, 1.001]);
    let report = check_gradient(f, claimed, &[0.0, 1.0], &Config { points: 0, ..Config::default() }).unwrap();
    assert_eq!(report.findings().iter().map(|finding| finding.index).collect::<Vec<_>>(), [1], "{report}");
}

fn judged(f: fn(f64) -> f64, derivative: impl Fn(f64) -> f64, x: f64) -> Verdict {
    let gradient = |at: &[f64], out: &mut [f64]| out[0] = derivative(at[0]);
    check_gradient(|at| f(at[0]), gradient, &[x], &Config::default()).unwrap().verdict()
}
