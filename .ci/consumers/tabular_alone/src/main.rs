//! A CSV file becomes a model, which is saved, loaded, and predicts another table, with one dependency.

use ann_tabular::{Model, Recipe, Table};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let file = std::env::temp_dir().join(format!("tabular_alone_{}.ann", std::process::id()));
    let table = Table::open(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../data/iris.csv"))?;
    Recipe::default().fit(&table, "species")?.model.save(&file)?;
    let model = Model::load(&file)?;
    let predictions = model.predict(&table)?;
    assert!(predictions.labels().starts_with(&["setosa"; 50]));
    Ok(std::fs::remove_file(&file)?)
}
