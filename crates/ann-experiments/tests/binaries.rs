//! The experiments as a user meets them: options in; files, a result line and an exit status out.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};
use tempfile::TempDir;

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
fn optimizers_with_too_few_passes_reach_no_goal() {
    let last = leaves_its_files(env!("CARGO_BIN_EXE_optimizers"), &["--epochs", "5"], "verdict: fail", false);
    assert_eq!(last, "verdict: fail  fewest passes none, none, none  least time none, none, none");
}
#[test]
fn gradient_check_of_a_small_file() {
    let folder = tempfile::tempdir().unwrap();
    let options = ["--data", &small_file(&folder, 1.0)];
    let last = leaves_its_files(env!("CARGO_BIN_EXE_gradient_check"), &options, "verdict: pass", true);
    assert_eq!(last, "verdict: pass");
}

#[test]
fn gradient_check_sees_nothing_where_inputs_saturate_every_unit() {
    let folder = tempfile::tempdir().unwrap();
    let options = ["--data", &small_file(&folder, 1e9)];
    let output = run(env!("CARGO_BIN_EXE_gradient_check"), &options, folder.path());
    let (stdout, stderr) = texts(&output);
    assert_eq!(stdout.lines().last(), Some("verdict: vacuous"), "{stdout}\n{stderr}");
    assert_eq!(output.status.code(), Some(3));
}

