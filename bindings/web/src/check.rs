//! The gradient check of the training rows, entry by entry.
//!
//! It is a seventh of the compiled engine, so the file that a page loads first has `no_check` instead.

use ann_gradcheck::{Config, Entry, Report, check_problem};
use ann_train::{Accumulation, Objective, Problem};

use crate::error::Result;
use crate::json::{Object, object};
use crate::lab::Lab;

impl Lab {
    /// The report of a check, as JSON for the page, and the numbers of each entry.
    pub fn check(&self, step: f64) -> Result<(Object, Vec<f64>)> {
        let problem = self.problem(&self.rows()?.train)?;
        let gradient = |problem: &Problem<'_>, theta: &[f64], out: &mut [f64]| {
            let mut objective = Objective::new(problem, Accumulation::Batched)
                .expect("the problem of the lab has the memory for its objective");
            objective.value_and_gradient(theta, out);
        };
        let config = Config { step, ..Config::default() };
        let report = check_problem(&problem, self.network().parameters(), gradient, &config)?;
        let names: Vec<String> = report.entries().iter().map(|entry| report.name(entry)).collect();
        let answer = object! {
            "verdict": report.verdict().to_string(),
            "summary": report.summary(),
            "report": report.to_string(),
            "at_kink": report.at_kink(),
            "columns": ["index", "analytic", "numeric", "bound", "central", "across", "state"],
            "entries": names.len(),
            "names": names,
        };
        Ok((answer, entries(&report)))
    }
}

fn entries(report: &Report) -> Vec<f64> {
    let of = |entry: &Entry| {
        let is_wrong = report.findings().iter().any(|finding| finding.index == entry.index);
        let state =
            if is_wrong { 1.0 } else { f64::from(u8::from(report.unjudged().contains(&entry.index))) * 2.0 };
        let (central, across) = (entry.central.unwrap_or(f64::NAN), entry.plain.unwrap_or(f64::NAN));
        [entry.index as f64, entry.analytic, entry.numerical, entry.bound, central, across, state]
    };
    report.entries().iter().flat_map(of).collect()
}
