//! Headers of C are compiled with every warning, and predict what models predict.

use std::fs;
use std::process::Command;

use ann_export::ann_model::{Cell, Model, Table};
use ann_export::{CArithmetic, COptions, c};
use ann_model::ann_table::{Encoding, Task};
use tempfile::TempDir;

use crate::generated::{FIELDS, ROWS, SINGLE, assert_close, compile, models, run};
use crate::models::{ACTIVATIONS, Without, single, table};

#[test]
fn every_activation_and_task() {
    let models = models();
    let program = compiled(&models, CArithmetic::F32);
    assert_close(&models, &run(&program.path().join("main"), &models), SINGLE);
}

#[test]
fn integers() {
    let (models, table) = (models(), table());
    let program = compiled(&models, CArithmetic::Int16 { rows: &table });
    assert_close(&models, &run(&program.path().join("main"), &models), 0.01);
}

/// A program that contains a header for each model, in a folder that is removed with it.
fn compiled(models: &[Model], arithmetic: CArithmetic<'_>) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let mut main = String::from("#include <stdio.h>\n");
    let mut calls = String::new();
    for (number, model) in models.iter().enumerate() {
        let name = format!("m{number}");
        let header = c(model, &COptions { name: &name, arithmetic }).unwrap();
        fs::write(folder.path().join(format!("{name}.h")), header).unwrap();
        main += &format!("#define M{number}_SELF_TEST\n#include \"{name}.h\"\n");
        calls += &call(number, model);
    }
    main += &format!("int main(void)\n{{\n{calls}    return 0;\n}}\n");
    fs::write(folder.path().join("main.c"), main).unwrap();
    let warnings = ["-Wall", "-Wextra", "-Wconversion", "-Wdouble-promotion", "-pedantic", "-Werror"];
    let mut compiler = Command::new("cc");
    compiler
        .current_dir(folder.path())
        .args(["-std=c99", "-O1", "-o", "main", "main.c"])
        .args(warnings)
        .arg("-lm");
    compile(&mut compiler);
    folder
}

/// Tests the header, reads rows and prints predictions.
fn call(number: usize, model: &Model) -> String {
    let format = |encoding: &Encoding, field: &str| match encoding {
        Encoding::Category(_) => "%d",
        Encoding::Date(_) => "%ld",
        Encoding::Number(_) if field == "stamp" => "%lf",
        Encoding::Number(_) => "%f",
    };
    let columns = model.schema().columns.iter().zip(FIELDS);
    let formats: String = columns.map(|(column, field)| format(&column.encoding, field)).collect();
    let places = FIELDS.map(|field| format!("&row.{field}")).join(", ");
    format!(
        "    if (m{number}_self_test() != 0) {{
        return 1;
    }}
    for (int n = 0; n < {ROWS}; n++) {{
        m{number}_row row;
        float p[M{number}_OUTPUTS];
        if (scanf(\"{formats}\", {places}) != 8) {{
            return 2;
        }}
        m{number}_predict(&row, p);
        for (int i = 0; i < M{number}_OUTPUTS; i++) {{
            printf(\"%.9g \", (double)p[i]);
        }}
        puts(\"\");
    }}
"
    )
}
