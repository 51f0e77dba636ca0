//! The judgement of `cargo xtask mutants`: the outcome of every mutant, and whether the survivors have been
//! reviewed.
//!
//! cargo-mutants calls a mutant `file:line:column: change`. The list calls it `file: change`, so that it does
//! not depend on line numbers. A mutant that exists at two places is listed twice.

use std::collections::BTreeMap;

use anyhow::{Result, ensure};
use comfy_table::{Table, presets};
use serde::{Deserialize, Serialize};

/// The outcome for a mutant. If the outcomes of two runs differ, the later one in this order counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum MutantOutcome {
    /// All tests passed.
    Missed,
    /// It does not compile.
    Unviable,
    /// The tests did not end.
    Timeout,
    /// A test failed.
    Caught,
}

impl MutantOutcome {
    /// Every outcome.
    pub const ALL: [Self; 4] = [Self::Missed, Self::Unviable, Self::Timeout, Self::Caught];

    /// The file in which cargo-mutants lists the mutants with this outcome, one per line.
    pub fn file(self) -> &'static str {
        match self {
            Self::Missed => "missed.txt",
            Self::Unviable => "unviable.txt",
            Self::Timeout => "timeout.txt",
            Self::Caught => "caught.txt",
        }
    }
}

/// Combines runs on the same sources.
pub fn merge(
    runs: impl IntoIterator<Item = BTreeMap<String, MutantOutcome>>,
) -> BTreeMap<String, MutantOutcome> {
    let mut merged = BTreeMap::new();
    for (mutant, outcome) in runs.into_iter().flatten() {
        let known = merged.entry(mutant).or_insert(outcome);
        *known = outcome.max(*known);
    }
    merged
}

/// The mutants in the reviewed list, each as often as it is listed.
///
/// # Errors
/// The list has another form, or a mutant without a reason.
pub fn parse_reviewed(text: &str) -> Result<Vec<String>> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct SurvivorList {
        survivors: Vec<Survivor>,
    }
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Survivor {
        mutant: String,
        reason: String,
    }
    let SurvivorList { survivors } = toml::from_str(text)?;
    for Survivor { mutant, reason } in &survivors {
        ensure!(!reason.trim().is_empty(), "no reason why {mutant:?} may survive");
    }
    Ok(survivors.into_iter().map(|survivor| survivor.mutant).collect())
}

/// The outcomes of the mutants of one file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// A test failed.
    pub caught: usize,
    /// All tests passed, and the reviewed list says why.
    pub missed_reviewed: usize,
    /// All tests passed, and the reviewed list does not say why.
    pub missed_new: usize,
    /// The tests did not end.
    pub timeout: usize,
    /// It does not compile.
    pub unviable: usize,
    /// Not tested in any run so far. Only files where this number is 0 are recorded.
    #[serde(skip)]
    pub not_tested: usize,
}

/// The survivors compared with the reviewed list.
#[derive(Debug)]
pub struct Verdict {
    /// For each file.
    pub counts: BTreeMap<String, Counts>,
    /// Survivors that are not in the list.
    pub new: Vec<String>,
    /// Entries of the list that do not survive, or do not exist any more.
    pub gone: Vec<String>,
}

impl Verdict {
    /// `mutants` are all mutants. `outcomes` may lack some of them, but has none of other sources.
    pub fn new(mutants: &[String], outcomes: &BTreeMap<String, MutantOutcome>, reviewed: &[String]) -> Self {
        let mut unused: Vec<&str> = reviewed.iter().map(String::as_str).collect();
        let mut verdict = Self { counts: BTreeMap::new(), new: Vec::new(), gone: Vec::new() };
        for mutant in mutants {
            let counts = verdict.counts.entry(file(mutant).to_owned()).or_default();
            match outcomes.get(mutant) {
                Some(MutantOutcome::Caught) => counts.caught += 1,
                Some(MutantOutcome::Timeout) => counts.timeout += 1,
                Some(MutantOutcome::Unviable) => counts.unviable += 1,
                Some(MutantOutcome::Missed) if take(&mut unused, mutant) => counts.missed_reviewed += 1,
                Some(MutantOutcome::Missed) => {
                    counts.missed_new += 1;
                    verdict.new.push(mutant.clone());
                }
                None => counts.not_tested += 1,
            }
        }
        // A mutant that has not been tested may still survive.
        for mutant in mutants.iter().filter(|&mutant| !outcomes.contains_key(mutant)) {
            take(&mut unused, mutant);
        }
        verdict.gone = unused.into_iter().map(str::to_owned).collect();
        verdict
    }

