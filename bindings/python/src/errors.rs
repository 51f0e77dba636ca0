//! Errors of the libraries as exceptions of Python, with our words.

use std::fmt::Display;
use std::panic::{AssertUnwindSafe, catch_unwind};

use ann_tabular::ann_table::CellLocation;
use ann_tabular::{ann_model, ann_table, ann_train};
use pyo3::exceptions::{
    PyArithmeticError, PyKeyboardInterrupt, PyMemoryError, PyOSError, PyRuntimeError, PyValueError,
};
use pyo3::prelude::*;

use crate::watch::watched;

/// What was given is wrong.
pub fn value(message: impl Display) -> PyErr {
    PyValueError::new_err(message.to_string())
}

pub fn train(error: ann_train::Error) -> PyErr {
    use ann_train::Error;
    let message = error.to_string();
    match error {
        // An exception of the callback, or Ctrl-C, takes its place.
        Error::Interrupted { .. } => PyKeyboardInterrupt::new_err(message),
        Error::Diverged { .. } | Error::InfiniteStart { .. } => PyArithmeticError::new_err(message),
        Error::Threads { .. } => PyRuntimeError::new_err(message),
        Error::Core(error) => core(error),
        _ => value(message),
    }
}

pub fn core(error: ann_train::ann_core::Error) -> PyErr {
    use ann_train::ann_core::Error;
    match error {
        Error::OutOfMemory { .. } => PyMemoryError::new_err(error.to_string()),
        // Only a training that goes on has a network before it has a problem.
        Error::ArchitectureMismatch { expected, found } => value(format!(
            "the network is {found}, the settings and the data describe {expected}: partial_fit and warm_start \
             keep the layers, columns and targets of the fit before; sklearn.base.clone makes an estimator that \
             begins anew"
        )),
        _ => value(error),
    }
}

pub fn tabular(error: ann_tabular::Error) -> PyErr {
    use ann_tabular::Error;
    match error {
        Error::Table(error) => table(error),
        Error::Train(error) => train(error),
        Error::Network(error) => core(error),
        Error::Model(error) => model(error),
        _ => value(error),
    }
}

pub fn model(error: ann_model::Error) -> PyErr {
    use ann_model::Error;
    match error {
        Error::Table(error) => table(error),
        Error::Network(error) => core(error),
        Error::Read { .. } | Error::Write { .. } => PyOSError::new_err(error.to_string()),
        Error::InFile { error: ref inner, .. }
            if matches!(**inner, Error::Read { .. } | Error::Write { .. }) =>
        {
            PyOSError::new_err(error.to_string())
        }
        _ => value(error),
    }
}

/// The advice of the library names fields of Rust structs; that of the package names its parameters.
pub fn table(error: ann_table::Error) -> PyErr {
    use ann_table::Error;
    match error {
        Error::NotANumber { location, found } => {
            value(format!("{}: found {found:?}, expected a number", cell(&location)))
        }
        Error::NotADate { location, found } => value(format!(
            "{}: found {found:?}, expected a date as 2024-02-29 or 2024-02-29 13:45",
            cell(&location)
        )),
        Error::LearnedKind { column, found, expected } => value(format!(
            "column {column:?} holds {found}, expected {expected} as in the table that was learned from: \
             convert the column"
        )),
        Error::OddCells { column, kind, count, known, cells, .. } => {
            let word = cells.first().map(|(_, text)| text.as_str()).unwrap_or_default();
            value(format!(
                "column {column:?}: {count} of {known} cells are no {kind}, such as {word:?}: mend them, or make \
                 them None if they are missing"
            ))
        }
        Error::NoFeatures { reasons } => value(format!(
            "no column is left to predict from: {reasons}; `keep` keeps a column that only looks useless"
        )),
        _ => value(error),
    }
}

/// Rows of frames and arrays count from 0.
fn cell(location: &CellLocation) -> String {
    format!("column {:?}, row {}", location.name, location.line - 1)
}

/// Calls `work`. A panic becomes an exception: it is a fault of this library, never of its user.
pub fn caught<T>(work: impl FnOnce() -> PyResult<T>) -> PyResult<T> {
    // What a panic has left half done is dropped with `work`, or is a `Core`, which never changes.
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| Err(panic()))
}

/// The exception that takes the place of a panic. Rust prints the panic itself to standard error.
pub fn panic() -> PyErr {
    PyRuntimeError::new_err("ann has failed in a way that it never should: please report how it was called")
}

/// Panics, for the tests of what becomes of panics: in a working thread, or in the thread that called.
#[pyfunction]
pub fn _panic(py: Python<'_>, is_in_thread: bool) -> PyResult<()> {
    let planted = || -> PyResult<()> { panic!("planted by a test") };
    if is_in_thread { watched(py, None, |_| planted())? } else { caught(planted) }
}
