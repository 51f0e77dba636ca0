//! The outcome of a check: what was compared, what was found, and the verdict.

use ann_core::ndarray::{Array1, Array2};
use ann_core::{LayerSpan, ParameterKind, Scalar};

use crate::entry::Names;
use crate::function::FunctionCheck;
use crate::ledger::{Case, Finding, Ledger};
use crate::self_test::SelfTest;
use crate::{Config, Entry, Error, Result, Verdict};

/// The outcome of a check. Prints as a table with one line for each layer and kind.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    names: Names,
    step: f64,
    entries: Vec<Entry>,
    groups: Vec<Group>,
    findings: Vec<Finding>,
    unjudged: Vec<usize>,
    invalid: Option<String>,
    /// Scatter of the values of closures without any change of the parameters that explains it, at the
    /// noisiest point.
    pub(crate) noise: f64,
    pub(crate) arithmetic: Arithmetic,
    pub(crate) cases: Vec<Case>,
    pub(crate) self_test: Option<SelfTest>,
    pub(crate) functions: Vec<FunctionCheck>,
    pub(crate) undeclared_kink: Option<String>,
    pub(crate) at_kink: usize,
    pub(crate) outputs_at_kink: usize,
}

/// The precision in which the gradient under test was computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Arithmetic {
    /// 24 significant bits, u = 6.0e-8.
    F32,
    /// 53 significant bits, u = 1.1e-16.
    F64,
}

impl Arithmetic {
    pub(crate) fn of<F: Scalar>() -> Self {
        if size_of::<F>() == size_of::<f32>() { Self::F32 } else { Self::F64 }
    }
}

/// The entries of one layer and kind; all entries if there is no layout.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Group {
    /// Layer k, counted from 1, and weights or biases; `None` without a layout.
    pub part: Option<(usize, ParameterKind)>,
    /// Number of entries, at least 1.
    pub entries: usize,
    /// Number of entries compared one by one: all, or a sample of a large group.
    pub tried: usize,
    /// Number of tried entries whose derivative exceeded 10 times its bound at one or more points, or that
    /// had to be 0 and were 0. For closures the bound must also be at most 4e-7 of the derivative, or within
    /// the tolerance.
    pub exercised: usize,
    /// Number of entries that were wrong at any point.
    pub wrong: usize,
    /// Number of entries that could not be judged at any point: see [`Report::unjudged`].
    pub open: usize,
    /// Whether the gradient disagrees, or cannot be judged, along a random direction while no single entry
    /// explains it.
    pub unexplained: bool,
    /// Number of entries with a kink within ±h at the point given: see [`Entry::plain`].
    pub kinked: usize,
    /// Largest |∂ mean loss / ∂θ| at the point given, without penalty: the scale with which a difference is
    /// to be compared.
    pub largest: f64,
    /// The entry with the largest difference in multiples of its bound, at the point given.
    pub worst: Entry,
    /// The largest |analytic − central difference| at the point given, as the report compares them; `None`
    /// without central differences.
    pub largest_from_central: Option<f64>,
    /// The finding to look at first: at the point given if there is one, then on the most rows, then with the
    /// largest multiple of its bound.
    pub finding: Option<Finding>,
    /// The verdict on this group.
    pub verdict: Verdict,
}

/// Both gradients of one layer, side by side.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerComparison {
    /// The gradient under test.
    pub analytic: LayerGradient,
    /// The derivatives that the oracle computed.
    pub numerical: LayerGradient,
}

/// ∂J/∂W⁽ᵏ⁾ and ∂J/∂b⁽ᵏ⁾.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerGradient {
    /// (fan_out, fan_in).
    pub weights: Array2<f64>,
    /// (fan_out).
    pub bias: Array1<f64>,
}

impl Report {
    /// `losses` are |∂ mean loss / ∂θ| of the entries.
    pub(crate) fn new(
        names: Names,
        config: &Config,
        ledgers: &[Ledger],
        entries: Vec<Entry>,
        losses: &[f64],
    ) -> Self {
        let groups = ledgers.iter().map(|ledger| Group::new(&names, ledger, &entries, losses)).collect();
        let findings = ledgers.iter().flat_map(Ledger::findings).collect();
        let unjudged = ledgers.iter().flat_map(Ledger::open).collect();
        Self { groups, findings, unjudged, entries, ..Self::empty(names, config) }
    }

    /// A check that could not be carried out.
    pub(crate) fn invalid(names: Names, config: &Config, reason: String) -> Self {
        Self { invalid: Some(reason), ..Self::empty(names, config) }
    }

    fn empty(names: Names, config: &Config) -> Self {
        Self {
            names,
            step: config.step,
            entries: Vec::new(),
            groups: Vec::new(),
            findings: Vec::new(),
            unjudged: Vec::new(),
            noise: 0.0,
            invalid: None,
            arithmetic: Arithmetic::F64,
            cases: Vec::new(),
            self_test: None,
            functions: Vec::new(),
            undeclared_kink: None,
            at_kink: 0,
            outputs_at_kink: 0,
        }
    }

