//! Which fault is on in this process. `cargo xtask faults` adds this file to each crate of its copy.

use std::sync::atomic::{AtomicUsize, Ordering};

/// The environment variable has not been read yet.
const UNKNOWN: usize = usize::MAX;
const NONE: usize = UNKNOWN - 1;

static ON: AtomicUsize = AtomicUsize::new(UNKNOWN);

/// Whether a fault is on. It is called in the innermost loops, so it is one load and one comparison.
#[inline(always)]
pub fn is_on(fault: usize) -> bool {
    let on = ON.load(Ordering::Relaxed);
    fault == if on == UNKNOWN { ask() } else { on }
}

#[cold]
#[inline(never)]
fn ask() -> usize {
    let number = |text: String| text.parse().expect("the number of a fault");
    let on = std::env::var("ANN_FAULT").map_or(NONE, number);
    ON.store(on, Ordering::Relaxed);
    on
}
