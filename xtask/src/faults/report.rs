//! The result for all faults: a table, the list of survivors, and the verdict.

use std::collections::BTreeMap;

use anyhow::{Result, ensure};
use comfy_table::{Table, presets};

use super::certificate::Verdict;
use super::list::{self, Fault};

/// The result of one package's tests for a fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The first test that failed.
    Killed(String),
    /// The program that did not end in time. This counts as a failed test.
    TookTooLong(String),
    /// Every test passed.
    Survived,
}

/// A fault, and its outcome in each package.
#[derive(Debug)]
pub struct Tried<'a> {
    /// The fault.
    pub fault: &'a Fault,
    /// In the order of its packages.
    pub outcomes: Vec<Outcome>,
    /// What `ann check` said of it, if it must find it.
    pub check: Option<Verdict>,
}

impl Tried<'_> {
    /// A line such as `uphill: killed by engine downhill`.
    pub fn line(&self) -> String {
        let Fault { name, packages, .. } = self.fault;
        let words = packages.iter().zip(&self.outcomes).map(|(package, outcome)| match outcome {
            Outcome::Killed(test) => format!("killed by {package} {test}"),
            Outcome::TookTooLong(program) => format!("killed by {package}, whose {program} does not end"),
            Outcome::Survived => format!("SURVIVED {package}"),
        });
        let check = self.check.as_ref().map(|check| match check {
            Verdict::Found(line) => format!("found by `ann check`: {line}"),
            Verdict::Missed => "MISSED by `ann check`".to_owned(),
        });
        format!("{name}: {}", words.chain(check).collect::<Vec<_>>().join(", "))
    }

    /// Whether all tests of one of its packages pass.
    fn survives(&self) -> bool {
        self.outcomes.contains(&Outcome::Survived) || self.check == Some(Verdict::Missed)
    }

    fn has_reason(&self) -> bool {
        self.fault.survives.is_some()
    }
}

/// One row for each crate, and one for all.
pub fn table(tried: &[Tried<'_>]) -> String {
    let mut crates = BTreeMap::<_, Vec<_>>::new();
    for tried in tried {
        crates.entry(tried.fault.package()).or_default().push(tried);
    }
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED);
    table.set_header(["crate", "faults", "killed", "survive, with a reason", "survive"]);
    for (name, tried) in crates.into_iter().chain([("all", tried.iter().collect())]) {
        let survivors: Vec<_> = tried.iter().filter(|tried| tried.survives()).collect();
        let explained = survivors.iter().filter(|tried| tried.has_reason()).count();
        let counts = [tried.len(), tried.len() - survivors.len(), explained, survivors.len() - explained];
        table.add_row([name.to_owned()].into_iter().chain(counts.map(|count| count.to_string())));
    }
    table.trim_fmt()
}

