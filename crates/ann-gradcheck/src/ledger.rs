//! Records what a check has seen of each entry, over all points, rows and parts, and derives the verdict of
//! each layer and kind.

use std::cmp::Ordering;
use std::fmt::{self, Display};
use std::ops::Range;

use crate::Verdict;

/// A derivative counts as exercised when it exceeds this multiple of its bound: then a gradient of zeros
/// would fail there.
pub(crate) const STANDS_OUT: f64 = 10.0;

/// Where a comparison took place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Case {
    /// The point in parameter space.
    pub point: Point,
    /// Number of rows used, spread over all rows of the problem; 0 for closures, which have no rows.
    pub rows: usize,
    /// The part of J that was compared.
    pub part: Part,
}

/// A point in parameter space.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Point {
    /// The point given to the check.
    Given,
    /// The point given, after some steps downhill.
    Trained,
    /// The point given, with all weights three times as large.
    Enlarged,
    /// A random point, with its number, counted from 1.
    Drawn(usize),
}

/// A part of J(θ) = mean loss + λ‖W‖².
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Part {
    /// The mean loss, whose gradient is the one with λ = 0.
    Loss,
    /// λ‖W‖², whose gradient is the whole gradient minus the one with λ = 0.
    Penalty,
    /// J itself.
    Total,
}

/// A difference that no rounding explains.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Finding {
    /// Index of the entry in θ, from 0.
    pub index: usize,
    /// Where it was found.
    pub case: Case,
    /// The gradient under test.
    pub analytic: f64,
    /// The derivative that the oracle computed.
    pub numerical: f64,
    /// The largest difference that rounding and the error of the oracle explain.
    pub bound: f64,
}

/// What the oracle knows about one derivative.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KnownDerivative {
    pub value: f64,
    /// The largest |analytic − value| that counts as agreement.
    pub bound: f64,
    pub kind: Certainty,
}

/// How much a comparison with this derivative proves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Certainty {
    /// It counts as exercised where it exceeds 10 times its bound.
    Ordinary,
    /// It must be exactly zero, and counts as exercised.
    Known,
    /// It is 0, because the function does not change at all. A gradient of zeros would pass here.
    Flat,
    /// Any value in an interval is right, as at a declared kink.
    Blurred,
    /// Its bound is too wide to see a small mistake. A disagreement counts, but an agreement proves nothing.
    Unresolved,
    /// The oracle disagrees or knows nothing, but is not sure enough to call the entry wrong.
    Excused,
}

/// The entries of one group, and what was seen of them.
#[derive(Clone, Debug)]
pub(crate) struct Ledger {
    range: Range<usize>,
    /// Entries to be compared one by one, in rising order: all, or a sample of a large group.
    indices: Vec<usize>,
    marks: Vec<Mark>,
    findings: Vec<Finding>,
    /// The gradient disagreed along a direction, and no single entry explains it.
    is_unexplained: bool,
}

#[derive(Clone, Copy, Debug, Default)]
struct Mark {
    /// Compared one by one, not only as part of a direction.
    tried: bool,
    loss: bool,
    penalty: bool,
    blurred: bool,
    /// At one point or more, the oracle could not decide whether the entry is right.
    doubtful: bool,
    /// At the point given, the oracle knows nothing or disagrees without being sure.
    is_unknown_where_given: bool,
    wrong: bool,
}

impl Mark {
    fn is_exercised(&self) -> bool {
        self.loss && self.penalty
    }

    /// The oracle could not decide at the point given, or it could not at another and the entry was never
    /// exercised.
    fn is_open(&self) -> bool {
        (self.is_unknown_where_given || self.doubtful && !self.is_exercised()) && !self.wrong
    }
}

impl KnownDerivative {
    pub fn agrees(&self, analytic: f64) -> bool {
        self.kind == Certainty::Excused || (analytic - self.value).abs() <= self.bound
    }

    /// Whether the oracle knows nothing here, or disagrees but is not sure enough to call the entry wrong.
    /// The error of an estimate is seldom a quarter of its bound; next to a kink it is.
    fn is_unknown(&self, analytic: f64) -> bool {
        match self.kind {
            Certainty::Excused => true,
            Certainty::Unresolved => (analytic - self.value).abs() > 0.25 * self.bound,
            _ => false,
        }
    }

