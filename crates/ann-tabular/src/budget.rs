//! The number of epochs that a fit has time for.

use std::ops::ControlFlow;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use ann_model::Model;

use crate::progress::{Observer, Progress, Stage};
use crate::rows::Rows;
use crate::{Recipe, Result, Scoring, evaluation, importance, members};

/// The largest number of epochs, at least 1, with which a fit ends within `budget`. How long it takes is
/// estimated from a few epochs and a prediction, which are made here.
pub(crate) fn affordable_epochs(
    recipe: &Recipe,
    rows: &Rows<'_>,
    targets: &[&str],
    budget: Duration,
    interrupt: Option<&AtomicBool>,
) -> Result<usize> {
    let begun = Instant::now();
    let (model, epoch) = probe(recipe, rows, targets, interrupt)?;
    let splits = match recipe.scoring {
        Scoring::Off => vec![],
        // What prevents a score takes no time.
        _ => evaluation::splits(recipe, rows, &model.schema().targets(&rows.table)?)
            .map_or(vec![], |(_, splits)| splits),
    };
    let predicted =
        splits.iter().map(|split| importance::predicted_rows(&model, split.test.len())).sum::<usize>();
    let importance = predicted as f64 * seconds_of_a_row(&model, rows)? * recipe.members as f64
        / model.networks().len() as f64;
    // The linear model takes about a third of the time.
    let models = if recipe.hidden.is_empty() { 1.0 } else { 4.0 / 3.0 };
    let trained = splits.iter().map(|split| split.train.len()).sum::<usize>() as f64 / rows.len() as f64;
    let cost = Cost {
        fixed: begun.elapsed().as_secs_f64() + importance,
        epoch: epoch * (1.0 + models * trained) * recipe.members.div_ceil(recipe.threads.max(1)) as f64,
    };
    Ok(cost.epochs_in(budget))
}

/// How long a fit takes, in seconds.
struct Cost {
    /// What does not depend on the number of epochs.
    fixed: f64,
    /// An epoch of all networks: those of the model and those of the score.
    epoch: f64,
}

impl Cost {
    fn epochs_in(&self, budget: Duration) -> usize {
        let affordable = (budget.as_secs_f64() - self.fixed) / self.epoch;
        // The conversion saturates: below 0 there is no epoch.
        (affordable as usize).max(1)
    }
}

/// A model of at most two networks, one of which has all inputs; and the seconds of an epoch, in the mean
/// over both.
fn probe(
    recipe: &Recipe,
    rows: &Rows<'_>,
    targets: &[&str],
    interrupt: Option<&AtomicBool>,
) -> Result<(Model, f64)> {
    const EPOCHS: usize = 3;
    let seen: Mutex<Vec<(usize, Instant)>> = Mutex::default();
    let observe = |progress: &Progress| {
        seen.lock().expect("nothing panics here").push((progress.member, Instant::now()));
        ControlFlow::Continue(())
    };
    let members = recipe.members.min(2);
    let short = Recipe { epochs: EPOCHS, members, patience: None, threads: 1, ..recipe.clone() };
    let observer = Observer::new(&observe).with_interrupt(interrupt);
    let model = members::train(&short, rows, None, targets, Stage::Model, &observer)?.model;
    let seen = seen.into_inner().expect("nothing panics here");
    let pairs = seen.windows(2).filter(|pair| pair[0].0 == pair[1].0);
    let seconds: Vec<f64> = pairs.map(|pair| (pair[1].1 - pair[0].1).as_secs_f64()).collect();
    Ok((model, seconds.iter().sum::<f64>() / seconds.len() as f64))
}

/// How long the prediction of a row takes, among many.
fn seconds_of_a_row(model: &Model, rows: &Rows<'_>) -> Result<f64> {
    const MOST_ROWS: usize = 1000;
    let table = rows.table.select(&(0..rows.len().min(MOST_ROWS)).collect::<Vec<_>>());
    let begun = Instant::now();
    model.predict(&table)?;
    Ok(begun.elapsed().as_secs_f64() / table.rows() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_training_takes_time_too() {
        let epochs = |fixed| Cost { fixed, epoch: 0.5 }.epochs_in(Duration::from_secs(20));
        assert_eq!([0.0, 5.0, 19.9, 30.0].map(epochs), [40, 30, 1, 1]);
    }
}
