//! The answers of runners: one JSON object per line.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A runner that takes longer than this to answer is considered hung.
pub const LIMIT: Duration = Duration::from_secs(120);

/// The first line of a runner.
#[derive(Debug, Deserialize, PartialEq)]
pub struct Hello {
    pub peer: String,
    pub version: String,
    pub threads: usize,
}

/// The answer to `prepare`.
#[derive(Debug, Deserialize, PartialEq)]
#[serde(untagged)]
pub enum Prepared {
    /// The loss before and after one step with all rows, or a sum of results twice.
    Ready {
        loss: [f64; 2],
        /// Where training ends, if the unit is a whole run of it.
        #[serde(default)]
        end: Option<End>,
    },
    /// The library cannot do this.
    Skipped { skip: String },
}

/// The end of a run of training.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct End {
    /// Number of epochs, or of iterations.
    pub epochs: usize,
    /// The mean loss of the trained network; of several networks, the mean of their losses.
    pub loss: f64,
}

/// The answer to `run`: microseconds per unit.
#[derive(Debug, Deserialize, PartialEq)]
pub struct Timed {
    pub us: f64,
}

/// The answer to `peak`, from our runner only: the peak rates of the processor, per second.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq)]
pub struct Peak {
    /// 10⁹ additions and multiplications; a multiply-add counts as two.
    pub gflops: f64,
    /// Exponentials.
    pub exps: f64,
}

/// The answer to `growth`, from our runner only.
#[derive(Debug, Deserialize, PartialEq)]
pub struct Growth {
    pub growth: Vec<Point>,
}

/// The cost of one problem in microseconds.
#[derive(Debug, Deserialize, PartialEq)]
pub struct Point {
    pub against: String,
    pub size: usize,
    pub us: f64,
}

/// The answer to `memory`, from our runner only.
#[derive(Debug, Deserialize, PartialEq)]
#[serde(untagged)]
pub enum Memory {
    /// The most memory that the runner has used.
    Known { peak_kib: u64 },
    /// The system does not report it.
    Unknown { skip: String },
}

#[cfg(test)]
mod tests {
    use ann_bench::runner::parse;

    use super::*;

    #[test]
    fn answers_are_read_as_the_protocol_has_them() {
        let hello: Hello = parse(r#"{"peer":"jax","version":"0.8.1","threads":1}"#).unwrap();
        assert_eq!(hello, Hello { peer: "jax".into(), version: "0.8.1".into(), threads: 1 });
        let ready: Prepared = parse(r#"{"loss":[0.75, 0.5]}"#).unwrap();
        assert_eq!(ready, Prepared::Ready { loss: [0.75, 0.5], end: None });
        let ran: Prepared = parse(r#"{"loss":[0.75, 0.5],"end":{"epochs":12,"loss":0.25}}"#).unwrap();
        let end = Some(End { epochs: 12, loss: 0.25 });
        assert_eq!(ran, Prepared::Ready { loss: [0.75, 0.5], end });
        let skipped: Prepared = parse(r#"{"skip":"no float32"}"#).unwrap();
        assert_eq!(skipped, Prepared::Skipped { skip: "no float32".into() });
        assert_eq!(parse::<Timed>(r#"{"us":12.4}"#).unwrap(), Timed { us: 12.4 });
        assert_eq!(parse::<Timed>(r#"{"us":12}"#).unwrap(), Timed { us: 12.0 });
    }

    #[test]
    fn what_only_our_runner_answers_is_read_too() {
        let peak: Peak = parse(r#"{"gflops":71.5,"exps":1.25e9}"#).unwrap();
        assert_eq!(peak, Peak { gflops: 71.5, exps: 1.25e9 });
        let growth: Growth = parse(r#"{"growth":[{"against":"rows","size":100,"us":3.5}]}"#).unwrap();
        assert_eq!(growth.growth, [Point { against: "rows".into(), size: 100, us: 3.5 }]);
        assert_eq!(parse::<Memory>(r#"{"peak_kib":96484}"#).unwrap(), Memory::Known { peak_kib: 96_484 });
        let unknown: Memory = parse(r#"{"skip":"no /proc"}"#).unwrap();
        assert_eq!(unknown, Memory::Unknown { skip: "no /proc".into() });
    }

    #[test]
    fn anything_else_is_shown() {
        for line in ["", "Warning: no GPU", r#"{"loss":[0.5]}"#, r#"{"loss":[NaN,1]}"#] {
            let error = parse::<Prepared>(line).unwrap_err().to_string();
            assert_eq!(error, format!("it answered {line:?}"));
        }
    }
}
