//! Problems of some rows of a matrix or of a source: they are what problems with copies of these rows are.

use ann_core::block::{Batch, Kernel, Scratch, TILE, Tally, accumulate};
use ann_core::jacobian::Jacobian;
use ann_core::ndarray::{Array2, ArrayView2, Axis};
use ann_core::{Activation, Architecture, Error, FeatureSource, Loss, Network, Problem, seeded};
use rand::RngExt;

const KERNELS: [Kernel; 3] = [Kernel::Textbook, Kernel::Fused, Kernel::Wide];

/// More than two tiles, in an order that is not that of the matrix; one row twice, others never.
fn selection() -> Vec<usize> {
    (0..70).map(|place| place * 37 % 90).chain([5, 5]).collect()
}

/// The rows of a matrix, which are asked for a few at a time.
#[derive(Debug)]
struct Rows<'a>(ArrayView2<'a, f64>);

impl FeatureSource<f64> for Rows<'_> {
    fn rows(&self) -> usize {
        self.0.nrows()
    }

    fn width(&self) -> usize {
        self.0.ncols()
    }

    fn copy_rows(&self, rows: &[usize], features: &mut [f64]) {
        assert!((1..=TILE).contains(&rows.len()));
        features.copy_from_slice(self.0.select(Axis(0), rows).as_slice().unwrap());
    }
}

#[test]
fn selected_rows_give_the_bits_of_copies() {
    let mut rng = seeded(1);
    let matrix = Array2::from_shape_simple_fn((90, 7), || rng.random_range(-1.0..1.0));
    let selection = selection();
    // The first columns alone are not contiguous.
    for width in [7, 4] {
        let matrix = matrix.slice_axis(Axis(1), (..width).into());
        let copy = matrix.select(Axis(0), &selection);
        let classes: Vec<usize> = selection.iter().map(|row| row % 3).collect();
        let weights: Vec<f64> = (0..selection.len()).map(|row| (row % 4) as f64).collect();
        let architecture =
            Architecture::inputs(width).dense(5, Activation::Tanh).dense(3, Activation::Identity);
        let network: Network = Network::init(&architecture, Default::default(), &mut rng).unwrap();
        let loss = Loss::SoftmaxCrossEntropy;
        let of_copy = Problem::new(&architecture, loss.clone(), &copy, &classes).unwrap();
        let source = Rows(matrix.view());
        let of_source =
            Problem::of_source(&architecture, loss.clone(), &source, &selection, &classes).unwrap();
        let of_rows = Problem::of_rows(&architecture, loss, &matrix, &selection, &classes).unwrap();
        assert_eq!([of_rows.features(), of_source.features()], [copy.view(), copy.view()]);
        assert_eq!((of_rows.rows(), of_rows.features_of(70..71).row(0)), (72, matrix.row(5)));
        let all = [of_copy, of_rows, of_source];
        let weighted = all.each_ref().map(|problem| problem.clone().with_weights(&weights[..]).unwrap());
        for [of_copy, others @ ..] in [all, weighted] {
            for kernel in KERNELS {
                let expected = sums(&of_copy, network.parameters(), kernel);
                for problem in &others {
                    assert_eq!(sums(problem, network.parameters(), kernel), expected, "{kernel:?}");
                }
            }
        }
    }
}

/// All rows, rows by number, and rows that were gathered before.
fn sums(problem: &Problem<'_>, parameters: &[f64], kernel: Kernel) -> [(Tally, Vec<f64>); 3] {
    let rows = problem.rows();
    let mut scratch = Scratch::with_kernel(problem.architecture(), rows, kernel).unwrap();
    let mut batch = Batch::new(kernel);
    // Another value of the same problem.
    batch.gather(&problem.clone(), 3..rows - 1);
    let indices: Vec<usize> = (0..rows).rev().step_by(2).collect();
    let mut gradients = [(); 3].map(|()| vec![0.0; parameters.len()]);
    let [all, some, gathered] = &mut gradients;
    let tallies = [
        accumulate(problem, parameters, 0..rows, &mut scratch, Some(all)),
        accumulate(problem, parameters, &indices[..], &mut scratch, Some(some)),
        accumulate(problem, parameters, &batch, &mut scratch, Some(gathered)),
    ];
    let mut pairs = tallies.into_iter().zip(gradients);
    [(); 3].map(|()| pairs.next().expect("there are three"))
}

/// The rows of a block are those of the selection, not of the matrix.
#[test]
fn the_jacobian_of_selected_rows_is_that_of_copies() {
    let mut rng = seeded(2);
    let matrix = Array2::from_shape_simple_fn((90, 3), || rng.random_range(-1.0..1.0));
    let (selection, targets) = (selection(), Array2::zeros((72, 2)));
    let copy = matrix.select(Axis(0), &selection);
    let architecture = Architecture::inputs(3).dense(4, Activation::Tanh).dense(2, Activation::Identity);
    let network: Network = Network::init(&architecture, Default::default(), &mut rng).unwrap();
    let loss = Loss::MeanSquaredError;
    let of_copy = Problem::new(&architecture, loss.clone(), &copy, &targets).unwrap();
    let of_rows = Problem::of_rows(&architecture, loss, &matrix, &selection, &targets).unwrap();
    let [mut jacobian, mut expected] = [(); 2].map(|()| Jacobian::new(&architecture, 40).unwrap());
    for rows in [0..40, 40..72, 7..8] {
        let found = jacobian.of(&of_rows, network.parameters(), rows.clone());
        assert_eq!(found, expected.of(&of_copy, network.parameters(), rows.clone()), "{rows:?}");
    }
}

#[test]
fn only_selected_rows_are_checked() {
    let architecture = Architecture::inputs(1).dense(1, Activation::Identity);
    let matrix = Array2::from_shape_vec((3, 1), vec![1.0, f64::NAN, 2.0]).unwrap();
    let targets = vec![0.0; 2];
    let of =
        |selection| Problem::of_rows(&architecture, Loss::MeanSquaredError, &matrix, selection, &targets);
    assert!(of(&[2, 0]).is_ok());
    assert!(matches!(of(&[2, 1]), Err(Error::NonFinite { what: "features", row: 1, column: 0, .. })));
    assert!(matches!(of(&[2]), Err(Error::RowMismatch { features: 1, targets: 2 })));
    assert!(matches!(of(&[]), Err(Error::NoSamples)));
    let (rows, targets) = (Rows(matrix.view()), vec![0.0; 36]);
    let selection: Vec<usize> = [0, 2].into_iter().cycle().take(35).chain([1]).collect();
    let of_source = Problem::of_source(&architecture, Loss::MeanSquaredError, &rows, &selection, &targets);
    assert!(matches!(of_source, Err(Error::NonFinite { what: "features", row: 35, column: 0, .. })));
}

#[test]
#[should_panic(expected = "there is no row 3: the features have 3")]
fn a_row_that_the_matrix_does_not_have() {
    let architecture = Architecture::inputs(1).dense(1, Activation::Identity);
    let matrix = Array2::zeros((3, 1));
    let _ = Problem::<f64>::of_rows(&architecture, Loss::MeanSquaredError, &matrix, &[0, 3], &vec![0.0; 2]);
}
