//! The drawing surface: plotters' SVG backend, with coordinates in px and one decimal.
//!
//! Plotters has integer coordinates, which would make smooth curves jagged. So its canvas is ten times as
//! large as the figure, and the `viewBox` scales it back.

use plotters::backend::SVGBackend;
use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, IntoDrawingArea};
use plotters::element::{
    Circle, DashedPathElement, Drawable, PathElement, PointCollection, Polygon, Rectangle, Text,
};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{
    Color, FontDesc, FontFamily, FontStyle, FontTransform, ShapeStyle, TextStyle, register_font,
};

pub(crate) use plotters::style::RGBColor as Colour;

use crate::{Error, Result, style};

/// x to the right, y downward, in px from the figure's upper left corner.
pub(crate) type Point = (f64, f64);

/// Canvas units in one px.
const UNITS: f64 = 10.0;

/// How a line is drawn.
#[derive(Clone, Copy)]
pub(crate) struct Pen {
    pub colour: Colour,
    pub width: f64,
    pub dash: Option<(f64, f64)>, // length and gap in px
}

impl Pen {
    pub(crate) fn solid(colour: Colour, width: f64) -> Self {
        Self { colour, width, dash: None }
    }
}

/// How text is drawn; its position is the baseline's start, middle or end.
#[derive(Clone, Copy)]
pub(crate) struct Type {
    pub size: f64,
    pub bold: bool,
    pub colour: Colour,
    pub anchor: HPos,
    /// Reads from bottom to top.
    pub upright: bool,
}

impl Type {
    pub(crate) fn new(size: f64, colour: Colour) -> Self {
        Self { size, bold: false, colour, anchor: HPos::Left, upright: false }
    }

    fn font(self) -> FontDesc<'static> {
        let weight = if self.bold { FontStyle::Bold } else { FontStyle::Normal };
        // Plotters measures from the highest ascender to the lowest descender: 1.24 em in its SVG backend.
        FontDesc::new(FontFamily::Name(style::FONT_FAMILY), 1.24 * UNITS * self.size, weight)
    }

    /// The words, or as much of them as fits into `width` px, followed by "…".
    pub(crate) fn fitted(self, words: &str, width: f64) -> Result<String> {
        let words = printable(words);
        if self.width(&words)? <= width {
            return Ok(words);
        }
        let shortened = |&end: &usize| format!("{}…", words[..end].trim_end());
        let ends: Vec<usize> = words.char_indices().map(|(end, _)| end).collect();
        let fits = |end: &usize| self.width(&shortened(end)).is_ok_and(|shorter| shorter <= width);
        // The first end, 0, leaves only "…", which is drawn even if it does not fit.
        let last = ends.partition_point(fits).saturating_sub(1);
        Ok(ends.get(last).map_or_else(String::new, shortened))
    }

    /// The width of `words` in px.
    pub(crate) fn width(self, words: &str) -> Result<f64> {
        let measured = self.font().layout_box(words);
        let ((left, _), (right, _)) = measured.map_err(|error| Error::Drawing(error.to_string()))?;
        Ok(f64::from(right - left) / UNITS)
    }
}

/// The words on one line, with U+FFFD for characters that XML does not allow.
pub(crate) fn printable(words: &str) -> String {
    let replaced = |character: char| match character {
        '\t' | '\n' | '\r' => ' ',
        '\u{fffe}' | '\u{ffff}' => '\u{fffd}',
        control if control.is_control() => '\u{fffd}',
        other => other,
    };
    words.chars().map(replaced).collect()
}

/// Registers the bundled font with plotters, which then needs no system font.
pub(crate) fn register_fonts() -> Result<()> {
    for (weight, bytes) in [(FontStyle::Normal, style::REGULAR), (FontStyle::Bold, style::SEMI_BOLD)] {
        register_font(style::FONT_FAMILY, weight, bytes)
            .map_err(|_| Error::Drawing("the bundled font is damaged".into()))?;
    }
    Ok(())
}

/// A white drawing surface; see the module.
pub(crate) struct Canvas<'a>(DrawingArea<SVGBackend<'a>, Shift>);

impl<'a> Canvas<'a> {
    /// A white canvas of `width` × `height` px that writes into `svg`.
    pub(crate) fn new(svg: &'a mut String, width: f64, height: f64) -> Result<Self> {
        let size = ((UNITS * width) as u32, (UNITS * height) as u32);
        let canvas = Self(SVGBackend::with_string(svg, size).into_drawing_area());
        canvas.0.fill(&style::PAPER)?;
        Ok(canvas)
    }

    pub(crate) fn finish(self) -> Result<()> {
        Ok(self.0.present()?)
    }

    pub(crate) fn text(&self, words: &str, (x, y): Point, look: Type) -> Result<()> {
        // The backend's anchor `Top` puts the baseline 0.76 em below the position;
        // for upright text, right of it.
        let drop = 0.76 * look.size;
        let (place, transform) = if look.upright {
            ((x - drop, y), FontTransform::Rotate270)
        } else {
            ((x, y - drop), FontTransform::None)
        };
        let font = TextStyle::from(look.font()).color(&look.colour).transform(transform);
        self.draw(&Text::new(words.to_owned(), units(place), font.pos(Pos::new(look.anchor, VPos::Top))))
    }

    pub(crate) fn polyline(&self, points: &[Point], pen: Pen) -> Result<()> {
        let points = points.iter().copied().map(units);
        let stroke = pen.colour.stroke_width((UNITS * pen.width).round() as u32);
        match pen.dash {
            None => self.draw(&PathElement::new(points.collect::<Vec<_>>(), stroke)),
            Some((length, gap)) => {
                let [length, gap] = [length, gap].map(|px| (UNITS * px).round() as i32);
                self.draw(&DashedPathElement::new(points, length, gap, stroke))
            }
        }
    }

    pub(crate) fn polygon(&self, points: &[Point], colour: Colour) -> Result<()> {
        self.draw(&Polygon::new(points.iter().copied().map(units).collect::<Vec<_>>(), colour.filled()))
    }

    pub(crate) fn rectangle(&self, corner: Point, opposite: Point, colour: Colour) -> Result<()> {
        self.draw(&Rectangle::new([units(corner), units(opposite)], colour.filled()))
    }

    pub(crate) fn disc(&self, centre: Point, radius: f64, colour: Colour) -> Result<()> {
        self.draw(&Circle::new(
            units(centre),
            (UNITS * radius).round() as i32,
            ShapeStyle::from(colour).filled(),
        ))
    }

    pub(crate) fn ring(&self, centre: Point, radius: f64, pen: Pen) -> Result<()> {
        let stroke = pen.colour.stroke_width((UNITS * pen.width).round() as u32);
        self.draw(&Circle::new(units(centre), (UNITS * radius).round() as i32, stroke))
    }

    fn draw<E>(&self, element: &E) -> Result<()>
    where
        for<'b> &'b E: PointCollection<'b, (i32, i32)>,
        for<'b> E: Drawable<SVGBackend<'b>>,
    {
        Ok(self.0.draw(element)?)
    }
}

fn units((x, y): Point) -> (i32, i32) {
    ((UNITS * x).round() as i32, (UNITS * y).round() as i32)
}
