//! Numbers for people: axes, captions and results write them in the same way.
//!
//! Numbers from a thousandth up to a million are decimals (0.02, 10 000); all others are multiples of a power
//! of ten (2×10⁻⁵, 10⁶). Files for programs, CSV and JSON, have numbers as Rust writes them.

use std::ops::Range;

/// The exponents of ten of numbers that are written as decimals.
const DECIMALS: Range<i32> = -3..6;

/// The shortest form that reads back as the same `f64`: 0.1, 10 000, 2.5×10⁻⁵.
/// Infinite numbers and NaN are written "∞", "−∞" and "NaN".
///
/// ```
/// use ann_figure::number::exact;
///
/// assert_eq!([0.02, 1e4, -2.5e-5].map(exact), ["0.02", "10 000", "−2.5×10⁻⁵"]);
/// ```
#[expect(clippy::missing_panics_doc, reason = "Rust reads what it has written")]
pub fn exact(number: f64) -> String {
    let size = number.abs();
    let sign = if number < 0.0 { "−" } else { "" };
    if number.is_nan() {
        return "NaN".to_owned();
    } else if size.is_infinite() {
        return format!("{sign}∞");
    }
    let scientific = format!("{size:e}");
    let (mantissa, exponent) = scientific.split_once('e').expect("Rust writes an exponent for {:e}");
    let exponent = exponent.parse().expect("Rust writes the exponent as an integer");
    if size == 0.0 || DECIMALS.contains(&exponent) {
        return format!("{sign}{}", grouped(&size.to_string()));
    }
    format!("{sign}{}", times_power_of_ten(mantissa, exponent))
}

/// At most `digits` significant digits, from 1 to 17, without zeros at the end. With 2 digits, 0.0216 is
/// written 0.022, and 1 is written 1.
#[expect(clippy::missing_panics_doc, reason = "Rust reads what it has written")]
pub fn rounded(number: f64, digits: usize) -> String {
    let scientific = format!("{number:.*e}", digits.clamp(1, 17) - 1);
    // The rounded decimals are the shortest form of the number that is read from them.
    exact(scientific.parse().expect("Rust reads what it has written"))
}

/// A number of things, with all its digits: 10 000.
pub fn count(things: usize) -> String {
    grouped(&things.to_string())
}

/// Writes the ticks of an axis, all with the same number of decimals: multiples of
/// `step`, at most `largest` in size.
pub(crate) fn ticks(step: f64, largest: f64) -> impl Fn(f64) -> String {
    let exponent = largest.log10().floor() as i32;
    let plain = DECIMALS.contains(&exponent);
    let unit = if plain { 0 } else { exponent };
    let decimals = (f64::from(unit) - step.log10() - 1e-9).ceil().max(0.0) as usize;
    move |number| {
        // Rounding may have moved the tick at 0.
        let tick = if number.abs() < 0.5 * step { 0.0 } else { number };
        let mantissa = format!("{:.decimals$}", tick.abs() * 10f64.powi(-unit));
        let sign = if tick < 0.0 { "−" } else { "" };
        match (plain, tick == 0.0) {
            (true, _) => format!("{sign}{}", grouped(&mantissa)),
            (false, true) => "0".to_owned(),
            (false, false) => format!("{sign}{}", times_power_of_ten(&mantissa, unit)),
        }
    }
}

/// d · 10ᵏ for a digit d: 0.02, 5, 200, 2×10⁻⁵.
pub(crate) fn digit(d: u8, k: i32) -> String {
    // Read as one decimal, because the product d · 10ᵏ may be off in the last place.
    exact(format!("{d}e{k}").parse().expect("a digit and an exponent are a number"))
}

/// A mantissa of exactly 1 is left out.
fn times_power_of_ten(mantissa: &str, exponent: i32) -> String {
    let superscript = |c| match c {
        '-' => '⁻',
        digit => ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'][digit as usize - '0' as usize],
    };
    let power: String = exponent.to_string().chars().map(superscript).collect();
    if mantissa == "1" { format!("10{power}") } else { format!("{mantissa}×10{power}") }
}

/// Five digits and more before the point are written in groups of three: 10 000.
fn grouped(decimals: &str) -> String {
    let (integer, fraction) = decimals.split_at(decimals.find('.').unwrap_or(decimals.len()));
    if integer.len() < 5 {
        return decimals.to_owned();
    }
    let (first, rest) = integer.split_at(integer.len() % 3);
    let groups = (0..rest.len()).step_by(3).map(|start| &rest[start..start + 3]);
    let groups: Vec<&str> = Some(first).filter(|first| !first.is_empty()).into_iter().chain(groups).collect();
    groups.join(" ") + fraction
}

