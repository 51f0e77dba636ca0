//! How people write numbers and dates that are not read as such, and what to write instead.

use crate::cell::{finite_number, has_grouped_digits};
use crate::{Kind, date};

/// A way to write numbers or dates that is not read as such.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OtherNotation {
    /// `2603,71`, where decimals have a point; or the other way round.
    DecimalSign,
    /// `1.316,54`, `1,200` or `1 200`.
    Thousands,
    /// `−12`, with the minus of typesetting instead of the hyphen.
    Minus,
    /// `16%`
    Percent,
    /// `€ 12` or `12 EUR`
    Currency,
    /// `12.5 kg`, with this unit of measurement after the number.
    Unit(&'static str),
    /// `(123.45)` for −123.45, as in accounts.
    Parentheses,
    /// `21.05.2023`, `05/21/2023`, `2023/05/21`, `21.05.23`, `21 May 2023`
    Date,
}

impl OtherNotation {
    /// How the text of a cell is written, and what to write instead. `decimal_comma`: whether a comma is
    /// before the decimals of the table's numbers.
    ///
    /// ```
    /// use ann_table::OtherNotation;
    ///
    /// let of = |text| OtherNotation::of(text, false).map(|(_, instead)| instead);
    /// assert_eq!(of("1.316,54").as_deref(), Some("1316.54"));
    /// assert_eq!(of("21.05.2023").as_deref(), Some("2023-05-21"));
    /// assert_eq!((of("16.5"), of("red")), (None, None));
    /// ```
    pub fn of(text: &str, decimal_comma: bool) -> Option<(Self, String)> {
        let (point, other) = if decimal_comma { (',', '.') } else { ('.', ',') };
        let is_number = |text: &str| {
            !(decimal_comma && text.contains('.')) && finite_number(&text.replace(point, ".")).is_some()
        };
        if is_number(text) {
            return None;
        }
        if let Some(date) = date_of(text) {
            return Some((Self::Date, date));
        }
        let in_parentheses = text.strip_prefix('(').and_then(|text| text.strip_suffix(')'));
        let unsigned = in_parentheses.unwrap_or_else(|| text.trim_start_matches(['-', '+', '−']));
        let sign = if unsigned.len() < text.len() && !text.starts_with('+') { "-" } else { "" };
        let (digits, unit) = match unsigned.strip_suffix('%') {
            Some(amount) => (amount.trim_end(), Some(Self::Percent)),
            None => {
                let currency = || without_currency(unsigned).map(|amount| (amount, Some(Self::Currency)));
                let measure =
                    || without_unit(unsigned).map(|(amount, unit)| (amount, Some(Self::Unit(unit))));
                currency().or_else(measure).unwrap_or((unsigned, None))
            }
        };
        let point = point.to_string();
        let with_point = || digits.replace(other, &point);
        let (notation, number) = match digits {
            _ if !digits.starts_with(|letter: char| letter.is_ascii_digit()) => return None,
            _ if is_number(digits) => {
                let minus = in_parentheses.map(|_| Self::Parentheses);
                (minus.or(text.starts_with('−').then_some(Self::Minus)), digits.to_owned())
            }
            _ if has_grouped_digits(digits) => {
                (Some(Self::Thousands), without_groups(digits).replace('.', &point))
            }
            _ => (Some(Self::DecimalSign), with_point()),
        };
        // 8,648 may also be the number between 8 and 9.
        let is_one_group = notation == Some(Self::Thousands) && digits.matches(other).count() == 1;
        let decimals = match is_one_group && !digits.contains(&point) {
            true => format!(" or {sign}{}", with_point()),
            false => String::new(),
        };
        let notation = unit.or(notation).filter(|_| is_number(&number))?;
        Some((notation, format!("{sign}{number}{decimals}")))
    }

    /// The kind that is meant.
    pub fn kind(self) -> Kind {
        if self == Self::Date { Kind::Date } else { Kind::Number }
    }
}

/// `12` of `€ 12`, `12€` and `12 EUR`.
fn without_currency(text: &str) -> Option<&str> {
    const SIGNS: [char; 4] = ['$', '€', '£', '¥'];
    const CODES: [&str; 5] = ["EUR", "USD", "GBP", "CHF", "JPY"];
    let code = |code: &&str| text.strip_suffix(code).or_else(|| text.strip_prefix(code));
    let sign = || text.strip_suffix(SIGNS).or_else(|| text.strip_prefix(SIGNS));
    CODES.iter().find_map(code).or_else(sign).map(str::trim)
}

