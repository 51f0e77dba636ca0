//! From scores of single splits to one line for each system.

use crate::findings::Findings;
use crate::score::Score;
use crate::systems::{OURS, is_reference};
use crate::tables::Description;

/// Added to each error before its logarithm is taken, so that an error of 0 does not outweigh all others.
pub const SHIFT: f64 = 0.01;
/// How far below the worst and above the best of the references a normalised score counts.
const NORM: (f64, f64) = (-1.0, 1.5);

/// Scores that differ by less are the same: sums in another order, and numbers that are read from a file, may
/// differ in the last place. One row of a million is more.
const SAME: f64 = 1e-9;

/// A mean over splits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mean {
    pub mean: f64,
    /// s / √n, where s² is the sum of squares over n − 1. NaN for a single split.
    pub standard_error: f64,
}

impl Mean {
    /// `None` without values.
    pub fn of(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let values: Vec<f64> = values.into_iter().collect();
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        (!values.is_empty()).then(|| Self { mean, standard_error: (squares / (count - 1.0) / count).sqrt() })
    }
}

/// 1 − accuracy, or √(1 − R²): the root of the squared error in standard deviations of the target.
pub fn error(table: &Description, score: &Score) -> f64 {
    if table.classes.is_some() { 1.0 - score.score } else { (1.0 - score.score).max(0.0).sqrt() }
}

/// The mean error of a system on a table; `None` if it was not measured there.
pub fn mean_error(findings: &Findings, system: &str, table: &Description) -> Option<Mean> {
    Mean::of(findings.of(system, &table.name).map(|score| error(table, score)))
}

/// One system on several tables.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    pub system: &'static str,
    /// exp(mean of ln(error + 0.01)) over the tables.
    pub sgm: Mean,
    /// Mean over the tables of classes; `None` without such tables.
    pub log_loss: Option<f64>,
    /// Mean over the tables of (score − worst) / (best − worst), where best and worst are those of the
    /// references on the table, at least −1 and at most 1.5. `None` if no reference was measured.
    pub norm: Option<f64>,
    /// Mean over the tables of the place among all systems; systems with the same score share the mean of
    /// their places. `None` without tables.
    pub rank: Option<f64>,
    /// Seconds of the processor for one split of every table.
    pub cpu: Option<f64>,
}

/// A summary of each system that was measured on all of these tables.
pub fn summaries(findings: &Findings, tables: &[&Description]) -> Vec<Summary> {
    let mut systems = findings.systems();
    systems.retain(|system| tables.iter().all(|table| findings.of(system, &table.name).next().is_some()));
    systems.iter().map(|system| summary(findings, tables, &systems, system)).collect()
}

