//! A problem: *what* is minimised, as plain data. `ann-train` decides *how*.

use std::borrow::Cow;

use ndarray::{Array1, Array2, ArrayRef2, ArrayView1, ArrayView2, Axis, CowArray, Ix2, Slice};

use crate::column::TILE;
use crate::features::{FeatureSource, Features};
use crate::vector::all_finite;
use crate::weights::RowWeights;
use crate::{Architecture, ClassWeights, Error, Layout, Loss, Result, Scalar, TargetKind};

/// J(θ) = Σₙ wₙ ℓ(network(xₙ; θ), yₙ) / Σₙ wₙ + λ Σₖ ‖W⁽ᵏ⁾‖²: architecture, loss, λ, rows, targets and
/// weights, checked against each other. Without weights, each row has the weight 1 and Σₙ wₙ = N.
///
/// ```
/// use ann_core::{Activation, Architecture, Loss, Problem, ndarray::array};
///
/// let architecture = Architecture::inputs(2).dense(2, Activation::Identity);
/// let x = array![[0.0, 0.0], [0.0, 1.0]];
/// let problem = Problem::new(&architecture, Loss::SoftmaxCrossEntropy, &x, &[0, 1])?.with_l2(0.01)?;
/// assert_eq!(problem.rows(), 2);
/// # Ok::<(), ann_core::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Problem<'a, F = f64> {
    architecture: &'a Architecture,
    layout: Layout,
    loss: Loss,
    l2: f64,
    /// Where the rows come from, and their numbers there. `None`: all of them, in their order.
    source: Features<'a, F>,
    selection: Option<&'a [usize]>,
    targets: Targets<'a, F>,
    weights: Option<RowWeights<'a, F>>,
}

