//! Networks of matrices of numbers: what `ann_train::Classifier` and `Regressor` fit, as a model.

use std::ops::ControlFlow;

use ann_tabular::ann_core::ndarray::{ArrayView2, Axis};
use ann_tabular::ann_core::{Activation, Architecture, Loss, Network, Problem, Targets, seeded};
use ann_tabular::ann_model::file::Element;
use ann_tabular::ann_model::{Conformal, Model, Networks};
use ann_tabular::ann_table::{ColumnSchema, Encoding, NumberEncoding, NumberTarget, Schema, Target};
use ann_tabular::ann_train::splits::hold_out;
use ann_tabular::ann_train::{
    EpochRecord, FitOptions, History, Schedule, State, TrainConfig, Training, Validation, forward,
};
use pyo3::prelude::*;

use crate::core::{Core, FitRecord};
use crate::errors::{self, caught};
use crate::held::{HeldArray1, HeldArray2};
use crate::settings::Settings;
use crate::watch::{Record, watched};

/// A precision of rows, weights and networks.
pub trait Precision: Element + numpy::Element {
    /// Networks of this precision.
    fn networks(network: Network<Self>) -> Networks;
    /// The first network, if it is of this precision.
    fn network(networks: &Networks) -> Option<&Network<Self>>;
    /// What a training has to remember.
    fn state(state: State<Self>) -> AnyState;
    /// The same, if it is of this precision.
    fn of_state(state: &AnyState) -> Option<&State<Self>>;
}

/// A state of either precision.
#[derive(Clone, Debug)]
pub enum AnyState {
    Single(State<f32>),
    Double(State<f64>),
}

macro_rules! precision {
    ($type:ty, $networks:ident, $state:ident) => {
        impl Precision for $type {
            fn networks(network: Network<Self>) -> Networks {
                Networks::$networks(vec![network])
            }

            fn network(networks: &Networks) -> Option<&Network<Self>> {
                match networks {
                    Networks::$networks(networks) => networks.first(),
                    _ => None,
                }
            }

            fn state(state: State<Self>) -> AnyState {
                AnyState::$state(state)
            }

            fn of_state(state: &AnyState) -> Option<&State<Self>> {
                match state {
                    AnyState::$state(state) => Some(state),
                    _ => None,
                }
            }
        }
    };
}
precision!(f32, F32, Single);
precision!(f64, F64, Double);

/// The names in a model's file.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub struct Names {
    features: Vec<String>,
    /// The name of the target, or of each column of targets.
    targets: Vec<String>,
    /// The texts of the classes; none if numbers are predicted.
    classes: Option<Vec<String>>,
}

/// What is learned about rows, in NumPy's memory.
#[derive(Clone, Copy)]
enum Wanted<'a, F> {
    /// The number of each row's class.
    Classes(&'a [usize]),
    /// Values (n, outputs).
    Values(ArrayView2<'a, F>),
}

/// What is trained on, in NumPy's memory.
#[derive(Clone, Copy)]
struct Data<'a, F> {
    x: ArrayView2<'a, F>,
    wanted: Wanted<'a, F>,
    weights: Option<&'a [F]>,
}

/// Calls `$function` with the arrays, in the precision of `x`.
macro_rules! in_precision {
    ($x:ident, $wanted:ident, $weights:ident, |$data:ident| $run:expr) => {
        match $x.extract::<HeldArray2<'_, f32>>() {
            Ok(x) => in_precision!(f32, x, $wanted, $weights, |$data| $run),
            Err(_) => {
                let x: HeldArray2<'_, f64> = $x.extract()?;
                in_precision!(f64, x, $wanted, $weights, |$data| $run)
            }
        }
    };
    ($type:ty, $x:ident, $wanted:ident, $weights:ident, |$data:ident| $run:expr) => {{
        let weights: Option<HeldArray1<'_, $type>> = $weights.extract()?;
        let weights = weights.as_ref().map(|weights| weights.as_slice()).transpose()?;
        let x = $x.as_array();
        match $wanted.extract::<HeldArray1<'_, usize>>() {
            Ok(classes) => {
                let $data = Data { x, wanted: Wanted::Classes(classes.as_slice()?), weights };
                $run
            }
            Err(_) => {
                let values: HeldArray2<'_, $type> = $wanted.extract()?;
                let $data = Data { x, wanted: Wanted::Values(values.as_array()), weights };
                $run
            }
        }
    }};
}

