//! Files of every format are read for ever, and predict what they predicted (tests/files/README.md).

use std::path::Path;
use std::process::Command;
use std::{env, fs};

use ann_model::ann_core::{InstructionSet, Network};
use ann_model::file::Load;
use ann_model::{Model, Table};
use ndarray::{Array2, array};

/// Which instruction set a process uses.
const INSTRUCTIONS: &str = "ANN_INSTRUCTIONS";

#[test]
fn files_of_all_formats_are_read() {
    let folders = fs::read_dir("tests/files").unwrap().map(|entry| entry.unwrap().path());
    let folders: Vec<_> = folders.filter(|path| path.is_dir()).collect();
    assert!(folders.iter().any(|folder| folder.ends_with("1")), "{folders:?}");
    folders.iter().for_each(|folder| check(folder));
}

/// A process uses one instruction set, so this test starts itself once for each.
#[test]
fn every_instruction_set_predicts_the_same() {
    for instructions in InstructionSet::available() {
        let output = Command::new(env::current_exe().unwrap())
            .args(["--exact", "old_files::one_instruction_set_predicts_the_same"])
            .env(INSTRUCTIONS, instructions.to_string())
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(text.contains("1 passed"), "{instructions}: {text}");
    }
}

/// The test of such a process; without the variable there is nothing to do.
#[test]
fn one_instruction_set_predicts_the_same() {
    let Ok(chosen) = env::var(INSTRUCTIONS) else { return };
    let found =
        InstructionSet::available().into_iter().find(|instructions| instructions.to_string() == chosen);
    found.expect("an instruction set").choose().unwrap();
    files_of_all_formats_are_read();
}

fn check(folder: &Path) {
    for name in ["classification", "regression"] {
        let model = Model::load(folder.join(name).with_extension("ann")).unwrap();
        model.check_probe().unwrap();
        let predictions = model.predict(&rows()).unwrap();
        // Between machines softmax may differ in the last place of single precision: exp is the platform's.
        // A quotient of such numbers, averaged over two networks, is within four units. The rest is exact.
        let tolerance = if name == "classification" { 4.0 * f64::from(f32::EPSILON) } else { 0.0 };
        same(predictions.values(), folder, name, tolerance);
    }
    for name in ["network", "checkpoint"] {
        let network = Network::<f64>::load(folder.join(name).with_extension("ann")).unwrap();
        same(&outputs(&network), folder, name, 0.0);
    }
}

/// Compares with the numbers of a text file, within a share of each.
#[track_caller]
fn same(found: &Array2<f64>, folder: &Path, name: &str, tolerance: f64) {
    let text = fs::read_to_string(folder.join(name).with_extension("txt")).unwrap();
    let expected: Vec<f64> = text.split_whitespace().map(|number| number.parse().unwrap()).collect();
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        let is_same = (found - expected).abs() <= tolerance * expected.abs();
        assert!(is_same, "{}/{name}: {found:?}, expected {expected:?}", folder.display());
    }
}

fn rows() -> Table {
    Table::open("tests/files/rows.csv").unwrap()
}

/// Raw outputs of three rows, one at a time, so that no machine uses the platform's functions.
fn outputs(network: &Network) -> Array2<f64> {
    let x = array![[0.0, 0.0], [1.0, -0.5], [-3.0, 20.0]];
    let mut outputs = Array2::zeros((3, network.architecture().output_width()));
    let mut predictor = network.predictor().unwrap();
    for (x, mut outputs) in x.rows().into_iter().zip(outputs.rows_mut()) {
        predictor.predict_into(x.to_slice().unwrap(), outputs.as_slice_mut().unwrap()).unwrap();
    }
    outputs
}

/// How the files were made.
#[cfg(feature = "train")]
mod recipe {
    use std::env;
    use std::fmt::Write as _;
    use std::fs::{self, File};
    use std::io::Write as _;
    use std::path::{Path, PathBuf};

    use ann_model::ann_core::{Activation, Architecture, Loss, Network, Problem, Scalar};
    use ann_model::ann_table::{Schema, SchemaOptions};
    use ann_model::ann_train::{Adam, Batching, TrainConfig, Training};
    use ann_model::file::{Checkpoint, Save};
    use ann_model::{Conformal, Model, Networks, Table};
    use ndarray::{Array2, array};

    use super::{check, outputs, rows};

    const TABLE: &str = "x,gap,city,pair,day,class,first,second\n\
        1.5,,Bonn,yes,2024-01-01,b,1.5,100\n\
        2.5,7,Köln,no,2024-02-03,a,2.25,200\n\
        -3,8,,yes,2024-05-06,b,-1,150\n\
        0.25,9,Trier,no,2025-01-01,c,0.5,-300\n\
        11,10,Bonn,no,,a,3,0\n";

