//! The loss of the rows that train, beside that of the rows held out.

use ann_core::ndarray::Array2;
use ann_core::{Loss, Network, Problem, Targets};
use ann_train::{Accumulation, History, Objective, Result};

use crate::figure::Mark;

/// Epochs, each with a loss.
pub type Losses = Vec<(f64, f64)>;

/// The mean loss of `network` on rows that it was not trained on: `inputs` (rows, features), one target for each row.
///
/// # Errors
/// The rows do not have the columns and targets of the rows that trained, or the memory cannot be had.
pub fn held_out_loss<'a>(
    network: &'a Network,
    loss: Loss,
    inputs: &'a Array2<f64>,
    targets: impl Into<Targets<'a>>,
) -> Result<f64> {
    let problem = Problem::new(network.architecture(), loss, inputs, targets)?;
    Ok(Objective::new(&problem, Accumulation::default())?.value(network.parameters()).loss)
}

/// The training loss of each epoch and, unless it is empty, the `test` loss: (epoch, loss).
pub fn curves(history: &History, test: &[(f64, f64)]) -> Vec<Mark> {
    let line = |series: &str, colour, dashed, points| {
        let series = series.to_owned();
        Mark::Line { series, colour, dashed, points }
    };
    let training = history.records.iter().map(|record| (record.epoch as f64, record.loss)).collect();
    let test = (!test.is_empty()).then(|| line("test", 1, true, test.to_vec()));
    [line("training", 0, false, training)].into_iter().chain(test).collect()
}
