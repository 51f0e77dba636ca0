//! Whether the header is a row of data, because the file has no header.
//!
//! Only a first line in which every column of numbers has a number for a name can be a row of data. But
//! pixels, years and wavelengths have numbers as names too, so the numbers are compared with the rows below
//! them.

use crate::{Error, Header, Result, finite_number};

/// What is below the name of a column.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Below {
    /// Numbers, of which these are the smallest and the largest without their signs.
    Numbers {
        /// Smallest |x|, infinite if there is no number.
        least: f64,
        /// Largest |x|, 0 if there is no number.
        most: f64,
    },
    /// Words.
    Words {
        /// Whether one of them is the name itself.
        include_name: bool,
    },
}

impl Below {
    /// What is below a name: these numbers.
    pub fn numbers(numbers: impl IntoIterator<Item = f64>) -> Self {
        let sizes = numbers.into_iter().map(f64::abs);
        let (least, most) =
            sizes.fold((f64::INFINITY, 0.0_f64), |(least, most), size| (size.min(least), size.max(most)));
        Self::Numbers { least, most }
    }
}

/// An error if the names of `header` look like a row of data. `below` says for some columns, by index, what
/// is below them; it is called only if a name is a number.
///
/// # Errors
/// [`Error::HeaderLooksLikeData`].
pub fn check(header: &Header, below: impl FnOnce() -> Vec<(usize, Below)>) -> Result<()> {
    let names = header.names();
    let has_number = names.iter().any(|name| finite_number(name).is_some());
    if !header.is_marked() && has_number && looks_like_data(&names, &below()) {
        return Err(Error::HeaderLooksLikeData { line: header.line(), header: names });
    }
    Ok(())
}

fn looks_like_data(names: &[String], below: &[(usize, Below)]) -> bool {
    let numbers: Vec<f64> = names.iter().filter_map(|name| finite_number(name)).collect();
    let is_number = |name: &String| finite_number(name).is_some();
    let mut are_of_size = true;
    for &(column, below) in below {
        let name = &names[column];
        match below {
            Below::Numbers { .. } if !is_number(name) && !is_missing(name) => return false,
            Below::Numbers { least, most } => {
                are_of_size &= finite_number(name).is_none_or(|number| is_of_size(number, least, most));
            }
            Below::Words { .. } => {}
        }
    }
    // A header does not name a column after one of its words, unless both are numbers.
    let is_word = |&(column, below): &(usize, Below)| {
        below == Below::Words { include_name: true } && !is_number(&names[column])
    };
    below.iter().any(is_word) || are_of_size && !is_scale(&numbers)
}

/// Whether all names but at most one, which may belong to the labels, are numbers.
pub(crate) fn are_numbers_but_one(names: &[String]) -> bool {
    let words = names.iter().filter(|name| finite_number(name).is_none()).count();
    words <= 1 && words < names.len()
}

fn is_missing(name: &str) -> bool {
    ["?", "NA", "NaN"].iter().any(|missing| name.eq_ignore_ascii_case(missing))
}

/// Whether a number is within a factor of ten of its column, as in nearly all rows of a table. Years and
/// wavelengths seldom are. Zeros have no size.
fn is_of_size(number: f64, least: f64, most: f64) -> bool {
    const FACTOR: f64 = 10.0;
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