/// `12.5` and `kg` of `12.5 kg` and `12.5kg`.
fn without_unit(text: &str) -> Option<(&str, &'static str)> {
    const UNITS: [&str; 37] = [
        "km", "m", "cm", "mm", "mi", "ft", "t", "kg", "g", "mg", "lb", "lbs", "oz", "l", "L", "ml", "mL",
        "h", "min", "s", "ms", "km/h", "mph", "m²", "m2", "m³", "m3", "°", "°C", "°F", "kWh", "kW", "W", "V",
        "MB", "GB", "Hz",
    ];
    let after_number = |unit: &&'static str| {
        let amount = text.strip_suffix(unit)?.trim_end();
        amount.ends_with(|letter: char| letter.is_ascii_digit()).then_some((amount, *unit))
    };
    UNITS.iter().find_map(after_number)
}

/// Digits in groups, perhaps with decimals after another sign, as a number. A single sign separates groups.
fn without_groups(digits: &str) -> String {
    let is_sign = |letter: char| !letter.is_ascii_digit();
    let first = digits.find(is_sign).and_then(|at| digits[at..].chars().next());
    let last = digits.rfind(is_sign).filter(|&at| digits[at..].chars().next() != first);
    let (whole, decimals) = last.map_or((digits, ""), |at| digits.split_at(at));
    let only_digits = |text: &str| text.replace(is_sign, "");
    let decimals = only_digits(decimals);
    only_digits(whole) + if decimals.is_empty() { "" } else { "." } + &decimals
}

/// The ISO date of `21.05.2023`, `21/5/2023`, `05/21/2023`, `2023/05/21`, `21.05.23` or `21 May 2023`,
/// perhaps with a time. `05/06/2023` may be two dates.
fn date_of(text: &str) -> Option<String> {
    let (date, time) = match text.rsplit_once(' ') {
        Some((date, time)) if time.contains(':') => (date, time),
        _ => (text, ""),
    };
    let possible = date_of_names(date).map_or_else(|| dates_of_numbers(date), |date| vec![date]);
    let dates = possible.into_iter().filter_map(|(year, month, day)| {
        let iso = format!("{year:04}-{month:02}-{day:02}");
        let clock = format!("{iso} {time}");
        [clock, iso].into_iter().find(|iso| date::parse(iso).is_some())
    });
    let dates: Vec<String> = dates.filter(|iso| iso != text).collect();
    (!dates.is_empty()).then(|| dates.join(" or "))
}

/// The dates (year, month, day) that three numbers may be.
fn dates_of_numbers(date: &str) -> Vec<(u32, u32, u32)> {
    let Some(sign) = ['.', '/', '-'].into_iter().find(|sign| date.matches(*sign).count() == 2) else {
        return vec![];
    };
    let parts: Vec<&str> = date.split(sign).collect();
    let numbers: Option<Vec<u32>> = parts.iter().map(|part| whole(part)).collect();
    let Some([one, two, three]) = numbers.as_deref() else { return vec![] };
    let (one, two, three) = (*one, *two, *three);
    // Points are between day and month; slashes may be between month and day, too.
    match [parts[0].len(), parts[2].len()] {
        [4, 1 | 2] => vec![(one, two, three)],
        // `1.2.10` may be a version.
        [_, 2] if sign == '-' || sign == '.' && date.len() < 8 => vec![],
        [1 | 2, 2 | 4] => match full_year(parts[2]) {
            Some(year) if sign == '/' && one != two => vec![(year, two, one), (year, one, two)],
            Some(year) => vec![(year, two, one)],
            None => vec![],
        },
        _ => vec![],
    }
}

/// The date (year, month, day) of `21 May 2023`, `21-May-23` or `May 21, 2023`.
fn date_of_names(date: &str) -> Option<(u32, u32, u32)> {
    const MONTHS: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    let parts: Vec<&str> = date.split([' ', '-', '.', ',', '/']).filter(|part| !part.is_empty()).collect();
    let (day, name, year) = match parts[..] {
        [day, name, year] if whole(day).is_some() => (day, name, year),
        [name, day, year] => (day, name, year),
        _ => return None,
    };
    let name = name.to_lowercase();
    let is_month = |month: &&str| name == **month || name.len() == 3 && month.starts_with(&name);
    let month = MONTHS.iter().position(is_month)? as u32 + 1;
    (day.len() <= 2).then_some((full_year(year)?, month, whole(day)?))
}

/// The year of four digits, or of two: from 1970 to 2069, as most programs read them.
fn full_year(digits: &str) -> Option<u32> {
    let year = whole(digits)?;
    match digits.len() {
        4 => Some(year),
        2 if year < 70 => Some(2000 + year),
        2 => Some(1900 + year),
        _ => None,
    }
}

