//! JSON holds every number of a model.

use std::str::FromStr;

use ann_export::ann_model::{Model, Networks};
use ann_export::json;
use ann_model::ann_core::Activation;
use ann_model::ann_table::Task;
use serde_json::Value;

use crate::models::{ACTIVATIONS, Without, double, single};

#[test]
fn weights_are_written_to_the_last_bit() {
    let single = single(Task::Classification, Without::Nothing, &Activation::Tanh);
    let double = double(Task::Classification, Without::Nothing, &Activation::Tanh);
    let Networks::F32(networks) = single.networks() else { panic!("single precision") };
    for network in networks {
        check(&single, network.parameters());
    }
    let Networks::F64(networks) = double.networks() else { panic!("double precision") };
    for network in networks {
        check(&double, network.parameters());
    }
}

/// The numbers follow each other in the text.
#[track_caller]
fn check<F: FromStr + PartialEq>(model: &Model, parameters: &[F]) {
    let text = json(model).unwrap();
    let numbers = text.split(|letter: char| !letter.is_ascii_digit() && !".e-".contains(letter));
    let numbers: Vec<F> = numbers.filter_map(|number| number.parse().ok()).collect();
    assert!(numbers.windows(parameters.len()).any(|window| window == parameters));
}

#[test]
fn the_layout() {
    let model = read(&single(Task::Classification, Without::Nothing, &Activation::Elu { alpha: 0.25 }));
    for (place, expected) in [
        ("/ann", "1"),
        ("/task", r#""classification""#),
        ("/output", r#""softmax""#),
        ("/precision", r#""f32""#),
        ("/columns/0/name", r#""x (cm)""#),
        ("/columns/1/flag", "true"),
        ("/columns/4/categories", r#"["Bonn","Köln"]"#),
        ("/columns/9/parts/1/part", r#""month""#),
        ("/ignored/0/why", r#""asked""#),
        ("/target/classes", r#"["a","b","c"]"#),
        ("/networks/0/layers/0/activation", r#""elu""#),
        ("/networks/0/layers/0/parameter", "0.25"),
        ("/networks/1/inputs", "41"),
        ("/residuals", "null"),
    ] {
        assert_eq!(model.pointer(place).map(Value::to_string).as_deref(), Some(expected), "{place}");
    }
}

#[test]
fn every_activation_has_a_name() {
    let name = |activation| {
        let model = read(&single(Task::Regression, Without::Nothing, activation));
        model.pointer("/networks/0/layers/0/activation").unwrap().as_str().unwrap().to_owned()
    };
    assert_eq!(
        ACTIVATIONS.each_ref().map(name),
        [
            "identity",
            "sigmoid",
            "tanh",
            "relu",
            "leaky_relu",
            "elu",
            "selu",
            "softplus",
            "silu",
            "mish",
            "gelu"
        ]
    );
}

fn read(model: &Model) -> Value {
    serde_json::from_str(&json(model).unwrap()).unwrap()
}
