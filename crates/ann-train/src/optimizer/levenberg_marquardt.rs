//! Levenberg–Marquardt: least squares by linearising the outputs.

use std::ops::Range;

use ann_core::jacobian::Jacobian;
use ann_core::memory::{bytes_of, ensure_available};
use ann_core::ndarray::{ArrayView2, ArrayViewMut2, Axis, linalg::general_mat_mul};
use ann_core::vector::dot;
use ann_core::{LayerSpan, Loss, Problem, Scalar, Targets};

use super::{Memory, Optimizer, check};
use crate::{Error, ObjectiveValue, Result};

/// The method of Levenberg and Marquardt for the mean squared error (Marquardt 1963; for networks Hagan &
/// Menhaj 1994), with any number of outputs, weights of rows and a penalty λ. For all rows at once, and for
/// networks of at most 4000 parameters: it solves a system of as many equations in each epoch. An epoch is
/// one step that lowers J. The learning rate has no effect.
///
/// With ŷ linearised, J(θ + d) is quadratic in d, and its minimum satisfies A d = −g. Here g = ½ ∂J/∂θ,
/// G = ∂ŷ/∂θ, and A = Σ w GᵀG / (m Σ w) + λ (λ for weights only). The damping μ keeps d short:
/// (A + μ D) d = −g, where D is the diagonal of A, at least 10⁻⁹ of its largest entry. If the step lowers J,
/// it is made and μ is divided by 10; otherwise μ is multiplied by 10, until it does.
///
/// Near a minimum with small residuals the error is squared in each epoch. With large residuals it only falls
/// by a constant factor, because A leaves out how the outputs curve; then [`Lbfgs`](super::Lbfgs) may need
/// fewer epochs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LevenbergMarquardt {
    /// μ of the first step, above 0. Default 0.001.
    pub damping: f64,
}

impl Default for LevenbergMarquardt {
    fn default() -> Self {
        Self { damping: 1e-3 }
    }
}

impl From<LevenbergMarquardt> for Optimizer {
    fn from(settings: LevenbergMarquardt) -> Self {
        Self::LevenbergMarquardt(settings)
    }
}

/// The largest number of parameters: the matrices then take 256 MB.
const MOST_PARAMETERS: usize = 4000;
/// The factor on μ after a step that does not lower J, and its inverse after one that does.
const FACTOR: f64 = 10.0;
/// The range of μ. Beyond the largest damping a step is too short to change J.
const RANGE: [f64; 2] = [1e-15, 1e15];
/// An entry of D is at least this share of the largest, so that a parameter which changes no output stays
/// where it is.
const FLOOR: f64 = 1e-9;
/// A Jacobian matrix has about this number of entries, so that it stays in the caches, but at least this
/// number of rows: each block of rows is added to all of A.
const ENTRIES: usize = 1 << 16;
const LEAST_ROWS: usize = 128;
/// Number of columns that are eliminated together, so that most of the work is a product of matrices.
const COLUMNS: usize = 32;

/// Working space of an iteration.
#[derive(Clone, Debug)]
pub(crate) struct LmBuffers<F> {
    jacobian: Jacobian<F>,
    /// A, and the lower triangle of a matrix L with L Lᵀ = A + μ D. Both (parameters, parameters).
    normal: Vec<f64>,
    factor: Vec<f64>,
    /// √w (ŷ − y) and √w ∂ŷ/∂θ of a block of rows.
    residuals: Vec<f64>,
    weighted: Vec<f64>,
    /// g and d.
    gradient: Vec<f64>,
    step: Vec<f64>,
    /// θ before the step.
    parameters: Vec<F>,
}

