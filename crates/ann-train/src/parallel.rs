//! Many independent pieces of work side by side: seeds, folds, settings.

use crate::Result;
use crate::threads::{belongs_to_a_pool, checked, pool, scope};

/// Calls `work` for each item on up to `threads` threads (1 to 1024), and returns the results in the order of
/// the items. A training in `work` uses one thread, whatever its settings say: for many small networks this
/// is the fastest way, and the results do not depend on the number of threads.
///
/// In a thread of a rayon pool the threads of that pool do the work.
///
/// ```
/// use ann_train::{Classifier, in_parallel, ndarray::array};
///
/// let (x, labels) = (array![[0.0], [1.0], [3.0], [4.0]], ["low", "low", "high", "high"]);
/// let fits = in_parallel(2, 0..10, |seed| Classifier { seed, ..Classifier::default() }.fit(&x, &labels))?;
/// let scores = fits.iter().map(|fitted| fitted.as_ref().unwrap().score(&x, &labels).unwrap());
/// assert_eq!(scores.collect::<Vec<_>>(), [1.0; 10]);
/// # Ok::<(), ann_train::Error>(())
/// ```
///
/// # Errors
/// `threads` is not 1 to 1024, or the system cannot provide the threads.
///
/// # Panics
/// When `work` panics.
pub fn in_parallel<T: Send, R: Send>(
    threads: usize,
    items: impl IntoIterator<Item = T>,
    work: impl Fn(T) -> R + Sync,
) -> Result<Vec<R>> {
    let mut slots: Vec<(Option<T>, Option<R>)> = items.into_iter().map(|item| (Some(item), None)).collect();
    let threads = checked(threads)?.min(slots.len().max(1));
    let work = &work;
    let all = |slots: &mut Vec<(Option<T>, Option<R>)>| {
        scope(|scope| {
            for (item, result) in slots {
                scope.spawn(move |_| *result = item.take().map(work));
            }
        });
    };
    if belongs_to_a_pool() {
        all(&mut slots);
    } else {
        pool(threads)?.install(|| all(&mut slots));
    }
    Ok(slots.into_iter().map(|(_, result)| result.expect("the scope has waited for each item")).collect())
}
