//! Decision rules: when is a gradient called wrong? Our rule, and rules that others have
//! published, with their default settings.
//!
//! The rules are re-implemented from their documentation and sources; only ideas and figures are taken. Each
//! rule is asked what its users ask: is this the gradient of J at this θ, on all rows? The textbook code
//! computes J in f64, so that a rule is judged by its decision, not by the arithmetic below it.

use ann_core::{Problem, TargetKind, seeded};
use ann_gradcheck::{Config, Verdict, check_problem};
use rand_distr::{Distribution, StandardNormal};

use super::textbook::objective;

/// A gradient under test: overwrites its last argument with ∂J/∂θ of a problem at θ.
pub type Gradient<'g> = dyn FnMut(&Problem<'_>, &[f64], &mut [f64]) + 'g;

/// A way to decide whether a gradient is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Rule {
    /// `ann_gradcheck::check_problem`: wrong when its verdict is fail or invalid.
    Ours,
    /// `torch.autograd.gradcheck`: each entry |a − n| ≤ atol + rtol |n| with atol = 1e-5,
    /// rtol = 1e-3, central differences with eps = 1e-6, and the gradient the same to the last bit
    /// when computed again (`nondet_tol` = 0).
    /// Source: PyTorch 2.x documentation of `torch.autograd.gradcheck.gradcheck`,
    /// and `torch/autograd/gradcheck.py`.
    PyTorch,
    /// `jax.test_util.check_grads(f, args, order=1, modes=["rev"])`, the mode for a handwritten gradient
    /// (`custom_vjp`): one random direction v and one random cotangent c, both normal, from a fixed seed;
    /// |c gᵀv − c n| ≤ atol + rtol |c n| with atol = rtol = 1e-5 for float64,
    /// where n = (f(θ + eps v) − f(θ − eps v)) / 2 eps with eps = 1e-4.
    /// Source: JAX documentation of `jax.test_util.check_grads`, and `jax/_src/public_test_util.py`.
    Jax,
    /// `tf.test.compute_gradient` as its documentation uses it: central differences with delta = 1/1024,
    /// compared by `tf.test.TestCase.assertAllClose`: |a − n| ≤ 1e-6 + 1e-6 |n|.
    /// Source: TensorFlow 2.x API documentation of both, and `tensorflow/python/ops/gradient_checker_v2.py`.
    TensorFlowDocs,
    /// `tf.test.compute_gradient` as most of TensorFlow's own tests use it: the largest |a − n|, by
    /// `max_error`, is less than 1e-4. Source: for example `EinsumGradTest` (float64) in
    /// `tensorflow/python/kernel_tests`.
    TensorFlowTests,
    /// Stanford CS231n, "relative error > 1e-2 usually means the gradient is probably wrong":
    /// |a − n| / (|a| + |n|) of each entry that is not 0 in both, central differences with h = 1e-5.
    /// Source: the course's notes, "Neural Networks Part 3: Learning and Evaluation", Gradient Checks.
    Cs231nWrong,
    /// The other end of the same notes, "1e-7 and less you should be happy": wrong above that.
    Cs231nHappy,
    /// The report that this workspace reproduces: numeric − analytic ≤ 1e-7 without absolute value, central
    /// differences with h = 1e-4, hidden layers of classifiers only.
    Report,
}

impl Rule {
    /// Ours first.
    pub const ALL: [Self; 8] = [
        Self::Ours,
        Self::PyTorch,
        Self::Jax,
        Self::TensorFlowDocs,
        Self::TensorFlowTests,
        Self::Cs231nWrong,
        Self::Cs231nHappy,
        Self::Report,
    ];

