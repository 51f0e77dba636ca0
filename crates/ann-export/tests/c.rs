//! Headers of C are compiled with every warning, and predict what models predict.

use std::io::{ErrorKind, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::{fs, thread};

use ann_export::ann_model::{Cell, Model};
use ann_export::{COptions, c};
use ann_model::ann_table::{Encoding, Schema, Target};

use crate::models::{ACTIVATIONS, TASKS, Without, rows, single};

/// Probabilities, and numbers in units of their standard deviation.
const SINGLE: f64 = 2e-6;

#[test]
fn every_activation_and_task() {
    let models: Vec<Model> = TASKS
        .into_iter()
        .flat_map(|task| ACTIVATIONS.iter().map(move |activation| single(task, Without::Nothing, activation)))
        .collect();
    let header = |number: usize, model: &Model| {
        c(model, &COptions { name: &format!("m{number}"), ..COptions::default() }).unwrap()
    };
    for (model, found) in models.iter().zip(run(&models, header)) {
        let difference = largest_difference(model, &found);
        assert!(difference <= SINGLE, "{:?}: {difference:e}", model.networks());
    }
}

const ROWS: usize = 500;
/// The fields of the schema without nothing.
const FIELDS: [&str; 8] = ["x_cm", "gap", "gr_e", "stamp", "city", "pair", "x_cm_2", "day"];

/// The predictions of all models for their rows, by one program that contains them all.
fn run(models: &[Model], header: impl Fn(usize, &Model) -> String) -> Vec<Vec<f64>> {
    let folder = tempfile::tempdir().unwrap();
    let mut main = String::from("#include <stdio.h>\n");
    let (mut calls, mut input) = (String::new(), String::new());
    for (number, model) in models.iter().enumerate() {
        fs::write(folder.path().join(format!("m{number}.h")), header(number, model)).unwrap();
        main += &format!("#define M{number}_SELF_TEST\n#include \"m{number}.h\"\n");
        calls += &call(number, model.schema());
        input += &rows(model.schema(), ROWS).iter().map(|row| line(model.schema(), row)).collect::<String>();
    }
    main += &format!("int main(void)\n{{\n{calls}    return 0;\n}}\n");
    fs::write(folder.path().join("main.c"), main).unwrap();
    compile(folder.path());
    let output = execute(&folder.path().join("main"), input);
    let numbers = |block: &str| block.split_whitespace().map(|number| number.parse().unwrap()).collect();
    output.split_terminator("end\n").map(numbers).collect()
}

/// Tests the model, reads rows and prints predictions.
fn call(number: usize, schema: &Schema) -> String {
    let formats = schema.columns.iter().zip(FIELDS).map(|(column, field)| match column.encoding {
        Encoding::Category(_) => "%d",
        Encoding::Date(_) => "%ld",
        Encoding::Number(_) if field == "stamp" => "%lf",
        Encoding::Number(_) => "%f",
    });
    let formats: String = formats.collect();
    let places = FIELDS.map(|field| format!("&row.{field}")).join(", ");
    format!(
        "    for (int n = 0; n < {ROWS}; n++) {{
        m{number}_row row;
        float p[M{number}_OUTPUTS];
        if (m{number}_self_test() != 0 || scanf(\"{formats}\", {places}) != 8) {{
            return 1;
        }}
        m{number}_predict(&row, p);
        for (int i = 0; i < M{number}_OUTPUTS; i++) {{
            printf(\"%.9g \", (double)p[i]);
        }}
    }}
    puts(\"end\");
"
    )
}

/// The cells of a row for `scanf`.
fn line(schema: &Schema, row: &[Cell<'_>]) -> String {
    let text = |(cell, encoding): (&Cell<'_>, &Encoding)| match (cell, encoding) {
        (Cell::Number(number), _) => number.to_string(),
        (Cell::Word(word), Encoding::Category(category)) => {
            category.position(word).map_or_else(|| "-1".into(), |position| position.to_string())
        }
        (_, Encoding::Category(_)) => "-2".into(),
        (_, Encoding::Date(_)) => i64::MIN.to_string(),
        (_, Encoding::Number(_)) => "nan".into(),
    };
    let cells = row.iter().zip(schema.columns.iter().map(|column| &column.encoding)).map(text);
    cells.collect::<Vec<_>>().join(" ") + "\n"
}

fn compile(folder: &Path) {
    let warnings = ["-Wall", "-Wextra", "-Wconversion", "-Wdouble-promotion", "-pedantic", "-Werror"];
    let result = Command::new("cc").current_dir(folder).args(["-std=c99", "-O1", "-o", "main"]).args(warnings).args(["main.c", "-lm"]).output();
    match result {
        Ok(output) => assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr)),
        Err(error) if error.kind() == ErrorKind::NotFound => panic!("no compiler `cc`"),
        Err(error) => panic!("cc: {error}"),
    }
}

fn execute(program: &Path, input: String) -> String {
    let mut program = Command::new(program).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdin = program.stdin.take().unwrap();
    let writer = thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = program.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", output.status);
    writer.join().unwrap().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

fn largest_difference(model: &Model, found: &[f64]) -> f64 {
    let units = match &model.schema().target {
        Target::Numbers(columns) => columns.iter().map(|column| column.scale).collect(),
        target => vec![1.0; target.outputs()],
    };
    let mut predictor = model.predictor().unwrap();
    let expected = rows(model.schema(), ROWS).iter().flat_map(|row| predictor.predict(row).unwrap().to_vec()).collect::<Vec<_>>();
    assert_eq!(found.len(), expected.len());
    let differences = found.iter().zip(expected).zip(units.iter().cycle()).map(|((found, expected), unit)| (found - expected).abs() / unit);
    differences.fold(0.0, f64::max)
}
