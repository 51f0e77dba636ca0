//! A lab: rows, a network and its training, all that a page looks at.

use std::ops::ControlFlow;

use ann_model::serde_json::{self, json};
use ann_model::{LearnedTargets, Model, Networks};
use ann_table::{Reader, Schema, Table, Target, Task};
use ann_train::ann_core::ndarray::{Array2, Axis, Slice};
use ann_train::{
    Accumulation, Activation, Architecture, Batching, Error as TrainError, Loss, Network, Objective,
    Optimizer, Problem, State, StopReason, Training, seeded,
};

use crate::error::{Code, Error, Result, check_limit};
use crate::history::{Course, Measure, Moment, RSquared};
use crate::limits;
use crate::observer::Observer;
use crate::program::Log;
use crate::settings::{NetworkSettings, TrainingSettings};
use crate::source::{Division, Rows, Source, kind_name};

/// Rows, a network and its training.
#[derive(Debug)]
pub struct Lab {
    /// Where the rows come from.
    pub source: Source,
    /// How the rows were divided.
    pub division: Division,
    /// Whether numbers enter the network scaled.
    pub is_scaled: bool,
    pub(crate) schema: Schema,
    pub(crate) rows: Option<LabRows>,
    pub(crate) usual_loss: Loss,
    pub(crate) settings: TrainingSettings,
    pub(crate) state: State,
    pub(crate) course: Course,
    pub(crate) log: Log,
    /// Why the last step ended early, and what went wrong in it.
    pub(crate) stop: Option<StopReason>,
    pub(crate) trouble: Option<String>,
}

/// The rows of a lab.
#[derive(Debug)]
pub(crate) struct LabRows {
    /// All rows, in the order of the table.
    pub table: Table,
    /// Whether a row is a test row.
    pub is_test: Vec<bool>,
    pub train: Part,
    pub test: Option<Part>,
    /// How the table was read.
    pub reader: Reader,
}

/// Rows as the network learns them.
#[derive(Debug)]
pub(crate) struct Part {
    pub x: Array2<f64>,
    pub y: LearnedTargets<f64>,
    /// Of the targets, if they are numbers.
    variance: f64,
}

impl Part {
    fn new(model: &Model, table: &Table, width: usize) -> Result<Self> {
        let x = model.schema().features::<f64>(table)?;
        let x = x.slice_axis(Axis(1), Slice::from(..width)).to_owned();
        let y = model.learned_targets(table)?;
        let variance = match &y {
            LearnedTargets::Values(values) => values.var(0.0),
            LearnedTargets::Classes(_) => f64::NAN,
        };
        Ok(Self { x, y, variance })
    }

    /// R² of a network for these rows, if the loss does not tell it.
    pub(crate) fn r_squared(&self, network: &Network, loss: &Loss) -> Result<RSquared> {
        let LearnedTargets::Values(truth) = &self.y else { return Ok(RSquared::Is(f64::NAN)) };
        if *loss == Loss::MeanSquaredError {
            return Ok(RSquared::FromLoss { variance: self.variance });
        }
        let responses = loss.respond(&network.forward(&self.x)?);
        let squares = responses.iter().zip(truth).map(|(response, y)| (response - y) * (response - y));
        Ok(RSquared::Is(1.0 - squares.sum::<f64>() / truth.len() as f64 / self.variance))
    }
}

impl Lab {
    /// A lab of rows of a table.
    pub fn new(
        source: Source,
        (rows, division, is_scaled): (Rows, Division, bool),
        network: &NetworkSettings,
        training: impl FnOnce(&Loss) -> Result<TrainingSettings>,
    ) -> Result<Self> {
        let usual_loss = match rows.schema.target.task() {
            Task::Classification => Loss::SoftmaxCrossEntropy,
            Task::Regression | Task::MultiLabel => Loss::MeanSquaredError,
        };
        let settings = training(&usual_loss)?;
        let first = initial(&rows.schema, network)?;
        let log = Log::from_init(network.clone());
        Self::with_network(
            source,
            rows.schema.clone(),
            Some((rows, division)),
            usual_loss,
            settings,
            first,
            log,
        )
        .map(|lab| Self { is_scaled, ..lab })
    }