#[cfg(test)]
mod tests {
    use super::{count, digit, exact, rounded, ticks};

    #[test]
    fn decimals_from_a_thousandth_to_a_million() {
        for (number, written) in [
            (0.0, "0"),
            (-0.0, "0"),
            (1.0, "1"),
            (0.1, "0.1"),
            (-0.25, "−0.25"),
            (0.001, "0.001"),
            (0.00099, "9.9×10⁻⁴"),
            (9999.5, "9999.5"),
            (10_000.0, "10 000"),
            (-123_456.75, "−123 456.75"),
            (999_999.0, "999 999"),
            (1e6, "10⁶"),
            (-1e6, "−10⁶"),
            (1.5e6, "1.5×10⁶"),
            (1e-5, "10⁻⁵"),
            (2e-5, "2×10⁻⁵"),
            (5e-324, "5×10⁻³²⁴"),
            (f64::MAX, "1.7976931348623157×10³⁰⁸"),
            (f64::INFINITY, "∞"),
            (f64::NEG_INFINITY, "−∞"),
            (f64::NAN, "NaN"),
            (-f64::NAN, "NaN"),
        ] {
            assert_eq!(exact(number), written);
        }
    }

    #[test]
    fn nothing_is_lost() {
        for number in [0.1 + 0.2, 1.0 / 3.0, 123_456.789_012_345, 6.02e23, 1.0 - f64::EPSILON / 2.0] {
            // Back to a form that Rust reads.
            let digits = "⁰¹²³⁴⁵⁶⁷⁸⁹";
            let plain = exact(number).replace("×10", "e").replace(' ', "").replace('⁻', "-");
            let plain = digits
                .chars()
                .enumerate()
                .fold(plain, |text, (digit, superscript)| text.replace(superscript, &digit.to_string()));
            assert_eq!(plain.parse(), Ok(number), "{plain}");
        }
    }

    #[test]
    fn rounding_keeps_significant_digits_and_drops_zeros() {
        for (number, digits, written) in [
            (0.021_594, 3, "0.0216"),
            (0.021_594, 1, "0.02"),
            (1.0, 3, "1"),
            (0.9996, 3, "1"),
            (0.000_999_6, 3, "0.001"),
            (0.000_999_6, 4, "9.996×10⁻⁴"),
            (999_960.0, 4, "10⁶"),
            (12_345.0, 2, "12 000"),
            (-5.44e-15, 2, "−5.4×10⁻¹⁵"),
            (1.04e-15, 2, "10⁻¹⁵"),
            (0.0, 2, "0"),
            (f64::NAN, 2, "NaN"),
            (f64::INFINITY, 2, "∞"),
            (0.26, 0, "0.3"),
            (0.1, 40, "0.1"),
        ] {
            assert_eq!(rounded(number, digits), written, "{number} with {digits} digits");
        }
    }

    #[test]
    fn counts_have_all_their_digits() {
        let written = [0, 999, 9999, 10_000, 100_000, 12_345_678].map(count);
        assert_eq!(written, ["0", "999", "9999", "10 000", "100 000", "12 345 678"]);
    }

    #[test]
    fn digits_times_powers_are_written_as_numbers_are() {
        let written = [(1, -7), (2, -5), (1, -3), (3, -1), (5, 0), (2, 4), (5, 5), (1, 6), (3, 300)];
        let written = written.map(|(d, k)| digit(d, k));
        assert_eq!(written, ["10⁻⁷", "2×10⁻⁵", "0.001", "0.3", "5", "20 000", "500 000", "10⁶", "3×10³⁰⁰"]);
    }

    #[test]
    fn ticks_have_the_decimals_of_their_step() {
        let check = |step, largest, numbers: [f64; 3], written: [&str; 3]| {
            assert_eq!(numbers.map(ticks(step, largest)), written);
        };
        check(0.5, 1.0, [-0.5, 0.0, 1.0], ["−0.5", "0.0", "1.0"]);
        check(0.05, 0.75, [0.05, 1e-17, 0.75], ["0.05", "0.00", "0.75"]);
        check(5e3, 1e4, [-1e4, 0.0, 5e3], ["−10 000", "0", "5000"]);
        check(5e-4, 1e-3, [5e-4, 0.0, 1e-3], ["0.0005", "0.0000", "0.0010"]);
        check(5e5, 1e6, [-5e5, 0.0, 1e6], ["−0.5×10⁶", "0", "1.0×10⁶"]);
        check(1e-15, 3e-15, [1e-15, -0.0, 3e-15], ["10⁻¹⁵", "0", "3×10⁻¹⁵"]);
    }
}
