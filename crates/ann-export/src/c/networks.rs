//! The networks of a header: tables of weights, and a function for each network.

use ann_core::Activation;

use super::Names;
use crate::integers::{Curve, Integers, Layer};
use crate::names::{Taken, snake_case};
use crate::parts::{Dense, Member};
use crate::text::{c_float as float, list};
use crate::{Error, Result};

/// The networks, in single precision or in integers.
pub(super) fn networks(names: &Names, members: &[Member], integers: Option<&Integers>) -> Result<String> {
    let activations = Activations::new(members);
    let mut text = match integers {
        None => activations.functions(names)?,
        Some(_) => activations.integer_functions(names),
    };
    for (index, member) in members.iter().enumerate() {
        text += &match integers {
            None => network(names, &activations, index + 1, member),
            Some(integers) => {
                integer_network(names, &activations, index + 1, member, &integers.networks[index])
            }
        };
    }
    Ok(text)
}

/// The activations of the layers, which are those of every network, with names.
struct Activations<'a>(Vec<(&'a Activation, String)>);

impl<'a> Activations<'a> {
    fn new(members: &'a [Member]) -> Self {
        let mut taken = Taken::default();
        let mut known: Vec<(&Activation, String)> = Vec::new();
        for Dense { activation, .. } in &members[0].layers {
            if !known.iter().any(|(other, _)| *other == activation) {
                known.push((activation, taken.distinct(&snake_case(&activation.to_string()))));
            }
        }
        Self(known)
    }

    fn name(&self, activation: &Activation) -> &str {
        let found = self.0.iter().find(|(known, _)| *known == activation);
        &found.expect("every activation has a name").1
    }

    /// The functions in single precision.
    fn functions(&self, names: &Names) -> Result<String> {
        let function = |(activation, name): &(&Activation, String)| {
            let lines =
                body(activation).ok_or_else(|| Error::Activation { activation: activation.to_string() })?;
            let lines: String = lines.iter().map(|line| format!("    {line}\n")).collect();
            Ok(format!("static inline float {}_{name}(float z)\n{{\n{lines}}}\n\n", names.lower))
        };
        self.0.iter().filter(|(activation, _)| **activation != Activation::Identity).map(function).collect()
    }

    /// The functions in integers, with the tables of their curves.
    fn integer_functions(&self, names: &Names) -> String {
        let Names { lower, upper } = names;
        let function = |(activation, name): &(&Activation, String)| {
            let Curve { above, below, points } = Curve::new(activation);
            let line = format!("{lower}_line(z, {above}, {below})");
            let (table, value) = match points {
                Some((points, bits)) => {
                    let values = list(points.iter().map(ToString::to_string));
                    let table = format!(
                        "static {upper}_CONST int16_t {lower}_points_{name}[{}] = {{\n{values}\n}};\n\n",
                        points.len()
                    );
                    (table, format!("{line} + {lower}_curve(z, {lower}_points_{name}, {bits})"))
                }
                None => (String::new(), line),
            };
            format!("{table}static inline int32_t {lower}_{name}(int32_t z)\n{{\n    return {value};\n}}\n\n")
        };
        self.0.iter().map(function).collect()
    }
}

/// The lines of the function of an activation, for libraries of C99; `None` for one that is not known here.
fn body(activation: &Activation) -> Option<Vec<String>> {
    let number = |number: f64| float(number as f32);
    let one_line = |line: &str| vec![format!("return {line};")];
    Some(match activation {
        Activation::Identity => one_line("z"),
        Activation::Sigmoid => one_line("1.0f / (1.0f + expf(-z))"),
        Activation::Tanh => one_line("tanhf(z)"),
        Activation::Relu => one_line("z < 0.0f ? 0.0f : z"),
        Activation::LeakyRelu { slope } => one_line(&format!("z > 0.0f ? z : {} * z", number(*slope))),
        Activation::Elu { alpha } => one_line(&format!("z > 0.0f ? z : {} * expm1f(z)", number(*alpha))),
        Activation::Selu => {
            // λ, and λ α = −σ(−∞).
            let [above, below] = [activation.value(1.0), -activation.value(f64::NEG_INFINITY)].map(number);
            one_line(&format!("z > 0.0f ? {above} * z : {below} * expm1f(z)"))
        }
        Activation::Softplus => one_line("fmaxf(z, 0.0f) + log1pf(expf(-fabsf(z)))"),
        Activation::Silu => one_line("z / (1.0f + expf(-z))"),
        Activation::Mish => vec![
            // tanh(ln(1 + e)) = ((1 + e)² − 1) / ((1 + e)² + 1).
            "const float e = expf(fminf(z, 20.0f));".into(),
            "const float n = e * (e + 2.0f);".into(),
            "return z * (n / (n + 2.0f));".into(),
        ],
        Activation::Gelu => one_line("0.5f * z * erfcf(z * -0.70710678f)"),
        _ => return None,
    })
}

