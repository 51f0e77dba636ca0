//! The end of a file of many models, from which everything else is found.
//!
//! ```text
//! 0    8 bytes   format
//! 8    8 bytes   number of bytes of the file
//! 16   8 bytes   number of groups
//! 24   8 bytes   number of models
//! 32   8 bytes   number of levels of the index, at least 1
//! 40   48 bytes  the root of the index: where it begins, its number of bytes, its SHA-256
//! 88   48 bytes  the template
//! 136  48 bytes  the description
//! 184  32 bytes  SHA-256 of the first 16 bytes of the file and these 184 bytes
//! ```

use sha2::{Digest as _, Sha256};

use super::index::Part;
use super::{BEGINNING, SET_FORMAT, Source};
use crate::{Error, Result};

/// Number of bytes, and of those before the digest.
const SIZE: usize = UNSIGNED + 32;
const UNSIGNED: usize = 40 + 3 * Part::SIZE;
/// 64¹⁰ groups are more than any file has.
const MOST_HEIGHT: u64 = 10;

#[derive(Debug)]
pub(super) struct Trailer {
    pub groups: u64,
    pub models: u64,
    /// Number of levels of the index.
    pub height: u64,
    pub root: Part,
    pub template: Part,
    pub description: Part,
    pub digest: [u8; 32],
}

impl Trailer {
    pub fn read(source: &Source) -> Result<Self> {
        let beginning = source.bytes(0, BEGINNING.len() as u64).map_err(|error| match error {
            Error::Damaged => Error::NoModel,
            error => error,
        })?;
        if beginning != BEGINNING {
            // A file of one model begins with its length.
            let is_single = beginning[8..].starts_with(br#"{"__meta"#);
            return Err(if is_single { Error::SingleModel } else { Error::NoModel });
        }
        let start = source.length().checked_sub(SIZE as u64).ok_or(Error::Damaged)?;
        let bytes = source.bytes(start, SIZE as u64)?;
        let (unsigned, digest) = bytes.split_at(UNSIGNED);
        if digest != digest_of(unsigned) {
            return Err(Error::Damaged);
        }
        let number =
            |place: usize| u64::from_le_bytes(unsigned[8 * place..][..8].try_into().expect("8 bytes"));
        if number(0) > SET_FORMAT {
            let program = "another program".to_owned();
            return Err(Error::NewerFormat { found: number(0), most: SET_FORMAT, program });
        }
        let part = |at: usize| Part::read(unsigned[at..][..Part::SIZE].try_into().expect("48 bytes"));
        let [root, template, description] = [40, 88, 136].map(part);
        let (groups, models, height) = (number(2), number(3), number(4));
        let is_valid =
            number(1) == source.length() && models <= groups && (1..=MOST_HEIGHT).contains(&height);
        if !is_valid {
            return Err(Error::Damaged);
        }
        Ok(Self { groups, models, height, root, template, description, digest: digest_of(unsigned) })
    }

    /// The digest at the end of these bytes.
    pub fn digest_in(bytes: &[u8]) -> &[u8] {
        &bytes[UNSIGNED..]
    }

    /// The bytes of the trailer of a file that has `before` bytes before it.
    pub fn bytes(&self, before: u64) -> Vec<u8> {
        let mut bytes = vec![];
        for number in [SET_FORMAT, before + SIZE as u64, self.groups, self.models, self.height] {
            bytes.extend(number.to_le_bytes());
        }
        [&self.root, &self.template, &self.description].into_iter().for_each(|part| part.write(&mut bytes));
        bytes.extend(digest_of(&bytes));
        bytes
    }
}

fn digest_of(unsigned: &[u8]) -> [u8; 32] {
    Sha256::new().chain_update(BEGINNING).chain_update(unsigned).finalize().into()
}
