//! Checks custom activations and losses: does the derivative belong to the value?

use std::collections::BTreeMap;
use std::ops::Range;

use ann_core::rand::rngs::ChaCha8Rng;
use ann_core::rand::{RngExt, SeedableRng};
use ann_core::{Activation, ActivationFn, Loss, LossFn, Problem, Scalar, Target, TargetKind, Targets};

use crate::black_box::{EVERYWHERE, FIRST_STEP, Line};
use crate::closure::{CLOSE, NEGLIGIBLE, scatter_near};
use crate::entry::Names;
use crate::extrapolation::Extrapolated;
use crate::frozen::are_valid;
use crate::ledger::{Case, Certainty, KnownDerivative, Ledger, Part, Point};
use crate::oracle::{Oracle, examine};
use crate::self_test::SelfTest;
use crate::textbook::Reference;
use crate::{Config, Entry, Report, Result, Verdict};

/// Arguments lie within ± this number: beyond it most activations are saturated.
const REACH: f64 = 30.0;
/// Number of random arguments.
const DRAWN: usize = 100;
/// Number of rows of outputs that are tried for a loss; with more classes than this, one row for each class.
const LOSS_ROWS: usize = 12;
/// A derivative whose bound is at most this share of the largest counts as exercised, even where it is 0,
/// because a function may be flat.
const SHARP: f64 = 1e-6;

/// Compares σ′ with extrapolated differences of σ, at some 140 points from −30 to 30, at declared kinks and
/// close to them.
///
/// At a kink itself any slope between those of its two sides is accepted. A kink that is not declared is
/// reported, because freezing needs to know it.
///
/// ```
/// use ann_gradcheck::{ann_core::ActivationFn, check_activation};
///
/// #[derive(Debug)]
/// struct Softplus;
/// impl ActivationFn for Softplus {
///     fn value(&self, z: f64) -> f64 { z.max(0.0) + (-z.abs()).exp().ln_1p() }
///     fn derivative(&self, z: f64, _a: f64) -> f64 { 1.0 / (1.0 + (-z).exp()) }
/// }
/// check_activation(&Softplus).ensure_ok()?;
/// # Ok::<(), ann_gradcheck::Error>(())
/// ```
///
/// A value or derivative that is not finite makes the verdict invalid.
pub fn check_activation(function: &impl ActivationFn) -> Report {
    activation(function)
}

/// Compares ∂ℓ/∂output with extrapolated differences of ℓ, for rows of this number of `outputs`. The outputs
/// have different sizes, and the targets are of the loss's kind.
///
/// `outputs` is the number of outputs of the network that uses the loss: a loss may work for one number only,
/// for example when it has class weights. Every class is the target of at least one row, so m outputs need
/// some 25 m² values of the loss.
///
/// ```
/// use ann_gradcheck::ann_core::{LossFn, Target, TargetKind, Targets};
///
/// /// ln cosh (ŷ − y), summed over the outputs.
/// #[derive(Debug)]
/// struct LogCosh;
/// impl LossFn for LogCosh {
///     fn targets(&self) -> TargetKind { TargetKind::Values }
///     fn value(&self, outputs: &[f64], target: Target<'_>) -> f64 {
///         outputs.iter().zip(target.values()).map(|(o, y)| (o - y).cosh().ln()).sum()
///     }
///     fn gradient(&self, outputs: &[f64], target: Target<'_>, gradient: &mut [f64]) {
///         for ((g, o), y) in gradient.iter_mut().zip(outputs).zip(target.values()) {
///             *g = (o - y).tanh();
///         }
///     }
/// }
/// ann_gradcheck::check_loss(&LogCosh, 3).ensure_ok()?;
/// # Ok::<(), ann_gradcheck::Error>(())
/// ```
///
/// A value or derivative that is not finite makes the verdict invalid, and so do 0 outputs.
pub fn check_loss(function: &impl LossFn, outputs: usize) -> Report {
    if outputs == 0 {
        let names = Names::Labels { group: "∂ℓ", labels: Vec::new() };
        let reason = "the loss was to be checked with 0 outputs, expected at least 1";
        return Report::invalid(names, &Config::default(), reason.to_owned());
    }
    loss(function, drawn_rows(function.targets(), outputs))
}

