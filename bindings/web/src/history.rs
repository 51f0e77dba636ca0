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

impl Measure {
    /// `variance` is that of the targets, for the mean squared error.
    pub fn new(loss: f64, penalty: f64, accuracy: Option<f64>, variance: Option<f64>) -> Self {
        let r_squared = variance.map(|variance| 1.0 - loss / variance);
        Self { loss, penalty, metric: accuracy.or(r_squared).unwrap_or(f64::NAN) }
    }

    /// Of a value of the objective.
    pub fn of_value(value: &ObjectiveValue, variance: Option<f64>) -> Self {
        Self::new(value.loss, value.penalty, value.accuracy, variance)
    }

    /// Of a record of a run.
    pub fn of_record(record: &EpochRecord, variance: Option<f64>) -> Self {
        Self::new(record.loss, record.penalty, record.accuracy, variance)
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
}

impl Course {
    /// Before anything was computed.
    pub fn new() -> Self {
        Self { moments: Vec::new(), stride: 1, best: None }
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
        self.compare(moment);
    }

    /// Removes the last moment if it is of this epoch or a later one: its network is gone.
    pub fn forget_from(&mut self, epoch: usize) {
        while self.moments.last().is_some_and(|last| last.epoch >= epoch) {
            self.moments.pop();
        }
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
        let Some(measure) = moment.test.or(moment.train) else { return };
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
        let measure = |loss| Some(Measure::new(loss, 0.0, None, None));
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
}