    /// The worst verdict: of all groups, of custom activations and losses, and of the self-test.
    pub fn verdict(&self) -> Verdict {
        let groups = self.groups.iter().map(|group| group.verdict);
        let functions = self.functions.iter().map(|function| function.verdict);
        let self_test = self.self_test.iter().map(SelfTest::verdict);
        let kink = self.undeclared_kink.iter().map(|_| Verdict::Inconclusive);
        let invalid = self.invalid.iter().map(|_| Verdict::Invalid);
        groups.chain(functions).chain(self_test).chain(kink).chain(invalid).fold(Verdict::Pass, Ord::max)
    }

    /// `Ok` only when the verdict is pass; for a test: `check_gradient(…)?.ensure_ok()?`.
    ///
    /// # Errors
    /// The gradient is wrong, or the check saw too little to call it right.
    pub fn ensure_ok(&self) -> Result<()> {
        match self.verdict() {
            Verdict::Pass => Ok(()),
            verdict => Err(Error::NotVerified { verdict, summary: self.summary() }),
        }
    }

    /// The name of an entry: `W²[0, 3]`, or `θ[17]` without a layout.
    pub fn name(&self, entry: &Entry) -> String {
        self.name_of(entry.index)
    }

    /// The name of the entry at an index of θ.
    ///
    /// # Panics
    /// When θ has no such index.
    pub fn name_of(&self, index: usize) -> String {
        self.names.name(index)
    }

    /// One for each layer and kind that was checked, in the order of θ.
    pub fn groups(&self) -> &[Group] {
        &self.groups
    }

    /// All entries that were compared at the point given (all rows, with penalty), in the order of θ.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The entry with the largest difference in multiples of its bound, at the point given; the first of
    /// equal ones. `None` if no entry was compared.
    pub fn worst(&self) -> Option<&Entry> {
        largest(&self.entries, excess)
    }

    /// One finding for each wrong entry, in the order of θ; the finding at the point given and on all rows if
    /// there is one.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// Entries that could not be judged at the point given, or nowhere, in the order of θ, because noise,
    /// kinks or rounding hide their derivative. A gradient with such entries does not pass.
    pub fn unjudged(&self) -> &[usize] {
        &self.unjudged
    }

    /// Every point, number of rows and part of J at which gradients were compared, in order.
    pub fn cases(&self) -> &[Case] {
        &self.cases
    }

    /// The entry that was changed on purpose; `None` if no derivative exceeded its bound clearly enough.
    pub fn self_test(&self) -> Option<&SelfTest> {
        self.self_test.as_ref()
    }

    /// The checks of the custom activations and loss whose derivatives the exact gradient uses.
    pub fn functions(&self) -> &[FunctionCheck] {
        &self.functions
    }

    /// Why the check could not be carried out; `None` when it could.
    pub fn reason(&self) -> Option<&str> {
        self.invalid.as_deref()
    }

    /// The precision of the gradient under test.
    pub fn arithmetic(&self) -> Arithmetic {
        self.arithmetic
    }

    /// Both gradients of layer k at the point given, counted from 1, as matrices and vectors.
    ///
    /// # Errors
    /// There is no layout, the layer does not exist, or it was not checked entry by entry.
    pub fn layer(&self, k: usize) -> Result<LayerComparison> {
        let Names::Layout(layout) = &self.names else {
            return Err(Error::NoLayout);
        };
        let out_of_range = Error::LayerOutOfRange { layer: k, layers: layout.layers().len() };
        let span = layout.layer(k).ok_or(out_of_range)?;
        let entries: Vec<&Entry> =
            self.entries.iter().filter(|entry| span.all().contains(&entry.index)).collect();
        if entries.len() != span.all().len() {
            return Err(Error::LayerNotChecked { layer: k });
        }
        Ok(LayerComparison {
            analytic: LayerGradient::collect(span, entries.iter().map(|entry| entry.analytic)),
            numerical: LayerGradient::collect(span, entries.iter().map(|entry| entry.numerical)),
        })
    }

    /// Step h of the central differences.
    pub fn step(&self) -> f64 {
        self.step
    }

    /// Number of pre-activations, over all samples and units, that are exactly at a kink at the point given.
    /// There the derivative is what the activation declares: ReLU′(0) = 0.
    pub fn at_kink(&self) -> usize {
        self.at_kink
    }

    /// Number of outputs, over all samples, that are exactly at the kink of the loss at the point given: ŷ =
    /// y for the absolute and the quantile loss. Any slope between those of its two sides is accepted there.
    pub fn outputs_at_kink(&self) -> usize {
        self.outputs_at_kink
    }

    /// The largest |analytic − central difference| at the point given, as the report compares them; `None`
    /// without central differences.
    pub fn largest_from_central(&self) -> Option<f64> {
        largest_from_central(&self.entries)
    }

