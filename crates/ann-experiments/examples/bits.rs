//! Prints the SHA-256 of trained weights: `bits INSTRUCTIONS THREADS`. Without arguments it
//! prints the available instruction sets.

#![allow(clippy::print_stdout, reason = "an example shows its result")]

use std::env;

use ann_core::InstructionSet;
use ann_experiments::bits::fingerprints;
use anyhow::{Context, Result};

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
    Ok(())
}
