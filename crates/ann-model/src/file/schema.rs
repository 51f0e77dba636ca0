//! Schemas in a file: names and words as text, numbers as tensors.

use ann_table::{
    CategoryEncoding, ColumnSchema, DateEncoding, DatePart, Encoding, Ignored, IgnoredColumn, LabelTarget,
    NumberEncoding, NumberTarget, Pieces, Target,
};

use super::container::malformed;
use super::tensors::{Reader, Writer};
use super::text::{ColumnText, EncodingText, IgnoredText, LabelText, NumberText, PartText, TargetText};
use crate::Result;

const PARTS: [(DatePart, &str); 5] = [
    (DatePart::Elapsed, "elapsed"),
    (DatePart::Month, "month"),
    (DatePart::Day, "day"),
    (DatePart::Weekday, "weekday"),
    (DatePart::Hour, "hour"),
];

const REASONS: [(Ignored, &str); 4] = [
    (Ignored::Asked, "asked"),
    (Ignored::Constant, "constant"),
    (Ignored::Identifier, "identifier"),
    (Ignored::FreeText, "free_text"),
];

fn text_of<T: Copy + PartialEq>(table: &[(T, &'static str)], value: T) -> String {
    let found = table.iter().find(|(known, _)| *known == value);
    found.expect("every value has a text").1.to_owned()
}

fn value_of<T: Copy>(table: &[(T, &'static str)], text: &str) -> Result<T> {
    let found = table.iter().find(|(_, known)| *known == text);
    found.map(|(value, _)| *value).ok_or_else(|| malformed(format!("the word {text:?} is unknown")))
}

pub(super) fn write_column(column: &ColumnSchema, tensors: &mut Writer) -> ColumnText {
    let encoding = match &column.encoding {
        Encoding::Number(number) => EncodingText::Number {
            pieces: number.pieces.as_ref().map_or(0, |pieces| write_pieces(pieces, tensors)),
            number: write_number(number, tensors),
        },
        Encoding::Category(CategoryEncoding { categories, has_other, has_missing }) => {
            EncodingText::Category {
                categories: categories.clone(),
                other: *has_other,
                missing: *has_missing,
            }
        }
        Encoding::Date(date) => EncodingText::Date {
            parts: (date.parts.iter())
                .map(|(part, number)| PartText {
                    part: text_of(&PARTS, *part),
                    number: write_number(number, tensors),
                })
                .collect(),
        },
    };
    ColumnText { name: column.name.clone(), encoding }
}

pub(super) fn read_column(column: ColumnText, tensors: &mut Reader<'_>) -> Result<ColumnSchema> {
    let encoding = match column.encoding {
        EncodingText::Number { number, pieces } => {
            let pieces = if pieces > 0 { Some(read_pieces(pieces, tensors)?) } else { None };
            Encoding::Number(NumberEncoding { pieces, ..read_number(&number, tensors)? })
        }
        EncodingText::Category { categories, other, missing } => {
            if !categories.is_sorted_by(|a, b| a < b) {
                return Err(malformed(format!("the categories of {:?} are not in order", column.name)));
            }
            Encoding::Category(CategoryEncoding { categories, has_other: other, has_missing: missing })
        }
        EncodingText::Date { parts } => {
            let part =
                |part: &PartText| Ok((value_of(&PARTS, &part.part)?, read_number(&part.number, tensors)?));
            Encoding::Date(DateEncoding { parts: parts.iter().map(part).collect::<Result<_>>()? })
        }
    };
    Ok(ColumnSchema { name: column.name, encoding })
}

fn write_number(number: &NumberEncoding, tensors: &mut Writer) -> NumberText {
    tensors.push("columns.fill", number.fill);
    tensors.push("columns.center", number.center);
    tensors.push("columns.scale", number.scale);
    tensors.push("columns.minimum", number.minimum);
    tensors.push("columns.maximum", number.maximum);
    if let Some(limit) = number.squash {
        tensors.push("columns.squash", limit);
    }
    NumberText { flag: number.has_flag, squash: number.squash.is_some() }
}

fn read_number(text: &NumberText, tensors: &mut Reader<'_>) -> Result<NumberEncoding> {
    Ok(NumberEncoding {
        fill: tensors.next("columns.fill")?,
        has_flag: text.flag,
        center: tensors.next("columns.center")?,
        scale: tensors.next_positive("columns.scale")?,
        minimum: tensors.next("columns.minimum")?,
        maximum: tensors.next("columns.maximum")?,
        squash: if text.squash { Some(tensors.next_positive("columns.squash")?) } else { None },
        pieces: None,
    })
}

fn write_pieces(pieces: &Pieces, tensors: &mut Writer) -> usize {
    pieces.edges.iter().for_each(|edge| tensors.push("columns.edges", *edge));
    pieces.means.iter().for_each(|mean| tensors.push("columns.means", *mean));
    tensors.push("columns.piece_scale", pieces.scale);
    pieces.means.len()
}

fn read_pieces(count: usize, tensors: &mut Reader<'_>) -> Result<Pieces> {
    // These first: then the count is one that the file holds.
    let means = tensors.next_many("columns.means", count)?;
    let edges = tensors.next_many("columns.edges", count + 1)?;
    if !edges.is_sorted_by(|a, b| a < b) {
        return Err(malformed("the edges of a column are not ascending".into()));
    }
    Ok(Pieces { edges, means, scale: tensors.next_positive("columns.piece_scale")? })
}

pub(super) fn write_ignored(column: &IgnoredColumn) -> IgnoredText {
    IgnoredText { name: column.name.clone(), why: text_of(&REASONS, column.reason) }
}

pub(super) fn read_ignored(column: IgnoredText) -> Result<IgnoredColumn> {
    Ok(IgnoredColumn { reason: value_of(&REASONS, &column.why)?, name: column.name })
}

pub(super) fn write_target(target: &Target, tensors: &mut Writer) -> TargetText {
    match target {
        Target::Classes { name, classes } => {
            TargetText::Classes { name: name.clone(), classes: classes.clone() }
        }
        Target::Numbers(columns) => {
            for column in columns {
                tensors.push("target.center", column.center);
                tensors.push("target.scale", column.scale);
                tensors.push("target.minimum", column.minimum);
                tensors.push("target.maximum", column.maximum);
            }
            TargetText::Numbers { names: columns.iter().map(|column| column.name.clone()).collect() }
        }
        Target::Labels(columns) => {
            let text = |LabelTarget { name, absent, present }: &LabelTarget| LabelText {
                name: name.clone(),
                absent: absent.clone(),
                present: present.clone(),
            };
            TargetText::Labels { labels: columns.iter().map(text).collect() }
        }
    }
}

pub(super) fn read_target(target: TargetText, tensors: &mut Reader<'_>) -> Result<Target> {
    match target {
        TargetText::Classes { name, classes } => {
            let distinct: std::collections::BTreeSet<&String> = classes.iter().collect();
            if distinct.len() < classes.len() || classes.len() < 2 {
                return Err(malformed(format!(
                    "the classes of {name:?} are not at least two different ones"
                )));
            }
            Ok(Target::Classes { name, classes })
        }
        TargetText::Numbers { names } => {
            let column = |name: String| {
                let (minimum, maximum) = (tensors.next("target.minimum")?, tensors.next("target.maximum")?);
                if minimum > maximum {
                    return Err(malformed(format!("the range of {name:?} is empty")));
                }
                let (center, scale) =
                    (tensors.next("target.center")?, tensors.next_positive("target.scale")?);
                Ok(NumberTarget { name, center, scale, minimum, maximum })
            };
            names.into_iter().map(column).collect::<Result<_>>().map(Target::Numbers)
        }
        TargetText::Labels { labels } => {
            let label = |LabelText { name, absent, present }| match absent == present {
                true => Err(malformed(format!("the two values of {name:?} are equal"))),
                false => Ok(LabelTarget { name, absent, present }),
            };
            labels.into_iter().map(label).collect::<Result<_>>().map(Target::Labels)
        }
    }
}
