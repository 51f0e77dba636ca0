//! Modules of Rust need `core` alone, give no warning, and predict what models predict.

use std::fs;
use std::path::Path;
use std::process::Command;

use ann_export::ann_model::Model;
use ann_export::rust;

use crate::generated::{FIELDS, ROWS, SINGLE, assert_close, compile, models, run};
use crate::models::of_awkward_names;

#[test]
fn every_activation_and_task() {
    let models = models();
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &models);
    rustc(folder.path(), &["--crate-type", "lib", "models.rs"]);
    rustc(folder.path(), &["--extern", "models=libmodels.rlib", "main.rs"]);
    assert_close(&models, &run(&folder.path().join("main"), &models), SINGLE);
    // The modules test themselves.
    rustc(folder.path(), &["--test", "-o", "tests", "models.rs"]);
    let output = Command::new(folder.path().join("tests")).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains(&format!("{} passed; 0 failed", models.len())), "{text}");
}

#[test]
fn awkward_names() {
    let folder = tempfile::tempdir().unwrap();
    let module = rust(&of_awkward_names()).unwrap();
    fs::write(folder.path().join("models.rs"), "#![deny(warnings)]\npub mod m;\n").unwrap();
    fs::write(folder.path().join("m.rs"), module).unwrap();
    rustc(folder.path(), &["--test", "-o", "tests", "models.rs"]);
    assert!(Command::new(folder.path().join("tests")).output().unwrap().status.success());
}

/// A crate with a module for each model, and a program that reads rows and prints predictions.
fn write(folder: &Path, models: &[Model]) {
    let mut library = String::from(
        "//! Models.\n#![cfg_attr(not(test), no_std)]\n#![forbid(unsafe_code)]\n#![deny(warnings, missing_docs)]\n",
    );
    let mut calls = String::new();
    for (number, model) in models.iter().enumerate() {
        fs::write(folder.join(format!("m{number}.rs")), rust(model).unwrap()).unwrap();
        library += &format!("pub mod m{number};\n");
        calls += &call(number);
    }
    fs::write(folder.join("models.rs"), library).unwrap();
    let lines = "let mut lines = std::io::stdin().lines();";
    fs::write(folder.join("main.rs"), format!("fn main() {{\n    {lines}\n{calls}}}\n")).unwrap();
}

fn call(number: usize) -> String {
    let words = |name: &str, variants: &[&str]| {
        let known = variants.iter().enumerate();
        let arms: String =
            known.map(|(code, variant)| format!("\"{code}\" => m{number}::{name}::{variant}, ")).collect();
        format!(
            "match next() {{ {arms}\"-1\" => m{number}::{name}::Other, _ => m{number}::{name}::Missing }}"
        )
    };
    let value = |field| match field {
        "city" => words("City", &["Bonn", "KLn"]),
        "pair" => words("Pair", &["No", "Yes"]),
        "note" => words("Note", &["Late"]),
        "ward" => words("Ward", &["North"]),
        "day" => "Some(next().parse().unwrap()).filter(|seconds| *seconds != i64::MIN)".into(),
        _ => "next().parse().unwrap()".into(),
    };
    let fields = FIELDS.map(|field| format!("{field}: {}", value(field))).join(", ");
    format!(
        "    {{
        use models::m{number};
        for line in lines.by_ref().take({ROWS}) {{
            let line = line.unwrap();
            let mut cells = line.split(' ');
            let mut next = || cells.next().unwrap();
            let row = m{number}::Row {{ {fields} }};
            println!(\"{{}}\", m{number}::predict(&row).map(|value| value.to_string()).join(\" \"));
        }}
    }}
"
    )
}

fn rustc(folder: &Path, arguments: &[&str]) {
    compile(Command::new("rustc").current_dir(folder).args(["--edition", "2024"]).args(arguments));
}
