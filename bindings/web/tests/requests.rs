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
        (json!({ "do": "map", "axes": [0, 1], "points": 0 }), Code::Request, "at least 1"),
        (json!({ "do": "curve", "points": 0 }), Code::Request, "at least 1"),
        (json!({ "do": "histogram", "bins": 0 }), Code::Request, "at least 1"),
        (json!({ "do": "set", "index": 0 }), Code::Request, "both"),
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

/// Every number of every request is replaced by awkward ones. No answer is a panic, and the engine goes on.
#[test]
fn no_number_causes_a_panic() {
    let layer = json!({ "units": 3, "activation": "elu", "parameter": 1 });
    let training = |optimizer: &str, settings: Value| {
        json!({ "do": "training", "training": { "optimizer": optimizer, "settings": settings, "rate": 0.1,
            "l2": 0.01, "batch": 0, "seed": 1 } })
    };
    let requests = [
        json!({ "do": "open", "data": { "name": "hills", "rows": 50, "noise": 0.1, "seed": 1 },
            "split": { "share": 0.3, "seed": 1 },
            "network": { "hidden": [layer], "gain": 1, "seed": 1, "init": "xavier" },
            "training": { "batch": 10, "seed": 1, "loss": "huber", "parameter": 1 } }),
        json!({ "do": "network", "network": { "hidden": [layer], "gain": 1, "seed": 1 } }),
        training("momentum", json!({ "momentum": 0.9 })),
        training("adam", json!({ "beta1": 0.9, "beta2": 0.9, "epsilon": 1e-8, "decay": 0.1 })),
        training("rprop", json!({ "shrink": 0.5, "grow": 1.2, "smallest": 1e-6, "largest": 50 })),
        training("lbfgs", json!({ "history": 10 })),
        training("levenberg_marquardt", json!({ "damping": 0.01 })),
        json!({ "do": "step", "epochs": 2 }),
        json!({ "do": "history", "from": 0 }),
        json!({ "do": "map", "axes": [0, 1], "points": 3, "ranges": [[0, 1], [0, 1]] }),
        json!({ "do": "curve", "axis": 0, "points": 3, "range": [0, 1] }),
        json!({ "do": "rows", "axes": [0, 1] }),
        json!({ "do": "predict", "cells": { "x": 0.5 } }),
        json!({ "do": "set", "index": 0, "value": 0.5 }),
        json!({ "do": "histogram", "of": "activations", "layer": 1, "bins": 4 }),
        json!({ "do": "check", "step": 1e-4 }),
    ];
    let mut engine = Engine::default();
    for request in &requests {
        for (path, _) in numbers_in(request, String::new()) {
            for number in [0.0, 1.0, -1.0, 0.5, 9e15, 1e300, -1e300, 1e-300] {
                // As fast as the request allows, and without a step of a hundred thousand epochs.
                ask(&mut engine, requests[0].clone());
                let mut changed = request.clone();
                *changed.pointer_mut(&path).unwrap() = json!(number);
                // Whether it is refused does not matter here.
                _ = call(&mut engine, changed, "");
                _ = call(&mut engine, json!({ "do": "step", "epochs": 1 }), "");
                ask(&mut engine, json!({ "do": "state" }));
            }
        }
    }
}

/// The numbers in a request, with their JSON pointers.
fn numbers_in(value: &Value, path: String) -> Vec<(String, f64)> {
    let below = |(name, value): (String, &Value)| numbers_in(value, format!("{path}/{name}"));
    match value {
        Value::Number(number) => vec![(path, number.as_f64().unwrap())],
        Value::Array(list) => {
            let parts = list.iter().enumerate();
            parts.map(|(index, value)| (index.to_string(), value)).flat_map(below).collect()
        }
        Value::Object(map) => map.iter().map(|(name, value)| (name.clone(), value)).flat_map(below).collect(),
        _ => vec![],
    }
}

#[test]
fn an_odd_cell_is_named_and_the_table_can_be_read_all_the_same() {
    let mut engine = Engine::default();
    let rows: String = (0..200).map(|row| format!("{row},{},{}\n", row % 7, row % 2)).collect();
    let text = format!("income,size,left\nn.a.,4,1\n{rows}");
    let table = |options: Value| {
        let mut request = json!({ "do": "table" });
        request.as_object_mut().unwrap().extend(options.as_object().unwrap().clone());
        request
    };
    let error = call(&mut engine, table(json!({})), &text).unwrap_err();
    let answer: Value = serde_json::from_str(&error.answer().finish()).unwrap();
    assert_eq!(answer["line"], 2, "{answer}");
    assert_eq!((&answer["column"], &answer["cell"]), (&json!("income"), &json!("n.a.")));
    assert_eq!((&answer["kind"], &answer["odd"]), (&json!("number"), &json!(1)));
    let sentence = answer["error"].as_str().unwrap();
    assert!(sentence.contains("1 of 201 cells are no number") && !sentence.contains('`'), "{sentence}");

    let kinds = |answer: &Value| -> Vec<(String, String)> {
        let columns = answer["columns"].as_array().unwrap().iter();
        let text = |column: &Value, name: &str| column[name].as_str().unwrap().to_owned();
        columns.map(|column| (text(column, "name"), text(column, "kind"))).collect()
    };
    for (options, expected) in [
        (
            json!({ "missing": { "income": ["n.a.", "none"] } }),
            &[("income", "number"), ("size", "number")][..],
        ),
        (
            json!({ "as": { "income": "category", "size": "category" } }),
            &[("income", "category"), ("size", "category")],
        ),
        (json!({ "ignore": ["income"] }), &[("size", "number")]),
    ] {
        let answer = call(&mut engine, table(options.clone()), &text).unwrap().json;
        let found = kinds(&answer);
        let expected = expected.iter().chain(&[("left", "number")]);
        assert!(
            found.iter().map(|(name, kind)| (&name[..], &kind[..])).eq(expected.copied()),
            "{options}: {found:?}"
        );
        let open =
            json!({ "do": "open", "data": { "name": "table", "target": "left", "task": "classification" } });
        ask(&mut engine, open);
    }
    for (options, part) in [
        (json!({ "missing": { "incom": ["n.a."] } }), "no column \"incom\""),
        (json!({ "coerce": { "incom": "number" } }), "no column \"incom\""),
        (json!({ "coerce": { "income": "word" } }), "number, category or date"),
        (json!({ "missing": { "income": "n.a." } }), "a list"),
        (json!({ "missing": ["n.a."] }), "an object"),
        (json!({ "as": { "income": "word" } }), "number, category or date"),
        (json!({ "as": { "income": "number" } }), "expected a number"),
        (json!({ "ignore": ["incom"] }), "no column \"incom\""),
        (json!({ "header": false }), "no field \"header\""),
    ] {
        let error = call(&mut engine, table(options.clone()), &text).unwrap_err();
        assert!(error.message.contains(part), "{options}: {error:?}");
    }
    // The table before is still there.
    ask(&mut engine, json!({ "do": "open", "data": { "name": "table", "target": "size" } }));
}

