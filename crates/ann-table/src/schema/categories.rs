//! Words: an input for each.

use num_traits::Float;

use super::{Cell, numbers::convert};

/// Inputs that are 1 for the word of a cell and 0 for all others. If there are two words and nothing else,
/// one input, −1 or 1.
#[derive(Clone, Debug, PartialEq)]
pub struct CategoryEncoding {
    /// The words, in ascending order.
    pub categories: Vec<String>,
    /// Whether there is an input for all other words: where some of the rows that were learned from have rare
    /// ones. Otherwise all inputs are 0 for such a word.
    pub has_other: bool,
    /// Whether there is an input for missing cells: where the rows that were learned from have some.
    /// Otherwise all inputs are 0 for a missing cell.
    pub has_missing: bool,
}

impl CategoryEncoding {
    /// Learns from the words of a column and how often each occurs. If there are more than `most`, the most
    /// frequent are kept that occur at least `least` times. `None` if there is nothing to tell apart.
    pub(super) fn learn(
        mut counts: Vec<(&str, usize)>,
        missing: usize,
        most: usize,
        least: usize,
    ) -> Option<Self> {
        counts.retain(|(_, count)| *count > 0);
        let distinct = counts.len();
        if distinct > most {
            counts.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
            counts.truncate(most);
            counts.retain(|(_, count)| *count >= least);
        }
        let mut categories: Vec<String> = counts.iter().map(|(word, _)| (*word).to_owned()).collect();
        categories.sort();
        let (has_other, has_missing) = (categories.len() < distinct, missing > 0);
        let is_varied = categories.len() + usize::from(has_other) + usize::from(has_missing) > 1;
        (is_varied && !categories.is_empty()).then_some(Self { categories, has_other, has_missing })
    }

    /// Whether there are two words and no others. One input tells them apart, −1 for the first and 1 for the
    /// second; an input for missing cells may follow it.
    ///
    /// The number of inputs does not say so: a single word has one input, too, 1 for it and 0 otherwise.
    pub fn is_pair(&self) -> bool {
        self.categories.len() == 2 && !self.has_other
    }

    /// Number of inputs.
    pub fn inputs(&self) -> usize {
        let words = if self.is_pair() { 1 } else { self.categories.len() };
        words + usize::from(self.has_other) + usize::from(self.has_missing)
    }

    /// The position of a word in [`categories`](Self::categories).
    pub fn position(&self, word: &str) -> Option<usize> {
        self.categories.binary_search_by(|category| category.as_str().cmp(word)).ok()
    }

    pub(super) fn encode<F: Float>(&self, cell: Cell<'_>, inputs: &mut [F]) {
        inputs.fill(F::zero());
        if let Some((input, value)) = self.input(cell) {
            inputs[input] = value;
        }
    }

    /// The input that is not 0, and its value; `None` if all are 0.
    pub(super) fn input<F: Float>(&self, cell: Cell<'_>) -> Option<(usize, F)> {
        let position = match cell {
            Cell::Word(word) => self.position(word),
            Cell::Number(_) => None,
            Cell::Missing => return self.has_missing.then(|| (self.inputs() - 1, F::one())),
        };
        match position {
            Some(position) if self.is_pair() => Some((0, convert(2.0 * position as f64 - 1.0))),
            Some(position) => Some((position, F::one())),
            None => self.has_other.then(|| (self.categories.len(), F::one())),
        }
    }
}