    /// A lab of a model, and of rows if there are any.
    pub fn of_model(
        network: usize,
        model: &Model,
        rows: Option<(Rows, Division)>,
        training: impl FnOnce(&Loss) -> Result<TrainingSettings>,
    ) -> Result<Self> {
        let found = in_f64(model.networks(), network)?;
        check_limit("parameters", found.parameters().len(), limits::PARAMETERS)?;
        let settings = training(model.loss())?;
        let log = Log::from_model(network);
        let (schema, loss) = (model.schema().clone(), model.loss().clone());
        Self::with_network(Source::Model { network }, schema, rows, loss, settings, found, log)
    }

    fn with_network(
        source: Source,
        schema: Schema,
        rows: Option<(Rows, Division)>,
        usual_loss: Loss,
        settings: TrainingSettings,
        network: Network,
        log: Log,
    ) -> Result<Self> {
        let model = Model::new(schema.clone(), Networks::F64(vec![network.clone()]), settings.loss.clone())?;
        let width = network.architecture().input_width();
        let division = rows.as_ref().map_or(Division { share: 0.0, seed: 0 }, |(_, division)| *division);
        let rows = match rows {
            None => None,
            Some((Rows { table, split, reader, .. }, _)) => {
                let part = |rows: &[usize]| Part::new(&model, &table.select(rows), width);
                let mut is_test = vec![false; table.rows()];
                split.test.iter().for_each(|&row| is_test[row] = true);
                let test = if split.test.is_empty() { None } else { Some(part(&split.test)?) };
                Some(LabRows { train: part(&split.train)?, test, is_test, table, reader })
            }
        };
        let mut lab = Self {
            source,
            division,
            is_scaled: true,
            schema,
            rows,
            usual_loss,
            settings: settings.clone(),
            state: State { network, memory: Default::default(), epoch: 0 },
            course: Course::new(),
            log,
            stop: None,
            trouble: None,
        };
        if lab.rows.is_some() {
            lab.begin(settings)?;
        }
        Ok(lab)
    }

    /// A new network on the same rows.
    pub fn set_network(&mut self, settings: &NetworkSettings) -> Result<()> {
        if matches!(self.source, Source::Model { .. }) {
            return Err(Error::new(Code::Refused, "a model brings its own network"));
        }
        let network = initial(&self.schema, settings)?;
        let before = (self.state.clone(), std::mem::take(&mut self.course), self.log.clone());
        self.state = State { network, memory: Default::default(), epoch: 0 };
        self.log = Log::from_init(settings.clone());
        let begun = self.begin(self.settings.clone());
        if begun.is_err() {
            (self.state, self.course, self.log) = before;
        }
        begun
    }

    /// Begins at epoch 0 of the history, with an empty memory of the optimizer.
    fn begin(&mut self, settings: TrainingSettings) -> Result<()> {
        self.state = self.fresh(&settings)?;
        self.settings = settings;
        (self.stop, self.trouble) = (None, None);
        self.measure()
    }

    /// Other settings from the next epoch on.
    pub fn set_training(&mut self, settings: TrainingSettings) -> Result<()> {
        let (old, new) = (&self.settings.config.optimizer, &settings.config.optimizer);
        // The memory of L-BFGS is as long as its settings say.
        let keeps = old.kind() == new.kind() && !(old != new && matches!(new, Optimizer::Lbfgs(_)));
        let fresh = self.fresh(&settings)?;
        if !keeps {
            self.state = fresh;
        }
        let has_other_loss = self.settings.loss != settings.loss;
        let has_other_objective = has_other_loss || self.settings.l2 != settings.l2;
        self.settings = settings;
        self.log.separate(!keeps);
        (self.stop, self.trouble) = (None, None);
        if has_other_objective {
            self.course.forget_from(self.state.epoch);
            if has_other_loss {
                self.course.compare_from(self.state.epoch);
            }
            self.measure()?;
        }
        Ok(())
    }

    /// The state with an empty memory; an error if the settings do not suit the rows.
    fn fresh(&self, settings: &TrainingSettings) -> Result<State> {
        let problem = self.problem_with(settings, &self.rows()?.train)?;
        let training = Training::new(&problem, self.state.network.clone(), &settings.config)?;
        Ok(State { epoch: self.state.epoch, ..training.state().clone() })
    }

