//! The pictures of a run: the times of other libraries divided by ours, and the cost against rows, width and
//! depth.

use ann_figure::{Axis, Figure, Mark, Panel};
use anyhow::{Result, ensure};

use crate::findings::{Cost, Findings, Measurement, OURS, Origin};
use crate::peers::LIBRARIES;
use crate::results::{Row, rows, with_threads};

// Distance between two rows, in lines of text: within a workload, within a family, between families.
const SAME_WORKLOAD: f64 = 1.2;
const SAME_FAMILY: f64 = 1.35;
const NEXT_FAMILY: f64 = 1.9;
/// Marks that are closer than `NEAR` decades would overlap. They are moved up and down by `SHIFT` lines.
const NEAR: f64 = 0.07;
const SHIFT: f64 = 0.24;

/// The time of each library divided by ours, with a row for each workload and number of threads.
///
/// # Errors
/// No other library was measured.
pub fn results(findings: &Findings) -> Result<Figure> {
    let mut rows = rows(&findings.measurements);
    rows.retain(|row| !row.peers.is_empty());
    ensure!(!rows.is_empty(), "no other library has been measured beside ours");
    let heights = heights(&rows);
    let names = std::iter::zip(&heights, names(&rows)).map(|(&height, name)| (height, name)).collect();
    let panel = Panel {
        title: format!("Time of each library, divided by the time of {OURS}"),
        x: ratio_axis(&rows),
        y: Axis::linear("").within(-0.7, heights[0] + 0.7).with_ticks(names),
        equal_axes: false,
        marks: marks(&rows, &heights),
    };
    let protocol = format!(
        "Medians of {} runs in turns, each round begun by another library; same data, initial weights and work. \
         Right of 1, {OURS} is faster. A workload's name and the widths of its network, from input to output; \
         RESULTS.md explains them. Marks that would cover each other are moved up and down.",
        findings.origin.runs
    );
    Ok(Figure {
        title: "How many times as long other libraries take".into(),
        caption: format!("{protocol} {}", measured(&findings.origin)),
        columns: 1,
        panels: vec![panel],
    })
}

fn measured(Origin { date, commit, machine, .. }: &Origin) -> String {
    format!("Measured on {date} at commit {commit}: {machine}.")
}

