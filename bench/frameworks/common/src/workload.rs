//! The workloads: shapes and settings.

use anyhow::{Context, Result};

/// Layers of `widths` with `hidden` activations between them and raw outputs.
///
/// Training minimises mean loss + λ Σ‖W‖² by θ ← θ − η ∂J/∂θ: cross-entropy, or squared errors of the only output.
#[derive(Clone, Debug)]
pub struct Workload {
    pub widths: Vec<usize>,
    pub rows: usize,
    pub hidden: Hidden,
    /// Numbers of 64 bits, else of 32.
    pub double: bool,
    /// Rows of a shuffled mini-batch; all rows at once where there is none.
    pub batch: Option<usize>,
    /// η
    pub rate: f64,
    /// λ
    pub penalty: f64,
    pub task: Task,
    /// What one unit of work is called.
    pub unit: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Hidden {
    Sigmoid,
    Relu,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Task {
    Train,
    Differences,
    Infer,
}

impl Workload {
    /// # Errors
    /// When there is no workload of that name.
    pub fn named(name: &str) -> Result<Self> {
        let base = Self {
            widths: vec![],
            rows: 0,
            hidden: Hidden::Sigmoid,
            double: true,
            batch: None,
            rate: 0.1,
            penalty: 0.0,
            task: Task::Train,
            unit: "epoch",
        };
        let single = Self { hidden: Hidden::Relu, double: false, ..base.clone() };
        let batched = Self { rate: 0.05, ..single.clone() };
        let wide = Self {
            widths: vec![1024, 1024, 1024, 10],
            rows: 512,
            rate: 0.01,
            unit: "step",
            ..single.clone()
        };
        let digits = Self { widths: vec![64, 100, 10], rows: 1797, batch: Some(64), ..batched.clone() };
        let narrow = Self { widths: vec![4, 5, 10, 5, 3], task: Task::Infer, unit: "call", ..base.clone() };
        let images = Self { widths: vec![784, 128, 10], task: Task::Infer, unit: "call", ..single };
        let images_epoch = Self { widths: vec![784, 128, 10], batch: Some(128), ..batched.clone() };
        let regression = Self { widths: vec![10, 64, 64, 1], rate: 0.01, unit: "step", ..base.clone() };
        Ok(match name {
            "W1" => Self { widths: vec![2, 3, 2], rows: 216, ..base },
            "W2" => Self { widths: vec![2, 5, 2], rows: 400, ..base },
            "W3" => Self { widths: vec![4, 5, 10, 5, 3], rows: 150, penalty: 0.01, ..base },
            "W4" => Self {
                widths: vec![2, 3, 10, 50, 30, 1, 4, 2],
                rows: 400,
                task: Task::Differences,
                unit: "all",
                ..base
            },
            "W5/f32" => digits,
            "W5/f64" => Self { double: true, ..digits },
            "W6/f32" => Self { rows: 20_000, ..images_epoch },
            "W7/f32" => {
                Self { widths: vec![28, 300, 300, 300, 2], rows: 100_000, batch: Some(1024), ..batched }
            }
            "W8/f32" => wide,
            "W8/f64" => Self { double: true, ..wide },
            "W9/narrow-one" => Self { rows: 1, ..narrow },
            "W9/narrow-many" => Self { rows: 10_000, ..narrow },
            "W9/wide-one" => Self { rows: 1, ..images },
            "W9/wide-many" => Self { rows: 10_000, ..images },
            _ => {
                let rows = name.strip_prefix("W10/").and_then(|rows| rows.parse().ok());
                Self { rows: rows.with_context(|| format!("unknown workload {name:?}"))?, ..regression }
            }
        })
    }

    pub fn inputs(&self) -> usize {
        self.widths[0]
    }

    pub fn outputs(&self) -> usize {
        self.widths[self.widths.len() - 1]
    }

    /// One output is a number to be met, several are classes.
    pub fn is_regression(&self) -> bool {
        self.outputs() == 1
    }
}
