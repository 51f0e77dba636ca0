//! The two doors to a whole gradient: any pair of closures, and a problem of `ann-core`.

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

/// A value that changes by more than this share of the values around has a state: another order of additions
/// changes less.
const REPEATS: f64 = 1e-12;
/// How far a drawn point is from the one given, for each parameter as a share of its size.
const SPREAD: f64 = 0.1;

/// Compares a gradient with the function it belongs to, of which values are all that is known, at `at` and
/// around it.
///
/// Derivatives are extrapolated from central differences, with a bound on their own error. Steps begin at a
/// tenth of each parameter and follow the function from there, so that no units are preferred; they keep to
/// [`Config::domain`] and [`Config::largest_step`]. A difference is called a mistake only if steps of two
/// other lengths find it, too.
///
/// `gradient` is handed a point and a buffer as long, full of NaN, of which it must overwrite every entry.
/// `value` is called some 20 times for each entry and point, more where it is steep, noisy or not smooth.
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
/// A setting out of range; `at` empty, of another length than the layout, the names or the domain, outside of
/// the domain, or with a NaN or infinity; a value or a gradient that is NaN or infinite at `at`; a closure
/// that gives something else when asked again; a layer that does not exist. A wrong gradient is no error: see
/// [`Report::verdict`] and [`Report::ensure_ok`].
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
        let [below, above] = domain.reach(entry.index, at[entry.index]);
        if config.step <= below.min(above) {
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
        // A point of our own making may lie outside of what the function is made for.
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

/// Compares a gradient of J(θ) = mean loss + λ‖W‖² with the exact one, at θ = `at` and at points of the
/// checker's own choice.
///
/// The exact gradient comes from [`reference`](crate::reference), which shares no code with `ann-core`'s
/// kernels, run on dual numbers. `gradient` is handed a problem, θ and a buffer as long, full of NaN, of
/// which it must overwrite every entry. The problem has the architecture and loss of this one, and also fewer
/// of its rows, and λ = 0: the mean loss, the penalty and the total are compared each by itself, on 1, 2, 6
/// and all rows, at the point given, after 20 small steps downhill, with weights three times as large, and at
/// drawn points until 95% of the entries have been exercised.
///
/// Activations and losses of the user's own are checked first ([`check_activation`](crate::check_activation),
/// [`check_loss`](crate::check_loss)); the exact gradient takes their derivatives.
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
/// A problem in `f32` is compared with the `f64` gradient at the same parameter values; bounds are in units
/// of `f32`'s rounding.
///
/// # Errors
/// As [`check_gradient`]; also a custom activation whose kinks do not rise, and a loss or activation unknown
/// to this crate.
pub fn check_problem<F: Scalar>(
    problem: &Problem<'_, F>,
    at: &[F],
    gradient: impl FnMut(&Problem<'_, F>, &[F], &mut [F]),
    config: &Config,
) -> Result<Report> {
    network::check(problem, at, gradient, config)
}

/// A pair of closures under test: what is checked, and what has been seen.
struct ClosureCheck<'c> {
    config: &'c Config,
    domain: Domain<'c>,
    rng: ChaCha8Rng,
    ledgers: Vec<Ledger>,
    cases: Vec<Case>,
    self_test: Option<SelfTest>,
    /// The largest scatter of the values that was measured.
    noise: f64,
}

impl<'c> ClosureCheck<'c> {
    fn new(config: &'c Config, domain: Domain<'c>, groups: Vec<std::ops::Range<usize>>) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(config.seed);
        let ledgers = ledgers(groups, config, false, &mut rng);
        Self { config, domain, rng, ledgers, cases: Vec::new(), self_test: None, noise: 0.0 }
    }

    /// Compares at one point, and gives back its entries.
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
        // Asked once more, after many other points: whoever keeps a state between calls is found out.
        let after = evaluate(|out| gradient(at, out), at.len(), naming, case)?;
        jitter::<f64>(&before, &after, naming, case)?;
        repeated(first, value(at), size, case)?;
        Ok(entries)
    }
}

/// |f| with all parameters moved by [`SPREAD`]: what f is made of, where it happens to be 0 itself.
fn size_around(value: &mut dyn FnMut(&[f64]) -> f64, at: &[f64], domain: Domain<'_>) -> f64 {
    let sizes = sizes(at);
    let moved: Vec<f64> =
        (0..at.len()).map(|index| domain.moved(index, at[index], SPREAD * sizes[index])).collect();
    let size = value(&moved).abs();
    if size.is_finite() { size } else { 0.0 }
}

/// How much a value changed when it was asked again; an error where that is too much to be rounding of values
/// of this `size`.
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
        // One more than the point given, however well that is covered.
        assert_eq!(points(|x| x, 1.0), [Given, Drawn(1)]);
        // Flat: all of them.
        assert_eq!(points(|_| 1.0, 0.0), [Given, Drawn(1), Drawn(2), Drawn(3), Drawn(4), Drawn(5), Drawn(6)]);
        // Flat, and wrong: it will not become right.
        assert_eq!(points(|_| 1.0, 1.0), [Given, Drawn(1)]);
        // Where it is not a number it is not asked: ln(x + 4.9) at −5 ± 0.5, given right of −4.9.
        let visited = points(|x| if x > -4.8 { 1.0 } else { f64::NAN }, 0.0);
        assert!((2..7).contains(&visited.len()) && visited[0] == Given, "{visited:?}");
    }

    /// At which points f, with its gradient, is tried.
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
        // Smaller than 1: of a size of its own.
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
            // Of 400 draws it is known to 1/√800, or 3.5%.
            assert!((deviation / expected - 1.0).abs() < 0.15, "{deviation}, expected {expected}");
        }
    }
}
