//! Learning rates: pure functions of the number of updates that are done and planned.

use std::f64::consts::PI;

use ann_core::Scalar;

use crate::Result;
use crate::optimizer::check;

/// The learning rate of an update: η = peak · schedule, after a linear warm-up. A number converts into a
/// constant rate:
///
/// ```
/// use ann_train::{LearningRate, Schedule};
///
/// let constant: LearningRate = 0.1.into();
/// assert_eq!(constant.at(7, 100), 0.1);
/// let cosine = LearningRate { schedule: Schedule::Cosine { last: 0.0 }, ..constant };
/// assert_eq!(cosine.at(50, 100), 0.05); // half of the updates are done
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LearningRate {
    /// η > 0, the rate that the schedule multiplies. Default 0.1.
    pub peak: f64,
    /// How the rate changes. Default [`Schedule::Constant`].
    pub schedule: Schedule,
    /// Number of first updates in which the rate rises linearly to that of the schedule's beginning; the
    /// schedule follows after them. Default 0.
    pub warm_up: u64,
}

/// A factor on a rate as a function of progress t, from 0 before the first update to 1 after the last.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub enum Schedule {
    /// 1.
    #[default]
    Constant,
    /// lastᵗ: falls from 1 to `last`.
    Exponential {
        /// The factor at the end, above 0.
        last: f64,
    },
    /// factorᵏ in part k of `parts` equal parts of the run, counted from 0.
    Steps {
        /// Above 0; usually 0.1.
        factor: f64,
        /// Number of parts, at least 1.
        parts: u32,
    },
    /// last + (1 − last) · ½ (1 + cos πt) (Loshchilov & Hutter 2017, without restarts).
    Cosine {
        /// The factor at the end, ≥ 0.
        last: f64,
    },
    /// From `first` to 1 and then to `last`, both along half a cosine (Smith & Topin 2018; PyTorch's
    /// `OneCycleLR`). The last of several updates has exactly `last`. PyTorch's defaults are 0.04, 4e-6 and
    /// 0.3.
    OneCycle {
        /// The factor of the first update, ≥ 0. No effect if the rise is shorter than two updates.
        first: f64,
        /// The factor of the last update, ≥ 0.
        last: f64,
        /// Share of the updates that rise, above 0 and below 1.
        rise: f64,
    },
    /// ½ (1 − cos(2π log₂(1 + 15 t))): four waves, each twice as long as the one before (RealMLP, Holzmüller
    /// et al. 2024). It begins with 0, so a warm-up before it changes nothing.
    CosLog4,
    /// 1 in the first half, then half a cosine from 1 to 0. Usual for weight decay beside `CosLog4`.
    FlatCosine,
}

impl Default for LearningRate {
    fn default() -> Self {
        0.1.into()
    }
}

impl From<f64> for LearningRate {
    fn from(peak: f64) -> Self {
        Self { peak, schedule: Schedule::Constant, warm_up: 0 }
    }
}

impl LearningRate {
    /// η of the update after `done` of `planned` updates. If `done` is not below `planned`, that of the last
    /// update.
    pub fn at(&self, done: u64, planned: u64) -> f64 {
        if done < self.warm_up {
            let first = self.schedule.factor(0, planned.saturating_sub(self.warm_up));
            return self.peak * first * (done as f64 + 1.0) / (self.warm_up as f64 + 1.0);
        }
        self.peak * self.schedule.factor(done - self.warm_up, planned.saturating_sub(self.warm_up))
    }

    pub(crate) fn validate<F: Scalar>(&self) -> Result<()> {
        let is_step = |step: f64| step.is_finite() && step > 0.0;
        let name = "learning_rate (η)";
        check(name, self.peak, is_step(self.peak), "a finite number above 0")?;
        let in_precision = is_step(F::of(self.peak).as_f64());
        check(
            name,
            self.peak,
            in_precision,
            "a number that is finite and above 0 in the network's precision, too",
        )?;
        self.schedule.validate()
    }
}

impl Schedule {
    /// The factor for the update after `done` of `planned` updates. If `done` is not below `planned`, that of
    /// the last update.
    pub fn factor(&self, done: u64, planned: u64) -> f64 {
        let done = done.min(planned.saturating_sub(1)) as f64;
        let t = done / planned.max(1) as f64;
        // From 1 at t = 0 to 0 at t = 1.
        let fall = |t: f64| 0.5 * (1.0 + (PI * t).cos());
        match *self {
            Self::Constant => 1.0,
            Self::Exponential { last } => last.powf(t),
            Self::Steps { factor, parts } => {
                // One rounding, which an integer survives: (29 / 100) · 100 would be below 29.
                factor.powf((done * f64::from(parts) / planned.max(1) as f64).floor())
            }
            Self::Cosine { last } => last + (1.0 - last) * fall(t),
            Self::OneCycle { first, last, rise } => {
                // The numbers of the update with factor 1 and of the last update.
                let (top, end) = (rise * planned as f64 - 1.0, planned as f64 - 1.0);
                if done <= top && top > 0.0 {
                    1.0 + (first - 1.0) * fall(done / top)
                } else {
                    last + (1.0 - last) * fall((done - top.max(0.0)) / (end - top.max(0.0)).max(1.0))
                }
            }
            Self::CosLog4 => 1.0 - fall(2.0 * (1.0 + 15.0 * t).log2()),
            Self::FlatCosine => fall((2.0 * t - 1.0).max(0.0)),
        }
    }

