//! The interrupt key, Ctrl-C: the first time it ends the training and keeps the best networks, the second
//! time it ends the program.

use std::process;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::failure::{Failure, Result};

static WANTED: AtomicBool = AtomicBool::new(false);

/// From here on the interrupt key is a wish.
pub fn listen() -> Result<()> {
    let handler = || {
        if WANTED.swap(true, Ordering::Relaxed) {
            process::exit(130);
        }
    };
    ctrlc::set_handler(handler)
        .map_err(|error| Failure::files(format_args!("cannot listen to the interrupt key: {error}")))
}

/// Whether the key was pressed.
pub fn is_wanted() -> bool {
    WANTED.load(Ordering::Relaxed)
}
