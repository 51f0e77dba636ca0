//! The history of a training run: a record for each epoch, and why the run stopped.

use crate::ObjectiveValue;

/// The record of one epoch. With all rows at once it describes the network before the update of that epoch.
/// With mini-batches it is the mean over the rows of the epoch, and each row is computed with the parameters
/// before the update of its batch. The last record of a [`History`] describes the network after the last
/// epoch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EpochRecord {
    /// Number of epochs before this one, including those before a
    /// [`resume`](crate::Training::resume). With all rows at once 0 is the untrained network.
    pub epoch: usize,
    /// Mean data loss, without penalty.
    pub loss: f64,
    /// λ Σ‖W‖².
    pub penalty: f64,
    /// Share of hits, 0 to 1, in the weight of the rows: with `ClassWeights::Balanced` it is the balanced
    /// accuracy. `None` for regression.
    pub accuracy: Option<f64>,
}

impl EpochRecord {
    pub(crate) fn new(epoch: usize, value: &ObjectiveValue) -> Self {
        Self { epoch, loss: value.loss, penalty: value.penalty, accuracy: value.accuracy }
    }
}

/// Why training ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum StopReason {
    /// All epochs are done.
    #[default]
    EpochLimit,
    /// The loss fell below the threshold.
    LossBelowThreshold,
    /// The optimizer found no step that lowers the objective: a minimum, to rounding.
    Converged,
    /// No network was better on the validation rows for `patience` epochs.
    NoImprovement,
    /// The objective became NaN or infinite, but there was a better network on the validation rows before,
    /// which was kept.
    Diverged,
    /// The caller finished the run before it had ended by itself.
    Caller,
}

/// Loss, penalty and accuracy of each epoch, and of the network after the last one.
///
/// The last record describes the network at the end of the run, so `epochs` epochs make `epochs + 1` records.
/// Other frameworks print all but the last. A record takes 40 bytes. With [`Validation`](crate::Validation)
/// the network that is kept is that of `best_epoch`; its loss on the held-out rows is in `validation`.
///
/// The default has no records: that of a network that was not trained here.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    /// One record for each epoch and one for the network at the end; never empty after a run.
    pub records: Vec<EpochRecord>,
    /// If rows were held out, a record of these rows for each of `records`. All of them describe the network
    /// after `epoch` epochs.
    pub validation: Vec<EpochRecord>,
    /// If rows were held out, the epoch of the best network, which is the one that was kept.
    pub best_epoch: Option<usize>,
    /// Why training ended.
    pub stop: StopReason,
}

impl History {
    /// The record of the network at the end of the run.
    ///
    /// # Panics
    /// When there are no records: in an estimator that was put together from parts.
    pub fn last(&self) -> &EpochRecord {
        self.records.last().expect("an estimator that was fitted has records")
    }

    /// The loss of every record, in order.
    pub fn losses(&self) -> impl Iterator<Item = f64> {
        self.records.iter().map(|record| record.loss)
    }
}
