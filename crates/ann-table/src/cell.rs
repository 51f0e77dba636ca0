//! What the text of a cell is: a number, a date, missing, or a word.

use crate::schema::Cell;
use crate::{Kind, date};

/// A finite number, in the notation of Rust and C: `5`, `-0.5`, `1e-3`.
#[inline(always)]
pub fn finite_number(text: &str) -> Option<f64> {
    plain_number(text, b'.').or_else(|| text.parse().ok().filter(|value: &f64| value.is_finite()))
}

/// Powers of ten, which `f64` holds exactly.
const POWERS: [f64; 17] =
    [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16];

/// The number m / 10ᵏ that is written as digits with k decimals, if m ≤ 2⁵³. Both are then exact in `f64`, so
/// one division gives the nearest number, as `str::parse` does, in a third of its time (W. Clinger 1990, "How
/// to read floating point numbers accurately").
#[inline(always)]
fn plain_number(text: &str, point: u8) -> Option<f64> {
    let (sign, digits) = match text.as_bytes() {
        [b'-', digits @ ..] => (-1.0, digits),
        [b'+', digits @ ..] => (1.0, digits),
        digits => (1.0, digits),
    };
    if digits.len() > POWERS.len() {
        return None;
    }
    let (before, whole) = leading_digits(digits, 0);
    let (m, decimals) = match digits[before..] {
        [] => (whole, 0),
        [found, ref rest @ ..] if found == point => match leading_digits(rest, whole) {
            (decimals, m) if decimals == rest.len() => (m, decimals),
            _ => return None,
        },
        _ => return None,
    };
    let has_digits = before + decimals > 0;
    (has_digits && m <= LARGEST_EXACT).then(|| match decimals {
        // No division, which is slow.
        0 => sign * m as f64,
        _ => sign * (m as f64 / POWERS[decimals]),
    })
}

/// The number of digits at the beginning, and the number that they make after the digits of `m`.
#[inline(always)]
fn leading_digits(bytes: &[u8], mut m: u64) -> (usize, u64) {
    for (at, byte) in bytes.iter().enumerate() {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return (at, m);
        }
        m = 10 * m + u64::from(digit);
    }
    (bytes.len(), m)
}

/// How numbers are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Notation {
    /// Whether a comma separates the decimals, as in `0,5`.
    pub has_decimal_comma: bool,
}

impl Notation {
    /// Reads a text as a number. With a decimal comma a point is an error, because it may separate
    /// thousands.
    #[inline(always)]
    pub fn number(self, text: &str) -> Option<f64> {
        if !self.has_decimal_comma {
            return finite_number(text);
        }
        let slowly = || finite_number(&text.replace(',', "."));
        plain_number(text, b',').or_else(|| if text.contains('.') { None } else { slowly() })
    }
}

/// Whole numbers up to 2⁵³ are exact in `f64`.
const LARGEST_EXACT: u64 = 1 << 53;

/// Words for a missing number or date, in any case. In columns of words they are words: `NA` is Namibia.
const MISSING_NUMBERS: [&str; 5] = ["NA", "N/A", "NaN", "NULL", "None"];

/// Whether a cell is missing whatever its column: empty, or a question mark, the sign of Orange and of the
/// UCI repository.
pub(crate) fn is_missing(text: &str) -> bool {
    matches!(text, "" | "?")
}

/// Whether a word means a missing number or date.
pub(crate) fn is_missing_number(text: &str) -> bool {
    MISSING_NUMBERS.iter().any(|word| word.eq_ignore_ascii_case(text))
}

/// Whether a number is written as identifiers are: with a leading zero, as in `007` or `01.5`, or whole and
/// too large for an exact `f64`.
#[inline(always)]
pub(crate) fn is_identifier(text: &str, value: f64) -> bool {
    let digits = match text.as_bytes() {
        [b'-' | b'+', digits @ ..] => digits,
        digits => digits,
    };
    let has_leading_zero = matches!(digits, [b'0', b'0'..=b'9', ..]);
    let is_whole = || digits.iter().all(u8::is_ascii_digit);
    // A number that is too large for a `u64` is too large, too.
    let is_exact =
        || text.trim_start_matches(['-', '+']).parse::<u64>().is_ok_and(|whole| whole <= LARGEST_EXACT);
    has_leading_zero || (value.abs() >= LARGEST_EXACT as f64 && is_whole() && !is_exact())
}

