//! Graphs of ONNX. `cargo xtask onnx` runs them; here they are only read.

use std::collections::HashSet;

use ann_export::ann_model::{Model, Networks, Table};
use ann_export::{OnnxInputs, OnnxOptions, OnnxPrecision, onnx};
use ann_model::ann_core::{Activation, ActivationFn, Architecture, Loss, Network};
use ann_model::ann_table::{Schema, SchemaOptions, Task};

use crate::models::{ACTIVATIONS, TASKS, Without, double, networks, schema, single};
use crate::protobuf::Message;

const MIXED: OnnxOptions = OnnxOptions { precision: OnnxPrecision::Mixed, inputs: OnnxInputs::Columns };
const F32: OnnxOptions = OnnxOptions { precision: OnnxPrecision::F32, ..MIXED };
const F64: OnnxOptions = OnnxOptions { precision: OnnxPrecision::F64, ..MIXED };
const MATRIX: OnnxOptions = OnnxOptions { inputs: OnnxInputs::Matrix, ..MIXED };

/// Element types of tensors.
const FLOAT: u64 = 1;
const INT64: u64 = 7;
const TEXT: u64 = 8;
const DOUBLE: u64 = 11;

#[test]
fn every_node_follows_those_that_it_needs() {
    for task in TASKS {
        for activation in &ACTIVATIONS {
            for without in [Without::Nothing, Without::Words] {
                check_order(&single(task, without, activation), &MIXED);
                check_order(&double(task, without, activation), &F64);
            }
            check_order(&single(task, Without::Times, activation), &F32);
            check_order(&single(task, Without::TimesAndWords, activation), &MATRIX);
        }
    }
}

/// Everything that is inside has a name with the prefix, and is computed once, before it is needed.
#[track_caller]
fn check_order(model: &Model, options: &OnnxOptions) {
    let bytes = onnx(model, options).unwrap();
    let graph = Graph::read(&bytes);
    let mut known: HashSet<&str> = graph.inputs.iter().map(|(name, ..)| *name).collect();
    for constant in &graph.constants {
        assert!(constant.starts_with("ann/") && known.insert(constant), "{constant}");
    }
    let outputs: Vec<&str> = graph.outputs.iter().map(|(name, ..)| *name).collect();
    for (operator, inputs, output) in &graph.nodes {
        assert!(inputs.iter().all(|input| known.contains(input)), "{operator} of {inputs:?}");
        assert!(known.insert(output), "{output} is computed twice");
        assert!(output.starts_with("ann/") || outputs.contains(output), "{output}");
    }
    assert!(outputs.iter().all(|output| known.contains(output)), "{outputs:?}");
    let used: HashSet<&str> = graph.nodes.iter().flat_map(|(_, inputs, _)| inputs.iter().copied()).collect();
    let unused: Vec<&str> =
        known.into_iter().filter(|name| !used.contains(name) && !outputs.contains(name)).collect();
    assert!(unused.is_empty(), "{unused:?}");
}

#[test]
fn a_column_is_an_input() {
    let columns = ["x (cm)", "gap", "Größe", "stamp", "city", "pair", "note", "ward", "x-cm", "day"];
    let types = |number| [number, number, number, number, TEXT, TEXT, TEXT, TEXT, number, number];
    for (options, number) in [(MIXED, DOUBLE), (F64, DOUBLE)] {
        let bytes =
            onnx(&single(Task::Classification, Without::Nothing, &Activation::Tanh), &options).unwrap();
        let expected: Vec<_> =
            columns.into_iter().zip(types(number)).map(|(name, kind)| (name, kind, vec![1])).collect();
        assert_eq!(Graph::read(&bytes).inputs, expected);
    }
    let bytes = onnx(&single(Task::Regression, Without::Times, &Activation::Tanh), &F32).unwrap();
    assert!(
        Graph::read(&bytes)
            .inputs
            .iter()
            .all(|(name, kind, _)| *kind == FLOAT || ["city", "pair", "note", "ward"].contains(name))
    );
    let bytes = onnx(&single(Task::Regression, Without::TimesAndWords, &Activation::Tanh), &MATRIX).unwrap();
    assert_eq!(Graph::read(&bytes).inputs, [("inputs", DOUBLE, vec![4])]);
}