/// The check of one custom function of a problem.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct FunctionCheck {
    /// The function, as it is printed.
    pub name: String,
    /// Of [`check_activation`] or [`check_loss`].
    pub verdict: Verdict,
    /// Its [`Report::summary`].
    pub summary: String,
}

/// Checks every custom activation and loss of a problem. This comes first, because the exact oracle uses
/// their derivatives.
pub(crate) fn of_problem<F: Scalar>(problem: &Problem<'_, F>, reference: &Reference) -> Vec<FunctionCheck> {
    let mut customs: Vec<&Activation> = Vec::new();
    for layer in problem.architecture().layers() {
        if matches!(layer.activation, Activation::Custom(_)) && !customs.contains(&&layer.activation) {
            customs.push(&layer.activation);
        }
    }
    let check = |name: String, report: Report| FunctionCheck {
        name,
        verdict: report.verdict(),
        summary: report.summary(),
    };
    let mut checks: Vec<FunctionCheck> = Vec::new();
    for custom in customs {
        if let Activation::Custom(function) = custom {
            checks.push(check(custom.to_string(), activation(&**function)));
        }
    }
    if let Loss::Custom(function) = problem.loss() {
        checks.push(check(problem.loss().to_string(), loss(&**function, rows_of(problem, reference))));
    }
    checks
}

fn activation(function: &dyn ActivationFn) -> Report {
    let kinks = function.kinks();
    if !are_valid(kinks) {
        let names = Names::Labels { group: "σ′", labels: Vec::new() };
        let reason = format!("kinks are {kinks:?}, expected finite numbers in rising order");
        return Report::invalid(names, &Config::default(), reason);
    }
    let mut coordinates = Vec::new();
    for z in arguments(kinks) {
        let others = kinks.iter().filter(|kink| **kink != z).map(|kink| (z - kink).abs());
        let kink = (kinks.contains(&z), others.fold(f64::INFINITY, f64::min));
        let analytic = function.derivative(z, function.value(z));
        let label = format!("σ′({z})");
        let f = Box::new(move |t: f64| function.value(z + t));
        coordinates.push(Coordinate { label, x: z, f, analytic, kink, output: 0 });
    }
    report("σ′", coordinates)
}

/// The arguments at which an activation is tried: a grid that is dense around 0, random numbers, and each
/// kink with its neighbourhood.
fn arguments(kinks: &[f64]) -> Vec<f64> {
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let grid = [0.0, 1e-3, 0.03, 0.3, 1.0, 3.0, 10.0, REACH].into_iter().flat_map(|z| [-z, z]);
    let drawn = (0..DRAWN).map(|_| rng.random_range(-10.0..10.0));
    let kinks = kinks.iter().copied().filter(|kink| kink.is_finite());
    let around = kinks.flat_map(|kink| [0.0, 1e-6, 1e-3, 0.3].map(|d| [kink - d, kink + d]));
    let mut arguments: Vec<f64> = grid.chain(drawn).chain(around.flatten()).map(|z| z + 0.0).collect();
    arguments.sort_by(f64::total_cmp);
    arguments.dedup();
    arguments
}

/// Checks a loss at `rows`, each of which has outputs and a target.
fn loss(function: &dyn LossFn, rows: Vec<(Vec<f64>, Wanted)>) -> Report {
    let mut coordinates = Vec::new();
    for (outputs, target) in rows {
        let mut gradient = vec![f64::NAN; outputs.len()];
        function.gradient(&outputs, target.get(), &mut gradient);
        for (j, &analytic) in gradient.iter().enumerate() {
            let (mut moved, target, x) = (outputs.clone(), target.clone(), outputs[j]);
            let label = format!("∂ℓ/∂o[{j}] at {outputs:.3?} for {target}");
            let f = Box::new(move |t: f64| {
                moved[j] = x + t;
                function.value(&moved, target.get())
            });
            let nowhere = (false, f64::INFINITY);
            coordinates.push(Coordinate { label, x, f, analytic, kink: nowhere, output: j });
        }
    }
    report("∂ℓ", coordinates)
}

