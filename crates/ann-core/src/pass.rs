//! What goes through a kernel, and what comes out: a network at θ, a goal, a tally.

use std::ops::AddAssign;

use crate::{Architecture, Layer, LayerSpan, Layout, Loss};

/// What a block of rows adds up to.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Tally {
    /// Σ ℓ over the rows, without penalty.
    pub loss: f64,
    /// Rows whose largest output is the true class; 0 where targets are values.
    pub correct: usize,
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.loss += other.loss;
        self.correct += other.correct;
    }
}

/// A network at θ.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NetworkRef<'a, F> {
    pub architecture: &'a Architecture,
    pub layout: &'a Layout,
    pub parameters: &'a [F],
}

impl<'a, F> NetworkRef<'a, F> {
    /// The layers and where they stand in θ, first to last.
    #[inline(always)]
    pub fn layers(self) -> impl DoubleEndedIterator<Item = (&'a Layer, &'a LayerSpan)> + ExactSizeIterator {
        self.architecture.layers().iter().zip(self.layout.layers())
    }
}

/// What a pass through a kernel is for.
#[derive(Debug)]
pub(crate) enum Goal<'a, F> {
    /// Outputs only.
    Outputs,
    /// The losses as well.
    Losses(&'a Loss),
    /// Losses, and the gradient is added.
    Gradient(&'a Loss, &'a mut [F]),
}

impl<F> Goal<'_, F> {
    /// ℓ, where losses are wanted, and the gradient, where that is too.
    #[inline(always)]
    pub fn losses(&mut self) -> Option<(&Loss, Option<&mut [F]>)> {
        match self {
            Self::Outputs => None,
            Self::Losses(loss) => Some((loss, None)),
            Self::Gradient(loss, gradient) => Some((loss, Some(gradient))),
        }
    }
}
