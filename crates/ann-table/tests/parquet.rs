//! Parquet files.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use ::parquet::basic::Compression;
use ::parquet::column::writer::ColumnWriter;
use ::parquet::data_type::{ByteArray, Int96};
use ::parquet::file::properties::WriterProperties;
use ::parquet::file::writer::SerializedFileWriter;
use ::parquet::schema::parser::parse_message_type;
use ann_table::{Column, Kind, Table};

/// Each file has three values, the second of which is missing.
#[test]
fn every_type() {
    let number = |text| (Kind::Number, text);
    let date = |text| (Kind::Date, text);
    let word = |text| (Kind::Category, text);
    for (column, values, expected) in [
        ("required double x", Values::Doubles([0.5, f64::NAN, -2.0]), number("0.5 - -2")),
        ("optional float x", Values::Floats([0.5, 2.0]), number("0.5 - 2")),
        ("optional int32 x", Values::Int32([-1, 7]), number("-1 - 7")),
        ("optional int32 x (UINT_32)", Values::Int32([-1, 7]), number("4294967295 - 7")),
        ("optional int32 x (DECIMAL(5, 2))", Values::Int32([-150, 7]), number("-1.5 - 0.07")),
        ("optional int32 x (DATE)", Values::Int32([-1, 19782]), date("1969-12-31 - 2024-02-29")),
        ("optional int64 x", Values::Int64([-1, 1 << 53]), number("-1 - 9007199254740992")),
        ("optional int64 x", Values::Int64([1, (1 << 53) + 1]), word("1 - 9007199254740993")),
        ("optional int64 x (UINT_64)", Values::Int64([1, -1]), word("1 - 18446744073709551615")),
        (
            "optional int64 x (TIMESTAMP_MILLIS)",
            Values::Int64([-1, 90_000]),
            date("1969-12-31_23:59:59.999 - 1970-01-01_00:01:30"),
        ),
        (
            "optional int64 x (TIMESTAMP(NANOS, true))",
            Values::Int64([0, 60_000_000_000]),
            date("1970-01-01 - 1970-01-01_00:01:00"),
        ),
        // Nanoseconds of the day, and the Julian day.
        (
            "optional int96 x",
            Values::Int96([[0, 0, 2_440_588], [1_250_000_000, 0, 2_440_589]]),
            date("1970-01-01 - 1970-01-02_00:00:01.25"),
        ),
        ("optional boolean x", Values::Booleans([true, false]), word("true - false")),
        ("optional binary x (UTF8)", Values::Bytes([b" K\xc3\xb6ln", b"04109"]), word("Köln - 04109")),
        ("optional binary x", Values::Bytes([b"a", b""]), word("a - -")),
        ("optional binary x (UTF8)", Values::Bytes([b"a", b"?"]), word("a - -")),
        ("optional binary x (DECIMAL(20, 1))", Values::Bytes([b"\xff", b"\x01\x00"]), number("-0.1 - 25.6")),
        // More bytes than the numbers need.
        ("optional binary x (DECIMAL(50, 1))", Values::Bytes([&[0xff; 20], &[0; 20]]), number("-0.1 - 0")),
        // A whole number that is rounded before the division would become …2.5.
        (
            "optional int64 x (DECIMAL(18, 2))",
            Values::Int64([446_673_754_019_253_275, -1]),
            number("4466737540192533 - -0.01"),
        ),
    ] {
        for compression in
            [Compression::UNCOMPRESSED, Compression::SNAPPY, Compression::GZIP(Default::default())]
        {
            let table = written(column, &values, compression, |path| Table::open_parquet(path)).unwrap();
            let found = table.column("x").unwrap();
            assert_eq!((found.kind(), cells(found).as_str()), expected, "{column}");
        }
    }
}

