//! How long a model of 1 MB takes to load: `cargo run --release -p ann-model --example load`
#![allow(clippy::print_stdout, reason = "an example shows its result")]

use std::time::Instant;

use ann_model::ann_core::{Activation, Architecture, Init, Loss, Network, seeded};
use ann_model::ann_table::{Schema, SchemaOptions, Table};
use ann_model::{Model, Networks};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Four networks of two times 250 units: 4 · (250² + …) numbers of 4 bytes.
    let table = Table::read("age,city,plan\n31,Bonn,a\n52,Köln,b\n,Bonn,b\n48,Trier,a\n".as_bytes())?;
    let schema = Schema::learn(&table, &["plan"], &SchemaOptions::default())?;
    let architecture = Architecture::inputs(schema.inputs())
        .with_layers(Activation::Silu.layers([250, 250]))
        .dense(2, Activation::Identity);
    let networks = (0..4).map(|seed| Network::init(&architecture, Init::default(), &mut seeded(seed)));
    let networks = Networks::F32(networks.collect::<Result<_, _>>()?);
    let model = Model::new(schema, networks, Loss::SoftmaxCrossEntropy)?;

    let path = std::env::temp_dir().join(format!("load-{}.ann", std::process::id()));
    model.save(&path)?;
    let size = std::fs::metadata(&path)?.len();
    let mut times: Vec<f64> = Vec::new();
    for _ in 0..101 {
        let start = Instant::now();
        Model::load(&path)?;
        times.push(1e3 * start.elapsed().as_secs_f64());
    }
    std::fs::remove_file(&path)?;
    times.sort_by(f64::total_cmp);
    println!("{size} bytes load in {:.2} ms, the median of {}", times[times.len() / 2], times.len());
    Ok(())
}