#[test]
fn outputs_are_labels_and_numbers() {
    for (task, options, expected) in [
        (Task::Classification, MIXED, vec![("label", TEXT, vec![]), ("probabilities", FLOAT, vec![3])]),
        (Task::Classification, F64, vec![("label", TEXT, vec![]), ("probabilities", DOUBLE, vec![3])]),
        (Task::MultiLabel, MIXED, vec![("label", TEXT, vec![2]), ("probabilities", FLOAT, vec![2])]),
        (Task::Regression, MIXED, vec![("prediction", DOUBLE, vec![2])]),
    ] {
        let bytes = onnx(&single(task, Without::Nothing, &Activation::Relu), &options).unwrap();
        assert_eq!(Graph::read(&bytes).outputs, expected, "{task:?}");
    }
    let bytes = onnx(&single(Task::Regression, Without::Times, &Activation::Relu), &F32).unwrap();
    assert_eq!(Graph::read(&bytes).outputs, [("prediction", FLOAT, vec![2])]);
}

#[test]
fn classes_of_whole_numbers_are_whole_numbers() {
    for (classes, expected) in [("1\n3\n2\n", INT64), ("01\n02\n01\n", TEXT), ("1.5\n2\n1.5\n", TEXT)] {
        let cells = classes.lines().zip(1..).map(|(class, x)| format!("{x},{class}\n"));
        let text = format!("x,class\n{}", cells.collect::<String>());
        let bytes = onnx(&classifier(&text), &MIXED).unwrap();
        assert_eq!(Graph::read(&bytes).outputs[0].1, expected, "{classes:?}");
    }
}

#[test]
fn columns_may_have_the_names_of_outputs() {
    let model = classifier("label,ann/x,probabilities,class\n1,2,3,a\n2,4,5,b\n3,5,5,b\n");
    let bytes = onnx(&model, &MIXED).unwrap();
    let graph = Graph::read(&bytes);
    let outputs: Vec<&str> = graph.outputs.iter().map(|(name, ..)| *name).collect();
    assert_eq!(outputs, ["label_", "probabilities_"]);
    assert!(graph.constants.iter().all(|name| name.starts_with("ann//")), "{:?}", graph.constants);
}

