//! Encodings by hand, and which columns are used.

use ann_table::{
    CategoryEncoding, Cell, Column, ColumnSchema, Encoding, Ignored, Reader, Schema, SchemaOptions, Table,
    Target, TargetValues, Task,
};
use ndarray::{Array2, Axis};

/// Known 1, 2, 3, 4, 100; missing one, which counts as the median 3. Quartiles of 1 2 3 3 4 100: 2.25 and
/// 3.75.
#[test]
fn a_number_by_hand() {
    let (schema, table) = learn("x,y\n1,a\n2,b\n3,a\n,b\n4,a\n100,b\n");
    let Encoding::Number(number) = &schema.columns[0].encoding else { panic!("no number") };
    assert_eq!((number.center, number.scale, number.fill, number.has_flag), (3.0, 1.5, 3.0, true));
    assert_eq!((number.minimum, number.maximum), (1.0, 100.0));
    let x = schema.features::<f64>(&table).unwrap();
    // z = (100 − 3) / 1.5 = 64.67, z / √(1 + (z/3)²) = 2.9968…
    let z: f64 = 97.0 / 1.5;
    close(x[[5, 0]], z / (1.0 + (z / 3.0).powi(2)).sqrt());
    close(x[[0, 0]], (-2.0 / 1.5) / (1.0_f64 + (2.0_f64 / 4.5).powi(2)).sqrt());
    assert_eq!(x.column(1).to_vec(), [0.0, 0.0, 0.0, 1.0, 0.0, 0.0]);
    // Five distinct numbers are the edges. In the bin from 4 to 100 all v are 0 but the last, which is 1.
    let pieces = number.pieces.as_ref().unwrap();
    assert_eq!(pieces.edges, [1.0, 2.0, 3.0, 4.0, 100.0]);
    let means = [5.0 / 6.0, 4.0 / 6.0, 2.0 / 6.0, 1.0 / 6.0];
    means.iter().zip(&pieces.means).for_each(|(expected, found)| close(*found, *expected));
    // p (1 − p) of each: (5 + 8 + 8 + 5) / 36.
    close(pieces.scale, (26.0_f64 / 36.0).sqrt());
    close(x[[5, 2 + 3]], (1.0 - 1.0 / 6.0) / pieces.scale);
    close(x[[3, 2]], (1.0 - 5.0 / 6.0) / pieces.scale);
    assert_eq!((schema.plain_inputs(), schema.inputs()), (2, 6));
}

#[test]
fn a_number_without_spread_between_its_quartiles() {
    let (schema, _) = learn("x,y\n0,a\n0,b\n0,a\n0,b\n0,a\n8,b\n");
    let Encoding::Number(number) = &schema.columns[0].encoding else { panic!("no number") };
    assert_eq!((number.center, number.scale), (0.0, 4.0));
    assert_eq!(number.pieces, None, "one bin is no more than the number itself");
}

#[test]
fn huge_numbers_have_finite_inputs() {
    let (schema, _) = learn("x,y\n-1.7e308,a\n1.7e308,b\n0,a\n1,b\n");
    let mut inputs = vec![0.0_f64; schema.inputs()];
    for x in [f64::MAX, f64::MIN, 1e-300, 0.0] {
        schema.encode_row(&[Cell::Number(x)], &mut inputs).unwrap();
        assert!(inputs.iter().all(|input| input.is_finite()), "{x}: {inputs:?}");
    }
}

#[test]
fn unscaled_numbers_are_those_of_the_table() {
    let text = "x,z,y\n1,,7\n2.5,0.1,1e9\n-3e300,5,8\n";
    let table = Table::read(text.as_bytes()).unwrap();
    let options = SchemaOptions { bins: 0, task: Some(Task::Regression), ..SchemaOptions::default() };
    let schema = Schema::learn(&table, &["y"], &options).unwrap().unscaled();
    let x = schema.features::<f64>(&table).unwrap();
    assert_eq!(x.column(0).to_vec(), [1.0, 2.5, -3e300]);
    // A missing number is the median, and its flag is set. (0.1 + 5) / 2
    assert_eq!((x.column(1).to_vec(), x.column(2).to_vec()), (vec![2.55, 0.1, 5.0], vec![1.0, 0.0, 0.0]));
    let Target::Numbers(targets) = &schema.target else { panic!("no numbers") };
    assert_eq!((targets[0].standardized(1e9), targets[0].restored(0.1)), (1e9, 0.1));
}

