//! Finds results that are no better than guessing, and their likely reasons.

use ann_core::ndarray::ArrayRef1;
use ann_datasets::Dataset;
use ann_figure::number::{count, exact, rounded};
use ann_train::{History, StopReason};

/// How good a network is on some rows, and how good guessing is on the same rows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Score {
    /// The score of the network.
    pub found: f64,
    /// The score of a constant answer: the most frequent class, or the mean.
    pub guessed: f64,
}

/// What a training run shows about its result.
#[derive(Clone, Copy, Debug)]
pub struct Evidence<'a, T> {
    /// The rows that trained, as they were read.
    pub data: &'a Dataset<T>,
    /// Whether the network got them scaled.
    pub is_standardized: bool,
    /// Units of the hidden layers.
    pub hidden: &'a [usize],
    /// The loss of each epoch.
    pub history: &'a History,
    /// Whether the network gives two rows different answers.
    pub answers_differ: bool,
}

/// A change of the loss by a smaller fraction is rounding, not progress.
const PROGRESS: f64 = 1e-6;
/// A rise of the loss by a larger fraction is a jump. With a small enough learning
/// rate, the loss of all rows falls.
const JUMP: f64 = 0.05;
/// Features with a mean of at most this size, and a standard deviation within these limits, need no scaling.
const LARGEST_MEAN: f64 = 10.0;
const SPREADS: std::ops::RangeInclusive<f64> = 0.05..=10.0;
/// A layer with at most this number of units may be too small.
const FEW_UNITS: usize = 2;

impl Score {
    /// Whether guessing is as good. A score of NaN counts as a guess. A perfect score (1) does not, even if
    /// guessing is perfect too because all rows have the same answer.
    pub fn is_guess(self) -> bool {
        // Written so that NaN is a guess.
        let is_better = self.found > self.guessed || self.found == 1.0;
        !is_better
    }
}

/// Explains a result that is no better than guessing; `None` for a better one.
///
/// `measure` names the score and `guess` the answer that is always the same.
pub fn remark<T>(
    (measure, guess): (&str, &str),
    train: Score,
    test: Option<Score>,
    evidence: &Evidence<'_, T>,
) -> Option<String> {
    let sentence = |rows: &str, score: Score, reasons: &[String]| {
        let (found, guessed) = (rounded(score.found, 3), rounded(score.guessed, 3));
        format!(
            "no better than guessing{rows}: {measure} {found}, and {guess} has {guessed}. Likely: {}",
            reasons.join("; ")
        )
    };
    if train.is_guess() {
        return Some(sentence("", train, &evidence.reasons()));
    }
    let overfit =
        "the network overfits the training rows: fewer units (--hidden), fewer --epochs or more data";
    test.filter(|score| score.is_guess())
        .map(|score| sentence(" on the test rows", score, &[overfit.to_owned()]))
}

impl<T> Evidence<'_, T> {
    /// Why the network has learned nothing, the likeliest reason first; at least one.
    pub fn reasons(&self) -> Vec<String> {
        let epochs = self.history.last().epoch;
        if epochs == 0 {
            return vec!["it was not trained (--epochs 0)".to_owned()];
        }
        let jumps = self.jumps();
        let is_falling = !jumps && self.is_falling();
        let few = self.hidden.iter().copied().min().filter(|units| *units <= FEW_UNITS && !is_falling);
        let after = format!("after {} epoch{}", count(epochs), plural(epochs));
        let reasons = [
            self.badly_scaled_feature()
                .map(|feature| format!("{feature}: --standardize brings features to one scale")),
            jumps.then(|| "the loss jumps up, so the steps are too large: a smaller --rate".to_owned()),
            is_falling
                .then(|| format!("the loss was still falling {after}: more --epochs or a larger --rate")),
            (self.answers_differ && self.has_not_moved())
                .then(|| format!("the loss is as before training {after}: a larger --rate")),
            (!self.answers_differ).then(|| {
                "every row gets the same answer, as from dead or saturated units: another --gain (1 is usual) or --seed"
                    .to_owned()
            }),
            self.hidden.is_empty().then(|| {
                "a network without hidden layers only draws a straight line: --hidden 8".to_owned()
            }),
            few.map(|units| format!("{units} hidden unit{} may be too few: --hidden 8", plural(units))),
        ];
        let reasons: Vec<String> = reasons.into_iter().flatten().collect();
        if reasons.is_empty() { vec![self.has_settled()] } else { reasons }
    }

    fn has_settled(&self) -> String {
        format!(
            "the loss has settled at {}: more units (--hidden) or another --seed; or the features say nothing about {:?}",
            rounded(self.history.last().loss, 3),
            self.data.target_name
        )
    }

    /// Whether the last tenth of a run that ended at the limit of epochs still made progress.
    fn is_falling(&self) -> bool {
        let records = &self.history.records;
        let last = self.history.last().loss;
        let earlier = records[(records.len() - 1) * 9 / 10].loss;
        self.history.stop == StopReason::EpochLimit && earlier - last > PROGRESS * earlier
    }

    /// Whether no epoch changed the loss by more than rounding.
    fn has_not_moved(&self) -> bool {
        let first = self.history.records[0].loss;
        self.history.losses().all(|loss| (loss - first).abs() <= PROGRESS * first)
    }

    /// Whether the loss rose in the second half of the run, or ended above its beginning.
    fn jumps(&self) -> bool {
        let losses: Vec<f64> = self.history.losses().collect();
        let rises = |pair: &[f64]| pair[1] > (1.0 + JUMP) * pair[0];
        losses[losses.len() / 2..].windows(2).any(rises) || rises(&[losses[0], losses[losses.len() - 1]])
    }

    /// The first feature whose numbers are far from the scale that the initial weights assume.
    fn badly_scaled_feature(&self) -> Option<String> {
        if self.is_standardized {
            return None;
        }
        let mut columns = self.data.feature_names.iter().zip(self.data.features.columns());
        columns.find_map(|(name, column)| range_if_badly_scaled(name, &column))
    }
}

