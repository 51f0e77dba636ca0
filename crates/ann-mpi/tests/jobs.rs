//! Jobs of `mpirun`. The program that they start is the example `bits`.

use std::env;
use std::path::PathBuf;
use std::process::{Command, Output};

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
    use std::process::Stdio;
    use std::thread::sleep;
    use std::time::{Duration, Instant};

    let mut command = mpirun();
    command.args(["-n", "3"]).arg(example()).args(["--epochs", "100000000"]);
    let mut job = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("mpirun starts");
    let begin = Instant::now();
    let victim = loop {
        assert!(begin.elapsed() < Duration::from_secs(60), "rank 1 has not started");
        sleep(Duration::from_millis(200));
        if let Some(process) = process_of_rank(job.id(), 1) {
            break process;
        }
    };
    // It is in the middle of the training by then.
    sleep(Duration::from_secs(2));
    assert!(Command::new("kill").args(["-KILL", &victim.to_string()]).status().unwrap().success());
    let begin = Instant::now();
    let ended = loop {
        match job.try_wait().unwrap() {
            Some(status) => break Some(status),
            None if begin.elapsed() > Duration::from_secs(10) => break None,
            None => sleep(Duration::from_millis(100)),
        }
    };
    if ended.is_none() {
        job.kill().unwrap();
    }
    assert!(ended.is_some_and(|status| !status.success()), "{ended:?}");
}

#[cfg(feature = "program")]
mod program {
    use std::fs;
    use std::path::Path;

    use super::*;

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
        command.args(["-n", &ranks.to_string()]).arg(env!("CARGO_BIN_EXE_ann"));
        command
    }

    #[test]
    fn models_have_the_bytes_of_one_process() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("table.csv"), table(120)).unwrap();
        let alone = train(Command::new(env!("CARGO_BIN_EXE_ann")), folder.path(), &["-o", "alone.ann"]);
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

    #[test]
    fn another_table_ends_the_job() {
        let folder = tempfile::tempdir().unwrap();
        let [here, there] = ["here", "there"].map(|name| folder.path().join(name));
        for (path, rows) in [(&here, 60), (&there, 61)] {
            fs::create_dir(path).unwrap();
            fs::write(path.join("table.csv"), table(rows)).unwrap();
        }
        let mut command = mpirun();
        let arguments = ["train", "table.csv", "-t", "class", "--epochs", "5"];
        command.args(["-n", "1", "--wdir"]).arg(&here).arg(env!("CARGO_BIN_EXE_ann")).args(arguments);
        command.args([":", "-n", "1", "--wdir"]).arg(&there).arg(env!("CARGO_BIN_EXE_ann")).args(arguments);
        let output = command.output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(errors.contains("the fit of rank 1 differs from that of rank 0"), "{errors}");
        assert!(!output.status.success());
        assert!(!here.join("class.ann").exists());
    }
}

/// The process of a rank, among the children of `mpirun`.
#[cfg(target_os = "linux")]
fn process_of_rank(mpirun: u32, rank: usize) -> Option<u32> {
    let names = ["OMPI_COMM_WORLD_RANK", "PMI_RANK"].map(|name| format!("{name}={rank}"));
    let processes = std::fs::read_dir("/proc").ok()?;
    let mut ids = processes.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok());
    ids.find(|&id| {
        let environment = std::fs::read(format!("/proc/{id}/environ")).unwrap_or_default();
        let mut variables = environment.split(|&byte| byte == 0);
        let is_rank = variables.any(|variable| names.iter().any(|name| name.as_bytes() == variable));
        is_rank && id != mpirun && is_example(id)
    })
}

#[cfg(target_os = "linux")]
fn is_example(process: u32) -> bool {
    std::fs::read_link(format!("/proc/{process}/exe")).is_ok_and(|path| path == example())
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
