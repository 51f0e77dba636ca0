//! Numbers: scaled, softly clipped, and as piecewise-linear functions.

use std::borrow::Cow;

use num_traits::Float;

use super::Cell;

/// z = (x − center) / scale, then z / √(1 + (z / squash)²), so that a number far outside has an input of at
/// most ±`squash`. A missing number is `fill`.
#[derive(Clone, Debug, PartialEq)]
pub struct NumberEncoding {
    /// What a missing number is replaced by: the median.
    pub fill: f64,
    /// Whether a second input is 1 for a missing number and 0 for others: where the rows that were learned
    /// from have missing ones.
    pub has_flag: bool,
    /// The median.
    pub center: f64,
    /// Interquartile range; half of the range if it is 0. Above 0.
    pub scale: f64,
    /// The soft limit of z; `None` for no limit.
    pub squash: Option<f64>,
    /// The smallest number that was learned from.
    pub minimum: f64,
    /// The largest number that was learned from.
    pub maximum: f64,
    /// Piecewise-linear inputs.
    pub pieces: Option<Pieces>,
}

/// vₜ = clip((x − eₜ) / (eₜ₊₁ − eₜ), 0, 1) for each pair of neighbouring edges e, then (vₜ − meanₜ) / scale
/// (Gorishniy et al. 2022, "On Embeddings for Numerical Features in Tabular Deep Learning").
#[derive(Clone, Debug, PartialEq)]
pub struct Pieces {
    /// Ascending: quantiles of the numbers that were learned from, at least three.
    pub edges: Vec<f64>,
    /// The mean of each v: one fewer than there are edges.
    pub means: Vec<f64>,
    /// √(Σₜ var vₜ), so that all inputs of the column together have variance 1.
    pub scale: f64,
}

impl NumberEncoding {
    /// Learns from the known numbers of a column, in any order, of which `missing` more are missing. `None`
    /// if they are all equal, or if there is none.
    pub(super) fn learn(mut known: Vec<f64>, missing: usize, bins: usize) -> Option<Self> {
        known.sort_unstable_by(f64::total_cmp);
        let (minimum, maximum) = (*known.first()?, *known.last()?);
        if minimum == maximum {
            return None;
        }
        let center = quantile(&known, 0.5);
        let pieces = || Pieces::learn(&known, center, missing, bins);
        let pieces = if bins == 0 { None } else { pieces() };
        // The quartiles are those of the column whose missing numbers are filled.
        let filled = match missing {
            0 => Cow::Borrowed(&known[..]),
            _ => Cow::Owned(with_copies(&known, center, missing)),
        };
        // At most the largest number, where the difference overflows.
        let spread = (quantile(&filled, 0.75) - quantile(&filled, 0.25)).min(f64::MAX);
        let scale = if spread > 0.0 { spread } else { maximum / 2.0 - minimum / 2.0 };
        let (has_flag, squash) = (missing > 0, Some(3.0));
        Some(Self { fill: center, has_flag, center, scale, squash, minimum, maximum, pieces })
    }

    pub(super) fn plain_inputs(&self) -> usize {
        1 + usize::from(self.has_flag)
    }

    pub(super) fn encode<F: Float>(&self, cell: Cell<'_>, plain: &mut [F], piecewise: &mut [F]) {
        let cell = if let Cell::Number(x) = cell { x } else { f64::NAN };
        let x = self.filled(cell);
        plain[0] = convert(self.scaled(x));
        if self.has_flag {
            plain[1] = convert(f64::from(u8::from(!cell.is_finite())));
        }
        if let Some(pieces) = &self.pieces {
            for (piece, input) in piecewise.iter_mut().enumerate() {
                *input = convert(pieces.input(piece, x));
            }
        }
    }

    /// The number itself, or [`fill`](Self::fill) for one that is not finite.
    #[inline(always)]
    pub(super) fn filled(&self, x: f64) -> f64 {
        if x.is_finite() { x } else { self.fill }
    }

    #[inline(always)]
    pub(super) fn scaled(&self, x: f64) -> f64 {
        // Halves, so that the difference of large numbers does not overflow.
        let z = (x / 2.0 - self.center / 2.0) / self.scale * 2.0;
        match self.squash {
            // |z| ≤ √MAX, where z² would overflow, is the limit itself to rounding.
            Some(limit) => {
                let z = z.clamp(-1e100, 1e100);
                z / (1.0 + (z / limit) * (z / limit)).sqrt()
            }
            None => z,
        }
    }
}

impl Pieces {
    /// `None` if there are fewer than three edges.
    fn learn(sorted: &[f64], fill: f64, missing: usize, bins: usize) -> Option<Self> {
        let distinct = sorted.chunk_by(|one, next| one == next).map(|equal| equal[0]);
        let mut edges: Vec<f64> = distinct.take(bins + 2).collect();
        if edges.len() > bins + 1 {
            edges = (0..=bins).map(|edge| quantile(sorted, edge as f64 / bins as f64)).collect();
            edges.dedup();
        }
        if edges.len() < 3 {
            return None;
        }
        let mut pieces = Self { means: vec![0.0; edges.len() - 1], edges, scale: 1.0 };
        let rows = (sorted.len() + missing) as f64;
        let mut variance = 0.0;
        for piece in 0..pieces.means.len() {
            let mean_of = |f: &dyn Fn(f64) -> f64| {
                let known: f64 = sorted.iter().map(|&x| f(pieces.value(piece, x))).sum();
                (known + missing as f64 * f(pieces.value(piece, fill))) / rows
            };
            let mean = mean_of(&|v| v);
            variance += mean_of(&|v| (v - mean) * (v - mean));
            pieces.means[piece] = mean;
        }
        pieces.scale = variance.sqrt();
        (pieces.scale > 0.0).then_some(pieces)
    }

    #[inline(always)]
    fn value(&self, piece: usize, x: f64) -> f64 {
        let (low, high) = (self.edges[piece], self.edges[piece + 1]);
        ((x / 2.0 - low / 2.0) / (high / 2.0 - low / 2.0)).clamp(0.0, 1.0)
    }

    /// The input of a piece.
    #[inline(always)]
    pub(super) fn input(&self, piece: usize, x: f64) -> f64 {
        (self.value(piece, x) - self.means[piece]) / self.scale
    }
}

/// The quantile of sorted numbers, linear between neighbours (Hyndman and Fan 1996, definition 7).
pub(super) fn quantile(sorted: &[f64], level: f64) -> f64 {
    let position = level * (sorted.len() - 1) as f64;
    let (below, share) = (position.floor(), position.fract());
    let low = sorted[below as usize];
    let high = sorted[(below as usize + 1).min(sorted.len() - 1)];
    low * (1.0 - share) + high * share
}

fn with_copies(sorted: &[f64], value: f64, count: usize) -> Vec<f64> {
    let (below, above) = sorted.split_at(sorted.partition_point(|&number| number < value));
    [below, &vec![value; count], above].concat()
}

pub(super) fn convert<F: Float>(value: f64) -> F {
    F::from(value).expect("f64 converts to every float")
}
