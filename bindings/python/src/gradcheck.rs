//! `ann.gradcheck`: the check of anybody's gradient.

use std::cell::RefCell;

use ann_gradcheck::{Config, Report, Verdict, check_problem};
use ann_tabular::ann_core::{Network, Problem, Scalar};
use ann_tabular::ann_model::Model;
use ann_tabular::ann_table::Table;
use ann_tabular::ann_train::{Accumulation, Objective};
use numpy::{PyArray1, PyReadonlyArray1};
use pyo3::prelude::*;

use crate::errors::{self, caught};
use crate::held::HeldArray1;

/// A verdict, reports in words, and a JSON list of reports.
pub type Described = (String, String, String);

/// Compares a gradient with differences of its function, at `at` and around it. Returns the verdict, the
/// report in words, and the report as JSON.
#[pyfunction]
pub fn check_gradient(
    py: Python<'_>,
    value: Py<PyAny>,
    gradient: Py<PyAny>,
    at: HeldArray1<'_, f64>,
    names: Vec<String>,
    tolerance: f64,
    seed: u64,
) -> PyResult<Described> {
    // The first exception of a function ends the check.
    let failure: RefCell<Option<PyErr>> = RefCell::new(None);
    let call = |function: &Py<PyAny>, point: &[f64]| {
        if failure.borrow().is_some() {
            return None;
        }
        let result =
            py.check_signals().and_then(|()| function.bind(py).call1((PyArray1::from_slice(py, point),)));
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
            Err(error) => keep(error),
        }
    };
    let config = Config { tolerance, seed, names, ..Config::default() };
    let at = at.as_slice()?;
    let report = caught(|| Ok(ann_gradcheck::check_gradient(value, gradient, at, &config)));
    if let Some(error) = failure.into_inner() {
        return Err(error);
    }
    Ok(described(&[report?.map_err(errors::value)?]))
}

/// A report for each network of a model, whose gradients are those that training uses.
pub fn of_networks<F: Scalar>(
    model: &Model,
    networks: &[Network<F>],
    table: &Table,
) -> PyResult<Vec<Report>> {
    let report = |network: &Network<F>, problem: &Problem<'_, F>| {
        check_problem(problem, network.parameters(), gradient, &Config::default()).map_err(errors::value)
    };
    model.learned_problems(networks, table, report).map_err(errors::model)?.into_iter().collect()
}

fn gradient<F: Scalar>(problem: &Problem<'_, F>, parameters: &[F], gradient: &mut [F]) {
    let mut objective = Objective::new(problem, Accumulation::Batched).expect("the rows are few");
    objective.value_and_gradient(parameters, gradient);
}

/// The first verdict that is no pass, or pass; the reports in words, and as a JSON list.
pub fn described(reports: &[Report]) -> Described {
    let is_other = |report: &&Report| report.verdict() != Verdict::Pass;
    let verdict = reports.iter().find(is_other).map_or(Verdict::Pass, Report::verdict);
    let texts: Vec<String> = reports.iter().map(Report::to_string).collect();
    let objects: Vec<String> = reports.iter().map(Report::to_json).collect();
    (verdict.to_string(), texts.join("\n"), format!("[{}]", objects.join(",")))
}
