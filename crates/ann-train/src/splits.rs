//! Folds for cross-validation: every row is in the test set of one fold, and in the training sets of the
//! others.
//!
//! ```
//! use ann_train::splits::{KFold, Split};
//! use ann_train::{Regressor, ndarray::{Array2, Axis}};
//!
//! let x = Array2::from_shape_fn((12, 1), |(row, _)| row as f64 / 12.0);
//! let y: Vec<f64> = x.iter().map(|x| 2.0 * x - 1.0).collect();
//!
//! let mut scores = vec![];
//! for Split { train, test } in (KFold { folds: 4, ..KFold::default() }).split(x.nrows())? {
//!     let targets = |rows: &[usize]| rows.iter().map(|&row| y[row]).collect::<Vec<f64>>();
//!     let line = Regressor { hidden: vec![], ..Regressor::default() };
//!     let fitted = line.fit(&x.select(Axis(0), &train), &targets(&train))?;
//!     scores.push(fitted.score(&x.select(Axis(0), &test), &targets(&test))?);
//! }
//! assert_eq!(scores.len(), 4);
//! assert!(scores.iter().all(|r_squared| *r_squared > 0.99));
//! # Ok::<(), ann_train::Error>(())
//! ```
//!
//! Which method:
//!
//! - [`KFold::split`] for values to predict;
//! - [`KFold::stratified`] for classes: each fold has the classes in the same proportion as the whole;
//! - [`KFold::grouped`] if rows belong together, for instance several measurements of one patient. Otherwise
//!   the network could recognise the patient, and the score would be too good.
//!
//! Whatever is learned from data, as the mean and standard deviation of a standardisation, must be learned
//! from the training rows of each fold alone.

use std::collections::BTreeMap;
use std::fmt::Debug;

use ann_core::memory::{bytes_of, ensure_available};
use ann_core::{ChaCha8Rng, Error as CoreError, seeded};
use rand::seq::SliceRandom;

use crate::optimizer::check;
use crate::{Error, Result};

/// Settings of a cross-validation. Its methods return one [`Split`] for each fold of each repetition.
///
/// The same seed gives the same folds on every platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct KFold {
    /// Number of folds, from 2 to the number of rows (then each test set is one row). Default 5.
    pub folds: usize,
    /// How often all rows are divided into folds, each time differently; at least 1. More repetitions make
    /// the mean of the scores less dependent on chance. Default 1.
    pub repetitions: usize,
    /// Seed of the shuffles. Default 0.
    pub seed: u64,
}

impl Default for KFold {
    fn default() -> Self {
        Self { folds: 5, repetitions: 1, seed: 0 }
    }
}

/// The rows to train on and the rows to test on. Each row is in one of both, and both are ascending.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Split {
    /// Rows to train on.
    pub train: Vec<usize>,
    /// Rows to test on.
    pub test: Vec<usize>,
}

impl KFold {
    /// Divides `rows` rows at random. The sizes of the test sets differ by at most 1.
    ///
    /// # Errors
    /// No rows; fewer than 2 folds or more than rows; 0 repetitions; or the system cannot provide the memory.
    pub fn split(self, rows: usize) -> Result<impl Iterator<Item = Split>> {
        self.check(rows, || "rows".into())?;
        let one_class = vec![0; rows];
        Ok(self.splits(move |rng| deal(&one_class, self.folds, rng)))
    }

