//! Words of a column, each stored once.

use std::fmt;
use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashTable};

use crate::numbers::Numbers;

/// The distinct words of a column, numbered in the order in which they were found first.
#[derive(Clone, Default)]
pub(crate) struct Dictionary {
    /// All words, one after another.
    text: String,
    /// Where each word ends.
    ends: Vec<usize>,
    index: HashTable<u32>,
    hasher: DefaultHashBuilder,
}

impl Dictionary {
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    pub fn word(&self, code: usize) -> &str {
        let start = code.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.text[start..self.ends[code]]
    }

    pub fn words(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).map(|code| self.word(code))
    }

    pub fn code(&self, word: &str) -> Option<usize> {
        self.find(word, self.hasher.hash_one(word))
    }

    fn find(&self, word: &str, hash: u64) -> Option<usize> {
        self.index.find(hash, |&code| self.bytes(code as usize) == word.as_bytes()).map(|&code| code as usize)
    }

    fn bytes(&self, code: usize) -> &[u8] {
        let start = code.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.text.as_bytes()[start..self.ends[code]]
    }

    /// The number of a word, which is added if it is new.
    pub fn insert(&mut self, word: &str) -> usize {
        let hash = self.hasher.hash_one(word);
        if let Some(code) = self.find(word, hash) {
            return code;
        }
        let code = u32::try_from(self.len()).expect("a table has fewer rows");
        self.text.push_str(word);
        self.ends.push(self.text.len());
        let Self { text, ends, index, hasher } = self;
        let word_of = |code: u32| {
            let code = code as usize;
            &text[code.checked_sub(1).map_or(0, |before| ends[before])..ends[code]]
        };
        index.insert_unique(hash, code, |&code| hasher.hash_one(word_of(code)));
        code as usize
    }
}

impl fmt::Debug for Dictionary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.words()).finish()
    }
}

/// A word for each row, or none.
#[derive(Clone, Debug)]
pub(crate) struct Categories {
    /// The number of the word in the dictionary.
    pub codes: Numbers,
    pub dictionary: Dictionary,
}

impl Categories {
    pub fn new() -> Self {
        Self { codes: Numbers::new(), dictionary: Dictionary::default() }
    }

    /// Each word, and the number of its rows.
    pub fn counted_words(&self) -> impl Iterator<Item = (&str, usize)> {
        let mut counts = vec![0; self.dictionary.len()];
        self.codes.iter().flatten().for_each(|code| counts[code as usize] += 1);
        self.dictionary.words().zip(counts)
    }

    pub fn push(&mut self, word: Option<&str>) {
        let code = word.map(|word| self.dictionary.insert(word) as f64);
        self.codes.push(code);
    }

    pub fn code(&self, row: usize) -> Option<usize> {
        self.codes.get(row).map(|code| code as usize)
    }

    pub fn get(&self, row: usize) -> Option<&str> {
        self.code(row).map(|code| self.dictionary.word(code))
    }
}
