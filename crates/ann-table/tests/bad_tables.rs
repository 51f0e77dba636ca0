//! Tables with mistakes: a right result, or an error with line, column and the way out.

use std::fmt::Write;
use std::io::{self, Write as _};

use ann_table::{Error, Reader, Table};
use flate2::{Compression, write::GzEncoder};

/// A name, the text, and what becomes of it: for each column its kind and cells, or the beginning of the
/// error.
type Case = (&'static str, &'static str, &'static str);

const QUOTE: &str = "a quote opens here that is not closed; a quoted cell ends with a quote right before";
const SHORT: &str = "expected 2 cells as in the header, found 1; add the missing cells, or remove the line";
const LONG: &str =
    "expected 2 cells as in the header, found 3; put a cell that contains the separator in double quotes";
const TRAILING: &str =
    "separators at the end of the line make 1 empty cell that no column has; remove them here";

#[rustfmt::skip]
const QUOTES: &[Case] = &[
    ("an opening quote alone", "x,y\n1,\"a\n2,b\n", "line 2, column 2: {QUOTE}"),
    ("text after the closing quote", "x,y\n1,\"a\"b\n", "line 2, column 2: {QUOTE}"),
    ("a quote inside that is not doubled", "x,y\n1,\"a \"b\" c\"\n", "line 2, column 2: {QUOTE}"),
    ("a quote behind a backslash", "x,y\n1,\"a \\\"b\\\"\"\n", "line 2, column 2: {QUOTE}"),
    ("doubled quotes", "x,y\n1,\"a \"\"b\"\"\"\n", "x numbers 1 | y categories a_\"b\""),
    ("quotes in the middle", "x,y\n1,5\" disk\n", "x numbers 1 | y categories 5\"_disk"),
    ("quotes around everything", "\"x\",\"y\"\n\"1\",\"a\"\n", "x numbers 1 | y categories a"),
    ("quotes around nothing", "x,y\n\"\",a\n2,\"\"\n", "x numbers - 2 | y categories a -"),
    ("typographic quotes", "x,y\n1,“a, b”\n", "line 2: {LONG}"),
    ("single quotes", "x,y\n1,'a, b'\n", "line 2: {LONG}"),
    ("quotes around whole lines", "\"x,y\"\n\"1,a\"\n", "x,y categories 1,a"),
];

#[rustfmt::skip]
const SHAPES: &[Case] = &[
    ("a short row", "x,y\n1,a\n2\n", "line 3: {SHORT}"),
    ("a long row", "x,y\n1,a\n\n2,b,c\n", "line 4: {LONG}"),
    ("a short row below a cell of two lines", "x,y\n1,\"a\nb\"\n2,c\n3\n", "line 5: {SHORT}"),
    ("a line of totals", "x,y\n1,a\ntotal: 1\n", "line 3: {SHORT}"),
    ("a title above the header", "Report of May\nx,y\n1,a\n", "line 2: expected 1 cells as in the header, found 2; if the first line is a title, remove it"),
    ("a title with separators", "Report of May,\nx,y\n1,a\n", "line 1, column 2: the column has no name; the first line names all columns"),
    ("a comment above", "# from our lab\nx,y\n1,2\n", "line 1: found \"# from our lab\", which looks like a comment, expected a row of the table; remove the line"),
    ("a comment among rows", "x,y\n1,a\n# note\n2,b\n", "line 3: found \"# note\", which looks like a comment, expected a row of the table; remove the line"),
    ("a note for Excel", "sep=;\nx;y\n1;2\n", "line 1: found \"sep=;\", a note for Excel, expected the names of the columns; remove the line"),
    ("separators at the ends of rows", "x,y\n1,a,\n2,b,\n", "line 2: {TRAILING}"),
    ("separators at the ends of all lines", "x,y,\n1,a,\n", "line 1: {TRAILING}"),
    ("a separator at the end of the header", "x,y,\n1,a\n", "line 1: {TRAILING}"),
    ("no file at all", "", "the file is empty, expected a line with the names of the columns"),
    ("blank lines only", " \n\n \n", "the file is empty, expected a line with the names of the columns"),
    ("a header only", "x,y\n", "there is a header but no row of data after it"),
    ("one row, no line end", "x,y\n1,a", "x numbers 1 | y categories a"),
    ("one row of words with blanks", "city\nNew York\n", "city categories New_York"),
    ("equal rows", "x,y\n1,a\n1,a\n", "x numbers 1 1 | y categories a a"),
    ("a header that is repeated", "x,y\n1,a\nx,y\n2,b\n", "x categories 1 x 2 | y categories a y b"),
    ("no header", "5.1,3.5,setosa\n4.9,3.0,setosa\n", "line 1: found \"5.1\", \"3.5\", \"setosa\", which looks like a row of data, expected the names of the columns; add a line of names"),
    ("a name that occurs twice", "x,y,x\n1,2,3\n", "line 1, column 3 (\"x\"): column 1 already has this name; rename one of them"),
    ("names that differ in blanks", "x, x\n1,2\n", "line 1, column 2 (\"x\"): column 1 already has this name; rename one of them"),
    ("names that differ in case", "x,X\n1,2\n", "x numbers 1 | X numbers 2"),
    ("a column without name", "x,,z\n1,2,3\n", "line 1, column 2: the column has no name; the first line names all columns: add the name, or `i#index` to leave the column out"),
    ("the index of pandas", ",x\n0,2\n", "line 1, column 1: the column has no name; the first line names all columns: add the name, or `i#index` to leave the column out (pandas writes no such column with `to_csv(…, index=False)`)"),
    ("separators that differ", "x;y,z\n1;2,3\n4;5,6\n", "x;y categories 1;2 4;5 | z numbers 3 6"),
];

#[rustfmt::skip]
const TEXTS: &[Case] = &[
    ("a byte order mark", "\u{feff}x,y\n1,a\n", "x numbers 1 | y categories a"),
    ("a byte order mark before a quote", "\u{feff}\"x\",y\n1,a\n", "x numbers 1 | y categories a"),
    ("a byte order mark only", "\u{feff}", "the file is empty"),
    ("CRLF", "x,y\r\n1,a\r\n", "x numbers 1 | y categories a"),
    ("CR", "x,y\r1,a\r", "x numbers 1 | y categories a"),
    ("all line ends", "x,y\r\n1,a\n2,b\r3", "line 4: {SHORT}"),
    ("a line end of DOS", "x,y\n1,a\n\u{1a}", "line 3: {SHORT}"),
    ("blanks that do not break", "x,y\n1\u{a0},\u{a0}a\n", "x numbers 1 | y categories a"),
    ("other line separators", "x,y\n1,a\u{2028}b\n2,c\u{85}\n", "x numbers 1 2 | y categories a_b c"),
    ("a byte of value 0", "x,y\n1,a\0\n", "line 2: found a byte of value 0, which no text contains; export the table as text (CSV in UTF-8)"),
    ("other scripts", "🙂,y\n1,äß漢\n", "🙂 numbers 1 | y categories äß漢"),
    ("JSON", "[{\"x\": 1}]", "this is JSON, expected text; export the table as text (CSV in UTF-8)"),
    ("lines of JSON", "{\"x\": 1}\n", "this is JSON, expected text"),
    ("XML", "\u{feff}<?xml version=\"1.0\"?>\n", "this is XML, expected text"),
    ("a page that says 404", "\n<html>404</html>\n", "this is a web page, expected text"),
    ("a pointer of Git LFS", "version https://git-lfs.github.com/spec/v1\n", "this is a pointer of Git LFS to the file, which `git lfs pull` fetches, expected text"),
    ("a name that begins like a file format", "par1,bzh\n1,2\n", "par1 numbers 1 | bzh numbers 2"),
];

const ODD: &str = "; mend them; or, if they are missing, name the word in `Reader::missing_in`; or, if the column holds words, \
                   set its kind to category in `Reader::kinds`";

/// The first column of a table whose second one is a number in each row.
#[rustfmt::skip]
const CELLS: &[Case] = &[
    ("all missing", " ? NA", "numbers - - -"),
    ("words for missing numbers in any case", "Na NAN Null none n/A 1", "numbers - - - - - 1"),
    ("mixed kinds", "1 red 2024-01-01", "categories 1 red 2024-01-01"),
    ("an infinite number", "1 inf 2 -Infinity", "2 of 4 cells are no numbers as 1234.5 (or 1234,5 with `Reader::decimal_comma`), the first at line 3: \"inf\", at line 5: \"-Infinity\"{ODD}"),
    ("a number that overflows", "1 1e309", "1 of 2 cells are no numbers as 1234.5 (or 1234,5 with `Reader::decimal_comma`), the first at line 3: \"1e309\"{ODD}"),
    ("the largest number", "1.7976931348623157e308 1", "numbers 17976931348623157"),
    ("a number that underflows", "1e-400 1", "numbers 0 1"),
    ("negative zero", "-0 -0.0 0", "numbers 0 0 0"),
    ("signs and points", "+1 1. .5 -.5", "numbers 1 1 0.5 -0.5"),
    ("separated thousands", "\"1,000\" 7", "1 of 2 cells are no numbers as 1234.5 (or 1234,5 with `Reader::decimal_comma`), the first at line 2: \"1,000\"{ODD}"),
    ("thousands in Switzerland", "1'000.50 7", "1 of 2 cells are no numbers"),
    ("thousands and blanks", "1\u{a0}000 7", "1 of 2 cells are no numbers"),
    ("a decimal comma in quotes", "\"1,5\" \"2,25\"", "2 of 2 cells are no numbers"),
    ("percent", "5% 7%", "2 of 2 cells are no numbers"),
    ("a currency", "$5 €7", "2 of 2 cells are no numbers"),
    ("a typographic minus", "−5 7", "1 of 2 cells are no numbers"),
    ("addresses of computers", "192.168.1.1 10.0.0.1", "categories 192.168.1.1 10.0.0.1"),
    ("leading zeros", "007 1", "categories 007 1"),
    ("numbers above 2⁵³", "9007199254740993 1", "categories 9007199254740993 1"),
    ("numbers of 25 digits", "1234567890123456789012345 1", "categories 1234567890123456789012345 1"),
    ("a day that does not exist", "2023-02-28 2023-02-30", "1 of 2 cells are no dates as 2024-02-29 or 2024-02-29 13:45, the first at line 3: \"2023-02-30\"{ODD}"),
    ("a second that does not exist", "2016-12-31T23:59:61", "1 of 1 cells are no dates"),
    ("times with zones and fractions", "2024-01-02T03:04:05.250+02:00 2024-01-02T03:04:05Z 2024-01-02", "dates 2024-01-02_01:04:05.25 2024-01-02_03:04:05 2024-01-02"),
    ("a zone that does not exist", "2024-01-02T03:04:05+99:00", "1 of 1 cells are no dates as 2024-02-29 or 2024-02-29 13:45, the first at line 2: \"2024-01-02T03:04:05+99:00\"{ODD}"),
    ("dates of other forms", "28.02.2023 02/28/2023", "categories 28.02.2023 02/28/2023"),
    ("truth", "true false TRUE", "categories true false TRUE"),
    ("truth among numbers", "true 1 0", "categories true 1 0"),
];

#[test]
fn quotes() {
    check_all(QUOTES);
}

#[test]
fn shapes() {
    check_all(SHAPES);
}

#[test]
fn texts() {
    check_all(TEXTS);
}

#[test]
fn cells() {
    for (name, cells, expected) in CELLS {
        let rows: String = cells.split(' ').map(|cell| format!("{cell},1\n")).collect();
        let found = outcome(format!("x,y\n{rows}").as_bytes());
        let expected = filled(expected);
        let beginning = if expected.contains("cells are") { "column \"x\": " } else { "x " };
        assert!(found.starts_with(&(beginning.to_owned() + &expected)), "{name}: {found}\nnot {expected}");
    }
}

#[test]
fn decimal_commas() {
    check("x;y\n1,5;a\n2;b\n", "x numbers 1.5 2 | y categories a b");
    check("x,y\n1,5,a\n", &filled("line 2: {LONG}"));
    // A thousand or one? Unless other numbers tell.
    check("x;y\n1,000;a\n2,500;b\n", "column \"x\": 2 of 2 cells are no numbers");
    check("x;y\n1,000;0,5\n2,500;1,5\n", "x numbers 1 2.5 | y numbers 0.5 1.5");
    check("x;y\n1.000,5;1,5\n", "column \"x\": 1 of 1 cells are no numbers");
    let reader = Reader { decimal_comma: Some(true), ..Reader::default() };
    let table = reader.read("x,y\n\"1,5\",a\n".as_bytes()).unwrap();
    assert_eq!(table.column("x").unwrap().number(0), Some(1.5));
}

#[test]
fn a_column_alone() {
    for text in ["x y\n1 2\n", "x:y\n1:2\n", "\"x,y\"\n\"1,a\"\n"] {
        let error = Table::read(text.as_bytes()).unwrap().column("y").map(|_| ()).unwrap_err().to_string();
        assert!(
            error.ends_with("; there is one column only, so the separator may be another one"),
            "{error}"
        );
    }
}

#[test]
fn quotes_of_long_files() {
    let rows = "1,a\n".repeat(600_000);
    check(&format!("x,y\n{rows}1,\"b\n{rows}"), &filled("line 600002, column 2: {QUOTE}"));
    let long = format!("x,y\n1,\"{}\"\n2,b\n", "word\n".repeat(600_000));
    assert_eq!(Table::read(long.as_bytes()).unwrap().line(1), 600_003);
}

#[test]
fn mistakes_far_below() {
    let rows = "1,a\r\n".repeat(300_000);
    check(&format!("x,y\r\n{rows}3\r\n"), &filled("line 300002: {SHORT}"));
    let late = |cell: &[u8]| [&b"x,y\n"[..], &b"1,a\n".repeat(300_000), b"2,", cell, b"\n"].concat();
    assert!(matches!(Table::read(&late(b"caf\xe9")[..]), Err(Error::NotUtf8 { line: 300_002, byte: 0xe9 })));
    assert!(matches!(Table::read(&late(b"\0")[..]), Err(Error::NulByte { line: 300_002 })));
}

/// Above 2²⁶ bytes a cell is taken for one whose quote is not closed.
#[test]
fn long_cells() {
    let cell = "word ".repeat(1 << 20);
    check(&format!("x,y\n1,{cell}\n2,b\n3\n"), &filled("line 4: {SHORT}"));
    check(&format!("x,y\n1,\"{cell}\"\n2,b\n3\n"), &filled("line 4: {SHORT}"));
}

#[test]
fn other_encodings() {
    let of = |text: &str, bytes: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(bytes).collect::<Vec<u8>>();
    let utf16 = "line 1: not UTF-8, and no other encoding is read; this looks like UTF-16, save it as UTF-8";
    let latin1 = "line 2: not UTF-8 (byte 0xe9), and no other encoding is read; save the file as UTF-8";
    for (bytes, expected) in [
        (&of("x,y\n1,a\n", u16::to_le_bytes)[..], utf16),
        (&of("\u{feff}x,y\n1,a\n", u16::to_be_bytes), utf16),
        (b"\xff\xfe\x38\x04", utf16),
        (b"x,y\n1,caf\xe9\n", latin1),
        (
            b"x,y\n1,a\n2,\xf0\x9f\x99",
            "line 3: not UTF-8 (byte 0xf0), and no other encoding is read; save the file as UTF-8",
        ),
    ] {
        assert_eq!(outcome(bytes), expected);
    }
}

#[test]
fn other_formats() {
    for (bytes, format) in [
        (&b"PK\x03\x04"[..], "a zip archive, as .xlsx and .ods spreadsheets are"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old spreadsheet (.xls)"),
        (b"\x28\xb5\x2f\xfd\0", "a file compressed by zstd"),
        (b"\xfd7zXZ\0", "a file compressed by xz"),
        (b"BZh91AY&SY", "a file compressed by bzip2"),
        (b"PAR1\x15\x04", "a Parquet file (`Table::open_parquet` reads it, with the feature `parquet`)"),
        (b"SQLite format 3\0", "a database of SQLite"),
        (b"%PDF-1.7", "a PDF"),
        (b"<!doctype html>", "a web page"),
    ] {
        assert_eq!(
            outcome(bytes),
            format!("this is {format}, expected text; export the table as text (CSV in UTF-8)")
        );
    }
}

#[test]
fn damaged_gzip() {
    let zip = |text: &str| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    };
    check_bytes(&zip(""), "the file is empty");
    let whole = zip(&"x,y\n1,a\n".repeat(1000));
    let mut changed = whole.clone();
    let last = changed.len() - 6;
    changed[last] ^= 1;
    for bytes in [
        &whole[..5],
        &whole[..whole.len() / 2],
        &whole[..whole.len() - 3],
        &changed,
        &[&whole[..], b"more"].concat(),
    ] {
        check_bytes(bytes, "cannot read: the gzip data is cut short or damaged (");
    }
}

#[test]
fn an_input_that_breaks() {
    struct Broken;
    impl io::Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("the cable is unplugged"))
        }
    }
    assert_eq!(Table::read(Broken).unwrap_err().to_string(), "cannot read: the cable is unplugged");
}