    /// The name at the head of a column.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ours => "ann-gradcheck",
            Self::PyTorch => "PyTorch",
            Self::Jax => "JAX",
            Self::TensorFlowDocs => "TensorFlow 1e-6",
            Self::TensorFlowTests => "TensorFlow 1e-4",
            Self::Cs231nWrong => "CS231n 1e-2",
            Self::Cs231nHappy => "CS231n 1e-7",
            Self::Report => "the report",
        }
    }

    /// Whether this rule calls `gradient` wrong at θ = `at`.
    ///
    /// # Panics
    /// When `at` is not as long as the problem's layout, or its loss is a custom one.
    pub fn blames(self, problem: &Problem<'_>, at: &[f64], gradient: &mut Gradient<'_>) -> bool {
        match self {
            Self::Ours => {
                let report = check_problem(problem, at, gradient, &Config::default());
                Verdict::of(&report) >= Verdict::Fail
            }
            Self::PyTorch => pytorch(problem, at, gradient),
            Self::Jax => jax(problem, at, gradient),
            Self::TensorFlowDocs => {
                let agrees = |a: f64, n: f64| (a - n).abs() <= 1e-6 + 1e-6 * n.abs();
                !every_entry(problem, at, 1.0 / 1024.0, gradient, agrees)
            }
            Self::TensorFlowTests => {
                !every_entry(problem, at, 1.0 / 1024.0, gradient, |a, n| (a - n).abs() < 1e-4)
            }
            Self::Cs231nWrong => !every_entry(problem, at, 1e-5, gradient, |a, n| relative(a, n) <= 1e-2),
            Self::Cs231nHappy => !every_entry(problem, at, 1e-5, gradient, |a, n| relative(a, n) <= 1e-7),
            Self::Report => report(problem, at, gradient),
        }
    }
}

fn pytorch(problem: &Problem<'_>, at: &[f64], gradient: &mut Gradient<'_>) -> bool {
    let agrees = |a: f64, n: f64| (a - n).abs() <= 1e-5 + 1e-3 * n.abs();
    let repeats = ask(problem, at, gradient) == ask(problem, at, gradient);
    !(repeats && every_entry(problem, at, 1e-6, gradient, agrees))
}

fn jax(problem: &Problem<'_>, at: &[f64], gradient: &mut Gradient<'_>) -> bool {
    const EPS: f64 = 1e-4;
    let mut normals = StandardNormal.sample_iter(seeded(0));
    let direction: Vec<f64> = normals.by_ref().take(at.len()).collect();
    let cotangent: f64 = normals.next().unwrap_or(1.0);
    let f = |step: f64| {
        let moved: Vec<f64> = at.iter().zip(&direction).map(|(x, v)| x + step * v).collect();
        objective(problem, &moved)
    };
    let numerical = cotangent * (f(EPS) - f(-EPS)) * 0.5 / EPS;
    let projected = ask(problem, at, gradient).into_iter().zip(&direction).map(|(g, v)| g * v);
    let difference = (cotangent * projected.sum::<f64>() - numerical).abs();
    difference.is_nan() || difference > 1e-5 + 1e-5 * numerical.abs()
}

fn report(problem: &Problem<'_>, at: &[f64], gradient: &mut Gradient<'_>) -> bool {
    if problem.targets().kind() == TargetKind::Values {
        return false;
    }
    let analytic = ask(problem, at, gradient);
    let (_, hidden) = problem.layout().layers().split_last().expect("a layout has at least one layer");
    let mut indices = hidden.iter().flat_map(ann_core::LayerSpan::all);
    indices.any(|index| central_difference(problem, at, index, 1e-4) - analytic[index] > 1e-7)
}

/// Whether each entry agrees with its central difference.
fn every_entry(
    problem: &Problem<'_>,
    at: &[f64],
    step: f64,
    gradient: &mut Gradient<'_>,
    agrees: impl Fn(f64, f64) -> bool,
) -> bool {
    let analytic = ask(problem, at, gradient);
    (0..at.len()).all(|index| agrees(analytic[index], central_difference(problem, at, index, step)))
}

fn ask(problem: &Problem<'_>, at: &[f64], gradient: &mut Gradient<'_>) -> Vec<f64> {
    let mut out = vec![f64::NAN; at.len()];
    gradient(problem, at, &mut out);
    out
}

/// (J(x + h) − J(x − h)) / 2h of one entry x.
fn central_difference(problem: &Problem<'_>, at: &[f64], index: usize, step: f64) -> f64 {
    let moved_by = |step: f64| {
        let mut point = at.to_vec();
        point[index] += step;
        objective(problem, &point)
    };
    (moved_by(step) - moved_by(-step)) / (2.0 * step)
}

