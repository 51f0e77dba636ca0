//! Models for tests.

use ann_model::ann_core::{Activation, Architecture, Init, Loss, Network, Scalar, seeded};
use ann_model::ann_table::{Schema, SchemaOptions};
use ann_model::{Conformal, Model, Networks, Table};
use ndarray::Array2;

/// Every activation that a file can hold.
pub const ACTIVATIONS: [Activation; 11] = [
    Activation::Identity,
    Activation::Sigmoid,
    Activation::Tanh,
    Activation::Relu,
    Activation::LeakyRelu { slope: -0.1 },
    Activation::Elu { alpha: 0.3 },
    Activation::Selu,
    Activation::Softplus,
    Activation::Silu,
    Activation::Mish,
    Activation::Gelu,
];

/// Numbers, some missing; words; two words; dates.
pub const TABLE: &str = "x,gap,city,pair,day,class,number\n\
    1.5,,Bonn,yes,2024-01-01,b,1.5\n\
    2.5,7,Köln,no,2024-02-03,a,2.25\n\
    -3,8,,yes,2024-05-06,b,-1\n\
    0.25,9,Trier,no,2025-01-01,c,0.5\n\
    11,10,Bonn,no,,a,3\n";

pub fn table() -> Table {
    Table::read(TABLE.as_bytes()).unwrap()
}

/// Learned from [`TABLE`].
pub fn schema(target: &str) -> Schema {
    let others = ["class", "number"].map(String::from).into_iter().filter(|name| name != target);
    let options = SchemaOptions { ignore: others.collect(), ..SchemaOptions::default() };
    Schema::learn(&table(), &[target], &options).unwrap()
}

/// Two networks with random weights, of which the second has the piecewise-linear inputs too.
pub fn networks<F: Scalar>(schema: &Schema, activation: &Activation) -> Vec<Network<F>> {
    let network = |(seed, inputs): (u64, usize)| {
        let architecture = Architecture::inputs(inputs)
            .dense(5, activation.clone())
            .dense(4, Activation::Tanh)
            .dense(schema.target.outputs(), Activation::Identity);
        Network::init(&architecture, Init::XavierNormal { gain: 2.0 }, &mut seeded(seed)).unwrap()
    };
    [(1, schema.plain_inputs()), (2, schema.inputs())].map(network).into()
}

pub fn classifier(activation: &Activation) -> Model {
    let schema = schema("class");
    let networks = Networks::F32(networks(&schema, activation));
    let residuals = Array2::from_shape_fn((20, 1), |(row, _)| row as f64 / 20.0);
    let model = Model::new(schema, networks, Loss::SoftmaxCrossEntropy).unwrap();
    let mut model = model.with_conformal(Conformal::new(&residuals).unwrap()).unwrap();
    model.provenance = ann_model::serde_json::json!({ "program": "a test", "seed": "1" });
    model
}

pub fn regressor() -> Model {
    let schema = schema("number");
    let networks = Networks::F64(networks(&schema, &Activation::Silu));
    let residuals = Array2::from_shape_fn((1500, 1), |(row, _)| row as f64 / 1000.0);
    let model = Model::new(schema, networks, Loss::MeanSquaredError).unwrap();
    model.with_conformal(Conformal::new(&residuals).unwrap()).unwrap()
}
