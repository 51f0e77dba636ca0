//! Dates: their parts, as numbers.

use num_traits::Float;

use super::{Cell, NumberEncoding};
use crate::date::Parts;

/// Inputs for the parts of a date, each encoded as a number.
#[derive(Clone, Debug, PartialEq)]
pub struct DateEncoding {
    /// The parts that differ between the rows that were learned from.
    pub parts: Vec<(DatePart, NumberEncoding)>,
}

/// A part of a date.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DatePart {
    /// Days since 1970-01-01, with fractions: what changes steadily.
    Elapsed,
    /// 1 to 12.
    Month,
    /// 1 to 31.
    Day,
    /// 1 (Monday) to 7.
    Weekday,
    /// Hours since midnight, with fractions.
    Hour,
}

impl DatePart {
    /// All parts, in the order of their inputs.
    pub const ALL: [Self; 5] = [Self::Elapsed, Self::Month, Self::Day, Self::Weekday, Self::Hour];

    fn of(self, seconds: f64) -> f64 {
        let parts = Parts::of(seconds.floor() as i64);
        match self {
            Self::Elapsed => seconds / 86_400.0,
            Self::Month => parts.month as f64,
            Self::Day => parts.day as f64,
            Self::Weekday => parts.weekday as f64,
            Self::Hour => parts.second_of_day as f64 / 3600.0,
        }
    }
}

impl DateEncoding {
    /// Learns from the known dates of a column. `None` if they are all equal, or if there is none.
    pub(super) fn learn(known: &[f64], missing: usize) -> Option<Self> {
        let part = |part: DatePart| {
            let numbers = known.iter().map(|&seconds| part.of(seconds)).collect();
            NumberEncoding::learn(numbers, missing, 0).map(|encoding| (part, encoding))
        };
        let mut parts: Vec<_> = DatePart::ALL.into_iter().filter_map(part).collect();
        // One flag is enough for all parts.
        parts.iter_mut().skip(1).for_each(|(_, encoding)| encoding.has_flag = false);
        (!parts.is_empty()).then_some(Self { parts })
    }

    /// Number of inputs.
    pub fn inputs(&self) -> usize {
        self.parts.iter().map(|(_, encoding)| encoding.plain_inputs()).sum()
    }

    pub(super) fn encode<F: Float>(&self, cell: Cell<'_>, mut inputs: &mut [F]) {
        for (part, encoding) in &self.parts {
            let (these, later) = inputs.split_at_mut(encoding.plain_inputs());
            let number = match cell {
                Cell::Number(seconds) if seconds.is_finite() => Cell::Number(part.of(seconds)),
                _ => Cell::Missing,
            };
            encoding.encode(number, these, &mut []);
            inputs = later;
        }
    }
}
