//! Integrated gradients: how much each column of a row adds to its prediction (Sundararajan, Taly and Yan
//! 2017, "Axiomatic Attribution for Deep Networks").

use ann_core::jacobian::Jacobian;
use ann_core::{Loss, Network, Problem, Scalar};
use ann_model::{Model, Networks};
use ann_table::{Cell, Encoding, Schema, Table};
use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis};

use crate::Result;
use crate::score::number_targets;

/// How the prediction of a row comes about.
#[derive(Clone, Debug, PartialEq)]
pub struct Attribution {
    /// The prediction for an ordinary row, in which each number is the median of the rows that were learned
    /// from, and words and dates are missing. Length (outputs): probabilities of the classes or labels, or
    /// numbers.
    pub base: Array1<f64>,
    /// The prediction for this row, computed in double precision. Other than those of [`Model::predict`],
    /// numbers may be outside the range that was learned from.
    pub predicted: Array1<f64>,
    /// What each column adds, shape (columns of the schema, outputs). The sum over the columns is `predicted`
    /// − `base`, to 10⁻⁶: of probabilities, of the standard deviations of numbers, or of the larger of both
    /// if they are far from 1.
    pub added: Array2<f64>,
}

/// What each column adds to the predictions for the rows of a table.
///
/// The inputs go along a straight line from those of the ordinary row, x′, to those of the row, x. On the way
/// input i changes the prediction F by (xᵢ − x′ᵢ) ∫₀¹ ∂F/∂xᵢ(x′ + t (x − x′)) dt. What a column adds is the
/// sum over its inputs.
///
/// # Errors
/// The table lacks a column, or holds another kind; or the system cannot provide memory.
pub fn attributions(model: &Model, table: &Table) -> Result<Vec<Attribution>> {
    let schema = model.schema();
    let rows = schema.features::<f64>(table)?;
    let mut ordinary = vec![0.0; schema.inputs()];
    schema.encode_row(&ordinary_cells(schema), &mut ordinary)?;
    let mut lines = match model.networks() {
        Networks::F32(networks) => lines(networks, model.loss())?,
        Networks::F64(networks) => lines(networks, model.loss())?,
    };
    let ordinary = Array1::from(ordinary);
    rows.rows().into_iter().map(|row| attribution(model, &mut lines, &ordinary, &row)).collect()
}

fn ordinary_cells(schema: &Schema) -> Vec<Cell<'static>> {
    let cell = |encoding: &Encoding| match encoding {
        Encoding::Number(number) => Cell::Number(number.fill),
        Encoding::Category(_) | Encoding::Date(_) => Cell::Missing,
    };
    schema.columns.iter().map(|column| cell(&column.encoding)).collect()
}

