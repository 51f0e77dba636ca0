//! What is no error, but should be said.

use ann_table::{Column, Kind, Reader, Table};

#[test]
fn numbers_as_names() {
    let said = |names: &str| {
        format!(
            "all names of columns are numbers: {names}; if they are a row of data, read the table with \
             `Reader {{ header: false, ..Reader::default() }}`"
        )
    };
    check("1,2,3\n4,5,6\n", &[&said(r#""1", "2", "3""#)]);
    check("1999,2000\n5,a\n", &[&said(r#""1999", "2000""#)]);
    check("7\n800\n", &[&said(r#""7""#)]);
    check("1,2,label\n4,5,a\n", &[]);
    check("x,y\n1,2\n", &[]);
    // The way out.
    let reader = Reader { header: false, ..Reader::default() };
    let table = reader.read("1,2,3\n4,5,6\n".as_bytes()).unwrap();
    assert_eq!((table.rows(), table.remarks()), (2, vec![]));
    // Names that come from no line.
    assert_eq!(Table::from_columns([Column::of_numbers("1", [2.0])]).unwrap().remarks(), []);
}

/// One cell in ten is a word: too many for mistakes, so the column holds words, and that is said.
#[test]
fn columns_that_are_mostly_numbers() {
    let rows = |number: &dyn Fn(usize) -> String| {
        let cell = |row: usize| if row.is_multiple_of(10) { "n.a.".to_owned() } else { number(row) };
        (0..100).fold("x;y\n".to_owned(), |text, row| text + &cell(row) + ";1\n")
    };
    let said = "column \"x\": 90 of 100 cells are numbers, others are words such as \"n.a.\", so all are taken \
                for words; if these mean missing numbers, name them in `Reader::missing_in`";
    check(&rows(&|row| format!("{row}.5")), &[said]);
    check(&rows(&|row| format!("{row},5")), &[said]);
    // Codes, identifiers, and too many words.
    check(&rows(&|row| (row % 5).to_string()), &[]);
    check(&rows(&|row| format!("0{row}")), &[]);
    check(&rows(&|row| if row.is_multiple_of(3) { format!("w{row}") } else { row.to_string() }), &[]);
}

#[test]
fn words_for_missing_cells() {
    let said = |word: &str, rows: &str| {
        format!(
            "column \"x\": \"{word}\" in {rows} is a word as any other; if it means a missing cell, name it in \
             `Reader::missing_in`"
        )
    };
    check("x,y\nNA,1\nno,NA\nNA,3\n", &[&said("NA", "2 rows")]);
    check("x,y\nnone,1\nno,2\nNull,3\n", &[&said("none", "1 row"), &said("Null", "1 row")]);
    check("x,y\n?,1\nno,2\n,3\n", &[]);
    // Namibia among all countries.
    let rows =
        |count: usize| (0..count).fold("x,y\nNA,1\n".to_owned(), |text, row| text + &format!("c{row},1\n"));
    check(&rows(20), &[&said("NA", "1 row")]);
    check(&rows(21), &[]);
    // The way out, and rows that are left out.
    let text = "x,y\nNA,1\nno,2\n";
    let reader = Reader { missing_in: vec![("x".into(), "NA".into())], ..Reader::default() };
    assert_eq!(reader.read(text.as_bytes()).unwrap().remarks(), []);
    assert_eq!(Table::read(text.as_bytes()).unwrap().select(&[1]).remarks(), []);
}

/// Nearly all cells have the same notation, which is not read.
#[test]
fn numbers_and_dates_in_another_notation() {
    let rows = |cell: &dyn Fn(usize) -> String| {
        (0..200).fold("x;y\n".to_owned(), |text, row| text + &cell(row) + ";1\n")
    };
    let said = |example: &str, kind: &str, instead: &str| {
        format!("column \"x\": cells such as \"{example}\" are no {kind}; write {instead} instead")
    };
    let date = |row: usize| format!("{:02}.{:02}.2023", row % 28 + 1, row % 12 + 1);
    check(&rows(&date), &[&said("01.01.2023", "dates", "2023-01-01")]);
    check(
        &rows(&|row| format!("{:02}/28/2023", row % 12 + 1)),
        &[&said("01/28/2023", "dates", "2023-01-28")],
    );
    check(&rows(&|row| format!("{row} EUR")), &[&said("0 EUR", "numbers", "0")]);
    // Two of 200 cells may be something else, three may not.
    let some = |others: usize| rows(&|row| if row < others { "soon".to_owned() } else { date(row) });
    check(&some(2), &[&said("03.03.2023", "dates", "2023-03-03")]);
    check(&some(3), &[]);
    check(&rows(&|row| if row % 2 == 0 { "1 EUR".to_owned() } else { date(row) }), &[]);
    // If the kind is stated, this is said of numbers too.
    let kinds = vec![("x".to_owned(), Kind::Category)];
    let reader = Reader { kinds, ..Reader::default() };
    let remarks = reader.read(rows(&|row| format!("{row}%")).as_bytes()).unwrap().remarks();
    assert_eq!(remarks.iter().map(ToString::to_string).collect::<Vec<_>>(), [said("0%", "numbers", "0")]);
}

/// Only where commas do not separate cells, and nothing shows that the points are before decimals.
#[test]
fn points_that_may_separate_thousands() {
    let said = "column \"x\": all decimals have three digits, as in \"1.200\"; if the points separate thousands, \
                remove them: write 1200";
    let check_with = |separator: char, cells: &[&str], expected: &[&str]| {
        let text = cells
            .iter()
            .fold(format!("x{separator}y\n"), |text, cell| text + cell + &format!("{separator}1\n"));
        check(&text, expected);
    };
    let thousands = ["1.200", "950", "12.500", "1.000", "-3.450", "101.700", "2.300", ""];
    check_with(';', &thousands, &[said]);
    check_with('\t', &thousands, &[said]);
    check_with(',', &thousands, &[]);
    for other in ["0.250", "1.25", "1200", "1234.500", "1.2e3", "012.500"] {
        check_with(';', &[&thousands[..], &[other]].concat(), &[]);
    }
    check_with(';', &thousands[..4], &[]);
    // A stated kind is right.
    let text = thousands.iter().fold("x;y\n".to_owned(), |text, cell| text + cell + ";1\n");
    let reader = Reader { kinds: vec![("x".into(), Kind::Number)], ..Reader::default() };
    assert_eq!(reader.read(text.as_bytes()).unwrap().remarks(), []);
    assert_eq!(Table::read(text.as_bytes()).unwrap().select(&[0]).remarks().len(), 1);
}

#[track_caller]
fn check(text: &str, expected: &[&str]) {
    let remarks = Table::read(text.as_bytes()).unwrap().remarks();
    assert_eq!(remarks.iter().map(ToString::to_string).collect::<Vec<_>>(), expected, "{text}");
}