    /// Divides rows so that each test set has its share of each class, rounded down or up. The sizes of the
    /// test sets differ by at most 1. There is one label for each row.
    ///
    /// A class with fewer rows than there are folds is in the test sets of as many folds as it has rows.
    ///
    /// ```
    /// use ann_train::splits::KFold;
    ///
    /// let labels = ["a", "a", "a", "b", "a", "b", "a", "a", "b"]; // six "a", three "b"
    /// for split in (KFold { folds: 3, repetitions: 10, seed: 1 }).stratified(&labels)? {
    ///     assert_eq!(split.test.iter().filter(|&&row| labels[row] == "b").count(), 1);
    ///     assert_eq!((split.test.len(), split.train.len()), (3, 6));
    /// }
    /// # Ok::<(), ann_train::Error>(())
    /// ```
    ///
    /// For a single set of test rows, take the first split: `KFold::default().stratified(&labels)?.next()`.
    ///
    /// # Errors
    /// As [`split`](Self::split); more folds than the largest class has rows.
    pub fn stratified<L: Ord + Debug>(self, labels: &[L]) -> Result<impl Iterator<Item = Split> + use<L>> {
        self.check(labels.len(), || "rows".into())?;
        let (classes, sizes) = numbered(labels);
        if let Some((label, size)) = sizes.iter().max_by_key(|(_, size)| size) {
            self.check(*size, || format!("rows of {label:?}, the largest class"))?;
        }
        Ok(self.splits(move |rng| deal(&classes, self.folds, rng)))
    }

    /// Divides groups of rows: all rows of a group are in one test set. There is one group for each row.
    ///
    /// The sizes of the test sets differ by at most the size of the largest group, and usually by much less:
    /// large groups come first, and each goes to the fold that has the fewest rows (Graham, "Bounds on
    /// Multiprocessing Timing Anomalies", 1969).
    ///
    /// # Errors
    /// As [`split`](Self::split); more folds than there are groups.
    pub fn grouped<G: Ord>(self, groups: &[G]) -> Result<impl Iterator<Item = Split> + use<G>> {
        self.check(groups.len(), || "rows".into())?;
        let (groups, sizes) = numbered(groups);
        self.check(sizes.len(), || "groups".into())?;
        let sizes: Vec<usize> = sizes.iter().map(|(_, size)| *size).collect();
        Ok(self.splits(move |rng| {
            let fold_of_group = pack(&sizes, self.folds, rng);
            groups.iter().map(|&group| fold_of_group[group]).collect()
        }))
    }

    /// `most` is the largest possible number of folds, the number of `what`.
    fn check(self, most: usize, what: impl Fn() -> String) -> Result<()> {
        if most == 0 {
            return Err(CoreError::NoSamples.into());
        }
        if self.repetitions == 0 {
            return Err(Error::TooFew { name: "repetitions", found: 0, least: 1 });
        }
        if self.folds < 2 || self.folds > most {
            return Err(Error::FoldCount { found: self.folds, most, what: what() });
        }
        // Four vectors have an entry for each row: classes, folds, training and test rows.
        Ok(ensure_available("the folds", bytes_of::<[usize; 4]>(most))?)
    }

    /// `fold_of_row` is called once for each repetition.
    fn splits(
        self,
        mut fold_of_row: impl FnMut(&mut ChaCha8Rng) -> Vec<usize>,
    ) -> impl Iterator<Item = Split> {
        let mut rng = seeded(self.seed);
        let mut folds = Vec::new();
        (0..self.repetitions).flat_map(move |_| 0..self.folds).map(move |fold| {
            if fold == 0 {
                folds = fold_of_row(&mut rng);
            }
            let (test, train) = (0..folds.len()).partition(|&row| folds[row] == fold);
            Split { train, test }
        })
    }
}

/// Holds out a share of the rows: of each class the same, rounded down or up so that the sum is right. There
/// is one label for each row; give equal labels if there are no classes. Both parts are ascending.
///
/// Never all rows of a class are held out, so a class of one row is none of the rows that are shared.
///
/// ```
/// use ann_train::splits::hold_out;
///
/// let split = hold_out(&["a", "a", "b", "a", "a", "b"], 0.5, 1)?;
/// assert_eq!((split.train.len(), split.test.len()), (3, 3));
/// # Ok::<(), ann_train::Error>(())
/// ```
///
/// # Errors
/// The share is not above 0 and below 1, or it is no row.
pub fn hold_out<L: Ord>(labels: &[L], share: f64, seed: u64) -> Result<Split> {
    check_share("share", share)?;
    let mut rng = seeded(seed);
    let mut is_tested = vec![false; labels.len()];
    let (urgent, shared) = by_urgency(labels, share, &mut rng);
    for row in urgent.into_iter().take((share * shared as f64).round() as usize) {
        is_tested[row] = true;
    }
    let (test, train): (Vec<usize>, Vec<usize>) = (0..labels.len()).partition(|&row| is_tested[row]);
    match test.is_empty() {
        true => Err(Error::NoValidationRows { share, rows: labels.len() }),
        false => Ok(Split { train, test }),
    }
}

