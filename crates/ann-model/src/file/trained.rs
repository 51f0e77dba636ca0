//! What `ann-train` fits in a file: the network, and what its outputs mean. Neither settings nor history.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::str::FromStr;

use ann_core::Loss;
use ann_core::ndarray::Dimension;
use ann_train::{FittedClassifier, FittedMultiLabelClassifier, FittedRegressor, Label};

use super::container::{Container, malformed};
use super::network::{read_network, write_network};
use super::tensors::Element;
use super::{Limits, Load, Save, catalogue, check_kind};
use crate::{Error, Result};

/// A file of the network and the texts of the labels.
impl<L: Label + Display, F: Element> Save for FittedClassifier<L, F> {
    fn container(&self) -> Result<Container> {
        let texts: Vec<String> = self.classes().iter().map(L::to_string).collect();
        check_distinct(&texts)?;
        write_network("classifier", self.network(), Some(&Loss::SoftmaxCrossEntropy), &texts)
    }
}

/// Labels are read from their texts. Those that were `&str` are read as `String`.
impl<L: Label + FromStr, F: Element> Load for FittedClassifier<L, F> {
    fn from_container(container: &Container, limits: &Limits) -> Result<Self> {
        check_kind(container, &["classifier"])?;
        let (network, text) = read_network(container, limits)?;
        check_distinct(&text.classes)?;
        let label = |text: &String| {
            let reason = "is no text of the type of labels that was asked for";
            L::from_str(text).map_err(|_| Error::Label { label: text.clone(), reason })
        };
        let classes = text.classes.iter().map(label).collect::<Result<_>>()?;
        Ok(Self::from_parts(network, classes)?)
    }
}

/// A file of the network and the loss.
impl<D: Dimension, F: Element> Save for FittedRegressor<D, F> {
    fn container(&self) -> Result<Container> {
        write_network("regressor", self.network(), Some(self.loss()), &[])
    }
}

/// `FittedRegressor` is one target for each row, `FittedRegressor<Ix2>` several.
impl<D: Dimension, F: Element> Load for FittedRegressor<D, F> {
    fn from_container(container: &Container, limits: &Limits) -> Result<Self> {
        check_kind(container, &["regressor"])?;
        let (network, text) = read_network(container, limits)?;
        let loss = text.loss.ok_or_else(|| malformed("there is no loss".into()))?;
        Ok(Self::from_parts(network, catalogue::read_loss(&loss, container)?)?)
    }
}

/// A file of the network, with one output for each label.
impl<F: Element> Save for FittedMultiLabelClassifier<F> {
    fn container(&self) -> Result<Container> {
        write_network("multi_label_classifier", self.network(), Some(&Loss::BinaryCrossEntropy), &[])
    }
}

impl<F: Element> Load for FittedMultiLabelClassifier<F> {
    fn from_container(container: &Container, limits: &Limits) -> Result<Self> {
        check_kind(container, &["multi_label_classifier"])?;
        Ok(Self::from_network(read_network(container, limits)?.0))
    }
}

/// An error if two labels have the same text, so that they could not be told apart.
fn check_distinct(texts: &[String]) -> Result<()> {
    let mut seen = BTreeSet::new();
    match texts.iter().find(|text| !seen.insert(*text)) {
        Some(label) => Err(Error::Label { label: label.clone(), reason: "is the text of two labels" }),
        None => Ok(()),
    }
}
