//! Numbers of a column, in as little memory as they need.

/// Finite numbers, some of them missing. Whole numbers take 1, 2 or 4 bytes each, others 8.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Numbers {
    Bytes(Vec<i8>),
    Shorts(Vec<i16>),
    Words(Vec<i32>),
    Floats(Vec<f64>),
}

/// Adds a whole number to values of `$type`; false if it is none, or does not fit. A missing number, which is
/// NaN, is stored as the smallest value of the type.
macro_rules! push_whole {
    ($values:expr, $type:ty, $value:expr) => {{
        let whole = $value as i32;
        // The comparison of bits excludes −0.
        let is_exact = f64::from(whole).to_bits() == $value.to_bits();
        match <$type>::try_from(whole) {
            Ok(whole) if is_exact && whole != <$type>::MIN => $values.push(whole),
            _ if $value.is_nan() => $values.push(<$type>::MIN),
            _ => return false,
        }
    }};
}

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
        }
    }

    pub fn iter(&self) -> impl Iterator<Item = Option<f64>> {
        (0..self.len()).map(|row| self.get(row))
    }

    /// The memory must have been reserved.
    pub fn push(&mut self, value: Option<f64>) {
        let value = value.unwrap_or(f64::NAN);
        while !self.push_if_it_fits(value) {
            self.widen();
        }
    }

    fn push_if_it_fits(&mut self, value: f64) -> bool {
        match self {
            Self::Bytes(values) => push_whole!(values, i8, value),
            Self::Shorts(values) => push_whole!(values, i16, value),
            Self::Words(values) => push_whole!(values, i32, value),
            Self::Floats(values) => values.push(value),
        }
        true
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
            Self::Words(_) | Self::Floats(_) => {
                Self::Floats(self.iter().map(|value| value.unwrap_or(f64::NAN)).collect())
            }
        };
    }

    /// An error if the system has no memory for `more` numbers.
    pub fn try_reserve(&mut self, more: usize) -> Result<(), std::collections::TryReserveError> {
        match self {
            Self::Bytes(values) => values.try_reserve(more),
            Self::Shorts(values) => values.try_reserve(more),
            Self::Words(values) => values.try_reserve(more),
            Self::Floats(values) => values.try_reserve(more),
        }
    }

    pub fn select(&self, rows: &[usize]) -> Self {
        match self {
            Self::Bytes(values) => Self::Bytes(rows.iter().map(|&row| values[row]).collect()),
            Self::Shorts(values) => Self::Shorts(rows.iter().map(|&row| values[row]).collect()),
            Self::Words(values) => Self::Words(rows.iter().map(|&row| values[row]).collect()),
            Self::Floats(values) => Self::Floats(rows.iter().map(|&row| values[row]).collect()),
        }
    }
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
            let bits = |value: Option<f64>| value.map(f64::to_bits);
            assert!(numbers.iter().map(bits).eq(values.iter().copied().map(bits)), "{numbers:?}");
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
