//! The objective J(θ) = Σₙ wₙ ℓₙ / Σₙ wₙ + λ Σ‖W‖² and its gradient.
//!
//! This is the only place where sums over blocks of rows become a mean, and where the penalty is added.

use std::sync::atomic::AtomicBool;

use ann_core::block::{self, Kernel, Scratch, Tally};
use ann_core::memory::{bytes_of, ensure_available};
use ann_core::ndarray::Array2;
use ann_core::vector::{add_scaled, scale};
use ann_core::{Problem, Scalar};

use crate::sum::{RowSelection, Summation};
use crate::threads::checked;
use crate::{Ranks, Result};

/// How the gradients of the rows are summed. Both ways agree up to rounding, and each has a fixed order of
/// additions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Accumulation {
    /// Blocks of many rows at once. The default.
    #[default]
    Batched,
    /// One row after another, as in the report: "separately for each training example, then accumulated".
    PerSample,
}

/// J at one point θ, and its parts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ObjectiveValue {
    /// Σₙ wₙ ℓₙ / Σₙ wₙ, without penalty; 0 if all rows have the weight 0.
    pub loss: f64,
    /// λ Σ‖W‖².
    pub penalty: f64,
    /// Σₙ wₙ: the number of rows if the problem has no weights.
    pub weight: f64,
    /// The weight of the rows that are hits, as the loss counts them
    /// ([`Loss::is_hit`](ann_core::Loss::is_hit)); `None` if it counts none.
    pub hits: Option<f64>,
    /// The share of the hits in the weight of all rows, 0 to 1, and exactly 1 if all rows with a weight are
    /// hits; `None` if the loss counts none, or if all rows have the weight 0.
    pub accuracy: Option<f64>,
}

impl ObjectiveValue {
    /// J = loss + penalty: what is minimised.
    pub fn total(&self) -> f64 {
        self.loss + self.penalty
    }
}

/// Computes J and ∂J/∂θ of a [`Problem`], with buffers that are reused from call to call.
///
/// ```
/// use ann_train::{Accumulation, Activation, Architecture, Loss, Objective, Problem, ndarray::array};
///
/// let architecture = Architecture::inputs(1).dense(1, Activation::Identity);
/// let (x, y) = (array![[1.0], [2.0]], array![1.0, 2.0]);
/// let problem = Problem::new(&architecture, Loss::MeanSquaredError, &x, &y)?;
/// let mut gradient = [0.0; 2];
/// let mut objective = Objective::new(&problem, Accumulation::Batched)?;
/// let value = objective.value_and_gradient(&[0.0, 0.0], &mut gradient);
/// assert_eq!(value.loss, (1.0 + 4.0) / 2.0);
/// assert_eq!(gradient, [-(2.0 + 8.0) / 2.0, -(2.0 + 4.0) / 2.0]); // mean of 2 (ŷ − y) x and 2 (ŷ − y)
/// # Ok::<(), ann_train::Error>(())
/// ```
#[derive(Debug)]
pub struct Objective<'p, 'data, F = f64> {
    problem: &'p Problem<'data, F>,
    summation: Summation<'p, F>,
    /// Number of rows of all sums so far.
    rows: u64,
}

impl<'p, 'data, F: Scalar> Objective<'p, 'data, F> {
    /// Buffers for sums over all rows, which the calling thread computes.
    ///
    /// # Errors
    /// The system cannot provide the memory for the buffers.
    pub fn new(problem: &'p Problem<'data, F>, accumulation: Accumulation) -> Result<Self> {
        Self::with_threads(problem, accumulation, problem.rows(), 1)
    }

    /// Buffers and up to `threads` threads for sums over `rows` rows: all rows, or those of a mini-batch. Any
    /// number of threads gives the same bits. Fewer are started if there is not enough work.
    ///
    /// In a thread of a rayon pool, only that thread computes.
    ///
    /// # Errors
    /// `threads` is not 1 to 1024, or the system cannot provide the threads or the memory for the buffers.
    pub fn with_threads(
        problem: &'p Problem<'data, F>,
        accumulation: Accumulation,
        rows: usize,
        threads: usize,
    ) -> Result<Self> {
        let threads = checked(threads)?;
        let rows = rows.clamp(1, problem.rows());
        let summation = Summation::new(problem, accumulation, rows, threads)?;
        Ok(Self { problem, summation, rows: 0 })
    }

    /// Divides the sums among several processes, if ranks are given. All of them make the same calls from
    /// here on, and get the bits of one process.
    #[must_use]
    pub fn with_ranks(mut self, ranks: Option<&'p dyn Ranks>) -> Self {
        self.summation.set_ranks(ranks);
        self
    }

    /// J(θ).
    ///
    /// # Panics
    /// When `parameters` is not as long as the problem's layout.
    pub fn value(&mut self, parameters: &[F]) -> ObjectiveValue {
        self.count(self.problem.rows());
        let tally = self.summation.sum(self.problem, parameters, RowSelection::All, None);
        self.mean(tally, parameters)
    }

    /// J(θ); overwrites `gradient` with ∂J/∂θ = Σₙ wₙ ∂ℓₙ/∂θ / Σₙ wₙ + 2λW.
    ///
    /// # Panics
    /// When `parameters` or `gradient` is not as long as the problem's layout.
    pub fn value_and_gradient(&mut self, parameters: &[F], gradient: &mut [F]) -> ObjectiveValue {
        self.count(self.problem.rows());
        self.selected(parameters, RowSelection::All, None, gradient)
    }

