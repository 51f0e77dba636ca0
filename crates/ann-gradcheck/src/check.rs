//! The two checks of a whole gradient: of any pair of closures, and of a problem of `ann-core`.

use ann_core::rand::rngs::ChaCha8Rng;
use ann_core::rand::{Rng, SeedableRng};
use ann_core::{Problem, Scalar};
use rand_distr::{Distribution, Normal};

use crate::closure::{Values, sizes};
use crate::difference::{finite, named_differences};
use crate::domain::Domain;
use crate::entry::{Naming, check_point};
use crate::gradient::{evaluate, jitter};
use crate::ledger::{Case, KnownDerivative, Ledger, Part, Point, all_judged};
use crate::oracle::{examine, ledgers};
use crate::self_test::SelfTest;
use crate::{Config, Entry, Error, Report, Result, network};

/// A second call that changes the value by more than this share of nearby values means a closure with a
/// state: a different order of additions changes less.
const REPEATS: f64 = 1e-12;
/// Standard deviation of a random point around the point given, as a share of the size of each parameter.
const SPREAD: f64 = 0.1;

/// Compares a gradient with differences of its function, at `at` and at points around it. Only values of the
/// function are used.
///
/// Derivatives are extrapolated from central differences, with a bound on the error of the extrapolation. The
/// first step is a tenth of each parameter, and the function determines the further steps, so the units of
/// the parameters do not matter. Steps stay within [`Config::domain`] and [`Config::largest_step`]. A
/// difference is called a mistake only if steps of two other lengths find it too.
///
/// `gradient` receives a point and a buffer of the same length, filled with NaN. It must overwrite every
/// entry. `value` is called some 20 times for each entry and point, more often where it is steep, noisy or
/// not smooth.
///
/// ```
/// use ann_gradcheck::{Config, check_gradient};
///
/// let value = |p: &[f64]| p[0].sin() * p[1];
/// let gradient = |p: &[f64], out: &mut [f64]| out.copy_from_slice(&[p[0].cos() * p[1], p[0].sin()]);
/// let report = check_gradient(value, gradient, &[0.4, 2.0], &Config::default())?;
/// report.ensure_ok()?;
/// # Ok::<(), ann_gradcheck::Error>(())
/// ```
///
/// # Errors
/// A setting is out of range. `at` is empty, has another length than the layout, the names or the domain,
/// lies outside the domain, or contains a NaN or infinity. The value or the gradient is NaN or infinite at
/// `at`. A closure returns a different result when it is called again. A layer does not exist. A wrong
/// gradient is not an error: see [`Report::verdict`] and [`Report::ensure_ok`].
pub fn check_gradient(
    mut value: impl FnMut(&[f64]) -> f64,
    mut gradient: impl FnMut(&[f64], &mut [f64]),
    at: &[f64],
    config: &Config,
) -> Result<Report> {
    let naming = config.naming();
    check_point(at, naming)?;
    config.validate_for(at)?;
    let groups = config.layers.groups(naming.layout, at.len())?;
    let ranges = config.ranges(at);
    let domain = Domain { ranges: &ranges };
    let mut check = ClosureCheck::new(config, domain, groups);
    let mut entries = check.visit(Point::Given, &mut value, &mut gradient, at)?;
    for entry in &mut entries {
        let x = at[entry.index];
        // The sums are compared, as the differences round them.
        if [x - config.step, x + config.step].iter().all(|x| domain.contains(entry.index, *x)) {
            let central = named_differences(&mut value, at, [entry.index], config.step, naming);
            entry.central = central.ok().map(|central| central[0]);
        }
    }
    let mut visited = 0;
    for number in 1..=config.points {
        if visited > 0 && all_judged(&check.ledgers) {
            break;
        }
        let point = around(at, domain, &mut check.rng);
        // The user did not choose this point, so a function that is not finite here is no error.
        if value(&point).is_finite() {
            drop(check.visit(Point::Drawn(number), &mut value, &mut gradient, &point)?);
            visited += 1;
        }
    }
    let sizes: Vec<f64> = entries.iter().map(|entry| entry.numerical.abs()).collect();
    let mut report = Report::new(config.owned_names(), config, &check.ledgers, entries, &sizes);
    report.cases = check.cases;
    report.self_test = check.self_test;
    report.noise = check.noise;
    Ok(report)
}

