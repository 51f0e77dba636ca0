//! Optimizers on one task: the loss after each epoch, and the passes over the rows and the time that it took.

use std::ops::Range;
use std::time::{Duration, Instant};

use ann_core::{Architecture, Init, Loss, Network, Problem, seeded};
use ann_train::{
    Accumulation, Batching, Error, LearningRate, Objective, Optimizer, Result, TrainConfig, Training,
};
use ndarray::{Array1, Array2};
use rayon::prelude::*;

/// Rows to learn, the network that learns them, and the optimizers that are compared.
#[derive(Clone, Debug)]
pub struct Task {
    /// The name of the data.
    pub name: &'static str,
    /// The network.
    pub architecture: Architecture,
    /// Inputs, (rows, inputs).
    pub features: Array2<f64>,
    /// What the network should answer for each row.
    pub answers: Answers,
    /// Number of rows in a mini-batch, for optimizers that can use them. `None`: all rows at once.
    pub batch: Option<usize>,
    /// The loss that the optimizers should reach.
    pub goal: f64,
    /// The largest number of passes over the rows.
    pub passes: usize,
    /// The optimizers, and the learning rate of each.
    pub optimizers: Vec<Entrant>,
}

/// The answers to learn; their kind decides on the loss.
#[derive(Clone, Debug)]
pub enum Answers {
    /// Classes, for softmax and cross-entropy.
    Classes(Vec<usize>),
    /// Numbers, for the mean squared error.
    Values(Array1<f64>),
}

/// An optimizer with its learning rate.
#[derive(Clone, Copy, Debug)]
pub struct Entrant {
    /// The rule.
    pub optimizer: Optimizer,
    /// η. `None` for L-BFGS and Levenberg–Marquardt, which find the length of each step themselves.
    pub rate: Option<f64>,
}

/// One run on a task.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// The largest number of passes over the rows, if it is less than the task's.
    pub passes: usize,
    /// The run ends below this loss.
    pub stop_below: f64,
    /// Seed of the initial weights (Xavier's, gain 1) and of the mini-batches.
    pub seed: u64,
}

/// A run between two epochs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// Passes over the rows so far ([`Training::passes`]).
    pub passes: f64,
    /// Time of the epochs so far, in seconds.
    pub seconds: f64,
    /// The loss of all rows.
    pub loss: f64,
}

/// Runs with several seeds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outcome {
    /// Number of runs that reached the goal.
    pub reached: usize,
    /// Passes to the goal, the median of all runs; ∞ if fewer than half of them reached it.
    pub passes: f64,
    /// The loss at the end of the run that is the median; ∞ if it diverged.
    pub loss: f64,
}

impl Task {
    /// Trains with one optimizer. Returns the point before the first epoch and one after each.
    ///
    /// # Errors
    /// As [`Training::new`] and [`Training::epoch`].
    pub fn run(&self, entrant: &Entrant, settings: Settings) -> Result<Vec<Point>> {
        let config = self.config(entrant, settings);
        let (problem, rng) = (self.problem()?, &mut seeded(settings.seed));
        let network = Network::init(&self.architecture, Init::XavierNormal { gain: 1.0 }, rng)?;
        let mut objective = Objective::new(&problem, Accumulation::Batched)?;
        let mut point = Point { passes: 0.0, seconds: 0.0, loss: objective.value(network.parameters()).loss };
        let mut points = vec![point];
        let (mut training, mut time) = (Training::new(&problem, network, &config)?, Duration::ZERO);
        while point.passes < config.epochs as f64 && point.loss >= settings.stop_below {
            // The clock does not run while the loss is computed.
            let start = Instant::now();
            let has_ended = training.epoch()?.is_break();
            time += start.elapsed();
            if has_ended {
                break;
            }
            let loss = objective.value(training.state().network.parameters()).loss;
            point = Point { passes: training.passes(), seconds: time.as_secs_f64(), loss };
            points.push(point);
        }
        Ok(points)
    }

