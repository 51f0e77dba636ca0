//! The targets of rows as networks learn them.

use ann_core::{Scalar, Targets};
use ann_table::{Table, Target, TargetValues};
use ndarray::Array2;

use crate::{Model, Result};

/// The targets of rows as the networks of a model learn them.
#[derive(Clone, Debug, PartialEq)]
pub enum LearnedTargets<F> {
    /// The position of the class of each row.
    Classes(Vec<usize>),
    /// Numbers in standard deviations from their mean, unless the loss is one of counts; labels as 0 and 1.
    /// Shape (rows, numbers or labels).
    Values(Array2<F>),
}

impl Model {
    /// The targets of the rows of a table as the networks learn them.
    ///
    /// # Errors
    /// The table lacks a target, a target is missing, or a class is unknown.
    pub fn learned_targets<F: Scalar>(&self, table: &Table) -> Result<LearnedTargets<F>> {
        let schema = self.schema();
        Ok(match (schema.targets(table)?, &schema.target) {
            (TargetValues::Classes(classes), _) => LearnedTargets::Classes(classes),
            (TargetValues::Numbers(numbers), Target::Numbers(columns)) if self.has_scaled_targets() => {
                LearnedTargets::Values(Array2::from_shape_fn(numbers.raw_dim(), |(row, column)| {
                    F::of(columns[column].standardized(numbers[[row, column]]))
                }))
            }
            (TargetValues::Numbers(numbers), _) => LearnedTargets::Values(numbers.mapv(F::of)),
            (TargetValues::Labels(labels), _) => {
                LearnedTargets::Values(labels.mapv(|is_present| F::of(f64::from(u8::from(is_present)))))
            }
        })
    }
}

impl<F: Scalar> LearnedTargets<F> {
    /// As a problem takes them.
    pub fn targets(&self) -> Targets<'_, F> {
        match self {
            Self::Classes(classes) => Targets::Classes(classes),
            Self::Values(values) => Targets::Values(values.view()),
        }
    }
}
