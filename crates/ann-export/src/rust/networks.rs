//! The networks of a module: tables of weights, and a function for each network.

use ann_core::Activation;

use crate::parts::{Dense, Member};
use crate::text::{list, rust_float as float};
use crate::{Error, Result};

/// The tables and the function of each network.
pub(super) fn networks(members: &[Member]) -> Result<String> {
    (1..).zip(members).map(|(number, member)| network(number, member)).collect()
}

fn network(number: usize, Member { inputs, layers }: &Member) -> Result<String> {
    let (mut tables, mut lines) = (String::new(), String::new());
    for (k, Dense { weights, bias, activation }) in (1..).zip(layers) {
        let table = |name: &str, numbers: &mut dyn ExactSizeIterator<Item = &f64>| {
            let (count, values) = (numbers.len(), list(numbers.map(|&number| float(number as f32))));
            format!("static {name}_{number}_{k}: [f32; {count}] = [\n{values}\n];\n\n")
        };
        tables += &table("WEIGHTS", &mut weights.iter());
        tables += &table("BIAS", &mut bias.iter());
        let product = format!("functions::dense(&x, &WEIGHTS_{number}_{k}, &BIAS_{number}_{k})");
        let values = match function(activation)? {
            Some(function) => format!("{product}.map({function})"),
            None => product,
        };
        lines +=
            &if k == layers.len() { format!("    {values}\n") } else { format!("    let x = {values};\n") };
    }
    let lines = lines.replacen("&x", "x", 1);
    let layer = |Dense { bias, activation, .. }: &Dense| format!("{} units of {activation}", bias.len());
    let shape = layers.iter().map(layer).collect::<Vec<_>>().join(", ");
    Ok(format!(
        "{tables}/// Network {number}: {inputs} inputs, then {shape}.
fn network_{number}(x: &[f32]) -> [f32; OUTPUTS] {{
{lines}}}

"
    ))
}

/// The function of an activation; `None` for the identity.
fn function(activation: &Activation) -> Result<Option<String>> {
    let number = |number: f64| float(number as f32);
    Ok(Some(match activation {
        Activation::Identity => return Ok(None),
        Activation::Sigmoid => "functions::sigmoid".into(),
        Activation::Tanh => "functions::tanh".into(),
        Activation::Relu => "|z| z.max(0.0)".into(),
        Activation::LeakyRelu { slope } => {
            format!("|z| if z > 0.0 {{ z }} else {{ {} * z }}", number(*slope))
        }
        Activation::Elu { alpha } => {
            format!("|z| if z > 0.0 {{ z }} else {{ {} * (functions::exp(z) - 1.0) }}", number(*alpha))
        }
        Activation::Selu => {
            // λ, and λ α = −σ(−∞).
            let [above, below] = [activation.value(1.0), -activation.value(f64::NEG_INFINITY)].map(number);
            format!("|z| if z > 0.0 {{ {above} * z }} else {{ {below} * (functions::exp(z) - 1.0) }}")
        }
        Activation::Softplus => "functions::softplus".into(),
        Activation::Silu => "|z| z * functions::sigmoid(z)".into(),
        Activation::Mish => "functions::mish".into(),
        Activation::Gelu => "functions::gelu".into(),
        _ => return Err(Error::Activation { activation: activation.to_string() }),
    }))
}
