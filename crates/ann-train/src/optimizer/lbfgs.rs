//! L-BFGS: Newton's method with an approximation of the curvature from the last steps.

use ann_core::Scalar;
use ann_core::vector::{add_scaled, dot, scale};

use super::line_search::{Point, search};
use super::{Memory, Optimizer, check};
use crate::{ObjectiveValue, Result};

/// Limited-memory BFGS with a line search for the strong Wolfe conditions (Nocedal 1980; Nocedal & Wright
/// 2006, algorithm 7.4). For all rows at once. An epoch is one iteration: one step, for which J is evaluated
/// once or several times. The learning rate has no effect, because the line search finds the length of each
/// step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lbfgs {
    /// Number of steps that are remembered, 1 to 1000. Default 10. The memory takes twice as many vectors.
    pub history: usize,
}

impl Default for Lbfgs {
    fn default() -> Self {
        Self { history: 10 }
    }
}

impl From<Lbfgs> for Optimizer {
    fn from(lbfgs: Lbfgs) -> Self {
        Self::Lbfgs(lbfgs)
    }
}

/// Working space of an iteration.
#[derive(Clone, Debug, Default)]
pub(crate) struct LbfgsBuffers<F> {
    /// θ and ∂J/∂θ before the step.
    parameters: Vec<F>,
    gradient: Vec<F>,
    direction: Vec<F>,
    /// αᵢ of the two loops.
    alphas: Vec<f64>,
}

impl<F: Scalar> LbfgsBuffers<F> {
    /// Number of vectors as long as θ.
    pub const VECTORS: usize = 3;

    pub fn new(parameters: usize, history: usize) -> Self {
        let zeros = || vec![F::zero(); parameters];
        Self { parameters: zeros(), gradient: zeros(), direction: zeros(), alphas: vec![0.0; history] }
    }
}

impl Lbfgs {
    pub(super) fn validate(self) -> Result<()> {
        check("history", self.history as f64, (1..=1000).contains(&self.history), "from 1 to 1000")
    }

    /// Makes one iteration from θ, where J = `value` and ∂J/∂θ = `gradient`. Returns J of the new θ, whose
    /// gradient is then in `gradient`; or `None`, with θ unchanged, if no step lowers J.
    ///
    /// The memory holds the steps s and the changes of the gradient y as [s, y, s, y, …], oldest first. Pairs
    /// of zeros come before them until there have been enough steps.
    pub(crate) fn iterate<F: Scalar>(
        self,
        memory: &mut Memory<F>,
        parameters: &mut [F],
        value: f64,
        gradient: &mut [F],
        buffers: &mut LbfgsBuffers<F>,
        mut evaluate: impl FnMut(&[F], &mut [F]) -> ObjectiveValue,
    ) -> Option<ObjectiveValue> {
        buffers.parameters.copy_from_slice(parameters);
        buffers.gradient.copy_from_slice(gradient);
        loop {
            let is_first = !has_pairs(&memory.vectors);
            two_loops(&memory.vectors, buffers);
            let LbfgsBuffers { parameters: before, gradient: old, direction, .. } = &mut *buffers;
            let mut found = None;
            // Without a memory nothing is known about the scale, so the first step is short.
            let first = if is_first { (1.0 / norm_1(old)).min(1.0) } else { 1.0 };
            let start = Point { t: 0.0, value, slope: dot(old, direction) };
            let accepted = (start.slope < 0.0).then(|| {
                search(start, first, |t| {
                    parameters.copy_from_slice(before);
                    add_scaled(parameters, F::of(t), direction);
                    let value = evaluate(parameters, gradient);
                    found = Some(value);
                    Point { t, value: value.total(), slope: dot(gradient, direction) }
                })
            });
            if accepted.flatten().is_some() {
                remember(memory, parameters, gradient, buffers);
                memory.updates += 1;
                return found;
            }
            parameters.copy_from_slice(before);
            gradient.copy_from_slice(old);
            if is_first {
                return None;
            }
            // The remembered curvature misleads: once more along the negative gradient.
            memory.vectors.iter_mut().for_each(|vector| vector.fill(F::zero()));
        }
    }
}

fn has_pairs<F: Scalar>(pairs: &[Vec<F>]) -> bool {
    matches!(pairs, [.., s, y] if dot(s, y) > 0.0)
}

/// Overwrites the direction with −H g, where H approximates the inverse of the curvature (Nocedal & Wright,
/// algorithm 7.4).
fn two_loops<F: Scalar>(vectors: &[Vec<F>], buffers: &mut LbfgsBuffers<F>) {
    let LbfgsBuffers { gradient, direction, alphas, .. } = buffers;
    let (pairs, _) = vectors.as_chunks::<2>();
    let curvature = |[s, y]: &[Vec<F>; 2]| Some(dot(s, y)).filter(|sy| *sy > 0.0);
    direction.copy_from_slice(gradient);
    scale(direction, -F::one());
    // q ← q − αᵢ yᵢ with αᵢ = sᵢᵀq / sᵢᵀyᵢ, newest first
    for (pair, alpha) in pairs.iter().zip(&mut *alphas).rev() {
        let Some(sy) = curvature(pair) else { continue };
        *alpha = dot(&pair[0], direction) / sy;
        add_scaled(direction, F::of(-*alpha), &pair[1]);
    }
    // r = γ q with γ = sᵀy / yᵀy of the newest pair
    if let Some([s, y]) = pairs.last().filter(|pair| curvature(pair).is_some()) {
        scale(direction, F::of(dot(s, y) / dot(y, y)));
    }
    // r ← r + (αᵢ − β) sᵢ with β = yᵢᵀr / sᵢᵀyᵢ, oldest first
    for (pair, alpha) in pairs.iter().zip(alphas) {
        let Some(sy) = curvature(pair) else { continue };
        let beta = dot(&pair[1], direction) / sy;
        add_scaled(direction, F::of(*alpha - beta), &pair[0]);
    }
}

/// Replaces the oldest pair by s = θ − θ_before and y = g − g_before, unless sᵀy is not positive: then the
/// pair knows no curvature.
fn remember<F: Scalar>(
    memory: &mut Memory<F>,
    parameters: &[F],
    gradient: &[F],
    buffers: &mut LbfgsBuffers<F>,
) {
    let LbfgsBuffers { parameters: before, gradient: old, direction, .. } = buffers;
    difference(parameters, before, direction);
    difference(gradient, old, before);
    if dot(direction, before) > 0.0 {
        memory.vectors.rotate_left(2);
        if let [.., s, y] = memory.vectors.as_mut_slice() {
            s.copy_from_slice(direction);
            y.copy_from_slice(before);
        }
    }
}

/// to = a − b.
fn difference<F: Scalar>(a: &[F], b: &[F], to: &mut [F]) {
    to.iter_mut().zip(a.iter().zip(b)).for_each(|(to, (&a, &b))| *to = a - b);
}

/// Σ |vᵢ|.
fn norm_1<F: Scalar>(v: &[F]) -> f64 {
    v.iter().map(|v| v.as_f64().abs()).sum()
}
