//! Tables with mistakes: a right result, or an error with line, column and the way out.

use std::io;

use ann_table::{Error, Reader, Table};

#[test]
fn wrong_quotes() {
    check("x,y\n1,\"a\n2,b\n", "line 2, column 2: a quote opens here that is not closed");
    check("x,y\n1,\"a\"b\n", "line 2, column 2: a quote opens here that is not closed");
    // The quotes of a long file are closed in another block, or never.
    let rows = "1,a\n".repeat(600_000);
    check(
        &format!("x,y\n{rows}1,\"b\n{rows}"),
        "line 600002, column 2: a quote opens here that is not closed",
    );
    let long = format!("x,y\n1,\"{}\"\n2,b\n", "word\n".repeat(600_000));
    assert_eq!(Table::read(long.as_bytes()).unwrap().line(1), 600_003);
}

#[test]
fn ragged_rows() {
    check("x,y\n1,a\n2\n", "line 3: expected 2 cells as in the header, found 1");
    check("x,y\n1,a\n\n2,b,c\n", "line 4: expected 2 cells as in the header, found 3");
    check(
        "x,y\n1,a,\n2,b,\n",
        "line 2: separators at the end of the line make 1 empty cell that no column has",
    );
    let rows = "1,a\r\n".repeat(300_000);
    check(&format!("x,y\r\n{rows}3\r\n"), "line 300002: expected 2 cells as in the header, found 1");
}

#[test]
fn headers() {
    check("", "the file is empty");
    check("\n\n", "the file is empty");
    check("x,y\n", "there is a header but no row of data after it");
    check("x,,z\n1,2,3\n", "line 1, column 2: the column has no name");
    check("x,y,x\n1,2,3\n", r#"line 1, column 3 ("x"): column 1 already has this name"#);
    check(
        "5.1,3.5,setosa\n4.9,3.0,setosa\n7.0,3.2,virginica\n",
        "line 1: found [\"5.1\", \"3.5\", \"setosa\"], which looks like a row of data",
    );
    check("# made by our lab\nx,y\n1,2\n", "line 1: found \"# made by our lab\", which looks like a comment");
    check("sep=;\nx;y\n1;2\n", "line 1: found \"sep=;\", a note for Excel");
    let pixels: String = (0..30).map(|pixel| format!("{pixel},")).collect();
    assert!(
        Table::read(format!("{pixels}label\n{}a\n{}b\n", "0,".repeat(30), "9,".repeat(30)).as_bytes())
            .is_ok()
    );
}

#[test]
fn other_files() {
    for (bytes, message) in [
        (&b"PK\x03\x04"[..], "this is a zip archive, as .xlsx and .ods spreadsheets are, expected text"),
        (b"%PDF-1.7", "this is a PDF, expected text"),
        (b"<!DOCTYPE html>", "this is a web page, expected text"),
        (b"\xff\xfex\0,\0", "line 1: not UTF-8; this looks like UTF-16"),
        (b"x,y\n1,caf\xe9\n", "line 2: not UTF-8 (byte 0xe9)"),
        (b"x,y\n1,\0\n", "line 2: found a byte of value 0"),
        (b"\x1f\x8b\x08\0broken", "cannot read: "),
    ] {
        let error = Table::read(bytes).unwrap_err().to_string();
        assert!(error.starts_with(message), "{error}");
    }
    // In a later block.
    let late = [&b"x,y\n"[..], &b"1,a\n".repeat(600_000), b"2,caf\xe9\n"].concat();
    assert!(matches!(Table::read(&late[..]), Err(Error::NotUtf8 { line: 600_002, byte: 0xe9 })));
    let late = [&b"x,y\n"[..], &b"1,a\n".repeat(600_000), b"2,\0\n"].concat();
    assert!(matches!(Table::read(&late[..]), Err(Error::NulByte { line: 600_002 })));
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
    let reader = Reader { separator: Some(','), ..Reader::default() };
    let error = reader.read("x;y\n1;2\n".as_bytes()).unwrap_err();
    assert!(matches!(error, Error::WrongSeparator { line: 1, found: ';', expected: ',', .. }), "{error}");
    let reader = Reader { separator: Some('é'), ..Reader::default() };
    assert_eq!(
        reader.read("x;y\n".as_bytes()).unwrap_err().to_string(),
        "the separator is 'é', expected an ASCII character that is no quote, digit, letter or line end"
    );
}

#[test]
fn many_categories_and_many_columns() {
    let rows: String = (0..100_000).map(|row| format!("w{row},{}\n", row % 2)).collect();
    let table = Table::read(format!("x,y\n{rows}").as_bytes()).unwrap();
    assert_eq!(table.column("x").unwrap().words().count(), 100_000);
    let names: String = (0..20_000).map(|column| format!("c{column},")).collect();
    let text = format!("{names}y\n{}\n", "1,".repeat(20_000) + "a");
    assert_eq!(Table::read(text.as_bytes()).unwrap().columns().len(), 20_001);
}

#[track_caller]
fn check(text: &str, beginning: &str) {
    let error = Table::read(text.as_bytes()).map(|_| ()).unwrap_err().to_string();
    assert!(error.starts_with(beginning), "{error}");
}