/// The targets of all rows: a class for each row, or a value for each row and target column.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Targets<'a, F = f64> {
    /// Class indices, from 0 to outputs − 1.
    Classes(&'a [usize]),
    /// Values (n, target columns): one column for each output, see [`Loss::target_columns`].
    Values(ArrayView2<'a, F>),
}

impl<'a, F: Scalar> Problem<'a, F> {
    /// A problem without penalty (λ = 0) and without weights. `loss` may be a [`Loss`] or any type with
    /// [`LossFn`](crate::LossFn). `features` is (n, inputs). Classes are `&[usize]` or `&Vec<usize>`; values
    /// are `&[F]`, `&Vec<F>` or `&Array1` (one column), or `&Array2` (n, target columns).
    ///
    /// # Errors
    /// The architecture is invalid; a setting of the loss is out of range; there are no rows; features or
    /// targets have the wrong shape or kind, or contain a NaN or infinity; a class index is not below the
    /// number of outputs; a target value is out of the range of the loss.
    pub fn new(
        architecture: &'a Architecture,
        loss: impl Into<Loss>,
        features: &'a ArrayRef2<F>,
        targets: impl Into<Targets<'a, F>>,
    ) -> Result<Self> {
        let features = Features::Matrix(features.view());
        Self::checked(architecture, loss.into(), features, None, targets.into())
    }

    /// As [`new`](Self::new), for some rows of a matrix: row i of the problem is row `selection[i]` of
    /// `matrix`, and `targets` are those of the selected rows. A row may be selected more than once. The
    /// features are not copied, so several problems can share one matrix.
    ///
    /// ```
    /// use ann_core::{Activation, Architecture, Loss, Problem, ndarray::array};
    ///
    /// let architecture = Architecture::inputs(1).dense(1, Activation::Identity);
    /// let (x, y) = (array![[0.0], [1.0], [2.0], [3.0]], array![9.0, 1.0]);
    /// let problem = Problem::of_rows(&architecture, Loss::MeanSquaredError, &x, &[3, 1], &y)?;
    /// assert_eq!(problem.features(), array![[3.0], [1.0]]);
    /// # Ok::<(), ann_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`new`](Self::new).
    ///
    /// # Panics
    /// When the matrix does not have one of the rows.
    pub fn of_rows(
        architecture: &'a Architecture,
        loss: impl Into<Loss>,
        matrix: &'a ArrayRef2<F>,
        selection: &'a [usize],
        targets: impl Into<Targets<'a, F>>,
    ) -> Result<Self> {
        let features = Features::Matrix(matrix.view());
        Self::checked(architecture, loss.into(), features, Some(selection), targets.into())
    }

    /// As [`of_rows`](Self::of_rows), for rows that are made when they are needed instead of a matrix: so a
    /// problem may have more features than memory. Sums over the same numbers have the same bits.
    ///
    /// ```
    /// use ann_core::{Activation, Architecture, FeatureSource, Loss, Problem, ndarray::array};
    ///
    /// /// xₙ = (n, n²)
    /// #[derive(Debug)]
    /// struct Powers;
    /// impl FeatureSource<f64> for Powers {
    ///     fn rows(&self) -> usize { 100 }
    ///     fn width(&self) -> usize { 2 }
    ///     fn copy_rows(&self, rows: &[usize], features: &mut [f64]) {
    ///         for (features, &row) in features.chunks_exact_mut(2).zip(rows) {
    ///             features.copy_from_slice(&[row as f64, (row * row) as f64]);
    ///         }
    ///     }
    /// }
    ///
    /// let architecture = Architecture::inputs(2).dense(1, Activation::Identity);
    /// let y = array![9.0, 1.0];
    /// let problem = Problem::of_source(&architecture, Loss::MeanSquaredError, &Powers, &[3, 1], &y)?;
    /// assert_eq!(problem.features(), array![[3.0, 9.0], [1.0, 1.0]]);
    /// # Ok::<(), ann_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`new`](Self::new); each selected row is made once to check its numbers.
    ///
    /// # Panics
    /// When the source does not have one of the rows.
    pub fn of_source(
        architecture: &'a Architecture,
        loss: impl Into<Loss>,
        source: &'a dyn FeatureSource<F>,
        selection: &'a [usize],
        targets: impl Into<Targets<'a, F>>,
    ) -> Result<Self> {
        let features = Features::Source(source);
        Self::checked(architecture, loss.into(), features, Some(selection), targets.into())
    }

    fn checked(
        architecture: &'a Architecture,
        loss: Loss,
        source: Features<'a, F>,
        selection: Option<&'a [usize]>,
        targets: Targets<'a, F>,
    ) -> Result<Self> {
        if let Some(row) = selection.into_iter().flatten().find(|&&row| row >= source.rows()) {
            panic!("there is no row {row}: the features have {}", source.rows());
        }
        let layout = architecture.layout()?;
        loss.check_settings()?;
        let rows = selection.map_or(source.rows(), <[usize]>::len);
        if rows == 0 {
            return Err(Error::NoSamples);
        }
        let (expected, found) = (architecture.input_width(), source.width());
        if found != expected {
            return Err(Error::WidthMismatch { expected, found });
        }
        if targets.len() != rows {
            return Err(Error::RowMismatch { features: rows, targets: targets.len() });
        }
        check_features(&source, selection)?;
        targets.check(&loss, architecture.output_width())?;
        Ok(Self { architecture, layout, loss, l2: 0.0, source, selection, targets, weights: None })
    }

    /// The same problem with the penalty λ Σ‖W‖² on weights, never on biases.
    ///
    /// # Errors
    /// λ is negative, NaN or infinite, or 2λ is too large for the precision of the features.
    pub fn with_l2(self, l2: f64) -> Result<Self> {
        let expected = match l2.is_finite() && l2 >= 0.0 {
            true if F::of(2.0 * l2).is_finite() => return Ok(Self { l2, ..self }),
            true => "at most half the largest number of the features' precision",
            false => "a finite number ≥ 0",
        };
        Err(Error::InvalidSetting { name: "l2 (λ)", value: l2, expected })
    }

    /// The same problem with a weight wₙ ≥ 0 for each row, in place of all weights before. A slice or a
    /// vector.
    ///
    /// A row of weight k counts as k equal rows, and a row of weight 0 as a row that is not there: no kernel
    /// computes it, so its loss may even be infinite. Only ratios of weights matter.
    ///
    /// ```
    /// use ann_core::{Activation, Architecture, Loss, Problem, ndarray::array};
    ///
    /// let architecture = Architecture::inputs(1).dense(1, Activation::Identity);
    /// let (x, y) = (array![[0.0], [1.0], [2.0]], array![0.0, 1.0, 4.0]);
    /// let problem = Problem::new(&architecture, Loss::MeanSquaredError, &x, &y)?;
    /// let problem = problem.with_weights(&[1.0, 2.5, 0.0])?;
    /// assert_eq!(problem.total_weight(), 3.5);
    /// # Ok::<(), ann_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// The number of weights is not that of the rows; a weight is negative, NaN, infinite or so small that it
    /// is subnormal; all weights are 0; their sum overflows in the precision of the features.
    pub fn with_weights(self, weights: impl Into<Cow<'a, [F]>>) -> Result<Self> {
        let weights = RowWeights::new(weights.into(), self.rows())?;
        Ok(Self { weights: Some(weights), ..self })
    }

    /// The same problem with each row's weight multiplied by the weight of its class. So
    /// [`with_weights`](Self::with_weights) comes first if both are used.
    ///
    /// # Errors
    /// The targets are values; the number of given weights is not that of the outputs, or one of them is
    /// negative, NaN or infinite; the products are not valid as weights of rows.
    pub fn with_class_weights(self, weights: &ClassWeights) -> Result<Self> {
        let Targets::Classes(classes) = self.targets else {
            return Err(Error::ClassWeightsOfValues { loss: self.loss.to_string() });
        };
        let outputs = self.architecture.output_width();
        let weights = RowWeights::with_classes(self.weights, weights, classes, outputs)?;
        Ok(Self { weights, ..self })
    }

    /// The network's shape.
    pub fn architecture(&self) -> &'a Architecture {
        self.architecture
    }

    /// The position of each layer in θ.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// ℓ.
    pub fn loss(&self) -> &Loss {
        &self.loss
    }

    /// λ.
    pub fn l2(&self) -> f64 {
        self.l2
    }

    /// x, (n, inputs): a copy of the rows, unless the problem is one of [all rows of a matrix](Self::new).
    pub fn features(&self) -> CowArray<'a, F, Ix2> {
        match (&self.source, self.selection) {
            (Features::Matrix(matrix), None) => (*matrix).into(),
            _ => self.features_of(0..self.rows()).into(),
        }
    }

    /// A copy of x of some rows: (rows.len(), inputs).
    ///
    /// # Panics
    /// When there is no such row.
    pub fn features_of(&self, rows: impl ExactSizeIterator<Item = usize> + Clone) -> Array2<F> {
        self.source.select(self.rows_of_source(rows))
    }

    /// Where the rows come from, perhaps among others.
    pub(crate) fn source(&self) -> &Features<'a, F> {
        &self.source
    }

    /// Where these rows are in the source.
    pub(crate) fn rows_of_source(
        &self,
        rows: impl ExactSizeIterator<Item = usize> + Clone,
    ) -> impl ExactSizeIterator<Item = usize> + Clone {
        rows.map(|row| self.row_of_source(row))
    }

    fn row_of_source(&self, row: usize) -> usize {
        self.selection.map_or(row, |selection| selection[row])
    }

    /// y, one for each row of the features.
    pub fn targets(&self) -> Targets<'a, F> {
        self.targets
    }

    /// wₙ of each row, if the problem has weights: those of the rows times those of their classes.
    pub fn weights(&self) -> Option<&[F]> {
        self.weights.as_ref().map(RowWeights::all)
    }

    /// Σₙ wₙ: the number of rows if the problem has no weights.
    pub fn total_weight(&self) -> f64 {
        self.weights.as_ref().map_or(self.rows() as f64, |weights| weights.total)
    }

    /// The weights, if a row has the weight 0.
    pub(crate) fn weights_with_zeros(&self) -> Option<&[F]> {
        self.weights.as_ref().filter(|weights| weights.has_zeros).map(RowWeights::all)
    }

    /// N, the number of samples, including those of weight 0.
    pub fn rows(&self) -> usize {
        self.targets.len()
    }
}

