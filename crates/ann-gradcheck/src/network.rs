//! A [`Problem`] under test: all points, rows and parts of J.

use std::ops::RangeInclusive;

use ann_core::rand::SeedableRng;
use ann_core::rand::rngs::ChaCha8Rng;
use ann_core::{LayerSpan, Problem, Scalar};

use crate::central::differences;
use crate::config::Config;
use crate::difference::finite;
use crate::entry::{Names, check_point};
use crate::exact::Exact;
use crate::gradient::{evaluate, jitter};
use crate::ledger::{Case, KnownDerivative, Ledger, Part, Point, all_settled};
use crate::oracle::{examine, ledgers};
use crate::report::Arithmetic;
use crate::self_test::SelfTest;
use crate::textbook::Reference;
use crate::trial::{self, Rows};
use crate::witness::{Precision, Witness};
use crate::{Entry, Report, Result, function};

/// Number of further calls of a gradient that returns a penalty where there is none.
const ASKED_AGAIN: usize = 20;

/// The state of a check: what it checks, and what it has seen.
struct NetworkCheck<'c, 'data, F, G> {
    problem: &'c Problem<'data, F>,
    gradient: G,
    config: &'c Config,
    layers: RangeInclusive<usize>,
    /// Whether every entry is compared one by one, not a sample.
    compares_all: bool,
    rows: Vec<Rows<F>>,
    zero_inputs: Vec<bool>,
    rng: ChaCha8Rng,
    jitter: f64,
    ledgers: Vec<Ledger>,
    cases: Vec<Case>,
    self_test: Option<SelfTest>,
}

/// What was seen at the point given, on all rows.
#[derive(Default)]
struct AtGiven {
    entries: Vec<Entry>,
    /// |∂ mean loss / ∂θ| of the same entries.
    losses: Vec<f64>,
    at_kink: usize,
    outputs_at_kink: usize,
}

