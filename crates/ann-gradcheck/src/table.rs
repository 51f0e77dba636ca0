//! Prints a report: as one line, a table, or JSON.

use std::fmt::{self, Display};

use ann_core::ParameterId;
use serde_json::{Value, json};

use crate::entry::Names;
use crate::ledger::Finding;
use crate::{Arithmetic, Entry, Group, Report, Verdict};

/// Largest number of wrong entries listed below the table: enough to see a pattern.
const LISTED: usize = 5;
/// A difference may be due to noise if it is at most this number of bounds,
const NEAR_THE_BOUND: f64 = 100.0;
/// and the bound is more than this share of the derivative.
const COARSE: f64 = 1e-6;

const COLUMNS: usize = 9;
const HEADER: [&str; COLUMNS] =
    ["", "entries", "exercised", "largest |d|", "largest |a − d|", "bound", "at", "|a − central|", "verdict"];

impl Report {
    /// One line: the verdict, how much was compared, and the worst entry found.
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
                let worst =
                    self.groups().iter().filter_map(|group| group.finding.map(|f| (f, group.largest)));
                let worst = worst.min_by(|(one, _), (other, _)| one.compare(other));
                let worst = worst.map_or(String::new(), |(worst, largest)| {
                    format!("; worst {}{}", self.describe(&worst), self.doubt(&worst, largest))
                });
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

    /// Advice for a difference that may be due to noise; empty if it cannot be.
    fn doubt(&self, finding: &Finding, largest: f64) -> String {
        let (difference, noise) = (finding.difference(), self.noise);
        let is_near = difference <= NEAR_THE_BOUND * finding.bound;
        if noise == 0.0 || !is_near || finding.bound <= COARSE * finding.numerical.abs() {
            return String::new();
        }
        let needed = difference / largest.max(finding.numerical.abs());
        format!(
            "; the function's own noise may be the cause, since its values scatter by {noise:.1e}: if so, excuse it with a \
             `tolerance` of more than {needed:.1e}"
        )
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

    /// The groups with the verdict of the report, and how many of their entries were exercised.
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
        if let Some(group) = self.groups().iter().find(|group| group.unexplained) {
            let title = self.title(group);
            return format!(
                "along random directions {title} disagrees or cannot be told, and no entry explains it"
            );
        }
        if !self.unjudged().is_empty() {
            let tried: usize = self.groups().iter().map(|group| group.tried).sum();
            return format!(
                "{} of {tried} entries could be called neither right nor wrong: {}; noise, rounding or kinks hide their \
                 derivatives: try other points, or say with `tolerance` how much may be hidden",
                self.unjudged().len(),
                self.unjudged_names()
            );
        }
        if self.groups().iter().any(|group| group.verdict == Verdict::Inconclusive) {
            return self.unseen("the function is too rough or noisy to tell the derivatives of");
        }
        let factor = self.self_test().map_or(f64::NAN, |test| test.factor - 1.0);
        format!(
            "an entry off by less than {factor:.1e} of itself would not be seen: values are noisy, or large beside their changes"
        )
    }

    /// `W²[0, 3]: analytic 2.000000e-4, numerical 1.000000e-4, difference 1.0e-4, bound 1.0e-15 (point given,
    /// 6 rows, loss)`.
    fn describe(&self, finding: &Finding) -> String {
        let Finding { index, case, analytic, numerical, bound } = finding;
        let name = self.name_of(*index);
        // The printed digits may be equal, so the difference is printed too.
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

    /// The report as JSON: `verdict`, `summary`, `reason`, `groups`, `findings`, `unjudged`, `entries`,
    /// `self_test`, `functions`, `cases`, `step`, `noise`, `pre_activations_at_kink`, `outputs_at_kink`,
    /// `arithmetic`. Numbers that are not finite are `null`.
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
            "unjudged": self.unjudged().iter().map(|&index| self.name_of(index)).collect::<Vec<_>>(),
            "entries": self.entries().iter().map(|entry| self.entry_json(entry)).collect::<Vec<_>>(),
            "self_test": self_test,
            "functions": self.functions().iter().map(function).collect::<Vec<_>>(),
            "cases": self.cases().iter().map(ToString::to_string).collect::<Vec<_>>(),
            "step": self.step(),
            "noise": self.noise,
            "pre_activations_at_kink": self.at_kink(),
            "outputs_at_kink": self.outputs_at_kink(),
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
        self.write_unjudged(f)?;
        self.write_functions(f)?;
        self.write_self_test(f)?;
        self.write_arithmetic(f)?;
        self.write_kinks(f)
    }
}

impl Report {
    fn write_wrong(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for finding in self.findings().iter().take(LISTED) {
            // A ratio of −1 suggests a wrong sign, 2 or 0.5 a wrong factor, 0 a missing term, N a missing
            // mean.
            let ratio = finding.analytic / finding.numerical;
            writeln!(f, "wrong: {}, analytic/numerical = {ratio:.6}", self.describe(finding))?;
        }
        let more = self.findings().len().saturating_sub(LISTED);
        if more > 0 { writeln!(f, "… and {more} more") } else { Ok(()) }
    }

