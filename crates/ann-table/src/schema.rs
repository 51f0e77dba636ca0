//! How the columns of a table become the inputs of a network, learned from rows and applied to others.

use ndarray::Array2;
use num_traits::Float;

use crate::table::{Kind, Table};
use crate::{Error, Result};

mod categories;
mod dates;
mod encoder;
mod find;
mod input_rows;
mod learn;
mod numbers;
mod target;

pub use categories::CategoryEncoding;
pub use dates::{DateEncoding, DatePart};
pub use input_rows::InputRows;
pub use learn::{Ignored, IgnoredColumn, SchemaOptions};
pub use numbers::{NumberEncoding, Pieces};
pub use target::{LabelTarget, NumberTarget, Target, TargetValues, Task};

/// What was learned from the rows of a table: how each column becomes inputs of a network, and what the
/// outputs mean. Plain data: a schema can be written down and read by other programs.
///
/// The inputs are the plain ones of every column, in order, and after them the piecewise-linear ones.
///
/// ```
/// use ann_table::{Schema, SchemaOptions, Table};
///
/// let text = "age,city,plan\n31,Bonn,a\n52,Köln,b\n?,Bonn,b\n48,Trier,a\n";
/// let table = Table::read(text.as_bytes())?;
/// let schema = Schema::learn(&table, &["plan"], &SchemaOptions::default())?;
/// // Age, whether it is missing, and a column for each city.
/// assert_eq!(schema.plain_inputs(), 5);
/// let x = schema.features::<f64>(&table)?;
/// assert_eq!(x.row(2).to_vec()[..2], [0.0, 1.0]); // the median, and missing
/// assert_eq!(schema.target.outputs(), 2); // the classes a and b
/// # Ok::<(), ann_table::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Schema {
    /// The columns that are used, in the order of the table.
    pub columns: Vec<ColumnSchema>,
    /// The columns that are left out, and why.
    pub ignored: Vec<IgnoredColumn>,
    /// What is predicted.
    pub target: Target,
}

/// How a column becomes inputs.
#[derive(Clone, Debug, PartialEq)]
pub struct ColumnSchema {
    /// The name of the column.
    pub name: String,
    /// Its kind, and the numbers and words of its encoding.
    pub encoding: Encoding,
}

/// The encoding of a column.
#[derive(Clone, Debug, PartialEq)]
pub enum Encoding {
    /// One input, scaled; another where the cell may be missing; and piecewise-linear ones.
    Number(NumberEncoding),
    /// One input for each word.
    Category(CategoryEncoding),
    /// One input for each part of the date.
    Date(DateEncoding),
}

/// A cell to encode.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cell<'a> {
    /// A number, or a date as seconds since 1970.
    Number(f64),
    /// A word.
    Word(&'a str),
    /// Nothing.
    Missing,
}

impl Encoding {
    /// The kind of column that this encoding is for.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Number(_) => Kind::Number,
            Self::Category(_) => Kind::Category,
            Self::Date(_) => Kind::Date,
        }
    }

    /// Number of plain inputs.
    pub fn plain_inputs(&self) -> usize {
        match self {
            Self::Number(number) => number.plain_inputs(),
            Self::Category(category) => category.inputs(),
            Self::Date(date) => date.inputs(),
        }
    }

    /// Number of piecewise-linear inputs.
    pub fn piecewise_inputs(&self) -> usize {
        match self {
            Self::Number(NumberEncoding { pieces: Some(pieces), .. }) => pieces.means.len(),
            _ => 0,
        }
    }

    /// A name for each plain input of the column `name`.
    fn plain_input_names(&self, name: &str) -> Vec<String> {
        let missing = |has_flag: bool| has_flag.then(|| format!("{name} is missing"));
        match self {
            Self::Number(number) => [name.to_owned()].into_iter().chain(missing(number.has_flag)).collect(),
            Self::Category(category) => {
                let other = category.has_other.then(|| format!("{name} is another word"));
                // The input of a pair is 1 for the second word and −1 for the first.
                let first = usize::from(category.is_pair());
                let words = category.categories[first..].iter().map(|word| format!("{name} = {word}"));
                words.chain(other).chain(missing(category.has_missing)).collect()
            }
            Self::Date(date) => (1..=date.inputs()).map(|part| format!("{name}, part {part}")).collect(),
        }
    }

    /// Overwrites the inputs of one cell. Both slices are as long as this encoding has inputs.
    fn encode<F: Float>(&self, cell: Cell<'_>, plain: &mut [F], piecewise: &mut [F]) {
        match self {
            Self::Number(number) => number.encode(cell, plain, piecewise),
            Self::Category(category) => category.encode(cell, plain),
            Self::Date(date) => date.encode(cell, plain),
        }
    }
}

impl Schema {
    /// The same schema with numbers as they are in the table: neither plain inputs nor targets are scaled.
    /// Piecewise-linear inputs, words and dates stay as they are.
    ///
    /// ```
    /// use ann_table::{Schema, SchemaOptions, Table};
    ///
    /// let table = Table::read("x,y\n10,a\n20,b\n70,a\n".as_bytes())?;
    /// let schema = Schema::learn(&table, &["y"], &SchemaOptions { bins: 0, ..SchemaOptions::default() })?;
    /// assert_eq!(schema.unscaled().features::<f64>(&table)?.column(0).to_vec(), [10.0, 20.0, 70.0]);
    /// # Ok::<(), ann_table::Error>(())
    /// ```
    #[must_use]
    pub fn unscaled(mut self) -> Self {
        for column in &mut self.columns {
            if let Encoding::Number(number) = &mut column.encoding {
                (number.center, number.scale, number.squash) = (0.0, 1.0, None);
            }
        }
        if let Target::Numbers(columns) = &mut self.target {
            columns.iter_mut().for_each(|column| (column.center, column.scale) = (0.0, 1.0));
        }
        self
    }

