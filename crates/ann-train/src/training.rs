//! A training run, stepped epoch by epoch.

use std::mem;
use std::ops::ControlFlow;
use std::sync::atomic::AtomicBool;

use ann_core::memory::{bytes_of, ensure_available};
use ann_core::vector::all_finite;
use ann_core::{Architecture, Error as CoreError, Network, Problem, Scalar};

use crate::order::order_rows;
use crate::stepper::{Stepper, new_memory, trained, vectors_of_memory, working_vectors};
use crate::sum::Plan;
use crate::threads::checked;
use crate::{
    Batching, EpochRecord, Error, History, LevenbergMarquardt, Memory, Objective, ObjectiveValue, Optimizer,
    Ranks, Result, StopReason, TrainConfig,
};

/// A run of training between two epochs. The caller's loop decides what happens from epoch to epoch: it may
/// show progress, save the [`state`](Self::state), evaluate the network, or stop.
///
/// ```
/// use std::ops::ControlFlow;
///
/// use ann_train::{Activation, Adam, Architecture, Loss, Network, Problem, TrainConfig, Training};
/// use ann_train::{ndarray::array, seeded};
///
/// let architecture = Architecture::inputs(2).dense(5, Activation::Tanh).dense(2, Activation::Identity);
/// let x = array![[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]];
/// let problem = Problem::new(&architecture, Loss::SoftmaxCrossEntropy, &x, &[0, 1, 1, 0])?;
/// let network: Network = Network::init(&architecture, Default::default(), &mut seeded(1))?;
///
/// let config = TrainConfig { optimizer: Adam::default().into(), ..TrainConfig::default() };
/// let mut training = Training::new(&problem, network, &config)?;
/// while let ControlFlow::Continue(record) = training.epoch()? {
///     if record.accuracy == Some(1.0) && record.loss < 0.1 {
///         break;
///     }
/// }
/// let (network, history) = training.finish()?;
/// assert_eq!(history.last().accuracy, Some(1.0));
/// # Ok::<(), ann_train::Error>(())
/// ```
///
/// A run is a pure function of state, problem and settings. So a run that is stopped, saved and
/// [resumed](Self::resume) gives the same bits as one that never stopped.
#[derive(Debug)]
pub struct Training<'p, 'data, F = f64> {
    config: TrainConfig,
    objective: Objective<'p, 'data, F>,
    stepper: Stepper<F>,
    state: State<F>,
    /// J of the network, if the last update has found it already; its gradient is then in the stepper.
    known: Option<ObjectiveValue>,
    /// The order of the rows; empty if all rows are used at once.
    order: Vec<usize>,
    /// θ at the beginning of the epoch. It becomes `last_finite` if the objective of that epoch is finite.
    before: Vec<F>,
    last_finite: Vec<F>,
    records: Vec<EpochRecord>,
    /// The record of the network as it is now, once the run has ended.
    closing: Option<EpochRecord>,
    stop: Option<StopReason>,
}

/// All that a run has to remember between epochs: the content of a checkpoint.
#[derive(Clone, Debug)]
pub struct State<F = f64> {
    /// The network after `epoch` epochs.
    pub network: Network<F>,
    /// The memory of the optimizer.
    pub memory: Memory<F>,
    /// Number of epochs that are done.
    pub epoch: usize,
}

/// Number of records for which memory is reserved at the start; longer runs allocate more later.
const RECORDS: usize = 1 << 16;

/// Number of vectors as long as θ that a run needs beside the optimizer's memory: the gradient, the
/// parameters before an epoch, and those of the last finite objective.
const COPIES: usize = 3;

impl<'p, 'data, F: Scalar> Training<'p, 'data, F> {
    /// A run that begins with `network`.
    ///
    /// # Errors
    /// A setting is outside its range, the architecture of the network is not that of the problem, a
    /// parameter is not finite, or the system cannot provide memory or threads.
    pub fn new(problem: &'p Problem<'data, F>, network: Network<F>, config: &TrainConfig) -> Result<Self> {
        check(&network, problem, config)?;
        let memory = new_memory(&network, config);
        Self::begin(problem, State { network, memory, epoch: 0 }, config)
    }

