//! What a page does, through requests: data, training, pictures, checks and downloads.

use ann_datasets::generate::to_tab;
use ann_datasets::{doughnut as doughnut_data, iris};
use ann_model::Model;
use ann_table::Table;
use ann_train::{Activation, Classifier, TrainConfig};
use ann_web::{Code, Engine, Error};
use serde_json::{Value, json};

/// Also those that `cargo xtask bits` prints for `doughnut 2-3-2 sigmoid, 100 epochs` and for
/// `Iris 4-5-10-5-3 sigmoid, 100 epochs`.
#[test]
fn networks_have_the_bits_of_the_library() {
    for (data, hidden) in [(doughnut_data(), &[3][..]), (iris(), &[5, 10, 5])] {
        let usual = Classifier::default();
        let classifier = Classifier {
            hidden: Activation::Sigmoid.layers(hidden.iter().copied()),
            train: TrainConfig { epochs: 100, stop_below: 0.0, ..usual.train },
            ..usual
        };
        let fitted = classifier.fit(&data.features, &data.targets).unwrap();
        let mut engine = Engine::default();
        let layers: Vec<Value> =
            hidden.iter().map(|units| json!({ "units": units, "activation": "sigmoid" })).collect();
        let name = if data.len() == 150 { "iris" } else { "doughnut" };
        let rate = usual_rate();
        let request = json!({ "do": "open", "data": { "name": name }, "network": { "hidden": layers },
            "training": { "rate": rate } });
        ask(&mut engine, request);
        // In parts of different lengths, as a page makes them.
        for epochs in [1, 9, 30, 60] {
            ask(&mut engine, json!({ "do": "step", "epochs": epochs }));
        }
        assert_eq!(theta(&mut engine), fitted.network().parameters(), "{name}");
    }
}

fn usual_rate() -> f64 {
    Classifier::default().train.learning_rate.peak
}

#[test]
fn every_data_set_learns_something() {
    let mut engine = Engine::default();
    let about = ask(&mut engine, json!({ "do": "about" })).json;
    for set in about["datasets"].as_array().unwrap() {
        let hidden = json!([{ "units": 8, "activation": "tanh" }]);
        let state = ask(
            &mut engine,
            json!({ "do": "open", "data": { "name": set["name"] }, "split": { "share": 0.3, "seed": 1 },
                "network": { "hidden": hidden, "seed": 1 },
                "training": { "optimizer": "adam", "rate": 0.02 } }),
        )
        .json;
        let rows = state["rows"]["train"].as_u64().unwrap() + state["rows"]["test"].as_u64().unwrap();
        assert_eq!(rows, set["rows"].as_u64().unwrap());
        let before = state["test"]["loss"].as_f64().unwrap();
        let after = ask(&mut engine, json!({ "do": "step", "epochs": 500 })).json;
        assert_eq!((&after["epoch"], &after["ran"]), (&json!(500), &json!(500)));
        let loss = after["test"]["loss"].as_f64().unwrap();
        assert!(loss < 0.95 * before, "{}: {before} to {loss}", set["name"]);
        assert!(after["test"]["metric"].as_f64().unwrap() <= 1.0);
    }
}

#[test]
fn history_says_what_the_network_was_after_each_epoch() {
    for training in [json!({ "rate": 0.3 }), json!({ "rate": 0.3, "batch": 20, "seed": 3 })] {
        let mut engine = Engine::default();
        let mut open = doughnut();
        open["split"] = json!({ "share": 0.25 });
        open["training"] = training;
        ask(&mut engine, open.clone());
        let steps = [1, 3, 1, 5];
        let mut expected = vec![];
        for epochs in steps {
            let progress = ask(&mut engine, json!({ "do": "step", "epochs": epochs })).json;
            expected.push(["train", "test"].map(|part| progress[part]["loss"].as_f64().unwrap()));
        }
        let history = ask(&mut engine, json!({ "do": "history" }));
        assert_eq!(history.json["rows"], 11);
        let rows: Vec<&[f64]> = history.numbers.chunks_exact(6).collect();
        for (end, [train, test]) in [1, 4, 5, 10].into_iter().zip(expected) {
            assert_eq!(rows[end][0], end as f64);
            // The same network in two sums over the rows, of which one may stop at a block.
            assert!((rows[end][1] - train).abs() < 1e-14 && rows[end][4] == test, "{end}");
        }
        // At once, it is the same history.
        let mut at_once = Engine::default();
        ask(&mut at_once, open);
        ask(&mut at_once, json!({ "do": "step", "epochs": 10 }));
        assert_eq!(theta(&mut at_once), theta(&mut engine));
    }
}

