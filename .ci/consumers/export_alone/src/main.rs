//! Exports a model with ann-export alone.

use ann_export::ann_model::Model;
use ann_export::{COptions, OnnxOptions, c, json, onnx, rust};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../crates/ann-model/tests/files/1");
    let model = Model::load(format!("{folder}/classification.ann"))?;
    assert!(onnx(&model, &OnnxOptions::default())?.ends_with(b"]}"), "the metadata come last");
    assert!(c(&model, &COptions::default())?.contains("model_predict"));
    assert!(rust(&model)?.contains("pub fn predict"));
    assert!(json(&model)?.starts_with(r#"{"ann":1"#));
    Ok(())
}
