//! A file of many models, one for each group of rows: every store, every machine. One of them is found and
//! read without the others.
//!
//! ```text
//! 0        16 bytes  "ann model set \r\n"
//! 16       …         the records, in the order of their keys: a model, or why there is none
//! …        …         the index: nodes of a tree, each after the nodes below it
//! …        …         the template, which the models are written as differences to; and a description, JSON
//! n − 216  216 bytes the trailer: where the root is; it ends with the SHA-256 of its other bytes
//! ```
//!
//! Every part is named in a part that comes after it, with its place, its length and its SHA-256, up to the
//! trailer. So whatever is read is checked first, and the digest of the trailer covers the whole file.

mod difference;
mod index;
mod trailer;
mod writer;

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use serde_json::Value;

use self::index::{Entry, Kind, Node, Part};
use self::trailer::Trailer;
use super::container::hexadecimal_of;
use super::{Digest, Limits, check_limit, in_file, parse};
use crate::{Error, Model, Result};

pub use self::index::{Keys, MOST_KEY};
pub use self::writer::ModelSetWriter;

/// What a file of many models begins with.
pub(super) const BEGINNING: &[u8; 16] = b"ann model set \r\n";
/// The newest format of such files that this program reads, and the one that it writes.
pub const SET_FORMAT: u64 = 1;

/// A file of many models, each of which is read when it is asked for. What was made of each group of rows is
/// found by the group's key, its value in the column that divides the rows.
///
/// ```no_run
/// use ann_model::file::{ModelSet, SetEntry};
/// use ann_model::Table;
///
/// let stores = ModelSet::open("stores.ann")?;
/// match stores.get("Bonn")? {
///     Some(SetEntry::Model(model)) => println!("{:?}", model.predict(&Table::open("bonn.csv")?)?.values()),
///     Some(SetEntry::NoModel(reason)) => println!("there is no model of Bonn: {reason}"),
///     None => println!("there was no row of Bonn"),
/// }
/// # Ok::<(), ann_model::Error>(())
/// ```
#[derive(Debug)]
pub struct ModelSet {
    source: Source,
    limits: Limits,
    trailer: Trailer,
    template: Vec<u8>,
    description: Value,
}

/// What was made of a group.
#[derive(Clone, Debug)]
pub enum SetEntry {
    /// Its model.
    Model(Box<Model>),
    /// No model, for this reason.
    NoModel(String),
}

