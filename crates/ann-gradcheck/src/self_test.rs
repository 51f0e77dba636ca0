//! A test of the check itself, in every run: one entry is changed by a little, and the check must find it.

use std::ops::Range;

use ann_core::rand::{Rng, RngExt};

use crate::ledger::{Case, Certainty, KnownDerivative, Ledger};
use crate::oracle::{Oracle, examine, resolution};
use crate::{Result, Verdict};

/// The smallest share by which an entry is changed.
const SMALLEST: f64 = 1e-6;
/// The change in bounds, if that is more than [`SMALLEST`].
const BOUNDS: f64 = 100.0;

/// The result: the largest entry of a random layer and kind was changed on purpose, and searched for.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct SelfTest {
    /// Index of the entry in θ, from 0.
    pub index: usize,
    /// The factor by which it was multiplied: 1 + max(1e-6, 100 · bound / |g|).
    pub factor: f64,
    /// Whether the check called this entry wrong.
    pub found: bool,
    /// Whether the test proves nothing, because the change had to be too large or the oracle could not
    /// decide.
    pub(crate) is_coarse: bool,
}

impl SelfTest {
    /// Changes an entry of one of the `groups`, and searches for it with the code of the check itself. `None`
    /// if no derivative exceeds its bound.
    pub(crate) fn run(
        case: Case,
        groups: &[&Ledger],
        mut analytic: Vec<f64>,
        seen: &[(usize, KnownDerivative)],
        oracle: &mut impl Oracle,
        rng: &mut impl Rng,
    ) -> Result<Option<Self>> {
        let subjects: Vec<_> = groups
            .iter()
            // The search of a sampled group finds one wrong entry, so there must be no other.
            .filter(|group| !group.is_sampled() || group.wrong() == 0)
            .filter_map(|group| Some((group, largest(&group.range(), &analytic, seen)?)))
            .collect();
        if subjects.is_empty() {
            return Ok(None);
        }
        let (group, (index, truth)) = subjects[rng.random_range(0..subjects.len())];
        let (moved, bound) = match group.is_sampled() {
            true => {
                let along = resolution(&group.range(), &analytic, oracle, rng)?;
                (group.range().len(), truth.bound.max(along))
            }
            false => (1, truth.bound),
        };
        let factor = 1.0 + SMALLEST.max(BOUNDS * bound / analytic[index].abs());
        analytic[index] *= factor;
        // In a large group the search along directions must find the entry, so it is not compared one by one.
        let mut ledger = group.without(index);
        let seen = examine(&mut ledger, case, &analytic, oracle, rng)?;
        let found = ledger.findings().iter().any(|finding| finding.index == index);
        let is_excused = seen.iter().any(|(seen, truth)| *seen == index && truth.kind == Certainty::Excused);
        let is_coarse = is_excused || factor - 1.0 > oracle.coarsest(moved);
        Ok(Some(Self { index, factor, found, is_coarse }))
    }

    /// Pass, inconclusive if the change had to be too large, or invalid if it was not found.
    pub fn verdict(&self) -> Verdict {
        match (self.found, self.is_coarse) {
            (true, false) => Verdict::Pass,
            (_, true) => Verdict::Inconclusive,
            (false, false) => Verdict::Invalid,
        }
    }
}