#[test]
fn the_wrong_separator() {
    let of = |separator: char| {
        let reader = Reader { separator: Some(separator), ..Reader::default() };
        reader.read("x;y\n1;2\n".as_bytes()).unwrap_err()
    };
    assert!(matches!(of(','), Error::WrongSeparator { line: 1, found: ';', expected: ',', .. }));
    assert_eq!(
        of('é').to_string(),
        "the separator is 'é', expected an ASCII character that is no quote, digit, letter or line end"
    );
}

#[test]
fn many_categories_and_many_columns() {
    let rows: String = (0..100_000).map(|row| format!("w{row},{}\n", row % 2)).collect();
    let table = Table::read(format!("x,y\n{rows}").as_bytes()).unwrap();
    assert_eq!(table.column("x").unwrap().words().count(), 100_000);
    // Not even the names are in one block.
    let names: String = (0..100_000).map(|column| format!("c{column}\t")).collect();
    let text = format!("{names}y\n{}\n", "1\t".repeat(100_000) + "a");
    assert_eq!(Table::read(text.as_bytes()).unwrap().columns().len(), 100_001);
    let pixels: String = (0..30).map(|pixel| format!("{pixel},")).collect();
    let rows = format!("{}a\n{}b\n", "0,".repeat(30), "9,".repeat(30));
    assert_eq!(Table::read(format!("{pixels}label\n{rows}").as_bytes()).unwrap().rows(), 2);
}

