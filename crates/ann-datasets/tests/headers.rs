//! What a header says about each column, and first lines that are no header.

use ann_datasets::{Column, Dataset, Error, read_csv, read_tab};

// Orange. Each column under test is tried at every position among others, in both formats.

#[test]
fn prefixes() {
    for prefix in ["", "C#", "N#", "D#", "T#"] {
        check_prefix(prefix, Role::Feature);
    }
    for prefix in ["c#", "cC#", "cD#", "cS#", "Dc#", "cN#", "cT#"] {
        check_prefix(prefix, Role::Class);
    }
    // A column that is left out is never the class, and a text is no feature.
    for prefix in [
        "S#", "m#", "i#", "w#", "mS#", "iC#", "wN#", "mD#", "cm#", "ci#", "cw#", "mcD#", "icC#", "wcC#",
        "cmiw#",
    ] {
        check_prefix(prefix, Role::LeftOut);
    }
}

#[test]
fn types() {
    for kind in ["continuous", "c", "numeric", "n", "time", "t", "discrete", "d", "categorical", "1 2 3", ""]
    {
        check_three_lines(kind, "", Role::Feature);
    }
    for kind in ["string", "s", "text"] {
        check_three_lines(kind, "", Role::LeftOut);
    }
}

#[test]
fn flags() {
    for flags in ["class", "c", "class unit=cm", "unit=cm class"] {
        check_three_lines("continuous", flags, Role::Class);
        check_three_lines("string", flags, Role::Class);
        check_three_lines("", flags, Role::Class);
    }
    for flag in ["ignore", "i", "meta", "m", "weight", "w"] {
        for flags in
            [flag.to_owned(), format!("class {flag}"), format!("{flag} class"), format!("unit=cm {flag}")]
        {
            check_three_lines("continuous", &flags, Role::LeftOut);
            check_three_lines("string", &flags, Role::LeftOut);
        }
    }
    // An attribute's value may be any text.
    for flags in ["unit=per\\ cent", "class=ignore", "a=class b=meta"] {
        check_three_lines("continuous", flags, Role::Feature);
    }
}

#[test]
fn a_hash_after_anything_else_is_part_of_the_name() {
    for name in ["Nr#1", "#x", "CD#x", "C #x", "é#x", "C#", "cD#", "cc", "XC#x", "#C#x"] {
        let names = format!("{name},label\n1,a\n");
        let read: Dataset = read_csv(names.as_bytes(), "label").unwrap();
        assert_eq!(read.feature_names, [name]);
        let read: Dataset = read_tab(names.replace(',', "\t").as_bytes(), "label").unwrap();
        assert_eq!(read.feature_names, [name]);
    }
    // The first hash ends the prefix, and the name is trimmed.
    let read: Dataset = read_csv("C# x#1 ,cD#label\n1,a\n".as_bytes(), Column::Class).unwrap();
    assert_eq!((read.feature_names, read.target_name), (vec!["x#1".to_owned()], "label".to_owned()));
}

#[test]
fn the_flagged_class_comes_before_the_one_named_class() {
    for text in ["class,cD#label,x\n1,a,2\n", "class,label,x\nc,d,c\n,class,\n1,a,2\n"] {
        let read: Dataset = read_csv(text.as_bytes(), Column::Class).unwrap();
        assert_eq!(
            (read.target_name, read.feature_names),
            ("label".to_owned(), ["class", "x"].map(String::from).to_vec())
        );
    }
    for name in ["class", "Class", "CLASS"] {
        let read: Dataset = read_csv(format!("x,{name},y\n1,a,2\n").as_bytes(), Column::Class).unwrap();
        assert_eq!(read.target_name, name);
    }
}

#[test]
fn three_lines_in_csv() {
    let text = "name,x,\"label\"\nstring,continuous,a b\nmeta,,class\n\"Ann, Jr.\",1,a\nBob,2,b\n";
    let read: Dataset = read_csv(text.as_bytes(), Column::Class).unwrap();
    assert_eq!(
        (&read.feature_names[..], &read.targets[..]),
        (&["x".to_owned()][..], &["a".to_owned(), "b".to_owned()][..])
    );
}

