//! Headers of C are compiled with every warning, also as C++, and predict what models predict.

use std::fs;
use std::path::Path;
use std::process::Command;

use ann_export::ann_model::{Model, Networks};
use ann_export::{CArithmetic, COptions, c};
use ann_model::ann_core::{Activation, Architecture, Loss, Network};
use ann_model::ann_table::{Encoding, Task};
use tempfile::TempDir;

use crate::generated::{FIELDS, ROWS, SINGLE, assert_close, compile, models, run};
use crate::models::{Without, of_awkward_names, schema, single, table};

/// Curves of 128 lines differ from their functions by up to 1e-3; rounding adds less.
const INTEGER: f64 = 3e-3;

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
    assert_close(&models, &run(&program.path().join("main"), &models), INTEGER);
}

#[test]
fn what_cannot_be_exported() {
    let (model, rows, none) =
        (single(Task::Classification, Without::Nothing, &Activation::Tanh), table(), table().select(&[]));
    let integers = |rows| COptions { arithmetic: CArithmetic::Int16 { rows }, ..COptions::default() };
    for (model, options, expected) in [
        (
            &model,
            COptions { name: "2nd model", ..COptions::default() },
            r#"the name "2nd model" is no identifier: use letters, digits and _, beginning with a letter"#,
        ),
        (
            &model,
            integers(&none),
            "there are no rows from which the ranges of 16-bit integers could be chosen; pass a table with rows",
        ),
        (
            &of_small_differences(),
            integers(&rows),
            "with 16-bit integers 3 of 6 rows are predicted as by the model, expected at least 6: export in single precision",
        ),
    ] {
        assert_eq!(c(model, &options).unwrap_err().to_string(), expected);
    }
}

/// The classes differ by a weight that is far below the largest one.
fn of_small_differences() -> Model {
    let schema = schema(Task::Classification, Without::TimesAndWords);
    let architecture = Architecture::inputs(schema.plain_inputs()).dense(3, Activation::Identity);
    let mut network =
        Network::from_parameters(&architecture, vec![0.0; architecture.layout().unwrap().len()]).unwrap();
    let mut layer = network.layer_mut(1).unwrap();
    layer.weights.column_mut(1).fill(1000.0);
    layer.weights[[1, 0]] = 0.01;
    layer.weights[[2, 0]] = -1.0;
    Model::new(schema, Networks::F64(vec![network]), Loss::SoftmaxCrossEntropy).unwrap()
}

#[test]
fn names_become_distinct_identifiers() {
    let header =
        c(&single(Task::Classification, Without::Nothing, &Activation::Tanh), &COptions::default()).unwrap();
    for line in [
        "    float x_cm; /* x (cm): -3 to 11 */",
        "    float gr_e; /* Größe: 1024 to 1031 */",
        "    double stamp; /* stamp: 1700000000.5 to 1700003600 */",
        "    int city; /* city: MODEL_CITY_... */",
        "    MODEL_CITY_K_LN = 1, /* Köln */",
        "    float x_cm_2; /* x-cm: 0.1 to 4.1 */",
        "    int64_t day; /* day: seconds since 1970-01-01, or MODEL_NO_DATE */",
    ] {
        assert!(header.lines().any(|found| found == line), "{line}");
    }
}

#[test]
fn awkward_names() {
    let folder = tempfile::tempdir().unwrap();
    let header = c(&of_awkward_names(), &COptions::default()).unwrap();
    fs::write(folder.path().join("model.h"), header).unwrap();
    let main = "#define MODEL_SELF_TEST\n#include \"model.h\"\nint main(void)\n{\n    return model_self_test();\n}\n";
    fs::write(folder.path().join("main.c"), main).unwrap();
    compile_main(folder.path());
    assert!(Command::new(folder.path().join("main")).status().unwrap().success());
}

/// A program that contains a header for each model, in a folder that is removed with it.
fn compiled(models: &[Model], arithmetic: CArithmetic<'_>) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let mut main = String::from("#include <inttypes.h>\n#include <stdio.h>\n");
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
    compile_main(folder.path());
    folder
}

/// Compiles `main.c` to a program, once it is valid in other dialects, too.
fn compile_main(folder: &Path) {
    let warnings = ["-Wall", "-Wextra", "-Wconversion", "-Wdouble-promotion", "-pedantic", "-Werror"];
    let run = |compiler: &str, arguments: &[&str]| {
        compile(Command::new(compiler).current_dir(folder).args(warnings).args(arguments));
    };
    // The default of many compilers, which have macros of their own there, such as `linux`.
    run("cc", &["-std=gnu99", "-fsyntax-only", "main.c"]);
    // Rust needs a C compiler for linking, but not this one.
    if Command::new("c++").arg("--version").output().is_ok_and(|output| output.status.success()) {
        run("c++", &["-std=c++20", "-fsyntax-only", "-x", "c++", "main.c"]);
    }
    run("cc", &["-std=c99", "-O0", "-o", "main", "main.c", "-lm"]);
}

/// Tests the header, reads rows and prints predictions.
fn call(number: usize, model: &Model) -> String {
    let format = |encoding: &Encoding, field: &str| match encoding {
        Encoding::Category(_) => "%d",
        Encoding::Date(_) => "%\" SCNd64 \"",
        Encoding::Number(_) if field == "stamp" => "%lf",
        Encoding::Number(_) => "%f",
    };
    let columns = model.schema().columns.iter().zip(FIELDS);
    let formats: String = columns.map(|(column, field)| format(&column.encoding, field)).collect();
    let count = FIELDS.len();
    let places = FIELDS.map(|field| format!("&row.{field}")).join(", ");
    format!(
        "    if (m{number}_self_test() != 0) {{
        return 1;
    }}
    for (int n = 0; n < {ROWS}; n++) {{
        m{number}_row row;
        float p[M{number}_OUTPUTS];
        if (scanf(\"{formats}\", {places}) != {count}) {{
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
