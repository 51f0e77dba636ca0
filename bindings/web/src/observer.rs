//! What is recorded of each epoch of a training.

use ann_train::{Accumulation, EpochRecord, Loss, Network, Objective, Problem, State};

use crate::error::Result;
use crate::history::{Course, Measure, Moment, RSquared};
use crate::lab::LabRows;

/// Measures the network after each epoch, on the training rows and on the test rows.
pub(crate) struct Observer<'a> {
    rows: &'a LabRows,
    loss: &'a Loss,
    /// Only with mini-batches: the record of an epoch with all rows at once is that of the network before
    /// it, but the record of mini-batches is of no single network, so the network is evaluated.
    on_train: Option<Objective<'a, 'a>>,
    on_test: Option<Objective<'a, 'a>>,
    /// R² of the newest network on the training rows.
    of_train: RSquared,
}

impl<'a> Observer<'a> {
    /// `train` and `test` are the problems of the parts of `rows`; `network` is that before the first epoch.
    pub fn new(
        rows: &'a LabRows,
        (train, test): (&'a Problem<'a>, Option<&'a Problem<'a>>),
        is_full: bool,
        network: &Network,
    ) -> Result<Self> {
        let objective = |problem| Objective::new(problem, Accumulation::Batched);
        let on_train = if is_full { None } else { Some(objective(train)?) };
        let on_test = test.map(objective).transpose()?;
        let (loss, of_train) = (train.loss(), rows.train.r_squared(network, train.loss())?);
        Ok(Self { rows, loss, on_train, on_test, of_train })
    }

    /// Adds an epoch to the course, and completes the one before it.
    pub fn observe(&mut self, state: &State, record: &EpochRecord, course: &mut Course) -> Result<()> {
        if self.on_train.is_none() {
            course.complete(self.measure(record));
        }
        let State { network, epoch, .. } = state;
        self.of_train = self.rows.train.r_squared(network, self.loss)?;
        let of_test = self.rows.test.as_ref().map(|part| part.r_squared(network, self.loss)).transpose()?;
        let theta = network.parameters();
        let train = self.on_train.as_mut().map(|on| Measure::of_value(&on.value(theta), self.of_train));
        let test = self.on_test.as_mut().zip(of_test);
        let test = test.map(|(on, of_test)| Measure::of_value(&on.value(theta), of_test));
        course.push(Moment { epoch: *epoch, train, test });
        Ok(())
    }

    /// A record of the newest network.
    pub fn measure(&self, record: &EpochRecord) -> Measure {
        Measure::of_record(record, self.of_train)
    }
}
