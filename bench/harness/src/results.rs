//! Tables and sentences that present the measurements.

use ann_bench::absence::Absence;
use ann_workloads::Workload;
use comfy_table::{CellAlignment, Table, TableStyle};

use crate::arithmetic::{arithmetic, passes};
use crate::findings::{MeasuredPeak, Measurement, OURS};
use crate::protocol::End;

/// One workload with one number of threads.
#[derive(Debug)]
pub struct Row<'a> {
    pub workload: &'static Workload,
    pub ours: &'a Measurement,
    /// Fastest first.
    pub peers: Vec<&'a Measurement>,
}

/// Rows in the order of the workloads, fewer threads first.
pub fn rows(measurements: &[Measurement]) -> Vec<Row<'_>> {
    let mut rows = Vec::new();
    for workload in ann_workloads::all() {
        let mut ours: Vec<_> =
            of(measurements, workload).filter(|measurement| measurement.peer == OURS).collect();
        ours.sort_by_key(|measurement| measurement.threads);
        for ours in ours {
            let others = of(measurements, workload).filter(|m| m.peer != OURS && m.threads == ours.threads);
            let mut peers: Vec<_> = others.collect();
            peers.sort_by(|a, b| a.median_us.total_cmp(&b.median_us));
            rows.push(Row { workload, ours, peers });
        }
    }
    rows
}

fn of<'a>(measurements: &'a [Measurement], workload: &Workload) -> impl Iterator<Item = &'a Measurement> {
    measurements.iter().filter(|measurement| measurement.workload == workload.name)
}

