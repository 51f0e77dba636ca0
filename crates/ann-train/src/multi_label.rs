//! A classifier of labels that may occur together: fit, predict, predict_proba, score.

use ann_core::memory::{bytes_of, ensure_available};
use ann_core::ndarray::{Array2, ArrayRef2, Zip};
use ann_core::{Activation, ClassWeights, Error as CoreError, Init, Layer, Loss, Network, Predictor, Scalar};

use crate::estimator::{self, Fit, FitOptions, Rows, Settings, TargetRows};
use crate::{Error, Finding, History, Result, Scaling, TrainConfig, Validation, forward};

/// Settings of a classifier for several labels, each of which a row has or does not have: the tags of a text,
/// the defects of a part. The network has one output for each label, trained on binary cross-entropy.
///
/// ```
/// use ann_train::{MultiLabelClassifier, ndarray::array};
///
/// let x = array![[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]];
/// let or_and_and = array![[false, false], [true, false], [true, false], [true, true]];
/// let fitted = MultiLabelClassifier::default().fit(&x, &or_and_and)?;
/// assert_eq!(fitted.predict(&x)?, or_and_and);
/// # Ok::<(), ann_train::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct MultiLabelClassifier {
    /// The hidden layers, first to last; empty for a linear model. Default: one of 10 sigmoid units.
    pub hidden: Vec<Layer>,
    /// Initial weights. Default Xavier normal with gain 1.
    pub init: Init,
    /// Seed of the initial weights alone, as in [`Classifier`](crate::Classifier). Default 0.
    pub seed: u64,
    /// λ ≥ 0, strength of the penalty λ Σ‖W‖² on weights, never biases. Default 0.
    pub l2: f64,
    /// How the input columns are scaled. Default: not at all.
    pub scaling: Scaling,
    /// Early stopping by held-out rows. Default: none, all rows are trained on.
    pub validation: Option<Validation>,
    /// How the network is trained. Default: gradient descent with η = 0.3 on all rows, at most 50 000 epochs,
    /// until the mean binary cross-entropy (without penalty) is below 0.001. The number of threads also holds
    /// for predictions.
    pub train: TrainConfig,
}

impl Default for MultiLabelClassifier {
    fn default() -> Self {
        Self {
            hidden: Activation::Sigmoid.layers([10]),
            init: Init::default(),
            seed: 0,
            l2: 0.0,
            scaling: Scaling::default(),
            validation: None,
            train: TrainConfig {
                learning_rate: 0.3.into(),
                epochs: 50_000,
                stop_below: 0.001,
                ..TrainConfig::default()
            },
        }
    }
}

impl MultiLabelClassifier {
    /// Learns which labels the rows of `x` (n, features) have. `labels` is (n, labels).
    ///
    /// # Errors
    /// No samples, no labels, a number of rows of labels that differs from that of `x`, a NaN or infinity in
    /// `x`, a hidden layer of width 0, a setting outside its range, [`Error::InfiniteStart`] or
    /// [`Error::Diverged`]; or the system cannot provide memory or threads.
    pub fn fit<F: Scalar>(
        &self,
        x: &ArrayRef2<F>,
        labels: &ArrayRef2<bool>,
    ) -> Result<FittedMultiLabelClassifier<F>> {
        self.fit_with(x, labels, &FitOptions::default())
    }

    /// As [`fit`](Self::fit), with weights of rows, rows to validate on, or a network to continue from.
    ///
    /// # Errors
    /// As [`fit`](Self::fit); weights that are negative, not finite, or all 0; a network of another shape.
    pub fn fit_with<F: Scalar>(
        &self,
        x: &ArrayRef2<F>,
        labels: &ArrayRef2<bool>,
        options: &FitOptions<'_, ArrayRef2<bool>, F>,
    ) -> Result<FittedMultiLabelClassifier<F>> {
        if labels.ncols() == 0 {
            return Err(Error::NoTargetColumns);
        }
        let rows = Rows {
            x: x.view().into(),
            targets: TargetRows::Values(zeros_and_ones(labels)?.into()),
            weights: options.weights.map(Into::into),
        };
        let held_out = options.validation.map(|(x, labels)| {
            let targets = TargetRows::Values(zeros_and_ones(labels)?.into());
            Ok::<_, Error>(Rows { x: x.view().into(), targets, weights: None })
        });
        let fit = self.settings(labels.ncols()).fit(rows, held_out.transpose()?, options.control())?;
        let Fit { network, history, findings } = fit;
        Ok(FittedMultiLabelClassifier { network, history, findings, threads: self.train.threads })
    }