    fn is_exercised(&self) -> bool {
        match self.kind {
            Certainty::Known => true,
            Certainty::Ordinary => self.value.abs() > STANDS_OUT * self.bound,
            Certainty::Flat | Certainty::Blurred | Certainty::Unresolved | Certainty::Excused => false,
        }
    }
}

impl Ledger {
    /// `has_penalty` is false for a closure, which has no separate penalty.
    pub fn new(range: Range<usize>, indices: Vec<usize>, has_penalty: bool) -> Self {
        let mark = Mark { penalty: !has_penalty, ..Mark::default() };
        Self { marks: vec![mark; range.len()], range, indices, findings: Vec::new(), is_unexplained: false }
    }

    pub fn range(&self) -> Range<usize> {
        self.range.clone()
    }

    pub fn indices(&self) -> &[usize] {
        &self.indices
    }

    /// Whether only a sample of the entries is compared one by one.
    pub fn is_sampled(&self) -> bool {
        self.indices.len() < self.range.len()
    }

    /// An empty ledger for the same group. In a large group `index` is left out of the sample.
    pub fn without(&self, index: usize) -> Self {
        let others = self.indices.iter().copied().filter(|&other| other != index || !self.is_sampled());
        Self::new(self.range(), others.collect(), false)
    }

    /// Records one comparison.
    pub fn compare(&mut self, case: Case, index: usize, analytic: f64, truth: &KnownDerivative) {
        let mark = &mut self.marks[index - self.range.start];
        mark.tried = true;
        mark.blurred |= truth.kind == Certainty::Blurred;
        mark.doubtful |= matches!(truth.kind, Certainty::Unresolved | Certainty::Excused);
        mark.is_unknown_where_given |= case.point == Point::Given && truth.is_unknown(analytic);
        match case.part {
            Part::Loss => mark.loss |= truth.is_exercised(),
            Part::Penalty => mark.penalty |= truth.is_exercised(),
            Part::Total => {}
        }
        if !truth.agrees(analytic) {
            mark.wrong = true;
            let KnownDerivative { value: numerical, bound, .. } = *truth;
            self.findings.push(Finding { index, case, analytic, numerical, bound });
        }
    }

    /// Number of entries that were compared one by one.
    pub fn tried(&self) -> usize {
        self.count(|mark| mark.tried)
    }

    /// Number of entries whose derivatives of the loss and of the penalty were both exercised.
    pub fn exercised(&self) -> usize {
        self.count(Mark::is_exercised)
    }

    /// Number of entries that were wrong in some comparison.
    pub fn wrong(&self) -> usize {
        self.count(|mark| mark.wrong)
    }

    /// Whether at least 95% of the entries tried have been exercised, in exact integer arithmetic.
    pub fn is_covered(&self) -> bool {
        20 * self.exercised() >= 19 * self.tried()
    }

    /// Records that the gradient disagreed, or could not be judged, along a direction, and that bisection
    /// found no wrong entry.
    pub fn leave_unexplained(&mut self) {
        self.is_unexplained = true;
    }

    pub fn is_unexplained(&self) -> bool {
        self.is_unexplained
    }

    /// Entries that could not be judged, at the point given or anywhere, in rising order.
    pub fn open(&self) -> Vec<usize> {
        self.range
            .clone()
            .zip(&self.marks)
            .filter(|(_, mark)| mark.is_open())
            .map(|(index, _)| index)
            .collect()
    }

    pub fn verdict(&self) -> Verdict {
        let seen_or_blurred = self.count(|mark| mark.blurred || mark.doubtful || mark.is_exercised());
        // One entry without evidence is enough, however many others agree.
        let is_open = self.is_unexplained || !self.open().is_empty();
        if self.wrong() > 0 {
            Verdict::Fail
        } else if self.is_covered() {
            if is_open { Verdict::Inconclusive } else { Verdict::Pass }
        } else if 20 * seen_or_blurred >= 19 * self.tried() {
            Verdict::Inconclusive
        } else {
            Verdict::Vacuous
        }
    }

