//! A table of typed columns.

#[cfg(feature = "disk")]
use std::cell::OnceCell;
use std::collections::HashMap;
use std::fmt;
use std::io::Read;
use std::path::Path;
#[cfg(feature = "disk")]
use std::sync::Arc;

use crate::categories::Categories;
use crate::header::Role;
use crate::numbers::Numbers;
use crate::read::Reader;
use crate::{CellLocation, Error, Result, date};

/// What the cells of a column are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "disk", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "lowercase"))]
pub enum Kind {
    /// Finite numbers.
    Number,
    /// Words, each of which may occur often: `red`, `yes`, a zip code.
    Category,
    /// Dates of ISO 8601, with or without a time: `2024-02-29`, `2024-02-29 13:45:10`,
    /// `2024-02-29T13:45:10.250+02:00`. They are held as seconds since 1970-01-01T00:00 UTC; a time without
    /// zone is taken as UTC.
    Date,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Number => "numbers",
            Self::Category => "categories",
            Self::Date => "dates",
        })
    }
}

/// Rows of named columns, each of one [`Kind`]. A cell may be missing.
///
/// ```
/// use ann_table::{Kind, Table};
///
/// let table = Table::read("city,area,sold\nBonn,70.5,2024-02-29\nKöln,?,2024-03-01\n".as_bytes())?;
/// assert_eq!((table.rows(), table.columns().len()), (2, 3));
/// assert_eq!(table.column("city")?.word(1), Some("Köln"));
/// assert_eq!(table.column("area")?.number(1), None); // missing
/// assert_eq!(table.column("sold")?.kind(), Kind::Date);
/// assert_eq!(table.location(1, "area")?.to_string(), r#"line 3, column 2 ("area")"#);
/// # Ok::<(), ann_table::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Table {
    columns: Vec<Column>,
    lines: Lines,
}

