//! Tables and sentences that present the results.

use ann_bench::absence::Absence;
use comfy_table::{CellAlignment, Table, TableStyle};

use crate::findings::Findings;
use crate::score::Regions;
use crate::summary::{Defeat, Mean, defeats, summaries};
use crate::systems::{CONFORMAL, OURS};
use crate::tables::Description;

/// One line for each system.
pub fn summary_table(findings: &Findings, tables: &[&Description], style: TableStyle) -> String {
    let header = ["system", "sgm of errors", "log loss", "norm", "rank", "CPU s per split"];
    let mut table = table(style, header.map(str::to_owned).to_vec());
    for summary in summaries(findings, tables) {
        table.add_row([
            summary.system.to_owned(),
            plus_minus(summary.sgm),
            or_dash(summary.log_loss, 3),
            or_dash(summary.norm, 3),
            or_dash(summary.rank, 2),
            or_dash(summary.cpu, 1),
        ]);
    }
    table.trim_fmt()
}

/// Accuracy or R² of each system on each table.
pub fn score_table(findings: &Findings, style: TableStyle) -> String {
    let mean = |system: &str, table: &Description| {
        Mean::of(findings.of(system, &table.name).map(|score| score.score)).map_or_else(dash, plus_minus)
    };
    by_table(findings, style, |_| true, mean)
}

/// The log loss of each system on each table of classes.
pub fn log_loss_table(findings: &Findings, style: TableStyle) -> String {
    let mean = |system: &str, table: &Description| {
        Mean::of(findings.of(system, &table.name).filter_map(|score| score.log_loss))
            .map_or_else(dash, plus_minus)
    };
    by_table(findings, style, |table| table.classes.is_some(), mean)
}

/// A row for each table, and a column for each system.
fn by_table(
    findings: &Findings,
    style: TableStyle,
    is_shown: impl Fn(&Description) -> bool,
    cell: impl Fn(&str, &Description) -> String,
) -> String {
    let systems = findings.systems();
    let header = std::iter::once("table").chain(systems.iter().copied()).map(str::to_owned).collect();
    let mut shown = table(style, header);
    for table in findings.tables.iter().filter(|table| is_shown(table)) {
        let cells = systems.iter().map(|system| cell(system, table));
        shown.add_row(std::iter::once(table.name.clone()).chain(cells));
    }
    shown.trim_fmt()
}

/// What the intervals and sets for 90% of ours and of the conformal library reached; nothing if there are
/// none.
pub fn region_table(findings: &Findings, style: TableStyle) -> String {
    let systems = [OURS, CONFORMAL].map(|system| {
        let is_measured =
            findings.scores.iter().any(|score| score.system == system && score.regions.is_some());
        is_measured.then_some(system)
    });
    let systems: Vec<&str> = systems.into_iter().flatten().collect();
    let mut header = vec!["table".to_owned(), "regions".to_owned()];
    header.extend(systems.iter().flat_map(|name| [format!("{name}: coverage"), format!("{name}: size")]));
    let mut shown = table(style, header);
    for (kind, of_classes) in [("intervals", false), ("sets", true)] {
        let is_of_kind = |table: &&Description| table.classes.is_some() == of_classes;
        let tables: Vec<_> = findings.tables.iter().filter(is_of_kind).collect();
        for table in &tables {
            let cells = systems.iter().flat_map(|system| region_cells(regions(findings, system, table)));
            shown.add_row([table.name.clone(), kind.to_owned()].into_iter().chain(cells));
        }
        let means = systems.iter().flat_map(|system| {
            let of_tables = tables.iter().filter_map(|table| regions(findings, system, table));
            region_cells(mean_regions(of_tables))
        });
        if !tables.is_empty() {
            shown.add_row(["mean".to_owned(), kind.to_owned()].into_iter().chain(means));
        }
    }
    shown.trim_fmt()
}

/// The mean over splits.
fn regions(findings: &Findings, system: &str, table: &Description) -> Option<Regions> {
    mean_regions(findings.of(system, &table.name).filter_map(|score| score.regions))
}

fn mean_regions(regions: impl Iterator<Item = Regions>) -> Option<Regions> {
    let regions: Vec<Regions> = regions.collect();
    Some(Regions {
        coverage: Mean::of(regions.iter().map(|one| one.coverage))?.mean,
        size: Mean::of(regions.iter().map(|one| one.size))?.mean,
    })
}

fn region_cells(regions: Option<Regions>) -> [String; 2] {
    [or_dash(regions.map(|one| one.coverage), 3), or_dash(regions.map(|one| one.size), 2)]
}

/// The tables themselves.
pub fn description_table(tables: &[Description], style: TableStyle) -> String {
    let header = ["table", "rows", "numbers", "words", "predicted", "in bench/tables"];
    let mut shown = table(style, header.map(str::to_owned).to_vec());
    for Description { name, rows, numbers, words, classes, shipped } in tables {
        let predicted = classes.map_or_else(|| "a number".to_owned(), |classes| format!("{classes} classes"));
        let shipped = if *shipped { "yes" } else { "no" };
        let counts = [rows, numbers, words].map(ToString::to_string);
        shown.add_row(std::iter::once(name.clone()).chain(counts).chain([predicted, shipped.to_owned()]));
    }
    shown.trim_fmt()
}

/// A sentence for each table and system with an error that is smaller than ours.
pub fn defeat_sentences(findings: &Findings) -> Vec<String> {
    let sentence = |defeat: &Defeat| {
        let Mean { mean, standard_error } = defeat.difference;
        format!("{}: {}'s error is smaller by {mean:.4} ± {standard_error:.4}.", defeat.table, defeat.system)
    };
    defeats(findings).iter().map(sentence).collect()
}

/// A sentence for each thing that a system could not do.
pub fn absence_sentences(absences: &[Absence]) -> Vec<String> {
    absences.iter().map(ToString::to_string).collect()
}

/// A table whose first column is text and whose others are numbers.
fn table(style: TableStyle, header: Vec<String>) -> Table {
    let mut table = Table::new();
    table.load_style(style).set_header(header);
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

fn plus_minus(Mean { mean, standard_error }: Mean) -> String {
    if standard_error.is_nan() { format!("{mean:.4}") } else { format!("{mean:.4} ± {standard_error:.4}") }
}

fn or_dash(value: Option<f64>, digits: usize) -> String {
    value.map_or_else(dash, |value| format!("{value:.digits$}"))
}

/// The text in place of a missing value.
fn dash() -> String {
    "-".to_owned()
}
