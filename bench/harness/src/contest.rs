//! All runners with one number of threads. Each workload is prepared by one runner after another; then their
//! losses are compared, and the runners are timed in turns.

use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use ann_bench::absence::Absence;
use ann_bench::print;
use ann_bench::runner::Runner;
use ann_workloads::{Precision, Workload};
use anyhow::{Result, bail, ensure};

use crate::findings::Measurement;
use crate::peers::Peer;
use crate::protocol::{End, Growth, Hello, LIMIT, Peak, Prepared, Timed};
use crate::statistics::Summary;

/// Pause before each run: the threads of some libraries keep a core busy for a while after their run, which
/// would slow down the next library.
const REST: Duration = Duration::from_millis(20);

/// Our runner and those of other libraries.
#[derive(Debug)]
pub struct Contest {
    ours: Contestant,
    peers: Vec<Contestant>,
    /// What libraries could not do, and why.
    pub absences: Vec<Absence>,
}

/// A library with a number of threads.
#[derive(Debug)]
struct Contestant {
    peer: Peer,
    threads: usize,
    log: PathBuf,
    version: String,
    /// Started when it is needed, and started again after it had to be ended.
    runner: Option<Runner>,
    /// Microseconds per unit of the current workload; `None` when the library does not take part.
    times: Option<Vec<f64>>,
    /// Where its training ends in the current workload, if the unit is a whole run of it.
    end: Option<End>,
}

impl Contest {
    /// Starts all runners; peers that cannot start are left out.
    ///
    /// # Errors
    /// Ours cannot start.
    pub fn start(ours: &Peer, peers: &[Peer], threads: usize, logs: &Path) -> Result<Self> {
        let ours = Contestant::start(ours, threads, logs)?;
        let mut contest = Self { ours, peers: Vec::new(), absences: Vec::new() };
        for peer in peers {
            match Contestant::start(peer, threads, logs) {
                Ok(contestant) => contest.peers.push(contestant),
                Err(error) => {
                    absent(&mut contest.absences, &peer.name, "all", format!("{error:#}"));
                }
            }
        }
        Ok(contest)
    }

    /// The names and versions of the libraries that started.
    pub fn versions(&self) -> impl Iterator<Item = (&str, &str)> {
        let contestants = std::iter::once(&self.ours).chain(&self.peers);
        contestants.map(|contestant| (contestant.peer.name.as_str(), contestant.version.as_str()))
    }

    /// The peak rates of the processor for a number type.
    pub fn peak(&mut self, dtype: Precision) -> Result<Peak> {
        self.ours.runner()?.ask(&format!("peak {dtype}"))
    }

    /// The cost for several numbers of rows, widths and depths.
    pub fn growth(&mut self) -> Result<Growth> {
        self.ours.runner()?.ask("growth")
    }

    /// Times one workload in our library and in each peer that did the same work, in turns. Each round begins
    /// with another library.
    ///
    /// # Errors
    /// Our own runner fails.
    pub fn measure(&mut self, workload: &Workload, runs: usize) -> Result<Vec<Measurement>> {
        let loss = match self.ours.prepare(workload)? {
            Prepared::Ready { loss, .. } => loss,
            Prepared::Skipped { skip } => bail!("our own runner skips {}: {skip}", workload.name),
        };
        for peer in &mut self.peers {
            if let Some(reason) = peer.join(workload, loss) {
                absent(&mut self.absences, &peer.peer.name, &workload.name, reason);
            }
        }
        let contestants = 1 + self.peers.len();
        for round in 0..runs {
            for turn in 0..contestants {
                match (round + turn) % contestants {
                    0 => self.ours.run()?,
                    peer => self.run_peer(peer - 1, workload)?,
                }
            }
        }
        let all = std::iter::once(&self.ours).chain(&self.peers);
        Ok(all.filter_map(|contestant| contestant.measurement(workload)).collect())
    }

    /// Times a peer, if it takes part. A peer that fails no longer takes part in this workload.
    fn run_peer(&mut self, index: usize, workload: &Workload) -> Result<()> {
        let peer = &mut self.peers[index];
        if peer.times.is_none() {
            return Ok(());
        }
        let Err(error) = peer.run() else { return Ok(()) };
        peer.end();
        absent(&mut self.absences, &peer.peer.name, &workload.name, format!("{error:#}"));
        Ok(())
    }
}