impl<F: Scalar> LmBuffers<F> {
    pub fn new(problem: &Problem<'_, F>) -> Result<Self> {
        let (parameters, outputs) = (problem.layout().len(), problem.architecture().output_width());
        let square = parameters.saturating_mul(parameters);
        ensure_available("the normal equations", bytes_of::<f64>(square.saturating_mul(2)))?;
        let rows = ((ENTRIES / parameters).max(LEAST_ROWS) / outputs).clamp(1, problem.rows());
        Ok(Self {
            jacobian: Jacobian::new(problem.architecture(), rows)?,
            normal: vec![0.0; square],
            factor: vec![0.0; square],
            residuals: vec![0.0; rows * outputs],
            weighted: vec![0.0; rows * outputs * parameters],
            gradient: vec![0.0; parameters],
            step: vec![0.0; parameters],
            parameters: vec![F::zero(); parameters],
        })
    }
}

impl LevenbergMarquardt {
    pub(super) fn validate(self) -> Result<()> {
        let is_valid = (RANGE[0]..=RANGE[1]).contains(&self.damping);
        check("damping (μ)", self.damping, is_valid, "from 1e-15 to 1e15")
    }

    /// Checks that the method can minimise this problem.
    pub(crate) fn ensure_suits<F: Scalar>(problem: &Problem<'_, F>) -> Result<()> {
        if *problem.loss() != Loss::MeanSquaredError {
            let (optimizer, loss) =
                (Optimizer::from(Self::default()).to_string(), problem.loss().to_string());
            return Err(Error::NotSquares { optimizer, loss });
        }
        let found = problem.layout().len();
        if found > MOST_PARAMETERS {
            return Err(Error::TooManyParameters { found, most: MOST_PARAMETERS });
        }
        Ok(())
    }

    /// Makes one step from θ, where J = `value`. Returns J of the new θ, or `None`, with θ unchanged, if no
    /// step lowers J. The memory holds μ.
    pub(crate) fn iterate<F: Scalar>(
        self,
        problem: &Problem<'_, F>,
        memory: &mut Memory<F>,
        parameters: &mut [F],
        value: f64,
        buffers: &mut LmBuffers<F>,
        mut evaluate: impl FnMut(&[F]) -> ObjectiveValue,
    ) -> Option<ObjectiveValue> {
        linearise(problem, parameters, buffers);
        buffers.parameters.copy_from_slice(parameters);
        let [damping] = memory.scalars.as_mut_slice() else { return None };
        while *damping <= RANGE[1] {
            if solve(buffers, *damping) {
                for ((theta, &before), step) in
                    parameters.iter_mut().zip(&buffers.parameters).zip(&buffers.step)
                {
                    *theta = F::of(before.as_f64() + step);
                }
                let found = evaluate(parameters);
                if found.total() < value {
                    *damping = (*damping / FACTOR).max(RANGE[0]);
                    memory.updates += 1;
                    return Some(found);
                }
                // The linearised outputs promise −2 gᵀd − dᵀA d ≤ −2 gᵀd, and less for a larger damping: no
                // step lowers J by more than its rounding.
                if -2.0 * dot(&buffers.gradient, &buffers.step) <= F::epsilon().as_f64() * value {
                    break;
                }
            }
            *damping *= FACTOR;
        }
        // The next run begins with a damping that can be used.
        *damping = self.damping;
        parameters.copy_from_slice(&buffers.parameters);
        None
    }
}

