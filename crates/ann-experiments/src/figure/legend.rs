//! The legend: one entry for each appearance and name among a panel's marks, in lines above the plotting area.

use anyhow::Result;

use super::canvas::{Canvas, Pen, Point, Type};
use super::style::{INK, TEXT, field_colour};
use super::{Figure, Mark, Panel, field, marks};

/// A picture of a mark and its name.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entry {
    sample: Sample,
    name: String,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Sample {
    Marker { class: usize },
    Line { colour: usize, dashed: bool },
    Field,
    Vertical,
    Horizontal,
}

/// Between a sample and its name, and between entries.
const GAP: f64 = 6.0;
const SPACE: f64 = 14.0;
/// How far above the baseline the middle of lower-case letters and digits lies.
const MIDDLE: f64 = 0.34 * TEXT;

pub(super) const LINE_HEIGHT: f64 = 18.0;

/// The entries of a panel, samples first, then in the order of its marks. Marks without a name have none.
pub(super) fn entries(panel: &Panel) -> Vec<Entry> {
    let mut entries = Vec::new();
    for mark in panel.marks.iter().filter(|mark| !mark.series().is_empty()) {
        let entry = Entry { sample: Sample::of(mark), name: mark.series().to_owned() };
        if !entries.contains(&entry) {
            entries.push(entry);
        }
    }
    // A background is painted first, but read last.
    entries.sort_by_key(|entry| entry.sample.rank());
    entries
}

/// The legend of all panels, when there are several and all have the same one.
pub(super) fn shared(figure: &Figure) -> Option<Vec<Entry>> {
    let first = entries(&figure.panels[0]);
    let alike = figure.panels.iter().all(|panel| entries(panel) == first);
    (alike && figure.panels.len() > 1).then_some(first)
}

/// The entries in lines no longer than `width` px, each with its distance from the left. A name longer than a line is
/// shortened.
pub(super) fn lines(entries: Vec<Entry>, width: f64) -> Result<Vec<Vec<(f64, Entry)>>> {
    let mut lines: Vec<Vec<(f64, Entry)>> = Vec::new();
    let mut end = f64::INFINITY;
    for Entry { sample, name } in entries {
        let indent = sample.width() + GAP;
        let name = look().fitted(&name, width - indent)?;
        let length = indent + look().width(&name)?;
        if end + SPACE + length > width {
            lines.push(Vec::new());
            end = -SPACE;
        }
        let start = end + SPACE;
        end = start + length;
        lines.last_mut().expect("the first entry opened a line").push((start, Entry { sample, name }));
    }
    Ok(lines)
}

fn look() -> Type {
    Type::new(TEXT, INK)
}

impl Entry {
    /// Draws the entry with its baseline at `y` from `x` on.
    pub(super) fn draw(&self, canvas: &Canvas<'_>, (x, y): Point) -> Result<()> {
        self.sample.draw(canvas, (x, y - MIDDLE))?;
        canvas.text(&self.name, (x + self.sample.width() + GAP, y), look())
    }
}

impl Sample {
    fn of(mark: &Mark) -> Self {
        match mark {
            Mark::Points { class, .. } => Self::Marker { class: *class },
            Mark::Line { colour, dashed, .. } => Self::Line { colour: *colour, dashed: *dashed },
            Mark::Field { .. } => Self::Field,
            Mark::Vertical { .. } => Self::Vertical,
            Mark::Horizontal { .. } => Self::Horizontal,
        }
    }

    fn rank(self) -> u8 {
        match self {
            Self::Marker { .. } => 0,
            Self::Line { .. } => 1,
            Self::Field => 2,
            Self::Vertical | Self::Horizontal => 3,
        }
    }

    fn width(self) -> f64 {
        match self {
            Self::Marker { .. } | Self::Vertical => 9.0,
            // Three dashes and two gaps.
            Self::Line { .. } => 23.0,
            Self::Field => 32.0,
            Self::Horizontal => 22.0,
        }
    }

    fn draw(self, canvas: &Canvas<'_>, (x, y): Point) -> Result<()> {
        let (middle, end) = (x + 0.5 * self.width(), x + self.width());
        let upright = |pen: Pen| canvas.polyline(&[(middle, y + 6.0), (middle, y - 6.0)], pen);
        match self {
            Self::Marker { class } => marks::draw_marker(canvas, (middle, y), class),
            Self::Line { colour, dashed } => {
                canvas.polyline(&[(x, y), (end, y)], marks::line_pen(colour, dashed))
            }
            Self::Horizontal => canvas.polyline(&[(x, y), (end, y)], marks::rule_pen()),
            Self::Vertical => upright(marks::rule_pen()),
            Self::Field => {
                // From class 0 to class 1, with the boundary between them.
                for step in 0..16 {
                    let left = x + 2.0 * f64::from(step);
                    canvas.rectangle(
                        (left, y - 5.0),
                        (end, y + 5.0),
                        field_colour((f64::from(step) + 0.5) / 16.0),
                    )?;
                }
                upright(field::boundary_pen())
            }
        }
    }
}
