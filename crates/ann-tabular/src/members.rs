//! The networks of a model: how one is trained, and how several become a model.

use std::borrow::Cow;
use std::ops::ControlFlow;

use ann_core::memory::{bytes_of, ensure_available};
use ann_core::{Activation, Architecture, Loss, Network, Problem, Targets, seeded, softmax};
use ann_model::{Conformal, Model, Networks};
use ann_table::{Schema, Table, TargetValues};
use ann_train::splits::Split;
use ann_train::{
    EpochRecord, Finding, History, Monitor, ValidatedTraining, Validation, findings, in_parallel,
};
use ndarray::{Array2, Axis};
use rand_distr::{Distribution, StandardNormal};

use crate::inputs::{Inputs, PartInputs};
use crate::progress::{Observer, Progress, Stage};
use crate::rows::{Rows, Units, selected};
use crate::score::number_targets;
use crate::temperature::{sharpen, temperature};
use crate::{Error, Recipe, Result};

/// The losses of a network in each epoch.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    /// Mean loss of the rows that were trained on, in each epoch and after the last one.
    pub training: Vec<f64>,
    /// Mean loss of the validation rows before the first epoch and after each. Both losses are those that
    /// were minimised: with smoothed classes, and of standardised numbers.
    pub validation: Vec<f64>,
    /// The epoch whose network was kept.
    pub best_epoch: usize,
}

impl Curve {
    fn new(history: &History) -> Self {
        Self {
            training: history.losses().collect(),
            validation: history.validation.iter().map(|record| record.loss).collect(),
            best_epoch: history.best_epoch.unwrap_or_default(),
        }
    }
}

/// A model, and how its networks were trained.
pub(crate) struct Trained {
    pub model: Model,
    pub curves: Vec<Curve>,
    pub findings: Vec<Finding>,
}

/// A trained network, and its predictions of the rows that it was not trained on.
pub(crate) struct Member {
    network: Network<f32>,
    curve: Curve,
    findings: Vec<Finding>,
    /// The rows, and probabilities or scaled numbers.
    held_out: (Vec<usize>, Array2<f64>),
}

/// Trains all networks on the rows, or on those that are selected, and makes a model of them.
pub(crate) fn train(
    recipe: &Recipe,
    all: &Rows<'_>,
    selection: Option<&[usize]>,
    targets: &[&str],
    stage: Stage,
    observer: &Observer<'_>,
) -> Result<Trained> {
    let members = (0..recipe.members).collect();
    let (members, schema, targets) = train_some(members, recipe, all, selection, targets, stage, observer)?;
    let members: Vec<Member> = members.into_iter().filter_map(Result::transpose).collect::<Result<_>>()?;
    if members.is_empty() {
        return Err(Error::Interrupted);
    }
    let conformal = conformal(&schema, &targets, &members)?;
    let curves = members.iter().map(|member| member.curve.clone()).collect();
    let findings = distinct(members.iter().flat_map(|member| member.findings.iter().copied()));
    let networks = Networks::F32(members.into_iter().map(|member| member.network).collect());
    let loss = loss(&targets);
    let model = Model::new(schema, networks, loss)?;
    let model = match conformal {
        Some(conformal) => model.with_conformal(conformal)?,
        None => model,
    };
    Ok(Trained { model, curves, findings })
}

/// A network, or `None` if the caller has ended the fit before its first epoch was done.
pub(crate) type Attempt = Result<Option<Member>>;

/// Trains some of the networks. Also returns the schema and the targets of the rows.
pub(crate) fn train_some(
    members: Vec<usize>,
    recipe: &Recipe,
    all: &Rows<'_>,
    selection: Option<&[usize]>,
    targets: &[&str],
    stage: Stage,
    observer: &Observer<'_>,
) -> Result<(Vec<Attempt>, Schema, TargetValues)> {
    let Prepared { schema, targets, units, weights } = Prepared::new(recipe, all, selection, targets)?;
    let inputs = Inputs::new(&schema, &all.table, selection, recipe.members)?;
    let samples = Samples { inputs, targets, weights };
    let table = &*all.table;
    let fit = Fitting { recipe, table, units, schema: &schema, samples: &samples, stage, observer };
    let members = in_parallel(recipe.threads, members, |member| fit.member(member))?;
    let targets = samples.targets;
    Ok((members, schema, targets))
}

fn loss(targets: &TargetValues) -> Loss {
    match targets {
        TargetValues::Classes(_) => Loss::SoftmaxCrossEntropy,
        TargetValues::Numbers(_) => Loss::MeanSquaredError,
        TargetValues::Labels(_) => Loss::BinaryCrossEntropy,
    }
}

