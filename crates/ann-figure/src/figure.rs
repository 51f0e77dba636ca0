//! A figure: one value holds the numbers of a picture, and its CSV, SVG and PNG are made from it alone.

use ndarray::Array2;

use crate::{Result, check, draw, image, table};

/// The numbers of a picture: panels in a grid, with a title above and a caption below.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// The text above the panels, in at most three lines. May be empty.
    pub title: String,
    /// The text below the panels, wrapped at the figure's width: η, λ, epochs, seed. May be empty.
    pub caption: String,
    /// Panels side by side, 1 to 4. One column makes a picture 720 px wide, more columns 900 px.
    pub columns: usize,
    /// The panels row by row, at least one; their titles differ.
    pub panels: Vec<Panel>,
}

/// Two axes and what is drawn between them.
///
/// In the picture, texts that are too long end in "…": titles, axis labels, legend entries, words of a
/// caption. Control characters, which cannot be drawn, are shown as U+FFFD. The CSV has all texts unchanged.
#[derive(Clone, Debug, PartialEq)]
pub struct Panel {
    /// The panel's name in the picture (in at most three lines), the CSV and
    /// errors; unique within the figure.
    pub title: String,
    /// The horizontal axis.
    pub x: Axis,
    /// The vertical axis.
    pub y: Axis,
    /// Whether one unit of x is as long as one unit of y: true for maps. The plotting area is then a square,
    /// and both axes have the same step between ticks.
    pub equal_axes: bool,
    /// Painted in this order, the last on top; at least one.
    /// Each distinct appearance and name gets an entry in the legend, which is above the plotting area.
    pub marks: Vec<Mark>,
}

/// A named axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// Name and unit, such as `"h (step)"`.
    pub label: String,
    /// How numbers become lengths.
    pub scale: Scale,
    /// The first and the last number shown; the first is the smaller one. Lines are cut there, and points
    /// outside are left out. `None` fits the axis to the marks: exactly to a field, otherwise with a small
    /// margin, and with space around a single number.
    pub range: Option<(f64, f64)>,
    /// Numbers and the texts beside them, such as names of rows. If empty, round numbers are chosen. A
    /// vertical axis with given ticks has one line of text for each unit, so that the names do not touch.
    pub ticks: Vec<(f64, String)>,
}

/// How numbers become lengths on an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// Equal differences are equally long.
    Linear,
    /// Equal ratios are equally long; no number may be negative.
    ///
    /// Zero, which a loss may reach, has no place here. A point or marked value of zero is left out of the
    /// picture, and a line is interrupted there. The CSV keeps the number, and the legend keeps the entry. If
    /// all numbers are zero, the axis is shown around 1. The grid of a field must be positive.
    Log10,
}

/// Something drawn in a panel. All numbers are finite.
///
/// `class` and `colour` are indices into one palette of ten (0 blue, 1 vermillion, 2 green, 3 purple, 4
/// orange, 5 sky blue, 6 dark grey, 7 black, 8 wine, 9 olive), so that a class has the same colour in all
/// figures.
#[derive(Clone, Debug, PartialEq)]
pub enum Mark {
    /// Samples of one class, shown by colour and by marker shape: circle, triangle, square, diamond.
    Points {
        /// Name in the legend.
        series: String,
        /// 0 to 9.
        class: usize,
        /// (x, y). May be empty: a class that is never predicted is still in the legend.
        points: Vec<(f64, f64)>,
    },
    /// Samples to emphasise, such as wrong predictions: a ring around each. The legend shows their number.
    Rings {
        /// Name in the legend, before the number of points.
        series: String,
        /// 0 to 9.
        colour: usize,
        /// (x, y). May be empty: the legend then shows 0.
        points: Vec<(f64, f64)>,
    },
    /// A curve through points in the given order. Long curves are thinned in the picture, never in the CSV.
    Line {
        /// Name in the legend.
        series: String,
        /// 0 to 9.
        colour: usize,
        /// Whether the line is dashed, so that a curve below it remains visible.
        dashed: bool,
        /// (x, y), at least one.
        points: Vec<(f64, f64)>,
    },
    /// Horizontal bars from x = 0, such as the importance of columns: 0.6 units of y high, so that bars at
    /// whole numbers do not touch. The names beside them are [`Axis::ticks`] of the vertical axis.
    Bars {
        /// Name in the legend.
        series: String,
        /// 0 to 9.
        colour: usize,
        /// (length, y), at least one. A length may be negative; the axis is linear.
        points: Vec<(f64, f64)>,
    },
    /// Probability of class 1 over a grid: a soft background between the colours of class 0 and class 1, and
    /// the decision boundary, p = 0.5, as a line. Each has an entry in the legend, with its numbers.
    Field {
        /// Name in the legend.
        series: String,
        /// Ascending, at least two.
        xs: Vec<f64>,
        /// Ascending, at least two.
        ys: Vec<f64>,
        /// Probabilities in [0, 1], shape (`ys.len()`, `xs.len()`).
        values: Array2<f64>,
    },
    /// A marked x, such as the step h of a gradient check.
    Vertical {
        /// Name in the legend.
        label: String,
        /// The marked number.
        x: f64,
    },
    /// A marked y, such as the loss below which training stops.
    Horizontal {
        /// Name in the legend.
        label: String,
        /// The marked number.
        y: f64,
    },
}

