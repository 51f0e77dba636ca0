//! What the program `ann` says of a model whose engine has a fault: `ann check` must find it, and name it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use anyhow::{Context, Result, ensure};

/// The exit code of a check that finds a wrong gradient.
const WRONG: i32 = 4;

/// The program `ann` of the copy, with a model that was made without a fault.
#[derive(Debug)]
pub struct Certificate {
    program: PathBuf,
    table: PathBuf,
    model: PathBuf,
}

/// What a check with a fault has found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The line with the words that were expected.
    Found(String),
    /// The exit code is another one, or no line has the words.
    Missed,
}

impl Certificate {
    /// Makes a model, and checks it without a fault.
    ///
    /// # Errors
    /// When a command fails without any fault.
    pub fn new(program: PathBuf, tree: &Path, folder: &Path) -> Result<Self> {
        let certificate = Self {
            program,
            table: tree.join("crates/ann-datasets/data/iris.csv"),
            model: folder.join("species.ann"),
        };
        let Self { table, model, .. } = &certificate;
        let mut train = certificate.ann(None);
        train.arg("train").arg(table).args([
            "-t",
            "species",
            "--networks",
            "1",
            "--no-score",
            "--force",
            "-o",
        ]);
        let made = output(train.arg(model))?;
        ensure!(made.status.success(), "`ann train` fails without any fault: {}", text(&made.stderr));
        let right = certificate.check(None)?;
        ensure!(right.status.success(), "`ann check` fails without any fault: {}", text(&right.stdout));
        Ok(certificate)
    }

    /// Checks the gradient with a fault. The exit code must be 4, and a line of the output contain the words.
    ///
    /// # Errors
    /// When the program cannot be started.
    pub fn of(&self, fault: usize, words: &str) -> Result<Verdict> {
        let output = self.check(Some(fault))?;
        let printed = text(&output.stdout);
        let line = printed.lines().find(|line| line.contains(words));
        Ok(match line {
            Some(line) if output.status.code() == Some(WRONG) => Verdict::Found(line.to_owned()),
            _ => Verdict::Missed,
        })
    }

    fn check(&self, fault: Option<usize>) -> Result<Output> {
        output(self.ann(fault).arg("check").arg(&self.model).arg(&self.table))
    }

    fn ann(&self, fault: Option<usize>) -> Command {
        let mut command = Command::new(&self.program);
        command.env_remove("ANN_FAULT").envs(fault.map(|fault| ("ANN_FAULT", fault.to_string())));
        command
    }
}

fn output(command: &mut Command) -> Result<Output> {
    command.output().with_context(|| format!("could not start {}", command.get_program().display()))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
