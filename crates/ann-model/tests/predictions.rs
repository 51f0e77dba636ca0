//! Predictions of tables and of single rows.

use ann_model::ann_core::{Activation, Loss, Network, Problem, Targets, softmax};
use ann_model::ann_table::Target;
use ann_model::{Cell, LearnedTargets, Model, Networks, Table, is_present};
use ndarray::Axis;

use crate::models::{classifier, networks, regressor, schema, table};

#[test]
fn probabilities_are_averaged() {
    let model = classifier(&Activation::Relu);
    let Networks::F32(networks) = model.networks() else { panic!("single precision") };
    let x = model.schema().features::<f32>(&table()).unwrap();
    let of = |member: usize| {
        let width = networks[member].architecture().input_width();
        softmax(&networks[member].forward(&x.slice_axis(Axis(1), (..width).into())).unwrap()).mapv(f64::from)
    };
    let expected = (of(0) + of(1)) / 2.0;
    assert_eq!(model.predict(&table()).unwrap().values(), expected);
}

#[test]
fn numbers_are_scaled_back_and_stay_in_their_range() {
    let model = regressor();
    let values = model.predict(&table()).unwrap().values().clone();
    assert!(values.iter().all(|value| (-1.0..=3.0).contains(value)), "{values}");
    assert!(values.iter().any(|value| *value != -1.0 && *value != 3.0), "{values}");
}

#[test]
fn targets_are_learned_in_standard_deviations() {
    let model = regressor();
    let Target::Numbers(columns) = &model.schema().target else { panic!("a number") };
    let LearnedTargets::Values(values) = model.learned_targets::<f64>(&table()).unwrap() else {
        panic!("numbers")
    };
    assert!(values.sum().abs() < 1e-12 && (values.pow2().sum() / 5.0 - 1.0).abs() < 1e-12, "{values}");
    for (value, number) in values.iter().zip([1.5, 2.25, -1.0, 0.5, 3.0]) {
        assert!((columns[0].restored(*value) - number).abs() < 1e-12, "{value} is {number}");
    }
    let classes = classifier(&Activation::Relu).learned_targets::<f32>(&table()).unwrap();
    // a, b, c
    assert_eq!(classes, LearnedTargets::Classes(vec![1, 0, 1, 2, 0]));
}

/// Each network has its own number of inputs.
#[test]
fn problems_are_those_of_the_networks() {
    let model = regressor();
    let Networks::F64(networks) = model.networks() else { panic!("double precision") };
    let schema = model.schema();
    let mut inputs =
        vec![schema.features::<f64>(&table()).unwrap(), schema.plain_features(&table()).unwrap()];
    let seen = |network: &Network<f64>, problem: &Problem<'_, f64>| {
        assert_eq!(problem.features(), inputs.pop().unwrap());
        assert_eq!(problem.architecture(), network.architecture());
        let LearnedTargets::Values(values) = model.learned_targets::<f64>(&table()).unwrap() else {
            panic!("numbers")
        };
        let Targets::Values(targets) = problem.targets() else { panic!("numbers") };
        assert_eq!(targets, values);
        network.parameters()[0]
    };
    let found = model.learned_problems(networks, &table(), seen).unwrap();
    assert_eq!(found, networks.iter().map(|network| network.parameters()[0]).collect::<Vec<_>>());
    let lacking = Table::read("x\n1\n".as_bytes()).unwrap();
    assert!(model.learned_problems(networks, &lacking, |_, _| ()).is_err());
}

#[test]
fn a_label_is_present_if_it_is_more_probable_than_not() {
    assert!(!is_present(0.5) && is_present(0.5f64.next_up()));
}

