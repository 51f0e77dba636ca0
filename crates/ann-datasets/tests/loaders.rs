//! What the loaders accept.

use ann_datasets::ndarray::{Array2, array};
use ann_datasets::{Column, Dataset, load, read_csv, read_tab};

#[test]
fn csv_with_any_line_end_and_byte_order_mark() {
    for end in ["\n", "\r\n", "\r"] {
        for mark in ["", "\u{feff}"] {
            let text = format!("{mark}x,label,y{end}1,a,2{end}3,b,4{end}");
            check(&read_csv(text.as_bytes(), "label").unwrap());
            check(&read_csv(text.trim_end().as_bytes(), "label").unwrap());
        }
    }
}

#[test]
fn csv_with_quotes_blanks_and_blank_lines() {
    check(&read_csv("\"x\", label ,y\n\n 1,\"a\",\"2\"\n   \n3 ,b, 4\n\n".as_bytes(), "label").unwrap());
}

#[test]
fn quoted_cells_hold_separators_quotes_and_line_breaks() {
    let text = "x,label\n1,\"a,b\"\n2,\"say \"\"hi\"\"\"\n3,\"two\nlines\"\n4,5\" wide\n";
    let read: Dataset = read_csv(text.as_bytes(), "label").unwrap();
    assert_eq!(read.targets, ["a,b", "say \"hi\"", "two\nlines", "5\" wide"]);
    assert_eq!(read.features, array![[1.0], [2.0], [3.0], [4.0]]);
}

#[test]
fn blanks_may_surround_quotes() {
    for before in ["", " ", "  ", "\t", " \t "] {
        for after in ["", " ", "\t "] {
            for end in ["\n", "\r\n", "\r"] {
                let quoted = |text: &str| format!("{before}\"{text}\"{after}");
                let rows = [
                    [quoted("x"), quoted("the label"), "y".to_owned()],
                    ["1".to_owned(), quoted("a, \"\"b\"\""), quoted("2")],
                    [quoted("3"), quoted("c\nd"), quoted("4")],
                ];
                let text: String = rows.iter().map(|row| row.join(",") + end).collect();
                for text in [&text, text.trim_end()] {
                    let read: Dataset = read_csv(text.as_bytes(), "the label").unwrap();
                    assert_eq!(read.targets, ["a, \"b\"", "c\nd"], "{text:?}");
                    assert_eq!(read.features, numbers(), "{text:?}");
                }
            }
        }
    }
    // In a .tab file a tab is no blank.
    let read: Dataset = read_tab("x\tlabel\n1\t \"a\tb\" \n".as_bytes(), "label").unwrap();
    assert_eq!(read.targets, ["a\tb"]);
    // Inside a cell a quote is an ordinary letter.
    let read: Dataset = read_csv("x,label\n1, 5\" wide\n2, a \"b\"\n".as_bytes(), "label").unwrap();
    assert_eq!(read.targets, ["5\" wide", "a \"b\""]);
}

#[test]
fn target_by_name_index_last_and_class() {
    let text = "x,y,Class\n1,2,a\n3,4,b\n".as_bytes();
    let name = "Class".to_owned();
    for target in [
        Column::from("Class"),
        Column::from(&name),
        Column::from(name),
        2.into(),
        Column::Last,
        Column::Class,
    ] {
        check_as(&read_csv(text, target).unwrap(), "Class");
    }
}

#[test]
fn numeric_target() {
    let read: Dataset<f64> = read_csv("x,price,y\n1,1e3,2\n3,-.5,4\n".as_bytes(), "price").unwrap();
    assert_eq!(read.targets, [1000.0, -0.5]);
    assert_eq!(read.features, numbers());
}

#[test]
fn tab_with_one_line_header() {
    check_as(&read_tab("Class\tx\ty\na\t1\t2\nb\t3\t4\n".as_bytes(), Column::Class).unwrap(), "Class");
    check(&read_tab("x\ty\tlabel\n1\t2\ta\n3\t4\tb\n".as_bytes(), Column::Last).unwrap());
}

