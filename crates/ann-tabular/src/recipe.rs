//! The recipe: settings that make a good model of most tables without tuning.

use ann_core::{Activation, Architecture, Layer, Network, Scalar, seeded};
use ann_model::{Conformal, Model, Networks};
use ann_table::{NumberTarget, Schema, SchemaOptions, Table, Target, TargetValues};
use ann_train::splits::{Split, hold_out};
use ann_train::{
    Adam, Batching, Classifier, Decay, FitOptions, Monitor, Regressor, Schedule, StepFactors, TrainConfig,
    Validation, in_parallel,
};
use ndarray::{Array2, Axis};
use rand_distr::{Distribution, StandardNormal};

use crate::Result;

/// How a model of a table is made: the settings were chosen on fourteen public tables, none of them for a
/// single one. They come from RealMLP (Holzmüller et al. 2024, "Better by Default"): an ensemble of small
/// networks on robustly scaled columns, trained by Adam with rates for each kind of parameter, and validated
/// on rows of their own.
#[derive(Clone, Debug, PartialEq)]
pub struct Recipe {
    /// How columns become inputs.
    pub schema: SchemaOptions,
    /// The hidden layers. Default: two of 64 SiLU units. Empty: a linear model.
    pub hidden: Vec<Layer>,
    /// Number of networks whose predictions are averaged. Each is validated on rows of its own. Default 4.
    pub members: usize,
    /// Number of epochs. Default 64.
    pub epochs: usize,
    /// Number of rows of a batch. Default 64.
    pub batch: usize,
    /// η. Default `None`: 0.04 for classes, 0.07 for numbers.
    pub learning_rate: Option<f64>,
    /// Decay of weights. Default 0.02.
    pub decay: f64,
    /// Smoothing of classes. Default 0.1.
    pub smoothing: f64,
    /// Share of rows on which the epoch is chosen. Default 0.2.
    pub validation: f64,
    /// Seed of everything that is random. Default 0.
    pub seed: u64,
    /// Largest number of threads. Default 1. The result does not depend on it.
    pub threads: usize,
}

impl Default for Recipe {
    fn default() -> Self {
        Self {
            schema: SchemaOptions::default(),
            hidden: Activation::Silu.layers([64, 64]),
            members: 4,
            epochs: 64,
            batch: 64,
            learning_rate: None,
            decay: 0.02,
            smoothing: 0.1,
            validation: 0.2,
            seed: 0,
            threads: 1,
        }
    }
}

/// What a network of the ensemble has learned, and what it says of the rows that it was not trained on.
struct Member {
    network: Network<f32>,
    /// The rows, and probabilities or scaled numbers.
    held_out: (Vec<usize>, Array2<f64>),
}

impl Recipe {
    /// Learns to predict the column `target` from all others.
    ///
    /// # Errors
    /// The table or a setting is unsuitable, or training fails.
    pub fn fit(&self, table: &Table, target: &str) -> Result<Model> {
        let schema = Schema::learn(table, &[target], &self.schema)?;
        let inputs = schema.features::<f32>(table)?;
        let targets = schema.targets(table)?;
        let members = in_parallel(self.threads, 0..self.members, |member| {
            self.train(member, &schema, &inputs, &targets)
        })?;
        let members = members.into_iter().collect::<Result<Vec<_>>>()?;
        let conformal = conformal(&schema, &targets, &members)?;
        let networks = Networks::F32(members.into_iter().map(|member| member.network).collect());
        let loss = match &targets {
            TargetValues::Classes(_) => ann_core::Loss::SoftmaxCrossEntropy,
            TargetValues::Numbers(_) => ann_core::Loss::MeanSquaredError,
        };
        let model = Model::new(schema, networks, loss)?;
        Ok(match conformal {
            Some(conformal) => model.with_conformal(conformal)?,
            None => model,
        })
    }

    /// Trains one network. Members 1, 3, … have the piecewise-linear inputs too.
    fn train(
        &self,
        member: usize,
        schema: &Schema,
        inputs: &Array2<f32>,
        targets: &TargetValues,
    ) -> Result<Member> {
        let width = if member % 2 == 1 { schema.inputs() } else { schema.plain_inputs() };
        let inputs = inputs.slice_axis(Axis(1), (..width).into());
        let seed = self.seed + 100 * member as u64;
        let start = self.start(width, schema.target.outputs(), seed)?;
        let Split { train: kept, test: held } = self.split(inputs.nrows(), targets, seed)?;
        let (x, x_held) = (inputs.select(Axis(0), &kept), inputs.select(Axis(0), &held));
        match targets {
            TargetValues::Classes(classes) => {
                let of = |rows: &[usize]| rows.iter().map(|&row| classes[row]).collect::<Vec<_>>();
                let (y, y_held) = (of(&kept), of(&held));
                let options = FitOptions {
                    validation: Some((&x_held, &y_held[..])),
                    start: Some(&start),
                    ..FitOptions::default()
                };
                let mut network = self.classifier(seed, x.nrows()).fit_with(&x, &y, &options)?.into_parts().0;
                let logits = network.forward(&x_held)?;
                sharpen(&mut network, temperature(&logits, &y_held));
                let probabilities = ann_core::softmax(&network.forward(&x_held)?).mapv(f64::from);
                Ok(Member { network, held_out: (held, probabilities) })
            }
            TargetValues::Numbers(numbers) => {
                let columns = number_targets(schema);
                let scaled = Array2::from_shape_fn(numbers.dim(), |(row, column)| {
                    ((numbers[[row, column]] - columns[column].center) / columns[column].scale) as f32
                });
                let (y, y_held) = (scaled.select(Axis(0), &kept), scaled.select(Axis(0), &held));
                let options = FitOptions {
                    validation: Some((&x_held, &y_held)),
                    start: Some(&start),
                    ..FitOptions::default()
                };
                let network = self.regressor(seed, x.nrows()).fit_with(&x, &y, &options)?.into_parts().0;
                let outputs = network.forward(&x_held)?.mapv(f64::from);
                Ok(Member { network, held_out: (held, outputs) })
            }
        }
    }

