//! Validation: rows that are not trained on decide which epoch's network is kept.

use std::cmp::Ordering;
use std::ops::ControlFlow;

use ann_core::{Network, Problem, Scalar};

use crate::optimizer::check;
use crate::splits::check_share;
use crate::{
    Accumulation, EpochRecord, Error, History, Objective, Result, StopReason, TrainConfig, Training,
};

/// Early stopping by rows that are held out. After each epoch the network is evaluated on these rows. The
/// best network is kept, and training stops when there was none better for some epochs.
///
/// The held-out rows have chosen the epoch, so a score on them is too good: keep other rows for testing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Validation {
    /// Share of the rows that are held out, above 0 and below 1; of each class the same share, but never all
    /// of its rows. Rows of weight 0 are rows here, too. Default 0.2. No effect if the caller gives
    /// validation rows.
    pub share: f64,
    /// Seed of the choice of rows. Default 0.
    pub seed: u64,
    /// Number of epochs without a better network after which training stops, at least 1. Default 100.
    pub patience: usize,
    /// What makes a network better. Default [`Monitor::Loss`].
    pub monitor: Monitor,
}

/// What is compared on validation rows. If two epochs are equally good, the later one is kept, but patience
/// counts from the earlier one. Weights of classes count here, too: with `ClassWeights::Balanced`, balanced
/// accuracies are compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Monitor {
    /// The mean loss, without penalty: lower is better. The default.
    #[default]
    Loss,
    /// The share of hits: higher is better. For classes only.
    Accuracy,
}

impl Default for Validation {
    fn default() -> Self {
        Self { share: 0.2, seed: 0, patience: 100, monitor: Monitor::Loss }
    }
}

impl Validation {
    pub(crate) fn validate(&self) -> Result<()> {
        check_share("validation.share", self.share)?;
        check("validation.patience", self.patience as f64, self.patience > 0, "at least 1")
    }
}

/// Trains epoch by epoch, evaluates the network on the validation rows before the first epoch and after each,
/// and keeps the best: this is how an estimator with a [`Validation`] is fitted. `share` and `seed` of the
/// settings have no effect here, because the caller has chosen the rows.
///
/// After each epoch `observe` is called with its record and with that of the validation rows; it may show
/// progress, or end the run.
///
/// # Errors
/// As [`Training::new`]; a setting is outside its range; the accuracy is monitored but the loss has none; or
/// the run diverges before any epoch was better than the start.
pub fn train_validated<F: Scalar>(
    network: &mut Network<F>,
    problem: &Problem<'_, F>,
    validation: &Problem<'_, F>,
    config: &TrainConfig,
    settings: Validation,
    mut observe: impl FnMut(&EpochRecord, &EpochRecord) -> ControlFlow<()>,
) -> Result<History> {
    settings.validate()?;
    if settings.monitor == Monitor::Accuracy && !problem.loss().counts_hits() {
        return Err(Error::NoAccuracy { loss: problem.loss().to_string() });
    }
    let mut watch = Watch::new(validation, settings, config.threads)?;
    let mut training = Training::new(problem, network.clone(), config)?;
    let mut early = watch.see(0, &training.state().network).then_some(StopReason::NoImprovement);
    while early.is_none() {
        match training.epoch() {
            Ok(ControlFlow::Continue(record)) => {
                let is_over = watch.see(training.state().epoch, &training.state().network);
                early = is_over.then_some(StopReason::NoImprovement);
                if observe(&record, watch.last()).is_break() {
                    early = early.or(Some(StopReason::Caller));
                }
            }
            Ok(ControlFlow::Break(_)) => break,
            // What was learned before is not lost.
            Err(Error::Diverged { .. }) if watch.has_learned() => early = Some(StopReason::Diverged),
            Err(error) => return Err(error),
        }
    }
    let (last, mut history) = training.finish()?;
    *network = last;
    history.best_epoch = watch.restore(network);
    history.validation = watch.records;
    history.stop = early.unwrap_or(history.stop);
    Ok(history)
}

/// Evaluates the network of each epoch on the validation rows, and keeps the best.
struct Watch<'p, 'data, F> {
    settings: Validation,
    objective: Objective<'p, 'data, F>,
    records: Vec<EpochRecord>,
    /// The parameters of the best network so far, and its record.
    best: Option<(Vec<F>, EpochRecord)>,
    /// The epoch at which a network was better than all before. Equal networks do not count, or a long
    /// plateau would never end.
    improved: usize,
}

impl<'p, 'data, F: Scalar> Watch<'p, 'data, F> {
    fn new(problem: &'p Problem<'data, F>, settings: Validation, threads: usize) -> Result<Self> {
        let objective = Objective::with_threads(problem, Accumulation::Batched, problem.rows(), threads)?;
        Ok(Self { settings, objective, records: Vec::new(), best: None, improved: 0 })
    }

    /// Evaluates the network after `epoch` epochs. Returns whether patience is at its end.
    fn see(&mut self, epoch: usize, network: &Network<F>) -> bool {
        let record = EpochRecord::new(epoch, &self.objective.value(network.parameters()));
        self.records.push(record);
        let best = self.best.get_or_insert_with(|| (network.parameters().to_vec(), record));
        let order = self.settings.monitor.compare(&record, &best.1);
        if order.is_ge() {
            best.0.copy_from_slice(network.parameters());
            best.1 = record;
        }
        if order.is_gt() {
            self.improved = epoch;
        }
        epoch - self.improved >= self.settings.patience
    }

    /// The record of the network that was evaluated last.
    fn last(&self) -> &EpochRecord {
        self.records.last().expect("the network is evaluated before the first epoch")
    }

    /// Whether there is a better network than the untrained one.
    fn has_learned(&self) -> bool {
        self.best.as_ref().is_some_and(|(_, record)| record.epoch > 0)
    }

    /// Gives the network the parameters of the best epoch, and returns the number of that epoch.
    fn restore(&self, network: &mut Network<F>) -> Option<usize> {
        let (parameters, best) = self.best.as_ref()?;
        network.parameters_mut().copy_from_slice(parameters);
        Some(best.epoch)
    }
}

impl Monitor {
    /// Whether `new` is better than (`Greater`) or as good as (`Equal`) `best`. A NaN is worse than every
    /// number.
    fn compare(self, new: &EpochRecord, best: &EpochRecord) -> Ordering {
        let worth = |record: &EpochRecord| match self {
            Self::Loss => -record.loss,
            Self::Accuracy => record.accuracy.unwrap_or(f64::NAN),
        };
        let [new, best] = [new, best].map(worth);
        new.partial_cmp(&best).unwrap_or_else(|| best.is_nan().cmp(&new.is_nan()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nan_is_worse_than_every_number() {
        let of = |loss| EpochRecord { epoch: 0, loss, penalty: 0.0, accuracy: None };
        for (new, best, expected) in [
            (1.0, 2.0, Ordering::Greater),
            (2.0, 2.0, Ordering::Equal),
            (3.0, 2.0, Ordering::Less),
            (1.0, f64::NAN, Ordering::Greater),
            (f64::NAN, 1.0, Ordering::Less),
        ] {
            assert_eq!(Monitor::Loss.compare(&of(new), &of(best)), expected, "{new} after {best}");
        }
    }
}
