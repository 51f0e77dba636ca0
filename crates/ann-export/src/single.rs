//! The encoding of a row in single precision, for programs that are written as text.
//!
//! Single precision has seven digits. So centers and edges are two numbers, the second being what rounding
//! cuts off from the first, and columns whose digits would be lost (years, points in time) are first taken
//! relative to an origin.

use ann_table::{CategoryEncoding, ColumnSchema, DateEncoding, DatePart, Encoding, NumberEncoding, Schema};

use crate::names::{Taken, snake_case};
use crate::parts::{MOST_ROUNDING, rounding};

/// A column of a row.
#[derive(Clone, Debug)]
pub(crate) struct Field<'a> {
    /// Its name in the table.
    pub name: &'a str,
    /// Its name as a field.
    pub identifier: String,
    pub kind: FieldKind<'a>,
}

/// What a column holds, and the inputs that are made of it.
#[derive(Clone, Debug)]
pub(crate) enum FieldKind<'a> {
    /// A number.
    Number {
        /// What is subtracted from a number of double precision; `None` if single precision is enough.
        origin: Option<f64>,
        number: NumberInputs,
        /// The smallest and the largest number that was learned from.
        range: [f64; 2],
    },
    /// Words.
    Words { encoding: &'a CategoryEncoding, input: usize },
    /// A date in seconds since 1970.
    Date {
        parts: Vec<DateInputs>,
        /// The first and the last day that was learned from, since 1970.
        days: [f64; 2],
    },
}

/// A part of a date.
#[derive(Clone, Debug)]
pub(crate) struct DateInputs {
    pub part: DatePart,
    /// Of [`DatePart::Elapsed`]: what is subtracted from the seconds, which then are the number.
    pub origin: i64,
    pub number: NumberInputs,
}

/// How a number becomes inputs, relative to the origin.
#[derive(Clone, Debug)]
pub(crate) struct NumberInputs {
    pub fill: f32,
    /// The center, and what rounding cuts off from it.
    pub center: [f32; 2],
    pub scale: f32,
    pub limit: Option<f32>,
    /// The number of the first input.
    pub input: usize,
    pub has_flag: bool,
    pub pieces: Option<PieceInputs>,
}

/// Piecewise-linear inputs.
#[derive(Clone, Debug)]
pub(crate) struct PieceInputs {
    /// For each: the edge, what rounding cuts off from it, the width, and the mean.
    pub numbers: Vec<[f32; 4]>,
    pub scale: f32,
    /// The number of the first input.
    pub input: usize,
}

/// The columns of a schema as fields, whose names are not taken.
pub(crate) fn fields<'a>(schema: &'a Schema, mut taken: Taken) -> Vec<Field<'a>> {
    let (mut plain, mut piecewise) = (0, schema.plain_inputs());
    let field = |column: &'a ColumnSchema| {
        let kind = match &column.encoding {
            Encoding::Number(number) => number_field(number, plain, piecewise),
            Encoding::Category(encoding) => FieldKind::Words { encoding, input: plain },
            Encoding::Date(date) => {
                let mut input = plain;
                let part = |(part, number): &(DatePart, NumberEncoding)| {
                    let first = input;
                    input += 1 + usize::from(number.has_flag);
                    date_number(*part, number, first)
                };
                FieldKind::Date { parts: date.parts.iter().map(part).collect(), days: days(date) }
            }
        };
        plain += column.encoding.plain_inputs();
        piecewise += column.encoding.piecewise_inputs();
        Field { name: &column.name, identifier: taken.distinct(&snake_case(&column.name)), kind }
    };
    schema.columns.iter().map(field).collect()
}

fn number_field(encoding: &NumberEncoding, plain: usize, piecewise: usize) -> FieldKind<'static> {
    let (_, share) = rounding(encoding);
    let origin = (share > MOST_ROUNDING).then_some(encoding.center);
    let number = NumberInputs::new(encoding, 1.0, origin.unwrap_or(0.0), plain, piecewise);
    FieldKind::Number { origin, number, range: [encoding.minimum, encoding.maximum] }
}

fn days(date: &DateEncoding) -> [f64; 2] {
    let elapsed = date.parts.iter().find(|(part, _)| *part == DatePart::Elapsed);
    elapsed.map_or([0.0, 1.0], |(_, number)| [number.minimum, number.maximum])
}

fn date_number(part: DatePart, encoding: &NumberEncoding, input: usize) -> DateInputs {
    const DAY: f64 = 86_400.0;
    let (unit, origin) = match part {
        DatePart::Elapsed => (DAY, (encoding.center * DAY).round()),
        _ => (1.0, 0.0),
    };
    DateInputs { part, origin: origin as i64, number: NumberInputs::new(encoding, unit, origin, input, 0) }
}

impl NumberInputs {
    /// In another unit, of which there are `units` in one of the encoding, and relative to an origin.
    fn new(encoding: &NumberEncoding, units: f64, origin: f64, input: usize, piecewise: usize) -> Self {
        let shifted = |number: f64| number * units - origin;
        Self {
            fill: shifted(encoding.fill) as f32,
            center: split(shifted(encoding.center)),
            scale: (encoding.scale * units) as f32,
            limit: encoding.squash.map(|limit| limit as f32),
            input,
            has_flag: encoding.has_flag,
            pieces: encoding.pieces.as_ref().map(|pieces| PieceInputs {
                numbers: (pieces.edges.windows(2).zip(&pieces.means))
                    .map(|(edges, mean)| {
                        let [edge, rest] = split(shifted(edges[0]));
                        [edge, rest, ((edges[1] - edges[0]) * units) as f32, *mean as f32]
                    })
                    .collect(),
                scale: pieces.scale as f32,
                input: piecewise,
            }),
        }
    }
}

/// A number in single precision, and what rounding cuts off from it.
fn split(number: f64) -> [f32; 2] {
    let high = number as f32;
    [high, (number - f64::from(high)) as f32]
}
