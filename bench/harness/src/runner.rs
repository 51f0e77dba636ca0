//! A runner: a process that reads requests and writes answers, each on one line.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use serde::de::DeserializeOwned;

/// A running process, which is ended when this value is dropped.
#[derive(Debug)]
pub struct Runner {
    child: Child,
    answers: Receiver<String>,
    log: PathBuf,
    limit: Duration,
}

impl Runner {
    /// Starts a process and waits for its first line. Its standard error goes to `log`. If it takes longer
    /// than `limit` to answer, it is considered hung.
    ///
    /// # Errors
    /// It cannot be started, or does not write that line in time.
    pub fn start<T: DeserializeOwned>(
        command: &mut Command,
        log: &Path,
        limit: Duration,
    ) -> Result<(Self, T)> {
        let file = File::create(log).with_context(|| format!("could not create {}", log.display()))?;
        // The last line of the log is shown as the reason for a failure. It must be the error, not a
        // backtrace.
        command.env("RUST_BACKTRACE", "0");
        let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(file).spawn();
        let mut child = child.context("could not be started")?;
        let stdout = child.stdout.take().context("has no output")?;
        let (sender, answers) = mpsc::channel();
        // The thread ends when the process has closed its output, or when the receiver has been dropped.
        thread::spawn(move || {
            let lines = BufReader::new(stdout).lines().map_while(Result::ok);
            for line in lines {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        let runner = Self { child, answers, log: log.to_owned(), limit };
        let hello = runner.answer("to be started")?;
        Ok((runner, hello))
    }

    /// Sends a request, and waits for the answer.
    ///
    /// # Errors
    /// It does not answer in time, or has ended, or answers something else.
    pub fn ask<T: DeserializeOwned>(&mut self, request: &str) -> Result<T> {
        let stdin = self.child.stdin.as_mut().context("has no input")?;
        // Writing fails if the process has ended; `answer` then reports the reason.
        drop(writeln!(stdin, "{request}").and_then(|()| stdin.flush()));
        self.answer(request)
    }

    /// The number of the process.
    pub fn process(&self) -> u32 {
        self.child.id()
    }

    fn answer<T: DeserializeOwned>(&self, request: &str) -> Result<T> {
        match self.answers.recv_timeout(self.limit) {
            Ok(line) => parse(&line).with_context(|| format!("asked {request:?}")),
            Err(RecvTimeoutError::Timeout) => {
                bail!("asked {request:?}, it did not answer within {} s", self.limit.as_secs())
            }
            Err(RecvTimeoutError::Disconnected) => {
                Err(anyhow!("asked {request:?}, it ended{}", last_words(&self.log)))
            }
        }
    }
}

impl Drop for Runner {
    fn drop(&mut self) {
        // These calls fail only if the process has already ended.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Reads an answer.
///
/// # Errors
/// The line is something else.
pub fn parse<T: DeserializeOwned>(line: &str) -> Result<T> {
    serde_json::from_str(line).with_context(|| format!("it answered {line:?}"))
}

/// The last line of its standard error, which in Python is the error.
fn last_words(log: &Path) -> String {
    let text = fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    match text.lines().map(str::trim).rfind(|line| !line.is_empty()) {
        Some(words) => format!(": {words}"),
        None => ", without a word".to_owned(),
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize, PartialEq)]
    struct Hello {
        peer: String,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    struct Timed {
        us: f64,
    }

    const HELLO: &str = r#"echo '{"peer":"shell"}'"#;

    #[test]
    fn a_runner_says_who_it_is_and_answers() {
        let (mut runner, hello) = start(&format!(r#"{HELLO}; read request; echo '{{"us":12.4}}'"#)).unwrap();
        assert_eq!(hello.peer, "shell");
        assert_eq!(runner.ask::<Timed>("run").unwrap(), Timed { us: 12.4 });
        let error = runner.ask::<Timed>("run").unwrap_err().to_string();
        assert_eq!(error, "asked \"run\", it ended, without a word");
    }

    #[test]
    fn a_runner_that_cannot_start_says_why() {
        let error = start("echo no such library >&2; exit 3").unwrap_err().to_string();
        assert_eq!(error, "asked \"to be started\", it ended: no such library");
    }

    #[test]
    fn a_runner_ends_with_its_value() {
        let (runner, _) = start(&format!("{HELLO}; exec sleep 1000")).unwrap();
        let process = PathBuf::from(format!("/proc/{}", runner.child.id()));
        let is_known = process.exists();
        drop(runner);
        // Systems without /proc show nothing here.
        assert!(!is_known || !process.exists());
    }

    fn start(script: &str) -> Result<(Runner, Hello)> {
        let folder = tempfile::tempdir().unwrap();
        Runner::start(
            Command::new("sh").args(["-c", script]),
            &folder.path().join("log"),
            Duration::from_secs(120),
        )
    }
}
