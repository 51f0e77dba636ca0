//! What a reader of a table should know, though it is no error.

use std::fmt;

use crate::cell::{is_identifier, is_missing_number};
use crate::message::{list, quoted};
use crate::table::Values;
use crate::{Column, OtherNotation, Table, finite_number};

/// Something about a table that its reader should know, though it is no error. `Display` says it in a
/// sentence, with the way out.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Remark {
    /// All names of columns are numbers, so the line of names may be a row of data.
    NumbersAsNames {
        /// The names.
        names: Vec<String>,
    },
    /// A word that means a missing cell in columns of numbers, such as `NA`, is a word like others here, and
    /// there are few others.
    WordForMissing {
        /// The name of the column.
        column: String,
        /// The word.
        word: String,
        /// Number of rows with this word, at least 1.
        rows: usize,
    },
    /// Most cells of a column of words are numbers, so the others may mean that a number is missing.
    MostlyNumbers {
        /// The name of the column.
        column: String,
        /// Number of cells that are numbers.
        numbers: usize,
        /// Number of all cells that are not missing.
        known: usize,
        /// The most frequent of the other words.
        word: String,
    },
    /// Nearly all cells of a column of words are numbers or dates in another notation.
    OtherNotation {
        /// The name of the column.
        column: String,
        /// How they are written.
        notation: OtherNotation,
        /// One of the cells.
        example: String,
        /// What to write instead.
        instead: String,
    },
    /// All decimals of a column have three digits, in a table whose cells are not separated by commas, so
    /// points that were read as decimal points may separate thousands.
    GroupingPoints {
        /// The name of the column.
        column: String,
        /// One of the numbers, as it may be written: `1.200`.
        example: String,
    },
}

/// Among more words than this, such as the codes of all countries, `NA` is likely to be one of them.
const FEW_WORDS: usize = 20;
/// The share of the cells of a column that are numbers, from which on the others may be mistakes.
const MOSTLY: f64 = 0.8;
/// With fewer different numbers, they are likely to be codes, as `1`, `2` and `A` are.
const MANY_NUMBERS: usize = 20;
/// The share of the cells of a column that may be written in another way than the rest.
const FEW_OTHERS: f64 = 0.01;

impl Table {
    /// What a reader of this table should know, though it is no error. Computed by this call.
    ///
    /// ```
    /// use ann_table::Table;
    ///
    /// let table = Table::read("x,sold\n1,yes\n2,None\n3,no\n".as_bytes())?;
    /// let remarks: Vec<String> = table.remarks().iter().map(ToString::to_string).collect();
    /// assert!(remarks[0].starts_with(r#"column "sold": "None" in 1 row is a word as any other; if it"#));
    /// # Ok::<(), ann_table::Error>(())
    /// ```
    pub fn remarks(&self) -> Vec<Remark> {
        let words = self.columns().iter().flat_map(words_for_missing);
        let numbers = self.columns().iter().filter_map(mostly_numbers);
        let others = self.columns().iter().filter_map(other_notation);
        let points = self.columns().iter().filter_map(grouping_points);
        numbers_as_names(self).into_iter().chain(words).chain(numbers).chain(others).chain(points).collect()
    }
}

fn numbers_as_names(table: &Table) -> Option<Remark> {
    // A table from memory has no line of names: its first row is on line 1.
    let has_header = table.rows() > 0 && table.line(0) > 1;
    let names: Vec<String> = table.columns().iter().map(|column| column.name().to_owned()).collect();
    let are_numbers = names.iter().all(|name| finite_number(name).is_some());
    (has_header && are_numbers).then_some(Remark::NumbersAsNames { names })
}

fn words_for_missing(column: &Column) -> Vec<Remark> {
    let (missing, others): (Vec<_>, Vec<_>) =
        column.words().enumerate().partition(|(_, word)| is_missing_number(word));
    let remark = |(code, word): (usize, &str)| {
        let rows = (0..column.len()).filter(|&row| column.code(row) == Some(code)).count();
        let (column, word) = (column.name().to_owned(), word.to_owned());
        (rows > 0).then_some(Remark::WordForMissing { column, word, rows })
    };
    let are_few = others.len() <= FEW_WORDS;
    if are_few { missing.into_iter().filter_map(remark).collect() } else { vec![] }
}

