//! The kind of a column comes from all of its cells.

use ann_table::{Error, Kind, Reader, Table};

#[test]
fn numbers() {
    for cells in [
        &["1", "2.5", "-3e4", "+.5"][..],
        &["0", "0.5", "-0.5", "00.5e0"][..3],
        &["1", "NA", "N/A", "n/a", "NaN", "nan", "NULL", "null", "None", "", "?"],
        // 2⁵³ is exact.
        &["9007199254740992", "1e300"],
        &["?", "", "NA"],
    ] {
        check(cells, Kind::Number);
    }
}

#[test]
fn dates() {
    check(&["2024-02-29", "1999-12-31 23:59", "2000-01-01T00:00:01", "NA", ""], Kind::Date);
    check(&["29.02.2024", "01.03.2024"], Kind::Category);
    check(&["2024-02-29", "today"], Kind::Category);
    check(&["2024-02-29", "7"], Kind::Category);
}

#[test]
fn categories() {
    check(&["a", "b"], Kind::Category);
    check(&["1", "2", "red"], Kind::Category);
    check(&["true", "false"], Kind::Category);
    // One word, and what would be numbers or dates otherwise.
    check(&["1e400", "1", "red"], Kind::Category);
    check(&["1 000", "2024-02-30"], Kind::Category);
    // A leading zero, also if all others are numbers, and whole numbers that f64 rounds.
    check(&["007", "1", "2"], Kind::Category);
    check(&["01.5", "1"], Kind::Category);
    check(&["-01", "1"], Kind::Category);
    check(&["9007199254740993", "1"], Kind::Category);
}

#[test]
fn words_for_missing_numbers_are_words_among_words() {
    let table = read(&["NA", "DE", "?", "FR"]);
    let column = table.column("x").unwrap();
    assert_eq!(
        (0..4).map(|row| column.word(row)).collect::<Vec<_>>(),
        [Some("NA"), Some("DE"), None, Some("FR")]
    );
}

#[test]
fn own_words_for_missing_values() {
    let text = "x,y\n-999,none\n1,-999\n2,b\n";
    let reader = Reader {
        missing: vec!["-999".into()],
        missing_in: vec![("y".into(), "none".into())],
        ..Reader::default()
    };
    let table = reader.read(text.as_bytes()).unwrap();
    let texts = |name| (0..3).map(|row| table.column(name).unwrap().text(row)).collect::<Vec<_>>();
    assert_eq!(
        (texts("x"), texts("y")),
        (["", "1", "2"].map(String::from).to_vec(), ["", "", "b"].map(String::from).to_vec())
    );
}

/// The first thousand rows say something else than all of them.
#[test]
fn a_kind_that_changes_late() {
    let check = |first: &str, last: &[&str], kind: Kind| {
        let mut cells = vec![first; 1500];
        cells.extend_from_slice(last);
        let table = read(&cells);
        let column = table.column("x").unwrap();
        assert_eq!(column.kind(), kind, "{first}, then {last:?}");
        if kind == Kind::Category {
            assert!(
                cells
                    .iter()
                    .enumerate()
                    .all(|(row, cell)| column.word(row).unwrap_or_default() == cell.trim_matches('?'))
            );
        }
    };
    check("1", &["red"; 100], Kind::Category);
    check("1", &["007"], Kind::Category);
    check("1", &["2024-01-01"; 100], Kind::Category);
    check("2024-01-01", &["red"; 20], Kind::Category);
    check("2024-01-01", &["7"; 100], Kind::Category);
    check("", &["red"], Kind::Category);
    check("NA", &["red"; 20], Kind::Category);
    check("NA", &["2024-01-01"; 20], Kind::Date);
    check("", &["2024-01-01"], Kind::Date);
    check("NA", &["7"], Kind::Number);
    check("?", &["2024-01-01", "x"], Kind::Category);
    check("NA", &["2024-01-01", "7"], Kind::Category);
}

