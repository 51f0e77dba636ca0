//! Validation: rows that are not trained on decide which epoch's network is kept.

use std::cmp::Ordering;
use std::ops::ControlFlow;
use std::sync::atomic::AtomicBool;

use ann_core::vector::all_finite;
use ann_core::{Network, Problem, Scalar};

use crate::optimizer::check;
use crate::splits::check_share;
use crate::{
    Accumulation, EpochRecord, Error, History, Objective, Ranks, Result, State, StopReason, TrainConfig,
    Training,
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
/// progress, or end the run. To save a run between two epochs, use [`ValidatedTraining`].
///
/// # Errors
/// As [`ValidatedTraining::new`] and [`ValidatedTraining::epoch`].
pub fn train_validated<'data, F: Scalar>(
    network: &mut Network<F>,
    problem: &Problem<'data, F>,
    validation: &Problem<'data, F>,
    config: &TrainConfig,
    settings: Validation,
    mut observe: impl FnMut(&EpochRecord, &EpochRecord) -> ControlFlow<()>,
) -> Result<History> {
    let mut training = ValidatedTraining::new(problem, validation, network.clone(), config, settings)?;
    while let ControlFlow::Continue([record, validation]) = training.epoch()? {
        if observe(&record, &validation).is_break() {
            break;
        }
    }
    let (best, history) = training.finish()?;
    *network = best;
    Ok(history)
}

/// A [`Training`] with validation rows, between two epochs: what [`train_validated`] makes, stepped by the
/// caller. It can be [resumed](Self::resume) from its [state](Self::state), and then has the bits of a run
/// that never stopped. (If it diverges in the first epoch after that, the last record may differ.)
#[derive(Debug)]
pub struct ValidatedTraining<'p, 'data, F = f64> {
    training: Training<'p, 'data, F>,
    watch: Watch<'p, 'data, F>,
    /// The records of the epochs before a resume.
    earlier: Vec<EpochRecord>,
    stop: Option<StopReason>,
}

/// All that a run with validation rows has to remember between epochs.
#[derive(Clone, Debug)]
pub struct ValidatedState<F = f64> {
    /// The training.
    pub training: State<F>,
    /// A record for each epoch that is done.
    pub records: Vec<EpochRecord>,
    /// The records of the validation rows, before the first epoch and after each.
    pub validation: Vec<EpochRecord>,
    /// θ of the best network so far.
    pub best: Vec<F>,
}

impl<'p, 'data, F: Scalar> ValidatedTraining<'p, 'data, F> {
    /// A run that begins with `network`.
    ///
    /// # Errors
    /// As [`Training::new`]; a setting of the validation is outside its range; or the accuracy is monitored
    /// but the loss has none.
    pub fn new(
        problem: &'p Problem<'data, F>,
        validation: &'p Problem<'data, F>,
        network: Network<F>,
        config: &TrainConfig,
        settings: Validation,
    ) -> Result<Self> {
        let mut watch = Watch::new(validation, settings, config.threads)?;
        let training = Training::new(problem, network, config)?;
        watch.see(training.state());
        Ok(Self { training, watch, earlier: vec![], stop: None })
    }

    /// Continues a run from its state, with the same problems and settings. A run that had ended makes no
    /// further epoch, unless [`TrainConfig::epochs`] or [`Validation::patience`] is larger than before.
    ///
    /// # Errors
    /// As [`new`](Self::new) and [`Training::resume`]; or the records or the best network do not fit the
    /// state.
    pub fn resume(
        problem: &'p Problem<'data, F>,
        validation: &'p Problem<'data, F>,
        state: ValidatedState<F>,
        config: &TrainConfig,
        settings: Validation,
    ) -> Result<Self> {
        state.check()?;
        let mut watch = Watch::new(validation, settings, config.threads)?;
        for record in state.validation {
            watch.note(record);
        }
        watch.best_parameters = state.best;
        let stop = watch.is_over().then_some(StopReason::NoImprovement);
        let training = Training::resume(problem, state.training, config)?;
        Ok(Self { training, watch, earlier: state.records, stop })
    }

    /// As [`Training::with_interrupt`]; then the run has ended, and [`finish`](Self::finish) returns what it
    /// would have returned before that epoch. To resume a run later, keep its state before it is interrupted.
    #[must_use]
    pub fn with_interrupt(mut self, interrupt: Option<&'p AtomicBool>) -> Self {
        self.training = self.training.with_interrupt(interrupt);
        self
    }

    /// As [`Training::with_ranks`]; the sums over validation rows are divided, too.
    #[must_use]
    pub fn with_ranks(mut self, ranks: Option<&'p dyn Ranks>) -> Self {
        self.training = self.training.with_ranks(ranks);
        self.watch.objective = self.watch.objective.with_ranks(ranks);
        self
    }

