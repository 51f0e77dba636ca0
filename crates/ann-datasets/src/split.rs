//! Splitting a dataset in two: one part to train on, one to test on.

use std::fmt::Debug;

use rand::{Rng, seq::SliceRandom};

use crate::{Dataset, Error, Result};

/// Splits at random into (training, test). The test part has `test_fraction` of the rows, rounded, and at least one; so has the other.
///
/// Both parts are shuffled. The same generator state gives the same split.
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
/// When the fraction is not between 0 and 1 (both excluded), there are fewer than two rows, or features and targets differ in number.
pub fn train_test_split<T: Clone>(
    dataset: &Dataset<T>,
    test_fraction: f64,
    rng: &mut impl Rng,
) -> Result<(Dataset<T>, Dataset<T>)> {
    check(dataset, test_fraction)?;
    let quota = quota(dataset.len(), test_fraction);
    Ok(split(dataset, &vec![0; dataset.len()], vec![quota], rng))
}

/// Splits as [`train_test_split`] does, but each class by itself, so that both parts have the classes in the same proportion.
///
/// # Errors
/// As for [`train_test_split`], and when a class has one row only.
pub fn stratified_split<T: Ord + Clone + Debug>(
    dataset: &Dataset<T>,
    test_fraction: f64,
    rng: &mut impl Rng,
) -> Result<(Dataset<T>, Dataset<T>)> {
    check(dataset, test_fraction)?;
    let class_of = dataset.class_indices();
    let classes = dataset.classes();
    let mut rows = vec![0; classes.len()];
    for &class in &class_of {
        rows[class] += 1;
    }
    if let Some(lonely) = rows.iter().position(|&rows| rows == 1) {
        return Err(Error::LonelyClass { class: format!("{:?}", classes[lonely]) });
    }
    let quotas = rows.into_iter().map(|rows| quota(rows, test_fraction)).collect();
    Ok(split(dataset, &class_of, quotas, rng))
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

/// How many of `rows` ≥ 2 go to the test part.
fn quota(rows: usize, test_fraction: f64) -> usize {
    let wanted = (rows as f64 * test_fraction).round() as usize;
    wanted.clamp(1, rows - 1)
}

/// Walks through the rows in random order: each goes to the test part as long as its class still has a place there.
fn split<T: Clone>(
    dataset: &Dataset<T>,
    class_of: &[usize],
    mut places: Vec<usize>,
    rng: &mut impl Rng,
) -> (Dataset<T>, Dataset<T>) {
    let mut order: Vec<usize> = (0..dataset.len()).collect();
    order.shuffle(rng);
    let (test, train): (Vec<usize>, Vec<usize>) = order.into_iter().partition(|&row| {
        let places = &mut places[class_of[row]];
        let free = *places > 0;
        *places -= usize::from(free);
        free
    });
    (dataset.select(&train), dataset.select(&test))
}