    pub(crate) fn validate(&self) -> Result<()> {
        let check = |name, value: f64, is_valid: bool, expected| {
            check(name, value, is_valid && value.is_finite(), expected)
        };
        let above_0 = |name, value: f64| check(name, value, value > 0.0, "a finite number above 0");
        let at_least_0 = |name, value: f64| check(name, value, value >= 0.0, "a finite number ≥ 0");
        match *self {
            Self::Constant | Self::CosLog4 | Self::FlatCosine => Ok(()),
            Self::Exponential { last } => above_0("the schedule's `last`", last),
            Self::Cosine { last } => at_least_0("the schedule's `last`", last),
            Self::Steps { factor, parts } => {
                check("the schedule's `parts`", f64::from(parts), parts > 0, "at least 1")?;
                above_0("the schedule's `factor`", factor)
            }
            Self::OneCycle { first, last, rise } => {
                at_least_0("the schedule's `first`", first)?;
                at_least_0("the schedule's `last`", last)?;
                check("the schedule's `rise`", rise, rise > 0.0 && rise < 1.0, "above 0 and below 1")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Factors of four, five or ten updates, worked out by hand.
    #[test]
    fn factors_by_hand() {
        let half = |x: f64| 0.5 * (1.0 + x);
        let root = 0.5_f64.sqrt();
        check(Schedule::Constant, &[1.0; 4]);
        check(Schedule::Exponential { last: 1.0 / 16.0 }, &[1.0, 0.5, 0.25, 0.125]);
        check(Schedule::Steps { factor: 0.1, parts: 2 }, &[1.0, 1.0, 0.1, 0.1]);
        check(Schedule::Cosine { last: 0.0 }, &[1.0, half(root), 0.5, half(-root)]);
        check(Schedule::Cosine { last: 0.5 }, &[1.0, 0.5 + 0.5 * half(root), 0.75, 0.5 + 0.5 * half(-root)]);
        check(Schedule::FlatCosine, &[1.0, 1.0, 1.0, 0.5]);
        // Top at update 0.4 · 10 − 1 = 3, end at 9: halfway up at 1.5, halfway down at 6.
        let cycle = Schedule::OneCycle { first: 0.2, last: 0.1, rise: 0.4 };
        let found: Vec<f64> = (0..10).map(|done| cycle.factor(done, 10)).collect();
        for (done, expected) in [(0, 0.2), (3, 1.0), (6, 0.55), (9, 0.1)] {
            assert!((found[done] - expected).abs() < 1e-15, "{found:?}");
        }
        // log₂(1 + 15 t) is 0, ½, 1, 3/2, 2, … at t = (2ᵏ − 1) / 15: the factor is 0 at t = 0, 1/15, 3/15,
        // 7/15.
        for done in [0, 1, 3, 7] {
            assert!(Schedule::CosLog4.factor(done, 15).abs() < 1e-15);
        }
        // And 1 in the middle of each wave: log₂(1 + 15 t) = 3.5 at t = (2^3.5 − 1) / 15 = 0.687…
        assert!(Schedule::CosLog4.factor(687_581, 1_000_000) > 1.0 - 1e-9);
    }

    #[test]
    fn steps_are_equally_long_whatever_their_number() {
        for parts in 1..=200 {
            let steps = Schedule::Steps { factor: 0.5, parts };
            for update in 0..u64::from(3 * parts) {
                let part = (update / 3) as i32;
                assert_eq!(
                    steps.factor(update, u64::from(3 * parts)),
                    0.5_f64.powi(part),
                    "{parts} {update}"
                );
            }
        }
    }

    #[test]
    fn the_warm_up_rises_to_the_schedule_which_follows() {
        let cosine = Schedule::Cosine { last: 0.0 };
        let rate = LearningRate { peak: 8.0, schedule: cosine, warm_up: 3 };
        let found: Vec<f64> = (0..7).map(|done| rate.at(done, 7)).collect();
        let after = (0..4).map(|done| 8.0 * cosine.factor(done, 4));
        assert_eq!(found, [2.0, 4.0, 6.0].into_iter().chain(after).collect::<Vec<_>>());
    }

    #[test]
    fn beyond_the_plan_the_last_rate_goes_on() {
        let rate = LearningRate { schedule: Schedule::Cosine { last: 0.0 }, ..1.0.into() };
        assert_eq!(rate.at(100, 10), rate.at(9, 10));
        assert!(rate.at(0, 0).is_finite());
    }

    #[test]
    fn settings_out_of_range() {
        for (schedule, message) in [
            (
                Schedule::Exponential { last: 0.0 },
                "the schedule's `last` is 0, expected a finite number above 0",
            ),
            (
                Schedule::Cosine { last: f64::NAN },
                "the schedule's `last` is NaN, expected a finite number ≥ 0",
            ),
            (Schedule::Steps { factor: 0.1, parts: 0 }, "the schedule's `parts` is 0, expected at least 1"),
            (
                Schedule::OneCycle { first: 0.1, last: 0.1, rise: 1.0 },
                "the schedule's `rise` is 1, expected above 0 and below 1",
            ),
        ] {
            assert_eq!(schedule.validate().unwrap_err().to_string(), message);
        }
    }

    #[track_caller]
    fn check(schedule: Schedule, expected: &[f64]) {
        for (done, expected) in expected.iter().enumerate() {
            let found = schedule.factor(done as u64, 4);
            assert!((found - expected).abs() < 1e-15, "{schedule:?} {done}: {found}");
        }
    }
}
