//! A regressor: fit, predict, score. One-dimensional targets give one-dimensional predictions.

use std::marker::PhantomData;

use ann_core::ndarray::{
    Array, Array2, ArrayBase, ArrayRef2, ArrayView1, ArrayView2, Axis, Data, Dimension, Ix1, Ix2,
};
use ann_core::{
    Activation, ClassWeights, Error as CoreError, Init, Layer, Loss, Network, Predictor, Problem, Scalar,
    TargetKind,
};

use crate::estimator::{self, FitOptions, Rows, Settings, TargetRows};
use crate::forward::ensure_finite;
use crate::{Error, Finding, History, Result, Scaling, TrainConfig, Validation, forward, metrics};

/// Settings of a regressor. [`fit`](Self::fit) makes a [`FittedRegressor`].
///
/// ```
/// use ann_train::{Regressor, ndarray::array};
///
/// let x = array![[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]];
/// let plane = Regressor { hidden: vec![], ..Regressor::default() }.fit(&x, &[0.0, 1.0, 2.0, 3.0])?;
/// let middle: f64 = plane.predict(&array![[0.5, 0.5]])?[0];
/// assert!((middle - 1.5).abs() < 0.01);
/// # Ok::<(), ann_train::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Regressor {
    /// The hidden layers, first to last; empty for a linear model. Default: one of 10 sigmoid units.
    pub hidden: Vec<Layer>,
    /// Initial weights. Default Xavier normal with gain 1.
    pub init: Init,
    /// Seed of the initial weights alone, as in [`Classifier`](crate::Classifier). Default 0.
    pub seed: u64,
    /// λ ≥ 0, strength of the penalty λ Σ‖W‖² on weights, never biases. Default 0.
    pub l2: f64,
    /// What is minimised: a loss on values. Default [`Loss::MeanSquaredError`]. With [`Loss::Quantile`] there
    /// is a prediction for each level, see [`FittedRegressor::predict_columns`].
    pub loss: Loss,
    /// How the input columns are scaled. Default: not at all.
    pub scaling: Scaling,
    /// Whether the targets are standardised for training; losses in the history are then those of
    /// standardised targets. The trained network predicts in the unit of the targets all the same. Default
    /// false.
    pub standardize_targets: bool,
    /// Early stopping by held-out rows. Default: none, all rows are trained on.
    pub validation: Option<Validation>,
    /// How the network is trained. Default: gradient descent with η = 0.1 on all rows, at most 15 000 epochs,
    /// until the mean loss (without penalty) is below 1e-5; with [`Loss::Poisson`] and custom losses, which
    /// may be negative, this default threshold has no effect. Change single settings with `TrainConfig {
    /// epochs: 300, ..Regressor::default().train }`. The number of threads also holds for predictions.
    pub train: TrainConfig,
}

impl Default for Regressor {
    fn default() -> Self {
        Self {
            hidden: Activation::Sigmoid.layers([10]),
            init: Init::default(),
            seed: 0,
            l2: 0.0,
            loss: Loss::MeanSquaredError,
            scaling: Scaling::default(),
            standardize_targets: false,
            validation: None,
            train: TrainConfig {
                learning_rate: 0.1.into(),
                epochs: 15_000,
                stop_below: 1e-5,
                ..TrainConfig::default()
            },
        }
    }
}

impl Regressor {
    /// Learns the targets from the rows of `x` (n, features). `&Vec<F>`, `&[F]`, `&[F; N]` and
    /// one-dimensional arrays hold one target for each row; a two-dimensional array (n, outputs) holds
    /// several.
    ///
    /// # Errors
    /// No samples, a number of targets that differs from the number of rows, no target columns, a NaN or
    /// infinity in either, a hidden layer of width 0, a setting outside its range, [`Error::InfiniteStart`]
    /// or [`Error::Diverged`]; or the system cannot provide memory or threads.
    pub fn fit<F: Scalar, Y: RegressionTargets<F> + ?Sized>(
        &self,
        x: &ArrayRef2<F>,
        targets: &Y,
    ) -> Result<FittedRegressor<Y::Dim, F>> {
        self.fit_with(x, targets, &FitOptions::default())
    }

    /// As [`fit`](Self::fit), with weights of rows, rows to validate on, or a network to continue from.
    ///
    /// # Errors
    /// As [`fit`](Self::fit); weights that are negative, not finite, or all 0; a network of another shape.
    pub fn fit_with<F: Scalar, Y: RegressionTargets<F> + ?Sized>(
        &self,
        x: &ArrayRef2<F>,
        targets: &Y,
        options: &FitOptions<'_, Y, F>,
    ) -> Result<FittedRegressor<Y::Dim, F>> {
        let columns = targets.to_columns();
        if columns.ncols() == 0 {
            return Err(Error::NoTargetColumns);
        }
        let outputs = self.outputs(columns.ncols())?;
        let rows = Rows {
            x: x.view().into(),
            targets: TargetRows::Values(columns.into()),
            weights: options.weights.map(Into::into),
        };
        let held_out = options.validation.map(|(x, targets)| Rows {
            x: x.view().into(),
            targets: TargetRows::Values(targets.to_columns().into()),
            weights: None,
        });
        let estimator::Fit { network, history, findings } =
            self.settings(outputs).fit(rows, held_out, options.control())?;
        Ok(FittedRegressor {
            network,
            loss: self.loss.clone(),
            history,
            findings,
            threads: self.train.threads,
            dimension: PhantomData,
        })
    }

