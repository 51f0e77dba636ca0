//! Every loader error with its whole message, line and column.

use std::time::{Duration, Instant};
use std::{fs, io};

use ann_datasets::{Column, Dataset, Error, load, read_csv, read_tab};

// Text.

#[test]
fn empty_file() {
    csv("", "the file is empty, expected a line with the names of the columns");
    csv("\u{feff}", "the file is empty, expected a line with the names of the columns");
    csv("\n\r\n  \n", "the file is empty, expected a line with the names of the columns");
    tab("", "the file is empty, expected a line with the names of the columns");
}

#[test]
fn header_only() {
    csv("x,label\n", "there is a header but no row of data after it");
    csv("x,label", "there is a header but no row of data after it");
    tab("x\tlabel\ncontinuous\tdiscrete\n\tclass\n", "there is a header but no row of data after it");
    tab("x\tlabel\ncontinuous\tdiscrete\n\n", "there is a header but no row of data after it");
}

#[test]
fn not_utf8() {
    let message = "line 3: not UTF-8 (byte 0xe9), and no other encoding is read; save the file as UTF-8";
    assert_eq!(csv_bytes(b"x,label\n1,a\n2,caf\xe9\n"), message);
    assert_eq!(csv_bytes(b"x,label\r\n1,a\r\n2,caf\xe9\r\n"), message);
    assert_eq!(csv_bytes(b"x,label\r1,a\r2,caf\xe9\xff\r"), message);
}

#[test]
fn utf16() {
    let message =
        "line 1: not UTF-8, and no other encoding is read; this looks like UTF-16, save it as UTF-8";
    assert_eq!(csv_bytes(b"\xff\xfex\0,\0y\0"), message);
    assert_eq!(csv_bytes(b"\xfe\xff\0x\0,\0y"), message);
    // The letter и, whose bytes contain no zero.
    assert_eq!(csv_bytes(b"\xff\xfe\x38\x04"), message);
    assert_eq!(csv_bytes(b"\xfe\xff\x04\x38"), message);
}

#[test]
fn utf16_without_byte_order_mark() {
    let message =
        "line 1: not UTF-8, and no other encoding is read; this looks like UTF-16, save it as UTF-8";
    for text in ["x,label\n1,a\n", "größe,label\n1,a\n", "имя,цвет\n1,2\n3,4\n"] {
        let units: Vec<u16> = text.encode_utf16().collect();
        assert_eq!(csv_bytes(&units.iter().flat_map(|unit| unit.to_le_bytes()).collect::<Vec<_>>()), message);
        assert_eq!(csv_bytes(&units.iter().flat_map(|unit| unit.to_be_bytes()).collect::<Vec<_>>()), message);
    }
    // Only the beginning of the file is examined, so damage further on changes nothing.
    let long = "x,label\n".repeat(200);
    let mut bytes: Vec<u8> = long.encode_utf16().flat_map(u16::to_le_bytes).collect();
    bytes.extend(b"\0\0\0\0");
    assert_eq!(csv_bytes(&bytes), message);
}

#[test]
fn zeros() {
    let message = |line| {
        format!(
            "line {line}: found a byte of value 0, which no text contains; export the table as text (CSV in UTF-8)"
        )
    };
    assert_eq!(csv_bytes(b"x,label\n1,a\0\n"), message(2));
    assert_eq!(csv_bytes(b"\0x,label and many others\n1,a\n"), message(1));
    assert_eq!(csv_bytes(b"x,label\r1,a\r\n2,b\r\0"), message(4));
    // As many zeros as in UTF-16, but at even and at odd positions; then bytes that are neither encoding.
    assert_eq!(csv_bytes(b"x\0,\0l\0\0a"), message(1));
    assert_eq!(csv_bytes(b"x,label\n\xff\0\xfe,\n"), message(2));
    // Zeros in a quarter of all bytes are not enough for UTF-16.
    assert_eq!(csv_bytes(b"x,l\0y,z\0"), message(1));
}

