//! candle on the CPU: plain tensors, its autograd and its SGD.

use anyhow::Result;
use candle_core::backprop::GradStore;
use candle_core::{D, DType, Device, Module, Tensor, Var};
use candle_nn::{AdamW, Linear, Optimizer, ParamsAdamW, SGD, loss, ops};
use common::{
    Hidden, Loss, Precision, Preparation, Problem, Targets, Unit, Workload, locked_version, out_of_reach,
    run_to_the_end, serve, shuffled_batches,
};
use rand::SeedableRng;
use rand::rngs::ChaCha8Rng;

/// Number of rows in a block, which fits into the cache. A larger step adds up the gradients of its blocks.
const ROWS: usize = 2048;

fn main() -> Result<()> {
    let version = locked_version(include_str!("../../Cargo.lock"), "candle-core");
    serve("candle", version, prepare)
}

fn prepare(workload: &Workload, problem: &Problem) -> Result<Preparation> {
    if let Some(reason) = out_of_reach(workload) {
        return Ok(Preparation::Skip(reason));
    }
    if workload.optimizer == common::Optimizer::Lbfgs {
        return Ok(Preparation::Skip("it has no L-BFGS"));
    }
    let x = tensor(workload, &problem.x, &[workload.rows, workload.inputs()])?;
    match workload.unit {
        Unit::Differences => Ok(Preparation::Skip("it has no differences")),
        Unit::Outputs => inference(workload, problem, x),
        Unit::Epoch | Unit::Step => training(workload, problem, x),
        Unit::Run => runs(workload, problem, x),
    }
}

fn inference(workload: &Workload, problem: &Problem, x: Tensor) -> Result<Preparation> {
    let network = Network { layers: linear_layers(workload, problem, Ok)?, hidden: workload.hidden };
    let sum = network.forward(&x)?.to_dtype(DType::F64)?.sum_all()?.to_scalar()?;
    let unit = move || {
        // candle computes the outputs now, not when they are read.
        network.forward(&x)?;
        Ok(0.0)
    };
    Ok(Preparation::Ready { loss: [sum, sum], end: None, unit: Box::new(unit) })
}

fn training(workload: &Workload, problem: &Problem, x: Tensor) -> Result<Preparation> {
    let y = Rated::new(workload, problem)?;
    let mut trial = Trainer::new(workload, problem)?;
    let loss = [trial.step(&x, &y)?, trial.step(&x, &y)?];
    let (mut trainer, mut rng) = (Trainer::new(workload, problem)?, ChaCha8Rng::seed_from_u64(0));
    let (rows, batch) = (workload.rows, workload.batch);
    let unit = move || match batch {
        None => trainer.step(&x, &y),
        Some(batch) => trainer.epoch(&x, &y, shuffled_batches(rows, batch, &mut rng)),
    };
    Ok(Preparation::Ready { loss, end: None, unit: Box::new(unit) })
}

/// Training from the initial weights to the end, with all rows at once.
fn runs(workload: &Workload, problem: &Problem, x: Tensor) -> Result<Preparation> {
    let y = Rated::new(workload, problem)?;
    let mut trial = Trainer::new(workload, problem)?;
    let loss = [trial.step(&x, &y)?, trial.step(&x, &y)?];
    let (workload, problem) = (workload.clone(), problem.clone());
    let run = move || {
        let mut trainer = Trainer::new(&workload, &problem)?;
        run_to_the_end(&workload, || trainer.step(&x, &y))
    };
    Ok(Preparation::Ready { loss, end: Some(run()?), unit: Box::new(move || Ok(run()?.loss)) })
}

/// Targets, and the weights of their rows.
struct Rated {
    y: Tensor,
    weights: Option<Tensor>,
}

impl Rated {
    fn new(workload: &Workload, problem: &Problem) -> Result<Self> {
        let weights = problem.row_weights.as_ref();
        let weights = weights.map(|weights| tensor(workload, weights, &[weights.len()])).transpose()?;
        Ok(Self { y: targets(workload, problem)?, weights })
    }