pub(crate) fn check<F, G>(problem: &Problem<'_, F>, at: &[F], gradient: G, config: &Config) -> Result<Report>
where
    F: Scalar,
    G: FnMut(&Problem<'_, F>, &[F], &mut [F]),
{
    config.validate()?;
    check_point(&to_f64(at), Some(problem.layout()))?;
    // Custom functions are checked first, because the exact gradient uses their derivatives.
    let functions = function::of_problem(problem, &Reference::new(problem, &to_f64(at))?);
    let mut check = NetworkCheck::new(problem, gradient, config)?;
    let given = check.given(at)?;
    let trained = check.trained(at)?;
    check.visit(Point::Trained, &trained)?;
    check.visit(Point::Enlarged, &trial::enlarged(problem, at))?;
    for number in 1..=config.points {
        if all_settled(&check.ledgers) {
            break;
        }
        let point = trial::drawn(problem, &mut check.rng);
        check.visit(Point::Drawn(number), &point)?;
    }
    let names = Names::Layout(problem.layout().clone());
    let mut report = Report::new(names, config, &check.ledgers, given.entries, &given.losses);
    report.at_kink = given.at_kink;
    report.outputs_at_kink = given.outputs_at_kink;
    report.arithmetic = Arithmetic::of::<F>();
    report.cases = check.cases;
    report.self_test = check.self_test;
    report.functions = functions;
    Ok(report)
}

impl<'c, 'data, F, G> NetworkCheck<'c, 'data, F, G>
where
    F: Scalar,
    G: FnMut(&Problem<'_, F>, &[F], &mut [F]),
{
    fn new(problem: &'c Problem<'data, F>, gradient: G, config: &'c Config) -> Result<Self> {
        let layout = problem.layout();
        let groups = config.layers.groups(Some(layout), layout.len())?;
        let count: usize = groups.iter().map(std::ops::Range::len).sum();
        let mut rng = ChaCha8Rng::seed_from_u64(config.seed);
        // `features` copies the rows if they are selected.
        let features = problem.features();
        let is_zero = |column: usize| features.column(column).iter().all(|x| *x == F::zero());
        Ok(Self {
            problem,
            gradient,
            config,
            layers: config.layers.range(layout)?,
            compares_all: count <= config.entries,
            rows: trial::rows(problem),
            zero_inputs: (0..features.ncols()).map(is_zero).collect(),
            jitter: 0.0,
            ledgers: ledgers(groups, config, true, &mut rng),
            rng,
            cases: Vec::new(),
            self_test: None,
        })
    }

    /// Compares at the point given, and keeps its entries for the report.
    fn given(&mut self, at: &[F]) -> Result<AtGiven> {
        let layout = self.problem.layout();
        let point = to_f64(at);
        let reference = Reference::new(self.problem, &point)?;
        let seen = self.visit(Point::Given, at)?;
        let entry =
            |(index, truth): &(usize, KnownDerivative)| Entry::new(*index, seen.gradient[*index], truth);
        let mut entries: Vec<Entry> = seen.total.iter().map(entry).collect();
        // Differences of more entries would take long; a sample of entries has none.
        if self.compares_all {
            let indices = seen.total.iter().map(|(index, _)| *index);
            let central = differences(&reference, layout, &point, indices, self.config.step)?;
            for (entry, central) in entries.iter_mut().zip(central) {
                entry.central = central.map(|central| central.frozen);
                entry.plain = central.and_then(|central| central.plain);
            }
        }
        let losses = seen.loss.iter().map(|(_, truth)| truth.value.abs()).collect();
        let (at_kink, outputs_at_kink) = (reference.at_kink(), reference.outputs_at_kink());
        Ok(AtGiven { entries, losses, at_kink, outputs_at_kink })
    }

    fn trained(&mut self, at: &[F]) -> Result<Vec<F>> {
        let (problem, gradient) = (self.problem, &mut self.gradient);
        let case = Case { point: Point::Trained, rows: problem.rows(), part: Part::Total };
        trial::trained(at, |point| {
            evaluate(|out| gradient(problem, point, out), point.len(), Some(problem.layout()), case)
        })
    }

    /// Compares at one point: all rows and fewer; loss, penalty and total. Returns what was seen on all rows.
    fn visit(&mut self, point: Point, at: &[F]) -> Result<Seen> {
        let rows = std::mem::take(&mut self.rows);
        let mut of_all = Seen::default();
        // All rows come first: a gradient that keeps state between calls is detected there.
        for rows in rows.iter().rev() {
            let seen = self.visit_rows(point, at, rows)?;
            if rows.count() == self.problem.rows() {
                of_all = seen;
            }
        }
        self.rows = rows;
        Ok(of_all)
    }

    fn visit_rows(&mut self, point: Point, at: &[F], rows: &Rows<F>) -> Result<Seen> {
        let problem = rows.problem(self.problem, self.problem.l2());
        let reference = Reference::new(&problem, &to_f64(at))?;
        let case = Case { point, rows: rows.count(), part: Part::Total };
        match finite(reference.objective(), || format!("({case})")) {
            // The user did not choose this point; if the objective is not finite here, nothing can be
            // compared.
            Err(_) if point != Point::Given => return Ok(Seen::default()),
            objective => objective?,
        };
        let gradients = self.gradients(&problem, &rows.problem(self.problem, 0.0), at, case)?;
        self.compare_parts(case, &reference, gradients)
    }

    /// The gradient of a problem and of the same `without` penalty, which must be repeatable.
    fn gradients(
        &mut self,
        problem: &Problem<'_, F>,
        without: &Problem<'_, F>,
        at: &[F],
        case: Case,
    ) -> Result<Gradients> {
        let total = self.repeated(problem, at, case)?;
        let loss = self.repeated(without, at, Case { part: Part::Loss, ..case })?;
        let gradients = Gradients { total, loss };
        if gradients.differ_without_penalty(problem) {
            // There is a penalty where there should be none. Either the gradient is wrong, or the order of
            // its sums changes sometimes; more calls show which.
            for _ in 0..ASKED_AGAIN {
                self.compare_again(&gradients.total, problem, at, case)?;
            }
        }
        Ok(gradients)
    }

    fn repeated(&mut self, problem: &Problem<'_, F>, at: &[F], case: Case) -> Result<Vec<f64>> {
        let first = self.gradient_of(problem, at, case)?;
        self.compare_again(&first, problem, at, case)?;
        Ok(first)
    }

    /// Calls the gradient again, and records how much it has changed.
    fn compare_again(&mut self, first: &[f64], problem: &Problem<'_, F>, at: &[F], case: Case) -> Result<()> {
        let again = self.gradient_of(problem, at, case)?;
        self.jitter = self.jitter.max(jitter::<F>(first, &again, Some(problem.layout()), case)?);
        Ok(())
    }

    /// Loss, penalty and total of one problem at one point, and runs the self-test if it has not run yet.
    fn compare_parts(&mut self, case: Case, reference: &Reference, gradients: Gradients) -> Result<Seen> {
        let (layout, precision) = (self.problem.layout(), Precision::of::<F>());
        let exact =
            self.compares_all.then(|| Exact::new(reference, layout, self.layers.clone(), precision.rounding));
        let zero_inputs = self.zero_inputs.clone();
        let mut witness = Witness {
            reference,
            layout,
            exact: exact.as_ref(),
            part: Part::Loss,
            precision,
            tolerance: self.config.tolerance,
            loss_gradient: &gradients.loss,
            jitter: self.jitter,
            zero_inputs: &zero_inputs,
            largest: 0.0,
        };
        let loss = self.compare(case, &gradients.loss, &mut witness)?;
        witness.part = Part::Penalty;
        self.compare(case, &gradients.penalty(), &mut witness)?;
        witness.part = Part::Total;
        let total = self.compare(case, &gradients.total, &mut witness)?;
        if self.self_test.is_none() && case.rows == self.problem.rows() {
            let groups: Vec<_> = self.ledgers.iter().collect();
            self.self_test =
                SelfTest::run(case, &groups, gradients.total.clone(), &total, &mut witness, &mut self.rng)?;
        }
        Ok(Seen { loss, total, gradient: gradients.total })
    }

    fn compare(
        &mut self,
        case: Case,
        analytic: &[f64],
        witness: &mut Witness<'_>,
    ) -> Result<Vec<(usize, KnownDerivative)>> {
        let case = Case { part: witness.part, ..case };
        self.cases.push(case);
        let mut seen = Vec::new();
        for ledger in &mut self.ledgers {
            seen.extend(examine(ledger, case, analytic, witness, &mut self.rng)?);
        }
        Ok(seen)
    }

    fn gradient_of(&mut self, problem: &Problem<'_, F>, at: &[F], case: Case) -> Result<Vec<f64>> {
        let gradient = &mut self.gradient;
        evaluate(|out| gradient(problem, at, out), at.len(), Some(problem.layout()), case)
    }
}

/// The gradient under test of one problem, and of the same without penalty.
struct Gradients {
    total: Vec<f64>,
    loss: Vec<f64>,
}

impl Gradients {
    fn penalty(&self) -> Vec<f64> {
        self.total.iter().zip(&self.loss).map(|(total, loss)| total - loss).collect()
    }

    /// Whether the two differ in a bias, or in any entry with λ = 0.
    fn differ_without_penalty(&self, problem: &Problem<'_, impl Scalar>) -> bool {
        let differs = |index: usize| self.total[index] != self.loss[index];
        match problem.l2() == 0.0 {
            true => (0..self.total.len()).any(differs),
            false => problem.layout().layers().iter().flat_map(LayerSpan::bias).any(differs),
        }
    }
}

/// The oracle's derivatives at one point, on some rows.
#[derive(Default)]
struct Seen {
    loss: Vec<(usize, KnownDerivative)>,
    total: Vec<(usize, KnownDerivative)>,
    /// The gradient that was compared with the total.
    gradient: Vec<f64>,
}

fn to_f64<F: Scalar>(values: &[F]) -> Vec<f64> {
    values.iter().map(|value| value.as_f64()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ann_core::ndarray::{Array1, Array2, array};
    use ann_core::{Activation, Architecture, Loss};

    /// ŷ = w₁ x₁ + w₂ x₂ + b on one row: g = 2 (ŷ − y) (x₁, x₂, 1) + 2λ (w₁, w₂, 0).
    fn by_hand(problem: &Problem<'_>, theta: &[f64], out: &mut [f64]) {
        let ann_core::Targets::Values(y) = problem.targets() else { panic!("a regression") };
        let x = problem.features();
        let error = theta[0] * x[[0, 0]] + theta[1] * x[[0, 1]] + theta[2] - y[[0, 0]];
        for i in 0..2 {
            out[i] = 2.0 * error * x[[0, i]] + 2.0 * problem.l2() * theta[i];
        }
        out[2] = 2.0 * error;
    }

    #[test]
    fn a_point_of_our_own_too_far_out_is_left_out() {
        // (5e153)² is finite, nine times as much is not.
        let architecture = Architecture::inputs(2).dense(1, Activation::Identity);
        let (x, y): (Array2<f64>, Array1<f64>) = (array![[2.0, 0.0]], array![0.0]);
        let problem = Problem::new(&architecture, Loss::MeanSquaredError, &x, &y).unwrap();
        let report = check(&problem, &[5e153, 0.0, 0.0], by_hand, &Config::default()).unwrap();
        let is_at = |point: Point| report.cases().iter().any(|case| case.point == point);
        assert!(is_at(Point::Given) && !is_at(Point::Enlarged), "{report}");
    }

    #[test]
    fn a_penalty_shows_where_there_is_none() {
        // Weights 0 and 1, bias 2.
        let architecture = Architecture::inputs(2).dense(1, Activation::Identity);
        let (x, y): (Array2<f64>, Array1<f64>) = (array![[1.0, 0.0]], array![3.0]);
        let free = Problem::new(&architecture, Loss::MeanSquaredError, &x, &y).unwrap();
        let held = free.clone().with_l2(0.5).unwrap();
        for (total, without, with) in
            [([1.0, 1.0, 1.0], false, false), ([1.0, 2.0, 1.0], true, false), ([1.0, 1.0, 2.0], true, true)]
        {
            let gradients = Gradients { total: total.to_vec(), loss: vec![1.0; 3] };
            assert_eq!(gradients.differ_without_penalty(&free), without, "{total:?}");
            assert_eq!(gradients.differ_without_penalty(&held), with, "{total:?}");
        }
    }

    #[test]
    fn the_self_test_is_made_once_and_where_all_rows_are_first_seen() {
        // x = (1, 0), y = 3, λ = ½. At (1, 2, 0) ŷ − y = −2 and g = (−3, 2, −4): w₁ is the largest weight's.
        // Enlarged, at (3, 6, 0), ŷ − y = 0 and g = (3, 6, 0): it is w₂.
        let architecture = Architecture::inputs(2).dense(1, Activation::Identity);
        let (x, y): (Array2<f64>, Array1<f64>) = (array![[1.0, 0.0]], array![3.0]);
        let problem =
            Problem::new(&architecture, Loss::MeanSquaredError, &x, &y).unwrap().with_l2(0.5).unwrap();
        for seed in 0..6 {
            let config = Config { seed, ..Config::default() };
            let report = check(&problem, &[1.0, 2.0, 0.0], by_hand, &config).unwrap();
            report.ensure_ok().unwrap();
            assert!([0, 2].contains(&report.self_test().unwrap().index), "{report}");
        }
    }

    #[test]
    fn points_are_drawn_while_something_is_neither_exercised_nor_wrong() {
        // With one class the loss is 0 everywhere.
        let architecture = Architecture::inputs(1).dense(1, Activation::Identity);
        let x: Array2<f64> = array![[1.0]];
        let flat = Problem::new(&architecture, Loss::SoftmaxCrossEntropy, &x, &[0]).unwrap();
        let living = Problem::new(&architecture, Loss::MeanSquaredError, &x, x.view()).unwrap();
        let points = |problem: &Problem<'_>, gradient: fn(f64) -> f64| {
            let gradient = |_: &Problem<'_>, at: &[f64], out: &mut [f64]| out.fill(gradient(at[0] + at[1]));
            let report = check(problem, &[0.5, 1.0], gradient, &Config { points: 2, ..Config::default() });
            let mut points: Vec<Point> = report.unwrap().cases().iter().map(|case| case.point).collect();
            points.dedup();
            points
        };
        let made = [Point::Given, Point::Trained, Point::Enlarged];
        assert_eq!(points(&flat, |_| 0.0), [&made[..], &[Point::Drawn(1), Point::Drawn(2)]].concat());
        assert_eq!(points(&flat, |_| 1.0), made);
        // ∂(ŷ − 1)²/∂b = 2 (w + b − 1), and the same by w.
        assert_eq!(points(&living, |output| 2.0 * (output - 1.0)), made);
    }

    #[test]
    fn an_error_says_which_gradient_it_was() {
        let architecture = Architecture::inputs(1).dense(1, Activation::Identity);
        let x: Array2<f64> = array![[1.0], [2.0]];
        let problem = Problem::new(&architecture, Loss::MeanSquaredError, &x, x.view()).unwrap();
        let problem = problem.with_l2(1.0).unwrap();
        let infinite_without_penalty =
            |problem: &Problem<'_>, _: &[f64], out: &mut [f64]| out.fill(1.0 / problem.l2());
        let error = check(&problem, &[1.0, 1.0], infinite_without_penalty, &Config::default()).unwrap_err();
        let expected = "the gradient by W¹[0, 0] is inf (point given, 2 rows, loss), expected";
        assert!(error.to_string().starts_with(expected), "{error}");
    }
}
