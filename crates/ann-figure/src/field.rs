//! A probability field: a soft background and the decision boundary, both by marching squares.
//!
//! The background is a stack of opaque areas {p ≥ t} for rising t, each on top of the previous one.
//! Neighbours overlap instead of touching, so no seam shows, neither on screen nor in the PNG.

use contour::ContourBuilder;
use ndarray::Array2;

use crate::Result;
use crate::canvas::{Canvas, Pen, Point};
use crate::line::{Area, cut, simplify};
use crate::marks::Frame;
use crate::style::{INK, field_colour};

/// Levels of the background. Neighbours differ so little that no step is visible.
const LEVELS: u32 = 24;
/// Shortest side in px of the background's outlines and of the boundary: finer detail is not visible.
const OUTLINE_STEP: f64 = 2.0;
const BOUNDARY_STEP: f64 = 0.8;
/// The decision boundary: both classes are equally probable.
pub(crate) const BOUNDARY: f64 = 0.5;

/// Draws the field of `values`, shape (ys, xs), over the grid `xs` × `ys`.
pub(crate) fn draw(
    canvas: &Canvas<'_>,
    frame: &Frame<'_>,
    (xs, ys): (&[f64], &[f64]),
    values: &Array2<f64>,
) -> Result<()> {
    let to_px = |(column, row): Point| frame.at((between(xs, column), between(ys, row)));
    draw_background(canvas, frame.area, values, to_px)?;
    for line in boundary(values, BOUNDARY)? {
        let line: Vec<_> = line.into_iter().map(to_px).collect();
        for piece in cut(&simplify(&line, BOUNDARY_STEP), frame.area) {
            canvas.polyline(&piece, boundary_pen())?;
        }
    }
    Ok(())
}

fn draw_background(
    canvas: &Canvas<'_>,
    area: Area,
    values: &Array2<f64>,
    to_px: impl Fn(Point) -> Point,
) -> Result<()> {
    let (rows, columns) = values.dim();
    let within = |place: Point| area.clamp(to_px(place));
    let level = |k: u32| f64::from(k) / f64::from(LEVELS);
    let colour = |k: u32| field_colour(level(k) + 0.5 / f64::from(LEVELS));
    canvas.rectangle(within((0.0, (rows - 1) as f64)), within(((columns - 1) as f64, 0.0)), colour(0))?;
    for k in 1..LEVELS {
        let outlines =
            rings(values, level(k))?.into_iter().map(|ring| ring.into_iter().map(within).collect());
        let region = joined(outlines.map(|ring: Vec<Point>| simplify(&ring, OUTLINE_STEP)));
        if !region.is_empty() {
            canvas.polygon(&region, colour(k))?;
        }
    }
    Ok(())
}

pub(crate) fn boundary_pen() -> Pen {
    Pen::solid(INK, 1.5)
}

/// One closed path through all rings. It reaches and leaves each ring along the same line, which encloses no
/// area. Holes run in the opposite direction, so the winding number is 1 inside and 0 outside.
fn joined(rings: impl Iterator<Item = Vec<Point>>) -> Vec<Point> {
    let mut path: Vec<Point> = Vec::new();
    for ring in rings {
        path.extend(ring);
        path.push(path[0]);
    }
    path
}

/// The lines p = `level` in grid units, without the frame that closes regions at the border of the grid.
pub(crate) fn boundary(values: &Array2<f64>, level: f64) -> Result<Vec<Vec<Point>>> {
    let (rows, columns) = values.dim();
    let on_border = |&(x, y): &Point| x < 0.0 || y < 0.0 || x > (columns - 1) as f64 || y > (rows - 1) as f64;
    let mut lines = Vec::new();
    for mut ring in rings(values, level)? {
        // An open line begins where the ring leaves the border, not where the algorithm happened to start.
        if let Some(border) = ring.iter().position(on_border) {
            ring.pop();
            ring.rotate_left(border);
        }
        lines.extend(ring.split(on_border).filter(|line| line.len() > 1).map(<[Point]>::to_vec));
    }
    Ok(lines)
}

/// The closed rings around {p ≥ level} in grid units: (column, row) as fractional indices.
/// At the border of the grid they run half a unit outside.
fn rings(values: &Array2<f64>, level: f64) -> Result<Vec<Vec<Point>>> {
    let (rows, columns) = values.dim();
    let flat: Vec<f64> = values.iter().copied().collect();
    // The algorithm puts grid point (i, j) at (i + ½, j + ½).
    let squares = ContourBuilder::new(columns, rows, true).x_origin(-0.5).y_origin(-0.5);
    let lines = squares.lines(&flat, &[level])?;
    let rings = lines.iter().flat_map(contour::Line::geometry);
    Ok(rings.map(|ring| ring.coords().map(|point| (point.x, point.y)).collect()).collect())
}

/// The coordinate at a fractional index of the grid; outside of the grid, its first or last coordinate.
fn between(grid: &[f64], index: f64) -> f64 {
    let index = index.clamp(0.0, (grid.len() - 1) as f64);
    let below = (index as usize).min(grid.len() - 2);
    let t = index - below as f64;
    (1.0 - t) * grid[below] + t * grid[below + 1]
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::boundary;

    #[test]
    fn the_boundary_of_a_linear_field_lies_where_it_must() {
        // p = x / 4 + y / 8 on the grid 0..3 × 0..2 is 0.5 on the line y = 4 − 2x.
        // Linear interpolation is exact there.
        let values = Array2::from_shape_fn((3, 4), |(y, x)| x as f64 / 4.0 + y as f64 / 8.0);
        let lines = boundary(&values, 0.5).unwrap();
        assert_eq!(lines.len(), 1);
        for &(x, y) in &lines[0] {
            assert!((y - (4.0 - 2.0 * x)).abs() < 1e-12, "({x}, {y})");
        }
        // From the lower border at (2, 0) to the upper one at (1, 2), in either direction.
        let mut ends = [lines[0][0], lines[0][lines[0].len() - 1]];
        ends.sort_by(|a, b| a.0.total_cmp(&b.0));
        assert_eq!(ends, [(1.0, 2.0), (2.0, 0.0)]);
    }

    #[test]
    fn a_boundary_inside_the_grid_is_closed() {
        let values = Array2::from_shape_fn((5, 5), |(y, x)| if (y, x) == (2, 2) { 1.0 } else { 0.0 });
        let lines = boundary(&values, 0.5).unwrap();
        assert_eq!(lines.len(), 1);
        assert_eq!(lines[0].first(), lines[0].last());
        // A diamond around the only grid point above ½, half a cell away from it.
        assert!(lines[0].iter().all(|(x, y)| (x - 2.0).abs() + (y - 2.0).abs() == 0.5), "{lines:?}");
    }
}
