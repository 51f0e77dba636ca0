//! The order of classes, and the numbers they get.

use std::collections::HashSet;
use std::fmt::Debug;

use ann_datasets::ndarray::Array2;
use ann_datasets::rand::{SeedableRng, rngs::ChaCha8Rng, seq::SliceRandom};
use ann_datasets::{ClassLabel, Dataset, read_csv, train_test_split};
use proptest::prelude::*;

// Each list is in the expected order.

#[test]
fn words_are_in_the_order_of_their_characters() {
    check(&["B", "C1", "C10", "C2", "a", "é"]);
    check(&[
        "a00", "a01", "a02", "a03", "a04", "a05", "a06", "a07", "a08", "a09", "a10", "a11", "a12", "a13",
    ]);
}

#[test]
fn numbers_are_in_the_order_of_numbers() {
    check(&["9", "10"]);
    check(&["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "20", "100"]);
    check(&["-10", "-9", "-1.5", "-0.25", "0", "0.5", "2", "1e1", "10.5", "1e3"]);
    check(&["-1", "-0", "0", "+1", "2"]);
}

/// Labels with a decimal point or an exponent come first.
#[test]
fn texts_of_equal_numbers_are_different_classes() {
    check(&["0", "1.0", "1e0", "01", "1", "2"]);
    let mut classes = ["1", "01", "1e0", "1.0"];
    ClassLabel::sort(&mut classes);
    assert_eq!(classes, ["1.0", "1e0", "01", "1"]);
}

/// Whole numbers below 2⁵³ all have different `f64`s. Here two or more numbers share an `f64`.
#[test]
fn large_whole_numbers_are_not_rounded() {
    check(&["9007199254740992", "9007199254740993", "9007199254740994"]);
    check(&["-9007199254740993", "-9007199254740992", "5"]);
    check(&["99999999999999999", "100000000000000000"]);
}

#[test]
fn one_word_among_numbers_makes_all_of_them_words() {
    check(&["10", "9", "NA"]);
    check(&["", "10", "9"]);
    check(&["0x1", "10", "9"]);
    for not_finite in ["nan", "NaN", "inf", "infinity", "1e400"] {
        let mut classes = vec!["10", "9", not_finite];
        classes.sort_unstable();
        check(&classes);
    }
    check(&["-1e400", "10", "9"]);
    // The only word comes last.
    check(&["1", "10", "11", "2", "3", "4", "5", "6", "7", "8", "9", "x"]);
}

#[test]
fn other_types_are_in_the_order_of_ord() {
    check(&(0_usize..13).collect::<Vec<_>>());
    check(&[i64::MIN, -10, -9, 0, 9, 10, i64::MAX]);
    check(&['0', '9', 'a', 'é']);
    check(&[false, true]);
}

#[test]
fn a_type_of_ones_own_has_its_own_order() {
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
    enum Size {
        Small,
        Medium,
        Large,
    }
    impl ClassLabel for Size {}
    check(&[Size::Small, Size::Medium, Size::Large]);
}

#[test]
fn not_available_is_a_label() {
    let read: Dataset = read_csv("x,y\n1,yes\n2,NA\n3,nan\n".as_bytes(), "y").unwrap();
    assert_eq!(read.classes(), ["NA", "nan", "yes"]);
}

#[test]
fn twelve_numeric_labels_of_a_file() {
    let rows: String = (0..12).map(|label| format!("{label}.5,{}\n", 11 - label)).collect();
    let read: Dataset = read_csv(format!("x,y\n{rows}").as_bytes(), "y").unwrap();
    assert_eq!(read.classes(), ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11"]);
    assert_eq!(read.class_indices(), [11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0]);
}

#[test]
fn a_part_is_numbered_by_the_classes_of_the_whole() {
    let whole = dataset(&["a", "b", "c", "d"]);
    let part = whole.select(&[3, 1, 3]);
    assert_eq!(part.classes(), ["b", "d"]);
    assert_eq!(part.class_indices(), [1, 0, 1]);
    assert_eq!(part.class_indices_in(&whole.classes()).unwrap(), [3, 1, 3]);
}

#[test]
fn any_order_of_classes_will_do_and_the_first_position_counts() {
    let sizes = dataset(&["large", "small", "medium"]);
    assert_eq!(sizes.class_indices_in(&["small", "medium", "large"]).unwrap(), [2, 0, 1]);
    let twice = ["medium", "small", "medium", "large", "small"];
    assert_eq!(sizes.class_indices_in(&twice).unwrap(), [3, 1, 0]);
    assert_eq!(dataset::<&str>(&[]).class_indices_in(&twice).unwrap(), [0; 0]);
}

#[test]
fn an_unknown_class() {
    let message = |row, found| {
        format!("the target with index {row}, counted from 0, is {found}, expected one of the classes [1, 2]")
    };
    for (targets, row, found) in [([3, 1, 2], 0, 3), ([1, 0, 2], 1, 0), ([1, 2, 9], 2, 9)] {
        let error = dataset(&targets).class_indices_in(&[1, 2]).unwrap_err();
        assert_eq!(error.to_string(), message(row, found));
    }
    let (long, none): (_, [String; 0]) = ("c".repeat(100), []);
    assert_eq!(
        dataset(&[long]).class_indices_in(&none).unwrap_err().to_string(),
        format!(
            "the target with index 0, counted from 0, is \"{}…, expected one of the classes []",
            "c".repeat(39)
        )
    );
    let classes: Vec<usize> = (0..11).collect();
    assert_eq!(
        dataset(&[11]).class_indices_in(&classes).unwrap_err().to_string(),
        "the target with index 0, counted from 0, is 11, expected one of the classes [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, … (11 in all)]"
    );
}

proptest! {
    #[test]
    fn classes_increase_and_indices_lead_back(targets in proptest::collection::vec("-?[0-9]{1,2}(\\.5)?", 0..60)) {
        let dataset = dataset(&targets);
        let classes = dataset.classes();
        let values: Vec<f64> = classes.iter().map(|class| class.parse().unwrap()).collect();
        prop_assert!(values.is_sorted());
        prop_assert_eq!(classes.iter().collect::<HashSet<_>>().len(), classes.len());
        for (target, index) in targets.iter().zip(dataset.class_indices()) {
            prop_assert_eq!(target, &classes[index]);
        }
    }

    #[test]
    fn parts_of_a_split_keep_the_numbers_of_the_whole(targets in proptest::collection::vec(0_u8..15, 2..40), seed: u64) {
        let mut whole = dataset(&targets);
        // The feature is the number that the class of the row has in the whole.
        let indices: Vec<f64> = whole.class_indices().into_iter().map(|index| index as f64).collect();
        whole.features = Array2::from_shape_vec((targets.len(), 1), indices).unwrap();
        let (train, test) = train_test_split(&whole, 0.3, &mut ChaCha8Rng::seed_from_u64(seed)).unwrap();
        for part in [train, test] {
            let indices = part.class_indices_in(&whole.classes()).unwrap();
            prop_assert!(indices.iter().zip(part.features.column(0)).all(|(&index, &expected)| index as f64 == expected));
        }
    }
}

/// Rows come in three shuffled orders, each class several times.
#[track_caller]
fn check<T: ClassLabel>(expected: &[T]) {
    for seed in 0..3 {
        let mut targets = [expected; 3].concat();
        targets.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
        let dataset = dataset(&targets);
        assert_eq!(dataset.classes(), expected);
        for (target, index) in targets.iter().zip(dataset.class_indices()) {
            assert_eq!(*target, expected[index]);
        }
    }
}

fn dataset<T: Clone + Debug>(targets: &[T]) -> Dataset<T> {
    Dataset {
        features: Array2::zeros((targets.len(), 1)),
        targets: targets.to_vec(),
        feature_names: vec!["x".to_owned()],
        target_name: "label".to_owned(),
    }
}