/// What is known of the rows before their inputs are encoded.
struct Prepared {
    schema: Schema,
    targets: TargetValues,
    units: Units,
    weights: Option<Vec<f32>>,
}

impl Prepared {
    /// Of selected rows, no more than a column is copied at a time.
    fn new(recipe: &Recipe, all: &Rows<'_>, selection: Option<&[usize]>, targets: &[&str]) -> Result<Self> {
        let (table, options) = (&*all.table, recipe.schema_options());
        let (schema, of_targets) = match selection {
            Some(rows) => {
                let schema = Schema::learn_rows(table, rows, targets, &options)?;
                (schema, Cow::Owned(table.select_of(targets, rows)?))
            }
            None => (Schema::learn(table, targets, &options)?, Cow::Borrowed(table)),
        };
        let targets = schema.targets(&of_targets)?;
        drop(of_targets);
        let units = Units::new(&part_of(&all.units, selection), &targets);
        let weights = all.weights.as_deref();
        let weights = weights.map(|weights| in_single_precision(&part_of(weights, selection)));
        Ok(Self { schema, targets, units, weights })
    }
}

/// All values, or those of selected rows.
fn part_of<'v, T: Copy>(values: &'v [T], selection: Option<&[usize]>) -> Cow<'v, [T]> {
    selection.map_or(Cow::Borrowed(values), |rows| Cow::Owned(selected(values, rows)))
}

/// The inputs and targets of all rows. All networks read the same inputs, so that a table takes the same
/// memory for two networks as for a hundred.
struct Samples<'a> {
    inputs: Inputs<'a>,
    targets: TargetValues,
    weights: Option<Vec<f32>>,
}

/// Some rows, as a network sees them.
struct Part<'s> {
    /// The inputs of all rows, and which of them these are.
    inputs: PartInputs<'s>,
    rows: &'s [usize],
    y: PartTargets,
    weights: Option<Vec<f32>>,
}

enum PartTargets {
    Classes(Vec<usize>),
    /// Standardised.
    Numbers(Array2<f32>),
    /// 0 or 1.
    Labels(Array2<f32>),
}

impl Samples<'_> {
    /// Some rows, for a network with the piecewise-linear inputs or without.
    fn part<'s>(&'s self, rows: &'s [usize], piecewise: bool, schema: &Schema) -> Part<'s> {
        let y = match &self.targets {
            TargetValues::Classes(classes) => {
                PartTargets::Classes(rows.iter().map(|&row| classes[row]).collect())
            }
            TargetValues::Numbers(numbers) => {
                let columns = number_targets(&schema.target);
                PartTargets::Numbers(Array2::from_shape_fn((rows.len(), columns.len()), |(row, column)| {
                    columns[column].standardized(numbers[[rows[row], column]]) as f32
                }))
            }
            TargetValues::Labels(labels) => PartTargets::Labels(
                labels.select(Axis(0), rows).mapv(|is_present| f32::from(u8::from(is_present))),
            ),
        };
        let weights = self.weights.as_ref().map(|weights| selected(weights, rows));
        Part { inputs: self.inputs.of_network(piecewise, schema), rows, y, weights }
    }
}

/// The weights, divided by their mean so that none is too large or too small for single precision.
fn in_single_precision(weights: &[f64]) -> Vec<f32> {
    let largest = weights.iter().copied().fold(0.0, f64::max);
    let mean = weights.iter().map(|weight| weight / largest).sum::<f64>() / weights.len() as f64;
    let single = |weight: &f64| (weight / largest / mean) as f32;
    // What is too small for single precision is nothing beside the others.
    weights.iter().map(single).map(|weight| if weight.is_normal() { weight } else { 0.0 }).collect()
}

