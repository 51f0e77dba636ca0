//! The legend: one entry for each appearance and name among a panel's marks, above the plotting area.
//!
//! A field has two entries: its colours from probability 0 to probability 1, and its boundary.

use plotters::style::text_anchor::HPos;

use crate::canvas::{Canvas, Pen, Point, Type};
use crate::style::{INK, PALETTE, RING, TEXT, field_colour};
use crate::{Figure, Mark, Panel, Result, field, marks, number};

/// A picture of a mark and its name.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Entry {
    swatch: Swatch,
    name: String,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Swatch {
    Marker { class: usize },
    Ring { colour: usize },
    Line { colour: usize, dashed: bool },
    Bar { colour: usize },
    Field,
    Boundary,
    Vertical,
    Horizontal,
}

/// Space between a swatch and its name, and between entries.
const GAP: f64 = 6.0;
const SPACE: f64 = 14.0;
/// Height of the middle of lower-case letters and digits above the baseline.
const MIDDLE: f64 = 0.34 * TEXT;

pub(crate) const LINE_HEIGHT: f64 = 18.0;

/// The width of a field's colours, their number, and the space for a digit and a gap on each side.
const COLOURS: f64 = 32.0;
const STEPS: u32 = 16;
const END: f64 = 12.0;

/// The entries of a panel: first markers, then the others in the order of its
/// marks. Marks without a name have none.
pub(crate) fn entries(panel: &Panel) -> Vec<Entry> {
    let mut entries = Vec::new();
    for mark in panel.marks.iter().filter(|mark| !mark.series().is_empty()) {
        for entry in entries_of(mark) {
            if !entries.contains(&entry) {
                entries.push(entry);
            }
        }
    }
    // The background is painted first, but its entry is the last.
    entries.sort_by_key(|entry| entry.swatch.rank());
    entries
}

fn entries_of(mark: &Mark) -> Vec<Entry> {
    let entry = |swatch, name: &str| Entry { swatch, name: name.to_owned() };
    let name = mark.series();
    match mark {
        Mark::Points { class, .. } => vec![entry(Swatch::Marker { class: *class }, name)],
        Mark::Rings { colour, points, .. } => {
            let name = format!("{name}: {}", number::count(points.len()));
            vec![entry(Swatch::Ring { colour: *colour }, &name)]
        }
        Mark::Line { colour, dashed, .. } => {
            vec![entry(Swatch::Line { colour: *colour, dashed: *dashed }, name)]
        }
        Mark::Bars { colour, .. } => vec![entry(Swatch::Bar { colour: *colour }, name)],
        Mark::Field { .. } => {
            let boundary = format!("p = {}", number::exact(field::BOUNDARY));
            vec![entry(Swatch::Field, name), entry(Swatch::Boundary, &boundary)]
        }
        Mark::Vertical { .. } => vec![entry(Swatch::Vertical, name)],
        Mark::Horizontal { .. } => vec![entry(Swatch::Horizontal, name)],
    }
}

/// The legend of all panels, when there are several and one of them has the entries of all the others.
pub(crate) fn shared(figure: &Figure) -> Option<Vec<Entry>> {
    let all: Vec<Vec<Entry>> = figure.panels.iter().map(entries).collect();
    let longest = all.iter().max_by_key(|entries| entries.len())?.clone();
    let is_shared = all.len() > 1 && all.iter().flatten().all(|entry| longest.contains(entry));
    is_shared.then_some(longest)
}

/// The entries in lines no longer than `width` px, each with its distance from the left. A name that is
/// longer than a line is shortened.
pub(crate) fn lines(entries: Vec<Entry>, width: f64) -> Result<Vec<Vec<(f64, Entry)>>> {
    let mut lines: Vec<Vec<(f64, Entry)>> = Vec::new();
    let mut end = f64::INFINITY;
    for Entry { swatch, name } in entries {
        let indent = swatch.width() + GAP;
        let name = look().fitted(&name, width - indent)?;
        let length = indent + look().width(&name)?;
        if end + SPACE + length > width {
            lines.push(Vec::new());
            end = -SPACE;
        }
        let start = end + SPACE;
        end = start + length;
        lines.last_mut().expect("the first entry opened a line").push((start, Entry { swatch, name }));
    }
    Ok(lines)
}

fn look() -> Type {
    Type::new(TEXT, INK)
}

impl Entry {
    /// Draws the entry from `x` on, with its baseline at `y`.
    pub(crate) fn draw(&self, canvas: &Canvas<'_>, (x, y): Point) -> Result<()> {
        self.swatch.draw(canvas, (x, y - MIDDLE))?;
        canvas.text(&self.name, (x + self.swatch.width() + GAP, y), look())
    }
}

impl Swatch {
    fn rank(self) -> u8 {
        match self {
            Self::Marker { .. } => 0,
            Self::Ring { .. } => 1,
            Self::Line { .. } | Self::Bar { .. } => 2,
            Self::Field | Self::Boundary => 3,
            Self::Vertical | Self::Horizontal => 4,
        }
    }

    fn width(self) -> f64 {
        match self {
            Self::Marker { .. } | Self::Bar { .. } | Self::Vertical => 9.0,
            // Three dashes and two gaps.
            Self::Line { .. } => 23.0,
            Self::Ring { .. } => 2.0 * RING + 2.0,
            Self::Field => 2.0 * END + COLOURS,
            Self::Boundary | Self::Horizontal => 22.0,
        }
    }

    fn draw(self, canvas: &Canvas<'_>, (x, y): Point) -> Result<()> {
        let (middle, end) = (x + 0.5 * self.width(), x + self.width());
        let upright = |pen: Pen| canvas.polyline(&[(middle, y + 6.0), (middle, y - 6.0)], pen);
        match self {
            Self::Marker { class } => marks::draw_marker(canvas, (middle, y), class),
            Self::Ring { colour } => marks::draw_ring(canvas, (middle, y), colour),
            Self::Line { colour, dashed } => {
                canvas.polyline(&[(x, y), (end, y)], marks::line_pen(colour, dashed))
            }
            Self::Bar { colour } => canvas.rectangle((x, y + 4.5), (end, y - 4.5), PALETTE[colour]),
            Self::Horizontal => canvas.polyline(&[(x, y), (end, y)], marks::rule_pen()),
            Self::Vertical => upright(marks::rule_pen()),
            Self::Boundary => canvas.polyline(&[(x, y), (end, y)], field::boundary_pen()),
            Self::Field => draw_field(canvas, (x, y)),
        }
    }
}

/// The colours from class 0 to class 1, between the probabilities that they mean.
fn draw_field(canvas: &Canvas<'_>, (x, y): Point) -> Result<()> {
    let (left, right) = (x + END, x + END + COLOURS);
    let step = COLOURS / f64::from(STEPS);
    for index in 0..STEPS {
        let corner = (left + step * f64::from(index), y - 5.0);
        canvas.rectangle(
            corner,
            (right, y + 5.0),
            field_colour((f64::from(index) + 0.5) / f64::from(STEPS)),
        )?;
    }
    canvas.text("0", (x, y + MIDDLE), look())?;
    canvas.text("1", (right + END, y + MIDDLE), Type { anchor: HPos::Right, ..look() })
}
