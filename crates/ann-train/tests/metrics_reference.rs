//! Metrics are those of scikit-learn, for 1200 random cases with ties, weights and missing classes.
//!
//! How the numbers were made: see `reference/scikit-learn/README.md`. The inputs are made here and in
//! `record.py` by the same generator, draw by draw.

use ann_train::metrics::{
    Average, Bins, accuracy, average_precision, balanced_accuracy, brier_score, confusion_matrix,
    expected_calibration_error, f1, interval_coverage, log_loss, matthews_correlation, mean_absolute_error,
    median_absolute_error, pinball_loss, poisson_deviance, r_squared, reliability_curve, rmse, roc_auc,
    roc_auc_one_vs_rest,
};
use ann_train::ndarray::{Array1, Array2};
use ann_train::{Error, Result};

/// Relative, and absolute for numbers below 1. Sums of at most 46 terms are rounded in different orders: some
/// 1e-14, but a correlation is a difference of such sums.
const TOLERANCE: f64 = 1e-12;

const CASES: u64 = 300;

#[test]
fn labels() {
    let recorded = Recorded::read(include_str!("reference/scikit-learn/labels.csv"));
    for case in 0..CASES {
        let mut g = Generator(1_000 + case);
        let (rows, classes, kind) = (1 + g.below(40), 2 + g.below(4), g.below(3));
        let missing = g.below(2 * classes);
        let (mut truth, mut predicted) = (vec![], vec![]);
        for row in 0..rows {
            truth.push(g.class(classes, missing, None));
            let guess = g.below(classes);
            predicted.push(if g.below(10) < 5 { truth[row] } else { guess });
        }
        let w = g.weights(rows, kind);
        let (t, p, w) = (&truth[..], &predicted[..], w.as_deref());
        let f1 = |average| f1(t, p, average, w);
        let all: Vec<usize> = (0..classes).collect();
        recorded.check(case, "accuracy", accuracy(t, p, w));
        recorded.check(case, "balanced_accuracy", balanced_accuracy(t, p, w));
        recorded.check(case, "f1_macro", f1(Average::Macro));
        recorded.check(case, "f1_micro", f1(Average::Micro));
        recorded.check(case, "f1_weighted", f1(Average::Weighted));
        recorded.check(case, "matthews", matthews_correlation(t, p, w));
        recorded.check_all(case, "confusion", confusion_matrix(t, p, &all, w).unwrap());
    }
}

#[test]
fn probabilities_of_class_1() {
    let recorded = Recorded::read(include_str!("reference/scikit-learn/binary.csv"));
    for case in 0..CASES {
        let mut g = Generator(2_000 + case);
        let (rows, ties, kind) = (2 + g.below(40), g.below(3), g.below(3));
        let (bins, quantiles) = (1 + g.below(10), 1 << g.below(4));
        let p: Vec<f64> = (0..rows).map(|_| g.tied_unit(ties)).collect();
        let mut y: Vec<usize> = p.iter().map(|&p| usize::from(g.unit() < p)).collect();
        (y[0], y[1]) = (0, 1);
        let w = g.weights(rows, kind);
        let w = w.as_deref();
        let curve = |bins| -> Vec<f64> {
            let curve = reliability_curve(&y, &p, bins, w).unwrap();
            curve.iter().map(|bin| bin.frequency).chain(curve.iter().map(|bin| bin.probability)).collect()
        };
        recorded.check(case, "log_loss", log_loss(&y, &p, w));
        recorded.check(case, "brier", brier_score(&y, &p, w));
        recorded.check(case, "roc_auc", roc_auc(&y, &p, w));
        recorded.check(case, "average_precision", average_precision(&y, &p, w));
        if kind < 2 {
            let error = expected_calibration_error(&y, &p, Bins::EqualWidth(bins), w);
            recorded.check(case, "calibration_error", error);
            recorded.check_all(case, "equal_width", curve(Bins::EqualWidth(bins)));
        }
        if kind == 0 {
            recorded.check_all(case, "quantile", curve(Bins::Quantile(quantiles)));
        }
        // Both columns say the same as the second alone.
        let both = Array2::from_shape_fn((rows, 2), |(row, class)| [1.0 - p[row], p[row]][class]);
        recorded.check(case, "log_loss", log_loss(&y, &both, w));
        recorded.check(case, "brier", brier_score(&y, &both, w));
    }
}

#[test]
fn probabilities_of_several_classes() {
    let recorded = Recorded::read(include_str!("reference/scikit-learn/multiclass.csv"));
    for case in 0..CASES {
        let mut g = Generator(3_000 + case);
        let classes = 3 + g.below(3);
        let (rows, ties, kind, bins) = (6 + g.below(40), g.below(2), g.below(3), 1 + g.below(10));
        let missing = g.below(4 * classes);
        let (mut y, mut p) = (vec![], Array2::zeros((rows, classes)));
        for (row, mut p) in p.rows_mut().into_iter().enumerate() {
            y.push(g.class(classes, missing, (row < classes).then_some(row)));
            p.mapv_inplace(|_: f64| if ties == 0 { g.unit() } else { g.below(5) as f64 });
            p[y[row]] += 0.5;
            // Value after value, as in Python: `sum` of an array adds in another order.
            p /= p.iter().fold(0.0, |sum, p| sum + p);
        }
        let w = g.weights(rows, kind);
        let w = w.as_deref();
        let auc = |average| roc_auc_one_vs_rest(&y, &p, average, w);
        recorded.check(case, "log_loss", log_loss(&y, &p, w));
        recorded.check(case, "brier", brier_score(&y, &p, w));
        recorded.check(case, "roc_auc_macro", auc(Average::Macro));
        recorded.check(case, "roc_auc_weighted", auc(Average::Weighted));
        recorded.check(case, "roc_auc_micro", auc(Average::Micro));
        if kind < 2 {
            let error = expected_calibration_error(&y, &p, Bins::EqualWidth(bins), w);
            recorded.check(case, "calibration_error", error);
        }
    }
}

