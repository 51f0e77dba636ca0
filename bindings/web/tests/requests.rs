//! Requests that are wrong: each has its code and a sentence, and the lab stays as it was.

use ann_web::{Code, Engine};
use serde_json::{Value, json};

use crate::engine::{ask, call, doughnut, refused, theta};

#[test]
fn mistakes_have_codes_and_leave_the_lab_alone() {
    let mut engine = Engine::default();
    assert_eq!(refused(&mut engine, json!({ "do": "step" })).code, Code::Absent);
    ask(&mut engine, doughnut());
    let before = theta(&mut engine);
    let with = |change: fn(&mut Value)| {
        let mut open = doughnut();
        change(&mut open);
        open
    };
    for (request, code, part) in [
        (json!(3), Code::Request, "expected an object"),
        (json!({}), Code::Request, "no \"do\""),
        (json!({ "do": "fly" }), Code::Request, "no request \"fly\""),
        (json!({ "do": "step", "epoch": 3 }), Code::Request, "no field \"epoch\""),
        (json!({ "do": "step", "epochs": -1 }), Code::Request, "a whole number"),
        (json!({ "do": "step", "epochs": 100_001 }), Code::Limit, "100000"),
        (with(|open| open["data"] = json!({ "name": "moons" })), Code::Request, "no data \"moons\""),
        (with(|open| open["data"]["rows"] = json!(1_000_000)), Code::Limit, "rows"),
        (with(|open| open["data"]["rows"] = json!(0)), Code::File, "no row"),
        (with(|open| open["data"]["noise"] = json!(2)), Code::Request, "noise"),
        (with(|open| open["split"] = json!({ "share": 1.5 })), Code::Refused, "share"),
        (with(|open| open["network"]["hidden"][0]["units"] = json!(0)), Code::Refused, "layer 1"),
        (with(|open| open["network"]["hidden"][0]["units"] = json!(257)), Code::Limit, "256"),
        (with(|open| open["network"]["hidden"][0]["activation"] = json!("step")), Code::Request, "step"),
        (with(|open| open["training"]["rate"] = json!(-1)), Code::Refused, "rate"),
        (with(|open| open["training"]["optimizer"] = json!("sgd")), Code::Request, "sgd"),
        (with(|open| open["training"]["loss"] = json!("huber")), Code::Refused, "does not suit"),
        (
            with(|open| open["training"] = json!({ "optimizer": "levenberg_marquardt" })),
            Code::Refused,
            "Levenberg",
        ),
        (
            with(|open| open["training"] = json!({ "optimizer": "lbfgs", "batch": 8 })),
            Code::Refused,
            "L-BFGS",
        ),
        (with(|open| open["data"] = json!({ "name": "table", "target": "y" })), Code::Absent, "no table"),
        (json!({ "do": "map", "axes": [0, 2] }), Code::Request, "no column 2"),
        (json!({ "do": "map", "axes": [0] }), Code::Request, "two columns"),
        (json!({ "do": "map", "axes": [0, 1], "points": 201 }), Code::Limit, "200"),
        (json!({ "do": "map", "axes": [0, 1], "ranges": [[0, 1], [1, 1]] }), Code::Request, "a range"),
        (json!({ "do": "histogram", "layer": 3 }), Code::Request, "no such layer"),
        (json!({ "do": "export", "format": "pmml" }), Code::Request, "pmml"),
        (json!({ "do": "check", "step": 0 }), Code::Refused, "step"),
        (json!({ "do": "predict", "cells": { "z": 1 } }), Code::Request, "no column \"z\""),
    ] {
        let error = refused(&mut engine, request.clone());
        assert_eq!(error.code, code, "{request}: {error:?}");
        assert!(error.message.contains(part), "{request}: {error:?}");
        assert_eq!(theta(&mut engine), before, "{request}");
    }
}

#[test]
fn files_that_are_wrong_name_their_line() {
    let mut engine = Engine::default();
    for (text, line, part) in [
        ("x,y\n1,a\n2\n", Some(3), "line 3"),
        ("x,y\n1,a\n\u{0}2,b\n", Some(3), "value 0"),
        ("", None, "empty"),
        ("x,y\n", None, "no row"),
    ] {
        let error = call(&mut engine, json!({ "do": "table" }), text).unwrap_err();
        assert_eq!(error.code, Code::File, "{error:?}");
        let answer: Value = serde_json::from_str(&error.answer().finish()).unwrap();
        assert_eq!(answer["line"].as_u64(), line, "{error:?}");
        assert!(error.message.contains(part), "{error:?}");
    }
    let error = call(&mut engine, json!({ "do": "model" }), "no model").unwrap_err();
    assert_eq!(error.code, Code::File);
    call(&mut engine, json!({ "do": "table" }), "x,y\n1,2\nb,1.5\n4,3.5\n").unwrap();
    let open = json!({ "do": "open", "data": { "name": "table", "target": "z" } });
    assert!(refused(&mut engine, open).message.contains("the columns are"));
    let mut large = b"x,y\n".to_vec();
    large.resize(17 << 20, b'1');
    let error = call(&mut engine, json!({ "do": "table" }), &large).unwrap_err();
    assert_eq!(error.code, Code::Limit, "{error:?}");
}
