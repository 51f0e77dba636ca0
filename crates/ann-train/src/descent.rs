//! Gradient descent: θ ← θ − η ∂J/∂θ, until all epochs are done, the loss is low enough, or the observer
//! stops the run.

use std::mem;
use std::ops::ControlFlow;

use ann_core::memory::{bytes_of, ensure_available};
use ann_core::vector::{add_scaled, all_finite};
use ann_core::{Error as CoreError, Network, Problem, Scalar, seeded};
use rand::seq::SliceRandom;

use crate::sum::Plan;
use crate::threads::checked;
use crate::{Accumulation, EpochRecord, Error, History, Objective, ObjectiveValue, Result, StopReason};

/// Number of rows that one update uses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Batching {
    /// All rows: one update in each epoch. The default.
    #[default]
    Full,
    /// Mini-batches. Each epoch uses each row once, in an order that is a function of seed and epoch. The
    /// last batch of an epoch may be smaller.
    Shuffled {
        /// Number of rows in a batch, from 1 to the number of all rows.
        rows: usize,
        /// Seed of the order.
        seed: u64,
    },
}

/// How a network is trained.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TrainConfig {
    /// η > 0, the learning rate: a step is −η times the gradient. Default 0.1.
    pub learning_rate: f64,
    /// The largest number of epochs; with 0 the network is only evaluated. Default 1000.
    pub epochs: usize,
    /// Stop as soon as the mean data loss (without penalty) is below this, ≥ 0. Default 0: never.
    pub stop_below: f64,
    /// Number of rows that one update uses. Default [`Batching::Full`].
    pub batching: Batching,
    /// Number of epochs that earlier calls have done. Epoch numbers in records and errors continue from
    /// there, and so does the order of rows in mini-batches. Default 0.
    pub first_epoch: usize,
    /// How the gradients of the rows are summed. Default [`Accumulation::Batched`].
    pub accumulation: Accumulation,
    /// The largest number of threads, 1 to 1024. Default 1. Any number gives the same bits. If mini-batches
    /// are large enough to be shared, the threads look for work during the whole epoch and keep their cores
    /// busy. So when several networks are trained at the same time, one thread for each is faster. No effect
    /// with [`Accumulation::PerSample`], nor in a thread of a rayon pool, which spreads work over its threads
    /// itself.
    pub threads: usize,
}

impl Default for TrainConfig {
    fn default() -> Self {
        Self {
            learning_rate: 0.1,
            epochs: 1000,
            stop_below: 0.0,
            batching: Batching::default(),
            first_epoch: 0,
            accumulation: Accumulation::default(),
            threads: 1,
        }
    }
}

impl TrainConfig {
    fn validate<F: Scalar>(&self, rows: usize) -> Result<()> {
        let wrong = |name, value, expected| Err(CoreError::InvalidSetting { name, value, expected }.into());
        let is_step = |step: f64| step.is_finite() && step > 0.0;
        if !is_step(self.learning_rate) {
            return wrong("learning_rate (η)", self.learning_rate, "a finite number above 0");
        }
        if !is_step(F::of(self.learning_rate).as_f64()) {
            let expected = "a number that is finite and above 0 in the network's precision, too";
            return wrong("learning_rate (η)", self.learning_rate, expected);
        }
        if !(self.stop_below.is_finite() && self.stop_below >= 0.0) {
            return wrong("stop_below", self.stop_below, "a finite number ≥ 0");
        }
        match self.batching {
            Batching::Shuffled { rows: found, .. } if !(1..=rows).contains(&found) => {
                Err(Error::BatchRows { found, most: rows })
            }
            _ => Ok(()),
        }
    }
}

/// Trains `network` in place on `problem`, without an observer; see [`train_observed`].
///
/// # Errors
/// As [`train_observed`].
pub fn train<F: Scalar>(
    network: &mut Network<F>,
    problem: &Problem<'_, F>,
    config: &TrainConfig,
) -> Result<History> {
    train_observed(network, problem, config, |_, _| ControlFlow::Continue(()))
}