#[test]
fn words_are_inputs() {
    let (schema, table) = learn("w,y\nred,a\nblue,b\n,a\ngreen,b\n");
    let x = schema.features::<f64>(&table).unwrap();
    assert_eq!(x.row(0).to_vec(), [0.0, 0.0, 1.0, 0.0]);
    assert_eq!(x.row(2).to_vec(), [0.0, 0.0, 0.0, 1.0]);
    assert_eq!(encode(&schema, Cell::Word("unknown")), [0.0; 4]);
    let (schema, table) = learn("w,y\nred,a\nblue,b\n");
    assert_eq!(schema.features::<f32>(&table).unwrap().column(0).to_vec(), [1.0, -1.0]);
    assert_eq!(encode(&schema, Cell::Word("unknown")), [0.0]);
    assert_eq!(encode(&schema, Cell::Missing), [0.0]);
}

#[test]
fn two_words_and_no_others_are_a_pair() {
    for (words, has_other, has_missing, inputs, is_pair) in [
        (&["blue", "red"][..], false, false, 1, true),
        (&["blue", "red"], false, true, 2, true),
        (&["blue", "red"], true, false, 3, false),
        (&["red"], false, true, 2, false),
        (&["red"], true, false, 2, false),
        (&["blue", "green", "red"], false, false, 3, false),
    ] {
        let categories = words.iter().map(|word| (*word).to_owned()).collect();
        let encoding = CategoryEncoding { categories, has_other, has_missing };
        assert_eq!((encoding.inputs(), encoding.is_pair()), (inputs, is_pair), "{encoding:?}");
    }
}

#[test]
fn plain_inputs_have_names() {
    let rows = "1,red,a,2024-01-01,0\n,blue,b,2024-01-02,1\n3,,c,2024-02-03,0\n";
    let (schema, _) = learn(&format!("x,pair,w,day,y\n{rows}"));
    let names = schema.plain_input_names();
    assert_eq!(names.len(), schema.plain_inputs());
    let expected =
        ["x", "x is missing", "pair = red", "pair is missing", "w = a", "w = b", "w = c", "day, part 1"];
    assert_eq!(names[..8], expected);
}

#[test]
fn rare_words_share_an_input() {
    // 70 words: 40 of them six times, 30 of them twice.
    let mut text = "w,y\n".to_owned();
    for word in 0..70 {
        text += &format!("w{word:02},a\nw{word:02},b\n").repeat(if word < 40 { 3 } else { 1 });
    }
    let (schema, _) = learn(&text);
    let Encoding::Category(words) = &schema.columns[0].encoding else { panic!("no words") };
    assert_eq!((words.categories.len(), words.has_other, words.has_missing), (40, true, false));
    for word in ["w69", "never seen"] {
        let inputs = encode(&schema, Cell::Word(word));
        assert_eq!((inputs.iter().sum::<f64>(), inputs[40]), (1.0, 1.0));
    }
    let options = SchemaOptions { most_categories: 70, ..SchemaOptions::default() };
    let table = Table::read(text.as_bytes()).unwrap();
    assert_eq!(Schema::learn(&table, &["y"], &options).unwrap().inputs(), 70);
    let options = SchemaOptions { least_rows: 1, ..SchemaOptions::default() };
    assert_eq!(Schema::learn(&table, &["y"], &options).unwrap().inputs(), 65);
}

