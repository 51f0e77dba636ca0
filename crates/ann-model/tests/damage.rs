//! Headers that somebody has changed, with a digest that fits: an error or a model, never a panic.

use std::ops::Range;
use std::{env, fs};

use ann_model::ann_core::{Activation, Network, seeded};
use ann_model::file::{Container, Load};
use ann_model::{Error, Limits, Model};
use rand::seq::IndexedRandom;
use rand::{Rng, RngExt};

use crate::models::{classifier, regressor};
use crate::sealed::{PREFIX, sealed};

/// Numbers of the headers that are tried; each is the seed of its changes. `ANN_RANDOM_HEADERS=5000..9000`
/// tries others.
const HEADERS: Range<u64> = 0..4000;

#[test]
fn changed_headers_do_not_panic() {
    let mut files = vec![classifier(&Activation::Relu).write().unwrap(), regressor().write().unwrap()];
    files
        .extend(["network", "checkpoint"].map(|name| fs::read(format!("tests/files/1/{name}.ann")).unwrap()));
    let headers = chosen();
    let count = headers.end - headers.start;
    let mut valid = 0;
    for seed in headers {
        let mut rng = seeded(seed);
        let bytes = changed(files.choose(&mut rng).expect("there are files"), &mut rng);
        let container = Container::read(&bytes, &Limits::default());
        let is_damage = matches!(container, Err(Error::Damaged | Error::NoModel));
        assert!(!is_damage, "the digest of header {seed} fits");
        valid += u64::from(is_read(&bytes));
    }
    assert!(0 < valid && valid < count / 2, "{valid} of {count} headers are valid");
}

/// Whether the file holds anything. It may predict something else, but it is whole.
fn is_read(bytes: &[u8]) -> bool {
    #[cfg(feature = "train")]
    let _ = ann_model::file::Checkpoint::<f64>::read(bytes);
    let network = [Network::<f32>::read(bytes).is_ok(), Network::<f64>::read(bytes).is_ok()];
    let model = Model::read(bytes).map(|model| model.check_probe().is_ok());
    model.is_ok() || network.contains(&true)
}

fn chosen() -> Range<u64> {
    let Ok(chosen) = env::var("ANN_RANDOM_HEADERS") else { return HEADERS };
    let (first, end) = chosen.split_once("..").expect("ANN_RANDOM_HEADERS is first..end");
    first.parse().expect("a number")..end.parse().expect("a number")
}

/// The file with one to four changes to its header.
fn changed(file: &[u8], rng: &mut impl Rng) -> Vec<u8> {
    let length = u64::from_le_bytes(file[..8].try_into().unwrap()) as usize;
    let mut header = file[PREFIX..8 + length].trim_ascii_end().to_vec();
    for _ in 0..rng.random_range(1..5) {
        change(&mut header, rng);
    }
    sealed(&header, &file[8 + length..])
}

fn change(header: &mut Vec<u8>, rng: &mut impl Rng) {
    const WORDS: [&str; 16] = [
        "0",
        "-1",
        "1",
        "65537",
        "4294967296",
        "18446744073709551615",
        "1e999",
        "null",
        "[]",
        "{}",
        "\"\"",
        "true",
        "\\\"relu\\\"",
        "F32",
        "\\ud800",
        "[[[[[[[[",
    ];
    let place = rng.random_range(0..header.len());
    let end = (place + rng.random_range(0..9)).min(header.len());
    match rng.random_range(0..5) {
        0 => header[place] = rng.random(),
        1 => drop(header.drain(place..end)),
        2 => {
            let copy = header[place..end].to_vec();
            let to = rng.random_range(0..header.len());
            header.splice(to..to, copy);
        }
        3 => drop(header.splice(place..place, WORDS.choose(rng).expect("words").bytes())),
        // A whole number becomes another.
        _ => {
            let Some(begin) = header[place..].iter().position(u8::is_ascii_digit).map(|digit| place + digit)
            else {
                return;
            };
            let digits = header[begin..].iter().take_while(|byte| byte.is_ascii_digit()).count();
            header.splice(begin..begin + digits, WORDS.choose(rng).expect("words").bytes());
        }
    }
}