impl ModelSet {
    /// Opens a file. Its end is read, and the description; no model.
    ///
    /// # Errors
    /// The file cannot be read, is damaged, or is no file of many models.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let begin = || {
            let file = File::open(path).map_err(|error| Error::Read { error })?;
            let length = file.metadata().map_err(|error| Error::Read { error })?.len();
            Self::begin(Source::File { file: Mutex::new(file), length, path: path.to_owned() })
        };
        begin().map_err(|error| in_file(path, error))
    }

    /// As [`open`](Self::open), for the bytes of a file.
    ///
    /// # Errors
    /// The bytes are damaged, or those of another file.
    pub fn read(bytes: Vec<u8>) -> Result<Self> {
        Self::begin(Source::Bytes(bytes))
    }

    /// Whether a file begins as those of many models do. `false` if it cannot be read.
    pub fn is_at(path: impl AsRef<Path>) -> bool {
        let mut beginning = [0; BEGINNING.len()];
        let read = File::open(path).and_then(|mut file| file.read_exact(&mut beginning));
        read.is_ok() && beginning == *BEGINNING
    }

    fn begin(source: Source) -> Result<Self> {
        let limits = Limits::default();
        let trailer = Trailer::read(&source)?;
        let read = |what, part: &Part| {
            check_limit(what, usize_of(part.length), limits.header)?;
            source.part(part)
        };
        let template = read("the template in bytes", &trailer.template);
        let description = read("the description in bytes", &trailer.description);
        let description = String::from_utf8(description?).map_err(|_| Error::Damaged)?;
        let description = parse("the description", &description)?;
        Ok(Self { template: template?, description, source, limits, trailer })
    }

    /// What the writer says of all models: a JSON object.
    pub fn description(&self) -> &Value {
        &self.description
    }

    /// Number of groups, with those that have no model.
    #[allow(clippy::len_without_is_empty, reason = "a set has at least one group")]
    pub fn len(&self) -> usize {
        usize_of(self.trailer.groups)
    }

    /// Number of models.
    pub fn models(&self) -> usize {
        usize_of(self.trailer.models)
    }

    /// Number of bytes of the file.
    pub fn size(&self) -> u64 {
        self.source.length()
    }

    /// SHA-256 of the trailer, and so of all that the trailer names: the whole file.
    pub fn digest(&self) -> Digest {
        hexadecimal_of(&self.trailer.digest)
    }

    /// What was made of the group of this key: some kilobytes of the index and its model are read. `None` if
    /// there is no such group.
    ///
    /// # Errors
    /// What is read is damaged, or the file cannot be read.
    pub fn get(&self, key: &str) -> Result<Option<SetEntry>> {
        let found = self.find(key).and_then(|entry| entry.map(|entry| self.entry(&entry)).transpose());
        found.map_err(|error| self.named(error))
    }

    /// The model with the smallest key. Its target and its settings are those of all models, except for the
    /// classes.
    ///
    /// # Errors
    /// There is none; or as [`get`](Self::get).
    pub fn first_model(&self) -> Result<Model> {
        for found in self.keys() {
            let (key, has_model) = found?;
            if let Some(SetEntry::Model(model)) = if has_model { self.get(&key)? } else { None } {
                return Ok(*model);
            }
        }
        Err(self.named(Error::NoModelInSet))
    }

    /// The keys of all groups in ascending order, each with whether there is a model. After an error there
    /// are no more.
    pub fn keys(&self) -> Keys<'_> {
        Keys::new(self)
    }

    /// Reads the whole file, so that any damage is found.
    ///
    /// # Errors
    /// Something is damaged, or the file cannot be read.
    pub fn check(&self) -> Result<()> {
        let (mut groups, mut models) = (0, 0);
        for found in self.keys() {
            let (key, has_model) = found?;
            groups += 1;
            let entry = self.get(&key)?;
            if has_model != matches!(entry, Some(SetEntry::Model(_))) {
                return Err(self.named(Error::Damaged));
            }
            models += usize::from(has_model);
        }
        let is_whole = (groups, models) == (self.len(), self.models());
        if is_whole { Ok(()) } else { Err(self.named(Error::Damaged)) }
    }

    /// Goes from the root of the index to the leaf where the key belongs.
    fn find(&self, key: &str) -> Result<Option<Entry>> {
        let mut node = self.node(&self.trailer.root)?;
        for _ in 1..self.trailer.height {
            match node.below(key) {
                Some(part) => node = self.node(part)?,
                None => return Ok(None),
            }
        }
        Ok(node.at(key))
    }

    fn node(&self, part: &Part) -> Result<Node> {
        check_limit("a node of the index in bytes", usize_of(part.length), index::MOST_BYTES)?;
        Node::read(&self.source.part(part)?)
    }

    fn entry(&self, entry: &Entry) -> Result<SetEntry> {
        check_limit("a model in bytes", usize_of(entry.part.length), self.limits.file)?;
        let record = self.source.part(&entry.part)?;
        match entry.kind {
            Kind::Model => {
                let bytes = difference::restored(&record, &self.template)?;
                Ok(SetEntry::Model(Box::new(Model::read_with(&bytes, &self.limits)?)))
            }
            Kind::Reason => String::from_utf8(record).map(SetEntry::NoModel).map_err(|_| Error::Damaged),
            Kind::Node => Err(Error::Damaged),
        }
    }

    /// The error with the path of the file, if there is one.
    fn named(&self, error: Error) -> Error {
        match &self.source {
            Source::File { path, .. } => in_file(path, error),
            Source::Bytes(_) => error,
        }
    }
}

/// Where the bytes are.
#[derive(Debug)]
enum Source {
    File { file: Mutex<File>, length: u64, path: PathBuf },
    Bytes(Vec<u8>),
}

impl Source {
    fn length(&self) -> u64 {
        match self {
            Self::File { length, .. } => *length,
            Self::Bytes(bytes) => bytes.len() as u64,
        }
    }

    /// The bytes of a part, if their digest is the one that is expected.
    fn part(&self, part: &Part) -> Result<Vec<u8>> {
        let bytes = self.bytes(part.start, part.length)?;
        if index::sha256(&bytes) == part.digest { Ok(bytes) } else { Err(Error::Damaged) }
    }

    fn bytes(&self, start: u64, length: u64) -> Result<Vec<u8>> {
        // Before memory is asked for.
        if start.checked_add(length).is_none_or(|end| end > self.length()) {
            return Err(Error::Damaged);
        }
        match self {
            Self::Bytes(bytes) => Ok(bytes[usize_of(start)..][..usize_of(length)].to_vec()),
            Self::File { file, .. } => {
                let read = || {
                    let mut bytes = vec![];
                    bytes.try_reserve_exact(usize_of(length))?;
                    bytes.resize(usize_of(length), 0);
                    let mut file = file.lock().expect("nothing panics while it is locked");
                    file.seek(SeekFrom::Start(start))?;
                    file.read_exact(&mut bytes)?;
                    Ok(bytes)
                };
                read().map_err(|error| Error::Read { error })
            }
        }
    }
}

/// A number of bytes or groups. What does not fit is more than any limit.
fn usize_of(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
