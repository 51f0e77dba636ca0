//! From raw outputs to predictions: what they mean, the mean over the networks, and the names of classes.

use ann_table::{LabelTarget, NumberTarget, Schema, Target};

use super::activation::sigmoid;
use super::graph::{Element, Graph, Name, Part};
use crate::parts::Response;

/// An output: its name, the tensor, its type, and its columns unless it has one dimension.
type Output = (&'static str, Name, Element, Option<usize>);

/// Adds the outputs of the graph. Numbers have the first precision, networks the second.
pub(super) fn predict(
    graph: &mut Graph,
    schema: &Schema,
    outputs: &[Name],
    response: Response,
    [numbers, networks]: [Element; 2],
) {
    let columns = Some(schema.target.outputs());
    let mut part = graph.part("predictions", networks);
    let responses: Vec<Name> = outputs.iter().map(|z| respond(&mut part, response, z)).collect();
    let outputs: Vec<Output> = match &schema.target {
        Target::Classes { classes, .. } => {
            let probabilities = mean(&mut part, &responses);
            let (label, element) = most_probable(&mut part, &probabilities, classes);
            vec![("label", label, element, None), ("probabilities", probabilities, networks, columns)]
        }
        Target::Labels(labels) => {
            let probabilities = mean(&mut part, &responses);
            let words = words(&mut part, &probabilities, labels);
            vec![
                ("label", words, Element::Text, columns),
                ("probabilities", probabilities, networks, columns),
            ]
        }
        Target::Numbers(targets) => {
            let responses: Vec<Name> = responses.iter().map(|tensor| part.convert(tensor, numbers)).collect();
            let mut part = graph.part("predictions", numbers);
            let is_scaled = response == Response::Scaled;
            let in_range = responses.iter().map(|tensor| in_range(&mut part, tensor, targets, is_scaled));
            let in_range: Vec<Name> = in_range.collect();
            vec![("prediction", mean(&mut part, &in_range), numbers, columns)]
        }
    };
    for (name, tensor, element, columns) in outputs {
        graph.output(&free_name(schema, name), &tensor, element, columns);
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

/// The value of each label: present if it is more probable than not.
fn words(part: &mut Part<'_>, probabilities: &Name, labels: &[LabelTarget]) -> Name {
    let [present, absent]: [fn(&LabelTarget) -> &str; 2] = [|label| &label.present, |label| &label.absent];
    let is_present = part.apply_to("Greater", probabilities, 0.5);
    let [present, absent] = [present, absent].map(|value| {
        let words: Vec<&str> = labels.iter().map(value).collect();
        part.words("words", &[1, words.len()], &words)
    });
    part.apply("Where", &[&is_present, &present, &absent])
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
