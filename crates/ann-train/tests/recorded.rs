//! Recorded numbers: the text of a CSV file as rows of cells, with a name for each column.

use std::fmt::Debug;
use std::str::FromStr;

pub struct Table {
    header: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    pub fn new(text: &str) -> Self {
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let cells = |record: &csv::StringRecord| record.iter().map(str::to_owned).collect::<Vec<_>>();
        let header = cells(reader.headers().unwrap());
        Self { header, rows: reader.records().map(|row| cells(&row.unwrap())).collect() }
    }

    /// A column of the rows that begin with `key`; all rows have an empty key.
    #[track_caller]
    pub fn column<T: FromStr<Err: Debug>>(&self, key: &[&str], name: &str) -> Vec<T> {
        let column = self.header.iter().position(|column| column == name).expect("a recorded column");
        let rows = self.rows.iter().filter(|row| row.iter().zip(key).all(|(cell, k)| cell == k));
        rows.map(|row| row[column].parse().unwrap()).collect()
    }

    /// The cell of the only row that begins with `key`.
    #[track_caller]
    pub fn cell<T: FromStr<Err: Debug>>(&self, key: &[&str], name: &str) -> T {
        let mut cells = self.column(key, name);
        assert_eq!(cells.len(), 1, "rows that begin with {key:?}");
        cells.remove(0)
    }
}

/// Each number is within `tolerance` of the recorded one.
#[track_caller]
pub fn assert_close(what: &str, found: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(found.len(), expected.len(), "{what}");
    assert!(!expected.is_empty(), "{what}: nothing is recorded");
    for (index, (f, e)) in found.iter().zip(expected).enumerate() {
        assert!((f - e).abs() <= tolerance, "{what} {index} is {f}, recorded {e}, apart {:e}", f - e);
    }
}
