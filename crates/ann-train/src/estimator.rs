//! The common part of the estimators: from settings and rows to a trained network.

use std::borrow::Cow;
use std::fmt;
use std::ops::ControlFlow;
use std::sync::atomic::AtomicBool;

use ann_core::memory::{bytes_of, ensure_available};
use ann_core::ndarray::{Array2, ArrayRef2, Axis, CowArray, Ix2, concatenate};
use ann_core::{
    Activation, Architecture, ClassWeights, Error as CoreError, Init, Layer, Loss, Network, Problem, Scalar,
    Targets, seeded,
};

use crate::scaling::ColumnScales;
use crate::splits::{Split, hold_out};
use crate::training::check_same_architecture;
use crate::{
    EpochRecord, Error, Finding, History, Ranks, Result, Scaling, StopReason, TrainConfig, Training,
    ValidatedTraining, Validation, findings,
};

/// What a fit may be given beside rows and targets. `T` is the type of targets, for example `[&str]`.
pub struct FitOptions<'a, T: ?Sized, F = f64> {
    /// A weight ≥ 0 for each row: a weight of 2 counts as two equal rows, and one of 0 as no row. Default: 1
    /// each.
    pub weights: Option<&'a [F]>,
    /// Rows to validate on, and their targets. They switch early stopping on, also if the settings have no
    /// `validation`: then with the defaults of [`Validation`]. Default: the share of rows that the settings
    /// hold out, if any.
    pub validation: Option<(&'a ArrayRef2<F>, &'a T)>,
    /// A network to continue from (warm start), of the same shape. Only its weights are continued; the
    /// optimizer and the count of epochs begin anew. Default: initial weights from the seed.
    pub start: Option<&'a Network<F>>,
    /// Sees the record of each epoch, and that of the validation rows if there are any. It may show progress,
    /// or end the training: what was learned so far is kept.
    pub observe: Option<&'a EpochObserver<'a>>,
    /// If another thread sets this, the fit ends with [`Error::Interrupted`], before the next leaf of rows:
    /// see [`Training::with_interrupt`].
    pub interrupt: Option<&'a AtomicBool>,
    /// Processes that fit this estimator together, each with the same rows and settings: see [`Ranks`].
    /// `observe` must end the training on all of them or on none.
    pub ranks: Option<&'a dyn Ranks>,
}

/// A function that sees the record of each epoch and that of the validation rows, and may end a training.
pub type EpochObserver<'a> = dyn Fn(&EpochRecord, Option<&EpochRecord>) -> ControlFlow<()> + 'a;

impl<T: ?Sized, F> Default for FitOptions<'_, T, F> {
    fn default() -> Self {
        Self { weights: None, validation: None, start: None, observe: None, interrupt: None, ranks: None }
    }
}

impl<T: ?Sized + fmt::Debug, F: fmt::Debug> fmt::Debug for FitOptions<'_, T, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FitOptions")
            .field("weights", &self.weights)
            .field("validation", &self.validation)
            .field("start", &self.start)
            .field("is_observed", &self.observe.is_some())
            .field("interrupt", &self.interrupt)
            .field("ranks", &self.ranks)
            .finish()
    }
}

/// The options of a fit that do not depend on the type of targets.
#[derive(Clone, Copy)]
pub(crate) struct FitControl<'a, F> {
    start: Option<&'a Network<F>>,
    observe: Option<&'a EpochObserver<'a>>,
    interrupt: Option<&'a AtomicBool>,
    ranks: Option<&'a dyn Ranks>,
}

impl<'a, T: ?Sized, F> FitOptions<'a, T, F> {
    pub(crate) fn control(&self) -> FitControl<'a, F> {
        let Self { start, observe, interrupt, ranks, .. } = *self;
        FitControl { start, observe, interrupt, ranks }
    }
}

impl<F> FitControl<'_, F> {
    fn see(&self, record: &EpochRecord, validation: Option<&EpochRecord>) -> ControlFlow<()> {
        self.observe.map_or(ControlFlow::Continue(()), |observe| observe(record, validation))
    }
}

/// The settings of an estimator.
pub(crate) struct Settings<'a> {
    pub hidden: &'a [Layer],
    pub init: Init,
    pub seed: u64,
    pub l2: f64,
    pub loss: Loss,
    pub outputs: usize,
    pub class_weights: ClassWeights,
    pub scaling: Scaling,
    pub standardize_targets: bool,
    pub validation: Option<Validation>,
    pub train: TrainConfig,
}

