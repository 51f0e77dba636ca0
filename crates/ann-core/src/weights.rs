//! Weights of rows: how much each row counts in the mean loss.

use std::borrow::Cow;

use crate::{Error, Result, Scalar};

/// Factors on the weights of rows, one for each class.
///
/// Rare classes are often worth more than their rows: with `Balanced`, the rows of each class have the same
/// total weight.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum ClassWeights {
    /// No factors. The default.
    #[default]
    None,
    /// Σw / (K · W_c) for class c, where Σw is the weight of all rows, W_c the weight of the rows of this
    /// class, and K the number of classes whose rows have a weight above 0: scikit-learn's
    /// `class_weight="balanced"`. The weight of all rows stays the same, up to rounding.
    Balanced,
    /// One factor ≥ 0 for each output of the network.
    Given(Vec<f64>),
}

/// Checked weights: one for each row, each of them 0 or a normal number.
#[derive(Clone, Debug)]
pub(crate) struct RowWeights<'a, F> {
    weights: Storage<'a, F>,
    /// Σₙ wₙ, in the order of the rows.
    pub total: f64,
    /// Whether a row has the weight 0.
    pub has_zeros: bool,
}

/// As `Cow`, but without a bound on `F`.
#[derive(Clone, Debug)]
enum Storage<'a, F> {
    Borrowed(&'a [F]),
    Owned(Vec<F>),
}

impl<'a, F: Scalar> RowWeights<'a, F> {
    /// The weights of `rows` rows.
    pub fn new(weights: Cow<'a, [F]>, rows: usize) -> Result<Self> {
        if weights.len() != rows {
            return Err(Error::WeightCount { expected: rows, found: weights.len() });
        }
        // Subnormal weights are refused: the reciprocal of their sum would be infinite.
        let is_weight = |weight: &F| *weight == F::zero() || *weight > F::zero() && weight.is_normal();
        if let Some(row) = weights.iter().position(|weight| !is_weight(weight)) {
            return Err(Error::InvalidWeight { row, value: weights[row].as_f64() });
        }
        let total = weights.iter().map(|weight| weight.as_f64()).sum();
        if total == 0.0 {
            return Err(Error::NoWeight);
        }
        if !F::of(total).is_finite() {
            return Err(Error::TotalWeight { value: total });
        }
        let has_zeros = weights.contains(&F::zero());
        let weights = match weights {
            Cow::Borrowed(weights) => Storage::Borrowed(weights),
            Cow::Owned(weights) => Storage::Owned(weights),
        };
        Ok(Self { weights, total, has_zeros })
    }

    /// The weights `before` (all 1 if `None`) times the factors of the rows' classes, which are below
    /// `outputs`. `None` if there are no factors and no weights before.
    pub fn with_classes(
        before: Option<Self>,
        factors: &ClassWeights,
        classes: &[usize],
        outputs: usize,
    ) -> Result<Option<Self>> {
        let of_row = |row: usize| before.as_ref().map_or(1.0, |weights| weights.all()[row].as_f64());
        let factors = match factors {
            ClassWeights::None => return Ok(before),
            ClassWeights::Balanced => &balanced(classes, of_row, outputs),
            ClassWeights::Given(factors) => checked(factors, outputs)?,
        };
        let weight = |(row, &class): (usize, &usize)| F::of(of_row(row) * factors[class]);
        let weights: Vec<F> = classes.iter().enumerate().map(weight).collect();
        Self::new(weights.into(), classes.len()).map(Some)
    }

    /// The weight of each row.
    pub fn all(&self) -> &[F] {
        match &self.weights {
            Storage::Borrowed(weights) => weights,
            Storage::Owned(weights) => weights,
        }
    }
}

/// Σw / (K · W_c) for each class; 0 for a class whose rows have no weight.
fn balanced(classes: &[usize], of_row: impl Fn(usize) -> f64, outputs: usize) -> Vec<f64> {
    let mut of_class = vec![0.0; outputs];
    classes.iter().enumerate().for_each(|(row, &class)| of_class[class] += of_row(row));
    let total: f64 = of_class.iter().sum();
    let present = of_class.iter().filter(|&&weight| weight > 0.0).count() as f64;
    let factor = |weight: f64| if weight > 0.0 { total / (present * weight) } else { 0.0 };
    of_class.into_iter().map(factor).collect()
}

/// The factors, if there is one for each output and each of them is finite and ≥ 0.
fn checked(factors: &[f64], outputs: usize) -> Result<&[f64]> {
    if factors.len() != outputs {
        return Err(Error::ClassWeightCount { expected: outputs, found: factors.len() });
    }
    match factors.iter().position(|factor| !(factor.is_finite() && *factor >= 0.0)) {
        Some(class) => Err(Error::InvalidClassWeight { class, value: factors[class] }),
        None => Ok(factors),
    }
}
