//! Which separator and which decimal sign a text uses.

use crate::cell::Notation;
use crate::rows::Row;

/// Number of rows that are looked at.
const SAMPLE: usize = 1000;
/// The first of equally good separators is taken.
const SEPARATORS: [char; 4] = [',', ';', '\t', '|'];

/// The separator with which most rows have as many cells as the first; a comma if there is only one column.
pub(crate) fn separator(beginning: &[u8]) -> char {
    let mut best = (',', (0.0, 1));
    for separator in SEPARATORS {
        let found = consistency(beginning, separator);
        if found > best.1 {
            best = (separator, found);
        }
    }
    best.0
}

/// The share of rows that are as wide as the first, and the width of the first. A single column counts 0.
fn consistency(beginning: &[u8], separator: char) -> (f64, usize) {
    let separator = u8::try_from(separator).expect("all of them are ASCII");
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(separator)
        .has_headers(false)
        .flexible(true)
        .from_reader(beginning);
    let mut widths = reader.byte_records().take(SAMPLE).filter_map(|row| row.ok().map(|row| row.len()));
    let Some(first) = widths.next().filter(|first| *first > 1) else { return (0.0, 1) };
    let (mut same, mut all) = (1_usize, 1_usize);
    for width in widths {
        same += usize::from(width == first);
        all += 1;
    }
    (same as f64 / all as f64, first)
}

/// Whether decimals are separated by commas, which is possible if cells are not: if more cells are numbers
/// with a comma than with a point.
pub(crate) fn notation(rows: &[Row], separator: char) -> Notation {
    let (comma, point) = (Notation { has_decimal_comma: true }, Notation { has_decimal_comma: false });
    if separator == ',' {
        return point;
    }
    let count = |notation: Notation, sign| {
        let cells = rows.iter().flat_map(Row::cells);
        cells.filter(|cell| cell.contains(sign) && notation.number(cell).is_some()).count()
    };
    if count(comma, ',') > count(point, '.') { comma } else { point }
}
