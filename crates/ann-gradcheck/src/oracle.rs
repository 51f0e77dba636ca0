//! Compares a gradient with an oracle: entry by entry, or along random directions if there are more than some
//! 20 000 entries.

use std::ops::Range;

use ann_core::rand::{Rng, RngExt};

use crate::ledger::{Case, Certainty, KnownDerivative, Ledger};
use crate::{Config, Result};

/// Number of entries compared one by one in a group that is too large to compare whole.
const SAMPLE: usize = 64;
/// Number of random directions for such a group: two mistakes that cancel along one direction add up along
/// half of the others.
const DIRECTIONS: usize = 8;

/// The self-test proves something only if it changes an entry by at most this share.
pub(crate) const COARSEST: f64 = 1e-3;

/// Computes derivatives by code that shares nothing with the gradient under test.
pub(crate) trait Oracle {
    /// The derivatives at `indices`, all in one group, with bounds for the `analytic` entries at the same
    /// indices.
    fn entries(&mut self, indices: &[usize], analytic: &[f64]) -> Result<Vec<KnownDerivative>>;

    /// The largest share by which the self-test may change an entry and still prove something; the entry is
    /// moved together with others, `_moved` in all.
    fn coarsest(&self, _moved: usize) -> f64 {
        COARSEST
    }

    /// How far a step of 1 along a random direction moves this entry: by its size if parameters have
    /// different units.
    fn size(&self, _index: usize) -> f64 {
        1.0
    }

    /// The derivative along `direction`, which moves the entries of `group`, to be compared with the
    /// `claimed` value.
    fn along(&mut self, group: &Range<usize>, direction: &[f64], claimed: f64) -> Result<KnownDerivative>;
}

/// One ledger for each group. If there are too many entries in all, only a sample of each large group is
/// compared entry by entry.
pub(crate) fn ledgers(
    groups: Vec<Range<usize>>,
    config: &Config,
    has_penalty: bool,
    rng: &mut impl Rng,
) -> Vec<Ledger> {
    let is_large = groups.iter().map(Range::len).sum::<usize>() > config.entries;
    let mut ledger = |group: Range<usize>| {
        let indices = if is_large { sample(&group, rng) } else { group.clone().collect() };
        Ledger::new(group, indices, has_penalty)
    };
    groups.into_iter().map(&mut ledger).collect()
}

/// Compares one group of `analytic`, the gradient under test, and records the results in its ledger. Returns
/// the entries that were compared one by one, with the oracle's derivatives.
pub(crate) fn examine(
    ledger: &mut Ledger,
    case: Case,
    analytic: &[f64],
    oracle: &mut impl Oracle,
    rng: &mut impl Rng,
) -> Result<Vec<(usize, KnownDerivative)>> {
    let indices = ledger.indices().to_vec();
    let of_indices: Vec<f64> = indices.iter().map(|&index| analytic[index]).collect();
    let truths = oracle.entries(&indices, &of_indices)?;
    for ((&index, &analytic), truth) in indices.iter().zip(&of_indices).zip(&truths) {
        ledger.compare(case, index, analytic, truth);
    }
    // A sample would miss most single mistakes, but a random direction moves every entry of the group.
    if ledger.is_sampled() {
        match search(&ledger.range(), analytic, oracle, rng)? {
            Search::Agrees => {}
            Search::Found(index, truth) => ledger.compare(case, index, analytic[index], &truth),
            Search::Unexplained => ledger.leave_unexplained(),
        }
    }
    Ok(indices.into_iter().zip(truths).collect())
}

/// Different entries of a group, in rising order.
fn sample(group: &Range<usize>, rng: &mut impl Rng) -> Vec<usize> {
    if group.len() <= SAMPLE {
        return group.clone().collect();
    }
    // One entry from each of `SAMPLE` equal parts, so that no entry is drawn twice.
    let bound = |part: usize| group.start + group.len() * part / SAMPLE;
    (0..SAMPLE).map(|part| rng.random_range(bound(part)..bound(part + 1))).collect()
}

/// The outcome of a search along random directions of ±1.
enum Search {
    /// The gradient agrees along all of them.
    Agrees,
    /// It disagrees along one, and this entry is wrong.
    Found(usize, KnownDerivative),
    /// It disagrees along one, or the oracle cannot decide, and no single entry explains it.
    Unexplained,
}

