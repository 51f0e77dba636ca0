//! Dates of ISO 8601 as seconds since 1970, and their parts.

const DAY: i64 = 86_400;

/// The seconds from 1970-01-01T00:00 to a date such as `2024-02-29`, `2024-02-29 13:45` or
/// `2024-02-29T13:45:10`, in the Gregorian calendar and without time zone.
pub(crate) fn parse(text: &str) -> Option<i64> {
    let (date, time) = match text.as_bytes().get(10) {
        None => (text, None),
        Some(b' ' | b'T') => (text.get(..10)?, Some(text.get(11..)?)),
        Some(_) => return None,
    };
    let mut parts = date.split('-');
    let (year, month, day) =
        (digits(parts.next()?, 4)?, digits(parts.next()?, 2)?, digits(parts.next()?, 2)?);
    let is_date =
        parts.next().is_none() && (1..=12).contains(&month) && (1..=days(year, month)).contains(&day);
    let seconds = time.map_or(Some(0), seconds_of)?;
    is_date.then(|| day_number(year, month, day) * DAY + seconds)
}

/// Whether a text is written as a date, even if there is no such day or time: `2023-02-30`.
pub(crate) fn has_form(text: &str) -> bool {
    let is_as_long = matches!(text.len(), 10 | 16 | 19);
    let form = || text.replace(|letter: char| letter.is_ascii_digit(), "0").replace('T', " ");
    is_as_long && ["0000-00-00", "0000-00-00 00:00", "0000-00-00 00:00:00"].contains(&form().as_str())
}

/// Seconds since midnight of `13:45` or `13:45:10`.
fn seconds_of(time: &str) -> Option<i64> {
    let mut parts = time.split(':');
    let (hour, minute) = (digits(parts.next()?, 2)?, digits(parts.next()?, 2)?);
    let second = parts.next().map_or(Some(0), |second| digits(second, 2))?;
    let is_time = parts.next().is_none() && hour < 24 && minute < 60 && second < 60;
    is_time.then_some(hour * 3600 + minute * 60 + second)
}

fn digits(text: &str, count: usize) -> Option<i64> {
    let is_number = text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok()).flatten()
}

fn days(year: i64, month: i64) -> i64 {
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 => 28 + i64::from(is_leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970-01-01, with years that begin in March, so that the leap day is the last (H. Hinnant,
/// "chrono-Compatible Low-Level Date Algorithms", `days_from_civil`).
fn day_number(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// The parts of a date that a network can use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Parts {
    pub year: i64,
    /// 1 to 12.
    pub month: i64,
    /// 1 to 31.
    pub day: i64,
    /// 1 (Monday) to 7.
    pub weekday: i64,
    /// 0 to 86 399.
    pub second_of_day: i64,
}

impl Parts {
    /// The inverse of [`day_number`] (`civil_from_days` of the same source).
    pub fn of(seconds: i64) -> Self {
        let (days, second_of_day) = (seconds.div_euclid(DAY), seconds.rem_euclid(DAY));
        let shifted = days + 719_468;
        let (era, day_of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
        let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let from_march = (5 * day_of_year + 2) / 153;
        let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
        Self {
            year: year_of_era + era * 400 + i64::from(month <= 2),
            month,
            day: day_of_year - (153 * from_march + 2) / 5 + 1,
            // 1970-01-01 was a Thursday.
            weekday: (days + 3).rem_euclid(7) + 1,
            second_of_day,
        }
    }
}

/// The text of a date, without a time of midnight.
pub(crate) fn text(seconds: i64) -> String {
    let Parts { year, month, day, second_of_day, .. } = Parts::of(seconds);
    let date = format!("{year:04}-{month:02}-{day:02}");
    let (hour, minute, second) = (second_of_day / 3600, second_of_day / 60 % 60, second_of_day % 60);
    if second_of_day == 0 { date } else { format!("{date} {hour:02}:{minute:02}:{second:02}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_and_times() {
        for (text, seconds) in [
            ("1970-01-01", 0),
            ("1970-01-01 00:01", 60),
            ("1969-12-31T23:59:59", -1),
            ("2000-02-29", 951_782_400),
            ("2024-12-31 12:30:15", 1_735_648_215),
            ("0001-01-01", -62_135_596_800),
        ] {
            assert_eq!(parse(text), Some(seconds), "{text}");
        }
        for text in [
            "",
            "2024",
            "2024-2-1",
            "2024-02-30",
            "2023-02-29",
            "1900-02-29",
            "2024-13-01",
            "01.02.2024",
            "2024-01-01 24:00",
            "2024-01-01 1:00",
            "2024-01-01Z",
            "2024-01-01 10:00:00.5",
            "2024-01-0é",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn parts_of_every_day_of_eight_centuries() {
        let (mut year, mut month, mut day, mut weekday) = (1600, 1, 1, 6);
        let start = parse("1600-01-01").unwrap();
        for number in 0..300_000 {
            let seconds = start + number * DAY + 7;
            assert_eq!(Parts::of(seconds), Parts { year, month, day, weekday, second_of_day: 7 });
            assert_eq!(parse(&text(seconds)), Some(seconds));
            weekday = weekday % 7 + 1;
            day += 1;
            if day > days(year, month) {
                (day, month) = (1, month + 1);
            }
            if month > 12 {
                (month, year) = (1, year + 1);
            }
        }
    }
}
