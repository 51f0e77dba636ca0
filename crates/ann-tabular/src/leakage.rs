//! Signs that a column says what is only known afterwards.

use std::collections::HashMap;
use std::fmt;

use ann_table::{Column, Kind, Schema, Target, TargetValues};

use crate::rows::Rows;

/// A sign of leakage: predictions of new rows may be much worse than the score. `Display` says it in a
/// sentence, with advice.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Leak {
    /// A column alone predicts the target.
    Predicts {
        /// The column.
        column: String,
        /// The column that is predicted.
        target: String,
        /// The share of rows that it predicts, or R².
        share: f64,
    },
    /// Whether a cell of a column is missing predicts the target.
    MissingPredicts {
        /// The column.
        column: String,
        /// The column that is predicted.
        target: String,
        /// The share of rows that it predicts, or R².
        share: f64,
    },
    /// The rows are in the order of a column of dates, but the score is that of rows in between.
    InOrderOfTime {
        /// The column.
        column: String,
    },
}

impl fmt::Display for Leak {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Predicts { column, target, share } => write!(
                f,
                "{column:?} alone predicts {target:?} ({:.1} %); if it is known only afterwards, leave it out",
                100.0 * share
            ),
            Self::MissingPredicts { column, target, share } => write!(
                f,
                "whether {column:?} is missing predicts {target:?} ({:.1} %); if it is known only \
                 afterwards, leave it out",
                100.0 * share
            ),
            Self::InOrderOfTime { column } => write!(
                f,
                "the rows are in the order of {column:?}; if new rows will be later, set `time` to it, and \
                 the score is that of the latest rows"
            ),
        }
    }
}

/// Fewer rows prove nothing.
const FEWEST_ROWS: usize = 50;
/// More rows say nothing new.
const MOST_ROWS: usize = 10_000;
/// A column that predicts this share of the rows, or this R², is suspicious.
const SUSPICIOUS: f64 = 0.999;
/// If one class has this share of the rows, every column predicts the target.
const ONE_CLASS: f64 = 0.99;

/// The two most severe signs.
pub(crate) fn leaks(rows: &Rows<'_>, schema: &Schema, values: &TargetValues) -> Vec<Leak> {
    let step = rows.len().div_ceil(MOST_ROWS).max(1);
    let looked_at: Vec<usize> = (0..rows.len()).step_by(step).collect();
    if looked_at.len() < FEWEST_ROWS {
        return vec![];
    }
    let target = schema.target.names().join(", ");
    let truth = SingleTarget::new(&schema.target, values, &looked_at);
    let used = schema.columns.iter().filter_map(|column| rows.table.column(&column.name).ok());
    let mut found: Vec<(f64, Leak)> = vec![];
    for column in used.clone() {
        let (name, target) = (column.name().to_owned(), target.clone());
        let missing: Vec<u64> = looked_at.iter().map(|&row| u64::from(column.is_missing(row))).collect();
        let of_missing = truth.as_ref().map_or(0.0, |truth| truth.predicted_by(&missing));
        let of_cells = truth.as_ref().map_or(0.0, |truth| truth.predicted_by_column(column, &looked_at));
        if of_missing >= SUSPICIOUS {
            found.push((of_missing, Leak::MissingPredicts { column: name, target, share: of_missing }));
        } else if of_cells >= SUSPICIOUS {
            found.push((of_cells, Leak::Predicts { column: name, target, share: of_cells }));
        }
    }
    found.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    let dates = used.filter(|column| rows.times.is_none() && is_ascending(column));
    let in_order = dates.map(|column| Leak::InOrderOfTime { column: column.name().to_owned() });
    found.into_iter().map(|(_, leak)| leak).chain(in_order).take(2).collect()
}

fn is_ascending(column: &Column) -> bool {
    let dates = || (0..column.len()).filter_map(|row| column.number(row));
    column.kind() == Kind::Date
        && column.missing() == 0
        && dates().is_sorted()
        && dates().next() < dates().last()
}

/// A target of one column, of the rows that are looked at.
enum SingleTarget {
    Classes { of_row: Vec<usize>, classes: usize },
    Numbers(Vec<f64>),
}

impl SingleTarget {
    /// `None` if there are several columns, or if nearly all rows have one class.
    fn new(target: &Target, values: &TargetValues, rows: &[usize]) -> Option<Self> {
        match values {
            TargetValues::Classes(all) => {
                let of_row: Vec<usize> = rows.iter().map(|&row| all[row]).collect();
                let mut counts = vec![0; target.outputs()];
                of_row.iter().for_each(|&class| counts[class] += 1);
                let most = *counts.iter().max()? as f64;
                let classes = counts.len();
                (most <= ONE_CLASS * rows.len() as f64).then_some(Self::Classes { of_row, classes })
            }
            TargetValues::Numbers(all) if all.ncols() == 1 => {
                Some(Self::Numbers(rows.iter().map(|&row| all[[row, 0]]).collect()))
            }
            TargetValues::Numbers(_) => None,
        }
    }

