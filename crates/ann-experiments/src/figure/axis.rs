//! From numbers to lengths: the span an axis shows, its ticks and their labels.

use super::{Axis, Scale};

/// The part of an axis shown, on the scale: (log₁₀ of) the first and the last number.
pub(super) type Span = (f64, f64);

impl Scale {
    /// Where a number stands on the scale: x or log₁₀ x.
    pub(super) fn place(self, number: f64) -> f64 {
        match self {
            Self::Linear => number,
            Self::Log10 => number.log10(),
        }
    }
}

impl Axis {
    /// The span that shows `numbers` with `margin` (a fraction) on both sides, or the fixed range if there is one.
    /// `None` without a range and without numbers.
    pub(super) fn span(&self, numbers: &[f64], margin: f64) -> Option<Span> {
        if let Some((low, high)) = self.range {
            return Some((self.scale.place(low), self.scale.place(high)));
        }
        let places = || numbers.iter().map(|&number| self.scale.place(number));
        let (low, high) = (places().reduce(f64::min)?, places().reduce(f64::max)?);
        if can_be_divided((low, high)) {
            let pad = margin * (high - low);
            return Some((low - pad, high + pad));
        }
        // A single number stands in the middle of a span of its own size.
        let pad = if low.abs() > SHORTEST { 0.5 * low.abs() } else { 0.5 };
        Some((low - pad, high + pad))
    }
}

/// Below this length and this part of its numbers, rounding would show instead of ticks.
const SHORTEST: f64 = 1e-290;
const SHORTEST_PART: f64 = 1e-13;

/// Whether a span is finite and long enough for ticks.
pub(super) fn can_be_divided((low, high): Span) -> bool {
    let length = high - low;
    length.is_finite() && length > SHORTEST.max(SHORTEST_PART * low.abs().max(high.abs()))
}

/// A number of an axis that is written beside it, and its place on the scale.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Tick {
    pub place: f64,
    pub label: String,
}

/// At most `count` round numbers within the span.
pub(super) fn ticks(scale: Scale, span: Span, count: usize) -> Vec<Tick> {
    match scale {
        Scale::Linear => linear_ticks(span, count),
        Scale::Log10 => log_ticks(span, count),
    }
}

fn linear_ticks(span: Span, count: usize) -> Vec<Tick> {
    let step = round_step(span, count);
    let label = labels(step, span.0.abs().max(span.1.abs()));
    multiples(step, span).map(|place| Tick { place, label: label(place) }).collect()
}

/// Powers of ten; where the span is too short for three of them, their 1, 2 and 5-fold, or 1 and 3-fold where those are
/// too many; then any round numbers.
fn log_ticks((low, high): Span, count: usize) -> Vec<Tick> {
    let decades = || low.ceil() as i32..=high.floor() as i32;
    if decades().count() >= 3 {
        let stride = decades().count().div_ceil(count) as i32;
        let shown = decades().filter(|exponent| exponent % stride == 0);
        return shown.map(|k| Tick { place: k.into(), label: power_of_ten(k) }).collect();
    }
    let candidates = [&[1.0, 2.0, 5.0][..], &[1.0, 3.0]].map(|digits| digit_ticks(digits, (low, high)));
    if let Some(shown) = candidates.iter().find(|ticks| (3..=count).contains(&ticks.len())) {
        return shown.clone();
    }
    let numbers = (10f64.powf(low), 10f64.powf(high));
    if !can_be_divided(numbers) {
        return candidates[0].clone();
    }
    let shown = linear_ticks(numbers, count);
    shown.into_iter().map(|tick| Tick { place: tick.place.log10(), ..tick }).collect()
}

/// The numbers d · 10ᵏ within the span, for each of `digits`.
fn digit_ticks(digits: &[f64], (low, high): Span) -> Vec<Tick> {
    let decades = low.floor() as i32..=high.floor() as i32;
    let numbers = decades.flat_map(|k| digits.iter().map(move |&digit| (digit, k)));
    let ticks = numbers.map(|(d, k)| Tick { place: d.log10() + f64::from(k), label: scientific(d, k) });
    ticks.filter(|tick| (low..=high).contains(&tick.place)).collect()
}

/// The smallest of 1, 2, 5 · 10ᵏ with at most `count` multiples within the span.
fn round_step(span: Span, count: usize) -> f64 {
    let smallest = ((span.1 - span.0) / count as f64).log10().floor() as i32;
    let steps = (smallest..).flat_map(|k| [1.0, 2.0, 5.0].map(|m| m * 10f64.powi(k)));
    let mut fitting = steps.filter(|&step| multiples(step, span).count() <= count.max(1));
    fitting.next().expect("a step above the span has one multiple at most, 0")
}

fn multiples(step: f64, (low, high): Span) -> impl Iterator<Item = f64> {
    // A multiple that misses the end of the span by rounding is still meant.
    let slack = 1e-9 * (high - low) / step;
    let (first, last) = ((low / step - slack).ceil(), (high / step + slack).floor());
    (0..=(last - first).max(-1.0) as i64).map(move |k| (first + k as f64) * step)
}

