//! Separators, decimals, headers, quotes, compression: what is read without being asked.

use std::io::Write;

use ann_table::{Column, Error, Kind, Reader, Role, Table};

#[test]
fn separators_are_found() {
    for separator in [",", ";", "\t", "|"] {
        check(&read(&"x,city\n1.5,Bonn\n2.5,Köln\n".replace(',', separator)));
    }
    // The comma is a decimal sign, part of a text, or part of a name.
    check(&read("x;city\n1,5;Bonn\n2,5;Köln\n"));
    check(&read("x\tcity\n1,5\tBonn\n2,5\tKöln\n"));
    assert_eq!(read("x;note\n1;a, b\n2;c\n").column("note").unwrap().word(0), Some("a, b"));
    assert_eq!(read("\"price, EUR\";x\n1;2\n3;4\n").columns()[0].name(), "price, EUR");
    // A single column.
    assert_eq!(read("x\n1\n2\n").columns().len(), 1);
}

#[test]
fn a_separator_may_be_given() {
    let reader = Reader { separator: Some('|'), ..Reader::default() };
    let table = reader.read("x|a;b\n1|c;d\n".as_bytes()).unwrap();
    assert_eq!(table.columns()[1].name(), "a;b");
}

#[test]
fn decimal_commas() {
    let of = |text: &str| (0..2).map(|row| read(text).column("x").unwrap().number(row)).collect::<Vec<_>>();
    assert_eq!(of("x;y\n1,5;a\n-2;b\n"), [Some(1.5), Some(-2.0)]);
    assert_eq!(of("x;y\n1.5;a\n2;b\n"), [Some(1.5), Some(2.0)]);
    // A point beside decimal commas may separate thousands, so this is no number.
    for (text, decimal_comma) in
        [("x;y\n1,5;1.000\n2,5;2.000\n3,5;3\n", None), ("x;y\n1,5;a\n2,5;b\n", Some(false))]
    {
        let error = Reader { decimal_comma, ..Reader::default() }.read(text.as_bytes()).unwrap_err();
        assert!(matches!(error, Error::OddCells { count: 2, .. }), "{error}");
    }
}

#[test]
fn a_file_without_header() {
    let reader = Reader { header: false, ..Reader::default() };
    let table = reader.read("1,a\n2,b\n".as_bytes()).unwrap();
    assert_eq!(table.columns().iter().map(Column::name).collect::<Vec<_>>(), ["column_1", "column_2"]);
    assert_eq!(table.rows(), 2);
}

#[test]
fn headers_of_orange() {
    for text in [
        "C#x\tcD#city\tmS#note\ti#row\n1.5\tBonn\ta\t1\n2.5\tKöln\tb\t2\n",
        "x\tcity\tnote\trow\nc\td\ts\tc\n\tclass\tmeta\tignore\n1.5\tBonn\ta\t1\n2.5\tKöln\tb\t2\n",
    ] {
        let table = read(text);
        let columns: Vec<_> = table.columns().iter().map(|column| (column.name(), column.role())).collect();
        assert_eq!(columns, [("x", Role::Feature), ("city", Role::Class), ("note", Role::Meta)]);
    }
    // A discrete column of numbers holds categories.
    assert_eq!(read("D#x,y\n1,2\n3,4\n").column("x").unwrap().kind(), Kind::Category);
}

#[test]
fn gzip_is_recognised() {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all("x,city\n1.5,Bonn\n2.5,Köln\n".as_bytes()).unwrap();
    let bytes = encoder.finish().unwrap();
    check(&Table::read(&bytes[..]).unwrap());
    // Two members, one after another.
    let twice = [&bytes[..], &bytes[..]].concat();
    assert_eq!(Table::read(&twice[..]).unwrap().rows(), 5, "the second header is a row");
}

#[test]
fn a_file_is_read_as_a_text_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("table.csv");
    std::fs::write(&path, "x,city\n1.5,Bonn\n2.5,Köln\n").unwrap();
    check(&Table::open(&path).unwrap());
    let missing = folder.path().join("none.csv");
    let error = Table::open(&missing).unwrap_err().to_string();
    assert!(error.starts_with(&format!("{}: cannot read: ", missing.display())), "{error}");
    std::fs::write(&path, "x,city\n1.5\n").unwrap();
    let error = Table::open(&path).unwrap_err().to_string();
    assert_eq!(
        error,
        format!(
            "{}: line 2: expected 2 cells as in the header, found 1; add the missing cells, or remove the line",
            path.display()
        )
    );
}

#[test]
fn how_a_text_begins_and_ends_its_lines() {
    for (text, has_crlf, has_byte_order_mark) in [
        ("x,y\n1,2\r\n", false, false),
        ("x,y\r\n1,2\n", true, false),
        ("x,y\r1,2\r\n", false, false),
        ("\u{feff}x,y\n1,2\n", false, true),
        ("\u{feff}x,y\r\n1,2\r\n", true, true),
    ] {
        let dialect = Reader::default().dialect(text.as_bytes()).unwrap();
        let found = (dialect.has_crlf, dialect.has_byte_order_mark);
        assert_eq!(found, (has_crlf, has_byte_order_mark), "{text:?}");
    }
}

/// Rows of all lengths, so that they begin and end at every position of a block; with quoted cells, blank
/// lines, and line ends that a block may cut.
#[test]
fn blocks_end_anywhere() {
    for end in ["\n", "\r\n", "\r"] {
        for quoted in [false, true] {
            let mut text = format!("row,text{end}");
            let mut expected = vec![];
            for row in 0..30_000_usize {
                let word = "äb".repeat(row % 61);
                let cell = if quoted && row % 3 == 0 {
                    format!("\"{word},\"\"{end}x\"")
                } else {
                    format!("{word}y")
                };
                text += &format!("{row},{cell}{end}");
                expected.push(if quoted && row % 3 == 0 {
                    format!("{word},\"{end}x")
                } else {
                    format!("{word}y")
                });
                if row % 1000 == 0 {
                    text += end;
                }
            }
            let table = read(&text);
            assert_eq!(table.rows(), expected.len());
            let mut line = 1;
            let mut before = 0;
            for (row, expected) in expected.iter().enumerate() {
                assert_eq!(table.column("row").unwrap().number(row), Some(row as f64));
                assert_eq!(table.column("text").unwrap().word(row), Some(expected.as_str()), "row {row}");
                line += 1 + before;
                assert_eq!(table.line(row), line, "row {row}, end {end:?}, quoted {quoted}");
                before = u64::from(quoted && row % 3 == 0) + u64::from(row % 1000 == 0);
            }
        }
    }
}

fn read(text: &str) -> Table {
    Table::read(text.as_bytes()).unwrap()
}

#[track_caller]
fn check(table: &Table) {
    let (x, city) = (table.column("x").unwrap(), table.column("city").unwrap());
    assert_eq!((table.rows(), table.columns().len()), (2, 2));
    assert_eq!((x.number(0), x.number(1)), (Some(1.5), Some(2.5)));
    assert_eq!((city.word(0), city.word(1)), (Some("Bonn"), Some("Köln")));
    assert_eq!((table.line(0), table.line(1)), (2, 3));
}
