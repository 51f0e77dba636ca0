//! Draws what `cargo xtask bench` has measured: `bench_figures results MEASUREMENTS.jsonl DIR` the times of other libraries by
//! ours, `bench_figures growth NUMBERS.csv DIR` the cost against rows, width and depth.

#![allow(clippy::print_stdout, reason = "an example shows its result")]

use std::fs;
use std::path::Path;

use ann_experiments::figure::{Axis, Figure, Mark, Panel};
use anyhow::{Context, Result, ensure};
use serde::Deserialize;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (name, figure, directory) = match arguments[..] {
        ["results", numbers, directory] => ("results", results(&measurements(numbers)?)?, directory),
        ["growth", numbers, directory] => ("growth", growth(&costs(numbers)?), directory),
        _ => {
            println!(
                "usage: bench_figures results MEASUREMENTS.jsonl DIR | bench_figures growth NUMBERS.csv DIR"
            );
            return Ok(());
        }
    };
    figure.write(Path::new(directory), name)?;
    Ok(())
}

// Other libraries by ours.

/// How ours is called among the measurements.
const OURS: &str = "ann";
/// Between workloads of one family.
const OFFSET: f64 = 0.2;

/// A line of the file of measurements, as far as it is drawn.
#[derive(Debug, Deserialize)]
struct Measurement {
    workload: String,
    peer: String,
    threads: usize,
    median_us: f64,
}

fn measurements(path: &str) -> Result<Vec<Measurement>> {
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {path}"))?;
    text.lines().map(|line| serde_json::from_str(line).with_context(|| format!("{path}: {line}"))).collect()
}

/// A library that took as many times as long as ours.
struct Ratio<'a> {
    workload: &'a str,
    peer: &'a str,
    threads: usize,
    ratio: f64,
}

fn ratios(measurements: &[Measurement]) -> Vec<Ratio<'_>> {
    let ratio = |of: &Measurement| {
        let is_same =
            |m: &&Measurement| (&m.workload, m.threads) == (&of.workload, of.threads) && m.peer == OURS;
        measurements.iter().find(is_same).map(|ours| of.median_us / ours.median_us)
    };
    let peers = measurements.iter().filter(|measurement| measurement.peer != OURS);
    let peers = peers.filter_map(|m| {
        Some(Ratio { workload: &m.workload, peer: &m.peer, threads: m.threads, ratio: ratio(m)? })
    });
    peers.collect()
}

/// For each number of threads a panel of W1 to W5 and one of W6 to W10.
fn results(measurements: &[Measurement]) -> Result<Figure> {
    let ratios = ratios(measurements);
    ensure!(!ratios.is_empty(), "no other library has been measured beside ours");
    let (groups, all) = (groups(&ratios), distinct(measurements.iter().map(|m| m.workload.as_str())));
    let span = |pick: fn(f64, f64) -> f64| ratios.iter().map(|ratio| ratio.ratio).fold(1.0, pick);
    let y = Axis::log10("its time / ours").within(0.8 * span(f64::min), 1.25 * span(f64::max));
    let mut panels = Vec::new();
    for threads in distinct(ratios.iter().map(|ratio| ratio.threads)) {
        for families in [1..=5, 6..=10] {
            let is_shown = |r: &&Ratio<'_>| r.threads == threads && families.contains(&family(r.workload));
            let shown: Vec<_> = ratios.iter().filter(is_shown).collect();
            if !shown.is_empty() {
                let (first, last) = families.into_inner();
                let title = format!("{}, W{first} to W{last}", with_threads(threads));
                let x = Axis::linear("workload W…").within(first as f64 - 0.5, last as f64 + 0.5);
                let marks = marks(&shown, &groups, &all);
                panels.push(Panel { title, x, y: y.clone(), equal_axes: false, marks });
            }
        }
    }
    let title = "How many times as long other libraries take".into();
    Ok(Figure { title, caption: CAPTION.into(), columns: panels.len().min(2), panels })
}

const CAPTION: &str = "\
Medians of interleaved runs; above 1 ours is faster. Workloads of one family stand side by side: W5 and W8 float32, float64; W9 narrow one and \
many, wide one and many; W10 from 10³ to 10⁶ rows.";

