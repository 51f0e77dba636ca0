//! The Rust half of the Python package: arrays and columns in, arrays out. What scikit-learn asks for is
//! written in Python.

use pyo3::prelude::*;

mod matrix;
mod tabular;

mod core;

mod settings;

mod errors;
mod held;
mod watch;

mod gradcheck;

#[pymodule]
mod _ann {
    #[pymodule_export]
    use super::core::Core;
    #[pymodule_export]
    use super::errors::_panic;
    #[pymodule_export]
    use super::gradcheck::check_gradient;
    #[pymodule_export]
    use super::matrix::{fit, partial_fit};
    #[pymodule_export]
    use super::tabular::fit_table;
}
