//! The `.ann` file: models and networks, written whole and read with care.
//!
//! ```
//! use ann_model::ann_core::{Activation, Architecture, Init, Network, seeded};
//! use ann_model::file::{Load, Save};
//!
//! let architecture = Architecture::inputs(2).dense(3, Activation::Tanh).dense(1, Activation::Identity);
//! let network: Network = Network::init(&architecture, Init::default(), &mut seeded(7))?;
//! let bytes = network.write()?;
//! assert_eq!(Network::<f64>::read(&bytes)?.parameters(), network.parameters());
//! # Ok::<(), ann_model::Error>(())
//! ```

use std::fs::File;
use std::io::Read;
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

use self::container::{malformed, written_digest};
use crate::{Error, Result};

mod model;
mod model_set;
mod network;
#[cfg(feature = "train")]
mod trained;

#[cfg(feature = "train")]
mod checkpoint;
#[cfg(feature = "train")]
mod settings;

mod catalogue;
mod schema;
mod tensors;
mod text;

mod container;
mod save;

pub use catalogue::{activation, activation_name};
#[cfg(feature = "train")]
pub use checkpoint::Checkpoint;
pub use container::{Container, Digest, Numbers, Tensor};
pub use model_set::{Keys, MOST_KEY, ModelSet, ModelSetWriter, SET_FORMAT, SetEntry};
pub use save::{NewFile, remove_unfinished};
pub use tensors::Element;
pub use text::Precision;

/// The newest format that this program reads, and the one that it writes.
pub const FORMAT: u64 = 1;

/// What can be written into a `.ann` file: a [`Model`](crate::Model), a [`Network`](ann_core::Network), and
/// with the feature `train` what `ann-train` fits, and checkpoints.
pub trait Save {
    /// The texts and tensors of the file.
    ///
    /// # Errors
    /// There is a custom activation or loss, which is code; or more than [`Limits`] allow by default, so that
    /// the file could not be read.
    fn container(&self) -> Result<Container>;

    /// The bytes of the file. The same contents have the same bytes.
    ///
    /// # Errors
    /// As [`container`](Self::container).
    fn write(&self) -> Result<Vec<u8>> {
        Ok(self.container()?.write())
    }

    /// SHA-256 of the file, with the digest in it taken as zeros: the digest that is written in it.
    ///
    /// # Errors
    /// As [`container`](Self::container).
    fn digest(&self) -> Result<Digest> {
        Ok(written_digest(&self.write()?))
    }

    /// Writes a file. A file that was there before is replaced only when the new one is whole.
    ///
    /// # Errors
    /// As [`container`](Self::container); or the file cannot be written, then nothing is changed.
    fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        let bytes = self.write()?;
        save::write(path, &bytes).map_err(|error| in_file(path, Error::Write { error }))
    }
}

/// What can be read from a `.ann` file.
pub trait Load: Sized {
    /// Puts together what a file holds, whose format this program knows.
    ///
    /// # Errors
    /// The file holds something else, contradicts itself, or exceeds the limits.
    fn from_container(container: &Container, limits: &Limits) -> Result<Self>;

    /// Reads a file.
    ///
    /// # Errors
    /// The file cannot be read or is damaged; or as [`from_container`](Self::from_container).
    fn load(path: impl AsRef<Path>) -> Result<Self> {
        let (path, limits) = (path.as_ref(), Limits::default());
        let read = || Self::from_container(&open(path, &limits)?, &limits);
        read().map_err(|error| in_file(path, error))
    }

    /// Reads the bytes of a file.
    ///
    /// # Errors
    /// The bytes are damaged; or as [`from_container`](Self::from_container).
    fn read(bytes: &[u8]) -> Result<Self> {
        Self::read_with(bytes, &Limits::default())
    }

    /// Reads the bytes of a file, with limits on what it may hold.
    ///
    /// # Errors
    /// The bytes are damaged; or as [`from_container`](Self::from_container).
    fn read_with(bytes: &[u8], limits: &Limits) -> Result<Self> {
        let container = Container::read(bytes, limits)?;
        check_format(&container)?;
        Self::from_container(&container, limits)
    }
}

/// What is read at most. Reading needs at most three times the memory of the file, and twenty times that of
/// its header, whatever the header claims.
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

/// The texts and tensors of a file. Its bytes are freed before anything is made of them.
fn open(path: &Path, limits: &Limits) -> Result<Container> {
    let unreadable = |error| Error::Read { error };
    let file = File::open(path).map_err(unreadable)?;
    // Before its size is looked at, which may be beyond the limit for one model.
    if ModelSet::is_at(path) {
        return Err(Error::ManyModels);
    }
    let size = usize::try_from(file.metadata().map_err(unreadable)?.len()).unwrap_or(usize::MAX);
    // Before anything is read into memory.
    check_limit("the file in bytes", size, limits.file)?;
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(size).map_err(|error| unreadable(error.into()))?;
    // A pipe or a device may have no end.
    let most = (limits.file as u64).saturating_add(1);
    file.take(most).read_to_end(&mut bytes).map_err(unreadable)?;
    let container = Container::read(&bytes, limits)?;
    check_format(&container)?;
    Ok(container)
}

/// An error if only a later program can read the file.
fn check_format(container: &Container) -> Result<()> {
    let found: u64 =
        container.text("ann.format")?.parse().map_err(|_| malformed("ann.format is no number".into()))?;
    if found > FORMAT {
        let made: Option<serde_json::Value> = serde_json::from_str(container.text("ann.provenance")?).ok();
        let program = made.and_then(|made| Some(made.get("program")?.as_str()?.to_owned()));
        let program = program.unwrap_or_else(|| "another program".into());
        return Err(Error::NewerFormat { found, most: FORMAT, program });
    }
    let needs: Vec<String> = parse("ann.requires", container.text("ann.requires")?)?;
    match needs.into_iter().next() {
        Some(word) => Err(Error::Needs { word }),
        None => Ok(()),
    }
}

/// An error if the file holds something else than one of `kinds`, the first of which was asked for.
fn check_kind(container: &Container, kinds: &[&'static str]) -> Result<()> {
    let found = container.text("ann.kind")?;
    if kinds.contains(&found) {
        return Ok(());
    }
    Err(Error::OtherContents { found: found.to_owned(), expected: kinds[0] })
}

/// The texts that every file has, in this order.
fn texts(
    kind: &str,
    readme: &str,
    model: &impl Serialize,
    provenance: &impl Serialize,
) -> Vec<(String, String)> {
    let texts = [
        ("ann.format", FORMAT.to_string()),
        ("ann.kind", kind.to_owned()),
        ("ann.requires", "[]".to_owned()),
        ("ann.readme", readme.to_owned()),
        ("ann.model", json(model)),
        ("ann.provenance", json(provenance)),
    ];
    texts.map(|(name, text)| (name.to_owned(), text)).to_vec()
}

fn check_limit(what: &'static str, found: usize, most: usize) -> Result<()> {
    if found > most { Err(Error::TooLarge { what, found, most }) } else { Ok(()) }
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