impl<F: Scalar> Targets<'_, F> {
    /// The same targets, borrowed for a shorter time.
    pub fn reborrow(&self) -> Targets<'_, F> {
        match self {
            Self::Classes(classes) => Targets::Classes(classes),
            Self::Values(values) => Targets::Values(values.view()),
        }
    }

    /// Classes or values.
    pub fn kind(&self) -> TargetKind {
        match self {
            Self::Classes(_) => TargetKind::Classes,
            Self::Values(_) => TargetKind::Values,
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::Classes(classes) => classes.len(),
            Self::Values(values) => values.nrows(),
        }
    }

    fn check(&self, loss: &Loss, outputs: usize) -> Result<()> {
        let (expected, found) = (loss.targets(), self.kind());
        if found != expected {
            return Err(Error::TargetKind { loss: loss.to_string(), expected, found });
        }
        match self {
            Self::Classes(classes) => {
                match classes.iter().enumerate().find(|&(_, &class)| class >= outputs) {
                    Some((row, &found)) => Err(Error::ClassOutOfRange { row, found, classes: outputs }),
                    None => Ok(()),
                }
            }
            Self::Values(values) => {
                check_width(loss, outputs, values.ncols())?;
                check_finite("targets", 0, values)?;
                loss.check_values(values)
            }
        }
    }
}

