//! The encoding of a row: columns in, inputs of the networks out.
//!
//! The numbers of a row, and the parts of its dates, are the columns of one matrix. So the number of nodes
//! does not grow with the number of columns of numbers. Only words and dates need nodes of their own.

use ann_table::{CategoryEncoding, ColumnSchema, Encoding, NumberEncoding, Schema};

use super::dates;
use super::graph::{Element, Graph, Name, Part};

/// The inputs of the networks.
#[derive(Debug)]
pub(super) struct Encoded {
    /// Shape (rows, plain inputs).
    pub plain: Name,
    /// The number in the schema of each of these: numbers come before words here.
    pub order: Vec<usize>,
    /// The piecewise-linear inputs in the order of the schema, shape (rows, piecewise inputs), if there are
    /// some.
    pub pieces: Option<Name>,
}

/// A number to encode, and the first of its inputs in the schema.
type NumberColumn<'a> = (&'a NumberEncoding, usize);

/// Adds the nodes of the encoding. `cells` are the columns of the schema, shape (rows, 1) each, or a single
/// matrix of all of them if they are numbers. Numbers are encoded in the first precision, and the networks
/// compute in the second.
pub(super) fn encode(
    graph: &mut Graph,
    schema: &Schema,
    cells: &[Name],
    [numbers, networks]: [Element; 2],
) -> Encoded {
    let (mut plain, mut order, mut pieces) = (Vec::new(), Vec::new(), None);
    let (x, encodings) = numbers_of(graph, schema, cells, numbers);
    if !encodings.is_empty() {
        let mut part = graph.part("numbers", numbers);
        let [present, filled] = fill(&mut part, &x, &encodings);
        let scaled = scale(&mut part, &filled, &encodings);
        plain.push(part.convert(&scaled, networks));
        order.extend(encodings.iter().map(|(_, input)| input));
        plain.extend(flags(&mut part, &present, &encodings, networks, &mut order));
        pieces = piecewise(&mut graph.part("pieces", numbers), &filled, &encodings, networks);
    }
    for ((input, column), cells) in with_inputs(schema).zip(cells) {
        if let Encoding::Category(category) = &column.encoding {
            plain.extend(one_hot(&mut graph.part("words", networks), cells, category));
            order.extend(input..input + category.inputs());
        }
    }
    Encoded { plain: graph.part("inputs", networks).join(&plain), order, pieces }
}

/// Each column with the number of its first plain input.
fn with_inputs(schema: &Schema) -> impl Iterator<Item = (usize, &ColumnSchema)> {
    schema.columns.iter().scan(0, |next, column| {
        let first = *next;
        *next += column.encoding.plain_inputs();
        Some((first, column))
    })
}

/// Numbers and parts of dates as a matrix of shape (rows, numbers), and how each is encoded.
fn numbers_of<'s>(
    graph: &mut Graph,
    schema: &'s Schema,
    cells: &[Name],
    element: Element,
) -> (Name, Vec<NumberColumn<'s>>) {
    let (mut tensors, mut encodings) = (Vec::new(), Vec::new());
    for (index, (first, column)) in with_inputs(schema).enumerate() {
        match &column.encoding {
            Encoding::Number(number) => {
                // There is no such tensor if all columns are one matrix.
                tensors.extend(cells.get(index).cloned());
                encodings.push((number, first));
            }
            Encoding::Date(date) => {
                let mut input = first;
                for (part, number) in &date.parts {
                    tensors.push(dates::part(&mut graph.part("dates", element), &cells[index], *part));
                    encodings.push((number, input));
                    input += 1 + usize::from(number.has_flag);
                }
            }
            Encoding::Category(_) => {}
        }
    }
    let x = if tensors.is_empty() { Name::new() } else { graph.part("numbers", element).join(&tensors) };
    (x, encodings)
}

/// Whether each number is there, and the numbers with gaps filled. As in tables, an infinite number is a gap.
fn fill(part: &mut Part<'_>, x: &Name, numbers: &[NumberColumn<'_>]) -> [Name; 2] {
    let size = part.apply("Abs", &[x]);
    let present = part.apply_to("Less", &size, f64::INFINITY);
    let medians = row(part, "fill", numbers, |number| number.fill);
    let filled = part.apply("Where", &[&present, x, &medians]);
    [present, filled]
}

/// z = (x − center) / scale, then z / √(1 + (z / limit)²).
fn scale(part: &mut Part<'_>, x: &Name, numbers: &[NumberColumn<'_>]) -> Name {
    let centers: Vec<f64> = numbers.iter().map(|(number, _)| number.center).collect();
    let offset = subtract(part, "center", x, &centers);
    let scales = row(part, "scale", numbers, |number| number.scale);
    let z = part.apply("Div", &[&offset, &scales]);
    // z² must not overflow. At this size, the result is the limit to rounding.
    let largest = if part.element == Element::Float { 1e15 } else { 1e100 };
    let [low, high] = [-largest, largest].map(|limit| part.number(limit));
    let z = part.apply("Clip", &[&z, &low, &high]);
    let limits = row(part, "limit", numbers, |number| number.squash.unwrap_or(f64::INFINITY));
    let ratio = part.apply("Div", &[&z, &limits]);
    let square = part.apply("Mul", &[&ratio, &ratio]);
    let sum = part.apply_to("Add", &square, 1.0);
    let root = part.apply("Sqrt", &[&sum]);
    part.apply("Div", &[&z, &root])
}