impl Kind {
    /// The cell that a text is in a column of this kind, with a decimal point. `None` if it is of another
    /// kind.
    ///
    /// ```
    /// use ann_table::{Cell, Kind};
    ///
    /// assert_eq!(Kind::Number.cell("1.5"), Some(Cell::Number(1.5)));
    /// assert_eq!(Kind::Category.cell("007"), Some(Cell::Word("007")));
    /// assert_eq!(Kind::Date.cell("1970-01-02"), Some(Cell::Number(86_400.0)));
    /// assert_eq!(Kind::Date.cell("NA"), Some(Cell::Missing));
    /// assert_eq!(Kind::Number.cell("red"), None);
    /// ```
    pub fn cell(self, text: &str) -> Option<Cell<'_>> {
        let text = text.trim();
        if is_missing(text) {
            return Some(Cell::Missing);
        }
        match (self, Content::of(text, Notation { has_decimal_comma: false })) {
            (Self::Category, _) => Some(Cell::Word(text)),
            (_, Content::Missing | Content::MissingNumber) => Some(Cell::Missing),
            (Self::Number, Content::Number(value) | Content::Identifier(value)) => Some(Cell::Number(value)),
            (Self::Date, Content::Date(seconds)) => Some(Cell::Number(seconds)),
            (Self::Number | Self::Date, _) => None,
        }
    }
}

/// What a cell of a column without a stated kind is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Content {
    Missing,
    /// Missing in a column of numbers or dates, a word in a column of words.
    MissingNumber,
    Number(f64),
    /// A number that is written as identifiers are.
    Identifier(f64),
    Date(f64),
    /// What people read as a number or a date, though it is none: `1,000`, `inf`, `2023-02-30`.
    Nearly(Kind),
    Word,
}

impl Content {
    #[inline(always)]
    pub fn of(text: &str, notation: Notation) -> Self {
        if is_missing(text) {
            return Self::Missing;
        }
        match notation.number(text) {
            Some(value) if is_identifier(text, value) => Self::Identifier(value),
            Some(value) => Self::Number(value),
            None => Self::of_no_number(text),
        }
    }

    fn of_no_number(text: &str) -> Self {
        if is_missing_number(text) {
            return Self::MissingNumber;
        }
        match date::parse(text) {
            Some(seconds) => Self::Date(seconds),
            None if date::has_form(text) => Self::Nearly(Kind::Date),
            None if is_nearly_number(text) => Self::Nearly(Kind::Number),
            None => Self::Word,
        }
    }
}

/// Whether people read a text as a number: it is infinite or too large, has the other decimal sign or
/// separated thousands, the sign of a currency or percent, or a typographic minus, as `-inf`, `1e999`, `1,5`,
/// `1'000`, `€ 5`, `5 %`, `−1`.
fn is_nearly_number(text: &str) -> bool {
    let is_unit = |letter: char| "$€£¥%".contains(letter) || letter.is_whitespace();
    let without_sign = |text: &str| text.trim_start_matches(['-', '+', '−']).to_owned();
    let digits = without_sign(without_sign(text).trim_matches(is_unit));
    let is_number = || {
        let has_digit = digits.starts_with(|letter: char| letter.is_ascii_digit());
        has_digit && finite_number(&digits.replace(',', ".")).is_some()
    };
    text.parse::<f64>().is_ok() || is_number() || has_grouped_digits(&digits)
}

/// Whether digits are in groups of three, perhaps with decimals after another sign: `1,000`, `1 000 000,5`.
pub(crate) fn has_grouped_digits(text: &str) -> bool {
    let is_sign = |letter: char| "'’ .,\u{a0}\u{202f}".contains(letter);
    let mut signs: Vec<&str> = text.matches(is_sign).collect();
    let mut groups: Vec<&str> = text.split(is_sign).collect();
    let are_digits =
        groups.iter().all(|group| !group.is_empty() && group.bytes().all(|byte| byte.is_ascii_digit()));
    if signs.len() > 1 && signs.first() != signs.last() {
        signs.pop();
        groups.pop();
    }
    let (Some(sign), Some((first, others))) = (signs.first(), groups.split_first()) else { return false };
    are_digits
        && signs.iter().all(|other| other == sign)
        && first.len() <= 3
        && !first.starts_with('0')
        && others.iter().all(|group| group.len() == 3)
}