fn check_all(cases: &[Case]) {
    for (name, text, expected) in cases {
        let (found, expected) = (outcome(text.as_bytes()), filled(expected));
        assert!(found.starts_with(&expected), "{name}: {found}\nnot {expected}");
    }
}

#[track_caller]
fn check(text: &str, expected: &str) {
    check_bytes(text.as_bytes(), expected);
}

#[track_caller]
fn check_bytes(bytes: &[u8], expected: &str) {
    let found = outcome(bytes);
    assert!(found.starts_with(expected), "{found}\nnot {expected}");
}

/// The kind and the cells of each column, or the error. A missing cell is `-`, and a blank is `_`.
fn outcome(bytes: &[u8]) -> String {
    let table = match Table::read(bytes) {
        Ok(table) => table,
        Err(error) => return error.to_string(),
    };
    let mut columns = vec![];
    for column in table.columns() {
        let mut text = format!("{} {}", column.name(), column.kind());
        for row in 0..column.len() {
            let cell = column.text(row).replace(char::is_whitespace, "_");
            write!(text, " {}", if column.is_missing(row) { "-" } else { &cell }).unwrap();
        }
        columns.push(text);
    }
    columns.join(" | ")
}

/// The long messages in full.
fn filled(expected: &str) -> String {
    let parts =
        [("{QUOTE}", QUOTE), ("{SHORT}", SHORT), ("{LONG}", LONG), ("{TRAILING}", TRAILING), ("{ODD}", ODD)];
    parts.iter().fold(expected.to_owned(), |text, (name, part)| text.replace(name, part))
}
