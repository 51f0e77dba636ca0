//! `ann train`: from a table to a model, and how good it is.

mod files;
mod groups;
mod memory;
mod options;
mod values;

use std::env;
use std::io::Write;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use ann_tabular::ann_table::{self, Reader, Table};
use ann_tabular::{Checkpoints, Fit, Recipe};
use bytesize::ByteSize;
use clap::Args;

use crate::data;
use crate::failure::{Failure, Result, Status};
use crate::job::{self, Job};
use crate::output::{self, Output};
use crate::progress::Progress;
use crate::show::counted;
use crate::summary::Summary;
use crate::{again, explanation, html, interrupt, stored, target};
use groups::Groups;
use options::Settings;

pub use values::{activation_name, optimizer_name};

/// Make a model of a table, and measure how good it is on rows that it has not seen
#[derive(Args, Debug)]
pub struct Train {
    /// A table: CSV, Orange .tab, both also as .gz; - for the standard input; or a file of ann store
    data: PathBuf,
    /// The column to predict; several times for several columns. Default: the class column of an Orange file,
    /// or the one column named class, target or label
    #[arg(short, long = "target", value_name = "COLUMN")]
    targets: Vec<String>,
    /// The file of the model; - for the standard output. Default: the name of the target with .ann
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Replace the file of the model, and that of the report
    #[arg(long)]
    force: bool,
    /// Also write a page with pictures: HTML, in one file
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Save the state of the training in this file: --resume goes on from there
    #[arg(long, value_name = "FILE", group = "state")]
    checkpoint: Option<PathBuf>,
    /// Go on from a file of --checkpoint, with the same table and settings; it is saved there, too
    #[arg(long, value_name = "FILE", group = "state")]
    resume: Option<PathBuf>,
    /// How often the state is saved, for example 10s or 5m
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = humantime::parse_duration, requires = "state")]
    checkpoint_every: Duration,
    /// Use about this much memory, for example 2GB: the rows of a table that would need more are in a
    /// temporary file beside that of the model. The model is the same
    #[arg(long, value_name = "SIZE", value_parser = memory::size, allow_hyphen_values = true)]
    memory: Option<ByteSize>,
    /// Print each choice and its reason, and train nothing
    #[arg(long)]
    explain: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    /// Print errors only
    #[arg(short, long)]
    quiet: bool,
    #[command(flatten)]
    settings: Settings,
}

/// A table, as it was read, and how it is learned.
struct Task {
    reader: Reader,
    table: Table,
    targets: Vec<String>,
    recipe: Recipe,
}

/// `job`: the processes that train together.
pub fn train(options: &Train, job: Option<&dyn Job>) -> Result<Status> {
    let started = Instant::now();
    let job = job.filter(|job| job.size() > 1);
    if job.is_some() {
        options.check_job()?;
    }
    let is_first = job::is_first(job);
    if is_first {
        options.check_before_reading(job.is_some())?;
    }
    let task = options.task(!options.quiet && is_first)?;
    let Task { reader, table, targets, recipe } = &task;
    let groups = options.settings.group_by().map(|column| Groups {
        options,
        recipe,
        reader,
        table,
        targets,
        column,
        job,
    });
    if let Some(job) = job.filter(|job| job.rank() > 0) {
        return match groups {
            _ if options.explain => Ok(Status::Done),
            Some(groups) => groups.train_share(),
            None => options.train_share(recipe, table, targets, job),
        };
    }
    if options.explain {
        explanation::print(recipe, table, targets, options.settings.scoring.file(), options.json)?;
        return Ok(Status::Done);
    }
    let path = options.output.clone().unwrap_or_else(|| files::model_name(targets).into());
    options.check_files(&path, job.is_some())?;
    match groups {
        Some(groups) => groups.train(&path),
        None => options.train_model(&task, &path, job, started),
    }
}

/// Whether Ctrl-C ended the fit before its end.
fn was_ended(fit: &Fit) -> bool {
    fit.model.provenance["ended_early"] == true
}

impl Train {
    /// Reads the table, and decides how it is learned.
    fn task(&self, is_noted: bool) -> Result<Task> {
        let (reader, table) = self.read(is_noted)?;
        let targets = target::targets(&table, &self.targets)?;
        let recipe = self.settings.recipe(&reader, &table, &targets)?;
        let table = memory::limit(self.memory, &recipe, table)?;
        Ok(Task { reader, table, targets, recipe })
    }

