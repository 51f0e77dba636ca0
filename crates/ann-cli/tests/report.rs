//! The page of `--report`: what is in it, that it is well formed, and that no text of a table changes it.

use std::path::Path;
use std::process::{Command, Output};
use std::{fs, iter};

use tempfile::TempDir;

/// Settings with which a training takes a moment.
const QUICK: [&str; 6] = ["--epochs", "3", "--networks", "2", "--hidden", "4"];
/// The one address in a page: the name of the language of its pictures, which nothing is loaded from.
const SVG: &str = "xmlns=\"http://www.w3.org/2000/svg\"";
/// The parts of the page of a training. Only classes have a calibration.
const HEADINGS: [&str; 8] = [
    "Score",
    "Truth and prediction",
    "Calibration",
    "What matters",
    "Training",
    "Columns",
    "What the words mean",
    "The model",
];

#[test]
fn classes() {
    let page = page_of_training("class", &[]);
    check(&page, &HEADINGS);
    for found in
        ["linear model", "true \\ predicted", "sets of classes for 90 %", "left out: constant", "SHA-256"]
    {
        assert!(page.contains(found), "{found}");
    }
}

#[test]
fn numbers() {
    let page = page_of_training("number", &[]);
    check(&page, &without_calibration());
    for found in ["always the mean", "true − predicted", "intervals for 90 %"] {
        assert!(page.contains(found), "{found}");
    }
}

#[test]
fn labels() {
    let page = page_of_training("a", &["-t", "b", "--task", "labels"]);
    check(&page, &without_calibration());
    assert!(page.contains("found by mistake") && page.contains("a row with the label"));
}

#[test]
fn without_a_score() {
    let page = page_of_training("class", &["--no-score"]);
    check(&page, &["Score", "Training", "Columns", "The model"]);
    assert!(page.contains("no score: it was not asked for") && !page.contains("rows of --test"));
    let page = page_of_training("class", &["--no-score", "--test", "other.csv"]);
    assert!(page.contains("<th>rows of --test</th>"));
}

#[test]
fn an_evaluation() {
    let folder = folder();
    train(folder.path(), "class", &[]);
    let arguments = ["eval", "model.ann", "table.csv", "--report", "page.html", "--min", "accuracy=1"];
    assert_eq!(ann(folder.path(), &arguments).status.code(), Some(4));
    let page = fs::read_to_string(folder.path().join("page.html")).unwrap();
    check(
        &page,
        &["Score", "Truth and prediction", "Calibration", "What matters", "What the words mean", "The model"],
    );
    assert!(
        page.contains("below: accuracy is")
            && page.contains("ann eval model.ann table.csv --report page.html")
    );
}

#[test]
fn names_and_words_stay_text() {
    let page = page_of_training("class", &[]);
    // Only in tags, and only those of the page.
    for tag in ["script", "img", "b", "i"] {
        assert!(!page.contains(&format!("<{tag}>")) && !page.contains(&format!("<{tag} ")), "<{tag}>");
    }
    for text in ["&lt;script&gt;alert(1)&lt;/script&gt;", "&lt;img src=x&gt;", "&lt;i&gt;yes&lt;/i&gt;"] {
        assert!(page.contains(text), "{text}");
    }
}

#[test]
fn the_same_command_makes_the_same_page() {
    let folder = folder();
    let make = || {
        assert!(train(folder.path(), "class", &["--report", "page.html", "--force"]).status.success());
        fs::read_to_string(folder.path().join("page.html")).unwrap()
    };
    assert_eq!(make(), make());
}

#[test]
fn a_page_that_cannot_be_written_is_known_before_the_training() {
    let folder = folder();
    fs::write(folder.path().join("old.html"), "old").unwrap();
    for (file, status, message) in [
        ("old.html", 1, "old.html exists; --force replaces it"),
        (".", 1, ". is a folder, expected a file"),
        ("nowhere/page.html", 1, "there is no folder nowhere"),
        ("-", 2, "--report: expected the name of a file, found -"),
        ("model.ann", 2, "--report: model.ann is written by -o, too"),
    ] {
        let output = train(folder.path(), "class", &["--report", file]);
        let found = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(status), "{file}: {found}");
        assert!(found.contains(message), "{file}: {found}");
        assert!(!folder.path().join("model.ann").exists(), "{file}");
    }
    assert_eq!(fs::read_to_string(folder.path().join("old.html")).unwrap(), "old");
}

