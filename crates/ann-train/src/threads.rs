//! Threads: how many there may be, those that are started, and how they are kept awake between pieces of work.

use std::sync::atomic::{AtomicBool, Ordering};
use std::{hint, thread};

use rayon_core::{ThreadPool, ThreadPoolBuilder, Yield, current_thread_index, scope, yield_now};

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

/// Does `work` on one of the threads, while the others look for what it hands out.  They would sleep between its sums, and waking
/// one takes as long as a small sum itself.
pub(crate) fn awake<R: Send>(pool: &ThreadPool, work: impl FnOnce() -> R + Send) -> R {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    if pool.current_num_threads() > cores {
        // Whoever looks for work would take the time of those that have some.
        return pool.install(work);
    }
    pool.install(|| {
        let (over, here) = (AtomicBool::new(false), current_thread_index());
        scope(|scope| {
            scope.spawn_broadcast(|_, other| {
                while Some(other.index()) != here && !over.load(Ordering::Relaxed) {
                    if yield_now() != Some(Yield::Executed) {
                        hint::spin_loop();
                    }
                }
            });
            let _over = Over(&over);
            work()
        })
    })
}

/// Says that it is over, even if the work panics.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::mpsc;
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_panic_ends_the_waiting_of_other_threads() {
        let (sender, receiver) = mpsc::channel();
        thread::spawn(move || {
            let pool = pool(2).expect("two threads can be started");
            let result = catch_unwind(AssertUnwindSafe(|| awake(&pool, || panic!("in the work"))));
            sender.send(result.is_err())
        });
        assert_eq!(receiver.recv_timeout(Duration::from_secs(10)), Ok(true));
    }
}
