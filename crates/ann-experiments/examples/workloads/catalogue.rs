//! What each workload is.

use ann_core::{Activation, Architecture};
use ann_train::Batching;

/// A network, its data, and what is done with them.
#[derive(Clone, Debug)]
pub struct Workload {
    pub task: Task,
    pub data: Data,
    /// From input to output; the output layer has no activation.
    pub widths: &'static [usize],
    pub hidden: Activation,
    /// η.
    pub learning_rate: f64,
    /// λ.
    pub l2: f64,
    pub precision: Precision,
}

/// What is timed.
#[derive(Clone, Copy, Debug)]
pub enum Task {
    /// Epochs of the training loop: all rows, or mini-batches of so many.
    Epochs { batch: Option<usize> },
    /// Steps with all rows: gradient, loss and update.
    Steps,
    /// Central differences of the mean loss by every parameter.
    Differences,
    /// Raw outputs for the first row, or for all at once.
    Inference { all: bool },
}

/// What the network is given.
#[derive(Clone, Copy, Debug)]
pub enum Data {
    Doughnut,
    Squares,
    Iris,
    /// Generated rows with a class each.
    Classes(usize),
    /// Generated rows with a number each.
    Values(usize),
}

/// The type of all numbers.
#[derive(Clone, Copy, Debug)]
pub enum Precision {
    Single,
    Double,
}

/// What most have in common.
const USUAL: Workload = Workload {
    task: Task::Epochs { batch: None },
    data: Data::Squares,
    widths: &[],
    hidden: Activation::Sigmoid,
    learning_rate: 0.1,
    l2: 0.0,
    precision: Precision::Double,
};

/// The workload of this name.
pub fn find(id: &str) -> Option<Workload> {
    let (family, variant) = id.split_once('/').unwrap_or((id, ""));
    Some(match family {
        "W1" if variant.is_empty() => Workload { data: Data::Doughnut, widths: &[2, 3, 2], ..USUAL },
        "W2" if variant.is_empty() => Workload { widths: &[2, 5, 2], ..USUAL },
        "W3" if variant.is_empty() => {
            Workload { data: Data::Iris, widths: &[4, 5, 10, 5, 3], l2: 0.01, ..USUAL }
        }
        "W4" if variant.is_empty() => {
            Workload { task: Task::Differences, widths: &[2, 3, 10, 50, 30, 1, 4, 2], ..USUAL }
        }
        "W5" => mini_batches(64, 1797, &[64, 100, 10], precision(variant)?),
        "W6" if variant == "f32" => mini_batches(128, 20_000, &[784, 128, 10], Precision::Single),
        "W7" if variant == "f32" => mini_batches(1024, 100_000, &[28, 300, 300, 300, 2], Precision::Single),
        "W8" => Workload {
            task: Task::Steps,
            data: Data::Classes(512),
            widths: &[1024, 1024, 1024, 10],
            hidden: Activation::Relu,
            learning_rate: 0.01,
            precision: precision(variant)?,
            ..USUAL
        },
        "W9" => inference(variant)?,
        "W10" => Workload {
            task: Task::Steps,
            data: Data::Values(variant.parse().ok()?),
            widths: &[10, 64, 64, 1],
            learning_rate: 0.01,
            ..USUAL
        },
        _ => return None,
    })
}

fn precision(name: &str) -> Option<Precision> {
    match name {
        "f32" => Some(Precision::Single),
        "f64" => Some(Precision::Double),
        _ => None,
    }
}

fn mini_batches(batch: usize, rows: usize, widths: &'static [usize], precision: Precision) -> Workload {
    let (task, data) = (Task::Epochs { batch: Some(batch) }, Data::Classes(rows));
    Workload { task, data, widths, hidden: Activation::Relu, learning_rate: 0.05, precision, ..USUAL }
}

fn inference(variant: &str) -> Option<Workload> {
    let (size, count) = variant.split_once('-')?;
    let all = ["one", "many"].iter().position(|&known| known == count)? == 1;
    let usual = Workload { task: Task::Inference { all }, data: Data::Classes(10_000), ..USUAL };
    match size {
        "narrow" => Some(Workload { widths: &[4, 5, 10, 5, 3], ..usual }),
        "wide" => {
            let (hidden, precision) = (Activation::Relu, Precision::Single);
            Some(Workload { widths: &[784, 128, 10], hidden, precision, ..usual })
        }
        _ => None,
    }
}

impl Workload {
    pub fn architecture(&self) -> Architecture {
        let [inputs, hidden @ .., outputs] = self.widths else {
            panic!("every workload has inputs and outputs")
        };
        Architecture::inputs(*inputs)
            .with_layers(self.hidden.clone().layers(hidden.iter().copied()))
            .dense(*outputs, Activation::Identity)
    }

    /// How many rows an update sees.
    pub fn batching(&self) -> Batching {
        match self.task {
            Task::Epochs { batch: Some(rows) } => Batching::Shuffled { rows, seed: SEED_OF_ORDER },
            _ => Batching::Full,
        }
    }
}

const SEED_OF_ORDER: u64 = 3;
