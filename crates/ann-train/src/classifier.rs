//! A classifier with the usual methods: fit, predict, predict_proba, score.

use std::fmt::Debug;

use ann_core::memory::{bytes_of, ensure_available};
use ann_core::ndarray::{Array2, ArrayRef2};
use ann_core::{
    Activation, ClassWeights, Error as CoreError, Init, Layer, Loss, Network, Predictor, Scalar, argmax,
    softmax,
};

use crate::estimator::{self, FitOptions, Rows, Settings, TargetRows};
use crate::{Error, Finding, History, Result, Scaling, TrainConfig, Validation, forward};

/// Settings of a classifier. [`fit`](Self::fit) makes a [`FittedClassifier`]. Only a fitted classifier can
/// predict, so a program that predicts before it fits does not compile.
///
/// ```
/// use ann_train::{Activation, Classifier, ndarray::array};
///
/// let x = array![[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]];
/// let y = ["same", "different", "different", "same"];
/// let xor = Classifier { hidden: Activation::Sigmoid.layers([10]), ..Classifier::default() }.fit(&x, &y)?;
/// assert_eq!(xor.predict(&x)?, y);
/// # Ok::<(), ann_train::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Classifier {
    /// The hidden layers, first to last; empty for a linear model. Default: one of 10 sigmoid units.
    pub hidden: Vec<Layer>,
    /// Initial weights. Default Xavier normal with gain 1.
    pub init: Init,
    /// Seed of the initial weights alone; [`Batching`](crate::Batching) and [`Validation`] have seeds of
    /// their own. Default 0.
    pub seed: u64,
    /// λ ≥ 0, strength of the penalty λ Σ‖W‖² on weights, never biases. Default 0.
    pub l2: f64,
    /// Weights of classes, for instance [`ClassWeights::Balanced`] if some classes are rare. Given weights
    /// are in the order of the sorted labels. They act on the loss and the accuracy in the history, not on
    /// `score`. Default: none.
    pub class_weights: ClassWeights,
    /// ε of label smoothing, from 0 to below 1: the true class has the target 1 − ε + ε/K, each of the others
    /// ε/K. Default 0: none. Usual are 0.05 to 0.1.
    pub smoothing: f64,
    /// How the input columns are scaled. Default: not at all.
    pub scaling: Scaling,
    /// Early stopping by held-out rows. Default: none, all rows are trained on.
    pub validation: Option<Validation>,
    /// How the network is trained. Default: gradient descent with η = 0.3 on all rows, at most 50 000 epochs,
    /// until the mean cross-entropy (without penalty) is below 0.001. Change single settings with
    /// `TrainConfig { epochs: 300, ..Classifier::default().train }`. The number of threads also holds for
    /// predictions.
    pub train: TrainConfig,
}