#[test]
fn the_file_says_what_it_is() {
    let model = single(Task::Classification, Without::Nothing, &Activation::Tanh);
    let bytes = onnx(&model, &MIXED).unwrap();
    let file = Message::read(&bytes);
    assert_eq!((file.integers(1), file.texts(2)), (vec![9], vec!["ann"]));
    let operators: Vec<_> = file.messages(8).map(|set| (set.texts(1), set.integers(2))).collect();
    assert_eq!(operators, [(vec![""], vec![19])], "only the default domain");
    let metadata: Vec<_> = file.messages(14).map(|entry| [entry.texts(1), entry.texts(2)].concat()).collect();
    assert_eq!(metadata[0], ["ann.digest", &model.digest().unwrap()]);
    assert_eq!(metadata[2], ["ann.target", r#"{"name":"class","classes":["a","b","c"]}"#]);
    assert!(
        metadata[1][1].starts_with(r#"[{"name":"x (cm)","kind":"number","fill":2.0,"#),
        "{}",
        metadata[1][1]
    );
}

#[test]
fn what_cannot_be_exported() {
    let model = |without| single(Task::Classification, without, &Activation::Tanh);
    for (model, options, expected) in [
        (
            model(Without::Nothing),
            F32,
            r#"the column "stamp" has numbers up to 1.7000036e9, whose single precision is 3e0 of the spread of the column, expected at most 1e-4: choose mixed or double precision, or subtract a constant from the column before training"#,
        ),
        (
            model(Without::Nothing),
            MATRIX,
            r#"the column "city" holds categories: only numbers fit into one matrix; export an input for each column"#,
        ),
        (
            dates(),
            F32,
            r#"the column "day" holds dates, which need double precision: choose mixed or double precision"#,
        ),
        (
            single(Task::Classification, Without::Nothing, &Twice.into()),
            MIXED,
            "layer 1 has the custom activation Twice, which cannot be saved: only those of ann-core can",
        ),
        (
            large(),
            F32,
            r#"the column "far" has numbers up to 5e30, expected at most 1e30 in single precision: change the unit of the column before training"#,
        ),
        (
            with_weight(1e39),
            MIXED,
            "layer 1 of network 1 has a weight of 1e39, too large for single precision: choose double precision",
        ),
    ] {
        assert_eq!(onnx(&model, &options).unwrap_err().to_string(), expected);
    }
    assert!(onnx(&with_weight(1e39), &F64).is_ok());
}

fn large() -> Model {
    classifier("far,class\n-2e30,a\n5e30,b\n4e30,b\n")
}

fn dates() -> Model {
    classifier("day,class\n2024-01-01,a\n2024-02-03,b\n2024-02-03,b\n")
}

fn classifier(text: &str) -> Model {
    let table = Table::read(text.as_bytes()).unwrap();
    let options = SchemaOptions { task: Some(Task::Classification), ..SchemaOptions::default() };
    let schema = Schema::learn(&table, &["class"], &options).unwrap();
    let networks = Networks::F32(networks(&schema, &Activation::Tanh));
    Model::new(schema, networks, Loss::SoftmaxCrossEntropy).unwrap()
}

/// A network whose weights are all equal.
fn with_weight(weight: f64) -> Model {
    let schema = schema(Task::Classification, Without::Nothing);
    let architecture = Architecture::inputs(schema.inputs()).dense(3, Activation::Identity);
    let parameters = vec![weight; architecture.layout().unwrap().len()];
    let network = Network::from_parameters(&architecture, parameters).unwrap();
    Model::new(schema, Networks::F64(vec![network]), Loss::SoftmaxCrossEntropy).unwrap()
}

/// σ(z) = 2z.
#[derive(Debug)]
struct Twice;

impl ActivationFn for Twice {
    fn value(&self, z: f64) -> f64 {
        2.0 * z
    }
    fn derivative(&self, _z: f64, _a: f64) -> f64 {
        2.0
    }
}

/// Name, element type, and the columns of shape (rows, columns).
type Tensor<'a> = (&'a str, u64, Vec<u64>);

/// What the tests look at in a graph.
struct Graph<'a> {
    inputs: Vec<Tensor<'a>>,
    outputs: Vec<Tensor<'a>>,
    constants: Vec<&'a str>,
    /// Operator, inputs and output.
    nodes: Vec<(&'a str, Vec<&'a str>, &'a str)>,
}

impl<'a> Graph<'a> {
    fn read(bytes: &'a [u8]) -> Self {
        let graph = Message::read(bytes).messages(7).next().expect("a graph");
        let node = |node: Message<'a>| (node.texts(4)[0], node.texts(1), node.texts(2)[0]);
        Self {
            inputs: graph.messages(11).map(|info| tensor(&info)).collect(),
            outputs: graph.messages(12).map(|info| tensor(&info)).collect(),
            constants: graph.messages(5).map(|constant| constant.texts(8)[0]).collect(),
            nodes: graph.messages(1).map(node).collect(),
        }
    }
}

fn tensor<'a>(info: &Message<'a>) -> Tensor<'a> {
    let kind = info.messages(2).next().expect("a type").messages(1).next().expect("a tensor");
    let shape: Vec<Message<'a>> = kind.messages(2).next().expect("a shape").messages(1).collect();
    assert_eq!(shape[0].texts(2), ["N"], "any number of rows");
    (info.texts(1)[0], kind.integers(1)[0], shape[1..].iter().flat_map(|size| size.integers(1)).collect())
}