    /// Trains and scores one model, and writes its file.
    fn train_model(
        &self,
        task: &Task,
        path: &Path,
        job: Option<&dyn Job>,
        started: Instant,
    ) -> Result<Status> {
        let Task { reader, table, targets, recipe } = task;
        let judged = self.read_judged(recipe, reader, table, targets)?;
        let mut fit = match job {
            Some(job) => self.fit_among(job, recipe, table, targets)?,
            None => self.fit(recipe, table, targets)?,
        };
        fit.model.provenance["reading"] = data::provenance(reader);
        let bytes = fit.model.write()?;
        files::save(path, &bytes, self.force)?;
        self.tell(&Summary {
            data: &self.data,
            table,
            targets,
            recipe,
            validation: judged.validation_score(&fit.model)?,
            test: judged.test_score(&fit.model)?,
            fit: &fit,
            path,
            bytes: bytes.len(),
            digest: fit.model.digest()?,
            elapsed: started.elapsed(),
            was_ended: was_ended(&fit),
            page: self.report.as_deref(),
        })?;
        Ok(if was_ended(&fit) { Status::Interrupted } else { Status::Done })
    }

    /// Finds what is wrong without the table, which may take minutes to read.
    fn check_before_reading(&self, is_job: bool) -> Result<()> {
        if self.settings.group_by().is_some() {
            groups::check(self)?;
        }
        match self.output.as_deref() {
            Some(path) if !self.explain => self.check_files(path, is_job),
            _ => Ok(()),
        }
    }

    /// Reads the table: into memory, or into a file if it may need more than --memory, which a note says.
    fn read(&self, is_noted: bool) -> Result<(Reader, Table)> {
        let finished = |names: &[String]| self.settings.reader(names, &self.targets);
        let reader = self.settings.reading.reader();
        if stored::is_at(&self.data) {
            return stored::open(&self.settings.reading, &self.data, finished);
        }
        if !self.memory.is_some_and(|memory| memory::is_too_large(&self.data, memory)) {
            return data::read_named(&reader, &self.data, finished);
        }
        let folder = match self.output.as_deref() {
            Some(path) if data::is_dash(path) => env::temp_dir(),
            Some(path) => output::folder_of(path).to_owned(),
            None => PathBuf::from("."),
        };
        if is_noted {
            let folder = folder.display();
            anstream::eprintln!("note: the rows are in a temporary file in {folder} while the program runs");
        }
        data::read_named_on_disk(&reader, &self.data, finished, &folder)
    }