impl Default for Classifier {
    fn default() -> Self {
        Self {
            hidden: Activation::Sigmoid.layers([10]),
            init: Init::default(),
            seed: 0,
            l2: 0.0,
            class_weights: ClassWeights::default(),
            smoothing: 0.0,
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

impl Classifier {
    /// Learns to predict labels from the rows of `x` (n, features). Labels may be of any ordered type, see
    /// [`Label`]; `&Vec<L>`, `&[L]`, `&[L; N]` and `&Array1<L>` are all accepted.
    ///
    /// # Errors
    /// No samples, a number of labels that differs from the number of rows, fewer than two classes, a NaN or
    /// infinity in `x`, a hidden layer of width 0, a setting outside its range, [`Error::InfiniteStart`] or
    /// [`Error::Diverged`]; or the system cannot provide memory or threads.
    pub fn fit<'y, L, F>(
        &self,
        x: &ArrayRef2<F>,
        labels: impl IntoIterator<Item = &'y L>,
    ) -> Result<FittedClassifier<L, F>>
    where
        L: Label + 'y,
        F: Scalar,
    {
        let labels: Vec<&L> = labels.into_iter().collect();
        self.fit_labels(x, &labels, &FitOptions::default())
    }

    /// As [`fit`](Self::fit), with weights of rows, rows to validate on, or a network to continue from.
    ///
    /// # Errors
    /// As [`fit`](Self::fit); weights that are negative, not finite, or all 0; a label of the validation rows
    /// that no training row has; a network of another shape.
    pub fn fit_with<L: Label, F: Scalar>(
        &self,
        x: &ArrayRef2<F>,
        labels: &[L],
        options: &FitOptions<'_, [L], F>,
    ) -> Result<FittedClassifier<L, F>> {
        self.fit_labels(x, &labels.iter().collect::<Vec<_>>(), options)
    }

    fn fit_labels<L: Label, F: Scalar>(
        &self,
        x: &ArrayRef2<F>,
        labels: &[&L],
        options: &FitOptions<'_, [L], F>,
    ) -> Result<FittedClassifier<L, F>> {
        let classes = distinct(labels, options.weights);
        // No rows and rows without labels are reported before anything about the labels.
        if x.nrows() == 0 {
            return Err(CoreError::NoSamples.into());
        }
        check_rows(x, labels.len())?;
        if let [label] = classes.as_slice() {
            return Err(Error::OneClass { samples: labels.len(), label: format!("{label:?}") });
        }
        let rows = Rows {
            x: x.view().into(),
            targets: TargetRows::Classes(class_indices(&classes, labels)),
            weights: options.weights.map(Into::into),
        };
        let held_out = options.validation.map(|(x, labels)| {
            check_rows(x, labels.len())?;
            let classes = known_classes(&classes, labels)?;
            Ok::<_, Error>(Rows { x: x.view().into(), targets: TargetRows::Classes(classes), weights: None })
        });
        let fit = self.settings(classes.len()).fit(rows, held_out.transpose()?, options.control())?;
        let estimator::Fit { network, history, findings } = fit;
        Ok(FittedClassifier { network, classes, history, findings, threads: self.train.threads })
    }

    fn settings(&self, classes: usize) -> Settings<'_> {
        Settings {
            hidden: &self.hidden,
            init: self.init,
            seed: self.seed,
            l2: self.l2,
            loss: match self.smoothing {
                0.0 => Loss::SoftmaxCrossEntropy,
                smoothing => Loss::SmoothedCrossEntropy { smoothing },
            },
            outputs: classes,
            class_weights: self.class_weights.clone(),
            scaling: self.scaling,
            standardize_targets: false,
            validation: self.validation,
            train: self.train,
        }
    }
}

/// A class label: any value that can be ordered, copied and printed, such as text, an integer or a `bool`.
///
/// Implemented for all such types. `f64` is not among them: floating-point numbers are values to predict, for
/// [`Regressor`](crate::Regressor).
///
/// ```compile_fail,E0277
/// use ann_train::{Classifier, ndarray::array};
///
/// Classifier::default().fit(&array![[0.0], [1.0]], &[0.5, 1.5]); // `{float}` cannot be a class label
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a class label",
    label = "labels are text, integers or other ordered values",
    note = "to predict numbers, use `Regressor`; to predict classes that are written as numbers, make them integers or text"
)]
pub trait Label: Clone + Ord + Debug {}

#[diagnostic::do_not_recommend]
impl<L: Clone + Ord + Debug> Label for L {}

/// A trained classifier.
#[derive(Clone, Debug)]
pub struct FittedClassifier<L, F = f64> {
    network: Network<F>,
    classes: Vec<L>,
    history: History,
    findings: Vec<Finding>,
    threads: usize,
}

impl<L, F: Scalar> FittedClassifier<L, F> {
    /// A classifier made of a network and a label for each of its outputs. It predicts as the one that
    /// [`into_parts`](Self::into_parts) took apart; its history has no records.
    ///
    /// # Errors
    /// A number of labels that is not the number of outputs.
    pub fn from_parts(network: Network<F>, classes: Vec<L>) -> Result<Self> {
        let outputs = network.architecture().output_width();
        if outputs != classes.len() {
            return Err(Error::OutputCount { what: "class", expected: classes.len(), found: outputs });
        }
        Ok(Self { network, classes, history: History::default(), findings: Vec::new(), threads: 1 })
    }

    /// The network and the label of each of its outputs.
    pub fn into_parts(self) -> (Network<F>, Vec<L>) {
        (self.network, self.classes)
    }
}

impl<L: Label, F: Scalar> FittedClassifier<L, F> {
    /// The most probable label of each row of `x` (n, features).
    ///
    /// # Errors
    /// A number of columns that differs from the training data, a NaN or infinity in `x`, or numbers so large
    /// that an output overflows.
    pub fn predict(&self, x: &ArrayRef2<F>) -> Result<Vec<L>> {
        let logits = forward(&self.network, x, self.threads)?;
        Ok(logits.rows().into_iter().map(|row| self.classes[argmax(row)].clone()).collect())
    }

    /// The probability of each class for each row of `x`: (n, classes), columns in the order of
    /// [`classes`](Self::classes); rows sum to 1.
    ///
    /// # Errors
    /// As [`predict`](Self::predict).
    pub fn predict_proba(&self, x: &ArrayRef2<F>) -> Result<Array2<F>> {
        let logits = forward(&self.network, x, self.threads)?;
        ensure_available("the probabilities", bytes_of::<F>(logits.len()))?;
        Ok(softmax(&logits))
    }

