//! Signs that a column says what is only known afterwards.

use std::collections::{BTreeMap, HashMap};
use std::{fmt, mem};

use ann_table::message::quoted;
use ann_table::{Column, Kind, Schema, TargetValues};

use crate::rows::{Rows, selected};

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
        /// How well: the share of rows that it predicts, or R².
        score: f64,
    },
    /// Whether a cell of a column is missing predicts the target.
    MissingPredicts {
        /// The column.
        column: String,
        /// The column that is predicted.
        target: String,
        /// How well: the share of rows that it predicts, or R².
        score: f64,
    },
    /// The rows are in the order of a column of dates, but the score is that of rows in between.
    InOrderOfTime {
        /// The column.
        column: String,
    },
}

impl fmt::Display for Leak {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const ADVICE: &str = "if it is known only afterwards, leave it out";
        match self {
            Self::Predicts { column, target, score } => {
                let (column, target) = (quoted(column), quoted(target));
                write!(f, "{column} alone predicts {target} (accuracy or R² {score:.4}); {ADVICE}")
            }
            Self::MissingPredicts { column, target, score } => {
                let (column, target) = (quoted(column), quoted(target));
                write!(
                    f,
                    "whether {column} is missing predicts {target} (accuracy or R² {score:.4}); {ADVICE}"
                )
            }
            Self::InOrderOfTime { column } => write!(
                f,
                "the rows are in the order of {}; if new rows will be later, set `time` to it, and the score is \
                 that of the latest rows",
                quoted(column)
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

/// All signs, the most severe first.
pub(crate) fn leaks(rows: &Rows<'_>, schema: &Schema, values: &TargetValues) -> Vec<Leak> {
    // One row of each unit, because the others are predicted by it anyway.
    let mut is_seen = vec![false; rows.units.iter().max().map_or(0, |most| most + 1)];
    let is_first: Vec<bool> =
        rows.units.iter().map(|&unit| !mem::replace(&mut is_seen[unit], true)).collect();
    let firsts = || (0..rows.len()).filter(|&row| is_first[row]);
    let step = firsts().count().div_ceil(MOST_ROWS).max(1);
    let looked_at: Vec<usize> = firsts().step_by(step).collect();
    if looked_at.len() < FEWEST_ROWS {
        return vec![];
    }
    let names = schema.target.names();
    let targets: Vec<(&str, Known)> =
        names.into_iter().zip(Known::columns(schema, values, &looked_at)).collect();
    let columns = schema.columns.iter().filter_map(|column| rows.table.column(&column.name).ok());
    let columns: Vec<&Column> = columns.collect();
    let pairs = columns.iter().flat_map(|column| targets.iter().map(move |target| (*column, target)));
    let mut found: Vec<(f64, Leak)> =
        pairs.filter_map(|(column, (name, truth))| suspicious(column, name, truth, &looked_at)).collect();
    found.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    let in_order = columns.iter().filter(|column| rows.times.is_none() && is_in_order(column));
    let in_order = in_order.map(|column| Leak::InOrderOfTime { column: column.name().to_owned() });
    found.into_iter().map(|(_, leak)| leak).chain(in_order).collect()
}

fn suspicious(column: &Column, target: &str, truth: &Known, rows: &[usize]) -> Option<(f64, Leak)> {
    let missing: Vec<u64> = rows.iter().map(|&row| u64::from(column.is_missing(row))).collect();
    let (name, target) = (column.name().to_owned(), target.to_owned());
    let score = truth.predicted_by(&missing);
    if score >= SUSPICIOUS {
        return Some((score, Leak::MissingPredicts { column: name, target, score }));
    }
    let score = truth.predicted_by_column(column, rows);
    (score >= SUSPICIOUS).then_some((score, Leak::Predicts { column: name, target, score }))
}

fn is_in_order(column: &Column) -> bool {
    let dates = || (0..column.len()).filter_map(|row| column.number(row));
    column.kind() == Kind::Date
        && dates().next() != dates().next_back()
        && (dates().is_sorted() || dates().is_sorted_by(|a, b| a >= b))
}

/// The truth of one column, of the rows that are looked at.
enum Known {
    Classes(Vec<usize>),
    Numbers(Vec<f64>),
    /// Nearly all rows have one class.
    Useless,
}

impl Known {
    /// For each column of the target.
    fn columns(schema: &Schema, values: &TargetValues, rows: &[usize]) -> Vec<Self> {
        let columns = 0..schema.target.names().len();
        match values {
            TargetValues::Classes(classes) => vec![Self::classes(selected(classes, rows))],
            TargetValues::Numbers(numbers) => columns
                .map(|column| Self::Numbers(rows.iter().map(|&row| numbers[[row, column]]).collect()))
                .collect(),
            TargetValues::Labels(labels) => columns
                .map(|column| Self::classes(rows.iter().map(|&row| labels[[row, column]].into()).collect()))
                .collect(),
        }
    }

    fn classes(classes: Vec<usize>) -> Self {
        let mut counts = HashMap::new();
        classes.iter().for_each(|class| *counts.entry(class).or_insert(0) += 1);
        let most = counts.values().copied().max().unwrap_or(0);
        if most as f64 > ONE_CLASS * classes.len() as f64 { Self::Useless } else { Self::Classes(classes) }
    }

    /// By equal cells, or by the order of numbers. A missing cell predicts nothing by its order.
    fn predicted_by_column(&self, column: &Column, rows: &[usize]) -> f64 {
        let key = |&row: &usize| match column.kind() {
            Kind::Category => column.code(row).map_or(u64::MAX, |code| code as u64),
            // No finite number has these bits.
            Kind::Number | Kind::Date => column.number(row).map_or(u64::MAX, f64::to_bits),
        };
        let by_cells = self.predicted_by(&rows.iter().map(key).collect::<Vec<_>>());
        let known = rows.iter().enumerate().filter_map(|(place, &row)| Some((place, column.number(row)?)));
        let (places, numbers): (Vec<usize>, Vec<f64>) = known.unzip();
        let share = numbers.len() as f64 / rows.len() as f64;
        by_cells.max(share * self.predicted_by_order(&places, &numbers))
    }

    /// How well the rows are predicted by the other rows with the same key: the share of hits of their most
    /// frequent class, or R² of their mean. A key that no other row has predicts nothing.
    fn predicted_by(&self, keys: &[u64]) -> f64 {
        match self {
            Self::Classes(classes) => hits_by_key(classes, keys) as f64 / keys.len() as f64,
            Self::Numbers(numbers) => {
                let mean = mean(numbers);
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
            Self::Useless => 0.0,
        }
    }

    /// How well the rows at `places`, which have the numbers `x`, are predicted by a threshold (of two
    /// classes), or by a straight line (R²).
    fn predicted_by_order(&self, places: &[usize], x: &[f64]) -> f64 {
        match self {
            Self::Classes(classes) if classes.iter().all(|&class| class < 2) => {
                let pairs = x.iter().copied().zip(selected(classes, places)).collect();
                hits_by_threshold(pairs) as f64 / x.len().max(1) as f64
            }
            Self::Numbers(numbers) => squared_correlation(x, &selected(numbers, places)),
            Self::Classes(_) | Self::Useless => 0.0,
        }
    }
}

/// Number of rows whose class is the most frequent one of the other rows with the same key.
fn hits_by_key(classes: &[usize], keys: &[u64]) -> usize {
    let mut counts: HashMap<u64, BTreeMap<usize, usize>> = HashMap::new();
    for (key, &class) in keys.iter().zip(classes) {
        *counts.entry(*key).or_default().entry(class).or_default() += 1;
    }
    let is_hit = |&(key, &class): &(&u64, &usize)| {
        let counts = &counts[key];
        let others = |other: usize| counts[&other] - usize::from(other == class);
        others(class) > 0 && counts.keys().all(|&other| others(other) <= others(class))
    };
    keys.iter().zip(classes).filter(is_hit).count()
}

/// Number of rows that the best threshold puts on the right side, of pairs of a number and a class 0 or 1.
fn hits_by_threshold(mut pairs: Vec<(f64, usize)>) -> usize {
    pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (rows, ones) = (pairs.len(), pairs.iter().map(|pair| pair.1).sum::<usize>());
    let (mut best, mut ones_below) = (0, 0);
    for (below, pair) in (1..).zip(&pairs) {
        ones_below += pair.1;
        if pairs.get(below).is_some_and(|next| next.0 > pair.0) {
            // Below the threshold class 0, above it class 1; or the other way round.
            let hits = (below - ones_below) + (ones - ones_below);
            best = best.max(hits).max(rows - hits);
        }
    }
    best
}

/// R² of the best straight line.
fn squared_correlation(x: &[f64], y: &[f64]) -> f64 {
    let (mean_x, mean_y) = (mean(x), mean(y));
    let product = |a: &[f64], mean_a: f64, b: &[f64], mean_b: f64| -> f64 {
        a.iter().zip(b).map(|(a, b)| (a - mean_a) * (b - mean_b)).sum()
    };
    let xy = product(x, mean_x, y, mean_y);
    let squared = xy * xy / (product(x, mean_x, x, mean_x) * product(y, mean_y, y, mean_y));
    if squared.is_finite() { squared } else { 0.0 }
}

fn mean(numbers: &[f64]) -> f64 {
    numbers.iter().sum::<f64>() / numbers.len() as f64
}

fn r_squared(truth: &[f64], predicted: impl Iterator<Item = f64>, mean: f64) -> f64 {
    let residuals: f64 = truth.iter().zip(predicted).map(|(y, predicted)| (y - predicted).powi(2)).sum();
    let total: f64 = truth.iter().map(|y| (y - mean).powi(2)).sum();
    if total > 0.0 { 1.0 - residuals / total } else { 0.0 }
}