fn without_calibration() -> Vec<&'static str> {
    HEADINGS.into_iter().filter(|heading| *heading != "Calibration").collect()
}

#[track_caller]
fn check(page: &str, headings: &[&str]) {
    let found = page.split("<h2>").skip(1).map(|part| part.split("</h2>").next().unwrap());
    let found: Vec<&str> = found.filter(|heading| !heading.starts_with("How to")).collect();
    assert_eq!(found, headings);
    assert!(!page.to_lowercase().contains("<script"));
    assert!(!page.contains("no picture"));
    let without = page.replace(SVG, "").replace("url(data:font/ttf;base64,", "");
    for word in ["http:", "https:", "src=", "href=", "url(", "@import"] {
        // Columns may be called anything.
        assert!(!without.replace("&lt;img src=x&gt;", "").contains(word), "{word}");
    }
    let open = unbalanced(page);
    assert!(open.is_empty(), "{open:?}");
}

/// The tags that are not closed, or not in order.
fn unbalanced(page: &str) -> Vec<String> {
    const VOID: [&str; 1] = ["meta"];
    let mut open: Vec<String> = vec![];
    for tag in page.split('<').skip(1) {
        let tag = tag.split('>').next().unwrap();
        let name = tag.split([' ', '\n', '/']).find(|part| !part.is_empty()).unwrap_or_default();
        match tag {
            _ if tag.starts_with('!') || tag.ends_with('/') || VOID.contains(&name) => {}
            _ if tag.starts_with('/') => match open.pop() {
                Some(last) if last == name => {}
                other => return other.into_iter().chain([tag.to_owned()]).collect(),
            },
            _ => open.push(name.to_owned()),
        }
    }
    open
}

#[test]
fn a_tag_that_is_not_closed_is_found() {
    assert!(unbalanced("<!DOCTYPE html><p><b>x</b><meta a=\"1\"><path d=\"M0\"/></p>").is_empty());
    assert_eq!(unbalanced("<p><b>x</p>"), ["b", "/p"]);
    assert_eq!(unbalanced("<p>"), ["p"]);
}

fn page_of_training(target: &str, options: &[&str]) -> String {
    let folder = folder();
    let output = train(folder.path(), target, &[&["--report", "page.html"], options].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(String::from_utf8_lossy(&output.stdout).contains("wrote page.html"));
    fs::read_to_string(folder.path().join("page.html")).unwrap()
}

fn train(folder: &Path, target: &str, options: &[&str]) -> Output {
    let all = ["train", "table.csv", "-t", target, "-o", "model.ann"];
    ann(folder, &[&all, &QUICK[..], options].concat())
}

fn ann(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ann")).args(arguments).current_dir(folder).output().unwrap()
}

/// A folder with a table whose names and words are as bad as a page fears, and with all kinds of targets.
fn folder() -> TempDir {
    let header = "<script>alert(1)</script>,\"x \"\"&\"\" y\",picture,constant,class,number,a,b\n";
    let row = |row: usize| {
        let x = (row * 7) % 40;
        let word = ["<img src=x>", "B&B", "'c'"][row % 3];
        let class = if x > 20 { "<i>yes</i>" } else { "no" };
        let (number, y) = (0.5 * x as f64, row % 5);
        format!("{x},{y},{word},1,{class},{number},{},{}\n", u8::from(x > 10), u8::from(y > 2))
    };
    let folder = TempDir::new().unwrap();
    let table: String = iter::once(header.to_owned()).chain((0..120).map(row)).collect();
    let other: String = iter::once(header.to_owned()).chain((1..60).map(row)).collect();
    fs::write(folder.path().join("table.csv"), table).unwrap();
    fs::write(folder.path().join("other.csv"), other).unwrap();
    folder
}
