//! Graphs of ONNX: nodes that compute tensors from others, constants, inputs and outputs.
//!
//! Field numbers are those of `onnx.proto3` (<https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3>).

use std::collections::HashMap;

use ann_table::ColumnSchema;

use super::protobuf::Message;

/// The type of the elements of a tensor, with its number in `TensorProto.DataType`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Element {
    Float = 1,
    Int64 = 7,
    Text = 8,
    Double = 11,
}

/// The name of a tensor.
pub(super) type Name = String;

/// The graph. What is inside has names that begin with a prefix, which no column has.
#[derive(Debug)]
pub(super) struct Graph {
    prefix: String,
    nodes: Vec<Message>,
    constants: Vec<Message>,
    inputs: Vec<Message>,
    outputs: Vec<Message>,
    /// Numbers that are constants already, by their bits.
    numbers: HashMap<(Element, u64), Name>,
    /// What is computed already, by operator, inputs and attributes.
    computed: HashMap<String, Name>,
}

/// The number of rows, which the caller of the graph chooses.
const ROWS: &str = "N";

impl Graph {
    pub fn new(columns: &[ColumnSchema]) -> Self {
        let mut prefix = "ann/".to_owned();
        while columns.iter().any(|column| column.name.starts_with(&prefix)) {
            prefix.push('/');
        }
        let (numbers, computed) = (HashMap::new(), HashMap::new());
        let [nodes, constants, inputs, outputs] = [(); 4].map(|()| Vec::new());
        Self { prefix, nodes, constants, inputs, outputs, numbers, computed }
    }

    /// A part of the graph, whose names begin with that of the part. Numbers in it have this type.
    pub fn part(&mut self, name: &str, element: Element) -> Part<'_> {
        Part { prefix: format!("{}{name}/", self.prefix), element, graph: self }
    }

    /// An input of shape (rows, columns).
    pub fn input(&mut self, name: &str, element: Element, columns: usize) -> Name {
        self.inputs.push(value_info(name, element, Some(columns)));
        name.to_owned()
    }

    /// Makes a tensor an output of this name: shape (rows, columns), or (rows) without columns.
    pub fn output(&mut self, name: &str, tensor: &Name, element: Element, columns: Option<usize>) {
        self.nodes.push(node("Identity", &[tensor], name, &[]));
        self.outputs.push(value_info(name, element, columns));
    }

    /// The message `GraphProto`.
    pub fn into_message(self, name: &str) -> Message {
        let add = |field| move |graph: Message, part: Message| graph.message(field, &part);
        Message::default()
            .each(self.nodes, add(1))
            .text(2, name)
            .each(self.constants, add(5))
            .each(self.inputs, add(11))
            .each(self.outputs, add(12))
    }
}

/// A part of a graph, to which nodes and constants are added.
#[derive(Debug)]
pub(super) struct Part<'g> {
    prefix: String,
    /// The type of the numbers of this part.
    pub element: Element,
    graph: &'g mut Graph,
}