/// The numbers of a layer as texts, with the types of weights and biases.
struct Tables {
    types: [&'static str; 2],
    weights: Vec<String>,
    bias: Vec<String>,
}

/// What a layer is called in the function of a network: its place among the layers, and the names of tables,
/// inputs and outputs.
struct Place {
    table: String,
    x: String,
    a: String,
    is_last: bool,
}

impl Place {
    fn new(network: usize, layer: usize, layers: usize) -> Self {
        let is_last = layer == layers;
        Self {
            table: format!("{network}_{layer}"),
            x: if layer == 1 { "x".into() } else { format!("a{}", layer - 1) },
            a: if is_last { "z".into() } else { format!("a{layer}") },
            is_last,
        }
    }
}

/// The tables and the function of a network in single precision.
fn network(names: &Names, activations: &Activations<'_>, number: usize, member: &Member) -> String {
    let text = |number: &f64| float(*number as f32);
    let layers = (1..).zip(&member.layers).map(|(k, dense)| {
        let place = Place::new(number, k, member.layers.len());
        let weights = dense.weights.iter().map(text).collect();
        let bias = dense.bias.iter().map(text).collect();
        let tables = Tables { types: ["float", "float"], weights, bias };
        (self::tables(names, &place, &tables), layer(names, activations, &place, dense))
    });
    let (tables, lines): (String, String) = layers.unzip();
    format!("{tables}{}", function(names, number, member, "float", &lines))
}

fn layer(names: &Names, activations: &Activations<'_>, place: &Place, dense: &Dense) -> String {
    let lower = &names.lower;
    let (units, inputs) = dense.weights.dim();
    let Place { table, x, a, is_last } = place;
    let buffer = if *is_last { String::new() } else { format!("    float {a}[{units}];\n") };
    let product =
        format!("{lower}_dense({x}, {inputs}, {lower}_weights_{table}, {lower}_bias_{table}, {units}, {a});");
    let activation = match dense.activation {
        Activation::Identity => String::new(),
        _ => for_each(units, &format!("{a}[i] = {lower}_{}({a}[i]);", activations.name(&dense.activation))),
    };
    format!("{buffer}    {product}\n{activation}")
}

/// The tables and the function of a network in integers.
fn integer_network(
    names: &Names,
    activations: &Activations<'_>,
    number: usize,
    member: &Member,
    layers: &[Layer],
) -> String {
    let layers = (1..).zip(member.layers.iter().zip(layers)).map(|(k, (dense, layer))| {
        let place = Place::new(number, k, layers.len());
        let weights = layer.weights.iter().map(ToString::to_string).collect();
        let bias = layer.bias.iter().map(ToString::to_string).collect();
        let tables = Tables { types: ["int16_t", "int32_t"], weights, bias };
        let activation = activations.name(&dense.activation);
        (self::tables(names, &place, &tables), integer_layer(names, activation, &place, layer))
    });
    let (tables, lines): (String, String) = layers.unzip();
    format!("{tables}{}", function(names, number, member, "int16_t", &lines))
}

fn integer_layer(names: &Names, activation: &str, place: &Place, layer: &Layer) -> String {
    let lower = &names.lower;
    let Layer { inputs, shift, next, bias, .. } = layer;
    let Place { table, x, a, is_last } = place;
    let (units, z) = (bias.len(), format!("z_{table}"));
    let buffer = if *is_last { String::new() } else { format!("    int16_t {a}[{units}];\n") };
    let product = format!(
        "{lower}_dense({x}, {inputs}, {lower}_weights_{table}, {lower}_bias_{table}, {shift}, {units}, {z});"
    );
    let value = format!("{lower}_{activation}({z}[i])");
    let value =
        if *is_last { format!("(float){value} / 4096.0f") } else { format!("{lower}_next({value}, {next})") };
    let outputs = for_each(units, &format!("{a}[i] = {value};"));
    format!("    int32_t {z}[{units}];\n{buffer}    {product}\n{outputs}")
}

fn tables(names: &Names, place: &Place, tables: &Tables) -> String {
    let (Names { lower, upper }, Tables { types, weights, bias }) = (names, tables);
    let table = |kind, name: &str, values: &[String]| {
        let (count, values) = (values.len(), list(values.iter().cloned()));
        format!("static {upper}_CONST {kind} {lower}_{name}_{}[{count}] = {{\n{values}\n}};\n\n", place.table)
    };
    table(types[0], "weights", weights) + &table(types[1], "bias", bias)
}

fn function(names: &Names, number: usize, member: &Member, kind: &str, lines: &str) -> String {
    let layer = |Dense { bias, activation, .. }: &Dense| format!("{} units of {activation}", bias.len());
    let layers = member.layers.iter().map(layer).collect::<Vec<_>>().join(", ");
    format!(
        "/* Network {number}: {} inputs, then {layers}. */
static inline void {}_network_{number}(const {kind} *x, float *z)
{{
{lines}}}

",
        member.inputs, names.lower
    )
}

fn for_each(count: usize, line: &str) -> String {
    format!("    for (int i = 0; i < {count}; i++) {{\n        {line}\n    }}\n")
}