#[test]
fn maps_and_curves_show_what_the_network_computes() {
    let mut engine = Engine::default();
    ask(&mut engine, doughnut());
    ask(&mut engine, json!({ "do": "step", "epochs": 50 }));
    let map = ask(
        &mut engine,
        json!({ "do": "map", "axes": [0, 1], "points": 4, "ranges": [[0, 1], [0, 1]], "what": "all" }),
    );
    assert_eq!(
        map.json,
        json!({ "points": 4, "ranges": [[0.0, 1.0], [0.0, 1.0]], "hidden": [3], "outputs": 2 })
    );
    assert_eq!(map.numbers.len(), (3 + 2) * 16);
    let theta = theta(&mut engine);
    let sigmoid = |z: f64| 1.0 / (1.0 + (-z).exp());
    // The upper left cell is x = 1/8, y = 7/8; the next one to the right x = 3/8.
    for (cell, x, y) in [(0, 0.125, 0.875), (1, 0.375, 0.875), (15, 0.875, 0.125)] {
        for unit in 0..3 {
            let a = sigmoid(theta[2 * unit] * x + theta[2 * unit + 1] * y + theta[6 + unit]);
            assert!((map.numbers[16 * unit + cell] - a).abs() < 1e-14, "{cell} {unit}");
        }
        assert!((map.numbers[48 + cell] + map.numbers[64 + cell] - 1.0).abs() < 1e-14);
    }
    let curve = ask(
        &mut engine,
        json!({ "do": "curve", "axis": 1, "points": 3, "range": [0, 1], "what": "outputs" }),
    );
    assert_eq!((curve.numbers.len(), &curve.json["hidden"]), (2 * 3, &json!([])));
}

#[test]
fn predictions_are_those_of_the_model() {
    let mut engine = Engine::default();
    let text =
        "colour,size,price\nred,1,10\nblue,2,21\nred,3,29\n,4,41\nblue,5,50\nred,6,60\nblue,7,71\nred,8,79\n";
    let table = call(&mut engine, json!({ "do": "table" }), text).unwrap().json;
    assert_eq!((&table["target"], &table["rows"]), (&json!("price"), &json!(8)));
    let state = ask(
        &mut engine,
        json!({ "do": "open", "data": { "name": "table", "target": "price", "task": "regression" },
            "network": { "hidden": [] }, "training": { "optimizer": "lbfgs" } }),
    )
    .json;
    assert_eq!(state["inputs"], json!(["colour = red", "colour is missing", "size"]));
    assert_eq!(state["axes"], json!([1]));
    ask(&mut engine, json!({ "do": "step", "epochs": 50 }));
    let found = ask(&mut engine, json!({ "do": "predictions" }));
    let model = model(&mut engine);
    let table = Table::read(text.as_bytes()).unwrap();
    let predicted = model.predict(&table).unwrap();
    for (row, expected) in predicted.values().column(0).iter().enumerate() {
        // The model keeps to the range that it has learned.
        let value = found.numbers[3 * row].clamp(10.0, 79.0);
        assert!((value - expected).abs() < 1e-12, "{row}: {value} {expected}");
    }
    let one = ask(&mut engine, json!({ "do": "predict", "cells": { "size": 4 } })).json;
    assert!((one["values"][0].as_f64().unwrap() - predicted.values()[[3, 0]]).abs() < 1e-12);
    let rows = ask(&mut engine, json!({ "do": "rows", "axes": [1] }));
    assert_eq!(rows.numbers[..2].len() + rows.numbers.len(), 2 + 8 * 4);
    assert_eq!((rows.numbers[0], rows.numbers[2], rows.numbers[3]), (1.0, 10.0, 0.0));
}

#[test]
fn a_model_is_opened_shown_and_trained_on() {
    let mut engine = Engine::default();
    ask(
        &mut engine,
        json!({ "do": "open", "data": { "name": "iris" },
        "network": { "hidden": [{ "units": 4, "activation": "tanh" }] }, "training": { "rate": 0.2 } }),
    );
    ask(&mut engine, json!({ "do": "step", "epochs": 30 }));
    let (before, file) = (theta(&mut engine), ask(&mut engine, json!({ "do": "export" })).file);

    let mut other = Engine::default();
    let model = call(&mut other, json!({ "do": "model" }), &file).unwrap().json;
    assert_eq!((&model["networks"], &model["precision"]), (&json!(1), &json!("f64")));
    let state = ask(&mut other, json!({ "do": "open", "data": { "name": "model" } })).json;
    assert_eq!((&state["trainable"], &state["rows"]["train"]), (&json!(false), &json!(0)));
    assert_eq!(theta(&mut other), before);
    assert_eq!(ask(&mut other, json!({ "do": "map", "axes": [2, 3], "points": 5 })).numbers.len(), 7 * 25);
    assert_eq!(refused(&mut other, json!({ "do": "step" })).code, Code::Absent);

    let iris = to_tab(&iris());
    call(&mut other, json!({ "do": "table" }), &iris).unwrap();
    let state =
        ask(&mut other, json!({ "do": "open", "data": { "name": "model" }, "training": { "rate": 0.2 } }))
            .json;
    assert_eq!(state["rows"]["train"], 150);
    ask(&mut other, json!({ "do": "step", "epochs": 30 }));
    // As without the pause.
    ask(&mut engine, json!({ "do": "step", "epochs": 30 }));
    assert_eq!(
        ask(&mut other, json!({ "do": "digest" })).json,
        ask(&mut engine, json!({ "do": "digest" })).json
    );
}