    /// The same for a mini-batch: the mean is over `rows` only, and they are summed in the given order. If
    /// all of them have the weight 0, the loss is 0, and the gradient is that of the penalty.
    ///
    /// This is the weighted mean of these rows alone. Training divides the sum of a mini-batch by the number
    /// of its rows times the mean weight of all rows, so that the gradients of an epoch are together that of
    /// J.
    ///
    /// # Panics
    /// As [`value_and_gradient`](Self::value_and_gradient); also when `rows` is empty, or contains a row that
    /// the problem does not have.
    pub fn value_and_gradient_of(
        &mut self,
        rows: &[usize],
        parameters: &[F],
        gradient: &mut [F],
    ) -> ObjectiveValue {
        assert!(!rows.is_empty(), "a mean needs rows");
        self.count(rows.len());
        self.selected(parameters, RowSelection::These(rows), None, gradient)
    }

    /// As [`value_and_gradient_of`](Self::value_and_gradient_of), with Σₙ wₙ ∂ℓₙ/∂θ / `divisor` + 2λW as
    /// gradient.
    pub(crate) fn value_and_scaled_gradient_of(
        &mut self,
        rows: &[usize],
        divisor: f64,
        parameters: &[F],
        gradient: &mut [F],
    ) -> ObjectiveValue {
        self.count(rows.len());
        self.selected(parameters, RowSelection::These(rows), Some(divisor), gradient)
    }

    pub(crate) fn problem(&self) -> &'p Problem<'data, F> {
        self.problem
    }

    pub(crate) fn set_interrupt(&mut self, interrupt: Option<&'p AtomicBool>) {
        self.summation.set_interrupt(interrupt);
    }

    pub(crate) fn is_interrupted(&self) -> bool {
        self.summation.is_interrupted()
    }

    /// Counts rows whose outputs, and perhaps derivatives, are computed.
    pub(crate) fn count(&mut self, rows: usize) {
        self.rows += rows as u64;
    }

    /// Number of rows counted so far, divided by the number of rows of the problem.
    pub(crate) fn passes(&self) -> f64 {
        self.rows as f64 / self.problem.rows() as f64
    }

    /// Runs `work`, which computes one sum after another, while all threads stay awake.
    pub(crate) fn awake<R: Send>(&mut self, work: impl FnOnce(&mut Self) -> R + Send) -> R {
        match self.summation.threads() {
            Some(threads) => threads.awake(|| work(self)),
            None => work(self),
        }
    }

    fn selected(
        &mut self,
        parameters: &[F],
        selection: RowSelection<'_>,
        divisor: Option<f64>,
        gradient: &mut [F],
    ) -> ObjectiveValue {
        let tally = self.summation.sum(self.problem, parameters, selection, Some(gradient));
        // Rows of weight 0 have added nothing, so without any weight the gradient is 0 already.
        if tally.weight > 0.0 {
            scale(gradient, F::of(1.0 / divisor.unwrap_or(tally.weight)));
        }
        add_penalty_gradient(self.problem, parameters, gradient);
        self.mean(tally, parameters)
    }

    fn mean(&self, Tally { loss, weight, hits }: Tally, parameters: &[F]) -> ObjectiveValue {
        let hits = self.problem.loss().counts_hits().then_some(hits);
        ObjectiveValue {
            loss: if weight > 0.0 { loss / weight } else { 0.0 },
            penalty: penalty(self.problem, parameters),
            weight,
            hits,
            accuracy: hits.filter(|_| weight > 0.0).map(|hits| hits / weight),
        }
    }
}

/// wₙ ∂ℓₙ/∂θ of each row separately, without penalty: an (n, parameters) matrix with columns in the order of
/// the layout. wₙ is 1 if the problem has no weights; a row of weight 0 is a row of zeros.
///
/// The sum of its rows divided by Σₙ wₙ ([`Problem::total_weight`]), plus 2λW, is, up to rounding, the
/// gradient of [`Objective::value_and_gradient`].
///
/// # Errors
/// `parameters` is not as long as the problem's layout, or the system cannot provide the memory for the
/// matrix.
#[expect(clippy::missing_panics_doc, reason = "a fresh array always has contiguous rows")]
pub fn per_sample_gradients<F: Scalar>(problem: &Problem<'_, F>, parameters: &[F]) -> Result<Array2<F>> {
    let expected = problem.layout().len();
    if parameters.len() != expected {
        return Err(ann_core::Error::ParameterCount { expected, found: parameters.len() }.into());
    }
    ensure_available("the gradients of all rows", bytes_of::<F>(problem.rows().saturating_mul(expected)))?;
    let mut gradients = Array2::zeros((problem.rows(), expected));
    let mut scratch = Scratch::with_kernel(problem.architecture(), 1, Kernel::Textbook)?;
    for (n, mut gradient) in gradients.rows_mut().into_iter().enumerate() {
        let gradient = gradient.as_slice_mut().expect("a fresh array has contiguous rows");
        block::accumulate(problem, parameters, n..n + 1, &mut scratch, Some(gradient));
    }
    Ok(gradients)
}

/// λ Σ w² over all weights; biases have no penalty (report, "L2 regularisation").
fn penalty<F: Scalar>(problem: &Problem<'_, F>, parameters: &[F]) -> f64 {
    if problem.l2() == 0.0 {
        return 0.0;
    }
    let weights = problem.layout().layers().iter().flat_map(|span| &parameters[span.weights()]);
    problem.l2() * weights.map(|w| w.as_f64() * w.as_f64()).sum::<f64>()
}

/// ∂J/∂W += 2λW.
fn add_penalty_gradient<F: Scalar>(problem: &Problem<'_, F>, parameters: &[F], gradient: &mut [F]) {
    let factor = F::of(2.0 * problem.l2());
    if factor == F::zero() {
        return;
    }
    for span in problem.layout().layers() {
        add_scaled(&mut gradient[span.weights()], factor, &parameters[span.weights()]);
    }
}
