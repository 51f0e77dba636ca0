//! Prepares a line for drawing: cuts it to the plotting area, and thins it where points are dense.

use crate::canvas::Point;

/// A rectangle in px.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Area {
    pub left: f64,
    pub top: f64,
    pub right: f64,
    pub bottom: f64,
}

impl Area {
    pub(crate) fn width(self) -> f64 {
        self.right - self.left
    }

    pub(crate) fn contains(self, (x, y): Point) -> bool {
        (self.left..=self.right).contains(&x) && (self.top..=self.bottom).contains(&y)
    }

    /// The nearest point of the area.
    pub(crate) fn clamp(self, (x, y): Point) -> Point {
        (x.clamp(self.left, self.right), y.clamp(self.top, self.bottom))
    }
}

/// The pieces of the line through `points` that lie in `area`.
pub(crate) fn cut(points: &[Point], area: Area) -> Vec<Vec<Point>> {
    let mut pieces: Vec<Vec<Point>> = Vec::new();
    for pair in points.windows(2) {
        let Some((from, to)) = cut_segment(pair[0], pair[1], area) else { continue };
        match pieces.last_mut() {
            Some(piece) if piece.last() == Some(&from) => piece.push(to),
            _ => pieces.push(vec![from, to]),
        }
    }
    pieces
}

/// The part of a segment in `area`, by Liang and Barsky: from + t (to − from) for t from `enter` to `leave`.
fn cut_segment(from: Point, to: Point, area: Area) -> Option<(Point, Point)> {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let (mut enter, mut leave) = (0.0_f64, 1.0_f64);
    let sides = [
        (-dx, from.0 - area.left),
        (dx, area.right - from.0),
        (-dy, from.1 - area.top),
        (dy, area.bottom - from.1),
    ];
    for (outward, room) in sides {
        if outward < 0.0 {
            enter = enter.max(room / outward);
        } else if outward > 0.0 {
            leave = leave.min(room / outward);
        } else if room < 0.0 {
            return None;
        }
    }
    let at = |t: f64| (from.0 + t * dx, from.1 + t * dy);
    let (start, end) = (if enter > 0.0 { at(enter) } else { from }, if leave < 1.0 { at(leave) } else { to });
    (enter <= leave).then_some((start, end))
}

/// Thins a line without changing its look. Of consecutive points in one of `columns` columns of the area,
/// only the first, the lowest, the highest and the last are kept. A line that runs from left to right
/// keeps at most 4 · `columns` points.
pub(crate) fn thin(points: &[Point], area: Area, columns: usize) -> Vec<Point> {
    let column = |point: &Point| {
        ((point.0 - area.left) / area.width() * columns as f64).floor().min(columns as f64 - 1.0)
    };
    let runs = points.chunk_by(|a, b| column(a) == column(b));
    runs.flat_map(|run| {
        let y = |&index: &usize| run[index].1;
        let lowest = (0..run.len()).max_by(|a, b| y(a).total_cmp(&y(b))).unwrap_or(0);
        let highest = (0..run.len()).min_by(|a, b| y(a).total_cmp(&y(b))).unwrap_or(0);
        let mut kept = vec![0, lowest, highest, run.len() - 1];
        kept.sort_unstable();
        kept.dedup();
        kept.into_iter().map(|index| run[index])
    })
    .collect()
}

/// Drops points nearer than `distance` px to the last point kept; the first and the last are kept.
pub(crate) fn simplify(points: &[Point], distance: f64) -> Vec<Point> {
    let mut kept: Vec<Point> = Vec::new();
    for (index, &(x, y)) in points.iter().enumerate() {
        let far = kept.last().is_none_or(|last| (x - last.0).hypot(y - last.1) >= distance);
        if far || index + 1 == points.len() {
            kept.push((x, y));
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::{Area, cut, simplify, thin};

    const AREA: Area = Area { left: 0.0, top: 0.0, right: 100.0, bottom: 50.0 };

    #[test]
    fn thinning_keeps_ends_and_extremes() {
        let mut points: Vec<_> =
            (0..10_000).map(|i| (f64::from(i) / 100.0, 25.0 + 10.0 * f64::from(i % 7) / 6.0)).collect();
        points[4321].1 = 1.0;
        points[7654].1 = 49.0;
        let thinned = thin(&points, AREA, 250);
        assert!(thinned.len() <= 1000, "{} points left", thinned.len());
        assert_eq!((thinned[0], thinned[thinned.len() - 1]), (points[0], points[9_999]));
        assert!(thinned.contains(&points[4321]) && thinned.contains(&points[7654]));
        assert!(thinned.is_sorted_by(|a, b| a.0 < b.0));
    }

    #[test]
    fn thinning_leaves_sparse_lines_alone() {
        let points: Vec<_> = (0..100).map(|i| (f64::from(i), f64::from(i * i % 50))).collect();
        assert_eq!(thin(&points, AREA, 250), points);
    }

    #[test]
    fn lines_are_cut_at_the_plotting_area() {
        // Enters at the left, leaves at the top, comes back, ends inside.
        let line = [(-10.0, 20.0), (10.0, 40.0), (60.0, -10.0), (80.0, 10.0), (90.0, 10.0)];
        let pieces = cut(&line, AREA);
        assert_eq!(
            pieces,
            [vec![(0.0, 30.0), (10.0, 40.0), (50.0, 0.0)], vec![(70.0, 0.0), (80.0, 10.0), (90.0, 10.0)]]
        );
        assert!(cut(&[(-5.0, -5.0), (200.0, -1.0)], AREA).is_empty());
    }

    #[test]
    fn simplifying_keeps_the_ends_and_no_short_steps() {
        let points: Vec<_> = (0..=10).map(|i| (f64::from(i), 0.0)).collect();
        assert_eq!(simplify(&points, 4.0), [(0.0, 0.0), (4.0, 0.0), (8.0, 0.0), (10.0, 0.0)]);
    }
}
