//! The pool of threads, and how its threads stay awake between pieces of work.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use rayon_core::{ThreadPool, ThreadPoolBuilder, Yield, current_thread_index, yield_now};
pub(crate) use rayon_core::{join, scope};

use crate::{Error, Result};

/// Whether this thread belongs to a rayon pool. While such a thread waits for another pool, rayon lets it
/// begin other work of its own pool, for example another training on top of this one, and so on until the
/// stack is full. So training in a thread of a pool uses that thread alone.
pub(crate) fn belongs_to_a_pool() -> bool {
    current_thread_index().is_some()
}

/// A pool of threads that compute parts of sums.
#[derive(Debug)]
pub(crate) struct Threads {
    pool: ThreadPool,
    /// Whether there is a core for each thread.
    have_cores: bool,
}

impl Threads {
    pub fn start(count: usize) -> Result<Self> {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        Ok(Self { pool: pool(count)?, have_cores: count <= cores })
    }

    /// Whether the calling thread may hand out work to these threads.
    pub fn are_free(&self) -> bool {
        !belongs_to_a_pool() || self.pool.current_thread_index().is_some()
    }

    /// Runs `work` on one of the threads.
    pub fn run<R: Send>(&self, work: impl FnOnce() -> R + Send) -> R {
        self.pool.install(work)
    }

    /// As [`run`](Self::run), for work that hands out small pieces from time to time. The other threads stay
    /// awake in between, because waking one takes as long as a small piece.
    pub fn awake<R: Send>(&self, work: impl FnOnce() -> R + Send) -> R {
        match (self.are_free(), self.have_cores) {
            (true, true) => self.run(|| keep_others_awake(work)),
            (true, false) => self.run(work),
            (false, _) => work(),
        }
    }
}

/// A pool of threads that wait for work.
pub(crate) fn pool(threads: usize) -> Result<ThreadPool> {
    let named = ThreadPoolBuilder::new().num_threads(threads).thread_name(|index| format!("ann {index}"));
    named.build().map_err(|error| Error::Threads { threads, reason: error.to_string() })
}

/// Runs `work` on this thread of a pool. The other threads look for pieces of the work until the work is
/// over.
fn keep_others_awake<R: Send>(work: impl FnOnce() -> R + Send) -> R {
    let (over, here) = (AtomicBool::new(false), current_thread_index());
    let over = &over;
    scope(|scope| {
        scope.spawn_broadcast(move |_, other| {
            // The flag only ends the waiting. The results of the work are synchronised by rayon, so relaxed
            // order is enough.
            while Some(other.index()) != here && !over.load(Ordering::Relaxed) {
                // Nothing to do at the moment: the operating system may give the core to another thread.
                if yield_now() != Some(Yield::Executed) {
                    thread::yield_now();
                }
            }
        });
        let _over = Over(over);
        work()
    })
}

/// Ends the waiting of the other threads when it is dropped, even if the work panics.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::Duration;

    use super::*;

    #[test]
    fn others_do_what_is_handed_out() {
        let pieces = || join(|| 1, || join(|| 2, || 3));
        assert_eq!(pool(3).unwrap().install(|| keep_others_awake(|| [pieces(), pieces()])), [(1, (2, 3)); 2]);
    }

    #[test]
    fn a_panic_ends_the_waiting_of_other_threads() {
        let (sender, receiver) = mpsc::channel();
        let work = || pool(2).unwrap().install(|| keep_others_awake(|| panic!("in the work")));
        thread::spawn(move || sender.send(thread::spawn(work).join().unwrap_err()));
        let payload = receiver.recv_timeout(Duration::from_secs(10)).expect("the threads stop waiting");
        assert_eq!(payload.downcast_ref(), Some(&"in the work"));
    }
}