/// Compares a gradient of J(θ) = mean loss + λ‖W‖² with the exact gradient, at θ = `at` and at further points
/// that the checker chooses.
///
/// The exact gradient comes from [`reference`](crate::reference), which shares no code with `ann-core`'s
/// kernels, run on dual numbers. `gradient` receives a problem, θ and a buffer of the same length as θ,
/// filled with NaN. It must overwrite every entry. The problem passed to it has the architecture and loss of
/// `problem`, but sometimes fewer rows, and sometimes λ = 0. The mean loss, the penalty and the total are
/// compared separately, on 1, 2, 6 and all rows. The points are the point given, the point after 20 small
/// steps downhill, the point with weights three times as large, and random points until 95% of the entries
/// have been exercised.
///
/// Custom activations and losses are checked first ([`check_activation`](crate::check_activation),
/// [`check_loss`](crate::check_loss)); the exact gradient uses their derivatives.
///
/// ```
/// use ann_gradcheck::ann_core::{Activation, Architecture, Loss, Problem, ndarray::array};
/// use ann_gradcheck::{Config, check_problem};
///
/// // ŷ = w x + b with squared error; and a gradient of it, written by hand.
/// let architecture = Architecture::inputs(1).dense(1, Activation::Identity);
/// let (x, y) = (array![[1.0], [3.0], [-2.0]], array![2.0, 2.0, 0.0]);
/// let problem = Problem::new(&architecture, Loss::MeanSquaredError, &x, &y)?.with_l2(0.1)?;
/// let by_hand = |problem: &Problem<'_>, theta: &[f64], out: &mut [f64]| {
///     let ann_gradcheck::ann_core::Targets::Values(y) = problem.targets() else { unreachable!() };
///     let (n, x) = (problem.rows() as f64, problem.features());
///     let errors = &x.column(0) * theta[0] + theta[1] - y.column(0);
///     out[0] = 2.0 / n * (&errors * &x.column(0)).sum() + 2.0 * problem.l2() * theta[0];
///     out[1] = 2.0 / n * errors.sum();
/// };
/// check_problem(&problem, &[2.0, 1.0], by_hand, &Config::default())?.ensure_ok()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// A problem in `f32` is compared with the `f64` gradient at the same parameter values; the bounds are
/// multiples of the rounding of `f32`.
///
/// # Errors
/// As [`check_gradient`]; also a custom activation whose kinks are not in rising order, and a loss or
/// activation unknown to this crate.
pub fn check_problem<F: Scalar>(
    problem: &Problem<'_, F>,
    at: &[F],
    gradient: impl FnMut(&Problem<'_, F>, &[F], &mut [F]),
    config: &Config,
) -> Result<Report> {
    network::check(problem, at, gradient, config)
}

/// The check of a pair of closures: its settings, and what it has seen.
struct ClosureCheck<'c> {
    config: &'c Config,
    domain: Domain<'c>,
    rng: ChaCha8Rng,
    ledgers: Vec<Ledger>,
    cases: Vec<Case>,
    self_test: Option<SelfTest>,
    /// The largest measured scatter of the values, over the points visited.
    noise: f64,
}

impl<'c> ClosureCheck<'c> {
    fn new(config: &'c Config, domain: Domain<'c>, groups: Vec<std::ops::Range<usize>>) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(config.seed);
        let ledgers = ledgers(groups, config, false, &mut rng);
        Self { config, domain, rng, ledgers, cases: Vec::new(), self_test: None, noise: 0.0 }
    }

    /// Compares at one point, and returns the entries of the group ledgers there.
    fn visit(
        &mut self,
        point: Point,
        value: &mut dyn FnMut(&[f64]) -> f64,
        gradient: &mut dyn FnMut(&[f64], &mut [f64]),
        at: &[f64],
    ) -> Result<Vec<Entry>> {
        let (naming, domain) = (self.config.naming(), self.domain);
        let case = Case { point, rows: 0, part: Part::Loss };
        let [first, second] = [(); 2].map(|()| finite(value(at), || format!("({case})")));
        let (first, second) = (first?, second?);
        let size = first.abs().max(size_around(value, at, domain));
        let changed = repeated(first, second, size, case)?;
        let analytic = repeatable_gradient(gradient, at, naming, case)?;
        let before = analytic.clone();
        self.cases.push(case);
        let (rng, tolerance) = (&mut self.rng, self.config.tolerance);
        let mut oracle = Values::new(value, at, first, changed, domain, tolerance, rng);
        self.noise = self.noise.max(oracle.noise());
        let mut seen: Vec<(usize, KnownDerivative)> = Vec::new();
        for ledger in &mut self.ledgers {
            seen.extend(examine(ledger, case, &analytic, &mut oracle, rng)?);
        }
        let entries = seen.iter().map(|(index, truth)| Entry::new(*index, analytic[*index], truth)).collect();
        if self.self_test.is_none() {
            let groups: Vec<_> = self.ledgers.iter().collect();
            self.self_test = SelfTest::run(case, &groups, analytic, &seen, &mut oracle, rng)?;
        }
        // One more call after many other points finds a closure that keeps state between calls.
        let after = evaluate(|out| gradient(at, out), at.len(), naming, case)?;
        jitter::<f64>(&before, &after, naming, case)?;
        repeated(first, value(at), size, case)?;
        Ok(entries)
    }
}

