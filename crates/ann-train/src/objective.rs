//! The objective J(θ) = (1/N) Σₙ ℓₙ + λ Σ‖W‖² and its gradient.
//!
//! This is the only place where sums over blocks of rows become a mean, and where the penalty is added.

use ann_core::block::{self, Kernel, Scratch, Tally};
use ann_core::memory::{bytes_of, ensure_available};
use ann_core::ndarray::Array2;
use ann_core::vector::{add_scaled, scale};
use ann_core::{Problem, Scalar, TargetKind};

use crate::Result;
use crate::sum::{RowSelection, Summation};
use crate::threads::checked;

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
    /// (1/N) Σₙ ℓₙ, without penalty.
    pub loss: f64,
    /// λ Σ‖W‖².
    pub penalty: f64,
    /// Number of rows whose largest output is the true class; `None` if targets are values.
    pub hits: Option<usize>,
    /// Share of rows that are hits, 0 to 1; `None` if targets are values.
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
    summation: Summation<F>,
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
        Ok(Self { problem, summation: Summation::new(problem, accumulation, rows, threads)? })
    }

    /// J(θ).
    ///
    /// # Panics
    /// When `parameters` is not as long as the problem's layout.
    pub fn value(&mut self, parameters: &[F]) -> ObjectiveValue {
        let tally = self.summation.sum(self.problem, parameters, RowSelection::All, None);
        self.mean(tally, self.problem.rows(), parameters)
    }

    /// J(θ); overwrites `gradient` with ∂J/∂θ = (1/N) Σₙ ∂ℓₙ/∂θ + 2λW.
    ///
    /// # Panics
    /// When `parameters` or `gradient` is not as long as the problem's layout.
    pub fn value_and_gradient(&mut self, parameters: &[F], gradient: &mut [F]) -> ObjectiveValue {
        self.selected(parameters, RowSelection::All, self.problem.rows(), gradient)
    }

    /// The same for a mini-batch: the mean is over `rows` only, and they are summed in the given order.
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
        self.selected(parameters, RowSelection::These(rows), rows.len(), gradient)
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
        rows: usize,
        gradient: &mut [F],
    ) -> ObjectiveValue {
        let tally = self.summation.sum(self.problem, parameters, selection, Some(gradient));
        scale(gradient, F::of(1.0 / rows as f64));
        add_penalty_gradient(self.problem, parameters, gradient);
        self.mean(tally, rows, parameters)
    }

    fn mean(&self, tally: Tally, rows: usize, parameters: &[F]) -> ObjectiveValue {
        let n = rows as f64;
        let is_classification = self.problem.targets().kind() == TargetKind::Classes;
        let hits = is_classification.then_some(tally.correct);
        ObjectiveValue {
            loss: tally.loss / n,
            penalty: penalty(self.problem, parameters),
            hits,
            accuracy: hits.map(|hits| hits as f64 / n),
        }
    }
}

/// ∂ℓₙ/∂θ of each row separately, without penalty: an (n, parameters) matrix with columns in the order of the
/// layout.
///
/// The mean of its rows plus 2λW is, up to rounding, the gradient of [`Objective::value_and_gradient`].
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
