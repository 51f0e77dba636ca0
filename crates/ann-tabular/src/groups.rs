//! A model for each group of rows: for every store, every machine, every customer.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};

use ann_core::Activation;
use ann_table::message::quoted;
use ann_table::{Column, Schema, Table};
use ann_train::in_parallel;

use crate::progress::Observer;
use crate::rows::Rows;
use crate::{Error, Fit, Progress, Recipe, Result, Scoring, TargetNames};

/// A group with fewer rows that have a target gets no model.
pub const LEAST_GROUP_ROWS: usize = 10;

/// Number of groups for each thread that are fitted before they are shown: some seconds of work at most, and
/// some megabytes.
pub(crate) const CHUNK: usize = 64;

/// The text of a group's cells, and its rows.
pub(crate) type Group = (String, Vec<usize>);

/// What was made of a group.
#[derive(Debug)]
pub struct GroupFit {
    /// The text of the group's cells.
    pub key: String,
    /// Number of its rows.
    pub rows: usize,
    /// The model and its report, without standard errors and the importance of columns; or why there is none:
    /// too few rows, one class alone, no column that varies.
    pub fit: Result<Fit>,
}

impl Recipe {
    /// The settings for many groups of some hundred rows: four networks, as by default, of two hidden layers
    /// with 8 units instead of 64. They get 64 epochs, and the score is that of a fifth of the rows. Of
    /// samples of 200 rows of six tables, R² and accuracy were at most 0.01 lower than with the default
    /// settings, except for one of hourly counts (0.68 instead of 0.77).
    pub fn for_groups() -> Self {
        Self {
            hidden: Activation::Silu.layers([8, 8]),
            least_updates: 128,
            scoring: Scoring::HoldOut(0.2),
            ..Self::default()
        }
    }

    /// Fits a model to each group of rows that are equal in `column`, several groups at a time, and shows
    /// them to `see` in the order of their keys. Returns the number of rows whose cell of `column` is
    /// missing: they belong to no group and are left out.
    ///
    /// A group's model depends on the settings and on the rows of the group alone: neither on the number of
    /// threads, nor on other groups. It has the bits of [`fit`](Self::fit) with a table of these rows,
    /// without `column`, if both predict the same [task](ann_table::SchemaOptions::task) and columns are of
    /// the same kinds: these are found out from all rows.
    ///
    /// Once `interrupt` is set, the groups whose model is not complete have the error
    /// [`Error::Interrupted`].
    ///
    /// ```no_run
    /// use std::sync::atomic::AtomicBool;
    ///
    /// use ann_tabular::{Error, Recipe, Table};
    ///
    /// let recipe = Recipe { threads: 2, ..Recipe::for_groups() };
    /// recipe.fit_groups(&Table::open("sales.csv")?, "units", "store", &AtomicBool::new(false), |group| {
    ///     match group.fit {
    ///         Ok(fit) => fit.model.save(format!("{}.ann", group.key))?,
    ///         Err(reason) => println!("no model of {}: {reason}", group.key),
    ///     }
    ///     Ok::<(), Error>(())
    /// })?;
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// There is no such column, or a setting is unsuitable for all groups; or `see` returns an error. What is
    /// wrong with a group alone is shown to `see`.
    pub fn fit_groups<E: From<Error>>(
        &self,
        table: &Table,
        targets: &(impl TargetNames + ?Sized),
        column: &str,
        interrupt: &AtomicBool,
        mut see: impl FnMut(GroupFit) -> Result<(), E>,
    ) -> Result<usize, E> {
        let targets = targets.names();
        let (recipe, groups, missing) = self.groups_to_fit(table, &targets, column)?;
        let groups_at_a_time = CHUNK * self.threads.max(1);
        for groups in groups.chunks(groups_at_a_time) {
            let fit = |group| recipe.fit_group(table, &targets, column, group, interrupt);
            let fits = in_parallel(self.threads, groups, fit).map_err(Error::from)?;
            table.ensure_read().map_err(Error::from)?;
            fits.into_iter().try_for_each(&mut see)?;
        }
        Ok(missing)
    }