#[test]
fn tab_with_prefixes() {
    let text = "mS#name\tC#x\ti#junk\tcD#label\tD#y\tS#note\twC#weight\n\
                Ann\t1\t?\ta\t2\tgood\t1\nBob\t3\t\tb\t4\tbad\t1\n";
    check(&read_tab(text.as_bytes(), Column::Class).unwrap());
    check(&read_tab(text.as_bytes(), "label").unwrap());
}

#[test]
fn tab_with_three_line_header() {
    let text = "name\tx\tlabel\ty\tnote\n\
                string\tcontinuous\ta b\td\tstring\n\
                meta\t\tclass\tunit=per\\ cent\t\n\
                Ann\t1\ta\t2\tgood\nBob\t3\tb\t4\tbad\n";
    check(&read_tab(text.as_bytes(), Column::Class).unwrap());
    check(&read_tab(text.replace('\n', "\r\n").as_bytes(), Column::Class).unwrap());
}

#[test]
fn tab_with_short_letters_and_lost_tabs() {
    check(&read_tab("label\tx\ty\nd\tc\tc\nc\na\t1\t2\nb\t3\t4\n".as_bytes(), Column::Class).unwrap());
}

#[test]
fn tab_with_blank_line_of_flags() {
    for blank in ["", "  ", "\t\t"] {
        for end in ["\n", "\r\n", "\r"] {
            let lines = ["x\ty\tlabel", "c\tc\td", blank, "1\t2\ta", "3\t4\tb"];
            check(&read_tab(lines.join(end).as_bytes(), "label").unwrap());
        }
    }
    // A blank line before the flags does not count as the third line.
    check(
        &read_tab("x\ty\tlabel\nc\tc\td\n\n\t\tclass\n1\t2\ta\n3\t4\tb\n".as_bytes(), Column::Class).unwrap(),
    );
}

/// Ignored, meta and string columns can still be the target; the flagged class is then not a feature.
#[test]
fn another_target_than_the_flagged_one() {
    let text = "c#class\tmS#label\tx\ty\n0\ta\t1\t2\n1\tb\t3\t4\n";
    check(&read_tab(text.as_bytes(), "label").unwrap());
}

#[test]
fn rows_that_only_look_like_types_are_data() {
    let read: Dataset = read_tab("x\tlabel\n1\tc\n2\tclass\n".as_bytes(), "label").unwrap();
    assert_eq!(read.targets, ["c", "class"]);
    // The first row of words looks like types, but the next is no row of flags. So both are rows
    // of data, and the first is wrong.
    let error = read_tab::<String>("label\tx\na b\tc\na b\t1\n".as_bytes(), "label").unwrap_err();
    assert_eq!(error.to_string(), r#"line 2, column 2 ("x"): found "c", expected a number"#);
}

#[test]
fn load_chooses_by_extension() {
    let folder = tempfile::tempdir().unwrap();
    for (name, separator) in [("a.csv", ","), ("a.tab", "\t"), ("a.TSV", "\t")] {
        let path = folder.path().join(name);
        std::fs::write(&path, "x,label,y\n1,a,2\n3,b,4\n".replace(',', separator)).unwrap();
        check(&load(&path, "label").unwrap());
    }
}

#[test]
fn select_keeps_rows_together() {
    let read: Dataset = read_csv("x,label\n1,a\n2,b\n3,a\n".as_bytes(), "label").unwrap();
    let selected = read.select(&[2, 0, 2]);
    assert_eq!(selected.features, array![[3.0], [1.0], [3.0]]);
    assert_eq!(selected.targets, ["a", "a", "a"]);
    assert_eq!((read.classes(), read.class_indices()), (vec!["a".to_owned(), "b".to_owned()], vec![0, 1, 0]));
    assert!(read.select(&[]).is_empty() && !read.is_empty());
}

fn numbers() -> Array2<f64> {
    array![[1.0, 2.0], [3.0, 4.0]]
}

/// Two samples, a at (1, 2) and b at (3, 4), in whatever format they were written.
#[track_caller]
fn check(read: &Dataset) {
    check_as(read, "label");
}

#[track_caller]
fn check_as(read: &Dataset, target_name: &str) {
    let expected = Dataset {
        features: numbers(),
        targets: vec!["a".to_owned(), "b".to_owned()],
        feature_names: vec!["x".to_owned(), "y".to_owned()],
        target_name: target_name.to_owned(),
    };
    assert_eq!(*read, expected);
}
