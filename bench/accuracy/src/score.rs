//! How good an answer is. All systems are judged here, by the same arithmetic.

use ann_accuracy::exchange::Answer;
use ann_train::metrics::r_squared;
use anyhow::{Result, ensure};
use serde::{Deserialize, Serialize};

use crate::tables::{Table, Truth};

/// A smaller probability of the true class counts as this one, so that one sure mistake does not decide.
const LEAST_PROBABILITY: f64 = 1e-7;

/// What one system reached on the test rows of one split.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
pub struct Score {
    pub system: String,
    pub table: String,
    pub split: usize,
    /// Accuracy, or R² where numbers are predicted.
    pub score: f64,
    /// Mean of −ln p of the true class, p at least 1e-7. `None` where numbers are predicted.
    pub log_loss: Option<f64>,
    /// What its intervals or sets reached, if it has them.
    pub regions: Option<Regions>,
    /// Seconds of the processor, of all threads, from the request to the answer; `None` if the system does
    /// not tell.
    pub cpu: Option<f64>,
}

/// What intervals, or sets of classes, for 90% reached.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
pub struct Regions {
    /// Share of the test rows whose truth they contain.
    pub coverage: f64,
    /// Mean width of intervals, in standard deviations of the table's target; mean number of classes of sets.
    pub size: f64,
}

impl Score {
    /// Judges an answer for the rows at these positions in the table's truth.
    ///
    /// # Errors
    /// The answer is about other rows, or has another shape.
    pub fn of(answer: &Answer, table: &Table, test: &[usize]) -> Result<Self> {
        let expected = test.iter().map(|&row| table.target_cell(row));
        ensure!(expected.eq(answer.truth.iter().cloned()), "it predicted other rows than it was asked for");
        let width = if answer.classes.is_empty() { 1 } else { answer.classes.len() };
        let is_whole = answer.values.len() == test.len()
            && answer.values.iter().flatten().all(|value| value.is_finite())
            && answer.values.iter().all(|row| row.len() == width);
        ensure!(is_whole, "its predictions are not {} rows of {width} finite numbers", test.len());
        match &table.truth {
            Truth::Classes { names, rows } => {
                let truth: Vec<&str> = test.iter().map(|&row| names[rows[row]].as_str()).collect();
                Ok(of_classes(answer, &truth))
            }
            Truth::Numbers(all) => {
                let truth: Vec<f64> = test.iter().map(|&row| all[row]).collect();
                of_numbers(answer, &truth, deviation(all))
            }
        }
    }
}

fn of_classes(answer: &Answer, truth: &[&str]) -> Score {
    let position = |class: &str| answer.classes.iter().position(|known| known == class);
    let truth: Vec<Option<usize>> = truth.iter().map(|class| position(class)).collect();
    let rows = || answer.values.iter().zip(&truth);
    let is_hit = |(row, class): &(&Vec<f64>, &Option<usize>)| **class == Some(largest(row));
    // The probability of a class that the system has not seen is 0.
    let loss = |(row, class): (&Vec<f64>, &Option<usize>)| {
        -class.map_or(0.0, |class| row[class]).max(LEAST_PROBABILITY).ln()
    };
    let count = truth.len() as f64;
    Score {
        score: rows().filter(is_hit).count() as f64 / count,
        log_loss: Some(rows().map(loss).sum::<f64>() / count),
        regions: answer.sets.as_ref().map(|sets| {
            let is_in = |(set, class): &(&Vec<bool>, &Option<usize>)| class.is_some_and(|class| set[class]);
            let sizes = sets.iter().flatten().filter(|is_in| **is_in).count();
            Regions {
                coverage: sets.iter().zip(&truth).filter(is_in).count() as f64 / count,
                size: sizes as f64 / count,
            }
        }),
        ..Score::default()
    }
}

/// The first of the largest.
fn largest(row: &[f64]) -> usize {
    (1..row.len()).fold(0, |best, next| if row[next] > row[best] { next } else { best })
}