/// Trains a network on the rows of `x` (n, features), from the beginning or from the network of `start`.
/// `wanted` is the number of each row's class (n), or values (n, outputs).
#[pyfunction]
pub fn fit(
    x: &Bound<'_, PyAny>,
    wanted: &Bound<'_, PyAny>,
    weights: &Bound<'_, PyAny>,
    settings: Settings,
    names: Names,
    start: Option<&Core>,
    callback: Option<Py<PyAny>>,
) -> PyResult<Core> {
    let py = x.py();
    caught(|| {
        in_precision!(x, wanted, weights, |data| fit_data(
            py,
            data,
            &settings,
            &names,
            start,
            callback.as_ref()
        ))
    })
}

fn fit_data<F: Precision>(
    py: Python<'_>,
    data: Data<'_, F>,
    settings: &Settings,
    names: &Names,
    start: Option<&Core>,
    callback: Option<&Py<PyAny>>,
) -> PyResult<Core> {
    let start = start.map(Core::network::<F>).transpose()?;
    let Data { x, wanted, weights } = data;
    let Learned { network, loss, record } = watched(py, callback, |watch| {
        let observe = |record: &_, validation: Option<&_>| watch.see(|| seen(record, validation));
        let (observe, interrupt) = (callback.map(|_| &observe as _), Some(watch.interrupt));
        let options = FitOptions { weights, start, observe, interrupt, ..FitOptions::default() };
        learn(settings, &x, wanted, &options)
    })??;
    let made = model(network.clone(), loss, x, wanted, names)?;
    let made = match (wanted, settings.validation()?) {
        (Wanted::Values(values), Some(validation)) => with_intervals(made, &network, x, values, &validation)?,
        _ => made,
    };
    Ok(Core::new(made, record, None))
}

/// A trained network, and how it was trained.
struct Learned<F> {
    network: Network<F>,
    loss: Loss,
    record: FitRecord,
}

/// Trains a network that tells classes apart, or one that predicts values.
fn learn<F: Precision>(
    settings: &Settings,
    x: &ArrayView2<'_, F>,
    wanted: Wanted<'_, F>,
    options: &FitOptions<'_, (), F>,
) -> PyResult<Learned<F>> {
    match wanted {
        Wanted::Classes(classes) => {
            let fitted =
                settings.classifier()?.fit_with(x, classes, &for_targets(options)).map_err(errors::train)?;
            let record = FitRecord::of(fitted.history(), fitted.findings());
            Ok(Learned { network: fitted.into_parts().0, loss: settings.class_loss(), record })
        }
        Wanted::Values(values) => {
            let fitted =
                settings.regressor()?.fit_with(x, &values, &for_targets(options)).map_err(errors::train)?;
            let record = FitRecord::of(fitted.history(), fitted.findings());
            Ok(Learned { network: fitted.network().clone(), loss: settings.value_loss()?, record })
        }
    }
}

/// The options of a fit, for targets of another type. No validation rows are given.
fn for_targets<'a, T: ?Sized, F>(options: &FitOptions<'a, (), F>) -> FitOptions<'a, T, F> {
    let &FitOptions { weights, start, observe, interrupt, .. } = options;
    FitOptions { weights, start, observe, interrupt, ..FitOptions::default() }
}

/// Trains for one more epoch, on these rows. The optimizer goes on with its memory.
#[pyfunction]
pub fn partial_fit(
    x: &Bound<'_, PyAny>,
    wanted: &Bound<'_, PyAny>,
    weights: &Bound<'_, PyAny>,
    settings: Settings,
    names: Names,
    start: Option<&Core>,
) -> PyResult<Core> {
    let py = x.py();
    caught(|| in_precision!(x, wanted, weights, |data| partial_fit_data(py, data, &settings, &names, start)))
}

