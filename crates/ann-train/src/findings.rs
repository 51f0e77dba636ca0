//! Findings: why a run learned nothing, or less than it could, with the numbers that show it.

use std::fmt::{self, Display};

use ann_core::memory::{bytes_of, ensure_available};
use ann_core::ndarray::{Array2, ArrayRef2};
use ann_core::{Activation, Architecture, Init, Layer, Loss, Network, Problem, Scalar, Targets, seeded};

use crate::{Accumulation, EpochRecord, History, Lbfgs, Objective, Result, StopReason, TrainConfig, train};

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
    /// The objective of the training rows, loss and penalty, is higher at the end than at the beginning.
    LossRose {
        /// Objective of the first record.
        first: f64,
        /// Objective of the last record.
        last: f64,
    },
    /// The objective became NaN or infinite. The network is the best one on the validation rows before.
    Diverged {
        /// The epoch of this network.
        epoch: usize,
    },
    /// A column of the features has a wide range, which makes learning slow or impossible.
    WideColumn {
        /// The column, counted from 0.
        column: usize,
        /// Its largest value minus its smallest.
        range: f64,
    },
    /// Many units of a hidden layer pass no gradient for any of up to 1000 rows: they are dead (ReLU) or
    /// saturated.
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
    /// The loss of the validation rows has risen since an earlier epoch: later networks fit the training rows
    /// too closely.
    ValidationRose {
        /// The epoch with the lowest loss.
        epoch: usize,
        /// The loss of this epoch.
        lowest: f64,
        /// The loss of the last record.
        last: f64,
    },
}

/// A network that gains at most this share of what perfect predictions would gain over constant outputs has
/// learned nothing, unless the gain comes from so many rows that it is no chance: the share times the number
/// of rows is at least `EVIDENCE`.
const NOTHING: f64 = 0.01;
const EVIDENCE: f64 = 20.0;
/// Constant outputs whose mean logarithmic loss is this close to the best leave nothing to learn.
const KNOWN: f64 = 0.01;
/// A network that gains all but this share of what perfect predictions would gain has learned its rows,
/// whatever else may be remarkable.
const LEARNED: f64 = 1e-3;
/// A wider range of a column is unusual after scaling, where 10 would be much.
const WIDE: f64 = 100.0;
/// A unit whose σ′ is not above this for any row is idle. σ′ is at most ¼ for the sigmoid and about 1 for
/// others.
const IDLE: f64 = 1e-3;
/// Largest number of rows that are looked at for idle units.
const ROWS: usize = 1000;
/// A loss that falls by at least this share in the last tenth of the epochs is still falling.
const FALLING: f64 = 0.02;
/// A loss that is higher by this share than before has risen.
const RISEN: f64 = 0.05;

/// What is remarkable about a run: an empty list if everything looks well. `network` is the trained network,
/// and `history` that of its run on `problem`. A finding that cannot be computed, because numbers overflow,
/// is left out.
///
/// If the network gains 99.9 % of what perfect predictions would gain over constant outputs, only divergence
/// and the loss of validation rows are reported.
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
    // Shares of a loss mean something only above the loss of perfect predictions.
    let perfect = perfect_loss(problem);
    let constant = loss_of_constant_outputs(problem).ok();
    let has_learned = constant.is_some_and(|constant| loss - perfect <= LEARNED * (constant - perfect));
    let mut found = Vec::new();
    found.extend(diverged(history));
    found.extend(validation_rose(history, perfect));
    if !has_learned {
        found.extend(constant.and_then(|constant| no_better_than_constant(problem, loss, constant, perfect)));
        found.extend(loss_rose(history, perfect));
        let rows = rows_with_weight(problem)?;
        found.extend(wide_column(problem, &rows));
        found.extend(idle_units(problem, &rows, network));
        found.extend(still_falling(history, perfect));
    }
    Ok(found)
}

/// The numbers of the rows that have a weight.
fn rows_with_weight<F: Scalar>(problem: &Problem<'_, F>) -> Result<Vec<usize>> {
    ensure_available("the numbers of the rows", bytes_of::<usize>(problem.rows()))?;
    let has_weight = |&row: &usize| problem.weights().is_none_or(|weights| weights[row] > F::zero());
    Ok((0..problem.rows()).filter(has_weight).collect())
}

/// The mean loss of the best possible predictions: 0, unless targets are smoothed, probabilities or counts.
fn perfect_loss<F: Scalar>(problem: &Problem<'_, F>) -> f64 {
    // −p ln p
    let entropy = |p: f64| if p > 0.0 { -p * p.ln() } else { 0.0 };
    match (problem.loss(), problem.targets()) {
        // Of the smoothed target: 1 − ε + ε/K for one class, ε/K for each of the others.
        (Loss::SmoothedCrossEntropy { smoothing }, _) => {
            let classes = problem.architecture().output_width() as f64;
            let other = smoothing / classes;
            entropy(1.0 - smoothing + other) + (classes - 1.0) * entropy(other)
        }
        (Loss::BinaryCrossEntropy, Targets::Values(labels)) => {
            mean_of(problem, &labels, |y| entropy(y) + entropy(1.0 - y))
        }
        // y − y ln y
        (Loss::Poisson, Targets::Values(counts)) => mean_of(problem, &counts, |y| y + entropy(y)),
        _ => 0.0,
    }
}

