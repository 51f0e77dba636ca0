//! Models of one recipe have nearly the same texts in their files, so a file of many models holds these texts
//! once: every other model is written as pieces of the template, with its own bytes between them.
//!
//! ```text
//! number of bytes of the model
//! then, to the end:
//!     number of bytes that follow here, and these bytes
//!     where a piece of the template begins, and its number of bytes
//! ```
//!
//! Numbers are written seven bits at a time, the lowest first; the eighth bit says that there are more.

use std::collections::HashMap;

use crate::{Error, Result};

/// Shorter pieces are not worth their numbers.
const SHORTEST: usize = 12;

/// What bytes are written as differences to.
#[derive(Debug, Default)]
pub(super) struct Template {
    bytes: Vec<u8>,
    /// Where each piece of the shortest length begins: of equal ones the first.
    places: HashMap<[u8; SHORTEST], usize>,
}

impl Template {
    pub fn new(bytes: Vec<u8>) -> Self {
        let mut places = HashMap::new();
        for (place, piece) in bytes.windows(SHORTEST).enumerate() {
            places.entry(*piece.first_chunk().expect("windows have this length")).or_insert(place);
        }
        Self { bytes, places }
    }

    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The bytes as differences.
    pub fn difference_of(&self, bytes: &[u8]) -> Vec<u8> {
        let mut difference = vec![];
        push(bytes.len(), &mut difference);
        let start = difference.len();
        // `own` is where the bytes begin that are in no piece so far; `after` is where the last piece ends.
        let (mut own, mut at, mut after) = (0, 0, 0);
        while at < bytes.len() {
            let Some((place, length)) = self.piece(&bytes[at..], after + (at - own)) else {
                at += 1;
                continue;
            };
            push_step(&bytes[own..at], place, length, &mut difference);
            at += length;
            (own, after) = (at, place + length);
        }
        if own < bytes.len() {
            push_step(&bytes[own..], 0, 0, &mut difference);
        }
        if bytes.len() > most_bytes(&difference, &self.bytes) {
            difference.truncate(start);
            push_step(bytes, 0, 0, &mut difference);
        }
        difference
    }

    /// Where the bytes begin with a piece of the template, and how long it is: at the expected place if it is
    /// there, because models differ in texts of the same length; else the first that is found.
    fn piece(&self, bytes: &[u8], expected: usize) -> Option<(usize, usize)> {
        let key = bytes.first_chunk()?;
        let is_there = self.bytes.get(expected..).is_some_and(|template| template.starts_with(key));
        let place = if is_there { expected } else { *self.places.get(key)? };
        let pairs = bytes.iter().zip(&self.bytes[place..]);
        Some((place, pairs.take_while(|(one, other)| one == other).count()))
    }
}

/// The largest number of bytes that may be restored from a difference. So reading a small file does not take
/// much memory.
fn most_bytes(difference: &[u8], template: &[u8]) -> usize {
    2 * (difference.len() + template.len())
}

fn push_step(own: &[u8], place: usize, length: usize, difference: &mut Vec<u8>) {
    push(own.len(), difference);
    difference.extend_from_slice(own);
    push(place, difference);
    push(length, difference);
}

fn push(mut number: usize, bytes: &mut Vec<u8>) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

/// The bytes whose differences to the template these are.
pub(super) fn restored(difference: &[u8], template: &[u8]) -> Result<Vec<u8>> {
    let mut rest = difference;
    let length = number(&mut rest)?;
    if length > most_bytes(difference, template) {
        return Err(Error::Damaged);
    }
    let mut bytes = Vec::with_capacity(length);
    while !rest.is_empty() {
        let own = number(&mut rest)?;
        bytes.extend_from_slice(rest.split_off(..own).ok_or(Error::Damaged)?);
        let (place, piece) = (number(&mut rest)?, number(&mut rest)?);
        let end = place.checked_add(piece).ok_or(Error::Damaged)?;
        bytes.extend_from_slice(template.get(place..end).ok_or(Error::Damaged)?);
        if bytes.len() > length {
            return Err(Error::Damaged);
        }
    }
    if bytes.len() == length { Ok(bytes) } else { Err(Error::Damaged) }
}

fn number(bytes: &mut &[u8]) -> Result<usize> {
    let mut number: u64 = 0;
    for place in 0..9 {
        let byte = *bytes.split_off_first().ok_or(Error::Damaged)?;
        number |= u64::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            return usize::try_from(number).map_err(|_| Error::Damaged);
        }
    }
    Err(Error::Damaged)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_are_small_and_restored() {
        let template: Vec<u8> = (0..5000_u32).map(|byte| (byte * byte % 251) as u8).collect();
        check(&template, &template, 20);
        check(&[], &template, 1);
        check(b"something else", &template, 24);
        check(b"something else", &[], 24);
        // A small difference that claims to be many bytes is refused.
        check(&template.repeat(3), &template, 15_010);
        let mut changed = template.clone();
        changed[700..760].fill(9);
        changed.splice(2000..2100, *b"abc");
        changed.extend(b"the end");
        check(&changed, &template, 120);
    }

    #[test]
    fn no_difference_makes_the_reader_panic() {
        let template = b"a template of some bytes, with more of some bytes";
        let other = b"a template of other bytes, with more of some bytes at its end";
        let whole = Template::new(template.to_vec()).difference_of(other);
        for length in 0..whole.len() {
            for changed in 0..=255 {
                let mut difference = whole[..length].to_vec();
                if let Some(last) = difference.last_mut() {
                    *last = changed;
                }
                let _ = restored(&difference, template);
            }
        }
    }

    #[track_caller]
    fn check(bytes: &[u8], template: &[u8], most: usize) {
        let difference = Template::new(template.to_vec()).difference_of(bytes);
        assert!(difference.len() <= most, "{} bytes", difference.len());
        assert_eq!(restored(&difference, template).unwrap(), bytes);
    }
}
