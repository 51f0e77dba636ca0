//! Tables whose cells are in a file: the same as in memory, and damage is found.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::path::Path;

use ann_table::{Column, Error, Reader, Schema, SchemaOptions, Table};
use tempfile::{NamedTempFile, TempDir, tempfile};

/// Nine blocks of 1024 rows, the last one not whole.
const ROWS: usize = 9000;

/// Numbers of all sizes, words, dates, missing cells, cells with line breaks, and two columns whose kind is
/// seen late: words after many numbers, and after many dates.
fn text() -> String {
    let mut text = "whole,real,word,date,late,later,y\n".to_owned();
    for row in 0..ROWS {
        let whole = if row == 5000 { 70_000 } else { row % 100 };
        let real = if row % 7 == 0 { String::new() } else { format!("{:.3}", (row as f64).sin()) };
        let word = if row % 1000 == 3 { "\"two\nlines\"".to_owned() } else { format!("w{}", row % 13) };
        let date = format!("20{:02}-01-{:02}", row % 40 + 10, row % 28 + 1);
        let (late, later) = match row > 8000 {
            true => ("many".to_owned(), "never".to_owned()),
            false => ((row % 9).to_string(), date.clone()),
        };
        writeln!(text, "{whole},{real},{word},{date},{late},{later},{}", row % 2).unwrap();
    }
    text
}

fn written(folder: &TempDir, text: &str) -> std::path::PathBuf {
    let path = folder.path().join("table.csv");
    fs::write(&path, text).unwrap();
    path
}

#[track_caller]
fn assert_same(found: &Table, expected: &Table) {
    found.ensure_read().unwrap();
    assert_eq!(found.rows(), expected.rows());
    assert_eq!(found.columns().len(), expected.columns().len());
    for (found, expected) in found.columns().iter().zip(expected.columns()) {
        assert_eq!((found.name(), found.kind()), (expected.name(), expected.kind()));
        assert_eq!(found.role(), expected.role());
        assert!(found.words().eq(expected.words()), "{}", found.name());
        let bits = |column: &Column, row| (column.number(row).map(f64::to_bits), column.code(row));
        for row in (0..expected.len()).rev() {
            assert_eq!(bits(found, row), bits(expected, row), "{}, row {row}", found.name());
        }
        assert_eq!(found.missing(), expected.missing());
    }
    for column in expected.columns() {
        let location = |table: &Table, row| table.location(row, column.name()).unwrap();
        assert!((0..expected.rows()).all(|row| location(found, row) == location(expected, row)));
    }
    // They depend on how numbers were written.
    assert_eq!(found.remarks(), expected.remarks());
}

#[test]
fn all_cells_are_those_of_the_table_in_memory() {
    let folder = TempDir::new().unwrap();
    let path = written(&folder, &text());
    let expected = Table::open(&path).unwrap();
    let stored = folder.path().join("table.rows");
    let file = File::options().read(true).write(true).create_new(true).open(&stored).unwrap();
    let found = Reader::default().open_on_disk(&path, file).unwrap();
    for cache in [0, 100_000, usize::MAX] {
        let found = found.clone().with_cache(cache);
        assert_same(&found, &expected);
        // As long as the file is the same, it can be opened again.
        assert_same(&Table::open_stored(&stored).unwrap().with_cache(cache), &expected);
        assert_same(&expected.store(tempfile().unwrap()).unwrap().with_cache(cache), &expected);
        let rows: Vec<usize> = (0..ROWS).rev().step_by(3).chain([5, 5]).collect();
        let of_rows: Vec<usize> = (0..rows.len()).step_by(2).collect();
        let (found, expected) = (found.select(&rows), expected.select(&rows));
        assert_same(&found, &expected);
        assert_same(&found.select(&of_rows), &expected.select(&of_rows));
        assert_same(&found.extract(&of_rows), &expected.extract(&of_rows));
        // Some columns selected before others.
        let names = ["word", "real"];
        let found = found.select_of(&names, &of_rows).unwrap();
        assert_same(&found, &expected.select_of(&names, &of_rows).unwrap());
    }
}

#[test]
fn what_is_learned_and_encoded_has_the_same_bits() {
    let folder = TempDir::new().unwrap();
    let path = written(&folder, &text());
    let expected = Table::open(&path).unwrap();
    let found = Reader::default().open_on_disk(&path, tempfile().unwrap()).unwrap().with_cache(0);
    let rows: Vec<usize> = (0..ROWS).filter(|row| row % 5 != 0).collect();
    let options = SchemaOptions::default();
    let schema = Schema::learn(&expected, &["y"], &options).unwrap();
    assert_eq!(Schema::learn(&found, &["y"], &options).unwrap(), schema);
    assert_eq!(
        Schema::learn_rows(&found, &rows, &["y"], &options).unwrap(),
        Schema::learn_rows(&expected, &rows, &["y"], &options).unwrap()
    );
    assert_eq!(schema.targets(&found).unwrap(), schema.targets(&expected).unwrap());
    let bits = |table: &Table| schema.features::<f64>(table).unwrap().mapv(f64::to_bits);
    assert_eq!(bits(&found), bits(&expected));
    found.ensure_read().unwrap();
}