    /// The files whose mutants have all been tested.
    pub fn complete(&self) -> impl Iterator<Item = (&str, Counts)> {
        let files = self.counts.iter().map(|(file, counts)| (file.as_str(), *counts));
        files.filter(|(_, counts)| counts.not_tested == 0)
    }

    /// One row for each package.
    pub fn table(&self) -> String {
        let mut table = Table::new();
        table.load_style(presets::UTF8_FULL_CONDENSED);
        let head =
            ["package", "caught", "missed, reviewed", "missed, new", "timeout", "unviable", "not tested"];
        table.set_header(head);
        for (package, counts) in by_package(&self.counts) {
            let Counts { caught, missed_reviewed, missed_new, timeout, unviable, not_tested } = counts;
            let counts = [caught, missed_reviewed, missed_new, timeout, unviable, not_tested];
            table.add_row(std::iter::once(package.to_owned()).chain(counts.map(|count| count.to_string())));
        }
        table.trim_fmt()
    }

    /// Returns an error unless the survivors are those of the list.
    pub fn ensure_ok(&self) -> Result<()> {
        let (new, gone) = (self.new.len(), self.gone.len());
        ensure!(
            new + gone == 0,
            "{new} survivors are not reviewed (add a test, or the reason why none can notice), \
             {gone} in the list do not survive (delete them)"
        );
        Ok(())
    }
}

/// Removes the first entry for this mutant; false when there is none.
fn take(reviewed: &mut Vec<&str>, mutant: &str) -> bool {
    let name = without_position(mutant);
    let found = reviewed.iter().position(|entry| *entry == name);
    found.map(|index| reviewed.remove(index)).is_some()
}

/// `crates/ann-core/src/loss.rs:47:9: replace …` is `crates/ann-core/src/loss.rs: replace …` in the list.
fn without_position(mutant: &str) -> String {
    let (_, change) = mutant.split_once(": ").unwrap_or((mutant, ""));
    format!("{}: {change}", file(mutant))
}

/// `crates/ann-core/src/loss.rs` of `crates/ann-core/src/loss.rs:47:9: replace …`.
pub fn file(mutant: &str) -> &str {
    mutant.split(':').next().unwrap_or(mutant)
}

/// `ann-core` of the same mutant.
pub fn package(mutant: &str) -> &str {
    mutant.split('/').nth(1).unwrap_or(mutant)
}

fn by_package(counts: &BTreeMap<String, Counts>) -> BTreeMap<&str, Counts> {
    let mut packages: BTreeMap<&str, Counts> = BTreeMap::new();
    for (file, counts) in counts {
        let sum = packages.entry(package(file)).or_default();
        *sum = sum.plus(counts);
    }
    packages
}