#[test]
fn dates_are_their_parts() {
    let (schema, table) = learn("d,y\n2024-02-29,a\n2024-03-01,b\n2025-02-28,a\n");
    // Days, month, day and weekday; no hours, because all are midnight.
    assert_eq!(schema.inputs(), 4);
    let x = schema.features::<f64>(&table).unwrap();
    // Days: 19782, 19783, 20147: median 19783, quartiles 19782.5 and 19965, so (19782 − 19783) / 182.5.
    let z: f64 = -1.0 / 182.5;
    close(x[[0, 0]], z / (1.0 + (z / 3.0).powi(2)).sqrt());
}

/// More rows than are encoded together, with gaps in every column, and a column of numbers without a gap.
#[test]
fn many_rows_have_the_inputs_of_single_rows() {
    let mut text = "whole,part,word,day,y\n".to_owned();
    for row in 0..300 {
        let known = |text: String, gap: usize| if row % gap == 0 { String::new() } else { text };
        let day = format!("2024-{:02}-{:02}", 1 + row % 12, 1 + row % 28);
        let (part, word) = (format!("{}.25", row * row % 101), format!("w{}", row % 4));
        let cells = [(row * 7 % 90).to_string(), known(part, 7), known(word, 11), known(day, 13)];
        text += &format!("{},{}\n", cells.join(","), ["a", "b"][row % 2]);
    }
    let (schema, table) = learn(&text);
    assert_eq!(schema.columns.len(), 4);
    let (all, plain) =
        (schema.features::<f32>(&table).unwrap(), schema.plain_features::<f32>(&table).unwrap());
    assert_eq!((plain.ncols(), all.ncols()), (schema.plain_inputs(), schema.inputs()));
    let mut expected = vec![0.0_f32; schema.inputs()];
    for row in 0..table.rows() {
        let cell = |column: &ColumnSchema| {
            let column = table.column(&column.name).unwrap();
            let number = column.number(row).map(Cell::Number);
            number.or(column.word(row).map(Cell::Word)).unwrap_or(Cell::Missing)
        };
        let cells: Vec<Cell<'_>> = schema.columns.iter().map(cell).collect();
        schema.encode_row(&cells, &mut expected).unwrap();
        let bits = |inputs: &[f32]| inputs.iter().map(|input| input.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(&all.row(row).to_vec()), bits(&expected), "row {row}");
        assert_eq!(bits(&plain.row(row).to_vec()), bits(&expected[..plain.ncols()]), "row {row}");
    }
    let order: Vec<usize> = (0..table.rows()).map(|row| row * 37 % 211).collect();
    for expected in [plain, all].map(|inputs| inputs.select(Axis(0), &order)) {
        let rows = schema.input_rows::<f32>(&table, expected.ncols()).unwrap();
        let mut found = Array2::from_elem(expected.dim(), f32::NAN);
        rows.copy_rows(&order, found.as_slice_mut().unwrap());
        assert_eq!((found, rows.rows()), (expected, table.rows()));
    }
}

/// A column without a known cell in the table to predict.
#[test]
fn a_column_without_a_cell_has_the_inputs_of_missing_cells() {
    let (schema, _) = learn("x,w,y\n1,a,a\n2,b,b\n,,a\n5,b,b\n9,a,a\n");
    let table = Table::read("w,x\n?,\n?,\n".as_bytes()).unwrap();
    let mut expected = vec![0.0_f64; schema.inputs()];
    schema.encode_row(&[Cell::Missing; 2], &mut expected).unwrap();
    let (all, plain) =
        (schema.features::<f64>(&table).unwrap(), schema.plain_features::<f64>(&table).unwrap());
    assert_eq!([all.row(0).to_vec(), all.row(1).to_vec()], [expected.clone(), expected.clone()]);
    assert_eq!(plain.row(1).to_vec(), expected[..schema.plain_inputs()]);
}