    /// Continues a run from its state. Epochs, updates, the order of rows and the schedule of the learning
    /// rate continue from there, and [`TrainConfig::epochs`] includes the epochs that are done.
    /// A state does not say why its run ended, so a run that ended by itself, because the loss was low enough
    /// or no step lowered it, may make more epochs.
    ///
    /// # Errors
    /// As [`new`](Self::new); or the memory in the state is not that of the optimizer.
    pub fn resume(problem: &'p Problem<'data, F>, state: State<F>, config: &TrainConfig) -> Result<Self> {
        check(&state.network, problem, config)?;
        check_memory(&state, config)?;
        Self::begin(problem, state, config)
    }

    /// A run with a state that was checked.
    fn begin(problem: &'p Problem<'data, F>, state: State<F>, config: &TrainConfig) -> Result<Self> {
        let order = match config.batching {
            Batching::Full => Vec::new(),
            Batching::Shuffled { .. } | Batching::Windowed { .. } => Vec::with_capacity(problem.rows()),
        };
        let rows = rows_at_once(problem, config);
        let epochs = config.epochs.saturating_sub(state.epoch);
        Ok(Self {
            config: *config,
            objective: Objective::with_threads(problem, config.accumulation, rows, config.threads)?,
            stepper: Stepper::new(problem, config)?,
            known: None,
            order,
            before: state.network.parameters().to_vec(),
            last_finite: state.network.parameters().to_vec(),
            state,
            records: Vec::with_capacity(epochs.saturating_add(1).min(RECORDS)),
            closing: None,
            stop: None,
        })
    }

    /// Lets another thread, or a signal, end an epoch before the next leaf of rows is computed: by setting
    /// `interrupt`, if it is given. It must stay set until [`epoch`](Self::epoch) has returned. A sum row by
    /// row ([`Accumulation::PerSample`](crate::Accumulation)) has one leaf, and steps of Levenberg–Marquardt
    /// are finished.
    #[must_use]
    pub fn with_interrupt(mut self, interrupt: Option<&'p AtomicBool>) -> Self {
        self.objective.set_interrupt(interrupt);
        self
    }

    /// Divides the sums over rows among several processes, if ranks are given: see [`Ranks`]. The Jacobian
    /// matrix of Levenberg–Marquardt is computed by each of them. Memory for the gradients of the leaves of
    /// this rank is allocated by the first sum.
    #[must_use]
    pub fn with_ranks(mut self, ranks: Option<&'p dyn Ranks>) -> Self {
        self.objective = self.objective.with_ranks(ranks);
        self
    }

    /// Trains for one epoch and returns its record, or the reason why the run has ended. A run that has ended
    /// changes nothing any more.
    ///
    /// With [`Batching::Full`] the record describes the network before the update; if its loss is below
    /// [`TrainConfig::stop_below`], the run ends without that update. With mini-batches the record is the
    /// mean over the epoch, and the run ends after the epoch whose mean is below the threshold.
    ///
    /// # Errors
    /// [`Error::InfiniteStart`] or [`Error::Diverged`]: the objective or a parameter is no longer finite.
    /// Then the network in the [`state`](Self::state) gets the parameters from before the last update; with
    /// mini-batches, those with which the last finite epoch began, or the initial ones if there is none. The
    /// optimizer's memory is cleared and its updates count from 0, so a schedule of the learning rate begins
    /// anew.
    ///
    /// [`Error::Interrupted`]: see [`with_interrupt`](Self::with_interrupt). The network gets the parameters
    /// with which the epoch began, and the optimizer's memory is cleared as after a divergence, so a run that
    /// is resumed from this state is another one.
    pub fn epoch(&mut self) -> Result<ControlFlow<StopReason, EpochRecord>> {
        if self.stop.is_none() && self.state.epoch >= self.config.epochs {
            self.end(StopReason::EpochLimit)?;
        }
        if let Some(stop) = self.stop {
            return Ok(ControlFlow::Break(stop));
        }
        self.before.copy_from_slice(self.state.network.parameters());
        let value = match self.config.batching {
            Batching::Full => self.value_and_gradient(),
            Batching::Shuffled { rows, drop_last, .. } | Batching::Windowed { rows, drop_last, .. } => {
                self.mini_batches(rows, drop_last)
            }
        };
        self.ensure_uninterrupted()?;
        self.ensure_finite(&value)?;
        let record = EpochRecord::new(self.state.epoch, &value);
        if record.loss < self.config.stop_below {
            self.stop = Some(StopReason::LossBelowThreshold);
        }
        if self.config.batching == Batching::Full {
            self.stop = self.stop.or_else(|| self.update(&value));
            self.ensure_uninterrupted()?;
            if let Some(stop) = self.stop {
                self.closing = Some(record);
                return Ok(ControlFlow::Break(stop));
            }
        }
        self.state.epoch += 1;
        self.records.push(record);
        Ok(ControlFlow::Continue(record))
    }

