//! The course of a training: loss and metric of both parts, epoch by epoch.

use ann_train::{EpochRecord, ObjectiveValue};

use crate::limits;

/// What is known of a network on some rows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measure {
    /// Mean data loss, without penalty.
    pub loss: f64,
    /// λ Σ‖W‖².
    pub penalty: f64,
    /// Share of hits, or R².
    pub metric: f64,
}

/// R², or what it follows from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum RSquared {
    /// The variance of the targets: the loss is the mean squared error.
    FromLoss { variance: f64 },
    /// R² itself; NaN for classes.
    Is(f64),
}

impl Measure {
    /// Of classes the metric is the accuracy, of numbers R².
    pub fn new(loss: f64, penalty: f64, accuracy: Option<f64>, r_squared: RSquared) -> Self {
        let r_squared = match r_squared {
            RSquared::FromLoss { variance } => 1.0 - loss / variance,
            RSquared::Is(r_squared) => r_squared,
        };
        Self { loss, penalty, metric: accuracy.unwrap_or(r_squared) }
    }

    /// Of a value of the objective.
    pub fn of_value(value: &ObjectiveValue, r_squared: RSquared) -> Self {
        Self::new(value.loss, value.penalty, value.accuracy, r_squared)
    }

    /// Of a record of a run.
    pub fn of_record(record: &EpochRecord, r_squared: RSquared) -> Self {
        Self::new(record.loss, record.penalty, record.accuracy, r_squared)
    }
}

/// The network after some epochs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Moment {
    /// Number of epochs.
    pub epoch: usize,
    /// On the training rows; not known until the next epoch computes it, or somebody asks.
    pub train: Option<Measure>,
    /// On the test rows, if there are any.
    pub test: Option<Measure>,
}

/// All moments, or every second, fourth, … of a long training.
#[derive(Debug)]
pub struct Course {
    moments: Vec<Moment>,
    stride: usize,
    /// The epoch with the lowest loss of the test rows, or of the training rows if there are none.
    best: Option<(usize, f64)>,
    /// The best without the last moment, in case that one is forgotten.
    best_before: Option<(usize, f64)>,
    /// The epoch from which on losses are compared.
    compared_from: usize,
}

impl Course {
    /// Before anything was computed.
    pub fn new() -> Self {
        Self { moments: Vec::new(), stride: 1, best: None, best_before: None, compared_from: 0 }
    }

    /// The last moment.
    pub fn last(&self) -> Option<&Moment> {
        self.moments.last()
    }

    /// Completes the last moment.
    pub fn complete(&mut self, train: Measure) {
        if let Some(last) = self.moments.last_mut() {
            last.train.get_or_insert(train);
            let moment = *last;
            self.compare(moment);
        }
    }

    /// Adds the next moment, in place of one that is only here because it was the last.
    pub fn push(&mut self, moment: Moment) {
        if self.moments.last().is_some_and(|last| !last.epoch.is_multiple_of(self.stride)) {
            self.moments.pop();
        }
        if self.moments.len() >= limits::HISTORY {
            self.stride *= 2;
            self.moments.retain(|moment| moment.epoch.is_multiple_of(self.stride));
        }
        self.moments.push(moment);
        self.best_before = self.best;
        self.compare(moment);
    }

    /// Removes the moments of this epoch and of later ones: their networks are gone.
    pub fn forget_from(&mut self, epoch: usize) {
        let before = self.moments.len();
        while self.moments.last().is_some_and(|last| last.epoch >= epoch) {
            self.moments.pop();
        }
        match before - self.moments.len() {
            0 => {}
            1 => self.best = self.best_before,
            _ if self.best.is_some_and(|(best, _)| best >= epoch) => {
                self.best = None;
                for moment in self.moments.clone() {
                    self.compare(moment);
                }
            }
            _ => {}
        }
    }

    /// From this epoch on there is another loss, with which those before cannot be compared.
    pub fn compare_from(&mut self, epoch: usize) {
        (self.best, self.best_before, self.compared_from) = (None, None, epoch);
    }

    /// All moments that are kept, in order.
    pub fn moments(&self) -> &[Moment] {
        &self.moments
    }

    /// Epoch and loss of the best network.
    pub fn best(&self) -> Option<(usize, f64)> {
        self.best
    }

    fn compare(&mut self, moment: Moment) {
        let Some(measure) = moment.test.or(moment.train).filter(|_| moment.epoch >= self.compared_from)
        else {
            return;
        };
        if measure.loss.is_finite() && self.best.is_none_or(|(_, lowest)| measure.loss < lowest) {
            self.best = Some((moment.epoch, measure.loss));
        }
    }
}

impl Default for Course {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_courses_are_thinned_and_keep_their_ends() {
        let mut course = Course::new();
        let measure = |loss| Some(Measure::new(loss, 0.0, None, RSquared::Is(f64::NAN)));
        for epoch in 0..=100_001 {
            course.push(Moment { epoch, train: measure(1.0 + (epoch as f64 - 77.0).abs()), test: None });
        }
        assert!(course.moments().len() <= limits::HISTORY);
        assert_eq!(course.moments()[0].epoch, 0);
        assert_eq!(course.last().unwrap().epoch, 100_001);
        let gaps: Vec<usize> =
            course.moments().windows(2).map(|pair| pair[1].epoch - pair[0].epoch).collect();
        assert!(gaps[..gaps.len() - 1].iter().all(|&gap| gap == gaps[0]), "{gaps:?}");
        assert_eq!(course.best(), Some((77, 1.0)));
    }

    #[test]
    fn the_best_epoch_is_one_whose_network_still_exists() {
        let mut course = Course::new();
        let moment = |epoch, loss| Moment {
            epoch,
            train: None,
            test: Some(Measure::new(loss, 0.0, None, RSquared::Is(f64::NAN))),
        };
        for (epoch, loss) in [(0, 5.0), (1, 3.0), (2, 4.0), (3, 2.0)] {
            course.push(moment(epoch, loss));
        }
        assert_eq!(course.best(), Some((3, 2.0)));
        // A weight is changed after epoch 3.
        course.forget_from(3);
        assert_eq!(course.best(), Some((1, 3.0)));
        course.push(moment(3, 9.0));
        assert_eq!(course.best(), Some((1, 3.0)));
        // The loss is another one.
        course.forget_from(3);
        course.compare_from(3);
        course.push(moment(3, 100.0));
        assert_eq!(course.best(), Some((3, 100.0)));
        // And after a divergence two epochs are gone.
        course.push(moment(4, 90.0));
        course.push(moment(5, 80.0));
        course.forget_from(4);
        assert_eq!(course.best(), Some((3, 100.0)));
    }
}
