//! A fit by several processes: each trains some of the networks, and all get the states of all of them.
//!
//! Every process then makes the fit as one that goes on from checkpoints, in which all trainings are done. So
//! it has the bits of a fit in one process.

use std::ops::ControlFlow;

use ann_table::Schema;
use ann_train::Ranks;
use serde_json::Value;

use crate::checkpoints::{Checkpoints, Store, difference};
use crate::evaluation::trainings;
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
        ensure_same(ranks, &self.making(table, &targets))?;
        let store = Store::of_rank(checkpoints, ranks.rank())?;
        exchange(&store, ranks)?;
        let mut recipe = self.checkpointed_epochs(&store, &rows, &targets)?;
        recipe.epochs = of_first(ranks, recipe.epochs);
        store.begin(&recipe.making(table, &targets))?;
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

/// The bytes of the rank `root`, on all ranks. Four bytes are one number, which is a whole number and
/// therefore exact.
fn broadcast(ranks: &dyn Ranks, own: &[u8], root: usize) -> Vec<u8> {
    let mut length = [own.len() as f64];
    ranks.broadcast(&mut length, root);
    let length = length[0] as usize;
    let number = |bytes: &[u8]| {
        let mut four = [0; 4];
        four[..bytes.len()].copy_from_slice(bytes);
        f64::from(u32::from_le_bytes(four))
    };
    let mut numbers: Vec<f64> = own.chunks(4).map(number).collect();
    numbers.resize(length.div_ceil(4), 0.0);
    numbers.chunks_mut(MOST_NUMBERS).for_each(|numbers| ranks.broadcast(numbers, root));
    let mut bytes: Vec<u8> = numbers.iter().flat_map(|number| (*number as u32).to_le_bytes()).collect();
    bytes.truncate(length);
    bytes
}

/// Number of numbers that are sent together, which MPI counts with 32 bits.
const MOST_NUMBERS: usize = 1 << 20;
