//! The rows of a table as networks learn them.

use ann_core::{Network, Problem, Scalar, Targets};
use ann_table::{Table, Target, TargetValues};
use ndarray::{Array2, Axis};

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

impl Model {
    /// Calls `visit` with each of these networks, which are those of the model, and with what it learns from
    /// the rows of a table: inputs, targets and loss, without weights and penalties. Returns what `visit` has
    /// returned for each.
    ///
    /// # Errors
    /// The table lacks a column, a target is missing, or a class is unknown.
    ///
    /// # Panics
    /// When a network has more inputs than the schema makes.
    pub fn learned_problems<F: Scalar, T>(
        &self,
        networks: &[Network<F>],
        table: &Table,
        mut visit: impl FnMut(&Network<F>, &Problem<'_, F>) -> T,
    ) -> Result<Vec<T>> {
        let inputs = self.schema().features::<F>(table)?;
        let targets = self.learned_targets(table)?;
        let visited = networks.iter().map(|network| {
            let architecture = network.architecture();
            let x = inputs.slice_axis(Axis(1), (..architecture.input_width()).into());
            let problem = Problem::new(architecture, self.loss().clone(), &x, targets.targets())?;
            Ok(visit(network, &problem))
        });
        visited.collect()
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
