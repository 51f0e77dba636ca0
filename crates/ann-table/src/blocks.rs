//! Tables of any size, some rows at a time.

use std::collections::HashMap;
use std::fmt;
use std::io::Read;

use crate::gzip::decompressed;
use crate::kinds::Builder;
use crate::read::{Dialect, Pass};
use crate::rows::Row;
use crate::table::{Lines, Table};
use crate::{Error, Kind, Reader, Result, Schema};

/// The rows of an input as tables of some rows each: an iterator, made by [`Reader::blocks`]. It ends after
/// an error.
pub struct Blocks<'r> {
    reader: Reader,
    pass: Pass<Box<dyn Read + 'r>>,
    /// All kinds are stated.
    kinds: Vec<(Kind, bool)>,
    most_rows: usize,
    /// Whether no block was read yet.
    is_first: bool,
    is_done: bool,
}

impl Reader {
    /// Reads an input of any size, which may be compressed by gzip, as tables of at most `rows` rows. Memory
    /// grows with the rows of a block, not with the input.
    ///
    /// The columns of the schema have the kinds that were learned, so no block contradicts another: a word in
    /// a column of numbers is an error. Columns that the schema does not know hold categories, so that their
    /// texts are kept as they are, unless [`kinds`](Self::kinds) says otherwise.
    ///
    /// ```
    /// use ann_table::{Reader, Schema, SchemaOptions, Table};
    ///
    /// let table = Table::read("x,city,y\n1,Bonn,a\n2,Trier,b\n".as_bytes())?;
    /// let schema = Schema::learn(&table, &["y"], &SchemaOptions::default())?;
    /// let large = "x,city\n1,Trier\n2,Bonn\n3,Bonn\n";
    /// for block in Reader::default().blocks(large.as_bytes(), &schema, 2)? {
    ///     let x = schema.features::<f32>(&block?)?;
    ///     assert!(x.nrows() <= 2);
    /// }
    /// # Ok::<(), ann_table::Error>(())
    /// ```
    ///
    /// # Errors
    /// The input cannot be read, is no table, or lacks columns of the schema; or the settings name columns
    /// that it does not have. Later rows that cannot be read are errors of their block.
    ///
    /// # Panics
    /// When `rows` is 0.
    pub fn blocks<'r>(&self, input: impl Read + 'r, schema: &Schema, rows: usize) -> Result<Blocks<'r>> {
        let names = schema.columns.iter().map(|column| column.name.as_str());
        self.begin_blocks(input, &names.collect::<Vec<_>>(), &schema.all_kinds().collect(), rows)
    }

    /// As [`blocks`](Self::blocks), where the input must have the columns of these names, with these kinds:
    /// for the models of several schemas.
    ///
    /// # Errors
    /// As [`blocks`](Self::blocks).
    ///
    /// # Panics
    /// When `rows` is 0.
    pub fn blocks_of<'r>(
        &self,
        input: impl Read + 'r,
        columns: &[(String, Kind)],
        rows: usize,
    ) -> Result<Blocks<'r>> {
        let names: Vec<&str> = columns.iter().map(|(name, _)| name.as_str()).collect();
        let kinds = columns.iter().map(|(name, kind)| (name.as_str(), *kind)).collect();
        self.begin_blocks(input, &names, &kinds, rows)
    }

    /// `needed` are the names of columns that must be there.
    fn begin_blocks<'r>(
        &self,
        input: impl Read + 'r,
        needed: &[&str],
        learned: &HashMap<&str, Kind>,
        rows: usize,
    ) -> Result<Blocks<'r>> {
        assert!(rows > 0, "a block has at least one row");
        let input = decompressed(input).map_err(|error| Error::Read { error })?;
        let pass = Pass::begin(self, input)?;
        // A column of the schema that is missing is said with all others that are.
        self.check_names(&pass.header, |name| learned.contains_key(name))?;
        let names = pass.header.names();
        let is_missing = |name: &&&str| !names.iter().any(|known| known == **name);
        let missing: Vec<String> = needed.iter().filter(is_missing).map(ToString::to_string).collect();
        if !missing.is_empty() {
            return Err(Error::MissingColumns { missing, columns: names });
        }
        let own: HashMap<&str, Kind> = self.kinds.iter().map(|(name, kind)| (name.as_str(), *kind)).collect();
        let kind = |name: &str| learned.get(name).or(own.get(name)).copied().unwrap_or(Kind::Category);
        let kinds = pass.header.columns().iter().map(|column| (kind(&column.name), true)).collect();
        Ok(Blocks { reader: self.clone(), pass, kinds, most_rows: rows, is_first: true, is_done: false })
    }
}

impl Blocks<'_> {
    /// The names of all columns of the input, also of those that the reader leaves out.
    pub fn names(&self) -> Vec<String> {
        self.pass.header.names()
    }

    /// How the input is written.
    pub fn dialect(&self) -> Dialect {
        self.pass.dialect()
    }

    /// The next block, as the iterator has it. Before, each of its rows is shown to the caller, who may copy
    /// the text as it is in the input.
    pub fn next_with(&mut self, see: impl FnMut(&Row)) -> Option<Result<Table>> {
        if self.is_done {
            return None;
        }
        let block = self.read(see).transpose();
        self.is_done = !matches!(block, Some(Ok(_)));
        block
    }

    /// `None` after the last row.
    fn read(&mut self, see: impl FnMut(&Row)) -> Result<Option<Table>> {
        let mut builders = self.pass.builders(&self.reader, &self.kinds, |_| true);
        let mut lines = Lines::default();
        self.pass.read(&mut builders, &mut lines, self.most_rows, see)?;
        if lines.rows() == 0 {
            return if self.is_first { Err(Error::NoRows) } else { Ok(None) };
        }
        self.is_first = false;
        let column = |(column, builder): (usize, Option<Builder>)| {
            Some(self.pass.column(column, builder?.into_values()))
        };
        Table::new(builders.into_iter().enumerate().filter_map(column).collect(), lines).map(Some)
    }
}

impl Iterator for Blocks<'_> {
    type Item = Result<Table>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_with(|_| {})
    }
}

impl fmt::Debug for Blocks<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Blocks")
            .field("reader", &self.reader)
            .field("kinds", &self.kinds)
            .finish_non_exhaustive()
    }
}
