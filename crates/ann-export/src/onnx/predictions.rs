//! From raw outputs to predictions: what they mean, the mean over the networks, and the names of classes.

use ann_table::{NumberTarget, Schema, Target};

use super::activation::sigmoid;
use super::graph::{Element, Graph, Name, Part};
use crate::parts::Response;

/// Adds the outputs of the graph. Numbers have the first precision, networks the second.
pub(super) fn predict(
    graph: &mut Graph,
    schema: &Schema,
    outputs: &[Name],
    response: Response,
    [numbers, networks]: [Element; 2],
) {
    let target = &schema.target;
    let columns = Some(target.outputs());
    let free = |name: &str| free_name(schema, name);
    let mut part = graph.part("predictions", networks);
    let responses: Vec<Name> = outputs.iter().map(|z| respond(&mut part, response, z)).collect();
    match target {
        Target::Classes { classes, .. } => {
            let probabilities = mean(&mut part, &responses);
            let (label, element) = most_probable(&mut part, &probabilities, classes);
            graph.output(&free("label"), &label, element, None);
            graph.output(&free("probabilities"), &probabilities, networks, columns);
        }
        Target::Labels(labels) => {
            let probabilities = mean(&mut part, &responses);
            let present: Vec<&str> = labels.iter().map(|label| label.present.as_str()).collect();
            let absent: Vec<&str> = labels.iter().map(|label| label.absent.as_str()).collect();
            let is_present = part.apply_to("Greater", &probabilities, 0.5);
            let [present, absent] =
                [present, absent].map(|words| part.words("words", &[1, words.len()], &words));
            let words = part.apply("Where", &[&is_present, &present, &absent]);
            graph.output(&free("label"), &words, Element::Text, columns);
            graph.output(&free("probabilities"), &probabilities, networks, columns);
        }
        Target::Numbers(targets) => {
            let wide: Vec<Name> = responses.iter().map(|numbers_| part.convert(numbers_, numbers)).collect();
            let mut part = graph.part("predictions", numbers);
            let is_scaled = response == Response::Scaled;
            let in_range: Vec<Name> =
                wide.iter().map(|outputs| in_range(&mut part, outputs, targets, is_scaled)).collect();
            let prediction = mean(&mut part, &in_range);
            graph.output(&free("prediction"), &prediction, numbers, columns);
        }
    }
}

/// What raw outputs mean.
fn respond(part: &mut Part<'_>, response: Response, z: &Name) -> Name {
    match response {
        Response::Softmax => part.apply_with("Softmax", &[z], &[("axis", 1)]),
        Response::Sigmoid => sigmoid(part, z),
        Response::Exponential => part.apply("Exp", &[z]),
        Response::Scaled => z.clone(),
    }
}

fn mean(part: &mut Part<'_>, tensors: &[Name]) -> Name {
    let (first, others) = tensors.split_first().expect("a model has at least one network");
    let sum = others.iter().fold(first.clone(), |sum, tensor| part.apply("Add", &[&sum, tensor]));
    if others.is_empty() { sum } else { part.apply_to("Div", &sum, tensors.len() as f64) }
}

/// The name of the first of the most probable classes.
fn most_probable(part: &mut Part<'_>, probabilities: &Name, classes: &[String]) -> (Name, Element) {
    let class = part.apply_with("ArgMax", &[probabilities], &[("axis", 1), ("keepdims", 0)]);
    let whole =
        classes.iter().map(|class| class.parse().ok().filter(|whole: &i64| whole.to_string() == *class));
    let (classes, element) = match whole.collect::<Option<Vec<i64>>>() {
        Some(whole) => (part.integers("classes", &whole), Element::Int64),
        None => {
            let texts: Vec<&str> = classes.iter().map(String::as_str).collect();
            (part.words("classes", &[texts.len()], &texts), Element::Text)
        }
    };
    (part.apply("Gather", &[&classes, &class]), element)
}

/// Numbers in the unit of the target, inside the range that was learned from.
fn in_range(part: &mut Part<'_>, outputs: &Name, targets: &[NumberTarget], is_scaled: bool) -> Name {
    let mut row = |name, of: fn(&NumberTarget) -> f64| {
        let numbers: Vec<f64> = targets.iter().map(of).collect();
        part.row(name, &numbers)
    };
    let [low, high] = [row("minimum", |target| target.minimum), row("maximum", |target| target.maximum)];
    let mut numbers = outputs.clone();
    if is_scaled {
        let [center, scale] = [row("center", |target| target.center), row("scale", |target| target.scale)];
        let product = part.apply("Mul", &[&numbers, &scale]);
        numbers = part.apply("Add", &[&product, &center]);
    }
    let above = part.apply("Max", &[&numbers, &low]);
    part.apply("Min", &[&above, &high])
}

/// The name of an output that is not the name of an input.
fn free_name(schema: &Schema, name: &str) -> String {
    let mut name = name.to_owned();
    while schema.columns.iter().any(|column| column.name == name) {
        name.push('_');
    }
    name
}