impl Contestant {
    fn start(peer: &Peer, threads: usize, logs: &Path) -> Result<Self> {
        let log = logs.join(format!("{}-{threads}.txt", peer.name));
        let mut contestant = Self {
            peer: peer.clone(),
            threads,
            log,
            version: String::new(),
            runner: None,
            times: None,
            end: None,
        };
        contestant.runner()?;
        Ok(contestant)
    }

    fn runner(&mut self) -> Result<&mut Runner> {
        let runner = match self.runner.take() {
            Some(runner) => runner,
            None => {
                let (runner, hello) =
                    Runner::start::<Hello>(&mut self.peer.command(self.threads), &self.log, LIMIT)?;
                ensure_called(&hello, &self.peer.name, self.threads)?;
                self.version = hello.version;
                runner
            }
        };
        Ok(self.runner.insert(runner))
    }

    /// Prepares a workload. A runner answers before it warms up, so the first run, which follows the warm-up,
    /// is not counted.
    fn prepare(&mut self, workload: &Workload) -> Result<Prepared> {
        (self.times, self.end) = (None, None);
        let prepared = self.runner()?.ask(&format!("prepare {}", workload.name))?;
        if let Prepared::Ready { end, .. } = prepared {
            self.end = end;
            self.times = Some(Vec::new());
            self.run()?;
            self.times = Some(Vec::new());
        }
        Ok(prepared)
    }

    /// Prepares a workload and compares losses. Returns the reason if the library does not take part.
    fn join(&mut self, workload: &Workload, ours: [f64; 2]) -> Option<String> {
        let reason = match self.prepare(workload) {
            Ok(Prepared::Ready { loss, .. }) => other_work(loss, ours, agreement(workload.precision)),
            Ok(Prepared::Skipped { skip }) => Some(skip),
            Err(error) => {
                self.end();
                Some(format!("{error:#}"))
            }
        };
        if reason.is_some() {
            self.times = None;
        }
        reason
    }

    fn run(&mut self) -> Result<()> {
        thread::sleep(REST);
        let Timed { us } = self.runner()?.ask("run")?;
        ensure!(us.is_finite() && us > 0.0, "a run took {us} µs per unit");
        self.times.get_or_insert_default().push(us);
        Ok(())
    }

    /// Ends the process. Otherwise a late answer would be read as the answer to the next request.
    fn end(&mut self) {
        (self.runner, self.times) = (None, None);
    }

    fn measurement(&self, workload: &Workload) -> Option<Measurement> {
        let times = self.times.as_ref()?;
        let Summary { median, min, max } = Summary::of(times)?;
        Some(Measurement {
            workload: workload.name.clone(),
            peer: self.peer.name.clone(),
            dtype: workload.precision,
            threads: self.threads,
            unit: workload.unit,
            median_us: median,
            min_us: Some(min),
            max_us: Some(max),
            runs: times.len(),
            end: self.end,
        })
    }
}

fn ensure_called(hello: &Hello, name: &str, threads: usize) -> Result<()> {
    let Hello { peer, threads: found, .. } = hello;
    ensure!(
        peer == name && *found == threads,
        "it calls itself {peer} with {found} threads, not {name} with {threads}"
    );
    Ok(())
}

/// Largest allowed difference between the losses of two libraries, relative to the loss.
fn agreement(precision: Precision) -> f64 {
    match precision {
        // Each library adds up to 100 000 terms in another order, each with a relative rounding error of
        // 6e-8.
        Precision::F32 => 1e-3,
        // FANN stores η in f32, with a relative error of 6e-8, and a step changes the loss by a tenth. The
        // rounding error of differences of losses is 1e-11.
        Precision::F64 => 1e-7,
    }
}

/// The reason to exclude a library whose losses differ from ours by more than `agreement` times ours. A NaN
/// always differs.
fn other_work(loss: [f64; 2], ours: [f64; 2], agreement: f64) -> Option<String> {
    let agree = |(theirs, ours): (f64, f64)| (theirs - ours).abs() <= agreement * ours.abs();
    let is_same = std::iter::zip(loss, ours).all(agree);
    (!is_same).then(|| format!("EXCLUDED, IT DOES OTHER WORK: its losses are {loss:?}, ours {ours:?}"))
}