    /// Number of outputs of a network for this number of target columns.
    fn outputs(&self, columns: usize) -> Result<usize> {
        self.loss.check_settings()?;
        match &self.loss {
            Loss::Quantile { levels } => Ok(columns.saturating_mul(levels.len())),
            Loss::Poisson | Loss::BinaryCrossEntropy if self.standardize_targets => {
                Err(Error::StandardizedTargets { loss: self.loss.to_string() })
            }
            loss if loss.targets() == TargetKind::Values => Ok(columns),
            loss => {
                let (loss, expected, found) = (loss.to_string(), TargetKind::Classes, TargetKind::Values);
                Err(CoreError::TargetKind { loss, expected, found }.into())
            }
        }
    }

    /// A loss that may be negative is below the default threshold before anything is learned.
    fn train_config(&self) -> TrainConfig {
        let may_be_negative = matches!(self.loss, Loss::Poisson | Loss::Custom(_));
        if may_be_negative && self.train.stop_below == Self::default().train.stop_below {
            return TrainConfig { stop_below: f64::NEG_INFINITY, ..self.train };
        }
        self.train
    }

    fn settings(&self, outputs: usize) -> Settings<'_> {
        Settings {
            hidden: &self.hidden,
            init: self.init,
            seed: self.seed,
            l2: self.l2,
            loss: self.loss.clone(),
            outputs,
            class_weights: ClassWeights::None,
            scaling: self.scaling,
            standardize_targets: self.standardize_targets,
            validation: self.validation,
            train: self.train_config(),
        }
    }
}

/// A trained regressor. `D` is the dimension of its targets and predictions, `Ix1` or `Ix2`.
#[derive(Clone, Debug)]
pub struct FittedRegressor<D = Ix1, F = f64> {
    network: Network<F>,
    loss: Loss,
    history: History,
    findings: Vec<Finding>,
    threads: usize,
    dimension: PhantomData<D>,
}

impl<D: Dimension, F: Scalar> FittedRegressor<D, F> {
    /// The predicted values for the rows of `x` (n, features): (n) if fitted on one-dimensional targets,
    /// otherwise (n, outputs).
    ///
    /// # Errors
    /// A number of columns that differs from the training data, a NaN or infinity in `x`, or numbers so large
    /// that an output overflows; several predictions for each target ([`Loss::Quantile`] with several
    /// levels).
    ///
    /// # Panics
    /// When [`RegressionTargets::Dim`] has a fixed number of dimensions other than one or two.
    pub fn predict(&self, x: &ArrayRef2<F>) -> Result<Array<F, D>> {
        self.ensure_one_prediction()?;
        let columns = self.predict_columns(x)?;
        let predictions =
            if D::NDIM == Some(1) { columns.remove_axis(Axis(1)).into_dyn() } else { columns.into_dyn() };
        Ok(predictions.into_dimensionality().expect("`RegressionTargets` have one or two dimensions"))
    }

    /// All predictions for the rows of `x` (n, features): (n, outputs). With [`Loss::Quantile`] and L levels,
    /// column t · L + l is the quantile of level l of target t; otherwise there is one column for each
    /// target.
    ///
    /// # Errors
    /// A number of columns that differs from the training data, a NaN or infinity in `x`, or numbers so large
    /// that an output overflows.
    pub fn predict_columns(&self, x: &ArrayRef2<F>) -> Result<Array2<F>> {
        let outputs = forward(&self.network, x, self.threads)?;
        if self.loss == Loss::MeanSquaredError {
            return Ok(outputs);
        }
        let predictions = self.loss.respond(&outputs);
        ensure_finite(&predictions)?;
        Ok(predictions)
    }

    /// R², the coefficient of determination, averaged over outputs: 1 − Σ(y − ŷ)² / Σ(y − ȳ)². 1 is perfect,
    /// 0 is as good as predicting the mean. It is at least `f64::MIN` and never NaN. For a constant target it
    /// is 1 if every prediction is exact and 0 otherwise.
    ///
    /// # Errors
    /// As [`predict`](Self::predict); no rows; another number of targets than rows or outputs; a NaN or
    /// infinity in the targets.
    pub fn score<Y: RegressionTargets<F, Dim = D> + ?Sized>(
        &self,
        x: &ArrayRef2<F>,
        targets: &Y,
    ) -> Result<f64> {
        self.ensure_one_prediction()?;
        let targets = targets.to_columns();
        // This problem is made only because its constructor checks `x` and the targets.
        Problem::new(self.network.architecture(), Loss::MeanSquaredError, x, targets)?;
        metrics::r_squared(&targets, &self.predict_columns(x)?, None)
    }

    fn ensure_one_prediction(&self) -> Result<()> {
        match &self.loss {
            Loss::Quantile { levels } if levels.len() > 1 => {
                Err(Error::SeveralPredictions { found: levels.len() })
            }
            _ => Ok(()),
        }
    }