impl Counts {
    fn plus(self, other: &Self) -> Self {
        Self {
            caught: self.caught + other.caught,
            missed_reviewed: self.missed_reviewed + other.missed_reviewed,
            missed_new: self.missed_new + other.missed_new,
            timeout: self.timeout + other.timeout,
            unviable: self.unviable + other.unviable,
            not_tested: self.not_tested + other.not_tested,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MUTANTS: [&str; 4] = [
        "crates/core/src/a.rs:10:5: replace + with - in f",
        "crates/core/src/a.rs:12:5: replace + with - in f",
        "crates/core/src/a.rs:14:5: replace < with <= in <impl Ord for A>::g",
        "crates/train/src/b.rs:3:1: replace h -> f64 with 0.0",
    ];
    const PLUS: &str = "crates/core/src/a.rs: replace + with - in f";
    const LESS: &str = "crates/core/src/a.rs: replace < with <= in <impl Ord for A>::g";

    #[test]
    fn survivors_are_compared_with_the_list() {
        use MutantOutcome::{Caught, Missed, Timeout, Unviable};
        // Outcomes of the four mutants; the list; number of new survivors; entries that do not survive.
        for (found, reviewed, new, gone) in [
            ([Caught, Caught, Unviable, Timeout].map(Some), &[][..], 0, &[][..]),
            ([Missed, Caught, Caught, Caught].map(Some), &[], 1, &[]),
            ([Caught, Missed, Missed, Caught].map(Some), &[LESS, PLUS], 0, &[]),
            ([Missed, Missed, Caught, Caught].map(Some), &[PLUS], 1, &[]),
            ([Missed, Missed, Caught, Caught].map(Some), &[PLUS, PLUS], 0, &[]),
            ([Missed, Caught, Timeout, Caught].map(Some), &[PLUS, PLUS, LESS], 0, &[PLUS, LESS]),
            (
                [Caught, Caught, Caught, Caught].map(Some),
                &["crates/core/src/old.rs: gone"],
                0,
                &["crates/core/src/old.rs: gone"],
            ),
            ([Some(Missed), None, None, None], &[PLUS, PLUS, LESS], 0, &[]),
            ([Some(Caught), None, None, None], &[PLUS, PLUS, LESS], 0, &[PLUS]),
        ] {
            let verdict = verdict(found, reviewed);
            assert_eq!(verdict.new.len(), new, "{found:?} {reviewed:?}: {:?}", verdict.new);
            assert_eq!(verdict.gone, gone, "{found:?} {reviewed:?}");
            assert_eq!(verdict.ensure_ok().is_ok(), new == 0 && gone.is_empty());
            let complete: Vec<_> = verdict.complete().map(|(file, _)| file).collect();
            assert_eq!(complete.len() == 2, !found.contains(&None), "{complete:?}");
        }
    }

    #[test]
    fn every_mutant_is_counted_in_its_file() {
        let verdict = verdict(
            [Some(MutantOutcome::Missed), Some(MutantOutcome::Missed), None, Some(MutantOutcome::Caught)],
            &[PLUS],
        );
        let core = Counts { missed_reviewed: 1, missed_new: 1, not_tested: 1, ..Counts::default() };
        assert_eq!(verdict.counts["crates/core/src/a.rs"], core);
        let train = Counts { caught: 1, ..Counts::default() };
        assert_eq!(verdict.complete().collect::<Vec<_>>(), [("crates/train/src/b.rs", train)]);
        assert_eq!(verdict.new, [MUTANTS[1]]);
        let row = "│ core    ┆ 0      ┆ 1                ┆ 1           ┆ 0       ┆ 0        ┆ 1          │";
        assert!(verdict.table().contains(row), "{}", verdict.table());
    }

    #[test]
    fn of_two_runs_the_one_that_caught_it_is_believed() {
        let run = |outcome| BTreeMap::from([("m".to_owned(), outcome)]);
        for runs in
            [[MutantOutcome::Missed, MutantOutcome::Caught], [MutantOutcome::Caught, MutantOutcome::Missed]]
        {
            assert_eq!(merge(runs.map(run)), run(MutantOutcome::Caught));
        }
    }

    #[test]
    fn a_survivor_needs_a_reason() {
        let list = |entry: &str| parse_reviewed(&format!("survivors = [\n    {entry},\n]"));
        let right = list(r#"{ mutant = "a.rs: x", reason = "the same function" }"#);
        assert_eq!(right.unwrap(), ["a.rs: x"]);
        for (entry, complaint) in [
            (r#"{ mutant = "a.rs: x", reason = " " }"#, "no reason why \"a.rs: x\" may survive"),
            (r#"{ mutant = "a.rs: x" }"#, "missing field `reason`"),
        ] {
            let error = list(entry).unwrap_err().to_string();
            assert!(error.contains(complaint), "{error}");
        }
    }

    fn verdict(found: [Option<MutantOutcome>; 4], reviewed: &[&str]) -> Verdict {
        let mutants = MUTANTS.map(str::to_owned);
        let known = mutants.iter().cloned().zip(found);
        let outcomes = known.filter_map(|(mutant, outcome)| Some((mutant, outcome?))).collect();
        let reviewed: Vec<_> = reviewed.iter().map(|&entry| entry.to_owned()).collect();
        Verdict::new(&mutants, &outcomes, &reviewed)
    }
}
