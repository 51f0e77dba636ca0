//! Median, fastest and slowest of the runs of a workload.

/// A summary of the times of some runs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Summary {
    pub median: f64,
    pub min: f64,
    pub max: f64,
}

impl Summary {
    /// `None` without runs.
    pub fn of(times: &[f64]) -> Option<Self> {
        let mut sorted = times.to_vec();
        sorted.sort_by(f64::total_cmp);
        let (&min, &max) = (sorted.first()?, sorted.last()?);
        // The middle value, or the mean of the two in the middle.
        let middle = [sorted[(sorted.len() - 1) / 2], sorted[sorted.len() / 2]];
        Some(Self { median: 0.5 * (middle[0] + middle[1]), min, max })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle() {
        check(&[3.0, 1.0, 2.0], [2.0, 1.0, 3.0]);
        check(&[10.0, 1.0, 4.0, 2.0], [3.0, 1.0, 10.0]);
        check(&[5.0], [5.0; 3]);
        assert_eq!(Summary::of(&[]), None);
    }

    #[track_caller]
    fn check(times: &[f64], [median, min, max]: [f64; 3]) {
        assert_eq!(Summary::of(times), Some(Summary { median, min, max }));
    }
}