/// Random rows of m outputs of different sizes, for a loss without a problem.
fn drawn_rows(kind: TargetKind, m: usize) -> Vec<(Vec<f64>, Wanted)> {
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let row = |row: usize| {
        let size = if row % 3 == 2 { 6.0 } else { 1.5 };
        let mut draw = || (0..m).map(|_| rng.random_range(-size..size)).collect::<Vec<f64>>();
        let (outputs, values) = (draw(), draw());
        (outputs, Wanted { class: (kind == TargetKind::Classes).then_some(row % m), values })
    };
    (0..LOSS_ROWS.max(m)).map(row).collect()
}

/// Some rows of a problem, with the outputs that its network computes for them: a loss need not work for
/// other rows.
fn rows_of<F: Scalar>(problem: &Problem<'_, F>, reference: &Reference) -> Vec<(Vec<f64>, Wanted)> {
    let count = reference.rows().min(LOSS_ROWS);
    let row = |i: usize| {
        let mut sample = reference.sample(i * reference.rows() / count);
        let row = sample.row;
        let wanted = match problem.targets() {
            Targets::Classes(classes) => Wanted { class: Some(classes[row]), values: Vec::new() },
            Targets::Values(values) => {
                Wanted { class: None, values: values.row(row).iter().map(|y| y.as_f64()).collect() }
            }
            _ => unreachable!("the reference refused targets it does not know"),
        };
        (sample.a.swap_remove(reference.depth()), wanted)
    };
    (0..count).map(row).collect()
}

/// A target that owns its values.
#[derive(Clone, Debug)]
struct Wanted {
    class: Option<usize>,
    values: Vec<f64>,
}

impl Wanted {
    fn get(&self) -> Target<'_> {
        self.class.map_or(Target::Values(&self.values), Target::Class)
    }
}

impl std::fmt::Display for Wanted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.class {
            Some(class) => write!(f, "class {class}"),
            None => write!(f, "{:.3?}", self.values),
        }
    }
}

/// One derivative under test.
struct Coordinate<'f> {
    label: String,
    x: f64,
    /// The function of the displacement from x.
    f: Box<dyn FnMut(f64) -> f64 + 'f>,
    analytic: f64,
    /// Whether x is a declared kink, and the distance to the nearest other kink.
    kink: (bool, f64),
    /// The output of a loss that is moved; 0 for an activation.
    output: usize,
}

struct Coordinates<'f>(Vec<Coordinate<'f>>);

fn report(group: &'static str, coordinates: Vec<Coordinate<'_>>) -> Report {
    let labels = coordinates.iter().map(|coordinate| coordinate.label.clone()).collect();
    let names = Names::Labels { group, labels };
    let config = Config::default();
    let analytic: Vec<f64> = coordinates.iter().map(|coordinate| coordinate.analytic).collect();
    let mut ledger = Ledger::new(0..analytic.len(), (0..analytic.len()).collect(), false);
    let mut oracle = Coordinates(coordinates);
    if let Some(label) = oracle.not_finite() {
        return Report::invalid(names, &config, format!("{label}: value or derivative is not finite"));
    }
    let (mut rng, case) =
        (ChaCha8Rng::seed_from_u64(0), Case { point: Point::Given, rows: 0, part: Part::Loss });

    let checked = examine(&mut ledger, case, &analytic, &mut oracle, &mut rng);
    let tested = checked.and_then(|seen| {
        let self_test =
            SelfTest::run(case, &[&ledger], analytic.clone(), &sharp(&seen), &mut oracle, &mut rng)?;
        Ok((seen, self_test))
    });
    let (seen, self_test) = match tested {
        Ok(tested) => tested,
        Err(error) => return Report::invalid(names, &config, error.to_string()),
    };
    let entries: Vec<Entry> =
        seen.iter().map(|(index, truth)| Entry::new(*index, analytic[*index], truth)).collect();
    let sizes: Vec<f64> = entries.iter().map(|entry| entry.numerical.abs()).collect();
    let is_unsettled = |kind| matches!(kind, Certainty::Excused | Certainty::Unresolved);
    let unsettled = seen.iter().find(|(_, truth)| is_unsettled(truth.kind));
    let mut report = Report::new(names, &config, &[ledger], entries, &sizes);
    if let Some((index, _)) = unsettled {
        report.undeclared_kink = Some(report.name_of(*index));
    }
    report.cases = vec![case];
    report.self_test = self_test;
    report
}

