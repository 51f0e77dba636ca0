//! The numbers of columns in a file, in blocks of rows, of which some are kept in memory.

use std::collections::VecDeque;
use std::fmt;
use std::fs::File;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::positioned;
use crate::numbers::Numbers;
use crate::{Error, Result};

/// Number of rows of a block. Those of all columns are beside each other, so the disk reads them together.
pub(crate) const BLOCK: usize = 1024;

/// The file. It begins with [`MAGIC`]; then there are the blocks of all columns, in the order in which they
/// were written, and what `contents` adds.
pub(crate) struct BlockFile {
    file: File,
    /// Where the next bytes are written.
    end: Mutex<u64>,
    columns: Vec<RwLock<ColumnBlocks>>,
    /// Number of blocks of each column that are kept.
    most: AtomicUsize,
    /// Why a block could not be read, the first time.
    failure: OnceLock<String>,
}

/// Least number of blocks of each column that are kept: those at both sides of a border.
const LEAST: usize = 2;

/// The first bytes of a file.
pub(super) const MAGIC: [u8; 8] = *b"ann-rows";

/// The blocks of a column: where they are, and those that are in memory.
#[derive(Default)]
pub(super) struct ColumnBlocks {
    places: Vec<BlockPlace>,
    /// Number of words, if the numbers are positions in a dictionary.
    words: Option<usize>,
    kept: Vec<Option<Block>>,
    /// The numbers of those that are kept: what was read first is forgotten first.
    order: VecDeque<usize>,
}

/// The bytes of a block in memory, as they are in the file.
pub(super) struct Block {
    width: u8,
    bytes: Vec<u8>,
}

/// Where a block is in the file, and how its numbers are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BlockPlace {
    pub position: u64,
    pub rows: u32,
    /// Number of bytes of each number: 1, 2, 4, or 8 for floating-point numbers.
    pub width: u8,
    /// CRC-32 of the bytes.
    pub checksum: u32,
}

impl ColumnBlocks {
    /// The blocks of a file that is only read. `words`: the number of words, if the numbers are positions in
    /// a dictionary.
    pub fn at(places: Vec<BlockPlace>, words: Option<usize>) -> Self {
        let kept = places.iter().map(|_| None).collect();
        Self { places, words, kept, order: VecDeque::new() }
    }

    /// Forgets blocks until there is room for one more of `most`. Returns the memory of the last one, to be
    /// used again: memory that one thread allocates and another one frees may be lost for both.
    fn room(&mut self, most: usize) -> Vec<u8> {
        let mut room = Vec::new();
        while self.order.len() >= most
            && let Some(first) = self.order.pop_front()
        {
            room = self.kept[first].take().map_or(room, |block| block.bytes);
        }
        room
    }

    /// Another thread may have read the block meanwhile.
    fn keep(&mut self, number: usize, block: Block) {
        if self.kept[number].is_none() {
            self.kept[number] = Some(block);
            self.order.push_back(number);
        }
    }

    /// A block, if it is in memory.
    #[inline(always)]
    pub fn kept(&self, number: usize) -> Option<&Block> {
        self.kept[number].as_ref()
    }
}

impl Block {
    /// The number of a row, NaN if it is missing.
    #[inline(always)]
    pub fn get(&self, row: usize) -> f64 {
        fn bytes<const N: usize>(bytes: &[u8], row: usize) -> [u8; N] {
            bytes.as_chunks().0[row]
        }
        // The smallest whole number of each size is a missing one, as in `Numbers`.
        match self.width {
            1 => match i8::from_le_bytes(bytes(&self.bytes, row)) {
                i8::MIN => f64::NAN,
                number => number.into(),
            },
            2 => match i16::from_le_bytes(bytes(&self.bytes, row)) {
                i16::MIN => f64::NAN,
                number => number.into(),
            },
            4 => match i32::from_le_bytes(bytes(&self.bytes, row)) {
                i32::MIN => f64::NAN,
                number => number.into(),
            },
            _ => f64::from_le_bytes(bytes(&self.bytes, row)),
        }
    }

    /// Whether all numbers are finite or missing; and, if there are words, positions of words.
    fn is_valid(&self, words: Option<usize>) -> bool {
        match (self.width, words) {
            (1 | 2 | 4 | 8, Some(words)) => (0..self.bytes.len() / usize::from(self.width)).all(|row| {
                let code = self.get(row);
                code.is_nan() || code >= 0.0 && code < words as f64 && code.fract() == 0.0
            }),
            (1 | 2 | 4, None) => true,
            // No early exit, so the compiler can vectorise the scan.
            (8, None) => {
                let numbers = self.bytes.as_chunks().0.iter().copied().map(f64::from_le_bytes);
                !numbers.fold(false, |found, number| found | number.is_infinite())
            }
            _ => false,
        }
    }

    fn missing(rows: usize) -> Self {
        Self { width: 8, bytes: f64::NAN.to_le_bytes().repeat(rows) }
    }
}

impl BlockPlace {
    fn bytes(&self) -> usize {
        self.rows as usize * usize::from(self.width)
    }
}

impl BlockFile {
    /// A new file of this number of columns, without blocks.
    pub fn new(file: File, columns: usize) -> Self {
        Self::with_blocks(file, (0..columns).map(|_| ColumnBlocks::default()))
    }

    /// A file that is only read.
    pub(super) fn with_blocks(file: File, columns: impl Iterator<Item = ColumnBlocks>) -> Self {
        Self {
            file,
            end: Mutex::new(MAGIC.len() as u64),
            columns: columns.map(RwLock::new).collect(),
            most: AtomicUsize::new(LEAST),
            failure: OnceLock::new(),
        }
    }

