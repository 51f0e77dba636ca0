//! Large buffers are asked for before they are allocated: an allocation that fails aborts the program, a refused request is an error.

use std::hint::black_box;

use crate::{Error, Result};

/// Requests below this size are not checked: where so little is missing, the whole system is about to fail.
const SMALL: usize = 64 << 20;

/// Returns an error if the system cannot give `bytes` more bytes.  `what` needs them, and names itself in the error.
///
/// The answer is an estimate: a system that promises more than it has, or another program in the meantime, can still make the
/// allocation fail.
///
/// # Errors
/// [`Error::OutOfMemory`].
pub fn ensure_available(what: &'static str, bytes: usize) -> Result<()> {
    if bytes < SMALL {
        return Ok(());
    }
    let mut request: Vec<u8> = Vec::new();
    let answer = request.try_reserve_exact(bytes);
    // The compiler may remove an allocation that nobody sees.
    black_box(&request);
    answer.map_err(|_| Error::OutOfMemory { what, bytes })
}

/// The size of `count` values in bytes; `usize::MAX`, which no system can give, where that is too large to be counted.
pub fn bytes_of<T>(count: usize) -> usize {
    count.saturating_mul(size_of::<T>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_system_has_is_refused() {
        for bytes in [usize::MAX, isize::MAX as usize, 1 << 60] {
            assert_eq!(ensure_available("a test", bytes), Err(Error::OutOfMemory { what: "a test", bytes }));
        }
        assert_eq!(ensure_available("a test", SMALL), Ok(()));
    }

    #[test]
    fn sizes_saturate() {
        assert_eq!(
            [bytes_of::<f64>(3), bytes_of::<f64>(usize::MAX / 8), bytes_of::<f64>(usize::MAX / 8 + 1)],
            [24, usize::MAX - 7, usize::MAX]
        );
    }
}