// Files without a header.

#[test]
fn a_first_line_of_data() {
    // The label occurs again below.
    doubted("5.1,3.5,1.4,0.2,Iris-setosa\n4.9,3.0,1.3,0.2,Iris-setosa\n7.0,3.2,4.7,1.4,Iris-versicolor\n");
    doubted("1,2,a\n3,4,b\n5,6,a\n");
    doubted("a,1,2\nb,3,4\na,5,6\n");
    doubted("1,a\n3,b\n5,a\n");
    doubted("1000,2,a\n1,4,a\n");
    doubted("?,2,a\n1,4,a\n");
    doubted("1.5,NA,a\n1,4,a\n");
    doubted("1.5,na,a\n1,4,a\n");
    doubted("1.5,NaN,a\n1,4,a\n");
    // The label occurs nowhere else, but the numbers have sizes similar to those below.
    doubted("1.5,2.5,a\n3.5,4.5,b\n");
    doubted("5.1,a\n4.9,b\n");
    doubted("63,145,233,1,yes\n37,130,250,0,no\n");
    doubted("-3,-5,yes\n-4,-6,no\n");
    doubted("0.1,0.1,a\n1,1,b\n");
    doubted("10,9,a\n1,1,b\n");
    doubted("0.5,0,a\n3,0,b\n");
    doubted("3,?,2,a\n1,4,5,b\n");
    // The labels are numbers too.
    doubted("6,148,72,35,1\n1,85,66,29,0\n8,183,64,0,1\n");
    doubted("0.5,0.25,3\n0.1,0.2,4\n");
    // The same number twice.
    doubted("5,1,1,1,2,a\n3,2,3,4,5,b\n");
    doubted("a,1,1\nb,2,3\n");
    // After blank lines, and behind a byte order mark.
    doubted("\u{feff}\n\n5.1,3.5,a\n4.9,3.0,a\n");
}

#[test]
fn a_first_line_of_data_with_numeric_targets() {
    for text in ["5.1,3.5,1.4\n4.9,3.0,1.3\n", "3,2,1\n4,5,6\n", "6,148,72\n1,85,66\n"] {
        let error = read_csv::<f64>(text.as_bytes(), Column::Last).unwrap_err();
        assert!(
            matches!(error, Error::Table(ann_table::Error::HeaderLooksLikeData { line: 1, .. })),
            "{text:?}: {error}"
        );
    }
    for text in [
        "5.1,3.5,price\n4.9,3.0,1.3\n",
        "1,2,3\n4,5,6\n",
        "0.1,0.2,0.3\n4,5,6\n",
        "2019,2021,2025\n3000,4000,5000\n",
    ] {
        assert_eq!(read_csv::<f64>(text.as_bytes(), Column::Last).unwrap().len(), 1, "{text:?}");
    }
}

#[test]
fn a_header_of_numbers() {
    let pixels: String = (0..784).map(|pixel| format!("{pixel},")).collect();
    accepted(&format!("{pixels}label\n{}a\n{}b\n", "0,".repeat(784), "255,".repeat(784)));
    // pandas names columns by numbers when it knows no names, here with a numeric label.
    accepted("0,1,2,3\n1,1,2,3\n2,2,3,0\n");
    accepted("label,0,1,2\na,1,1,2\nb,2,2,3\n");
    accepted("1,2,label\n3,4,a\n5,6,b\n");
    accepted("7,label\n3,a\n5,b\n");
    // Years above numbers of the same size, and of another size.
    accepted("2019,2021,2022,label\n1500,1600,1700,a\n1200,1300,1400,b\n");
    accepted("2021,2020,2019,label\n15,16,17,a\n12,13,14,b\n");
    // Wavelengths.
    accepted("0.4,0.5,0.6,label\n0.31,0.32,0.33,a\n0.31,0.32,0.33,b\n");
    accepted("0.41,0.52,0.55,0.61,0.7,label\n0.3,0.3,0.3,0.3,0.3,a\n0.4,0.4,0.4,0.4,0.4,b\n");
    accepted("908.1,902.3,label\n1.5,2.5,a\n0.5,1.5,b\n");
    accepted("0.01,0.001,label\n1.5,2.5,a\n0.5,1.5,b\n");
    // Some names are words, so the labels do not matter.
    accepted("1.5,x,a\n1,4,a\n3,4,b\n");
    accepted("?,NA,a\n1,4,a\n3,4,b\n");
}

