//! Marks on the canvas: samples, curves and marked values. Fields are in `field.rs`.

use std::f64::consts::PI;

use crate::axis::{Span, Tick};
use crate::canvas::{Canvas, Pen, Point};
use crate::line::{Area, cut, thin};
use crate::style::{LINE, MARKER, MARKER_EDGE, PALETTE, PAPER, RING, RING_LINE, RULE};
use crate::{Mark, Panel, Result, field};

/// The height of a bar, in units of y.
const BAR: f64 = 0.6;

/// Columns into which long lines are thinned: four points each at most.
const COLUMNS: usize = 250;

/// A panel's plotting area and the spans it shows: the map from numbers to px.
pub(crate) struct Frame<'a> {
    pub panel: &'a Panel,
    pub area: Area,
    pub x: Span,
    pub y: Span,
    pub x_ticks: Vec<Tick>,
    pub y_ticks: Vec<Tick>,
    /// The place of the baseline of the vertical axis's label, in px.
    pub label_x: f64,
}

impl Frame<'_> {
    /// The px of a point, given by its numbers.
    pub(crate) fn at(&self, (x, y): (f64, f64)) -> Point {
        (self.across(self.panel.x.scale.place(x)), self.down(self.panel.y.scale.place(y)))
    }

    /// The px of those points that lie in the plotting area.
    fn shown(&self, points: &[(f64, f64)]) -> impl Iterator<Item = Point> {
        points.iter().map(|&point| self.at(point)).filter(|&at| self.area.contains(at))
    }

    /// Whether both numbers of a point are on their scales.
    fn has_place(&self, (x, y): (f64, f64)) -> bool {
        self.panel.x.scale.place(x).is_finite() && self.panel.y.scale.place(y).is_finite()
    }

    /// The px of a place on the horizontal scale.
    pub(crate) fn across(&self, place: f64) -> f64 {
        self.area.left + fraction(place, self.x) * self.area.width()
    }

    /// The px of a place on the vertical scale.
    pub(crate) fn down(&self, place: f64) -> f64 {
        self.area.bottom + fraction(place, self.y) * (self.area.top - self.area.bottom)
    }
}

fn fraction(place: f64, (low, high): Span) -> f64 {
    // Far outside a given range the exact place does not matter, but plotters' coordinates are i32.
    ((place - low) / (high - low)).clamp(-1e4, 1e4)
}

/// Draws one mark in its frame.
pub(crate) fn draw(canvas: &Canvas<'_>, frame: &Frame<'_>, mark: &Mark) -> Result<()> {
    let Area { left, top, right, bottom } = frame.area;
    match mark {
        Mark::Field { xs, ys, values, .. } => field::draw(canvas, frame, (xs, ys), values),
        Mark::Line { colour, dashed, points, .. } => {
            draw_line(canvas, frame, line_pen(*colour, *dashed), points)
        }
        Mark::Bars { colour, points, .. } => {
            points.iter().try_for_each(|&bar| draw_bar(canvas, frame, *colour, bar))
        }
        Mark::Points { class, points, .. } => {
            frame.shown(points).try_for_each(|at| draw_marker(canvas, at, *class))
        }
        Mark::Rings { colour, points, .. } => {
            frame.shown(points).try_for_each(|at| draw_ring(canvas, at, *colour))
        }
        Mark::Vertical { x, .. } => {
            let x = frame.across(frame.panel.x.scale.place(*x));
            draw_pieces(canvas, frame, rule_pen(), &[(x, bottom), (x, top)])
        }
        Mark::Horizontal { y, .. } => {
            let y = frame.down(frame.panel.y.scale.place(*y));
            draw_pieces(canvas, frame, rule_pen(), &[(left, y), (right, y)])
        }
    }
}

/// Solid lines are a little wider, so that they show on both sides of a dashed one that covers them.
pub(crate) fn line_pen(colour: usize, dashed: bool) -> Pen {
    let pen = Pen::solid(PALETTE[colour], LINE);
    if dashed { Pen { dash: Some((5.0, 4.0)), ..pen } } else { Pen { width: LINE + 0.6, ..pen } }
}