/// Subtracts a row. In single precision also what rounding cuts off from its numbers: x − high is exact where
/// both are near, so the difference is exact to rounding.
fn subtract(part: &mut Part<'_>, name: &str, x: &Name, numbers: &[f64]) -> Name {
    let high = part.row(name, numbers);
    let difference = part.apply("Sub", &[x, &high]);
    let rest: Vec<f64> = numbers.iter().map(|number| number - f64::from(*number as f32)).collect();
    if part.element == Element::Double || rest.iter().all(|rest| *rest == 0.0) {
        return difference;
    }
    let low = part.row(name, &rest);
    part.apply("Sub", &[&difference, &low])
}

/// 1 for each gap, of the columns that have such an input.
fn flags(
    part: &mut Part<'_>,
    present: &Name,
    numbers: &[NumberColumn<'_>],
    networks: Element,
    order: &mut Vec<usize>,
) -> Option<Name> {
    let flagged = |(_, (number, _)): &(usize, &NumberColumn<'_>)| number.has_flag;
    let (columns, inputs): (Vec<usize>, Vec<usize>) =
        numbers.iter().enumerate().filter(flagged).map(|(column, (_, input))| (column, input + 1)).unzip();
    if columns.is_empty() {
        return None;
    }
    order.extend(inputs);
    let missing = part.apply("Not", &[present]);
    let missing = part.columns(&missing, &columns);
    Some(part.cast(&missing, networks))
}

/// (clip((x − e) / (e′ − e), 0, 1) − mean) / scale for each pair e, e′ of neighbouring edges.
fn piecewise(part: &mut Part<'_>, x: &Name, numbers: &[NumberColumn<'_>], networks: Element) -> Option<Name> {
    let mut columns = Vec::new();
    let [mut edges, mut widths, mut means, mut scales] = [(); 4].map(|()| Vec::new());
    for (column, (number, _)) in numbers.iter().enumerate() {
        let Some(pieces) = &number.pieces else { continue };
        for (pair, mean) in pieces.edges.windows(2).zip(&pieces.means) {
            columns.push(column);
            edges.push(pair[0]);
            widths.push(pair[1] - pair[0]);
            means.push(*mean);
            scales.push(pieces.scale);
        }
    }
    if columns.is_empty() {
        return None;
    }
    let x = part.columns(x, &columns);
    let offset = subtract(part, "edge", &x, &edges);
    let [widths, means, scales] = [("width", widths), ("mean", means), ("scale", scales)]
        .map(|(name, numbers)| part.row(name, &numbers));
    let share = part.apply("Div", &[&offset, &widths]);
    let [zero, one] = [0.0, 1.0].map(|limit| part.number(limit));
    let share = part.apply("Clip", &[&share, &zero, &one]);
    let centered = part.apply("Sub", &[&share, &means]);
    let scaled = part.apply("Div", &[&centered, &scales]);
    Some(part.convert(&scaled, networks))
}

/// What Python makes of a gap in an array of words, beside the two gaps of tables.
const MISSING: [&str; 5] = ["", "?", "nan", "None", "<NA>"];

/// An input for each word, for all others, and for gaps: the columns of the schema's inputs.
fn one_hot(part: &mut Part<'_>, word: &Name, category: &CategoryEncoding) -> Vec<Name> {
    let CategoryEncoding { categories, has_other, has_missing } = category;
    let categories: Vec<&str> = categories.iter().map(String::as_str).collect();
    let known = is_one_of(part, word, &categories);
    let mut inputs = vec![if category.is_pair() {
        // One input tells two words apart: −1 or 1.
        let [first, second] = [0, 1].map(|column| part.columns(&known, &[column]));
        part.apply("Sub", &[&second, &first])
    } else {
        known.clone()
    }];
    // A word that was learned is no gap, though it may look like one.
    let gaps: Vec<&str> = MISSING.into_iter().filter(|gap| !categories.contains(gap)).collect();
    if *has_other || *has_missing {
        let gap = is_one_of(part, word, &gaps);
        let missing = sum(part, &gap);
        if *has_other {
            let known = sum(part, &known);
            let one = part.number(1.0);
            let rest = part.apply("Sub", &[&one, &known]);
            inputs.push(part.apply("Sub", &[&rest, &missing]));
        }
        inputs.extend(has_missing.then_some(missing));
    }
    inputs
}

/// For each of some words 1 where it is that of the row, otherwise 0.
fn is_one_of(part: &mut Part<'_>, word: &Name, words: &[&str]) -> Name {
    let words = part.words("words", &[1, words.len()], words);
    let equal = part.apply("Equal", &[word, &words]);
    part.cast(&equal, part.element)
}

/// The sum over the columns, shape (rows, 1).
fn sum(part: &mut Part<'_>, tensor: &Name) -> Name {
    let axes = part.integers("axes", &[1]);
    part.apply("ReduceSum", &[tensor, &axes])
}

/// One number of each encoding, shape (1, numbers).
fn row(
    part: &mut Part<'_>,
    name: &str,
    numbers: &[NumberColumn<'_>],
    of: impl Fn(&NumberEncoding) -> f64,
) -> Name {
    let numbers: Vec<f64> = numbers.iter().map(|(number, _)| of(number)).collect();
    part.row(name, &numbers)
}