#[test]
fn other_formats() {
    for (bytes, found) in [
        (&b"PK\x03\x04\x14\0\x06\0"[..], "a zip archive, as .xlsx and .ods spreadsheets are"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0\0", "an old spreadsheet (.xls)"),
        (b"\x1f\x8b\x08\0", "a file compressed by gzip"),
        (b"%PDF-1.7\n", "a PDF"),
        (b"<!DOCTYPE html>\n", "a web page"),
        (b"<!doctype html>\n", "a web page"),
        (b"<HTML>\n", "a web page"),
    ] {
        assert_eq!(
            csv_bytes(bytes),
            format!("this is {found}, expected text; export the table as text (CSV in UTF-8)")
        );
    }
    csv("PK,label\n", "there is a header but no row of data after it");
    csv(
        "PK",
        r#"there is no column "label"; the columns are "PK"; there is one column only, so the separator may be another one"#,
    );
}

#[test]
fn a_second_byte_order_mark_is_text() {
    csv(
        "\u{feff}\u{feff}label,x\na,1\n",
        r#"there is no column "label"; the columns are "\u{feff}label", "x""#,
    );
    csv("x,label\n\u{feff}1,a\n", r#"line 2, column 1 ("x"): found "\u{feff}1", expected a number"#);
}

#[test]
fn unclosed_quote() {
    let csv = |text: &str, line, column| csv(text, &unclosed(line, column));
    csv("x,label\n1,a\n2,\"b\n3,c\n", 3, 2);
    csv("x,label\n1,\"b\"\"\n", 2, 2);
    csv("x,label\n1,\"", 2, 2);
    csv("\"x,label\n1,a\n", 1, 1);
    csv("x,label\n1,\"\"\"", 2, 2);
    // The next quote, two rows later, would close it, and the rows between would be part of the cell.
    csv("x,label\n1,\"a\n2,b\n3,\"c\"\n", 2, 2);
    // Blanks may surround the quotes, anything else may not.
    csv("x,label\n1, \"a\" b\n", 2, 2);
    csv("x,label\n1,\"a\"b\n", 2, 2);
    csv("x,label\n1,\"a\" \"b\"\n", 2, 2);
    tab("x\tlabel\n1\t\"a\n", &unclosed(2, 2));
    tab("x\tlabel\n1\t \"a\n", &unclosed(2, 2));
}

#[test]
fn an_unclosed_quote_comes_after_earlier_mistakes_and_before_those_of_its_row() {
    let not_a_number = r#"line 2, column 1 ("x"): found "red", expected a number"#;
    csv("x,label\nred, \"a\"\n2,\"b\n", not_a_number);
    csv("x,label\nred, \"a\"\n2,\"b\" c\n", not_a_number);
    csv("x,label\n1, \"a\"\nred, \"b\n", &unclosed(3, 2));
    csv("x,label\n1, \"a\"\nred, \"b\" c\n", &unclosed(3, 2));
    csv("x,label\n1, \"a\"\n2, \"b\", \"c\n", &unclosed(3, 3));
}

#[test]
fn unclosed_quotes_at_any_line_and_column() {
    for end in ["\n", "\r\n", "\r"] {
        for blank in ["", " ", "\t "] {
            let check = |lines: &[&str], line, column| {
                csv(&lines.join(end).replace('^', &format!("{blank}\"")), &unclosed(line, column));
            };
            check(&["x,y,label", "1,2,a", "^3,4,b", "5,6,c", ""], 3, 1);
            check(&["x,y,label", "1,2,a", "3,^4,b", "5,6,c", ""], 3, 2);
            check(&["x,y,label", "1,2,a", "3,4,^b", "5,6,c", ""], 3, 3);
            check(&["x,y,label", "", "1,2,a", "", "", "3,4,^b"], 6, 3);
            check(&["x,y,label", "1,2,^"], 2, 3);
            check(&["", "^x,y,label"], 2, 1);
            check(&["x,y,^label", "1,2,a"], 1, 3);
            // To the right of a cell of three lines, below a name of three lines.
            check(&["x,\"la", "be", "l\",label", "1,2,a", "3,\"4", "", "\",^b"], 7, 3);
        }
    }
}

#[test]
fn unreadable_input() {
    struct Broken;
    impl io::Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("the cable is unplugged"))
        }
    }
    let error = read_csv::<String>(Broken, "x").unwrap_err();
    assert_eq!(error.to_string(), "cannot read: the cable is unplugged");
}

