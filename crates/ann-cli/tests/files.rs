//! Files that cannot be read or written: an error with the way out, nothing is lost, and nothing is left
//! behind.

use std::collections::BTreeMap;
use std::fs::{self, File, Permissions};
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

use crate::program::{ARGUMENTS, DATA, FILES, check, command, text, trained};

/// Options of a training that takes no time.
const SMALL: [&str; 7] = ["--networks", "1", "--hidden", "4", "--epochs", "2", "--no-score"];

#[test]
fn inputs_that_are_empty() {
    let folder = trained();
    for name in ["empty.csv", "empty.csv.gz", "empty.ann", "empty.checkpoint"] {
        fs::write(folder.path().join(name), "").unwrap();
    }
    for (arguments, message) in [
        (&["predict", "m.ann", "empty.csv", "-o", "out.csv"][..], "empty.csv: the file is empty"),
        (&["predict", "m.ann", "empty.csv.gz", "-o", "out.csv"], "empty.csv.gz: the file is empty"),
        (&["predict", "m.ann", "-", "-o", "out.csv"], "standard input: the file is empty"),
        (&["eval", "m.ann", "empty.csv", "--report", "out.html"], "empty.csv: the file is empty"),
        (&["explain", "m.ann", "empty.csv"], "empty.csv: the file is empty"),
        (&["check", "m.ann", "empty.csv"], "empty.csv: the file is empty"),
        (&["rebuild", "m.ann", "empty.csv"], "empty.csv: the file is empty"),
        (&["inspect", "empty.ann"], "empty.ann: this is no model of ann"),
        (&["predict", "empty.ann", "iris.csv", "-o", "out.csv"], "empty.ann: this is no model of ann"),
        (&["export", "empty.ann", "--to", "c", "-o", "out.h"], "empty.ann: this is no model of ann"),
        (
            &["train", "iris.csv", "-t", "species", "-o", "out.ann", "--resume", "empty.checkpoint"],
            "--resume: empty.checkpoint is no checkpoint: expected a file that --checkpoint has written",
        ),
    ] {
        changes_nothing(&folder, || check(folder.path(), arguments, DATA, message));
    }
    // Of JSON lines there may be none.
    check(folder.path(), &["predict", "m.ann", "empty.csv", "--jsonl"], 0, "");
}

/// Not even root can read a folder, a path below a file, or its own memory at address 0.
#[test]
fn inputs_that_cannot_be_read() {
    let folder = trained();
    let mut unreadable = vec![".", "iris.csv/x.csv", "nowhere.csv"];
    if cfg!(target_os = "linux") {
        unreadable.push("/proc/self/mem");
    }
    let closed = folder.path().join("closed.csv");
    fs::copy(folder.path().join("iris.csv"), &closed).unwrap();
    fs::set_permissions(&closed, Permissions::from_mode(0o000)).unwrap();
    // Permissions do not stop root.
    if File::open(&closed).is_err() {
        unreadable.push("closed.csv");
    }
    for input in unreadable {
        let message = format!("{input}: cannot read: ");
        for arguments in [
            &["look", input][..],
            &["train", input, "-t", "species", "-o", "out.ann"],
            &["train", "iris.csv", "-t", "species", "-o", "out.ann", "--resume", input],
            &["predict", "m.ann", input, "-o", "out.csv"],
            &["predict", input, "iris.csv", "-o", "out.csv"],
            &["eval", "m.ann", input, "--report", "out.html"],
            &["explain", "m.ann", input],
            &["check", "m.ann", input],
            &["rebuild", "m.ann", input],
            &["inspect", input],
            &["export", input, "--to", "onnx", "-o", "out.onnx"],
        ] {
            changes_nothing(&folder, || check(folder.path(), arguments, FILES, &message));
        }
    }
    // The table of --test is read after the training, but that it can be opened is known before.
    let test = ["train", "iris.csv", "-t", "species", "-o", "out.ann", "--test", "nowhere.csv"];
    changes_nothing(&folder, || check(folder.path(), &test, FILES, "nowhere.csv: cannot read: "));
}

