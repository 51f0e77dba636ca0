//! How long one row takes from a file of many models, opened anew: `cargo run --release -p ann-model
//! --example one_of_many FILE GROUP`. All cells of the row are missing.
#![allow(clippy::print_stdout, reason = "an example shows its result")]

use std::time::Instant;

use ann_model::file::SetEntry;
use ann_model::{Cell, ModelSet};

const RUNS: usize = 101;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(path), Some(group)) = (arguments.next(), arguments.next()) else {
        println!("expected the name of a file that `ann train --group-by` wrote, and of a group");
        return Ok(());
    };
    let mut times: Vec<f64> = Vec::new();
    for _ in 0..RUNS {
        let start = Instant::now();
        let set = ModelSet::open(&path)?;
        let Some(SetEntry::Model(model)) = set.get(&group)? else {
            return Err("there is no model of this group".into());
        };
        let cells = vec![Cell::Missing; model.schema().columns.len()];
        model.predictor()?.predict(&cells)?;
        times.push(1e3 * start.elapsed().as_secs_f64());
    }
    let first = times[0];
    times.sort_by(f64::total_cmp);
    println!("{first:.2} ms the first time, {:.2} ms the median of {RUNS}", times[RUNS / 2]);
    Ok(())
}
