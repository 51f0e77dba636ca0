//! Checks a figure before it is drawn. Errors name panel and series, what was found and how to mend it.

use std::collections::HashSet;

use ndarray::Array2;

use crate::axis::can_be_divided;
use crate::number::exact;
use crate::style::PALETTE;
use crate::{Axis, Error, Figure, Mark, Panel, Result, Scale};

/// Checks everything that [`Figure::svg`] promises to refuse.
pub(crate) fn check(figure: &Figure) -> Result<()> {
    let title = || figure.title.clone();
    if figure.panels.is_empty() {
        return Err(Error::NoPanels { title: title() });
    }
    if !(1..=4).contains(&figure.columns) {
        return Err(Error::Columns { title: title(), found: figure.columns });
    }
    let mut titles = HashSet::new();
    for panel in &figure.panels {
        if !titles.insert(&panel.title) {
            return Err(Error::SameTitle { panel: panel.title.clone() });
        }
        check_panel(panel)?;
    }
    Ok(())
}

fn check_panel(panel: &Panel) -> Result<()> {
    let title = || panel.title.clone();
    if panel.marks.is_empty() {
        return Err(Error::NoMarks { panel: title() });
    }
    for mark in &panel.marks {
        let found = check_mark(mark, panel).and_then(|()| check_extent(mark, panel));
        found.map_err(|reason| Error::Mark { panel: title(), series: mark.series().to_owned(), reason })?;
    }
    let (xs, ys): (Vec<_>, Vec<_>) = panel.marks.iter().map(Mark::extent).unzip();
    let spans =
        check_span(&panel.x, 'x', &xs.concat()).and_then(|()| check_span(&panel.y, 'y', &ys.concat()));
    spans.map_err(|reason| Error::Axis { panel: title(), reason })
}

/// `Ok`, or the reason why not.
type Check = Result<(), String>;

fn ensure(is_right: bool, reason: impl FnOnce() -> String) -> Check {
    if is_right { Ok(()) } else { Err(reason()) }
}

/// Checks what each kind of mark needs besides valid coordinates.
fn check_mark(mark: &Mark, panel: &Panel) -> Check {
    match mark {
        Mark::Points { class: colour, .. } | Mark::Rings { colour, .. } => check_colour(*colour),
        Mark::Line { colour, points, .. } => {
            ensure(!points.is_empty(), || "no points, expected at least one".into())?;
            check_colour(*colour)
        }
        Mark::Bars { colour, points, .. } => {
            ensure(!points.is_empty(), || "no bars, expected at least one".into())?;
            ensure(panel.x.scale == Scale::Linear, || {
                "bars begin at x = 0, which a logarithmic axis does not have".into()
            })?;
            check_colour(*colour)
        }
        Mark::Field { xs, ys, values, .. } => {
            let expected = (ys.len(), xs.len());
            ensure(values.dim() == expected, || {
                format!("values have shape {:?}, expected {expected:?}", values.dim())
            })?;
            check_grid('x', xs, &panel.x)?;
            check_grid('y', ys, &panel.y)?;
            check_probabilities(values)
        }
        Mark::Vertical { .. } | Mark::Horizontal { .. } => Ok(()),
    }
}

fn check_colour(colour: usize) -> Check {
    let last = PALETTE.len() - 1;
    ensure(colour <= last, || format!("colour {colour}, the palette ends at {last}"))
}

fn check_grid(name: char, grid: &[f64], axis: &Axis) -> Check {
    ensure(grid.len() >= 2, || format!("{} {name} in the grid, expected at least two", grid.len()))?;
    ensure(grid.is_sorted_by(|a, b| a < b), || format!("the {name} of the grid must ascend"))?;
    ensure(axis.scale == Scale::Linear || grid[0] > 0.0, || {
        let first = grid[0];
        format!("the {name} of the grid begin at {first}, expected a positive number on a logarithmic axis")
    })
}

fn check_probabilities(values: &Array2<f64>) -> Check {
    match values.indexed_iter().find(|(_, p)| !(0.0..=1.0).contains(*p)) {
        None => Ok(()),
        Some(((row, column), p)) => {
            Err(format!("value [{row}, {column}] is {p}, expected a probability from 0 to 1"))
        }
    }
}

/// Checks that the axes can show the numbers of a mark.
fn check_extent(mark: &Mark, panel: &Panel) -> Check {
    let (xs, ys) = mark.extent();
    check_numbers(&panel.x, 'x', &xs)?;
    check_numbers(&panel.y, 'y', &ys)
}

fn check_numbers(axis: &Axis, name: char, numbers: &[f64]) -> Check {
    for (index, number) in numbers.iter().enumerate() {
        let found = || format!("{name} of point {index} is {number}");
        ensure(number.is_finite(), || format!("{}, expected a finite number", found()))?;
        ensure(axis.scale == Scale::Linear || *number >= 0.0, || {
            let way_out = "leave the point out or use a linear axis";
            format!("{}, a logarithmic axis shows positive numbers only; {way_out}", found())
        })?;
    }
    Ok(())
}

fn check_span(axis: &Axis, name: char, numbers: &[f64]) -> Check {
    if let Some((low, high)) = axis.range {
        let lowest = if axis.scale == Scale::Log10 { 0.0 } else { f64::NEG_INFINITY };
        ensure(lowest < low && low < high && high.is_finite(), || {
            format!(
                "the {name} axis ranges from {low} to {high}, \
                 expected finite numbers in ascending order, positive on a logarithmic axis"
            )
        })?;
    }
    let span = axis.span(numbers, 0.0);
    let (low, high) =
        span.ok_or_else(|| format!("no mark has any {name} to fit the {name} axis to, set its range"))?;
    ensure(can_be_divided((low, high)), || {
        let (low, high) = (exact(low), exact(high));
        format!("the {name} axis from {low} to {high} is too long or too short for 64-bit numbers")
    })
}