// Header.

#[test]
fn wrong_separator() {
    let message = |line, header: &str, found: char, expected: char| {
        format!(
            "line {line}: the header is one column, {header:?}; it seems to be separated by {found:?}, expected {expected:?}: \
             save the file with {expected:?} as separator, or read commas with `read_csv` (file.csv) and tabs with `read_tab` (file.tab)"
        )
    };
    csv("label;x;y\na;1;2\n", &message(1, "label;x;y", ';', ','));
    csv("\nlabel;x;y\na;1,5;2\n", &message(2, "label;x;y", ';', ','));
    csv("label\tx\ty\na\t1\t2\n", &message(1, "label\tx\ty", '\t', ','));
    tab("label,x,y\na,1,2\n", &message(1, "label,x,y", ',', '\t'));
    tab("label;x;y\na;1;2\n", &message(1, "label;x;y", ';', '\t'));
    // Reported before any error about quotes, because quotes seem misplaced when the separator is wrong.
    csv("\"label\";\"x\"\n\"a\";1\n", &message(1, "\"label\";\"x\"", ';', ','));
    csv("\r\r\nlabel|x\ra|1\r", &message(3, "label|x", '|', ','));
    tab(" label|x \na|1\n", &message(1, "label|x", '|', '\t'));
    // The first of several.
    csv("label|x;y\na|1;2\n", &message(1, "label|x;y", '|', ','));
    // Another separator inside quotes, or beside the right separator, is part of a name.
    csv("\"la;\nbel\",x\na,1\n", r#"there is no column "label"; the columns are "la;\nbel", "x""#);
    csv("la;bel,x\na,1\n", r#"there is no column "label"; the columns are "la;bel", "x""#);
    // A single column without another separator is another error.
    csv("label\t\na\n", r#"no feature column is left beside the target "label""#);
}

#[test]
fn duplicate_name() {
    let message = r#"line 1, column 3 ("x"): column 1 already has this name; rename one of them"#;
    csv("x,label,x\n1,a,2\n", message);
    csv("\u{feff}x,label, x\n1,a,2\n", message);
    tab("C#x\tlabel\tmS#x\n1\ta\tb\n", message);
    // The prefix marks the number as a name.
    let number = r#"line 1, column 2 ("1"): column 1 already has this name; rename one of them"#;
    csv("C#1,C#1,label\n1,2,a\n", number);
    csv("\n\nx,x\n1,a\n", r#"line 3, column 2 ("x"): column 1 already has this name; rename one of them"#);
}

#[test]
fn unnamed_column() {
    let message = "the column has no name; the first line names all columns: add the name, or `i#index` to leave the column out";
    let pandas = " (pandas writes no such column with `to_csv(…, index=False)`)";
    csv(",x,label\n0,1,a\n", &format!("line 1, column 1: {message}{pandas}"));
    csv("\n\"\",x,label\n0,1,a\n", &format!("line 2, column 1: {message}{pandas}"));
    csv("x,,label\n0,1,a\n", &format!("line 1, column 2: {message}"));
    tab("x\t \tlabel\n0\t1\ta\n", &format!("line 1, column 2: {message}"));
    // With a cell below it, the last separator is not surplus.
    csv("x,label,\n1,a,2\n", &format!("line 1, column 3: {message}"));
    csv("x,label,\n1,a,\n1,a,2\n", &format!("line 1, column 3: {message}"));
    csv("x,label,,\n1,a,2,\n", &format!("line 1, column 3: {message}"));
    tab("\t\n1\ta\n", &format!("line 1, column 1: {message}{pandas}"));
    csv(",\n,\n", &format!("line 1, column 1: {message}{pandas}"));
    // The remedy in the message works.
    let read: Dataset = read_csv("i#index,x,label\n0,1,a\n".as_bytes(), "label").unwrap();
    assert_eq!(read.feature_names, ["x"]);
}

#[test]
fn trailing_separators() {
    let message = |line, cells| {
        format!(
            "line {line}: separators at the end of the line make {cells} that no column has; remove them here and at the end \
             of all other lines"
        )
    };
    let one = |line| message(line, "1 empty cell");
    csv("x,label,\n1,a,\n3,b,\n", &one(1));
    csv("x,label,\n1,a\n3,b\n", &one(1));
    csv("x,label,,\n1,a,,\n3,b,,\n", &message(1, "2 empty cells"));
    csv("\nx,label, \n1,a,\n", &one(2));
    csv("x,label\n1,a,,\n3,b,,\n", &message(2, "2 empty cells"));
    csv("x,label\n1,a\n3,b, \n", &one(3));
    csv("x,y,label\n1,2,a,\n", &one(2));
    // The label is missing too, but the separators are reported first.
    csv("x,label\n1,,,\n", &message(2, "2 empty cells"));
    tab("x\tlabel\t\n1\ta\t\n", &one(1));
    tab("x\tlabel\nc\td\t\n\tclass\n1\ta\n", &one(2));
    tab("x\tlabel\nc\td\n\tclass\t\n1\ta\n", &one(3));
    // Surplus cells that are not all empty are another error.
    csv("x,label\n1,a,,b\n", &ragged(2, 2, 4));
    csv("x,label\n1,a,b,\n", &ragged(2, 2, 4));
}

#[test]
fn separator_line() {
    let message = |line, found| {
        format!(
            "line {line}: found {found:?}, a note for Excel, expected the names of the columns; remove the line"
        )
    };
    csv("sep=,\nx,label\n1,a\n", &message(1, "sep=,"));
    csv("\n\u{20}sep=; \nx;label\n1;a\n", &message(2, "sep=;"));
    csv("\u{feff}SEP=,\r\nx,label\r\n1,a\r\n", &message(1, "SEP=,"));
    csv("\"sep=,\"\nx,label\n1,a\n", &message(1, "\"sep=,\""));
    csv("sep=\nx,label\n1,a\n", &message(1, "sep="));
    tab("sep=\t\nx\tlabel\n1\ta\n", &message(1, "sep="));
    // A name, and a `sep=` that is not in the first line.
    csv("sep=ab,label\n1,a\n2\n", &ragged(3, 2, 1));
    csv("x,label\nsep=,a\n", r#"line 2, column 1 ("x"): found "sep=", expected a number"#);
}

#[test]
fn comment_line() {
    let message = |line, found| {
        format!(
            "line {line}: found {found:?}, which looks like a comment, expected a row of the table; remove the line"
        )
    };
    for comment in
        ["# made by our lab", "#", "% made by our lab", "// made by our lab", "# in May; 2019", "#a\tb"]
    {
        csv(&format!("{comment}\nx,label\n1,a\n"), &message(1, comment));
        csv(&format!("\r\n  {comment} \r\nx,label\r\n1,a\r\n"), &message(2, comment));
        csv(&format!("x,label\n1,a\n{comment}\n2,b\n"), &message(3, comment));
    }
    tab("# made by our lab\nx\tlabel\n1\ta\n", &message(1, "# made by our lab"));
    // Comments with separators and quotes.
    csv("# lab, May, 2019\nx,label\n1,a\n", &message(1, "# lab, May, 2019"));
    csv("# made by, \"lab\" 1\nx,label\n1,a\n", &message(1, "# made by, \"lab\" 1"));
    csv("# our lab, May\nx,label\n1,a\n", &message(1, "# our lab, May"));
    // Above rows without a header.
    csv("# made by our lab\n1,a\n2,b\n", &message(1, "# made by our lab"));
    csv("x,label\n1,a\n2,b\n# end, of, file\n", &message(4, "# end"));
    // A header that begins like a comment.
    for name in ["#x", "# x", "%", "//x"] {
        let read: Dataset = read_csv(format!("{name},label\n1,a\n").as_bytes(), "label").unwrap();
        assert_eq!(read.feature_names, [name]);
        csv(&format!("{name},label\n"), "there is a header but no row of data after it");
        tab(&format!("{name}\tlabel\nc\td\n\n"), "there is a header but no row of data after it");
    }
    // Labels may begin like comments.
    let read: Dataset = read_csv("label,x\n#a,1\n//b,2\n".as_bytes(), "label").unwrap();
    assert_eq!(read.targets, ["#a", "//b"]);
}

#[test]
fn long_messages_are_cut() {
    let (long, cut) = ("é".repeat(41), "é".repeat(40));
    csv(
        &format!("x,label\n{long},a\n"),
        &format!(r#"line 2, column 1 ("x"): found "{cut}…", expected a number"#),
    );
    csv(
        &format!("x,label\n{cut},a\n"),
        &format!(r#"line 2, column 1 ("x"): found "{cut}", expected a number"#),
    );
    csv(
        &format!("{long},label\n?,a\n"),
        &format!(r#"line 2, column 1 ("{cut}…"): the cell is missing; fill it, or remove the row"#),
    );
    let ten = r#""c0", "c1", "c2", "c3", "c4", "c5", "c6", "c7", "c8", "c9""#;
    csv(&names(10), &format!(r#"there is no column "label"; the columns are {ten}"#));
    csv(&names(11), &format!(r#"there is no column "label"; the columns are {ten}, … (11 in all)"#));
}

/// Comparing each name with all names before it would take minutes.
#[test]
fn many_columns_are_read_in_seconds() {
    let started = Instant::now();
    csv(
        &format!("{},c7", names(200_000)),
        r#"line 1, column 200001 ("c7"): column 8 already has this name; rename one of them"#,
    );
    assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
}

#[test]
fn unknown_column() {
    csv("x,species\n1,a\n", r#"there is no column "label"; the columns are "x", "species""#);
}

#[test]
fn index_out_of_range() {
    let message = r#"there is no column with index 2, counted from 0; the 2 columns are "x", "label""#;
    assert_eq!(message_of(read_csv("x,label\n1,a\n".as_bytes(), 2)), message);
}

#[test]
fn no_class_column() {
    let message = r#"no column is flagged or named as class; choose one of "x", "label""#;
    assert_eq!(message_of(read_tab("x\tlabel\n1\ta\n".as_bytes(), Column::Class)), message);
}

#[test]
fn several_class_columns() {
    let message = r#"several columns are flagged as class; choose one of "a", "b""#;
    assert_eq!(message_of(read_tab("x\tc#a\tc#b\n1\t2\t3\n".as_bytes(), Column::Class)), message);
}

#[test]
fn no_feature_left() {
    csv("label\na\n", r#"no feature column is left beside the target "label""#);
    tab("i#x\tlabel\n1\ta\n", r#"no feature column is left beside the target "label""#);
}

// Cells.

fn ragged(line: u64, expected: usize, found: usize) -> String {
    let hint = if found < expected {
        "add the missing cells, or remove the line"
    } else {
        "put a cell that contains the separator in double quotes"
    };
    format!("line {line}: expected {expected} cells as in the header, found {found}; {hint}")
}

#[test]
fn ragged_row() {
    csv("x,y,label\n1,2,a\n3,b\n", &ragged(3, 3, 2));
    csv("x,y,label\n1,2,a,b\n", &ragged(2, 3, 4));
    csv("x,label\n1,a\r2\r\n", &ragged(3, 2, 1));
    tab("x\tlabel\n1\ta\n2\n", &ragged(3, 2, 1));
    tab("x\tlabel\nc\td\ts\n\tclass\n", &ragged(2, 2, 3));
    tab("x\tlabel\nc\td\n\tclass\tmeta\n", &ragged(3, 2, 3));
}

#[test]
fn missing_cell() {
    let message = r#"line 3, column 1 ("x"): the cell is missing; fill it, or remove the row"#;
    csv("x,label\n1,a\n,b\n", message);
    csv("x,label\n1,a\n ,b\n", message);
    csv("x,label\n1,a\n\"\",b\n", message);
    csv("x,label\n1,a\n?,b\n", message);
    csv("x,label\n,\n", r#"line 2, column 1 ("x"): the cell is missing; fill it, or remove the row"#);
}

#[test]
fn missing_label() {
    let message = r#"line 2, column 2 ("label"): the cell is missing; fill it, or remove the row"#;
    csv("x,label\n1,\n", message);
    tab("x\tlabel\n1\t?\n", message);
    assert_eq!(message_of_number("x,label\n1,\n"), message);
}

#[test]
fn not_a_number() {
    csv("x,label\n1,a\nred,b\n", r#"line 3, column 1 ("x"): found "red", expected a number"#);
    csv("x,label\n\"1,5\",b\n", r#"line 2, column 1 ("x"): found "1,5", expected a number"#);
    tab("D#colour\tcD#label\nred\ta\n", r#"line 2, column 1 ("colour"): found "red", expected a number"#);
    assert_eq!(
        message_of_number("x,label\n1,a\n"),
        r#"line 2, column 2 ("label"): found "a", expected a number"#
    );
}

#[test]
fn the_last_of_many_columns_and_rows() {
    let good = format!("{}a\n", "1,".repeat(12));
    let text = format!("{},label\n{}{}red,a\n", names(12), good.repeat(150), "1,".repeat(11));
    csv(&text, r#"line 152, column 12 ("c11"): found "red", expected a number"#);
    let text = format!("{},label\n{}{},a\n", names(12), good.repeat(150), "1,".repeat(11));
    csv(&text, r#"line 152, column 12 ("c11"): the cell is missing; fill it, or remove the row"#);
    let text = format!("{},label\n{}{}\"\n", names(12), good.repeat(150), "1,".repeat(12));
    csv(&text, &unclosed(152, 13));
    let text = format!("{},label\n{}{}\n", names(12), good.repeat(150), "1,".repeat(12));
    csv(&text, r#"line 152, column 13 ("label"): the cell is missing; fill it, or remove the row"#);
}

#[test]
fn not_finite() {
    for found in ["NaN", "nan", "inf", "-inf", "Infinity"] {
        let message = format!(r#"line 2, column 1 ("x"): found "{found}", expected a finite number"#);
        csv(&format!("x,label\n{found},a\n"), &message);
    }
}

#[test]
fn overflow() {
    let message = "which overflows; expected a magnitude of at most 1.8e308";
    csv("x,label\n1e400,a\n", &format!(r#"line 2, column 1 ("x"): found "1e400", {message}"#));
    csv("x,label\n-1e400,a\n", &format!(r#"line 2, column 1 ("x"): found "-1e400", {message}"#));
    assert_eq!(
        message_of_number("x,y\n1,1e400\n"),
        format!(r#"line 2, column 2 ("y"): found "1e400", {message}"#)
    );
}

// Lines.

#[test]
fn lines_are_those_of_an_editor() {
    let message = |line| format!(r#"line {line}, column 1 ("x"): found "red", expected a number"#);
    for end in ["\n", "\r\n", "\r"] {
        let check = |lines: &[&str], line: u64| csv(&lines.join(end), &message(line));
        check(&["x,label", "red,a"], 2);
        check(&["x,label", "1,a", "2,b", "red,c", "4,d", ""], 4);
        check(&["x,label", "", "1,a", "", "", "red,c", ""], 6);
        check(&["", "x,label", "red,c"], 3);
        check(&["x,label", "   ", "red,c"], 3);
        check(&["x,label", "1,\"two", "", "lines\"", "red,c"], 5);
        check(&["x,\"la", "bel\",label", "red,b,c"], 3);
        // The bad cell is right of a quoted cell of three lines.
        let lines = ["y,label,x", "1,\"a", "b", "c\",red"];
        csv(&lines.join(end), r#"line 4, column 3 ("x"): found "red", expected a number"#);
    }
    csv("\u{feff}x,label\r\nred,a\r\n", &message(2));
    csv("x,label\n1,é\r\n\r\nred,b\n", &message(4));
}

#[test]
fn lines_count_the_header_of_orange() {
    let message = r#"line 5, column 1 ("x"): found "red", expected a number"#;
    tab("x\tlabel\r\ncontinuous\tdiscrete\r\n\tclass\r\n1\ta\r\nred\tb\r\n", message);
    tab("x\tlabel\r\ncontinuous\tdiscrete\r\n\r\n1\ta\r\nred\tb\r\n", message);
    // Orange's types are followed by a line of flags; without it they are a row like any other.
    tab("x\tlabel\nc\td\n1\ta\n", r#"line 2, column 1 ("x"): found "c", expected a number"#);
    // The row of types has two lines, and data follows directly, so there is no blank line of flags.
    csv("x,label\nc,\"a b\nc d\"\n1,a\n", r#"line 2, column 1 ("x"): found "c", expected a number"#);
}

// Files.

#[test]
fn errors_name_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("flowers.CSV");
    fs::write(&path, "x,label\nred,a\n").unwrap();
    let message = format!(r#"{}: line 2, column 1 ("x"): found "red", expected a number"#, path.display());
    assert_eq!(message_of(load(&path, "label")), message);
}

#[test]
fn file_not_found() {
    let path = "no/such/file.tab";
    let reason = fs::File::open(path).unwrap_err();
    assert_eq!(message_of(load(path, "label")), format!("no/such/file.tab: cannot read: {reason}"));
    let Err(Error::InFile { error, .. }) = load::<String>(path, "label") else { panic!("the file exists") };
    assert!(
        matches!(*error, Error::Table(ann_table::Error::Read { error }) if error.kind() == io::ErrorKind::NotFound)
    );
}

#[test]
fn unknown_extension() {
    let expected = "expected csv, tab or tsv; other files can be given to `read_csv` or `read_tab`";
    assert_eq!(
        message_of(load("data.xlsx", "y")),
        format!(r#"data.xlsx: the file name ends in "xlsx", {expected}"#)
    );
    assert_eq!(message_of(load("data", "y")), format!(r#"data: the file name ends in "", {expected}"#));
}

fn unclosed(line: u64, column: usize) -> String {
    format!(
        "line {line}, column {column}: a quote opens here that is not closed; a quoted cell ends with a quote right before \
         a separator or a line end, and a quote inside it is written twice"
    )
}

/// `c0,c1,c2,…`
fn names(columns: usize) -> String {
    (0..columns).map(|index| format!("c{index}")).collect::<Vec<_>>().join(",")
}

/// Reads `text` with the label column `label`.
#[track_caller]
fn csv(text: &str, message: &str) {
    assert_eq!(message_of(read_csv(text.as_bytes(), "label")), message, "{text:?}");
}

#[track_caller]
fn tab(text: &str, message: &str) {
    assert_eq!(message_of(read_tab(text.as_bytes(), "label")), message, "{text:?}");
}

#[track_caller]
fn csv_bytes(bytes: &[u8]) -> String {
    message_of(read_csv(bytes, "label"))
}

/// The last column is a numeric target.
#[track_caller]
fn message_of_number(text: &str) -> String {
    read_csv::<f64>(text.as_bytes(), Column::Last).unwrap_err().to_string()
}

#[track_caller]
fn message_of(result: Result<Dataset, Error>) -> String {
    result.unwrap_err().to_string()
}