    fn settings(&self, outputs: usize) -> Settings<'_> {
        Settings {
            hidden: &self.hidden,
            init: self.init,
            seed: self.seed,
            l2: self.l2,
            loss: Loss::BinaryCrossEntropy,
            outputs,
            class_weights: ClassWeights::None,
            scaling: self.scaling,
            standardize_targets: false,
            validation: self.validation,
            train: self.train,
        }
    }
}

/// A trained classifier of several labels.
#[derive(Clone, Debug)]
pub struct FittedMultiLabelClassifier<F = f64> {
    network: Network<F>,
    history: History,
    findings: Vec<Finding>,
    threads: usize,
}

impl<F: Scalar> FittedMultiLabelClassifier<F> {
    /// A classifier made of a network with one output for each label. It predicts as the one that
    /// [`into_network`](Self::into_network) took apart; its history has no records.
    pub fn from_network(network: Network<F>) -> Self {
        Self { network, history: History::default(), findings: Vec::new(), threads: 1 }
    }

    /// The network, without the classifier.
    pub fn into_network(self) -> Network<F> {
        self.network
    }

    /// Whether each row of `x` (n, features) has each label, with a probability above ½: (n, labels).
    ///
    /// # Errors
    /// A number of columns that differs from the training data, a NaN or infinity in `x`, or numbers so large
    /// that an output overflows.
    pub fn predict(&self, x: &ArrayRef2<F>) -> Result<Array2<bool>> {
        Ok(forward(&self.network, x, self.threads)?.mapv(|logit| logit > F::zero()))
    }

    /// The probability of each label for each row of `x`: (n, labels). Labels do not exclude each other, so
    /// rows need not sum to 1.
    ///
    /// # Errors
    /// As [`predict`](Self::predict).
    pub fn predict_proba(&self, x: &ArrayRef2<F>) -> Result<Array2<F>> {
        let logits = forward(&self.network, x, self.threads)?;
        ensure_available("the probabilities", bytes_of::<F>(logits.len()))?;
        Ok(Loss::BinaryCrossEntropy.respond(&logits))
    }

    /// Subset accuracy: the share of rows of `x` all of whose labels are predicted rightly, 0 to 1.
    ///
    /// # Errors
    /// As [`predict`](Self::predict); no rows; labels of another shape.
    pub fn score(&self, x: &ArrayRef2<F>, labels: &ArrayRef2<bool>) -> Result<f64> {
        let (features, targets) = (x.nrows(), labels.nrows());
        if features != targets {
            return Err(CoreError::RowMismatch { features, targets }.into());
        }
        if features == 0 {
            return Err(CoreError::NoSamples.into());
        }
        let predicted = self.predict(x)?;
        if predicted.ncols() != labels.ncols() {
            let (expected, found) = (predicted.ncols(), labels.ncols());
            return Err(CoreError::TargetWidth { expected, found }.into());
        }
        let hits = Zip::from(predicted.rows())
            .and(labels.rows())
            .fold(0, |hits, predicted, labels| hits + usize::from(predicted == labels));
        Ok(hits as f64 / features as f64)
    }

    /// For each layer a matrix (fan_in + 1, fan_out): the weights from each input, with the bias as last row.
    pub fn weights(&self) -> Vec<Array2<F>> {
        estimator::weights(&self.network)
    }

    /// The trained network, whose raw outputs are the logits of the labels.
    pub fn network(&self) -> &Network<F> {
        &self.network
    }

    /// Loss, penalty and subset accuracy of each epoch, and why training ended.
    pub fn history(&self) -> &History {
        &self.history
    }

    /// What is remarkable about the training, for instance that nothing was learned; empty if all looks well.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// Prepares the network for one sample at a time: [`Predictor::predict_into`] gives logits, which are
    /// above 0 for the labels that are predicted.
    ///
    /// # Errors
    /// The system cannot provide the memory for a copy of the weights.
    pub fn predictor(&self) -> Result<Predictor<F>> {
        Ok(self.network.predictor()?)
    }
}

fn zeros_and_ones<F: Scalar>(labels: &ArrayRef2<bool>) -> Result<Array2<F>> {
    ensure_available("the labels as numbers", bytes_of::<F>(labels.len()))?;
    Ok(labels.mapv(|label| if label { F::one() } else { F::zero() }))
}
