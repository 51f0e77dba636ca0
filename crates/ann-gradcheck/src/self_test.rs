//! The check of the check, in every run: one entry is spoiled by a little, and must be found.

use std::ops::Range;

use ann_core::rand::{Rng, RngExt};

use crate::ledger::{Case, Kind, Ledger, Truth};
use crate::oracle::{Oracle, examine, resolution};
use crate::{Result, Verdict};

/// The smallest share by which an entry is spoiled.
const SMALLEST: f64 = 1e-6;
/// Or so many bounds, where the oracle is less sure.
const BOUNDS: f64 = 100.0;

/// The largest entry of a random layer and kind was spoiled on purpose, and looked for.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct SelfTest {
    /// The entry's place in θ, from 0.
    pub index: usize,
    /// What it was multiplied with: 1 + max(1e-6, 100 · bound / |g|).
    pub factor: f64,
    /// The check called this entry wrong.
    pub found: bool,
    is_coarse: bool,
}

impl SelfTest {
    /// Spoils an entry of one of the `groups`, and looks for it with the same eyes as the check itself.
    /// `None` where no derivative seen stands out from its bound.
    pub(crate) fn run(
        case: Case,
        groups: &[&Ledger],
        mut analytic: Vec<f64>,
        seen: &[(usize, Truth)],
        oracle: &mut impl Oracle,
        rng: &mut impl Rng,
    ) -> Result<Option<Self>> {
        let subjects: Vec<_> = groups
            .iter()
            // The search of a sampled group ends at one culprit: there must be no other.
            .filter(|group| !group.is_sampled() || group.wrong() == 0)
            .filter_map(|group| Some((group, largest(&group.range(), &analytic, seen)?)))
            .collect();
        if subjects.is_empty() {
            return Ok(None);
        }
        let (group, (index, truth)) = subjects[rng.random_range(0..subjects.len())];
        let bound = match group.is_sampled() {
            true => truth.bound.max(resolution(&group.range(), &analytic, oracle, rng)?),
            false => truth.bound,
        };
        let factor = 1.0 + SMALLEST.max(BOUNDS * bound / analytic[index].abs());
        analytic[index] *= factor;
        // Of a large group the search along directions must find it, not a comparison of that entry itself.
        let mut ledger = group.without(index);
        let seen = examine(&mut ledger, case, &analytic, oracle, rng)?;
        let found = ledger.findings().iter().any(|finding| finding.index == index);
        let is_excused = seen.iter().any(|(seen, truth)| *seen == index && truth.kind == Kind::Excused);
        let is_coarse = is_excused || factor - 1.0 > oracle.coarsest();
        Ok(Some(Self { index, factor, found, is_coarse }))
    }

    /// Pass, inconclusive where the spoiling had to be too coarse, or invalid where it was not found.
    pub fn verdict(&self) -> Verdict {
        match (self.found, self.is_coarse) {
            (true, false) => Verdict::Pass,
            (_, true) => Verdict::Inconclusive,
            (false, false) => Verdict::Invalid,
        }
    }
}

/// The largest entry of those in a group that were found right.
fn largest(group: &Range<usize>, analytic: &[f64], seen: &[(usize, Truth)]) -> Option<(usize, Truth)> {
    let size = |index: usize| analytic[index].abs();
    let stands_out = |(index, truth): &&(usize, Truth)| {
        !matches!(truth.kind, Kind::Blurred | Kind::Excused)
            && truth.bound < size(*index)
            && truth.agrees(analytic[*index])
    };
    let of_group = seen.iter().filter(|(index, _)| group.contains(index)).filter(stands_out);
    of_group.max_by(|(one, _), (other, _)| size(*one).total_cmp(&size(*other))).copied()
}
