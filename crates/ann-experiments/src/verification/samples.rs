//! Data with its classes as indices and as numbers: for classification and regression.

use std::fmt::{self, Display};

use ann_core::ndarray::{Array1, Array2, Axis};
use ann_core::{Activation, Architecture, Loss, Problem};
use ann_datasets::Dataset;

use super::HIDDEN;

/// A dataset for both tasks.
#[derive(Clone, Debug)]
pub struct Samples {
    /// Name of the dataset.
    pub name: String,
    features: Array2<f64>,
    classes: Vec<usize>,
    values: Array1<f64>,
}

/// What the network is to learn from the classes of a dataset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Task {
    /// One output for each class, softmax and cross-entropy.
    Classification,
    /// One output, the class index as a number, mean squared error.
    Regression,
}

impl Samples {
    /// The rows of `data`, with this name.
    pub fn new(name: impl Into<String>, data: Dataset) -> Self {
        let classes = data.class_indices();
        let values = classes.iter().map(|&class| class as f64).collect();
        Self { name: name.into(), features: data.features, classes, values }
    }

    /// At most `count` rows at equal distances, from the first on.
    ///
    /// # Panics
    /// When `count` is 0.
    #[must_use]
    pub fn thinned(&self, count: usize) -> Self {
        let rows: Vec<usize> = (0..self.classes.len()).step_by(self.classes.len().div_ceil(count)).collect();
        Self {
            name: self.name.clone(),
            features: self.features.select(Axis(0), &rows),
            classes: rows.iter().map(|&row| self.classes[row]).collect(),
            values: self.values.select(Axis(0), &rows),
        }
    }

    /// The report's six hidden layers between this data and the task.
    pub fn architecture(&self, activation: &Activation, task: Task) -> Architecture {
        let classes = self.classes.iter().max().map_or(1, |last| last + 1);
        Architecture::inputs(self.features.ncols())
            .with_layers(activation.clone().layers(HIDDEN))
            .dense(if task == Task::Classification { classes } else { 1 }, Activation::Identity)
    }

    /// The problem of fitting this data.
    ///
    /// # Errors
    /// The data does not fit the architecture.
    pub fn problem<'a>(
        &'a self,
        architecture: &'a Architecture,
        task: Task,
    ) -> ann_core::Result<Problem<'a>> {
        match task {
            Task::Classification => {
                Problem::new(architecture, Loss::SoftmaxCrossEntropy, &self.features, &self.classes)
            }
            Task::Regression => {
                Problem::new(architecture, Loss::MeanSquaredError, &self.features, &self.values)
            }
        }
    }
}

impl Display for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Classification => "classification",
            Self::Regression => "regression",
        })
    }
}
