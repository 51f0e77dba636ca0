//! The probe: made-up rows in a file, by which a reader sees whether it computes what the writer computed.

use ann_model::ann_core::Activation;
use ann_model::file::{Container, Numbers};
use ann_model::{Limits, Model};

use crate::models::{classifier, regressor};

#[test]
fn rows_follow_from_the_schema() {
    // The columns of `models::TABLE`: x (−3 to 11, median 1.5), gap (7 to 10, median 8.5, some missing), city
    // (Bonn, Köln, Trier), pair (no, yes), and day (2024-01-01 to 2025-01-01, the median between 2024-02-03
    // and 2024-05-06). Rows: median, smallest, largest, missing, between, outside, between, half missing.
    let day = 86_400.0;
    let (first, last) = (19_723.0 * day, 20_089.0 * day);
    let median = (19_756.0 + 19_849.0) / 2.0 * day;
    let missing = f64::NAN;
    let expected = [
        [1.5, 8.5, 0.0, 0.0, median],
        [-3.0, 7.0, 1.0, 1.0, first],
        [11.0, 10.0, 2.0, 0.0, last],
        [missing, missing, -1.0, -1.0, missing],
        [-0.75, 7.75, 3.0, 2.0, (first + median) / 2.0],
        [25.0, 13.0, 0.0, 1.0, last + (last - first)],
        [6.25, 9.25, 2.0, 1.0, (median + last) / 2.0],
        [1.5, missing, 0.0, -1.0, median],
    ];
    let container = container(&classifier(&Activation::Tanh));
    let Numbers::F64(found) = &container.tensors["probe.numbers"].numbers else { panic!("single precision") };
    assert_eq!(container.tensors["probe.numbers"].shape, [8, 5]);
    let texts = |numbers: &[f64]| numbers.iter().map(f64::to_string).collect::<Vec<_>>();
    assert_eq!(texts(found), texts(expected.as_flattened()));
    assert_eq!(container.tensors["probe.outputs"].shape, [2, 8, 3], "networks, rows, classes");
}

#[test]
fn what_was_read_computes_the_same() {
    for model in [classifier(&Activation::Gelu), regressor()] {
        model.check_probe().unwrap();
        Model::read(&model.write().unwrap()).unwrap().check_probe().unwrap();
    }
}

#[test]
fn a_last_bit_is_noticed() {
    let mut container = container(&classifier(&Activation::Relu));
    let weights = &mut container.tensors.get_mut("members.2.layers.3.weight").unwrap().numbers;
    let Numbers::F32(weights) = weights else { panic!("double precision") };
    weights[4] = weights[4].next_up();
    let error = Model::read(&container.write()).unwrap().check_probe().unwrap_err().to_string();
    assert!(error.starts_with("network 2 computes "), "{error}");
    assert!(error.contains(" for output 2 of row "), "{error}");
}

#[test]
fn outputs_that_overflow_are_not_numbers() {
    // tanh gives four times 1, so the last layer adds 4e308.
    let mut container = container(&regressor());
    for layer in 1..=3 {
        for name in [format!("members.1.layers.{layer}.weight"), format!("members.1.layers.{layer}.bias")] {
            let Numbers::F64(weights) = &mut container.tensors.get_mut(&name).unwrap().numbers else {
                panic!()
            };
            weights.iter_mut().for_each(|weight| *weight = 1e308);
        }
    }
    let model = Model::read(&container.write()).unwrap();
    let bytes = model.write().unwrap();
    let Numbers::F64(outputs) = &self::container(&model).tensors["probe.outputs"].numbers else { panic!() };
    assert!(outputs[..8].iter().any(|output| output.is_nan()), "{outputs:?}");
    Model::read(&bytes).unwrap().check_probe().unwrap();
}

fn container(model: &Model) -> Container {
    Container::read(&model.write().unwrap(), &Limits::default()).unwrap()
}
