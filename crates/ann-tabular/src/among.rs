//! A fit by several processes: each trains some of the networks, and all get the states of all of them.
//!
//! Every process then makes the fit as one that goes on from checkpoints, in which all trainings are done. So
//! it has the bits of a fit in one process.
//!
//! Of many groups of rows, each process fits some, and the first one gets what was made of them.

use std::ops::{ControlFlow, Range};
use std::sync::atomic::AtomicBool;

use ann_table::Schema;
use ann_train::{Ranks, in_parallel};
use serde_json::Value;

use crate::checkpoints::{Checkpoints, Store, difference};
use crate::evaluation::trainings;
use crate::groups::{CHUNK, GroupFit};
use crate::members::train_some;
use crate::progress::{Observer, Progress, Stage};
use crate::recipe::{Fit, TargetNames};
use crate::rows::Rows;
use crate::{Error, Recipe, Result, Scoring, Table};

impl Recipe {
    /// As [`fit`](Self::fit), by several processes, each of which gets the same fit: the ranks make this call
    /// with the same table and settings. Each trains some of the networks, those for the score included, so
    /// no more ranks are of use than there are networks. `observe` sees the epochs of this rank.
    ///
    /// With [`Checkpoints`] each rank has its own file, whose path ends with a point and the number of the
    /// rank. Rank 0 reads all of them, so a fit may be resumed with another number of ranks.
    ///
    /// # Errors
    /// As [`fit`](Self::fit), and [`fit_checkpointed`](Self::fit_checkpointed) with checkpoints;
    /// [`Error::OtherRank`] if the tables, settings or programs differ. After an error the program must end
    /// all ranks, because the others may wait for this one.
    pub fn fit_among(
        &self,
        ranks: &dyn Ranks,
        table: &Table,
        targets: &(impl TargetNames + ?Sized),
        checkpoints: Option<&Checkpoints>,
        observe: impl Fn(&Progress) + Sync,
    ) -> Result<Fit> {
        let targets = targets.names();
        let (rows, copies) = self.rows(table, &targets)?;
        ensure_same(ranks, &self.making(table, &targets)?)?;
        let store = Store::of_rank(checkpoints, ranks.rank())?;
        exchange(&store, ranks)?;
        let mut recipe = self.checkpointed_epochs(&store, &rows, &targets)?;
        recipe.epochs = of_first(ranks, recipe.epochs);
        store.begin(&recipe.making(table, &targets)?)?;
        let observe = |progress: &Progress| {
            observe(progress);
            ControlFlow::Continue(())
        };
        let observer = Observer::new(&observe).with_store(&store);
        let (recipe, rows, targets, observer) = (&recipe, &rows, &targets[..], &observer);
        Deal { recipe, rows, targets, observer, ranks, before: 0 }.train()?;
        store.save();
        exchange(&store, ranks)?;
        // All trainings are done, so there is nothing to see.
        let silent = |_: &Progress| ControlFlow::Continue(());
        let observer = Observer::new(&silent).with_store(&store);
        let fit = recipe.fit_rows(table, rows, copies, targets, &observer)?;
        let checkpoint_error = store.into_failure().map(|error| error.to_string());
        Ok(Fit { checkpoint_error, ..fit })
    }

    /// Number of networks that a fit trains, those for the score included: more ranks of
    /// [`fit_among`](Self::fit_among) have nothing to do.
    ///
    /// # Errors
    /// As [`fit`](Self::fit), as far as the table and the settings are the cause.
    pub fn trainings(&self, table: &Table, targets: &(impl TargetNames + ?Sized)) -> Result<usize> {
        let targets = targets.names();
        let (rows, _) = self.rows(table, &targets)?;
        let of_score = match self.scoring {
            Scoring::Off => 0,
            _ => {
                let schema = Schema::learn(&rows.table, &targets, &self.schema_options())?;
                // What prevents a score is no error of the fit.
                trainings(self, &rows, &schema).map_or(0, |trainings| trainings.len())
            }
        };
        Ok((1 + of_score) * self.members)
    }

    /// As [`fit_groups`](Self::fit_groups), by several processes: the ranks make this call with the same
    /// table and settings, and each fits some of the groups. `write` makes bytes of what the caller needs of
    /// a group, in several threads. Rank 0 shows them to `see`, in the order of the keys; for the other ranks
    /// `see` is not called.
    ///
    /// Ranks send nothing while they train a block of groups, 64 for each thread of each rank. Then rank 0
    /// receives one group after the other, so it has no more in memory than its own share of a block.
    ///
    /// # Errors
    /// As [`fit_groups`](Self::fit_groups), or an error of `write`; [`Error::OtherRank`] if the tables,
    /// settings or programs differ. After an error the program must end all ranks, because the others may
    /// wait for this one.
    #[expect(clippy::too_many_arguments, reason = "those of `fit_groups`, and what several processes need")]
    pub fn fit_groups_among<E: From<Error> + Send>(
        &self,
        ranks: &dyn Ranks,
        table: &Table,
        targets: &(impl TargetNames + ?Sized),
        column: &str,
        interrupt: &AtomicBool,
        write: impl Fn(GroupFit) -> Result<Vec<u8>, E> + Sync,
        mut see: impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<usize, E> {
        let targets = targets.names();
        let (recipe, groups, missing) = self.groups_to_fit(table, &targets, column)?;
        let mut making = self.making(table, &targets)?;
        making["settings"]["column"] = column.into();
        making["settings"]["least_updates"] = self.least_updates.into();
        ensure_same(ranks, &making)?;
        // Ranks may have different numbers of threads.
        let groups_at_a_time = CHUNK * of_first(ranks, self.threads.max(1)) * ranks.size();
        for block in groups.chunks(groups_at_a_time) {
            let share_of = |rank| share(block.len(), rank, ranks.size());
            let fit = |group| write(recipe.fit_group(table, &targets, column, group, interrupt));
            let own = in_parallel(self.threads, &block[share_of(ranks.rank())], fit).map_err(Error::from)?;
            table.ensure_read().map_err(Error::from)?;
            let own = own.into_iter().collect::<Result<Vec<_>, E>>()?;
            if ranks.rank() > 0 {
                own.iter().for_each(|bytes| send(ranks, bytes, 0));
                continue;
            }
            own.iter().try_for_each(|bytes| see(bytes))?;
            for rank in 1..ranks.size() {
                share_of(rank).try_for_each(|_| see(&receive(ranks, rank)))?;
            }
        }
        Ok(missing)
    }
}

/// The part of a rank.
fn share(items: usize, rank: usize, size: usize) -> Range<usize> {
    items * rank / size..items * (rank + 1) / size
}

/// Deals the trainings of a fit out to the ranks, one after the other.
struct Deal<'a> {
    recipe: &'a Recipe,
    rows: &'a Rows<'a>,
    targets: &'a [&'a str],
    observer: &'a Observer<'a>,
    ranks: &'a dyn Ranks,
    /// Number of trainings that are dealt out.
    before: usize,
}