#[test]
fn a_few_words_among_numbers_are_an_error() {
    let cells = |words: usize, numbers: usize| [vec!["n.a."; words], vec!["1"; numbers]].concat();
    let error = |cells: &[&str]| Table::read(text(cells).as_bytes()).map(|_| ()).unwrap_err();
    let message = error(&cells(1, 99)).to_string();
    assert_eq!(
        message,
        r#"column "x": 1 of 100 cells are no numbers as 1234.5 (or 1234,5 with `Reader::decimal_comma`), the first at line 2: "n.a."; mend them; or, if they are missing, name the word in `Reader::missing_in`; or, if the column holds words, set its kind to category in `Reader::kinds`"#
    );
    // More than one in a hundred: a column of words.
    assert_eq!(read(&cells(1, 98)).column("x").unwrap().kind(), Kind::Category);
    // Missing cells do not count.
    assert_eq!(read(&[cells(1, 98), vec![""; 100]].concat()).column("x").unwrap().kind(), Kind::Category);
    // Wherever they are: among the first rows, after them, or both.
    for place in [0, 900, 1500, 2999] {
        let mut many = vec!["1"; 3000];
        for (word, shown) in ["a", "b", "c", "d"].iter().enumerate() {
            many.insert(place + word, shown);
        }
        let Error::OddCells { count, known, cells, kind: Kind::Number, .. } = error(&many) else {
            panic!("another error")
        };
        assert_eq!((count, known), (4, 3004));
        let first: Vec<(u64, String)> =
            (0..3).map(|word| ((place + word + 2) as u64, ["a", "b", "c"][word].to_owned())).collect();
        assert_eq!(cells, first, "at {place}");
    }
    // The same for dates.
    let dates = [vec!["2024-01-01"; 99], vec!["soon"]].concat();
    assert!(matches!(error(&dates), Error::OddCells { count: 1, kind: Kind::Date, .. }));
    assert_eq!(read(&dates[1..]).column("x").unwrap().kind(), Kind::Category);
    // The ways out.
    let doubtful = text(&cells(1, 99));
    let reader = Reader { missing_in: vec![("x".into(), "n.a.".into())], ..Reader::default() };
    assert_eq!(reader.read(doubtful.as_bytes()).unwrap().column("x").unwrap().missing(), 1);
    let reader = Reader { kinds: vec![("x".into(), Kind::Category)], ..Reader::default() };
    assert_eq!(reader.read(doubtful.as_bytes()).unwrap().column("x").unwrap().word(1), Some("1"));
}

#[test]
fn a_stated_kind_holds_for_every_cell() {
    let of = |kind, cell: &str| {
        let reader = Reader { kinds: vec![("x".into(), kind)], ..Reader::default() };
        reader.read(
            text(&["007", cell])
                .replace("007", if kind == Kind::Date { "2024-01-01" } else { "007" })
                .as_bytes(),
        )
    };
    assert_eq!(of(Kind::Number, "1").unwrap().column("x").unwrap().number(0), Some(7.0));
    for (kind, cell, message) in [
        (Kind::Number, "red", r#"line 3, column 1 ("x"): found "red", expected a number"#),
        (Kind::Number, "inf", r#"line 3, column 1 ("x"): found "inf", expected a finite number"#),
        (
            Kind::Number,
            "1e999",
            r#"line 3, column 1 ("x"): found "1e999", which overflows; expected a magnitude of at most 1.8e308"#,
        ),
        (
            Kind::Date,
            "1.2.2024",
            r#"line 3, column 1 ("x"): found "1.2.2024", expected a date as 2024-02-29 or 2024-02-29 13:45"#,
        ),
    ] {
        assert_eq!(of(kind, cell).unwrap_err().to_string(), message);
    }
}

#[test]
fn the_first_mistake_is_reported() {
    let kinds = ["x", "y"].map(|name| (name.to_owned(), Kind::Number)).to_vec();
    let reader = Reader { kinds, ..Reader::default() };
    let line = |rows: &str| reader.read(format!("x,y\n{rows}").as_bytes()).unwrap_err().to_string();
    assert!(line("1,red\nblue,2\n").starts_with("line 2, column 2 "));
    assert!(line("1,2\nblue,red\n").starts_with("line 3, column 1 "));
    assert!(line("1,red\n2\n").starts_with("line 2, column 2 "));
    assert!(line("1\n2,red\n").starts_with("line 2: expected 2 cells"));
}

#[test]
fn unknown_names_in_the_settings() {
    for reader in [
        Reader { kinds: vec![("y".into(), Kind::Number)], ..Reader::default() },
        Reader { missing_in: vec![("y".into(), "0".into())], ..Reader::default() },
        Reader { ignore: vec!["y".into()], ..Reader::default() },
        Reader { only: vec!["y".into()], ..Reader::default() },
    ] {
        let error = reader.read("x\n1\n".as_bytes()).unwrap_err();
        assert!(error.to_string().starts_with(r#"there is no column "y"; the columns are "x""#), "{error}");
    }
}

#[test]
fn columns_that_are_left_out_are_not_looked_at() {
    let text: String = "x,y\n".to_owned() + &"1,1\n".repeat(200) + "oops,1\n";
    assert!(matches!(Table::read(text.as_bytes()), Err(Error::OddCells { .. })));
    for reader in [
        Reader { ignore: vec!["x".into()], ..Reader::default() },
        Reader { only: vec!["y".into()], ..Reader::default() },
    ] {
        assert_eq!(reader.read(text.as_bytes()).unwrap().columns().len(), 1);
    }
    let all = Reader { ignore: vec!["x".into(), "y".into()], ..Reader::default() };
    assert_eq!(
        all.read(text.as_bytes()).unwrap_err().to_string(),
        "no column is left: all of them are left out"
    );
}

/// One column, and one of the same numbers, so that a cell may be empty.
fn text(cells: &[&str]) -> String {
    cells.iter().fold("x,y\n".to_owned(), |text, cell| text + cell + ",1\n")
}

fn read(cells: &[&str]) -> Table {
    Table::read(text(cells).as_bytes()).unwrap()
}

#[track_caller]
fn check(cells: &[&str], kind: Kind) {
    assert_eq!(read(cells).column("x").unwrap().kind(), kind, "{cells:?}");
}
