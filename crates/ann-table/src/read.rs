//! From text to a table.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::slice;

use crate::cell::{Content, Notation};
use crate::gzip::decompressed;
use crate::header::{Header, HeaderColumn, Role};
use crate::headerless::{self, Below};
use crate::kinds::{Builder, Contents, Outcome};
use crate::rows::{Row, Rows};
use crate::table::{Column, Lines, Table, Values};
use crate::text::Text;
use crate::{Error, Kind, Result, dialect};

/// Number of rows from which kinds are guessed. A wrong guess costs time only.
const FIRST_ROWS: usize = 1000;
/// Number of rows whose cells are read column by column: so few that they stay in the processor's cache.
const BATCH: usize = 64;

/// How a text is read: CSV, or an Orange .tab file.
///
/// The default finds everything out. [`Table::open`] and [`Table::read`] use it.
///
/// ```
/// use ann_table::{Kind, Reader, Table};
///
/// let text = "zip;price;note\n04109;1,5;a\n10115;n.a.;b\n";
/// let reader = Reader { missing: vec!["n.a.".into()], ignore: vec!["note".into()], ..Reader::default() };
/// let table = reader.read(text.as_bytes())?;
/// assert_eq!(table.column("zip")?.kind(), Kind::Category); // a leading zero
/// assert_eq!(table.column("price")?.number(0), Some(1.5));
/// assert_eq!(table.column("price")?.number(1), None);
/// # Ok::<(), ann_table::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "disk", derive(serde::Serialize, serde::Deserialize), serde(default))]
pub struct Reader {
    /// What is between cells: an ASCII character. Default `None`: comma, semicolon, tab or bar, whichever
    /// divides the first rows, a thousand at most, into the same number of cells.
    pub separator: Option<char>,
    /// Whether a comma is before the decimals. Default `None`: if it is not the separator and more numbers
    /// are written with a comma than with a point; `1,000` does not count, because it may be a thousand.
    pub decimal_comma: Option<bool>,
    /// Whether the first line names the columns. Default true. Otherwise they are `column_1`, `column_2`, ….
    pub header: bool,
    /// Words for a missing value in every column, beside an empty cell and `?`. (In columns of numbers and
    /// dates NA, N/A, NaN, NULL and None, in any case, are always missing.)
    pub missing: Vec<String>,
    /// Words for a missing value in single columns: (column, word).
    pub missing_in: Vec<(String, String)>,
    /// Kinds of single columns. A cell that is not of its kind is then an error.
    pub kinds: Vec<(String, Kind)>,
    /// Columns to leave out.
    pub ignore: Vec<String>,
    /// If not empty, the columns to read; all others are left out.
    pub only: Vec<String>,
}

impl Default for Reader {
    fn default() -> Self {
        Self {
            separator: None,
            decimal_comma: None,
            header: true,
            missing: vec![],
            missing_in: vec![],
            kinds: vec![],
            ignore: vec![],
            only: vec![],
        }
    }
}

impl Reader {
    /// Reads a file, which may be compressed by gzip. It is read block by block, and a second time if the
    /// kind of a column cannot be seen in its first rows.
    ///
    /// # Errors
    /// As [`read`](Self::read), each with the path.
    pub fn open(&self, path: impl AsRef<Path>) -> Result<Table> {
        let path = path.as_ref();
        let read = || {
            let file = File::open(path).map_err(|error| Error::Read { error })?;
            // A pipe cannot be read a second time.
            let is_file = file.metadata().is_ok_and(|metadata| metadata.is_file());
            if is_file { self.read_passes(|| File::open(path), Memory) } else { self.read(file) }
        };
        read().map_err(|error| Error::InFile { path: path.to_owned(), error: Box::new(error) })
    }

    /// Reads any input, which may be compressed by gzip. The whole input is held in memory while it is read.
    ///
    /// # Errors
    /// The input cannot be read, is no table, or names columns in these settings that it does not have.
    pub fn read(&self, mut input: impl Read) -> Result<Table> {
        let mut bytes = Vec::new();
        input.read_to_end(&mut bytes).map_err(|error| Error::Read { error })?;
        self.read_passes(|| Ok(&bytes[..]), Memory)
    }

    /// How an input is written, by its first rows.
    ///
    /// # Errors
    /// The input cannot be read or is no table.
    pub fn dialect(&self, input: impl Read) -> Result<Dialect> {
        let input = decompressed(input).map_err(|error| Error::Read { error })?;
        Ok(Pass::begin(self, input)?.dialect())
    }

    /// The names of all columns, also of those that the reader leaves out.
    ///
    /// # Errors
    /// The input cannot be read or is no table.
    pub fn names(&self, input: impl Read) -> Result<Vec<String>> {
        let input = decompressed(input).map_err(|error| Error::Read { error })?;
        Ok(Pass::begin(self, input)?.header.names())
    }

