//! What a fit may be given: weights, a network to continue from; and how fitted estimators come apart and
//! together.

use ann_train::ndarray::{Array2, Axis, Ix1, array};
use ann_train::{
    Adam, ClassWeights, Classifier, Error, FitOptions, FittedClassifier, FittedRegressor, Loss, Regressor,
    Scaling, TrainConfig, seeded,
};
use rand::RngExt;

pub const ROWS: usize = 60;

// Weights.

#[test]
fn balanced_classes_find_the_rare_one() {
    // One row of class "rare" among nine others that overlap with it.
    let x =
        Array2::from_shape_fn((100, 1), |(row, _)| if row % 10 == 0 { 1.0 } else { (row % 10) as f64 / 6.0 });
    let labels: Vec<&str> = (0..100).map(|row| if row % 10 == 0 { "rare" } else { "usual" }).collect();
    let settings = Classifier { hidden: vec![], train: adam(500), ..Classifier::default() };
    let found = |settings: &Classifier| {
        settings
            .fit(&x, &labels)
            .unwrap()
            .predict(&x)
            .unwrap()
            .iter()
            .filter(|label| **label == "rare")
            .count()
    };
    assert_eq!(found(&settings), 0);
    assert!(found(&Classifier { class_weights: ClassWeights::Balanced, ..settings.clone() }) >= 10);
    assert!(found(&Classifier { class_weights: ClassWeights::Given(vec![20.0, 1.0]), ..settings }) >= 10);
}

// A network to continue from.

#[test]
fn a_fit_continues_from_a_network() {
    let (x, labels) = (wild_columns(), labels());
    let settings = Classifier { scaling: Scaling::Standard, ..classifier(100) };
    let once = settings.fit(&x, &labels).unwrap();
    let once_of_labels = once.clone();
    let options = FitOptions { start: Some(once.network()), ..FitOptions::default() };
    let twice = settings.fit_with(&x, &labels, &options).unwrap();
    let both = Classifier { scaling: Scaling::Standard, ..classifier(200) }.fit(&x, &labels).unwrap();
    // Scales are folded in and taken out again in between: a few roundings, which 100 epochs may enlarge.
    assert_close(&twice.predict_proba(&x).unwrap(), &both.predict_proba(&x).unwrap(), "probabilities");
    let y = x.column(1).to_owned();
    let settings = Regressor {
        scaling: Scaling::Robust,
        standardize_targets: true,
        train: epochs(100),
        ..Regressor::default()
    };
    let once = settings.fit(&x, &y).unwrap();
    let options = FitOptions { start: Some(once.network()), ..FitOptions::default() };
    let twice = settings.fit_with(&x, &y, &options).unwrap();
    let both = Regressor { train: epochs(200), ..settings }.fit(&x, &y).unwrap();
    let relative = &twice.predict(&x).unwrap() / &both.predict(&x).unwrap();
    assert!(relative.iter().all(|ratio| (ratio - 1.0).abs() < 1e-9), "{relative}");
    // A network of another shape is refused.
    let narrow = Classifier { hidden: vec![], ..Classifier::default() }.fit(&x, &labels).unwrap();
    let options = FitOptions { start: Some(narrow.network()), ..FitOptions::default() };
    let error = Classifier::default().fit_with(&x, &labels, &options).unwrap_err();
    assert!(
        error.to_string().starts_with(
            "the network is 3 → 2 identity, the problem was made for 3 → 10 sigmoid → 2 identity"
        ),
        "{error}"
    );
    // Also if its columns are not those of the scales.
    let fewer = x.select(Axis(1), &[0, 1]);
    for scaling in [Scaling::None, Scaling::Standard] {
        let error = Classifier { scaling, ..Classifier::default() }
            .fit_with(
                &fewer,
                &labels,
                &FitOptions { start: Some(once_of_labels.network()), ..FitOptions::default() },
            )
            .unwrap_err();
        assert!(error.to_string().starts_with("the network is 3 → 10 sigmoid → 2 identity, "), "{error}");
    }
}