impl Part<'_> {
    fn problem<'p>(&'p self, architecture: &'p Architecture, recipe: &Recipe) -> Result<Problem<'p, f32>> {
        let (loss, targets) = match &self.y {
            PartTargets::Classes(classes) => (recipe.class_loss(), Targets::Classes(classes)),
            PartTargets::Numbers(numbers) => (Loss::MeanSquaredError, Targets::Values(numbers.view())),
            PartTargets::Labels(labels) => (Loss::BinaryCrossEntropy, Targets::Values(labels.view())),
        };
        let problem = match &self.inputs {
            PartInputs::Matrix(inputs) => Problem::of_rows(architecture, loss, inputs, self.rows, targets),
            PartInputs::Encoded(inputs) => {
                Problem::of_source(architecture, loss, *inputs, self.rows, targets)
            }
        };
        let mut problem = problem?.with_l2(recipe.l2)?;
        if let Some(weights) = &self.weights {
            problem = problem.with_weights(&weights[..])?;
        }
        if matches!(self.y, PartTargets::Classes(_)) {
            problem = problem.with_class_weights(&recipe.class_weights)?;
        }
        Ok(problem)
    }

    fn monitor(&self) -> Monitor {
        match self.y {
            PartTargets::Classes(_) => Monitor::Accuracy,
            PartTargets::Numbers(_) | PartTargets::Labels(_) => Monitor::Loss,
        }
    }

    /// The outputs of a network for these rows, of which some are copied at a time.
    fn outputs(&self, network: &Network<f32>) -> Result<Array2<f32>> {
        const ROWS: usize = 4096;
        let mut outputs = Array2::zeros((self.rows.len(), network.architecture().output_width()));
        for (rows, mut outputs) in self.rows.chunks(ROWS).zip(outputs.axis_chunks_iter_mut(Axis(0), ROWS)) {
            outputs.assign(&network.forward(&self.inputs.select(rows))?);
        }
        Ok(outputs)
    }
}

/// What the networks of one model share while they are trained.
struct Fitting<'a> {
    recipe: &'a Recipe,
    table: &'a Table,
    units: Units,
    schema: &'a Schema,
    samples: &'a Samples<'a>,
    stage: Stage,
    observer: &'a Observer<'a>,
}

impl Fitting<'_> {
    /// Trains one network. Members 1, 3, … have the piecewise-linear inputs too.
    fn member(&self, member: usize) -> Attempt {
        if self.observer.has_ended() {
            return Ok(None);
        }
        let Self { recipe, schema, samples, .. } = self;
        let piecewise = member % 2 == 1;
        let width = if piecewise { schema.inputs() } else { schema.plain_inputs() };
        let Split { train, test } = self.split(member)?;
        let [part, held] = [&train, &test].map(|rows| samples.part(rows, piecewise, schema));
        let architecture = Architecture::inputs(width)
            .with_layers(recipe.hidden.iter().cloned())
            .dense(schema.target.outputs(), Activation::Identity);
        let problem = part.problem(&architecture, recipe)?;
        let validation = held.problem(&architecture, recipe)?;
        let (mut network, history) = self.train(member, [&problem, &validation], held.monitor())?;
        // The first record is that of the initial network, which has learned nothing.
        if history.validation.len() <= 1 {
            return Ok(None);
        }
        // What a training lacks that was ended is known.
        let is_ended = self.observer.has_ended();
        let findings = if is_ended { vec![] } else { self.findings(&problem, &network, &history)? };
        let outputs = calibrated(&mut network, &held, validation.weights())?;
        let held_out = (test, outputs);
        Ok(Some(Member { network, curve: Curve::new(&history), findings, held_out }))
    }

    /// The networks leave out different folds, so that the same rows do not choose the epochs of all of them.
    /// If there are too few rows for folds, each network leaves out rows at random.
    fn split(&self, member: usize) -> Result<Split> {
        let folds = self.recipe.validation_folds;
        match self.units.fold(member % folds, folds, self.seed(member / folds)) {
            Ok(split) => Ok(split),
            Err(_) => self.units.hold_out(1.0 / folds as f64, self.seed(member)),
        }
    }

    /// That of a member, or of a round of members who leave out different folds.
    fn seed(&self, number: usize) -> u64 {
        self.recipe.seed.wrapping_add(100 * number as u64)
    }

    /// Trains until the last epoch, or until the caller ends the fit, and returns the best network.
    fn train<'d>(
        &self,
        member: usize,
        [problem, validation]: [&Problem<'d, f32>; 2],
        monitor: Monitor,
    ) -> Result<(Network<f32>, History)> {
        let config = self.recipe.config(problem, member);
        let patience = self.recipe.patience.unwrap_or(usize::MAX);
        let settings = Validation { monitor, patience, ..Validation::default() };
        let mut keeper = self.observer.keeper(self.stage, member);
        let kept = match &keeper {
            Some(keeper) => keeper.kept(problem.architecture(), self.recipe.optimizer)?,
            None => None,
        };
        let mut training = match kept {
            Some(state) => ValidatedTraining::resume(problem, validation, state, &config, settings)?,
            None => {
                let network = start(problem.architecture(), self.seed(member))?;
                ValidatedTraining::new(problem, validation, network, &config, settings)?
            }
        };
        training = training.with_interrupt(self.observer.interrupt());
        while let ControlFlow::Continue(records) = training.epoch()? {
            self.table.ensure_read()?;
            let progress = self.progress(member, records, config.epochs);
            let is_ended = self.observer.see(&progress).is_break();
            if let Some(keeper) = &mut keeper {
                let is_last = is_ended || progress.epoch == config.epochs || training.stop().is_some();
                keeper.keep(&training, is_last);
            }
            if is_ended {
                break;
            }
        }
        Ok(training.finish()?)
    }

    fn progress(&self, member: usize, [training, validation]: [EpochRecord; 2], epochs: usize) -> Progress {
        Progress {
            stage: self.stage,
            member: member + 1,
            members: self.recipe.members,
            epoch: validation.epoch,
            epochs,
            training: training.loss,
            validation: validation.loss,
            checkpoint_error: self.observer.checkpoint_error(),
        }
    }

    /// What is remarkable about the training, for the model alone: the others are only there for the score.
    fn findings(
        &self,
        problem: &Problem<'_, f32>,
        network: &Network<f32>,
        history: &History,
    ) -> Result<Vec<Finding>> {
        if self.stage != Stage::Model {
            return Ok(vec![]);
        }
        let mut found = findings(problem, network, history)?;
        // Later networks are worse on the validation rows, but an earlier one was kept. And with this
        // schedule the loss always falls until the end.
        found.retain(|finding| {
            !matches!(finding, Finding::ValidationRose { .. } | Finding::StillFalling { .. })
        });
        Ok(found)
    }
}