/// The height of each row; the last row is at 0.
fn heights(rows: &[Row<'_>]) -> Vec<f64> {
    let mut heights = vec![0.0];
    for pair in rows.windows(2).rev() {
        let [upper, lower] = [0, 1].map(|index| pair[index].workload);
        let step = match (upper.name == lower.name, upper.family() == lower.family()) {
            (true, _) => SAME_WORKLOAD,
            (false, true) => SAME_FAMILY,
            (false, false) => NEXT_FAMILY,
        };
        heights.push(heights[heights.len() - 1] + step);
    }
    heights.reverse();
    heights
}

/// Labels such as `W7/f32, 28-300-300-300-2, 1 thread`; only `2 threads` in the next row of the same
/// workload.
fn names(rows: &[Row<'_>]) -> Vec<String> {
    let mut last = "";
    let name = |row: &Row<'_>| {
        let threads = with_threads(row.ours.threads);
        let is_new = std::mem::replace(&mut last, &row.workload.name) != row.workload.name;
        if is_new { format!("{}, {}, {threads}", row.workload.name, row.workload.shape()) } else { threads }
    };
    rows.iter().map(name).collect()
}

fn ratio_axis(rows: &[Row<'_>]) -> Axis {
    let ratios = || rows.iter().flat_map(|row| row.peers.iter().map(|peer| ratio(row, peer)));
    let (low, high) = (ratios().fold(1.0, f64::min), ratios().fold(1.0, f64::max));
    let decades = (-3..6).flat_map(|power| [1.0, 2.0, 5.0].map(|digit| digit * 10_f64.powi(power)));
    let ticks = decades.map(|number| (number, number.to_string())).collect();
    Axis::log10("times as long (log scale)").within(0.85 * low, 1.15 * high).with_ticks(ticks)
}

fn ratio(row: &Row<'_>, peer: &Measurement) -> f64 {
    peer.median_us / row.ours.median_us
}

/// A line at 1, and the points of each library, which has the same mark in every picture.
fn marks(rows: &[Row<'_>], heights: &[f64]) -> Vec<Mark> {
    let placed: Vec<_> =
        std::iter::zip(rows, heights).flat_map(|(row, &height)| placed(row, height)).collect();
    let mut marks = vec![Mark::Vertical { label: OURS.into(), x: 1.0 }];
    for (class, library) in LIBRARIES.iter().enumerate() {
        let of_library = placed.iter().filter(|(name, _)| *name == library.name);
        let points: Vec<_> = of_library.map(|(_, point)| *point).collect();
        if !points.is_empty() {
            marks.push(Mark::Points { series: library.name.into(), class, points });
        }
    }
    marks
}

/// The library and the point of each mark in a row. Neighbours that would overlap are placed alternately
/// above and below the height of the row.
fn placed<'a>(row: &Row<'a>, height: f64) -> Vec<(&'a str, (f64, f64))> {
    let mut placed: Vec<(&str, (f64, f64))> = Vec::new();
    let ratios: Vec<_> = row.peers.iter().map(|peer| ratio(row, peer)).collect();
    let is_near = |index: usize| index < ratios.len() && (ratios[index] / ratios[index - 1]).log10() < NEAR;
    for (index, peer) in row.peers.iter().enumerate() {
        let last = placed.last().filter(|_| index > 0 && is_near(index));
        let y = match last {
            Some((_, (_, above))) if *above > height => height - SHIFT,
            Some(_) => height + SHIFT,
            None if is_near(index + 1) => height + SHIFT,
            None => height,
        };
        placed.push((peer.peer.as_str(), (ratios[index], y)));
    }
    placed
}

/// Time per row against rows, and time of a call against width and depth.
pub fn growth(findings: &Findings) -> Figure {
    let costs = &findings.growth;
    let ns_per_row = |cost: &Cost| 1e3 * cost.us / cost.size as f64;
    let ms = |cost: &Cost| 1e-3 * cost.us;
    let panel = |title: &str, (x, y): (Axis, Axis), marks| Panel {
        title: title.into(),
        x,
        y,
        equal_axes: false,
        marks,
    };
    let rows = (Axis::log10("rows"), from_zero("ns per row", costs, "rows", ns_per_row));
    let width = (decades("units", 1), decades("ms per call", -2));
    let depth = (Axis::linear("hidden layers"), from_zero("ms per call", costs, "depth", ms));
    Figure {
        title: "What a loss and its gradient cost".into(),
        caption: format!("{GROWTH} {}", measured(&findings.origin)),
        columns: 3,
        panels: vec![
            panel("More rows", rows, lines(costs, "rows", ns_per_row)),
            panel("A wider hidden layer", width, lines(costs, "width", ms)),
            panel("More hidden layers", depth, lines(costs, "depth", ms)),
        ],
    }
}

const GROWTH: &str = "\
Sigmoid, squared error, float64, 10 inputs, 1 output. Rows: 10-64-64-1. Width: one hidden layer, 1 024 rows. \
Depth: hidden layers of 32 units, 1 024 rows. Medians of 7 runs.";

/// A logarithmic axis with ticks at three powers of ten, written as plain numbers.
fn decades(label: &str, first: i32) -> Axis {
    let powers = (first..first + 3).map(|power| 10_f64.powi(power));
    Axis::log10(label).with_ticks(powers.map(|power| (power, power.to_string())).collect())
}

/// An axis that begins at 0, so that constant costs and proportional costs are visible as such.
fn from_zero(label: &str, costs: &[Cost], against: &str, value: fn(&Cost) -> f64) -> Axis {
    let values = costs.iter().filter(|cost| cost.against == against).map(value);
    Axis::linear(label).within(0.0, 1.1 * values.fold(0.0, f64::max))
}

/// A line for each number of threads.
fn lines(costs: &[Cost], against: &str, value: fn(&Cost) -> f64) -> Vec<Mark> {
    let mut threads: Vec<_> = costs.iter().map(|cost| cost.threads).collect();
    threads.dedup();
    let line = |(colour, threads): (usize, usize)| {
        let of_line = costs.iter().filter(|cost| cost.threads == threads && cost.against == against);
        let points = of_line.map(|cost| (cost.size as f64, value(cost))).collect();
        Mark::Line { series: with_threads(threads), colour, dashed: false, points }
    };
    threads.into_iter().enumerate().map(line).collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn the_committed_findings_have_a_row_for_each_workload_and_number_of_threads() {
        let findings = committed();
        let figure = results(&findings).unwrap();
        let names = &figure.panels[0].y.ticks;
        // Workloads that were added after the last full run have no measurement yet.
        let is_measured = |workload: &&ann_workloads::Workload| {
            findings.measurements.iter().any(|measurement| measurement.workload == workload.name)
        };
        let measured = ann_workloads::all().iter().filter(is_measured);
        let expected: usize = measured.map(|workload| workload.threads.len()).sum();
        assert_eq!(names.len(), expected);
        assert_eq!((names[0].1.as_str(), names[4].1.as_str()), ("W1, 2-3-2, 1 thread", "2 threads"));
        assert_eq!(names[names.len() - 1].0, 0.0, "the last row is at the bottom");
        assert!(names.is_sorted_by(|above, below| above.0 > below.0 + 1.0), "names do not touch");
    }

    #[test]
    fn each_library_has_a_mark_of_its_own() {
        let figure = results(&committed()).unwrap();
        let [line, libraries @ ..] = &figure.panels[0].marks[..] else { panic!("no marks") };
        assert_eq!(line, &Mark::Vertical { label: "ann".into(), x: 1.0 });
        // A library that was not installed has no mark.
        let measurements = &committed().measurements;
        let is_measured =
            |library: &&crate::peers::Library| measurements.iter().any(|one| one.peer == library.name);
        assert_eq!(libraries.len(), LIBRARIES.iter().filter(is_measured).count());
        for mark in libraries {
            let Mark::Points { series, class, points } = mark else { panic!("not points: {mark:?}") };
            assert!(LIBRARIES[*class].name == series && !points.is_empty());
        }
        figure.svg().unwrap();
    }

    #[test]
    fn marks_that_would_cover_each_other_are_moved_apart() {
        let findings = committed();
        let rows = rows(&findings.measurements);
        for row in &rows {
            for pair in placed(row, 3.0).windows(2) {
                let [(_, (left, above)), (_, (right, below))] = pair else { panic!("a window of two") };
                let apart = (right / left).log10() >= NEAR || (above - below).abs() > 1.5 * SHIFT;
                assert!(apart, "{}: {pair:?}", row.workload.name);
            }
        }
    }

    #[test]
    fn growth_has_a_line_for_each_number_of_threads() {
        let figure = growth(&committed());
        for panel in &figure.panels {
            let series: Vec<_> = panel.marks.iter().map(Mark::series).collect();
            assert_eq!(series, ["1 thread", "2 threads"], "{}", panel.title);
        }
        figure.svg().unwrap();
    }

    #[test]
    fn without_other_libraries_there_is_no_picture_of_results() {
        let error = results(&Findings::default()).unwrap_err().to_string();
        assert_eq!(error, "no other library has been measured beside ours");
    }

    fn committed() -> Findings {
        Findings::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../results.json")).unwrap()
    }
}