/// The mean over the networks, in the units of the target.
fn attribution(
    model: &Model,
    lines: &mut [Line<'_>],
    ordinary: &Array1<f64>,
    row: &ArrayView1<'_, f64>,
) -> Result<Attribution> {
    let schema = model.schema();
    let (outputs, share) = (schema.target.outputs(), 1.0 / lines.len() as f64);
    let (mut base, mut predicted) = (Array1::zeros(outputs), Array1::zeros(outputs));
    let mut of_inputs = Array2::zeros((outputs, schema.inputs()));
    for line in lines {
        let width = line.network.architecture().input_width();
        let inputs = |all: &ArrayView1<'_, f64>| all.slice_axis(Axis(0), (..width).into()).to_owned();
        let (start, end) = (inputs(&ordinary.view()), inputs(row));
        let [at_start, at_end] = line.ends(&start, &end)?;
        let added = line.integral(&start, &(&end - &start), &at_start, &at_end)?;
        base.scaled_add(share, &at_start);
        predicted.scaled_add(share, &at_end);
        of_inputs.slice_axis_mut(Axis(1), (..width).into()).scaled_add(share, &added);
    }
    let mut added = of_columns(schema, &of_inputs);
    if model.has_scaled_targets() {
        for (output, target) in number_targets(&schema.target).iter().enumerate() {
            added.column_mut(output).mapv_inplace(|value| value * target.scale);
            for values in [&mut base, &mut predicted] {
                values[output] = target.restored(values[output]);
            }
        }
    }
    Ok(Attribution { base, predicted, added })
}

/// The sums over the inputs of each column: plain ones, then the piecewise-linear ones of all columns.
fn of_columns(schema: &Schema, of_inputs: &Array2<f64>) -> Array2<f64> {
    let mut added = Array2::zeros((schema.columns.len(), of_inputs.nrows()));
    let (mut plain, mut pieces) = (0, schema.plain_inputs());
    for (mut added, column) in added.rows_mut().into_iter().zip(&schema.columns) {
        let counts = [column.encoding.plain_inputs(), column.encoding.piecewise_inputs()];
        for (first, count) in [&mut plain, &mut pieces].into_iter().zip(counts) {
            let inputs = of_inputs.slice_axis(Axis(1), (*first..*first + count).into());
            added += &inputs.sum_axis(Axis(1));
            *first += count;
        }
    }
    added
}

/// A network in double precision, along a line between two inputs.
struct Line<'m> {
    network: Network<f64>,
    loss: &'m Loss,
    jacobian: Jacobian<f64>,
}

/// Nodes and weights of Gauss and Legendre's rule on [0, 1], exact for polynomials of degree 9.
const NODES: [f64; 5] =
    [0.046_910_077_030_668_0, 0.230_765_344_947_158_45, 0.5, 0.769_234_655_052_841_5, 0.953_089_922_969_332];
const WEIGHTS: [f64; 5] = [
    0.118_463_442_528_094_54,
    0.239_314_335_249_683_23,
    0.284_444_444_444_444_44,
    0.239_314_335_249_683_23,
    0.118_463_442_528_094_54,
];
/// The largest difference between the sum of what the inputs add and the change of the prediction, over the
/// whole line.
const TOLERANCE: f64 = 1e-7;
/// Of a single interval: thousands of kinks may be on the way, each in an interval of its own.
const NEGLIGIBLE: f64 = 1e-11;
/// So that every line has an end, also where a prediction is not finite: a kink takes about forty halvings.
const MOST_HALVINGS: usize = 100_000;

fn lines<'m, F: Scalar>(networks: &[Network<F>], loss: &'m Loss) -> Result<Vec<Line<'m>>> {
    let line = |network: &Network<F>| {
        let parameters = network.parameters().iter().map(|parameter| parameter.as_f64()).collect();
        let network = Network::from_parameters(network.architecture(), parameters)?;
        let jacobian = Jacobian::new(network.architecture(), NODES.len())?;
        Ok(Line { network, loss, jacobian })
    };
    networks.iter().map(line).collect()
}