/// W ~ N(0, 1/fan_in), b ~ N(0, 1); the last layer is 0.
fn start(architecture: &Architecture, seed: u64) -> Result<Network<f32>> {
    let layout = architecture.layout()?;
    ensure_available("the weights of a network", bytes_of::<f32>(layout.len()))?;
    let mut parameters = vec![0.0; layout.len()];
    let mut rng = seeded(seed);
    let hidden = layout.layers().len() - 1;
    for layer in &layout.layers()[..hidden] {
        let deviation = 1.0 / (layer.fan_in as f32).sqrt();
        let mut normal = || -> f32 { StandardNormal.sample(&mut rng) };
        parameters[layer.weights()].fill_with(|| deviation * normal());
        parameters[layer.bias()].fill_with(normal);
    }
    Ok(Network::from_parameters(architecture, parameters)?)
}

/// Sets the temperature by the held-out rows, and returns their probabilities. Numbers and labels have no
/// temperature.
fn calibrated(network: &mut Network<f32>, held: &Part<'_>, weights: Option<&[f32]>) -> Result<Array2<f64>> {
    let outputs = held.outputs(network)?;
    match &held.y {
        PartTargets::Classes(classes) => {
            sharpen(network, temperature(&outputs, classes, weights));
            Ok(softmax(&held.outputs(network)?).mapv(f64::from))
        }
        PartTargets::Numbers(_) | PartTargets::Labels(_) => Ok(outputs.mapv(f64::from)),
    }
}

/// The first finding of each kind.
fn distinct(findings: impl Iterator<Item = Finding>) -> Vec<Finding> {
    let mut first: Vec<Finding> = vec![];
    for finding in findings {
        if !first.iter().any(|known| std::mem::discriminant(known) == std::mem::discriminant(&finding)) {
            first.push(finding);
        }
    }
    first
}

/// Residuals of rows, each from the mean of the members that were not trained on it. Labels have none.
fn conformal(schema: &Schema, targets: &TargetValues, members: &[Member]) -> Result<Option<Conformal>> {
    let rows = targets.len();
    let mut sums = Array2::<f64>::zeros((rows, schema.target.outputs()));
    let mut counts = vec![0.0; rows];
    for (held, values) in members.iter().map(|member| &member.held_out) {
        for (&row, values) in held.iter().zip(values.rows()) {
            let mut sum = sums.row_mut(row);
            sum += &values;
            counts[row] += 1.0;
        }
    }
    let seen: Vec<usize> = (0..rows).filter(|&row| counts[row] > 0.0).collect();
    if seen.is_empty() {
        return Ok(None);
    }
    let residuals = match targets {
        TargetValues::Numbers(numbers) => {
            let columns = number_targets(&schema.target);
            Array2::from_shape_fn((seen.len(), columns.len()), |(place, column)| {
                let (row, target) = (seen[place], &columns[column]);
                let predicted = target.center + target.scale * sums[[row, column]] / counts[row];
                (predicted.clamp(target.minimum, target.maximum) - numbers[[row, column]]).abs()
            })
        }
        TargetValues::Classes(classes) => Array2::from_shape_fn((seen.len(), 1), |(place, _)| {
            let row = seen[place];
            1.0 - sums[[row, classes[row]]] / counts[row]
        }),
        TargetValues::Labels(_) => return Ok(None),
    };
    Ok(Some(Conformal::new(&residuals)?))
}