/// Counts a derivative as exercised if it is known to a millionth of the largest one of its output, which
/// counts as 1 at most. Outputs are compared with themselves because one may matter far less than another.
fn exercise(truths: &mut [KnownDerivative], outputs: &[usize]) {
    let mut largest = BTreeMap::new();
    for (truth, output) in truths.iter().zip(outputs) {
        let largest = largest.entry(*output).or_insert(0.0_f64);
        *largest = largest.max(truth.value.abs());
    }
    for (truth, output) in truths.iter_mut().zip(outputs) {
        let is_settled = matches!(truth.kind, Certainty::Ordinary | Certainty::Flat);
        if is_settled && truth.bound <= SHARP * largest[output].min(1.0) {
            truth.kind = Certainty::Known;
        }
    }
}

/// The derivatives with the sharpest bounds: a small mistake must be found there.
fn sharp(seen: &[(usize, KnownDerivative)]) -> Vec<(usize, KnownDerivative)> {
    let is_sharp =
        |truth: &KnownDerivative| 1e8 * truth.bound <= truth.value.abs() && truth.kind != Certainty::Blurred;
    let sharp: Vec<_> = seen.iter().copied().filter(|(_, truth)| is_sharp(truth)).collect();
    if sharp.is_empty() { seen.to_vec() } else { sharp }
}

impl Coordinates<'_> {
    /// The label of the first value or derivative that is not finite.
    fn not_finite(&mut self) -> Option<String> {
        let is_finite = |c: &mut Coordinate<'_>| c.analytic.is_finite() && (c.f)(0.0).is_finite();
        self.0.iter_mut().find_map(|coordinate| (!is_finite(coordinate)).then(|| coordinate.label.clone()))
    }
}

impl Oracle for Coordinates<'_> {
    fn entries(&mut self, indices: &[usize], analytic: &[f64]) -> Result<Vec<KnownDerivative>> {
        let truth = |(&index, &claimed): (&usize, &f64)| self.0[index].truth(claimed);
        let mut truths: Vec<KnownDerivative> = indices.iter().zip(analytic).map(truth).collect();
        let outputs: Vec<usize> = indices.iter().map(|&index| self.0[index].output).collect();
        exercise(&mut truths, &outputs);
        Ok(truths)
    }

    fn along(&mut self, _group: &Range<usize>, _direction: &[f64], _claimed: f64) -> Result<KnownDerivative> {
        unreachable!("so few derivatives are compared one by one")
    }
}

impl Coordinate<'_> {
    fn truth(&mut self, claimed: f64) -> KnownDerivative {
        let (at_zero, size) = ((self.f)(0.0), self.x.abs().max(1.0));
        let (is_kink, others) = self.kink;
        // Differences stay on this side of the nearest other kink.
        let first = (FIRST_STEP * size).min(0.9 * others);
        let step = (CLOSE * size).min(others / 5.0);
        // x + t is rounded, which moves f by the slope times that rounding. The terms inside f are seldom
        // smaller than x, even where f itself is tiny: for example 1 + tanh far below 0.
        let rounded = f64::EPSILON * (at_zero.abs() + self.x.abs() * (1.0 + claimed.abs()));
        let scatter = if is_kink { 0.0 } else { scatter_near(|i| (self.f)(i * step)) };
        let mut line = Line {
            f: &mut *self.f,
            at_zero,
            x: self.x,
            noise: rounded.max(scatter),
            scale: self.x.abs(),
            floor: rounded,
            reach: EVERYWHERE,
        };
        let mut truth =
            if is_kink { line.between_sides(first, claimed) } else { line.judged(first, first, claimed) };
        truth.bound += NEGLIGIBLE * truth.value.abs();
        truth
    }
}