/// Searches for a disagreement along random directions, then for the entry that explains it, by bisection.
fn search(
    group: &Range<usize>,
    analytic: &[f64],
    oracle: &mut impl Oracle,
    rng: &mut impl Rng,
) -> Result<Search> {
    for _ in 0..DIRECTIONS {
        let signs = signs(group, oracle, rng);
        let whole = Segment { group, signs: &signs, analytic, range: group.clone() };
        let (truth, agrees) = whole.compare(oracle)?;
        if !agrees {
            let (index, truth) = bisect(whole, oracle)?;
            // Many small mistakes may disagree only in their sum; then the last entry left is right.
            let is_right = truth.agrees(analytic[index]);
            return Ok(if is_right { Search::Unexplained } else { Search::Found(index, truth) });
        }
        if truth.kind == Certainty::Excused {
            return Ok(Search::Unexplained);
        }
    }
    Ok(Search::Agrees)
}

/// The smallest difference that can be detected along a random direction.
pub(crate) fn resolution(
    group: &Range<usize>,
    analytic: &[f64],
    oracle: &mut impl Oracle,
    rng: &mut impl Rng,
) -> Result<f64> {
    let signs = signs(group, oracle, rng);
    let (truth, _) = Segment { group, signs: &signs, analytic, range: group.clone() }.compare(oracle)?;
    Ok(truth.bound)
}

/// A random direction: plus or minus the size of each entry.
fn signs(group: &Range<usize>, oracle: &impl Oracle, rng: &mut impl Rng) -> Vec<f64> {
    let mut signed = |size: f64| if rng.random() { size } else { -size };
    group.clone().map(|index| signed(oracle.size(index))).collect()
}

/// A part of the entries of a group, each moved by its sign.
struct Segment<'a> {
    group: &'a Range<usize>,
    signs: &'a [f64],
    analytic: &'a [f64],
    range: Range<usize>,
}

/// Halves a part that disagrees until one entry is left.
fn bisect(whole: Segment<'_>, oracle: &mut impl Oracle) -> Result<(usize, KnownDerivative)> {
    let mut part = whole;
    // A disagreement of the whole is the sum of those of its halves, with the same signs. So if the left half
    // agrees, the mistake is in the right half, which need not be compared.
    while part.range.len() > 1 {
        let middle = part.range.start + part.range.len() / 2;
        let left = Segment { range: part.range.start..middle, ..part };
        let (_, agrees) = left.compare(oracle)?;
        part = if agrees { Segment { range: middle..part.range.end, ..part } } else { left };
    }
    let index = part.range.start;
    let truths = oracle.entries(&[index], &[part.analytic[index]])?;
    Ok((index, truths[0]))
}

