//! What a command measures: workloads by name, each with its numbers of threads.

use std::collections::BTreeSet;

use ann_workloads::{Workload, all};
use anyhow::{Result, ensure};

/// The workloads that a filter chooses.
#[derive(Debug, PartialEq)]
pub struct Selection {
    /// In the order of the file.
    pub workloads: Vec<&'static Workload>,
    /// Whether cost is measured against rows, width and depth.
    pub growth: bool,
}

/// The name of the growth benchmark in a filter.
const GROWTH: &str = "growth";

impl Selection {
    /// Reads `W1,W9/narrow-one,growth`: each part is a whole name, or the name of a family. No filter chooses
    /// all.
    ///
    /// # Errors
    /// A part is neither.
    pub fn parse(filter: Option<&str>) -> Result<Self> {
        let Some(filter) = filter else {
            return Ok(Self { workloads: all().iter().collect(), growth: true });
        };
        let parts: BTreeSet<&str> = filter.split(',').map(str::trim).collect();
        for part in &parts {
            let is_known = *part == GROWTH || all().iter().any(|workload| is_called(workload, part));
            ensure!(is_known, "no workload is called {part:?}; there are {}", names().join(", "));
        }
        let chosen = all().iter().filter(|workload| parts.iter().any(|part| is_called(workload, part)));
        Ok(Self { workloads: chosen.collect(), growth: parts.contains(GROWTH) })
    }

    /// The workloads for each number of threads. If `threads` is `None`, the numbers are those in the file.
    /// Otherwise only `threads` is used, for workloads whose list has this number or more than one number.
    ///
    /// # Errors
    /// No workload is left.
    pub fn by_threads(&self, threads: Option<usize>) -> Result<Vec<(usize, Vec<&'static Workload>)>> {
        let counts: BTreeSet<usize> = match threads {
            Some(threads) => BTreeSet::from([threads]),
            None => all().iter().flat_map(|workload| workload.threads.iter().copied()).collect(),
        };
        let fits = |workload: &Workload, count| {
            workload.threads.contains(&count) || (threads.is_some() && workload.threads.len() > 1)
        };
        let with = |count| {
            let workloads = self.workloads.iter().copied().filter(|workload| fits(workload, count));
            (count, workloads.collect::<Vec<_>>())
        };
        let plan: Vec<_> = counts.into_iter().map(with).collect();
        let is_something = self.growth || plan.iter().any(|(_, workloads)| !workloads.is_empty());
        ensure!(is_something, "nothing to do: these workloads are measured with 1 thread only");
        Ok(plan)
    }
}

fn is_called(workload: &Workload, name: &str) -> bool {
    workload.name == name || workload.family() == name
}

/// Everything that a filter may contain.
fn names() -> Vec<&'static str> {
    let mut names = Vec::new();
    for workload in all() {
        for name in [workload.family(), &workload.name] {
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    names.push(GROWTH);
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_exact_or_those_of_a_family() {
        check("W1", &["W1"]);
        check("W5", &["W5/f32", "W5/f64"]);
        check("W9/narrow-one", &["W9/narrow-one"]);
        check("W10/1000", &["W10/1000"]);
    }

    #[test]
    fn several_come_in_the_order_of_the_file_and_once() {
        check("W3, W1,W8/f64,W1,W8", &["W1", "W3", "W8/f32", "W8/f64"]);
    }

    #[track_caller]
    fn check(filter: &str, expected: &[&str]) {
        let selection = Selection::parse(Some(filter)).unwrap();
        let names: Vec<_> = selection.workloads.iter().map(|workload| workload.name.as_str()).collect();
        assert_eq!((names.as_slice(), selection.growth), (expected, false));
    }

    #[test]
    fn growth_is_a_name_too_and_no_filter_is_all() {
        let growth = Selection::parse(Some("growth")).unwrap();
        assert_eq!(growth, Selection { workloads: vec![], growth: true });
        let everything = Selection::parse(None).unwrap();
        assert_eq!((everything.workloads.len(), everything.growth), (all().len(), true));
    }

    #[test]
    fn an_unknown_name_is_answered_by_all_others() {
        for wrong in ["W17", "W1/f32", "W", "w1", "W1,", ""] {
            let error = Selection::parse(Some(wrong)).unwrap_err().to_string();
            let end = "; there are W1, W2, W3, W4, W5, W5/f32, W5/f64, W6, W6/f32, W7, W7/f32, W8, W8/f32, W8/f64, \
                       W9, W9/narrow-one, W9/narrow-many, W9/wide-one, W9/wide-many, \
                       W10, W10/1000, W10/10000, W10/100000, W10/1000000, W11, W12, W13, \
                       W14, W14/levenberg-marquardt, W14/l-bfgs, W14/adam, W15, W16, W16/f32, W16/f64, growth";
            assert!(error.starts_with("no workload is called ") && error.ends_with(end), "{wrong}: {error}");
        }
    }

    #[test]
    fn two_threads_where_the_workload_is_large_enough() {
        let names = |filter, threads| -> Vec<(usize, Vec<&str>)> {
            let plan = Selection::parse(Some(filter)).unwrap().by_threads(threads).unwrap();
            let names = |all: Vec<&'static Workload>| {
                all.into_iter().map(|workload| workload.name.as_str()).collect()
            };
            plan.into_iter().map(|(threads, all)| (threads, names(all))).collect()
        };
        assert_eq!(names("W1,W4", None), [(1, vec!["W1", "W4"]), (2, vec!["W4"])]);
        assert_eq!(names("W1,W4", Some(3)), [(3, vec!["W4"])]);
        assert_eq!(names("growth", Some(2)), [(2, vec![])]);
        let error = Selection::parse(Some("W1,W3")).unwrap().by_threads(Some(2)).unwrap_err().to_string();
        assert!(error.starts_with("nothing to do"), "{error}");
    }
}
