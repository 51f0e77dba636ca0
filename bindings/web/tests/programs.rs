//! The Rust programs of a page make the same networks to the last bit: they are compiled and run.

use std::fs;
use std::path::Path;
use std::process::Command;

use ann_web::Engine;
use serde_json::{Value, json};

use crate::engine::{ask, call};

const TABLE: &str = "colour;size;price\nred;1,5;10\nblue;2;21\nred;3;29\n;4;41\nblue;5;50\nred;6;60\n\
blue;7;71\n\
                     red;8;79\ngreen;9;92\nblue;;33\n";

/// Settings that change, edits, a divergence; data sets, a table that is read with options, and a model.
#[test]
fn programs_make_the_same_bits() {
    let layers = |units: &[usize], activation: &str| -> Value {
        units.iter().map(|units| json!({ "units": units, "activation": activation })).collect()
    };
    let step = |epochs: usize| json!({ "do": "step", "epochs": epochs });
    let training = |training: Value| json!({ "do": "training", "training": training });
    let mut programs = Vec::new();
    let as_it_is = json!({ "do": "table" });
    let mut add = |name: &str, table: Option<&Value>, model: Option<&[u8]>, requests: Vec<Value>| {
        let mut engine = Engine::default();
        if let Some(request) = table {
            call(&mut engine, request.clone(), TABLE).unwrap();
        }
        if let Some(model) = model {
            call(&mut engine, json!({ "do": "model" }), model).unwrap();
        }
        for request in requests {
            ask(&mut engine, request);
        }
        let program = ask(&mut engine, json!({ "do": "export", "format": "rust" })).file;
        let bits = ask(&mut engine, json!({ "do": "digest" })).json["bits"].as_str().unwrap().to_owned();
        programs.push((name.to_owned(), String::from_utf8(program).unwrap(), bits));
    };
    add(
        "doughnut",
        None,
        None,
        vec![
            json!({ "do": "open", "data": { "name": "doughnut", "rows": 150, "noise": 0.02, "seed": 5 },
                "split": { "share": 0.3, "seed": 2 },
                "network": { "hidden": layers(&[4, 3], "sigmoid"), "init": "xavier", "gain": 5, "seed": 9 },
                "training": { "rate": 0.7, "l2": 1e-4 } }),
            step(13),
            step(7),
            training(json!({ "optimizer": "adam", "rate": 0.05, "batch": 16, "seed": 4 })),
            step(3),
            step(2),
            json!({ "do": "set", "index": 2, "value": -1.0 / 3.0 }),
            training(json!({ "optimizer": "lbfgs" })),
            step(4),
            step(4),
        ],
    );
    add(
        "hills",
        None,
        None,
        vec![
            json!({ "do": "open", "data": { "name": "hills", "rows": 60 },
                "network": { "hidden": layers(&[3], "tanh") } }),
            training(json!({ "optimizer": "levenberg_marquardt" })),
            step(3),
        ],
    );
    add(
        "table",
        Some(&as_it_is),
        None,
        vec![
            json!({ "do": "open", "data": { "name": "table", "target": "price", "task": "regression" },
                "split": { "share": 0.3, "seed": 1 },
                "network": { "init": "he",
                    "hidden": [{ "units": 3, "activation": "leaky_relu", "parameter": 0.1 }] },
                "training": { "optimizer": "momentum", "rate": 0.05, "loss": "huber", "parameter": 0.5 } }),
            step(20),
        ],
    );
    add(
        "diverged",
        None,
        None,
        vec![
            json!({ "do": "open", "data": { "name": "hills" }, "network": { "hidden": layers(&[5], "relu") },
                "training": { "rate": 0.1 } }),
            step(3),
            training(json!({ "rate": 1e6 })),
            step(2),
            step(500),
            training(json!({ "rate": 0.01 })),
            step(5),
        ],
    );
    let of_price = |data: Value| {
        json!({ "do": "open", "data": data, "split": { "share": 0.2, "seed": 3 },
            "network": { "hidden": layers(&[3], "tanh") }, "training": { "rate": 0.1 } })
    };
    let price = json!({ "name": "table", "target": "price", "task": "regression", "ignore": ["size"] });
    let options = json!({ "do": "table", "missing": { "colour": ["green"] }, "as": { "size": "category" } });
    add("options", Some(&options), None, vec![of_price(price.clone()), step(10)]);
    let mut engine = Engine::default();
    call(&mut engine, as_it_is.clone(), TABLE).unwrap();
    ask(&mut engine, of_price(price));
    ask(&mut engine, step(5));
    let model = ask(&mut engine, json!({ "do": "export", "format": "ann" })).file;
    let adam = training(json!({ "optimizer": "adam", "rate": 0.01 }));
    let steps = vec![of_price(json!({ "name": "model" })), step(5), adam, step(5)];
    add("model", Some(&as_it_is), Some(&model), steps);
    for (name, program, _) in &programs {
        // What a person has to do is all in the head.
        let head: String = program.lines().take_while(|line| line.starts_with("//!")).collect();
        let is_exact = name != "hills";
        assert_eq!(head.contains("with the same bits"), is_exact, "{name}: {head}");
        assert_eq!(head.contains("Levenberg–Marquardt"), !is_exact, "{name}: {head}");
        assert_eq!(head.contains("data.csv"), program.contains("open(\"data.csv\")"), "{name}: {head}");
        assert_eq!(head.contains("model.ann"), program.contains("load(\"model.ann\")"), "{name}: {head}");
    }
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("programs");
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../crates");
    fs::create_dir_all(folder.join("src/bin")).unwrap();
    let dependencies = ["ann-datasets", "ann-model", "ann-table", "ann-train"]
        .map(|name| format!("{name} = {{ path = {:?}, default-features = false }}\n", crates.join(name)));
    // The profile of these tests, so that little is compiled again.
    let manifest = format!(
        "[package]\nname = \"programs\"\nedition = \"2024\"\n[workspace]\n[dependencies]\n{}[profile.dev]\n\
         opt-level = 2\ndebug = \"line-tables-only\"\nlto = \"off\"\n",
        dependencies.concat()
    );
    fs::write(folder.join("Cargo.toml"), manifest).unwrap();
    fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.lock"), folder.join("Cargo.lock")).unwrap();
    fs::write(folder.join("data.csv"), TABLE).unwrap();
    fs::write(folder.join("model.ann"), model).unwrap();
    for (name, program, _) in &programs {
        fs::write(folder.join(format!("src/bin/{name}.rs")), program).unwrap();
    }
    for (name, program, bits) in &programs {
        let run = Command::new(env!("CARGO"))
            .args(["run", "--quiet", "--bin", name])
            .current_dir(&folder)
            .output()
            .expect("cargo runs these tests");
        let (out, err) = (String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(&run.stderr));
        assert!(run.status.success(), "{name}: {err}\n{program}");
        assert_eq!(out.trim(), bits, "{name}\n{program}");
        assert!(!err.contains("warning"), "{name}: {err}\n{program}");
    }
}
