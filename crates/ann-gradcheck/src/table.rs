//! How a report reads: one line, a table, or JSON.

use std::fmt::{self, Display};

use ann_core::Place;
use serde_json::{Value, json};

use crate::entry::Names;
use crate::ledger::Finding;
use crate::{Arithmetic, Entry, Group, Report, Verdict};

/// So many wrong entries are listed below the table: enough to see a pattern.
const LISTED: usize = 5;

const COLUMNS: usize = 9;
const HEADER: [&str; COLUMNS] =
    ["", "entries", "exercised", "largest |d|", "largest |a − d|", "bound", "at", "|a − central|", "verdict"];

impl Report {
    /// One line: verdict, how much was compared, and the worst that was found.
    pub fn summary(&self) -> String {
        format!("{}: {}", self.verdict(), self.found())
    }

    fn found(&self) -> String {
        if let Some(reason) = self.reason() {
            return reason.to_owned();
        }
        let blamed = self.functions().iter().find(|function| function.verdict == self.verdict());
        match (self.verdict(), blamed) {
            (Verdict::Pass, _) => self.agreement(),
            (_, Some(function)) if !self.groups().iter().any(|group| group.verdict == self.verdict()) => {
                format!("{}: {}", function.name, function.summary)
            }
            (Verdict::Fail, _) => {
                let count: usize = self.groups().iter().map(|group| group.entries).sum();
                let worst = self.groups().iter().filter_map(|group| group.finding);
                let worst = worst.min_by(Finding::compare);
                let worst = worst.map_or(String::new(), |worst| format!("; worst {}", self.describe(&worst)));
                let wrong = self.findings().len();
                format!("{wrong} of {count} entries {} wrong{worst}", if wrong == 1 { "is" } else { "are" })
            }
            (Verdict::Invalid, _) => {
                "the self-test was not found: the check cannot be trusted here".to_owned()
            }
            (Verdict::Vacuous, _) => {
                self.unseen("a gradient of zeros would pass too for too many entries of")
            }
            (Verdict::Inconclusive, _) => self.blurred(),
        }
    }

    /// `2178 entries agree; the largest difference is 1.2e-17 at W²[0, 3] (bound 2.0e-13)`.
    fn agreement(&self) -> String {
        let count: usize = self.groups().iter().map(|group| group.entries).sum();
        let worst = self.worst().map_or(String::new(), |worst| {
            let (difference, bound) = (worst.absolute(), worst.bound);
            format!(
                "; the largest difference is {difference:.1e} at {} (bound {bound:.1e})",
                self.name(worst)
            )
        });
        let comparisons = match self.cases().len() {
            1 => "1 comparison".to_owned(),
            many => format!("{many} comparisons"),
        };
        let tried: usize = self.groups().iter().map(|group| group.tried).sum();
        let compared = match tried == count {
            true => format!("{count} entries agree"),
            false => format!("{tried} of {count} entries agree, and all along random directions,"),
        };
        format!("{compared} in {comparisons}{worst}")
    }

    /// Which groups were left unseen, and how much of them was not.
    fn unseen(&self, what: &str) -> String {
        let of_verdict = || self.groups().iter().filter(|group| group.verdict == self.verdict());
        let titles: Vec<String> = of_verdict().map(|group| self.title(group)).collect();
        let (exercised, tried) =
            of_verdict().fold((0, 0), |(e, t), group| (e + group.exercised, t + group.tried));
        format!(
            "{what} {}: {exercised} of {tried} entries were exercised; try other points",
            titles.join(", ")
        )
    }

    fn blurred(&self) -> String {
        if let Some(place) = &self.undeclared_kink {
            return format!("not differentiable at {place}: if there is a kink, declare it in `kinks`");
        }
        if self.groups().iter().any(|group| group.verdict == Verdict::Inconclusive) {
            return self.unseen("the function is too rough or noisy to tell the derivatives of");
        }
        let factor = self.self_test().map_or(f64::NAN, |test| test.factor - 1.0);
        format!(
            "an entry off by less than {factor:.1e} of itself would not be seen: values are noisy, or large beside their changes"
        )
    }

    /// `W²[0, 3]: analytic 2.000000e-4, numerical 1.000000e-4, difference 1.0e-4, bound 1.0e-15 (point given, 6 rows, loss)`.
    fn describe(&self, finding: &Finding) -> String {
        let Finding { index, case, analytic, numerical, bound } = finding;
        let name = self.name_of(*index);
        // The digits may be the same as far as they are printed; the difference says how far.
        let difference = finding.difference();
        format!(
            "{name}: analytic {analytic:.6e}, numerical {numerical:.6e}, difference {difference:.1e}, bound {bound:.1e} ({case})"
        )
    }

    /// `W²`, `b²`, `θ` without a layout, or `σ′`.
    pub fn title(&self, group: &Group) -> String {
        match self.names() {
            Names::Labels { group, .. } => (*group).to_owned(),
            Names::Layout(_) | Names::Numbers => group.title(),
        }
    }

    fn rows(&self) -> Vec<[String; COLUMNS]> {
        let row = |group: &Group| {
            let Group { entries, tried, exercised, worst, largest_from_central, .. } = group;
            let seen =
                if tried == entries { exercised.to_string() } else { format!("{exercised} of {tried}") };
            let central = largest_from_central.map_or("-".to_owned(), |d| format!("{d:.1e}"));
            [
                self.title(group),
                entries.to_string(),
                seen,
                format!("{:.1e}", group.largest),
                format!("{:.1e}", worst.absolute()),
                format!("{:.1e}", worst.bound),
                self.name(worst),
                central,
                group.verdict.to_string(),
            ]
        };
        std::iter::once(HEADER.map(str::to_owned)).chain(self.groups().iter().map(row)).collect()
    }