/// Prints an absence at once, and stores it for the report.
fn absent(absences: &mut Vec<Absence>, peer: &str, what: &str, reason: String) {
    let absence = Absence { peer: peer.to_owned(), what: what.to_owned(), reason };
    print::progress(&absence);
    absences.push(absence);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_library_that_does_other_work_is_excluded() {
        assert_eq!(other_work([1.0 + 1e-12, 0.5], [1.0, 0.5], 1e-9), None);
        for other in [[1.0 + 1e-8, 0.5], [1.0, 0.6], [f64::NAN, 0.5], [1.0, f64::INFINITY]] {
            let reason = other_work(other, [1.0, 0.5], 1e-9).unwrap();
            assert!(reason.starts_with("EXCLUDED") && reason.ends_with("ours [1.0, 0.5]"), "{reason}");
        }
    }

    #[test]
    fn a_runner_must_have_the_name_and_threads_that_were_asked_for() {
        let hello = Hello { peer: "jax".into(), version: "1".into(), threads: 2 };
        assert!(ensure_called(&hello, "jax", 2).is_ok());
        let error = ensure_called(&hello, "torch", 1).unwrap_err().to_string();
        assert_eq!(error, "it calls itself jax with 2 threads, not torch with 1");
    }

    /// A contest between shell scripts: ours, an equal peer, and peers that do other work, cannot do it,
    /// fail, or are missing.
    #[cfg(unix)]
    #[test]
    fn peers_take_part_or_are_named_with_the_reason() {
        let logs = tempfile::tempdir().unwrap();
        let ours = shell("ann", READY, r#"{"us":2.0}"#);
        let peers = [
            shell("same", READY, r#"{"us":8.0}"#),
            shell("other", r#"{"loss":[0.5,0.26]}"#, r#"{"us":1.0}"#),
            shell("unable", r#"{"skip":"no such layers"}"#, ""),
            shell("broken", READY, "oh no"),
            Peer { name: "missing".into(), program: "/no/such/program".into(), arguments: vec![] },
        ];
        let mut contest = Contest::start(&ours, &peers, 1, logs.path()).unwrap();
        let found = contest.measure(&ann_workloads::all()[0], 7).unwrap();
        let medians: Vec<_> = found.iter().map(|m| (m.peer.as_str(), m.median_us, m.runs)).collect();
        assert_eq!(medians, [("ann", 2.0, 7), ("same", 8.0, 7)]);
        let starts = [
            "missing (all): could not be started",
            "other (W1): EXCLUDED",
            "unable (W1): no such layers",
            "broken (W1): asked \"run\": it answered \"oh no\"",
        ];
        assert_eq!(contest.absences.len(), starts.len(), "{:?}", contest.absences);
        for (absence, start) in contest.absences.iter().zip(starts) {
            assert!(absence.to_string().starts_with(start), "{absence}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn each_round_begins_with_another_library() {
        let folder = tempfile::tempdir().unwrap();
        let order = folder.path().join("order");
        let noting = |name| noting(name, READY, r#"{"us":1.0}"#, &order);
        let mut contest = Contest::start(&noting("a"), &["b", "c"].map(noting), 1, folder.path()).unwrap();
        contest.measure(&ann_workloads::all()[0], 4).unwrap();
        let order = std::fs::read_to_string(order).unwrap().replace('\n', "");
        assert_eq!(order, ["abc", "abc", "bca", "cab", "abc"].concat(), "the first three are not counted");
    }

    #[cfg(unix)]
    #[test]
    fn the_end_of_training_is_kept_for_one_workload() {
        let logs = tempfile::tempdir().unwrap();
        let script = r#"{"loss":[0.5,0.25],"end":{"epochs":7,"loss":0.125}}"#;
        let mut contest =
            Contest::start(&shell("ann", script, r#"{"us":2.0}"#), &[], 1, logs.path()).unwrap();
        let found = contest.measure(&ann_workloads::all()[0], 7).unwrap();
        assert_eq!(found[0].end, Some(End { epochs: 7, loss: 0.125 }));
    }

    #[cfg(unix)]
    const READY: &str = r#"{"loss":[0.5,0.25]}"#;

    #[cfg(unix)]
    fn shell(name: &str, prepared: &str, timed: &str) -> Peer {
        noting(name, prepared, timed, Path::new("/dev/null"))
    }

    /// A shell script that appends its name to a file at each run.
    #[cfg(unix)]
    fn noting(name: &str, prepared: &str, timed: &str, file: &Path) -> Peer {
        let script = format!(
            "echo '{{\"peer\":\"{name}\",\"version\":\"1\",\"threads\":1}}'
             while read request; do case \"$request\" in
             run) echo {name} >> '{}'; echo '{timed}';; *) echo '{prepared}';; esac; done",
            file.display()
        );
        Peer { name: name.into(), program: "sh".into(), arguments: vec!["-c".into(), script] }
    }
}