/// Trains `network` in place on `problem`. `observer` receives each record with the network: with
/// [`Batching::Full`] before each update, with mini-batches after each epoch, and once more at the end with the
/// record of the trained network. It ends the run by returning `ControlFlow::Break(())`.
///
/// With [`Batching::Full`] a record describes the network that the observer receives, before the next update.
/// With mini-batches every record but the last is the mean over the rows of an epoch, and each row is
/// computed with the parameters before the update of its batch. The observer receives the network after that
/// epoch, and [`TrainConfig::stop_below`] is compared with that mean.
///
/// The last record always describes the trained network. When a run with mini-batches stops early, this is an
/// additional record that the observer does not receive.
///
/// Training is a pure function of parameters, problem and settings, and gradient descent has no other state.
/// So 100 epochs and then 200 give the same bits as 300; with mini-batches only if the second call sets
/// [`TrainConfig::first_epoch`].
///
/// # Errors
/// A setting is outside its range, the architecture of the network is not that of the problem, a parameter is
/// not finite, or the system cannot provide memory or threads. Then nothing is changed.
///
/// [`Error::InfiniteStart`] or [`Error::Diverged`]: the objective or a parameter is no longer finite. Then
/// the network gets the parameters from before the last update; with mini-batches, those from the beginning
/// of the last epoch whose objective was finite, or of the first epoch if there is none.
pub fn train_observed<F: Scalar>(
    network: &mut Network<F>,
    problem: &Problem<'_, F>,
    config: &TrainConfig,
    mut observer: impl FnMut(&EpochRecord, &Network<F>) -> ControlFlow<()>,
) -> Result<History> {
    config.validate::<F>(problem.rows())?;
    check_same_architecture(network, problem)?;
    network.ensure_finite()?;
    let mut descent = Descent::new(problem, config)?;
    // `before` is θ at the beginning of an epoch. It becomes `last_finite` if the objective of that epoch is
    // finite.
    let mut last_finite = network.parameters().to_vec();
    let mut before = last_finite.clone();
    let mut records = Vec::with_capacity(config.epochs.saturating_add(1).min(RECORDS));
    loop {
        let epoch = records.len();
        before.copy_from_slice(network.parameters());
        let value = descent.value(epoch, network);
        if value.total().is_finite() && all_finite(&before) {
            mem::swap(&mut before, &mut last_finite);
        }
        if !(value.total().is_finite() && all_finite(network.parameters())) {
            network.parameters_mut().copy_from_slice(&last_finite);
            return Err(descent.diverged(epoch, &value));
        }
        let record = EpochRecord::new(config.first_epoch.saturating_add(epoch), &value);
        records.push(record);
        let observed = observer(&record, network);
        if let Some(stop) = stop_reason(epoch, &record, config, observed) {
            if let Some(value) = descent.closing_value(epoch, network) {
                if !value.total().is_finite() {
                    network.parameters_mut().copy_from_slice(&last_finite);
                    return Err(descent.diverged(epoch, &value));
                }
                records.push(EpochRecord::new(record.epoch.saturating_add(1), &value));
            }
            return Ok(History { records, stop });
        }
        descent.step(network);
    }
}

/// Number of records for which memory is reserved at the start; longer runs allocate more later.
const RECORDS: usize = 1 << 16;

/// Number of vectors as long as θ that a run needs: the gradient, the parameters before an epoch, and those
/// of the last finite objective.
const COPIES: usize = 3;

/// A run of gradient descent.
struct Descent<'p, 'data, F> {
    config: &'p TrainConfig,
    objective: Objective<'p, 'data, F>,
    gradient: Vec<F>,
    /// The order of the rows; empty if all rows are used at once.
    order: Vec<usize>,
    updates: usize,
}

impl<'p, 'data, F: Scalar> Descent<'p, 'data, F> {
    fn new(problem: &'p Problem<'data, F>, config: &'p TrainConfig) -> Result<Self> {
        let (rows, order) = match config.batching {
            Batching::Full => (problem.rows(), Vec::new()),
            Batching::Shuffled { rows, .. } => (rows, (0..problem.rows()).collect()),
        };
        // Memory is checked for everything at once. Two separate checks could both succeed although the
        // system does not have both amounts together.
        let threads = checked(config.threads)?;
        let sums = Plan::new(problem, config.accumulation, rows, threads).bytes;
        let copies = bytes_of::<F>(problem.layout().len().saturating_mul(COPIES));
        ensure_available(
            "sums over rows, the gradient and copies of the parameters",
            sums.saturating_add(copies),
        )?;
        let objective = Objective::with_threads(problem, config.accumulation, rows, config.threads)?;
        let gradient = vec![F::zero(); problem.layout().len()];
        Ok(Self { config, objective, gradient, order, updates: 0 })
    }

