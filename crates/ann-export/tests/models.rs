//! Models for tests. Their weights are fractions of powers of two, so they are the same on every machine.

use ann_export::ann_model::{Cell, Model, Networks, Table};
use ann_model::ann_core::{Activation, Architecture, Loss, Network, Scalar};
use ann_model::ann_table::{CategoryEncoding, Column, Encoding, Schema, SchemaOptions, Task};

/// Every activation that a file can hold.
pub const ACTIVATIONS: [Activation; 11] = [
    Activation::Identity,
    Activation::Sigmoid,
    Activation::Tanh,
    Activation::Relu,
    Activation::LeakyRelu { slope: -0.125 },
    Activation::Elu { alpha: 0.25 },
    Activation::Selu,
    Activation::Softplus,
    Activation::Silu,
    Activation::Mish,
    Activation::Gelu,
];

/// Every task.
pub const TASKS: [Task; 3] = [Task::Classification, Task::Regression, Task::MultiLabel];

/// Numbers, some missing; points in time, as numbers and as dates; words, some rare and some missing; two
/// words; one word or none; one word or a rare one. Names that are no identifiers.
pub const TABLE: &str = "x (cm),gap,Größe,stamp,city,pair,note,ward,x-cm,day,class,number,second,wet,cold\n\
    1.5,,1024,1700000000.5,Bonn,yes,late,north,0.1,2024-01-01 10:00:00,b,1.5,8,yes,0\n\
    2.5,7,1025,1700000060,Köln,no,,south,1.3,2024-02-29 23:59:59,a,2.25,-3,no,1\n\
    -3,8,1027.5,1700000030,,yes,late,north,2.7,1969-05-06,b,-1,2,no,0\n\
    0.25,9,1030,1700003600,int,no,,east,3.3,2025-01-01 00:30:00,c,0.5,1,yes,1\n\
    11,10,1031,1700000015,Bonn,no,late,north,4.1,,a,3,0.5,no,0\n\
    4,11,1024.5,1700000045.25,Köln,yes,,west,0.7,2000-12-31 12:00:00,c,2,4,yes,1\n";

pub fn table() -> Table {
    Table::read(TABLE.as_bytes()).unwrap()
}

/// Columns that no model uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Without {
    Nothing,
    /// No points in time, so that single precision can be asked for.
    Times,
    /// No words, which not every runtime takes.
    Words,
    /// Only numbers that single precision tells apart.
    TimesAndWords,
}

/// Learned from [`TABLE`].
pub fn schema(task: Task, without: Without) -> Schema {
    let targets: &[&str] = match task {
        Task::Classification => &["class"],
        Task::Regression => &["number", "second"],
        Task::MultiLabel => &["wet", "cold"],
    };
    let columns = ["class", "number", "second", "wet", "cold"];
    let mut ignore: Vec<String> =
        columns.into_iter().filter(|name| !targets.contains(name)).map(String::from).collect();
    if matches!(without, Without::Times | Without::TimesAndWords) {
        ignore.extend(["stamp", "day"].map(String::from));
    }
    if matches!(without, Without::Words | Without::TimesAndWords) {
        ignore.extend(["city", "pair", "note", "ward"].map(String::from));
    }
    // A word of one row is rare: "int", "south", "east" and "west".
    let options = SchemaOptions { ignore, most_categories: 2, least_rows: 2, ..SchemaOptions::default() };
    Schema::learn(&table(), targets, &options).unwrap()
}

/// Two networks, of which the second has the piecewise-linear inputs too.
pub fn networks<F: Scalar>(schema: &Schema, activation: &Activation) -> Vec<Network<F>> {
    let outputs = schema.target.outputs();
    let last_factor = if schema.target.task() == Task::Regression { 1.0 } else { 4.0 };
    let network = |(first, inputs): (u64, usize)| {
        let architecture = Architecture::inputs(inputs)
            .dense(5, activation.clone())
            .dense(4, Activation::Tanh)
            .dense(outputs, Activation::Identity);
        let count = architecture.layout().unwrap().len();
        let mut parameters: Vec<F> = Random(first).take(count).map(|number| F::of(number - 0.5)).collect();
        // Classes and labels have no biases and larger weights in the last layer, so that each is predicted.
        let (_, last) = parameters.split_at_mut(count - 5 * outputs);
        for (place, parameter) in last.iter_mut().enumerate() {
            *parameter = if place < 4 * outputs { *parameter * F::of(last_factor) } else { F::zero() };
        }
        Network::from_parameters(&architecture, parameters).unwrap()
    };
    [(1, schema.plain_inputs()), (2, schema.inputs())].map(network).into()
}