    /// Reads until the kind of each column holds for all rows: at most three times, because a guess of
    /// numbers may become dates, and then words.
    pub(crate) fn read_passes<R: Read>(
        &self,
        open: impl Fn() -> io::Result<R>,
        mut store: impl CellStore,
    ) -> Result<Table> {
        let mut columns: Vec<Option<Column>> = vec![];
        let mut guesses: Vec<Option<Kind>> = vec![];
        loop {
            let input = open().and_then(decompressed).map_err(|error| Error::Read { error })?;
            let mut pass = Pass::begin(self, input)?;
            self.check_names(&pass.header, |_| false)?;
            columns.resize_with(pass.header.columns().len(), || None);
            guesses.resize(columns.len(), None);
            let kinds = pass.kinds(self, &guesses)?;
            let mut builders = pass.builders(self, &kinds, |column| columns[column].is_none());
            let lines = pass.read_all(&mut builders, &mut store)?;
            if lines.rows() == 0 {
                return Err(Error::NoRows);
            }
            for (column, builder) in builders.into_iter().enumerate() {
                let Some(builder) = builder else { continue };
                match builder.finish()? {
                    Outcome::Values { values, has_grouping_points } => {
                        // Where commas separate cells, points are before decimals.
                        let has_grouping_points = has_grouping_points && pass.dialect.separator != ',';
                        let found = pass.column(column, values).with_grouping_points(has_grouping_points);
                        columns[column] = Some(found);
                    }
                    Outcome::ReadAgain(kind) => guesses[column] = Some(kind),
                }
            }
            let is_done =
                |(column, found): (usize, &Option<Column>)| found.is_some() || pass.is_left_out(self, column);
            if columns.iter().enumerate().all(is_done) {
                headerless::check(&pass.header, || below(&columns))?;
                return Table::new(columns.into_iter().flatten().collect(), lines);
            }
        }
    }
}

/// Where the cells of columns are while a table is read.
pub(crate) trait CellStore {
    /// Number of rows after which cells are taken.
    const BLOCK: usize;

    /// These columns are read, from their first row on.
    fn begin(&mut self, builders: &[Option<Builder>]) -> Result<()>;

    /// Takes the cells of the rows that were read since the last time.
    fn take(&mut self, builders: &mut [Option<Builder>]) -> Result<()>;

    /// Gives the builders the cells of all rows.
    fn end(&mut self, builders: &mut [Option<Builder>], rows: usize);
}

/// The cells stay in the builders.
struct Memory;

impl CellStore for Memory {
    const BLOCK: usize = usize::MAX;

    fn begin(&mut self, _: &[Option<Builder>]) -> Result<()> {
        Ok(())
    }

    fn take(&mut self, _: &mut [Option<Builder>]) -> Result<()> {
        Ok(())
    }

    fn end(&mut self, _: &mut [Option<Builder>], _: usize) {}
}

/// How the cells of a text are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dialect {
    /// What is between cells.
    pub separator: char,
    /// Whether a comma is before the decimals.
    pub decimal_comma: bool,
    /// Whether lines end with CR and LF, as the first one does.
    pub has_crlf: bool,
    /// Whether the text begins with a byte order mark, by which spreadsheets know UTF-8.
    pub has_byte_order_mark: bool,
}

/// One reading of the input.
pub(crate) struct Pass<R> {
    rows: Rows<R>,
    pub header: Header,
    dialect: Dialect,
    notation: Notation,
}

impl<R: Read> Pass<R> {
    /// Reads the header.
    pub fn begin(reader: &Reader, input: R) -> Result<Self> {
        let text = Text::new(input)?;
        let separator = reader.separator.unwrap_or_else(|| dialect::separator(text.beginning()));
        let (has_crlf, has_byte_order_mark) = (text.has_crlf(), text.has_byte_order_mark());
        let mut rows = Rows::of_text(text, separator)?;
        let header = if reader.header {
            Header::read(&mut rows)?
        } else {
            Header::numbered(rows.peek(1)?.first().ok_or(Error::Empty)?.len())
        };
        let notation = match reader.decimal_comma {
            Some(has_decimal_comma) => Notation { has_decimal_comma },
            None => dialect::notation(rows.peek(FIRST_ROWS)?, separator),
        };
        let decimal_comma = notation.has_decimal_comma;
        let dialect = Dialect { separator, decimal_comma, has_crlf, has_byte_order_mark };
        Ok(Self { rows, header, dialect, notation })
    }

    /// The kind of each column, and whether it is stated. Other kinds are guesses, from an earlier pass or
    /// from the first rows.
    fn kinds(&mut self, reader: &Reader, guesses: &[Option<Kind>]) -> Result<Vec<(Kind, bool)>> {
        let columns = self.header.columns();
        let missing: Vec<Vec<String>> =
            columns.iter().map(|column| reader.missing_words(&column.name)).collect();
        let mut contents = vec![Contents::default(); columns.len()];
        for row in self.rows.peek(FIRST_ROWS)? {
            for ((contents, cell), missing) in contents.iter_mut().zip(row.cells()).zip(&missing) {
                if !missing.iter().any(|word| word == cell) {
                    contents.count(Content::of(cell, self.notation), || (row.line(), cell.to_owned()));
                }
            }
        }
        let kind = |(column, contents): (usize, Contents)| {
            let HeaderColumn { name, kind, .. } = &columns[column];
            let own = reader.kinds.iter().find(|(own, _)| own == name).map(|(_, kind)| *kind);
            match own.or(*kind) {
                Some(kind) => (kind, true),
                None => (guesses[column].unwrap_or_else(|| contents.kind()), false),
            }
        };
        Ok(contents.into_iter().enumerate().map(kind).collect())
    }

