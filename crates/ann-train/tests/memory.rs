//! Memory that cannot be had is an error, not the end of the program; buffers follow the rows there are.

use ann_train::ann_core::block::{Kernel, Scratch};
use ann_train::ann_core::{Error as CoreError, memory};
use ann_train::ndarray::{Array2, Axis, array};
use ann_train::{
    Accumulation, Activation, Architecture, Error, Init, Loss, Network, Objective, Problem, forward,
    per_sample_gradients, seeded,
};

/// Units whose buffers for a block of rows no system has: 2⁵⁰ and more bytes.
const ABSURD: usize = 1 << 40;

#[test]
fn a_network_that_no_system_holds() {
    let architecture = Architecture::inputs(1).dense(ABSURD, Activation::Tanh).dense(1, Activation::Identity);
    assert_refused(Network::<f64>::init(&architecture, Init::default(), &mut seeded(0)), "the parameters");
    let (x, y) = (array![[0.0]], array![0.0]);
    let problem = Problem::new(&architecture, Loss::MeanSquaredError, &x, &y).unwrap();
    for accumulation in [Accumulation::Batched, Accumulation::PerSample] {
        assert_refused(Objective::new(&problem, accumulation), "sums over rows");
    }
}

#[test]
fn more_gradients_than_any_system_holds() {
    // 2²² rows of 2²³ parameters: 2⁴⁷ bytes, all addresses that a program can have.
    let architecture = Architecture::inputs(1).dense(1 << 22, Activation::Identity);
    let parameters = vec![0.0_f32; 1 << 23];
    let (one, zero) = (array![[1.0_f32]], vec![0; 1 << 22]);
    let x = one.broadcast((1 << 22, 1)).unwrap();
    let problem = Problem::new(&architecture, Loss::SoftmaxCrossEntropy, &x, &zero).unwrap();
    assert_refused(per_sample_gradients(&problem, &parameters), "the gradients of all rows");
}

#[test]
fn more_outputs_than_any_system_holds() {
    let architecture = Architecture::inputs(1).dense(1 << 20, Activation::Identity);
    let network = Network::from_parameters(&architecture, vec![0.0_f32; 1 << 21]).unwrap();
    let one = array![[1.0_f32]];
    // 2²⁵ rows of 2²⁰ outputs: 2⁴⁷ bytes.
    let x = one.broadcast((1 << 25, 1)).unwrap();
    assert_refused(network.forward(&x), "the outputs");
    let error = forward(&network, &x, 2).unwrap_err();
    assert!(matches!(error, Error::Core(CoreError::OutOfMemory { .. })), "{error:?}");
}

#[test]
fn buffers_follow_the_rows() {
    // 3 000 000 units on two rows, as hidden units and as outputs: not much more than z, a and δ of these
    // rows.
    let wide = 3_000_000;
    for architecture in [
        Architecture::inputs(1).dense(wide, Activation::Tanh).dense(1, Activation::Identity),
        Architecture::inputs(1).dense(2, Activation::Tanh).dense(wide, Activation::Identity),
        Architecture::inputs(wide).dense(1, Activation::Identity),
    ] {
        let kernel = Kernel::choose_for_sums(&architecture, 2);
        let bytes = Scratch::<f64>::bytes(&architecture, 2, kernel);
        assert!(bytes <= 8 * memory::bytes_of::<f64>(2 * wide), "{architecture}, {kernel:?}: {bytes} bytes");
    }
}

#[test]
fn few_rows_of_many_units_get_the_outputs_that_they_get_among_many() {
    let architecture = Architecture::inputs(2).dense(70_000, Activation::Tanh).dense(3, Activation::Identity);
    let network: Network<f32> = Network::init(&architecture, Init::default(), &mut seeded(1)).unwrap();
    let x = Array2::from_shape_fn((40, 2), |(row, column)| (row as f32 - 20.0 * column as f32) / 20.0);
    let all = network.forward(&x).unwrap();
    for row in [0, 13, 39] {
        let alone = network.forward(&x.select(Axis(0), &[row])).unwrap();
        assert_eq!(alone.row(0), all.row(row));
    }
}

#[track_caller]
fn assert_refused<T: std::fmt::Debug, E: Into<Error>>(found: Result<T, E>, expected: &str) {
    match found.map_err(Into::into).unwrap_err() {
        Error::Core(CoreError::OutOfMemory { what, .. }) => assert_eq!(what, expected),
        error => panic!("{error:?}"),
    }
}