/// A table of our measurements alone: times, rows per second, and the share of the processor's peaks that
/// they reach.
pub fn own_table(rows: &[Row<'_>], peaks: &[MeasuredPeak], style: TableStyle) -> String {
    let header = ["workload", "threads", "unit", "median", "min", "max", "rows/s", "multiply-adds", "exp"];
    let mut table = table(style, header.map(str::to_owned).to_vec());
    for row in rows {
        table.add_row(own_cells(row, peaks));
    }
    table.trim_fmt()
}

fn own_cells(Row { workload, ours, .. }: &Row<'_>, peaks: &[MeasuredPeak]) -> Vec<String> {
    let peak = peaks.iter().find(|peak| (peak.threads, peak.dtype) == (ours.threads, workload.precision));
    let per_second = 1e6 / ours.median_us;
    let mut cells = vec![workload.name.clone(), ours.threads.to_string(), workload.unit.to_string()];
    let times = [Some(ours.median_us), ours.min_us, ours.max_us];
    cells.extend(times.map(|time| time.map_or_else(dash, duration)));
    cells.push(passes(workload).map_or_else(dash, |passes| format!("{:.3e}", passes * per_second)));
    let [operations, exponentials] = match arithmetic(workload) {
        Some(count) => [2.0 * count.multiply_adds, count.exponentials].map(|count| count * per_second),
        None => [0.0, 0.0],
    };
    cells.push(peak.map_or_else(dash, |peak| share(operations, 1e9 * peak.gflops)));
    cells.push(peak.map_or_else(dash, |peak| share(exponentials, peak.exps)));
    cells
}

/// The text in place of a missing value.
fn dash() -> String {
    "-".to_owned()
}

/// Share of a peak; a dash if the rate is 0.
fn share(rate: f64, peak: f64) -> String {
    if rate > 0.0 { format!("{:.0}%", 100.0 * rate / peak) } else { dash() }
}

/// A table of our times and those of each peer, with the ratio of its time to ours.
pub fn peers_table(rows: &[Row<'_>], style: TableStyle) -> String {
    let peers = peers(rows);
    let mut header = vec!["workload".to_owned(), "threads".to_owned(), OURS.to_owned()];
    header.extend(peers.iter().cloned());
    header.extend(["strongest".to_owned(), "its time / ours".to_owned()]);
    let mut table = table(style, header);
    for row in rows {
        table.add_row(peers_cells(row, &peers));
    }
    table.trim_fmt()
}

fn peers_cells(row: &Row<'_>, peers: &[String]) -> Vec<String> {
    let ours = row.ours.median_us;
    let mut cells = vec![row.workload.name.clone(), row.ours.threads.to_string(), duration(ours)];
    let beside =
        |peer: &&Measurement| format!("{} ×{}", duration(peer.median_us), ratio(peer.median_us / ours));
    for name in peers {
        let peer = row.peers.iter().find(|peer| peer.peer == *name);
        cells.push(peer.map_or_else(dash, beside));
    }
    let strongest = row.peers.first();
    cells.push(strongest.map_or_else(dash, |peer| peer.peer.clone()));
    cells.push(strongest.map_or_else(dash, |peer| ratio(peer.median_us / ours)));
    cells
}

/// A table of the epochs and the loss with which each run of training ends; `None` if there was no run.
/// Libraries search for a step in different ways, so the same number of iterations may reach different
/// losses.
pub fn ends_table(rows: &[Row<'_>], style: TableStyle) -> Option<String> {
    let header = ["workload", "threads", "library", "median", "epochs", "loss at the end"];
    let mut table = table(style, header.map(str::to_owned).to_vec());
    for row in rows {
        for measurement in std::iter::once(row.ours).chain(row.peers.iter().copied()) {
            table.add_rows(end_cells(measurement));
        }
    }
    (!table.is_empty()).then(|| table.trim_fmt())
}

fn end_cells(measurement: &Measurement) -> Option<[String; 6]> {
    let Measurement { workload, peer, threads, median_us, end, .. } = measurement;
    let End { epochs, loss } = (*end)?;
    let (threads, epochs) = (threads.to_string(), epochs.to_string());
    Some([workload.clone(), threads, peer.clone(), duration(*median_us), epochs, format!("{loss:.3e}")])
}

/// All peers that took part somewhere, by name.
fn peers(rows: &[Row<'_>]) -> Vec<String> {
    let mut names: Vec<_> = rows.iter().flat_map(|row| &row.peers).map(|peer| peer.peer.clone()).collect();
    names.sort();
    names.dedup();
    names
}

/// An empty table, with all columns but the first aligned to the right.
fn table(style: TableStyle, header: Vec<String>) -> Table {
    let mut table = Table::new();
    table.load_style(style);
    table.set_header(header);
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

/// A sentence for each row in which a peer is faster or no peer took part. If there is no such row, one
/// sentence says so.
pub fn slower_rows(rows: &[Row<'_>]) -> Vec<String> {
    let mut sentences: Vec<_> = rows.iter().filter_map(slower_row).collect();
    if sentences.is_empty() {
        sentences.push("No library was faster than ours in any row.".to_owned());
    }
    sentences
}

fn slower_row(row: &Row<'_>) -> Option<String> {
    let place = format!("{} with {}", row.workload.name, with_threads(row.ours.threads));
    let Some(strongest) = row.peers.first() else {
        return Some(format!("{place}: no other library took part."));
    };
    let (theirs, ours) = (strongest.median_us, row.ours.median_us);
    (theirs < ours).then(|| {
        format!(
            "{place}: {} takes {}, ours {}, {} times as long.",
            strongest.peer,
            duration(theirs),
            duration(ours),
            ratio(ours / theirs)
        )
    })
}

/// A sentence for each library and reason, with all workloads that the reason applies to.
pub fn absences(absences: &[Absence]) -> Vec<String> {
    let mut found: Vec<Absence> = Vec::new();
    for Absence { peer, what, reason } in absences {
        match found.iter_mut().find(|known| (&known.peer, &known.reason) == (peer, reason)) {
            Some(known) if known.what.split(", ").any(|part| part == what) => {}
            Some(known) => known.what += &format!(", {what}"),
            None => found.push(Absence { peer: peer.clone(), what: what.clone(), reason: reason.clone() }),
        }
    }
    found.iter().map(Absence::to_string).collect()
}

/// `1 thread`, `2 threads`.
pub fn with_threads(threads: usize) -> String {
    format!("{threads} thread{}", if threads == 1 { "" } else { "s" })
}

/// Three digits, and a unit that fits: `412 ns`, `12.4 µs`, `1.30 s`.
pub fn duration(us: f64) -> String {
    let units = [("s", 1e6), ("ms", 1e3), ("µs", 1.0)];
    let (unit, size) = units.into_iter().find(|(_, size)| us >= 0.9995 * size).unwrap_or(("ns", 1e-3));
    format!("{} {unit}", three_digits(us / size))
}

/// Two decimals below 100, none above.
fn ratio(ratio: f64) -> String {
    if ratio < 99.95 { format!("{ratio:.2}") } else { format!("{ratio:.0}") }
}

fn three_digits(number: f64) -> String {
    let decimals = match number {
        ..9.995 => 2,
        ..99.95 => 1,
        _ => 0,
    };
    format!("{number:.decimals$}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use ann_workloads::Precision;
    use comfy_table::presets::ASCII_MARKDOWN;

    #[test]
    fn a_lost_row_is_named_with_the_strongest_peer() {
        let measurements = [
            measurement("W1", OURS, 1, 2.0),
            measurement("W1", "jax", 1, 12.4),
            measurement("W5/f32", OURS, 2, 1500.0),
            measurement("W5/f32", "pytorch", 2, 1400.0),
            measurement("W5/f32", "jax", 2, 1200.0),
            measurement("W5/f32", "candle", 2, 9000.0),
            measurement("W4", OURS, 1, 30.0),
        ];
        let expected = [
            "W4 with 1 thread: no other library took part.",
            "W5/f32 with 2 threads: jax takes 1.20 ms, ours 1.50 ms, 1.25 times as long.",
        ];
        assert_eq!(slower_rows(&rows(&measurements)), expected);
    }

    #[test]
    fn ahead_everywhere_is_said_too() {
        let measurements = [measurement("W1", OURS, 1, 2.0), measurement("W1", "jax", 1, 2.0)];
        assert_eq!(slower_rows(&rows(&measurements)), ["No library was faster than ours in any row."]);
    }

    #[test]
    fn absences_with_one_reason_are_one_sentence() {
        let absence = |peer: &str, what: &str, reason: &str| Absence {
            peer: peer.to_owned(),
            what: what.to_owned(),
            reason: reason.to_owned(),
        };
        let all = [
            absence("fann", "W5/f32", "it has no ReLU"),
            absence("candle", "W4", "it has no differences"),
            absence("fann", "W4", "it has no softmax"),
            absence("fann", "W5/f64", "it has no ReLU"),
            absence("fann", "W5/f32", "it has no ReLU"),
        ];
        let expected = [
            "fann (W5/f32, W5/f64): it has no ReLU",
            "candle (W4): it has no differences",
            "fann (W4): it has no softmax",
        ];
        assert_eq!(absences(&all), expected);
    }

    #[test]
    fn each_peer_has_a_column_and_threads_are_kept_apart() {
        let measurements = [
            measurement("W8/f32", OURS, 2, 28_000.0),
            measurement("W8/f32", OURS, 1, 56_000.0),
            measurement("W8/f32", "jax", 1, 63_000.0),
            measurement("W8/f32", "numpy", 1, 560_000.0),
            measurement("W8/f32", "jax", 2, 21_000.0),
        ];
        let expected = "\
| workload | threads |     ann |           jax |         numpy | strongest | its time / ours |
|----------|---------|---------|---------------|---------------|-----------|-----------------|
| W8/f32   |       1 | 56.0 ms | 63.0 ms ×1.12 | 560 ms ×10.00 |       jax |            1.12 |
| W8/f32   |       2 | 28.0 ms | 21.0 ms ×0.75 |             - |       jax |            0.75 |";
        assert_eq!(peers_table(&rows(&measurements), ASCII_MARKDOWN), expected);
    }

    #[test]
    fn shares_are_of_the_peak_of_the_same_threads_and_type() {
        // W1: 216 · 30 multiply-adds and 216 · 5 exponentials in 2 µs: 6.48 · 10⁹ operations and 0.54 · 10⁹
        // per second.
        let measurements = [measurement("W1", OURS, 1, 2.0)];
        let peak = |threads, dtype, gflops, exps| MeasuredPeak { threads, dtype, gflops, exps };
        let peaks = [
            peak(2, Precision::F64, 1.0, 1.0),
            peak(1, Precision::F32, 1.0, 1.0),
            peak(1, Precision::F64, 64.8, 1.08e9),
        ];
        let expected = "\
| workload | threads |  unit |  median |     min |     max |  rows/s | multiply-adds | exp |
|----------|---------|-------|---------|---------|---------|---------|---------------|-----|
| W1       |       1 | epoch | 2.00 µs | 1.00 µs | 4.00 µs | 1.080e8 |           10% | 50% |";
        assert_eq!(own_table(&rows(&measurements), &peaks, ASCII_MARKDOWN), expected);
        let without = own_table(&rows(&measurements), &[], ASCII_MARKDOWN);
        assert!(without.ends_with("|             - |   - |"), "{without}");
    }

    #[test]
    fn runs_are_listed_with_their_ends() {
        let ended = |peer, epochs, median_us| Measurement {
            end: Some(End { epochs, loss: 0.0625 / epochs as f64 }),
            ..measurement("W13", peer, 1, median_us)
        };
        let measurements =
            [ended(OURS, 100, 4000.0), measurement("W1", OURS, 1, 2.0), ended("scipy", 50, 9000.0)];
        let expected = "\
| workload | threads | library |  median | epochs | loss at the end |
|----------|---------|---------|---------|--------|-----------------|
| W13      |       1 |     ann | 4.00 ms |    100 |        6.250e-4 |
| W13      |       1 |   scipy | 9.00 ms |     50 |        1.250e-3 |";
        assert_eq!(ends_table(&rows(&measurements), ASCII_MARKDOWN).unwrap(), expected);
        assert_eq!(ends_table(&rows(&measurements[1..2]), ASCII_MARKDOWN), None);
    }

    #[test]
    fn a_duration_has_three_digits_and_a_fitting_unit() {
        for (us, expected) in [
            (0.1234, "123 ns"),
            (0.9996, "1.00 µs"),
            (12.44, "12.4 µs"),
            (999.6, "1.00 ms"),
            (28_300.0, "28.3 ms"),
            (2_090_000.0, "2.09 s"),
            (75e6, "75.0 s"),
            (240e6, "240 s"),
        ] {
            assert_eq!(duration(us), expected, "{us} µs");
        }
    }

    fn measurement(name: &str, peer: &str, threads: usize, median_us: f64) -> Measurement {
        let workload = ann_workloads::find(name).unwrap();
        Measurement {
            workload: name.to_owned(),
            peer: peer.to_owned(),
            dtype: workload.precision,
            threads,
            unit: workload.unit,
            median_us,
            min_us: Some(0.5 * median_us),
            max_us: Some(2.0 * median_us),
            runs: 7,
            end: None,
        }
    }
}