/// Rows with their targets and weights.
pub(crate) struct Rows<'a, F: Scalar> {
    pub x: CowArray<'a, F, Ix2>,
    pub targets: TargetRows<'a, F>,
    pub weights: Option<Cow<'a, [F]>>,
}

/// The targets of rows.
pub(crate) enum TargetRows<'a, F> {
    Classes(Vec<usize>),
    Values(CowArray<'a, F, Ix2>),
}

/// A network that was fitted, and how.
pub(crate) struct Fit<F> {
    pub network: Network<F>,
    pub history: History,
    pub findings: Vec<Finding>,
}

impl Settings<'_> {
    /// Trains a network on `rows`. It reads raw rows and predicts raw values, whatever is scaled.
    pub fn fit<'a, F: Scalar>(
        &self,
        rows: Rows<'a, F>,
        held_out: Option<Rows<'a, F>>,
        control: FitControl<'_, F>,
    ) -> Result<Fit<F>> {
        let architecture = self.architecture(&rows.x)?;
        // All rows are checked as the caller gave them, so that errors name the caller's row numbers.
        self.problem(&architecture, &rows)?;
        if let Some(rows) = &held_out {
            self.problem(&architecture, rows).map_err(|error| Error::ValidationRows(error.into()))?;
        }
        let (rows, held_out) = self.divide(rows, held_out)?;
        let inputs = ColumnScales::learn(self.scaling, &rows.x, rows.weights.as_deref());
        let outputs = self.learn_outputs(&rows);
        let scale = |rows: Rows<'a, F>| rows.scaled(inputs.as_ref(), outputs.as_ref());
        let (rows, held_out) = (scale(rows)?, held_out.map(scale).transpose()?);
        let problem = self.problem(&architecture, &rows)?;
        let network = match control.start {
            Some(network) => taken_up(network, &architecture, inputs.as_ref(), outputs.as_ref())?,
            None => Network::init(&architecture, self.init, &mut seeded(self.seed))?,
        };
        let (mut network, history) = match &held_out {
            None => self.train(&problem, network, control)?,
            Some(rows) => {
                let validation = self.problem(&architecture, rows)?;
                self.train_validated(&problem, &validation, network, control)?
            }
        };
        let findings = findings(&problem, &network, &history)?;
        inputs.iter().for_each(|scales| scales.fold_into_inputs(&mut network));
        outputs.iter().for_each(|scales| scales.fold_into_outputs(&mut network));
        network.ensure_finite()?;
        Ok(Fit { network, history, findings })
    }

    fn train<F: Scalar>(
        &self,
        problem: &Problem<'_, F>,
        network: Network<F>,
        control: FitControl<'_, F>,
    ) -> Result<(Network<F>, History)> {
        let training = Training::new(problem, network, &self.train)?;
        let mut training = training.with_interrupt(control.interrupt).with_ranks(control.ranks);
        while let ControlFlow::Continue(record) = training.epoch()? {
            if control.see(&record, None).is_break() {
                break;
            }
        }
        training.finish()
    }

    /// As [`train`](Self::train), and keeps the best network on the rows of `validation`.
    fn train_validated<'d, F: Scalar>(
        &self,
        problem: &Problem<'d, F>,
        validation: &Problem<'d, F>,
        network: Network<F>,
        control: FitControl<'_, F>,
    ) -> Result<(Network<F>, History)> {
        let settings = self.validation.unwrap_or_default();
        let training = ValidatedTraining::new(problem, validation, network, &self.train, settings)?;
        let mut training = training.with_interrupt(control.interrupt).with_ranks(control.ranks);
        loop {
            match training.epoch()? {
                ControlFlow::Continue([record, validation]) => {
                    if control.see(&record, Some(&validation)).is_break() {
                        break;
                    }
                }
                // Only an interrupt ends the run in the caller's name.
                ControlFlow::Break(StopReason::Caller) => {
                    return Err(Error::Interrupted { epoch: training.state().training.epoch });
                }
                ControlFlow::Break(_) => break,
            }
        }
        training.finish()
    }

    /// The columns of `x` as inputs, the hidden layers, and the raw outputs.
    fn architecture<F>(&self, x: &ArrayRef2<F>) -> Result<Architecture> {
        // Checked first: an empty matrix may also have no columns, and the error for that would hide the
        // cause.
        if x.nrows() == 0 {
            return Err(CoreError::NoSamples.into());
        }
        let hidden = self.hidden.iter().cloned();
        Ok(Architecture::inputs(x.ncols()).with_layers(hidden).dense(self.outputs, Activation::Identity))
    }

    fn problem<'a, F: Scalar>(
        &self,
        architecture: &'a Architecture,
        rows: &'a Rows<'_, F>,
    ) -> Result<Problem<'a, F>> {
        let targets = match &rows.targets {
            TargetRows::Classes(classes) => Targets::Classes(classes),
            TargetRows::Values(values) => Targets::Values(values.view()),
        };
        let mut problem =
            Problem::new(architecture, self.loss.clone(), &rows.x, targets)?.with_l2(self.l2)?;
        if let Some(weights) = &rows.weights {
            problem = problem.with_weights(&weights[..])?;
        }
        match self.class_weights {
            ClassWeights::None => Ok(problem),
            _ => Ok(problem.with_class_weights(&self.class_weights)?),
        }
    }

    /// Holds out a share of the rows, if the settings ask for it and the caller gave no other rows.
    fn divide<'a, F: Scalar>(
        &self,
        rows: Rows<'a, F>,
        held_out: Option<Rows<'a, F>>,
    ) -> Result<(Rows<'a, F>, Option<Rows<'a, F>>)> {
        match (held_out, self.validation) {
            (None, Some(validation)) => {
                validation.validate()?;
                let one_class = vec![0; rows.x.nrows()];
                let classes = match &rows.targets {
                    TargetRows::Classes(classes) => classes,
                    TargetRows::Values(_) => &one_class,
                };
                let Split { train: training, test: held_out } =
                    hold_out(classes, validation.share, validation.seed)?;
                Ok((rows.select(&training)?, Some(rows.select(&held_out)?)))
            }
            (held_out, _) => Ok((rows, held_out)),
        }
    }

    fn learn_outputs<F: Scalar>(&self, rows: &Rows<'_, F>) -> Option<ColumnScales> {
        match &rows.targets {
            TargetRows::Values(values) if self.standardize_targets => {
                ColumnScales::learn(Scaling::Standard, values, rows.weights.as_deref())
            }
            _ => None,
        }
    }
}