    /// The finding to show first: at the point given if there is one, then on the most rows, then with the
    /// largest multiple of its bound.
    pub fn worst(&self) -> Option<Finding> {
        self.findings.iter().copied().min_by(Finding::compare)
    }

    /// For each wrong entry the finding to show first, in the order of θ.
    pub fn findings(&self) -> Vec<Finding> {
        let mut findings = self.findings.clone();
        findings.sort_by(|one, other| one.index.cmp(&other.index).then(one.compare(other)));
        findings.dedup_by_key(|finding| finding.index);
        findings
    }

    fn count(&self, is: impl Fn(&Mark) -> bool) -> usize {
        self.marks.iter().filter(|mark| is(mark)).count()
    }
}

/// Whether more points would change nothing: enough entries are exercised, or an entry is wrong.
pub(crate) fn all_settled(ledgers: &[Ledger]) -> bool {
    ledgers.iter().all(|ledger| ledger.is_covered() || ledger.wrong() > 0)
}

/// As [`all_settled`], and every entry of a group without mistakes has been judged.
pub(crate) fn all_judged(ledgers: &[Ledger]) -> bool {
    all_settled(ledgers) && ledgers.iter().all(|ledger| ledger.open().is_empty() || ledger.wrong() > 0)
}

impl Finding {
    /// |analytic − numerical|.
    pub fn difference(&self) -> f64 {
        (self.analytic - self.numerical).abs()
    }

    /// The smaller finding is shown first.
    pub(crate) fn compare(&self, other: &Self) -> Ordering {
        let is_elsewhere = |finding: &Self| finding.case.point != Point::Given;
        let excess = |finding: &Self| finding.difference() / finding.bound;
        is_elsewhere(self)
            .cmp(&is_elsewhere(other))
            .then(other.case.rows.cmp(&self.case.rows))
            .then(excess(other).total_cmp(&excess(self)))
    }
}

/// `the point given, 6 rows, loss`.
impl Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.point)?;
        match self.rows {
            0 => return Ok(()),
            1 => f.write_str(", 1 row")?,
            rows => write!(f, ", {rows} rows")?,
        }
        write!(f, ", {}", self.part)
    }
}

impl Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Given => f.write_str("point given"),
            Self::Trained => f.write_str("after training"),
            Self::Enlarged => f.write_str("weights enlarged"),
            Self::Drawn(number) => write!(f, "point drawn {number}"),
        }
    }
}

