//! Splitting a dataset in two: one part to train on, one to test on.

use std::collections::BTreeMap;
use std::fmt::Debug;

use rand::{Rng, seq::SliceRandom};

use crate::{Dataset, Error, Result};

/// Splits at random into (training, test). The test part has `test_fraction` of the rows, rounded,
/// but each part has at least one row.
///
/// Both parts are shuffled. The same generator state gives the same split.
/// The classes of a part are numbered like those of the whole by [`Dataset::class_indices_in`].
///
/// ```
/// use ann_datasets::{iris, train_test_split, rand::{SeedableRng, rngs::ChaCha8Rng}};
///
/// let (train, test) = train_test_split(&iris(), 0.3, &mut ChaCha8Rng::seed_from_u64(7))?;
/// assert_eq!((train.len(), test.len()), (105, 45));
/// # Ok::<(), ann_datasets::Error>(())
/// ```
///
/// # Errors
/// When the fraction is not between 0 and 1 (both excluded), when there are fewer than two rows, or when the
/// numbers of rows of features and of targets differ.
pub fn train_test_split<T: Clone>(
    dataset: &Dataset<T>,
    test_fraction: f64,
    rng: &mut impl Rng,
) -> Result<(Dataset<T>, Dataset<T>)> {
    check(dataset, test_fraction)?;
    let order = shuffled_rows(dataset.len(), rng);
    let (test, train) = order.split_at(test_rows(dataset.len(), test_fraction));
    Ok((dataset.select(train), dataset.select(test)))
}

/// Splits as [`train_test_split`] does, with the classes in the same proportion in both parts.
///
/// The test part has the same size as with [`train_test_split`]. Each class contributes `test_fraction` of
/// its rows, rounded down or up so that the sum is right. The classes with the largest remainders are rounded
/// up; the choice between equal remainders is random. With 50 classes of 2 rows each, a fraction of 0.1 takes
/// one row from each of 10 classes.
///
/// Each part has at least one row of each class, unless a part has fewer rows than there are classes. If many
/// small classes need that one row, large classes contribute fewer or more rows than their share.
///
/// # Errors
/// As for [`train_test_split`], and when a class has only one row.
pub fn stratified_split<T: Ord + Clone + Debug>(
    dataset: &Dataset<T>,
    test_fraction: f64,
    rng: &mut impl Rng,
) -> Result<(Dataset<T>, Dataset<T>)> {
    check(dataset, test_fraction)?;
    let mut class_sizes: BTreeMap<&T, usize> = BTreeMap::new();
    for target in &dataset.targets {
        *class_sizes.entry(target).or_default() += 1;
    }
    if let Some((lonely, _)) = class_sizes.iter().find(|(_, size)| **size == 1) {
        return Err(Error::LonelyClass { class: format!("{lonely:?}") });
    }
    let order = shuffled_rows(dataset.len(), rng);
    let targets = order.iter().map(|&row| &dataset.targets[row]);
    let is_test = stratify(targets, &class_sizes, test_fraction);
    let part = |wanted: bool| {
        let rows = order.iter().zip(&is_test).filter(|&(_, &is_test)| is_test == wanted);
        dataset.select(&rows.map(|(&row, _)| row).collect::<Vec<usize>>())
    };
    Ok((part(false), part(true)))
}

fn check<T>(dataset: &Dataset<T>, test_fraction: f64) -> Result<()> {
    let (features, targets) = (dataset.features.nrows(), dataset.targets.len());
    // False for NaN.
    let is_fraction = test_fraction > 0.0 && test_fraction < 1.0;
    if features != targets {
        Err(Error::RowCountMismatch { features, targets })
    } else if !is_fraction {
        Err(Error::FractionOutOfRange { found: test_fraction })
    } else if targets < 2 {
        Err(Error::TooFewRows { found: targets })
    } else {
        Ok(())
    }
}

fn shuffled_rows(rows: usize, rng: &mut impl Rng) -> Vec<usize> {
    let mut order: Vec<usize> = (0..rows).collect();
    order.shuffle(rng);
    order
}

/// The size of the test part, of `rows` ≥ 2.
fn test_rows(rows: usize, test_fraction: f64) -> usize {
    let wanted = (rows as f64 * test_fraction).round() as usize;
    wanted.clamp(1, rows - 1)
}

/// For each target, in the order of the shuffle: whether its row goes to the test part.
///
/// Row k (from 0) of a class of n rows has the urgency n · fraction − k: the share of its class minus the
/// number of rows before it. The rows of highest urgency go to the test part. An urgency of 1 or more is
/// within the share rounded down; an urgency between 0 and 1 is the remainder. So this is the method of
/// largest remainders, and the order of the shuffle decides between equal remainders.
fn stratify<'a, T: Ord + 'a>(
    targets: impl ExactSizeIterator<Item = &'a T>,
    class_sizes: &BTreeMap<&T, usize>,
    test_fraction: f64,
) -> Vec<bool> {
    let rows = targets.len();
    let test_rows = test_rows(rows, test_fraction);
    let classes = class_sizes.len();
    // A part with fewer rows than there are classes cannot hold a row of each class.
    let in_both_parts = classes <= test_rows && classes <= rows - test_rows;
    let mut rows_before: BTreeMap<&T, usize> = BTreeMap::new();
    let urgency = |target| {
        let size = class_sizes[target];
        let k = rows_before.entry(target).or_default();
        *k += 1;
        match *k - 1 {
            0 if in_both_parts => f64::INFINITY,
            k if in_both_parts && k == size - 1 => f64::NEG_INFINITY,
            k => size as f64 * test_fraction - k as f64,
        }
    };
    let urgencies: Vec<f64> = targets.map(urgency).collect();
    let mut most_urgent: Vec<usize> = (0..rows).collect();
    most_urgent.sort_by(|&a, &b| urgencies[b].total_cmp(&urgencies[a]));
    let mut is_test = vec![false; rows];
    for &row in &most_urgent[..test_rows] {
        is_test[row] = true;
    }
    is_test
}
