//! Prints the SHA-256 of trained weights, and of the file of a model of a table: `bits INSTRUCTIONS THREADS`.
//! Without arguments it prints the available instruction sets.

#![allow(clippy::print_stdout, reason = "an example shows its result")]

use std::env;

use ann_core::InstructionSet;
use ann_experiments::bits::fingerprints;
use ann_tabular::{Recipe, Scoring, Table};
use anyhow::{Context, Result};

const IRIS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../data/iris.csv");

fn main() -> Result<()> {
    let mut arguments = env::args().skip(1);
    let Some(asked) = arguments.next() else {
        for instructions in InstructionSet::available() {
            println!("{instructions}");
        }
        return Ok(());
    };
    let instructions = InstructionSet::available().into_iter().find(|found| found.to_string() == asked);
    instructions.with_context(|| format!("this processor has no {asked} instructions"))?.choose()?;
    let threads = arguments.next().context("expected INSTRUCTIONS THREADS")?.parse()?;
    for (name, sha256) in fingerprints(threads)? {
        println!("{sha256}  {name}");
    }
    println!("{}  the file of a model of Iris, 8 epochs", model(threads)?);
    Ok(())
}

/// The digest of the file, in which the score and its making are, too.
fn model(threads: usize) -> Result<String> {
    let recipe =
        Recipe { epochs: 8, least_updates: 0, scoring: Scoring::HoldOut(0.2), threads, ..Recipe::default() };
    Ok(recipe.fit(&Table::open(IRIS)?, "species")?.model.digest()?)
}