/// Rows that are left out leave gaps, in the numbers and in the lines.
#[test]
fn numbers_that_count_up_with_the_lines_are_identifiers() {
    let text: String = (0..40).map(|row| format!("{},{},{}\n", row + 7, row * 7 % 13, row % 2)).collect();
    let table = Table::read(format!("n,x,y\n{text}").as_bytes()).unwrap();
    let without = |left_out: &[usize]| {
        let kept: Vec<usize> = (0..40).filter(|row| !left_out.contains(row)).collect();
        let schema = Schema::learn(&table.select(&kept), &["y"], &SchemaOptions::default()).unwrap();
        schema.ignored.iter().any(|column| column.name == "n" && column.reason == Ignored::Identifier)
    };
    assert!(without(&[]) && without(&[3]) && without(&[0, 10, 11, 39]));
    // Numbers that leave gaps by themselves may mean something.
    let text: String =
        (0..40).map(|row| format!("{},{},{}\n", row + row / 9, row * 7 % 13, row % 2)).collect();
    assert!(learn(&format!("n,x,y\n{text}")).0.ignored.is_empty());
}

#[test]
fn columns_that_say_nothing_are_left_out() {
    let mut text = "row,customer_id,name,comment,same,gap,x,y\n".to_owned();
    for row in 0..30 {
        let comment = if row % 3 == 0 { "none".to_owned() } else { format!("text {row}") };
        text +=
            &format!("{},{},n{row},{comment},1,,{},{}\n", row + 7, row * row, row % 7, ["a", "b"][row % 2]);
    }
    let (schema, table) = learn(&text);
    let ignored: Vec<_> = schema.ignored.iter().map(|column| (column.name.as_str(), column.reason)).collect();
    assert_eq!(
        ignored,
        [
            ("row", Ignored::Identifier),
            ("customer_id", Ignored::Identifier),
            ("name", Ignored::Identifier),
            ("comment", Ignored::FreeText),
            ("same", Ignored::Constant),
            ("gap", Ignored::Constant),
        ]
    );
    let keep = ["row", "name", "same"].map(String::from).to_vec();
    let schema = Schema::learn(&table, &["y"], &SchemaOptions { keep, ..SchemaOptions::default() }).unwrap();
    let used: Vec<_> = schema.columns.iter().map(|column| column.name.as_str()).collect();
    assert_eq!(used, ["row", "name", "x"], "a constant column has nothing to tell, whoever wants it");
    let options = SchemaOptions { ignore: vec!["x".into()], ..SchemaOptions::default() };
    let error = Schema::learn(&table, &["y"], &options).unwrap_err().to_string();
    assert!(error.starts_with("no column is left to predict from: \"row\" (identifier), "), "{error}");
}

#[test]
fn tasks() {
    let task = |text: &str| learn(text).0.target.task();
    assert_eq!(task("x,y\n1,a\n2,b\n"), Task::Classification);
    assert_eq!(task("x,y\n1,0\n2,1\n"), Task::Classification);
    assert_eq!(task("x,y\n1,0\n2,0.5\n"), Task::Regression);
    let numbers =
        |count| (0..count).fold("x,y\n".to_owned(), |text, row| text + &format!("{},{row}\n", row % 5));
    assert_eq!((task(&numbers(20)), task(&numbers(21))), (Task::Classification, Task::Regression));
    let table = Table::read("x,y\n1,0\n2,1\n".as_bytes()).unwrap();
    let options = SchemaOptions { task: Some(Task::Regression), ..SchemaOptions::default() };
    assert_eq!(Schema::learn(&table, &["y"], &options).unwrap().target.task(), Task::Regression);
}

#[test]
fn classes_are_in_the_order_of_numbers() {
    let (schema, table) = learn("x,y\n1,10\n2,9\n3,-1\n4,10\n");
    let Target::Classes { classes, .. } = &schema.target else { panic!("no classes") };
    assert_eq!(classes, &["-1", "9", "10"]);
    assert_eq!(schema.targets(&table).unwrap(), TargetValues::Classes(vec![2, 1, 0, 2]));
}