/// A number that is made of digits alone.
fn whole(text: &str) -> Option<u32> {
    text.parse().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Whether the points of a column may separate thousands, as in `1.200`: all cells with decimals have three
/// of them after one to three digits that do not begin with 0, and other numbers are below 1000.
#[derive(Clone, Copy, Debug)]
pub(crate) struct GroupingPoints {
    /// Number of cells with decimals so far; `None` if one of them shows that points are before decimals.
    cells: Option<usize>,
}

impl GroupingPoints {
    /// Fewer cells say little.
    const LEAST: usize = 5;

    pub fn new(is_possible: bool) -> Self {
        Self { cells: is_possible.then_some(0) }
    }

    /// Looks at a cell.
    #[inline(always)]
    pub fn see(&mut self, text: &str, value: f64) {
        let Some(cells) = &mut self.cells else { return };
        match text.contains('.') {
            false if value.abs() < 1000.0 => {}
            true if has_grouped_digits(text.trim_start_matches(['-', '+'])) => *cells += 1,
            _ => self.cells = None,
        }
    }

    pub fn are_likely(self) -> bool {
        self.cells.is_some_and(|cells| cells >= Self::LEAST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_to_write_instead() {
        use OtherNotation::{Currency, Date, DecimalSign, Minus, Parentheses, Percent, Thousands, Unit};
        for (text, notation, instead) in [
            ("2603,71", DecimalSign, "2603.71"),
            ("-0,5", DecimalSign, "-0.5"),
            ("1.316,54", Thousands, "1316.54"),
            ("1,316.54", Thousands, "1316.54"),
            ("1,200", Thousands, "1200 or 1.200"),
            ("1 200 000", Thousands, "1200000"),
            ("−1'200", Thousands, "-1200"),
            ("−21.5", Minus, "-21.5"),
            ("-$15.50", Currency, "-15.50"),
            ("4,809%", Percent, "4809 or 4.809"),
            ("16%", Percent, "16"),
            ("16,5 %", Percent, "16.5"),
            ("€ 12", Currency, "12"),
            ("1.316,54 €", Currency, "1316.54"),
            ("12 EUR", Currency, "12"),
            ("12.5 kg", Unit("kg"), "12.5"),
            ("-3,5°C", Unit("°C"), "-3.5"),
            ("120 m2", Unit("m2"), "120"),
            ("(123.45)", Parentheses, "-123.45"),
            ("(1,200)", Thousands, "-1200 or -1.200"),
            ("($15)", Currency, "-15"),
            ("$1,200", Currency, "1200 or 1.200"),
            ("21.05.2023", Date, "2023-05-21"),
            ("1.2.2023 13:45", Date, "2023-02-01 13:45"),
            ("05/21/2023", Date, "2023-05-21"),
            ("21/05/2023", Date, "2023-05-21"),
            ("05/06/2023", Date, "2023-06-05 or 2023-05-06"),
            ("2023/05/21", Date, "2023-05-21"),
            ("01.08.19", Date, "2019-08-01"),
            ("5/6/70", Date, "1970-06-05 or 1970-05-06"),
            ("1 Aug 2019", Date, "2019-08-01"),
            ("01-Aug-19", Date, "2019-08-01"),
            ("August 1, 2019 13:45", Date, "2019-08-01 13:45"),
        ] {
            assert_eq!(OtherNotation::of(text, false), Some((notation, instead.to_owned())), "{text}");
        }
        for text in [
            "",
            "1.5",
            "-1e3",
            "red",
            "n.a.",
            "2023-05-21",
            "2023-02-30",
            "1.2.3",
            "%",
            "€",
            "EUR",
            "12 Main St",
            "kg",
            "A 12 m",
            "2 1/2 h",
            "1,5,2",
            "USDT",
            "a,b",
            "()",
            "(red)",
            "1 mar 5",
            "32 May 2023",
            "Au 1 2019",
            "01-02-03",
            "1.2.10",
            "2.11.30",
        ] {
            assert_eq!(OtherNotation::of(text, false), None, "{text}");
        }
        for (text, notation, instead) in [
            ("2603.71", DecimalSign, "2603,71"),
            ("1.316,54", Thousands, "1316,54"),
            ("1.200", Thousands, "1200 or 1,200"),
            ("16,5 %", Percent, "16,5"),
            ("12.5%", Percent, "12,5"),
            ("21.05.2023", Date, "2023-05-21"),
        ] {
            assert_eq!(OtherNotation::of(text, true), Some((notation, instead.to_owned())), "{text}");
        }
        assert_eq!(OtherNotation::of("2603,71", true), None);
    }
}
