//! Models in a file.

use std::path::Path;

use ann_core::{Layer, Network};
use ann_table::{Schema, Task};
use ndarray::{Array2, Array3};

use super::container::{Container, Digest, Numbers, Tensor, malformed};
use super::tensors::{Element, Reader, Writer};
use super::text::{EncodingText, LayerText, ModelText, Precision, TaskText};
use super::{Limits, Load, Save, catalogue, check_kind, check_limit, network, parse, schema, texts};
use crate::probe::Probe;
use crate::{Conformal, Model, Networks, Result};

const README: &str = "A model of ann (https://docs.rs/ann-model): tables in, predictions out. The metadata ann.model says what the tensors mean.";

/// The methods of [`Save`] and [`Load`], so that a program which only keeps models needs no `use` line.
impl Model {
    /// Writes the model into a file, which is replaced only when the new one is whole.
    ///
    /// # Errors
    /// The model has a custom activation or loss, or the file cannot be written; then nothing is changed.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        Save::save(self, path)
    }

    /// Reads a model from a file. [`check_probe`](Self::check_probe) then shows whether this program computes
    /// what the program computed that wrote it.
    ///
    /// # Errors
    /// The file cannot be read, is damaged, or holds no model.
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        Load::load(path)
    }

    /// The bytes of the file. The same model has the same bytes.
    ///
    /// # Errors
    /// The model has a custom activation or loss.
    pub fn write(&self) -> Result<Vec<u8>> {
        Save::write(self)
    }

    /// SHA-256 of the file, with the digest in it taken as zeros: what is written in it.
    ///
    /// # Errors
    /// The model has a custom activation or loss.
    pub fn digest(&self) -> Result<Digest> {
        Save::digest(self)
    }

    /// Reads the bytes of a file.
    ///
    /// # Errors
    /// The bytes are damaged, or hold no model.
    pub fn read(bytes: &[u8]) -> Result<Self> {
        Load::read(bytes)
    }

    /// Reads the bytes of a file, with limits on what it may hold.
    ///
    /// # Errors
    /// The bytes are damaged, hold no model, or exceed the limits.
    pub fn read_with(bytes: &[u8], limits: &Limits) -> Result<Self> {
        Load::read_with(bytes, limits)
    }
}

impl Save for Model {
    fn container(&self) -> Result<Container> {
        let mut tensors = Writer::default();
        let text = write_model(self, &mut tensors)?;
        check_limits(&text, &Limits::default())?;
        write_probe(Probe::new(self)?, &mut tensors);
        // In the order of names, whatever the features of serde_json: the same model has the same bytes.
        let mut provenance = self.provenance.clone();
        provenance.sort_all_objects();
        // What could not be read again is not saved: JSON may be nested 128 times.
        parse::<serde_json::Value>("ann.provenance", &super::json(&provenance))?;
        let texts = texts("model", README, &text, &provenance);
        Ok(Container { texts, tensors: tensors.into_tensors() })
    }
}

impl Load for Model {
    fn from_container(container: &Container, limits: &Limits) -> Result<Self> {
        check_kind(container, &["model"])?;
        let text: ModelText = parse("ann.model", container.text("ann.model")?)?;
        check_limits(&text, limits)?;
        let mut model = read_model(text, container)?;
        model.provenance = parse("ann.provenance", container.text("ann.provenance")?)?;
        model.probe = Some(read_probe(&model, container)?);
        Ok(model)
    }
}

fn write_model(model: &Model, tensors: &mut Writer) -> Result<ModelText> {
    let schema = model.schema();
    let (precision, layers) = match model.networks() {
        Networks::F32(networks) => (Precision::F32, write_networks(networks, tensors)?),
        Networks::F64(networks) => (Precision::F64, write_networks(networks, tensors)?),
    };
    if let Some(conformal) = model.conformal() {
        let residuals = conformal.residuals();
        tensors.insert("conformal.residuals".to_owned(), tensor(residuals.shape(), residuals));
    }
    Ok(ModelText {
        task: match schema.target.task() {
            Task::Classification => TaskText::Classification,
            Task::Regression => TaskText::Regression,
            Task::MultiLabel => TaskText::MultiLabel,
        },
        precision,
        loss: catalogue::write_loss(model.loss(), tensors)?.to_owned(),
        members: model.networks().len(),
        layers,
        columns: schema.columns.iter().map(|column| schema::write_column(column, tensors)).collect(),
        ignored: schema.ignored.iter().map(schema::write_ignored).collect(),
        target: schema::write_target(&schema.target, tensors),
        inputs: schema.inputs(),
        residual_rows: model.conformal().map(Conformal::rows),
    })
}

