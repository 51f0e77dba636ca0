//! Labels of any ordered type of the user's own, mapped to classes and back.

use std::fmt::Debug;

use ann_train::ndarray::{Array1, Array2, array};
use ann_train::{Activation, Classifier, FittedClassifier, TrainConfig, argmax};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Weather {
    Sun,
    Rain,
    Snow,
}

#[test]
fn labels_of_any_ordered_type_come_back() {
    check(&["b", "a", "c", "b"], &["a", "b", "c"]);
    check(&["b", "a", "c", "b"].map(String::from), &["a", "b", "c"].map(String::from));
    check(&[7_u8, 255, 0, 7], &[0, 7, 255]);
    check(&[-1_i64, 3, -1, 3], &[-1, 3]);
    check(&[true, false, false, true], &[false, true]);
    check(&['ß', 'a', 'z', 'a'], &['a', 'z', 'ß']);
    check(&[Some(1), None, Some(0), None], &[None, Some(0), Some(1)]);
    // Sorted as the enum declares them, not by name.
    check(
        &[Weather::Snow, Weather::Sun, Weather::Rain, Weather::Sun],
        &[Weather::Sun, Weather::Rain, Weather::Snow],
    );
}

#[track_caller]
fn check<L: Clone + Ord + Debug>(labels: &[L; 4], classes: &[L]) {
    let fitted = quick().fit(&corners(), labels).unwrap();
    assert_eq!(fitted.classes(), classes);
    assert_eq!(fitted.predict(&corners()).unwrap(), labels);
    assert_eq!(fitted.score(&corners(), labels).unwrap(), 1.0);

    let p = fitted.predict_proba(&corners()).unwrap();
    assert_eq!(p.dim(), (4, classes.len()));
    for (row, label) in p.rows().into_iter().zip(labels) {
        // One rounding for each class.
        assert!((row.sum() - 1.0).abs() <= classes.len() as f64 * f64::EPSILON, "{row}");
        let column = classes.iter().position(|class| class == label).unwrap();
        assert!(row[column] > 0.5, "{label:?} has probability {} in column {column}", row[column]);
    }
}

#[test]
fn any_number_of_classes_stands_in_the_order_of_the_labels() {
    for count in [2, 3, 9, 10, 11, 12, 26, 33, 100] {
        // Numbers in the order of numbers, texts in the order of texts: "10" before "9".
        let numbers: Vec<i64> = (0..count).map(|class| 3 * class - 20).collect();
        let texts: Vec<String> = numbers.iter().map(ToString::to_string).collect();
        sorted(&numbers);
        sorted(&texts);
    }
}

/// Rows with a feature for each label, and labels that neither rise nor fall: class, prediction and
/// probability belong together.
#[track_caller]
fn sorted<L: Clone + Ord + Debug>(labels: &[L]) {
    let count = labels.len();
    // 7 steps further each time: 7 divides none of the numbers.
    let labels: Vec<L> = (0..count).map(|row| labels[(7 * row + 3) % count].clone()).collect();
    let x = Array2::<f64>::eye(count);
    let linear = Classifier {
        hidden: vec![],
        train: TrainConfig {
            learning_rate: (count as f64).into(),
            epochs: 200,
            ..Classifier::default().train
        },
        ..Classifier::default()
    };
    let fitted = linear.fit(&x, &labels).unwrap();
    let mut classes = labels.clone();
    classes.sort();
    assert_eq!(fitted.classes(), classes);
    assert_eq!(fitted.predict(&x).unwrap(), labels);
    let p = fitted.predict_proba(&x).unwrap();
    for (row, label) in p.rows().into_iter().zip(&labels) {
        assert_eq!(&fitted.classes()[argmax(row)], label, "{row}");
    }
    // One label wrong at a time, the first and the last included.
    for wrong in [0, count / 2, count - 1] {
        let mut given = labels.clone();
        given[wrong] = labels[(wrong + 1) % count].clone();
        assert_eq!(fitted.score(&x, &given).unwrap(), (count - 1) as f64 / count as f64);
    }
}

#[test]
fn every_container_of_labels_is_the_same() {
    let labels = ["a", "b", "b", "a"];
    let expected = parameters(&quick().fit(&corners(), &labels).unwrap());
    assert_eq!(parameters(&quick().fit(&corners(), labels.as_slice()).unwrap()), expected);
    assert_eq!(parameters(&quick().fit(&corners(), &labels.to_vec()).unwrap()), expected);
    assert_eq!(parameters(&quick().fit(&corners(), &Array1::from(labels.to_vec())).unwrap()), expected);
    assert_eq!(parameters(&quick().fit(&corners(), labels.iter()).unwrap()), expected);
}

#[test]
fn names_of_labels_do_not_change_what_is_learned() {
    let words = quick().fit(&corners(), &["a", "b", "b", "a"]).unwrap();
    let numbers = quick().fit(&corners(), &[0, 1, 1, 0]).unwrap();
    assert_eq!(parameters(&words), parameters(&numbers));
}

#[test]
fn score_is_the_share_of_hits() {
    let fitted = quick().fit(&corners(), &[0, 1, 1, 0]).unwrap();
    assert_eq!(fitted.score(&corners(), &[0, 1, 0, 1]).unwrap(), 0.5);
    assert_eq!(fitted.score(&corners(), &[0, 1, 1, 1]).unwrap(), 0.75);
    // The history knows the same number.
    assert_eq!(fitted.history().last().accuracy, Some(1.0));
}

#[test]
fn labels_are_learned_in_f32_too() {
    let x = corners().mapv(|value| value as f32);
    let fitted = quick().fit(&x, &["a", "b", "b", "a"]).unwrap();
    assert_eq!(fitted.predict(&x).unwrap(), ["a", "b", "b", "a"]);
}

#[test]
fn nothing_to_predict_is_nothing_predicted() {
    let fitted = quick().fit(&corners(), &[0, 1, 1, 0]).unwrap();
    assert_eq!(fitted.predict(&Array2::zeros((0, 2))).unwrap(), [0; 0]);
    assert_eq!(fitted.predict_proba(&Array2::zeros((0, 2))).unwrap().dim(), (0, 2));
}

/// Enough to separate four points.
fn quick() -> Classifier {
    let hidden = Activation::Tanh.layers([8]);
    Classifier {
        hidden,
        train: TrainConfig { epochs: 5000, stop_below: 0.1, ..Classifier::default().train },
        ..Classifier::default()
    }
}

fn corners() -> Array2<f64> {
    array![[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]
}

fn parameters<L: Clone + Ord + Debug>(fitted: &FittedClassifier<L>) -> Vec<f64> {
    fitted.network().parameters().to_vec()
}