/// Pairs on both sides of a limit: a factor of ten, five decimals in order, even steps, two numbers.
#[test]
fn limits_of_doubt() {
    doubted("100,4.5,a\n10,4,b\n");
    accepted("101,4.5,a\n10,4,b\n");
    doubted("1,4.5,a\n10,4,b\n");
    accepted("0.99,4.5,a\n10,4,b\n");
    doubted("4.5,100,a\n4,10,b\n");
    accepted("4.5,101,a\n4,10,b\n");
    doubted("0.1,0.2,0.4,0.5,a\n1,1,1,1,b\n");
    accepted("0.1,0.2,0.4,0.5,0.7,a\n1,1,1,1,1,b\n");
    doubted("0.1,0.2,0.4,0.7,0.5,a\n1,1,1,1,1,b\n");
    doubted("0.1,0.2,0.31,a\n1,1,1,b\n");
    doubted("0.1,0.2,a\n1,1,b\n");
    doubted("0.1,0.1,a\n1,1,b\n");
    doubted("2,1,a\n1,1,b\n");
    doubted("1,1.0,a\n1,1,b\n");
    accepted("0.1,0.2,0.3,label\n1,1,1,a\n1,1,1,b\n");
    // The column's largest and smallest numbers decide, in whichever rows they are.
    for column in ["10,1,1", "1,10,1", "1,1,10"] {
        let rows: String = column.split(',').map(|x| format!("{x},4,b\n")).collect();
        doubted(&format!("100,4.5,a\n{rows}"));
        doubted(&format!("-100,4.5,a\n{rows}"));
        accepted(&format!("101,4.5,a\n{rows}"));
        accepted(&format!("-101,4.5,a\n{rows}"));
    }
    // Sizes are compared, not signs.
    doubted("4.5,100,a\n4,-10,b\n");
    accepted("4.5,101,a\n4,-10,b\n");
    doubted("4.5,1,a\n4,-10,b\n");
    accepted("4.5,0.99,a\n4,-10,b\n");
}

#[test]
fn a_mark_says_that_the_first_line_is_a_header() {
    accepted("C#5.1,3.5,a\n4.9,3.0,a\n4.8,3.1,b\n");
    accepted("5.1,3.5,cD#a\n4.9,3.0,a\n4.8,3.1,b\n");
    accepted("5.1,3.5,a\nc,c,d\n,,class\n4.9,3.0,a\n4.8,3.1,b\n");
    accepted("5.1,3.5,a\nc,c,d\n\n4.9,3.0,a\n4.8,3.1,b\n");
}

#[test]
fn the_message_says_how_to_mend_it() {
    let read: Result<Dataset, Error> = read_tab("\n5.1\t3.5\ta\n4.9\t3.0\ta\n".as_bytes(), Column::Last);
    assert_eq!(
        read.unwrap_err().to_string(),
        r#"line 2: found "5.1", "3.5", "a", which looks like a row of data, expected the names of the columns; add a line of names above it, or, if these are names, put a letter before each number"#
    );
}

