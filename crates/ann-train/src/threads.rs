//! Threads, and the check of their number.

#[cfg(target_family = "wasm")]
mod in_place;
#[cfg(not(target_family = "wasm"))]
mod pool;

#[cfg(target_family = "wasm")]
pub(crate) use in_place::{Threads, belongs_to_a_pool, join, pool, scope};
#[cfg(not(target_family = "wasm"))]
pub(crate) use pool::{Threads, belongs_to_a_pool, join, pool, scope};

use crate::{Error, Result};

/// A larger number of threads is treated as a mistake.
const MOST: usize = 1024;

/// Returns the number if it is 1 to [`MOST`], otherwise an error.
pub(crate) fn checked(threads: usize) -> Result<usize> {
    if (1..=MOST).contains(&threads) {
        return Ok(threads);
    }
    Err(Error::ThreadCount { found: threads, most: MOST })
}