/// There are seven looks: what was measured most has one of its own; what is left, when there are more libraries, shares one.
fn groups<'a>(ratios: &[Ratio<'a>]) -> Vec<Vec<&'a str>> {
    let mut peers = distinct(ratios.iter().map(|ratio| ratio.peer));
    peers.sort_by_key(|peer| std::cmp::Reverse(ratios.iter().filter(|ratio| ratio.peer == *peer).count()));
    let own = if peers.len() > LOOKS { LOOKS - 1 } else { peers.len() };
    let (own, shared) = peers.split_at(own);
    let shared = (!shared.is_empty()).then(|| shared.to_vec());
    own.iter().map(|&peer| vec![peer]).chain(shared).collect()
}

const LOOKS: usize = 7;

/// A line at 1, and the points of each group.  A group without any stands in the legend, which is then the same for all panels.
fn marks(ratios: &[&Ratio<'_>], groups: &[Vec<&str>], all: &[&str]) -> Vec<Mark> {
    let points = |(class, group): (usize, &Vec<&str>)| {
        let of_group = ratios.iter().filter(|ratio| group.contains(&ratio.peer));
        let points = of_group.map(|ratio| (place(ratio.workload, all), ratio.ratio)).collect();
        Mark::Points { series: group.join(", "), class, points }
    };
    let ours = Mark::Horizontal { label: OURS.into(), y: 1.0 };
    std::iter::once(ours).chain(groups.iter().enumerate().map(points)).collect()
}

/// The number of the family, moved so that those of one family stand side by side.
fn place(workload: &str, all: &[&str]) -> f64 {
    let family = family(workload);
    let of_family: Vec<_> = all.iter().filter(|other| self::family(other) == family).collect();
    let index = of_family.iter().position(|other| **other == workload).unwrap_or(0);
    family as f64 + OFFSET * (index as f64 - 0.5 * (of_family.len() - 1) as f64)
}

/// 10 of `W10/1000`.
fn family(workload: &str) -> usize {
    let name = workload.split('/').next().unwrap_or(workload);
    name.trim_start_matches('W').parse().unwrap_or(0)
}

fn with_threads(threads: usize) -> String {
    format!("{threads} thread{}", if threads == 1 { "" } else { "s" })
}

/// In the order of their first appearance.
fn distinct<T: PartialEq>(all: impl Iterator<Item = T>) -> Vec<T> {
    let mut found = Vec::new();
    for one in all {
        if !found.contains(&one) {
            found.push(one);
        }
    }
    found
}

// Growth.

/// A line of the file of costs.
#[derive(Debug, Deserialize)]
struct Cost {
    threads: usize,
    against: String,
    size: f64,
    us: f64,
}

fn costs(path: &str) -> Result<Vec<Cost>> {
    let mut reader = csv::Reader::from_path(path).with_context(|| format!("cannot read {path}"))?;
    reader.deserialize().map(|row| row.with_context(|| format!("cannot read {path}"))).collect()
}

/// Time per row against rows, and time of a call against width and depth.
fn growth(costs: &[Cost]) -> Figure {
    let panel = |title: &str, x: Axis, y: Axis, marks: Vec<Mark>| Panel {
        title: title.into(),
        x,
        y,
        equal_axes: false,
        marks,
    };
    let per_row = |cost: &Cost| 1e3 * cost.us / cost.size;
    let slowest = costs.iter().filter(|cost| cost.against == "rows").map(per_row).fold(0.0, f64::max);
    // From 0 on, so that what is flat looks flat.
    let ns = Axis::linear("ns per row").within(0.0, 1.1 * slowest);
    let rows = lines(costs, "rows", per_row);
    let [width, depth] = ["width", "depth"].map(|against| lines(costs, against, |cost| cost.us));
    Figure {
        title: "What a loss and its gradient cost".into(),
        caption: "Sigmoid, squared error, float64, 10 inputs and 1 output; width and depth with 1 024 rows."
            .into(),
        columns: 3,
        panels: vec![
            panel("rows: 10-64-64-1", Axis::log10("rows"), ns, rows),
            panel("width: one hidden layer", Axis::log10("units"), Axis::log10("µs"), width),
            panel("depth: hidden layers of 32", Axis::linear("layers"), Axis::linear("µs"), depth),
        ],
    }
}

/// A line for each number of threads.
fn lines(costs: &[Cost], against: &str, value: fn(&Cost) -> f64) -> Vec<Mark> {
    let threads = distinct(costs.iter().map(|cost| cost.threads));
    let line = |(colour, threads): (usize, usize)| {
        let of_line = costs.iter().filter(|cost| cost.threads == threads && cost.against == against);
        let points = of_line.map(|cost| (cost.size, value(cost))).collect();
        Mark::Line { series: with_threads(threads), colour, dashed: false, points }
    };
    threads.into_iter().enumerate().map(line).collect()
}
