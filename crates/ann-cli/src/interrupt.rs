//! Signals that end the program: Ctrl-C, and the wish of the system that it ends.

use std::io;
use std::process;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::failure::{Failure, Result};
use crate::output;

/// The signal of Ctrl-C.
const INTERRUPT: i32 = 2;
/// What `kill` sends, and a system that shuts down.
#[cfg(unix)]
const TERMINATE: i32 = 15;

static WANTED: AtomicBool = AtomicBool::new(false);

/// From here on Ctrl-C is a wish: the first time it ends the training and keeps the best networks, the second
/// time it ends the program.
pub fn listen() -> Result<()> {
    let handler = |signal| {
        if WANTED.swap(true, Ordering::Relaxed) {
            end(signal);
        }
    };
    on_signals(&[INTERRUPT], handler)
}

/// Becomes true when Ctrl-C is pressed.
pub fn wish() -> &'static AtomicBool {
    &WANTED
}

/// Whether Ctrl-C was pressed.
pub fn is_wanted() -> bool {
    WANTED.load(Ordering::Relaxed)
}

/// From here on a signal that ends the program also removes the output that is not complete.
pub fn clean_up() -> Result<()> {
    #[cfg(unix)]
    let signals = [INTERRUPT, TERMINATE];
    #[cfg(not(unix))]
    let signals = [INTERRUPT];
    on_signals(&signals, end)
}

/// Ends the program as a shell reports it: 130 after Ctrl-C, 143 after `kill`.
fn end(signal: i32) {
    output::remove_incomplete();
    process::exit(128 + signal);
}

/// Calls `handler` with the number of each signal that comes, in another thread.
fn on_signals(signals: &[i32], handler: impl Fn(i32) + Send + 'static) -> Result<()> {
    try_on_signals(signals, handler)
        .map_err(|error| Failure::files(format_args!("cannot listen to signals: {error}")))
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
