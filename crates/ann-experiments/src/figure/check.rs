//! Checks a figure before it is drawn. Errors name panel and series, what was found and how to mend it.

use std::collections::HashSet;

use anyhow::{Result, bail, ensure};

use super::axis::can_be_divided;
use super::style::PALETTE;
use super::{Axis, Figure, Mark, Panel, Scale};
use crate::number::exact;

/// Checks everything that [`Figure::svg`] promises to refuse.
pub(super) fn check(figure: &Figure) -> Result<()> {
    ensure!(!figure.panels.is_empty(), "figure {:?} has no panels, expected at least one", figure.title);
    ensure!(
        (1..=4).contains(&figure.columns),
        "figure {:?} has {} columns, expected 1 to 4: more leave no room to draw in",
        figure.title,
        figure.columns
    );
    let mut titles = HashSet::new();
    for panel in &figure.panels {
        ensure!(
            titles.insert(&panel.title),
            "panel {:?} appears twice, titles must differ because the CSV names panels by them",
            panel.title
        );
        check_panel(panel)?;
    }
    Ok(())
}

fn check_panel(panel: &Panel) -> Result<()> {
    ensure!(!panel.marks.is_empty(), "panel {:?} has no marks, expected at least one", panel.title);
    for mark in &panel.marks {
        let place = format!("panel {:?}, series {:?}", panel.title, mark.series());
        check_mark(mark, panel, &place)?;
        let (xs, ys) = mark.extent();
        check_numbers(&panel.x, 'x', &xs, &place)?;
        check_numbers(&panel.y, 'y', &ys, &place)?;
    }
    let (xs, ys): (Vec<_>, Vec<_>) = panel.marks.iter().map(Mark::extent).unzip();
    check_span(&panel.x, 'x', &xs.concat(), &panel.title)?;
    check_span(&panel.y, 'y', &ys.concat(), &panel.title)
}

/// Checks what each kind of mark needs besides valid coordinates.
fn check_mark(mark: &Mark, panel: &Panel, place: &str) -> Result<()> {
    match mark {
        Mark::Points { class: colour, .. } | Mark::Rings { colour, .. } => check_colour(*colour, place)?,
        Mark::Line { colour, points, .. } => {
            ensure!(!points.is_empty(), "{place}: no points, expected at least one");
            check_colour(*colour, place)?;
        }
        Mark::Field { xs, ys, values, .. } => {
            let expected = (ys.len(), xs.len());
            ensure!(
                values.dim() == expected,
                "{place}: values have shape {:?}, expected {expected:?}",
                values.dim()
            );
            for (name, grid, axis) in [('x', xs, &panel.x), ('y', ys, &panel.y)] {
                ensure!(grid.len() >= 2, "{place}: {} {name} in the grid, expected at least two", grid.len());
                ensure!(grid.is_sorted_by(|a, b| a < b), "{place}: the {name} of the grid must ascend");
                ensure!(
                    axis.scale == Scale::Linear || grid[0] > 0.0,
                    "{place}: the {name} of the grid begin at {}, expected a positive number on a logarithmic axis",
                    grid[0]
                );
            }
            if let Some(((row, column), p)) = values.indexed_iter().find(|(_, p)| !(0.0..=1.0).contains(*p)) {
                bail!("{place}: value [{row}, {column}] is {p}, expected a probability from 0 to 1");
            }
        }
        Mark::Vertical { .. } | Mark::Horizontal { .. } => {}
    }
    Ok(())
}

fn check_colour(colour: usize, place: &str) -> Result<()> {
    ensure!(colour < PALETTE.len(), "{place}: colour {colour}, the palette ends at {}", PALETTE.len() - 1);
    Ok(())
}

fn check_numbers(axis: &Axis, name: char, numbers: &[f64], place: &str) -> Result<()> {
    for (index, number) in numbers.iter().enumerate() {
        ensure!(number.is_finite(), "{place}: {name} of point {index} is {number}, expected a finite number");
        ensure!(
            axis.scale == Scale::Linear || *number >= 0.0,
            "{place}: {name} of point {index} is {number}, a logarithmic axis shows positive numbers only; \
             leave the point out or use a linear axis"
        );
    }
    Ok(())
}

fn check_span(axis: &Axis, name: char, numbers: &[f64], title: &str) -> Result<()> {
    if let Some((low, high)) = axis.range {
        let lowest = if axis.scale == Scale::Log10 { 0.0 } else { f64::NEG_INFINITY };
        ensure!(
            lowest < low && low < high && high.is_finite(),
            "panel {title:?}: the {name} axis ranges from {low} to {high}, \
             expected finite numbers in ascending order, positive on a logarithmic axis"
        );
    }
    let Some((low, high)) = axis.span(numbers, 0.0) else {
        bail!("panel {title:?}: no mark has any {name} to fit the {name} axis to, set its range");
    };
    ensure!(
        can_be_divided((low, high)),
        "panel {title:?}: the {name} axis from {} to {} is too long or too short for 64-bit numbers",
        exact(low),
        exact(high)
    );
    Ok(())
}
