//! Where a function may be called.

use std::ops::RangeInclusive;

/// The range of each parameter.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Domain<'c> {
    /// One range for each parameter, or none, if every number is allowed.
    pub ranges: &'c [RangeInclusive<f64>],
}

impl Domain<'_> {
    /// How far the parameter at `index` may be moved from x, downwards and upwards.
    pub fn reach(&self, index: usize, x: f64) -> [f64; 2] {
        self.ranges.get(index).map_or([f64::INFINITY; 2], |range| [x - range.start(), range.end() - x])
    }

    /// Whether the parameter at `index` may be x.
    pub fn contains(&self, index: usize, x: f64) -> bool {
        self.ranges.get(index).is_none_or(|range| range.contains(&x))
    }

    /// How far a point may be moved along a direction, whose `entries` are index, x and component.
    pub fn reach_along(&self, entries: impl Iterator<Item = (usize, f64, f64)>) -> [f64; 2] {
        entries.fold([f64::INFINITY; 2], |[below, above], (index, x, d)| {
            let [down, up] = self.reach(index, x).map(|reach| reach / d.abs());
            let [backward, forward] = if d > 0.0 { [down, up] } else { [up, down] };
            [below.min(backward), above.min(forward)]
        })
    }

    /// Moves x back into its range, which rounding may have made it leave.
    pub fn clamped(&self, index: usize, x: f64) -> f64 {
        self.ranges.get(index).map_or(x, |range| x.clamp(*range.start(), *range.end()))
    }

    /// x + t if that is in the range, or else x − t, or else half the way to the farther end of the range.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounding_leaves_no_range() {
        let domain = Domain { ranges: &[-0.7..=0.7] };
        let mut left = 0;
        for x in (0..1000).map(|i| f64::from(i) * 6.9e-4) {
            let [below, above] = domain.reach(0, x);
            for end in [x - below, x + above] {
                left += usize::from(end.abs() > 0.7);
                assert!(domain.clamped(0, end).abs() <= 0.7, "{x}");
            }
        }
        assert!(left > 0, "rounding would have left it");
        assert_eq!(Domain { ranges: &[] }.clamped(0, 7.0), 7.0);
    }

    #[test]
    fn draws_stay_inside_on_either_side_or_half_way() {
        let domain = Domain { ranges: &[0.0..=8.0] };
        for (x, t, expected) in [
            (2.0, 1.0, 3.0),
            (2.0, -3.0, 5.0),
            (7.0, 3.0, 4.0),
            (0.0, -1.0, 1.0),
            (2.0, 9.0, 5.0),
            (7.0, -9.0, 3.5),
        ] {
            assert_eq!(domain.moved(0, x, t), expected, "{x}, {t}");
        }
    }

    #[test]
    fn directions_end_where_the_first_entry_does() {
        // By 2 per unit entry 0 rises 1 and falls 3; by −½ entry 1 rises 4 and falls 1; entry 2 has no range.
        let domain = Domain { ranges: &[0.0..=4.0, 0.0..=5.0] };
        let reach = |entries: &[(usize, f64, f64)]| domain.reach_along(entries.iter().copied());
        assert_eq!(reach(&[(0, 3.0, 2.0), (1, 1.0, -0.5)]), [1.5, 0.5]);
        assert_eq!(reach(&[(1, 1.0, -0.5)]), [8.0, 2.0]);
        assert_eq!(reach(&[(2, 1.0, -0.5)]), [f64::INFINITY; 2]);
    }
}