fn of_numbers(answer: &Answer, truth: &[f64], deviation: f64) -> Result<Score> {
    let values: Vec<f64> = answer.values.iter().map(|row| row[0]).collect();
    let count = truth.len() as f64;
    let regions = answer.intervals.as_ref().map(|intervals| {
        let is_in = |(ends, truth): &(&[f64; 2], &f64)| (ends[0]..=ends[1]).contains(*truth);
        let widths = intervals.iter().map(|[low, high]| high - low);
        Regions {
            coverage: intervals.iter().zip(truth).filter(is_in).count() as f64 / count,
            size: widths.sum::<f64>() / count / deviation,
        }
    });
    Ok(Score { score: r_squared(truth, &values[..], None)?, regions, ..Score::default() })
}

/// The standard deviation of a table's target.
fn deviation(numbers: &[f64]) -> f64 {
    let mean = numbers.iter().sum::<f64>() / numbers.len() as f64;
    (numbers.iter().map(|number| (number - mean).powi(2)).sum::<f64>() / numbers.len() as f64).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_by_hand() {
        let answer = Answer {
            classes: ["a", "b"].map(str::to_owned).to_vec(),
            values: vec![vec![0.8, 0.2], vec![0.5, 0.5], vec![1.0, 0.0], vec![0.4, 0.6]],
            sets: Some(vec![vec![true, false], vec![true, true], vec![true, false], vec![false, true]]),
            ..Answer::default()
        };
        // The first of equals is a. The class c was not learned.
        let score = of_classes(&answer, &["a", "a", "b", "c"]);
        assert_eq!(score.score, 0.5);
        // −ln of 0.8, 0.5, and twice of 1e-7 in place of 0: (0.2231 + 0.6931 + 2 · 16.1181) / 4
        assert!((score.log_loss.unwrap() - 8.2881).abs() < 1e-4, "{score:?}");
        assert_eq!(score.regions, Some(Regions { coverage: 0.5, size: 1.25 }));
    }

    #[test]
    fn an_answer_about_other_rows_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("table.csv");
        std::fs::write(&path, "x,y\n1,a\n2,b\n3,a\n").unwrap();
        let table = Table::open(&path, folder.path()).unwrap();
        let answer = |truth: [&str; 2], values: &[[f64; 2]]| Answer {
            truth: truth.map(str::to_owned).to_vec(),
            classes: ["a", "b"].map(str::to_owned).to_vec(),
            values: values.iter().map(|row| row.to_vec()).collect(),
            ..Answer::default()
        };
        let right = [[0.9, 0.1], [0.2, 0.8]];
        assert_eq!(Score::of(&answer(["a", "b"], &right), &table, &[2, 1]).unwrap().score, 1.0);
        for (wrong, complaint) in [
            (answer(["b", "a"], &right), "it predicted other rows than it was asked for"),
            (answer(["a", "b"], &right[..1]), "its predictions are not 2 rows of 2 finite numbers"),
            (
                answer(["a", "b"], &[[0.9, 0.1], [f64::NAN, 0.8]]),
                "its predictions are not 2 rows of 2 finite numbers",
            ),
        ] {
            assert_eq!(Score::of(&wrong, &table, &[2, 1]).unwrap_err().to_string(), complaint);
        }
    }

    #[test]
    fn numbers_by_hand() {
        let answer = Answer {
            values: vec![vec![1.0], vec![2.0], vec![4.0]],
            intervals: Some(vec![[0.0, 1.0], [2.5, 3.5], [3.0, 4.0]]),
            ..Answer::default()
        };
        let score = of_numbers(&answer, &[1.0, 2.0, 3.0], 0.5).unwrap();
        // 1 − 1 / (1 + 0 + 1); the ends of an interval belong to it.
        assert_eq!(score.score, 0.5);
        assert_eq!(score.regions, Some(Regions { coverage: 2.0 / 3.0, size: 2.0 }));
        assert_eq!(deviation(&[1.0, 3.0, 1.0, 3.0]), 1.0);
    }
}
