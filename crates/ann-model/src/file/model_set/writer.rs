//! Writing a file of many models: one after another, in the order of their keys.

use std::io::Write;

use serde_json::Value;

use super::BEGINNING;
use super::difference::Template;
use super::index::{Entry, Kind, MOST_KEY, NODE, Part, sha256};
use super::trailer::Trailer;
use crate::file::container::hexadecimal_of;
use crate::file::{Digest, check_limit, json};
use crate::{Error, Model, Result};

/// Writes a file of many models, [`ModelSet`](super::ModelSet). Models go to the file as they come, so that
/// memory does not grow with them; to a [`NewFile`](crate::file::NewFile), so that the file is written whole
/// or not at all.
///
/// ```no_run
/// use ann_model::Model;
/// use ann_model::file::{ModelSetWriter, NewFile};
///
/// let mut file = NewFile::create("stores.ann".as_ref())?;
/// let mut writer = ModelSetWriter::new(&mut file)?;
/// writer.model("Bonn", &Model::load("bonn.ann")?)?;
/// writer.no_model("Trier", "3 rows are too few")?;
/// writer.finish(&serde_json::json!({ "group": "store" }))?;
/// file.finish()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct ModelSetWriter<W> {
    output: W,
    written: u64,
    entries: Vec<Entry>,
    models: u64,
    /// The first model, to which all are written as differences.
    template: Option<Template>,
}

/// Largest size of the template in bytes. What models share are texts at their beginning.
const MOST_TEMPLATE: usize = 1 << 20;

impl<W: Write> ModelSetWriter<W> {
    /// Begins a file.
    ///
    /// # Errors
    /// The output cannot be written.
    pub fn new(output: W) -> Result<Self> {
        let mut writer = Self { output, written: 0, entries: vec![], models: 0, template: None };
        writer.write(BEGINNING)?;
        Ok(writer)
    }

    /// Adds the model of a group, whose key is greater than those before it.
    ///
    /// # Errors
    /// The key is too long, or not greater; the model has a custom activation or loss; or the output cannot
    /// be written.
    pub fn model(&mut self, key: &str, model: &Model) -> Result<()> {
        self.record(key, &model.write()?)
    }

    /// As [`model`](Self::model), of the bytes of its file, which become a part of this one: for example
    /// those of another process. Returns the model.
    ///
    /// # Errors
    /// As [`model`](Self::model); or the bytes are not those of a model.
    pub fn file(&mut self, key: &str, bytes: &[u8]) -> Result<Model> {
        let model = Model::read(bytes)?;
        self.record(key, bytes)?;
        Ok(model)
    }

    /// Adds a group that has no model, and why.
    ///
    /// # Errors
    /// The key is too long, or not greater than those before it; or the output cannot be written.
    pub fn no_model(&mut self, key: &str, reason: &str) -> Result<()> {
        self.entry(key, Kind::Reason, reason.as_bytes())
    }

    /// Ends the file: `description` is what [`ModelSet::description`](super::ModelSet::description) returns,
    /// on which nothing in this crate depends. Returns the number of bytes and the digest of the file.
    ///
    /// # Errors
    /// There is no group, or the output cannot be written.
    pub fn finish(mut self, description: &Value) -> Result<(u64, Digest)> {
        if self.entries.is_empty() {
            return Err(Error::NoModelInSet);
        }
        let mut sorted = description.clone();
        sorted.sort_all_objects();
        let (groups, models) = (self.entries.len() as u64, self.models);
        let (root, height) = self.index()?;
        let template = self.template.take().unwrap_or_default();
        let template = self.part(template.bytes())?;
        let description = self.part(json(&sorted).as_bytes())?;
        let trailer = Trailer { groups, models, height, root, template, description, digest: [0; 32] };
        let bytes = trailer.bytes(self.written);
        self.write(&bytes)?;
        self.output.flush().map_err(|error| Error::Write { error })?;
        Ok((self.written, hexadecimal_of(Trailer::digest_in(&bytes))))
    }

    fn record(&mut self, key: &str, bytes: &[u8]) -> Result<()> {
        let beginning = || Template::new(bytes[..bytes.len().min(MOST_TEMPLATE)].to_vec());
        let record = self.template.get_or_insert_with(beginning).difference_of(bytes);
        self.entry(key, Kind::Model, &record)?;
        self.models += 1;
        Ok(())
    }

    fn entry(&mut self, key: &str, kind: Kind, record: &[u8]) -> Result<()> {
        check_limit("the key of a group in bytes", key.len(), MOST_KEY)?;
        if let Some(last) = self.entries.last().filter(|last| last.key.as_str() >= key) {
            return Err(Error::KeyOrder { found: key.to_owned(), last: last.key.clone() });
        }
        let part = self.part(record)?;
        self.entries.push(Entry { key: key.to_owned(), kind, part });
        Ok(())
    }

    /// Writes the nodes, level after level, until one node is the root. Returns it and the number of levels.
    fn index(&mut self) -> Result<(Part, u64)> {
        let mut level = std::mem::take(&mut self.entries);
        for height in 1.. {
            let mut above = vec![];
            for entries in level.chunks(NODE) {
                let mut bytes = vec![];
                entries.iter().for_each(|entry| entry.write(&mut bytes));
                let part = self.part(&bytes)?;
                above.push(Entry { key: entries[0].key.clone(), kind: Kind::Node, part });
            }
            level = above;
            if let [root] = &level[..] {
                return Ok((root.part.clone(), height));
            }
        }
        unreachable!("each level is smaller than the one below it")
    }

    fn part(&mut self, bytes: &[u8]) -> Result<Part> {
        let part = Part { start: self.written, length: bytes.len() as u64, digest: sha256(bytes) };
        self.write(bytes)?;
        Ok(part)
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.written += bytes.len() as u64;
        self.output.write_all(bytes).map_err(|error| Error::Write { error })
    }
}
