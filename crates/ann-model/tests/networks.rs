//! Files of single networks.

use ann_model::Error;
use ann_model::ann_core::{Activation, ActivationFn, Architecture, Init, Network, Scalar, seeded};
use ann_model::file::{Container, Element, Limits, Load, Save};

use crate::models::{ACTIVATIONS, classifier};

#[test]
fn networks_are_read_as_they_were_written() {
    for activation in ACTIVATIONS {
        check(&network::<f64>(&activation));
        check(&network::<f32>(&activation));
    }
}

#[test]
fn code_is_not_saved() {
    #[derive(Debug)]
    struct Cube;
    impl ActivationFn for Cube {
        fn value(&self, z: f64) -> f64 {
            z * z * z
        }
        fn derivative(&self, z: f64, _: f64) -> f64 {
            3.0 * z * z
        }
    }
    let error = network::<f64>(&Cube.into()).write().unwrap_err().to_string();
    assert_eq!(
        error,
        "layer 1 has the custom activation Cube, which cannot be saved: only those of ann-core can"
    );
}

#[test]
fn what_is_no_number_is_not_saved() {
    let mut network = network::<f64>(&Activation::Tanh);
    network.parameters_mut()[3] = f64::NAN;
    assert!(network.write().is_err());
}

#[test]
fn what_could_not_be_read_is_not_saved() {
    let deep = Architecture::inputs(1).with_layers(Activation::Tanh.layers([1; 257]));
    let network: Network = Network::init(&deep, Init::default(), &mut seeded(1)).unwrap();
    let error = network.write().unwrap_err().to_string();
    assert_eq!(error, "the number of layers: found 257, expected at most 256");
}

#[test]
fn files_of_something_else() {
    let network = network::<f32>(&Activation::Tanh).write().unwrap();
    let error = |result: ann_model::Result<Network>| result.unwrap_err().to_string();
    assert_eq!(
        error(Network::read(&network)),
        "the file holds a network in single precision (f32), expected a network in double precision (f64)"
    );
    let model = classifier(&Activation::Tanh).write().unwrap();
    assert_eq!(error(Network::read(&model)), "the file holds a model, expected a network");
    let expected = "the file holds a network, expected a model";
    assert_eq!(ann_model::Model::read(&network).unwrap_err().to_string(), expected);
}

#[test]
fn a_file_cannot_claim_more_than_it_holds() {
    let bytes = network::<f64>(&Activation::Tanh).write().unwrap();
    let mut container = Container::read(&bytes, &Limits::default()).unwrap();
    let (_, text) = container.texts.iter_mut().find(|(name, _)| name == "ann.model").unwrap();
    *text = text.replace(r#""units":4"#, r#""units":4000000000"#);
    let error = Network::<f64>::read(&container.write()).unwrap_err();
    assert!(matches!(error, Error::Malformed { .. }), "{error}");
    let few = Limits { layers: 2, ..Limits::default() };
    assert!(matches!(Network::<f64>::read_with(&bytes, &few), Err(Error::TooLarge { .. })));
}

fn network<F: Scalar>(activation: &Activation) -> Network<F> {
    let architecture = Architecture::inputs(3)
        .dense(5, activation.clone())
        .dense(4, Activation::Sigmoid)
        .dense(2, Activation::Identity);
    Network::init(&architecture, Init::XavierNormal { gain: 2.0 }, &mut seeded(3)).unwrap()
}

#[track_caller]
fn check<F: Element>(network: &Network<F>) {
    let bytes = network.write().unwrap();
    let read = Network::<F>::read(&bytes).unwrap();
    assert_eq!(read.architecture(), network.architecture());
    let bits = |network: &Network<F>| {
        network.parameters().iter().map(|number| number.as_f64().to_bits()).collect::<Vec<_>>()
    };
    assert_eq!(bits(&read), bits(network));
    assert_eq!(read.write().unwrap(), bytes);
}
