//! Findings: why a run learned nothing, or less than it could, with the numbers that show it.

use std::fmt::{self, Display};

use ann_core::memory::{bytes_of, ensure_available};
use ann_core::ndarray::{Array2, ArrayRef2, Axis};
use ann_core::{Activation, Architecture, Init, Layer, Network, Problem, Scalar, seeded};

use crate::{Accumulation, History, Lbfgs, Objective, Result, StopReason, TrainConfig, train};

/// Something about a run that its user should know. `Display` says it in a sentence, with advice.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Finding {
    /// The network is no better than the best constant outputs.
    NoBetterThanConstant {
        /// Mean data loss of the network.
        loss: f64,
        /// Mean data loss of the best constant outputs.
        constant: f64,
    },
    /// The loss of the training rows is higher at the end than at the beginning.
    LossRose {
        /// Loss of the first record.
        first: f64,
        /// Loss of the last record.
        last: f64,
    },
    /// A column of the features has a wide range, which makes learning slow or impossible.
    WideColumn {
        /// The column, counted from 0.
        column: usize,
        /// Its largest value minus its smallest.
        range: f64,
    },
    /// Many units of a hidden layer pass no gradient for any row: they are dead (ReLU) or saturated.
    IdleUnits {
        /// The layer, counted from 1.
        layer: usize,
        /// Number of idle units.
        idle: usize,
        /// Number of all units of the layer.
        units: usize,
    },
    /// The loss was still falling when the last epoch was done.
    StillFalling {
        /// Number of epochs.
        epochs: usize,
        /// By which share of itself the loss fell in the last tenth of the epochs.
        share: f64,
    },
    /// The loss of the validation rows has risen since an earlier epoch: the network learned the training rows by
    /// heart.
    ValidationRose {
        /// The epoch with the lowest loss.
        epoch: usize,
        /// The loss of this epoch.
        lowest: f64,
        /// The loss of the last record.
        last: f64,
    },
}

/// A network whose loss is at least this share of that of constant outputs has learned nothing.
const NOTHING: f64 = 0.99;
/// A wider range of a column is unusual after scaling, where 10 would be much.
const WIDE: f64 = 100.0;
/// A unit whose σ′ is not above this for any row is idle. σ′ is at most ¼ for the sigmoid and about 1 for others.
const IDLE: f64 = 1e-3;
/// Largest number of rows that are looked at for idle units.
const ROWS: usize = 1000;
/// A loss that falls by at least this share in the last tenth of the epochs is still falling.
const FALLING: f64 = 0.02;
/// A validation loss that is higher by this share than its lowest value has risen.
const RISEN: f64 = 0.05;

/// What is remarkable about a run: an empty list if everything looks well. `network` is the trained network, and
/// `history` that of its run on `problem`.
///
/// It evaluates some rows once, and looks for the best constant outputs, so it takes as long as a few epochs.
///
/// # Errors
/// The network does not fit the problem, or the system cannot provide the memory.
pub fn findings<F: Scalar>(
    problem: &Problem<'_, F>,
    network: &Network<F>,
    history: &History,
) -> Result<Vec<Finding>> {
    let loss = Objective::new(problem, Accumulation::Batched)?.value(network.parameters()).loss;
    let mut found = Vec::new();
    found.extend(no_better_than_constant(problem, loss)?);
    found.extend(loss_rose(history));
    found.extend(wide_column(&problem.features()));
    found.extend(idle_units(&problem.features(), network)?);
    found.extend(still_falling(history));
    found.extend(validation_rose(history));
    Ok(found)
}

fn no_better_than_constant<F: Scalar>(problem: &Problem<'_, F>, loss: f64) -> Result<Option<Finding>> {
    let constant = loss_of_constant_outputs(problem)?;
    let nothing = constant > 0.0 && loss >= NOTHING * constant;
    Ok(nothing.then_some(Finding::NoBetterThanConstant { loss, constant }))
}

/// The lowest mean loss that constant outputs have. They are the biases of a linear network whose only input is 0.
fn loss_of_constant_outputs<F: Scalar>(problem: &Problem<'_, F>) -> Result<f64> {
    let outputs = problem.architecture().output_width();
    let architecture = Architecture::inputs(1).dense(outputs, Activation::Identity);
    ensure_available("a column of zeros", bytes_of::<F>(problem.rows()))?;
    let zeros = Array2::zeros((problem.rows(), 1));
    let targets = problem.targets();
    let mut constant = Problem::new(&architecture, problem.loss().clone(), &zeros, targets.reborrow())?;
    if let Some(weights) = problem.weights() {
        constant = constant.with_weights(weights)?;
    }
    let mut network = Network::init(&architecture, Init::Zeros, &mut seeded(0))?;
    let config = TrainConfig { optimizer: Lbfgs::default().into(), epochs: 50, ..TrainConfig::default() };
    Ok(train(&mut network, &constant, &config)?.last().loss)
}

