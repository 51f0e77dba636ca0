//! From numbers to lengths: the span an axis shows, its ticks and their labels.

use crate::canvas::printable;
use crate::{Axis, Scale, number};

/// The part of an axis that is shown: its first and last number, or their log₁₀ on a logarithmic axis.
pub(crate) type Span = (f64, f64);

impl Scale {
    /// The place of a number on the scale: x or log₁₀ x, which is −∞ for zero.
    pub(crate) fn place(self, number: f64) -> f64 {
        match self {
            Self::Linear => number,
            Self::Log10 => number.log10(),
        }
    }
}

impl Axis {
    /// The span that shows `numbers` with `margin` (a fraction) on both sides, or the fixed range if there is
    /// one. `None` without a range and without numbers. Numbers without a place on the scale (zeros on a
    /// logarithmic axis) do not count.
    pub(crate) fn span(&self, numbers: &[f64], margin: f64) -> Option<Span> {
        if let Some((low, high)) = self.range {
            return Some((self.scale.place(low), self.scale.place(high)));
        }
        if numbers.is_empty() {
            return None;
        }
        let places =
            || numbers.iter().map(|&number| self.scale.place(number)).filter(|place| place.is_finite());
        // Without any place, a logarithmic axis is shown around log₁₀ 1.
        let (low, high) =
            (places().reduce(f64::min).unwrap_or(0.0), places().reduce(f64::max).unwrap_or(0.0));
        if can_be_divided((low, high)) {
            let pad = margin * (high - low);
            return Some((low - pad, high + pad));
        }
        // A single number is in the middle of a span that is as long as the number is large. The span around
        // 0, such as the first epoch, is long enough for whole ticks.
        let pad = if low.abs() > SHORTEST { 0.5 * low.abs() } else { 2.0 };
        Some((low - pad, high + pad))
    }
}

impl Axis {
    /// The given ticks within the span or, if none are given, at most `count` round numbers.
    pub(crate) fn ticks_within(&self, span: Span, count: usize) -> Vec<Tick> {
        if self.ticks.is_empty() {
            return ticks(self.scale, span, count);
        }
        let tick = |(number, label): &(f64, String)| Tick {
            place: self.scale.place(*number),
            label: printable(label),
        };
        let own = self.ticks.iter().map(tick);
        own.filter(|tick| (span.0..=span.1).contains(&tick.place)).collect()
    }
}

/// On a span shorter than this, or than this part of its numbers, rounding errors would show in the ticks.
const SHORTEST: f64 = 1e-290;
const SHORTEST_PART: f64 = 1e-13;

/// Whether a span is finite and long enough for ticks.
pub(crate) fn can_be_divided((low, high): Span) -> bool {
    let length = high - low;
    length.is_finite() && length > SHORTEST.max(SHORTEST_PART * low.abs().max(high.abs()))
}

/// A number beside an axis, and its place on the scale.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Tick {
    pub place: f64,
    pub label: String,
}

/// At most `count` round numbers within the span.
pub(crate) fn ticks(scale: Scale, span: Span, count: usize) -> Vec<Tick> {
    match scale {
        Scale::Linear => linear_ticks(span, count),
        Scale::Log10 => log_ticks(span, count),
    }
}

/// Ticks of two linear axes of the same length: at most `count` each, with the same step, and in the same
/// notation unless their numbers differ in size.
pub(crate) fn ticks_alike(x: Span, y: Span, count: usize) -> (Vec<Tick>, Vec<Tick>) {
    let step = round_step(x, count).max(round_step(y, count));
    let common = largest(x).max(largest(y));
    let alike = common < 10.0 * largest(x).min(largest(y));
    let ticks = |span| stepped_ticks(span, step, if alike { common } else { largest(span) });
    (ticks(x), ticks(y))
}

fn linear_ticks(span: Span, count: usize) -> Vec<Tick> {
    stepped_ticks(span, round_step(span, count), largest(span))
}

