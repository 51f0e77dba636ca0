//! Losses during a training: of the rows that train, and of the rows held out.

use std::ops::ControlFlow;

use ann_core::ndarray::Array2;
use ann_core::{Loss, Network, Problem, Targets};
use ann_train::{Accumulation, EpochRecord, History, Objective, Result};
use anyhow::Context;
use indicatif::ProgressBar;

use crate::figure::Mark;
use crate::progress;

/// Epochs, each with a loss.
pub type Losses = Vec<(f64, f64)>;

/// Rows held out: their features (rows, features), and their targets.
pub type HeldOut<'a, T> = (&'a Array2<f64>, &'a T);

/// The observer of a training: it moves a progress bar and collects the losses of the rows held out.
#[derive(Debug)]
pub struct Watch<'a, T> {
    bar: ProgressBar,
    loss: Loss,
    held_out: Option<HeldOut<'a, T>>,
    losses: Result<Losses>,
}

impl<'a, T> Watch<'a, T>
where
    for<'t> &'t T: Into<Targets<'t>>,
{
    /// For a training of at most `epochs` epochs that minimises `loss`.
    pub fn new(epochs: usize, loss: Loss, held_out: Option<HeldOut<'a, T>>) -> Self {
        Self { bar: progress::bar(epochs as u64, "training"), loss, held_out, losses: Ok(Vec::new()) }
    }

    /// Sees one epoch. A loss that cannot be computed stops the training.
    pub fn see(&mut self, record: &EpochRecord, network: &Network) -> ControlFlow<()> {
        self.bar.set_position(record.epoch as u64);
        if let (Some((inputs, targets)), Ok(losses)) = (self.held_out, &mut self.losses) {
            match mean_loss(network, self.loss.clone(), inputs, targets) {
                Ok(loss) => losses.push((record.epoch as f64, loss)),
                Err(error) => self.losses = Err(error),
            }
        }
        if self.losses.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    }

    /// The losses of the rows held out, one for each epoch; none without such rows.
    ///
    /// # Errors
    /// The rows do not have the columns or targets of the network, or the memory cannot be had.
    pub fn finish(self) -> anyhow::Result<Losses> {
        self.bar.finish_and_clear();
        self.losses.context("the loss of the rows held out (--test)")
    }
}

fn mean_loss<'a>(
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

#[cfg(test)]
mod tests {
    use ann_core::{
        Activation, Architecture,
        ndarray::{Array1, array},
    };
    use ann_train::StopReason;

    use super::*;

    fn record(epoch: usize, loss: f64) -> EpochRecord {
        EpochRecord { epoch, loss, penalty: 7.0, accuracy: None }
    }

    /// What a watch sees of ŷ = 2x + 1 in two epochs.
    fn watch(held_out: Option<HeldOut<'_, Array1<f64>>>) -> ([ControlFlow<()>; 2], anyhow::Result<Losses>) {
        let line = Architecture::inputs(1).dense(1, Activation::Identity);
        let network = Network::from_parameters(&line, vec![2.0, 1.0]).unwrap();
        let mut watch = Watch::new(2, Loss::MeanSquaredError, held_out);
        let seen = [0, 1].map(|epoch| watch.see(&record(epoch, 0.5), &network));
        (seen, watch.finish())
    }

    #[test]
    fn the_loss_is_the_mean_over_the_rows_held_out() {
        // ŷ is 3 and 5; the targets are 3 and 2: (0 + 9) / 2.
        let (inputs, targets) = (array![[1.0], [2.0]], array![3.0, 2.0]);
        let (seen, losses) = watch(Some((&inputs, &targets)));
        assert_eq!(seen, [ControlFlow::Continue(()); 2]);
        assert_eq!(losses.unwrap(), [(0.0, 4.5), (1.0, 4.5)]);
        assert_eq!(watch(None).1.unwrap(), []);
    }

    #[test]
    fn a_loss_that_cannot_be_computed_stops_the_training() {
        let (wider, targets) = (array![[1.0, 1.0], [2.0, 2.0]], array![3.0, 2.0]);
        let (seen, losses) = watch(Some((&wider, &targets)));
        assert_eq!(seen, [ControlFlow::Break(()); 2]);
        let expected =
            "the loss of the rows held out (--test): input has 2 columns, the first layer expects 1";
        assert_eq!(format!("{:#}", losses.unwrap_err()), expected);
    }

    #[test]
    fn the_test_has_a_curve_where_there_is_a_test() {
        let history =
            History { records: vec![record(0, 0.5), record(1, 0.25)], stop: StopReason::EpochLimit };
        let lines = |test: &[(f64, f64)]| -> Vec<(String, bool, Losses)> {
            let lines = curves(&history, test).into_iter().map(|mark| match mark {
                Mark::Line { series, dashed, points, .. } => (series, dashed, points),
                other => panic!("{other:?} is no line"),
            });
            lines.collect()
        };
        let training = ("training".to_owned(), false, vec![(0.0, 0.5), (1.0, 0.25)]);
        assert_eq!(lines(&[]), std::slice::from_ref(&training));
        let test = vec![(0.0, 0.75), (1.0, 0.5)];
        assert_eq!(lines(&test), [training, ("test".to_owned(), true, test.clone())]);
    }
}
