//! The networks as nodes, side by side.

use super::activation::activate;
use super::encoding::Encoded;
use super::graph::{Element, Graph, Name, Part};
use crate::parts::{Dense, Member};
use crate::{Error, Result};

/// The raw outputs of each network, shape (rows, outputs).
pub(super) fn compute(
    graph: &mut Graph,
    members: &[Member],
    encoded: &Encoded,
    element: Element,
) -> Result<Vec<Name>> {
    let plain = encoded.order.len();
    let mut all = encoded.plain.clone();
    if let Some(pieces) = &encoded.pieces
        && members.iter().any(|member| member.inputs > plain)
    {
        all = graph.part("inputs", element).join(&[all, pieces.clone()]);
    }
    let outputs = (1..).zip(members).map(|(number, member)| {
        let mut a = if member.inputs > plain { &all } else { &encoded.plain }.clone();
        for (k, dense) in (1..).zip(&member.layers) {
            let order = if k == 1 { &encoded.order[..] } else { &[] };
            let mut part = graph.part(&format!("network{number}/layer{k}"), element);
            a = layer(&mut part, dense, order, &a)
                .ok_or_else(|| Error::Activation { activation: dense.activation.to_string() })?;
        }
        Ok(a)
    });
    outputs.collect()
}

/// σ(x Wᵀ + b), as a product and a sum, because older versions of ONNX Runtime do not compute `Gemm` before
/// an activation in double precision. The inputs of the first layer are in another order than its weights.
fn layer(part: &mut Part<'_>, dense: &Dense, order: &[usize], x: &Name) -> Option<Name> {
    let (outputs, inputs) = dense.weights.dim();
    let place = |input: usize| order.get(input).copied().unwrap_or(input);
    let transposed: Vec<f64> =
        (0..inputs).flat_map(|input| dense.weights.column(place(input)).to_vec()).collect();
    let weights = part.numbers("weight", &[inputs, outputs], &transposed);
    let bias = part.row("bias", &dense.bias);
    let product = part.apply("MatMul", &[x, &weights]);
    let z = part.apply("Add", &[&product, &bias]);
    activate(part, &dense.activation, &z)
}