    /// The value to record: J before the update that [`step`](Self::step) makes, or the mean of an epoch of
    /// mini-batches.
    fn value(&mut self, epoch: usize, network: &mut Network<F>) -> ObjectiveValue {
        match self.config.batching {
            Batching::Full => self.objective.value_and_gradient(network.parameters(), &mut self.gradient),
            // No epoch is left: the last record describes the trained network.
            Batching::Shuffled { .. } if epoch == self.config.epochs => {
                self.objective.value(network.parameters())
            }
            Batching::Shuffled { rows, seed } => self.mini_batches(rows, seed, epoch, network),
        }
    }

    /// Makes one update for each batch. Returns the mean of J over their rows.
    fn mini_batches(
        &mut self,
        rows: usize,
        seed: u64,
        epoch: usize,
        network: &mut Network<F>,
    ) -> ObjectiveValue {
        let mut rng = seeded(seed);
        rng.set_stream(self.config.first_epoch.saturating_add(epoch) as u64);
        // The shuffle begins with the same order each time, so that an epoch does not depend on earlier ones.
        self.order.iter_mut().enumerate().for_each(|(place, row)| *row = place);
        self.order.shuffle(&mut rng);
        let Self { config, objective, gradient, order, updates } = self;
        objective.awake(|objective| {
            let mut mean = ObjectiveValue { loss: 0.0, penalty: 0.0, hits: None, accuracy: None };
            for batch in order.chunks(rows) {
                let value = objective.value_and_gradient_of(batch, network.parameters(), gradient);
                add_batch(&mut mean, &value, batch.len(), order.len());
                if !value.total().is_finite() {
                    break;
                }
                descend(network.parameters_mut(), gradient, F::of(config.learning_rate));
                *updates += 1;
            }
            mean
        })
    }

    /// Makes the update with all rows. With mini-batches, the updates of this epoch are made already.
    fn step(&mut self, network: &mut Network<F>) {
        if self.config.batching == Batching::Full {
            descend(network.parameters_mut(), &self.gradient, F::of(self.config.learning_rate));
            self.updates += 1;
        }
    }

    /// J of the trained network, unless the last record describes it already.
    fn closing_value(&mut self, epoch: usize, network: &Network<F>) -> Option<ObjectiveValue> {
        let is_described = self.config.batching == Batching::Full || epoch == self.config.epochs;
        (!is_described).then(|| self.objective.value(network.parameters()))
    }

    fn diverged(&self, epoch: usize, value: &ObjectiveValue) -> Error {
        let (objective, learning_rate) = (value.total(), self.config.learning_rate);
        let epochs = match self.config.batching {
            _ if self.updates == 0 => return Error::InfiniteStart { objective },
            Batching::Full => epoch,
            Batching::Shuffled { .. } => (epoch + 1).min(self.config.epochs),
        };
        Error::Diverged { epoch: self.config.first_epoch.saturating_add(epochs), learning_rate, objective }
    }
}

/// Adds the value of a batch of `rows` rows to the mean over an epoch of `all` rows.
fn add_batch(mean: &mut ObjectiveValue, batch: &ObjectiveValue, rows: usize, all: usize) {
    let share = rows as f64 / all as f64;
    mean.loss += share * batch.loss;
    mean.penalty += share * batch.penalty;
    // Hits are counted, instead of adding shares: so an epoch without a miss has an accuracy of exactly 1.
    mean.hits = batch.hits.map(|hits| mean.hits.unwrap_or(0) + hits);
    mean.accuracy = mean.hits.map(|hits| hits as f64 / all as f64);
}

/// θ ← θ − η g.
///
/// # Panics
/// When the lengths differ.
pub fn descend<F: Scalar>(parameters: &mut [F], gradient: &[F], learning_rate: F) {
    assert_eq!(parameters.len(), gradient.len(), "one entry of the gradient for each parameter");
    add_scaled(parameters, -learning_rate, gradient);
}

fn stop_reason(
    epoch: usize,
    record: &EpochRecord,
    config: &TrainConfig,
    observed: ControlFlow<()>,
) -> Option<StopReason> {
    if observed.is_break() {
        Some(StopReason::Observer)
    } else if record.loss < config.stop_below {
        Some(StopReason::LossBelowThreshold)
    } else if epoch == config.epochs {
        Some(StopReason::EpochLimit)
    } else {
        None
    }
}

fn check_same_architecture<F: Scalar>(network: &Network<F>, problem: &Problem<'_, F>) -> Result<()> {
    if network.architecture() == problem.architecture() {
        return Ok(());
    }
    Err(CoreError::ArchitectureMismatch {
        expected: problem.architecture().to_string(),
        found: network.architecture().to_string(),
    }
    .into())
}
