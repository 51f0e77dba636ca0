//! The numbers of a column in a file, read as those in memory are.

use std::sync::Arc;

use super::block_file::{BLOCK, BlockFile};
use crate::numbers::Numbers;
use crate::table::Selection;

/// Numbers of a column, or of selected rows of it.
#[derive(Clone, Debug)]
pub(crate) struct DiskNumbers {
    file: Arc<BlockFile>,
    column: usize,
    len: usize,
    /// Which rows of the file these are. `None`: all of them.
    selection: Option<Arc<[u32]>>,
}

impl DiskNumbers {
    /// The numbers of all rows.
    pub fn all(file: &Arc<BlockFile>, column: usize, rows: usize) -> Self {
        Self { file: Arc::clone(file), column, len: rows, selection: None }
    }

    pub fn len(&self) -> usize {
        self.len
    }

    pub fn file(&self) -> &BlockFile {
        &self.file
    }

    /// The place of the column in the file.
    pub(super) fn column(&self) -> usize {
        self.column
    }

    pub fn get(&self, row: usize) -> Option<f64> {
        let row = self.row_of_file(row);
        let mut blocks = self.file.blocks(self.column);
        self.file.block(&mut blocks, row / BLOCK).get(row % BLOCK)
    }

    pub fn copy_to(&self, rows: &[usize], values: &mut [f64]) {
        let mut blocks = self.file.blocks(self.column);
        for (value, &row) in values.iter_mut().zip(rows) {
            let row = self.row_of_file(row);
            let number = self.file.block(&mut blocks, row / BLOCK).get(row % BLOCK);
            *value = number.unwrap_or(f64::NAN);
        }
    }

    pub fn select(&self, selection: &Selection<'_>) -> Self {
        let rows = selection.of_file(self.selection.as_ref());
        Self { len: rows.len(), selection: Some(rows), ..self.clone() }
    }

    fn row_of_file(&self, row: usize) -> usize {
        match &self.selection {
            Some(selection) => selection[row] as usize,
            None => row,
        }
    }
}

impl Numbers {
    /// The bytes of numbers in memory, little-endian, and the number of bytes of each.
    pub(super) fn to_bytes(&self) -> (u8, Vec<u8>) {
        match self {
            Self::Bytes(values) => (1, values.iter().flat_map(|value| value.to_le_bytes()).collect()),
            Self::Shorts(values) => (2, values.iter().flat_map(|value| value.to_le_bytes()).collect()),
            Self::Words(values) => (4, values.iter().flat_map(|value| value.to_le_bytes()).collect()),
            Self::Floats(values) => (8, values.iter().flat_map(|value| value.to_le_bytes()).collect()),
            Self::OnDisk(_) => unreachable!("blocks are made of numbers in memory"),
        }
    }

    /// `None` if there are no numbers of this width.
    pub(super) fn from_bytes(width: u8, bytes: &[u8]) -> Option<Self> {
        Some(match width {
            1 => Self::Bytes(each(bytes).map(i8::from_le_bytes).collect()),
            2 => Self::Shorts(each(bytes).map(i16::from_le_bytes).collect()),
            4 => Self::Words(each(bytes).map(i32::from_le_bytes).collect()),
            8 => Self::Floats(each(bytes).map(f64::from_le_bytes).collect()),
            _ => return None,
        })
    }

    pub(super) fn missing(rows: usize) -> Self {
        Self::Floats(vec![f64::NAN; rows])
    }
}

fn each<const N: usize>(bytes: &[u8]) -> impl Iterator<Item = [u8; N]> {
    bytes.as_chunks().0.iter().copied()
}
