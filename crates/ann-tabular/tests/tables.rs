//! Tables whose rules are known.

use ann_tabular::Table;
use ann_tabular::ann_core::seeded;
use ann_tabular::ann_table::Column;
use rand::RngExt;

/// Two rings around each other.
pub fn rings(rows: usize, seed: u64) -> Table {
    let mut rng = seeded(seed);
    let (mut x, mut y, mut ring) = (vec![], vec![], vec![]);
    for _ in 0..rows {
        let is_outer = rng.random_bool(0.5);
        let radius = rng.random_range(0.0..0.4) + if is_outer { 0.6 } else { 0.1 };
        let angle = rng.random_range(0.0..std::f64::consts::TAU);
        x.push(radius * f64::cos(angle));
        y.push(radius * f64::sin(angle));
        ring.push(if is_outer { "outer" } else { "inner" });
    }
    let columns = [Column::of_numbers("x", x), Column::of_numbers("y", y), Column::of_words("ring", ring)];
    Table::from_columns(columns).unwrap()
}

/// y = sin x and noise.
pub fn waves(rows: usize, seed: u64) -> Table {
    let mut rng = seeded(seed);
    let x: Vec<f64> = (0..rows).map(|_| rng.random_range(-3.0..3.0)).collect();
    let noise = |_: &f64| (0..12).map(|_| rng.random_range(-0.5..0.5)).sum::<f64>() * 0.1;
    let noise: Vec<f64> = x.iter().map(noise).collect();
    let y: Vec<f64> = x.iter().zip(noise).map(|(x, noise)| x.sin() + noise).collect();
    Table::from_columns([Column::of_numbers("x", x), Column::of_numbers("y", y)]).unwrap()
}

/// Labels by the sign of x, one in five of them wrong.
pub fn noisy(rows: usize, seed: u64) -> Table {
    let mut rng = seeded(seed);
    let x: Vec<f64> = (0..rows).map(|_| rng.random_range(-1.0..1.0)).collect();
    let label: Vec<&str> =
        (x.iter()).map(|x| if (*x > 0.0) != rng.random_bool(0.2) { "high" } else { "low" }).collect();
    Table::from_columns([Column::of_numbers("x", x), Column::of_words("label", label)]).unwrap()
}

/// y = 2x and noise.
pub fn line(rows: usize, seed: u64) -> Table {
    let mut rng = seeded(seed);
    let x: Vec<f64> = (0..rows).map(|_| rng.random_range(-1.0..1.0)).collect();
    let y: Vec<f64> = x.iter().map(|x| 2.0 * x + rng.random_range(-1.0..1.0)).collect();
    Table::from_columns([Column::of_numbers("x", x), Column::of_numbers("y", y)]).unwrap()
}

/// Thirty columns of chance, and the tosses of a coin.
pub fn tosses(rows: usize, seed: u64) -> Table {
    let mut rng = seeded(seed);
    let mut numbers = |_| -> Vec<f64> { (0..rows).map(|_| rng.random_range(-1.0..1.0)).collect() };
    let mut columns: Vec<Column> =
        (0..30).map(|column| Column::of_numbers(format!("x{column}"), numbers(column))).collect();
    let side = numbers(30).into_iter().map(|toss| if toss > 0.0 { "heads" } else { "tails" });
    columns.push(Column::of_words("side", side.collect::<Vec<_>>()));
    Table::from_columns(columns).unwrap()
}
