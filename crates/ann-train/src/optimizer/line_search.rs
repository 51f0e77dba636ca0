//! A line search for the strong Wolfe conditions (Nocedal & Wright 2006, algorithms 3.5 and 3.6).
//!
//! Along a line, φ(t) = J(θ + t d). A step t is accepted when it lowers J enough, φ(t) ≤ φ(0) + c₁ t φ′(0),
//! and when the slope has become flat enough, |φ′(t)| ≤ c₂ |φ′(0)|.

/// c₁ and c₂, the usual values for quasi-Newton directions.
const SUFFICIENT_DECREASE: f64 = 1e-4;
const CURVATURE: f64 = 0.9;
/// A step is at most this number of times as long as the one before it.
const LONGER: f64 = 10.0;
/// Largest number of evaluations of a search.
const EVALUATIONS: usize = 25;
/// A step inside an interval stays this share of its length away from both ends.
const MARGIN: f64 = 0.1;

/// φ and φ′ at t.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Point {
    pub t: f64,
    pub value: f64,
    pub slope: f64,
}

/// Looks for a step from `start`, where t = 0 and the slope is negative, beginning with `first`. Returns the
/// last point that was evaluated if it satisfies both conditions or, if no such point was found, at least
/// lowers J enough. `None` if not even that is possible.
pub(super) fn search(start: Point, first: f64, mut evaluate: impl FnMut(f64) -> Point) -> Option<Point> {
    let mut search = Search { start, left: EVALUATIONS, evaluate: &mut evaluate };
    let (mut before, mut t) = (start, first);
    while let Some(point) = search.at(t) {
        if search.is_too_high(&point) || point.value >= before.value {
            return search.between(before, point);
        }
        if search.is_flat(&point) {
            return Some(point);
        }
        if point.slope >= 0.0 {
            return search.between(point, before);
        }
        // Still falling steeply: a longer step.
        t = minimum_of_cubic(&before, &point)
            .filter(|longer| *longer > point.t)
            .unwrap_or(f64::INFINITY)
            .clamp(point.t * (1.0 + MARGIN), point.t * LONGER);
        before = point;
    }
    (before.t > 0.0).then_some(before)
}

struct Search<'a, E> {
    start: Point,
    /// Number of evaluations that are left.
    left: usize,
    evaluate: &'a mut E,
}

impl<E: FnMut(f64) -> Point> Search<'_, E> {
    fn at(&mut self, t: f64) -> Option<Point> {
        self.left = self.left.checked_sub(1)?;
        Some((self.evaluate)(t))
    }

    /// Whether J is not lowered enough. A value that is not finite is too high.
    fn is_too_high(&self, point: &Point) -> bool {
        let enough = self.start.value + SUFFICIENT_DECREASE * point.t * self.start.slope;
        !(point.value <= enough && point.slope.is_finite())
    }

    fn is_flat(&self, point: &Point) -> bool {
        point.slope.abs() <= CURVATURE * self.start.slope.abs()
    }

    /// Narrows the interval between `low`, the best point so far, and `high` until a point satisfies both
    /// conditions.
    fn between(&mut self, mut low: Point, mut high: Point) -> Option<Point> {
        // As soon as the ends differ by rounding only, there is nothing between them.
        while (high.t - low.t).abs() > f64::EPSILON * high.t.max(low.t) {
            let Some(point) = self.at(inside(&low, &high)) else { break };
            if self.is_too_high(&point) || point.value >= low.value {
                high = point;
                continue;
            }
            if self.is_flat(&point) {
                return Some(point);
            }
            if point.slope * (high.t - low.t) >= 0.0 {
                high = low;
            }
            low = point;
        }
        // `low` lowers J enough, unless it is the start. Evaluated again, because the caller uses the
        // gradient of the last point.
        (low.t > 0.0).then(|| (self.evaluate)(low.t))
    }
}

/// The minimum of the cubic through both points if it is well inside, otherwise the middle.
fn inside(low: &Point, high: &Point) -> f64 {
    let (from, to) = (low.t.min(high.t), low.t.max(high.t));
    let margin = MARGIN * (to - from);
    let cubic = minimum_of_cubic(low, high);
    cubic.filter(|t| (from + margin..=to - margin).contains(t)).unwrap_or(f64::midpoint(from, to))
}

/// The minimum of the cubic with the values and slopes of both points (Nocedal & Wright, equation 3.59).
fn minimum_of_cubic(a: &Point, b: &Point) -> Option<f64> {
    let d1 = a.slope + b.slope - 3.0 * (a.value - b.value) / (a.t - b.t);
    let d2 = (d1 * d1 - a.slope * b.slope).sqrt() * (b.t - a.t).signum();
    let t = b.t - (b.t - a.t) * (b.slope + d2 - d1) / (b.slope - a.slope + 2.0 * d2);
    t.is_finite().then_some(t)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cubic_through_two_points_of_a_parabola_has_its_minimum() {
        let at = |t: f64| Point { t, value: (t - 3.0) * (t - 3.0), slope: 2.0 * (t - 3.0) };
        for (a, b) in [(0.0, 1.0), (0.0, 10.0), (5.0, 1.0)] {
            assert!((minimum_of_cubic(&at(a), &at(b)).unwrap() - 3.0).abs() < 1e-12);
        }
    }

    #[test]
    fn functions_with_a_minimum() {
        // The first step is far too short, about right, and far too long.
        for first in [1e-6, 1.0, 1e6] {
            check(first, |t| (t - 2.0).powi(2), |t| 2.0 * (t - 2.0));
            check(first, |t| (t - 2.0).powi(4), |t| 4.0 * (t - 2.0).powi(3));
            check(first, |t| (t - 3.0).cosh(), |t| (t - 3.0).sinh());
            check(first, |t| -t / (t * t + 2.0), |t| (t * t - 2.0) / (t * t + 2.0).powi(2));
        }
    }

    #[test]
    fn infinity_is_too_far() {
        let value = |t: f64| if t < 1.0 { (t - 0.5) * (t - 0.5) } else { f64::INFINITY };
        check(100.0, value, |t| if t < 1.0 { 2.0 * (t - 0.5) } else { f64::NAN });
    }

    #[test]
    fn a_function_that_only_falls_has_no_step_in_sight_but_a_lower_point() {
        let found = search(point(0.0, -0.0, -1.0), 1.0, |t| point(t, -t, -1.0)).unwrap();
        assert!(found.t > 1e10, "{found:?}");
    }

    #[test]
    fn where_the_value_does_not_fall_there_is_none() {
        // The slope promises more than the function keeps, as rounding does near a minimum.
        assert_eq!(search(point(0.0, 1.0, -1e-20), 1.0, |t| point(t, 1.0 + 1e-16 * t, 0.0)), None);
        assert_eq!(search(point(0.0, 1.0, -1.0), 1.0, |t| point(t, f64::NAN, f64::NAN)), None);
    }

    fn point(t: f64, value: f64, slope: f64) -> Point {
        Point { t, value, slope }
    }

    #[track_caller]
    fn check(first: f64, value: impl Fn(f64) -> f64, slope: impl Fn(f64) -> f64) {
        let at = |t| point(t, value(t), slope(t));
        let (start, mut last) = (at(0.0), at(0.0));
        let found = search(start, first, |t| {
            last = at(t);
            last
        });
        let found = found.expect("there is a minimum");
        assert_eq!(found, last, "the caller has the gradient of the last point");
        assert!(found.value <= start.value + SUFFICIENT_DECREASE * found.t * start.slope, "{found:?}");
        assert!(found.slope.abs() <= CURVATURE * start.slope.abs(), "{found:?}");
    }
}
