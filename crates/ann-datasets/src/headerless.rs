//! Whether the header is a row of data, because the file has no header.
//!
//! Only a first line in which every feature has a number for a name can be a row of data. But pixels, years
//! and wavelengths have numbers as names too, so the numbers are compared with the rows below them.

use ndarray::{ArrayRef1, Axis};

use crate::Dataset;
use crate::cell::{FromCell, Likeness, finite_number};

/// `header` holds the names of all columns in order. The documentation of
/// [`read_csv`](crate::read_csv) states the rule.
pub(crate) fn looks_like_data<T: FromCell>(header: &[String], dataset: &Dataset<T>) -> bool {
    let numbers: Vec<f64> = header.iter().filter_map(|name| finite_number(name)).collect();
    let is_number = |name: &String| finite_number(name).is_some();
    if numbers.is_empty() || !dataset.feature_names.iter().all(|name| is_number(name) || is_missing(name)) {
        return false;
    }
    match T::likeness(&dataset.target_name, &dataset.targets) {
        Likeness::Unlike => false,
        // A header does not name a column after one of the column's labels, unless both are numbers.
        Likeness::Same if !is_number(&dataset.target_name) => true,
        Likeness::Same | Likeness::Alike => fits_its_columns(dataset) && !is_scale(&numbers),
    }
}

/// Whether all names but at most one, which may belong to the labels, are numbers.
pub(crate) fn are_numbers_but_one(names: &[String]) -> bool {
    let words = names.iter().filter(|name| finite_number(name).is_none()).count();
    words <= 1 && words < names.len()
}

fn is_missing(name: &str) -> bool {
    ["?", "NA", "NaN"].iter().any(|missing| name.eq_ignore_ascii_case(missing))
}

/// Whether each name that is a number has a size similar to the numbers in its column.
fn fits_its_columns<T>(dataset: &Dataset<T>) -> bool {
    let columns = dataset.features.axis_iter(Axis(1));
    let numbers = dataset.feature_names.iter().map(|name| finite_number(name));
    numbers
        .zip(columns)
        .all(|(number, column)| number.is_none_or(|number| is_of_the_size_of(number, &column)))
}

/// Whether a number is within a factor of ten of its column, as in nearly all rows of a table. Years and
/// wavelengths seldom are. Zeros have no size.
fn is_of_the_size_of(number: f64, column: &ArrayRef1<f64>) -> bool {
    const FACTOR: f64 = 10.0;
    let (least, most) =
        column.fold((f64::INFINITY, 0.0_f64), |(least, most), x| (x.abs().min(least), x.abs().max(most)));
    most == 0.0 || (number.abs() <= FACTOR * most && FACTOR * number.abs() >= least)
}

/// Whether the numbers increase as names of columns do: whole numbers, decimals
/// in even steps, or many decimals.
fn is_scale(numbers: &[f64]) -> bool {
    /// Of the 5! = 120 orders of five numbers only one is increasing.
    const MANY: usize = 5;
    /// Steps between decimals differ by rounding.
    const ROUNDING: f64 = 1e-9;
    let steps: Vec<f64> = numbers.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let are_whole = || numbers.iter().all(|number| number.fract() == 0.0);
    let are_even =
        || steps.len() > 1 && steps.iter().all(|step| (step - steps[0]).abs() <= ROUNDING * steps[0]);
    steps.iter().all(|&step| step > 0.0) && (are_whole() || are_even() || numbers.len() >= MANY)
}
