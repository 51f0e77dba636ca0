//! The places of texts, legends and plotting areas, in px from the figure's upper left corner.

use crate::axis::{Span, Tick, ticks_alike};
use crate::canvas::{Point, Type};
use crate::legend::{self, Entry};
use crate::line::Area;
use crate::marks::Frame;
use crate::style::{INK, PANEL_TITLE, QUIET_INK, TEXT, TITLE};
use crate::{Axis, Figure, Mark, Panel, Result, Scale};

/// Space around the figure, and between columns and rows of panels.
const EDGE: f64 = 16.0;
const GUTTER: f64 = 14.0;
/// Space right of a plotting area, for half of a tick's label.
pub(crate) const OVERHANG: f64 = 12.0;
/// Space left of a plotting area: for the upright axis label, and between the ticks' labels and the area.
const UPRIGHT_LABEL: f64 = 20.0;
pub(crate) const TICK_GAP: f64 = 7.0;
/// Space below a plotting area: to the ticks' labels, then to the axis label, each from baseline to baseline.
pub(crate) const TICK_DROP: f64 = 18.0;
pub(crate) const LABEL_DROP: f64 = 18.0;
/// Most ticks of an axis.
const X_TICKS: usize = 8;
const Y_TICKS: usize = 6;
/// Most lines of a title.
const TITLE_LINES: usize = 3;
/// The height of one name beside a vertical axis.
const NAME_HEIGHT: f64 = 1.4 * TEXT;
/// The longest side of a square map.
const LARGEST_SQUARE: f64 = 480.0;

/// The places of everything in a figure; see the module.
pub(crate) struct Layout<'a> {
    pub width: f64,
    pub height: f64,
    pub texts: Vec<(String, Point, Type)>,
    pub legend: Vec<(Entry, Point)>,
    pub frames: Vec<Frame<'a>>,
}

/// The figure's layout, from top to bottom: title, shared legend, rows of panels, caption.
pub(crate) fn layout(figure: &Figure) -> Result<Layout<'_>> {
    let width = if figure.columns == 1 { 720.0 } else { 900.0 };
    let inner = width - 2.0 * EDGE;
    let mut layout = Layout { width, height: 0.0, texts: vec![], legend: vec![], frames: vec![] };

    let title = Type { bold: true, ..Type::new(TITLE, INK) };
    let mut y = layout.paragraph((EDGE, 6.0), inner, &figure.title, title)?;
    let shared = legend::shared(figure);
    y = layout.legend((EDGE, y), inner, shared.clone().unwrap_or_default())? + 4.0;

    let grid = Grid::new(figure, inner)?;
    for row in figure.panels.chunks(figure.columns) {
        y = layout.row(row, &grid, y, shared.is_some())? + 14.0;
    }
    let end = layout.paragraph((EDGE, y), inner, &figure.caption, Type::new(TEXT, QUIET_INK))?;
    layout.height = (end + 10.0).ceil();
    Ok(layout)
}

/// The places of plotting areas: in columns, all of the same width.
struct Grid {
    /// The left of the plotting areas of each column.
    lefts: Vec<f64>,
    width: f64,
    /// Height divided by width of a plotting area, in a row without a map.
    slope: f64,
}

impl Grid {
    fn new(figure: &Figure, inner: f64) -> Result<Self> {
        let mut gauges = vec![0.0_f64; figure.columns];
        for (index, panel) in figure.panels.iter().enumerate() {
            let gauge = &mut gauges[index % figure.columns];
            *gauge = gauge.max(gauge_of(panel)?);
        }
        let columns = figure.columns as f64;
        let width = (inner - gauges.iter().sum::<f64>() - (columns - 1.0) * GUTTER) / columns - OVERHANG;
        let mut left = EDGE - GUTTER - OVERHANG - width;
        let next = |gauge: f64| {
            left += width + OVERHANG + GUTTER + gauge;
            left
        };
        let slope = match figure.columns {
            1 => 0.5,
            2 => 0.62,
            _ => 0.9,
        };
        Ok(Self { lefts: gauges.into_iter().map(next).collect(), width, slope })
    }
}

