//! Jobs of `mpirun`. The program that they start is the example `bits`.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Settings of one training, as arguments.
const TRAININGS: [&[&str]; 5] = [
    &["--rows", "20000"],
    &["--rows", "20000", "--optimizer", "lbfgs", "--epochs", "5"],
    &["--rows", "5000", "--units", "8", "--optimizer", "levenberg-marquardt", "--epochs", "3"],
    &["--rows", "20000", "--batch", "6000", "--epochs", "2"],
    // A single leaf: all ranks but one have nothing to compute.
    &["--rows", "50", "--optimizer", "descent", "--epochs", "100"],
];

#[test]
fn any_number_of_ranks_and_threads_has_the_bits_of_one_process() {
    for training in TRAININGS {
        let alone = digest(&program(training));
        for ranks in [1, 2, 3, 4, 7] {
            for threads in ["1", "2"] {
                let job = job(ranks, &[training, &["--threads", threads]].concat());
                assert_eq!(digest(&job), alone, "{ranks} ranks, {threads} threads, {training:?}");
            }
        }
    }
}

#[test]
fn ranks_that_differ_end_the_job() {
    let mut command = mpirun();
    command.args(["-n", "2"]).arg(example()).args([":", "-n", "1"]).arg(example()).args(["--same", "other"]);
    let output = command.output().expect("mpirun starts");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "{errors}");
    let expected = "the number of rows of rank 2 differs from that of rank 0: give the same to all ranks";
    assert!(errors.contains(expected), "{errors}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_killed_rank_ends_the_job() {
    let mut command = mpirun();
    command.args(["-n", "3"]).arg(example()).args(["--epochs", "100000000"]);
    let mut job = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("mpirun starts");
    let victim = wait_for("rank 1", || process_of_rank(job.id(), 1, &example()));
    // It is in the middle of the training by then.
    sleep(Duration::from_secs(2));
    signal("KILL", victim);
    ends_soon(&mut job);
}

#[cfg(feature = "program")]
mod program {
    use std::fs::{self, File};
    use std::io::{BufRead, BufReader};
    use std::sync::mpsc::channel;
    use std::thread::spawn;

    use tempfile::TempDir;

    use super::*;

    const ANN: &str = env!("CARGO_BIN_EXE_ann");

    /// Two classes that cross, with a word and a gap.
    fn table(rows: usize) -> String {
        let row = |row: usize| {
            let x = (row * 37 % 101) as f64 / 101.0;
            let z = if row.is_multiple_of(9) { String::new() } else { format!("{}", row * 53 % 97) };
            let class = if (7.0 * x).sin() > 0.1 { "up" } else { "down" };
            format!("{x:.3},{z},{},{class}\n", ["red", "green", "blue"][row % 3])
        };
        format!("x,z,colour,class\n{}", (0..rows).map(row).collect::<String>())
    }

    fn train(mut command: Command, folder: &Path, more: &[&str]) -> Output {
        command.current_dir(folder);
        command.args([
            "train",
            "table.csv",
            "-t",
            "class",
            "--epochs",
            "20",
            "--networks",
            "3",
            "--threads",
            "1",
        ]);
        command.args(more).output().expect("it starts")
    }

    fn ann(ranks: usize) -> Command {
        let mut command = mpirun();
        command.args(["-n", &ranks.to_string()]).arg(ANN);
        command
    }