    #[test]
    fn files_of_this_format_are_read() {
        let temporary = tempfile::tempdir().unwrap();
        let folder = env::var("ANN_NEW_FILES").map_or_else(|_| temporary.path().to_owned(), PathBuf::from);
        fs::create_dir_all(&folder).unwrap();
        for (name, model) in [("classification", classification()), ("regression", regression())] {
            create(&folder, name, &model, model.predict(&rows()).unwrap().values());
        }
        create(&folder, "network", &network(), &outputs(&network()));
        let checkpoint = checkpoint();
        create(&folder, "checkpoint", &checkpoint, &outputs(&checkpoint.state().network));
        check(&folder);
    }

    /// A file and its predictions, which must not be there yet.
    fn create(folder: &Path, name: &str, contents: &impl Save, predictions: &Array2<f64>) {
        let path = folder.join(name);
        let mut text = String::new();
        for row in predictions.rows() {
            let numbers: Vec<String> = row.iter().map(|number| format!("{number:?}")).collect();
            writeln!(text, "{}", numbers.join(" ")).unwrap();
        }
        for (ending, bytes) in [("ann", contents.write().unwrap()), ("txt", text.into_bytes())] {
            let file = File::create_new(path.with_extension(ending));
            file.expect("files of a format are made once").write_all(&bytes).unwrap();
        }
    }

    fn classification() -> Model {
        let schema = schema(&["class"], &["first", "second"]);
        let networks = Networks::F32(networks(&schema, &Activation::Silu));
        let residuals = Array2::from_shape_fn((20, 1), |(row, _)| row as f64 / 32.0);
        let model = Model::new(schema, networks, Loss::SmoothedCrossEntropy { smoothing: 0.1 }).unwrap();
        let mut model = model.with_conformal(Conformal::new(&residuals).unwrap()).unwrap();
        model.provenance = ann_model::serde_json::json!({ "program": "ann-model 0.1.0" });
        model
    }

    fn regression() -> Model {
        let schema = schema(&["first", "second"], &["class"]);
        let networks = Networks::F64(networks(&schema, &Activation::Tanh));
        Model::new(schema, networks, Loss::Huber { delta: 0.3 }).unwrap()
    }

    fn schema(targets: &[&str], ignore: &[&str]) -> Schema {
        let ignore = ignore.iter().map(|name| (*name).to_owned()).collect();
        let options = SchemaOptions { ignore, ..SchemaOptions::default() };
        Schema::learn(&Table::read(TABLE.as_bytes()).unwrap(), targets, &options).unwrap()
    }

    /// Two networks, of which the second has the piecewise-linear inputs too.
    fn networks<F: Scalar>(schema: &Schema, activation: &Activation) -> Vec<Network<F>> {
        let network = |inputs: usize| {
            let architecture = Architecture::inputs(inputs)
                .dense(5, activation.clone())
                .dense(4, Activation::Tanh)
                .dense(schema.target.outputs(), Activation::Identity);
            with_weights(&architecture)
        };
        [schema.plain_inputs(), schema.inputs()].map(network).into()
    }

    fn network() -> Network {
        let architecture = Architecture::inputs(2)
            .dense(3, Activation::Identity)
            .dense(3, Activation::Sigmoid)
            .dense(3, Activation::Tanh)
            .dense(3, Activation::Relu)
            .dense(3, Activation::LeakyRelu { slope: -0.1 })
            .dense(3, Activation::Elu { alpha: 0.3 })
            .dense(3, Activation::Selu)
            .dense(3, Activation::Softplus)
            .dense(3, Activation::Silu)
            .dense(3, Activation::Mish)
            .dense(2, Activation::Gelu);
        with_weights(&architecture)
    }

    fn checkpoint() -> Checkpoint {
        let architecture = Architecture::inputs(2).dense(3, Activation::Tanh).dense(1, Activation::Identity);
        let x = array![[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]];
        let y = vec![0.0, 1.0, 1.0, 0.0];
        let problem = Problem::new(&architecture, Loss::MeanSquaredError, &x, &y).unwrap();
        let batching = Batching::shuffled(3, 7);
        let config =
            TrainConfig { optimizer: Adam::default().into(), batching, epochs: 10, ..TrainConfig::default() };
        let mut training = Training::new(&problem, with_weights(&architecture), &config).unwrap();
        (0..5).for_each(|_| assert!(training.epoch().unwrap().is_continue()));
        Checkpoint::new(&training)
    }

    /// −0.99 to 1, in an order that looks random: a generator of normal numbers may differ between machines.
    fn with_weights<F: Scalar>(architecture: &Architecture) -> Network<F> {
        let count = architecture.layout().unwrap().len();
        let weight = |number: usize| F::of((number * 7919 % 200) as f64 / 100.0 - 0.99);
        Network::from_parameters(architecture, (1..=count).map(weight).collect()).unwrap()
    }
}