#[test]
fn settings_of_the_reader_hold() {
    let folder = TempDir::new().unwrap();
    let path = written(&folder, "a;b;c\n1,5;-;x\n2,5;3;y\n");
    let reader = Reader { missing: vec!["-".into()], ignore: vec!["c".into()], ..Reader::default() };
    let expected = reader.open(&path).unwrap();
    let stored = NamedTempFile::new().unwrap();
    assert_same(&reader.open_on_disk(&path, stored.reopen().unwrap()).unwrap(), &expected);
    assert_eq!(Reader::open_stored(stored.path()).unwrap().0, reader);
    let error = Table::open(stored.path()).unwrap_err().to_string();
    assert!(error.contains("this is a file of `ann store`"), "{error}");
}

#[test]
fn roles_and_notations_are_stored() {
    let folder = TempDir::new().unwrap();
    for text in
        ["cD#kind\tm#note\tC#a\nx\tn\t1\ny\tn\t2\n", "a;b\n1,5;x\n0,25;y\n", "a\tb\n1.234\tx\n5.678\ty\n"]
    {
        let path = written(&folder, text);
        let stored = NamedTempFile::new().unwrap();
        Reader::default().open_on_disk(&path, stored.reopen().unwrap()).unwrap();
        assert_same(&Table::open_stored(stored.path()).unwrap(), &Table::open(&path).unwrap());
    }
}

#[test]
fn a_table_without_rows_is_stored() {
    let table = Table::read("a,b\n1,x\n".as_bytes()).unwrap().select(&[]);
    let stored = NamedTempFile::new().unwrap();
    table.store(stored.reopen().unwrap()).unwrap();
    assert_same(&Table::open_stored(stored.path()).unwrap(), &table);
}

#[test]
fn mistakes_in_the_text_are_those_of_reading_it() {
    let folder = TempDir::new().unwrap();
    for text in ["", "a,b\n", "a,b\n1,2\n3\n", "a,b\n1,\"2\n"] {
        let path = written(&folder, text);
        let expected = Table::open(&path).unwrap_err().to_string();
        let found = Reader::default().open_on_disk(&path, tempfile().unwrap()).unwrap_err().to_string();
        assert_eq!(found, expected);
    }
    let missing = folder.path().join("missing.csv");
    let error = Reader::default().open_on_disk(&missing, tempfile().unwrap()).unwrap_err();
    assert_eq!(error.to_string(), Table::open(&missing).unwrap_err().to_string());
    let error = Reader::default().open_on_disk(folder.path(), tempfile().unwrap()).unwrap_err();
    assert!(error.to_string().ends_with("this is no file, which can be read twice"), "{error}");
}

#[test]
fn rows_that_cannot_be_written_are_an_error() {
    let folder = TempDir::new().unwrap();
    let path = written(&folder, &text());
    // It was opened for reading alone.
    let read_only = || File::open(&path).unwrap();
    let error = Reader::default().open_on_disk(&path, read_only()).unwrap_err().to_string();
    assert!(error.contains("cannot write the rows of the table: "), "{error}");
    let empty = folder.path().join("empty");
    fs::write(&empty, "").unwrap();
    let error = Table::open(&path).unwrap().store(File::open(&empty).unwrap()).unwrap_err();
    assert!(matches!(error, Error::StoreRows { .. }), "{error}");
    // The end of what was there before could be taken for the end of the rows.
    let full = File::options().read(true).write(true).open(&path).unwrap();
    let error = Table::open(&path).unwrap().store(full).unwrap_err();
    assert_eq!(error.to_string(), "cannot write the rows of the table: expected an empty file");
}

/// A small file with numbers of each width, words and dates.
fn small() -> (Table, NamedTempFile) {
    let file = NamedTempFile::new().unwrap();
    let text = "a,b,c,d,e,word,date\n1,300,70000,0.5,1e300,x,2020-01-01\n2,301,70001,1.5,,y,2021-01-01\n";
    let table = Table::read(text.as_bytes()).unwrap();
    table.store(file.reopen().unwrap()).unwrap();
    (table, file)
}

/// The table of these bytes, with all of its cells read.
fn opened(bytes: &[u8], path: &Path) -> Result<Table, Error> {
    fs::write(path, bytes).unwrap();
    let table = Table::open_stored(path)?;
    for column in table.columns() {
        (0..table.rows()).for_each(|row| drop(column.text(row)));
    }
    table.ensure_read()?;
    Ok(table)
}

