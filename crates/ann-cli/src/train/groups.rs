//! `ann train --group-by`: a model for each group of rows, all in one file.

use std::path::Path;
use std::time::Instant;

use ann_tabular::ann_model::Error as InModel;
use ann_tabular::ann_model::file::MOST_KEY;
use ann_tabular::ann_table::message::{quoted, shortened};
use ann_tabular::ann_table::{Reader, Table};
use ann_tabular::{Error, GroupFit, GroupsWriter, Recipe, rows_of_groups};

use super::{Train, in_program};
use crate::data::{self, shown};
use crate::failure::{Failure, Result, Status};
use crate::group_record::GroupRecord;
use crate::group_summary::{GroupSummary, Written};
use crate::interrupt;
use crate::job::Job;
use crate::output::Output;
use crate::progress::Progress;

/// Options that are about one model are errors.
pub fn check(options: &Train) -> Result<()> {
    let settings = &options.settings;
    let given = [
        ("--report", options.report.is_some()),
        ("--checkpoint", options.checkpoint.is_some()),
        ("--resume", options.resume.is_some()),
        ("--explain", options.explain),
        ("--test", settings.scoring.test.is_some()),
        ("--validation FILE", settings.scoring.file().is_some()),
        ("--budget", settings.has_budget()),
    ];
    match given.into_iter().find(|(_, is_given)| *is_given) {
        None => Ok(()),
        Some((option, _)) => Err(Failure::arguments(format_args!(
            "{option} is for one model, and --group-by makes many: leave out one of both"
        ))),
    }
}

/// What is trained, by this process and those of its job.
pub struct Groups<'a> {
    pub options: &'a Train,
    pub recipe: &'a Recipe,
    pub reader: &'a Reader,
    pub table: &'a Table,
    pub targets: &'a [String],
    pub column: &'a str,
    pub job: Option<&'a dyn Job>,
}

impl Groups<'_> {
    /// Trains, and writes the file, while it trains.
    pub fn train(&self, path: &Path) -> Result<Status> {
        let Self { options, recipe, table, targets, column, job, .. } = *self;
        let started = Instant::now();
        match job {
            None => interrupt::listen(None)?,
            Some(_) => interrupt::clean_up(None)?,
        }
        let progress = Progress::begin(!options.quiet && !options.json, recipe.members);
        let (all, missing) = rows_of_groups(table.column(column)?);
        if let Some((name, _)) = all.iter().find(|(name, _)| name.len() > MOST_KEY) {
            return Err(Failure::data(format_args!(
                "--group-by {}: the group {} has {} bytes, expected at most {MOST_KEY}",
                quoted(column),
                shortened(name),
                name.len()
            )));
        }
        let (all, mut done) = (all.len(), 0);
        if let Some(job) = job.filter(|_| !options.quiet) {
            options.warn_of_idle(job, all, "group", "");
        }
        let mut summary = GroupSummary::new(column, table, targets, missing.len());
        let mut output = Output::open(Some(path), true)?;
        let failed = |error| match error {
            Error::Model(InModel::Write { .. }) => in_program(error).about(shown(path)),
            error => in_program(error),
        };
        let mut writer = GroupsWriter::new(&mut output, table, column).map_err(failed)?;
        let see = |group: GroupRecord| {
            match &group.made {
                Ok(model) => writer.add_file(&group.key, &model.file)?,
                Err(reason) => writer.add_reason(&group.key, reason)?,
            }
            summary.add(group);
            done += 1;
            progress.see_groups(done, all);
            Ok(())
        };
        let fitted = self.fit(see);
        progress.end(fitted.is_ok());
        fitted.map_err(failed)?;
        summary.check()?;
        let (bytes, digest) = writer.finish().map_err(failed)?;
        output.finish()?;
        let written = Written { path, bytes, digest, data: &options.data, elapsed: started.elapsed() };
        summary.tell(&written, options.quiet, options.json)?;
        Ok(if summary.was_ended { Status::Interrupted } else { Status::Done })
    }

    /// Trains some of the groups of a job, of which another process is the first.
    pub fn train_share(&self) -> Result<Status> {
        self.fit(|_| Ok(())).map_err(in_program)?;
        Ok(Status::Done)
    }

    /// Shows the groups to `see` in the order of their keys, in the first process.
    fn fit(&self, mut see: impl FnMut(GroupRecord) -> Result<(), Error>) -> Result<(), Error> {
        let Self { recipe, table, targets, column, .. } = *self;
        let reading = data::provenance(&reader_of_one(self.reader, column));
        let record = |group: GroupFit| GroupRecord::new(group, &reading);
        match self.job {
            None => {
                let see = |group| see(record(group)?);
                recipe.fit_groups(table, targets, column, interrupt::wish(), see)?;
            }
            Some(job) => {
                let write = |group| Ok(record(group)?.to_bytes());
                let see = |bytes: &[u8]| {
                    see(GroupRecord::from_bytes(bytes).expect("all processes are of one version"))
                };
                recipe.fit_groups_among(job, table, targets, column, interrupt::wish(), write, see)?;
            }
        }
        Ok(())
    }
}

/// How a table of the rows of one group alone is read, for `ann rebuild`: its model does not know the column
/// of the groups.
fn reader_of_one(reader: &Reader, column: &str) -> Reader {
    let mut reader = reader.clone();
    reader.kinds.retain(|(name, _)| name != column);
    reader.only.retain(|name| name != column);
    if reader.only.is_empty() {
        reader.ignore.push(column.to_owned());
    }
    reader
}
