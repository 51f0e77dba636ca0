//! The made-up table of the transcripts: semicolons, decimal commas, leading zeros, Namibia, dates, an
//! identifier, words for missing numbers, and a column that is known only afterwards.

use std::fmt::Write;
use std::fs;

use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};
use rand_distr::{Distribution, Normal};

use crate::transcripts::{self, root};

const SEED: u64 = 5;
const ROWS: usize = 400;

/// `TRANSCRIPTS=overwrite` writes it.
#[test]
fn the_generator_gives_the_committed_file() {
    let path = root().join("docs/commands/customers.csv");
    if transcripts::are_overwritten() {
        fs::write(&path, customers()).unwrap();
    }
    assert!(fs::read_to_string(&path).unwrap() == customers(), "{} is another one", path.display());
}

/// Young customers of the basic plan leave most often.
fn customers() -> String {
    let mut rng = ChaCha8Rng::seed_from_u64(SEED);
    let incomes = Normal::new(3000.0, 800.0).unwrap();
    let mut text = "customer;age;income;zip;country;plan;since;closed;left\n".to_owned();
    for row in 1..=ROWS {
        let age = rng.random_range(18..80);
        let income: f64 = incomes.sample(&mut rng);
        let income = match (row, rng.random_range(0..50)) {
            (88 | 301, _) => "n.a.".to_owned(),
            (_, 0) => String::new(),
            _ => format!("{income:.2}").replace('.', ","),
        };
        let zip = pick(&mut rng, &["01069", "10115", "50667"]);
        let country = pick(&mut rng, &["AT", "DE", "NA"]);
        let plan = pick(&mut rng, &["basic", "plus", "premium"]);
        let since = date(&mut rng, 2010..2024);
        let leaves = rng.random_bool(if plan == "basic" && age < 45 { 0.85 } else { 0.1 });
        let closed = if leaves { date(&mut rng, 2024..2025) } else { String::new() };
        let left = if leaves { "yes" } else { "no" };
        writeln!(text, "C{row:04};{age};{income};{zip};{country};{plan};{since};{closed};{left}").unwrap();
    }
    text
}

fn pick(rng: &mut ChaCha8Rng, words: &[&'static str]) -> &'static str {
    words[rng.random_range(0..words.len())]
}

fn date(rng: &mut ChaCha8Rng, years: std::ops::Range<u32>) -> String {
    let (year, month, day) = (rng.random_range(years), rng.random_range(1..13), rng.random_range(1..29));
    format!("{year}-{month:02}-{day:02}")
}
