//! The sessions whose digests WebAssembly must have, too: `node.mjs` makes them there.

use std::fs;

use ann_web::Engine;
use serde_json::{Value, json};

use crate::engine::{ask, call};

const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/sessions.json");

/// With the environment variable `BLESS` the digests are written instead.
#[test]
fn sessions_have_their_digests() {
    let mut sessions: Vec<Value> = serde_json::from_str(&fs::read_to_string(PATH).unwrap()).unwrap();
    let mut differing = vec![];
    for session in &mut sessions {
        let mut engine = Engine::default();
        if let Some(table) = session["attachment"].as_str() {
            call(&mut engine, json!({ "do": "table" }), table).unwrap();
        }
        for request in session["requests"].as_array().unwrap() {
            ask(&mut engine, request.clone());
        }
        let digest = ask(&mut engine, json!({ "do": "digest" })).json["theta"].take();
        if session["digest"] != digest {
            differing.push(session["name"].clone());
        }
        session["digest"] = digest;
    }
    if std::env::var_os("BLESS").is_some() {
        let lines: Vec<String> = sessions.iter().map(Value::to_string).collect();
        fs::write(PATH, format!("[\n{}\n]\n", lines.join(",\n"))).unwrap();
    } else {
        assert!(differing.is_empty(), "{differing:?}");
    }
}