    /// Trains for one epoch and returns its record and that of the validation rows, or the reason why the run
    /// has ended.
    ///
    /// # Errors
    /// As [`Training::epoch`]; but a run that diverges after an epoch was better than the start has ended,
    /// because what was learned before is not lost.
    pub fn epoch(&mut self) -> Result<ControlFlow<StopReason, [EpochRecord; 2]>> {
        if let Some(stop) = self.stop {
            return Ok(ControlFlow::Break(stop));
        }
        let stop = match self.training.epoch() {
            Ok(ControlFlow::Continue(record)) => {
                let validation = self.watch.see(self.training.state());
                self.stop = self.watch.is_over().then_some(StopReason::NoImprovement);
                return Ok(ControlFlow::Continue([record, validation]));
            }
            Ok(ControlFlow::Break(stop)) => stop,
            Err(Error::Diverged { .. }) if self.watch.best > 0 => StopReason::Diverged,
            Err(Error::Interrupted { .. }) => StopReason::Caller,
            Err(error) => return Err(error),
        };
        self.stop = Some(stop);
        Ok(ControlFlow::Break(stop))
    }

    /// Why the run has ended: known as soon as an epoch has used up the patience, and otherwise when
    /// [`epoch`](Self::epoch) has returned the reason. `None` while it goes on.
    pub fn stop(&self) -> Option<StopReason> {
        self.stop
    }

    /// A copy of all that is needed to [resume](Self::resume) the run.
    pub fn state(&self) -> ValidatedState<F> {
        ValidatedState {
            training: self.training.state().clone(),
            records: [&self.earlier, self.training.records()].concat(),
            validation: self.watch.records.clone(),
            best: self.watch.best_parameters.clone(),
        }
    }

    /// Ends the run, and returns the network of the best epoch.
    ///
    /// # Errors
    /// As [`Training::finish`].
    pub fn finish(self) -> Result<(Network<F>, History)> {
        let (mut network, mut history) = self.training.finish()?;
        network.parameters_mut().copy_from_slice(&self.watch.best_parameters);
        history.records.splice(..0, self.earlier);
        history.best_epoch = Some(self.watch.best);
        history.validation = self.watch.records;
        history.stop = self.stop.unwrap_or(history.stop);
        Ok((network, history))
    }
}

impl<F: Scalar> ValidatedState<F> {
    /// A state may come from a file, so everything in it is checked.
    fn check(&self) -> Result<()> {
        let State { network, epoch, .. } = &self.training;
        let is_numbered =
            |records: &[EpochRecord]| records.iter().map(|record| record.epoch).eq(0..records.len());
        let parts = [
            ("records", self.records.len(), *epoch, is_numbered(&self.records)),
            ("records of validation rows", self.validation.len(), epoch + 1, is_numbered(&self.validation)),
            ("best parameters", self.best.len(), network.parameters().len(), all_finite(&self.best)),
        ];
        match parts.into_iter().find(|(_, found, expected, is_valid)| found != expected || !is_valid) {
            Some((what, found, expected, _)) => Err(Error::StateMismatch { what, found, expected }),
            None => Ok(()),
        }
    }
}

/// Evaluates the network of each epoch on the validation rows, and keeps the best.
#[derive(Debug)]
struct Watch<'p, 'data, F> {
    settings: Validation,
    objective: Objective<'p, 'data, F>,
    /// A record for each epoch, from 0.
    records: Vec<EpochRecord>,
    /// The best epoch so far, and θ of its network.
    best: usize,
    best_parameters: Vec<F>,
    /// The epoch at which a network was better than all before. Equal networks do not count, or a long
    /// plateau would never end.
    improved: usize,
}

impl<'p, 'data, F: Scalar> Watch<'p, 'data, F> {
    fn new(problem: &'p Problem<'data, F>, settings: Validation, threads: usize) -> Result<Self> {
        settings.validate()?;
        if settings.monitor == Monitor::Accuracy && !problem.loss().counts_hits() {
            return Err(Error::NoAccuracy { loss: problem.loss().to_string() });
        }
        let objective = Objective::with_threads(problem, Accumulation::Batched, problem.rows(), threads)?;
        let best_parameters = vec![F::zero(); problem.layout().len()];
        Ok(Self { settings, objective, records: Vec::new(), best: 0, best_parameters, improved: 0 })
    }

    /// Evaluates the network as it is now.
    fn see(&mut self, state: &State<F>) -> EpochRecord {
        let parameters = state.network.parameters();
        let record = EpochRecord::new(state.epoch, &self.objective.value(parameters));
        if self.note(record) {
            self.best_parameters.copy_from_slice(parameters);
        }
        record
    }

    /// Adds the record of the next epoch, and returns whether none before was better.
    fn note(&mut self, record: EpochRecord) -> bool {
        let best = self.records.get(self.best);
        let order = best.map_or(Ordering::Equal, |best| self.settings.monitor.compare(&record, best));
        if order.is_gt() {
            self.improved = record.epoch;
        }
        if order.is_ge() {
            self.best = record.epoch;
        }
        self.records.push(record);
        order.is_ge()
    }

    /// Whether patience is at its end.
    fn is_over(&self) -> bool {
        let epochs = self.records.len().saturating_sub(1);
        epochs - self.improved >= self.settings.patience
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