/// Overwrites A and g, block of rows by block of rows.
fn linearise<F: Scalar>(problem: &Problem<'_, F>, parameters: &[F], buffers: &mut LmBuffers<F>) {
    let (count, outputs) = (parameters.len(), problem.architecture().output_width());
    let LmBuffers { jacobian, normal, residuals, weighted, gradient, .. } = buffers;
    normal.fill(0.0);
    gradient.fill(0.0);
    let scale = 1.0 / (outputs as f64 * problem.total_weight());
    for start in (0..problem.rows()).step_by(jacobian.rows()) {
        let rows = start..problem.rows().min(start + jacobian.rows());
        let (predicted, entries) = jacobian.of(problem, parameters, rows.clone());
        let residuals = &mut residuals[..predicted.len()];
        let weighted = &mut weighted[..entries.len()];
        for (index, (residual, &predicted)) in residuals.iter_mut().zip(&predicted).enumerate() {
            let (row, output) = (start + index / outputs, index % outputs);
            let root = problem.weights().map_or(1.0, |weights| weights[row].as_f64().sqrt());
            // A row of weight 0 is not there, even if it overflows: 0 · ∞ would be NaN.
            let weigh = |number: f64| if root > 0.0 { root * number } else { 0.0 };
            *residual = weigh(predicted.as_f64() - target(problem, row, output));
            let weighted = &mut weighted[index * count..][..count];
            weighted.iter_mut().zip(entries.row(index)).for_each(|(to, entry)| *to = weigh(*entry));
            // g += Gᵀ r
            for (g, entry) in gradient.iter_mut().zip(weighted) {
                *g += scale * *residual * *entry;
            }
        }
        // A += GᵀG
        let block = ArrayView2::from_shape((residuals.len(), count), weighted).expect("sized above");
        let mut normal = ArrayViewMut2::from_shape((count, count), &mut normal[..]).expect("sized by `new`");
        general_mat_mul(scale, &block.t(), &block, 1.0, &mut normal);
    }
    for weight in problem.layout().layers().iter().flat_map(LayerSpan::weights) {
        gradient[weight] += problem.l2() * parameters[weight].as_f64();
        normal[weight * count + weight] += problem.l2();
    }
}

fn target<F: Scalar>(problem: &Problem<'_, F>, row: usize, output: usize) -> f64 {
    match problem.targets() {
        Targets::Values(values) => values[[row, output]].as_f64(),
        _ => unreachable!("`ensure_suits` accepts only the mean squared error, whose targets are values"),
    }
}

/// Overwrites the step with d of (A + μ D) d = −g. Returns false if the matrix is not positive definite to
/// rounding.
fn solve<F: Scalar>(buffers: &mut LmBuffers<F>, damping: f64) -> bool {
    let LmBuffers { normal, factor, gradient, step, .. } = buffers;
    let count = gradient.len();
    factor.copy_from_slice(normal);
    let largest = (0..count).map(|i| normal[i * count + i]).fold(f64::MIN_POSITIVE, f64::max);
    for i in 0..count {
        factor[i * count + i] += damping * normal[i * count + i].max(FLOOR * largest);
    }
    if !factorise(factor, count) {
        return false;
    }
    step.iter_mut().zip(gradient).for_each(|(step, g)| *step = -*g);
    substitute(factor, step);
    step.iter().all(|step| step.is_finite())
}

/// Cholesky: overwrites the lower triangle of a symmetric matrix with L, where L Lᵀ is the matrix. Returns
/// false if the matrix is not positive definite to rounding. Above the triangle the numbers have no meaning
/// afterwards.
fn factorise(matrix: &mut [f64], count: usize) -> bool {
    for start in (0..count).step_by(COLUMNS) {
        let end = count.min(start + COLUMNS);
        let all = ArrayViewMut2::from_shape((count, count), &mut *matrix).expect("sized by `new`");
        // Rows from `start` on: the columns that are done, and those of this block.
        let (done, rest) = all.split_at(Axis(0), start).1.split_at(Axis(1), start);
        let mut block = rest.split_at(Axis(1), end - start).0;
        // Aᵢⱼ −= Σₖ Lᵢₖ Lⱼₖ over the columns k that are done
        let (upper, _) = done.view().split_at(Axis(0), end - start);
        general_mat_mul(-1.0, &done, &upper.t(), 1.0, &mut block);
        if !factorise_columns(matrix, count, start..end) {
            return false;
        }
    }
    true
}