/// The space left of a panel's plotting area: for the upright label and the labels of the ticks.
fn gauge_of(panel: &Panel) -> Result<f64> {
    let mut widest = 0.0_f64;
    for tick in ticks_of(panel, spans(panel), Y_TICKS).1 {
        widest = widest.max(Type::new(TEXT, QUIET_INK).width(&tick.label)?);
    }
    Ok(UPRIGHT_LABEL + widest + TICK_GAP)
}

impl<'a> Layout<'a> {
    /// Places a row of panels and returns its bottom.
    fn row(&mut self, panels: &'a [Panel], grid: &Grid, top: f64, legend_is_shared: bool) -> Result<f64> {
        let top = self.heads(panels, grid, top, legend_is_shared)? + 8.0;
        let side = grid.width.min(LARGEST_SQUARE);
        let has_map = panels.iter().any(|panel| panel.equal_axes);
        let names = panels.iter().map(height_of_names).fold(0.0, f64::max);
        let bottom = top + names.max(if has_map { side } else { grid.slope * grid.width });
        for (panel, &left) in panels.iter().zip(&grid.lefts) {
            let right = left + if panel.equal_axes { side } else { grid.width };
            self.frames.push(frame(panel, Area { left, top, right, bottom })?);
        }
        Ok(bottom + TICK_DROP + LABEL_DROP)
    }

    /// Places the titles of a row, and the legends below them. Returns the bottom of the longest.
    fn heads(&mut self, panels: &[Panel], grid: &Grid, top: f64, legend_is_shared: bool) -> Result<f64> {
        let look = Type { bold: true, ..Type::new(PANEL_TITLE, INK) };
        let mut below_titles = top;
        for (panel, &left) in panels.iter().zip(&grid.lefts) {
            let end = self.paragraph((left, top), grid.width, &panel.title, look)?;
            below_titles = below_titles.max(end);
        }
        let mut bottom = below_titles;
        for (panel, &left) in panels.iter().zip(&grid.lefts).filter(|_| !legend_is_shared) {
            let end = self.legend((left, below_titles), grid.width + OVERHANG, legend::entries(panel))?;
            bottom = bottom.max(end);
        }
        Ok(bottom)
    }

    /// Places words in lines no longer than `width` and returns where they end. Titles, which are
    /// bold, have at most [`TITLE_LINES`].
    fn paragraph(&mut self, (left, top): Point, width: f64, words: &str, look: Type) -> Result<f64> {
        let mut baseline = top;
        let most = if look.bold { TITLE_LINES } else { usize::MAX };
        for line in wrapped(words, most, width, look)? {
            baseline += 1.4 * look.size;
            self.texts.push((line, (left, baseline), look));
        }
        Ok(baseline + if baseline > top { 0.3 * look.size } else { 0.0 })
    }

    /// Places legend entries in lines no longer than `width` and returns where they end.
    fn legend(&mut self, (left, top): Point, width: f64, entries: Vec<Entry>) -> Result<f64> {
        let mut bottom = top;
        for line in legend::lines(entries, width)? {
            bottom += legend::LINE_HEIGHT;
            self.legend.extend(line.into_iter().map(|(x, entry)| (entry, (left + x, bottom - 4.0))));
        }
        Ok(bottom)
    }
}

/// The height of the names beside a vertical axis, in px; 0 without names.
fn height_of_names(panel: &Panel) -> f64 {
    let (low, high) = spans(panel).1;
    if panel.y.ticks.is_empty() { 0.0 } else { (high - low) * NAME_HEIGHT }
}

