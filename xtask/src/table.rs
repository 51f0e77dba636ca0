//! The table at the end of `cargo xtask figures`: one row per figure.

use std::collections::BTreeMap;
use std::time::Duration;

use comfy_table::{Table, presets};

use crate::experiment::Run;

/// Draws the runs. If there was a check, the last column shows its result.
pub fn table(runs: &[Run]) -> String {
    let checked = runs.iter().any(|run| run.comparison.is_some());
    let columns = if checked { 5 } else { 4 };
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED);
    table.set_header(["figure", "result", "time", "files", "check"].into_iter().take(columns));
    for run in runs {
        table.add_row(row(run).into_iter().take(columns));
    }
    table.trim_fmt()
}

fn row(run: &Run) -> [String; 5] {
    let time = format!("{:.1} s", run.time.as_secs_f64());
    let (result, files) = match &run.outcome {
        Ok(finished) => (finished.result.clone(), group(&finished.record.files)),
        Err(_) => ("-".to_owned(), "-".to_owned()),
    };
    let check = match &run.comparison {
        Some(comparison) if comparison.failures.is_empty() => "same",
        Some(_) => "differs",
        None => "-",
    };
    [run.name.clone(), result, time, files, check.to_owned()]
}

/// File names with their endings grouped, one stem per line: `doughnut.{csv,png,svg}`.
fn group(files: &[String]) -> String {
    let mut stems: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for file in files {
        let (stem, ending) = file.rsplit_once('.').unwrap_or((file, ""));
        stems.entry(stem).or_default().push(ending);
    }
    let line = |(stem, endings): (&str, Vec<&str>)| match endings[..] {
        [""] => stem.to_owned(),
        [ending] => format!("{stem}.{ending}"),
        _ => format!("{stem}.{{{}}}", endings.join(",")),
    };
    stems.into_iter().map(line).collect::<Vec<_>>().join("\n")
}

/// The line below the table: `7 figures, build 61 s, experiments 48 s`.
pub fn summary(figures: usize, build: Duration, experiments: Duration) -> String {
    let plural = if figures == 1 { "" } else { "s" };
    let [build, experiments] = [build, experiments].map(|time| time.as_secs_f64());
    format!("{figures} figure{plural}, build {build:.0} s, experiments {experiments:.0} s")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Comparison;
    use crate::experiment::Finished;
    use anyhow::anyhow;

    #[test]
    fn a_row_per_figure_and_a_dash_for_a_failed_one() {
        let result = "accuracy 1  loss 0.0199  epochs 4211  seeds 100/100 at gain 1".to_owned();
        let outcomes = [Ok(Finished { result, record: record() }), Err(anyhow!("exit status: 1"))];
        let mut runs: Vec<_> = std::iter::zip(["ring", "square"], outcomes)
            .map(|(name, outcome)| Run {
                name: name.into(),
                time: Duration::from_millis(1240),
                outcome,
                comparison: None,
            })
            .collect();
        let expected = "\
┌────────┬───────────────────────────────────────────────────────────────┬───────┬────────────────┐
│ figure ┆ result                                                        ┆ time  ┆ files          │
╞════════╪═══════════════════════════════════════════════════════════════╪═══════╪════════════════╡
│ ring   ┆ accuracy 1  loss 0.0199  epochs 4211  seeds 100/100 at gain 1 ┆ 1.2 s ┆ ring.{svg,csv} │
│        ┆                                                               ┆       ┆ ring_2.svg     │
│ square ┆ -                                                             ┆ 1.2 s ┆ -              │
└────────┴───────────────────────────────────────────────────────────────┴───────┴────────────────┘";
        assert_eq!(table(&runs), expected);

        for (failures, verdict) in [(vec![], "same"), (vec!["claim".to_owned()], "differs")] {
            runs[0].comparison = Some(Comparison { failures, notes: Vec::new() });
            let checked = table(&runs);
            let last_column: Vec<_> =
                checked.lines().filter_map(|line| line.rsplit(['┆', '╪']).next()).collect();
            let [head, ring, square] = [1, 3, 5].map(|line| last_column[line].trim_matches([' ', '│']));
            assert_eq!([head, ring, square], ["check", verdict, "-"], "{checked}");
        }
    }

    #[test]
    fn the_summary_counts_figures_and_seconds() {
        let [build, experiments] = [60.9, 48.2].map(Duration::from_secs_f64);
        assert_eq!(summary(7, build, experiments), "7 figures, build 61 s, experiments 48 s");
        assert_eq!(summary(1, build, experiments), "1 figure, build 61 s, experiments 48 s");
    }

    fn record() -> crate::record::Record {
        let files = ["ring.svg", "ring_2.svg", "ring.csv"];
        let record = serde_json::json!({ "name": "ring", "settings": {}, "claims": {}, "observed": {}, "files": files });
        serde_json::from_value(record).unwrap()
    }
}
