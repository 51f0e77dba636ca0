//! The class `Core`: a fitted model, which never changes, so threads may share it.

use ann_export::OnnxOptions;
use ann_tabular::ann_core::Network;
use ann_tabular::ann_model::ann_table::Target;
use ann_tabular::ann_model::{Model, Networks};
use ann_tabular::ann_train::{Finding, History, Memory, OptimizerKind, State, forward};
use numpy::{IntoPyArray, PyArray1, PyArray2, PyReadonlyArray1};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList};
use rayon_core::ThreadPoolBuilder;
use serde::{Deserialize, Serialize};

use crate::errors::{self, caught};
use crate::gradcheck::{self, Described};
use crate::held::HeldArray2;
use crate::matrix::{AnyState, Precision};
use crate::tabular::{Columns, table};
use crate::watch::watched;

/// A model, what its training has recorded, and what a training that goes on has to remember.
#[pyclass(frozen, module = "ann._ann")]
pub struct Core {
    model: Model,
    record: FitRecord,
    state: Option<AnyState>,
}

/// What is known of a training beside the model.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct FitRecord {
    /// For each network the losses of the training rows and of the validation rows, and the best epoch.
    pub curves: Vec<Curve>,
    pub findings: Vec<String>,
    pub stop: String,
    /// The report on a table, in words.
    pub report: Option<String>,
}

/// How a training went.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Curve {
    pub losses: Vec<f64>,
    pub accuracies: Vec<f64>,
    pub validation_losses: Vec<f64>,
    pub best_epoch: Option<usize>,
}

impl FitRecord {
    pub fn of(history: &History, findings: &[Finding]) -> Self {
        let curve = Curve {
            losses: history.losses().collect(),
            accuracies: history.records.iter().filter_map(|record| record.accuracy).collect(),
            validation_losses: history.validation.iter().map(|record| record.loss).collect(),
            best_epoch: history.best_epoch,
        };
        Self {
            curves: vec![curve],
            findings: findings.iter().map(Finding::to_string).collect(),
            stop: format!("{:?}", history.stop),
            report: None,
        }
    }
}

impl Core {
    pub fn new(model: Model, record: FitRecord, state: Option<AnyState>) -> Self {
        Self { model, record, state }
    }

    /// The network of a model of matrices.
    pub fn network<F: Precision>(&self) -> PyResult<&Network<F>> {
        let other =
            || errors::value("the model was fitted in another precision: convert X, or fit a new model");
        F::network(self.model.networks()).ok_or_else(other)
    }

    pub fn state<F: Precision>(&self) -> Option<&State<F>> {
        self.state.as_ref().and_then(F::of_state)
    }

    /// What the outputs of a network of rows mean.
    fn respond<'py, F: Precision>(
        &self,
        py: Python<'py>,
        x: HeldArray2<'py, F>,
        threads: usize,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (network, x) = (self.network::<F>()?, x.as_array());
        let outputs = watched(py, None, |_| {
            forward(network, &x, threads).map(|outputs| self.model.loss().respond(&outputs))
        })?;
        Ok(outputs.map_err(errors::train)?.into_pyarray(py).into_any())
    }

    fn weights_of<'py, F: Precision>(
        &self,
        py: Python<'py>,
        network: &Network<F>,
    ) -> PyResult<Bound<'py, PyList>> {
        let layers = (1..).map_while(|k| network.layer(k));
        let arrays = layers.map(|layer| {
            let weights = layer.weights.t().to_owned().into_pyarray(py);
            (weights, layer.bias.to_owned().into_pyarray(py))
        });
        PyList::new(py, arrays)
    }
}

#[pymethods]
impl Core {
    /// Reads the bytes of a model's file.
    #[staticmethod]
    fn from_bytes(bytes: &[u8]) -> PyResult<Self> {
        let model = read(bytes)?;
        Ok(Self { model, record: FitRecord::default(), state: None })
    }