    #[test]
    fn models_have_the_bytes_of_one_process() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("table.csv"), table(120)).unwrap();
        let alone = train(Command::new(ANN), folder.path(), &["-o", "alone.ann"]);
        assert!(alone.status.success(), "{alone:?}");
        let bytes = |name: &str| fs::read(folder.path().join(name)).unwrap();
        for ranks in [1, 2, 3, 5] {
            let output = train(ann(ranks), folder.path(), &["-o", "job.ann", "--force"]);
            let text = String::from_utf8_lossy(&output.stdout);
            assert!(output.status.success(), "{ranks} ranks: {output:?}");
            assert_eq!(text.matches("wrote job.ann").count(), 1, "{text}");
            assert!(bytes("job.ann") == bytes("alone.ann"), "{ranks} ranks");
        }
        // From the files of a job whose states are complete, with other ranks.
        let saved = train(ann(3), folder.path(), &["-o", "saved.ann", "--checkpoint", "state"]);
        assert!(saved.status.success(), "{saved:?}");
        // Without any state a file has less than a kilobyte.
        assert!((0..3).all(|rank| bytes(&format!("state.{rank}")).len() > 10_000));
        let resumed = train(ann(2), folder.path(), &["-o", "resumed.ann", "--resume", "state"]);
        assert!(resumed.status.success(), "{resumed:?}");
        assert!(bytes("resumed.ann") == bytes("alone.ann"));
    }

    #[test]
    fn an_error_of_all_is_printed_once() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("table.csv"), table(60)).unwrap();
        let output = train(ann(3), folder.path(), &["--ignore", "size"]);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(errors.matches("there is no column \"size\"").count(), 1, "{errors}");
        assert_eq!(output.status.code(), Some(2), "{errors}");
    }

    /// The file, and what is printed.
    #[test]
    fn models_of_groups_have_the_bytes_of_one_process() {
        let folder = tempfile::tempdir().unwrap();
        // More groups than all ranks train before they send.
        fs::write(folder.path().join("sales.csv"), sales(300)).unwrap();
        let result = |mut command: Command, threads: &str| {
            command.current_dir(folder.path()).args(BY_STORE).args(["--epochs", "3", "--threads", threads]);
            let output = command.args(["--json", "-o", "m.ann", "--force"]).output().unwrap();
            assert!(output.status.success(), "{output:?}");
            let printed = String::from_utf8(output.stdout).unwrap();
            let lines = printed.lines().filter(|line| !line.contains("\"seconds\""));
            let printed: Vec<String> = lines.map(str::to_owned).collect();
            (printed, fs::read(folder.path().join("m.ann")).unwrap())
        };
        let alone = result(Command::new(ANN), "1");
        assert!(alone.0.contains(&"  \"models\": 10,".to_owned()), "{:#?}", alone.0);
        for (ranks, threads) in [(1, "1"), (2, "1"), (2, "2"), (3, "1")] {
            assert!(result(ann(ranks), threads) == alone, "{ranks} ranks, {threads} threads");
        }
    }

    #[test]
    fn processes_without_work_are_counted() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("table.csv"), table(60)).unwrap();
        let expected = "warning: 5 processes, 3 trainings: 2 have nothing to do, because a mini-batch of 64 \
                        rows is too small to be divided\n";
        for (ranks, more, expected) in [
            (5, &["--no-score"][..], expected),
            (5, &["--no-score", "--quiet"], ""),
            (3, &["--no-score"], ""),
            (5, &[], ""),
        ] {
            let output = train(ann(ranks), folder.path(), &[&["--force"], more].concat());
            assert_eq!(String::from_utf8_lossy(&output.stderr), expected, "{ranks} ranks, {more:?}");
        }
        fs::write(folder.path().join("sales.csv"), sales(2)).unwrap();
        let output = ann(3).current_dir(folder.path()).args(BY_STORE).output().unwrap();
        let expected = "warning: 3 processes, 2 groups: 1 has nothing to do\n";
        assert_eq!(String::from_utf8_lossy(&output.stderr), expected);
    }

    /// While the training goes on, and once.
    #[test]
    fn a_rank_whose_checkpoint_cannot_be_written_says_so() {
        let folders = Folders::new();
        let states = folders.there.join("states");
        let every = ["--checkpoint", "states/s", "--checkpoint-every", "100ms"];
        let mut job = folders.job(&[&BY_CLASS[..], &ENDLESS, &every].concat(), ANN.as_ref());
        let mut job = job.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        wait_for("the checkpoint", || states.join("s.1").exists().then_some(()));
        // As with a disk that is no longer there.
        fs::rename(&states, folders.there.join("elsewhere")).unwrap();
        let errors = BufReader::new(job.stderr.take().unwrap());
        let (sender, lines) = channel();
        spawn(move || errors.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        let warning = lines.recv_timeout(Duration::from_secs(60));
        // There are ten more attempts in this time.
        let second = lines.recv_timeout(Duration::from_secs(1));
        let is_running = job.try_wait().unwrap().is_none();
        signal("TERM", job.id());
        job.wait().unwrap();
        let warning = warning.expect("there is a warning");
        assert!(warning.starts_with("warning: rank 1: states/s.1: cannot write: "), "{warning}");
        assert!(second.is_err() && is_running, "{second:?}");
        assert_eq!(names(&folders.here.join("states")), ["s.0"]);
    }

    #[test]
    fn what_is_wrong_on_one_rank_ends_the_job() {
        let another_row = |table: &'static str| {
            move |there: &Path| {
                let path = there.join(table);
                let text = fs::read_to_string(&path).unwrap();
                fs::write(&path, text.replacen(",7", ",8", 1)).unwrap();
            }
        };
        let no_table = |there: &Path| fs::remove_file(there.join("table.csv")).unwrap();
        let no_folder = |there: &Path| fs::remove_dir(there.join("states")).unwrap();
        let saved = [&BY_CLASS[..], &["--checkpoint", "states/s"]].concat();
        let differs = "the fit of rank 1 differs from that of rank 0: sha256 is ";
        check(&BY_CLASS, another_row("table.csv"), differs);
        check(&BY_STORE, another_row("sales.csv"), differs);
        check(&BY_CLASS, no_table, "error: rank 1: table.csv: cannot read: ");
        check(&saved, no_folder, "error: rank 1: states/s.1: cannot write: ");

        #[track_caller]
        fn check(arguments: &[&str], change: impl Fn(&Path), expected: &str) {
            let folders = Folders::new();
            change(&folders.there);
            folders.fail_soon(&[arguments, &ENDLESS].concat(), ANN.as_ref(), expected);
        }
    }

    /// Rank 1 runs a copy of this program in which the version is another one.
    #[test]
    fn another_version_of_the_program_ends_the_job() {
        let (this, other) = (concat!("ann-tabular ", env!("CARGO_PKG_VERSION")), "ann-tabular 9.9.9");
        let folders = Folders::new();
        let copy = folders.there.join("ann");
        // With its permissions.
        fs::copy(ANN, &copy).unwrap();
        fs::write(&copy, replaced(fs::read(ANN).unwrap(), this.as_bytes(), other.as_bytes())).unwrap();
        let expected =
            "the fit of rank 1 differs from that of rank 0: program is \"ann-tabular 9.9.9\", expected";
        for arguments in [&BY_CLASS[..], &BY_STORE] {
            folders.fail_soon(&[arguments, &ENDLESS].concat(), &copy, expected);
        }
    }

    /// Linux has a device that is always full.
    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_ends_the_job() {
        for arguments in [&BY_CLASS[..], &BY_STORE] {
            let folders = Folders::new();
            let mut job =
                folders.job(&[arguments, &["--epochs", "3", "-o", "/dev/full"]].concat(), ANN.as_ref());
            // A model that cannot be written is saved there.
            let output = job.env("TMPDIR", folders.folder.path()).output().unwrap();
            let errors = String::from_utf8_lossy(&output.stderr);
            assert!(errors.contains("/dev/full: cannot write: No space left on device"), "{errors}");
            assert_eq!(output.status.code(), Some(FILES), "{errors}");
        }
    }

    /// Nothing is left of the file that rank 0 has begun.
    #[cfg(target_os = "linux")]
    #[test]
    fn a_killed_rank_leaves_no_part_of_a_file() {
        let folders = Folders::new();
        let before = names(&folders.here);
        let mut job = folders.job(&[&BY_STORE[..], &ENDLESS].concat(), ANN.as_ref());
        let mut job = job.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        wait_for("the file", || (names(&folders.here) != before).then_some(()));
        signal("KILL", wait_for("rank 1", || process_of_rank(job.id(), 1, ANN.as_ref())));
        ends_soon(&mut job);
        assert_eq!(names(&folders.here), before);
    }

    /// The exit code for files that cannot be read or written.
    const FILES: i32 = 1;
    const BY_CLASS: [&str; 6] = ["train", "table.csv", "-t", "class", "--threads", "1"];
    const BY_STORE: [&str; 8] =
        ["train", "sales.csv", "-t", "units", "--group-by", "store", "--networks", "2"];
    /// So many epochs that only a fault ends the training.
    const ENDLESS: [&str; 2] = ["--epochs", "1000000"];

    /// The folders of two ranks, each with the same files.
    struct Folders {
        folder: TempDir,
        here: PathBuf,
        there: PathBuf,
    }

    impl Folders {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let [here, there] = ["here", "there"].map(|name| folder.path().join(name));
            for path in [&here, &there] {
                fs::create_dir_all(path.join("states")).unwrap();
                fs::write(path.join("table.csv"), table(60)).unwrap();
                fs::write(path.join("sales.csv"), sales(31)).unwrap();
            }
            Self { folder, here, there }
        }

        /// A job of two ranks. `other` is the program of the second one.
        fn job(&self, arguments: &[&str], other: &Path) -> Command {
            let mut command = mpirun();
            command.args(["-n", "1", "--wdir"]).arg(&self.here).arg(ANN).args(arguments);
            command.args([":", "-n", "1", "--wdir"]).arg(&self.there).arg(other).args(arguments);
            command
        }

        #[track_caller]
        fn fail_soon(&self, arguments: &[&str], other: &Path, expected: &str) {
            let (before, errors) = (names(&self.here), self.folder.path().join("errors"));
            let file = File::create(&errors).unwrap();
            ends_soon(&mut self.job(arguments, other).stdout(Stdio::null()).stderr(file).spawn().unwrap());
            let errors = fs::read_to_string(errors).unwrap();
            assert!(errors.contains(expected), "{errors}");
            assert_eq!(names(&self.here), before);
        }
    }

    /// The names of all files of a folder.
    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
        let mut names: Vec<String> = entries.map(|name| name.into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// With other bytes, of the same number, everywhere.
    fn replaced(mut bytes: Vec<u8>, old: &[u8], new: &[u8]) -> Vec<u8> {
        for start in 0..=bytes.len() - old.len() {
            if bytes[start..].starts_with(old) {
                bytes[start..][..new.len()].copy_from_slice(new);
            }
        }
        bytes
    }

    /// Every thirtieth store has enough rows for a model.
    fn sales(stores: usize) -> String {
        let rows = |store: usize| {
            let row = move |row: usize| {
                let price = (row * 7 + 3 * store) % 41;
                format!("{store},{price},{}\n", 100 - 2 * price + row * row % 5)
            };
            (0..if store.is_multiple_of(30) { 40 } else { 3 }).map(row)
        };
        format!("store,price,units\n{}", (0..stores).flat_map(rows).collect::<String>())
    }
}