/// Whether `found` is the number of target columns that the loss needs for this number of outputs.
fn check_width(loss: &Loss, outputs: usize, found: usize) -> Result<()> {
    let expected = loss.target_columns(outputs)?;
    match loss {
        _ if found == expected => Ok(()),
        Loss::Quantile { levels } => {
            Err(Error::QuantileTargetWidth { expected, found, outputs, levels: levels.len() })
        }
        _ => Err(Error::TargetWidth { expected, found }),
    }
}

impl<'a, F> From<&'a [usize]> for Targets<'a, F> {
    fn from(classes: &'a [usize]) -> Self {
        Self::Classes(classes)
    }
}

impl<'a, F, const N: usize> From<&'a [usize; N]> for Targets<'a, F> {
    fn from(classes: &'a [usize; N]) -> Self {
        Self::Classes(classes)
    }
}

impl<'a, F> From<&'a Vec<usize>> for Targets<'a, F> {
    fn from(classes: &'a Vec<usize>) -> Self {
        Self::Classes(classes)
    }
}

impl<'a, F: Scalar> From<&'a [F]> for Targets<'a, F> {
    fn from(values: &'a [F]) -> Self {
        Self::Values(ArrayView1::from(values).insert_axis(Axis(1)))
    }
}

impl<'a, F: Scalar> From<&'a Vec<F>> for Targets<'a, F> {
    fn from(values: &'a Vec<F>) -> Self {
        Self::from(values.as_slice())
    }
}

impl<'a, F> From<&'a Array1<F>> for Targets<'a, F> {
    fn from(values: &'a Array1<F>) -> Self {
        Self::Values(values.view().insert_axis(Axis(1)))
    }
}

impl<'a, F> From<&'a Array2<F>> for Targets<'a, F> {
    fn from(values: &'a Array2<F>) -> Self {
        Self::Values(values.view())
    }
}

impl<'a, F> From<ArrayView2<'a, F>> for Targets<'a, F> {
    fn from(values: ArrayView2<'a, F>) -> Self {
        Self::Values(values)
    }
}

/// Looks for a NaN or an infinity among the features of a problem.
fn check_features<F: Scalar>(source: &Features<'_, F>, selection: Option<&[usize]>) -> Result<()> {
    match (source, selection) {
        (Features::Matrix(matrix), None) => check_finite("features", 0, matrix),
        (Features::Matrix(matrix), Some(selection)) => {
            selection.iter().enumerate().try_for_each(|(row, &selected)| {
                let features = matrix.slice_axis(Axis(0), Slice::from(selected..=selected));
                check_finite("features", row, &features)
            })
        }
        (Features::Source(_), selection) => {
            let rows = selection.map_or(source.rows(), <[usize]>::len);
            (0..rows).step_by(TILE).try_for_each(|first| {
                let block = first..rows.min(first + TILE);
                let selected = block.map(|row| selection.map_or(row, |selection| selection[row]));
                check_finite("features", first, &source.select(selected))
            })
        }
    }
}

/// Returns an error with the position of the first NaN or infinity. `first` is the number of the first row of
/// `values`.
pub(crate) fn check_finite<F: Scalar>(what: &'static str, first: usize, values: &ArrayRef2<F>) -> Result<()> {
    match first_infinite(values) {
        Some(((row, column), value)) => {
            Err(Error::NonFinite { what, row: first + row, column, value: value.as_f64() })
        }
        None => Ok(()),
    }
}

/// The position and value of the first NaN or infinity.
pub(crate) fn first_infinite<F: Scalar>(values: &ArrayRef2<F>) -> Option<((usize, usize), F)> {
    let is_finite = match values.as_slice_memory_order() {
        Some(numbers) => all_finite(numbers),
        None => values.rows().into_iter().all(|row| row.iter().all(|value| value.is_finite())),
    };
    if is_finite {
        return None;
    }
    values.indexed_iter().map(|(at, &value)| (at, value)).find(|(_, value)| !value.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Activation;

    #[test]
    fn a_problem_is_what_it_was_made_of() {
        let architecture = Architecture::inputs(2).dense(3, Activation::Identity);
        let (x, classes) = (Array2::from_elem((7, 2), 0.5), [2; 7]);
        let problem = Problem::new(&architecture, Loss::SoftmaxCrossEntropy, &x, &classes).unwrap();
        assert_eq!(problem.l2(), 0.0);
        let problem = problem.with_l2(0.25).unwrap();
        assert_eq!((problem.rows(), problem.l2()), (7, 0.25));
        assert_eq!((problem.architecture(), problem.loss()), (&architecture, &Loss::SoftmaxCrossEntropy));
        assert_eq!(problem.features(), x);
        assert!(matches!(problem.targets(), Targets::Classes(found) if found == classes));
    }
}