impl Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Loss => "loss",
            Self::Penalty => "penalty",
            Self::Total => "total",
        })
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    #[test]
    fn what_agrees_and_what_stands_out() {
        use Certainty::{Blurred, Excused, Flat, Known, Ordinary, Unresolved};
        // |analytic − value| ≤ bound agrees, |value| > 10 · bound counts as exercised.
        for (kind, value, bound, analytic, agrees, stands_out) in [
            (Ordinary, 5.5, 0.5, 6.0, true, true),
            (Ordinary, -5.5, 0.5, -6.0, true, true),
            (Ordinary, 5.5, 0.5, 6.25, false, true),
            (Ordinary, 5.5, 0.5, 4.75, false, true),
            (Ordinary, 5.0, 0.5, 4.5, true, false),
            (Known, 0.0, 0.0, 0.0, true, true),
            (Known, 0.0, 0.0, f64::MIN_POSITIVE, false, true),
            (Flat, 0.0, 0.0, 0.0, true, false),
            (Unresolved, 64.0, 0.5, 64.5, true, false),
            (Unresolved, 64.0, 0.5, 65.0, false, false),
            (Blurred, 64.0, 0.5, 64.5, true, false),
            (Blurred, 64.0, 0.5, 65.0, false, false),
            (Excused, 64.0, 0.5, 0.0, true, false),
        ] {
            let truth = KnownDerivative { value, bound, kind };
            assert_eq!((truth.agrees(analytic), truth.is_exercised()), (agrees, stands_out), "{truth:?}");
        }
    }

    #[test]
    fn verdicts() {
        // 95% of 20 is 19; of 19 it is 18.05, so that 18 are too few.
        for (exercised, others, covered, verdict) in [
            (19, "s", true, Verdict::Pass),
            (18, "s", false, Verdict::Vacuous),
            (0, "s", false, Verdict::Vacuous),
            (19, "b", true, Verdict::Pass),
            (19, "f", true, Verdict::Pass),
            (18, "f", false, Verdict::Vacuous),
            (19, "e", true, Verdict::Inconclusive),
            // However many others agree.
            (999, "u", true, Verdict::Inconclusive),
            (1, "u", false, Verdict::Inconclusive),
            (17, "su", false, Verdict::Vacuous),
            // What is unknown at the point given stays open, although it is known elsewhere.
            (19, "y", true, Verdict::Inconclusive),
            (19, "z", true, Verdict::Pass),
            (1, "b", false, Verdict::Inconclusive),
            (1, "e", false, Verdict::Inconclusive),
            (18, "sb", false, Verdict::Inconclusive),
            (17, "sb", false, Verdict::Vacuous),
            (19, "w", true, Verdict::Fail),
            (0, "sw", false, Verdict::Fail),
        ] {
            let entries = "x".repeat(exercised) + others;
            let mut ledger = ledger(3, &entries);
            let stood_out = exercised + others.matches(['w', 'y', 'z']).count();
            let seen = (ledger.tried(), ledger.exercised(), ledger.wrong());
            assert_eq!(seen, (entries.len(), stood_out, others.matches('w').count()), "{entries}");
            assert_eq!((ledger.is_covered(), ledger.verdict()), (covered, verdict), "{entries}");
            assert!(!ledger.is_unexplained());
            ledger.leave_unexplained();
            assert!(ledger.is_unexplained());
            assert_eq!(ledger.verdict(), verdict.max(Verdict::Inconclusive), "{entries}");
        }
    }

    #[test]
    fn points_are_enough_when_every_entry_has_been_judged() {
        let entries = "x".repeat(19);
        for (last, settled, judged) in
            [("x", true, true), ("f", true, true), ("u", true, false), ("w", true, true)]
        {
            let ledgers = [ledger(0, "x"), ledger(1, &format!("{entries}{last}"))];
            assert_eq!((all_settled(&ledgers), all_judged(&ledgers)), (settled, judged), "{last}");
        }
        let ledgers = [ledger(0, "x"), ledger(1, "xf")];
        assert_eq!((all_settled(&ledgers), all_judged(&ledgers)), (false, false));
    }

    #[test]
    fn loss_and_penalty_are_both_to_be_exercised() {
        let mut ledger = Ledger::new(3..4, vec![3], true);
        let mut after = |part, kind| {
            ledger.compare(Case { part, ..CASE }, 3, 0.0, &KnownDerivative { value: 0.0, bound: 0.0, kind });
            (ledger.exercised(), ledger.verdict())
        };
        assert_eq!(after(Part::Loss, Certainty::Known), (0, Verdict::Vacuous));
        assert_eq!(after(Part::Total, Certainty::Known), (0, Verdict::Vacuous));
        assert_eq!(after(Part::Penalty, Certainty::Ordinary), (0, Verdict::Vacuous));
        assert_eq!(after(Part::Penalty, Certainty::Known), (1, Verdict::Pass));
        // What has been seen once stays so.
        assert_eq!(after(Part::Penalty, Certainty::Ordinary), (1, Verdict::Pass));
        assert_eq!(after(Part::Loss, Certainty::Ordinary), (1, Verdict::Pass));
    }

    #[test]
    fn a_spoiled_entry_is_left_to_the_search_where_there_is_one() {
        let (all, sample) = (ledger(3, "xwx"), ledger(3, "x.w"));
        assert_eq!((all.is_sampled(), sample.is_sampled()), (false, true));
        for (ledger, left) in [(all.without(4), vec![3, 4, 5]), (sample.without(5), vec![3])] {
            assert_eq!((ledger.range(), ledger.indices()), (3..6, &left[..]));
            assert_eq!((ledger.tried(), ledger.wrong()), (0, 0));
        }
    }

    #[test]
    fn the_finding_to_show_first() {
        let mut ledger = Ledger::new(3..5, vec![3, 4], false);
        let mut find = |index, point, rows, analytic, value, bound| {
            let truth = KnownDerivative { value, bound, kind: Certainty::Ordinary };
            ledger.compare(Case { point, rows, ..CASE }, index, analytic, &truth);
        };
        // |1 − 3| / 1.25 = 1.6 bounds, |3 − 2| / 0.375 ≈ 2.7, on fewer rows and elsewhere many more.
        find(4, Point::Trained, 7, 9.0, 1.0, 0.5);
        find(4, Point::Given, 2, 9.0, 1.0, 0.5);
        find(4, Point::Given, 6, 1.0, 3.0, 1.25);
        find(4, Point::Given, 6, 3.0, 2.0, 0.375);
        find(3, Point::Trained, 7, 9.0, 1.0, 0.5);
        let bounds = |findings: &[Finding]| findings.iter().map(|f| (f.index, f.bound)).collect::<Vec<_>>();
        assert_eq!(bounds(&ledger.findings()), [(3, 0.5), (4, 0.375)]);
        assert_eq!(bounds(&[ledger.worst().unwrap()]), [(4, 0.375)]);
        let differences: Vec<f64> = ledger.findings.iter().map(Finding::difference).collect();
        assert_eq!(differences, [8.0, 8.0, 2.0, 1.0, 8.0]);
    }

    #[test]
    fn cases_read_as_words() {
        for (point, rows, part, text) in [
            (Point::Given, 6, Part::Loss, "point given, 6 rows, loss"),
            (Point::Trained, 1, Part::Penalty, "after training, 1 row, penalty"),
            (Point::Enlarged, 2, Part::Total, "weights enlarged, 2 rows, total"),
            (Point::Drawn(3), 0, Part::Loss, "point drawn 3"),
        ] {
            assert_eq!(Case { point, rows, part }.to_string(), text);
        }
    }

    pub(crate) const CASE: Case = Case { point: Point::Given, rows: 6, part: Part::Loss };
    /// Of 2 it is less than a tenth, of 1 more.
    pub(crate) const BOUND: f64 = 0.1875;

    /// A ledger of the entries from `start` on, one a letter: e**x**ercised, too **s**mall, **f**lat,
    /// **b**lurred, **u**nresolved, **e**xcused, excused at first and exercised later (**y**), **w**rong, or
    /// none of the sample (a dot).
    pub(crate) fn ledger(start: usize, entries: &str) -> Ledger {
        let letters: Vec<(usize, char)> =
            (start..).zip(entries.chars()).filter(|(_, letter)| *letter != '.').collect();
        let indices = letters.iter().map(|(index, _)| *index).collect();
        let mut ledger = Ledger::new(start..start + entries.len(), indices, false);
        for (index, letter) in letters {
            let mut compare = |kind, analytic, value| {
                ledger.compare(CASE, index, analytic, &KnownDerivative { value, bound: BOUND, kind });
            };
            match letter {
                'x' => compare(Certainty::Ordinary, 2.0, 2.0),
                's' => compare(Certainty::Ordinary, 1.0, 1.0),
                'f' => compare(Certainty::Flat, 0.0, 0.0),
                'u' => compare(Certainty::Unresolved, 2.0, 2.0),
                'b' => compare(Certainty::Blurred, 2.0, 2.0),
                'e' => compare(Certainty::Excused, 3.0, 2.0),
                'y' => {
                    compare(Certainty::Excused, 3.0, 2.0);
                    compare(Certainty::Ordinary, 2.0, 2.0);
                }
                'z' => {
                    let excused = KnownDerivative { value: 2.0, bound: BOUND, kind: Certainty::Excused };
                    ledger.compare(Case { point: Point::Drawn(1), ..CASE }, index, 3.0, &excused);
                    ledger.compare(
                        CASE,
                        index,
                        2.0,
                        &KnownDerivative { kind: Certainty::Ordinary, ..excused },
                    );
                }
                'w' => compare(Certainty::Ordinary, 3.0, 2.0),
                other => unreachable!("no such letter: {other}"),
            }
        }
        ledger
    }
}