/// The process of a rank, among the children of `mpirun`.
#[cfg(target_os = "linux")]
fn process_of_rank(mpirun: u32, rank: usize, program: &Path) -> Option<u32> {
    let names = ["OMPI_COMM_WORLD_RANK", "PMI_RANK"].map(|name| format!("{name}={rank}"));
    let processes = std::fs::read_dir("/proc").ok()?;
    let mut ids = processes.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok());
    ids.find(|&id| {
        let environment = std::fs::read(format!("/proc/{id}/environ")).unwrap_or_default();
        let mut variables = environment.split(|&byte| byte == 0);
        let is_rank = variables.any(|variable| names.iter().any(|name| name.as_bytes() == variable));
        is_rank && id != mpirun && is_child(id, mpirun) && runs(id, program)
    })
}

/// Whether a process was started by another one, or by one that this has started.
#[cfg(target_os = "linux")]
fn is_child(process: u32, ancestor: u32) -> bool {
    let parent = |process: u32| -> Option<u32> {
        let text = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
        text.lines().find_map(|line| line.strip_prefix("PPid:")?.trim().parse().ok())
    };
    std::iter::successors(Some(process), |&process| parent(process)).any(|process| process == ancestor)
}

#[cfg(target_os = "linux")]
fn runs(process: u32, program: &Path) -> bool {
    std::fs::read_link(format!("/proc/{process}/exe")).is_ok_and(|path| path == program)
}

