//! `ann.gradcheck`: the check of anybody's gradient.

use std::cell::RefCell;

use ann_gradcheck::{Config, Report};
use numpy::{PyArray1, PyReadonlyArray1};
use pyo3::prelude::*;

use crate::errors;

/// Compares a gradient with differences of its function, at `at` and around it. Returns the verdict, the
/// report in words, and the report as JSON.
#[pyfunction]
pub fn check_gradient(
    py: Python<'_>,
    value: Py<PyAny>,
    gradient: Py<PyAny>,
    at: PyReadonlyArray1<'_, f64>,
    names: Vec<String>,
    tolerance: f64,
    seed: u64,
) -> PyResult<(String, String, String)> {
    // The first exception of a function ends the check.
    let failure: RefCell<Option<PyErr>> = RefCell::new(None);
    let call = |function: &Py<PyAny>, point: &[f64]| {
        if failure.borrow().is_some() {
            return None;
        }
        let result = py.check_signals().and_then(|()| function.bind(py).call1((PyArray1::from_slice(py, point),)));
        result.map_err(|error| failure.borrow_mut().replace(error)).ok()
    };
    let keep = |error: PyErr| {
        failure.borrow_mut().get_or_insert(error);
    };
    let value = |point: &[f64]| match call(&value, point).map(|value| value.extract::<f64>()) {
        Some(Ok(value)) => value,
        Some(Err(error)) => {
            keep(error);
            f64::NAN
        }
        None => f64::NAN,
    };
    let gradient = |point: &[f64], out: &mut [f64]| {
        let Some(entries) = call(&gradient, point) else { return };
        match entries.extract::<PyReadonlyArray1<'_, f64>>() {
            Ok(entries) if entries.len().is_ok_and(|length| length == out.len()) => {
                out.iter_mut().zip(entries.as_array()).for_each(|(out, entry)| *out = *entry);
            }
            Ok(_) => keep(errors::value("the gradient has another number of entries than the point")),
            Err(error) => keep(error.into()),
        }
    };
    let config = Config { tolerance, seed, names, ..Config::default() };
    let report = ann_gradcheck::check_gradient(value, gradient, at.as_slice()?, &config);
    if let Some(error) = failure.into_inner() {
        return Err(error);
    }
    described(&report.map_err(errors::value)?)
}

fn described(report: &Report) -> PyResult<(String, String, String)> {
    Ok((report.verdict().to_string(), report.to_string(), report.to_json()))
}