impl Figure {
    /// The plotted numbers in long format, with the columns `panel,series,kind,x,y,value`.
    ///
    /// `kind` is points, rings, line, bars, field, vertical or horizontal; `value` is filled for fields only.
    /// Numbers are in the shortest form that reads back as the same `f64`.
    ///
    /// # Errors
    /// As for [`Figure::svg`]: what cannot be drawn is not written either.
    pub fn csv(&self) -> Result<String> {
        check::check(self)?;
        Ok(table::csv(self))
    }

    /// The picture as an SVG document with its font embedded.
    ///
    /// # Errors
    /// When there is no panel, a panel has no marks or shares its title with another, a line or bars have no
    /// points, an axis without a range has no numbers, the number of columns or a colour is out of range, a
    /// number is not finite or (see [`Scale::Log10`]) has no place on a logarithmic axis, bars are on such an
    /// axis, or a field's shape or values do not fit. The message names panel and series.
    pub fn svg(&self) -> Result<String> {
        let (drawing, size) = draw::draw(self)?;
        Ok(image::document(&drawing, size, &self.title, &image::font_faces()))
    }

    /// The picture as an element of an HTML page. Its font is that of [`font_faces`](crate::font_faces),
    /// which the page declares once in its style.
    ///
    /// # Errors
    /// As for [`Figure::svg`].
    pub fn element(&self) -> Result<String> {
        let (drawing, size) = draw::draw(self)?;
        Ok(image::document(&drawing, size, &self.title, ""))
    }

    /// The names and contents of three files: `NAME.csv`, `NAME.svg` and `NAME.png`. The PNG has two pixels
    /// for each unit of the SVG.
    ///
    /// # Errors
    /// As for [`Figure::svg`].
    #[cfg(feature = "png")]
    pub fn files(&self, name: &str) -> Result<[(String, Vec<u8>); 3]> {
        let svg = self.svg()?;
        let png = crate::png::png(&svg)?;
        let contents = [("csv", self.csv()?.into_bytes()), ("svg", svg.into_bytes()), ("png", png)];
        Ok(contents.map(|(extension, bytes)| (format!("{name}.{extension}"), bytes)))
    }
}

impl Axis {
    /// An axis with equal steps, fitted to the marks.
    pub fn linear(label: &str) -> Self {
        Self { label: label.into(), scale: Scale::Linear, range: None, ticks: vec![] }
    }

    /// A logarithmic axis, fitted to the marks.
    pub fn log10(label: &str) -> Self {
        Self { label: label.into(), scale: Scale::Log10, range: None, ticks: vec![] }
    }

    /// The same axis from `low` to `high`.
    #[must_use]
    pub fn within(self, low: f64, high: f64) -> Self {
        Self { range: Some((low, high)), ..self }
    }

    /// The same axis with these ticks: numbers and what is written beside them.
    #[must_use]
    pub fn with_ticks(self, ticks: Vec<(f64, String)>) -> Self {
        Self { ticks, ..self }
    }
}

impl Mark {
    /// The name of the mark in the legend, the CSV and errors.
    pub fn series(&self) -> &str {
        match self {
            Self::Points { series, .. }
            | Self::Rings { series, .. }
            | Self::Line { series, .. }
            | Self::Bars { series, .. }
            | Self::Field { series, .. } => series,
            Self::Vertical { label, .. } | Self::Horizontal { label, .. } => label,
        }
    }

    /// All x and all y the mark asks the axes to show.
    pub(crate) fn extent(&self) -> (Vec<f64>, Vec<f64>) {
        match self {
            Self::Points { points, .. } | Self::Rings { points, .. } | Self::Line { points, .. } => {
                points.iter().copied().unzip()
            }
            Self::Bars { points, .. } => {
                let (mut xs, ys): (Vec<_>, _) = points.iter().copied().unzip();
                xs.push(0.0);
                (xs, ys)
            }
            Self::Field { xs, ys, .. } => (xs.clone(), ys.clone()),
            Self::Vertical { x, .. } => (vec![*x], vec![]),
            Self::Horizontal { y, .. } => (vec![], vec![*y]),
        }
    }
}
