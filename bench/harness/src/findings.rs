//! The results of a run: the numbers from which `bench/RESULTS.md` and its pictures are made.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use ann_bench::absence::Absence;
use ann_bench::{folders, machine};
use ann_workloads::{Precision, Unit};
use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use crate::footprint::Footprint;
use crate::protocol::{End, Peak};

/// The name of our own engine.
pub const OURS: &str = "ann";

/// The results of a run.
#[derive(Debug, Default, Deserialize, Serialize)]
pub struct Findings {
    pub origin: Origin,
    pub measurements: Vec<Measurement>,
    pub peaks: Vec<MeasuredPeak>,
    pub growth: Vec<Cost>,
    pub footprint: Footprint,
    pub absences: Vec<Absence>,
}

/// Date, commit, machine and programs of the measurements.
#[derive(Debug, Default, Deserialize, Serialize)]
pub struct Origin {
    pub date: String,
    /// The commit of this repository.
    pub commit: String,
    pub machine: String,
    pub rust: String,
    /// Timed runs of each workload.
    pub runs: usize,
    /// The version of each library, by name.
    pub versions: BTreeMap<String, String>,
}

/// The times of one library in one workload with one number of threads.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Measurement {
    pub workload: String,
    pub peer: String,
    pub dtype: Precision,
    pub threads: usize,
    pub unit: Unit,
    pub median_us: f64,
    /// The fastest run. Older records have it for our library only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_us: Option<f64>,
    /// The slowest run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_us: Option<f64>,
    pub runs: usize,
    /// Where training ends, if the unit is a whole run of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<End>,
}

/// The best rates that were measured with a number of threads and a type.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
pub struct MeasuredPeak {
    pub threads: usize,
    pub dtype: Precision,
    pub gflops: f64,
    pub exps: f64,
}

/// Microseconds of a loss and its gradient, for one number of rows, width or depth.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Cost {
    pub threads: usize,
    pub against: String,
    pub size: usize,
    pub us: f64,
}

impl Origin {
    /// The origin of a run that begins now, in the repository at `root`.
    pub fn now(root: &Path, runs: usize) -> Self {
        Self {
            date: machine::today(),
            commit: machine::commit(root),
            machine: machine::describe(),
            rust: machine::compiler(),
            runs,
            versions: BTreeMap::new(),
        }
    }
}

impl Findings {
    /// Adds measured peaks. Of several measurements the highest rate is kept.
    pub fn add_peak(&mut self, threads: usize, dtype: Precision, Peak { gflops, exps }: Peak) {
        let known = self.peaks.iter_mut().find(|peak| (peak.threads, peak.dtype) == (threads, dtype));
        match known {
            Some(peak) => (peak.gflops, peak.exps) = (peak.gflops.max(gflops), peak.exps.max(exps)),
            None => self.peaks.push(MeasuredPeak { threads, dtype, gflops, exps }),
        }
    }

    /// Reads what [`Findings::write`] has written.
    ///
    /// # Errors
    /// There is no such file, or it holds something else.
    pub fn read(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path).with_context(|| format!("could not read {}", path.display()))?;
        serde_json::from_str(&text).with_context(|| format!("{} holds no findings", path.display()))
    }

    /// Writes the findings as JSON.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(&self, path: &Path) -> Result<()> {
        folders::write_json(path, self)
    }

    /// Writes the measurements alone, one JSON object per line.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write_measurements(&self, path: &Path) -> Result<()> {
        let lines = self.measurements.iter().map(serde_json::to_string).collect::<Result<Vec<_>, _>>()?;
        folders::write(path, &lines.iter().map(|line| format!("{line}\n")).collect::<String>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn findings_are_read_back_as_they_were_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("results.json");
        let mut findings = Findings::default();
        findings.add_peak(1, Precision::F32, Peak { gflops: 2.0, exps: 1e9 });
        findings.add_peak(1, Precision::F32, Peak { gflops: 1.0, exps: 2e9 });
        findings.growth.push(Cost { threads: 2, against: "rows".into(), size: 100, us: 3.5 });
        findings.write(&path).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        assert!(
            text.contains("\n{\"threads\":1,\"dtype\":\"f32\",\"gflops\":2.0,\"exps\":2000000000.0}\n"),
            "{text}"
        );
        let read = Findings::read(&path).unwrap();
        assert_eq!((&read.peaks, &read.growth), (&findings.peaks, &findings.growth));
    }

    #[test]
    fn the_committed_findings_are_about_workloads_of_the_file() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../results.json");
        let findings = Findings::read(&path).unwrap();
        assert!(!findings.measurements.is_empty());
        for Measurement { workload, dtype, unit, .. } in &findings.measurements {
            let known =
                ann_workloads::find(workload).unwrap_or_else(|| panic!("no workload is called {workload}"));
            assert_eq!((*dtype, *unit), (known.precision, known.unit), "{workload}");
        }
    }
}