#[test]
fn outputs_where_no_file_can_be() {
    let folder = trained();
    fs::create_dir(folder.path().join("folder")).unwrap();
    let closed = closed_folder(folder.path());
    let inside = closed.join("x").display().to_string();
    for (path, message) in [
        ("folder", "folder is a folder, expected a file"),
        ("iris.csv/x", "iris.csv/x: cannot write: "),
        ("no such/x", "there is no folder 'no such': mkdir -p 'no such'"),
        (&inside, "x: cannot write: "),
    ] {
        for arguments in [
            &["train", "iris.csv", "-t", "species", "-o", path][..],
            &["train", "iris.csv", "-t", "species", "-o", "out.ann", "--report", path],
            &["train", "iris.csv", "-t", "species", "-o", "out.ann", "--checkpoint", path],
            &["predict", "m.ann", "iris.csv", "-o", path],
            &["predict", "m.ann", "iris.csv", "--jsonl", "-o", path],
            &["eval", "m.ann", "iris.csv", "--report", path],
            &["export", "m.ann", "--to", "rust", "-o", path],
        ] {
            let arguments = [arguments, &["--force"]].concat();
            changes_nothing(&folder, || check(folder.path(), &arguments, FILES, message));
        }
    }
}

/// A process may write files of at most 1 block: that is a disk that is full after the first bytes.
#[test]
fn a_disk_that_becomes_full() {
    let folder = trained();
    fs::write(folder.path().join("old"), "old").unwrap();
    let train = [&["train", "iris.csv", "-t", "species"][..], &SMALL].concat();
    for arguments in [
        &[&train[..], &["-o", "old"]].concat()[..],
        &["predict", "m.ann", "iris.csv", "-o", "old"],
        &["eval", "m.ann", "iris.csv", "--report", "old"],
        &["export", "m.ann", "--to", "onnx", "-o", "old"],
        &["export", "m.ann", "--to", "c", "-o", "old"],
    ] {
        let arguments = [arguments, &["--force"]].concat();
        changes_nothing(&folder, || {
            let output = limited(folder.path(), &arguments);
            let found = text(&output.stderr);
            assert_eq!(output.status.code(), Some(FILES), "{arguments:?}: {found}");
            assert!(found.contains("old: cannot write: File too large"), "{arguments:?}: {found}");
        });
    }
}

/// The training is not lost: the model is written before its page.
#[test]
fn a_page_for_which_there_is_no_space() {
    let folder = trained();
    let train = ["train", "iris.csv", "-t", "species", "-o", "out.ann", "--report", "out.html"];
    let output = limited_to(100, folder.path(), &[&train[..], &SMALL].concat());
    assert_eq!(output.status.code(), Some(FILES), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("out.html: cannot write: File too large"));
    check(folder.path(), &["inspect", "out.ann"], 0, "");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 5, "the tables, and both models");
}

/// Linux has a device that is always full.
#[cfg(target_os = "linux")]
#[test]
fn a_standard_output_that_is_full() {
    let folder = trained();
    for arguments in [
        &["look", "iris.csv"][..],
        &["predict", "m.ann", "iris.csv"],
        &["eval", "m.ann", "iris.csv"],
        &["explain", "m.ann", "iris.csv"],
        &["check", "m.ann", "iris.csv"],
        &["export", "m.ann", "--to", "json", "-o", "-"],
        &["inspect", "m.ann", "--json"],
    ] {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let output = command(folder.path(), arguments).stdout(full).output().unwrap();
        let found = text(&output.stderr);
        assert_eq!(output.status.code(), Some(FILES), "{arguments:?}: {found}");
        assert!(found.contains("cannot write: No space left on device"), "{arguments:?}: {found}");
    }
}

/// As with `ann predict … | head -1`.
#[test]
fn a_reader_that_wants_one_line() {
    let folder = trained();
    let rows = fs::read_to_string(folder.path().join("iris.csv")).unwrap();
    let (header, rows) = rows.split_once('\n').unwrap();
    // More than a pipe holds.
    fs::write(folder.path().join("long.csv"), format!("{header}\n{}", rows.repeat(100))).unwrap();
    let mut child =
        command(folder.path(), &["predict", "m.ann", "long.csv"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(line, format!("{header},prediction,probability\n"));
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), ""));
}

/// Nobody reads the summary, but the model is there.
#[test]
fn a_summary_that_nobody_reads() {
    let folder = trained();
    let train = [&["train", "iris.csv", "-t", "species", "-o", "out.ann"][..], &SMALL].concat();
    let mut child = command(folder.path(), &train).stdout(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), ""));
    check(folder.path(), &["inspect", "out.ann"], 0, "");
}