fn loss_rose(history: &History) -> Option<Finding> {
    let (first, last) = (history.records.first()?.loss, history.records.last()?.loss);
    (last > first).then_some(Finding::LossRose { first, last })
}

/// The column with the widest range, if it is too wide.
fn wide_column<F: Scalar>(features: &ArrayRef2<F>) -> Option<Finding> {
    let ranges = features.columns().into_iter().map(|column| {
        let [low, high] = [F::infinity(), F::neg_infinity()];
        let (low, high) = column.iter().fold((low, high), |(low, high), &x| (low.min(x), high.max(x)));
        high.as_f64() - low.as_f64()
    });
    let (column, range) = ranges.enumerate().max_by(|a, b| a.1.total_cmp(&b.1))?;
    (range > WIDE).then_some(Finding::WideColumn { column, range })
}

/// The first hidden layer of which at least half of the units are idle.
fn idle_units<F: Scalar>(features: &ArrayRef2<F>, network: &Network<F>) -> Result<Option<Finding>> {
    let step = features.nrows().div_ceil(ROWS).max(1);
    let rows: Vec<usize> = (0..features.nrows()).step_by(step).collect();
    let rows = features.select(Axis(0), &rows);
    let layers = network.architecture().layers();
    for (index, layer) in layers[..layers.len() - 1].iter().enumerate() {
        let z = pre_activations(network, index, &rows)?;
        let is_idle = |unit: &usize| {
            z.column(*unit).iter().all(|z| layer.activation.derivative(z.as_f64()).abs() <= IDLE)
        };
        let (idle, units) = ((0..layer.width).filter(is_idle).count(), layer.width);
        if 2 * idle >= units {
            return Ok(Some(Finding::IdleUnits { layer: index + 1, idle, units }));
        }
    }
    Ok(None)
}

/// z of the layer with this index: the outputs of the network that ends with this layer, without activation.
fn pre_activations<F: Scalar>(network: &Network<F>, index: usize, rows: &ArrayRef2<F>) -> Result<Array2<F>> {
    let (below, from_here) = network.architecture().layers().split_at(index);
    let width = from_here[0].width;
    let ends_here = Architecture::inputs(network.architecture().input_width())
        .with_layers(below.iter().cloned())
        .with_layers([Layer { width, activation: Activation::Identity }]);
    let end = network.layout().layers()[index].all().end;
    let ends_here = Network::from_parameters(&ends_here, network.parameters()[..end].to_vec())?;
    Ok(ends_here.forward(rows)?)
}

fn still_falling(history: &History) -> Option<Finding> {
    let records = &history.records;
    let before = records.len().checked_sub(1 + records.len().div_ceil(10))?;
    if history.stop != StopReason::EpochLimit {
        return None;
    }
    let (before, last) = (records[before].loss, records.last()?);
    let share = (before - last.loss) / before;
    (share >= FALLING).then_some(Finding::StillFalling { epochs: last.epoch, share })
}

fn validation_rose(history: &History) -> Option<Finding> {
    let lowest = history.validation.iter().min_by(|a, b| a.loss.total_cmp(&b.loss))?;
    let last = history.validation.last()?.loss;
    let rose = last > (1.0 + RISEN) * lowest.loss;
    rose.then_some(Finding::ValidationRose { epoch: lowest.epoch, lowest: lowest.loss, last })
}

impl Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoBetterThanConstant { loss, constant } => write!(
                f,
                "nothing was learned: the loss is {loss:.4}, that of the best constant outputs is {constant:.4}; \
                 try another learning rate, more epochs, or scaled features"
            ),
            Self::LossRose { first, last } => write!(
                f,
                "the loss rose from {first:.4} to {last:.4}; choose a smaller learning rate, or scale the features"
            ),
            Self::WideColumn { column, range } => write!(
                f,
                "feature {column} (counted from 0) ranges over {range}; scale the features, for instance with \
                 `Scaling::Standard`"
            ),
            Self::IdleUnits { layer, idle, units } => write!(
                f,
                "{idle} of {units} units of layer {layer} are dead or saturated: they pass no gradient for any row; \
                 choose a smaller learning rate or smaller initial weights, or scale the features"
            ),
            Self::StillFalling { epochs, share } => write!(
                f,
                "the loss was still falling after {epochs} epochs, by {:.1}% in the last tenth of them; train longer",
                100.0 * share
            ),
            Self::ValidationRose { epoch, lowest, last } => write!(
                f,
                "the loss of the validation rows rose from {lowest:.4} at epoch {epoch} to {last:.4}: the network \
                 overfits; keep the network of that epoch, or use a penalty (λ), fewer units or more rows"
            ),
        }
    }
}