    /// For each layer a matrix (fan_in + 1, fan_out): the weights from each input, with the bias as last row.
    pub fn weights(&self) -> Vec<Array2<F>> {
        estimator::weights(&self.network)
    }

    /// The trained network.
    pub fn network(&self) -> &Network<F> {
        &self.network
    }

    /// The loss that the network was trained with.
    pub fn loss(&self) -> &Loss {
        &self.loss
    }

    /// Loss and penalty of each epoch, and why training ended.
    pub fn history(&self) -> &History {
        &self.history
    }

    /// What is remarkable about the training, for instance that nothing was learned; empty if all looks well.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// Prepares the regressor for one sample at a time, without allocations unless the loss is a custom one.
    ///
    /// # Errors
    /// The system cannot provide the memory for a copy of the weights.
    pub fn predictor(&self) -> Result<ValuePredictor<F>> {
        let outputs = vec![F::zero(); self.network.architecture().output_width()];
        Ok(ValuePredictor { predictor: self.network.predictor()?, loss: self.loss.clone(), outputs })
    }

    /// A regressor made of a network and the loss that it was trained with. It predicts as the one that
    /// [`into_parts`](Self::into_parts) took apart; its history has no records.
    ///
    /// # Errors
    /// The loss is one on classes, or a setting of it is invalid; `D` is `Ix1`, and the network has outputs
    /// for more than one target; the levels of [`Loss::Quantile`] do not divide the number of outputs.
    pub fn from_parts(network: Network<F>, loss: Loss) -> Result<Self> {
        let outputs = network.architecture().output_width();
        loss.check_settings()?;
        if loss.targets() != TargetKind::Values {
            let (loss, expected, found) = (loss.to_string(), TargetKind::Classes, TargetKind::Values);
            return Err(CoreError::TargetKind { loss, expected, found }.into());
        }
        let columns = loss.target_columns(outputs)?;
        if D::NDIM == Some(1) && columns != 1 {
            let expected = outputs / columns;
            return Err(Error::OutputCount { what: "prediction of a row", expected, found: outputs });
        }
        let (history, findings) = (History::default(), Vec::new());
        Ok(Self { network, loss, history, findings, threads: 1, dimension: PhantomData })
    }

    /// The trained network, whose raw outputs are predicted values (with [`Loss::Poisson`]: logarithms of
    /// rates), and the loss.
    pub fn into_parts(self) -> (Network<F>, Loss) {
        (self.network, self.loss)
    }
}

/// A regressor for one sample at a time; see [`FittedRegressor::predictor`].
#[derive(Clone, Debug)]
pub struct ValuePredictor<F = f64> {
    predictor: Predictor<F>,
    loss: Loss,
    outputs: Vec<F>,
}

impl<F: Scalar> ValuePredictor<F> {
    /// The predictions for the sample `x` (features), in the order of [`FittedRegressor::predict_columns`].
    ///
    /// # Errors
    /// `x` has the wrong length or contains a NaN or infinity, or an output overflows.
    pub fn predict(&mut self, x: &[F]) -> Result<&[F]> {
        self.predictor.predict_into(x, &mut self.outputs)?;
        self.loss.respond_row(&mut self.outputs);
        match self.outputs.iter().position(|value| !value.is_finite()) {
            None => Ok(&self.outputs),
            Some(output) => {
                let value = self.outputs[output].as_f64();
                Err(CoreError::NonFiniteOutput { row: 0, output, value }.into())
            }
        }
    }
}

/// Values to learn: a slice, a vector, or an array of one or two dimensions.
pub trait RegressionTargets<F> {
    /// Dimension of targets and predictions: `Ix1` for one target per row, `Ix2` for several. With any other
    /// dimension [`FittedRegressor::predict`] panics.
    type Dim: Dimension;
    /// The targets as (n, outputs).
    fn to_columns(&self) -> ArrayView2<'_, F>;
}

impl<F> RegressionTargets<F> for [F] {
    type Dim = Ix1;
    fn to_columns(&self) -> ArrayView2<'_, F> {
        ArrayView1::from(self).insert_axis(Axis(1))
    }
}

impl<F> RegressionTargets<F> for Vec<F> {
    type Dim = Ix1;
    fn to_columns(&self) -> ArrayView2<'_, F> {
        self.as_slice().to_columns()
    }
}

impl<F, const N: usize> RegressionTargets<F> for [F; N] {
    type Dim = Ix1;
    fn to_columns(&self) -> ArrayView2<'_, F> {
        self.as_slice().to_columns()
    }
}

impl<F, S: Data<Elem = F>> RegressionTargets<F> for ArrayBase<S, Ix1> {
    type Dim = Ix1;
    fn to_columns(&self) -> ArrayView2<'_, F> {
        self.view().insert_axis(Axis(1))
    }
}

impl<F, S: Data<Elem = F>> RegressionTargets<F> for ArrayBase<S, Ix2> {
    type Dim = Ix2;
    fn to_columns(&self) -> ArrayView2<'_, F> {
        self.view()
    }
}
