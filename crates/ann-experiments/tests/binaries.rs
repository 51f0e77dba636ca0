//! The experiments as a user meets them: options in; files, a result line and an exit status out.

#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise, in its helpers too")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use temp_dir::TempDir;

#[test]
fn doughnut() {
    leaves_its_files(env!("CARGO_BIN_EXE_doughnut"), &["--epochs", "1", "--seeds", "1"], "accuracy ", true);
}
#[test]
fn squares_untrained() {
    leaves_its_files(env!("CARGO_BIN_EXE_squares"), &["--epochs", "0", "--seeds", "1"], "accuracy ", true);
}
#[test]
fn doughnut_relu() {
    leaves_its_files(
        env!("CARGO_BIN_EXE_doughnut_relu"),
        &["--epochs", "1", "--seeds", "1"],
        "accuracy ",
        true,
    );
}
#[test]
fn regression_untrained_has_not_found_the_curve() {
    leaves_its_files(env!("CARGO_BIN_EXE_regression"), &["--epochs", "0"], "R² ", false);
}
#[test]
fn provided_tests_stopped_too_early_fail() {
    leaves_its_files(env!("CARGO_BIN_EXE_provided_tests"), &["--epochs", "1"], "verdict: fail", false);
}
#[test]
fn pytorch_comparison() {
    leaves_its_files(env!("CARGO_BIN_EXE_pytorch_comparison"), &["--epochs", "3"], "verdict: pass", true);
}
#[test]
fn gradient_check_of_a_small_file() {
    let folder = TempDir::new().unwrap();
    let options = ["--data", &small_file(&folder, 1.0)];
    let last = leaves_its_files(env!("CARGO_BIN_EXE_gradient_check"), &options, "verdict: pass", true);
    assert_eq!(last, "verdict: pass", "nothing stands behind it");
}

#[test]
fn gradient_check_sees_nothing_where_inputs_saturate_every_unit() {
    let folder = TempDir::new().unwrap();
    let options = ["--data", &small_file(&folder, 1e9)];
    let output = run(env!("CARGO_BIN_EXE_gradient_check"), &options, folder.path());
    let (stdout, stderr) = texts(&output);
    assert_eq!(stdout.lines().last(), Some("verdict: vacuous"), "{stdout}\n{stderr}");
    assert_eq!(output.status.code(), Some(3));
}

#[test]
fn wrong_usage_has_an_exit_status_of_its_own() {
    let output = run(env!("CARGO_BIN_EXE_gradient_check"), &["--step", "1"], Path::new("."));
    assert!(texts(&output).1.contains("unexpected argument '--step'"), "{output:?}");
    assert_eq!(output.status.code(), Some(2));
}

/// The path of a file of four rows, with inputs up to `scale`.
fn small_file(folder: &TempDir, scale: f64) -> String {
    let file = folder.path().join("small.csv");
    let rows = [("a", 0.1, 0.9), ("b", 0.8, 0.3), ("a", 0.4, 0.6), ("b", 0.7, 0.1)];
    let lines = rows.map(|(class, x, y)| format!("{class},{},{}\n", scale * x, scale * y));
    fs::write(&file, format!("class,x,y\n{}", lines.concat())).unwrap();
    file.to_str().unwrap().to_owned()
}

/// Runs `binary` with `options` and looks for the four files of its name, the record's own list among them.
/// Gives back the last line.
#[track_caller]
fn leaves_its_files(binary: &str, options: &[&str], result: &str, success: bool) -> String {
    let folder = TempDir::new().unwrap();
    let output = run(binary, options, folder.path());
    let (stdout, stderr) = texts(&output);
    assert_eq!(output.status.success(), success, "{stdout}\n{stderr}");
    assert!(stdout.lines().last().unwrap().starts_with(result), "{stdout}");
    assert_eq!(stderr, "", "no progress where there is no terminal");

    let name = Path::new(binary).file_stem().unwrap().to_str().unwrap();
    let read =
        |file: &str| fs::read(folder.path().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
    let record: serde_json::Value = serde_json::from_slice(&read(&format!("{name}.json"))).unwrap();
    assert_eq!(record["name"], name);
    let files: Vec<&str> =
        record["files"].as_array().unwrap().iter().map(|file| file.as_str().unwrap()).collect();
    for extension in ["csv", "svg", "png"] {
        assert!(files.contains(&format!("{name}.{extension}").as_str()), "{files:?}");
    }
    assert!(files.iter().all(|file| !read(file).is_empty()));
    stdout.lines().last().unwrap().to_owned()
}

#[test]
fn a_file_of_ones_own_gives_the_same_figure() {
    // As the course's files are: tab-separated, `Class x y`, here with the line ends of another system.
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("course.tab");
    fs::write(&file, "Class\tx\ty\r\nC1\t0.5\t0.5\r\nC2\t0.1\t0.9\r\nC1\t0.4\t0.5\r\nC2\t0.9\t0.1\r\n")
        .unwrap();
    let options = ["--data", file.to_str().unwrap(), "--epochs", "50", "--seeds", "1"];
    let output = run(env!("CARGO_BIN_EXE_doughnut"), &options, folder.path());
    assert!(output.status.success(), "{:?}", texts(&output));
    let picture = fs::read_to_string(folder.path().join("doughnut.svg")).unwrap();
    assert!(picture.contains("course.tab: accuracy"), "the title names the file");
}

#[test]
fn a_file_of_another_shape_is_refused() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("three.csv");
    fs::write(&file, "class,x,y,z\na,1,2,3\nb,4,5,6\n").unwrap();
    let output = run(env!("CARGO_BIN_EXE_squares"), &["--data", file.to_str().unwrap()], folder.path());
    let (_, stderr) = texts(&output);
    assert!(stderr.contains("three.csv has 3 feature columns, this figure is drawn over 2"), "{stderr}");
    assert!(!output.status.success());
}

#[test]
fn options_explain_themselves() {
    let output = run(env!("CARGO_BIN_EXE_doughnut"), &["--help"], Path::new("."));
    let (stdout, _) = texts(&output);
    for text in
        ["--seed <N>", "[default: 100]", "--epochs <N>", "[default: 10000]", "--data <FILE>", "--seeds <N>"]
    {
        assert!(stdout.contains(text), "{text} in {stdout}");
    }
}

fn run(binary: &str, options: &[&str], out: &Path) -> Output {
    Command::new(binary).args(options).arg("--out").arg(out).output().unwrap()
}

fn texts(output: &Output) -> (String, String) {
    (String::from_utf8(output.stdout.clone()).unwrap(), String::from_utf8(output.stderr.clone()).unwrap())
}