    /// What is minimised.
    pub(crate) fn problem<'a>(&'a self, part: &'a Part) -> Result<Problem<'a>> {
        self.problem_with(&self.settings, part)
    }

    fn problem_with<'a>(&'a self, settings: &TrainingSettings, part: &'a Part) -> Result<Problem<'a>> {
        let architecture = self.state.network.architecture();
        let problem = Problem::new(architecture, settings.loss.clone(), &part.x, part.y.targets())?;
        Ok(problem.with_l2(settings.l2)?)
    }

    pub(crate) fn rows(&self) -> Result<&LabRows> {
        let absent = || Error::new(Code::Absent, "there are no rows: open a table, too");
        self.rows.as_ref().ok_or_else(absent)
    }

    /// The network as it is now.
    pub fn network(&self) -> &Network {
        &self.state.network
    }

    /// Number of epochs so far.
    pub fn epoch(&self) -> usize {
        self.state.epoch
    }

    /// Trains for some epochs. Returns how many were made.
    pub fn step(&mut self, epochs: usize) -> Result<usize> {
        check_limit("epochs", epochs, limits::EPOCHS)?;
        let mut course = std::mem::take(&mut self.course);
        let ran = self.run(epochs, &mut course);
        self.course = course;
        if ran.is_err() {
            self.course.forget_from(self.state.epoch + 1);
        }
        let (state, stop, trouble) = ran?;
        let ran = state.epoch - self.state.epoch;
        self.log.trained(&self.settings, epochs, ran, stop.is_some() || trouble.is_some());
        if trouble.is_some() {
            // The network is an older one.
            self.course.forget_from(state.epoch);
        }
        (self.state, self.stop, self.trouble) = (state, stop, trouble);
        self.measure()?;
        Ok(ran)
    }

    /// The state after some epochs, why they ended early, and what went wrong.
    fn run(&self, epochs: usize, course: &mut Course) -> Result<(State, Option<StopReason>, Option<String>)> {
        let rows = self.rows()?;
        let train = self.problem(&rows.train)?;
        let test = rows.test.as_ref().map(|part| self.problem(part)).transpose()?;
        let is_full = self.settings.config.batching == Batching::Full;
        let mut observer = Observer::new(rows, (&train, test.as_ref()), is_full, &self.state.network)?;
        let config = ann_train::TrainConfig { epochs: self.state.epoch + epochs, ..self.settings.config };
        let mut training = Training::resume(&train, self.state.clone(), &config)?;
        let (mut stop, mut trouble) = (None, None);
        for _ in 0..epochs {
            match training.epoch() {
                Ok(ControlFlow::Continue(record)) => observer.observe(training.state(), &record, course)?,
                Ok(ControlFlow::Break(reason)) => {
                    stop = Some(reason);
                    break;
                }
                Err(error @ (TrainError::Diverged { .. } | TrainError::InfiniteStart { .. })) => {
                    trouble = Some(error.to_string());
                    break;
                }
                Err(error) => return Err(error.into()),
            }
        }
        // All epochs are done, so this only evaluates the network, and restores the last finite one.
        if stop.is_none() && trouble.is_none() {
            trouble = training.epoch().err().map(|error| error.to_string());
        }
        let state = training.state().clone();
        if trouble.is_none() {
            let (_, history) = training.finish()?;
            course.complete(observer.measure(history.last()));
        }
        Ok((state, stop, trouble))
    }

    /// Evaluates the network as it is now, if its losses are not known.
    fn measure(&mut self) -> Result<()> {
        let last = self.course.last().filter(|last| last.epoch == self.state.epoch);
        if last.is_some_and(|last| last.train.is_some()) {
            return Ok(());
        }
        let is_there = last.is_some();
        let rows = self.rows()?;
        let measure = |part: &Part| -> Result<_> {
            let problem = self.problem(part)?;
            let network = &self.state.network;
            let value = Objective::new(&problem, Accumulation::Batched)?.value(network.parameters());
            Ok(Measure::of_value(&value, part.r_squared(network, &self.settings.loss)?))
        };
        let train = measure(&rows.train)?;
        if is_there {
            self.course.complete(train);
            return Ok(());
        }
        let test = rows.test.as_ref().map(measure).transpose()?;
        self.course.push(Moment { epoch: self.state.epoch, train: Some(train), test });
        Ok(())
    }

