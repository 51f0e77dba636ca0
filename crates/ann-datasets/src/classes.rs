//! Class labels, and their order.

use std::cmp::Ordering;
use std::fmt::Debug;

use crate::cell::finite_number;

/// A class label: text, a whole number, `bool`, `char`, or a type of your own.
///
/// ```
/// use ann_datasets::ClassLabel;
///
/// #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
/// enum Size {
///     Small,
///     Large,
/// }
/// impl ClassLabel for Size {} // its classes are in the order of `Ord`
///
/// let mut classes = ["10", "9", "-1.5"];
/// ClassLabel::sort(&mut classes);
/// assert_eq!(classes, ["-1.5", "9", "10"]);
/// ```
pub trait ClassLabel: Ord + Clone + Debug {
    /// Sorts labels into the order in which classes are numbered: by `Ord`, except that texts are sorted as
    /// numbers if all of them are numbers.
    fn sort(classes: &mut [Self]) {
        classes.sort();
    }
}

impl ClassLabel for String {
    fn sort(classes: &mut [Self]) {
        sort_texts(classes);
    }
}

impl ClassLabel for &str {
    fn sort(classes: &mut [Self]) {
        sort_texts(classes);
    }
}

macro_rules! sorted_by_ord {
    ($($label:ty)*) => { $(impl ClassLabel for $label {})* };
}

sorted_by_ord!(bool char u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize);

fn sort_texts<S: AsRef<str> + Ord>(classes: &mut [S]) {
    if classes.iter().all(|class| finite_number(class.as_ref()).is_some()) {
        classes.sort_by(|a, b| compare_numbers(a.as_ref(), b.as_ref()));
    } else {
        classes.sort();
    }
}

/// Compares by value. Texts of equal value, such as `1` and `01`, are different labels, so
/// they are then compared as texts.
fn compare_numbers(a: &str, b: &str) -> Ordering {
    let value = |text| finite_number(text).unwrap_or_default();
    // Different whole numbers of more than 15 digits may be rounded to the same `f64`.
    let whole = |text: &str| text.parse::<i128>().ok();
    value(a).total_cmp(&value(b)).then_with(|| whole(a).cmp(&whole(b))).then_with(|| a.cmp(b))
}
