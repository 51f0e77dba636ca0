//! Parts of dates as nodes, computed from the seconds since 1970.
//!
//! Quotients and products of whole numbers of this size are exact in double precision, once rounded down. A
//! missing date is NaN, and so are its parts.

use ann_table::DatePart;

use super::graph::{Name, Part};

const DAY: f64 = 86_400.0;

/// A part of dates in the range of its [`DatePart`].
pub(super) fn part(part: &mut Part<'_>, seconds: &Name, which: DatePart) -> Name {
    match which {
        DatePart::Elapsed => part.apply_to("Div", seconds, DAY),
        DatePart::Hour => {
            let second_of_day = rest(part, seconds, DAY);
            part.apply_to("Div", &second_of_day, 3600.0)
        }
        DatePart::Weekday => {
            // 1970-01-01 was a Thursday.
            let day = quotient(part, seconds, DAY);
            let from_monday = part.apply_to("Add", &day, 3.0);
            let weekday = rest(part, &from_monday, 7.0);
            part.apply_to("Add", &weekday, 1.0)
        }
        DatePart::Month => {
            // March is 0, so the months from 10 on belong to the next year.
            let day_of_year = day_of_year(part, seconds);
            let month = month_from_march(part, &day_of_year);
            let shifted = part.apply_to("Add", &month, 2.0);
            let month = rest(part, &shifted, 12.0);
            part.apply_to("Add", &month, 1.0)
        }
        DatePart::Day => {
            // Month m begins with day (153 m + 2) / 5.
            let day_of_year = day_of_year(part, seconds);
            let month = month_from_march(part, &day_of_year);
            let first = scaled(part, &month, [153.0, 2.0, 5.0]);
            let day = part.apply("Sub", &[&day_of_year, &first]);
            part.apply_to("Add", &day, 1.0)
        }
    }
}

/// The day of a year that begins in March, from 0 (H. Hinnant, "chrono-Compatible Low-Level Date Algorithms",
/// `civil_from_days`).
fn day_of_year(part: &mut Part<'_>, seconds: &Name) -> Name {
    let day = quotient(part, seconds, DAY);
    let day = part.apply_to("Add", &day, 719_468.0);
    let day_of_era = rest(part, &day, 146_097.0);
    // The year of the era: (d − d / 1460 + d / 36 524 − d / 146 096) / 365.
    let [leaps, centuries, last] =
        [1460.0, 36_524.0, 146_096.0].map(|days| quotient(part, &day_of_era, days));
    let days = part.apply("Sub", &[&day_of_era, &leaps]);
    let days = part.apply("Add", &[&days, &centuries]);
    let days = part.apply("Sub", &[&days, &last]);
    let year = quotient(part, &days, 365.0);
    // The day of the year: d − (365 y + y / 4 − y / 100).
    let before = part.apply_to("Mul", &year, 365.0);
    let [leaps, centuries] = [4.0, 100.0].map(|years| quotient(part, &year, years));
    let before = part.apply("Add", &[&before, &leaps]);
    let before = part.apply("Sub", &[&before, &centuries]);
    part.apply("Sub", &[&day_of_era, &before])
}

/// The month of a year that begins in March, from 0.
fn month_from_march(part: &mut Part<'_>, day_of_year: &Name) -> Name {
    scaled(part, day_of_year, [5.0, 2.0, 153.0])
}

/// ⌊(a x + b) / c⌋.
fn scaled(part: &mut Part<'_>, x: &Name, [a, b, c]: [f64; 3]) -> Name {
    let product = part.apply_to("Mul", x, a);
    let sum = part.apply_to("Add", &product, b);
    quotient(part, &sum, c)
}

/// ⌊x / divisor⌋.
fn quotient(part: &mut Part<'_>, x: &Name, divisor: f64) -> Name {
    let quotient = part.apply_to("Div", x, divisor);
    part.apply("Floor", &[&quotient])
}

/// x − divisor · ⌊x / divisor⌋.
fn rest(part: &mut Part<'_>, x: &Name, divisor: f64) -> Name {
    let quotient = quotient(part, x, divisor);
    let product = part.apply_to("Mul", &quotient, divisor);
    part.apply("Sub", &[x, &product])
}
