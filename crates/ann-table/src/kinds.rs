//! The kind of a column, and its values while they are read.
//!
//! The kind is guessed from the first rows and holds for all of them, or the column is read again: no kind
//! comes from a sample.

use crate::categories::Categories;
use crate::cell::{Content, Notation, is_missing};
use crate::notation::GroupingPoints;
use crate::numbers::Numbers;
use crate::rows::Row;
use crate::table::Values;
use crate::{CellLocation, Error, Kind, Result};

/// If at most this share of the cells is of other kinds, the column is one of numbers or dates, and an error:
/// the others are mistakes, or mean that a number is missing.
const FEW: f64 = 0.01;
/// Number of mistakes that an error shows.
const SHOWN: usize = 3;

/// What is in the cells of a column.
#[derive(Clone, Debug, Default)]
pub(crate) struct Contents {
    numbers: usize,
    /// Numbers that are written as identifiers.
    identifiers: usize,
    dates: usize,
    nearly_numbers: usize,
    nearly_dates: usize,
    words: usize,
    /// The first cells that are no numbers, and the first that are no dates: line and text.
    no_numbers: Vec<(u64, String)>,
    no_dates: Vec<(u64, String)>,
}

impl Contents {
    /// Counts a cell.
    #[inline(always)]
    pub fn count(&mut self, content: Content, cell: impl Fn() -> (u64, String)) {
        if matches!(content, Content::Number(_)) && self.no_dates.len() == SHOWN {
            // Nearly all cells of a large table.
            self.numbers += 1;
        } else {
            self.count_slowly(content, &cell);
        }
    }

    fn count_slowly(&mut self, content: Content, cell: &dyn Fn() -> (u64, String)) {
        self.add(content, 1);
        if matches!(content, Content::Missing | Content::MissingNumber) {
            return;
        }
        if self.no_numbers.len() < SHOWN && !matches!(content, Content::Number(_)) {
            self.no_numbers.push(cell());
        }
        if self.no_dates.len() < SHOWN && !matches!(content, Content::Date(_)) {
            self.no_dates.push(cell());
        }
    }

    /// Counts a number of equal cells, without showing any.
    fn add(&mut self, content: Content, cells: usize) {
        *match content {
            Content::Missing | Content::MissingNumber => return,
            Content::Number(_) => &mut self.numbers,
            Content::Identifier(_) => &mut self.identifiers,
            Content::Date(_) => &mut self.dates,
            Content::Nearly(Kind::Date) => &mut self.nearly_dates,
            Content::Nearly(_) => &mut self.nearly_numbers,
            Content::Word => &mut self.words,
        } += cells;
    }

    fn known(&self) -> usize {
        self.like_numbers() + self.like_dates() + self.words
    }

    fn like_numbers(&self) -> usize {
        self.numbers + self.identifiers + self.nearly_numbers
    }

    fn like_dates(&self) -> usize {
        self.dates + self.nearly_dates
    }

    /// The kind of a column with these cells. A column whose cells are all missing is one of numbers.
    pub fn kind(&self) -> Kind {
        let are_few = |others: usize| others as f64 <= FEW * self.known() as f64;
        if self.identifiers == 0 && are_few(self.like_dates() + self.words) {
            Kind::Number
        } else if are_few(self.like_numbers() + self.words) {
            Kind::Date
        } else {
            Kind::Category
        }
    }

    /// An error if some cells of a column of numbers or dates are something else.
    fn check(self, column: &str, notation: Notation) -> Result<Kind> {
        let (kind, known) = (self.kind(), self.known());
        let (count, cells) = match kind {
            Kind::Number => (known - self.numbers, self.no_numbers),
            Kind::Date => (known - self.dates, self.no_dates),
            Kind::Category => return Ok(kind),
        };
        match count {
            0 => Ok(kind),
            _ => {
                let decimal_comma = notation.has_decimal_comma;
                Err(Error::OddCells { column: column.to_owned(), kind, count, known, cells, decimal_comma })
            }
        }
    }
}

/// The values of a column while they are read.
pub(crate) struct Builder {
    name: String,
    notation: Notation,
    /// Own words for missing values.
    missing: Vec<String>,
    /// Whether the kind was stated, so that a cell of another kind is an error.
    is_stated: bool,
    values: Values,
    contents: Contents,
    points: GroupingPoints,
    /// The numbers, dates or codes of the rows that are added; NaN is missing.
    added: Vec<f64>,
}

/// What has become of a column.
pub(crate) enum Outcome {
    Values {
        values: Values,
        /// Whether points may separate thousands.
        has_grouping_points: bool,
    },
    /// The cells are of another kind than was guessed.
    ReadAgain(Kind),
}

