//! Which separator and which decimal sign a text uses.

use crate::cell::{Notation, has_grouped_digits};
use crate::rows::{Row, Splitter};

/// Number of rows that are looked at.
const SAMPLE: usize = 1000;
/// The first of equally good separators is taken.
const SEPARATORS: [char; 4] = [',', ';', '\t', '|'];

/// The separator with which most rows have as many cells as the first; a comma if there is only one column.
pub(crate) fn separator(beginning: &str) -> char {
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
fn consistency(beginning: &str, separator: char) -> (f64, usize) {
    let widths = widths(beginning, separator);
    match widths.first() {
        Some(&first) if first > 1 => {
            let same = widths.iter().filter(|width| **width == first).count();
            (same as f64 / widths.len() as f64, first)
        }
        _ => (0.0, 1),
    }
}

/// Number of cells of the first rows, up to the first one that cannot be read.
fn widths(mut text: &str, separator: char) -> Vec<usize> {
    let splitter = Splitter::new(separator).expect("all of them are possible");
    let (mut row, mut widths) = (Row::default(), vec![]);
    while let Ok(Some(end)) = splitter.split(text, true, &mut row) {
        text = &text[end.bytes..];
        if !row.is_blank() {
            widths.push(row.len());
        }
        if widths.len() == SAMPLE {
            break;
        }
    }
    widths
}

/// Whether decimals are separated by commas, which is possible if cells are not: if more cells are numbers
/// with a comma than with a point. `1,000` does not count, because its comma may separate thousands.
pub(crate) fn notation(rows: &[Row], separator: char) -> Notation {
    let (comma, point) = (Notation { has_decimal_comma: true }, Notation { has_decimal_comma: false });
    if separator == ',' {
        return point;
    }
    let cells = || rows.iter().flat_map(Row::cells);
    let is_comma =
        |cell: &&str| cell.contains(',') && !has_grouped_digits(cell) && comma.number(cell).is_some();
    let is_point = |cell: &&str| cell.contains('.') && point.number(cell).is_some();
    if cells().filter(is_comma).count() > cells().filter(is_point).count() { comma } else { point }
}