fn signal(name: &str, process: u32) {
    let arguments = [format!("-{name}"), process.to_string()];
    assert!(Command::new("kill").args(arguments).status().unwrap().success());
}

/// Asks again and again, for a minute.
fn wait_for<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let begin = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(begin.elapsed() < Duration::from_secs(60), "{what} has not come");
        sleep(Duration::from_millis(100));
    }
}

/// How long a job may go on after a process has failed.
const SOON: Duration = Duration::from_secs(10);

#[track_caller]
fn ends_soon(job: &mut Child) {
    let begin = Instant::now();
    let ended = loop {
        match job.try_wait().unwrap() {
            Some(status) => break Some(status),
            None if begin.elapsed() > SOON => break None,
            None => sleep(Duration::from_millis(100)),
        }
    };
    if ended.is_none() {
        signal("TERM", job.id());
        job.wait().unwrap();
    }
    assert!(ended.is_some_and(|status| !status.success()), "{ended:?}");
}

/// `mpirun`, also for root and for more ranks than processors, as in containers.
fn mpirun() -> Command {
    let mut command = Command::new("mpirun");
    command.env("OMPI_ALLOW_RUN_AS_ROOT", "1").env("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1");
    command.env("OMPI_MCA_rmaps_base_oversubscribe", "1");
    command
}

fn job(ranks: usize, arguments: &[&str]) -> Output {
    mpirun().args(["-n", &ranks.to_string()]).arg(example()).args(arguments).output().expect("mpirun starts")
}

/// The program without `mpirun`.
fn program(arguments: &[&str]) -> Output {
    Command::new(example()).args(arguments).output().expect("the example is built")
}

/// Cargo builds the examples for the tests.
fn example() -> PathBuf {
    let test = env::current_exe().expect("a test has a path");
    let folder = test.parent().and_then(|deps| deps.parent()).expect("it is in `deps`");
    folder.join("examples").join("bits")
}

fn digest(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout.clone()).expect("digests are text");
    text.split_whitespace().next().expect("it prints a digest").to_owned()
}
