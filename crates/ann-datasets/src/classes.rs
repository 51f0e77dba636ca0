//! Class labels, and their order.

use std::fmt::Debug;

use ann_table::sort_naturally;

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
        sort_naturally(classes);
    }
}

impl ClassLabel for &str {
    fn sort(classes: &mut [Self]) {
        sort_naturally(classes);
    }
}

macro_rules! sorted_by_ord {
    ($($label:ty)*) => { $(impl ClassLabel for $label {})* };
}

sorted_by_ord!(bool char u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize);
