//! Whether the header is a row of data, because the file has no header.
//!
//! Only a first line in which every feature has a number for a name can be one. Numbers are also the names of pixels,
//! years and wavelengths, so they are compared with the rows below them.

use ndarray::{ArrayRef1, Axis};

use crate::Dataset;
use crate::cell::{FromCell, Likeness, finite_number};

/// `header` holds the names of all columns in their order. The rule is in the documentation of [`read_csv`](crate::read_csv).
pub(crate) fn looks_like_data<T: FromCell>(header: &[String], dataset: &Dataset<T>) -> bool {
    let numbers: Vec<f64> = header.iter().filter_map(|name| finite_number(name)).collect();
    let is_number = |name: &String| finite_number(name).is_some();
    if numbers.is_empty() || !dataset.feature_names.iter().all(|name| is_number(name) || is_missing(name)) {
        return false;
    }
    match T::likeness(&dataset.target_name, &dataset.targets) {
        Likeness::Unlike => false,
        // No header names a column after one of its own labels, unless both are numbers.
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

/// Whether each name that is a number is of the size of those in its column.
fn fits_its_columns<T>(dataset: &Dataset<T>) -> bool {
    let columns = dataset.features.axis_iter(Axis(1));
    let numbers = dataset.feature_names.iter().map(|name| finite_number(name));
    numbers
        .zip(columns)
        .all(|(number, column)| number.is_none_or(|number| is_of_the_size_of(number, &column)))
}

/// Within a factor of ten, as nearly all rows of a table are, and few years or wavelengths. Zeros have no size.
fn is_of_the_size_of(number: f64, column: &ArrayRef1<f64>) -> bool {
    const FACTOR: f64 = 10.0;
    let (least, most) =
        column.fold((f64::INFINITY, 0.0_f64), |(least, most), x| (x.abs().min(least), x.abs().max(most)));
    most == 0.0 || (number.abs() <= FACTOR * most && FACTOR * number.abs() >= least)
}

/// Whether numbers increase as the names of columns do: whole ones, decimals in even steps, or many decimals.
fn is_scale(numbers: &[f64]) -> bool {
    /// Of all orders of five numbers only 1 in 5! = 120 is increasing.
    const MANY: usize = 5;
    /// Steps of decimals differ by rounding.
    const ROUNDING: f64 = 1e-9;
    let steps: Vec<f64> = numbers.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let are_whole = || numbers.iter().all(|number| number.fract() == 0.0);
    let are_even =
        || steps.len() > 1 && steps.iter().all(|step| (step - steps[0]).abs() <= ROUNDING * steps[0]);
    steps.iter().all(|&step| step > 0.0) && (are_whole() || are_even() || numbers.len() >= MANY)
}
