//! `--memory`: when the rows of a table are in a file, and how much of them is kept in memory.

use std::fs;
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
    let compression = if path.extension().is_some_and(|end| end == "gz") { COMPRESSION } else { 1 };
    let needed = file.len().saturating_mul(TIMES_THE_FILE * compression);
    file.is_file() && !data::is_dash(path) && needed > memory.as_u64()
}

/// Gives the rows that are in a file the memory for those that are read again and again.
pub fn divide(memory: Option<ByteSize>, recipe: &Recipe, table: Table) -> Result<Table> {
    let (Some(memory), true) = (memory, table.is_on_disk()) else { return Ok(table) };
    let needed = recipe.memory_of(&table);
    let least = ByteSize((needed.state + needed.rows) as u64);
    if memory < least {
        let is_parallel = recipe.threads.min(recipe.members) > 1;
        let hint = if is_parallel { "; with --threads 1 it needs less" } else { "" };
        let (memory, least) = (memory.display().si(), least.display().si());
        let rows = show::counted(table.rows(), "row");
        return Err(Failure::arguments(format_args!(
            "--memory: found {memory}, expected at least {least} for {rows} and their words{hint}"
        )));
    }
    Ok(table.with_cache(needed.rows))
}

/// A size as people write it.
pub fn size(text: &str) -> Result<ByteSize, String> {
    text.trim().parse().map_err(|_| "expected a size, for example 500MB or 2GB".to_owned())
}
