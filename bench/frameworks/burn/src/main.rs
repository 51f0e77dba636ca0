//! Burn with Flex, its CPU backend in Rust: modules, autodiff and its optimizer.

use anyhow::Result;
use burn::module::{Module, Param};
use burn::nn::Linear;
use burn::nn::loss::{CrossEntropyLossConfig, MseLoss, Reduction};
use burn::optim::{
    GradientsAccumulator, GradientsParams, LearningRate, ModuleOptimizer, Optimizer, SgdState,
};
use burn::tensor::activation::{relu, sigmoid};
use burn::tensor::{DType, Device, Int, Tensor, TensorData};
use common::{
    Hidden, Precision, Preparation, Problem, Targets, Unit, Workload, locked_version, serve,
    shuffled_batches,
};
use rand::SeedableRng;
use rand::rngs::ChaCha8Rng;

/// Number of rows in a block, which fits into the cache. A larger step adds up the gradients of its blocks.
const ROWS: usize = 2048;

fn main() -> Result<()> {
    let version = locked_version(include_str!("../../Cargo.lock"), "burn");
    serve("burn", version, prepare)
}

fn prepare(workload: &Workload, problem: &Problem) -> Result<Preparation> {
    let x = tensor(workload, &problem.x, [workload.rows, workload.inputs()], &Device::flex());
    Ok(match workload.unit {
        Unit::Differences => Preparation::Skip("it has no differences"),
        Unit::Outputs => inference(workload, problem, x),
        Unit::Epoch | Unit::Step => training(workload, problem, x),
    })
}

fn inference(workload: &Workload, problem: &Problem, x: Tensor<2>) -> Preparation {
    let (network, hidden) = (Network::new(workload, problem, &Device::flex()), workload.hidden);
    let sum = network.forward(hidden, x.clone()).cast(DType::F64).sum().into_scalar::<f64>();
    let unit = move || {
        network.forward(hidden, x.clone());
        Ok(0.0)
    };
    Preparation::Ready { loss: [sum, sum], unit: Box::new(unit) }
}

fn training(workload: &Workload, problem: &Problem, x: Tensor<2>) -> Preparation {
    let y = Labels::new(workload, problem);
    let mut trial = Trainer::new(workload, problem);
    let loss = [trial.step(&x, &y), trial.step(&x, &y)];
    let (mut trainer, mut rng) = (Trainer::new(workload, problem), ChaCha8Rng::seed_from_u64(0));
    let (rows, batch) = (workload.rows, workload.batch);
    let unit = move || {
        Ok(match batch {
            None => trainer.step(&x, &y),
            Some(batch) => trainer.epoch(&x, &y, shuffled_batches(rows, batch, &mut rng)),
        })
    };
    Preparation::Ready { loss, unit: Box::new(unit) }
}

struct Trainer {
    // `None` only during a step, which takes the network and puts it back.
    network: Option<Network>,
    hidden: Hidden,
    optimizer: ModuleOptimizer,
    /// η
    rate: f64,
}

impl Trainer {
    fn new(workload: &Workload, problem: &Problem) -> Self {
        Self {
            network: Some(Network::new(workload, problem, &Device::flex().autodiff())),
            hidden: workload.hidden,
            optimizer: Descent { penalty: workload.l2 }.into(),
            rate: workload.rate,
        }
    }

    /// The mean loss of the epoch's batches.
    fn epoch(&mut self, x: &Tensor<2>, y: &Labels, batches: Vec<Vec<u32>>) -> f64 {
        let mut total = 0.0;
        for batch in batches {
            let rows = batch.len();
            let batch = Tensor::from_data(TensorData::new(batch, [rows]), &Device::flex());
            total += self.step(&x.clone().select(0, batch.clone()), &y.select(batch)) * rows as f64;
        }
        total / x.dims()[0] as f64
    }

    /// θ ← θ − η ∂J/∂θ; returns the mean loss before the update.
    fn step(&mut self, x: &Tensor<2>, y: &Labels) -> f64 {
        let network = self.network.take().expect("each step returns it");
        let rows = x.dims()[0];
        let (mut total, mut gradients) = (0.0, GradientsAccumulator::new());
        for start in (0..rows).step_by(ROWS) {
            let block = start..rows.min(start + ROWS);
            let count = block.len();
            let output = network.forward(self.hidden, x.clone().slice(block.clone()));
            let mean = y.rows(block).mean_loss(output);
            let loss = if count < rows { mean * (count as f64 / rows as f64) } else { mean };
            let gradient = loss.backward();
            gradients.accumulate(&network, GradientsParams::from_grads(gradient, &network));
            total += loss.into_scalar::<f64>();
        }
        self.network = Some(self.optimizer.step(self.rate, network, gradients.grads()));
        total
    }
}

