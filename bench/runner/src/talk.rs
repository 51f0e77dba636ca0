//! Requests and answers, and the length of a run.

use std::io::{self, BufRead, Write};
use std::time::Duration;

use anyhow::Result;
use serde::Serialize;
use serde_json::json;

/// Approximate duration of a run.
const RUN: Duration = Duration::from_millis(200);

/// The conversation with the process that started this program.
pub struct Talk {
    requests: Box<dyn BufRead>,
    answers: Box<dyn Write>,
    pub threads: usize,
    run: Duration,
}

impl Talk {
    /// Names this program on standard output. Requests come from standard input.
    pub fn begin(threads: usize) -> Result<Self> {
        let (requests, answers) = (Box::new(io::stdin().lock()), Box::new(io::stdout().lock()));
        let mut talk = Self { requests, answers, threads, run: RUN };
        talk.answer(json!({ "peer": "ann", "version": env!("CARGO_PKG_VERSION"), "threads": threads }))?;
        Ok(talk)
    }

    /// A conversation without requests, with runs of one unit.
    #[cfg(test)]
    pub fn without_requests(threads: usize, answers: impl Write + 'static) -> Self {
        Self { requests: Box::new(io::empty()), answers: Box::new(answers), threads, run: Duration::ZERO }
    }

    /// The next request; `None` at the end of the input.
    pub fn next(&mut self) -> Result<Option<String>> {
        let mut line = String::new();
        let read = self.requests.read_line(&mut line)?;
        Ok((read > 0).then(|| line.trim().to_owned()))
    }

    pub fn answer(&mut self, answer: impl Serialize) -> Result<()> {
        writeln!(self.answers, "{}", serde_json::to_string(&answer)?)?;
        Ok(self.answers.flush()?)
    }

    /// Answers `prepare` with the losses, and then does what [`Self::serve_after`] does.
    pub fn serve(
        &mut self,
        loss: [f64; 2],
        time: impl FnMut(usize) -> Result<Duration>,
    ) -> Result<Option<String>> {
        self.serve_after(json!({ "loss": loss }), time)
    }

    /// Answers `prepare`, warms up, and makes a run for each `run`. `time` does the given number of units and
    /// returns their duration. Returns the first request that is not `run`.
    pub fn serve_after(
        &mut self,
        answer: impl Serialize,
        mut time: impl FnMut(usize) -> Result<Duration>,
    ) -> Result<Option<String>> {
        self.answer(answer)?;
        let units = warm_up(self.run, &mut time)?;
        loop {
            let request = self.next()?;
            if request.as_deref() != Some("run") {
                return Ok(request);
            }
            self.answer(json!({ "us": per_unit(time(units)?, units) }))?;
        }
    }
}

/// Works at least as long as a run should take, at least one unit. Returns the number of units of a run.
pub fn warm_up(run: Duration, time: &mut impl FnMut(usize) -> Result<Duration>) -> Result<usize> {
    let mut units = 1;
    loop {
        let spent = time(units)?;
        if spent >= run {
            let fitting = units as f64 * run.as_secs_f64() / spent.as_secs_f64();
            return Ok((fitting.round() as usize).max(1));
        }
        units *= 2;
    }
}

/// Microseconds per unit.
pub fn per_unit(spent: Duration, units: usize) -> f64 {
    1e6 * spent.as_secs_f64() / units as f64
}