    /// The same part of targets and weights.
    fn part(&self, take: impl Fn(&Tensor) -> candle_core::Result<Tensor>) -> candle_core::Result<Self> {
        Ok(Self { y: take(&self.y)?, weights: self.weights.as_ref().map(take).transpose()? })
    }
}

/// The rule of an update.
enum Rule {
    Descent(SGD),
    Adam(AdamW),
}

impl Rule {
    fn new(workload: &Workload, parameters: Vec<Var>) -> Result<Self> {
        Ok(match workload.optimizer {
            common::Optimizer::Adam => {
                let (lr, weight_decay) = (workload.rate, workload.decay);
                Self::Adam(AdamW::new(
                    parameters,
                    ParamsAdamW { lr, weight_decay, ..ParamsAdamW::default() },
                )?)
            }
            _ => Self::Descent(SGD::new(parameters, workload.rate)?),
        })
    }

    fn step(&mut self, gradients: &GradStore) -> candle_core::Result<()> {
        match self {
            Self::Descent(rule) => rule.step(gradients),
            Self::Adam(rule) => rule.step(gradients),
        }
    }
}

struct Trainer {
    network: Network,
    weights: Vec<Var>,
    optimizer: Rule,
    /// ε of smoothed classes.
    smoothing: f64,
    /// λ
    penalty: f64,
    regression: bool,
}

impl Trainer {
    fn new(workload: &Workload, problem: &Problem) -> Result<Self> {
        let mut parameters = vec![];
        let layers = linear_layers(workload, problem, |tensor| {
            let variable = Var::from_tensor(&tensor)?;
            parameters.push(variable.clone());
            Ok(variable.into_inner())
        })?;
        let weights = parameters.iter().filter(|parameter| parameter.rank() == 2).cloned().collect();
        Ok(Self {
            network: Network { layers, hidden: workload.hidden },
            weights,
            optimizer: Rule::new(workload, parameters)?,
            smoothing: workload.smoothing,
            penalty: workload.l2,
            regression: workload.loss == Loss::SquaredError,
        })
    }

    /// The mean loss of the epoch's batches.
    fn epoch(&mut self, x: &Tensor, y: &Rated, batches: Vec<Vec<u32>>) -> Result<f64> {
        let mut total = 0.0;
        for batch in batches {
            let rows = batch.len();
            let batch = Tensor::from_vec(batch, rows, &Device::Cpu)?;
            let y = y.part(|part| part.index_select(&batch, 0))?;
            total += self.step(&x.index_select(&batch, 0)?, &y)? * rows as f64;
        }
        Ok(total / x.dim(0)? as f64)
    }

    /// One update; returns the mean loss before it. A step with weights of rows has one block.
    fn step(&mut self, x: &Tensor, y: &Rated) -> Result<f64> {
        let rows = x.dim(0)?;
        let (mut total, mut gradients) = (0.0, None);
        for start in (0..rows).step_by(ROWS) {
            let count = ROWS.min(rows - start);
            let y = y.part(|part| part.narrow(0, start, count))?;
            let mean = self.mean_loss(&x.narrow(0, start, count)?, &y)?;
            let loss = if count < rows { (mean * (count as f64 / rows as f64))? } else { mean };
            total += loss.to_dtype(DType::F64)?.to_scalar::<f64>()?;
            let objective = if start == 0 { self.with_penalty(loss)? } else { loss };
            gradients = Some(self.added(gradients, objective.backward()?)?);
        }
        if let Some(gradients) = gradients {
            self.optimizer.step(&gradients)?;
        }
        Ok(total)
    }

    fn mean_loss(&self, x: &Tensor, Rated { y, weights }: &Rated) -> candle_core::Result<Tensor> {
        let output = self.network.forward(x)?;
        if self.regression {
            return loss::mse(&output.squeeze(D::Minus1)?, y);
        }
        let Some(weights) = weights else { return loss::cross_entropy(&output, y) };
        // ℓ = −(1 − ε) ln p_c − ε/K Σ ln p for each row, and Σ w ℓ / Σ w
        let logs = ops::log_softmax(&output, D::Minus1)?;
        let of_class = logs.gather(&y.unsqueeze(1)?, 1)?.squeeze(1)?;
        let losses = ((of_class * (self.smoothing - 1.0))? - (logs.mean(D::Minus1)? * self.smoothing)?)?;
        (losses * weights)?.sum_all()? / weights.sum_all()?
    }