    pub(crate) fn names(&self) -> &Names {
        &self.names
    }
}

impl LayerGradient {
    fn collect(span: &LayerSpan, mut values: impl Iterator<Item = f64>) -> Self {
        let weights = values.by_ref().take(span.weights().len()).collect();
        let weights = Array2::from_shape_vec((span.fan_out, span.fan_in), weights);
        Self { weights: weights.expect("the layer has fan_out · fan_in weights"), bias: values.collect() }
    }
}

impl Group {
    fn new(names: &Names, ledger: &Ledger, entries: &[Entry], losses: &[f64]) -> Self {
        let range = ledger.range();
        let own = || entries.iter().zip(losses).filter(|(entry, _)| range.contains(&entry.index));
        let own_entries: Vec<Entry> = own().map(|(entry, _)| *entry).collect();
        Self {
            part: match names {
                Names::Layout(layout) => {
                    Some(layout.locate(range.start)).map(|place| (place.layer, place.kind))
                }
                Names::Numbers | Names::Labels { .. } => None,
            },
            entries: range.len(),
            tried: ledger.tried(),
            exercised: ledger.exercised(),
            wrong: ledger.wrong(),
            open: ledger.open().len(),
            unexplained: ledger.is_unexplained(),
            kinked: own_entries.iter().filter(|entry| entry.is_kinked()).count(),
            largest: own().map(|(_, &loss)| loss).fold(0.0, f64::max),
            worst: *largest(&own_entries, excess).expect("every group has entries at the point given"),
            largest_from_central: largest_from_central(&own_entries),
            finding: ledger.worst(),
            verdict: ledger.verdict(),
        }
    }
}

fn largest_from_central(entries: &[Entry]) -> Option<f64> {
    entries.iter().filter_map(Entry::from_central).max_by(f64::total_cmp)
}

/// |analytic − numerical| in multiples of the bound; 0 if there is no difference.
fn excess(entry: &Entry) -> f64 {
    if entry.absolute() == 0.0 { 0.0 } else { entry.absolute() / entry.bound }
}

fn largest(entries: &[Entry], size: impl Fn(&Entry) -> f64) -> Option<&Entry> {
    let larger = |best, entry| if size(entry) > size(best) { entry } else { best };
    entries.iter().reduce(larger)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::tests::entry;
    use crate::ledger::tests::ledger;

    #[test]
    fn the_worst_entry_exceeds_its_bound_by_the_largest_factor() {
        // 1/4, 2 · ½/1 and 1/2 bounds; A difference of 0 is no excess, even where the bound is 0.
        let entries = [
            entry(0, 3.0, 2.0, 4.0),
            entry(1, 2.5, 2.0, 1.0),
            entry(2, 2.0, 2.5, 1.0),
            entry(3, 2.0, 2.0, 0.0),
        ];
        assert_eq!(entries.each_ref().map(excess), [0.25, 0.5, 0.5, 0.0]);
        let worst = |entries: &[Entry]| largest(entries, excess).map(|entry| entry.index);
        assert_eq!(worst(&entries), Some(1));
        assert_eq!((worst(&entries[2..]), worst(&[])), (Some(2), None));
    }

    #[test]
    fn a_group_sums_up_its_own_entries() {
        let near = Entry { central: Some(2.5), ..entry(0, 3.0, 2.0, 8.0) };
        let far = Entry { central: Some(5.5), plain: Some(6.0), ..entry(1, 3.0, 2.0, 4.0) };
        let entries = vec![near, far, entry(2, 1.0, 1.0, 0.5)];
        let (ledgers, losses) = ([ledger(0, "xw"), ledger(2, "s")], [0.5, 0.25, 8.0]);
        let report = Report::new(Names::Numbers, &Config::default(), &ledgers, entries, &losses);
        let [Group { finding: Some(finding), .. }, Group { finding: None, .. }] = report.groups() else {
            panic!("the first alone is wrong: {report}")
        };
        assert_eq!(finding.index, 1);
        let counts = |g: &Group| [g.entries, g.tried, g.exercised, g.wrong, g.kinked, g.worst.index];
        assert_eq!(
            report.groups().iter().map(counts).collect::<Vec<_>>(),
            [[2, 2, 2, 1, 1, 1], [1, 1, 0, 0, 0, 2]]
        );
        let sizes = |g: &Group| (g.largest, g.largest_from_central, g.verdict);
        let expected = [(0.5, Some(2.5), Verdict::Fail), (8.0, None, Verdict::Vacuous)];
        assert_eq!(report.groups().iter().map(sizes).collect::<Vec<_>>(), expected);
        assert_eq!(
            (report.largest_from_central(), report.worst().map(|worst| worst.index)),
            (Some(2.5), Some(1))
        );
    }

    #[test]
    fn arithmetic_is_that_of_the_numbers() {
        assert_eq!([Arithmetic::of::<f32>(), Arithmetic::of::<f64>()], [Arithmetic::F32, Arithmetic::F64]);
    }
}