impl Table {
    /// Reads a file of comma-separated values or similar: see [`Reader`].
    ///
    /// # Errors
    /// As [`Reader::open`].
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        Reader::default().open(path)
    }

    /// Reads comma-separated values or similar: see [`Reader`].
    ///
    /// # Errors
    /// As [`Reader::read`].
    pub fn read(input: impl Read) -> Result<Self> {
        Reader::default().read(input)
    }

    /// A table of columns that are in memory.
    ///
    /// ```
    /// use ann_table::{Column, Table};
    ///
    /// let table = Table::from_columns([
    ///     Column::of_numbers("age", [31.0, f64::NAN, 52.0]), // NaN is missing
    ///     Column::of_words("city", ["Bonn", "Köln", ""]),    // an empty word is missing
    /// ])?;
    /// assert_eq!(table.rows(), 3);
    /// # Ok::<(), ann_table::Error>(())
    /// ```
    ///
    /// # Errors
    /// The columns differ in length, two have the same name, or there is none.
    pub fn from_columns(columns: impl IntoIterator<Item = Column>) -> Result<Self> {
        let mut columns: Vec<Column> = columns.into_iter().collect();
        for (position, column) in (1..).zip(&mut columns) {
            column.position = position;
        }
        let rows = columns.first().map_or(0, Column::len);
        let lines = Lines::numbered(rows);
        Self::new(columns, lines)
    }

    /// An error if cells could not be read. Without the feature `disk` all cells are in memory, so there is
    /// none.
    ///
    /// # Errors
    /// None.
    #[cfg(not(feature = "disk"))]
    pub fn ensure_read(&self) -> Result<()> {
        Ok(())
    }

    #[cfg(feature = "disk")]
    pub(crate) fn lines(&self) -> &Lines {
        &self.lines
    }

    /// The same rows with other values of all columns.
    #[cfg(feature = "disk")]
    pub(crate) fn with_columns(&self, columns: Vec<Column>) -> Result<Self> {
        Self::new(columns, self.lines.clone())
    }

    pub(crate) fn new(columns: Vec<Column>, lines: Lines) -> Result<Self> {
        if columns.is_empty() {
            return Err(Error::NoColumns);
        }
        let mut positions = HashMap::new();
        for Column { name, position, .. } in columns.iter() {
            if let Some(first) = positions.insert(name, *position) {
                let location = CellLocation { line: 1, column: *position, name: name.clone() };
                return Err(Error::DuplicateName { location, first });
            }
        }
        let expected = lines.rows();
        if let Some(column) = columns.iter().find(|column| column.len() != expected) {
            let (column, found) = (column.name.clone(), column.len());
            return Err(Error::ColumnLength { column, found, expected });
        }
        Ok(Self { columns, lines })
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.lines.rows()
    }

    /// The columns, in the order of the file.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The column of this name.
    ///
    /// # Errors
    /// There is none.
    pub fn column(&self, name: &str) -> Result<&Column> {
        self.columns.iter().find(|column| column.name == name).ok_or_else(|| self.unknown(name))
    }

    /// Line and column of a cell, for a message.
    ///
    /// # Errors
    /// There is no such column.
    ///
    /// # Panics
    /// When there is no such row.
    pub fn location(&self, row: usize, name: &str) -> Result<CellLocation> {
        let column = self.column(name)?;
        Ok(CellLocation { line: self.lines.of(row), column: column.position, name: name.to_owned() })
    }

    /// The line on which a row begins, counted from one.
    ///
    /// # Panics
    /// When there is no such row.
    pub fn line(&self, row: usize) -> u64 {
        self.lines.of(row)
    }

    /// The rows with these numbers, counted from 0, in that order. A row may be named more than once.
    ///
    /// # Panics
    /// When there is no such row.
    #[must_use]
    pub fn select(&self, rows: &[usize]) -> Self {
        let selection = Selection::new(rows);
        let columns = self.columns.iter().map(|column| column.select(&selection)).collect();
        Self { columns, lines: self.lines_of(rows) }
    }

    /// Some rows of some columns: [`keep`](Self::keep) and [`select`](Self::select), without a copy of the
    /// other rows in between.
    ///
    /// # Errors
    /// There is no column of such a name, or no name.
    ///
    /// # Panics
    /// When there is no such row.
    pub fn select_of(&self, names: &[&str], rows: &[usize]) -> Result<Self> {
        let selection = Selection::new(rows);
        let selected = |name: &&str| self.column(name).map(|column| column.select(&selection));
        Self::new(names.iter().map(selected).collect::<Result<_>>()?, self.lines_of(rows))
    }

    /// The rows with these numbers, counted from 0, in that order, as a table that does not depend on other
    /// rows: as [`select`](Self::select), but without the words that only other rows have, and with lines as
    /// if these rows were a file of their own. Words are in memory then, also if they were in a file, whose
    /// [`ensure_read`](Self::ensure_read) says whether they could be read.
    ///
    /// # Panics
    /// When there is no such row.
    #[must_use]
    pub fn extract(&self, rows: &[usize]) -> Self {
        let selection = Selection::new(rows);
        let columns = self.columns.iter().map(|column| column.extract(&selection)).collect();
        Self { columns, lines: Lines::numbered(rows.len()) }
    }

    fn lines_of(&self, rows: &[usize]) -> Lines {
        let mut lines = Lines::default();
        rows.iter().for_each(|&row| lines.push(self.lines.of(row)));
        lines
    }

    /// Only these columns, in the order of `names`.
    ///
    /// # Errors
    /// There is no column of such a name, or no name.
    pub fn keep(&self, names: &[&str]) -> Result<Self> {
        let columns = names.iter().map(|name| self.column(name).cloned()).collect::<Result<Vec<_>>>()?;
        Self::new(columns, self.lines.clone())
    }

    /// All columns but these.
    ///
    /// # Errors
    /// There is no column of such a name, or all are left out.
    pub fn without(&self, names: &[&str]) -> Result<Self> {
        names.iter().try_for_each(|name| self.column(name).map(|_| ()))?;
        let is_kept = |column: &&Column| !names.contains(&column.name.as_str());
        Self::new(self.columns.iter().filter(is_kept).cloned().collect(), self.lines.clone())
    }

    /// The same table with another name of a column.
    ///
    /// # Errors
    /// There is no column `from`, or there is already a column `to`.
    pub fn rename(mut self, from: &str, to: &str) -> Result<Self> {
        let column = self.columns.iter().position(|column| column.name == from);
        let column = column.ok_or_else(|| self.unknown(from))?;
        to.clone_into(&mut self.columns[column].name);
        Self::new(self.columns, self.lines)
    }

    /// The rows without a missing cell in these columns; in any column if `names` is empty.
    ///
    /// # Errors
    /// There is no column of such a name.
    pub fn without_missing(&self, names: &[&str]) -> Result<Self> {
        let columns = match names {
            [] => self.columns.iter().collect(),
            _ => names.iter().map(|name| self.column(name)).collect::<Result<Vec<_>>>()?,
        };
        let is_whole = |&row: &usize| columns.iter().all(|column| !column.is_missing(row));
        let whole =
            self.unless_damaged(|| Ok::<Vec<_>, Error>((0..self.rows()).filter(is_whole).collect()))?;
        Ok(self.select(&whole))
    }

    /// Returns what `make` returns, or an error if cells could not be read. Cells that could not be read look
    /// like missing ones, so a result or an error that `make` has computed from them would be wrong. Cells in
    /// memory can always be read.
    ///
    /// # Errors
    /// That of `make`, or the first cells that could not be read.
    pub fn unless_damaged<T, E: From<Error>>(&self, make: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        let made = make();
        self.ensure_read()?;
        made
    }

    fn unknown(&self, name: &str) -> Error {
        let columns = self.columns.iter().map(|column| column.name.clone()).collect();
        Error::UnknownColumn { found: name.to_owned(), columns }
    }
}

