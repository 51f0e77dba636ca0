//! Files of trained classifiers and regressors.

use std::fmt;

use ann_model::ann_core::Network;
use ann_model::ann_core::ndarray::{Array1, Array2, Ix1, Ix2, array};
use ann_model::ann_train::{
    Classifier, FittedClassifier, FittedMultiLabelClassifier, FittedRegressor, Loss, MultiLabelClassifier,
    Regressor, TrainConfig,
};
use ann_model::file::{Load, Save};

#[test]
fn classifiers_are_read_as_they_were_written() {
    let fitted = classifier().fit(&x(), &["ja", "nein", "\"ä\"", "ja"]).unwrap();
    let read: FittedClassifier<String> = Load::read(&fitted.write().unwrap()).unwrap();
    assert_eq!(read.classes(), ["\"ä\"", "ja", "nein"]);
    assert_eq!(read.predict_proba(&x()).unwrap(), fitted.predict_proba(&x()).unwrap());
    assert_eq!(read.write().unwrap(), fitted.write().unwrap());
    // Numbers stay numbers, in single precision too.
    let fitted = classifier().fit(&x().mapv(|x| x as f32), &[10, 9, 9, -1]).unwrap();
    let read = FittedClassifier::<i32, f32>::read(&fitted.write().unwrap()).unwrap();
    assert_eq!(read.classes(), [-1, 9, 10]);
}

#[test]
fn labels_that_cannot_be_read_again() {
    let fitted = classifier().fit(&x(), &["1", "2", "x", "1"]).unwrap();
    let error = FittedClassifier::<u8>::read(&fitted.write().unwrap()).unwrap_err().to_string();
    assert_eq!(error, r#"the label "x" is no text of the type of labels that was asked for"#);

    #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
    struct Shapeless(u8);
    impl fmt::Display for Shapeless {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("thing")
        }
    }
    let fitted = classifier().fit(&x(), &[0, 1, 0, 1].map(Shapeless)).unwrap();
    let error = fitted.write().unwrap_err().to_string();
    assert_eq!(error, r#"the label "thing" is the text of two labels"#);
}

#[test]
fn regressors_are_read_as_they_were_written() {
    for loss in [Loss::MeanSquaredError, Loss::Huber { delta: 0.1 }, Loss::Poisson] {
        let fitted = regressor(loss).fit(&x(), &[0.0, 1.0, 4.0, 9.0]).unwrap();
        let read = FittedRegressor::<Ix1>::read(&fitted.write().unwrap()).unwrap();
        assert_eq!(read.predict(&x()).unwrap(), fitted.predict(&x()).unwrap());
        assert_eq!(read.write().unwrap(), fitted.write().unwrap());
    }
    let two: Array2<f64> = array![[0.0, 1.0], [1.0, 1.0], [4.0, 0.0], [9.0, 2.0]];
    let fitted = regressor(Loss::MeanSquaredError).fit(&x(), &two).unwrap();
    let bytes = fitted.write().unwrap();
    assert_eq!(
        FittedRegressor::<Ix2>::read(&bytes).unwrap().predict(&x()).unwrap(),
        fitted.predict(&x()).unwrap()
    );
    assert!(FittedRegressor::<Ix1>::read(&bytes).is_err(), "two targets are no single target");
}

#[test]
fn quantiles_keep_their_levels() {
    let levels = vec![0.1, 0.5, 0.9];
    let targets = Array1::from(vec![0.0, 1.0, 4.0, 9.0]);
    let fitted = regressor(Loss::Quantile { levels: levels.clone() }).fit(&x(), &targets).unwrap();
    let read = FittedRegressor::<Ix1>::read(&fitted.write().unwrap()).unwrap();
    assert_eq!(read.loss(), &Loss::Quantile { levels });
    assert_eq!(read.predict_columns(&x()).unwrap(), fitted.predict_columns(&x()).unwrap());
}

#[test]
fn classifiers_of_several_labels_are_read_as_they_were_written() {
    let labels = array![[true, false], [false, false], [true, true], [false, true]];
    let settings = MultiLabelClassifier { train: short(), ..MultiLabelClassifier::default() };
    let fitted = settings.fit(&x(), &labels).unwrap();
    let read = FittedMultiLabelClassifier::<f64>::read(&fitted.write().unwrap()).unwrap();
    assert_eq!(read.predict_proba(&x()).unwrap(), fitted.predict_proba(&x()).unwrap());
}

#[test]
fn each_is_also_a_network_and_nothing_else() {
    let fitted = classifier().fit(&x(), &["a", "b", "a", "b"]).unwrap();
    let bytes = fitted.write().unwrap();
    assert_eq!(Network::<f64>::read(&bytes).unwrap().parameters(), fitted.network().parameters());
    let error = FittedRegressor::<Ix1>::read(&bytes).unwrap_err().to_string();
    assert_eq!(error, "the file holds a classifier, expected a regressor");
}

fn x() -> Array2<f64> {
    array![[0.0, 1.0], [1.0, 0.5], [2.0, -1.0], [3.0, 0.0]]
}

fn short() -> TrainConfig {
    TrainConfig { epochs: 20, ..TrainConfig::default() }
}

fn classifier() -> Classifier {
    Classifier { train: short(), ..Classifier::default() }
}

fn regressor(loss: Loss) -> Regressor {
    Regressor { loss, train: short(), ..Regressor::default() }
}
