#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![warn(clippy::unwrap_used, missing_docs, missing_debug_implementations)]

use std::fmt::{self, Debug};
use std::thread;

use ann_train::Ranks;
use mpi::Threading;
use mpi::collective::SystemOperation;
use mpi::environment::{Universe, initialize_with_threading};
use mpi::topology::SimpleCommunicator;
use mpi::traits::{Communicator, CommunicatorCollectives, Destination, Root, Source};
use thiserror::Error;

/// The processes of this job of MPI.
///
/// MPI is started by [`start`](Self::start), and ended when this value is dropped, which all processes do
/// together. A process that cannot go on calls [`abort`](Self::abort), which ends all of them: if it returned
/// alone, the others would wait for it. A panic ends all of them, too, and so does a failed communication,
/// as is usual in MPI.
pub struct World {
    rank: usize,
    size: usize,
    _universe: Universe,
}

/// What may go wrong in a job.
#[derive(Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// MPI can be started once in a process.
    #[error("MPI is already started in this process")]
    AlreadyStarted,
    /// Training calls MPI from one thread at a time, but not always from the same one.
    #[error("this MPI library allows calls from the main thread alone; it needs MPI_THREAD_SERIALIZED")]
    OneThread,
    /// The processes must do the same.
    #[error("{what} of rank {rank} differs from that of rank 0: give the same to all ranks")]
    Different {
        /// What differs.
        what: String,
        /// The first rank that has another one than rank 0.
        rank: usize,
    },
}

/// The exit code of a program that panicked, as Rust's own.
const PANICKED: i32 = 101;

/// The result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl World {
    /// Starts MPI. A program that was not started by `mpirun` is a job of one process.
    ///
    /// # Errors
    /// MPI was started before, or its library does not allow calls from several threads, one at a time.
    pub fn start() -> Result<Self> {
        let (universe, threading) =
            initialize_with_threading(Threading::Serialized).ok_or(Error::AlreadyStarted)?;
        if threading < Threading::Serialized {
            return Err(Error::OneThread);
        }
        let world = universe.world();
        let (rank, size) = (number(world.rank()), number(world.size()));
        Ok(Self { rank, size, _universe: universe })
    }

    /// Whether this is rank 0, which prints and writes for all.
    pub fn is_first(&self) -> bool {
        self.rank == 0
    }

    /// Returns an error on all ranks if `value` is not the same on all of them: for a digest of the data or
    /// the settings, before a training. `what` is its name in the message.
    ///
    /// # Errors
    /// The values differ.
    pub fn ensure_same(&self, what: &str, value: &[u8]) -> Result<()> {
        let world = world();
        let first = world.process_at_rank(0);
        let mut expected_length = value.len() as u64;
        first.broadcast_into(&mut expected_length);
        let mut expected = if self.is_first() { value.to_vec() } else { vec![0; expected_length as usize] };
        first.broadcast_into(&mut expected[..]);
        // The first rank that differs; the number of ranks if none does.
        let own = if expected == value { self.size } else { self.rank } as u64;
        let mut different = own;
        world.all_reduce_into(&own, &mut different, SystemOperation::min());
        match different as usize {
            rank if rank == self.size => Ok(()),
            rank => Err(Error::Different { what: what.to_owned(), rank }),
        }
    }

    /// Ends all processes of the job at once, with this exit code.
    pub fn abort(&self, code: i32) -> ! {
        world().abort(code)
    }
}

impl Ranks for World {
    fn rank(&self) -> usize {
        self.rank
    }

    fn size(&self) -> usize {
        self.size
    }

    fn send(&self, numbers: &[f64], to: usize) {
        world().process_at_rank(to as i32).send(numbers);
    }

    fn receive(&self, numbers: &mut [f64], from: usize) {
        world().process_at_rank(from as i32).receive_into(numbers);
    }

    fn broadcast(&self, numbers: &mut [f64], root: usize) {
        world().process_at_rank(root as i32).broadcast_into(numbers);
    }
}

#[cfg(feature = "program")]
impl ann_cli::Job for World {
    fn end(&self, code: u8) -> ! {
        self.abort(code.into())
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if thread::panicking() && self.size > 1 {
            self.abort(PANICKED);
        }
    }
}

impl Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World").field("rank", &self.rank).field("size", &self.size).finish_non_exhaustive()
    }
}

/// All processes. It is no handle that could be used after the end: a [`World`] ends MPI when it is dropped.
fn world() -> SimpleCommunicator {
    SimpleCommunicator::world()
}

fn number(of_mpi: i32) -> usize {
    usize::try_from(of_mpi).expect("MPI counts from 0")
}