/// A named column of a [`Table`].
#[derive(Clone, Debug)]
pub struct Column {
    name: String,
    role: Role,
    /// In the file, counted from one.
    position: usize,
    values: Values,
    /// Whether points that were read as decimal points may separate thousands.
    has_grouping_points: bool,
    /// Whether a comma is before the decimals of the table's numbers.
    has_decimal_comma: bool,
}

impl Column {
    pub(crate) fn new(name: String, role: Role, position: usize, values: Values) -> Self {
        Self { name, role, position, values, has_grouping_points: false, has_decimal_comma: false }
    }

    pub(crate) fn with_decimal_comma(self, has_decimal_comma: bool) -> Self {
        Self { has_decimal_comma, ..self }
    }

    pub(crate) fn has_decimal_comma(&self) -> bool {
        self.has_decimal_comma
    }

    /// In the text that was read, counted from one.
    #[cfg(feature = "disk")]
    pub(crate) fn position(&self) -> usize {
        self.position
    }

    /// The same column with other numbers, dates, or codes of its words.
    #[cfg(feature = "disk")]
    pub(crate) fn with_numbers(self, numbers: Numbers) -> Self {
        Self { values: self.values.with_numbers(numbers), ..self }
    }

    pub(crate) fn with_grouping_points(self, has_grouping_points: bool) -> Self {
        Self { has_grouping_points, ..self }
    }

    pub(crate) fn has_grouping_points(&self) -> bool {
        self.has_grouping_points
    }

    /// A column of numbers. A number that is not finite is missing.
    pub fn of_numbers(name: impl Into<String>, numbers: impl IntoIterator<Item = f64>) -> Self {
        let numbers = numbers.into_iter().map(|number| Some(number).filter(|number| number.is_finite()));
        Self::new(name.into(), Role::Feature, 0, Values::Numbers(numbers.collect()))
    }

    /// A column of words. An empty word is missing.
    pub fn of_words<S: AsRef<str>>(name: impl Into<String>, words: impl IntoIterator<Item = S>) -> Self {
        let mut categories = Categories::new();
        for word in words {
            categories.push(Some(word.as_ref().trim()).filter(|word| !word.is_empty()));
        }
        Self::new(name.into(), Role::Feature, 0, Values::Categories(categories))
    }

