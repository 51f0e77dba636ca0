//! Where a function may be asked for its value.

use std::ops::RangeInclusive;

/// The range of each parameter.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Domain<'c> {
    /// One for each parameter, or none: every number is allowed.
    pub ranges: &'c [RangeInclusive<f64>],
}

impl Domain<'_> {
    /// How far the parameter at `index` may be moved from x, downwards and upwards.
    pub fn reach(&self, index: usize, x: f64) -> [f64; 2] {
        self.ranges.get(index).map_or([f64::INFINITY; 2], |range| [x - range.start(), range.end() - x])
    }

    /// How far a point may be moved along a direction, of which `entries` gives index, x and component.
    pub fn reach_along(&self, entries: impl Iterator<Item = (usize, f64, f64)>) -> [f64; 2] {
        entries.fold([f64::INFINITY; 2], |[below, above], (index, x, d)| {
            let [down, up] = self.reach(index, x).map(|reach| reach / d.abs());
            let [backward, forward] = if d > 0.0 { [down, up] } else { [up, down] };
            [below.min(backward), above.min(forward)]
        })
    }

    /// A number that rounding may have moved beyond the end of its range.
    pub fn clamped(&self, index: usize, x: f64) -> f64 {
        self.ranges.get(index).map_or(x, |range| x.clamp(*range.start(), *range.end()))
    }

    /// x moved by t, as far as that is allowed: else by as much to the other side, or half the way there is.
    pub fn moved(&self, index: usize, x: f64, t: f64) -> f64 {
        let [below, above] = self.reach(index, x);
        let is_allowed = |t: f64| -below <= t && t <= above;
        let t = [t, -t]
            .into_iter()
            .find(|t| is_allowed(*t))
            .unwrap_or_else(|| if above >= below { 0.5 * above } else { -0.5 * below });
        self.clamped(index, x + t)
    }
}