    /// Adds λ Σ‖W‖² to the loss, because candle's SGD has no weight decay.
    fn with_penalty(&self, loss: Tensor) -> candle_core::Result<Tensor> {
        if self.penalty == 0.0 {
            return Ok(loss);
        }
        self.weights
            .iter()
            .try_fold(loss, |total, weights| total + (weights.sqr()?.sum_all()? * self.penalty)?)
    }

    fn added(&self, sum: Option<GradStore>, mut part: GradStore) -> candle_core::Result<GradStore> {
        let Some(sum) = sum else { return Ok(part) };
        for parameter in self.network.parameters() {
            if let (Some(a), Some(b)) = (sum.get(parameter), part.get(parameter)) {
                let added = (a + b)?;
                part.insert(parameter, added);
            }
        }
        Ok(part)
    }
}

struct Network {
    layers: Vec<Linear>,
    hidden: Hidden,
}

impl Network {
    fn forward(&self, x: &Tensor) -> candle_core::Result<Tensor> {
        let mut a = self.layers[0].forward(x)?;
        for layer in &self.layers[1..] {
            a = match self.hidden {
                Hidden::Sigmoid => ops::sigmoid(&a)?,
                Hidden::Tanh => a.tanh()?,
                Hidden::Relu => a.relu()?,
                Hidden::Silu => a.silu()?,
            };
            a = layer.forward(&a)?;
        }
        Ok(a)
    }

    fn parameters(&self) -> impl Iterator<Item = &Tensor> {
        self.layers.iter().flat_map(|layer| std::iter::once(layer.weight()).chain(layer.bias()))
    }
}

/// The initial layers. `parameter` makes a trainable variable of each tensor, or returns the tensor
/// unchanged.
fn linear_layers(
    workload: &Workload,
    problem: &Problem,
    mut parameter: impl FnMut(Tensor) -> Result<Tensor>,
) -> Result<Vec<Linear>> {
    let mut layers = vec![];
    for layer in &problem.layers {
        let weights = parameter(tensor(workload, &layer.weights, &[layer.fan_out, layer.fan_in])?)?;
        let bias = parameter(tensor(workload, &layer.bias, &[layer.fan_out])?)?;
        layers.push(Linear::new(weights, Some(bias)));
    }
    Ok(layers)
}

fn targets(workload: &Workload, problem: &Problem) -> Result<Tensor> {
    match &problem.targets {
        Targets::Classes(classes) => Ok(Tensor::from_slice(classes, classes.len(), &Device::Cpu)?),
        Targets::Values(values) => tensor(workload, values, &[values.len()]),
    }
}

fn tensor(workload: &Workload, values: &[f64], shape: &[usize]) -> Result<Tensor> {
    let dtype = match workload.precision {
        Precision::F32 => DType::F32,
        Precision::F64 => DType::F64,
    };
    Ok(Tensor::from_slice(values, shape, &Device::Cpu)?.to_dtype(dtype)?)
}

#[cfg(test)]
mod tests {
    use common::small_workloads;

    use super::*;

    #[test]
    fn every_workload_is_understood() {
        for workload in small_workloads() {
            let problem = Problem::new(&workload);
            match prepare(&workload, &problem).unwrap() {
                Preparation::Skip(_) => {
                    let is_run = workload.unit == Unit::Run;
                    assert!(is_run || workload.unit == Unit::Differences, "{}", workload.name);
                }
                Preparation::Ready { loss: [before, after], mut unit, .. } => {
                    let falls = matches!(workload.unit, Unit::Outputs) || after < before;
                    assert!(falls && after.is_finite(), "{}: {before} and {after}", workload.name);
                    unit().unwrap();
                }
            }
        }
    }
}