    fn classifier(&self, seed: u64, rows: usize) -> Classifier {
        Classifier {
            hidden: self.hidden.clone(),
            smoothing: self.smoothing,
            validation: Some(self.validation(Monitor::Accuracy)),
            train: self.config(self.learning_rate.unwrap_or(0.04), seed, rows),
            ..Classifier::default()
        }
    }

    fn regressor(&self, seed: u64, rows: usize) -> Regressor {
        Regressor {
            hidden: self.hidden.clone(),
            validation: Some(self.validation(Monitor::Loss)),
            train: self.config(self.learning_rate.unwrap_or(0.07), seed, rows),
            ..Regressor::default()
        }
    }

    fn validation(&self, monitor: Monitor) -> Validation {
        Validation { monitor, patience: usize::MAX, ..Validation::default() }
    }

    fn config(&self, learning_rate: f64, seed: u64, rows: usize) -> TrainConfig {
        let decay = Decay { rate: self.decay, schedule: Schedule::FlatCosine, biases: false };
        TrainConfig {
            optimizer: Adam { beta1: 0.9, beta2: 0.95, epsilon: 1e-8, decay }.into(),
            learning_rate: ann_train::LearningRate { schedule: Schedule::CosLog4, ..learning_rate.into() },
            steps: StepFactors { by_fan_in: true, biases: 0.1, input_factors: 6.0 },
            epochs: self.epochs,
            batching: Batching::Shuffled { rows: self.batch.min(rows), seed, drop_last: true },
            ..TrainConfig::default()
        }
    }

    /// W ~ N(0, 1/fan_in), b ~ N(0, 1); the last layer is 0.
    fn start(&self, inputs: usize, outputs: usize, seed: u64) -> Result<Network<f32>> {
        let architecture = Architecture::inputs(inputs)
            .with_layers(self.hidden.iter().cloned())
            .dense(outputs, Activation::Identity);
        let layout = architecture.layout()?;
        let mut parameters = vec![0.0; layout.len()];
        let mut rng = seeded(seed);
        let hidden = layout.layers().len() - 1;
        for layer in &layout.layers()[..hidden] {
            let deviation = 1.0 / (layer.fan_in as f32).sqrt();
            let mut normal = || -> f32 { StandardNormal.sample(&mut rng) };
            parameters[layer.weights()].fill_with(|| deviation * normal());
            parameters[layer.bias()].fill_with(normal);
        }
        Ok(Network::from_parameters(&architecture, parameters)?)
    }

    /// The rows to train on and the rows to validate on; of each class the same share.
    fn split(&self, rows: usize, targets: &TargetValues, seed: u64) -> Result<Split> {
        let split = match targets {
            TargetValues::Classes(classes) => hold_out(classes, self.validation, seed),
            TargetValues::Numbers(_) => hold_out(&vec![(); rows], self.validation, seed),
        };
        Ok(split?)
    }
}

/// The targets of a schema whose target values are numbers.
fn number_targets(schema: &Schema) -> &[NumberTarget] {
    match &schema.target {
        Target::Numbers(columns) => columns,
        Target::Classes { .. } => &[],
    }
}

/// The factor on the logits that minimises the log loss, from ¼ to 4: by golden sections of its logarithm.
fn temperature(logits: &Array2<f32>, classes: &[usize]) -> f64 {
    const STEPS: usize = 40;
    const GOLDEN: f64 = 0.381_966_011_250_105;
    let loss = |log_factor: f64| -> f64 {
        let factor = log_factor.exp();
        let row = |(logits, &class): (ndarray::ArrayView1<'_, f32>, &usize)| {
            let scaled = |logit: f32| factor * f64::from(logit);
            let most = logits.iter().fold(f64::NEG_INFINITY, |most, &logit| most.max(scaled(logit)));
            let sum: f64 = logits.iter().map(|&logit| (scaled(logit) - most).exp()).sum();
            // The probability is at least 1e-12, so that one sure mistake does not decide.
            -(scaled(logits[class]) - most - sum.ln()).max((1e-12_f64).ln())
        };
        logits.rows().into_iter().zip(classes).map(row).sum()
    };
    let (mut low, mut high) = (0.25_f64.ln(), 4_f64.ln());
    for _ in 0..STEPS {
        let (left, right) = (low + (high - low) * GOLDEN, high - (high - low) * GOLDEN);
        if loss(left) < loss(right) { high = right } else { low = left }
    }
    f64::midpoint(low, high).exp()
}

/// Multiplies the last layer by a factor.
fn sharpen<F: Scalar>(network: &mut Network<F>, factor: f64) {
    let last = network.layout().layers().len();
    let range = network.layout().layer(last).expect("there is a last layer").all();
    let factor = F::from(factor).expect("f64 converts to every float");
    network.parameters_mut()[range].iter_mut().for_each(|parameter| *parameter *= factor);
}

/// Residuals of rows, each from the mean of the members that were not trained on it.
fn conformal(schema: &Schema, targets: &TargetValues, members: &[Member]) -> Result<Option<Conformal>> {
    let rows = match targets {
        TargetValues::Classes(classes) => classes.len(),
        TargetValues::Numbers(numbers) => numbers.nrows(),
    };
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
            let columns = number_targets(schema);
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
    };
    Ok(Some(Conformal::new(&residuals)?))
}