fn read_model(text: ModelText, container: &Container) -> Result<Model> {
    let mut tensors = Reader::new(container);
    let columns = text.columns.into_iter().map(|column| schema::read_column(column, &mut tensors));
    let schema = Schema {
        columns: columns.collect::<Result<_>>()?,
        ignored: text.ignored.into_iter().map(schema::read_ignored).collect::<Result<_>>()?,
        target: schema::read_target(text.target, &mut tensors)?,
    };
    if schema.inputs() != text.inputs {
        return Err(malformed(format!("the columns make {} inputs, not {}", schema.inputs(), text.inputs)));
    }
    let layers = network::read_layers(&text.layers, container)?;
    let networks = match text.precision {
        Precision::F32 => Networks::F32(read_networks(text.members, &layers, container)?),
        Precision::F64 => Networks::F64(read_networks(text.members, &layers, container)?),
    };
    let model = Model::new(schema, networks, catalogue::read_loss(&text.loss, container)?)?;
    match text.residual_rows {
        Some(rows) => model.with_conformal(read_conformal(rows, container)?),
        None => Ok(model),
    }
}

/// The layers, which all networks share.
fn write_networks<F: Element>(networks: &[Network<F>], tensors: &mut Writer) -> Result<Vec<LayerText>> {
    for (member, network) in (1..).zip(networks) {
        network::write_parameters(network, member, tensors);
    }
    network::write_layers(networks[0].architecture(), tensors)
}

fn read_networks<F: Element>(
    members: usize,
    layers: &[Layer],
    container: &Container,
) -> Result<Vec<Network<F>>> {
    // Each member has its own tensors, so the number of tensors limits the number of members.
    if members > container.tensors.len() {
        return Err(malformed(format!("there are not {members} members")));
    }
    (1..=members).map(|member| network::read_parameters(layers, member, container)).collect()
}

fn read_conformal(rows: usize, container: &Container) -> Result<Conformal> {
    let (shape, numbers) = numbers("conformal.residuals", container)?;
    let residuals = match *shape {
        [rows, columns] => Array2::from_shape_vec((rows, columns), numbers.to_vec()).ok(),
        _ => None,
    };
    Conformal::from_parts(residuals.ok_or_else(|| malformed("the residuals are no matrix".into()))?, rows)
}

fn write_probe(Probe { cells, outputs }: Probe, tensors: &mut Writer) {
    tensors.insert("probe.numbers".to_owned(), tensor(cells.shape(), &cells));
    tensors.insert("probe.outputs".to_owned(), tensor(outputs.shape(), &outputs));
}

fn read_probe(model: &Model, container: &Container) -> Result<Probe> {
    let schema = model.schema();
    let (shape, cells) = numbers("probe.numbers", container)?;
    let rows = shape.first().copied().unwrap_or_default();
    let cells = Array2::from_shape_vec((rows, schema.columns.len()), cells.to_vec());
    let (_, outputs) = numbers("probe.outputs", container)?;
    let shape = (model.networks().len(), rows, schema.target.outputs());
    match (cells, Array3::from_shape_vec(shape, outputs.to_vec())) {
        (Ok(cells), Ok(outputs)) => Ok(Probe { cells, outputs }),
        _ => Err(malformed("the probe has another shape than columns, networks and outputs say".into())),
    }
}

fn tensor<'a>(shape: &[usize], numbers: impl IntoIterator<Item = &'a f64>) -> Tensor {
    Tensor { shape: shape.to_vec(), numbers: Numbers::F64(numbers.into_iter().copied().collect()) }
}

/// Shape and numbers of a tensor in double precision.
fn numbers<'c>(name: &str, container: &'c Container) -> Result<(&'c [usize], &'c [f64])> {
    let found = container.tensors.get(name);
    let found = found.and_then(|tensor| Some((&tensor.shape[..], f64::from_numbers(&tensor.numbers)?)));
    found.ok_or_else(|| malformed(format!("there is no tensor {name:?} in double precision")))
}

fn check_limits(text: &ModelText, limits: &Limits) -> Result<()> {
    let words = text.columns.iter().map(|column| match &column.encoding {
        EncodingText::Category { categories, .. } => categories.len(),
        EncodingText::Number { .. } | EncodingText::Date { .. } => 0,
    });
    check_limit("the number of layers", text.layers.len(), limits.layers)?;
    check_limit("the number of columns", text.columns.len(), limits.columns)?;
    check_limit("the number of categories of a column", words.max().unwrap_or_default(), limits.categories)
}
