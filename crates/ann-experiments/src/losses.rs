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

#[cfg(test)]
mod tests {
    use ann_core::{Activation, Architecture, ndarray::array};
    use ann_train::{EpochRecord, StopReason};

    use super::*;

    #[test]
    fn the_loss_is_the_mean_over_the_rows_held_out() {
        // ŷ = 2x + 1 is 3 and 5; the targets are 3 and 2: (0 + 9) / 2.
        let line = Architecture::inputs(1).dense(1, Activation::Identity);
        let network = Network::from_parameters(&line, vec![2.0, 1.0]).unwrap();
        let (inputs, targets) = (array![[1.0], [2.0]], array![3.0, 2.0]);
        assert_eq!(held_out_loss(&network, Loss::MeanSquaredError, &inputs, &targets).unwrap(), 4.5);
        let wider = array![[1.0, 1.0], [2.0, 2.0]];
        assert!(held_out_loss(&network, Loss::MeanSquaredError, &wider, &targets).is_err());
    }

    #[test]
    fn the_test_has_a_curve_where_there_is_a_test() {
        let record = |epoch, loss| EpochRecord { epoch, loss, penalty: 7.0, accuracy: None };
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
