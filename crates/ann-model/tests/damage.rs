//! Headers that somebody has changed, with a digest that fits: an error or a model, never a panic.

use std::env;
use std::ops::Range;

use ann_model::ann_core::{Activation, Network, seeded};
use ann_model::file::Load;
use ann_model::{Error, Model};
use rand::seq::IndexedRandom;
use rand::{Rng, RngExt};

use crate::models::{classifier, regressor};
use crate::sealed::{PREFIX, sealed};

/// Numbers of the headers that are tried; each is the seed of its changes. `ANN_RANDOM_HEADERS=5000..9000`
/// tries others.
const HEADERS: Range<u64> = 0..4000;

#[test]
fn changed_headers_do_not_panic() {
    let files =
        [classifier(&Activation::LeakyRelu { slope: 0.1 }).write().unwrap(), regressor().write().unwrap()];
    let headers = chosen();
    let count = headers.end - headers.start;
    let mut valid = 0;
    for seed in headers {
        let mut rng = seeded(seed);
        let file = files.choose(&mut rng).expect("there are files");
        let bytes = changed(file, &mut rng);
        let error = match Model::read(&bytes) {
            Ok(model) => {
                // It may predict something else, but it is a whole model.
                let _ = model.check_probe();
                valid += 1;
                continue;
            }
            Err(error) => error,
        };
        assert!(
            !matches!(error, Error::Damaged | Error::NoModel),
            "the digest of header {seed} fits: {error}"
        );
        let _ = Network::<f32>::read(&bytes);
    }
    assert!(0 < valid && valid < count / 2, "{valid} of {count} headers are valid");
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