    /// The bytes of the model's file.
    fn to_bytes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        Ok(PyBytes::new(py, &self.model.write().map_err(errors::model)?))
    }

    /// All that makes the same `Core` again: the bytes of the file, the record of the training, and the
    /// memory of the optimizer.
    fn __getstate__<'py>(&self, py: Python<'py>) -> PyResult<Pickled<'py>> {
        let record = serde_json::to_string(&self.record).map_err(errors::value)?;
        let state = match &self.state {
            None => None,
            Some(AnyState::Double(state)) => Some(PickledState::of(py, state)),
            Some(AnyState::Single(state)) => Some(PickledState::of(py, state)),
        };
        Ok((self.to_bytes(py)?, record, state))
    }

    /// What `__getstate__` has taken apart, put together again.
    #[staticmethod]
    #[pyo3(signature = (bytes, record, state))]
    fn from_state(bytes: &[u8], record: &str, state: Option<PickledState<'_>>) -> PyResult<Self> {
        let model = read(bytes)?;
        let record = serde_json::from_str(record).map_err(errors::value)?;
        let state = match (&state, f64::network(model.networks()), f32::network(model.networks())) {
            (Some(state), Some(network), _) => Some(AnyState::Double(state.restored(network)?)),
            (Some(state), _, Some(network)) => Some(AnyState::Single(state.restored(network)?)),
            _ => None,
        };
        Ok(Self { model, record, state })
    }

    /// Writes the model's file, whole or not at all.
    fn save(&self, path: std::path::PathBuf) -> PyResult<()> {
        self.model.save(path).map_err(errors::model)
    }

    /// SHA-256 of the file.
    fn digest(&self) -> PyResult<String> {
        Ok(self.model.digest().map_err(errors::model)?.to_string())
    }

    /// What the file says about how the model was made, as JSON.
    #[getter]
    fn provenance(&self) -> String {
        self.model.provenance.to_string()
    }

    /// The same model, whose file says this about how it was made (JSON).
    fn with_provenance(&self, json: &str) -> PyResult<Self> {
        let mut model = self.model.clone();
        model.provenance = serde_json::from_str(json).map_err(errors::value)?;
        Ok(Self { model, record: self.record.clone(), state: self.state.clone() })
    }

    /// Probabilities of the classes, or values, of the rows of a matrix.
    fn predict<'py>(&self, x: &Bound<'py, PyAny>, threads: usize) -> PyResult<Bound<'py, PyAny>> {
        match x.extract::<HeldArray2<'py, f32>>() {
            Ok(x) => self.respond(x.py(), x, threads),
            Err(_) => self.respond(x.py(), x.extract::<HeldArray2<'py, f64>>()?, threads),
        }
    }

    /// Probabilities of the classes, or values, of the rows of a table.
    fn predict_table<'py>(&self, py: Python<'py>, columns: Columns) -> PyResult<Bound<'py, PyArray2<f64>>> {
        let table = caught(|| table(columns))?;
        let values =
            watched(py, None, |_| self.model.predict(&table).map(|predicted| predicted.values().clone()))?;
        Ok(values.map_err(errors::model)?.into_pyarray(py))
    }

    /// Half the width of intervals that contain the truth with this probability, for each number; for classes
    /// the largest 1 − p in a set. `None` if the model knows no residuals.
    fn half_widths(&self, level: f64) -> PyResult<Option<Vec<f64>>> {
        let Some(conformal) = self.model.conformal() else { return Ok(None) };
        let widths = (0..conformal.residuals().ncols()).map(|column| conformal.quantile(column, level));
        widths.collect::<Result<_, _>>().map(Some).map_err(errors::model)
    }

    /// For each layer the weights (fan_in, fan_out) and the biases (fan_out) of the first network.
    fn weights<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        match (f64::network(self.model.networks()), f32::network(self.model.networks())) {
            (Some(network), _) => self.weights_of(py, network),
            (_, Some(network)) => self.weights_of(py, network),
            _ => Ok(PyList::empty(py)),
        }
    }

    /// θ of the first network.
    fn parameters<'py>(&self, py: Python<'py>) -> Bound<'py, PyAny> {
        match (f64::network(self.model.networks()), f32::network(self.model.networks())) {
            (Some(network), _) => network.parameters().to_vec().into_pyarray(py).into_any(),
            (_, Some(network)) => network.parameters().to_vec().into_pyarray(py).into_any(),
            _ => PyArray1::<f64>::zeros(py, 0, false).into_any(),
        }
    }

    /// "float32" or "float64".
    #[getter]
    fn precision(&self) -> &'static str {
        match f64::network(self.model.networks()) {
            Some(_) => "float64",
            None => "float32",
        }
    }

    /// Units of the inputs and of each layer.
    #[getter]
    fn widths(&self) -> Vec<usize> {
        match (f64::network(self.model.networks()), f32::network(self.model.networks())) {
            (Some(network), _) => network.architecture().widths().collect(),
            (_, Some(network)) => network.architecture().widths().collect(),
            _ => vec![],
        }
    }

    /// Number of networks.
    #[getter]
    fn networks(&self) -> usize {
        self.model.networks().len()
    }

    /// The names of the columns that are used, in the order of the table that was learned from.
    #[getter]
    fn features(&self) -> Vec<String> {
        self.model.schema().columns.iter().map(|column| column.name.clone()).collect()
    }

    /// The name of the target, or of each.
    #[getter]
    fn targets(&self) -> Vec<String> {
        self.model.schema().target.names().iter().map(ToString::to_string).collect()
    }

    /// The texts of the classes; `None` if numbers are predicted.
    #[getter]
    fn classes(&self) -> Option<Vec<String>> {
        match &self.model.schema().target {
            Target::Classes { classes, .. } => Some(classes.clone()),
            _ => None,
        }
    }

    /// What is remarkable about the training.
    #[getter]
    fn findings(&self) -> Vec<String> {
        self.record.findings.clone()
    }

    /// Why training ended.
    #[getter]
    fn stop(&self) -> &str {
        &self.record.stop
    }

    /// The report on the fit of a table, in words.
    #[getter]
    fn report(&self) -> Option<&str> {
        self.record.report.as_deref()
    }

    /// For each network a dict: `loss`, `accuracy`, `validation_loss` and `best_epoch`.
    fn curves<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let curves = self.record.curves.iter().map(|curve| {
            let dict = PyDict::new(py);
            dict.set_item("loss", curve.losses.clone().into_pyarray(py))?;
            dict.set_item("accuracy", curve.accuracies.clone().into_pyarray(py))?;
            dict.set_item("validation_loss", curve.validation_losses.clone().into_pyarray(py))?;
            dict.set_item("best_epoch", curve.best_epoch)?;
            Ok(dict)
        });
        PyList::new(py, curves.collect::<PyResult<Vec<_>>>()?)
    }

    /// Checks the gradients of all networks on the rows of a table. Returns the verdict, the reports in
    /// words, and a JSON list of them.
    fn check_gradient(&self, py: Python<'_>, columns: Columns<'_>, threads: usize) -> PyResult<Described> {
        let table = caught(|| table(columns))?;
        let reports = watched(py, None, |_| {
            // Rayon's global pool has no threads in a process that was forked, and would wait for ever.
            let pool = ThreadPoolBuilder::new().num_threads(threads).build().map_err(errors::value)?;
            pool.install(|| match self.model.networks() {
                Networks::F32(networks) => gradcheck::of_networks(&self.model, networks, &table),
                Networks::F64(networks) => gradcheck::of_networks(&self.model, networks, &table),
            })
        })?;
        Ok(gradcheck::described(&reports?))
    }

    /// The model as ONNX.
    fn to_onnx<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let onnx = || ann_export::onnx(&self.model, &OnnxOptions::default()).map_err(errors::value);
        let bytes = caught(onnx)?;
        Ok(PyBytes::new(py, &bytes))
    }
}