#[test]
fn several_numbers_are_predicted() {
    let table = Table::read("x,u,v\n1,1.5,10\n2,2.5,30\n3,3.5,20\n".as_bytes()).unwrap();
    let schema = Schema::learn(&table, &["v", "u"], &SchemaOptions::default()).unwrap();
    let Target::Numbers(targets) = &schema.target else { panic!("no numbers") };
    assert_eq!((targets[0].center, targets[0].minimum, targets[0].maximum), (20.0, 10.0, 30.0));
    close(targets[1].scale, (2.0_f64 / 3.0).sqrt());
    let TargetValues::Numbers(values) = schema.targets(&table).unwrap() else { panic!("no numbers") };
    assert_eq!(values.row(1).to_vec(), [30.0, 2.5]);
}

#[test]
fn other_tables_are_found_by_name() {
    let (schema, table) = learn("x,w,y\n1,red,a\n2,blue,b\n3,green,a\n");
    let shuffled = Table::read("more,w,x\n9,blue,2\n9,red,1\n".as_bytes()).unwrap();
    let (x, other) = (schema.features::<f64>(&table).unwrap(), schema.features::<f64>(&shuffled).unwrap());
    assert_eq!((x.row(1), x.row(0)), (other.row(0), other.row(1)));
    let error =
        |text: &str| schema.features::<f64>(&Table::read(text.as_bytes()).unwrap()).unwrap_err().to_string();
    assert_eq!(error("x\n1\n"), r#"the table has no column "w"; its columns are "x""#);
    assert_eq!(error("x,w\n1,a\nred,b\n"), r#"line 3, column 1 ("x"): found "red", expected a number"#);
    let reader =
        r#"; give the kinds to the reader: `Reader { kinds: model.schema().kinds(), ..Reader::default() }`"#;
    for (text, message) in [
        (
            "x,w\n007,a\n",
            r#"column "x" holds categories, expected numbers as in the table that was learned from"#,
        ),
        (
            "x,w\n1,5\n",
            r#"column "w" holds numbers, expected categories as in the table that was learned from"#,
        ),
    ] {
        assert_eq!(error(text), message.to_owned() + reader);
        let reader = Reader { kinds: schema.kinds(), ..Reader::default() };
        assert!(schema.features::<f64>(&reader.read(text.as_bytes()).unwrap()).is_ok());
    }
    // A column without a known cell has no kind.
    assert_eq!(
        schema.features::<f64>(&Table::read("x,w\n1,\n".as_bytes()).unwrap()).unwrap().row(0).len(),
        x.ncols()
    );
}

#[test]
fn wrong_rows_are_errors() {
    let (schema, _) = learn("x,w,y\n1,red,a\n2,blue,b\n3,green,a\n");
    let mut inputs = vec![0.0_f64; schema.inputs()];
    let mut error = |cells: &[Cell<'_>]| schema.encode_row(cells, &mut inputs).unwrap_err().to_string();
    let (short, long) = (&[Cell::Missing; 1][..], &[Cell::Missing; 3][..]);
    for (cells, found) in [(short, "1 cell"), (long, "3 cells")] {
        let expected = format!(r#"the row has {found}, expected 2, in the order of the columns "x", "w""#);
        assert_eq!(error(cells), expected);
    }
    assert_eq!(error(&[Cell::Word("1"), Cell::Missing]), r#"column "x" holds categories, expected numbers"#);
    assert_eq!(
        error(&[Cell::Missing, Cell::Number(1.0)]),
        r#"column "w" holds numbers, expected categories"#
    );
    assert_eq!(
        schema.encode_row(&[Cell::Missing; 2], &mut inputs[1..]).unwrap_err().to_string(),
        "there is room for 5 inputs, expected 6 as `Schema::inputs` says"
    );
}

#[test]
fn wrong_targets_are_errors() {
    let error = |text: &str, targets: &[&str]| {
        let table = Table::read(text.as_bytes()).unwrap();
        Schema::learn(&table, targets, &SchemaOptions::default()).unwrap_err().to_string()
    };
    assert_eq!(
        error("x,y\n1,a\n2,\n", &["y"]),
        r#"line 3, column 2 ("y"): the target is missing; fill it, or leave such rows out with `Table::without_missing(&["y"])`"#
    );
    assert_eq!(
        error("x,y\n1,a\n2,a\n", &["y"]),
        r#"target "y": all rows have the class "a"; at least two classes are needed"#
    );
    assert_eq!(error("x,y\n1,a\n2,b\n", &["z"]), r#"there is no column "z"; the columns are "x", "y""#);
    assert_eq!(
        error("x,y,z\n1,a,1\n2,b,2\n", &["z", "y"]),
        r#"column "y" holds categories, expected numbers"#
    );
    assert_eq!(
        error("x,y,z\n1,5,1\n2,5,2\n", &["z", "y"]),
        r#"target "y": all numbers are 5; there is nothing to learn"#
    );
}

#[test]
fn targets_of_numbers_and_words_are_errors() {
    let read = |cell: fn(usize) -> String| {
        let rows: String = (0..60).map(|row| format!("{},{}\n", row * 7 % 13, cell(row))).collect();
        Table::read(format!("x,y\n{rows}").as_bytes()).unwrap()
    };
    let learn = |table: &Table, task| {
        let learned = Schema::learn(table, &["y"], &SchemaOptions { task, ..SchemaOptions::default() });
        learned.map(|schema| schema.target.task()).map_err(|error| error.to_string())
    };
    let message = |words, cells| {
        Err(format!(
            "target \"y\": {words} of 60 cells are no numbers, the first {cells}; mend them; or, if they are missing, name \
             the word in `Reader::missing_in`; or, if all cells are classes, set `SchemaOptions::task` to classification"
        ))
    };
    let many = read(|row| if row % 20 == 10 { "abc".into() } else { row.to_string() });
    let cells = r#"at line 12: "abc", at line 32: "abc", at line 52: "abc""#;
    assert_eq!(learn(&many, None), message(3, cells));
    assert_eq!(learn(&many, Some(Task::Regression)), message(3, cells));
    assert_eq!(learn(&many, Some(Task::Classification)), Ok(Task::Classification));
    let fractions = read(|row| if row == 0 { "-".into() } else { format!("{}.5", row % 3) });
    assert!(learn(&fractions, None).is_err());
    // Few whole numbers and a word are classes, unless numbers were asked for.
    let few = read(|row| ["1", "2", "3+"][row % 3].into());
    assert_eq!(learn(&few, None), Ok(Task::Classification));
    let cells = r#"at line 4: "3+", at line 7: "3+", at line 10: "3+""#;
    assert_eq!(learn(&few, Some(Task::Regression)), message(20, cells));
    // A few numbers among words are classes, too.
    let words = read(|row| if row % 2 == 0 { row.to_string() } else { "abc".into() });
    assert_eq!(learn(&words, None), Ok(Task::Classification));
}

#[test]
fn unknown_classes_are_errors() {
    let (schema, _) = learn("x,y\n1,a\n2,b\n");
    let other = Table::from_columns([Column::of_words("y", ["b", "c"])]).unwrap();
    let error = schema.targets(&other).unwrap_err().to_string();
    assert_eq!(error, r#"line 2, column 1 ("y"): found "c", expected one of the classes "a", "b""#);
}

fn learn(text: &str) -> (Schema, Table) {
    let table = Table::read(text.as_bytes()).unwrap();
    (Schema::learn(&table, &["y"], &SchemaOptions::default()).unwrap(), table)
}

fn encode(schema: &Schema, cell: Cell<'_>) -> Vec<f64> {
    let mut inputs = vec![f64::NAN; schema.inputs()];
    schema.encode_row(&[cell], &mut inputs).unwrap();
    inputs
}

/// To rounding: the expected values are computed in another order.
#[track_caller]
fn close(found: f64, expected: f64) {
    assert!((found - expected).abs() <= 1e-14 * (1.0 + expected.abs()), "{found} is not {expected}");
}
