//! The results of a run: the numbers from which `bench/ACCURACY.md` and its picture are made.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use ann_bench::absence::Absence;
use ann_bench::{folders, machine};
use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use crate::score::Score;
use crate::systems::{CONFORMAL, OURS, SYSTEMS};
use crate::tables::Description;

/// The results of a run.
#[derive(Debug, Default, Deserialize, Serialize)]
pub struct Findings {
    pub origin: Origin,
    pub tables: Vec<Description>,
    pub scores: Vec<Score>,
    pub absences: Vec<Absence>,
}

/// Date, commit, machine and programs of a run.
#[derive(Debug, Default, Deserialize, Serialize)]
pub struct Origin {
    pub date: String,
    /// The commit of this repository.
    pub commit: String,
    pub machine: String,
    pub rust: String,
    /// The library and version of each system, by the system's name.
    pub versions: BTreeMap<String, String>,
}

impl Origin {
    /// The origin of a run that begins now, in the repository at `root`.
    pub fn now(root: &Path) -> Self {
        Self {
            date: machine::today(),
            commit: machine::commit(root),
            machine: machine::describe(),
            rust: machine::compiler(),
            versions: BTreeMap::new(),
        }
    }
}

impl Findings {
    /// The systems that were measured and have a place in the ranking, ours first.
    pub fn systems(&self) -> Vec<&'static str> {
        let all = std::iter::once(OURS).chain(SYSTEMS.map(|system| system.name));
        all.filter(|name| *name != CONFORMAL && self.scores.iter().any(|score| score.system == *name))
            .collect()
    }

    /// What a system reached on a table, split by split.
    pub fn of<'a>(&'a self, system: &'a str, table: &'a str) -> impl Iterator<Item = &'a Score> {
        self.scores.iter().filter(move |score| score.system == system && score.table == table)
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
}