    /// A column of dates, as seconds since the beginning of 1970. A number that is not finite is missing.
    pub fn of_dates(name: impl Into<String>, seconds: impl IntoIterator<Item = f64>) -> Self {
        let seconds = seconds.into_iter().map(|seconds| Some(seconds).filter(|seconds| seconds.is_finite()));
        Self::new(name.into(), Role::Feature, 0, Values::Dates(seconds.collect()))
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What an Orange header says that the column is for.
    pub fn role(&self) -> Role {
        self.role
    }

    /// What the cells are.
    pub fn kind(&self) -> Kind {
        self.values.kind()
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        match &self.values {
            Values::Numbers(numbers) | Values::Dates(numbers) => numbers.len(),
            Values::Categories(categories) => categories.codes.len(),
        }
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether the cell of a row is missing.
    ///
    /// # Panics
    /// When there is no such row.
    pub fn is_missing(&self, row: usize) -> bool {
        match &self.values {
            Values::Numbers(numbers) | Values::Dates(numbers) => numbers.get(row).is_none(),
            Values::Categories(categories) => categories.codes.get(row).is_none(),
        }
    }

    /// Number of missing cells.
    pub fn missing(&self) -> usize {
        (0..self.len()).filter(|&row| self.is_missing(row)).count()
    }

    /// The number of a row, or a date as seconds since 1970 in UTC, with fractions. `None` if it is missing,
    /// and for words.
    ///
    /// # Panics
    /// When there is no such row.
    pub fn number(&self, row: usize) -> Option<f64> {
        match &self.values {
            Values::Numbers(numbers) | Values::Dates(numbers) => numbers.get(row),
            Values::Categories(_) => None,
        }
    }

    /// The word of a row. `None` if it is missing, and for numbers and dates.
    ///
    /// # Panics
    /// When there is no such row.
    pub fn word(&self, row: usize) -> Option<&str> {
        match &self.values {
            Values::Categories(categories) => categories.get(row),
            Values::Numbers(_) | Values::Dates(_) => None,
        }
    }

    /// The distinct words, in the order in which they occur first; none for numbers and dates.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        let categories = match &self.values {
            Values::Categories(categories) => Some(categories),
            Values::Numbers(_) | Values::Dates(_) => None,
        };
        categories.into_iter().flat_map(|categories| categories.dictionary.words())
    }

    /// The position in [`words`](Self::words) of the word of a row. `None` if it is missing, and for numbers
    /// and dates.
    ///
    /// # Panics
    /// When there is no such row.
    pub fn code(&self, row: usize) -> Option<usize> {
        match &self.values {
            Values::Categories(categories) => categories.code(row),
            Values::Numbers(_) | Values::Dates(_) => None,
        }
    }

    /// The cell as a text; empty if it is missing. A date is shown in UTC, to the microsecond, without a time
    /// of midnight: `2024-01-02 01:04:05.25` for the cell `2024-01-02T03:04:05.250+02:00`.
    ///
    /// # Panics
    /// When there is no such row.
    pub fn text(&self, row: usize) -> String {
        match &self.values {
            // The sum is 0 for −0, which is the same number.
            Values::Numbers(numbers) => {
                numbers.get(row).map_or(String::new(), |number| (number + 0.0).to_string())
            }
            Values::Dates(dates) => dates.get(row).map_or(String::new(), date::text),
            Values::Categories(categories) => categories.get(row).unwrap_or_default().to_owned(),
        }
    }

    pub(crate) fn values(&self) -> &Values {
        &self.values
    }

    /// As [`select`](Self::select), without the words of other rows.
    fn extract(&self, selection: &Selection<'_>) -> Self {
        let Values::Categories(categories) = &self.values else { return self.select(selection) };
        let mut extracted = Categories::new();
        selection.rows().iter().for_each(|&row| extracted.push(categories.get(row)));
        Self::new(self.name.clone(), self.role, self.position, Values::Categories(extracted))
            .with_grouping_points(self.has_grouping_points)
    }

    fn select(&self, selection: &Selection<'_>) -> Self {
        let selected = Self::new(
            self.name.clone(),
            self.role,
            self.position,
            self.values.with_numbers(self.values.numbers().select(selection)),
        );
        selected.with_grouping_points(self.has_grouping_points)
    }
}