fn summary(
    findings: &Findings,
    tables: &[&Description],
    systems: &[&'static str],
    system: &'static str,
) -> Summary {
    let references: Vec<&str> = systems.iter().copied().filter(|system| is_reference(system)).collect();
    let scores = |systems: &[&str], table: &Description| -> Vec<f64> {
        systems.iter().filter_map(|system| mean(findings, system, table, |score| Some(score.score))).collect()
    };
    let of_tables =
        |value: &dyn Fn(&Description) -> Option<f64>| average(tables.iter().filter_map(|table| value(table)));
    Summary {
        system,
        sgm: sgm(tables.iter().filter_map(|table| mean_error(findings, system, table))),
        log_loss: of_tables(&|table| mean(findings, system, table, |score| score.log_loss)),
        norm: of_tables(&|table| norm(scores(&[system], table)[0], &scores(&references, table))),
        rank: of_tables(&|table| Some(rank(scores(&[system], table)[0], &scores(systems, table)))),
        cpu: tables.iter().map(|table| mean(findings, system, table, |score| score.cpu)).sum(),
    }
}

/// The mean over the splits of a table.
fn mean(
    findings: &Findings,
    system: &str,
    table: &Description,
    value: fn(&Score) -> Option<f64>,
) -> Option<f64> {
    average(findings.of(system, &table.name).filter_map(value))
}

fn average(values: impl Iterator<Item = f64>) -> Option<f64> {
    Mean::of(values).map(|mean| mean.mean)
}

/// The shifted geometric mean of errors. The errors of tables are independent, and ∂ ln sgm / ∂ errorₜ = 1 /
/// (T (errorₜ + 0.01)).
fn sgm(errors: impl Iterator<Item = Mean>) -> Mean {
    let errors: Vec<Mean> = errors.collect();
    let tables = errors.len() as f64;
    let mean = (errors.iter().map(|error| (error.mean + SHIFT).ln()).sum::<f64>() / tables).exp();
    let shares = errors.iter().map(|error| error.standard_error / (error.mean + SHIFT) / tables);
    Mean { mean, standard_error: mean * shares.map(|share| share * share).sum::<f64>().sqrt() }
}

/// (score − worst) / (best − worst) of the references, within [`NORM`]. If best and worst are equal, a score
/// above them is 1.5, below them −1, and theirs is 1.
fn norm(score: f64, references: &[f64]) -> Option<f64> {
    let best = references.iter().copied().reduce(f64::max)?;
    let worst = references.iter().copied().reduce(f64::min)?;
    let norm = if score == best { 1.0 } else { (score - worst) / (best - worst) };
    Some(norm.clamp(NORM.0, NORM.1))
}

/// The place of a score among all, itself included, 1 for the highest.
fn rank(score: f64, all: &[f64]) -> f64 {
    let better = all.iter().filter(|&&other| other > score + SAME).count();
    let same = all.iter().filter(|&&other| (other - score).abs() <= SAME).count();
    better as f64 + 0.5 * (same + 1) as f64
}

/// A table on which another system has a smaller error.
#[derive(Clone, Debug, PartialEq)]
pub struct Defeat {
    pub table: String,
    pub system: &'static str,
    /// Our error minus theirs, over the same splits.
    pub difference: Mean,
}

/// The tables and systems with an error that is smaller than ours by more than two standard errors of the
/// difference, the largest difference first.
pub fn defeats(findings: &Findings) -> Vec<Defeat> {
    let mut defeats = Vec::new();
    for table in &findings.tables {
        for system in findings.systems() {
            let pairs = findings.of(OURS, &table.name).zip(findings.of(system, &table.name));
            let differences = pairs.map(|(ours, theirs)| error(table, ours) - error(table, theirs));
            let Some(difference) = Mean::of(differences) else { continue };
            if difference.mean > 2.0 * difference.standard_error {
                defeats.push(Defeat { table: table.name.clone(), system, difference });
            }
        }
    }
    defeats.sort_by(|a, b| b.difference.mean.total_cmp(&a.difference.mean));
    defeats
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mean_by_hand() {
        // s² = (4 + 0 + 4) / 2 = 4, divided by n = 3.
        let mean = Mean::of([1.0, 3.0, 5.0]).unwrap();
        assert_eq!((mean.mean, mean.standard_error), (3.0, (4.0_f64 / 3.0).sqrt()));
        assert!(Mean::of([2.0]).unwrap().standard_error.is_nan());
        assert_eq!(Mean::of([]), None);
    }

    #[test]
    fn a_shifted_geometric_mean_by_hand() {
        let of = |mean, standard_error| Mean { mean, standard_error };
        // √(0.04 · 0.25) = 0.1; 0.1 · √((0.02 / 0.04 / 2)² + (0.25 / 0.25 / 2)²) = 0.1 · √(1/16 + 1/4)
        let sgm = sgm([of(0.03, 0.02), of(0.24, 0.25)].into_iter());
        assert!(
            (sgm.mean - 0.1).abs() < 1e-15 && (sgm.standard_error - 0.1 * 0.3125_f64.sqrt()).abs() < 1e-15
        );
    }

    #[test]
    fn norms_and_ranks_by_hand() {
        for (score, expected) in [(0.9, 1.0), (0.5, 0.0), (0.7, 0.5), (1.0, 1.25), (2.0, 1.5), (-1.0, -1.0)] {
            let norm = norm(score, &[0.5, 0.9, 0.6]).unwrap();
            assert!((norm - expected).abs() < 1e-12, "{score}: {norm}");
        }
        assert_eq!([0.6, 0.5, 0.4].map(|score| norm(score, &[0.5]).unwrap()), [1.5, 1.0, -1.0]);
        assert_eq!(norm(0.5, &[]), None);
        // The two in the middle share the places 2 and 3; they differ by rounding.
        let all = [0.1 + 0.2, 0.9, 0.3, 0.1];
        assert!(all[0] != all[2]);
        assert_eq!(all.map(|score| rank(score, &all)), [2.5, 1.0, 2.5, 4.0]);
    }

    #[test]
    fn a_summary_by_hand() {
        let summaries = summaries(&findings(), &findings().tables.iter().collect::<Vec<_>>());
        let [ours, linear] = &summaries[..] else { panic!("MLP has one table only: {summaries:?}") };
        assert_eq!((ours.system, linear.system), ("ann", "linear"));
        // Errors 0.09 and √(1 − 0.64) = 0.6: √(0.1 · 0.61); linear 0.24 and √(1 − 0.84) = 0.4: √(0.25 · 0.41)
        assert!((ours.sgm.mean - 0.061_f64.sqrt()).abs() < 1e-12, "{ours:?}");
        assert!((linear.sgm.mean - 0.1025_f64.sqrt()).abs() < 1e-12, "{linear:?}");
        // Each is first on one of the tables; 2 s + 2 s.
        assert_eq!((ours.rank, ours.log_loss, ours.cpu), (Some(1.5), Some(0.25), Some(4.0)));
        // Above the only reference, and below it.
        assert_eq!((ours.norm, linear.norm), (Some(0.25), Some(1.0)));
    }

    #[test]
    fn a_defeat_is_more_than_two_standard_errors() {
        let mut findings = findings();
        let found = |findings: &Findings| {
            let found = defeats(findings);
            found.iter().map(|defeat| format!("{} {}", defeat.table, defeat.system)).collect::<Vec<_>>()
        };
        // Numbers: 0.6 against 0.4 in both splits.
        assert_eq!(found(&findings), ["numbers linear"]);
        // Differences 0.2 and 0.6 − √(1 − 0.51) = −0.1: 0.05 ± 0.15
        findings.scores.iter_mut().rfind(|score| score.system == "linear").unwrap().score = 0.51;
        assert_eq!(found(&findings), [""; 0]);
    }

    /// Two splits that are equal, on a table of classes and one of numbers.
    fn findings() -> Findings {
        let table =
            |name: &str, classes| Description { name: name.to_owned(), classes, ..Description::default() };
        let score = |system: &str, table: &str, score| {
            let log_loss = (table == "classes").then_some(0.25);
            let (system, table, cpu) = (system.to_owned(), table.to_owned(), Some(2.0));
            Score { system, table, score, log_loss, cpu, ..Score::default() }
        };
        let once = [
            score("ann", "classes", 0.91),
            score("ann", "numbers", 0.64),
            score("MLP", "classes", 0.5),
            score("linear", "classes", 0.76),
            score("linear", "numbers", 0.84),
        ];
        Findings {
            tables: vec![table("classes", Some(2)), table("numbers", None)],
            scores: [once.clone(), once].concat(),
            ..Findings::default()
        }
    }
}