#[test]
fn what_no_table_holds() {
    let bytes = Values::Bytes([b"\xff", b"a"]);
    for (column, values, compression, message) in [
        (
            "optional group x { optional binary y; }",
            &bytes,
            Compression::SNAPPY,
            "column \"x\" holds lists or structs, expected single values; write the file without it",
        ),
        (
            "optional int32 x (TIME_MILLIS)",
            &Values::Int32([1, 2]),
            Compression::SNAPPY,
            "column \"x\" holds `OPTIONAL INT32 x (TIME_MILLIS)`, which is no number, date or text; \
             write the file without it",
        ),
        (
            "optional binary x (DECIMAL(60, 1))",
            &Values::Bytes([&[0x7f; 20], b"1"]),
            Compression::SNAPPY,
            "column \"x\": found a number of more than 128 bits",
        ),
        (
            "optional binary x (UTF8)",
            &bytes,
            Compression::SNAPPY,
            "column \"x\": found bytes that are no text in UTF-8",
        ),
    ] {
        let error =
            written(column, values, compression, |path| Table::open_parquet(path)).unwrap_err().to_string();
        assert!(error.contains(&format!(": cannot read Parquet: {message}")), "{column}: {error}");
    }
    let cut = written("optional int32 x", &Values::Int32([1, 2]), Compression::SNAPPY, |path| {
        let bytes = std::fs::read(path).unwrap();
        std::fs::write(path, &bytes[..bytes.len() / 2]).unwrap();
        Table::open_parquet(path)
    });
    assert!(cut.unwrap_err().to_string().contains(": cannot read Parquet: "));
}

/// For some of these files the parquet crate panics.
#[test]
fn one_damaged_byte() {
    let values = Values::Bytes([b"a", b"b"]);
    written("optional binary x (UTF8)", &values, Compression::UNCOMPRESSED, |path| {
        let whole = std::fs::read(path).unwrap();
        for at in 0..whole.len() {
            for flipped in [0x01, 0x80] {
                let mut bytes = whole.clone();
                bytes[at] ^= flipped;
                std::fs::write(path, bytes).unwrap();
                if let Err(error) = Table::open_parquet(path) {
                    assert!(error.to_string().contains(": cannot read Parquet: "), "byte {at}: {error}");
                }
            }
        }
    });
}

/// Values of one column: of two rows, with a missing one between them, or of three.
enum Values {
    Doubles([f64; 3]),
    Floats([f32; 2]),
    Int32([i32; 2]),
    Int64([i64; 2]),
    Int96([[u32; 3]; 2]),
    Booleans([bool; 2]),
    Bytes([&'static [u8]; 2]),
}

/// Writes a file of one column, and calls `read` with its path.
fn written<T>(column: &str, values: &Values, compression: Compression, read: impl Fn(&Path) -> T) -> T {
    const LEVELS: Option<&[i16]> = Some(&[1, 0, 1]);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("table.parquet");
    let end = if column.ends_with('}') { "" } else { ";" };
    let schema = Arc::new(parse_message_type(&format!("message table {{ {column}{end} }}")).unwrap());
    let properties = Arc::new(WriterProperties::builder().set_compression(compression).build());
    let mut file = SerializedFileWriter::new(File::create(&path).unwrap(), schema, properties).unwrap();
    let mut rows = file.next_row_group().unwrap();
    let mut column = rows.next_column().unwrap().unwrap();
    match (column.untyped(), values) {
        (ColumnWriter::DoubleColumnWriter(writer), Values::Doubles(values)) => {
            writer.write_batch(values, None, None)
        }
        (ColumnWriter::FloatColumnWriter(writer), Values::Floats(values)) => {
            writer.write_batch(values, LEVELS, None)
        }
        (ColumnWriter::Int32ColumnWriter(writer), Values::Int32(values)) => {
            writer.write_batch(values, LEVELS, None)
        }
        (ColumnWriter::Int64ColumnWriter(writer), Values::Int64(values)) => {
            writer.write_batch(values, LEVELS, None)
        }
        (ColumnWriter::Int96ColumnWriter(writer), Values::Int96(values)) => {
            let values = values.map(|value| Int96::from(value.to_vec()));
            writer.write_batch(&values, LEVELS, None)
        }
        (ColumnWriter::BoolColumnWriter(writer), Values::Booleans(values)) => {
            writer.write_batch(values, LEVELS, None)
        }
        (ColumnWriter::ByteArrayColumnWriter(writer), Values::Bytes(values)) => {
            let values = values.map(|value| ByteArray::from(value.to_vec()));
            writer.write_batch(&values, LEVELS, None)
        }
        _ => panic!("the values are of another type than the column"),
    }
    .unwrap();
    column.close().unwrap();
    rows.close().unwrap();
    file.close().unwrap();
    read(&path)
}

/// A missing cell is `-`, and a blank is `_`.
fn cells(column: &Column) -> String {
    let cell = |row| if column.is_missing(row) { "-".to_owned() } else { column.text(row).replace(' ', "_") };
    (0..column.len()).map(cell).collect::<Vec<_>>().join(" ")
}