/// |f| with all parameters moved by [`SPREAD`]: a scale for f where f(at) happens to be 0.
fn size_around(value: &mut dyn FnMut(&[f64]) -> f64, at: &[f64], domain: Domain<'_>) -> f64 {
    let sizes = sizes(at);
    let moved: Vec<f64> =
        (0..at.len()).map(|index| domain.moved(index, at[index], SPREAD * sizes[index])).collect();
    let size = value(&moved).abs();
    if size.is_finite() { size } else { 0.0 }
}

/// How much the value changed between two calls at one point; an error if that is more than rounding of
/// values of this `size`.
fn repeated(first: f64, second: f64, size: f64, case: Case) -> Result<f64> {
    let changed = (first - second).abs();
    if changed <= REPEATS * size {
        return Ok(changed);
    }
    Err(Error::NotRepeatable { what: format!("the objective ({case})"), first, second, parts: Vec::new() })
}

fn repeatable_gradient(
    gradient: &mut dyn FnMut(&[f64], &mut [f64]),
    at: &[f64],
    naming: Naming<'_>,
    case: Case,
) -> Result<Vec<f64>> {
    let [first, second] = [(); 2].map(|()| evaluate::<f64>(|out| gradient(at, out), at.len(), naming, case));
    let first = first?;
    jitter::<f64>(&first, &second?, naming, case)?;
    Ok(first)
}

/// A point near `at`, in the domain.
fn around(at: &[f64], domain: Domain<'_>, rng: &mut impl Rng) -> Vec<f64> {
    let mut moved = |(index, size): (usize, f64)| {
        let t = Normal::new(0.0, SPREAD * size).expect("a positive deviation").sample(rng);
        domain.moved(index, at[index], t)
    };
    sizes(at).into_iter().enumerate().map(&mut moved).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANYWHERE: Domain<'_> = Domain { ranges: &[] };

    #[test]
    fn points_are_drawn_until_enough_has_been_seen() {
        use Point::{Drawn, Given};
        // At least one random point is visited, even if the point given exercises every entry.
        assert_eq!(points(|x| x, 1.0), [Given, Drawn(1)]);
        // A flat function exercises nothing, so all points are visited.
        assert_eq!(points(|_| 1.0, 0.0), [Given, Drawn(1), Drawn(2), Drawn(3), Drawn(4), Drawn(5), Drawn(6)]);
        // Flat, and wrong at once: more points would not change the verdict.
        assert_eq!(points(|_| 1.0, 1.0), [Given, Drawn(1)]);
        // Points where the value is NaN are skipped: ln(x + 4.9) at −5 ± 0.5, given right of −4.9.
        let visited = points(|x| if x > -4.8 { 1.0 } else { f64::NAN }, 0.0);
        assert!((2..7).contains(&visited.len()) && visited[0] == Given, "{visited:?}");
    }

    /// The points at which f and its gradient are compared.
    fn points(f: fn(f64) -> f64, gradient: f64) -> Vec<Point> {
        let config = Config { points: 6, ..Config::default() };
        let report = check_gradient(|x| f(x[0]), |_, out| out[0] = gradient, &[-4.75], &config);
        report.expect("it is finite").cases().iter().map(|case| case.point).collect()
    }

    #[test]
    fn a_value_may_change_by_a_rounding_of_what_it_is_made_of() {
        // e^(x − 100) − 1 is 0 at 100, and e^10 − 1 = 22 025 at 110; 1e-12 of that is 2.2e-8.
        for (change, is_rounding) in [(1e-8, true), (4e-8, false)] {
            let mut calls = 0.0;
            let restless = |x: &[f64]| {
                calls += 1.0;
                (x[0] - 100.0).exp() - 1.0 + change * (calls % 2.0)
            };
            let config = Config { points: 0, ..Config::default() };
            let report = check_gradient(restless, |_, out| out[0] = 1.0, &[100.0], &config);
            assert_eq!(report.is_ok(), is_rounding, "{change}: {report:?}");
        }
        // Values that are not finite count as size 0; values below 1 keep their size.
        let mut at_end = |x: &[f64]| if x[0] > 1.0 { f64::NAN } else { 0.25 };
        assert_eq!(
            (size_around(&mut at_end, &[1.0], ANYWHERE), size_around(&mut at_end, &[-2.0], ANYWHERE)),
            (0.0, 0.25)
        );
    }

    #[test]
    fn points_around_are_a_tenth_away() {
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        let draws: Vec<Vec<f64>> = (0..400).map(|_| around(&[0.0, -50.0], ANYWHERE, &mut rng)).collect();
        for (i, x, expected) in [(0, 0.0, 0.1), (1, -50.0, 5.0)] {
            let squares: f64 = draws.iter().map(|point| (point[i] - x).powi(2)).sum();
            let deviation = (squares / 400.0).sqrt();
            // The deviation of 400 draws is known to 1/√800, or 3.5%.
            assert!((deviation / expected - 1.0).abs() < 0.15, "{deviation}, expected {expected}");
        }
    }
}
