//! The numbers of a column in a file, read as those in memory are.

use std::sync::Arc;

use super::block_file::{BLOCK, BlockFile};
use crate::numbers::Numbers;
use crate::table::{FileRows, Selection};

/// Numbers of a column, or of selected rows of it.
#[derive(Clone, Debug)]
pub(crate) struct DiskNumbers {
    file: Arc<BlockFile>,
    column: usize,
    len: usize,
    /// Which rows of the file these are. `None`: all of them.
    selection: Option<FileRows>,
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
        let mut value = [f64::NAN];
        self.copy_to(&[row], &mut value);
        Some(value[0]).filter(|value| !value.is_nan())
    }

    /// Overwrites the first of `values` with the numbers of the given rows; NaN is a missing one.
    ///
    /// # Panics
    /// When there is no such row.
    pub fn copy_to(&self, rows: &[usize], values: &mut [f64]) {
        match &self.selection {
            None => self.copy_file_rows(rows.iter().copied(), values),
            Some(selection) => {
                self.copy_file_rows(rows.iter().map(|&row| selection[row] as usize), values);
            }
        }
    }

    fn copy_file_rows(&self, rows: impl Iterator<Item = usize> + Clone, values: &mut [f64]) {
        if self.copy_kept(rows.clone(), values) {
            return;
        }
        rows.clone().for_each(|row| self.file.read(self.column, row / BLOCK));
        if self.copy_kept(rows.clone(), values) {
            return;
        }
        // There is room for fewer blocks than these rows are in.
        let mut blocks = self.file.blocks_mut(self.column);
        for (value, row) in values.iter_mut().zip(rows) {
            *value = self.file.block(&mut blocks, row / BLOCK).get(row % BLOCK);
        }
    }

    /// As long as all of these rows are in memory, threads do not wait for each other.
    fn copy_kept(&self, rows: impl Iterator<Item = usize>, values: &mut [f64]) -> bool {
        let blocks = self.file.blocks(self.column);
        for (value, row) in values.iter_mut().zip(rows) {
            let Some(block) = blocks.kept(row / BLOCK) else { return false };
            *value = block.get(row % BLOCK);
        }
        true
    }

    pub fn select(&self, selection: &Selection<'_>) -> Self {
        let rows = selection.of_file(self.selection.as_ref());
        Self { len: rows.len(), selection: Some(rows), ..self.clone() }
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
}
