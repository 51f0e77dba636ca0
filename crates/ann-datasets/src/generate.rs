//! How the embedded `doughnut` and `squares` were drawn, and other data that can be drawn.
//!
//! Points are drawn uniformly from the unit square and kept when they lie in a region of the pattern:
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
    Pattern::Doughnut.draw(216, 0.0, rng)
}

/// 194 points in the lower left and upper right quarter, class `C1`, and 206 in the other two, `C2`.
///
/// The gap between the quarters is 0.02 wide. The rows are in the order in which they were
/// drawn, so the classes are mixed.
pub fn squares(rng: &mut impl Rng) -> Dataset {
    Pattern::Squares.draw(400, 0.0, rng)
}

/// A pattern of two classes in the unit square, from which any number of points can be drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Pattern {
    /// A disc inside a ring, as in [`doughnut`].
    Doughnut,
    /// The quarters of the square, coloured like a chessboard, as in [`squares`].
    Squares,
    /// Two spirals, each of which winds around the other one and a half times.
    Spirals,
}

impl Pattern {
    /// Draws `rows` points. Each coordinate is then moved by a number of mean 0 and standard deviation
    /// `noise`, so points may leave their region and the square.
    ///
    /// ```
    /// use ann_datasets::{generate::Pattern, rand::{SeedableRng, rngs::ChaCha8Rng}};
    ///
    /// let spirals = Pattern::Spirals.draw(300, 0.01, &mut ChaCha8Rng::seed_from_u64(1));
    /// assert_eq!((spirals.len(), spirals.classes()), (300, vec!["C1".into(), "C2".into()]));
    /// ```
    pub fn draw(self, rows: usize, noise: f64, rng: &mut impl Rng) -> Dataset {
        // The numbers of points of class `C1` and of all points in the embedded data.
        let (first, all) = match self {
            Self::Doughnut => (103, 216),
            Self::Squares => (194, 400),
            Self::Spirals => (1, 2),
        };
        let first = (2 * rows * first + all) / (2 * all);
        let mut dataset = draw(rng, [first, rows - first], |x, y| match self {
            Self::Doughnut => in_doughnut(x, y),
            Self::Squares => in_squares(x, y),
            Self::Spirals => in_spirals(x, y),
        });
        if noise != 0.0 {
            dataset.features.mapv_inplace(|x| rounded(x + noise * normal(rng)));
        }
        dataset
    }
}

/// `rows` points of a wave: y = T₅(2x − 1) with the Chebyshev polynomial T₅, for x drawn uniformly from 0 to
/// 1, and a number of mean 0 and standard deviation `noise` added to y.
pub fn wave(rows: usize, noise: f64, rng: &mut impl Rng) -> Dataset<f64> {
    surface(rows, noise, &["x"], rng, |x| {
        let u = 2.0 * x[0] - 1.0;
        u * (5.0 + u * u * (16.0 * u * u - 20.0))
    })
}

/// `rows` points of a hill and a valley: z = 1 / (1 + 20 a²) − 1 / (1 + 20 b²), where a and b are the
/// distances of (x, y) from (0.3, 0.3) and (0.7, 0.7), for points of the unit square, and a number of mean 0
/// and standard deviation `noise` added to z.
pub fn hills(rows: usize, noise: f64, rng: &mut impl Rng) -> Dataset<f64> {
    surface(rows, noise, &["x", "y"], rng, |x| {
        let hill = |at: f64| 1.0 / (1.0 + 20.0 * ((x[0] - at) * (x[0] - at) + (x[1] - at) * (x[1] - at)));
        hill(0.3) - hill(0.7)
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

fn in_doughnut(x: i64, y: i64) -> Option<Class> {
    // r² = (x − ½)² + (y − ½)²
    let r_squared = (x - HALF).pow(2) + (y - HALF).pow(2);
    match r_squared {
        r if r <= (235 * MILLI).pow(2) => Some(Class::C1),
        r if ((260 * MILLI).pow(2)..=(500 * MILLI).pow(2)).contains(&r) => Some(Class::C2),
        _ => None,
    }
}

fn in_squares(x: i64, y: i64) -> Option<Class> {
    let in_gap = |z: i64| (z - HALF).abs() < 10 * MILLI;
    if in_gap(x) || in_gap(y) {
        None
    } else if (x < HALF) == (y < HALF) {
        Some(Class::C1)
    } else {
        Some(Class::C2)
    }
}

/// A point belongs to the spiral that is near: the centres of its circles are on the line r = t / 2 at the
/// angle 1.5 · 2πt, for t from 0.1 to 0.95. The other spiral is the same, rotated by 180°.
fn in_spirals(x: i64, y: i64) -> Option<Class> {
    const STEPS: usize = 256;
    const RADIUS: f64 = 0.03;
    // Cosine and sine of 1.5 · 2π / 256: a rotation, whose powers are the directions. So no library function
    // decides where a point belongs.
    const ROTATION: (f64, f64) = (0.999_322_384_588_349_5, 0.036_807_222_941_358_83);
    let (x, y) = ((x - HALF) as f64 / MILLION as f64, (y - HALF) as f64 / MILLION as f64);
    let (mut cosine, mut sine) = (1.0, 0.0);
    for step in 0..STEPS {
        let t = step as f64 / STEPS as f64;
        let (centre_x, centre_y) = (0.5 * t * cosine, 0.5 * t * sine);
        let is_near = |x: f64, y: f64| {
            (x - centre_x) * (x - centre_x) + (y - centre_y) * (y - centre_y) <= RADIUS * RADIUS
        };
        if (0.1..=0.95).contains(&t) {
            if is_near(x, y) {
                return Some(Class::C1);
            }
            if is_near(-x, -y) {
                return Some(Class::C2);
            }
        }
        (cosine, sine) = (cosine * ROTATION.0 - sine * ROTATION.1, sine * ROTATION.0 + cosine * ROTATION.1);
    }
    None
}

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

/// Points of the unit square or interval, each with the value of a function and noise.
fn surface(
    rows: usize,
    noise: f64,
    names: &[&str],
    rng: &mut impl Rng,
    function: impl Fn(&[f64]) -> f64,
) -> Dataset<f64> {
    let features =
        Array2::from_shape_simple_fn((rows, names.len()), || millionths(rng) as f64 / MILLION as f64);
    let value = |x: ndarray::ArrayView1<'_, f64>| function(x.as_slice().expect("rows are contiguous"));
    let values = features.rows().into_iter().map(value);
    let noisy = |y: f64| rounded(if noise == 0.0 { y } else { y + noise * normal(rng) });
    Dataset {
        targets: values.map(noisy).collect(),
        features,
        feature_names: names.iter().map(|name| (*name).to_owned()).collect(),
        target_name: "target".to_owned(),
    }
}

/// A number of mean 0 and variance 1 that is almost normally distributed: the sum of twelve uniform numbers,
/// minus 6. No library function is used, as for [`millionths`].
fn normal(rng: &mut impl Rng) -> f64 {
    (0..12).map(|_| millionths(rng) as f64 / MILLION as f64).sum::<f64>() - 6.0
}

/// The nearest number of six decimals.
fn rounded(x: f64) -> f64 {
    (x * MILLION as f64).round() / MILLION as f64
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