    /// Writes the next block of a column.
    pub fn append(&self, column: usize, numbers: &Numbers) -> Result<()> {
        let (width, bytes) = numbers.to_bytes();
        let rows = u32::try_from(numbers.len()).expect("a block has few rows");
        let position = self.append_bytes(&bytes)?;
        let mut blocks = self.blocks_mut(column);
        blocks.places.push(BlockPlace { position, rows, width, checksum: crc32fast::hash(&bytes) });
        blocks.kept.push(None);
        Ok(())
    }

    /// Writes bytes after all others, and returns where.
    pub(super) fn append_bytes(&self, bytes: &[u8]) -> Result<u64> {
        let mut end = self.end.lock().unwrap_or_else(PoisonError::into_inner);
        let position = *end;
        if position == MAGIC.len() as u64 {
            self.ensure_empty()?;
            self.write_at(&MAGIC, 0)?;
        }
        self.write_at(bytes, position)?;
        *end += bytes.len() as u64;
        Ok(position)
    }

    /// What was there before might be taken for the end of the new contents.
    fn ensure_empty(&self) -> Result<()> {
        let is_empty = self.file.metadata().map(|metadata| metadata.len() == 0);
        match is_empty {
            Ok(true) => Ok(()),
            Ok(false) => {
                let error = io::Error::new(io::ErrorKind::InvalidInput, "expected an empty file");
                Err(Error::StoreRows { error })
            }
            Err(error) => Err(Error::StoreRows { error }),
        }
    }

    fn write_at(&self, bytes: &[u8], position: u64) -> Result<()> {
        positioned::write(&self.file, bytes, position).map_err(|error| Error::StoreRows { error })
    }

    /// All bytes are on the disk.
    pub(super) fn sync(&self) -> Result<()> {
        self.file.sync_all().map_err(|error| Error::StoreRows { error })
    }

    /// Forgets the blocks of a column, which is read again.
    pub fn clear(&self, column: usize) {
        *self.blocks_mut(column) = ColumnBlocks::default();
    }

    /// Where the blocks of a column are.
    pub(super) fn places(&self, column: usize) -> Vec<BlockPlace> {
        self.blocks(column).places.clone()
    }

    /// Sets how many blocks of each column are kept.
    pub fn keep(&self, blocks: usize) {
        self.most.store(blocks.max(LEAST), Ordering::Relaxed);
    }

    /// Bytes of a block of a column, in the mean.
    pub fn bytes_of_block(&self, column: usize) -> usize {
        let places = &self.blocks(column).places;
        places.iter().map(BlockPlace::bytes).sum::<usize>() / places.len().max(1)
    }

    pub fn ensure_read(&self) -> Result<()> {
        match self.failure.get() {
            Some(reason) => Err(Error::StoredRows { reason: reason.clone() }),
            None => Ok(()),
        }
    }

    /// The blocks of a column, as they are now.
    pub(super) fn blocks(&self, column: usize) -> RwLockReadGuard<'_, ColumnBlocks> {
        self.columns[column].read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The blocks of a column, of which some may be read and others forgotten.
    pub(super) fn blocks_mut(&self, column: usize) -> RwLockWriteGuard<'_, ColumnBlocks> {
        self.columns[column].write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads a block that is not in memory, while other threads use the other blocks of the column. If it
    /// cannot be read, its numbers are missing.
    pub(super) fn read(&self, column: usize, number: usize) {
        let (place, words) = {
            let blocks = self.blocks(column);
            if blocks.kept[number].is_some() {
                return;
            }
            (blocks.places[number], blocks.words)
        };
        let room = self.blocks_mut(column).room(self.most.load(Ordering::Relaxed));
        let block = self.load_or_fail(place, words, room);
        self.blocks_mut(column).keep(number, block);
    }

    /// A block of a column whose `blocks` these are, which is read if it is not in memory.
    pub(super) fn block<'b>(&self, blocks: &'b mut ColumnBlocks, number: usize) -> &'b Block {
        if blocks.kept[number].is_none() {
            let room = blocks.room(self.most.load(Ordering::Relaxed));
            let block = self.load_or_fail(blocks.places[number], blocks.words, room);
            blocks.keep(number, block);
        }
        blocks.kept[number].as_ref().expect("it has been read if it was not there")
    }

    fn load_or_fail(&self, place: BlockPlace, words: Option<usize>, room: Vec<u8>) -> Block {
        self.load(place, words, room).unwrap_or_else(|reason| {
            self.failure.get_or_init(|| reason);
            Block::missing(place.rows as usize)
        })
    }

    fn load(&self, place: BlockPlace, words: Option<usize>, mut bytes: Vec<u8>) -> Result<Block, String> {
        bytes.resize(place.bytes(), 0);
        positioned::read(&self.file, &mut bytes, place.position).map_err(|error| error.to_string())?;
        let wrong = |what| format!("the bytes from {} on are {what}", place.position);
        if crc32fast::hash(&bytes) != place.checksum {
            return Err(wrong("not those that were written"));
        }
        let block = Block { width: place.width, bytes };
        match block.is_valid(words) {
            true => Ok(block),
            false => Err(wrong("numbers that were not written by this library")),
        }
    }
}

impl fmt::Debug for BlockFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BlockFile").field("file", &self.file).finish_non_exhaustive()
    }
}