#[test]
fn a_regression_that_is_not_the_noise_says_why() {
    for (options, likely) in [
        (["--epochs", "200", "--test", "0.3"], "Likely: the loss was still falling after 200 epochs"),
        (
            ["--hidden", "none", "--epochs", "2000"],
            "a network without hidden layers only draws a straight line",
        ),
        // Two rows train.
        (["--test", "0.98", "--epochs", "20000"], "Likely: the network fits the noise as well"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let output = run(env!("CARGO_BIN_EXE_regression"), &options, folder.path());
        let (stdout, _) = texts(&output);
        assert!(stdout.contains("residuals with root mean square ") && stdout.contains(likely), "{stdout}");
        assert_eq!(output.status.code(), Some(1));
    }
}

#[test]
fn a_negative_rate_is_a_number_out_of_range() {
    let output = run(env!("CARGO_BIN_EXE_regression"), &["--rate", "-1"], Path::new("."));
    assert!(texts(&output).1.contains("expected a number above 0"), "{output:?}");
    assert_eq!(output.status.code(), Some(2));
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
/// Returns the last line.
#[track_caller]
fn leaves_its_files(binary: &str, options: &[&str], result: &str, success: bool) -> String {
    let folder = tempfile::tempdir().unwrap();
    let output = run(binary, options, folder.path());
    let (stdout, stderr) = texts(&output);
    assert_eq!(output.status.success(), success, "{stdout}\n{stderr}");
    assert!(stdout.lines().last().unwrap().starts_with(result), "{stdout}");
    assert_eq!(stderr, "", "no progress where there is no terminal");

    let name = Path::new(binary).file_stem().unwrap().to_str().unwrap();
    let read =
        |file: &str| fs::read(folder.path().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
    let record = record(folder.path(), name);
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
    // A file like the course's: tab-separated, `Class x y`, here with line ends of Windows.
    let folder = tempfile::tempdir().unwrap();
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
    refuses(
        "class,x,y,z\na,1,2,3\nb,4,5,6\n",
        &[],
        "own.csv has 3 feature columns, this figure is drawn over 2: keep two of them beside the target \"class\"",
    );
    refuses(
        "class,x,y\na,1,2\nb,4,5\nc,6,7\n",
        &[],
        "own.csv has 3 classes in column \"class\", this figure needs 2: \"a\", \"b\", \"c\"",
    );
    refuses(
        "class,x,y\na,1,2\n",
        &[],
        "own.csv has 1 classes in column \"class\", this figure needs 2: \"a\"",
    );
    refuses(
        "class,x,y\na,1e151,2\nb,1,2\n",
        &[],
        "own.csv has a value of 10¹⁵¹, this figure is drawn up to 10¹⁵⁰",
    );
}

#[test]
fn a_target_that_is_not_found_asks_for_label() {
    let advice = "; name the target column with --label NAME";
    refuses("kind,x,y\na,1,2\nb,4,5\n", &[], advice);
    refuses("kind,x,y\na,1,2\nb,4,5\n", &["--label", "sort"], advice);
}

#[test]
fn an_error_of_a_cell_says_nothing_of_label() {
    let stderr = refuses("class,x,y\na,1,red\nb,4,5\n", &[], "line 2, column 3 (\"y\"): found \"red\"");
    assert!(!stderr.contains("--label"), "{stderr}");
}

#[test]
fn a_run_that_diverges_names_the_options_that_matter() {
    let folder = tempfile::tempdir().unwrap();
    let diverges = |binary: &str, options: &[&str], advice: &str| {
        let output = run(binary, options, folder.path());
        let (_, stderr) = texts(&output);
        assert!(stderr.contains("training diverged") && stderr.contains(advice), "{stderr}");
        assert!(!output.status.success());
    };
    let options = ["--rate", "1e308", "--hidden", "none", "--seeds", "1"];
    let advice = "with --rate 10³⁰⁸ and --gain 5; --standardize scales the features";
    diverges(env!("CARGO_BIN_EXE_squares"), &options, advice);
    diverges(env!("CARGO_BIN_EXE_regression"), &["--rate", "10"], "with --rate 10 and --gain 1");
}

#[test]
fn a_class_of_one_row_cannot_be_held_out() {
    refuses("class,x,y\na,1,2\nb,4,5\nb,5,4\n", &["--test", "0.3"], "--test 0.3");
}

/// Runs `squares` on a file with this content. It must fail, say `expected` and
/// write nothing. Returns the message.
#[track_caller]
fn refuses(content: &str, options: &[&str], expected: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("own.csv");
    fs::write(&file, content).unwrap();
    let options = [&["--data", file.to_str().unwrap(), "--seeds", "1"], options].concat();
    let out = folder.path().join("out");
    let output = run(env!("CARGO_BIN_EXE_squares"), &options, &out);
    let (_, stderr) = texts(&output);
    assert!(stderr.contains(expected) && !output.status.success(), "{stderr}");
    assert_eq!(out.read_dir().unwrap().count(), 0, "nothing is written");
    stderr
}

#[test]
fn a_column_of_another_name_is_the_target_with_label() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("own.csv");
    fs::write(&file, "x,kind,y\n1,a,2\n4,b,5\n").unwrap();
    let options = ["--data", file.to_str().unwrap(), "--label", "kind", "--epochs", "3", "--seeds", "1"];
    let output = run(env!("CARGO_BIN_EXE_squares"), &options, folder.path());
    assert!(output.status.success(), "{:?}", texts(&output));
    let picture = fs::read_to_string(folder.path().join("squares.svg")).unwrap();
    assert!(picture.contains("\nP(b)\n"), "the legend names the classes of that column");
}

#[test]
fn the_network_is_the_one_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let options = "--hidden 8,4 --rate 0.5 --gain 2 --standardize --test 0.25 --epochs 10 --seeds 1";
    let options: Vec<&str> = options.split(' ').collect();
    for (binary, name, network) in [
        (env!("CARGO_BIN_EXE_doughnut"), "doughnut", "2 → 8 sigmoid → 4 sigmoid → 2 identity"),
        (env!("CARGO_BIN_EXE_doughnut_relu"), "doughnut_relu", "2 → 8 ReLU → 4 ReLU → 2 identity"),
    ] {
        let output = run(binary, &options, folder.path());
        assert!(output.status.success(), "{:?}", texts(&output));
        check_settings(&record(folder.path(), name), network);
        // 216 rows: a quarter of each class is held out.
        let (stdout, _) = texts(&output);
        assert!(
            stdout.contains(" of 162 wrong)  test accuracy ") && stdout.contains(" of 54 wrong)  loss "),
            "{stdout}"
        );
    }
    let options: Vec<&str> = options[..options.len() - 2].to_vec();
    let output = run(env!("CARGO_BIN_EXE_regression"), &options, folder.path());
    check_settings(&record(folder.path(), "regression"), "1 → 8 tanh → 4 tanh → 1 identity");
    let (stdout, _) = texts(&output);
    assert!(stdout.contains("  test R² ") && stdout.contains("  test loss "), "{stdout}");
}

/// The settings of [`the_network_is_the_one_asked_for`].
#[track_caller]
fn check_settings(record: &Value, network: &str) {
    let settings = &record["settings"];
    assert_eq!(settings["network"], network);
    let asked = ["gain", "learning_rate", "standardize", "test", "epochs"].map(|name| settings[name].clone());
    assert_eq!(asked, [json!(2.0), json!(0.5), json!(true), json!(0.25), json!(10)]);
}

#[test]
fn rows_held_out_have_a_curve_and_an_accuracy() {
    let (folder, stdout) = squares(&["--test", "0.3", "--epochs", "20"]);
    let picture = fs::read_to_string(folder.path().join("squares.svg")).unwrap();
    let numbers = fs::read_to_string(folder.path().join("squares.csv")).unwrap();
    // One loss for each epoch and one at the end.
    for series in ["Loss,training,line,", "Loss,test,line,"] {
        assert_eq!(numbers.lines().filter(|line| line.starts_with(series)).count(), 21, "{series}");
    }
    let record = record(folder.path(), "squares");
    let accuracy = record["claims"]["test accuracy"].as_f64().unwrap();
    assert!((0.0..=1.0).contains(&accuracy));
    assert!(stdout.contains("  test accuracy ") && stdout.contains("  test loss "), "{stdout}");
    for words in ["wrong, training: ", "wrong, test: ", "test"] {
        assert!(picture.contains(&format!("\n{words}")), "no text {words:?}");
    }
    // Every row is drawn, in one part or the other.
    let rows = numbers.lines().filter(|line| line.starts_with("Truth,")).count();
    assert_eq!(rows, ann_datasets::squares().len());
}

#[test]
fn the_test_loss_knows_which_class_is_which() {
    // As text, "10" comes before "9".
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("own.csv");
    let rows =
        (0..20).map(|row| format!("{},{},0.5\n", if row < 10 { 9 } else { 10 }, f64::from(row) / 20.0));
    fs::write(&file, format!("class,x,y\n{}", rows.collect::<String>())).unwrap();
    let options = ["--data", file.to_str().unwrap(), "--test", "0.5", "--epochs", "5000", "--seeds", "1"];
    let output = run(env!("CARGO_BIN_EXE_squares"), &options, folder.path());
    let (stdout, _) = texts(&output);
    let (_, test_loss) = stdout.split_once("  test loss ").unwrap();
    let test_loss: f64 = test_loss.split_whitespace().next().unwrap().parse().unwrap();
    // Half of the rows show where the classes meet. If the classes were exchanged, the loss
    // would be far above ln 2 = 0.69.
    assert!(test_loss < 0.5, "{stdout}");
}

#[test]
fn scaled_features_train_another_network_and_are_drawn_as_they_were() {
    let [(plain, _), (scaled, _)] =
        [&["--epochs", "5"][..], &["--epochs", "5", "--standardize"]].map(squares);
    let numbers = |folder: &TempDir| fs::read_to_string(folder.path().join("squares.csv")).unwrap();
    let lines = |numbers: &str, panel: &str| -> Vec<String> {
        numbers.lines().filter(|line| line.starts_with(panel)).map(str::to_owned).collect()
    };
    let (plain, scaled) = (numbers(&plain), numbers(&scaled));
    assert_eq!(lines(&plain, "Truth,"), lines(&scaled, "Truth,"));
    assert_ne!(lines(&plain, "Loss,"), lines(&scaled, "Loss,"));
}

#[test]
fn an_untrained_network_guesses_and_its_wrong_rows_are_ringed_and_counted() {
    let (folder, stdout) = squares(&["--epochs", "0"]);
    assert!(stdout.starts_with("no better than guessing: accuracy "), "{stdout}");
    assert!(stdout.contains("Likely: it was not trained (--epochs 0)"), "{stdout}");
    let numbers = fs::read_to_string(folder.path().join("squares.csv")).unwrap();
    let rings = numbers.lines().filter(|line| line.starts_with("Prediction,wrong,rings,")).count();
    assert!(rings > 0, "an untrained network errs");
    let rows = ann_datasets::squares().len();
    assert!(stdout.contains(&format!(" ({rings} of {rows} wrong)")), "{stdout}");
    let picture = fs::read_to_string(folder.path().join("squares.svg")).unwrap();
    assert!(picture.contains(&format!("\nwrong: {rings}\n")), "the legend counts the rings");
    assert!(picture.contains(", no better than guessing\n"), "the title says so");
    assert!(picture.contains("(--epochs 0)"), "the caption says why");
}

#[test]
fn a_guess_is_said_with_the_reason_that_was_seen() {
    // A straight line cannot separate opposite quarters.
    let (folder, stdout) = squares(&["--hidden", "none", "--epochs", "2000"]);
    assert!(stdout.contains("straight line: --hidden 8"), "{stdout}");

    let output = run(env!("CARGO_BIN_EXE_regression"), &["--rate", "1e-9", "--epochs", "3"], folder.path());
    let (stdout, _) = texts(&output);
    assert!(stdout.starts_with("no better than guessing: R² −"), "{stdout}");
    assert!(stdout.contains("the loss is as before training after 3 epochs: a larger --rate"), "{stdout}");
}

/// Runs `squares` with one seed; returns its files and what it printed.
fn squares(options: &[&str]) -> (TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let options = [options, &["--seeds", "1"]].concat();
    let output = run(env!("CARGO_BIN_EXE_squares"), &options, folder.path());
    assert!(output.status.success(), "{:?}", texts(&output));
    (folder, texts(&output).0)
}

fn record(folder: &Path, name: &str) -> Value {
    serde_json::from_slice(&fs::read(folder.join(format!("{name}.json"))).unwrap()).unwrap()
}

/// The shell limits the size of a file to a few kilobytes, to imitate a full disk.
#[cfg(unix)]
#[test]
fn files_that_cannot_be_finished_leave_the_old_ones_intact() {
    let folder = tempfile::tempdir().unwrap();
    let options = ["--epochs", "1", "--seeds", "1"];
    let program = env!("CARGO_BIN_EXE_squares");
    assert!(run(program, &options, folder.path()).status.success());
    let files = || -> Vec<(String, Vec<u8>)> {
        let entries = folder.path().read_dir().unwrap().map(Result::unwrap);
        let mut files: Vec<_> = entries
            .map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap()))
            .collect();
        files.sort();
        files
    };
    let before = files();
    assert_eq!(before.len(), 4);
    // With the signal ignored, a write beyond the limit is an error.
    let limited = "trap '' XFSZ; ulimit -f 8; \"$0\" --epochs 2 --seeds 1 --out \"$1\"";
    let output = Command::new("sh").args(["-c", limited, program]).arg(folder.path()).output().unwrap();
    let (_, stderr) = texts(&output);
    assert!(!output.status.success() && stderr.contains("cannot write"), "{stderr}");
    assert!(files() == before, "the old files are as they were, and nothing else is there");
}

#[test]
fn options_explain_themselves() {
    let output = run(env!("CARGO_BIN_EXE_doughnut"), &["--help"], Path::new("."));
    let (stdout, _) = texts(&output);
    for text in [
        "--seed <N>",
        "[default: 100]",
        "--epochs <N>",
        "[default: 10000]",
        "--hidden <WIDTHS>",
        "[default: 3]",
        "--rate <ETA>",
        "[default: 1]",
        "--gain <GAIN>",
        "[default: 5]",
        "--standardize",
        "--test <SHARE>",
        "--data <FILE>",
        "--label <NAME>",
        "--seeds <N>",
    ] {
        assert!(stdout.contains(text), "{text} in {stdout}");
    }
}

fn run(binary: &str, options: &[&str], out: &Path) -> Output {
    Command::new(binary).args(options).arg("--out").arg(out).output().unwrap()
}

fn texts(output: &Output) -> (String, String) {
    (String::from_utf8(output.stdout.clone()).unwrap(), String::from_utf8(output.stderr.clone()).unwrap())
}
