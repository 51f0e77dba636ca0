//! The picture of a run: the errors of other systems divided by ours.

use ann_figure::{Axis, Figure, Mark, Panel};
use anyhow::{Result, ensure};

use crate::findings::{Findings, Origin};
use crate::summary::{SHIFT, mean_error, summaries};
use crate::systems::{OURS, SYSTEMS};
use crate::tables::Description;

// In lines of text: the distance between the lanes of two systems in a row, so that their marks do not cover
// each other; what is added between two rows; and what is added below the row of all tables.
const LANE: f64 = 0.42;
const BETWEEN_ROWS: f64 = 0.7;
const BELOW_ALL: f64 = 0.5;

/// A row for all tables together, and one for each.
#[derive(Debug)]
struct Row {
    name: String,
    height: f64,
    /// The error of each system divided by ours; `None` if it was not measured.
    ratios: Vec<Option<f64>>,
}

/// A mark for each system in the row of each table.
///
/// # Errors
/// No other system was measured.
pub fn picture(findings: &Findings) -> Result<Figure> {
    let mut systems = findings.systems();
    systems.retain(|system| *system != OURS);
    ensure!(!systems.is_empty(), "no other system has been measured beside ours");
    let rows = rows(findings, &systems);
    let half = 0.5 * LANE * systems.len() as f64;
    let names = rows.iter().map(|row| (row.height, row.name.clone())).collect();
    let panel = Panel {
        title: format!("(error + {SHIFT}) of each system, divided by that of {OURS}"),
        x: ratio_axis(&rows),
        y: Axis::linear("").within(-half - 0.3, rows[0].height + half + 0.3).with_ticks(names),
        equal_axes: false,
        marks: marks(&rows, &systems),
    };
    let Origin { date, commit, machine, .. } = &findings.origin;
    let caption = format!(
        "Right of 1, {OURS} is better. Error: 1 − accuracy, or √(1 − R²) where numbers are predicted; mean over splits, the same rows for \
         all systems, no tuning. The first row is the ratio of geometric means over the tables. Measured on {date} at commit {commit}: {machine}."
    );
    let title = "How large the errors of other systems are".into();
    Ok(Figure { title, caption, columns: 1, panels: vec![panel] })
}

fn rows(findings: &Findings, systems: &[&str]) -> Vec<Row> {
    let mut rows = vec![Row {
        name: format!("all {} tables", findings.tables.len()),
        height: 0.0,
        ratios: ratios(systems, overall(findings)),
    }];
    rows.extend(findings.tables.iter().map(|table| Row {
        name: label(table),
        height: 0.0,
        ratios: ratios(systems, |name| Some(mean_error(findings, name, table)?.mean + SHIFT)),
    }));
    let mut height = 0.0;
    for index in (0..rows.len()).rev() {
        rows[index].height = height;
        height += LANE * systems.len() as f64 + BETWEEN_ROWS + if index == 1 { BELOW_ALL } else { 0.0 };
    }
    rows
}

fn label(Description { name, rows, classes, .. }: &Description) -> String {
    let predicted = classes.map_or_else(|| "number".to_owned(), |classes| format!("{classes} classes"));
    format!("{name}, {rows} rows, {predicted}")
}

/// The shifted geometric mean of a system's errors.
fn overall(findings: &Findings) -> impl Fn(&str) -> Option<f64> {
    let summaries = summaries(findings, &findings.tables.iter().collect::<Vec<_>>());
    move |name| Some(summaries.iter().find(|summary| summary.system == name)?.sgm.mean)
}

/// What each system has, divided by what we have.
fn ratios(systems: &[&str], of: impl Fn(&str) -> Option<f64>) -> Vec<Option<f64>> {
    systems.iter().map(|name| Some(of(name)? / of(OURS)?)).collect()
}

fn ratio_axis(rows: &[Row]) -> Axis {
    let ratios = || rows.iter().flat_map(|row| row.ratios.iter().flatten().copied());
    let (low, high) = (ratios().fold(1.0, f64::min), ratios().fold(1.0, f64::max));
    let ticks = [0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 1.5, 2.0, 3.0, 5.0, 7.0, 10.0, 20.0, 50.0];
    let ticks = ticks.map(|number| (number, number.to_string())).to_vec();
    Axis::log10("times as large (log scale)").within(0.92 * low, 1.08 * high).with_ticks(ticks)
}

/// A line at 1, and the points of each system, which has the same lane in every row.
fn marks(rows: &[Row], systems: &[&str]) -> Vec<Mark> {
    let mut marks = vec![Mark::Vertical { label: OURS.into(), x: 1.0 }];
    for (lane, system) in systems.iter().enumerate() {
        let above = LANE * (0.5 * (systems.len() - 1) as f64 - lane as f64);
        let point = |row: &Row| Some((row.ratios[lane]?, row.height + above));
        let class = SYSTEMS.iter().position(|known| known.name == *system).unwrap_or_default();
        let points = rows.iter().filter_map(point).collect();
        marks.push(Mark::Points { series: (*system).into(), class, points });
    }
    marks
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn the_committed_findings_have_a_row_for_each_table_and_a_mark_for_each_system() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../accuracy.json");
        let findings = Findings::read(&path).unwrap();
        let figure = picture(&findings).unwrap();
        let panel = &figure.panels[0];
        assert_eq!(panel.y.ticks.len(), 1 + findings.tables.len());
        let series: Vec<_> = panel.marks.iter().map(Mark::series).collect();
        assert_eq!(series, findings.systems());
        figure.svg().unwrap();
    }

    #[test]
    fn without_other_systems_there_is_no_picture() {
        let error = picture(&Findings::default()).unwrap_err().to_string();
        assert_eq!(error, "no other system has been measured beside ours");
    }
}