impl Builder {
    pub fn new(name: &str, notation: Notation, missing: Vec<String>, kind: Kind, is_stated: bool) -> Self {
        let values = match kind {
            Kind::Number => Values::Numbers(Numbers::new()),
            Kind::Date => Values::Dates(Numbers::new()),
            Kind::Category => Values::Categories(Categories::new()),
        };
        let name = name.to_owned();
        let (contents, added) = (Contents::default(), vec![]);
        let points = GroupingPoints::new(!is_stated && !notation.has_decimal_comma);
        Self { name, notation, missing, is_stated, values, contents, points, added }
    }

    /// Adds the cells of these rows in a column, counted from 0.
    pub fn push(&mut self, rows: &[Row], column: usize) -> Result<()> {
        let Some(first) = rows.first() else { return Ok(()) };
        self.added.clear();
        match &mut self.values {
            Values::Categories(Categories { dictionary, .. }) => {
                let code = |row: &Row| match row.cell(column) {
                    text if means_missing(text, &self.missing) => f64::NAN,
                    text => dictionary.insert(text) as f64,
                };
                self.added.extend(rows.iter().map(code));
            }
            Values::Numbers(_) | Values::Dates(_) => {
                for row in rows {
                    let value = self.number(row, column)?;
                    self.added.push(value);
                }
            }
        }
        self.values
            .numbers_mut()
            .try_extend(&self.added)
            .map_err(|_| Error::OutOfMemory { line: first.line() })
    }

    /// The number or the date in a cell. NaN if it is missing; or something else, but no kind was stated.
    #[inline(always)]
    fn number(&mut self, row: &Row, column: usize) -> Result<f64> {
        let text = row.cell(column);
        let content = match means_missing(text, &self.missing) {
            true => Content::Missing,
            false => Content::of(text, self.notation),
        };
        self.contents.count(content, || (row.line_of(column), text.to_owned()));
        match (self.values.kind(), content) {
            (Kind::Number, Content::Number(value)) => {
                self.points.see(text, value);
                Ok(value)
            }
            (Kind::Date, Content::Date(value)) => Ok(value),
            (Kind::Number, Content::Identifier(value)) if self.is_stated => Ok(value),
            (_, Content::Missing | Content::MissingNumber) => Ok(f64::NAN),
            _ if !self.is_stated => Ok(f64::NAN),
            (Kind::Number, _) => Err(not_a_number(text, self.location(row, column))),
            _ => Err(Error::NotADate { location: self.location(row, column), found: text.to_owned() }),
        }
    }

    /// The numbers, dates or codes of the rows so far.
    #[cfg(feature = "disk")]
    pub fn numbers_mut(&mut self) -> &mut Numbers {
        self.values.numbers_mut()
    }

    /// # Errors
    /// Some cells of a column of numbers or dates are something else.
    pub fn finish(mut self) -> Result<Outcome> {
        self.values.numbers_mut().shrink();
        let has_grouping_points = self.points.are_likely();
        if self.is_stated {
            return Ok(Outcome::Values { values: self.values, has_grouping_points });
        }
        let kind = match &self.values {
            // If it is a column of numbers or dates, the next pass finds the cells that are none.
            Values::Categories(categories) => contents_of(categories, self.notation).kind(),
            Values::Numbers(_) | Values::Dates(_) => self.contents.check(&self.name, self.notation)?,
        };
        Ok(match kind == self.values.kind() {
            true => Outcome::Values { values: self.values, has_grouping_points },
            false => Outcome::ReadAgain(kind),
        })
    }

    /// The values, of the kind that was stated.
    pub fn into_values(self) -> Values {
        self.values
    }

    fn location(&self, row: &Row, column: usize) -> CellLocation {
        CellLocation { line: row.line_of(column), column: column + 1, name: self.name.clone() }
    }
}

fn means_missing(text: &str, own_words: &[String]) -> bool {
    is_missing(text) || own_words.iter().any(|word| word == text)
}

/// What is in a column of words: each word is looked at once.
fn contents_of(categories: &Categories, notation: Notation) -> Contents {
    let mut contents = Contents::default();
    for (word, rows) in categories.counted_words() {
        contents.add(Content::of(word, notation), rows);
    }
    contents
}

/// The error for a cell that is no finite number.
pub fn not_a_number(text: &str, location: CellLocation) -> Error {
    let found = text.to_owned();
    match text.parse::<f64>() {
        // A text with digits that is read as infinity is a number too large for an `f64`.
        Ok(_) if text.contains(|letter: char| letter.is_ascii_digit()) => Error::Overflow { location, found },
        Ok(_) => Error::NotFinite { location, found },
        Err(_) => Error::NotANumber { location, found },
    }
}