    /// The same, and each epoch has its shortest time among several runs: other programs only make it longer.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub fn timed_run(&self, entrant: &Entrant, settings: Settings, runs: usize) -> Result<Vec<Point>> {
        let mut points = self.run(entrant, settings)?;
        for _ in 1..runs {
            shorten(&mut points, &self.run(entrant, settings)?);
        }
        Ok(points)
    }

    /// Trains with each of `seeds`, until the goal is reached. The runs share the cores, so they are not
    /// timed.
    ///
    /// # Errors
    /// As [`run`](Self::run), except that a run may diverge.
    ///
    /// # Panics
    /// When there are no seeds.
    pub fn outcome(&self, entrant: &Entrant, passes: usize, seeds: Range<u64>) -> Result<Outcome> {
        let run = |seed| match self.run(entrant, Settings { passes, stop_below: self.goal, seed }) {
            Ok(points) => Ok(reached(&points, self.goal).map_or_else(
                || (f64::INFINITY, points.last().map_or(f64::INFINITY, |last| last.loss)),
                |point| (point.passes, point.loss),
            )),
            Err(Error::Diverged { .. }) => Ok((f64::INFINITY, f64::INFINITY)),
            Err(error) => Err(error),
        };
        let mut runs = seeds.into_par_iter().map(run).collect::<Result<Vec<(f64, f64)>>>()?;
        runs.sort_by(|one, other| one.0.total_cmp(&other.0).then(one.1.total_cmp(&other.1)));
        let (passes, loss) = runs[runs.len() / 2];
        Ok(Outcome { reached: runs.iter().filter(|run| run.0.is_finite()).count(), passes, loss })
    }

    fn config(&self, entrant: &Entrant, settings: Settings) -> TrainConfig {
        TrainConfig {
            optimizer: entrant.optimizer,
            learning_rate: entrant.rate.map_or_else(LearningRate::default, Into::into),
            epochs: self.limit(&entrant.optimizer).min(settings.passes),
            batching: self.batching(&entrant.optimizer, settings.seed),
            ..TrainConfig::default()
        }
    }

    fn problem(&self) -> Result<Problem<'_>> {
        let Self { architecture, features, answers, .. } = self;
        Ok(match answers {
            Answers::Classes(classes) => {
                Problem::new(architecture, Loss::SoftmaxCrossEntropy, features, classes)?
            }
            Answers::Values(values) => Problem::new(architecture, Loss::MeanSquaredError, features, values)?,
        })
    }

    /// The largest number of passes. One of Levenberg–Marquardt takes more than ten times as long as one of
    /// another optimizer, so it gets a tenth of them.
    fn limit(&self, optimizer: &Optimizer) -> usize {
        match optimizer {
            Optimizer::LevenbergMarquardt(_) => self.passes / 10,
            _ => self.passes,
        }
    }

    /// Mini-batches, if the task has them and the optimizer can use them.
    pub fn batching(&self, optimizer: &Optimizer, seed: u64) -> Batching {
        match (self.batch, optimizer) {
            (Some(rows), Optimizer::Descent | Optimizer::Momentum(_) | Optimizer::Adam(_)) => {
                Batching::shuffled(rows, seed)
            }
            _ => Batching::Full,
        }
    }
}

/// Gives each epoch the shorter of its times in two runs.
fn shorten(points: &mut [Point], again: &[Point]) {
    let (mut before, mut time) = ([0.0; 2], 0.0);
    for (point, again) in points.iter_mut().zip(again) {
        time += (point.seconds - before[0]).min(again.seconds - before[1]);
        before = [point.seconds, again.seconds];
        point.seconds = time;
    }
}

/// The first point whose loss is below `goal`.
pub fn reached(points: &[Point], goal: f64) -> Option<&Point> {
    points.iter().find(|point| point.loss < goal)
}

#[cfg(test)]
mod tests {
    use ann_core::Activation;
    use ann_train::{Adam, Lbfgs, LevenbergMarquardt};
    use ndarray::{Array1, Array2, array};

    use super::*;

    /// Learns ŷ = w x + b on x = 0 and 1 from the answers 1 and 2.
    fn line(batch: Option<usize>) -> Task {
        Task {
            name: "line",
            architecture: Architecture::inputs(1).dense(1, Activation::Identity),
            features: array![[0.0], [1.0]],
            answers: Answers::Values(array![1.0, 2.0]),
            batch,
            goal: 1e-6,
            passes: 1000,
            optimizers: vec![],
        }
    }

    fn settings(passes: usize, stop_below: f64) -> Settings {
        Settings { passes, stop_below, seed: 1 }
    }

    const DESCENT: Entrant = Entrant { optimizer: Optimizer::Descent, rate: Some(0.5) };

