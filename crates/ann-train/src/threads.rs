//! Threads: how many there may be, and those that are started.

use ann_core::Error as CoreError;
use rayon_core::{ThreadPool, ThreadPoolBuilder};

use crate::{Error, Result};

/// More threads than this are a mistake.
const MOST: usize = 1024;

/// The number itself, when it is one that can be meant.
pub(crate) fn checked(threads: usize) -> Result<usize> {
    if (1..=MOST).contains(&threads) {
        return Ok(threads);
    }
    let (name, value, expected) = ("threads", threads as f64, "a whole number from 1 to 1024");
    Err(CoreError::InvalidSetting { name, value, expected }.into())
}

/// Threads that wait for work.
pub(crate) fn pool(threads: usize) -> Result<ThreadPool> {
    let named = ThreadPoolBuilder::new().num_threads(threads).thread_name(|index| format!("ann {index}"));
    named.build().map_err(|error| Error::Threads { threads, reason: error.to_string() })
}
