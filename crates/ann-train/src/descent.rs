//! Full-batch gradient descent: θ ← θ − η ∂J/∂θ, until the epochs are over, the loss is low enough, or somebody says stop.

use std::ops::ControlFlow;

use ann_core::{Error as CoreError, Network, Problem, Scalar};

use crate::{Accumulation, EpochRecord, Error, History, Objective, Result, StopReason};

/// How a network is trained.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TrainConfig {
    /// η > 0, the step along the negative gradient.  Default 0.1.
    pub learning_rate: f64,
    /// The largest number of updates; 0 only evaluates.  Default 1000.
    pub epochs: usize,
    /// Stop as soon as the mean data loss (without penalty) is below this, ≥ 0.  Default 0: never.
    pub stop_below: f64,
    /// How the gradients of the rows are summed.  Default [`Accumulation::Batched`].
    pub accumulation: Accumulation,
}

impl Default for TrainConfig {
    fn default() -> Self {
        Self { learning_rate: 0.1, epochs: 1000, stop_below: 0.0, accumulation: Accumulation::default() }
    }
}

impl TrainConfig {
    fn validate<F: Scalar>(&self) -> Result<()> {
        let wrong = |name, value, expected| Err(CoreError::InvalidSetting { name, value, expected }.into());
        let step = F::of(self.learning_rate);
        if !(step.is_finite() && step > F::zero()) {
            return wrong("learning_rate (η)", self.learning_rate, "a finite number above 0");
        }
        if !(self.stop_below.is_finite() && self.stop_below >= 0.0) {
            return wrong("stop_below", self.stop_below, "a finite number ≥ 0");
        }
        Ok(())
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

/// Trains `network` in place on `problem`.  After each record, before the update that may follow, `observer` sees the
/// record and the network it describes; it ends the run with `ControlFlow::Break(())`.
///
/// Training is a pure function of parameters, problem and settings, and gradient descent keeps no state:
/// 100 epochs followed by 200 are 300, to the last bit.
///
/// # Errors
/// A setting outside its range, a network of another architecture than the problem's, or one with a parameter that is not
/// finite; then nothing has been changed.
/// [`Error::InfiniteStart`] or [`Error::Diverged`] when the objective or a parameter is no longer finite; then the network holds its last finite parameters.
pub fn train_observed<F: Scalar>(
    network: &mut Network<F>,
    problem: &Problem<'_, F>,
    config: &TrainConfig,
    mut observer: impl FnMut(&EpochRecord, &Network<F>) -> ControlFlow<()>,
) -> Result<History> {
    config.validate::<F>()?;
    check_same_architecture(network, problem)?;
    network.ensure_finite()?;
    let mut objective = Objective::new(problem, config.accumulation);
    let mut gradient = vec![F::zero(); problem.layout().len()];
    let mut last_finite = network.parameters().to_vec();
    let mut records = Vec::new();
    loop {
        // The loss is recorded before the step, so entry 0 of the history is the untrained network.
        let value = objective.value_and_gradient(network.parameters(), &mut gradient);
        let record = EpochRecord::new(records.len(), &value);
        if !value.total().is_finite() || network.ensure_finite().is_err() {
            network.parameters_mut().copy_from_slice(&last_finite);
            return Err(diverged(&record, config));
        }
        records.push(record);
        let observed = observer(&record, network);
        if let Some(stop) = stop_reason(&record, config, observed) {
            return Ok(History { records, stop });
        }
        last_finite.copy_from_slice(network.parameters());
        descend(network.parameters_mut(), &gradient, F::of(config.learning_rate));
    }
}

/// θ ← θ − η g.
///
/// # Panics
/// When the lengths differ.
pub fn descend<F: Scalar>(parameters: &mut [F], gradient: &[F], learning_rate: F) {
    assert_eq!(parameters.len(), gradient.len(), "one entry of the gradient for each parameter");
    for (parameter, &g) in parameters.iter_mut().zip(gradient) {
        *parameter -= learning_rate * g;
    }
}

fn diverged(record: &EpochRecord, config: &TrainConfig) -> Error {
    let objective = record.loss + record.penalty;
    match record.epoch {
        0 => Error::InfiniteStart { objective },
        epoch => Error::Diverged { epoch, learning_rate: config.learning_rate, objective },
    }
}

fn stop_reason(record: &EpochRecord, config: &TrainConfig, observed: ControlFlow<()>) -> Option<StopReason> {
    if observed.is_break() {
        Some(StopReason::Observer)
    } else if record.loss < config.stop_below {
        Some(StopReason::LossBelowThreshold)
    } else if record.epoch == config.epochs {
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