    /// Number of plain inputs.
    pub fn plain_inputs(&self) -> usize {
        self.columns.iter().map(|column| column.encoding.plain_inputs()).sum()
    }

    /// Number of inputs, the piecewise-linear ones included.
    pub fn inputs(&self) -> usize {
        self.plain_inputs()
            + self.columns.iter().map(|column| column.encoding.piecewise_inputs()).sum::<usize>()
    }

    /// A name for each of the [`plain_inputs`](Self::plain_inputs), for people: `age`, `age is missing`,
    /// `city = Bonn`.
    pub fn plain_input_names(&self) -> Vec<String> {
        self.columns.iter().flat_map(|column| column.encoding.plain_input_names(&column.name)).collect()
    }

    /// The names of the columns that are used, and their kinds, for [`Reader::kinds`](crate::Reader::kinds):
    /// a file to predict is then read as the one that was learned from, though few of its rows may look
    /// otherwise.
    pub fn kinds(&self) -> Vec<(String, Kind)> {
        self.columns.iter().map(|column| (column.name.clone(), column.encoding.kind())).collect()
    }

    /// The kinds of all columns that are used, and of the targets.
    pub(crate) fn all_kinds(&self) -> impl Iterator<Item = (&str, Kind)> {
        let target = self.target.kind();
        let columns = self.columns.iter().map(|column| (column.name.as_str(), column.encoding.kind()));
        columns.chain(self.target.names().into_iter().map(move |name| (name, target)))
    }

    /// The inputs of all rows, shape (rows, [`inputs`](Self::inputs)). Columns are found by name; others are
    /// not looked at.
    ///
    /// # Errors
    /// A column is not in the table, or is of another kind than the one that was learned from.
    pub fn features<F: Float>(&self, table: &Table) -> Result<Array2<F>> {
        self.all_inputs(table, self.inputs())
    }

    /// As [`features`](Self::features), without the piecewise-linear inputs: shape (rows,
    /// [`plain_inputs`](Self::plain_inputs)), the first columns of the others.
    ///
    /// # Errors
    /// As [`features`](Self::features).
    pub fn plain_features<F: Float>(&self, table: &Table) -> Result<Array2<F>> {
        self.all_inputs(table, self.plain_inputs())
    }

    fn all_inputs<F: Float>(&self, table: &Table, width: usize) -> Result<Array2<F>> {
        table.unless_damaged(|| Ok(self.input_rows(table, width)?.all()))
    }

    /// The inputs of rows as they are needed, without the memory that [`features`](Self::features) takes: the
    /// first `width` inputs, which are the plain ones or all of them. Cells of a file that cannot be read are
    /// taken for missing ones; [`Table::ensure_read`] says so afterwards.
    ///
    /// # Errors
    /// As [`features`](Self::features).
    ///
    /// # Panics
    /// When `width` is neither [`plain_inputs`](Self::plain_inputs) nor [`inputs`](Self::inputs).
    pub fn input_rows<'a, F: Float>(&'a self, table: &'a Table, width: usize) -> Result<InputRows<'a, F>> {
        InputRows::new(self, table, width)
    }

    /// Overwrites `inputs` with those of one row, whose cells are in the order of [`columns`](Self::columns).
    ///
    /// # Errors
    /// The number of cells or inputs is wrong, or a cell is of another kind than its column.
    pub fn encode_row<F: Float>(&self, cells: &[Cell<'_>], inputs: &mut [F]) -> Result<()> {
        if cells.len() != self.columns.len() {
            let columns = self.columns.iter().map(|column| column.name.clone()).collect();
            return Err(Error::RowLength { found: cells.len(), columns });
        }
        if inputs.len() != self.inputs() {
            return Err(Error::InputsLength { found: inputs.len(), expected: self.inputs() });
        }
        for (column, cell) in self.columns.iter().zip(cells) {
            let is_fitting = match cell {
                Cell::Number(_) => column.encoding.kind() != Kind::Category,
                Cell::Word(_) => column.encoding.kind() == Kind::Category,
                Cell::Missing => true,
            };
            if !is_fitting {
                let found = if matches!(cell, Cell::Word(_)) { Kind::Category } else { Kind::Number };
                let (column, expected) = (column.name.clone(), column.encoding.kind());
                return Err(Error::OtherKind { column, found, expected });
            }
        }
        self.encode(inputs, |column, plain, piecewise| {
            self.columns[column].encoding.encode(cells[column], plain, piecewise);
        });
        Ok(())
    }

    /// Calls `encode` for each column with its plain and its piecewise-linear inputs.
    fn encode<F: Float>(&self, inputs: &mut [F], encode: impl Fn(usize, &mut [F], &mut [F])) {
        let (mut plain, mut piecewise) = inputs.split_at_mut(self.plain_inputs());
        for (index, column) in self.columns.iter().enumerate() {
            let (these, later) = plain.split_at_mut(column.encoding.plain_inputs());
            let (pieces, later_pieces) = piecewise.split_at_mut(column.encoding.piecewise_inputs());
            encode(index, these, pieces);
            (plain, piecewise) = (later, later_pieces);
        }
    }
}
