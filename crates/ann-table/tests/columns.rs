//! Choosing, renaming and leaving out rows and columns.

use ann_table::{Column, Table};

#[test]
fn columns_are_chosen_by_name() {
    let table = table();
    assert_eq!(names(&table.keep(&["c", "a"]).unwrap()), ["c", "a"]);
    assert_eq!(names(&table.without(&["b"]).unwrap()), ["a", "c"]);
    assert_eq!(names(&table.clone().rename("b", "d").unwrap()), ["a", "d", "c"]);
    let unknown = r#"there is no column "x"; the columns are "a", "b", "c""#;
    for result in [
        table.keep(&["x"]),
        table.without(&["x"]),
        table.clone().rename("x", "y"),
        table.without_missing(&["x"]),
    ] {
        assert_eq!(result.unwrap_err().to_string(), unknown);
    }
    let error = table.clone().rename("b", "a").unwrap_err();
    assert_eq!(
        error.to_string(),
        r#"line 1, column 2 ("a"): column 1 already has this name; rename one of them"#
    );
    assert!(table.keep(&[]).is_err() && table.without(&["a", "b", "c"]).is_err());
}

#[test]
fn rows_with_gaps_are_left_out() {
    let table = table();
    assert_eq!(texts(&table.without_missing(&["a"]).unwrap(), "c"), ["x", "", "z"]);
    assert_eq!(texts(&table.without_missing(&[]).unwrap(), "c"), ["x", "z"]);
}

/// As if they had been read from a file of their own.
#[test]
fn extracted_rows_know_nothing_of_others() {
    let table = Table::read("word,x\nb,1\na,2\n\nc,3\n,4\na,5\n".as_bytes()).unwrap();
    let extracted = table.extract(&[2, 4, 3]);
    assert_eq!(texts(&extracted, "word"), ["c", "a", ""]);
    assert_eq!(texts(&extracted, "x"), ["3", "5", "4"]);
    assert_eq!(extracted.column("word").unwrap().words().collect::<Vec<_>>(), ["c", "a"]);
    assert_eq!((0..3).map(|row| extracted.line(row)).collect::<Vec<_>>(), [1, 2, 3]);
}

#[test]
fn rows_keep_their_lines() {
    let table = Table::read("a,b\n1,p\n\n2,\"q\nq\"\n3,r\n".as_bytes()).unwrap();
    assert_eq!((0..3).map(|row| table.line(row)).collect::<Vec<_>>(), [2, 4, 6]);
    let selected = table.select(&[2, 0, 2]);
    assert_eq!((0..3).map(|row| selected.line(row)).collect::<Vec<_>>(), [6, 2, 6]);
    assert_eq!(texts(&selected, "b"), ["r", "p", "r"]);
    // The column keeps its position in the file.
    let location = selected.keep(&["b"]).unwrap().location(0, "b").unwrap();
    assert_eq!(location.to_string(), r#"line 6, column 2 ("b")"#);
}

#[test]
fn columns_from_memory() {
    let table = Table::from_columns([
        Column::of_numbers("a", [1.0, f64::NAN, f64::INFINITY]),
        Column::of_words("b", ["x", "", " y "]),
    ]);
    let table = table.unwrap();
    assert_eq!(
        (texts(&table, "a"), texts(&table, "b")),
        (vec!["1".into(), "".into(), "".to_owned()], vec!["x".into(), "".into(), "y".to_owned()])
    );
    let short = Table::from_columns([Column::of_numbers("a", [1.0]), Column::of_numbers("b", [])]);
    assert_eq!(short.unwrap_err().to_string(), r#"column "b" has 0 rows, expected 1 as in the first column"#);
    let none: [Column; 0] = [];
    assert!(Table::from_columns(none).is_err());
}

fn table() -> Table {
    Table::read("a,b,c\n1,p,x\n?,q,y\n3,r,\n4,s,z\n".as_bytes()).unwrap()
}

fn names(table: &Table) -> Vec<&str> {
    table.columns().iter().map(Column::name).collect()
}

fn texts(table: &Table, name: &str) -> Vec<String> {
    (0..table.rows()).map(|row| table.column(name).unwrap().text(row)).collect()
}