// Parts.

#[test]
fn estimators_come_apart_and_together() {
    let (x, labels) = (columns(), labels());
    let fitted = classifier(50).fit(&x, &labels).unwrap();
    let (predicted, probabilities) = (fitted.predict(&x).unwrap(), fitted.predict_proba(&x).unwrap());
    let (network, classes) = fitted.into_parts();
    let again = FittedClassifier::from_parts(network.clone(), classes).unwrap();
    assert_eq!((again.predict(&x).unwrap(), again.predict_proba(&x).unwrap()), (predicted, probabilities));
    assert!(again.history().records.is_empty() && again.findings().is_empty());
    let error = FittedClassifier::from_parts(network.clone(), vec!["one"]).unwrap_err();
    assert_eq!(error.to_string(), "the network has 2 outputs, expected 1, one for each class");

    let y = x.column(0).to_owned();
    let fitted = Regressor { train: epochs(50), ..Regressor::default() }.fit(&x, &y).unwrap();
    let predicted = fitted.predict(&x).unwrap();
    let again: FittedRegressor = {
        let (network, loss) = fitted.into_parts();
        FittedRegressor::from_parts(network, loss).unwrap()
    };
    assert_eq!(again.predict(&x).unwrap(), predicted);
    let error = FittedRegressor::<Ix1>::from_parts(network, Loss::MeanSquaredError).unwrap_err();
    assert_eq!(error.to_string(), "the network has 2 outputs, expected 1, one for each prediction of a row");
}

#[test]
fn one_row_at_a_time_is_as_many_rows() {
    let (x, labels) = (columns(), labels());
    let fitted = classifier(50).fit(&x, &labels).unwrap();
    let mut predictor = fitted.predictor().unwrap();
    let (predicted, probabilities) = (fitted.predict(&x).unwrap(), fitted.predict_proba(&x).unwrap());
    for (row, x) in x.rows().into_iter().enumerate() {
        let x = x.as_slice().unwrap();
        assert_eq!(*predictor.predict(x).unwrap(), predicted[row]);
        let expected = probabilities.row(row);
        let found = predictor.predict_proba(x).unwrap();
        assert_eq!(found, expected.as_slice().unwrap());
    }
    assert!(matches!(predictor.predict(&[0.0]), Err(Error::Core(_))));
}

// Helpers.

pub fn classifier(epochs: usize) -> Classifier {
    Classifier { train: TrainConfig { epochs, ..Classifier::default().train }, ..Classifier::default() }
}

pub fn epochs(epochs: usize) -> TrainConfig {
    TrainConfig { epochs, ..Regressor::default().train }
}

pub fn adam(epochs: usize) -> TrainConfig {
    let optimizer = Adam::default().into();
    TrainConfig { optimizer, learning_rate: 0.03.into(), epochs, ..TrainConfig::default() }
}

pub fn columns() -> Array2<f64> {
    let mut rng = seeded(1);
    Array2::from_shape_fn((ROWS, 3), |_| rng.random_range(-2.0..2.0))
}

/// The same columns in units of very different size, far from 0.
pub fn wild_columns() -> Array2<f64> {
    columns() * array![1e4, 1.0, 1e-3] + array![3e4, 0.0, 1.0]
}

pub fn labels() -> Vec<&'static str> {
    columns().rows().into_iter().map(|x| if x[0] + x[1] - x[2] > 0.0 { "above" } else { "below" }).collect()
}

#[track_caller]
pub fn assert_close(a: &Array2<f64>, b: &Array2<f64>, what: &str) {
    // Scales are rounded once and folded once; training enlarges that.
    let largest = (a - b).mapv(f64::abs).fold(0.0, |largest: f64, d| largest.max(*d));
    assert!(largest < 1e-9, "{what} differ by {largest}");
}
