//! Tables whose cells are in a file instead of in memory, for more rows than memory holds.
//!
//! The file holds each column in blocks of rows: its numbers or, for words, their positions in a dictionary.
//! A block is read when one of its cells is needed, and kept for the next ones. So whatever is done with a
//! table in memory can be done with such a table, and gives the same bits.

mod block_file;
mod contents;
mod numbers;
mod positioned;

use std::fs::File;
use std::io;
use std::mem;
use std::path::Path;
use std::sync::Arc;

use crate::kinds::Builder;
use crate::numbers::Numbers;
use crate::read::CellStore;
use crate::table::{Column, Table};
use crate::{Error, Reader, Result};

pub(crate) use block_file::{BLOCK, BlockFile};
pub(crate) use numbers::DiskNumbers;

/// Memory for cells that are kept, unless [`Table::with_cache`] says otherwise.
const CACHE: usize = 64 << 20;

impl Reader {
    /// Reads a file as [`open`](Self::open) does, but keeps the cells in `store`, an empty file that is open
    /// for reading and writing. Distinct words stay in memory, each once, and so does what is kept of the
    /// cells: see [`Table::with_cache`].
    ///
    /// If `store` has a name, [`Table::open_stored`] opens the table again. A temporary file without a name
    /// is gone with the table.
    ///
    /// ```
    /// use std::io::Write;
    ///
    /// use ann_table::{Reader, Table};
    ///
    /// let mut text = tempfile::NamedTempFile::new()?;
    /// text.write_all(b"city,area\nBonn,70.5\nTrier,81\n")?;
    /// let table = Reader::default().open_on_disk(text.path(), tempfile::tempfile()?)?;
    /// assert_eq!(table.column("area")?.number(1), Some(81.0));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`open`](Self::open); `path` is no file but a pipe, which cannot be read a second time; `store`
    /// cannot be written, or is not empty.
    pub fn open_on_disk(&self, path: impl AsRef<Path>, store: File) -> Result<Table> {
        let path = path.as_ref();
        let read = || {
            if !std::fs::metadata(path).map_err(|error| Error::Read { error })?.is_file() {
                let error =
                    io::Error::new(io::ErrorKind::InvalidInput, "this is no file, which can be read twice");
                return Err(Error::Read { error });
            }
            let table = self.read_passes(|| File::open(path), Disk::New(Some(store)))?;
            contents::write(&table, self)?;
            Ok(table)
        };
        read().map_err(|error| Error::InFile { path: path.to_owned(), error: Box::new(error) })
    }

    /// The table of a file, as [`Table::open_stored`], and the settings with which
    /// [`open_on_disk`](Self::open_on_disk) has read it. They are the default for a file of [`Table::store`].
    ///
    /// # Errors
    /// As [`Table::open_stored`].
    pub fn open_stored(path: impl AsRef<Path>) -> Result<(Self, Table)> {
        let path = path.as_ref();
        let opened = File::open(path).map_err(|error| Error::Read { error }).and_then(contents::read);
        opened.map_err(|error| Error::InFile { path: path.to_owned(), error: Box::new(error) })
    }
}

/// The file in which cells are kept.
enum Disk {
    New(Option<File>),
    Begun(Arc<BlockFile>),
}

impl Disk {
    /// # Panics
    /// Before [`begin`](CellStore::begin).
    fn file(&self) -> &Arc<BlockFile> {
        match self {
            Self::Begun(file) => file,
            Self::New(_) => unreachable!("`begin` comes first"),
        }
    }
}

impl CellStore for Disk {
    const BLOCK: usize = BLOCK;

    fn begin(&mut self, builders: &[Option<Builder>]) -> Result<()> {
        if let Self::New(file) = self
            && let Some(file) = file.take()
        {
            *self = Self::Begun(Arc::new(BlockFile::new(file, builders.len())));
        }
        // A column is read again because its cells are of another kind than was guessed.
        for (column, _) in builders.iter().enumerate().filter(|(_, builder)| builder.is_some()) {
            self.file().clear(column);
        }
        Ok(())
    }

    fn take(&mut self, builders: &mut [Option<Builder>]) -> Result<()> {
        for (column, builder) in builders.iter_mut().enumerate() {
            if let Some(builder) = builder {
                self.file().append(column, &mem::replace(builder.numbers_mut(), Numbers::new()))?;
            }
        }
        Ok(())
    }

