//! The plotted numbers as a table in long format: one row per number or pair, whatever the kind of mark.

use csv::Writer;
use serde::Serialize;

use crate::{Figure, Mark};

#[derive(Serialize)]
struct TableRow<'a> {
    panel: &'a str,
    series: &'a str,
    kind: &'static str,
    x: Option<f64>,
    y: Option<f64>,
    value: Option<f64>,
}

/// The whole table with its header; fields row by row of their grid.
pub(crate) fn csv(figure: &Figure) -> String {
    let mut writer = Writer::from_writer(Vec::new());
    for panel in &figure.panels {
        for mark in &panel.marks {
            for (kind, x, y, value) in numbers(mark) {
                let row = TableRow { panel: &panel.title, series: mark.series(), kind, x, y, value };
                writer.serialize(row).expect("memory takes all rows");
            }
        }
    }
    let bytes = writer.into_inner().expect("memory takes all bytes");
    String::from_utf8(bytes).expect("titles, names and numbers are text")
}

type Numbers = (&'static str, Option<f64>, Option<f64>, Option<f64>);

fn numbers(mark: &Mark) -> Vec<Numbers> {
    let pairs =
        |kind, points: &[(f64, f64)]| points.iter().map(|&(x, y)| (kind, Some(x), Some(y), None)).collect();
    match mark {
        Mark::Points { points, .. } => pairs("points", points),
        Mark::Rings { points, .. } => pairs("rings", points),
        Mark::Line { points, .. } => pairs("line", points),
        Mark::Bars { points, .. } => pairs("bars", points),
        Mark::Field { xs, ys, values, .. } => values
            .indexed_iter()
            .map(|((row, column), &p)| ("field", Some(xs[column]), Some(ys[row]), Some(p)))
            .collect(),
        Mark::Vertical { x, .. } => vec![("vertical", Some(*x), None, None)],
        Mark::Horizontal { y, .. } => vec![("horizontal", None, Some(*y), None)],
    }
}
