//! What a file of rows says of itself, after its blocks: columns, words, and where each block is.
//!
//! The last bytes of the file are the position of these contents (8 bytes, little-endian), their CRC-32 (4),
//! the version (4) and [`END`]. They are written last, so a file without them is not whole.

use std::fs::File;
use std::io;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::block_file::{BLOCK, BlockFile, BlockPlace, ColumnBlocks, MAGIC};
use super::{CACHE, DiskNumbers, positioned};
use crate::categories::Categories;
use crate::header::Role;
use crate::table::{Column, Kind, Lines, Table, Values};
use crate::{Error, Reader, Result};

const VERSION: u32 = 2;
const END: [u8; 8] = *b"rows-end";
/// Position, checksum, version and [`END`].
const TRAILER: usize = 8 + 4 + 4 + 8;
/// More lines than any file has, and few enough to be added.
const MOST_LINES: u64 = 1 << 53;

#[derive(Serialize, Deserialize)]
struct Contents {
    /// How the text was read that the table comes from.
    reader: Reader,
    rows: usize,
    /// First row and line of each run of rows on successive lines.
    lines: Vec<(usize, u64)>,
    columns: Vec<StoredColumn>,
}

#[derive(Serialize, Deserialize)]
struct StoredColumn {
    name: String,
    role: Role,
    /// In the text that was read, counted from one.
    position: usize,
    kind: Kind,
    has_grouping_points: bool,
    has_decimal_comma: bool,
    words: Vec<String>,
    /// Position, rows, width and checksum of each block.
    blocks: Vec<(u64, u32, u8, u32)>,
}

/// Ends the file of a table that is on a disk with all of its rows. `reader` has read the table.
pub(super) fn write(table: &Table, reader: &Reader) -> Result<()> {
    // Words are read again to see whether they are numbers, and selections have row numbers of 32 bits.
    table.ensure_read()?;
    if u32::try_from(table.rows()).is_err() {
        let error = io::Error::new(io::ErrorKind::InvalidInput, "expected at most 4294967295 rows");
        return Err(Error::StoreRows { error });
    }
    let columns = table.columns().iter().map(StoredColumn::new);
    let contents = Contents {
        reader: reader.clone(),
        rows: table.rows(),
        lines: table.lines().runs().to_vec(),
        columns: columns.collect(),
    };
    let json = serde_json::to_vec(&contents).expect("these types are written to memory without errors");
    let Some(file) = table.files().next() else { return Ok(()) };
    let position = file.append_bytes(&json)?;
    let (checksum, version) = (crc32fast::hash(&json), VERSION.to_le_bytes());
    file.append_bytes(&[&position.to_le_bytes()[..], &checksum.to_le_bytes(), &version, &END].concat())?;
    table.set_cache(CACHE);
    file.sync()
}

/// Whether a file begins as one of these does.
pub(super) fn is_begun(file: &File) -> bool {
    let mut beginning = [0; MAGIC.len()];
    positioned::read(file, &mut beginning, 0).is_ok_and(|()| beginning == MAGIC)
}

/// The table of a file, and the settings by which it was read.
pub(super) fn read(file: File) -> Result<(Reader, Table)> {
    if !is_begun(&file) {
        return Err(wrong("it does not begin as a file of rows does"));
    }
    let length = file.metadata().map_err(|error| Error::Read { error })?.len();
    let not_whole = || wrong("its end is missing, because it was not written or copied to the end");
    let end = length.checked_sub(TRAILER as u64).ok_or_else(not_whole)?;
    let mut trailer = [0; TRAILER];
    positioned::read(&file, &mut trailer, end).map_err(|error| Error::Read { error })?;
    let Some(fields) = trailer.strip_suffix(&END) else { return Err(not_whole()) };
    let (position, checksum, version) = fields_of(fields);
    if version != VERSION {
        return Err(wrong(&format!("it is of version {version}, expected {VERSION}")));
    }
    let length =
        end.checked_sub(position).and_then(|length| usize::try_from(length).ok()).ok_or_else(damaged)?;
    let mut json = Vec::new();
    // A file may have a hole of any length.
    json.try_reserve_exact(length).map_err(|_| damaged())?;
    json.resize(length, 0);
    positioned::read(&file, &mut json, position).map_err(|error| Error::Read { error })?;
    if crc32fast::hash(&json) != checksum {
        return Err(damaged());
    }
    let contents: Contents = serde_json::from_slice(&json).map_err(|_| damaged())?;
    if !contents.is_consistent() {
        return Err(damaged());
    }
    contents.into_table(file)
}