    /// The network, the optimizer's memory and the number of epochs: what a checkpoint contains.
    pub fn state(&self) -> &State<F> {
        &self.state
    }

    /// What is minimised.
    pub fn problem(&self) -> &'p Problem<'data, F> {
        self.objective.problem()
    }

    /// The settings of the run.
    pub fn config(&self) -> &TrainConfig {
        &self.config
    }

    /// The records of the epochs so far.
    pub fn records(&self) -> &[EpochRecord] {
        &self.records
    }

    /// Number of passes over the rows that this run has made: the rows that were computed so far, each as
    /// often as it was computed, divided by the number of rows.
    ///
    /// An epoch takes one pass, with all rows or with mini-batches; less if mini-batches leave rows out,
    /// because the last batch is incomplete or rows have the weight 0. L-BFGS takes one for each step that
    /// its line search tries; Levenberg–Marquardt takes one for the Jacobian matrix and one for each step
    /// that it tries. These two also begin with one pass, and a run whose last record is computed at the end
    /// takes one for it. What a pass costs depends on the optimizer: a Jacobian matrix costs more than a
    /// gradient. Passes before a [`resume`](Self::resume) do not count.
    pub fn passes(&self) -> f64 {
        self.objective.passes()
    }

    /// Ends the run. The last record of the history describes the network.
    ///
    /// # Errors
    /// [`Error::InfiniteStart`] or [`Error::Diverged`], if the objective of the network is not finite.
    pub fn finish(mut self) -> Result<(Network<F>, History)> {
        let history = self.close()?;
        Ok((self.state.network, history))
    }

    fn close(&mut self) -> Result<History> {
        self.end(StopReason::Caller)?;
        let mut records = mem::take(&mut self.records);
        records.extend(self.closing);
        Ok(History { records, stop: self.stop.unwrap_or(StopReason::Caller), ..History::default() })
    }

    /// Evaluates the network as it is now, and notes why the run ended, unless that is known.
    fn end(&mut self, reason: StopReason) -> Result<()> {
        if self.closing.is_some() {
            return Ok(());
        }
        let value = self.objective.value(self.state.network.parameters());
        if !(value.total().is_finite() && all_finite(self.state.network.parameters())) {
            return Err(self.diverged(&value));
        }
        let record = EpochRecord::new(self.state.epoch, &value);
        self.closing = Some(record);
        let is_low = self.config.epochs == self.state.epoch && record.loss < self.config.stop_below;
        let reason = if is_low { StopReason::LossBelowThreshold } else { reason };
        self.stop.get_or_insert(reason);
        Ok(())
    }

    fn value_and_gradient(&mut self) -> ObjectiveValue {
        let (parameters, gradient) = (self.state.network.parameters(), self.stepper.gradient_mut());
        let known = self.known.take();
        known.unwrap_or_else(|| match self.config.optimizer {
            // It computes the Jacobian matrix instead of a gradient.
            Optimizer::LevenbergMarquardt(_) => self.objective.value(parameters),
            _ => self.objective.value_and_gradient(parameters, gradient),
        })
    }

    /// Makes the update with all rows, or says why there is none.
    fn update(&mut self, value: &ObjectiveValue) -> Option<StopReason> {
        if !self.config.optimizer.searches() {
            self.stepper.update(&mut self.state);
            return None;
        }
        self.known = self.stepper.search(&mut self.state, &mut self.objective, value);
        self.known.is_none().then_some(StopReason::Converged)
    }