fn mostly_numbers(column: &Column) -> Option<Remark> {
    let Values::Categories(categories) = column.values() else { return None };
    let is_number = |word: &str| {
        let number = finite_number(&word.replace(',', "."));
        number.is_some_and(|number| !is_identifier(word, number))
    };
    let used = categories.counted_words().filter(|(_, rows)| *rows > 0);
    let (numbers, others): (Vec<_>, Vec<_>) = used.partition(|(word, _)| is_number(word));
    let cells = |words: &[(&str, usize)]| words.iter().map(|(_, rows)| rows).sum::<usize>();
    let (numeric, known) = (cells(&numbers), cells(&numbers) + cells(&others));
    let (word, _) = others.into_iter().max_by_key(|(_, rows)| *rows)?;
    let are_most = numeric as f64 >= MOSTLY * known as f64 && numbers.len() >= MANY_NUMBERS;
    are_most.then(|| Remark::MostlyNumbers {
        column: column.name().to_owned(),
        numbers: numeric,
        known,
        word: word.to_owned(),
    })
}

fn other_notation(column: &Column) -> Option<Remark> {
    let Values::Categories(categories) = column.values() else { return None };
    let used: Vec<(&str, usize)> = categories.counted_words().filter(|(_, rows)| *rows > 0).collect();
    let mut left = used.iter().map(|(_, rows)| rows).sum::<usize>() as f64 * FEW_OTHERS;
    let mut first = None;
    for (word, rows) in used {
        let found = OtherNotation::of(word, column.has_decimal_comma());
        let is_like_first = match (&found, &first) {
            (Some((notation, _)), Some((_, (first, _)))) => notation == first,
            (found, _) => found.is_some(),
        };
        left -= if is_like_first { 0.0 } else { rows as f64 };
        if left < 0.0 {
            return None;
        }
        // An example with one reading says more than one with two.
        let is_clear = |(_, (_, instead)): &(&str, (OtherNotation, String))| !instead.contains(" or ");
        first = match (first, found.map(|found| (word, found))) {
            (Some(first), Some(found)) if is_like_first && !is_clear(&first) && is_clear(&found) => {
                Some(found)
            }
            (first, found) => first.or(found),
        };
    }
    let (example, (notation, instead)) = first?;
    let (column, example) = (column.name().to_owned(), example.to_owned());
    Some(Remark::OtherNotation { column, notation, example, instead })
}

fn grouping_points(column: &Column) -> Option<Remark> {
    let numbers = || (0..column.len()).filter_map(|row| column.number(row));
    let example = || numbers().find(|number| number.fract() != 0.0);
    let number = column.has_grouping_points().then(example).flatten()?;
    Some(Remark::GroupingPoints { column: column.name().to_owned(), example: format!("{number:.3}") })
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NumbersAsNames { names } => write!(
                f,
                "all names of columns are numbers: {}; if they are a row of data, read the table with \
                 `Reader {{ header: false, ..Reader::default() }}`",
                list(names)
            ),
            Self::WordForMissing { column, word, rows } => write!(
                f,
                "column {}: {} in {rows} row{} is a word as any other; if it means a missing cell, name it in \
                 `Reader::missing_in`",
                quoted(column),
                quoted(word),
                if *rows == 1 { "" } else { "s" }
            ),
            Self::MostlyNumbers { column, numbers, known, word } => write!(
                f,
                "column {}: {numbers} of {known} cells are numbers, others are words such as {}, so all are \
                 taken for words; if these mean missing numbers, name them in `Reader::missing_in`",
                quoted(column),
                quoted(word)
            ),
            Self::OtherNotation { column, notation, example, instead } => write!(
                f,
                "column {}: cells such as {} are no {}; write {instead} instead",
                quoted(column),
                quoted(example),
                notation.kind()
            ),
            Self::GroupingPoints { column, example } => write!(
                f,
                "column {}: all decimals have three digits, as in {}; if the points separate thousands, remove \
                 them: write {}",
                quoted(column),
                quoted(example),
                example.replace('.', "")
            ),
        }
    }
}
