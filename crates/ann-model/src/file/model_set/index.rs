//! The index of a file of many models: a tree of sorted keys, in which each node names those below it.
//!
//! ```text
//! an entry of a node:
//! 0    8 bytes   where the part begins
//! 8    8 bytes   its number of bytes
//! 16   32 bytes  its SHA-256
//! 48   1 byte    what it is: 0 a node, 1 a model, 2 the reason why there is none
//! 49   2 bytes   number of bytes of the key
//! 51   …         the key, UTF-8: of a node, the first key below it
//! ```
//!
//! All numbers are little-endian. A node is a list of such entries, with ascending keys.

use sha2::{Digest as _, Sha256};

use super::ModelSet;
use crate::{Error, Result};

/// Number of entries of a node, except for the last one of its level: some kilobytes.
pub(super) const NODE: usize = 64;
/// Bytes of a key at most.
pub const MOST_KEY: usize = 4096;
/// Bytes of a node at most.
pub(super) const MOST_BYTES: usize = NODE * (FIXED + MOST_KEY);
/// Bytes of an entry before its key.
const FIXED: usize = 51;

/// Some bytes of the file.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub start: u64,
    pub length: u64,
    pub digest: [u8; 32],
}

/// What a part is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Node,
    Model,
    Reason,
}

/// A part with its key.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub key: String,
    pub kind: Kind,
    pub part: Part,
}

/// Entries with ascending keys, at least one.
#[derive(Debug)]
pub(super) struct Node {
    entries: Vec<Entry>,
}

impl Part {
    /// Number of bytes in which a part is named.
    pub const SIZE: usize = 48;

    pub fn write(&self, bytes: &mut Vec<u8>) {
        bytes.extend(self.start.to_le_bytes());
        bytes.extend(self.length.to_le_bytes());
        bytes.extend(self.digest);
    }

    pub fn read(bytes: &[u8; Self::SIZE]) -> Self {
        let number = |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().expect("8 bytes"));
        Self { start: number(0), length: number(8), digest: bytes[16..].try_into().expect("32 bytes") }
    }
}

impl Entry {
    pub fn write(&self, bytes: &mut Vec<u8>) {
        self.part.write(bytes);
        bytes.push(self.kind as u8);
        let length = u16::try_from(self.key.len()).expect("the writer checks the length of keys");
        bytes.extend(length.to_le_bytes());
        bytes.extend_from_slice(self.key.as_bytes());
    }

    /// The entry that the bytes begin with, and the other bytes.
    fn read(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let (fixed, rest) = bytes.split_at_checked(FIXED)?;
        let kind = [Kind::Node, Kind::Model, Kind::Reason].into_iter().nth(fixed[48].into())?;
        let (key, rest) = rest.split_at_checked(u16::from_le_bytes([fixed[49], fixed[50]]).into())?;
        let part = Part::read(fixed.first_chunk()?);
        Some((Self { key: str::from_utf8(key).ok()?.to_owned(), kind, part }, rest))
    }
}

impl Node {
    pub fn read(mut bytes: &[u8]) -> Result<Self> {
        let mut entries: Vec<Entry> = vec![];
        while !bytes.is_empty() {
            let (entry, rest) = Entry::read(bytes).ok_or(Error::Damaged)?;
            if entries.last().is_some_and(|last| last.key >= entry.key) {
                return Err(Error::Damaged);
            }
            entries.push(entry);
            bytes = rest;
        }
        if entries.is_empty() { Err(Error::Damaged) } else { Ok(Self { entries }) }
    }

    /// The node below this one in which a key is, if it is anywhere.
    pub fn below(&self, key: &str) -> Option<&Part> {
        let after = self.entries.partition_point(|entry| entry.key.as_str() <= key);
        Some(&self.entries[after.checked_sub(1)?].part)
    }

    /// The entry of a key.
    pub fn at(self, key: &str) -> Option<Entry> {
        let place = self.entries.binary_search_by(|entry| entry.key.as_str().cmp(key)).ok()?;
        self.entries.into_iter().nth(place)
    }
}

/// The keys of a [`ModelSet`], in ascending order, each with whether there is a model.
#[derive(Debug)]
pub struct Keys<'s> {
    set: &'s ModelSet,
    /// What is still to be read, the next one last, with the number of levels of nodes below it.
    next: Vec<(u64, Entry)>,
    last: Option<String>,
}

impl<'s> Keys<'s> {
    pub(super) fn new(set: &'s ModelSet) -> Self {
        let root = Entry { key: String::new(), kind: Kind::Node, part: set.trailer.root.clone() };
        Self { set, next: vec![(set.trailer.height, root)], last: None }
    }

    fn read(&mut self) -> Result<Option<(String, bool)>> {
        while let Some((height, entry)) = self.next.pop() {
            if height > 0 {
                let node = self.set.node(&entry.part)?;
                self.next.extend(node.entries.into_iter().rev().map(|entry| (height - 1, entry)));
                continue;
            }
            // So a tree whose nodes are below several others, which nobody writes, has an end, too.
            if entry.kind == Kind::Node || self.last.as_ref().is_some_and(|last| *last >= entry.key) {
                return Err(Error::Damaged);
            }
            self.last = Some(entry.key.clone());
            return Ok(Some((entry.key, entry.kind == Kind::Model)));
        }
        Ok(None)
    }
}

impl Iterator for Keys<'_> {
    type Item = Result<(String, bool)>;

    fn next(&mut self) -> Option<Self::Item> {
        let found = self.read();
        if found.is_err() {
            self.next.clear();
        }
        found.map_err(|error| self.set.named(error)).transpose()
    }
}

pub(super) fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}