    /// The report as JSON: `verdict`, `summary`, `reason`, `groups`, `findings`, `entries`, `self_test`, `functions`, `cases`,
    /// `step`, `pre_activations_at_kink`, `arithmetic`.
    /// Numbers that are not finite are `null`.
    pub fn to_json(&self) -> String {
        let finding = |finding: &Finding| {
            json!({
                "name": self.name_of(finding.index), "index": finding.index, "case": finding.case.to_string(),
                "analytic": finding.analytic, "numerical": finding.numerical, "bound": finding.bound,
            })
        };
        let group = |group: &Group| {
            json!({
                "title": self.title(group), "verdict": group.verdict.to_string(), "entries": group.entries,
                "tried": group.tried, "exercised": group.exercised, "wrong": group.wrong, "kinked": group.kinked,
                "largest": group.largest, "worst": self.entry_json(&group.worst),
                "largest_from_central": group.largest_from_central,
                "finding": group.finding.as_ref().map(finding),
            })
        };
        let function = |f: &crate::FunctionCheck| json!({ "name": f.name, "verdict": f.verdict.to_string(), "summary": f.summary });
        let self_test = self.self_test().map(
            |test| json!({ "name": self.name_of(test.index), "factor": test.factor, "found": test.found }),
        );
        let report = json!({
            "verdict": self.verdict().to_string(),
            "summary": self.summary(),
            "reason": self.reason(),
            "groups": self.groups().iter().map(group).collect::<Vec<_>>(),
            "findings": self.findings().iter().map(finding).collect::<Vec<_>>(),
            "entries": self.entries().iter().map(|entry| self.entry_json(entry)).collect::<Vec<_>>(),
            "self_test": self_test,
            "functions": self.functions().iter().map(function).collect::<Vec<_>>(),
            "cases": self.cases().iter().map(ToString::to_string).collect::<Vec<_>>(),
            "step": self.step(),
            "pre_activations_at_kink": self.at_kink(),
            "arithmetic": match self.arithmetic() {
                Arithmetic::F32 => "f32",
                Arithmetic::F64 => "f64",
            },
        });
        report.to_string()
    }

    fn entry_json(&self, entry: &Entry) -> Value {
        json!({
            "name": self.name(entry), "index": entry.index, "analytic": entry.analytic,
            "numerical": entry.numerical, "bound": entry.bound, "central": entry.central, "plain": entry.plain,
        })
    }
}

impl Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.summary())?;
        let rows = self.rows();
        let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
        let widths: [usize; COLUMNS] = std::array::from_fn(width);
        for row in rows.iter().filter(|_| !self.groups().is_empty()) {
            let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:>width$}"));
            writeln!(f, "{}", cells.collect::<Vec<_>>().join("  "))?;
        }
        self.write_wrong(f)?;
        self.write_functions(f)?;
        self.write_self_test(f)?;
        self.write_arithmetic(f)?;
        self.write_kinks(f)
    }
}

impl Report {
    fn write_wrong(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for finding in self.findings().iter().take(LISTED) {
            // −1 betrays a sign, 2 or 0.5 a factor, 0 a forgotten term, N a missing mean.
            let ratio = finding.analytic / finding.numerical;
            writeln!(f, "wrong: {}, analytic/numerical = {ratio:.6}", self.describe(finding))?;
        }
        let more = self.findings().len().saturating_sub(LISTED);
        if more > 0 { writeln!(f, "… and {more} more") } else { Ok(()) }
    }

    fn write_functions(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for function in self.functions() {
            writeln!(
                f,
                "derivative taken from {}, after its own check: {}",
                function.name, function.summary
            )?;
        }
        Ok(())
    }

    fn write_self_test(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.self_test() {
            None => Ok(()),
            Some(test) => {
                let (name, share) = (self.name_of(test.index), test.factor - 1.0);
                let found = if test.found { "found" } else { "NOT found" };
                writeln!(f, "self-test: {name} spoiled by {share:.1e} of itself, {found}")
            }
        }
    }

    fn write_arithmetic(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.arithmetic() {
            Arithmetic::F64 => Ok(()),
            Arithmetic::F32 => writeln!(
                f,
                "computed in f32, compared with f64: the bound is 16u |d| + 16u max|d| + 16u of what cancels, u = 2⁻²⁴"
            ),
        }
    }

    fn write_kinks(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plain = |entry: &Entry| entry.plain.map(|plain| (plain - entry.analytic).abs());
        let across: Vec<f64> = self.entries().iter().filter_map(plain).collect();
        if !across.is_empty() {
            let (count, largest) = (across.len(), across.iter().copied().fold(0.0, f64::max));
            writeln!(
                f,
                "{count} entries have a kink within ±h: frozen above, differing by up to {largest:.1e} across it"
            )?;
        }
        if self.at_kink() > 0 {
            writeln!(f, "{} pre-activations are exactly at a kink", self.at_kink())?;
        }
        Ok(())
    }
}

impl Group {
    /// `W²`, `b²`, or `θ` without a layout.
    pub fn title(&self) -> String {
        let Some((layer, kind)) = self.part else {
            return "θ".into();
        };
        let first = Place { layer, kind, unit: 0, input: 0 }.to_string();
        first.split('[').next().unwrap_or_default().into()
    }
}
