//! `bench/RESULTS.md`: the last full result, for readers who do not want to measure themselves.

use ann_bench::absence::Absence;
use ann_workloads::Workload;
use comfy_table::Table;
use comfy_table::presets::ASCII_MARKDOWN;

use crate::findings::{Findings, MeasuredPeak, Origin};
use crate::results::{Row, absences, ends_table, own_table, peers_table, rows, slower_rows, with_threads};

/// The document.
pub fn document(findings: &Findings) -> String {
    let rows = rows(&findings.measurements);
    let runs = findings.origin.runs;
    [
        head(&findings.origin),
        format!("![How many times as long as ann other libraries take](results.svg)\n\n{}", what(&rows)),
        format!(
            "## Beside other libraries\n\nMedian of {runs} runs, and × how many times as long as ours: above 1 ours is faster. \
             The libraries take turns, and each round begins with another library. All start from the same data and weights; \
             their losses before and after one step were compared before anything was timed.\n\n{}",
            peers_table(&rows, ASCII_MARKDOWN)
        ),
        ends(&rows),
        format!("## Where ours is slower\n\n{}", list(&slower_rows(&rows))),
        format!("## Ours\n\n{}\n\n{}", SHARES, own_table(&rows, &findings.peaks, ASCII_MARKDOWN)),
        format!(
            "The peaks:\n\n{}\n\n![Cost of a loss and its gradient against rows, width and depth](growth.svg)",
            list(&findings.peaks.iter().map(peak).collect::<Vec<_>>())
        ),
        format!("## What ours costs to depend on\n\n{}", list(&findings.footprint.lines())),
        format!("## What libraries could not do\n\n{}", list(&missing(&findings.absences))),
    ]
    .into_iter()
    .filter(|part| !part.is_empty())
    .collect::<Vec<_>>()
    .join("\n\n")
        + "\n"
}

fn head(Origin { date, commit, machine, rust, runs, versions }: &Origin) -> String {
    let versions: Vec<_> = versions.iter().map(|(name, version)| format!("{name} {version}")).collect();
    format!(
        "# Benchmark\n\nWritten by `cargo xtask bench --peers --runs {runs}` on {date} at commit {commit}: {machine}.\n\
         {rust}; {}.\nThe numbers are in [results.json](results.json); `cargo xtask bench --redraw` makes this document and its \
         pictures from them.",
        versions.join(", ")
    )
}

const SHARES: &str = "\
The last two columns compare the arithmetic of a workload with this machine's peaks, measured in the same run: the multiply-adds of \
its matrix products, and the exponentials of its sigmoids and its softmax. Central differences count as two losses of all rows for \
each parameter; ours reuses what a changed weight cannot change, and so exceeds 100%.";

/// A table that describes the workloads that were measured.
fn what(rows: &[Row<'_>]) -> String {
    let mut table = Table::new();
    table.load_style(ASCII_MARKDOWN);
    table.set_header(["workload", "what", "numbers"]);
    let is_measured = |workload: &&Workload| rows.iter().any(|row| row.workload.name == workload.name);
    for workload in ann_workloads::all().iter().filter(is_measured) {
        table.add_row([&workload.name, &workload.what, &workload.precision.to_string()]);
    }
    table.trim_fmt()
}

/// The ends of the runs of training; nothing if there are none.
fn ends(rows: &[Row<'_>]) -> String {
    let table = ends_table(rows, ASCII_MARKDOWN);
    table.map_or_else(String::new, |table| {
        format!(
            "## Where runs of training end\n\nA run of W13 to W15 trains from the initial weights to its last epoch, or until the \
             loss is low enough. Libraries search for a step in different ways, so the same number of iterations may reach \
             different losses.\n\n{table}"
        )
    })
}

fn peak(MeasuredPeak { threads, dtype, gflops, exps }: &MeasuredPeak) -> String {
    format!(
        "{dtype} with {}: {gflops:.1} GFLOP/s in multiply-adds, {:.2} · 10⁹ exponentials per second",
        with_threads(*threads),
        1e-9 * exps
    )
}

fn missing(found: &[Absence]) -> Vec<String> {
    if found.is_empty() { vec!["Every library did everything.".to_owned()] } else { absences(found) }
}

fn list(lines: &[String]) -> String {
    lines.iter().map(|line| format!("- {line}")).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::fs;
    use std::path::Path;

    use ann_workloads::{Precision, Unit};

    use super::*;
    use crate::findings::Measurement;
    use crate::footprint::Footprint;

    #[test]
    fn a_full_result_has_machine_tables_losses_and_absences() {
        let measurement = |peer: &str, median_us| Measurement {
            workload: "W1".to_owned(),
            peer: peer.to_owned(),
            dtype: Precision::F64,
            threads: 1,
            unit: Unit::Epoch,
            median_us,
            min_us: None,
            max_us: None,
            runs: 9,
            end: None,
        };
        let versions = BTreeMap::from([("jax".to_owned(), "0.8.1".to_owned())]);
        let origin = Origin { date: "2026-02-28".to_owned(), runs: 9, versions, ..Origin::default() };
        let findings = Findings {
            origin,
            measurements: vec![measurement("ann", 2.0), measurement("jax", 1.0)],
            peaks: vec![MeasuredPeak { threads: 1, dtype: Precision::F64, gflops: 71.25, exps: 1.1e9 }],
            growth: vec![],
            absences: vec![Absence::everywhere("fann", "no library".to_owned())],
            footprint: Footprint { crates: 31, ..Footprint::default() },
        };
        let document = document(&findings);
        for part in [
            "`cargo xtask bench --peers --runs 9` on 2026-02-28",
            "; jax 0.8.1.",
            "\n| W1       |       1 | 2.00 µs | 1.00 µs ×0.50 |       jax |            0.50 |\n",
            "\n## Where ours is slower\n\n- W1 with 1 thread: jax takes 1.00 µs, ours 2.00 µs, 2.00 times as long.\n",
            "\n- f64 with 1 thread: 71.2 GFLOP/s in multiply-adds, 1.10 · 10⁹ exponentials per second\n",
            "\n- crates in the tree of a program that uses ann-train: 31\n",
            "\n## What libraries could not do\n\n- fann (all): no library\n",
        ] {
            assert!(document.contains(part), "no {part:?} in\n{document}");
        }
    }

    #[test]
    fn the_committed_document_is_made_of_the_committed_findings() {
        let bench = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let findings = Findings::read(&bench.join("results.json")).unwrap();
        let committed = fs::read_to_string(bench.join("RESULTS.md")).unwrap();
        assert!(document(&findings) == committed, "`cargo xtask bench --redraw` writes another RESULTS.md");
    }
}
