//! Numbers as options.

use clap::builder::RangedU64ValueParser;

/// A number of things: at least this.
pub fn count(least: u64) -> RangedU64ValueParser<usize> {
    RangedU64ValueParser::new().range(least..)
}

/// A number of networks: the limit of the recipe. The message names both options, because clap names one.
pub fn networks(text: &str) -> Result<usize, String> {
    const MOST: usize = 1000;
    let number = text.parse().ok().filter(|number| (1..=MOST).contains(number));
    number.ok_or_else(|| format!("expected 1 to {MOST} networks; --seeds is another name of --networks"))
}

/// A number of threads.
pub fn threads() -> RangedU64ValueParser<usize> {
    const MOST: u64 = 1024;
    RangedU64ValueParser::new().range(1..=MOST)
}

/// Number of threads that run at once.
pub fn all_cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Above 0 and below 1.
pub fn share(text: &str) -> Result<f64, String> {
    number(text, "expected a number above 0 and below 1, such as 0.9", is_share)
}

pub fn is_share(number: f64) -> bool {
    number > 0.0 && number < 1.0
}

/// Above 0.
pub fn positive(text: &str) -> Result<f64, String> {
    number(text, "expected a number above 0", |number| number > 0.0)
}

/// A finite number.
pub fn finite(text: &str) -> Result<f64, String> {
    number(text, "expected a number", |_| true)
}

/// At least 0.
pub fn not_negative(text: &str) -> Result<f64, String> {
    number(text, "expected a number that is not negative", |number| number >= 0.0)
}

fn number(text: &str, expected: &str, is_fitting: impl Fn(f64) -> bool) -> Result<f64, String> {
    let fits = |number: &f64| number.is_finite() && is_fitting(*number);
    let hint = || match meant(text).filter(fits) {
        Some(number) => format!("; did you mean {number}?"),
        None => String::new(),
    };
    text.parse().ok().filter(fits).ok_or_else(|| format!("{expected}{}", hint()))
}

/// The number of a text that is written as people do: 0,9 or 90% or 90 %.
pub fn meant(text: &str) -> Option<f64> {
    let text = text.trim().replace(',', ".");
    match text.strip_suffix('%') {
        Some(percents) => percents.trim_end().parse().ok().map(|percents: f64| percents / 100.0),
        None => text.parse().ok(),
    }
}
