//! Requests and answers, and how long a run is.

use std::io::{self, Lines, StdinLock, Write};
use std::time::Duration;

use anyhow::Result;
use serde::Serialize;
use serde_json::json;

/// A run takes about as long.
const RUN: Duration = Duration::from_millis(200);

/// The conversation with whoever started us.
pub struct Talk {
    requests: Lines<StdinLock<'static>>,
    pub threads: usize,
}

impl Talk {
    /// Says who we are.
    pub fn begin(threads: usize) -> Result<Self> {
        let talk = Self { requests: io::stdin().lines(), threads };
        talk.answer(json!({ "peer": "ann", "version": env!("CARGO_PKG_VERSION"), "threads": threads }))?;
        Ok(talk)
    }

    /// The next request; `None` when there will be no more.
    pub fn next(&mut self) -> Result<Option<String>> {
        Ok(self.requests.next().transpose()?.map(|line| line.trim().to_owned()))
    }

    pub fn answer(&self, answer: impl Serialize) -> Result<()> {
        let mut out = io::stdout().lock();
        writeln!(out, "{}", serde_json::to_string(&answer)?)?;
        Ok(out.flush()?)
    }

    /// Answers `prepare`, warms up, and makes a run whenever it is asked; `time` tells how long so many units take.
    /// Gives back the first request for something else.
    pub fn serve(
        &mut self,
        loss: [f64; 2],
        unit: &str,
        mut time: impl FnMut(usize) -> Result<Duration>,
    ) -> Result<Option<String>> {
        self.answer(json!({ "loss": loss, "unit": unit }))?;
        let units = warm_up(RUN, &mut time)?;
        loop {
            let request = self.next()?;
            if request.as_deref() != Some("run") {
                return Ok(request);
            }
            self.answer(json!({ "us": per_unit(time(units)?, units) }))?;
        }
    }
}

/// At least one unit and at least as long as a run should take; gives back how many units that is.
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

/// Microseconds.
pub fn per_unit(spent: Duration, units: usize) -> f64 {
    1e6 * spent.as_secs_f64() / units as f64
}
