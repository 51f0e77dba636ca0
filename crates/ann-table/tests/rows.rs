//! Rows of cells: another crate that writes CSV is understood.

use std::io::{self, Read};

use ann_table::rows::Rows;
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

    /// Whatever the csv crate writes is read: cells with separators, quotes and line breaks.
    #[test]
    fn what_another_crate_writes(rows in table(), separator in proptest::sample::select(vec![b',', b';', b'\t'])) {
        let mut writer = csv::WriterBuilder::new().flexible(true).delimiter(separator).from_writer(vec![]);
        rows.iter().for_each(|row| writer.write_record(row).unwrap());
        let bytes = writer.into_inner().unwrap();
        let trimmed = |cell: &String| cell.trim().to_owned();
        let expected: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(trimmed).collect()).collect();
        prop_assert_eq!(read(&bytes, char::from(separator)), expected);
    }
}

/// Rows of all lengths, so that separators are at every position. The last byte of € differs from a comma in
/// its highest bit, and the hyphen, which follows commas here, in its lowest.
#[test]
fn separators_anywhere() {
    let cell = |length: usize| "-€x".chars().cycle().take(length).collect::<String>();
    let row = |width: usize| (0..width).map(|column| cell((5 * column + width) % 9)).collect::<Vec<_>>();
    let rows: Vec<Vec<String>> = (2..200).map(row).collect();
    let lines: Vec<String> = rows.iter().map(|row| row.join(",")).collect();
    for end in ["\n", ""] {
        assert_eq!(read((lines.join("\n") + end).as_bytes(), ','), rows);
    }
}

/// At least two cells, so that a row is not blank; the first begins with a letter, so that no line is a
/// comment.
fn table() -> impl Strategy<Value = Vec<Vec<String>>> {
    let cell = "[ a-cé,;\"\n\r\t]{0,8}";
    let row = ("x[a-c]{0,3}", prop::collection::vec(cell, 1..5)).prop_map(|(first, mut cells)| {
        cells.insert(0, first);
        cells
    });
    prop::collection::vec(row, 1..20)
}

fn read(bytes: &[u8], separator: char) -> Vec<Vec<String>> {
    // The first line is checked for other separators, so a header is put before the text.
    let header = format!("header{separator}\n");
    let mut rows = Rows::new(io::Cursor::new(header).chain(bytes), separator).unwrap();
    rows.next_row().unwrap();
    let mut all = vec![];
    while let Some(row) = rows.next_row().unwrap() {
        all.push(row.cells().map(str::to_owned).collect());
    }
    all
}