    fn predicted_by_column(&self, column: &Column, rows: &[usize]) -> f64 {
        let key = |&row: &usize| match column.kind() {
            Kind::Category => column.code(row).map_or(u64::MAX, |code| code as u64),
            // No finite number has these bits.
            Kind::Number | Kind::Date => column.number(row).map_or(u64::MAX, f64::to_bits),
        };
        let keys: Vec<u64> = rows.iter().map(key).collect();
        let by_table = self.predicted_by(&keys);
        let numbers: Option<Vec<f64>> = rows.iter().map(|&row| column.number(row)).collect();
        match numbers {
            Some(numbers) => by_table.max(self.predicted_by_order(&numbers)),
            None => by_table,
        }
    }

    /// How well the rows are predicted by the other rows with the same key: the share of hits of their most
    /// frequent class, or R² of their mean. A key that no other row has predicts nothing.
    fn predicted_by(&self, keys: &[u64]) -> f64 {
        match self {
            Self::Classes { of_row, classes } => {
                let mut counts: HashMap<u64, Vec<usize>> = HashMap::new();
                for (key, &class) in keys.iter().zip(of_row) {
                    counts.entry(*key).or_insert_with(|| vec![0; *classes])[class] += 1;
                }
                let is_hit = |&(key, &class): &(&u64, &usize)| {
                    let counts = &counts[key];
                    let others = |other: usize| counts[other] - usize::from(other == class);
                    others(class) > 0 && (0..*classes).all(|other| others(other) <= others(class))
                };
                keys.iter().zip(of_row).filter(is_hit).count() as f64 / keys.len() as f64
            }
            Self::Numbers(numbers) => {
                let mean = numbers.iter().sum::<f64>() / numbers.len() as f64;
                let mut sums: HashMap<u64, [f64; 2]> = HashMap::new();
                for (key, number) in keys.iter().zip(numbers) {
                    let [sum, count] = sums.entry(*key).or_default();
                    (*sum, *count) = (*sum + number, *count + 1.0);
                }
                let predicted = keys.iter().zip(numbers).map(|(key, number)| match sums[key] {
                    [_, 1.0] => mean,
                    [sum, count] => (sum - number) / (count - 1.0),
                });
                r_squared(numbers, predicted, mean)
            }
        }
    }

    /// How well the rows are predicted by a threshold (of two classes), or by a straight line (R²).
    fn predicted_by_order(&self, x: &[f64]) -> f64 {
        match self {
            Self::Classes { of_row, classes: 2 } => {
                let mut pairs: Vec<(f64, usize)> = x.iter().copied().zip(of_row.iter().copied()).collect();
                pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
                let ones = of_row.iter().sum::<usize>();
                let rows = pairs.len();
                let mut best = 0;
                let mut ones_below = 0;
                for (below, pair) in (1..).zip(&pairs) {
                    ones_below += pair.1;
                    if pairs.get(below).is_some_and(|next| next.0 > pair.0) {
                        // Below the threshold class 0, above it class 1; or the other way round.
                        let hits = (below - ones_below) + (ones - ones_below);
                        best = best.max(hits).max(rows - hits);
                    }
                }
                best as f64 / rows as f64
            }
            Self::Classes { .. } => 0.0,
            Self::Numbers(y) => {
                let rows = y.len() as f64;
                let (mean_x, mean_y) = (x.iter().sum::<f64>() / rows, y.iter().sum::<f64>() / rows);
                let product = |a: &[f64], mean_a: f64, b: &[f64], mean_b: f64| -> f64 {
                    a.iter().zip(b).map(|(a, b)| (a - mean_a) * (b - mean_b)).sum()
                };
                let (xy, xx) = (product(x, mean_x, y, mean_y), product(x, mean_x, x, mean_x));
                let r_squared = xy * xy / (xx * product(y, mean_y, y, mean_y));
                if r_squared.is_finite() { r_squared } else { 0.0 }
            }
        }
    }
}

fn r_squared(truth: &[f64], predicted: impl Iterator<Item = f64>, mean: f64) -> f64 {
    let residuals: f64 = truth.iter().zip(predicted).map(|(y, predicted)| (y - predicted).powi(2)).sum();
    let total: f64 = truth.iter().map(|y| (y - mean).powi(2)).sum();
    if total > 0.0 { 1.0 - residuals / total } else { 0.0 }
}