/// θ ← θ − η g, where g is the gradient of the mean loss, plus 2λ W for weights. Burn's own `Sgd` stores λ in
/// 32 bits, which is not the same work.
#[derive(Clone)]
struct Descent {
    penalty: f64,
}

impl Optimizer for Descent {
    type State<const D: usize> = SgdState<D>;

    fn step<const D: usize>(
        &self,
        rate: LearningRate,
        parameter: Tensor<D>,
        mut gradient: Tensor<D>,
        state: Option<SgdState<D>>,
    ) -> (Tensor<D>, Option<SgdState<D>>) {
        let is_weights = D == 2;
        if is_weights && self.penalty > 0.0 {
            gradient = gradient + parameter.clone() * (2.0 * self.penalty);
        }
        (parameter - gradient * rate, state)
    }

    fn to_device<const D: usize>(state: SgdState<D>, _: &Device) -> SgdState<D> {
        state
    }
}

#[derive(Module, Debug)]
struct Network {
    layers: Vec<Linear>,
}

impl Network {
    fn new(workload: &Workload, problem: &Problem, device: &Device) -> Self {
        let layer = |layer: &common::Layer| {
            // Burn's W is (fan_in, fan_out).
            let weights = tensor(workload, &layer.weights, [layer.fan_out, layer.fan_in], &Device::flex());
            let weights = Tensor::from_data(weights.transpose().into_data(), (device, dtype(workload)));
            let bias = tensor(workload, &layer.bias, [layer.fan_out], device);
            Linear { weight: Param::from_tensor(weights), bias: Some(Param::from_tensor(bias)) }
        };
        Self { layers: problem.layers.iter().map(layer).collect() }
    }

    fn forward(&self, hidden: Hidden, x: Tensor<2>) -> Tensor<2> {
        let mut a = self.layers[0].forward(x);
        for layer in &self.layers[1..] {
            a = match hidden {
                Hidden::Sigmoid => sigmoid(a),
                Hidden::Relu => relu(a),
            };
            a = layer.forward(a);
        }
        a
    }
}

enum Labels {
    Classes(Tensor<1, Int>),
    Values(Tensor<2>),
}

impl Labels {
    fn new(workload: &Workload, problem: &Problem) -> Self {
        let device = Device::flex();
        match &problem.targets {
            Targets::Classes(classes) => {
                Self::Classes(Tensor::from_data(TensorData::new(classes.clone(), [classes.len()]), &device))
            }
            Targets::Values(values) => Self::Values(tensor(workload, values, [values.len(), 1], &device)),
        }
    }

    fn select(&self, rows: Tensor<1, Int>) -> Self {
        match self {
            Self::Classes(classes) => Self::Classes(classes.clone().select(0, rows)),
            Self::Values(values) => Self::Values(values.clone().select(0, rows)),
        }
    }

    fn rows(&self, rows: std::ops::Range<usize>) -> Self {
        match self {
            Self::Classes(classes) => Self::Classes(classes.clone().slice(rows)),
            Self::Values(values) => Self::Values(values.clone().slice(rows)),
        }
    }

    fn mean_loss(self, output: Tensor<2>) -> Tensor<1> {
        match self {
            Self::Classes(classes) => {
                CrossEntropyLossConfig::new().init(&Device::flex()).forward(output, classes)
            }
            Self::Values(values) => MseLoss::new().forward(output, values, Reduction::Mean),
        }
    }
}

fn tensor<const D: usize>(
    workload: &Workload,
    values: &[f64],
    shape: [usize; D],
    device: &Device,
) -> Tensor<D> {
    Tensor::from_data(TensorData::new(values.to_vec(), shape), (device, dtype(workload)))
}

fn dtype(workload: &Workload) -> DType {
    match workload.precision {
        Precision::F32 => DType::F32,
        Precision::F64 => DType::F64,
    }
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