fn stepped_ticks(span: Span, step: f64, largest: f64) -> Vec<Tick> {
    let label = number::ticks(step, largest);
    multiples(step, span).map(|place| Tick { place, label: label(place) }).collect()
}

fn largest((low, high): Span) -> f64 {
    low.abs().max(high.abs())
}

/// Powers of ten. If the span has fewer than three of them, their multiples by 1, 2 and 5, or by 1 and 3
/// where those are too many; otherwise any round numbers.
fn log_ticks((low, high): Span, count: usize) -> Vec<Tick> {
    let decades = || low.ceil() as i32..=high.floor() as i32;
    if decades().count() >= 3 {
        let stride = decades().count().div_ceil(count) as i32;
        let shown = decades().filter(|exponent| exponent % stride == 0);
        return shown.map(|k| Tick { place: k.into(), label: number::digit(1, k) }).collect();
    }
    let candidates = [&[1, 2, 5][..], &[1, 3]].map(|digits| digit_ticks(digits, (low, high)));
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
fn digit_ticks(digits: &[u8], (low, high): Span) -> Vec<Tick> {
    let decades = low.floor() as i32..=high.floor() as i32;
    let numbers = decades.flat_map(|k| digits.iter().map(move |&digit| (digit, k)));
    let ticks =
        numbers.map(|(d, k)| Tick { place: f64::from(d).log10() + f64::from(k), label: number::digit(d, k) });
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
    // A multiple that lies outside of the span only by rounding still counts.
    let slack = 1e-9 * (high - low) / step;
    let (first, last) = ((low / step - slack).ceil(), (high / step + slack).floor());
    (0..=(last - first).max(-1.0) as i64).map(move |k| (first + k as f64) * step)
}

#[cfg(test)]
mod tests {
    use super::{Span, Tick, ticks, ticks_alike};
    use crate::{Axis, Scale};

    const LINEAR: Scale = Scale::Linear;
    const LOG: Scale = Scale::Log10;

    #[test]
    fn ticks_are_round_and_tidy() {
        check(LINEAR, (0.0, 1.0), 6, &["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        check(LINEAR, (-0.25, 0.25), 5, &["−0.2", "−0.1", "0.0", "0.1", "0.2"]);
        check(LINEAR, (-300.0, 10_300.0), 4, &["0", "5000", "10 000"]);
        // 0.7 is the seventh multiple of 0.1, although 0.7 / 0.1 is below 7 in floating point.
        check(LINEAR, (0.0, 0.7), 8, &["0.0", "0.1", "0.2", "0.3", "0.4", "0.5", "0.6", "0.7"]);
        check(LINEAR, (0.0, 0.7), 7, &["0.0", "0.2", "0.4", "0.6"]);
        check(LINEAR, (0.0, 99_999.0), 2, &["0", "50 000"]);
        check(LINEAR, (0.0, 0.0099), 3, &["0.000", "0.005"]);
        check(LINEAR, (0.1, 0.9), 1, &["0.5"]);
        check(LINEAR, (-1_250_000.0, 250_000.0), 4, &["−1.0×10⁶", "−0.5×10⁶", "0"]);
        check(LINEAR, (0.0, 3.1e-15), 4, &["0", "10⁻¹⁵", "2×10⁻¹⁵", "3×10⁻¹⁵"]);
        check(LOG, (-4.2, 0.3), 6, &["10⁻⁴", "0.001", "0.01", "0.1", "1"]);
        check(LOG, (-12.1, -0.9), 6, &["10⁻¹²", "10⁻¹⁰", "10⁻⁸", "10⁻⁶", "10⁻⁴", "0.01"]);
        // Three powers of ten are enough, two are not.
        check(LOG, (-0.5, 2.5), 6, &["1", "10", "100"]);
        check(LOG, (0.5, 2.5), 8, &["5", "10", "20", "50", "100", "200"]);
        check(LOG, (2.9, 6.1), 6, &["1000", "10 000", "100 000", "10⁶"]);
        check(LOG, (-1.75, -0.1), 6, &["0.02", "0.05", "0.1", "0.2", "0.5"]);
        check(LOG, (-1.75, 0.5), 6, &["0.03", "0.1", "0.3", "1", "3"]);
        check(LOG, (-6.1, -5.1), 4, &["10⁻⁶", "2×10⁻⁶", "5×10⁻⁶"]);
        check(LOG, (-0.21, -0.05), 4, &["0.7", "0.8"]);
        check(LOG, (-320.2, -320.1), 4, &[]);
    }

    #[track_caller]
    fn check(scale: Scale, span: Span, count: usize, expected: &[&str]) {
        let labels: Vec<_> = ticks(scale, span, count).into_iter().map(|tick| tick.label).collect();
        assert_eq!(labels, expected);
    }

    #[test]
    fn ticks_of_its_own_replace_round_numbers() {
        let own = [(0.5, "half"), (10.0, "ten\u{7}"), (1000.0, "outside")];
        let axis = Axis::log10("x").with_ticks(own.map(|(number, label)| (number, label.into())).to_vec());
        let ticks: Vec<_> = axis.ticks_within((-1.0, 1.5), 1).into_iter().map(|tick| tick.label).collect();
        assert_eq!(ticks, ["half", "ten\u{fffd}"]);
    }

    #[test]
    fn an_axis_shows_its_numbers_with_a_margin() {
        assert_eq!(Axis::linear("x").span(&[3.0, 1.0, 2.0], 0.25), Some((0.5, 3.5)));
        assert_eq!(Axis::log10("x").span(&[1.0, 100.0], 0.5), Some((-1.0, 3.0)));
        assert_eq!(Axis::log10("x").within(1.0, 10.0).span(&[1.0, 100.0], 0.5), Some((0.0, 1.0)));
        assert_eq!(Axis::linear("x").span(&[4.0, 4.0 + 1e-15], 0.1), Some((2.0, 6.0 + 1e-15)));
        assert_eq!(Axis::linear("x").span(&[0.0, 5e-324], 0.1), Some((-2.0, 2.0)));
        assert_eq!(Axis::linear("x").span(&[], 0.1), None);
    }

    #[test]
    fn zeros_do_not_count_on_a_logarithmic_axis() {
        assert_eq!(Axis::log10("x").span(&[0.0, 1.0, 100.0, -0.0], 0.5), Some((-1.0, 3.0)));
        assert_eq!(Axis::log10("x").span(&[0.0, 0.0], 0.5), Some((-2.0, 2.0)));
        assert_eq!(Axis::log10("x").span(&[], 0.5), None);
    }

    #[test]
    fn epoch_0_alone_has_whole_ticks() {
        let span = Axis::linear("epoch").span(&[0.0], 0.03).unwrap();
        check(LINEAR, span, 8, &["−2", "−1", "0", "1", "2"]);
        check(LINEAR, span, 6, &["−2", "−1", "0", "1", "2"]);
    }

    #[test]
    fn equal_axes_have_one_step_and_one_way_of_writing() {
        let check = |x, y, count, expected: [&[&str]; 2]| {
            let (x, y) = ticks_alike(x, y, count);
            let labels = |ticks: Vec<Tick>| ticks.into_iter().map(|tick| tick.label).collect::<Vec<_>>();
            assert_eq!([labels(x), labels(y)], expected);
        };
        // Separately, the first axis would be written as 500 000, and the second as 0.5×10⁶.
        check((0.0, 9e5), (1e5, 1e6), 2, [&["0", "0.5×10⁶"], &["0.5×10⁶", "1.0×10⁶"]]);
        // With a step of 1 the first axis has six ticks, but the second has seven.
        check((0.1, 6.9), (0.0, 6.8), 6, [&["2", "4", "6"], &["0", "2", "4", "6"]]);
        // Numbers of different size are written differently.
        check(
            (1e6, 1e6 + 2.0),
            (0.0, 2.0),
            3,
            [&["1.000000×10⁶", "1.000001×10⁶", "1.000002×10⁶"], &["0", "1", "2"]],
        );
    }
}
