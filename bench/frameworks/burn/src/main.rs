//! Burn with Flex, its CPU backend in Rust: modules, autodiff and its optimizer.

use anyhow::Result;
use burn::module::{Module, Param};
use burn::nn::Linear;
use burn::nn::loss::{CrossEntropyLossConfig, MseLoss, Reduction};
use burn::optim::{
    AdamWConfig, GradientsAccumulator, GradientsParams, LBFGSConfig, LearningRate, LineSearchFn,
    ModuleOptimizer, Optimizer, SgdState,
};
use burn::tensor::activation::{log_softmax, relu, sigmoid, silu, tanh};
use burn::tensor::{DType, Device, Int, Tensor, TensorData};
use common::{
    End, Hidden, Precision, Preparation, Problem, Targets, Unit, Workload, locked_version, out_of_reach,
    run_to_the_end, serve, shuffled_batches,
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
    if let Some(reason) = out_of_reach(workload) {
        return Ok(Preparation::Skip(reason));
    }
    let x = tensor(workload, &problem.x, [workload.rows, workload.inputs()], &Device::flex());
    Ok(match workload.unit {
        Unit::Differences => Preparation::Skip("it has no differences"),
        Unit::Outputs => inference(workload, problem, x),
        Unit::Epoch | Unit::Step => training(workload, problem, x),
        Unit::Run => runs(workload, problem, x)?,
    })
}

fn inference(workload: &Workload, problem: &Problem, x: Tensor<2>) -> Preparation {
    let (network, hidden) = (Network::new(workload, problem, &Device::flex()), workload.hidden);
    let sum = network.forward(hidden, x.clone()).cast(DType::F64).sum().into_scalar::<f64>();
    let unit = move || {
        network.forward(hidden, x.clone());
        Ok(0.0)
    };
    Preparation::Ready { loss: [sum, sum], end: None, unit: Box::new(unit) }
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
    Preparation::Ready { loss, end: None, unit: Box::new(unit) }
}

/// Training from the initial weights to the end, with all rows at once.
fn runs(workload: &Workload, problem: &Problem, x: Tensor<2>) -> Result<Preparation> {
    let y = Labels::new(workload, problem);
    let mut trial = Trainer::new(workload, problem);
    let loss = [trial.step(&x, &y), trial.step(&x, &y)];
    let (workload, problem) = (workload.clone(), problem.clone());
    let run = move || {
        let mut trainer = Trainer::new(&workload, &problem);
        match workload.optimizer {
            common::Optimizer::Lbfgs => Ok(trainer.lbfgs(&workload, &x, &y)),
            _ => run_to_the_end(&workload, || Ok(trainer.step(&x, &y))),
        }
    };
    Ok(Preparation::Ready { loss, end: Some(run()?), unit: Box::new(move || Ok(run()?.loss)) })
}

/// Number of steps that L-BFGS remembers.
const HISTORY: usize = 10;

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
            optimizer: rule(workload),
            rate: workload.rate,
        }
    }

    /// Iterations of L-BFGS until the run ends.
    fn lbfgs(&mut self, workload: &Workload, x: &Tensor<2>, y: &Labels) -> End {
        let hidden = self.hidden;
        let value_and_gradient = |network: Network| {
            let loss = y.clone().mean_loss(network.forward(hidden, x.clone()));
            let gradient = GradientsParams::from_grads(loss.backward(), &network);
            (loss.into_scalar::<f64>(), gradient)
        };
        // Many iterations in one call are faster than one; but a call does not stop at a loss.
        let each = if workload.below > 0.0 { 1 } else { workload.epochs };
        let mut rule = LBFGSConfig::new()
            .with_max_iter(each)
            .with_history_size(HISTORY)
            .with_max_eval(Some(100 * workload.epochs))
            .with_tolerance_grad(0.0)
            .with_tolerance_change(0.0)
            .with_line_search_fn(LineSearchFn::StrongWolfe)
            .init();
        let mut network = self.network.take().expect("each step returns it");
        let mut epochs = 0;
        while epochs < workload.epochs {
            let (moved, _) = rule.step(1.0, network, value_and_gradient);
            (network, epochs) = (moved, epochs + each);
            // The loss that a step returns is the one before it.
            if workload.below > 0.0 && value_and_gradient(network.clone()).0 < workload.below {
                break;
            }
        }
        let end = End { epochs, loss: value_and_gradient(network.clone()).0 };
        self.network = Some(network);
        end
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

    /// One update; returns the mean loss before it. A step with weights of rows has one block.
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

/// The rule of an update.
fn rule(workload: &Workload) -> ModuleOptimizer {
    match workload.optimizer {
        common::Optimizer::Adam => {
            let decay = workload.decay as f32;
            AdamWConfig::new().with_epsilon(1e-8).with_weight_decay(decay).init()
        }
        _ => Descent { penalty: workload.l2 }.into(),
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
                Hidden::Tanh => tanh(a),
                Hidden::Relu => relu(a),
                Hidden::Silu => silu(a),
            };
            a = layer.forward(a);
        }
        a
    }
}

#[derive(Clone)]
enum Labels {
    Classes(Tensor<1, Int>),
    /// Classes, ε, and the weights of their rows.
    Weighted(Tensor<1, Int>, f64, Tensor<1>),
    Values(Tensor<2>),
}

impl Labels {
    fn new(workload: &Workload, problem: &Problem) -> Self {
        let device = Device::flex();
        match &problem.targets {
            Targets::Classes(classes) => {
                let rows = [classes.len()];
                let classes = Tensor::from_data(TensorData::new(classes.clone(), rows), &device);
                match &problem.row_weights {
                    None => Self::Classes(classes),
                    Some(weights) => {
                        Self::Weighted(classes, workload.smoothing, tensor(workload, weights, rows, &device))
                    }
                }
            }
            Targets::Values(values) => Self::Values(tensor(workload, values, [values.len(), 1], &device)),
        }
    }

    fn select(&self, rows: Tensor<1, Int>) -> Self {
        match self {
            Self::Classes(classes) => Self::Classes(classes.clone().select(0, rows)),
            Self::Weighted(classes, smoothing, weights) => {
                let weights = weights.clone().select(0, rows.clone());
                Self::Weighted(classes.clone().select(0, rows), *smoothing, weights)
            }
            Self::Values(values) => Self::Values(values.clone().select(0, rows)),
        }
    }

    fn rows(&self, rows: std::ops::Range<usize>) -> Self {
        match self {
            Self::Classes(classes) => Self::Classes(classes.clone().slice(rows)),
            Self::Weighted(classes, smoothing, weights) => {
                let weights = weights.clone().slice(rows.clone());
                Self::Weighted(classes.clone().slice(rows), *smoothing, weights)
            }
            Self::Values(values) => Self::Values(values.clone().slice(rows)),
        }
    }

    fn mean_loss(self, output: Tensor<2>) -> Tensor<1> {
        match self {
            Self::Classes(classes) => {
                CrossEntropyLossConfig::new().init(&Device::flex()).forward(output, classes)
            }
            // ℓ = −(1 − ε) ln p_c − ε/K Σ ln p for each row, and Σ w ℓ / Σ w. Burn's own loss has weights of
            // classes.
            Self::Weighted(classes, smoothing, weights) => {
                let logs = log_softmax(output, 1);
                let of_class = logs.clone().gather(1, classes.unsqueeze_dim(1)).squeeze_dim::<1>(1);
                let mean = logs.mean_dim(1).squeeze_dim::<1>(1);
                let losses = of_class * (smoothing - 1.0) - mean * smoothing;
                (losses * weights.clone()).sum() / weights.sum()
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
