//! A dataset: what is known of each sample, and what is to be predicted.

use ndarray::{Array2, Axis};

/// Samples in rows: features, and one target for each row.
///
/// `T` is `String` for class labels and `f64` for regression.
/// A dataset of your own may be written as a literal; `features` must then have one row for each target
/// and one column for each name.
#[derive(Clone, Debug, PartialEq)]
pub struct Dataset<T = String> {
    /// Shape (samples, features). Loaders let only finite numbers in.
    pub features: Array2<f64>,
    /// One for each row of `features`.
    pub targets: Vec<T>,
    /// One for each column of `features`.
    pub feature_names: Vec<String>,
    /// The name of the column that `targets` came from.
    pub target_name: String,
}

impl<T> Dataset<T> {
    /// The number of samples.
    pub fn len(&self) -> usize {
        self.targets.len()
    }

    /// True when there is no sample. Loaders never return such a dataset.
    pub fn is_empty(&self) -> bool {
        self.targets.is_empty()
    }
}

impl<T: Clone> Dataset<T> {
    /// The samples at `rows` (zero-based), in that order. A row may be named more than once.
    ///
    /// # Panics
    /// When a row is not below [`len`](Self::len), as with any index.
    #[must_use]
    pub fn select(&self, rows: &[usize]) -> Self {
        Self {
            features: self.features.select(Axis(0), rows),
            targets: rows.iter().map(|&row| self.targets[row].clone()).collect(),
            feature_names: self.feature_names.clone(),
            target_name: self.target_name.clone(),
        }
    }
}

impl<T: Ord + Clone> Dataset<T> {
    /// The distinct targets, sorted.
    pub fn classes(&self) -> Vec<T> {
        let mut classes = self.targets.clone();
        classes.sort();
        classes.dedup();
        classes
    }

    /// For each row the position of its target in [`classes`](Self::classes).
    pub fn class_indices(&self) -> Vec<usize> {
        let classes = self.classes();
        let index = |target| classes.partition_point(|class| class < target);
        self.targets.iter().map(index).collect()
    }
}