/// The rows that may be held out, the most urgent first; and the number of rows in classes of several rows.
///
/// Row k (from 0) of a class of n rows, in random order, has the urgency n · share − k: the share of its
/// class minus the number of rows before it. An urgency of 1 or more is within the share rounded down, an
/// urgency between 0 and 1 is the remainder. So this is the method of largest remainders; chance decides
/// between equal ones.
fn by_urgency<L: Ord>(labels: &[L], share: f64, rng: &mut ChaCha8Rng) -> (Vec<usize>, usize) {
    let mut classes: BTreeMap<&L, Vec<usize>> = BTreeMap::new();
    for (row, label) in labels.iter().enumerate() {
        classes.entry(label).or_default().push(row);
    }
    let (mut rows, mut shared) = (vec![], 0);
    for mut class in classes.into_values().filter(|class| class.len() > 1) {
        class.shuffle(rng);
        let share = share * class.len() as f64;
        shared += class.len();
        // The last row is always kept.
        let of_class = class[..class.len() - 1].iter().enumerate().map(|(k, &row)| (share - k as f64, row));
        rows.extend(of_class.filter(|(urgency, _)| *urgency > 0.0));
    }
    rows.shuffle(rng);
    rows.sort_by(|a, b| b.0.total_cmp(&a.0));
    (rows.into_iter().map(|(_, row)| row).collect(), shared)
}

pub(crate) fn check_share(name: &'static str, share: f64) -> Result<()> {
    check(name, share, share > 0.0 && share < 1.0, "above 0 and below 1")
}

/// The number of each value among the distinct ones, sorted; and these, with how often they occur.
fn numbered<T: Ord>(values: &[T]) -> (Vec<usize>, Vec<(&T, usize)>) {
    let mut counts: BTreeMap<&T, usize> = BTreeMap::new();
    for value in values {
        *counts.entry(value).or_default() += 1;
    }
    let distinct: Vec<(&T, usize)> = counts.into_iter().collect();
    let number = |value: &T| distinct.partition_point(|(smaller, _)| *smaller < value);
    (values.iter().map(number).collect(), distinct)
}

/// The fold of each row, so that the counts of each class, and those of all rows, differ by at most 1 from
/// fold to fold: rows in random order, but class after class, are dealt like cards.
fn deal(classes: &[usize], folds: usize, rng: &mut ChaCha8Rng) -> Vec<usize> {
    let mut rows: Vec<usize> = (0..classes.len()).collect();
    rows.shuffle(rng);
    rows.sort_by_key(|&row| classes[row]);
    let mut fold_of_row = vec![0; classes.len()];
    for (position, row) in rows.into_iter().enumerate() {
        fold_of_row[row] = position % folds;
    }
    fold_of_row
}

/// The fold of each group: the largest groups first, each to the fold with the fewest rows.
fn pack(sizes: &[usize], folds: usize, rng: &mut ChaCha8Rng) -> Vec<usize> {
    let mut groups: Vec<usize> = (0..sizes.len()).collect();
    groups.shuffle(rng);
    groups.sort_by_key(|&group| std::cmp::Reverse(sizes[group]));
    // Without another shuffle among groups of similar size, all repetitions would be the same if no two
    // groups have the same size.
    groups.chunks_mut(folds).for_each(|similar| similar.shuffle(rng));
    let mut rows_in_fold = vec![0; folds];
    let mut fold_of_group = vec![0; sizes.len()];
    for group in groups {
        let smallest = (0..folds).min_by_key(|&fold| rows_in_fold[fold]).unwrap_or_default();
        rows_in_fold[smallest] += sizes[group];
        fold_of_group[group] = smallest;
    }
    fold_of_group
}
