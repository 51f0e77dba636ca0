//! Which fault is on in this process. `cargo xtask faults` adds this file to each crate of its copy.

use std::sync::atomic::{AtomicUsize, Ordering};

/// The environment has not been asked yet.
const UNKNOWN: usize = usize::MAX;
const NONE: usize = UNKNOWN - 1;

static ON: AtomicUsize = AtomicUsize::new(UNKNOWN);

/// Whether a fault is on. One load and one comparison: it is asked in the innermost loops.
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