#[test]
fn one_row_has_the_bits_of_many() {
    for model in [classifier(&Activation::Mish), regressor()] {
        let (table, schema) = (table(), model.schema());
        let many = model.predict(&table).unwrap();
        let mut predictor = model.predictor().unwrap();
        for row in 0..table.rows() {
            let texts: Vec<_> =
                schema.columns.iter().map(|column| table.column(&column.name).unwrap()).collect();
            let cells: Vec<Cell<'_>> = (texts.iter())
                .map(|column| match (column.number(row), column.word(row)) {
                    (Some(number), _) => Cell::Number(number),
                    (_, Some(word)) => Cell::Word(word),
                    _ => Cell::Missing,
                })
                .collect();
            assert_eq!(predictor.predict(&cells).unwrap(), many.values().row(row).to_slice().unwrap());
            assert_eq!(predictor.predictions(&cells).unwrap().values().row(0), many.values().row(row));
            assert_eq!(predictor.label(&cells).unwrap(), many.labels().get(row).copied());
        }
    }
}

#[test]
fn blocks_change_nothing() {
    let model = classifier(&Activation::Tanh);
    let rows: Vec<usize> = (0..10_000).map(|row| row * 7 % 5).collect();
    let (few, many) = (model.predict(&table()).unwrap(), table().select(&rows));
    let many = model.predict(&many).unwrap();
    for (place, row) in rows.iter().enumerate() {
        assert_eq!(many.values().row(place), few.values().row(*row));
    }
}

#[test]
fn sets_hold_the_most_probable_class() {
    let model = classifier(&Activation::Tanh);
    let predictions = model.predict(&table()).unwrap();
    // Residuals 0, 0.05, …, 0.95: ⌈21 · 0.5⌉ = 11th is 0.5.
    let sets = predictions.sets(0.5).unwrap();
    for ((set, probabilities), label) in
        sets.axis_iter(Axis(0)).zip(predictions.values().rows()).zip(predictions.labels())
    {
        for ((is_in, probability), class) in set.iter().zip(probabilities).zip(predictions.classes()) {
            assert_eq!(*is_in, 1.0 - probability <= 0.5 || class == label);
        }
    }
    // ⌈21 · 0.99⌉ = 21 of 20 residuals: too few to say, so every class may be the one.
    assert!(predictions.sets(0.99).unwrap().iter().all(|is_in| *is_in));
    assert!(predictions.intervals(0.9).is_err() && predictions.sets(1.0).is_err());
}

#[test]
fn intervals_are_as_wide_as_the_residuals_say() {
    let model = regressor();
    let predictions = model.predict(&table()).unwrap();
    let (low, high) = predictions.intervals(0.9).unwrap();
    // ⌈1501 · 0.9⌉ = 1351 of 1500 residuals, which is the 901st of a thousand: 1.351, rounded up.
    let width = &high - &low;
    assert!(width.iter().all(|width| (width / 2.0 - 1.351).abs() < 1e-12), "{width}");
}

#[test]
fn tables_that_do_not_fit() {
    let model = classifier(&Activation::Tanh);
    let error = model.predict(&Table::read("x\n1\n".as_bytes()).unwrap()).unwrap_err().to_string();
    assert_eq!(error, r#"the table has no column "gap", "city", "pair", "day"; its columns are "x""#);
}

#[test]
fn parts_that_do_not_fit() {
    let (classes, numbers) = (schema("class"), schema("number"));
    let error = |result: ann_model::Result<Model>| result.unwrap_err().to_string();
    let two = || Networks::F64(networks(&numbers, &Activation::Relu));
    assert_eq!(
        error(Model::new(numbers.clone(), two(), Loss::SoftmaxCrossEntropy)),
        "the loss: found softmax cross-entropy, expected a loss with one output for each number"
    );
    assert_eq!(
        error(Model::new(classes.clone(), two(), Loss::SoftmaxCrossEntropy)),
        "outputs of a network: found 1, expected 3"
    );
    assert_eq!(
        error(Model::new(numbers.clone(), Networks::F64(vec![]), Loss::MeanSquaredError)),
        "networks: found 0, expected at least one"
    );
    let mixed = [networks(&numbers, &Activation::Relu), networks(&numbers, &Activation::Tanh)].concat();
    assert!(
        error(Model::new(numbers, Networks::F64(mixed), Loss::MeanSquaredError))
            .starts_with("a network: found ")
    );
}