#[test]
fn a_name_that_is_not_found_among_numbers() {
    let hint = "; if the first line is data, add a line of names above it";
    for (text, found, is_hinted) in [
        ("5.1,3.5,a\n4.9,3.0,a\n", r#""5.1", "3.5", "a""#, true),
        ("5.1,3.5,1\n4.9,3.0,0\n", r#""5.1", "3.5", "1""#, true),
        ("a,3.5\na,3.0\n", r#""a", "3.5""#, true),
        ("5.1,b,a\n4.9,b,a\n", r#""5.1", "b", "a""#, false),
        ("a\nb\n", r#""a""#, false),
    ] {
        let hint = match text {
            "a\nb\n" => "; there is one column only, so the separator may be another one",
            _ if is_hinted => hint,
            _ => "",
        };
        for (target, message) in [
            (Column::from("label"), format!(r#"there is no column "label"; the columns are {found}{hint}"#)),
            (Column::Class, format!("no column is flagged or named as class; choose one of {found}{hint}")),
        ] {
            let read: Result<Dataset, Error> = read_csv(text.as_bytes(), target);
            assert_eq!(read.unwrap_err().to_string(), message);
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Feature,
    Class,
    LeftOut,
}

#[track_caller]
fn check_prefix(prefix: &str, role: Role) {
    check_column(
        &|name, is_tested| vec![if is_tested { format!("{prefix}{name}") } else { format!("C#{name}") }],
        role,
        prefix,
    );
}

#[track_caller]
fn check_three_lines(kind: &str, flags: &str, role: Role) {
    let lines = |name: &str, is_tested: bool| match is_tested {
        true => [name, kind, flags].map(String::from).to_vec(),
        false => [name, "continuous", ""].map(String::from).to_vec(),
    };
    check_column(&lines, role, &format!("{kind:?} {flags:?}"));
}

/// Makes a table of twelve columns `x0` … `x11`, of which one has the header under test. Reads it with `x5`,
/// with the class and with the tested column as the target.
#[track_caller]
fn check_column(lines: &dyn Fn(&str, bool) -> Vec<String>, role: Role, what: &str) {
    const COLUMNS: usize = 12;
    for separator in [",", "\t"] {
        for tested in [0, 1, 10, 11] {
            let columns: Vec<Vec<String>> =
                (0..COLUMNS).map(|column| lines(&format!("x{column}"), column == tested)).collect();
            let header = (0..columns[0].len()).map(|line| {
                let cells: Vec<&str> = columns.iter().map(|column| column[line].as_str()).collect();
                cells.join(separator)
            });
            let row: Vec<String> = (0..COLUMNS).map(|column| column.to_string()).collect();
            let text: String = header.chain([row.join(separator)]).map(|line| line + "\n").collect();
            let read = |target: Column| -> Result<Dataset<f64>, Error> {
                if separator == "," {
                    read_csv(text.as_bytes(), target)
                } else {
                    read_tab(text.as_bytes(), target)
                }
            };
            let name = format!("x{tested}");
            // With `x5` as the target, the tested column is a feature only if its role is feature.
            let others = read("x5".into()).unwrap();
            let expected: Vec<usize> = (0..COLUMNS)
                .filter(|&column| column != 5 && (column != tested || role == Role::Feature))
                .collect();
            let names: Vec<String> = expected.iter().map(|column| format!("x{column}")).collect();
            let values: Vec<f64> = expected.iter().map(|&column| column as f64).collect();
            assert_eq!(others.feature_names, names, "{what} {text:?}");
            assert_eq!(others.features.row(0).to_vec(), values, "{what} {text:?}");
            let class = read(Column::Class);
            assert_eq!(
                class.as_ref().is_ok_and(|read| read.target_name == name),
                role == Role::Class,
                "{what} {text:?}"
            );
            // A column of any role can be the target.
            assert_eq!(read(name.as_str().into()).unwrap().targets, [tested as f64], "{what} {text:?}");
        }
    }
}

#[track_caller]
fn doubted(text: &str) {
    for (target, is_last) in [(Column::Last, true), (0.into(), false)] {
        // The label is the cell that is a word, or otherwise the last one.
        let first = text.trim_start_matches(['\u{feff}', '\n']).lines().next().unwrap();
        if first.starts_with("a,") == is_last {
            continue;
        }
        let read: Result<Dataset, Error> = read_csv(text.as_bytes(), target);
        assert!(
            matches!(read, Err(Error::Table(ann_table::Error::HeaderLooksLikeData { .. }))),
            "{text:?}: {read:?}"
        );
    }
}

#[track_caller]
fn accepted(text: &str) {
    let is_first = text.starts_with("label,");
    let read: Result<Dataset, Error> =
        read_csv(text.as_bytes(), if is_first { 0.into() } else { Column::Last });
    assert!(read.is_ok(), "{text:?}: {read:?}");
}
