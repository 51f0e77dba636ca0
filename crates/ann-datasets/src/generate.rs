//! How the embedded `doughnut` and `squares` were drawn.
//!
//! Points are drawn uniformly from the unit square and kept when they lie in a region of the picture:
//! rejection sampling, without trigonometry. Coordinates are whole millionths. So every condition is decided
//! with integers, holds for the six decimals that are written, and has the same result on every machine.
//!
//! ```
//! use ann_datasets::{generate, rand::{SeedableRng, rngs::ChaCha8Rng}};
//!
//! let mut rng = ChaCha8Rng::seed_from_u64(generate::DOUGHNUT_SEED);
//! assert_eq!(generate::doughnut(&mut rng), ann_datasets::doughnut());
//! ```

use ndarray::Array2;
use rand::Rng;

use crate::Dataset;

/// The seed with which `ChaCha8Rng` gives the embedded doughnut.
pub const DOUGHNUT_SEED: u64 = 1;
/// The seed with which `ChaCha8Rng` gives the embedded squares.
pub const SQUARES_SEED: u64 = 2;

/// 103 points within 0.235 of the centre (0.5, 0.5), class `C1`, and 113 between 0.26 and 0.5 from it, `C2`.
///
/// Both bounds of each region belong to it. The rows are in the order in which they were
/// drawn, so the classes are mixed.
pub fn doughnut(rng: &mut impl Rng) -> Dataset {
    draw(rng, [103, 113], |x, y| {
        // r² = (x − ½)² + (y − ½)²
        let r_squared = (x - HALF).pow(2) + (y - HALF).pow(2);
        match r_squared {
            r if r <= (235 * MILLI).pow(2) => Some(Class::C1),
            r if ((260 * MILLI).pow(2)..=(500 * MILLI).pow(2)).contains(&r) => Some(Class::C2),
            _ => None,
        }
    })
}

/// 194 points in the lower left and upper right quarter, class `C1`, and 206 in the other two, `C2`.
///
/// The gap between the quarters is 0.02 wide. The rows are in the order in which they were
/// drawn, so the classes are mixed.
pub fn squares(rng: &mut impl Rng) -> Dataset {
    draw(rng, [194, 206], |x, y| {
        let in_gap = |z: i64| (z - HALF).abs() < 10 * MILLI;
        if in_gap(x) || in_gap(y) {
            None
        } else if (x < HALF) == (y < HALF) {
            Some(Class::C1)
        } else {
            Some(Class::C2)
        }
    })
}

/// The text of an Orange .tab file, in the format of the embedded files: a header such as `Class x y`, then a
/// line for each row, with features rounded to six decimals.
pub fn to_tab(dataset: &Dataset) -> String {
    let mut text = line(&dataset.target_name, dataset.feature_names.iter().map(|name| quoted(name)));
    for (label, features) in dataset.targets.iter().zip(dataset.features.rows()) {
        text += &line(label, features.iter().map(|x| format!("{x:.6}")));
    }
    text
}

fn line(first: &str, rest: impl Iterator<Item = String>) -> String {
    let cells: Vec<String> = std::iter::once(quoted(first)).chain(rest).collect();
    cells.join("\t") + "\n"
}

fn quoted(cell: &str) -> String {
    if cell.contains(['\t', '"', '\r', '\n']) {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell.to_owned()
    }
}

/// Lengths are in millionths of the square's side.
const MILLION: i64 = 1_000_000;
const HALF: i64 = MILLION / 2;
const MILLI: i64 = MILLION / 1000;

#[derive(Clone, Copy, Debug)]
enum Class {
    C1,
    C2,
}

/// Draws points until class c has `wanted[c]` of them. A point is rejected when `region` gives it no
/// class, or a class that is complete.
fn draw(rng: &mut impl Rng, mut wanted: [usize; 2], region: impl Fn(i64, i64) -> Option<Class>) -> Dataset {
    let (mut features, mut targets) = (Vec::new(), Vec::new());
    while wanted != [0, 0] {
        let (x, y) = (millionths(rng), millionths(rng));
        let Some(class) = region(x, y) else { continue };
        if wanted[class as usize] > 0 {
            wanted[class as usize] -= 1;
            features.extend([x, y].map(|z| z as f64 / MILLION as f64));
            targets.push(format!("{class:?}"));
        }
    }
    Dataset {
        features: Array2::from_shape_vec((targets.len(), 2), features).expect("x and y for each target"),
        targets,
        feature_names: ["x", "y"].map(String::from).to_vec(),
        target_name: "Class".to_owned(),
    }
}

/// A whole number from 0 to 1 000 000, all equally likely.
///
/// 20 random bits reach 1 048 575; numbers that are too large are drawn again. No library function is used,
/// so that the committed files depend on nothing but the bits of the generator.
fn millionths(rng: &mut impl Rng) -> i64 {
    loop {
        let bits = i64::from(rng.next_u32() >> 12);
        if bits <= MILLION {
            return bits;
        }
    }
}
