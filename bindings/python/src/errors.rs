//! Errors of the libraries as exceptions of Python, with our words.

use std::fmt::Display;

use ann_tabular::{ann_model, ann_train};
use pyo3::PyErr;
use pyo3::exceptions::{
    PyArithmeticError, PyKeyboardInterrupt, PyMemoryError, PyOSError, PyRuntimeError, PyValueError,
};

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
        _ => value(error),
    }
}

pub fn tabular(error: ann_tabular::Error) -> PyErr {
    use ann_tabular::Error;
    match error {
        Error::Train(error) => train(error),
        Error::Model(error) => model(error),
        _ => value(error),
    }
}

pub fn model(error: ann_model::Error) -> PyErr {
    use ann_model::Error;
    match error {
        Error::Read { .. } | Error::Write { .. } => PyOSError::new_err(error.to_string()),
        _ => value(error),
    }
}

/// A panic is a fault of this library, never of its user.
pub fn panic() -> PyErr {
    PyRuntimeError::new_err("ann has failed in a way that it never should: please report how it was called")
}