/// Models of ann-model that are larger than the page shows, or predict what it does not show.
#[test]
fn models_are_limited_as_tables_are() {
    use ann_model::{Model, Networks};
    use ann_table::{Schema, SchemaOptions, Table};
    use ann_train::{Activation, Architecture, Init, Loss, Network, seeded};
    let wide: Vec<String> = (0..600).map(|column| format!("c{column}")).collect();
    let wide_row: Vec<String> = (0..600).map(|column| column.to_string()).collect();
    let wide =
        format!("{},y\n{},1.5\n{},2.5\n", wide.join(","), wide_row.join(","), wide_row[1..].join(",") + ",7");
    let classes: String = (0..130).map(|row| format!("{row}.5,k{}\n", row % 65)).collect();
    let few = "x,y,z\n1.5,2.5,3.5\n2.5,1.5,1.5\n3.5,2.5,9.5\n";
    for (text, targets, units, code, part) in [
        (few, &["z"][..], 3, None, ""),
        (&wide, &["y"], 3, Some(Code::Limit), "columns"),
        (&format!("x,y\n{classes}"), &["y"], 3, Some(Code::Limit), "classes"),
        (few, &["y", "z"], 3, Some(Code::Refused), "several numbers"),
        (few, &["z"], 257, Some(Code::Limit), "units"),
    ] {
        let table = Table::read(text.as_bytes()).unwrap();
        let schema =
            Schema::learn(&table, targets, &SchemaOptions { bins: 0, ..Default::default() }).unwrap();
        let architecture = Architecture::inputs(schema.inputs())
            .dense(units, Activation::Tanh)
            .dense(schema.target.outputs(), Activation::Identity);
        let network = Network::init(&architecture, Init::HeNormal, &mut seeded(1)).unwrap();
        let is_classes = schema.target.task() == ann_table::Task::Classification;
        let loss = if is_classes { Loss::SoftmaxCrossEntropy } else { Loss::MeanSquaredError };
        let model = Model::new(schema, Networks::F64(vec![network]), loss).unwrap();
        let mut engine = Engine::default();
        let read = call(&mut engine, json!({ "do": "model" }), model.write().unwrap());
        match code {
            None => _ = read.unwrap(),
            Some(code) => {
                let error = read.unwrap_err();
                assert!(error.code == code && error.message.contains(part), "{part}: {error:?}");
            }
        }
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

/// Two columns, of which the second has odd cells, and how many of its cells are then missing.
#[track_caller]
fn check_coerced(kind: &str, cell: impl Fn(usize) -> String, odd: &[&str], separator: char) {
    let cells = (0..300).map(cell).chain(odd.iter().map(ToString::to_string));
    let rows: String = cells.enumerate().map(|(row, cell)| format!("{row}{separator}{cell}\n")).collect();
    let request = json!({ "do": "table", "coerce": { "b": kind } });
    let answer = call(&mut Engine::default(), request, format!("a{separator}b\n{rows}")).unwrap().json;
    let expected = json!({ "name": "b", "kind": kind, "missing": odd.len(), "distinct": null });
    assert_eq!(answer["columns"][1], expected);
}

#[test]
fn all_odd_cells_of_a_column_are_missing() {
    let odd = ["n.a.", "12 or 13", "1,000", "NA", "?"];
    check_coerced("number", |row| format!("{}.5", row % 9), &odd, ';');
    check_coerced("number", |row| format!("{},5", row % 9), &["n.a.", "1.000", "soon"], ';');
    check_coerced("date", |row| format!("2024-01-{:02}", row % 28 + 1), &["soon", "2024-02-30", "7"], ',');
    // So many that the column would be one of words.
    check_coerced("number", |row| (row % 9).to_string(), &["none"; 200], ',');
}

#[test]
fn too_many_different_odd_cells_are_refused() {
    let rows: String = (0..2000).map(|row| format!("{row},word {row}\n")).collect();
    let request = json!({ "do": "table", "coerce": { "b": "number" } });
    let error = call(&mut Engine::default(), request, format!("a,b\n{rows}")).unwrap_err();
    assert_eq!(error.code, Code::Limit);
    assert!(error.message.contains("different cells of \"b\""), "{}", error.message);
}
