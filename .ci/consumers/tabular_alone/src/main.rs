//! A CSV file becomes a model, which is saved, loaded, and predicts another table, with one dependency.

use ann_tabular::{Model, Recipe, Scoring, Table};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let file = std::env::temp_dir().join(format!("tabular_alone_{}.ann", std::process::id()));
    let table = Table::open(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../data/iris.csv"))?;
    // Without optimisation more epochs would take minutes.
    let recipe = Recipe { epochs: 1, least_updates: 0, scoring: Scoring::Off, ..Recipe::default() };
    recipe.fit(&table, "species")?.model.save(&file)?;
    let model = Model::load(&file)?;
    let predictions = model.predict(&table)?;
    assert_eq!((predictions.labels().len(), predictions.classes().len()), (150, 3));
    Ok(std::fs::remove_file(&file)?)
}
