//! The `.ann` file.

use std::fs;
use std::path::Path;

use ann_core::{Layer, Network};
use ann_table::{Schema, Task};
use ndarray::Array2;
use serde::Serialize;
use serde::de::DeserializeOwned;

use self::container::{malformed, written_digest};
use self::tensors::{Element, Reader, Writer};
use self::text::{EncodingText, LayerText, ModelText, Precision, TaskText};
use crate::{Conformal, Error, Model, Networks, Result};

mod container;
mod networks;
mod save;
mod schema;
mod tensors;
mod text;

pub use container::{Container, Digest, Numbers, Tensor};

/// The newest format that this program reads, and the one that it writes.
pub const FORMAT: u64 = 1;
const README: &str = "A model of ann (https://docs.rs/ann-model): tables in, predictions out. The metadata ann.model says what the tensors mean.";

/// What is read at most, so that a file cannot claim more memory than it is large.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the file. Default 1 GiB.
    pub file: usize,
    /// Bytes of the header. Default 16 MiB.
    pub header: usize,
    /// Number of layers. Default 256.
    pub layers: usize,
    /// Number of columns. Default 65 536.
    pub columns: usize,
    /// Number of words in a column. Default 65 536.
    pub categories: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { file: 1 << 30, header: 1 << 24, layers: 256, columns: 1 << 16, categories: 1 << 16 }
    }
}

impl Model {
    /// Writes the model into a file, which is replaced only when the new one is whole.
    ///
    /// # Errors
    /// The model has a custom activation or loss, or the file cannot be written; then nothing is changed.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        let bytes = self.write()?;
        save::write(path, &bytes).map_err(|error| in_file(path, Error::Write { error }))
    }

    /// Reads a model from a file.
    ///
    /// # Errors
    /// The file cannot be read, is damaged, or holds no model.
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let read = || {
            let limits = Limits::default();
            let size = fs::metadata(path).map_err(|error| Error::Read { error })?.len();
            // Before anything is read into memory.
            check_size(size, &limits)?;
            let bytes = fs::read(path).map_err(|error| Error::Read { error })?;
            Self::read_with(&bytes, &limits)
        };
        read().map_err(|error| in_file(path, error))
    }

    /// The bytes of the file. The same model has the same bytes.
    ///
    /// # Errors
    /// The model has a custom activation or loss.
    pub fn write(&self) -> Result<Vec<u8>> {
        Ok(self.container()?.write())
    }

    /// SHA-256 of the file, with the digest in it taken as zeros: what is written in it.
    ///
    /// # Errors
    /// The model has a custom activation or loss.
    pub fn digest(&self) -> Result<Digest> {
        Ok(written_digest(&self.write()?))
    }

    /// Reads the bytes of a file.
    ///
    /// # Errors
    /// The bytes are damaged, or hold no model.
    pub fn read(bytes: &[u8]) -> Result<Self> {
        Self::read_with(bytes, &Limits::default())
    }

    /// Reads the bytes of a file, with limits on what it may hold.
    ///
    /// # Errors
    /// The bytes are damaged, hold no model, or exceed the limits.
    pub fn read_with(bytes: &[u8], limits: &Limits) -> Result<Self> {
        check_size(bytes.len() as u64, limits)?;
        let container = Container::read(bytes, limits)?;
        let provenance = container.text("ann.provenance")?;
        let format: u64 =
            container.text("ann.format")?.parse().map_err(|_| malformed("ann.format is no number".into()))?;
        if format > FORMAT {
            let program = serde_json::from_str(provenance).ok();
            let program =
                program.and_then(|made: serde_json::Value| Some(made.get("program")?.as_str()?.to_owned()));
            return Err(Error::NewerFormat {
                found: format,
                most: FORMAT,
                program: program.unwrap_or_else(|| "another program".into()),
            });
        }
        let needs: Vec<String> = parse("ann.requires", container.text("ann.requires")?)?;
        if let Some(word) = needs.into_iter().next() {
            return Err(Error::Needs { word });
        }
        match container.text("ann.kind")? {
            "model" | "checkpoint" => {}
            found => return Err(Error::OtherContents { found: found.to_owned(), expected: "model" }),
        }
        let text: ModelText = parse("ann.model", container.text("ann.model")?)?;
        check_limits(&text, limits)?;
        let mut model = read_model(text, &container)?;
        model.provenance = parse("ann.provenance", provenance)?;
        Ok(model)
    }

    fn container(&self) -> Result<Container> {
        let mut tensors = Writer::default();
        let text = write_model(self, &mut tensors)?;
        let texts = [
            ("ann.format", FORMAT.to_string()),
            ("ann.kind", "model".to_owned()),
            ("ann.requires", "[]".to_owned()),
            ("ann.readme", README.to_owned()),
            ("ann.model", json(&text)),
            ("ann.provenance", json(&self.provenance)),
        ];
        Ok(Container {
            texts: texts.map(|(name, text)| (name.to_owned(), text)).to_vec(),
            tensors: tensors.into_tensors(),
        })
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
        let (rows, columns) = residuals.dim();
        let numbers = Numbers::F64(residuals.iter().copied().collect());
        tensors.insert("conformal.residuals".to_owned(), Tensor { shape: vec![rows, columns], numbers });
    }
    Ok(ModelText {
        task: match schema.target.task() {
            Task::Classification => TaskText::Classification,
            Task::Regression => TaskText::Regression,
        },
        precision,
        loss: networks::write_loss(model.loss(), tensors)?.to_owned(),
        members: model.networks().len(),
        layers,
        columns: schema.columns.iter().map(|column| schema::write_column(column, tensors)).collect(),
        ignored: schema.ignored.iter().map(schema::write_ignored).collect(),
        target: schema::write_target(&schema.target, tensors),
        inputs: schema.inputs(),
        residual_rows: model.conformal().map(Conformal::rows),
    })
}