/// The largest entry in a group, of the entries that were found right.
fn largest(
    group: &Range<usize>,
    analytic: &[f64],
    seen: &[(usize, KnownDerivative)],
) -> Option<(usize, KnownDerivative)> {
    let size = |index: usize| analytic[index].abs();
    let stands_out = |(index, truth): &&(usize, KnownDerivative)| {
        !matches!(truth.kind, Certainty::Blurred | Certainty::Excused)
            && truth.bound < size(*index)
            && truth.agrees(analytic[*index])
    };
    let of_group = seen.iter().filter(|(index, _)| group.contains(index)).filter(stands_out);
    of_group.max_by(|(one, _), (other, _)| size(*one).total_cmp(&size(*other))).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::tests::{CASE, ledger};
    use ann_core::rand::SeedableRng;
    use ann_core::rand::rngs::ChaCha8Rng;

    #[test]
    fn an_entry_is_spoiled_by_a_millionth_or_a_hundred_bounds() {
        // 100 · (1/16) / 25 = 1/4, which is not beyond the coarsest; 100 · (1/16) / 12.5 = 1/2 is.
        for (g, bound, factor, verdict) in [
            (4.0, 0.0, 1.0 + 1e-6, Verdict::Pass),
            (25.0, 0.0625, 1.25, Verdict::Pass),
            (-25.0, 0.0625, 1.25, Verdict::Pass),
            (12.5, 0.0625, 1.5, Verdict::Inconclusive),
        ] {
            let truth = ordinary(g, bound);
            let mut oracle = Known::of(&[truth]);
            let test = run(&ledger(0, "x"), &[g], truth, &mut oracle).expect("it stands out");
            assert_eq!((test.index, test.factor, test.found), (0, factor, true), "{g}");
            assert_eq!((oracle.claimed, test.verdict()), (vec![g * factor], verdict), "{g}");
        }
    }

    #[test]
    fn what_is_not_found_is_invalid_unless_the_oracle_cannot_tell() {
        for (kind, bound, verdict) in
            [(Certainty::Ordinary, 8.0, Verdict::Invalid), (Certainty::Excused, 0.0, Verdict::Inconclusive)]
        {
            let mut oracle = Known::of(&[KnownDerivative { value: 4.0, bound, kind }]);
            let test = run(&ledger(0, "x"), &[4.0], ordinary(4.0, 0.0), &mut oracle).expect("it stands out");
            assert_eq!((test.found, test.verdict()), (false, verdict));
        }
    }

    #[test]
    fn of_a_sampled_group_it_is_the_only_culprit() {
        for (entries, is_made) in [("xx", true), ("xw", true), ("x.", true), ("w.", false)] {
            let truths = [ordinary(12.5, 0.0), ordinary(2.0, 0.0)];
            let mut oracle = Known { along: 0.0625, ..Known::of(&truths) };
            let test = run(&ledger(0, entries), &[12.5, 2.0], truths[0], &mut oracle);
            assert_eq!(test.is_some_and(|test| test.found && test.index == 0), is_made, "{entries}");
            // Along a direction the derivative is known to 1/16, and the rounding of a sum: 1e-14 of the
            // share.
            let share = if entries.contains('.') { 0.5 } else { SMALLEST };
            assert!(test.is_none_or(|test| (test.factor - 1.0 - share).abs() < 1e-12), "{test:?}");
        }
    }

    #[test]
    fn the_largest_entry_that_was_found_right() {
        let right = |size| (size, ordinary(size, 0.0));
        let unsure = |kind, size| (size, KnownDerivative { kind, ..ordinary(size, 0.0) });
        let entries = [
            right(0.5),
            right(-1.0),
            unsure(Certainty::Blurred, 4.0),
            (8.0, ordinary(7.0, 0.5)),
            (16.0, ordinary(16.0, 16.0)),
            unsure(Certainty::Excused, 32.0),
            right(64.0),
        ];
        let analytic = entries.map(|(analytic, _)| analytic);
        let seen: Vec<(usize, KnownDerivative)> =
            entries.iter().map(|(_, truth)| *truth).enumerate().collect();
        let of = |group: Range<usize>| largest(&group, &analytic, &seen).map(|(index, _)| index);
        assert_eq!([of(0..6), of(0..1), of(2..6), of(0..7)], [Some(1), Some(0), None, Some(6)]);
    }

    fn ordinary(value: f64, bound: f64) -> KnownDerivative {
        KnownDerivative { value, bound, kind: Certainty::Ordinary }
    }

    /// Entry 0 was seen, and is looked for again.
    fn run(group: &Ledger, analytic: &[f64], seen: KnownDerivative, oracle: &mut Known) -> Option<SelfTest> {
        let rng = &mut ChaCha8Rng::seed_from_u64(5);
        SelfTest::run(CASE, &[group], analytic.to_vec(), &[(0, seen)], oracle, rng).expect("it knows all")
    }

    /// Knows each derivative to its own bound, and any along a direction to another.
    struct Known {
        truths: Vec<KnownDerivative>,
        along: f64,
        /// What it was asked about last.
        claimed: Vec<f64>,
    }

    impl Known {
        fn of(truths: &[KnownDerivative]) -> Self {
            Self { truths: truths.to_vec(), along: 0.0, claimed: Vec::new() }
        }
    }

    impl Oracle for Known {
        fn entries(&mut self, indices: &[usize], analytic: &[f64]) -> Result<Vec<KnownDerivative>> {
            self.claimed = analytic.to_vec();
            Ok(indices.iter().map(|&index| self.truths[index]).collect())
        }

        fn coarsest(&self, _moved: usize) -> f64 {
            0.25
        }

        fn along(
            &mut self,
            group: &Range<usize>,
            direction: &[f64],
            _claimed: f64,
        ) -> Result<KnownDerivative> {
            let sum = group.clone().zip(direction).map(|(index, d)| self.truths[index].value * d).sum();
            Ok(ordinary(sum, self.along))
        }
    }
}
