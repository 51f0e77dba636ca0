//! Numbers of a column, in as little memory as they need.

use std::array;
use std::collections::TryReserveError;

use num_traits::Bounded;

#[cfg(feature = "disk")]
use crate::disk::DiskNumbers;
use crate::table::Selection;

/// Finite numbers, some of them missing. Whole numbers take 1, 2 or 4 bytes each, others 8.
#[derive(Clone, Debug)]
pub(crate) enum Numbers {
    Bytes(Vec<i8>),
    Shorts(Vec<i16>),
    Words(Vec<i32>),
    Floats(Vec<f64>),
    /// Those of a file. No more can be added to them.
    #[cfg(feature = "disk")]
    OnDisk(DiskNumbers),
}

/// Number of numbers that are copied together.
const SOME: usize = 64;

impl Numbers {
    pub fn new() -> Self {
        Self::Bytes(Vec::new())
    }

    pub fn len(&self) -> usize {
        match self {
            Self::Bytes(values) => values.len(),
            Self::Shorts(values) => values.len(),
            Self::Words(values) => values.len(),
            Self::Floats(values) => values.len(),
            #[cfg(feature = "disk")]
            Self::OnDisk(numbers) => numbers.len(),
        }
    }

    /// `None` is a missing number.
    ///
    /// # Panics
    /// When `row` is not below the number of rows.
    pub fn get(&self, row: usize) -> Option<f64> {
        match self {
            Self::Bytes(values) => Some(values[row]).filter(|value| *value != i8::MIN).map(f64::from),
            Self::Shorts(values) => Some(values[row]).filter(|value| *value != i16::MIN).map(f64::from),
            Self::Words(values) => Some(values[row]).filter(|value| *value != i32::MIN).map(f64::from),
            Self::Floats(values) => Some(values[row]).filter(|value| !value.is_nan()),
            #[cfg(feature = "disk")]
            Self::OnDisk(numbers) => numbers.get(row),
        }
    }

    /// Overwrites the first of `values` with the numbers of the given rows; NaN is a missing one.
    ///
    /// # Panics
    /// When there is no such row.
    pub fn copy_to(&self, rows: &[usize], values: &mut [f64]) {
        match self {
            Self::Bytes(numbers) => widened(numbers, rows, values),
            Self::Shorts(numbers) => widened(numbers, rows, values),
            Self::Words(numbers) => widened(numbers, rows, values),
            Self::Floats(numbers) => {
                for (value, &row) in values.iter_mut().zip(rows) {
                    *value = numbers[row];
                }
            }
            #[cfg(feature = "disk")]
            Self::OnDisk(numbers) => numbers.copy_to(rows, values),
        }
    }

    pub fn iter(&self) -> impl Iterator<Item = Option<f64>> {
        let len = self.len();
        (0..len).step_by(SOME).flat_map(move |first| {
            let (rows, mut values) = (array::from_fn::<usize, SOME, _>(|row| first + row), [f64::NAN; SOME]);
            let count = SOME.min(len - first);
            self.copy_to(&rows[..count], &mut values);
            values.into_iter().take(count).map(|value| Some(value).filter(|value| !value.is_nan()))
        })
    }

    /// `None` is a missing number.
    pub fn push(&mut self, value: Option<f64>) {
        self.extend(&[value.unwrap_or(f64::NAN)]);
    }

    /// Adds numbers; NaN is a missing one.
    ///
    /// # Errors
    /// The system has no memory for them.
    pub fn try_extend(&mut self, values: &[f64]) -> Result<(), TryReserveError> {
        match self {
            Self::Bytes(numbers) => numbers.try_reserve(values.len()),
            Self::Shorts(numbers) => numbers.try_reserve(values.len()),
            Self::Words(numbers) => numbers.try_reserve(values.len()),
            Self::Floats(numbers) => numbers.try_reserve(values.len()),
            #[cfg(feature = "disk")]
            Self::OnDisk(_) => Ok(()),
        }?;
        self.extend(values);
        Ok(())
    }

    fn extend(&mut self, mut values: &[f64]) {
        loop {
            let before = self.len();
            match self {
                Self::Bytes(numbers) => numbers.extend(values.iter().map_while(whole::<i8>)),
                Self::Shorts(numbers) => numbers.extend(values.iter().map_while(whole::<i16>)),
                Self::Words(numbers) => numbers.extend(values.iter().map_while(whole::<i32>)),
                Self::Floats(numbers) => numbers.extend_from_slice(values),
                #[cfg(feature = "disk")]
                Self::OnDisk(_) => unreachable!("numbers are on a disk when all have been read"),
            }
            values = &values[self.len() - before..];
            if values.is_empty() {
                return;
            }
            self.widen();
        }
    }

    fn widen(&mut self) {
        *self = match self {
            Self::Bytes(values) => {
                let wide = |&value: &i8| if value == i8::MIN { i16::MIN } else { value.into() };
                Self::Shorts(values.iter().map(wide).collect())
            }
            Self::Shorts(values) => {
                let wide = |&value: &i16| if value == i16::MIN { i32::MIN } else { value.into() };
                Self::Words(values.iter().map(wide).collect())
            }
            _ => Self::Floats(self.iter().map(|value| value.unwrap_or(f64::NAN)).collect()),
        };
    }