fn wrong(reason: &str) -> Error {
    Error::StoredRows { reason: reason.to_owned() }
}

fn damaged() -> Error {
    wrong("its list of contents is damaged")
}

fn fields_of(trailer: &[u8]) -> (u64, u32, u32) {
    let four =
        |start: usize| trailer[start..start + 4].try_into().map(u32::from_le_bytes).expect("four bytes");
    let position = trailer[..8].try_into().map(u64::from_le_bytes).expect("eight bytes");
    (position, four(8), four(12))
}

impl Contents {
    /// Whether each column has all rows, in whole blocks but for the last one. The numbers themselves are
    /// checked when they are read.
    fn is_consistent(&self) -> bool {
        let rows_of = |column: &StoredColumn| -> Option<usize> {
            let Some((last, whole)) = column.blocks.split_last() else { return Some(0) };
            let are_whole = whole.iter().all(|&(_, rows, ..)| rows as usize == BLOCK);
            (are_whole && last.1 as usize <= BLOCK).then(|| whole.len() * BLOCK + last.1 as usize)
        };
        self.columns.iter().all(|column| rows_of(column) == Some(self.rows))
            && u32::try_from(self.rows).is_ok()
            && self.lines.first().map_or(self.rows == 0, |&(row, _)| row == 0)
            && self.lines.is_sorted_by(|one, next| one.0 < next.0 && one.1 < next.1)
            && self.lines.iter().all(|&(row, line)| row < self.rows && line <= MOST_LINES)
            && self.columns.iter().all(|column| column.position > 0)
    }

    fn into_table(self, file: File) -> Result<(Reader, Table)> {
        let file = Arc::new(BlockFile::with_blocks(file, self.columns.iter().map(StoredColumn::blocks)));
        let column = |(place, column): (usize, StoredColumn)| {
            column.into_column(DiskNumbers::all(&file, place, self.rows)).ok_or_else(damaged)
        };
        let columns = self.columns.into_iter().enumerate().map(column).collect::<Result<_>>()?;
        let table = Table::new(columns, Lines::of_runs(self.rows, self.lines))?;
        Ok((self.reader, table.with_cache(CACHE)))
    }
}

impl StoredColumn {
    fn new(column: &Column) -> Self {
        let numbers = column.values().numbers().on_disk().expect("all columns of the table are on the disk");
        let place = |BlockPlace { position, rows, width, checksum }| (position, rows, width, checksum);
        Self {
            name: column.name().to_owned(),
            role: column.role(),
            position: column.position(),
            kind: column.kind(),
            has_grouping_points: column.has_grouping_points(),
            has_decimal_comma: column.has_decimal_comma(),
            words: column.words().map(str::to_owned).collect(),
            blocks: numbers.file().places(numbers.column()).into_iter().map(place).collect(),
        }
    }

    fn blocks(&self) -> ColumnBlocks {
        let place = |&(position, rows, width, checksum)| BlockPlace { position, rows, width, checksum };
        let words = (self.kind == Kind::Category).then_some(self.words.len());
        ColumnBlocks::at(self.blocks.iter().map(place).collect(), words)
    }

    /// `None` if a word is there twice.
    fn into_column(self, numbers: DiskNumbers) -> Option<Column> {
        let numbers = numbers.into();
        let values = match self.kind {
            Kind::Number => Values::Numbers(numbers),
            Kind::Date => Values::Dates(numbers),
            Kind::Category => {
                let mut categories = Categories { codes: numbers, ..Categories::new() };
                for word in &self.words {
                    categories.dictionary.insert(word);
                }
                if categories.dictionary.len() < self.words.len() {
                    return None;
                }
                Values::Categories(categories)
            }
        };
        let column = Column::new(self.name, self.role, self.position, values)
            .with_decimal_comma(self.has_decimal_comma)
            .with_grouping_points(self.has_grouping_points);
        Some(column)
    }
}
