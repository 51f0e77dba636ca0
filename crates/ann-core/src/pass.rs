//! Input and output of a pass through a kernel: a network at θ, a goal, a tally.

use std::ops::AddAssign;

use crate::{Architecture, Layer, LayerSpan, Layout, Loss};

/// Sums over a block of rows.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Tally {
    /// Σ w ℓ over the rows, without penalty.
    pub loss: f64,
    /// Σ w over the rows: their number if the problem has no weights.
    pub weight: f64,
    /// Σ w over the rows that are hits (see [`Loss::is_hit`]); 0 if the loss does not count hits. Weights are
    /// added in the same order as in `weight`, so both are equal if all rows are hits.
    pub hits: f64,
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.loss += other.loss;
        self.weight += other.weight;
        self.hits += other.hits;
    }
}

/// A borrowed network with parameters θ.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NetworkRef<'a, F> {
    pub architecture: &'a Architecture,
    pub layout: &'a Layout,
    pub parameters: &'a [F],
}

impl<'a, F> NetworkRef<'a, F> {
    /// The layers and their positions in θ, first to last.
    #[inline(always)]
    pub fn layers(self) -> impl DoubleEndedIterator<Item = (&'a Layer, &'a LayerSpan)> + ExactSizeIterator {
        self.architecture.layers().iter().zip(self.layout.layers())
    }
}

/// What a pass through a kernel computes.
#[derive(Debug)]
pub(crate) enum Goal<'a, F> {
    /// Outputs only.
    Outputs,
    /// Outputs and losses.
    Losses(&'a Loss),
    /// Outputs, losses, and the gradient, which is added to this slice.
    Gradient(&'a Loss, &'a mut [F]),
}

impl<F> Goal<'_, F> {
    /// Whether the gradient is wanted.
    #[inline(always)]
    pub fn has_gradient(&self) -> bool {
        matches!(self, Self::Gradient(..))
    }

    /// The loss if losses are wanted, and the slice for the gradient if that is wanted too.
    #[inline(always)]
    pub fn losses(&mut self) -> Option<(&Loss, Option<&mut [F]>)> {
        // `&mut self` lends the gradient only for one group of rows: the group adds its part to the slice,
        // and the next group borrows the same slice again.
        match self {
            Self::Outputs => None,
            Self::Losses(loss) => Some((loss, None)),
            Self::Gradient(loss, gradient) => Some((loss, Some(gradient))),
        }
    }
}