    /// The recipe for each group, the groups, and the number of rows without one.
    pub(crate) fn groups_to_fit(
        &self,
        table: &Table,
        targets: &[&str],
        column: &str,
    ) -> Result<(Self, Vec<Group>, usize)> {
        table.unless_damaged(|| {
            let recipe = self.of_each_group(table, targets, column)?;
            let (groups, missing) = rows_of_groups(table.column(column)?);
            Ok((recipe, groups, missing.len()))
        })
    }

    /// The recipe for each group, after what is wrong for all of them.
    fn of_each_group(&self, table: &Table, targets: &[&str], column: &str) -> Result<Self> {
        self.check(targets)?;
        table.column(column)?;
        let roles = [&self.weights, &self.groups, &self.time];
        if targets.contains(&column) || roles.into_iter().flatten().any(|role| role == column) {
            let expected = "a column that is neither a target nor has another role";
            return Err(Error::Setting { name: "column", found: quoted(column), expected });
        }
        if self.budget.is_some() {
            let (found, expected) = ("a limit of time".to_owned(), "none, so that groups do not differ");
            return Err(Error::Setting { name: "budget", found, expected });
        }
        // Wrong weights and times are errors with the lines of the whole table.
        if self.weights.is_some() || self.time.is_some() {
            Rows::new(self, table, targets)?;
        }
        for name in self.schema.ignore.iter().chain(&self.schema.keep) {
            table.column(name)?;
        }
        let task = Schema::task(table, targets, self.schema.task)?;
        self.check_task(task)?;
        let mut schema = self.schema.clone();
        schema.task = Some(task);
        schema.ignore.retain(|name| name != column);
        schema.keep.retain(|name| name != column);
        Ok(Self { schema, threads: 1, ..self.clone() })
    }

    /// With the recipe for each group.
    pub(crate) fn fit_group(
        &self,
        table: &Table,
        targets: &[&str],
        column: &str,
        (key, rows): &Group,
        interrupt: &AtomicBool,
    ) -> GroupFit {
        let fit = self.fit_rows_of_group(table, targets, column, rows, interrupt);
        GroupFit { key: key.clone(), rows: rows.len(), fit }
    }

    fn fit_rows_of_group(
        &self,
        table: &Table,
        targets: &[&str],
        column: &str,
        rows: &[usize],
        interrupt: &AtomicBool,
    ) -> Result<Fit> {
        let is_ended = || interrupt.load(Ordering::Relaxed);
        if is_ended() {
            return Err(Error::Interrupted);
        }
        let group = table.extract(rows).without(&[column])?;
        let columns = targets.iter().map(|name| group.column(name)).collect::<Result<Vec<_>, _>>()?;
        let is_known = |&row: &usize| !columns.iter().any(|column| column.is_missing(row));
        let known = (0..group.rows()).filter(is_known).count();
        if known < LEAST_GROUP_ROWS {
            return Err(Error::FewRows { rows: known, least: LEAST_GROUP_ROWS });
        }
        let observe = |_: &Progress| ControlFlow::Continue(());
        let observer = Observer::new(&observe).with_interrupt(Some(interrupt)).briefly();
        let fit = self.fit_with(&group, targets, &observer)?;
        // It may be a model of fewer epochs.
        if is_ended() { Err(Error::Interrupted) } else { Ok(fit) }
    }
}

/// The groups of rows that are equal in a column: their keys in ascending order, each with its rows; and the
/// rows whose cell is missing.
pub fn rows_of_groups(column: &Column) -> (Vec<Group>, Vec<usize>) {
    let mut groups: Vec<Group> = vec![];
    let mut places: HashMap<u64, usize> = HashMap::new();
    let mut missing = vec![];
    for row in 0..column.len() {
        // The sum is 0 for −0, which is the same number.
        let number = || column.number(row).map(|number| (number + 0.0).to_bits());
        let Some(cell) = column.code(row).map(|code| code as u64).or_else(number) else {
            missing.push(row);
            continue;
        };
        let place = *places.entry(cell).or_insert_with(|| {
            groups.push((column.text(row), vec![]));
            groups.len() - 1
        });
        groups[place].1.push(row);
    }
    groups.sort_unstable();
    (groups, missing)
}