    #[test]
    fn a_run_has_its_losses_in_the_order_of_passes_and_of_time() {
        let points = line(None).run(&DESCENT, settings(10, 0.0)).unwrap();
        let passes: Vec<f64> = points.iter().map(|point| point.passes).collect();
        assert_eq!(passes, (0..=10).map(f64::from).collect::<Vec<_>>());
        assert!(points.is_sorted_by(|one, next| one.seconds <= next.seconds), "{points:?}");
        assert!(points.is_sorted_by(|one, next| one.loss > next.loss), "{points:?}");
    }

    #[test]
    fn the_loss_is_that_of_all_rows_after_the_epoch() {
        // One row in each batch: the mean that an epoch records would be that of two other networks.
        let task = line(Some(1));
        let points = task.run(&DESCENT, settings(1, 0.0)).unwrap();
        let config = task.config(&DESCENT, settings(1, 0.0));
        let (problem, rng) = (task.problem().unwrap(), &mut seeded(1));
        let mut network = Network::init(&task.architecture, Init::XavierNormal { gain: 1.0 }, rng).unwrap();
        let loss = |network: &Network| {
            Objective::new(&problem, Accumulation::Batched).unwrap().value(network.parameters()).loss
        };
        let before = loss(&network);
        ann_train::train(&mut network, &problem, &config).unwrap();
        assert_eq!(points.iter().map(|point| point.loss).collect::<Vec<_>>(), [before, loss(&network)]);
        assert_ne!(before, loss(&network));
    }

    #[test]
    fn a_run_ends_below_the_loss_that_it_should_reach() {
        let points = line(None).run(&DESCENT, settings(1000, 1e-3)).unwrap();
        let (last, before) = (points[points.len() - 1].loss, points[points.len() - 2].loss);
        assert!(last < 1e-3 && before >= 1e-3, "{points:?}");
        assert_eq!(reached(&points, 1e-3), points.last());
        assert_eq!(reached(&points, last), None);
    }

    #[test]
    fn an_epoch_has_the_shorter_of_its_times() {
        let run = |times: [f64; 4]| times.map(|seconds| Point { passes: 1.0, seconds, loss: 0.5 });
        // Epochs of 1, 2 and 4 s, and of 3, 2 and 1 s.
        let mut points = run([0.0, 1.0, 3.0, 7.0]);
        shorten(&mut points, &run([0.0, 3.0, 5.0, 6.0]));
        assert_eq!(points, run([0.0, 1.0, 3.0, 4.0]));
    }

    #[test]
    fn only_optimizers_of_batches_get_batches() {
        let task = line(Some(1));
        let batches = Batching::shuffled(1, 7);
        assert_eq!(task.batching(&Optimizer::Descent, 7), batches);
        assert_eq!(task.batching(&Adam::default().into(), 7), batches);
        assert_eq!(task.batching(&Lbfgs::default().into(), 7), Batching::Full);
        assert_eq!(line(None).batching(&Adam::default().into(), 7), Batching::Full);
    }

    #[test]
    fn levenberg_marquardt_gets_a_tenth_of_the_passes() {
        let task = line(None);
        assert_eq!(task.limit(&LevenbergMarquardt::default().into()), 100);
        assert_eq!(task.limit(&Lbfgs::default().into()), 1000);
    }

    #[test]
    fn an_outcome_is_the_median_of_its_seeds() {
        let task = line(None);
        let passes = |seed| {
            let points = task.run(&DESCENT, Settings { seed, ..settings(1000, 0.0) }).unwrap();
            reached(&points, task.goal).unwrap().passes
        };
        let mut alone = [1, 2, 3, 4, 5].map(passes);
        alone.sort_by(f64::total_cmp);
        let outcome = task.outcome(&DESCENT, 1000, 1..6).unwrap();
        assert_eq!((outcome.reached, outcome.passes), (5, alone[2]));
        assert!(outcome.loss < task.goal);

        // Two passes are not enough for any of them.
        let outcome = task.outcome(&DESCENT, 2, 1..6).unwrap();
        assert_eq!((outcome.reached, outcome.passes), (0, f64::INFINITY));
        assert!(outcome.loss.is_finite() && outcome.loss > task.goal);
    }

    #[test]
    fn a_run_that_diverges_has_not_reached_the_goal() {
        // 40 rows at x = 10: the curvature is 2 (x² + 1), far above 2 / η.
        let (features, answers) = (Array2::from_elem((40, 1), 10.0), Answers::Values(Array1::ones(40)));
        let outcome = Task { features, answers, ..line(None) }.outcome(&DESCENT, 1000, 1..4).unwrap();
        assert_eq!(outcome, Outcome { reached: 0, passes: f64::INFINITY, loss: f64::INFINITY });
    }
}
