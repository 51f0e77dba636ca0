//! The files of `ann train`: what is wrong with one of them is known before hours of training.

use std::fs;
use std::path::{Path, PathBuf};

use ann_tabular::ann_table::{Reader, Schema, Table};
use ann_tabular::{Model, Recipe, Score};

use super::Train;
use crate::data::{self, shown};
use crate::failure::{Failure, Result, in_quotes};
use crate::output;
use crate::summary::OtherRows;

/// The rows of `--validation FILE` and of `--test`, which were read before the training.
pub struct Judged<'o> {
    validation: Option<(&'o Path, Table)>,
    test: Option<(&'o Path, Table)>,
}

impl<'o> Judged<'o> {
    /// The score of the rows of `--validation FILE`.
    pub fn validation_score(&self, model: &Model) -> Result<Option<OtherRows<'o>>> {
        self.validation.as_ref().map(|(path, table)| OtherRows::new(model, table, path)).transpose()
    }

    /// The score of the rows of `--test`.
    pub fn test_score(&self, model: &Model) -> Result<Option<Score>> {
        let score = |(path, table): &(&Path, Table)| {
            Score::of(model, table).map_err(|error| Failure::from(error).about(shown(path)))
        };
        self.test.as_ref().map(score).transpose()
    }
}

/// The file of states that exists at this path: that of a process alone, or that of the first one of a job.
fn states_at(path: &Path, is_job: bool) -> Option<PathBuf> {
    let path = if is_job { of_rank(path, 0) } else { path.to_owned() };
    Some(path).filter(|path| path.exists())
}

/// The file of states of one of the processes of a job.
pub fn of_rank(path: &Path, rank: usize) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{rank}"));
    name.into()
}

impl Train {
    /// Whether all files can be read or written, and none is used twice. The processes of a job have files of
    /// their own for their states.
    pub(super) fn check_files(&self, path: &Path, is_job: bool) -> Result<()> {
        let scoring = &self.settings.scoring;
        let judged: Vec<&Path> = scoring.test.as_deref().into_iter().chain(scoring.file()).collect();
        output::check_binary(path)?;
        let options = [("--validation", scoring.file()), ("--test", scoring.test.as_deref())];
        let learned = |path: Option<&Path>| path.is_some_and(|path| output::is_same(path, &self.data));
        if let Some((option, _)) = options.into_iter().find(|(_, path)| learned(*path)) {
            return Err(Failure::arguments(format_args!(
                "{option}: expected another table than the one that is learned from"
            )));
        }
        if judged.iter().any(|path| data::is_dash(path)) && data::is_dash(&self.data) {
            return Err(Failure::arguments(
                "--test: the standard input is the table that is learned from, expected a file",
            ));
        }
        let files = [("--checkpoint", &self.checkpoint), ("--report", &self.report)];
        let files = files.into_iter().filter_map(|(option, path)| Some((option, path.as_deref()?)));
        if let Some(checkpoint) = &self.checkpoint
            && !self.force
            && let Some(existing) = states_at(checkpoint, is_job)
        {
            let [path, existing] = [checkpoint, &existing].map(|path| in_quotes(&path.display().to_string()));
            return Err(Failure::files(format_args!(
                "--checkpoint: {existing} exists; --resume {path} goes on with it, --force begins anew"
            )));
        }
        if let Some((option, _)) = files.clone().find(|(_, path)| data::is_dash(path)) {
            return Err(Failure::arguments(format_args!("{option}: expected the name of a file, found -")));
        }
        let outputs: Vec<(&str, &Path)> = [("-o", path)].into_iter().chain(files).collect();
        for path in judged.iter().filter(|path| !data::is_dash(path)) {
            fs::metadata(path)
                .map_err(|error| Failure::files(format_args!("{}: cannot read: {error}", shown(path))))?;
        }
        let inputs: Vec<&Path> =
            [&*self.data].into_iter().chain(judged).chain(self.resume.as_deref()).collect();
        output::check(&outputs, &inputs, self.force)
    }

    /// Reads the tables that the model will be judged by, as `reader` has read the table: whether they have
    /// its columns and classes does not depend on the training.
    pub(super) fn read_judged(
        &self,
        recipe: &Recipe,
        reader: &Reader,
        table: &Table,
        targets: &[String],
    ) -> Result<Judged<'_>> {
        let scoring = &self.settings.scoring;
        let (validation, test) = (scoring.file(), scoring.test.as_deref());
        if validation.or(test).is_none() {
            return Ok(Judged { validation: None, test: None });
        }
        let schema = recipe.learn_schema(table, targets).map_err(super::in_program)?;
        // They may lack the columns that are left out.
        let reader = Reader { ignore: vec![], only: vec![], ..reader.clone() };
        let read = |path| -> Result<(&Path, Table)> {
            let (judged, note) = data::read_with_targets(&reader, &schema, path)?;
            if let Some(note) = note.filter(|_| !self.quiet) {
                anstream::eprintln!("{note}");
            }
            if has_rows_of(&judged, table, &schema) {
                return Err(Failure::arguments(format_args!(
                    "{} has the rows of the table that is learned from; expected other rows",
                    shown(path)
                )));
            }
            // An unknown class.
            schema.targets(&judged).map_err(|error| Failure::from(error).about(shown(path)))?;
            Ok((path, judged))
        };
        Ok(Judged { validation: validation.map(read).transpose()?, test: test.map(read).transpose()? })
    }
}

/// Whether two tables are equal in the columns that matter.
fn has_rows_of(judged: &Table, table: &Table, schema: &Schema) -> bool {
    let mut names = schema.columns.iter().map(|column| &*column.name).chain(schema.target.names());
    let is_equal = |name| match (judged.column(name), table.column(name)) {
        (Ok(one), Ok(other)) => (0..table.rows()).all(|row| one.text(row) == other.text(row)),
        _ => false,
    };
    judged.rows() == table.rows() && names.all(is_equal)
}

/// Writes the model. That it may be written was checked before the training, whose work shall not be lost if
/// it cannot be any more.
pub fn save(path: &Path, bytes: &[u8], force: bool) -> Result<()> {
    let Err(mut failure) = output::write_binary(path, bytes, force) else { return Ok(()) };
    let rescue = std::env::temp_dir().join(format!("ann-{}.ann", std::process::id()));
    // Who closes a pipe does not want the model.
    if !failure.is_closed_pipe && output::write(&rescue, bytes, false).is_ok() {
        failure.message = format!("{}; the model is in {} instead", failure.message, rescue.display());
    }
    Err(failure)
}

/// `species.ann`; of several targets, `height-width.ann`. What cannot be in the name of a file is left out.
pub fn model_name(targets: &[String]) -> String {
    let name: String =
        targets.join("-").chars().filter(|c| !c.is_control() && !"/\\:*?\"<>|".contains(*c)).collect();
    let name: String = name.trim_matches(['.', ' ']).chars().take(60).collect();
    format!("{}.ann", if name.is_empty() { "model" } else { &name })
}