    /// Makes one update for each batch. Returns the mean of J over their rows.
    fn mini_batches(&mut self, rows: usize, drop_last: bool) -> ObjectiveValue {
        let Self { objective, stepper, state, order, config, .. } = self;
        let problem = objective.problem();
        order_rows(order, problem, &config.batching, state.epoch);
        let incomplete = if rows < order.len() && drop_last { order.len() % rows } else { 0 };
        let used = &order[..order.len() - incomplete];
        let all = weight_of(problem, used);
        // `order` holds all rows with a weight.
        let mean_weight = problem.total_weight() / order.len() as f64;
        objective.awake(|objective| {
            let mut mean =
                ObjectiveValue { loss: 0.0, penalty: 0.0, weight: 0.0, hits: None, accuracy: None };
            for batch in used.chunks(rows) {
                let (parameters, gradient) = (state.network.parameters(), stepper.gradient_mut());
                // Heavy batches count more, so that the gradients of an epoch are together that of J.
                let divisor = batch.len() as f64 * mean_weight;
                let value = objective.value_and_scaled_gradient_of(batch, divisor, parameters, gradient);
                add_batch(&mut mean, &value, all);
                if objective.is_interrupted() || !value.total().is_finite() {
                    break;
                }
                stepper.update(state);
            }
            mean
        })
    }

    /// An error if this epoch was interrupted: its sums mean nothing.
    fn ensure_uninterrupted(&mut self) -> Result<()> {
        if !self.objective.is_interrupted() {
            return Ok(());
        }
        self.state.network.parameters_mut().copy_from_slice(&self.before);
        self.state.memory = new_memory(&self.state.network, &self.config);
        (self.known, self.stop) = (None, None);
        Err(Error::Interrupted { epoch: self.state.epoch })
    }

    /// An error if the value of this epoch, or a parameter, is not finite.
    fn ensure_finite(&mut self, value: &ObjectiveValue) -> Result<()> {
        if value.total().is_finite() && all_finite(&self.before) {
            self.last_finite.copy_from_slice(&self.before);
        }
        if value.total().is_finite() && all_finite(self.state.network.parameters()) {
            return Ok(());
        }
        // An epoch of mini-batches counts as soon as it has begun.
        self.state.epoch += usize::from(self.config.batching != Batching::Full);
        Err(self.diverged(value))
    }

    /// Restores the last finite parameters, and returns the error that says so.
    fn diverged(&mut self, value: &ObjectiveValue) -> Error {
        let (epoch, updates) = (self.state.epoch, self.state.memory.updates);
        self.state.network.parameters_mut().copy_from_slice(&self.last_finite);
        self.state.memory = new_memory(&self.state.network, &self.config);
        let objective = value.total();
        match updates.checked_sub(1) {
            None => Error::InfiniteStart { objective },
            Some(last) => {
                let learning_rate = self.stepper.rate(last);
                Error::Diverged { epoch, learning_rate, objective }
            }
        }
    }
}

/// Trains `network` in place on `problem`: [`Training`] from the first epoch to the last, without a caller
/// who looks at it.
///
/// # Errors
/// As [`Training::new`]; then nothing is changed. As [`Training::epoch`]; then the network gets the
/// parameters that are described there.
pub fn train<F: Scalar>(
    network: &mut Network<F>,
    problem: &Problem<'_, F>,
    config: &TrainConfig,
) -> Result<History> {
    check(network, problem, config)?;
    let (network_before, memory) = (network.clone(), new_memory(network, config));
    let mut training = Training::begin(problem, State { network: network_before, memory, epoch: 0 }, config)?;
    let history = training.run();
    network.parameters_mut().copy_from_slice(training.state.network.parameters());
    history
}

impl<F: Scalar> Training<'_, '_, F> {
    /// Trains until the run ends.
    fn run(&mut self) -> Result<History> {
        while self.epoch()?.is_continue() {}
        self.close()
    }
}