fn frame(panel: &Panel, area: Area) -> Result<Frame<'_>> {
    let (x, y) = spans(panel);
    let label_x = area.left - gauge_of(panel)? + TEXT;
    let mut frame = Frame { panel, area, x, y, x_ticks: vec![], y_ticks: vec![], label_x };
    // The largest number of ticks that leaves space between their labels. The
    // axes of a map have similar numbers.
    let most = if panel.equal_axes { Y_TICKS } else { X_TICKS };
    for count in (1..=most).rev() {
        (frame.x_ticks, frame.y_ticks) = ticks_of(panel, (x, y), count);
        if stand_apart(&frame)? {
            break;
        }
    }
    Ok(frame)
}

/// The ticks of both axes, at most `count` on the horizontal one; those of a map are alike.
fn ticks_of(panel: &Panel, (x, y): (Span, Span), count: usize) -> (Vec<Tick>, Vec<Tick>) {
    let linear = panel.x.scale == Scale::Linear && panel.y.scale == Scale::Linear;
    if panel.equal_axes && linear {
        return ticks_alike(x, y, count);
    }
    (panel.x.ticks_within(x, count), panel.y.ticks_within(y, Y_TICKS))
}

/// Whether there is space between the labels of the horizontal axis.
fn stand_apart(frame: &Frame<'_>) -> Result<bool> {
    let mut end = f64::NEG_INFINITY;
    for tick in &frame.x_ticks {
        let (middle, width) = (frame.across(tick.place), Type::new(TEXT, QUIET_INK).width(&tick.label)?);
        if middle - 0.5 * width < end + 12.0 {
            return Ok(false);
        }
        end = middle + 0.5 * width;
    }
    Ok(true)
}

/// The spans that the two axes of a panel show.
fn spans(panel: &Panel) -> (Span, Span) {
    let (xs, ys): (Vec<_>, Vec<_>) = panel.marks.iter().map(Mark::extent).unzip();
    let has_field = panel.marks.iter().any(|mark| matches!(mark, Mark::Field { .. }));
    let margin = if has_field { 0.0 } else { 0.03 };
    let span = |axis: &Axis, numbers: &[f64]| {
        axis.span(numbers, margin).expect("check passed, so there are numbers")
    };
    let (x, y) = (span(&panel.x, &xs.concat()), span(&panel.y, &ys.concat()));
    if !panel.equal_axes {
        return (x, y);
    }
    let longer = (x.1 - x.0).max(y.1 - y.0);
    let widened = |(low, high): Span| (0.5 * (low + high - longer), 0.5 * (low + high + longer));
    (widened(x), widened(y))
}

/// The words in at most `most` lines no longer than `width`. An equation such as η = 1 and a number such as
/// 10 000 are not split. What does not fit into a line, or into the last one, is shortened.
fn wrapped(words: &str, most: usize, width: f64, look: Type) -> Result<Vec<String>> {
    let words = digits_together(words);
    let glued = ["=", "<", ">", "≤", "≥", "≈", "±", "·"]
        .iter()
        .fold(words, |words, sign| words.replace(&format!(" {sign} "), &format!("\u{a0}{sign}\u{a0}")));
    let mut lines: Vec<String> = Vec::new();
    for word in glued.split_ascii_whitespace() {
        let full = lines.len() == most;
        match lines.last_mut() {
            Some(line) if full || look.width(&format!("{line} {word}"))? <= width => {
                *line += &format!(" {word}");
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines.into_iter().map(|line| look.fitted(&line.replace('\u{a0}', " "), width)).collect()
}

/// Spaces between digits become no-break spaces.
fn digits_together(words: &str) -> String {
    let characters: Vec<char> = words.chars().collect();
    let is_digit = |index: usize| characters.get(index).is_some_and(char::is_ascii_digit);
    let glued = characters.iter().enumerate().map(|(index, &character)| {
        let within = character == ' ' && index > 0 && is_digit(index - 1) && is_digit(index + 1);
        if within { '\u{a0}' } else { character }
    });
    glued.collect()
}