    /// Accuracy: the share of rows of `x` whose predicted label is the given one, 0 to 1. A label that was
    /// not in the training data is never predicted, so it counts as a miss.
    ///
    /// # Errors
    /// As [`predict`](Self::predict); no rows; another number of labels than rows.
    pub fn score<'y>(&self, x: &ArrayRef2<F>, labels: impl IntoIterator<Item = &'y L>) -> Result<f64>
    where
        L: 'y,
    {
        let labels: Vec<&L> = labels.into_iter().collect();
        check_rows(x, labels.len())?;
        if labels.is_empty() {
            return Err(CoreError::NoSamples.into());
        }
        let predicted = self.predict(x)?;
        let hits = predicted.iter().zip(&labels).filter(|(predicted, label)| predicted == *label).count();
        Ok(hits as f64 / labels.len() as f64)
    }

    /// For each layer a matrix (fan_in + 1, fan_out): the weights from each input, with the bias as last row.
    pub fn weights(&self) -> Vec<Array2<F>> {
        estimator::weights(&self.network)
    }

    /// The distinct labels of the training data, sorted by `Ord`. As text, "10" comes before "2";
    /// `ann_datasets::Dataset::classes` sorts such labels as numbers instead. The columns of
    /// [`predict_proba`](Self::predict_proba) have this order.
    pub fn classes(&self) -> &[L] {
        &self.classes
    }

    /// The trained network, whose raw outputs are logits.
    pub fn network(&self) -> &Network<F> {
        &self.network
    }

    /// Loss, penalty and accuracy of each epoch, and why training ended.
    pub fn history(&self) -> &History {
        &self.history
    }

    /// What is remarkable about the training, for instance that nothing was learned; empty if all looks well.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// Prepares the classifier for one sample at a time, without allocations:
    ///
    /// ```
    /// use ann_train::{Classifier, ndarray::array};
    ///
    /// let (x, labels) = (array![[0.0], [1.0], [3.0], [4.0]], ["low", "low", "high", "high"]);
    /// let fitted = Classifier::default().fit(&x, &labels)?;
    /// let mut predictor = fitted.predictor()?;
    /// assert_eq!(*predictor.predict(&[3.5])?, "high");
    /// assert!(predictor.predict_proba(&[3.5])?[0] > 0.9); // the probability of "high", the first class
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// The system cannot provide the memory for a copy of the weights.
    pub fn predictor(&self) -> Result<ClassPredictor<'_, L, F>> {
        let outputs = vec![F::zero(); self.classes.len()];
        Ok(ClassPredictor { predictor: self.network.predictor()?, classes: &self.classes, outputs })
    }
}

/// A classifier for one sample at a time; see [`FittedClassifier::predictor`].
#[derive(Clone, Debug)]
pub struct ClassPredictor<'a, L, F = f64> {
    predictor: Predictor<F>,
    classes: &'a [L],
    outputs: Vec<F>,
}

impl<'a, L, F: Scalar> ClassPredictor<'a, L, F> {
    /// The most probable label of the sample `x` (features).
    ///
    /// # Errors
    /// `x` has the wrong length or contains a NaN or infinity, or an output overflows.
    pub fn predict(&mut self, x: &[F]) -> Result<&'a L> {
        self.predictor.predict_into(x, &mut self.outputs)?;
        Ok(&self.classes[argmax(&self.outputs)])
    }

    /// The probability of each class, in the order of [`FittedClassifier::classes`].
    ///
    /// # Errors
    /// As [`predict`](Self::predict).
    pub fn predict_proba(&mut self, x: &[F]) -> Result<&[F]> {
        self.predictor.predict_into(x, &mut self.outputs)?;
        Loss::SoftmaxCrossEntropy.respond_row(&mut self.outputs);
        Ok(&self.outputs)
    }
}

/// The distinct labels, sorted.
fn distinct<L: Label, F: Scalar>(labels: &[&L], weights: Option<&[F]>) -> Vec<L> {
    // A row of weight 0 is a row that is not there. Weights that are missing or no numbers are reported
    // later.
    let is_there =
        |row: usize| weights.and_then(|weights| weights.get(row)).is_none_or(|weight| !weight.is_zero());
    let rows = labels.iter().enumerate().filter(|(row, _)| is_there(*row));
    let mut classes: Vec<&L> = rows.map(|(_, label)| *label).collect();
    if classes.is_empty() {
        classes = labels.to_vec();
    }
    classes.sort_unstable();
    classes.dedup();
    classes.into_iter().cloned().collect()
}

/// The index of each label in the sorted `classes`. They contain the labels of all rows with a weight; for
/// others the index is that of any class.
fn class_indices<L: Label>(classes: &[L], labels: &[&L]) -> Vec<usize> {
    let last = classes.len() - 1;
    labels.iter().map(|label| classes.partition_point(|class| class < label).min(last)).collect()
}

/// The index of each label in `classes`, or an error for the first label that is not among them.
fn known_classes<L: Label>(classes: &[L], labels: &[L]) -> Result<Vec<usize>> {
    let indices = labels.iter().enumerate().map(|(row, label)| {
        classes.binary_search(label).map_err(|_| Error::UnknownLabel { row, label: format!("{label:?}") })
    });
    indices.collect()
}

fn check_rows<F>(x: &ArrayRef2<F>, targets: usize) -> Result<()> {
    let features = x.nrows();
    if features == targets { Ok(()) } else { Err(CoreError::RowMismatch { features, targets }.into()) }
}