/// |a − n| / (|a| + |n|); 0 where both are 0.
fn relative(a: f64, n: f64) -> f64 {
    if a == 0.0 && n == 0.0 { 0.0 } else { (a - n).abs() / (a.abs() + n.abs()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::planted::{Fault, Planted, networks};
    use ann_core::ndarray::array;
    use ann_core::{Activation, Architecture, Loss};

    // For an entry of 6: errors just inside and just outside of what each rule accepts.
    #[test]
    fn pytorch_lets_pass_a_thousandth() {
        limits(Rule::PyTorch, 5.9e-3, 6.1e-3); // 1e-5 + 1e-3 · 6
    }
    #[test]
    fn tensorflow_as_documented_lets_pass_a_millionth() {
        limits(Rule::TensorFlowDocs, 6.9e-6, 7.1e-6); // 1e-6 + 1e-6 · 6
    }
    #[test]
    fn tensorflow_as_tested_has_one_limit_for_all() {
        limits(Rule::TensorFlowTests, 0.9e-4, 1.1e-4);
    }
    #[test]
    fn cs231n_divides_by_the_sum() {
        limits(Rule::Cs231nWrong, 0.118, 0.122); // 0.118 / (5.882 + 6) < 1e-2 < 0.122 / (6.122 + 6)
        limits(Rule::Cs231nHappy, 1.1e-6, 1.3e-6);
    }
    #[test]
    fn ours_lets_pass_rounding() {
        limits(Rule::Ours, 1e-15, 1e-9);
    }

    #[test]
    fn jax_lets_pass_a_hundred_thousandth() {
        let scaled = |factor: f64| {
            // Targets so large that atol does not matter.
            blames(Rule::Jax, 1e6, &mut |problem, at, out| {
                Planted::new(None).gradient(problem, at, out);
                out.iter_mut().for_each(|entry| *entry *= factor);
            })
        };
        assert!(!scaled(1.0 + 0.9e-5) && scaled(1.0 + 1.1e-5));
    }

    #[test]
    fn the_report_looks_at_hidden_layers_from_one_side() {
        let network = &networks(1)[0];
        let off = |index: usize, by: f64| {
            Rule::Report.blames(&network.problem(), &network.at, &mut |problem, at, out| {
                Planted::new(None).gradient(problem, at, out);
                out[index] += by;
            })
        };
        let last = network.at.len() - 1;
        assert!(!off(0, 0.0) && off(0, -2e-7) && !off(0, 1.0) && !off(last, -1.0));
    }

    #[test]
    fn only_pytorch_and_we_ask_twice() {
        for rule in Rule::ALL {
            let mut planted = Planted::new(Some(Fault::NotCleared));
            let blamed = blames(rule, 2.0, &mut |problem, at, out| planted.gradient(problem, at, out));
            assert_eq!(blamed, matches!(rule, Rule::Ours | Rule::PyTorch), "{}", rule.name());
        }
    }

    #[track_caller]
    fn limits(rule: Rule, inside: f64, outside: f64) {
        let off = |by: f64| {
            blames(rule, 2.0, &mut |problem, at, out| {
                Planted::new(None).gradient(problem, at, out);
                out[1] += by;
            })
        };
        assert!(!off(inside) && !off(-inside), "{} blames {inside}", rule.name());
        assert!(off(outside) && off(-outside), "{} lets {outside} pass", rule.name());
    }

    /// One linear unit with w = 2, b = 1, at x = 1 and 3: ŷ = 3 and 7. Where both y
    /// are 2, e = 1 and 5, and ∂J/∂b = 6.
    /// J is quadratic, so central differences are right up to rounding.
    fn blames(rule: Rule, y: f64, gradient: &mut Gradient<'_>) -> bool {
        let architecture = Architecture::inputs(1).dense(1, Activation::Identity);
        let (x, y) = (array![[1.0], [3.0]], array![y, y]);
        let problem = Problem::new(&architecture, Loss::MeanSquaredError, &x, &y).unwrap();
        rule.blames(&problem, &[2.0, 1.0], gradient)
    }
}