impl Part<'_> {
    /// A node with one output.
    pub fn apply(&mut self, operator: &str, inputs: &[&Name]) -> Name {
        self.apply_with(operator, inputs, &[])
    }

    /// A node with attributes. What is computed already is not computed again.
    pub fn apply_with(&mut self, operator: &str, inputs: &[&Name], attributes: &[(&str, i64)]) -> Name {
        let key = format!("{operator} {inputs:?} {attributes:?}");
        if let Some(output) = self.graph.computed.get(&key) {
            return output.clone();
        }
        let output = format!("{}{operator}_{}", self.prefix, self.graph.nodes.len() + 1);
        self.graph.nodes.push(node(operator, inputs, &output, attributes));
        self.graph.computed.insert(key, output.clone());
        output
    }

    /// A node whose second input is a number.
    pub fn apply_to(&mut self, operator: &str, input: &Name, number: f64) -> Name {
        let number = self.number(number);
        self.apply(operator, &[input, &number])
    }

    pub fn cast(&mut self, input: &Name, to: Element) -> Name {
        self.apply_with("Cast", &[input], &[("to", to as i64)])
    }

    /// Numbers of this part in another precision.
    pub fn convert(&mut self, input: &Name, to: Element) -> Name {
        if to == self.element { input.clone() } else { self.cast(input, to) }
    }

    /// Tensors of shape (rows, …) side by side.
    pub fn join(&mut self, tensors: &[Name]) -> Name {
        match tensors {
            [single] => single.clone(),
            _ => self.apply_with("Concat", &tensors.iter().collect::<Vec<_>>(), &[("axis", 1)]),
        }
    }

    /// The columns of these numbers, in this order.
    pub fn columns(&mut self, tensor: &Name, columns: &[usize]) -> Name {
        let columns: Vec<i64> = columns.iter().map(|&column| column as i64).collect();
        let columns = self.integers("columns", &columns);
        self.apply_with("Gather", &[tensor, &columns], &[("axis", 1)])
    }

    /// A number without dimensions.
    pub fn number(&mut self, number: f64) -> Name {
        let key = (self.element, number.to_bits());
        if let Some(name) = self.graph.numbers.get(&key) {
            return name.clone();
        }
        let name = self.numbers("number", &[], &[number]);
        self.graph.numbers.insert(key, name.clone());
        name
    }

    /// Numbers of shape (1, columns).
    pub fn row(&mut self, name: &str, numbers: &[f64]) -> Name {
        self.numbers(name, &[1, numbers.len()], numbers)
    }

    /// Numbers in row-major order.
    pub fn numbers(&mut self, name: &str, shape: &[usize], numbers: &[f64]) -> Name {
        let bytes: Vec<u8> = match self.element {
            Element::Float => numbers.iter().flat_map(|&number| (number as f32).to_le_bytes()).collect(),
            _ => numbers.iter().flat_map(|number| number.to_le_bytes()).collect(),
        };
        self.constant(name, self.element, shape, &[], Some(&bytes))
    }

    /// Whole numbers in one dimension.
    pub fn integers(&mut self, name: &str, integers: &[i64]) -> Name {
        let bytes: Vec<u8> = integers.iter().flat_map(|integer| integer.to_le_bytes()).collect();
        self.constant(name, Element::Int64, &[integers.len()], &[], Some(&bytes))
    }

    pub fn words(&mut self, name: &str, shape: &[usize], words: &[&str]) -> Name {
        self.constant(name, Element::Text, shape, words, None)
    }

    /// The message `TensorProto`, which holds words as texts, and numbers as bytes.
    fn constant(
        &mut self,
        name: &str,
        element: Element,
        shape: &[usize],
        words: &[&str],
        bytes: Option<&[u8]>,
    ) -> Name {
        let name = format!("{}{name}_{}", self.prefix, self.graph.constants.len() + 1);
        let tensor = Message::default()
            .each(shape, |tensor, &size| tensor.integer(1, size as i64))
            .integer(2, element as i64)
            .each(words, |tensor, word| tensor.text(6, word))
            .text(8, &name)
            .each(bytes, |tensor, bytes| tensor.bytes(9, bytes));
        self.graph.constants.push(tensor);
        name
    }
}

/// The message `NodeProto`; attributes are integers.
fn node(operator: &str, inputs: &[&Name], output: &str, attributes: &[(&str, i64)]) -> Message {
    const INTEGER: i64 = 2; // AttributeProto.INT
    Message::default()
        .each(inputs, |node, input| node.text(1, input))
        .text(2, output)
        .text(3, output)
        .text(4, operator)
        .each(attributes, |node, (name, value)| {
            node.message(5, &Message::default().text(1, name).integer(3, *value).integer(20, INTEGER))
        })
}

/// The message `ValueInfoProto`: shape (rows, columns), or (rows) without columns.
fn value_info(name: &str, element: Element, columns: Option<usize>) -> Message {
    let dimension = |shape: Message, size| shape.message(1, &size);
    let rows = Message::default().text(2, ROWS);
    let columns = columns.map(|columns| Message::default().integer(1, columns as i64));
    let shape = Message::default().each([Some(rows), columns].into_iter().flatten(), dimension);
    let tensor = Message::default().integer(1, element as i64).message(2, &shape);
    Message::default().text(1, name).message(2, &Message::default().message(1, &tensor))
}