impl Line<'_> {
    /// F at both ends.
    fn ends(&self, start: &Array1<f64>, end: &Array1<f64>) -> Result<[Array1<f64>; 2]> {
        Ok([self.predict(start)?, self.predict(end)?])
    }

    fn predict(&self, inputs: &Array1<f64>) -> Result<Array1<f64>> {
        let raw = self.network.forward(&inputs.view().insert_axis(Axis(0)))?;
        Ok(self.loss.respond(&raw).row(0).to_owned())
    }

    /// What each input adds on the way from `start` to `start` + `way`, shape (outputs, inputs).
    ///
    /// ∂F/∂x = ∂F/∂b⁽¹⁾ W⁽¹⁾, so it is enough to integrate ∂F/∂b⁽¹⁾. Where the sum over the inputs is not
    /// the change of F, an interval is halved: around the kinks of ReLU, for example.
    fn integral(
        &mut self,
        start: &Array1<f64>,
        way: &Array1<f64>,
        at_start: &Array1<f64>,
        at_end: &Array1<f64>,
    ) -> Result<Array2<f64>> {
        let first = self.network.layout().layers()[0].clone();
        let weights = &self.network.parameters()[first.weights()];
        let weights = ArrayView2::from_shape((first.fan_out, first.fan_in), weights);
        let weights = weights.expect("the layout gives the shape").to_owned();
        // The change of z⁽¹⁾ on the whole way.
        let change = weights.dot(way);
        let mut total = Array2::zeros((at_start.len(), first.fan_out));
        // Predictions far from 1 are rounded more.
        let size = at_start.iter().chain(at_end).fold(1.0, |size: f64, value| size.max(value.abs()));
        let mut halvings_left = MOST_HALVINGS;
        let mut open = vec![(0.0, 1.0, at_start.clone(), at_end.clone())];
        while let Some((low, high, at_low, at_high)) = open.pop() {
            let slopes = self.slopes(start, way, low, high)?;
            let missing = &at_high - &at_low - slopes.dot(&change);
            let tolerance = size * (TOLERANCE * (high - low)).max(NEGLIGIBLE);
            if halvings_left == 0 || missing.iter().all(|missing| missing.abs() <= tolerance) {
                total += &slopes;
                continue;
            }
            halvings_left -= 1;
            let middle = f64::midpoint(low, high);
            let at_middle = self.predict(&(start + &(way * middle)))?;
            open.push((low, middle, at_low, at_middle.clone()));
            open.push((middle, high, at_middle, at_high));
        }
        Ok(total.dot(&weights) * way)
    }

    /// ∫ ∂F/∂b⁽¹⁾ dt over an interval, shape (outputs, units of the first layer).
    fn slopes(&mut self, start: &Array1<f64>, way: &Array1<f64>, low: f64, high: f64) -> Result<Array2<f64>> {
        let place = |node: usize| low + (high - low) * NODES[node];
        let points = Array2::from_shape_fn((NODES.len(), start.len()), |(node, input)| {
            start[input] + place(node) * way[input]
        });
        let architecture = self.network.architecture();
        let outputs = architecture.output_width();
        // The Jacobian is that of the raw outputs, whatever the loss and the targets are.
        let targets = Array2::zeros((NODES.len(), outputs));
        let problem = Problem::new(architecture, Loss::MeanSquaredError, &points, &targets)?;
        let (raw, entries) = self.jacobian.of(&problem, self.network.parameters(), 0..NODES.len());
        let bias = self.network.layout().layers()[0].bias();
        let responses = self.loss.respond(&raw);
        let mut sum = Array2::zeros((outputs, bias.len()));
        for (node, response) in responses.rows().into_iter().enumerate() {
            let rows = entries.slice_axis(Axis(0), (node * outputs..(node + 1) * outputs).into());
            let of_bias = rows.slice_axis(Axis(1), bias.clone().into());
            let slopes = response_slopes(self.loss, &response).dot(&of_bias);
            sum.scaled_add((high - low) * WEIGHTS[node], &slopes);
        }
        Ok(sum)
    }
}

/// ∂F/∂ŷ for raw outputs ŷ, from what they mean: for softmax pₖ (δₖⱼ − pⱼ), for σ p (1 − p), for exp itself.
fn response_slopes(loss: &Loss, response: &ArrayView1<'_, f64>) -> Array2<f64> {
    let outputs = response.len();
    Array2::from_shape_fn((outputs, outputs), |(k, j)| {
        let is_same = f64::from(u8::from(k == j));
        match loss {
            Loss::SoftmaxCrossEntropy | Loss::SmoothedCrossEntropy { .. } => {
                response[k] * (is_same - response[j])
            }
            Loss::BinaryCrossEntropy => is_same * response[k] * (1.0 - response[k]),
            Loss::Poisson => is_same * response[k],
            _ => is_same,
        }
    })
}