/// R² is that of the predictions for every loss, after every epoch, of both parts.
#[test]
fn r_squared_is_there_for_every_loss() {
    for (loss, batch) in [("mean_squared_error", 0), ("absolute_error", 0), ("huber", 0), ("huber", 16)] {
        let mut engine = Engine::default();
        ask(
            &mut engine,
            json!({ "do": "open", "data": { "name": "hills" }, "split": { "share": 0.3 },
                "network": { "hidden": [{ "units": 4, "activation": "tanh" }] },
                "training": { "rate": 0.05, "loss": loss, "batch": batch } }),
        );
        for epochs in [1, 5] {
            let progress = ask(&mut engine, json!({ "do": "step", "epochs": epochs })).json;
            let rows = ask(&mut engine, json!({ "do": "rows", "axes": [0, 1] })).numbers;
            let predictions = ask(&mut engine, json!({ "do": "predictions" })).numbers;
            for (is_test, part) in [(0.0, "train"), (1.0, "test")] {
                let pairs = rows.chunks(4).zip(predictions.chunks(3)).filter(|(row, _)| row[3] == is_test);
                let (truth, residuals): (Vec<f64>, Vec<f64>) =
                    pairs.map(|(row, predicted)| (row[2], predicted[1])).unzip();
                let mean = truth.iter().sum::<f64>() / truth.len() as f64;
                let all: f64 = truth.iter().map(|y| (y - mean) * (y - mean)).sum();
                let rest: f64 = residuals.iter().map(|residual| residual * residual).sum();
                let found = progress[part]["metric"].as_f64().expect("there is an R²");
                assert!((found - (1.0 - rest / all)).abs() < 1e-9, "{loss} {part}: {found}");
            }
        }
        let history = ask(&mut engine, json!({ "do": "history" })).numbers;
        assert!(history.chunks(6).all(|row| row[3].is_finite() && row[5].is_finite()), "{loss} {history:?}");
        let last = history.chunks(6).last().unwrap();
        let state = ask(&mut engine, json!({ "do": "state" })).json;
        assert_eq!(state["train"]["metric"].as_f64().unwrap(), last[3]);
    }
}

/// The best epoch is one of networks that still exist, and of losses that can be compared.
#[test]
fn the_best_epoch_is_found_again_after_a_change_by_hand() {
    let mut engine = Engine::default();
    let open = json!({ "do": "open", "data": { "name": "hills" }, "training": { "rate": 0.05 },
        "network": { "hidden": [{ "units": 4, "activation": "tanh" }] } });
    ask(&mut engine, open);
    ask(&mut engine, json!({ "do": "step", "epochs": 20 }));
    let history = ask(&mut engine, json!({ "do": "history" })).numbers;
    let best = |engine: &mut Engine| ask(engine, json!({ "do": "state" })).json["best"].clone();
    assert_eq!(best(&mut engine), json!({ "epoch": 20, "loss": history[20 * 6 + 1] }));
    // The network after epoch 20 is another one now, and worse.
    ask(&mut engine, json!({ "do": "set", "index": 0, "value": 50 }));
    assert_eq!(best(&mut engine), json!({ "epoch": 19, "loss": history[19 * 6 + 1] }));
    // Losses of another kind are not compared with those before.
    let state =
        ask(&mut engine, json!({ "do": "training", "training": { "rate": 0.01, "loss": "absolute_error" } }))
            .json;
    assert_eq!(state["best"], json!({ "epoch": 20, "loss": state["train"]["loss"] }));
    // A penalty is no part of the loss.
    let training = json!({ "rate": 0.01, "loss": "absolute_error", "l2": 0.1 });
    let after = ask(&mut engine, json!({ "do": "training", "training": training })).json;
    assert_eq!(after["best"], state["best"]);
}

#[test]
fn weights_can_be_edited() {
    let mut engine = Engine::default();
    ask(&mut engine, doughnut());
    let before = theta(&mut engine);
    let state = ask(&mut engine, json!({ "do": "set", "index": 3, "value": -1.0 / 3.0 })).json;
    assert_eq!(state["epoch"], 0);
    let mut edited = before.clone();
    edited[3] = -1.0 / 3.0;
    assert_eq!(theta(&mut engine), edited);
    let bytes: Vec<u8> = before.iter().flat_map(|number| number.to_le_bytes()).collect();
    call(&mut engine, json!({ "do": "set" }), &bytes).unwrap();
    assert_eq!(theta(&mut engine), before);
    for wrong in [json!({ "do": "set", "index": 17, "value": 0 }), json!({ "do": "set", "index": 0 })] {
        assert_eq!(refused(&mut engine, wrong).code, Code::Request);
    }
    assert_eq!(theta(&mut engine), before);
}

