//! What is exported has the same bytes as before. `cargo xtask onnx` showed that those are right.

use std::path::Path;
use std::{env, fs};

use ann_export::{CArithmetic, COptions, OnnxInputs, OnnxOptions, OnnxPrecision, c, json, onnx, rust};
use ann_model::ann_core::Activation;
use ann_model::ann_table::Task;

use crate::models::{Without, double, single, table};

#[test]
fn graphs() {
    let classifier = single(Task::Classification, Without::Nothing, &Activation::Mish);
    let regressor = double(Task::Regression, Without::TimesAndWords, &Activation::Gelu);
    let labels = single(Task::MultiLabel, Without::Times, &Activation::Selu);
    let double = OnnxOptions { precision: OnnxPrecision::F64, inputs: OnnxInputs::Matrix };
    let single = OnnxOptions { precision: OnnxPrecision::F32, ..OnnxOptions::default() };
    check("classification.onnx", &onnx(&classifier, &OnnxOptions::default()).unwrap());
    check("regression.onnx", &onnx(&regressor, &double).unwrap());
    check("labels.onnx", &onnx(&labels, &single).unwrap());
}

/// Numbers are predicted, because probabilities depend on the platform in the last digit.
#[test]
fn texts() {
    let (model, rows) = (single(Task::Regression, Without::Nothing, &Activation::Silu), table());
    let integers = COptions { name: "small", arithmetic: CArithmetic::Int16 { rows: &rows } };
    check("model.h", c(&model, &COptions::default()).unwrap().as_bytes());
    check("small.h", c(&model, &integers).unwrap().as_bytes());
    check("model.rs.txt", rust(&model).unwrap().as_bytes());
    check("model.json", json(&model).unwrap().as_bytes());
}

#[track_caller]
fn check(file: &str, bytes: &[u8]) {
    let path = Path::new("tests/golden").join(file);
    if env::var_os("ANN_BLESS").is_some() {
        fs::write(&path, bytes).unwrap();
    }
    assert!(
        fs::read(&path).unwrap_or_default() == bytes,
        "not as in {}; if that is meant, run `cargo xtask onnx`, then this test with ANN_BLESS=1",
        path.display()
    );
}