fn plural(things: usize) -> &'static str {
    if things == 1 { "" } else { "s" }
}

/// The name and range of a badly scaled column. A constant column needs no scaling.
fn range_if_badly_scaled(name: &str, column: &ArrayRef1<f64>) -> Option<String> {
    let (mean, spread) = (column.mean().unwrap_or(0.0), column.std(0.0));
    let is_well_scaled = spread == 0.0 || SPREADS.contains(&spread) && mean.abs() <= LARGEST_MEAN;
    let low = column.iter().copied().fold(f64::INFINITY, f64::min);
    let high = column.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    (!is_well_scaled).then(|| format!("feature {name:?} runs from {} to {}", exact(low), exact(high)))
}

#[cfg(test)]
mod tests {
    use ann_core::ndarray::{Array2, array};
    use ann_train::EpochRecord;

    use super::*;

    const PLAIN: [f64; 3] = [-1.0, 0.0, 1.0];

    /// The reasons for a run with these losses, hidden units, and numbers of one feature.
    fn reasons(losses: &[f64], hidden: &[usize], feature: [f64; 3]) -> Vec<String> {
        evidence(losses, hidden, feature, |evidence| {
            let reasons = evidence.reasons();
            assert!(!reasons.is_empty(), "there is at least one");
            reasons
        })
    }

