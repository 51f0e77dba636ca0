//! Several processes that run this program together, such as the ranks of MPI.

use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use crate::Ranks;
use crate::failure::Failure;

/// Processes that run this program with the same arguments and train together.
pub trait Job: Ranks {
    /// Ends all of them at once, with this exit code.
    fn end(&self, code: u8) -> !;
}

/// Whether this process prints and writes: one that is alone, or the first of several.
pub fn is_first(job: Option<&dyn Job>) -> bool {
    job.is_none_or(|job| job.rank() == 0)
}

/// What the first process is given before another one prints its error. Most errors are those of all, and
/// the first one has then ended the job.
const PATIENCE: Duration = Duration::from_secs(2);

/// Prints what ends the program, and ends the processes that may wait for this one.
pub fn fail(job: Option<&dyn Job>, failure: &Failure) -> ExitCode {
    let Failure { status, message, .. } = failure;
    match job.filter(|job| job.size() > 1) {
        None => {
            anstream::eprintln!("\x1b[1;31merror\x1b[0m: {message}");
            (*status).into()
        }
        Some(job) => {
            let whose = match job.rank() {
                0 => String::new(),
                rank => {
                    thread::sleep(PATIENCE);
                    format!("rank {rank}: ")
                }
            };
            anstream::eprintln!("\x1b[1;31merror\x1b[0m: {whose}{message}");
            job.end(status.code())
        }
    }
}