/// The layers, which all networks share.
fn write_networks<F: Element>(networks: &[Network<F>], tensors: &mut Writer) -> Result<Vec<LayerText>> {
    for (member, network) in (1..).zip(networks) {
        networks::write_network(network, member, tensors);
    }
    networks::write_layers(networks[0].architecture(), tensors)
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
    let layers = networks::read_layers(&text.layers, container)?;
    let networks = match text.precision {
        Precision::F32 => Networks::F32(read_networks(text.members, &layers, container)?),
        Precision::F64 => Networks::F64(read_networks(text.members, &layers, container)?),
    };
    let model = Model::new(schema, networks, networks::read_loss(&text.loss, container)?)?;
    match text.residual_rows {
        Some(rows) => model.with_conformal(read_conformal(rows, container)?),
        None => Ok(model),
    }
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
    (1..=members).map(|member| networks::read_network(layers, member, container)).collect()
}

fn read_conformal(rows: usize, container: &Container) -> Result<Conformal> {
    let residuals = container.tensors.get("conformal.residuals").and_then(|tensor| {
        let (&[rows, columns], Numbers::F64(numbers)) = (&tensor.shape[..], &tensor.numbers) else {
            return None;
        };
        Array2::from_shape_vec((rows, columns), numbers.clone()).ok()
    });
    Conformal::from_parts(residuals.ok_or_else(|| malformed("there are no residuals".into()))?, rows)
}

fn check_size(size: u64, limits: &Limits) -> Result<()> {
    let found = usize::try_from(size).unwrap_or(usize::MAX);
    if found > limits.file {
        return Err(Error::TooLarge { what: "the file in bytes", found, most: limits.file });
    }
    Ok(())
}

fn check_limits(text: &ModelText, limits: &Limits) -> Result<()> {
    let words = text.columns.iter().map(|column| match &column.encoding {
        EncodingText::Category { categories, .. } => categories.len(),
        EncodingText::Number { .. } | EncodingText::Date { .. } => 0,
    });
    let counts = [
        ("the number of layers", text.layers.len(), limits.layers),
        ("the number of columns", text.columns.len(), limits.columns),
        ("the number of categories of a column", words.max().unwrap_or_default(), limits.categories),
    ];
    match counts.into_iter().find(|(_, found, most)| found > most) {
        Some((what, found, most)) => Err(Error::TooLarge { what, found, most }),
        None => Ok(()),
    }
}

fn parse<T: DeserializeOwned>(name: &str, text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|error| malformed(format!("{name}: {error}")))
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("plain data with texts as keys")
}

fn in_file(path: &Path, error: Error) -> Error {
    Error::InFile { path: path.to_owned(), error: Box::new(error) }
}
