//! Losses during a training: of the rows that train, and of the rows held out.

use ann_core::{Network, Problem};
use ann_figure::Mark;
use ann_train::{History, Objective, Result, State, TrainConfig, Training};

use crate::progress;

/// Epochs, each with a loss.
pub type Losses = Vec<(f64, f64)>;

/// A trained network and its losses.
#[derive(Clone, Debug)]
pub struct Trained {
    /// The network after the last epoch.
    pub network: Network,
    /// The record of each epoch, on the rows that train.
    pub history: History,
    /// The losses of the rows held out, one for each record; none without such rows.
    pub test_losses: Losses,
}

/// Trains `network` with all rows at once and shows a progress bar. The rows `held_out` only test it.
///
/// # Errors
/// As [`Training::new`] and [`Training::epoch`].
///
/// # Panics
/// When `held_out` is a problem of another number of parameters.
pub fn train(
    network: Network,
    problem: &Problem<'_>,
    config: &TrainConfig,
    held_out: Option<&Problem<'_>>,
) -> Result<Trained> {
    let bar = progress::bar(config.epochs as u64, "training");
    let mut held_out = held_out.map(|rows| Objective::new(rows, config.accumulation)).transpose()?;
    let mut training = Training::new(problem, network, config)?;
    let mut test_losses = Losses::new();
    loop {
        // The record of an epoch describes the network before its update, and so does the test loss.
        let State { network, epoch, .. } = training.state();
        bar.set_position(*epoch as u64);
        if let Some(rows) = &mut held_out {
            test_losses.push((*epoch as f64, rows.value(network.parameters()).loss));
        }
        if training.epoch()?.is_break() {
            break;
        }
    }
    bar.finish_and_clear();
    let (network, history) = training.finish()?;
    Ok(Trained { network, history, test_losses })
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
        Activation, Architecture, Loss,
        ndarray::{Array1, Array2, array},
    };
    use ann_train::EpochRecord;

    use super::*;

    /// Trains ŷ = 2x + 1 for two epochs on the point (1, 1), with η = 1/4.
    fn trained(held_out: Option<(&Array2<f64>, &Array1<f64>)>) -> Trained {
        let line = Architecture::inputs(1).dense(1, Activation::Identity);
        let network = Network::from_parameters(&line, vec![2.0, 1.0]).unwrap();
        let problem = |x, y| Problem::new(&line, Loss::MeanSquaredError, x, y).unwrap();
        let (x, y) = (array![[1.0]], array![1.0]);
        let held_out = held_out.map(|(x, y)| problem(x, y));
        let config = TrainConfig { learning_rate: 0.25.into(), epochs: 2, ..TrainConfig::default() };
        train(network, &problem(&x, &y), &config, held_out.as_ref()).unwrap()
    }

    #[test]
    fn a_test_loss_is_that_of_the_network_which_the_record_describes() {
        // ŷ(1) = 3, so both derivatives are 2 (3 − 1) = 4. One step makes them 0: ŷ = x.
        let (x, y) = (array![[1.0], [2.0]], array![3.0, 2.0]);
        let with_test = trained(Some((&x, &y)));
        assert_eq!(with_test.history.losses().collect::<Vec<_>>(), [4.0, 0.0, 0.0]);
        // Of the rows held out, ŷ is first 3 and 5, (0 + 9) / 2, and then 1 and 2, (4 + 0) / 2.
        assert_eq!(with_test.test_losses, [(0.0, 4.5), (1.0, 2.0), (2.0, 2.0)]);
        assert_eq!(with_test.network.parameters(), [1.0, 0.0]);
    }

    #[test]
    fn rows_held_out_do_not_change_the_training() {
        let (with_test, without) = (trained(Some((&array![[2.0]], &array![7.0]))), trained(None));
        assert_eq!(with_test.history, without.history);
        assert_eq!(with_test.network.parameters(), without.network.parameters());
        assert_eq!(without.test_losses, []);
    }

    #[test]
    fn the_test_has_a_curve_where_there_is_a_test() {
        let record = |epoch, loss| EpochRecord { epoch, loss, penalty: 7.0, accuracy: None };
        let history = History { records: vec![record(0, 0.5), record(1, 0.25)], ..History::default() };
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
