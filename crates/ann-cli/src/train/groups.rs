//! `ann train --group-by`: a model for each group of rows, all in one file.

use std::cell::Cell;
use std::path::Path;
use std::time::Instant;

use ann_tabular::ann_model::file::MOST_KEY;
use ann_tabular::ann_table::message::{quoted, shortened};
use ann_tabular::ann_table::{Reader, Table};
use ann_tabular::{GroupFit, GroupsWriter, Recipe, rows_of_groups};

use super::{Train, in_program};
use crate::data;
use crate::failure::{Failure, Result, Status};
use crate::group_summary::{GroupSummary, Written};
use crate::interrupt;
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

/// Trains, and writes the file, while it trains.
pub fn train(
    options: &Train,
    recipe: &Recipe,
    reader: &Reader,
    table: &Table,
    targets: &[String],
    column: &str,
    path: &Path,
) -> Result<Status> {
    let started = Instant::now();
    interrupt::listen(None)?;
    let reading = data::provenance(&reader_of_one(reader, column));
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
    let (all, done) = (all.len(), Cell::new(0));
    let mut summary = GroupSummary::new(column, table, targets, missing.len());
    let mut output = Output::open(Some(path), true)?;
    let mut writer = GroupsWriter::new(&mut output, table, column).map_err(in_program)?;
    let see = |mut group: GroupFit| {
        if let Ok(fit) = &mut group.fit {
            fit.model.provenance["reading"] = reading.clone();
        }
        summary.add(&group);
        done.set(done.get() + 1);
        progress.see_groups(done.get(), all);
        writer.add(&group)
    };
    let fitted = recipe.fit_groups(table, targets, column, interrupt::wish(), see);
    progress.end(fitted.is_ok());
    fitted.map_err(in_program)?;
    summary.check()?;
    let (bytes, digest) = writer.finish().map_err(in_program)?;
    output.finish()?;
    let written = Written { path, bytes, digest, data: &options.data, elapsed: started.elapsed() };
    summary.tell(&written, options.quiet, options.json)?;
    Ok(if summary.was_ended { Status::Interrupted } else { Status::Done })
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