/// Number of rows whose weight is not 0.
pub(crate) fn rows_with_weight<F: Scalar>(problem: &Problem<'_, F>) -> usize {
    let weights =
        problem.weights().map(|weights| weights.iter().filter(|weight| **weight > F::zero()).count());
    weights.unwrap_or(problem.rows())
}

/// The largest number of rows whose gradients are summed at once.
fn rows_at_once<F: Scalar>(problem: &Problem<'_, F>, config: &TrainConfig) -> usize {
    match config.batching {
        Batching::Full => problem.rows(),
        // Mini-batches leave out rows of weight 0.
        _ => config.batching.rows(rows_with_weight(problem)),
    }
}

/// Σ w over the given rows.
fn weight_of<F: Scalar>(problem: &Problem<'_, F>, rows: &[usize]) -> f64 {
    match problem.weights() {
        None => rows.len() as f64,
        Some(weights) => rows.iter().map(|&row| weights[row].as_f64()).sum(),
    }
}

/// Adds the value of a batch to the mean over an epoch whose rows have the weight `all`.
fn add_batch(mean: &mut ObjectiveValue, batch: &ObjectiveValue, all: f64) {
    let share = batch.weight / all;
    mean.loss += share * batch.loss;
    mean.penalty += share * batch.penalty;
    // Hits are added in the order of the weights, instead of adding shares: so an epoch without a miss has an
    // accuracy of exactly 1.
    mean.weight += batch.weight;
    mean.hits = batch.hits.map(|hits| mean.hits.unwrap_or(0.0) + hits);
    mean.accuracy = mean.hits.map(|hits| hits / mean.weight);
}

/// Checks everything that a run needs, before anything is allocated.
fn check<F: Scalar>(network: &Network<F>, problem: &Problem<'_, F>, config: &TrainConfig) -> Result<()> {
    config.validate::<F>()?;
    check_same_architecture(network, problem.architecture())?;
    network.ensure_finite()?;
    if let Optimizer::LevenbergMarquardt(_) = config.optimizer {
        LevenbergMarquardt::ensure_suits(problem)?;
    }
    let rows = rows_at_once(problem, config);
    // Memory is checked for all of this at once. Two separate checks could both succeed although the system
    // does not have both amounts together. The matrices of Levenberg–Marquardt are checked where they are
    // made.
    let sums = Plan::new(problem, config.accumulation, rows, checked(config.threads)?).bytes;
    let vectors = COPIES + vectors_of_memory(config) + working_vectors(config);
    let copies = bytes_of::<F>(problem.layout().len().saturating_mul(vectors));
    Ok(ensure_available(
        "sums over rows, the gradient and copies of the parameters",
        sums.saturating_add(copies),
    )?)
}

/// A state may come from a file, so everything in it is checked.
fn check_memory<F: Scalar>(state: &State<F>, config: &TrainConfig) -> Result<()> {
    let memory = &state.memory;
    let (expected, found) = (config.optimizer.kind(), memory.optimizer);
    if found != expected {
        return Err(Error::OtherOptimizer { expected, found });
    }
    config.optimizer.check_scalars(&memory.scalars)?;
    const MOST_UPDATES: u64 = 1 << 53;
    let (updates, expected) = (memory.updates, "at most 2⁵³");
    crate::optimizer::check(
        "number of updates in the state",
        updates as f64,
        updates <= MOST_UPDATES,
        expected,
    )?;
    let (expected, found) = (vectors_of_memory(config), memory.vectors.len());
    let length = trained(&state.network, config);
    let fits = found == expected && memory.vectors.iter().all(|vector| vector.len() == length);
    if !(fits && memory.vectors.iter().all(|vector| all_finite(vector))) {
        return Err(Error::MemoryMismatch {
            optimizer: config.optimizer.to_string(),
            expected,
            found,
            length,
        });
    }
    Ok(())
}

pub(crate) fn check_same_architecture<F: Scalar>(
    network: &Network<F>,
    expected: &Architecture,
) -> Result<()> {
    if network.architecture() == expected {
        return Ok(());
    }
    let (expected, found) = (expected.to_string(), network.architecture().to_string());
    Err(CoreError::ArchitectureMismatch { expected, found }.into())
}
