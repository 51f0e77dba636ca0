//! The order in which classes are numbered.

use std::cmp::Ordering;

use crate::finite_number;

/// Sorts texts as numbers if all of them are numbers (`-1`, `0.5`, `2`, `10`), otherwise by their characters
/// (`B` before `a`).
pub fn sort_naturally<S: AsRef<str> + Ord>(texts: &mut [S]) {
    if texts.iter().all(|text| finite_number(text.as_ref()).is_some()) {
        texts.sort_by(|a, b| compare_numbers(a.as_ref(), b.as_ref()));
    } else {
        texts.sort();
    }
}

/// Compares by value. Texts of equal value, such as `1` and `01`, are different, so they are then compared as
/// texts.
fn compare_numbers(a: &str, b: &str) -> Ordering {
    let value = |text| finite_number(text).unwrap_or_default();
    // Different whole numbers of more than 15 digits may be rounded to the same `f64`.
    let whole = |text: &str| text.parse::<i128>().ok();
    value(a).total_cmp(&value(b)).then_with(|| whole(a).cmp(&whole(b))).then_with(|| a.cmp(b))
}
