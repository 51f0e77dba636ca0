//! Data and initial weights, to the last bit those of every other runner.

use crate::workload::{Task, Workload};

const DATA_SEED: u64 = 1;
const WEIGHTS_SEED: u64 = 2;

/// What a workload starts from, in 64 bits; x is (rows, inputs), row after row.
#[derive(Clone, Debug)]
pub struct Problem {
    pub x: Vec<f64>,
    pub targets: Targets,
    pub layers: Vec<Layer>,
}

#[derive(Clone, Debug)]
pub enum Targets {
    Classes(Vec<u32>),
    Values(Vec<f64>),
}

/// W is (fan_out, fan_in), row after row; b is zeros.
#[derive(Clone, Debug)]
pub struct Layer {
    pub fan_in: usize,
    pub fan_out: usize,
    pub weights: Vec<f64>,
    pub bias: Vec<f64>,
}

impl Problem {
    pub fn new(name: &str, workload: &Workload) -> Self {
        let (x, targets) = match name {
            "W1" => tab(include_str!("../../../../data/doughnut.tab")),
            "W2" => tab(include_str!("../../../../data/squares.tab")),
            "W3" => iris(include_str!("../../../../data/iris.csv")),
            _ => drawn(workload),
        };
        Self { x, targets, layers: initial_layers(&workload.widths) }
    }
}

/// Header `Class x y`, classes C1 and C2.
fn tab(text: &str) -> (Vec<f64>, Targets) {
    let rows = || text.lines().skip(1).map(|line| line.split('\t'));
    let x = rows().flat_map(|cells| cells.skip(1).map(number)).collect();
    let classes = rows().map(|mut cells| u32::from(cells.next() == Some("C2"))).collect();
    (x, Targets::Classes(classes))
}

/// Four features and the species, whose classes are numbered as they first appear.
fn iris(text: &str) -> (Vec<f64>, Targets) {
    let (mut x, mut classes, mut names) = (vec![], vec![], vec![]);
    for line in text.lines().skip(1) {
        let (features, species) = line.rsplit_once(',').expect("each line has five columns");
        x.extend(features.split(',').map(number));
        if !names.contains(&species) {
            names.push(species);
        }
        let class = names.iter().position(|name| *name == species).expect("it was added if it was missing");
        classes.push(class as u32);
    }
    (x, Targets::Classes(classes))
}

fn number(cell: &str) -> f64 {
    cell.parse().expect("the files of this repository hold numbers")
}

/// x = u, row by row; then, of the same stream, a class ⌊u·K⌋ or a target u for each row.
fn drawn(workload: &Workload) -> (Vec<f64>, Targets) {
    let mut u = Uniform(DATA_SEED);
    let x = u.by_ref().take(workload.rows * workload.inputs()).collect();
    let rows = if workload.task == Task::Infer { 0 } else { workload.rows };
    let targets = if workload.is_regression() {
        Targets::Values(u.take(rows).collect())
    } else {
        Targets::Classes(u.take(rows).map(|u| (u * workload.outputs() as f64) as u32).collect())
    };
    (x, targets)
}

/// Xavier uniform: w = (2u − 1) √(6 / (fan_in + fan_out)).
fn initial_layers(widths: &[usize]) -> Vec<Layer> {
    let mut u = Uniform(WEIGHTS_SEED);
    let layer = |pair: &[usize]| {
        let (fan_in, fan_out) = (pair[0], pair[1]);
        let bound = (6.0 / (fan_in + fan_out) as f64).sqrt();
        let weights = u.by_ref().take(fan_in * fan_out).map(|u| (2.0 * u - 1.0) * bound).collect();
        Layer { fan_in, fan_out, weights, bias: vec![0.0; fan_out] }
    };
    widths.windows(2).map(layer).collect()
}

/// s ← s · 6364136223846793005 + 1442695040888963407 mod 2⁶⁴, u = (s >> 33) / 2³¹ ∈ [0, 1).
struct Uniform(u64);

impl Iterator for Uniform {
    type Item = f64;

    fn next(&mut self) -> Option<f64> {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        Some((self.0 >> 33) as f64 / (1_u64 << 31) as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_generator_gives_what_its_formula_says() {
        // s₁ = 1 · a + c = 7806831264735756412, and (s₁ >> 33) / 2³¹ = 908834774 / 2147483648.
        let first = Uniform(1).next().unwrap();
        assert_eq!(first, 908_834_774.0 / 2_147_483_648.0);
    }

    #[test]
    fn iris_has_fifty_of_each_class() {
        let (x, targets) = iris(include_str!("../../../../data/iris.csv"));
        let Targets::Classes(classes) = targets else { panic!("iris has classes") };
        assert_eq!((x.len(), classes.len()), (600, 150));
        for class in 0..3 {
            assert_eq!(classes.iter().filter(|found| **found == class).count(), 50);
        }
    }
}
