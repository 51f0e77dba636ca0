//! A dataset: the features of each sample, and the target to be predicted from them.

use std::collections::{BTreeMap, BTreeSet};

use ann_table::Table;
use ndarray::{Array2, Axis};

use crate::{ClassLabel, Error, Result};

/// Samples in rows: features, and one target for each row.
///
/// `T` is `String` for class labels and `f64` for regression.
/// A dataset of your own may be written as a literal; `features` must then have one row for each target
/// and one column for each name.
#[derive(Clone, Debug, PartialEq)]
pub struct Dataset<T = String> {
    /// Shape (samples, features). Loaders accept only finite numbers.
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

impl Dataset<String> {
    /// The samples as a table: columns of numbers, and the targets as last column, of words.
    ///
    /// # Errors
    /// Two columns have the same name, or the numbers of rows or names do not fit together.
    pub fn to_table(&self) -> Result<Table, ann_table::Error> {
        self.table_with(ann_table::Column::of_words(&self.target_name, &self.targets))
    }
}

impl Dataset<f64> {
    /// The samples as a table: columns of numbers, the targets as last one.
    ///
    /// # Errors
    /// Two columns have the same name, or the numbers of rows or names do not fit together.
    pub fn to_table(&self) -> Result<Table, ann_table::Error> {
        self.table_with(ann_table::Column::of_numbers(&self.target_name, self.targets.iter().copied()))
    }
}

impl<T> Dataset<T> {
    fn table_with(&self, targets: ann_table::Column) -> Result<Table, ann_table::Error> {
        let features = self.feature_names.iter().zip(self.features.columns());
        let features = features.map(|(name, x)| ann_table::Column::of_numbers(name, x.iter().copied()));
        Table::from_columns(features.chain([targets]))
    }
}

impl<T: ClassLabel> Dataset<T> {
    /// The distinct targets, in order.
    ///
    /// Texts are sorted by their characters (`B` before `a`). If all of them are finite numbers, as `f64`
    /// reads them, they are sorted as numbers (`-1`, `0.5`, `2`, `10`). Other types are sorted by `Ord`. A
    /// label `NA` or `nan` is an ordinary text.
    pub fn classes(&self) -> Vec<T> {
        let distinct: BTreeSet<&T> = self.targets.iter().collect();
        let mut classes: Vec<T> = distinct.into_iter().cloned().collect();
        T::sort(&mut classes);
        classes
    }

    /// For each row, the position of its target in [`classes`](Self::classes).
    ///
    /// A part of a dataset may lack a class of the whole. Its classes are then numbered differently, so use
    /// [`class_indices_in`](Self::class_indices_in) for parts.
    pub fn class_indices(&self) -> Vec<usize> {
        let classes = self.classes();
        let positions = positions(&classes);
        self.targets.iter().map(|target| positions[target]).collect()
    }

    /// For each row, the position of its target in `classes`. Give the classes of the
    /// whole dataset for each of its parts.
    ///
    /// `classes` may be in any order. If it holds a class twice, the first position counts.
    ///
    /// ```
    /// use ann_datasets::iris;
    ///
    /// let whole = iris();
    /// let part = whole.select(&[140, 60]); // no setosa
    /// assert_eq!(part.class_indices(), [1, 0]);
    /// assert_eq!(part.class_indices_in(&whole.classes())?, [2, 1]);
    /// # Ok::<(), ann_datasets::Error>(())
    /// ```
    ///
    /// # Errors
    /// When a target is not in `classes`.
    pub fn class_indices_in(&self, classes: &[T]) -> Result<Vec<usize>> {
        let positions = positions(classes);
        let text = |class: &T| format!("{class:?}");
        let index = |(row, target)| match positions.get(target) {
            Some(&position) => Ok(position),
            None => Err(Error::UnknownClass {
                row,
                found: text(target),
                classes: classes.iter().map(text).collect(),
            }),
        };
        self.targets.iter().enumerate().map(index).collect()
    }
}

/// The first position of each class.
fn positions<T: Ord>(classes: &[T]) -> BTreeMap<&T, usize> {
    // A later entry replaces an earlier one, so the first position is inserted last.
    (0..classes.len()).rev().map(|position| (&classes[position], position)).collect()
}
