//! Checks millions of random smooth functions: no right gradient may fail, and no wrong gradient may pass.
//!
//! `cargo run --release -p ann-gradcheck --example random_closures -- 10000000` takes some tens of minutes on
//! two cores. A second number is the number of the first function. Without arguments it checks 10 000.

#![allow(clippy::print_stdout, reason = "an example shows its result")]

mod family;

use std::collections::BTreeMap;
use std::process::ExitCode;

use ann_gradcheck::Verdict;
use family::{Outcome, check};
use rayon::prelude::*;

/// How often each verdict was returned, and the numbers of the functions with a wrong verdict.
#[derive(Debug, Default)]
struct Count {
    right: BTreeMap<Verdict, u64>,
    wrong: BTreeMap<Verdict, u64>,
    misjudged: Vec<u64>,
}

impl Count {
    fn with(mut self, number: u64) -> Self {
        let Outcome { right, wrong, .. } = check(number);
        *self.right.entry(right).or_default() += 1;
        *self.wrong.entry(wrong).or_default() += 1;
        if right >= Verdict::Fail || matches!(wrong, Verdict::Pass | Verdict::Invalid) {
            self.misjudged.push(number);
        }
        self
    }

    fn and(mut self, other: Self) -> Self {
        other.right.into_iter().for_each(|(verdict, count)| *self.right.entry(verdict).or_default() += count);
        other.wrong.into_iter().for_each(|(verdict, count)| *self.wrong.entry(verdict).or_default() += count);
        self.misjudged.extend(other.misjudged);
        self
    }
}

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1).map(|argument| argument.parse::<u64>());
    let (Ok(count), Ok(first)) = (arguments.next().unwrap_or(Ok(10_000)), arguments.next().unwrap_or(Ok(0)))
    else {
        println!("usage: random_closures [how many] [number of the first]");
        return ExitCode::from(2);
    };
    let numbers = (first..first + count).into_par_iter();
    let count = numbers.fold(Count::default, Count::with).reduce(Count::default, Count::and);
    for (name, verdicts) in [("right", &count.right), ("wrong", &count.wrong)] {
        let listed: Vec<String> =
            verdicts.iter().map(|(verdict, times)| format!("{times} {verdict}")).collect();
        println!("{name}: {}", listed.join(", "));
    }
    for number in count.misjudged.iter().take(20) {
        println!("misjudged: number {number}, {:?}", check(*number));
    }
    println!("{} misjudged", count.misjudged.len());
    if count.misjudged.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