/// The same for some columns, from which the products with the columns before them have been subtracted.
fn factorise_columns(matrix: &mut [f64], count: usize, columns: Range<usize>) -> bool {
    let start = columns.start;
    for i in start..count {
        let (above, row) = matrix.split_at_mut(i * count);
        let row = &mut row[columns.clone()];
        for j in start..columns.end.min(i + 1) {
            // Lᵢⱼ = (Aᵢⱼ − Σₖ Lᵢₖ Lⱼₖ) / Lⱼⱼ, start ≤ k < j
            let (before, rest) = row.split_at_mut(j - start);
            let other = if j < i { &above[j * count..][start..j] } else { &before[..] };
            let rest_of_entry = rest[0] - dot(before, other);
            if j < i {
                rest[0] = rest_of_entry / above[j * count + j];
            } else if rest_of_entry > 0.0 {
                rest[0] = rest_of_entry.sqrt();
            } else {
                return false;
            }
        }
    }
    true
}

/// Overwrites b with the solution x of L Lᵀ x = b.
fn substitute(factor: &[f64], b: &mut [f64]) {
    let count = b.len();
    for i in 0..count {
        let row = &factor[i * count..][..=i];
        b[i] = (b[i] - dot(&row[..i], &b[..i])) / row[i];
    }
    for i in (0..count).rev() {
        let row = &factor[i * count..][..=i];
        b[i] /= row[i];
        let (before, solved) = b.split_at_mut(i);
        before.iter_mut().zip(row).for_each(|(b, entry)| *b -= solved[0] * entry);
    }
}

#[cfg(test)]
mod tests {
    use ann_core::ndarray::{Array1, Array2, array};
    use ann_core::{Activation, Architecture};

    use super::*;
    use crate::{Accumulation, Objective};

    #[test]
    fn at_a_minimum_one_trial_is_enough() {
        // ŷ = w x + b and J = 0.05 at the minimum w = 1.4, b = 0.9. Any damping would only make the step
        // shorter.
        let architecture = Architecture::inputs(1).dense(1, Activation::Identity);
        let (x, y) = (array![[0.0], [1.0], [2.0], [3.0]], array![1.0, 2.0, 4.0, 5.0]);
        let problem = Problem::new(&architecture, Loss::MeanSquaredError, &x, &y).unwrap();
        let mut objective = Objective::new(&problem, Accumulation::Batched).unwrap();
        let mut buffers = LmBuffers::new(&problem).unwrap();
        let optimizer = LevenbergMarquardt::default();
        let mut memory = Optimizer::from(optimizer).memory(2);
        let mut theta = [1.4, 0.9];
        let (value, mut trials) = (objective.value(&theta).total(), 0);
        let found = optimizer.iterate(&problem, &mut memory, &mut theta, value, &mut buffers, |theta| {
            trials += 1;
            objective.value(theta)
        });
        assert_eq!((found, theta, trials), (None, [1.4, 0.9], 1));
        assert_eq!((memory.updates, memory.scalars), (0, vec![1e-3]));
    }

    #[test]
    fn a_matrix_of_several_blocks_is_factorised_and_solved() {
        // A = B Bᵀ + 1 with entries of size 10; 70 columns are two blocks and a part of one.
        const COUNT: usize = 2 * COLUMNS + 6;
        let b = Array2::from_shape_fn((COUNT, COUNT), |(i, j)| ((i * i + 3 * j * i + j) as f64).sin());
        let a = b.dot(&b.t()) + Array2::<f64>::eye(COUNT);
        let x: Vec<f64> = (0..COUNT).map(|i| (i as f64).cos()).collect();
        let mut solved = a.dot(&Array1::from(x.clone())).to_vec();
        let mut factor: Vec<f64> = a.iter().copied().collect();
        assert!(factorise(&mut factor, COUNT));
        substitute(&factor, &mut solved);
        for (found, expected) in solved.iter().zip(&x) {
            // A has a condition of some hundred, and sums have 70 terms: some 1e-13.
            assert!((found - expected).abs() < 1e-11, "{found} {expected}");
        }
        // A negative number on the diagonal of any block.
        for index in [0, COLUMNS, COUNT - 1] {
            let mut indefinite: Vec<f64> = a.iter().copied().collect();
            indefinite[index * COUNT + index] = -1.0;
            assert!(!factorise(&mut indefinite, COUNT), "{index}");
        }
    }
}
