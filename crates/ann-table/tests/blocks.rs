//! Tables that are read some rows at a time.

use ann_table::{Error, Kind, Reader, Schema, SchemaOptions, Table};

/// Read at once or in blocks of any size, the cells and their lines are the same.
#[test]
fn blocks_hold_the_rows_of_the_whole() {
    let text = large();
    let whole = Table::read(text.as_bytes()).unwrap();
    let schema = learned();
    let x = schema.features::<f64>(&whole).unwrap();
    for rows in [1, 7, 1000, 3000, 5000] {
        let mut row = 0;
        for block in Reader::default().blocks(text.as_bytes(), &schema, rows).unwrap() {
            let block = block.unwrap();
            let inputs = schema.features::<f64>(&block).unwrap();
            for in_block in 0..block.rows() {
                assert_eq!(block.line(in_block), whole.line(row));
                assert_eq!(inputs.row(in_block), x.row(row));
                for name in ["x", "zip", "sold", "id"] {
                    let text = |table: &Table, row| table.column(name).unwrap().text(row);
                    assert_eq!(text(&block, in_block), text(&whole, row));
                }
                row += 1;
            }
        }
        assert_eq!(row, 3000, "blocks of {rows}");
    }
}

/// Columns and kinds may also be given without a schema.
#[test]
fn blocks_of_columns_that_are_named() {
    let columns = [("zip".to_owned(), Kind::Category), ("x".to_owned(), Kind::Number)];
    let text = "x,zip,y\n1,007,2\n2,7,3\n3,7,4\n";
    let mut blocks = Reader::default().blocks_of(text.as_bytes(), &columns, 2).unwrap();
    let block = blocks.next().unwrap().unwrap();
    let kind = |name| block.column(name).unwrap().kind();
    assert_eq!([kind("x"), kind("zip"), kind("y")], [Kind::Number, Kind::Category, Kind::Category]);
    assert_eq!((block.rows(), block.column("zip").unwrap().word(0)), (2, Some("007")));
    let error = Reader::default().blocks_of("x,y\n1,2\n".as_bytes(), &columns, 2).unwrap_err();
    assert!(matches!(error, Error::MissingColumns { missing, .. } if missing == ["zip"]));
}

/// A block whose cells alone would say something else.
#[test]
fn kinds_are_those_of_the_schema() {
    let text = "x,zip,sold,y,id\n007,1000,?,2,01.50\n";
    let mut blocks = Reader::default().blocks(text.as_bytes(), &learned(), 10).unwrap();
    let block = blocks.next().unwrap().unwrap();
    let kind = |name| block.column(name).unwrap().kind();
    assert_eq!(
        [kind("x"), kind("zip"), kind("sold"), kind("y"), kind("id")],
        [Kind::Number, Kind::Category, Kind::Date, Kind::Category, Kind::Category]
    );
    assert_eq!(block.column("id").unwrap().word(0), Some("01.50"), "as it is written");
    assert!(blocks.next().is_none());
}

/// A class that is a number is the same number in another notation.
#[test]
fn classes_that_are_numbers() {
    let table = Table::read("x,y\n1,2\n2,10\n3,2\n".as_bytes()).unwrap();
    let schema = Schema::learn(&table, &["y"], &SchemaOptions::default()).unwrap();
    let block = Reader::default().blocks("x,y\n1,10.0\n".as_bytes(), &schema, 9).unwrap().next();
    assert!(schema.targets(&block.unwrap().unwrap()).is_ok());
}

#[test]
fn mistakes_name_the_line_of_the_file_and_end_the_blocks() {
    for (row, message) in [
        ("red,1000,2024-01-01,a,1", r#"line 3002, column 1 ("x"): found "red", expected a number"#),
        ("1,1000,soon,a,1", r#"line 3002, column 3 ("sold"): found "soon", expected a date as 2024-02-29"#),
        ("1,1000", "line 3002: expected 5 cells as in the header, found 2"),
    ] {
        let text = large() + row + "\n1,1000,2024-01-01,a,1\n";
        let mut blocks = Reader::default().blocks(text.as_bytes(), &learned(), 1000).unwrap();
        assert!(blocks.by_ref().take(3).all(|block| block.is_ok()));
        let error = blocks.next().unwrap().unwrap_err().to_string();
        assert!(error.starts_with(message), "{error}");
        assert!(blocks.next().is_none());
    }
    let mut blocks = Reader::default().blocks("x,zip,sold\n".as_bytes(), &learned(), 1000).unwrap();
    assert!(matches!(blocks.next(), Some(Err(Error::NoRows))));
    let without = Reader::default().blocks("y,x\n1,2\n".as_bytes(), &learned(), 1000);
    let Err(Error::MissingColumns { missing, .. }) = without else { panic!("two columns are missing") };
    assert_eq!(missing, ["zip", "sold"]);
}

fn learned() -> Schema {
    let table = "x,zip,sold,y\n1,01000,2024-01-01,a\n2.5,1000,2024-02-01,b\n3,1000,2024-02-02,b\n";
    let table = Table::read(table.as_bytes()).unwrap();
    Schema::learn(&table, &["y"], &SchemaOptions::default()).unwrap()
}

fn large() -> String {
    let row = |row: usize| {
        let (zip, day) = (["01000", "1000"][row % 2], row % 28 + 1);
        format!("{row}.25,{zip},2024-01-{day:02},a,w{row}\n")
    };
    "x,zip,sold,y,id\n".to_owned() + &(0..3000).map(row).collect::<String>()
}
