//! Data and initial weights, equal to those of every other runner to the last bit.

use ann_workloads::{
    Data, Loss, SEED_OF_ROW_WEIGHTS, SEED_OF_ROWS, SEED_OF_WEIGHTS, Uniform, Unit, Workload, bell,
};

/// Data and initial weights of a workload, in 64 bits. x is (rows, inputs), row after row.
#[derive(Clone, Debug)]
pub struct Problem {
    pub x: Vec<f64>,
    pub targets: Targets,
    pub layers: Vec<Layer>,
    /// A weight for each row, if the workload has weights.
    pub row_weights: Option<Vec<f64>>,
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
    pub fn new(workload: &Workload) -> Self {
        let (x, targets) = match workload.data {
            Data::Doughnut => tab(include_str!("../../../../crates/ann-datasets/data/doughnut.tab")),
            Data::Squares => tab(include_str!("../../../../crates/ann-datasets/data/squares.tab")),
            Data::Iris => iris(include_str!("../../../../crates/ann-datasets/data/iris.csv")),
            Data::Drawn => drawn(workload),
            Data::Bell => {
                let (x, _) = drawn(workload);
                let y = x.chunks(workload.inputs()).map(bell).collect();
                (x, Targets::Values(y))
            }
        };
        let mut uniform = Uniform::new(SEED_OF_ROW_WEIGHTS);
        let row_weights = || (0..workload.rows).map(|_| uniform.row_weight()).collect();
        let row_weights = workload.weighted.then(row_weights);
        Self { x, targets, layers: initial_layers(&workload.widths), row_weights }
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

/// x = u, row by row; then, from the same stream, a class ⌊u·K⌋ or a target u for each row.
fn drawn(workload: &Workload) -> (Vec<f64>, Targets) {
    let mut uniform = Uniform::new(SEED_OF_ROWS);
    let x = (0..workload.rows * workload.inputs()).map(|_| uniform.draw()).collect();
    let rows = 0..if workload.unit == Unit::Outputs { 0 } else { workload.rows };
    let targets = match workload.loss {
        Loss::SquaredError => Targets::Values(rows.map(|_| uniform.draw()).collect()),
        Loss::CrossEntropy => {
            Targets::Classes(rows.map(|_| uniform.class(workload.outputs()) as u32).collect())
        }
    };
    (x, targets)
}

fn initial_layers(widths: &[usize]) -> Vec<Layer> {
    let mut uniform = Uniform::new(SEED_OF_WEIGHTS);
    let layer = |pair: &[usize]| {
        let (fan_in, fan_out) = (pair[0], pair[1]);
        let weights = (0..fan_in * fan_out).map(|_| uniform.weight(fan_in, fan_out)).collect();
        Layer { fan_in, fan_out, weights, bias: vec![0.0; fan_out] }
    };
    widths.windows(2).map(layer).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_workload_has_as_many_rows_as_the_file_says() {
        for workload in ann_workloads::small() {
            let Problem { x, targets, layers, .. } = Problem::new(&workload);
            assert_eq!(x.len(), workload.rows * workload.inputs(), "{}", workload.name);
            let targets = match targets {
                Targets::Classes(classes) => classes.len(),
                Targets::Values(values) => values.len(),
            };
            let expected = if workload.unit == Unit::Outputs { 0 } else { workload.rows };
            assert_eq!((targets, layers.len()), (expected, workload.widths.len() - 1), "{}", workload.name);
        }
    }

    #[test]
    fn iris_has_fifty_of_each_class() {
        let (x, targets) = iris(include_str!("../../../../crates/ann-datasets/data/iris.csv"));
        let Targets::Classes(classes) = targets else { panic!("iris has classes") };
        assert_eq!((x.len(), classes.len()), (600, 150));
        for class in 0..3 {
            assert_eq!(classes.iter().filter(|found| **found == class).count(), 50);
        }
    }
}