/// The table, and every survivor with its reason.
pub fn markdown(tried: &[Tried<'_>]) -> String {
    let mut text = format!("# What `cargo xtask faults` found\n\n```text\n{}\n```\n\n", table(tried));
    let survivors: Vec<_> = tried.iter().filter(|tried| tried.survives()).collect();
    text += if survivors.is_empty() { "No fault survives.\n" } else { "The faults that survive:\n" };
    for Tried { fault: Fault { name, file, find, replace, survives, .. }, .. } in survivors {
        let reason = survives.as_deref().unwrap_or("no reason written: a test is missing");
        let diff = marked('-', find) + &marked('+', replace);
        text += &format!("\n## {name}\n\n`{file}`: {reason}\n\n```diff\n{diff}```\n");
    }
    text
}

fn marked(mark: char, text: &str) -> String {
    text.lines().map(|line| format!("{mark} {line}\n")).collect()
}

/// Succeeds if every fault is killed, except those for which the list gives a reason.
///
/// # Errors
/// When a fault survives without a reason, or has a reason and does not survive.
pub fn ensure_ok(tried: &[Tried<'_>]) -> Result<()> {
    let outdated = tried.iter().filter(|tried| tried.has_reason() && !tried.survives());
    let outdated: Vec<_> = outdated.map(|tried| &tried.fault.name).collect();
    ensure!(outdated.is_empty(), "{} says why these survive, but they do not: {outdated:?}", list::PATH);
    let unexplained = tried.iter().filter(|tried| tried.survives() && !tried.has_reason()).count();
    ensure!(unexplained == 0, "{unexplained} of {} faults survived: a test is missing for each", tried.len());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::list::FaultList;
    use super::*;

    #[test]
    fn a_line_names_each_package() {
        let list = list(&["survives = 'because'"]);
        let line = |outcomes: [Outcome; 2], check| {
            Tried { fault: &list.faults[0], outcomes: outcomes.into(), check }.line()
        };
        let outcomes = [Outcome::Killed("laws::sum".into()), Outcome::Survived];
        assert_eq!(line(outcomes, None), "0: killed by core laws::sum, SURVIVED train");
        let outcomes = || [Outcome::Survived, Outcome::TookTooLong("laws".into())];
        let expected = "0: SURVIVED core, killed by train, whose laws does not end";
        assert_eq!(line(outcomes(), None), expected);
        let found = line(outcomes(), Some(Verdict::Found("wrong: W²[1, 0]".into())));
        assert_eq!(found, format!("{expected}, found by `ann check`: wrong: W²[1, 0]"));
        assert_eq!(line(outcomes(), Some(Verdict::Missed)), format!("{expected}, MISSED by `ann check`"));
    }

    #[test]
    fn a_survivor_needs_a_reason_and_a_reason_a_survivor() {
        let list = list(&["", "survives = 'equal numbers'"]);
        let killed = || vec![Outcome::Killed("laws".into()), Outcome::TookTooLong("laws".into())];
        let survived = || vec![Outcome::Killed("laws".into()), Outcome::Survived];
        let judged = |outcomes: [Vec<Outcome>; 2]| ensure_ok(&tried(&list, outcomes));
        judged([killed(), survived()]).unwrap();
        let error = judged([survived(), survived()]).unwrap_err().to_string();
        assert_eq!(error, "1 of 2 faults survived: a test is missing for each");
        let mut missed = tried(&list, [killed(), survived()]);
        missed[0].check = Some(Verdict::Missed);
        assert!(ensure_ok(&missed).is_err(), "`ann check` has missed a fault that it must find");
        let error = judged([killed(), killed()]).unwrap_err().to_string();
        assert_eq!(error, "xtask/faults.toml says why these survive, but they do not: [\"1\"]");
    }

    #[test]
    fn the_result_counts_faults_and_names_survivors() {
        let list = list(&["", "survives = 'equal numbers'", ""]);
        let outcomes = [Outcome::Killed("laws".into()), Outcome::Survived, Outcome::Survived];
        let tried = tried(&list, outcomes.map(|outcome| vec![outcome]));
        let expected = "\
┌───────┬────────┬────────┬────────────────────────┬─────────┐
│ crate ┆ faults ┆ killed ┆ survive, with a reason ┆ survive │
╞═══════╪════════╪════════╪════════════════════════╪═════════╡
│ core  ┆ 3      ┆ 1      ┆ 1                      ┆ 1       │
│ all   ┆ 3      ┆ 1      ┆ 1                      ┆ 1       │
└───────┴────────┴────────┴────────────────────────┴─────────┘";
        assert_eq!(table(&tried), expected);

        let markdown = markdown(&tried);
        assert!(markdown.contains(&format!("```text\n{expected}\n```\n")), "{markdown}");
        let expected = "\
The faults that survive:

## 1

`crates/core/src/a.rs`: equal numbers

```diff
- a - b
+ a + b
```

## 2

`crates/core/src/a.rs`: no reason written: a test is missing

```diff
- a - b
+ a + b
```
";
        assert!(markdown.ends_with(expected), "{markdown}");
    }

    fn tried<const N: usize>(list: &FaultList, outcomes: [Vec<Outcome>; N]) -> Vec<Tried<'_>> {
        list.faults
            .iter()
            .zip(outcomes)
            .map(|(fault, outcomes)| Tried { fault, outcomes, check: None })
            .collect()
    }

    /// Faults called 0, 1, … with these last lines.
    fn list(last_lines: &[&str]) -> FaultList {
        let fault = |(name, last): (usize, &&str)| {
            format!(
                "[[fault]]\nname = '{name}'\nfile = 'crates/core/src/a.rs'\nfind = 'a - b'\nreplace = 'a + b'\npackages = ['core', 'train']\n{last}\n"
            )
        };
        FaultList::parse(&last_lines.iter().enumerate().map(fault).collect::<String>()).unwrap()
    }
}