fn partial_fit_data<F: Precision>(
    py: Python<'_>,
    data: Data<'_, F>,
    settings: &Settings,
    names: &Names,
    start: Option<&Core>,
) -> PyResult<Core> {
    let loss = match data.wanted {
        Wanted::Classes(_) => settings.class_loss(),
        Wanted::Values(_) => settings.value_loss()?,
    };
    let outputs = names.classes.as_ref().map_or(names.targets.len(), Vec::len);
    let hidden = settings.hidden_layers()?;
    // An epoch is all of this training, so a schedule would end in each call.
    let mut config = settings.train()?;
    config.learning_rate.schedule = Schedule::Constant;
    let state = watched(py, None, |watch| {
        let architecture =
            Architecture::inputs(data.x.ncols()).with_layers(hidden).dense(outputs, Activation::Identity);
        let targets = match data.wanted {
            Wanted::Classes(classes) => Targets::Classes(classes),
            Wanted::Values(values) => Targets::Values(values),
        };
        let mut problem =
            Problem::new(&architecture, loss.clone(), &data.x, targets)?.with_l2(settings.l2())?;
        if let Some(weights) = data.weights {
            problem = problem.with_weights(weights)?;
        }
        let fresh = || Network::init(&architecture, settings.init(), &mut seeded(settings.seed()));
        let config = |epochs| TrainConfig { epochs, ..config };
        let training = match start.map(Core::state::<F>) {
            Some(Some(state)) => Training::resume(&problem, state.clone(), &config(state.epoch + 1))?,
            // Only the network is known: it was fitted, or read from a file.
            Some(None) => {
                let network = start.and_then(|core| core.network::<F>().ok().cloned());
                Training::new(&problem, network.map_or_else(fresh, Ok)?, &config(1))?
            }
            None => Training::new(&problem, fresh()?, &config(1))?,
        };
        let mut training = training.with_interrupt(Some(watch.interrupt));
        let ControlFlow::Continue(record) = training.epoch()? else {
            // No step lowers the loss, or it is low enough.
            return Ok((training.state().clone(), None));
        };
        Ok::<_, ann_tabular::ann_train::Error>((training.state().clone(), Some(record)))
    })?;
    let (state, record) = state.map_err(errors::train)?;
    let model = model(state.network.clone(), loss, data.x, data.wanted, names)?;
    let history = History { records: record.into_iter().collect(), ..History::default() };
    Ok(Core::new(model, FitRecord::of(&history, &[]), Some(F::state(state))))
}

/// What a callback is shown of an epoch.
fn seen(record: &EpochRecord, validation: Option<&EpochRecord>) -> Record {
    let mut seen = vec![("epoch", record.epoch as f64), ("loss", record.loss)];
    seen.extend(record.accuracy.map(|accuracy| ("accuracy", accuracy)));
    if let Some(record) = validation {
        seen.push(("validation_loss", record.loss));
        seen.extend(record.accuracy.map(|accuracy| ("validation_accuracy", accuracy)));
    }
    seen
}

/// A network of raw rows as a model, whose schema changes no number.
fn model<F: Precision>(
    network: Network<F>,
    loss: Loss,
    x: ArrayView2<'_, F>,
    wanted: Wanted<'_, F>,
    names: &Names,
) -> PyResult<Model> {
    let columns = x.columns().into_iter().zip(&names.features).map(|(column, name)| {
        let (minimum, maximum) = extremes(column.iter().map(|x| x.as_f64()));
        let encoding = NumberEncoding {
            fill: 0.0,
            has_flag: false,
            center: 0.0,
            scale: 1.0,
            squash: None,
            minimum,
            maximum,
            pieces: None,
        };
        ColumnSchema { name: name.clone(), encoding: Encoding::Number(encoding) }
    });
    let target = match (wanted, &names.classes) {
        (Wanted::Values(_), _) => Target::Numbers(
            // The networks predict numbers as they are, and of any size.
            names
                .targets
                .iter()
                .map(|name| NumberTarget {
                    name: name.clone(),
                    center: 0.0,
                    scale: 1.0,
                    minimum: f64::MIN,
                    maximum: f64::MAX,
                })
                .collect(),
        ),
        (Wanted::Classes(_), classes) => {
            Target::Classes { name: names.targets.concat(), classes: classes.clone().unwrap_or_default() }
        }
    };
    let schema = Schema { columns: columns.collect(), ignored: vec![], target };
    Model::new(schema, F::networks(network), loss).map_err(errors::model)
}

fn extremes(numbers: impl Iterator<Item = f64>) -> (f64, f64) {
    numbers.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| (low.min(x), high.max(x)))
}

/// The model with the residuals of the rows that were held out.
fn with_intervals<F: Precision>(
    model: Model,
    network: &Network<F>,
    x: ArrayView2<'_, F>,
    values: ArrayView2<'_, F>,
    validation: &Validation,
) -> PyResult<Model> {
    // The fit has divided the rows by the same rule.
    let split = hold_out(&vec![0; x.nrows()], validation.share, validation.seed).map_err(errors::train)?;
    let predicted = forward(network, &x.select(Axis(0), &split.test), 1).map_err(errors::train)?;
    let residuals = values.select(Axis(0), &split.test) - predicted;
    let residuals = residuals.mapv(|residual| residual.as_f64().abs());
    model.with_conformal(Conformal::new(&residuals).map_err(errors::model)?).map_err(errors::model)
}