    /// A builder for each column that is needed. Of a kind it is said whether it is stated.
    pub fn builders(
        &self,
        reader: &Reader,
        kinds: &[(Kind, bool)],
        is_needed: impl Fn(usize) -> bool,
    ) -> Vec<Option<Builder>> {
        let builder = |(column, &(kind, is_stated)): (usize, &(Kind, bool))| {
            let name = &self.header.columns()[column].name;
            let is_built = is_needed(column) && !self.is_left_out(reader, column);
            is_built.then(|| Builder::new(name, self.notation, reader.missing_words(name), kind, is_stated))
        };
        kinds.iter().enumerate().map(builder).collect()
    }

    /// Reads all rows, whose cells the store keeps.
    fn read_all<S: CellStore>(&mut self, builders: &mut [Option<Builder>], store: &mut S) -> Result<Lines> {
        let mut lines = Lines::default();
        store.begin(builders)?;
        loop {
            let before = lines.rows();
            self.read(builders, &mut lines, S::BLOCK, |_| {})?;
            if lines.rows() == before {
                break;
            }
            store.take(builders)?;
        }
        store.end(builders, lines.rows());
        Ok(lines)
    }

    /// Reads the next rows, at most this number, and shows each of them to the caller.
    pub fn read(
        &mut self,
        builders: &mut [Option<Builder>],
        lines: &mut Lines,
        most: usize,
        mut see: impl FnMut(&Row),
    ) -> Result<()> {
        let width = self.header.columns().len();
        let end = lines.rows().saturating_add(most);
        while lines.rows() < end {
            let rows = self.rows.next_rows(BATCH.min(end - lines.rows()))?;
            if rows.is_empty() {
                break;
            }
            let (whole, others) = rows.split_at(rows.iter().take_while(|row| row.len() == width).count());
            for row in whole {
                lines.push(row.line());
                see(row);
            }
            push_rows(builders, whole)?;
            if let Some(row) = others.first() {
                return Err(row.wrong_length(width));
            }
        }
        Ok(())
    }

    /// How the input is written.
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    pub fn column(&self, column: usize, values: Values) -> Column {
        let HeaderColumn { name, role, .. } = &self.header.columns()[column];
        let column = Column::new(name.clone(), *role, column + 1, values);
        column.with_decimal_comma(self.dialect.decimal_comma)
    }

    fn is_left_out(&self, reader: &Reader, column: usize) -> bool {
        reader.leaves_out(&self.header.columns()[column])
    }
}

/// Adds the cells of these rows, column by column.
///
/// # Errors
/// A cell is of another kind than was stated: the first one, row by row.
fn push_rows(builders: &mut [Option<Builder>], rows: &[Row]) -> Result<()> {
    let mut push = |rows: &[Row]| {
        let mut builders = builders.iter_mut().enumerate();
        builders.try_for_each(|(column, builder)| match builder {
            Some(builder) => builder.push(rows, column),
            None => Ok(()),
        })
    };
    // A later column may have a mistake in an earlier row.
    push(rows).map_err(|error| rows.iter().find_map(|row| push(slice::from_ref(row)).err()).unwrap_or(error))
}

impl Reader {
    fn leaves_out(&self, column: &HeaderColumn) -> bool {
        let is_in = |names: &[String]| names.contains(&column.name);
        is_in(&self.ignore) || (!self.only.is_empty() && !is_in(&self.only)) || column.role == Role::Ignored
    }

    fn missing_words(&self, name: &str) -> Vec<String> {
        let own = self.missing_in.iter().filter(|(column, _)| column == name).map(|(_, word)| word);
        self.missing.iter().chain(own).cloned().collect()
    }

    /// Every name in the settings must be that of a column, or be known otherwise.
    pub(crate) fn check_names(&self, header: &Header, is_known: impl Fn(&str) -> bool) -> Result<()> {
        let pairs =
            self.missing_in.iter().map(|(name, _)| name).chain(self.kinds.iter().map(|(name, _)| name));
        for name in pairs.chain(&self.ignore).chain(&self.only) {
            if !is_known(name) && !header.columns().iter().any(|column| column.name == *name) {
                return Err(Error::UnknownColumn { found: name.clone(), columns: header.names() });
            }
        }
        Ok(())
    }
}

/// What is below each name, for columns that were read.
fn below(columns: &[Option<Column>]) -> Vec<(usize, Below)> {
    let below = |(position, column): (usize, &Option<Column>)| {
        let column = column.as_ref()?;
        let below = match column.values() {
            Values::Numbers(numbers) => Below::numbers(numbers.iter().flatten()),
            Values::Categories(categories) => {
                Below::Words { include_name: categories.dictionary.code(column.name()).is_some() }
            }
            Values::Dates(_) => Below::Words { include_name: false },
        };
        Some((position, below))
    };
    columns.iter().enumerate().filter_map(below).collect()
}