#[test]
fn values() {
    let recorded = Recorded::read(include_str!("reference/scikit-learn/regression.csv"));
    for case in 0..CASES {
        let mut g = Generator(4_000 + case);
        let (rows, outputs, ties, kind) = (2 + g.below(40), 1 + g.below(3), g.below(2), g.below(3));
        let alpha = g.below(11) as f64 / 10.0;
        let constant = if kind < 2 { g.below(8) } else { 8 };
        let (mut y, mut prediction) = (Array2::zeros((rows, outputs)), Array2::zeros((rows, outputs)));
        for (y, prediction) in y.iter_mut().zip(&mut prediction) {
            *y = if ties == 1 { g.below(21) as f64 / 4.0 } else { 10.0 * g.unit() };
            *prediction = if ties == 1 { (g.below(21) + 1) as f64 / 4.0 } else { 10.0 * g.unit() + 0.01 };
        }
        let second: Array1<f64> = &y.row(0) + 1.0;
        y.row_mut(1).assign(&second);
        if constant < 2 {
            y.column_mut(0).fill(2.0);
        }
        if constant == 1 {
            prediction.column_mut(0).fill(2.0);
        }
        let w = g.weights(rows, kind);
        let w = w.as_deref();
        let (lower, upper) = (&prediction - 1.5, &prediction + 1.5);
        recorded.check(case, "r_squared", r_squared(&y, &prediction, w));
        recorded.check(case, "rmse", rmse(&y, &prediction, w));
        recorded.check(case, "mean_absolute_error", mean_absolute_error(&y, &prediction, w));
        recorded.check(case, "median_absolute_error", median_absolute_error(&y, &prediction, w));
        recorded.check(case, "pinball", pinball_loss(&y, &prediction, alpha, w));
        recorded.check(case, "poisson", poisson_deviance(&y, &prediction, w));
        recorded.check(case, "coverage", interval_coverage(&y, &lower, &upper, w));
    }
}

// Helpers.

/// SplitMix64, as in `record.py`.
struct Generator(u64);

impl Generator {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }

    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn tied_unit(&mut self, ties: usize) -> f64 {
        match ties {
            0 => self.unit(),
            1 => self.below(9) as f64 / 8.0,
            _ => self.below(101) as f64 / 100.0,
        }
    }

    /// A class other than `missing`. It is drawn even if it is `given`.
    fn class(&mut self, classes: usize, missing: usize, given: Option<usize>) -> usize {
        let drawn = self.below(classes);
        let class = given.unwrap_or(drawn);
        if class == missing { (class + 1) % classes } else { class }
    }

    fn weights(&mut self, rows: usize, kind: usize) -> Option<Vec<f64>> {
        if kind == 0 {
            return None;
        }
        let draw = |_| if kind == 1 { self.below(12).saturating_sub(3) as f64 / 8.0 } else { self.unit() };
        let mut weights: Vec<f64> = (0..rows).map(draw).collect();
        weights.iter_mut().take(6).for_each(|weight| *weight = 1.0);
        Some(weights)
    }
}

struct Recorded {
    header: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Recorded {
    fn read(text: &str) -> Self {
        let mut lines = text.lines().map(|line| line.split(',').map(String::from).collect());
        let (header, rows) = (lines.next().unwrap(), lines.collect::<Vec<Vec<String>>>());
        assert_eq!(rows.len() as u64, CASES);
        Self { header, rows }
    }

    fn cell(&self, case: u64, column: &str) -> &str {
        let column = self.header.iter().position(|name| name == column).unwrap();
        &self.rows[case as usize][column]
    }

    /// An empty cell says that the metric is undefined.
    #[track_caller]
    fn check(&self, case: u64, column: &str, found: Result<f64>) {
        if self.cell(case, column).is_empty() {
            assert!(
                matches!(found, Err(Error::UndefinedMetric { .. })),
                "{column} of case {case}: {found:?}"
            );
        } else {
            self.check_all(case, column, [found.unwrap()]);
        }
    }

    #[track_caller]
    fn check_all(&self, case: u64, column: &str, found: impl IntoIterator<Item = f64>) {
        let found: Vec<f64> = found.into_iter().collect();
        let expected: Vec<f64> = self.cell(case, column).split(';').map(|n| n.parse().unwrap()).collect();
        let is_close = |(f, e): (&f64, &f64)| (f - e).abs() <= TOLERANCE * e.abs().max(1.0);
        let close = found.len() == expected.len() && found.iter().zip(&expected).all(is_close);
        assert!(close, "{column} of case {case}: {found:?}, expected {expected:?}");
    }
}