/// Rows of a table that are selected in several columns.
pub(crate) struct Selection<'r> {
    rows: &'r [usize],
    /// For columns of a file: the selection that they had before, and where the rows are in the file. It is
    /// the same for all columns that were selected together.
    #[cfg(feature = "disk")]
    of_file: OnceCell<(Option<FileRows>, FileRows)>,
}

/// Numbers of rows in a file.
#[cfg(feature = "disk")]
pub(crate) type FileRows = Arc<[u32]>;

impl<'r> Selection<'r> {
    pub fn new(rows: &'r [usize]) -> Self {
        Self {
            rows,
            #[cfg(feature = "disk")]
            of_file: OnceCell::new(),
        }
    }

    pub fn rows(&self) -> &'r [usize] {
        self.rows
    }

    /// Where the rows are in a file, of which `before` was selected.
    #[cfg(feature = "disk")]
    pub fn of_file(&self, before: Option<&FileRows>) -> FileRows {
        let row = |&row: &usize| match before {
            Some(before) => before[row],
            None => u32::try_from(row).expect("a table has fewer rows"),
        };
        let new = || self.rows.iter().map(row).collect();
        let (of, rows) = self.of_file.get_or_init(|| (before.cloned(), new()));
        let is_same = match (of, before) {
            (Some(of), Some(before)) => Arc::ptr_eq(of, before),
            (None, None) => true,
            _ => false,
        };
        if is_same { Arc::clone(rows) } else { new() }
    }
}

/// The values of a column. Dates are seconds since 1970.
#[derive(Clone, Debug)]
pub(crate) enum Values {
    Numbers(Numbers),
    Dates(Numbers),
    Categories(Categories),
}

impl Values {
    pub fn kind(&self) -> Kind {
        match self {
            Self::Numbers(_) => Kind::Number,
            Self::Dates(_) => Kind::Date,
            Self::Categories(_) => Kind::Category,
        }
    }

    /// The numbers, dates or codes.
    pub fn numbers(&self) -> &Numbers {
        match self {
            Self::Numbers(numbers) | Self::Dates(numbers) => numbers,
            Self::Categories(categories) => &categories.codes,
        }
    }

    /// The numbers, dates or codes.
    pub fn numbers_mut(&mut self) -> &mut Numbers {
        match self {
            Self::Numbers(numbers) | Self::Dates(numbers) => numbers,
            Self::Categories(categories) => &mut categories.codes,
        }
    }

    /// Other numbers, dates, or codes of the same words.
    pub fn with_numbers(&self, numbers: Numbers) -> Self {
        match self {
            Self::Numbers(_) => Self::Numbers(numbers),
            Self::Dates(_) => Self::Dates(numbers),
            Self::Categories(Categories { dictionary, .. }) => {
                Self::Categories(Categories { codes: numbers, dictionary: dictionary.clone() })
            }
        }
    }
}

/// The line of each row. In most files each row is one line, so only the beginnings of such runs are stored.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lines {
    rows: usize,
    /// First row and line of each run.
    runs: Vec<(usize, u64)>,
}

impl Lines {
    /// `runs`: the first row and line of each run, from row 0 on.
    #[cfg(feature = "disk")]
    pub fn of_runs(rows: usize, runs: Vec<(usize, u64)>) -> Self {
        Self { rows, runs }
    }

    /// The first row and line of each run.
    #[cfg(feature = "disk")]
    pub fn runs(&self) -> &[(usize, u64)] {
        &self.runs
    }

    /// Rows that come from no file: row 0 is on line 1.
    fn numbered(rows: usize) -> Self {
        Self { rows, runs: vec![(0, 1)] }
    }

    pub fn rows(&self) -> usize {
        self.rows
    }

    pub fn push(&mut self, line: u64) {
        let next = self.runs.last().map(|&(row, first)| first + (self.rows - row) as u64);
        if next != Some(line) {
            self.runs.push((self.rows, line));
        }
        self.rows += 1;
    }

    /// # Panics
    /// When there is no such row.
    pub fn of(&self, row: usize) -> u64 {
        assert!(row < self.rows, "there is no row {row}: the table has {}", self.rows);
        let run = self.runs.partition_point(|&(first, _)| first <= row) - 1;
        let (first, line) = self.runs[run];
        line + (row - first) as u64
    }
}