impl Line<'_> {
    /// At a kink any slope between those of both sides is right.
    fn between_sides(&mut self, first: f64, claimed: f64) -> KnownDerivative {
        let is_known = |slope: &KnownDerivative| slope.kind != Certainty::Excused;
        let slope =
            |first| self.on_side(first).map(|found: Extrapolated| found.truth(claimed)).filter(is_known);
        let [Some(below), Some(above)] = [-first, first].map(slope) else {
            // The function ends here, or x is so large that x + t rounds to x.
            return KnownDerivative { value: claimed, bound: f64::INFINITY, kind: Certainty::Excused };
        };
        let (low, high) = (below.value.min(above.value), below.value.max(above.value));
        // Any value in the interval is right, so the self-test must not choose this entry.
        KnownDerivative {
            value: claimed.clamp(low, high),
            bound: below.bound.max(above.bound),
            kind: Certainty::Blurred,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ann_core::Architecture;
    use ann_core::ndarray::{Array1, Array2};
    use std::cell::RefCell;

    #[test]
    fn arguments_close_to_a_kink_on_both_sides() {
        // Beyond the grid and the draws there is nothing else.
        let far: Vec<f64> = arguments(&[100.0]).into_iter().filter(|z| *z > 31.0).collect();
        assert_eq!(far, [99.7, 99.999, 99.999999, 100.0, 100.000001, 100.001, 100.3]);
        // ± 7 numbers, 0 but once, and the draws.
        assert_eq!(arguments(&[]).len(), 15 + DRAWN);
    }

    #[test]
    fn every_third_row_is_large_and_every_class_a_target() {
        for kind in [TargetKind::Values, TargetKind::Classes] {
            let of_four = drawn_rows(kind, 4);
            assert_eq!(of_four.iter().map(|(outputs, _)| outputs.len()).collect::<Vec<_>>(), [4; LOSS_ROWS]);
            // Up to 6 instead of 1.5: of 4 outputs and 4 values one at least is larger than that, but once in
            // 4⁸ times.
            let largest = |(outputs, wanted): &(Vec<f64>, Wanted)| {
                outputs.iter().chain(&wanted.values).fold(0.0_f64, |max, x| max.max(x.abs()))
            };
            let large: Vec<usize> = (0..LOSS_ROWS).filter(|n| largest(&of_four[*n]) > 1.5).collect();
            assert_eq!(large, [2, 5, 8, 11]);
        }
        let classes = |m: usize| -> Vec<Option<usize>> {
            drawn_rows(TargetKind::Classes, m).iter().map(|(_, wanted)| wanted.class).collect()
        };
        assert_eq!(classes(40), (0..40).map(Some).collect::<Vec<_>>());
        assert_eq!(classes(5)[..7], [0, 1, 2, 3, 4, 0, 1].map(Some));
    }

    #[test]
    fn rows_of_a_problem_are_spread_over_all() {
        // ŷ = x/2 + ¼ with x = n and y = −n: twelve of 24 rows are every second one, of 5 rows all.
        let architecture = Architecture::inputs(1).dense(1, Activation::Identity);
        for (count, step) in [(24, 2.0), (5, 1.0)] {
            let x = Array2::from_shape_fn((count, 1), |(n, _)| n as f64);
            let y = Array1::from_shape_fn(count, |n| -(n as f64));
            let problem = Problem::new(&architecture, Loss::MeanSquaredError, &x, &y).expect("shapes fit");
            let reference = Reference::new(&problem, &[0.5, 0.25]).expect("all of it is known");
            let rows = rows_of(&problem, &reference);
            assert_eq!(rows.len(), count.min(12));
            for (i, (outputs, wanted)) in rows.iter().enumerate() {
                let n = i as f64 * step;
                assert_eq!((outputs[0], &wanted.values), (n / 2.0 + 0.25, &vec![-n]));
            }
        }
    }

    #[test]
    fn steps_are_a_tenth_of_the_argument_and_stay_before_the_next_kink() {
        let none = f64::INFINITY;
        for (x, others, first, close) in [
            (0.0, none, 0.1, CLOSE),
            (10.0, none, 1.0, 10.0 * CLOSE),
            (0.0, 1.0 / 64.0, 0.9 / 64.0, CLOSE),
            (0.0, 1e-5, 9e-6, 2e-6),
        ] {
            let (truth, steps) = straight(x, others);
            assert!(truth.agrees(2.0), "{truth:?}");
            let largest = steps.iter().copied().fold(0.0, f64::max);
            assert!((largest / first - 1.0).abs() < 1e-9, "{x}, {others}: {largest}");
            // Scatter is looked for in steps that are far smaller.
            let is_close = |t: &f64| (t / close - 1.0).abs() < 1e-12;
            assert!(steps.iter().any(is_close), "{x}, {others}: none of {close}");
        }
        // At 10: f(0) = 4 and 10 (1 + 2), 34 ulps of noise, eight times; and 20½ for x + t, times the slope.
        // By steps of ½ and ¼, (4 · 4 + 2) / 3 times that; eight of these, and 1e-12 of the slope.
        let (truth, _) = straight(10.0, none);
        let expected = 8.0 * 6.0 * (8.0 * 34.0 + 20.5) * f64::EPSILON + 2e-12;
        assert!(
            truth.value == 2.0 && (truth.bound / expected - 1.0).abs() < 1e-3,
            "{truth:?}, expected {expected:e}"
        );
    }

    /// The truth about 4 + 2t at x, and how far the steps went.
    fn straight(x: f64, others: f64) -> (KnownDerivative, Vec<f64>) {
        let steps = RefCell::new(Vec::new());
        let f = Box::new(|t: f64| {
            steps.borrow_mut().push(t.abs());
            4.0 + 2.0 * t
        });
        let kink = (false, others);
        let truth = Coordinate { label: String::new(), x, f, analytic: 2.0, kink, output: 0 }.truth(2.0);
        (truth, steps.into_inner())
    }

    #[test]
    fn nothing_is_told_at_a_kink_with_one_side() {
        // The slope of the other leaves the numbers.
        for side in [-1.0, 1.0] {
            let mut cliff = |t: f64| if t * side > 0.0 { t } else { f64::MAX * t.signum() };
            let mut line = Line {
                f: &mut cliff,
                at_zero: 0.0,
                x: 0.0,
                noise: 0.0,
                floor: 0.0,
                scale: 0.0,
                reach: EVERYWHERE,
            };
            let truth = line.between_sides(0.5, 3.0);
            assert_eq!((truth.value, truth.bound, truth.kind), (3.0, f64::INFINITY, Certainty::Excused));
        }
    }

    #[test]
    fn what_is_known_to_a_millionth_counts_as_exercised() {
        use Certainty::{Blurred, Excused, Known, Ordinary};
        // The largest is ½: 5e-7; or 8, of which no more than 1 counts: 1e-6.
        for (largest, known, vague) in [(-0.5, 4e-7, 6e-7), (8.0, 9e-7, 2e-6)] {
            let mut truths = [
                truth(largest, known, Ordinary),
                truth(0.0, vague, Ordinary),
                truth(0.0, known, Blurred),
                truth(0.0, known, Excused),
            ];
            let outputs = vec![0; truths.len()];
            exercise(&mut truths, &outputs);
            assert_eq!(truths.map(|truth| truth.kind), [Known, Ordinary, Blurred, Excused], "{largest}");
        }
    }

    #[test]
    fn the_self_test_spoils_what_is_known_to_eight_digits() {
        let vague = [truth(1.0, 1e-7, Certainty::Ordinary), truth(1.0, 1e-9, Certainty::Blurred)];
        let known = [truth(1.0, 1e-9, Certainty::Ordinary), truth(-4.0, 2e-8, Certainty::Known)];
        let seen: Vec<_> = (0..).zip(vague.into_iter().chain(known)).collect();
        let indices = |seen: &[(usize, KnownDerivative)]| -> Vec<usize> {
            sharp(seen).into_iter().map(|(index, _)| index).collect()
        };
        assert_eq!(indices(&seen), [2, 3]);
        // Where nothing is, what there is.
        assert_eq!(indices(&seen[..2]), [0, 1]);
    }

    fn truth(value: f64, bound: f64, kind: Certainty) -> KnownDerivative {
        KnownDerivative { value, bound, kind }
    }
}
