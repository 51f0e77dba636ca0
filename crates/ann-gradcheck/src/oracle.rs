//! What a gradient is compared with: entry by entry, or beyond some 20 000 of them along random directions.

use std::ops::Range;

use ann_core::rand::{Rng, RngExt};

use crate::ledger::{Case, Certainty, KnownDerivative, Ledger};
use crate::{Config, Result};

/// Of a group too large to compare whole, so many entries are compared by themselves.
const SAMPLE: usize = 64;
/// And the whole group along so many directions: two mistakes that cancel in one do not in half of the
/// others.
const DIRECTIONS: usize = 8;

/// The largest share of an entry by which the self-test may have to spoil it.
pub(crate) const COARSEST: f64 = 1e-3;

/// Knows derivatives by code that shares nothing with the gradient under test.
pub(crate) trait Oracle {
    /// The derivatives by `indices`, all of one group, with the bounds for `analytic` entries at the same
    /// indices.
    fn entries(&mut self, indices: &[usize], analytic: &[f64]) -> Result<Vec<KnownDerivative>>;

    /// The largest share of itself by which the self-test may have to spoil an entry that is moved with so
    /// many others, for the check to be called conclusive.
    fn coarsest(&self, _moved: usize) -> f64 {
        COARSEST
    }

    /// How far a step of 1 along a random direction moves this entry: by its own size where parameters have
    /// different units.
    fn size(&self, _index: usize) -> f64 {
        1.0
    }

    /// The derivative along `direction`, which moves the entries of `group`, for the `claimed` one.
    fn along(&mut self, group: &Range<usize>, direction: &[f64], claimed: f64) -> Result<KnownDerivative>;
}

/// One ledger for each group; of large groups a sample is compared entry by entry, where there are too many
/// entries in all.
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

/// Compares one group of `analytic`, the gradient under test, and writes into its ledger.
/// Gives back the ledger's entries, which were compared by themselves, with the truth about them.
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
    // One from each of as many equal parts: no entry twice.
    let bound = |part: usize| group.start + group.len() * part / SAMPLE;
    (0..SAMPLE).map(|part| rng.random_range(bound(part)..bound(part + 1))).collect()
}

/// What a search along random directions of ±1 came to.
enum Search {
    /// The gradient agrees along all of them.
    Agrees,
    /// It does not, and this entry is wrong.
    Found(usize, KnownDerivative),
    /// It does not, or the oracle cannot tell, and no single entry explains it.
    Unexplained,
}

/// Looks along random directions for a disagreement, and by bisection for the entry that explains it.
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
            let is_right = truth.agrees(analytic[index]);
            return Ok(if is_right { Search::Unexplained } else { Search::Found(index, truth) });
        }
        if truth.kind == Certainty::Excused {
            return Ok(Search::Unexplained);
        }
    }
    Ok(Search::Agrees)
}

/// The smallest difference that can be told along a random direction.
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

/// A part of a group's entries, moved by their signs.
struct Segment<'a> {
    group: &'a Range<usize>,
    signs: &'a [f64],
    analytic: &'a [f64],
    range: Range<usize>,
}

/// Halves a part that disagrees until one entry is left.
fn bisect(whole: Segment<'_>, oracle: &mut impl Oracle) -> Result<(usize, KnownDerivative)> {
    let mut part = whole;
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
        // Adding n numbers up is itself off by some √n roundings.
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
