//! Dates of ISO 8601 as seconds since 1970, and their parts.

const DAY: i64 = 86_400;

/// The seconds from 1970-01-01T00:00 UTC to a date such as `2024-02-29`, `2024-02-29 13:45` or
/// `2024-02-29T13:45:10.250+02:00` (ISO 8601 and RFC 3339), in the Gregorian calendar. A time without zone is
/// taken as UTC.
pub(crate) fn parse(text: &str) -> Option<f64> {
    let (date, rest) = text.split_at_checked("2024-02-29".len())?;
    let midnight = day_of(date)? * DAY;
    if rest.is_empty() {
        return Some(midnight as f64);
    }
    let is_in_zone = |letter: char| !letter.is_ascii_digit() && letter != ':' && letter != '.';
    let time = rest.strip_prefix([' ', 'T', 't'])?;
    let (clock, zone) = time.split_at(time.find(is_in_zone).unwrap_or(time.len()));
    let (minutes, seconds) = time_of(clock)?;
    Some((midnight + 60 * (minutes - offset(zone.trim_start())?)) as f64 + seconds)
}

/// Whether a text is written as a date, even if there is no such day or time: `2023-02-30`.
pub(crate) fn has_form(text: &str) -> bool {
    let form = text.replace(|letter: char| letter.is_ascii_digit(), "0");
    let is_time =
        |time: &str| time.starts_with("00:00") && time.chars().all(|letter| "0:.,+-Zz".contains(letter));
    let is_rest = |rest: &str| rest.is_empty() || rest.strip_prefix([' ', 'T', 't']).is_some_and(is_time);
    form.strip_prefix("0000-00-00").is_some_and(is_rest)
}

/// Days from 1970-01-01 to `2024-02-29`.
fn day_of(date: &str) -> Option<i64> {
    let mut parts = date.split('-');
    let (year, month, day) =
        (digits(parts.next()?, 4)?, digits(parts.next()?, 2)?, digits(parts.next()?, 2)?);
    let is_date =
        parts.next().is_none() && (1..=12).contains(&month) && (1..=days(year, month)).contains(&day);
    is_date.then(|| day_number(year, month, day))
}

/// Minutes since midnight, and seconds, of `13:45`, `13:45:10` or `13:45:10.250`.
fn time_of(clock: &str) -> Option<(i64, f64)> {
    let mut parts = clock.split(':');
    let (hour, minute) = (digits(parts.next()?, 2)?, digits(parts.next()?, 2)?);
    let second = parts.next().map_or(Some(0.0), seconds_of)?;
    let is_time = parts.next().is_none() && hour < 24 && minute < 60 && second < 60.0;
    is_time.then_some((60 * hour + minute, second))
}

/// The number `10` or `10.250`.
fn seconds_of(text: &str) -> Option<f64> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, "0"));
    let are_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_number = whole.len() == 2 && are_digits(whole) && are_digits(decimals);
    is_number.then(|| text.parse().ok()).flatten()
}

/// Minutes by which the clocks of a zone are ahead of UTC: `Z`, `UTC`, `+02:00`, `-0330` or `+02`.
fn offset(zone: &str) -> Option<i64> {
    if matches!(zone, "" | "Z" | "z" | "UTC") {
        return Some(0);
    }
    let sign = if zone.starts_with('-') { -1 } else { 1 };
    let (hours, rest) = zone.strip_prefix(['+', '-'])?.split_at_checked(2)?;
    let minutes = if rest.is_empty() { "00" } else { rest.strip_prefix(':').unwrap_or(rest) };
    let (hours, minutes) = (digits(hours, 2)?, digits(minutes, 2)?);
    (hours < 24 && minutes < 60).then_some(sign * (60 * hours + minutes))
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

/// The text of a date in UTC, rounded to microseconds, without a time of midnight. It is read as the same
/// date.
pub(crate) fn text(seconds: f64) -> String {
    const SECOND: i64 = 1_000_000;
    let microseconds = (seconds * SECOND as f64).round() as i64;
    let Parts { year, month, day, second_of_day, .. } = Parts::of(microseconds.div_euclid(SECOND));
    let (hour, minute, second) = (second_of_day / 3600, second_of_day / 60 % 60, second_of_day % 60);
    let date = format!("{year:04}-{month:02}-{day:02}");
    match (second_of_day, microseconds.rem_euclid(SECOND)) {
        (0, 0) => date,
        (_, 0) => format!("{date} {hour:02}:{minute:02}:{second:02}"),
        (_, part) => {
            let time = format!("{date} {hour:02}:{minute:02}:{second:02}.{part:06}");
            time.trim_end_matches('0').to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_and_times() {
        for (text, seconds) in [
            ("1970-01-01", 0.0),
            ("1970-01-01 00:01", 60.0),
            ("1969-12-31T23:59:59", -1.0),
            ("2000-02-29", 951_782_400.0),
            ("2024-12-31 12:30:15", 1_735_648_215.0),
            ("0001-01-01", -62_135_596_800.0),
            ("1970-01-01T00:00:01Z", 1.0),
            ("1970-01-01t00:00z", 0.0),
            ("1970-01-01 00:00:10.250", 10.25),
            ("1969-12-31 23:59:59.25", -0.75),
            ("1970-01-01T02:00+02:00", 0.0),
            ("1970-01-01T00:00:00.5-03:30", 12_600.5),
            ("1970-01-01 00:00:00+0100", -3600.0),
            ("1970-01-01 00:00:00-01", 3600.0),
            ("1970-01-01 00:00:01.5 UTC", 1.5),
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
            "2024-01-01 10:00:00.",
            "2024-01-01 10:00.5",
            "2024-01-01 10:00:00.5.5",
            "2024-01-01 10:00:00+24:00",
            "2024-01-01 10:00:00+2:00",
            "2024-01-01 10:00:00+02:00:00",
            "2024-01-01 10:00:00 CET",
            "2024-01-0é",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    /// A text shows the date in UTC, and is read as the same number.
    #[test]
    fn dates_as_texts() {
        for (date, shown) in [
            ("2024-02-29", "2024-02-29"),
            ("2024-02-29T00:00:00.000Z", "2024-02-29"),
            ("2024-02-29T13:45", "2024-02-29 13:45:00"),
            ("2024-01-02T03:04:05.250+02:00", "2024-01-02 01:04:05.25"),
            ("2024-01-01T00:00:00+01:00", "2023-12-31 23:00:00"),
            ("1969-12-31 23:59:59.999999", "1969-12-31 23:59:59.999999"),
            ("2024-01-01 00:00:00.1", "2024-01-01 00:00:00.1"),
            ("2024-01-01 00:00:00.123456789", "2024-01-01 00:00:00.123457"),
        ] {
            let seconds = parse(date).unwrap();
            assert_eq!(text(seconds), shown, "{date}");
            let read_again = parse(shown).unwrap();
            assert!((read_again - seconds).abs() <= 0.5e-6, "{date}: {seconds}, then {read_again}");
            assert_eq!(text(read_again), shown);
        }
    }

    #[test]
    fn parts_of_every_day_of_eight_centuries() {
        let (mut year, mut month, mut day, mut weekday) = (1600, 1, 1, 6);
        let start = parse("1600-01-01").unwrap() as i64;
        for number in 0..300_000 {
            let seconds = start + number * DAY + 7;
            assert_eq!(Parts::of(seconds), Parts { year, month, day, weekday, second_of_day: 7 });
            assert_eq!(parse(&text(seconds as f64)), Some(seconds as f64));
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