impl Deal<'_> {
    /// Makes the trainings of this rank. What prevents a score is seen again when the fit is put together.
    fn train(&mut self) -> Result<()> {
        self.networks(self.recipe, None, Stage::Model);
        if self.recipe.scoring == Scoring::Off {
            return Ok(());
        }
        let schema = Schema::learn(&self.rows.table, self.targets, &self.recipe.schema_options())?;
        for (recipe, rows, stage) in trainings(self.recipe, self.rows, &schema).unwrap_or_default() {
            self.networks(&recipe, Some(&rows), stage);
        }
        Ok(())
    }

    /// Makes this rank's trainings of a stage.
    fn networks(&mut self, recipe: &Recipe, rows: Option<&[usize]>, stage: Stage) {
        let (rank, size) = (self.ranks.rank(), self.ranks.size());
        let own: Vec<usize> =
            (0..recipe.members).filter(|member| (self.before + member) % size == rank).collect();
        self.before += recipe.members;
        if !own.is_empty() {
            // A training that fails keeps no state, so all ranks make it again, and see its error.
            drop(train_some(own, recipe, self.rows, rows, self.targets, stage, self.observer));
        }
    }
}

/// An error if this rank makes another fit than rank 0.
fn ensure_same(ranks: &dyn Ranks, making: &Value) -> Result<()> {
    let first = broadcast(ranks, making.to_string().as_bytes(), 0);
    let first = serde_json::from_slice(&first).unwrap_or_default();
    match difference("the fit", &first, making) {
        Some(Error::OtherFit { what, found, expected }) => {
            Err(Error::OtherRank { rank: ranks.rank(), what, found, expected })
        }
        Some(error) => Err(error),
        None => Ok(()),
    }
}

/// Gives all ranks the states that any of them has.
fn exchange(store: &Store, ranks: &dyn Ranks) -> Result<()> {
    for root in 0..ranks.size() {
        let own = if root == ranks.rank() { store.bytes() } else { vec![] };
        let bytes = broadcast(ranks, &own, root);
        if root != ranks.rank() {
            store.add(&bytes)?;
        }
    }
    Ok(())
}

/// The number of rank 0.
fn of_first(ranks: &dyn Ranks, number: usize) -> usize {
    let mut numbers = [number as f64];
    ranks.broadcast(&mut numbers, 0);
    numbers[0] as usize
}

/// The bytes of the rank `root`, on all ranks.
fn broadcast(ranks: &dyn Ranks, own: &[u8], root: usize) -> Vec<u8> {
    let mut length = [own.len() as f64];
    ranks.broadcast(&mut length, root);
    let mut numbers = to_numbers(own);
    numbers.resize((length[0] as usize).div_ceil(4), 0.0);
    numbers.chunks_mut(MOST_NUMBERS).for_each(|numbers| ranks.broadcast(numbers, root));
    to_bytes(&numbers, length[0] as usize)
}

fn send(ranks: &dyn Ranks, bytes: &[u8], to: usize) {
    ranks.send(&[bytes.len() as f64], to);
    to_numbers(bytes).chunks(MOST_NUMBERS).for_each(|numbers| ranks.send(numbers, to));
}

fn receive(ranks: &dyn Ranks, from: usize) -> Vec<u8> {
    let mut length = [0.0];
    ranks.receive(&mut length, from);
    let mut numbers = vec![0.0; (length[0] as usize).div_ceil(4)];
    numbers.chunks_mut(MOST_NUMBERS).for_each(|numbers| ranks.receive(numbers, from));
    to_bytes(&numbers, length[0] as usize)
}

/// Number of numbers that are sent together, which MPI counts with 32 bits.
const MOST_NUMBERS: usize = 1 << 20;

/// Four bytes are one number, which is a whole number and therefore exact.
fn to_numbers(bytes: &[u8]) -> Vec<f64> {
    let number = |bytes: &[u8]| {
        let mut four = [0; 4];
        four[..bytes.len()].copy_from_slice(bytes);
        f64::from(u32::from_le_bytes(four))
    };
    bytes.chunks(4).map(number).collect()
}

fn to_bytes(numbers: &[f64], length: usize) -> Vec<u8> {
    let mut bytes: Vec<u8> = numbers.iter().flat_map(|number| (*number as u32).to_le_bytes()).collect();
    bytes.truncate(length);
    bytes
}
