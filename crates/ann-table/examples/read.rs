//! Reads a table and says how long it takes: whole, or in blocks whose memory is reused.
//!
//! ```text
//! cargo run --release -p ann-table --example read -- [FILE]            # the table
//! cargo run --release -p ann-table --example read -- FILE TARGET       # and its inputs of a network
//! cargo run --release -p ann-table --example read -- FILE TARGET PART  # in blocks, encoded as PART is
//! ```
#![allow(clippy::print_stdout, reason = "an example shows its result")]

use std::env;
use std::fs::File;
use std::time::Instant;

use ann_table::{Reader, Result, Schema, SchemaOptions, Table};

const IRIS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../data/iris.csv");

fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match &arguments[..] {
        [] => encoded(&whole(IRIS)?, "species").map(|_| ())?,
        [file] => whole(file).map(|_| ())?,
        [file, target] => encoded(&whole(file)?, target).map(|_| ())?,
        [file, target, part] => in_blocks(File::open(file)?, &encoded(&Table::open(part)?, target)?)?,
        _ => return Err("expected nothing, FILE, FILE TARGET, or FILE TARGET PART".into()),
    }
    Ok(())
}

fn whole(file: &str) -> Result<Table> {
    let start = Instant::now();
    let table = Table::open(file)?;
    println!("{} rows, {} columns: {:?}", table.rows(), table.columns().len(), start.elapsed());
    Ok(table)
}

fn encoded(table: &Table, target: &str) -> Result<Schema> {
    let start = Instant::now();
    let schema = Schema::learn(table, &[target], &SchemaOptions::default())?;
    println!("learned in {:?}", start.elapsed());
    let start = Instant::now();
    let inputs = schema.features::<f32>(table)?;
    println!("{} inputs of {} rows: {:?}", inputs.ncols(), inputs.nrows(), start.elapsed());
    Ok(schema)
}

fn in_blocks(file: File, schema: &Schema) -> Result<()> {
    const ROWS: usize = 4096;
    let (start, mut rows) = (Instant::now(), 0);
    for block in Reader::default().blocks(file, schema, ROWS)? {
        rows += schema.features::<f32>(&block?)?.nrows();
    }
    println!("{rows} rows in blocks: {:?}", start.elapsed());
    Ok(())
}