/// A network of raw rows and values, to be continued with scaled ones.
fn taken_up<F: Scalar>(
    network: &Network<F>,
    architecture: &Architecture,
    inputs: Option<&ColumnScales>,
    outputs: Option<&ColumnScales>,
) -> Result<Network<F>> {
    check_same_architecture(network, architecture)?;
    let mut network = network.clone();
    inputs.iter().for_each(|scales| scales.unfold_from_inputs(&mut network));
    outputs.iter().for_each(|scales| scales.unfold_from_outputs(&mut network));
    Ok(network)
}

impl<'a, F: Scalar> Rows<'a, F> {
    /// Some of the rows, copied.
    fn select(&self, rows: &[usize]) -> Result<Self> {
        ensure_available("a copy of the rows", bytes_of::<F>(rows.len().saturating_mul(self.x.ncols())))?;
        let targets = match &self.targets {
            TargetRows::Classes(classes) => {
                TargetRows::Classes(rows.iter().map(|&row| classes[row]).collect())
            }
            TargetRows::Values(values) => TargetRows::Values(values.select(Axis(0), rows).into()),
        };
        let weights = self.weights.as_ref().map(|weights| rows.iter().map(|&row| weights[row]).collect());
        Ok(Self { x: self.x.select(Axis(0), rows).into(), targets, weights })
    }

    fn scaled(self, inputs: Option<&ColumnScales>, outputs: Option<&ColumnScales>) -> Result<Self> {
        let Self { mut x, mut targets, weights } = self;
        if let Some(scales) = inputs {
            ensure_available("a copy of the rows", bytes_of::<F>(x.len()))?;
            x = scales.apply(&x).into();
        }
        if let (Some(scales), TargetRows::Values(values)) = (outputs, &mut targets) {
            *values = scales.apply(values).into();
        }
        Ok(Self { x, targets, weights })
    }
}

/// For each layer a matrix (fan_in + 1, fan_out): the transposed weights, with the bias as last row (report,
/// "weights").
pub(crate) fn weights<F: Scalar>(network: &Network<F>) -> Vec<Array2<F>> {
    let layers = (1..=network.layout().layers().len()).filter_map(|k| network.layer(k));
    let matrices = layers.map(|layer| {
        concatenate(Axis(0), &[layer.weights.t(), layer.bias.insert_axis(Axis(0))])
            .expect("weights and bias have one column for each unit")
    });
    matrices.collect()
}
