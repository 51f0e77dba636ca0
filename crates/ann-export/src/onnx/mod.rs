//! ONNX: one graph that takes the cells of a table and returns what the model predicts.

use ann_model::Model;
use ann_table::{Encoding, Kind, Schema};

use crate::parts::{MOST_ROUNDING, check_single, check_weights, members, response, rounding};
use crate::{Error, Result, json};

mod activation;
mod dates;
mod encoding;
mod graph;
mod networks;
mod predictions;
mod protobuf;

use graph::{Element, Graph, Name};
use protobuf::Message;

/// How a model is written as ONNX.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OnnxOptions {
    /// The precision of the graph. Default mixed.
    pub precision: OnnxPrecision,
    /// What the graph takes. Default an input for each column.
    pub inputs: OnnxInputs,
}

/// The precision of a graph.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum OnnxPrecision {
    /// Numbers are taken and encoded in double precision, networks compute in single precision. So small
    /// differences of large numbers, such as points in time, are kept.
    #[default]
    Mixed,
    /// Everything in single precision.
    F32,
    /// Everything in double precision.
    F64,
}

/// The inputs of a graph.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum OnnxInputs {
    /// One for each column, with the name of the column, shape (rows, 1): numbers, words, and dates as
    /// seconds since 1970.
    #[default]
    Columns,
    /// One matrix `inputs`, shape (rows, columns), of a model whose columns are all numbers.
    Matrix,
}

/// Versions of the format: of the file, and of the operators. ONNX Runtime 1.16 of 2023 is the first that
/// reads these, because words are compared in graphs since operators 19.
const FORMAT: i64 = 9;
const OPERATORS: i64 = 19;

/// Writes a model as ONNX, all in one graph: gaps, words, dates and scales, the networks, and the names of
/// the classes. It uses the operators of the default domain alone, so no runtime needs an extension.
///
/// Inputs have the names of the columns and shape (rows, 1). A gap in a number or date is NaN, a gap among
/// words is an empty text. Outputs are
///
/// | target | outputs |
/// |---|---|
/// | a class | `label` (rows): whole numbers if all classes are, otherwise texts; `probabilities` (rows, classes) |
/// | numbers | `prediction` (rows, numbers) |
/// | labels | `label` (rows, labels): texts; `probabilities` (rows, labels) |
///
/// Underscores are added to the name of an output that is the name of a column. The metadata hold digest,
/// task, columns and classes.
///
/// ```
/// # fn example(model: &ann_model::Model) -> ann_export::Result<()> {
/// use ann_export::{OnnxOptions, onnx};
///
/// let bytes: Vec<u8> = onnx(model, &OnnxOptions::default())?;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// The model has a custom activation or loss. A matrix is asked for, but a column holds words or dates.
/// Single precision is asked for, but does not tell the numbers of a column apart, or a weight is too large
/// for it.
pub fn onnx(model: &Model, options: &OnnxOptions) -> Result<Vec<u8>> {
    let digest = model.digest()?;
    let precisions @ [numbers, networks] = match options.precision {
        OnnxPrecision::Mixed => [Element::Double, Element::Float],
        OnnxPrecision::F32 => [Element::Float; 2],
        OnnxPrecision::F64 => [Element::Double; 2],
    };
    let (schema, members) = (model.schema(), members(model));
    if networks == Element::Float {
        check_weights(&members)?;
    }
    if numbers == Element::Float {
        check_single(schema, &members)?;
        check_columns(schema)?;
    }
    let mut graph = Graph::new(&schema.columns);
    let cells = cells(&mut graph, schema, options.inputs, numbers)?;
    let encoded = encoding::encode(&mut graph, schema, &cells, precisions);
    let outputs = networks::compute(&mut graph, &members, &encoded, networks)?;
    predictions::predict(&mut graph, schema, &outputs, response(model.loss()), precisions);
    Ok(file(graph, schema, &digest).into_bytes())
}

/// The inputs of the graph: a tensor for each column, or one matrix.
fn cells(graph: &mut Graph, schema: &Schema, inputs: OnnxInputs, numbers: Element) -> Result<Vec<Name>> {
    if inputs == OnnxInputs::Matrix {
        let other = schema.columns.iter().find(|column| column.encoding.kind() != Kind::Number);
        return match other {
            Some(column) => {
                let (column, kind) = (column.name.clone(), column.encoding.kind());
                Err(Error::NotANumber { column, kind })
            }
            None => Ok(vec![graph.input("inputs", numbers, schema.columns.len())]),
        };
    }
    let element = |kind| if kind == Kind::Category { Element::Text } else { numbers };
    let columns = schema.columns.iter();
    Ok(columns.map(|column| graph.input(&column.name, element(column.encoding.kind()), 1)).collect())
}

/// Refuses columns whose numbers single precision does not tell apart.
fn check_columns(schema: &Schema) -> Result<()> {
    for column in &schema.columns {
        match &column.encoding {
            Encoding::Number(number) => {
                let (largest, share) = rounding(number);
                if share > MOST_ROUNDING {
                    return Err(Error::Imprecise { column: column.name.clone(), largest, share });
                }
            }
            Encoding::Date(_) => return Err(Error::DateInSingle { column: column.name.clone() }),
            Encoding::Category(_) => {}
        }
    }
    Ok(())
}

/// The message `ModelProto`.
fn file(graph: Graph, schema: &Schema, digest: &str) -> Message {
    let operators = Message::default().text(1, "").integer(2, OPERATORS);
    let metadata = [
        ("ann.digest", digest.to_owned()),
        ("ann.columns", json::to_text(&json::columns(schema))),
        ("ann.target", json::to_text(&json::target(&schema.target))),
    ];
    Message::default()
        .integer(1, FORMAT)
        .text(2, "ann")
        .text(3, env!("CARGO_PKG_VERSION"))
        .message(7, &graph.into_message("ann"))
        .message(8, &operators)
        .each(metadata, |file, (key, value)| {
            file.message(14, &Message::default().text(1, key).text(2, &value))
        })
}