fn read(bytes: &[u8]) -> PyResult<Model> {
    caught(|| Model::read(bytes).map_err(errors::model))
}

/// A pickled `Core`: see `Core::__getstate__`.
type Pickled<'py> = (Bound<'py, PyBytes>, String, Option<PickledState<'py>>);

/// The memory of a training that goes on: the optimizer, epochs, updates, numbers, and vectors.
#[derive(FromPyObject, IntoPyObject)]
struct PickledState<'py>(String, usize, u64, Vec<f64>, Vec<Bound<'py, PyAny>>);

const KINDS: [(&str, OptimizerKind); 6] = [
    ("descent", OptimizerKind::Descent),
    ("momentum", OptimizerKind::Momentum),
    ("adam", OptimizerKind::Adam),
    ("rprop", OptimizerKind::Rprop),
    ("lbfgs", OptimizerKind::Lbfgs),
    ("levenberg_marquardt", OptimizerKind::LevenbergMarquardt),
];

impl<'py> PickledState<'py> {
    fn of<F: Precision>(py: Python<'py>, state: &State<F>) -> Self {
        let State { memory, epoch, .. } = state;
        let name = KINDS.iter().find(|(_, kind)| *kind == memory.optimizer).map_or("", |(name, _)| name);
        let vectors = memory.vectors.iter().map(|vector| vector.clone().into_pyarray(py).into_any());
        Self(name.to_owned(), *epoch, memory.updates, memory.scalars.clone(), vectors.collect())
    }

    fn restored<F: Precision>(&self, network: &Network<F>) -> PyResult<State<F>> {
        let Self(name, epoch, updates, scalars, vectors) = self;
        let kind = KINDS.iter().find(|(kind, _)| kind == name).map(|(_, kind)| *kind);
        let vector = |vector: &Bound<'py, PyAny>| {
            Ok(vector.extract::<PyReadonlyArray1<'_, F>>()?.as_slice()?.to_vec())
        };
        let memory = Memory {
            optimizer: kind.ok_or_else(|| errors::value(format!("'{name}' is no optimizer")))?,
            updates: *updates,
            scalars: scalars.clone(),
            vectors: vectors.iter().map(vector).collect::<PyResult<_>>()?,
        };
        Ok(State { network: network.clone(), memory, epoch: *epoch })
    }
}
