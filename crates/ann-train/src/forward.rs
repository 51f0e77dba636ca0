//! Outputs of many rows, computed by several threads.

use ann_core::memory::{bytes_of, ensure_available};
use ann_core::ndarray::{Array2, ArrayRef2, Axis, concatenate};
use ann_core::{Error as CoreError, Network, Scalar, block};

use crate::Result;
use crate::threads::{belongs_to_a_pool, checked, pool};

/// Amount of work, in rows · parameters, that is worth starting a thread.
const WORK: usize = 1 << 23;

/// As [`Network::forward`], with up to `threads` threads and the same bits for any number of them. Fewer are
/// started if there is not enough work, and none in a thread of a rayon pool. They end with the call. If the
/// data have several errors, this function may report another one than [`Network::forward`].
///
/// # Errors
/// As [`Network::forward`]; also if `threads` is not 1 to 1024, or the system cannot start the threads.
#[expect(clippy::missing_panics_doc, reason = "the parts of one network fit together")]
pub fn forward<F: Scalar>(network: &Network<F>, x: &ArrayRef2<F>, threads: usize) -> Result<Array2<F>> {
    let work = x.nrows().saturating_mul(network.layout().len());
    let threads = checked(threads)?.min(work / WORK);
    if threads <= 1 || belongs_to_a_pool() {
        return Ok(network.forward(x)?);
    }
    // Twice the outputs: once in the parts and once joined.
    let outputs = x.nrows().saturating_mul(network.architecture().output_width());
    ensure_available("the outputs", bytes_of::<F>(outputs.saturating_mul(2)))?;
    let rows = x.nrows().div_ceil(threads).next_multiple_of(block::TILE);
    let pieces = x.axis_chunks_iter(Axis(0), rows);
    let mut parts: Vec<_> = pieces.map(|piece| (piece, Ok(Array2::zeros((0, 0))))).collect();
    pool(threads)?.scope(|scope| {
        for (piece, outputs) in &mut parts {
            scope.spawn(|_| *outputs = network.forward(piece));
        }
    });
    let parts = parts.into_iter().enumerate();
    let parts = parts.map(|(index, (_, outputs))| outputs.map_err(|error| after(index * rows, error)));
    let parts = parts.collect::<Result<Vec<_>, _>>()?;
    let views: Vec<_> = parts.iter().map(|part| part.view()).collect();
    Ok(concatenate(Axis(0), &views).expect("each part has one column for each output"))
}

/// An error with the place of the first number that is not finite.
pub(crate) fn ensure_finite<F: Scalar>(outputs: &Array2<F>) -> Result<()> {
    match outputs.indexed_iter().find(|(_, value)| !value.is_finite()) {
        None => Ok(()),
        Some(((row, output), value)) => {
            Err(CoreError::NonFiniteOutput { row, output, value: value.as_f64() }.into())
        }
    }
}

/// The error of a piece that begins at row `start`, with its row number counted from the beginning of the
/// first piece.
fn after(start: usize, mut error: CoreError) -> CoreError {
    if let CoreError::NonFinite { row, .. } | CoreError::NonFiniteOutput { row, .. } = &mut error {
        *row += start;
    }
    error
}
