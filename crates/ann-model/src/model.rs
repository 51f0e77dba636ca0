//! A model: schema, networks, and what the outputs mean.

use std::fmt::Display;

use ann_core::{Loss, Network, Scalar, TargetKind};
use ann_table::{Schema, Target, Task};

use crate::probe::Probe;
use crate::{Conformal, Error, Result};

/// Everything that a prediction needs: how a row becomes inputs, the networks, and what their outputs mean.
///
/// The networks are a small ensemble: their probabilities, or their numbers, are averaged.
#[derive(Clone, Debug)]
pub struct Model {
    schema: Schema,
    networks: Networks,
    loss: Loss,
    conformal: Option<Conformal>,
    /// What the file says from which the model was read.
    pub(crate) probe: Option<Probe>,
    /// How the model was made: a JSON object, which is written into the file. Nothing depends on it.
    pub provenance: serde_json::Value,
}

/// The networks of a model, all with the same layers. A network takes the first inputs of the schema: the
/// plain ones, or all of them.
#[derive(Clone, Debug)]
pub enum Networks {
    /// In single precision.
    F32(Vec<Network<f32>>),
    /// In double precision.
    F64(Vec<Network<f64>>),
}

impl Networks {
    /// Number of networks.
    #[allow(clippy::len_without_is_empty, reason = "a model has at least one network")]
    pub fn len(&self) -> usize {
        match self {
            Self::F32(networks) => networks.len(),
            Self::F64(networks) => networks.len(),
        }
    }
}

impl Model {
    /// Puts a model together.
    ///
    /// # Errors
    /// There is no network, the networks differ in their layers, or schema, networks and loss do not fit
    /// together.
    pub fn new(schema: Schema, networks: Networks, loss: Loss) -> Result<Self> {
        match &networks {
            Networks::F32(networks) => check(&schema, networks)?,
            Networks::F64(networks) => check(&schema, networks)?,
        }
        loss.check_settings()?;
        let is_fitting = match schema.target.task() {
            Task::Classification => loss.targets() == TargetKind::Classes,
            Task::Regression => {
                loss.targets() == TargetKind::Values && !matches!(loss, Loss::Quantile { .. })
            }
            Task::MultiLabel => matches!(loss, Loss::BinaryCrossEntropy),
        };
        if !is_fitting {
            let expected = match schema.target.task() {
                Task::Classification => "a loss on classes",
                Task::Regression => "a loss with one output for each number",
                Task::MultiLabel => "binary cross-entropy",
            };
            return Err(mismatch("the loss", loss, expected));
        }
        Ok(Self { schema, networks, loss, conformal: None, probe: None, provenance: serde_json::Value::Null })
    }

    /// The model with residuals of rows that it was not trained on, so that it has intervals.
    ///
    /// # Errors
    /// There is not one column of residuals for each number; one column for classes; none for labels.
    pub fn with_conformal(mut self, conformal: Conformal) -> Result<Self> {
        let expected = match &self.schema.target {
            Target::Classes { .. } => 1,
            Target::Numbers(columns) => columns.len(),
            Target::Labels(_) => {
                return Err(mismatch("residuals", "those of labels", "of classes or numbers"));
            }
        };
        if conformal.columns() != expected {
            return Err(mismatch("columns of residuals", conformal.columns(), expected));
        }
        self.conformal = Some(conformal);
        Ok(self)
    }

    /// How a row becomes inputs.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// The networks.
    pub fn networks(&self) -> &Networks {
        &self.networks
    }

    /// The loss that was minimised, which says what outputs mean.
    pub fn loss(&self) -> &Loss {
        &self.loss
    }

    /// Residuals of rows that the model was not trained on.
    pub fn conformal(&self) -> Option<&Conformal> {
        self.conformal.as_ref()
    }
}

fn check<F: Scalar>(schema: &Schema, networks: &[Network<F>]) -> Result<()> {
    let Some(first) = networks.first() else {
        return Err(mismatch("networks", 0, "at least one"));
    };
    for network in networks {
        let architecture = network.architecture();
        let (inputs, outputs) = (architecture.input_width(), architecture.output_width());
        if ![schema.plain_inputs(), schema.inputs()].contains(&inputs) {
            let expected = format!("{} or {}", schema.plain_inputs(), schema.inputs());
            return Err(mismatch("inputs of a network", inputs, expected));
        }
        if outputs != schema.target.outputs() {
            return Err(mismatch("outputs of a network", outputs, schema.target.outputs()));
        }
        if architecture.layers() != first.architecture().layers() {
            return Err(mismatch(
                "a network",
                architecture,
                format!("the layers of {}", first.architecture()),
            ));
        }
        network.ensure_finite()?;
    }
    Ok(())
}

pub(crate) fn mismatch(what: &'static str, found: impl Display, expected: impl Display) -> Error {
    Error::Mismatch { what, found: found.to_string(), expected: expected.to_string() }
}
