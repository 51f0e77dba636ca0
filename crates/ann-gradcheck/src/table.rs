//! How a report reads: one line, or a table.

use std::fmt::{self, Display};

use ann_core::Place;

use crate::{Entry, Group, Report, Verdict};

/// So many wrong entries are listed below the table: enough to see a pattern.
const LISTED: usize = 5;

const COLUMNS: usize = 9;
const HEADER: [&str; COLUMNS] =
    ["", "entries", "largest |n|", "largest |a − n|", "at", "largest relative", "zeros", "kinked", "verdict"];

impl Report {
    /// One line: verdict, how much was checked, and the worst entry.
    pub fn summary(&self) -> String {
        let (count, tolerance) = (self.entries().len(), self.tolerance());
        let found = match self.verdict() {
            Verdict::Pass => format!("{count} entries agree within {tolerance:e}"),
            Verdict::Vacuous => self.untested(),
            Verdict::Fail => {
                format!("{} of {count} entries differ by more than {tolerance:e}", self.wrong().count())
            }
        };
        format!("{}: {found}; the largest difference is {}", self.verdict(), self.describe(self.worst()))
    }

    /// How much the point leaves untested, and where.
    fn untested(&self) -> String {
        let vacuous = || self.groups().iter().filter(|group| group.verdict == Verdict::Vacuous);
        let (zeros, entries) =
            vacuous().fold((0, 0), |(zeros, n), group| (zeros + group.zeros, n + group.entries));
        let largest = vacuous().map(|group| group.largest).fold(0.0, f64::max);
        let titles = vacuous().map(Group::title).collect::<Vec<_>>().join(", ");
        format!(
            "the loss says too little about {titles}, try other points: of {entries} derivatives {zeros} are 0, the largest is {largest:.1e}"
        )
    }

    /// `1.0e-4 at W²[0, 3] (analytic 2.00e-4, numerical 1.00e-4, relative 5.0e-1)`, in short.
    fn describe(&self, entry: &Entry) -> String {
        let Entry { analytic, numerical, .. } = entry;
        let (absolute, relative) = (entry.absolute(), entry.relative());
        format!(
            "{absolute:.1e} at {} (analytic {analytic:.6e}, numerical {numerical:.6e}, relative {relative:.1e})",
            self.name(entry)
        )
    }

    fn rows(&self) -> Vec<[String; COLUMNS]> {
        let row = |group: &Group| {
            [
                group.title(),
                group.entries.to_string(),
                format!("{:.1e}", group.largest),
                format!("{:.1e}", group.worst.absolute()),
                self.name(&group.worst),
                format!("{:.1e}", group.worst_relative.relative()),
                group.zeros.to_string(),
                group.kinked.to_string(),
                group.verdict.to_string(),
            ]
        };
        std::iter::once(HEADER.map(str::to_owned)).chain(self.groups().iter().map(row)).collect()
    }
}

impl Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.summary())?;
        let rows = self.rows();
        let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
        let widths: [usize; COLUMNS] = std::array::from_fn(width);
        for row in &rows {
            let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:>width$}"));
            writeln!(f, "{}", cells.collect::<Vec<_>>().join("  "))?;
        }
        self.write_wrong(f)?;
        self.write_kinks(f)
    }
}

impl Report {
    fn write_wrong(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for entry in self.wrong().take(LISTED) {
            // −1 betrays a sign, 2 or 0.5 a factor, 0 a forgotten term, N a missing mean.
            let ratio = entry.analytic / entry.numerical;
            writeln!(f, "wrong by {}, analytic/numerical = {ratio:.6}", self.describe(entry))?;
        }
        let more = self.wrong().count().saturating_sub(LISTED);
        if more > 0 { writeln!(f, "… and {more} more") } else { Ok(()) }
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
