//! `--memory`: when the rows of a table are in a file, and how much of them is kept in memory.

use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

use ann_tabular::Recipe;
use ann_tabular::ann_table::Table;
use bytesize::ByteSize;

use crate::data;
use crate::failure::{Failure, Result};
use crate::show;

/// A table in memory and its training take up to this number of times the bytes of its file.
const TIMES_THE_FILE: u64 = 3;
/// By how much a file is compressed, at most, as far as is usual for tables.
const COMPRESSION: u64 = 10;

/// Whether a table in memory may need more than this. What is no file cannot be read twice, and stays in
/// memory.
pub fn is_too_large(path: &Path, memory: ByteSize) -> bool {
    let Ok(file) = fs::metadata(path) else { return false };
    if !file.is_file() || data::is_dash(path) {
        return false;
    }
    let compression = if is_gzip(path) { COMPRESSION } else { 1 };
    file.len().saturating_mul(TIMES_THE_FILE * compression) > memory.as_u64()
}

/// Whether a file begins as gzip does. Its name need not say so.
fn is_gzip(path: &Path) -> bool {
    let mut start = [0; 2];
    File::open(path).and_then(|mut file| file.read_exact(&mut start)).is_ok() && start == [0x1f, 0x8b]
}

/// An error if the training needs more memory. Rows that are in a file get the memory for those that are read
/// again and again.
pub fn limit(memory: Option<ByteSize>, recipe: &Recipe, table: Table) -> Result<Table> {
    // Without a limit, what was read from a file of `ann store` stays in memory.
    let Some(memory) = memory else { return Ok(table.with_cache(usize::MAX)) };
    let needed = recipe.memory_of(&table);
    let least = ByteSize((needed.state + needed.cache) as u64);
    if memory < least {
        let is_parallel = recipe.threads.min(recipe.members) > 1;
        let hint = if is_parallel { "; with --threads 1 it needs less" } else { "" };
        let (memory, least) = (memory.display().si(), least.display().si());
        let rows = show::counted(table.rows(), "row");
        return Err(Failure::arguments(format_args!(
            "--memory: found {memory}, expected at least {least} to train on {rows}{hint}"
        )));
    }
    Ok(table.with_cache(needed.cache))
}

/// A size as people write it.
pub fn size(text: &str) -> Result<ByteSize, String> {
    text.trim().parse().map_err(|_| "expected a size, for example 500MB or 2GB".to_owned())
}