    fn write_unjudged(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.unjudged() {
            [] => Ok(()),
            _ => writeln!(f, "neither right nor wrong: {}", self.unjudged_names()),
        }
    }

    /// `θ[3], θ[17] and 4 more`.
    fn unjudged_names(&self) -> String {
        let names: Vec<String> =
            self.unjudged().iter().take(LISTED).map(|&index| self.name_of(index)).collect();
        let more = match self.unjudged().len().saturating_sub(LISTED) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        names.join(", ") + &more
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
                "computed in f32, compared with f64: the bound is 16u |d| + 16u max|d| + 16u of what cancels + Nu/4 mean |dₙ|, \
                 u = 2⁻²⁴"
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
        if self.outputs_at_kink() > 0 {
            writeln!(f, "{} outputs are exactly at the kink of the loss", self.outputs_at_kink())?;
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
        let first = ParameterId { layer, kind, unit: 0, input: 0 }.to_string();
        first.split('[').next().unwrap_or_default().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::tests::entry;
    use crate::ledger::tests::{BOUND, CASE, ledger};
    use crate::{Config, FunctionCheck, SelfTest};
    use ann_core::{Activation, Architecture};

    #[test]
    fn a_summary_is_one_line() {
        for (groups, expected) in [
            (
                ["xxxxxx", "xx", "xx", "x"],
                "pass: 11 entries agree in 1 comparison; the largest difference is 5.0e-1 at W¹[0, 1] (bound 1.0e0)",
            ),
            (
                ["xx....", "xx", "xx", "x"],
                "pass: 7 of 11 entries agree, and all along random directions, in 1 comparison; the largest difference is 5.0e-1 \
                 at W¹[0, 1] (bound 1.0e0)",
            ),
            (
                ["xxxxxx", "xw", "xx", "x"],
                "fail: 1 of 11 entries is wrong; worst b¹[1]: analytic 3.000000e0, numerical 2.000000e0, difference 1.0e0, \
                 bound 1.9e-1 (point given, 6 rows, loss)",
            ),
            (
                ["xxxxxx", "ww", "xx", "x"],
                "fail: 2 of 11 entries are wrong; worst b¹[0]: analytic 3.000000e0, numerical 2.000000e0, difference 1.0e0, \
                 bound 1.9e-1 (point given, 6 rows, loss)",
            ),
            (
                ["xxxxxs", "xs", "xx", "x"],
                "vacuous: a gradient of zeros would pass too for too many entries of W¹, b¹: 6 of 8 entries were exercised; \
                 try other points",
            ),
            (
                ["xxxxxx", "xx", "xb", "x"],
                "inconclusive: the function is too rough or noisy to tell the derivatives of W²: 1 of 2 entries were exercised; \
                 try other points",
            ),
        ] {
            assert_eq!(report(groups).summary(), expected);
        }
        let twice = passed(|report| report.cases.push(CASE));
        assert!(twice.summary().starts_with("pass: 11 entries agree in 2 comparisons; "), "{twice}");
    }

    #[test]
    fn what_is_wrong_beside_the_entries_is_said() {
        let spoiled = |found, is_coarse| Some(SelfTest { index: 9, factor: 1.5, found, is_coarse });
        for (report, expected) in [
            (
                passed(|report| report.self_test = spoiled(true, true)),
                "inconclusive: an entry off by less than 5.0e-1 of itself would not be seen: values are noisy, or large beside \
                 their changes",
            ),
            (
                passed(|report| report.self_test = spoiled(false, false)),
                "invalid: the self-test was not found: the check cannot be trusted here",
            ),
            (
                passed(|report| report.undeclared_kink = Some("z = 1".into())),
                "inconclusive: not differentiable at z = 1: if there is a kink, declare it in `kinks`",
            ),
            (
                Report::invalid(Names::Numbers, &Config::default(), "it panicked".into()),
                "invalid: it panicked",
            ),
            (with_function(PASSED), "fail: Swish: σ′ is wrong"),
        ] {
            assert_eq!(report.summary(), expected);
        }
        // A wrong entry is shown before the custom function that may cause it.
        let both = with_function(["xxxxxx", "xw", "xx", "x"]).summary();
        assert!(both.starts_with("fail: 1 of 11 entries is wrong; worst b¹[1]"), "{both}");
    }

    #[test]
    fn why_a_check_is_inconclusive() {
        // However many entries are exercised, those that could not be judged are named; of a hundred the
        // first five.
        let [seen, unseen] =
            [("x", 19, "e"), ("x", 14, "eeeuuu")].map(|(x, count, others)| x.repeat(count) + others);
        for (entries, unexplained, expected) in [
            (
                &seen,
                false,
                "1 of 21 entries could be called neither right nor wrong: W¹[0, 19]; noise, rounding or kinks hide their \
                 derivatives: try other points, or say with `tolerance` how much may be hidden",
            ),
            (
                &unseen,
                false,
                "6 of 21 entries could be called neither right nor wrong: W¹[0, 14], W¹[0, 15], W¹[0, 16], W¹[0, 17], W¹[0, 18] \
                 and 1 more; noise, rounding or kinks hide their derivatives: try other points, or say with `tolerance` how much \
                 may be hidden",
            ),
            (&seen, true, "along random directions b¹ disagrees or cannot be told, and no entry explains it"),
        ] {
            let architecture = Architecture::inputs(20).dense(1, Activation::Identity);
            let mut ledgers = [ledger(0, entries), ledger(20, "x")];
            if unexplained {
                ledgers[1].leave_unexplained();
            }
            let entries: Vec<Entry> = (0..21).map(|index| entry(index, 2.0, 2.0, BOUND)).collect();
            let names = Names::Layout(architecture.layout().unwrap());
            let report = Report::new(names, &Config::default(), &ledgers, entries, &[2.0; 21]);
            assert_eq!(report.summary(), format!("inconclusive: {expected}"));
        }
    }

    #[test]
    fn a_table_with_all_that_is_told_below() {
        let mut full = with_function(["wwwwww", "xx", "x.", "w"]);
        full.self_test = Some(SelfTest { index: 9, factor: 1.5, found: false, is_coarse: false });
        (full.arithmetic, full.at_kink) = (Arithmetic::F32, 3);
        let lines: Vec<String> = full.to_string().lines().skip(1).map(str::to_owned).collect();
        let expected = [
            "    entries  exercised  largest |d|  largest |a − d|   bound        at  |a − central|  verdict",
            "W¹        6          6        2.0e0           5.0e-1   1.0e0  W¹[0, 1]         7.5e-1     fail",
            "b¹        2          2        2.0e0            0.0e0  1.9e-1     b¹[0]              -     pass",
            "W²        2     1 of 1        2.0e0            0.0e0  1.9e-1  W²[0, 0]              -     pass",
            "b²        1          1        2.0e0            0.0e0  1.9e-1     b²[0]              -     fail",
            "wrong: W¹[0, 0]: analytic 3.000000e0, numerical 2.000000e0, difference 1.0e0, bound 1.9e-1 (point given, 6 rows, loss), \
             analytic/numerical = 1.500000",
        ];
        for (line, expected) in lines.iter().zip(expected) {
            assert_eq!(line, expected, "{full}");
        }
        // Seven are wrong, of which five are listed.
        assert!(lines[9].starts_with("wrong: W¹[1, 1]"), "{full}");
        let below = [
            "… and 2 more",
            "derivative taken from Swish, after its own check: σ′ is wrong",
            "self-test: W²[0, 1] spoiled by 5.0e-1 of itself, NOT found",
            "computed in f32, compared with f64: the bound is 16u |d| + 16u max|d| + 16u of what cancels + Nu/4 mean |dₙ|, u = 2⁻²⁴",
            "2 entries have a kink within ±h: frozen above, differing by up to 7.5e-1 across it",
            "3 pre-activations are exactly at a kink",
        ];
        assert_eq!(lines[10..], below, "{full}");
    }

    #[test]
    fn nothing_is_told_where_there_is_nothing() {
        for (plain, lines) in [(Some(1.75), 7), (None, 6)] {
            let text = report_of(PASSED, plain).to_string();
            assert_eq!(text.lines().count(), lines, "summary, header, four groups, kinks: {text}");
        }
        let invalid = Report::invalid(Names::Numbers, &Config::default(), "it panicked".into());
        assert_eq!(invalid.to_string(), "invalid: it panicked\n");
    }

    const PASSED: [&str; 4] = ["xxxxxx", "xx", "xx", "x"];

    /// 3-2-1, W¹ 0 to 5, b¹ 6 and 7, W² 8 and 9, b² 10, with one comparison as the letters of [`ledger`] say.
    /// All derivatives are 2, W¹[0, 1] is half a bound off, and W¹[0, 0] and W¹[0, 1] have a kink.
    fn report(groups: [&str; 4]) -> Report {
        report_of(groups, Some(1.75))
    }

    fn report_of(groups: [&str; 4], plain: Option<f64>) -> Report {
        let architecture = Architecture::inputs(3).dense(2, Activation::Relu).dense(1, Activation::Identity);
        let names = Names::Layout(architecture.layout().unwrap());
        let ledgers: Vec<_> =
            [0, 6, 8, 10].into_iter().zip(groups).map(|(start, group)| ledger(start, group)).collect();
        let mut entries: Vec<Entry> = (0..11).map(|index| entry(index, 2.0, 2.0, BOUND)).collect();
        entries[0].plain = plain;
        entries[1] = Entry { central: Some(1.75), plain, ..entry(1, 2.5, 2.0, 1.0) };
        let mut report = Report::new(names, &Config::default(), &ledgers, entries, &[2.0; 11]);
        report.cases = vec![CASE];
        report
    }

    fn passed(change: impl Fn(&mut Report)) -> Report {
        let mut report = report(PASSED);
        change(&mut report);
        report
    }

    /// The same, with a wrong custom function.
    fn with_function(groups: [&str; 4]) -> Report {
        let (name, summary) = ("Swish".to_owned(), "σ′ is wrong".to_owned());
        let mut report = report(groups);
        report.functions.push(FunctionCheck { name, verdict: Verdict::Fail, summary });
        report
    }
}
