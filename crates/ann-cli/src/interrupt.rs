//! Signals that end the program: Ctrl-C, and what the system sends to a program that is to end.

use std::io;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicBool, Ordering};

use ann_tabular::ann_model::file::remove_unfinished;

use crate::failure::{Failure, Result};
use crate::output;

/// The signal of Ctrl-C.
const INTERRUPT: i32 = 2;

static WANTED: AtomicBool = AtomicBool::new(false);

/// From here on Ctrl-C is a wish: the first time it ends the training and keeps the best networks, the second
/// time it ends the program, as all other signals do. A checkpoint that is not complete is removed then.
pub fn listen(checkpoint: Option<PathBuf>) -> Result<()> {
    let handler = move |signal| {
        if signal != INTERRUPT || WANTED.swap(true, Ordering::Relaxed) {
            end(signal, checkpoint.as_deref());
        }
    };
    on_signals(&ending(), handler)
}

/// Becomes true when Ctrl-C is pressed.
pub fn wish() -> &'static AtomicBool {
    &WANTED
}

/// Whether Ctrl-C was pressed.
pub fn is_wanted() -> bool {
    WANTED.load(Ordering::Relaxed)
}

/// From here on a signal that ends the program also removes the output and the checkpoint that are not
/// complete.
pub fn clean_up(checkpoint: Option<PathBuf>) -> Result<()> {
    on_signals(&ending(), move |signal| end(signal, checkpoint.as_deref()))
}

/// From here on a file that may not become larger (`ulimit -f`) is an error of its writing, as a full disk
/// is, and not the end of the program.
pub fn outlive_limits() -> Result<()> {
    #[cfg(unix)]
    {
        // Nobody looks at it: what matters is that the signal has a handler.
        static CAME: AtomicBool = AtomicBool::new(false);
        signal_hook::flag::register(signal_hook::consts::SIGXFSZ, &CAME)
            .map_err(|error| not_heard(&error))?;
    }
    Ok(())
}

/// Ctrl-C, Ctrl-\, `kill`, a limit of time, and a terminal that is closed.
#[cfg(unix)]
fn ending() -> Vec<i32> {
    use signal_hook::consts::{SIGHUP, SIGQUIT, SIGTERM, SIGXCPU};
    let mut signals = vec![INTERRUPT, SIGQUIT, SIGTERM, SIGXCPU];
    if !is_ignored(SIGHUP) {
        signals.push(SIGHUP);
    }
    signals
}

#[cfg(not(unix))]
fn ending() -> Vec<i32> {
    vec![INTERRUPT]
}

/// Whether the program was started to ignore a signal, as `nohup` does. Systems other than Linux do not tell
/// it without unsafe code, so there it is assumed.
#[cfg(unix)]
fn is_ignored(signal: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask =
        status.lines().find_map(|line| u64::from_str_radix(line.strip_prefix("SigIgn:")?.trim(), 16).ok());
    mask.is_none_or(|mask| mask >> (signal - 1) & 1 == 1)
}

/// Ends the program as a shell reports it: 130 after Ctrl-C, 143 after `kill`.
fn end(signal: i32, checkpoint: Option<&Path>) {
    if let Some(path) = checkpoint {
        remove_unfinished(path);
    }
    output::remove_incomplete();
    process::exit(128 + signal);
}

/// Calls `handler` with the number of each signal that comes, in another thread.
fn on_signals(signals: &[i32], handler: impl Fn(i32) + Send + 'static) -> Result<()> {
    try_on_signals(signals, handler).map_err(|error| not_heard(&error))
}

fn not_heard(error: &io::Error) -> Failure {
    Failure::files(format_args!("cannot listen to signals: {error}"))
}

#[cfg(unix)]
fn try_on_signals(signals: &[i32], handler: impl Fn(i32) + Send + 'static) -> io::Result<()> {
    let mut signals = signal_hook::iterator::Signals::new(signals)?;
    std::thread::Builder::new().spawn(move || signals.forever().for_each(handler))?;
    Ok(())
}

/// Elsewhere there is Ctrl-C alone.
#[cfg(not(unix))]
fn try_on_signals(_: &[i32], handler: impl Fn(i32) + Send + 'static) -> io::Result<()> {
    ctrlc::set_handler(move || handler(INTERRUPT)).map_err(io::Error::other)
}