impl Segment<'_> {
    fn compare(&self, oracle: &mut impl Oracle) -> Result<(KnownDerivative, bool)> {
        let mut direction = vec![0.0; self.group.len()];
        let inside = self.range.start - self.group.start..self.range.end - self.group.start;
        direction[inside.clone()].copy_from_slice(&self.signs[inside]);
        let products = || self.group.clone().zip(&direction).map(|(index, sign)| self.analytic[index] * sign);
        let claimed = products().sum::<f64>();
        let mut truth = oracle.along(self.group, &direction, claimed)?;
        // The sum of n numbers has an error of some √n roundings.
        let size: f64 = products().map(f64::abs).sum();
        truth.bound += 4.0 * f64::EPSILON * size;
        Ok((truth, truth.agrees(claimed)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ann_core::rand::SeedableRng;
    use ann_core::rand::rngs::ChaCha8Rng;

    #[test]
    fn a_wrong_entry_is_found_wherever_it_is() {
        for wrong in 10..23 {
            let mut analytic = TRUE.to_vec();
            analytic[wrong] += 0.25;
            let Search::Found(index, truth) = searched(&analytic, &mut Known::default()) else {
                panic!("{wrong} was not found");
            };
            assert_eq!((index, truth.value), (wrong, TRUE[wrong]));
        }
    }

    #[test]
    fn what_is_right_or_only_rounded_agrees() {
        assert!(matches!(searched(&TRUE, &mut Known::default()), Search::Agrees));
        // 13 numbers of size 1 may be off by 4 ulps of 13 in their sum.
        let size: f64 = TRUE[10..23].iter().map(|d: &f64| d.abs()).sum();
        for (ulps, agrees) in [(3.5, true), (4.5, false)] {
            let mut rounded = TRUE.to_vec();
            rounded[11] += ulps * f64::EPSILON * size;
            assert_eq!(matches!(searched(&rounded, &mut Known::default()), Search::Agrees), agrees, "{ulps}");
        }
    }

    #[test]
    fn what_no_entry_explains_is_left_open() {
        // Along any direction something is missing, entry by entry nothing.
        let mut off = Known { along: 0.5, ..Known::default() };
        assert!(matches!(searched(&TRUE, &mut off), Search::Unexplained));
        let mut unsure = Known { kind: Certainty::Excused, ..Known::default() };
        assert!(matches!(searched(&TRUE, &mut unsure), Search::Unexplained));
    }

    #[test]
    fn directions_are_signs_and_tell_apart_what_their_bounds_do() {
        let signs = signs(&(10..110), &Known::default(), &mut rng());
        assert!(signs.len() == 100 && signs.iter().all(|sign| sign.abs() == 1.0));
        assert!((20.0..80.0).contains(&(50.0 + signs.iter().sum::<f64>() / 2.0)), "{signs:?}");
        let mut oracle = Known { bound: 0.125, ..Known::default() };
        // 2 + 2 + 2 numbers: their sum is off by 4 ulps of 6.
        let found = resolution(&(0..3), &[2.0; 3], &mut oracle, &mut rng()).unwrap();
        assert_eq!(found, 0.125 + 24.0 * f64::EPSILON);
        assert_eq!(oracle.coarsest(7), 1e-3);
    }

    #[test]
    fn large_groups_are_sampled_where_there_are_too_many_entries_in_all() {
        let of = |entries: usize| {
            let config = Config { entries, ..Config::default() };
            ledgers(vec![0..60, 60..188], &config, false, &mut rng())
        };
        let sampled: Vec<bool> = of(187).iter().map(Ledger::is_sampled).collect();
        assert_eq!(sampled, [false, true]);
        assert!(of(188).iter().all(|ledger| !ledger.is_sampled()));
        // One of each pair.
        let pairs: Vec<usize> = of(0)[1].indices().iter().map(|index| (index - 60) / 2).collect();
        assert_eq!(pairs, (0..64).collect::<Vec<_>>());
        assert!(of(0)[1].indices().iter().any(|index| index % 2 == 1));
        assert_eq!(sample(&(5..69), &mut rng()), (5..69).collect::<Vec<_>>());
        assert_eq!(sample(&(5..70), &mut rng()).len(), 64);
    }

    /// 23 derivatives, of which the last 13 are the group under test.
    const TRUE: [f64; 23] = {
        let mut derivatives = [2.0; 23];
        derivatives[12] = -1.0;
        derivatives[22] = 0.5;
        derivatives
    };

    /// Knows the derivatives to a bound, and those along directions with an error.
    struct Known {
        bound: f64,
        along: f64,
        kind: Certainty,
    }

    impl Default for Known {
        fn default() -> Self {
            Self { bound: 0.0, along: 0.0, kind: Certainty::Ordinary }
        }
    }

    impl Known {
        fn truth(&self, value: f64) -> KnownDerivative {
            KnownDerivative { value, bound: self.bound, kind: self.kind }
        }
    }

    impl Oracle for Known {
        fn entries(&mut self, indices: &[usize], _analytic: &[f64]) -> Result<Vec<KnownDerivative>> {
            Ok(indices.iter().map(|&index| self.truth(TRUE[index])).collect())
        }

        fn along(
            &mut self,
            group: &Range<usize>,
            direction: &[f64],
            _claimed: f64,
        ) -> Result<KnownDerivative> {
            let sum: f64 = group.clone().zip(direction).map(|(index, d)| TRUE[index] * d).sum();
            Ok(self.truth(sum + self.along))
        }
    }

    fn searched(analytic: &[f64], oracle: &mut Known) -> Search {
        search(&(10..23), analytic, oracle, &mut rng()).expect("it knows all")
    }

    fn rng() -> ChaCha8Rng {
        ChaCha8Rng::seed_from_u64(5)
    }
}
