//! A classifier with the usual methods: fit, predict, predict_proba, score.

use std::fmt::Debug;

use ann_core::memory::{bytes_of, ensure_available};
use ann_core::ndarray::{Array2, ArrayRef2};
use ann_core::{
    Activation, Error as CoreError, Init, Layer, Loss, Network, Problem, Scalar, argmax, softmax,
};

use crate::{Error, History, Result, TrainConfig, estimator, forward};

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
    /// Seed of the initial weights. Default 0.
    pub seed: u64,
    /// λ ≥ 0, strength of the penalty λ Σ‖W‖² on weights, never biases. Default 0.
    pub l2: f64,
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
        let classes = distinct(&labels);
        let architecture = estimator::architecture(x, &self.hidden, classes.len().max(1))?;
        check_rows(x, labels.len())?;
        if let [label] = classes.as_slice() {
            return Err(Error::OneClass { samples: labels.len(), label: format!("{label:?}") });
        }
        let indices = class_indices(&classes, &labels);
        let problem =
            Problem::new(&architecture, Loss::SoftmaxCrossEntropy, x, &indices)?.with_l2(self.l2)?;
        let (network, history) = estimator::fit(&problem, self.init, self.seed, &self.train)?;
        Ok(FittedClassifier { network, classes, history, threads: self.train.threads })
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
    threads: usize,
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
    ///
    /// Its [predictor](Network::predictor) computes the logits of one sample at a time, without allocating.
    /// The largest logit is that of the predicted class:
    ///
    /// ```
    /// use ann_train::{Classifier, argmax, ndarray::array};
    ///
    /// let (x, labels) = (array![[0.0], [1.0], [3.0], [4.0]], ["low", "low", "high", "high"]);
    /// let fitted = Classifier::default().fit(&x, &labels)?;
    /// let mut predictor = fitted.network().predictor()?;
    /// let mut logits = [0.0; 2];
    /// predictor.predict_into(&[3.5], &mut logits)?;
    /// assert_eq!(fitted.classes()[argmax(&logits)], "high");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn network(&self) -> &Network<F> {
        &self.network
    }

    /// Loss, penalty and accuracy of each epoch, and why training ended.
    pub fn history(&self) -> &History {
        &self.history
    }
}

/// The distinct labels, sorted.
fn distinct<L: Label>(labels: &[&L]) -> Vec<L> {
    let mut classes: Vec<&L> = labels.to_vec();
    classes.sort_unstable();
    classes.dedup();
    classes.into_iter().cloned().collect()
}

/// The index of each label in the sorted `classes`, which contain all labels.
fn class_indices<L: Label>(classes: &[L], labels: &[&L]) -> Vec<usize> {
    labels.iter().map(|label| classes.partition_point(|class| class < label)).collect()
}

fn check_rows<F>(x: &ArrayRef2<F>, targets: usize) -> Result<()> {
    let features = x.nrows();
    if features == targets { Ok(()) } else { Err(CoreError::RowMismatch { features, targets }.into()) }
}
