//! Laws of the loaders, for any text.

use ann_datasets::ndarray::Array2;
use ann_datasets::{Column, Dataset, generate, read_csv, read_tab};
use proptest::prelude::*;

#[test]
fn names_are_quoted_like_labels() {
    let dataset = Dataset {
        features: Array2::zeros((1, 2)),
        targets: vec!["a".to_owned()],
        feature_names: vec!["in\tcm".to_owned(), "\"y\"".to_owned()],
        target_name: "the\r\nlabel".to_owned(),
    };
    assert_eq!(read_tab(generate::to_tab(&dataset).as_bytes(), Column::Index(0)).unwrap(), dataset);
}

proptest! {
    #[test]
    fn what_is_written_is_read_again(dataset in datasets("[a-z\"\t\r\n,#é]{1,4}")) {
        prop_assert_eq!(read_tab(generate::to_tab(&dataset).as_bytes(), "Class").unwrap(), dataset);
    }

    #[test]
    fn no_text_makes_the_loaders_panic(text in "[xc#\",\t\r\n 0.?é]{0,40}") {
        let _ = read_csv::<String>(text.as_bytes(), Column::Last);
        let _ = read_tab::<f64>(text.as_bytes(), Column::Class);
    }

    #[test]
    fn the_line_of_a_bad_cell_is_found_again(before in "([0-9]{1,3},(a|\"b\r?\n\"\"c\"|d)(\r|\n|\r\n){1,3}){0,8}") {
        let text = format!("x,label\r\n{before}bad,e\n");
        // Editors break lines at LF, CRLF and CR; the bad cell is on the last of them.
        let line = text.trim_end().replace("\r\n", "\n").replace('\r', "\n").split('\n').count();
        let message = read_csv::<String>(text.as_bytes(), "label").unwrap_err().to_string();
        prop_assert_eq!(message, format!(r#"line {line}, column 1 ("x"): found "bad", expected a number"#));
    }
}

/// Datasets in the shape that the generators draw, with labels that match `pattern` and are not blank.
fn datasets(pattern: &'static str) -> impl Strategy<Value = Dataset> {
    let label =
        pattern.prop_filter("loaders trim labels", |label| !label.is_empty() && label.trim() == label);
    let row = (label, (0..=1_000_000, 0..=1_000_000));
    proptest::collection::vec(row, 1..30).prop_map(|rows| {
        let (targets, points): (Vec<String>, Vec<(i32, i32)>) = rows.into_iter().unzip();
        Dataset {
            features: Array2::from_shape_fn((points.len(), 2), |(row, column)| {
                let (x, y) = points[row];
                f64::from([x, y][column]) / 1e6
            }),
            targets,
            feature_names: vec!["x".to_owned(), "y".to_owned()],
            target_name: "Class".to_owned(),
        }
    })
}
