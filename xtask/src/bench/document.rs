//! `bench/RESULTS.md`: the last full result, for readers who do not want to measure themselves.

use std::collections::BTreeMap;

use comfy_table::Table;
use comfy_table::presets::ASCII_MARKDOWN;

use super::light::Light;
use super::machine;
use super::protocol::Peak;
use super::results::{self, Absence, Measurement, Peaks, losses, own_table, peers_table, rows, with_threads};
use super::workload::ALL;

/// Everything that a full run has found.
#[derive(Debug, Default)]
pub struct Findings {
    pub measurements: Vec<Measurement>,
    pub peaks: Peaks,
    /// By name.
    pub versions: BTreeMap<String, String>,
    /// Who could not do what, and why.
    pub absences: Vec<Absence>,
    pub light: Light,
}

/// The document.
pub fn document(findings: &Findings, runs: usize) -> String {
    let rows = rows(&findings.measurements);
    let versions: Vec<_> =
        findings.versions.iter().map(|(name, version)| format!("{name} {version}")).collect();
    let rust = machine::first_line("rustc", &["--version"]).unwrap_or_else(|| "unknown rustc".to_owned());
    [
        format!(
            "# Benchmark\n\nWritten by `cargo xtask bench --peers --runs {runs}` on {}: {}.\n{rust}; {}.",
            machine::today(),
            machine::describe(),
            versions.join(", ")
        ),
        format!("![Time of other libraries by ours](results.svg)\n\n{}", what()),
        format!(
            "## Beside other libraries\n\nMedian of {runs} interleaved runs, and its ratio to ours (above 1: we are faster). \
             All start from the same data and weights, and their losses before and after a step were compared.\n\n{}",
            peers_table(&rows, ASCII_MARKDOWN)
        ),
        format!("## Where we lose\n\n{}", list(&losses(&rows))),
        format!("## Ours\n\n{}\n\n{}", SHARES, own_table(&rows, &findings.peaks, ASCII_MARKDOWN)),
        format!("{}\n\n![Cost against rows, width and depth](growth.svg)", peaks(&findings.peaks)),
        format!("## Light\n\n{}", list(&findings.light.lines())),
        format!("## Who did not take part\n\n{}", list(&missing(&findings.absences))),
    ]
    .join("\n\n")
        + "\n"
}

const SHARES: &str = "\
The last columns say which part of this machine's own peak, measured in the same run, the arithmetic of the workload is: \
multiply-adds of the matrix products, and exponentials of sigmoids and softmax. Central differences are counted as two \
losses of all rows for each parameter; who reuses what a changed weight cannot change may be above 100%.";

/// The workloads in words.
fn what() -> String {
    let mut table = Table::new();
    table.load_style(ASCII_MARKDOWN);
    table.set_header(["workload", "what", "numbers"]);
    for workload in &ALL {
        table.add_row([workload.id, workload.what, workload.dtype]);
    }
    table.trim_fmt()
}

fn peaks(peaks: &Peaks) -> String {
    let sentence = |((threads, dtype), Peak { gflops, exps }): (&(usize, &str), &Peak)| {
        format!(
            "{dtype} with {}: {gflops:.1} GFLOP/s in multiply-adds, {:.2} · 10⁹ exponentials per second",
            with_threads(*threads),
            1e-9 * exps
        )
    };
    let sentences: Vec<_> = peaks.iter().map(sentence).collect();
    format!("The peaks:\n\n{}", list(&sentences))
}

fn missing(absences: &[Absence]) -> Vec<String> {
    let missing = results::absences(absences);
    if missing.is_empty() { vec!["Everybody took part in everything.".to_owned()] } else { missing }
}

fn list(lines: &[String]) -> String {
    lines.iter().map(|line| format!("- {line}")).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_result_has_machine_tables_losses_and_absences() {
        let measurement = |peer: &str, median_us| Measurement {
            workload: "W1",
            peer: peer.to_owned(),
            dtype: "f64",
            threads: 1,
            unit: "epoch".to_owned(),
            median_us,
            min_us: median_us,
            max_us: median_us,
            runs: 9,
        };
        let findings = Findings {
            measurements: vec![measurement("ann", 2.0), measurement("jax", 1.0)],
            peaks: Peaks::from([((1, "f64"), Peak { gflops: 71.25, exps: 1.1e9 })]),
            versions: BTreeMap::from([("jax".to_owned(), "0.8.1".to_owned())]),
            absences: vec![Absence::everywhere("fann", "no library".to_owned())],
            light: Light { crates: 31, ..Light::default() },
        };
        let document = document(&findings, 9);
        for part in [
            "`cargo xtask bench --peers --runs 9`",
            "; jax 0.8.1.",
            "\n| W1       |       1 | 2.00 µs | 1.00 µs ×0.50 |       jax |            0.50 |\n",
            "\n## Where we lose\n\n- W1 with 1 thread: we lose, jax needs 1.00 µs and we 2.00 µs, 2.00 times as long.\n",
            "\n- f64 with 1 thread: 71.2 GFLOP/s in multiply-adds, 1.10 · 10⁹ exponentials per second\n",
            "\n- crates in the tree of a program that uses ann-train: 31\n",
            "\n## Who did not take part\n\n- fann (all): no library\n",
        ] {
            assert!(document.contains(part), "no {part:?} in\n{document}");
        }
    }
}