#[test]
fn a_table_of_ten_thousand_columns() {
    const COLUMNS: usize = 10_000;
    let folder = TempDir::new().unwrap();
    let line = |cell: &dyn Fn(usize) -> String, last: &str| {
        (0..COLUMNS).fold(String::new(), |text, column| text + &cell(column) + ",") + last + "\n"
    };
    let mut table = line(&|column| format!("x{column}"), "y");
    for row in 0..20 {
        table += &line(&|column| ((row * 7 + column) % 13).to_string(), if row % 2 == 0 { "a" } else { "b" });
    }
    fs::write(folder.path().join("wide.csv"), &table).unwrap();
    let small = ["--networks", "1", "--hidden", "none", "--epochs", "1", "--no-score"];
    let train = [&["train", "wide.csv", "-t", "y", "-o", "m.ann"][..], &small].concat();
    check(folder.path(), &train, 0, "");
    check(folder.path(), &["look", "wide.csv"], 0, "");
    check(folder.path(), &["predict", "m.ann", "wide.csv", "--keep", "none", "-o", "out.csv"], 0, "");
    assert_eq!(fs::read_to_string(folder.path().join("out.csv")).unwrap().lines().count(), 21);
    // A message about all columns would be longer than a screen.
    let unknown = run_for_message(folder.path(), &["train", "wide.csv", "-t", "z"], ARGUMENTS);
    assert!(unknown.contains("there is no column \"z\"") && unknown.len() < 1000, "{unknown}");
    fs::write(folder.path().join("narrow.csv"), "x0,y\n1,a\n").unwrap();
    let lacking = ["predict", "m.ann", "narrow.csv", "-o", "new.csv"];
    let lacking = run_for_message(folder.path(), &lacking, DATA);
    assert!(lacking.contains("narrow.csv: ") && lacking.len() < 1000, "{lacking}");
    fs::write(folder.path().join("ragged.csv"), table + "1,2\n").unwrap();
    let ragged = ["predict", "m.ann", "ragged.csv", "-o", "new.csv"];
    check(folder.path(), &ragged, DATA, "line 22: expected 10001 cells");
    assert!(!folder.path().join("new.csv").exists());
}

fn run_for_message(folder: &Path, arguments: &[&str], status: i32) -> String {
    let output = command(folder, arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(status), "{arguments:?}");
    text(&output.stderr).to_owned()
}

/// A folder in which nobody can create a file. Permissions do not stop root, but /proc does.
fn closed_folder(folder: &Path) -> PathBuf {
    let closed = folder.join("closed");
    fs::create_dir(&closed).unwrap();
    fs::set_permissions(&closed, Permissions::from_mode(0o555)).unwrap();
    let file = closed.join("file");
    if File::create(&file).is_err() {
        return closed;
    }
    fs::remove_file(&file).unwrap();
    let proc = Path::new("/proc/self");
    assert!(proc.is_dir(), "root can create files everywhere on this system");
    proc.to_owned()
}

/// The program, where no file may be larger than a block.
fn limited(folder: &Path, arguments: &[&str]) -> Output {
    limited_to(1, folder, arguments)
}

/// The system sends a signal, which would end another program, and then refuses the write.
fn limited_to(blocks: usize, folder: &Path, arguments: &[&str]) -> Output {
    let script = format!("ulimit -f {blocks} && exec \"$@\"");
    let mut shell = Command::new("sh");
    shell.args(["-c", &script, "sh", env!("CARGO_BIN_EXE_ann")]).args(arguments);
    shell.current_dir(folder).stdin(Stdio::null()).output().unwrap()
}

/// Fails if a file of the folder changes, appears, or is missing afterwards.
#[track_caller]
fn changes_nothing(folder: &TempDir, act: impl FnOnce()) {
    let before = contents(folder.path());
    act();
    let after = contents(folder.path());
    assert_eq!(after.keys().collect::<Vec<_>>(), before.keys().collect::<Vec<_>>(), "the files");
    assert!(after == before, "the contents of the files");
}

/// The bytes of each file; none of a folder, or of a file that cannot be read.
fn contents(folder: &Path) -> BTreeMap<PathBuf, Option<Vec<u8>>> {
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    paths.map(|path| (path.clone(), fs::read(path).ok())).collect()
}