    fn end(&mut self, builders: &mut [Option<Builder>], rows: usize) {
        for (column, builder) in builders.iter_mut().enumerate() {
            if let Some(builder) = builder {
                *builder.numbers_mut() = DiskNumbers::all(self.file(), column, rows).into();
            }
        }
    }
}

impl Table {
    /// The same table with its cells in `store`, an empty file, as after [`Reader::open_on_disk`].
    ///
    /// # Errors
    /// `store` cannot be written, or is not empty; this table is in a file, of which cells cannot be read.
    pub fn store(&self, store: File) -> Result<Self> {
        let file = Arc::new(BlockFile::new(store, self.columns().len()));
        for first in (0..self.rows()).step_by(BLOCK) {
            let rows: Vec<usize> = (first..self.rows().min(first + BLOCK)).collect();
            for (place, column) in self.columns().iter().enumerate() {
                file.append(place, &column.values().numbers().compact(&rows))?;
            }
        }
        // Cells that could not be read must not become cells that are missing.
        self.ensure_read()?;
        let columns = self.columns().iter().enumerate().map(|(place, column)| {
            column.clone().with_numbers(DiskNumbers::all(&file, place, self.rows()).into())
        });
        let table = self.with_columns(columns.collect())?;
        contents::write(&table, &Reader::default())?;
        Ok(table)
    }

    /// Opens a file that [`Reader::open_on_disk`] or [`store`](Self::store) has written.
    ///
    /// # Errors
    /// The file cannot be read, was not written by these, is not whole, or is of a later version. Damage
    /// within the cells is found when they are read: see [`ensure_read`](Self::ensure_read).
    pub fn open_stored(path: impl AsRef<Path>) -> Result<Self> {
        Reader::open_stored(path).map(|(_, table)| table)
    }

    /// Whether a file begins as those do that [`open_stored`](Self::open_stored) opens.
    pub fn is_stored(path: impl AsRef<Path>) -> bool {
        // Opening a pipe would wait for its writer.
        let path = path.as_ref();
        path.is_file() && File::open(path).is_ok_and(|file| contents::is_begun(&file))
    }

    /// Sets how much memory is used for cells of the file that are kept, in bytes. Default 64 MiB. It should
    /// have room for the rows that are read again and again: with mini-batches, for those of a window of each
    /// network that is trained at the same time. All tables with cells in this file share it. No effect on a
    /// table in memory.
    #[must_use]
    pub fn with_cache(self, bytes: usize) -> Self {
        self.set_cache(bytes);
        self
    }

    fn set_cache(&self, bytes: usize) {
        let blocks = bytes / self.stored_bytes_of(BLOCK).max(1);
        self.files().for_each(|file| file.keep(blocks));
    }

    /// Whether cells are in a file.
    pub fn is_on_disk(&self) -> bool {
        self.files().next().is_some()
    }

    /// Bytes that the cells of this number of rows take in memory, in the mean. 0 if none are in a file.
    pub fn stored_bytes_of(&self, rows: usize) -> usize {
        let of_block: usize =
            self.on_disk().map(|numbers| numbers.file().bytes_of_block(numbers.column())).sum();
        of_block.saturating_mul(rows.div_ceil(BLOCK))
    }

    /// About how many bytes the distinct words of all columns take, which are always in memory.
    pub fn bytes_of_words(&self) -> usize {
        // The text, where it ends, its number, and room to grow.
        let of_word = |word: &str| word.len() + 32;
        self.columns().iter().flat_map(Column::words).map(of_word).sum()
    }

    /// An error if cells of the file could not be read, or were damaged: since then such cells look as if
    /// they were missing. Always succeeds for a table in memory.
    ///
    /// # Errors
    /// The first cells that could not be read.
    pub fn ensure_read(&self) -> Result<()> {
        self.files().try_for_each(BlockFile::ensure_read)
    }

    fn files(&self) -> impl Iterator<Item = &BlockFile> {
        self.on_disk().map(DiskNumbers::file)
    }

    fn on_disk(&self) -> impl Iterator<Item = &DiskNumbers> {
        self.columns().iter().filter_map(|column| column.values().numbers().on_disk())
    }
}