/// A model of a task, in single precision.
pub fn single(task: Task, without: Without, activation: &Activation) -> Model {
    let schema = schema(task, without);
    let networks = Networks::F32(networks(&schema, activation));
    Model::new(schema, networks, loss(task)).unwrap()
}

/// A model of a task, in double precision.
pub fn double(task: Task, without: Without, activation: &Activation) -> Model {
    let schema = schema(task, without);
    let networks = Networks::F64(networks(&schema, activation));
    Model::new(schema, networks, loss(task)).unwrap()
}

/// Models of numbers whose logarithm, or whose logit, the networks predict.
pub fn of_other_losses() -> [Model; 2] {
    let schema = schema(Task::Regression, Without::Nothing);
    [Loss::Poisson, Loss::BinaryCrossEntropy].map(|loss| {
        let networks = Networks::F32(networks(&schema, &Activation::Tanh));
        Model::new(schema.clone(), networks, loss).unwrap()
    })
}

/// Words of C and C++ that were reserved late, names of operators, and macros of gcc.
const RESERVED: &str = "static_assert thread_local typeof_unqual wchar_t char8_t typeid dynamic_cast concept \
    consteval co_await not_eq and_eq xor_eq linux unix math_errhandling";

/// A model whose names mean something in C and Rust.
pub fn of_awkward_names() -> Model {
    let words = |name: &str, words: [&str; 6]| Column::of_words(name, words);
    let numbers =
        ["*/ int x; /*", "for", "unix\nlinux", "年齢"].into_iter().chain(RESERVED.split_whitespace());
    let numbers = numbers.map(|name| Column::of_numbers(name, [1.0, 2.0, 3.0, 4.0, 5.0, 6.5]));
    let words = [
        words("row", ["other", "Missing", "self", "other", "Missing", "self"]),
        words("class", ["1", "+1", "*/", "1", "+1", "*/"]),
        words("no", ["date", "\"", "\\", "date", "\"", "\\"]),
        words("target", ["\"??/\"", "Self", "\n\\", "Self", "\n\\", "\"??/\""]),
    ];
    let table = Table::from_columns(numbers.chain(words)).unwrap();
    let schema = Schema::learn(&table, &["target"], &SchemaOptions::default()).unwrap();
    let networks = Networks::F32(networks(&schema, &Activation::LeakyRelu { slope: 0.5 }));
    Model::new(schema, networks, Loss::SoftmaxCrossEntropy).unwrap()
}

fn loss(task: Task) -> Loss {
    match task {
        Task::Classification => Loss::SoftmaxCrossEntropy,
        Task::Regression => Loss::MeanSquaredError,
        Task::MultiLabel => Loss::BinaryCrossEntropy,
    }
}

/// Rows that the columns of a schema may have: numbers inside and outside of what was learned from, very
/// large ones and gaps; known and unknown words; days of eight centuries. Numbers are those of single
/// precision, because some exports take them so.
pub fn rows(schema: &Schema, count: usize) -> Vec<Vec<Cell<'_>>> {
    let mut random = Random(3);
    let mut next = || random.next().expect("there is always another number");
    (0..count)
        .map(|_| schema.columns.iter().map(|column| cell(&column.encoding, &mut next)).collect())
        .collect()
}

fn cell<'s>(encoding: &'s Encoding, next: &mut impl FnMut() -> f64) -> Cell<'s> {
    let kind = next();
    if kind < 0.1 {
        return Cell::Missing;
    }
    match encoding {
        Encoding::Number(number) => {
            let range = number.maximum - number.minimum;
            let (share, sign) = (next() * 1.5 - 0.25, if next() < 0.5 { -1.0 } else { 1.0 });
            let found = if kind < 0.13 { sign * 1e30 } else { number.minimum + range * share };
            let is_time = number.maximum > 1e9;
            Cell::Number(if is_time { found } else { f64::from(found as f32) })
        }
        Encoding::Category(_) if kind < 0.2 => Cell::Word("somewhere else"),
        Encoding::Category(CategoryEncoding { categories, .. }) => {
            Cell::Word(&categories[(next() * categories.len() as f64) as usize])
        }
        // From 1600 to 2400, to the second.
        Encoding::Date(_) => Cell::Number((-11_676_096_000.0 + next() * 25_246_000_000.0).floor()),
    }
}

/// Numbers from 0 to below 1 that are fractions of 2²⁰ (D. Knuth's linear congruential generator MMIX).
struct Random(u64);

impl Iterator for Random {
    type Item = f64;
    fn next(&mut self) -> Option<f64> {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        Some((self.0 >> 44) as f64 / f64::from(1 << 20))
    }
}