/// Σ w f(y) / Σ w, with the mean over the columns of each row.
fn mean_of<F: Scalar>(problem: &Problem<'_, F>, targets: &ArrayRef2<F>, f: impl Fn(f64) -> f64) -> f64 {
    let of_row = |row: usize| {
        let weight = problem.weights().map_or(1.0, |weights| weights[row].as_f64());
        weight * targets.row(row).iter().map(|y| f(y.as_f64())).sum::<f64>() / targets.ncols() as f64
    };
    (0..targets.nrows()).map(of_row).sum::<f64>() / problem.total_weight()
}

fn no_better_than_constant<F: Scalar>(
    problem: &Problem<'_, F>,
    loss: f64,
    constant: f64,
    perfect: f64,
) -> Option<Finding> {
    let is_logarithmic = matches!(
        problem.loss(),
        Loss::SoftmaxCrossEntropy | Loss::SmoothedCrossEntropy { .. } | Loss::BinaryCrossEntropy
    );
    let to_gain = constant - perfect;
    let is_something_to_gain = to_gain > if is_logarithmic { KNOWN } else { 0.0 };
    let share = (constant - loss) / to_gain;
    let is_nothing = is_something_to_gain && share <= NOTHING && share * (problem.rows() as f64) < EVIDENCE;
    is_nothing.then_some(Finding::NoBetterThanConstant { loss, constant })
}

/// The lowest mean loss that constant outputs have. They are the biases of a linear network whose only input
/// is 0.
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

fn diverged(history: &History) -> Option<Finding> {
    let epoch = history.best_epoch?;
    (history.stop == StopReason::Diverged).then_some(Finding::Diverged { epoch })
}

fn loss_rose(history: &History, perfect: f64) -> Option<Finding> {
    let objective = |record: &EpochRecord| record.loss + record.penalty;
    let (first, last) = (objective(history.records.first()?), objective(history.records.last()?));
    let rose = last - perfect > (1.0 + RISEN) * (first - perfect).abs();
    rose.then_some(Finding::LossRose { first, last })
}

/// The column with the widest range, if it is too wide.
fn wide_column<F: Scalar>(problem: &Problem<'_, F>, rows: &[usize]) -> Option<Finding> {
    let mut ends = vec![(F::infinity(), F::neg_infinity()); problem.architecture().input_width()];
    for rows in rows.chunks(ROWS) {
        for x in problem.features_of(rows.iter().copied()).rows() {
            for ((low, high), &x) in ends.iter_mut().zip(x) {
                (*low, *high) = (low.min(x), high.max(x));
            }
        }
    }
    let ranges = ends.into_iter().map(|(low, high)| high.as_f64() - low.as_f64());
    let (column, range) = ranges.enumerate().max_by(|a, b| a.1.total_cmp(&b.1))?;
    (range > WIDE).then_some(Finding::WideColumn { column, range })
}

/// The first hidden layer of which at least half of the units are idle.
fn idle_units<F: Scalar>(problem: &Problem<'_, F>, rows: &[usize], network: &Network<F>) -> Option<Finding> {
    let step = rows.len().div_ceil(ROWS).max(1);
    let rows = problem.features_of(rows.iter().copied().step_by(step));
    let layers = network.architecture().layers();
    for (index, layer) in layers[..layers.len() - 1].iter().enumerate() {
        let z = pre_activations(network, index, &rows).ok()?;
        let is_idle = |unit: &usize| {
            z.column(*unit).iter().all(|z| layer.activation.derivative(z.as_f64()).abs() <= IDLE)
        };
        let (idle, units) = ((0..layer.width).filter(is_idle).count(), layer.width);
        if 2 * idle >= units {
            return Some(Finding::IdleUnits { layer: index + 1, idle, units });
        }
    }
    None
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

fn still_falling(history: &History, perfect: f64) -> Option<Finding> {
    let records = &history.records;
    let before = records.len().checked_sub(1 + records.len().div_ceil(10))?;
    if history.stop != StopReason::EpochLimit {
        return None;
    }
    let (before, last) = (records[before].loss, records.last()?);
    let share = (before - last.loss) / (before - perfect).abs();
    (share >= FALLING).then_some(Finding::StillFalling { epochs: last.epoch, share })
}

/// `perfect` is that of the training rows, which have about the same targets.
fn validation_rose(history: &History, perfect: f64) -> Option<Finding> {
    let lowest = history.validation.iter().min_by(|a, b| a.loss.total_cmp(&b.loss))?;
    let last = history.validation.last()?.loss;
    let rose = last - lowest.loss > RISEN * (lowest.loss - perfect).abs();
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
            Self::Diverged { epoch } => write!(
                f,
                "the objective became infinite; the best network before, of epoch {epoch}, was kept; choose a smaller \
                 learning rate, or scale the features"
            ),
            Self::LossRose { first, last } => write!(
                f,
                "the loss rose from {first:.4} to {last:.4}; choose a smaller learning rate, or scale the features"
            ),
            Self::WideColumn { column, range } => write!(
                f,
                "feature {column} (counted from 0) ranges over {range:.4}; scale the features, for instance with \
                 `Scaling::Standard`"
            ),
            Self::IdleUnits { layer, idle, units } => write!(
                f,
                "{idle} of {units} units of layer {layer} are dead or saturated: they pass no gradient for any row looked at; \
                 choose a smaller learning rate or smaller initial weights, or scale the features"
            ),
            Self::StillFalling { epochs, share } => write!(
                f,
                "the loss was still falling after {epochs} epochs, by {:.1}% in the last tenth of them; train longer",
                100.0 * share
            ),
            Self::ValidationRose { epoch, lowest, last } => write!(
                f,
                "the loss of the validation rows rose from {lowest:.4} at epoch {epoch} to {last:.4}: later networks \
                 overfit; a penalty (λ), fewer units or more rows may help"
            ),
        }
    }
}