#[test]
fn a_rate_that_is_too_high_is_told_and_the_network_stays_finite() {
    let mut engine = Engine::default();
    let mut open = json!({ "do": "open", "data": { "name": "hills" },
        "network": { "hidden": [{ "units": 5, "activation": "relu" }] }, "training": { "rate": 1e6 } });
    ask(&mut engine, open.clone());
    let progress = ask(&mut engine, json!({ "do": "step", "epochs": 1000 })).json;
    let error = progress["error"].as_str().expect("a rate of a million is too high");
    assert!(error.contains("learning rate"), "{error}");
    assert!(theta(&mut engine).iter().all(|parameter| parameter.is_finite()));
    assert!(progress["train"]["loss"].as_f64().unwrap().is_finite());
    let findings = ask(&mut engine, json!({ "do": "findings" })).json;
    assert_eq!(findings["findings"][0]["kind"], "diverged");
    // Dead from the beginning: every bias far below 0.
    open["training"]["rate"] = json!(0.01);
    ask(&mut engine, open);
    for unit in 0..5 {
        ask(&mut engine, json!({ "do": "set", "index": 10 + unit, "value": -100 }));
    }
    ask(&mut engine, json!({ "do": "step", "epochs": 20 }));
    let findings = ask(&mut engine, json!({ "do": "findings" })).json.to_string();
    assert!(findings.contains("idle_units") && findings.contains("5 of 5 units"), "{findings}");
}

#[test]
fn gradients_are_checked_entry_by_entry() {
    let mut engine = Engine::default();
    let mut open = doughnut();
    open["network"]["hidden"] = json!([{ "units": 4, "activation": "relu" }]);
    ask(&mut engine, open);
    let check = ask(&mut engine, json!({ "do": "check" }));
    assert_eq!(check.json["verdict"], "pass", "{}", check.json["report"]);
    assert_eq!((&check.json["entries"], &check.json["names"][1]), (&json!(22), &json!("W¹[0, 1]")));
    let gradient = ask(&mut engine, json!({ "do": "gradient" })).numbers;
    for (entry, expected) in check.numbers.chunks_exact(7).zip(gradient) {
        assert_eq!(entry[1], expected);
        assert!((entry[1] - entry[2]).abs() <= entry[3]);
        assert_eq!(entry[6], 0.0);
    }
}

#[test]
fn histograms_count_everything() {
    let mut engine = Engine::default();
    ask(&mut engine, doughnut());
    for (of, layer, count) in [
        ("weights", Value::Null, 12.0),
        ("weights", json!(1), 6.0),
        ("biases", json!(2), 2.0),
        ("gradient", Value::Null, 17.0),
        ("activations", json!(1), 3.0 * 216.0),
    ] {
        let request = json!({ "do": "histogram", "of": of, "layer": layer, "bins": 7 });
        assert_eq!(ask(&mut engine, request).numbers.iter().sum::<f64>(), count, "{of}");
    }
}

pub fn doughnut() -> Value {
    json!({ "do": "open", "data": { "name": "doughnut" },
        "network": { "hidden": [{ "units": 3, "activation": "sigmoid" }] }, "training": { "rate": 0.3 } })
}

/// An answer, read.
#[derive(Debug)]
pub struct Answer {
    pub json: Value,
    pub numbers: Vec<f64>,
    pub file: Vec<u8>,
}

#[track_caller]
pub fn ask(engine: &mut Engine, request: Value) -> Answer {
    call(engine, request.clone(), "").unwrap_or_else(|error| panic!("{request}: {error:?}"))
}

#[track_caller]
pub fn refused(engine: &mut Engine, request: Value) -> Error {
    call(engine, request, "").expect_err("the request is wrong")
}

pub fn call(engine: &mut Engine, request: Value, attachment: impl AsRef<[u8]>) -> Result<Answer, Error> {
    let ann_web::Answer { json, numbers, file } =
        engine.call(request.to_string().as_bytes(), attachment.as_ref().to_vec())?;
    Ok(Answer { json: serde_json::from_str(&json).unwrap(), numbers, file })
}

pub fn theta(engine: &mut Engine) -> Vec<f64> {
    ask(engine, json!({ "do": "theta" })).numbers
}

fn model(engine: &mut Engine) -> Model {
    Model::read(&ask(engine, json!({ "do": "export", "format": "ann" })).file).unwrap()
}
