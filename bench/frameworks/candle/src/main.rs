//! candle on the CPU: plain tensors, its autograd and its SGD.

use anyhow::Result;
use candle_core::backprop::GradStore;
use candle_core::{D, DType, Device, Module, Tensor, Var};
use candle_nn::{Linear, Optimizer, SGD, loss, ops};
use common::{
    Hidden, Loss, Precision, Preparation, Problem, Targets, Unit, Workload, locked_version, serve,
    shuffled_batches,
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
    let x = tensor(workload, &problem.x, &[workload.rows, workload.inputs()])?;
    match workload.unit {
        Unit::Differences => Ok(Preparation::Skip("it has no differences")),
        Unit::Outputs => inference(workload, problem, x),
        Unit::Epoch | Unit::Step => training(workload, problem, x),
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
    Ok(Preparation::Ready { loss: [sum, sum], unit: Box::new(unit) })
}

fn training(workload: &Workload, problem: &Problem, x: Tensor) -> Result<Preparation> {
    let y = targets(workload, problem)?;
    let mut trial = Trainer::new(workload, problem)?;
    let loss = [trial.step(&x, &y)?, trial.step(&x, &y)?];
    let (mut trainer, mut rng) = (Trainer::new(workload, problem)?, ChaCha8Rng::seed_from_u64(0));
    let (rows, batch) = (workload.rows, workload.batch);
    let unit = move || match batch {
        None => trainer.step(&x, &y),
        Some(batch) => trainer.epoch(&x, &y, shuffled_batches(rows, batch, &mut rng)),
    };
    Ok(Preparation::Ready { loss, unit: Box::new(unit) })
}

struct Trainer {
    network: Network,
    weights: Vec<Var>,
    optimizer: SGD,
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
            optimizer: SGD::new(parameters, workload.rate)?,
            penalty: workload.l2,
            regression: workload.loss == Loss::SquaredError,
        })
    }

    /// The mean loss of the epoch's batches.
    fn epoch(&mut self, x: &Tensor, y: &Tensor, batches: Vec<Vec<u32>>) -> Result<f64> {
        let mut total = 0.0;
        for batch in batches {
            let rows = batch.len();
            let batch = Tensor::from_vec(batch, rows, &Device::Cpu)?;
            total += self.step(&x.index_select(&batch, 0)?, &y.index_select(&batch, 0)?)? * rows as f64;
        }
        Ok(total / x.dim(0)? as f64)
    }

    /// θ ← θ − η ∂J/∂θ; returns the mean loss before the update.
    fn step(&mut self, x: &Tensor, y: &Tensor) -> Result<f64> {
        let rows = x.dim(0)?;
        let (mut total, mut gradients) = (0.0, None);
        for start in (0..rows).step_by(ROWS) {
            let count = ROWS.min(rows - start);
            let mean = self.mean_loss(&x.narrow(0, start, count)?, &y.narrow(0, start, count)?)?;
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

    fn mean_loss(&self, x: &Tensor, y: &Tensor) -> candle_core::Result<Tensor> {
        let output = self.network.forward(x)?;
        if self.regression {
            loss::mse(&output.squeeze(D::Minus1)?, y)
        } else {
            loss::cross_entropy(&output, y)
        }
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
                Hidden::Relu => a.relu()?,
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
                Preparation::Skip(_) => assert_eq!(workload.unit, Unit::Differences, "{}", workload.name),
                Preparation::Ready { loss: [before, after], mut unit } => {
                    let falls = matches!(workload.unit, Unit::Outputs) || after < before;
                    assert!(falls && after.is_finite(), "{}: {before} and {after}", workload.name);
                    unit().unwrap();
                }
            }
        }
    }
}