pub(crate) fn rule_pen() -> Pen {
    Pen { dash: Some((2.0, 3.0)), ..Pen::solid(RULE, 1.3) }
}

/// Draws a line, interrupted at points without a place: zeros on a logarithmic axis.
fn draw_line(canvas: &Canvas<'_>, frame: &Frame<'_>, pen: Pen, points: &[(f64, f64)]) -> Result<()> {
    points.split(|&point| !frame.has_place(point)).try_for_each(|run| draw_run(canvas, frame, pen, run))
}

fn draw_run(canvas: &Canvas<'_>, frame: &Frame<'_>, pen: Pen, points: &[(f64, f64)]) -> Result<()> {
    let places: Vec<_> = points.iter().map(|&point| frame.at(point)).collect();
    if let [only] = places[..] {
        return if frame.area.contains(only) { canvas.disc(only, pen.width, pen.colour) } else { Ok(()) };
    }
    draw_pieces(canvas, frame, pen, &places)
}

/// Draws what the plotting area shows of a line.
fn draw_pieces(canvas: &Canvas<'_>, frame: &Frame<'_>, pen: Pen, places: &[Point]) -> Result<()> {
    let pieces = cut(places, frame.area);
    pieces.iter().try_for_each(|piece| canvas.polyline(&thin(piece, frame.area, COLUMNS), pen))
}

/// A bar from x = 0, as far as the plotting area shows it.
fn draw_bar(canvas: &Canvas<'_>, frame: &Frame<'_>, colour: usize, (length, y): (f64, f64)) -> Result<()> {
    let corner = |x, y| frame.area.clamp(frame.at((x, y)));
    let (low, high) = (y - 0.5 * BAR, y + 0.5 * BAR);
    canvas.rectangle(corner(0.0, low), corner(length, high), PALETTE[colour])
}

/// A sample: its class as colour and shape, with a white edge that separates
/// it from neighbours and background.
pub(crate) fn draw_marker(canvas: &Canvas<'_>, centre: Point, class: usize) -> Result<()> {
    // The corners of a regular polygon and the direction of the first, counted from the right.
    let (corners, turn) = match class % 4 {
        0 => return draw_disc(canvas, centre, class),
        1 => (3, PI / 2.0),
        2 => (4, PI / 4.0),
        _ => (4, 0.0),
    };
    let sector = PI / f64::from(corners);
    // The circumradius of a polygon with the area of a circle: n r² sin(π/n) cos(π/n) = π MARKER².
    let radius = MARKER * (sector / (sector.sin() * sector.cos())).sqrt();
    // Sides move outward by the edge's width when corners move by width / cos(π/n).
    let outer = radius + MARKER_EDGE / sector.cos();
    canvas.polygon(&regular_polygon(centre, corners, turn, outer), PAPER)?;
    canvas.polygon(&regular_polygon(centre, corners, turn, radius), PALETTE[class])
}

fn draw_disc(canvas: &Canvas<'_>, centre: Point, class: usize) -> Result<()> {
    canvas.disc(centre, MARKER + MARKER_EDGE, PAPER)?;
    canvas.disc(centre, MARKER, PALETTE[class])
}

/// A ring around a marker of any shape, so wide that the marker's white edge stays visible.
pub(crate) fn draw_ring(canvas: &Canvas<'_>, centre: Point, colour: usize) -> Result<()> {
    canvas.ring(centre, RING, Pen::solid(PALETTE[colour], RING_LINE))
}

fn regular_polygon(centre: Point, corners: i32, turn: f64, radius: f64) -> Vec<Point> {
    let angle = |corner| turn + 2.0 * PI * f64::from(corner) / f64::from(corners);
    let corner = |angle: f64| (centre.0 + radius * angle.cos(), centre.1 - radius * angle.sin());
    (0..corners).map(angle).map(corner).collect()
}
