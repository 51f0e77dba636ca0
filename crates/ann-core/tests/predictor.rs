//! One sample at a time: the same bits as many at once, and clear errors.

use ann_core::{
    Activation, ActivationFn, Architecture, Error, Init, Network, Scalar,
    ndarray::{Array2, Axis},
    seeded,
};
use rand::RngExt;

use crate::own;

/// More than any kernel sends through a network together.
const SAMPLES: usize = 600;

#[test]
fn without_a_hidden_layer() {
    check::<f64>(&[3, 1], &Activation::Identity);
    check::<f32>(&[1, 2], &Activation::Identity);
}

#[test]
fn every_activation() {
    for activation in own::every_activation() {
        check::<f64>(&[4, 5, 10, 5, 3], &activation);
        check::<f32>(&[4, 5, 10, 5, 3], &activation);
    }
}

#[test]
fn every_number_of_units_beside_whole_strips() {
    for width in (1..=70).chain([95, 96, 97, 128, 129, 200]) {
        check::<f64>(&[2, width, 3], &Activation::Relu);
        check::<f32>(&[2, width, 3], &Activation::Relu);
    }
}

#[test]
fn many_inputs() {
    check::<f32>(&[784, 128, 10], &Activation::Relu);
    check::<f64>(&[300, 70, 20, 33, 1], &Activation::Sigmoid);
    check::<f32>(&[257, 3, 18], &Activation::Tanh);
    check::<f64>(&[100, 1, 300], &Activation::Tanh);
}

#[test]
fn an_activation_of_the_users_own() {
    #[derive(Debug)]
    struct Square;
    impl ActivationFn for Square {
        fn value(&self, z: f64) -> f64 {
            z * z
        }
        fn derivative(&self, z: f64, _a: f64) -> f64 {
            2.0 * z
        }
    }
    let network = network::<f64>(&[3, 17, 2], &Square.into());
    let (x, mut outputs) = (samples::<f64>(3), [0.0; 2]);
    let many = network.forward(&x).unwrap();
    let mut predictor = network.predictor().unwrap();
    for (x, many) in x.rows().into_iter().zip(many.rows()) {
        predictor.predict_into(x.as_slice().unwrap(), &mut outputs).unwrap();
        for (one, many) in outputs.iter().zip(many) {
            // Another kernel, another order: some roundings of numbers near 1.
            assert!((one - many).abs() <= 1e-14 * many.abs().max(1.0), "{one} {many}");
        }
    }
}

#[test]
fn what_does_not_fit() {
    let mut predictor = network::<f64>(&[2, 3, 1], &Activation::Sigmoid).predictor().unwrap();
    let error = |result: ann_core::Result<()>| result.unwrap_err();
    assert_eq!(
        error(predictor.predict_into(&[1.0], &mut [0.0])),
        Error::WidthMismatch { expected: 2, found: 1 }
    );
    assert_eq!(
        error(predictor.predict_into(&[1.0, 2.0], &mut [0.0; 3])).to_string(),
        "there is room for 3 outputs, the network has 1"
    );
    let nan = error(predictor.predict_into(&[1.0, f64::INFINITY], &mut [0.0]));
    assert!(matches!(nan, Error::NonFinite { row: 0, column: 1, .. }), "{nan}");
}

#[test]
fn numbers_that_are_too_large() {
    let mut linear = network::<f64>(&[1, 2], &Activation::Identity);
    linear.parameters_mut().copy_from_slice(&[1.0, 1e10, 0.0, 0.0]);
    let error = linear.predictor().unwrap().predict_into(&[1e300], &mut [0.0; 2]).unwrap_err();
    assert_eq!(error, Error::NonFiniteOutput { row: 0, output: 1, value: f64::INFINITY });
    linear.parameters_mut()[3] = f64::NAN;
    assert!(matches!(linear.predictor().unwrap_err(), Error::NonFiniteParameter { .. }));
}

/// The same bits as [`Network::forward`], also from a copy.
#[track_caller]
fn check<F: Scalar>(widths: &[usize], activation: &Activation) {
    let network = network::<F>(widths, activation);
    let x = samples::<F>(widths[0]);
    let many = network.forward(&x).unwrap();
    let mut predictor = network.predictor().unwrap();
    let mut outputs = vec![F::zero(); many.ncols()];
    for (x, many) in x.rows().into_iter().zip(many.rows()) {
        for predictor in [&mut predictor.clone(), &mut predictor] {
            predictor.predict_into(x.as_slice().unwrap(), &mut outputs).unwrap();
            assert_eq!(outputs, many.to_vec(), "{widths:?}");
        }
        let one = network.forward(&x.insert_axis(Axis(0))).unwrap();
        assert_eq!(one.row(0), many, "{widths:?}");
    }
}

fn network<F: Scalar>(widths: &[usize], activation: &Activation) -> Network<F> {
    let (outputs, hidden) = widths[1..].split_last().unwrap();
    let hidden = activation.clone().layers(hidden.iter().copied());
    let architecture =
        Architecture::inputs(widths[0]).with_layers(hidden).dense(*outputs, Activation::Identity);
    let mut network = Network::init(&architecture, Init::default(), &mut seeded(1)).unwrap();
    let mut rng = seeded(2);
    for parameter in network.parameters_mut() {
        *parameter += F::of(rng.random_range(-0.1..0.1));
    }
    network
}

fn samples<F: Scalar>(inputs: usize) -> Array2<F> {
    let mut rng = seeded(3);
    Array2::from_shape_fn((SAMPLES, inputs), |_| F::of(rng.random_range(-1.0..1.0)))
}