/// How multiples of `step` up to `largest` are written: as decimals, or as m·10ᵏ when far from 1.
fn labels(step: f64, largest: f64) -> impl Fn(f64) -> String {
    let exponent = largest.log10().floor() as i32;
    let plain = (-3..6).contains(&exponent);
    let unit = if plain { 0 } else { exponent };
    let digits = (f64::from(unit) - step.log10() - 1e-9).ceil().max(0.0) as usize;
    move |number| {
        let rounded = if number.abs() < 0.5 * step { 0.0 } else { number * 10f64.powi(-unit) };
        let mantissa = grouped(&format!("{rounded:.digits$}").replace('-', "−"));
        match (plain, rounded == 0.0) {
            (true, _) => mantissa,
            (false, true) => "0".into(),
            (false, false) => format!("{mantissa}·{}", power_of_ten(unit)),
        }
    }
}

/// m · 10ᵏ with a digit m: 0.02, 5, 200, 2·10⁻⁵.
fn scientific(m: f64, k: i32) -> String {
    match k {
        -3..0 => format!("{:.*}", k.unsigned_abs() as usize, m * 10f64.powi(k)),
        0..6 => grouped(&format!("{:.0}", m * 10f64.powi(k))),
        _ if m == 1.0 => power_of_ten(k),
        _ => format!("{m}·{}", power_of_ten(k)),
    }
}

/// Five digits and more before the point are read in groups: 10 000.
fn grouped(number: &str) -> String {
    let integer = number.find('.').unwrap_or(number.len());
    if integer < 5 || number[..integer].trim_start_matches('−').len() < 5 {
        return number.to_owned();
    }
    format!("{} {}", &number[..integer - 3], &number[integer - 3..])
}

fn power_of_ten(exponent: i32) -> String {
    let superscript = |c| match c {
        '-' => '⁻',
        digit => ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'][digit as usize - '0' as usize],
    };
    format!("10{}", exponent.to_string().chars().map(superscript).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::{Span, ticks};
    use crate::figure::{Axis, Scale};

    const LINEAR: Scale = Scale::Linear;
    const LOG: Scale = Scale::Log10;

    #[test]
    fn ticks_are_round_and_tidy() {
        check(LINEAR, (0.0, 1.0), 6, &["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        check(LINEAR, (-0.25, 0.25), 5, &["−0.2", "−0.1", "0.0", "0.1", "0.2"]);
        check(LINEAR, (-300.0, 10_300.0), 4, &["0", "5000", "10 000"]);
        check(LINEAR, (-1_250_000.0, 250_000.0), 4, &["−1.0·10⁶", "−0.5·10⁶", "0"]);
        check(LINEAR, (0.0, 3.1e-15), 4, &["0", "1·10⁻¹⁵", "2·10⁻¹⁵", "3·10⁻¹⁵"]);
        check(LOG, (-4.2, 0.3), 6, &["10⁻⁴", "10⁻³", "10⁻²", "10⁻¹", "10⁰"]);
        check(LOG, (-12.1, -0.9), 6, &["10⁻¹²", "10⁻¹⁰", "10⁻⁸", "10⁻⁶", "10⁻⁴", "10⁻²"]);
        check(LOG, (-1.75, -0.1), 6, &["0.02", "0.05", "0.1", "0.2", "0.5"]);
        check(LOG, (-1.75, 0.5), 6, &["0.03", "0.1", "0.3", "1", "3"]);
        check(LOG, (-6.1, -5.1), 4, &["10⁻⁶", "2·10⁻⁶", "5·10⁻⁶"]);
        check(LOG, (-0.21, -0.05), 4, &["0.7", "0.8"]);
        check(LOG, (-320.2, -320.1), 4, &[]);
    }

    #[track_caller]
    fn check(scale: Scale, span: Span, count: usize, expected: &[&str]) {
        let labels: Vec<_> = ticks(scale, span, count).into_iter().map(|tick| tick.label).collect();
        assert_eq!(labels, expected);
    }

    #[test]
    fn an_axis_shows_its_numbers_with_a_margin() {
        assert_eq!(Axis::linear("x").span(&[3.0, 1.0, 2.0], 0.25), Some((0.5, 3.5)));
        assert_eq!(Axis::log10("x").span(&[1.0, 100.0], 0.5), Some((-1.0, 3.0)));
        assert_eq!(Axis::log10("x").within(1.0, 10.0).span(&[1.0, 100.0], 0.5), Some((0.0, 1.0)));
        assert_eq!(Axis::linear("x").span(&[4.0, 4.0 + 1e-15], 0.1), Some((2.0, 6.0 + 1e-15)));
        assert_eq!(Axis::linear("x").span(&[0.0, 5e-324], 0.1), Some((-0.5, 0.5)));
        assert_eq!(Axis::linear("x").span(&[], 0.1), None);
    }
}
