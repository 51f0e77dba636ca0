//! Threads: how many there may be, and those that are started.

use rayon_core::{ThreadPool, ThreadPoolBuilder};

use crate::{Error, Result};

/// More threads than this are a mistake.
const MOST: usize = 1024;

/// The number itself, when it is one that can be meant.
pub(crate) fn checked(threads: usize) -> Result<usize> {
    if (1..=MOST).contains(&threads) {
        return Ok(threads);
    }
    Err(Error::InvalidCount { name: "threads", found: threads, most: MOST })
}

/// Threads that wait for work.
pub(crate) fn pool(threads: usize) -> Result<ThreadPool> {
    let named = ThreadPoolBuilder::new().num_threads(threads).thread_name(|index| format!("ann {index}"));
    named.build().map_err(|error| Error::Threads { threads, reason: error.to_string() })
}