#[test]
fn a_flipped_bit_is_found_wherever_it_is() {
    let (table, file) = small();
    let bytes = fs::read(file.path()).unwrap();
    assert_same(&opened(&bytes, file.path()).unwrap(), &table);
    for position in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[position] ^= 1 << (position % 8);
        let error = opened(&damaged, file.path()).unwrap_err().to_string();
        assert!(
            error.contains("the file with the rows of the table cannot be read: "),
            "{position}: {error}"
        );
    }
}

#[test]
fn a_file_that_is_cut_short_is_found() {
    let (_, file) = small();
    let bytes = fs::read(file.path()).unwrap();
    assert!(Table::is_stored(file.path()));
    for length in 0..bytes.len() {
        assert!(opened(&bytes[..length], file.path()).is_err(), "{length} bytes");
    }
    // Also within the cells, after it has been opened.
    fs::write(file.path(), &bytes).unwrap();
    let table = Table::open_stored(file.path()).unwrap();
    file.as_file().set_len(10).unwrap();
    assert_eq!(table.column("d").unwrap().number(0), None);
    let error = table.ensure_read().unwrap_err().to_string();
    assert!(error.contains("; make it again from the table"), "{error}");
}

/// What is made of damaged cells is an error: they are not taken for missing ones.
#[test]
fn what_is_made_of_damaged_cells_is_an_error() {
    let folder = TempDir::new().unwrap();
    let path = written(&folder, &text());
    let options = SchemaOptions::default();
    let schema = Schema::learn(&Table::open(&path).unwrap(), &["y"], &options).unwrap();
    let damaged = || {
        let store = NamedTempFile::new().unwrap();
        let table = Reader::default().open_on_disk(&path, store.reopen().unwrap()).unwrap().with_cache(0);
        store.as_file().set_len(1000).unwrap();
        table
    };
    let rows: Vec<usize> = (0..ROWS).step_by(2).collect();
    for error in [
        Schema::learn(&damaged(), &["y"], &options).map(drop),
        Schema::learn_rows(&damaged(), &rows, &["y"], &options).map(drop),
        schema.features::<f32>(&damaged()).map(drop),
        schema.plain_features::<f32>(&damaged()).map(drop),
        schema.targets(&damaged()).map(drop),
        Schema::task(&damaged(), &["y"], None).map(drop),
        damaged().without_missing(&[]).map(drop),
        damaged().store(tempfile().unwrap()).map(drop),
    ] {
        let error = error.unwrap_err();
        assert!(matches!(error, Error::StoredRows { .. }), "{error}");
    }
}

/// A checksum does not say who wrote a file.
#[test]
fn contents_that_make_no_sense_are_refused() {
    let (_, file) = small();
    let bytes = fs::read(file.path()).unwrap();
    for (old, new) in [
        (r#""words":["x","y"]"#, r#""words":["x","x"]"#),
        (r#""rows":2"#, r#""rows":3"#),
        (r#""lines":[[0,2]]"#, r#""lines":[[1,2]]"#),
        (r#""lines":[[0,2]]"#, r#""lines":[[0,2],[2,9]]"#),
        (r#""lines":[[0,2]]"#, r#""lines":[[0,2],[1,1]]"#),
        (r#""position":1"#, r#""position":0"#),
        (r#""kind":"date""#, r#""kind":"time""#),
    ] {
        let (contents, trailer) = bytes.split_at(bytes.len() - 24);
        let start = u64::from_le_bytes(trailer[..8].try_into().unwrap()) as usize;
        let (blocks, json) = contents.split_at(start);
        let json = String::from_utf8(json.to_vec()).unwrap();
        assert!(json.contains(old), "{json}");
        let json = json.replacen(old, new, 1);
        let checksum = crc32fast::hash(json.as_bytes()).to_le_bytes();
        let changed = [blocks, json.as_bytes(), &trailer[..8], &checksum, &trailer[12..]].concat();
        let error = opened(&changed, file.path()).unwrap_err().to_string();
        assert!(error.contains("its list of contents is damaged"), "{error}");
    }
}

#[test]
fn other_files_are_refused() {
    let folder = TempDir::new().unwrap();
    let path = written(&folder, "a,b\n1,2\n");
    assert!(!Table::is_stored(&path) && !Table::is_stored(folder.path()));
    let error = Table::open_stored(&path).unwrap_err().to_string();
    assert!(error.contains("it does not begin as a file of rows does"), "{error}");
    let (_, file) = small();
    let mut bytes = fs::read(file.path()).unwrap();
    let version = bytes.len() - 12;
    bytes[version] = 9;
    let error = opened(&bytes, file.path()).unwrap_err().to_string();
    assert!(error.contains("it is of version 9, expected 2"), "{error}");
}
