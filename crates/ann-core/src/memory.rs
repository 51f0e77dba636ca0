//! Checks whether memory is available before a large buffer is allocated: an allocation that fails aborts the
//! program, a check that fails is an error.

use std::hint::black_box;

use crate::{Error, Result};

/// Requests below this size are not checked: if even this is not available, the whole system is about to
/// fail.
const SMALL: usize = 64 << 20;

/// Returns an error if the system cannot provide `bytes` more bytes. `what` is for the error message: a
/// plural noun for the things that need the bytes.
///
/// The answer is an estimate. The allocation can still fail, because some systems promise more memory than
/// they have, and because other programs may take it in the meantime.
///
/// # Errors
/// [`Error::OutOfMemory`].
pub fn ensure_available(what: &'static str, bytes: usize) -> Result<()> {
    if bytes < SMALL {
        return Ok(());
    }
    let mut request: Vec<u8> = Vec::new();
    let answer = request.try_reserve_exact(bytes);
    // Otherwise the compiler might remove the allocation, because nothing uses it.
    black_box(&request);
    answer.map_err(|_| Error::OutOfMemory { what, bytes })
}

/// The size of `count` values in bytes; `usize::MAX`, which no system can provide, if the number overflows.
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