    /// Changes one parameter.
    pub fn set_parameter(&mut self, index: usize, value: f64) -> Result<()> {
        let found = self.state.network.parameters().len();
        if index >= found || !value.is_finite() {
            let wanted = format!("parameter {index} to {value}; there are {found}, all finite numbers");
            return Err(Error::request(format!("cannot set {wanted}")));
        }
        self.state.network.parameters_mut()[index] = value;
        self.log.edited(index, value);
        self.changed()
    }

    /// Changes all parameters.
    pub fn set_parameters(&mut self, theta: Vec<f64>) -> Result<()> {
        let network = Network::from_parameters(self.state.network.architecture(), theta)?;
        self.log.replaced(network.parameters());
        self.state.network = network;
        self.changed()
    }

    /// Evaluates a network that was changed by hand.
    fn changed(&mut self) -> Result<()> {
        (self.stop, self.trouble) = (None, None);
        self.course.forget_from(self.state.epoch);
        if self.rows.is_some() { self.measure() } else { Ok(()) }
    }

    /// ∂J/∂θ of the training rows.
    pub fn gradient(&self) -> Result<Vec<f64>> {
        let problem = self.problem(&self.rows()?.train)?;
        let mut gradient = vec![0.0; self.state.network.parameters().len()];
        let mut objective = Objective::new(&problem, Accumulation::Batched)?;
        objective.value_and_gradient(self.state.network.parameters(), &mut gradient);
        Ok(gradient)
    }

    /// The model: schema, network and what the outputs mean.
    pub fn model(&self) -> Result<Model> {
        let networks = Networks::F64(vec![self.state.network.clone()]);
        let mut model = Model::new(self.schema.clone(), networks, self.settings.loss.clone())?;
        model.provenance = json!({
            "program": concat!("ann-web ", env!("CARGO_PKG_VERSION")),
            "data": self.source.file_name(),
            "rows": self.rows.as_ref().map(|rows| rows.train.x.nrows()),
            "epochs": self.state.epoch,
        });
        if let Some(rows) = &self.rows {
            model.provenance["reading"] = reading(&rows.reader);
        }
        Ok(model)
    }

    /// What raw outputs mean: probabilities, or numbers in the unit of the target.
    pub(crate) fn respond(&self, outputs: &Array2<f64>) -> Array2<f64> {
        let loss = &self.settings.loss;
        let mut responses = loss.respond(outputs);
        let is_scaled = !matches!(loss, Loss::Poisson | Loss::BinaryCrossEntropy);
        if let (Target::Numbers(columns), true) = (&self.schema.target, is_scaled) {
            for (mut values, column) in responses.columns_mut().into_iter().zip(columns) {
                values.mapv_inplace(|value| column.restored(value));
            }
        }
        responses
    }
}

/// How the table was read, so that `ann predict` reads others in the same way.
fn reading(reader: &Reader) -> serde_json::Value {
    let kinds = reader.kinds.iter();
    let kinds: Vec<_> = kinds.map(|(name, kind)| (name, kind_name(*kind))).collect();
    json!({ "missing_in": reader.missing_in, "kinds": kinds, "ignore": reader.ignore })
}

fn initial(schema: &Schema, settings: &NetworkSettings) -> Result<Network> {
    let architecture = Architecture::inputs(schema.inputs())
        .with_layers(settings.hidden.iter().cloned())
        .dense(schema.target.outputs(), Activation::Identity);
    check_limit("parameters", architecture.layout()?.len(), limits::PARAMETERS)?;
    Ok(Network::init(&architecture, settings.init, &mut seeded(settings.seed))?)
}

/// A network of a model, in double precision.
fn in_f64(networks: &Networks, index: usize) -> Result<Network> {
    let absent =
        || Error::new(Code::Absent, format!("there is no network {index}; the model has {}", networks.len()));
    match networks {
        Networks::F64(networks) => networks.get(index).cloned().ok_or_else(absent),
        Networks::F32(networks) => {
            let network = networks.get(index).ok_or_else(absent)?;
            let theta = network.parameters().iter().map(|&parameter| f64::from(parameter)).collect();
            Ok(Network::from_parameters(network.architecture(), theta)?)
        }
    }
}