    /// Trains until the end, or until the interrupt key is pressed.
    fn fit(&self, recipe: &Recipe, table: &Table, targets: &[String]) -> Result<Fit> {
        let checkpoints = self.checkpoints();
        interrupt::listen(checkpoints.as_ref().map(|checkpoints| checkpoints.path.clone()))?;
        let progress = Progress::begin(!self.quiet && !self.json, recipe.members);
        let warning = CheckpointWarning::new(checkpoints.as_ref().map(|checkpoints| &*checkpoints.path));
        let observe = |seen: &ann_tabular::Progress| {
            progress.see(seen);
            warning.see(seen, &progress);
            if interrupt::is_wanted() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let fit = match &checkpoints {
            Some(checkpoints) => recipe.fit_checkpointed(table, targets, checkpoints, observe),
            None => recipe.fit_interruptible(table, targets, interrupt::wish(), observe),
        };
        progress.end(fit.is_ok());
        fit.map_err(|error| self.failed(error))
    }

    /// Damaged rows are in the file of the table, or made from it.
    fn failed(&self, error: ann_tabular::Error) -> Failure {
        let is_damage = matches!(error, ann_tabular::Error::Table(ann_table::Error::StoredRows { .. }));
        let failure = in_program(error);
        if is_damage { failure.about(data::shown(&self.data)) } else { failure }
    }

    /// What several processes cannot do.
    fn check_job(&self) -> Result<()> {
        if data::is_dash(&self.data) {
            return Err(Failure::arguments("several processes cannot read the standard input: give a file"));
        }
        Ok(())
    }

    /// Trains some of the networks of a job, of which another process is the first.
    fn train_share(
        &self,
        recipe: &Recipe,
        table: &Table,
        targets: &[String],
        job: &dyn Job,
    ) -> Result<Status> {
        let fit = self.fit_among(job, recipe, table, targets)?;
        if let Some(error) = &fit.checkpoint_error {
            anstream::eprintln!("warning: rank {}: {error}; its last states are not saved", job.rank());
        }
        Ok(Status::Done)
    }

    /// Trains together with other processes.
    fn fit_among(&self, job: &dyn Job, recipe: &Recipe, table: &Table, targets: &[String]) -> Result<Fit> {
        let (is_first, checkpoints) = (job.rank() == 0, self.checkpoints());
        let own_file = checkpoints.as_ref().map(|Checkpoints { path, .. }| files::of_rank(path, job.rank()));
        interrupt::clean_up(own_file.clone())?;
        if is_first && !self.quiet && job.size() > recipe.members {
            let reason =
                format!(", because a mini-batch of {} rows is too small to be divided", recipe.batch);
            let trainings = recipe.trainings(table, targets).map_err(in_program)?;
            self.warn_of_idle(job, trainings, "training", &reason);
        }
        let progress = Progress::begin(is_first && !self.quiet && !self.json, recipe.members);
        let warning =
            CheckpointWarning { rank: Some(job.rank()), ..CheckpointWarning::new(own_file.as_deref()) };
        let observe = |seen: &ann_tabular::Progress| {
            progress.see(seen);
            warning.see(seen, &progress);
        };
        let fit = recipe.fit_among(job, table, targets, checkpoints.as_ref(), observe);
        progress.end(fit.is_ok() && is_first);
        fit.map_err(|error| self.failed(error))
    }

    /// Warns if a job has more processes than there is work for. `reason` is why it is not divided further.
    fn warn_of_idle(&self, job: &dyn Job, work: usize, name: &str, reason: &str) {
        let processes = job.size();
        if let idle @ 1.. = processes.saturating_sub(work) {
            let have = if idle == 1 { "has" } else { "have" };
            anstream::eprintln!(
                "warning: {}, {}: {idle} {have} nothing to do{reason}",
                counted(processes, "process"),
                counted(work, name)
            );
        }
    }

    fn checkpoints(&self) -> Option<Checkpoints> {
        let path = self.resume.as_ref().or(self.checkpoint.as_ref())?.clone();
        Some(Checkpoints { path, every: self.checkpoint_every, resume: self.resume.is_some() })
    }

    /// Writes the page and prints the summary.
    fn tell(&self, summary: &Summary<'_>) -> Result<()> {
        if let Some(error) = &summary.fit.checkpoint_error {
            anstream::eprintln!(
                "warning: {error}; the model is written, but the last state of the training is not saved"
            );
        }
        if let Some(page) = &self.report {
            output::write(page, html::page(summary, &again::typed())?.as_bytes(), true)?;
        }
        if self.quiet && !self.json {
            return Ok(());
        }
        // A model on the standard output has it for itself.
        let mut output: Box<dyn Write> = match data::is_dash(summary.path) {
            true => Box::new(std::io::stderr()),
            false => Box::new(Output::standard()),
        };
        if self.json {
            summary.write_json(&mut output)?;
        } else {
            summary.write(&mut output)?;
        }
        Ok(output.flush()?)
    }
}

/// Says once that the states of a training cannot be saved.
struct CheckpointWarning<'p> {
    path: Option<&'p Path>,
    /// This process, if there are several.
    rank: Option<usize>,
    was_given: AtomicBool,
}

impl<'p> CheckpointWarning<'p> {
    fn new(path: Option<&'p Path>) -> Self {
        Self { path, rank: None, was_given: AtomicBool::new(false) }
    }

    fn see(&self, seen: &ann_tabular::Progress, progress: &Progress) {
        if let (Some(error), Some(path)) = (seen.checkpoint_error, self.path)
            && !self.was_given.swap(true, Ordering::Relaxed)
        {
            let whose = self.rank.map(|rank| format!("rank {rank}: ")).unwrap_or_default();
            progress.print(&format!(
                "warning: {whose}{}: cannot write: {error}; the training goes on without it",
                path.display()
            ));
        }
    }
}

/// The library names settings, the program options.
pub fn in_program(error: ann_tabular::Error) -> Failure {
    use ann_tabular::Error as E;
    use ann_tabular::ann_model::Error as InModel;
    const EXPECTED: &str = "expected a file that --checkpoint has written";
    match error {
        E::Setting { name, found, expected } => {
            let option = match name {
                "class_weights" => {
                    return Failure::arguments("--class-weights: the model predicts no classes");
                }
                "weights" => "weight",
                "groups" => "group",
                "column" => "group-by",
                "members" => "networks",
                "scoring" => "validation or --folds",
                other => other,
            };
            Failure::arguments(format_args!(
                "--{}: found {found}, expected {expected}",
                option.replace('_', "-")
            ))
        }
        E::OtherFit { what, found, expected } => Failure::data(format_args!(
            "--resume: the checkpoint is of another training: {what} is {expected} in the file, and {found} here; \
             give the table and the options of the command that was ended"
        )),
        // No other file of ann is read here.
        E::Model(InModel::InFile { path, error }) => match *error {
            InModel::NoModel => {
                Failure::data(format_args!("--resume: {} is no checkpoint: {EXPECTED}", path.display()))
            }
            InModel::OtherContents { found, .. } => {
                Failure::data(format_args!("--resume: {} holds a {found}: {EXPECTED}", path.display()))
            }
            error => E::Model(InModel::InFile { path, error: error.into() }).into(),
        },
        error => error.into(),
    }
}