    fn evidence<R>(
        losses: &[f64],
        hidden: &[usize],
        feature: [f64; 3],
        read: impl FnOnce(&Evidence<'_, f64>) -> R,
    ) -> R {
        let record = |(epoch, &loss)| EpochRecord { epoch, loss, penalty: 0.0, accuracy: None };
        let records = losses.iter().enumerate().map(record).collect();
        let data = Dataset {
            features: Array2::from_shape_fn((3, 1), |(row, _)| feature[row]),
            targets: vec![0.0; 3],
            feature_names: vec!["x".into()],
            target_name: "kind".into(),
        };
        read(&Evidence {
            data: &data,
            is_standardized: false,
            hidden,
            history: &History { records, ..History::default() },
            answers_differ: true,
        })
    }

    #[track_caller]
    fn check(reasons: &[String], expected: &[&str]) {
        let agree = reasons.iter().zip(expected).all(|(reason, expected)| reason.contains(expected));
        assert!(agree && reasons.len() == expected.len(), "{reasons:?}");
    }

    #[test]
    fn an_untrained_network_has_one_reason() {
        check(&reasons(&[0.7], &[1], [0.0, 0.0, 1e9]), &["not trained (--epochs 0)"]);
    }

    #[test]
    fn a_loss_that_still_falls_needs_more_epochs() {
        let falling: Vec<f64> = (0..=20).map(|epoch| 0.7 - 0.001 * f64::from(epoch)).collect();
        check(&reasons(&falling, &[8], PLAIN), &["still falling after 20 epochs: more --epochs"]);
        check(&reasons(&falling[..2], &[1], PLAIN), &["still falling after 1 epoch: more --epochs"]);
        let stopped = evidence(&falling, &[8], PLAIN, |evidence| {
            let history = History { stop: StopReason::LossBelowThreshold, ..evidence.history.clone() };
            Evidence { history: &history, ..*evidence }.reasons()
        });
        check(&stopped, &["settled"]);
    }

    #[test]
    fn a_loss_that_jumps_needs_a_smaller_rate() {
        let jumping = [0.7, 0.3, 0.6, 0.3, 0.7, 0.3, 0.8, 0.8];
        check(&reasons(&jumping, &[8], PLAIN), &["a smaller --rate"]);
        // A rise at the beginning alone is not a jump.
        check(&reasons(&[0.3, 0.6, 0.3, 0.3, 0.3, 0.3, 0.3], &[8], PLAIN), &["settled at 0.3"]);
        // A loss that jumps is not called falling, even if it ends low.
        check(&reasons(&[0.7, 0.3, 0.6, 0.3, 0.7, 0.3, 0.8, 0.2], &[8], PLAIN), &["a smaller --rate"]);
        // A slow rise from beginning to end is a jump.
        check(&reasons(&[0.7, 0.72, 0.74, 0.76, 0.76], &[8], PLAIN), &["a smaller --rate"]);
    }

    #[test]
    fn a_loss_that_has_not_moved_needs_a_larger_rate() {
        check(
            &reasons(&[0.7, 0.7 - 1e-9, 0.7 - 2e-9], &[8], PLAIN),
            &["as before training after 2 epochs: a larger --rate"],
        );
        check(&reasons(&[0.7, 0.5, 0.5, 0.5, 0.5], &[8], PLAIN), &["settled"]);
    }

    #[test]
    fn a_settled_loss_needs_units_or_better_features() {
        let settled = [0.9, 0.693, 0.693, 0.693, 0.693];
        check(&reasons(&settled, &[8, 4], PLAIN), &["settled at 0.693"]);
        assert!(reasons(&settled, &[8, 4], PLAIN)[0].ends_with("say nothing about \"kind\""));
        check(&reasons(&settled, &[], PLAIN), &["straight line: --hidden 8"]);
        check(&reasons(&settled, &[8, 1], PLAIN), &["1 hidden unit may be too few"]);
        check(&reasons(&settled, &[2], PLAIN), &["2 hidden units may be too few"]);
        check(&reasons(&settled, &[3], PLAIN), &["settled"]);
    }

    #[test]
    fn one_answer_for_all_rows_is_seen() {
        let settled = [0.9, 0.693, 0.693, 0.693, 0.693];
        let reasons = evidence(&settled, &[8], PLAIN, |evidence| {
            Evidence { answers_differ: false, ..*evidence }.reasons()
        });
        check(&reasons, &["every row gets the same answer"]);
    }

    #[test]
    fn features_on_a_far_scale_are_named() {
        let settled = [0.9, 0.693, 0.693, 0.693, 0.693];
        for (feature, range) in [
            ([0.0, 1.0, 5e4], Some("feature \"x\" runs from 0 to 50 000: --standardize")),
            ([0.0, 1e-5, 2e-5], Some("runs from 0 to 2×10⁻⁵")),
            ([1000.0, 1000.5, 1001.0], Some("runs from 1000 to 1001")),
            ([-1000.0, -1000.5, -1001.0], Some("runs from −1001 to −1000")),
            ([9.0, 9.5, 10.0], None),
            ([7e9; 3], None),
        ] {
            check(&reasons(&settled, &[8], feature), &[range.unwrap_or("settled")]);
        }
        let standardized = evidence(&settled, &[8], [0.0, 1.0, 5e4], |evidence| {
            Evidence { is_standardized: true, ..*evidence }.reasons()
        });
        check(&standardized, &["settled"]);
    }

    #[test]
    fn only_a_guess_is_remarked() {
        let said = |train: [f64; 2], test: Option<[f64; 2]>| {
            let [train, test] =
                [Some(train), test].map(|score| score.map(|[found, guessed]| Score { found, guessed }));
            let settled = [0.9, 0.693, 0.693, 0.693, 0.693];
            evidence(&settled, &[8], PLAIN, |evidence| {
                remark(("accuracy", "always \"a\""), train.expect("given above"), test, evidence)
            })
        };
        assert_eq!(said([0.6, 0.5], None), None);
        assert_eq!(said([0.6, 0.5], Some([0.51, 0.5])), None);
        let settled = "the loss has settled at 0.693: more units (--hidden) or another --seed; or the features say \
                       nothing about \"kind\"";
        let whole =
            format!("no better than guessing: accuracy 0.5, and always \"a\" has 0.5. Likely: {settled}");
        assert_eq!(said([0.5, 0.5], Some([0.9, 0.5])), Some(whole));
        assert!(said([f64::NAN, 0.5], None).is_some());
        // All test rows of one class: guessing is perfect there, and so is the network.
        assert_eq!(said([0.9, 0.5], Some([1.0, 1.0])), None);
        assert!(said([0.9, 0.5], Some([0.99, 1.0])).is_some());
        let test = said([0.9, 0.5], Some([0.25, 0.5])).unwrap();
        assert!(test.starts_with(
            "no better than guessing on the test rows: accuracy 0.25, and always \"a\" has 0.5"
        ));
        assert!(test.contains("overfits"), "{test}");
    }

    #[test]
    fn a_mean_is_taken_of_each_column() {
        assert_eq!(range_if_badly_scaled("x", &array![1.0, 2.0, 3.0]), None);
        assert!(range_if_badly_scaled("x", &array![1e-3, 2e-3]).is_some());
    }
}