    /// Gives back memory that was reserved for further rows: up to half of all.
    pub fn shrink(&mut self) {
        match self {
            Self::Bytes(values) => values.shrink_to_fit(),
            Self::Shorts(values) => values.shrink_to_fit(),
            Self::Words(values) => values.shrink_to_fit(),
            Self::Floats(values) => values.shrink_to_fit(),
            #[cfg(feature = "disk")]
            Self::OnDisk(_) => {}
        }
    }

    /// A copy of these rows in memory, of the smallest type.
    #[cfg(feature = "disk")]
    pub fn compact(&self, rows: &[usize]) -> Self {
        let mut values = vec![f64::NAN; rows.len()];
        self.copy_to(rows, &mut values);
        let mut compact = Self::new();
        compact.extend(&values);
        compact
    }

    pub fn select(&self, selection: &Selection<'_>) -> Self {
        let rows = selection.rows();
        match self {
            Self::Bytes(values) => Self::Bytes(rows.iter().map(|&row| values[row]).collect()),
            Self::Shorts(values) => Self::Shorts(rows.iter().map(|&row| values[row]).collect()),
            Self::Words(values) => Self::Words(rows.iter().map(|&row| values[row]).collect()),
            Self::Floats(values) => Self::Floats(rows.iter().map(|&row| values[row]).collect()),
            #[cfg(feature = "disk")]
            Self::OnDisk(numbers) => Self::OnDisk(numbers.select(selection)),
        }
    }

    /// The numbers, if they are on a disk.
    #[cfg(feature = "disk")]
    pub fn on_disk(&self) -> Option<&DiskNumbers> {
        match self {
            Self::OnDisk(numbers) => Some(numbers),
            _ => None,
        }
    }
}

#[cfg(feature = "disk")]
impl From<DiskNumbers> for Numbers {
    fn from(numbers: DiskNumbers) -> Self {
        Self::OnDisk(numbers)
    }
}

/// Overwrites the first of `values` with whole numbers, whose smallest value is a missing number.
fn widened<T: Copy + Into<f64> + Bounded + PartialEq>(numbers: &[T], rows: &[usize], values: &mut [f64]) {
    for (value, number) in values.iter_mut().zip(rows.iter().map(|&row| numbers[row])) {
        *value = if number == T::min_value() { f64::NAN } else { number.into() };
    }
}

/// A whole number in a smaller type, whose smallest value is a missing number. `None` if the number is not
/// whole or does not fit.
fn whole<T: TryFrom<i32> + Bounded + PartialEq>(value: &f64) -> Option<T> {
    if value.is_nan() {
        return Some(T::min_value());
    }
    let whole = *value as i32;
    // The comparison of bits excludes −0.
    let is_exact = f64::from(whole).to_bits() == value.to_bits();
    T::try_from(whole).ok().filter(|whole| is_exact && *whole != T::min_value())
}

impl FromIterator<Option<f64>> for Numbers {
    fn from_iter<I: IntoIterator<Item = Option<f64>>>(values: I) -> Self {
        let mut numbers = Self::new();
        values.into_iter().for_each(|value| numbers.push(value));
        numbers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back_with_the_same_bits() {
        let whole = [0.0, 1.0, -127.0, -128.0, 127.0, 128.0, -32768.0, 32767.0, 32768.0, 2147483647.0];
        let others = [-2147483648.0, 2147483648.0, -0.0, 0.5, f64::MAX, 5e-324];
        for values in [&whole[..3], &whole[..5], &whole[..8], &whole[..], &[&whole[..], &others].concat()] {
            let values: Vec<Option<f64>> = values
                .iter()
                .map(|&value| Some(value))
                .chain([None])
                .chain(values.iter().map(|&v| Some(v)))
                .collect();
            let numbers: Numbers = values.iter().copied().collect();
            let mut together = Numbers::new();
            let nan_for_none = |value: &Option<f64>| value.unwrap_or(f64::NAN);
            together.try_extend(&values.iter().map(nan_for_none).collect::<Vec<_>>()).unwrap();
            let bits = |value: Option<f64>| value.map(f64::to_bits);
            for numbers in [numbers, together] {
                assert!(numbers.iter().map(bits).eq(values.iter().copied().map(bits)), "{numbers:?}");
                let rows: Vec<usize> = (1..values.len()).rev().collect();
                let mut copied = vec![0.0; rows.len()];
                numbers.copy_to(&rows, &mut copied);
                let copied = copied.into_iter().map(|value| Some(value).filter(|value| !value.is_nan()));
                assert!(copied.map(bits).eq(rows.iter().map(|&row| bits(values[row]))), "{numbers:?}");
            }
        }
    }

    #[test]
    fn whole_numbers_take_little_memory() {
        let of = |values: &[f64]| values.iter().map(|&value| Some(value)).collect();
        assert!(matches!(of(&[1.0, -127.0]), Numbers::Bytes(_)));
        assert!(matches!(of(&[1.0, -128.0]), Numbers::Shorts(_)));
        assert!(matches!(of(&[1.0, -32768.0]), Numbers::Words(_)));
        assert!(matches!(of(&[1.0, -0.0]), Numbers::Floats(_)));
    }
}
